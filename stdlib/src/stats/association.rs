//! How two samples go together: Pearson, Spearman and Kendall, each with the p-value of none.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::rank::{self, float_key, ranks};
use super::summary::mean;
use crate::choice::Choice;

/// What a correlation measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correlation {
    /// How closely the values lie to a straight line.
    #[default]
    Pearson,
    /// Pearson's of the ranks, ties at their mean: any rising curve counts as 1.
    Spearman,
    /// Kendall's tau-b: pairs of rows ordered alike less those ordered against each other.
    Kendall,
}

impl Choice for Correlation {
    const ALL: &'static [(&'static str, Self)] =
        &[("pearson", Self::Pearson), ("spearman", Self::Spearman), ("kendall", Self::Kendall)];
}

/// What a p-value rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Student's t with n - 2 degrees of freedom.
    Student,
    /// All orders of the sample.
    Exact,
    /// The normal law, its variance corrected for ties.
    Normal,
}

/// A correlation of `n` pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Associated {
    /// Pairs of values.
    pub n: usize,
    /// The coefficient, in `-1..=1`; `None` below two pairs or when either side is constant.
    pub r: Option<f64>,
    /// Two-sided p-value of no association; `None` below three pairs or without a coefficient.
    pub p: Option<f64>,
    /// What `p` rests on.
    pub reference: Reference,
}

/// Below so many pairs, and without ties, Kendall's p-value counts all orders.
pub const EXACT: usize = 50;

/// The correlation of `x` and `y`, equally long and without missing values.
///
/// The p-values of Pearson and Spearman come from `t = r sqrt((n - 2) / (1 - r^2))`; Kendall's is
/// exact below [`EXACT`] pairs without ties and else normal with the variance corrected for ties
/// (Kendall, 1970), as in R's `cor.test`, which differs for Spearman below 1290 pairs.
pub fn associate(x: &[f64], y: &[f64], method: Correlation) -> Associated {
    debug_assert_eq!(x.len(), y.len());
    let n = x.len();
    let ranked = |values: &[f64]| ranks(values, rank::Ties::Average, false);
    match method {
        Correlation::Pearson => by_student(n, pearson(x, y)),
        Correlation::Spearman => by_student(n, pearson(&ranked(x), &ranked(y))),
        Correlation::Kendall => kendall(x, y),
    }
}

fn by_student(n: usize, r: Option<f64>) -> Associated {
    let p = r.filter(|_| n > 2).map(|r| {
        let degrees = n as f64 - 2.0;
        let left = 1.0 - r * r;
        if left <= 0.0 {
            return 0.0;
        }
        let t = r.abs() * (degrees / left).sqrt();
        StudentsT::new(0.0, 1.0, degrees).map_or(1.0, |law| (2.0 * law.sf(t)).min(1.0))
    });
    Associated { n, r, p, reference: Reference::Student }
}

/// Pearson's coefficient; `None` below two pairs or when either side is constant.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 2 {
        return None;
    }
    let spread = |values: &[f64]| -> Option<Vec<f64>> {
        let centre = mean(values)?;
        let scale = values.iter().map(|v| (v - centre).abs()).fold(0.0, f64::max);
        // A constant's deviations from its rounded mean are rounding, not spread.
        let size = values.iter().map(|v| v.abs()).fold(0.0, f64::max);
        (scale > size * 1e-14 && scale.is_finite())
            .then(|| values.iter().map(|v| (v - centre) / scale).collect())
    };
    let (x, y) = (spread(x)?, spread(y)?);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Some((product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()).clamp(-1.0, 1.0))
}

/// Pearson's coefficient on the pairs that are complete; `None` below three of them or when either
/// side is constant on them.
pub fn pearson_complete(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = complete(x, y).unzip();
    (x.len() > 2).then(|| pearson(&x, &y))?
}

/// The pairs of which neither side is `NaN`.
pub(super) fn complete(x: &[f64], y: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).filter(|(x, y)| !x.is_nan() && !y.is_nan())
}

/// Sums over groups of tied values: pairs, and the terms of the variance.
#[derive(Default)]
struct Ties {
    pairs: f64,
    /// `sum t (t - 1) (2t + 5)`.
    cubic: f64,
    /// `sum t (t - 1)`.
    first: f64,
    /// `sum t (t - 1) (t - 2)`.
    second: f64,
}

impl Ties {
    fn add(&mut self, t: usize) {
        let t = t as f64;
        self.pairs += t * (t - 1.0) / 2.0;
        self.cubic += t * (t - 1.0) * (2.0 * t + 5.0);
        self.first += t * (t - 1.0);
        self.second += t * (t - 1.0) * (t - 2.0);
    }

