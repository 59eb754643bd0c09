//! Methods that give a partition into k clusters.

use std::rc::Rc;

use esep_stdlib::cluster::{ClaraParams, Clustering, KmeansParams, Refinement, clara, kmeans, pam};
use rhai::{Dynamic, Map, NativeCallContext};

use super::arguments::{self, DISTANCE, K, ORDER, ROOM, SEED, Z, Z_OR_D};
use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const STARTS: Param =
    Param::option("starts", "int", "25", "independent starts, the best of which is returned");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "kmeans",
        on: None,
        room: ROOM,
        summary: "Partition into k clusters with the smallest within sum of squares.",
        signature: "kmeans(z, k, options)",
        params: &[
            Z,
            K,
            STARTS,
            SEED,
            Param::option("max_iterations", "int", "300", "rounds over all units in one start"),
            Param::option(
                "algorithm",
                "text",
                "\"hartigan_wong\"",
                "hartigan_wong moves single units after Lloyd's iterations have come to rest; lloyd does not",
            ),
        ],
        returns: "Clustering with centers, withinss, tot_withinss, iterations",
        search: &["k-means", "KMeans", "Lloyd", "Hartigan-Wong", "centroids"],
        errors: &["k greater than the number of different rows", "missing values or text columns"],
        see_also: &["pam", "hclust", "choose_k"],
        source: "Arthur and Vassilvitskii 2007 (starts); Hartigan and Wong 1979; Hamerly 2010",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); kmeans(z, 3, #{ starts: 50, seed: 1 }).sizes.to_array()",
                shows: "[17, 1, 2]",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); kmeans(z, 3).tot_withinss",
                shows: "162.747880",
            },
        ],
    },
    Entry {
        name: "pam",
        on: None,
        room: ROOM,
        summary: "Partition around k medoids: units that represent their clusters best.",
        signature: "pam(z, k, options)",
        params: &[Z_OR_D, K, DISTANCE, ORDER],
        returns: "Clustering with medoids and objective, the mean distance to the medoid",
        search: &["k-medoids", "KMedoids", "FasterPAM", "medoid"],
        errors: &["k greater than the number of rows", "more memory needed than is free"],
        see_also: &["clara", "kmeans", "distance"],
        source: "Kaufman and Rousseeuw 1990; Schubert and Rousseeuw 2021, algorithm 3",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); pam(z, 3).medoids",
            shows: "[\"Akmola\", \"Atyrau\", \"Astana\"]",
        }],
    },
    Entry {
        name: "clara",
        on: None,
        room: ROOM,
        summary: "Partition around medoids for large data: the best medoids of several samples.",
        signature: "clara(z, k, options)",
        params: &[
            Z_OR_D,
            K,
            Param::option("samples", "int", "10", "samples drawn"),
            Param::option("size", "int", "80 + 4 k", "units in a sample"),
            SEED,
            DISTANCE,
            ORDER,
        ],
        returns: "Clustering with medoids and objective",
        search: &["k-medoids", "sampling", "large"],
        errors: &["k greater than the number of rows"],
        see_also: &["pam"],
        source: "Kaufman and Rousseeuw 1986",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); clara(z, 3).sizes.to_array()",
            shows: "[17, 1, 2]",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library.engine.register_fn("kmeans", move |z: Dynamic, k: Dynamic| {
        run_kmeans(&shared, &z, &k, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("kmeans", move |z: Dynamic, k: Dynamic, options: Map| {
        run_kmeans(&shared, &z, &k, options)
    });
    let shared = library.shared();
    library.engine.register_fn(
        "pam",
        move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic| {
            run_pam(&shared, &call, &z, &k, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "pam",
        move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic, options: Map| {
            run_pam(&shared, &call, &z, &k, options)
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "clara",
        move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic| {
            run_clara(&shared, &call, &z, &k, Map::new())
        },
    );
    let shared = library.shared();
    library.engine.register_fn(
        "clara",
        move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic, options: Map| {
            run_clara(&shared, &call, &z, &k, options)
        },
    );
}

/// The options of k-means, shared with `choose_k`.
pub(super) fn kmeans_params(options: &mut Options) -> Fallible<KmeansParams> {
    let defaults = KmeansParams::default();
    Ok(KmeansParams {
        starts: options.count("starts", defaults.starts)?,
        seed: options.seed(defaults.seed)?,
        max_iterations: options.count("max_iterations", defaults.max_iterations)?,
        refinement: options.choice::<Refinement>("algorithm", defaults.refinement)?,
    })
}

fn run_kmeans(shared: &Shared, z: &Dynamic, k: &Dynamic, options: Map) -> Fallible<Rc<Clustering>> {
    let mut options = Options::new("kmeans", options);
    let params = kmeans_params(&mut options)?;
    options.finish()?;
    let k = convert::count_argument("kmeans", "k", k)?;
    let matrix = arguments::matrix("kmeans", z)?;
    kmeans(matrix, k, &params, &shared.context()).map(Rc::new).raise()
}

fn run_pam(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    k: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let context = shared.context();
    let mut options = Options::new("pam", options);
    let k = convert::count_argument("pam", "k", k)?;
    let basis = arguments::basis("pam", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    pam(basis, k, &context).map(Rc::new).raise()
}

fn run_clara(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    k: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let context = shared.context();
    let mut options = Options::new("clara", options);
    let k = convert::count_argument("clara", "k", k)?;
    let defaults = ClaraParams::default();
    let params = ClaraParams {
        samples: options.count("samples", defaults.samples)?,
        size: options.optional_count("size")?,
        seed: options.seed(defaults.seed)?,
    };
    let basis = arguments::basis("clara", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    clara(basis, k, &params, &context).map(Rc::new).raise()
}
