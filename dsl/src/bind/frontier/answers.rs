//! What a fitted frontier answers: tests, covariances, marginal effects, elasticities.

use std::rc::Rc;

use esep_stdlib::Choice;
use esep_stdlib::frontier::{Elasticities, MarginalEffects, SeKind, vuong};
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::Model;
use crate::convert;
use crate::display::number::significant;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

type Effects = Rc<MarginalEffects>;
type Shape = Rc<Elasticities>;

const EFFECTS: TypeEntry = TypeEntry {
    name: "MarginalEffects",
    summary: "What determinants do to the mean and variance of inefficiency.",
    fields: &[
        Field::new("average", "Table", "variable, d_mean, d_mean_se, d_variance, d_variance_se"),
        Field::new("rows", "Table", "d_mean_z and d_variance_z of each row, for each variable z"),
    ],
};

const SHAPE: TypeEntry = TypeEntry {
    name: "Elasticities",
    summary: "Elasticities, returns to scale, monotonicity and curvature of a frontier.",
    fields: &[
        Field::new(
            "average",
            "Table",
            "variable, elasticity, se; returns to scale in the last row",
        ),
        Field::new("rows", "Table", "elasticities, scale, monotone, quasi_concave of each row"),
        Field::new(
            "monotone_share",
            "float",
            "share of rows where the frontier rises in every input",
        ),
        Field::new(
            "quasi_concave_share",
            "float",
            "share of rows where it is quasi-concave in the inputs; missing for cost frontiers and factors",
        ),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Effects>(&EFFECTS, |e, style| show_effects(e, style));
    library.register_type::<Shape>(&SHAPE, |e, style| show_shape(e, style));
    let shared = library.shared();
    library
        .engine
        .register_fn("vcov_of", move |m: &mut Model, se: &str| vcov_of(&shared, m, se, None));
    let shared = library.shared();
    library.engine.register_fn("vcov_of", move |m: &mut Model, se: &str, cluster: &str| {
        vcov_of(&shared, m, se, Some(cluster))
    });
    let engine = &mut *library.engine;
    engine.register_fn("wald", |m: &mut Model, hypotheses: Dynamic| wald(m, &hypotheses));
    engine.register_fn("skewness_test", |m: &mut Model| skewness_test(m));
    engine.register_fn("vuong", |a: Model, b: Model| vuong_test(&a, &b));
    engine.register_fn("marginal_effects", |m: &mut Model| -> Fallible<Effects> {
        m.marginal_effects().map(Rc::new).raise()
    });
    engine.register_fn("elasticities", |m: &mut Model| elasticities(m, Map::new()));
    engine.register_fn("elasticities", |m: &mut Model, options: Map| elasticities(m, options));
    engine.register_get("average", |e: &mut Effects| e.average_table().raise());
    engine.register_get("rows", |e: &mut Effects| e.table().raise());
    engine.register_get("average", |e: &mut Shape| e.average_table().raise());
    engine.register_get("rows", |e: &mut Shape| e.table().raise());
    engine.register_get("monotone_share", |e: &mut Shape| e.monotone_share());
    engine.register_get("quasi_concave_share", |e: &mut Shape| {
        convert::from_option(e.quasi_concave_share())
    });
}

fn vcov_of(shared: &Shared, model: &Model, se: &str, cluster: Option<&str>) -> Fallible<Dynamic> {
    let kind = SeKind::parse("vcov_of", "se", se).raise()?;
    let table = model.vcov_by_table(kind, cluster, &shared.context()).raise()?;
    Ok(table.map_or(Dynamic::UNIT, Dynamic::from))
}

fn wald(model: &Model, hypotheses: &Dynamic) -> Fallible<Map> {
    let hypotheses = convert::texts_argument("wald", "hypotheses", hypotheses)?;
    let test = model.wald(&hypotheses).raise()?;
    let each: Array = test
        .each
        .into_iter()
        .map(|(text, gap, se)| {
            let mut map = Map::new();
            map.insert("hypothesis".into(), ImmutableString::from(text).into());
            map.insert("gap".into(), gap.into());
            map.insert("se".into(), se.into());
            Dynamic::from(map)
        })
        .collect();
    let mut map = Map::new();
    map.insert("statistic".into(), test.statistic.into());
    map.insert("df".into(), (test.df as i64).into());
    map.insert("p_value".into(), test.p_value.into());
    map.insert("each".into(), each.into());
    Ok(map)
}

fn skewness_test(model: &Model) -> Map {
    let test = model.skewness_test();
    let mut map = Map::new();
    map.insert("skewness".into(), test.skewness.into());
    map.insert("coelli".into(), test.coelli.into());
    map.insert("coelli_p".into(), test.coelli_p.into());
    map.insert("schmidt_lin".into(), convert::from_option(test.schmidt_lin));
    map.insert("schmidt_lin_p".into(), convert::from_option(test.schmidt_lin_p));
    map
}

fn vuong_test(a: &Model, b: &Model) -> Fallible<Map> {
    let test = vuong(a, b).raise()?;
    let mut map = Map::new();
    for (name, value) in [
        ("statistic", test.statistic),
        ("p_value", test.p_value),
        ("aic_statistic", test.aic_statistic),
        ("aic_p_value", test.aic_p_value),
        ("bic_statistic", test.bic_statistic),
        ("bic_p_value", test.bic_p_value),
    ] {
        map.insert(name.into(), value.into());
    }
    map.insert("warnings".into(), convert::text_array(&test.warnings).into());
    Ok(map)
}

fn elasticities(model: &Model, given: Map) -> Fallible<Shape> {
    let mut options = Options::new("elasticities", given);
    let inputs = options.texts("inputs")?;
    options.finish()?;
    model.elasticities(inputs.as_deref()).map(Rc::new).raise()
}

fn show_effects(effects: &MarginalEffects, style: &Style) -> Bundle {
    let doc = Doc::new().heading("Marginal effects on inefficiency").text(
        "Means over the rows of dE[u]/dz and dV[u]/dz, with standard errors by the delta method; \
         each row's own are in .rows.",
    );
    match effects.average_table() {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    }
    .bundle(style)
}

fn show_shape(shape: &Elasticities, style: &Style) -> Bundle {
    let doc = Doc::new().heading("Elasticities of the frontier").text(
        "Means over the rows, with standard errors by the delta method; each row's own are in \
         .rows.",
    );
    let doc = match shape.average_table() {
        Ok(table) => doc.table(&table),
        Err(error) => doc.warnings(&[error.to_string()]),
    };
    let percent = |share: f64| format!("{} % of the rows", significant(100.0 * share, 3));
    let mut facts = vec![("rises in every input", percent(shape.monotone_share()))];
    if let Some(share) = shape.quasi_concave_share() {
        facts.push(("quasi-concave", percent(share)));
    }
    doc.facts(facts).bundle(style)
}

const M: Param = Param::arg("m", "Frontier", "the model");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "vcov_of",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The covariance of the estimates by another method, without refitting.",
        signature: "m.vcov_of(se, cluster)",
        params: &[
            M,
            Param::arg(
                "se",
                "text",
                "\"hessian\", \"opg\", \"sandwich\", \"cluster\" or \"bootstrap\"",
            ),
            Param::arg("cluster", "text", "column of groups, for \"cluster\" only"),
        ],
        returns: "Table, as m.vcov; missing at gamma_one",
        search: &[
            "robust standard errors",
            "BHHH",
            "outer product of gradients",
            "White",
            "clustered",
        ],
        errors: &["\"cluster\" without a column, or one with fewer than two groups"],
        see_also: &["sfa", "wald"],
        source: "Berndt, Hall, Hall and Hausman (1974); Huber (1967); White (1982)",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\nm.vcov_of(\"sandwich\").nrow",
            shows: "2",
        }],
    },
    Entry {
        name: "wald",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Wald's test of linear restrictions on the coefficients, together.",
        signature: "m.wald(hypotheses)",
        params: &[
            M,
            Param::arg(
                "hypotheses",
                "text or array of text",
                "names of coefficients (zero), or equations such as \"log(k) + log(l) = 1\"; other equations' as \"mean: z\"",
            ),
        ],
        returns: "map: statistic, df, p_value, each (hypothesis, gap, se); the covariance is the fit's own",
        search: &["linear hypothesis", "joint test", "lincom", "constant returns to scale"],
        errors: &["an unknown coefficient", "a restriction that is not linear or repeats another"],
        see_also: &["lr_test", "vuong", "vcov_of"],
        source: "Wald (1943)",
        examples: &[Example {
            code: "let m = sfa(cobb_douglas(\"gdp_per_capita\", [\"ict_investments\", \"fixed_capital_industry\"]), load(\"regions_2023\"));\nm.wald(\"log(ict_investments) + log(fixed_capital_industry) = 1\").df",
            shows: "1",
        }],
    },
    Entry {
        name: "skewness_test",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Tests whether least-squares residuals are skewed as inefficiency would make them.",
        signature: "m.skewness_test()",
        params: &[M],
        returns: "map: skewness (negative for inefficiency), coelli and schmidt_lin (both standard normal without inefficiency) with one-sided p",
        search: &["wrong skewness", "M3T", "third moment", "D'Agostino"],
        errors: &[],
        see_also: &["lr_test"],
        source: "Schmidt and Lin (1984); Coelli (1995); D'Agostino (1970)",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).skewness_test().coelli_p < 0.5",
            shows: "",
        }],
    },
    Entry {
        name: "vuong",
        on: None,
        room: "frontiers",
        summary: "Which of two models that are not nested is nearer to the truth.",
        signature: "vuong(a, b)",
        params: &[
            Param::arg("a", "Frontier", "a model"),
            Param::arg("b", "Frontier", "another of the same response on the same rows"),
        ],
        returns: "map: statistic (positive speaks for a), p_value, the same corrected as in AIC and BIC, warnings",
        search: &["non-nested", "model selection", "likelihood ratio"],
        errors: &["different rows or responses", "models that give every row the same likelihood"],
        see_also: &["compare", "wald"],
        source: "Vuong (1989)",
        examples: &[Example {
            code: "let f = \"log(gdp_per_capita) ~ log(ict_investments)\";\nlet t = load(\"regions_2023\");\nvuong(sfa(f, t), sfa(\"log(gdp_per_capita) ~ log(cloud_use_share)\", t)).keys().len()",
            shows: "7",
        }],
    },
    Entry {
        name: "marginal_effects",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "What determinants do to the mean and variance of inefficiency, by row and on average.",
        signature: "m.marginal_effects()",
        params: &[M],
        returns: "MarginalEffects: .average with standard errors, .rows",
        search: &["determinants of inefficiency", "sfamarginal", "dE[u]/dz"],
        errors: &["a model without determinants", "a model at gamma_zero"],
        see_also: &["sfa", "elasticities"],
        source: "Wang (2002)",
        examples: &[Example {
            code: "let t = load(\"regions_2023\");\nsfa(\"log(gdp_per_capita) ~ log(fixed_capital_industry)\", t, #{ sigma_u: \"~ log(cloud_use_share)\", inefficiency: \"exponential\" }).marginal_effects()",
            shows: "cloud_use_share",
        }],
    },
    Entry {
        name: "elasticities",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Elasticities by row, returns to scale, monotonicity and curvature, exact for any formula.",
        signature: "m.elasticities(options)",
        params: &[
            M,
            Param::option(
                "inputs",
                "array of text",
                "every numeric column of the frontier",
                "columns that count as inputs; for a cost frontier the outputs whose scale is asked",
            ),
        ],
        returns: "Elasticities: .average with standard errors, .rows, .monotone_share, .quasi_concave_share",
        search: &["returns to scale", "RTS", "monotonicity", "quasi-concavity", "translog"],
        errors: &["an input that the frontier does not hold"],
        see_also: &["translog", "marginal_effects"],
        source: "Christensen, Jorgenson and Lau (1973); Henningsen and Henning (2009) on monotonicity",
        examples: &[Example {
            code: "let m = sfa(translog(\"gdp_per_capita\", [\"ict_investments\", \"fixed_capital_industry\"]), load(\"regions_2023\"));\nm.elasticities()",
            shows: "returns to scale",
        }],
    },
];
