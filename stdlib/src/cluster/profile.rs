//! What distinguishes the clusters.
//!
//! For column `j` and cluster `c` of `n_c` of `n` units: means in the units of the data and in standard
//! deviations (n - 1) from the overall mean; the v-test `(m_cj - m_j) / sqrt((n - n_c)/(n - 1) s_j^2/n_c)`,
//! `s^2` with divisor `n` (Lebart, Morineau and Piron, 1995), beyond about 2 where the cluster's mean is
//! no random draw; `eta_sq = SSB/SST`, the share of the column's variance that lies between clusters,
//! with its F test. The tests are descriptive: the clusters were made to differ.
//! A constant column has means and nothing else. Units that belong to no cluster are left out.

use nalgebra::DMatrix;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::error::ClusterError;
use super::partition::{Clustering, NOISE, means};
use crate::error::Result;
use crate::table::{Matrix, Table, Vector};

/// Clusters by columns.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Column names, `p`.
    pub columns: Vec<String>,
    /// Cluster names, `k`.
    pub names: Vec<String>,
    /// Units in each cluster, `k`.
    pub sizes: Vec<usize>,
    /// Overall means, `p`.
    pub overall: Vec<f64>,
    /// Overall standard deviations (n - 1), `p`.
    pub sds: Vec<f64>,
    /// Means of the clusters in the data's units, `k` by `p`.
    pub means: DMatrix<f64>,
    /// The same in standard deviations from the overall mean, `k` by `p`; missing for a constant column.
    pub standardised: Vec<Vec<Option<f64>>>,
    /// v-tests, `k` by `p`; missing for a constant column and a single cluster.
    pub v_test: Vec<Vec<Option<f64>>>,
    /// Share of variance between clusters, `p`; missing for a constant column.
    pub eta_sq: Vec<Option<f64>>,
    /// F statistics, `p`; missing where there is nothing to test or nothing within clusters.
    pub f: Vec<Option<f64>>,
    /// Their p-values, `p`.
    pub p_value: Vec<Option<f64>>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

impl Clustering {
    /// The profile in the columns of `data` (the clustered data when `None`).
    pub fn profile(&self, data: Option<&Matrix>) -> Result<Profile> {
        let own;
        let data = if let Some(data) = data {
            data
        } else {
            own = self.basis.matrix("profile", "a profile")?;
            own
        };
        if data.values.nrows() != self.len() {
            return Err(ClusterError::Lengths {
                primitive: "profile",
                left: self.len(),
                right: data.values.nrows(),
            }
            .into());
        }
        let keep: Vec<usize> = (0..self.len()).filter(|u| self.labels[*u] != NOISE).collect();
        let values = data.values.select_rows(&keep);
        let labels: Vec<usize> = keep.iter().map(|u| self.labels[*u]).collect();
        let (n, p, k) = (values.nrows() as f64, values.ncols(), self.k);
        let centers = means(&values, &labels, k);
        let mut profile = Profile {
            columns: data.columns.clone(),
            names: self.names.clone(),
            sizes: self.sizes.clone(),
            overall: Vec::with_capacity(p),
            sds: Vec::with_capacity(p),
            standardised: vec![Vec::with_capacity(p); k],
            v_test: vec![Vec::with_capacity(p); k],
            eta_sq: Vec::with_capacity(p),
            f: Vec::with_capacity(p),
            p_value: Vec::with_capacity(p),
            means: centers,
            warnings: Vec::new(),
        };
        for j in 0..p {
            let column = values.column(j);
            let column = column.data.into_slice();
            let mean = crate::stats::mean(column).unwrap_or(0.0);
            let sd = crate::stats::sample_sd(column).unwrap_or(0.0);
            let varies = sd > f64::EPSILON * mean.abs();
            let total = sd * sd * (n - 1.0);
            let within: f64 = column
                .iter()
                .zip(&labels)
                .map(|(x, label)| (x - profile.means[(label - 1, j)]).powi(2))
                .sum();
            for c in 0..k {
                let gap = profile.means[(c, j)] - mean;
                let size = self.sizes[c] as f64;
                let spread = (n - size) / (n - 1.0) * (total / n) / size;
                profile.standardised[c].push(varies.then(|| gap / sd));
                profile.v_test[c].push((varies && spread > 0.0).then(|| gap / spread.sqrt()));
            }
            // What is left of the mean of a standardised column is rounding.
            profile.overall.push(if mean.abs() <= 1e-12 * sd { 0.0 } else { mean });
            profile.sds.push(sd);
            profile.eta_sq.push(varies.then(|| ((total - within) / total).clamp(0.0, 1.0)));
            let (above, below) = (k as f64 - 1.0, n - k as f64);
            let testable = varies && above > 0.0 && below > 0.0 && within > 0.0;
            let f = testable.then(|| ((total - within) / above) / (within / below));
            profile.f.push(f);
            profile.p_value.push(f.and_then(|f| {
                FisherSnedecor::new(above, below).ok().map(|law| law.sf(f.max(0.0)))
            }));
        }
        if self.basis.len() > keep.len() {
            profile.warnings.push(format!(
                "{} units that belong to no cluster are left out",
                self.basis.len() - keep.len()
            ));
        }
        Ok(profile)
    }
}

impl Profile {
    /// Means in the data's units: a row per column of the data, a column per cluster, then `overall`
    /// and `eta_sq`.
    pub fn means_table(&self) -> Result<Table> {
        let clusters: Vec<Vec<Option<f64>>> = (0..self.names.len())
            .map(|c| self.means.row(c).iter().map(|m| Some(*m)).collect())
            .collect();
        self.table(&clusters, Some(&self.overall))
    }

    /// The same in standard deviations from the overall mean.
    pub fn standardised_table(&self) -> Result<Table> {
        self.table(&self.standardised, None)
    }

    /// v-tests, with `eta_sq` last.
    pub fn v_test_table(&self) -> Result<Table> {
        self.table(&self.v_test, None)
    }

    /// `eta_sq`, `f` and `p_value` of each column.
    pub fn tests_table(&self) -> Result<Table> {
        Table::new([
            ("variable", Vector::from_texts(&self.columns)),
            ("eta_sq", Vector::from_options(self.eta_sq.iter().copied())),
            ("f", Vector::from_options(self.f.iter().copied())),
            ("p_value", Vector::from_options(self.p_value.iter().copied())),
        ])?
        .labelled_by("variable")
    }

    fn table(&self, clusters: &[Vec<Option<f64>>], overall: Option<&[f64]>) -> Result<Table> {
        let mut columns = vec![("variable".to_owned(), Vector::from_texts(&self.columns))];
        for (name, values) in self.names.iter().zip(clusters) {
            columns.push((name.clone(), Vector::from_options(values.iter().copied())));
        }
        if let Some(overall) = overall {
            columns.push(("overall".into(), Vector::from_floats(overall.iter().copied())));
        }
        columns.push(("eta_sq".into(), Vector::from_options(self.eta_sq.iter().copied())));
        Table::new(columns)?.labelled_by("variable")
    }
}
