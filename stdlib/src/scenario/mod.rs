//! What-if scenarios: the same analysis of the same data with something changed, side by side.
//!
//! Runs are made by the caller; here their answers are lined up by unit, and what each of them
//! changed in the data is told.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::table::{Cell, Kind, Table, Vector};

/// What the unchanged run is called.
pub const BASE: &str = "base";

/// One run of an analysis.
#[derive(Debug, Clone)]
pub struct Run {
    /// Name of the scenario.
    pub name: String,
    /// The data analysed.
    pub data: Table,
    /// The answer: units in rows, measures in columns.
    pub answer: Table,
}

/// Runs side by side.
#[derive(Debug, Clone)]
pub struct Scenarios {
    /// The unchanged run first.
    pub runs: Vec<Run>,
    /// Units of any run, in order of appearance.
    pub units: Vec<String>,
    /// What the units are called.
    pub unit_name: String,
    /// Columns of the answers, in order of appearance.
    pub measures: Vec<String>,
    /// One row per unit, numeric measure and scenario: the unit, `measure`, `scenario`, `base`,
    /// `value`, `change`.
    pub table: Table,
    /// What was changed: `scenario`, `column`, `cells` that differ, `mean_before`, `mean_after`
    /// (of numbers).
    pub data: Table,
    /// Scenarios that change nothing, or drop or add rows.
    pub warnings: Vec<String>,
    /// Row of each unit in each run.
    places: Vec<Vec<Option<usize>>>,
}

/// Row names of a table if they tell its rows apart.
fn names_apart(table: &Table) -> Option<Vec<String>> {
    table.labels()?;
    let names = table.row_names();
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    names.iter().all(|name| seen.insert(name.as_str())).then_some(names)
}

/// Row names of all `tables` together, and the row of each name in each table; rows are matched
/// by label where labels tell them apart in every table, else by position.
fn matched(tables: &[&Table]) -> (Vec<String>, Vec<Vec<Option<usize>>>) {
    let labelled: Option<Vec<Vec<String>>> =
        tables.iter().map(|table| names_apart(table)).collect();
    let Some(labelled) = labelled else {
        let most = tables.iter().map(|table| table.nrow()).max().unwrap_or(0);
        let longest = tables.iter().find(|table| table.nrow() == most);
        let names = longest.map_or_else(Vec::new, |table| table.row_names());
        let place = |table: &&Table| {
            (0..most).map(|row| (row < table.nrow()).then_some(row)).collect::<Vec<_>>()
        };
        return (names, tables.iter().map(place).collect());
    };
    let mut names: Vec<String> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for name in labelled.iter().flatten() {
        at.entry(name).or_insert_with(|| {
            names.push(name.clone());
            names.len() - 1
        });
    }
    let places = labelled
        .iter()
        .map(|table| {
            let mut places = vec![None; names.len()];
            for (row, name) in table.iter().enumerate() {
                places[at[name.as_str()]] = Some(row);
            }
            places
        })
        .collect();
    (names, places)
}

/// `after - before`; 0 where they differ by no more than rounding.
fn change(before: f64, after: f64) -> f64 {
    let change = after - before;
    if change.abs() <= 1e-12 * before.abs().max(after.abs()) { 0.0 } else { change }
}

/// Whether two cells hold the same.
fn same(a: &Cell, b: &Cell) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// What `run` changed in the data of `base`.
fn changes(base: &Table, run: &Run, rows: &mut ChangeRows, warnings: &mut Vec<String>) {
    let name = &run.name;
    let (_, places) = matched(&[base, &run.data]);
    let both: Vec<(usize, usize)> =
        places[0].iter().zip(&places[1]).filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
    let (lost, gained) = (base.nrow() - both.len(), run.data.nrow() - both.len());
    for (count, verb) in [(lost, "drops"), (gained, "adds")] {
        if count > 0 {
            let noun = if count == 1 { "row" } else { "rows" };
            warnings.push(format!("`{name}` {verb} {count} {noun}"));
        }
    }
    let before = rows.columns.len();
    for column in run.data.columns() {
        let Ok(after) = run.data.column(&column) else { continue };
        let Ok(earlier) = base.column(&column) else {
            rows.push(name, &column, after.len(), None, after.mean().ok().flatten());
            continue;
        };
        let cells = both.iter().filter(|(a, b)| !same(&earlier.cell(*a), &after.cell(*b))).count();
        if cells > 0 {
            let mean = |column: &Vector| column.mean().ok().flatten();
            rows.push(name, &column, cells, mean(&earlier), mean(&after));
        }
    }
    for column in base.columns().iter().filter(|c| !run.data.columns().contains(c)) {
        warnings.push(format!("`{name}` drops the column `{column}`"));
    }
    if before == rows.columns.len() && lost + gained == 0 {
        warnings.push(format!("`{name}` changes nothing in the data"));
    }
}

