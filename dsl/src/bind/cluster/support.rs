//! Bootstrap support of the branches of a tree.

use std::rc::Rc;

use esep_stdlib::cluster::{Support, SupportParams, Tree};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, Map};

use super::arguments::{ROOM, SEED};
use super::trees::{TREE_ARG, capital};
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const SUPPORT: TypeEntry = TypeEntry {
    name: "Support",
    summary: "Bootstrap support of every merge of a tree but the last.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "by merge: units, height, au, au_se, bp, bp_se, si, v, c, fit_p, members",
        ),
        Field::new("scales", "Vector", "columns drawn over columns there are"),
        Field::new("draws", "int", "draws at each scale"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "support",
        on: Some("Tree"),
        room: ROOM,
        summary: "How well each branch is supported: p-values by multiscale bootstrap of the columns.",
        signature: "tree.support(options)",
        params: &[
            TREE_ARG,
            Param::option("draws", "int", "1000", "draws at each scale"),
            SEED,
            Param::option(
                "scales",
                "array of float",
                "0.5, 0.6, ..., 1.4",
                "columns drawn as shares of those there are, at least two",
            ),
        ],
        returns: "Support: au (approximately unbiased p-value, above 0.95 is strong), bp (bootstrap probability), si (selective inference) and their standard errors",
        search: &["pvclust", "bootstrap", "AU", "BP", "p-value", "branch"],
        errors: &["the tree came from distances alone", "fewer than two columns"],
        see_also: &["supported", "stability", "hclust"],
        source: "Shimodaira 2002, 2004; Terada and Shimodaira 2017 (si); R's pvclust",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).support(#{ draws: 50 }).table.nrow",
            shows: "18",
        }],
    },
    Entry {
        name: "supported",
        on: Some("Support"),
        room: ROOM,
        summary: "The largest branches whose au reaches a level, none inside another.",
        signature: "support.supported(level)",
        params: &[
            Param::arg("support", "Support", "a result of tree.support"),
            Param { default: Some("0.95"), ..Param::arg("level", "float", "0 to 1") },
        ],
        returns: "array of arrays of text: the units of each",
        search: &["pvpick", "pvrect", "significant clusters"],
        errors: &["level not between 0 and 1"],
        see_also: &["support"],
        source: "R's pvclust::pvpick",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).support(#{ draws: 50 }).supported(0.0).len()",
            shows: "2",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Support>>(&SUPPORT, show);
    let shared = library.shared();
    library
        .engine
        .register_fn("support", move |tree: &mut Rc<Tree>| run(&shared, tree, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("support", move |tree: &mut Rc<Tree>, options: Map| {
        run(&shared, tree, options)
    });
    let engine = &mut *library.engine;
    engine.register_fn("supported", |s: &mut Rc<Support>| supported(s, 0.95));
    engine.register_fn("supported", |s: &mut Rc<Support>, level: Dynamic| -> Fallible<Array> {
        supported(s, convert::number_argument("supported", "level", &level)?)
    });
    engine.register_get("table", |s: &mut Rc<Support>| table(s).raise());
    engine.register_get("scales", |s: &mut Rc<Support>| {
        Vector::from_floats(s.scales.iter().copied())
    });
    engine.register_get("draws", |s: &mut Rc<Support>| s.draws as i64);
    engine.register_get("warnings", |s: &mut Rc<Support>| convert::text_array(&s.warnings));
}

fn run(shared: &Shared, tree: &Tree, options: Map) -> Fallible<Rc<Support>> {
    let mut options = Options::new("support", options);
    let defaults = SupportParams::default();
    let draws = options.count("draws", defaults.draws)?;
    let seed = options.seed(defaults.seed)?;
    let scales = match options.take("scales") {
        Some(given) => scales(&given)?,
        None => defaults.scales,
    };
    options.finish()?;
    let params = SupportParams { draws, seed, scales };
    tree.support(&params, &shared.context()).map(Rc::new).raise()
}

fn scales(given: &Dynamic) -> Fallible<Vec<f64>> {
    let Some(all) = given.read_lock::<Array>() else {
        return Err(Error::Invalid {
            primitive: "support",
            parameter: "scales",
            rule: "be an array of numbers".into(),
            value: convert::brief(given),
        })
        .raise();
    };
    all.iter().map(|scale| convert::number_argument("support", "scales", scale)).collect()
}

fn supported(s: &Support, level: f64) -> Fallible<Array> {
    let found = s.supported(level).raise()?;
    let name = |branch: &Vec<usize>| {
        Dynamic::from(convert::text_array(branch.iter().map(|u| &s.labels[*u])))
    };
    Ok(found.iter().map(name).collect())
}

fn table(s: &Support) -> esep_stdlib::Result<Table> {
    let all = &s.branches;
    let floats = |pick: fn(&esep_stdlib::cluster::Branch) -> f64| {
        Vector::from_floats(all.iter().map(pick).collect::<Vec<_>>())
    };
    let members = |units: &[usize]| {
        units.iter().map(|u| s.labels[*u].as_str()).collect::<Vec<_>>().join(", ")
    };
    Table::new([
        ("merge", Vector::from_ints((1..=all.len()).map(|m| m as i64))),
        ("units", Vector::from_ints(all.iter().map(|b| b.units.len() as i64))),
        ("height", floats(|b| b.height)),
        ("au", floats(|b| b.au)),
        ("au_se", floats(|b| b.au_se)),
        ("bp", floats(|b| b.bp)),
        ("bp_se", floats(|b| b.bp_se)),
        ("si", floats(|b| b.si)),
        ("v", Vector::from_options(all.iter().map(|b| b.fit.map(|fit| fit[0])))),
        ("c", Vector::from_options(all.iter().map(|b| b.fit.map(|fit| fit[1])))),
        ("fit_p", Vector::from_options(all.iter().map(|b| b.fit_p))),
        ("members", Vector::from_texts(all.iter().map(|b| members(&b.units)))),
    ])
}

fn show(s: &Rc<Support>, style: &Style) -> Bundle {
    let all = &s.branches;
    let shown = Table::new([
        ("merge", Vector::from_ints((1..=all.len()).map(|m| m as i64))),
        ("units", Vector::from_ints(all.iter().map(|b| b.units.len() as i64))),
        ("height", Vector::from_floats(all.iter().map(|b| b.height))),
        ("au", Vector::from_floats(all.iter().map(|b| b.au))),
        ("au_se", Vector::from_floats(all.iter().map(|b| b.au_se))),
        ("bp", Vector::from_floats(all.iter().map(|b| b.bp))),
        ("si", Vector::from_floats(all.iter().map(|b| b.si))),
    ]);
    let mut doc = Doc::new().heading("Support of the branches").text(format!(
        "{}; {} draws of the columns at each of {} scales, seed {}.",
        capital(&s.method),
        s.draws,
        s.scales.len(),
        s.seed
    ));
    if let Ok(table) = shown {
        doc = doc.table(&table);
    }
    doc = doc.text("Branches with au of 0.95 or more, the largest of each line:");
    for units in s.supported(0.95).unwrap_or_default() {
        let names: Vec<&str> = units.iter().map(|u| s.labels[*u].as_str()).collect();
        doc = doc.text(names.join(", "));
    }
    doc.warnings(&s.warnings).bundle(style)
}