    fn of<T: PartialEq>(sorted: &[T]) -> Self {
        let mut ties = Self::default();
        sorted.chunk_by(|a, b| a == b).for_each(|tie| ties.add(tie.len()));
        ties
    }
}

/// Kendall's tau-b in `O(n log n)` (Knight, 1966, JASA 61).
fn kendall(x: &[f64], y: &[f64]) -> Associated {
    let n = x.len();
    let none = |r| Associated { n, r, p: None, reference: Reference::Normal };
    if n < 2 {
        return none(None);
    }
    // Only the order of the values counts, and whole numbers sort without looking back at rows.
    let mut pairs: Vec<(u64, u64)> =
        x.iter().zip(y).map(|(x, y)| (float_key(*x), float_key(*y))).collect();
    pairs.sort_unstable();
    let both = Ties::of(&pairs);
    let (by_x, mut by_y): (Vec<u64>, Vec<u64>) = pairs.into_iter().unzip();
    let in_x = Ties::of(&by_x);
    let against = inversions(&mut by_y, by_x);
    let in_y = Ties::of(&by_y);
    let all = n as f64 * (n as f64 - 1.0) / 2.0;
    let score = all - in_x.pairs - in_y.pairs + both.pairs - 2.0 * against;
    let size = ((all - in_x.pairs) * (all - in_y.pairs)).sqrt();
    if size == 0.0 {
        return none(None);
    }
    let tau = (score / size).clamp(-1.0, 1.0);
    if n < 3 {
        return none(Some(tau));
    }
    if n < EXACT && in_x.pairs == 0.0 && in_y.pairs == 0.0 {
        let p = exact_tail(n, against as usize);
        return Associated { n, r: Some(tau), p: Some(p), reference: Reference::Exact };
    }
    let m = n as f64;
    let variance = (m * (m - 1.0) * (2.0 * m + 5.0) - in_x.cubic - in_y.cubic) / 18.0
        + in_x.first * in_y.first / (2.0 * m * (m - 1.0))
        + in_x.second * in_y.second / (9.0 * m * (m - 1.0) * (m - 2.0));
    let p = Normal::new(0.0, 1.0)
        .map_or(1.0, |law| (2.0 * law.sf(score.abs() / variance.sqrt())).min(1.0));
    Associated { n, r: Some(tau), p: Some(p), reference: Reference::Normal }
}

/// Pairs out of order in `values`, which is sorted on the way; `spare` is as long, its content lost.
///
/// Runs of a few are sorted by insertion, then merged two by two.
fn inversions(values: &mut Vec<u64>, mut spare: Vec<u64>) -> f64 {
    const RUN: usize = 16;
    let n = values.len();
    let mut count = 0_u64;
    for run in values.chunks_mut(RUN) {
        for end in 1..run.len() {
            let value = run[end];
            let place = run[..end].partition_point(|other| *other <= value);
            run.copy_within(place..end, place + 1);
            run[place] = value;
            count += (end - place) as u64;
        }
    }
    let mut width = RUN;
    while width < n {
        for (from, to) in values.chunks(2 * width).zip(spare.chunks_mut(2 * width)) {
            count += merged(from.split_at(width.min(from.len())), to);
        }
        std::mem::swap(values, &mut spare);
        width *= 2;
    }
    count as f64
}

/// Merges two sorted runs into `to` and counts how often the second had to go first.
fn merged((left, right): (&[u64], &[u64]), to: &mut [u64]) -> u64 {
    let (mut i, mut j, mut count) = (0, 0, 0);
    for slot in to {
        if j >= right.len() || (i < left.len() && left[i] <= right[j]) {
            *slot = left[i];
            i += 1;
        } else {
            *slot = right[j];
            j += 1;
            count += (left.len() - i) as u64;
        }
    }
    count
}