#[derive(Default)]
struct ChangeRows {
    scenarios: Vec<String>,
    columns: Vec<String>,
    cells: Vec<i64>,
    before: Vec<Option<f64>>,
    after: Vec<Option<f64>>,
}

impl ChangeRows {
    fn push(
        &mut self,
        scenario: &str,
        column: &str,
        cells: usize,
        before: Option<f64>,
        after: Option<f64>,
    ) {
        self.scenarios.push(scenario.to_owned());
        self.columns.push(column.to_owned());
        self.cells.push(cells as i64);
        self.before.push(before);
        self.after.push(after);
    }

    fn table(self) -> Result<Table> {
        Table::new([
            ("scenario", Vector::from_texts(&self.scenarios)),
            ("column", Vector::from_texts(&self.columns)),
            ("cells", Vector::from_ints(self.cells)),
            ("mean_before", Vector::from_options(self.before)),
            ("mean_after", Vector::from_options(self.after)),
        ])
    }
}

/// Lines `runs` up, the unchanged one first.
///
/// Rows are matched by label where labels tell them apart, else by position. An error without a
/// scenario beside the base, or where two runs share a name.
pub fn scenarios(runs: Vec<Run>) -> Result<Scenarios> {
    let invalid = |rule: &str, value: String| {
        let rule = rule.to_owned();
        Err(Error::Invalid { primitive: "scenario", parameter: "changes", rule, value })
    };
    if runs.len() < 2 {
        return invalid("name at least one scenario", "none".into());
    }
    for (at, run) in runs.iter().enumerate() {
        if runs[..at].iter().any(|other| other.name == run.name) {
            return invalid("name each scenario once", format!("`{}` twice", run.name));
        }
    }
    let answers: Vec<&Table> = runs.iter().map(|run| &run.answer).collect();
    let (units, places) = matched(&answers);
    let mut measures: Vec<String> = Vec::new();
    for column in runs.iter().flat_map(|run| run.answer.columns()) {
        if !measures.contains(&column) && Some(column.as_str()) != runs[0].answer.label_name() {
            measures.push(column);
        }
    }
    let mut rows = ChangeRows::default();
    let mut warnings = Vec::new();
    for run in &runs[1..] {
        changes(&runs[0].data, run, &mut rows, &mut warnings);
    }
    let unit_name = runs[0].answer.label_name().unwrap_or("unit").to_owned();
    let empty = Table::new(Vec::<(&str, Vector)>::new())?;
    let data = rows.table()?;
    let mut all =
        Scenarios { runs, units, unit_name, measures, table: empty, data, warnings, places };
    all.table = all.long()?;
    for at in 1..all.runs.len() {
        if !all.moves(at) {
            all.warnings.push(format!("`{}` moves nothing in the answer", all.runs[at].name));
        }
    }
    Ok(all)
}

