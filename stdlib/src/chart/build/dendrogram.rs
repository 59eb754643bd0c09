//! A merge tree lying on its side: the root at the left, the units at the right, so that their
//! names read without turning the head.

use super::{cluster_name, same_length};
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::palette::{CATEGORIES, QUIET};
use crate::error::Result;

/// A merge tree of n units in R's form.
#[derive(Debug, Clone, Default)]
pub struct DendrogramInput<'a> {
    /// n - 1 merges: a negative number is a unit from 1, a positive one an earlier merge from 1.
    pub merges: &'a [[i64; 2]],
    /// n - 1 heights, in the order of the merges.
    pub heights: &'a [f64],
    /// Units from 0 in the order of the leaves.
    pub order: &'a [usize],
    /// Names of the units.
    pub labels: &'a [String],
    /// Cluster of each unit, 1..=k, to colour the branches below the cut.
    pub clusters: Option<&'a [i64]>,
    /// The user's names of clusters 1, 2, ...; numbers when empty.
    pub cluster_names: &'a [String],
    /// Title of the height axis, e.g. `"Height (Ward.D2, Euclidean distance)"`.
    pub height_title: &'a str,
    /// Title of the chart.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
}

/// One straight piece of the tree.
struct Piece {
    from: (f64, f64),
    to: (f64, f64),
    cluster: Option<i64>,
}

/// A node: its height, the position of its stem among the leaves, its cluster if it has one.
#[derive(Clone, Copy)]
struct Node {
    height: f64,
    position: f64,
    cluster: Option<i64>,
}

/// The dendrogram of `input`; with clusters, a line marks where the tree is cut.
pub fn dendrogram(input: &DendrogramInput) -> Result<Chart> {
    let units = input.labels.len();
    let what = "a dendrogram";
    if units < 2 {
        return Err(ChartError::Empty { what: "a tree needs at least two units".into() }.into());
    }
    same_length(what, "merges", units - 1, input.merges.len())?;
    same_length(what, "heights", units - 1, input.heights.len())?;
    same_length(what, "leaves in order", units, input.order.len())?;
    if let Some(clusters) = input.clusters {
        same_length(what, "cluster labels", units, clusters.len())?;
    }
    let pieces = pieces(input)?;
    let mut chart = Chart::new(input.title);
    chart.subtitle = input.subtitle.map(str::to_owned);
    chart.y = Axis {
        order: Some(input.order.iter().map(|unit| input.labels[*unit].clone()).collect()),
        right: true,
        title: Some(String::new()),
        ..Axis::default()
    };
    let top = input.heights.iter().copied().fold(0.0, f64::max);
    chart.x = Axis {
        title: Some(input.height_title.to_owned()),
        reverse: true,
        limits: Some((0.0, if top > 0.0 { top * 1.03 } else { 1.0 })),
        ..Axis::default()
    };
    let many = input.clusters.is_some_and(|c| c.iter().any(|k| *k > CATEGORIES.len() as i64));
    let (below, above): (Vec<&Piece>, Vec<&Piece>) =
        pieces.iter().partition(|piece| piece.cluster.is_some() && !many);
    if !above.is_empty() {
        let colour = if input.clusters.is_some() { QUIET } else { CATEGORIES[0] };
        chart = chart.layer(branches(&above).styled(|style| style.colour = Some(colour)));
    }
    if !below.is_empty() {
        let names = below
            .iter()
            .filter_map(|piece| piece.cluster)
            .map(|label| cluster_name(label, input.cluster_names));
        chart = chart.layer(branches(&below).with(Channel::Colour, Field::texts("cluster", names)));
        chart.colours.title = Some("Cluster".into());
        let highest = input.clusters.unwrap_or_default().iter().copied().max().unwrap_or(0);
        chart.colours.order =
            Some((1..=highest).map(|label| cluster_name(label, input.cluster_names)).collect());
    }
    if let Some(clusters) = input.clusters {
        let mut known = clusters.to_vec();
        known.sort_unstable();
        known.dedup();
        let k = known.len();
        if k > 1 && k < units {
            let mut heights = input.heights.to_vec();
            heights.sort_by(f64::total_cmp);
            let at = f64::midpoint(heights[units - k - 1], heights[units - k]);
            chart = chart.reference(Channel::X, at, &format!("cut into {k} clusters"));
        }
    }
    Ok(chart)
}