/// Twice the smaller tail of the number of inversions among all orders of `n`, at most 1.
fn exact_tail(n: usize, inversions: usize) -> f64 {
    // Shares of the orders of 1, 2, .. n by their inversions.
    let mut shares = vec![1.0];
    for size in 2..=n {
        let most = size * (size - 1) / 2;
        let mut next = vec![0.0; most + 1];
        for (k, share) in shares.iter().enumerate() {
            for slot in &mut next[k..k + size] {
                *slot += share / size as f64;
            }
        }
        shares = next;
    }
    let below: f64 = shares[..=inversions].iter().sum();
    let above: f64 = shares[inversions..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn coefficients_and_p_values_agree_with_other_programs() {
        // scipy 1.17.1: pearsonr, spearmanr, kendalltau(method="exact").
        let x = [2.1, 3.4, 1.7, 8.8, 5.0, 6.1, 4.4, 9.9, 7.3, 0.2];
        let y = [1.0, 2.5, 3.1, 7.9, 4.2, 8.8, 2.9, 9.1, 6.5, 1.2];
        let found = associate(&x, &y, Correlation::Pearson);
        close(found.r, 0.904_128_368_703_337);
        close(found.p, 0.000_328_759_284_155_665_06);
        let found = associate(&x, &y, Correlation::Spearman);
        close(found.r, 0.866_666_666_666_666_5);
        close(found.p, 0.001_173_538_180_155_468_5);
        let found = associate(&x, &y, Correlation::Kendall);
        assert_eq!((found.n, found.reference), (10, Reference::Exact));
        close(found.r, 0.733_333_333_333_333_3);
        close(found.p, 0.002_212_852_733_686_067);
    }

    #[test]
    fn ties_are_corrected_for() {
        // scipy 1.17.1: spearmanr, kendalltau(method="asymptotic").
        let x = [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 4.0, 5.0, 6.0, 7.0, 7.0, 8.0];
        let y = [2.0, 1.0, 3.0, 3.0, 5.0, 4.0, 4.0, 6.0, 6.0, 9.0, 8.0, 8.0];
        let found = associate(&x, &y, Correlation::Spearman);
        close(found.r, 0.960_860_176_943_169_3);
        close(found.p, 6.773_317_899_287_86e-7);
        let found = associate(&x, &y, Correlation::Kendall);
        assert_eq!(found.reference, Reference::Normal);
        close(found.r, 0.878_077_800_658_040_3);
        close(found.p, 0.000_152_335_259_299_178_9);
        let x: Vec<f64> = (0..60).map(|i| f64::from((7 * i * i + 3 * i) % 101)).collect();
        let y: Vec<f64> = (0..60).map(|i| f64::from((5 * i * i + 11 * i + 2) % 97)).collect();
        let found = associate(&x, &y, Correlation::Kendall);
        close(found.r, 0.231_233_775_315_739_6);
        close(found.p, 0.009_737_916_126_377_082);
    }

    #[test]
    fn kendall_counts_the_pairs_that_a_double_loop_finds() {
        use rand::RngExt;
        for (seed, n) in (0..).zip([2, 5, 15, 16, 17, 33, 64, 100, 257]) {
            let mut rng = crate::context::rng(seed, 0);
            let mut draw = |few: i32| -> Vec<f64> {
                (0..n).map(|_| f64::from(rng.random_range(-few..few)) / 7.0).collect()
            };
            let (x, y) = (draw(if seed % 2 == 0 { 4 } else { 1000 }), draw(9));
            let (mut score, mut apart_x, mut apart_y) = (0.0, 0.0, 0.0);
            for i in 0..n {
                for j in 0..i {
                    let sign = |v: &[f64]| if v[i] == v[j] { 0.0 } else { (v[i] - v[j]).signum() };
                    score += sign(&x) * sign(&y);
                    apart_x += sign(&x).abs();
                    apart_y += sign(&y).abs();
                }
            }
            let size = f64::sqrt(apart_x * apart_y);
            let found = associate(&x, &y, Correlation::Kendall).r;
            assert_eq!(found, (size > 0.0).then(|| score / size), "{n} rows");
        }
    }

    #[test]
    fn the_exact_tail_counts_orders() {
        // Of the 24 orders of four, 1, 3, 5, 6, 5, 3, 1 have 0 to 6 inversions.
        for (k, tail) in [(0, 2.0), (1, 8.0), (2, 18.0), (3, 24.0), (4, 18.0), (6, 2.0)] {
            assert!((exact_tail(4, k) - tail / 24.0).abs() < 1e-15, "{k}");
        }
    }

    #[test]
    fn samples_without_spread_or_length_have_none() {
        for method in [Correlation::Pearson, Correlation::Spearman, Correlation::Kendall] {
            assert_eq!(associate(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], method).r, None);
            assert_eq!(associate(&[1.0], &[1.0], method).r, None);
            let two = associate(&[1.0, 2.0], &[4.0, 3.0], method);
            assert_eq!((two.r, two.p), (Some(-1.0), None));
            let line = associate(&[1.0, 2.0, 3.0, 4.0], &[1e9, 2e9, 3e9, 4e9], method);
            assert_eq!(line.r, Some(1.0));
        }
        assert_eq!(pearson(&[0.1 + 0.2, 0.3], &[1.0, 2.0]), None);
    }
}
