//! Wide to long, long to wide, rows to columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array};
use arrow_schema::DataType;

use super::Noted;
use super::error::VerbError;
use super::expr::{Expression, Params, Scope, shown};
use super::groups::Groups;
use super::rows::keys;
use crate::error::{Error, Result};
use crate::table::frame::Kind;
use crate::table::{Cell, Table, TableError, Vector};

/// How to make a table longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongerParams {
    /// Columns to gather.
    pub columns: Vec<String>,
    /// New columns for their names; several where `separator` parts the names.
    pub names: Vec<String>,
    /// New column for their values.
    pub values: String,
    /// What parts a name into the new columns.
    pub separator: Option<String>,
    /// Beginning that is cut off the names.
    pub prefix: String,
    /// Whether names that are all whole numbers (years) become integers.
    pub numbers: bool,
    /// Whether rows without a value are left out.
    pub drop_missing: bool,
}

/// The arrays as one kind: integers beside floats become floats.
fn of_one_kind(
    primitive: &str,
    columns: &[(String, ArrayRef)],
) -> Result<(DataType, Vec<ArrayRef>)> {
    let filled = |array: &ArrayRef| array.null_count() < array.len();
    let mut kind: Option<(&str, DataType)> = None;
    for (name, array) in columns.iter().filter(|(_, array)| filled(array)) {
        kind = match kind {
            None => Some((name, array.data_type().clone())),
            Some((_, ref old)) if old == array.data_type() => kind,
            Some((first, old)) => {
                let (left, right) = (Kind::of(&old), Kind::of(array.data_type()));
                if !(left.is_numeric() && right.is_numeric()) {
                    return Err(VerbError::Clash {
                        primitive: primitive.to_owned(),
                        column: name.clone(),
                        left: right.to_string(),
                        left_place: "the table".into(),
                        right: left.to_string(),
                        right_place: format!("column `{first}`"),
                    }
                    .into());
                }
                Some((first, DataType::Float64))
            }
        };
    }
    let data_type = kind.map(|(_, d)| d).or(columns.first().map(|(_, a)| a.data_type().clone()));
    let data_type = data_type.unwrap_or(DataType::Float64);
    let convert = |(name, array): &(String, ArrayRef)| -> Result<ArrayRef> {
        if array.data_type() == &data_type {
            Ok(Arc::clone(array))
        } else if filled(array) {
            Ok(Arc::new(crate::table::vector::floats(primitive, name, array)?))
        } else {
            Ok(arrow_array::new_null_array(&data_type, array.len()))
        }
    };
    let arrays = columns.iter().map(convert).collect::<Result<Vec<_>>>()?;
    Ok((data_type, arrays))
}

