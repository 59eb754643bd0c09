//! Exponential, truncated-normal and Rayleigh models, determinants and cost frontiers against
//! references that may not be committed.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::PathBuf;

use esep_stdlib::frontier::{
    Boundary, EfficiencyParams, Estimator, Inefficiency, Noise, SfaFit, SfaParams, SimulateParams,
    sfa, simulate_frontier,
};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::{Context, Table};
use serde_json::Value;

const RICE: &str = "log(PROD) ~ log(AREA) + log(LABOR) + log(NPK)";

fn folder() -> Option<PathBuf> {
    let dir = esep_tests::reference_dir();
    if dir.is_none() {
        println!("skipped: no reference folder beside the repository");
    }
    dir
}

fn table(dir: &std::path::Path, name: &str) -> Table {
    read_path(&dir.join("data").join(name), &ReadOptions::default()).unwrap()
}

fn json(dir: &std::path::Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(dir.join(name)).unwrap()).unwrap()
}

fn fit(formula: &str, table: &Table, params: &SfaParams) -> SfaFit {
    sfa(formula, table, params, &Context::default()).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{what}: {got} against {want}");
}

fn truncated(mean: Option<&str>) -> SfaParams {
    SfaParams {
        inefficiency: Inefficiency::TruncatedNormal,
        mean: mean.map(str::to_owned),
        ..SfaParams::default()
    }
}

/// Estimates, standard errors and efficiencies of a Battese-Coelli 1995 model.
fn battese_coelli(data: &str, formula: &str, mean: Option<&str>, file: &str) {
    let Some(dir) = folder() else { return };
    let reference = json(&dir, file);
    let m = fit(formula, &table(&dir, data), &truncated(mean));
    assert_eq!(m.boundary, Boundary::None);
    close("loglik", m.loglik, reference["logLik"].as_f64().unwrap(), 1e-9);
    let check = |estimate: &esep_stdlib::frontier::Estimate, key: &str| {
        close(key, estimate.value, reference["coef"][key].as_f64().unwrap(), 1e-7);
        close(key, estimate.se.unwrap(), reference["se"][key].as_f64().unwrap(), 1e-6);
    };
    for c in &m.coef {
        check(c, &c.name);
    }
    let means = m.equations.iter().find(|e| e.name == "mean").unwrap();
    for c in &means.coef {
        let key = if mean.is_some() { format!("Z_{}", c.name) } else { "Z_(mu)".into() };
        check(c, &key);
    }
    check(m.sigma_sq.as_ref().unwrap(), "sigmaSq");
    check(m.gamma.as_ref().unwrap(), "gamma");
    let te = m.efficiency(&EfficiencyParams::default()).unwrap();
    for (key, got) in [("te_bc", &te.te), ("te_lb95", &te.lower), ("te_ub95", &te.upper)] {
        for (g, w) in got.iter().zip(list(&reference["efficiency"][key])) {
            close(key, *g, w, 1e-7);
        }
    }
}

#[test]
fn battese_coelli_1995_on_rice() {
    let z = Some("~ EDYRS + BANRAT");
    battese_coelli("riceProdPhil.csv", RICE, z, "sfa_exact_rice_bc95.json");
}

#[test]
fn battese_coelli_1995_without_intercept() {
    let z = Some("~ EDYRS + BANRAT - 1");
    battese_coelli("riceProdPhil.csv", RICE, z, "sfa_exact_rice_bc95_noint.json");
    let front = "log(output) ~ log(capital) + log(labour)";
    battese_coelli("front41Data.csv", front, Some("~ firm - 1"), "sfa_exact_front41_bc95.json");
}

#[test]
fn a_constant_mean() {
    let front = "log(output) ~ log(capital) + log(labour)";
    battese_coelli("front41Data.csv", front, None, "sfa_exact_front41_tn.json");
}

#[test]
fn the_exponential_model_on_rice() {
    let Some(dir) = folder() else { return };
    let rice = table(&dir, "riceProdPhil.csv");
    let params = SfaParams { inefficiency: Inefficiency::Exponential, ..SfaParams::default() };
    let m = fit(RICE, &rice, &params);
    let reference = json(&dir, "sfa_exact_rice_exp.json");
    assert!(m.loglik >= reference["logLik"].as_f64().unwrap() - 1e-9);
    close("loglik", m.loglik, reference["logLik"].as_f64().unwrap(), 1e-8);
    // The reference's search ended with the gradient near 1e-5.
    for (c, want) in m.coef.iter().zip(list(&reference["coef"])) {
        close(&c.name, c.value, want, 2e-6);
    }
    close("sigma_u", m.sigma_u.unwrap().value, reference["sigma_u"].as_f64().unwrap(), 5e-6);
}

