//! Hierarchical clustering.

use std::rc::Rc;

use esep_stdlib::cluster::{
    Basis, Clustering, Distances, HclustParams, Node, Tree, hclust, hclust_distances,
};
use esep_stdlib::{Choice, Table, Vector};
use rhai::{Dynamic, Map, NativeCallContext};

use super::arguments::{self, DISTANCE, ORDER, ROOM, Z_OR_D};
use super::results::short;
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const TREE: TypeEntry = TypeEntry {
    name: "Tree",
    summary: "A dendrogram: which clusters merge, at what height, and in what order the leaves stand.",
    fields: &[
        Field::new("heights", "Vector", "height of each of the n - 1 merges, in order"),
        Field::new(
            "merge",
            "Table",
            "the two sides of each merge as R writes them: -1, -2, ... units, 1, 2, ... earlier merges",
        ),
        Field::new("order", "array of text", "labels of the units in the order of the leaves"),
        Field::new("labels", "array of text", "labels of the units in the order of the rows"),
        Field::new("n", "int", "units"),
        Field::new("linkage", "text", "linkage"),
        Field::new("distance", "text", "distance"),
        Field::new("inversions", "int", "merges lower than one of their sides"),
        Field::new("ties", "int", "merges that had an equally close rival"),
        Field::new(
            "agglomerative_coefficient",
            "float",
            "mean over units of 1 - first merge / last merge; near 1: strong structure, grows with n",
        ),
        Field::new(
            "cophenetic_correlation",
            "float",
            "correlation of the tree's with the original distances; near 1: a faithful tree",
        ),
        Field::new(
            "order_length",
            "float",
            "sum of the distances between neighbouring leaves; optimal_order makes it least",
        ),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

pub(super) const TREE_ARG: Param = Param::arg("tree", "Tree", "the tree");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "hclust",
        on: None,
        room: ROOM,
        summary: "Grows a tree of clusters by merging the two closest again and again.",
        signature: "hclust(z, options)",
        params: &[
            Z_OR_D,
            Param::option(
                "linkage",
                "text",
                "\"ward.D2\"",
                "ward.D2 (or ward), ward.D, single, complete, average, weighted, centroid, median, flexible (with beta), minimax",
            ),
            DISTANCE,
            ORDER,
            Param::option(
                "beta",
                "float",
                "-0.25",
                "parameter of flexible linkage, -1 <= beta < 1",
            ),
            Param::option(
                "square",
                "bool",
                "true",
                "whether ward.D2, centroid and median square the distances, as they are defined; false repeats what R makes of plain distances",
            ),
        ],
        returns: "Tree; heights, merges and leaf order as R's hclust gives them, ties included",
        search: &[
            "dendrogram",
            "linkage",
            "agnes",
            "ward",
            "AgglomerativeClustering",
            "hierarchical",
        ],
        errors: &["missing values or text columns", "fewer than two rows"],
        see_also: &["cut", "choose_k", "distance", "kmeans"],
        source: "Lance and Williams 1967; Ward 1963; Murtagh and Legendre 2014 on the two Wards; Bien and Tibshirani 2011 on minimax",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z, #{ linkage: \"ward.D2\", distance: \"euclidean\" }).cut(3).sizes.to_array()",
                shows: "[17, 1, 2]",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z, #{ linkage: \"average\" })",
                shows: "average linkage, euclidean distance",
            },
        ],
    },
    Entry {
        name: "cut",
        on: Some("Tree"),
        room: ROOM,
        summary: "The partition into k clusters.",
        signature: "tree.cut(k)",
        params: &[TREE_ARG, Param::arg("k", "int", "number of clusters, 1 to the number of units")],
        returns: "Clustering; labels count from 1 in order of first appearance",
        search: &["cutree", "fcluster", "partition"],
        errors: &["k is 0 or greater than the number of units"],
        see_also: &["cut_height", "choose_k", "silhouette"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut(3).labels[\"Atyrau\"]",
            shows: "2",
        }],
    },
    Entry {
        name: "cut_height",
        on: Some("Tree"),
        room: ROOM,
        summary: "The partition by the merges no higher than a height.",
        signature: "tree.cut_height(height)",
        params: &[
            TREE_ARG,
            Param::arg("height", "float", "0 or greater, in units of tree.heights"),
        ],
        returns: "Clustering",
        search: &["cutree", "threshold"],
        errors: &["the tree has inversions, so that a height does not cut it"],
        see_also: &["cut"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut_height(1000).k",
            shows: "1",
        }],
    },
    Entry {
        name: "optimal_order",
        on: Some("Tree"),
        room: ROOM,
        summary: "The same tree with its leaves in the order whose neighbours lie closest.",
        signature: "tree.optimal_order()",
        params: &[TREE_ARG],
        returns: "Tree; the least sum of distances between neighbouring leaves (tree.order_length) of all orders the tree allows",
        search: &["seriation", "leaf ordering", "optimal_leaf_ordering", "OLO", "dendrogram"],
        errors: &["more memory needed than is free"],
        see_also: &["hclust"],
        source: "Bar-Joseph, Gifford and Jaakkola 2001; exact, where scipy's optimal_leaf_ordering is not always",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).optimal_order().order_length",
                shows: "71.2198",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); let tree = hclust(z); tree.optimal_order().order_length < tree.order_length",
                shows: "true",
            },
        ],
    },
    Entry {
        name: "cophenetic",
        on: Some("Tree"),
        room: ROOM,
        summary: "Cophenetic distances: the height at which each pair of units first shares a cluster.",
        signature: "tree.cophenetic()",
        params: &[TREE_ARG],
        returns: "Distances",
        search: &["cophenet", "faithful"],
        errors: &[],
        see_also: &["hclust"],
        source: "Sokal and Rohlf 1962",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cophenetic().n",
            shows: "20",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library.register_type::<Rc<Tree>>(&TREE, move |tree, style| show(&shared, tree, style));
    arguments::with_options(library, "hclust", grow);
    let engine = &mut *library.engine;
    engine.register_fn("cut", |tree: &mut Rc<Tree>, k: Dynamic| -> Fallible<Rc<Clustering>> {
        tree.cut(convert::count_argument("cut", "k", &k)?).map(Rc::new).raise()
    });
    engine.register_fn(
        "cut_height",
        |tree: &mut Rc<Tree>, height: Dynamic| -> Fallible<Rc<Clustering>> {
            let height = convert::number_argument("cut_height", "height", &height)?;
            tree.cut_height(height).map(Rc::new).raise()
        },
    );
    engine.register_get("heights", |tree: &mut Rc<Tree>| {
        Vector::from_floats(tree.heights.iter().copied())
    });
    engine.register_get("merge", |tree: &mut Rc<Tree>| -> Fallible<Table> {
        let merge = tree.merge_matrix();
        Table::new([
            ("left", Vector::from_ints(merge.iter().map(|pair| pair[0]))),
            ("right", Vector::from_ints(merge.iter().map(|pair| pair[1]))),
            ("height", Vector::from_floats(tree.heights.iter().copied())),
        ])
        .raise()
    });
    engine.register_get("order", |tree: &mut Rc<Tree>| {
        convert::text_array(tree.order.iter().map(|unit| &tree.labels[*unit]))
    });
    engine.register_get("labels", |tree: &mut Rc<Tree>| convert::text_array(&tree.labels));
    engine.register_get("n", |tree: &mut Rc<Tree>| tree.len() as i64);
    engine.register_get("linkage", |tree: &mut Rc<Tree>| tree.linkage.name().to_owned());
    engine.register_get("distance", |tree: &mut Rc<Tree>| tree.metric.clone());
    engine.register_get("inversions", |tree: &mut Rc<Tree>| tree.inversions as i64);
    engine.register_get("ties", |tree: &mut Rc<Tree>| tree.ties as i64);
    engine.register_get("agglomerative_coefficient", |tree: &mut Rc<Tree>| {
        convert::from_option(tree.agglomerative_coefficient())
    });
    engine.register_get("warnings", |tree: &mut Rc<Tree>| convert::text_array(&tree.warnings));
    let shared = library.shared();
    library.engine.register_fn(
        "cophenetic",
        move |tree: &mut Rc<Tree>| -> Fallible<Rc<Distances>> {
            tree.cophenetic(&shared.context()).map(Rc::new).raise()
        },
    );
    let shared = library.shared();
    library.engine.register_fn("optimal_order", move |tree: &mut Rc<Tree>| -> Fallible<Rc<Tree>> {
        tree.optimal_order(&shared.context()).map(Rc::new).raise()
    });
    let shared = library.shared();
    library.engine.register_get("order_length", move |tree: &mut Rc<Tree>| -> Fallible<f64> {
        tree.order_length(&shared.context()).raise()
    });
    let shared = library.shared();
    library.engine.register_get(
        "cophenetic_correlation",
        move |tree: &mut Rc<Tree>| -> Fallible<Dynamic> {
            tree.cophenetic_correlation(&shared.context()).map(convert::from_option).raise()
        },
    );
}

