//! Frontiers of every kind side by side.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};

use super::efficiency::EfficiencyParams;
use super::fit::SfaFit;
use super::neighbours::{Corrected, Dea, OrderM, Regression};
use super::noise::Noise;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::stats::rank::spearman;
use crate::table::{Table, Vector};

/// What a model brings to a comparison; what it does not have is missing.
#[derive(Debug, Clone)]
pub struct Compared {
    /// How it was fitted, e.g. `"sfa, half_normal"` or `"dea, vrs"`.
    pub method: String,
    /// The response explained, where there is one.
    pub response: Option<String>,
    /// Parameters counted by the criteria.
    pub nparams: Option<usize>,
    /// Loglikelihood.
    pub loglik: Option<f64>,
    /// `sigma_u^2 / sigma^2`.
    pub gamma: Option<f64>,
    /// Where the maximum lies, stochastic frontiers only.
    pub boundary: Option<&'static str>,
    /// Efficiency by row; empty for a regression, which has none.
    pub te: Vec<f64>,
    /// Rows used, as positions in the table.
    pub rows: Vec<u32>,
    /// Their labels.
    pub labels: Vec<String>,
}

impl Compared {
    /// A stochastic frontier.
    pub fn frontier(m: &SfaFit) -> Result<Self> {
        Ok(Self {
            method: match m.params.noise {
                Noise::Normal => format!("sfa, {}", m.params.inefficiency.name()),
                noise => format!("sfa, {}, {}", m.params.inefficiency.name(), noise.name()),
            },
            response: m.formula.response.as_ref().map(ToString::to_string),
            nparams: Some(m.nparams),
            loglik: Some(m.loglik),
            gamma: m.gamma.as_ref().map(|g| g.value),
            boundary: Some(m.place().name()),
            te: m.efficiency(&EfficiencyParams::default())?.te,
            rows: m.rows.clone(),
            labels: m.row_names(),
        })
    }

    /// A regression: criteria without efficiencies.
    pub fn regression(m: &Regression) -> Self {
        Self {
            method: "ols".into(),
            response: m.formula.response.as_ref().map(ToString::to_string),
            nparams: Some(m.nparams()),
            loglik: Some(m.loglik),
            gamma: None,
            boundary: None,
            te: Vec::new(),
            rows: m.rows.clone(),
            labels: m.labels.clone(),
        }
    }

    /// A frontier parallel to least squares: efficiencies without a likelihood.
    pub fn corrected(m: &Corrected) -> Self {
        let regression = Self::regression(&m.regression);
        Self {
            method: m.method.to_lowercase(),
            nparams: None,
            loglik: None,
            te: m.te.clone(),
            ..regression
        }
    }

    /// An envelope.
    pub fn dea(m: &Dea) -> Self {
        let method = format!("dea, {}, {}", m.params.returns.name(), m.params.direction.name());
        Self::envelope(method, &m.te, &m.labels)
    }

    /// A partial envelope.
    pub fn order_m(m: &OrderM) -> Self {
        let method = format!("order-{}, {}", m.params.m, m.params.direction.name());
        Self::envelope(method, &m.te, &m.labels)
    }

    fn envelope(method: String, te: &[f64], labels: &[String]) -> Self {
        Self {
            method,
            response: None,
            nparams: None,
            loglik: None,
            gamma: None,
            boundary: None,
            te: te.to_vec(),
            rows: (0..te.len() as u32).collect(),
            labels: labels.to_vec(),
        }
    }

    /// `-2 loglik` plus `penalty(rows)` for each parameter.
    fn criterion(&self, penalty: fn(f64) -> f64) -> Option<f64> {
        let rows = self.rows.len() as f64;
        Some(penalty(rows) * self.nparams? as f64 - 2.0 * self.loglik?)
    }

    fn mean_te(&self) -> Option<f64> {
        let known: Vec<f64> = self.te.iter().copied().filter(|te| te.is_finite()).collect();
        crate::stats::mean(&known)
    }
}

/// Fitted frontiers side by side.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// One row a model: method, rows, parameters, loglik, AIC, BIC, HQIC, gamma, boundary, mean TE.
    pub table: Table,
    /// Rank correlations of the efficiencies on the rows that two models share; missing for fewer
    /// than two models with efficiencies.
    pub rank_correlations: Option<Table>,
    /// Efficiencies by unit, one column a model; missing where no model has them.
    pub efficiencies: Option<Table>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Puts `models` side by side under `names`.
