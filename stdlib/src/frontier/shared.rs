//! Loglikelihood, score and Hessian where rows differ in nothing but their composed error.
//!
//! Without determinants every closed density is
//! `c_0 + c_1 e + c_2 e^2 + H(a_1, ..., a_M)` with `a_k = alpha_k + beta_k e`: numbers that all
//! rows share, and one fixed function. The chain rule then needs of the rows only the derivatives
//! of `H`, its moments with `e`, and their products with the frontier's columns. Dual numbers give
//! the derivatives of what is shared, once; the rows go by in tiles.

use nalgebra::{DMatrix, DVector};
use num_dual::Dual2SVec64;

use super::density::Inefficiency;
use super::engine::{Index, Jet, Likelihood};
use super::forms::{
    Between, DEEP, Function, MOST, Mixture, PAIRS, PartialMean, Rows, Tail, form, pair,
};
use super::rows::{TILE, WIDTH, add_scaled, dot, sum};
use crate::simd::widest;

/// What is shared, with its derivatives in the parameters besides the frontier.
struct Shared {
    /// The polynomial's three coefficients, then each `alpha`, `beta`.
    value: [f64; 3 + 2 * MOST],
    first: Vec<[f64; 3 + 2 * MOST]>,
    second: Vec<[f64; 3 + 2 * MOST]>,
}

/// Moments of a block of rows.
struct Moments {
    weight: f64,
    /// `sum e`, `sum e^2`.
    error: [f64; 2],
    value: f64,
    /// `sum H_k`, `sum H_k e`.
    first: [[f64; 2]; MOST],
    /// `sum H_kl`, `sum H_kl e`, `sum H_kl e^2`.
    second: [[f64; 3]; PAIRS],
    /// Sums with the frontier's columns: `l_e`, `l_ee`, and `l_e` with each parameter.
    score: Vec<f64>,
    curve: DMatrix<f64>,
    cross: DMatrix<f64>,
}

/// The jet of `rows`, where they share all parameters and their density has such a form.
pub(super) fn jet(
    model: &Likelihood<'_>,
    coef: &[f64],
    rows: std::ops::Range<usize>,
) -> Option<Jet> {
    match model.equations.len() {
        3 => block::<3>(model, coef, rows),
        4 => block::<4>(model, coef, rows),
        _ => None,
    }
}

fn block<const K: usize>(
    model: &Likelihood<'_>,
    coef: &[f64],
    rows: std::ops::Range<usize>,
) -> Option<Jet> {
    if model.noise_only || !model.law.is_closed() || rows.is_empty() {
        return None;
    }
    let (frontier, others) = model.equations.split_first()?;
    let p = frontier.z.ncols();
    let mut factors = Vec::with_capacity(others.len());
    for other in others {
        if other.z.ncols() != 1 || other.index == Index::Scaling {
            return None;
        }
        let column = &other.z.as_slice()[rows.clone()];
        let first = column[0];
        if column.iter().any(|z| *z != first) {
            return None;
        }
        factors.push(first);
    }
    let indices: [Dual2SVec64<K>; K] = std::array::from_fn(|k| match k {
        0 => Dual2SVec64::from_re(0.0),
        k => Dual2SVec64::from_re(coef[p + k - 1] * factors[k - 1]).derivative(k),
    });
    let family = model.law.inefficiency;
    let form = form(family, &model.point(&indices))?;
    let count = others.len();
    let mut shared = Shared {
        value: [0.0; 3 + 2 * MOST],
        first: vec![[0.0; 3 + 2 * MOST]; count],
        second: vec![[0.0; 3 + 2 * MOST]; count * count],
    };
    let [a, b, c] = form.arguments;
    let [c0, c1, c2] = form.poly;
    for (at, number) in [c0, c1, c2, a.0, a.1, b.0, b.1, c.0, c.1].into_iter().enumerate() {
        shared.value[at] = number.re;
        for i in 0..count {
            shared.first[i][at] = number.v1.0.map_or(0.0, |v| v[i + 1]) * factors[i];
            for j in 0..count {
                shared.second[i * count + j][at] =
                    number.v2.0.map_or(0.0, |v| v[(i + 1, j + 1)]) * factors[i] * factors[j];
            }
        }
    }
    let moments = moments(model, &coef[..p], rows, &shared)?;
    Some(assemble(model.sign, &shared, &moments, p))
}

