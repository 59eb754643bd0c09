//! Columns against each other: correlations and cross tables.

use std::rc::Rc;

use esep_stdlib::stats::association::{Associated, Correlation};
use esep_stdlib::table::checks::{
    Adjust, CorrelateParams, Correlations, Crosstab, ShareOf, correlate, correlate_pair, crosstab,
    describe_pair, fisher_interval,
};
use esep_stdlib::{Choice, Table, Vector};
use rhai::{Dynamic, Map};

use crate::convert;
use crate::display::number::{p_value, significant};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const CORRELATIONS: TypeEntry = TypeEntry {
    name: "Correlations",
    summary: "Correlations between the numeric columns of a table.",
    fields: &[
        Field::new("r", "Table", "coefficients, labelled by column: c.r.at(\"x\", \"y\")"),
        Field::new("n", "Table", "rows where both columns have a value"),
        Field::new("p", "Table", "two-sided p-values; none on the diagonal"),
        Field::new("table", "Table", "left, right, r, n, p: one row a pair, strongest first"),
        Field::new("method", "text", "pearson, spearman or kendall"),
        Field::new("warnings", "array of text", "what to know before using them"),
    ],
};

const CORRELATION: TypeEntry = TypeEntry {
    name: "Correlation",
    summary: "The correlation of two columns.",
    fields: &[
        Field::new("r", "float", "the coefficient"),
        Field::new("n", "int", "rows where both columns have a value"),
        Field::new("p", "float", "two-sided p-value; missing below three rows"),
        Field::new("lower", "float", "95 % lower bound (Fisher); missing but for Pearson"),
        Field::new("upper", "float", "95 % upper bound (Fisher); missing but for Pearson"),
        Field::new("method", "text", "pearson, spearman or kendall"),
    ],
};

const CROSSTAB: TypeEntry = TypeEntry {
    name: "Crosstab",
    summary: "Counts of two columns of categories, and the test whether they go together.",
    fields: &[
        Field::new("counts", "Table", "counts with their sums (total)"),
        Field::new("row_shares", "Table", "per cent of each row"),
        Field::new("column_shares", "Table", "per cent of each column"),
        Field::new("shares", "Table", "per cent of all"),
        Field::new("expected", "Table", "counts expected without association"),
        Field::new("residuals", "Table", "standardised residuals; beyond 2 a cell stands out"),
        Field::new(
            "table",
            "Table",
            "one row a cell: both categories, count, shares, expected, residual",
        ),
        Field::new("chi_square", "float", "statistic, without continuity correction"),
        Field::new("df", "int", "its degrees of freedom"),
        Field::new("p_value", "float", "its p-value"),
        Field::new("cramers_v", "float", "Cramér's V, 0 to 1"),
        Field::new("fisher_p", "float", "Fisher's exact p-value of a 2 x 2 table, else missing"),
        Field::new("warnings", "array of text", "rows left out, expected counts below 5"),
    ],
};

const T: Param = Param::arg("t", "Table", "the table");

const METHOD: Param = Param::option(
    "method",
    "text",
    "\"pearson\"",
    "\"pearson\" straight lines; \"spearman\" any rising curve, by ranks; \"kendall\" tau-b, pairs in the same order",
);

