//! Numbers for readers: enough digits, no more.

/// Significant digits that a table shows at most.
const DIGITS: i32 = 6;

/// `x` with up to ten significant digits, trailing zeros dropped; always recognisable as a float.
pub fn float(x: f64) -> String {
    let text = significant(x, 10);
    if text.contains(['.', 'e', 'n', 'i']) { text } else { format!("{text}.0") }
}

/// `x` with up to `digits` significant digits, trailing zeros dropped.
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { x.to_string() };
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), x);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-5..15).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trim(&format!("{x:.decimals$}"))
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}

fn trim(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// How a column of numbers is written, the same for all its cells so that they align.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// So many digits after the point; a number that would read as zero stands in powers of ten.
    Fixed(usize),
    /// Scientific, so many digits after the point of the mantissa.
    Scientific(usize),
}

impl Format {
    /// The fewest digits that still show every value of a column to six significant digits of its
    /// largest, and the smallest to at least three.
    ///
    /// Powers of ten stand only where all values lie below 1e-4, or one at 1e15 or beyond; among
    /// larger values those below 1e-4 get no decimals of their own.
    pub fn for_values(values: impl Iterator<Item = f64>) -> Self {
        let finite: Vec<f64> = values.filter(|v| v.is_finite() && *v != 0.0).collect();
        let largest = finite.iter().map(|v| v.abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            return Self::Fixed(0);
        }
        if !(1e-4..1e15).contains(&largest) {
            return Self::Scientific(4);
        }
        let magnitude = largest.log10().floor() as i32;
        let plain = || finite.iter().copied().filter(|v| v.abs() >= 1e-4);
        let needed = |v: f64| {
            let text = significant(v, DIGITS as usize);
            text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
        };
        let widest = plain().map(needed).max().unwrap_or(0);
        // Beyond the digits that the largest value needs, small values keep three of their own.
        let by_largest = (DIGITS - 1 - magnitude).max(0) as usize;
        let smallest = plain().map(f64::abs).fold(f64::INFINITY, f64::min);
        let by_smallest = (2 - smallest.log10().floor() as i32).max(0) as usize;
        Self::Fixed(widest.min(by_largest.max(by_smallest)).min(6))
    }

    /// `x` in this format.
    pub fn write(self, x: f64) -> String {
        match self {
            Self::Fixed(decimals) => {
                let text = format!("{x:.decimals$}");
                let zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
                if zero && x != 0.0 {
                    // A small number must not read as zero.
                    let text = format!("{x:.1e}");
                    return text.replace(".0e", "e");
                }
                text.strip_prefix('-').filter(|_| zero).map_or(text.clone(), str::to_owned)
            }
            Self::Scientific(_) if x == 0.0 => "0".into(),
            Self::Scientific(decimals) => format!("{x:.decimals$e}"),
        }
    }
}

/// A p-value: three decimals, and never zero.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars() {
        assert_eq!(float(3.0), "3.0");
        assert_eq!(float(0.1 + 0.2), "0.3");
        assert_eq!(float(-20.222_863_246), "-20.22286325");
        assert_eq!(float(1e-9), "1e-9");
        assert_eq!(float(1e20), "1e20");
    }

    #[test]
    fn a_column_shares_its_decimals() {
        assert_eq!(Format::for_values([4313.3, 21812.5].into_iter()), Format::Fixed(1));
        assert_eq!(Format::for_values([0.005, 10.0, 59.0].into_iter()), Format::Fixed(3));
        assert_eq!(Format::for_values([1.0, 2.0].into_iter()), Format::Fixed(0));
        assert_eq!(Format::for_values([1e300].into_iter()), Format::Scientific(4));
        assert_eq!(Format::for_values([3e-5, 2e-6].into_iter()), Format::Scientific(4));
        assert_eq!(Format::for_values([12_345_678_901.0].into_iter()), Format::Fixed(0));
        assert_eq!(Format::for_values([0.25, 1e-12].into_iter()), Format::Fixed(2));
        assert_eq!(Format::Fixed(2).write(-0.0), "0.00");
        assert_eq!(Format::Fixed(2).write(-0.001), "-1e-3");
        assert_eq!(Format::Fixed(2).write(2.34e-12), "2.3e-12");
    }
}
