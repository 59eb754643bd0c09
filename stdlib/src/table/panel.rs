//! Panels: rows known by their entity and time.
//!
//! A table that was declared a panel carries the names of the two columns through every verb as
//! long as both stay: a new name of a column is noted, a column that goes takes the declaration with
//! it. Lags and growth then look by time: the value of the
//! same entity one period earlier, wherever its row stands, and missing where there is none.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, Float64Array, StringArray, UInt32Array};

use super::date::Date;
use super::error::TableError;
use super::frame::{Kind, Table};
use super::series::{self, Growth, text};
use super::vector::{Cell, Vector};
use crate::choice::Choice;
use crate::error::{Error, Result};

/// A step of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Days.
    Day,
    /// Weeks from Monday.
    Week,
    /// Months.
    Month,
    /// Quarters.
    Quarter,
    /// Years.
    Year,
}

impl Choice for Step {
    const ALL: &'static [(&'static str, Self)] = &[
        ("day", Self::Day),
        ("week", Self::Week),
        ("month", Self::Month),
        ("quarter", Self::Quarter),
        ("year", Self::Year),
    ];
}

/// The time from one period to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Every {
    /// 1 for whole numbers; for dates the longest step that keeps all of an entity's apart.
    #[default]
    Auto,
    /// So many units of a whole-number time.
    Units(i64),
    /// A step of the calendar, for dates.
    Calendar(Step),
}

/// What makes a table a panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// Column that names the entities; `None` for a single series.
    pub entity: Option<String>,
    /// Column of times: int or date.
    pub time: String,
    /// From one period to the next; never [`Every::Auto`].
    pub every: Every,
}

impl Panel {
    /// The panel after its columns got the names that `new_name` gives, if it still has them.
    pub(super) fn renamed(&self, new_name: impl Fn(&str) -> Option<String>) -> Option<Arc<Self>> {
        let entity = match &self.entity {
            Some(entity) => Some(new_name(entity)?),
            None => None,
        };
        Some(Arc::new(Self { entity, time: new_name(&self.time)?, every: self.every }))
    }

    /// The columns that make it.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        self.entity.iter().chain([&self.time])
    }

    /// Whether times of `kind` can be counted.
    pub(super) fn counts(&self, kind: Kind) -> bool {
        matches!(
            (self.every, kind),
            (Every::Units(_), Kind::Int) | (Every::Calendar(_), Kind::Date)
        )
    }

    /// The number of the period that `time` lies in.
    fn period(&self, time: &Cell) -> Option<i64> {
        Some(match (self.every, time) {
            (Every::Units(step), Cell::Int(time)) => time.div_euclid(step),
            (Every::Calendar(step), Cell::Date(date)) => period(step, *date),
            _ => return None,
        })
    }

    /// From one time to another: years between dates, units between whole numbers.
    fn between(&self, from: &Cell, to: &Cell) -> f64 {
        match (from, to) {
            (Cell::Int(from), Cell::Int(to)) => (to - from) as f64,
            (Cell::Date(from), Cell::Date(to)) => match self.every {
                Every::Calendar(Step::Month | Step::Quarter | Step::Year) => {
                    (to.month_number() - from.month_number()) as f64 / 12.0
                }
                _ => f64::from(to.days() - from.days()) / 365.25,
            },
            _ => f64::NAN,
        }
    }
}

fn period(step: Step, date: Date) -> i64 {
    match step {
        Step::Day => date.days().into(),
        // 1970-01-01 was a Thursday.
        Step::Week => (i64::from(date.days()) + 3).div_euclid(7),
        Step::Month => date.month_number(),
        Step::Quarter => date.month_number().div_euclid(3),
        Step::Year => date.year().into(),
    }
}

/// Where each row stands in a panel.
struct Layout {
    /// Entities in order of first appearance.
    names: Vec<String>,
    entity: Vec<Option<usize>>,
    period: Vec<Option<i64>>,
    /// The first row of each entity and period.
    rows: HashMap<(usize, i64), u32>,
    /// Rows whose entity and period another row before them has.
    twice: Vec<usize>,
}