fn branches(pieces: &[&Piece]) -> Layer {
    let column = |name: &str, pick: fn(&Piece) -> f64| {
        Field::numbers(name, pieces.iter().map(|piece| pick(piece)))
    };
    Layer::new(Mark::Segment)
        .with(Channel::X, column("height", |p| p.from.0))
        .with(Channel::X2, column("height", |p| p.to.0))
        .with(Channel::Y, column("unit", |p| p.from.1))
        .with(Channel::Y2, column("unit", |p| p.to.1))
}

fn pieces(input: &DendrogramInput) -> Result<Vec<Piece>> {
    let units = input.labels.len();
    let mut position = vec![f64::NAN; units];
    for (place, unit) in input.order.iter().enumerate() {
        if let Some(slot) = position.get_mut(*unit) {
            *slot = place as f64;
        }
    }
    if position.iter().any(|p| p.is_nan()) {
        return Err(ChartError::Shape {
            what: "a dendrogram",
            expected: format!("each unit from 0 to {} once in its order", units - 1),
            found: format!("{:?}", input.order),
        }
        .into());
    }
    let mut nodes: Vec<Node> = Vec::with_capacity(units - 1);
    let mut pieces = Vec::with_capacity(3 * units);
    for (step, (pair, height)) in input.merges.iter().zip(input.heights).enumerate() {
        let child = |id: i64| -> Result<Node> {
            let node = match usize::try_from(id) {
                Ok(merge) => (merge >= 1).then(|| nodes.get(merge - 1).copied()).flatten(),
                Err(_) => position.get((-id - 1) as usize).map(|at| Node {
                    height: 0.0,
                    position: *at,
                    cluster: input.clusters.map(|c| c[(-id - 1) as usize]),
                }),
            };
            node.ok_or_else(|| {
                ChartError::Shape {
                    what: "a dendrogram",
                    expected: format!(
                        "units -1 to -{units} and earlier merges in merge {}",
                        step + 1
                    ),
                    found: id.to_string(),
                }
                .into()
            })
        };
        let (a, b) = (child(pair[0])?, child(pair[1])?);
        let cluster = a.cluster.filter(|_| a.cluster == b.cluster);
        for node in [a, b] {
            pieces.push(Piece {
                from: (node.height, node.position),
                to: (*height, node.position),
                cluster: node.cluster,
            });
        }
        pieces.push(Piece { from: (*height, a.position), to: (*height, b.position), cluster });
        nodes.push(Node {
            height: *height,
            position: f64::midpoint(a.position, b.position),
            cluster,
        });
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(n: usize) -> Vec<String> {
        (1..=n).map(|i| format!("u{i}")).collect()
    }

    #[test]
    fn a_tree_of_n_units_has_three_pieces_per_merge() {
        let labels = labels(3);
        let input = DendrogramInput {
            merges: &[[-1, -3], [-2, 1]],
            heights: &[1.0, 2.5],
            order: &[1, 0, 2],
            labels: &labels,
            clusters: Some(&[1, 2, 1]),
            height_title: "Height",
            ..DendrogramInput::default()
        };
        let chart = dendrogram(&input).unwrap();
        let rows: usize = chart.layers.iter().map(Layer::rows).sum();
        assert_eq!(rows, 6);
        assert_eq!(chart.y.order.as_deref().unwrap(), ["u2", "u1", "u3"]);
        assert_eq!(chart.references[0].at, 1.75);
        chart.check().unwrap();
    }

    #[test]
    fn a_broken_tree_is_an_error() {
        let labels = labels(3);
        let good = DendrogramInput {
            merges: &[[-1, -3], [-2, 1]],
            heights: &[1.0, 2.5],
            order: &[1, 0, 2],
            labels: &labels,
            ..DendrogramInput::default()
        };
        for input in [
            DendrogramInput { merges: &[[-1, -3]], ..good.clone() },
            DendrogramInput { merges: &[[-1, -9], [-2, 1]], ..good.clone() },
            DendrogramInput { merges: &[[-1, 2], [-2, 1]], ..good.clone() },
            DendrogramInput { merges: &[[-1, 0], [-2, 1]], ..good.clone() },
            DendrogramInput { order: &[1, 1, 2], ..good.clone() },
            DendrogramInput { order: &[1, 0, 7], ..good.clone() },
            DendrogramInput { clusters: Some(&[1]), ..good.clone() },
        ] {
            assert!(dendrogram(&input).is_err(), "{input:?}");
        }
    }
}
