//! The grammar: a chart is layers of marks whose encodings share two axes.
//!
//! A [`Chart`] holds its data. It says what stands where and leaves every coordinate to the
//! renderers: [`Chart::to_svg`], [`Chart::to_png`] and [`Chart::to_vega_lite`].

use super::palette::Rgb;
use crate::choice::Choice;

/// What is drawn for each row of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A dot at (x, y).
    Point,
    /// A line through (x, y) in row order, one per colour.
    Line,
    /// A bar from zero, or from x2 or y2 where one is given.
    Bar,
    /// A filled band between y and y2 (or zero) along x, one per colour.
    Area,
    /// A straight line from (x, y) to (x2, y2).
    Segment,
    /// A whisker with end caps from (x, y) to x2 or y2.
    Interval,
    /// A short stroke across the category axis at (x, y).
    Tick,
    /// A filled cell of two category axes.
    Rect,
    /// The label as text at (x, y).
    Text,
}

impl Choice for Mark {
    const ALL: &'static [(&'static str, Self)] = &[
        ("point", Self::Point),
        ("line", Self::Line),
        ("bar", Self::Bar),
        ("area", Self::Area),
        ("segment", Self::Segment),
        ("interval", Self::Interval),
        ("tick", Self::Tick),
        ("rect", Self::Rect),
        ("text", Self::Text),
    ];
}

/// What a column of data decides about a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Horizontal position.
    X,
    /// Horizontal position of the other end.
    X2,
    /// Vertical position.
    Y,
    /// Vertical position of the other end.
    Y2,
    /// Colour: categories from the palette, numbers from a ramp.
    Colour,
    /// Area of a point.
    Size,
    /// Text beside the mark, kept clear of other text.
    Label,
    /// Shown when pointing at the mark.
    Tooltip,
}

impl Channel {
    /// How it is named in errors and in Vega-Lite.
    pub fn name(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::X2 => "x2",
            Self::Y => "y",
            Self::Y2 => "y2",
            Self::Colour => "color",
            Self::Size => "size",
            Self::Label => "label",
            Self::Tooltip => "tooltip",
        }
    }
}

/// The values behind one encoding.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers; on a category axis, positions counted from 0.
    Numbers(Vec<Option<f64>>),
    /// Categories or labels.
    Texts(Vec<Option<String>>),
}

impl Values {
    /// How many there are, missing ones included.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number in `row`, where there is one.
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Numbers(values) => values.get(row).copied().flatten().filter(|v| v.is_finite()),
            Self::Texts(_) => None,
        }
    }

    /// The text in `row`, where there is one.
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Numbers(_) => None,
            Self::Texts(values) => values.get(row).and_then(Option::as_deref),
        }
    }

    /// Whether `row` holds something that can be drawn.
    pub fn has(&self, row: usize) -> bool {
        self.number(row).is_some() || self.text(row).is_some()
    }

    /// What they are, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Numbers(_) => "numbers",
            Self::Texts(_) => "text",
        }
    }
}

/// A named column of data.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What it is called in axis titles, legends and tooltips.
    pub name: String,
    /// Unit of measurement, shown after the name.
    pub unit: Option<String>,
    /// One value per row of the layer.
    pub values: Values,
}

impl Field {
    /// Numbers, all present.
    pub fn numbers(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self::maybe(name, values.into_iter().map(Some))
    }

    /// Numbers, some missing.
    pub fn maybe(name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values = Values::Numbers(values.into_iter().collect());
        Self { name: name.to_owned(), unit: None, values }
    }

    /// Texts, all present.
    pub fn texts<S: Into<String>>(name: &str, values: impl IntoIterator<Item = S>) -> Self {
        let values = Values::Texts(values.into_iter().map(|v| Some(v.into())).collect());
        Self { name: name.to_owned(), unit: None, values }
    }

    /// The same field measured in `unit`.
    #[must_use]
    pub fn in_unit(mut self, unit: Option<&str>) -> Self {
        self.unit = unit.map(str::to_owned);
        self
    }

    /// Name and unit as a reader sees them: `name, unit`.
    pub fn title(&self) -> String {
        match &self.unit {
            Some(unit) if !unit.is_empty() => format!("{}, {unit}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// How a layer looks where no encoding says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Fixed colour; the palette's first when absent.
    pub colour: Option<Rgb>,
    /// 0 (invisible) to 1.
    pub opacity: f64,
    /// Width of strokes in pixels.
    pub width: f64,
    /// Area of points in square pixels.
    pub size: f64,
    /// Whether strokes are dashed.
    pub dashed: bool,
    /// Whether points are rings.
    pub hollow: bool,
    /// Marks of one category but different colours stand side by side.
    pub dodge: bool,
    /// Where text marks stand about their point.
    pub anchor: Anchor,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: None,
            opacity: 1.0,
            width: 1.6,
            size: 46.0,
            dashed: false,
            hollow: false,
            dodge: false,
            anchor: Anchor::Middle,
        }
    }
}

/// The horizontal side of its point on which a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Text begins at the point.
    Start,
    /// Text is centred on the point.
    Middle,
    /// Text ends at the point.
    End,
}

