//! The half-normal frontier against references made by an independent Newton iteration, against
//! an exact quadratic programme and against the published models.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::PathBuf;

use esep_stdlib::frontier::{
    Boundary, EfficiencyParams, Estimator, Orientation, SfaFit, SfaParams, sfa,
};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Table};
use serde_json::Value;

const M1: &str = "log(manuf_output * digital_tech_use_share / 100) ~ log(ict_investments) \
    + log(innovation_expenditure) + log(ict_specialists_per1000) + log(fixed_capital_industry)";

fn regions() -> Table {
    Dataset::find("regions_2023").unwrap().table().unwrap()
}

fn fit(formula: &str, table: &Table, params: &SfaParams) -> SfaFit {
    sfa(formula, table, params, &Context::default()).unwrap()
}

fn committed(name: &str) -> PathBuf {
    esep_tests::root().join("tests/golden").join(name)
}

fn json(path: PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str().and_then(|s| s.parse().ok()));
    match value {
        Value::Array(list) => list.iter().map(|v| number(v).unwrap()).collect(),
        other => vec![number(other).unwrap()],
    }
}

#[track_caller]
fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= tolerance * w.abs().max(1.0), "{what}[{i}]: {g} against {w}");
    }
}

/// Estimates, standard errors and efficiencies of an interior maximum.
#[track_caller]
fn against(fit: &SfaFit, reference: &Value) {
    assert_eq!(fit.boundary, Boundary::None);
    close("loglik", &[fit.loglik], &floats(&reference["logLik"]), 1e-9);
    close("ols", &[fit.ols.loglik], &floats(&reference["logLik_ols"]), 1e-9);
    let gamma = [fit.sigma_sq.as_ref().unwrap(), fit.gamma.as_ref().unwrap()];
    for (estimate, key) in fit
        .coef
        .iter()
        .map(|c| (c, c.name.as_str()))
        .chain(gamma.into_iter().zip(["sigmaSq", "gamma"]))
    {
        // The regions' reference names log(x) by x alone.
        let bare = key.trim_start_matches("log(").trim_end_matches(')');
        let find = |map: &Value| map.get(key).unwrap_or(&map[bare]).as_f64().unwrap();
        close(key, &[estimate.value], &[find(&reference["coef"])], 1e-8);
        close(key, &[estimate.se.unwrap()], &[find(&reference["se"])], 1e-7);
    }
    let efficiency = &reference["efficiency"];
    for (estimator, key) in [
        (Estimator::BatteseCoelli, "te_bc"),
        (Estimator::Jlms, "te_jlms"),
        (Estimator::Mode, "te_mode"),
    ] {
        let got = fit.efficiency(&EfficiencyParams { estimator, level: 0.95 }).unwrap();
        close(key, &got.te, &floats(&efficiency[key]), 1e-8);
        close("lower", &got.lower, &floats(&efficiency["te_lb95"]), 1e-8);
        close("upper", &got.upper, &floats(&efficiency["te_ub95"]), 1e-8);
    }
}

#[test]
fn m2_agrees_with_the_independent_newton_iteration() {
    let formula = format!("{M1} + log(cloud_use_share)");
    let m2 = fit(&formula, &regions(), &SfaParams::default());
    against(&m2, &json(committed("sfa_exact_regions20_M2.json")));
    let end = m2.deterministic.as_ref().unwrap();
    let reference = json(committed("sfa_exact_regions20_M2_boundary.json"));
    close("boundary", &[end.loglik], &floats(&reference["logLik_sup"]), 1e-12);
    close("boundary coef", &end.coef, &floats(&reference["beta"]), 1e-11);
    // The boundary is the second maximum, and the result says so.
    assert_eq!(m2.search.maxima.len(), 2);
    assert!(m2.search.maxima[1].lambda.is_infinite());
    assert!(m2.warnings.iter().any(|w| w.contains("second, lower maximum at gamma = 1")));
}

#[test]
fn m2_agrees_with_the_published_table() {
    let m2 = fit(&format!("{M1} + log(cloud_use_share)"), &regions(), &SfaParams::default());
    let file = esep_tests::root().join("stdlib/data/published_results.json");
    let published = json(file);
    let printed = &published["sfa_m2"]["published"];
    assert!((m2.loglik - -20.22286).abs() < 1e-5);
    assert!((m2.loglik - printed["loglik"].as_f64().unwrap()).abs() < 1e-5);
    assert!((m2.aic() - printed["aic"].as_f64().unwrap()).abs() < 1e-5);
    assert!((m2.bic() - printed["bic"].as_f64().unwrap()).abs() < 1e-5);
    let te = m2.efficiency(&EfficiencyParams::default()).unwrap();
    assert!((te.mean - printed["mean_te"].as_f64().unwrap()).abs() < 1e-5);
    for (got, want) in te.te.iter().zip(floats(&printed["te_percent"])) {
        assert!((100.0 * got - want).abs() < 0.06, "{got} against {want}");
    }
    let test = m2.lr_test();
    assert!((test.statistic - 0.131).abs() < 5e-4);
    assert!((test.critical_5 - 2.705_543_454_095_404).abs() < 1e-9);
    assert!(test.p_value > 0.3);
    assert!(m2.warnings.iter().any(|w| w.contains("not significant")));
}

