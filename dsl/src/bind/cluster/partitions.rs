//! Methods that give a partition into k clusters.

use std::rc::Rc;

use esep_stdlib::cluster::{
    ClaraParams, Clustering, Embedding, FcmParams, KmeansParams, Refinement, SpectralParams, clara,
    fcm, kmeans, pam, spectral,
};
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
    Entry {
        name: "fcm",
        on: None,
        room: ROOM,
        summary: "Fuzzy c-means: every unit belongs to every cluster to some degree.",
        signature: "fcm(z, k, options)",
        params: &[
            Z,
            K,
            Param::option("m", "float", "2", "fuzziness, greater than 1; near 1 for many columns"),
            Param::option(
                "starts",
                "int",
                "10",
                "independent starts, the best of which is returned",
            ),
            SEED,
            Param::option("max_iterations", "int", "1000", "rounds in one start"),
        ],
        returns: "Clustering with membership (units by clusters), centers and objective; labels are first choices",
        search: &["fuzzy", "cmeans", "fanny", "soft clustering", "membership"],
        errors: &["m is not greater than 1", "k greater than the number of different rows"],
        see_also: &["kmeans"],
        source: "Bezdek 1981",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); fcm(z, 3, #{ m: 1.25 }).sizes.to_array()",
                shows: "[17, 1, 2]",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); fcm(z, 3)",
                shows: "memberships are nearly equal",
            },
        ],
    },
    Entry {
        name: "spectral",
        on: None,
        room: ROOM,
        summary: "Clusters as loosely connected parts of a graph of similarities.",
        signature: "spectral(z, k, options)",
        params: &[
            Z_OR_D,
            K,
            Param::option("gamma", "float", "1 / (2 median d^2)", "similarity is exp(-gamma d^2)"),
            Param::option(
                "embedding",
                "text",
                "\"unit_rows\"",
                "what k-means sees of the eigenvectors: \"unit_rows\" (scaled to length 1; Ng, Jordan and Weiss, 2002) or \"random_walk\" (divided by root degrees; Shi and Malik, 2000; scikit-learn's)",
            ),
            STARTS,
            SEED,
            DISTANCE,
            ORDER,
        ],
        returns: "Clustering with eigenvalues of the graph's Laplacian",
        search: &["SpectralClustering", "laplacian", "graph", "eigengap"],
        errors: &["gamma is not greater than 0", "k greater than the number of rows"],
        see_also: &["kmeans", "dbscan"],
        source: "Ng, Jordan and Weiss 2002",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); spectral(z, 3).sizes.to_array()",
            shows: "[7, 6, 7]",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    with_k(library, "kmeans", run_kmeans);
    with_k(library, "pam", run_pam);
    with_k(library, "clara", run_clara);
    with_k(library, "fcm", run_fcm);
    with_k(library, "spectral", run_spectral);
}

/// Registers `name(z, k)` and `name(z, k, options)`.
fn with_k(
    library: &mut Library<'_>,
    name: &'static str,
    run: fn(&Shared, &NativeCallContext<'_>, &Dynamic, &Dynamic, Map) -> Fallible<Rc<Clustering>>,
) {
    let shared = library.shared();
    let plain = move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic| {
        run(&shared, &call, &z, &k, Map::new())
    };
    library.engine.register_fn(name, plain);
    let shared = library.shared();
    let optional = move |call: NativeCallContext<'_>, z: Dynamic, k: Dynamic, options: Map| {
        run(&shared, &call, &z, &k, options)
    };
    library.engine.register_fn(name, optional);
}

fn run_fcm(
    shared: &Shared,
    _: &NativeCallContext<'_>,
    z: &Dynamic,
    k: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let mut options = Options::new("fcm", options);
    let defaults = FcmParams::default();
    let params = FcmParams {
        m: options.float("m", defaults.m)?,
        starts: options.count("starts", defaults.starts)?,
        seed: options.seed(defaults.seed)?,
        max_iterations: options.count("max_iterations", defaults.max_iterations)?,
    };
    options.finish()?;
    let k = convert::count_argument("fcm", "k", k)?;
    let matrix = arguments::matrix("fcm", z)?;
    fcm(matrix, k, &params, &shared.context()).map(Rc::new).raise()
}

fn run_spectral(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    k: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
    let context = shared.context();
    let mut options = Options::new("spectral", options);
    let k = convert::count_argument("spectral", "k", k)?;
    let defaults = KmeansParams::default();
    let params = SpectralParams {
        gamma: options.optional_float("gamma")?,
        embedding: options.choice("embedding", Embedding::default())?,
        kmeans: KmeansParams {
            starts: options.count("starts", defaults.starts)?,
            seed: options.seed(defaults.seed)?,
            ..defaults
        },
    };
    let basis = arguments::basis("spectral", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    spectral(basis, k, &params, &context).map(Rc::new).raise()
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

fn run_kmeans(
    shared: &Shared,
    _: &NativeCallContext<'_>,
    z: &Dynamic,
    k: &Dynamic,
    options: Map,
) -> Fallible<Rc<Clustering>> {
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