#[test]
fn a_mean_that_runs_to_minus_infinity_is_said_so() {
    let Some(dir) = folder() else { return };
    let m = fit(RICE, &table(&dir, "riceProdPhil.csv"), &truncated(None));
    let reference = json(&dir, "sfa_exact_rice_tn.json");
    assert!(m.loglik >= reference["logLik"].as_f64().unwrap() - 1e-6);
    assert!(m.search.drift.as_ref().unwrap().contains("-81.6012"), "{:?}", m.search.drift);
    assert!(m.coef.iter().all(|c| c.se.is_none()));
    assert!(m.warnings[0].contains("minus infinity"));
}

#[test]
fn what_the_limit_has_besides_its_mean_stays() {
    let Some(dir) = folder() else { return };
    let rice = table(&dir, "ricephil.csv");
    for (scaling, sigma_v) in
        [(Some("~ EDYRS + BANRAT"), None), (Some("~ EDYRS"), None), (None, Some("~ EDYRS"))]
    {
        let like = |inefficiency| SfaParams {
            inefficiency,
            scaling: scaling.map(String::from),
            sigma_v: sigma_v.map(String::from),
            ..SfaParams::default()
        };
        let m = fit(RICE, &rice, &like(Inefficiency::TruncatedNormal));
        let limit = fit(RICE, &rice, &like(Inefficiency::Exponential));
        assert!(m.search.drift.as_ref().is_some_and(|d| d.contains("minus infinity")));
        close("loglik", m.loglik, limit.loglik, 1e-4);
        for (own, far) in m.coef.iter().zip(&limit.coef) {
            close(&own.name, own.value, far.value, 0.01);
        }
    }
}

#[test]
fn determinants_of_the_variance() {
    let Some(dir) = folder() else { return };
    let rice = table(&dir, "ricephil.csv");
    let formula = "log(PROD) ~ log(AREA) + log(LABOR) + log(NPK) + log(OTHER)";
    let reference = json(&dir, "sfa_sfaR_ricephil_hn_uhet.json");
    let params = SfaParams { sigma_u: Some("~ EDYRS + BANRAT".into()), ..SfaParams::default() };
    let m = fit(formula, &rice, &params);
    let want = reference["logLik"].as_f64().unwrap();
    assert!(m.loglik >= want - 1e-6);
    close("loglik", m.loglik, want, 1e-7);
    for (prefix, name) in [("Zu_", "ln sigma_u^2"), ("Zv_", "ln sigma_v^2")] {
        let equation = m.equations.iter().find(|e| e.name == name).unwrap();
        for c in &equation.coef {
            let want = reference["coef"][format!("{prefix}{}", c.name)].as_f64().unwrap();
            close(&c.name, c.value, want, 1e-5);
        }
    }
}

#[test]
fn the_rayleigh_model() {
    let Some(dir) = folder() else { return };
    let rice = table(&dir, "ricephil.csv");
    let formula = "log(PROD) ~ log(AREA) + log(LABOR) + log(NPK) + log(OTHER)";
    for (family, file) in [
        (Inefficiency::Rayleigh, "sfa_sfaR_ricephil_rayleigh.json"),
        (Inefficiency::HalfNormal, "sfa_sfaR_ricephil_hnormal.json"),
        (Inefficiency::Exponential, "sfa_sfaR_ricephil_exponential.json"),
    ] {
        let reference = json(&dir, file);
        let params = SfaParams { inefficiency: family, ..SfaParams::default() };
        let m = fit(formula, &rice, &params);
        let want = reference["logLik"].as_f64().unwrap();
        assert!(m.loglik >= want - 1e-6, "{file}");
        close(file, m.loglik, want, 1e-7);
        for c in &m.coef {
            let want = reference["coef"][&c.name].as_f64().unwrap();
            close(&c.name, c.value, want, 1e-5);
        }
    }
}

