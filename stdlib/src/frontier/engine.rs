//! Loglikelihood, score and Hessian of a model in one pass over the rows, and Newton's method.

use std::cmp::Ordering::Greater;

use nalgebra::{DMatrix, DVector};
use num_dual::Dual2SVec64;

use super::data::{apply, blocks, dot};
use super::density::Point;
use super::jet::Num;
use super::law::ErrorLaw;
use super::shared;
use super::solve::MANY;
use crate::context::Context;
use crate::error::Result;

/// What an equation models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// The frontier `x'b`.
    Frontier,
    /// `ln sigma_v^2`.
    Noise,
    /// `ln sigma_u^2`.
    Inefficiency,
    /// The mean before truncation.
    Mean,
    /// The logarithm of the shape parameter.
    Shape,
    /// The logarithm of the factor that stretches inefficiency.
    Scaling,
    /// The logarithm of the degrees of freedom of noise.
    Df,
}

/// One linear index: its kind and its (scaled) design matrix.
#[derive(Debug, Clone)]
pub(super) struct Equation<'a> {
    pub index: Index,
    pub z: &'a DMatrix<f64>,
}

/// A likelihood.
#[derive(Debug, Clone)]
pub(super) struct Likelihood<'a> {
    pub law: ErrorLaw,
    /// Whether noise is all there is.
    pub noise_only: bool,
    pub y: &'a [f64],
    /// 1 for production, -1 for cost.
    pub sign: f64,
    pub weights: Option<&'a [f64]>,
    pub equations: Vec<Equation<'a>>,
}

/// Loglikelihood with its first two derivatives in the coefficients.
#[derive(Debug, Clone)]
pub(super) struct Jet {
    pub value: f64,
    pub score: DVector<f64>,
    pub hessian: DMatrix<f64>,
}