const ENTRIES: &[Entry] = &[
    Entry {
        name: "correlate",
        on: Some("Table"),
        room: "tables",
        summary: "Correlations between all numeric columns, or of two, each over the rows where both have a value, with counts and p-values.",
        signature: "t.correlate(x, y, options)",
        params: &[
            T,
            Param {
                default: Some("every numeric column"),
                ..Param::arg("x", "text", "one column")
            },
            Param {
                default: Some("every numeric column"),
                ..Param::arg("y", "text", "the other; both or neither are named")
            },
            METHOD,
            Param::option(
                "adjust",
                "text",
                "\"none\"",
                "p-values of all pairs: \"none\", \"holm\" or \"benjamini_hochberg\"",
            ),
            Param::option(
                "stars",
                "bool",
                "true",
                "mark p-values below 0.05, 0.01 and 0.001 in the display",
            ),
        ],
        returns: "Correlations (tables r, n and p, table, method, warnings); of two columns a Correlation (numbers r, n and p, lower, upper, method)",
        search: &["cor", "corr", "cor.test", "rcorr", "pearsonr", "spearman", "kendall", "tau"],
        errors: &[
            "fewer than two numeric columns",
            "of two columns: an unknown, text or constant one, or fewer than two common rows",
        ],
        see_also: &["describe", "audit", "crosstab"],
        source: "Kendall (1970) for tau-b, its exact p-value below 50 rows without ties and its variance under ties; Knight (1966) for its computation; Fisher (1921) for the bounds of Pearson's coefficient; Holm (1979); Benjamini and Hochberg (1995)",
        examples: &[
            Example {
                code: "load(\"regions_2023\").correlate().r.at(\"gdp_per_capita\", \"ict_avg_salary\")",
                shows: "0.",
            },
            Example {
                code: "load(\"regions_2023\").select([\"gdp_per_capita\", \"ict_avg_salary\", \"cloud_use_share\"]).correlate(#{ method: \"kendall\" })",
                shows: "Kendall's tau-b",
            },
            Example {
                code: "load(\"regions_2023\").correlate(\"gdp_per_capita\", \"ict_avg_salary\", #{ method: \"spearman\" })",
                shows: "Spearman's rho",
            },
        ],
    },
    Entry {
        name: "crosstab",
        on: Some("Table"),
        room: "tables",
        summary: "Counts the rows by two columns of categories, with shares, margins and the chi-squared test of independence.",
        signature: "t.crosstab(a, b, options)",
        params: &[
            T,
            Param::arg("a", "text", "column whose values go down the side"),
            Param::arg("b", "text", "column whose values go across"),
            Param::option(
                "shares",
                "text",
                "\"row\"",
                "which shares the display shows below the counts: \"row\", \"column\" or \"total\"",
            ),
        ],
        returns: "Crosstab: counts, row_shares, column_shares, shares, expected, residuals, table, chi_square, df, p_value, cramers_v, fisher_p, warnings",
        search: &[
            "table",
            "contingency",
            "pivot",
            "chisq.test",
            "chi square",
            "cramer",
            "fisher",
            "tabulate",
        ],
        errors: &["an unknown column", "a column with more than 500 different values"],
        see_also: &["correlate", "describe"],
        source: "Pearson (1900), without continuity correction; Cramér (1946), section 21.9; Fisher's exact test, two-sided as in R",
        examples: &[
            Example {
                code: "let t = load(\"regions_2023\");\nt.rich = t.gdp_per_capita > 6000;\nt.digital = t.digital_tech_use_share > 15;\nt.crosstab(\"rich\", \"digital\")",
                shows: "Cramér's V",
            },
            Example {
                code: "load(\"readiness_items\").crosstab(\"block\", \"scale\").counts.at(\"total\", \"total\")",
                shows: "115",
            },
        ],
    },
];

/// Correlations with what their display needs.
type Shown = Rc<(Correlations, bool)>;

/// A single correlation with the names of its columns.
#[derive(Clone)]
struct Single {
    found: Associated,
    x: String,
    y: String,
    method: Correlation,
}

impl Single {
    fn bounds(&self) -> Option<(f64, f64)> {
        let r = self.found.r.filter(|_| self.method == Correlation::Pearson)?;
        fisher_interval(r, self.found.n, 0.95)
    }
}

/// A cross table with the shares its display shows.
type Counted = Rc<(Crosstab, ShareOf)>;

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Shown>(&CORRELATIONS, show_correlations);
    library.register_type::<Single>(&CORRELATION, show_single);
    library.register_type::<Counted>(&CROSSTAB, show_crosstab);
    correlations(library);
    single(library);
    counting(library);
}

