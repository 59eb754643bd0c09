//! What least squares assumes, tested.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::regression::Regression;
use crate::error::Result;
use crate::table::{Table, Vector};

impl Regression {
    /// What the classical tests assume, each tested: `test, statistic, df, p, reading`.
    ///
    /// Studentised Breusch-Pagan (Koenker, 1981) and White (1980) for a constant variance,
    /// Jarque-Bera (1987) for normal residuals, Ramsey's RESET (1969) with squares and cubes of
    /// the fit for the form; the condition number of the columns at unit length (Belsley, Kuh and
    /// Welsch, 1980) has no p. A test without degrees of freedom has its reason in place of a
    /// reading.
    pub fn diagnostics(&self) -> Result<Table> {
        let mut rows: Vec<(&str, Option<f64>, Option<f64>, Option<f64>, String)> = Vec::new();
        let read = |p: f64, bad: &str, good: &str| {
            if p < 0.05 { bad.to_owned() } else { good.to_owned() }
        };
        let chi = |statistic: f64, df: usize| {
            ChiSquared::new(df as f64).map_or(f64::NAN, |law| law.sf(statistic))
        };
        let n = self.nobs();
        let squares: Vec<f64> = self.residuals.iter().map(|e| e * e).collect();
        let first = usize::from(self.plan.intercept);
        let slopes = self.z.columns(first, self.z.ncols() - first).into_owned();
        let constant = |columns: &DMatrix<f64>| columns.clone().insert_column(0, 1.0);

        if slopes.ncols() > 0 {
            let statistic = n as f64 * explained(&constant(&slopes), &squares);
            let p = chi(statistic, slopes.ncols());
            let reading = read(
                p,
                "the variance depends on the regressors: se \"hc3\"",
                "a constant variance is tenable",
            );
            rows.push((
                "breusch_pagan",
                Some(statistic),
                Some(slopes.ncols() as f64),
                Some(p),
                reading,
            ));
            let second = with_products(&slopes);
            let rank = second.clone().insert_column(0, 1.0).rank(1e-9) - 1;
            if rank + 1 < n {
                let statistic = n as f64 * explained(&constant(&second), &squares);
                let p = chi(statistic, rank);
                let reading = read(
                    p,
                    "the variance depends on the regressors or their products",
                    "a constant variance is tenable",
                );
                rows.push(("white", Some(statistic), Some(rank as f64), Some(p), reading));
            } else {
                let reading = format!("not defined: {n} rows for {} terms", second.ncols() + 1);
                rows.push(("white", None, None, None, reading));
            }
        }
        let (skewness, kurtosis) = self.moments();
        let statistic = n as f64 / 6.0 * (skewness * skewness + (kurtosis - 3.0).powi(2) / 4.0);
        let p = chi(statistic, 2);
        let reading = read(p, "the residuals are not normal", "normal residuals are tenable");
        rows.push(("jarque_bera", Some(statistic), Some(2.0), Some(p), reading));

        rows.push(match self.reset() {
            Some((statistic, df2)) => {
                let p = FisherSnedecor::new(2.0, df2).map_or(f64::NAN, |law| law.sf(statistic));
                let reading = read(p, "the form misses curvature", "the form is tenable");
                ("reset", Some(statistic), Some(2.0), Some(p), reading)
            }
            None => ("reset", None, None, None, "not defined: too few rows".into()),
        });
        let condition = self.condition();
        let reading = match condition {
            c if c > 30.0 => "strong collinearity (above 30)",
            c if c > 10.0 => "moderate collinearity (above 10)",
            _ => "weak collinearity",
        };
        rows.push(("condition_number", Some(condition), None, None, reading.into()));
        Table::new([
            ("test", Vector::from_texts(rows.iter().map(|r| r.0))),
            ("statistic", Vector::from_options(rows.iter().map(|r| r.1))),
            ("df", Vector::from_options(rows.iter().map(|r| r.2))),
            ("p", Vector::from_options(rows.iter().map(|r| r.3))),
            ("reading", Vector::from_texts(rows.iter().map(|r| r.4.as_str()))),
        ])?
        .labelled_by("test")
    }

    /// Skewness and kurtosis of the residuals (divisor n).
    fn moments(&self) -> (f64, f64) {
        let n = self.nobs() as f64;
        let mean = self.residuals.iter().sum::<f64>() / n;
        let sd = (self.residuals.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n).sqrt();
        let moment = |power: i32| {
            self.residuals.iter().map(|e| ((e - mean) / sd).powi(power)).sum::<f64>() / n
        };
        (moment(3), moment(4))
    }

    /// RESET: F of the squares and cubes of the fit, and its second degrees of freedom.
    fn reset(&self) -> Option<(f64, f64)> {
        let (n, k) = (self.nobs(), self.z.ncols());
        let df = n.checked_sub(k + 2).filter(|df| *df > 0)? as f64;
        let mean = self.fitted.iter().sum::<f64>() / n as f64;
        let spread = self.fitted.iter().map(|f| (f - mean).abs()).fold(0.0, f64::max);
        if spread == 0.0 {
            return None;
        }
        let unit: Vec<f64> = self.fitted.iter().map(|f| (f - mean) / spread).collect();
        let mut wide = self.z.clone().insert_columns(k, 2, 0.0);
        for (i, u) in unit.iter().enumerate() {
            wide[(i, k)] = u * u;
            wide[(i, k + 1)] = u * u * u;
        }
        if wide.rank(1e-10) < k + 2 {
            return None;
        }
        let ssr: f64 = self.residuals.iter().map(|e| e * e).sum();
        let left: f64 = rest(&wide, &self.residuals).iter().map(|e| e * e).sum();
        Some(((ssr - left) / 2.0 / (left / df), df))
    }

    /// Largest over smallest singular value of the columns at unit length.
    fn condition(&self) -> f64 {
        let mut unit = self.z.clone();
        for mut column in unit.column_iter_mut() {
            let norm = column.norm();
            column /= norm;
        }
        let values = unit.singular_values();
        values.max() / values.min()
    }
}

/// What least squares on `x` leaves of `y`.
fn rest(x: &DMatrix<f64>, y: &[f64]) -> DVector<f64> {
    let q = x.clone().qr().q();
    let y = DVector::from_column_slice(y);
    let once = &y - &q * (q.transpose() * &y);
    &once - &q * (q.transpose() * &once)
}

/// R squared of `y` on `x`, whose columns may depend on each other.
fn explained(x: &DMatrix<f64>, y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let centred: Vec<f64> = y.iter().map(|y| y - mean).collect();
    let total: f64 = centred.iter().map(|y| y * y).sum();
    if total == 0.0 {
        return 0.0;
    }
    let svd = x.clone().svd(true, false);
    let Some(u) = svd.u else { return 0.0 };
    let largest = svd.singular_values.max();
    let target = DVector::from_vec(centred);
    let caught: f64 = (0..u.ncols())
        .filter(|j| svd.singular_values[*j] > 1e-9 * largest)
        .map(|j| u.column(j).dot(&target).powi(2))
        .sum();
    (caught / total).clamp(0.0, 1.0)
}

/// The columns, their squares and their products.
fn with_products(columns: &DMatrix<f64>) -> DMatrix<f64> {
    let k = columns.ncols();
    let mut all: Vec<DVector<f64>> =
        columns.column_iter().map(nalgebra::Matrix::into_owned).collect();
    for a in 0..k {
        for b in a..k {
            all.push(columns.column(a).component_mul(&columns.column(b)));
        }
    }
    DMatrix::from_columns(&all)
}