impl Likelihood<'_> {
    /// Coefficients in all.
    pub fn len(&self) -> usize {
        self.equations.iter().map(|e| e.z.ncols()).sum()
    }

    /// What a row's density depends on, from its indices.
    pub fn point<N: Num>(&self, indices: &[N]) -> Point<N> {
        let zero = N::from(0.0);
        let mut point = Point { e: zero, ln_v: zero, ln_u: zero, mu: zero, shape: zero, df: zero };
        let mut stretch = None;
        for (equation, value) in self.equations.iter().zip(indices) {
            match equation.index {
                Index::Frontier => point.e = *value,
                Index::Noise => point.ln_v = *value,
                Index::Inefficiency => point.ln_u = *value,
                Index::Mean => point.mu = *value,
                Index::Shape => point.shape = *value,
                Index::Df => point.df = *value,
                Index::Scaling => stretch = Some(*value),
            }
        }
        if let Some(stretch) = stretch {
            point.ln_u += stretch * 2.0;
            point.mu *= stretch.exp();
        }
        point
    }

    /// The indices of `rows`, equation by equation; the frontier's is the composed error.
    fn indices(&self, coef: &[f64], rows: std::ops::Range<usize>) -> Vec<Vec<f64>> {
        let mut start = 0;
        self.equations
            .iter()
            .map(|equation| {
                let width = equation.z.ncols();
                let mut out = vec![0.0; rows.len()];
                apply(equation.z, &coef[start..start + width], rows.clone(), &mut out);
                if equation.index == Index::Frontier {
                    let y = &self.y[rows.clone()];
                    out.iter_mut().zip(y).for_each(|(o, y)| *o = self.sign * (y - *o));
                }
                start += width;
                out
            })
            .collect()
    }

    #[inline]
    fn ln_density<N: Num>(&self, at: &Point<N>) -> N {
        if self.noise_only { self.law.noise.ln_density(at) } else { self.law.ln_density(at) }
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[row])
    }

    /// What each row's density depends on.
    pub fn points_of(&self, coef: &[f64], rows: std::ops::Range<usize>) -> Vec<Point<f64>> {
        let indices = self.indices(coef, rows.clone());
        (0..rows.len())
            .map(|i| self.point(&indices.iter().map(|index| index[i]).collect::<Vec<f64>>()))
            .collect()
    }

    /// The loglikelihood; not finite where there is none.
    pub fn value(&self, coef: &[f64]) -> f64 {
        blocks(self.y.len(), |rows| {
            if let Some(jet) = self.shared_jet(coef, rows.clone()) {
                return jet.value;
            }
            let indices = self.indices(coef, rows.clone());
            let mut at = vec![0.0; indices.len()];
            let mut sum = 0.0;
            for (k, row) in rows.enumerate() {
                at.iter_mut().zip(&indices).for_each(|(a, i)| *a = i[k]);
                sum += self.weight(row) * self.ln_density(&self.point(&at));
            }
            sum
        })
        .into_iter()
        .sum()
    }

    /// The loglikelihood with score and Hessian.
    pub fn jet(&self, coef: &[f64]) -> Jet {
        match self.equations.len() {
            2 => self.jet_of::<2>(coef),
            3 => self.jet_of::<3>(coef),
            4 => self.jet_of::<4>(coef),
            5 => self.jet_of::<5>(coef),
            6 => self.jet_of::<6>(coef),
            n => unreachable!("a model has two to six equations, not {n}"),
        }
    }

    /// Each row's score, weights included: rows by coefficients.
    pub fn row_scores(&self, coef: &[f64]) -> DMatrix<f64> {
        match self.equations.len() {
            2 => self.row_scores_of::<2>(coef),
            3 => self.row_scores_of::<3>(coef),
            4 => self.row_scores_of::<4>(coef),
            5 => self.row_scores_of::<5>(coef),
            6 => self.row_scores_of::<6>(coef),
            n => unreachable!("a model has two to six equations, not {n}"),
        }
    }

    fn row_scores_of<const K: usize>(&self, coef: &[f64]) -> DMatrix<f64> {
        let n = self.y.len();
        let parts = blocks(n, |rows| {
            let indices = self.indices(coef, rows.clone());
            let mut part = DMatrix::zeros(rows.len(), self.len());
            for (i, row) in rows.enumerate() {
                let density = self.density_at::<K>(&indices, i);
                let Some(first) = density.v1.0 else { continue };
                let mut at = 0;
                for (k, equation) in self.equations.iter().enumerate() {
                    let turn = if equation.index == Index::Frontier { -self.sign } else { 1.0 };
                    for a in 0..equation.z.ncols() {
                        part[(i, at)] = self.weight(row) * turn * first[k] * equation.z[(row, a)];
                        at += 1;
                    }
                }
            }
            part
        });
        let mut all = DMatrix::zeros(n, self.len());
        let mut start = 0;
        for part in parts {
            all.rows_mut(start, part.nrows()).copy_from(&part);
            start += part.nrows();
        }
        all
    }

    /// The log-density of row `i` of a block with its derivatives in the indices.
    #[inline]
    fn density_at<const K: usize>(&self, indices: &[Vec<f64>], i: usize) -> Dual2SVec64<K> {
        let at: [Dual2SVec64<K>; K] =
            std::array::from_fn(|k| Dual2SVec64::from_re(indices[k][i]).derivative(k));
        self.ln_density(&self.point(&at))
    }

    fn jet_of<const K: usize>(&self, coef: &[f64]) -> Jet {
        let p = self.len();
        let parts = blocks(self.y.len(), |rows| self.jet_block::<K>(coef, rows, p));
        let mut total = Jet { value: 0.0, score: DVector::zeros(p), hessian: DMatrix::zeros(p, p) };
        for part in parts {
            total.value += part.value;
            total.score += part.score;
            total.hessian += part.hessian;
        }
        total.hessian.fill_upper_triangle_with_lower_triangle();
        total
    }

    /// The jet of `rows` in vectors, where there is one. Few rows cost little: but for the
    /// half-normal they keep the form whose digits last longest on a flat ridge.
    fn shared_jet(&self, coef: &[f64], rows: std::ops::Range<usize>) -> Option<Jet> {
        let plain = self.law == ErrorLaw::default();
        if plain || self.y.len() > MANY { shared::jet(self, coef, rows) } else { None }
    }

    fn jet_block<const K: usize>(
        &self,
        coef: &[f64],
        rows: std::ops::Range<usize>,
        p: usize,
    ) -> Jet {
        match self.shared_jet(coef, rows.clone()) {
            Some(jet) => jet,
            None => self.jet_by_rows::<K>(coef, rows, p),
        }
    }

    /// The jet of `rows` by dual numbers, row after row; `p` coefficients in all.
    pub fn jet_by_rows<const K: usize>(
        &self,
        coef: &[f64],
        rows: std::ops::Range<usize>,
        p: usize,
    ) -> Jet {
        let indices = self.indices(coef, rows.clone());
        let n = rows.len();
        let mut scores = vec![vec![0.0; n]; K];
        let mut curves = vec![vec![0.0; n]; K * K];
        let mut value = 0.0;
        for (i, row) in rows.clone().enumerate() {
            let density = self.density_at::<K>(&indices, i);
            let w = self.weight(row);
            value += w * density.re;
            if let Some(first) = density.v1.0 {
                for k in 0..K {
                    scores[k][i] = w * first[k];
                }
            }
            if let Some(second) = density.v2.0 {
                for k in 0..K {
                    for l in 0..=k {
                        curves[k * K + l][i] = w * second[(k, l)];
                    }
                }
            }
        }
        let mut jet = Jet { value, score: DVector::zeros(p), hessian: DMatrix::zeros(p, p) };
        let column = |k: usize, a: usize| -> &[f64] {
            &self.equations[k].z.column(a).data.into_slice()[rows.clone()]
        };
        // The composed error falls as the fitted frontier rises.
        let factor = |k: usize| match self.equations[k].index {
            Index::Frontier => -self.sign,
            _ => 1.0,
        };
        let mut row_start = 0;
        let mut product = vec![0.0; n];
        for k in 0..K {
            for a in 0..self.equations[k].z.ncols() {
                let za = column(k, a);
                jet.score[row_start + a] = factor(k) * dot(za, &scores[k]);
                let mut column_start = 0;
                for l in 0..=k {
                    let curve = &curves[k * K + l];
                    product.iter_mut().zip(za).zip(curve).for_each(|((p, z), c)| *p = z * c);
                    let width = if l == k { a + 1 } else { self.equations[l].z.ncols() };
                    for b in 0..width {
                        jet.hessian[(row_start + a, column_start + b)] =
                            factor(k) * factor(l) * dot(&product, column(l, b));
                    }
                    column_start += self.equations[l].z.ncols();
                }
            }
            row_start += self.equations[k].z.ncols();
        }
        jet
    }
}

