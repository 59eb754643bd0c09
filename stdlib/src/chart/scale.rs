//! Axes made ready for drawing: what lies where, which ticks stand, how numbers read.

use indexmap::IndexSet;

use super::grammar::{Axis, Scale};

/// An axis that knows its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Trained {
    /// Numbers, evenly spaced.
    Linear {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Numbers above zero, evenly spaced in their logarithms.
    Log {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Categories, one band each.
    Band {
        /// Their names in order.
        names: IndexSet<String>,
    },
}

/// A tick: the value and what is written beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub at: f64,
    /// What it says.
    pub label: String,
}

/// Room left beyond the outermost data, as a share of their span.
const PADDING: f64 = 0.04;

impl Trained {
    /// A numeric axis over `values`; `anchored` ends at zero exactly, as bars want it.
    pub fn numeric(axis: &Axis, values: &[f64], anchored: bool) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if axis.scale == Scale::Log {
            if let Some((low, high)) = axis.limits {
                return Self::Log { low, high };
            }
            let (from, to) = (low.log10(), high.log10());
            let pad = if to > from { (to - from) * PADDING } else { 0.5 };
            return Self::Log { low: 10f64.powf(from - pad), high: 10f64.powf(to + pad) };
        }
        if let Some((low, high)) = axis.limits {
            return Self::Linear { low, high };
        }
        let (mut from, mut to) = (low, high);
        if anchored || axis.zero {
            from = from.min(0.0);
            to = to.max(0.0);
        }
        let mut pad = (to - from) * PADDING;
        if pad <= 0.0 {
            pad = if from == 0.0 { 1.0 } else { from.abs() * 0.1 };
        }
        let ends_at_zero = |end: f64| anchored && end == 0.0;
        // Ends on round numbers, so that a tick stands near the outermost data.
        let step = round_step((to - from + 2.0 * pad) / 10.0);
        Self::Linear {
            low: if ends_at_zero(from) && to > 0.0 {
                0.0
            } else {
                ((from - pad) / step + 1e-9).floor() * step
            },
            high: if ends_at_zero(to) && from < 0.0 {
                0.0
            } else {
                ((to + pad) / step - 1e-9).ceil() * step
            },
        }
    }

    /// Position of `value` from 0 (start) to 1 (end).
    pub fn share(&self, value: f64) -> f64 {
        match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { low, high } => (value.ln() - low.ln()) / (high.ln() - low.ln()),
            Self::Band { names } => (value + 0.5) / names.len() as f64,
        }
    }

    /// The value at `share` of the way; the inverse of [`Trained::share`].
    #[cfg(test)]
    pub fn value(&self, share: f64) -> f64 {
        match self {
            Self::Linear { low, high } => low + share * (high - low),
            Self::Log { low, high } => (low.ln() + share * (high.ln() - low.ln())).exp(),
            Self::Band { names } => share * names.len() as f64 - 0.5,
        }
    }

    /// Whether `value` lies on the axis, within rounding.
    pub fn holds(&self, value: f64) -> bool {
        let share = self.share(value);
        (-1e-9..=1.0 + 1e-9).contains(&share)
    }

    /// Index of the category `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        match self {
            Self::Band { names } => names.get_index_of(name),
            _ => None,
        }
    }

    /// Whether it carries categories.
    pub fn is_band(&self) -> bool {
        matches!(self, Self::Band { .. })
    }

    /// About `count` ticks at round values; one per category on a category axis.
    pub fn ticks(&self, count: usize, percent: bool) -> Vec<Tick> {
        let (low, high) = match self {
            Self::Band { names } => {
                return names
                    .iter()
                    .enumerate()
                    .map(|(i, name)| Tick { at: i as f64, label: name.clone() })
                    .collect();
            }
            Self::Log { low, high } => return log_ticks(*low, *high, count),
            Self::Linear { low, high } => (*low, *high),
        };
        let mut step = round_step((high - low) / count.max(1) as f64);
        if calendar(low, high) {
            step = step.max(1.0);
        }
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last)
            .map(|i| {
                let at = i as f64 * step;
                Tick { at, label: tick_label(at, step, percent, calendar(low, high)) }
            })
            .collect()
    }
}

