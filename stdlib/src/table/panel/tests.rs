use super::*;

fn table() -> Table {
    Table::new([
        ("firm", Vector::from_texts(["b", "a", "b", "a", "a"])),
        ("year", Vector::from_ints([2021, 2020, 2020, 2021, 2023])),
        ("x", Vector::from_floats([30.0, 1.0, 10.0, 2.0, 8.0])),
    ])
    .unwrap()
}

fn read(v: &Vector) -> Vec<Option<f64>> {
    v.floats().unwrap().iter().collect()
}

#[test]
fn values_are_found_by_time_and_not_by_row() {
    let (t, warnings) = table().panel(Some("firm"), "year", Every::Auto).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("1 period is missing"), "{warnings:?}");
    assert_eq!(read(&t.lag("x", 1).unwrap()), [Some(10.0), None, None, Some(1.0), None]);
    assert_eq!(read(&t.lag("x", -1).unwrap()), [None, Some(2.0), Some(30.0), None, None]);
    assert_eq!(read(&t.diff("x", 2).unwrap())[4], Some(6.0));
    let (growth, warning) = t.growth("x", 1, Growth::default()).unwrap();
    assert_eq!(read(&growth), [Some(2.0), None, None, Some(1.0), None]);
    assert_eq!(warning, None);
    let (index, warning) = t.index_to("x", &Cell::Int(2020), 100.0).unwrap();
    assert_eq!(read(&index), [Some(300.0), Some(100.0), Some(100.0), Some(200.0), Some(800.0)]);
    assert_eq!(warning, None);
    let (rates, _) = t.cagr("x", None, None).unwrap();
    assert_eq!(rates.get("a").unwrap(), Cell::Float(1.0));
    assert_eq!(rates.get("b").unwrap(), Cell::Float(2.0));
    let (rates, warning) = t.cagr("x", None, Some(&Cell::Int(2023))).unwrap();
    assert_eq!(rates.get("b").unwrap(), Cell::Missing);
    assert!(warning.unwrap().contains("for b, whose rate"));
}

#[test]
fn the_declaration_travels_while_its_columns_stay() {
    let (t, _) = table().panel(Some("firm"), "year", Every::Auto).unwrap();
    let kept = t.select(&["year", "firm", "x"]).unwrap();
    let sorted = kept.sort(&["x"], true).unwrap().head(4);
    assert_eq!(sorted.panel_keys(), t.panel_keys());
    let lag = sorted.lag("x", 1).unwrap();
    assert_eq!(read(&lag), [Some(10.0), None, None, None]);
    assert!(sorted.with_column("lag", &lag).unwrap().panel_keys().is_some());
    assert!(t.drop(&["year"]).unwrap().panel_keys().is_none());
    assert!(t.drop(&["year"]).unwrap().lag("x", 1).is_err());
}

#[test]
fn the_shape_is_told() {
    let (t, _) = table().panel(Some("firm"), "year", Every::Auto).unwrap();
    let info = t.panel_info().unwrap();
    assert_eq!(info.columns(), ["firm", "n", "first", "last", "gaps", "duplicates", "balanced"]);
    assert_eq!(info.at("a", "gaps").unwrap(), Cell::Int(1));
    assert_eq!(info.at("a", "last").unwrap(), Cell::Int(2023));
    assert_eq!(info.at("b", "balanced").unwrap(), Cell::Bool(false));
    let full = table().take(&[0, 1, 2, 3]).unwrap();
    let (full, warnings) = full.panel(Some("firm"), "year", Every::Auto).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    let balanced = full.panel_info().unwrap().column("balanced").unwrap();
    assert_eq!(balanced.cells().collect::<Vec<_>>(), [Cell::Bool(true), Cell::Bool(true)]);
    let twice = table().take(&[0, 0, 1]).unwrap();
    let (twice, warnings) = twice.panel(Some("firm"), "year", Every::Auto).unwrap();
    assert!(warnings[0].contains("1 row repeats an entity and period (first b, 2021)"));
    let error = twice.lag("x", 1).unwrap_err().to_string();
    assert!(error.contains("b has two rows in 2021"), "{error}");
    assert_eq!(twice.panel_info().unwrap().at("b", "duplicates").unwrap(), Cell::Int(1));
}

