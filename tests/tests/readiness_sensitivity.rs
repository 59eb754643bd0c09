//! Sensitivity against closed forms, and the same digits on any number of threads.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.

use esep_stdlib::readiness::{
    Aggregator, Callbacks, Framework, Item, Node, Normaliser, ReadinessParams, Scale, Sensitivity,
    SensitivityParams, WeightDraw, WeightLevel, ZeroRule, sensitivity,
};
use esep_stdlib::table::csv::{ReadOptions, read_str};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Table};

fn run(
    table: &Table,
    framework: &Framework,
    base: &ReadinessParams,
    params: &SensitivityParams,
) -> Sensitivity {
    let (mut callbacks, context) = (Callbacks::default(), Context::default());
    sensitivity(table, framework, base, params, &mut callbacks, &context).unwrap()
}

fn questionnaire(params: &SensitivityParams) -> Sensitivity {
    let scores = Dataset::find("readiness_scores").unwrap().table().unwrap();
    let framework = Framework::bundled("digital_readiness").unwrap();
    run(&scores, &framework, &ReadinessParams::default(), params)
}

/// Two opposite units on two equal blocks.
fn opposites() -> (Table, Framework) {
    let leaf = |code: &str| Node::item(code, Item::on(Scale::Percent));
    let framework = Framework::new("two", Node::group("index", vec![leaf("a"), leaf("b")]));
    let table = read_str("unit,a,b\nA,100,0\nB,0,100\n", "t", &ReadOptions::default()).unwrap();
    (table, framework)
}

fn at(result: &Sensitivity, unit: &str, column: &str) -> f64 {
    result.table.at(unit, column).unwrap().as_f64().unwrap()
}

#[test]
fn uniform_weights_on_two_opposites_give_uniform_indices() {
    let (table, framework) = opposites();
    let base = ReadinessParams { aggregate: Some(Aggregator::Arithmetic), ..Default::default() };
    let params =
        SensitivityParams { draws: 20_000, weights: WeightDraw::Uniform, ..Default::default() };
    let result = run(&table, &framework, &base, &params);
    // The index of A is the weight of a, uniform on 0..1: sd of a p-quantile sqrt(p (1 - p) / n).
    for (column, p) in [("p5", 0.05), ("median", 0.5), ("p95", 0.95)] {
        let sd = (p * (1.0_f64 - p) / 20_000.0).sqrt();
        assert!((at(&result, "A", column) - p).abs() < 4.0 * sd, "{column}");
    }
    let wins = result.wins().unwrap();
    let win = wins.at("A", "B").unwrap().as_f64().unwrap();
    assert!((win - 0.5).abs() < 4.0 * 0.5 / 20_000_f64.sqrt());
    let loss = wins.at("B", "A").unwrap().as_f64().unwrap();
    assert!((win + loss - 1.0).abs() < 1e-12);
    let first = result.acceptability().unwrap().at("A", "1").unwrap().as_f64().unwrap();
    assert!((first - win).abs() < 1e-12);
    // Both are first as given (a tie); in a draw one of them falls to second.
    assert!((result.mean_shift - 0.5).abs() < 1e-12);
}

#[test]
fn given_weights_change_nothing() {
    let fixed = SensitivityParams { weights: WeightDraw::Fixed, draws: 70, ..Default::default() };
    let result = questionnaire(&fixed);
    assert_eq!(result.mean_shift, 0.0);
    for unit in ["boehmer_armatura", "kazakhmys"] {
        for column in ["mean", "p5", "median", "p95"] {
            assert!((at(&result, unit, column) - at(&result, unit, "index")).abs() < 1e-14);
        }
        assert_eq!(at(&result, unit, "medium"), 1.0);
    }
}

#[test]
fn the_digits_do_not_depend_on_threads() {
    let params = SensitivityParams {
        draws: 500,
        weights: WeightDraw::Dirichlet,
        level: WeightLevel::All,
        normalise: vec![Normaliser::Declared, Normaliser::AsPublished],
        aggregate: vec![Aggregator::Geometric, Aggregator::Arithmetic],
        noise: 0.02,
        seed: 5,
        ..Default::default()
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| questionnaire(&params))
    };
    let (one, three) = (with(1), with(3));
    for unit in ["boehmer_armatura", "kazakhmys"] {
        for column in one.table.columns() {
            assert_eq!(at(&one, unit, &column), at(&three, unit, &column), "{unit} {column}");
        }
    }
    assert_eq!(one.rank_counts, three.rank_counts);
}

