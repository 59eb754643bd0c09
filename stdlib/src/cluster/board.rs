//! What each criterion picks, as criteria come in.

use nalgebra::DMatrix;

use super::choose_k::Pick;
use super::gap::{Gap, GapRule};
use super::indices::Judged;
use super::indices::nested::{NOT_NESTED, Split};
use crate::choice::Choice;

/// Where a criterion's best `k` stands.
#[derive(Clone, Copy)]
enum Best {
    Largest,
    Smallest,
    LargestRise,
    LargestDrop,
    LargestSecond,
    SmallestSecond,
}

impl Best {
    fn of(name: &str) -> Self {
        match name {
            "davies_bouldin" | "xie_beni" | "ray_turi" | "g_plus" | "c_index" | "mcclain_rao"
            | "s_dbw" | "sd" => Self::Smallest,
            "ball_hall" | "trace_cov_w" => Self::LargestDrop,
            "scott_symons" | "friedman_rubin" => Self::LargestRise,
            "marriot" | "wss" | "d_index" => Self::LargestSecond,
            "rubin" | "hubert" => Self::SmallestSecond,
            _ => Self::Largest,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Largest => "largest",
            Self::Smallest => "smallest",
            Self::LargestRise => "largest rise from k - 1",
            Self::LargestDrop => "largest drop from k - 1",
            Self::LargestSecond => "largest second difference",
            Self::SmallestSecond => "smallest second difference",
        }
    }

    /// Whether it counts: these two were meant to be read off a chart by eye.
    fn votes(name: &str) -> bool {
        !matches!(name, "hubert" | "d_index")
    }

    /// The best `k` among values for `k = 1..`; of equals the smallest.
    fn pick(self, values: &[Option<f64>]) -> Option<usize> {
        let value = |k: usize| values.get(k - 1).copied().flatten();
        let score = |k: usize| -> Option<f64> {
            Some(match self {
                Self::Largest => value(k)?,
                Self::Smallest => -value(k)?,
                Self::LargestRise => value(k)? - value(k - 1)?,
                Self::LargestDrop => value(k - 1)? - value(k)?,
                Self::LargestSecond => value(k + 1)? - 2.0 * value(k)? + value(k - 1)?,
                Self::SmallestSecond => -(value(k + 1)? - 2.0 * value(k)? + value(k - 1)?),
            })
        };
        let mut best: Option<(f64, usize)> = None;
        for k in 2..=values.len() {
            if let Some(score) = score(k)
                && best.is_none_or(|(most, _)| score > most)
            {
                best = Some((score, k));
            }
        }
        best.map(|(_, k)| k)
    }
}

/// Criteria, picks and omissions as they come in.
#[derive(Default)]
pub(super) struct Board {
    pub criteria: Vec<(String, Vec<Option<f64>>)>,
    pub picks: Vec<Pick>,
    pub skipped: Vec<(String, String)>,
    /// Whether each partition comes from the one before by a split of one cluster.
    nested: bool,
}

impl Board {
    pub(super) fn add(
        &mut self,
        name: &str,
        values: Vec<Option<f64>>,
        reason: Option<&'static str>,
    ) {
        // Where it lacks some k, what it picks among the others says nothing.
        if let Some(k) = values.iter().skip(1).position(Option::is_none) {
            let reason = reason.unwrap_or("it has no value");
            self.skipped.push((name.into(), format!("at k = {}: {reason}", k + 2)));
            return;
        }
        let best = Best::of(name);
        match best.pick(&values) {
            Some(k) => {
                let value = values[k - 1];
                self.picks.push(Pick {
                    rule: name.into(),
                    k,
                    value,
                    how: best.words(),
                    votes: Best::votes(name),
                });
            }
            None => self.skipped.push((name.into(), "there are too few k to compare".into())),
        }
        self.criteria.push((name.into(), values));
    }

    pub(super) fn hartigan(&mut self, w: &[f64], n: usize, max: usize) {
        let values: Vec<Option<f64>> = (1..=max)
            .map(|k| {
                let value = (w[k - 1] / w[k] - 1.0) * (n as f64 - k as f64 - 1.0);
                Some(value).filter(|v| v.is_finite())
            })
            .collect();
        let first = values.iter().position(|v| v.is_some_and(|v| v <= 10.0));
        let rule = ("first value of 10 or less", "no value is 10 or less");
        self.first("hartigan", values, first, rule, true);
    }

    /// A criterion that picks the first `k` of some kind, at position `first`; `rule` says which, and
    /// what is so where there is none.
    fn first(
        &mut self,
        name: &str,
        values: Vec<Option<f64>>,
        first: Option<usize>,
        rule: (&'static str, &'static str),
        votes: bool,
    ) {
        match first {
            Some(at) => self.picks.push(Pick {
                rule: name.into(),
                k: at + 1,
                value: values[at],
                how: rule.0,
                votes,
            }),
            None => self.skipped.push((name.into(), rule.1.into())),
        }
        self.criteria.push((name.into(), values));
    }

