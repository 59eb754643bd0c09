//! Operators: exact floats, division as analysts expect, columns elementwise.

use std::cmp::Ordering;
use std::rc::Rc;

use esep_stdlib::Vector;
use esep_stdlib::table::{BinaryOp, Cell, Date, MathFn};
use rhai::{Dynamic, ImmutableString};

use crate::library::{Library, Shared};
use crate::report::{Fallible, Problem, Raise};

pub(super) fn register(library: &mut Library<'_>) {
    scalars(library);
    columns(library);
    functions(library);
}

/// `a / b` on scalars: a float, and an error at zero.
fn divide(a: f64, b: f64) -> Fallible<f64> {
    if b == 0.0 {
        return Err(Problem::new("division by zero")
            .hint("test the divisor first, or divide columns: there it gives a missing value")
            .into());
    }
    Ok(a / b)
}

fn remainder(a: f64, b: f64) -> Fallible<f64> {
    if b == 0.0 {
        return Err(Problem::new("remainder of a division by zero").into());
    }
    Ok(a % b)
}

fn scalars(library: &mut Library<'_>) {
    let engine = &mut *library.engine;
    engine.register_fn("/", |a: i64, b: i64| divide(a as f64, b as f64));
    engine.register_fn("/", divide);
    engine.register_fn("/", |a: i64, b: f64| divide(a as f64, b));
    engine.register_fn("/", |a: f64, b: i64| divide(a, b as f64));
    // `x /= 2` must turn an integer variable into a float, which needs the variable itself.
    engine.register_fn("/=", |a: &mut Dynamic, b: Dynamic| -> Fallible<()> {
        let (Some(left), Some(right)) = (crate::convert::number(a), crate::convert::number(&b))
        else {
            return Err(Problem::new("no operator for these sides of /=").into());
        };
        *a = Dynamic::from_float(divide(left, right)?);
        Ok(())
    });
    engine.register_fn("%", |a: f64, b: f64| remainder(a, b));
    engine.register_fn("%", |a: i64, b: f64| remainder(a as f64, b));
    engine.register_fn("%", |a: f64, b: i64| remainder(a, b as f64));
    macro_rules! comparison {
        ($($name:literal $op:tt),*) => {$(
            engine.register_fn($name, |a: f64, b: f64| a $op b);
            engine.register_fn($name, |a: i64, b: f64| (a as f64) $op b);
            engine.register_fn($name, |a: f64, b: i64| a $op (b as f64));
        )*};
    }
    comparison!("==" ==, "!=" !=, "<" <, "<=" <=, ">" >, ">=" >=);
}

fn arithmetic(shared: &Shared, op: BinaryOp, a: &Vector, b: &Vector) -> Fallible<Vector> {
    let (values, warning) = a.binary(op, b).raise()?;
    if let Some(warning) = warning {
        shared.warn(&warning);
    }
    Ok(values)
}