/// [`tiles`] of the family, in vectors of the machine's width.
fn moments(
    model: &Likelihood<'_>,
    coef: &[f64],
    rows: std::ops::Range<usize>,
    shared: &Shared,
) -> Option<Moments> {
    let none = f64::NEG_INFINITY;
    widest(
        #[inline(always)]
        || match model.law.inefficiency {
            // Further down a series takes the place of differences.
            Inefficiency::Rayleigh => tiles::<1, PartialMean>(model, coef, rows, shared, -30.0),
            Inefficiency::Uniform => tiles::<2, Between>(model, coef, rows, shared, none),
            Inefficiency::GeneralisedExponential | Inefficiency::TruncatedSkewedLaplace => {
                tiles::<3, Mixture>(model, coef, rows, shared, DEEP)
            }
            family => {
                let floor = if family == Inefficiency::HalfNormal { none } else { DEEP };
                tiles::<1, Tail>(model, coef, rows, shared, floor)
            }
        },
    )
}

/// Moments of `rows`; nothing where an argument lies below `floor`.
#[inline(always)]
fn tiles<const M: usize, H: Function>(
    model: &Likelihood<'_>,
    coef: &[f64],
    rows: std::ops::Range<usize>,
    shared: &Shared,
    floor: f64,
) -> Option<Moments> {
    let z = model.equations[0].z;
    let (p, count) = (z.ncols(), shared.first.len());
    let column = |a: usize, start: usize, n: usize| -> &[f64] {
        &z.column(a).data.into_slice()[start..start + n]
    };
    let pairs = M * (M + 1) / 2;
    let [c0, c1, c2] = [shared.value[0], shared.value[1], shared.value[2]];
    let alpha: [f64; M] = std::array::from_fn(|k| shared.value[3 + 2 * k]);
    let beta: [f64; M] = std::array::from_fn(|k| shared.value[4 + 2 * k]);
    let mut h = Rows::EMPTY;
    let mut arguments = [[0.0; TILE]; MOST];
    let (mut e, mut w, mut work) = ([0.0; TILE], [1.0; TILE], [0.0; TILE]);
    let mut lowest = [0.0_f64; TILE];
    let mut value = [0.0; TILE];
    let mut error = [[0.0; TILE]; 2];
    let mut first = [[[0.0; TILE]; 2]; MOST];
    #[allow(clippy::large_stack_arrays)] // 18 KiB, once a block: on the heap it would be slower.
    let mut second = [[[0.0; TILE]; 3]; PAIRS];
    let mut turns = [[0.0; TILE]; MOST];
    let mut moments = Moments {
        weight: 0.0,
        error: [0.0; 2],
        value: 0.0,
        first: [[0.0; 2]; MOST],
        second: [[0.0; 3]; PAIRS],
        score: vec![0.0; p],
        curve: DMatrix::zeros(p, p),
        cross: DMatrix::zeros(count, p),
    };
    for start in rows.clone().step_by(TILE) {
        let n = TILE.min(rows.end - start);
        e.fill(0.0);
        add_scaled(&mut e[..n], model.sign, &model.y[start..start + n]);
        for a in 0..p {
            add_scaled(&mut e[..n], -model.sign * coef[a], column(a, start, n));
        }
        // Whole vectors; the places behind the last row are not summed.
        let full = n.next_multiple_of(WIDTH).min(TILE);
        for k in 0..M {
            for i in 0..full {
                arguments[k][i] = alpha[k] + beta[k] * e[i];
            }
        }
        for k in 0..M.min(2) {
            for i in 0..n {
                lowest[i] = lowest[i].min(arguments[k][i]);
            }
        }
        H::fill(&arguments, full, &mut h);
        if let Some(weights) = model.weights {
            w[..n].copy_from_slice(&weights[start..start + n]);
            for k in 0..M {
                for i in 0..n {
                    h.first[k][i] *= w[i];
                }
            }
            for kl in 0..pairs {
                for i in 0..n {
                    h.second[kl][i] *= w[i];
                }
            }
            moments.weight += w[..n].iter().sum::<f64>();
        } else {
            moments.weight += n as f64;
        }
        for i in 0..n {
            let (e, w) = (e[i], w[i]);
            value[i] += w * (c0 + (c1 + c2 * e) * e + h.value[i]);
            error[0][i] += w * e;
            error[1][i] += w * e * e;
        }
        for k in 0..M {
            for i in 0..n {
                let f = h.first[k][i];
                first[k][0][i] += f;
                first[k][1][i] += f * e[i];
            }
        }
        for kl in 0..pairs {
            for i in 0..n {
                let f = h.second[kl][i];
                second[kl][0][i] += f;
                second[kl][1][i] += f * e[i];
                second[kl][2][i] += f * e[i] * e[i];
            }
        }
        // l_e, then sum_k beta_k H_kl, then l_e with each parameter, then l_ee.
        for i in 0..n {
            work[i] = w[i] * (c1 + 2.0 * c2 * e[i]);
        }
        for k in 0..M {
            for i in 0..n {
                work[i] += beta[k] * h.first[k][i];
            }
        }
        for a in 0..p {
            moments.score[a] += dot(column(a, start, n), &work[..n]);
        }
        for l in 0..M {
            turns[l].fill(0.0);
            for k in 0..M {
                let kl = pair(k.min(l), k.max(l));
                for i in 0..n {
                    turns[l][i] += beta[k] * h.second[kl][i];
                }
            }
        }
        for (j, by) in shared.first.iter().enumerate() {
            for i in 0..n {
                work[i] = w[i] * (by[1] + 2.0 * by[2] * e[i]);
            }
            for k in 0..M {
                let (alpha, beta) = (by[3 + 2 * k], by[4 + 2 * k]);
                for i in 0..n {
                    work[i] += beta * h.first[k][i] + turns[k][i] * (alpha + beta * e[i]);
                }
            }
            for a in 0..p {
                moments.cross[(j, a)] += dot(column(a, start, n), &work[..n]);
            }
        }
        for i in 0..n {
            e[i] = 2.0 * c2 * w[i];
        }
        for k in 0..M {
            for i in 0..n {
                e[i] += beta[k] * turns[k][i];
            }
        }
        for a in 0..p {
            let za = column(a, start, n);
            for i in 0..n {
                work[i] = za[i] * e[i];
            }
            for b in 0..=a {
                moments.curve[(a, b)] += dot(&work[..n], column(b, start, n));
            }
        }
    }
    if lowest.iter().any(|a| *a < floor) {
        return None;
    }
    moments.value = sum(&mut value);
    moments.error = error.map(|mut x| sum(&mut x));
    moments.first = first.map(|x| x.map(|mut x| sum(&mut x)));
    moments.second = second.map(|x| x.map(|mut x| sum(&mut x)));
    Some(moments)
}

