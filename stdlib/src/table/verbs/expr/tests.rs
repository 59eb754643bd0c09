use super::*;
use crate::error::Excerpt;
use crate::table::Vector;

fn table() -> Table {
    let text = |values: [Option<&str>; 4]| {
        Vector::new(std::sync::Arc::new(arrow_array::StringArray::from(values.to_vec())))
    };
    Table::new([
        ("x", Vector::from_options([Some(1.0), Some(2.0), None, Some(4.0)])),
        ("n", Vector::from_ints([1, 0, 3, -2])),
        ("region", text([Some("Алматы"), Some("Abai"), None, Some("abay")])),
        ("ВРП на душу", Vector::from_floats([5.0, 6.0, 7.0, 8.0])),
    ])
    .unwrap()
}

fn params() -> Params {
    Params::from([
        ("limit".to_owned(), Param::One(Cell::Int(2))),
        ("list".to_owned(), Param::Many(vec![Cell::Text("Abai".into())])),
    ])
}

/// The values of an expression as text, `_` for missing.
fn values(code: &str) -> String {
    let (table, params) = (table(), params());
    let scope = Scope::new("mutate", &table, &params);
    let vector = Expression::parse("mutate", code).unwrap().rows(&scope);
    let array = std::sync::Arc::clone(vector.unwrap_or_else(|e| panic!("{code}: {e}")).array());
    let shown = |row| eval::shown(&array, row).unwrap_or_else(|| "_".into());
    (0..array.len()).map(shown).collect::<Vec<_>>().join(" ")
}

fn fault(code: &str) -> (String, String) {
    let (table, params) = (table(), params());
    let scope = Scope::new("where", &table, &params);
    let error = Expression::parse("where", code).and_then(|e| e.condition(&scope)).unwrap_err();
    let Excerpt { what, text, span } = error.excerpt().unwrap();
    assert_eq!(what, "expression");
    let marked = text[span].to_owned();
    (error.to_string(), marked)
}

#[test]
fn arithmetic_keeps_its_order_and_its_gaps() {
    assert_eq!(values("x + n * 2"), "3 2 _ 0");
    assert_eq!(values("-x ^ 2"), "-1 -4 _ -16");
    assert_eq!(values("2 ^ -1 * 4"), "2 2 2 2");
    assert_eq!(values("(n + 1) % 2"), "0 1 0 -1");
    assert_eq!(values("x / n"), "1 _ _ -2");
    assert_eq!(values("`ВРП на душу` - 5"), "0 1 2 3");
    assert_eq!(
        values("9223372036854775807 + n"),
        "9223372036854776000 9223372036854776000 9223372036854776000 9223372036854776000"
    );
}

#[test]
fn logic_is_three_valued() {
    assert_eq!(values("x > 1"), "false true _ true");
    assert_eq!(values("x > 1 and n > 5"), "false false false false");
    assert_eq!(values("x > 1 or n == 3"), "false true true true");
    assert_eq!(values("not (x > 1)"), "true false _ false");
    assert_eq!(values("x > 1 and n < 9"), "false true _ true");
    assert_eq!(values("missing and true"), "_ _ _ _");
}

#[test]
fn comparisons_cover_every_kind_and_form() {
    assert_eq!(values("region == 'Abai'"), "false true _ false");
    assert_eq!(values("region in ('Abai', 'Алматы')"), "true true _ false");
    assert_eq!(values("region not in $list"), "true false _ true");
    assert_eq!(values("region < 'b'"), "false true _ true");
    assert_eq!(values("x is missing"), "false false true false");
    assert_eq!(values("region is not missing && !(n > 0)"), "false true false true");
    assert_eq!(values("x between 2 and 4"), "false true _ true");
    assert_eq!(values("n not between 0 and 1"), "false false true true");
    assert_eq!(values("x >= $limit"), "false true _ true");
    assert_eq!(values("n <> 0 AND x = 1"), "true false _ false");
}

#[test]
fn functions_of_numbers_and_text() {
    assert_eq!(values("round(log(exp(x)), 2)"), "1 2 _ 4");
    assert_eq!(values("sqrt(n)"), "1 0 1.7320508075688772 _");
    assert_eq!(values("upper(region)"), "АЛМАТЫ ABAI _ ABAY");
    assert_eq!(values("lower(region) like 'aba_'"), "false true _ true");
    assert_eq!(values("matches(region, '^[А-Я]')"), "true false _ false");
    assert_eq!(values("starts_with(region, 'A') or ends_with(region, 'ы')"), "true true _ false");
    assert_eq!(values("if(n > 0, 'plus', 'other')"), "plus other plus other");
    assert_eq!(values("coalesce(x, n)"), "1 2 3 4");
    assert_eq!(values("greatest(x, n, 1.5)"), "1.5 2 _ 4");
    assert_eq!(values("region + '!'"), "Алматы! Abai! _ abay!");
    assert_eq!(values("number(text(n)) + 1"), "2 1 4 -1");
    assert_eq!(values("length(replace(region, 'Ал', ''))"), "4 4 _ 4");
}

