//! A chart as a Vega-Lite 5 specification: the same layers, scales and colours, drawn by the
//! reader's notebook with tooltips.
//!
//! Data columns are named after their channel, because Vega-Lite reads dots and brackets in a
//! field name as a path; the readable names are the titles.

use serde_json::{Map, Value, json};

use super::alt;
use super::axes;
use super::font::FAMILIES;
use super::grammar::{Anchor, Channel, Chart, Field, Layer, Mark, Scale, Values};
use super::layout;
use super::palette::{CATEGORIES, LINE, QUIET, Rgb, TEXT, diverging, sequential};
use super::scale::Trained;
use super::train::{ColourScale, Training, length_channel, train};
use crate::error::Result;

/// Points beyond this many keep their labels for the tooltip.
const MOST_LABELS: usize = 40;

/// The specification of `chart`.
pub fn write(chart: &Chart) -> Result<Value> {
    let training = train(chart)?;
    let size = layout::size_of(chart, &training);
    let writer = Writer { chart, training: &training };
    let mut layers: Vec<Value> = Vec::new();
    for layer in &chart.layers {
        layers.push(writer.layer(layer));
        layers.extend(writer.label_layer(layer));
    }
    layers.extend(writer.references());
    let mut title = Map::new();
    title.insert("text".into(), json!(chart.title.as_deref().unwrap_or("")));
    title.insert("anchor".into(), json!("start"));
    if let Some(subtitle) = &chart.subtitle {
        title.insert("subtitle".into(), json!(subtitle));
    }
    let mut spec = json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": alt::describe(chart, &training),
        "title": title,
        "width": size.width,
        "height": size.height,
        "autosize": { "type": "fit", "contains": "padding" },
        "background": "white",
        "layer": layers,
        "config": {
            "font": FAMILIES,
            "view": { "stroke": null },
            "axis": {
                "gridColor": "#e4e4e4", "domainColor": LINE.hex(), "tickColor": LINE.hex(),
                "labelColor": TEXT.hex(), "titleColor": QUIET.hex(), "titleFontWeight": "normal",
                "labelLimit": 260
            },
            "legend": { "labelLimit": 260 },
            "title": { "subtitleColor": QUIET.hex() }
        }
    });
    if let Some(caption) = &chart.caption {
        // Vega-Lite has no caption; a text mark at the lower left corner stands in for it.
        if let Some(layers) = spec["layer"].as_array_mut() {
            layers.push(json!({
                "data": { "values": [{}] },
                "mark": {
                    "type": "text", "text": caption, "align": "left", "baseline": "top",
                    "x": 0, "y": { "expr": "height + 52" }, "color": QUIET.hex(), "fontSize": 10
                }
            }));
        }
    }
    Ok(spec)
}

struct Writer<'a> {
    chart: &'a Chart,
    training: &'a Training,
}

