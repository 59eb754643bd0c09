//! Aggregation rules in which a unit's value depends on the other units.
//!
//! Every function takes one column per child, equally long, `NaN` where a value is missing, and
//! weights that sum to 1; a unit without any value gets `NaN`.

/// Mean and population standard deviation of the values that are there.
fn moments(column: &[f64]) -> (f64, f64) {
    let present: Vec<f64> = column.iter().copied().filter(|x| !x.is_nan()).collect();
    let mean = crate::stats::mean(&present).unwrap_or(f64::NAN);
    let n = present.len().max(1) as f64;
    let variance = present.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Columns moved to mean `center` and population standard deviation `spread`.
///
/// A constant column becomes `center` everywhere: it tells no unit from another.
pub(super) fn standardised(columns: &[Vec<f64>], center: f64, spread: f64) -> Vec<Vec<f64>> {
    columns
        .iter()
        .map(|column| {
            let (mean, sd) = moments(column);
            let flat = sd <= f64::EPSILON * mean.abs();
            let scale = |x: &f64| match (x.is_nan(), flat) {
                (true, _) => f64::NAN,
                (false, true) => center,
                (false, false) => center + spread * (x - mean) / sd,
            };
            column.iter().map(scale).collect()
        })
        .collect()
}

/// Columns moved so that their mean is 100 and the wider half of their range spans 30.
///
/// The goalposts of the adjusted Mazziotta-Pareto index: mean -+ half the range are 70 and 130.
pub(super) fn around_mean(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    columns
        .iter()
        .map(|column| {
            let (mean, _) = moments(column);
            let present = || column.iter().copied().filter(|x| !x.is_nan());
            let low = present().fold(f64::INFINITY, f64::min);
            let high = present().fold(f64::NEG_INFINITY, f64::max);
            let half = (high - low) / 2.0;
            let scale = |x: &f64| match (x.is_nan(), half > 0.0) {
                (true, _) => f64::NAN,
                (false, false) => 100.0,
                (false, true) => 100.0 + 30.0 * (x - mean) / half,
            };
            column.iter().map(scale).collect()
        })
        .collect()
}

/// Weighted mean less (or, where imbalance is a merit, plus) variance over mean, row by row.
pub(super) fn penalised(columns: &[Vec<f64>], weights: &[f64], reward: bool) -> Vec<f64> {
    rows(columns, |row| {
        let present = || row.iter().zip(weights).filter(|(x, _)| !x.is_nan());
        let total: f64 = present().map(|(_, w)| w).sum();
        let mean = present().map(|(x, w)| w * x).sum::<f64>() / total;
        let variance = present().map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>() / total;
        let penalty = variance / mean;
        if reward { mean + penalty } else { mean - penalty }
    })
}

fn rows(columns: &[Vec<f64>], mut value: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    let units = columns.first().map_or(0, Vec::len);
    let mut row = vec![0.0; columns.len()];
    (0..units)
        .map(|unit| {
            for (slot, column) in row.iter_mut().zip(columns) {
                *slot = column[unit];
            }
            value(&row)
        })
        .collect()
}

/// Share of the weight by which each unit (row) is at least as good as each other (column).
///
/// Equal values count half to each side. Children that either unit lacks are left out of the pair
/// and the pair's weights rescaled, so the order of rows never matters. The diagonal is 0; a pair
/// without a common child is 0.5.
pub fn outranking(columns: &[Vec<f64>], weights: &[f64]) -> Vec<Vec<f64>> {
    let units = columns.first().map_or(0, Vec::len);
    let mut matrix = vec![vec![0.0; units]; units];
    for i in 0..units {
        for j in (i + 1)..units {
            let (mut won, mut total) = (0.0, 0.0);
            for (column, weight) in columns.iter().zip(weights) {
                let (a, b) = (column[i], column[j]);
                if a.is_nan() || b.is_nan() {
                    continue;
                }
                total += weight;
                if a > b {
                    won += weight;
                } else if a == b {
                    won += weight / 2.0;
                }
            }
            let share = if total > 0.0 { won / total } else { 0.5 };
            matrix[i][j] = share;
            matrix[j][i] = 1.0 - share;
        }
    }
    matrix
}

/// Units outranked less units outranking, by simple majority of weight.
pub(super) fn copeland(columns: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let matrix = outranking(columns, weights);
    let units = matrix.len();
    let lacks_all = |i: usize| columns.iter().all(|column| column[i].is_nan());
    (0..units)
        .map(|i| {
            if lacks_all(i) {
                return f64::NAN;
            }
            // A majority within rounding of one half is a draw.
            let duel = |j: usize| match matrix[i][j] - 0.5 {
                lead if lead > 1e-12 => 1.0,
                lead if lead < -1e-12 => -1.0,
                _ => 0.0,
            };
            (0..units).filter(|j| *j != i).map(duel).sum()
        })
        .collect()
}

/// Distance to the worst over the sum of the distances to worst and best.
///
/// Columns are divided by their Euclidean norm; a unit equally far from both (all columns
/// constant) gets 0.5. Missing values are left out of both distances.
pub(super) fn topsis(columns: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let scaled: Vec<Vec<f64>> = columns
        .iter()
        .zip(weights)
        .map(|(column, weight)| {
            let largest =
                column.iter().filter(|x| !x.is_nan()).fold(0.0_f64, |m, x| m.max(x.abs()));
            let squares: f64 =
                column.iter().filter(|x| !x.is_nan()).map(|x| (x / largest).powi(2)).sum();
            let norm = if largest > 0.0 { largest * squares.sqrt() } else { 1.0 };
            column.iter().map(|x| weight * x / norm).collect()
        })
        .collect();
    let extreme = |better: fn(f64, f64) -> f64, start: f64| -> Vec<f64> {
        let best = |c: &Vec<f64>| c.iter().copied().filter(|x| !x.is_nan()).fold(start, better);
        scaled.iter().map(best).collect()
    };
    let best = extreme(f64::max, f64::NEG_INFINITY);
    let worst = extreme(f64::min, f64::INFINITY);
    rows(&scaled, |row| {
        let distance = |to: &[f64]| -> f64 {
            let squares = row.iter().zip(to).filter(|(x, _)| !x.is_nan());
            squares.map(|(x, t)| (x - t).powi(2)).sum::<f64>().sqrt()
        };
        if row.iter().all(|x| x.is_nan()) {
            return f64::NAN;
        }
        let (to_best, to_worst) = (distance(&best), distance(&worst));
        if to_best + to_worst == 0.0 { 0.5 } else { to_worst / (to_best + to_worst) }
    })
}

/// 1 less the distance to the pattern of best z-scores over mean + 2 sd of these distances.
///
/// Where all units are equally far (one unit, constant columns) the answer is 1 for distance 0.
pub(super) fn wroclaw(columns: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let z = standardised(columns, 0.0, 1.0);
    let best: Vec<f64> = z
        .iter()
        .map(|c| c.iter().copied().filter(|x| !x.is_nan()).fold(f64::NEG_INFINITY, f64::max))
        .collect();
    let distances = rows(&z, |row| {
        let present = || row.iter().zip(&best).zip(weights).filter(|((x, _), _)| !x.is_nan());
        let total: f64 = present().map(|(_, w)| w).sum();
        (present().map(|((x, b), w)| w * (x - b).powi(2)).sum::<f64>() / total).sqrt()
    });
    let (mean, sd) = moments(&distances);
    let farthest = mean + 2.0 * sd;
    distances.iter().map(|d| if farthest > 0.0 { 1.0 - d / farthest } else { 1.0 - d }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copeland_counts_duels_and_ignores_row_order() {
        // Two of three equal children prefer the first unit; the third has missing values.
        let columns = vec![vec![3.0, 2.0, 1.0], vec![3.0, 1.0, 2.0], vec![1.0, f64::NAN, 2.0]];
        let weights = [1.0 / 3.0; 3];
        let scores = copeland(&columns, &weights);
        assert_eq!(scores, [2.0, -1.0, -1.0]);
        let turned: Vec<Vec<f64>> =
            columns.iter().map(|c| c.iter().rev().copied().collect()).collect();
        let back: Vec<f64> = copeland(&turned, &weights).into_iter().rev().collect();
        assert_eq!(back, scores);
    }

    #[test]
    fn topsis_is_one_for_the_best_and_zero_for_the_worst() {
        let columns = vec![vec![3.0, 0.0, 1.5], vec![4.0, 0.0, 2.0]];
        let scores = topsis(&columns, &[0.5, 0.5]);
        assert_eq!(&scores[..2], &[1.0, 0.0]);
        assert!((scores[2] - 0.5).abs() < 1e-15);
        assert_eq!(topsis(&[vec![2.0, 2.0]], &[1.0]), [0.5, 0.5]);
    }

    #[test]
    fn a_balanced_profile_pays_no_penalty() {
        let columns = vec![vec![1.0, 2.0, 3.0], vec![10.0, 20.0, 30.0]];
        let scaled = standardised(&columns, 100.0, 10.0);
        let index = penalised(&scaled, &[0.5, 0.5], false);
        assert!((index[1] - 100.0).abs() < 1e-12);
        let step = 10.0 * (3.0_f64 / 2.0).sqrt();
        assert!((index[2] - (100.0 + step)).abs() < 1e-12);
        // 90 and 110: mean 100, variance 100, penalty 1.
        let uneven = penalised(&[vec![90.0], vec![110.0]], &[0.5, 0.5], false);
        assert_eq!(uneven, [99.0]);
        assert_eq!(penalised(&[vec![90.0], vec![110.0]], &[0.5, 0.5], true), [101.0]);
    }

    #[test]
    fn the_pattern_itself_scores_one_in_wroclaw() {
        let scores = wroclaw(&[vec![3.0, 1.0, 2.0], vec![5.0, 1.0, 3.0]], &[0.5, 0.5]);
        assert_eq!(scores[0], 1.0);
        assert!(scores[1] < scores[2] && scores[2] < 1.0);
        assert_eq!(wroclaw(&[vec![3.0]], &[1.0]), [1.0]);
    }
}
