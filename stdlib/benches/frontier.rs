//! What frontier fits cost by rows: `cargo bench -p esep-stdlib --bench frontier`.
//!
//! The same half-normal sample goes to `panelsfa` where `ESEP_PYTHON` (else `python3`) has it, and
//! to R's `sfaR` where `Rscript` has that. `ESEP_BENCH_ROWS=1000,100000` chooses other sizes. CPU
//! time counts all threads.

// A benchmark may stop where a program may not.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use esep_stdlib::frontier::{
    BootstrapParams, Inefficiency, Noise, SfaFit, SfaParams, SimulateParams, sfa, simulate_frontier,
};
use esep_stdlib::{Choice, Context, Table};

const FORMULA: &str = "y ~ x1 + x2 + x3 + x4";
const COLUMNS: [&str; 5] = ["y", "x1", "x2", "x3", "x4"];

fn simulated(rows: usize) -> Table {
    let params = SimulateParams {
        rows,
        coef: vec![1.0, 0.4, 0.3, 0.2, 0.1],
        sigma_u: 0.5,
        sigma_v: 0.3,
        seed: 7,
        ..SimulateParams::default()
    };
    simulate_frontier(&params).unwrap().select(&COLUMNS.map(String::from)).unwrap()
}

/// CPU seconds of this process, all threads; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // User and system time, in hundredths of a second on Linux.
    [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A line of the process's status in MiB; 0 where the system does not tell.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|l| l.strip_prefix(line)?.split_whitespace().next());
    value.and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn fit(table: &Table, params: &SfaParams) -> SfaFit {
    sfa(FORMULA, table, params, &Context::default()).unwrap()
}

fn report(name: &str, rows: usize, table: &Table, params: &SfaParams) {
    // Forget the peak of what came before.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let m = fit(table, params);
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let data = (rows * COLUMNS.len() * 8) as f64 / 1024.0 / 1024.0;
    println!(
        "{name}, {rows} rows: {cpu:.2} s CPU ({:.2} a million rows), {wall:.2} s wall, {:.1} times \
         the data in memory, {} steps, loglik {:.4}",
        cpu * 1e6 / rows as f64,
        (memory("VmHWM:") - before) / data,
        m.search.iterations,
        m.loglik,
    );
}

/// What another program prints about the sample in `path`, written column after column.
fn peer(name: &str, program: &str, arguments: &[&str], path: &Path, rows: usize) {
    let output = Command::new(program)
        .args(arguments)
        .arg(path)
        .arg(rows.to_string())
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map(|v| (v, "1")))
        .output();
    let text = output.ok().filter(|o| o.status.success()).map(|o| o.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&text).trim() {
        "" => println!("{name}: not installed"),
        line => println!("{name}, {rows} rows: {line}"),
    }
}

const PANELSFA: &str = r"
import sys, time, warnings
import numpy as np
from panelsfa import CrossSectionalSFA
warnings.simplefilter('ignore')
n = int(sys.argv[2])
data = np.fromfile(sys.argv[1]).reshape(5, n)
x = np.column_stack([np.ones(n), *data[1:]])
start = time.process_time()
m = CrossSectionalSFA(model_type='production').fit(x, data[0])
cpu = time.process_time() - start
print(f'{cpu:.2f} s CPU ({cpu * 1e6 / n:.2f} a million rows), loglik {m.log_likelihood_:.4f}')
";

const SFAR: &str = r"
suppressMessages(library(sfaR))
a <- commandArgs(TRUE); n <- as.integer(a[2])
d <- as.data.frame(matrix(readBin(a[1], 'double', 5 * n), n)); names(d) <- c('y','x1','x2','x3','x4')
t <- system.time(m <- sfacross(y ~ x1 + x2 + x3 + x4, data = d, udist = 'hnormal', S = 1))
cpu <- sum(t[1:2])
cat(sprintf('%.2f s CPU (%.2f a million rows), loglik %.4f', cpu, cpu * 1e6 / n, m$mlLoglik))
";

fn main() {
    let sizes = std::env::var("ESEP_BENCH_ROWS").unwrap_or_default();
    let mut sizes: Vec<usize> = sizes.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 100_000, 1_000_000];
    }
    let python = std::env::var("ESEP_PYTHON").unwrap_or_else(|_| "python3".into());
    for rows in sizes {
        let table = simulated(rows);
        for (name, inefficiency) in Inefficiency::ALL {
            let params = SfaParams { inefficiency: *inefficiency, ..SfaParams::default() };
            if params.law().is_closed() || rows <= 1_000 {
                report(name, rows, &table, &params);
            }
        }
        for (name, noise) in Noise::ALL.iter().filter(|_| rows <= 1_000) {
            let params = SfaParams { noise: *noise, ..SfaParams::default() };
            report(&format!("half_normal, {name} noise"), rows, &table, &params);
        }
        let path = std::env::temp_dir().join(format!("esep-frontier-{}.f64", std::process::id()));
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        for column in COLUMNS {
            for value in table.floats("bench", column).unwrap().values() {
                file.write_all(&value.to_ne_bytes()).unwrap();
            }
        }
        file.flush().unwrap();
        drop(file);
        peer("panelsfa", &python, &["-c", PANELSFA], &path, rows);
        peer("sfaR", "Rscript", &["-e", SFAR], &path, rows);
        std::fs::remove_file(&path).unwrap();
    }
    let table = simulated(20);
    let m = fit(&table, &SfaParams::default());
    let cpu = cpu_seconds();
    let boot = m.bootstrap(&BootstrapParams::default(), &Context::default()).unwrap();
    println!(
        "1000 bootstrap refits of 20 rows: {:.2} s CPU, {} inside",
        cpu_seconds() - cpu,
        boot.inside
    );
}
