//! From a chart to scales: every rule a chart must keep is checked here.

use indexmap::IndexSet;

use super::error::ChartError;
use super::grammar::{Axis, Channel, Chart, Field, Layer, Mark, Scale, Size, Values};
use super::palette::{self, CATEGORIES, Rgb};
use super::scale::Trained;
use crate::choice::Choice;
use crate::error::Result;

/// How the colour encoding becomes colours.
#[derive(Debug, Clone, PartialEq)]
pub enum ColourScale {
    /// No encoding: every layer keeps its own colour.
    None,
    /// One colour per category.
    Categories(Vec<(String, Rgb)>),
    /// Colour by number.
    Ramp {
        /// Number at the light end.
        low: f64,
        /// Number at the dark end.
        high: f64,
        /// Number at the middle of a two-sided ramp.
        middle: Option<f64>,
    },
}

impl ColourScale {
    /// Colour of `row` under `field`, if it has a value there.
    pub fn of(&self, field: &Field, row: usize) -> Option<Rgb> {
        match self {
            Self::None => None,
            Self::Categories(entries) => {
                let name = category(&field.values, row)?;
                entries.iter().find(|(entry, _)| *entry == name).map(|(_, colour)| *colour)
            }
            Self::Ramp { .. } => field.values.number(row).map(|value| self.at(value)),
        }
    }

    /// Colour of the number `value` on a ramp.
    pub fn at(&self, value: f64) -> Rgb {
        match self {
            Self::Ramp { low, high, middle: None } => {
                let span = high - low;
                palette::sequential(if span > 0.0 { (value - low) / span } else { 0.5 })
            }
            Self::Ramp { low, high, middle: Some(middle) } => {
                let reach = (high - middle).max(middle - low);
                palette::diverging(if reach > 0.0 {
                    0.5 + (value - middle) / reach / 2.0
                } else {
                    0.5
                })
            }
            _ => CATEGORIES[0],
        }
    }

    /// Position of a category in the legend.
    pub fn index(&self, name: &str) -> Option<usize> {
        match self {
            Self::Categories(entries) => entries.iter().position(|(entry, _)| entry == name),
            _ => None,
        }
    }
}

/// The category in `row`.
pub fn category(values: &Values, row: usize) -> Option<String> {
    values.text(row).map(str::to_owned)
}

/// Scales of a checked chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Horizontal.
    pub x: Trained,
    /// Vertical.
    pub y: Trained,
    /// Colour.
    pub colour: ColourScale,
    /// Smallest and largest value of the size encoding.
    pub size: Option<(f64, f64)>,
    /// Rows that lack a value on an axis and are not drawn.
    pub undrawn: usize,
}

/// Checks `chart` against every rule and trains its scales.
pub fn train(chart: &Chart) -> Result<Training> {
    if chart.layers.is_empty() {
        return Err(ChartError::Empty { what: "the chart has no layer".into() }.into());
    }
    for layer in &chart.layers {
        check_layer(layer)?;
    }
    if chart.layers.iter().all(|layer| layer.rows() == 0) {
        return Err(ChartError::Empty { what: "no rows".into() }.into());
    }
    if let Some(size) = chart.size {
        check_size(size)?;
    }
    Ok(Training {
        x: train_axis(chart, &chart.x, "x", [Channel::X, Channel::X2])?,
        y: train_axis(chart, &chart.y, "y", [Channel::Y, Channel::Y2])?,
        colour: train_colour(chart)?,
        size: train_size(chart)?,
        undrawn: chart.layers.iter().map(undrawn).max().unwrap_or(0),
    })
}

/// Rejects sizes that no picture can have.
pub fn check_size(size: Size) -> Result<()> {
    let fits = |v: f64| (100.0..=8000.0).contains(&v);
    let rule = if !(fits(size.width) && fits(size.height)) {
        "100 to 8000 pixels wide and high"
    } else if !(0.5..=8.0).contains(&size.scale) {
        "drawn at 0.5 to 8 device pixels per pixel"
    } else {
        return Ok(());
    };
    Err(ChartError::Size { rule, width: size.width, height: size.height }.into())
}

/// Rows of `layer` without a place, where a line does not show them as a gap.
fn undrawn(layer: &Layer) -> usize {
    (0..layer.rows())
        .filter(|row| {
            [Channel::X, Channel::Y]
                .iter()
                .any(|c| layer.field(*c).is_some_and(|field| !field.values.has(*row)))
        })
        .count()
}