#[test]
fn m1_is_a_supremum_at_gamma_one() {
    let m1 = fit(M1, &regions(), &SfaParams::default());
    let reference = json(committed("sfa_exact_regions20_M1_boundary.json"));
    assert_eq!(m1.boundary, Boundary::GammaOne);
    close("loglik", &[m1.loglik], &floats(&reference["logLik_sup"]), 1e-12);
    let coef: Vec<f64> = m1.coef.iter().map(|c| c.value).collect();
    close("coef", &coef, &floats(&reference["beta"]), 1e-11);
    close(
        "sigma_sq",
        &[m1.sigma_sq.as_ref().unwrap().value],
        &floats(&reference["sigmaSq"]),
        1e-11,
    );
    assert_eq!(m1.gamma.as_ref().unwrap().value, 1.0);
    assert!(m1.coef.iter().all(|c| c.se.is_none()) && m1.gamma.as_ref().unwrap().se.is_none());
    let te = m1.efficiency(&EfficiencyParams::default()).unwrap();
    close("te", &te.te, &floats(&reference["te"]), 1e-10);
    let on = &m1.deterministic.as_ref().unwrap().on_frontier;
    let rows: Vec<f64> = on.iter().map(|row| (row + 1) as f64).collect();
    assert_eq!(rows, floats(&reference["active_obs_1based"]));
    // Every point of the reference profile lies on ours or below.
    for point in reference["profile_over_lambda"].as_array().unwrap() {
        assert!(m1.loglik >= point["ll"].as_f64().unwrap() - 1e-9);
    }
    assert!((m1.aic() - (14.0 - 2.0 * m1.loglik)).abs() < 1e-12);
    assert!(m1.warnings[0].contains("gamma = 1") && m1.warnings[0].contains("supremum"));
}

#[test]
fn the_profile_agrees_with_the_reference_profile() {
    for (file, formula) in [
        ("sfa_exact_regions20_M1_boundary.json", M1.to_owned()),
        ("sfa_exact_regions20_M2_boundary.json", format!("{M1} + log(cloud_use_share)")),
    ] {
        let m = fit(&formula, &regions(), &SfaParams::default());
        let reference = json(committed(file));
        for point in reference["profile_over_lambda"].as_array().unwrap() {
            let lambda = point["lam"].as_f64().unwrap();
            let got = m.profile_lambda(lambda, &Context::default()).unwrap();
            assert!((got - point["ll"].as_f64().unwrap()).abs() < 1e-9, "{lambda}: {got}");
        }
    }
}

#[test]
fn simulated_rows_agree() {
    let table = read_path(&committed("sim_hn_1000.csv"), &ReadOptions::default()).unwrap();
    let m = fit("y ~ x1 + x2 + x3 + x4", &table, &SfaParams::default());
    against(&m, &json(committed("sfa_exact_sim1000_hn.json")));
}

#[test]
fn units_and_order_do_not_move_the_estimate() {
    let table = regions();
    let formula = format!("{M1} + log(cloud_use_share)");
    let m = fit(&formula, &table, &SfaParams::default());
    let rows: Vec<u32> = (0..20).map(|i| (i * 7 + 3) % 20).collect();
    let turned = fit(&formula, &table.take(&rows).unwrap(), &SfaParams::default());
    let other = "log(manuf_output * digital_tech_use_share / 100) ~ log(cloud_use_share) \
        + I(1e6 * log(fixed_capital_industry)) + log(ict_specialists_per1000) \
        + log(innovation_expenditure) + I(1e-4 * log(ict_investments) + 12)";
    let scaled = fit(other, &table, &SfaParams::default());
    for same in [&turned, &scaled] {
        assert!((m.loglik - same.loglik).abs() < 1e-11);
        assert!(
            (m.gamma.as_ref().unwrap().value - same.gamma.as_ref().unwrap().value).abs() < 1e-9
        );
    }
    assert!((scaled.coef[5].value * 1e-4 - m.coef[1].value).abs() < 1e-9);
    let m1 = fit(M1, &table, &SfaParams::default());
    let turned = fit(M1, &table.take(&rows).unwrap(), &SfaParams::default());
    assert!((m1.loglik - turned.loglik).abs() < 1e-11);
}

#[test]
fn rice_and_front41_agree() {
    let Some(dir) = esep_tests::reference_dir() else {
        println!("skipped: no reference folder beside the repository");
        return;
    };
    let read =
        |name: &str| read_path(&dir.join("data").join(name), &ReadOptions::default()).unwrap();
    let reference = |name: &str| json(dir.join(name));
    let rice = read("riceProdPhil.csv");
    let default = SfaParams::default();
    let m = fit("log(PROD) ~ log(AREA) + log(LABOR) + log(NPK)", &rice, &default);
    against(&m, &reference("sfa_exact_rice_hn.json"));
    let cost = SfaParams { frontier: Orientation::Cost, ..SfaParams::default() };
    let formula = "log((LABOR * LABORP + NPK * NPKP) / NPKP) ~ log(PROD) + log(AREA) \
        + log(LABORP / NPKP)";
    let m = fit(formula, &rice, &cost);
    against(&m, &reference("sfa_exact_rice_cost_hn.json"));
    let front = read("front41Data.csv");
    let m = fit("log(output) ~ log(capital) + log(labour)", &front, &default);
    against(&m, &reference("sfa_exact_front41_hn.json"));
}
