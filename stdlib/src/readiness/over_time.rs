//! Repeated assessments: how index, ranks, levels and nodes move from period to period.

use super::assess::{Readiness, ReadinessParams, readiness_with};
use super::error::ReadinessError;
use super::framework::{Framework, Level};
use super::plan::Callbacks;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::stats::rank::places;
use crate::table::{Cell, Date, Table, Vector};

/// Thresholds that raise an alarm; none by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OverTimeParams {
    /// Least value by node; an alarm in every period in which a unit is below.
    pub floors: Vec<(String, f64)>,
    /// Largest fall of the index from one period to the next.
    pub fall: Option<f64>,
    /// Most ranks lost from one period to the next.
    pub rank_fall: Option<usize>,
    /// Lowest level that is no alarm.
    pub level: Option<String>,
}

impl OverTimeParams {
    /// Checks the numbers.
    pub fn check(&self) -> Result<()> {
        let invalid = |parameter, rule: &str, value: f64| {
            let value = value.to_string();
            Err(Error::Invalid { primitive: "over_time", parameter, rule: rule.into(), value })
        };
        if let Some((_, floor)) = self.floors.iter().find(|(_, floor)| !floor.is_finite()) {
            return invalid("alarms", "be finite numbers", *floor);
        }
        match self.fall {
            Some(fall) if !(fall.is_finite() && fall >= 0.0) => {
                invalid("fall", "be at least 0", fall)
            }
            _ => Ok(()),
        }
    }
}

/// An index through time.
#[derive(Debug, Clone)]
pub struct OverTime {
    /// Names of the periods, earliest first.
    pub periods: Vec<String>,
    /// Units of any period, in order of appearance.
    pub units: Vec<String>,
    /// One row per unit: `periods` with an index, `first`, `last`, `change`, `cagr` (growth a
    /// period, missing where the first value is not above 0), `best` and `worst` period, `rank`
    /// and `level` at both ends.
    pub table: Table,
    /// Index by unit (rows) and period (columns).
    pub index: Table,
    /// Rank by unit and period.
    pub rank: Table,
    /// Level by unit and period.
    pub level: Table,
    /// One row per unit and period with an index: `unit`, `period`, `index`, `change` since the
    /// period before, `growth` (that change over the value before), `rank`, `climb`, `level`.
    pub steps: Table,
    /// One row per unit and node: `unit`, `node`, `label`, `first`, `last`, `change`, `cagr`.
    pub nodes: Table,
    /// Alarms: `period`, `unit`, `what`, `value`, `threshold`.
    pub alarms: Table,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// What the units are called.
    pub label: String,
    /// Levels of the index, lowest first.
    pub levels: Vec<Level>,
}

/// Values of one node by period and unit.
struct Track {
    values: Vec<Vec<Option<f64>>>,
}

impl Track {
    /// First and last period with a value, and the values.
    fn ends(&self, unit: usize) -> Option<((usize, f64), (usize, f64))> {
        let mut there = (0..self.values.len()).filter_map(|p| Some((p, self.values[p][unit]?)));
        let first = there.next()?;
        Some((first, there.next_back().unwrap_or(first)))
    }
}

/// `(last / first)^(1 / time) - 1`; `None` where a value is not above 0 or no time passes.
fn cagr(first: f64, last: f64, time: f64) -> Option<f64> {
    (first > 0.0 && last > 0.0 && time > 0.0).then(|| (last / first).powf(1.0 / time) - 1.0)
}

/// A period's name as a number: a number as it is, a date as years.
fn moment(name: &str) -> Option<f64> {
    let number = name.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    number.or_else(|| Date::parse(name).map(Date::decimal_year))
}

