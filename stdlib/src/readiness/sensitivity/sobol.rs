//! Which choice moves the ranks: variance-based indices of first and total order.
//!
//! The output is the mean absolute change of rank against the index as given, or the index of one
//! unit. Where every choice
//! is one of finitely many, all combinations are counted and the indices are exact. Otherwise
//! Saltelli's design on a quasi-random sequence, with the output centred (Saltelli et al. 2010 for
//! the first order, Jansen 1999 for the total) and bootstrap intervals.

use rand::RngExt;
use rayon::prelude::*;

use super::Study;
use super::kernel::{rank_into, score};
use crate::context::{Context, rng};
use crate::error::{Error, Result};
use crate::table::{Table, Vector};

/// First and total order indices of each choice.
#[derive(Debug, Clone)]
pub struct Sobol {
    /// Columns: `factor`, `options` (missing where continuous), `first`, `first_low`, `first_high`,
    /// `total`, `total_low`, `total_high`; 95 % intervals, missing where the indices are exact.
    pub table: Table,
    /// Whether all combinations were counted.
    pub exact: bool,
    /// Runs of the index behind it.
    pub runs: usize,
}

/// A choice and the number of its options; `None` for drawn weights.
struct Factor {
    name: &'static str,
    options: Option<usize>,
}

fn factors(study: &Study<'_>) -> Vec<Factor> {
    let mut factors = Vec::new();
    for (name, count) in [
        ("normalise", study.normalisers.len()),
        ("aggregate", study.aggregators.len()),
        ("zero", study.zeros.len()),
        ("item left out", study.removals.len()),
    ] {
        if count > 1 {
            factors.push(Factor { name, options: Some(count) });
        }
    }
    if study.weigher.varies() {
        factors.push(Factor { name: "weights", options: study.weigher.experts() });
    }
    factors
}

/// What is explained, for one point of the unit cube: the mean absolute change of rank, or the
/// index of one unit.
fn output(study: &Study<'_>, factors: &[Factor], point: &[f64], stream: u64) -> Result<f64> {
    let mut chosen = [0; 4];
    let mut expert = None;
    let mut drawn = None;
    for (factor, x) in factors.iter().zip(point) {
        let pick = factor.options.map(|n| ((x * n as f64) as usize).min(n - 1));
        match factor.name {
            "normalise" => chosen[0] = pick.unwrap_or(0),
            "aggregate" => chosen[1] = pick.unwrap_or(0),
            "zero" => chosen[2] = pick.unwrap_or(0),
            "item left out" => chosen[3] = pick.unwrap_or(0),
            _ => match pick {
                Some(pick) => expert = Some(pick),
                None => drawn = Some(*x),
            },
        }
    }
    let variant = study.variant(chosen[0], chosen[1], chosen[2], chosen[3]);
    let plan = &study.variants[variant].result.plan;
    let weights = match (expert, drawn) {
        (Some(expert), _) => study.weigher.expert(plan, expert),
        // A continuous set of weights is one factor: the point's coordinate seeds its draw.
        (None, Some(x)) => study.weigher.draw(plan, &mut rng(x.to_bits(), stream)),
        (None, None) => plan.groups.iter().map(|group| group.weights.clone()).collect(),
    };
    let index = score(study, variant, &[weights.as_slice()])?;
    if let Some(unit) = study.of {
        return if index[unit].is_nan() {
            Err(Error::Invalid {
                primitive: "sensitivity",
                parameter: "of",
                rule: "name a unit that has an index in every run".into(),
                value: study.params.sobol_of.clone().unwrap_or_default(),
            })
        } else {
            Ok(index[unit])
        };
    }
    let mut ranks = vec![0; index.len()];
    rank_into(&index, &mut Vec::new(), &mut ranks);
    let (mut shift, mut units) = (0.0, 0.0);
    for (rank, nominal) in ranks.iter().zip(&study.nominal_ranks) {
        if let (Some(nominal), true) = (nominal, *rank > 0) {
            shift += nominal.abs_diff(i64::from(*rank)) as f64;
            units += 1.0;
        }
    }
    Ok(if units > 0.0 { shift / units } else { 0.0 })
}

