//! What the questionnaire's result says of itself.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.

use esep_stdlib::readiness::{
    Aggregator, Framework, Normaliser, Readiness, ReadinessParams, readiness, readiness_rules,
};
use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::{Context, Table};

fn scores() -> Table {
    Dataset::find("readiness_scores").unwrap().table().unwrap()
}

fn run(params: &ReadinessParams) -> Readiness {
    readiness(&scores(), &Framework::bundled("digital_readiness").unwrap(), params).unwrap()
}

#[test]
fn contributions_add_up_to_the_index_under_every_mean() {
    for rule in [
        Aggregator::Arithmetic,
        Aggregator::Geometric,
        Aggregator::Harmonic,
        Aggregator::Power(0.5),
    ] {
        let params = ReadinessParams { aggregate: Some(rule.clone()), ..Default::default() };
        let result = run(&params);
        let (gains, losses) = (result.contributions().unwrap(), result.losses().unwrap());
        for (row, unit) in result.units.iter().enumerate() {
            let index = result.index_values()[row].unwrap();
            let sum = |table: &Table| -> f64 {
                (0..table.ncol()).map(|c| table.cell(row, c).as_f64().unwrap()).sum()
            };
            assert!((sum(&gains) - index).abs() < 1e-14, "{rule:?} {unit}");
            assert!((sum(&losses) - (1.0 - index)).abs() < 1e-14, "{rule:?} {unit}");
            let items = result.item_losses(unit).unwrap();
            let lost = items.column("lost").unwrap().sum().unwrap();
            assert!((lost - (1.0 - index)).abs() < 1e-13, "{rule:?} {unit}");
        }
    }
}

#[test]
fn a_rule_that_is_no_mean_has_no_contributions() {
    let params = ReadinessParams { aggregate: Some(Aggregator::Min), ..Default::default() };
    let error = run(&params).contributions().unwrap_err();
    assert!(error.to_string().contains("min at index is no mean"), "{error}");
    // The explanation still stands, without the points.
    assert!(run(&params).explain("kazakhmys").is_ok());
}

#[test]
fn a_unit_is_explained_in_words() {
    let explanation = run(&ReadinessParams::default()).explain("kazakhmys").unwrap();
    let text = explanation.sentences.join(" ");
    assert!(text.contains("kazakhmys: index 0.6685, level medium, rank 1 of 2."), "{text}");
    assert!(text.contains("0.1315 short of high (above 0.8)"), "{text}");
    assert!(text.contains("ORGSTRPROC.03 is 8 on scale 1-5, counted as 5."), "{text}");
    assert_eq!(explanation.table.nrow(), 9);
    let error = run(&ReadinessParams::default()).explain("kazakmys").unwrap_err();
    assert!(error.hint().unwrap().contains("kazakhmys"));
}

#[test]
fn rank_shifts_count_climbs() {
    let declared = run(&ReadinessParams::default());
    let kept = ReadinessParams {
        aggregate_nodes: vec![("index".into(), Aggregator::Min)],
        ..Default::default()
    };
    let weakest = run(&kept);
    let table = declared.compare(&weakest).unwrap();
    let shift = |unit| table.at(unit, "rank_shift").unwrap().as_f64().unwrap();
    let expected =
        |row: usize| (declared.ranks()[row].unwrap() - weakest.ranks()[row].unwrap()) as f64;
    assert_eq!(shift("boehmer_armatura"), expected(0));
    assert_eq!(shift("kazakhmys"), expected(1));
}

#[test]
fn the_printed_level_rests_on_the_printed_rule() {
    let framework = Framework::bundled("digital_readiness").unwrap();
    let rules =
        readiness_rules(&scores(), &framework, &ReadinessParams::default(), &Context::default())
            .unwrap();
    // Two normalisations x (geometric and harmonic x 4 zero rules + arithmetic) x two units.
    assert_eq!(rules.table.nrow(), 2 * 9 * 2);
    assert_eq!(rules.sentences.len(), 2);
    for sentence in &rules.sentences {
        assert!(sentence.contains("\"high\" rests on the published normalisation"), "{sentence}");
    }
    let published =
        run(&ReadinessParams { normalise: Normaliser::AsPublished, ..Default::default() });
    assert!(rules.sentences[1].contains(&format!("{:.4}", published.index_values()[1].unwrap())));
}