/// The same index, assessed again and again.
///
/// `results` come with the name of their period; where every name is a number (a year) or a date
/// they are sorted by it and growth is per unit of it, else they stay in order and growth is per step.
/// Units are matched by name and may be absent from some periods. An error below two periods or
/// across frameworks.
pub fn over_time(results: &[(String, Readiness)], params: &OverTimeParams) -> Result<OverTime> {
    params.check()?;
    let numbers: Option<Vec<f64>> = results.iter().map(|(name, _)| moment(name)).collect();
    let mut order: Vec<usize> = (0..results.len()).collect();
    if let Some(numbers) = &numbers {
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    }
    let names: Vec<String> = order.iter().map(|at| results[*at].0.clone()).collect();
    let runs: Vec<&Readiness> = order.iter().map(|at| &results[*at].1).collect();
    let times: Vec<f64> = match &numbers {
        Some(numbers) => order.iter().map(|at| numbers[*at]).collect(),
        None => (0..results.len()).map(|at| at as f64).collect(),
    };
    comparable(&names, &runs)?;
    let mut warnings = Vec::new();
    if runs.iter().any(|run| run.params != runs[0].params) {
        warnings.push(
            "the periods are scored under different rules: part of what moves is the rule"
                .to_owned(),
        );
    } else if runs.iter().any(|run| run.plan.groups != runs[0].plan.groups) {
        warnings.push(
            "the periods weigh their nodes differently: part of what moves is the weights"
                .to_owned(),
        );
    }
    let ruler = |run: &Readiness| {
        run.params.normalise.reads_scales()
            && run.params.normalise_items.iter().all(|(_, rule)| rule.reads_scales())
    };
    if runs.len() > 1 && runs.iter().any(|run| !ruler(run) && !run.pooled) {
        warnings.push(
            "each period is normalised by its own data, so values of different periods do not \
             compare; score all periods in one table"
                .to_owned(),
        );
    }
    let last = runs[runs.len() - 1];
    let mut units: Vec<String> = Vec::new();
    for run in &runs {
        for unit in &run.units {
            if !units.contains(unit) {
                units.push(unit.clone());
            }
        }
    }
    let find = |run: &Readiness, unit: &String| run.units.iter().position(|u| u == unit);
    let track = |code: &str| -> Track {
        let one = |run: &&Readiness| -> Vec<Option<f64>> {
            let slot = run.plan.slot(code);
            units
                .iter()
                .map(|unit| {
                    let value = run.slots[slot?][find(run, unit)?];
                    (!value.is_nan()).then_some(value)
                })
                .collect()
        };
        Track { values: runs.iter().map(one).collect() }
    };
    let index = track(&last.framework.root.code);
    let ranks: Vec<Vec<Option<i64>>> = index
        .values
        .iter()
        .map(|values| places(&values.iter().map(|v| v.unwrap_or(f64::NAN)).collect::<Vec<_>>()))
        .collect();
    let levels: Vec<Vec<Option<String>>> = runs
        .iter()
        .map(|run| {
            let names = run.level_names();
            units.iter().map(|unit| names[find(run, unit)?].clone()).collect()
        })
        .collect();
    let at = Everything { names: &names, times: &times, units: &units, index, ranks, levels };
    let label = last.unit_name.clone().unwrap_or_else(|| "unit".to_owned());
    let mut nodes = NodeRows::default();
    for node in last.framework.root.walk().into_iter().filter(|node| node.as_item().is_none()) {
        nodes.add(&at, &node.code, node.label("en"), &track(&node.code));
    }
    Ok(OverTime {
        table: at.summary(&label)?,
        index: at
            .by_period(&label, |p, u| at.index.values[p][u].map_or(Cell::Missing, Cell::Float))?,
        rank: at.by_period(&label, |p, u| at.ranks[p][u].map_or(Cell::Missing, Cell::Int))?,
        level: at
            .by_period(&label, |p, u| at.levels[p][u].clone().map_or(Cell::Missing, Cell::Text))?,
        steps: at.steps()?,
        nodes: nodes.table()?,
        alarms: alarms(&at, &runs, params, &track)?,
        warnings,
        label,
        levels: last.framework.levels.clone(),
        periods: names.clone(),
        units: units.clone(),
    })
}

fn comparable(names: &[String], runs: &[&Readiness]) -> Result<()> {
    let undefined = |reason: String, hint: &str| {
        let primitive = "over_time".to_owned();
        Err(ReadinessError::Undefined { primitive, reason, hint: hint.into() }.into())
    };
    if runs.len() < 2 {
        return undefined(format!("needs two periods, got {}", runs.len()), "");
    }
    for pair in names.windows(2) {
        if pair[0] == pair[1] {
            return undefined(format!("period {} stands twice", pair[0]), "name each period once");
        }
    }
    if let Some(other) = runs.iter().find(|run| run.framework.code != runs[0].framework.code) {
        let (a, b) = (&runs[0].framework.code, &other.framework.code);
        return undefined(
            format!("`{a}` and `{b}` are different frameworks"),
            "score every period with one framework",
        );
    }
    Ok(())
}

struct Everything<'a> {
    names: &'a [String],
    times: &'a [f64],
    units: &'a [String],
    index: Track,
    ranks: Vec<Vec<Option<i64>>>,
    levels: Vec<Vec<Option<String>>>,
}