/// Gathers columns into two: one with their names, one with their values.
///
/// The rows of one old row stay together, in the order of the columns.
pub fn pivot_longer(table: &Table, params: &LongerParams) -> Result<Table> {
    const NAME: &str = "pivot_longer";
    let (rows, width) = (table.nrow(), params.columns.len());
    if width == 0 || params.names.is_empty() {
        let what = if width == 0 { "columns to gather" } else { "name for the new column" };
        return Err(TableError::Empty { primitive: NAME.into(), what: what.into() }.into());
    }
    let total = rows as u64 * width as u64;
    if total >= u64::from(u32::MAX) {
        return Err(VerbError::TooManyRows { primitive: NAME.into(), rows: total }.into());
    }
    let gathered: Vec<(String, ArrayRef)> = params
        .columns
        .iter()
        .map(|name| Ok((name.clone(), Arc::clone(table.array(NAME, name)?))))
        .collect::<Result<_>>()?;
    let (_, arrays) = of_one_kind(NAME, &gathered)?;
    let kept: Vec<(u32, usize)> = (0..rows as u32)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .filter(|(row, column)| !params.drop_missing || arrays[*column].is_valid(*row as usize))
        .collect();
    let old_rows: Vec<u32> = kept.iter().map(|(row, _)| *row).collect();
    let mut longer = table.drop(&params.columns)?.take(&old_rows)?;
    let mut parts: Vec<Vec<String>> = Vec::new();
    for column in &params.columns {
        let name = column.strip_prefix(params.prefix.as_str()).unwrap_or(column);
        let split: Vec<String> = match &params.separator {
            Some(separator) => {
                name.splitn(params.names.len(), separator.as_str()).map(str::to_owned).collect()
            }
            None => vec![name.to_owned()],
        };
        if split.len() != params.names.len() {
            return Err(Error::Invalid {
                primitive: NAME,
                parameter: "separator",
                rule: format!("part every name into {} pieces", params.names.len()),
                value: format!("`{column}`, which has {}", split.len()),
            });
        }
        parts.push(split);
    }
    for (place, new) in params.names.iter().enumerate() {
        let texts: Vec<&str> = parts.iter().map(|split| split[place].as_str()).collect();
        let whole: Option<Vec<i64>> = texts.iter().map(|text| text.parse().ok()).collect();
        let values: ArrayRef = match whole.filter(|_| params.numbers) {
            Some(numbers) => Arc::new(Int64Array::from_iter_values(
                kept.iter().map(|(_, column)| numbers[*column]),
            )),
            None => Arc::new(StringArray::from_iter_values(
                kept.iter().map(|(_, column)| texts[*column]),
            )),
        };
        longer = added(NAME, longer, new, values)?;
    }
    let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let places: Vec<(usize, usize)> = kept.iter().map(|(row, col)| (*col, *row as usize)).collect();
    let values = arrow_select::interleave::interleave(&sources, &places);
    added(NAME, longer, &params.values, values.expect("the columns are of one kind"))
}

fn added(primitive: &str, table: Table, name: &str, values: ArrayRef) -> Result<Table> {
    if table.columns().iter().any(|other| other == name) {
        let name = name.to_owned();
        return Err(VerbError::NameTaken { primitive: primitive.to_owned(), name }.into());
    }
    table.with_column(name, &Vector::new(values))
}

/// How to make a table wider.
#[derive(Debug, Clone, PartialEq)]
pub struct WiderParams {
    /// Column whose values become names.
    pub names: String,
    /// Columns whose values fill them.
    pub values: Vec<String>,
    /// Columns that stay, one row for each combination; all others if empty.
    pub keys: Vec<String>,
    /// What goes before every new name.
    pub prefix: String,
    /// An aggregate (`"mean"`, `"sum"`, `"first"`) for several rows under one name.
    pub aggregate: Option<String>,
    /// What fills combinations that do not occur.
    pub fill: Cell,
}

