//! Frontiers as scripts see them: results, displays and errors.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use esep_dsl::{Bundle, Session, Sink};

struct Quiet;

impl Sink for Quiet {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

const MODELS: &str = r#"
let regions = load("regions_2023");
regions.digital_output = regions.manuf_output * regions.digital_tech_use_share / 100;
let m1 = sfa("log(digital_output) ~ log(ict_investments) + log(innovation_expenditure) + log(ict_specialists_per1000) + log(fixed_capital_industry)", regions);
let m2 = m1.update(". ~ . + log(cloud_use_share)");
"#;

fn session() -> Session {
    let mut session = Session::new(Box::new(Quiet));
    session.eval(MODELS).unwrap_or_else(|report| panic!("{}", report.render(false)));
    session
}

fn shows(session: &mut Session, code: &str) -> Bundle {
    match session.eval(code) {
        Ok(bundle) => bundle.unwrap_or_default(),
        Err(report) => panic!("{code}\n{}", report.render(false)),
    }
}

fn fails(code: &str) -> String {
    match session().eval(code) {
        Ok(bundle) => panic!("{code} gave {bundle:?}"),
        Err(report) => report.render(false),
    }
}

#[test]
fn the_fixed_names_of_a_model() {
    let mut s = session();
    shows(
        &mut s,
        r#"
        assert(m1.boundary == "gamma_one" && m2.boundary == "none", "boundaries");
        assert_close(m1.loglik, -22.189070612455318, 1e-9);
        assert(m1.gamma == 1.0 && m1.coef.len() == 5, "m1");
        assert(m1.se["(Intercept)"] == missing, "no standard error at the boundary");
        assert_close(m2.loglik, -20.222863245176974, 1e-9);
        assert_close(m2.coef["log(cloud_use_share)"], 1.1633785903254283, 1e-8);
        assert_close(m2.se["(Intercept)"], 1.5579554393321653, 1e-7);
        assert_close(m2.gamma, 0.557333314743287, 1e-8);
        assert_close(m2.sigma_sq, 0.6887648379433776, 1e-8);
        assert_close(m2.lambda, 1.1220677562913788, 1e-8);
        assert_close(m2.sigma_u * m2.sigma_u, 0.3838715902096055, 1e-8);
        assert_close(m2.aic, 56.44572486, 2e-6);
        assert_close(m2.bic, 64.41158309, 2e-6);
        assert(m2.nobs == 20 && m2.iterations > 0, "counts");
        let test = m2.lr_test();
        assert_close(test.statistic, 0.131, 5e-4);
        assert(test.p_value > 0.3 && test.critical_5 > 2.7, "lr");
        let te = m2.efficiency(#{ estimator: "battese_coelli", level: 0.95 });
        assert_close(te.te.mean(), 0.6497478924, 1e-8);
        assert_close(te.at("Abai", "te"), 0.621720492790144, 1e-8);
        assert(te.columns == ["region", "te", "lower", "upper", "rank"], "columns");
        assert(m2.warnings.len() > 0, "warnings");
        "#,
    );
}

#[test]
fn a_summary_says_the_end_before_the_table_and_fits_the_terminal() {
    let mut s = session();
    for (code, says) in [
        ("m1.summary()", "boundary gamma = 1"),
        ("m2.summary()", "not significant"),
        ("m1.certificate", "gamma = 1"),
        ("m2.certificate", "proven up to the rounding"),
        ("compare([m1, m2])", "rank correlations of their efficiencies"),
    ] {
        let bundle = shows(&mut s, code);
        assert!(bundle.plain.to_lowercase().replace('\n', " ").contains(says), "{}", bundle.plain);
        assert!(bundle.plain.lines().all(|line| line.chars().count() <= 100), "{}", bundle.plain);
        assert!(bundle.html.is_some() && bundle.latex.is_some());
        println!("{}\n", bundle.plain);
    }
}

#[test]
fn errors_point_into_the_formula() {
    let text = fails(r#"sfa("log(digital_output) ~ log(ict_investment)", regions)"#);
    assert!(text.contains("no column `ict_investment`"), "{text}");
    assert!(text.contains("did you mean `ict_investments`"), "{text}");
    let caret = text.lines().find(|l| l.contains("^^^^") && !l.contains('|')).unwrap_or("");
    assert_eq!(caret.trim().len(), "ict_investment".len(), "{text}");
    let text = fails(r#"sfa("log(digital_output) ~ region", regions)"#);
    assert!(text.contains("`region` is text") && text.contains("factor(region)"), "{text}");
    let text = fails(
        r#"regions.zero = regions.ict_investments * 0; sfa("log(digital_output) ~ log(zero)", regions)"#,
    );
    assert!(text.contains("Abai") && text.contains("zero_shift"), "{text}");
    let text = fails(
        r#"regions.one = regions.ict_investments * 0 + 1; sfa("log(digital_output) ~ one", regions)"#,
    );
    assert!(text.contains("`one` is constant"), "{text}");
    let text = fails(
        r#"sfa("log(digital_output) ~ log(ict_investments) + I(2 * log(ict_investments))", regions)"#,
    );
    assert!(text.contains("linear combination of `log(ict_investments)`"), "{text}");
    let text = fails(r#"sfa("log(digital_output) ~ log(ict_investments)", regions.head(3))"#);
    assert!(text.contains("3 complete rows for 4 parameters"), "{text}");
    let text = fails(r#"sfa("log(digital_output) ~ 1", regions, #{ inefficency: "half_normal" })"#);
    assert!(text.contains("inefficiency"), "{text}");
    let text = fails(r#"sfa("log(digital_output) ~ log(ict_investments", regions)"#);
    assert!(text.contains("expected"), "{text}");
}

#[test]
fn missing_rows_are_counted_and_zeros_can_be_dropped_or_shifted() {
    let mut s = session();
    shows(
        &mut s,
        r#"
        let gap = [missing, 0.0, 0.0];
        for i in 3..20 { gap.push(1.0 + i); }
        regions.gap = gap;
        let dropped = sfa("log(digital_output) ~ log(gap)", regions, #{ zero: "drop" });
        assert(dropped.nobs == 17, "one missing, two zero");
        let shifted = sfa("log(digital_output) ~ log(gap)", regions, #{ zero_shift: 1e-6 });
        assert(shifted.nobs == 19, "one missing");
        "#,
    );
    let text = shows(&mut s, "dropped").plain.replace('\n', " ");
    assert!(text.contains("1 row with missing values left out"), "{text}");
    assert!(text.contains("2 rows left out because a logarithm"), "{text}");
}
