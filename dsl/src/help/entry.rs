//! What is said about a function or a type.

/// One function or method of the language.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Name as typed.
    pub name: &'static str,
    /// Type it is a method of, if it reads as one (`t.sort(...)`).
    pub on: Option<&'static str>,
    /// Room it belongs to: `"tables"`, `"readiness"`, `"clusters"`, `"frontiers"`, ...
    pub room: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// How a call looks, e.g. `"hclust(table, options)"`.
    pub signature: &'static str,
    /// Arguments, then the options.
    pub params: &'static [Param],
    /// What comes back, with shapes and units.
    pub returns: &'static str,
    /// Rival names and other words a user may search by.
    pub search: &'static [&'static str],
    /// When it fails.
    pub errors: &'static [&'static str],
    /// Names of related entries.
    pub see_also: &'static [&'static str],
    /// Published source: author, year, equation; empty when there is none.
    pub source: &'static str,
    /// Runnable examples on bundled data.
    pub examples: &'static [Example],
}

/// One argument or option.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Name.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: &'static str,
    /// Default, as typed; `None` for a required argument.
    pub default: Option<&'static str>,
    /// Meaning, with domain and unit.
    pub meaning: &'static str,
    /// Whether it stands in the option map.
    pub option: bool,
}

impl Param {
    /// A required argument.
    pub const fn arg(name: &'static str, kind: &'static str, meaning: &'static str) -> Self {
        Self { name, kind, default: None, meaning, option: false }
    }

    /// An entry of the option map.
    pub const fn option(
        name: &'static str,
        kind: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, kind, default: Some(default), meaning, option: true }
    }
}

/// A runnable example.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Script.
    pub code: &'static str,
    /// Plain text that the display of its last value must contain; empty if running is enough.
    pub shows: &'static str,
}

/// A type of value.
#[derive(Debug, Clone, Copy)]
pub struct TypeEntry {
    /// Name as `type_of` gives it.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Properties read with a dot.
    pub fields: &'static [Field],
}

/// A property of a type.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: &'static str,
    /// Meaning, with shape and unit.
    pub meaning: &'static str,
}

impl Field {
    /// A property.
    pub const fn new(name: &'static str, kind: &'static str, meaning: &'static str) -> Self {
        Self { name, kind, meaning }
    }
}