fn grow(
    shared: &Shared,
    call: &NativeCallContext<'_>,
    z: &Dynamic,
    options: Map,
) -> Fallible<Rc<Tree>> {
    let context = shared.context();
    let mut options = Options::new("hclust", options);
    let linkage = arguments::linkage(&mut options)?;
    let square = options.flag("square", true)?;
    let basis = arguments::basis("hclust", z, &mut options, call, &context)?;
    options.has("distance");
    options.has("order");
    options.finish()?;
    let params = HclustParams { linkage, square, ..HclustParams::default() };
    match basis {
        Basis::Data { matrix, metric } => {
            hclust(matrix, &HclustParams { metric, ..params }, &context)
        }
        Basis::Distances(distances) => hclust_distances(distances, &params, &context),
    }
    .map(Rc::new)
    .raise()
}

/// The last merges, most telling first.
const SHOWN: usize = 8;

fn show(shared: &Shared, tree: &Rc<Tree>, style: &Style) -> Bundle {
    let n = tree.len();
    let mut facts = vec![("units", n.to_string())];
    // All distances are computed again for it: only where that is quick.
    if n <= 2000
        && let Ok(Some(r)) = tree.cophenetic_correlation(&shared.context())
    {
        facts.push(("cophenetic correlation", short(r)));
    }
    if let Some(coefficient) = tree.agglomerative_coefficient() {
        facts.push(("agglomerative coefficient", short(coefficient)));
    }
    let shown = SHOWN.min(tree.merges.len());
    let mut sizes: Vec<usize> = Vec::with_capacity(tree.merges.len());
    for pair in &tree.merges {
        sizes.push(pair.iter().map(|node| size(&sizes, *node)).sum());
    }
    let last: Vec<usize> = (0..tree.merges.len()).rev().take(shown).collect();
    let side = |merge: usize, side: usize| match tree.merges[merge][side] {
        Node::Unit(unit) => tree.labels[unit].clone(),
        node @ Node::Merge(_) => format!("{} units", size(&sizes, node)),
    };
    let table = Table::new([
        ("clusters_left", Vector::from_ints(last.iter().map(|m| (n - 1 - m) as i64))),
        ("height", Vector::from_floats(last.iter().map(|m| tree.heights[*m]))),
        ("joins", Vector::from_texts(last.iter().map(|m| side(*m, 0)))),
        ("with", Vector::from_texts(last.iter().map(|m| side(*m, 1)))),
    ]);
    let method = tree.method();
    let mut doc = Doc::new()
        .heading("Tree of clusters")
        .text(format!("{}; merged until one cluster was left.", capital(&method)))
        .facts(facts)
        .text("The last merges:");
    if let Ok(table) = table {
        doc = doc.table(&table);
    }
    doc.text("tree.cut(k) gives a partition, plot(tree) the dendrogram.")
        .warnings(&tree.warnings)
        .bundle(style)
}

fn size(sizes: &[usize], node: Node) -> usize {
    match node {
        Node::Unit(_) => 1,
        Node::Merge(merge) => sizes[merge],
    }
}

/// The sentence with its first letter in upper case.
pub(super) fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
