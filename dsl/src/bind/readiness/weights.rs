//! Weights from data and judgement.

use std::rc::Rc;

use esep_stdlib::readiness::{
    Ahp, BestWorst, Bod, BodParams, DataWeights, ExpertWeights, WeightMethod, ahp, best_worst, bod,
    expert_weights, optimised_weights, weights_of,
};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, Map};

use super::options;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const AHP: TypeEntry = TypeEntry {
    name: "Ahp",
    summary: "Weights of pairwise comparisons and how consistent they are.",
    fields: &[
        Field::new("weights", "Vector", "by criterion, summing to 1"),
        Field::new("lambda_max", "float", "principal eigenvalue, at least the number of criteria"),
        Field::new("consistency_index", "float", "(lambda_max - n) / (n - 1)"),
        Field::new("random_index", "float", "mean index of random matrices of this size"),
        Field::new("consistency_ratio", "float", "index over random index; up to 0.1 is usual"),
    ],
};

const BEST_WORST: TypeEntry = TypeEntry {
    name: "BestWorst",
    summary: "Weights of the best-worst method.",
    fields: &[
        Field::new("weights", "Vector", "by criterion, summing to 1"),
        Field::new("xi", "float", "largest violation; 0 for consistent judgements"),
    ],
};

const EXPERTS: TypeEntry = TypeEntry {
    name: "ExpertWeights",
    summary: "Mean weights of a panel and how far its members agree.",
    fields: &[
        Field::new("weights", "Vector", "by criterion, summing to 1"),
        Field::new("kendall_w", "float", "concordance, 0 to 1; missing below two experts"),
        Field::new("p_value", "float", "probability of it if experts ranked at random"),
        Field::new("experts", "int", "experts"),
    ],
};

const BOD: TypeEntry = TypeEntry {
    name: "Bod",
    summary: "Each unit's score under the weights that favour it most.",
    fields: &[
        Field::new("scores", "Vector", "by unit, 0 to 1"),
        Field::new("shares", "Table", "share of each column in the unit's score"),
        Field::new("weights", "Table", "weights of each unit"),
    ],
};

const T: Param = Param::arg(
    "t",
    "Table",
    "complete numeric columns in which more is better; other columns are ignored",
);

macro_rules! method {
    ($name:literal, $signature:literal, $summary:literal, $errors:expr, $source:literal, $code:literal, $shows:literal) => {
        Entry {
            name: $name,
            on: None,
            room: "readiness",
            summary: $summary,
            signature: $signature,
            params: &[T],
            returns: "Vector labelled by column, at least 0, summing to 1; constant columns weigh 0",
            search: &["weighting", "objective weights"],
            errors: $errors,
            see_also: &["readiness", "ahp", "expert_weights"],
            source: $source,
            examples: &[Example { code: $code, shows: $shows }],
        }
    };
}

