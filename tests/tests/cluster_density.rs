//! HDBSCAN against scikit-learn and the package hdbscan.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{DATA, all_near, counts, golden, matrix, near, numbers};
use esep_stdlib::cluster::{Basis, Clustering, HdbscanParams, Metric, Selection, hdbscan};
use esep_stdlib::table::Matrix;
use esep_stdlib::{Choice, Context};
use serde_json::Value;

fn params(case: &Value) -> HdbscanParams {
    let selection = case["selection"].as_str().unwrap();
    HdbscanParams {
        min_cluster_size: counts(&case["min_cluster_size"])[0],
        min_samples: Some(counts(&case["min_samples"])[0]),
        selection: Selection::parse("hdbscan", "selection", selection).unwrap(),
        ..HdbscanParams::default()
    }
}

fn run(data: &std::sync::Arc<Matrix>, params: &HdbscanParams) -> Clustering {
    let basis = Basis::data(std::sync::Arc::clone(data), Metric::Euclidean);
    hdbscan(basis, params, &Context::default()).unwrap()
}

/// Fails unless labels agree up to their numbers, and probabilities, for all units but `except`.
fn agree(what: &str, found: &Clustering, reference: &Value, except: &[usize]) {
    let density = found.detail.density.as_ref().unwrap();
    let labels = counts(&reference["labels"]);
    let probabilities = numbers(&reference["probabilities"]);
    // Noise is noise; clusters are numbered by first appearance, which an excepted unit may change.
    let mut called = std::collections::HashMap::from([(0, 0)]);
    for unit in (0..labels.len()).filter(|unit| !except.contains(unit)) {
        let ours = found.labels[unit];
        assert_eq!(*called.entry(labels[unit]).or_insert(ours), ours, "{what}: unit {unit}");
        let what = format!("{what}: unit {unit}");
        near(&what, density.probabilities[unit], probabilities[unit], 1e-9);
    }
    let different: std::collections::HashSet<_> = called.values().collect();
    assert_eq!(different.len(), called.len(), "{what}");
}

#[test]
fn the_definition_holds_to_the_letter() {
    for data in DATA {
        for case in golden(data, "hdbscan")["cases"].as_array().unwrap() {
            let params = params(case);
            let what = format!("{data} {params:?}");
            let found = run(&matrix(data), &params);
            let reference = &case["definition"];
            agree(&what, &found, reference, &[]);
            let density = found.detail.density.unwrap();
            all_near(&what, &density.outlier_scores, &numbers(&reference["outlier_scores"]), 1e-9);
            let mut stabilities: Vec<f64> = density.tree.iter().map(|c| c.stability).collect();
            stabilities.sort_by(f64::total_cmp);
            all_near(&what, &stabilities, &numbers(&reference["stabilities"]), 1e-9);
        }
    }
}

#[test]
fn scikit_learn_agrees_where_it_cuts_equal_edges_alike() {
    let (mut units, mut excepted) = (0, 0);
    for data in DATA {
        for case in golden(data, "hdbscan")["cases"].as_array().unwrap() {
            let params = params(case);
            let found = run(&matrix(data), &params);
            let reference = &case["scikit-learn"];
            let mut except = counts(&reference["undecided"]);
            except.extend(counts(&reference["differs"]));
            agree(&format!("{data} {params:?}"), &found, reference, &except);
            except.sort_unstable();
            except.dedup();
            units += found.len();
            excepted += except.len();
        }
    }
    assert!(units == 880 && excepted < 50, "{excepted} of {units}");
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    for data in DATA {
        let straight = matrix(data);
        let n = straight.values.nrows();
        // 7 is prime to 20, 50 and 150.
        let order: Vec<usize> = (0..n).map(|i| (7 * i + 3) % n).collect();
        let turned = std::sync::Arc::new(Matrix {
            values: straight.values.select_rows(&order),
            columns: straight.columns.clone(),
            labels: order.iter().map(|i| straight.labels[*i].clone()).collect(),
        });
        for selection in [Selection::Eom, Selection::Leaf] {
            let params = HdbscanParams {
                min_cluster_size: 3,
                min_samples: Some(3),
                selection,
                ..HdbscanParams::default()
            };
            let (a, b) = (run(&straight, &params), run(&turned, &params));
            let (da, db) = (a.detail.density.unwrap(), b.detail.density.unwrap());
            assert_eq!(a.k, b.k);
            for (at, unit) in order.iter().enumerate() {
                assert_eq!(da.probabilities[*unit], db.probabilities[at], "{data}");
                assert_eq!(da.outlier_scores[*unit], db.outlier_scores[at], "{data}");
                let alike = |i: usize| a.labels[order[i]] == a.labels[*unit];
                assert!((0..n).all(|i| alike(i) == (b.labels[i] == b.labels[at])), "{data}");
            }
        }
    }
}
