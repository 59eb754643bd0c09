//! A session: what a user defined so far, and the cell that runs.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use esep_stdlib::context::ProgressSink;
use esep_stdlib::error::{closest, closest_hint};
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, Module, OptimizationLevel, ParseErrorType, Position, Scope,
};

use crate::bind;
use crate::complete::{self, Completeness, Completion};
use crate::display::{Bundle, Style};
use crate::library::{Library, Registry, Shared, Sink};
use crate::report::{Place, Problem, Report};

/// The language with its state.
///
/// Variables and functions live from cell to cell; a cell that fails, or is interrupted, keeps
/// everything defined before it and whatever it had itself defined by then. A session is bound to
/// the thread that made it; only its cancel flag may be set from elsewhere.
pub struct Session {
    engine: Engine,
    scope: Scope<'static>,
    library: AST,
    shared: Rc<Shared>,
    cells: usize,
    script: Option<String>,
    /// Source text by the name it ran under.
    sources: HashMap<String, Rc<str>>,
    /// Name of the source that defined each function last.
    functions: HashMap<String, String>,
}

impl Session {
    /// A fresh session whose output goes to `sink`.
    pub fn new(sink: Box<dyn Sink>) -> Self {
        let shared = Shared::new(sink);
        let mut engine = Engine::new();
        // Tolerant comparison (1e-20 == 0.0) and integer division have no place here; neither
        // has constant folding, which would apply them behind the registered operators.
        engine.set_fast_operators(false);
        engine.set_optimization_level(OptimizationLevel::None);
        engine.set_fail_on_invalid_map_property(true);
        engine.set_strict_variables(false);
        engine.set_max_expr_depths(256, 128);
        engine.set_max_call_levels(128);
        let cancel = Arc::clone(shared.cancel());
        engine.on_progress(move |_| {
            cancel.load(Ordering::Relaxed).then(|| Dynamic::from(Problem::interrupted()))
        });
        let out = Rc::clone(&shared);
        engine.on_print(move |text| out.print(text));
        let out = Rc::clone(&shared);
        engine.on_debug(move |text, _, _| out.print(text));
        let mut library = Library::new(&mut engine, Rc::clone(&shared));
        bind::register(&mut library);
        library.finish();
        let mut session = Self {
            engine,
            scope: Scope::new(),
            library: AST::empty(),
            shared,
            cells: 0,
            script: None,
            sources: HashMap::new(),
            functions: HashMap::new(),
        };
        session.load_prelude();
        session
    }

    /// Adds the procedures written in the language itself.
    fn load_prelude(&mut self) {
        for (name, text) in bind::PRELUDE {
            let broken = |error: &dyn std::fmt::Display| -> ! {
                unreachable!("prelude {name} loads, as the tests check: {error}")
            };
            let mut ast = self.engine.compile(text).unwrap_or_else(|error| broken(&error));
            ast.set_source(*name);
            self.sources.insert((*name).to_owned(), (*text).into());
            // As a module its private functions can neither be called nor replaced by a user.
            let module = Module::eval_ast_as_new(Scope::new(), &ast, &self.engine)
                .unwrap_or_else(|error| broken(&error));
            self.engine.register_global_module(module.into());
        }
    }

    fn remember(&mut self, source: &str, text: &str, ast: &AST) {
        self.sources.insert(source.to_owned(), text.into());
        for function in ast.iter_functions() {
            self.functions.insert(function.name.to_owned(), source.to_owned());
        }
    }

