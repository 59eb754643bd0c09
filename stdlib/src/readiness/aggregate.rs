//! Rules that make one value of several: means, order statistics and rules that compare units.
//!
//! Sources: Yager (1988) for OWA, with weights through a quantifier as in Yager (1996); Mazziotta
//! and Pareto (2013, 2016) for their index and its adjusted form; Copeland (1951); Hwang and Yoon
//! (1981) for TOPSIS; Hellwig (1968) for the Wroclaw taxonomic measure.

use super::between;
use super::error::ReadinessError;
use super::weights::{BodParams, bod};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// How a node makes its value of its children's.
///
/// With weights `w` that sum to 1 over the `n` children that have a value:
///
/// | rule | value |
/// |---|---|
/// | arithmetic | `sum(w x)` |
/// | geometric | `exp(sum(w ln x))` |
/// | harmonic | `1 / sum(w / x)` |
/// | power(p) | `sum(w x^p)^(1/p)`, its limit for p = 0 |
/// | min, max, median | order statistics; the median is weighted |
/// | owa(order) | `sum(order_k x_(k))`, best first, weights of the children unused |
/// | owa(alpha) | the same with `order_k = Q(S_k) - Q(S_(k-1))`, `Q(r) = r^alpha`, `S` the cumulated weights |
/// | mazziotta_pareto | values to mean 100 and sd 10 over units, then `M -+ S^2 / M` |
/// | adjusted_mazziotta_pareto | values to 70..=130 around their mean, then `M -+ S^2 / M` |
/// | copeland | units beaten less units lost to, by weighted majority of the children |
/// | topsis | nearness to the best against the worst, columns divided by their norm |
/// | wroclaw | 1 - distance to the best over (mean + 2 sd of the distances), on z-scores |
/// | bod(lower, upper) | the best score any weights of the children give the unit, shares bounded |
/// | gated(pass) | share of stages whose criteria, and those of all stages below, reach `pass` |
/// | custom | the user's closure `(values, weights)` |
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregator {
    /// Weighted mean.
    Arithmetic,
    /// Weighted geometric mean.
    Geometric,
    /// Weighted harmonic mean.
    Harmonic,
    /// Weighted power mean with this exponent.
    Power(f64),
    /// Worst child.
    Min,
    /// Best child.
    Max,
    /// Weighted median.
    Median,
    /// Ordered weighted average with these weights, best value first.
    OwaOrder(Vec<f64>),
    /// Ordered weighted average by the quantifier `r^alpha`: above 1 the weak children count more.
    OwaQuantifier(f64),
    /// Mean with a penalty for unbalanced profiles; `true` where imbalance is a merit.
    MazziottaPareto(bool),
    /// The same on a fixed scale around the mean; `true` where imbalance is a merit.
    AdjustedMazziottaPareto(bool),
    /// Pairwise majority.
    Copeland,
    /// Distance to the ideal.
    Topsis,
    /// Hellwig's distance to the pattern.
    Wroclaw,
    /// Benefit of the doubt: each unit under the weights that favour it most.
    Bod(BodParams),
    /// Stages, each needing all criteria up to it to reach `pass`.
    Gated {
        /// Worth a criterion must reach.
        pass: f64,
    },
    /// The closure of this number in [`super::Callbacks::aggregate`].
    Custom(usize),
}

/// Parameters that some aggregators take beside their name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AggregatorOptions {
    /// Exponent of `power`; default 1.
    pub p: Option<f64>,
    /// Order weights of `owa`, best first.
    pub order: Option<Vec<f64>>,
    /// Exponent of the quantifier of `owa`; default 2 (weak children count more).
    pub alpha: Option<f64>,
    /// Worth a criterion must reach under `gated`; default 1.
    pub pass: Option<f64>,
    /// Whether imbalance is a merit in the Mazziotta-Pareto indices; default false.
    pub reward: Option<bool>,
    /// Least share of a child in the score under `bod`; default 0.
    pub lower: Option<f64>,
    /// Largest share of a child in the score under `bod`; default 1.
    pub upper: Option<f64>,
}

/// The position of the negative value for which a rule has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NegativeAt(pub usize);

