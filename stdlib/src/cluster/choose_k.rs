//! How many clusters: every criterion side by side, and a vote.
//!
//! For `k = 1..=max` the data are partitioned by one method, and each criterion of
//! [`indices`](super::indices) picks the `k` it likes best; so do the mean silhouette, Hartigan's rule
//! (the smallest `k` with `(W_k/W_{k+1} - 1)(n - k - 1) <= 10`, 1975), Krzanowski and Lai's ratio
//! (1988), the bend of the within sum of squares (`wss`: its largest second difference, the `TraceW` of
//! Milligan and Cooper, 1985), for trees the tests of each split, and the gap statistic under its paper's
//! rule. That is `NbClust`'s family and more. The vote counts each criterion once. A criterion that does
//! not exist for these data is left out and the reason kept; nothing stops the rest.

use std::sync::Arc;

use super::board::Board;
use super::error::ClusterError;
use super::gap::{Gap, GapParams, gap};
use super::indices::{Ground, NAMES};
use super::method::Method;
use super::partition::Clustering;
use crate::context::Context;
use crate::error::Result;
use crate::table::{Matrix, Table, Vector};

/// How to compare numbers of clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct ChooseParams {
    /// Largest `k`, at least 2 and less than the number of rows; `min(10, n - 1)` when `None`.
    pub max: Option<usize>,
    /// The method; k-means by default.
    pub method: Method,
    /// The gap statistic; `None` leaves it out.
    pub gap: Option<GapParams>,
}

impl Default for ChooseParams {
    fn default() -> Self {
        Self {
            max: None,
            method: Method::Kmeans(super::kmeans::KmeansParams::default()),
            gap: Some(GapParams::default()),
        }
    }
}

/// What a criterion said.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Criterion or rule, e.g. `"silhouette"`, `"gap (tibshirani)"`.
    pub rule: String,
    /// The `k` it picks.
    pub k: usize,
    /// Its value there; missing where the rule looks at changes.
    pub value: Option<f64>,
    /// What makes it pick, e.g. `"largest"`.
    pub how: &'static str,
    /// Whether it counts in the vote.
    pub votes: bool,
}