fn check_layer(layer: &Layer) -> Result<()> {
    let mark = layer.mark.name();
    let rows = layer.rows();
    for (channel, field) in &layer.encodings {
        if field.values.len() != rows {
            return Err(ChartError::Lengths {
                field: field.name.clone(),
                found: field.values.len(),
                expected: rows,
            }
            .into());
        }
        let empty = rows > 0 && !(0..rows).any(|row| field.values.has(row));
        if empty && matches!(channel, Channel::X | Channel::Y | Channel::Colour | Channel::Size) {
            return Err(ChartError::AllMissing { field: field.name.clone() }.into());
        }
        if *channel == Channel::Size && matches!(field.values, Values::Texts(_)) {
            return Err(wrong_kind(layer, *channel, field, "numbers"));
        }
    }
    let needs: &[Channel] = match layer.mark {
        Mark::Text => &[Channel::X, Channel::Y, Channel::Label],
        Mark::Rect => &[Channel::X, Channel::Y, Channel::Colour],
        _ => &[Channel::X, Channel::Y],
    };
    for channel in needs {
        if layer.field(*channel).is_none() {
            return Err(ChartError::MissingChannel { mark, channel: channel.name() }.into());
        }
    }
    let ends = layer.field(Channel::X2).is_some() || layer.field(Channel::Y2).is_some();
    if matches!(layer.mark, Mark::Segment | Mark::Interval) && !ends {
        return Err(ChartError::MissingChannel { mark, channel: "x2 or y2" }.into());
    }
    let numeric: &[Channel] = match layer.mark {
        Mark::Area => &[Channel::Y],
        Mark::Bar => {
            let texts = |c| layer.field(c).is_some_and(|f| matches!(f.values, Values::Texts(_)));
            if texts(Channel::X) && texts(Channel::Y) { &[Channel::Y] } else { &[] }
        }
        _ => &[],
    };
    for channel in numeric {
        if let Some(field) = layer.field(*channel)
            && matches!(field.values, Values::Texts(_))
        {
            return Err(wrong_kind(layer, *channel, field, "numbers"));
        }
    }
    Ok(())
}

fn wrong_kind(
    layer: &Layer,
    channel: Channel,
    field: &Field,
    expected: &'static str,
) -> crate::Error {
    ChartError::WrongKind {
        field: field.name.clone(),
        channel: channel.name(),
        mark: layer.mark.name(),
        found: field.values.kind(),
        expected,
    }
    .into()
}

fn train_axis(
    chart: &Chart,
    axis: &Axis,
    name: &'static str,
    channels: [Channel; 2],
) -> Result<Trained> {
    let fields: Vec<(&Layer, &Field)> = chart
        .layers
        .iter()
        .flat_map(|layer| channels.iter().filter_map(move |c| Some((layer, layer.field(*c)?))))
        .collect();
    let text = fields.iter().find(|(_, field)| matches!(field.values, Values::Texts(_)));
    let number = fields.iter().find(|(_, field)| matches!(field.values, Values::Numbers(_)));
    if axis.order.is_some() || text.is_some() {
        if let (None, Some((_, text)), Some((_, number))) = (&axis.order, text, number) {
            return Err(ChartError::MixedAxis {
                axis: name,
                text: text.name.clone(),
                number: number.name.clone(),
            }
            .into());
        }
        return train_band(axis, name, &fields);
    }
    if let Some((low, high)) = axis.limits {
        let positive = axis.scale == Scale::Linear || low > 0.0;
        if !(low.is_finite() && high.is_finite() && low < high && positive) {
            return Err(ChartError::Limits { axis: name, low, high }.into());
        }
    }
    let mut values = Vec::new();
    for (layer, field) in &fields {
        let present: Vec<(usize, f64)> = (0..field.values.len())
            .filter_map(|row| Some((row, field.values.number(row)?)))
            .collect();
        if axis.scale == Scale::Log {
            if layer.mark == Mark::Bar {
                return Err(ChartError::BarOnLog { axis: name }.into());
            }
            let bad: Vec<usize> =
                present.iter().filter(|(_, v)| *v <= 0.0).map(|(row, _)| *row).collect();
            if !bad.is_empty() {
                return Err(ChartError::NotPositive {
                    axis: name,
                    field: field.name.clone(),
                    rows: row_names(layer, &bad),
                }
                .into());
            }
        }
        values.extend(present.into_iter().map(|(_, v)| v));
    }
    if values.is_empty() {
        let what = format!("the {name} axis has no value");
        return Err(ChartError::Empty { what }.into());
    }
    let own = |reference: &&super::grammar::Reference| reference.channel == channels[0];
    values.extend(chart.references.iter().filter(own).map(|r| r.at).filter(|at| at.is_finite()));
    if axis.scale == Scale::Log {
        values.retain(|v| *v > 0.0);
    }
    let other_is_value = |layer: &&Layer| match layer.mark {
        Mark::Area => channels[0] == Channel::Y,
        Mark::Bar => length_channel(chart, layer) == channels[0],
        _ => false,
    };
    let anchored = chart
        .layers
        .iter()
        .any(|layer| other_is_value(&layer) && layer.field(channels[1]).is_none());
    Ok(Trained::numeric(axis, &values, anchored))
}

