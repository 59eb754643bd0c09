//! Ordinary least squares with robust standard errors and diagnostics.
//!
//! The regression stands on a QR decomposition of columns at unit scale. Heteroskedasticity:
//! White (1980), HC1 to HC3 of `MacKinnon` and White (1985); clusters: Liang and Zeger (1986) with
//! the factor `G/(G-1) (n-1)/(n-k)`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::StringArray;
use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF, FisherSnedecor, StudentsT};

use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::formula::{self, Formula, FormulaError, FrameParams, Plan, ZeroPolicy};
use crate::frontier::data::Scaled;
use crate::frontier::fit::Estimate;
use crate::frontier::normal::HALF_LN_2PI;
use crate::frontier::{FrontierError, SfaFit};
use crate::table::{Table, Vector};

/// Which covariance of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StandardErrors {
    /// One residual variance for all rows.
    #[default]
    Classical,
    /// White (1980).
    Hc0,
    /// HC0 times `n / (n - k)`; Stata's `robust`.
    Hc1,
    /// Residuals divided by the root of one minus their leverage.
    Hc2,
    /// Residuals divided by one minus their leverage; for small samples.
    Hc3,
    /// Rows of a cluster may depend on each other.
    Cluster,
}

impl Choice for StandardErrors {
    const ALL: &'static [(&'static str, Self)] = &[
        ("classical", Self::Classical),
        ("hc0", Self::Hc0),
        ("hc1", Self::Hc1),
        ("hc2", Self::Hc2),
        ("hc3", Self::Hc3),
        ("cluster", Self::Cluster),
    ];
}

/// The choices of [`ols`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OlsParams {
    /// Which covariance; `Cluster` where a cluster column is named.
    pub se: Option<StandardErrors>,
    /// Column that tells the clusters.
    pub cluster: Option<String>,
    /// Zeros and negatives under a logarithm.
    pub zero: ZeroPolicy,
}

/// A fitted regression.
#[derive(Debug, Clone)]
pub struct Regression {
    /// The formula, its dots filled in.
    pub formula: Formula,
    /// Coefficients with their standard errors.
    pub coef: Vec<Estimate>,
    /// Covariance of the coefficients.
    pub vcov: DMatrix<f64>,
    /// Which covariance it is.
    pub se: StandardErrors,
    /// Clusters, where rows were clustered.
    pub clusters: Option<usize>,
    /// Degrees of freedom of the t tests: rows minus coefficients, or clusters minus one.
    pub df: usize,
    /// Residual standard error, `sqrt(SSR / (n - k))`.
    pub sigma: f64,
    /// Share of the variance explained (of the sum of squares, without an intercept).
    pub r_squared: f64,
    /// The same, adjusted for the number of coefficients.
    pub r_squared_adjusted: f64,
    /// F statistic of all slopes, by [`Regression::vcov`], its two degrees of freedom and p-value.
    pub f_test: Option<(f64, usize, usize, f64)>,
    /// Normal loglikelihood.
    pub loglik: f64,
    /// `y - x'b` by row.
    pub residuals: Vec<f64>,
    /// `x'b` by row.
    pub fitted: Vec<f64>,
    /// Diagonal of the hat matrix.
    pub leverage: Vec<f64>,
    /// Rows used, as positions in the table.
    pub rows: Vec<u32>,
    /// Labels of the rows used.
    pub labels: Vec<String>,
    /// What the labels name.
    pub label_name: Option<String>,
    /// Rows left out for missing values or logarithms.
    pub dropped: usize,
    /// How the columns are made.
    pub plan: Plan,
    /// What a reader must know.
    pub warnings: Vec<String>,
    /// Columns at unit scale.
    pub(super) z: DMatrix<f64>,
}

