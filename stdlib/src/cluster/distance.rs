//! Distances between the rows of a table.
//!
//! For rows `x`, `y` of `p` columns (Gordon, 1999, *Classification*, section 2.2):
//!
//! | name | distance |
//! |---|---|
//! | `euclidean` | `sqrt(sum (x - y)^2)` |
//! | `sqeuclidean` | `sum (x - y)^2` |
//! | `manhattan` | `sum abs(x - y)` |
//! | `chebyshev` | `max abs(x - y)` |
//! | `minkowski` | `(sum abs(x - y)^q)^(1/q)`, `q >= 1` |
//! | `canberra` | `sum abs(x - y) / (abs(x) + abs(y))`, 0/0 counting 0 |
//! | `correlation` | `1 - r(x, y)` across the columns |
//! | `cosine` | `1 - x'y / (norm(x) norm(y))` |
//! | `mahalanobis` | `sqrt((x - y)' S^-1 (x - y))`, `S` the covariance of the columns (n - 1) |
//! | `gower` | mean over the columns both rows have of range-scaled or 0/1 differences |
//!
//! R's `dist` divides canberra terms by `abs(x + y)`, which exceeds 1 on mixed signs, and rescales
//! for 0/0 terms; `scipy` agrees with this module.

use std::sync::Arc;

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

use super::error::ClusterError;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Matrix, Table, Vector};

/// How far two rows are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Straight line.
    Euclidean,
    /// Its square.
    SqEuclidean,
    /// City blocks.
    Manhattan,
    /// Largest difference in any column.
    Chebyshev,
    /// The norm of the given order, at least 1.
    Minkowski(f64),
    /// Relative differences, summed.
    Canberra,
    /// One minus Pearson's correlation of the two rows.
    Correlation,
    /// One minus the cosine of the angle between the two rows.
    Cosine,
    /// Euclidean after whitening by the columns' covariance.
    Mahalanobis,
}

impl Choice for Metric {
    const ALL: &'static [(&'static str, Self)] = &[
        ("euclidean", Self::Euclidean),
        ("sqeuclidean", Self::SqEuclidean),
        ("manhattan", Self::Manhattan),
        ("chebyshev", Self::Chebyshev),
        ("minkowski", Self::Minkowski(3.0)),
        ("canberra", Self::Canberra),
        ("correlation", Self::Correlation),
        ("cosine", Self::Cosine),
        ("mahalanobis", Self::Mahalanobis),
    ];

    fn name(self) -> &'static str {
        if let Self::Minkowski(_) = self {
            return "minkowski";
        }
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

impl Metric {
    /// Whether sums of squares about centroids make sense under it.
    pub fn is_euclidean(self) -> bool {
        matches!(self, Self::Euclidean)
    }

