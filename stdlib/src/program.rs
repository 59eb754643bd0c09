//! Linear programs, solved by an interior-point method (`clarabel`).

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, SupportedConeT,
    ZeroConeT,
};

/// Why a program has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing satisfies the constraints.
    Infeasible,
    /// The solver's own words.
    Other(String),
}

/// Minimises `objective' x` over `x >= 0` with `row' x <= bound` and `row' x = value`.
///
/// Well scaled programs are solved to about 1e-10.
pub(crate) fn minimise(
    objective: &[f64],
    at_most: &[(Vec<f64>, f64)],
    equal: &[(Vec<f64>, f64)],
) -> Result<Vec<f64>, Failure> {
    let n = objective.len();
    let rows = equal.len() + at_most.len() + n;
    let row = |at: usize, column: usize| -> f64 {
        if at < equal.len() {
            equal[at].0[column]
        } else if at < equal.len() + at_most.len() {
            at_most[at - equal.len()].0[column]
        } else if at - equal.len() - at_most.len() == column {
            -1.0
        } else {
            0.0
        }
    };
    let (mut pointers, mut places, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in 0..n {
        let free = equal.len() + at_most.len();
        for at in (0..free).chain(std::iter::once(free + column)) {
            let value = row(at, column);
            if value != 0.0 {
                places.push(at);
                values.push(value);
            }
        }
        pointers.push(places.len());
    }
    let matrix = CscMatrix::new(rows, n, pointers, places, values);
    let bounds: Vec<f64> = equal
        .iter()
        .chain(at_most)
        .map(|(_, bound)| *bound)
        .chain(std::iter::repeat_n(0.0, n))
        .collect();
    let cones: Vec<SupportedConeT<f64>> =
        vec![ZeroConeT(equal.len()), NonnegativeConeT(at_most.len() + n)];
    let settings = DefaultSettings::<f64> {
        verbose: false,
        tol_gap_abs: 1e-10,
        tol_gap_rel: 1e-10,
        tol_feas: 1e-10,
        ..DefaultSettings::default()
    };
    let quadratic = CscMatrix::<f64>::zeros((n, n));
    let mut solver = DefaultSolver::new(&quadratic, objective, &matrix, &bounds, &cones, settings)
        .map_err(|error| Failure::Other(format!("cannot be set up: {error}")))?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => Ok(solver.solution.x.clone()),
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
            Err(Failure::Infeasible)
        }
        status => Err(Failure::Other(format!("ended with {status:?}"))),
    }
}