impl Layout {
    fn new(table: &Table, panel: &Panel) -> Result<Self> {
        let time = table.column(&panel.time)?;
        let period = time.cells().map(|time| panel.period(&time)).collect::<Vec<_>>();
        let mut names: Vec<String> = Vec::new();
        let entity: Vec<Option<usize>> = match &panel.entity {
            None => {
                names.push(panel.time.clone());
                vec![Some(0); table.nrow()]
            }
            Some(column) => {
                let mut codes: HashMap<String, usize> = HashMap::new();
                let code = |cell: Cell| {
                    if cell == Cell::Missing {
                        return None;
                    }
                    let name = text(&cell);
                    Some(*codes.entry(name).or_insert_with_key(|name| {
                        names.push(name.clone());
                        names.len() - 1
                    }))
                };
                table.column(column)?.cells().map(code).collect()
            }
        };
        let mut rows = HashMap::new();
        let mut twice = Vec::new();
        for (row, key) in entity.iter().zip(&period).enumerate() {
            let (Some(entity), Some(period)) = key else { continue };
            if let std::collections::hash_map::Entry::Vacant(free) = rows.entry((*entity, *period))
            {
                free.insert(row as u32);
            } else {
                twice.push(row);
            }
        }
        Ok(Self { names, entity, period, rows, twice })
    }

    /// The row of the same entity `n` periods before each row.
    fn before(&self, n: i64) -> UInt32Array {
        let rows = self.entity.iter().zip(&self.period).map(|(entity, period)| {
            self.rows.get(&((*entity)?, (*period)?.checked_sub(n)?)).copied()
        });
        rows.collect()
    }
}

/// The longest step that keeps all dates of each entity in periods of their own.
fn longest_step(table: &Table, entity: Option<&str>, time: &str) -> Result<Step> {
    for step in [Step::Year, Step::Quarter, Step::Month, Step::Week] {
        let panel = Panel {
            entity: entity.map(str::to_owned),
            time: time.to_owned(),
            every: Every::Calendar(step),
        };
        if Layout::new(table, &panel)?.twice.is_empty() {
            return Ok(step);
        }
    }
    Ok(Step::Day)
}

impl Table {
    /// Declares the table a panel by `entity` and `time`, and says where it has gaps or repeats.
    ///
    /// Without `entity` the table is one series. `time` is a column of whole numbers or of dates.
    pub fn panel(
        &self,
        entity: Option<&str>,
        time: &str,
        every: Every,
    ) -> Result<(Self, Vec<String>)> {
        let times = self.column(time)?;
        let invalid = |rule: &str, value: String| {
            Err(Error::Invalid { primitive: "panel", parameter: "every", rule: rule.into(), value })
        };
        if let Some(entity) = entity {
            self.column(entity)?;
        }
        let every = match (times.kind(), every) {
            (Kind::Int, Every::Auto) => Every::Units(1),
            (Kind::Int, Every::Units(step)) if step < 1 => {
                return invalid("be at least 1", step.to_string());
            }
            (Kind::Int, Every::Units(step)) => {
                let off = |time: &i64| time.rem_euclid(step) != 0;
                let ints = times.cells().filter_map(|time| match time {
                    Cell::Int(time) => Some(time),
                    _ => None,
                });
                let ints: Vec<i64> = ints.collect();
                let start = ints.iter().min().copied().unwrap_or(0);
                if let Some(odd) = ints.iter().map(|t| t - start).find(off) {
                    return invalid(
                        &format!("lead from {start} to every time, and {} is off", start + odd),
                        step.to_string(),
                    );
                }
                Every::Units(step)
            }
            (Kind::Int, Every::Calendar(step)) => {
                return invalid("be a number, since time is int", format!("{:?}", step.name()));
            }
            (Kind::Date, Every::Auto) => Every::Calendar(longest_step(self, entity, time)?),
            (Kind::Date, Every::Calendar(step)) => Every::Calendar(step),
            (Kind::Date, Every::Units(step)) => {
                return invalid("be a step of the calendar, since time is date", step.to_string());
            }
            (kind, _) => {
                return Err(TableError::WrongKind {
                    primitive: "panel".into(),
                    column: time.to_owned(),
                    found: kind.to_string(),
                    expected: "int or date".into(),
                }
                .into());
            }
        };
        let panel = Panel { entity: entity.map(str::to_owned), time: time.to_owned(), every };
        let warnings = doubts(self, &panel)?;
        Ok((self.clone().with_panel(Some(Arc::new(panel))), warnings))
    }

