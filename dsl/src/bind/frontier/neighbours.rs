//! What stands beside a stochastic frontier: regressions, corrected frontiers, envelopes.

use std::rc::Rc;

use esep_stdlib::formula::ZeroPolicy;
use esep_stdlib::frontier::neighbours::{
    Corrected, Correction, Dea, DeaParams, Direction, OlsParams, OrderM, OrderMParams, Regression,
    Returns, StandardErrors, cols, dea, mols, ols, order_m,
};
use esep_stdlib::frontier::{Compared, Orientation};
use esep_stdlib::{Choice, Table, Vector};
use rhai::{Dynamic, Map};

use super::Model;
use super::neighbours_help::{CORRECTED, DEA, ENTRIES, ORDER_M, REGRESSION};
use crate::convert;
use crate::display::number::{float, p_value, significant};
use crate::display::{Bundle, Doc, Style};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Regression>>(&REGRESSION, show_regression);
    library.register_type::<Rc<Corrected>>(&CORRECTED, show_corrected);
    library.register_type::<Rc<Dea>>(&DEA, show_dea);
    library.register_type::<Rc<OrderM>>(&ORDER_M, show_order_m);
    regressions(library);
    corrections(library);
    envelopes(library);
}

/// What `compare` takes of a neighbour.
pub(super) fn compared(item: &Dynamic) -> Option<Compared> {
    if let Some(m) = item.clone().try_cast::<Rc<Regression>>() {
        return Some(Compared::regression(&m));
    }
    if let Some(m) = item.clone().try_cast::<Rc<Corrected>>() {
        return Some(Compared::corrected(&m));
    }
    if let Some(m) = item.clone().try_cast::<Rc<Dea>>() {
        return Some(Compared::dea(&m));
    }
    item.clone().try_cast::<Rc<OrderM>>().map(|m| Compared::order_m(&m))
}

fn zero(options: &mut Options) -> Fallible<ZeroPolicy> {
    Ok(options.optional_float("zero_shift")?.map_or(ZeroPolicy::Error, ZeroPolicy::Shift))
}

fn run_ols(formula: &str, table: &Table, given: Map) -> Fallible<Rc<Regression>> {
    let mut options = Options::new("ols", given);
    let se = options.has("se").then(|| options.choice("se", StandardErrors::default()));
    let params = OlsParams {
        se: se.transpose()?,
        cluster: options.text("cluster")?,
        zero: zero(&mut options)?,
    };
    options.finish()?;
    ols(formula, table, &params).map(Rc::new).raise()
}

fn regressions(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("ols", |formula: &str, table: Table| run_ols(formula, &table, Map::new()));
    engine.register_fn("ols", |formula: &str, table: Table, options: Map| {
        run_ols(formula, &table, options)
    });
    engine.register_fn("least_squares", |m: &mut Model| m.least_squares().map(Rc::new).raise());
    engine.register_fn("diagnostics", |m: &mut Rc<Regression>| m.diagnostics().raise());
    engine.register_fn("influence", |m: &mut Rc<Regression>| m.influence().raise());
    engine.register_fn("predict", |m: &mut Rc<Regression>, table: Table| m.predict(&table).raise());
    engine.register_get("coef", |m: &mut Rc<Regression>| -> Fallible<Vector> {
        let names = m.coef.iter().map(|e| e.name.as_str());
        Vector::from_floats(m.coef.iter().map(|e| e.value)).named("coef").labelled(names).raise()
    });
    engine.register_get("se", |m: &mut Rc<Regression>| -> Fallible<Vector> {
        let names = m.coef.iter().map(|e| e.name.as_str());
        Vector::from_options(m.coef.iter().map(|e| e.se)).named("se").labelled(names).raise()
    });
    engine.register_get("vcov", |m: &mut Rc<Regression>| m.vcov_table().raise());
    engine.register_get("parameters", |m: &mut Rc<Regression>| m.parameters(0.95).raise());
    engine.register_get("r_squared", |m: &mut Rc<Regression>| m.r_squared);
    engine.register_get("r_squared_adjusted", |m: &mut Rc<Regression>| m.r_squared_adjusted);
    engine.register_get("sigma", |m: &mut Rc<Regression>| m.sigma);
    engine.register_get("loglik", |m: &mut Rc<Regression>| m.loglik);
    engine.register_get("aic", |m: &mut Rc<Regression>| m.aic());
    engine.register_get("bic", |m: &mut Rc<Regression>| m.bic());
    engine.register_get("nobs", |m: &mut Rc<Regression>| m.nobs() as i64);
    engine.register_get("df", |m: &mut Rc<Regression>| m.df as i64);
    engine.register_get("residuals", |m: &mut Rc<Regression>| {
        by_row(&m.residuals, &m.labels, "residuals")
    });
    engine.register_get("fitted", |m: &mut Rc<Regression>| by_row(&m.fitted, &m.labels, "fitted"));
    engine.register_get("formula", |m: &mut Rc<Regression>| m.formula.to_string());
    engine.register_get("warnings", |m: &mut Rc<Regression>| convert::text_array(&m.warnings));
}