#[test]
fn the_fast_path_and_the_tree_agree() {
    // A gap in one score closes the fast path; a median elsewhere does too. Here the same weights
    // are drawn at all nodes with and without rounding of blocks, which forbids flattening.
    let draw = |round_blocks| {
        let scores = Dataset::find("readiness_scores").unwrap().table().unwrap();
        let framework = Framework::bundled("digital_readiness").unwrap();
        let base = ReadinessParams { round_blocks, ..Default::default() };
        let params =
            SensitivityParams { draws: 200, level: WeightLevel::All, ..Default::default() };
        run(&scores, &framework, &base, &params)
    };
    let (flat, walked) = (draw(None), draw(Some(12)));
    for unit in ["boehmer_armatura", "kazakhmys"] {
        for column in ["mean", "p5", "median", "p95"] {
            let (a, b) = (at(&flat, unit, column), at(&walked, unit, column));
            assert!((a - b).abs() < 1e-10, "{unit} {column}: {a} {b}");
        }
    }
}

#[test]
fn discrete_choices_have_exact_sobol_indices() {
    let params = SensitivityParams {
        draws: 10,
        weights: WeightDraw::Panel,
        panel: vec![vec![1.0; 9], vec![8.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]],
        normalise: vec![Normaliser::Declared, Normaliser::AsPublished],
        zero: vec![ZeroRule::Floor(0.01), ZeroRule::Floor(0.1), ZeroRule::Skip],
        sobol: 64,
        ..Default::default()
    };
    let sobol = questionnaire(&params).sobol.unwrap();
    assert!(sobol.exact);
    assert_eq!(sobol.runs, 2 * 3 * 2);
    let sum: f64 = sobol.table.column("first").unwrap().sum().unwrap();
    assert!(sum <= 1.0 + 1e-12, "{sum}");
}

#[test]
fn sampled_sobol_indices_bracket_the_exact_ones() {
    // Uniform weights on three units: the continuous factor and a rule.
    let leaf = |code: &str| Node::item(code, Item::on(Scale::Percent));
    let framework = Framework::new("three", Node::group("index", ["a", "b", "c"].map(leaf).into()));
    let csv = "unit,a,b,c\nA,90,20,50\nB,30,85,40\nC,55,50,60\nD,20,30,95\n";
    let table = read_str(csv, "t", &ReadOptions::default()).unwrap();
    let params = SensitivityParams {
        draws: 10,
        weights: WeightDraw::Uniform,
        aggregate: vec![Aggregator::Arithmetic, Aggregator::Min],
        sobol: 2000,
        ..Default::default()
    };
    let sobol = run(&table, &framework, &ReadinessParams::default(), &params).sobol.unwrap();
    assert!(!sobol.exact);
    for factor in ["aggregate", "weights"] {
        let get = |column: &str| sobol.table.at(factor, column).unwrap().as_f64().unwrap();
        assert!(get("first_low") <= get("first") && get("first") <= get("first_high"));
        assert!(get("total") >= get("first") - 0.05, "{factor}");
        assert!(get("total_high") - get("total_low") < 0.2);
    }
}

#[test]
fn misuse_is_named() {
    let scores = Dataset::find("readiness_scores").unwrap().table().unwrap();
    let framework = Framework::bundled("digital_readiness").unwrap();
    let base = ReadinessParams::default();
    let fail = |params: SensitivityParams| {
        let context = Context::default();
        sensitivity(&scores, &framework, &base, &params, &mut Callbacks::default(), &context)
            .unwrap_err()
            .to_string()
    };
    let none = SensitivityParams { draws: 0, ..Default::default() };
    assert!(fail(none).contains("draws must lie in 1..="));
    let panel = SensitivityParams {
        weights: WeightDraw::Panel,
        panel: vec![vec![1.0, 2.0]],
        ..Default::default()
    };
    assert!(fail(panel).contains("9 weights per expert"));
    let zscores = SensitivityParams { normalise: vec![Normaliser::Zscore], ..Default::default() };
    assert!(fail(zscores).contains("geometric needs values above zero"));
}