/// Most combinations that are counted instead of sampled.
const COUNTED: usize = 200_000;

pub(super) fn indices(study: &Study<'_>, context: &Context) -> Result<Sobol> {
    if study.params.noise > 0.0 {
        return Err(Error::Invalid {
            primitive: "sensitivity",
            parameter: "sobol",
            rule: "be 0 where worths carry noise, which is no choice".into(),
            value: study.params.sobol.to_string(),
        });
    }
    let factors = factors(study);
    if factors.is_empty() {
        return Err(Error::Invalid {
            primitive: "sensitivity",
            parameter: "sobol",
            rule: "be 0 where nothing varies".into(),
            value: study.params.sobol.to_string(),
        });
    }
    let combinations = factors
        .iter()
        .try_fold(1_usize, |product, factor| product.checked_mul(factor.options?))
        .filter(|product| *product <= COUNTED);
    match combinations {
        Some(combinations) => counted(study, &factors, combinations, context),
        None => sampled(study, &factors, context),
    }
}

/// Exact indices: conditional means over all combinations.
fn counted(
    study: &Study<'_>,
    factors: &[Factor],
    combinations: usize,
    context: &Context,
) -> Result<Sobol> {
    let sizes: Vec<usize> = factors.iter().map(|factor| factor.options.unwrap_or(1)).collect();
    let digits = |mut number: usize| -> Vec<usize> {
        sizes
            .iter()
            .map(|size| {
                let digit = number % size;
                number /= size;
                digit
            })
            .collect()
    };
    let values: Vec<f64> = (0..combinations)
        .into_par_iter()
        .map(|number| {
            context.check()?;
            let point: Vec<f64> = digits(number)
                .iter()
                .zip(&sizes)
                .map(|(digit, size)| (*digit as f64 + 0.5) / *size as f64)
                .collect();
            output(study, factors, &point, 0)
        })
        .collect::<Result<_>>()?;
    let (first, total) = exact(&values, &sizes);
    let missing = vec![(None, None); factors.len()];
    table(factors, &first, &total, &missing, &missing, true, combinations)
}

/// First and total order of a function on a full grid; the first factor runs fastest.
fn exact(values: &[f64], sizes: &[usize]) -> Orders {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let (mut first, mut total) = (Vec::new(), Vec::new());
    let mut stride = 1;
    for size in sizes {
        let mut own = vec![0.0; *size];
        let mut others = std::collections::BTreeMap::new();
        for (number, value) in values.iter().enumerate() {
            let digit = number / stride % size;
            own[digit] += value * *size as f64 / n;
            let rest = number - digit * stride;
            *others.entry(rest).or_insert(0.0) += value / *size as f64;
        }
        let between = own.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / *size as f64;
        let without =
            others.values().map(|m: &f64| (m - mean).powi(2)).sum::<f64>() / others.len() as f64;
        let share = |v: f64| if variance > 0.0 { v / variance } else { 0.0 };
        first.push(share(between));
        total.push(share(variance - without));
        stride *= size;
    }
    (first, total)
}

/// Rows of an additive quasi-random sequence (Roberts 2018) with a random shift.
fn sequence(rows: usize, columns: usize, seed: u64) -> Vec<Vec<f64>> {
    // The root of x^(d + 1) = x + 1 gives the step of least discrepancy in d dimensions.
    let mut root: f64 = 2.0;
    for _ in 0..60 {
        root = (1.0 + root).powf(1.0 / (columns as f64 + 1.0));
    }
    let mut rng = rng(seed, u64::MAX);
    let shift: Vec<f64> = (0..columns).map(|_| rng.random()).collect();
    (0..rows)
        .map(|row| {
            (0..columns)
                .map(|column| {
                    let step = root.powi(-(column as i32 + 1));
                    (shift[column] + (row as f64 + 1.0) * step).fract()
                })
                .collect()
        })
        .collect()
}

