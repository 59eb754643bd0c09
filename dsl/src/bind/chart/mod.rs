//! Charts: `plot` for every result, and what a chart can be asked.

mod help;
mod plots;

use std::path::Path;

use esep_stdlib::chart::{Axis, Channel, Chart, Size};
use rhai::{Dynamic, ImmutableString};

use crate::convert;
use crate::display::{Bundle, Style};
use crate::library::Library;
use crate::report::{Fallible, Raise};

pub(super) fn register(library: &mut Library<'_>) {
    library.document(help::ENTRIES);
    library.register_type::<Chart>(&help::CHART, show);
    plots::register(library);
    words(library);
    let engine = &mut *library.engine;
    engine.register_get("alt", |chart: &mut Chart| chart.alt_text().raise());
    engine.register_get("svg", |chart: &mut Chart| chart.to_svg(None).raise());
    engine.register_get("vega_lite", |chart: &mut Chart| -> Fallible<String> {
        Ok(format!("{:#}", chart.to_vega_lite().raise()?))
    });
    engine.register_fn("size", |chart: &mut Chart, width: Dynamic, height: Dynamic| {
        let width = convert::number_argument("size", "width", &width)?;
        let height = convert::number_argument("size", "height", &height)?;
        let chart = Chart { size: Some(Size::new(width, height)), ..chart.clone() };
        checked(chart)
    });
    engine.register_fn("layer", |chart: &mut Chart, other: Chart| {
        let mut chart = chart.clone();
        chart.layers.extend(other.layers);
        chart.references.extend(other.references);
        checked(chart)
    });
    engine.register_fn(
        "line_at",
        |chart: &mut Chart, axis: ImmutableString, at: Dynamic, caption: ImmutableString| {
            let at = convert::number_argument("line_at", "at", &at)?;
            let channel = match axis.as_str() {
                "x" => Channel::X,
                "y" => Channel::Y,
                _ => {
                    return Err(esep_stdlib::Error::UnknownName {
                        primitive: "line_at".into(),
                        kind: "axis".into(),
                        name: axis.to_string(),
                        known: vec!["x".into(), "y".into()],
                    })
                    .raise();
                }
            };
            checked(chart.clone().reference(channel, at, &caption))
        },
    );
    engine.register_fn("save", |chart: &mut Chart, path: ImmutableString| -> Fallible<()> {
        chart.save(Path::new(path.as_str()), None).raise()
    });
}

/// Methods that set one text of the chart.
fn words(library: &mut Library<'_>) {
    let set: [(&str, fn(&mut Chart, String)); 5] = [
        ("title", |chart, text| chart.title = Some(text)),
        ("subtitle", |chart, text| chart.subtitle = Some(text)),
        ("caption", |chart, text| chart.caption = Some(text)),
        ("x_title", |chart, text| chart.x = Axis { title: Some(text), ..chart.x.clone() }),
        ("y_title", |chart, text| chart.y = Axis { title: Some(text), ..chart.y.clone() }),
    ];
    for (name, change) in set {
        library.engine.register_fn(name, move |chart: &mut Chart, text: ImmutableString| {
            let mut chart = chart.clone();
            change(&mut chart, text.to_string());
            chart
        });
    }
}

/// `chart`, if it can be drawn.
fn checked(chart: Chart) -> Fallible<Chart> {
    chart.check().raise()?;
    Ok(chart)
}

fn show(chart: &Chart, style: &Style) -> Bundle {
    match (chart.to_text(style.width), chart.to_svg(None), chart.to_vega_lite()) {
        (Ok(plain), Ok(svg), Ok(spec)) => {
            Bundle { plain, svg: Some(svg), vega_lite: Some(spec), ..Bundle::default() }
        }
        // Charts are checked when made; this is what remains to say if one cannot be drawn.
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Bundle::text(error.to_string()),
    }
}
