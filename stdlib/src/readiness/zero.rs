//! What happens to zeros where they would wipe out an aggregate.

/// The rule for zeros in a product.
///
/// A geometric mean with one zero is zero, whatever else a unit does well. The rule is applied by
/// aggregators that a zero wipes out (geometric, harmonic, power with p <= 0) and, for a closure,
/// where its answer to values with zeros is zero or no number at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ZeroRule {
    /// Values below this count as this, in (0, 1).
    Floor(f64),
    /// Zeros count as factor 1: out of the product, but in the root (their weight stays).
    Skip,
    /// Zeros are left out together with their weight.
    Drop,
    /// Zeros stay zeros.
    Keep,
    /// Zeros are refused.
    Error,
}

impl ZeroRule {
    /// The floor used unless another is named.
    pub const FLOOR: f64 = 0.01;

    /// The spellings that scripts use.
    pub const NAMES: [&'static str; 5] = ["floor", "skip", "drop", "keep", "error"];

    /// The rule spelled `text`; a floor takes `floor` as its value.
    pub fn parse(primitive: &str, text: &str, floor: f64) -> crate::Result<Self> {
        match text {
            "floor" if floor > 0.0 && floor < 1.0 => Ok(Self::Floor(floor)),
            "floor" => Err(crate::Error::Invalid {
                primitive: "readiness",
                parameter: "floor",
                rule: "lie strictly between 0 and 1".into(),
                value: floor.to_string(),
            }),
            "skip" => Ok(Self::Skip),
            "drop" => Ok(Self::Drop),
            "keep" => Ok(Self::Keep),
            "error" => Ok(Self::Error),
            _ => Err(crate::Error::UnknownName {
                primitive: primitive.to_owned(),
                kind: "value for zero".into(),
                name: text.to_owned(),
                known: Self::NAMES.map(String::from).to_vec(),
            }),
        }
    }

    /// How scripts spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor(_) => "floor",
            Self::Skip => "skip",
            Self::Drop => "drop",
            Self::Keep => "keep",
            Self::Error => "error",
        }
    }
}
