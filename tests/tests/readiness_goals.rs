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
        let table = nominal.stability(None).unwrap().table;
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
fn weights_inside_a_block_and_minimum_rules_count_as_well() {
    let description = |minimum: f64| {
        serde_json::json!({
            "code": "deep",
            "aggregate": "geometric",
            "levels": [{ "name": "low", "upto": 0.45 }, { "name": "mid", "upto": 0.6 }, { "name": "high" }],
            "minimums": [{ "node": "A", "at_least": minimum, "cap": "low" }],
            "node": [
                { "code": "index" },
                { "code": "A", "parent": "index", "weight": 2 },
                { "code": "B", "parent": "index" },
                { "code": "a1", "parent": "A", "scale": "percent", "weight": 3 },
                { "code": "a2", "parent": "A", "scale": "percent" },
                { "code": "a3", "parent": "A", "scale": "percent" },
                { "code": "b1", "parent": "B", "scale": "percent" },
            ],
        })
    };
    let csv = "u,a1,a2,a3,b1\nX,70,40,30,55\nY,45,80,60,50\nZ,30,90,35,80\n";
    let table = read_str(csv, "t", &ReadOptions::default()).unwrap();
    let mut ends = 0;
    for minimum in [0.0, 0.5, 0.56] {
        let framework = Framework::from_value(&description(minimum)).unwrap();
        let score = |weights: Vec<(String, f64)>| {
            let params = ReadinessParams { weights, ..ReadinessParams::default() };
            readiness(&table, &framework, &params).unwrap()
        };
        let nominal = score(Vec::new());
        for (node, children) in [("A", &["a1", "a2", "a3"][..]), ("index", &["A", "B"][..])] {
            let answer = nominal.stability(Some(node)).unwrap().table;
            for child in children {
                let get = |column: &str| answer.at(child, column).unwrap().as_f64().unwrap();
                let same = |weight: f64, rank: bool| {
                    let there = score(vec![((*child).to_owned(), weight)]);
                    if rank {
                        there.ranks() == nominal.ranks()
                    } else {
                        there.level_names() == nominal.level_names()
                    }
                };
                for (from, to, rank) in
                    [("rank_from", "rank_to", true), ("level_from", "level_to", false)]
                {
                    for (end, inward) in [(get(from), 1e-9), (get(to), -1e-9)] {
                        if end > 0.0 && end < 1.0 {
                            assert!(same(end + inward, rank), "{minimum} {child} {from}");
                            assert!(!same(end - inward, rank), "{minimum} {child} {from}");
                            ends += 1;
                        }
                    }
                    // Nothing changes anywhere inside.
                    for step in 1..20 {
                        let inside = get(from) + (get(to) - get(from)) * f64::from(step) / 20.0;
                        assert!(same(inside, rank), "{minimum} {child} {from} {inside}");
                    }
                }
            }
        }
    }
    assert!(ends > 10, "{ends}");
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
            index: Some(target),
            cost: vec![("c".into(), 7.0), ("b".into(), 2.0)],
            alternatives: 2,
            ..ReachParams::default()
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
    let mut params = ReachParams { index: Some(0.81), ..ReachParams::default() };
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

/// Firms on a small tree of every rule that can be sought through.
fn mixed(minimum: Option<f64>) -> Framework {
    let minimums = minimum.map(
        |at_least| serde_json::json!([{ "node": "steps", "at_least": at_least, "cap": "low" }]),
    );
    Framework::from_value(&serde_json::json!({
        "code": "mixed",
        "aggregate": "geometric",
        "levels": [{ "name": "low", "upto": 0.45 }, { "name": "high" }],
        "minimums": minimums.unwrap_or_else(|| serde_json::json!([])),
        "node": [
            { "code": "index" },
            { "code": "mean", "parent": "index", "weight": 2, "aggregate": "arithmetic" },
            { "code": "a", "parent": "mean", "scale": "1-5", "weight": 3 },
            { "code": "b", "parent": "mean", "scale": { "goalposts": [100, 0] } },
            { "code": "least", "parent": "index", "aggregate": "min" },
            { "code": "c", "parent": "least", "scale": { "ladder": ["no", "pilot", "some", "all"] } },
            { "code": "d", "parent": "least", "scale": "0-3" },
            { "code": "steps", "parent": "index", "aggregate": { "rule": "gated", "pass": 0.5 } },
            { "code": "e", "parent": "steps", "scale": "bool", "stage": 1 },
            { "code": "f", "parent": "steps", "scale": "0-2", "stage": 2 },
        ],
    }))
    .unwrap()
}

#[test]
fn a_plan_through_different_rules_is_the_one_that_trying_everything_finds() {
    let score = |framework: &Framework, x: [f64; 6]| {
        let [a, b, c, d, e, f] = x;
        let csv = format!("u,a,b,c,d,e,f\nX,{a},{b},{c},{d},{e},{f}\n");
        let table = read_str(&csv, "t", &ReadOptions::default()).unwrap();
        readiness(&table, framework, &ReadinessParams::default()).unwrap()
    };
    let start = [2.0, 60.0, 1.0, 0.0, 0.0, 0.0];
    for minimum in [None, Some(0.5), Some(1.0)] {
        let framework = mixed(minimum);
        let now = score(&framework, start);
        let mut everything = Vec::new();
        for a in 2..=5 {
            for b in 0..=3 {
                for c in 1..=4 {
                    for d in 0..=3 {
                        for e in 0..=1 {
                            for f in 0..=2 {
                                let x = [a, 60 - 20 * b, c, d, e, f].map(f64::from);
                                let spent = 1.5 * f64::from(a - 2)
                                    + 0.4 * f64::from(b)
                                    + f64::from(c - 1 + d)
                                    + 3.0 * f64::from(e)
                                    + f64::from(f);
                                everything.push((spent, score(&framework, x)));
                            }
                        }
                    }
                }
            }
        }
        let cheapest = |enough: &dyn Fn(&Readiness) -> bool| {
            let found = everything.iter().filter(|(_, r)| enough(r)).map(|(spent, _)| *spent);
            found.fold(f64::INFINITY, f64::min)
        };
        let base = ReachParams {
            cost: vec![("a".into(), 1.5), ("b".into(), 0.4), ("e".into(), 3.0)],
            steps: vec![("b".into(), 20.0)],
            alternatives: 2,
            ..ReachParams::default()
        };
        for target in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let params = ReachParams { index: Some(target), ..base.clone() };
            let plan = now.reach("X", &params, &Context::default()).unwrap();
            let least = cheapest(&|r| r.index_values()[0].unwrap() >= target - 1e-12);
            assert!((plan.plans[0].cost - least).abs() < 1e-9, "{target}: {least}");
            assert!(plan.plans[0].index >= target - 1e-9);
        }
        let params = ReachParams { level: Some("high".into()), ..base.clone() };
        let plan = now.reach("X", &params, &Context::default()).unwrap();
        let least = cheapest(&|r| r.level_names()[0].as_deref() == Some("high"));
        assert!((plan.plans[0].cost - least).abs() < 1e-9, "{minimum:?}: {least}");
        let next = now.reach("X", &base, &Context::default()).unwrap();
        assert_eq!(next.plans[0].cost, plan.plans[0].cost, "the next level is the default");
    }
}
