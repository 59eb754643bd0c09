//! Agglomerative hierarchical clustering.
//!
//! Each unit starts alone; the two closest clusters merge until one is left. When clusters `i` and
//! `j` at distance `d_ij` merge, the distance to any other cluster `k` becomes (Lance and Williams,
//! 1967) `a_i d_ik + a_j d_jk + b d_ij + g abs(d_ik - d_jk)`:
//!
//! | linkage | rule |
//! |---|---|
//! | `single`, `complete` | smallest, largest distance between members |
//! | `average` | mean distance between members (UPGMA) |
//! | `weighted` | mean of `d_ik` and `d_jk` (WPGMA, `McQuitty`) |
//! | `ward.D2`, `ward` | increase of the within sum of squares, height its root scale (Ward, 1963) |
//! | `ward.D` | the same update on unsquared distances, as R once had it; not Ward's criterion |
//! | `centroid`, `median` | distance of centroids; on squared distances, heights are square roots |
//! | `flexible` | `a = (1 - b)/2`, `b` the option `beta` (Lance and Williams), default -0.25 |
//! | `minimax` | radius of the smallest ball around a member (Bien and Tibshirani, 2011) |
//!
//! From 1,000 units on, Ward's D2 on Euclidean distance works on sizes and means and `single` on a
//! spanning tree, and neither keeps the distances of pairs.
//!
//! Heights, merges and leaf order follow R's `hclust`, ties included (from 1,000 units on these two
//! linkages may merge ties in another order, at the same heights). R's `centroid` and `median` need
//! squared distances from the caller; `scipy` and this module square them.

use std::sync::Arc;

use super::agglomerate::{self, Step, Steps};
use super::basis::Basis;
use super::chain;
use super::distance::{Distances, Metric};
use super::error::ClusterError;
use super::spanning::{single_linkage, spanning_tree};
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::table::Matrix;

/// Units from which trees that can do without the distances of all pairs do without them.
const WITHOUT_PAIRS_FROM: usize = 1000;

/// The rule that updates distances after a merge.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // The module's table says what each is.
pub enum Linkage {
    WardD2,
    WardD,
    Single,
    Complete,
    Average,
    Weighted,
    Centroid,
    Median,
    Flexible(f64),
    Minimax,
}

impl Choice for Linkage {
    const ALL: &'static [(&'static str, Self)] = &[
        ("ward.D2", Self::WardD2),
        ("ward", Self::WardD2),
        ("ward.D", Self::WardD),
        ("single", Self::Single),
        ("complete", Self::Complete),
        ("average", Self::Average),
        ("weighted", Self::Weighted),
        ("centroid", Self::Centroid),
        ("median", Self::Median),
        ("flexible", Self::Flexible(-0.25)),
        ("minimax", Self::Minimax),
    ];

    fn name(self) -> &'static str {
        if let Self::Flexible(_) = self {
            return "flexible";
        }
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

impl Linkage {
    /// Whether its update works on squared distances.
    pub fn squares(self) -> bool {
        matches!(self, Self::WardD2 | Self::Centroid | Self::Median)
    }

    /// Whether it is defined through sums of squares, hence for Euclidean distance only.
    pub fn needs_euclidean(self) -> bool {
        matches!(self, Self::WardD2 | Self::WardD | Self::Centroid | Self::Median)
    }

    /// The distance to `k` of the union of `i` and `j`; `size` of `i`, `j` and `k`.
    pub(super) fn update(self, ik: f64, jk: f64, ij: f64, size: [f64; 3]) -> f64 {
        let [i, j, k] = size;
        match self {
            Self::WardD2 | Self::WardD => ((i + k) * ik + (j + k) * jk - k * ij) / (i + j + k),
            Self::Single => ik.min(jk),
            Self::Complete | Self::Minimax => ik.max(jk),
            Self::Average => (i * ik + j * jk) / (i + j),
            Self::Weighted => f64::midpoint(ik, jk),
            Self::Centroid => (i * ik + j * jk - i * j * ij / (i + j)) / (i + j),
            Self::Median => ((ik + jk) - ij / 2.0) / 2.0,
            Self::Flexible(beta) => (1.0 - beta) / 2.0 * (ik + jk) + beta * ij,
        }
    }

