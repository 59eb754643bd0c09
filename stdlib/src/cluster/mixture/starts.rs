//! Partitions from which the mixtures start.

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::cluster::distance::Metric;
use crate::cluster::hierarchical::{HclustParams, Linkage, hclust};
use crate::cluster::kmeans::{KmeansParams, kmeans};
use crate::cluster::partition::number_by_appearance;
use crate::cluster::pca::centred;
use crate::context::Context;
use crate::error::Result;
use crate::table::Matrix;

/// Rows up to which the model-based tree is grown; its time grows with their square.
const MODEL_BASED: usize = 1000;
/// Rows up to which Ward's tree is grown; beyond, k-means gives the start.
const WARD: usize = 10_000;

/// Partitions into each number of components, by where they come from.
pub(super) struct Starts {
    data: Arc<Matrix>,
    /// Labels for 1, 2, ... clusters of each tree.
    trees: Vec<Vec<Vec<usize>>>,
    seed: u64,
}

impl Starts {
    /// Grows the trees over `data`.
    pub fn new(data: &Arc<Matrix>, max: usize, seed: u64, context: &Context) -> Result<Self> {
        let n = data.values.nrows();
        let mut trees = Vec::new();
        if max > 1 && n <= WARD {
            let even = Arc::new(Matrix { values: svd_scaled(data)?, ..data.as_ref().clone() });
            if n <= MODEL_BASED {
                trees.push(model_based(&even.values, max, context)?);
            }
            let params = HclustParams {
                linkage: Linkage::WardD2,
                metric: Metric::Euclidean,
                ..HclustParams::default()
            };
            let tree = hclust(even, &params, context)?;
            trees.push((1..=max).map(|k| Ok(tree.cut(k)?.labels)).collect::<Result<_>>()?);
        }
        Ok(Self { data: Arc::clone(data), trees, seed })
    }

    /// The different partitions into `k` from which to start.
    pub fn partitions(&self, k: usize, context: &Context) -> Result<Vec<Vec<usize>>> {
        if k == 1 {
            return Ok(vec![vec![1; self.data.values.nrows()]]);
        }
        let mut all: Vec<Vec<usize>> = self.trees.iter().map(|tree| tree[k - 1].clone()).collect();
        if all.is_empty() {
            let params = KmeansParams { starts: 10, seed: self.seed, ..KmeansParams::default() };
            all.push(kmeans(Arc::clone(&self.data), k, &params, context)?.labels);
        }
        let mut kept: Vec<Vec<usize>> = Vec::new();
        for labels in all {
            if !kept.contains(&labels) {
                kept.push(labels);
            }
        }
        Ok(kept)
    }
}

/// Standardised columns turned to their principal axes, each divided by the square root of its
/// singular value, which brings the axes nearer to each other without making noise as long as signal
/// (Scrucca and Raftery, 2015).
fn svd_scaled(data: &Matrix) -> Result<DMatrix<f64>> {
    // Constant columns carry nothing and would divide by 0.
    let (centred_only, sds) = centred(data, false, "gmm")?;
    let kept: Vec<usize> = (0..sds.len()).filter(|j| sds[*j] > 0.0).collect();
    let mut z = centred_only.select_columns(&kept);
    for (mut column, j) in z.column_iter_mut().zip(&kept) {
        column /= sds[*j];
    }
    let (squares, axes) = crate::cluster::pca::falling(z.tr_mul(&z), kept.len());
    let top = squares.first().copied().unwrap_or(0.0);
    let kept = squares.iter().take_while(|s| **s > 1e-12 * top).count();
    let mut turned = z * axes.columns(0, kept);
    for (mut column, square) in turned.column_iter_mut().zip(&squares) {
        column /= square.powf(0.25);
    }
    Ok(turned)
}

/// One cluster of the model-based tree.
struct Group {
    size: f64,
    mean: Vec<f64>,
    /// Sums of squares and products about the mean, `p` by `p`.
    scatter: Vec<f64>,
    term: f64,
    members: Vec<usize>,
}

