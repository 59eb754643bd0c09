//! Files of other programs: workbooks, Parquet and Arrow, as tables.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use esep_stdlib::Table;
use esep_stdlib::context::Context;
use esep_stdlib::table::csv::ReadOptions;
use esep_stdlib::table::export::{Codec, IpcCodec};
use esep_stdlib::table::read::{Loaded, Sheet, read_any, sheets};
use esep_stdlib::table::save::write_file;
use esep_stdlib::table::{Cell, Date, Kind};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/table").join(name)
}

fn load(name: &str, options: &ReadOptions) -> Loaded {
    read_any(&golden(name), options, &Context::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn fails(name: &str, options: &ReadOptions) -> String {
    match read_any(&golden(name), options, &Context::default()) {
        Ok(loaded) => panic!("{name} gave {:?}", loaded.table),
        Err(error) => format!("{error}\n{}", error.hint().unwrap_or_default()),
    }
}

fn day(year: i32, month: u32, day: u32) -> Cell {
    Cell::Date(Date::new(year, month, day).unwrap())
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn missing() -> Vec<String> {
    vec!["н/д".into()]
}

const KINDS: [Kind; 7] =
    [Kind::Text, Kind::Float, Kind::Float, Kind::Date, Kind::Text, Kind::Int, Kind::Bool];

#[test]
fn workbooks_of_three_programs_hold_the_same_table() {
    let plain = ReadOptions { missing: missing(), ..ReadOptions::default() };
    let below = ReadOptions { skip: 2, ..plain.clone() };
    let part = ReadOptions { range: Some("B3:H7".into()), ..plain.clone() };
    let whole_columns = ReadOptions { range: Some("b:$H".into()), skip: 2, ..plain.clone() };
    let cases = [
        ("regions.xlsx", &below),
        ("regions.xlsx", &part),
        ("regions.xlsx", &whole_columns),
        ("regions.xls", &plain),
        ("regions.ods", &plain),
    ];
    for (name, options) in cases {
        let Loaded { table, warnings } = load(name, options);
        let columns = ["Регион", "ВРП на душу", "доля", "начало", "код", "год", "флаг"];
        assert_eq!(table.columns(), columns, "{name}");
        assert_eq!(table.kinds(), KINDS, "{name}");
        assert_eq!(table.nrow(), 3, "{name}: blank rows are left out");
        let cells = |row| (1..7).map(|column| table.cell(row, column)).collect::<Vec<_>>();
        assert_eq!(table.labels().unwrap().value(2), "Атырау");
        let first = [
            Cell::Float(4567.5),
            Cell::Float(0.25),
            day(2023, 1, 31),
            text("007"),
            Cell::Int(2020),
        ];
        assert_eq!(cells(0)[..5], first, "{name}");
        assert_eq!(cells(1)[1..3], [Cell::Missing, day(2023, 2, 28)], "{name}");
        assert_eq!(cells(2)[0], Cell::Float(21812.5), "{name}");
        assert_eq!(cells(2)[5], Cell::Missing, "{name}");
        let several = usize::from(name.ends_with("xlsx"));
        assert_eq!(warnings.len(), several, "{name}: {warnings:?}");
    }
}

#[test]
fn sheets_are_picked_by_name_and_number() {
    let sheet = |sheet| ReadOptions { sheet: Some(sheet), ..ReadOptions::default() };
    let Loaded { table, warnings } = load("regions.xlsx", &sheet(Sheet::Name("Second".into())));
    assert_eq!(table.kinds(), [Kind::Text, Kind::Int, Kind::Date]);
    assert_eq!(table.at("a", "when").unwrap(), day(2024, 2, 29));
    assert_eq!(table.at("b", "x").unwrap(), Cell::Missing);
    assert_eq!(
        warnings,
        [
            "load: column `x`: 1 cells hold errors (#N/A at B3) and are missing",
            "load: column `when`: the time of day is dropped in 1 cells (C2)"
        ]
    );
    let by_number = load("regions.xlsx", &sheet(Sheet::Number(3))).table;
    assert_eq!(by_number.columns(), table.columns());
    assert_eq!(load("regions.xlsx", &sheet(Sheet::Number(1))).table.columns(), ["secret"]);
    let picked = load("regions.xlsx", &ReadOptions { skip: 2, ..ReadOptions::default() });
    assert!(picked.warnings[0].contains("read sheet `Регионы`"), "{:?}", picked.warnings);
    assert!(picked.warnings[0].contains("also has `Second`, `Empty`"), "{:?}", picked.warnings);
    let listed = sheets(&golden("regions.xlsx")).unwrap();
    assert_eq!(listed.at("Second", "rows").unwrap(), Cell::Int(4));
    assert_eq!(listed.at("Hidden", "shown").unwrap(), Cell::Bool(false));
    let error = fails("regions.xlsx", &sheet(Sheet::Name("Secnd".into())));
    assert!(
        error.contains("no sheet `Secnd`") && error.contains("did you mean `Second`?"),
        "{error}"
    );
    assert!(fails("regions.xlsx", &sheet(Sheet::Number(9))).contains("no sheet `9`"));
    assert!(fails("regions.xlsx", &sheet(Sheet::Name("Empty".into()))).contains("is empty"));
}

#[test]
fn faults_of_sheets_are_placed() {
    let plain = ReadOptions::default();
    let titles = fails("regions.xlsx", &plain);
    assert!(titles.contains("sheet `Регионы`, cell C1: the header cell is empty"), "{titles}");
    assert!(titles.contains("skip: n"), "{titles}");
    let typed =
        ReadOptions { skip: 2, kinds: vec![("доля".into(), Kind::Float)], ..plain.clone() };
    let error = fails("regions.xlsx", &typed);
    assert!(error.contains("cell D5: found `н/д`, expected float"), "{error}");
    let nearly = load("regions.xlsx", &ReadOptions { skip: 2, ..plain.clone() });
    let warning = nearly.warnings.iter().find(|warning| warning.contains("доля")).unwrap();
    assert!(warning.contains("2 of 3 cells are numbers: cell D5 holds `н/д`"), "{warning}");
    let twice = ReadOptions { delimiter: Some(';'), ..plain.clone() };
    assert!(fails("regions.xlsx", &twice).contains("delimiter must be left out for a workbook"));
    let headless = ReadOptions { header: false, range: Some("B4:C5".into()), ..plain.clone() };
    let table = load("regions.xlsx", &headless).table;
    assert_eq!((table.columns(), table.nrow()), (vec!["x1".to_owned(), "x2".into()], 2));
    let chosen = ReadOptions {
        skip: 2,
        columns: Some(vec!["год".into()]),
        label: Some("код".into()),
        kinds: vec![("год".into(), Kind::Text)],
        ..plain
    };
    let table = load("regions.xlsx", &chosen).table;
    assert_eq!(table.columns(), ["год"]);
    assert_eq!(table.at("008", "год").unwrap(), text("2021"));
}

/// What every file of `make_files.py` with all types must hold: twice the same five rows.
fn check_types(name: &str) {
    let Loaded { table, warnings } = load(name, &ReadOptions::default());
    assert_eq!(table.nrow(), 10, "{name}");
    let cells = |column: &str| table.column(column).unwrap().cells().collect::<Vec<_>>();
    for column in table.columns() {
        let all = cells(&column);
        assert_eq!(all[..5], all[5..], "{name}, {column}");
    }
    let first = |column: &str| cells(column)[..5].to_vec();
    let ints = |values: [Option<i64>; 5]| {
        values.map(|value| value.map_or(Cell::Missing, Cell::Int)).to_vec()
    };
    let floats = |values: [Option<f64>; 5]| {
        values.map(|value| value.map_or(Cell::Missing, Cell::Float)).to_vec()
    };
    let dates = |values: [Option<(i32, u32, u32)>; 5]| {
        values.map(|value| value.map_or(Cell::Missing, |(y, m, d)| day(y, m, d))).to_vec()
    };
    assert_eq!(table.label_name(), Some("регион"), "{name}");
    assert_eq!(first("регион")[4], text("Ұлытау"), "{name}");
    assert_eq!(first("i8"), ints([Some(-128), Some(127), None, Some(0), Some(1)]), "{name}");
    let wide = ints([Some(i64::MIN), Some(i64::MAX), None, Some(0), Some(1)]);
    assert_eq!(first("i64"), wide, "{name}");
    assert_eq!(first("u32")[1], Cell::Int(4_294_967_295), "{name}");
    let halves = [Some(0.0), Some(2_f64.powi(64)), None, Some(2_f64.powi(63)), Some(5.0)];
    assert_eq!(first("u64"), floats(halves), "{name}");
    assert_eq!(first("u64_small"), ints([Some(0), Some(1), None, Some(3), Some(4)]), "{name}");
    assert_eq!(first("f16"), floats([Some(0.5), Some(1.5), None, Some(2.0), Some(3.0)]), "{name}");
    let single = [Some(0.5), Some(f64::from(0.1_f32)), None, None, Some(3.0)];
    assert_eq!(first("f32"), floats(single), "{name}");
    assert_eq!(first("f64"), floats([Some(0.1), None, None, None, Some(0.0)]), "{name}");
    let money = [Some(1.1), Some(-2.25), None, Some(0.0), Some(99999.99)];
    assert_eq!(first("dec"), floats(money), "{name}");
    assert_eq!(first("dec_long")[0], Cell::Float(12_345_678_901_234_567.89), "{name}");
    assert_eq!(first("dec_whole"), ints([Some(7), None, Some(-3), None, Some(0)]), "{name}");
    assert_eq!(first("dec256")[4], Cell::Float(-0.5), "{name}");
    let category = [text("a"), text("b"), text("a"), Cell::Missing, text("b")];
    assert_eq!(first("category"), category, "{name}");
    assert_eq!(first("large")[..2], [text("x"), Cell::Missing], "{name}");
    assert_eq!(first("view")[2], text("a text longer than twelve bytes"), "{name}");
    let span =
        [Some((2023, 1, 31)), None, Some((1969, 12, 31)), Some((1, 1, 1)), Some((9999, 12, 31))];
    assert_eq!(first("date32"), dates(span), "{name}");
    assert_eq!(first("date64")[4], day(2024, 2, 29), "{name}");
    assert_eq!(first("day_ts")[..3], dates(span)[..3], "{name}");
    for column in ["ts_s", "ts_ms", "ts_us"] {
        assert_eq!(first(column)[0], day(2024, 2, 29), "{name}, {column}");
        assert_eq!(first(column)[2], day(1969, 12, 31), "{name}, {column}");
    }
    assert_eq!(first("flag")[..3], [Cell::Bool(true), Cell::Bool(false), Cell::Missing], "{name}");
    assert_eq!(table.column("nothing").unwrap().missing(), 10, "{name}");
    let told = |column: &str, what: &str| {
        let about = warnings.iter().find(|w| w.contains(&format!("`{column}`: {what}")));
        assert!(about.is_some(), "{name}, {column}: {warnings:#?}");
    };
    told("u64", "its numbers go beyond 2^63 and became floats, 2 of 10 of them rounded");
    told("f64", "4 of 10 values were NaN or infinite and are missing");
    told("f32", "2 of 10 values were NaN");
    told("dec_long", "2 of 10 decimals have more than the 15 digits");
    told("ts_s", "it became dates: 2 of 10 values had a time of day, which is dropped");
    told("ts_us", "its times are of zone Asia/Almaty");
    assert_eq!(warnings.len(), 8, "{name}: {warnings:#?}");
}

#[test]
fn parquet_of_pyarrow_reads_whole() {
    for codec in ["", "_gzip", "_lz4", "_plain"] {
        check_types(&format!("types{codec}.parquet"));
    }
}

#[test]
fn arrow_files_and_streams_of_pyarrow_read_whole() {
    for name in ["types.arrow", "types_lz4.arrow", "types_zstd.arrow", "types.arrows"] {
        check_types(name);
    }
}

/// Zstandard is what polars writes unless told otherwise.
#[test]
fn columns_packed_in_different_ways_read_from_one_file() {
    let packed = load("zstd.parquet", &ReadOptions::default()).table;
    let whole = load("types.parquet", &ReadOptions::default()).table.head(5);
    for column in ["регион", "i8", "view"] {
        let cells = |table: &esep_stdlib::Table| {
            table.column(column).unwrap().cells().collect::<Vec<Cell>>()
        };
        assert_eq!(cells(&packed), cells(&whole), "{column}");
    }
}

#[test]
fn what_no_column_can_hold_is_named_and_can_be_left_out() {
    let only = |columns: &[&str]| ReadOptions {
        columns: Some(columns.iter().map(|name| (*name).to_owned()).collect()),
        ..ReadOptions::default()
    };
    for name in ["nested.parquet", "nested.feather"] {
        let error = fails(name, &ReadOptions::default());
        assert!(error.contains("column `list` holds lists"), "{error}");
        assert!(error.contains("columns:"), "{error}");
        assert!(fails(name, &only(&["bytes"])).contains("column `bytes` holds raw bytes"));
        assert!(fails(name, &only(&["clock"])).contains("column `clock` holds times of day"));
        assert_eq!(load(name, &only(&["name"])).table.columns(), ["name"]);
    }
    assert!(fails("types.parquet", &only(&["i9"])).contains("no column `i9`"));
    let order = load("types.parquet", &only(&["i16", "i8"])).table;
    assert_eq!(order.columns(), ["i16", "i8"]);
    let skip = ReadOptions { skip: 1, ..ReadOptions::default() };
    assert!(
        fails("types.parquet", &skip).contains("skip must be left out for a Parquet file, got 1")
    );
    let typed =
        |column: &str, kind| ReadOptions { kinds: vec![(column.into(), kind)], ..only(&[column]) };
    let table = load("types.parquet", &typed("i8", Kind::Float)).table;
    assert_eq!(table.cell(0, 0), Cell::Float(-128.0));
    let error = fails("types.parquet", &typed("dec", Kind::Int));
    assert!(error.contains("record 1, key `dec`"), "{error}");
}

#[test]
fn packed_text_reads() {
    let table = load("small.csv.gz", &ReadOptions::default()).table;
    assert_eq!(table.at("Абай", "x").unwrap(), Cell::Float(0.5));
}

fn sample() -> Table {
    let dataset = esep_stdlib::table::datasets::Dataset::find("regions_2023").unwrap();
    let table = dataset.table().unwrap();
    let days = table
        .row_names()
        .into_iter()
        .enumerate()
        .map(|(row, _)| (row != 3).then(|| Date::new(2000 + row as i32, 2, 28).unwrap()));
    let days = esep_stdlib::Vector::from_dates(days);
    let table = table.with_column("день", &days).unwrap();
    let large = table.column("gdp_per_capita").unwrap();
    let large = large
        .compare(&esep_stdlib::Vector::from_floats([5000.0]), std::cmp::Ordering::is_gt)
        .unwrap();
    table.with_column("large", &large).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let table = sample();
    let files = [
        ("a.parquet", table.to_parquet(Codec::Snappy).unwrap()),
        ("b.parquet", table.to_parquet(Codec::Gzip).unwrap()),
        ("c.parquet", table.to_parquet(Codec::Lz4).unwrap()),
        ("d.parquet", table.to_parquet(Codec::None).unwrap()),
        ("e.parquet", table.to_parquet(Codec::Zstd).unwrap()),
        ("f.parquet", table.to_parquet(Codec::Brotli).unwrap()),
        ("a.arrow", table.to_ipc(false, IpcCodec::None).unwrap()),
        ("b.feather", table.to_ipc(false, IpcCodec::Lz4).unwrap()),
        ("c.arrows", table.to_ipc(true, IpcCodec::None).unwrap()),
        ("d.arrow", table.to_ipc(false, IpcCodec::Zstd).unwrap()),
        ("named_otherwise.csv", table.to_ipc(true, IpcCodec::Lz4).unwrap()),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        write_file(&path, &bytes).unwrap();
        let back = read_any(&path, &ReadOptions::default(), &Context::default()).unwrap();
        assert_eq!(back.warnings, Vec::<String>::new(), "{name}");
        let back = back.table;
        assert_eq!(back.columns(), table.columns(), "{name}");
        assert_eq!(back.batch().columns(), table.batch().columns(), "{name}");
        assert_eq!(back.label_name(), Some("region"), "{name}");
        assert_eq!(back.meta("gdp_per_capita"), table.meta("gdp_per_capita"), "{name}");
        assert!(back.meta("gdp_per_capita").is_some(), "{name}");
    }
    let labels_alone = table.drop(&["region"]).unwrap().label_name().map(str::to_owned);
    assert_eq!(labels_alone.as_deref(), Some("region"));
    let path = folder.path().join("labels.parquet");
    let stripped = table.drop(&["region", "name_ru", "name_kk"]).unwrap();
    write_file(&path, &stripped.to_parquet(Codec::Snappy).unwrap()).unwrap();
    let back = read_any(&path, &ReadOptions::default(), &Context::default()).unwrap().table;
    assert_eq!(back.at("Atyrau", "gdp_per_capita").unwrap(), Cell::Float(21812.5));
}

/// No damage to a file may bring the program down or hang it.
#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "types.parquet",
        "types_lz4.parquet",
        "types.arrow",
        "types_lz4.arrow",
        "types_zstd.arrow",
        "types.arrows",
        "zstd.parquet",
        "regions.xlsx",
        "regions.xls",
        "regions.ods",
        "small.csv.gz",
    ];
    for name in names {
        let bytes = std::fs::read(golden(name)).unwrap();
        let path = folder.path().join(name);
        let mut refused = 0;
        for cut in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            refused +=
                usize::from(read_any(&path, &ReadOptions::default(), &Context::default()).is_err());
        }
        assert!(refused >= 10, "{name}: {refused} of the shortened files were refused");
        let mut state = 12345_u64;
        for _ in 0..40 {
            let mut damaged = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % damaged.len();
                damaged[at] = (state >> 25) as u8;
            }
            std::fs::write(&path, &damaged).unwrap();
            let _ = read_any(&path, &ReadOptions::default(), &Context::default());
        }
    }
}

#[test]
fn names_that_promise_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let case = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        match read_any(&path, &ReadOptions::default(), &Context::default()) {
            Ok(loaded) => loaded.warnings.join("\n"),
            Err(error) => error.to_string(),
        }
    };
    assert!(case("a.parquet", b"a,b\n1,2\n").contains("its name promises a Parquet file"));
    assert!(case("a.arrow", b"a,b\n1,2\n").contains("its name promises an Arrow file"));
    assert!(case("a.xls", b"<html><table></table></html>").contains("a page of HTML"));
    assert!(case("b.xls", b"a\tb\n1\t2\n").contains("is no workbook but delimited text"));
    assert!(case("c.xlsx", b"a\0b").contains("its name promises a workbook"));
    assert!(case("d.csv", b"FEA1....").contains("Feather file of version 1"));
    assert!(case("e.csv", b"PK\x03\x04nothing").contains("no workbook, or a broken or locked one"));
    assert!(case("f.xlsx", b"").contains("is empty"));
}
