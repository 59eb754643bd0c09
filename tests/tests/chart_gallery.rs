//! One picture of every kind, drawn from the regions: what a reader must find in it, and that
//! nothing runs into anything else. `ESEP_PICTURES=folder` keeps the pictures to look at.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use esep_stdlib::chart::build::{
    DendrogramInput, HeatmapInput, HistogramInput, ProfileInput, RankedInput, ScoresInput,
    ScreeInput, SilhouetteInput, TablePlot, dendrogram, heatmap, histogram, profile, ranked,
    scores, scree, silhouette, table,
};
use esep_stdlib::chart::scene::{Part, Rect, Scene, Text};
use esep_stdlib::chart::{Channel, Chart, Field, Layer, Mark, Scale, Size};
use esep_stdlib::{Table, Vector};
use serde_json::Value;

fn inputs() -> Value {
    let path = esep_tests::root().join("tests/golden/chart_inputs.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn integers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn tree(clusters: bool) -> Chart {
    let data = inputs();
    let merges: Vec<[i64; 2]> = data["merge"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| [m[0].as_i64().unwrap(), m[1].as_i64().unwrap()])
        .collect();
    let order: Vec<usize> = integers(&data["order"]).iter().map(|i| *i as usize - 1).collect();
    let labels = integers(&data["clusters"]);
    dendrogram(&DendrogramInput {
        merges: &merges,
        heights: &floats(&data["height"]),
        order: &order,
        labels: &texts(&data["labels"]),
        clusters: clusters.then_some(labels.as_slice()),
        height_title: "Height (Ward.D2 linkage, Euclidean distance)",
        title: "Regions by their 17 standardised indicators",
        subtitle: Some("Hierarchical clusters of 20 regions, 2023"),
        ..DendrogramInput::default()
    })
    .unwrap()
}

fn efficiencies() -> Chart {
    let data = inputs();
    let some =
        |key: &str| -> Vec<Option<f64>> { floats(&data[key]).into_iter().map(Some).collect() };
    ranked(&RankedInput {
        units: &texts(&data["labels"]),
        values: &some("te"),
        lower: Some(&some("lower")),
        upper: Some(&some("upper")),
        value_title: "Technical efficiency (Battese-Coelli), 95 % interval",
        limits: Some((0.0, 1.0)),
        mean_line: true,
        title: "Technical efficiency of digital output",
        subtitle: Some("Half-normal production frontier, 20 regions, 2023"),
        ..RankedInput::default()
    })
    .unwrap()
}

fn readiness() -> Chart {
    let data = inputs();
    let firms = data["readiness"].as_object().unwrap();
    let values: Vec<Vec<Option<f64>>> =
        firms.values().map(|row| floats(row).into_iter().map(Some).collect()).collect();
    let blocks = [
        "Strategy and sustainable development",
        "Material and technical equipment",
        "Organisational structure and processes",
        "Production",
        "Personnel",
        "Supply chain management",
        "Customer relations",
        "Monitoring and control",
        "Cybersecurity",
    ]
    .map(String::from);
    let units: Vec<String> = firms.keys().cloned().collect();
    profile(&ProfileInput {
        units: &units,
        blocks: &blocks,
        values: &values,
        thresholds: &[(0.4, "medium from 0.4".into()), (0.8, "high from 0.8".into())],
        value_title: "Block score, 0 to 1",
        limits: Some((0.0, 1.0)),
        title: "Digital readiness by block",
        subtitle: Some("Geometric mean of items, as published"),
    })
    .unwrap()
}

fn components() -> Chart {
    let data = inputs();
    scores(&ScoresInput {
        units: &texts(&data["labels"]),
        x: &floats(&data["pc1"]),
        y: &floats(&data["pc2"]),
        clusters: Some(&integers(&data["clusters"])),
        x_title: "PC1 (34.9 % of variance)",
        y_title: "PC2 (21.7 % of variance)",
        title: "Regions on the first two principal components",
        subtitle: Some("17 standardised indicators; clusters of ward.D2 at k = 3"),
        ..ScoresInput::default()
    })
    .unwrap()
}

fn widths() -> Chart {
    let data = inputs();
    silhouette(&SilhouetteInput {
        units: &texts(&data["labels"]),
        widths: &floats(&data["silhouette"]),
        clusters: &integers(&data["clusters"]),
        title: "Silhouette of the three clusters",
        ..SilhouetteInput::default()
    })
    .unwrap()
}

fn shares() -> Chart {
    let data = inputs();
    scree(&ScreeInput {
        explained: &floats(&data["explained"]),
        title: "Variance explained by principal components",
        subtitle: None,
    })
    .unwrap()
}

fn regions() -> Table {
    esep_stdlib::table::datasets::Dataset::find("regions_2023").unwrap().table().unwrap()
}

fn correlations() -> Chart {
    let matrix = regions().numeric().unwrap().matrix("test", None).unwrap();
    let n = matrix.columns.len();
    let rows = matrix.values.nrows() as f64;
    let centred: Vec<Vec<f64>> = (0..n)
        .map(|j| {
            let column = matrix.values.column(j);
            let mean = column.sum() / rows;
            column.iter().map(|v| v - mean).collect()
        })
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let values: Vec<Vec<Option<f64>>> = (0..n)
        .map(|i| {
            (0..n)
                .map(|j| {
                    let (a, b) = (&centred[i], &centred[j]);
                    Some(dot(a, b) / (dot(a, a) * dot(b, b)).sqrt())
                })
                .collect()
        })
        .collect();
    heatmap(&HeatmapInput {
        rows: &matrix.columns,
        columns: &matrix.columns,
        values: &values,
        value_title: "Correlation",
        middle: Some(0.0),
        limits: Some((-1.0, 1.0)),
        decimals: Some(2),
        title: "Correlations of the indicators",
        subtitle: Some("Pearson, 20 regions, 2023"),
    })
    .unwrap()
}

fn columns(plot: TablePlot) -> Chart {
    table(&regions(), &plot).unwrap()
}

fn named(x: &str, y: &str) -> TablePlot {
    TablePlot { x: Some(x.into()), y: Some(y.into()), ..TablePlot::default() }
}

fn kazakh() -> Chart {
    let mut chart = columns(TablePlot {
        x: Some("name_kk".into()),
        y: Some("ict_avg_salary".into()),
        mark: Some(Mark::Bar),
        orientation: esep_stdlib::chart::build::Orientation::Vertical,
        title: Some(
            "АКТ саласындағы орташа жалақы: Ұлытау, Қызылорда, ә ғ қ ң ө ұ ү һ і Ә Ғ Қ Ң Ө Ұ Ү Һ І"
                .into(),
        ),
        ..TablePlot::default()
    });
    chart.caption = Some("Мың теңге, 2023 жыл. Long names stand on a slant and stay apart.".into());
    chart
}

fn by_year() -> Chart {
    let years: Vec<f64> = (2015..=2024).map(f64::from).collect();
    let all = |name: &str, start: f64, step: f64, gap: Option<usize>| {
        (0..years.len())
            .map(|i| {
                let value = start + step * i as f64 + (i as f64 * 1.7).sin() * 2.0;
                (years[i], (gap != Some(i)).then_some(value), name.to_owned())
            })
            .collect::<Vec<_>>()
    };
    let rows: Vec<(f64, Option<f64>, String)> = [
        all("Cloud services", 4.0, 1.6, None),
        all("Big data", 1.0, 0.9, Some(4)),
        all("Internet of things", 2.0, 2.4, None),
    ]
    .concat();
    let t = Table::new([
        ("year", Vector::from_ints(rows.iter().map(|r| r.0 as i64))),
        ("share", Vector::from_options(rows.iter().map(|r| r.1))),
        ("technology", Vector::from_texts(rows.iter().map(|r| r.2.clone()))),
    ])
    .unwrap();
    table(
        &t,
        &TablePlot {
            mark: Some(Mark::Line),
            color: Some("technology".into()),
            y_title: Some("Share of firms, %".into()),
            title: Some("Firms using digital technology".into()),
            ..named("year", "share")
        },
    )
    .unwrap()
}

fn gallery() -> Vec<(&'static str, Chart)> {
    let salaries: Vec<Option<f64>> =
        regions().column("ict_avg_salary").unwrap().floats().unwrap().iter().collect();
    vec![
        ("tree", tree(false)),
        ("tree_cut", tree(true)),
        ("efficiency", efficiencies()),
        ("readiness", readiness()),
        ("components", components()),
        ("silhouette", widths()),
        ("scree", shares()),
        ("correlations", correlations()),
        ("kazakh", kazakh()),
        ("by_year", by_year()),
        (
            "bubbles",
            columns(TablePlot {
                size: Some("manuf_output".into()),
                color: Some("digital_literacy_rate".into()),
                x_scale: Scale::Log,
                ..named("ict_investments", "ict_avg_salary")
            }),
        ),
        (
            "ranked_bars",
            columns(TablePlot {
                y: Some("gdp_per_capita".into()),
                sort: true,
                ..TablePlot::default()
            }),
        ),
        (
            "histogram",
            histogram(&HistogramInput {
                values: &salaries,
                value_title: "ICT average salary, thousand KZT",
                bins: None,
                title: "Distribution of ICT salaries",
            })
            .unwrap(),
        ),
        (
            "thresholds",
            Chart::new("Captions beside close lines do not meet")
                .layer(
                    Layer::new(Mark::Area)
                        .with(Channel::X, Field::numbers("year", (2000..=2020).map(f64::from)))
                        .with(
                            Channel::Y,
                            Field::numbers("index", (0..=20).map(|i| 0.3 + 0.03 * f64::from(i))),
                        )
                        .with(
                            Channel::Y2,
                            Field::numbers("index", (0..=20).map(|i| 0.2 + 0.03 * f64::from(i))),
                        )
                        .styled(|style| style.opacity = 0.3),
                )
                .layer(
                    Layer::new(Mark::Line)
                        .with(Channel::X, Field::numbers("year", (2000..=2020).map(f64::from)))
                        .with(
                            Channel::Y,
                            Field::numbers("index", (0..=20).map(|i| 0.25 + 0.03 * f64::from(i))),
                        ),
                )
                .reference(Channel::Y, 0.4, "medium from 0.40")
                .reference(Channel::Y, 0.41, "revised from 0.41")
                .reference(Channel::Y, 0.8, "high from 0.80")
                .reference(Channel::X, 2009.0, "crisis")
                .reference(Channel::X, 2010.0, "programme begins"),
        ),
    ]
}

fn keep(name: &str, ending: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("ESEP_PICTURES") {
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.{ending}")), bytes).unwrap();
    }
}

/// Every pair of texts of `part` that cover a common point.
fn clashes<'a>(scene: &'a Scene, parts: &[Part]) -> Vec<(&'a str, &'a str)> {
    let texts: Vec<&Text> = parts.iter().flat_map(|part| scene.texts(*part)).collect();
    let mut pairs = Vec::new();
    for (i, a) in texts.iter().enumerate() {
        pairs.extend(
            texts[..i].iter().filter(|b| a.overlaps(b)).map(|b| (b.text.as_str(), a.text.as_str())),
        );
    }
    pairs
}

