//! Answer scales: which values an item may take, and what each is worth between 0 and 1.

use std::fmt;

use crate::table::Cell;

/// One rung of an ordinal ladder or one choice of a multiple-choice question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The answer as it stands in a score table.
    pub text: String,
    /// What it is worth: 0..=1 on a ladder, points in a multiple-choice question.
    pub value: f64,
}

/// The scale on which an item is answered.
///
/// | scale | values | worth |
/// |---|---|---|
/// | `bool` | 0, 1 (a share between them is an average of answers) | x |
/// | `1-5`, `1-10`, `0-10`, any `low-high` | low..=high | (x - low) / (high - low) |
/// | `0or1-10` | 0 or 1..=10 | x / 10 |
/// | `percent` | 0..=100 | x / 100 |
/// | ladder | a rung's text or its number from 1 | the rung's value |
/// | choices | texts joined by `;`, or points | points / maximum |
/// | goalposts | any number | (x - low) / (high - low), clipped to 0..=1 or not |
/// | open | any number | none: only a data-driven normaliser applies |
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// No or yes.
    Bool,
    /// From `low` to `high`, both included.
    Range {
        /// Worst value.
        low: f64,
        /// Best value.
        high: f64,
    },
    /// Zero for "not at all", else from `low` to `high`; worth x / high.
    ZeroOrRange {
        /// Least value of those who have it.
        low: f64,
        /// Best value.
        high: f64,
    },
    /// A share of 100.
    Percent,
    /// Ordered answers.
    Ladder(Vec<Answer>),
    /// Several answers at once, each worth points; `maximum` points are worth 1.
    Choices {
        /// What may be chosen.
        answers: Vec<Answer>,
        /// Points worth 1.
        maximum: f64,
    },
    /// A continuous figure between two fixed goalposts.
    Goalposts {
        /// Worth 0.
        low: f64,
        /// Worth 1.
        high: f64,
        /// Whether values beyond the goalposts count as the goalposts.
        clip: bool,
    },
    /// A continuous figure without goalposts.
    Open,
}

impl Scale {
    /// The scale spelled `text`, e.g. `"bool"`, `"1-5"`, `"0or1-10"`, `"percent"`, `"open"`.
    pub fn parse(text: &str) -> Option<Self> {
        let pair = |text: &str| -> Option<(f64, f64)> {
            let (low, high) = text.split_once('-')?;
            let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            (low < high).then_some((low, high))
        };
        match text.trim() {
            "bool" => Some(Self::Bool),
            "percent" => Some(Self::Percent),
            "open" => Some(Self::Open),
            other => match other.strip_prefix("0or") {
                Some(rest) => pair(rest).map(|(low, high)| Self::ZeroOrRange { low, high }),
                None => pair(other).map(|(low, high)| Self::Range { low, high }),
            },
        }
    }

