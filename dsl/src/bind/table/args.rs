//! Arguments that several verbs share: columns, expressions' values, closures over rows.

use std::rc::Rc;

use esep_stdlib::table::verbs::{KindPick, Noted, Param, Params, Pick, SortKey};
use esep_stdlib::table::{Cell, Date};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::Row;
use crate::convert::{self, Callback};
use crate::library::Shared;
use crate::options::Options;
use crate::report::{Fallible, Raise};

/// Shows the warnings of a verb and hands out its table.
pub(super) fn told(shared: &Shared, noted: Noted) -> Table {
    for warning in &noted.warnings {
        shared.warn(warning);
    }
    noted.table
}

/// Ways to name columns: a text, a map with `kind`, `pattern`, `regex` or `except`, or an array
/// of these.
pub(super) fn picks(primitive: &'static str, value: &Dynamic) -> Fallible<Vec<Pick>> {
    if let Some(items) = value.read_lock::<Array>() {
        let mut all = Vec::new();
        for item in items.iter() {
            all.extend(picks(primitive, item)?);
        }
        return Ok(all);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return picked(primitive, map.clone());
    }
    let names = convert::texts(value).ok_or_else(|| Error::Invalid {
        primitive,
        parameter: "columns",
        rule: "be a text, #{ kind: ... }, #{ pattern: ... }, #{ regex: ... }, #{ except: ... } \
               or an array of these"
            .into(),
        value: convert::brief(value),
    });
    Ok(names.raise()?.into_iter().map(Pick::Text).collect())
}

fn picked(primitive: &'static str, map: Map) -> Fallible<Vec<Pick>> {
    let mut options = Options::new(primitive, map);
    let mut found = Vec::new();
    for kind in options.texts("kind")?.unwrap_or_default() {
        found.push(Pick::Kind(KindPick::parse(primitive, "kind", &kind).raise()?));
    }
    found.extend(options.texts("pattern")?.unwrap_or_default().into_iter().map(Pick::Pattern));
    found.extend(options.texts("regex")?.unwrap_or_default().into_iter().map(Pick::Regex));
    if let Some(except) = options.take("except") {
        found.push(Pick::Except(picks(primitive, &except)?));
    }
    options.finish()?;
    Ok(found)
}

/// The columns that `value` names in `table`.
pub(super) fn columns(
    primitive: &'static str,
    table: &Table,
    value: &Dynamic,
) -> Fallible<Vec<String>> {
    let picks = picks(primitive, value)?;
    esep_stdlib::table::verbs::pick(primitive, table, &picks).raise()
}

/// Columns to order by: `"-x"` is descending, and so is what `descending` names or, if true, all.
pub(super) fn sort_keys(
    primitive: &'static str,
    table: &Table,
    value: &Dynamic,
    descending: Option<Dynamic>,
) -> Fallible<Vec<SortKey>> {
    let names = convert::texts_argument(primitive, "columns", value)?;
    let (all, some) = match descending {
        None => (false, Vec::new()),
        Some(value) => match value.as_bool() {
            Ok(all) => (all, Vec::new()),
            Err(_) => (false, columns(primitive, table, &value)?),
        },
    };
    let known = table.columns();
    let key = |name: String| match name.strip_prefix('-') {
        Some(rest) if !known.contains(&name) => {
            SortKey { column: rest.to_owned(), descending: true }
        }
        _ => SortKey { descending: all || some.contains(&name), column: name },
    };
    Ok(names.into_iter().map(key).collect())
}

/// A script value as a cell.
pub(super) fn cell(value: &Dynamic) -> Option<Cell> {
    if value.is_unit() {
        return Some(Cell::Missing);
    }
    if let Some(date) = value.read_lock::<Date>() {
        return Some(Cell::Date(*date));
    }
    let number = || value.as_float().ok().map(Cell::Float);
    let whole = value.as_int().ok().map(Cell::Int);
    let bool = || value.as_bool().ok().map(Cell::Bool);
    whole.or_else(number).or_else(bool).or_else(|| value.clone().into_string().ok().map(Cell::Text))
}

/// The values after an expression: `#{ limit: 5, list: ["a", "b"] }`.
pub(super) fn params(primitive: &'static str, given: Map) -> Fallible<Params> {
    let mut params = Params::new();
    for (name, value) in given {
        let many = |cells: Option<Vec<Cell>>| cells.map(Param::Many);
        let param = if let Some(vector) = value.read_lock::<Vector>() {
            Some(Param::Many(vector.cells().collect()))
        } else if let Some(array) = value.read_lock::<Array>() {
            many(array.iter().map(cell).collect())
        } else {
            cell(&value).map(Param::One)
        };
        let wrong = || Error::Invalid {
            primitive,
            parameter: "values",
            rule: format!("hold a value or an array of values for `${name}`"),
            value: convert::brief(&value),
        };
        params.insert(name.to_string(), param.ok_or_else(wrong).raise()?);
    }
    Ok(params)
}

/// The answers of `closure` for every row of `table`.
pub(super) fn by_row(
    context: &NativeCallContext,
    table: &Table,
    closure: &FnPtr,
) -> Fallible<Vec<Dynamic>> {
    let table = Rc::new(table.clone());
    let mut answers = Vec::with_capacity(table.nrow());
    for row in 0..table.nrow() {
        let mut callback = Callback::new(context, closure.clone());
        let argument = Dynamic::from(Row::new(Rc::clone(&table), row));
        let answer = callback.call(vec![argument]);
        answers.push(callback.settle(answer)?);
    }
    Ok(answers)
}