/// Spreads the values of columns over new columns named by another.
///
/// Rows and new columns come in order of first appearance; with several value columns a new
/// name is `value_name`. Several rows under one name are an error unless `aggregate` is given.
pub fn pivot_wider(table: &Table, params: &WiderParams) -> Result<Noted> {
    const NAME: &str = "pivot_wider";
    let stays: Vec<String> = if params.keys.is_empty() {
        let moved = |name: &String| *name == params.names || params.values.contains(name);
        table.columns().into_iter().filter(|name| !moved(name)).collect()
    } else {
        params.keys.clone()
    };
    let names = Arc::clone(table.array(NAME, &params.names)?);
    let key_arrays = keys(NAME, table, &stays)?;
    let rows = table.nrow();
    let units = Groups::of(&key_arrays, rows);
    let heads = Groups::of(&[Arc::clone(&names)], rows);
    let pairs = Groups::of(&[key_arrays, vec![names.clone()]].concat(), rows);
    if params.aggregate.is_none() && pairs.count() < rows {
        let sizes = pairs.sizes();
        let count = sizes.iter().filter(|n| **n > 1).count();
        let first = sizes.iter().position(|n| *n > 1).unwrap_or(0);
        let row = pairs.first[first] as usize;
        let part = |name: &String| {
            let array = table.array(NAME, name).ok()?;
            Some(format!("{name} = {}", shown(array, row).unwrap_or_else(|| "missing".into())))
        };
        let all: Vec<String> = stays.iter().chain([&params.names]).filter_map(part).collect();
        let group = format!("({}) with {}", all.join(", "), sizes[first]);
        return Err(VerbError::SeveralRows { primitive: NAME.into(), count, group }.into());
    }
    let mut wide = table.select(&stays)?.take(&units.first)?;
    let mut warnings = Vec::new();
    // Place of each pair that occurs: unit by head.
    let mut places = vec![u32::MAX; units.count() * heads.count()];
    for (pair, row) in pairs.first.iter().enumerate() {
        let (unit, head) = (units.ids[*row as usize], heads.ids[*row as usize]);
        places[head as usize * units.count() + unit as usize] = pair as u32;
    }
    for value in &params.values {
        let source: ArrayRef = match &params.aggregate {
            None => {
                let first = UInt32Array::from(pairs.first.clone());
                let taken = arrow_select::take::take(table.array(NAME, value)?, &first, None);
                taken.expect("every pair has a row")
            }
            Some(aggregate) => {
                let code = format!("{aggregate}(`{}`)", value.replace('`', "``"));
                let nothing = Params::new();
                let scope = Scope::grouped(NAME, table, &pairs, &nothing);
                let array = Expression::parse(NAME, &code)?.groups(&scope)?;
                warnings.extend(scope.into_warnings());
                array
            }
        };
        let filler = Arc::clone(Vector::from(params.fill.clone()).array());
        let filler = if params.fill == Cell::Missing {
            arrow_array::new_null_array(source.data_type(), 1)
        } else {
            filler
        };
        let both = [(value.clone(), source), ("fill".to_owned(), filler)];
        let (_, both) = of_one_kind(NAME, &both)?;
        let both: Vec<&dyn Array> = both.iter().map(AsRef::as_ref).collect();
        for head in 0..heads.count() {
            let own = &places[head * units.count()..(head + 1) * units.count()];
            let indices: Vec<(usize, usize)> = own
                .iter()
                .map(|pair| if *pair == u32::MAX { (1, 0) } else { (0, *pair as usize) })
                .collect();
            let column = arrow_select::interleave::interleave(&both, &indices)
                .expect("the fill is of the values' kind");
            let head_row = heads.first[head] as usize;
            let head = shown(&names, head_row).unwrap_or_else(|| "missing".into());
            let name = if params.values.len() == 1 {
                format!("{}{head}", params.prefix)
            } else {
                format!("{}{value}_{head}", params.prefix)
            };
            wide = added(NAME, wide, &name, column)?;
        }
    }
    Ok(Noted { table: wide, warnings })
}