impl Writer<'_> {
    fn trained(&self, channel: Channel) -> &Trained {
        match channel {
            Channel::Y | Channel::Y2 => &self.training.y,
            _ => &self.training.x,
        }
    }

    /// Whether the categories of an axis are written as positions with named ticks, because some
    /// layer or reference line lies between them.
    fn positional(&self, channel: Channel) -> bool {
        let pair = match channel {
            Channel::Y | Channel::Y2 => [Channel::Y, Channel::Y2],
            _ => [Channel::X, Channel::X2],
        };
        let numbers = |layer: &Layer| {
            pair.iter()
                .any(|c| layer.field(*c).is_some_and(|f| matches!(f.values, Values::Numbers(_))))
        };
        self.trained(channel).is_band()
            && (self.chart.layers.iter().any(numbers)
                || self.chart.references.iter().any(|r| r.channel == pair[0]))
    }

    /// Rows of `layer` as JSON objects keyed by channel.
    fn data(&self, layer: &Layer) -> Value {
        let rows = (0..layer.rows()).map(|row| {
            let mut record = Map::new();
            for (key, channel, field) in keyed(layer) {
                let value = match (field.values.text(row), field.values.number(row)) {
                    (Some(text), _) if is_position(channel) && self.positional(channel) => {
                        json!(self.trained(channel).index(text))
                    }
                    (Some(text), _) => json!(text),
                    (_, Some(number)) => json!(number),
                    _ => Value::Null,
                };
                record.insert(key, value);
            }
            Value::Object(record)
        });
        json!({ "values": rows.collect::<Vec<_>>() })
    }

    fn layer(&self, layer: &Layer) -> Value {
        json!({
            "data": self.data(layer),
            "mark": mark(layer),
            "encoding": self.encoding(layer),
        })
    }

    fn encoding(&self, layer: &Layer) -> Value {
        let mut encoding = Map::new();
        let mut tooltips: Vec<Value> = Vec::new();
        let chosen = layer.field(Channel::Tooltip).is_some();
        for (key, channel, field) in keyed(layer) {
            match channel {
                Channel::X | Channel::Y => {
                    encoding.insert(key.clone(), self.position(channel, &key, field));
                }
                Channel::X2 | Channel::Y2 => {
                    encoding.insert(key.clone(), json!({ "field": key }));
                }
                Channel::Colour => {
                    encoding.insert("color".into(), self.colour(layer, &key, field));
                    if layer.style.dodge {
                        let across = match length_channel(self.chart, layer) {
                            Channel::Y => "xOffset",
                            _ => "yOffset",
                        };
                        encoding.insert(across.into(), json!({ "field": key }));
                    }
                }
                Channel::Size => {
                    let high = self.training.size.map_or(1.0, |(_, high)| high);
                    encoding.insert(
                        "size".into(),
                        json!({
                            "field": key, "type": "quantitative", "title": field.title(),
                            "scale": { "domain": [0, high], "range": [0, 420] }
                        }),
                    );
                }
                Channel::Label if layer.mark == Mark::Text => {
                    encoding.insert("text".into(), text_of(&key, field));
                }
                Channel::Label | Channel::Tooltip => {}
            }
            let named = !is_position(channel) || !self.positional(channel);
            if named && (channel == Channel::Tooltip || !chosen) {
                let mut tooltip = text_of(&key, field);
                tooltip["title"] = json!(field.title());
                if !tooltips.iter().any(|t| t["title"] == tooltip["title"]) {
                    tooltips.push(tooltip);
                }
            }
        }
        if layer.mark == Mark::Line {
            // Rows are joined in their own order, as in the other renderers.
            encoding.insert("order".into(), json!({ "value": null }));
        }
        encoding.insert("tooltip".into(), Value::Array(tooltips));
        Value::Object(encoding)
    }

    fn position(&self, channel: Channel, key: &str, field: &Field) -> Value {
        let axis = self.chart.axis(channel);
        let down = channel == Channel::Y;
        let mut scale = Map::new();
        let mut guide = Map::new();
        guide.insert("title".into(), json!(axes::title(self.chart, channel)));
        if axis.right && down {
            guide.insert("orient".into(), json!("right"));
        }
        let kind = match self.trained(channel) {
            Trained::Band { names } if self.positional(channel) => {
                scale.insert("domain".into(), json!([-0.5, names.len() as f64 - 0.5]));
                scale.insert("nice".into(), json!(false));
                scale.insert("zero".into(), json!(false));
                scale.insert("reverse".into(), json!(down != axis.reverse));
                guide.insert("values".into(), json!((0..names.len()).collect::<Vec<_>>()));
                guide.insert(
                    "labelExpr".into(),
                    json!(format!("{}[datum.value]", json!(names.iter().collect::<Vec<_>>()))),
                );
                guide.insert("grid".into(), json!(false));
                "quantitative"
            }
            Trained::Band { names } => {
                let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
                if axis.reverse {
                    names.reverse();
                }
                scale.insert("domain".into(), json!(names));
                "nominal"
            }
            Trained::Linear { low, high } | Trained::Log { low, high } => {
                let log = axis.scale == Scale::Log;
                scale.insert("type".into(), json!(if log { "log" } else { "linear" }));
                scale.insert("domain".into(), json!([low, high]));
                scale.insert("nice".into(), json!(false));
                scale.insert("zero".into(), json!(false));
                if axis.reverse {
                    scale.insert("reverse".into(), json!(true));
                }
                if axis.percent {
                    guide.insert("format".into(), json!(".0%"));
                } else if *low > 1800.0 && *high < 2200.0 {
                    guide.insert("format".into(), json!("d"));
                    guide.insert("tickMinStep".into(), json!(1));
                }
                "quantitative"
            }
        };
        let guide = if axis.hidden { Value::Null } else { Value::Object(guide) };
        let mut encoding = json!({ "field": key, "type": kind, "scale": scale, "axis": guide });
        if kind == "nominal" {
            encoding["sort"] = Value::Null;
        }
        // Without a title here the names of both ends would be joined on the axis.
        encoding["title"] = json!(field.title());
        encoding
    }

    fn colour(&self, layer: &Layer, key: &str, field: &Field) -> Value {
        let colours = &self.chart.colours;
        let title = colours.title.clone().unwrap_or_else(|| field.title());
        let legend = if colours.no_legend { Value::Null } else { json!({ "title": title }) };
        let (kind, scale) = match &self.training.colour {
            ColourScale::Categories(entries) => {
                let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
                let range: Vec<String> = entries.iter().map(|(_, colour)| colour.hex()).collect();
                ("nominal", json!({ "domain": names, "range": range }))
            }
            ColourScale::Ramp { low, high, middle } => {
                let ramp: fn(f64) -> Rgb = if middle.is_some() { diverging } else { sequential };
                let range: Vec<String> = (0..=8).map(|i| ramp(f64::from(i) / 8.0).hex()).collect();
                let domain = match middle {
                    Some(middle) => {
                        let reach = (high - middle).max(middle - low);
                        [middle - reach, middle + reach]
                    }
                    None => [*low, *high],
                };
                ("quantitative", json!({ "domain": domain, "range": range }))
            }
            ColourScale::None => ("nominal", json!({})),
        };
        let mut encoding = json!({ "field": key, "type": kind, "scale": scale, "legend": legend });
        if layer.mark == Mark::Rect {
            encoding["title"] = json!(title);
        }
        encoding
    }

    /// The labels of points, bars and cells as a text layer over the same rows.
    fn label_layer(&self, layer: &Layer) -> Option<Value> {
        let (key, _, field) = keyed(layer).into_iter().find(|(_, c, _)| *c == Channel::Label)?;
        let crowded = layer.mark == Mark::Point && layer.rows() > MOST_LABELS;
        if crowded || !matches!(layer.mark, Mark::Point | Mark::Bar | Mark::Rect) {
            return None;
        }
        let mut encoding = Map::new();
        for (key, channel, field) in keyed(layer) {
            if matches!(channel, Channel::X | Channel::Y) {
                encoding.insert(key.clone(), self.position(channel, &key, field));
            }
        }
        if layer.style.dodge
            && let Some((key, ..)) =
                keyed(layer).into_iter().find(|(_, c, _)| *c == Channel::Colour)
        {
            let across = match length_channel(self.chart, layer) {
                Channel::Y => "xOffset",
                _ => "yOffset",
            };
            encoding.insert(across.into(), json!({ "field": key }));
        }
        encoding.insert("text".into(), text_of(&key, field));
        let sideways = length_channel(self.chart, layer) == Channel::X;
        let mark = match layer.mark {
            Mark::Bar if !sideways => json!({ "type": "text", "dy": -7, "fontSize": 10 }),
            Mark::Rect => json!({ "type": "text", "fontSize": 10 }),
            _ => json!({ "type": "text", "align": "left", "dx": 6, "fontSize": 10 }),
        };
        let mut mark = mark;
        mark["color"] = json!(TEXT.hex());
        if let (Mark::Rect, Some((key, ..))) =
            (layer.mark, keyed(layer).into_iter().find(|(_, c, _)| *c == Channel::Colour))
            && let Some(tests) = self.ink_tests(&key)
        {
            encoding.insert("color".into(), tests);
        }
        Some(json!({ "data": self.data(layer), "mark": mark, "encoding": encoding }))
    }

    /// White letters on the dark ends of a ramp.
    fn ink_tests(&self, key: &str) -> Option<Value> {
        let ColourScale::Ramp { low, high, middle } = &self.training.colour else { return None };
        let (from, to) = middle.map_or((*low, *high), |m| {
            let reach = (high - m).max(m - low);
            (m - reach, m + reach)
        });
        let dark = |value: f64| self.training.colour.at(value).ink() != TEXT;
        let steps = 200;
        let at = |i: i32| from + (to - from) * f64::from(i) / f64::from(steps);
        // The band of values around the light part of the ramp on which dark letters read.
        let light: Vec<f64> = (0..=steps).map(at).filter(|value| !dark(*value)).collect();
        let (first, last) = (light.first()?, light.last()?);
        Some(json!({
            "condition": {
                "test": format!("datum['{key}'] >= {first} && datum['{key}'] <= {last}"),
                "value": TEXT.hex()
            },
            "value": "white"
        }))
    }

    fn references(&self) -> Vec<Value> {
        let mut layers = Vec::new();
        for (channel, key) in [(Channel::X, "x"), (Channel::Y, "y")] {
            let rows: Vec<Value> = self
                .chart
                .references
                .iter()
                .filter(|r| r.channel == channel)
                .map(|r| json!({ key: r.at, "label": r.caption }))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let field = Field::numbers("reference", []);
            let mut at = self.position(channel, key, &field);
            at["title"] = json!(axes::title(self.chart, channel));
            layers.push(json!({
                "data": { "values": rows },
                "mark": { "type": "rule", "strokeDash": [5, 4], "color": LINE.hex() },
                "encoding": { key: at, "tooltip": { "field": "label", "type": "nominal" } }
            }));
            let mark = if channel == Channel::X {
                json!({ "type": "text", "y": 0, "dy": -6, "baseline": "bottom",
                        "color": QUIET.hex(), "fontSize": 10 })
            } else {
                json!({ "type": "text", "x": { "expr": "width" }, "dx": 6, "align": "left",
                        "baseline": "middle", "color": QUIET.hex(), "fontSize": 10 })
            };
            layers.push(json!({
                "data": { "values": rows },
                "mark": mark,
                "encoding": { key: at, "text": { "field": "label", "type": "nominal" } }
            }));
        }
        layers
    }
}

