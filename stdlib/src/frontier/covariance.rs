//! Covariances of the estimates: by curvature, by the spread of the scores, or both.

use std::collections::HashMap;

use nalgebra::{DMatrix, DVector};

use super::error::FrontierError;
use super::fit::{Boundary, Problem, SfaFit};
use super::noise::Noise;
use super::solve::likelihood;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::Result;
use crate::table::{Cell, Table, Vector, name_rows};

/// How standard errors are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeKind {
    /// Inverse of minus the Hessian.
    #[default]
    Hessian,
    /// Inverse of the summed outer products of the rows' scores (Berndt, Hall, Hall and Hausman,
    /// 1974).
    Opg,
    /// Inverse Hessian around those products (Huber, 1967; White, 1982): holds when the density
    /// is wrong but the scores still have mean zero. No small-sample factor.
    Sandwich,
    /// The same with scores summed within groups first, times `G / (G - 1)`.
    Cluster,
    /// The spread of refits to data drawn anew (Efron, 1979), see [`super::BootstrapParams`].
    Bootstrap,
}

impl Choice for SeKind {
    const ALL: &'static [(&'static str, Self)] = &[
        ("hessian", Self::Hessian),
        ("opg", Self::Opg),
        ("sandwich", Self::Sandwich),
        ("cluster", Self::Cluster),
        ("bootstrap", Self::Bootstrap),
    ];
}

/// The group of each row in use, numbered from 0 in order of appearance.
pub(super) fn groups(table: &Table, column: &str, rows: &[u32]) -> Result<Vec<usize>> {
    let cells = table.column(column)?;
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let cell = cells.cell(*row as usize);
        if cell == Cell::Missing {
            let name = &table.row_names()[*row as usize];
            let row = name_rows(&[name.as_str()]);
            return Err(FrontierError::NoCluster {
                column: column.to_owned(),
                row: row.trim_start_matches("row ").to_owned(),
            }
            .into());
        }
        let next = known.len();
        list.push(*known.entry(format!("{cell:?}")).or_insert(next));
    }
    if known.len() < 2 {
        return Err(
            FrontierError::FewClusters { column: column.to_owned(), groups: known.len() }.into()
        );
    }
    Ok(list)
}

/// The covariance of `kind` from the inverse of minus the Hessian and the rows' scores.
pub(super) fn covariance(
    kind: SeKind,
    inverse: &DMatrix<f64>,
    scores: &DMatrix<f64>,
    groups: Option<&[usize]>,
) -> Option<DMatrix<f64>> {
    let summed = match groups {
        Some(groups) => {
            let count = groups.iter().max().map_or(0, |g| g + 1);
            let mut sums = DMatrix::zeros(count, scores.ncols());
            for (row, group) in groups.iter().enumerate() {
                let mut line = sums.row_mut(*group);
                line += scores.row(row);
            }
            sums
        }
        None => scores.clone(),
    };
    let middle = || summed.transpose() * &summed;
    match kind {
        // Refits take the place of the curvature once the model is fitted.
        SeKind::Hessian | SeKind::Bootstrap => Some(inverse.clone()),
        SeKind::Opg => middle().cholesky().map(|c| c.inverse()),
        SeKind::Sandwich => Some(inverse * middle() * inverse),
        SeKind::Cluster => {
            let g = summed.nrows() as f64;
            Some(inverse * middle() * inverse * (g / (g - 1.0)))
        }
    }
}

impl SfaFit {
    /// The estimates in the columns at unit scale that `problem` holds.
    pub(super) fn scaled_coef(&self, problem: &Problem) -> Option<Vec<f64>> {
        let mut all = Vec::new();
        let mut push = |map: DMatrix<f64>, given: Vec<f64>| {
            let back = map.lu().solve(&DVector::from_vec(given))?;
            all.extend(back.iter().copied());
            Some(())
        };
        push(problem.sample.scaled.map(), self.coef.iter().map(|c| c.value).collect())?;
        for (other, equation) in problem.others.iter().zip(&self.equations) {
            push(other.scaled.map(), equation.coef.iter().map(|c| c.value).collect())?;
        }
        Some(all)
    }

