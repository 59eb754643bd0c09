//! Tests, covariances, marginal effects, elasticities, profiles, influence and bootstraps.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use esep_stdlib::frontier::{
    BootstrapKind, BootstrapParams, Boundary, EfficiencyParams, Inefficiency, ProfileParams,
    SeKind, SfaFit, SfaParams, normal, sfa, vuong,
};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Table, Vector};
use serde_json::Value;

const RICE: &str = "log(PROD) ~ log(AREA) + log(LABOR) + log(NPK) + log(OTHER)";
const M1: &str = "log(manuf_output * digital_tech_use_share / 100) ~ log(ict_investments) \
    + log(innovation_expenditure) + log(ict_specialists_per1000) + log(fixed_capital_industry)";

fn folder() -> Option<PathBuf> {
    let dir = esep_tests::reference_dir();
    if dir.is_none() {
        println!("skipped: no reference folder beside the repository");
    }
    dir
}

fn rice(dir: &Path) -> Table {
    read_path(&dir.join("data/ricephil.csv"), &ReadOptions::default()).unwrap()
}

fn json(dir: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(dir.join(name)).unwrap()).unwrap()
}

fn simulated() -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/sim_hn_1000.csv");
    read_path(&path, &ReadOptions::default()).unwrap()
}

const SIMULATED: &str = "y ~ x1 + x2 + x3 + x4";

fn regions() -> Table {
    Dataset::find("regions_2023").unwrap().table().unwrap()
}

fn m2() -> SfaFit {
    fit(&format!("{M1} + log(cloud_use_share)"), &regions(), &SfaParams::default())
}

fn fit(formula: &str, table: &Table, params: &SfaParams) -> SfaFit {
    sfa(formula, table, params, &Context::default()).unwrap()
}

#[track_caller]
fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{what}: {got} against {want}");
}

#[test]
fn skewness_as_sfar_tests_it() {
    let Some(dir) = folder() else { return };
    let reference = json(&dir, "sfa_sfaR_ricephil_hn_uhet.json");
    let test = fit(RICE, &rice(&dir), &SfaParams::default()).skewness_test();
    close("skewness", test.skewness, reference["olsSkew"].as_f64().unwrap(), 1e-10);
    close("coelli", test.coelli, reference["CoelliM3Test"]["z"].as_f64().unwrap(), 1e-9);
    let z = reference["AgostinoTest"]["stat"][1].as_f64().unwrap();
    close("schmidt-lin", test.schmidt_lin.unwrap(), z, 1e-9);
    // The reference's p is two-sided, and one minus a probability: five digits are left of it.
    let p = reference["AgostinoTest"]["p"][1].as_f64().unwrap();
    assert!((2.0 * test.schmidt_lin_p.unwrap() / p - 1.0).abs() < 1e-4);
}

#[test]
fn marginal_effects_as_sfar_reports_them() {
    let Some(dir) = folder() else { return };
    let z = Some("~ EDYRS + BANRAT".to_owned());
    let variance = SfaParams { sigma_u: z.clone(), ..SfaParams::default() };
    let mean =
        SfaParams { inefficiency: Inefficiency::TruncatedNormal, mean: z, ..SfaParams::default() };
    for (params, file) in [
        (variance, "sfa_sfaR_ricephil_hn_uhet.json"),
        (mean, "sfa_sfaR_ricephil_tn_muhet_bc95.json"),
    ] {
        let reference = json(&dir, file);
        let effects = fit(RICE, &rice(&dir), &params).marginal_effects().unwrap();
        for (k, effect) in effects.average.iter().enumerate() {
            for (key, got) in [("Eu", &effects.mean[k]), ("Vu", &effects.variance[k])] {
                let want = &reference["marginal"][format!("{key}_{}", effect.variable)];
                let want: Vec<f64> =
                    want.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
                assert_eq!(got.len(), want.len());
                for (g, w) in got.iter().zip(&want) {
                    assert!((g - w).abs() <= 1e-5 * w.abs() + 1e-9, "{file} {key}: {g} {w}");
                }
            }
            assert!(effect.mean_se.unwrap() > 0.0 && effect.variance_se.unwrap() > 0.0);
        }
    }
}

