//! What clusters cost beside Python's: `cargo bench -p esep-stdlib --bench clusters [-- TASK...]`.
//!
//! `ESEP_PYTHON` (else `python3`) runs `clusters.py` on the same numbers and the same number of
//! threads right after each task; a peer that is not installed is left out. On one thread seconds are
//! CPU seconds, which a busy machine does not blur; on all cores they are the clock's. The value
//! in brackets shows that both sides did the same. Above 1, the ratio says how many times faster
//! this library is.

// A benchmark may stop where a program may not.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use esep_stdlib::Context;
use esep_stdlib::cluster::{
    Basis, Clustering, GapParams, HclustParams, KmeansParams, Method, Metric, Refinement, gap,
    hclust, kmeans, pam,
};
use esep_stdlib::table::Matrix;
use nalgebra::DMatrix;
use rand::RngExt;

const TASKS: [(&str, &str, fn(&Path, usize)); 5] = [
    ("ward", "ward on 10,000 x 10, distances included", ward),
    ("kmeans", "k-means 1,000,000 x 17, k = 10, one iteration", iterations),
    ("silhouette", "silhouette of 10,000 x 10 in 10 clusters", silhouette),
    ("gap", "gap, B = 100, 1,000 x 17, k = 1..10", gaps),
    ("pam", "FasterPAM on 2,000 units, k = 10, distances given", medoids),
];

/// Seconds now: of this thread's CPU on one thread, of the clock on several.
fn clock(threads: usize, start: Instant) -> f64 {
    let cpu = (threads == 1)
        .then(|| std::fs::read_to_string("/proc/thread-self/schedstat").ok())
        .flatten()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    cpu.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds * 1e-9)
}

/// The least seconds of `times` runs on `threads` threads, and the last result.
fn best<T: Send>(threads: usize, times: usize, work: impl Fn() -> T + Sync) -> (f64, T) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let zero = Instant::now();
        let (mut least, mut last) = (f64::INFINITY, None);
        for _ in 0..times {
            let start = clock(threads, zero);
            last = Some(work());
            least = least.min(clock(threads, zero) - start);
        }
        (least, last.unwrap())
    })
}

/// Prints our time and value, then the peers' and the ratios.
fn beside(task: &str, folder: &Path, threads: usize, name: &str, seconds: f64, value: f64) {
    println!("  {name:34} {seconds:9.4} s              [{value:.9}]");
    let python = std::env::var("ESEP_PYTHON").unwrap_or_else(|_| "python3".into());
    let count = threads.to_string();
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/clusters.py"))
        .args([task.as_ref(), folder.as_os_str(), count.as_ref()])
        .envs(["OMP", "OPENBLAS", "MKL"].map(|v| (format!("{v}_NUM_THREADS"), &count)))
        .output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [peer, theirs, result] = fields[..] {
            let (theirs, result): (f64, f64) = (theirs.parse().unwrap(), result.parse().unwrap());
            println!("  {peer:34} {theirs:9.4} s  {:6.2} x    [{result:.9}]", theirs / seconds);
        }
    }
}

/// `n` rows of `p` columns around `k` centres, and the centre each row belongs to.
fn blobs(n: usize, p: usize, k: usize, apart: f64) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = esep_stdlib::context::rng(7, n as u64);
    // The sum of twelve uniforms less 6 has mean 0, variance 1 and is bell-shaped enough.
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let centers: Vec<f64> = (0..k * p).map(|_| apart * normal()).collect();
    let groups: Vec<usize> = (0..n).map(|i| i % k).collect();
    let mut values = DMatrix::zeros(n, p);
    for (i, group) in groups.iter().enumerate() {
        for j in 0..p {
            values[(i, j)] = centers[group * p + j] + normal();
        }
    }
    (values, groups)
}

/// Writes `values` row after row.
fn write(path: &Path, values: &DMatrix<f64>) {
    let bytes: Vec<u8> = values.transpose().iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(path, bytes).unwrap();
}

fn matrix(values: DMatrix<f64>) -> Arc<Matrix> {
    let labels = (1..=values.nrows()).map(|i| i.to_string()).collect();
    let columns = (1..=values.ncols()).map(|j| format!("x{j}")).collect();
    Arc::new(Matrix { values, columns, labels })
}

