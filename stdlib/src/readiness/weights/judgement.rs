//! Weights from judgements: pairwise comparisons, best and worst, expert panels.
//!
//! Sources: Saaty (1980) for the analytic hierarchy process; Rezaei (2016) for the linear
//! best-worst method; Kendall and Smith (1939) for the coefficient of concordance.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::lp;
use crate::error::Result;
use crate::readiness::ReadinessError;
use crate::stats::rank::{Ties, ranks};
use crate::table::{Table, Vector};

/// Weights of a matrix of pairwise comparisons.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_field_names)] // Saaty's own terms.
pub struct Ahp {
    /// Criteria.
    pub names: Vec<String>,
    /// Principal eigenvector, summing to 1.
    pub weights: Vec<f64>,
    /// Principal eigenvalue, at least the number of criteria.
    pub lambda_max: f64,
    /// `(lambda_max - n) / (n - 1)`; 0 below two criteria.
    pub consistency_index: f64,
    /// Mean consistency index of random matrices of this size (Saaty 1980).
    pub random_index: f64,
    /// `consistency_index / random_index`; 0 below three criteria, where none can be inconsistent.
    pub consistency_ratio: f64,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Saaty's random index for `n` criteria (from 15 on, that of 15).
pub fn random_index(n: usize) -> f64 {
    const TABLE: [f64; 16] = [
        0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
    ];
    TABLE[n.min(15)]
}

fn undefined(primitive: &str, reason: String, hint: &str) -> crate::Error {
    ReadinessError::Undefined { primitive: primitive.to_owned(), reason, hint: hint.to_owned() }
        .into()
}

/// Weights from a reciprocal matrix: row i, column j says how many times i outweighs j.
pub fn ahp(rows: &[Vec<f64>], names: &[String]) -> Result<Ahp> {
    let n = rows.len();
    if n == 0 || rows.iter().any(|row| row.len() != n) || names.len() != n {
        let reason = format!("needs a square matrix and as many names, got {n} rows");
        return Err(undefined("ahp", reason, "one row and one column per criterion"));
    }
    let comparisons = DMatrix::from_fn(n, n, |i, j| rows[i][j]);
    for i in 0..n {
        for j in 0..n {
            let value = comparisons[(i, j)];
            if !(value.is_finite() && value > 0.0) {
                let reason = format!("{} against {} is {value}", names[i], names[j]);
                return Err(undefined("ahp", reason, "comparisons are above 0"));
            }
            if (value * comparisons[(j, i)] - 1.0).abs() > 1e-3 {
                let back = comparisons[(j, i)];
                let reason = format!(
                    "{} against {} is {value}, but {back} the other way round",
                    names[i], names[j]
                );
                return Err(undefined("ahp", reason, "a_ji must be 1 / a_ij"));
            }
        }
    }
    let mut weights = DVector::from_element(n, 1.0 / n as f64);
    let mut lambda_max = n as f64;
    // A positive matrix has one dominant eigenvector; power iteration converges geometrically.
    for _ in 0..10_000 {
        let image = &comparisons * &weights;
        let sum = image.sum();
        let next = image / sum;
        let moved = (&next - &weights).amax();
        weights = next;
        lambda_max = sum;
        if moved < 1e-15 {
            break;
        }
    }
    let size = n as f64;
    let consistency_index = if n > 1 { ((lambda_max - size) / (size - 1.0)).max(0.0) } else { 0.0 };
    let random_index = random_index(n);
    let consistency_ratio = if random_index > 0.0 { consistency_index / random_index } else { 0.0 };
    let mut warnings = Vec::new();
    if consistency_ratio > 0.1 {
        warnings.push(format!(
            "consistency ratio {consistency_ratio:.3} (random index {random_index}) is above 0.1: \
             revise the comparisons"
        ));
    }
    if n > 15 {
        warnings.push("the random index is tabled up to 15 criteria; that of 15 is used".into());
    }
    Ok(Ahp {
        names: names.to_vec(),
        weights: weights.iter().copied().collect(),
        lambda_max,
        consistency_index,
        random_index,
        consistency_ratio,
        warnings,
    })
}

/// Weights by the linear best-worst method.
#[derive(Debug, Clone, PartialEq)]
pub struct BestWorst {
    /// Criteria.
    pub names: Vec<String>,
    /// At least 0, summing to 1.
    pub weights: Vec<f64>,
    /// Largest violation `|w_best - a w_j|` or `|w_j - a w_worst|`; 0 for consistent judgements.
    pub xi: f64,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Weights from how many times the best outweighs each criterion and each outweighs the worst.
///
/// Both lists are in order of `names` and hold 1 for the best (worst) itself.
pub fn best_worst(names: &[String], best_to: &[f64], to_worst: &[f64]) -> Result<BestWorst> {
    let n = names.len();
    let bad = |values: &[f64]| values.iter().any(|v| !(v.is_finite() && *v >= 1.0));
    if n < 2 || best_to.len() != n || to_worst.len() != n || bad(best_to) || bad(to_worst) {
        let reason = "needs two lists of comparisons of at least 1, one per criterion".to_owned();
        return Err(undefined("best_worst", reason, "1 stands for the best or worst itself"));
    }
    let one = |values: &[f64]| values.iter().position(|v| (*v - 1.0).abs() < 1e-12);
    let (Some(best), Some(worst)) = (one(best_to), one(to_worst)) else {
        let reason = "neither list may lack a 1".to_owned();
        return Err(undefined("best_worst", reason, "the best against itself is 1"));
    };
    // Variables: w_1 .. w_n, xi. Minimise xi.
    let mut rows: Vec<(Vec<f64>, f64)> = Vec::new();
    let mut bound = |plus: usize, minus: usize, times: f64| {
        for sign in [1.0, -1.0] {
            let mut row = vec![0.0; n + 1];
            row[plus] += sign;
            row[minus] -= sign * times;
            row[n] = -1.0;
            rows.push((row, 0.0));
        }
    };
    for j in 0..n {
        if j != best {
            bound(best, j, best_to[j]);
        }
        if j != worst {
            bound(j, worst, to_worst[j]);
        }
    }
    let mut objective = vec![0.0; n + 1];
    objective[n] = 1.0;
    let mut sum = vec![1.0; n + 1];
    sum[n] = 0.0;
    let x = lp::solve("best_worst", &objective, &rows, &[(sum, 1.0)])?;
    let xi = x[n].max(0.0);
    let total: f64 = x[..n].iter().map(|w| w.max(0.0)).sum();
    let mut warnings = Vec::new();
    if xi > 0.1 {
        warnings.push(format!("the judgements contradict each other by {xi:.3} (xi)"));
    }
    let weights = x[..n].iter().map(|w| w.max(0.0) / total).collect();
    Ok(BestWorst { names: names.to_vec(), weights, xi, warnings })
}

/// Mean weights of a panel and how far its members agree.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpertWeights {
    /// Criteria.
    pub names: Vec<String>,
    /// Mean over experts of each one's weights, which are first divided by their sum.
    pub weights: Vec<f64>,
    /// Standard deviation of the experts' weights by criterion; missing below two experts.
    pub sd: Vec<Option<f64>>,
    /// Kendall's coefficient of concordance, 0 (none) to 1 (full), corrected for ties.
    pub kendall_w: Option<f64>,
    /// Probability of at least this concordance if experts ranked at random (chi-square).
    pub p_value: Option<f64>,
    /// Experts.
    pub experts: usize,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

impl ExpertWeights {
    /// The weights as a labelled vector.
    pub fn vector(&self) -> Result<Vector> {
        Ok(Vector::from_floats(self.weights.iter().copied()).labelled(&self.names)?.named("weight"))
    }
}

/// Weights of a panel: experts in rows, criteria in columns, points of any sum.
pub fn expert_weights(panel: &Table) -> Result<ExpertWeights> {
    let primitive = "expert_weights";
    let data = panel.numeric()?.matrix(primitive, None)?;
    let (m, n) = data.values.shape();
    let mut shares = data.values.clone();
    for (row, label) in (0..m).zip(&data.labels) {
        let sum = data.values.row(row).sum();
        let negative = data.values.row(row).iter().any(|w| *w < 0.0);
        if negative || sum <= 0.0 {
            let reason = format!("points of {label} must be at least 0 and not all 0");
            return Err(undefined(primitive, reason, ""));
        }
        shares.row_mut(row).apply(|w| *w /= sum);
    }
    let column = |j: usize| -> Vec<f64> { shares.column(j).iter().copied().collect() };
    let weights = (0..n).map(|j| shares.column(j).mean()).collect();
    let sd = (0..n).map(|j| crate::stats::sample_sd(&column(j))).collect();
    let (kendall_w, p_value) = concordance(&shares);
    let mut warnings = Vec::new();
    if let Some(w) = kendall_w.filter(|w| *w < 0.5) {
        warnings.push(format!("the experts agree little (Kendall W = {w:.3})"));
    }
    let names = data.columns;
    Ok(ExpertWeights { names, weights, sd, kendall_w, p_value, experts: m, warnings })
}

/// Kendall's W of the rows' rankings and its chi-square probability.
fn concordance(shares: &DMatrix<f64>) -> (Option<f64>, Option<f64>) {
    let (m, n) = shares.shape();
    if m < 2 || n < 2 {
        return (None, None);
    }
    let mut sums = vec![0.0; n];
    let mut ties = 0.0;
    for row in shares.row_iter() {
        let values: Vec<f64> = row.iter().copied().collect();
        let ranked = ranks(&values, Ties::Average, false);
        for (sum, rank) in sums.iter_mut().zip(&ranked) {
            *sum += rank;
        }
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        for group in sorted.chunk_by(|a, b| a == b) {
            let t = group.len() as f64;
            ties += t.powi(3) - t;
        }
    }
    let (experts, criteria) = (m as f64, n as f64);
    let mean = experts * (criteria + 1.0) / 2.0;
    let squares: f64 = sums.iter().map(|s| (s - mean).powi(2)).sum();
    let most = experts.powi(2) * (criteria.powi(3) - criteria) - experts * ties;
    if most <= 0.0 {
        return (None, None);
    }
    let w = (12.0 * squares / most).clamp(0.0, 1.0);
    let statistic = experts * (criteria - 1.0) * w;
    let p = ChiSquared::new(criteria - 1.0).ok().map(|chi| chi.sf(statistic));
    (Some(w), p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::{ReadOptions, read_str};

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("c{i}")).collect()
    }

