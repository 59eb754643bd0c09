//! Panels, values along time, and codebooks.

use esep_stdlib::table::datasets::Dataset;
use esep_stdlib::table::{Cell, Date, Every, Growth, Step};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Dynamic, ImmutableString, Map};

use crate::convert;
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(super::panels_help::ENTRIES);
    declaring(library);
    panels(library);
    series(library);
    codebooks(library);
}

fn warned<T>(shared: &Shared, (value, warning): (T, Option<String>)) -> T {
    if let Some(warning) = warning {
        shared.warn(&warning);
    }
    value
}

fn declaring(library: &mut Library<'_>) {
    fn declare(
        shared: &Shared,
        table: &Table,
        entity: Option<&str>,
        time: &str,
        options: Map,
    ) -> Fallible<Table> {
        let mut options = Options::new("panel", options);
        let every = match options.take("every") {
            None => Every::Auto,
            Some(value) => match value.clone().into_string() {
                Ok(step) => Every::Calendar(Step::parse("panel", "every", &step).raise()?),
                Err(_) => Every::Units(convert::whole_argument("panel", "every", &value)?),
            },
        };
        options.finish()?;
        let (table, warnings) = table.panel(entity, time, every).raise()?;
        warnings.iter().for_each(|warning| shared.warn(warning));
        Ok(table)
    }
    let shared = library.shared();
    library.engine.register_fn("panel", move |t: Table, time: &str| {
        declare(&shared, &t, None, time, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("panel", move |t: Table, time: &str, options: Map| {
        declare(&shared, &t, None, time, options)
    });
    let shared = library.shared();
    library.engine.register_fn("panel", move |t: Table, entity: &str, time: &str| {
        declare(&shared, &t, Some(entity), time, Map::new())
    });
    let shared = library.shared();
    library.engine.register_fn("panel", move |t: Table, entity: &str, time: &str, options: Map| {
        declare(&shared, &t, Some(entity), time, options)
    });
    library.engine.register_fn("panel_info", |t: Table| t.panel_info().raise());
}

fn negated(primitive: &'static str, n: i64) -> Fallible<i64> {
    n.checked_neg()
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter: "n",
            rule: "be a number of periods".into(),
            value: n.to_string(),
        })
        .raise()
}

/// The arguments `n` and options of `growth`.
fn growth_options(options: Map) -> Fallible<Growth> {
    let mut options = Options::new("growth", options);
    let how = Growth { log: options.flag("log", false)?, percent: options.flag("percent", false)? };
    options.finish()?;
    Ok(how)
}

fn index_options(options: Map) -> Fallible<f64> {
    let mut options = Options::new("index_to", options);
    let to = options.float("to", 100.0)?;
    options.finish()?;
    if !(to.is_finite() && to != 0.0) {
        return Err(Error::Invalid {
            primitive: "index_to",
            parameter: "to",
            rule: "be finite and not 0".into(),
            value: to.to_string(),
        })
        .raise();
    }
    Ok(to)
}

/// A time, position or label as a script writes it.
fn place(primitive: &'static str, parameter: &'static str, value: &Dynamic) -> Fallible<Cell> {
    if let Some(date) = value.read_lock::<Date>() {
        return Ok(Cell::Date(*date));
    }
    if let Some(whole) = convert::whole(value) {
        return Ok(Cell::Int(whole));
    }
    value.clone().into_string().map(Cell::Text).or_else(|_| {
        Err(Error::Invalid {
            primitive,
            parameter,
            rule: "be a whole number, a date or a text".into(),
            value: convert::brief(value),
        })
        .raise()
    })
}

fn panels(library: &mut Library<'_>) {
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("lag", |t: Table, column: &str| t.lag(column, 1).raise());
    engine.register_fn("lag", |t: Table, column: &str, n: i64| t.lag(column, n).raise());
    engine.register_fn("lead", |t: Table, column: &str| t.lag(column, -1).raise());
    engine.register_fn("lead", |t: Table, column: &str, n: i64| -> Fallible<Vector> {
        t.lag(column, negated("lead", n)?).raise()
    });
    engine.register_fn("diff", |t: Table, column: &str| t.diff(column, 1).raise());
    engine.register_fn("diff", |t: Table, column: &str, n: i64| t.diff(column, n).raise());
    let s = shared.clone();
    let growth = move |t: &Table, column: &str, n: i64, options: Map| -> Fallible<Vector> {
        Ok(warned(&s, t.growth(column, n, growth_options(options)?).raise()?))
    };
    let g = growth.clone();
    engine.register_fn("growth", move |t: Table, column: &str| g(&t, column, 1, Map::new()));
    let g = growth.clone();
    engine
        .register_fn("growth", move |t: Table, column: &str, n: i64| g(&t, column, n, Map::new()));
    let g = growth.clone();
    engine.register_fn("growth", move |t: Table, column: &str, options: Map| {
        g(&t, column, 1, options)
    });
    engine.register_fn("growth", move |t: Table, column: &str, n: i64, options: Map| {
        growth(&t, column, n, options)
    });
    let s = shared.clone();
    let index = move |t: &Table, column: &str, base: &Dynamic, options: Map| -> Fallible<Vector> {
        let base = place("index_to", "base", base)?;
        Ok(warned(&s, t.index_to(column, &base, index_options(options)?).raise()?))
    };
    let i = index.clone();
    engine.register_fn("index_to", move |t: Table, column: &str, base: Dynamic| {
        i(&t, column, &base, Map::new())
    });
    engine.register_fn("index_to", move |t: Table, column: &str, base: Dynamic, options: Map| {
        index(&t, column, &base, options)
    });
    let s = shared.clone();
    engine.register_fn("cagr", move |t: Table, column: &str| cagr(&s, &t, column, Map::new()));
    engine.register_fn("cagr", move |t: Table, column: &str, options: Map| {
        cagr(&shared, &t, column, options)
    });
}

fn cagr(shared: &Shared, table: &Table, column: &str, options: Map) -> Fallible<Vector> {
    let mut options = Options::new("cagr", options);
    let mut time = |name| match options.take(name) {
        Some(value) => place("cagr", name, &value).map(Some),
        None => Ok(None),
    };
    let (from, to) = (time("from")?, time("to")?);
    let (percent, rows) = (options.flag("percent", false)?, options.flag("rows", false)?);
    options.finish()?;
    let mut rates = warned(shared, table.cagr(column, from.as_ref(), to.as_ref()).raise()?);
    if percent {
        rates = rates
            .binary(esep_stdlib::table::BinaryOp::Mul, &Vector::from_ints([100]))
            .raise()?
            .0
            .named(column);
    }
    if !rows {
        return Ok(rates);
    }
    let value = |entity: Option<String>| rates.get(&entity?).ok()?.as_f64();
    let entities = table.panel_entities().raise()?;
    let aligned = Vector::from_options(entities.into_iter().map(value));
    match table.labels() {
        Some(labels) => aligned.with_labels(labels.clone()).raise(),
        None => Ok(aligned),
    }
}

fn series(library: &mut Library<'_>) {
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("lag", |v: &mut Vector| v.lag(1));
    engine.register_fn("lag", |v: &mut Vector, n: i64| v.lag(n));
    engine.register_fn("lead", |v: &mut Vector| v.lag(-1));
    engine.register_fn("lead", |v: &mut Vector, n: i64| -> Fallible<Vector> {
        Ok(v.lag(negated("lead", n)?))
    });
    engine.register_fn("diff", |v: &mut Vector| v.diff(1).raise());
    engine.register_fn("diff", |v: &mut Vector, n: i64| v.diff(n).raise());
    let s = shared;
    let growth = move |v: &Vector, n: i64, options: Map| -> Fallible<Vector> {
        Ok(warned(&s, v.growth(n, growth_options(options)?).raise()?))
    };
    let g = growth.clone();
    engine.register_fn("growth", move |v: &mut Vector| g(v, 1, Map::new()));
    let g = growth.clone();
    engine.register_fn("growth", move |v: &mut Vector, n: i64| g(v, n, Map::new()));
    let g = growth.clone();
    engine.register_fn("growth", move |v: &mut Vector, options: Map| g(v, 1, options));
    engine.register_fn("growth", move |v: &mut Vector, n: i64, options: Map| growth(v, n, options));
    engine.register_fn("index_to", |v: &mut Vector, base: Dynamic| index(v, &base, Map::new()));
    engine.register_fn("index_to", |v: &mut Vector, base: Dynamic, options: Map| {
        index(v, &base, options)
    });
    engine.register_fn("cagr", |v: &mut Vector| v.cagr(None).map(convert::from_option).raise());
    engine.register_fn("cagr", |v: &mut Vector, periods: Dynamic| -> Fallible<Dynamic> {
        let periods = convert::number_argument("cagr", "periods", &periods)?;
        v.cagr(Some(periods)).map(convert::from_option).raise()
    });
}

/// The vector method `index_to`.
fn index(v: &Vector, base: &Dynamic, options: Map) -> Fallible<Vector> {
    v.index_to(&place("index_to", "base", base)?, index_options(options)?).raise()
}

fn codebooks(library: &mut Library<'_>) {
    let attach = |shared: &Shared, table: &Table, codebook: &Table| -> Fallible<Table> {
        let (table, strangers) = table.codebook(codebook).raise()?;
        if let Some(first) = strangers.first() {
            let others = match strangers.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            shared.warn(&format!("codebook: no column `{first}`{others}"));
        }
        Ok(table)
    };
    let shared = library.shared();
    library
        .engine
        .register_fn("codebook", move |t: Table, codebook: Table| attach(&shared, &t, &codebook));
    let shared = library.shared();
    library.engine.register_fn("codebook", move |t: Table, name: ImmutableString| {
        let codebook = Dataset::find(&name).and_then(Dataset::table).raise()?;
        attach(&shared, &t, &codebook)
    });
    library.engine.register_fn("codebook", |t: Table| t.described().raise());
}
