//! Labels of data that keep clear of each other, of the points and of the plot's edge.

use super::grammar::{Anchor, Channel, Mark};
use super::layout::{Frame, LABEL};
use super::marks::LayerDrawing;
use super::palette::{MUTED, TEXT};
use super::scene::{ASCENT, DESCENT, Item, MIDDLE, Part, Point, Rect, Stroke, Text};

/// Where a label may stand about its point: direction of its near edge, best first.
const SIDES: [(f64, f64); 12] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.7, -0.7),
    (-0.7, -0.7),
    (0.7, 0.7),
    (-0.7, 0.7),
    (0.92, -0.38),
    (-0.92, -0.38),
    (0.92, 0.38),
    (-0.92, 0.38),
];

/// Distances from the edge of the point, nearest first; far ones get a leader line.
const DISTANCES: [f64; 8] = [3.0, 9.0, 16.0, 24.0, 34.0, 46.0, 60.0, 76.0];

/// From this distance on a line joins label and point.
const LEADER: f64 = 6.0;

/// Draws the labels of points, bars and cells; answers how many found no room.
pub fn draw(frame: &Frame, items: &mut Vec<Item>) -> usize {
    let mut taken: Vec<Rect> = Vec::new();
    for layer in &frame.chart.layers {
        if layer.mark == Mark::Point {
            let drawing = LayerDrawing { frame, layer };
            for row in 0..layer.rows() {
                if let Some(place) = drawing.place(row) {
                    taken.push(around(place, drawing.radius(row)));
                }
            }
        }
    }
    let mut hidden = 0;
    for layer in &frame.chart.layers {
        if layer.field(Channel::Label).is_none() {
            continue;
        }
        let drawing = LayerDrawing { frame, layer };
        match layer.mark {
            Mark::Point => hidden += beside_points(&drawing, &mut taken, items),
            Mark::Bar => at_bar_ends(&drawing, &taken, items),
            Mark::Rect => hidden += in_cells(&drawing, items),
            _ => {}
        }
    }
    hidden
}

fn around((x, y): Point, radius: f64) -> Rect {
    Rect { x: x - radius, y: y - radius, width: 2.0 * radius, height: 2.0 * radius }
}

/// The text of `label` about `point` on `side` at `distance`.
fn candidate(label: &str, point: Point, side: (f64, f64), distance: f64) -> Text {
    let (dx, dy) = (side.0 * distance, side.1 * distance);
    let anchor = if side.0 > 0.1 {
        Anchor::Start
    } else if side.0 < -0.1 {
        Anchor::End
    } else {
        Anchor::Middle
    };
    // The edge of the letters that faces the point lies at the distance.
    let rise = if side.1 < -0.9 {
        -DESCENT * LABEL
    } else if side.1 > 0.9 {
        ASCENT * LABEL
    } else {
        MIDDLE * LABEL
    };
    Text::new(label, (point.0 + dx, point.1 + dy + rise), LABEL).anchored(anchor)
}

/// Labels that a place is looked for.
const TRIED: usize = 400;

/// Rounds of placing labels before the rest are left out.
const ROUNDS: usize = 6;

/// A label to place: row, neighbours, its point, its text.
type Row = (usize, usize, Point, String);

/// A label that found room.
struct Placed {
    text: Text,
    bounds: Rect,
    leader: Option<(Point, Point)>,
}

fn beside_points(drawing: &LayerDrawing, taken: &mut Vec<Rect>, items: &mut Vec<Item>) -> usize {
    let plot = drawing.frame.plot.grown(-1.0);
    // Crowded points choose first: they have the fewest places to go.
    let mut rows: Vec<Row> = (0..drawing.layer.rows())
        .filter_map(|row| {
            let place = drawing.place(row)?;
            let label = drawing.label(row).filter(|label| !label.is_empty())?;
            let near = around(place, 45.0);
            let crowd = taken.iter().filter(|other| near.meets(other)).count();
            Some((row, crowd, place, label))
        })
        .collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    // A picture has room for some hundred names: of thousands, those in the thick are not tried.
    let hopeless = rows.len().saturating_sub(TRIED);
    rows.drain(..hopeless);
    // Labels that found no room go first in the next round.
    let mut best = place_all(drawing, &plot, taken, &rows);
    for _ in 0..ROUNDS {
        if best.1.is_empty() {
            break;
        }
        let (first, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(row, ..)| best.1.contains(row));
        rows = first.into_iter().chain(rest).collect();
        let next = place_all(drawing, &plot, taken, &rows);
        if next.1.len() < best.1.len() {
            best = next;
        }
    }
    let (placed, hidden) = best;
    taken.extend(placed.iter().map(|label| label.bounds));
    for Placed { text, leader, .. } in &placed {
        if let Some((from, to)) = leader {
            let stroke = Stroke::new(MUTED, 0.8);
            items.push(Item::line(Part::Label, vec![*from, *to], stroke));
        }
        let text = Text { halo: true, ..text.clone() };
        items.push(Item::text(Part::Label, text, TEXT));
    }
    hidden.len() + hopeless
}

