//! Trees, cuts and silhouettes against R's `hclust`, `cutree`, `cluster` and `protoclust`.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{DATA, all_near, counts, golden, matrix, near, numbers, table};
use esep_stdlib::cluster::{HclustParams, Linkage, Tree, hclust};
use esep_stdlib::{Choice, Context};

fn tree(data: &str, linkage: Linkage) -> Tree {
    let params = HclustParams { linkage, ..HclustParams::default() };
    hclust(matrix(data), &params, &Context::default()).unwrap()
}

/// Linkage and the reference's name for it.
const METHODS: [(Linkage, &str); 10] = [
    (Linkage::Single, "single"),
    (Linkage::Complete, "complete"),
    (Linkage::Average, "average"),
    (Linkage::Weighted, "mcquitty"),
    (Linkage::WardD, "ward.D"),
    (Linkage::WardD2, "ward.D2"),
    (Linkage::Centroid, "centroid_on_D2_sqrt"),
    (Linkage::Median, "median_on_D2_sqrt"),
    (Linkage::Flexible(-0.25), "flexible_beta-0.25"),
    (Linkage::Minimax, "minimax"),
];

#[test]
fn heights_agree_with_r() {
    for data in DATA {
        let reference = golden(data, "hclust");
        for (linkage, name) in METHODS {
            // Under ties agnes and protoclust break them their own way and end in other heights.
            if data == "iris" && matches!(linkage, Linkage::Flexible(_) | Linkage::Minimax) {
                continue;
            }
            let tree = tree(data, linkage);
            let want = numbers(&reference["methods"][name]["height"]);
            all_near(&format!("{data} {name} height"), &tree.heights, &want, 1e-10);
        }
    }
}

#[test]
fn merges_order_and_cuts_agree_with_r() {
    for data in DATA {
        let reference = golden(data, "hclust");
        for (linkage, name) in METHODS {
            // Not R's hclust: agnes and protoclust break ties and order leaves their own way.
            let own = matches!(linkage, Linkage::Flexible(_) | Linkage::Minimax);
            if own && data == "iris" {
                continue;
            }
            let what = format!("{data} {name}");
            let method = &reference["methods"][name];
            let tree = tree(data, linkage);
            if !own {
                let merge: Vec<Vec<i64>> = serde_json::from_value(method["merge"].clone()).unwrap();
                let got: Vec<Vec<i64>> =
                    tree.merge_matrix().iter().map(|pair| pair.to_vec()).collect();
                assert_eq!(got, merge, "{what} merge");
                let order: Vec<usize> = tree.order.iter().map(|u| u + 1).collect();
                assert_eq!(order, counts(&method["order"]), "{what} order");
            }
            for k in 2..=8 {
                let want = counts(&method["cut"][format!("k{k}")]);
                assert_eq!(tree.cut(k).unwrap().labels, want, "{what} k = {k}");
            }
        }
    }
}

#[test]
fn silhouettes_and_sums_of_squares_agree_with_r() {
    let context = Context::default();
    for data in DATA {
        let reference = golden(data, "hclust");
        for (linkage, name) in METHODS {
            if data == "iris" && matches!(linkage, Linkage::Flexible(_) | Linkage::Minimax) {
                continue;
            }
            let method = &reference["methods"][name];
            let tree = tree(data, linkage);
            for (k, mean) in (2..=8).zip(numbers(&method["sil_avg"])) {
                let what = format!("{data} {name} k = {k}");
                let cut = tree.cut(k).unwrap();
                let silhouette = cut.silhouette(&context).unwrap();
                near(&what, silhouette.mean, mean, 1e-10);
                let widths: Vec<f64> = silhouette.widths.iter().map(|w| w.unwrap()).collect();
                let want = numbers(&method["sil_widths"][format!("k{k}")]);
                if want.len() == widths.len() {
                    all_near(&what, &widths, &want, 1e-10);
                }
            }
            for (k, want) in (1..=10).zip(numbers(&method["wss"])) {
                let got = tree.cut(k).unwrap().tot_withinss().unwrap();
                near(&format!("{data} {name} wss {k}"), got, want, 1e-10);
            }
            let got = tree.cophenetic_correlation(&context).unwrap().unwrap();
            near(
                &format!("{data} {name} cophenetic"),
                got,
                method["cophenetic_cor"].as_f64().unwrap(),
                1e-10,
            );
        }
    }
}