#[test]
fn the_delta_method_agrees_with_differences_of_the_average() {
    // E[u] of a half-normal with ln sigma_u^2 = d0 + d1 z: the average effect is
    // mean(sigma_u(z)) sqrt(2/pi) d1 / 2, whose gradient is written out here.
    let table = simulated();
    let params = SfaParams { sigma_u: Some("~ x1".into()), ..SfaParams::default() };
    let m = fit(SIMULATED, &table, &params);
    let effects = m.marginal_effects().unwrap();
    let at = m.equations.iter().position(|e| e.name == "ln sigma_u^2").unwrap();
    let start = m.coef.len() + m.equations[..at].iter().map(|e| e.coef.len()).sum::<usize>();
    let (d0, d1) = (m.equations[at].coef[0].value, m.equations[at].coef[1].value);
    let x = table.floats("test", "x1").unwrap();
    let c = (2.0 / std::f64::consts::PI).sqrt();
    let n = table.nrow() as f64;
    let (mut average, mut g0, mut g1) = (0.0, 0.0, 0.0);
    for x in x.values() {
        let s = (0.5 * (d0 + d1 * x)).exp();
        average += c * s * d1 / 2.0 / n;
        g0 += c * s * d1 / 4.0 / n;
        g1 += c * s * (0.5 + d1 * x / 4.0) / n;
    }
    let v = m.vcov.as_ref().unwrap();
    let variance = g0 * g0 * v[(start, start)]
        + 2.0 * g0 * g1 * v[(start, start + 1)]
        + g1 * g1 * v[(start + 1, start + 1)];
    close("average", effects.average[0].mean, average, 1e-10);
    close("se", effects.average[0].mean_se.unwrap(), variance.sqrt(), 1e-10);
}

#[test]
fn elasticities_of_a_translog_as_frontier_reports_them() {
    let Some(dir) = folder() else { return };
    let path = dir.join("data/riceProdPhil.csv");
    let mut table = read_path(&path, &ReadOptions::default()).unwrap();
    for name in ["AREA", "LABOR", "NPK"] {
        let values = table.floats("test", name).unwrap().values().to_vec();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let scaled = Vector::from_floats(values.iter().map(|v| v / mean));
        table = table.with_column(name, &scaled).unwrap();
    }
    let names: Vec<String> = ["AREA", "LABOR", "NPK"].map(String::from).to_vec();
    let formula = esep_stdlib::formula::translog("PROD", &names).unwrap();
    let m = fit(&formula, &table, &SfaParams::default());
    let reference = json(&dir, "sfa_frontier_rice_translog_frontierQuad.json");
    // The reference's own maximum is off in the sixth digit.
    close("loglik", m.loglik, reference["logLik"].as_f64().unwrap(), 2e-7);
    let e = m.elasticities(None).unwrap();
    for (k, key) in ["lAREA", "lLABOR", "lNPK"].into_iter().enumerate() {
        for (row, got) in e.values[k].iter().enumerate() {
            close(key, *got, reference["elasticities"][row][key].as_f64().unwrap(), 2e-5);
        }
    }
    let share = e.monotone_share();
    assert!(share > 0.5 && share < 1.0, "{share}");
    assert!(e.quasi_concave_share().unwrap() < 1.0);
    let rows = e.scale.unwrap();
    close("scale", rows[0], e.values.iter().map(|v| v[0]).sum::<f64>(), 1e-14);
}