fn ward(folder: &Path, threads: usize) {
    let (values, _) = blobs(10_000, 10, 10, 1.0);
    write(&folder.join("ward.bin"), &values);
    let data = matrix(values);
    let params = HclustParams::default();
    let (seconds, tree) =
        best(threads, 3, || hclust(Arc::clone(&data), &params, &Context::default()).unwrap());
    beside("ward", folder, threads, "esep", seconds, tree.heights.iter().sum());
}

/// The time of 29 iterations after the first. The peer sets out from the centres that our first leaves
/// behind and makes 29; it then assigns the rows once more, so its inertia is a hair lower.
fn iterations(folder: &Path, threads: usize) {
    let (values, _) = blobs(1_000_000, 17, 10, 0.35);
    write(&folder.join("kmeans.bin"), &values);
    let data = matrix(values);
    let run = |rounds| {
        let params = KmeansParams {
            starts: 1,
            max_iterations: rounds,
            refinement: Refinement::Lloyd,
            ..KmeansParams::default()
        };
        kmeans(Arc::clone(&data), 10, &params, &Context::default()).unwrap()
    };
    let (few, first) = best(threads, 4, || run(1));
    write(&folder.join("centers.bin"), &first.centers().unwrap());
    let (many, last) = best(threads, 4, || run(30));
    assert_eq!(last.detail.iterations, Some(30));
    let value = last.detail.objective.unwrap();
    beside("kmeans", folder, threads, "esep", (many - few) / 29.0, value);
    println!("  {:34} {many:9.4} s", "esep, all of 30 iterations");
}

fn silhouette(folder: &Path, threads: usize) {
    let (values, groups) = blobs(10_000, 10, 10, 1.0);
    write(&folder.join("ward.bin"), &values);
    let labels = DMatrix::from_iterator(groups.len(), 1, groups.iter().map(|g| *g as f64));
    write(&folder.join("labels.bin"), &labels);
    let given = Clustering::given(&groups, Basis::data(matrix(values), Metric::Euclidean)).unwrap();
    let (seconds, mean) = best(threads, 5, || given.silhouette(&Context::default()).unwrap().mean);
    beside("silhouette", folder, threads, "esep", seconds, mean);
}

fn gaps(folder: &Path, threads: usize) {
    let (values, _) = blobs(1000, 17, 4, 1.0);
    write(&folder.join("gap.bin"), &values);
    let data = matrix(values);
    for starts in [10, 1] {
        let method = Method::Kmeans(KmeansParams { starts, ..KmeansParams::default() });
        let (seconds, found) = best(threads, 2, || {
            gap(&data, 10, &method, &GapParams::default(), &Context::default()).unwrap()
        });
        let name = format!("esep, {starts} starts, Hartigan-Wong");
        // The peer's run with as many starts stands beside each.
        beside(&format!("gap{starts}"), folder, threads, &name, seconds, found.gap[3]);
    }
}

fn medoids(folder: &Path, threads: usize) {
    let (values, _) = blobs(2000, 10, 10, 1.0);
    write(&folder.join("pam.bin"), &values);
    let points = Basis::data(matrix(values), Metric::Euclidean);
    let given = Basis::Distances(points.distances("pam", &Context::default()).unwrap());
    let run = |basis: &Basis| pam(basis.clone(), 10, &Context::default()).unwrap();
    let (whole, _) = best(threads, 7, || run(&points));
    println!("  {:34} {whole:9.4} s", "esep, distances computed");
    let (seconds, found) = best(threads, 7, || run(&given));
    beside("pam", folder, threads, "esep", seconds, found.detail.objective.unwrap());
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let folder: PathBuf = std::env::temp_dir().join("esep-bench-clusters");
    std::fs::create_dir_all(&folder).unwrap();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (task, title, run) in TASKS {
        if wanted.is_empty() || wanted.iter().any(|w| w == task) {
            println!("{title}");
            for threads in if cores > 1 { vec![1, cores] } else { vec![1] } {
                println!(" {threads} thread{}", if threads == 1 { ", CPU" } else { "s, clock" });
                run(&folder, threads);
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
