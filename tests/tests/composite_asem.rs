//! The ASEM example against `COINr` 1.1.14, step by step, where the reference folder exists.
//!
//! Tolerances are those that the references state: normalise 1e-12, aggregate 1e-10, pipeline 1e-9.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.
#![allow(clippy::print_stdout)] // It says how much it compared.

mod composite_common;

use composite_common::{framework, golden, only_items, reference, table, texts};
use esep_stdlib::readiness::{
    AggregateParams, Aggregator, Callbacks, Normaliser, Readiness, ReadinessParams, RescaleParams,
    TreatParams, WeightMethod, aggregate, cronbach_alpha, normalise, outranking, readiness,
    skew_kurtosis, treat, weights_of,
};
use esep_stdlib::stats::rank::Ties;
use esep_stdlib::{Context, Table, Vector};
use serde_json::{Value, json};

/// Asserts every number of `expected` (columns with `uCode`) and returns how many there were.
fn same(expected: &Value, got: &Table, tolerance: f64, what: &str) -> usize {
    let units = texts(&expected["uCode"]);
    let mut compared = 0;
    for (column, numbers) in expected.as_object().unwrap() {
        if column == "uCode" {
            continue;
        }
        for (unit, number) in units.iter().zip(numbers.as_array().unwrap()) {
            if number == "tied" {
                continue;
            }
            let cell = got.at(unit, column).unwrap().as_f64();
            let Some(number) = number.as_f64() else {
                assert_eq!(cell, None, "{what} {column} {unit}");
                continue;
            };
            let cell = cell.unwrap();
            let scale = number.abs().max(1.0);
            assert!(
                (cell - number).abs() <= tolerance * scale,
                "{what} {column} {unit}: {cell} {number}"
            );
            compared += 1;
        }
    }
    compared
}

/// Whether another value of the column is the same to fifteen digits.
fn is_tied(values: &Vector, row: usize) -> bool {
    let Some(own) = values.cell(row).as_f64() else { return false };
    let others = (0..values.len()).filter(|other| *other != row);
    others.filter_map(|other| values.cell(other).as_f64()).any(|other| near(own, other))
}

/// Not further apart than fifteen digits can hold.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-13 * a.abs().max(b.abs())
}