/// Places labels in the order of `rows`; answers the rows that found no room as well.
fn place_all(
    drawing: &LayerDrawing,
    plot: &Rect,
    taken: &[Rect],
    rows: &[Row],
) -> (Vec<Placed>, Vec<usize>) {
    let mut taken = taken.to_vec();
    let mut placed: Vec<Placed> = Vec::new();
    let mut hidden = Vec::new();
    for (row, _, place, label) in rows {
        let radius = drawing.radius(*row);
        let candidates =
            DISTANCES.iter().flat_map(|distance| SIDES.iter().map(move |side| (*distance, *side)));
        let found = candidates
            .map(|(distance, side)| {
                let text = candidate(label, *place, side, radius + distance);
                let bounds = text.bounds();
                let along = |reach: f64| (place.0 + side.0 * reach, place.1 + side.1 * reach);
                let leader = (distance > LEADER)
                    .then(|| (along(radius + 0.5), along(radius + distance - 1.0)));
                Placed { text, bounds, leader }
            })
            .find(|new| plot.contains(&new.bounds) && is_free(new, &taken, &placed));
        match found {
            Some(new) => {
                taken.push(new.bounds);
                placed.push(new);
            }
            None => hidden.push(*row),
        }
    }
    (placed, hidden)
}

/// Whether neither the text nor the leader of `new` runs into anything.
fn is_free(new: &Placed, taken: &[Rect], placed: &[Placed]) -> bool {
    let roomy = new.bounds.grown(1.0);
    !taken.iter().any(|other| other.meets(&roomy))
        && !placed.iter().any(|other| other.leader.is_some_and(|line| crosses(line, &roomy)))
        && new.leader.is_none_or(|line| {
            !taken.iter().any(|other| crosses(line, other))
                && !placed.iter().any(|other| other.leader.is_some_and(|l| lines_cross(l, line)))
        })
}

/// Whether the line passes through `rect` (Liang and Barsky, 1984).
fn crosses(((x0, y0), (x1, y1)): (Point, Point), rect: &Rect) -> bool {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (p, q) in
        [(-dx, x0 - rect.x), (dx, rect.right() - x0), (-dy, y0 - rect.y), (dy, rect.bottom() - y0)]
    {
        if p == 0.0 {
            if q < 0.0 {
                return false;
            }
        } else if p < 0.0 {
            from = from.max(q / p);
        } else {
            to = to.min(q / p);
        }
    }
    from < to
}

fn lines_cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let side = |p: Point, q: Point, r: Point| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// Beyond the end of each bar, or inside it where the plot ends.
fn at_bar_ends(drawing: &LayerDrawing, taken: &[Rect], items: &mut Vec<Item>) {
    let frame = drawing.frame;
    let sideways = super::train::length_channel(frame.chart, drawing.layer) == Channel::X;
    for row in 0..drawing.layer.rows() {
        let (Some(bar), Some(label), Some((x, y))) =
            (drawing.bar(row), drawing.label(row), drawing.place(row))
        else {
            continue;
        };
        let colour = drawing.colour(row);
        let (text, inside) = if sideways {
            let forward = x >= bar.x + bar.width / 2.0;
            let step = if forward { 4.0 } else { -4.0 };
            let anchor = if forward { Anchor::Start } else { Anchor::End };
            let text =
                Text::new(label.clone(), (x + step, y + LABEL * MIDDLE), LABEL).anchored(anchor);
            let bounds = text.bounds();
            if bounds.x >= frame.plot.x - 1.0 && bounds.right() <= frame.plot.right() + 1.0 {
                (text, false)
            } else {
                let anchor = if forward { Anchor::End } else { Anchor::Start };
                (Text { at: (x - step, text.at.1), anchor, ..text }, true)
            }
        } else {
            let up = y <= bar.y + bar.height / 2.0;
            let middle = bar.x + bar.width / 2.0;
            let place =
                |y: f64| Text::new(label.clone(), (middle, y), LABEL).anchored(Anchor::Middle);
            let outside = place(if up { y - 4.0 } else { y + 4.0 + ASCENT * LABEL });
            let bounds = outside.bounds();
            let fits = bounds.y > frame.plot.y
                && bounds.bottom() < frame.plot.bottom()
                && !taken.iter().any(|other| other.meets(&bounds));
            if fits {
                (outside, false)
            } else {
                (place(if up { y + 7.0 + ASCENT * LABEL } else { y - 7.0 }), true)
            }
        };
        let text = Text { halo: !inside, ..text };
        items.push(Item::text(Part::Label, text, if inside { colour.ink() } else { TEXT }));
    }
}

/// In the middle of each cell, where it fits.
fn in_cells(drawing: &LayerDrawing, items: &mut Vec<Item>) -> usize {
    let band = |channel| drawing.frame.band(channel).unwrap_or(f64::MAX);
    let (width, height) = (band(Channel::X), band(Channel::Y));
    let size = LABEL.min(height - 4.0);
    let labels: Vec<(usize, Point, String)> = (0..drawing.layer.rows())
        .filter_map(|row| Some((row, drawing.place(row)?, drawing.label(row)?)))
        .collect();
    let fits =
        |label: &str| size >= 7.0 && Text::new(label, (0.0, 0.0), size).width() <= width - 3.0;
    // All or none: a map with some of its numbers reads as one with missing values.
    if !labels.iter().all(|(_, _, label)| fits(label)) {
        return 0;
    }
    for (row, (x, y), label) in labels {
        let text = Text::new(label, (x, y + size * MIDDLE), size).anchored(Anchor::Middle);
        items.push(Item::text(Part::Label, text, drawing.colour(row).ink()));
    }
    0
}
