//! Folds over runs of numbers, eight lanes side by side.
//!
//! The order of the additions depends on the length alone, so digits never depend on threads.

// What stays a call of its own within `widest` keeps the narrow vectors.
#![allow(clippy::inline_always)]

/// The sum.
#[inline(always)]
pub(super) fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let mut chunks = values.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    total(&lanes) + chunks.remainder().iter().sum::<f64>()
}

/// The sum of `min(a, b)`, element by element.
#[inline(always)]
pub(super) fn sum_of_lesser(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (mut left, mut right) = (a.chunks_exact(8), b.chunks_exact(8));
    for (a, b) in (&mut left).zip(&mut right) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += lesser(*a, *b);
        }
    }
    let rest = left.remainder().iter().zip(right.remainder());
    total(&lanes) + rest.map(|(a, b)| lesser(*a, *b)).sum::<f64>()
}

/// The squared distance of two points, four lanes side by side: points are short.
#[inline(always)]
pub(super) fn squared_gap(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (mut left, mut right) = (a.chunks_exact(4), b.chunks_exact(4));
    for (a, b) in (&mut left).zip(&mut right) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += (a - b) * (a - b);
        }
    }
    let rest = left.remainder().iter().zip(right.remainder());
    let [p, q, r, s] = lanes;
    (p + r) + (q + s) + rest.map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
}

/// The least; infinity for none.
#[inline(always)]
pub(super) fn least(values: &[f64]) -> f64 {
    let mut lanes = [f64::INFINITY; 8];
    let mut chunks = values.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lesser(*x, *lane);
        }
    }
    lanes.iter().chain(chunks.remainder()).copied().fold(f64::INFINITY, lesser)
}

/// One comparison, where `f64::min` spends two on NaN.
#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline(always)]
fn total(lanes: &[f64; 8]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_fold_every_element() {
        for n in [0, 1, 7, 8, 9, 40] {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            let b: Vec<f64> = (0..n).map(|i| f64::from(20 - i)).collect();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| a.min(*b)).sum();
            assert_eq!(sum(&a), f64::from(n * (n - 1) / 2));
            assert_eq!(sum_of_lesser(&a, &b), expected);
            let squares: f64 = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
            assert_eq!(squared_gap(&a, &b), squares);
            assert_eq!(least(&b), b.last().copied().unwrap_or(f64::INFINITY));
        }
    }
}
