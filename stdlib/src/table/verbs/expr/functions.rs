//! The functions an expression may call.

use super::aggregate::Aggregate;
use super::text::{TextFn, TextTest};
use super::window::Window;
use crate::table::DatePart;

/// One function: its name, its arguments and what it does.
#[derive(Debug)]
pub(super) struct Spec {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    /// How an error names the arguments.
    pub takes: &'static str,
    pub what: What,
}

/// What a function does.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A number of each number.
    Math(fn(f64) -> f64),
    Round,
    /// The smallest (or, if true, largest) of its arguments, row by row.
    Extreme(bool),
    Coalesce,
    If,
    Number,
    ToDate,
    DatePart(DatePart),
    ToText,
    Length,
    Text(TextFn),
    Test(TextTest),
    Replace,
    Aggregate(Aggregate),
    Window(Window),
}

const fn one(name: &'static str, what: What) -> Spec {
    Spec { name, least: 1, most: 1, takes: "one argument", what }
}

const fn two(name: &'static str, takes: &'static str, what: What) -> Spec {
    Spec { name, least: 2, most: 2, takes, what }
}

const fn many(name: &'static str, what: What) -> Spec {
    Spec { name, least: 2, most: 100, takes: "two or more arguments", what }
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

const FUNCTIONS: &[Spec] = &[
    one("log", What::Math(f64::ln)),
    one("log10", What::Math(f64::log10)),
    one("log2", What::Math(f64::log2)),
    one("log1p", What::Math(f64::ln_1p)),
    one("exp", What::Math(f64::exp)),
    one("expm1", What::Math(f64::exp_m1)),
    one("sqrt", What::Math(f64::sqrt)),
    one("abs", What::Math(f64::abs)),
    one("sign", What::Math(sign)),
    one("floor", What::Math(f64::floor)),
    one("ceil", What::Math(f64::ceil)),
    Spec { name: "round", least: 1, most: 2, takes: "a number and its digits", what: What::Round },
    many("least", What::Extreme(false)),
    many("greatest", What::Extreme(true)),
    many("coalesce", What::Coalesce),
    Spec { name: "if", least: 3, most: 3, takes: "a condition and two values", what: What::If },
    one("number", What::Number),
    one("text", What::ToText),
    one("date", What::ToDate),
    one("year", What::DatePart(DatePart::Year)),
    one("quarter", What::DatePart(DatePart::Quarter)),
    one("month", What::DatePart(DatePart::Month)),
    one("day", What::DatePart(DatePart::Day)),
    one("weekday", What::DatePart(DatePart::Weekday)),
    one("lower", What::Text(TextFn::Lower)),
    one("upper", What::Text(TextFn::Upper)),
    one("trim", What::Text(TextFn::Trim)),
    one("length", What::Length),
    two("contains", "a text and the part to look for", What::Test(TextTest::Contains)),
    two("starts_with", "a text and its beginning", What::Test(TextTest::StartsWith)),
    two("ends_with", "a text and its end", What::Test(TextTest::EndsWith)),
    two("like", "a text and a pattern with % and _", What::Test(TextTest::Like)),
    two("matches", "a text and a regular expression", What::Test(TextTest::Matches)),
    Spec {
        name: "replace",
        least: 3,
        most: 3,
        takes: "a text, the part to replace and its replacement",
        what: What::Replace,
    },
    Spec {
        name: "n",
        least: 0,
        most: 1,
        takes: "nothing, or a column to count the values of",
        what: What::Aggregate(Aggregate::Count),
    },
    one("n_distinct", What::Aggregate(Aggregate::Distinct)),
    one("missing_count", What::Aggregate(Aggregate::MissingCount)),
    one("missing_share", What::Aggregate(Aggregate::MissingShare)),
    one("sum", What::Aggregate(Aggregate::Sum)),
    one("mean", What::Aggregate(Aggregate::Mean)),
    one("sd", What::Aggregate(Aggregate::Sd)),
    one("var", What::Aggregate(Aggregate::Var)),
    one("min", What::Aggregate(Aggregate::Min)),
    one("max", What::Aggregate(Aggregate::Max)),
    one("median", What::Aggregate(Aggregate::Median)),
    two("quantile", "a column and an order in 0..=1", What::Aggregate(Aggregate::Quantile)),
    one("first", What::Aggregate(Aggregate::First)),
    one("last", What::Aggregate(Aggregate::Last)),
    one("any", What::Aggregate(Aggregate::Any)),
    one("all", What::Aggregate(Aggregate::All)),
    two("weighted_mean", "a column and its weights", What::Aggregate(Aggregate::WeightedMean)),
    two("cor", "two columns", What::Aggregate(Aggregate::Correlation)),
    one("cumsum", What::Window(Window::Sum)),
    one("cummax", What::Window(Window::Max)),
    one("cummin", What::Window(Window::Min)),
    one("rank", What::Window(Window::Rank)),
    Spec {
        name: "row_number",
        least: 0,
        most: 0,
        takes: "nothing",
        what: What::Window(Window::RowNumber),
    },
];

/// Names other languages use, which work here as well.
const ALIASES: &[(&str, &str)] = &[
    ("ln", "log"),
    ("ceiling", "ceil"),
    ("if_else", "if"),
    ("ifelse", "if"),
    ("pmin", "least"),
    ("pmax", "greatest"),
    ("count", "n"),
    ("nunique", "n_distinct"),
    ("std", "sd"),
    ("avg", "mean"),
    ("average", "mean"),
];

/// The function called `name`.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, real)| real);
    FUNCTIONS.iter().find(|spec| spec.name == name)
}

/// Every function's name.
pub fn function_names() -> Vec<String> {
    FUNCTIONS.iter().map(|spec| spec.name.to_owned()).collect()
}
