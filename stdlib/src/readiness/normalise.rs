//! Items to worths: every item's scores on one common scale, more being better.

use super::error::ReadinessError;
use super::framework::{Direction, Item, Node};
use super::scale::Scale;
use crate::choice::Choice;
use crate::error::Result;

/// The rule that turns an item's scores into worths.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Normaliser {
    /// As the questionnaire declares (or the survey scored) the item's scale: 0 worst, 1 best.
    /// Scores off the scale count as its nearest value; a negative item is 1 - that.
    #[default]
    Declared,
    /// The rule the printed tables follow whatever the scale: 0 is 0 (and skipped in a product),
    /// 1 is 1, 2 to 5 are (x - 1) / 4, 6 to 10 are x / 10; a negative item is 1 - that.
    AsPublished,
    /// From the lowest to the highest value seen, onto a range (0 to 1 unless told otherwise).
    Minmax,
    /// To mean 0 and standard deviation 1 (n - 1), or other moments.
    Zscore,
    /// 1 for the worst, n for the best.
    Rank,
    /// (rank - 1) / (n - 1).
    PercentileRank,
    /// rank - 1: the number of units that are worse.
    Borda,
    /// 0 at the worst value seen, 1 at the target; beyond the target above 1.
    DistanceToTarget,
    /// 0 at the worst value seen, 1 at the best.
    DistanceToLeader,
    /// 0 at the worst value seen, 1 at a chosen unit and above.
    DistanceToReference,
    /// Value over the best value; where less is better, the best value over the value.
    FractionOfMax,
    /// Between two given raw values, clipped, onto a range.
    Goalposts,
    /// The closure of this number in [`super::Callbacks::normalise`].
    Custom(usize),
}

impl Choice for Normaliser {
    const ALL: &'static [(&'static str, Self)] = &[
        ("declared", Self::Declared),
        ("as_published", Self::AsPublished),
        ("minmax", Self::Minmax),
        ("zscore", Self::Zscore),
        ("rank", Self::Rank),
        ("percentile_rank", Self::PercentileRank),
        ("borda", Self::Borda),
        ("distance_to_target", Self::DistanceToTarget),
        ("distance_to_leader", Self::DistanceToLeader),
        ("distance_to_reference", Self::DistanceToReference),
        ("fraction_of_max", Self::FractionOfMax),
        ("goalposts", Self::Goalposts),
    ];
}

/// A score that does not lie on its item's scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The item.
    pub item: String,
    /// The unit.
    pub unit: String,
    /// The score as given.
    pub value: f64,
    /// The scale it should be on.
    pub scale: String,
    /// The score it was counted as.
    pub counted_as: f64,
}

impl Normaliser {
    /// Whether it reads the scales that items are answered on.
    pub fn reads_scales(self) -> bool {
        matches!(self, Self::Declared | Self::AsPublished)
    }

