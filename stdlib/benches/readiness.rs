//! What scoring and its Monte Carlo cost: `cargo bench -p esep-stdlib --bench readiness`.
//!
//! The same work in `NumPy` runs beside it where `ESEP_PYTHON` (else `python3`) has it, on one
//! thread and on random numbers of the same shape.

// A benchmark may stop where a program may not.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::Command;
use std::time::Instant;

use esep_stdlib::readiness::{
    Aggregator, Callbacks, Framework, Item, Node, Normaliser, ReadinessParams, RescaleParams,
    Scale, SensitivityParams, WeightDraw, WeightLevel, readiness, sensitivity,
};
use esep_stdlib::{Context, Table, Vector};
use rand::RngExt;

const ITEMS: usize = 115;

/// Nine blocks of the questionnaire's sizes, every item a percentage.
fn framework() -> Framework {
    let sizes = [10, 22, 17, 15, 12, 11, 11, 7, 10];
    let mut next = 0;
    let blocks = sizes.iter().enumerate().map(|(block, size)| {
        let items = (0..*size).map(|_| {
            next += 1;
            Node::item(&format!("i{next}"), Item::on(Scale::Percent))
        });
        Node::group(&format!("B{block}"), items.collect())
    });
    Framework::new("bench", Node::group("index", blocks.collect()))
}

/// Scores from 5 to 100.
fn scores(units: usize) -> Table {
    let mut rng = esep_stdlib::context::rng(7, 0);
    Table::new((1..=ITEMS).map(|item| {
        let column: Vec<f64> = (0..units).map(|_| 5.0 + 95.0 * rng.random::<f64>()).collect();
        (format!("i{item}"), Vector::from_floats(column))
    }))
    .unwrap()
}

/// Least of `times` runs, in seconds.
fn best(times: usize, mut work: impl FnMut()) -> f64 {
    let run = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..times).map(|_| run(&mut work)).fold(f64::INFINITY, f64::min)
}

/// Times that a Python program prints, one a line; empty without `NumPy`.
fn numpy(program: &str) -> Vec<f64> {
    let python = std::env::var("ESEP_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python)
        .args(["-c", program])
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map(|v| (v, "1")))
        .output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

fn shown(seconds: Option<&f64>) -> String {
    seconds.map_or_else(|| "no NumPy".to_owned(), |s| format!("{s:.3} s"))
}

fn draws_of_weights() {
    const UNITS: usize = 1000;
    const DRAWS: usize = 10_000;
    let (table, framework) = (scores(UNITS), framework());
    let result = readiness(&table, &framework, &ReadinessParams::default()).unwrap();
    let mut rng = esep_stdlib::context::rng(1, 0);
    let weights: Vec<Vec<f64>> = (0..DRAWS)
        .map(|_| {
            let raw: Vec<f64> = (0..ITEMS).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect();
            let sum: f64 = raw.iter().sum();
            raw.into_iter().map(|w| w / sum).collect()
        })
        .collect();
    let context = Context::default();
    let scored = best(3, || {
        let index = result.index_under(&weights, &context).unwrap();
        assert_eq!(index.len(), UNITS * DRAWS);
    });
    let single = rayon_one(|| {
        best(3, || {
            result.index_under(&weights, &context).unwrap();
        })
    });
    let params = SensitivityParams {
        draws: DRAWS,
        level: WeightLevel::All,
        weights: WeightDraw::Dirichlet,
        concentration: 500.0,
        ..SensitivityParams::default()
    };
    let base = ReadinessParams::default();
    let whole = best(3, || {
        let mut none = Callbacks::default();
        sensitivity(&table, &framework, &base, &params, &mut none, &context).unwrap();
    });
    let there = numpy(
        "
import time, numpy as np
rng = np.random.default_rng(1)
F = np.log(rng.uniform(0.05, 1, (1000, 115)))
W = rng.dirichlet(np.ones(115), 10000).T.copy()
def best(f, n=3):
    t = []
    for _ in range(n):
        s = time.perf_counter(); f(); t.append(time.perf_counter() - s)
    print(min(t))
best(lambda: np.exp(F @ W))
S = np.exp(F @ W)
def ranks():
    np.exp(F @ W)
    order = np.argsort(-S, axis=0)
    r = np.empty_like(order)
    np.put_along_axis(r, order, np.arange(1, 1001)[:, None] + 0 * order, axis=0)
    np.percentile(S, [5, 50, 95], axis=1)
    np.percentile(r, [5, 50, 95], axis=1)
best(ranks, 2)
",
    );
    println!("{DRAWS} weight draws x {UNITS} units x {ITEMS} items, geometric");
    println!(
        "  scores: {scored:.3} s on all cores, {single:.3} s on one; NumPy product and exp on one: {}",
        shown(there.first())
    );
    println!(
        "  weights, scores, ranks, quantiles, acceptability: {whole:.3} s; NumPy scores, argsort \
         ranks, percentiles: {}",
        shown(there.get(1))
    );
}

/// Runs `work` on a pool of one thread.
fn rayon_one<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(work)
}

