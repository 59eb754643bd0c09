//! Option maps: the last argument of a call, `#{ name: value }`.

use esep_stdlib::{Choice, Error};
use rhai::{Dynamic, FnPtr, Map};

use crate::convert;
use crate::report::{Fallible, Raise};

/// The options of one call; remembers which names were asked for, so that [`Options::finish`]
/// can reject all others and list them.
pub(crate) struct Options {
    primitive: &'static str,
    given: Map,
    asked: Vec<&'static str>,
}

impl Options {
    /// The options `given` to `primitive`.
    pub(crate) fn new(primitive: &'static str, given: Map) -> Self {
        Self { primitive, given, asked: Vec::new() }
    }

    /// Whether `name` was given; counts as asked for.
    pub(crate) fn has(&mut self, name: &'static str) -> bool {
        self.ask(name);
        self.given.contains_key(name)
    }

    fn ask(&mut self, name: &'static str) {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
    }

    /// The raw value of `name`, taken out of the map.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Dynamic> {
        self.ask(name);
        self.given.remove(name)
    }

    /// Puts a value back under `name`.
    pub(crate) fn put(&mut self, name: &'static str, value: Dynamic) {
        self.given.insert(name.into(), value);
    }

    fn wrong(&self, name: &'static str, rule: &str, value: &Dynamic) -> Error {
        Error::Invalid {
            primitive: self.primitive,
            parameter: name,
            rule: rule.to_owned(),
            value: convert::brief(value),
        }
    }

    /// A number.
    pub(crate) fn float(&mut self, name: &'static str, default: f64) -> Fallible<f64> {
        Ok(self.optional_float(name)?.unwrap_or(default))
    }

    /// A number, if given.
    pub(crate) fn optional_float(&mut self, name: &'static str) -> Fallible<Option<f64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match convert::number(&value) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(name, "be a number", &value)).raise(),
        }
    }

    /// A whole number of at least 0.
    pub(crate) fn count(&mut self, name: &'static str, default: usize) -> Fallible<usize> {
        Ok(self.optional_count(name)?.unwrap_or(default))
    }

    /// A whole number of at least 0, if given.
    pub(crate) fn optional_count(&mut self, name: &'static str) -> Fallible<Option<usize>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match convert::whole(&value).and_then(|n| usize::try_from(n).ok()) {
            Some(n) => Ok(Some(n)),
            None => Err(self.wrong(name, "be a whole number of at least 0", &value)).raise(),
        }
    }

    /// The option `seed`.
    pub(crate) fn seed(&mut self, default: u64) -> Fallible<u64> {
        Ok(self.optional_count("seed")?.map_or(default, |n| n as u64))
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, name: &'static str, default: bool) -> Fallible<bool> {
        let Some(value) = self.take(name) else { return Ok(default) };
        match value.as_bool() {
            Ok(flag) => Ok(flag),
            Err(_) => Err(self.wrong(name, "be true or false", &value)).raise(),
        }
    }

    /// A text, if given.
    pub(crate) fn text(&mut self, name: &'static str) -> Fallible<Option<String>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.clone().into_string() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(self.wrong(name, "be a text", &value)).raise(),
        }
    }

    /// One text or an array of texts, if given.
    pub(crate) fn texts(&mut self, name: &'static str) -> Fallible<Option<Vec<String>>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match convert::texts(&value) {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.wrong(name, "be a text or an array of texts", &value)).raise(),
        }
    }

    /// One of a closed set of spellings.
    pub(crate) fn choice<C: Choice>(&mut self, name: &'static str, default: C) -> Fallible<C> {
        match self.text(name)? {
            Some(text) => C::parse(self.primitive, name, &text).raise(),
            None => Ok(default),
        }
    }

    /// A map of named values, if given.
    pub(crate) fn map(&mut self, name: &'static str) -> Fallible<Option<Map>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.clone().try_cast::<Map>() {
            Some(map) => Ok(Some(map)),
            None => Err(self.wrong(name, "be a map #{ name: value }", &value)).raise(),
        }
    }

    /// A map of named numbers, if given.
    pub(crate) fn numbers(&mut self, name: &'static str) -> Fallible<Option<Vec<(String, f64)>>> {
        let Some(map) = self.map(name)? else { return Ok(None) };
        let mut numbers = Vec::new();
        for (key, value) in map {
            match convert::number(&value) {
                Some(number) => numbers.push((key.to_string(), number)),
                None => return Err(self.wrong(name, "hold numbers only", &value)).raise(),
            }
        }
        Ok(Some(numbers))
    }

    /// A closure, if the option holds one; any other value is put back.
    pub(crate) fn closure(&mut self, name: &'static str) -> Option<FnPtr> {
        self.ask(name);
        let closure = self.given.get(name)?.clone().try_cast::<FnPtr>()?;
        self.given.remove(name);
        Some(closure)
    }

    /// An error for whatever was given and never asked for.
    pub(crate) fn finish(self) -> Fallible<()> {
        match self.given.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::UnknownName {
                primitive: self.primitive.to_owned(),
                kind: "option".into(),
                name: name.to_string(),
                known: self.asked.iter().map(|n| (*n).to_owned()).collect(),
            })
            .raise(),
        }
    }
}
