//! One framework under every rule side by side: what the choice of rule does to index and level.

use super::aggregate::Aggregator;
use super::assess::{Readiness, ReadinessParams, readiness};
use super::framework::Framework;
use super::normalise::Normaliser;
use super::zero::ZeroRule;
use crate::context::Context;
use crate::error::Result;
use crate::table::{Table, Vector};

/// Index, level and rank of every unit under every combination of rules.
#[derive(Debug, Clone)]
pub struct RuleTable {
    /// Columns: normalise, aggregate, zero, then `unit`, `index`, `level`, `rank`; one row for
    /// each unit under each rule.
    pub table: Table,
    /// What a reader should take from it.
    pub sentences: Vec<String>,
}

/// Scores under declared scales and the published rule, arithmetic, geometric and harmonic means,
/// and each zero rule where zeros matter.
pub fn readiness_rules(
    scores: &Table,
    framework: &Framework,
    base: &ReadinessParams,
    context: &Context,
) -> Result<RuleTable> {
    let normalisers = [Normaliser::Declared, Normaliser::AsPublished];
    let means = [Aggregator::Geometric, Aggregator::Harmonic, Aggregator::Arithmetic];
    let zeros = [ZeroRule::Floor(ZeroRule::FLOOR), ZeroRule::Skip, ZeroRule::Drop, ZeroRule::Keep];
    let mut runs: Vec<Readiness> = Vec::new();
    for normalise in normalisers {
        for mean in &means {
            for zero in zeros {
                context.check()?;
                // A zero changes nothing in an arithmetic mean: one row says it all.
                if !mean.annihilates() && zero != ZeroRule::Keep {
                    continue;
                }
                let params = ReadinessParams {
                    normalise,
                    aggregate: Some(mean.clone()),
                    zero: Some(zero),
                    ..base.clone()
                };
                runs.push(readiness(scores, framework, &params)?);
            }
        }
    }
    let units = runs.first().map_or_else(Vec::new, |run| run.units.clone());
    let each = || runs.iter().flat_map(|run| (0..run.units.len()).map(move |unit| (run, unit)));
    let level: arrow_array::StringArray = each().map(|(r, u)| r.level_names()[u].clone()).collect();
    let rank: arrow_array::Int64Array = each().map(|(r, u)| r.ranks()[u]).collect();
    let table = Table::new([
        ("normalise", Vector::from_texts(each().map(|(r, _)| r.params.normalise.spelled()))),
        (
            "aggregate",
            Vector::from_texts(
                each().map(|(r, _)| r.params.aggregate.as_ref().map_or("", Aggregator::name)),
            ),
        ),
        ("zero", Vector::from_texts(each().map(|(r, _)| r.params.zero_rule().name()))),
        ("unit", Vector::from_texts(each().map(|(r, u)| &r.units[u]))),
        ("index", Vector::from_options(each().map(|(r, u)| r.index_values()[u]))),
        ("level", Vector::new(std::sync::Arc::new(level))),
        ("rank", Vector::new(std::sync::Arc::new(rank))),
    ])?;
    let mut sentences = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let find = |normalise: Normaliser, zero: ZeroRule| {
            runs.iter().find(|run| {
                run.params.normalise == normalise
                    && run.params.aggregate == Some(Aggregator::Geometric)
                    && run.params.zero == Some(zero)
            })
        };
        let declared = find(Normaliser::Declared, ZeroRule::Floor(ZeroRule::FLOOR));
        let published = find(Normaliser::AsPublished, ZeroRule::Skip);
        let (Some(declared), Some(published)) = (declared, published) else { continue };
        let told = |run: &Readiness| {
            let index = run.index_values()[at]?;
            Some((index, run.level_names()[at].clone()?))
        };
        let (Some((here, level)), Some((there, printed))) = (told(declared), told(published))
        else {
            continue;
        };
        let verdict = if level == printed {
            "the level holds".to_owned()
        } else {
            format!("the level \"{printed}\" rests on the published normalisation")
        };
        sentences.push(format!(
            "{unit}: {there:.4} ({printed}) as published, {here:.4} ({level}) on the declared \
             scales: {verdict}."
        ));
    }
    Ok(RuleTable { table, sentences })
}
