//! The embedded letters and how wide they are.
//!
//! Esep Sans is `DejaVu` Sans reduced to Latin, Greek, Cyrillic with the Kazakh letters, arrows and
//! mathematics; `font/LICENSE` is its licence and `font/subset.sh` its recipe. Kerning is not
//! used, so the width of a text is the sum of its letters' advances in every renderer.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, OutlineCurve};

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("font/EsepSans-Regular.ttf"))
        .expect("the embedded font is a font")
});
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("font/EsepSans-Bold.ttf"))
        .expect("the embedded font is a font")
});

/// Fonts asked for in SVG, widest first so that measured text never grows: the layout is measured
/// in the first of them.
pub const FAMILIES: &str = "'DejaVu Sans', Verdana, 'Noto Sans', 'Segoe UI', Arial, sans-serif";

/// How heavy the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// Running text.
    #[default]
    Regular,
    /// Titles.
    Bold,
}

fn font(weight: Weight) -> &'static FontRef<'static> {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

fn em(weight: Weight) -> f64 {
    f64::from(font(weight).units_per_em().expect("the embedded font states its em"))
}

/// Width of `text` in pixels at `size` pixels per em.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let font = font(weight);
    let units: f32 = text.chars().map(|c| font.h_advance_unscaled(font.glyph_id(c))).sum();
    f64::from(units) / em(weight) * size
}

/// Whether the font has a letter for `c`.
#[cfg(test)]
pub fn has(c: char, weight: Weight) -> bool {
    font(weight).glyph_id(c).0 != 0
}

/// One letter: where it starts along the line, and its outline (pixels, y upwards).
pub struct Letter {
    /// Distance from the start of the text.
    pub x: f64,
    /// Curves relative to the letter's origin on the baseline.
    pub curves: Vec<OutlineCurve>,
    /// Pixels per font unit.
    pub unit: f64,
}

/// The letters of `text` that have an outline.
pub fn letters(text: &str, size: f64, weight: Weight) -> Vec<Letter> {
    let font = font(weight);
    let unit = size / em(weight);
    let mut x = 0.0;
    let mut letters = Vec::new();
    for c in text.chars() {
        let glyph = font.glyph_id(c);
        if let Some(outline) = font.outline(glyph) {
            letters.push(Letter { x, curves: outline.curves, unit });
        }
        x += f64::from(font.h_advance_unscaled(glyph)) * unit;
    }
    letters
}

/// `text` cut with an ellipsis where it is wider than `room`.
pub fn shorten(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let mut short: String = kept.iter().collect::<String>().trim_end().to_owned();
        short.push('…');
        if width(&short, size, weight) <= room {
            return short;
        }
    }
    "…".to_owned()
}

/// `text` broken at spaces into lines no wider than `room`; a longer word keeps its own line.
pub fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || width(&joined, size, weight) <= room {
                line = joined;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kazakh_and_russian_letter_is_there_in_both_weights() {
        let letters =
            "АаӘәБбВвГгҒғДдЕеЁёЖжЗзИиЙйКкҚқЛлМмНнҢңОоӨөПпРрСсТтУуҰұҮүФфХхҺһЦцЧчШшЩщЪъЫыІіЬьЭэЮюЯя";
        let signs = "%₸€№–—−×≤≥≠→←±√Σσλγ²³·…“”«»°";
        for weight in [Weight::Regular, Weight::Bold] {
            for c in letters.chars().chain(signs.chars()).chain(' '..='~') {
                assert!(has(c, weight), "{c} {weight:?}");
            }
            assert!(!has('漢', weight));
        }
    }

    #[test]
    fn letters_differ_from_the_box_of_an_unknown_one() {
        let outline = |text: &str| {
            let letters = letters(text, 20.0, Weight::Regular);
            format!("{:?}", letters.iter().map(|letter| &letter.curves).collect::<Vec<_>>())
        };
        let unknown = outline("漢");
        for letter in ["ә", "ғ", "қ", "ң", "ө", "ұ", "ү", "һ", "і", "Ұ"] {
            assert!(outline(letter).len() > 50 && outline(letter) != unknown, "{letter}");
        }
    }

    #[test]
    fn width_adds_up_and_cutting_fits() {
        let size = 12.0;
        let both = width("Ұлытау облысы", size, Weight::Regular);
        let parts =
            width("Ұлытау", size, Weight::Regular) + width(" облысы", size, Weight::Regular);
        assert!((both - parts).abs() < 1e-6);
        let short = shorten("Organisational structure", size, Weight::Regular, 80.0);
        assert!(short.ends_with('…') && width(&short, size, Weight::Regular) <= 80.0);
        let lines = wrap("one two three four five", size, Weight::Regular, 60.0);
        assert_eq!(lines.join(" "), "one two three four five");
        assert!(lines.iter().all(|line| width(line, size, Weight::Regular) <= 60.0));
    }
}
