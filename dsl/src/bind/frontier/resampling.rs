//! How far estimates can be trusted: profiles, leave-one-out influence, bootstraps.

use std::rc::Rc;

use esep_stdlib::frontier::{
    Bootstrap, BootstrapParams, Influence, ParameterProfile, ProfileParams,
};
use rhai::Map;

use super::Model;
use crate::convert;
use crate::display::number::{float, significant};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

type Profiled = Rc<ParameterProfile>;
type Influenced = Rc<Influence>;
type Booted = Rc<Bootstrap>;

const PROFILE: TypeEntry = TypeEntry {
    name: "FrontierProfile",
    summary: "The loglikelihood maximised over all parameters but one, and the interval it gives.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "the parameter, loglik, fall (twice the fall from the maximum)",
        ),
        Field::new("parameter", "text", "its name"),
        Field::new("estimate", "float", "its estimate"),
        Field::new(
            "lower",
            "float",
            "lower end of the interval; missing where the profile does not fall far enough",
        ),
        Field::new("upper", "float", "upper end"),
        Field::new("level", "float", "probability of the interval"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const INFLUENCE: TypeEntry = TypeEntry {
    name: "FrontierInfluence",
    summary: "What leaving out each row changes.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "by row left out: cook, gamma, d_mean_te, rank_correlation, rank_change, boundary, converged, d_ of each coefficient",
        ),
        Field::new("warnings", "array of text", "rows that decide where the maximum lies"),
    ],
};

