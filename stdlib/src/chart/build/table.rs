//! Columns of a table as a chart.

use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark, Scale, Values};
use crate::chart::palette::CATEGORIES;
use crate::chart::scale::number;
use crate::choice::Choice;
use crate::error::{Error, Result};
use crate::table::{Cell, Kind, Table};

/// Which way bars of categories lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orientation {
    /// Horizontal where there are many categories or long names, so that they read.
    #[default]
    Auto,
    /// Categories along the bottom.
    Vertical,
    /// Categories down the side.
    Horizontal,
}

impl Choice for Orientation {
    const ALL: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("vertical", Self::Vertical), ("horizontal", Self::Horizontal)];
}

/// How columns of a table become a chart.
#[derive(Debug, Clone, Default)]
pub struct TablePlot {
    /// Column along the bottom; row labels (or row numbers) when absent.
    pub x: Option<String>,
    /// Column up the side; all numeric columns become a map of cells when absent with
    /// [`Mark::Rect`], otherwise it is required.
    pub y: Option<String>,
    /// Mark; chosen by the columns when absent: bars for categories, points for two numbers.
    pub mark: Option<Mark>,
    /// Column that colours.
    pub color: Option<String>,
    /// Column that sizes points.
    pub size: Option<String>,
    /// Column that labels marks; `"none"` for none. Row labels when absent and few.
    pub label: Option<String>,
    /// Horizontal scale.
    pub x_scale: Scale,
    /// Vertical scale.
    pub y_scale: Scale,
    /// Which way bars lie.
    pub orientation: Orientation,
    /// Bars in order of their length, longest first, instead of row order.
    pub sort: bool,
    /// Title; composed of the columns when absent.
    pub title: Option<String>,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Note under the chart.
    pub caption: Option<String>,
    /// Title of the horizontal axis.
    pub x_title: Option<String>,
    /// Title of the vertical axis.
    pub y_title: Option<String>,
    /// Language of column labels from a codebook.
    pub language: Option<String>,
}

/// Points up to which row labels are written beside them unasked.
const FEW: usize = 40;

/// The chart of columns of `table`; names and units come from its codebook where it has one.
pub fn table(table: &Table, plot: &TablePlot) -> Result<Chart> {
    if plot.mark == Some(Mark::Rect) && plot.y.is_none() {
        let mut chart = super::cells(table, plot.title.as_deref())?;
        chart.subtitle.clone_from(&plot.subtitle);
        chart.caption.clone_from(&plot.caption);
        return Ok(chart);
    }
    let Some(y) = &plot.y else {
        return Err(Error::Invalid {
            primitive: "plot",
            parameter: "y",
            rule: "name a column of the table".into(),
            value: "nothing".into(),
        });
    };
    let y = column(table, y, plot)?;
    let x = match &plot.x {
        Some(name) => column(table, name, plot)?,
        None if table.labels().is_some() => {
            Field::texts(table.label_name().unwrap_or("label"), table.row_names())
        }
        None => Field::numbers("row", (1..=table.nrow()).map(|row| row as f64)),
    };
    let categories = matches!(x.values, Values::Texts(_)) != matches!(y.values, Values::Texts(_));
    let mark = plot.mark.unwrap_or(if categories { Mark::Bar } else { Mark::Point });
    let mut layer = Layer::new(mark);
    let color = plot.color.as_ref().map(|name| column(table, name, plot)).transpose()?;
    let flip = matches!(mark, Mark::Bar | Mark::Point | Mark::Tick)
        && matches!(x.values, Values::Texts(_))
        && matches!(y.values, Values::Numbers(_))
        && match plot.orientation {
            Orientation::Auto => crowded(&x),
            Orientation::Vertical => false,
            Orientation::Horizontal => true,
        };
    let (x, y) = if flip { (y, x) } else { (x, y) };
    let mut chart = Chart {
        title: Some(plot.title.clone().unwrap_or_else(|| title(&x, &y, flip))),
        subtitle: plot.subtitle.clone(),
        caption: plot.caption.clone(),
        x: Axis { title: plot.x_title.clone(), scale: plot.x_scale, ..Axis::default() },
        y: Axis { title: plot.y_title.clone(), scale: plot.y_scale, ..Axis::default() },
        ..Chart::default()
    };
    if plot.x.is_none() && table.labels().is_some() && chart.x.title.is_none() {
        chart.x.title = Some(String::new());
    }
    if flip {
        std::mem::swap(&mut chart.x, &mut chart.y);
    }
    if plot.sort {
        let lengths = if flip { (&y, &x) } else { (&x, &y) };
        let order = Some(by_length(lengths.0, lengths.1));
        if flip { chart.y.order = order } else { chart.x.order = order }
    }
    let label = match plot.label.as_deref() {
        Some("none") => None,
        Some(name) => Some(column(table, name, plot)?),
        None if mark == Mark::Point && !categories && table.nrow() <= FEW => row_labels(table),
        None => None,
    };
    let names = row_labels(table).filter(|names| names.name != x.name && names.name != y.name);
    let places = if flip { y.clone() } else { x.clone() };
    layer = layer.with(Channel::X, x).with(Channel::Y, y);
    if let Some(color) = color {
        // Marks of one category but different colours stand side by side, unless each
        // category has a colour of its own.
        let dodge = mark == Mark::Bar && shares_a_place(&places, &color);
        chart.colours.no_legend = color.name == places.name;
        layer = layer.with(Channel::Colour, color).styled(|style| style.dodge = dodge);
    }
    if let Some(size) = &plot.size {
        layer = layer.with(Channel::Size, column(table, size, plot)?);
        layer.style.opacity = 0.75;
    }
    if let Some(label) = label {
        layer = layer.with(Channel::Label, label);
    }
    if let Some(names) = names {
        for field in std::iter::once(names).chain(
            layer
                .encodings
                .clone()
                .into_iter()
                .filter_map(|(channel, field)| (channel != Channel::Label).then_some(field)),
        ) {
            layer = layer.with(Channel::Tooltip, field);
        }
    }
    if mark == Mark::Line && layer.field(Channel::Colour).is_none() {
        layer.style.colour = Some(CATEGORIES[0]);
    }
    chart = chart.layer(layer);
    chart.check()?;
    Ok(chart)
}

