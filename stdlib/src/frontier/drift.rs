//! Likelihoods that rise without a maximum, and what their models tend to.

use super::density::Inefficiency;
use super::engine::{Ascent, Index};
use super::law::ErrorLaw;
use super::sample::Sample;
use super::solve::{Determinant, Place};
use super::starts::several_starts;
use crate::choice::Choice;
use crate::context::Context;
use crate::error::Result;

/// `ln sigma_v^2`, `ln sigma_u^2`, `mu`, the shape and the degrees of freedom, each where it is one
/// number.
pub(super) fn constants(sample: &Sample, others: &[Determinant], coef: &[f64]) -> [Option<f64>; 5] {
    let mut start = sample.scaled.z.ncols();
    let mut constants = [None; 5];
    for other in others {
        let slot = match other.index {
            Index::Noise => Some(0),
            Index::Inefficiency => Some(1),
            Index::Mean => Some(2),
            Index::Shape => Some(3),
            Index::Df => Some(4),
            Index::Frontier | Index::Scaling => None,
        };
        if let Some(slot) = slot
            && other.names.len() == 1
            && other.intercept
        {
            constants[slot] = Some(coef[start]);
        }
        start += other.names.len();
    }
    constants
}

fn without(index: Index, others: &[Determinant]) -> Vec<Determinant> {
    others.iter().filter(|o| o.index != index).cloned().collect()
}

/// A point far out where the truncated normal is nearly exponential, if `best` heads there or that
/// is better.
///
/// With `mu = -m` and `sigma_u^2 = m s` the truncated normal tends to the exponential of mean `s`
/// as `m` grows, along a ridge that a search climbs ever more slowly.
pub(super) fn far_end(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    best: Option<&Ascent>,
    ctx: &Context,
) -> Result<Option<Vec<f64>>> {
    if law.inefficiency != Inefficiency::TruncatedNormal {
        return Ok(None);
    }
    let place = best.map(|best| constants(sample, others, &best.coef));
    let heads_there = match place {
        Some([_, Some(ln_u), Some(mu), ..]) => mu * (-0.5 * ln_u).exp() < -3.0,
        Some(_) => return Ok(None),
        None => true,
    };
    let rest = without(Index::Mean, others);
    let exponential = ErrorLaw { inefficiency: Inefficiency::Exponential, ..law };
    let limit = several_starts(sample, &rest, exponential, ctx)?;
    let Place::Inside(limit) = limit.place else { return Ok(None) };
    if !heads_there && best.is_some_and(|best| best.jet.value >= limit.loglik) {
        return Ok(None);
    }
    let [_, Some(ln_s_sq), ..] = constants(sample, &rest, &limit.coef) else { return Ok(None) };
    let scale = (0.5 * ln_s_sq).exp();
    let far = 2000.0 * scale;
    let (frontier, mut equations) = limit.coef.split_at(sample.scaled.z.ncols());
    let mut start = frontier.to_vec();
    for other in others {
        if other.index == Index::Mean {
            start.push(-far);
            continue;
        }
        let (own, behind) = equations.split_at(other.scaled.z.ncols());
        equations = behind;
        if other.index == Index::Inefficiency {
            start.push((far * scale).ln());
        } else {
            start.extend(own);
        }
    }
    Ok(Some(start))
}

/// What the best end tends to when the likelihood keeps rising without a maximum.
pub(super) fn drift(
    sample: &Sample,
    others: &[Determinant],
    law: ErrorLaw,
    best: &Ascent,
    ctx: &Context,
) -> Result<Option<String>> {
    let [ln_v, ln_u, mu, shape, df] = constants(sample, others, &best.coef);
    if let (Some(ln_v), Some(ln_u)) = (ln_v, ln_u)
        && ln_v - ln_u < -16.0
    {
        return Ok(Some(
            "the noise vanishes (gamma -> 1): the likelihood tends to that of a frontier without \
             noise, which has no standard errors"
                .into(),
        ));
    }
    if let (Some(mu), Some(ln_u)) = (mu, ln_u)
        && mu * (-0.5 * ln_u).exp() < -6.0
    {
        let others = without(Index::Mean, others);
        let exponential = ErrorLaw { inefficiency: Inefficiency::Exponential, ..law };
        let limit = several_starts(sample, &others, exponential, ctx)?;
        if let Place::Inside(limit) = limit.place
            && limit.loglik >= best.jet.value - 1e-7
        {
            return Ok(Some(format!(
                "mu tends to minus infinity: the likelihood has no finite maximum and rises to \
                 that of the exponential model, loglik {:.4}; fit inefficiency: \"exponential\"",
                limit.loglik
            )));
        }
    }
    if let Some(df) = df
        && df > 6.0
    {
        return Ok(Some(format!(
            "the degrees of freedom of noise run to infinity: it tends to normal noise; fit noise: \
             \"normal\", inefficiency: \"{}\"",
            law.inefficiency.name()
        )));
    }
    Ok(shape.and_then(|shape| shape_drift(law.inefficiency, shape)))
}

/// What a shape whose logarithm is far from zero says.
fn shape_drift(family: Inefficiency, shape: f64) -> Option<String> {
    let (low, high, limits) = match family {
        Inefficiency::Gamma => (
            -5.0,
            5.0,
            [
                "all inefficiency gathers at zero",
                "inefficiency tends to a normal law, which no data tell from normal noise",
            ],
        ),
        Inefficiency::Weibull => (
            -4.0,
            4.0,
            [
                "inefficiency is nothing or beyond bounds",
                "inefficiency tends to a constant, which the intercept already is",
            ],
        ),
        Inefficiency::Lognormal => (
            -5.0,
            3.0,
            [
                "inefficiency tends to a constant, which the intercept already is",
                "inefficiency is nothing or beyond bounds",
            ],
        ),
        _ => (-7.0, 7.0, ["the model tends to the exponential"; 2]),
    };
    let (end, limit) = match shape {
        s if s > high => ("infinity", limits[1]),
        s if s < low => ("zero", limits[0]),
        _ => return None,
    };
    Some(format!("the shape parameter runs to {end}: {limit}"))
}
