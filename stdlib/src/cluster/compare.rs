//! How far two partitions agree.
//!
//! From the table of counts `n_ij` (units in cluster `i` of one and `j` of the other), with `C(m) =
//! m (m - 1)/2`: Rand's index is the share of pairs treated alike, the adjusted index (Hubert and
//! Arabie, 1985, equation 5) sets its expectation under random labels to 0 and its maximum to 1;
//! Fowlkes and Mallows (1983) take the geometric mean of the two pairwise precisions, Jaccard's
//! index the share of joined pairs that both join. With entropies `H` and mutual information `I` in
//! nats, `nmi = 2 I / (H1 + H2)` and `vi = H1 + H2 - 2 I` (Meila, 2007). Larger is better for all but
//! `vi`, which is a distance. Two partitions into one cluster each are equal: 1, and `vi` 0.

use super::error::ClusterError;
use crate::error::Result;

/// Agreement of two partitions of the same units.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Adjusted Rand index, at most 1, 0 on average for random labels.
    pub adjusted_rand: f64,
    /// Rand index in 0..=1.
    pub rand: f64,
    /// Pairs joined by both over pairs joined by either, in 0..=1.
    pub jaccard: f64,
    /// Fowlkes and Mallows' index in 0..=1.
    pub fowlkes_mallows: f64,
    /// Mutual information, nats.
    pub mutual_information: f64,
    /// Normalised mutual information (arithmetic mean of entropies), in 0..=1.
    pub nmi: f64,
    /// Variation of information, nats, 0 for equal partitions.
    pub vi: f64,
    /// Counts, one row per cluster of the first partition and one column per cluster of the second.
    pub counts: Vec<Vec<usize>>,
    /// For each cluster of the second partition its matching cluster of the first (from 1), so that
    /// the units on matched clusters are as many as can be; missing where the first has fewer.
    pub matching: Vec<Option<usize>>,
    /// Share of the units on matched clusters.
    pub matched: f64,
}

/// Agreement of two labellings; labels are any numbers.
pub fn agreement(primitive: &'static str, left: &[usize], right: &[usize]) -> Result<Agreement> {
    if left.len() != right.len() || left.is_empty() {
        return Err(
            ClusterError::Lengths { primitive, left: left.len(), right: right.len() }.into()
        );
    }
    let counts = cross(left, right);
    let n = left.len() as f64;
    let rows: Vec<f64> = counts.iter().map(|row| row.iter().sum::<usize>() as f64).collect();
    let columns: Vec<f64> = (0..counts[0].len())
        .map(|j| counts.iter().map(|row| row[j]).sum::<usize>() as f64)
        .collect();
    let choose = |m: f64| m * (m - 1.0) / 2.0;
    let both: f64 = counts.iter().flatten().map(|c| choose(*c as f64)).sum();
    let first: f64 = rows.iter().map(|r| choose(*r)).sum();
    let second: f64 = columns.iter().map(|c| choose(*c)).sum();
    let all = choose(n);
    let expected = if all > 0.0 { first * second / all } else { 0.0 };
    let most = f64::midpoint(first, second);
    let ratio = |part: f64, whole: f64| if whole == 0.0 { 1.0 } else { part / whole };
    let entropy =
        |sizes: &[f64]| -> f64 { -sizes.iter().map(|s| s / n * (s / n).ln()).sum::<f64>() };
    let (h1, h2) = (entropy(&rows), entropy(&columns));
    let mut information = 0.0;
    for (i, row) in counts.iter().enumerate() {
        for (j, count) in row.iter().enumerate().filter(|(_, c)| **c > 0) {
            let count = *count as f64;
            information += count / n * (count * n / (rows[i] * columns[j])).ln();
        }
    }
    let matching = matching(&counts);
    let matched =
        matching.iter().enumerate().filter_map(|(j, i)| i.map(|i| counts[i - 1][j])).sum::<usize>()
            as f64
            / n;
    Ok(Agreement {
        adjusted_rand: ratio(both - expected, most - expected),
        rand: ratio(all - first - second + 2.0 * both, all),
        jaccard: ratio(both, first + second - both),
        fowlkes_mallows: ratio(both, (first * second).sqrt()),
        mutual_information: information.max(0.0),
        nmi: ratio(2.0 * information.max(0.0), h1 + h2).min(1.0),
        vi: (h1 + h2 - 2.0 * information).max(0.0),
        counts,
        matching,
        matched,
    })
}

