//! Principal components.

use std::rc::Rc;

use esep_stdlib::cluster::{Pca, PcaParams, pca};
use esep_stdlib::{Table, Vector};
use rhai::{Dynamic, Map};

use super::arguments::{self, ROOM, Z};
use super::results::{grid, short};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::Library;
use crate::options::Options;
use crate::report::{Fallible, Raise};

const PCA: TypeEntry = TypeEntry {
    name: "Pca",
    summary: "Principal components; of each the loading largest in absolute value is positive.",
    fields: &[
        Field::new("explained", "Vector", "share of the total variance of each component, falling"),
        Field::new("eigenvalues", "Vector", "variance of each component"),
        Field::new("scores", "Table", "units by components"),
        Field::new("loadings", "Table", "columns by components, each component of length 1"),
        Field::new("correlations", "Table", "correlation of each column with each component"),
        Field::new("contributions", "Table", "share of each column in each component, in percent"),
        Field::new("cos2", "Table", "share of each unit's squared length that a component shows"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const ENTRIES: &[Entry] = &[Entry {
    name: "pca",
    on: None,
    room: ROOM,
    summary: "Principal components: the directions in which the units differ most.",
    signature: "pca(z, options)",
    params: &[
        Z,
        Param::option(
            "scale",
            "bool",
            "true",
            "whether columns are divided by their standard deviation; R's prcomp does so only when told",
        ),
    ],
    returns: "Pca: min(n - 1, p) components",
    search: &["prcomp", "princomp", "PCA", "factor", "eigenvalues", "scree", "biplot"],
    errors: &["a constant column when scaling", "missing values or text columns"],
    see_also: &["parallel", "varimax", "standardise", "choose_k"],
    source: "Hotelling 1933; Jolliffe 2002, chapter 2",
    examples: &[
        Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); pca(z).explained[0]",
            shows: "0.34862",
        },
        Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); pca(z).scores.at(\"Atyrau\", \"PC1\")",
            shows: "",
        },
    ],
}];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Pca>>(&PCA, show);
    let engine = &mut *library.engine;
    engine.register_fn("pca", |z: Dynamic| run(&z, Map::new()));
    engine.register_fn("pca", |z: Dynamic, options: Map| run(&z, options));
    engine.register_get("explained", |p: &mut Rc<Pca>| -> Fallible<Vector> {
        Vector::from_floats(p.explained.iter().copied()).labelled(names(p)).raise()
    });
    engine.register_get("eigenvalues", |p: &mut Rc<Pca>| -> Fallible<Vector> {
        Vector::from_floats(p.eigenvalues.iter().copied()).labelled(names(p)).raise()
    });
    engine.register_get("scores", |p: &mut Rc<Pca>| -> Fallible<Table> {
        grid(&p.units, "unit", &names(p), |i, j| p.scores[(i, j)]).raise()
    });
    engine.register_get("loadings", |p: &mut Rc<Pca>| -> Fallible<Table> {
        grid(&p.columns, "variable", &names(p), |i, j| p.loadings[(i, j)]).raise()
    });
    engine.register_get("correlations", |p: &mut Rc<Pca>| -> Fallible<Table> {
        grid(&p.columns, "variable", &names(p), |i, j| p.correlations[(i, j)]).raise()
    });
    engine.register_get("contributions", |p: &mut Rc<Pca>| -> Fallible<Table> {
        let shares = p.contributions();
        grid(&p.columns, "variable", &names(p), |i, j| shares[(i, j)]).raise()
    });
    engine.register_get("cos2", |p: &mut Rc<Pca>| -> Fallible<Table> {
        let shares = p.cos2();
        grid(&p.units, "unit", &names(p), |i, j| shares[(i, j)]).raise()
    });
    engine.register_get("warnings", |p: &mut Rc<Pca>| convert::text_array(&p.warnings));
}

fn run(z: &Dynamic, options: Map) -> Fallible<Rc<Pca>> {
    let mut options = Options::new("pca", options);
    let scale = options.flag("scale", true)?;
    options.finish()?;
    let matrix = arguments::matrix("pca", z)?;
    pca(&matrix, &PcaParams { scale }).map(Rc::new).raise()
}

fn names(p: &Pca) -> Vec<String> {
    (1..=p.eigenvalues.len()).map(|c| format!("PC{c}")).collect()
}

/// Components whose loadings a display shows.
const SHOWN: usize = 5;

fn show(p: &Rc<Pca>, style: &Style) -> Bundle {
    let shares = p.cumulative();
    let variance = Table::new([
        ("component", Vector::from_texts(names(p))),
        ("eigenvalue", Vector::from_floats(p.eigenvalues.iter().copied())),
        ("explained", Vector::from_floats(p.explained.iter().copied())),
        ("cumulative", Vector::from_floats(shares.iter().copied())),
    ]);
    let shown: Vec<String> = names(p).into_iter().take(SHOWN).collect();
    let loadings = grid(&p.columns, "variable", &shown, |i, j| p.loadings[(i, j)]);
    let mut doc = Doc::new().heading("Principal components").text(format!(
        "{} components of {} columns ({}) over {} units; the first two show {} of the variance.",
        p.eigenvalues.len(),
        p.columns.len(),
        if p.scaled { "standardised" } else { "centred, not scaled" },
        p.units.len(),
        shares.get(1).or(shares.first()).map_or_else(String::new, |s| short(*s))
    ));
    if let Ok(table) = variance {
        doc = doc.table(&table);
    }
    doc = doc.text("Loadings (each component has length 1):");
    if let Ok(table) = loadings {
        doc = doc.table(&table);
    }
    doc.warnings(&p.warnings).bundle(style)
}
