//! The shortest tree that spans all units.
//!
//! Prim's algorithm (1957) on a source of rows of distances: one row at a time, so that memory grows
//! with the units, not with their pairs. Its edges, sorted, are the merges of single linkage (Gower and
//! Ross, 1969).

use super::agglomerate::{Step, Steps};
use crate::context::Context;
use crate::error::Result;

/// An edge of a spanning tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    /// The unit that was in the tree already.
    pub from: usize,
    /// The unit that it brings in.
    pub to: usize,
    /// Its length.
    pub length: f64,
}

/// The `n - 1` edges of a shortest spanning tree in the order found, from unit 0 on; `fill` writes a
/// unit's distances to all units. Of equal edges the one to the unit that comes first is taken.
pub(super) fn spanning_tree(
    n: usize,
    primitive: &'static str,
    mut fill: impl FnMut(usize, &mut [f64]),
    context: &Context,
) -> Result<Vec<Edge>> {
    let mut row = vec![0.0; n];
    // Units outside the tree with their nearest unit inside, in no particular order.
    let mut outside: Vec<Edge> =
        (1..n).map(|to| Edge { from: 0, to, length: f64::INFINITY }).collect();
    let mut edges = Vec::with_capacity(n.saturating_sub(1));
    let mut newest = 0;
    while !outside.is_empty() {
        context.check()?;
        if edges.len().is_multiple_of(256) {
            context.report(primitive, edges.len() as u64, n as u64);
        }
        fill(newest, &mut row);
        let mut nearest = 0;
        for at in 0..outside.len() {
            let distance = row[outside[at].to];
            if distance < outside[at].length {
                outside[at].from = newest;
                outside[at].length = distance;
            }
            let (here, best) = (outside[at], outside[nearest]);
            if here.length < best.length || (here.length == best.length && here.to < best.to) {
                nearest = at;
            }
        }
        let edge = outside.swap_remove(nearest);
        newest = edge.to;
        edges.push(edge);
    }
    Ok(edges)
}

/// The merges of single linkage from the edges of a spanning tree.
pub(super) fn single_linkage(mut edges: Vec<Edge>) -> Steps {
    let n = edges.len() + 1;
    edges.sort_by(|a, b| a.length.total_cmp(&b.length));
    let mut parent: Vec<usize> = (0..n).collect();
    let ties = edges.windows(2).filter(|pair| pair[0].length == pair[1].length).count();
    let merged = edges
        .iter()
        .map(|edge| {
            let (a, b) = (root(&mut parent, edge.from), root(&mut parent, edge.to));
            let (left, right) = (a.min(b), a.max(b));
            parent[right] = left;
            Step { left, right, height: edge.length }
        })
        .collect();
    Steps { merged, ties, prototypes: None }
}

/// The name of the set that holds `unit`: its smallest unit.
pub(super) fn root(parent: &mut [usize], mut unit: usize) -> usize {
    while parent[unit] != unit {
        parent[unit] = parent[parent[unit]];
        unit = parent[unit];
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::agglomerate::closest_pairs;
    use crate::cluster::hierarchical::Linkage;
    use rand::RngExt;

    #[test]
    fn sorted_edges_are_the_merges_of_single_linkage() {
        let mut rng = crate::context::rng(5, 0);
        let n = 60;
        let at: Vec<f64> = (0..2 * n).map(|_| rng.random()).collect();
        let distance = |i: usize, j: usize| (at[i] - at[j]).hypot(at[n + i] - at[n + j]);
        let mut values = Vec::new();
        for i in 0..n {
            values.extend((i + 1..n).map(|j| distance(i, j)));
        }
        let context = Context::default();
        let pairs = closest_pairs(n, &mut values, Linkage::Single, &context).unwrap();
        let fill = |i: usize, row: &mut [f64]| {
            row.iter_mut().enumerate().for_each(|(j, slot)| *slot = distance(i, j));
        };
        let edges = spanning_tree(n, "hclust", fill, &context).unwrap();
        assert_eq!(single_linkage(edges).merged, pairs.merged);
    }
}