/// Marks of one kind over rows of data.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What is drawn.
    pub mark: Mark,
    /// What decides its looks; [`Channel::Tooltip`] may come several times.
    pub encodings: Vec<(Channel, Field)>,
    /// Looks that no encoding decides.
    pub style: Style,
}

impl Layer {
    /// A layer of `mark` without encodings.
    pub fn new(mark: Mark) -> Self {
        Self { mark, encodings: Vec::new(), style: Style::default() }
    }

    /// The same layer with `channel` decided by `field`.
    #[must_use]
    pub fn with(mut self, channel: Channel, field: Field) -> Self {
        self.encodings.push((channel, field));
        self
    }

    /// The same layer, restyled.
    #[must_use]
    pub fn styled(mut self, change: impl FnOnce(&mut Style)) -> Self {
        change(&mut self.style);
        self
    }

    /// The field on `channel`, if any.
    pub fn field(&self, channel: Channel) -> Option<&Field> {
        self.encodings.iter().find(|(c, _)| *c == channel).map(|(_, field)| field)
    }

    /// Rows of data.
    pub fn rows(&self) -> usize {
        self.encodings.first().map_or(0, |(_, field)| field.values.len())
    }
}

/// How data values become positions along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps for equal differences.
    #[default]
    Linear,
    /// Equal steps for equal ratios.
    Log,
}

impl Choice for Scale {
    const ALL: &'static [(&'static str, Self)] = &[("linear", Self::Linear), ("log", Self::Log)];
}

/// One axis of a chart.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(clippy::struct_excessive_bools)] // Independent switches, each named where it is set.
pub struct Axis {
    /// Title; that of the first field on the axis when absent.
    pub title: Option<String>,
    /// Scale of a numeric axis; text makes a category axis of it.
    pub scale: Scale,
    /// Categories in order; in order of first appearance when absent.
    pub order: Option<Vec<String>>,
    /// Ends of a numeric axis.
    pub limits: Option<(f64, f64)>,
    /// Runs right to left, or top to bottom.
    pub reverse: bool,
    /// Whether zero must be on it; bars ask for it by themselves.
    pub zero: bool,
    /// Ticks, labels and grid are left out.
    pub hidden: bool,
    /// Fractions are written as percentages.
    pub percent: bool,
    /// Vertical axis on the right-hand side.
    pub right: bool,
}

/// A line across the plot at a value that matters, with its meaning written on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Which axis the value belongs to: [`Channel::X`] draws a vertical line.
    pub channel: Channel,
    /// The value.
    pub at: f64,
    /// What it means.
    pub caption: String,
}

/// How colours are chosen for the colour encoding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Colours {
    /// Legend title; the field's title when absent.
    pub title: Option<String>,
    /// Categories in legend order; order of first appearance when absent.
    pub order: Option<Vec<String>>,
    /// Colours fixed for some categories.
    pub fixed: Vec<(String, Rgb)>,
    /// The number at the middle of a two-sided ramp; a one-sided ramp when absent.
    pub middle: Option<f64>,
    /// Ends of a numeric ramp.
    pub limits: Option<(f64, f64)>,
    /// No legend, because labels or the axis name the categories.
    pub no_legend: bool,
}

/// Width and height in CSS pixels, and device pixels per CSS pixel for PNG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// Device pixels per CSS pixel in PNG, 0.5 to 8.
    pub scale: f64,
}

impl Size {
    /// `width` by `height` CSS pixels, twice as many in PNG.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, scale: 2.0 }
    }
}

/// A chart: what is drawn, over which axes, and what a reader is told about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// Says what is shown.
    pub title: Option<String>,
    /// Says how it was computed.
    pub subtitle: Option<String>,
    /// Notes under the plot: dropped rows, sources, warnings.
    pub caption: Option<String>,
    /// Marks, drawn in order.
    pub layers: Vec<Layer>,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Colour scale and its legend.
    pub colours: Colours,
    /// Lines at values that matter.
    pub references: Vec<Reference>,
    /// Text for readers who cannot see the picture; composed from the chart when absent.
    pub alt: Option<String>,
    /// Size asked for; chosen by content when absent.
    pub size: Option<Size>,
    /// Keeps one unit equally long on both axes.
    pub equal_units: bool,
}

impl Chart {
    /// An empty chart titled `title`.
    pub fn new(title: &str) -> Self {
        Self { title: Some(title.to_owned()), ..Self::default() }
    }

    /// The same chart with `layer` on top.
    #[must_use]
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// The same chart with a captioned line at `at` on the axis of `channel`.
    #[must_use]
    pub fn reference(mut self, channel: Channel, at: f64, caption: &str) -> Self {
        self.references.push(Reference { channel, at, caption: caption.to_owned() });
        self
    }

    /// The axis of `channel`.
    pub fn axis(&self, channel: Channel) -> &Axis {
        match channel {
            Channel::Y | Channel::Y2 => &self.y,
            _ => &self.x,
        }
    }
}