/// Criteria for `k = 1..=max`.
#[derive(Debug, Clone)]
pub struct ChooseK {
    /// The partitions, `max` of them; number `k - 1` has `k` clusters.
    pub partitions: Vec<Clustering>,
    /// Name and values (`max` of them, missing where it does not exist) of each criterion.
    pub criteria: Vec<(String, Vec<Option<f64>>)>,
    /// The gap curve.
    pub gap: Option<Gap>,
    /// What each criterion picks.
    pub picks: Vec<Pick>,
    /// Criteria left out and why.
    pub skipped: Vec<(String, String)>,
    /// `k` and its votes, most first, of equals the smaller `k`.
    pub votes: Vec<(usize, usize)>,
    /// The method, in words.
    pub method: String,
    /// The gap's settings, in words.
    pub gap_method: Option<String>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Compares numbers of clusters of the rows of `data`.
pub fn choose_k(data: &Arc<Matrix>, params: &ChooseParams, context: &Context) -> Result<ChooseK> {
    let (n, p) = data.values.shape();
    if n < 3 {
        return Err(ClusterError::TooFewRows { primitive: "choose_k", rows: n, needed: 3 }.into());
    }
    let max = params.max.unwrap_or(10.min(n - 1));
    if max < 2 || max >= n {
        return Err(ClusterError::BadMax { max, most: n - 1 }.into());
    }
    // One more than asked: some criteria look at the next k.
    let mut partitions = params.method.clusterings(data, max + 1, context)?;
    let ground = Ground::new(&data.values);
    let w: Vec<f64> = partitions.iter().map(Clustering::tot_withinss).collect::<Result<_>>()?;
    let mut board = Board::default();
    board.add("wss", w[..max].iter().copied().map(Some).collect(), None);
    let mut silhouettes = vec![None; max];
    let mut columns = vec![vec![None; max]; NAMES.len()];
    let mut reasons: Vec<Option<&'static str>> = vec![None; NAMES.len()];
    let mut judged = Vec::with_capacity(max);
    for k in 2..=max {
        context.check()?;
        context.report("choose_k", k as u64, max as u64);
        let clustering = &partitions[k - 1];
        silhouettes[k - 1] = Some(clustering.silhouette(context)?.mean);
        let found = ground.all(&clustering.labels, clustering.k);
        for (index, value) in found.values.iter().enumerate() {
            match value {
                Ok(value) => columns[index][k - 1] = Some(*value),
                Err(reason) => reasons[index] = reasons[index].or(Some(reason)),
            }
        }
        judged.push(found);
    }
    board.add("silhouette", silhouettes, None);
    for ((name, mut column), reason) in NAMES.iter().zip(columns).zip(reasons) {
        // What one cluster is worth, where it is defined, so that the step to two can be seen.
        column[0] = match *name {
            "ball_hall" => Some(w[0] / n as f64),
            "scott_symons" | "friedman_rubin" => column[1].map(|_| 0.0),
            "rubin" => column[1].map(|_| 1.0),
            "trace_cov_w" => Some(w[0] / (n - 1) as f64),
            "d_index" => Some(ground.mean_distance()),
            _ => None,
        };
        board.add(name, column, reason);
    }
    board.sd(&judged);
    board.hartigan(&w, n, max);
    board.krzanowski_lai(&w, p, max);
    let labels: Vec<&[usize]> = partitions.iter().map(|c| c.labels.as_slice()).collect();
    board.splits(&data.values, &labels);
    let last = ground.mean_distances(labels[max]);
    board.frey(&judged, last);
    let mut gap_method = None;
    let gap = match &params.gap {
        None => None,
        Some(settings) => {
            gap_method = Some(describe_gap(settings, &params.method));
            match gap(data, max, &params.method, settings, context) {
                Ok(gap) => {
                    board.gap(&gap);
                    Some(gap)
                }
                Err(crate::Error::Cluster(ClusterError::NoSolution { reason, .. })) => {
                    board.skipped.push(("gap".into(), reason));
                    None
                }
                Err(error) => return Err(error),
            }
        }
    };
    partitions.truncate(max);
    let votes = board.votes();
    let mut warnings = Vec::new();
    if p * 2 >= n {
        warnings.push(format!(
            "{p} columns for {n} rows: distances hardly separate units, and criteria that need \
             covariances do not exist; fewer columns, or the first components of pca, say more"
        ));
    }
    if let Some((k, _)) = votes.first() {
        let alone = partitions[k - 1].singletons().len();
        if alone > 0 {
            warnings.push(format!(
                "single units among the {k} clusters of the vote: {alone}; criteria reward cutting off \
                 outliers"
            ));
        }
    }
    Ok(ChooseK {
        partitions,
        criteria: board.criteria,
        gap,
        picks: board.picks,
        skipped: board.skipped,
        votes,
        method: params.method.describe(),
        gap_method,
        warnings,
    })
}

fn describe_gap(settings: &GapParams, method: &Method) -> String {
    let sets = if settings.sets.is_empty() {
        format!(
            "B = {} reference sets ({}), seed {}",
            settings.draws,
            match settings.reference {
                super::gap::Reference::Pca => "box of the principal axes",
                super::gap::Reference::Uniform => "box of the columns",
            },
            settings.seed
        )
    } else {
        format!("B = {} given reference sets", settings.sets.len())
    };
    format!("gap with {sets}, distances to the power {}, {}", settings.power, method.describe())
}

impl ChooseK {
    /// The `k` with the most votes.
    pub fn best(&self) -> usize {
        self.votes.first().map_or(1, |(k, _)| *k)
    }

    /// The partition that `rule` picks, or the vote's when `None`.
    pub fn partition(&self, rule: Option<&str>) -> Result<&Clustering> {
        let k = match rule {
            None => self.best(),
            Some(rule) => {
                self.picks
                    .iter()
                    .find(|pick| pick.rule == rule)
                    .ok_or_else(|| crate::Error::UnknownName {
                        primitive: "partition".into(),
                        kind: "rule".into(),
                        name: rule.into(),
                        known: self.picks.iter().map(|pick| pick.rule.clone()).collect(),
                    })?
                    .k
            }
        };
        Ok(&self.partitions[k - 1])
    }

    /// A row per `k`, a column per criterion.
    pub fn table(&self) -> Result<Table> {
        let max = self.partitions.len();
        let mut columns = vec![("k".to_owned(), Vector::from_ints((1..=max).map(|k| k as i64)))];
        let first = ["wss", "silhouette", "gap", "gap_se"];
        let rank = |name: &str| first.iter().position(|f| *f == name).unwrap_or(first.len());
        let mut order: Vec<&(String, Vec<Option<f64>>)> = self.criteria.iter().collect();
        order.sort_by_key(|(name, _)| rank(name));
        for (name, values) in order {
            columns.push((name.clone(), Vector::from_options(values.iter().copied())));
        }
        Table::new(columns)?.labelled_by("k")
    }

    /// A row per rule: `rule`, `k`, `value`, `how`, `votes`.
    pub fn picks_table(&self) -> Result<Table> {
        Table::new([
            ("rule", Vector::from_texts(self.picks.iter().map(|p| &p.rule))),
            ("k", Vector::from_ints(self.picks.iter().map(|p| p.k as i64))),
            ("value", Vector::from_options(self.picks.iter().map(|p| p.value))),
            ("how", Vector::from_texts(self.picks.iter().map(|p| p.how))),
            ("votes", Vector::from_ints(self.picks.iter().map(|p| i64::from(p.votes)))),
        ])?
        .labelled_by("rule")
    }
}
