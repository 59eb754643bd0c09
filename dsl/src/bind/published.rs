//! The source's printed results, and the procedure that recomputes them.

use rhai::{Map, NativeCallContext};

use esep_stdlib::table::datasets::PUBLISHED_RESULTS;

use crate::help::{Entry, Example};
use crate::library::Library;
use crate::report::Fallible;

const ENTRIES: &[Entry] = &[
    Entry {
        name: "published_results",
        on: None,
        room: "reproduction",
        summary: "The dissertation's printed results, as a map: readiness, clusters, sfa_m1, sfa_m2, cagr_checks and more.",
        signature: "published_results()",
        params: &[],
        returns: "map; its `published` parts are printed figures, to be compared and never computed with",
        search: &["printed", "dissertation", "reference"],
        errors: &[],
        see_also: &["reproduce"],
        source: "Dissertation on digital ecosystems of Kazakhstan's industry",
        examples: &[Example {
            code: "published_results().sfa_m2.published.loglik",
            shows: "-20.2228624",
        }],
    },
    Entry {
        name: "reproduce",
        on: None,
        room: "reproduction",
        summary: "Recomputes every printed table of the source from the bundled data: printed / recomputed / difference, with a sentence for each that does not agree.",
        signature: "reproduce()",
        params: &[],
        returns: "Table, one row a result: figures compared, largest difference, tolerance, whether they agree; the tables themselves are displayed on the way",
        search: &["replication", "dissertation", "printed"],
        errors: &[],
        see_also: &["published_results"],
        source: "Dissertation on digital ecosystems of Kazakhstan's industry",
        examples: &[Example { code: "reproduce()", shows: "M2 log-likelihood" }],
    },
    Entry {
        name: "lesson_starts",
        on: None,
        room: "reproduction",
        summary: "Shows on the regions how one start of k-means bends the gap curve, and what its five rules say with 25 starts.",
        signature: "lesson_starts()",
        params: &[],
        returns: "Table: rule, k, value, how; the two curves are displayed on the way",
        search: &["teaching", "gap", "starts", "local optimum"],
        errors: &[],
        see_also: &["choose_k", "lesson_methods"],
        source: "Tibshirani, Walther and Hastie (2001); computed from the bundled regions",
        examples: &[Example { code: "lesson_starts()", shows: "gap (tibshirani)" }],
    },
    Entry {
        name: "lesson_methods",
        on: None,
        room: "reproduction",
        summary: "Shows which linkages and methods find the printed partition of the regions into three.",
        signature: "lesson_methods()",
        params: &[],
        returns: "Table: method, sizes, adjusted_rand with the printed partition, silhouette",
        search: &["teaching", "linkage", "ward", "single linkage", "centroid"],
        errors: &[],
        see_also: &["hclust", "kmeans", "pam", "lesson_starts"],
        source: "computed from the bundled regions",
        examples: &[Example { code: "lesson_methods()", shows: "single" }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.engine.register_fn(
        "published_results",
        |context: NativeCallContext| -> Fallible<Map> {
            context.engine().parse_json(PUBLISHED_RESULTS, true)
        },
    );
}
