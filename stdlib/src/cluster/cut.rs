//! From a tree to a partition, and back to distances.

use super::distance::{Distances, check_memory, condensed, pairs};
use super::error::ClusterError;
use super::hierarchical::{Node, Tree};
use super::method::Method;
use super::partition::{Clustering, number_by_appearance};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::stats::association::pearson;

impl Tree {
    /// The partition into `k` clusters, `1 <= k <= n`.
    ///
    /// The first `n - k` merges are made and the rest left out, so a tree with inversions has a cut
    /// for every `k`. Labels count from 1 in order of first appearance, as R's `cutree` numbers.
    pub fn cut(&self, k: usize) -> Result<Clustering> {
        let n = self.len();
        if k == 0 || k > n {
            return Err(ClusterError::BadK { primitive: "cut", k, least: 1, most: n }.into());
        }
        Ok(self.partition(n - k, format!("cut at k = {k}")))
    }

    /// The partition by the merges no higher than `height`.
    ///
    /// A tree with inversions has no such cut: whether a merge was made would not say whether those
    /// below it were.
    pub fn cut_height(&self, height: f64) -> Result<Clustering> {
        let bad = |rule: &str| Error::Invalid {
            primitive: "cut_height",
            parameter: "height",
            rule: rule.into(),
            value: height.to_string(),
        };
        if height.is_nan() || height < 0.0 {
            return Err(bad("be 0 or greater"));
        }
        if self.inversions > 0 {
            return Err(ClusterError::Inversions {
                linkage: crate::choice::Choice::name(self.linkage),
                count: self.inversions,
            }
            .into());
        }
        let made = self.heights.iter().filter(|h| **h <= height).count();
        Ok(self.partition(made, format!("cut at height {height}")))
    }

    fn partition(&self, made: usize, how: String) -> Clustering {
        let labels = number_by_appearance(&self.labels_after(made));
        let mut clustering =
            Clustering::new(labels, format!("{}, {how}", self.method()), self.basis.clone());
        clustering.recipe = Some(Method::Hierarchical(self.params));
        clustering.warnings.extend(self.warnings.iter().cloned());
        if let Some(&next) = self.heights.get(made)
            && made > 0
            && next == self.heights[made - 1]
        {
            clustering.warnings.push(format!(
                "the merges just above and below the cut stand at the same height, {next:.4}: \
                 another number of clusters fits this tree better"
            ));
        }
        clustering
    }

    /// For each unit a number shared by the units that the first `made` merges join.
    pub(super) fn labels_after(&self, made: usize) -> Vec<usize> {
        let n = self.len();
        let mut label = vec![usize::MAX; n];
        let mut joined = vec![false; made];
        // A merge seen first from above covers its whole side; going down the list visits parents
        // before children.
        for top in (0..made).rev() {
            if joined[top] {
                continue;
            }
            let mut pending = vec![Node::Merge(top)];
            while let Some(node) = pending.pop() {
                match node {
                    Node::Unit(unit) => label[unit] = n + top,
                    Node::Merge(merge) => {
                        joined[merge] = true;
                        pending.extend(self.merges[merge]);
                    }
                }
            }
        }
        for (unit, label) in label.iter_mut().enumerate().filter(|(_, l)| **l == usize::MAX) {
            *label = unit;
        }
        label
    }

    /// Cophenetic distances: for each pair the height at which it first shares a cluster.
    pub fn cophenetic(&self, context: &Context) -> Result<Distances> {
        let n = self.len();
        check_memory("cophenetic", n)?;
        let mut values = vec![0.0; pairs(n)];
        let mut members: Vec<Vec<usize>> = Vec::with_capacity(n - 1);
        for (merge, height) in self.merges.iter().zip(&self.heights) {
            context.check()?;
            let mut sides = merge.map(|node| match node {
                Node::Unit(unit) => vec![unit],
                Node::Merge(below) => std::mem::take(&mut members[below]),
            });
            for &a in &sides[0] {
                for &b in &sides[1] {
                    values[condensed(n, a.min(b), a.max(b))] = *height;
                }
            }
            let [mut left, right] = std::mem::take(&mut sides);
            left.extend(right);
            members.push(left);
        }
        Ok(Distances {
            n,
            values,
            labels: self.labels.clone(),
            metric: "cophenetic".into(),
            warnings: Vec::new(),
        })
    }

    /// Correlation of the cophenetic with the original distances; missing where either is constant.
    ///
    /// Close to 1: the tree tells the distances faithfully (Sokal and Rohlf, 1962).
    pub fn cophenetic_correlation(&self, context: &Context) -> Result<Option<f64>> {
        let original = self.basis.distances("cophenetic", context)?;
        let tree = self.cophenetic(context)?;
        Ok(pearson(&original.values, &tree.values))
    }

    /// Agglomerative coefficient: mean over units of one minus the height of its first merge over
    /// that of the last (Kaufman and Rousseeuw, 1990); missing when all heights are 0.
    pub fn agglomerative_coefficient(&self) -> Option<f64> {
        let last = *self.heights.last()?;
        if last <= 0.0 {
            return None;
        }
        let firsts: f64 = self
            .merges
            .iter()
            .zip(&self.heights)
            .map(|(pair, height)| {
                let units = pair.iter().filter(|node| matches!(node, Node::Unit(_))).count();
                units as f64 * (1.0 - height / last)
            })
            .sum();
        Some(firsts / self.len() as f64)
    }
}
