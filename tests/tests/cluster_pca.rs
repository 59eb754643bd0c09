//! Principal components against R's `prcomp` and `FactoMineR`, their rotation and number against Python.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{DATA, all_near, golden, matrix, near, numbers};
use esep_stdlib::Context;
use esep_stdlib::cluster::{ParallelParams, PcaParams, pca};
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

#[test]
fn varimax_agrees_with_factor_analyzer_and_scikit_learn() {
    for data in DATA {
        let components = pca(&matrix(data), &PcaParams::default()).unwrap();
        for case in golden(data, "rotation")["varimax"].as_array().unwrap() {
            let k = case["k"].as_u64().unwrap() as usize;
            for (normalise, peer) in
                [(true, "factor_analyzer_normalised"), (false, "scikit-learn_plain")]
            {
                let turned = components.varimax(k, normalise).unwrap();
                let p = turned.columns.len();
                let got = entries(p, k, |r, c| turned.loadings[(r, c)]);
                // The criterion is flat at its top: peers stop at 1e-15 of it, the root of that in angles.
                all_near(&format!("{data} {peer} k = {k}"), &got, &flat(&case[peer]), 1e-6);
            }
        }
    }
}

#[test]
fn parallel_analysis_agrees_with_simulation_elsewhere() {
    for data in DATA {
        let reference = &golden(data, "rotation")["parallel"];
        let components = pca(&matrix(data), &PcaParams::default()).unwrap();
        let params = ParallelParams { draws: 500, ..ParallelParams::default() };
        let got = components.parallel(&params, &Context::default()).unwrap();
        let column = |name: &str| numbers(&reference[name]);
        let draws = column("draws")[0] / params.draws as f64;
        for (what, got, want, spread) in [
            ("mean", &got.means, column("mean"), column("mean_sd_between_batches")),
            (
                "quantile",
                &got.quantiles,
                column("quantile_95"),
                column("quantile_95_sd_between_batches"),
            ),
        ] {
            for (c, (got, (want, spread))) in got.iter().zip(want.iter().zip(&spread)).enumerate() {
                // Four standard errors: of these draws, and of the reference's batches.
                let error = spread * (draws + 1.0 / column("batches")[0]).sqrt();
                let what = format!("{data} {what} of component {}", c + 1);
                assert!((got - want).abs() <= 4.0 * error, "{what}: {got}, reference {want}");
            }
        }
        let bar = column("quantile_95");
        let keep = got.eigenvalues.iter().zip(&bar).take_while(|(e, q)| e > q).count();
        assert_eq!(got.keep, keep, "{data}");
    }
}
