//! Ranks and rank correlation, for every room.

use super::association::{complete, pearson};
use crate::choice::Choice;

/// What equal values get for a rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ties {
    /// The mean of their places.
    #[default]
    Average,
    /// The first of their places.
    Min,
    /// The last of their places.
    Max,
    /// Places counted by different values: no gaps.
    Dense,
    /// Their own places, by row.
    First,
}

impl Choice for Ties {
    const ALL: &'static [(&'static str, Self)] = &[
        ("average", Self::Average),
        ("min", Self::Min),
        ("max", Self::Max),
        ("dense", Self::Dense),
        ("first", Self::First),
    ];
}

/// Makes the bits of a float order as unsigned numbers; 0 and -0 are equal.
pub fn float_key(x: f64) -> u64 {
    // Adding 0 turns -0 into 0.
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

/// Ranks from 1, for the smallest or, `descending`, the largest value; `NaN` stands for a missing
/// value and keeps no rank.
pub fn ranks(values: &[f64], ties: Ties, descending: bool) -> Vec<f64> {
    let mut order: Vec<(u64, usize)> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_nan())
        .map(|(row, value)| {
            let key = float_key(*value);
            (if descending { !key } else { key }, row)
        })
        .collect();
    order.sort_unstable();
    let mut ranks = vec![f64::NAN; values.len()];
    let (mut before, mut runs) = (0, 0_usize);
    for tie in order.chunk_by(|a, b| a.0 == b.0) {
        runs += 1;
        for (place, (_, row)) in tie.iter().enumerate() {
            ranks[*row] = match ties {
                Ties::Average => before as f64 + f64::midpoint(tie.len() as f64, 1.0),
                Ties::Min => before as f64 + 1.0,
                Ties::Max => (before + tie.len()) as f64,
                Ties::Dense => runs as f64,
                Ties::First => (before + place) as f64 + 1.0,
            };
        }
        before += tie.len();
    }
    ranks
}

/// Places in a league: 1 for the largest, equal values share the better place, `NaN` has none.
pub fn places(values: &[f64]) -> Vec<Option<i64>> {
    ranks(values, Ties::Min, true)
        .into_iter()
        .map(|rank| (!rank.is_nan()).then_some(rank as i64))
        .collect()
}

/// Spearman's rank correlation on the pairs that are complete, ties at the mean of their ranks;
/// `None` below three pairs, where it is 1 or -1 whatever the data, or when a side is constant.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = complete(x, y).unzip();
    let ranked = |values: &[f64]| ranks(values, Ties::Average, false);
    (x.len() > 2).then(|| pearson(&ranked(&x), &ranked(&y)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_a_rank_in_five_ways() {
        let values = [3.0, 1.0, f64::NAN, 3.0, 2.0];
        let rank = |ties, descending| {
            let ranks = ranks(&values, ties, descending);
            assert!(ranks[2].is_nan());
            [ranks[0], ranks[1], ranks[3], ranks[4]]
        };
        assert_eq!(rank(Ties::Average, false), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(rank(Ties::Min, false), [3.0, 1.0, 3.0, 2.0]);
        assert_eq!(rank(Ties::Max, false), [4.0, 1.0, 4.0, 2.0]);
        assert_eq!(rank(Ties::Dense, false), [3.0, 1.0, 3.0, 2.0]);
        assert_eq!(rank(Ties::First, false), [3.0, 1.0, 4.0, 2.0]);
        assert_eq!(rank(Ties::Dense, true), [1.0, 3.0, 1.0, 2.0]);
        assert_eq!(places(&values), [Some(1), Some(4), None, Some(1), Some(3)]);
    }

    #[test]
    fn both_zeros_are_one_value() {
        assert_eq!(ranks(&[0.0, -0.0, 1.0], Ties::Min, false), [1.0, 1.0, 3.0]);
    }

    #[test]
    fn rank_correlation_by_hand() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 15.0]), Some(0.5));
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        let gaps = spearman(&[1.0, f64::NAN, 2.0, 3.0], &[1.0, 9.0, 2.0, 3.0]);
        assert!((gaps.unwrap() - 1.0).abs() < 1e-15);
    }
}