/// The axis along which a bar of `layer` has its length.
pub fn length_channel(chart: &Chart, layer: &Layer) -> Channel {
    let band = |channel: Channel| {
        chart.axis(channel).order.is_some()
            || layer.field(channel).is_some_and(|f| matches!(f.values, Values::Texts(_)))
    };
    if band(Channel::Y) && !band(Channel::X) { Channel::X } else { Channel::Y }
}

fn train_band(axis: &Axis, name: &'static str, fields: &[(&Layer, &Field)]) -> Result<Trained> {
    let mut names: IndexSet<String> = axis.order.iter().flatten().cloned().collect();
    for (_, field) in fields {
        for row in 0..field.values.len() {
            let Some(text) = field.values.text(row) else { continue };
            if names.contains(text) {
                continue;
            }
            if let Some(order) = &axis.order {
                return Err(ChartError::UnknownCategory {
                    axis: name,
                    name: text.to_owned(),
                    order: order.clone(),
                }
                .into());
            }
            names.insert(text.to_owned());
        }
    }
    if names.is_empty() {
        return Err(ChartError::Empty { what: format!("the {name} axis has no category") }.into());
    }
    Ok(Trained::Band { names })
}

/// Labels of `rows`, or their numbers from 1, at most five.
fn row_names(layer: &Layer, rows: &[usize]) -> String {
    let names = [Channel::Label, Channel::Tooltip]
        .iter()
        .find_map(|c| layer.field(*c).filter(|field| matches!(field.values, Values::Texts(_))));
    let mut list: Vec<String> = rows
        .iter()
        .take(5)
        .map(|row| {
            names
                .and_then(|field| field.values.text(*row))
                .map_or_else(|| format!("row {}", row + 1), str::to_owned)
        })
        .collect();
    if rows.len() > 5 {
        list.push(format!("{} more", rows.len() - 5));
    }
    let are = if rows.len() == 1 { "a value not above 0 in" } else { "values not above 0 in" };
    format!("{are} {}", list.join(", "))
}

