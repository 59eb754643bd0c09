//! What tables cost at a million rows: `cargo bench -p esep-stdlib --bench tables -- FOLDER`.
//!
//! Writes its data into FOLDER unless they stand there already, and prints one line a task:
//! name, seconds (the best of three). `tables.py` beside it runs this and then the same tasks in
//! pandas and polars on the same files.

// A benchmark may stop where a program may not.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use esep_stdlib::Table;
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::table::verbs::{
    Expression, JoinParams, Made, Params, SortKey, group_by, join, sort, where_,
};
use rand::RngExt;

const ROWS: usize = 1_000_000;
const UNITS: usize = 10_000;

/// Three keys (two whole, one text) and 17 numbers.
fn write(folder: &Path) -> (PathBuf, PathBuf) {
    let (big, small) = (folder.join("big.csv"), folder.join("small.csv"));
    if big.exists() && small.exists() {
        return (big, small);
    }
    let mut rng = esep_stdlib::context::rng(1, 0);
    let mut text = String::from("k,id,g");
    for i in 1..=17 {
        write!(text, ",x{i}").unwrap();
    }
    text.push('\n');
    for _ in 0..ROWS {
        let (k, id, g) =
            (rng.random_range(0..1000), rng.random_range(0..UNITS), rng.random_range(0..50));
        write!(text, "{k},{id},g{g}").unwrap();
        for _ in 0..17 {
            let x: f64 = rng.random();
            write!(text, ",{:.6}", x * 100.0).unwrap();
        }
        text.push('\n');
    }
    std::fs::write(&big, text).unwrap();
    let mut text = String::from("id,weight\n");
    for id in 0..UNITS {
        writeln!(text, "{id},{:.6}", rng.random::<f64>()).unwrap();
    }
    std::fs::write(&small, text).unwrap();
    (big, small)
}

fn timed<T>(name: &str, mut task: impl FnMut() -> T) -> T {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..3 {
        let start = Instant::now();
        last = Some(task());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name} {best:.4}");
    last.unwrap()
}

fn main() {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let (big, small) = write(&folder);
    let options = ReadOptions::default();
    let table: Table = timed("read", || read_path(&big, &options).unwrap());
    let units = read_path(&small, &options).unwrap();
    assert_eq!((table.nrow(), table.ncol()), (ROWS, 20));
    let nothing = Params::new();
    let expression = |code: &str| Expression::parse("bench", code).unwrap();
    let mean = [("mean".to_owned(), Made::Expression(expression("mean(x1)")))];
    let groups = timed("group", || {
        group_by(&table, &["k".to_owned()]).unwrap().summarise(&mean, &nothing).unwrap().table
    });
    assert_eq!(groups.nrow(), 1000);
    let on = [("id".to_owned(), "id".to_owned())];
    let params = JoinParams::default();
    let joined = timed("join", || join(&table, &units, &on, &params).unwrap().table);
    assert_eq!(joined.ncol(), 21);
    let condition = expression("x1 > 50 and g != 'g7'");
    let kept = timed("filter", || where_(&table, None, &condition, &nothing).unwrap().table);
    assert!(kept.nrow() < ROWS);
    let key = [SortKey { column: "x1".into(), descending: false }];
    timed("sort", || sort(&table, &key).unwrap());
}