#[test]
fn a_cobb_douglas_has_its_coefficients_as_elasticities() {
    let m = m2();
    let e = m.elasticities(None).unwrap();
    for (variable, (mean, se)) in e.variables.iter().zip(&e.average) {
        let c = m.coef.iter().find(|c| c.name == format!("log({variable})")).unwrap();
        close(variable, *mean, c.value, 1e-12);
        close(variable, se.unwrap(), c.se.unwrap(), 1e-10);
    }
    // One input falls, so the frontier is not monotone anywhere.
    assert!(e.monotone_share() == 0.0 || m.coef.iter().skip(1).all(|c| c.value >= 0.0));
    let sum =
        m.wald(&[m.coef.iter().skip(1).map(|c| c.name.clone()).collect::<Vec<_>>().join(" + ")]);
    let (scale, se) = e.scale_average.unwrap();
    let sum = sum.unwrap();
    close("scale", scale, sum.each[0].1, 1e-12);
    close("scale se", se.unwrap(), sum.each[0].2, 1e-10);
    // The response in levels has its own elasticities, by differences of the prediction.
    let table = regions();
    let m =
        fit("gdp_per_capita ~ ict_investments + cloud_use_share", &table, &SfaParams::default());
    let e = m.elasticities(None).unwrap();
    let x = table.floats("test", "ict_investments").unwrap().values().to_vec();
    let moved = |by: f64| {
        let column = Vector::from_floats(x.iter().map(|x| x * by));
        m.predict(&table.with_column("ict_investments", &column).unwrap()).unwrap().0
    };
    let (low, high) = (moved(1.0 - 1e-5), moved(1.0 + 1e-5));
    for i in 0..20 {
        let want = (high[i].ln() - low[i].ln()) / 2e-5;
        close("levels", e.values[0][i], want, 1e-8);
    }
}

#[test]
fn wald_is_z_squared_and_reads_equations() {
    let m = m2();
    let c = &m.coef[1];
    let one = m.wald(std::slice::from_ref(&c.name)).unwrap();
    close("z^2", one.statistic, (c.value / c.se.unwrap()).powi(2), 1e-9);
    assert_eq!(one.df, 1);
    let same = m.wald(&[format!("2 * {} - 1 = -1", c.name)]).unwrap();
    close("the same", same.statistic, one.statistic, 1e-9);
    // Two at once, by the inverse of a 2 x 2 matrix.
    let v = m.vcov.as_ref().unwrap();
    let (a, b) = (m.coef[1].value, m.coef[2].value);
    let (vaa, vab, vbb) = (v[(1, 1)], v[(1, 2)], v[(2, 2)]);
    let want = (a * a * vbb - 2.0 * a * b * vab + b * b * vaa) / (vaa * vbb - vab * vab);
    let both = m.wald(&[m.coef[1].name.clone(), m.coef[2].name.clone()]).unwrap();
    close("joint", both.statistic, want, 1e-9);
    assert!(both.df == 2 && both.p_value > 0.0 && both.p_value < 1.0);
    assert!(m.wald(&[c.name.clone(), format!("3 * {}", c.name)]).is_err());
    let unknown = m.wald(&["log(nothing) = 1".into()]).unwrap_err();
    assert!(unknown.to_string().contains("log(nothing)"), "{unknown}");
    assert!(m.wald(&["log(ict_investments) * log(cloud_use_share)".into()]).is_err());
    // At a boundary there is nothing to test with.
    assert!(fit(M1, &regions(), &SfaParams::default()).wald(&["(Intercept)".into()]).is_err());
}

