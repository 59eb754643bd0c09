//! What frontier fits cost by rows: `cargo bench -p esep-stdlib --bench frontier`.

// A benchmark may stop where a program may not.
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
    let mut columns: Vec<Vec<f64>> = (0..5).map(|_| Vec::with_capacity(rows)).collect();
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

/// CPU seconds of this process, all threads; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // User and system time, in hundredths of a second on Linux.
    [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() {
    let families =
        [Inefficiency::HalfNormal, Inefficiency::Exponential, Inefficiency::TruncatedNormal];
    for inefficiency in families {
        for rows in [1_000, 100_000, 1_000_000] {
            let table = simulated(rows);
            let params = SfaParams { inefficiency, ..SfaParams::default() };
            let (cpu, wall) = (cpu_seconds(), Instant::now());
            let m = sfa("y ~ x1 + x2 + x3 + x4", &table, &params, &Context::default()).unwrap();
            let cpu = cpu_seconds() - cpu;
            println!(
                "{inefficiency:?}, {rows} rows: {cpu:.2} s CPU ({:.2} a million rows), {:.2} s wall, {} steps, loglik {:.4}",
                cpu * 1e6 / rows as f64,
                wall.elapsed().as_secs_f64(),
                m.search.iterations,
                m.loglik,
            );
        }
    }
}
