//! Frameworks inside the program.

use super::error::ReadinessError;
use super::framework::{Direction, Framework, Item, Level, Node, NodeKind};
use super::scale::Scale;
use crate::choice::Choice;
use crate::error::Result;
use crate::table::datasets::Dataset;
use crate::table::{Cell, Table};

/// A framework inside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Name for `framework`.
    pub name: &'static str,
    /// What it measures.
    pub title: &'static str,
    /// Where it is published.
    pub source: &'static str,
    text: Option<&'static str>,
}

/// Every bundled framework.
pub const FRAMEWORKS: &[Bundled] = &[
    Bundled {
        name: "digital_readiness",
        title: "Readiness of an industrial enterprise for a digital ecosystem: 9 blocks, 115 items",
        source: "Dissertation on digital ecosystems of Kazakhstan's industry",
        text: None,
    },
    Bundled {
        name: "impuls",
        title: "Industrie 4.0 readiness: 6 dimensions, 18 fields, gated by their lowest field",
        source: "IMPULS Foundation of VDMA, 2015",
        text: Some(include_str!("../../data/frameworks/impuls.toml")),
    },
    Bundled {
        name: "desi_2022",
        title: "Digital Economy and Society Index 2022: 4 dimensions, 10 sub-dimensions",
        source: "European Commission, 2022",
        text: Some(include_str!("../../data/frameworks/desi_2022.toml")),
    },
    Bundled {
        name: "egdi",
        title: "E-Government Development Index: mean of three sub-indices",
        source: "United Nations E-Government Survey",
        text: Some(include_str!("../../data/frameworks/egdi.toml")),
    },
    Bundled {
        name: "teaching",
        title: "A small framework with a ladder, choices, goalposts, stages and a minimum",
        source: "Esep",
        text: Some(include_str!("../../data/frameworks/teaching.toml")),
    },
];

impl Framework {
    /// The bundled framework called `name`.
    pub fn bundled(name: &str) -> Result<Self> {
        let Some(found) = FRAMEWORKS.iter().find(|bundled| bundled.name == name) else {
            return Err(ReadinessError::NoFramework {
                name: name.to_owned(),
                known: FRAMEWORKS.iter().map(|bundled| bundled.name.to_owned()).collect(),
            }
            .into());
        };
        found.text.map_or_else(|| digital_readiness(found), Self::from_toml)
    }
}

/// The dissertation's questionnaire, from its two bundled tables.
fn digital_readiness(bundled: &Bundled) -> Result<Framework> {
    let blocks = Dataset::find("readiness_blocks")?.table()?;
    let items = Dataset::find("readiness_items")?.table()?;
    let mut root = Node::group("index", Vec::new())
        .labelled("en", "Digital readiness")
        .labelled("ru", "Цифровая готовность");
    let mut children = Vec::new();
    for row in 0..blocks.nrow() {
        let code = text(&blocks, row, "block")?;
        let mut leaves = Vec::new();
        for row in 0..items.nrow() {
            if text(&items, row, "block")? == code {
                leaves.push(leaf(&items, row)?);
            }
        }
        let block = Node::group(&code, leaves)
            .weighing(number(&blocks, row, "weight")?)
            .labelled("en", &text(&blocks, row, "name_en")?)
            .labelled("ru", &text(&blocks, row, "name_ru")?);
        children.push(block);
    }
    if let NodeKind::Group(group) = &mut root.kind {
        group.children = children;
    }
    let level = |name: &str, upper: Option<f64>, en: &str, ru: &str| Level {
        name: name.into(),
        upper,
        texts: vec![("en".into(), en.into()), ("ru".into(), ru.into())],
    };
    let mut framework = Framework::new(bundled.name, root);
    framework.source = Some(bundled.source.to_owned());
    framework.levels = vec![
        level("low", Some(0.4), "Not ready for a digital ecosystem", "Низкая готовность"),
        level("medium", Some(0.8), "Ready in parts", "Средняя готовность"),
        level("high", None, "Ready for a digital ecosystem", "Высокая готовность"),
    ];
    Ok(framework)
}

fn leaf(items: &Table, row: usize) -> Result<Node> {
    let code = text(items, row, "item")?;
    let scale = |column: &str| -> Result<Scale> {
        let spelled = text(items, row, column)?;
        Scale::parse(&spelled).ok_or_else(|| {
            let fault = format!("no scale is called `{spelled}`");
            ReadinessError::Framework { path: code.clone(), fault }.into()
        })
    };
    let (declared, scored) = (scale("scale")?, scale("scored_as")?);
    let mut item = Item::on(declared);
    item.scored_as = (scored != item.scale).then_some(scored);
    item.direction = Direction::parse("framework", "direction", &text(items, row, "direction")?)?;
    Ok(Node::item(&code, item)
        .weighing(number(items, row, "weight")?)
        .labelled("en", &text(items, row, "label_en")?)
        .labelled("ru", &text(items, row, "label_ru")?))
}

fn text(table: &Table, row: usize, column: &str) -> Result<String> {
    Ok(match table.column(column)?.cell(row) {
        Cell::Text(text) => text,
        _ => String::new(),
    })
}

fn number(table: &Table, row: usize, column: &str) -> Result<f64> {
    Ok(table.column(column)?.cell(row).as_f64().unwrap_or(f64::NAN))
}
