//! Design matrices brought to unit scale, and what that reveals of them.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::error::FrontierError;

/// Rows per block of a parallel sum; fixed, so that sums do not depend on the threads.
pub(super) const BLOCK: usize = 4096;

/// A design matrix with centred columns of unit mean square.
///
/// Estimates are found for these columns and mapped back, so units and offsets of regressors
/// touch nothing but the last digits.
#[derive(Debug, Clone)]
pub(super) struct Scaled {
    /// Rows by columns.
    pub z: DMatrix<f64>,
    centers: Vec<f64>,
    scales: Vec<f64>,
    intercept: bool,
}

impl Scaled {
    /// Scales `x`, whose first column is the intercept if `intercept`.
    pub fn new(
        mut x: DMatrix<f64>,
        intercept: bool,
        names: &[String],
        equation: &str,
    ) -> Result<Self, FrontierError> {
        let n = x.nrows() as f64;
        let (mut centers, mut scales) = (vec![0.0; x.ncols()], vec![1.0; x.ncols()]);
        for j in usize::from(intercept)..x.ncols() {
            let mut column = x.column_mut(j);
            let first = column[0];
            let size = column.amax();
            let center = if intercept {
                first + column.iter().map(|v| v - first).sum::<f64>() / n
            } else {
                0.0
            };
            let spread = column.iter().map(|v| (v - center).abs()).fold(0.0, f64::max);
            if spread <= 1e-12 * size || spread == 0.0 {
                return Err(FrontierError::ConstantColumn {
                    column: names[j].clone(),
                    value: first,
                    equation: equation.to_owned(),
                });
            }
            let squares = column.iter().map(|v| ((v - center) / spread).powi(2)).sum::<f64>();
            let scale = spread * (squares / n).sqrt();
            column.iter_mut().for_each(|v| *v = (*v - center) / scale);
            centers[j] = center;
            scales[j] = scale;
        }
        let scaled = Self { z: x, centers, scales, intercept };
        scaled.check_rank(names, equation)?;
        Ok(scaled)
    }

    /// Names the first column that the columns before it determine.
    fn check_rank(&self, names: &[String], equation: &str) -> Result<(), FrontierError> {
        let gram = gram(&self.z, None) / self.z.nrows() as f64;
        let p = gram.nrows();
        let mut l = DMatrix::<f64>::zeros(p, p);
        for j in 0..p {
            for k in 0..j {
                let mut sum = gram[(j, k)];
                for i in 0..k {
                    sum -= l[(j, i)] * l[(k, i)];
                }
                l[(j, k)] = sum / l[(k, k)];
            }
            let pivot = gram[(j, j)] - (0..j).map(|i| l[(j, i)].powi(2)).sum::<f64>();
            if pivot <= 1e-12 {
                let lead = l.view((0, 0), (j, j)).into_owned();
                let row: DVector<f64> = l.view((j, 0), (1, j)).transpose().column(0).into_owned();
                let weights = lead.tr_solve_lower_triangular(&row).unwrap_or(row);
                let others: Vec<String> = (0..j)
                    .filter(|i| weights[*i].abs() > 1e-6)
                    .map(|i| format!("`{}`", names[i]))
                    .collect();
                return Err(FrontierError::Collinear {
                    column: names[j].clone(),
                    others: others.join(", "),
                    equation: equation.to_owned(),
                });
            }
            l[(j, j)] = pivot.sqrt();
        }
        Ok(())
    }

    /// The rows `keep`, scaled as the whole.
    pub fn rows(&self, keep: &[usize]) -> Self {
        Self {
            z: self.z.select_rows(keep),
            centers: self.centers.clone(),
            scales: self.scales.clone(),
            intercept: self.intercept,
        }
    }

    /// The matrix that takes coefficients of scaled columns to those of the columns as given.
    pub fn map(&self) -> DMatrix<f64> {
        let p = self.scales.len();
        let mut map = DMatrix::zeros(p, p);
        for j in 0..p {
            map[(j, j)] = 1.0 / self.scales[j];
            if self.intercept && j > 0 {
                map[(0, j)] = -self.centers[j] / self.scales[j];
            }
        }
        map
    }
}

