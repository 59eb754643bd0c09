//! The merging itself: from a triangle of distances to a sequence of merges.

use super::distance::condensed;
use super::hierarchical::Linkage;
use crate::context::Context;
use crate::error::Result;

/// Two active clusters, named by their smallest unit, merged at a height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// Slot that keeps the merged cluster.
    pub left: usize,
    /// Slot that is given up.
    pub right: usize,
    /// Height of the merge.
    pub height: f64,
}

/// The merges and whether the order of some of them was arbitrary.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    /// `n - 1` merges in the order made.
    pub merged: Vec<Step>,
    /// Merges at which another pair stood at the same distance, as the closest.
    pub ties: usize,
    /// For minimax linkage, the prototype (unit) of each merge.
    pub prototypes: Option<Vec<usize>>,
}

/// Merges the closest pair until one cluster is left (Lance and Williams, 1967; the list of
/// nearest neighbours after Murtagh, 1983).
///
/// Of several closest pairs the one whose first cluster has the smallest unit is merged, then the
/// one whose second has: R's `hclust` decides the same way, so merges agree under ties.
/// `values` is used up. Ward's D2, centroid and median expect squared distances and their heights
/// come back squared.
pub(super) fn closest_pairs(
    n: usize,
    values: &mut [f64],
    linkage: Linkage,
    context: &Context,
) -> Result<Steps> {
    let at = |i: usize, j: usize| if i < j { condensed(n, i, j) } else { condensed(n, j, i) };
    let mut active = vec![true; n];
    let mut size = vec![1.0_f64; n];
    let mut nearest = vec![(f64::INFINITY, 0_usize); n];
    let find = |i: usize, values: &[f64], active: &[bool]| {
        let mut best = (f64::INFINITY, 0);
        if i + 1 < n {
            let start = condensed(n, i, i + 1);
            for (offset, (value, active)) in
                values[start..start + n - 1 - i].iter().zip(&active[i + 1..]).enumerate()
            {
                if *active && *value < best.0 {
                    best = (*value, i + 1 + offset);
                }
            }
        }
        best
    };
    for (i, slot) in nearest.iter_mut().enumerate() {
        *slot = find(i, values, &active);
    }
    let mut ties = 0;
    let mut steps = Vec::with_capacity(n.saturating_sub(1));
    for done in 1..n {
        if done % 64 == 0 {
            context.check()?;
            context.report("hclust", done as u64, n as u64);
        }
        let mut best = (f64::INFINITY, 0, 0);
        let mut tied = false;
        for i in (0..n - 1).filter(|i| active[*i]) {
            let (value, j) = nearest[i];
            if value < best.0 {
                best = (value, i, j);
                tied = false;
            } else if value == best.0 {
                tied = true;
            }
        }
        let (height, a, b) = best;
        ties += usize::from(tied);
        let (keep, gone) = (a.min(b), a.max(b));
        steps.push(Step { left: keep, right: gone, height });
        active[gone] = false;
        let mut closest = (f64::INFINITY, 0);
        for k in (0..n).filter(|k| active[*k] && *k != keep) {
            let slot = at(keep, k);
            let updated = linkage.update(
                values[slot],
                values[at(gone, k)],
                height,
                [size[keep], size[gone], size[k]],
            );
            values[slot] = updated;
            if keep < k {
                if updated < closest.0 {
                    closest = (updated, k);
                }
            } else if updated < nearest[k].0 {
                // Only linkages with inversions come here: the merged cluster moved closer.
                nearest[k] = (updated, keep);
            }
        }
        size[keep] += size[gone];
        nearest[keep] = closest;
        for i in (0..n - 1).filter(|i| active[*i]) {
            if nearest[i].1 == keep || nearest[i].1 == gone {
                nearest[i] = find(i, values, &active);
            }
        }
    }
    Ok(Steps { merged: steps, ties, prototypes: None })
}

/// Minimax linkage (Bien and Tibshirani, 2011): a merge's height is the smallest radius of a ball
/// around one of its own units, the prototype, that holds all of them.
pub(super) fn minimax(n: usize, values: &[f64], context: &Context) -> Result<Steps> {
    let distance = |i: usize, j: usize| match i.cmp(&j) {
        std::cmp::Ordering::Less => values[condensed(n, i, j)],
        std::cmp::Ordering::Equal => 0.0,
        std::cmp::Ordering::Greater => values[condensed(n, j, i)],
    };
    // farthest[i * n + c]: the largest distance from unit i to a unit of cluster c.
    let mut farthest: Vec<f64> = (0..n * n).map(|at| distance(at / n, at % n)).collect();
    let mut members: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    let mut active: Vec<usize> = (0..n).collect();
    // linked[a * n + b], a < b: (radius, prototype) of the union of a and b.
    let mut linked: Vec<(f64, usize)> =
        (0..n * n).map(|at| (distance(at / n, at % n), (at / n).min(at % n))).collect();
    let mut ties = 0;
    let (mut steps, mut prototypes) = (Vec::new(), Vec::new());
    for done in 1..n {
        context.check()?;
        context.report("hclust", done as u64, n as u64);
        let mut best = (f64::INFINITY, 0, 0);
        let mut tied = false;
        for (position, &a) in active.iter().enumerate() {
            for &b in &active[position + 1..] {
                let (radius, _) = linked[a * n + b];
                if radius < best.0 {
                    best = (radius, a, b);
                    tied = false;
                } else if radius == best.0 {
                    tied = true;
                }
            }
        }
        let (height, keep, gone) = best;
        ties += usize::from(tied);
        prototypes.push(linked[keep * n + gone].1);
        steps.push(Step { left: keep, right: gone, height });
        active.retain(|c| *c != gone);
        for row in farthest.chunks_exact_mut(n) {
            row[keep] = row[keep].max(row[gone]);
        }
        let taken = std::mem::take(&mut members[gone]);
        members[keep].extend(taken);
        for &other in active.iter().filter(|c| **c != keep) {
            let mut link = (f64::INFINITY, 0);
            for &unit in members[keep].iter().chain(&members[other]) {
                let radius = farthest[unit * n + keep].max(farthest[unit * n + other]);
                if radius < link.0 || (radius == link.0 && unit < link.1) {
                    link = (radius, unit);
                }
            }
            linked[keep.min(other) * n + keep.max(other)] = link;
        }
    }
    Ok(Steps { merged: steps, ties, prototypes: Some(prototypes) })
}
