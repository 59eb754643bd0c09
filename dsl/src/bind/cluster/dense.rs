//! Clusters as dense regions.

use std::rc::Rc;

use esep_stdlib::cluster::{
    Clustering, DbscanParams, Density, HdbscanParams, Selection, dbscan, hdbscan,
};
use esep_stdlib::{Error, Result, Table, Vector};
use rhai::{Dynamic, Map, NativeCallContext};

use super::arguments::{self, DISTANCE, ORDER, ROOM, Z_OR_D};
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "dbscan",
        on: None,
        room: ROOM,
        summary: "Clusters as dense regions; units in none are noise, labelled 0.",
        signature: "dbscan(z, options)",
        params: &[
            Z_OR_D,
            Param::option("eps", "float", "none, it has to be given", "radius, greater than 0"),
            Param::option(
                "min_points",
                "int",
                "5",
                "units within the radius that make a core unit, itself counted",
            ),
            DISTANCE,
            ORDER,
        ],
        returns: "Clustering; noise has label 0",
        search: &["density", "noise", "outliers", "DBSCAN"],
        errors: &["eps is missing or not greater than 0"],
        see_also: &["hdbscan", "diagnose"],
        source: "Ester, Kriegel, Sander and Xu 1996",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); dbscan(z, #{ eps: 4.1 }).sizes.to_array()",
            shows: "[16]",
        }],
    },
    Entry {
        name: "hdbscan",
        on: None,
        room: ROOM,
        summary: "Clusters as dense regions of any density; units in none are noise, labelled 0.",
        signature: "hdbscan(z, options)",
        params: &[
            Z_OR_D,
            Param::option("min_cluster_size", "int", "5", "least units of a cluster, at least 2"),
            Param::option(
                "min_samples",
                "int",
                "min_cluster_size",
                "units that have to be near for a place to be dense, the unit itself counted: more make more noise",
            ),
            Param::option(
                "selection",
                "text",
                "\"eom\"",
                "eom takes the clusters that last longest (excess of mass), leaf those that do not split any more",
            ),
            Param::option(
                "epsilon",
                "float",
                "0",
                "clusters that come apart only within this distance are not told apart",
            ),
            Param::option("allow_single", "bool", "false", "whether all units may be one cluster"),
            DISTANCE,
            ORDER,
        ],
        returns: "Clustering with probabilities, outlier_scores, core_distances and the condensed tree; noise has label 0",
        search: &["HDBSCAN", "density", "noise", "outliers", "GLOSH", "hierarchical density"],
        errors: &[
            "min_cluster_size is not in 2 to the number of rows",
            "min_samples is not in 1 to the number of rows",
        ],
        see_also: &["dbscan", "diagnose"],
        source: "Campello, Moulavi and Sander 2013; Campello and others 2015 (outlier scores); McInnes and Healy 2017 (probabilities); Malzer and Baum 2020 (epsilon)",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hdbscan(z, #{ min_cluster_size: 3, min_samples: 2 }).sizes.to_array()",
                shows: "[5, 3]",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hdbscan(z, #{ min_cluster_size: 3, min_samples: 2 }).outlier_scores[\"Atyrau\"]",
                shows: "0.",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hdbscan(z, #{ min_cluster_size: 3, min_samples: 2 }).condensed",
                shows: "stability",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    arguments::with_options(library, "dbscan", run_dbscan);
    arguments::with_options(library, "hdbscan", run_hdbscan);
    let engine = &mut *library.engine;
    engine.register_get("outlier_scores", |c: &mut Rc<Clustering>| {
        by_unit(c, |density| &density.outlier_scores)
    });
    engine.register_get("core_distances", |c: &mut Rc<Clustering>| {
        by_unit(c, |density| &density.core)
    });
    engine.register_get("condensed", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let Some(density) = &c.detail.density else { return Ok(Dynamic::UNIT) };
        condensed(density).map(Dynamic::from).raise()
    });
}

/// Numbers of the units, labelled; missing for other methods.
pub(super) fn by_unit(c: &Clustering, what: impl Fn(&Density) -> &[f64]) -> Fallible<Dynamic> {
    let Some(density) = &c.detail.density else { return Ok(Dynamic::UNIT) };
    let values = what(density).iter().copied();
    Vector::from_floats(values).labelled(c.units()).map(Dynamic::from).raise()
}

/// A row per cluster of the condensed tree; distances in place of densities.
fn condensed(density: &Density) -> Result<Table> {
    let tree = &density.tree;
    let number = |n: usize| n as i64 + 1;
    let finite = |x: f64| Some(x).filter(|x| x.is_finite());
    Table::new([
        ("part", Vector::from_ints((0..tree.len()).map(number))),
        ("out_of", Vector::from_ints(tree.iter().map(|c| c.parent.map_or(0, number)))),
        ("units", Vector::from_ints(tree.iter().map(|c| c.size as i64))),
        ("from", Vector::from_options(tree.iter().map(|c| finite(1.0 / c.birth)))),
        ("to", Vector::from_options(tree.iter().map(|c| finite(1.0 / c.death)))),
        ("stability", Vector::from_options(tree.iter().map(|c| finite(c.stability)))),
        ("cluster", Vector::from_ints(tree.iter().map(|c| c.label as i64))),
    ])?
    .labelled_by("part")
}

fn run_dbscan(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let context = shared.context();
    let mut options = Options::new("dbscan", options);
    // No radius suits any data.
    let eps = options.optional_float("eps")?.ok_or_else(|| Error::Invalid {
        primitive: "dbscan",
        parameter: "eps",
        rule: "be given, the radius within which units are neighbours".into(),
        value: "nothing".into(),
    });
    let params = DbscanParams { eps: eps.raise()?, min_points: options.count("min_points", 5)? };
    let basis = arguments::basis("dbscan", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    dbscan(basis, &params, &context).map(Rc::new).raise()
}

fn run_hdbscan(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let context = shared.context();
    let mut options = Options::new("hdbscan", options);
    let defaults = HdbscanParams::default();
    let params = HdbscanParams {
        min_cluster_size: options.count("min_cluster_size", defaults.min_cluster_size)?,
        min_samples: options.optional_count("min_samples")?,
        selection: options.choice::<Selection>("selection", defaults.selection)?,
        epsilon: options.float("epsilon", defaults.epsilon)?,
        allow_single: options.flag("allow_single", defaults.allow_single)?,
    };
    let basis = arguments::basis("hdbscan", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    hdbscan(basis, &params, &context).map(Rc::new).raise()
}