impl Scenarios {
    /// Names of the runs, the base first.
    pub fn names(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.name.clone()).collect()
    }

    /// The values of `measure` in run `run`, by unit.
    fn values(&self, run: usize, measure: &str) -> Option<Vec<Cell>> {
        let column = self.runs[run].answer.column(measure).ok()?;
        let cell = |row: &Option<usize>| row.map_or(Cell::Missing, |row| column.cell(row));
        Some(self.places[run].iter().map(cell).collect())
    }

    /// Whether `measure` holds numbers in every run that has it.
    pub fn is_numeric(&self, measure: &str) -> bool {
        self.runs
            .iter()
            .filter_map(|run| run.answer.column(measure).ok())
            .all(|column| column.kind().is_numeric())
    }

    /// Whether any value of run `run` differs from the base by more than rounding.
    fn moves(&self, run: usize) -> bool {
        self.measures.iter().any(|measure| {
            let (base, own) = (self.values(0, measure), self.values(run, measure));
            let (Some(base), Some(own)) = (base, own) else { return true };
            base.iter().zip(&own).any(|(a, b)| match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => change(a, b) != 0.0,
                _ => a != b,
            })
        })
    }

    fn measure(&self, primitive: &'static str, name: &str) -> Result<()> {
        if self.measures.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(Error::UnknownName {
            primitive: primitive.into(),
            kind: "measure".into(),
            name: name.to_owned(),
            known: self.measures.clone(),
        })
    }

    /// One measure by unit: the base, each scenario, and for numbers each change from the base
    /// (`change_` and the scenario, or `change` where there is one scenario).
    pub fn of(&self, measure: &str) -> Result<Table> {
        self.measure("of", measure)?;
        let columns: Vec<Option<Vec<Cell>>> =
            (0..self.runs.len()).map(|run| self.values(run, measure)).collect();
        let absent = || vec![Cell::Missing; self.units.len()];
        let kind = self
            .runs
            .iter()
            .find_map(|run| Some(run.answer.column(measure).ok()?.kind()))
            .unwrap_or(Kind::Float);
        let mut table: Vec<(String, Vector)> = Vec::new();
        for (run, column) in self.runs.iter().zip(&columns) {
            let cells = column.clone().unwrap_or_else(absent);
            table.push((run.name.clone(), Vector::of_kind(kind, cells)));
        }
        if self.is_numeric(measure) {
            for (run, column) in self.runs.iter().zip(&columns).skip(1) {
                let name = match self.runs.len() {
                    2 => "change".to_owned(),
                    _ => format!("change_{}", run.name),
                };
                let (Some(base), Some(column)) = (&columns[0], column) else { continue };
                let change =
                    column.iter().zip(base).map(|(a, b)| Some(change(b.as_f64()?, a.as_f64()?)));
                table.push((name, Vector::from_options(change)));
            }
        }
        let labels = arrow_array::StringArray::from_iter_values(&self.units);
        Table::new(table)?.with_labels(std::sync::Arc::new(labels), Some(&self.unit_name))
    }

    fn long(&self) -> Result<Table> {
        let mut texts: [Vec<&str>; 3] = Default::default();
        let mut numbers: [Vec<Option<f64>>; 3] = Default::default();
        for measure in self.measures.iter().filter(|measure| self.is_numeric(measure)) {
            let base = self.values(0, measure);
            for (at, run) in self.runs.iter().enumerate().skip(1) {
                let own = self.values(at, measure);
                for (row, unit) in self.units.iter().enumerate() {
                    let number =
                        |cells: &Option<Vec<Cell>>| cells.as_ref().and_then(|c| c[row].as_f64());
                    let (before, after) = (number(&base), number(&own));
                    if before.is_none() && after.is_none() {
                        continue;
                    }
                    let text = [unit.as_str(), measure.as_str(), run.name.as_str()];
                    for (column, text) in texts.iter_mut().zip(text) {
                        column.push(text);
                    }
                    let change = after.zip(before).map(|(after, before)| change(before, after));
                    for (column, number) in numbers.iter_mut().zip([before, after, change]) {
                        column.push(number);
                    }
                }
            }
        }
        let [units, measures, scenarios] = texts;
        let [base, value, change] = numbers;
        // A measure may be called as the unit is.
        let taken = ["measure", "scenario", "base", "value", "change"];
        let unit = if taken.contains(&self.unit_name.as_str()) { "unit" } else { &self.unit_name };
        Table::new([
            (unit, Vector::from_texts(&units)),
            ("measure", Vector::from_texts(&measures)),
            ("scenario", Vector::from_texts(&scenarios)),
            ("base", Vector::from_options(base)),
            ("value", Vector::from_options(value)),
            ("change", Vector::from_options(change)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(units: &[&str], values: &[f64]) -> Table {
        Table::new([
            ("unit", Vector::from_texts(units)),
            ("x", Vector::from_floats(values.iter().copied())),
        ])
        .unwrap()
        .labelled_by("unit")
        .unwrap()
    }

    fn run(name: &str, units: &[&str], data: &[f64], answer: &[f64]) -> Run {
        Run { name: name.into(), data: table(units, data), answer: table(units, answer) }
    }

    #[test]
    fn units_are_matched_by_name_and_changes_told() {
        let all = scenarios(vec![
            run(BASE, &["a", "b", "c"], &[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]),
            run("less", &["c", "a"], &[3.0, 5.0], &[31.0, 11.0]),
        ])
        .unwrap();
        assert_eq!(all.measures, ["x"]);
        let x = all.of("x").unwrap();
        assert_eq!(x.columns(), [BASE, "less", "change"]);
        assert_eq!(x.at("a", "change").unwrap(), Cell::Float(1.0));
        assert_eq!(x.at("b", "less").unwrap(), Cell::Missing);
        assert_eq!(x.at("c", "change").unwrap(), Cell::Float(1.0));
        assert_eq!(all.warnings, ["`less` drops 1 row"]);
        assert_eq!((all.data.nrow(), all.data.cell(0, 2)), (1, Cell::Int(1)));
        assert_eq!(all.table.nrow(), 3);
        assert!(all.of("y").is_err());
    }

    #[test]
    fn rows_without_names_are_matched_by_place() {
        let plain =
            |x: &[f64]| Table::new([("x", Vector::from_floats(x.iter().copied()))]).unwrap();
        let run =
            |name: &str, x: &[f64]| Run { name: name.into(), data: plain(x), answer: plain(x) };
        let all = scenarios(vec![run(BASE, &[1.0, 2.0]), run("same", &[1.0, 2.0])]).unwrap();
        let told = ["`same` changes nothing in the data", "`same` moves nothing in the answer"];
        assert_eq!(all.warnings, told);
        assert_eq!(all.units.len(), 2);
        assert!(scenarios(vec![run(BASE, &[1.0])]).is_err());
        assert!(scenarios(vec![run(BASE, &[1.0]), run(BASE, &[1.0])]).is_err());
    }
}
