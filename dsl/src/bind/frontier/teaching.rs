//! Frontiers for teaching: models written out, samples from known ones.

use std::rc::Rc;

use esep_stdlib::frontier::{
    Explanation, MonteCarlo, SimulateParams, monte_carlo_frontier, simulate_frontier,
};
use esep_stdlib::{Choice, Error, Table};
use rhai::{Dynamic, Map};

use super::Model;
use super::help::joined;
use crate::convert;
use crate::display::number::significant;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

type Explained = Rc<Explanation>;
type Simulated = Rc<MonteCarlo>;

const EXPLANATION: TypeEntry = TypeEntry {
    name: "FrontierExplanation",
    summary: "A model in LaTeX with its estimates, and what can and cannot be concluded.",
    fields: &[
        Field::new("latex", "text", "display mathematics, standard errors below the estimates"),
        Field::new("sentences", "array of text", "conclusions, each supported by the fit"),
    ],
};

const MONTE_CARLO: TypeEntry = TypeEntry {
    name: "FrontierMonteCarlo",
    summary: "Bias and coverage of a frontier refitted to samples from a known one.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "term, truth, mean, bias, bias_error, sd, rmse, mean_se, coverage, with_se",
        ),
        Field::new("draws", "int", "samples"),
        Field::new("inside", "int", "fits with 0 < gamma < 1"),
        Field::new("gamma_zero", "int", "fits at gamma = 0"),
        Field::new("gamma_one", "int", "fits at gamma = 1"),
        Field::new("not_converged", "int", "fits that ended at no maximum"),
        Field::new("failed", "int", "samples that no model could be fitted to"),
        Field::new("te_correlation", "float", "mean correlation of true and estimated efficiency"),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Explained>(&EXPLANATION, |e, style| show_explanation(e, style));
    library.register_type::<Simulated>(&MONTE_CARLO, |m, style| show_monte_carlo(m, style));
    let shared = library.shared();
    library
        .engine
        .register_fn("monte_carlo_frontier", move |options: Map| monte_carlo(&shared, options));
    let engine = &mut *library.engine;
    engine.register_fn("explain", |m: &mut Model| Rc::new(m.explain()));
    engine.register_fn("simulate_frontier", simulate);
    engine.register_fn("simulate_frontier", || simulate(Map::new()));
    engine.register_get("latex", |e: &mut Explained| e.latex.clone());
    engine.register_get("sentences", |e: &mut Explained| convert::text_array(&e.sentences));
    engine.register_get("table", |m: &mut Simulated| m.table().raise());
    engine.register_get("draws", |m: &mut Simulated| m.draws as i64);
    engine.register_get("inside", |m: &mut Simulated| m.ends[0] as i64);
    engine.register_get("gamma_zero", |m: &mut Simulated| m.ends[1] as i64);
    engine.register_get("gamma_one", |m: &mut Simulated| m.ends[2] as i64);
    engine.register_get("not_converged", |m: &mut Simulated| m.ends[3] as i64);
    engine.register_get("failed", |m: &mut Simulated| m.failed as i64);
    engine.register_get("te_correlation", |m: &mut Simulated| {
        convert::from_option(m.mean_te_correlation())
    });
}

/// The true model in `options`; whoever calls asks for its own options and finishes.
fn truth(primitive: &'static str, options: &mut Options) -> Fallible<SimulateParams> {
    let d = SimulateParams::default();
    let coef = match options.take("coef") {
        Some(value) => numbers(primitive, &value)?,
        None => d.coef,
    };
    Ok(SimulateParams {
        rows: options.count("rows", d.rows)?,
        coef,
        sigma_u: options.float("sigma_u", d.sigma_u)?,
        sigma_v: options.float("sigma_v", d.sigma_v)?,
        mu: options.float("mu", d.mu)?,
        shape: options.float("shape", d.shape)?,
        df: options.float("df", d.df)?,
        noise: options.choice("noise", d.noise)?,
        inefficiency: options.choice("inefficiency", d.inefficiency)?,
        frontier: options.choice("frontier", d.frontier)?,
        seed: options.seed(d.seed)?,
    })
}

fn numbers(primitive: &'static str, value: &Dynamic) -> Fallible<Vec<f64>> {
    let list = value
        .read_lock::<rhai::Array>()
        .and_then(|array| array.iter().map(convert::number).collect::<Option<Vec<f64>>>());
    list.ok_or_else(|| Error::Invalid {
        primitive,
        parameter: "coef",
        rule: "be an array of numbers, the intercept first".into(),
        value: convert::brief(value),
    })
    .raise()
}

fn simulate(given: Map) -> Fallible<Table> {
    let mut options = Options::new("simulate_frontier", given);
    let params = truth("simulate_frontier", &mut options)?;
    options.finish()?;
    simulate_frontier(&params).raise()
}

