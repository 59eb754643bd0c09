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

use super::{Model, texts};
use crate::convert;
use crate::display::number::{float, p_value, significant};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const REGRESSION: TypeEntry = TypeEntry {
    name: "Regression",
    summary: "A fitted least-squares regression; shows itself as its summary.",
    fields: &[
        Field::new("coef", "vector", "coefficients, labelled"),
        Field::new("se", "vector", "their standard errors"),
        Field::new("vcov", "Table", "their covariance"),
        Field::new("parameters", "Table", "term, estimate, se, t, p, lower, upper (95 %)"),
        Field::new("r_squared", "float", "share of the variance explained"),
        Field::new("r_squared_adjusted", "float", "the same, adjusted for the coefficients"),
        Field::new("sigma", "float", "residual standard error"),
        Field::new("loglik", "float", "normal loglikelihood"),
        Field::new("aic", "float", "Akaike's criterion"),
        Field::new("bic", "float", "Schwarz's criterion"),
        Field::new("nobs", "int", "rows used"),
        Field::new("df", "int", "degrees of freedom of the t tests"),
        Field::new("residuals", "vector", "y - x'b by row"),
        Field::new("fitted", "vector", "x'b by row"),
        Field::new("formula", "text", "the formula, its dots filled in"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const CORRECTED: TypeEntry = TypeEntry {
    name: "CorrectedFrontier",
    summary: "A frontier parallel to least squares (COLS, MOLS).",
    fields: &[
        Field::new("coef", "vector", "coefficients of the frontier, its constant moved"),
        Field::new("shift", "float", "what the constant was moved by"),
        Field::new("sigma_u", "float", "scale of inefficiency by moments; MOLS only"),
        Field::new("sigma_v", "float", "standard deviation of noise by moments; MOLS only"),
        Field::new("regression", "Regression", "the regression lifted"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const DEA: TypeEntry = TypeEntry {
    name: "Envelopment",
    summary: "Scores of data envelopment analysis.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "unit, te; te_crs, scale_efficiency, returns (variable returns); te_corrected, bias, lower, upper (bootstrap); rank",
        ),
        Field::new("te", "vector", "Farrell efficiency by unit, 0 to 1"),
        Field::new("peers", "Table", "unit, peer, intensity"),
        Field::new("slacks", "Table", "output short and input in excess after the radial move"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const ORDER_M: TypeEntry = TypeEntry {
    name: "OrderM",
    summary: "Order-m efficiencies.",
    fields: &[
        Field::new("table", "Table", "unit, te, fdh, peers, rank"),
        Field::new("te", "vector", "order-m efficiency by unit; above 1 beyond the frontier"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const FORMULA: Param = Param::arg("formula", "text", "\"log(y) ~ log(x1) + log(x2)\", as for sfa");
const TABLE: Param = Param::arg("table", "Table", "the data; incomplete rows are dropped");
const OUTPUTS: Param = Param::arg("outputs", "text or array of text", "columns, all positive");
const INPUTS: Param = Param::arg("inputs", "text or array of text", "columns, all positive");
const DIRECTION: Param = Param::option(
    "direction",
    "text",
    "\"output\"",
    "\"output\" (grow at given inputs) or \"input\" (shrink at given outputs)",
);
const SE: Param = Param::option(
    "se",
    "text",
    "\"classical\"",
    "\"classical\", \"hc0\", \"hc1\", \"hc2\", \"hc3\" or \"cluster\"",
);
const CLUSTER: Param =
    Param::option("cluster", "text", "none", "column that tells clusters; implies se \"cluster\"");
const SHIFT: Param =
    Param::option("zero_shift", "float", "none", "added under every log that meets a zero");
const SIDE: Param =
    Param::option("frontier", "text", "\"production\"", "\"production\" or \"cost\"");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "ols",
        on: None,
        room: "frontiers",
        summary: "Least squares with classical, robust or clustered standard errors.",
        signature: "ols(formula, table, options)",
        params: &[FORMULA, TABLE, SE, CLUSTER, SHIFT],
        returns: "Regression",
        search: &["lm", "regress", "linear regression", "robust", "heteroskedasticity"],
        errors: &["those of sfa's formula", "as many coefficients as rows"],
        see_also: &["diagnostics", "influence", "cols", "sfa"],
        source: "White (1980); MacKinnon and White (1985); Liang and Zeger (1986)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"), #{ se: \"hc3\" })",
            shows: "HC3",
        }],
    },
    Entry {
        name: "diagnostics",
        on: Some("Regression"),
        room: "frontiers",
        summary: "Tests what least squares assumes: constant variance, normal residuals, form, collinearity.",
        signature: "m.diagnostics()",
        params: &[Param::arg("m", "Regression", "the regression")],
        returns: "Table: test, statistic, df, p, reading",
        search: &["breusch pagan", "white test", "jarque bera", "reset", "condition number"],
        errors: &[],
        see_also: &["ols", "influence"],
        source: "Koenker (1981); White (1980); Jarque and Bera (1987); Ramsey (1969); Belsley, Kuh and Welsch (1980)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).diagnostics()",
            shows: "breusch_pagan",
        }],
    },
    Entry {
        name: "influence",
        on: Some("Regression"),
        room: "frontiers",
        summary: "What each row does to the fit: leverage, studentised residual, Cook's distance, DFFITS.",
        signature: "m.influence()",
        params: &[Param::arg("m", "Regression", "the regression")],
        returns: "Table: label, fitted, residual, leverage, student, cook, dffits",
        search: &["cook", "leverage", "outlier", "dffits"],
        errors: &[],
        see_also: &["diagnostics"],
        source: "Belsley, Kuh and Welsch (1980); Cook (1977)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).influence().sort(\"cook\", #{ descending: true }).head(3)",
            shows: "leverage",
        }],
    },
    Entry {
        name: "predict",
        on: Some("Regression"),
        room: "frontiers",
        summary: "Fitted values for the rows of a table.",
        signature: "m.predict(table)",
        params: &[Param::arg("m", "Regression", "the regression"), TABLE],
        returns: "vector, missing where a value is",
        search: &["forecast", "fitted"],
        errors: &["a column of the formula that the table lacks"],
        see_also: &["ols"],
        source: "",
        examples: &[Example {
            code: "let t = load(\"regions_2023\");\nols(\"log(gdp_per_capita) ~ log(ict_investments)\", t).predict(t).len()",
            shows: "20",
        }],
    },
    Entry {
        name: "cols",
        on: None,
        room: "frontiers",
        summary: "Corrected least squares: the regression lifted until no row lies beyond it.",
        signature: "cols(formula, table, options)",
        params: &[FORMULA, TABLE, SIDE, SHIFT],
        returns: "CorrectedFrontier",
        search: &["COLS", "deterministic frontier", "corrected ordinary least squares"],
        errors: &["those of ols"],
        see_also: &["mols", "sfa", "compare"],
        source: "Winsten (1957); Greene (1980)",
        examples: &[Example {
            code: "cols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).efficiency().te.max()",
            shows: "1",
        }],
    },
    Entry {
        name: "mols",
        on: None,
        room: "frontiers",
        summary: "Modified least squares: inefficiency told from the moments of the residuals.",
        signature: "mols(formula, table, options)",
        params: &[
            FORMULA,
            TABLE,
            Param::option(
                "inefficiency",
                "text",
                "\"half_normal\"",
                "\"half_normal\" or \"exponential\"",
            ),
            SIDE,
            SHIFT,
        ],
        returns: "CorrectedFrontier",
        search: &["MOLS", "method of moments", "modified ordinary least squares"],
        errors: &["those of ols"],
        see_also: &["cols", "sfa", "compare"],
        source: "Richmond (1974); Greene (2008)",
        examples: &[Example {
            code: "mols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"))",
            shows: "MOLS",
        }],
    },
    Entry {
        name: "least_squares",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The regression on the same formula and rows: the frontier without inefficiency.",
        signature: "m.least_squares()",
        params: &[Param::arg("m", "Frontier", "the model")],
        returns: "Regression",
        search: &["ols", "start values"],
        errors: &[],
        see_also: &["ols", "lr_test"],
        source: "",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).least_squares().nobs",
            shows: "20",
        }],
    },
    Entry {
        name: "efficiency",
        on: Some("CorrectedFrontier"),
        room: "frontiers",
        summary: "Efficiency by unit.",
        signature: "m.efficiency()",
        params: &[Param::arg("m", "CorrectedFrontier", "the frontier")],
        returns: "Table: label, te, rank",
        search: &["technical efficiency"],
        errors: &[],
        see_also: &["cols", "mols"],
        source: "",
        examples: &[Example {
            code: "cols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).efficiency().sort(\"rank\").head(3)",
            shows: "te",
        }],
    },
    Entry {
        name: "dea",
        on: None,
        room: "frontiers",
        summary: "Data envelopment analysis: efficiency against the best combinations of peers, no functional form.",
        signature: "dea(table, outputs, inputs, options)",
        params: &[
            TABLE,
            OUTPUTS,
            INPUTS,
            Param::option(
                "returns",
                "text",
                "\"vrs\"",
                "\"crs\", \"vrs\", \"nirs\" (non-increasing) or \"ndrs\" (non-decreasing)",
            ),
            DIRECTION,
            Param::option("draws", "int", "0", "replications of the bootstrap; 0 for none"),
            Param::option("seed", "int", "1", "seed of the bootstrap"),
            Param::option("level", "float", "0.95", "probability between the bounds"),
        ],
        returns: "Envelopment",
        search: &["DEA", "data envelopment", "Farrell", "nonparametric frontier", "Benchmarking"],
        errors: &[
            "a value that is not positive: column and unit are named",
            "a bootstrap of fewer than three inefficient units",
        ],
        see_also: &["order_m", "sfa", "compare"],
        source: "Charnes, Cooper and Rhodes (1978); Banker, Charnes and Cooper (1984); Simar and Wilson (1998)",
        examples: &[
            Example {
                code: "dea(load(\"regions_2023\"), \"gdp_per_capita\", [\"ict_investments\", \"fixed_capital_industry\"])",
                shows: "variable returns",
            },
            Example {
                code: "dea(load(\"regions_2023\"), \"gdp_per_capita\", \"ict_investments\", #{ returns: \"crs\", draws: 20 }).table.columns.contains(\"te_corrected\")",
                shows: "true",
            },
        ],
    },
    Entry {
        name: "order_m",
        on: None,
        room: "frontiers",
        summary: "Efficiency against the expected best of m peers; extremes do not draw the frontier.",
        signature: "order_m(table, outputs, inputs, options)",
        params: &[
            TABLE,
            OUTPUTS,
            INPUTS,
            Param::option("m", "int", "25", "peers drawn; more come nearer to the hull of all"),
            DIRECTION,
        ],
        returns: "OrderM",
        search: &["partial frontier", "robust frontier", "FDH", "free disposal hull"],
        errors: &["a value that is not positive", "m below 1"],
        see_also: &["dea", "compare"],
        source: "Cazals, Florens and Simar (2002), the expectation in closed form",
        examples: &[Example {
            code: "order_m(load(\"regions_2023\"), \"gdp_per_capita\", \"ict_investments\", #{ m: 10 })",
            shows: "order-10",
        }],
    },
];

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
    engine.register_get("warnings", |m: &mut Rc<Regression>| texts(&m.warnings));
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
    engine.register_get("warnings", |m: &mut Rc<Corrected>| texts(&m.warnings));
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
    engine.register_get("warnings", |m: &mut Rc<Dea>| texts(&m.warnings));
    engine.register_get("table", |m: &mut Rc<OrderM>| m.table().raise());
    engine.register_get("te", |m: &mut Rc<OrderM>| by_row(&m.te, &m.labels, "te"));
    engine.register_get("warnings", |m: &mut Rc<OrderM>| texts(&m.warnings));
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
