//! Moments and quantiles of a sample without missing values.

/// Mean; missing (`None`) for an empty sample.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    // Shifting by the first value keeps sums of large, close numbers exact to the last digits.
    let shift = values[0];
    Some(shift + values.iter().map(|v| v - shift).sum::<f64>() / values.len() as f64)
}

/// Sample standard deviation (n - 1); `None` below two values.
pub fn sample_sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    // Scaling by the largest deviation keeps the squares finite at any unit.
    let scale = values.iter().map(|v| (v - centre).abs()).fold(0.0, f64::max);
    if scale == 0.0 {
        return Some(0.0);
    }
    let squares: f64 = values.iter().map(|v| ((v - centre) / scale).powi(2)).sum();
    Some(scale * (squares / (values.len() - 1) as f64).sqrt())
}

/// Quantile of order `p` in `[0, 1]` by linear interpolation of the order statistics.
///
/// Definition 7 of Hyndman and Fan (1996), the default of R and `NumPy`; `None` for an empty
/// sample or `p` outside `[0, 1]`.
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_sorted(&sorted, p)
}

/// [`quantile`] of values that are already in increasing order.
pub fn quantile_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let position = p * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let fraction = position - below as f64;
    if fraction == 0.0 {
        return Some(sorted[below]);
    }
    Some(sorted[below] * (1.0 - fraction) + sorted[above] * fraction)
}

/// Median.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// What [`summarise`] tells of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Values counted.
    pub n: usize,
    /// Mean.
    pub mean: Option<f64>,
    /// Sample standard deviation (n - 1).
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// First quartile.
    pub q1: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Third quartile.
    pub q3: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}

/// Count, moments and quartiles in one go.
pub fn summarise(values: &[f64]) -> Summary {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Summary {
        n: sorted.len(),
        mean: mean(&sorted),
        sd: sample_sd(&sorted),
        min: sorted.first().copied(),
        q1: quantile_sorted(&sorted, 0.25),
        median: quantile_sorted(&sorted, 0.5),
        q3: quantile_sorted(&sorted, 0.75),
        max: sorted.last().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(mean(&x), Some(2.5));
        // The last digit depends on the order of the steps.
        assert!((sample_sd(&x).unwrap() - (5.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(quantile(&x, 0.25), Some(1.75));
        assert_eq!(median(&x), Some(2.5));
        assert_eq!(quantile(&x, 1.0), Some(4.0));
        assert_eq!(quantile(&x, 1.5), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(sample_sd(&[1.0]), None);
    }

    #[test]
    fn units_do_not_matter() {
        for scale in [1e-200, 1.0, 1e200] {
            let sd = sample_sd(&[scale, 2.0 * scale, 4.0 * scale]).unwrap();
            assert!((sd / scale - (7.0_f64 / 3.0).sqrt()).abs() < 1e-14, "{scale}");
        }
        let far: Vec<f64> = [1.0, 2.0, 4.0].iter().map(|v| v + 1e12).collect();
        assert!((sample_sd(&far).unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-9);
    }
}
