//! The order of a tree's leaves against R's `seriation`, its support against R's `pvclust`.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster_common;

use cluster_common::{DATA, golden, matrix, near};
use esep_stdlib::cluster::{HclustParams, Linkage, SupportParams, Tree, hclust};
use esep_stdlib::{Choice, Context};

fn tree(data: &str, linkage: &str) -> Tree {
    let linkage = Linkage::parse("test", "linkage", linkage).unwrap();
    let params = HclustParams { linkage, ..HclustParams::default() };
    hclust(matrix(data), &params, &Context::default()).unwrap()
}

#[test]
fn leaves_stand_in_the_order_of_least_length() {
    let context = Context::default();
    for data in DATA {
        for entry in golden(data, "misc")["OLO"].as_array().unwrap() {
            let tree = tree(data, entry["method"].as_str().unwrap());
            let best = tree.optimal_order(&context).unwrap();
            let want = entry["path_length"].as_f64().unwrap();
            let got = best.order_length(&context).unwrap();
            near(&format!("{data} {}", entry["method"]), got, want, 1e-10);
            assert!(tree.order_length(&context).unwrap() >= got);
        }
    }
}

#[test]
fn support_agrees_with_pvclust_within_sampling() {
    let reference = golden("kz", "pvclust");
    let context = Context::default();
    let mut compared = 0;
    for (linkage, result) in reference["results"].as_object().unwrap() {
        let found = tree("kz", linkage).support(&SupportParams::default(), &context).unwrap();
        let edges = result["edges"].as_array().unwrap();
        for (merge, (branch, edge)) in found.branches.iter().zip(edges).enumerate() {
            for (name, got, se) in
                [("au", branch.au, branch.au_se), ("bp", branch.bp, branch.bp_se)]
            {
                let want = edge[name].as_f64().unwrap();
                let theirs = edge[format!("se.{name}")].as_f64().unwrap();
                // Where a branch always comes, neither has a standard error.
                let tolerance = 4.0 * se.hypot(theirs) + 1e-3;
                assert!(
                    (got - want).abs() <= tolerance,
                    "{linkage} merge {merge} {name}: {got} ({se}), reference {want} ({theirs})"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 90, "three trees of 18 branches: {compared}");
}

#[test]
fn support_needs_columns() {
    let tree = tree("kz", "average");
    let cophenetic = std::sync::Arc::new(tree.cophenetic(&Context::default()).unwrap());
    let alone = esep_stdlib::cluster::hclust_distances(
        cophenetic,
        &HclustParams::default(),
        &Context::default(),
    )
    .unwrap();
    assert!(alone.support(&SupportParams::default(), &Context::default()).is_err());
    assert!(alone.optimal_order(&Context::default()).is_ok(), "an order needs distances only");
}
