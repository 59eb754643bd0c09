//! k-means, PAM, comparison of partitions and profiles against R and scikit-learn.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use std::sync::Arc;

use cluster_common::{DATA, all_near, counts, golden, matrix, near, numbers};
use esep_stdlib::cluster::{
    Basis, ClaraParams, DbscanParams, Embedding, FcmParams, GowerParams, KmeansParams, Metric,
    SpectralParams, agreement, clara, dbscan, distances, fcm, gower, hclust_distances, kmeans, pam,
    spectral,
};
use esep_stdlib::table::Vector;
use esep_stdlib::table::csv::{ReadOptions, read_path};
use esep_stdlib::{Context, Table};

#[test]
fn distances_agree_with_r_and_scipy() {
    let context = Context::default();
    let names = [
        (Metric::Euclidean, "euclidean"),
        (Metric::Manhattan, "manhattan"),
        (Metric::Chebyshev, "maximum"),
        (Metric::Minkowski(3.0), "minkowski_p3"),
        (Metric::Correlation, "correlation_pearson"),
        (Metric::Mahalanobis, "mahalanobis_pairwise"),
    ];
    let mut compared = 0;
    for data in DATA {
        let reference = golden(data, "dist");
        for (metric, name) in names {
            let reference = &reference[name];
            if reference.is_null() {
                continue;
            }
            compared += 1;
            let got = distances(&matrix(data), metric, "test", &context).unwrap();
            // The covariance of the regions has condition 1e5, squared in the inverse.
            let tolerance = if metric == Metric::Mahalanobis { 1e-7 } else { 1e-10 };
            near(name, got.values.iter().sum(), reference["sum"].as_f64().unwrap(), tolerance);
            if let Some(values) = reference["values"].as_array() {
                let want: Vec<f64> = values.iter().map(|v| v.as_f64().unwrap()).collect();
                all_near(&format!("{data} {name}"), &got.values, &want, tolerance);
            }
        }
    }
    assert!(compared >= 15, "{compared}");
}

#[test]
fn canberra_agrees_with_r_where_no_sign_is_mixed() {
    let raw = esep_stdlib::table::datasets::Dataset::find("regions_2023").unwrap().table().unwrap();
    let raw = raw.numeric().unwrap().matrix("test", None).unwrap();
    let got = distances(&raw, Metric::Canberra, "test", &Context::default()).unwrap();
    let want = numbers(&golden("kz", "dist")["canberra_R_raw"]["values"]);
    // R scales a sum up when both values of a column are 0 (columns 0/0 are left out); without such
    // columns the two agree.
    let agree = got.values.iter().zip(&want).filter(|(g, w)| (*g - *w).abs() < 1e-10).count();
    assert!(agree * 10 > want.len() * 9, "{agree} of {}", want.len());
    assert!(got.values.iter().zip(&want).all(|(g, w)| *g <= w + 1e-10));
}

#[test]
fn gower_agrees_with_daisy() {
    let Some(place) = esep_tests::reference_dir() else {
        println!("skipped: no reference directory");
        return;
    };
    let text = std::fs::read_to_string(place.join("cluster_gower.json")).unwrap();
    let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
    let read = |name: &str| -> Table {
        let table = read_path(&place.join("data").join(name), &ReadOptions::default()).unwrap();
        // Three truth columns, one nominal, the rest numbers or ordered levels as numbers.
        let mut table = table.select(&["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"]).unwrap();
        for name in ["V1", "V2", "V3", "V4"] {
            let column = table.floats("test", name).unwrap();
            let array: Arc<dyn arrow_array::Array> = if name == "V4" {
                Arc::new(
                    column
                        .iter()
                        .map(|v| v.map(|x| x.to_string()))
                        .collect::<arrow_array::StringArray>(),
                )
            } else {
                Arc::new(
                    column
                        .iter()
                        .map(|v| v.map(|x| x != 0.0))
                        .collect::<arrow_array::BooleanArray>(),
                )
            };
            table = table.with_column(name, &Vector::new(array)).unwrap();
        }
        table
    };
    let context = Context::default();
    let check = |file: &str, name: &str, params: &GowerParams| {
        let got = gower(&read(file), params, &context).unwrap();
        all_near(name, &got.values, &numbers(&reference[name]), 1e-12);
        got
    };
    let plain = check("flower.csv", "gower_symmetric", &GowerParams::default());
    check("flower_na.csv", "gower_with_NA", &GowerParams::default());
    let one = GowerParams { asymmetric: vec!["V3".into()], ..GowerParams::default() };
    check("flower.csv", "gower_asymm3", &one);
    let weights = [1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 3.0, 3.0];
    let weights = weights.iter().enumerate().map(|(i, w)| (format!("V{}", i + 1), *w)).collect();
    let weighted = GowerParams { weights, ..GowerParams::default() };
    check("flower.csv", "gower_weights_1_1_1_2_2_1_3_3", &weighted);
    let plain = Arc::new(plain);
    for k in 2..=5 {
        let reference = &reference["pam"][format!("k{k}")];
        let got = pam(Basis::Distances(Arc::clone(&plain)), k, &context).unwrap();
        let bar = reference["objective"]["swap"].as_f64().unwrap();
        assert!(got.detail.objective.unwrap() <= bar + 1e-12, "k = {k}");
    }
    let average = esep_stdlib::cluster::HclustParams {
        linkage: esep_stdlib::cluster::Linkage::Average,
        ..Default::default()
    };
    let tree = hclust_distances(plain, &average, &context).unwrap();
    all_near("heights", &tree.heights, &numbers(&reference["hclust_average"]["height"]), 1e-12);
}

