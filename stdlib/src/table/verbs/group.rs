//! Groups of rows and what is made of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, UInt32Array};

use super::Noted;
use super::compute::Made;
use super::error::VerbError;
use super::expr::{Params, Scope, shown};
use super::groups::Groups;
use super::order::{SortKey, order};
use super::rows::keys;
use crate::error::Result;
use crate::table::frame::Kind;
use crate::table::{ColumnMeta, Table, TableError};

/// A table whose rows are grouped by equal values of some columns, groups in order of first
/// appearance.
#[derive(Debug, Clone)]
pub struct Grouped {
    /// The table.
    pub table: Table,
    /// The columns that make the groups.
    pub keys: Vec<String>,
    /// Every row's group.
    pub groups: Groups,
}

/// Groups the rows of `table` by `columns`; missing values make a group of their own.
pub fn group_by(table: &Table, columns: &[String]) -> Result<Grouped> {
    if columns.is_empty() {
        let what = "columns to group by".into();
        return Err(TableError::Empty { primitive: "group_by".into(), what }.into());
    }
    let groups = Groups::of(&keys("group_by", table, columns)?, table.nrow());
    Ok(Grouped { table: table.clone(), keys: columns.to_vec(), groups })
}

impl Grouped {
    /// The whole table as one group without keys, even where it has no row.
    pub fn whole(table: &Table) -> Self {
        let groups = Groups { ids: vec![0; table.nrow()], first: vec![0] };
        Self { table: table.clone(), keys: Vec::new(), groups }
    }

    /// The values of the keys, one row per group.
    fn key_columns(&self) -> Result<Vec<(String, ArrayRef)>> {
        let first = UInt32Array::from(self.groups.first.clone());
        self.keys
            .iter()
            .map(|name| {
                let array = self.table.array("group_by", name)?;
                let taken = arrow_select::take::take(array, &first, None);
                Ok((name.clone(), taken.expect("every group has a first row")))
            })
            .collect()
    }

    /// A table of one row per group; a single text key labels it. It is a panel where the table
    /// was and the groups are its entities and times.
    fn by_group(&self, columns: Vec<(String, ArrayRef)>) -> Result<Table> {
        let panel = self.table.panel_keys();
        let panel = panel.filter(|panel| panel.columns().all(|name| self.keys.contains(name)));
        let own: HashMap<String, ColumnMeta> = columns
            .iter()
            .filter_map(|(name, _)| Some((name.clone(), self.table.meta(name)?.clone())))
            .collect();
        let table = Table::from_arrays(columns, self.groups.count())?
            .with_meta(own)
            .with_panel(panel.cloned());
        match self.keys.as_slice() {
            [key] if Kind::of(self.table.array("group_by", key)?.data_type()) == Kind::Text => {
                table.labelled_by(key)
            }
            _ => Ok(table),
        }
    }

    /// The keys of every group as a table, in order of first appearance.
    pub fn key_table(&self) -> Result<Table> {
        self.by_group(self.key_columns()?)
    }

    /// How an error names group `group`: `region = Abai, year = 2020`.
    pub fn describe(&self, group: usize) -> String {
        let row = self.groups.first[group] as usize;
        let part = |name: &String| {
            let array = self.table.array("group_by", name).ok()?;
            Some(format!("{name} = {}", shown(array, row).unwrap_or_else(|| "missing".into())))
        };
        self.keys.iter().filter_map(part).collect::<Vec<_>>().join(", ")
    }

    /// One row per group: the keys, then the columns of `items`.
    ///
    /// An expression gives one value per group (`"sum(a) / sum(b)"`); values come one per group.
    pub fn summarise(&self, items: &[(String, Made)], params: &Params) -> Result<Noted> {
        let mut columns = self.key_columns()?;
        let mut warnings = Vec::new();
        for (name, made) in items {
            if self.keys.contains(name) {
                let name = name.clone();
                return Err(VerbError::NameTaken { primitive: "summarise".into(), name }.into());
            }
            let array = match made {
                Made::Values(vector) => Arc::clone(vector.array()),
                Made::Expression(expression) => {
                    let scope = Scope::grouped("summarise", &self.table, &self.groups, params);
                    let array = expression.groups(&scope)?;
                    warnings.extend(scope.into_warnings());
                    array
                }
            };
            columns.push((name.clone(), array));
        }
        Ok(Noted { table: self.by_group(columns)?, warnings })
    }

