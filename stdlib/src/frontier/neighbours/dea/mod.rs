//! Data envelopment analysis.
//!
//! Charnes, Cooper and Rhodes (1978) for constant, Banker, Charnes and Cooper (1984) for variable
//! returns to scale. Each unit solves two linear programs: the radial score, then the largest sum
//! of slacks at that score. [`bootstrap`] tells bias and bounds.

mod bootstrap;

use nalgebra::DMatrix;
use rayon::prelude::*;

pub use bootstrap::Bootstrap;
use bootstrap::resample;

use super::{Activities, scores};
use crate::choice::Choice;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::frontier::FrontierError;
use crate::program::{self, Failure};
use crate::stats::rank::places;
use crate::table::{Table, Vector};

/// Which side is stretched to the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Inputs shrink at given outputs.
    Input,
    /// Outputs grow at given inputs.
    #[default]
    Output,
}

impl Choice for Direction {
    const ALL: &'static [(&'static str, Self)] =
        &[("input", Self::Input), ("output", Self::Output)];
}

/// Which combinations of peers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Returns {
    /// Any positive multiple: constant returns to scale.
    Constant,
    /// Averages: variable returns to scale.
    #[default]
    Variable,
    /// Averages and anything smaller: non-increasing returns.
    NonIncreasing,
    /// Averages and anything larger: non-decreasing returns.
    NonDecreasing,
}

impl Choice for Returns {
    const ALL: &'static [(&'static str, Self)] = &[
        ("crs", Self::Constant),
        ("vrs", Self::Variable),
        ("nirs", Self::NonIncreasing),
        ("ndrs", Self::NonDecreasing),
    ];
}

/// The choices of [`dea`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeaParams {
    /// Returns to scale.
    pub returns: Returns,
    /// Which side is stretched.
    pub direction: Direction,
    /// Bootstrap replications; 0 for none.
    pub draws: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Probability between the bounds, in (0, 1).
    pub level: f64,
}

impl Default for DeaParams {
    fn default() -> Self {
        Self {
            returns: Returns::default(),
            direction: Direction::default(),
            draws: 0,
            seed: 1,
            level: 0.95,
        }
    }
}

/// Envelopment scores.
#[derive(Debug, Clone)]
pub struct Dea {
    /// Farrell efficiency by unit, in (0, 1]: what inputs could shrink to, or the inverse of what
    /// outputs could grow to.
    pub te: Vec<f64>,
    /// Efficiency under constant returns; with variable returns only.
    pub te_crs: Option<Vec<f64>>,
    /// `"constant"`, `"increasing"` or `"decreasing"` by unit; with variable returns only.
    pub scale: Option<Vec<&'static str>>,
    /// Intensities: units by peers.
    pub intensities: DMatrix<f64>,
    /// Slacks left after the radial move, units by outputs and then inputs, in their units.
    pub slacks: DMatrix<f64>,
    /// Names of the slack columns.
    pub slack_names: Vec<String>,
    /// What the bootstrap says, where one was asked for.
    pub bootstrap: Option<Bootstrap>,
    /// Unit labels.
    pub labels: Vec<String>,
    /// What they name.
    pub label_name: Option<String>,
    /// The choices made.
    pub params: DeaParams,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// The units an efficiency is measured against: those that no other one dominates.
///
/// A unit that makes no less of everything out of no more of anything can stand in for another in
/// any combination, whatever the returns to scale, and leaves as much slack or more: programs of a
/// thousand columns become programs of a few dozen.
struct Reference {
    /// Numbers of the units.
    units: Vec<usize>,
    outputs: DMatrix<f64>,
    inputs: DMatrix<f64>,
    direction: Direction,
}

impl Reference {
    fn of(outputs: &DMatrix<f64>, inputs: &DMatrix<f64>, direction: Direction) -> Self {
        let n = inputs.nrows();
        let no_worse = |k: usize, l: usize| {
            (0..inputs.ncols()).all(|j| inputs[(k, j)] <= inputs[(l, j)])
                && (0..outputs.ncols()).all(|j| outputs[(k, j)] >= outputs[(l, j)])
        };
        // Of equal ones the first stays.
        let dominated =
            |l: usize| (0..n).any(|k| k != l && no_worse(k, l) && (k < l || !no_worse(l, k)));
        let units: Vec<usize> = (0..n).into_par_iter().filter(|l| !dominated(*l)).collect();
        Self {
            outputs: outputs.select_rows(&units),
            inputs: inputs.select_rows(&units),
            units,
            direction,
        }
    }