    #[test]
    fn a_consistent_matrix_gives_back_its_weights() {
        let w: [f64; 3] = [0.6, 0.3, 0.1];
        let matrix: Vec<Vec<f64>> = w.iter().map(|a| w.iter().map(|b| a / b).collect()).collect();
        let answer = ahp(&matrix, &names(3)).unwrap();
        for (got, want) in answer.weights.iter().zip(w) {
            assert!((got - want).abs() < 1e-14);
        }
        assert!((answer.lambda_max - 3.0).abs() < 1e-13);
        assert!(answer.consistency_ratio < 1e-12);
        assert_eq!(answer.random_index, 0.58);
    }

    #[test]
    fn a_circle_of_preferences_is_inconsistent() {
        // a beats b beats c beats a, each 3 to 1: all weights equal, lambda = 1 + 3 + 1/3.
        let third = 1.0 / 3.0;
        let matrix = [vec![1.0, 3.0, third], vec![third, 1.0, 3.0], vec![3.0, third, 1.0]];
        let answer = ahp(&matrix, &names(3)).unwrap();
        assert!((answer.lambda_max - 13.0 / 3.0).abs() < 1e-12);
        assert!((answer.consistency_ratio - 2.0 / 3.0 / 0.58).abs() < 1e-12);
        assert_eq!(answer.warnings.len(), 1);
        let lopsided = [vec![1.0, 3.0], vec![3.0, 1.0]];
        let error = ahp(&lopsided, &names(2)).unwrap_err().to_string();
        assert!(error.contains("c0 against c1 is 3, but 3 the other way round"), "{error}");
    }