    /// Rows of each group, as column `n` beside the keys; the largest first if `sorted`.
    pub fn count(&self, sorted: bool) -> Result<Table> {
        let name = if self.keys.iter().any(|key| key == "n") { "rows" } else { "n" };
        let sizes: Int64Array =
            self.groups.sizes().into_iter().map(|n| Some(i64::from(n))).collect();
        let mut columns = self.key_columns()?;
        columns.push((name.to_owned(), Arc::new(sizes)));
        let table = self.by_group(columns)?;
        if sorted { table.sort(&[name], true) } else { Ok(table) }
    }

    /// The first `n` rows of each group (the last if `last`), in the table's order.
    pub fn head(&self, n: usize, last: bool) -> Result<Table> {
        let mut rows: Vec<u32> = Vec::new();
        for members in self.groups.members().iter() {
            let n = n.min(members.len());
            rows.extend(if last { &members[members.len() - n..] } else { &members[..n] });
        }
        rows.sort_unstable();
        self.table.take(&rows)
    }

    /// The `n` rows of each group that come first by `key`, group after group.
    ///
    /// Rows without a value are no candidates; ties go to the earlier row.
    pub fn top_n(&self, n: usize, key: SortKey) -> Result<Table> {
        let array = Arc::clone(self.table.array("top_n", &key.column)?);
        let mut best: Vec<Vec<u32>> = vec![Vec::new(); self.groups.count()];
        for row in order("top_n", &self.table, &[key])? {
            let group = &mut best[self.groups.ids[row as usize] as usize];
            if group.len() < n && array.is_valid(row as usize) {
                group.push(row);
            }
        }
        self.table.take(&best.concat())
    }

    /// The table of each group, in order of first appearance.
    pub fn tables(&self) -> Result<Vec<Table>> {
        self.groups.members().iter().map(|rows| self.table.take(rows)).collect()
    }