    /// The radial score of unit `i` of `own`: the least factor of its inputs, or the inverse of
    /// the largest factor of its outputs.
    fn score(&self, own: &Activities, i: usize, returns: Returns) -> Result<f64> {
        let n = self.inputs.nrows();
        let mut at_most: Vec<(Vec<f64>, f64)> = Vec::new();
        let column = |values: &DMatrix<f64>, j: usize, sign: f64, factor: f64| -> Vec<f64> {
            std::iter::once(factor).chain((0..n).map(|k| sign * values[(k, j)])).collect()
        };
        for j in 0..self.inputs.ncols() {
            let x = own.inputs[(i, j)];
            at_most.push(match self.direction {
                Direction::Input => (column(&self.inputs, j, 1.0, -x), 0.0),
                Direction::Output => (column(&self.inputs, j, 1.0, 0.0), x),
            });
        }
        for j in 0..self.outputs.ncols() {
            let y = own.outputs[(i, j)];
            at_most.push(match self.direction {
                Direction::Input => (column(&self.outputs, j, -1.0, 0.0), -y),
                Direction::Output => (column(&self.outputs, j, -1.0, y), 0.0),
            });
        }
        let mut objective = vec![0.0; n + 1];
        objective[0] = if self.direction == Direction::Input { 1.0 } else { -1.0 };
        let equal = total(returns, 1, n, 0, &mut at_most);
        let factor = solve(&objective, &at_most, &equal, &own.labels[i])?[0];
        Ok(if self.direction == Direction::Input { factor } else { 1.0 / factor })
    }
}

/// Adds what returns to scale ask of the sum of the `n` intensities, which stand after `before`
/// variables and before `after` others.
fn total(
    returns: Returns,
    before: usize,
    n: usize,
    after: usize,
    at_most: &mut Vec<(Vec<f64>, f64)>,
) -> Vec<(Vec<f64>, f64)> {
    let row = |sign: f64| -> Vec<f64> {
        let zeros = |count| std::iter::repeat_n(0.0, count);
        zeros(before).chain(std::iter::repeat_n(sign, n)).chain(zeros(after)).collect()
    };
    match returns {
        Returns::Constant => Vec::new(),
        Returns::Variable => vec![(row(1.0), 1.0)],
        Returns::NonIncreasing => {
            at_most.push((row(1.0), 1.0));
            Vec::new()
        }
        Returns::NonDecreasing => {
            at_most.push((row(-1.0), -1.0));
            Vec::new()
        }
    }
}

fn solve(
    objective: &[f64],
    at_most: &[(Vec<f64>, f64)],
    equal: &[(Vec<f64>, f64)],
    unit: &str,
) -> Result<Vec<f64>> {
    program::minimise(objective, at_most, equal).map_err(|failure| {
        let words = match failure {
            Failure::Infeasible => "has no solution".to_owned(),
            Failure::Other(words) => words,
        };
        let why = format!("the linear program of {unit} {words}");
        FrontierError::Unsolved { primitive: "dea", why }.into()
    })
}

/// Distances this close to 1 are 1: the solver's accuracy.
const SHARP: f64 = 1e-7;

/// Envelopment scores of every row of `table`; inputs and outputs must be positive.
pub fn dea(
    table: &Table,
    outputs: &[String],
    inputs: &[String],
    params: &DeaParams,
    context: &Context,
) -> Result<Dea> {
    if !(params.level > 0.0 && params.level < 1.0) {
        return Err(Error::Invalid {
            primitive: "dea",
            parameter: "level",
            rule: "lie between 0 and 1, both excluded".into(),
            value: params.level.to_string(),
        });
    }
    let data = Activities::read("dea", table, outputs, inputs)?;
    let n = data.len();
    let reference = Reference::of(&data.outputs, &data.inputs, params.direction);
    let all = |returns: Returns| -> Result<Vec<f64>> {
        (0..n)
            .into_par_iter()
            .map(|i| {
                context.check()?;
                let te = reference.score(&data, i, returns)?;
                Ok(if te > 1.0 - SHARP { 1.0 } else { te })
            })
            .collect()
    };
    let te = all(params.returns)?;
    let (mut te_crs, mut scale) = (None, None);
    if params.returns == Returns::Variable {
        let (crs, nirs) = (all(Returns::Constant)?, all(Returns::NonIncreasing)?);
        let word = |i: usize| {
            if te[i] - crs[i] < 1e-6 {
                "constant"
            } else if te[i] - nirs[i] < 1e-6 {
                "decreasing"
            } else {
                "increasing"
            }
        };
        scale = Some((0..n).map(word).collect());
        te_crs = Some(crs);
    }
    let second: Vec<(Vec<f64>, Vec<f64>)> = (0..n)
        .into_par_iter()
        .map(|i| {
            context.check()?;
            slacks(&reference, &data, i, te[i], params.returns)
        })
        .collect::<Result<_>>()?;
    let (y, x) = (data.outputs.ncols(), data.inputs.ncols());
    let mut warnings = Vec::new();
    if n < (3 * (x + y)).max(x * y) {
        warnings.push(format!(
            "{n} units for {} inputs and outputs: most will look efficient (rule of thumb: at least {}).",
            x + y,
            (3 * (x + y)).max(x * y)
        ));
    }
    let bootstrap = if params.draws > 0 {
        Some(resample(&data, &te, params, context, &mut warnings)?)
    } else {
        None
    };
    let mut intensities = DMatrix::zeros(n, n);
    for (i, (own, _)) in second.iter().enumerate() {
        for (k, intensity) in reference.units.iter().zip(own) {
            intensities[(i, *k)] = *intensity;
        }
    }
    Ok(Dea {
        te,
        te_crs,
        scale,
        intensities,

        slacks: DMatrix::from_fn(n, x + y, |i, j| second[i].1[j] * data.scales[j]),
        slack_names: data.output_names.iter().chain(&data.input_names).cloned().collect(),
        bootstrap,
        labels: data.labels,
        label_name: table.label_name().map(str::to_owned),
        params: *params,
        warnings,
    })
}

/// Intensities of the reference's units and slacks (outputs, then inputs; scaled columns) of unit
/// `i` at its score.
fn slacks(
    reference: &Reference,
    data: &Activities,
    i: usize,
    te: f64,
    returns: Returns,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let n = reference.units.len();
    let (y, x) = (data.outputs.ncols(), data.inputs.ncols());
    let (shrink, grow) = match reference.direction {
        Direction::Input => (te, 1.0),
        Direction::Output => (1.0, 1.0 / te),
    };
    // A hair of room: the score is known to the solver's accuracy only.
    let (shrink, grow) = (shrink * (1.0 + 1e-8), grow * (1.0 - 1e-8));
    let slack = |at: usize, value: f64| {
        let mut row = vec![0.0; x + y];
        row[at] = value;
        row
    };
    let mut equal: Vec<(Vec<f64>, f64)> = Vec::new();
    for j in 0..y {
        let row = reference.outputs.column(j).iter().copied().chain(slack(j, -1.0)).collect();
        equal.push((row, grow * data.outputs[(i, j)]));
    }
    for j in 0..x {
        let row = reference.inputs.column(j).iter().copied().chain(slack(y + j, 1.0)).collect();
        equal.push((row, shrink * data.inputs[(i, j)]));
    }
    let mut at_most = Vec::new();
    equal.extend(total(returns, 0, n, x + y, &mut at_most));
    let objective: Vec<f64> =
        std::iter::repeat_n(0.0, n).chain(std::iter::repeat_n(-1.0, x + y)).collect();
    let solution = solve(&objective, &at_most, &equal, &data.labels[i])?;
    let clean = |v: &f64| if *v > 1e-6 { *v } else { 0.0 };
    Ok((solution[..n].iter().map(clean).collect(), solution[n..].iter().map(clean).collect()))
}

impl Dea {
    /// A table with the label, `te`, the scale columns and the bootstrap's where they exist, and
    /// `rank`, labelled, in the rows' order.
    pub fn table(&self) -> Result<Table> {
        let floats = |values: &[f64]| Vector::from_floats(values.iter().copied());
        let mut columns = vec![("te", floats(&self.te))];
        if let (Some(crs), Some(words)) = (&self.te_crs, &self.scale) {
            columns.push(("te_crs", floats(crs)));
            let ratio = crs.iter().zip(&self.te).map(|(crs, te)| (crs / te).min(1.0));
            columns.push(("scale_efficiency", Vector::from_floats(ratio)));
            columns.push(("returns", Vector::from_texts(words)));
        }
        if let Some(bootstrap) = &self.bootstrap {
            columns.push(("te_corrected", floats(&bootstrap.corrected)));
            columns.push(("bias", floats(&bootstrap.bias)));
            columns.push(("lower", floats(&bootstrap.lower)));
            columns.push(("upper", floats(&bootstrap.upper)));
        }
        scores(self.label_name.as_deref(), &self.labels, columns, &places(&self.te))
    }

