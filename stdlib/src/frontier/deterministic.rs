//! The frontier with no noise: least squares below (or above) every point.
//!
//! As `lambda = sigma_u / sigma_v` grows without bound, the half-normal likelihood tends to that
//! of the deterministic frontier: `min sum r_i^2` subject to `r_i <= 0`, where
//! `r_i = s (y_i - x_i'b)`, `s = 1` for production and `-1` for cost. This strictly convex
//! quadratic programme is solved by the dual active-set method of Goldfarb and Idnani (1983,
//! Mathematical Programming 27): it starts from ordinary least squares and adds the most violated
//! row at a time, so only rows on the frontier ever enter, and it ends at the exact vertex.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::data::{BLOCK, blocks, gram};

/// The deterministic frontier.
#[derive(Debug, Clone)]
pub(super) struct Deterministic {
    /// Coefficients.
    pub coef: Vec<f64>,
    /// Rows on the frontier.
    pub active: Vec<usize>,
    /// Their multipliers, all positive: by how much each holds the frontier up.
    pub multipliers: Vec<f64>,
    /// Weighted sum of squared residuals.
    pub ssr: f64,
}

/// Solves the programme from least-squares coefficients `ols`; `None` when no frontier lies
/// above every point, which takes a model without intercept.
pub(super) fn solve(
    z: &DMatrix<f64>,
    y: &[f64],
    weights: Option<&[f64]>,
    sign: f64,
    ols: &[f64],
) -> Option<Deterministic> {
    let p = z.ncols();
    let l = gram(z, weights).cholesky()?.unpack();
    let scale = residual_norm(z, y, weights, ols).max(f64::MIN_POSITIVE);
    let tolerance = 1e-13 * (scale + y.iter().fold(0.0_f64, |m, v| m.max(v.abs())));

    // In c = L'(b - b_ols) the programme is: the shortest c with a_i'c >= d_i, where
    // a_i = s inv(L) z_i and d_i = s (y_i - z_i'b_ols).
    let row = |i: usize| -> DVector<f64> {
        let zi = DVector::from_fn(p, |j, _| sign * z[(i, j)]);
        l.solve_lower_triangular(&zi).expect("the Gram matrix has full rank")
    };
    let coef_of = |c: &DVector<f64>| -> Vec<f64> {
        let step = l.tr_solve_lower_triangular(c).expect("the Gram matrix has full rank");
        ols.iter().zip(step.iter()).map(|(b, s)| b + s).collect()
    };
    let slack = |i: usize, coef: &[f64]| -> f64 {
        sign * (y[i] - coef.iter().enumerate().map(|(j, b)| b * z[(i, j)]).sum::<f64>())
    };

    let mut c = DVector::<f64>::zeros(p);
    let mut active: Vec<usize> = Vec::new();
    let mut normals: Vec<DVector<f64>> = Vec::new();
    let mut u: Vec<f64> = Vec::new();
    for _ in 0..200 * (p + 10) {
        let coef = coef_of(&c);
        let Some(worst) = most_violated(z, y, sign, &coef, &active, tolerance) else {
            let coef = polish(z, y, weights, &active, &coef).unwrap_or(coef);
            let ssr = residual_norm(z, y, weights, &coef).powi(2);
            return Some(Deterministic { coef, active, multipliers: u, ssr });
        };
        let a = row(worst);
        let mut mine = 0.0;
        loop {
            // Split a into its part in the span of the active normals and the rest.
            let (r, rest) = split(&normals, &a);
            let room = slack(worst, &coef_of(&c));
            let free = rest.dot(&a);
            let full = if rest.norm() > 1e-10 * a.norm() { room / free } else { f64::INFINITY };
            let blocking = r
                .iter()
                .enumerate()
                .filter(|(_, r)| **r > 1e-14)
                .map(|(k, r)| (u[k] / r, k))
                .min_by(|x, y| x.0.total_cmp(&y.0));
            let partial = blocking.map_or(f64::INFINITY, |(t, _)| t);
            let t = full.min(partial);
            if t.is_infinite() {
                return None;
            }
            if full.is_finite() {
                c += &rest * t;
            }
            u.iter_mut().zip(r.iter()).for_each(|(u, r)| *u -= t * r);
            mine += t;
            if full <= partial {
                active.push(worst);
                normals.push(a);
                u.push(mine);
                break;
            }
            let (_, out) = blocking.expect("a finite partial step has its row");
            active.remove(out);
            normals.remove(out);
            u.remove(out);
        }
    }
    None
}

fn split(normals: &[DVector<f64>], a: &DVector<f64>) -> (Vec<f64>, DVector<f64>) {
    if normals.is_empty() {
        return (Vec::new(), a.clone());
    }
    let n = DMatrix::from_columns(normals);
    let qr = n.clone().qr();
    let r = qr
        .r()
        .solve_upper_triangular(&(qr.q().transpose() * a))
        .unwrap_or_else(|| DVector::zeros(normals.len()));
    let rest = a - n * &r;
    (r.iter().copied().collect(), rest)
}