    fn check(self, primitive: &'static str) -> Result<()> {
        match self {
            Self::Minkowski(order) if !(order.is_finite() && order >= 1.0) => Err(Error::Invalid {
                primitive,
                parameter: "order",
                rule: "be a finite number of at least 1".into(),
                value: order.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

/// All distances between `n` units: the upper triangle by rows, (0,1), (0,2), ..., (n-2,n-1).
#[derive(Debug, Clone, PartialEq)]
pub struct Distances {
    /// Number of units.
    pub n: usize,
    /// `n (n - 1) / 2` distances.
    pub values: Vec<f64>,
    /// Labels of the units, `n`.
    pub labels: Vec<String>,
    /// Name of the distance.
    pub metric: String,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

impl Distances {
    /// The distance between units `i` and `j`; 0 for `i == j`.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        match i.cmp(&j) {
            std::cmp::Ordering::Less => self.values[condensed(self.n, i, j)],
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => self.values[condensed(self.n, j, i)],
        }
    }

    /// The distances of unit `i` to all `n` units, written into `row`.
    pub fn row_into(&self, i: usize, row: &mut [f64]) {
        for (j, slot) in row.iter_mut().enumerate().take(i) {
            *slot = self.values[condensed(self.n, j, i)];
        }
        row[i] = 0.0;
        if i + 1 < self.n {
            let start = condensed(self.n, i, i + 1);
            row[i + 1..].copy_from_slice(&self.values[start..start + self.n - 1 - i]);
        }
    }

    /// The distances of units `first..` to all `n` units, as many rows as `rows` has room for.
    pub(super) fn rows_into(&self, first: usize, rows: &mut [f64]) {
        let n = self.n;
        let count = rows.len() / n;
        for j in 0..first {
            let start = condensed(n, j, first);
            for (offset, d) in self.values[start..start + count].iter().enumerate() {
                rows[offset * n + j] = *d;
            }
        }
        for (offset, row) in rows.chunks_exact_mut(n).enumerate() {
            let i = first + offset;
            for j in first..i {
                row[j] = self.values[condensed(n, j, i)];
            }
            row[i] = 0.0;
            if i + 1 < n {
                let start = condensed(n, i, i + 1);
                row[i + 1..].copy_from_slice(&self.values[start..start + n - 1 - i]);
            }
        }
    }

    /// The full symmetric matrix as a table, labelled by unit.
    pub fn to_table(&self) -> Result<Table> {
        let columns = (0..self.n).map(|j| {
            (self.labels[j].clone(), Vector::from_floats((0..self.n).map(|i| self.get(i, j))))
        });
        Table::new(columns)?
            .with_labels(Arc::new(self.labels.iter().map(|l| Some(l.as_str())).collect()), None)
    }

    /// Distances from the full symmetric matrix `square`, of which the upper triangle is read.
    pub fn from_square(square: &DMatrix<f64>, labels: Vec<String>, metric: &str) -> Result<Self> {
        let n = square.nrows();
        Self::from_pairs("distance", labels, metric, &mut |i, j| Ok(square[(i, j)]))
            .map(|d| Self { n, ..d })
    }

    /// Distances answered by `pair` for units `i < j`; each must be finite and not negative.
    pub fn from_pairs(
        primitive: &'static str,
        labels: Vec<String>,
        metric: &str,
        pair: &mut dyn FnMut(usize, usize) -> Result<f64>,
    ) -> Result<Self> {
        let n = labels.len();
        check_memory(primitive, n)?;
        let mut values = Vec::with_capacity(pairs(n));
        for i in 0..n {
            for j in i + 1..n {
                let value = pair(i, j)?;
                if !(value.is_finite() && value >= 0.0) {
                    return Err(ClusterError::BadDistance {
                        primitive,
                        from: labels[i].clone(),
                        to: labels[j].clone(),
                        value,
                    }
                    .into());
                }
                values.push(value);
            }
        }
        Ok(Self { n, values, labels, metric: metric.into(), warnings: Vec::new() })
    }
}

/// `n (n - 1) / 2`.
pub(super) fn pairs(n: usize) -> usize {
    n * n.saturating_sub(1) / 2
}

/// Where the distance of `i < j` stands.
#[inline]
pub(super) fn condensed(n: usize, i: usize, j: usize) -> usize {
    debug_assert!(i < j && j < n);
    i * (2 * n - i - 1) / 2 + (j - i - 1)
}

/// Refuses a triangle of distances that does not fit in the memory that is free.
pub(super) fn check_memory(primitive: &'static str, n: usize) -> Result<()> {
    check_bytes(primitive, n, n as u64 * (n as u64).saturating_sub(1) / 2 * 8)
}

/// Refuses `bytes` of memory when less is free.
pub(super) fn check_bytes(primitive: &'static str, rows: usize, bytes: u64) -> Result<()> {
    const MIB: u64 = 1 << 20;
    // Small requests are not worth a system call; without /proc the allocator decides.
    if bytes < 64 * MIB {
        return Ok(());
    }
    match available_bytes() {
        Some(free) if bytes > free / 10 * 9 => Err(ClusterError::Memory {
            primitive,
            rows,
            needed: bytes / MIB,
            available: free / MIB,
        }
        .into()),
        _ => Ok(()),
    }
}

fn available_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// All distances between the rows of `data`.
pub fn distances(
    data: &Matrix,
    metric: Metric,
    primitive: &'static str,
    context: &Context,
) -> Result<Distances> {
    let n = data.values.nrows();
    let kernel = RowKernel::new(data, metric, primitive)?;
    check_memory(primitive, n)?;
    let mut values = vec![0.0; pairs(n)];
    let mut rows: Vec<&mut [f64]> = Vec::with_capacity(n);
    let mut rest = values.as_mut_slice();
    for i in 0..n {
        let (row, tail) = rest.split_at_mut(n - 1 - i);
        rows.push(row);
        rest = tail;
    }
    rows.into_par_iter().enumerate().try_for_each(|(i, row)| {
        context.check()?;
        kernel.fill(i, i + 1, row);
        Ok::<(), Error>(())
    })?;
    Ok(Distances {
        n,
        values,
        labels: data.labels.clone(),
        metric: metric.name().into(),
        warnings: Vec::new(),
    })
}

/// The distances of one row to a run of rows, for any metric on numbers.
///
/// Columns are kept contiguous, so the inner loop runs over rows and vectorises.
#[derive(Debug, Clone)]
pub(super) struct RowKernel {
    /// Rows by columns, column after column.
    columns: DMatrix<f64>,
    metric: Metric,
}

impl RowKernel {
    /// Prepares `data`: rows are centred and scaled for correlation and cosine, columns whitened
    /// for mahalanobis, so that what remains is a sum over columns.
    pub(super) fn new(data: &Matrix, metric: Metric, primitive: &'static str) -> Result<Self> {
        metric.check(primitive)?;
        let degenerate = |row: usize, what| ClusterError::DegenerateRow {
            primitive,
            row: data.labels[row].clone(),
            what,
            metric: metric.name(),
        };
        let mut columns = data.values.clone();
        match metric {
            Metric::Correlation | Metric::Cosine => {
                let p = columns.ncols() as f64;
                for row in 0..columns.nrows() {
                    let centre = if metric == Metric::Correlation {
                        columns.row(row).sum() / p
                    } else {
                        0.0
                    };
                    let largest = columns.row(row).amax();
                    let norm = columns.row(row).map(|x| x - centre).norm();
                    if norm <= largest * 1e-14 {
                        let what = if metric == Metric::Cosine { "zero" } else { "constant" };
                        return Err(degenerate(row, what).into());
                    }
                    columns.row_mut(row).apply(|x| *x = (*x - centre) / norm);
                }
            }
            Metric::Mahalanobis => columns = whiten(&columns, primitive)?,
            _ => {}
        }
        Ok(Self { columns, metric })
    }

    /// The kernel of the rows `order` alone, in that order.
    pub(super) fn in_order(&self, order: &[usize]) -> Self {
        Self { columns: self.columns.select_rows(order), metric: self.metric }
    }

    /// Distances of row `from` to rows `start..start + out.len()`.
    pub(super) fn fill(&self, from: usize, start: usize, out: &mut [f64]) {
        const BLOCK: usize = 512;
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = start + block * BLOCK;
            match self.metric {
                Metric::Euclidean | Metric::Mahalanobis => {
                    self.accumulate(from, first, out, |sum, d| sum + d * d);
                    for x in out.iter_mut() {
                        *x = x.sqrt();
                    }
                }
                Metric::SqEuclidean => self.accumulate(from, first, out, |sum, d| sum + d * d),
                // Half the squared chord of unit vectors is one minus their inner product, and
                // unlike it keeps its digits when the two are close.
                Metric::Correlation | Metric::Cosine => {
                    self.accumulate(from, first, out, |sum, d| sum + d * d);
                    for x in out.iter_mut() {
                        *x *= 0.5;
                    }
                }
                Metric::Manhattan => self.accumulate(from, first, out, |sum, d| sum + d.abs()),
                Metric::Chebyshev => self.accumulate(from, first, out, |sum, d| sum.max(d.abs())),
                Metric::Minkowski(order) => {
                    self.accumulate(from, first, out, |sum, d| sum + d.abs().powf(order));
                    for x in out.iter_mut() {
                        *x = x.powf(1.0 / order);
                    }
                }
                Metric::Canberra => self.canberra(from, first, out),
            }
        }
    }

    #[inline]
    fn accumulate(
        &self,
        from: usize,
        first: usize,
        out: &mut [f64],
        step: impl Fn(f64, f64) -> f64,
    ) {
        out.fill(0.0);
        for column in self.columns.column_iter() {
            let column = column.data.into_slice();
            let here = column[from];
            for (sum, there) in out.iter_mut().zip(&column[first..]) {
                *sum = step(*sum, there - here);
            }
        }
    }

    fn canberra(&self, from: usize, first: usize, out: &mut [f64]) {
        out.fill(0.0);
        for column in self.columns.column_iter() {
            let column = column.data.into_slice();
            let here = column[from];
            for (sum, there) in out.iter_mut().zip(&column[first..]) {
                let scale = here.abs() + there.abs();
                if scale > 0.0 {
                    *sum += (there - here).abs() / scale;
                }
            }
        }
    }
}

/// The rows turned and scaled so that their Euclidean distance is the Mahalanobis distance.
pub(super) fn whiten(values: &DMatrix<f64>, primitive: &'static str) -> Result<DMatrix<f64>> {
    let (n, p) = values.shape();
    let mut centred = values.clone();
    for mut column in centred.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
    }
    let covariance = centred.tr_mul(&centred) / (n.saturating_sub(1).max(1)) as f64;
    let eigen = SymmetricEigen::new(covariance);
    let largest = eigen.eigenvalues.max();
    let rank = eigen.eigenvalues.iter().filter(|l| **l > largest * 1e-12).count();
    if rank < p || largest <= 0.0 {
        return Err(ClusterError::SingularCovariance { primitive, columns: p, rank }.into());
    }
    let scale = DMatrix::from_diagonal(&eigen.eigenvalues.map(|l| 1.0 / l.sqrt()));
    Ok(centred * eigen.eigenvectors * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_same_alone_and_in_bands() {
        let n = 7;
        let distances = Distances {
            n,
            values: (0..pairs(n)).map(|at| at as f64).collect(),
            labels: (0..n).map(|i| i.to_string()).collect(),
            metric: "given".into(),
            warnings: Vec::new(),
        };
        for (first, count) in [(0, 7), (0, 3), (3, 3), (6, 1)] {
            let mut band = vec![f64::NAN; count * n];
            distances.rows_into(first, &mut band);
            for (offset, row) in band.chunks_exact(n).enumerate() {
                let mut alone = vec![f64::NAN; n];
                distances.row_into(first + offset, &mut alone);
                assert_eq!(row, alone);
            }
        }
    }
}
