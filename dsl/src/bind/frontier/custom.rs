//! Frontiers with a density of inefficiency that the user writes as a closure.

use std::cell::RefCell;
use std::rc::Rc;

use esep_stdlib::formula::ZeroPolicy;
use esep_stdlib::frontier::{
    CustomFit, CustomParams, EfficiencyParams, Orientation, Theta, sfa_custom,
};
use esep_stdlib::{Choice, Table};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::{efficiency_params, labelled, zero_policy};
use crate::convert::{self, Callback};
use crate::display::number::{float, significant};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Problem, Raise};

/// As scripts hold it; copies share the fit.
pub(crate) type Custom = Rc<CustomFit>;

const CUSTOM: TypeEntry = TypeEntry {
    name: "CustomFrontier",
    summary: "A frontier whose inefficiency has the user's own density; shows itself as its summary.",
    fields: &[
        Field::new("coef", "vector", "frontier coefficients, labelled"),
        Field::new("se", "vector", "their standard errors; missing where none exists"),
        Field::new("theta", "vector", "parameters of the density, labelled"),
        Field::new("theta_se", "vector", "their standard errors"),
        Field::new("parameters", "Table", "every parameter: equation, term, estimate, se"),
        Field::new("sigma_v", "float", "standard deviation of noise"),
        Field::new("loglik", "float", "maximised loglikelihood"),
        Field::new("aic", "float", "Akaike's criterion"),
        Field::new("bic", "float", "Schwarz's criterion"),
        Field::new("nobs", "int", "rows used"),
        Field::new("iterations", "int", "Newton steps from the best start"),
        Field::new("mass", "float", "integral of the density at the estimate"),
        Field::new("mean_u", "float", "mean of inefficiency"),
        Field::new("sd_u", "float", "standard deviation of inefficiency"),
        Field::new("residuals", "vector", "y - x'b by row"),
        Field::new("formula", "text", "the formula, its dots filled in"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Custom>(&CUSTOM, show);
    let engine = &mut *library.engine;
    engine.register_get("coef", |m: &mut Custom| labelled(&m.coef, "coef", |e| Some(e.value)));
    engine.register_get("se", |m: &mut Custom| labelled(&m.coef, "se", |e| e.se));
    engine.register_get("theta", |m: &mut Custom| labelled(&m.theta, "theta", |e| Some(e.value)));
    engine.register_get("theta_se", |m: &mut Custom| labelled(&m.theta, "theta_se", |e| e.se));
    engine.register_get("parameters", |m: &mut Custom| m.parameters().raise());
    engine.register_get("sigma_v", |m: &mut Custom| m.sigma_v.value);
    engine.register_get("loglik", |m: &mut Custom| m.loglik);
    engine.register_get("aic", |m: &mut Custom| m.aic());
    engine.register_get("bic", |m: &mut Custom| m.bic());
    engine.register_get("nobs", |m: &mut Custom| m.nobs() as i64);
    engine.register_get("iterations", |m: &mut Custom| m.iterations as i64);
    engine.register_get("mass", |m: &mut Custom| m.mass);
    engine.register_get("mean_u", |m: &mut Custom| m.moments.0);
    engine.register_get("sd_u", |m: &mut Custom| m.moments.1);
    engine.register_get("residuals", |m: &mut Custom| {
        let residuals = esep_stdlib::Vector::from_floats(m.residuals.iter().copied());
        residuals.labelled(m.labels.iter().map(String::as_str)).raise()
    });
    engine.register_get("formula", |m: &mut Custom| m.formula.to_string());
    engine.register_get("warnings", |m: &mut Custom| convert::text_array(&m.warnings));
    engine.register_fn("summary", |m: &mut Custom| m.clone());
    engine.register_fn("efficiency", |m: &mut Custom| efficiency(m, Map::new()));
    engine.register_fn("efficiency", |m: &mut Custom, options: Map| efficiency(m, options));
}

/// Starting values by name or in order, and whether the closure takes a map.
fn starts(given: &Dynamic, real: &[String]) -> Fallible<(Vec<Theta>, bool)> {
    let wrong = || {
        Problem::new("sfa: theta must hold where each parameter of the density begins").hint(
            "theta: #{ scale: 0.5 } for |u, theta| ... theta.scale, or theta: [0.5] for theta[0]",
        )
    };
    let named = given.read_lock::<Map>().map(|map| {
        map.iter().map(|(name, value)| (name.to_string(), value.clone())).collect::<Vec<_>>()
    });
    let by_name = named.is_some();
    let pairs = match named {
        Some(pairs) => pairs,
        None => match given.read_lock::<Array>() {
            Some(array) => {
                let names = (0..array.len()).map(|k| format!("theta[{k}]"));
                names.zip(array.iter().cloned()).collect()
            }
            None => return Err(wrong().into()),
        },
    };
    let mut list = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let Some(start) = convert::number(&value) else { return Err(wrong().into()) };
        list.push(Theta { real: real.contains(&name), name, start });
    }
    if let Some(odd) = real.iter().find(|name| list.iter().all(|t| t.name != **name)) {
        let known: Vec<&str> = list.iter().map(|t| t.name.as_str()).collect();
        return Err(Problem::new(format!("sfa: real names `{odd}`, which theta does not"))
            .hint(format!("theta has {}", known.join(", ")))
            .into());
    }
    Ok((list, by_name))
}

/// [`super::sfa`] where `inefficiency` is a closure.
pub(super) fn sfa(
    context: &NativeCallContext<'_>,
    shared: &Shared,
    formula: &str,
    table: &Table,
    density: FnPtr,
    mut options: Options,
) -> Fallible<Custom> {
    let Some(theta) = options.take("theta") else {
        return Err(Problem::new("sfa: a density of one's own needs theta, where its parameters begin")
            .hint("#{ inefficiency: |u, theta| exp(-u / theta.scale) / theta.scale, theta: #{ scale: 0.5 } }")
            .into());
    };
    let real = options.texts("real")?.unwrap_or_default();
    let (theta, by_name) = starts(&theta, &real)?;
    let params = CustomParams {
        theta,
        frontier: options.choice("frontier", Orientation::default())?,
        zero: zero_policy(&mut options, ZeroPolicy::Error)?,
    };
    options.finish()?;
    let callback = RefCell::new(Callback::new(context, density));
    let names: Vec<rhai::Identifier> =
        params.theta.iter().map(|t| t.name.as_str().into()).collect();
    let call = |u: f64, theta: &[f64]| {
        let theta: Dynamic = if by_name {
            let values = theta.iter().map(|x| Dynamic::from(*x));
            names.iter().cloned().zip(values).collect::<Map>().into()
        } else {
            theta.iter().map(|x| Dynamic::from(*x)).collect::<Array>().into()
        };
        let answer = callback.borrow_mut().call(vec![u.into(), theta])?;
        convert::number(&answer).ok_or_else(|| esep_stdlib::Error::Callback {
            message: format!(
                "sfa: the density must answer a number, got {}",
                convert::brief(&answer)
            ),
        })
    };
    let found = sfa_custom(formula, table, &call, &params, &shared.context());
    callback.into_inner().settle(found.map(Rc::new))
}

fn efficiency(model: &Custom, given: Map) -> Fallible<Table> {
    let params: EfficiencyParams = efficiency_params(given)?;
    model.efficiency(&params).and_then(|e| e.table()).raise()
}

fn show(m: &Custom, style: &Style) -> Bundle {
    let text = format!(
        "Stochastic {} frontier, inefficiency of the user's own density, normal noise, {} rows{}. \
         Best of {} starts ({} reached it), gradient {:.0e} per row, {} Newton steps.",
        m.params.frontier.name(),
        m.nobs(),
        if m.dropped > 0 { format!(" ({} left out)", m.dropped) } else { String::new() },
        m.starts,
        m.reached,
        m.gradient,
        m.iterations
    );
    let mut doc = Doc::new().heading("Stochastic frontier").text(m.formula.to_string()).text(text);
    doc = match m.parameters() {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    };
    let mut facts = vec![
        ("loglik", float(m.loglik)),
        ("AIC", float(m.aic())),
        ("BIC", float(m.bic())),
        ("loglik of least squares", float(m.loglik_noise)),
        ("mean of u", significant(m.moments.0, 6)),
        ("sd of u", significant(m.moments.1, 6)),
        ("integral of the density", significant(m.mass, 9)),
    ];
    if let Ok(efficiency) = m.efficiency(&EfficiencyParams::default()) {
        facts.push(("mean efficiency", significant(efficiency.mean, 6)));
    }
    doc.facts(facts).warnings(&m.warnings).bundle(style)
}

const ENTRIES: &[Entry] = &[Entry {
    name: "efficiency",
    on: Some("CustomFrontier"),
    room: "frontiers",
    summary: "Efficiency of each row with bounds, under the user's density.",
    signature: "m.efficiency(options)",
    params: &[
        Param::arg("m", "CustomFrontier", "the model"),
        Param::option(
            "estimator",
            "text",
            "\"battese_coelli\"",
            "\"battese_coelli\" (E[exp(-u) | e]), \"jlms\" (exp(-E[u | e])) or \"mode\"",
        ),
        Param::option("level", "float", "0.95", "probability between the bounds"),
    ],
    returns: "Table",
    search: &["technical efficiency", "own density"],
    errors: &["level outside (0, 1)"],
    see_also: &["sfa"],
    source: "Battese and Coelli 1988; Jondrow, Lovell, Materov and Schmidt 1982; Horrace and Schmidt 1996",
    examples: &[Example {
        code: "let t = simulate_frontier(#{ rows: 200, seed: 3 }); let m = sfa(\"y ~ x1 + x2\", t, #{ inefficiency: |u, theta| exp(-u / theta.scale) / theta.scale, theta: #{ scale: 0.5 } }); m.efficiency().nrow",
        shows: "200",
    }],
}];