#[test]
fn no_two_texts_of_any_picture_meet_and_none_leaves_the_page() {
    for (name, chart) in gallery() {
        for size in [None, Some(Size::new(520.0, 360.0)), Some(Size::new(1200.0, 800.0))] {
            let scene = chart.scene(size).unwrap();
            let outside = [Part::XAxis, Part::YAxis, Part::Legend, Part::Title, Part::Reference];
            let pairs = clashes(&scene, &outside);
            assert!(pairs.is_empty(), "{name} {size:?}: {pairs:?}");
            let page = Rect { x: 0.0, y: 0.0, width: scene.width, height: scene.height };
            for part in outside.into_iter().chain([Part::Label]) {
                for text in scene.texts(part) {
                    let bounds = text.bounds();
                    assert!(page.contains(&bounds), "{name} {size:?}: {} {bounds:?}", text.text);
                }
            }
        }
    }
}

#[test]
fn labels_of_units_stay_apart() {
    for (name, chart) in gallery() {
        let pairs_of = |scene: &Scene| clashes(scene, &[Part::Label]).len();
        assert_eq!(pairs_of(&chart.scene(None).unwrap()), 0, "{name}");
    }
    let scene = components().scene(None).unwrap();
    let labels: Vec<&str> = scene.texts(Part::Label).iter().map(|t| t.text.as_str()).collect();
    assert_eq!(labels.len(), 20, "all regions are named: {labels:?}");
}