fn train_colour(chart: &Chart) -> Result<ColourScale> {
    let fields: Vec<&Field> =
        chart.layers.iter().filter_map(|layer| layer.field(Channel::Colour)).collect();
    let Some(first) = fields.first() else { return Ok(ColourScale::None) };
    if let Some(other) = fields.iter().find(|f| f.values.kind() != first.values.kind()) {
        let (text, number) = match first.values {
            Values::Texts(_) => (*first, *other),
            Values::Numbers(_) => (*other, *first),
        };
        return Err(ChartError::MixedAxis {
            axis: "color",
            text: text.name.clone(),
            number: number.name.clone(),
        }
        .into());
    }
    if matches!(first.values, Values::Numbers(_)) {
        let values = fields
            .iter()
            .flat_map(|field| (0..field.values.len()).filter_map(|row| field.values.number(row)));
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = chart.colours.limits.unwrap_or((low, high));
        return Ok(ColourScale::Ramp { low, high, middle: chart.colours.middle });
    }
    let mut names: Vec<String> = chart.colours.order.clone().unwrap_or_default();
    for field in &fields {
        for row in 0..field.values.len() {
            if let Some(name) = category(&field.values, row)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    let fixed = |name: &String| {
        chart.colours.fixed.iter().find(|(other, _)| other == name).map(|(_, colour)| *colour)
    };
    let free = names.iter().filter(|name| fixed(name).is_none()).count();
    if free > CATEGORIES.len() {
        return Err(ChartError::TooManyColours {
            field: first.name.clone(),
            count: names.len(),
            most: CATEGORIES.len(),
        }
        .into());
    }
    let mut next = CATEGORIES.into_iter();
    let entries = names
        .into_iter()
        .map(|name| {
            let colour = fixed(&name).or_else(|| next.next()).unwrap_or(palette::MUTED);
            (name, colour)
        })
        .collect();
    Ok(ColourScale::Categories(entries))
}

fn train_size(chart: &Chart) -> Result<Option<(f64, f64)>> {
    let mut ends: Option<(f64, f64)> = None;
    for field in chart.layers.iter().filter_map(|layer| layer.field(Channel::Size)) {
        for value in (0..field.values.len()).filter_map(|row| field.values.number(row)) {
            if value < 0.0 {
                return Err(ChartError::NegativeSize { field: field.name.clone(), value }.into());
            }
            let (low, high) = ends.unwrap_or((value, value));
            ends = Some((low.min(value), high.max(value)));
        }
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn points(x: Field, y: Field) -> Chart {
        Chart::new("t").layer(Layer::new(Mark::Point).with(Channel::X, x).with(Channel::Y, y))
    }

    fn failure(chart: &Chart) -> ChartError {
        match train(chart) {
            Err(Error::Chart(error)) => error,
            other => panic!("expected a chart error, got {other:?}"),
        }
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        assert!(matches!(failure(&Chart::new("t")), ChartError::Empty { .. }));
        let none: [f64; 0] = [];
        let chart = points(Field::numbers("a", none), Field::numbers("b", none));
        assert!(matches!(failure(&chart), ChartError::Empty { .. }));
        let chart = points(Field::maybe("a", [None, None]), Field::numbers("b", [1.0, 2.0]));
        assert_eq!(failure(&chart), ChartError::AllMissing { field: "a".into() });
        let chart = points(Field::numbers("a", [f64::NAN]), Field::numbers("b", [1.0]));
        assert_eq!(failure(&chart), ChartError::AllMissing { field: "a".into() });
    }

    #[test]
    fn a_log_axis_names_the_rows_it_cannot_hold() {
        let mut chart =
            points(Field::numbers("gdp", [3.0, 0.0, -1.0]), Field::numbers("b", [1.0, 2.0, 3.0]));
        chart.layers[0].encodings.push((Channel::Label, Field::texts("r", ["A", "B", "C"])));
        chart.x.scale = Scale::Log;
        assert_eq!(
            failure(&chart).to_string(),
            "plot: a logarithmic x axis needs values above 0, `gdp` has values not above 0 in B, C"
        );
        chart.layers[0].mark = Mark::Bar;
        chart.x.scale = Scale::Linear;
        chart.y.scale = Scale::Log;
        assert_eq!(failure(&chart), ChartError::BarOnLog { axis: "y" });
    }

    #[test]
    fn lengths_kinds_and_channels_are_checked() {
        let chart = points(Field::numbers("a", [1.0]), Field::numbers("b", [1.0, 2.0]));
        assert!(matches!(failure(&chart), ChartError::Lengths { found: 2, expected: 1, .. }));
        let chart = Chart::new("t")
            .layer(Layer::new(Mark::Text).with(Channel::X, Field::numbers("a", [1.0])));
        assert_eq!(failure(&chart), ChartError::MissingChannel { mark: "text", channel: "y" });
        let mut chart = points(Field::numbers("a", [1.0]), Field::numbers("b", [1.0]));
        chart.layers[0].encodings.push((Channel::Size, Field::texts("s", ["big"])));
        assert!(matches!(failure(&chart), ChartError::WrongKind { channel: "size", .. }));
        let mut chart = points(Field::numbers("a", [1.0]), Field::numbers("b", [1.0]));
        chart.x.limits = Some((2.0, 1.0));
        assert!(matches!(failure(&chart), ChartError::Limits { axis: "x", .. }));
    }

    #[test]
    fn colours_run_out_with_a_clear_word() {
        let names: Vec<String> = (0..9).map(|i| format!("c{i}")).collect();
        let mut chart = points(
            Field::numbers("a", (0..9).map(f64::from)),
            Field::numbers("b", (0..9).map(f64::from)),
        );
        chart.layers[0].encodings.push((Channel::Colour, Field::texts("group", names)));
        assert!(matches!(failure(&chart), ChartError::TooManyColours { count: 9, most: 8, .. }));
        chart.colours.fixed.push(("c3".into(), palette::MUTED));
        assert!(train(&chart).is_ok());
    }

    #[test]
    fn missing_rows_are_counted() {
        let chart = points(Field::maybe("a", [Some(1.0), None]), Field::numbers("b", [1.0, 2.0]));
        assert_eq!(train(&chart).unwrap().undrawn, 1);
    }
}