const ENTRIES: &[Entry] = &[
    method!(
        "equal_weights",
        "equal_weights(t)",
        "The same weight for every column.",
        &[],
        "",
        "equal_weights(table(#{ a: [1, 2], b: [3, 1] })).to_array()",
        "[0.5, 0.5]"
    ),
    method!(
        "entropy_weights",
        "entropy_weights(t)",
        "Weights by 1 - entropy of each column's shares; 0 ln 0 counts as 0.",
        &["negative values", "fewer than two rows"],
        "Zeleny (1982)",
        "entropy_weights(table(#{ a: [3, 0], b: [1, 1] })).to_array()",
        "[1.0, 0.0]"
    ),
    method!(
        "critic_weights",
        "critic_weights(t)",
        "Weights by spread times conflict with the other columns.",
        &["fewer than two rows"],
        "Diakoulaki, Mavrotas and Papayannakis (1995)",
        "critic_weights(load(\"regions_2023\")).sum()",
        "1"
    ),
    method!(
        "sd_weights",
        "sd_weights(t)",
        "Weights by the standard deviation of each column scaled to 0..1.",
        &["fewer than two rows"],
        "",
        "sd_weights(table(#{ a: [0, 1, 2], b: [2, 1, 0] })).to_array()",
        "[0.5, 0.5]"
    ),
    method!(
        "merec_weights",
        "merec_weights(t)",
        "Weights by how much the units' performance changes when a column is removed.",
        &["values of 0 or below", "fewer than two rows"],
        "Keshavarz-Ghorabaee et al. (2021)",
        "merec_weights(normalise(load(\"regions_2023\"), \"minmax\", #{ range: [1, 100] })).sum()",
        "1"
    ),
    method!(
        "pca_weights",
        "pca_weights(t)",
        "Squared loadings of the first component; warns of negative loadings, low KMO and few rows.",
        &["fewer than two rows"],
        "Nicoletti, Scarpetta and Boylaud (2000)",
        "pca_weights(load(\"regions_2023\")).len()",
        "17"
    ),
    Entry {
        name: "optimised_weights",
        on: None,
        room: "readiness",
        summary: "Weights under which every column is equally correlated with the index; never negative.",
        signature: "optimised_weights(t, importance)",
        params: &[
            T,
            Param {
                default: Some("equal"),
                ..Param::arg(
                    "importance",
                    "map or labelled Vector",
                    "column -> share of importance",
                )
            },
        ],
        returns: "Vector labelled by column; warns where no weights of at least 0 reach the balance",
        search: &["balanced importance", "get_opt_weights", "COINr"],
        errors: &["a constant column", "fewer than three rows"],
        see_also: &["equal_weights"],
        source: "Becker, Saisana, Paruolo and Vandecasteele (2017)",
        examples: &[Example {
            code: "optimised_weights(table(#{ a: [1, 2, 3, 4], b: [2, 1, 4, 3] })).to_array()",
            shows: "[0.5, 0.5]",
        }],
    },
    Entry {
        name: "ahp",
        on: None,
        room: "readiness",
        summary: "Weights of a matrix of pairwise comparisons by the analytic hierarchy process.",
        signature: "ahp(matrix, names)",
        params: &[
            Param::arg(
                "matrix",
                "array of arrays or Table",
                "a_ij says how many times i outweighs j; a_ji = 1 / a_ij",
            ),
            Param {
                default: Some("c1, c2, ..."),
                ..Param::arg("names", "array of text", "criteria")
            },
        ],
        returns: "Ahp",
        search: &["Saaty", "pairwise", "analytic hierarchy process", "consistency ratio"],
        errors: &["a matrix that is not square, positive and reciprocal"],
        see_also: &["best_worst", "expert_weights"],
        source: "Saaty (1980)",
        examples: &[Example {
            code: "ahp([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]], [\"a\", \"b\", \"c\"]).weights[\"a\"]",
            shows: "0.6",
        }],
    },
    Entry {
        name: "best_worst",
        on: None,
        room: "readiness",
        summary: "Weights from comparisons with the best and the worst criterion, by linear program.",
        signature: "best_worst(best_to, to_worst)",
        params: &[
            Param::arg(
                "best_to",
                "map",
                "criterion -> how many times the best outweighs it; 1 for the best",
            ),
            Param::arg(
                "to_worst",
                "map",
                "criterion -> how many times it outweighs the worst; 1 for the worst",
            ),
        ],
        returns: "BestWorst",
        search: &["BWM", "Rezaei"],
        errors: &["a criterion in one map only", "comparisons below 1"],
        see_also: &["ahp"],
        source: "Rezaei (2016)",
        examples: &[Example {
            code: "assert_close(best_worst(#{ a: 1, b: 2, c: 4 }, #{ a: 4, b: 2, c: 1 }).weights[\"a\"], 4 / 7, 1e-6)",
            shows: "",
        }],
    },
    Entry {
        name: "expert_weights",
        on: None,
        room: "readiness",
        summary: "Mean weights of a panel of experts, with Kendall's coefficient of concordance.",
        signature: "expert_weights(panel)",
        params: &[Param::arg(
            "panel",
            "Table",
            "experts in rows, criteria in columns, points of any sum",
        )],
        returns: "ExpertWeights",
        search: &["budget allocation", "Kendall W", "Delphi"],
        errors: &["negative points", "an expert who gives none"],
        see_also: &["ahp", "sensitivity"],
        source: "Kendall and Smith (1939)",
        examples: &[Example {
            code: "expert_weights(table(#{ a: [5, 50], b: [3, 30], c: [2, 20] })).kendall_w",
            shows: "1",
        }],
    },
    Entry {
        name: "bod",
        on: None,
        room: "readiness",
        summary: "The benefit of the doubt: every unit scored under the weights that favour it most.",
        signature: "bod(t, options)",
        params: &[
            T,
            Param::option(
                "lower",
                "number",
                "0",
                "least share of a column in the score, 0..=1/columns",
            ),
            Param::option("upper", "number", "1", "largest share, 1/columns..=1"),
        ],
        returns: "Bod",
        search: &["DEA", "data envelopment", "Compind", "ci_bod"],
        errors: &["negative values", "bounds that no weights satisfy"],
        see_also: &["optimised_weights"],
        source: "Melyn and Moesen (1991); Cherchye et al. (2007)",
        examples: &[Example {
            code: "let b = bod(table(#{ a: [10, 1, 5], b: [1, 10, 5] }));\nassert_close(b.scores[2], 10 / 11, 1e-6)",
            shows: "",
        }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Ahp>>(&AHP, show_ahp);
    library.register_type::<Rc<BestWorst>>(&BEST_WORST, show_best_worst);
    library.register_type::<Rc<ExpertWeights>>(&EXPERTS, show_experts);
    library.register_type::<Rc<Bod>>(&BOD, show_bod);
    for (name, method) in [
        ("equal_weights", WeightMethod::Equal),
        ("entropy_weights", WeightMethod::Entropy),
        ("critic_weights", WeightMethod::Critic),
        ("sd_weights", WeightMethod::Sd),
        ("merec_weights", WeightMethod::Merec),
        ("pca_weights", WeightMethod::Pca),
    ] {
        let shared = library.shared();
        library.engine.register_fn(name, move |t: Table| -> Fallible<Vector> {
            told(&shared, name, weights_of(&t, method))
        });
    }
    let shared = library.shared();
    library.engine.register_fn("optimised_weights", move |t: Table| {
        told(&shared, "optimised_weights", optimised_weights(&t, None))
    });
    let shared = library.shared();
    library.engine.register_fn("optimised_weights", move |t: Table, importance: Dynamic| {
        let given = options::named_numbers("optimised_weights", "importance", &importance)?;
        let numeric = t.numeric().raise()?;
        let wanted = |name: &String| {
            given.iter().find(|(column, _)| column == name).map_or(0.0, |(_, share)| *share)
        };
        for (name, _) in &given {
            numeric.column(name).raise()?;
        }
        let targets: Vec<f64> = numeric.columns().iter().map(wanted).collect();
        told(&shared, "optimised_weights", optimised_weights(&t, Some(&targets)))
    });
    judgements(library);
}

/// The weights as a vector; warnings go to the user.
fn told(shared: &Shared, primitive: &str, answer: Result<DataWeights, Error>) -> Fallible<Vector> {
    let answer = answer.raise()?;
    for warning in &answer.warnings {
        shared.warn(&format!("{primitive}: {warning}"));
    }
    answer.vector().raise()
}

fn labelled(names: &[String], weights: &[f64]) -> Fallible<Vector> {
    Vector::from_floats(weights.iter().copied()).labelled(names).raise()
}

fn judgements(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("ahp", |matrix: Dynamic| compared(&matrix, None));
    engine.register_fn("ahp", |matrix: Dynamic, names: Array| compared(&matrix, Some(&names)));
    engine.register_get("weights", |a: &mut Rc<Ahp>| labelled(&a.names, &a.weights));
    engine.register_get("lambda_max", |a: &mut Rc<Ahp>| a.lambda_max);
    engine.register_get("consistency_index", |a: &mut Rc<Ahp>| a.consistency_index);
    engine.register_get("random_index", |a: &mut Rc<Ahp>| a.random_index);
    engine.register_get("consistency_ratio", |a: &mut Rc<Ahp>| a.consistency_ratio);
    engine.register_fn(
        "best_worst",
        |best_to: Dynamic, to_worst: Dynamic| -> Fallible<Rc<BestWorst>> {
            let best = options::named_numbers("best_worst", "best_to", &best_to)?;
            let worst = options::named_numbers("best_worst", "to_worst", &to_worst)?;
            let names: Vec<String> = best.iter().map(|(name, _)| name.clone()).collect();
            let other =
                |name: &String| worst.iter().find(|(n, _)| n == name).map(|(_, value)| *value);
            let to_worst: Option<Vec<f64>> = names.iter().map(other).collect();
            let to_worst = to_worst
                .filter(|list| list.len() == worst.len())
                .ok_or_else(|| Error::Invalid {
                    primitive: "best_worst",
                    parameter: "to_worst",
                    rule: "name the same criteria as best_to".into(),
                    value: worst.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(", "),
                })
                .raise()?;
            let best_to: Vec<f64> = best.iter().map(|(_, value)| *value).collect();
            best_worst(&names, &best_to, &to_worst).map(Rc::new).raise()
        },
    );
    engine.register_get("weights", |b: &mut Rc<BestWorst>| labelled(&b.names, &b.weights));
    engine.register_get("xi", |b: &mut Rc<BestWorst>| b.xi);
    engine
        .register_fn("expert_weights", |panel: Table| expert_weights(&panel).map(Rc::new).raise());
    engine.register_get("weights", |e: &mut Rc<ExpertWeights>| e.vector().raise());
    engine.register_get("kendall_w", |e: &mut Rc<ExpertWeights>| {
        crate::convert::from_option(e.kendall_w)
    });
    engine.register_get("p_value", |e: &mut Rc<ExpertWeights>| {
        crate::convert::from_option(e.p_value)
    });
    engine.register_get("experts", |e: &mut Rc<ExpertWeights>| e.experts as i64);
    let shared = library.shared();
    library.engine.register_fn("bod", move |t: Table| favoured(&shared, &t, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("bod", move |t: Table, options: Map| favoured(&shared, &t, options));
    let engine = &mut *library.engine;
    engine.register_get("scores", |b: &mut Rc<Bod>| b.scores.clone());
    engine.register_get("shares", |b: &mut Rc<Bod>| b.shares.clone());
    engine.register_get("weights", |b: &mut Rc<Bod>| b.weights.clone());
}

fn compared(matrix: &Dynamic, names: Option<&Array>) -> Fallible<Rc<Ahp>> {
    let rule = "be a square table or array of arrays of numbers";
    let (rows, columns): (Vec<Vec<f64>>, Vec<String>) =
        if let Some(table) = matrix.read_lock::<Table>() {
            let data = table.numeric().and_then(|t| t.matrix("ahp", None)).raise()?;
            let rows = data.values.row_iter().map(|row| row.iter().copied().collect()).collect();
            (rows, data.columns)
        } else {
            let rows: Option<Vec<Vec<f64>>> = matrix.read_lock::<Array>().and_then(|rows| {
                rows.iter().map(|row| options::numbers(row)?.into_iter().collect()).collect()
            });
            let Some(rows) = rows else { return options::invalid("ahp", "matrix", rule, matrix) };
            let names = (1..=rows.len()).map(|n| format!("c{n}")).collect();
            (rows, names)
        };
    let n = rows.len();
    if rows.iter().any(|row| row.len() != n) {
        return options::invalid("ahp", "matrix", rule, matrix);
    }
    let names = match names {
        None => columns,
        Some(names) => names.iter().map(ToString::to_string).collect(),
    };
    ahp(&rows, &names).map(Rc::new).raise()
}

fn favoured(shared: &Shared, table: &Table, given: Map) -> Fallible<Rc<Bod>> {
    let mut options = Options::new("bod", given);
    let defaults = BodParams::default();
    let params = BodParams {
        lower: options.float("lower", defaults.lower)?,
        upper: options.float("upper", defaults.upper)?,
    };
    options.finish()?;
    bod(table, &params, &shared.context()).map(Rc::new).raise()
}

fn weights_table(names: &[String], weights: &[f64]) -> Option<Table> {
    Table::new([
        ("criterion", Vector::from_texts(names)),
        ("weight", Vector::from_floats(weights.iter().copied())),
    ])
    .and_then(|table| table.labelled_by("criterion"))
    .ok()
}

fn with_table(doc: Doc, table: Option<Table>) -> Doc {
    match table {
        Some(table) => doc.table(&table),
        None => doc,
    }
}

fn show_ahp(a: &Rc<Ahp>, style: &Style) -> Bundle {
    let doc = Doc::new().text(format!(
        "Analytic hierarchy process: lambda_max {:.4}, consistency index {:.4}, ratio {:.4} against \
         the random index {}.",
        a.lambda_max, a.consistency_index, a.consistency_ratio, a.random_index
    ));
    with_table(doc, weights_table(&a.names, &a.weights)).warnings(&a.warnings).bundle(style)
}

fn show_best_worst(b: &Rc<BestWorst>, style: &Style) -> Bundle {
    let doc =
        Doc::new().text(format!("Linear best-worst method: largest violation xi {:.4}.", b.xi));
    with_table(doc, weights_table(&b.names, &b.weights)).warnings(&b.warnings).bundle(style)
}

fn show_experts(e: &Rc<ExpertWeights>, style: &Style) -> Bundle {
    let agreement = match (e.kendall_w, e.p_value) {
        (Some(w), Some(p)) => {
            format!("; Kendall W {w:.3}, p {}", crate::display::number::p_value(p))
        }
        _ => String::new(),
    };
    let doc = Doc::new().text(format!("Mean weights of {} experts{agreement}.", e.experts));
    with_table(doc, weights_table(&e.names, &e.weights)).warnings(&e.warnings).bundle(style)
}

fn show_bod(b: &Rc<Bod>, style: &Style) -> Bundle {
    let scores =
        Table::new([("score", b.scores.clone())]).and_then(|table| match b.scores.labels() {
            Some(labels) => table.with_labels(labels.clone(), b.shares.label_name()),
            None => Ok(table),
        });
    let doc =
        Doc::new().text("Benefit of the doubt: each unit under the weights that favour it most.");
    with_table(doc, scores.ok())
        .text("Shares of the columns in the score:")
        .table(&b.shares)
        .bundle(style)
}