/// The mark of `layer` with its fixed looks.
fn mark(layer: &Layer) -> Value {
    let style = &layer.style;
    let mut mark = Map::new();
    let kind = match layer.mark {
        Mark::Segment => "rule",
        Mark::Interval => "errorbar",
        Mark::Point => "point",
        other => crate::Choice::name(other),
    };
    mark.insert("type".into(), json!(kind));
    if style.opacity < 1.0 || layer.mark == Mark::Area {
        mark.insert("opacity".into(), json!(style.opacity));
    }
    if layer.field(Channel::Colour).is_none() {
        let plain = if layer.mark == Mark::Text { TEXT } else { CATEGORIES[0] };
        mark.insert("color".into(), json!(style.colour.unwrap_or(plain).hex()));
    }
    match layer.mark {
        Mark::Point => {
            mark.insert("filled".into(), json!(!style.hollow));
            mark.insert("size".into(), json!(style.size));
        }
        Mark::Line | Mark::Segment => {
            mark.insert("strokeWidth".into(), json!(style.width));
        }
        Mark::Tick => {
            mark.insert("thickness".into(), json!(style.width));
        }
        Mark::Interval => {
            mark.insert("ticks".into(), json!(true));
        }
        Mark::Text => {
            let (align, dx) = match style.anchor {
                Anchor::Start => ("left", 4),
                Anchor::Middle => ("center", 0),
                Anchor::End => ("right", -4),
            };
            mark.insert("align".into(), json!(align));
            mark.insert("dx".into(), json!(dx));
            mark.insert("baseline".into(), json!("middle"));
        }
        _ => {}
    }
    if style.dashed {
        mark.insert("strokeDash".into(), json!([5, 3]));
    }
    Value::Object(mark)
}

fn is_position(channel: Channel) -> bool {
    matches!(channel, Channel::X | Channel::X2 | Channel::Y | Channel::Y2)
}

/// The encodings of `layer` with the data column each becomes.
fn keyed(layer: &Layer) -> Vec<(String, Channel, &Field)> {
    let mut tooltips = 0;
    layer
        .encodings
        .iter()
        .map(|(channel, field)| {
            let mut key = channel.name().to_owned();
            if *channel == Channel::Tooltip {
                tooltips += 1;
                key = format!("tooltip{tooltips}");
            }
            (key, *channel, field)
        })
        .collect()
}

fn text_of(key: &str, field: &Field) -> Value {
    match field.values {
        Values::Texts(_) => json!({ "field": key, "type": "nominal" }),
        Values::Numbers(_) => json!({ "field": key, "type": "quantitative", "format": ",.4~g" }),
    }
}
