//! The options that scoring takes, and closures on their way to stdlib.

use std::cell::RefCell;

use esep_stdlib::readiness::{
    Aggregator, AggregatorOptions, Callbacks, Framework, Missing, Normaliser, ReadinessParams,
    RescaleParams, WeightMethod, ZeroRule,
};
use esep_stdlib::table::Cell;
use esep_stdlib::{Choice, Error, Result, Vector};
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use crate::convert;
use crate::options::Options;
use crate::report::{Fallible, Raise};

/// The closures of one call, and the script error that ended one of them.
#[derive(Default)]
pub(super) struct Closures {
    pub aggregate: Vec<FnPtr>,
    pub normalise: Vec<FnPtr>,
    failure: RefCell<Option<Box<EvalAltResult>>>,
}

impl Closures {
    fn call(
        &self,
        context: &NativeCallContext,
        function: &FnPtr,
        arguments: Vec<Dynamic>,
    ) -> Result<Dynamic> {
        function.call_raw(context, None, arguments).map_err(|error| {
            let message = error.to_string();
            *self.failure.borrow_mut() = Some(error);
            Error::Callback { message }
        })
    }

    /// The closures as stdlib calls them.
    pub fn callbacks<'a>(&'a self, context: &'a NativeCallContext<'a>) -> Callbacks<'a> {
        let mut callbacks = Callbacks::default();
        for function in &self.aggregate {
            callbacks.aggregate.push(Box::new(move |values: &[f64], weights: &[f64]| {
                let vector =
                    |numbers: &[f64]| Dynamic::from(Vector::from_floats(numbers.iter().copied()));
                let arguments = vec![vector(values), vector(weights)];
                let answer = self.call(context, function, arguments)?;
                convert::number(&answer).ok_or_else(|| Error::Callback {
                    message: format!(
                        "aggregate: the closure must return a number, got {}",
                        convert::brief(&answer)
                    ),
                })
            }));
        }
        for function in &self.normalise {
            callbacks.normalise.push(Box::new(move |name: &str, values: &[Option<f64>]| {
                let vector = Vector::from_options(values.iter().copied()).named(name);
                let answer = self.call(context, function, vec![Dynamic::from(vector)])?;
                numbers(&answer).ok_or_else(|| Error::Callback {
                    message: format!(
                        "normalise: the closure must return a vector of numbers, got {}",
                        convert::brief(&answer)
                    ),
                })
            }));
        }
        callbacks
    }

    /// `result`, or the script's own error where a closure ended it.
    pub fn settle<T>(&self, result: Result<T>) -> Fallible<T> {
        match (result, self.failure.borrow_mut().take()) {
            (Err(_), Some(failure)) => Err(failure),
            (result, _) => result.raise(),
        }
    }
}

/// The numbers of a vector or array, `None` where missing.
pub(super) fn numbers(value: &Dynamic) -> Option<Vec<Option<f64>>> {
    if let Some(vector) = value.read_lock::<Vector>() {
        return Some(vector.floats().ok()?.iter().collect());
    }
    let array = value.read_lock::<Array>()?;
    array
        .iter()
        .map(|item| if item.is_unit() { Some(None) } else { convert::number(item).map(Some) })
        .collect()
}

pub(super) fn invalid<T>(
    primitive: &'static str,
    parameter: &'static str,
    rule: &str,
    value: &Dynamic,
) -> Fallible<T> {
    Err(Error::Invalid { primitive, parameter, rule: rule.into(), value: convert::brief(value) })
        .raise()
}

/// Two numbers `[low, high]`.
fn pair(primitive: &'static str, parameter: &'static str, value: &Dynamic) -> Fallible<(f64, f64)> {
    match numbers(value).as_deref() {
        Some([Some(low), Some(high)]) => Ok((*low, *high)),
        _ => invalid(primitive, parameter, "be two numbers [low, high]", value),
    }
}

