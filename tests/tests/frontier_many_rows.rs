//! A frontier on more rows than a search first looks at.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use esep_stdlib::frontier::{
    ARRIVED, Boundary, Inefficiency, Orientation, SfaFit, SfaParams, SimulateParams, sfa,
    simulate_frontier,
};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Choice, Context, Vector};

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

#[test]
fn a_second_maximum_of_many_rows_is_found() {
    // The twenty regions over and over: a profile with a maximum inside and one at its end.
    let t = Dataset::find("regions_2023").unwrap().table().unwrap();
    let (a, b) = (
        t.floats("test", "manuf_output").unwrap(),
        t.floats("test", "digital_tech_use_share").unwrap(),
    );
    let out = a.values().iter().zip(b.values()).map(|(a, b)| a * b / 100.0);
    let t = t.with_column("out", &Vector::from_floats(out)).unwrap();
    let formula = "log(out) ~ log(ict_investments) + log(innovation_expenditure) + \
                   log(ict_specialists_per1000) + log(fixed_capital_industry) + \
                   log(cloud_use_share)";
    let (times, n) = (1100, t.nrow() as u32);
    let rows: Vec<u32> = (0..times).flat_map(|_| 0..n).collect();
    let params = SfaParams::default();
    let few = sfa(formula, &t, &params, &Context::default()).unwrap();
    let many = sfa(formula, &t.take(&rows).unwrap(), &params, &Context::default()).unwrap();
    let scale = f64::from(times);
    assert!((many.loglik - scale * few.loglik).abs() < 1e-9 * many.loglik.abs());
    assert_eq!(many.search.maxima.len(), few.search.maxima.len());
    for (a, b) in many.search.maxima.iter().zip(&few.search.maxima) {
        assert!((a.loglik - scale * b.loglik).abs() < 1e-9 * a.loglik.abs());
        assert!(a.lambda == b.lambda || (a.lambda / b.lambda - 1.0).abs() < 1e-5);
    }
    // Every point of the profile is that of the few rows.
    for (lambda, loglik) in many.search.profile {
        let one = few.profile_lambda(lambda, &Context::default()).unwrap();
        assert!((loglik - scale * one).abs() < 1e-9 * loglik.abs(), "{lambda}");
    }
}

#[test]
fn closed_families_of_many_rows_are_those_of_few() {
    let truth = SimulateParams { rows: 1_500, coef: vec![1.0, 0.4, 0.3], ..Default::default() };
    few_and_many(&truth, Orientation::Production);
}

#[test]
fn inefficiency_that_vanishes_does_so_for_few_and_many() {
    // Too little to be found, of a law without skewness, and skewed to the wrong side.
    let least = SimulateParams { rows: 1_500, coef: vec![1.0, 0.4, 0.3], ..Default::default() };
    for seed in 1..=2 {
        for inefficiency in [Inefficiency::HalfNormal, Inefficiency::Uniform] {
            for sigma_u in [0.02, 0.1, 0.25] {
                let truth = SimulateParams { sigma_u, inefficiency, seed, ..least.clone() };
                few_and_many(&truth, Orientation::Production);
            }
        }
        let truth = SimulateParams { seed, ..least.clone() };
        few_and_many(&truth, Orientation::Cost);
    }
}

/// Fits every closed family to a sample and to the same sample 16 times.
fn few_and_many(truth: &SimulateParams, frontier: Orientation) {
    let table = simulate_frontier(truth).unwrap();
    let (times, n) = (16, table.nrow() as u32);
    let rows: Vec<u32> = (0..times).flat_map(|_| 0..n).collect();
    let many = table.take(&rows).unwrap();
    for (name, inefficiency) in Inefficiency::ALL {
        let params = SfaParams { inefficiency: *inefficiency, frontier, ..SfaParams::default() };
        if !params.law().is_closed() {
            continue;
        }
        let fit = |table| sfa(&truth.formula(), table, &params, &Context::default()).unwrap();
        let (few, many) = (fit(&table), fit(&many));
        let gap = many.loglik - f64::from(times) * few.loglik;
        println!("{name}: {} {} {gap:e}", few.loglik, few.search.iterations);
        assert_eq!(few.boundary, many.boundary, "{name}, {truth:?}");
        // A search that has not arrived, and says so, ends somewhere on its way.
        let arrived = |m: &SfaFit| {
            let there = m.search.shortfall.is_some_and(|left| left <= ARRIVED);
            m.boundary != Boundary::None || there && m.search.drift.is_none()
        };
        let tolerance = if arrived(&few) && arrived(&many) { 1e-8 } else { 1e-6 };
        assert!(gap.abs() < tolerance * many.loglik.abs(), "{name}: {gap}, {truth:?}");
    }
}
