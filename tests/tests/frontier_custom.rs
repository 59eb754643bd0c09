//! Frontiers with a density of the user's own against the laws that are built in.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::f64::consts::{LN_2, PI};
use std::path::Path;

use esep_stdlib::frontier::{
    CustomFit, CustomParams, EfficiencyParams, Estimator, Inefficiency, Orientation, SfaParams,
    Theta, sfa, sfa_custom,
};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Error, Result, Table};

const M2: &str = "log(manuf_output * digital_tech_use_share / 100) ~ log(ict_investments) \
    + log(innovation_expenditure) + log(ict_specialists_per1000) + log(fixed_capital_industry) \
    + log(cloud_use_share)";
const SIMULATED: &str = "y ~ x1 + x2 + x3 + x4";

fn simulated() -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/sim_hn_1000.csv");
    read_path(&path, &ReadOptions::default()).unwrap()
}

fn regions() -> Table {
    Dataset::find("regions_2023").unwrap().table().unwrap()
}

fn positive(name: &str, start: f64) -> Theta {
    Theta { name: name.into(), start, real: false }
}

fn half_normal(u: f64, theta: &[f64]) -> f64 {
    (2.0 / PI).sqrt() / theta[0] * (-0.5 * (u / theta[0]).powi(2)).exp()
}

fn custom(
    formula: &str,
    table: &Table,
    density: impl Fn(f64, &[f64]) -> f64,
    theta: Vec<Theta>,
) -> Result<CustomFit> {
    let params = CustomParams { theta, ..CustomParams::default() };
    sfa_custom(formula, table, &|u, theta| Ok(density(u, theta)), &params, &Context::default())
}

fn close(what: &str, a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} against {b}");
}

/// The built-in `law` and the same law as a user's density give the same answers.
fn agree(
    formula: &str,
    table: &Table,
    law: Inefficiency,
    density: impl Fn(f64, &[f64]) -> f64,
    theta: Vec<Theta>,
) {
    let params = SfaParams { inefficiency: law, ..SfaParams::default() };
    let built = sfa(formula, table, &params, &Context::default()).unwrap();
    let own = custom(formula, table, density, theta).unwrap();
    close("loglik", own.loglik, built.loglik, 1e-9);
    assert!(own.gradient < 1e-6, "{}", own.gradient);
    for (a, b) in own.coef.iter().zip(&built.coef) {
        close(&a.name, a.value, b.value, 1e-5);
        close(&format!("se of {}", a.name), a.se.unwrap(), b.se.unwrap(), 1e-4);
    }
    let sigma_v = built.sigma_v.as_ref().unwrap();
    close("sigma_v", own.sigma_v.value, sigma_v.value, 1e-5);
    close("se of sigma_v", own.sigma_v.se.unwrap(), sigma_v.se.unwrap(), 1e-4);
    let scale = built.sigma_u.as_ref().unwrap();
    close("scale", own.theta[0].value, scale.value, 1e-5);
    close("se of the scale", own.theta[0].se.unwrap(), scale.se.unwrap(), 1e-4);
    for estimator in [Estimator::BatteseCoelli, Estimator::Jlms] {
        let params = EfficiencyParams { estimator, level: 0.9 };
        let (a, b) = (own.efficiency(&params).unwrap(), built.efficiency(&params).unwrap());
        for i in 0..a.te.len() {
            close("te", a.te[i], b.te[i], 1e-5);
            // Bounds are read off a distribution function between nodes.
            close("lower", a.lower[i], b.lower[i], 5e-3);
            close("upper", a.upper[i], b.upper[i], 5e-3);
        }
    }
}

#[test]
fn a_half_normal_of_ones_own_is_the_half_normal() {
    agree(M2, &regions(), Inefficiency::HalfNormal, half_normal, vec![positive("sigma", 1.0)]);
    // Far from the answer, and in a sample of many rows.
    let theta = vec![positive("sigma", 0.05)];
    agree(SIMULATED, &simulated(), Inefficiency::HalfNormal, half_normal, theta);
}

