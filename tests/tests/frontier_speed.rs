//! What fits cost; run with `cargo test --release --test frontier_speed -- --ignored --nocapture`.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use esep_stdlib::frontier::{Inefficiency, SfaParams, sfa};
use esep_stdlib::{Context, Table, Vector};
use rand::RngExt;

/// `y = 1 + 0.4 x1 + 0.3 x2 + 0.2 x3 + 0.1 x4 + v - u`, `sigma_v = 0.3`, `sigma_u = 0.5`.
fn simulated(rows: usize) -> Table {
    let mut rng = esep_stdlib::context::rng(7, 0);
    let mut normal = || {
        // Box and Muller.
        let (a, b): (f64, f64) = (rng.random(), rng.random());
        (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    };
    let mut columns = vec![Vec::with_capacity(rows); 5];
    for _ in 0..rows {
        let mut y = 1.0 + 0.3 * normal() - 0.5 * normal().abs();
        for (k, b) in [0.4, 0.3, 0.2, 0.1].into_iter().enumerate() {
            let x = normal();
            y += b * x;
            columns[k + 1].push(x);
        }
        columns[0].push(y);
    }
    let names = ["y", "x1", "x2", "x3", "x4"];
    Table::new(names.into_iter().zip(columns.into_iter().map(Vector::from_floats))).unwrap()
}

/// CPU seconds of this process, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // User and system time, in hundredths of a second on Linux.
    [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

#[test]
#[ignore = "a measurement, meaningful in a release build alone"]
fn cpu_seconds_by_rows() {
    let families =
        [Inefficiency::HalfNormal, Inefficiency::Exponential, Inefficiency::TruncatedNormal];
    for rows in [1_000, 100_000, 1_000_000] {
        let table = simulated(rows);
        for inefficiency in families {
            if rows == 1_000_000 && inefficiency == Inefficiency::TruncatedNormal {
                continue;
            }
            let params = SfaParams { inefficiency, ..SfaParams::default() };
            let (cpu, wall) = (cpu_seconds(), Instant::now());
            let m = sfa("y ~ x1 + x2 + x3 + x4", &table, &params, &Context::default()).unwrap();
            println!(
                "{inefficiency:?} {rows} rows: {:.2} s CPU, {:.2} s wall, {} steps, loglik {:.4}",
                cpu_seconds() - cpu,
                wall.elapsed().as_secs_f64(),
                m.search.iterations,
                m.loglik,
            );
            assert!((m.coef[1].value - 0.4).abs() < 0.1);
        }
    }
}

#[test]
fn many_rows_end_at_the_same_kind_of_maximum() {
    let m = sfa(
        "y ~ x1 + x2 + x3 + x4",
        &simulated(30_000),
        &SfaParams::default(),
        &Context::default(),
    )
    .unwrap();
    assert!(m.search.gradient.unwrap() < 1e-8 && m.search.concave == Some(true));
    let lambda = m.lambda.as_ref().unwrap().value;
    let at = |lambda: f64| m.profile_lambda(lambda, &Context::default()).unwrap();
    assert!((at(lambda) - m.loglik).abs() < 1e-6);
    assert!(at(0.9 * lambda) < m.loglik && at(1.1 * lambda) < m.loglik);
    assert!((m.gamma.unwrap().value - 0.25 / 0.34).abs() < 0.05);
}