#[test]
fn svg_is_searchable_finite_and_described() {
    for (name, chart) in gallery() {
        let svg = chart.to_svg(None).unwrap();
        keep(name, "svg", svg.as_bytes());
        assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        assert!(svg.contains("role=\"img\"") && svg.contains("<title>"), "{name}");
        assert_eq!(svg.matches('<').count(), svg.matches('>').count(), "{name}: escaped text");
        assert_eq!(svg, chart.to_svg(None).unwrap(), "{name}: the same bytes again");
        for part in [Part::XAxis, Part::YAxis] {
            assert!(!chart.scene(None).unwrap().texts(part).is_empty(), "{name} {part:?}");
        }
    }
    let svg = tree(true).to_svg(None).unwrap();
    for region in texts(&inputs()["labels"]) {
        assert!(svg.contains(&format!(">{region}</text>")), "{region}");
    }
    assert!(svg.contains(">cut into 3 clusters</text>") && svg.contains(">cluster 3</text>"));
}

#[test]
fn png_decodes_to_the_size_asked_for() {
    for (name, chart) in gallery() {
        let png = chart.to_png(None).unwrap();
        keep(name, "png", &png);
        let scene = chart.scene(None).unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let side = |from: usize| u32::from_be_bytes(png[from..from + 4].try_into().unwrap());
        assert_eq!(f64::from(side(16)), (scene.width * 2.0).round(), "{name}");
        assert_eq!(f64::from(side(20)), (scene.height * 2.0).round(), "{name}");
    }
}