/// Fits `formula` to `table` by least squares.
pub fn ols(formula: &str, table: &Table, params: &OlsParams) -> Result<Regression> {
    let parsed = Formula::parse(formula)?;
    let se = match (params.se, &params.cluster) {
        (None, Some(_)) => StandardErrors::Cluster,
        (None, None) => StandardErrors::Classical,
        (Some(StandardErrors::Cluster), None) => {
            return Err(Error::Invalid {
                primitive: "ols",
                parameter: "cluster",
                rule: "name the column that tells the clusters".into(),
                value: "nothing".into(),
            });
        }
        (Some(se), Some(_)) if se != StandardErrors::Cluster => {
            return Err(FrontierError::Incompatible {
                option: "cluster".into(),
                with: format!("se: \"{}\"", se.name()),
                instead: "leave one of the two out".into(),
            }
            .into());
        }
        (Some(se), _) => se,
    };
    let frame_params =
        FrameParams { zero: params.zero, also: params.cluster.iter().cloned().collect() };
    let mut frame = formula::frame(table, &[&parsed], &frame_params)?;
    let design = frame.designs.pop().expect("one design per formula");
    let Some(y) = design.y else {
        let at = parsed.place((0, parsed.text.len()));
        return Err(FormulaError::NoResponse { at }.into());
    };
    let (n, k) = (y.len(), design.x.ncols());
    let dropped = frame.missing + frame.outside;
    if n <= k {
        return Err(FrontierError::TooFewRows { rows: n, parameters: k, dropped }.into());
    }
    let plan = design.plan;
    let x = design.x;
    let scaled = Scaled::new(x.clone(), plan.intercept, &plan.names, "the regression")?;
    let qr = scaled.z.clone().qr();
    let (q, r) = (qr.q(), qr.r());
    let target = DVector::from_column_slice(&y);
    let unsolved = || FrontierError::TooFewRows { rows: n, parameters: k, dropped };
    let mut solution = r.solve_upper_triangular(&(q.transpose() * &target)).ok_or_else(unsolved)?;
    // One step of refinement.
    let rest = &target - &scaled.z * &solution;
    solution += r.solve_upper_triangular(&(q.transpose() * rest)).ok_or_else(unsolved)?;
    let fitted = &scaled.z * &solution;
    let residuals: Vec<f64> = y.iter().zip(fitted.iter()).map(|(y, f)| y - f).collect();
    let leverage: Vec<f64> = q.row_iter().map(|row| row.norm_squared()).collect();
    let inverse = r.solve_upper_triangular(&DMatrix::identity(k, k)).ok_or_else(unsolved)?;
    let bread = &inverse * inverse.transpose();

    let ssr: f64 = residuals.iter().map(|e| e * e).sum();
    let (nf, kf) = (n as f64, k as f64);
    let mut warnings = Vec::new();
    let mut clusters = None;
    let scaled_vcov = match se {
        StandardErrors::Classical => &bread * (ssr / (nf - kf)),
        StandardErrors::Cluster => {
            let column = params.cluster.as_deref().unwrap_or_default();
            let groups = group_rows(table, column, &frame.rows)?;
            let g = groups.len();
            if g < 2 {
                return Err(Error::Invalid {
                    primitive: "ols",
                    parameter: "cluster",
                    rule: "tell two clusters or more".into(),
                    value: format!("`{column}` with {g}"),
                });
            }
            if g < 20 {
                warnings.push(format!(
                    "{g} clusters: their standard errors are unreliable below about 20."
                ));
            }
            clusters = Some(g);
            let mut meat = DMatrix::zeros(k, k);
            for rows in groups {
                let mut score = DVector::zeros(k);
                for row in rows {
                    score += scaled.z.row(row).transpose() * residuals[row];
                }
                meat += &score * score.transpose();
            }
            let g = g as f64;
            (&bread * meat * &bread) * (g / (g - 1.0) * (nf - 1.0) / (nf - kf))
        }
        hc => {
            let weight = |i: usize| {
                let (e2, left) = (residuals[i].powi(2), 1.0 - leverage[i]);
                match hc {
                    // A row that the fit passes through exactly says nothing of the variance.
                    _ if left <= 1e-12 => 0.0,
                    StandardErrors::Hc1 => e2 * nf / (nf - kf),
                    StandardErrors::Hc2 => e2 / left,
                    StandardErrors::Hc3 => e2 / (left * left),
                    _ => e2,
                }
            };
            let mut weighted = scaled.z.clone();
            for (i, mut row) in weighted.row_iter_mut().enumerate() {
                row *= weight(i);
            }
            &bread * (scaled.z.transpose() * weighted) * &bread
        }
    };
    let map = scaled.map();
    let vcov = &map * &scaled_vcov * map.transpose();
    let values = &map * &solution;
    let coef: Vec<Estimate> = plan
        .names
        .iter()
        .enumerate()
        .map(|(j, name)| Estimate {
            name: name.clone(),
            value: values[j],
            se: Some(vcov[(j, j)].max(0.0).sqrt()),
        })
        .collect();
    let df = clusters.map_or(n - k, |g| g - 1);
    let first = usize::from(plan.intercept);
    let f_test = (k > first)
        .then(|| {
            let slopes = solution.rows(first, k - first).into_owned();
            let block = scaled_vcov.view((first, first), (k - first, k - first)).into_owned();
            let statistic = slopes.dot(&block.cholesky()?.solve(&slopes)) / (k - first) as f64;
            let law = FisherSnedecor::new((k - first) as f64, df as f64).ok()?;
            Some((statistic, k - first, df, law.sf(statistic)))
        })
        .flatten();
    if k > first && f_test.is_none() {
        warnings
            .push("the F test of all slopes does not exist: their covariance is singular.".into());
    }
    let centre = if plan.intercept { y.iter().sum::<f64>() / nf } else { 0.0 };
    let total: f64 = y.iter().map(|y| (y - centre).powi(2)).sum();
    let r_squared = if total > 0.0 { 1.0 - ssr / total } else { 0.0 };
    let free = nf - first as f64;
    let labels = table.row_names();
    Ok(Regression {
        formula: plan.formula.clone(),
        coef,
        vcov,
        se,
        clusters,
        df,
        sigma: (ssr / (nf - kf)).sqrt(),
        r_squared,
        r_squared_adjusted: 1.0 - (1.0 - r_squared) * free / (nf - kf),
        f_test,
        loglik: -nf * (HALF_LN_2PI + 0.5 * (ssr / nf).ln() + 0.5),
        residuals,
        fitted: fitted.iter().copied().collect(),
        leverage,
        labels: frame.rows.iter().map(|row| labels[*row as usize].clone()).collect(),
        label_name: table.label_name().map(str::to_owned),
        rows: frame.rows,
        dropped,
        plan,
        warnings,
        z: scaled.z,
    })
}

