//! Tests, intervals and comparisons of fitted frontiers.

use super::efficiency::EfficiencyParams;
use super::fit::{Estimate, SfaFit};
use super::normal::{cdf, ln_cdf_inverse};
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
            (&self.shape, Scale::Log),
            (&self.df, Scale::Log),
            (&self.sigma_sq, Scale::Log),
            (&self.gamma, Scale::Logit),
            (&self.lambda, Scale::Log),
            (&self.sigma_u, Scale::Log),
            (&self.sigma_v, Scale::Log),
        ];
        for (estimate, scale) in variances {
            if let Some(estimate) = estimate {
                let own = matches!(estimate.name.as_str(), "k" | "shape" | "df");
                push(if own { "shape" } else { "variance" }, estimate, scale);
            }
        }
        let width = -ln_cdf_inverse((0.5 * (1.0 - level)).ln());
        let z = |row: &Row| {
            let se = row.estimate.se.filter(|se| *se > 0.0)?;
            // Constants of variance equations are logarithms, whose zero means nothing.
            let tested = row.scale == Scale::Plain && !row.equation.starts_with("ln ");
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
        self.covariance_table(vcov).map(Some)
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
