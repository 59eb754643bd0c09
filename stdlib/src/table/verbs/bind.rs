//! Tables below and beside each other.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, StringArray};
use arrow_schema::DataType;

use super::error::VerbError;
use super::{Noted, listed};
use crate::error::Result;
use crate::table::frame::Kind;
use crate::table::{Table, TableError};

/// Rows of several named tables below each other.
///
/// The columns are those of all tables, in order of first appearance; a table without one has
/// gaps there, which a warning tells. Integers beside floats become floats, other kinds that
/// differ are an error. `source` adds a first column with the name of each row's table. The result
/// is a panel where one was declared, unless the tables are panels of different columns.
pub fn bind_rows(tables: &[(String, Table)], source: Option<&str>) -> Result<Noted> {
    let mut names: Vec<String> = Vec::new();
    for (_, table) in tables {
        for name in table.columns() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let rows: usize = tables.iter().map(|(_, table)| table.nrow()).sum();
    if rows as u64 >= u64::from(u32::MAX) {
        let rows = rows as u64;
        return Err(VerbError::TooManyRows { primitive: "bind_rows".into(), rows }.into());
    }
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    if let Some(source) = source {
        if names.iter().any(|name| name == source) {
            let name = source.to_owned();
            return Err(VerbError::NameTaken { primitive: "bind_rows".into(), name }.into());
        }
        let repeated = tables.iter().flat_map(|(name, t)| std::iter::repeat_n(name, t.nrow()));
        columns.push((source.to_owned(), Arc::new(StringArray::from_iter_values(repeated))));
    }
    for name in &names {
        columns.push((name.clone(), stacked(tables, name)?));
    }
    let mut warnings = Vec::new();
    for (name, table) in tables {
        let own = table.columns();
        let lacking: Vec<&String> = names.iter().filter(|n| !own.contains(n)).collect();
        if !lacking.is_empty() {
            warnings.push(format!(
                "bind_rows: table {name} has no {}: its {} gaps there",
                listed(&lacking),
                match table.nrow() {
                    1 => "1 row has".to_owned(),
                    n => format!("{n} rows have"),
                }
            ));
        }
    }
    let mut meta = std::collections::HashMap::new();
    for (_, table) in tables {
        for (name, entry) in table.all_meta() {
            meta.entry(name).or_insert(entry);
        }
    }
    let mut table = Table::from_arrays(columns, rows)?.with_meta(meta);
    let first = tables.first().and_then(|(_, t)| t.label_name());
    let alike = tables.iter().all(|(_, t)| t.labels().is_some() && t.label_name() == first);
    if alike && !tables.is_empty() {
        let labels: StringArray = tables
            .iter()
            .filter_map(|(_, t)| t.labels())
            .flat_map(|labels| labels.iter())
            .collect();
        table = table.with_labels(Arc::new(labels), first)?;
    }
    let declared: Vec<_> = tables.iter().filter_map(|(_, t)| t.panel_keys()).collect();
    let one = declared.first().filter(|first| declared.iter().all(|other| other == *first));
    // A table without the panel's columns would give rows of no entity and no time.
    let has = |table: &Table, name: &String| table.position("bind_rows", name).is_ok();
    let everywhere = one.filter(|panel| {
        tables.iter().all(|(_, table)| panel.columns().all(|name| has(table, name)))
    });
    Ok(Noted { table: table.with_panel(everywhere.map(|panel| Arc::clone(panel))), warnings })
}

/// Column `name` of every table, with gaps for tables without it.
fn stacked(tables: &[(String, Table)], name: &str) -> Result<ArrayRef> {
    let found: Vec<(&String, Option<&ArrayRef>)> =
        tables.iter().map(|(title, t)| (title, t.array("bind_rows", name).ok())).collect();
    let mut data_type: Option<(DataType, &String)> = None;
    for (title, array) in &found {
        // A column without a single value takes the kind of the others.
        let Some(array) = array.filter(|a| a.null_count() < a.len()) else { continue };
        let own = array.data_type();
        match &data_type {
            None => data_type = Some((own.clone(), title)),
            Some((old, _)) if old == own => {}
            Some((old, place)) => {
                let (left, right) = (Kind::of(old), Kind::of(own));
                if !(left.is_numeric() && right.is_numeric()) {
                    return Err(VerbError::Clash {
                        primitive: "bind_rows".into(),
                        column: name.to_owned(),
                        left: left.to_string(),
                        left_place: format!("table {place}"),
                        right: right.to_string(),
                        right_place: format!("table {title}"),
                    }
                    .into());
                }
                data_type = Some((DataType::Float64, place));
            }
        }
    }
    let any = found.iter().find_map(|(_, array)| array.map(|a| a.data_type().clone()));
    let data_type = data_type.map(|(d, _)| d).or(any).unwrap_or(DataType::Float64);
    let parts = found
        .iter()
        .zip(tables)
        .map(|((_, array), (_, table))| match array {
            Some(array) if array.data_type() == &data_type => Ok(Arc::clone(array)),
            Some(array) if array.null_count() < array.len() => {
                let floats: Float64Array = crate::table::vector::floats("bind_rows", name, array)?;
                Ok(Arc::new(floats) as ArrayRef)
            }
            _ => Ok(arrow_array::new_null_array(&data_type, table.nrow())),
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok(arrow_select::concat::concat(&parts).expect("the parts are of one kind"))
}

/// Columns of several tables beside each other; rows are matched by their position.
///
/// Row labels that differ are an error, for then the rows are not the same units.
pub fn bind_columns(tables: &[Table]) -> Result<Table> {
    let Some(first) = tables.first() else {
        let what = "tables".into();
        return Err(TableError::Empty { primitive: "bind_columns".into(), what }.into());
    };
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let mut meta = std::collections::HashMap::new();
    for (number, table) in tables.iter().enumerate() {
        if table.nrow() != first.nrow() {
            return Err(TableError::Lengths {
                primitive: format!("bind_columns, table {}", number + 1),
                left: first.nrow(),
                right: table.nrow(),
            }
            .into());
        }
        if let (Some(a), Some(b)) = (first.labels(), table.labels())
            && let Some(row) = (0..first.nrow()).find(|row| a.value(*row) != b.value(*row))
        {
            return Err(VerbError::LabelsDiffer {
                primitive: "bind_columns".into(),
                row: row + 1,
                left: a.value(row).to_owned(),
                right: b.value(row).to_owned(),
                table: number + 1,
            }
            .into());
        }
        for (name, array) in table.named_arrays() {
            if columns.iter().any(|(other, _)| *other == name) {
                return Err(VerbError::NameTaken { primitive: "bind_columns".into(), name }.into());
            }
            columns.push((name, array));
        }
        meta.extend(table.all_meta());
    }
    let panel = tables.iter().find_map(Table::panel_keys).cloned();
    let table = Table::from_arrays(columns, first.nrow())?.with_meta(meta).with_panel(panel);
    match tables.iter().find_map(|t| t.labels().map(|labels| (labels, t.label_name()))) {
        Some((labels, name)) => table.with_labels(Arc::clone(labels), name),
        None => Ok(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Vector;

    fn named(name: &str, table: Table) -> (String, Table) {
        (name.to_owned(), table)
    }

    #[test]
    fn rows_unite_their_columns_and_say_what_is_lacking() {
        let a = Table::new([("x", Vector::from_ints([1])), ("t", Vector::from_texts(["a"]))]);
        let b = Table::new([("x", Vector::from_floats([2.5])), ("z", Vector::from_ints([9]))]);
        let (a, b) = (a.unwrap(), b.unwrap());
        let noted = bind_rows(&[named("2022", a.clone()), named("2023", b)], Some("year")).unwrap();
        assert_eq!(noted.table.columns(), ["year", "x", "t", "z"]);
        assert_eq!(noted.table.column("x").unwrap().present().unwrap(), [1.0, 2.5]);
        assert_eq!(noted.table.column("t").unwrap().missing(), 1);
        assert_eq!(noted.warnings[0], "bind_rows: table 2022 has no `z`: its 1 row has gaps there");
        let clash = Table::new([("t", Vector::from_ints([1]))]).unwrap();
        let error = bind_rows(&[named("1", a), named("2", clash)], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "bind_rows: column `t` is text in table 1 and int in table 2"
        );
    }

    #[test]
    fn columns_stand_beside_each_other_for_the_same_units_only() {
        let a = Table::new([("r", Vector::from_texts(["u", "v"]))]).unwrap();
        let a = a.labelled_by("r").unwrap();
        let b = Table::new([("x", Vector::from_ints([1, 2]))]).unwrap();
        let both = bind_columns(&[a.clone(), b.clone()]).unwrap();
        assert_eq!((both.ncol(), both.row_names()), (2, vec!["u".to_owned(), "v".to_owned()]));
        let other = b.labelled_by("x").unwrap();
        assert!(bind_columns(&[a.clone(), other]).unwrap_err().to_string().contains("row 1"));
        assert!(bind_columns(&[a.clone(), a.clone()]).is_err());
        assert!(bind_columns(&[a, b.head(1)]).is_err());
    }
}
