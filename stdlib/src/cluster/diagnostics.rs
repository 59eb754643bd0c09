//! Before clustering or factoring: can these columns and units bear it?
//!
//! From the correlations `R` and their inverse: the Kaiser-Meyer-Olkin measure `sum r^2 / (sum r^2 +
//! sum q^2)` over pairs, `q` the partial correlations, overall and by column (Kaiser, 1974; below 0.5
//! unacceptable); Bartlett's test that `R` is the identity, `-(n - 1 - (2p + 5)/6) log det R` against
//! chi-squared with `p (p - 1)/2` degrees (1951); variance inflation `1/(1 - R_j^2)`, the diagonal of
//! the inverse. Units are screened by their squared Mahalanobis distance from the mean, which cannot
//! exceed `(n - 1)^2/n`: with many columns no unit can stand out, and by their largest z-score. Where
//! `R` is singular these values are missing and the reason is given.

use nalgebra::DMatrix;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::error::ClusterError;
use super::hierarchical::{HclustParams, hclust};
use super::pca::centred;
use crate::context::Context;
use crate::error::Result;
use crate::stats::collinearity::Collinearity;
use crate::table::{Matrix, Table, Vector};

/// What the data are fit for.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Overall Kaiser-Meyer-Olkin measure.
    pub kmo: Option<f64>,
    /// The same by column, `p`.
    pub msa: Vec<Option<f64>>,
    /// Bartlett's statistic, degrees of freedom, p-value.
    pub bartlett: Option<(f64, f64, f64)>,
    /// Variance inflation by column, `p`.
    pub vif: Vec<Option<f64>>,
    /// Pairs of columns correlated by 0.9 or more in absolute value, strongest first.
    pub collinear: Vec<(String, String, f64)>,
    /// Column names.
    pub columns: Vec<String>,
    /// Unit labels.
    pub units: Vec<String>,
    /// Squared Mahalanobis distance from the mean, `n`.
    pub mahalanobis_sq: Option<Vec<f64>>,
    /// Largest absolute z-score and its column, `n`.
    pub extremes: Vec<(f64, usize)>,
    /// Ratio of the largest to the smallest eigenvalue of the correlations; infinite if singular.
    pub condition: f64,
    /// `k` and the units that stand alone when Ward's tree is cut there, for `k` from 2 to 5.
    pub alone: Vec<(usize, Vec<String>)>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Screens the rows and columns of `data`.
pub fn diagnose(data: &std::sync::Arc<Matrix>, context: &Context) -> Result<Diagnostics> {
    let (n, p) = data.values.shape();
    if n < 3 {
        return Err(ClusterError::TooFewRows { primitive: "diagnose", rows: n, needed: 3 }.into());
    }
    let (z, _) = centred(data, true, "diagnose")?;
    let analysis = Collinearity::new(&z);
    let (r, inverse) = (&analysis.correlations, &analysis.inverse);
    let mut warnings = Vec::new();
    if p * 2 >= n {
        warnings.push(format!(
            "{p} columns for {n} rows (at least n/2): distances and covariances rest on too little"
        ));
    }
    let (kmo, msa) = match inverse {
        Some(inverse) if p > 1 => adequacy(r, inverse),
        _ => (None, vec![None; p]),
    };
    if inverse.is_none() {
        warnings.push(
            "the correlation matrix is singular: KMO, Bartlett's test, VIF and Mahalanobis \
             distances do not exist"
                .into(),
        );
    }
    if let Some(kmo) = kmo
        && kmo < 0.5
    {
        warnings.push(format!(
            "KMO {kmo:.3} is below 0.5: the columns share too little for common components"
        ));
    }
    let vif = analysis.vif();
    let inflated = vif.iter().flatten().filter(|v| **v > 10.0).count();
    if inflated > 0 {
        let largest = vif.iter().flatten().copied().fold(0.0, f64::max);
        warnings.push(format!(
            "{inflated} of {p} columns have a variance inflation above 10 (largest {largest:.0}): \
             they repeat each other and count double in distances"
        ));
    }
    let bartlett = inverse.as_ref().filter(|_| p > 1).and_then(|_| {
        let log_det: f64 = analysis.eigenvalues.iter().map(|l| l.ln()).sum();
        let statistic = -(n as f64 - 1.0 - (2.0 * p as f64 + 5.0) / 6.0) * log_det;
        let degrees = (p * (p - 1)) as f64 / 2.0;
        let law = ChiSquared::new(degrees).ok()?;
        Some((statistic, degrees, law.sf(statistic.max(0.0))))
    });
    let mut collinear: Vec<(String, String, f64)> = Vec::new();
    for a in 0..p {
        for b in a + 1..p {
            if r[(a, b)].abs() >= 0.9 {
                collinear.push((data.columns[a].clone(), data.columns[b].clone(), r[(a, b)]));
            }
        }
    }
    collinear.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let mahalanobis_sq = analysis.mahalanobis_sq(&z);
    let extremes = (0..n)
        .map(|i| {
            let mut largest = (0.0, 0);
            for j in 0..p {
                if z[(i, j)].abs() > largest.0 {
                    largest = (z[(i, j)].abs(), j);
                }
            }
            largest
        })
        .collect();
    let mut alone = Vec::new();
    // Ward's tree needs all distances.
    if n <= 5000 {
        let scaled =
            Matrix { values: z, columns: data.columns.clone(), labels: data.labels.clone() };
        let tree = hclust(std::sync::Arc::new(scaled), &HclustParams::default(), context)?;
        for k in 2..=5.min(n - 1) {
            let cut = tree.cut(k)?;
            let names: Vec<String> = cut
                .members()
                .into_iter()
                .filter(|m| m.len() == 1)
                .map(|m| data.labels[m[0]].clone())
                .collect();
            if !names.is_empty() {
                alone.push((k, names));
            }
        }
    }
    if let Some((k, names)) = alone.first() {
        warnings.push(format!(
            "{} would be a cluster alone at k = {k}: clusters of one unit describe an outlier, not \
             a group",
            names.join(", ")
        ));
    }
    Ok(Diagnostics {
        shape: (n, p),
        kmo,
        msa,
        bartlett,
        vif,
        collinear,
        columns: data.columns.clone(),
        units: data.labels.clone(),
        mahalanobis_sq,
        extremes,
        condition: analysis.eigenvalue_ratio(),
        alone,
        warnings,
    })
}