#[test]
fn k_means_finds_the_best_sums_of_squares() {
    let context = Context::default();
    for data in DATA {
        let reference = golden(data, "kmeans");
        let best = numbers(&reference["tot_withinss"]);
        for k in 1..=8 {
            let params = KmeansParams { starts: 100, ..KmeansParams::default() };
            let got = kmeans(matrix(data), k, &params, &context).unwrap();
            let what = format!("{data} k = {k}");
            let objective = got.detail.objective.unwrap();
            assert!(
                objective <= best[k - 1] * (1.0 + 1e-10),
                "{what}: {objective} {}",
                best[k - 1]
            );
            near(&what, got.tot_withinss().unwrap(), objective, 1e-12);
            let labels = counts(&reference["k"][format!("k{k}")]["cluster"]);
            if (objective - best[k - 1]).abs() < 1e-9 * objective && labels.len() == got.len() {
                assert_eq!(got.labels, labels, "{what}");
                let sizes = counts(&reference["k"][format!("k{k}")]["size"]);
                assert_eq!(got.sizes, sizes, "{what}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_digits_on_any_number_of_threads() {
    let data = matrix("iris");
    let run = |threads: usize| {
        let pool = rayon_pool(threads);
        pool.install(|| kmeans(Arc::clone(&data), 5, &KmeansParams::default(), &Context::default()))
            .unwrap()
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one.labels, two.labels);
    assert_eq!(one.detail.objective, two.detail.objective);
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn medoids_are_no_worse_than_pam() {
    let context = Context::default();
    for data in DATA {
        let reference = golden(data, "pam_fuzzy");
        for k in 2..=8 {
            let reference = &reference["pam"][format!("k{k}")];
            let got = pam(Basis::data(matrix(data), Metric::Euclidean), k, &context).unwrap();
            let bar = reference["objective"]["swap"].as_f64().unwrap();
            let objective = got.detail.objective.unwrap();
            assert!(objective <= bar + 1e-12, "{data} k = {k}: {objective} {bar}");
            if (objective - bar).abs() < 1e-12 {
                assert_eq!(got.labels, counts(&reference["cluster"]), "{data} k = {k}");
            }
        }
    }
    let three = pam(Basis::data(matrix("kz"), Metric::Euclidean), 3, &context).unwrap();
    // Either of the two cities is as central in their cluster; R takes the last, Esep the first.
    assert_eq!(three.detail.medoids, Some(vec![1, 4, 17]));
}

#[test]
fn samples_lose_little() {
    let context = Context::default();
    let basis = || Basis::data(matrix("iris"), Metric::Euclidean);
    let full = pam(basis(), 3, &context).unwrap().detail.objective.unwrap();
    let sampled = clara(basis(), 3, &ClaraParams::default(), &context).unwrap();
    let got = sampled.detail.objective.unwrap();
    assert!(got >= full - 1e-12 && got < 1.02 * full, "{got} {full}");
}

#[test]
fn agreement_of_partitions() {
    for data in DATA {
        let reference = golden(data, "compare");
        let pairs = reference["pairs"].as_object().unwrap();
        assert!(!pairs.is_empty());
        for (pair, want) in pairs {
            let (left, right) = pair.split_once("__").unwrap();
            let labels = |name: &str| counts(&reference["partitions"][name]);
            let got = agreement("test", &labels(left), &labels(right)).unwrap();
            let check = |name: &str, got: f64| {
                // clusterCrit, which gave these two, counts in single precision.
                let single = ["jaccard", "fowlkes_mallows"].contains(&name);
                let tolerance = if single { 1e-6 } else { 1e-10 };
                near(
                    &format!("{data} {pair} {name}"),
                    got,
                    want[name].as_f64().unwrap(),
                    tolerance,
                );
            };
            check("ari", got.adjusted_rand);
            check("rand", got.rand);
            check("mi", got.mutual_information);
            check("nmi_arith", got.nmi);
            check("vi", got.vi);
            check("jaccard", got.jaccard);
            check("fowlkes_mallows", got.fowlkes_mallows);
        }
    }
}

#[test]
fn profiles_agree_with_factominer() {
    let reference = golden("kz", "profiles");
    let raw = esep_stdlib::table::datasets::Dataset::find("regions_2023").unwrap().table().unwrap();
    let raw = raw.numeric().unwrap().matrix("test", None).unwrap();
    let three = kmeans(matrix("kz"), 3, &KmeansParams::default(), &Context::default()).unwrap();
    let profile = three.profile(Some(&raw)).unwrap();
    for c in 0..3 {
        let means: Vec<f64> = profile.means.row(c).iter().copied().collect();
        all_near("means", &means, &numbers(&reference["means_raw"][c]), 1e-12);
        let std: Vec<f64> = profile.standardised[c].iter().map(|v| v.unwrap()).collect();
        all_near("std", &std, &numbers(&reference["means_std"][c]), 1e-12);
        let v: Vec<f64> = profile.v_test[c].iter().map(|v| v.unwrap()).collect();
        all_near("v", &v, &numbers(&reference["vtest"][c]), 1e-10);
    }
    for (j, row) in reference["anova"].as_array().unwrap().iter().enumerate() {
        let want = numbers(row);
        let got = [profile.f[j], profile.p_value[j], profile.eta_sq[j]].map(Option::unwrap);
        all_near("anova", &got, &want, 1e-9);
    }
}

#[test]
fn fuzzy_memberships_agree_with_e1071() {
    let context = Context::default();
    let mut compared = 0;
    for data in DATA {
        let reference = &golden(data, "pam_fuzzy")["fuzzy"];
        for m in ["2", "1.5", "1.25"] {
            for k in 2..=4 {
                let want = &reference[format!("cmeans_m{m}_k{k}")];
                let Some(objective) = want["objective"].as_f64() else { continue };
                let params =
                    FcmParams { m: m.parse().unwrap(), starts: 30, ..FcmParams::default() };
                let got = fcm(matrix(data), k, &params, &context).unwrap();
                let what = format!("{data} m = {m} k = {k}");
                let found = got.detail.objective.unwrap();
                assert!(found <= objective * (1.0 + 1e-7), "{what}: {found} {objective}");
                if (found - objective).abs() > 1e-7 * objective {
                    continue;
                }
                compared += 1;
                let shares = got.detail.membership.unwrap();
                let coefficient = shares.iter().map(|u| u * u).sum::<f64>() / shares.nrows() as f64;
                near(&what, coefficient, want["partition_coef"].as_f64().unwrap(), 1e-4);
            }
        }
    }
    assert!(compared >= 15, "{compared}");
}

#[test]
fn dense_regions_agree_with_dbscan() {
    for data in DATA {
        let reference = &golden(data, "density_outlier")["dbscan"];
        let params = DbscanParams {
            eps: reference["eps"].as_f64().unwrap(),
            min_points: reference["minPts"].as_u64().unwrap() as usize,
        };
        let basis = Basis::data(matrix(data), Metric::Euclidean);
        let got = dbscan(basis, &params, &Context::default()).unwrap();
        assert_eq!(got.labels, counts(&reference["cluster"]), "{data}");
    }
}

#[test]
fn random_walk_embeddings_agree_with_scikit_learn() {
    for data in DATA {
        let reference = &golden(data, "sklearn_extra")["spectral"];
        let params =
            SpectralParams { embedding: Embedding::RandomWalk, ..SpectralParams::default() };
        for k in 2..=4 {
            let basis = Basis::data(matrix(data), Metric::Euclidean);
            let got = spectral(basis, k, &params, &Context::default()).unwrap();
            let theirs = counts(&reference["labels"][format!("k{k}")]);
            let rand = agreement("test", &got.labels, &theirs).unwrap().adjusted_rand;
            assert!(rand > 1.0 - 1e-12, "{data} k = {k}: {rand}");
        }
    }
}

#[test]
fn bad_requests_name_their_cause() {
    let context = Context::default();
    let error = kmeans(matrix("kz"), 25, &KmeansParams::default(), &context).unwrap_err();
    assert_eq!(error.to_string(), "kmeans: k must lie in 1..=20 (rows), got 25");
    let twice = Table::new([("x", Vector::from_floats([1.0, 1.0, 2.0]))]).unwrap();
    let twice = Arc::new(twice.matrix("test", None).unwrap());
    let error = kmeans(twice, 3, &KmeansParams::default(), &context).unwrap_err();
    assert!(error.to_string().contains("only 2 are different"), "{error}");
}