    /// One row an entity: rows, first and last time, gaps, repeated rows, and whether the entity
    /// covers all periods of the panel, each once.
    pub fn panel_info(&self) -> Result<Self> {
        let panel = self.declared("panel_info")?;
        let layout = Layout::new(self, &panel)?;
        let spans = spans(&layout);
        let time = self.column(&panel.time)?;
        let all: Vec<&Span> = spans.iter().filter(|span| span.rows > 0).collect();
        let first = all.iter().map(|span| span.first.0).min();
        let last = all.iter().map(|span| span.last.0).max();
        let times = |get: fn(&Span) -> usize| {
            let cells = spans.iter().map(|span| match span.rows {
                0 => Cell::Missing,
                _ => time.cell(get(span)),
            });
            Vector::of_kind(time.kind(), cells)
        };
        let balanced = |span: &Span| {
            span.rows > 0
                && Some(span.first.0) == first
                && Some(span.last.0) == last
                && span.gaps() == 0
                && span.twice == 0
        };
        let name = panel.entity.clone().unwrap_or_else(|| "series".into());
        Self::new([
            (name.clone(), Vector::from_texts(&layout.names)),
            ("n".into(), Vector::from_ints(spans.iter().map(|span| span.rows as i64))),
            ("first".into(), times(|span| span.first.1)),
            ("last".into(), times(|span| span.last.1)),
            ("gaps".into(), Vector::from_ints(spans.iter().map(Span::gaps))),
            ("duplicates".into(), Vector::from_ints(spans.iter().map(|span| span.twice as i64))),
            (
                "balanced".into(),
                Vector::of_kind(Kind::Bool, spans.iter().map(|span| Cell::Bool(balanced(span)))),
            ),
        ])?
        .labelled_by(&name)
    }

    fn declared(&self, primitive: &str) -> Result<Arc<Panel>> {
        let panel = self.panel_keys().cloned();
        panel.ok_or_else(|| TableError::NoPanel { primitive: primitive.to_owned() }.into())
    }

    /// The panel and its layout, in which no entity may have two rows in one period.
    fn laid_out(&self, primitive: &str) -> Result<(Arc<Panel>, Layout)> {
        let panel = self.declared(primitive)?;
        let layout = Layout::new(self, &panel)?;
        if let Some(row) = layout.twice.first() {
            return Err(TableError::PanelTwice {
                primitive: primitive.to_owned(),
                entity: layout.entity[*row].map_or_else(String::new, |e| layout.names[e].clone()),
                time: text(&self.column(&panel.time)?.cell(*row)),
            }
            .into());
        }
        Ok((panel, layout))
    }

    /// The value of `column` for the same entity `n` periods earlier (later where negative).
    pub fn lag(&self, column: &str, n: i64) -> Result<Vector> {
        let (_, layout) = self.laid_out("lag")?;
        Ok(self.column(column)?.picked(&layout.before(n)))
    }

    /// The value of `column` minus that of the same entity `n` periods earlier.
    pub fn diff(&self, column: &str, n: i64) -> Result<Vector> {
        let (_, layout) = self.laid_out("diff")?;
        let now = self.column(column)?;
        series::change(&now, &now.picked(&layout.before(n)))
    }

