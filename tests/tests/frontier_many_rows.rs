//! A frontier on more rows than a search first looks at.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used)]

use esep_stdlib::frontier::{SfaParams, sfa};
use esep_stdlib::{Context, Table, Vector};
use rand::RngExt;

/// `y = 1 + 0.4 x1 + 0.3 x2 + 0.2 x3 + 0.1 x4 + v - u`, `sigma_v = 0.3`, `sigma_u = 0.5`.
fn simulated(rows: usize) -> Table {
    let mut rng = esep_stdlib::context::rng(7, 0);
    let mut normal = || {
        // Box and Muller.
        let (a, b): (f64, f64) = (rng.random(), rng.random());
        (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    };
    let mut columns: Vec<Vec<f64>> = (0..5).map(|_| Vec::with_capacity(rows)).collect();
    for _ in 0..rows {
        let mut y = 1.0 + 0.3 * normal() - 0.5 * normal().abs();
        for (k, b) in [0.4, 0.3, 0.2, 0.1].into_iter().enumerate() {
            let x = normal();
            y += b * x;
            columns[k + 1].push(x);
        }
        columns[0].push(y);
    }
    let names = ["y", "x1", "x2", "x3", "x4"];
    Table::new(names.into_iter().zip(columns.into_iter().map(Vector::from_floats))).unwrap()
}

#[test]
fn many_rows_end_at_the_same_kind_of_maximum() {
    let m = sfa(
        "y ~ x1 + x2 + x3 + x4",
        &simulated(30_000),
        &SfaParams::default(),
        &Context::default(),
    )
    .unwrap();
    assert!(m.search.gradient.unwrap() < 1e-8 && m.search.concave == Some(true));
    let lambda = m.lambda.as_ref().unwrap().value;
    let at = |lambda: f64| m.profile_lambda(lambda, &Context::default()).unwrap();
    assert!((at(lambda) - m.loglik).abs() < 1e-6);
    assert!(at(0.9 * lambda) < m.loglik && at(1.1 * lambda) < m.loglik);
    assert!((m.gamma.unwrap().value - 0.25 / 0.34).abs() < 0.05);
}
