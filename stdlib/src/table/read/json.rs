//! Reading JSON and JSON lines.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Loaded, NumberStyle, fit};
use crate::choice::Choice;
use crate::error::Result;
use crate::table::csv::ReadOptions;
use crate::table::date::Date;
use crate::table::error::TableError;
use crate::table::frame::Table;
use crate::table::vector::{Cell, Vector};

/// An object with its keys in the order of the file.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object { \"column\": value }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs: Vec<(String, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    if pairs.iter().any(|(other, _)| *other == key) {
                        let twice =
                            format_args!("key `{key}` stands twice in one object").to_string();
                        return Err(serde::de::Error::custom(twice));
                    }
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads an array of objects (one a row), an object of arrays (one a column) or JSON lines.
pub(super) fn read(text: &str, path: &str, options: &ReadOptions) -> Result<Loaded> {
    let bad = |error: serde_json::Error| TableError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    if text.trim().is_empty() {
        return Err(TableError::EmptyFile { path: path.to_owned() }.into());
    }
    let columns = if text.trim_start().starts_with('[') {
        by_row(serde_json::from_str::<Vec<Pairs>>(text).map_err(bad)?)
    } else {
        let mut records = Vec::new();
        for record in serde_json::Deserializer::from_str(text).into_iter::<Pairs>() {
            records.push(record.map_err(bad)?);
        }
        let by_column = |pairs: &Pairs| {
            !pairs.0.is_empty() && pairs.0.iter().all(|(_, value)| value.is_array())
        };
        match records.as_slice() {
            [only] if by_column(only) => by_column_arrays(records.remove(0)),
            _ => by_row(records),
        }
    };
    if let Some((unknown, _)) =
        options.kinds.iter().find(|(name, _)| columns.iter().all(|(title, _)| title != name))
    {
        return Err(TableError::NoColumn {
            primitive: "load, types".into(),
            name: unknown.clone(),
            columns: columns.into_iter().map(|(title, _)| title).collect(),
        }
        .into());
    }
    let mut vectors = Vec::with_capacity(columns.len());
    for (name, values) in columns {
        let array = typed(&name, &values, path, options)?;
        vectors.push((name, Vector::new(array)));
    }
    let table = super::finish(Table::new(vectors)?, options)?;
    Ok(Loaded { table, warnings: Vec::new() })
}

type Columns = Vec<(String, Vec<Value>)>;

fn by_column_arrays(pairs: Pairs) -> Columns {
    let take = |value| if let Value::Array(values) = value { values } else { Vec::new() };
    pairs.0.into_iter().map(|(name, value)| (name, take(value))).collect()
}

/// Rows as columns, in order of first appearance; a key that a row lacks is missing there.
fn by_row(records: Vec<Pairs>) -> Columns {
    let rows = records.len();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut columns: Columns = Vec::new();
    for (row, record) in records.into_iter().enumerate() {
        for (name, value) in record.0 {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), vec![Value::Null; rows]));
                columns.len() - 1
            });
            columns[place].1[row] = value;
        }
    }
    columns
}

