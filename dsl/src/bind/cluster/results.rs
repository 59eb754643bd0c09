//! The result of every clustering method, and its profile.

use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use esep_stdlib::cluster::{Clustering, NOISE, Profile};
use esep_stdlib::{Result, Table, Vector};
use rhai::{Array, Dynamic};

use super::arguments::ROOM;
use crate::convert;
use crate::display::number::significant;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::report::{Fallible, Raise};

const CLUSTERING: TypeEntry = TypeEntry {
    name: "Clustering",
    summary: "A partition of units into k clusters, whatever method gave it.",
    fields: &[
        Field::new(
            "labels",
            "Vector of int",
            "cluster of each unit, from 1 in order of first appearance; labelled by unit",
        ),
        Field::new("k", "int", "number of clusters"),
        Field::new("sizes", "Vector of int", "units in each cluster; labelled by cluster"),
        Field::new("names", "array of text", "names of the clusters; their numbers unless named"),
        Field::new("method", "text", "how it was found"),
        Field::new("silhouette_mean", "float", "mean silhouette; missing for one cluster"),
        Field::new("centers", "Table", "means of the columns, a row per cluster"),
        Field::new("withinss", "Vector", "sum of squares about the mean of each cluster"),
        Field::new("tot_withinss", "float", "the same, added"),
        Field::new("medoids", "array of text", "most central unit of each cluster"),
        Field::new(
            "membership",
            "Table",
            "degree to which each unit belongs to each cluster; fcm only",
        ),
        Field::new("eigenvalues", "Vector", "spectrum of the graph's Laplacian; spectral only"),
        Field::new("model", "text", "covariance family, such as \"VEV\"; gmm only"),
        Field::new("bic", "float", "2 loglik - df ln n, larger is better; gmm only"),
        Field::new("icl", "float", "bic less the components' overlap, larger is better; gmm only"),
        Field::new("loglik", "float", "log-likelihood; gmm only"),
        Field::new("parameters", "int", "free parameters; gmm only"),
        Field::new("weights", "Vector", "shares of the components; gmm only"),
        Field::new(
            "probabilities",
            "Table or Vector",
            "units by components for gmm; how firmly each unit sits in its cluster for hdbscan",
        ),
        Field::new("uncertainty", "Vector", "1 less each unit's largest probability; gmm only"),
        Field::new(
            "table",
            "Table",
            "the cluster of each unit and its name; for gmm the criterion of every fit, numbers of components by families, missing where singular",
        ),
        Field::new("candidates", "Table", "every fit with its loglik and outcome; gmm only"),
        Field::new(
            "outlier_scores",
            "Vector",
            "how far each unit stands out of the region it is nearest to, 0 to 1; hdbscan only",
        ),
        Field::new(
            "core_distances",
            "Vector",
            "distance from each unit to its min_samples-th nearest, itself counted; hdbscan only",
        ),
        Field::new(
            "condensed",
            "Table",
            "the condensed tree: part, the part it came out of (0 for none), units, the distances from which and down to which it hangs together, stability, cluster (0 if it is none); hdbscan only",
        ),
        Field::new(
            "objective",
            "float",
            "what the method lowered; missing where it lowers nothing",
        ),
        Field::new("iterations", "int", "rounds until it stopped; missing where it makes none"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const PROFILE: TypeEntry = TypeEntry {
    name: "Profile",
    summary: "What distinguishes the clusters: means in both scales, v-tests and shares of variance.",
    fields: &[
        Field::new("means", "Table", "mean of each column in each cluster, overall mean, eta_sq"),
        Field::new(
            "standardised",
            "Table",
            "the same in standard deviations from the overall mean",
        ),
        Field::new("v_test", "Table", "v-tests: beyond about 2 the mean is no random draw"),
        Field::new("tests", "Table", "eta_sq, F and p-value of each column"),
        Field::new("eta_sq", "Vector", "share of variance between clusters, by column"),
        Field::new("sizes", "Vector of int", "units in each cluster"),
    ],
};

const C: Param = Param::arg("c", "Clustering", "the partition");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "silhouette",
        on: Some("Clustering"),
        room: ROOM,
        summary: "How much closer each unit is to its own cluster than to the next, in -1..1.",
        signature: "c.silhouette()",
        params: &[C],
        returns: "Table by unit: cluster, neighbour, silhouette; a unit alone in its cluster has 0",
        search: &["validity", "silhouette_samples", "width"],
        errors: &["fewer than two clusters"],
        see_also: &["choose_k", "profile"],
        source: "Rousseeuw 1987, equation 1; NbClust counts single units as 1",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut(3).silhouette().at(\"Atyrau\", \"silhouette\")",
            shows: "0.0",
        }],
    },
    Entry {
        name: "profile",
        on: Some("Clustering"),
        room: ROOM,
        summary: "What distinguishes the clusters, in the clustered columns or in those of another table.",
        signature: "c.profile(t)",
        params: &[
            C,
            Param {
                default: Some("the clustered table"),
                ..Param::arg(
                    "t",
                    "Table",
                    "the same units in their original units, or other columns of theirs",
                )
            },
        ],
        returns: "Profile: means, standardised, v_test, tests",
        search: &["catdes", "describe", "aggregate", "v-test", "eta squared", "anova"],
        errors: &["another number of rows", "text columns or missing values in t"],
        see_also: &["named", "silhouette"],
        source: "Lebart, Morineau and Piron 1995 (v-test)",
        examples: &[Example {
            code: "let t = load(\"regions_2023\").numeric(); hclust(t.standardise()).cut(3).profile(t).means.at(\"gdp_per_capita\", \"2\")",
            shows: "21812.5",
        }],
    },
    Entry {
        name: "named",
        on: Some("Clustering"),
        room: ROOM,
        summary: "The same partition with names for its clusters, kept in every later table and chart.",
        signature: "c.named(names)",
        params: &[
            C,
            Param::arg("names", "array of text", "one for each cluster, in the order of c.sizes"),
        ],
        returns: "Clustering",
        search: &["rename", "label clusters"],
        errors: &["as many names as clusters are needed"],
        see_also: &["profile"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut(3).named([\"rest\", \"oil\", \"cities\"]).sizes[\"cities\"]",
            shows: "2",
        }],
    },
];

/// A number in a sentence.
pub(super) fn short(x: f64) -> String {
    significant(x, 4)
}

/// A row per unit: the number and the name of its cluster; noise has number 0.
pub(super) fn assignments(c: &Clustering) -> Result<Table> {
    let name = |label: &usize| label.checked_sub(1).map_or("noise", |at| c.names[at].as_str());
    Table::new([
        ("unit", Vector::from_texts(c.units())),
        ("cluster", Vector::from_ints(c.labels.iter().map(|label| *label as i64))),
        ("name", Vector::from_texts(c.labels.iter().map(name))),
    ])?
    .labelled_by("unit")
}

/// Rows by columns as a table with named columns and labelled rows.
pub(super) fn grid(
    rows: &[String],
    row_name: &str,
    columns: &[String],
    at: impl Fn(usize, usize) -> f64,
) -> Result<Table> {
    let mut table = vec![(row_name.to_owned(), Vector::from_texts(rows))];
    for (j, name) in columns.iter().enumerate() {
        table.push((name.clone(), Vector::from_floats((0..rows.len()).map(|i| at(i, j)))));
    }
    Table::new(table)?.labelled_by(row_name)
}

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library.register_type::<Rc<Clustering>>(&CLUSTERING, move |c, style| show(&shared, c, style));
    library.register_type::<Rc<Profile>>(&PROFILE, show_profile);
    let engine = &mut *library.engine;
    engine.register_get("labels", |c: &mut Rc<Clustering>| -> Fallible<Vector> {
        Vector::from_ints(c.labels.iter().map(|l| *l as i64)).labelled(c.units()).raise()
    });
    engine.register_get("k", |c: &mut Rc<Clustering>| c.k as i64);
    engine.register_get("sizes", |c: &mut Rc<Clustering>| -> Fallible<Vector> {
        Vector::from_ints(c.sizes.iter().map(|s| *s as i64)).labelled(&c.names).raise()
    });
    engine.register_get("names", |c: &mut Rc<Clustering>| convert::text_array(&c.names));
    engine.register_get("method", |c: &mut Rc<Clustering>| c.method.clone());
    engine.register_get("warnings", |c: &mut Rc<Clustering>| convert::text_array(&c.warnings));
    engine.register_get("centers", |c: &mut Rc<Clustering>| centers(c).raise());
    engine.register_get("withinss", |c: &mut Rc<Clustering>| -> Fallible<Vector> {
        Vector::from_floats(c.withinss().raise()?).labelled(&c.names).raise()
    });
    engine.register_get("tot_withinss", |c: &mut Rc<Clustering>| c.tot_withinss().raise());
    engine.register_get("objective", |c: &mut Rc<Clustering>| {
        convert::from_option(c.detail.objective)
    });
    engine.register_get("membership", |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
        let Some(shares) = &c.detail.membership else { return Ok(Dynamic::UNIT) };
        // Clusters that are no unit's first choice have a number and no name.
        let columns: Vec<String> = (0..shares.ncols())
            .map(|j| c.names.get(j).cloned().unwrap_or_else(|| (j + 1).to_string()))
            .collect();
        grid(c.units(), "unit", &columns, |i, j| shares[(i, j)]).map(Dynamic::from).raise()
    });
    engine.register_get("eigenvalues", |c: &mut Rc<Clustering>| {
        c.detail.eigenvalues.as_ref().map_or(Dynamic::UNIT, |values| {
            Dynamic::from(Vector::from_floats(values.iter().copied()))
        })
    });
    engine.register_get("iterations", |c: &mut Rc<Clustering>| {
        c.detail.iterations.map_or(Dynamic::UNIT, |n| (n as i64).into())
    });
    engine.register_fn(
        "named",
        |c: &mut Rc<Clustering>, names: Dynamic| -> Fallible<Rc<Clustering>> {
            let names = convert::texts_argument("named", "names", &names)?;
            c.as_ref().clone().named(names).map(Rc::new).raise()
        },
    );
    engine.register_fn("profile", |c: &mut Rc<Clustering>| c.profile(None).map(Rc::new).raise());
    engine.register_fn("profile", |c: &mut Rc<Clustering>, t: Table| -> Fallible<Rc<Profile>> {
        let matrix = t.matrix("profile", None).raise()?;
        c.profile(Some(&matrix)).map(Rc::new).raise()
    });
    let shared = library.shared();
    library.engine.register_get("medoids", move |c: &mut Rc<Clustering>| -> Fallible<Array> {
        let medoids = c.medoids(&shared.context()).raise()?;
        Ok(convert::text_array(medoids.iter().map(|m| &c.units()[*m])))
    });
    let shared = library.shared();
    library.engine.register_get(
        "silhouette_mean",
        move |c: &mut Rc<Clustering>| -> Fallible<Dynamic> {
            if c.k < 2 {
                return Ok(Dynamic::UNIT);
            }
            c.silhouette(&shared.context()).map(|s| s.mean.into()).raise()
        },
    );
    let shared = library.shared();
    library.engine.register_fn("silhouette", move |c: &mut Rc<Clustering>| -> Fallible<Table> {
        silhouette(&shared, c)
    });
    let engine = &mut *library.engine;
    engine.register_get("means", |p: &mut Rc<Profile>| p.means_table().raise());
    engine.register_get("standardised", |p: &mut Rc<Profile>| p.standardised_table().raise());
    engine.register_get("v_test", |p: &mut Rc<Profile>| p.v_test_table().raise());
    engine.register_get("tests", |p: &mut Rc<Profile>| p.tests_table().raise());
    engine.register_get("eta_sq", |p: &mut Rc<Profile>| -> Fallible<Vector> {
        Vector::from_options(p.eta_sq.iter().copied()).labelled(&p.columns).raise()
    });
    engine.register_get("sizes", |p: &mut Rc<Profile>| -> Fallible<Vector> {
        Vector::from_ints(p.sizes.iter().map(|s| *s as i64)).labelled(&p.names).raise()
    });
}

