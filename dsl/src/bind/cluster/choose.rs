//! How many clusters.

use std::fmt::Write as _;
use std::rc::Rc;

use esep_stdlib::cluster::{
    ChooseK, ChooseParams, Clustering, GapParams, HclustParams, Linkage, Method, Reference,
    choose_k,
};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::arguments::{self, DISTANCE, ORDER, ROOM, SEED, Z};
use super::partitions::kmeans_params;
use super::trees::capital;
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const CHOICE: TypeEntry = TypeEntry {
    name: "ChooseK",
    summary: "Every criterion for the number of clusters side by side, what each picks, and a vote.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "a row per k: k, wss, silhouette, gap, gap_se and the other criteria",
        ),
        Field::new(
            "picks",
            "Vector of int",
            "the k each rule picks; labelled by rule: picks[\"silhouette\"]",
        ),
        Field::new("rules", "Table", "rule, k, value, how it picks, whether it votes"),
        Field::new("votes", "Table", "k and its votes, most first"),
        Field::new("best", "int", "the k with the most votes, of equals the smallest"),
        Field::new("skipped", "Table", "criteria left out and why"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "choose_k",
        on: None,
        room: ROOM,
        summary: "Compares numbers of clusters by every criterion that exists for the data.",
        signature: "choose_k(z, options)",
        params: &[
            Z,
            Param::option("max", "int", "10", "largest k, less than the number of rows"),
            Param::option(
                "method",
                "text",
                "\"kmeans\"",
                "kmeans, pam, or a linkage of hclust such as \"ward.D2\"",
            ),
            Param::option("starts", "int", "25", "starts of k-means"),
            Param::option("max_iterations", "int", "300", "rounds of k-means in one start"),
            Param::option(
                "algorithm",
                "text",
                "\"hartigan_wong\"",
                "hartigan_wong or lloyd, for k-means",
            ),
            Param { kind: "text", ..DISTANCE },
            ORDER,
            Param::option("gap", "bool", "true", "whether to compute the gap statistic"),
            Param::option(
                "draws",
                "int",
                "100",
                "reference sets of the gap statistic (B), at least 2",
            ),
            Param::option(
                "reference",
                "text",
                "\"pca\"",
                "box that reference sets fill: pca (principal axes) or uniform (columns)",
            ),
            Param::option(
                "power",
                "int",
                "2",
                "power of distances in the gap, 2 as published or 1 as R's clusGap",
            ),
            Param::option(
                "reference_sets",
                "array of Table",
                "drawn",
                "reference sets in place of draws",
            ),
            SEED,
        ],
        returns: "ChooseK: table, picks, rules, votes, best, partition(rule)",
        search: &[
            "NbClust",
            "elbow",
            "gap statistic",
            "clusGap",
            "number of clusters",
            "silhouette",
            "fviz_nbclust",
        ],
        errors: &["max is not less than the number of rows", "missing values or text columns"],
        see_also: &["hclust", "kmeans", "silhouette"],
        source: "Tibshirani, Walther and Hastie 2001 (gap); Milligan and Cooper 1985; Charrad and others 2014",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); choose_k(z, #{ max: 8, draws: 20 }).picks[\"silhouette\"]",
                shows: "2",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); choose_k(z, #{ max: 8, method: \"ward.D2\", gap: false })",
                shows: "calinski_harabasz",
            },
        ],
    },
    Entry {
        name: "partition",
        on: Some("ChooseK"),
        room: ROOM,
        summary: "The partition that a rule picks, or that the vote picks.",
        signature: "choice.partition(rule)",
        params: &[
            Param::arg("choice", "ChooseK", "the comparison"),
            Param {
                default: Some("the vote"),
                ..Param::arg("rule", "text or int", "a rule of choice.rules, or k itself")
            },
        ],
        returns: "Clustering",
        search: &["best partition"],
        errors: &["an unknown rule"],
        see_also: &["choose_k"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); choose_k(z, #{ max: 8, gap: false }).partition(\"calinski_harabasz\").k",
            shows: "7",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<ChooseK>>(&CHOICE, show);
    arguments::with_options(library, "choose_k", run);
    let engine = &mut *library.engine;
    engine.register_get("table", |c: &mut Rc<ChooseK>| c.table().raise());
    engine.register_get("rules", |c: &mut Rc<ChooseK>| c.picks_table().raise());
    engine.register_get("picks", |c: &mut Rc<ChooseK>| -> Fallible<Vector> {
        Vector::from_ints(c.picks.iter().map(|p| p.k as i64))
            .labelled(c.picks.iter().map(|p| &p.rule))
            .raise()
    });
    engine.register_get("votes", |c: &mut Rc<ChooseK>| votes(c).raise());
    engine.register_get("best", |c: &mut Rc<ChooseK>| c.best() as i64);
    engine.register_get("skipped", |c: &mut Rc<ChooseK>| skipped(c).raise());
    engine.register_get("warnings", |c: &mut Rc<ChooseK>| convert::text_array(&c.warnings));
    engine.register_fn("partition", |c: &mut Rc<ChooseK>| -> Fallible<Rc<Clustering>> {
        Ok(Rc::new(c.partition(None).raise()?.clone()))
    });
    engine.register_fn(
        "partition",
        |c: &mut Rc<ChooseK>, rule: &str| -> Fallible<Rc<Clustering>> {
            Ok(Rc::new(c.partition(Some(rule)).raise()?.clone()))
        },
    );
    engine.register_fn("partition", |c: &mut Rc<ChooseK>, k: i64| -> Fallible<Rc<Clustering>> {
        let found = usize::try_from(k).ok().and_then(|k| c.partitions.get(k.checked_sub(1)?));
        found
            .cloned()
            .map(Rc::new)
            .ok_or_else(|| Error::Invalid {
                primitive: "partition",
                parameter: "k",
                rule: format!("lie in 1..={}", c.partitions.len()),
                value: k.to_string(),
            })
            .raise()
    });
}

/// The method in the options `method`, `distance`, `order` and those of k-means, and the seed.
fn method(options: &mut Options) -> Fallible<(Method, u64)> {
    let text = options.text("method")?.unwrap_or_else(|| "kmeans".into());
    let metric = arguments::metric(options)?;
    let kmeans = kmeans_params(options)?;
    let method = match Method::parse("choose_k", &text, metric, kmeans.seed).raise()? {
        Method::Kmeans(_) => Method::Kmeans(kmeans),
        Method::Hierarchical(params) => Method::Hierarchical(HclustParams {
            linkage: Linkage::parse("choose_k", "method", &text).raise()?,
            ..params
        }),
        pam @ Method::Pam(_) => pam,
    };
    Ok((method, kmeans.seed))
}

fn run(
    shared: &Shared,
    _: &NativeCallContext<'_>,
    z: &Dynamic,
    options: Map,
) -> Fallible<Rc<ChooseK>> {
    let mut options = Options::new("choose_k", options);
    let max = options.optional_count("max")?;
    let (method, seed) = method(&mut options)?;
    let defaults = GapParams::default();
    let wanted = options.flag("gap", true)?;
    let mut gap = GapParams {
        draws: options.count("draws", defaults.draws)?,
        reference: options.choice::<Reference>("reference", defaults.reference)?,
        power: options.count("power", usize::from(defaults.power))?.min(255) as u8,
        seed,
        ..defaults
    };
    if let Some(sets) = options.take("reference_sets") {
        let Some(sets) = sets.clone().try_cast::<Array>() else {
            return arguments::wrong("choose_k", "reference_sets", "be an array of tables", &sets);
        };
        for set in &sets {
            gap.sets.push(arguments::matrix("choose_k", set)?.values.clone());
        }
    }
    options.finish()?;
    let matrix = arguments::matrix("choose_k", z)?;
    let params = ChooseParams { max, method, gap: wanted.then_some(gap) };
    choose_k(&matrix, &params, &shared.context()).map(Rc::new).raise()
}

fn votes(choice: &ChooseK) -> esep_stdlib::Result<Table> {
    Table::new([
        ("k", Vector::from_ints(choice.votes.iter().map(|v| v.0 as i64))),
        ("votes", Vector::from_ints(choice.votes.iter().map(|v| v.1 as i64))),
    ])?
    .labelled_by("k")
}

fn skipped(choice: &ChooseK) -> esep_stdlib::Result<Table> {
    Table::new([
        ("criterion", Vector::from_texts(choice.skipped.iter().map(|s| &s.0))),
        ("reason", Vector::from_texts(choice.skipped.iter().map(|s| &s.1))),
    ])?
    .labelled_by("criterion")
}

fn show(choice: &Rc<ChooseK>, style: &Style) -> Bundle {
    let voters = choice.picks.iter().filter(|p| p.votes).count();
    let mut sentence = format!(
        "k = 1 to {} by {}. {} of {voters} criteria pick k = {}.",
        choice.partitions.len(),
        choice.method,
        choice.votes.first().map_or(0, |v| v.1),
        choice.best()
    );
    if let Some(gap) = &choice.gap_method {
        let _ = write!(sentence, " {}.", capital(gap));
    }
    let mut doc = Doc::new().heading("How many clusters").text(sentence);
    if let Ok(table) = choice.table() {
        doc = doc.table(&table);
    }
    doc = doc.text("What each rule picks:");
    if let Ok(table) = choice.picks_table() {
        doc = doc.table(&table);
    }
    if let Ok(table) = votes(choice) {
        doc = doc.text("The vote:").table(&table);
    }
    // Several are usually left out for one reason.
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, reason) in &choice.skipped {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    for (reason, names) in reasons {
        doc = doc.text(format!("Left out: {}. The reason: {reason}.", names.join(", ")));
    }
    doc.warnings(&choice.warnings).bundle(style)
}