    /// Lowest and highest value, where the scale has them.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Bool => Some((0.0, 1.0)),
            Self::Range { low, high } => Some((*low, *high)),
            Self::ZeroOrRange { high, .. } => Some((0.0, *high)),
            Self::Percent => Some((0.0, 100.0)),
            Self::Ladder(rungs) => Some((1.0, rungs.len() as f64)),
            Self::Choices { maximum, .. } => Some((0.0, *maximum)),
            Self::Goalposts { low, high, clip: true } => Some((low.min(*high), low.max(*high))),
            Self::Goalposts { .. } | Self::Open => None,
        }
    }

    /// The values of a scale answered in whole steps, worst first; `None` for continuous scales.
    ///
    /// Those of multiple choice are the sums of points that up to 16 answers can make.
    pub fn steps(&self) -> Option<Vec<f64>> {
        let whole = |low: f64, high: f64| -> Option<Vec<f64>> {
            (low.fract() == 0.0 && high.fract() == 0.0 && high - low <= 1000.0)
                .then(|| (0..=(high - low) as usize).map(|k| low + k as f64).collect())
        };
        match self {
            Self::Bool => Some(vec![0.0, 1.0]),
            Self::Range { low, high } => whole(*low, *high),
            Self::ZeroOrRange { low, high } => {
                let mut steps = whole(*low, *high)?;
                steps.insert(0, 0.0);
                Some(steps)
            }
            Self::Ladder(rungs) => whole(1.0, rungs.len() as f64),
            Self::Choices { answers, maximum } if answers.len() <= 16 => {
                let mut sums = vec![0.0];
                for answer in answers {
                    let with: Vec<f64> = sums.iter().map(|sum| sum + answer.value).collect();
                    sums.extend(with);
                    sums.sort_by(f64::total_cmp);
                    sums.dedup();
                }
                sums.retain(|sum| sum <= maximum);
                Some(sums)
            }
            Self::Percent | Self::Choices { .. } | Self::Goalposts { .. } | Self::Open => None,
        }
    }

    /// The number behind a cell: itself, a rung's number from 1, or the points of the choices.
    ///
    /// `Ok(None)` for a missing cell, `Err` with the answers that would do for unusable text.
    pub fn read(&self, cell: &Cell) -> Result<Option<f64>, Vec<String>> {
        let text = match cell {
            Cell::Missing => return Ok(None),
            Cell::Text(text) => text.trim(),
            number => return Ok(number.as_f64()),
        };
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(number) = text.parse::<f64>() {
            return Ok(Some(number));
        }
        let texts = |answers: &[Answer]| answers.iter().map(|a| a.text.clone()).collect();
        match self {
            Self::Bool => match text.to_lowercase().as_str() {
                "yes" | "true" | "да" | "иә" => Ok(Some(1.0)),
                "no" | "false" | "нет" | "жоқ" => Ok(Some(0.0)),
                _ => Err(["yes", "no"].map(String::from).to_vec()),
            },
            Self::Ladder(rungs) => rungs
                .iter()
                .position(|rung| rung.text == text)
                .map(|at| Some(at as f64 + 1.0))
                .ok_or_else(|| texts(rungs)),
            Self::Choices { answers, .. } => {
                let mut points = 0.0;
                for chosen in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
                    let answer = answers.iter().find(|answer| answer.text == chosen);
                    points += answer.ok_or_else(|| texts(answers))?.value;
                }
                Ok(Some(points))
            }
            _ => Err(Vec::new()),
        }
    }

    /// The value of the scale nearest to `x`: `x` itself where it lies on the scale.
    pub fn clamp(&self, x: f64) -> f64 {
        match self {
            Self::ZeroOrRange { low, .. } if x > 0.0 && x < *low => {
                if x < low / 2.0 {
                    0.0
                } else {
                    *low
                }
            }
            Self::Ladder(rungs) => x.round().clamp(1.0, rungs.len().max(1) as f64),
            _ => self.bounds().map_or(x, |(low, high)| x.clamp(low, high)),
        }
    }

    /// Whether `x` lies on the scale; a figure beyond its goalposts does, it is only clipped.
    pub fn contains(&self, x: f64) -> bool {
        matches!(self, Self::Goalposts { .. }) || self.clamp(x) == x
    }

    /// What the value `x` of this scale is worth between 0 (worst) and 1; `None` on an open scale.
    pub fn worth(&self, x: f64) -> Option<f64> {
        match self {
            Self::Bool => Some(x),
            Self::Range { low, high } => Some((x - low) / (high - low)),
            Self::ZeroOrRange { high, .. } => Some(x / high),
            Self::Percent => Some(x / 100.0),
            Self::Ladder(rungs) => {
                rungs.get((x.round() as usize).checked_sub(1)?).map(|rung| rung.value)
            }
            Self::Choices { maximum, .. } => Some(x / maximum),
            Self::Goalposts { low, high, clip } => {
                let share = (x - low) / (high - low);
                Some(if *clip { share.clamp(0.0, 1.0) } else { share })
            }
            Self::Open => None,
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Range { low, high } => write!(f, "{low}-{high}"),
            Self::ZeroOrRange { low, high } => write!(f, "0or{low}-{high}"),
            Self::Percent => f.write_str("percent"),
            Self::Ladder(rungs) => write!(f, "ladder of {}", rungs.len()),
            Self::Choices { answers, .. } => write!(f, "choices of {}", answers.len()),
            Self::Goalposts { low, high, clip } => {
                write!(f, "{low}..{high}{}", if *clip { "" } else { " unclipped" })
            }
            Self::Open => f.write_str("open"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_scale_runs_from_zero_to_one() {
        for text in ["bool", "1-5", "1-10", "0-10", "0or1-10", "percent"] {
            let scale = Scale::parse(text).unwrap();
            let (low, high) = scale.bounds().unwrap();
            assert_eq!(scale.worth(low), Some(0.0), "{text}");
            assert_eq!(scale.worth(high), Some(1.0), "{text}");
            assert_eq!(scale.to_string(), text);
        }
        assert_eq!(Scale::parse("1-5").unwrap().worth(4.0), Some(3.0 / 4.0));
        assert_eq!(Scale::parse("0or1-10").unwrap().worth(7.0), Some(7.0 / 10.0));
        assert_eq!(Scale::parse("5-1"), None);
        assert_eq!(Scale::parse("likert"), None);
    }

    #[test]
    fn values_off_the_scale_move_to_its_nearest_value() {
        assert_eq!(Scale::parse("1-5").unwrap().clamp(8.0), 5.0);
        let gap = Scale::parse("0or1-10").unwrap();
        assert!(!gap.contains(0.4) && !gap.contains(0.7));
        assert_eq!((gap.clamp(0.4), gap.clamp(0.7), gap.clamp(11.0)), (0.0, 1.0, 10.0));
        let unclipped = Scale::Goalposts { low: 0.0, high: 2.0, clip: false };
        assert_eq!(unclipped.worth(3.0), Some(1.5));
        let clipped = Scale::Goalposts { low: 10.0, high: 0.0, clip: true };
        assert_eq!((clipped.worth(12.0), clipped.worth(5.0)), (Some(0.0), Some(0.5)));
    }

    #[test]
    fn answers_are_read_by_their_text() {
        let rung = |text: &str, value| Answer { text: text.into(), value };
        let ladder = Scale::Ladder(vec![rung("none", 0.0), rung("pilot", 0.3), rung("full", 1.0)]);
        let read = |scale: &Scale, text: &str| scale.read(&Cell::Text(text.into()));
        assert_eq!(read(&ladder, "pilot"), Ok(Some(2.0)));
        assert_eq!(ladder.worth(2.0), Some(0.3));
        assert_eq!(read(&ladder, "pilt"), Err(vec!["none".into(), "pilot".into(), "full".into()]));
        let choices =
            Scale::Choices { answers: vec![rung("erp", 2.0), rung("crm", 1.0)], maximum: 4.0 };
        assert_eq!(read(&choices, "crm; erp"), Ok(Some(3.0)));
        assert_eq!(choices.worth(3.0), Some(0.75));
        assert_eq!(choices.steps(), Some(vec![0.0, 1.0, 2.0, 3.0]));
        assert_eq!(read(&Scale::Bool, "yes"), Ok(Some(1.0)));
        assert_eq!(read(&Scale::Bool, ""), Ok(None));
    }
}
