//! Loglikelihood, score and Hessian where rows differ in nothing but their composed error.
//!
//! Without determinants every closed density is
//! `c_0 + c_1 e + c_2 e^2 + H(a_1, ..., a_M)` with `a_k = alpha_k + beta_k e`: numbers that all
//! rows share, and one fixed function. The chain rule then needs of the rows only the derivatives
//! of `H`, its moments with `e`, and their products with the frontier's columns. Dual numbers give
//! the derivatives of what is shared, once; the rows go by in tiles.

use nalgebra::{DMatrix, DVector};
use num_dual::Dual2SVec64;

use super::density::{Inefficiency, Point};
use super::engine::{Index, Jet, Likelihood};
use super::jet::Num;
use super::normal::HALF_LN_2PI;
use super::rows::{Normal, TILE, WIDTH, add_scaled, dot, sum};
use crate::simd::{self, widest};

/// Arguments of `H` at most, and pairs of them.
const MOST: usize = 3;
const PAIRS: usize = MOST * (MOST + 1) / 2;

/// Below this an argument's square cancels against the polynomial beyond the last digits, and the
/// density is better written in another form.
const DEEP: f64 = -100.0;

/// Place of the pair `k <= l`.
#[inline(always)]
const fn pair(k: usize, l: usize) -> usize {
    l * (l + 1) / 2 + k
}

/// What rows share: the polynomial's coefficients, and `(alpha_k, beta_k)`.
struct Form<N> {
    poly: [N; 3],
    arguments: [(N, N); MOST],
}

/// The form of a closed density at `e = 0`; nothing where its other ways of writing are better.
fn form<N: Num>(family: Inefficiency, at: &Point<N>) -> Option<Form<N>> {
    let zero = N::from(0.0);
    let none = (zero, zero);
    let sigma_sq = at.ln_v.exp() + at.ln_u.exp();
    let sigma = sigma_sq.sqrt();
    let lambda = ((at.ln_u - at.ln_v) * 0.5).exp();
    let (sigma_v, precision) = ((at.ln_v * 0.5).exp(), (at.ln_v * -0.5).exp());
    let curve = -(sigma_sq * 2.0).recip();
    let scale = sigma_sq.ln() * -0.5 - HALF_LN_2PI;
    // The exponential of scale `exp(ln_s)`: a constant, a slope, an argument.
    let exponential = |ln_s: N| {
        let rate = (-ln_s).exp();
        let tilt = sigma_v * rate;
        (tilt * tilt * 0.5 - ln_s, rate, (-tilt, -precision))
    };
    // Two of them, the second of scale `exp(ln_s) / k1`.
    let mixture = |k1: N, weight: N, share: N| {
        let (slow, fast) = (exponential(at.ln_u * 0.5), exponential(at.ln_u * 0.5 - k1.ln()));
        let between = (fast.0 - slow.0 - share, fast.1 - slow.1);
        Form { poly: [slow.0 + weight, slow.1, zero], arguments: [slow.2, fast.2, between] }
    };
    Some(match family {
        Inefficiency::HalfNormal => Form {
            poly: [scale + std::f64::consts::LN_2, zero, curve],
            arguments: [(zero, -lambda / sigma), none, none],
        },
        Inefficiency::Exponential => {
            let (constant, slope, argument) = exponential(at.ln_u * 0.5);
            Form { poly: [constant, slope, zero], arguments: [argument, none, none] }
        }
        Inefficiency::TruncatedNormal => {
            let b = at.mu * (at.ln_u * -0.5).exp();
            if b.value() < DEEP {
                return None;
            }
            let centre = at.mu * curve;
            Form {
                poly: [scale + at.mu * centre - b.ln_cdf(), centre * 2.0, curve],
                arguments: [(at.mu / (lambda * sigma), -lambda / sigma), none, none],
            }
        }
        Inefficiency::Rayleigh => Form {
            poly: [at.ln_v * 0.5 - sigma_sq.ln(), zero, curve],
            arguments: [(zero, -lambda / sigma), none, none],
        },
        Inefficiency::Uniform => {
            let ln_theta = at.ln_u * 0.5 + 0.5 * 12.0_f64.ln();
            let width = ln_theta.exp() * precision;
            Form {
                poly: [-ln_theta, zero, zero],
                arguments: [(zero, precision), (width, zero), none],
            }
        }
        Inefficiency::GeneralisedExponential => mixture(N::from(2.0), zero, zero),
        Inefficiency::TruncatedSkewedLaplace => {
            let k1 = at.shape.exp() + 1.0;
            mixture(k1, (k1 / (k1 * 2.0 - 1.0)).ln(), k1.ln())
        }
        Inefficiency::Gamma | Inefficiency::Weibull | Inefficiency::Lognormal => return None,
    })
}

/// `H` with its derivatives on a tile.
struct Rows {
    value: [f64; TILE],
    first: [[f64; TILE]; MOST],
    second: [[f64; TILE]; PAIRS],
    normal: [Normal; 2],
}

/// `ln Phi(a)`.
#[inline(always)]
fn tail(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
    let [normal, _] = &mut rows.normal;
    normal.fill(&a[0][..n]);
    for i in 0..n {
        rows.value[i] = normal.ln[i];
        rows.first[0][i] = normal.mills[i];
        rows.second[0][i] = -normal.mills[i] * normal.sum[i];
    }
}

