//! Stochastic frontiers: fitting, reading, comparing.

mod answers;
mod certificate;
pub(crate) mod custom;
mod help;
mod neighbours;
mod neighbours_help;
mod resampling;
mod show;
mod teaching;

use std::rc::Rc;

use esep_stdlib::formula::{self, ZeroPolicy};
use esep_stdlib::frontier::{
    self, Compared, Comparison, EfficiencyParams, Estimate, LrTest, SeKind, SfaFit, SfaParams,
    compare,
};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, Map, NativeCallContext};

use self::help::{COMPARISON, ENTRIES, LR_TEST, MODEL};
use self::show::{show, show_comparison, show_lr_test};
use crate::convert;
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Problem, Raise};

/// A fitted frontier as scripts hold it; copies share the fit.
pub(crate) type Model = Rc<SfaFit>;

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Model>(&MODEL, |model, style| show(model, style));
    library.register_type::<Comparison>(&COMPARISON, show_comparison);
    library.register_type::<LrTest>(&LR_TEST, show_lr_test);
    fitting(library);
    fields(library);
    methods(library);
    answers::register(library);
    certificate::register(library);
    custom::register(library);
    neighbours::register(library);
    resampling::register(library);
    teaching::register(library);
}

/// What to do with zeros and negatives under a logarithm.
fn zero_policy(options: &mut Options, default: ZeroPolicy) -> Fallible<ZeroPolicy> {
    let mut zero = default;
    if let Some(text) = options.text("zero")? {
        zero = match text.as_str() {
            "error" => ZeroPolicy::Error,
            "drop" => ZeroPolicy::Drop,
            _ => {
                return Err(Error::UnknownName {
                    primitive: "sfa".into(),
                    kind: "value for zero".into(),
                    name: text,
                    known: vec!["error".into(), "drop".into()],
                })
                .raise();
            }
        };
    }
    if let Some(shift) = options.optional_float("zero_shift")? {
        zero = ZeroPolicy::Shift(shift);
    }
    Ok(zero)
}

/// The choices in an option map; `defaults` stand where it says nothing.
fn params(given: Map, defaults: &SfaParams) -> Fallible<SfaParams> {
    let mut options = Options::new("sfa", given);
    let d = defaults.clone();
    let zero = zero_policy(&mut options, d.zero)?;
    let se = options.choice("se", d.se)?;
    if se != SeKind::Bootstrap
        && let Some(name) = ["draws", "seed", "kind"].into_iter().find(|name| options.has(name))
    {
        return Err(Problem::new(format!(
            "sfa: `{name}` says how refits are drawn, and there are none"
        ))
        .hint(format!("#{{ se: \"bootstrap\", {name}: ... }}"))
        .into());
    }
    let params = SfaParams {
        inefficiency: options.choice("inefficiency", d.inefficiency)?,
        noise: options.choice("noise", d.noise)?,
        frontier: options.choice("frontier", d.frontier)?,
        mean: options.text("mean")?.or(d.mean),
        sigma_u: options.text("sigma_u")?.or(d.sigma_u),
        sigma_v: options.text("sigma_v")?.or(d.sigma_v),
        scaling: options.text("scaling")?.or(d.scaling),
        weights: options.text("weights")?.or(d.weights),
        se,
        cluster: options.text("cluster")?.or(d.cluster.filter(|_| se == SeKind::Cluster)),
        bootstrap: resampling::refits(&mut options, d.bootstrap)?,
        zero,
    };
    options.finish()?;
    Ok(params)
}

fn sfa(shared: &Shared, formula: &str, table: &Table, given: Map) -> Fallible<Model> {
    let params = params(given, &SfaParams::default())?;
    frontier::sfa(formula, table, &params, &shared.context()).map(Rc::new).raise()
}

/// [`sfa`], or the same with a density of the user's own where `inefficiency` is a closure.
fn sfa_of_any_law(
    context: &NativeCallContext<'_>,
    shared: &Shared,
    formula: &str,
    table: &Table,
    given: Map,
) -> Fallible<Dynamic> {
    let mut options = Options::new("sfa", given.clone());
    match options.closure("inefficiency") {
        Some(density) => {
            custom::sfa(context, shared, formula, table, density, options).map(Dynamic::from)
        }
        None => sfa(shared, formula, table, given).map(Dynamic::from),
    }
}

fn update(shared: &Shared, model: &Model, change: &str, given: Map) -> Fallible<Model> {
    let params = params(given, &model.params)?;
    model.update_with(change, &params, &shared.context()).map(Rc::new).raise()
}

