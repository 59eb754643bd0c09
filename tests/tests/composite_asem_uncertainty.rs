//! The ASEM example against `COINr` 1.1.14: imputation, correlations, weights, removal of nodes,
//! and a thousand replications of the uncertainty analysis, where the reference folder exists.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.
#![allow(clippy::print_stdout)] // It says how much it compared.

mod composite_common;

use std::path::Path;

use composite_common::{framework, golden, only_items, reference, table, texts};

use esep_stdlib::Context;
use esep_stdlib::readiness::{
    Aggregator, Callbacks, Correlation, Fill, FillParams, Normaliser, Readiness, ReadinessParams,
    RescaleParams, TreatParams, normalise, optimised_weights, readiness, readiness_with,
};
use esep_stdlib::table::csv::{ReadOptions, read_path};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Minmax to 0..100 and arithmetic means, the whole pipeline from the screened data.
fn base() -> ReadinessParams {
    ReadinessParams {
        treat: Some(TreatParams::default()),
        normalise: Normaliser::Minmax,
        rescale: RescaleParams { range: (0.0, 100.0), ..RescaleParams::default() },
        ..ReadinessParams::default()
    }
}

fn run(folder: &Path, params: &ReadinessParams) -> Readiness {
    let framework = framework(&golden(folder, "pipeline"));
    let screened = only_items(&table(folder, "dset_Screened"), &framework);
    readiness(&screened, &framework, params).unwrap()
}

/// Ranks of `result` in order of `units`.
fn ranks(result: &Readiness, units: &[&str]) -> Vec<i64> {
    let ranks = result.ranks();
    let place = |unit: &&str| result.units.iter().position(|u| u == unit).unwrap();
    units.iter().map(|unit| ranks[place(unit)].unwrap()).collect()
}

#[test]
fn imputation_agrees_in_every_cell() {
    let Some(folder) = reference() else { return };
    let cells = &golden(&folder, "treat_impute")["imputed_cells"];
    let framework = framework(&golden(&folder, "pipeline"));
    // The reference lines rows of two files up by position: names and groups are those of
    // `iData`, values those of the sorted set. Its cells are then found row by row.
    let named = table(&folder, "iData");
    let group = named.column("EurAsia_group").unwrap();
    let raw =
        only_items(&table(&folder, "dset_Raw"), &framework).with_column("EurAsia_group", &group);
    let raw = raw.unwrap();
    let mut compared = 0;
    for (method, by, name) in [
        (Fill::Mean, None, "i_mean"),
        (Fill::Median, None, "i_median"),
        (Fill::GroupMean, Some("EurAsia_group"), "i_mean_grp"),
        (Fill::GroupMedian, Some("EurAsia_group"), "i_median_grp"),
    ] {
        // A closure sees the values that normalisation is given: those filled.
        let mut filled: Vec<(String, Vec<Option<f64>>)> = Vec::new();
        let params = ReadinessParams {
            impute: Some(FillParams { method, by: by.map(str::to_owned) }),
            normalise: Normaliser::Custom(0),
            ..ReadinessParams::default()
        };
        let mut callbacks = Callbacks::default();
        callbacks.normalise.push(Box::new(|name: &str, values: &[Option<f64>]| {
            filled.push((name.to_owned(), values.to_vec()));
            Ok(values.to_vec())
        }));
        readiness_with(&raw, &framework, &params, &mut callbacks, &Context::default()).unwrap();
        drop(callbacks);
        for (at, unit) in texts(&cells["uCode"]).iter().enumerate() {
            let item = cells["iCode"][at].as_str().unwrap();
            let Some((_, column)) = filled.iter().find(|(name, _)| name == item) else { continue };
            let got = column[named.row_of("t", unit).unwrap()];
            let want = cells[name][at].as_f64();
            let close = match (got, want) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
                (a, b) => a == b,
            };
            assert!(close, "{name} {item} {unit}: {got:?} {want:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * 63);
}

#[test]
fn correlations_agree_between_levels() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "multivariate");
    let result = run(&folder, &base());
    let mut compared = 0;
    for (name, kind) in [
        ("corr_L3_L4", Correlation::Pearson),
        ("corr_L2_L3", Correlation::Pearson),
        ("spearman_L2_L4", Correlation::Spearman),
    ] {
        let pairs = &data[name];
        for (at, a) in texts(&pairs["Var1"]).iter().enumerate() {
            let b = pairs["Var2"][at].as_str().unwrap();
            // The package leaves out correlations that are not significant.
            let Some(want) = pairs["Correlation"][at].as_f64() else { continue };
            let table = result.correlate(&[(*a).to_owned()], &[b.to_owned()], kind).unwrap();
            let got = table.cell(0, 0).as_f64().unwrap();
            assert!((got - want).abs() < 1e-9, "{name} {a} {b}: {got} {want}");
            compared += 1;
        }
    }
    assert!(compared >= 22, "{compared}");
    let alpha = result.reliability().unwrap();
    for (node, want) in data["cronbach_pillars_level2"].as_object().unwrap() {
        let got = alpha.at(node, "alpha").unwrap().as_f64().unwrap();
        assert!((got - want.as_f64().unwrap()).abs() < 1e-9, "{node}: {got} {want}");
    }
}