#[test]
fn dates_step_by_the_calendar() {
    let days = ["2023-12-31", "2023-01-31", "2023-02-28", "2023-04-30"];
    let day = Vector::from_texts(days).to_dates("date", None).unwrap();
    let t = Table::new([("day", day), ("x", Vector::from_floats([8.0, 1.0, 2.0, 4.0]))]).unwrap();
    let (monthly, warnings) = t.panel(None, "day", Every::Auto).unwrap();
    assert_eq!(monthly.panel_keys().unwrap().every, Every::Calendar(Step::Month));
    assert!(warnings[0].contains("8 periods are missing"), "{warnings:?}");
    assert_eq!(read(&monthly.lag("x", 1).unwrap()), [None, None, Some(1.0), None]);
    let (index, _) = monthly.index_to("x", &Cell::Text("2023-02-01".into()), 1.0).unwrap();
    assert_eq!(read(&index)[0], Some(4.0));
    let (rate, _) = monthly.cagr("x", None, None).unwrap();
    let expected = 8.0_f64.powf(12.0 / 11.0) - 1.0;
    assert!((rate.cell(0).as_f64().unwrap() - expected).abs() < 1e-12);
    let daily = t.panel(None, "day", Every::Calendar(Step::Day)).unwrap().0;
    assert_eq!(read(&daily.lag("x", 28).unwrap())[2], Some(1.0));
    assert!(t.panel(None, "day", Every::Units(2)).is_err());
    assert!(t.panel(None, "x", Every::Auto).is_err());
    let (two, warnings) = table().panel(Some("firm"), "year", Every::Units(1)).unwrap();
    assert_eq!((two.ncol(), warnings.len()), (3, 1));
    let error = table().panel(Some("firm"), "year", Every::Units(2)).unwrap_err().to_string();
    assert!(error.contains("2021 is off"), "{error}");
}

#[test]
fn bad_bases_are_named() {
    let t = table().with_column("x", &Vector::from_floats([3.0, 0.0, 1.0, 2.0, 3.0])).unwrap();
    let (t, _) = t.panel(Some("firm"), "year", Every::Auto).unwrap();
    let error = t.cagr("x", None, None).unwrap_err().to_string();
    assert!(error.contains("the value at a, 2020 is 0"), "{error}");
    let (index, warning) = t.index_to("x", &Cell::Int(2020), 100.0).unwrap();
    assert_eq!(read(&index), [Some(300.0), None, Some(100.0), None, None]);
    assert!(warning.unwrap().contains("for a, whose"));
    let (_, warning) = t.growth("x", 1, Growth::default()).unwrap();
    assert!(warning.unwrap().contains("1 of 5 values are missing"));
    assert!(t.index_to("x", &Cell::Text("soon".into()), 1.0).is_err());
}

mod kept {
    //! The declaration and the codebook through every verb that makes a new table.

    use std::collections::HashMap;

    use super::*;
    use crate::table::ColumnMeta;
    use crate::table::verbs::*;

    fn codebook() -> HashMap<String, ColumnMeta> {
        let entry = |label: &str| ColumnMeta {
            labels: vec![("en".into(), label.into())],
            unit: Some("tenge".into()),
        };
        HashMap::from([("x".to_owned(), entry("Output")), ("firm".to_owned(), entry("Enterprise"))])
    }

    fn declared() -> Table {
        let t = table().labelled_by("firm").unwrap().with_meta(codebook());
        t.panel(Some("firm"), "year", Every::Auto).unwrap().0
    }

    fn keys(table: &Table) -> Option<(&str, &str)> {
        let panel = table.panel_keys()?;
        Some((panel.entity.as_deref()?, &panel.time))
    }