/// `ln(phi(a) + a Phi(a))`.
#[inline(always)]
fn partial_mean(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
    let [normal, _] = &mut rows.normal;
    normal.fill(&a[0][..n]);
    for i in 0..n {
        let inverse = 1.0 / normal.sum[i];
        rows.value[i] = normal.ln[i] + simd::ln(normal.sum[i]);
        rows.first[0][i] = inverse;
        rows.second[0][i] = (normal.mills[i] - inverse) * inverse;
    }
}

/// `ln(Phi(a + b) - Phi(a))`, `b > 0`.
#[inline(always)]
fn between(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
    let [small, large] = &mut rows.normal;
    let [low, width, _] = a;
    // The difference of two tails is taken on the side where both are small.
    let (mut near, mut far) = ([0.0; TILE], [0.0; TILE]);
    for i in 0..n {
        let (turned, high) = (low[i] > 0.0, low[i] + width[i]);
        near[i] = if turned { -low[i] } else { high };
        far[i] = if turned { -high } else { low[i] };
    }
    small.fill(&far[..n]);
    large.fill(&near[..n]);
    for i in 0..n {
        let ratio = simd::exp(small.ln[i] - large.ln[i]);
        let rest = 1.0 - ratio;
        let inverse = 1.0 / rest;
        rows.value[i] = large.ln[i] + simd::ln(rest);
        let (m, k) = (large.mills[i], small.mills[i] * ratio);
        let turned = low[i] > 0.0;
        // Densities at the upper end and the difference of both, over the probability.
        let upper = if turned { k } else { m } * inverse;
        let both = if turned { k - m } else { m - k } * inverse;
        let high = low[i] + width[i];
        rows.first[0][i] = both;
        rows.first[1][i] = upper;
        rows.second[0][i] = -(both * both + width[i] * upper + low[i] * both);
        rows.second[1][i] = -(high + both) * upper;
        rows.second[2][i] = -(high + upper) * upper;
    }
}

/// `ln Phi(a) + ln(2 - exp(c + ln Phi(b) - ln Phi(a)))`.
#[inline(always)]
fn mixture(a: &[[f64; TILE]; MOST], n: usize, rows: &mut Rows) {
    let [slow, fast] = &mut rows.normal;
    slow.fill(&a[0][..n]);
    fast.fill(&a[1][..n]);
    for i in 0..n {
        let ratio = simd::exp(a[2][i] + fast.ln[i] - slow.ln[i]);
        let rest = 2.0 - ratio;
        let inverse = 1.0 / rest;
        let g = -ratio * inverse;
        let bend = 2.0 * g * inverse;
        let (m, k) = (slow.mills[i], fast.mills[i]);
        rows.value[i] = slow.ln[i] + simd::ln(rest);
        rows.first[0][i] = (1.0 - g) * m;
        rows.first[1][i] = g * k;
        rows.first[2][i] = g;
        rows.second[0][i] = bend * m * m - (1.0 - g) * m * slow.sum[i];
        rows.second[1][i] = -bend * m * k;
        rows.second[2][i] = bend * k * k - g * k * fast.sum[i];
        rows.second[3][i] = -bend * m;
        rows.second[4][i] = bend * k;
        rows.second[5][i] = bend;
    }
}

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
        let column = &other.z.as_slice()[..other.z.nrows()];
        let first = column[rows.start];
        let plain = other.z.ncols() == 1
            && other.index != Index::Scaling
            && column[rows.clone()].iter().fold(true, |same, z| same & (*z == first));
        factors.push(plain.then_some(first)?);
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
    let b = &coef[..p];
    let moments = widest(
        #[inline(always)]
        || match family {
            // Further down a series takes the place of differences.
            Inefficiency::Rayleigh => tiles::<1>(model, b, rows, &shared, -30.0, partial_mean),
            Inefficiency::Uniform => {
                tiles::<2>(model, b, rows, &shared, f64::NEG_INFINITY, between)
            }
            Inefficiency::GeneralisedExponential | Inefficiency::TruncatedSkewedLaplace => {
                tiles::<3>(model, b, rows, &shared, DEEP, mixture)
            }
            Inefficiency::HalfNormal => {
                tiles::<1>(model, b, rows, &shared, f64::NEG_INFINITY, tail)
            }
            _ => tiles::<1>(model, b, rows, &shared, DEEP, tail),
        },
    )?;
    Some(assemble(model.sign, &shared, &moments, p))
}

/// Moments of `rows`; nothing where an argument lies below `floor`.
#[inline(always)]
fn tiles<const M: usize>(
    model: &Likelihood<'_>,
    coef: &[f64],
    rows: std::ops::Range<usize>,
    shared: &Shared,
    floor: f64,
    function: impl Fn(&[[f64; TILE]; MOST], usize, &mut Rows),
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
    let mut h = Rows {
        value: [0.0; TILE],
        first: [[0.0; TILE]; MOST],
        second: [[0.0; TILE]; PAIRS],
        normal: [Normal::EMPTY, Normal::EMPTY],
    };
    let mut arguments = [[0.0; TILE]; MOST];
    let (mut e, mut w, mut work) = ([0.0; TILE], [1.0; TILE], [0.0; TILE]);
    let mut lowest = [0.0_f64; TILE];
    let mut value = [0.0; TILE];
    let mut error = [[0.0; TILE]; 2];
    let mut first = [[[0.0; TILE]; 2]; MOST];
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
        function(&arguments, full, &mut h);
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
                let size = 1.0 + slow.hessian.amax();
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
