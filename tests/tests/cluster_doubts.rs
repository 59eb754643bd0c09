//! Screening, stability and clumping against R's psych, fpc and hopkins.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use std::sync::Arc;

use cluster_common::{DATA, all_near, counts, golden, matrix, near, numbers};
use esep_stdlib::Context;
use esep_stdlib::cluster::{
    Clustering, HclustParams, HopkinsParams, Linkage, StabilityParams, diagnose, hclust, hopkins,
};

fn cut(data: &str, linkage: Linkage, k: usize) -> Clustering {
    let params = HclustParams { linkage, ..HclustParams::default() };
    hclust(matrix(data), &params, &Context::default()).unwrap().cut(k).unwrap()
}

#[test]
fn screening_agrees_with_psych() {
    for data in DATA {
        let reference = golden(data, "pca");
        let got = diagnose(&matrix(data), &Context::default()).unwrap();
        near(data, got.kmo.unwrap(), reference["KMO"]["overall"].as_f64().unwrap(), 1e-8);
        let msa: Vec<f64> = got.msa.iter().map(|m| m.unwrap()).collect();
        all_near(data, &msa, &numbers(&reference["KMO"]["msa"]), 1e-8);
        let (statistic, degrees, p) = got.bartlett.unwrap();
        near(data, statistic, reference["bartlett"]["chisq"].as_f64().unwrap(), 1e-8);
        assert_eq!(degrees, reference["bartlett"]["df"].as_f64().unwrap());
        let want = reference["bartlett"]["p.value"].as_f64().unwrap();
        assert!((p - want).abs() <= 1e-6 * want, "{p} {want}");
        let vif: Vec<f64> = got.vif.iter().map(|v| v.unwrap()).collect();
        all_near(data, &vif, &numbers(&reference["vif"]), 1e-7);
    }
}

#[test]
fn the_regions_trip_every_warning() {
    let got = diagnose(&matrix("kz"), &Context::default()).unwrap();
    for part in ["17 columns for 20 rows", "KMO 0.234", "largest 2148", "Atyrau would be"] {
        assert!(got.warnings.iter().any(|w| w.contains(part)), "{part}: {:?}", got.warnings);
    }
    let want = numbers(&golden("kz", "density_outlier")["mahalanobis_sq"]);
    all_near("mahalanobis", &got.mahalanobis_sq.unwrap(), &want, 1e-7);
}

#[test]
fn stability_is_within_four_standard_errors_of_fpc() {
    for (linkage, name) in [
        (Linkage::WardD2, "ward.D2"),
        (Linkage::Average, "average"),
        (Linkage::Complete, "complete"),
    ] {
        for k in [2, 3] {
            let reference = &golden("kz", "clusterboot")["results"][format!("{name}_k{k}")];
            let cut = cut("kz", linkage, k);
            assert_eq!(cut.labels, counts(&reference["partition"]));
            let got = cut.stability(&StabilityParams::default(), &Context::default()).unwrap();
            let (mean, se) = (numbers(&reference["bootmean"]), numbers(&reference["mc_se"]));
            for c in 0..k {
                let error = (se[c].powi(2) + got.se[c].powi(2)).sqrt();
                let gap = (got.jaccard[c] - mean[c]).abs();
                assert!(gap <= 4.0 * error, "{name} k = {k}: {} {}", got.jaccard[c], mean[c]);
            }
        }
    }
}

#[test]
fn stability_repeats_on_any_number_of_threads() {
    let three = cut("kz", Linkage::Complete, 3);
    let params = StabilityParams { draws: 50, seed: 7 };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| three.stability(&params, &Context::default())).unwrap().jaccard
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn leaving_one_out_of_the_regions() {
    let three = cut("kz", Linkage::WardD2, 3);
    let columns = three.without_each_column(&Context::default()).unwrap();
    assert_eq!(columns.len(), 17);
    assert!(columns.iter().all(|(_, rand)| *rand <= 1.0));
    let units = three.without_each_unit(&Context::default()).unwrap();
    // Without Atyrau another cluster has to split; without an ordinary region nothing changes.
    let of = |name: &str| units.iter().find(|(unit, _)| unit == name).unwrap().1;
    assert!(of("Atyrau") < 1.0);
    assert_eq!(of("Abai"), 1.0);
}

#[test]
fn clumping_is_within_four_standard_errors_of_r() {
    for data in DATA {
        let reference = golden(data, "hopkins");
        let points = reference["m"].as_u64().unwrap() as usize;
        let params = HopkinsParams { points: Some(points), ..HopkinsParams::default() };
        let got = hopkins(&Arc::clone(&matrix(data)), &params, &Context::default()).unwrap();
        let mean = reference["hopkins_pkg_mean200"].as_f64().unwrap();
        let sd = reference["hopkins_pkg_sd"].as_f64().unwrap();
        let error = ((sd * sd + got.sd * got.sd) / 200.0).sqrt();
        assert!((got.mean - mean).abs() <= 4.0 * error, "{data}: {} {mean}", got.mean);
    }
}