const BOOTSTRAP: TypeEntry = TypeEntry {
    name: "FrontierBootstrap",
    summary: "Refits to data drawn anew, degenerate ones counted.",
    fields: &[
        Field::new("table", "Table", "term, estimate, mean, bias, se, lower, upper, draws"),
        Field::new("values", "Table", "one row a refit that ended at a maximum, one column a term"),
        Field::new("draws", "int", "refits asked for"),
        Field::new("inside", "int", "refits that ended with 0 < gamma < 1"),
        Field::new("gamma_zero", "int", "refits at gamma = 0"),
        Field::new("gamma_one", "int", "refits at gamma = 1"),
        Field::new(
            "not_converged",
            "int",
            "refits that ended at no maximum, left out of the table",
        ),
        Field::new("unfit", "int", "draws of rows that left nothing to fit, left out as well"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Profiled>(&PROFILE, |p, style| show_profile(p, style));
    library.register_type::<Influenced>(&INFLUENCE, |i, style| show_influence(i, style));
    library.register_type::<Booted>(&BOOTSTRAP, |b, style| show_bootstrap(b, style));
    let shared = library.shared();
    library.engine.register_fn("profile", move |m: &mut Model, parameter: &str| {
        profile(&shared, m, parameter, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("profile", move |m: &mut Model, parameter: &str, options: Map| {
        profile(&shared, m, parameter, options)
    });
    let shared = library.shared();
    library.engine.register_fn("influence", move |m: &mut Model| -> Fallible<Influenced> {
        m.influence(&shared.context()).map(Rc::new).raise()
    });
    let shared = library.shared();
    library.engine.register_fn("bootstrap", move |m: &mut Model| bootstrap(&shared, m, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("bootstrap", move |m: &mut Model, options: Map| {
        bootstrap(&shared, m, options)
    });
    let engine = &mut *library.engine;
    engine.register_get("table", |p: &mut Profiled| p.table().raise());
    engine.register_get("parameter", |p: &mut Profiled| p.parameter.clone());
    engine.register_get("estimate", |p: &mut Profiled| p.estimate);
    engine.register_get("lower", |p: &mut Profiled| convert::from_option(p.lower));
    engine.register_get("upper", |p: &mut Profiled| convert::from_option(p.upper));
    engine.register_get("level", |p: &mut Profiled| p.level);
    engine.register_get("warnings", |p: &mut Profiled| convert::text_array(&p.warnings));
    engine.register_get("table", |i: &mut Influenced| i.table().raise());
    engine.register_get("warnings", |i: &mut Influenced| convert::text_array(&i.warnings));
    engine.register_get("table", |b: &mut Booted| b.table().raise());
    engine.register_get("values", |b: &mut Booted| b.draws_table().raise());
    engine.register_get("draws", |b: &mut Booted| b.params.draws as i64);
    engine.register_get("inside", |b: &mut Booted| b.inside as i64);
    engine.register_get("gamma_zero", |b: &mut Booted| b.gamma_zero as i64);
    engine.register_get("gamma_one", |b: &mut Booted| b.gamma_one as i64);
    engine.register_get("not_converged", |b: &mut Booted| b.not_converged as i64);
    engine.register_get("unfit", |b: &mut Booted| b.unfit as i64);
    engine.register_get("warnings", |b: &mut Booted| convert::text_array(&b.warnings));
}

fn profile(shared: &Shared, model: &Model, parameter: &str, given: Map) -> Fallible<Profiled> {
    let mut options = Options::new("profile", given);
    let d = ProfileParams::default();
    let params = ProfileParams {
        points: options.count("points", d.points)?,
        level: options.float("level", d.level)?,
    };
    options.finish()?;
    model.profile_of(parameter, &params, &shared.context()).map(Rc::new).raise()
}

/// What refits draw anew; `defaults` stand where `options` say nothing.
pub(super) fn refits(
    options: &mut Options,
    defaults: BootstrapParams,
) -> Fallible<BootstrapParams> {
    Ok(BootstrapParams {
        draws: options.count("draws", defaults.draws)?,
        seed: options.seed(defaults.seed)?,
        kind: options.choice("kind", defaults.kind)?,
        ..defaults
    })
}

fn bootstrap(shared: &Shared, model: &Model, given: Map) -> Fallible<Booted> {
    let mut options = Options::new("bootstrap", given);
    let level = options.float("level", BootstrapParams::default().level)?;
    let params = refits(&mut options, BootstrapParams { level, ..model.params.bootstrap })?;
    options.finish()?;
    model.bootstrap(&params, &shared.context()).map(Rc::new).raise()
}

fn show_profile(p: &ParameterProfile, style: &Style) -> Bundle {
    let end = |x: Option<f64>| x.map_or_else(|| "not reached".into(), |x| significant(x, 6));
    let doc = Doc::new().heading(format!("Profile of {}", p.parameter)).facts([
        ("estimate", float(p.estimate)),
        ("loglik", float(p.loglik)),
        (
            "interval",
            format!("{} to {} ({} %)", end(p.lower), end(p.upper), significant(100.0 * p.level, 4)),
        ),
    ]);
    match p.table() {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    }
    .warnings(&p.warnings)
    .bundle(style)
}

fn show_influence(i: &Influence, style: &Style) -> Bundle {
    let doc = Doc::new()
        .heading("Influence of single rows")
        .text("The model refitted without each row; the change of each coefficient is in .table.");
    // A terminal holds eight columns.
    let table = i.table().and_then(|table| {
        let kept: Vec<String> = table.columns().into_iter().take(8).collect();
        table.select(&kept)
    });
    match table {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    }
    .warnings(&i.warnings)
    .bundle(style)
}

fn show_bootstrap(b: &Bootstrap, style: &Style) -> Bundle {
    let kind = esep_stdlib::Choice::name(b.params.kind);
    let doc = Doc::new().heading("Bootstrap").text(format!(
        "{} {kind} draws, seed {}: {} refits ended inside, {} at gamma = 0, {} at gamma = 1; {} did \
         not converge, {} fit no model. Percentile intervals of {} %.",
        b.params.draws,
        b.params.seed,
        b.inside,
        b.gamma_zero,
        b.gamma_one,
        b.not_converged,
        b.unfit,
        significant(100.0 * b.params.level, 4)
    ));
    match b.table() {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    }
    .warnings(&b.warnings)
    .bundle(style)
}

const M: Param = Param::arg("m", "Frontier", "the model");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "profile",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The loglikelihood maximised for each value of one parameter, and its interval.",
        signature: "m.profile(parameter, options)",
        params: &[
            M,
            Param::arg(
                "parameter",
                "text",
                "\"gamma\", \"lambda\", \"sigma_u\", \"sigma_v\", or a coefficient by its name",
            ),
            Param::option("points", "int", "41", "points, at least 3"),
            Param::option("level", "float", "0.95", "probability of the interval, in (0, 1)"),
        ],
        returns: "FrontierProfile; draw it with plot(p.table, #{ x: \"gamma\", y: \"loglik\", mark: \"line\" })",
        search: &["profile likelihood", "likelihood interval", "confint"],
        errors: &["an unknown parameter", "a coefficient of a model at a boundary"],
        see_also: &["bootstrap", "sfa"],
        source: "Venzon and Moolgavkar (1988)",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\nm.profile(\"gamma\", #{ points: 11 }).table.nrow",
            shows: "11",
        }],
    },
    Entry {
        name: "influence",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Refits the model without each row: change of coefficients, gamma, efficiency and ranks.",
        signature: "m.influence()",
        params: &[M],
        returns: "FrontierInfluence",
        search: &["leave one out", "jackknife", "Cook's distance", "outlier", "dfbeta"],
        errors: &[],
        see_also: &["bootstrap", "sfa"],
        source: "Cook (1977)",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\nm.influence().table.nrow",
            shows: "20",
        }],
    },
    Entry {
        name: "bootstrap",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Refits to data drawn anew, in parallel; degenerate refits are counted, intervals are percentiles.",
        signature: "m.bootstrap(options)",
        params: &[
            M,
            Param::option("draws", "int", "1000", "refits, at least 1"),
            Param::option("seed", "int", "1", "the same digits on any number of threads"),
            Param::option(
                "kind",
                "text",
                "\"parametric\"",
                "\"parametric\" draws the response from the model, \"cases\" draws rows",
            ),
            Param::option("level", "float", "0.95", "probability of the intervals, in (0, 1)"),
        ],
        returns: "FrontierBootstrap",
        search: &["resampling", "percentile interval", "bootstrap standard error"],
        errors: &["no draws"],
        see_also: &["profile", "influence"],
        source: "Efron (1979); Simar and Wilson (2010) on gamma at zero",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\nm.bootstrap(#{ draws: 50, seed: 7 })",
            shows: "50 parametric draws, seed 7",
        }],
    },
];