pub fn compare(models: &[Compared], names: &[String]) -> Result<Comparison> {
    if models.is_empty() || names.len() != models.len() {
        return Err(Error::Invalid {
            primitive: "compare",
            parameter: "models",
            rule: "be one or more models".into(),
            value: models.len().to_string(),
        });
    }
    let floats =
        |get: &dyn Fn(&Compared) -> Option<f64>| Vector::from_options(models.iter().map(get));
    let parameters: Int64Array = models.iter().map(|m| m.nparams.map(|k| k as i64)).collect();
    let boundaries: StringArray = models.iter().map(|m| m.boundary).collect();
    let table = Table::new([
        ("model", Vector::from_texts(names)),
        ("method", Vector::from_texts(models.iter().map(|m| m.method.as_str()))),
        ("rows", Vector::from_ints(models.iter().map(|m| m.rows.len() as i64))),
        ("parameters", Vector::new(Arc::new(parameters))),
        ("loglik", floats(&|m| m.loglik)),
        ("aic", floats(&|m| m.criterion(|_| 2.0))),
        ("bic", floats(&|m| m.criterion(f64::ln))),
        ("gamma", floats(&|m| m.gamma)),
        ("boundary", Vector::new(Arc::new(boundaries))),
        ("mean_te", floats(&Compared::mean_te)),
        ("hqic", floats(&|m| m.criterion(|n| 2.0 * n.ln().ln()))),
    ])?
    .labelled_by("model")?;
    let mut warnings = Vec::new();
    let likelihoods: Vec<&Compared> = models.iter().filter(|m| m.loglik.is_some()).collect();
    if likelihoods.windows(2).any(|m| m[0].rows != m[1].rows) {
        warnings.push(
            "the models use different rows: their loglik, AIC and BIC do not compare.".into(),
        );
    }
    if likelihoods.windows(2).any(|m| m[0].response != m[1].response) {
        warnings.push(
            "the models explain different responses: their loglik, AIC and BIC do not compare."
                .into(),
        );
    }
    let scored: Vec<(&Compared, &String)> =
        models.iter().zip(names).filter(|(m, _)| !m.te.is_empty()).collect();
    let rank_correlations = if scored.len() > 1 {
        let mut columns =
            vec![("model".to_owned(), Vector::from_texts(scored.iter().map(|(_, name)| name)))];
        for (other, name) in &scored {
            let column = scored.iter().map(|(m, _)| {
                let (a, b) = shared(m, other);
                spearman(&a, &b)
            });
            columns.push(((*name).clone(), Vector::from_options(column)));
        }
        Some(Table::new(columns)?.labelled_by("model")?)
    } else {
        None
    };
    let efficiencies = side_by_side(&scored)?;
    Ok(Comparison { table, rank_correlations, efficiencies, warnings })
}

/// Efficiencies by unit, units in order of first appearance.
fn side_by_side(scored: &[(&Compared, &String)]) -> Result<Option<Table>> {
    if scored.is_empty() {
        return Ok(None);
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut units: Vec<String> = Vec::new();
    let keys: Vec<Vec<usize>> = scored
        .iter()
        .map(|(m, _)| {
            let unique = unique(&m.labels);
            let key = |i: usize| {
                if unique { m.labels[i].clone() } else { format!("row {}", m.rows[i] + 1) }
            };
            (0..m.te.len())
                .map(|i| {
                    let key = key(i);
                    *places.entry(key.clone()).or_insert_with(|| {
                        units.push(key);
                        units.len() - 1
                    })
                })
                .collect()
        })
        .collect();
    let mut columns = vec![("unit".to_owned(), Vector::from_texts(&units))];
    for ((m, name), keys) in scored.iter().zip(&keys) {
        let mut values = vec![None; units.len()];
        for (te, place) in m.te.iter().zip(keys) {
            values[*place] = Some(*te).filter(|te| te.is_finite());
        }
        columns.push(((*name).clone(), Vector::from_options(values)));
    }
    Table::new(columns)?.labelled_by("unit").map(Some)
}

fn unique(labels: &[String]) -> bool {
    let seen: std::collections::HashSet<&String> = labels.iter().collect();
    seen.len() == labels.len()
}

/// The efficiencies of two models on the rows both use: by label where labels tell rows apart,
/// else by position.
fn shared(a: &Compared, b: &Compared) -> (Vec<f64>, Vec<f64>) {
    let by_label = unique(&a.labels) && unique(&b.labels);
    let key = |m: &Compared, i: usize| {
        if by_label { m.labels[i].clone() } else { m.rows[i].to_string() }
    };
    let other: HashMap<String, f64> =
        b.te.iter().enumerate().map(|(i, te)| (key(b, i), *te)).collect();
    a.te.iter()
        .enumerate()
        .filter_map(|(i, te)| Some((*te, *other.get(&key(a, i))?)))
        .filter(|(a, b)| a.is_finite() && b.is_finite())
        .unzip()
}
