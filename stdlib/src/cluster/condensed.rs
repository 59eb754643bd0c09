//! The condensed tree of density-based clusters.
//!
//! A spanning tree of reachability distances `d` says at which density `lambda = 1/d` parts of the data
//! come apart. From the top down a part that loses fewer than `m` units stays the same cluster, and
//! those units leave it; a part that falls into two or more of at least `m` units each dies, and its
//! parts are born. Edges of one length are cut at the same time (Campello, Moulavi and Sander, 2013,
//! algorithm 1), so the tree does not depend on the order of the rows; implementations that cut them
//! one by one give border units of a split to one of its sides.

use super::partition::NOISE;
use super::spanning::{Edge, root};

/// A cluster of the condensed tree.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseCluster {
    /// The cluster it came out of; `None` for the first, which holds all units.
    pub parent: Option<usize>,
    /// Density at which it appears; 0 for the first.
    pub birth: f64,
    /// Density at which it splits or its last unit leaves; infinite if units coincide.
    pub death: f64,
    /// Units in it when it appears.
    pub size: usize,
    /// Excess of mass: over its units, the density they stay up to, less its birth, summed up.
    pub stability: f64,
    /// Number of the cluster in the result, from 1; [`NOISE`] if it was not selected.
    pub label: usize,
}

/// Clusters, parents before children, and where each unit left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condensed {
    pub clusters: Vec<DenseCluster>,
    /// The last cluster of each unit and the density at which it left, `n`.
    pub left: Vec<(usize, f64)>,
}

/// Parts of the data that hang together, by falling density.
struct Parts {
    /// Parts each part is made of; none for a unit.
    made_of: Vec<Vec<usize>>,
    /// Distance at which it hangs together.
    distance: Vec<f64>,
    size: Vec<usize>,
    /// Smallest unit in it.
    first: Vec<usize>,
}

impl Parts {
    /// Joins parts along the edges, shortest first, all edges of one length at once.
    fn new(mut edges: Vec<Edge>) -> Self {
        let n = edges.len() + 1;
        edges.sort_by(|a, b| a.length.total_cmp(&b.length));
        let mut parts = Self {
            made_of: vec![Vec::new(); n],
            distance: vec![0.0; n],
            size: vec![1; n],
            first: (0..n).collect(),
        };
        let mut parent: Vec<usize> = (0..n).collect();
        // The part that each set of units, named by its smallest, is at present.
        let mut part_of: Vec<usize> = (0..n).collect();
        for same in edges.chunk_by(|a, b| a.length == b.length) {
            // Parts from here on are of this length and still open.
            let open = parts.size.len();
            for edge in same {
                let (a, b) = (root(&mut parent, edge.from), root(&mut parent, edge.to));
                let (keep, gone) = (a.min(b), a.max(b));
                parent[gone] = keep;
                part_of[keep] = parts.join(part_of[a], part_of[b], open, edge.length);
            }
        }
        parts
    }

    /// The part that holds both; one of them if it is open.
    fn join(&mut self, a: usize, b: usize, open: usize, distance: f64) -> usize {
        let (larger, smaller) =
            if (a >= open, self.made_of[a].len()) >= (b >= open, self.made_of[b].len()) {
                (a, b)
            } else {
                (b, a)
            };
        let into = if larger >= open {
            larger
        } else {
            self.made_of.push(vec![larger]);
            self.distance.push(distance);
            self.size.push(self.size[larger]);
            self.first.push(self.first[larger]);
            self.size.len() - 1
        };
        if smaller >= open {
            let moved = std::mem::take(&mut self.made_of[smaller]);
            self.made_of[into].extend(moved);
        } else {
            self.made_of[into].push(smaller);
        }
        self.size[into] += self.size[smaller];
        self.first[into] = self.first[into].min(self.first[smaller]);
        into
    }

    fn for_each_unit(&self, part: usize, units: usize, mut see: impl FnMut(usize)) {
        let mut pending = vec![part];
        while let Some(part) = pending.pop() {
            if part < units {
                see(part);
            }
            pending.extend(&self.made_of[part]);
        }
    }
}

