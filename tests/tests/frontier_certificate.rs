//! The proof of the half-normal maximum, and that nothing about the data's layout moves it.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use esep_stdlib::frontier::{Boundary, Certificate, Orientation, SfaFit, SfaParams, sfa};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Table, Vector};

const M1: &str = "log(out) ~ log(ict_investments) + log(innovation_expenditure) + \
                  log(ict_specialists_per1000) + log(fixed_capital_industry)";
const M2: &str = "log(out) ~ log(ict_investments) + log(innovation_expenditure) + \
                  log(ict_specialists_per1000) + log(fixed_capital_industry) + log(cloud_use_share)";
/// M2 with its columns in another order.
const M2_TURNED: &str = "log(out) ~ log(cloud_use_share) + log(fixed_capital_industry) + \
                         log(ict_investments) + log(ict_specialists_per1000) + \
                         log(innovation_expenditure)";

fn regions() -> Table {
    let t = Dataset::find("regions_2023").unwrap().table().unwrap();
    let (a, b) = (
        t.floats("test", "manuf_output").unwrap(),
        t.floats("test", "digital_tech_use_share").unwrap(),
    );
    let out = a.values().iter().zip(b.values()).map(|(a, b)| a * b / 100.0);
    t.with_column("out", &Vector::from_floats(out)).unwrap()
}

fn fit(formula: &str, table: &Table) -> SfaFit {
    sfa(formula, table, &SfaParams::default(), &Context::default()).unwrap()
}

fn certify(fit: &SfaFit) -> Certificate {
    let c = fit.certificate(&Context::default()).unwrap();
    println!("{c:?}\n{}", c.statement());
    c
}

#[test]
fn an_interior_maximum_is_proven() {
    let m = fit(M2, &regions());
    let c = certify(&m);
    assert!(c.proven() && c.boundary == Boundary::None);
    assert!(c.gap().unwrap() <= 1.01e-6 && c.decrement < 1e-12);
    assert!((c.loglik + 20.222_863_245_177).abs() < 1e-9);
    assert!(c.loglik_zero < c.loglik && c.loglik_one.unwrap() < c.loglik);
    assert!(c.gradient.unwrap() < 1e-9 && c.definite == Some(true));
    assert!(c.maxima.len() == 2 && c.maxima[1].lambda.is_infinite());
    assert!(c.statement().contains("Proven up to the rounding"));
}

#[test]
fn a_supremum_at_gamma_one_is_proven() {
    let c = certify(&fit(M1, &regions()));
    assert!(c.proven() && c.boundary == Boundary::GammaOne);
    assert_eq!(c.loglik_one, Some(c.loglik));
    assert!(c.definite.is_none() && c.gradient.is_none());
}

#[test]
fn least_squares_is_proven_where_it_wins() {
    // As a cost frontier the same residuals are skewed the wrong way.
    let cost = SfaParams { frontier: Orientation::Cost, ..SfaParams::default() };
    let m = sfa(M2, &regions(), &cost, &Context::default()).unwrap();
    assert_eq!(m.boundary, Boundary::GammaZero);
    let c = certify(&m);
    assert!(c.proven() && c.lambda == 0.0 && c.loglik == c.loglik_zero);
}

#[test]
fn a_claim_that_is_too_low_is_not_certified() {
    // The lower of M2's two maxima, as a search from a bad start would report it.
    let mut m = fit(M2, &regions());
    m.loglik = m.deterministic.as_ref().unwrap().loglik;
    let c = certify(&m);
    assert!(!c.proven() && c.gap().unwrap() >= 1.9, "{:?}", c.gap());
}

#[test]
fn many_rows_are_proven() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/sim_hn_1000.csv");
    let table =
        esep_stdlib::table::csv::read_path(&path, &esep_stdlib::table::csv::ReadOptions::default())
            .unwrap();
    let m = fit("y ~ x1 + x2 + x3 + x4", &table);
    let c = certify(&m);
    assert!(c.proven(), "{:?}", c.gap());
}

#[test]
fn order_and_units_do_not_move_the_maximum() {
    let table = regions();
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} {b}");
    for formula in [M1, M2] {
        let m = fit(formula, &table);
        // Rows backwards and shuffled.
        let n = table.nrow() as u32;
        for step in [19_u32, 7, 13] {
            let rows: Vec<u32> = (0..n).map(|i| (i * step + 3) % n).collect();
            let other = fit(formula, &table.take(&rows).unwrap());
            assert_eq!(other.boundary, m.boundary);
            close(other.loglik, m.loglik);
            for (a, b) in other.coef.iter().zip(&m.coef) {
                close(a.value, b.value);
            }
        }
        // Regressors in other units move the intercept alone.
        let scaled = formula.replace("log(ict_investments)", "log(1e6 * ict_investments)");
        let other = fit(&scaled, &table);
        close(other.loglik, m.loglik);
        for (a, b) in other.coef.iter().zip(&m.coef).skip(1) {
            close(a.value, b.value);
        }
        // A response in other units moves the intercept and nothing else.
        let scaled = formula.replace("log(out)", "log(1000 * out)");
        let other = fit(&scaled, &table);
        close(other.loglik, m.loglik);
        close(other.coef[0].value - 1000_f64.ln(), m.coef[0].value);
    }
    let (m, turned) = (fit(M2, &table), fit(M2_TURNED, &table));
    close(turned.loglik, m.loglik);
    for c in &turned.coef {
        close(c.value, m.coef.iter().find(|d| d.name == c.name).unwrap().value);
    }
    // An unlogged response in other units multiplies every coefficient.
    let plain = "out ~ ict_investments + cloud_use_share";
    let m = fit(plain, &table);
    let other = fit("I(1e-3 * out) ~ ict_investments + cloud_use_share", &table);
    assert_eq!(m.boundary, other.boundary);
    close(other.loglik, m.loglik + 20.0 * 1000_f64.ln());
    for (a, b) in other.coef.iter().zip(&m.coef) {
        close(a.value * 1e3, b.value);
    }
}