fn by_row(values: &[f64], labels: &[String], name: &str) -> Fallible<Vector> {
    Vector::from_floats(values.iter().copied()).named(name).labelled(labels).raise()
}

fn run_corrected(
    primitive: &'static str,
    formula: &str,
    table: &Table,
    given: Map,
) -> Fallible<Rc<Corrected>> {
    let mut options = Options::new(primitive, given);
    let orientation = options.choice("frontier", Orientation::default())?;
    let law = if primitive == "mols" {
        options.choice("inefficiency", Correction::default())?
    } else {
        Correction::default()
    };
    let params = OlsParams { zero: zero(&mut options)?, ..OlsParams::default() };
    options.finish()?;
    let fit = if primitive == "mols" {
        mols(formula, table, orientation, law, &params)
    } else {
        cols(formula, table, orientation, &params)
    };
    fit.map(Rc::new).raise()
}

fn corrections(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    for name in ["cols", "mols"] {
        engine.register_fn(name, move |formula: &str, table: Table| {
            run_corrected(name, formula, &table, Map::new())
        });
        engine.register_fn(name, move |formula: &str, table: Table, options: Map| {
            run_corrected(name, formula, &table, options)
        });
    }
    engine.register_fn("efficiency", |m: &mut Rc<Corrected>| m.efficiency().raise());
    engine.register_get("coef", |m: &mut Rc<Corrected>| -> Fallible<Vector> {
        let coef = m.coef();
        Vector::from_floats(coef.iter().map(|c| c.1))
            .named("coef")
            .labelled(coef.iter().map(|c| c.0.as_str()))
            .raise()
    });
    engine.register_get("shift", |m: &mut Rc<Corrected>| m.shift);
    engine.register_get("sigma_u", |m: &mut Rc<Corrected>| convert::from_option(m.sigma_u));
    engine.register_get("sigma_v", |m: &mut Rc<Corrected>| convert::from_option(m.sigma_v));
    engine.register_get("regression", |m: &mut Rc<Corrected>| Rc::new(m.regression.clone()));
    engine.register_get("warnings", |m: &mut Rc<Corrected>| convert::text_array(&m.warnings));
}

fn run_dea(
    shared: &Shared,
    table: &Table,
    outputs: &Dynamic,
    inputs: &Dynamic,
    given: Map,
) -> Fallible<Rc<Dea>> {
    let outputs = convert::texts_argument("dea", "outputs", outputs)?;
    let inputs = convert::texts_argument("dea", "inputs", inputs)?;
    let mut options = Options::new("dea", given);
    let d = DeaParams::default();
    let params = DeaParams {
        returns: options.choice("returns", d.returns)?,
        direction: options.choice("direction", d.direction)?,
        draws: options.count("draws", d.draws)?,
        seed: options.seed(d.seed)?,
        level: options.float("level", d.level)?,
    };
    options.finish()?;
    dea(table, &outputs, &inputs, &params, &shared.context()).map(Rc::new).raise()
}

fn run_order_m(
    table: &Table,
    outputs: &Dynamic,
    inputs: &Dynamic,
    given: Map,
) -> Fallible<Rc<OrderM>> {
    let outputs = convert::texts_argument("order_m", "outputs", outputs)?;
    let inputs = convert::texts_argument("order_m", "inputs", inputs)?;
    let mut options = Options::new("order_m", given);
    let d = OrderMParams::default();
    let params = OrderMParams {
        m: options.count("m", d.m)?,
        direction: options.choice("direction", d.direction)?,
    };
    options.finish()?;
    order_m(table, &outputs, &inputs, &params).map(Rc::new).raise()
}