/// Whether an axis from `low` to `high` looks like calendar years.
fn calendar(low: f64, high: f64) -> bool {
    low > 1800.0 && high < 2200.0 && high - low < 250.0
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is no smaller than `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let factor = raw / power;
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|n| *n >= factor - 1e-9);
    nice.unwrap_or(10.0) * power
}

fn log_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let (from, to) = (low.log10(), high.log10());
    let decades = to - from;
    let factors: &[f64] = if decades < count as f64 / 5.0 {
        &[1.0, 2.0, 3.0, 5.0, 7.0]
    } else if decades < count as f64 / 2.0 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let stride = (decades / count.max(1) as f64).ceil().max(1.0) as i64;
    let mut ticks = Vec::new();
    for exponent in from.floor() as i64..=to.ceil() as i64 {
        if factors.len() == 1 && exponent.rem_euclid(stride) != 0 {
            continue;
        }
        for factor in factors {
            let at = factor * 10f64.powi(exponent as i32);
            if at >= low * (1.0 - 1e-9) && at <= high * (1.0 + 1e-9) {
                ticks.push(Tick { at, label: number(at) });
            }
        }
    }
    if ticks.len() < 2 {
        // Less than a decade without a round factor inside: ticks of a linear axis.
        return Trained::Linear { low, high }.ticks(count, false);
    }
    ticks
}

fn tick_label(at: f64, step: f64, percent: bool, calendar: bool) -> String {
    if percent {
        let decimals = decimals_for(step * 100.0);
        return format!("{}%", fixed(at * 100.0, decimals));
    }
    if calendar {
        return format!("{at:.0}");
    }
    let most = at.abs().max(step);
    if !(1e-4..1e9).contains(&most) {
        return number(at);
    }
    fixed(at, decimals_for(step))
}

/// Decimals that write multiples of `step` exactly.
fn decimals_for(step: f64) -> usize {
    (0..10)
        .find(|d| {
            let scaled = step * 10f64.powi(*d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-9)
        })
        .unwrap_or(10) as usize
}

/// `value` with `decimals` digits, thousands apart and a true minus sign.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.chars().any(|c| ('1'..='9').contains(&c)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `value` to about four significant digits, as a reader would write it.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if !(1e-4..1e9).contains(&size) {
        let exponent = size.log10().floor() as i32;
        let mantissa = fixed(value / 10f64.powi(exponent), 2);
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        let power: String = exponent.to_string().chars().map(superscript).collect();
        return if mantissa == "1" {
            format!("10{power}")
        } else {
            format!("{mantissa}×10{power}")
        };
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 7) as usize;
    let text = fixed(value, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' => '⁰',
        '4'..='9' => char::from_u32('⁴' as u32 + (c as u32 - '4' as u32)).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, count: usize) -> Vec<String> {
        Trained::Linear { low, high }.ticks(count, false).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(0.0, 1.0, 4), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(labels(-1500.0, 1500.0, 3), ["−1,000", "0", "1,000"]);
        assert_eq!(labels(2015.0, 2024.0, 5), ["2016", "2018", "2020", "2022", "2024"]);
        assert_eq!(labels(2020.0, 2024.0, 12), ["2020", "2021", "2022", "2023", "2024"]);
        for (low, high) in [(0.1, 0.31), (1e-7, 9e-7), (3e11, 8e12), (-7.3, -7.1)] {
            let ticks = Trained::Linear { low, high }.ticks(5, false);
            assert!((2..=6).contains(&ticks.len()), "{low} {high}: {ticks:?}");
            let slack = (high - low) * 1e-9;
            assert!(ticks.iter().all(|t| t.at >= low - slack && t.at <= high + slack));
            let mut names: Vec<&String> = ticks.iter().map(|t| &t.label).collect();
            names.dedup();
            assert_eq!(names.len(), ticks.len(), "labels repeat: {ticks:?}");
        }
    }

    #[test]
    fn log_ticks_name_decades() {
        let ticks = Trained::Log { low: 1.0, high: 10_000.0 }.ticks(6, false);
        let labels: Vec<&str> = ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["1", "10", "100", "1,000", "10,000"]);
        assert!(Trained::Log { low: 4.1, high: 4.9 }.ticks(5, false).len() >= 2);
    }

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0"),
            (-0.25, "−0.25"),
            (1405.02, "1,405"),
            (0.649_748, "0.6497"),
            (12.0, "12"),
            (2.5e12, "2.5×10¹²"),
            (1e-6, "10⁻⁶"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(fixed(1_234_567.891, 1), "1,234,567.9");
    }

    #[test]
    fn share_and_value_are_inverse() {
        let band = Trained::Band { names: ["a", "b"].map(String::from).into() };
        for scale in
            [Trained::Linear { low: -1.0, high: 3.0 }, Trained::Log { low: 0.5, high: 80.0 }, band]
        {
            for share in [0.0, 0.25, 1.0] {
                assert!((scale.share(scale.value(share)) - share).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn bars_stand_on_zero() {
        let axis = Axis::default();
        assert!(matches!(
            Trained::numeric(&axis, &[2.0, 5.0], true),
            Trained::Linear { low: 0.0, .. }
        ));
        assert!(matches!(
            Trained::numeric(&axis, &[-2.0, -5.0], true),
            Trained::Linear { high: 0.0, .. }
        ));
    }
}
