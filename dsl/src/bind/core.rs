//! Printing, checking, help and parameters.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use rhai::{Array, Dynamic, ImmutableString, Map, Module};

use crate::convert;
use crate::display::{Doc, failure};
use crate::help::{self, Entry, Example, Param};
use crate::library::Library;
use crate::report::{Fallible, Problem};

const ENTRIES: &[Entry] = &[
    Entry {
        name: "print",
        on: None,
        room: "language",
        summary: "Writes a value's text form.",
        signature: "print(value)",
        params: &[Param::arg("value", "any", "what to write")],
        returns: "nothing",
        search: &["echo", "cat", "output"],
        errors: &[],
        see_also: &["display"],
        source: "",
        examples: &[Example { code: "print(7 / 2)", shows: "" }],
    },
    Entry {
        name: "display",
        on: None,
        room: "language",
        summary: "Shows a value richly in the middle of a cell: tables as HTML, charts as pictures.",
        signature: "display(value)",
        params: &[Param::arg("value", "any", "what to show")],
        returns: "nothing",
        search: &["show", "render"],
        errors: &[],
        see_also: &["print"],
        source: "",
        examples: &[Example { code: "display(load(\"regions_2023\").head(3))", shows: "" }],
    },
    Entry {
        name: "input",
        on: None,
        room: "language",
        summary: "Asks the user for a line of text.",
        signature: "input(prompt)",
        params: &[Param::arg("prompt", "text", "the question")],
        returns: "text",
        search: &["readline", "prompt", "ask", "stdin"],
        errors: &["nobody can answer: the script runs in batch"],
        see_also: &["param"],
        source: "",
        examples: &[Example {
            code: "let region = \"Aktobe\"; if region == \"\" { region = input(\"Region? \"); } region",
            shows: "Aktobe",
        }],
    },
    Entry {
        name: "clear_output",
        on: None,
        room: "language",
        summary: "Clears what the cell has shown, when it next shows something; only in notebooks.",
        signature: "clear_output()",
        params: &[],
        returns: "nothing",
        search: &["clear", "refresh", "redraw", "animate"],
        errors: &[],
        see_also: &["display"],
        source: "",
        examples: &[Example {
            code: "for step in 1..4 { clear_output(); print(`step ${step}`); }",
            shows: "",
        }],
    },
    Entry {
        name: "section",
        on: None,
        room: "language",
        summary: "Shows a heading, with a sentence below it if one is given.",
        signature: "section(title, text)",
        params: &[
            Param::arg("title", "text", "heading"),
            Param { default: Some("\"\""), ..Param::arg("text", "text", "paragraph below it") },
        ],
        returns: "nothing",
        search: &["heading", "title", "markdown"],
        errors: &[],
        see_also: &["display", "print"],
        source: "",
        examples: &[Example { code: "section(\"Regions\", \"Twenty of them.\")", shows: "" }],
    },
    Entry {
        name: "assert",
        on: None,
        room: "language",
        summary: "Stops with `message` unless `condition` is true.",
        signature: "assert(condition, message)",
        params: &[
            Param::arg("condition", "bool", "what must hold"),
            Param::arg("message", "text", "what to say when it does not"),
        ],
        returns: "nothing",
        search: &["check", "test", "stopifnot"],
        errors: &["the condition is false"],
        see_also: &["assert_close"],
        source: "",
        examples: &[Example {
            code: "assert(7 / 2 == 3.5, \"integers divide to floats\")",
            shows: "",
        }],
    },
    Entry {
        name: "assert_close",
        on: None,
        room: "language",
        summary: "Stops unless two numbers differ by at most `tolerance`.",
        signature: "assert_close(a, b, tolerance)",
        params: &[
            Param::arg("a", "number", "one number"),
            Param::arg("b", "number", "the other"),
            Param::arg("tolerance", "number", "largest difference allowed, at least 0"),
        ],
        returns: "nothing",
        search: &["all.equal", "isclose", "approx"],
        errors: &["they differ by more", "one is missing"],
        see_also: &["assert"],
        source: "",
        examples: &[Example { code: "assert_close(0.1 + 0.2, 0.3, 1e-12)", shows: "" }],
    },
    Entry {
        name: "help",
        on: None,
        room: "language",
        summary: "Explains a function, a type or a word; without a name it lists everything.",
        signature: "help(name)",
        params: &[Param {
            default: Some("\"\""),
            ..Param::arg("name", "text", "function, type or search word")
        }],
        returns: "the help page",
        search: &["man", "?", "documentation"],
        errors: &["nothing is known by that name"],
        see_also: &[],
        source: "",
        examples: &[Example {
            code: "help(\"assert_close\")",
            shows: "assert_close(a, b, tolerance)",
        }],
    },
    Entry {
        name: "param",
        on: None,
        room: "language",
        summary: "Reads a parameter given as `esep run FILE --param name=value`.",
        signature: "param(name, default)",
        params: &[
            Param::arg("name", "text", "parameter"),
            Param::arg(
                "default",
                "any",
                "value when it was not given; its type decides how the text is read",
            ),
        ],
        returns: "the parameter, of the type of `default`",
        search: &["argument", "argv", "commandArgs"],
        errors: &["the text given is not of the default's type"],
        see_also: &[],
        source: "",
        examples: &[Example { code: "param(\"clusters\", 3)", shows: "3" }],
    },
    Entry {
        name: "round",
        on: None,
        room: "language",
        summary: "Rounds a number to so many places after the point.",
        signature: "round(x, digits)",
        params: &[
            Param::arg("x", "number", "the number"),
            Param::arg("digits", "int", "places after the point, in 0..=15"),
        ],
        returns: "float; halves go away from zero",
        search: &["format", "digits", "signif"],
        errors: &["digits lies outside 0..=15"],
        see_also: &["div"],
        source: "",
        examples: &[Example { code: "round(2.0 / 3.0, 3)", shows: "0.667" }],
    },
    Entry {
        name: "div",
        on: None,
        room: "language",
        summary: "Integer division, rounded towards zero.",
        signature: "div(a, b)",
        params: &[Param::arg("a", "int", "dividend"), Param::arg("b", "int", "divisor, not 0")],
        returns: "int",
        search: &["integer division", "quotient", "%/%"],
        errors: &["b is 0"],
        see_also: &[],
        source: "",
        examples: &[Example { code: "div(7, 2)", shows: "3" }],
    },
];