fn monte_carlo(shared: &Shared, given: Map) -> Fallible<Simulated> {
    let mut options = Options::new("monte_carlo_frontier", given);
    let params = truth("monte_carlo_frontier", &mut options)?;
    let draws = options.count("draws", 200)?;
    let level = options.float("level", 0.95)?;
    options.finish()?;
    monte_carlo_frontier(&params, draws, level, &shared.context()).map(Rc::new).raise()
}

fn show_explanation(e: &Explanation, style: &Style) -> Bundle {
    let mut doc = Doc::new().heading("The model explained").preformatted(e.latex.clone());
    for sentence in &e.sentences {
        doc = doc.text(sentence.clone());
    }
    let mut bundle = doc.bundle(style);
    bundle.latex = Some(format!("$$\n{}\n$$", e.latex));
    bundle
}

fn show_monte_carlo(m: &MonteCarlo, style: &Style) -> Bundle {
    let doc = Doc::new().heading("Monte Carlo").text(format!(
        "{} samples of {} rows, {} inefficiency: {} fits ended inside, {} at gamma = 0, {} at \
         gamma = 1, {} at no maximum, {} samples failed. Coverage of {} % intervals counts over the \
         fits with a standard error.",
        m.draws,
        m.truth.rows,
        m.truth.inefficiency.name().replace('_', "-"),
        m.ends[0],
        m.ends[1],
        m.ends[2],
        m.ends[3],
        m.failed,
        significant(100.0 * m.level, 4)
    ));
    let table = m.table().and_then(|table| table.drop(&["bias_error"]));
    let doc = match table {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    };
    let correlation = m.mean_te_correlation().map_or_else(|| "none".into(), |r| significant(r, 3));
    doc.facts([("correlation of true and estimated efficiency", correlation)]).bundle(style)
}

const TRUTH: [Param; 11] = [
    Param::option("rows", "int", "200", "rows a sample, at least 1"),
    Param::option("coef", "array of float", "[1, 0.6, 0.4]", "intercept, then one a regressor"),
    Param::option("sigma_u", "float", "0.5", "scale of inefficiency, at least 0"),
    Param::option("sigma_v", "float", "0.2", "standard deviation of noise, at least 0"),
    Param::option("mu", "float", "0", "mean before truncation, truncated normal only"),
    Param::option("shape", "float", "1", "shape parameter, where the distribution has one"),
    Param::option("df", "float", "8", "degrees of freedom of noise: \"student_t\""),
    Param::option("noise", "text", "\"normal\"", "as for sfa"),
    Param::option("inefficiency", "text", "\"half_normal\"", "as for sfa"),
    Param::option("frontier", "text", "\"production\"", "\"production\" or \"cost\""),
    Param::option("seed", "int", "1", "the same digits on any number of threads"),
];

const MONTE_CARLO_OPTIONS: [Param; 13] = joined(
    [
        Param::option("draws", "int", "200", "samples, at least 1"),
        Param::option("level", "float", "0.95", "probability of the intervals, in (0, 1)"),
    ],
    TRUTH,
);

const ENTRIES: &[Entry] = &[
    Entry {
        name: "explain",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Writes the model in LaTeX with its estimates and says what can be concluded.",
        signature: "m.explain()",
        params: &[Param::arg("m", "Frontier", "the model")],
        returns: "FrontierExplanation: .latex, .sentences",
        search: &["latex", "equation", "interpretation", "teaching"],
        errors: &[],
        see_also: &["summary", "lr_test"],
        source: "",
        examples: &[Example {
            code: "explain(sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")))",
            shows: "\\ln \\left(\\mathrm{gdp\\_per\\_capita}\\right)",
        }],
    },
    Entry {
        name: "simulate_frontier",
        on: None,
        room: "frontiers",
        summary: "Draws a sample from a known frontier, y = b0 + b1 x1 + ... + v - u.",
        signature: "simulate_frontier(options)",
        params: &TRUTH,
        returns: "Table: y, x1, x2, ..., and what only a simulation knows: v, te, u",
        search: &["generate data", "simulation", "synthetic"],
        errors: &["a negative sigma", "no rows"],
        see_also: &["monte_carlo_frontier", "sfa"],
        source: "",
        examples: &[Example {
            code: "sfa(\"y ~ x1 + x2\", simulate_frontier(#{ rows: 500, seed: 3 })).nobs",
            shows: "500",
        }],
    },
    Entry {
        name: "monte_carlo_frontier",
        on: None,
        room: "frontiers",
        summary: "Simulates, refits and shows bias, coverage and how many fits degenerate.",
        signature: "monte_carlo_frontier(options)",
        params: &MONTE_CARLO_OPTIONS,
        returns: "FrontierMonteCarlo",
        search: &["bias", "coverage", "simulation study", "wrong skewness"],
        errors: &["those of simulate_frontier"],
        see_also: &["simulate_frontier", "bootstrap"],
        source: "Olson, Schmidt and Waldman (1980); Coelli (1995)",
        examples: &[Example {
            code: "monte_carlo_frontier(#{ draws: 20, rows: 60, seed: 2 })",
            shows: "20 samples of 60 rows",
        }],
    },
];