    fn label<'t>(table: &'t Table, column: &str) -> Option<&'t str> {
        table.meta(column)?.label("en")
    }

    #[track_caller]
    fn same(table: &Table) {
        assert_eq!(keys(table), Some(("firm", "year")));
        assert_eq!(label(table, "x"), Some("Output"));
        assert_eq!(label(table, "firm"), Some("Enterprise"));
    }

    fn expression(code: &str) -> Expression {
        Expression::parse("test", code).unwrap()
    }

    fn made(name: &str, code: &str) -> Vec<(String, Made)> {
        vec![(name.to_owned(), Made::Expression(expression(code)))]
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
        names.map(String::from).to_vec()
    }

    #[test]
    fn choosing_rows() {
        let t = declared();
        let nothing = Params::new();
        same(&where_(&t, None, &expression("x > 1"), &nothing).unwrap().table);
        same(&sort(&t, &[SortKey { column: "x".into(), descending: true }]).unwrap());
        same(&distinct(&t, &[]).unwrap());
        same(&slice(&t, Slice { from: 1, to: None }).unwrap());
        let params = SampleParams { n: Some(2), share: None, replace: false, seed: 1 };
        same(&sample(&t, &params).unwrap());
        same(&drop_missing(&t, &[]).unwrap().table);
        same(&t.head(2));
        same(&t.filter(&vec![true, false, true, false, true].into()).unwrap());
    }

    #[test]
    fn choosing_and_naming_columns() {
        let t = declared();
        same(&t.select(&["x", "year", "firm"]).unwrap());
        assert_eq!(keys(&t.select(&["firm", "x"]).unwrap()), None);
        assert_eq!(keys(&t.drop(&["firm"]).unwrap()), None);
        assert_eq!(keys(&t.numeric().unwrap()), None);
        let swapped = rename(&t, &[pair("firm", "year"), pair("year", "год")]).unwrap();
        assert_eq!(keys(&swapped), Some(("year", "год")));
        assert_eq!(label(&swapped, "year"), Some("Enterprise"));
        assert_eq!(read(&swapped.lag("x", 1).unwrap())[0], Some(10.0));
        // A label goes with its column, and a new one of the same name does not find it again.
        let other = t.drop(&["x"]).unwrap().with_column("x", &Vector::from_ints(0..5)).unwrap();
        assert_eq!(label(&other, "x"), None);
    }

    #[test]
    fn computing() {
        let t = declared();
        let nothing = Params::new();
        same(&mutate(&t, None, &made("y", "x * 2"), &nothing).unwrap().table);
        same(&fill(&t, &[], Direction::Down, &[]).unwrap().table);
        // Times that can no longer be counted would make every lag missing.
        let texts = Vector::from_texts(["a", "b", "c", "d", "e"]);
        assert_eq!(keys(&t.with_column("year", &texts).unwrap()), None);
        let grouped = group_by(&t, &names(["firm", "year"])).unwrap();
        let summary = grouped.summarise(&made("x", "mean(x)"), &nothing).unwrap().table;
        same(&summary);
        assert_eq!(keys(&grouped.key_table().unwrap()), Some(("firm", "year")));
        let by_firm = group_by(&t, &names(["firm"])).unwrap();
        let last = by_firm.summarise(&made("year", "max(year)"), &nothing).unwrap().table;
        assert_eq!(keys(&last), None);
        let parts: Vec<Table> =
            by_firm.tables().unwrap().iter().map(|t| t.select(&["year", "x"]).unwrap()).collect();
        same(&by_firm.stacked(&parts).unwrap().table);
        same(&by_firm.head(1, true).unwrap());
    }

    #[test]
    fn binding() {
        let t = declared();
        let plain = table();
        let two = [("1".to_owned(), t.head(2)), ("2".to_owned(), plain.clone())];
        same(&bind_rows(&two, Some("part")).unwrap().table);
        let other = plain.panel(Some("year"), "year", Every::Auto).unwrap().0;
        let torn = [("1".to_owned(), t.clone()), ("2".to_owned(), other)];
        assert_eq!(keys(&bind_rows(&torn, None).unwrap().table), None);
        let without =
            [("1".to_owned(), t.clone()), ("2".to_owned(), plain.drop(&["year"]).unwrap())];
        assert_eq!(keys(&bind_rows(&without, None).unwrap().table), None);
        let beside = Table::new([("z", Vector::from_ints(0..5))]).unwrap();
        same(&bind_columns(&[beside, t]).unwrap());
    }

    #[test]
    fn joining() {
        let t = declared();
        let firms = Table::new([
            ("company", Vector::from_texts(["a", "b", "c"])),
            ("year", Vector::from_ints([1999, 2001, 2003])),
        ])
        .unwrap();
        let on = [pair("firm", "company")];
        for how in [How::Left, How::Inner, How::Full, How::Right, How::Semi, How::Anti] {
            let params = JoinParams { how, ..JoinParams::default() };
            same(&join(&t, &firms, &on, &params).unwrap().table);
        }
        let suffixes = ("_old".to_owned(), "_founded".to_owned());
        let params = JoinParams { suffixes, ..JoinParams::default() };
        assert_eq!(
            keys(&join(&t, &firms, &on, &params).unwrap().table),
            Some(("firm", "year_old"))
        );
        let back = join(&firms, &t, &[pair("company", "firm")], &JoinParams::default()).unwrap();
        assert_eq!(keys(&back.table), Some(("company", "year_right")));
        assert_eq!(label(&back.table, "x"), Some("Output"));
    }

    #[test]
    fn pivoting() {
        let t = declared();
        let longer = LongerParams {
            columns: names(["x"]),
            names: names(["what"]),
            values: "value".into(),
            separator: None,
            prefix: String::new(),
            numbers: true,
            drop_missing: false,
        };
        let long = pivot_longer(&t, &longer).unwrap();
        assert_eq!(keys(&long), Some(("firm", "year")));
        assert_eq!(label(&long, "firm"), Some("Enterprise"));
        let wider = |name: &str| WiderParams {
            names: name.into(),
            values: names([if name == "what" { "value" } else { "x" }]),
            keys: Vec::new(),
            prefix: String::new(),
            aggregate: None,
            fill: Cell::Missing,
        };
        let wide = pivot_wider(&long, &wider("what")).unwrap().table;
        assert_eq!(keys(&wide), Some(("firm", "year")));
        assert_eq!(wide.columns(), ["firm", "year", "x"]);
        assert_eq!(keys(&pivot_wider(&t, &wider("year")).unwrap().table), None);
    }
}
