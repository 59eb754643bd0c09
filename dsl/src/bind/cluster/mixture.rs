//! Mixtures of normal distributions.

use std::rc::Rc;

use esep_stdlib::cluster::{Clustering, Criterion, Family, GmmParams, Mixture, gmm};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::arguments::{self, ROOM, SEED, Z, wrong};
use super::dense::by_unit;
use super::results::{assignments, grid, short};
use crate::convert;
use crate::display::Doc;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "gmm",
        on: None,
        room: ROOM,
        summary: "Mixture of normal distributions: the family and the number of components with the best BIC.",
        signature: "gmm(z, options)",
        params: &[
            Z,
            Param::option("max", "int", "9", "most components tried, less than the rows"),
            Param::option(
                "k",
                "int or array of int",
                "1 to max",
                "the numbers of components tried",
            ),
            Param::option(
                "models",
                "text or array of text",
                "all fourteen",
                "EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV: volume, shape and orientation equal (E), varying (V) or the identity's (I)",
            ),
            Param::option(
                "criterion",
                "text",
                "\"bic\"",
                "what decides: bic or icl; of both larger is better",
            ),
            SEED,
            Param::option("max_iterations", "int", "1000", "most rounds of one fit"),
        ],
        returns: "Clustering with model, bic, icl, loglik, parameters, weights, probabilities, uncertainty, table, candidates and covariance(j); labels are the most probable components",
        search: &[
            "mclust",
            "Mclust",
            "GaussianMixture",
            "EM",
            "model-based",
            "BIC",
            "ICL",
            "latent class",
        ],
        errors: &[
            "k not between 1 and the number of rows less one",
            "every mixture became singular",
            "missing values or text columns",
        ],
        see_also: &["choose_k", "kmeans", "fcm"],
        source: "Banfield and Raftery 1993; Celeux and Govaert 1995; Fraley 1998 (starts); Biernacki, Celeux and Govaert 2000 (ICL). BIC = 2 loglik - df ln n as in mclust, not the usual sign",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); let p = pca(z).scores.select([\"PC1\", \"PC2\"]); gmm(p, #{ max: 4 }).sizes.to_array()",
                shows: "[17, 1, 2]",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); gmm(z, #{ k: 3, models: \"EII\" }).loglik",
                shows: "-367.5564",
            },
        ],
    },
    Entry {
        name: "covariance",
        on: Some("Clustering"),
        room: ROOM,
        summary: "Covariance matrix of a component of a mixture.",
        signature: "c.covariance(j)",
        params: &[
            Param::arg("c", "Clustering", "a result of gmm"),
            Param::arg("j", "int", "component, 1 to the number of components"),
        ],
        returns: "Table, columns by columns",
        search: &["sigma", "ellipsoid"],
        errors: &["the partition is no mixture", "no such component"],
        see_also: &["gmm"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); gmm(z, #{ k: 3, models: \"EII\" }).covariance(1).at(\"gdp_per_capita\", \"gdp_per_capita\") > 0.0",
            shows: "true",
        }],
    },
];

