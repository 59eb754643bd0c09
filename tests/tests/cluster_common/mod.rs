//! Data and reference values shared by the cluster tests.
#![allow(dead_code)] // Each test binary uses its part.

use std::sync::Arc;

use esep_stdlib::Context;
use esep_stdlib::cluster::{Distances, Metric, distances};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::table::{Matrix, Table};
use serde_json::Value;

/// The three data sets of the reference files.
pub const DATA: [&str; 3] = ["kz", "iris", "usarrests"];

/// The reference file `cluster_{data}_{what}.json`.
pub fn golden(data: &str, what: &str) -> Value {
    let path = esep_tests::root().join(format!("tests/golden/cluster/cluster_{data}_{what}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The data set as the reference files used it.
pub fn table(data: &str) -> Table {
    let file = |name: &str| {
        let path = esep_tests::root().join("tests/golden/cluster").join(name);
        read_path(&path, &ReadOptions::default()).unwrap().numeric().unwrap()
    };
    match data {
        "kz" => {
            Dataset::find("regions_2023")
                .unwrap()
                .table()
                .unwrap()
                .numeric()
                .unwrap()
                .standardise()
                .unwrap()
                .table
        }
        "iris" => file("iris.csv"),
        "usarrests" => file("usarrests.csv").standardise().unwrap().table,
        other => panic!("no data set {other}"),
    }
}

/// The same as a matrix.
pub fn matrix(data: &str) -> Arc<Matrix> {
    Arc::new(table(data).matrix("test", None).unwrap())
}

/// Euclidean distances of a data set.
pub fn euclidean(data: &str) -> Distances {
    distances(&matrix(data), Metric::Euclidean, "test", &Context::default()).unwrap()
}

/// A JSON array (or a single number, which R writes for a vector of one) of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

/// A JSON array of counts.
pub fn counts(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|x| x as usize).collect()
}

/// Fails unless `got` is within `tolerance` of `want`, relative to `max(1, |want|)`.
#[track_caller]
pub fn near(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!(
        (got - want).abs() <= tolerance * want.abs().max(1.0),
        "{what}: got {got}, reference {want}"
    );
}

/// [`near`], element by element.
#[track_caller]
pub fn all_near(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        near(&format!("{what}[{i}]"), *got, *want, tolerance);
    }
}
