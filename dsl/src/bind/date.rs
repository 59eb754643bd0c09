//! Dates: single ones and columns of them.

use std::cmp::Ordering;

use esep_stdlib::table::{Date, DatePart};
use esep_stdlib::{Error, Vector};
use rhai::{Array, Dynamic, ImmutableString};

use crate::convert;
use crate::display::Bundle;
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::Library;
use crate::report::{Fallible, Problem, Raise};

const DATE: TypeEntry = TypeEntry {
    name: "Date",
    summary: "A calendar date: d + 30 and d - 30 are days later and earlier, d - other is the days between; dates compare with dates and with texts such as \"2023-01-31\".",
    fields: &[
        Field::new("year", "int", "year, 1 to 9999"),
        Field::new("quarter", "int", "quarter, 1 to 4"),
        Field::new("month", "int", "month, 1 to 12"),
        Field::new("day", "int", "day of the month"),
        Field::new("weekday", "int", "day of the week, 1 (Monday) to 7"),
    ],
};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "date",
        on: None,
        room: "tables",
        summary: "Makes a date of a text, or a date column of a text column; also date(year, month, day).",
        signature: "date(text, format)",
        params: &[
            Param::arg(
                "text",
                "text, array or Vector of text",
                "2023-01-31 or 31.01.2023, unless format says otherwise; a gap stays missing",
            ),
            Param {
                default: Some("ISO or day.month.year"),
                ..Param::arg(
                    "format",
                    "text",
                    "how the text is written, such as \"%d/%m/%Y\" or \"%d %B %Y\"",
                )
            },
        ],
        returns: "Date, or a Vector of dates with the labels of the one given",
        search: &[
            "as.Date",
            "to_datetime",
            "ymd",
            "dmy",
            "lubridate",
            "strptime",
            "time",
            "calendar",
        ],
        errors: &[
            "a text that is no such date: row and text",
            "a day that the calendar does not have",
            "a format with an unknown letter",
        ],
        see_also: &["add_months", "load"],
        source: "ISO 8601; the letters of a format are those of strftime",
        examples: &[
            Example { code: "date(\"2023-01-31\") + 1", shows: "2023-02-01" },
            Example { code: "date(\"2024-03-01\") - date(2024, 2, 1)", shows: "29" },
            Example {
                code: "let v = date([\"31/01/2023\", \"30/04/2023\"], \"%d/%m/%Y\"); v.quarter.to_array()",
                shows: "[1, 2]",
            },
            Example {
                code: "let t = table(#{ day: date([\"31.01.2023\", \"30.04.2023\"]), x: [1, 2] });\nt.where(t.day > \"2023-02-01\").x[0]",
                shows: "2",
            },
        ],
    },
    Entry {
        name: "add_months",
        on: Some("Date"),
        room: "tables",
        summary: "The same day some months later, or that month's last day where it is shorter.",
        signature: "d.add_months(n)",
        params: &[
            Param::arg("d", "Date or Vector of dates", "the dates"),
            Param::arg("n", "int", "months; negative for earlier"),
        ],
        returns: "Date or Vector of dates",
        search: &["months", "DateOffset", "relativedelta", "EDATE"],
        errors: &["the result lies outside the years 1 to 9999"],
        see_also: &["date"],
        source: "",
        examples: &[Example { code: "date(\"2023-01-31\").add_months(1)", shows: "2023-02-28" }],
    },
];

const PARTS: [(&str, DatePart); 5] = [
    ("year", DatePart::Year),
    ("quarter", DatePart::Quarter),
    ("month", DatePart::Month),
    ("day", DatePart::Day),
    ("weekday", DatePart::Weekday),
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Date>(&DATE, |date, _| Bundle::text(date.to_string()));
    making(library.engine);
    scalars(library.engine);
    vectors(library.engine);
}