fn sampled(study: &Study<'_>, factors: &[Factor], context: &Context) -> Result<Sobol> {
    let (n, d) = (study.params.sobol, factors.len());
    let points = sequence(n, 2 * d, study.params.seed);
    let rows: Vec<(f64, f64, Vec<f64>)> = points
        .par_iter()
        .enumerate()
        .map(|(row, point)| {
            context.check()?;
            let (a, b) = point.split_at(d);
            let stream = study.params.seed;
            let base = output(study, factors, a, stream)?;
            let other = output(study, factors, b, stream)?;
            let mixed = (0..d)
                .map(|factor| {
                    let mut point = a.to_vec();
                    point[factor] = b[factor];
                    output(study, factors, &point, stream)
                })
                .collect::<Result<Vec<_>>>()?;
            context.report("sobol", row as u64 + 1, n as u64);
            Ok((base, other, mixed))
        })
        .collect::<Result<_>>()?;
    let all: Vec<usize> = (0..n).collect();
    let (first, total) = estimate(&rows, &all, d);
    let mut resampled: Vec<Orders> = Vec::new();
    let mut rng = rng(study.params.seed, u64::MAX - 1);
    for _ in 0..500 {
        context.check()?;
        let picked: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
        resampled.push(estimate(&rows, &picked, d));
    }
    let interval = |get: &dyn Fn(&Orders) -> f64| {
        let values: Vec<f64> = resampled.iter().map(get).collect();
        (crate::stats::quantile(&values, 0.025), crate::stats::quantile(&values, 0.975))
    };
    let firsts: Vec<_> = (0..d).map(|f| interval(&|r| r.0[f])).collect();
    let totals: Vec<_> = (0..d).map(|f| interval(&|r| r.1[f])).collect();
    table(factors, &first, &total, &firsts, &totals, false, n * (d + 2))
}

/// First and total order indices, one of each per factor.
type Orders = (Vec<f64>, Vec<f64>);

/// The centred estimators over the rows `picked`.
fn estimate(rows: &[(f64, f64, Vec<f64>)], picked: &[usize], factors: usize) -> Orders {
    let n = picked.len() as f64;
    let mean = picked.iter().map(|r| rows[*r].0 + rows[*r].1).sum::<f64>() / (2.0 * n);
    let variance = picked
        .iter()
        .map(|r| (rows[*r].0 - mean).powi(2) + (rows[*r].1 - mean).powi(2))
        .sum::<f64>()
        / (2.0 * n);
    let share = |v: f64| if variance > 0.0 { v / variance } else { 0.0 };
    let first = |f: usize| {
        picked.iter().map(|r| (rows[*r].1 - mean) * (rows[*r].2[f] - rows[*r].0)).sum::<f64>() / n
    };
    let total = |f: usize| {
        picked.iter().map(|r| (rows[*r].0 - rows[*r].2[f]).powi(2)).sum::<f64>() / (2.0 * n)
    };
    (
        (0..factors).map(|f| share(first(f))).collect(),
        (0..factors).map(|f| share(total(f))).collect(),
    )
}

type Interval = (Option<f64>, Option<f64>);