fn columns(library: &mut Library<'_>) {
    let shared = library.shared();
    let engine = &mut *library.engine;
    let operators = [
        ("+", BinaryOp::Add),
        ("-", BinaryOp::Sub),
        ("*", BinaryOp::Mul),
        ("/", BinaryOp::Div),
        ("%", BinaryOp::Rem),
        ("**", BinaryOp::Pow),
    ];
    for (name, op) in operators {
        macro_rules! pair {
            ($left:ty, $right:ty, $a:ident => $first:expr, $b:ident => $second:expr) => {
                let s = Rc::clone(&shared);
                engine.register_fn(name, move |$a: $left, $b: $right| {
                    arithmetic(&s, op, &$first, &$second)
                });
            };
        }
        pair!(Vector, Vector, a => a, b => b);
        pair!(Vector, f64, a => a, b => Vector::from_floats([b]));
        pair!(Vector, i64, a => a, b => Vector::from_ints([b]));
        pair!(f64, Vector, a => Vector::from_floats([a]), b => b);
        pair!(i64, Vector, a => Vector::from_ints([a]), b => b);
        pair!(Vector, Date, a => a, b => Vector::from(Cell::Date(b)));
        pair!(Date, Vector, a => Vector::from(Cell::Date(a)), b => b);
    }
    let comparisons: [(&str, fn(Ordering) -> bool); 6] = [
        ("==", Ordering::is_eq),
        ("!=", Ordering::is_ne),
        ("<", Ordering::is_lt),
        ("<=", Ordering::is_le),
        (">", Ordering::is_gt),
        (">=", Ordering::is_ge),
    ];
    for (name, accept) in comparisons {
        engine.register_fn(name, move |a: Vector, b: Vector| a.compare(&b, accept).raise());
        engine.register_fn(name, move |a: Vector, b: f64| {
            a.compare(&Vector::from_floats([b]), accept).raise()
        });
        engine.register_fn(name, move |a: Vector, b: i64| {
            a.compare(&Vector::from_ints([b]), accept).raise()
        });
        engine.register_fn(name, move |a: Vector, b: ImmutableString| {
            a.compare(&Vector::from(Cell::Text(b.to_string())), accept).raise()
        });
        engine.register_fn(name, move |a: Vector, b: bool| {
            a.compare(&Vector::from(Cell::Bool(b)), accept).raise()
        });
        engine.register_fn(name, move |a: Vector, b: Date| {
            a.compare(&Vector::from(Cell::Date(b)), accept).raise()
        });
        engine.register_fn(name, move |a: Date, b: Vector| {
            Vector::from(Cell::Date(a)).compare(&b, accept).raise()
        });
        engine.register_fn(name, move |a: f64, b: Vector| {
            Vector::from_floats([a]).compare(&b, accept).raise()
        });
        engine.register_fn(name, move |a: i64, b: Vector| {
            Vector::from_ints([a]).compare(&b, accept).raise()
        });
    }
}

/// Mathematical functions of numbers and columns.
fn functions(library: &mut Library<'_>) {
    let shared = library.shared();
    let engine = &mut *library.engine;
    let functions = [
        ("log", MathFn::Log),
        ("log10", MathFn::Log10),
        ("exp", MathFn::Exp),
        ("sqrt", MathFn::Sqrt),
        ("abs", MathFn::Abs),
    ];
    for (name, function) in functions {
        let s = Rc::clone(&shared);
        engine.register_fn(name, move |v: Vector| map(&s, &v, function));
        if function != MathFn::Abs {
            engine.register_fn(name, move |x: f64| scalar(name, function, x));
            engine.register_fn(name, move |x: i64| scalar(name, function, x as f64));
        }
    }
    let s = shared;
    engine.register_fn("-", move |v: Vector| map(&s, &v, MathFn::Neg));
    engine.register_fn("round", |x: f64, digits: i64| round(x, digits));
    engine.register_fn("round", |x: i64, digits: i64| round(x as f64, digits));
    engine.register_fn("div", |a: i64, b: i64| -> Fallible<i64> {
        a.checked_div(b).ok_or_else(|| Problem::new(format!("div: {a} by {b}")).into())
    });
}

/// `x` rounded half away from zero at `digits` places after the point.
fn round(x: f64, digits: i64) -> Fallible<f64> {
    if !(0..=15).contains(&digits) {
        return Err(Problem::new(format!("round: digits must lie in 0..=15, got {digits}")).into());
    }
    let unit = 10_f64.powi(digits as i32);
    let scaled = (x * unit).round() / unit;
    Ok(if scaled.is_finite() { scaled } else { x })
}

fn map(shared: &Shared, values: &Vector, function: MathFn) -> Fallible<Vector> {
    let (values, warning) = values.map(function).raise()?;
    if let Some(warning) = warning {
        shared.warn(&warning);
    }
    Ok(values)
}

fn scalar(name: &'static str, function: MathFn, x: f64) -> Fallible<f64> {
    let value = function.apply(x);
    if value.is_finite() || !x.is_finite() {
        return Ok(value);
    }
    Err(Problem::new(format!("{name}({x}) is no finite number")).into())
}
