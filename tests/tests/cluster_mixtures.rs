//! Mixtures against R's `mclust`: its starts and its early stop are not ours, so the loglik of the
//! same family and number of components must be no lower than the reference's.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{golden, matrix, near, numbers};
use esep_stdlib::cluster::{Clustering, Family, GmmParams, gmm};
use esep_stdlib::{Choice, Context};

fn fit(data: &str, components: Vec<usize>, families: Vec<Family>) -> Clustering {
    let params = GmmParams { components, families, ..GmmParams::default() };
    gmm(matrix(data), &params, &Context::default()).unwrap()
}

/// Fails where our loglik is below the reference's, or missing; the number of fits compared.
fn compare(data: &str, found: &Clustering) -> usize {
    let reference = golden(data, "mclust");
    let rows = reference["result"]["bic_table"].as_array().unwrap();
    let n = (found.len() as f64).ln();
    let mixture = found.detail.mixture.as_ref().unwrap();
    let mut compared = 0;
    for c in &mixture.candidates {
        // What the reference could not fit it leaves out.
        let Some(bic) = rows[c.k - 1][c.family.name()].as_f64() else { continue };
        let name = format!("{data} {} k = {}", c.family.name(), c.k);
        let theirs = f64::midpoint(bic, c.parameters as f64 * n);
        let ours = c.outcome.unwrap_or_else(|fault| panic!("{name}: {}", fault.describe()));
        assert!(ours.loglik >= theirs - 1e-6, "{name}: {} below {theirs}", ours.loglik);
        compared += 1;
    }
    compared
}

#[test]
fn logliks_are_no_lower_than_the_references() {
    for data in ["iris", "usarrests"] {
        let found = fit(data, vec![1, 2, 3], Family::all());
        assert_eq!(compare(data, &found), 42, "{data}");
    }
    let pooled = vec![Family::Eii, Family::Eei, Family::Eee];
    assert_eq!(compare("kz", &fit("kz", vec![1, 2, 3], pooled)), 9);
}

#[test]
fn iris_is_two_ellipsoids_of_one_shape() {
    let reference = golden("iris", "mclust");
    let result = &reference["result"];
    let found = fit("iris", vec![1, 2, 3], Family::all());
    let mixture = found.detail.mixture.as_ref().unwrap();
    assert_eq!((mixture.family, mixture.k), (Family::Vev, 2));
    assert_eq!(mixture.parameters, 26);
    near("loglik", mixture.score.loglik, result["loglik"].as_f64().unwrap(), 1e-7);
    near("bic", mixture.score.bic, result["bic"].as_f64().unwrap(), 1e-7);
    near("icl", mixture.score.icl, result["icl"].as_f64().unwrap(), 1e-7);
    let labels: Vec<f64> = found.labels.iter().map(|l| *l as f64).collect();
    assert_eq!(labels, numbers(&result["classification"]));
    let weights = numbers(&result["pro"]);
    for (component, weight) in weights.iter().enumerate() {
        near("weight", mixture.weights[component], *weight, 1e-5);
    }
}

#[test]
fn a_family_with_one_component_has_the_closed_form() {
    let found = fit("usarrests", vec![1], Family::all());
    assert_eq!(compare("usarrests", &found), 14);
    let mixture = found.detail.mixture.as_ref().unwrap();
    let full = mixture.candidates.iter().find(|c| c.family == Family::Vvv).unwrap();
    near("bic", full.outcome.unwrap().bic, -524.045, 2e-6);
}