    /// Set it to stop the running cell; reset when the next cell starts.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(self.shared.cancel())
    }

    /// Where long work reports how far it is; called from any thread.
    pub fn set_progress(&mut self, sink: Option<ProgressSink>) {
        self.shared.set_progress(sink);
    }

    /// Width and length that displays may take.
    pub fn set_style(&mut self, style: Style) {
        self.shared.set_style(style);
    }

    /// Value of the script parameter `name`, which `param("name", default)` reads.
    pub fn set_param(&mut self, name: &str, value: &str) {
        self.shared.params().borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Runs cells in the name of the file at `path`: relative paths in it start at its folder.
    pub fn set_script(&mut self, path: &Path) {
        self.shared.set_base(path.parent().map(Path::to_path_buf));
        self.script = Some(path.display().to_string());
    }

    /// Every documented function and type.
    pub fn registry(&self) -> &Registry {
        self.shared.registry()
    }

    /// Names of the variables with the name of each one's type and a short form of its value.
    pub fn variables(&self) -> Vec<(String, String, String)> {
        self.scope
            .iter()
            .map(|(name, _, value)| {
                let kind = self.type_name(&value);
                (name.to_owned(), kind, crate::convert::brief(&value))
            })
            .collect()
    }

    /// The type of `value` as scripts name it.
    pub(crate) fn type_name(&self, value: &Dynamic) -> String {
        readable_type(self.engine.map_type_name(value.type_name()))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<Dynamic> {
        self.scope.get_value::<Dynamic>(name)
    }

    /// Functions that the user defined: name, parameters and what their `///` lines say.
    pub(crate) fn script_functions(&self) -> Vec<(String, Vec<String>, String)> {
        self.library
            .iter_functions()
            .filter(|f| !f.name.starts_with("anon$"))
            .map(|f| {
                let params = f.params.iter().map(|p| (*p).to_owned()).collect();
                (f.name.to_owned(), params, self.comments(f.name))
            })
            .collect()
    }

    /// The `///` lines above the function `name` where it was defined last. The engine could keep
    /// them, at the price of code that describes every registered function.
    fn comments(&self, name: &str) -> String {
        let source = self.functions.get(name).and_then(|source| self.sources.get(source));
        let lines: Vec<&str> = source.map_or_else(Vec::new, |text| text.lines().collect());
        let defines = |line: &&str| {
            let line = line.trim_start();
            let line = line.strip_prefix("private ").map_or(line, str::trim_start);
            let rest =
                line.strip_prefix("fn ").and_then(|rest| rest.trim_start().strip_prefix(name));
            rest.is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        let Some(at) = lines.iter().rposition(defines) else { return String::new() };
        let above = lines[..at].iter().rev().copied().map(str::trim);
        let mut told: Vec<&str> =
            above.map_while(|line| line.strip_prefix("///")).map(str::trim).collect();
        told.reverse();
        told.join("\n")
    }

    /// Whether `code` can run as it stands.
    pub fn completeness(&self, code: &str) -> Completeness {
        complete::completeness(&self.engine, code)
    }

    /// What could stand at byte `position` of `code`.
    pub fn complete(&self, code: &str, position: usize) -> Completion {
        complete::complete(self, code, position)
    }

    /// Help on what stands at byte `position` of `code`.
    pub fn inspect(&self, code: &str, position: usize) -> Option<Bundle> {
        complete::inspect(self, code, position)
    }

    /// The help page on `topic`; the index when it is empty.
    pub fn help(&self, topic: &str) -> Result<Bundle, Report> {
        complete::help(self, topic).map_err(|problem| {
            let error: Box<EvalAltResult> = problem.into();
            self.report(&error, "")
        })
    }

    pub(crate) fn style(&self) -> Style {
        self.shared.style()
    }

    /// Runs one cell; `Ok(None)` when there is nothing to show.
    pub fn eval(&mut self, code: &str) -> Result<Option<Bundle>, Report> {
        self.cells += 1;
        let source = self.script.clone().unwrap_or_else(|| format!("cell {}", self.cells));
        self.sources.insert(source.clone(), code.into());
        self.shared.cancel().store(false, Ordering::Relaxed);
        let result = self.run(code, &source);
        self.drop_shadowed();
        match result {
            Ok(value) if value.is_unit() => Ok(None),
            Ok(value) => Ok(Some(self.shared.show(&value))),
            Err(error) => Err(self.report(&error, &source)),
        }
    }

    fn run(&mut self, code: &str, source: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let ast = self.engine.compile_with_scope(&self.scope, code)?;
        self.remember(source, code, &ast);
        // Functions stay even if the statements after them fail.
        self.library = self.library.merge(&ast.clone_functions_only());
        let mut whole = self.library.clone();
        whole += ast.clone();
        self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &whole)
    }

    /// Forgets earlier variables of the same name, which nothing can reach any more.
    fn drop_shadowed(&mut self) {
        let names: Vec<&str> = self.scope.iter_raw().map(|(name, _, _)| name).collect();
        let unique: std::collections::HashSet<&str> = names.iter().copied().collect();
        if unique.len() == names.len() {
            return;
        }
        let mut kept = Scope::new();
        let mut seen = std::collections::HashSet::new();
        let entries: Vec<(String, bool, Dynamic)> = self
            .scope
            .iter_raw()
            .map(|(name, constant, value)| (name.to_owned(), constant, value.clone()))
            .collect();
        let mut last: Vec<_> =
            entries.into_iter().rev().filter(|(name, _, _)| seen.insert(name.clone())).collect();
        last.reverse();
        for (name, constant, value) in last {
            if constant {
                kept.push_constant_dynamic(name, value);
            } else {
                kept.push_dynamic(name, value);
            }
        }
        self.scope = kept;
    }

    /// The user's view of `error` in `source`.
    fn report(&self, error: &EvalAltResult, source: &str) -> Report {
        let mut places = Vec::new();
        let mut current = source.to_owned();
        let mut inner = error;
        while let EvalAltResult::ErrorInFunctionCall(function, origin, next, position) = inner {
            places.extend(self.place(&current, *position));
            if !origin.is_empty() {
                current.clone_from(origin);
            } else if let Some(defined) = self.functions.get(function.as_str()) {
                current.clone_from(defined);
            }
            inner = next;
        }
        places.extend(self.place(&current, inner.position()));
        places.reverse();
        // A closure called from native code repeats its caller's position.
        places.dedup();
        let problem = self.explain(inner);
        let name = match inner {
            _ if problem.interrupted => "Interrupted",
            EvalAltResult::ErrorParsing(..) => "SyntaxError",
            _ => "RuntimeError",
        };
        Report {
            name: name.into(),
            message: problem.message,
            hint: problem.hint,
            places,
            excerpt: problem.excerpt,
        }
    }

    fn place(&self, source: &str, position: Position) -> Option<Place> {
        let line = position.line()?;
        let text = self.sources.get(source)?.lines().nth(line - 1).unwrap_or("").to_owned();
        let column = position.position().unwrap_or(1);
        // A property's error stands at its dot; the reader looks at the word behind it.
        let dot = text.chars().nth(column.saturating_sub(1)) == Some('.');
        let column = column + usize::from(dot);
        Some(Place { source: source.to_owned(), line, column, text })
    }

    /// What `error` means and how to mend it.
    fn explain(&self, error: &EvalAltResult) -> Problem {
        match error {
            EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => {
                value.read_lock::<Problem>().map_or_else(
                    || Problem::new(self.shared.show(value).plain),
                    |problem| problem.clone(),
                )
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => self.unknown_variable(name),
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.unknown_function(signature),
            EvalAltResult::ErrorPropertyNotFound(name, _) => {
                Problem::new(format!("no property `{name}` in this map"))
                    .hint("list the names there are: map.keys()")
            }
            EvalAltResult::ErrorDotExpr(text, _) => self.unknown_property(text),
            EvalAltResult::ErrorIndexingType(text, _) => self.unknown_property(text),
            EvalAltResult::ErrorMismatchDataType(wanted, found, _)
            | EvalAltResult::ErrorMismatchOutputType(wanted, found, _) => Problem::new(format!(
                "expected {}, got {}",
                readable_type(wanted),
                readable_type(found)
            )),
            EvalAltResult::ErrorParsing(kind, _) => explain_syntax(kind),
            other => {
                // The position is told by the caret already.
                let mut text = other.to_string();
                if let Some(cut) = text.rfind(" (line ") {
                    text.truncate(cut);
                }
                Problem::new(text)
            }
        }
    }

    fn unknown_variable(&self, name: &str) -> Problem {
        let problem = Problem::new(format!("unknown variable `{name}`"));
        let functions = self.function_names();
        let known: Vec<&str> = self
            .scope
            .iter_raw()
            .map(|(n, _, _)| n)
            .chain(functions.iter().map(String::as_str))
            .collect();
        let near = closest(name, known);
        if functions.iter().any(|function| function == name) {
            return problem.hint(format!("`{name}` is a function: call it as {name}(...)"));
        }
        if near.is_empty() {
            return problem.hint(format!("define it first: let {name} = ..."));
        }
        problem.hint(format!("did you mean `{}`?", near.join("` or `")))
    }

    /// Every function name a script may call.
    pub(crate) fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.registry().entries().iter().map(|entry| entry.name.to_owned()).collect();
        names.extend(self.script_functions().into_iter().map(|(name, _, _)| name));
        names.sort();
        names.dedup();
        names
    }

    fn unknown_function(&self, signature: &str) -> Problem {
        let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
        let arguments = arguments.trim_end_matches(')');
        let taken: Vec<String> =
            arguments.split(", ").filter(|a| !a.is_empty()).map(readable_type).collect();
        let operator = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if operator && !name.contains('$') {
            let sides = taken.join(&format!(" {name} "));
            return Problem::new(format!("no operator for {sides}"))
                .hint("convert one side, or pick a numeric column");
        }
        let forms: Vec<&str> = self
            .registry()
            .entries()
            .iter()
            .filter(|entry| entry.name == name)
            .map(|entry| entry.signature)
            .collect();
        if !forms.is_empty() {
            return Problem::new(format!("{name}: cannot take ({})", taken.join(", ")))
                .hint(format!("it reads {}{}", forms.join(" or "), of_an_array(&forms, &taken)));
        }
        let script: Vec<String> = self
            .script_functions()
            .into_iter()
            .filter(|(other, _, _)| other == name)
            .map(|(other, params, _)| format!("{other}({})", params.join(", ")))
            .collect();
        if !script.is_empty() {
            return Problem::new(format!("{name}: called with {} arguments", taken.len()))
                .hint(format!("it reads {}", script.join(" or ")));
        }
        let field = taken.first().filter(|of| {
            let entry = self.registry().type_entry(of);
            entry.is_some_and(|entry| entry.fields.iter().any(|field| field.name == name))
        });
        if let Some(of) = field {
            return Problem::new(format!("{of}: `{name}` is a property, no function"))
                .hint(format!("read it without parentheses: .{name}"));
        }
        let problem = Problem::new(format!("unknown function `{name}`"));
        match closest_hint(name, &self.function_names()) {
            Some(hint) if hint.starts_with("did you mean") => problem.hint(
                hint.split("? ").next().unwrap_or(&hint).trim_end_matches('?').to_owned() + "?",
            ),
            _ => problem.hint("help() lists every function"),
        }
    }

    /// `text` is Rhai's own sentence: it names the property and the type.
    fn unknown_property(&self, text: &str) -> Problem {
        let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        let property = quoted.first().copied().unwrap_or("");
        // Of names within each other, such as Profile and FrontierProfile, the longest is meant.
        let types = self.registry().types().iter();
        let kind = types.filter(|entry| text.contains(entry.name)).max_by_key(|entry| {
            (quoted.iter().skip(1).any(|q| *q == entry.name), entry.name.len())
        });
        let Some(entry) = kind else {
            let property = property.rsplit("::").next().unwrap_or(property);
            return Problem::new(if property.is_empty() {
                text.to_owned()
            } else {
                format!("no property `{property}` here")
            });
        };
        let property =
            if property == entry.name { quoted.get(1).copied().unwrap_or("") } else { property };
        let mut known: Vec<String> =
            entry.fields.iter().map(|field| field.name.to_owned()).collect();
        known.extend(
            self.registry()
                .entries()
                .iter()
                .filter(|method| method.on == Some(entry.name))
                .map(|method| format!("{}()", method.name)),
        );
        let problem = Problem::new(format!("{}: no property `{property}`", entry.name));
        match closest_hint(property, &known) {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// What mends a call with an array where a vector is wanted.
fn of_an_array(forms: &[&str], taken: &[String]) -> &'static str {
    let wanted = forms.iter().any(|form| form.starts_with("v."));
    let given = taken.first().is_some_and(|kind| kind == "array");
    if wanted && given { "; vector([...]) makes a Vector of an array" } else { "" }
}

/// A type name as users know it.
fn readable_type(name: &str) -> String {
    match name.trim_start_matches("&mut ").trim() {
        "i64" => "int".into(),
        "f64" => "float".into(),
        "()" => "missing".into(),
        "&str | ImmutableString | String" | "string" | "String" | "ImmutableString" => {
            "text".into()
        }
        "Fn" | "FnPtr" => "closure".into(),
        other => other.rsplit("::").next().unwrap_or(other).to_owned(),
    }
}

/// Syntax errors with the mend that fits the usual slips.
fn explain_syntax(kind: &ParseErrorType) -> Problem {
    let problem = Problem::new(format!("syntax: {kind}"));
    match kind {
        ParseErrorType::MissingToken(token, _) if token == ";" => {
            problem.hint("end the statement before this place with `;`")
        }
        ParseErrorType::Reserved(word) => {
            problem.hint(format!("`{word}` is reserved; choose another name"))
        }
        _ => problem,
    }
}

impl Problem {
    /// What an interrupted cell reports.
    pub(crate) fn interrupted() -> Self {
        Self { interrupted: true, ..Self::new("interrupted") }
    }
}
