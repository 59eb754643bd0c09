//! How many components to keep, and components turned for easier reading.

use std::rc::Rc;

use esep_stdlib::cluster::{ParallelParams, Pca, Rotation};
use esep_stdlib::{Table, Vector};
use rhai::{Dynamic, Map};

use super::arguments::{ROOM, SEED};
use super::results::{grid, short};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ROTATION: TypeEntry = TypeEntry {
    name: "Rotation",
    summary: "Principal components turned by varimax, in order of the variance they show.",
    fields: &[
        Field::new("loadings", "Table", "correlation of each column with each turned component"),
        Field::new("scores", "Table", "units by turned components, each of variance 1"),
        Field::new("explained", "Vector", "share of the total variance of each, falling"),
        Field::new("communalities", "Vector", "share of each column that the components show"),
        Field::new("turn", "Table", "unturned components (rows) to turned ones"),
    ],
};

const P: Param = Param::arg("p", "Pca", "the components");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "parallel",
        on: Some("Pca"),
        room: ROOM,
        summary: "Parallel analysis: which components stand out of what tables without structure give.",
        signature: "p.parallel(options)",
        params: &[
            P,
            Param::option("draws", "int", "1000", "simulated tables of the same size"),
            Param::option("quantile", "float", "0.95", "of their eigenvalues, to be exceeded"),
            SEED,
        ],
        returns: "Table by component: keep, eigenvalue, random_mean, random_quantile",
        search: &["Horn", "fa.parallel", "paran", "number of factors", "scree"],
        errors: &["quantile not between 0 and 1", "no draws"],
        see_also: &["pca", "varimax"],
        source: "Horn 1965; Glorfeld 1995 (quantile)",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); pca(z).parallel(#{ draws: 200 }).at(\"PC1\", \"keep\")",
            shows: "true",
        }],
    },
    Entry {
        name: "varimax",
        on: Some("Pca"),
        room: ROOM,
        summary: "The first k components turned so that each has few large loadings.",
        signature: "p.varimax(k, options)",
        params: &[
            P,
            Param::arg("k", "int", "components to turn"),
            Param::option(
                "normalise",
                "bool",
                "true",
                "whether columns weigh alike however much of them the components show (Kaiser)",
            ),
        ],
        returns: "Rotation: loadings, scores, explained, communalities, turn",
        search: &["rotation", "rotate", "factor", "principal", "loadings", "simple structure"],
        errors: &["k is 0 or greater than the number of components with variance"],
        see_also: &["pca", "parallel"],
        source: "Kaiser 1958; loadings are correlations, as in R's psych::principal",
        examples: &[
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); pca(z).varimax(3).explained.sum()",
                shows: "0.68343",
            },
            Example {
                code: "let z = load(\"regions_2023\").numeric().standardise(); pca(z).varimax(3)",
                shows: "RC1",
            },
        ],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Rotation>>(&ROTATION, show);
    let shared = library.shared();
    library.engine.register_fn("parallel", move |p: &mut Rc<Pca>| parallel(&shared, p, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("parallel", move |p: &mut Rc<Pca>, options: Map| {
        parallel(&shared, p, options)
    });
    let engine = &mut *library.engine;
    engine.register_fn("varimax", |p: &mut Rc<Pca>, k: Dynamic| varimax(p, &k, Map::new()));
    engine.register_fn("varimax", |p: &mut Rc<Pca>, k: Dynamic, options: Map| {
        varimax(p, &k, options)
    });
    engine.register_get("loadings", |r: &mut Rc<Rotation>| loadings(r).raise());
    engine.register_get("scores", |r: &mut Rc<Rotation>| -> Fallible<Table> {
        grid(&r.units, "unit", &turned(r), |i, j| r.scores[(i, j)]).raise()
    });
    engine.register_get("explained", |r: &mut Rc<Rotation>| -> Fallible<Vector> {
        Vector::from_floats(r.explained.iter().copied()).labelled(turned(r)).raise()
    });
    engine.register_get("communalities", |r: &mut Rc<Rotation>| -> Fallible<Vector> {
        Vector::from_floats(r.communalities.iter().copied()).labelled(&r.columns).raise()
    });
    engine.register_get("turn", |r: &mut Rc<Rotation>| -> Fallible<Table> {
        let rows: Vec<String> = (1..=r.explained.len()).map(|c| format!("PC{c}")).collect();
        grid(&rows, "component", &turned(r), |i, j| r.turn[(i, j)]).raise()
    });
}

fn turned(r: &Rotation) -> Vec<String> {
    (1..=r.explained.len()).map(|c| format!("RC{c}")).collect()
}

fn loadings(r: &Rotation) -> esep_stdlib::Result<Table> {
    grid(&r.columns, "variable", &turned(r), |i, j| r.loadings[(i, j)])
}

fn parallel(shared: &Shared, p: &Pca, options: Map) -> Fallible<Table> {
    let mut options = Options::new("parallel", options);
    let defaults = ParallelParams::default();
    let params = ParallelParams {
        draws: options.count("draws", defaults.draws)?,
        quantile: options.float("quantile", defaults.quantile)?,
        seed: options.seed(defaults.seed)?,
    };
    options.finish()?;
    p.parallel(&params, &shared.context()).and_then(|found| found.table()).raise()
}

fn varimax(p: &Pca, k: &Dynamic, options: Map) -> Fallible<Rc<Rotation>> {
    let mut options = Options::new("varimax", options);
    let normalise = options.flag("normalise", true)?;
    options.finish()?;
    let k = convert::count_argument("varimax", "k", k)?;
    p.varimax(k, normalise).map(Rc::new).raise()
}

fn show(r: &Rc<Rotation>, style: &Style) -> Bundle {
    let total: f64 = r.explained.iter().sum();
    let mut doc = Doc::new().heading("Turned components").text(format!(
        "{} components turned by varimax ({}); together they show {} of the variance of {} columns \
         over {} units.",
        r.explained.len(),
        if r.normalised { "Kaiser's normalisation" } else { "not normalised" },
        short(total),
        r.columns.len(),
        r.units.len()
    ));
    let shares = Table::new([
        ("component", Vector::from_texts(turned(r))),
        ("explained", Vector::from_floats(r.explained.iter().copied())),
    ]);
    if let Ok(table) = shares {
        doc = doc.table(&table);
    }
    doc = doc.text("Loadings (correlations of columns with components):");
    if let Ok(table) = loadings(r) {
        doc = doc.table(&table);
    }
    doc.bundle(style)
}