fn fitting(library: &mut Library<'_>) {
    let shared = library.shared();
    library.engine.register_fn("sfa", move |formula: &str, table: Table| {
        sfa(&shared, formula, &table, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn(
        "sfa",
        move |context: NativeCallContext<'_>, formula: &str, table: Table, options: Map| {
            sfa_of_any_law(&context, &shared, formula, &table, options)
        },
    );
    let shared = library.shared();
    library.engine.register_fn("update", move |model: &mut Model, change: &str| {
        update(&shared, model, change, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("update", move |model: &mut Model, change: &str, options: Map| {
        update(&shared, model, change, options)
    });
    library.engine.register_fn("compare", comparison);
    library.engine.register_fn("cobb_douglas", |response: &str, inputs: Dynamic| {
        let inputs = convert::texts_argument("cobb_douglas", "inputs", &inputs)?;
        formula::cobb_douglas(response, &inputs).map_err(Error::from).raise()
    });
    library.engine.register_fn("translog", |response: &str, inputs: Dynamic| {
        let inputs = convert::texts_argument("translog", "inputs", &inputs)?;
        formula::translog(response, &inputs).map_err(Error::from).raise()
    });
}

fn comparison(models: Array) -> Fallible<Comparison> {
    let compared: Vec<Compared> = models
        .iter()
        .map(|item| {
            if let Some(model) = item.clone().try_cast::<Model>() {
                return Compared::frontier(&model).raise();
            }
            if let Some(model) = item.clone().try_cast::<custom::Custom>() {
                return model.compared().raise();
            }
            neighbours::compared(item).ok_or_else(|| {
                Problem::new(format!(
                    "compare: models must be fitted frontiers or their neighbours, got {}",
                    convert::brief(item)
                ))
                .hint("compare([sfa(f, t), cols(f, t), dea(t, \"y\", [\"x\"])])")
                .into()
            })
        })
        .collect::<Fallible<_>>()?;
    let names: Vec<String> = (1..=compared.len()).map(|i| format!("m{i}")).collect();
    compare(&compared, &names).raise()
}

/// Estimates under their names, or their standard errors.
fn labelled(
    estimates: &[Estimate],
    name: &str,
    get: fn(&Estimate) -> Option<f64>,
) -> Fallible<Vector> {
    Vector::from_options(estimates.iter().map(get))
        .named(name)
        .labelled(estimates.iter().map(|e| e.name.as_str()))
        .raise()
}

fn value(estimate: Option<&Estimate>) -> Dynamic {
    convert::from_option(estimate.map(|e| e.value))
}

fn fields(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_get("coef", |m: &mut Model| labelled(&m.coef, "coef", |e| Some(e.value)));
    engine.register_get("se", |m: &mut Model| labelled(&m.coef, "se", |e| e.se));
    engine.register_get("vcov", |m: &mut Model| -> Fallible<Dynamic> {
        Ok(m.vcov_table().raise()?.map_or(Dynamic::UNIT, Dynamic::from))
    });
    engine.register_get("parameters", |m: &mut Model| m.parameters(0.95).raise());
    engine.register_get("loglik", |m: &mut Model| m.loglik);
    engine.register_get("aic", |m: &mut Model| m.aic());
    engine.register_get("bic", |m: &mut Model| m.bic());
    engine.register_get("hqic", |m: &mut Model| m.hqic());
    engine.register_get("sigma_sq", |m: &mut Model| value(m.sigma_sq.as_ref()));
    engine.register_get("gamma", |m: &mut Model| value(m.gamma.as_ref()));
    engine.register_get("lambda", |m: &mut Model| value(m.lambda.as_ref()));
    engine.register_get("sigma_u", |m: &mut Model| value(m.sigma_u.as_ref()));
    engine.register_get("sigma_v", |m: &mut Model| value(m.sigma_v.as_ref()));
    engine.register_get("shape", |m: &mut Model| value(m.shape.as_ref()));
    engine.register_get("df", |m: &mut Model| value(m.df.as_ref()));
    engine.register_get("nobs", |m: &mut Model| m.nobs() as i64);
    engine.register_get("iterations", |m: &mut Model| m.search.iterations as i64);
    engine.register_get("boundary", |m: &mut Model| m.place().name());
    engine.register_get("warnings", |m: &mut Model| convert::text_array(&m.warnings));
    engine.register_get("formula", |m: &mut Model| m.formula.to_string());
    engine.register_get("residuals", |m: &mut Model| {
        Vector::from_floats(m.residuals.iter().copied()).labelled(m.row_names()).raise()
    });
    engine.register_get("profile", |m: &mut Model| m.profile_table().raise());
    engine.register_get("statistic", |t: &mut LrTest| t.statistic);
    engine.register_get("p_value", |t: &mut LrTest| t.p_value);
    engine.register_get("critical_5", |t: &mut LrTest| t.critical_5);
    engine.register_get("df", |t: &mut LrTest| t.df as i64);
    engine.register_get("table", |c: &mut Comparison| c.table.clone());
    engine.register_get("rank_correlations", |c: &mut Comparison| {
        c.rank_correlations.clone().map_or(Dynamic::UNIT, Dynamic::from)
    });
    engine.register_get("efficiencies", |c: &mut Comparison| {
        c.efficiencies.clone().map_or(Dynamic::UNIT, Dynamic::from)
    });
    engine.register_get("warnings", |c: &mut Comparison| convert::text_array(&c.warnings));
}

fn methods(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("summary", |m: &mut Model| m.clone());
    engine.register_fn("efficiency", |m: &mut Model| efficiency(m, Map::new()));
    engine.register_fn("efficiency", |m: &mut Model, options: Map| efficiency(m, options));
    engine.register_fn("lr_test", |m: &mut Model| m.lr_test());
    engine.register_fn("potential", |m: &mut Model| m.potential().raise());
    engine.register_fn("predict", |m: &mut Model, table: Table| m.predict_vector(&table).raise());
}

fn efficiency_params(given: Map) -> Fallible<EfficiencyParams> {
    let mut options = Options::new("efficiency", given);
    let defaults = EfficiencyParams::default();
    let params = EfficiencyParams {
        estimator: options.choice("estimator", defaults.estimator)?,
        level: options.float("level", defaults.level)?,
    };
    options.finish()?;
    Ok(params)
}

fn efficiency(model: &Model, given: Map) -> Fallible<Table> {
    model.efficiency(&efficiency_params(given)?).and_then(|e| e.table()).raise()
}