#[test]
fn other_laws_agree_too() {
    let exponential = |u: f64, t: &[f64]| (-u / t[0]).exp() / t[0];
    let theta = vec![positive("scale", 0.5)];
    agree(SIMULATED, &simulated(), Inefficiency::Exponential, exponential, theta);
    let rayleigh = |u: f64, t: &[f64]| u / (t[0] * t[0]) * (-0.5 * (u / t[0]).powi(2)).exp();
    let theta = vec![positive("scale", 0.5)];
    agree(SIMULATED, &simulated(), Inefficiency::Rayleigh, rayleigh, theta);
    // Two parameters, and a density that is infinite at zero below shape 1.
    let weibull = |u: f64, t: &[f64]| {
        let x = u / t[0];
        t[1] / t[0] * x.powf(t[1] - 1.0) * (-x.powf(t[1])).exp()
    };
    let theta = vec![positive("scale", 0.5), positive("shape", 1.5)];
    agree(SIMULATED, &simulated(), Inefficiency::Weibull, weibull, theta);
}

#[test]
fn a_parameter_may_be_any_number() {
    // The half-normal by the logarithm of its scale.
    let by_log = |u: f64, t: &[f64]| half_normal(u, &[t[0].exp()]);
    let theta = vec![Theta { name: "ln_sigma".into(), start: 0.0, real: true }];
    let own = custom(M2, &regions(), by_log, theta).unwrap();
    let plain = custom(M2, &regions(), half_normal, vec![positive("sigma", 1.0)]).unwrap();
    close("loglik", own.loglik, plain.loglik, 1e-10);
    close("theta", own.theta[0].value.exp(), plain.theta[0].value, 1e-6);
}

#[test]
fn a_cost_frontier_is_the_mirror_image() {
    let table = simulated();
    let y: Vec<f64> = table.floats("test", "y").unwrap().values().to_vec();
    let turned = esep_stdlib::Vector::from_floats(y.iter().map(|y| -y));
    let table = table.with_column("cost", &turned).unwrap();
    let params = CustomParams {
        theta: vec![positive("sigma", 0.5)],
        frontier: Orientation::Cost,
        ..CustomParams::default()
    };
    let density = |u: f64, theta: &[f64]| Ok(half_normal(u, theta));
    let formula = "cost ~ x1 + x2 + x3 + x4";
    let cost = sfa_custom(formula, &table, &density, &params, &Context::default()).unwrap();
    let output = custom(SIMULATED, &table, half_normal, vec![positive("sigma", 0.5)]).unwrap();
    close("loglik", cost.loglik, output.loglik, 1e-10);
    close("constant", cost.coef[0].value, -output.coef[0].value, 1e-6);
}

#[test]
fn what_is_no_density_is_refused() {
    let fails = |density: fn(f64, &[f64]) -> f64, words: &str| {
        let error = custom(M2, &regions(), density, vec![positive("scale", 1.0)]).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    fails(|u, t| (-u / t[0]).exp(), "at scale = 1");
    fails(|u, t| 2.0 * (-u / t[0]).exp() / t[0], "integrates to 2.000000");
    fails(|u, t| (1.0 - u) * (-u / t[0]).exp() / t[0], "it is -");
    fails(|_, _| f64::NAN, "it is NaN");
    fails(|u, t| 1.0 / (t[0] + u), "does not settle");
    fails(|u, t| if u < t[0] { 1.0 / t[0] } else { 0.0 }, "must not depend");
    let none = custom(M2, &regions(), half_normal, Vec::new()).unwrap_err();
    assert!(none.to_string().contains("at least one parameter"), "{none}");
    let negative = custom(M2, &regions(), half_normal, vec![positive("s", -1.0)]).unwrap_err();
    assert!(negative.to_string().contains("positive"), "{negative}");
}

#[test]
fn what_the_function_fails_with_is_said() {
    let params = CustomParams { theta: vec![positive("sigma", 1.0)], ..CustomParams::default() };
    let broken = |_: f64, _: &[f64]| Err(Error::Callback { message: "no such thing".into() });
    let error = sfa_custom(M2, &regions(), &broken, &params, &Context::default()).unwrap_err();
    assert_eq!(error.to_string(), "no such thing");
    // Only far from the start, in the middle of the search.
    let later = |u: f64, theta: &[f64]| {
        if (theta[0].ln() / LN_2).abs() > 0.1 {
            return Err(Error::Callback { message: "too far".into() });
        }
        Ok(half_normal(u, theta))
    };
    let error = sfa_custom(M2, &regions(), &later, &params, &Context::default()).unwrap_err();
    assert_eq!(error.to_string(), "too far");
}