/// `f` over the blocks of `0..n`, in parallel, results in order.
pub(super) fn blocks<T: Send>(n: usize, f: impl Fn(std::ops::Range<usize>) -> T + Sync) -> Vec<T> {
    if n <= BLOCK {
        return vec![f(0..n)];
    }
    let count = n.div_ceil(BLOCK);
    (0..count).into_par_iter().map(|b| f(b * BLOCK..((b + 1) * BLOCK).min(n))).collect()
}

/// `Z' diag(w) Z`.
pub(super) fn gram(z: &DMatrix<f64>, weights: Option<&[f64]>) -> DMatrix<f64> {
    let p = z.ncols();
    let parts = blocks(z.nrows(), |rows| {
        let mut part = DMatrix::zeros(p, p);
        let mut scaled = vec![0.0; rows.len()];
        for a in 0..p {
            let za = &z.column(a).data.into_slice()[rows.clone()];
            match weights {
                Some(w) => {
                    for ((s, z), w) in scaled.iter_mut().zip(za).zip(&w[rows.clone()]) {
                        *s = z * w;
                    }
                }
                None => scaled.copy_from_slice(za),
            }
            for b in 0..=a {
                let zb = &z.column(b).data.into_slice()[rows.clone()];
                part[(a, b)] = dot(&scaled, zb);
            }
        }
        part
    });
    let mut sum = parts.into_iter().reduce(|a, b| a + b).unwrap_or_else(|| DMatrix::zeros(p, p));
    sum.fill_upper_triangle_with_lower_triangle();
    sum
}

/// `Z' v`.
pub(super) fn cross(z: &DMatrix<f64>, v: &[f64]) -> DVector<f64> {
    let p = z.ncols();
    let parts = blocks(z.nrows(), |rows| {
        DVector::from_fn(p, |a, _| {
            dot(&z.column(a).data.into_slice()[rows.clone()], &v[rows.clone()])
        })
    });
    parts.into_iter().reduce(|a, b| a + b).unwrap_or_else(|| DVector::zeros(p))
}

/// Inner product in four interleaved sums.
#[inline]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    for (x, y) in a4.iter().zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `Z b` for rows of a column-major matrix.
pub(super) fn apply(z: &DMatrix<f64>, coef: &[f64], rows: std::ops::Range<usize>, out: &mut [f64]) {
    out.fill(0.0);
    for (j, b) in coef.iter().enumerate() {
        let column = &z.column(j).data.into_slice()[rows.clone()];
        for (o, z) in out.iter_mut().zip(column) {
            *o += b * z;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("x{i}")).collect()
    }

    #[test]
    fn mapped_coefficients_fit_the_same_values() {
        let x = DMatrix::from_row_slice(4, 3, &[1., 2., 9., 1., 4., 7., 1., 1., 8., 1., 0., 3.]);
        let scaled = Scaled::new(x.clone(), true, &names(3), "the frontier").unwrap();
        let s = DVector::from_row_slice(&[0.5, -2.0, 3.0]);
        let fitted = &x * (scaled.map() * &s);
        assert!((&scaled.z * s - fitted).amax() < 1e-13);
    }

    #[test]
    fn constant_and_dependent_columns_are_named() {
        let x = DMatrix::from_row_slice(3, 2, &[1., 5., 1., 5., 1., 5.]);
        let error = Scaled::new(x, true, &names(2), "the frontier").unwrap_err();
        assert!(matches!(error, FrontierError::ConstantColumn { column, .. } if column == "x1"));
        let x = DMatrix::from_row_slice(4, 3, &[1., 2., 5., 1., 4., 9., 1., 1., 3., 1., 0., 1.]);
        let error = Scaled::new(x, true, &names(3), "the frontier").unwrap_err();
        assert!(
            matches!(&error, FrontierError::Collinear { column, others, .. }
                if column == "x2" && others == "`x1`"),
            "{error}"
        );
    }
}