#[test]
fn the_printed_partition_of_the_regions() {
    let z = table("kz");
    let printed = esep_tests::root().join("tests/golden/cluster/kz_regions_std.csv");
    let printed = esep_stdlib::table::csv::read_path(
        &printed,
        &esep_stdlib::table::csv::ReadOptions::default(),
    )
    .unwrap();
    for name in z.columns() {
        let got = z.floats("test", &name).unwrap();
        let want = printed.floats("test", &name).unwrap();
        all_near(&name, got.values(), want.values(), 1e-12);
    }
    let cut = tree("kz", Linkage::WardD2).cut(3).unwrap();
    assert_eq!(cut.sizes, [17, 1, 2]);
    let units = cut.units();
    let of = |cluster| -> Vec<&str> {
        (0..20).filter(|u| cut.labels[*u] == cluster).map(|u| units[u].as_str()).collect()
    };
    assert_eq!(of(2), ["Atyrau"]);
    assert_eq!(of(3), ["Astana", "Almaty"]);
    let mean = cut.silhouette(&Context::default()).unwrap().mean;
    assert!((mean - 0.4558).abs() < 5e-5, "{mean}");
}

#[test]
fn which_linkages_find_the_printed_partition() {
    let printed = tree("kz", Linkage::WardD2).cut(3).unwrap().labels;
    let finds = |linkage: Linkage| tree("kz", linkage).cut(3).unwrap().labels == printed;
    for linkage in [Linkage::Complete, Linkage::Average, Linkage::Weighted, Linkage::WardD2] {
        assert!(finds(linkage), "{}", linkage.name());
    }
    assert!(!finds(Linkage::Single));
    // Centroid and median find it as they are defined, on squared distances, and do not on the plain
    // distances that R's `hclust` is usually given.
    for (linkage, name) in [(Linkage::Centroid, "centroid"), (Linkage::Median, "median")] {
        assert!(finds(linkage), "{name}");
        let params = HclustParams { linkage, square: false, ..HclustParams::default() };
        let plain = hclust(matrix("kz"), &params, &Context::default()).unwrap();
        assert_ne!(plain.cut(3).unwrap().labels, printed, "{name}");
        let reference = golden("kz", "hclust");
        let want = numbers(&reference["methods"][name]["height"]);
        all_near(name, &plain.heights, &want, 1e-10);
        assert_eq!(plain.cut(3).unwrap().labels, counts(&reference["methods"][name]["cut"]["k3"]));
    }
}

#[test]
fn impossible_requests_name_their_cause() {
    let tree = tree("kz", Linkage::WardD2);
    let error = tree.cut(25).unwrap_err();
    assert_eq!(error.to_string(), "cut: k must lie in 1..=20 (rows), got 25");
    assert!(error.hint().is_some());
    assert!(tree.cut(0).is_err());
    assert!(tree.cut(1).unwrap().silhouette(&Context::default()).is_err());
    let lonely = tree.cut(20).unwrap().silhouette(&Context::default()).unwrap();
    assert_eq!(lonely.mean, 0.0);
}

#[test]
fn iris_ties_are_reported() {
    let tree = tree("iris", Linkage::Average);
    assert!(tree.ties > 0);
    assert!(tree.warnings.iter().any(|w| w.contains("equally close")), "{:?}", tree.warnings);
}

#[test]
fn inversions_are_reported_and_not_cut_by_height() {
    let tree = tree("kz", Linkage::Centroid);
    assert!(tree.inversions > 0);
    let error = tree.cut_height(3.0).unwrap_err();
    assert!(error.to_string().contains("inversions"), "{error}");
    assert!(tree.cut(3).is_ok());
}
