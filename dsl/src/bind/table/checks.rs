//! Looking at a table before trusting it.

use esep_stdlib::table::checks::DescribeParams;
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Map};

use crate::convert;
use crate::help::{Entry, Example, Param};
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const ENTRIES: &[Entry] = &[Entry {
    name: "describe",
    on: Some("Table"),
    room: "tables",
    summary: "What stands in each column: counts, missing and distinct values, and what its kind allows - moments, quantiles and outliers of numbers, the most frequent text, the share of true, first and last date.",
    signature: "t.describe(options)",
    params: &[
        Param::arg("t", "Table or Vector", "what to describe"),
        Param::option(
            "quantiles",
            "array of numbers",
            "[0.25, 0.5, 0.75]",
            "orders of the quantiles, each in 0..=1; 0.1 gives column p10, 0.025 gives p2_5",
        ),
    ],
    returns: "Table, one row a column: column, kind, n (values there), missing, distinct; numbers: mean, sd (n - 1), min, q1, median, q3, max, skewness (adjusted Fisher-Pearson G1), kurtosis (excess, G2), outliers (beyond 1.5 interquartile ranges from the quartiles); text: most_frequent, frequency; bool: share_true; dates: first, last; unit and label where a codebook has them",
    search: &["summary", "glimpse", "info", "skim", "skewness", "kurtosis", "outliers", "profile"],
    errors: &["a quantile outside 0..=1"],
    see_also: &["audit", "correlate", "quantile", "locale"],
    source: "Joanes and Gill (1998) for G1 and G2, which SAS, SPSS and pandas give too; Tukey (1977) for outliers; quantiles by Hyndman and Fan's definition 7",
    examples: &[
        Example {
            code: "load(\"regions_2023\").describe().at(\"gdp_per_capita\", \"max\")",
            shows: "21812.5",
        },
        Example {
            code: "let d = load(\"regions_2023\").numeric().describe(#{ quantiles: [0.1, 0.9] });\nd.select([\"n\", \"mean\", \"p10\", \"p90\", \"skewness\", \"outliers\"])",
            shows: "skewness",
        },
    ],
}];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let shared = library.shared();
    library.engine.register_fn("describe", move |t: Table| describe(&shared, &t, Map::new()));
    let shared = library.shared();
    library
        .engine
        .register_fn("describe", move |t: Table, options: Map| describe(&shared, &t, options));
    let shared = library.shared();
    library
        .engine
        .register_fn("describe", move |v: Vector| describe(&shared, &alone(&v)?, Map::new()));
    let shared = library.shared();
    library.engine.register_fn("describe", move |v: Vector, options: Map| {
        describe(&shared, &alone(&v)?, options)
    });
}

/// A vector as the one column of a table.
fn alone(vector: &Vector) -> Fallible<Table> {
    Table::new([(vector.name().unwrap_or("value"), vector.clone())]).raise()
}

fn describe(shared: &Shared, table: &Table, given: Map) -> Fallible<Table> {
    let mut options = Options::new("describe", given);
    let mut params = DescribeParams {
        language: shared.style().language.code().to_owned(),
        ..DescribeParams::default()
    };
    if let Some(value) = options.take("quantiles") {
        let numbers = value
            .read_lock::<Array>()
            .and_then(|array| array.iter().map(convert::number).collect::<Option<Vec<f64>>>());
        params.quantiles = match numbers {
            Some(numbers) => numbers,
            None => {
                return Err(Error::Invalid {
                    primitive: "describe",
                    parameter: "quantiles",
                    rule: "be an array of numbers".into(),
                    value: convert::brief(&value),
                })
                .raise();
            }
        };
    }
    options.finish()?;
    table.describe(&params).raise()
}