/// Names with numbers: a map or a labelled vector.
pub(super) fn named_numbers(
    primitive: &'static str,
    parameter: &'static str,
    value: &Dynamic,
) -> Fallible<Vec<(String, f64)>> {
    let rule = "be a map #{ name: number } or a labelled vector";
    if let Some(vector) = value.read_lock::<Vector>() {
        let (Some(labels), Ok(values)) = (vector.labels(), vector.floats()) else {
            return invalid(primitive, parameter, rule, value);
        };
        let pairs = labels.iter().zip(values.iter());
        let named: Option<Vec<_>> = pairs.map(|(l, v)| Some((l?.to_owned(), v?))).collect();
        return named.map_or_else(|| invalid(primitive, parameter, rule, value), Ok);
    }
    let Some(map) = value.read_lock::<Map>() else {
        return invalid(primitive, parameter, rule, value);
    };
    map.iter()
        .map(|(name, number)| match convert::number(number) {
            Some(number) => Ok((name.to_string(), number)),
            None => invalid(primitive, parameter, "hold numbers only", number),
        })
        .collect()
}

/// One aggregation rule: a name, a map `#{ rule: "power", p: 2 }` or a closure.
pub(super) fn aggregator(
    primitive: &'static str,
    value: &Dynamic,
    closures: &mut Closures,
) -> Fallible<Aggregator> {
    if let Some(function) = value.read_lock::<FnPtr>() {
        closures.aggregate.push(function.clone());
        return Ok(Aggregator::Custom(closures.aggregate.len() - 1));
    }
    if let Ok(name) = value.clone().into_string() {
        return Aggregator::named(primitive, &name, &AggregatorOptions::default()).raise();
    }
    let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
        let rule = "be a name, a map #{ rule: name, ... } or a closure |values, weights|";
        return invalid(primitive, "aggregate", rule, value);
    };
    let mut options = Options::new(primitive, map);
    let name = options.text("rule")?.unwrap_or_default();
    let order = match options.take("order") {
        None => None,
        Some(order) => match numbers(&order).and_then(|list| list.into_iter().collect()) {
            Some(list) => Some(list),
            None => return invalid(primitive, "order", "be an array of numbers", &order),
        },
    };
    let given = AggregatorOptions {
        p: options.optional_float("p")?,
        order,
        alpha: options.optional_float("alpha")?,
        pass: options.optional_float("pass")?,
        reward: options.has("reward").then(|| options.flag("reward", false)).transpose()?,
    };
    options.finish()?;
    Aggregator::named(primitive, &name, &given).raise()
}

/// One normaliser: a name or a closure over the values of an item.
pub(super) fn normaliser(
    primitive: &'static str,
    value: &Dynamic,
    closures: &mut Closures,
) -> Fallible<Normaliser> {
    if let Some(function) = value.read_lock::<FnPtr>() {
        closures.normalise.push(function.clone());
        return Ok(Normaliser::Custom(closures.normalise.len() - 1));
    }
    match value.clone().into_string() {
        Ok(name) => Normaliser::parse(primitive, "normalise", &name).raise(),
        Err(_) => invalid(primitive, "normalise", "be a name or a closure |values|", value),
    }
}

/// What data-driven normalisers may be told.
pub(super) fn rescale(primitive: &'static str, options: &mut Options) -> Fallible<RescaleParams> {
    let mut params = RescaleParams::default();
    if let Some(range) = options.take("range") {
        params.range = pair(primitive, "range", &range)?;
    }
    if let Some(moments) = options.take("moments") {
        params.moments = pair(primitive, "moments", &moments)?;
    }
    params.ties = options.choice("ties", params.ties)?;
    params.reference = options.text("reference")?;
    if let Some(targets) = options.take("targets") {
        params.targets = named_numbers(primitive, "targets", &targets)?;
    }
    if let Some(posts) = options.map("goalposts")? {
        for (name, value) in posts {
            params.goalposts.push((name.to_string(), pair(primitive, "goalposts", &value)?));
        }
    }
    Ok(params)
}

/// The zero rule of options `zero` and `floor`.
pub(super) fn zero(primitive: &'static str, options: &mut Options) -> Fallible<Option<ZeroRule>> {
    let floor = options.optional_float("floor")?;
    let height = floor.unwrap_or(ZeroRule::FLOOR);
    match (options.text("zero")?, floor) {
        (Some(name), _) => ZeroRule::parse(primitive, &name, height).raise().map(Some),
        (None, Some(_)) => ZeroRule::parse(primitive, "floor", height).raise().map(Some),
        (None, None) => Ok(None),
    }
}

