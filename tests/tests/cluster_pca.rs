//! Principal components against R's `prcomp` and `FactoMineR`.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{DATA, all_near, golden, matrix, near, numbers};
use esep_stdlib::cluster::{PcaParams, pca};
use nalgebra_free::entries;
use serde_json::Value;

mod nalgebra_free {
    /// A matrix's entries row by row, without naming the matrix type.
    pub fn entries(rows: usize, columns: usize, at: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| at(r, c)).collect()
    }
}

fn flat(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

#[test]
fn components_agree_with_r() {
    for data in DATA {
        let reference = golden(data, "pca");
        let got = pca(&matrix(data), &PcaParams::default()).unwrap();
        let (n, p) = (got.units.len(), got.columns.len());
        all_near(data, &got.eigenvalues, &numbers(&reference["eigenvalues"]), 1e-10);
        let percent: Vec<f64> = got.explained.iter().map(|e| e * 100.0).collect();
        all_near(data, &percent, &numbers(&reference["percent"]), 1e-10);
        let loadings = entries(p, p, |r, c| got.loadings[(r, c)]);
        all_near(&format!("{data} loadings"), &loadings, &flat(&reference["rotation"]), 1e-7);
        let scores = entries(n, p, |r, c| got.scores[(r, c)]);
        all_near(&format!("{data} scores"), &scores, &flat(&reference["scores"]), 1e-7);
        let correlations = entries(p, p, |r, c| got.correlations[(r, c)]);
        all_near(&format!("{data} coord"), &correlations, &flat(&reference["var_coord"]), 1e-7);
    }
}

#[test]
fn shares_of_the_regions() {
    let got = pca(&matrix("kz"), &PcaParams::default()).unwrap();
    near("first", got.explained[0] * 100.0, 34.86, 1e-3);
    near("second", got.explained[1] * 100.0, 21.71, 1e-3);
}
