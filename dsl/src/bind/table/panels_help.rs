//! Help for panels, values along time and codebooks.

use super::T;
use crate::help::{Entry, Example, Param};

const V: Param = Param::arg("v", "Vector", "the values, in the order of their rows");
const COLUMN: Param = Param::arg("column", "text", "column of the panel");
const N: Param =
    Param { default: Some("1"), ..Param::arg("n", "int", "periods; negative for later ones") };
const PLACES: Param =
    Param { default: Some("1"), ..Param::arg("n", "int", "places; negative for later ones") };
const LOG: Param =
    Param::option("log", "bool", "false", "difference of logarithms, not relative change");
const PERCENT: Param = Param::option("percent", "bool", "false", "per cent, not shares");
const TO: Param = Param::option("to", "number", "100", "the index at the base");

/// Bundled data as a panel, for examples.
macro_rules! industry {
    ($code:literal) => {
        concat!("let t = load(\"industry_ict_2015_2024\").panel(\"industry\", \"year\");\n", $code)
    };
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "panel",
        on: Some("Table"),
        room: "tables",
        summary: "Declares what names the entity and the time of each row, so that lags and growth look by time and not by row; t.panel(time) declares a single series.",
        signature: "t.panel(entity, time, options)",
        params: &[
            T,
            Param::arg("entity", "text", "column that names the entity: firm, region, industry"),
            Param::arg("time", "text", "column of whole numbers or of dates"),
            Param::option(
                "every",
                "int or text",
                "1, or told from the dates",
                "from one period to the next: a number, or \"day\", \"week\", \"month\", \"quarter\", \"year\"",
            ),
        ],
        returns: "Table that carries the declaration through select, where, sort and assignment as long as both columns stay; gaps and repeated periods are warned of",
        search: &["xtset", "pdata.frame", "tsset", "set_index", "time series", "longitudinal"],
        errors: &[
            "time is neither int nor date",
            "every does not lead from the first time to each of the others",
        ],
        see_also: &["panel_info", "lag", "growth", "cagr"],
        source: "",
        examples: &[Example {
            code: industry!(
                "t.ict_growth = t.growth(\"ict_expenditure_mln_kzt\");\nround(t.ict_growth[1], 4)"
            ),
            shows: "0.2946",
        }],
    },
    Entry {
        name: "panel_info",
        on: Some("Table"),
        room: "tables",
        summary: "Rows, first and last time, gaps and repeated periods of each entity of a panel.",
        signature: "t.panel_info()",
        params: &[T],
        returns: "Table, one row an entity: n, first, last, gaps, duplicates, balanced (covers every period of the panel once)",
        search: &["xtdescribe", "balanced", "unbalanced", "gaps", "duplicates", "pdim"],
        errors: &["the table is no panel"],
        see_also: &["panel"],
        source: "",
        examples: &[Example {
            code: industry!("t.panel_info().at(\"Manufacturing\", \"balanced\")"),
            shows: "true",
        }],
    },
    Entry {
        name: "lag",
        on: Some("Table"),
        room: "tables",
        summary: "The value of the same entity some periods earlier.",
        signature: "t.lag(column, n)",
        params: &[T, COLUMN, N],
        returns: "Vector, a value for each row; missing where that period is not there",
        search: &["shift", "previous", "L.", "plm::lag"],
        errors: &["the table is no panel", "an entity has two rows in one period"],
        see_also: &["panel", "lead", "diff"],
        source: "",
        examples: &[Example {
            code: industry!("t.lag(\"enterprises_with_computers\")[1]"),
            shows: "740",
        }],
    },
    Entry {
        name: "lead",
        on: Some("Table"),
        room: "tables",
        summary: "The value of the same entity some periods later.",
        signature: "t.lead(column, n)",
        params: &[T, COLUMN, Param { default: Some("1"), ..Param::arg("n", "int", "periods") }],
        returns: "Vector, a value for each row; missing where that period is not there",
        search: &["next", "F.", "forward"],
        errors: &["the table is no panel", "an entity has two rows in one period"],
        see_also: &["panel", "lag"],
        source: "",
        examples: &[Example {
            code: industry!("t.lead(\"enterprises_with_computers\")[0]"),
            shows: "769",
        }],
    },
    Entry {
        name: "diff",
        on: Some("Table"),
        room: "tables",
        summary: "Each value minus that of the same entity some periods earlier.",
        signature: "t.diff(column, n)",
        params: &[T, COLUMN, N],
        returns: "Vector, a value for each row; days where the column holds dates",
        search: &["difference", "delta", "D.", "first difference"],
        errors: &["the table is no panel", "an entity has two rows in one period"],
        see_also: &["panel", "lag", "growth"],
        source: "",
        examples: &[Example {
            code: industry!("t.diff(\"enterprises_with_computers\")[1]"),
            shows: "29",
        }],
    },
    Entry {
        name: "growth",
        on: Some("Table"),
        room: "tables",
        summary: "Relative change from the value of the same entity some periods earlier.",
        signature: "t.growth(column, n, options)",
        params: &[T, COLUMN, N, LOG, PERCENT],
        returns: "Vector of shares (0.05 is 5 %), a value for each row; missing, with a warning, where the value before is zero or negative",
        search: &["pct_change", "growth rate", "returns", "log difference"],
        errors: &["the table is no panel", "an entity has two rows in one period"],
        see_also: &["panel", "diff", "cagr", "index_to"],
        source: "x[t] / x[t-n] - 1; with log, ln x[t] - ln x[t-n]",
        examples: &[Example {
            code: industry!(
                "round(t.growth(\"ict_expenditure_mln_kzt\", 1, #{ percent: true })[1], 1)"
            ),
            shows: "29.5",
        }],
    },
    Entry {
        name: "index_to",
        on: Some("Table"),
        room: "tables",
        summary: "Each value against that of the same entity at a base time, which counts 100.",
        signature: "t.index_to(column, base, options)",
        params: &[
            T,
            COLUMN,
            Param::arg("base", "int, Date or text", "base time, such as 2015 or \"2015-03-31\""),
            TO,
        ],
        returns: "Vector, a value for each row; missing, with a warning, for entities without a positive value at the base",
        search: &["index numbers", "rebase", "base year", "normalise"],
        errors: &["the table is no panel", "base is no time of the panel's kind"],
        see_also: &["panel", "growth"],
        source: "",
        examples: &[Example {
            code: industry!("t.index_to(\"enterprises_with_computers\", 2015)[1]"),
            shows: "103.9189189",
        }],
    },
    Entry {
        name: "cagr",
        on: Some("Table"),
        room: "tables",
        summary: "Compound annual growth rate of each entity, from its first value that is there to its last, or between the times given.",
        signature: "t.cagr(column, options)",
        params: &[
            T,
            COLUMN,
            Param::option("from", "int, Date or text", "first value", "first time"),
            Param::option("to", "int, Date or text", "last value", "last time"),
            PERCENT,
            Param::option(
                "rows",
                "bool",
                "false",
                "a value for each row, to make a column of, instead of one for each entity",
            ),
        ],
        returns: "Vector of shares labelled by entity; missing, with a warning, where an entity lacks the two values. A year is one unit of an int time",
        search: &["compound growth", "average growth", "geometric mean growth"],
        errors: &[
            "the table is no panel",
            "a first value that is zero or negative, or a negative last one: entity, time and value",
        ],
        see_also: &["panel", "growth"],
        source: "(x[T] / x[0])^(1/T) - 1",
        examples: &[
            Example {
                code: industry!(
                    "round(100 * t.cagr(\"ict_expenditure_mln_kzt\")[\"Mining and quarrying\"], 1)"
                ),
                shows: "18.9",
            },
            Example {
                code: industry!(
                    "round(t.cagr(\"enterprises_with_computers\", #{ from: 2020, percent: true })[\"Manufacturing\"], 2)"
                ),
                shows: "",
            },
        ],
    },
    Entry {
        name: "lag",
        on: Some("Vector"),
        room: "tables",
        summary: "The value some places earlier, in the order of the rows; in a panel use t.lag.",
        signature: "v.lag(n)",
        params: &[V, PLACES],
        returns: "Vector of the same length and labels; missing at the start",
        search: &["shift", "previous"],
        errors: &[],
        see_also: &["lead", "diff", "panel"],
        source: "",
        examples: &[Example {
            code: "vector([1, 2, 4]).lag().to_array()",
            shows: "[missing, 1, 2]",
        }],
    },
    Entry {
        name: "lead",
        on: Some("Vector"),
        room: "tables",
        summary: "The value some places later, in the order of the rows; in a panel use t.lead.",
        signature: "v.lead(n)",
        params: &[V, Param { default: Some("1"), ..Param::arg("n", "int", "places") }],
        returns: "Vector of the same length and labels; missing at the end",
        search: &["shift", "next"],
        errors: &[],
        see_also: &["lag", "panel"],
        source: "",
        examples: &[Example {
            code: "vector([1, 2, 4]).lead().to_array()",
            shows: "[2, 4, missing]",
        }],
    },
    Entry {
        name: "diff",
        on: Some("Vector"),
        room: "tables",
        summary: "Each value minus the one some places earlier; in a panel use t.diff.",
        signature: "v.diff(n)",
        params: &[V, PLACES],
        returns: "Vector of the same length and labels; missing at the start",
        search: &["difference", "delta"],
        errors: &["the values are text"],
        see_also: &["lag", "growth", "panel"],
        source: "",
        examples: &[Example {
            code: "vector([1, 2, 4]).diff().to_array()",
            shows: "[missing, 1, 2]",
        }],
    },
    Entry {
        name: "growth",
        on: Some("Vector"),
        room: "tables",
        summary: "Relative change from the value some places earlier; in a panel use t.growth.",
        signature: "v.growth(n, options)",
        params: &[V, PLACES, LOG, PERCENT],
        returns: "Vector of shares (0.05 is 5 %); missing, with a warning, where the value before is zero or negative",
        search: &["pct_change", "growth rate", "returns"],
        errors: &["the values are text"],
        see_also: &["diff", "cagr", "panel"],
        source: "",
        examples: &[Example {
            code: "round(load(\"kz_ict_costs_2007_2017\").ict_costs_mln_kzt.growth(1, #{ percent: true })[1], 1)",
            shows: "46.1",
        }],
    },
    Entry {
        name: "index_to",
        on: Some("Vector"),
        room: "tables",
        summary: "Each value against the one at a position or under a label, which counts 100.",
        signature: "v.index_to(base, options)",
        params: &[
            V,
            Param::arg(
                "base",
                "int or text",
                "position from 0 (from the end when negative), or label",
            ),
            TO,
        ],
        returns: "Vector of the same length and labels",
        search: &["index numbers", "rebase", "base year"],
        errors: &["the value at the base is missing, zero or negative", "an unknown label"],
        see_also: &["growth", "panel"],
        source: "",
        examples: &[
            Example { code: "vector([50, 75]).index_to(0).to_array()", shows: "[100.0, 150.0]" },
            Example {
                code: "round(load(\"regions_2023\").gdp_per_capita.index_to(\"Astana\")[\"Atyrau\"], 1)",
                shows: "",
            },
        ],
    },
    Entry {
        name: "cagr",
        on: Some("Vector"),
        room: "tables",
        summary: "Compound growth a period from the first value that is there to the last.",
        signature: "v.cagr(periods)",
        params: &[
            V,
            Param {
                default: Some("places between the two"),
                ..Param::arg("periods", "number", "time between the first and the last value")
            },
        ],
        returns: "float, a share (0.05 is 5 %); missing when fewer than two values are there",
        search: &["compound growth", "average growth"],
        errors: &["a first value that is zero or negative, or a negative last one"],
        see_also: &["growth", "panel"],
        source: "(x[T] / x[0])^(1/T) - 1",
        examples: &[Example {
            code: "round(100 * load(\"cloud_bigdata_2020_2024\").cloud_users.cagr(), 1)",
            shows: "14",
        }],
    },
    Entry {
        name: "codebook",
        on: Some("Table"),
        room: "tables",
        summary: "Attaches the labels and units of a codebook to the columns; t.codebook() lists what is attached.",
        signature: "t.codebook(codebook)",
        params: &[
            T,
            Param::arg(
                "codebook",
                "text or Table",
                "name of a bundled codebook, or a table with a column code (or column, name, variable) and any of label_en, label_ru, ..., label, unit",
            ),
        ],
        returns: "Table whose columns have labels and units, which displays and charts show and Parquet files keep; codes that are no column are warned of",
        search: &["labels", "variable labels", "metadata", "attributes", "data dictionary"],
        errors: &["the codebook has no column of codes, or neither labels nor units"],
        see_also: &["load"],
        source: "",
        examples: &[
            Example {
                code: "load(\"regions_2023\").codebook().at(\"gdp_per_capita\", \"label_en\")",
                shows: "Gross regional product per capita",
            },
            Example {
                code: "let t = table(#{ gdp_per_capita: [1, 2] }).codebook(\"regions_2023_codebook\");\nt.codebook().at(\"gdp_per_capita\", \"unit\")",
                shows: "thousand KZT",
            },
        ],
    },
];
