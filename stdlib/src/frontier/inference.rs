//! Tests, intervals and comparisons of fitted frontiers.

use super::efficiency::EfficiencyParams;
use super::fit::{Estimate, SfaFit};
use super::normal::{cdf, ln_cdf_inverse};
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::formula::Node;
use crate::table::{Table, Vector};

/// On which scale an interval is symmetric.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Plain,
    Log,
    Logit,
}

struct Row {
    equation: String,
    estimate: Estimate,
    scale: Scale,
}

impl SfaFit {
    /// Every parameter: equation, term, estimate, standard error, z, p and an interval of
    /// probability `level`.
    ///
    /// The intervals of variances are symmetric in their logarithm and that of `gamma` in its
    /// logit, so they stay in range; these parameters have no z, for zero lies on the boundary.
    pub fn parameters(&self, level: f64) -> Result<Table> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Invalid {
                primitive: "parameters",
                parameter: "level",
                rule: "lie between 0 and 1, both excluded".into(),
                value: level.to_string(),
            });
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut push = |equation: &str, estimate: &Estimate, scale| {
            rows.push(Row { equation: equation.to_owned(), estimate: estimate.clone(), scale });
        };
        for estimate in &self.coef {
            push("frontier", estimate, Scale::Plain);
        }
        for equation in &self.equations {
            for estimate in &equation.coef {
                push(&equation.name, estimate, Scale::Plain);
            }
        }
        let variances = [
            (&self.sigma_sq, Scale::Log),
            (&self.gamma, Scale::Logit),
            (&self.lambda, Scale::Log),
            (&self.sigma_u, Scale::Log),
            (&self.sigma_v, Scale::Log),
        ];
        for (estimate, scale) in variances {
            if let Some(estimate) = estimate {
                push("variance", estimate, scale);
            }
        }
        let width = -ln_cdf_inverse((0.5 * (1.0 - level)).ln());
        let z = |row: &Row| {
            let se = row.estimate.se.filter(|se| *se > 0.0)?;
            // Constants of variance equations are logarithms, whose zero means nothing.
            let tested = row.scale == Scale::Plain && !row.equation.starts_with("ln sigma");
            let tested = tested || row.estimate.name != "(Intercept)" && row.scale == Scale::Plain;
            tested.then(|| row.estimate.value / se)
        };
        let bound = |row: &Row, side: f64| {
            let (value, se) = (row.estimate.value, row.estimate.se?);
            Some(match row.scale {
                Scale::Plain => value + side * width * se,
                Scale::Log => value * (side * width * se / value).exp(),
                Scale::Logit => {
                    let shift = side * width * se / (value * (1.0 - value));
                    let odds = value / (1.0 - value) * shift.exp();
                    odds / (1.0 + odds)
                }
            })
        };
        Table::new([
            ("equation", Vector::from_texts(rows.iter().map(|r| r.equation.as_str()))),
            ("term", Vector::from_texts(rows.iter().map(|r| r.estimate.name.as_str()))),
            ("estimate", Vector::from_floats(rows.iter().map(|r| r.estimate.value))),
            ("se", Vector::from_options(rows.iter().map(|r| r.estimate.se))),
            ("z", Vector::from_options(rows.iter().map(z))),
            ("p", Vector::from_options(rows.iter().map(|r| z(r).map(|z| 2.0 * cdf(-z.abs()))))),
            ("lower", Vector::from_options(rows.iter().map(|r| bound(r, -1.0)))),
            ("upper", Vector::from_options(rows.iter().map(|r| bound(r, 1.0)))),
        ])?
        .labelled_by("term")
    }

    /// The covariance of the estimates as a labelled table, where it exists.
    pub fn vcov_table(&self) -> Result<Option<Table>> {
        let Some(vcov) = &self.vcov else { return Ok(None) };
        let mut names: Vec<String> = self.coef.iter().map(|c| c.name.clone()).collect();
        for equation in &self.equations {
            names.extend(equation.coef.iter().map(|c| format!("{}: {}", equation.name, c.name)));
        }
        names.truncate(vcov.nrows());
        let mut columns = vec![("term".to_owned(), Vector::from_texts(&names))];
        for (j, name) in names.iter().enumerate() {
            columns.push((name.clone(), Vector::from_floats(vcov.column(j).iter().copied())));
        }
        Table::new(columns)?.labelled_by("term").map(Some)
    }

    /// Observed and frontier response of each row, and the gap between them.
    ///
    /// A logged response is brought back to its units, where the frontier is the observed value
    /// divided by efficiency (times it, inverted, for a cost frontier); one in its own units is
    /// moved by the expected inefficiency.
    pub fn potential(&self) -> Result<Table> {
        let efficiency = self.efficiency(&EfficiencyParams::default())?;
        let logged =
            self.formula.response.as_ref().is_some_and(
                |response| matches!(&response.node, Node::Call(name, _) if name == "log"),
            );
        let (fitted, _) = self.predict(&self.table.take(&self.rows)?)?;
        let sign = self.params.frontier.sign();
        let rows: Vec<(f64, f64)> = (0..self.nobs())
            .map(|i| {
                let observed = fitted[i] + self.residuals[i];
                if logged {
                    let observed = observed.exp();
                    (observed, observed * efficiency.te[i].powf(-sign))
                } else {
                    let mean = match self.posterior(i) {
                        Some(law) => law.mean(),
                        None => -efficiency.te[i].ln(),
                    };
                    (observed, observed + sign * mean)
                }
            })
            .collect();
        let name = self.label_name.clone().unwrap_or_else(|| "row".into());
        Table::new([
            (name.as_str(), Vector::from_texts(&efficiency.labels)),
            ("observed", Vector::from_floats(rows.iter().map(|r| r.0))),
            ("potential", Vector::from_floats(rows.iter().map(|r| r.1))),
            ("gap", Vector::from_floats(rows.iter().map(|r| r.1 - r.0))),
            ("te", Vector::from_floats(efficiency.te.iter().copied())),
        ])?
        .labelled_by(&name)
    }
}

