//! How often values fall into equal classes.

use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::error::{Error, Result};
use crate::stats;

/// Values to count.
#[derive(Debug, Clone, Default)]
pub struct HistogramInput<'a> {
    /// The values; missing ones are counted under the chart.
    pub values: &'a [Option<f64>],
    /// What the values are, with their unit.
    pub value_title: &'a str,
    /// Number of classes, 1 to 500; by Freedman and Diaconis (1981) when absent.
    pub bins: Option<usize>,
    /// Title of the chart.
    pub title: &'a str,
}

/// Bars over classes of equal width; a class holds its lower end, the last one both.
pub fn histogram(input: &HistogramInput) -> Result<Chart> {
    let mut values: Vec<f64> =
        input.values.iter().copied().flatten().filter(|v| v.is_finite()).collect();
    if values.is_empty() {
        return Err(ChartError::AllMissing { field: input.value_title.to_owned() }.into());
    }
    values.sort_by(f64::total_cmp);
    if let Some(bins) = input.bins
        && !(1..=500).contains(&bins)
    {
        return Err(Error::Invalid {
            primitive: "histogram",
            parameter: "bins",
            rule: "lie in 1..=500".into(),
            value: bins.to_string(),
        });
    }
    let (low, high) = (values[0], values[values.len() - 1]);
    let bins = if low == high { 1 } else { input.bins.unwrap_or_else(|| classes(&values)) };
    let width = if low == high { 1.0 } else { (high - low) / bins as f64 };
    let start = if low == high { low - 0.5 } else { low };
    let mut counts = vec![0.0; bins];
    for value in &values {
        let class = ((value - start) / width).floor() as usize;
        counts[class.min(bins - 1)] += 1.0;
    }
    let edge = |class: usize| start + class as f64 * width;
    let mut chart = Chart::new(input.title).layer(
        Layer::new(Mark::Bar)
            .with(Channel::X, Field::numbers("from", (0..bins).map(edge)))
            .with(Channel::X2, Field::numbers("to", (1..=bins).map(edge)))
            .with(Channel::Y, Field::numbers("count", counts)),
    );
    chart.x = Axis { title: Some(input.value_title.to_owned()), ..Axis::default() };
    chart.y = Axis { title: Some("Number of observations".into()), ..Axis::default() };
    chart.subtitle = Some(format!("{} observations in {bins} classes", values.len()));
    let missing = input.values.len() - values.len();
    if missing > 0 {
        let are = if missing == 1 { "value is" } else { "values are" };
        chart.caption = Some(format!("{missing} {are} missing."));
    }
    Ok(chart)
}

/// Classes by the rule of Freedman and Diaconis, 1 to 60; `values` are sorted.
fn classes(values: &[f64]) -> usize {
    let count = values.len() as f64;
    let quartile = |p| stats::quantile(values, p).unwrap_or(0.0);
    let spread = quartile(0.75) - quartile(0.25);
    let span = values[values.len() - 1] - values[0];
    if spread > 0.0 {
        let width = 2.0 * spread / count.cbrt();
        ((span / width).ceil() as usize).clamp(1, 60)
    } else {
        (count.log2().ceil() as usize + 1).clamp(1, 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let values: Vec<Option<f64>> = (0..10).map(|i| Some(f64::from(i))).chain([None]).collect();
        let input = HistogramInput { values: &values, value_title: "x", bins: Some(3), title: "t" };
        let chart = histogram(&input).unwrap();
        let counts = chart.layers[0].field(Channel::Y).unwrap();
        let counts: Vec<f64> = (0..3).filter_map(|row| counts.values.number(row)).collect();
        assert_eq!(counts, [3.0, 3.0, 4.0]);
        assert_eq!(chart.caption.as_deref(), Some("1 value is missing."));
        let constant = HistogramInput { values: &[Some(2.0); 3], bins: None, ..input.clone() };
        assert_eq!(histogram(&constant).unwrap().layers[0].rows(), 1);
        assert!(histogram(&HistogramInput { bins: Some(0), ..input.clone() }).is_err());
        assert!(histogram(&HistogramInput { values: &[None], ..input }).is_err());
    }
}
