//! Between script values and typed ones.

use std::sync::Arc;

use arrow_array::{BooleanArray, StringArray};
use esep_stdlib::table::{Cell, Date, TableError};
use esep_stdlib::{Error, Table, Vector};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, NativeCallContext};

use crate::report::{Fallible, Raise};

/// The number in `value`, whole or not.
pub(crate) fn number(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|i| i as f64))
}

/// The whole number in `value`; `3.0` counts.
pub(crate) fn whole(value: &Dynamic) -> Option<i64> {
    value.as_int().ok().or_else(|| {
        value.as_float().ok().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64)
    })
}

/// One text, an array of texts or a text vector.
pub(crate) fn texts(value: &Dynamic) -> Option<Vec<String>> {
    if let Ok(text) = value.clone().into_string() {
        return Some(vec![text]);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(|item| item.clone().into_string().ok()).collect();
    }
    let vector = value.read_lock::<Vector>()?;
    vector.cells().map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None }).collect()
}

/// The whole-number argument `parameter` of `primitive`.
pub(crate) fn whole_argument(
    primitive: &'static str,
    parameter: &'static str,
    value: &Dynamic,
) -> Fallible<i64> {
    whole(value)
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter,
            rule: "be a whole number".into(),
            value: brief(value),
        })
        .raise()
}

/// The whole-number argument `parameter` of `primitive`, at least 0.
pub(crate) fn count_argument(
    primitive: &'static str,
    parameter: &'static str,
    value: &Dynamic,
) -> Fallible<usize> {
    let n = whole_argument(primitive, parameter, value)?;
    usize::try_from(n)
        .map_err(|_| Error::Invalid {
            primitive,
            parameter,
            rule: "be at least 0".into(),
            value: n.to_string(),
        })
        .raise()
}

/// The number argument `parameter` of `primitive`.
pub(crate) fn number_argument(
    primitive: &'static str,
    parameter: &'static str,
    value: &Dynamic,
) -> Fallible<f64> {
    number(value)
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter,
            rule: "be a number".into(),
            value: brief(value),
        })
        .raise()
}

/// One text or several as the argument `parameter` of `primitive`.
pub(crate) fn texts_argument(
    primitive: &'static str,
    parameter: &'static str,
    value: &Dynamic,
) -> Fallible<Vec<String>> {
    texts(value)
        .ok_or_else(|| Error::Invalid {
            primitive,
            parameter,
            rule: "be a text or an array of texts".into(),
            value: brief(value),
        })
        .raise()
}

/// A column's cell as a script value; missing is `()`.
pub(crate) fn from_cell(cell: Cell) -> Dynamic {
    match cell {
        Cell::Missing => Dynamic::UNIT,
        Cell::Float(x) => Dynamic::from_float(x),
        Cell::Int(i) => Dynamic::from_int(i),
        Cell::Bool(b) => Dynamic::from_bool(b),
        Cell::Text(text) => Dynamic::from(ImmutableString::from(text)),
        Cell::Date(date) => Dynamic::from(date),
    }
}

/// A number that may be missing as a script value.
pub(crate) fn from_option(value: Option<f64>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from_float)
}

/// Script values as one column: all numbers, all truth values, all dates or all texts, `()`
/// missing.
pub(crate) fn to_vector(primitive: &'static str, values: &[Dynamic]) -> Fallible<Vector> {
    let present = || values.iter().filter(|v| !v.is_unit());
    let vector = if present().all(Dynamic::is_int) && present().next().is_some() {
        let array: arrow_array::Int64Array = values.iter().map(|v| v.as_int().ok()).collect();
        Vector::new(Arc::new(array))
    } else if present().all(|v| number(v).is_some()) {
        Vector::from_options(values.iter().map(number))
    } else if present().all(Dynamic::is_bool) {
        let array: BooleanArray = values.iter().map(|v| v.as_bool().ok()).collect();
        Vector::new(Arc::new(array))
    } else if present().all(Dynamic::is::<Date>) {
        Vector::from_dates(values.iter().map(|v| v.clone().try_cast::<Date>()))
    } else if present().all(Dynamic::is_string) {
        let array: StringArray = values
            .iter()
            .map(|v| (!v.is_unit()).then(|| v.clone().into_string().unwrap_or_default()))
            .collect();
        Vector::new(Arc::new(array))
    } else {
        let odd = present().find(|v| number(v).is_none()).map_or_else(String::new, brief);
        return Err(Error::Invalid {
            primitive,
            parameter: "values",
            rule: "be all numbers, all truth values, all dates or all texts".into(),
            value: odd,
        })
        .raise();
    };
    Ok(vector)
}