    /// The covariance of the estimates by another method than the fit's own, in the order of
    /// `coef`, then of `equations`; missing at `gamma_one` and where the likelihood has no
    /// finite maximum. `cluster` names the column of groups that [`SeKind::Cluster`] needs;
    /// [`SeKind::Bootstrap`] refits by `params.bootstrap`.
    pub fn vcov_by(
        &self,
        kind: SeKind,
        cluster: Option<&str>,
        ctx: &Context,
    ) -> Result<Option<DMatrix<f64>>> {
        check_cluster(kind, cluster)?;
        if kind == SeKind::Bootstrap {
            return Ok(self.bootstrap(&self.params.bootstrap, ctx)?.vcov(self));
        }
        if self.boundary == Boundary::GammaOne || self.search.drift.is_some() {
            return Ok(None);
        }
        if self.boundary == Boundary::GammaZero && self.params.noise != Noise::Normal {
            // Scores of other noise at this end are not kept.
            return Ok(self.vcov.clone().filter(|_| kind == SeKind::Hessian));
        }
        let problem = Problem::new(&self.formula, &self.table, &self.params)?;
        let groups = match cluster {
            Some(column) => Some(groups(&self.table, column, &self.rows)?),
            None => None,
        };
        let Some(coef) = self.scaled_coef(&problem) else { return Ok(None) };
        let sample = &problem.sample;
        let (scores, hessian, jacobian) = if self.boundary == Boundary::GammaZero {
            let sigma_sq = self.ols.sigma_sq;
            let w = sample.weights.as_deref();
            let scores = least_squares_scores(
                &sample.scaled.z,
                &self.residuals,
                sample.weights.as_deref(),
                sigma_sq,
            );
            (scores, super::data::gram(&sample.scaled.z, w) / sigma_sq, sample.scaled.map())
        } else {
            let model = likelihood(sample, &problem.others, self.params.law());
            (model.row_scores(&coef), -model.jet(&coef).hessian, problem.jacobian())
        };
        let Some(inverse) = hessian.cholesky().map(|c| c.inverse()) else { return Ok(None) };
        let scaled = covariance(kind, &inverse, &scores, groups.as_deref());
        Ok(scaled.map(|v| &jacobian * v * jacobian.transpose()))
    }

    /// [`SfaFit::vcov_by`] as a labelled table.
    pub fn vcov_by_table(
        &self,
        kind: SeKind,
        cluster: Option<&str>,
        ctx: &Context,
    ) -> Result<Option<Table>> {
        let Some(vcov) = self.vcov_by(kind, cluster, ctx)? else { return Ok(None) };
        self.covariance_table(&vcov).map(Some)
    }

    /// Names of all coefficients: the frontier's as they are, others with their equation.
    pub fn coefficient_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.coef.iter().map(|c| c.name.clone()).collect();
        for equation in &self.equations {
            names.extend(equation.coef.iter().map(|c| format!("{}: {}", equation.name, c.name)));
        }
        names
    }

    pub(super) fn covariance_table(&self, vcov: &DMatrix<f64>) -> Result<Table> {
        let mut names = self.coefficient_names();
        names.truncate(vcov.nrows());
        let mut columns = vec![("term".to_owned(), Vector::from_texts(&names))];
        for (j, name) in names.iter().enumerate() {
            columns.push((name.clone(), Vector::from_floats(vcov.column(j).iter().copied())));
        }
        Table::new(columns)?.labelled_by("term")
    }
}

/// Scores of least squares with known variance, row by row.
pub(super) fn least_squares_scores(
    z: &DMatrix<f64>,
    residuals: &[f64],
    weights: Option<&[f64]>,
    sigma_sq: f64,
) -> DMatrix<f64> {
    DMatrix::from_fn(z.nrows(), z.ncols(), |i, j| {
        weights.map_or(1.0, |w| w[i]) * z[(i, j)] * residuals[i] / sigma_sq
    })
}

/// A cluster column goes with clustered errors and with nothing else.
pub(super) fn check_cluster(kind: SeKind, cluster: Option<&str>) -> Result<(), FrontierError> {
    match (kind, cluster) {
        (SeKind::Cluster, None) => Err(FrontierError::Incompatible {
            option: "se \"cluster\"".into(),
            with: "no cluster column".into(),
            instead: "name it: #{ se: \"cluster\", cluster: \"column\" }".into(),
        }),
        (SeKind::Cluster, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(FrontierError::Incompatible {
            option: "cluster".into(),
            with: format!("se \"{}\"", kind.name()),
            instead: "a column of groups needs se: \"cluster\"".into(),
        }),
    }
}