#[test]
fn covariances_from_scores_written_out() {
    let table = simulated();
    let m = fit(SIMULATED, &table, &SfaParams::default());
    let (v, u) = (m.sigma_v.as_ref().unwrap().value, m.sigma_u.as_ref().unwrap().value);
    let (sigma_sq, lambda) = (u * u + v * v, u / v);
    let sigma = sigma_sq.sqrt();
    // The score of a half-normal row in b, ln sigma_v^2 and ln sigma_u^2.
    let columns: Vec<Vec<f64>> = ["x1", "x2", "x3", "x4"]
        .map(|name| table.floats("test", name).unwrap().values().to_vec())
        .to_vec();
    let mut sum = nalgebra_like(7);
    for (i, e) in m.residuals.iter().enumerate() {
        let mills = normal::inverse_mills(-e * lambda / sigma);
        let by_e = -e / sigma_sq - lambda / sigma * mills;
        let mut s = vec![-by_e];
        s.extend(columns.iter().map(|c| -by_e * c[i]));
        let shared = -0.5 / sigma_sq + 0.5 * e * e / (sigma_sq * sigma_sq);
        let arg_v = e * lambda / sigma * (0.5 + 0.5 * v * v / sigma_sq);
        let arg_u = e * lambda / sigma * (-0.5 + 0.5 * u * u / sigma_sq);
        s.push(shared * v * v + mills * arg_v);
        s.push(shared * u * u + mills * arg_u);
        for a in 0..7 {
            for b in 0..7 {
                sum[a][b] += s[a] * s[b];
            }
        }
    }
    let opg = m.vcov_by(SeKind::Opg, None, &Context::default()).unwrap().unwrap();
    let hessian = m.vcov_by(SeKind::Hessian, None, &Context::default()).unwrap().unwrap();
    let sandwich = m.vcov_by(SeKind::Sandwich, None, &Context::default()).unwrap().unwrap();
    for a in 0..7 {
        for b in 0..7 {
            // OPG times the summed products is the identity.
            let product: f64 = (0..7).map(|k| opg[(a, k)] * sum[k][b]).sum();
            assert!((product - f64::from(u8::from(a == b))).abs() < 1e-7, "{a} {b}: {product}");
            let outer: f64 = (0..7)
                .flat_map(|k| (0..7).map(move |l| (k, l)))
                .map(|(k, l)| hessian[(a, k)] * sum[k][l] * hessian[(l, b)])
                .sum();
            assert!((outer - sandwich[(a, b)]).abs() < 1e-9, "{a} {b}");
        }
        close("as fitted", hessian[(a, a)], m.vcov.as_ref().unwrap()[(a, a)], 1e-9);
    }
    // With each row its own cluster the factor n / (n - 1) is all that is left.
    let ids = Vector::from_ints(0..table.nrow() as i64);
    let table = table.with_column("id", &ids).unwrap();
    let params =
        SfaParams { se: SeKind::Cluster, cluster: Some("id".into()), ..SfaParams::default() };
    let clustered = fit(SIMULATED, &table, &params);
    let n = table.nrow() as f64;
    for j in 0..5 {
        let want = (sandwich[(j, j)] * n / (n - 1.0)).sqrt();
        close("cluster", clustered.coef[j].se.unwrap(), want, 1e-9);
    }
    let robust =
        fit(SIMULATED, &table, &SfaParams { se: SeKind::Sandwich, ..SfaParams::default() });
    close("fitted sandwich", robust.coef[1].se.unwrap(), sandwich[(1, 1)].sqrt(), 1e-9);
}

fn nalgebra_like(n: usize) -> Vec<Vec<f64>> {
    vec![vec![0.0; n]; n]
}

#[test]
fn vuong_by_its_definition() {
    let table = simulated();
    let a = fit(SIMULATED, &table, &SfaParams::default());
    let exponential = SfaParams { inefficiency: Inefficiency::Exponential, ..SfaParams::default() };
    let b = fit(SIMULATED, &table, &exponential);
    let test = vuong(&a, &b).unwrap();
    close("rows sum to the loglik", a.row_loglik().iter().sum(), a.loglik, 1e-10);
    close("rows sum to the loglik", b.row_loglik().iter().sum(), b.loglik, 1e-10);
    let want = (a.loglik - b.loglik) / (test.spread * 1000_f64.sqrt());
    close("statistic", test.statistic, want, 1e-9);
    close("antisymmetric", vuong(&b, &a).unwrap().statistic, -test.statistic, 1e-12);
    // The same number of parameters: no correction.
    assert_eq!(test.statistic, test.bic_statistic);
    let less = fit("y ~ x1 + x2 + x3", &table, &SfaParams::default());
    assert!(vuong(&a, &less).unwrap().warnings[0].contains("nested"));
    assert!(vuong(&a, &a).is_err());
    // Rows sum to the loglik at both ends as well.
    let m1 = fit(M1, &regions(), &SfaParams::default());
    close("gamma_one", m1.row_loglik().iter().sum(), m1.loglik, 1e-10);
}