impl Aggregator {
    /// The names that scripts and files use.
    pub const NAMES: [&'static str; 15] = [
        "arithmetic",
        "geometric",
        "harmonic",
        "power",
        "min",
        "max",
        "median",
        "owa",
        "mazziotta_pareto",
        "adjusted_mazziotta_pareto",
        "copeland",
        "topsis",
        "wroclaw",
        "bod",
        "gated",
    ];

    /// The rule called `name` with its parameters.
    pub fn named(primitive: &str, name: &str, options: &AggregatorOptions) -> Result<Self> {
        let invalid = |parameter, rule: &str, value: String| {
            Err(Error::Invalid { primitive: "aggregate", parameter, rule: rule.into(), value })
        };
        let reward = options.reward.unwrap_or(false);
        Ok(match name {
            "arithmetic" => Self::Arithmetic,
            "geometric" => Self::Geometric,
            "harmonic" => Self::Harmonic,
            "power" => match options.p.unwrap_or(1.0) {
                p if p.is_finite() => Self::Power(p),
                p => return invalid("p", "be a finite number", p.to_string()),
            },
            "min" => Self::Min,
            "max" => Self::Max,
            "median" => Self::Median,
            "owa" => match (&options.order, options.alpha.unwrap_or(2.0)) {
                (Some(order), _) => {
                    let sum: f64 = order.iter().sum();
                    if order.iter().any(|w| !(w.is_finite() && *w >= 0.0)) || sum <= 0.0 {
                        let shown = format!("{order:?}");
                        return invalid("order", "hold weights of at least 0, not all 0", shown);
                    }
                    Self::OwaOrder(order.iter().map(|w| w / sum).collect())
                }
                (None, alpha) if alpha.is_finite() && alpha > 0.0 => Self::OwaQuantifier(alpha),
                (None, alpha) => return invalid("alpha", "be above 0", alpha.to_string()),
            },
            "mazziotta_pareto" => Self::MazziottaPareto(reward),
            "adjusted_mazziotta_pareto" => Self::AdjustedMazziottaPareto(reward),
            "copeland" => Self::Copeland,
            "topsis" => Self::Topsis,
            "wroclaw" => Self::Wroclaw,
            "bod" => Self::Bod(BodParams {
                lower: options.lower.unwrap_or(0.0),
                upper: options.upper.unwrap_or(1.0),
            }),
            "gated" => match options.pass.unwrap_or(1.0) {
                pass if pass.is_finite() => Self::Gated { pass },
                pass => return invalid("pass", "be a finite number", pass.to_string()),
            },
            _ => {
                return Err(Error::UnknownName {
                    primitive: primitive.to_owned(),
                    kind: "value for aggregate".into(),
                    name: name.to_owned(),
                    known: Self::NAMES.map(String::from).to_vec(),
                });
            }
        })
    }