/// A mixture's own facts; missing for other partitions.
fn of<T>(
    c: &Clustering,
    what: impl FnOnce(&Mixture) -> T,
    dynamic: impl FnOnce(T) -> Dynamic,
) -> Dynamic {
    c.detail.mixture.as_ref().map_or(Dynamic::UNIT, |m| dynamic(what(m)))
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    arguments::with_options(library, "gmm", run);
    let engine = &mut *library.engine;
    engine.register_get("model", |c: &mut Rc<Clustering>| {
        of(c, |m| m.family.name().to_owned(), Dynamic::from)
    });
    engine.register_get("bic", |c: &mut Rc<Clustering>| of(c, |m| m.score.bic, Dynamic::from));
    engine.register_get("icl", |c: &mut Rc<Clustering>| of(c, |m| m.score.icl, Dynamic::from));
    engine
        .register_get("loglik", |c: &mut Rc<Clustering>| of(c, |m| m.score.loglik, Dynamic::from));
    engine.register_get("parameters", |c: &mut Rc<Clustering>| {
        of(c, |m| m.parameters as i64, Dynamic::from)
    });
    engine.register_get("weights", |c: &mut Rc<Clustering>| {
        of(c, |m| Vector::from_floats(m.weights.iter().copied()), Dynamic::from)
    });
    engine.register_get("probabilities", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let (Some(_), Some(shares)) = (&c.detail.mixture, &c.detail.membership) else {
            return by_unit(c, |density| &density.probabilities);
        };
        let columns = components(shares.ncols());
        grid(c.units(), "unit", &columns, |i, j| shares[(i, j)]).map(Dynamic::from).raise()
    });
    engine.register_get("uncertainty", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let (Some(_), Some(shares)) = (&c.detail.mixture, &c.detail.membership) else {
            return Ok(Dynamic::UNIT);
        };
        let open = shares.row_iter().map(|row| 1.0 - row.max());
        Vector::from_floats(open).labelled(c.units()).map(Dynamic::from).raise()
    });
    engine.register_get("table", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let Some(mixture) = &c.detail.mixture else {
            return assignments(c).map(Dynamic::from).raise();
        };
        criterion_table(mixture).map(Dynamic::from).raise()
    });
    engine.register_get("candidates", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let Some(mixture) = &c.detail.mixture else { return Ok(Dynamic::UNIT) };
        candidates(mixture).map(Dynamic::from).raise()
    });
    engine.register_fn("covariance", |c: &mut Rc<Clustering>, j: Dynamic| -> Fallible<Table> {
        covariance(c, &j)
    });
}

fn components(k: usize) -> Vec<String> {
    (1..=k).map(|j| j.to_string()).collect()
}

fn run(
    shared: &Shared,
    _: &NativeCallContext<'_>,
    z: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let mut options = Options::new("gmm", options);
    let defaults = GmmParams::default();
    let matrix = arguments::matrix("gmm", z)?;
    let given = options.take("k");
    let max = options.optional_count("max")?;
    let components = match (&given, max) {
        (Some(_), Some(_)) => {
            return Err(Error::Invalid {
                primitive: "gmm",
                parameter: "max",
                rule: "not be given beside k".into(),
                value: max.unwrap_or_default().to_string(),
            })
            .raise();
        }
        (Some(k), None) => numbers(k)?,
        (None, Some(max)) => (1..=max).collect(),
        // Few rows cannot carry nine components.
        (None, None) => (1..=9.min(matrix.labels.len().saturating_sub(1)).max(1)).collect(),
    };
    let families = match options.texts("models")? {
        Some(names) => names
            .iter()
            .map(|name| Family::parse("gmm", "models", &name.to_uppercase()))
            .collect::<Result<_, _>>()
            .raise()?,
        None => defaults.families,
    };
    let params = GmmParams {
        components,
        families,
        criterion: options.choice("criterion", Criterion::default())?,
        seed: options.seed(defaults.seed)?,
        max_iterations: options.count("max_iterations", defaults.max_iterations)?,
    };
    options.finish()?;
    gmm(matrix, &params, &shared.context()).map(Rc::new).raise()
}

fn numbers(k: &Dynamic) -> Fallible<Vec<usize>> {
    match k.read_lock::<Array>() {
        Some(all) => all.iter().map(|k| convert::count_argument("gmm", "k", k)).collect(),
        None => Ok(vec![convert::count_argument("gmm", "k", k)?]),
    }
}

