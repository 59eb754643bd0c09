//! Criteria of a split: whether two clusters are better than the one they come from.
//!
//! A cluster `M` of `n_M` units and sum of squares `W_M` falls into `K` and `L` between `k` and `k + 1`
//! clusters of a tree.

use nalgebra::DMatrix;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::super::partition::withinss;

/// Why these criteria do not exist for most other methods than trees.
pub(in crate::cluster) const NOT_NESTED: &str =
    "the partitions are not nested: one cluster has to split at each step, as in a tree";

/// One cluster that falls into two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cluster) struct Split {
    /// `n_M`.
    units: f64,
    /// `W_M`.
    whole: f64,
    /// `W_K + W_L`.
    parts: f64,
}

impl Split {
    /// The split between partitions into `k` and `k + 1` clusters, labelled from 1; `None` if they
    /// differ in more than one cluster that falls into two.
    pub(in crate::cluster) fn between(
        values: &DMatrix<f64>,
        before: &[usize],
        after: &[usize],
    ) -> Option<Self> {
        let mut pairs: Vec<(usize, usize)> =
            before.iter().copied().zip(after.iter().copied()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let k = before.iter().max()?;
        // Each cluster of the finer partition is in one pair at least, so no more means in one.
        if pairs.len() != k + 1 {
            return None;
        }
        let at = pairs.windows(2).position(|pair| pair[0].0 == pair[1].0)?;
        let [(whole, one), (_, other)] = pairs[at..at + 2] else { return None };
        let coarse = withinss(values, before, *k);
        let fine = withinss(values, after, k + 1);
        Some(Self {
            units: before.iter().filter(|label| **label == whole).count() as f64,
            whole: coarse[whole - 1],
            parts: fine[one - 1] + fine[other - 1],
        })
    }

    /// `Je(2)/Je(1) = (W_K + W_L) / W_M`.
    pub(in crate::cluster) fn duda(&self) -> Option<f64> {
        Some(self.parts / self.whole).filter(|x| x.is_finite())
    }

    /// The value below which Duda and Hart take the split for real, at the standard score 3.20 that
    /// Milligan and Cooper (1985) found best; `p` columns.
    pub(in crate::cluster) fn critical(&self, p: usize) -> f64 {
        const SCORE: f64 = 3.20;
        let p = p as f64;
        let pi = std::f64::consts::PI;
        1.0 - 2.0 / (pi * p) - SCORE * (2.0 * (1.0 - 8.0 / (pi * pi * p)) / (self.units * p)).sqrt()
    }

    /// `(W_M - W_K - W_L) / ((W_K + W_L) / (n_M - 2))`.
    pub(in crate::cluster) fn pseudo_t2(&self) -> Option<f64> {
        let value = (self.whole - self.parts) / (self.parts / (self.units - 2.0));
        Some(value).filter(|x| x.is_finite())
    }

    /// `(W_M - W_K - W_L)/(W_K + W_L) / ((n_M - 1)/(n_M - 2) 2^(2/p) - 1)`.
    pub(in crate::cluster) fn beale(&self, p: usize) -> Option<f64> {
        let gain = (self.whole - self.parts) / self.parts;
        let chance = (self.units - 1.0) / (self.units - 2.0) * 2_f64.powf(2.0 / p as f64) - 1.0;
        Some(gain / chance).filter(|x| x.is_finite())
    }

    /// The probability of a larger F where there is one cluster, on `p` and `(n_M - 2) p` degrees of
    /// freedom.
    pub(in crate::cluster) fn beale_p(&self, p: usize) -> Option<f64> {
        let f = self.beale(p)?;
        let law = FisherSnedecor::new(p as f64, (self.units - 2.0) * p as f64).ok()?;
        Some(law.sf(f.max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_by_hand() {
        // 0 1 | 4 5 against all four, with a far pair that stays: W_M = 17, W_K = W_L = 1/2.
        let values = DMatrix::from_column_slice(6, 1, &[0.0, 100.0, 1.0, 4.0, 5.0, 101.0]);
        let before = [1, 2, 1, 1, 1, 2];
        let after = [1, 2, 1, 3, 3, 2];
        let split = Split::between(&values, &before, &after).unwrap();
        assert_eq!(split, Split { units: 4.0, whole: 17.0, parts: 1.0 });
        assert_eq!(split.duda(), Some(1.0 / 17.0));
        assert_eq!(split.pseudo_t2(), Some(32.0));
        // (17 - 1)/1 over 3/2 * 4 - 1.
        assert_eq!(split.beale(1), Some(16.0 / 5.0));
        // F on 1 and 2 degrees of freedom: P(F > f) = 1 - sqrt(f / (f + 2)).
        let p = 1.0 - (3.2_f64 / 5.2).sqrt();
        assert!((split.beale_p(1).unwrap() - p).abs() < 1e-12);
    }

    #[test]
    fn only_nested_partitions_split() {
        let values = DMatrix::from_column_slice(4, 1, &[0.0, 1.0, 4.0, 5.0]);
        assert!(Split::between(&values, &[1, 1, 2, 2], &[1, 2, 2, 3]).is_none());
        assert!(Split::between(&values, &[1, 1, 2, 2], &[1, 2, 3, 4]).is_none());
        // A pair that falls into units leaves nothing to divide by.
        let split = Split::between(&values, &[1, 1, 2, 2], &[1, 2, 3, 3]).unwrap();
        assert_eq!((split.duda(), split.pseudo_t2(), split.beale(1)), (Some(0.0), None, None));
    }
}