impl Everything<'_> {
    fn growth(&self, (from, first): (usize, f64), (to, last): (usize, f64)) -> Option<f64> {
        cagr(first, last, self.times[to] - self.times[from])
    }

    fn by_period(&self, label: &str, cell: impl Fn(usize, usize) -> Cell) -> Result<Table> {
        let columns = self.names.iter().enumerate().map(|(period, name)| {
            let cells = (0..self.units.len()).map(|unit| cell(period, unit));
            (name.as_str(), from_cells(&cells.collect::<Vec<_>>()))
        });
        let labels = arrow_array::StringArray::from_iter_values(self.units);
        Table::new(columns)?.with_labels(std::sync::Arc::new(labels), Some(label))
    }

    fn summary(&self, label: &str) -> Result<Table> {
        let n = self.units.len();
        let ends: Vec<_> = (0..n).map(|unit| self.index.ends(unit)).collect();
        let floats = |f: &dyn Fn(usize) -> Option<f64>| Vector::from_options((0..n).map(f));
        let cells = |f: &dyn Fn(usize) -> Cell| from_cells(&(0..n).map(f).collect::<Vec<_>>());
        let there = |u: usize| self.index.values.iter().filter(|p| p[u].is_some()).count() as i64;
        let extreme = |unit: usize, better: &dyn Fn(f64, f64) -> bool| {
            let mut best: Option<(usize, f64)> = None;
            for (period, values) in self.index.values.iter().enumerate() {
                if let Some(value) = values[unit]
                    && best.is_none_or(|(_, old)| better(value, old))
                {
                    best = Some((period, value));
                }
            }
            best.map_or(Cell::Missing, |(period, _)| Cell::Text(self.names[period].clone()))
        };
        let rank = |u: usize, last: bool| {
            let period = ends[u].map(|(first, end)| if last { end.0 } else { first.0 });
            period.and_then(|p| self.ranks[p][u]).map_or(Cell::Missing, Cell::Int)
        };
        let level = |u: usize, last: bool| {
            let period = ends[u].map(|(first, end)| if last { end.0 } else { first.0 });
            period.and_then(|p| self.levels[p][u].clone()).map_or(Cell::Missing, Cell::Text)
        };
        let table = Table::new([
            ("periods", Vector::from_ints((0..n).map(there))),
            ("first", floats(&|u| Some(ends[u]?.0.1))),
            ("last", floats(&|u| Some(ends[u]?.1.1))),
            ("change", floats(&|u| ends[u].map(|(a, b)| b.1 - a.1))),
            ("cagr", floats(&|u| ends[u].and_then(|(a, b)| self.growth(a, b)))),
            ("best", cells(&|u| extreme(u, &|a, b| a > b))),
            ("worst", cells(&|u| extreme(u, &|a, b| a < b))),
            ("rank_first", cells(&|u| rank(u, false))),
            ("rank_last", cells(&|u| rank(u, true))),
            ("level_first", cells(&|u| level(u, false))),
            ("level_last", cells(&|u| level(u, true))),
        ])?;
        let labels = arrow_array::StringArray::from_iter_values(self.units);
        table.with_labels(std::sync::Arc::new(labels), Some(label))
    }

    /// Every period in which a unit has an index, with the period before in which it had one.
    fn each(&self) -> Vec<(usize, usize, Option<usize>)> {
        let mut rows = Vec::new();
        for unit in 0..self.units.len() {
            let mut before = None;
            for period in 0..self.names.len() {
                if self.index.values[period][unit].is_some() {
                    rows.push((unit, period, before));
                    before = Some(period);
                }
            }
        }
        rows
    }

    fn steps(&self) -> Result<Table> {
        let rows = self.each();
        let value = |p: usize, u: usize| self.index.values[p][u].unwrap_or(f64::NAN);
        let change = |(u, p, before): &(usize, usize, Option<usize>)| {
            before.map(|before| value(*p, *u) - value(before, *u))
        };
        let growth = |row: &(usize, usize, Option<usize>)| {
            let before = value(row.2?, row.0);
            (before > 0.0).then(|| change(row)).flatten().map(|change| change / before)
        };
        let climb = |(u, p, before): &(usize, usize, Option<usize>)| -> Cell {
            let moved = || Some(self.ranks[(*before)?][*u]? - self.ranks[*p][*u]?);
            moved().map_or(Cell::Missing, Cell::Int)
        };
        let cells = |f: &dyn Fn(&(usize, usize, Option<usize>)) -> Cell| {
            from_cells(&rows.iter().map(f).collect::<Vec<_>>())
        };
        Table::new([
            ("unit", Vector::from_texts(rows.iter().map(|row| &self.units[row.0]))),
            (
                "period",
                cells(&|row| match self.names[row.1].trim().parse::<i64>() {
                    Ok(year) if self.names.iter().all(|n| n.trim().parse::<i64>().is_ok()) => {
                        Cell::Int(year)
                    }
                    _ => Cell::Text(self.names[row.1].clone()),
                }),
            ),
            ("index", Vector::from_floats(rows.iter().map(|row| value(row.1, row.0)))),
            ("change", Vector::from_options(rows.iter().map(change))),
            ("growth", Vector::from_options(rows.iter().map(growth))),
            ("rank", cells(&|row| self.ranks[row.1][row.0].map_or(Cell::Missing, Cell::Int))),
            ("climb", cells(&climb)),
            (
                "level",
                cells(&|row| self.levels[row.1][row.0].clone().map_or(Cell::Missing, Cell::Text)),
            ),
        ])
    }
}