    fn check(self) -> Result<()> {
        match self {
            Self::Flexible(beta) if !(-1.0..1.0).contains(&beta) => Err(Error::Invalid {
                primitive: "hclust",
                parameter: "beta",
                rule: "lie in -1 <= beta < 1".into(),
                value: beta.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

/// How to build a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HclustParams {
    /// Linkage; Ward's D2 by default.
    pub linkage: Linkage,
    /// Distance; Euclidean by default. Not used for a tree over given distances.
    pub metric: Metric,
    /// Whether `ward.D2`, `centroid` and `median` square the distances, as they are defined; true by
    /// default. False repeats what R's `hclust` makes of plain distances.
    pub square: bool,
}

impl Default for HclustParams {
    fn default() -> Self {
        Self { linkage: Linkage::WardD2, metric: Metric::Euclidean, square: true }
    }
}

/// One side of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A unit, from 0.
    Unit(usize),
    /// An earlier merge, from 0.
    Merge(usize),
}

/// A dendrogram over `n` units.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The two sides of each of the `n - 1` merges; a unit stands before a merge, a smaller number
    /// before a larger.
    pub merges: Vec<[Node; 2]>,
    /// Height of each merge, `n - 1`.
    pub heights: Vec<f64>,
    /// Units (from 0) in the order of the leaves, `n`.
    pub order: Vec<usize>,
    /// Labels of the units, `n`.
    pub labels: Vec<String>,
    /// Linkage.
    pub linkage: Linkage,
    /// Name of the distance.
    pub metric: String,
    /// Merges lower than one of their sides (centroid, median, flexible).
    pub inversions: usize,
    /// Merges that had an equally close rival.
    pub ties: usize,
    /// For minimax, the prototype (unit) of each merge.
    pub prototypes: Option<Vec<usize>>,
    /// What was clustered.
    pub basis: Basis,
    /// How it was grown.
    pub params: HclustParams,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// The tree of the rows of `data`.
pub fn hclust(data: Arc<Matrix>, params: &HclustParams, context: &Context) -> Result<Tree> {
    let basis = Basis::data(data, params.metric);
    params.linkage.check()?;
    enough(basis.len())?;
    if let Some(steps) = without_pairs(&basis, params, context)? {
        return Ok(finish(basis, params.metric.name().to_owned(), params, steps));
    }
    let distances = basis.distances("hclust", context)?;
    let distances = Arc::unwrap_or_clone(distances);
    let (metric, values) = (distances.metric, distances.values);
    grow(basis, metric, values, params, context)
}

/// The tree over given distances.
pub fn hclust_distances(
    distances: Arc<Distances>,
    params: &HclustParams,
    context: &Context,
) -> Result<Tree> {
    params.linkage.check()?;
    enough(distances.n)?;
    let (metric, values) = (distances.metric.clone(), distances.values.clone());
    grow(Basis::Distances(distances), metric, values, params, context)
}

fn enough(rows: usize) -> Result<()> {
    if rows < 2 {
        return Err(ClusterError::TooFewRows { primitive: "hclust", rows, needed: 2 }.into());
    }
    Ok(())
}

/// The merges of the trees that need no triangle of distances; `None` where it is needed, or small.
fn without_pairs(basis: &Basis, params: &HclustParams, context: &Context) -> Result<Option<Steps>> {
    let n = basis.len();
    let Some(values) = basis.values().filter(|_| n >= WITHOUT_PAIRS_FROM) else {
        return Ok(None);
    };
    match params.linkage {
        Linkage::WardD2 if params.square && params.metric == Metric::Euclidean => {
            chain::ward(values, context).map(Some)
        }
        Linkage::Single => {
            let rows = basis.rows("hclust")?;
            let fill = |unit: usize, row: &mut [f64]| rows.fill(unit, row);
            let edges = spanning_tree(n, "hclust", fill, context)?;
            Ok(Some(single_linkage(edges)))
        }
        _ => Ok(None),
    }
}

fn grow(
    basis: Basis,
    metric: String,
    mut values: Vec<f64>,
    params: &HclustParams,
    context: &Context,
) -> Result<Tree> {
    let (n, linkage) = (basis.len(), params.linkage);
    let squares = linkage.squares() && params.square;
    if squares {
        for d in &mut values {
            *d *= *d;
        }
    }
    let steps = if linkage == Linkage::Minimax {
        agglomerate::minimax(n, &values, context)?
    } else {
        agglomerate::closest_pairs(n, &mut values, linkage, context)?
    };
    drop(values);
    Ok(finish(basis, metric, params, steps))
}

/// The tree of `steps`; heights of a linkage that squares come as squares.
fn finish(basis: Basis, metric: String, params: &HclustParams, mut steps: Steps) -> Tree {
    let linkage = params.linkage;
    if linkage.squares() && params.square {
        // An inverted centroid merge can round to a tiny negative square.
        for s in &mut steps.merged {
            s.height = s.height.max(0.0).sqrt();
        }
    }
    let mut tree = Tree::assemble(basis, metric, linkage, steps);
    tree.params = *params;
    if linkage.squares() && !params.square {
        tree.warnings.push(format!(
            "{} linkage on distances that were not squared: its heights are no distances of centroids",
            linkage.name()
        ));
    }
    tree
}

impl Tree {
    fn assemble(basis: Basis, metric: String, linkage: Linkage, steps: Steps) -> Self {
        let n = basis.len();
        let mut owner: Vec<Node> = (0..n).map(Node::Unit).collect();
        let mut merges = Vec::with_capacity(n - 1);
        for (number, Step { left, right, .. }) in steps.merged.iter().enumerate() {
            merges.push(ordered(owner[*left], owner[*right]));
            owner[*left] = Node::Merge(number);
        }
        let heights: Vec<f64> = steps.merged.iter().map(|s| s.height).collect();
        let inversions = inversions(&merges, &heights);
        let mut warnings = Vec::new();
        if linkage.needs_euclidean() && metric != "euclidean" {
            warnings.push(format!(
                "{} linkage is defined for Euclidean distance; on {metric} distance its heights \
                 are no sums of squares",
                linkage.name()
            ));
        }
        if inversions > 0 {
            warnings.push(format!(
                "{inversions} of {} merges stand lower than one of their sides (inversions): cut \
                 by the number of clusters, a cut by height is not well defined",
                n - 1
            ));
        }
        if steps.ties > 0 {
            warnings.push(format!(
                "{} of {} merges had an equally close rival; the pair that comes first in the \
                 rows was taken",
                steps.ties,
                n - 1
            ));
        }
        let order = leaves(&merges, n);
        Self {
            order,
            merges,
            heights,
            labels: basis.labels().to_vec(),
            linkage,
            metric,
            inversions,
            ties: steps.ties,
            prototypes: steps.prototypes,
            basis,
            params: HclustParams::default(),
            warnings,
        }
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no unit; a tree always has some.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// R's `merge` matrix: units as `-1, -2, ...`, merges as `1, 2, ...`.
    pub fn merge_matrix(&self) -> Vec<[i64; 2]> {
        self.merges
            .iter()
            .map(|pair| {
                pair.map(|node| match node {
                    Node::Unit(unit) => -(unit as i64) - 1,
                    Node::Merge(merge) => merge as i64 + 1,
                })
            })
            .collect()
    }

    /// One sentence on how the tree was grown.
    pub fn method(&self) -> String {
        let beta = match self.linkage {
            Linkage::Flexible(beta) => format!(" (beta {beta})"),
            _ => String::new(),
        };
        format!("hierarchical, {} linkage{beta}, {} distance", self.linkage.name(), self.metric)
    }
}

/// A unit before a merge, a smaller number before a larger: R's convention.
fn ordered(a: Node, b: Node) -> [Node; 2] {
    let key = |node: &Node| match node {
        Node::Unit(unit) => (0, *unit),
        Node::Merge(merge) => (1, *merge),
    };
    if key(&a) <= key(&b) { [a, b] } else { [b, a] }
}

/// Units in leaf order, first sides first.
pub(super) fn leaves(merges: &[[Node; 2]], n: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(n);
    let mut pending = vec![merges.len().checked_sub(1).map_or(Node::Unit(0), Node::Merge)];
    while let Some(node) = pending.pop() {
        match node {
            Node::Unit(unit) => order.push(unit),
            Node::Merge(merge) => pending.extend(merges[merge].iter().rev()),
        }
    }
    order
}

fn inversions(merges: &[[Node; 2]], heights: &[f64]) -> usize {
    merges
        .iter()
        .zip(heights)
        .filter(|(pair, height)| {
            pair.iter().any(|node| match node {
                // Rounding of a tie is no inversion.
                Node::Merge(below) => heights[*below] > **height * (1.0 + 1e-12),
                Node::Unit(_) => false,
            })
        })
        .count()
}