pub(super) fn register(library: &mut Library<'_>) {
    library.document(ENTRIES);
    let mut constants = Module::new();
    constants.set_var("missing", Dynamic::UNIT);
    constants.set_var("pi", std::f64::consts::PI);
    library.engine.register_global_module(constants.into());
    // A closure shares the variables that it captures, and a module's constant cannot be shared:
    // it is resolved by name instead, unless the user has a variable of that name.
    #[allow(deprecated)] // The engine marks the whole interface of resolvers as not yet settled.
    library.engine.on_var(|name, _, context| {
        let value = match name {
            "missing" => Dynamic::UNIT,
            "pi" => std::f64::consts::PI.into(),
            _ => return Ok(None),
        };
        Ok((!context.scope().contains(name)).then_some(value))
    });

    let shared = library.shared();
    // The engine hands what `print` returns to its print hook.
    library.engine.register_fn("print", move |value: Dynamic| -> String {
        if value.is_string() { value.to_string() } else { shared.show(&value).plain }
    });
    // The engine writes arrays and maps its own way unless it finds these.
    let shared = library.shared();
    library.engine.register_fn("print", move |value: Array| -> String {
        shared.show(&Dynamic::from(value)).plain
    });
    let shared = library.shared();
    library.engine.register_fn("print", move |value: Map| -> String {
        shared.show(&Dynamic::from(value)).plain
    });
    library.engine.register_fn("to_string", |map: Map| -> String {
        failure(&map).unwrap_or_else(|| Dynamic::from_map(map).to_string())
    });
    let shared = library.shared();
    library
        .engine
        .register_fn("display", move |value: Dynamic| shared.display(&shared.show(&value)));
    let shared = library.shared();
    library.engine.register_fn("input", move |prompt: &str| -> Fallible<String> {
        shared.ask(prompt).ok_or_else(|| {
            if shared.cancel().load(Ordering::Relaxed) {
                return Problem::interrupted().into();
            }
            Problem::new("input: nobody can answer here")
                .hint("pass the value as a parameter: param(name, default)")
                .into()
        })
    });
    let shared = library.shared();
    library.engine.register_fn("clear_output", move || shared.clear());
    let shared = library.shared();
    let heading = move |title: &str, text: &str| {
        shared.display(&Doc::new().heading(title).text(text).bundle(&shared.style()));
    };
    let with_text = Rc::new(heading);
    let alone = Rc::clone(&with_text);
    library.engine.register_fn("section", move |title: &str| alone(title, ""));
    library.engine.register_fn("section", move |title: &str, text: &str| with_text(title, text));
    library.engine.register_fn("assert", |condition: bool, message: &str| -> Fallible<()> {
        if condition {
            Ok(())
        } else {
            Err(Problem::new(format!("assertion failed: {message}")).into())
        }
    });
    library.engine.register_fn(
        "assert_close",
        |a: Dynamic, b: Dynamic, tolerance: Dynamic| -> Fallible<()> {
            let read = |parameter, value: &Dynamic| {
                convert::number_argument("assert_close", parameter, value)
            };
            let (a, b) = (read("a", &a)?, read("b", &b)?);
            let tolerance = read("tolerance", &tolerance)?;
            let difference = (a - b).abs();
            if difference <= tolerance {
                return Ok(());
            }
            let text = format!(
                "assertion failed: {a} and {b} differ by {difference:e}, more than {tolerance:e}"
            );
            Err(Problem::new(text).into())
        },
    );
    let shared = library.shared();
    let page = Rc::new(move |topic: &str| -> Fallible<Page> {
        help::topic(shared.registry(), topic).map(|doc| Page(Rc::new(doc))).map_err(|near| {
            let problem = Problem::new(format!("help: nothing on `{topic}`"));
            if near.is_empty() {
                problem.hint("help() lists every function").into()
            } else {
                problem.hint(format!("did you mean `{}`?", near.join("` or `"))).into()
            }
        })
    });
    let index = Rc::clone(&page);
    library.engine.register_fn("help", move || index(""));
    library.engine.register_fn("help", move |topic: &str| page(topic));
    library.register_type::<Page>(&PAGE, |page, style| page.0.bundle(style));
    // What `catch (e)` gets when a function of this language fails.
    library.register_type::<Problem>(&FAILURE, |problem, style| {
        let hint = problem.hint.iter().map(|hint| format!("hint: {hint}"));
        let doc = Doc::new().text(problem.message.clone());
        hint.fold(doc, Doc::text).bundle(style)
    });
    let engine = &mut *library.engine;
    engine.register_get("message", |problem: &mut Problem| problem.message.clone());
    engine.register_get("hint", |problem: &mut Problem| problem.hint.clone().unwrap_or_default());

    let shared = library.shared();
    library.engine.register_fn(
        "param",
        move |name: ImmutableString, default: Dynamic| -> Fallible<Dynamic> {
            let params = shared.params().borrow();
            let Some(text) = params.get(name.as_str()) else { return Ok(default) };
            let read = if default.is_int() {
                text.parse::<i64>().ok().map(Dynamic::from_int)
            } else if default.is_float() {
                text.parse::<f64>().ok().filter(|x| x.is_finite()).map(Dynamic::from_float)
            } else if default.is_bool() {
                text.parse::<bool>().ok().map(Dynamic::from_bool)
            } else {
                Some(Dynamic::from(text.clone()))
            };
            read.ok_or_else(|| {
                let kind = match default.type_name() {
                    "i64" => "a whole number",
                    "f64" => "a number",
                    _ => "true or false",
                };
                Problem::new(format!("param: `{name}` must be {kind}, got `{text}`")).into()
            })
        },
    );
}

/// A help page as a value.
#[derive(Clone)]
struct Page(Rc<Doc>);

const FAILURE: help::TypeEntry = help::TypeEntry {
    name: "Error",
    summary: "Why a function failed, as `try { ... } catch (e) { ... }` gets it.",
    fields: &[
        help::Field::new("message", "text", "what went wrong"),
        help::Field::new("hint", "text", "how to mend it; empty where nothing can be said"),
    ],
};

const PAGE: help::TypeEntry =
    help::TypeEntry { name: "Help", summary: "A help page.", fields: &[] };