/// Column `name` with its label and unit; truth values become categories, dates stand on a scale of years.
fn column(table: &Table, name: &str, plot: &TablePlot) -> Result<Field> {
    let vector = table.column(name)?;
    let values = match vector.kind() {
        Kind::Text | Kind::Bool => Values::Texts(
            vector
                .cells()
                .map(|cell| match cell {
                    Cell::Text(text) => Some(text),
                    Cell::Bool(true) => Some("yes".to_owned()),
                    Cell::Bool(false) => Some("no".to_owned()),
                    _ => None,
                })
                .collect(),
        ),
        Kind::Date => Values::Numbers(
            vector
                .cells()
                .map(
                    |cell| {
                        if let Cell::Date(date) = cell { Some(date.decimal_year()) } else { None }
                    },
                )
                .collect(),
        ),
        _ => Values::Numbers(table.floats("plot", name)?.iter().collect()),
    };
    let meta = table.meta(name);
    let language = plot.language.as_deref().unwrap_or("en");
    let label = meta.and_then(|meta| meta.label(language)).map(str::to_owned);
    Ok(Field {
        name: label.unwrap_or_else(|| name.to_owned()),
        unit: meta.and_then(|meta| meta.unit.clone()),
        values,
    })
}

fn row_labels(table: &Table) -> Option<Field> {
    table.labels()?;
    Some(Field::texts(table.label_name().unwrap_or("label"), table.row_names()))
}

fn title(x: &Field, y: &Field, flip: bool) -> String {
    let (x, y) = if flip { (y, x) } else { (x, y) };
    format!("{} by {}", y.name, x.name)
}

/// Whether category names along the bottom would not be read at ease.
fn crowded(field: &Field) -> bool {
    let Values::Texts(values) = &field.values else { return false };
    let mut names: Vec<&String> = values.iter().flatten().collect();
    names.sort_unstable();
    names.dedup();
    let letters: usize = names.iter().map(|name| name.chars().count() + 2).sum();
    names.len() > 12 || letters > 90
}

/// Categories of `places` by the largest value each has, largest first.
fn by_length(places: &Field, lengths: &Field) -> Vec<String> {
    let mut order: Vec<(String, f64)> = Vec::new();
    for row in 0..places.values.len() {
        let Some(name) = places.values.text(row) else { continue };
        let length = lengths.values.number(row).unwrap_or(f64::NEG_INFINITY);
        match order.iter_mut().find(|(other, _)| other == name) {
            Some((_, most)) => *most = most.max(length),
            None => order.push((name.to_owned(), length)),
        }
    }
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.into_iter().map(|(name, _)| name).collect()
}

/// Whether two rows of one category have different colours.
fn shares_a_place(places: &Field, colours: &Field) -> bool {
    let place = |row| {
        places.values.text(row).map(str::to_owned).or_else(|| places.values.number(row).map(number))
    };
    (0..places.values.len()).any(|row| {
        (0..row).any(|other| {
            place(row).is_some()
                && place(row) == place(other)
                && colours.values.text(row) != colours.values.text(other)
        })
    })
}