/// The criterion by number of components (rows) and family; missing where a fit is singular.
fn criterion_table(mixture: &Mixture) -> esep_stdlib::Result<Table> {
    let mut ks: Vec<usize> = mixture.candidates.iter().map(|c| c.k).collect();
    ks.dedup();
    let mut columns = vec![("k".to_owned(), Vector::from_ints(ks.iter().map(|k| *k as i64)))];
    for (name, family) in Family::ALL {
        let of_family =
            |k: usize| mixture.candidates.iter().find(|c| c.k == k && c.family == *family);
        if mixture.candidates.iter().any(|c| c.family == *family) {
            let values = ks.iter().map(|k| {
                let score = of_family(*k)?.outcome.ok()?;
                Some(if mixture.criterion == Criterion::Icl { score.icl } else { score.bic })
            });
            columns.push(((*name).to_owned(), Vector::from_options(values)));
        }
    }
    Table::new(columns)
}

fn candidates(mixture: &Mixture) -> esep_stdlib::Result<Table> {
    let all = &mixture.candidates;
    let score = |pick: fn(&esep_stdlib::cluster::Score) -> f64| {
        Vector::from_options(all.iter().map(|c| c.outcome.as_ref().ok().map(pick)))
    };
    Table::new([
        ("model", Vector::from_texts(all.iter().map(|c| c.family.name()))),
        ("k", Vector::from_ints(all.iter().map(|c| c.k as i64))),
        ("parameters", Vector::from_ints(all.iter().map(|c| c.parameters as i64))),
        ("loglik", score(|s| s.loglik)),
        ("bic", score(|s| s.bic)),
        ("icl", score(|s| s.icl)),
        ("iterations", score(|s| s.iterations as f64)),
        (
            "outcome",
            Vector::from_texts(all.iter().map(|c| match &c.outcome {
                Ok(score) if score.converged => "converged",
                Ok(_) => "stopped before it came to rest",
                Err(fault) => fault.describe(),
            })),
        ),
    ])
}

fn covariance(c: &Clustering, j: &Dynamic) -> Fallible<Table> {
    let Some(mixture) = &c.detail.mixture else {
        return Err(Error::from(esep_stdlib::cluster::ClusterError::NotAvailable {
            primitive: "covariance",
            method: c.method.clone(),
            what: "covariances",
        }))
        .raise();
    };
    let number = convert::count_argument("covariance", "j", j)?;
    let Some(found) = number.checked_sub(1).and_then(|at| mixture.covariances.get(at)) else {
        return wrong("covariance", "j", &format!("lie in 1..={}", mixture.k), j);
    };
    let columns = c.basis.matrix("covariance", "a covariance").raise()?.columns.clone();
    grid(&columns, "column", &columns, |a, b| found[(a, b)]).raise()
}

/// Fits that a display lists.
const SHOWN: usize = 5;

/// What a display says of the mixture behind a partition.
pub(super) fn describe(mut doc: Doc, mixture: &Mixture) -> Doc {
    let score = &mixture.score;
    doc = doc.facts(vec![
        ("model", mixture.family.name().to_owned()),
        ("components", mixture.k.to_string()),
        ("loglik", short(score.loglik)),
        ("parameters", mixture.parameters.to_string()),
        ("BIC (larger is better)", short(score.bic)),
        ("ICL (larger is better)", short(score.icl)),
    ]);
    let value = |c: &esep_stdlib::cluster::Candidate| {
        c.outcome.as_ref().ok().map(|s| match mixture.criterion {
            Criterion::Bic => s.bic,
            Criterion::Icl => s.icl,
        })
    };
    let mut ranked: Vec<_> =
        mixture.candidates.iter().filter_map(|c| Some((c, value(c)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(SHOWN);
    if ranked.len() > 1 {
        let table = Table::new([
            ("model", Vector::from_texts(ranked.iter().map(|(c, _)| c.family.name()))),
            ("k", Vector::from_ints(ranked.iter().map(|(c, _)| c.k as i64))),
            (mixture.criterion.name(), Vector::from_floats(ranked.iter().map(|(_, v)| *v))),
        ]);
        if let Ok(table) = table {
            doc = doc.text("The best fits; c.table has all of them:").table(&table);
        }
    }
    doc
}