/// What [`maximise`] climbs.
pub(super) trait Objective {
    /// Rows, which set the scale of rounding.
    fn rows(&self) -> usize;
    /// The value; not finite where there is none.
    fn value(&self, coef: &[f64]) -> f64;
    /// The value with its derivatives.
    fn jet(&self, coef: &[f64]) -> Jet;
    /// Whether an ascent that has come to `coef` need not go on: it is known where it leads.
    fn settled(&self, coef: &[f64], value: f64) -> bool {
        let _ = (coef, value);
        false
    }
}

impl Objective for Likelihood<'_> {
    fn rows(&self) -> usize {
        self.y.len()
    }

    fn value(&self, coef: &[f64]) -> f64 {
        Likelihood::value(self, coef)
    }

    fn jet(&self, coef: &[f64]) -> Jet {
        Likelihood::jet(self, coef)
    }
}

/// Why an ascent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The Newton decrement is zero to working precision: a stationary point.
    Gradient,
    /// No step improves the likelihood any more, though the decrement is not quite zero.
    Step,
    /// The iterations ran out.
    Iterations,
}

/// Where an ascent ended.
#[derive(Debug, Clone)]
pub(super) struct Ascent {
    pub coef: Vec<f64>,
    pub jet: Jet,
    pub iterations: usize,
    pub stop: Stop,
}