#[test]
fn profiles_and_their_intervals() {
    let ctx = Context::default();
    let m = m2();
    let gamma = m.profile_of("gamma", &ProfileParams::default(), &ctx).unwrap();
    assert_eq!(gamma.points.len(), 41);
    close("left end", gamma.points[0].1, m.ols.loglik, 1e-12);
    close("right end", gamma.points[40].1, m.deterministic.as_ref().unwrap().loglik, 1e-12);
    assert!(gamma.points.iter().all(|p| p.1 <= m.loglik + 1e-9));
    // Here the likelihood hardly falls towards gamma = 0: the interval is open to it.
    assert_eq!(gamma.lower, Some(0.0));
    let table = simulated().head(400);
    let m = fit(SIMULATED, &table, &SfaParams::default());
    // 3.841458820694124 is the 95 % value of chi-square(1).
    for name in ["gamma", "lambda", "sigma_u", "sigma_v", "x1"] {
        let p = m.profile_of(name, &ProfileParams::default(), &ctx).unwrap();
        let (lower, upper) = (p.lower.unwrap(), p.upper.unwrap());
        assert!(lower < p.estimate && p.estimate < upper, "{name}: {lower} {upper}");
        assert!(p.points.iter().all(|p| p.1 <= m.loglik + 1e-9), "{name}");
        if name == "lambda" {
            for end in [lower, upper] {
                let fall = 2.0 * (m.loglik - m.profile_lambda(end, &ctx).unwrap());
                close("fall", fall, 3.841_458_820_694_124, 1e-6);
            }
            let g = m.profile_of("gamma", &ProfileParams::default(), &ctx).unwrap();
            close(
                "the same in gamma",
                g.lower.unwrap(),
                lower * lower / (1.0 + lower * lower),
                1e-6,
            );
        }
        if name == "x1" {
            let c = &m.coef[1];
            // With 400 rows the interval is near that of the standard error.
            close("width", upper - lower, 2.0 * 1.959_964 * c.se.unwrap(), 0.01);
        }
    }
    // The walk on a plane and the global profile agree where both exist.
    let uneven = SfaParams { sigma_v: Some("~ 1".into()), ..SfaParams::default() };
    let other = fit(SIMULATED, &table, &uneven);
    let (a, b) = (
        m.profile_of("lambda", &ProfileParams::default(), &ctx).unwrap(),
        other.profile_of("lambda", &ProfileParams::default(), &ctx).unwrap(),
    );
    close("lower", a.lower.unwrap(), b.lower.unwrap(), 1e-6);
    close("upper", a.upper.unwrap(), b.upper.unwrap(), 1e-6);
    assert!(m.profile_of("gama", &ProfileParams::default(), &ctx).is_err());
}

#[test]
fn influence_is_the_fit_without_the_row() {
    let m = m2();
    let table = regions();
    let influence = m.influence(&Context::default()).unwrap();
    for out in [0_usize, 7, 19] {
        let keep: Vec<u32> = (0..20).filter(|i| *i as usize != out).collect();
        let without = fit(
            &format!("{M1} + log(cloud_use_share)"),
            &table.take(&keep).unwrap(),
            &SfaParams::default(),
        );
        let got = influence.rows[out].as_ref().unwrap();
        assert_eq!(got.boundary, without.boundary);
        for (j, c) in without.coef.iter().enumerate() {
            close(&c.name, got.coef[j], c.value - m.coef[j].value, 1e-6);
        }
        close("gamma", got.gamma.unwrap(), without.gamma.unwrap().value, 1e-6);
        assert!(got.converged && got.cook.unwrap() >= 0.0);
    }
    // Twenty rows for eight parameters: some row alone decides where the maximum lies.
    assert!(influence.rows.iter().flatten().any(|o| o.boundary != Boundary::None));
    assert!(influence.warnings[0].contains("hangs on single rows"));
}