fn correlations(library: &mut Library<'_>) {
    let shared = library.shared();
    library.engine.register_fn("correlate", move |t: Table| all(&shared, &t, Map::new()));
    let shared = library.shared();
    library
        .engine
        .register_fn("correlate", move |t: Table, options: Map| all(&shared, &t, options));
    let engine = &mut *library.engine;
    engine.register_get("r", |c: &mut Shown| c.0.r().raise());
    engine.register_get("n", |c: &mut Shown| c.0.n().raise());
    engine.register_get("p", |c: &mut Shown| c.0.p().raise());
    engine.register_get("table", |c: &mut Shown| c.0.table().raise());
    engine.register_get("method", |c: &mut Shown| c.0.params.method.name());
    engine.register_get("warnings", |c: &mut Shown| convert::text_array(&c.0.warnings));
}

fn all(shared: &Shared, table: &Table, given: Map) -> Fallible<Shown> {
    let mut options = Options::new("correlate", given);
    let defaults = CorrelateParams::default();
    let params = CorrelateParams {
        method: options.choice("method", defaults.method)?,
        adjust: options.choice("adjust", defaults.adjust)?,
    };
    let stars = options.flag("stars", true)?;
    options.finish()?;
    let found = correlate(table, &params, &shared.context()).raise()?;
    Ok(Rc::new((found, stars)))
}

fn single(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("correlate", |t: Table, x: &str, y: &str| one(&t, x, y, Map::new()));
    engine.register_fn("correlate", |t: Table, x: &str, y: &str, options: Map| {
        one(&t, x, y, options)
    });
    engine.register_get("r", |c: &mut Single| convert::from_option(c.found.r));
    engine.register_get("n", |c: &mut Single| c.found.n as i64);
    engine.register_get("p", |c: &mut Single| convert::from_option(c.found.p));
    engine.register_get("lower", |c: &mut Single| convert::from_option(c.bounds().map(|b| b.0)));
    engine.register_get("upper", |c: &mut Single| convert::from_option(c.bounds().map(|b| b.1)));
    engine.register_get("method", |c: &mut Single| c.method.name());
}

fn one(table: &Table, x: &str, y: &str, given: Map) -> Fallible<Single> {
    let mut options = Options::new("correlate", given);
    let method = options.choice("method", Correlation::default())?;
    options.finish()?;
    let found = correlate_pair(table, x, y, method).raise()?;
    Ok(Single { found, x: x.to_owned(), y: y.to_owned(), method })
}

fn counting(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("crosstab", |t: Table, a: &str, b: &str| counted(&t, a, b, Map::new()));
    engine.register_fn("crosstab", |t: Table, a: &str, b: &str, options: Map| {
        counted(&t, a, b, options)
    });
    engine.register_get("counts", |c: &mut Counted| c.0.counts_table().raise());
    engine.register_get("row_shares", |c: &mut Counted| c.0.shares(ShareOf::Row).raise());
    engine.register_get("column_shares", |c: &mut Counted| c.0.shares(ShareOf::Column).raise());
    engine.register_get("shares", |c: &mut Counted| c.0.shares(ShareOf::Total).raise());
    engine.register_get("expected", |c: &mut Counted| c.0.expected().raise());
    engine.register_get("residuals", |c: &mut Counted| c.0.residuals().raise());
    engine.register_get("table", |c: &mut Counted| c.0.table().raise());
    engine.register_get("warnings", |c: &mut Counted| convert::text_array(&c.0.warnings));
    let numbers: [(&str, fn(&Crosstab) -> Option<f64>); 4] = [
        ("chi_square", |c| c.test.map(|test| test.statistic)),
        ("p_value", |c| c.test.map(|test| test.p)),
        ("cramers_v", |c| c.test.map(|test| test.cramers_v)),
        ("fisher_p", |c| c.test.and_then(|test| test.fisher)),
    ];
    for (name, get) in numbers {
        engine.register_get(name, move |c: &mut Counted| convert::from_option(get(&c.0)));
    }
    engine.register_get("df", |c: &mut Counted| {
        c.0.test.map_or(Dynamic::UNIT, |test| Dynamic::from_int(test.df as i64))
    });
}

fn counted(table: &Table, a: &str, b: &str, given: Map) -> Fallible<Counted> {
    let mut options = Options::new("crosstab", given);
    let shares = options.choice("shares", ShareOf::default())?;
    options.finish()?;
    Ok(Rc::new((crosstab(table, a, b).raise()?, shares)))
}

