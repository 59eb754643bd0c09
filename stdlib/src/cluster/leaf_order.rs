//! The order of the leaves in which neighbours lie closest.
//!
//! A dendrogram of `n` units can be drawn in `2^(n-1)` orders, by turning merges. The one with the
//! smallest sum of distances between neighbouring leaves is found exactly by dynamic programming
//! (Bar-Joseph, Gifford and Jaakkola, 2001): `M(v, i, j)`, the least sum below merge `v` when its
//! leaves run from `i` to `j`, follows from the two sides of `v`. Time grows with `n^3`, memory with
//! `n^2`. scipy's `optimal_leaf_ordering` is not always optimal; this is.

use std::sync::Arc;

use rayon::prelude::*;

use super::distance::{Distances, check_bytes};
use super::hierarchical::{Node, Tree};
use crate::context::Context;
use crate::error::Result;

impl Tree {
    /// The same tree with its leaves in the order whose neighbours lie closest.
    pub fn optimal_order(&self, context: &Context) -> Result<Self> {
        let n = self.len();
        // A sum and the two leaves at the seam, for every pair.
        check_bytes("optimal_order", n, (n as u64).pow(2) * 16)?;
        let distances = self.basis.distances("optimal_order", context)?;
        let mut tree = self.clone();
        tree.order = best_order(&self.merges, n, &distances, context)?;
        Ok(tree)
    }

    /// Sum of the distances between neighbouring leaves, in the order as it stands.
    pub fn order_length(&self, context: &Context) -> Result<f64> {
        let distances = self.basis.distances("order_length", context)?;
        Ok(length(&self.order, &distances))
    }
}

fn length(order: &[usize], distances: &Distances) -> f64 {
    order.windows(2).map(|pair| distances.get(pair[0], pair[1])).sum()
}

/// What is known of a pair of leaves as the ends of their lowest common merge.
#[derive(Clone, Copy)]
struct Ends {
    /// Least sum of distances between neighbours.
    sum: f64,
    /// Last leaf of the side of the first, first leaf of the other.
    seam: [u32; 2],
}