#[test]
fn overall_and_balanced_weights_agree() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "weights");
    let weights = framework(&golden(&folder, "pipeline")).weights().unwrap();
    let there = &data["eff_weights"];
    for (code, want) in texts(&there["iCode"]).iter().zip(numbers(&there["EffWeight"])) {
        let got = weights.at(code, "overall").unwrap().as_f64().unwrap();
        assert!((got - want).abs() < 1e-12, "{code}: {got} {want}");
    }
    // The package weighs the values themselves, this the z-scores: divided by the deviations
    // they are the same. Its search by Nelder and Mead stops within 1e-3.
    let two = run(&folder, &base()).nodes().unwrap().select(&["Conn", "Sust"]).unwrap();
    let ours = optimised_weights(&two, None).unwrap().weights;
    let raw: Vec<f64> = ["Conn", "Sust"]
        .iter()
        .zip(ours)
        .map(|(name, w)| w / two.column(name).unwrap().sd().unwrap().unwrap())
        .collect();
    let sum: f64 = raw.iter().sum();
    for (got, want) in raw.iter().zip(numbers(&data["opt_balance_level3"]["weight"])) {
        assert!((got / sum - want).abs() < 1e-3, "{} {want}", got / sum);
    }
}

#[test]
fn removing_nodes_and_points_shifts_the_same_ranks() {
    let Some(folder) = reference() else { return };
    let audit = golden(&folder, "audit");
    let nominal = run(&folder, &base());
    let without = |codes: &[&str]| {
        let weights = codes.iter().map(|code| ((*code).to_owned(), 0.0)).collect();
        run(&folder, &ReadinessParams { weights, ..base() })
    };
    let shift = |other: &Readiness| -> f64 {
        let (a, b) = (nominal.ranks(), other.ranks());
        let sum: i64 = a.iter().zip(&b).map(|(a, b)| (a.unwrap() - b.unwrap()).abs()).sum();
        sum as f64 / a.len() as f64
    };
    for level in ["remove_level2", "remove_level3"] {
        for (code, want) in audit[level].as_object().unwrap() {
            let got = if code == "Nominal" { 0.0 } else { shift(&without(&[code])) };
            assert!((got - want.as_f64().unwrap()).abs() < 1e-9, "{code}: {got} {want}");
        }
    }
    let gentle = ReadinessParams {
        treat: Some(TreatParams { max_winsorised: 1, ..TreatParams::default() }),
        ..base()
    };
    for (name, other) in [
        ("compare_winmax5_vs_winmax1", run(&folder, &gentle)),
        ("drop_LPI_Forest", without(&["LPI", "Forest"])),
    ] {
        let units = texts(&audit[name]["uCode"]);
        let want = |side: &str| -> Vec<i64> {
            audit[name][side].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
        };
        assert_eq!(ranks(&nominal, &units), want("coin.1"), "{name}");
        assert_eq!(ranks(&other, &units), want("coin.2"), "{name}");
    }
    let summary = &audit["unit_summary_ESP"];
    for (at, code) in texts(&summary["Code"]).iter().enumerate() {
        let got = nominal.node(code).unwrap().get("ESP").unwrap().as_f64().unwrap();
        assert!((got - summary["Score"][at].as_f64().unwrap()).abs() <= 0.005 + 1e-9, "{code}");
    }
}

