//! The options that scoring takes, and closures on their way to stdlib.

use std::cell::RefCell;

use esep_stdlib::readiness::{
    Aggregator, AggregatorOptions, Callbacks, Direction, Fill, FillParams, Framework, Missing,
    Normaliser, ReadinessParams, RescaleParams, TreatParams, WeightMethod, ZeroRule,
};
use esep_stdlib::table::Cell;
use esep_stdlib::{Choice, Error, Result, Table, Vector};
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use crate::convert;
pub(super) use crate::convert::invalid;
use crate::options::Options;
use crate::report::{Fallible, Raise};

/// The closures of one call, and the script error that ended one of them.
#[derive(Default)]
pub(super) struct Closures {
    pub aggregate: Vec<FnPtr>,
    pub normalise: Vec<FnPtr>,
    pub weights: Vec<FnPtr>,
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
        for function in &self.weights {
            callbacks.weights.push(Box::new(move |table: &Table| {
                let answer = self.call(context, function, vec![Dynamic::from(table.clone())])?;
                weights_by_name(&answer, &table.columns()).ok_or_else(|| Error::Callback {
                    message: format!(
                        "weights: the closure must return a labelled vector, a map or one number \
                         a column, got {}",
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

/// Weights that a closure returned: by label, by key, or one by one in order of `columns`.
fn weights_by_name(answer: &Dynamic, columns: &[String]) -> Option<Vec<(String, f64)>> {
    if let Some(map) = answer.read_lock::<Map>() {
        let pair = |(name, number): (&rhai::Identifier, &Dynamic)| {
            Some((name.to_string(), convert::number(number)?))
        };
        return map.iter().map(pair).collect();
    }
    let labels = answer.read_lock::<Vector>().and_then(|vector| vector.labels().cloned());
    let values: Vec<f64> = numbers(answer)?.into_iter().collect::<Option<_>>()?;
    match labels {
        Some(labels) => labels
            .iter()
            .zip(values)
            .map(|(label, value)| Some((label?.to_owned(), value)))
            .collect(),
        None if values.len() == columns.len() => {
            Some(columns.iter().cloned().zip(values).collect())
        }
        None => None,
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
        lower: options.optional_float("lower")?,
        upper: options.optional_float("upper")?,
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
pub(super) fn rescale(
    primitive: &'static str,
    options: &mut Options,
    base: RescaleParams,
) -> Fallible<RescaleParams> {
    let mut params = base;
    if let Some(range) = options.take("range") {
        params.range = pair(primitive, "range", &range)?;
    }
    if let Some(moments) = options.take("moments") {
        params.moments = pair(primitive, "moments", &moments)?;
    }
    params.ties = options.choice("ties", params.ties)?;
    if let Some(reference) = options.text("reference")? {
        params.reference = Some(reference);
    }
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

/// The columns in which less is better: option `direction` (text, or column -> "negative" or -1)
/// and its short form `negative` (names).
pub(super) fn negative(
    primitive: &'static str,
    options: &mut Options,
    columns: &[String],
) -> Fallible<Vec<String>> {
    let mut negative = options.texts("negative")?.unwrap_or_default();
    let Some(value) = options.take("direction") else { return Ok(negative) };
    let rule = "be \"positive\", \"negative\", or column -> one of these, 1 or -1";
    let read = |value: &Dynamic| -> Fallible<Direction> {
        if let Ok(name) = value.clone().into_string() {
            return Direction::parse(primitive, "direction", &name).raise();
        }
        match convert::number(value) {
            Some(1.0) => Ok(Direction::Positive),
            Some(-1.0) => Ok(Direction::Negative),
            _ => invalid(primitive, "direction", rule, value),
        }
    };
    let mut add = |name: String, direction: Direction| {
        if direction == Direction::Negative {
            negative.push(name);
        }
    };
    if let Some(map) = value.read_lock::<Map>() {
        for (name, direction) in map.iter() {
            add(name.to_string(), read(direction)?);
        }
    } else if value.is::<Vector>() {
        for (name, sign) in named_numbers(primitive, "direction", &value)? {
            add(name, read(&Dynamic::from_float(sign))?);
        }
    } else {
        let direction = read(&value)?;
        columns.iter().for_each(|name| add(name.clone(), direction));
    }
    Ok(negative)
}

/// The options of treatment.
pub(super) fn treatment(primitive: &'static str, given: Map) -> Fallible<TreatParams> {
    let mut options = Options::new(primitive, given);
    let defaults = TreatParams::default();
    let params = TreatParams {
        max_winsorised: options.count("max_winsorised", defaults.max_winsorised)?,
        skewness: options.float("skewness", defaults.skewness)?,
        kurtosis: options.float("kurtosis", defaults.kurtosis)?,
        then: options.choice("then", defaults.then)?,
    };
    options.finish()?;
    Ok(params)
}

/// The slots `impute` (a method, or `#{ method, by }`) and `treat` (`true` or its options).
fn first_steps(
    primitive: &'static str,
    options: &mut Options,
    params: &mut ReadinessParams,
) -> Fallible<()> {
    match options.take("impute") {
        None => {}
        Some(value) if value.is_unit() => params.impute = None,
        Some(value) if value.is_map() => {
            let mut own = Options::new(primitive, value.cast::<Map>());
            let method = own.choice("method", Fill::Mean)?;
            let by = own.text("by")?;
            own.finish()?;
            params.impute = Some(FillParams { method, by });
        }
        Some(value) => {
            let Ok(name) = value.clone().into_string() else {
                let rule = "be a method or #{ method: name, by: column }";
                return invalid(primitive, "impute", rule, &value);
            };
            let method = Fill::parse(primitive, "impute", &name).raise()?;
            params.impute = Some(FillParams { method, by: None });
        }
    }
    match options.take("treat") {
        None => {}
        Some(value) if value.is_map() => {
            params.treat = Some(treatment(primitive, value.cast::<Map>())?);
        }
        Some(value) => match value.as_bool() {
            Ok(wanted) => params.treat = wanted.then(TreatParams::default),
            Err(_) => {
                return invalid(primitive, "treat", "be true, false or treat's options", &value);
            }
        },
    }
    Ok(())
}

/// The parameters of scoring, and its closures.
pub(super) fn readiness(
    primitive: &'static str,
    given: Map,
    framework: &Framework,
) -> Fallible<(ReadinessParams, Closures)> {
    readiness_over(primitive, Options::new(primitive, given), framework, ReadinessParams::default())
}

/// The same over other defaults: what is not given stays as in `base`.
///
/// A closure in `base` is no longer at hand: it must be given again.
pub(super) fn readiness_over(
    primitive: &'static str,
    mut options: Options,
    framework: &Framework,
    base: ReadinessParams,
) -> Fallible<(ReadinessParams, Closures)> {
    let mut params = base;
    forget_replaced(&mut options, &mut params);
    if let Some(parameter) = params.kept_closure() {
        return Err(Error::Invalid {
            primitive,
            parameter,
            rule: "be given again, because its closure is not kept with the result".into(),
            value: "nothing".into(),
        })
        .raise();
    }
    let mut closures = Closures::default();
    first_steps(primitive, &mut options, &mut params)?;
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
    params.rescale = rescale(primitive, &mut options, params.rescale)?;
    if let Some(value) = options.take("weights") {
        weights(primitive, &value, framework, &mut params, &mut closures)?;
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
    if let Some(rule) = zero(primitive, &mut options)? {
        params.zero = Some(rule);
    }
    if let Some(name) = options.text("missing")? {
        params.missing = Some(Missing::parse(primitive, "missing", &name).raise()?);
    }
    if let Some(decimals) = options.optional_count("round_blocks")? {
        params.round_blocks = Some(decimals as u32);
    }
    options.finish()?;
    Ok((params, closures))
}

/// Empties those fields of `params` that a given option replaces as a whole.
fn forget_replaced(options: &mut Options, params: &mut ReadinessParams) {
    let whole = |options: &mut Options, name: &'static str| -> bool {
        let value = options.take(name);
        let nodes = value.as_ref().is_some_and(|value| {
            value.read_lock::<Map>().is_some_and(|map| !map.contains_key("rule"))
        });
        let given = value.is_some();
        if let Some(value) = value {
            options.put(name, value);
        }
        given && !nodes
    };
    if whole(options, "normalise") {
        params.normalise_items.clear();
        params.normalise = Normaliser::default();
    }
    if whole(options, "aggregate") {
        params.aggregate_nodes.clear();
        params.aggregate = None;
    }
    if whole(options, "weights") {
        params.weight_methods.clear();
    }
}

/// Weights: numbers by node, a labelled vector, a method or closure for the blocks, or by node.
fn weights(
    primitive: &'static str,
    value: &Dynamic,
    framework: &Framework,
    params: &mut ReadinessParams,
    closures: &mut Closures,
) -> Fallible<()> {
    let index = &framework.root.code;
    let method = |name: &str| WeightMethod::parse(primitive, "weights", name).raise();
    let mut own = |function: &FnPtr| {
        closures.weights.push(function.clone());
        WeightMethod::Custom(closures.weights.len() - 1)
    };
    if let Some(function) = value.read_lock::<FnPtr>() {
        params.weight_methods.push((index.to_owned(), own(&function)));
        return Ok(());
    }
    if let Ok(name) = value.clone().into_string() {
        params.weight_methods.push((index.to_owned(), method(&name)?));
        return Ok(());
    }
    if let Some(map) = value.read_lock::<Map>() {
        for (node, given) in map.iter() {
            if let Some(function) = given.read_lock::<FnPtr>() {
                params.weight_methods.push((node.to_string(), own(&function)));
            } else if let Ok(name) = given.clone().into_string() {
                params.weight_methods.push((node.to_string(), method(&name)?));
            } else if let Some(number) = convert::number(given) {
                fix(params, framework, node, number);
            } else {
                let rule = "hold numbers, names of methods or closures |table|";
                return invalid(primitive, "weights", rule, given);
            }
        }
        return Ok(());
    }
    if value.is::<Vector>() {
        for (node, number) in named_numbers(primitive, "weights", value)? {
            fix(params, framework, &node, number);
        }
        return Ok(());
    }
    let rule = "be a map #{ node: number }, a labelled vector, the name of a method or a closure";
    invalid(primitive, "weights", rule, value)
}

/// Fixes one weight; a method for its siblings no longer holds.
fn fix(params: &mut ReadinessParams, framework: &Framework, node: &str, weight: f64) {
    let holds = |parent: &str| {
        let parent = framework.find("weights", parent);
        parent.is_ok_and(|parent| parent.children().iter().any(|child| child.code == node))
    };
    params.weight_methods.retain(|(parent, _)| !holds(parent));
    params.weights.push((node.to_owned(), weight));
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