#[test]
fn every_normalisation_agrees() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "normalise");
    let pipeline = golden(&folder, "pipeline");
    let framework = framework(&pipeline);
    let treated = only_items(&table(&folder, "dset_Treated"), &framework);
    let directions = data["directions"].as_object().unwrap();
    let negative: Vec<String> = directions
        .iter()
        .filter(|(_, sign)| sign.as_f64() == Some(-1.0))
        .map(|(name, _)| name.clone())
        .collect();
    let meta = &pipeline["framework"];
    let targets: Vec<(String, f64)> = texts(&meta["iCode"])
        .iter()
        .enumerate()
        .filter_map(|(at, code)| Some(((*code).to_owned(), meta["Target"][at].as_f64()?)))
        .filter(|(code, _)| directions.contains_key(code))
        .collect();
    let goalposts = data["goalposts"].as_object().unwrap().iter().map(|(name, posts)| {
        (name.clone(), (posts["lo"].as_f64().unwrap(), posts["hi"].as_f64().unwrap()))
    });
    let base = RescaleParams { negative: negative.clone(), ..RescaleParams::default() };
    let range = |low, high| RescaleParams { range: (low, high), ..base.clone() };
    let moments = |mean, sd| RescaleParams { moments: (mean, sd), ..base.clone() };
    let runs = [
        ("n_minmax_0_100", Normaliser::Minmax, range(0.0, 100.0)),
        ("n_minmax_1_100", Normaliser::Minmax, range(1.0, 100.0)),
        ("n_zscore_0_1", Normaliser::Zscore, base.clone()),
        ("n_zscore_10_2", Normaliser::Zscore, moments(10.0, 2.0)),
        ("n_dist2max", Normaliser::DistanceToLeader, base.clone()),
        ("n_rank", Normaliser::Rank, base.clone()),
        ("n_rank_avg", Normaliser::Rank, RescaleParams { ties: Ties::Average, ..base.clone() }),
        ("n_borda", Normaliser::Borda, base.clone()),
        ("n_prank", Normaliser::PercentileRank, base.clone()),
        (
            "n_dist2targ_iMeta",
            Normaliser::DistanceToTarget,
            RescaleParams { targets, ..base.clone() },
        ),
        (
            "n_goalposts_p5_p95_100",
            Normaliser::Goalposts,
            RescaleParams { goalposts: goalposts.collect(), ..range(0.0, 100.0) },
        ),
    ];
    let mut compared = 0;
    for (name, rule, params) in runs {
        let got = normalise(&treated, rule, &params, None).unwrap();
        let ranked =
            matches!(rule, Normaliser::Rank | Normaliser::Borda | Normaliser::PercentileRank);
        let mut expected = data["normalised"][name].clone();
        if ranked {
            // The CSV has 15 digits: values that are equal there may not have been, and their
            // ranks cannot be told from it. Ties themselves are closed forms elsewhere.
            let units = texts(&data["normalised"][name]["uCode"]);
            for (column, cells) in expected.as_object_mut().unwrap() {
                if column != "uCode" {
                    let values = treated.column(column).unwrap();
                    for (cell, unit) in cells.as_array_mut().unwrap().iter_mut().zip(&units) {
                        if is_tied(&values, treated.row_of("t", unit).unwrap()) {
                            *cell = json!("tied");
                        }
                    }
                }
            }
        }
        compared += same(&expected, &got, 1e-12, name);
    }
    // Where less is better COINr divides worst by best; the other columns are the same.
    let got = normalise(&treated, Normaliser::FractionOfMax, &base, None).unwrap();
    let mut fractions = data["normalised"]["n_fracmax"].clone();
    for name in &negative {
        fractions.as_object_mut().unwrap().remove(name);
    }
    compared += same(&fractions, &got, 1e-12, "n_fracmax");
    println!("{compared} normalised values compared");
    assert!(compared > 25_000);
}

#[test]
fn treatment_agrees_point_by_point() {
    let Some(folder) = reference() else { return };
    let pipeline = golden(&folder, "pipeline");
    let framework = framework(&pipeline);
    let raw = &pipeline["skew_kurt_raw"];
    let data = only_items(&table(&folder, "iData"), &framework);
    for (at, code) in texts(&raw["iCode"]).iter().enumerate() {
        let sample = data.column(code).unwrap().present().unwrap();
        let (skew, kurt) = skew_kurtosis(&sample).unwrap();
        assert!((skew - raw["skew"][at].as_f64().unwrap()).abs() < 1e-10, "{code}");
        assert!((kurt - raw["kurt"][at].as_f64().unwrap()).abs() < 1e-9, "{code}");
    }
    let screened = only_items(&table(&folder, "dset_Screened"), &framework);
    let treated = treat(&screened, &TreatParams::default()).unwrap();
    let expected = only_items(&table(&folder, "dset_Treated"), &framework);
    for column in expected.columns() {
        let (got, want) =
            (treated.table.column(&column).unwrap(), expected.column(&column).unwrap());
        for row in 0..expected.nrow() {
            let (got, want) = (got.cell(row).as_f64(), want.cell(row).as_f64());
            let close = match (got, want) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
                (a, b) => a == b,
            };
            assert!(close, "{column} row {row}: {got:?} {want:?}");
        }
    }
    let log = &pipeline["treat"];
    for (at, code) in texts(&log["iCode"]).iter().enumerate() {
        let points = log["winsorise.nwin"][at].as_f64().unwrap_or(0.0);
        assert_eq!(treated.log.at(code, "points").unwrap().as_f64(), Some(points), "{code}");
    }
}

fn run(folder: &std::path::Path, params: &ReadinessParams) -> Readiness {
    let framework = framework(&golden(folder, "pipeline"));
    let treated = only_items(&table(folder, "dset_Treated"), &framework);
    readiness(&treated, &framework, params).unwrap()
}