    /// The growth of `column` over `n` periods, and what could not be told.
    pub fn growth(&self, column: &str, n: i64, how: Growth) -> Result<(Vector, Option<String>)> {
        let (_, layout) = self.laid_out("growth")?;
        let now = self.column(column)?;
        series::growth(&now, &now.picked(&layout.before(n)), how)
    }

    /// `column` as a share of the same entity's value at time `base`, times `to`, and which
    /// entities have no such value.
    pub fn index_to(&self, column: &str, base: &Cell, to: f64) -> Result<(Vector, Option<String>)> {
        let (panel, layout) = self.laid_out("index_to")?;
        let values = self.floats("index_to", column)?;
        let at = time_of("index_to", "base", &panel, base)?;
        let bases: Vec<Option<f64>> = (0..layout.names.len())
            .map(|entity| {
                let row = *layout.rows.get(&(entity, at))? as usize;
                values.is_valid(row).then(|| values.value(row)).filter(|x| *x > 0.0)
            })
            .collect();
        let without: Vec<&str> = (0..bases.len())
            .filter(|entity| bases[*entity].is_none())
            .map(|entity| layout.names[entity].as_str())
            .collect();
        let warning = (!without.is_empty()).then(|| {
            format!(
                "index_to: no positive value at {} for {}, whose index is missing",
                text(base),
                listed(&without)
            )
        });
        let index: Float64Array = (0..self.nrow())
            .map(|row| {
                let base = bases[layout.entity[row]?]?;
                values.is_valid(row).then(|| values.value(row) / base * to)
            })
            .collect();
        Ok((self.column(column)?.with_array(Arc::new(index)), warning))
    }

    /// Compound growth of `column` a year (a unit of time, where time is int) for each entity, from
    /// its first value to its last or between the times given; a value for each entity.
    pub fn cagr(
        &self,
        column: &str,
        from: Option<&Cell>,
        to: Option<&Cell>,
    ) -> Result<(Vector, Option<String>)> {
        let (panel, layout) = self.laid_out("cagr")?;
        let values = self.floats("cagr", column)?;
        let time = self.column(&panel.time)?;
        let from = from.map(|from| time_of("cagr", "from", &panel, from)).transpose()?;
        let to = to.map(|to| time_of("cagr", "to", &panel, to)).transpose()?;
        let mut known: Vec<Vec<(i64, usize)>> = vec![Vec::new(); layout.names.len()];
        for (row, key) in layout.entity.iter().zip(&layout.period).enumerate() {
            if let ((Some(entity), Some(period)), true) = (key, values.is_valid(row)) {
                known[*entity].push((*period, row));
            }
        }
        let mut rates = Vec::with_capacity(known.len());
        let mut without = Vec::new();
        for (name, rows) in layout.names.iter().zip(&known) {
            let at = |period: Option<i64>| match period {
                Some(period) => rows.iter().find(|(other, _)| *other == period),
                None => None,
            };
            let first = if from.is_some() { at(from) } else { rows.iter().min() };
            let last = if to.is_some() { at(to) } else { rows.iter().max() };
            let (Some((start, first)), Some((end, last))) = (first, last) else {
                without.push(name.as_str());
                rates.push(None);
                continue;
            };
            if start >= end {
                without.push(name.as_str());
                rates.push(None);
                continue;
            }
            let place = |row: usize| format!("{name}, {}", text(&time.cell(row)));
            let (a, b) = (values.value(*first), values.value(*last));
            series::ends("cagr", a, b, || place(*first), || place(*last))?;
            let years = panel.between(&time.cell(*first), &time.cell(*last));
            rates.push(Some(series::compound(a, b, years)));
        }
        let warning = (!without.is_empty()).then(|| {
            let list = listed(&without);
            format!("cagr: no two values in time for {list}, whose rate is missing")
        });
        let labels = StringArray::from_iter_values(&layout.names);
        let rates = Vector::from_options(rates).named(column).with_labels(Arc::new(labels))?;
        Ok((rates, warning))
    }