/// Anything that can stand for a column of `rows` values: a vector, an array or one value.
pub(crate) fn column(primitive: &'static str, value: &Dynamic, rows: usize) -> Fallible<Vector> {
    if let Some(vector) = value.read_lock::<Vector>() {
        return Ok(vector.clone());
    }
    if let Some(array) = value.read_lock::<Array>() {
        return to_vector(primitive, &array);
    }
    to_vector(primitive, &vec![value.clone(); rows])
}

/// `value` as an error message shows it: short, one line.
pub(crate) fn brief(value: &Dynamic) -> String {
    if value.is_unit() {
        return "missing".into();
    }
    if let Some(table) = value.read_lock::<Table>() {
        return format!("a table of {} x {}", table.nrow(), table.ncol());
    }
    if let Some(vector) = value.read_lock::<Vector>() {
        return format!("a vector of {}", vector.len());
    }
    if let Some(array) = value.read_lock::<Array>() {
        return format!("an array of {}", array.len());
    }
    if let Some(date) = value.read_lock::<Date>() {
        return date.to_string();
    }
    if value.is::<FnPtr>() {
        return "a closure".into();
    }
    if value.is::<rhai::Map>() {
        return "a map".into();
    }
    let text = if value.is_string() { format!("{value:?}") } else { value.to_string() };
    if text.chars().count() > 60 {
        format!("{}...", text.chars().take(57).collect::<String>())
    } else {
        text
    }
}

/// A user's closure, called from stdlib through a plain Rust closure.
///
/// stdlib sees only [`Error::Callback`] when the script fails; [`Callback::settle`] puts the
/// script's own error, with its line and caret, back in its place.
pub(crate) struct Callback<'c> {
    context: &'c NativeCallContext<'c>,
    function: FnPtr,
    failure: Option<Box<rhai::EvalAltResult>>,
}

impl<'c> Callback<'c> {
    pub(crate) fn new(context: &'c NativeCallContext<'c>, function: FnPtr) -> Self {
        Self { context, function, failure: None }
    }

    /// The closure's answer to `arguments`.
    pub(crate) fn call(&mut self, arguments: Vec<Dynamic>) -> Result<Dynamic, Error> {
        self.function.call_raw(self.context, None, arguments).map_err(|error| {
            let message = error.to_string();
            self.failure = Some(error);
            Error::Callback { message }
        })
    }

    /// The closure's answer, which must be a finite number.
    pub(crate) fn number(&mut self, arguments: Vec<Dynamic>) -> Result<f64, Error> {
        let answer = self.call(arguments)?;
        number(&answer).filter(|n| n.is_finite()).ok_or_else(|| Error::Callback {
            message: format!("the closure must answer a finite number, got {}", brief(&answer)),
        })
    }

    /// `result` of the primitive, with the script's own error if the script failed.
    pub(crate) fn settle<T>(self, result: Result<T, Error>) -> Fallible<T> {
        match (result, self.failure) {
            (Err(_), Some(failure)) => Err(failure),
            (result, _) => result.raise(),
        }
    }
}

/// Texts as a script array.
pub(crate) fn text_array<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Array {
    let one = |text: S| Dynamic::from(ImmutableString::from(text.as_ref()));
    texts.into_iter().map(one).collect()
}

/// The error that `parameter` of `primitive` must keep `rule`, for `value`.
pub(crate) fn invalid<T>(
    primitive: &'static str,
    parameter: &'static str,
    rule: &str,
    value: &Dynamic,
) -> Fallible<T> {
    Err(Error::Invalid { primitive, parameter, rule: rule.into(), value: brief(value) }).raise()
}

/// The error for a value that is no table.
pub(crate) fn lengths(primitive: &str, left: usize, right: usize) -> Error {
    TableError::Lengths { primitive: primitive.to_owned(), left, right }.into()
}