/// The shape laws on the smaller of two samples of rice, against the models within them and, loosely,
/// against maxima of simulated likelihoods.
#[test]
fn gamma_weibull_and_lognormal_models() {
    let Some(dir) = folder() else { return };
    let rice = table(&dir, "ricephil.csv");
    let formula = "log(PROD) ~ log(AREA) + log(LABOR) + log(NPK) + log(OTHER)";
    let with =
        |inefficiency| fit(formula, &rice, &SfaParams { inefficiency, ..SfaParams::default() });
    let exponential = with(Inefficiency::Exponential);
    for (family, file, key) in [
        (Inefficiency::Gamma, "sfa_sfaR_ricephil_gamma.json", "P"),
        (Inefficiency::Weibull, "sfa_sfaR_ricephil_weibull.json", "k"),
        (Inefficiency::Lognormal, "sfa_sfaR_ricephil_lognormal.json", ""),
    ] {
        let reference = json(&dir, file);
        let m = with(family);
        assert_eq!(m.boundary, Boundary::None, "{file}");
        assert!(m.search.gradient.unwrap() < 1e-8 && m.search.concave == Some(true), "{file}");
        assert!(m.search.drift.is_none(), "{file}: {:?}", m.search.drift);
        if family != Inefficiency::Lognormal {
            assert!(m.loglik >= exponential.loglik, "{file}: {}", m.loglik);
        }
        // A hundred Halton draws a row: their likelihood is off by up to 1.5 here.
        let want = reference["logLik"].as_f64().unwrap();
        assert!(m.loglik > want - 0.1 && m.loglik < want + 2.0, "{file}: {} {want}", m.loglik);
        for c in &m.coef {
            let (value, se) = (&reference["coef"][&c.name], &reference["se"][&c.name]);
            let gap = (c.value - value.as_f64().unwrap()).abs();
            assert!(gap < se.as_f64().unwrap(), "{file} {}: {}", c.name, c.value);
        }
        if !key.is_empty() {
            let gap = m.shape.as_ref().unwrap().value - reference["coef"][key].as_f64().unwrap();
            assert!(gap.abs() < 3.0 * reference["se"][key].as_f64().unwrap(), "{file}: {gap}");
        }
        let te = m.efficiency(&EfficiencyParams::default()).unwrap();
        let jlms = EfficiencyParams { estimator: Estimator::Jlms, level: 0.9 };
        let jlms = m.efficiency(&jlms).unwrap();
        for i in 0..te.te.len() {
            assert!(te.lower[i] < te.te[i] && te.te[i] < te.upper[i] && te.upper[i] <= 1.0);
            // Jensen, and narrower bounds at a lower level.
            assert!(jlms.te[i] <= te.te[i]);
            assert!(jlms.lower[i] > te.lower[i] && jlms.upper[i] < te.upper[i]);
        }
    }
}

#[test]
fn units_of_the_response_do_not_move_efficiency() {
    let truth = SimulateParams {
        rows: 150,
        inefficiency: Inefficiency::Gamma,
        shape: 2.0,
        seed: 4,
        ..SimulateParams::default()
    };
    let mut table = simulate_frontier(&truth).unwrap();
    let params = SfaParams { inefficiency: Inefficiency::Gamma, ..SfaParams::default() };
    let m = fit(&truth.formula(), &table, &params);
    // In the logarithm other units shift the response.
    let y = table.floats("test", "y").unwrap();
    let y = y.values().iter().map(|y| y + 1000.0_f64.ln());
    table = table.with_column("y", &esep_stdlib::Vector::from_floats(y)).unwrap();
    let moved = fit(&truth.formula(), &table, &params);
    close("loglik", moved.loglik, m.loglik, 1e-9);
    let te = |m: &SfaFit| m.efficiency(&EfficiencyParams::default()).unwrap();
    for (a, b) in te(&m).te.iter().zip(&te(&moved).te) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn every_noise_recovers_the_slopes() {
    for (name, noise) in
        [("student_t", Noise::StudentT), ("laplace", Noise::Laplace), ("logistic", Noise::Logistic)]
    {
        let truth = SimulateParams {
            rows: 120,
            noise,
            df: 4.0,
            sigma_v: 0.15,
            seed: 3,
            ..SimulateParams::default()
        };
        let table = simulate_frontier(&truth).unwrap();
        let params = SfaParams { noise, ..SfaParams::default() };
        let m = fit(&truth.formula(), &table, &params);
        for (c, b) in m.coef.iter().zip(&truth.coef).skip(1) {
            let se = c.se.unwrap_or(0.02);
            assert!((c.value - b).abs() < 4.0 * se, "{name} {}: {} {b} {se}", c.name, c.value);
        }
        assert!(m.loglik >= m.loglik_noise, "{name}");
        assert_eq!(m.df.is_some(), noise.has_df());
        assert!(m.row_loglik().iter().sum::<f64>() - m.loglik < 1e-8, "{name}");
    }
}

#[test]
fn without_inefficiency_the_noise_alone_is_left() {
    // Residuals skewed the wrong way round: least absolute deviations fit the median.
    let y = [1.0, 2.0, 2.5, 1.2, 0.9, 6.0, 1.1];
    let table = Table::new([("y", esep_stdlib::Vector::from_floats(y))]).unwrap();
    let laplace = SfaParams { noise: Noise::Laplace, ..SfaParams::default() };
    let m = fit("y ~ 1", &table, &laplace);
    assert_eq!(m.boundary, Boundary::GammaZero);
    close("median", m.coef[0].value, 1.2, 1e-7);
    let b = y.iter().map(|y| (y - 1.2_f64).abs()).sum::<f64>() / 7.0;
    close("sigma_v", m.sigma_v.as_ref().unwrap().value, b * 2.0_f64.sqrt(), 1e-7);
    close("loglik", m.loglik, -7.0 * ((2.0 * b).ln() + 1.0), 1e-7);
    assert!(m.warnings[0].contains("least absolute deviations"), "{:?}", m.warnings);
    let te = m.efficiency(&EfficiencyParams::default()).unwrap();
    assert!(te.te.iter().all(|te| *te == 1.0));
}
