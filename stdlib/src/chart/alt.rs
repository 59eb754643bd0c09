//! A chart in words, for readers who cannot see it.

use super::axes;
use super::grammar::{Channel, Chart, Layer};
use super::scale::{Trained, number};
use super::train::{ColourScale, Training};
use crate::choice::Choice;

/// What `chart` shows: its own text, or kind, axes, ranges, colours and reference lines.
pub fn describe(chart: &Chart, training: &Training) -> String {
    if let Some(alt) = &chart.alt {
        return alt.clone();
    }
    let mut sentences: Vec<String> = Vec::new();
    sentences.extend(chart.subtitle.iter().cloned());
    let main = chart.layers.iter().max_by_key(|layer| layer.rows());
    let mut marks: Vec<&str> = chart.layers.iter().map(|layer| layer.mark.name()).collect();
    marks.dedup();
    sentences.push(format!(
        "{} marks, {} rows",
        capital(&marks.join(" and ")),
        main.map_or(0, Layer::rows)
    ));
    for (name, channel, ends, axis) in [
        ("Horizontal axis", Channel::X, Channel::X2, &training.x),
        ("Vertical axis", Channel::Y, Channel::Y2, &training.y),
    ] {
        if !chart.axis(channel).hidden {
            let title = axes::title(chart, channel);
            sentences.push(format!("{name}: {title}{}", extent(chart, [channel, ends], axis)));
        }
    }
    if let ColourScale::Categories(entries) = &training.colour {
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        sentences.push(format!("Colours: {}", names.join(", ")));
    }
    for reference in &chart.references {
        sentences.push(format!("Line at {}: {}", number(reference.at), reference.caption));
    }
    sentences.extend(chart.caption.iter().cloned());
    sentences.iter().map(|s| s.trim_end_matches('.')).collect::<Vec<_>>().join(". ") + "."
}

fn extent(chart: &Chart, channels: [Channel; 2], axis: &Trained) -> String {
    if let Trained::Band { names } = axis {
        return if names.len() <= 12 {
            format!(" ({})", names.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        } else {
            format!(" ({} categories from {} to {})", names.len(), names[0], names[names.len() - 1])
        };
    }
    let fields =
        chart.layers.iter().flat_map(|layer| channels.iter().filter_map(|c| layer.field(*c)));
    let (low, high) = fields
        .flat_map(|field| (0..field.values.len()).filter_map(|row| field.values.number(row)))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    format!(", values from {} to {}", number(low), number(high))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