fn table(
    factors: &[Factor],
    first: &[f64],
    total: &[f64],
    firsts: &[Interval],
    totals: &[Interval],
    exact: bool,
    runs: usize,
) -> Result<Sobol> {
    let options: arrow_array::Int64Array =
        factors.iter().map(|factor| factor.options.map(|n| n as i64)).collect();
    let table = Table::new([
        ("factor", Vector::from_texts(factors.iter().map(|factor| factor.name))),
        ("options", Vector::new(std::sync::Arc::new(options))),
        ("first", Vector::from_floats(first.iter().copied())),
        ("first_low", Vector::from_options(firsts.iter().map(|i| i.0))),
        ("first_high", Vector::from_options(firsts.iter().map(|i| i.1))),
        ("total", Vector::from_floats(total.iter().copied())),
        ("total_low", Vector::from_options(totals.iter().map(|i| i.0))),
        ("total_high", Vector::from_options(totals.iter().map(|i| i.1))),
    ])?
    .labelled_by("factor")?;
    Ok(Sobol { table, exact, runs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_grid_gives_exact_indices() {
        // f = x + 2 y on {0, 1} x {0, 1, 2}: variances 1/4 and 4 * 2/3, no interaction.
        let values: Vec<f64> = (0..6).map(|n| f64::from(n % 2) + 2.0 * f64::from(n / 2)).collect();
        let (first, total) = exact(&values, &[2, 3]);
        let (x, y) = (0.25, 8.0 / 3.0);
        for (got, want) in first.iter().chain(&total).zip([x, y, x, y]) {
            assert!((got - want / (x + y)).abs() < 1e-14);
        }
        // f = x y on {0, 1}^2 interacts: first 1/3, total 2/3 each.
        let (first, total) = exact(&[0.0, 0.0, 0.0, 1.0], &[2, 2]);
        assert!((first[0] - 1.0 / 3.0).abs() < 1e-14 && (total[1] - 2.0 / 3.0).abs() < 1e-14);
    }

    #[test]
    fn sampled_indices_lie_within_three_deviations_of_the_exact() {
        use crate::readiness::sensitivity::{SensitivityParams, WeightDraw, prepare};
        use crate::readiness::{
            Aggregator, Callbacks, Framework, Item, Node, Normaliser, ReadinessParams, Scale,
            readiness,
        };
        use crate::table::csv::{ReadOptions, read_str};
        let leaf = |code: &str| Node::item(code, Item::on(Scale::Percent));
        let root = Node::group("index", ["a", "b", "c"].map(leaf).into());
        let framework = Framework::new("three", root);
        let csv = "u,a,b,c\nA,90,20,50\nB,30,85,40\nC,55,50,60\nD,20,30,95\nE,70,60,10\n";
        let table = read_str(csv, "t", &ReadOptions::default()).unwrap();
        let base = ReadinessParams::default();
        let nominal = readiness(&table, &framework, &base).unwrap();
        let context = Context::default();
        for of in [None, Some("C".to_owned())] {
            let params = SensitivityParams {
                weights: WeightDraw::Panel,
                panel: vec![vec![3.0, 1.0, 1.0], vec![1.0, 3.0, 1.0], vec![1.0, 1.0, 4.0]],
                normalise: vec![Normaliser::Declared, Normaliser::Minmax],
                aggregate: vec![Aggregator::Arithmetic, Aggregator::Geometric, Aggregator::Min],
                sobol: 4000,
                sobol_of: of,
                seed: 5,
                ..SensitivityParams::default()
            };
            let mut none = Callbacks::default();
            let study =
                prepare(&table, &framework, &base, &params, &nominal, &mut none, &context).unwrap();
            let factors = factors(&study);
            let exact = counted(&study, &factors, 2 * 3 * 3, &context).unwrap().table;
            let drawn = sampled(&study, &factors, &context).unwrap().table;
            for factor in exact.row_names() {
                for order in ["first", "total"] {
                    let get = |table: &Table, column: &str| {
                        table.at(&factor, column).unwrap().as_f64().unwrap()
                    };
                    let (low, high) = (format!("{order}_low"), format!("{order}_high"));
                    let sd = (get(&drawn, &high) - get(&drawn, &low)) / (2.0 * 1.96);
                    let off = (get(&drawn, order) - get(&exact, order)).abs();
                    assert!(
                        sd > 0.0 && sd < 0.1 && off <= 3.0 * sd,
                        "{factor} {order}: {off} {sd}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_sequence_fills_the_square_evenly() {
        let points = sequence(4096, 2, 1);
        for cell in 0..16 {
            let (a, b) = (f64::from(cell % 4) / 4.0, f64::from(cell / 4) / 4.0);
            let inside =
                |p: &&Vec<f64>| (a..a + 0.25).contains(&p[0]) && (b..b + 0.25).contains(&p[1]);
            let count = points.iter().filter(inside).count();
            assert!((250..=262).contains(&count), "{count}");
        }
    }
}