    /// How scripts spell it; `"closure"` for the user's own.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::Geometric => "geometric",
            Self::Harmonic => "harmonic",
            Self::Power(_) => "power",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
            Self::OwaOrder(_) | Self::OwaQuantifier(_) => "owa",
            Self::MazziottaPareto(_) => "mazziotta_pareto",
            Self::AdjustedMazziottaPareto(_) => "adjusted_mazziotta_pareto",
            Self::Copeland => "copeland",
            Self::Topsis => "topsis",
            Self::Wroclaw => "wroclaw",
            Self::Bod(_) => "bod",
            Self::Gated { .. } => "gated",
            Self::Custom(_) => "closure",
        }
    }

    /// Whether a zero wipes out the aggregate, so that the zero rule applies.
    pub fn annihilates(&self) -> bool {
        match self {
            Self::Geometric | Self::Harmonic => true,
            Self::Power(p) => *p <= 0.0,
            _ => false,
        }
    }

    /// Whether a unit's value depends on the other units.
    pub fn compares_units(&self) -> bool {
        matches!(
            self,
            Self::MazziottaPareto(_)
                | Self::AdjustedMazziottaPareto(_)
                | Self::Copeland
                | Self::Topsis
                | Self::Wroclaw
                | Self::Bod(_)
        )
    }

    /// The value of one row: `values` without missing ones, `weights` that sum to 1.
    ///
    /// Rules that compare units and the user's closure are not of this kind.
    pub(crate) fn row(&self, values: &[f64], weights: &[f64]) -> Result<f64, NegativeAt> {
        let weighted =
            |f: &dyn Fn(f64) -> f64| values.iter().zip(weights).map(|(x, w)| w * f(*x)).sum();
        let refuse_negative =
            || values.iter().position(|x| *x < 0.0).map_or(Ok(()), |at| Err(NegativeAt(at)));
        Ok(match self {
            Self::Geometric | Self::Power(0.0) => {
                refuse_negative()?;
                let product: f64 = values
                    .iter()
                    .zip(weights)
                    .filter(|(_, w)| **w > 0.0)
                    .map(|(x, w)| w * x.ln())
                    .sum();
                product.exp()
            }
            Self::Harmonic => return Self::Power(-1.0).row(values, weights),
            Self::Power(p) => {
                // An odd whole power of a negative value exists, but its root may not.
                refuse_negative()?;
                if *p < 0.0 && values.iter().zip(weights).any(|(x, w)| *x == 0.0 && *w > 0.0) {
                    0.0
                } else {
                    let sum: f64 = values
                        .iter()
                        .zip(weights)
                        .filter(|(_, w)| **w > 0.0)
                        .map(|(x, w)| w * x.powf(*p))
                        .sum();
                    sum.powf(1.0 / p)
                }
            }
            Self::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Median => weighted_median(values, weights),
            Self::OwaOrder(order) => {
                let mut sorted = values.to_vec();
                sorted.sort_by(|a, b| b.total_cmp(a));
                // Children without a value take the last order weights with them.
                let used = &order[..sorted.len().min(order.len())];
                let total: f64 = used.iter().sum();
                sorted.iter().zip(used).map(|(x, w)| x * w).sum::<f64>() / total
            }
            Self::OwaQuantifier(alpha) => {
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
                let (mut sum, mut cumulated, mut below) = (0.0, 0.0_f64, 0.0);
                for at in order {
                    cumulated = (cumulated + weights[at]).min(1.0);
                    let reached = cumulated.powf(*alpha);
                    sum += (reached - below) * values[at];
                    below = reached;
                }
                sum / below
            }
            _ => weighted(&|x| x),
        })
    }

    /// The values of all rows at once, for rules that compare units.
    ///
    /// `columns`: one per child, equally long, `NaN` where a value is missing.
    pub(crate) fn columns(
        &self,
        columns: &[Vec<f64>],
        weights: &[f64],
        context: &Context,
    ) -> Result<Vec<f64>> {
        Ok(match self {
            Self::Bod(params) => return favoured(columns, params, context),
            Self::MazziottaPareto(reward) => {
                let scaled = between::standardised(columns, 100.0, 10.0);
                between::penalised(&scaled, weights, *reward)
            }
            Self::AdjustedMazziottaPareto(reward) => {
                between::penalised(&between::around_mean(columns), weights, *reward)
            }
            Self::Copeland => between::copeland(columns, weights),
            Self::Topsis => between::topsis(columns, weights),
            _ => between::wroclaw(columns, weights),
        })
    }
}

/// Benefit of the doubt over the units that have every value; a unit with some of them is an
/// error, because a gap cannot be told from a weight of nothing.
fn favoured(columns: &[Vec<f64>], params: &BodParams, context: &Context) -> Result<Vec<f64>> {
    let units = columns.first().map_or(0, Vec::len);
    let gaps = |unit: usize| columns.iter().filter(|column| column[unit].is_nan()).count();
    let whole: Vec<usize> = (0..units).filter(|unit| gaps(*unit) == 0).collect();
    if (0..units).any(|unit| gaps(unit) > 0 && gaps(unit) < columns.len()) {
        return Err(ReadinessError::Undefined {
            primitive: "aggregate".into(),
            reason: "\"bod\" needs every value of a unit".into(),
            hint: "impute first".into(),
        }
        .into());
    }
    let mut scores = vec![f64::NAN; units];
    if !whole.is_empty() {
        let table = Table::new(columns.iter().enumerate().map(|(at, column)| {
            (format!("child {}", at + 1), Vector::from_floats(whole.iter().map(|u| column[*u])))
        }))?;
        let answer = bod(&table, params, context)?;
        for (place, unit) in whole.into_iter().enumerate() {
            scores[unit] = answer.scores.cell(place).as_f64().unwrap_or(f64::NAN);
        }
    }
    Ok(scores)
}