fn a_million_enterprises() {
    const UNITS: usize = 1_000_000;
    let (table, framework) = (scores(UNITS), framework());
    let columns: Vec<Vec<f64>> =
        (1..=ITEMS).map(|i| table.column(&format!("i{i}")).unwrap().present().unwrap()).collect();
    let copied = best(2, || {
        let copy = columns.clone();
        assert_eq!(copy.len(), ITEMS);
    });
    drop(columns);
    for rule in [Aggregator::Arithmetic, Aggregator::Geometric] {
        let params =
            ReadinessParams { aggregate: Some(rule.clone()), ..ReadinessParams::default() };
        let seconds = best(2, || {
            readiness(&table, &framework, &params).unwrap();
        });
        let gigabytes = (UNITS * ITEMS * 8) as f64 / 1e9;
        println!(
            "{UNITS} enterprises x {ITEMS} items scored once, {}: {seconds:.2} s, {:.2} GB/s of \
             scores; a copy of the scores: {copied:.2} s",
            rule.name(),
            gigabytes / seconds
        );
    }
}

/// 51 units, 49 indicators in eight pillars and two sub-indices, as the ASEM example has.
fn the_asem_pipeline() {
    let sizes = [8, 5, 3, 6, 8, 5, 9, 5];
    let mut next = 0;
    let mut pillars: Vec<Node> = sizes
        .iter()
        .enumerate()
        .map(|(pillar, size)| {
            let items = (0..*size).map(|_| {
                next += 1;
                Node::item(&format!("i{next}"), Item::on(Scale::Open))
            });
            Node::group(&format!("P{pillar}"), items.collect())
        })
        .collect();
    let second = pillars.split_off(5);
    let root = Node::group(
        "index",
        vec![Node::group("connectivity", pillars), Node::group("sustainability", second)],
    );
    let framework = Framework::new("asem", root);
    let items: Vec<String> = (1..=next).map(|item| format!("i{item}")).collect();
    let table = scores(51).select(&items).unwrap();
    let base = ReadinessParams {
        rescale: RescaleParams {
            range: (1.0, 100.0),
            moments: (10.0, 2.0),
            ..RescaleParams::default()
        },
        normalise: Normaliser::Minmax,
        aggregate: Some(Aggregator::Arithmetic),
        ..ReadinessParams::default()
    };
    let params = SensitivityParams {
        draws: 1000,
        weights: WeightDraw::Percent,
        level: WeightLevel::All,
        normalise: vec![Normaliser::Minmax, Normaliser::Zscore],
        aggregate: vec![Aggregator::Arithmetic, Aggregator::Geometric],
        ..SensitivityParams::default()
    };
    let seconds = best(3, || {
        let (mut none, context) = (Callbacks::default(), Context::default());
        sensitivity(&table, &framework, &base, &params, &mut none, &context).unwrap();
    });
    println!(
        "51 units x 49 indicators, 1000 replications over weights, normalisation and aggregation: \
         {seconds:.3} s"
    );
}

fn main() {
    the_asem_pipeline();
    draws_of_weights();
    a_million_enterprises();
}