#[test]
fn vega_lite_carries_data_titles_and_types() {
    for (name, chart) in gallery() {
        let spec = chart.to_vega_lite().unwrap();
        keep(name, "vl.json", serde_json::to_string_pretty(&spec).unwrap().as_bytes());
        assert_eq!(spec["$schema"], "https://vega.github.io/schema/vega-lite/v5.json", "{name}");
        let layers = spec["layer"].as_array().unwrap();
        assert!(layers.len() >= chart.layers.len(), "{name}");
        for layer in layers {
            assert!(layer["mark"]["type"].is_string(), "{name}: {layer}");
            let rows = layer["data"]["values"].as_array().unwrap();
            assert!(!rows.is_empty(), "{name}");
            for (channel, encoding) in layer["encoding"].as_object().into_iter().flatten() {
                let Some(field) = encoding["field"].as_str() else { continue };
                assert!(rows[0].get(field).is_some(), "{name}: {channel} reads {field}");
                let second = ["x2", "y2", "xOffset", "yOffset"].contains(&channel.as_str());
                let typed =
                    ["quantitative", "nominal"].contains(&encoding["type"].as_str().unwrap_or(""));
                assert!(second || typed, "{name}: {channel} {encoding}");
            }
        }
    }
    let spec = components().to_vega_lite().unwrap();
    assert_eq!(spec["layer"][0]["encoding"]["x"]["axis"]["title"], "PC1 (34.9 % of variance)");
    assert_eq!(spec["layer"][0]["encoding"]["color"]["scale"]["domain"][2], "cluster 3");
}

#[test]
fn alt_text_says_what_is_seen() {
    let text = efficiencies().alt_text().unwrap();
    assert!(text.contains("Technical efficiency") && text.contains("mean 0.650"), "{text}");
    let text = tree(true).alt_text().unwrap();
    assert!(text.contains("cut into 3 clusters"), "{text}");
}

#[test]
fn text_fits_the_terminal_and_names_every_unit() {
    for (name, chart) in gallery() {
        for width in [60, 100] {
            let text = chart.to_text(width).unwrap();
            if width == 100 {
                keep(name, "txt", text.as_bytes());
            }
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{name}: {line}");
            }
            let drawn = text.chars().filter(|c| "█▏▎▍▌▋▊▉─●▲■▓▒░·".contains(*c)).count();
            assert!(drawn > 10, "{name} shows its marks:\n{text}");
        }
    }
    let text = tree(true).to_text(100).unwrap();
    for region in texts(&inputs()["labels"]) {
        assert!(text.lines().any(|line| line.ends_with(&region)), "{region} in\n{text}");
    }
}
