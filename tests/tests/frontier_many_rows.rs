//! A frontier on more rows than a search first looks at.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used)]

use esep_stdlib::Context;
use esep_stdlib::frontier::{SfaParams, SimulateParams, sfa, simulate_frontier};

#[test]
fn many_rows_end_at_the_same_kind_of_maximum() {
    let truth = SimulateParams {
        rows: 30_000,
        coef: vec![1.0, 0.4, 0.3, 0.2, 0.1],
        sigma_u: 0.5,
        sigma_v: 0.3,
        seed: 7,
        ..SimulateParams::default()
    };
    let table = simulate_frontier(&truth).unwrap();
    let m = sfa(&truth.formula(), &table, &SfaParams::default(), &Context::default()).unwrap();
    assert!(m.search.gradient.unwrap() < 1e-8 && m.search.concave == Some(true));
    let lambda = m.lambda.as_ref().unwrap().value;
    let at = |lambda: f64| m.profile_lambda(lambda, &Context::default()).unwrap();
    assert!((at(lambda) - m.loglik).abs() < 1e-6);
    assert!(at(0.9 * lambda) < m.loglik && at(1.1 * lambda) < m.loglik);
    assert!((m.gamma.unwrap().value - 0.25 / 0.34).abs() < 0.05);
}