fn most_violated(
    z: &DMatrix<f64>,
    y: &[f64],
    sign: f64,
    coef: &[f64],
    active: &[usize],
    tolerance: f64,
) -> Option<usize> {
    let parts = blocks(y.len(), |rows| {
        let mut fitted = vec![0.0; rows.len()];
        super::data::apply(z, coef, rows.clone(), &mut fitted);
        let mut worst = (tolerance, None);
        for (i, fit) in rows.zip(&fitted) {
            let excess = sign * (y[i] - fit);
            if excess > worst.0 && !active.contains(&i) {
                worst = (excess, Some(i));
            }
        }
        worst
    });
    parts.into_iter().fold((tolerance, None), |a, b| if b.0 > a.0 { b } else { a }).1
}

/// The same vertex from its active rows alone, without the rounding of the path to it.
fn polish(
    z: &DMatrix<f64>,
    y: &[f64],
    weights: Option<&[f64]>,
    active: &[usize],
    coef: &[f64],
) -> Option<Vec<f64>> {
    let (p, k) = (z.ncols(), active.len());
    let gram = gram(z, weights);
    let weighted: Vec<f64> = residuals(z, y, coef)
        .iter()
        .enumerate()
        .map(|(i, r)| r * weights.map_or(1.0, |w| w[i]))
        .collect();
    let gradient = super::data::cross(z, &weighted);
    let mut system = DMatrix::zeros(p + k, p + k);
    system.view_mut((0, 0), (p, p)).copy_from(&gram);
    let mut right = DVector::zeros(p + k);
    right.rows_mut(0, p).copy_from(&gradient);
    for (a, i) in active.iter().enumerate() {
        let fit: f64 = coef.iter().enumerate().map(|(j, b)| b * z[(*i, j)]).sum();
        for j in 0..p {
            system[(p + a, j)] = z[(*i, j)];
            system[(j, p + a)] = z[(*i, j)];
        }
        right[p + a] = y[*i] - fit;
    }
    let step = system.lu().solve(&right)?;
    Some(coef.iter().zip(step.iter()).map(|(b, s)| b + s).collect())
}

pub(super) fn residuals(z: &DMatrix<f64>, y: &[f64], coef: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; y.len()];
    let fill = |(block, out): (usize, &mut [f64])| {
        let rows = block * BLOCK..block * BLOCK + out.len();
        super::data::apply(z, coef, rows.clone(), out);
        out.iter_mut().zip(&y[rows]).for_each(|(o, y)| *o = y - *o);
    };
    if y.len() <= BLOCK {
        fill((0, &mut all));
    } else {
        all.par_chunks_mut(BLOCK).enumerate().for_each(fill);
    }
    all
}

fn residual_norm(z: &DMatrix<f64>, y: &[f64], weights: Option<&[f64]>, coef: &[f64]) -> f64 {
    let r = residuals(z, y, coef);
    match weights {
        Some(w) => r.iter().zip(w).map(|(r, w)| w * r * r).sum::<f64>().sqrt(),
        None => super::data::dot(&r, &r).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_alone_is_the_largest_value() {
        let z = DMatrix::from_element(4, 1, 1.0);
        let y = [3.0, 1.0, 4.0, 1.0];
        let fit = solve(&z, &y, None, 1.0, &[2.25]).unwrap();
        assert_eq!((fit.coef[0], fit.active.as_slice()), (4.0, &[2_usize][..]));
        let cost = solve(&z, &y, None, -1.0, &[2.25]).unwrap();
        assert!((cost.coef[0] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_optimality_conditions_hold() {
        let n = 60;
        let x = |i: usize, k: f64| ((i as f64) * k).sin();
        let z = DMatrix::from_fn(n, 4, |i, j| if j == 0 { 1.0 } else { x(i, 1.3 * j as f64) });
        let y: Vec<f64> = (0..n).map(|i| 2.0 + x(i, 0.7) + x(i, 5.1).abs()).collect();
        let gram = z.transpose() * &z;
        let ols = gram.cholesky().unwrap().solve(&(z.transpose() * DVector::from_row_slice(&y)));
        let fit = solve(&z, &y, None, 1.0, ols.as_slice()).unwrap();
        let r = residuals(&z, &y, &fit.coef);
        assert!(r.iter().all(|r| *r <= 1e-12));
        assert!(fit.multipliers.iter().all(|u| *u > 0.0));
        // Stationarity: Z'r is a combination of the active rows.
        let mut left = z.transpose() * DVector::from_vec(r);
        for (i, u) in fit.active.iter().zip(&fit.multipliers) {
            left += z.row(*i).transpose() * *u;
        }
        assert!(left.amax() < 1e-10, "{left}");
    }

    #[test]
    fn no_frontier_above_a_point_that_no_regressor_reaches() {
        let z = DMatrix::from_row_slice(3, 1, &[0.0, 1.0, 2.0]);
        assert!(solve(&z, &[1.0, 1.0, 2.0], None, 1.0, &[1.0]).is_none());
    }
}