fn making(engine: &mut rhai::Engine) {
    engine.register_fn("date", |text: &str| one(text, None));
    engine.register_fn("date", |text: &str, format: &str| one(text, Some(format)));
    engine.register_fn("date", |date: Date| date);
    engine.register_fn("date", |year: i64, month: i64, day: i64| -> Fallible<Date> {
        let date = || {
            let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
            Date::new(i32::try_from(year).ok()?, month, day)
        };
        date().ok_or_else(|| {
            let seen = format!("date: the calendar has no {year:04}-{month:02}-{day:02}");
            Problem::new(seen).hint("the order is year, month, day").into()
        })
    });
    engine.register_fn("date", |v: Vector| v.to_dates("date", None).raise());
    engine.register_fn("date", |v: Vector, format: &str| v.to_dates("date", Some(format)).raise());
    engine.register_fn("date", |values: Array| -> Fallible<Vector> {
        convert::to_vector("date", &values)?.to_dates("date", None).raise()
    });
    engine.register_fn("date", |values: Array, format: &str| -> Fallible<Vector> {
        convert::to_vector("date", &values)?.to_dates("date", Some(format)).raise()
    });
}

/// The date in `text`.
fn one(text: &str, format: Option<&str>) -> Fallible<Date> {
    let read = match format {
        Some(format) => Date::parse_as(text.trim(), format).raise()?,
        None => Date::parse(text.trim()),
    };
    read.ok_or_else(|| Error::Invalid {
        primitive: "date",
        parameter: "text",
        rule: match format {
            Some(format) => format!("be a date written as {format}"),
            None => "be a date such as 2023-01-31 or 31.01.2023".into(),
        },
        value: format!("{text:?}"),
    })
    .raise()
}

fn scalars(engine: &mut rhai::Engine) {
    for (name, part) in PARTS {
        engine.register_get(name, move |date: &mut Date| date.part(part));
    }
    let far = || Problem::new("the date lies outside the years 1 to 9999").into();
    let shift = move |date: Date, days: Option<i64>| -> Fallible<Date> {
        days.and_then(|days| date.plus_days(days)).ok_or_else(far)
    };
    engine.register_fn("+", move |date: Date, days: i64| shift(date, Some(days)));
    engine.register_fn("+", move |days: i64, date: Date| shift(date, Some(days)));
    engine.register_fn("-", move |date: Date, days: i64| shift(date, days.checked_neg()));
    engine.register_fn("-", |a: Date, b: Date| i64::from(a.days()) - i64::from(b.days()));
    engine.register_fn("add_months", move |date: Date, months: Dynamic| -> Fallible<Date> {
        let months = convert::whole_argument("add_months", "n", &months)?;
        date.plus_months(months).ok_or_else(far)
    });
    let comparisons: [(&str, fn(Ordering) -> bool); 6] = [
        ("==", Ordering::is_eq),
        ("!=", Ordering::is_ne),
        ("<", Ordering::is_lt),
        ("<=", Ordering::is_le),
        (">", Ordering::is_gt),
        (">=", Ordering::is_ge),
    ];
    // Without these a date would differ from every text, and silently.
    for (name, accept) in comparisons {
        engine.register_fn(name, move |a: Date, b: Date| accept(a.cmp(&b)));
        engine.register_fn(name, move |a: Date, b: ImmutableString| -> Fallible<bool> {
            Ok(accept(a.cmp(&one(&b, None)?)))
        });
        engine.register_fn(name, move |a: ImmutableString, b: Date| -> Fallible<bool> {
            Ok(accept(one(&a, None)?.cmp(&b)))
        });
    }
}

fn vectors(engine: &mut rhai::Engine) {
    for (name, part) in PARTS {
        // A label of the same name, such as a model's coefficient `year`, goes before.
        engine.register_get(name, move |v: &mut Vector| -> Fallible<Dynamic> {
            let labelled = |labels: &std::sync::Arc<arrow_array::StringArray>| {
                labels.iter().any(|label| label == Some(name))
            };
            if v.labels().is_some_and(labelled) {
                return v.get(name).map(convert::from_cell).raise();
            }
            v.date_part(part).map(Dynamic::from).raise()
        });
    }
    engine.register_fn("add_months", |v: Vector, months: Dynamic| -> Fallible<Vector> {
        v.plus_months(convert::whole_argument("add_months", "n", &months)?).raise()
    });
}