/// The classification likelihood of free ellipsoids, agglomerated (Fraley, 1998): at each step the
/// two clusters merge that raise `sum n log(|W/n| + (tr W + tr W0 / (N p)) / n)` least. The trace
/// keeps clusters of few units finite.
fn model_based(values: &DMatrix<f64>, max: usize, context: &Context) -> Result<Vec<Vec<usize>>> {
    let (n, p) = values.shape();
    let total: f64 = values.iter().map(|x| x * x).sum();
    let floor = total / (n * p) as f64;
    let mut groups: Vec<Option<Group>> = (0..n)
        .map(|i| {
            Some(Group {
                size: 1.0,
                mean: values.row(i).iter().copied().collect(),
                scatter: vec![0.0; p * p],
                term: term(1.0, &vec![0.0; p * p], p, floor),
                members: vec![i],
            })
        })
        .collect();
    let mut scratch = vec![0.0; p * p];
    // The cheapest partner of each group among those after it.
    let mut cost = vec![f64::INFINITY; n * n];
    for i in 0..n {
        context.check()?;
        for j in i + 1..n {
            if let (Some(a), Some(b)) = (&groups[i], &groups[j]) {
                cost[i * n + j] = rise(a, b, p, floor, &mut scratch);
            }
        }
    }
    let mut nearest: Vec<usize> = (0..n).map(|i| cheapest(&cost, n, i)).collect();
    let mut labels: Vec<Vec<usize>> = vec![Vec::new(); max];
    for left in (1..=n).rev() {
        if left <= max {
            labels[left - 1] = label(&groups, n);
        }
        if left == 1 {
            break;
        }
        context.check()?;
        let i = (0..n)
            .filter(|i| groups[*i].is_some() && nearest[*i] < n)
            .min_by(|a, b| cost[a * n + nearest[*a]].total_cmp(&cost[b * n + nearest[*b]]))
            .expect("two groups are left");
        let j = nearest[i];
        let (Some(a), Some(b)) = (groups[i].take(), groups[j].take()) else {
            unreachable!("the cheapest pair is of living groups")
        };
        groups[i] = Some(merged(a, b, p, floor, &mut scratch));
        for other in 0..n {
            cost[other.min(j) * n + other.max(j)] = f64::INFINITY;
            if other != i
                && let (Some(a), Some(b)) = (&groups[other], &groups[i])
            {
                cost[other.min(i) * n + other.max(i)] = rise(a, b, p, floor, &mut scratch);
            }
        }
        for other in 0..n {
            if groups[other].is_none() {
                continue;
            }
            if other == i || nearest[other] == i || nearest[other] == j {
                nearest[other] = cheapest(&cost, n, other);
            } else if other < i
                && nearest[other] < n
                && cost[other * n + i] < cost[other * n + nearest[other]]
            {
                nearest[other] = i;
            }
        }
    }
    Ok(labels)
}

fn cheapest(cost: &[f64], n: usize, i: usize) -> usize {
    (i + 1..n)
        .filter(|j| cost[i * n + j].is_finite())
        .min_by(|a, b| cost[i * n + a].total_cmp(&cost[i * n + b]))
        .unwrap_or(n)
}

fn label(groups: &[Option<Group>], n: usize) -> Vec<usize> {
    let mut labels = vec![0; n];
    for (number, group) in groups.iter().flatten().enumerate() {
        for member in &group.members {
            labels[*member] = number;
        }
    }
    number_by_appearance(&labels)
}

/// Scatter of the union of two groups, into `out`.
fn union(a: &Group, b: &Group, p: usize, out: &mut [f64]) {
    let weight = a.size * b.size / (a.size + b.size);
    for r in 0..p {
        let row = (a.mean[r] - b.mean[r]) * weight;
        for c in 0..p {
            out[r * p + c] =
                a.scatter[r * p + c] + b.scatter[r * p + c] + row * (a.mean[c] - b.mean[c]);
        }
    }
}

fn rise(a: &Group, b: &Group, p: usize, floor: f64, scratch: &mut [f64]) -> f64 {
    union(a, b, p, scratch);
    let value = term(a.size + b.size, scratch, p, floor) - a.term - b.term;
    // What cannot be compared comes last.
    if value.is_nan() { f64::MAX } else { value }
}

fn merged(a: Group, b: Group, p: usize, floor: f64, scratch: &mut [f64]) -> Group {
    union(&a, &b, p, scratch);
    let size = a.size + b.size;
    let mean = a.mean.iter().zip(&b.mean).map(|(x, y)| (x * a.size + y * b.size) / size).collect();
    let members = a.members.into_iter().chain(b.members).collect();
    Group { size, mean, term: term(size, scratch, p, floor), scatter: scratch.to_vec(), members }
}

fn term(size: f64, scatter: &[f64], p: usize, floor: f64) -> f64 {
    let trace: f64 = (0..p).map(|j| scatter[j * p + j]).sum();
    let ridge = (trace + floor) / size;
    let determinant = if size > p as f64 { determinant(scatter, p, size) } else { 0.0 };
    size * (determinant + ridge).ln()
}

/// `|W / n|`, 0 where `W` is not positive definite.
fn determinant(scatter: &[f64], p: usize, size: f64) -> f64 {
    let mut lower = scatter.to_vec();
    let mut product = 1.0;
    for j in 0..p {
        let mut pivot = lower[j * p + j];
        for c in 0..j {
            pivot -= lower[j * p + c] * lower[j * p + c];
        }
        if pivot <= 0.0 || pivot.is_nan() {
            return 0.0;
        }
        product *= pivot / size;
        let root = pivot.sqrt();
        lower[j * p + j] = root;
        for r in j + 1..p {
            let mut x = lower[r * p + j];
            for c in 0..j {
                x -= lower[r * p + c] * lower[j * p + c];
            }
            lower[r * p + j] = x / root;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_finds_two_far_clouds_apart() {
        let values = DMatrix::from_fn(40, 2, |i, j| {
            let (cloud, at) = ((i % 2) as f64, (i / 2) as f64);
            if j == 0 { (at * 7.0).sin() } else { 40.0 * cloud + (at * 3.0).cos() }
        });
        let labels = model_based(&values, 3, &Context::default()).unwrap();
        let expected: Vec<usize> = (0..40).map(|i| i % 2 + 1).collect();
        assert_eq!(labels[1], expected);
        assert_eq!(labels[0], vec![1; 40]);
    }

    #[test]
    fn a_determinant_is_that_of_its_matrix() {
        let w = [4.0, 1.0, 1.0, 3.0];
        assert!((determinant(&w, 2, 2.0) - 11.0 / 4.0).abs() < 1e-12);
        assert_eq!(determinant(&[1.0, 1.0, 1.0, 1.0], 2, 5.0), 0.0);
    }
}