fn minmax(range: (f64, f64)) -> ReadinessParams {
    ReadinessParams {
        normalise: Normaliser::Minmax,
        rescale: RescaleParams { range, ..RescaleParams::default() },
        ..ReadinessParams::default()
    }
}

#[test]
fn the_pipeline_agrees_at_every_node() {
    let Some(folder) = reference() else { return };
    let result = run(&folder, &minmax((0.0, 100.0)));
    let expected = &golden(&folder, "pipeline")["aggregated"];
    assert_eq!(same(expected, &result.nodes().unwrap(), 1e-9, "pipeline"), 11 * 51);
}

#[test]
fn every_aggregation_agrees_at_every_node() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "aggregate");
    let nodes = |rules: [Aggregator; 3]| -> Vec<(String, Aggregator)> {
        let [first, second, third] = rules;
        let mut nodes = vec![("Index".to_owned(), third)];
        nodes.extend(["Conn", "Sust"].map(|code| (code.to_owned(), second.clone())));
        let pillars =
            ["Physical", "ConEcFin", "Political", "Instit", "P2P", "Environ", "Social", "SusEcFin"];
        nodes.extend(pillars.map(|code| (code.to_owned(), first.clone())));
        nodes
    };
    let all = |rule: Aggregator| nodes([rule.clone(), rule.clone(), rule]);
    let runs = [
        ("a_amean", all(Aggregator::Arithmetic)),
        ("a_gmean", all(Aggregator::Geometric)),
        ("a_hmean", all(Aggregator::Harmonic)),
        (
            "mixed_amean_gmean_hmean",
            nodes([Aggregator::Arithmetic, Aggregator::Geometric, Aggregator::Harmonic]),
        ),
        (
            "copeland_toplevel",
            nodes([Aggregator::Arithmetic, Aggregator::Arithmetic, Aggregator::Copeland]),
        ),
    ];
    for (name, aggregate_nodes) in runs {
        let params = ReadinessParams { aggregate_nodes, ..minmax((1.0, 100.0)) };
        let result = run(&folder, &params);
        // COINr's Copeland counts the top level's two duels; the package scores pairs of units.
        let compared = same(&data["aggregated"][name], &result.nodes().unwrap(), 1e-10, name);
        assert_eq!(compared, 11 * 51, "{name}");
    }
}

#[test]
fn power_means_agree_on_complete_rows() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "aggregate");
    for (name, p) in [("a_genmean_p2", 2.0), ("a_genmean_p0.5", 0.5)] {
        let params =
            ReadinessParams { aggregate: Some(Aggregator::Power(p)), ..minmax((1.0, 100.0)) };
        let result = run(&folder, &params);
        // The package's power mean is at fault wherever a value is missing.
        let worths = result.worths().unwrap();
        let nodes = result.nodes().unwrap();
        let expected = &data["aggregated"][name];
        let mut compared = 0;
        for (row, unit) in texts(&expected["uCode"]).iter().enumerate() {
            let at = result.units.iter().position(|u| u == unit).unwrap();
            let complete =
                (0..worths.ncol()).all(|column| worths.cell(at, column).as_f64().is_some());
            if complete {
                let want = expected["Index"][row].as_f64().unwrap();
                let got = nodes.at(unit, "Index").unwrap().as_f64().unwrap();
                assert!((got - want).abs() < 1e-10 * want, "{name} {unit}: {got} {want}");
                compared += 1;
            }
        }
        assert!(compared > 20, "{compared}");
    }
}

#[test]
fn first_components_agree_up_to_sign() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "weights");
    let framework = framework(&golden(&folder, "pipeline"));
    let levels = &data["pca_level1_by_group"];
    // The reference drops rows with gaps; so does this.
    let treated = only_items(&table(&folder, "dset_Normalised"), &framework);
    let mut compared = 0;
    for (group, answer) in levels.as_object().unwrap() {
        let codes: Vec<String> = texts(&answer["iCodes"]).into_iter().map(str::to_owned).collect();
        let part = treated.select(&codes).unwrap();
        let complete: Vec<u32> = (0..part.nrow())
            .filter(|row| (0..part.ncol()).all(|c| part.cell(*row, c).as_f64().is_some()))
            .map(|row| row as u32)
            .collect();
        let loadings =
            weights_of(&part.take(&complete).unwrap(), WeightMethod::Pca).unwrap().detail;
        let want: Vec<f64> = answer["pc1_loadings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        let product: f64 = loadings.iter().zip(&want).map(|(a, b)| a * b).sum();
        if (product.abs() - 1.0).abs() < 1e-9 {
            compared += 1;
        } else {
            println!("{group}: cosine {product}");
        }
    }
    assert_eq!(compared, levels.as_object().unwrap().len());
}