fn centers(c: &Clustering) -> Result<Table> {
    let centers = c.centers()?;
    let columns = c.basis.matrix("centers", "a centre")?.columns.clone();
    grid(&c.names, "cluster", &columns, |i, j| centers[(i, j)])
}

fn silhouette(shared: &Shared, c: &Clustering) -> Fallible<Table> {
    let s = c.silhouette(&shared.context()).raise()?;
    let name = |cluster: usize| {
        if cluster == NOISE { "noise".to_owned() } else { c.names[cluster - 1].clone() }
    };
    Table::new([
        ("cluster", Vector::from_texts(c.labels.iter().map(|l| name(*l)))),
        (
            "neighbour",
            Vector::from_texts(s.neighbours.iter().map(|n| n.map_or(String::new(), name))),
        ),
        ("silhouette", Vector::from_options(s.widths.iter().copied())),
    ])
    .and_then(|table| {
        let labels = Arc::new(c.units().iter().map(|u| Some(u.as_str())).collect());
        table.with_labels(labels, Some("unit"))
    })
    .raise()
}

/// Units listed by name up to this many.
const LISTED: usize = 100;

fn show(shared: &Shared, c: &Rc<Clustering>, style: &Style) -> Bundle {
    let n = c.len();
    let plural = if c.k == 1 { "" } else { "s" };
    // All distances are computed for it: only where that is quick.
    let widths = if c.k >= 2 && n <= 5000 { c.silhouette(&shared.context()).ok() } else { None };
    let noise = c.labels.iter().filter(|l| **l == NOISE).count();
    let mut sentence = format!("{} cluster{plural} of {n} units; {}.", c.k, c.method);
    if noise > 0 {
        let _ = write!(sentence, " {noise} units belong to none.");
    }
    let mut columns = vec![
        ("cluster", Vector::from_texts(&c.names)),
        ("units", Vector::from_ints(c.sizes.iter().map(|s| *s as i64))),
    ];
    if let Ok(within) = c.withinss() {
        columns.push(("withinss", Vector::from_floats(within)));
    }
    if let Some(s) = &widths {
        columns.push(("silhouette", Vector::from_floats(s.clusters.iter().copied())));
    }
    let mut doc = Doc::new().heading("Clusters").text(sentence);
    if let Some(mixture) = &c.detail.mixture {
        doc = super::mixture::describe(doc, mixture);
    }
    if let Some(s) = &widths {
        doc = doc.text(format!("Mean silhouette {}.", short(s.mean)));
    }
    if let Ok(table) = Table::new(columns).and_then(|table| table.labelled_by("cluster")) {
        doc = doc.table(&table);
    }
    if n <= LISTED {
        for (name, members) in c.names.iter().zip(c.members()) {
            let units: Vec<&str> = members.iter().map(|u| c.units()[*u].as_str()).collect();
            doc = doc.text(format!("{name}: {}", units.join(", ")));
        }
    }
    doc.warnings(&c.warnings).bundle(style)
}

fn show_profile(profile: &Rc<Profile>, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading("Profile of the clusters").text(format!(
        "Means of {} columns in {} clusters and over all units; eta_sq is the share of a column's \
         variance that lies between clusters.",
        profile.columns.len(),
        profile.names.len()
    ));
    if let Ok(table) = profile.means_table() {
        doc = doc.table(&table);
    }
    doc = doc.text("v-tests; beyond about 2 a cluster's mean is no random draw:");
    if let Ok(table) = profile.v_test_table() {
        doc = doc.table(&table);
    }
    doc.warnings(&profile.warnings).bundle(style)
}