/// Fitted frontiers side by side.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// One row a model: rows, parameters, loglik, AIC, BIC, gamma, boundary, mean TE, distribution,
    /// HQIC.
    pub table: Table,
    /// Rank correlations of the efficiencies on the rows all models share; missing for one model.
    pub rank_correlations: Option<Table>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Puts `models` side by side under `names`.
pub fn compare(models: &[&SfaFit], names: &[String]) -> Result<Comparison> {
    if models.is_empty() || names.len() != models.len() {
        return Err(Error::Invalid {
            primitive: "compare",
            parameter: "models",
            rule: "be one or more models".into(),
            value: models.len().to_string(),
        });
    }
    let efficiencies = models
        .iter()
        .map(|m| m.efficiency(&EfficiencyParams::default()))
        .collect::<Result<Vec<_>>>()?;
    let floats = |get: &dyn Fn(&SfaFit) -> f64| Vector::from_floats(models.iter().map(|m| get(m)));
    let ints =
        |get: &dyn Fn(&SfaFit) -> usize| Vector::from_ints(models.iter().map(|m| get(m) as i64));
    let table = Table::new([
        ("model", Vector::from_texts(names)),
        ("rows", ints(&|m| m.nobs())),
        ("parameters", ints(&|m| m.nparams)),
        ("loglik", floats(&|m| m.loglik)),
        ("aic", floats(&SfaFit::aic)),
        ("bic", floats(&SfaFit::bic)),
        ("gamma", Vector::from_options(models.iter().map(|m| m.gamma.as_ref().map(|g| g.value)))),
        ("boundary", Vector::from_texts(models.iter().map(|m| m.boundary.name()))),
        ("mean_te", Vector::from_floats(efficiencies.iter().map(|e| e.mean))),
        ("inefficiency", Vector::from_texts(models.iter().map(|m| m.params.inefficiency.name()))),
        ("hqic", floats(&SfaFit::hqic)),
    ])?
    .labelled_by("model")?;
    let mut warnings = Vec::new();
    let same_rows = models.windows(2).all(|m| m[0].rows == m[1].rows);
    let same_response = models.windows(2).all(|m| {
        let text = |m: &SfaFit| m.formula.response.as_ref().map(ToString::to_string);
        text(m[0]) == text(m[1])
    });
    if !same_rows {
        warnings.push(
            "the models use different rows: their loglik, AIC and BIC do not compare.".into(),
        );
    }
    if !same_response {
        warnings.push(
            "the models explain different responses: their loglik, AIC and BIC do not compare."
                .into(),
        );
    }
    let rank_correlations = if models.len() > 1 {
        let mut columns = vec![("model".to_owned(), Vector::from_texts(names))];
        for (j, name) in names.iter().enumerate() {
            let column = (0..models.len()).map(|i| {
                let (a, b) = shared(models[i], &efficiencies[i].te, models[j], &efficiencies[j].te);
                spearman(&a, &b)
            });
            columns.push((name.clone(), Vector::from_options(column)));
        }
        Some(Table::new(columns)?.labelled_by("model")?)
    } else {
        None
    };
    Ok(Comparison { table, rank_correlations, warnings })
}

/// The values of two models on the rows both use.
fn shared(a: &SfaFit, te_a: &[f64], b: &SfaFit, te_b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut rows_b = b.rows.iter().zip(te_b).peekable();
    let mut pairs = (Vec::new(), Vec::new());
    for (row, te) in a.rows.iter().zip(te_a) {
        while rows_b.next_if(|(other, _)| *other < row).is_some() {}
        if let Some((_, other)) = rows_b.next_if(|(other, _)| *other == row) {
            pairs.0.push(*te);
            pairs.1.push(*other);
        }
    }
    pairs
}

/// Spearman's rank correlation, ties at their mean rank; missing when one side is constant.
pub(super) fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (mean_ranks(a), mean_ranks(b));
    let mean = f64::midpoint(a.len() as f64, 1.0);
    let sum = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    let (saa, sbb) = (sum(&a, &a), sum(&b, &b));
    (saa > 0.0 && sbb > 0.0).then(|| sum(&a, &b) / (saa * sbb).sqrt())
}

fn mean_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        for row in &order[start..end] {
            ranks[*row] = (start + end + 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_by_hand() {
        assert_eq!(mean_ranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 15.0]), Some(0.5));
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }
}