    #[test]
    fn consistent_best_worst_judgements_have_no_violation() {
        // w = (8, 4, 2, 1) / 15.
        let answer = best_worst(&names(4), &[1.0, 2.0, 4.0, 8.0], &[8.0, 4.0, 2.0, 1.0]).unwrap();
        for (got, want) in answer.weights.iter().zip([8.0, 4.0, 2.0, 1.0]) {
            assert!((got - want / 15.0).abs() < 1e-7, "{:?}", answer.weights);
        }
        assert!(answer.xi < 1e-7);
    }

    #[test]
    fn experts_agree_fully_or_not_at_all() {
        let read = |csv| read_str(csv, "t", &ReadOptions::default()).unwrap();
        let same = expert_weights(&read("e,a,b,c\nx,5,3,2\ny,50,30,20\nz,6,3,1\n")).unwrap();
        assert!((same.kendall_w.unwrap() - 1.0).abs() < 1e-14);
        assert!((same.weights[0] - (0.5 + 0.5 + 0.6) / 3.0).abs() < 1e-15);
        let opposite = expert_weights(&read("e,a,b\nx,2,1\ny,1,2\n")).unwrap();
        assert_eq!(opposite.kendall_w, Some(0.0));
        assert!((opposite.p_value.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(opposite.warnings.len(), 1);
    }
}
