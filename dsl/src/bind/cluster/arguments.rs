//! What the functions of this room take.

use std::rc::Rc;
use std::sync::Arc;

use esep_stdlib::cluster::{Basis, Clustering, Distances, Linkage, Metric, distances, gower};
use esep_stdlib::table::{Cell, Matrix};
use esep_stdlib::{Choice, Context, Error, Table, Vector};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext, Variant};

use crate::bind::table::Row;
use crate::convert::{self, Callback};
use crate::help::Param;
use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

pub(super) const ROOM: &str = "clusters";

pub(super) const Z: Param = Param::arg(
    "z",
    "Table",
    "units in rows, numbers without missing values; standardise them first",
);

pub(super) const Z_OR_D: Param = Param::arg(
    "z",
    "Table or Distances",
    "units in rows, numbers without missing values; or distances from distance(t, name)",
);

pub(super) const K: Param = Param::arg("k", "int", "number of clusters, 1 to the number of rows");

pub(super) const DISTANCE: Param = Param::option(
    "distance",
    "text or closure |a, b|",
    "\"euclidean\"",
    "euclidean, sqeuclidean, manhattan, chebyshev, minkowski (with order), canberra, correlation, cosine, mahalanobis, gower; or a closure of two rows",
);

pub(super) const ORDER: Param =
    Param::option("order", "float", "3", "order of the minkowski distance, at least 1");

pub(super) const SEED: Param = Param::option(
    "seed",
    "int",
    "1",
    "the same seed gives the same digits on any number of threads",
);

/// Registers `name(z)` and `name(z, options)`.
pub(super) fn with_options<T: Variant + Clone>(
    library: &mut Library<'_>,
    name: &'static str,
    run: fn(&Shared, &NativeCallContext<'_>, &Dynamic, Map) -> Fallible<Rc<T>>,
) {
    let shared = library.shared();
    let plain = move |call: NativeCallContext<'_>, z: Dynamic| run(&shared, &call, &z, Map::new());
    library.engine.register_fn(name, plain);
    let shared = library.shared();
    let optional = move |call: NativeCallContext<'_>, z: Dynamic, options: Map| {
        run(&shared, &call, &z, options)
    };
    library.engine.register_fn(name, optional);
}

/// The error for an argument of the wrong kind.
pub(super) fn wrong<T>(
    primitive: &'static str,
    parameter: &'static str,
    rule: &str,
    value: &Dynamic,
) -> Fallible<T> {
    Err(Error::Invalid { primitive, parameter, rule: rule.into(), value: convert::brief(value) })
        .raise()
}

/// The complete numbers of a table.
pub(super) fn matrix(primitive: &'static str, value: &Dynamic) -> Fallible<Arc<Matrix>> {
    match value.read_lock::<Table>() {
        Some(table) => table.matrix(primitive, None).map(Arc::new).raise(),
        None => wrong(primitive, "the first argument", "be a table", value),
    }
}

/// The metric in the options `distance` and `order`.
pub(super) fn metric(options: &mut Options) -> Fallible<Metric> {
    let metric = options.choice("distance", Metric::Euclidean)?;
    with_order(metric, options)
}

fn with_order(metric: Metric, options: &mut Options) -> Fallible<Metric> {
    let order = options.optional_float("order")?;
    Ok(match (metric, order) {
        (Metric::Minkowski(_), Some(order)) => Metric::Minkowski(order),
        (metric, _) => metric,
    })
}

/// The linkage in the options `linkage` and `beta`.
pub(super) fn linkage(options: &mut Options) -> Fallible<Linkage> {
    let linkage = options.choice("linkage", Linkage::WardD2)?;
    let beta = options.optional_float("beta")?;
    Ok(match (linkage, beta) {
        (Linkage::Flexible(_), Some(beta)) => Linkage::Flexible(beta),
        (linkage, _) => linkage,
    })
}

/// What to cluster: a table under the options' distance, or distances as they are.
pub(super) fn basis(
    primitive: &'static str,
    value: &Dynamic,
    options: &mut Options,
    call: &NativeCallContext<'_>,
    context: &Context,
) -> Fallible<Basis> {
    if let Some(distances) = value.read_lock::<Rc<Distances>>() {
        return Ok(Basis::Distances(Arc::new(distances.as_ref().clone())));
    }
    let Some(table) = value.read_lock::<Table>().map(|t| t.clone()) else {
        return wrong(primitive, "the first argument", "be a table or distances", value);
    };
    if let Some(closure) = options.closure("distance") {
        let found = by_closure(primitive, &table, closure, call)?;
        return Ok(Basis::Distances(Arc::new(found)));
    }
    let text = options.text("distance")?.unwrap_or_else(|| "euclidean".into());
    if text == "gower" {
        let found =
            gower(&table, &esep_stdlib::cluster::GowerParams::default(), context).raise()?;
        return Ok(Basis::Distances(Arc::new(found)));
    }
    let metric = named_metric(primitive, &text)?;
    let metric = with_order(metric, options)?;
    Ok(Basis::data(table.matrix(primitive, None).map(Arc::new).raise()?, metric))
}

/// A metric by name; the error lists gower as well.
pub(super) fn named_metric(primitive: &'static str, text: &str) -> Fallible<Metric> {
    Metric::parse(primitive, "distance", text)
        .map_err(|error| match error {
            Error::UnknownName { primitive, kind, name, mut known } => {
                known.push("gower".into());
                Error::UnknownName { primitive, kind, name, known }
            }
            other => other,
        })
        .raise()
}

/// Distances answered by a closure of two rows.
pub(super) fn by_closure(
    primitive: &'static str,
    table: &Table,
    closure: FnPtr,
    call: &NativeCallContext<'_>,
) -> Fallible<Distances> {
    let shared = Rc::new(table.clone());
    let row = |row| Dynamic::from(Row::new(Rc::clone(&shared), row));
    let mut callback = Callback::new(call, closure);
    let found = Distances::from_pairs(primitive, table.row_names(), "the user's", &mut |i, j| {
        callback.number(vec![row(i), row(j)])
    });
    callback.settle(found)
}

/// All distances of a table under a named metric.
pub(super) fn all(table: &Table, metric: Metric, context: &Context) -> Fallible<Distances> {
    let matrix = table.matrix("distance", None).raise()?;
    distances(&matrix, metric, "distance", context).raise()
}

/// Group numbers: a clustering's labels, or any vector or array of whole numbers or texts.
pub(super) fn groups(primitive: &'static str, value: &Dynamic) -> Fallible<Vec<usize>> {
    if let Some(clustering) = value.read_lock::<Rc<Clustering>>() {
        return Ok(clustering.labels.clone());
    }
    let cells: Vec<Cell> = if let Some(vector) = value.read_lock::<Vector>() {
        vector.cells().collect()
    } else if let Some(array) = value.read_lock::<Array>() {
        convert::to_vector(primitive, &array)?.cells().collect()
    } else {
        return wrong(
            primitive,
            "a partition",
            "be a clustering, or a vector or array with a group for each unit",
            value,
        );
    };
    let mut seen: Vec<String> = Vec::new();
    cells
        .iter()
        .map(|cell| {
            let key = match cell {
                Cell::Missing => {
                    return wrong(primitive, "a partition", "have no missing group", value);
                }
                other => format!("{other:?}"),
            };
            Ok(1 + seen.iter().position(|s| *s == key).unwrap_or_else(|| {
                seen.push(key);
                seen.len() - 1
            }))
        })
        .collect()
}
