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
    assert!(warnings[0].contains("1 periods are missing"), "{warnings:?}");
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
    assert!(warnings[0].contains("1 rows repeat an entity and period (first b, 2021)"));
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