impl Condensed {
    /// The condensed tree of a spanning tree, with clusters of at least `least` units, 2 or more.
    pub(super) fn new(edges: Vec<Edge>, least: usize) -> Self {
        let n = edges.len() + 1;
        let parts = Parts::new(edges);
        let cluster = |parent, birth, size| DenseCluster {
            parent,
            birth,
            death: birth,
            size,
            stability: 0.0,
            label: NOISE,
        };
        let mut clusters = vec![cluster(None, 0.0, n)];
        let mut left = vec![(0, 0.0); n];
        // The part of all units was made last.
        let whole = parts.size.iter().rposition(|size| *size == n).unwrap_or(0);
        let mut pending = vec![(whole, 0)];
        while let Some((part, own)) = pending.pop() {
            let density = 1.0 / parts.distance[part];
            let (mut large, small): (Vec<usize>, Vec<usize>) =
                parts.made_of[part].iter().partition(|inner| parts.size[**inner] >= least);
            let mut leaving = 0;
            for inner in small {
                leaving += parts.size[inner];
                parts.for_each_unit(inner, n, |unit| left[unit] = (own, density));
            }
            if let [only] = large[..] {
                pending.push((only, own));
            } else {
                large.sort_by_key(|inner| parts.first[*inner]);
                for inner in large {
                    leaving += parts.size[inner];
                    pending.push((inner, clusters.len()));
                    clusters.push(cluster(Some(own), density, parts.size[inner]));
                }
            }
            if leaving > 0 {
                let own = &mut clusters[own];
                own.death = own.death.max(density);
                own.stability += (density - own.birth) * leaving as f64;
            }
        }
        Self { clusters, left }
    }

    fn children(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.clusters.len()];
        for (number, cluster) in self.clusters.iter().enumerate() {
            if let Some(parent) = cluster.parent {
                children[parent].push(number);
            }
        }
        children
    }

    /// The clusters of the largest excess of mass, none inside another; the first only if `whole`.
    pub(super) fn by_excess_of_mass(&self, whole: bool) -> Vec<usize> {
        let children = self.children();
        let mut best: Vec<f64> = self.clusters.iter().map(|c| c.stability).collect();
        let mut wins = vec![true; self.clusters.len()];
        for number in (0..self.clusters.len()).rev() {
            let below: f64 = children[number].iter().map(|child| best[*child]).sum();
            if below > best[number] || (number == 0 && !whole) {
                best[number] = below;
                wins[number] = false;
            }
        }
        let mut selected = Vec::new();
        let mut pending = vec![0];
        while let Some(number) = pending.pop() {
            if wins[number] {
                selected.push(number);
            } else {
                pending.extend(&children[number]);
            }
        }
        selected
    }

    /// The clusters that do not split; the first only if `whole`.
    pub(super) fn leaves(&self, whole: bool) -> Vec<usize> {
        let children = self.children();
        (0..self.clusters.len())
            .filter(|number| children[*number].is_empty() && (*number > 0 || whole))
            .collect()
    }

    /// `selected` with clusters that appear within distance `epsilon` replaced by the first ancestor
    /// that appears farther out (Malzer and Baum, 2020); the whole only if `whole`.
    pub(super) fn merged_within(
        &self,
        selected: &[usize],
        epsilon: f64,
        whole: bool,
    ) -> Vec<usize> {
        let within = |number: usize| self.clusters[number].birth * epsilon > 1.0;
        let climbed: Vec<usize> = selected
            .iter()
            .map(|number| {
                let mut at = *number;
                while within(at) {
                    match self.clusters[at].parent {
                        Some(parent) if parent > 0 || whole => at = parent,
                        _ => break,
                    }
                }
                at
            })
            .collect();
        // Several may meet in one, and one may have climbed over another.
        let mut kept: Vec<usize> = Vec::new();
        for number in &climbed {
            let inside = climbed.iter().any(|other| other != number && self.is_in(*number, *other));
            if !inside && !kept.contains(number) {
                kept.push(*number);
            }
        }
        kept
    }

    /// Whether cluster `number` is `other` or came out of it.
    fn is_in(&self, mut number: usize, other: usize) -> bool {
        while number > other {
            match self.clusters[number].parent {
                Some(parent) => number = parent,
                None => return false,
            }
        }
        number == other
    }

    /// For each cluster the selected one that it is or lies in.
    pub(super) fn holders(&self, selected: &[usize]) -> Vec<Option<usize>> {
        let mut holders: Vec<Option<usize>> = vec![None; self.clusters.len()];
        for number in 0..self.clusters.len() {
            holders[number] = if selected.contains(&number) {
                Some(number)
            } else {
                self.clusters[number].parent.and_then(|parent| holders[parent])
            };
        }
        holders
    }

    /// The highest density that any unit of each cluster reaches, in it or in what comes out of it.
    fn peaks(&self) -> Vec<f64> {
        let mut peaks: Vec<f64> = self.clusters.iter().map(|c| c.death).collect();
        for number in (1..self.clusters.len()).rev() {
            if let Some(parent) = self.clusters[number].parent {
                peaks[parent] = peaks[parent].max(peaks[number]);
            }
        }
        peaks
    }

    /// How far each unit stands out (Campello and others, 2015): `1 - lambda / lambda_max`, with the
    /// density at which it left over the highest that its last cluster or its descendants reach.
    pub(super) fn outlier_scores(&self) -> Vec<f64> {
        let peaks = self.peaks();
        self.left.iter().map(|(cluster, density)| 1.0 - share(*density, peaks[*cluster])).collect()
    }
}

