//! Shape of a sample: skewness, kurtosis, outliers by the quartiles.

use super::summary::{mean, quantile_sorted};

/// Central moments of order 2, 3 and 4 over powers of the largest deviation; `None` without spread.
fn central(values: &[f64]) -> Option<(f64, f64, f64)> {
    let centre = mean(values)?;
    // Scaling by the largest deviation keeps the powers finite at any unit.
    let scale = values.iter().map(|v| (v - centre).abs()).fold(0.0, f64::max);
    if scale == 0.0 || !scale.is_finite() {
        return None;
    }
    let moment = |p: i32| {
        values.iter().map(|v| ((v - centre) / scale).powi(p)).sum::<f64>() / values.len() as f64
    };
    Some((moment(2), moment(3), moment(4)))
}

/// Skewness, the adjusted Fisher-Pearson `G1 = g1 sqrt(n (n - 1)) / (n - 2)` with
/// `g1 = m3 / m2^1.5`; `None` below 3 values or without spread.
///
/// What R's `e1071::skewness(type = 2)`, SAS, SPSS and pandas give.
pub fn skewness(values: &[f64]) -> Option<f64> {
    if values.len() < 3 {
        return None;
    }
    let n = values.len() as f64;
    let (m2, m3, _) = central(values)?;
    Some(m3 / m2.powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

/// Excess kurtosis `G2 = (n - 1) / ((n - 2)(n - 3)) ((n + 1) g2 + 6)` with `g2 = m4 / m2^2 - 3`;
/// `None` below 4 values or without spread.
///
/// What R's `e1071::kurtosis(type = 2)`, SAS, SPSS and pandas give; 0 for the normal law.
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    if values.len() < 4 {
        return None;
    }
    let n = values.len() as f64;
    let (m2, _, m4) = central(values)?;
    let g2 = m4 / (m2 * m2) - 3.0;
    Some((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g2 + 6.0))
}

/// Bounds that lie `reach` interquartile ranges outside the quartiles of values in increasing
/// order; 1.5 is Tukey's fence.
pub fn fences(sorted: &[f64], reach: f64) -> Option<(f64, f64)> {
    let (q1, q3) = (quantile_sorted(sorted, 0.25)?, quantile_sorted(sorted, 0.75)?);
    Some((q1 - reach * (q3 - q1), q3 + reach * (q3 - q1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_agree_with_other_programs() {
        // scipy 1.17.1: stats.skew(x, bias=False), stats.kurtosis(x, bias=False).
        let x = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 40.0];
        assert!((skewness(&x).unwrap() - 1.935_321_034_605_702).abs() < 1e-12);
        assert!((kurtosis(&x).unwrap() - 4.206_522_517_039_144_5).abs() < 1e-12);
    }

    #[test]
    fn symmetry_and_units() {
        let x = [-2.0, -1.0, 0.0, 1.0, 2.0];
        assert_eq!(skewness(&x), Some(0.0));
        // g2 = (34/5) / 4 - 3 = -1.3, G2 = 4/6 (6 * -1.3 + 6) = -1.2.
        assert!((kurtosis(&x).unwrap() + 1.2).abs() < 1e-14);
        let large: Vec<f64> = x.iter().map(|v| v * 1e200).collect();
        assert!((kurtosis(&large).unwrap() + 1.2).abs() < 1e-14);
        assert_eq!(skewness(&[1.0, 1.0, 1.0]), None);
        assert_eq!(kurtosis(&[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn fences_lie_outside_the_quartiles() {
        assert_eq!(fences(&[0.0, 1.0, 2.0, 3.0, 4.0], 1.5), Some((-2.0, 6.0)));
        assert_eq!(fences(&[], 1.5), None);
    }
}