/// The value at which half the weight lies on either side; between two, their middle.
fn weighted_median(values: &[f64], weights: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).filter(|at| weights[*at] > 0.0).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let total: f64 = order.iter().map(|at| weights[*at]).sum();
    let half = total / 2.0;
    let mut cumulated = 0.0;
    for (place, at) in order.iter().enumerate() {
        cumulated += weights[*at];
        let tie = (cumulated - half).abs() <= 1e-12 * total;
        if tie && place + 1 < order.len() {
            return f64::midpoint(values[*at], values[order[place + 1]]);
        }
        if cumulated >= half {
            return values[*at];
        }
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rule: &Aggregator, values: &[f64], weights: &[f64]) -> f64 {
        rule.row(values, weights).unwrap()
    }

    #[test]
    fn means_of_one_and_four() {
        let (x, w) = ([1.0, 4.0], [0.5, 0.5]);
        assert_eq!(row(&Aggregator::Arithmetic, &x, &w), 5.0 / 2.0);
        assert!((row(&Aggregator::Geometric, &x, &w) - 2.0).abs() < 1e-15);
        assert!((row(&Aggregator::Harmonic, &x, &w) - 8.0 / 5.0).abs() < 1e-15);
        assert!((row(&Aggregator::Power(2.0), &x, &w) - (17.0_f64 / 2.0).sqrt()).abs() < 1e-15);
        assert!((row(&Aggregator::Power(0.0), &x, &w) - 2.0).abs() < 1e-15);
        assert_eq!(row(&Aggregator::Median, &x, &w), 5.0 / 2.0);
        assert_eq!((row(&Aggregator::Min, &x, &w), row(&Aggregator::Max, &x, &w)), (1.0, 4.0));
    }

    #[test]
    fn a_weighted_median_lies_where_half_the_weight_is() {
        assert_eq!(weighted_median(&[3.0, 1.0, 2.0], &[0.2, 0.7, 0.1]), 1.0);
        assert_eq!(weighted_median(&[3.0, 1.0, 2.0], &[1.0 / 3.0; 3]), 2.0);
    }

    #[test]
    fn owa_runs_from_best_to_worst() {
        let (x, w) = ([0.2, 0.8, 0.5], [0.5, 0.25, 0.25]);
        assert_eq!(row(&Aggregator::OwaOrder(vec![1.0, 0.0, 0.0]), &x, &w), 0.8);
        assert_eq!(row(&Aggregator::OwaOrder(vec![0.0, 0.0, 1.0]), &x, &w), 0.2);
        // The quantifier r is the weighted mean; a steep one nears the worst value.
        let mean = row(&Aggregator::Arithmetic, &x, &w);
        assert!((row(&Aggregator::OwaQuantifier(1.0), &x, &w) - mean).abs() < 1e-15);
        assert!((row(&Aggregator::OwaQuantifier(200.0), &x, &w) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn products_refuse_negative_values_and_zeros_wipe_them_out() {
        assert_eq!(Aggregator::Geometric.row(&[0.5, -0.1], &[0.5, 0.5]), Err(NegativeAt(1)));
        assert_eq!(row(&Aggregator::Geometric, &[0.5, 0.0], &[0.5, 0.5]), 0.0);
        assert_eq!(row(&Aggregator::Harmonic, &[0.5, 0.0], &[0.5, 0.5]), 0.0);
        // A child without weight has no say, zero or not.
        assert!((row(&Aggregator::Geometric, &[0.5, 0.0], &[1.0, 0.0]) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn every_listed_name_is_a_rule() {
        for name in Aggregator::NAMES {
            let rule = Aggregator::named("t", name, &AggregatorOptions::default()).unwrap();
            assert_eq!(rule.name(), name);
        }
        assert!(Aggregator::named("t", "geometic", &AggregatorOptions::default()).is_err());
    }
}