/// `density / most`, up to 1; of infinite densities only the infinite is a share.
pub(super) fn share(density: f64, most: f64) -> f64 {
    if density >= most { 1.0 } else { density / most }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: usize, to: usize, length: f64) -> Edge {
        Edge { from, to, length }
    }

    /// Two triples 1 apart inside, joined over 4, and a unit 8 away.
    fn two_triples() -> Condensed {
        let edges = vec![
            edge(0, 1, 1.0),
            edge(1, 2, 1.0),
            edge(2, 3, 4.0),
            edge(3, 4, 1.0),
            edge(4, 5, 0.5),
            edge(5, 6, 8.0),
        ];
        Condensed::new(edges, 3)
    }

    #[test]
    fn stabilities_by_hand() {
        let tree = two_triples();
        let [whole, one, other] = &tree.clusters[..] else { panic!("three clusters") };
        // Unit 6 leaves at 1/8, the six others die with the split at 1/4.
        assert_eq!(whole.stability, 1.0 / 8.0 + 6.0 / 4.0);
        assert_eq!((one.parent, one.birth, one.death, one.size), (Some(0), 0.25, 1.0, 3));
        assert_eq!(one.stability, 3.0 * 0.75);
        // Units 4 and 5 are closer, but two are no cluster: all three leave at 1.
        assert_eq!(other.stability, 3.0 * 0.75);
        assert_eq!(tree.left[6], (0, 0.125));
        assert_eq!(tree.left[5], (2, 1.0));
        assert_eq!(tree.left[3], (2, 1.0));
    }

    #[test]
    fn selections_by_hand() {
        let tree = two_triples();
        let mut selected = tree.by_excess_of_mass(false);
        selected.sort_unstable();
        assert_eq!(selected, [1, 2]);
        assert_eq!(tree.leaves(false), [1, 2]);
        // Both appear at distance 4: within 5 they are one, if the whole may be chosen.
        assert_eq!(tree.merged_within(&[1, 2], 5.0, true), [0]);
        assert_eq!(tree.merged_within(&[1, 2], 5.0, false), [1, 2]);
        assert_eq!(tree.merged_within(&[1, 2], 4.0, true), [1, 2]);
    }

    #[test]
    fn outlier_scores_by_hand() {
        let scores = two_triples().outlier_scores();
        let expected = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0 - 0.125 / 1.0];
        assert_eq!(scores, expected);
    }

    #[test]
    fn equal_edges_are_cut_together() {
        // Unit 3 hangs between two triples by two edges of one length: it belongs to neither.
        let edges = vec![
            edge(0, 1, 1.0),
            edge(1, 2, 1.0),
            edge(2, 3, 4.0),
            edge(3, 4, 4.0),
            edge(4, 5, 1.0),
            edge(5, 6, 1.0),
        ];
        let mut turned = edges.clone();
        turned.reverse();
        for edges in [edges, turned] {
            let tree = Condensed::new(edges, 3);
            assert_eq!(tree.clusters.len(), 3);
            assert_eq!(tree.left[3], (0, 0.25));
            assert_eq!(tree.clusters[1].size, 3);
        }
    }

    #[test]
    fn coinciding_units_have_infinite_density() {
        let edges = vec![edge(0, 1, 0.0), edge(1, 2, 0.0), edge(2, 3, 1.0)];
        let tree = Condensed::new(edges, 2);
        assert_eq!(tree.clusters.len(), 1);
        assert_eq!(tree.left[0], (0, f64::INFINITY));
        assert_eq!(tree.outlier_scores(), [0.0, 0.0, 0.0, 1.0]);
    }
}
