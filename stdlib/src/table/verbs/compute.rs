//! Filtering and new columns by expressions.

use arrow_array::BooleanArray;

use super::error::VerbError;
use super::expr::{Expression, Params, Scope};
use super::groups::Groups;
use super::{Noted, listed};
use crate::error::Result;
use crate::table::{Table, Vector};

/// What a new column is made of.
#[derive(Debug, Clone)]
pub enum Made {
    /// An expression over the columns.
    Expression(Expression),
    /// Values, one per row.
    Values(Vector),
}

fn scope<'a>(
    primitive: &'a str,
    table: &'a Table,
    groups: Option<&'a Groups>,
    params: &'a Params,
) -> Scope<'a> {
    match groups {
        Some(groups) => Scope::grouped(primitive, table, groups, params),
        None => Scope::new(primitive, table, params),
    }
}

/// The rows for which `condition` is true; those for which it is missing are left out.
///
/// Aggregates in it (`x > mean(x)`) are those of the row's group.
pub fn where_(
    table: &Table,
    groups: Option<&Groups>,
    condition: &Expression,
    params: &Params,
) -> Result<Noted> {
    let scope = scope("where", table, groups, params);
    let keep: BooleanArray = condition.condition(&scope)?;
    Ok(Noted { table: table.filter(&keep)?, warnings: scope.into_warnings() })
}

/// The table with columns set or added.
///
/// All expressions read the columns as they were, and may also use new ones that the same call
/// makes; a circle of new columns is an error. New columns come last, in the order given.
pub fn mutate(
    table: &Table,
    groups: Option<&Groups>,
    made: &[(String, Made)],
    params: &Params,
) -> Result<Noted> {
    let old = table.columns();
    let is_new = |name: &str| !old.iter().any(|o| o == name);
    let new: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).filter(|n| is_new(n)).collect();
    let mut values: Vec<Option<Vector>> = vec![None; made.len()];
    let mut seen = table.clone();
    let mut warnings = Vec::new();
    loop {
        let mut progress = false;
        for (place, (name, source)) in made.iter().enumerate() {
            if values[place].is_some() {
                continue;
            }
            let vector = match source {
                Made::Values(vector) => vector.clone(),
                Made::Expression(expression) => {
                    let waits = expression
                        .columns()
                        .into_iter()
                        .any(|c| new.contains(&c) && seen.position("mutate", c).is_err());
                    if waits {
                        continue;
                    }
                    let scope = scope("mutate", &seen, groups, params);
                    let vector = expression.rows(&scope)?;
                    warnings.extend(scope.into_warnings());
                    vector
                }
            };
            if is_new(name) {
                seen = seen.with_column(name, &vector)?;
            }
            values[place] = Some(vector);
            progress = true;
        }
        if values.iter().all(Option::is_some) {
            break;
        }
        if !progress {
            let open: Vec<&String> = made
                .iter()
                .zip(&values)
                .filter(|(_, value)| value.is_none())
                .map(|((name, _), _)| name)
                .collect();
            let names = listed(&open);
            return Err(VerbError::Circular { primitive: "mutate".into(), names }.into());
        }
    }
    let mut result = table.clone();
    for ((name, _), vector) in made.iter().zip(values) {
        if let Some(vector) = vector {
            result = result.with_column(name, &vector)?;
        }
    }
    Ok(Noted { table: result, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new([
            ("x", Vector::from_options([Some(1.0), Some(2.0), None])),
            ("y", Vector::from_ints([10, 20, 30])),
        ])
        .unwrap()
    }

    fn made(items: &[(&str, &str)]) -> Vec<(String, Made)> {
        items
            .iter()
            .map(|(name, code)| {
                let expression = Expression::parse("mutate", code).unwrap();
                ((*name).to_owned(), Made::Expression(expression))
            })
            .collect()
    }

    #[test]
    fn where_keeps_what_is_true() {
        let condition = Expression::parse("where", "x > 1 or y == 10").unwrap();
        let kept = where_(&table(), None, &condition, &Params::new()).unwrap();
        assert_eq!(kept.table.nrow(), 2);
    }

    #[test]
    fn new_columns_may_use_each_other_and_old_ones_stay_as_they_were() {
        let items = made(&[("b", "c * 2"), ("c", "y + 1"), ("y", "y * 0"), ("d", "y")]);
        let noted = mutate(&table(), None, &items, &Params::new()).unwrap();
        assert_eq!(noted.table.columns(), ["x", "y", "b", "c", "d"]);
        let ints = |name| noted.table.column(name).unwrap().present().unwrap();
        assert_eq!(ints("b"), [22.0, 42.0, 62.0]);
        assert_eq!(ints("y"), [0.0; 3]);
        assert_eq!(ints("d"), [10.0, 20.0, 30.0]);
    }

    #[test]
    fn a_circle_is_named() {
        let items = made(&[("a", "b + 1"), ("b", "a + 1")]);
        let error = mutate(&table(), None, &items, &Params::new()).unwrap_err();
        assert_eq!(error.to_string(), "mutate: the new columns `a`, `b` each need another");
    }
}