    /// How scripts spell it; `"closure"` for the user's own.
    pub fn spelled(self) -> &'static str {
        if let Self::Custom(_) = self { "closure" } else { self.name() }
    }

    /// The worths of one item's scores (`NaN` where missing) by its scale, and the scores off it.
    pub(crate) fn apply(
        self,
        primitive: &str,
        node: &Node,
        item: &Item,
        scores: &[f64],
        units: &[String],
        faults: &mut Vec<Fault>,
    ) -> Result<Vec<f64>> {
        let scale = item.scored();
        if scale.worth(1.0).is_none() && self == Self::Declared {
            return Err(ReadinessError::NoScale {
                primitive: primitive.to_owned(),
                item: node.code.clone(),
            }
            .into());
        }
        let negative = item.direction == Direction::Negative;
        let mut off = |row: usize, counted_as: f64| {
            faults.push(Fault {
                item: node.code.clone(),
                unit: units[row].clone(),
                value: scores[row],
                scale: scale.to_string(),
                counted_as,
            });
        };
        // The commonest scales have loops of their own, in which the choice is made once.
        let worths = match (self, scale) {
            (Self::AsPublished, _) => {
                for (row, score) in scores.iter().enumerate() {
                    if !score.is_nan() && !scale.contains(*score) {
                        off(row, *score);
                    }
                }
                convert(scores, negative, |x| x, as_published, |_, _| {})
            }
            (_, Scale::Percent) => {
                convert(scores, negative, |x| x.clamp(0.0, 100.0), |x| x / 100.0, off)
            }
            (_, Scale::Bool) => convert(scores, negative, |x| x.clamp(0.0, 1.0), |x| x, off),
            (_, Scale::Range { low, high }) => {
                let (low, high) = (*low, *high);
                let worth = |x: f64| (x - low) / (high - low);
                convert(scores, negative, |x| x.clamp(low, high), worth, off)
            }
            _ => {
                // A figure beyond its goalposts is on its scale: it is only clipped.
                let clamp = |x: f64| if scale.contains(x) { x } else { scale.clamp(x) };
                let worth = |x: f64| scale.worth(x).unwrap_or(f64::NAN);
                convert(scores, negative, clamp, worth, off)
            }
        };
        Ok(worths)
    }
}

/// The worths of scores: `on` moves a score onto its scale, `worth` values it there, `off` hears the
/// row and the moved score where the two differ.
fn convert(
    scores: &[f64],
    negative: bool,
    on: impl Fn(f64) -> f64,
    worth: impl Fn(f64) -> f64,
    mut off: impl FnMut(usize, f64),
) -> Vec<f64> {
    let mut worths = Vec::with_capacity(scores.len());
    for (row, score) in scores.iter().enumerate() {
        let counted = on(*score);
        if counted != *score && !score.is_nan() {
            off(row, counted);
        }
        let worth = worth(counted);
        worths.push(if negative { 1.0 - worth } else { worth });
    }
    worths
}

/// The printed tables' rule; the survey has whole scores only, others follow their segment.
pub fn as_published(score: f64) -> f64 {
    if score <= 1.0 {
        score
    } else if score <= 5.0 {
        (score - 1.0) / 4.0
    } else {
        score / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::Scale;

    fn apply(rule: Normaliser, item: &Item, scores: &[f64]) -> (Vec<f64>, Vec<Fault>) {
        let node = Node::item("i", item.clone());
        let units: Vec<String> = (0..scores.len()).map(|u| format!("u{u}")).collect();
        let mut faults = Vec::new();
        let worths = rule.apply("t", &node, item, scores, &units, &mut faults).unwrap();
        (worths, faults)
    }

    #[test]
    fn a_score_off_its_scale_is_clamped_and_told() {
        let item = Item::on(Scale::parse("1-5").unwrap());
        let (worths, faults) = apply(Normaliser::Declared, &item, &[3.0, 8.0]);
        assert_eq!(worths, [0.5, 1.0]);
        assert_eq!(
            (faults[0].unit.as_str(), faults[0].value, faults[0].counted_as),
            ("u1", 8.0, 5.0)
        );
        let (worths, faults) = apply(Normaliser::AsPublished, &item, &[3.0, 8.0]);
        assert_eq!(worths, [0.5, 0.8]);
        assert_eq!(faults[0].counted_as, 8.0);
    }

    #[test]
    fn a_negative_item_is_one_less_its_worth() {
        let mut item = Item::on(Scale::Percent);
        item.direction = Direction::Negative;
        assert_eq!(apply(Normaliser::Declared, &item, &[25.0]).0, [0.75]);
    }

    #[test]
    fn the_published_rule_has_four_segments() {
        let got: Vec<f64> = [0.0, 1.0, 2.0, 5.0, 6.0, 10.0].map(as_published).to_vec();
        assert_eq!(got, [0.0, 1.0, 0.25, 1.0, 0.6, 1.0]);
    }
}
