//! Lines as areas: dashes, thickness, round joints, and what of an area lies in a rectangle.

use super::scene::{Point, Rect};

/// A circle as a polygon no corner of which shows.
pub fn circle(centre: Point, radius: f64) -> Vec<Point> {
    let corners = (16.0 + radius).min(180.0) as usize;
    (0..corners)
        .map(|i| {
            let angle = i as f64 / corners as f64 * std::f64::consts::TAU;
            (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin())
        })
        .collect()
}

/// The rectangle around `points`, empty at the origin for none.
pub fn bounds(points: &[Point]) -> Rect {
    let Some(first) = points.first() else {
        return Rect { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };
    };
    let [left, top, right, bottom] =
        points.iter().fold([first.0, first.1, first.0, first.1], |[l, t, r, b], p| {
            [l.min(p.0), t.min(p.1), r.max(p.0), b.max(p.1)]
        });
    Rect { x: left, y: top, width: right - left, height: bottom - top }
}

/// The part of the polygon `points` inside `rect` (Sutherland and Hodgman 1974).
pub fn cut(points: &[Point], rect: &Rect) -> Vec<Point> {
    let around = bounds(points);
    if rect.contains(&around) {
        return points.to_vec();
    }
    let mut kept = points.to_vec();
    // How far inside each of the four sides a point lies; negative outside.
    let sides: [&dyn Fn(Point) -> f64; 4] =
        [&|p| p.0 - rect.x, &|p| rect.right() - p.0, &|p| p.1 - rect.y, &|p| rect.bottom() - p.1];
    for inside in sides {
        let corners = std::mem::take(&mut kept);
        for (i, &to) in corners.iter().enumerate() {
            let from = corners[(i + corners.len() - 1) % corners.len()];
            let (a, b) = (inside(from), inside(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                kept.push((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
            }
            if b >= 0.0 {
                kept.push(to);
            }
        }
    }
    kept
}

/// The stretches of the line through `points` that a dashed stroke covers.
pub fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut runs = Vec::new();
    let mut run: Vec<Point> = points.first().map(|p| vec![*p]).unwrap_or_default();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            if drawing {
                run.push(at);
                runs.push(std::mem::take(&mut run));
            } else {
                run = vec![at];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            run.push((x1, y1));
        }
    }
    if run.len() > 1 {
        runs.push(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_leave_gaps_and_cover_their_share() {
        let runs = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], 3.0, 2.0);
        let length: f64 = runs
            .iter()
            .flat_map(|run| run.windows(2))
            .map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1))
            .sum();
        assert!((length - 12.0).abs() < 1e-9 && runs.len() == 4);
    }

    #[test]
    fn a_cut_polygon_keeps_the_area_inside() {
        let area = |points: &[Point]| -> f64 {
            let next = |i: usize| points[(i + 1) % points.len()];
            let twice: f64 =
                (0..points.len()).map(|i| points[i].0 * next(i).1 - next(i).0 * points[i].1).sum();
            twice.abs() / 2.0
        };
        let rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        let diamond = [(5.0, -5.0), (15.0, 5.0), (5.0, 15.0), (-5.0, 5.0)];
        assert!((area(&cut(&diamond, &rect)) - 100.0).abs() < 1e-9, "the square lies inside");
        let half = [(-10.0, 2.0), (5.0, 2.0), (5.0, 6.0), (-10.0, 6.0)];
        assert!((area(&cut(&half, &rect)) - 20.0).abs() < 1e-9);
        assert!(cut(&[(20.0, 0.0), (30.0, 0.0), (25.0, 5.0)], &rect).is_empty());
    }
}