#[derive(Default)]
struct NodeRows {
    units: Vec<String>,
    nodes: Vec<String>,
    labels: Vec<String>,
    ends: Vec<(f64, f64, Option<f64>)>,
}

impl NodeRows {
    fn add(&mut self, all: &Everything<'_>, code: &str, label: &str, track: &Track) {
        for (unit, name) in all.units.iter().enumerate() {
            if let Some((first, last)) = track.ends(unit) {
                self.units.push(name.clone());
                self.nodes.push(code.to_owned());
                self.labels.push(label.to_owned());
                self.ends.push((first.1, last.1, all.growth(first, last)));
            }
        }
    }

    fn table(&self) -> Result<Table> {
        Table::new([
            ("unit", Vector::from_texts(&self.units)),
            ("node", Vector::from_texts(&self.nodes)),
            ("label", Vector::from_texts(&self.labels)),
            ("first", Vector::from_floats(self.ends.iter().map(|e| e.0))),
            ("last", Vector::from_floats(self.ends.iter().map(|e| e.1))),
            ("change", Vector::from_floats(self.ends.iter().map(|e| e.1 - e.0))),
            ("cagr", Vector::from_options(self.ends.iter().map(|e| e.2))),
        ])
    }
}

fn alarms(
    all: &Everything<'_>,
    runs: &[&Readiness],
    params: &OverTimeParams,
    track: &dyn Fn(&str) -> Track,
) -> Result<Table> {
    let mut rows: Vec<(usize, usize, String, Cell, Cell)> = Vec::new();
    let last = runs[runs.len() - 1];
    for (code, floor) in &params.floors {
        last.framework.find("over_time", code)?;
        let values = track(code).values;
        for (period, values) in values.iter().enumerate() {
            for (unit, value) in values.iter().enumerate() {
                if let Some(value) = value.filter(|value| value < floor) {
                    let what = format!("{code} is low");
                    rows.push((period, unit, what, Cell::Float(value), Cell::Float(*floor)));
                }
            }
        }
    }
    if let Some(name) = &params.level {
        let least = last.level_place("over_time", name)?;
        for (period, levels) in all.levels.iter().enumerate() {
            for (unit, level) in levels.iter().enumerate() {
                let Some(level) = level else { continue };
                if last.level_place("over_time", level)? < least {
                    let (value, bound) = (Cell::Text(level.clone()), Cell::Text(name.clone()));
                    rows.push((period, unit, "level is low".to_owned(), value, bound));
                }
            }
        }
    }
    for (unit, period, before) in all.each() {
        let Some(before) = before else { continue };
        let value = |p: usize| all.index.values[p][unit].unwrap_or(f64::NAN);
        let fall = value(before) - value(period);
        if let Some(most) = params.fall.filter(|most| fall > *most) {
            let what = format!("index falls since {}", all.names[before]);
            rows.push((period, unit, what, Cell::Float(fall), Cell::Float(most)));
        }
        if let (Some(most), Some(a), Some(b)) =
            (params.rank_fall, all.ranks[before][unit], all.ranks[period][unit])
            && b - a > most as i64
        {
            let what = format!("ranks lost since {}", all.names[before]);
            rows.push((period, unit, what, Cell::Int(b - a), Cell::Int(most as i64)));
        }
    }
    rows.sort_by_key(|row| (row.0, row.1));
    let text = |cell: &Cell| match cell {
        Cell::Float(x) => format!("{x:.4}"),
        Cell::Int(i) => i.to_string(),
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    };
    Table::new([
        ("period", Vector::from_texts(rows.iter().map(|row| &all.names[row.0]))),
        ("unit", Vector::from_texts(rows.iter().map(|row| &all.units[row.1]))),
        ("what", Vector::from_texts(rows.iter().map(|row| &row.2))),
        ("value", Vector::from_texts(rows.iter().map(|row| text(&row.3)))),
        ("threshold", Vector::from_texts(rows.iter().map(|row| text(&row.4)))),
    ])
}