/// Newton's method with a Levenberg term where the Hessian is not negative definite.
///
/// Steps are scaled by the diagonal of the Hessian, so the path does not depend on units.
pub(super) fn maximise(
    likelihood: &impl Objective,
    start: &[f64],
    limit: usize,
    ctx: &Context,
) -> Result<Ascent> {
    let mut coef = start.to_vec();
    let mut jet = likelihood.jet(&coef);
    let mut damping = 0.0_f64;
    let mut iterations = 0;
    let mut stop = Stop::Iterations;
    let mut history = vec![jet.value];
    while iterations < limit {
        ctx.check()?;
        iterations += 1;
        let mut improved = false;
        for _ in 0..60 {
            let Some(step) = newton_step(&jet, damping) else {
                damping = (damping * 4.0).max(1e-4);
                continue;
            };
            let gain = step.dot(&jet.score);
            if damping == 0.0 && gain <= 1e-20 * (1.0 + jet.value.abs()) {
                stop = Stop::Gradient;
                break;
            }
            let trial: Vec<f64> = coef.iter().zip(step.iter()).map(|(c, s)| c + s).collect();
            let noise = 4.0 * f64::EPSILON * (jet.value.abs() + likelihood.rows() as f64);
            let least = jet.value + 1e-4 * gain - noise;
            // A step that falls short costs a value alone, not its derivatives.
            if damping > 0.0 && likelihood.value(&trial).partial_cmp(&least) != Some(Greater) {
                damping = (damping * 4.0).max(1e-3);
                continue;
            }
            let next = likelihood.jet(&trial);
            let finite = next.value.is_finite() && next.score.iter().all(|g| g.is_finite());
            if finite && next.value >= least {
                if gain < noise && next.score.amax() >= jet.score.amax() {
                    break;
                }
                coef = trial;
                jet = next;
                damping = if damping < 1e-3 { 0.0 } else { damping / 10.0 };
                improved = true;
                break;
            }
            damping = (damping * 4.0).max(1e-3);
        }
        if likelihood.settled(&coef, jet.value) {
            stop = Stop::Step;
            break;
        }
        // A likelihood without a maximum rises ever more slowly: ten steps that gain less than
        // this have shown where it goes.
        history.push(jet.value);
        let past = history.len().checked_sub(11).map(|at| history[at]);
        if past.is_some_and(|past| jet.value - past < 1e-7 * (1.0 + jet.value.abs())) {
            stop = Stop::Step;
            break;
        }
        if !improved {
            if stop == Stop::Iterations {
                stop = Stop::Step;
            }
            break;
        }
    }
    let decrement = newton_step(&jet, 0.0).map(|step| step.dot(&jet.score));
    if stop == Stop::Step && decrement.is_some_and(|d| d <= 1e-10) {
        stop = Stop::Gradient;
    }
    Ok(Ascent { coef, jet, iterations, stop })
}

/// The ascent step, or nothing where the (damped) Hessian is not negative definite.
fn newton_step(jet: &Jet, damping: f64) -> Option<DVector<f64>> {
    let p = jet.score.len();
    let scale: Vec<f64> =
        (0..p).map(|i| jet.hessian[(i, i)].abs().sqrt().max(f64::MIN_POSITIVE)).collect();
    let mut matrix = DMatrix::from_fn(p, p, |i, j| -jet.hessian[(i, j)] / (scale[i] * scale[j]));
    for i in 0..p {
        matrix[(i, i)] += damping;
    }
    let right = DVector::from_fn(p, |i, _| jet.score[i] / scale[i]);
    let mut step = matrix.cholesky()?.solve(&right);
    for i in 0..p {
        step[i] /= scale[i];
    }
    step.iter().all(|s| s.is_finite()).then_some(step)
}