/// The parameters of scoring, and its closures.
pub(super) fn readiness(
    primitive: &'static str,
    given: Map,
    framework: &Framework,
) -> Fallible<(ReadinessParams, Closures)> {
    let mut options = Options::new(primitive, given);
    let mut closures = Closures::default();
    let mut params = ReadinessParams::default();
    match options.take("normalise") {
        None => {}
        Some(value) if value.is::<Map>() => {
            for (item, rule) in value.cast::<Map>() {
                let rule = normaliser(primitive, &rule, &mut closures)?;
                params.normalise_items.push((item.to_string(), rule));
            }
        }
        Some(value) => params.normalise = normaliser(primitive, &value, &mut closures)?,
    }
    params.rescale = rescale(primitive, &mut options)?;
    if let Some(value) = options.take("weights") {
        weights(primitive, &value, &framework.root.code, &mut params)?;
    }
    match options.take("aggregate") {
        None => {}
        Some(value) if value.read_lock::<Map>().is_some_and(|map| !map.contains_key("rule")) => {
            for (node, rule) in value.cast::<Map>() {
                let rule = aggregator(primitive, &rule, &mut closures)?;
                params.aggregate_nodes.push((node.to_string(), rule));
            }
        }
        Some(value) => params.aggregate = Some(aggregator(primitive, &value, &mut closures)?),
    }
    params.zero = zero(primitive, &mut options)?;
    params.missing = match options.text("missing")? {
        Some(name) => Some(Missing::parse(primitive, "missing", &name).raise()?),
        None => None,
    };
    params.round_blocks = options.optional_count("round_blocks")?.map(|n| n as u32);
    options.finish()?;
    Ok((params, closures))
}

/// Weights: numbers by node, a labelled vector, a method for the blocks, or methods by node.
fn weights(
    primitive: &'static str,
    value: &Dynamic,
    index: &str,
    params: &mut ReadinessParams,
) -> Fallible<()> {
    let method = |name: &str| WeightMethod::parse(primitive, "weights", name).raise();
    if let Ok(name) = value.clone().into_string() {
        params.weight_methods.push((index.to_owned(), method(&name)?));
        return Ok(());
    }
    if let Some(map) = value.read_lock::<Map>() {
        for (node, given) in map.iter() {
            if let Ok(name) = given.clone().into_string() {
                params.weight_methods.push((node.to_string(), method(&name)?));
            } else if let Some(number) = convert::number(given) {
                params.weights.push((node.to_string(), number));
            } else {
                let rule = "hold numbers, or names of methods";
                return invalid(primitive, "weights", rule, given);
            }
        }
        return Ok(());
    }
    if value.is::<Vector>() {
        params.weights = named_numbers(primitive, "weights", value)?;
        return Ok(());
    }
    let rule = "be a map #{ node: number }, a labelled vector or the name of a method";
    invalid(primitive, "weights", rule, value)
}

/// A script value as the JSON that frameworks are described in.
pub(super) fn json(value: &Dynamic) -> serde_json::Value {
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(key, item)| (key.to_string(), json(item))).collect();
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(json).collect();
    }
    if let Some(vector) = value.read_lock::<Vector>() {
        return vector.cells().map(cell).collect();
    }
    if let Ok(truth) = value.as_bool() {
        return truth.into();
    }
    if let Ok(whole) = value.as_int() {
        return whole.into();
    }
    if let Ok(number) = value.as_float() {
        return number.into();
    }
    if value.is_unit() { serde_json::Value::Null } else { value.to_string().into() }
}

fn cell(cell: Cell) -> serde_json::Value {
    match cell {
        Cell::Float(x) => x.into(),
        Cell::Int(i) => i.into(),
        Cell::Bool(b) => b.into(),
        Cell::Text(text) => text.into(),
        Cell::Date(date) => date.to_string().into(),
        Cell::Missing => serde_json::Value::Null,
    }
}