fn envelopes(library: &mut Library<'_>) {
    let shared = library.shared();
    library.engine.register_fn("dea", move |t: Table, y: Dynamic, x: Dynamic| {
        run_dea(&shared, &t, &y, &x, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("dea", move |t: Table, y: Dynamic, x: Dynamic, options: Map| {
        run_dea(&shared, &t, &y, &x, options)
    });
    let engine = &mut *library.engine;
    engine.register_fn("order_m", |t: Table, y: Dynamic, x: Dynamic| {
        run_order_m(&t, &y, &x, Map::new())
    });
    engine.register_fn("order_m", |t: Table, y: Dynamic, x: Dynamic, options: Map| {
        run_order_m(&t, &y, &x, options)
    });
    engine.register_get("table", |m: &mut Rc<Dea>| m.table().raise());
    engine.register_get("te", |m: &mut Rc<Dea>| by_row(&m.te, &m.labels, "te"));
    engine.register_get("peers", |m: &mut Rc<Dea>| m.peers().raise());
    engine.register_get("slacks", |m: &mut Rc<Dea>| m.slack_table().raise());
    engine.register_get("warnings", |m: &mut Rc<Dea>| convert::text_array(&m.warnings));
    engine.register_get("table", |m: &mut Rc<OrderM>| m.table().raise());
    engine.register_get("te", |m: &mut Rc<OrderM>| by_row(&m.te, &m.labels, "te"));
    engine.register_get("warnings", |m: &mut Rc<OrderM>| convert::text_array(&m.warnings));
}

fn errors_in_words(m: &Regression) -> String {
    match (m.se, m.clusters) {
        (StandardErrors::Classical, _) => "classical standard errors".into(),
        (_, Some(clusters)) => format!("standard errors clustered in {clusters} groups"),
        (se, None) => format!("{} robust standard errors", se.name().to_uppercase()),
    }
}

fn show_regression(m: &Rc<Regression>, style: &Style) -> Bundle {
    let mut text = format!("Least squares on {} rows, {}.", m.nobs(), errors_in_words(m));
    if m.dropped > 0 {
        text += &format!(" {} rows were left out for missing values.", m.dropped);
    }
    let mut doc = Doc::new().heading("Regression").text(m.formula.to_string()).text(text);
    let shown = m.parameters(0.95).and_then(|table| {
        let p = table.column("p")?;
        let p = p.cells().map(|cell| cell.as_f64().map_or_else(String::new, p_value));
        table.with_column("p", &Vector::from_texts(p))
    });
    doc = match shown {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    };
    let mut facts = vec![
        ("R squared", significant(m.r_squared, 4)),
        ("adjusted", significant(m.r_squared_adjusted, 4)),
        ("residual standard error", significant(m.sigma, 4)),
    ];
    if let Some((f, df1, df2, p)) = m.f_test {
        facts.push((
            "F of all slopes",
            format!("{} on {df1} and {df2} df (p {})", significant(f, 4), p_value(p)),
        ));
    }
    facts.push(("loglik", float(m.loglik)));
    doc.facts(facts).warnings(&m.warnings).bundle(style)
}

fn show_corrected(m: &Rc<Corrected>, style: &Style) -> Bundle {
    let te: Vec<f64> = m.te.iter().copied().filter(|te| te.is_finite()).collect();
    let mean = esep_stdlib::stats::mean(&te);
    let mut doc = Doc::new()
        .heading(format!("{} frontier ({})", m.method, m.orientation.name()))
        .text(m.regression.formula.to_string())
        .text(format!(
            "Least squares on {} rows, its constant moved by {}.",
            m.regression.nobs(),
            significant(m.orientation.sign() * m.shift, 4)
        ));
    let coef = m.coef();
    let table = Table::new([
        ("term", Vector::from_texts(coef.iter().map(|c| c.0.as_str()))),
        ("estimate", Vector::from_floats(coef.iter().map(|c| c.1))),
    ]);
    if let Ok(table) = table.and_then(|t| t.labelled_by("term")) {
        doc = doc.table(&table);
    }
    let mut facts = Vec::new();
    if let (Some(u), Some(v)) = (m.sigma_u, m.sigma_v) {
        facts.push(("sigma_u", significant(u, 4)));
        facts.push(("sigma_v", significant(v, 4)));
    }
    if let Some(mean) = mean {
        facts.push(("mean efficiency", significant(mean, 4)));
    }
    doc.facts(facts).warnings(&m.warnings).bundle(style)
}

fn show_dea(m: &Rc<Dea>, style: &Style) -> Bundle {
    let returns = match m.params.returns {
        Returns::Constant => "constant returns to scale",
        Returns::Variable => "variable returns to scale",
        Returns::NonIncreasing => "non-increasing returns to scale",
        Returns::NonDecreasing => "non-decreasing returns to scale",
    };
    let mut text = format!(
        "{} units, {returns}, {} direction; {} on the frontier.",
        m.te.len(),
        m.params.direction.name(),
        m.te.iter().filter(|te| **te == 1.0).count()
    );
    if let Some(bootstrap) = &m.bootstrap {
        text += &format!(
            " Bias and {} % bounds from {} replications (seed {}, bandwidth {}).",
            significant(100.0 * m.params.level, 3),
            m.params.draws,
            m.params.seed,
            significant(bootstrap.bandwidth, 3)
        );
    }
    let mut doc = Doc::new().heading("Data envelopment analysis").text(text);
    if let Ok(table) = m.table() {
        doc = doc.table(&table);
    }
    doc.warnings(&m.warnings).bundle(style)
}

fn show_order_m(m: &Rc<OrderM>, style: &Style) -> Bundle {
    let direction = if m.params.direction == Direction::Input { "input" } else { "output" };
    let mut doc = Doc::new().heading("Partial frontier").text(format!(
        "order-{} efficiency of {} units, {direction} direction; fdh is the limit for all peers.",
        m.params.m,
        m.te.len()
    ));
    if let Ok(table) = m.table() {
        doc = doc.table(&table);
    }
    doc.warnings(&m.warnings).bundle(style)
}