fn best_order(
    merges: &[[Node; 2]],
    n: usize,
    distances: &Arc<Distances>,
    context: &Context,
) -> Result<Vec<usize>> {
    let none = Ends { sum: 0.0, seam: [0, 0] };
    // A leaf alone is both its ends at no cost: the diagonal.
    let mut known = vec![none; n * n];
    let mut leaves: Vec<Vec<usize>> = Vec::with_capacity(merges.len());
    let below = |leaves: &[Vec<usize>], node: Node| match node {
        Node::Unit(unit) => vec![unit],
        Node::Merge(merge) => leaves[merge].clone(),
    };
    for pair in merges {
        context.check()?;
        let [left, right] = pair.map(|node| below(&leaves, node));
        let parts = |node: Node, own: &[usize]| -> [Vec<usize>; 2] {
            match node {
                Node::Unit(_) => [own.to_vec(), own.to_vec()],
                Node::Merge(merge) => merges[merge].map(|side| below(&leaves, side)),
            }
        };
        let left_parts = parts(pair[0], &left);
        let right_parts = parts(pair[1], &right);
        // The other end of a side lies in the part that its first end is not in.
        let opposite = |parts: &[Vec<usize>; 2], leaf: usize| -> usize {
            usize::from(parts[0].contains(&leaf))
        };
        let left_other: Vec<usize> = left.iter().map(|i| opposite(&left_parts, *i)).collect();
        let right_other: Vec<usize> = right.iter().map(|j| opposite(&right_parts, *j)).collect();
        let rows: Vec<Vec<Ends>> = left
            .par_iter()
            .zip(&left_other)
            .map(|(&i, &other)| {
                context.check()?;
                let inner = if left.len() == 1 { &left } else { &left_parts[other] };
                // The least way from `i` over the left side to each first leaf of the right.
                let to: Vec<(f64, u32)> = right
                    .iter()
                    .map(|&l| {
                        inner
                            .iter()
                            .map(|&h| (known[i * n + h].sum + distances.get(h, l), h as u32))
                            .min_by(|a, b| a.0.total_cmp(&b.0))
                            .expect("a side has leaves")
                    })
                    .collect();
                let place: Vec<usize> = position(&right, n);
                Ok(right
                    .iter()
                    .zip(&right_other)
                    .map(|(&j, &other)| {
                        let inner = if right.len() == 1 { &right } else { &right_parts[other] };
                        inner
                            .iter()
                            .map(|&l| {
                                let (sum, h) = to[place[l]];
                                let seam = [h, l as u32];
                                Ends { sum: sum + known[l * n + j].sum, seam }
                            })
                            .min_by(|a, b| a.sum.total_cmp(&b.sum))
                            .expect("a side has leaves")
                    })
                    .collect())
            })
            .collect::<Result<_>>()?;
        for (&i, row) in left.iter().zip(rows) {
            for (&j, ends) in right.iter().zip(row) {
                known[i * n + j] = ends;
                known[j * n + i] = Ends { seam: [ends.seam[1], ends.seam[0]], ..ends };
            }
        }
        leaves.push(left.into_iter().chain(right).collect());
    }
    let Some(pair) = merges.last() else { return Ok((0..n).collect()) };
    let [left, right] = pair.map(|node| below(&leaves, node));
    // Of equal orders the one that starts on the side that stands first.
    let mut best = (f64::INFINITY, left[0], right[0]);
    for &i in &left {
        for &j in &right {
            if known[i * n + j].sum < best.0 {
                best = (known[i * n + j].sum, i, j);
            }
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut pending = vec![(best.1, best.2)];
    while let Some((i, j)) = pending.pop() {
        if i == j {
            order.push(i);
        } else {
            let [h, l] = known[i * n + j].seam.map(|leaf| leaf as usize);
            pending.push((l, j));
            pending.push((i, h));
        }
    }
    Ok(order)
}

/// Where each leaf stands among `leaves`.
fn position(leaves: &[usize], n: usize) -> Vec<usize> {
    let mut place = vec![usize::MAX; n];
    for (at, leaf) in leaves.iter().enumerate() {
        place[*leaf] = at;
    }
    place
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::cluster::hierarchical::{HclustParams, Linkage, hclust};
    use crate::table::Matrix;

    /// Every order of the leaves that the tree allows.
    fn orders(merges: &[[Node; 2]], node: Node) -> Vec<Vec<usize>> {
        match node {
            Node::Unit(unit) => vec![vec![unit]],
            Node::Merge(merge) => {
                let [a, b] = merges[merge].map(|side| orders(merges, side));
                let mut all = Vec::new();
                for x in &a {
                    for y in &b {
                        all.push([x.as_slice(), y].concat());
                        all.push([y.as_slice(), x].concat());
                    }
                }
                all
            }
        }
    }

    #[test]
    fn no_turn_of_any_merge_is_shorter() {
        for (case, linkage) in
            [Linkage::WardD2, Linkage::Single, Linkage::Average, Linkage::Complete]
                .into_iter()
                .cycle()
                .take(24)
                .enumerate()
        {
            let n = 2 + case % 9;
            let mut rng = crate::context::rng(7, case as u64);
            let values = DMatrix::from_fn(n, 3, |_, _| rand::RngExt::random::<f64>(&mut rng));
            let data = Arc::new(Matrix {
                values,
                columns: ["a", "b", "c"].map(String::from).to_vec(),
                labels: (0..n).map(|i| i.to_string()).collect(),
            });
            let context = Context::default();
            let params = HclustParams { linkage, ..HclustParams::default() };
            let tree = hclust(data, &params, &context).unwrap();
            let best = tree.optimal_order(&context).unwrap();
            let distances = tree.basis.distances("test", &context).unwrap();
            let all = orders(&tree.merges, Node::Merge(tree.merges.len() - 1));
            assert_eq!(all.len(), 1 << (n - 1));
            let least =
                all.iter().map(|order| length(order, &distances)).fold(f64::INFINITY, f64::min);
            let got = best.order_length(&context).unwrap();
            assert!((got - least).abs() < 1e-12, "case {case}: {got} {least}");
            assert!(all.contains(&best.order), "case {case}: the tree allows the order");
            assert!(got <= tree.order_length(&context).unwrap() + 1e-12);
        }
    }
}
