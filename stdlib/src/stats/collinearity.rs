//! Columns that repeat each other, and rows far from the others.
//!
//! From the correlations `R` of standardised columns `Z`: the variance inflation `1 / (1 - R_j^2)` is
//! the diagonal of the inverse; the condition number of `Z` is the root of the ratio of the
//! largest to the smallest eigenvalue of `R` (Belsley, Kuh and Welsch, 1980, above 30 serious), whose
//! eigenvector tells the columns of the nearest dependency; the squared Mahalanobis distance of a
//! row is `z' R^-1 z` and cannot exceed `(n - 1)^2 / n`.

use nalgebra::{DMatrix, DVector};

/// Correlations and what follows from them.
#[derive(Debug, Clone)]
pub struct Collinearity {
    /// Correlations, `p x p`.
    pub correlations: DMatrix<f64>,
    /// Their inverse; `None` where they are singular or rows do not outnumber columns.
    pub inverse: Option<DMatrix<f64>>,
    /// Eigenvalues of the correlations, in the order of `vectors`.
    pub eigenvalues: DVector<f64>,
    /// Eigenvectors, one a column.
    pub vectors: DMatrix<f64>,
}

impl Collinearity {
    /// Of `z`, `n x p`, whose columns have mean 0 and sample standard deviation 1.
    pub fn new(z: &DMatrix<f64>) -> Self {
        let (n, p) = z.shape();
        let correlations = z.tr_mul(z) / (n as f64 - 1.0).max(1.0);
        let eigen = correlations.clone().symmetric_eigen();
        let (least, most) = (eigen.eigenvalues.min(), eigen.eigenvalues.max());
        let regular = n > p && least > most * 1e-12;
        let factor = if regular { correlations.clone().cholesky() } else { None };
        Self {
            inverse: factor.map(|factor| factor.inverse()),
            correlations,
            eigenvalues: eigen.eigenvalues,
            vectors: eigen.eigenvectors,
        }
    }

    /// Variance inflation of each column, `p`.
    pub fn vif(&self) -> Vec<Option<f64>> {
        let inverse = self.inverse.as_ref();
        (0..self.correlations.nrows()).map(|j| inverse.map(|inverse| inverse[(j, j)])).collect()
    }

    /// Ratio of the largest to the smallest eigenvalue of the correlations, the square of the
    /// condition number of the columns; infinite if singular.
    pub fn eigenvalue_ratio(&self) -> f64 {
        let (least, most) = (self.eigenvalues.min(), self.eigenvalues.max());
        if least > most * 1e-16 { most / least } else { f64::INFINITY }
    }

    /// Weights of the standardised columns in the combination that varies least, `p`, of length 1.
    pub fn nearest_dependency(&self) -> Vec<f64> {
        match self.eigenvalues.len() {
            0 => Vec::new(),
            _ => self.vectors.column(self.eigenvalues.imin()).iter().copied().collect(),
        }
    }

    /// Squared Mahalanobis distance of each row of `z` from the mean, `n`.
    pub fn mahalanobis_sq(&self, z: &DMatrix<f64>) -> Option<Vec<f64>> {
        let turned = z * self.inverse.as_ref()?;
        Some((0..z.nrows()).map(|i| turned.row(i).dot(&z.row(i))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_have_closed_forms() {
        // Columns (-1, 0, 1) and (-1, 1, 0): standardised by hand, correlation 1/2.
        let z = DMatrix::from_row_slice(3, 2, &[-1.0, -1.0, 0.0, 1.0, 1.0, 0.0]);
        let found = Collinearity::new(&z);
        assert!((found.correlations[(0, 1)] - 0.5).abs() < 1e-15);
        assert!((found.vif()[0].unwrap() - 4.0 / 3.0).abs() < 1e-14);
        assert!((found.eigenvalue_ratio() - 3.0).abs() < 1e-14);
        let weights = found.nearest_dependency();
        assert!((weights[0] + weights[1]).abs() < 1e-14);
        // Three rows in two dimensions all lie at the bound (n - 1)^2 / n.
        for distance in found.mahalanobis_sq(&z).unwrap() {
            assert!((distance - 4.0 / 3.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_repeated_column_has_no_inverse() {
        let z = DMatrix::from_row_slice(3, 2, &[-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]);
        let found = Collinearity::new(&z);
        assert!(found.inverse.is_none() && found.eigenvalue_ratio() > 1e14);
        assert_eq!(found.vif(), [None, None]);
    }
}
