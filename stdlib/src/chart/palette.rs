//! Colours that stay apart for colour-blind readers.

/// Red, green, blue, each 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// The colour `share` of the way to `other`.
    #[must_use]
    pub fn towards(self, other: Self, share: f64) -> Self {
        let mix = |a: u8, b: u8| {
            (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round().clamp(0.0, 255.0) as u8
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Relative luminance (WCAG 2), 0 for black and 1 for white.
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Dark or white letters, whichever reads better on it.
    #[must_use]
    pub fn ink(self) -> Self {
        // Equal contrast with both where (l + 0.05)^2 = 1.05 * (TEXT.luminance() + 0.05).
        if self.luminance() > 0.213 { TEXT } else { WHITE }
    }
}

/// Paper.
pub const WHITE: Rgb = Rgb(255, 255, 255);
/// Titles and labels.
pub const TEXT: Rgb = Rgb(34, 34, 34);
/// Subtitles, captions and axis titles.
pub const QUIET: Rgb = Rgb(89, 89, 89);
/// Axis lines, ticks and reference lines.
pub const LINE: Rgb = Rgb(110, 110, 110);
/// Grid lines.
pub const GRID: Rgb = Rgb(228, 228, 228);
/// Marks that stay in the background.
pub const MUTED: Rgb = Rgb(150, 150, 150);

/// Categories: Okabe and Ito (2008), blue first and yellow darkened for white paper.
pub const CATEGORIES: [Rgb; 8] = [
    Rgb(0, 114, 178),
    Rgb(213, 94, 0),
    Rgb(0, 158, 115),
    Rgb(204, 121, 167),
    Rgb(230, 159, 0),
    Rgb(86, 180, 233),
    Rgb(117, 112, 20),
    Rgb(60, 60, 60),
];

/// A one-sided ramp from light to dark blue (`ColorBrewer` Blues, ends trimmed).
const SEQUENTIAL: [Rgb; 6] = [
    Rgb(222, 235, 247),
    Rgb(180, 210, 234),
    Rgb(123, 178, 217),
    Rgb(66, 139, 195),
    Rgb(24, 96, 160),
    Rgb(8, 48, 107),
];

/// A two-sided ramp, orange through near-white to blue (`ColorBrewer` `PuOr` and `RdBu` mixed).
const DIVERGING: [Rgb; 7] = [
    Rgb(166, 71, 4),
    Rgb(224, 130, 60),
    Rgb(250, 196, 150),
    Rgb(246, 246, 246),
    Rgb(160, 202, 228),
    Rgb(67, 141, 195),
    Rgb(12, 73, 128),
];

fn ramp(stops: &[Rgb], share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let low = (share.floor() as usize).min(stops.len() - 2);
    stops[low].towards(stops[low + 1], share - low as f64)
}

/// The one-sided ramp at `share` of its length.
pub fn sequential(share: f64) -> Rgb {
    ramp(&SEQUENTIAL, share)
}

/// The two-sided ramp at `share` of its length; the middle is 0.5.
pub fn diverging(share: f64) -> Rgb {
    ramp(&DIVERGING, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_reads_on_paper_and_on_every_colour_of_the_ramps() {
        assert!(contrast(TEXT, WHITE) > 7.0 && contrast(QUIET, WHITE) > 4.5);
        for step in 0..=20 {
            let share = f64::from(step) / 20.0;
            for colour in [sequential(share), diverging(share)] {
                assert!(contrast(colour, colour.ink()) > 3.9, "{colour:?}");
            }
        }
    }

    #[test]
    fn categories_stand_out_from_paper() {
        for colour in CATEGORIES {
            assert!(contrast(colour, WHITE) > 2.1, "{colour:?}");
        }
    }
}
