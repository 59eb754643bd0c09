//! Frameworks: loading, building, printing, checking.

use std::path::Path;
use std::rc::Rc;

use esep_stdlib::readiness::{FRAMEWORKS, Framework, FrameworkFault, ReadinessError};
use esep_stdlib::{Choice, Error, Table, Vector};
use rhai::{Dynamic, Map};

use super::options;
use crate::convert;
use crate::display::{Bundle, Doc, Style};
use crate::help::{Entry, Example, Field, Param, TypeEntry};
use crate::library::{Library, Shared};
use crate::report::{Fallible, Raise};

const FRAMEWORK: TypeEntry = TypeEntry {
    name: "Framework",
    summary: "The tree of a composite index: items in blocks, blocks in an index, to any depth.",
    fields: &[
        Field::new("code", "text", "its name"),
        Field::new("label", "text", "what it measures"),
        Field::new("source", "text", "where it is published; empty when it does not say"),
        Field::new("blocks", "array of text", "codes of the index's children"),
        Field::new("items", "Table", "one row per item: label, block, scale, direction, unit"),
        Field::new(
            "weights",
            "Table",
            "one row per node: parent, depth, weight among siblings, overall weight",
        ),
        Field::new("levels", "Table", "levels, lowest first: name, upto (included), text"),
    ],
};

const FW: Param = Param::arg("fw", "Framework", "the framework");

