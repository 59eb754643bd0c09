//! What each row does to the estimates: the model refitted without it.

use nalgebra::DVector;
use rayon::prelude::*;

use super::efficiency::EfficiencyParams;
use super::fit::{Boundary, SfaFit};
use super::refit::{Refit, Refitter};
use crate::context::Context;
use crate::error::Result;
use crate::stats::rank::{places, spearman};
use crate::table::{Table, Vector};

/// What leaving out one row changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Omission {
    /// Frontier coefficients without the row, less those with it.
    pub coef: Vec<f64>,
    /// `gamma` without the row; missing where rows differ in it.
    pub gamma: Option<f64>,
    /// Mean efficiency of the other rows, less their mean in the full fit.
    pub mean_te: f64,
    /// Spearman correlation of the other rows' efficiencies with those of the full fit; missing
    /// where one side is constant.
    pub rank_correlation: Option<f64>,
    /// Largest change of rank among the other rows.
    pub rank_change: u64,
    /// `d' inv(V) d / p` for the change `d` of the frontier coefficients, `V` their covariance in
    /// the full fit: Cook's distance.
    pub cook: Option<f64>,
    /// Where the maximum lies without the row.
    pub boundary: Boundary,
    /// Whether that fit ended at a maximum.
    pub converged: bool,
}

/// Leave-one-out influence.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// Row labels.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// Names of the frontier coefficients.
    pub names: Vec<String>,
    /// By row; missing where the others leave nothing to fit.
    pub rows: Vec<Option<Omission>>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

impl SfaFit {
    /// Refits the model without each row in turn, in parallel.
    pub fn influence(&self, ctx: &Context) -> Result<Influence> {
        let refitter = Refitter::new(self)?;
        let full = self.efficiency(&EfficiencyParams::default())?.te;
        let n = self.nobs();
        let rows: Vec<Option<Omission>> = (0..n)
            .into_par_iter()
            .map(|out| {
                ctx.check()?;
                let keep: Vec<usize> = (0..n).filter(|i| *i != out).collect();
                let Some(sample) = refitter.problem.sample.with_rows(&keep) else {
                    return Ok(None);
                };
                let refit = refitter.fit(&sample, &refitter.others(&keep), ctx)?;
                let before: Vec<f64> = keep.iter().map(|i| full[*i]).collect();
                Ok(Some(self.omission(&refit, &before)))
            })
            .collect::<Result<_>>()?;
        let mut warnings = Vec::new();
        let names = self.row_names();
        let turned: Vec<&str> = (0..n)
            .filter(|i| rows[*i].as_ref().is_some_and(|o| o.boundary != self.boundary))
            .map(|i| names[i].as_str())
            .collect();
        if !turned.is_empty() {
            let shown = turned.iter().take(8).copied().collect::<Vec<_>>().join(", ");
            let more = turned.len().saturating_sub(8);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            warnings.push(format!(
                "where the maximum lies ({}) hangs on single rows: it moves without {shown}{rest}.",
                self.boundary.name()
            ));
        }
        let failed = rows.iter().flatten().filter(|o| !o.converged).count();
        let unfit = rows.iter().filter(|o| o.is_none()).count();
        if failed + unfit > 0 {
            warnings.push(format!(
                "{failed} refits did not end at a maximum, {unfit} left nothing to fit."
            ));
        }
        Ok(Influence {
            labels: names,
            label_name: self.label_name.clone(),
            names: self.coef.iter().map(|c| c.name.clone()).collect(),
            rows,
            warnings,
        })
    }

    fn omission(&self, refit: &Refit, before: &[f64]) -> Omission {
        let p = self.coef.len();
        let coef: Vec<f64> = (0..p).map(|j| refit.coef[j] - self.coef[j].value).collect();
        let cook = self.vcov.as_ref().and_then(|vcov| {
            let d = DVector::from_row_slice(&coef);
            let inner = vcov.view((0, 0), (p, p)).into_owned().cholesky()?.solve(&d);
            Some(d.dot(&inner) / p as f64)
        });
        let (old, new) = (places(before), places(&refit.te));
        Omission {
            gamma: refit.gamma(),
            mean_te: refit.mean_te() - before.iter().sum::<f64>() / before.len() as f64,
            rank_correlation: spearman(before, &refit.te),
            rank_change: old
                .iter()
                .zip(&new)
                .filter_map(|(a, b)| Some((*a)?.abs_diff((*b)?)))
                .max()
                .unwrap_or(0),
            cook,
            boundary: refit.boundary,
            converged: refit.converged,
            coef,
        }
    }
}

impl Influence {
    /// One row a row of the fit: what leaving it out changes, the coefficients last.
    pub fn table(&self) -> Result<Table> {
        let options = |get: &dyn Fn(&Omission) -> Option<f64>| {
            Vector::from_options(self.rows.iter().map(|o| o.as_ref().and_then(get)))
        };
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        let boundary = self.rows.iter().map(|o| o.as_ref().map_or("unfit", |o| o.boundary.name()));
        let converged: arrow_array::BooleanArray =
            self.rows.iter().map(|o| Some(o.as_ref().is_some_and(|o| o.converged))).collect();
        let mut columns = vec![
            (name.clone(), Vector::from_texts(&self.labels)),
            ("cook".into(), options(&|o| o.cook)),
            ("gamma".into(), options(&|o| o.gamma)),
            ("d_mean_te".into(), options(&|o| Some(o.mean_te))),
            ("rank_correlation".into(), options(&|o| o.rank_correlation)),
            ("rank_change".into(), options(&|o| Some(o.rank_change as f64))),
            ("boundary".into(), Vector::from_texts(boundary)),
            ("converged".into(), Vector::new(std::sync::Arc::new(converged))),
        ];
        for (j, coef) in self.names.iter().enumerate() {
            columns.push((format!("d_{coef}"), options(&move |o| Some(o.coef[j]))));
        }
        Table::new(columns)?.labelled_by(&name)
    }
}
