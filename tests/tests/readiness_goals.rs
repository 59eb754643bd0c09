//! Stability intervals and goal seek against brute force.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.

use esep_stdlib::Context;
use esep_stdlib::readiness::{
    Aggregator, Framework, Item, Node, ReachParams, Readiness, ReadinessParams, Scale, readiness,
};
use esep_stdlib::table::csv::{ReadOptions, read_str};
use esep_stdlib::table::datasets::Dataset;

fn questionnaire(params: &ReadinessParams) -> Readiness {
    let scores = Dataset::find("readiness_scores").unwrap().table().unwrap();
    readiness(&scores, &Framework::bundled("digital_readiness").unwrap(), params).unwrap()
}

#[test]
fn ranks_and_levels_change_at_the_ends_of_the_intervals_and_not_inside() {
    for rule in [Aggregator::Geometric, Aggregator::Arithmetic, Aggregator::Harmonic] {
        let base = ReadinessParams { aggregate: Some(rule.clone()), ..Default::default() };
        let nominal = questionnaire(&base);
        let table = nominal.stability().unwrap().table;
        let at_weight = |block: &str, weight: f64| {
            let weights = vec![(block.to_owned(), weight)];
            questionnaire(&ReadinessParams { weights, ..base.clone() })
        };
        let mut ends = 0;
        for block in nominal.framework.blocks() {
            let get = |column: &str| table.at(&block.code, column).unwrap().as_f64().unwrap();
            for (from, to, is_rank) in
                [("rank_from", "rank_to", true), ("level_from", "level_to", false)]
            {
                let same = |weight: f64| {
                    let there = at_weight(&block.code, weight);
                    if is_rank {
                        there.ranks() == nominal.ranks()
                    } else {
                        there.level_names() == nominal.level_names()
                    }
                };
                let (low, high) = (get(from), get(to));
                assert!(low <= get("weight") && get("weight") <= high);
                if low > 0.0 {
                    assert!(
                        same(low + 1e-9) && !same(low - 1e-9),
                        "{rule:?} {} {from}",
                        block.code
                    );
                    ends += 1;
                }
                if high < 1.0 {
                    assert!(
                        same(high - 1e-9) && !same(high + 1e-9),
                        "{rule:?} {} {to}",
                        block.code
                    );
                    ends += 1;
                }
            }
        }
        assert!(ends > 0, "{rule:?}");
    }
}

#[test]
fn the_cheapest_plan_is_the_one_that_trying_everything_finds() {
    let leaf = |code: &str, scale: &str, weight| {
        Node::item(code, Item::on(Scale::parse(scale).unwrap())).weighing(weight)
    };
    let framework = Framework::new(
        "three",
        Node::group(
            "index",
            vec![leaf("a", "1-5", 3.0), leaf("b", "0-10", 2.0), leaf("c", "bool", 1.0)],
        ),
    );
    let score = |a: f64, b: f64, c: f64| {
        let csv = format!("u,a,b,c\nX,{a},{b},{c}\n");
        let table = read_str(&csv, "t", &ReadOptions::default()).unwrap();
        readiness(&table, &framework, &ReadinessParams::default()).unwrap()
    };
    let now = score(2.0, 3.0, 0.0);
    for target in [0.2, 0.35, 0.5, 0.62, 0.8, 1.0] {
        let params = ReachParams {
            index: target,
            cost: vec![("c".into(), 7.0), ("b".into(), 2.0)],
            limits: Vec::new(),
            alternatives: 2,
        };
        let reach = now.reach("X", &params, &Context::default()).unwrap();
        let mut least = f64::INFINITY;
        for a in 2..=5 {
            for b in 3..=10 {
                for c in 0..=1 {
                    let (a, b, c) = (f64::from(a), f64::from(b), f64::from(c));
                    let cost = (a - 2.0) + 2.0 * (b - 3.0) + 7.0 * c;
                    let index = score(a, b, c).index_values()[0].unwrap();
                    if index >= target - 1e-12 && cost < least {
                        least = cost;
                    }
                }
            }
        }
        assert_eq!(reach.plans[0].cost, least, "{target}");
        assert!(reach.plans[0].index >= target - 1e-9);
        assert!(reach.plans.windows(2).all(|pair| pair[0].cost <= pair[1].cost));
    }
}

#[test]
fn limits_bind_and_an_impossible_target_is_told() {
    let result = questionnaire(&ReadinessParams::default());
    let reach = |params: &ReachParams| result.reach("kazakhmys", params, &Context::default());
    let mut params =
        ReachParams { index: 0.81, cost: Vec::new(), limits: Vec::new(), alternatives: 3 };
    let free = reach(&params).unwrap();
    assert!(free.plans[0].index >= 0.81 && !free.plans.is_empty());
    // Forbid the best item of the free plan: the same target costs no less.
    let item = free.plans[0].changes.row_names()[0].clone();
    let now = free.plans[0].changes.at(&item, "from").unwrap().as_f64().unwrap();
    params.limits = vec![(item.clone(), now)];
    let bound = reach(&params).unwrap();
    assert!(bound.plans[0].cost >= free.plans[0].cost);
    assert!(!bound.plans[0].changes.row_names().contains(&item));
    params.limits = result.framework.items().iter().map(|node| (node.code.clone(), 0.0)).collect();
    let error = reach(&params).unwrap_err().to_string();
    assert!(error.contains("cannot reach 0.81"), "{error}");
}