#[test]
fn aggregates_stand_for_every_row() {
    assert_eq!(values("x - min(x)"), "0 1 _ 3");
    assert_eq!(values("n()"), "4 4 4 4");
    assert_eq!(values("n(x) + missing_count(x)"), "4 4 4 4");
    assert_eq!(values("sum(n) / n()"), "0.5 0.5 0.5 0.5");
    assert_eq!(values("quantile(x, 0.25)"), "1.5 1.5 1.5 1.5");
    assert_eq!(values("cumsum(x)"), "1 3 _ 7");
    assert_eq!(values("rank(n)"), "3 2 4 1");
    assert_eq!(values("any(x > 3)"), "true true true true");
    assert_eq!(values("all(x > 0)"), "_ _ _ _");
}

#[test]
fn groups_have_their_own_values() {
    let (table, params) = (table(), Params::new());
    let groups = Groups { ids: vec![0, 1, 0, 1], first: vec![0, 1] };
    let scope = Scope::grouped("summarise", &table, &groups, &params);
    let run = |code: &str| {
        let array = Expression::parse("summarise", code).unwrap().groups(&scope).unwrap();
        let shown = |row| eval::shown(&array, row).unwrap_or_else(|| "_".into());
        (0..array.len()).map(shown).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(run("mean(x)"), "1 3");
    assert_eq!(run("sd(x)"), "_ 1.4142135623730951");
    assert_eq!(run("sum(n * 2) + n()"), "10 -2");
    assert_eq!(run("max(region)"), "Алматы abay");
    assert_eq!(run("median(n)"), "2 -1");
    assert_eq!(run("last(x)"), "_ 4");
    assert_eq!(run("weighted_mean(x, n)"), "1 4");
    assert_eq!(run("missing_share(x)"), "0.5 0");
    assert_eq!(run("n_distinct(region)"), "1 2");
    assert_eq!(run("max(x - mean(x))"), "0 1");
    let error = Expression::parse("summarise", "sum(x) + n").unwrap().groups(&scope).unwrap_err();
    assert_eq!(error.excerpt().map(|marked| marked.text[marked.span].to_owned()).unwrap(), "n");
}

#[test]
fn faults_point_into_the_text() {
    assert_eq!(fault("x > 1 andd n > 2").1, "andd");
    assert_eq!(fault("xx > 1"), ("where: no column `xx`".into(), "xx".into()));
    assert_eq!(fault("region > 4").1, "region > 4");
    assert_eq!(fault("x == missing").0, "where: nothing equals missing");
    assert_eq!(fault("region == \"Abai\"").1, "\"Abai\"");
    assert_eq!(fault("lgo(x) > 1").1, "lgo");
    assert_eq!(fault("log(region) > 1").1, "region");
    assert_eq!(fault("x > $lim").1, "$lim");
    assert_eq!(fault("x + 1").1, "x + 1");
    assert_eq!(fault("1 < x < 2").1, "<");
    assert_eq!(fault("matches(region, '(')").1, "'('");
    assert_eq!(fault("x in (1, n)").1, "n");
    assert_eq!(fault("quantile(x, 2) > 1").1, "2");
    assert_eq!(fault("").0, "where: expected a column, a value or `(`, found the end");
    assert!(fault(&"(".repeat(2000)).0.contains("holds more than"));
    assert!(fault(&vec!["x > 1"; 2000].join(" or ")).0.contains("holds more than"));
    assert!(fault(&format!("{}x > 1", "not ".repeat(2000))).0.contains("holds more than"));
}

#[test]
fn what_became_missing_is_counted() {
    let (table, params) = (table(), Params::new());
    let scope = Scope::new("mutate", &table, &params);
    Expression::parse("mutate", "log(n)").unwrap().rows(&scope).unwrap();
    assert_eq!(
        scope.into_warnings(),
        ["mutate: 2 of 4 values of `log(n)` became missing (outside its domain)"]
    );
}

#[test]
fn an_assignment_names_its_column() {
    let (name, expression) = Expression::assignment("mutate", "доля = x / sum(x)").unwrap();
    assert_eq!((name.as_str(), expression.columns()), ("доля", vec!["x"]));
    let (name, _) = Expression::assignment("summarise", "mean(x)").unwrap();
    assert_eq!(name, "mean(x)");
    assert!(Expression::assignment("mutate", "y == 1").unwrap().0 == "y == 1");
}

#[test]
fn dates_compare_with_their_texts_and_count_days() {
    let dates = ["2023-01-31", "2023-03-01"].map(crate::table::Date::parse);
    let table = Table::new([("d", Vector::from_dates(dates)), ("n", Vector::from_ints([1, 2]))]);
    let (table, params) = (table.unwrap(), Params::new());
    let run = |code: &str| {
        let scope = Scope::new("mutate", &table, &params);
        let vector = Expression::parse("mutate", code).unwrap().rows(&scope).unwrap();
        let shown = |row| eval::shown(vector.array(), row).unwrap_or_else(|| "_".into());
        (0..2).map(shown).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(run("d > '2023-02-01'"), "false true");
    assert_eq!(run("d between '31.01.2023' and '2023-02-01'"), "true false");
    assert_eq!(run("d in ('2023-03-01')"), "false true");
    assert_eq!(run("d - min(d)"), "0 29");
    assert_eq!(run("d + n"), "2023-02-01 2023-03-03");
    assert_eq!(run("month(d) + year(date('2020-05-05'))"), "2021 2023");
    let scope = Scope::new("where", &table, &params);
    let error = Expression::parse("where", "d > 'soon'").unwrap().condition(&scope).unwrap_err();
    assert!(error.to_string().contains("reads as no date"));
}