/// Positions of the rows of each cluster, in order of first appearance.
fn group_rows(table: &Table, column: &str, rows: &[u32]) -> Result<Vec<Vec<usize>>> {
    let values = table.column(column)?;
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let key = format!("{:?}", values.cell(*row as usize));
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(at);
    }
    Ok(groups)
}

impl Regression {
    /// Rows used.
    pub fn nobs(&self) -> usize {
        self.rows.len()
    }

    /// Parameters counted by AIC and BIC: the coefficients and the residual variance.
    pub fn nparams(&self) -> usize {
        self.coef.len() + 1
    }

    /// Akaike's criterion.
    pub fn aic(&self) -> f64 {
        2.0 * (self.nparams() as f64 - self.loglik)
    }

    /// Schwarz's criterion.
    pub fn bic(&self) -> f64 {
        self.nparams() as f64 * (self.nobs() as f64).ln() - 2.0 * self.loglik
    }

    /// Term, estimate, standard error, t, p and an interval of probability `level` (t with
    /// [`Regression::df`] degrees of freedom).
    pub fn parameters(&self, level: f64) -> Result<Table> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Invalid {
                primitive: "parameters",
                parameter: "level",
                rule: "lie between 0 and 1, both excluded".into(),
                value: level.to_string(),
            });
        }
        let law = StudentsT::new(0.0, 1.0, self.df as f64).ok();
        let width = law.map(|law| law.inverse_cdf(0.5 * (1.0 + level)));
        let se = |e: &Estimate| e.se.filter(|se| *se > 0.0);
        let t = |e: &Estimate| se(e).map(|se| e.value / se);
        let p = |e: &Estimate| Some(2.0 * law?.sf(t(e)?.abs()));
        let bound = |e: &Estimate, side: f64| Some(e.value + side * width? * se(e)?);
        let rows = &self.coef;
        Table::new([
            ("term", Vector::from_texts(rows.iter().map(|e| e.name.as_str()))),
            ("estimate", Vector::from_floats(rows.iter().map(|e| e.value))),
            ("se", Vector::from_options(rows.iter().map(se))),
            ("t", Vector::from_options(rows.iter().map(t))),
            ("p", Vector::from_options(rows.iter().map(p))),
            ("lower", Vector::from_options(rows.iter().map(|e| bound(e, -1.0)))),
            ("upper", Vector::from_options(rows.iter().map(|e| bound(e, 1.0)))),
        ])?
        .labelled_by("term")
    }

    /// The covariance of the coefficients as a labelled table.
    pub fn vcov_table(&self) -> Result<Table> {
        let names = &self.plan.names;
        let mut columns = vec![("term".to_owned(), Vector::from_texts(names))];
        for (j, name) in names.iter().enumerate() {
            columns.push((name.clone(), Vector::from_floats(self.vcov.column(j).iter().copied())));
        }
        Table::new(columns)?.labelled_by("term")
    }

    /// Row by row: fit, residual, leverage, studentised residual (without the row itself), Cook's
    /// distance and DFFITS.
    pub fn influence(&self) -> Result<Table> {
        let k = self.coef.len() as f64;
        let df = self.nobs() as f64 - k;
        let ssr: f64 = self.residuals.iter().map(|e| e * e).sum();
        let row = |i: usize| -> [Option<f64>; 3] {
            let (e, h) = (self.residuals[i], self.leverage[i]);
            let left = 1.0 - h;
            if left <= 1e-12 {
                return [None; 3];
            }
            let without = (ssr - e * e / left) / (df - 1.0);
            let student = (df > 1.0 && without > 0.0).then(|| e / (without * left).sqrt());
            let cook = e * e * h / (k * self.sigma * self.sigma * left * left);
            [student, Some(cook), student.map(|t| t * (h / left).sqrt())]
        };
        let rows: Vec<[Option<f64>; 3]> = (0..self.nobs()).map(row).collect();
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        Table::new([
            (name.as_str(), Vector::from_texts(&self.labels)),
            ("fitted", Vector::from_floats(self.fitted.iter().copied())),
            ("residual", Vector::from_floats(self.residuals.iter().copied())),
            ("leverage", Vector::from_floats(self.leverage.iter().copied())),
            ("student", Vector::from_options(rows.iter().map(|r| r[0]))),
            ("cook", Vector::from_options(rows.iter().map(|r| r[1]))),
            ("dffits", Vector::from_options(rows.iter().map(|r| r[2]))),
        ])?
        .labelled_by(&name)
    }

    /// `x'b` for each row of `table`, missing where a value is.
    pub fn predict(&self, table: &Table) -> Result<Vector> {
        let (x, rows) = self.plan.matrix(table)?;
        let coef = DVector::from_iterator(self.coef.len(), self.coef.iter().map(|c| c.value));
        let mut all = vec![None; table.nrow()];
        for (value, row) in (x * coef).iter().zip(&rows) {
            all[*row as usize] = Some(*value);
        }
        let vector = Vector::from_options(all).named("fitted");
        match table.labels() {
            Some(labels) => vector.with_labels(Arc::<StringArray>::clone(labels)),
            None => Ok(vector),
        }
    }
}