/// Rows become columns named by their labels; the old column names stand in column `name`.
pub fn transpose(table: &Table, name: &str) -> Result<Table> {
    const NAME: &str = "transpose";
    let body = match table.label_name() {
        Some(label) if table.columns().iter().any(|column| column == label) => {
            table.drop(&[label])?
        }
        _ => table.clone(),
    };
    let (_, arrays) = of_one_kind(NAME, &body.named_arrays())?;
    let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let mut columns: Vec<(String, ArrayRef)> =
        vec![(name.to_owned(), Arc::new(StringArray::from_iter_values(body.columns())))];
    for (row, label) in body.row_names().into_iter().enumerate() {
        if columns.iter().any(|(other, _)| *other == label) {
            return Err(VerbError::NameTaken { primitive: NAME.into(), name: label }.into());
        }
        let places: Vec<(usize, usize)> = (0..sources.len()).map(|column| (column, row)).collect();
        let values: ArrayRef = if sources.is_empty() {
            arrow_array::new_empty_array(&DataType::Float64)
        } else {
            arrow_select::interleave::interleave(&sources, &places)
                .expect("the columns are of one kind")
        };
        columns.push((label, values));
    }
    Table::from_arrays(columns, body.ncol())?.labelled_by(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide() -> Table {
        Table::new([
            ("firm", Vector::from_texts(["a", "b"])),
            ("y2020", Vector::from_ints([1, 2])),
            ("y2021", Vector::from_options([Some(1.5), None])),
        ])
        .unwrap()
        .labelled_by("firm")
        .unwrap()
    }

    fn longer() -> LongerParams {
        LongerParams {
            columns: vec!["y2020".into(), "y2021".into()],
            names: vec!["year".into()],
            values: "output".into(),
            separator: None,
            prefix: "y".into(),
            numbers: true,
            drop_missing: false,
        }
    }

    fn wider(values: &[&str]) -> WiderParams {
        WiderParams {
            names: "year".into(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
            keys: Vec::new(),
            prefix: "y".into(),
            aggregate: None,
            fill: Cell::Missing,
        }
    }

    #[test]
    fn wide_to_long_and_back() {
        let long = pivot_longer(&wide(), &longer()).unwrap();
        assert_eq!(long.columns(), ["firm", "year", "output"]);
        assert_eq!(long.row_names(), ["a", "a", "b", "b"]);
        assert_eq!(
            long.column("year").unwrap().present().unwrap(),
            [2020.0, 2021.0, 2020.0, 2021.0]
        );
        assert_eq!(long.column("output").unwrap().present().unwrap(), [1.0, 1.5, 2.0]);
        let back = pivot_wider(&long, &wider(&["output"])).unwrap().table;
        assert_eq!(back.columns(), wide().columns());
        assert_eq!(back.cell(1, 2), Cell::Missing);
        assert_eq!(back.cell(1, 1), Cell::Float(2.0));
        let dropped = pivot_longer(&wide(), &LongerParams { drop_missing: true, ..longer() });
        assert_eq!(dropped.unwrap().nrow(), 3);
    }

    #[test]
    fn several_rows_under_one_name_need_an_aggregate() {
        let long = Table::new([
            ("k", Vector::from_texts(["u", "u", "v"])),
            ("year", Vector::from_ints([1, 1, 2])),
            ("x", Vector::from_ints([1, 2, 5])),
        ])
        .unwrap();
        let error = pivot_wider(&long, &wider(&["x"])).unwrap_err();
        assert!(error.to_string().contains("(k = u, year = 1) with 2"), "{error}");
        let params =
            WiderParams { aggregate: Some("sum".into()), fill: Cell::Int(0), ..wider(&["x"]) };
        let table = pivot_wider(&long, &params).unwrap().table;
        let cells: Vec<Cell> = (0..2)
            .flat_map(|r| (1..3).map(move |c| (r, c)))
            .map(|(r, c)| table.cell(r, c))
            .collect();
        assert_eq!(cells, [3, 0, 0, 5].map(Cell::Int));
    }

    #[test]
    fn names_split_and_kinds_that_clash_are_named() {
        let t = Table::new([
            ("gdp_2020", Vector::from_ints([1])),
            ("gdp_2021", Vector::from_ints([2])),
        ])
        .unwrap();
        let params = LongerParams {
            columns: t.columns(),
            names: vec!["what".into(), "year".into()],
            separator: Some("_".into()),
            prefix: String::new(),
            ..longer()
        };
        let long = pivot_longer(&t, &params).unwrap();
        assert_eq!(long.cell(1, 0), Cell::Text("gdp".into()));
        assert_eq!(long.cell(1, 1), Cell::Int(2021));
        let clash = LongerParams { columns: vec!["firm".into(), "y2020".into()], ..longer() };
        assert!(pivot_longer(&wide(), &clash).is_err());
    }

    #[test]
    fn transposing_twice_gives_the_table_back() {
        let t = Table::new([
            ("r", Vector::from_texts(["u", "v"])),
            ("a", Vector::from_ints([1, 2])),
            ("b", Vector::from_ints([3, 4])),
        ]);
        let t = t.unwrap().labelled_by("r").unwrap();
        let turned = transpose(&t, "column").unwrap();
        assert_eq!(turned.columns(), ["column", "u", "v"]);
        assert_eq!(turned.at("b", "u").unwrap(), Cell::Int(3));
        let back = transpose(&turned, "r").unwrap();
        assert_eq!((back.columns(), back.at("v", "a").unwrap()), (t.columns(), Cell::Int(2)));
    }
}