#[test]
fn replications_of_the_uncertainty_analysis_agree() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "ua_N1000");
    let units = texts(&data["uCode"]);
    let codes = texts(&data["weight_codes"]);
    let drawn =
        read_path(&folder.join("data/asem_noisy_weights_100x60.csv"), &ReadOptions::default())
            .unwrap();
    let framework = framework(&golden(&folder, "pipeline"));
    let screened = only_items(&table(&folder, "dset_Screened"), &framework);
    let nominal: Vec<i64> =
        data["nominal"]["rank"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
    let design = |name: &str, run: usize| data["design"][name][run].as_u64().unwrap() as usize;
    let shifts = numbers(&data["y_mean_abs_rank_change"]);
    let mut scores = 0;
    // Every fifth replication, and the first sixty, whose scores are there.
    for at in (0..shifts.len()).filter(|at| *at < 60 || at % 5 == 0) {
        let set = design("wset", at) - 1;
        let mut weighed = framework.clone();
        weighed.root.walk_mut(&mut |node| {
            if let Some(place) = codes.iter().position(|code| *code == node.code) {
                node.weight = drawn.cell(set, place).as_f64().unwrap();
            }
        });
        let zscores = design("norm", at) == 2;
        let geometric = design("agg", at) == 2;
        let params = ReadinessParams {
            treat: Some(TreatParams {
                max_winsorised: design("winmax", at),
                ..TreatParams::default()
            }),
            normalise: if zscores { Normaliser::Zscore } else { Normaliser::Minmax },
            rescale: RescaleParams {
                range: (1.0, 100.0),
                moments: (10.0, 2.0),
                ..RescaleParams::default()
            },
            aggregate: Some(if geometric { Aggregator::Geometric } else { Aggregator::Arithmetic }),
            ..ReadinessParams::default()
        };
        let result = readiness(&screened, &weighed, &params).unwrap();
        let place = |unit: &&str| result.units.iter().position(|u| u == unit).unwrap();
        if at < 60 {
            let index = result.index_values();
            let want = numbers(&data["scores_first60_runs"][at]);
            for (unit, want) in units.iter().zip(want) {
                let got = index[place(unit)].unwrap();
                assert!((got - want).abs() <= 1e-9 * want.abs(), "{at} {unit}: {got} {want}");
                scores += 1;
            }
        }
        let got: i64 =
            ranks(&result, &units).iter().zip(&nominal).map(|(a, b)| (a - b).abs()).sum();
        let got = got as f64 / units.len() as f64;
        assert!((got - shifts[at]).abs() < 1e-9, "run {at}: {got} {}", shifts[at]);
    }
    println!("{scores} scores compared");
    assert_eq!(scores, 60 * 51);
}

#[test]
fn the_distance_to_a_reference_agrees_below_it() {
    let Some(folder) = reference() else { return };
    let data = golden(&folder, "normalise");
    let framework = framework(&golden(&folder, "pipeline"));
    let treated = only_items(&table(&folder, "dset_Treated"), &framework);
    let negative = data["directions"].as_object().unwrap().iter();
    let negative = negative.filter(|(_, sign)| sign.as_f64() == Some(-1.0));
    let params = RescaleParams {
        reference: Some(data["dist2ref_unit"].as_str().unwrap().to_owned()),
        negative: negative.map(|(name, _)| name.clone()).collect(),
        ..RescaleParams::default()
    };
    let got = normalise(&treated, Normaliser::DistanceToReference, &params, None).unwrap();
    let there = &data["normalised"]["n_dist2ref_AUT"];
    let mut compared = 0;
    for (column, cells) in there.as_object().unwrap() {
        if column == "uCode" {
            continue;
        }
        for (unit, want) in texts(&there["uCode"]).iter().zip(cells.as_array().unwrap()) {
            let cell = got.at(unit, column).unwrap().as_f64();
            // A unit beyond the reference is capped at 1 here, as a target that is met.
            if let (Some(cell), Some(want)) = (cell, want.as_f64()) {
                assert!((cell - want.min(1.0)).abs() < 1e-12, "{column} {unit}: {cell} {want}");
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}