impl SfaFit {
    /// The least-squares regression on the same rows, formula and table.
    pub fn least_squares(&self) -> Result<Regression> {
        let params = OlsParams { zero: self.params.zero, ..OlsParams::default() };
        ols(&self.formula.text, &self.table, &params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new([
            ("y", Vector::from_floats([1.0, 3.0, 2.0, 5.0, 4.0, 7.0])),
            ("x", Vector::from_floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
            ("g", Vector::from_texts(["a", "a", "b", "b", "c", "c"])),
        ])
        .unwrap()
    }

    fn fit(se: StandardErrors) -> Regression {
        let cluster = (se == StandardErrors::Cluster).then(|| "g".to_owned());
        ols("y ~ x", &table(), &OlsParams { se: Some(se), cluster, ..OlsParams::default() })
            .unwrap()
    }

    #[test]
    fn least_squares_by_hand() {
        // Sxx = 17.5, Sxy = 18, Syy = 70/3.
        let m = fit(StandardErrors::Classical);
        let slope = 18.0 / 17.5;
        let ssr = 70.0 / 3.0 - 18.0 * slope;
        assert!((m.coef[1].value - slope).abs() < 1e-14);
        assert!((m.coef[0].value - (22.0 / 6.0 - slope * 3.5)).abs() < 1e-14);
        assert!((m.coef[1].se.unwrap() - (ssr / 4.0 / 17.5).sqrt()).abs() < 1e-14);
        assert!((m.r_squared - 18.0 * slope / (70.0 / 3.0)).abs() < 1e-14);
        let (f, _, _, p) = m.f_test.unwrap();
        let t = m.coef[1].value / m.coef[1].se.unwrap();
        assert!((f - t * t).abs() < 1e-10);
        let table = m.parameters(0.95).unwrap();
        assert!((table.at("x", "p").unwrap().as_f64().unwrap() - p).abs() < 1e-10);
        assert!((m.leverage.iter().sum::<f64>() - 2.0).abs() < 1e-14);
    }

    #[test]
    fn robust_errors_by_their_formulas() {
        let m = fit(StandardErrors::Hc0);
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let meat = |power: f64| -> f64 {
            (0..6)
                .map(|i| {
                    let e = m.residuals[i] / (1.0 - m.leverage[i]).powf(power);
                    ((x[i] - 3.5) * e).powi(2)
                })
                .sum::<f64>()
        };
        let se = |se| fit(se).coef[1].se.unwrap();
        assert!((se(StandardErrors::Hc0) - meat(0.0).sqrt() / 17.5).abs() < 1e-14);
        assert!((se(StandardErrors::Hc1) - (meat(0.0) * 1.5).sqrt() / 17.5).abs() < 1e-14);
        assert!((se(StandardErrors::Hc2) - meat(0.5).sqrt() / 17.5).abs() < 1e-14);
        assert!((se(StandardErrors::Hc3) - meat(1.0).sqrt() / 17.5).abs() < 1e-14);
        let groups: f64 = (0..3)
            .map(|g| {
                let score: f64 = (2 * g..2 * g + 2).map(|i| (x[i] - 3.5) * m.residuals[i]).sum();
                score * score
            })
            .sum();
        let want = (groups * 1.5 * 5.0 / 4.0).sqrt() / 17.5;
        assert!((se(StandardErrors::Cluster) - want).abs() < 1e-14);
    }

    #[test]
    fn a_row_left_out_is_what_student_says() {
        let m = fit(StandardErrors::Classical);
        let without =
            ols("y ~ x", &table().take(&[0, 1, 2, 3, 4]).unwrap(), &OlsParams::default()).unwrap();
        let gap = 7.0 - (without.coef[0].value + without.coef[1].value * 6.0);
        let se = without.sigma * (1.0 / (1.0 - m.leverage[5])).sqrt();
        let influence = m.influence().unwrap();
        let student = influence.at("6", "student").unwrap().as_f64().unwrap();
        assert!((student - gap / se).abs() < 1e-10, "{student}");
    }
}