    /// The entity of each row of the panel, as [`Table::cagr`] labels them.
    pub fn panel_entities(&self) -> Result<Vec<Option<String>>> {
        let panel = self.declared("panel")?;
        let layout = Layout::new(self, &panel)?;
        Ok(layout.entity.iter().map(|e| e.map(|e| layout.names[e].clone())).collect())
    }
}

/// Names, shortened past five.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().copied().take(5).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The period that the argument `time` names; a text may name a date.
fn time_of(
    primitive: &'static str,
    parameter: &'static str,
    panel: &Panel,
    time: &Cell,
) -> Result<i64> {
    let read = match (time, panel.every) {
        (Cell::Text(text), Every::Calendar(_)) => Date::parse(text).map(Cell::Date),
        // A year names its first day.
        (Cell::Int(year), Every::Calendar(_)) => {
            i32::try_from(*year).ok().and_then(|year| Date::new(year, 1, 1)).map(Cell::Date)
        }
        (other, _) => Some(other.clone()),
    };
    read.and_then(|time| panel.period(&time)).ok_or_else(|| Error::Invalid {
        primitive,
        parameter,
        rule: format!("be a time like those in column `{}`", panel.time),
        value: text(time),
    })
}

/// What one entity covers.
struct Span {
    rows: usize,
    /// Period and row.
    first: (i64, usize),
    last: (i64, usize),
    twice: usize,
}

impl Span {
    fn gaps(&self) -> i64 {
        if self.rows == 0 {
            return 0;
        }
        self.last.0 - self.first.0 + 1 - (self.rows - self.twice) as i64
    }
}

fn spans(layout: &Layout) -> Vec<Span> {
    let empty = || Span { rows: 0, first: (i64::MAX, 0), last: (i64::MIN, 0), twice: 0 };
    let mut spans: Vec<Span> = layout.names.iter().map(|_| empty()).collect();
    for (row, key) in layout.entity.iter().zip(&layout.period).enumerate() {
        let (Some(entity), Some(period)) = key else { continue };
        let span = &mut spans[*entity];
        span.rows += 1;
        span.first = span.first.min((*period, row));
        span.last = span.last.max((*period, row));
    }
    for row in &layout.twice {
        if let Some(entity) = layout.entity[*row] {
            spans[entity].twice += 1;
        }
    }
    spans
}

/// What the user should know of a panel that was just declared.
fn doubts(table: &Table, panel: &Panel) -> Result<Vec<String>> {
    let layout = Layout::new(table, panel)?;
    let spans = spans(&layout);
    let name = |entity: usize| match panel.entity {
        Some(_) => layout.names[entity].clone(),
        None => "the series".into(),
    };
    let mut warnings = Vec::new();
    let gappy: Vec<usize> = (0..spans.len()).filter(|e| spans[*e].gaps() > 0).collect();
    if let Some(first) = gappy.first() {
        let gaps: i64 = gappy.iter().map(|entity| spans[*entity].gaps()).sum();
        let others = match gappy.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        warnings.push(format!(
            "panel: {} missing between the first and the last of {}{others}; \
             t.panel_info() lists them, and every: sets the step",
            if gaps == 1 { "1 period is".to_owned() } else { format!("{gaps} periods are") },
            name(*first)
        ));
    }
    if let Some(row) = layout.twice.first() {
        let time = text(&table.column(&panel.time)?.cell(*row));
        let entity = layout.entity[*row].map_or_else(String::new, name);
        warnings.push(format!(
            "panel: {} an entity and period (first {entity}, {time}); lags and growth need one row \
             each",
            match layout.twice.len() {
                1 => "1 row repeats".to_owned(),
                n => format!("{n} rows repeat"),
            }
        ));
    }
    let keys = layout.entity.iter().zip(&layout.period);
    let unknown = keys.filter(|(entity, period)| entity.is_none() || period.is_none()).count();
    if unknown > 0 {
        warnings.push(format!("panel: {unknown} rows have no entity or no time"));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests;