/// Counts of units by cluster of both partitions; clusters in increasing order of their labels.
pub(super) fn cross(left: &[usize], right: &[usize]) -> Vec<Vec<usize>> {
    let codes = |labels: &[usize]| {
        let mut sorted = labels.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let codes: Vec<usize> =
            labels.iter().map(|l| sorted.binary_search(l).expect("taken from here")).collect();
        (codes, sorted.len())
    };
    let ((left, rows), (right, columns)) = (codes(left), codes(right));
    let mut counts = vec![vec![0; columns]; rows];
    for (i, j) in left.iter().zip(&right) {
        counts[*i][*j] += 1;
    }
    counts
}

/// The assignment of columns to rows with the largest sum (Kuhn, 1955; shortest augmenting paths),
/// rows numbered from 1.
fn matching(counts: &[Vec<usize>]) -> Vec<Option<usize>> {
    let (rows, columns) = (counts.len(), counts[0].len());
    let size = rows.max(columns);
    let cost = |i: usize, j: usize| -> f64 {
        counts.get(i).and_then(|row| row.get(j)).map_or(0.0, |c| -(*c as f64))
    };
    // owner[j]: the row of column j; both from 1, 0 standing for none.
    let (mut u, mut v) = (vec![0.0; size + 1], vec![0.0; size + 1]);
    let mut owner = vec![0; size + 1];
    for i in 1..=size {
        owner[0] = i;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; size + 1];
        let mut way = vec![0; size + 1];
        let mut used = vec![false; size + 1];
        while owner[column] != 0 {
            used[column] = true;
            let row = owner[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for j in (1..=size).filter(|j| !used[*j]) {
                let slack = cost(row - 1, j - 1) - u[row] - v[j];
                if slack < least[j] {
                    least[j] = slack;
                    way[j] = column;
                }
                if least[j] < delta {
                    delta = least[j];
                    next = j;
                }
            }
            for j in 0..=size {
                if used[j] {
                    u[owner[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            owner[column] = owner[way[column]];
            column = way[column];
        }
    }
    (1..=columns).map(|j| (owner[j] <= rows).then_some(owner[j])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_partitions_under_other_names_agree_fully() {
        let got = agreement("compare", &[1, 1, 2, 3], &[9, 9, 4, 5]).unwrap();
        assert_eq!((got.adjusted_rand, got.rand, got.jaccard), (1.0, 1.0, 1.0));
        assert!((got.nmi - 1.0).abs() < 1e-15 && got.vi < 1e-15);
        assert_eq!(got.matching, [Some(2), Some(3), Some(1)]);
        assert_eq!(got.matched, 1.0);
    }

    #[test]
    fn closed_forms() {
        // Pairs: 6; joined by the first 2, by the second 3, by both 1.
        let got = agreement("compare", &[1, 1, 2, 2], &[1, 1, 1, 2]).unwrap();
        assert_eq!(got.rand, 3.0 / 6.0);
        assert_eq!(got.jaccard, 1.0 / 4.0);
        assert_eq!(got.adjusted_rand, (1.0 - 1.0) / (2.5 - 1.0));
        assert!((got.fowlkes_mallows - 1.0 / 6.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn the_matching_is_the_best_one() {
        // Greedy by the largest cell would match 5 and leave 0; the best keeps 4 + 4.
        let left = [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2];
        let right = [1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1];
        let got = agreement("compare", &left, &right).unwrap();
        assert_eq!(got.matching, [Some(2), Some(1)]);
        assert_eq!(got.matched, 8.0 / 13.0);
        let one = agreement("compare", &[1, 1, 1], &[1, 2, 3]).unwrap();
        assert_eq!(one.matching.iter().flatten().count(), 1);
    }

    #[test]
    fn lengths_must_match() {
        assert!(agreement("compare", &[1], &[1, 2]).is_err());
    }
}