/// Kaiser-Meyer-Olkin measure, overall and by column.
fn adequacy(r: &DMatrix<f64>, inverse: &DMatrix<f64>) -> (Option<f64>, Vec<Option<f64>>) {
    let p = r.nrows();
    let (mut simple, mut partial) = (vec![0.0; p], vec![0.0; p]);
    for i in 0..p {
        for j in (0..p).filter(|j| *j != i) {
            simple[i] += r[(i, j)].powi(2);
            partial[i] += inverse[(i, j)].powi(2) / (inverse[(i, i)] * inverse[(j, j)]);
        }
    }
    let share = |r: f64, q: f64| (r + q > 0.0).then(|| r / (r + q));
    let overall = share(simple.iter().sum(), partial.iter().sum());
    (overall, simple.iter().zip(&partial).map(|(r, q)| share(*r, *q)).collect())
}

impl Diagnostics {
    /// A row per column: `msa`, `vif`.
    pub fn columns_table(&self) -> Result<Table> {
        Table::new([
            ("variable", Vector::from_texts(&self.columns)),
            ("msa", Vector::from_options(self.msa.iter().copied())),
            ("vif", Vector::from_options(self.vif.iter().copied())),
        ])?
        .labelled_by("variable")
    }

    /// A row per unit: `mahalanobis_sq`, its upper tail `p_value`, `largest_z` and the column it is in.
    pub fn units_table(&self) -> Result<Table> {
        let law = ChiSquared::new(self.shape.1 as f64).ok();
        let squares = |i: usize| self.mahalanobis_sq.as_ref().map(|m| m[i]);
        let n = self.units.len();
        Table::new([
            ("unit", Vector::from_texts(&self.units)),
            ("mahalanobis_sq", Vector::from_options((0..n).map(squares))),
            (
                "p_value",
                Vector::from_options((0..n).map(|i| Some(law.as_ref()?.sf(squares(i)?.max(0.0))))),
            ),
            ("largest_z", Vector::from_floats(self.extremes.iter().map(|e| e.0))),
            ("in_column", Vector::from_texts(self.extremes.iter().map(|e| &self.columns[e.1]))),
        ])?
        .labelled_by("unit")
    }

    /// Pairs of columns correlated by 0.9 or more: `left`, `right`, `correlation`.
    pub fn collinear_table(&self) -> Result<Table> {
        Table::new([
            ("left", Vector::from_texts(self.collinear.iter().map(|c| &c.0))),
            ("right", Vector::from_texts(self.collinear.iter().map(|c| &c.1))),
            ("correlation", Vector::from_floats(self.collinear.iter().map(|c| c.2))),
        ])
    }
}