    /// What a closure made of each group, below each other, with the group's keys in front.
    pub fn stacked(&self, tables: &[Table]) -> Result<Noted> {
        let firsts = self.key_columns()?;
        let mut parts = Vec::new();
        for (group, table) in tables.iter().enumerate() {
            let own = table.columns();
            let zeros = UInt32Array::from(vec![group as u32; table.nrow()]);
            let mut columns: Vec<(String, ArrayRef)> = firsts
                .iter()
                .filter(|(name, _)| !own.contains(name))
                .map(|(name, array)| {
                    let taken = arrow_select::take::take(array, &zeros, None);
                    (name.clone(), taken.expect("every group has its keys"))
                })
                .collect();
            let mut meta: HashMap<String, ColumnMeta> = table.all_meta();
            for (name, _) in &columns {
                meta.extend(self.table.meta(name).map(|entry| (name.clone(), entry.clone())));
            }
            columns.extend(table.named_arrays());
            let panel = table.panel_keys().or(self.table.panel_keys()).cloned();
            let part = Table::from_arrays(columns, table.nrow())?.with_meta(meta).with_panel(panel);
            parts.push((self.describe(group), part));
        }
        super::bind::bind_rows(&parts, None)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::table::verbs::{Expression, where_};
    use crate::table::{Cell, Vector};

    fn random(seed: u64) -> Table {
        let mut rng = crate::context::rng(seed, 1);
        let rows = 60;
        let mut gap = |x: f64| (rng.random_range(0..5) > 0).then_some(x);
        let k: arrow_array::StringArray =
            (0..rows).map(|i| gap(0.0).map(|_| ["а", "б", "в"][i * 11 % 3])).collect();
        let j: Int64Array = (0..rows).map(|i| gap(0.0).map(|_| (i % 2) as i64)).collect();
        let x: Vec<Option<f64>> = (0..rows).map(|i| gap(((i * 37) % 101) as f64 / 3.0)).collect();
        Table::new([
            ("k", Vector::new(Arc::new(k))),
            ("j", Vector::new(Arc::new(j))),
            ("x", Vector::from_options(x)),
            ("w", Vector::from_ints((0..rows as i64).map(|i| 1 + i % 4))),
        ])
        .unwrap()
    }

    fn expression(code: &str) -> Made {
        Made::Expression(Expression::parse("summarise", code).unwrap())
    }

    /// Groups as a plain loop over boxed keys finds them.
    fn by_loops(table: &Table) -> Vec<((Cell, Cell), Vec<usize>)> {
        let mut groups: Vec<((Cell, Cell), Vec<usize>)> = Vec::new();
        for row in 0..table.nrow() {
            let key = (table.cell(row, 0), table.cell(row, 1));
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        groups
    }

    #[test]
    fn aggregates_agree_with_plain_loops() {
        for seed in 0..10 {
            let table = random(seed);
            let grouped = group_by(&table, &["k".into(), "j".into()]).unwrap();
            let items: Vec<(String, Made)> = [
                "n()",
                "n(x)",
                "sum(x)",
                "mean(x)",
                "sd(x)",
                "median(x)",
                "quantile(x, 0.9)",
                "min(x)",
                "max(x)",
                "weighted_mean(x, w)",
                "missing_share(x)",
                "n_distinct(x)",
            ]
            .iter()
            .map(|code| ((*code).to_owned(), expression(code)))
            .collect();
            let summary = grouped.summarise(&items, &Params::new()).unwrap().table;
            let expected = by_loops(&table);
            assert_eq!(summary.nrow(), expected.len());
            for (group, (key, rows)) in expected.iter().enumerate() {
                assert_eq!(summary.cell(group, 0), key.0);
                assert_eq!(summary.cell(group, 1), key.1);
                let present: Vec<(f64, f64)> = rows
                    .iter()
                    .filter_map(|row| {
                        Some((table.cell(*row, 2).as_f64()?, table.cell(*row, 3).as_f64()?))
                    })
                    .collect();
                let x: Vec<f64> = present.iter().map(|(x, _)| *x).collect();
                let weight: f64 = present.iter().map(|(_, w)| w).sum();
                let weighted: f64 = present.iter().map(|(x, w)| x * w).sum();
                let mut sorted = x.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.dedup();
                let expected = [
                    Some(rows.len() as f64),
                    Some(x.len() as f64),
                    Some(x.iter().sum()),
                    crate::stats::mean(&x),
                    crate::stats::sample_sd(&x),
                    crate::stats::median(&x),
                    crate::stats::quantile(&x, 0.9),
                    x.iter().copied().reduce(f64::min),
                    x.iter().copied().reduce(f64::max),
                    (weight > 0.0).then(|| weighted / weight),
                    Some((rows.len() - x.len()) as f64 / rows.len() as f64),
                    Some(sorted.len() as f64),
                ];
                for (number, wanted) in expected.into_iter().enumerate() {
                    let found = summary.cell(group, number + 2).as_f64();
                    let close = match (found, wanted) {
                        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
                        (a, b) => a == b,
                    };
                    assert!(close, "seed {seed}, {}: {found:?}, not {wanted:?}", items[number].0);
                }
            }
        }
    }

    #[test]
    fn groups_filter_take_their_best_and_stack_again() {
        let table = Table::new([
            ("g", Vector::from_texts(["b", "a", "b", "a", "b"])),
            ("x", Vector::from_options([Some(1.0), Some(5.0), Some(3.0), None, Some(2.0)])),
        ])
        .unwrap();
        let grouped = group_by(&table, &["g".into()]).unwrap();
        let xs = |t: &Table| t.column("x").unwrap().present().unwrap();
        let best = SortKey { column: "x".into(), descending: true };
        assert_eq!(xs(&grouped.top_n(2, best).unwrap()), [3.0, 2.0, 5.0]);
        assert_eq!(xs(&grouped.head(1, false).unwrap()), [1.0, 5.0]);
        assert_eq!(grouped.head(1, true).unwrap().nrow(), 2);
        let condition = Expression::parse("where", "x > mean(x)").unwrap();
        let kept = where_(&table, Some(&grouped.groups), &condition, &Params::new()).unwrap();
        assert_eq!(xs(&kept.table), [3.0]);
        assert_eq!(grouped.count(true).unwrap().row_names(), ["b", "a"]);
        let parts: Vec<Table> =
            grouped.tables().unwrap().iter().map(|t| t.select(&["x"]).unwrap().head(1)).collect();
        let stacked = grouped.stacked(&parts).unwrap().table;
        assert_eq!(stacked.columns(), ["g", "x"]);
        assert_eq!(grouped.describe(1), "g = a");
        let taken = grouped.summarise(&[("g".into(), expression("n()"))], &Params::new());
        assert!(taken.is_err());
    }
}