const ENTRIES: &[Entry] = &[
    Entry {
        name: "framework",
        on: None,
        room: "readiness",
        summary: "Loads a framework by name or from a .toml file, or builds one of a map.",
        signature: "framework(name_or_path)",
        params: &[Param::arg(
            "name_or_path",
            "text or map",
            "a name that frameworks() lists, a path ending in .toml, or a map of the same shape: #{ code, levels: [#{ name, upto }], node: [#{ code, parent, weight, scale, ... }] }",
        )],
        returns: "Framework",
        search: &["questionnaire", "index structure", "hierarchy", "iMeta", "maturity model"],
        errors: &["an unknown name", "a fault in the file, with its path in the tree"],
        see_also: &["frameworks", "readiness", "validate"],
        source: "",
        examples: &[
            Example { code: "framework(\"digital_readiness\").blocks.len()", shows: "9" },
            Example {
                code: "let fw = framework(#{ code: \"two\", node: [#{ code: \"index\" }, #{ code: \"a\", parent: \"index\", scale: \"1-5\" }, #{ code: \"b\", parent: \"index\", scale: \"percent\", weight: 3 }] });\nfw.weights.at(\"b\", \"overall\")",
                shows: "0.75",
            },
        ],
    },
    Entry {
        name: "frameworks",
        on: None,
        room: "readiness",
        summary: "Lists the bundled frameworks with title, blocks, items and source.",
        signature: "frameworks()",
        params: &[],
        returns: "Table, one row a framework",
        search: &["IMPULS", "DESI", "EGDI", "maturity models"],
        errors: &[],
        see_also: &["framework"],
        source: "",
        examples: &[Example { code: "frameworks().at(\"impuls\", \"items\")", shows: "18" }],
    },
    Entry {
        name: "validate",
        on: Some("Framework"),
        room: "readiness",
        summary: "Lists every fault of a framework, or of a description of one, with its path.",
        signature: "fw.validate()",
        params: &[Param::arg(
            "fw",
            "Framework or map",
            "the framework, or a map that framework() takes",
        )],
        returns: "Table with columns path and fault; no rows for a sound framework",
        search: &["check", "lint"],
        errors: &[],
        see_also: &["framework"],
        source: "",
        examples: &[
            Example { code: "framework(\"teaching\").validate().nrow", shows: "0" },
            Example {
                code: "validate(#{ code: \"x\", node: [#{ code: \"index\" }, #{ code: \"a\", parent: \"index\", scale: \"1-5\", weight: -1 }] })",
                shows: "weight",
            },
        ],
    },
    Entry {
        name: "with_weights",
        on: Some("Framework"),
        room: "readiness",
        summary: "Fixes the weights of some nodes; their siblings share the rest in proportion.",
        signature: "fw.with_weights(weights)",
        params: &[
            FW,
            Param::arg(
                "weights",
                "map or labelled Vector",
                "node -> weight among its siblings, at least 0; together at most 1 unless every sibling is given",
            ),
        ],
        returns: "Framework",
        search: &["reweight", "set weights"],
        errors: &["an unknown node", "a negative weight", "weights of more than 1"],
        see_also: &["readiness"],
        source: "",
        examples: &[Example {
            code: "framework(\"digital_readiness\").with_weights(#{ MTE: 0.25, PROD: 0.25 }).weights.at(\"MTE\", \"weight\")",
            shows: "0.25",
        }],
    },
    Entry {
        name: "tree",
        on: Some("Framework"),
        room: "readiness",
        summary: "The whole tree as text, items included.",
        signature: "fw.tree(language)",
        params: &[
            FW,
            Param {
                default: Some("\"en\""),
                ..Param::arg("language", "text", "language code of the labels")
            },
        ],
        returns: "text",
        search: &["print", "structure"],
        errors: &[],
        see_also: &["framework"],
        source: "",
        examples: &[Example { code: "framework(\"egdi\").tree(\"en\")", shows: "osi" }],
    },
    Entry {
        name: "to_toml",
        on: Some("Framework"),
        room: "readiness",
        summary: "The framework as TOML text, or in a .toml file, to edit and load again.",
        signature: "fw.to_toml(path)",
        params: &[
            FW,
            Param { default: Some("none"), ..Param::arg("path", "text", "file to write") },
        ],
        returns: "text; nothing where it went to a file",
        search: &["export", "serialise", "save", "write"],
        errors: &["the file cannot be written"],
        see_also: &["framework"],
        source: "",
        examples: &[Example { code: "framework(\"egdi\").to_toml()", shows: "goalposts" }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    library.register_type::<Rc<Framework>>(&FRAMEWORK, show);
    let shared = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn("framework", move |name: &str| load(&shared, name));
    engine.register_fn("framework", |description: Map| -> Fallible<Rc<Framework>> {
        let value = options::json(&Dynamic::from(description));
        let framework = Framework::from_value(&value).raise()?;
        framework.check().raise()?;
        Ok(Rc::new(framework))
    });
    engine.register_fn("frameworks", frameworks);
    engine.register_get("code", |fw: &mut Rc<Framework>| fw.code.clone());
    engine.register_get("label", |fw: &mut Rc<Framework>| fw.root.label("en").to_owned());
    engine.register_get("source", |fw: &mut Rc<Framework>| fw.source.clone().unwrap_or_default());
    engine.register_get("blocks", |fw: &mut Rc<Framework>| {
        convert::text_array(fw.blocks().iter().map(|block| &block.code))
    });
    engine.register_get("items", |fw: &mut Rc<Framework>| items(fw).raise());
    engine.register_get("weights", |fw: &mut Rc<Framework>| fw.weights().raise());
    engine.register_get("levels", |fw: &mut Rc<Framework>| levels(fw).raise());
    engine.register_fn("validate", |fw: Rc<Framework>| faults(&fw.validate()));
    engine.register_fn("validate", |description: Map| -> Fallible<Table> {
        match Framework::from_value(&options::json(&Dynamic::from(description))) {
            Ok(framework) => faults(&framework.validate()),
            Err(Error::Readiness(ReadinessError::Framework { path, fault })) => {
                faults(&[FrameworkFault { path, fault }])
            }
            Err(other) => Err(other).raise(),
        }
    });
    engine.register_fn(
        "with_weights",
        |fw: Rc<Framework>, weights: Dynamic| -> Fallible<Rc<Framework>> {
            let given = options::named_numbers("with_weights", "weights", &weights)?;
            fw.with_weights(&given).map(Rc::new).raise()
        },
    );
    engine.register_fn("tree", |fw: Rc<Framework>| fw.tree("en", true));
    engine.register_fn("tree", |fw: Rc<Framework>, language: &str| fw.tree(language, true));
    engine.register_fn("to_toml", |fw: Rc<Framework>| fw.to_toml());
    engine
        .register_fn("to_toml", |fw: Rc<Framework>, path: &str| fw.write(Path::new(path)).raise());
}

fn faults(faults: &[FrameworkFault]) -> Fallible<Table> {
    Table::new([
        ("path", Vector::from_texts(faults.iter().map(|fault| &fault.path))),
        ("fault", Vector::from_texts(faults.iter().map(|fault| &fault.fault))),
    ])
    .raise()
}

fn load(shared: &Shared, name: &str) -> Fallible<Rc<Framework>> {
    let path = shared.resolve(name);
    let framework = if path.is_file() { Framework::read(&path) } else { Framework::load(name) };
    framework.map(Rc::new).raise()
}

/// A framework argument: a framework, or the name of one.
pub(super) fn argument(primitive: &'static str, value: &Dynamic) -> Fallible<Rc<Framework>> {
    if let Some(framework) = value.read_lock::<Rc<Framework>>() {
        return Ok(Rc::clone(&framework));
    }
    match value.clone().into_string() {
        Ok(name) => Framework::load(&name).map(Rc::new).raise(),
        Err(_) => Err(Error::Invalid {
            primitive,
            parameter: "fw",
            rule: "be a framework or the name of one".into(),
            value: convert::brief(value),
        })
        .raise(),
    }
}

fn frameworks() -> Fallible<Table> {
    let loaded: Vec<Framework> = FRAMEWORKS
        .iter()
        .map(|bundled| Framework::bundled(bundled.name))
        .collect::<Result<_, _>>()
        .raise()?;
    let table = Table::new([
        ("name", Vector::from_texts(FRAMEWORKS.iter().map(|bundled| bundled.name))),
        ("title", Vector::from_texts(FRAMEWORKS.iter().map(|bundled| bundled.title))),
        ("blocks", Vector::from_ints(loaded.iter().map(|fw| fw.blocks().len() as i64))),
        ("items", Vector::from_ints(loaded.iter().map(|fw| fw.items().len() as i64))),
        ("source", Vector::from_texts(FRAMEWORKS.iter().map(|bundled| bundled.source))),
    ]);
    table.and_then(|table| table.labelled_by("name")).raise()
}

fn items(framework: &Framework) -> esep_stdlib::Result<Table> {
    let items = framework.items();
    let block = |code: &str| -> String {
        let holds = |block: &&esep_stdlib::readiness::Node| {
            block.walk().iter().any(|node| node.code == code)
        };
        framework.blocks().iter().find(holds).map_or_else(String::new, |b| b.code.clone())
    };
    let spec = |get: &dyn Fn(&esep_stdlib::readiness::Item) -> String| {
        let texts: Vec<String> =
            items.iter().map(|node| node.as_item().map_or_else(String::new, get)).collect();
        Vector::from_texts(texts)
    };
    Table::new([
        ("item", Vector::from_texts(items.iter().map(|node| &node.code))),
        ("label", Vector::from_texts(items.iter().map(|node| node.label("en")))),
        ("block", Vector::from_texts(items.iter().map(|node| block(&node.code)))),
        ("scale", spec(&|item| item.scale.to_string())),
        ("scored_as", spec(&|item| item.scored().to_string())),
        ("direction", spec(&|item| item.direction.name().to_owned())),
        ("unit", spec(&|item| item.unit.clone().unwrap_or_default())),
    ])?
    .labelled_by("item")
}

fn levels(framework: &Framework) -> esep_stdlib::Result<Table> {
    let levels = &framework.levels;
    let text = |level: &esep_stdlib::readiness::Level| -> String {
        level.texts.first().map_or_else(String::new, |(_, text)| text.clone())
    };
    Table::new([
        ("level", Vector::from_texts(levels.iter().map(|level| &level.name))),
        ("upto", Vector::from_options(levels.iter().map(|level| level.upper))),
        ("text", Vector::from_texts(levels.iter().map(text))),
    ])?
    .labelled_by("level")
}

fn show(framework: &Rc<Framework>, style: &Style) -> Bundle {
    let items = framework.items().len() <= style.rows;
    let tree = framework.tree("en", items);
    let mut doc = Doc::new().preformatted(tree.trim_end());
    if let Some(source) = &framework.source {
        doc = doc.text(format!("Source: {source}."));
    }
    doc.bundle(style)
}