fn typed(name: &str, values: &[Value], path: &str, options: &ReadOptions) -> Result<ArrayRef> {
    let absent = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => options.missing.iter().any(|marker| marker == text),
        _ => false,
    };
    let misfit = |row: usize, found: &Value, expected: &str| TableError::BadRecord {
        path: path.to_owned(),
        record: row + 1,
        key: name.to_owned(),
        found: found.to_string().chars().take(40).collect(),
        expected: expected.to_owned(),
    };
    if let Some((_, kind)) = options.kinds.iter().find(|(column, _)| column == name) {
        let cells = values.iter().enumerate().map(|(row, value)| {
            if absent(value) {
                return Ok(Cell::Missing);
            }
            let cell = plain(value).and_then(|cell| fit(cell, *kind, NumberStyle::default()));
            cell.ok_or_else(|| misfit(row, value, kind.name()).into())
        });
        return Ok(Vector::of_kind(*kind, cells.collect::<Result<Vec<Cell>>>()?).array().clone());
    }
    let Some(first) = values.iter().find(|value| !absent(value)) else {
        return Ok(Arc::new(Float64Array::from(vec![None; values.len()])));
    };
    let expected = match first {
        Value::Number(_) => "a number",
        Value::Bool(_) => "true or false",
        Value::String(_) => "a text",
        _ => "a number, a text, true, false or null",
    };
    let same = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => false,
        _ => std::mem::discriminant(value) == std::mem::discriminant(first),
    };
    let present = || values.iter().enumerate().filter(|(_, value)| !absent(value));
    if let Some((row, odd)) = present().find(|(_, value)| !same(value)) {
        return Err(misfit(row, odd, expected).into());
    }
    let dates = || {
        let date = |value: &Value| match value {
            value if absent(value) => Some(None),
            Value::String(text) => Some(Some(Date::parse(text)?.days())),
            _ => None,
        };
        values.iter().map(date).collect::<Option<Date32Array>>()
    };
    if let Some(dates) = dates() {
        return Ok(Arc::new(dates));
    }
    let of = |value: &Value| (!absent(value)).then(|| value.clone());
    Ok(match first {
        Value::Bool(_) => {
            Arc::new(values.iter().map(|v| of(v)?.as_bool()).collect::<BooleanArray>())
        }
        Value::Number(_) if present().all(|(_, v)| v.is_i64()) => {
            Arc::new(values.iter().map(Value::as_i64).collect::<Int64Array>())
        }
        Value::Number(_) => Arc::new(values.iter().map(Value::as_f64).collect::<Float64Array>()),
        _ => {
            let text = |v: &Value| of(v)?.as_str().map(str::to_owned);
            Arc::new(values.iter().map(text).collect::<StringArray>())
        }
    })
}

/// A single value as a cell.
fn plain(value: &Value) -> Option<Cell> {
    Some(match value {
        Value::Number(x) => match x.as_i64() {
            Some(i) => Cell::Int(i),
            None => Cell::Float(x.as_f64()?),
        },
        Value::Bool(b) => Cell::Bool(*b),
        Value::String(text) => Cell::Text(text.clone()),
        Value::Null => Cell::Missing,
        Value::Array(_) | Value::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;
    fn parse(text: &str) -> Result<Table> {
        read(text, "f.json", &ReadOptions::default()).map(|loaded| loaded.table)
    }

    #[test]
    fn rows_columns_and_lines_give_the_same_table() {
        let rows = r#"[{"region":"Abai","x":1},{"region":"Almaty","y":0.5,"x":null}]"#;
        let lines = "{\"region\":\"Abai\",\"x\":1}\n{\"region\":\"Almaty\",\"y\":0.5}\n";
        let columns = r#"{"region":["Abai","Almaty"],"x":[1,null],"y":[null,0.5]}"#;
        for text in [rows, lines, columns] {
            let table = parse(text).unwrap();
            assert_eq!(table.columns(), ["region", "x", "y"], "{text}");
            assert_eq!(table.at("Abai", "x").unwrap(), Cell::Int(1));
            assert_eq!(table.at("Almaty", "x").unwrap(), Cell::Missing);
            assert_eq!(table.at("Almaty", "y").unwrap(), Cell::Float(0.5));
        }
    }

    #[test]
    fn faults_name_the_record_and_the_key() {
        let error = parse(r#"[{"x":1},{"x":"one"}]"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "load: f.json, record 2, key `x`: found \"one\", expected a number"
        );
        let kinds = vec![("code".into(), Kind::Text), ("x".into(), Kind::Float)];
        let options = ReadOptions { kinds, ..ReadOptions::default() };
        let text = r#"[{"code":7,"x":1,"d":"2023-01-31"},{"code":null,"x":"2.5","d":null}]"#;
        let table = read(text, "f.json", &options).unwrap().table;
        assert_eq!(table.kinds(), [Kind::Text, Kind::Float, Kind::Date]);
        assert_eq!(table.cell(1, 1), Cell::Float(2.5));
        assert_eq!(
            table.to_json(true, &crate::Context::default()).unwrap().lines().last().unwrap(),
            r#"{"code":null,"x":2.5,"d":null}"#
        );
        assert!(read(r#"[{"code":[1],"x":1}]"#, "f.json", &options).is_err());
        assert!(parse(r#"[{"x":[1]}]"#).is_err());
        assert!(parse(r#"[{"x":1,"x":2}]"#).unwrap_err().to_string().contains("stands twice"));
        assert!(parse("[{]").unwrap_err().to_string().contains("line 1"));
    }
}