/// One column of cells of one kind, missing ones aside.
fn from_cells(cells: &[Cell]) -> Vector {
    if cells.iter().any(|cell| matches!(cell, Cell::Text(_))) {
        let texts = cells.iter().map(|cell| match cell {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        });
        return Vector::new(std::sync::Arc::new(texts.collect::<arrow_array::StringArray>()));
    }
    if cells.iter().any(|cell| matches!(cell, Cell::Int(_))) {
        let whole = cells.iter().map(|cell| match cell {
            Cell::Int(i) => Some(*i),
            _ => None,
        });
        return Vector::new(std::sync::Arc::new(whole.collect::<arrow_array::Int64Array>()));
    }
    Vector::from_options(cells.iter().map(Cell::as_f64))
}

/// One table of all periods, one row per unit and period, scored as a whole: one ruler for all.
///
/// `time` names the column of periods, `unit` the one of units (else the table is of one unit,
/// called by the framework's code). Ranks are those within a period.
#[allow(clippy::too_many_arguments)] // Scoring takes five; the table's two keys come with them.
pub fn over_time_panel(
    table: &Table,
    framework: &Framework,
    (time, unit): (&str, Option<&str>),
    scoring: &ReadinessParams,
    params: &OverTimeParams,
    callbacks: &mut Callbacks<'_>,
    context: &Context,
) -> Result<OverTime> {
    let text = |column: &Vector| -> Vec<Option<String>> {
        let cells = column.cells().map(|cell| match cell {
            Cell::Text(text) => Some(text),
            Cell::Int(i) => Some(i.to_string()),
            Cell::Float(x) => Some(x.to_string()),
            Cell::Bool(b) => Some(b.to_string()),
            Cell::Date(date) => Some(date.to_string()),
            Cell::Missing => None,
        });
        cells.collect()
    };
    let periods = text(&table.column(time)?);
    let units = match unit {
        Some(unit) => text(&table.column(unit)?),
        None => vec![Some(framework.code.clone()); table.nrow()],
    };
    let dropped: Vec<&str> = [Some(time), unit].into_iter().flatten().collect();
    let rest = table.drop(&dropped)?;
    let names: Vec<String> = (0..table.nrow()).map(|row| row.to_string()).collect();
    let labels = arrow_array::StringArray::from_iter_values(&names);
    let whole = readiness_with(
        &rest.with_labels(std::sync::Arc::new(labels), unit)?,
        framework,
        scoring,
        callbacks,
        context,
    )?;
    let mut order: Vec<&String> = Vec::new();
    for period in periods.iter().flatten() {
        if !order.contains(&period) {
            order.push(period);
        }
    }
    let mut results = Vec::with_capacity(order.len());
    for period in order {
        let mut rows = Vec::new();
        let mut here: Vec<String> = Vec::new();
        for row in 0..table.nrow() {
            let (Some(name), true) = (&units[row], periods[row].as_ref() == Some(period)) else {
                continue;
            };
            if here.contains(name) {
                return Err(ReadinessError::Undefined {
                    primitive: "over_time".into(),
                    reason: format!("{name} stands twice in {period}"),
                    hint: "name the column of units: #{ unit: ... }".into(),
                }
                .into());
            }
            here.push(name.clone());
            rows.push(row);
        }
        results.push((period.clone(), whole.rows(&rows, here)));
    }
    let mut answer = over_time(&results, params)?;
    answer.warnings.extend(whole.warnings);
    if let Some(unit) = unit {
        unit.clone_into(&mut answer.label);
    }
    Ok(answer)
}

impl Readiness {
    /// Some units of a result, under other names; ranks are then among them.
    fn rows(&self, rows: &[usize], units: Vec<String>) -> Self {
        let pick = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
            columns.iter().map(|column| rows.iter().map(|row| column[*row]).collect()).collect()
        };
        Self {
            framework: std::sync::Arc::clone(&self.framework),
            params: self.params.clone(),
            units,
            unit_name: self.unit_name.clone(),
            faults: Vec::new(),
            warnings: Vec::new(),
            treatment: None,
            plan: self.plan.clone(),
            groups: None,
            pooled: true,
            raw: pick(&self.raw),
            slots: pick(&self.slots),
        }
    }
}