    /// SD: scatter weighed by the closeness at the largest `k`, plus closeness.
    pub(super) fn sd(&mut self, judged: &[Judged]) {
        let weight = judged.last().map_or(Err("there are too few k"), |j| j.dispersion.closeness);
        let value = |judged: &Judged| {
            Ok(weight? * judged.dispersion.scatter? + judged.dispersion.closeness?)
        };
        let values: Vec<Result<f64, &'static str>> = judged.iter().map(value).collect();
        let reason = values.iter().find_map(|v| v.err());
        let column = std::iter::once(None).chain(values.into_iter().map(Result::ok)).collect();
        self.add("sd", column, reason);
    }

    /// The criteria of the cluster that splits between `k` and `k + 1`, for `labels` of one more than
    /// the `k` asked for.
    pub(super) fn splits(&mut self, values: &DMatrix<f64>, labels: &[&[usize]]) {
        let p = values.ncols();
        let splits: Option<Vec<Split>> =
            labels.windows(2).map(|pair| Split::between(values, pair[0], pair[1])).collect();
        self.nested = splits.is_some();
        let Some(splits) = splits else {
            for name in ["duda", "pseudo_t2", "beale"] {
                self.skipped.push((name.into(), NOT_NESTED.into()));
            }
            return;
        };
        let real = |split: &Split| split.duda().is_some_and(|duda| duda < split.critical(p));
        let column = |of: &dyn Fn(&Split) -> Option<f64>| splits.iter().map(of).collect();
        let first = splits.iter().position(|split| split.duda().is_some() && !real(split));
        let rule = ("first value not below the critical one", "every split is real");
        self.first("duda", column(&Split::duda), first, rule, true);
        // The same inequality turned over: it picks what Duda and Hart's does and has no voice of its own.
        let rule = ("first value not above the critical one", "every split is real");
        let there = first.filter(|at| splits[*at].pseudo_t2().is_some());
        self.first("pseudo_t2", column(&Split::pseudo_t2), there, rule, false);
        let chance =
            splits.iter().position(|split| split.beale_p(p).is_some_and(|p_value| p_value >= 0.1));
        let rule = ("first p-value of 0.1 or more", "every split has a p-value below 0.1");
        self.first("beale", column(&|split: &Split| split.beale(p)), chance, rule, true);
    }

    /// Frey and Van Groenewoud's ratio for `k = 2..`; `last` are the mean distances one `k` further.
    pub(super) fn frey(&mut self, judged: &[Judged], last: Result<(f64, f64), &'static str>) {
        if !self.nested {
            self.skipped.push(("frey".into(), NOT_NESTED.into()));
            return;
        }
        let means: Vec<Result<(f64, f64), &'static str>> =
            judged.iter().map(|j| j.mean_distances).chain([last]).collect();
        let ratio = |pair: &[Result<(f64, f64), &'static str>]| {
            let ((within, between), (next_within, next_between)) = (pair[0].ok()?, pair[1].ok()?);
            Some((next_between - between) / (next_within - within)).filter(|r| r.is_finite())
        };
        let values: Vec<Option<f64>> =
            std::iter::once(None).chain(means.windows(2).map(ratio)).collect();
        let falls = values.windows(2).position(
            |pair| matches!(pair, [Some(here), Some(next)] if *here >= 1.0 && *next < 1.0),
        );
        let rule = ("first value of 1 or more before one below", "it never falls below 1");
        self.first("frey", values, falls, rule, true);
    }

    pub(super) fn krzanowski_lai(&mut self, w: &[f64], p: usize, max: usize) {
        let scaled = |k: usize| (k as f64).powf(2.0 / p as f64) * w[k - 1];
        let values: Vec<Option<f64>> = (1..=max)
            .map(|k| {
                if k < 2 {
                    return None;
                }
                let ratio = (scaled(k - 1) - scaled(k)) / (scaled(k) - scaled(k + 1));
                Some(ratio.abs()).filter(|v| v.is_finite())
            })
            .collect();
        self.add("krzanowski_lai", values, Some("the sum of squares does not change"));
    }

    pub(super) fn gap(&mut self, gap: &Gap) {
        self.criteria.push(("gap".into(), gap.gap.iter().copied().map(Some).collect()));
        self.criteria.push(("gap_se".into(), gap.se.iter().copied().map(Some).collect()));
        for (name, rule) in GapRule::ALL {
            let k = rule.pick(&gap.gap, &gap.se);
            self.picks.push(Pick {
                rule: format!("gap ({name})"),
                k,
                value: Some(gap.gap[k - 1]),
                how: match rule {
                    GapRule::Tibshirani => "first gap no less than the next less its error",
                    GapRule::FirstMax => "first local maximum",
                    GapRule::GlobalMax => "largest",
                    GapRule::FirstSeMax => "first within one error of the first maximum",
                    GapRule::GlobalSeMax => "first within one error of the largest",
                },
                // Five readings of one curve are one voice; the paper's own rule speaks.
                votes: *rule == GapRule::Tibshirani,
            });
        }
    }

    pub(super) fn votes(&self) -> Vec<(usize, usize)> {
        let mut votes: Vec<(usize, usize)> = Vec::new();
        for pick in self.picks.iter().filter(|p| p.votes) {
            match votes.iter_mut().find(|(k, _)| *k == pick.k) {
                Some((_, count)) => *count += 1,
                None => votes.push((pick.k, 1)),
            }
        }
        votes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        votes
    }
}