#[test]
fn alpha_agrees_by_pillar() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "multivariate");
    let framework = framework(&golden(&folder, "pipeline"));
    for (source, file) in
        [("raw", "dset_Raw"), ("treated", "dset_Treated"), ("normalised", "dset_Normalised")]
    {
        let part = only_items(&table(&folder, file), &framework);
        let mut off = 0.0_f64;
        for (pillar, want) in data["cronbach_by_pillar"].as_object().unwrap() {
            let columns: Vec<Vec<f64>> = framework
                .find("t", pillar)
                .unwrap()
                .children()
                .iter()
                .map(|child| {
                    let column = part.column(&child.code).unwrap().floats().unwrap();
                    column.iter().map(|x| x.unwrap_or(f64::NAN)).collect()
                })
                .collect();
            let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let alpha = cronbach_alpha(&slices).0.unwrap();
            off = off.max((alpha - want.as_f64().unwrap()).abs());
        }
        println!("{source}: largest difference {off:e}");
        if source == "normalised" {
            assert!(off < 1e-10, "{off}");
        }
    }
}

#[test]
fn the_flat_copeland_agrees() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "aggregate");
    // Over z-scores filled with their means, as the reference made it.
    let framework = framework(&golden(&folder, "pipeline"));
    let filled = run(&folder, &minmax((1.0, 100.0))).worths().unwrap();
    let mut columns = Vec::new();
    let mut mended = filled.clone();
    for code in framework.items().iter().map(|item| item.code.clone()) {
        let column = filled.column(&code).unwrap();
        let mean = column.mean().unwrap().unwrap();
        let values: Vec<f64> = column.floats().unwrap().iter().map(|x| x.unwrap_or(mean)).collect();
        mended = mended.with_column(&code, &Vector::from_floats(values.iter().copied())).unwrap();
        columns.push(values);
    }
    let weights = vec![1.0 / columns.len() as f64; columns.len()];
    let matrix = outranking(&columns, &weights);
    let want = &data["outrank_matrix_meanimputed"];
    for (i, row) in matrix.iter().enumerate() {
        for (j, share) in row.iter().enumerate() {
            let want = want[i][j].as_f64().unwrap();
            // A pair that fifteen digits cannot tell apart may count half.
            let unclear = columns.iter().filter(|c| near(c[i], c[j])).count();
            let slack = 0.5 * unclear as f64 / columns.len() as f64;
            assert!((share - want).abs() < 1e-12 + slack, "{i} {j}: {share} {want}");
        }
    }
    let params = AggregateParams::by(Aggregator::Copeland);
    let scores =
        aggregate(&mended, &params, &mut Callbacks::default(), &Context::default()).unwrap();
    // The reference reads 0.5 +- rounding as won or lost; here it is a draw. A unit's score may
    // differ by its draws and by the pairs that fifteen digits cannot tell apart, no more.
    let scores_there = data["copeland_flat_equal_meanimputed"].as_array().unwrap();
    for (at, there) in scores_there.iter().enumerate() {
        let unclear = want[at].as_array().unwrap().iter().enumerate().filter(|(other, share)| {
            let half = 0.5 / columns.len() as f64;
            *other != at && (share.as_f64().unwrap() - 0.5).abs() <= half + 1e-12
        });
        let gap = (scores.cell(at).as_f64().unwrap() - there.as_f64().unwrap()).abs();
        assert!(gap <= unclear.count() as f64, "{at}: {gap}");
    }
}