/// Stars of a p-value.
fn stars(p: Option<f64>) -> &'static str {
    match p {
        Some(p) if p < 0.001 => "***",
        Some(p) if p < 0.01 => "**",
        Some(p) if p < 0.05 => "*",
        _ => "",
    }
}

/// The lower triangle; columns go by number, which stands before each name.
fn show_correlations(shown: &Shown, style: &Style) -> Bundle {
    let (found, marked) = (&shown.0, shown.1);
    let p = found.columns.len();
    let names = found.columns.iter().enumerate().map(|(i, name)| format!("{} {name}", i + 1));
    let mut columns = vec![("column".to_owned(), Vector::from_texts(names))];
    for j in 0..p.saturating_sub(1) {
        let cells = (0..p).map(|i| {
            if i <= j {
                return String::new();
            }
            let pair = found.between(i, j);
            let mark = if marked { stars(pair.p) } else { "" };
            let width = if marked { 3 } else { 0 };
            // A column of texts aligns by its sign and by room for the stars.
            pair.r.map_or_else(|| "    ·".into(), |r| format!("{r:>5.2}{mark:width$}"))
        });
        columns.push(((j + 1).to_string(), Vector::from_texts(cells)));
    }
    let mut doc = Doc::new().heading("Correlations").text(found.description());
    match Table::new(columns) {
        Ok(table) => doc = doc.table(&table),
        Err(error) => doc = doc.warnings(&[error.to_string()]),
    }
    if marked {
        let tests = found.pairs.iter().filter(|pair| pair.p.is_some()).count();
        let chance = (tests as f64 * 0.05).round();
        let warning = if chance >= 1.0 && found.params.adjust == Adjust::None {
            format!(
                " Of {tests} pairs without any association about {chance} would have a star by \
                 chance."
            )
        } else {
            String::new()
        };
        doc = doc
            .text(format!("* p < 0.05, ** p < 0.01, *** p < 0.001.{warning} Every pair: .table"));
    }
    doc.warnings(&found.warnings).bundle(style)
}

fn show_single(single: &Single, style: &Style) -> Bundle {
    let mut facts = vec![
        ("r", single.found.r.map_or_else(|| "missing".into(), |r| significant(r, 6))),
        ("n", single.found.n.to_string()),
        ("p", single.found.p.map_or_else(|| "missing".into(), p_value)),
    ];
    if let Some((lower, upper)) = single.bounds() {
        let bounds = format!("{} .. {}", significant(lower, 4), significant(upper, 4));
        facts.push(("95 % interval", bounds));
    }
    Doc::new()
        .text(describe_pair(&single.found, &single.x, &single.y, single.method))
        .facts(facts)
        .bundle(style)
}

fn show_crosstab(shown: &Counted, style: &Style) -> Bundle {
    let (found, of) = (&shown.0, shown.1);
    let (a, b) = &found.names;
    let mut doc = Doc::new().heading(format!("{a} by {b}")).text(found.description());
    let words = match of {
        ShareOf::Row => format!("Per cent of each {a}:"),
        ShareOf::Column => format!("Per cent of each {b}:"),
        ShareOf::Total => "Per cent of all:".to_owned(),
    };
    match (found.counts_table(), found.shares(of)) {
        (Ok(counts), Ok(shares)) => {
            doc = doc.table(&counts).text(words).table(&rounded(&shares));
        }
        (Err(error), _) | (_, Err(error)) => doc = doc.warnings(&[error.to_string()]),
    }
    doc.warnings(&found.warnings).bundle(style)
}

/// Shares to one decimal, as they are read.
fn rounded(shares: &Table) -> Table {
    let round = |x: f64| (x * 10.0).round() / 10.0;
    let columns = shares.columns().into_iter().filter_map(|name| {
        let values = shares.floats("crosstab", &name).ok()?;
        Some((name, Vector::from_options(values.iter().map(|v| v.map(round)).collect::<Vec<_>>())))
    });
    Table::new(columns)
        .and_then(|table| match shares.labels() {
            Some(labels) => table.with_labels(labels.clone(), shares.label_name()),
            None => Ok(table),
        })
        .unwrap_or_else(|_| shares.clone())
}