    /// One row a unit and peer: `unit, peer, intensity`, largest intensity first.
    ///
    /// Where several sets of peers give the same score, all their members are named.
    pub fn peers(&self) -> Result<Table> {
        let mut rows: Vec<(usize, usize, f64)> = Vec::new();
        for i in 0..self.te.len() {
            let mut own: Vec<(usize, usize, f64)> = (0..self.te.len())
                .map(|k| (i, k, self.intensities[(i, k)]))
                .filter(|(_, _, intensity)| *intensity > 0.0)
                .collect();
            own.sort_by(|a, b| b.2.total_cmp(&a.2));
            rows.extend(own);
        }
        Table::new([
            ("unit", Vector::from_texts(rows.iter().map(|r| self.labels[r.0].as_str()))),
            ("peer", Vector::from_texts(rows.iter().map(|r| self.labels[r.1].as_str()))),
            ("intensity", Vector::from_floats(rows.iter().map(|r| r.2))),
        ])
    }

    /// Slacks by unit, in the columns' units: output short, input in excess, after the radial move.
    pub fn slack_table(&self) -> Result<Table> {
        let name = self.label_name.as_deref().unwrap_or("unit");
        let mut columns = vec![(name.to_owned(), Vector::from_texts(&self.labels))];
        for (j, slack) in self.slack_names.iter().enumerate() {
            columns
                .push((slack.clone(), Vector::from_floats(self.slacks.column(j).iter().copied())));
        }
        Table::new(columns)?.labelled_by(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(y: [f64; 5], x: [f64; 5]) -> Table {
        Table::new([
            ("unit", Vector::from_texts(["a", "b", "c", "d", "e"])),
            ("y", Vector::from_floats(y)),
            ("x", Vector::from_floats(x)),
        ])
        .unwrap()
        .labelled_by("unit")
        .unwrap()
    }

    fn run(table: &Table, params: &DeaParams) -> Dea {
        dea(table, &["y".into()], &["x".into()], params, &Context::default()).unwrap()
    }

    fn near(got: &[f64], want: &[f64], tolerance: f64) {
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < tolerance, "{got} {want}");
        }
    }