#[test]
fn bootstraps_count_their_ends_and_repeat_their_digits() {
    let m = m2();
    let params = BootstrapParams { draws: 200, seed: 3, ..BootstrapParams::default() };
    let ctx = Context::default();
    let start = std::time::Instant::now();
    let boot = m.bootstrap(&params, &ctx).unwrap();
    println!("200 refits: {:?}", start.elapsed());
    let total = boot.inside + boot.gamma_zero + boot.gamma_one + boot.not_converged + boot.unfit;
    assert_eq!(total, 200);
    // The peers report a bound in 61 to 68 % of such refits.
    assert!(boot.gamma_zero + boot.gamma_one > 60, "{boot:?}");
    assert_eq!(boot.not_converged, 0);
    assert!(boot.warnings[0].contains("boundary"));
    let one = rayon_one(|| m.bootstrap(&params, &ctx).unwrap());
    assert_eq!(one, boot);
    let other = m.bootstrap(&BootstrapParams { seed: 4, ..params }, &ctx).unwrap();
    assert_ne!(other.values, boot.values);
    let cases = BootstrapParams { kind: BootstrapKind::Cases, ..params };
    let boot = m.bootstrap(&cases, &ctx).unwrap();
    assert_eq!(boot.table().unwrap().nrow(), boot.names.len());
    // On more rows the spread of the draws is the standard error.
    let m = fit(SIMULATED, &simulated().head(250), &SfaParams::default());
    for kind in [BootstrapKind::Parametric, BootstrapKind::Cases] {
        let params = BootstrapParams { draws: 100, seed: 1, kind, level: 0.95 };
        let table = m.bootstrap(&params, &ctx).unwrap().table().unwrap();
        // The slopes': draws at gamma = 0 lift the intercept by the mean of inefficiency, which
        // no curvature at an interior estimate knows of.
        for c in m.coef.iter().skip(1) {
            let se = table.at(&c.name, "se").unwrap().as_f64().unwrap();
            // The relative error of a standard deviation of 100 draws is 0.07.
            assert!((se / c.se.unwrap() - 1.0).abs() < 0.3, "{}: {se} {:?}", c.name, c.se);
        }
    }
    // Models without a global profile refit from the estimate.
    let params = BootstrapParams { draws: 20, ..BootstrapParams::default() };
    let exponential = SfaParams { inefficiency: Inefficiency::Exponential, ..SfaParams::default() };
    let m = fit(SIMULATED, &simulated().head(250), &exponential);
    let boot = m.bootstrap(&params, &ctx).unwrap();
    assert!(boot.inside + boot.gamma_zero + boot.not_converged == 20 && boot.inside > 10);
    assert!(m.efficiency(&EfficiencyParams::default()).unwrap().mean > 0.0);
}

/// `f` on one thread.
fn rayon_one<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(f)
}

#[test]
fn bootstrapped_errors_are_the_spread_of_the_refits() {
    let table = simulated();
    let bootstrap = BootstrapParams { draws: 400, ..BootstrapParams::default() };
    let params = SfaParams { se: SeKind::Bootstrap, bootstrap, ..SfaParams::default() };
    let m = fit(SIMULATED, &table, &params);
    let plain = fit(SIMULATED, &table, &SfaParams::default());
    let boot = plain.bootstrap(&bootstrap, &Context::default()).unwrap().table().unwrap();
    for c in &m.coef {
        let spread = boot.at(&c.name, "se").unwrap().as_f64().unwrap();
        close(&c.name, c.se.unwrap(), spread, 1e-12);
    }
    for (name, estimate) in [("sigma_u", &m.sigma_u), ("gamma", &m.gamma), ("lambda", &m.lambda)] {
        let spread = boot.at(name, "se").unwrap().as_f64().unwrap();
        close(name, estimate.as_ref().unwrap().se.unwrap(), spread, 1e-12);
    }
    // Four standard deviations of a standard error from 400 draws are 14 %.
    for (c, by_curvature) in m.coef.iter().zip(&plain.coef) {
        close(&c.name, c.se.unwrap() / by_curvature.se.unwrap(), 1.0, 0.15);
    }
    let again =
        plain.vcov_by(SeKind::Bootstrap, None, &Context::default()).unwrap().unwrap()[(1, 1)];
    let other = BootstrapParams { draws: 1000, ..bootstrap };
    let more = SfaParams { bootstrap: other, ..params.clone() };
    let more = fit(SIMULATED, &table, &more);
    close("the default's thousand draws", again, more.vcov.unwrap()[(1, 1)], 1e-12);
    // At gamma = 1 there are still none.
    let m1 = fit(M1, &regions(), &params);
    assert_eq!(m1.boundary, Boundary::GammaOne);
    assert!(m1.coef.iter().all(|c| c.se.is_none()) && m1.vcov.is_none());
}
