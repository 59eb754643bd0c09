//! What is proven of a maximum.

use std::rc::Rc;

use esep_stdlib::frontier::{Certificate, LocalMaximum};
use esep_stdlib::{Error, Table, Vector};
use rhai::Dynamic;

use super::Model;
use crate::convert;
use crate::display::number::{float, significant};
use crate::display::{Bundle, Doc, Style};
use crate::help::{Field, TypeEntry};
use crate::library::Library;
use crate::report::{Fallible, Raise};

type Shown = Rc<Certificate>;

const CERTIFICATE: TypeEntry = TypeEntry {
    name: "FrontierCertificate",
    summary: "The evidence that a half-normal fit is the global maximum, with words for what is proven.",
    fields: &[
        Field::new(
            "proven",
            "bool",
            "whether the bounds leave less than `tolerance` between the loglik and any other lambda",
        ),
        Field::new(
            "gap",
            "float",
            "how much higher the maximum could be at most; missing without bounds",
        ),
        Field::new(
            "ceiling",
            "float",
            "no lambda from 0 to infinity exceeds this loglik, up to rounding",
        ),
        Field::new("tolerance", "float", "what the gap was to reach"),
        Field::new("boundary", "text", "\"none\", \"gamma_zero\" or \"gamma_one\": which end won"),
        Field::new("loglik", "float", "of the maximum"),
        Field::new("loglik_zero", "float", "at the end gamma = 0, least squares"),
        Field::new("loglik_one", "float", "at the end gamma = 1, the deterministic frontier"),
        Field::new("maxima", "Table", "local maxima found: lambda, gamma, loglik, best first"),
        Field::new("gradient", "float", "largest element of the score per row at the estimate"),
        Field::new(
            "definite",
            "bool",
            "whether the Hessian is negative definite there; missing at an end",
        ),
        Field::new("intervals", "int", "intervals of lambda bounded one by one"),
        Field::new("solved", "int", "problems for a given lambda solved for them"),
        Field::new("decrement", "float", "largest Newton decrement at which one of those ended"),
        Field::new("grid", "map", "the search's grid of lambda: first, last, ratio, points"),
        Field::new("statement", "text", "the certificate in sentences"),
    ],
};

pub(super) fn register(library: &mut Library<'_>) {
    library.register_type::<Shown>(&CERTIFICATE, |c, style| show(c, style));
    let shared = library.shared();
    library.engine.register_get("certificate", move |m: &mut Model| -> Fallible<Shown> {
        m.certificate(&shared.context()).map(Rc::new).raise()
    });
    let engine = &mut *library.engine;
    engine.register_get("proven", |c: &mut Shown| c.proven());
    engine.register_get("gap", |c: &mut Shown| convert::from_option(c.gap()));
    engine.register_get("ceiling", |c: &mut Shown| convert::from_option(c.ceiling));
    engine.register_get("tolerance", |c: &mut Shown| c.tolerance);
    engine.register_get("boundary", |c: &mut Shown| c.boundary.name());
    engine.register_get("loglik", |c: &mut Shown| c.loglik);
    engine.register_get("loglik_zero", |c: &mut Shown| c.loglik_zero);
    engine.register_get("loglik_one", |c: &mut Shown| convert::from_option(c.loglik_one));
    engine.register_get("maxima", |c: &mut Shown| maxima(&c.maxima).raise());
    engine.register_get("gradient", |c: &mut Shown| convert::from_option(c.gradient));
    engine.register_get("definite", |c: &mut Shown| {
        c.definite.map_or(Dynamic::UNIT, Dynamic::from_bool)
    });
    engine.register_get("intervals", |c: &mut Shown| c.intervals as i64);
    engine.register_get("solved", |c: &mut Shown| c.solved as i64);
    engine.register_get("decrement", |c: &mut Shown| c.decrement);
    engine.register_get("grid", |c: &mut Shown| {
        rhai::Map::from([
            ("first".into(), c.grid.0.into()),
            ("last".into(), c.grid.1.into()),
            ("ratio".into(), c.grid.2.into()),
            ("points".into(), (c.grid_points as i64).into()),
        ])
    });
    engine.register_get("statement", |c: &mut Shown| c.statement());
}

fn maxima(list: &[LocalMaximum]) -> Result<Table, Error> {
    Table::new([
        ("lambda", Vector::from_floats(list.iter().map(|m| m.lambda))),
        ("gamma", Vector::from_floats(list.iter().map(LocalMaximum::gamma))),
        ("loglik", Vector::from_floats(list.iter().map(|m| m.loglik))),
    ])
}

fn show(c: &Certificate, style: &Style) -> Bundle {
    let or_none = |x: Option<f64>| x.map_or_else(|| "none".into(), float);
    let mut doc = Doc::new().heading("Certificate of the maximum").text(c.statement()).facts([
        ("proven", if c.proven() { "yes".to_owned() } else { "no".to_owned() }),
        ("loglik", float(c.loglik)),
        ("ceiling over all lambda", or_none(c.ceiling)),
        ("loglik at gamma = 0", float(c.loglik_zero)),
        ("loglik at gamma = 1", or_none(c.loglik_one)),
        ("gradient per row", c.gradient.map_or_else(|| "none".into(), |g| significant(g, 2))),
        (
            "Hessian",
            match c.definite {
                Some(true) => "negative definite".into(),
                Some(false) => "not negative definite".into(),
                None => "at an end: none".into(),
            },
        ),
        (
            "problems solved",
            format!(
                "{}, each to its one optimum (decrement at most {})",
                c.solved,
                significant(c.decrement, 2)
            ),
        ),
        (
            "grid of the search",
            format!(
                "{} lambda from {} to {}, ratio {}",
                c.grid_points,
                significant(c.grid.0, 3),
                significant(c.grid.1, 4),
                significant(c.grid.2, 3)
            ),
        ),
    ]);
    match maxima(&c.maxima) {
        Ok(table) => doc = doc.text("Local maxima found:").table(&table),
        Err(error) => doc = doc.warnings(&[error.to_string()]),
    }
    doc.bundle(style)
}
