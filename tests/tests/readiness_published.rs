//! The printed readiness tables, recomputed from the questionnaire's answers.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.

use esep_stdlib::Table;
use esep_stdlib::readiness::{
    Aggregator, Callbacks, Framework, Normaliser, Readiness, ReadinessParams, ZeroRule, readiness,
    readiness_with,
};
use esep_stdlib::table::datasets::Dataset;

fn scores() -> Table {
    Dataset::find("readiness_scores").unwrap().table().unwrap()
}

fn framework() -> Framework {
    Framework::bundled("digital_readiness").unwrap()
}

fn run(params: &ReadinessParams) -> Readiness {
    readiness(&scores(), &framework(), params).unwrap()
}

fn as_published() -> ReadinessParams {
    ReadinessParams { normalise: Normaliser::AsPublished, ..ReadinessParams::default() }
}

fn index(result: &Readiness) -> Vec<f64> {
    result.index_values().into_iter().map(Option::unwrap).collect()
}

#[test]
fn all_printed_blocks_come_out_to_three_decimals() {
    let text =
        std::fs::read_to_string(esep_tests::root().join("stdlib/data/published_results.json"));
    let printed: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    let printed = &printed["readiness"];
    let result = run(&as_published());
    let blocks = result.blocks().unwrap();
    let mut compared = 0;
    for unit in ["boehmer_armatura", "kazakhmys"] {
        for (name, value) in printed["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .zip(printed[unit]["blocks"].as_array().unwrap())
        {
            let got = blocks.at(unit, name.as_str().unwrap()).unwrap().as_f64().unwrap();
            let rounded = (got * 1000.0).round() / 1000.0;
            assert_eq!(rounded, value.as_f64().unwrap(), "{unit} {name}: {got}");
            compared += 1;
        }
    }
    assert_eq!(compared, 18);
    let rounded = run(&ReadinessParams { round_blocks: Some(3), ..as_published() });
    for (got, unit) in index(&rounded).iter().zip(["boehmer_armatura", "kazakhmys"]) {
        assert_eq!((got * 1e4).round() / 1e4, printed[unit]["index"].as_f64().unwrap());
    }
    let unrounded = index(&result);
    assert!((unrounded[0] - 0.80021).abs() < 5e-6, "{unrounded:?}");
    assert!((unrounded[1] - 0.80244).abs() < 5e-6, "{unrounded:?}");
    let high = Some("high".to_owned());
    assert_eq!(result.level_names(), [high.clone(), high]);
    assert_eq!(result.ranks(), [Some(2), Some(1)]);
}

#[test]
fn the_declared_scales_lower_both_enterprises_to_medium() {
    let result = run(&ReadinessParams::default());
    let medium = Some("medium".to_owned());
    assert_eq!(result.level_names(), [medium.clone(), medium]);
    assert_eq!(result.faults.len(), 2);
    for (fault, unit) in result.faults.iter().zip(["boehmer_armatura", "kazakhmys"]) {
        assert_eq!((fault.item.as_str(), fault.unit.as_str()), ("ORGSTRPROC.03", unit));
        assert_eq!((fault.value, fault.counted_as), (8.0, 5.0));
    }
    assert!(result.warnings.iter().any(|w| w.contains("ORGSTRPROC.03 of kazakhmys: 8")));
}

#[test]
fn units_may_stand_in_rows() {
    let wide = run(&ReadinessParams::default()).scores().unwrap();
    let result = readiness(&wide, &framework(), &ReadinessParams::default()).unwrap();
    assert_eq!(result.index_values(), run(&ReadinessParams::default()).index_values());
    assert_eq!(result.units, ["boehmer_armatura", "kazakhmys"]);
}

#[test]
fn given_weights_are_fixed_and_the_rest_share_what_is_left() {
    let params = ReadinessParams {
        weights: vec![("MTE".into(), 0.25), ("PROD".into(), 0.25)],
        ..ReadinessParams::default()
    };
    let weights = run(&params).framework.weights().unwrap();
    let weight = |code: &str| weights.at(code, "weight").unwrap().as_f64().unwrap();
    assert!((weight("MTE") - 0.25).abs() < 1e-15);
    assert!((weight("STRSDE") - 0.12 / 0.7 * 0.5).abs() < 1e-15);
    let total: f64 = framework().blocks().iter().map(|block| weight(&block.code)).sum();
    assert!((total - 1.0).abs() < 1e-14);
}

#[test]
fn a_closure_gives_what_the_built_in_rule_gives() {
    let geometric = |values: &[f64], weights: &[f64]| -> esep_stdlib::Result<f64> {
        Ok(values.iter().zip(weights).map(|(x, w)| w * x.ln()).sum::<f64>().exp())
    };
    let arithmetic = |values: &[f64], weights: &[f64]| -> esep_stdlib::Result<f64> {
        Ok(values.iter().zip(weights).map(|(x, w)| w * x).sum())
    };
    for normalise in [Normaliser::Declared, Normaliser::AsPublished] {
        for built_in in [Aggregator::Geometric, Aggregator::Arithmetic] {
            let mut callbacks = Callbacks::default();
            callbacks.aggregate.push(if built_in == Aggregator::Geometric {
                Box::new(geometric)
            } else {
                Box::new(arithmetic)
            });
            let params = |rule| ReadinessParams {
                normalise,
                aggregate: Some(rule),
                ..ReadinessParams::default()
            };
            let own = readiness_with(
                &scores(),
                &framework(),
                &params(Aggregator::Custom(0)),
                &mut callbacks,
                &esep_stdlib::Context::default(),
            )
            .unwrap();
            let ready = run(&params(built_in.clone()));
            for (a, b) in index(&own).iter().zip(index(&ready)) {
                assert!((a - b).abs() < 1e-14, "{built_in:?} {normalise:?}: {a} {b}");
            }
        }
    }
}

#[test]
fn each_zero_rule_does_what_it_says() {
    let with = |zero| run(&ReadinessParams { zero: Some(zero), ..ReadinessParams::default() });
    assert_eq!(index(&with(ZeroRule::Keep)), [0.0, 0.0]);
    let floored = index(&with(ZeroRule::Floor(0.01)));
    assert_eq!(floored, index(&run(&ReadinessParams::default())));
    let skipped = index(&with(ZeroRule::Skip));
    let dropped = index(&with(ZeroRule::Drop));
    for unit in 0..2 {
        // A factor of 1 that keeps its weight raises the mean above that of the others alone.
        assert!(floored[unit] < dropped[unit] && dropped[unit] < skipped[unit]);
    }
    let refused = ReadinessParams { zero: Some(ZeroRule::Error), ..ReadinessParams::default() };
    let error = readiness(&scores(), &framework(), &refused).unwrap_err().to_string();
    assert!(error.contains("STRSDE.01") && error.contains("boehmer_armatura"), "{error}");
}

#[test]
fn a_misspelt_item_names_its_neighbours() {
    let wide = run(&ReadinessParams::default()).scores().unwrap();
    let column = wide.column("MTE.01").unwrap();
    let misspelt = wide.drop(&["MTE.01"]).unwrap().with_column("MTE_01", &column).unwrap();
    let error = readiness(&misspelt, &framework(), &ReadinessParams::default()).unwrap_err();
    assert!(error.to_string().contains("unknown item `MTE_01`"), "{error}");
    assert!(error.hint().unwrap().contains("`MTE.01`"), "{:?}", error.hint());
}
