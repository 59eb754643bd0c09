//! Before clustering and after: is the material fit, and is the partition real?

use std::rc::Rc;

use esep_stdlib::cluster::{
    Clustering, Diagnostics, Hopkins, HopkinsParams, Stability, StabilityParams, diagnose, hopkins,
};
use esep_stdlib::{Result, Table, Vector};
use rhai::{Dynamic, Map, NativeCallContext};

use super::arguments::{self, ROOM, SEED, Z};
use super::results::{grid, short};
use super::trees::capital;
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const DIAGNOSTICS: TypeEntry = TypeEntry {
    name: "Diagnostics",
    summary: "Whether columns and units can bear clustering or components.",
    fields: &[
        Field::new(
            "kmo",
            "float",
            "Kaiser-Meyer-Olkin measure in 0..1, below 0.5 unacceptable; missing if singular",
        ),
        Field::new(
            "bartlett",
            "map",
            "statistic, df, p_value of Bartlett's test of sphericity; missing if singular",
        ),
        Field::new("variables", "Table", "msa and vif of each column"),
        Field::new(
            "units",
            "Table",
            "mahalanobis_sq, p_value, largest_z and its column, of each unit",
        ),
        Field::new("collinear", "Table", "pairs of columns correlated by 0.9 or more"),
        Field::new("condition", "float", "largest over smallest eigenvalue of the correlations"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const STABILITY: TypeEntry = TypeEntry {
    name: "Stability",
    summary: "How well each cluster comes back when units are drawn again.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "jaccard, se, jaccard_drawn, recovered, dissolved of each cluster",
        ),
        Field::new(
            "jaccard",
            "Vector",
            "mean Jaccard similarity of each cluster; 0.75 and more is stable",
        ),
        Field::new(
            "consensus",
            "Table",
            "share of the draws with both units in which they shared a cluster",
        ),
        Field::new("draws", "int", "draws made"),
        Field::new("warnings", "array of text", "what the reader should know"),
    ],
};

const HOPKINS: TypeEntry = TypeEntry {
    name: "Hopkins",
    summary: "Hopkins' statistic over many draws: near 0.5 uniform, near 1 clumped.",
    fields: &[
        Field::new("mean", "float", "mean over the draws"),
        Field::new("sd", "float", "standard deviation of a single draw"),
        Field::new("values", "Vector", "the draws"),
        Field::new("points", "int", "points in one draw"),
        Field::new(
            "p_value",
            "float",
            "probability of the mean or more in one draw under uniform data",
        ),
    ],
};

const C: Param = Param::arg("c", "Clustering", "the partition");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "diagnose",
        on: None,
        room: ROOM,
        summary: "Screens columns and units before clustering: KMO, Bartlett, VIF, correlations, outliers.",
        signature: "diagnose(z)",
        params: &[Z],
        returns: "Diagnostics",
        search: &[
            "KMO",
            "sphericity",
            "multicollinearity",
            "VIF",
            "outlier",
            "mahalanobis",
            "MSA",
            "check",
        ],
        errors: &["a constant column", "fewer than three rows", "missing values or text columns"],
        see_also: &["hopkins", "pca", "choose_k"],
        source: "Kaiser 1974; Bartlett 1951",
        examples: &[Example {
            code: "diagnose(load(\"regions_2023\").numeric()).kmo",
            shows: "0.2336",
        }],
    },
    Entry {
        name: "hopkins",
        on: None,
        room: ROOM,
        summary: "Hopkins' statistic: whether the units lie in clumps at all.",
        signature: "hopkins(z, options)",
        params: &[
            Z,
            Param::option("points", "int", "a tenth of the rows", "points compared in one draw"),
            Param::option("draws", "int", "200", "draws, at least 2"),
            SEED,
        ],
        returns: "Hopkins: mean, sd, values",
        search: &["clustering tendency", "get_clust_tendency", "spatial randomness"],
        errors: &["as many points as rows or more"],
        see_also: &["diagnose", "choose_k"],
        source: "Hopkins and Skellam 1954; Cross and Jain 1982 (distances to the power of the columns)",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hopkins(z, #{ seed: 1 }).points",
            shows: "2",
        }],
    },
    Entry {
        name: "stability",
        on: Some("Clustering"),
        room: ROOM,
        summary: "Bootstrap: how well each cluster comes back when units are drawn again.",
        signature: "c.stability(options)",
        params: &[C, Param::option("draws", "int", "500", "draws, at least 2"), SEED],
        returns: "Stability",
        search: &["clusterboot", "bootstrap", "jaccard", "consensus", "robust"],
        errors: &["a partition that no method can make again"],
        see_also: &["leave_one_out", "silhouette"],
        source: "Hennig 2007 (Jaccard); Monti and others 2003 (consensus)",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut(3).stability(#{ draws: 50 }).jaccard.len()",
            shows: "3",
        }],
    },
    Entry {
        name: "leave_one_out",
        on: Some("Clustering"),
        room: ROOM,
        summary: "The partition again without each column, or without each unit, compared by the adjusted Rand index.",
        signature: "c.leave_one_out(what)",
        params: &[
            C,
            Param {
                default: Some("\"variable\""),
                ..Param::arg("what", "text", "variable or unit")
            },
        ],
        returns: "Table by what was left out: adjusted_rand with the full partition",
        search: &["jackknife", "sensitivity", "influence", "drop one"],
        errors: &["a partition that no method can make again"],
        see_also: &["stability", "adjusted_rand"],
        source: "",
        examples: &[Example {
            code: "let z = load(\"regions_2023\").numeric().standardise(); hclust(z).cut(3).leave_one_out(\"unit\").at(\"Abai\", \"adjusted_rand\")",
            shows: "1",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Diagnostics>>(&DIAGNOSTICS, show_diagnostics);
    library.register_type::<Rc<Stability>>(&STABILITY, show_stability);
    library.register_type::<Rc<Hopkins>>(&HOPKINS, show_hopkins);
    screening(library);
    clumping(library);
    stability(library);
}

fn screening(library: &mut Library<'_>) {
    let shared = library.shared();
    library.engine.register_fn("diagnose", move |z: Dynamic| -> Fallible<Rc<Diagnostics>> {
        let matrix = arguments::matrix("diagnose", &z)?;
        diagnose(&matrix, &shared.context()).map(Rc::new).raise()
    });
    let engine = &mut *library.engine;
    engine.register_get("kmo", |d: &mut Rc<Diagnostics>| convert::from_option(d.kmo));
    engine.register_get("bartlett", |d: &mut Rc<Diagnostics>| -> Dynamic {
        let Some((statistic, df, p_value)) = d.bartlett else { return Dynamic::UNIT };
        let mut map = Map::new();
        map.insert("statistic".into(), statistic.into());
        map.insert("df".into(), df.into());
        map.insert("p_value".into(), p_value.into());
        map.into()
    });
    engine.register_get("variables", |d: &mut Rc<Diagnostics>| d.columns_table().raise());
    engine.register_get("units", |d: &mut Rc<Diagnostics>| d.units_table().raise());
    engine.register_get("collinear", |d: &mut Rc<Diagnostics>| d.collinear_table().raise());
    engine.register_get("condition", |d: &mut Rc<Diagnostics>| d.condition);
    engine.register_get("warnings", |d: &mut Rc<Diagnostics>| convert::text_array(&d.warnings));
}

fn clumping(library: &mut Library<'_>) {
    fn run(
        shared: &Shared,
        _: &NativeCallContext<'_>,
        z: &Dynamic,
        options: Map,
    ) -> Fallible<Rc<Hopkins>> {
        let mut options = Options::new("hopkins", options);
        let defaults = HopkinsParams::default();
        let params = HopkinsParams {
            points: options.optional_count("points")?,
            draws: options.count("draws", defaults.draws)?,
            seed: options.seed(defaults.seed)?,
        };
        options.finish()?;
        let matrix = arguments::matrix("hopkins", z)?;
        hopkins(&matrix, &params, &shared.context()).map(Rc::new).raise()
    }
    arguments::with_options(library, "hopkins", run);
    let engine = &mut *library.engine;
    engine.register_get("mean", |h: &mut Rc<Hopkins>| h.mean);
    engine.register_get("sd", |h: &mut Rc<Hopkins>| h.sd);
    engine.register_get("values", |h: &mut Rc<Hopkins>| {
        Vector::from_floats(h.values.iter().copied())
    });
    engine.register_get("points", |h: &mut Rc<Hopkins>| h.points as i64);
    engine.register_get("p_value", |h: &mut Rc<Hopkins>| convert::from_option(h.p_value));
}

fn stability(library: &mut Library<'_>) {
    fn run(shared: &Shared, c: &Clustering, options: Map) -> Fallible<Rc<Stability>> {
        let mut options = Options::new("stability", options);
        let defaults = StabilityParams::default();
        let params = StabilityParams {
            draws: options.count("draws", defaults.draws)?,
            seed: options.seed(defaults.seed)?,
        };
        options.finish()?;
        c.stability(&params, &shared.context()).map(Rc::new).raise()
    }
    let shared = library.shared();
    library
        .engine
        .register_fn("stability", move |c: &mut Rc<Clustering>| run(&shared, c, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("stability", move |c: &mut Rc<Clustering>, options: Map| {
        run(&shared, c, options)
    });
    let shared = library.shared();
    library.engine.register_fn("leave_one_out", move |c: &mut Rc<Clustering>| {
        leave_one_out(&shared, c, "variable")
    });
    let shared = library.shared();
    library.engine.register_fn("leave_one_out", move |c: &mut Rc<Clustering>, what: &str| {
        leave_one_out(&shared, c, what)
    });
    let engine = &mut *library.engine;
    engine.register_get("table", |s: &mut Rc<Stability>| table(s).raise());
    engine.register_get("jaccard", |s: &mut Rc<Stability>| -> Fallible<Vector> {
        Vector::from_floats(s.jaccard.iter().copied()).labelled(&s.names).raise()
    });
    engine.register_get("consensus", |s: &mut Rc<Stability>| -> Fallible<Dynamic> {
        match &s.consensus {
            Some(shares) => {
                grid(&s.units, "unit", &s.units, |i, j| shares[(i, j)]).map(Dynamic::from).raise()
            }
            None => Ok(Dynamic::UNIT),
        }
    });
    engine.register_get("draws", |s: &mut Rc<Stability>| s.draws as i64);
    engine.register_get("warnings", |s: &mut Rc<Stability>| convert::text_array(&s.warnings));
}

fn leave_one_out(shared: &Shared, c: &Clustering, what: &str) -> Fallible<Table> {
    let rows = match what {
        "variable" => c.without_each_column(&shared.context()),
        "unit" => c.without_each_unit(&shared.context()),
        other => Err(esep_stdlib::Error::UnknownName {
            primitive: "leave_one_out".into(),
            kind: "value for what".into(),
            name: other.into(),
            known: vec!["variable".into(), "unit".into()],
        }),
    }
    .raise()?;
    Table::new([
        ("left_out", Vector::from_texts(rows.iter().map(|r| &r.0))),
        ("adjusted_rand", Vector::from_floats(rows.iter().map(|r| r.1))),
    ])
    .and_then(|table| table.labelled_by("left_out"))
    .raise()
}

fn table(s: &Stability) -> Result<Table> {
    Table::new([
        ("cluster", Vector::from_texts(&s.names)),
        ("units", Vector::from_ints(s.sizes.iter().map(|n| *n as i64))),
        ("jaccard", Vector::from_floats(s.jaccard.iter().copied())),
        ("se", Vector::from_floats(s.se.iter().copied())),
        ("jaccard_drawn", Vector::from_options(s.jaccard_drawn.iter().copied())),
        ("recovered", Vector::from_ints(s.recovered.iter().map(|n| *n as i64))),
        ("dissolved", Vector::from_ints(s.dissolved.iter().map(|n| *n as i64))),
    ])?
    .labelled_by("cluster")
}

fn show_stability(s: &Rc<Stability>, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading("Stability of the clusters").text(format!(
        "{}. Means of 0.75 and more are called stable, of 0.5 and less dissolved; jaccard_drawn \
         leaves out the draws without any unit of the cluster.",
        capital(&s.method)
    ));
    if let Ok(table) = table(s) {
        doc = doc.table(&table);
    }
    doc.warnings(&s.warnings).bundle(style)
}

fn show_hopkins(h: &Rc<Hopkins>, style: &Style) -> Bundle {
    Doc::new()
        .text(format!(
            "Hopkins' statistic {} (mean of {} draws of {} points, standard deviation of a draw \
             {}); 0.5 is what uniform data give.",
            short(h.mean),
            h.values.len(),
            h.points,
            short(h.sd)
        ))
        .bundle(style)
}

fn show_diagnostics(d: &Rc<Diagnostics>, style: &Style) -> Bundle {
    let number = |value: Option<f64>| value.map_or_else(|| "missing".to_owned(), short);
    let bartlett = d.bartlett.map_or_else(
        || "missing".to_owned(),
        |(statistic, df, p)| {
            format!("{} on {df} degrees of freedom, p {}", short(statistic), short(p))
        },
    );
    let mut doc = Doc::new()
        .heading("Before clustering")
        .text(format!("{} rows and {} columns, standardised.", d.shape.0, d.shape.1))
        .facts([
            ("KMO", number(d.kmo)),
            ("Bartlett's test of sphericity", bartlett),
            ("condition of the correlations", short(d.condition)),
            ("pairs correlated by 0.9 or more", d.collinear.len().to_string()),
        ]);
    if let Ok(table) = d.columns_table() {
        doc = doc.table(&table);
    }
    if let (Ok(table), false) = (d.collinear_table(), d.collinear.is_empty()) {
        doc = doc.text("Pairs of columns that say much the same:").table(&table);
    }
    doc.warnings(&d.warnings).bundle(style)
}
