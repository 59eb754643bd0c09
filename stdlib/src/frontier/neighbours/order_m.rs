//! The order-m frontier: the best of `m` peers drawn at random, in expectation.
//!
//! Cazals, Florens and Simar (2002, Journal of Econometrics 106). The expectation over draws is
//! exact: a unit's peers have one distance each, and the least of `m` draws with replacement from
//! their order statistics has a closed form, so nothing is simulated.

use super::dea::Direction;
use super::{Activities, scores};
use crate::error::{Error, Result};
use crate::stats::rank::places;
use crate::table::{Table, Vector};

/// The choices of [`order_m`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderMParams {
    /// Peers drawn, at least 1; the frontier tends to the free disposal hull as it grows.
    pub m: usize,
    /// Which side is stretched.
    pub direction: Direction,
}

impl Default for OrderMParams {
    fn default() -> Self {
        Self { m: 25, direction: Direction::default() }
    }
}

/// Order-m efficiencies.
#[derive(Debug, Clone)]
pub struct OrderM {
    /// Efficiency by unit; above 1 for a unit beyond the expected best of `m` peers.
    pub te: Vec<f64>,
    /// Efficiency against the free disposal hull (all peers), in (0, 1].
    pub fdh: Vec<f64>,
    /// Peers by unit: units that produce at least as much (input direction), or use at most as
    /// much (output direction), the unit itself included.
    pub peers: Vec<usize>,
    /// Unit labels.
    pub labels: Vec<String>,
    /// What they name.
    pub label_name: Option<String>,
    /// The choices made.
    pub params: OrderMParams,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Order-m efficiency of every row of `table`.
pub fn order_m(
    table: &Table,
    outputs: &[String],
    inputs: &[String],
    params: &OrderMParams,
) -> Result<OrderM> {
    if params.m == 0 {
        return Err(Error::Invalid {
            primitive: "order_m",
            parameter: "m",
            rule: "be 1 or more".into(),
            value: "0".into(),
        });
    }
    let data = Activities::read("order_m", table, outputs, inputs)?;
    let n = data.len();
    let (fixed, moved) = match params.direction {
        Direction::Input => (&data.outputs, &data.inputs),
        Direction::Output => (&data.inputs, &data.outputs),
    };
    // A peer does at least as well on the side that is not stretched.
    let peer = |i: usize, k: usize| match params.direction {
        Direction::Input => (0..fixed.ncols()).all(|j| fixed[(k, j)] >= fixed[(i, j)]),
        Direction::Output => (0..fixed.ncols()).all(|j| fixed[(k, j)] <= fixed[(i, j)]),
    };
    let distance = |i: usize, k: usize| {
        let ratios = (0..moved.ncols()).map(|j| moved[(k, j)] / moved[(i, j)]);
        match params.direction {
            Direction::Input => ratios.fold(f64::NEG_INFINITY, f64::max),
            Direction::Output => ratios.fold(f64::INFINITY, f64::min),
        }
    };
    let (mut te, mut fdh, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..n {
        let mut distances: Vec<f64> =
            (0..n).filter(|k| peer(i, *k)).map(|k| distance(i, k)).collect();
        distances.sort_by(f64::total_cmp);
        if params.direction == Direction::Output {
            distances.reverse();
        }
        let count = distances.len() as f64;
        // The best of m draws is at position r (from the best) or later with ((N - r) / N)^m.
        let tail = |r: usize| ((count - r as f64) / count).powf(params.m as f64);
        let expected: f64 =
            distances.iter().enumerate().map(|(r, d)| d * (tail(r) - tail(r + 1))).sum();
        let best = distances[0];
        match params.direction {
            Direction::Input => {
                te.push(expected);
                fdh.push(best);
            }
            Direction::Output => {
                te.push(1.0 / expected);
                fdh.push(1.0 / best);
            }
        }
        peers.push(distances.len());
    }
    let alone = peers.iter().filter(|p| **p == 1).count();
    let mut warnings = Vec::new();
    if alone > 0 {
        warnings.push(format!(
            "{alone} of {n} units have no peer but themselves and are efficient by default."
        ));
    }
    Ok(OrderM {
        te,
        fdh,
        peers,
        labels: data.labels,
        label_name: table.label_name().map(str::to_owned),
        params: *params,
        warnings,
    })
}

impl OrderM {
    /// A table with the label, `te`, `fdh`, `peers` and `rank`, labelled, in the rows' order.
    pub fn table(&self) -> Result<Table> {
        scores(
            self.label_name.as_deref(),
            &self.labels,
            vec![
                ("te", Vector::from_floats(self.te.iter().copied())),
                ("fdh", Vector::from_floats(self.fdh.iter().copied())),
                ("peers", Vector::from_ints(self.peers.iter().map(|p| *p as i64))),
            ],
            &places(&self.te),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new([
            ("unit", Vector::from_texts(["a", "b", "c"])),
            ("y", Vector::from_floats([1.0, 2.0, 1.0])),
            ("x", Vector::from_floats([2.0, 4.0, 4.0])),
        ])
        .unwrap()
        .labelled_by("unit")
        .unwrap()
    }

    #[test]
    fn the_expected_best_of_two_by_hand() {
        let params = OrderMParams { m: 2, direction: Direction::Input };
        let got = order_m(&table(), &["y".into()], &["x".into()], &params).unwrap();
        // c's peers have inputs 2, 4, 4: the least of two draws is 2 unless both are 4.
        let want = 0.5 * (1.0 - 4.0 / 9.0) + 4.0 / 9.0;
        assert!((got.te[2] - want).abs() < 1e-15, "{:?}", got.te);
        assert_eq!(got.peers, [3, 1, 3]);
        assert!((got.fdh[2] - 0.5).abs() < 1e-15);
        // a is beyond the average of its peers.
        assert!(got.te[0] > 1.0);
        assert!(got.warnings[0].contains("1 of 3"));
    }

    #[test]
    fn many_draws_are_the_free_disposal_hull() {
        for direction in [Direction::Input, Direction::Output] {
            let params = OrderMParams { m: 100_000, direction };
            let got = order_m(&table(), &["y".into()], &["x".into()], &params).unwrap();
            for (te, fdh) in got.te.iter().zip(&got.fdh) {
                assert!((te - fdh).abs() < 1e-12);
            }
        }
    }
}