/// The chain rule on the moments.
fn assemble(sign: f64, shared: &Shared, moments: &Moments, p: usize) -> Jet {
    let count = shared.first.len();
    let mut jet = Jet {
        value: moments.value,
        score: DVector::zeros(p + count),
        hessian: DMatrix::zeros(p + count, p + count),
    };
    for a in 0..p {
        jet.score[a] = -sign * moments.score[a];
        for b in 0..=a {
            jet.hessian[(a, b)] = moments.curve[(a, b)];
        }
    }
    // What is linear in the shared numbers.
    let linear = |by: &[f64; 3 + 2 * MOST]| {
        let mut total =
            by[0] * moments.weight + by[1] * moments.error[0] + by[2] * moments.error[1];
        for k in 0..MOST {
            total += by[3 + 2 * k] * moments.first[k][0] + by[4 + 2 * k] * moments.first[k][1];
        }
        total
    };
    for i in 0..count {
        let by = &shared.first[i];
        jet.score[p + i] = linear(by);
        for a in 0..p {
            jet.hessian[(p + i, a)] = -sign * moments.cross[(i, a)];
        }
        for j in 0..=i {
            let other = &shared.first[j];
            let mut total = linear(&shared.second[i * count + j]);
            for k in 0..MOST {
                for l in 0..MOST {
                    let [one, e, ee] = moments.second[pair(k.min(l), k.max(l))];
                    let (a, b) = (by[3 + 2 * k], by[4 + 2 * k]);
                    let (c, d) = (other[3 + 2 * l], other[4 + 2 * l]);
                    total += a * c * one + (a * d + b * c) * e + b * d * ee;
                }
            }
            jet.hessian[(p + i, p + j)] = total;
        }
    }
    jet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;
    use crate::frontier::engine::Equation;
    use crate::frontier::law::ErrorLaw;
    use crate::frontier::noise::Noise;

    fn closed() -> impl Iterator<Item = &'static (&'static str, Inefficiency)> {
        Inefficiency::ALL.iter().filter(|(_, family)| family.is_closed())
    }

    /// Compares a block with its rows' dual numbers, `scale` the spread of the errors.
    fn compare(scale: f64, shape: [f64; 4], weighted: bool, known: bool) {
        let n = 3 * TILE + 37;
        let wave = |i: usize, k: f64| ((i as f64 + 1.0) * k).sin();
        let z = DMatrix::from_fn(n, 3, |i, j| if j == 0 { 1.0 } else { wave(i, 1.3 * j as f64) });
        let y: Vec<f64> =
            (0..n).map(|i| 0.3 + wave(i, 1.3) + scale * (wave(i, 0.7) + wave(i, 3.1))).collect();
        let ones = DMatrix::from_element(n, 1, 1.0);
        let weights: Vec<f64> = (0..n).map(|i| 1.0 + 0.5 * wave(i, 2.2)).collect();
        for (name, family) in closed() {
            let mut indices = vec![Index::Noise, Index::Inefficiency];
            indices.extend(family.has_mean().then_some(Index::Mean));
            indices.extend(family.shape().map(|_| Index::Shape));
            let mut equations = vec![Equation { index: Index::Frontier, z: &z }];
            equations.extend(indices.iter().map(|index| Equation { index: *index, z: &ones }));
            let mut coef = vec![0.5, 0.9, -0.1, shape[0], shape[1]];
            coef.extend(family.has_mean().then_some(shape[2]));
            coef.extend(family.shape().map(|_| shape[3]));
            for sign in [1.0, -1.0] {
                let model = Likelihood {
                    law: ErrorLaw { inefficiency: *family, noise: Noise::Normal },
                    noise_only: false,
                    y: &y,
                    sign,
                    weights: weighted.then_some(&weights),
                    equations: equations.clone(),
                };
                let p = model.len();
                let slow = match model.equations.len() {
                    3 => model.jet_by_rows::<3>(&coef, 0..n, p),
                    _ => model.jet_by_rows::<4>(&coef, 0..n, p),
                };
                let Some(fast) = jet(&model, &coef, 0..n) else {
                    assert!(!known, "{name}");
                    continue;
                };
                // Elements of a Hessian far above the others carry their rounding over.
                let size = (1.0 + slow.hessian.amax()) * if known { 1.0 } else { 100.0 };
                assert!(
                    (fast.value - slow.value).abs() < 1e-12 * (1.0 + slow.value.abs()),
                    "{name}"
                );
                let gap = (&fast.score - &slow.score).amax();
                assert!(gap < 1e-12 * size, "{name} {sign}: {} {}", fast.score, slow.score);
                for i in 0..p {
                    for j in 0..=i {
                        let gap = (fast.hessian[(i, j)] - slow.hessian[(i, j)]).abs();
                        assert!(gap < 1e-12 * size, "{name} {sign} {i} {j}: {gap} {size}");
                    }
                }
            }
        }
    }

    #[test]
    fn blocks_have_the_jets_of_their_rows() {
        for weighted in [false, true] {
            compare(0.4, [-1.5, -0.8, 0.3, 0.4], weighted, true);
            compare(0.4, [-1.5, -0.8, -0.9, -2.0], weighted, true);
        }
    }

    #[test]
    fn blocks_far_out_are_as_precise_or_left_to_their_rows() {
        compare(30.0, [-1.0, 1.0, 2.0, 0.5], false, false);
        compare(1.0, [-9.0, 0.0, 2.0, 0.5], false, false);
        compare(1.0, [0.0, -9.0, -2.0, 3.0], false, false);
        compare(1.0, [0.0, 4.0, -60.0, 3.0], false, false);
    }

    #[test]
    fn rows_that_differ_are_left_to_themselves() {
        let z = DMatrix::from_element(5, 1, 1.0);
        let other = DMatrix::from_fn(5, 1, |i, _| if i == 4 { 2.0 } else { 1.0 });
        let model = Likelihood {
            law: ErrorLaw::default(),
            noise_only: false,
            y: &[0.1, 0.3, -0.2, 0.5, 0.0],
            sign: 1.0,
            weights: None,
            equations: vec![
                Equation { index: Index::Frontier, z: &z },
                Equation { index: Index::Noise, z: &z },
                Equation { index: Index::Inefficiency, z: &other },
            ],
        };
        assert!(jet(&model, &[0.2, -1.0, -1.0], 0..5).is_none());
        assert!(jet(&model, &[0.2, -1.0, -1.0], 0..4).is_some());
    }
}