    #[test]
    fn one_input_and_one_output_by_hand() {
        // Coelli, Rao, O'Donnell and Battese (2005), table 6.4: five firms.
        let t = table([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 3.0, 5.0, 6.0]);
        let vrs = run(&t, &DeaParams { direction: Direction::Input, ..DeaParams::default() });
        near(vrs.te_crs.as_ref().unwrap(), &[0.5, 0.5, 1.0, 0.8, 5.0 / 6.0], 1e-7);
        near(&vrs.te, &[1.0, 0.625, 1.0, 0.9, 1.0], 1e-7);
        let scale = vrs.scale.as_ref().unwrap();
        assert_eq!(scale, &["increasing", "increasing", "constant", "decreasing", "decreasing"]);
        // d is measured against c and e in halves.
        near(&[vrs.intensities[(3, 2)], vrs.intensities[(3, 4)]], &[0.5, 0.5], 1e-5);
        // Output scores of constant returns are the same.
        let params = DeaParams { returns: Returns::Constant, ..DeaParams::default() };
        near(&run(&t, &params).te, &[0.5, 0.5, 1.0, 0.8, 5.0 / 6.0], 1e-7);
    }

    #[test]
    fn units_of_measurement_change_nothing_but_slacks() {
        let t = table([1.0, 2.0, 3.0, 4.0, 4.0], [2.0, 4.0, 3.0, 5.0, 6.0]);
        let big = table([1e9, 2e9, 3e9, 4e9, 4e9], [2e-9, 4e-9, 3e-9, 5e-9, 6e-9]);
        let (a, b) = (run(&t, &DeaParams::default()), run(&big, &DeaParams::default()));
        near(&a.te, &b.te, 1e-9);
        // e makes d's output from one more input.
        assert!((a.slacks[(4, 1)] - 1.0).abs() < 1e-5, "{}", a.slacks);
        assert!((b.slacks[(4, 1)] * 1e9 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn dominated_units_change_no_score_and_no_sum_of_slacks() {
        use rand::RngExt;
        let mut rng = crate::context::rng(5, 0);
        let n = 60;
        let mut column = || (0..n).map(|_| rng.random_range(1.0..4.0_f64).round()).collect();
        let columns: [Vec<f64>; 4] = std::array::from_fn(|_| column());
        let names = ["y1", "y2", "x1", "x2"];
        let columns = names.iter().zip(columns).map(|(name, c)| (*name, Vector::from_floats(c)));
        let table = Table::new(columns).unwrap();
        let (y, x) = (["y1", "y2"].map(String::from), ["x1", "x2"].map(String::from));
        let data = Activities::read("dea", &table, &y, &x).unwrap();
        for (_, direction) in Direction::ALL {
            let few = Reference::of(&data.outputs, &data.inputs, *direction);
            let all = Reference {
                units: (0..n).collect(),
                outputs: data.outputs.clone(),
                inputs: data.inputs.clone(),
                direction: *direction,
            };
            assert!(few.units.len() < n / 2, "{}", few.units.len());
            for (_, returns) in Returns::ALL {
                for i in 0..n {
                    let of = |reference: &Reference| reference.score(&data, i, *returns).unwrap();
                    let (one, other) = (of(&few), of(&all));
                    assert!((one - other).abs() < 1e-7, "{returns:?} {i}: {one} {other}");
                    let left = |reference: &Reference| -> f64 {
                        slacks(reference, &data, i, one, *returns).unwrap().1.iter().sum()
                    };
                    assert!((left(&few) - left(&all)).abs() < 1e-5, "{returns:?} {i}");
                }
            }
        }
    }

    #[test]
    fn the_bootstrap_lowers_scores_and_repeats() {
        let t = table([1.0, 2.0, 3.0, 3.0, 4.0], [2.0, 4.0, 3.0, 5.0, 7.0]);
        let params = DeaParams { returns: Returns::Constant, draws: 200, ..DeaParams::default() };
        let got = run(&t, &params);
        let bootstrap = got.bootstrap.as_ref().unwrap();
        for i in 0..5 {
            assert!(bootstrap.corrected[i] < got.te[i], "{i}");
            assert!(
                bootstrap.lower[i] <= bootstrap.upper[i] && bootstrap.upper[i] <= got.te[i] + 1e-9
            );
        }
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let again = one.install(|| run(&t, &params));
        assert_eq!(bootstrap.corrected, again.bootstrap.unwrap().corrected);
    }

    #[test]
    fn what_is_not_positive_is_named() {
        let t = table([1.0, 2.0, 0.0, 3.0, 4.0], [2.0, 4.0, 3.0, 5.0, 7.0]);
        let error =
            dea(&t, &["y".into()], &["x".into()], &DeaParams::default(), &Context::default())
                .unwrap_err();
        assert!(error.to_string().contains("`y` of c is 0"), "{error}");
    }
}
