//! Completion, inspection and whether a cell is complete.

use esep_stdlib::Table;
use esep_stdlib::Vector;
use rhai::{Dynamic, Engine, LexError, Map, ParseErrorType};

use crate::display::{Bundle, Doc};
use crate::help;
use crate::report::Problem;
use crate::session::Session;

/// What may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Byte where the replaced text starts.
    pub start: usize,
    /// Byte where it ends.
    pub end: usize,
    /// The candidates.
    pub matches: Vec<String>,
}

/// Whether a cell can run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More is needed; the next line starts with `indent`.
    Incomplete {
        /// Spaces for the next line.
        indent: String,
    },
    /// It never can.
    Invalid {
        /// Why.
        message: String,
    },
}

/// How the brackets, strings and comments of `code` stand at its end.
struct Open {
    brackets: usize,
    comment: bool,
    backtick: bool,
}

/// A light scan that knows strings and comments.
fn scan(code: &str) -> Open {
    let mut open = Open { brackets: 0, comment: false, backtick: false };
    let mut chars = code.chars().peekable();
    let mut depth = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                depth = 1;
                while depth > 0 {
                    match (chars.next(), chars.peek()) {
                        (Some('*'), Some('/')) => {
                            chars.next();
                            depth -= 1;
                        }
                        (Some('/'), Some('*')) => {
                            chars.next();
                            depth += 1;
                        }
                        (Some(_), _) => {}
                        (None, _) => break,
                    }
                }
            }
            '"' | '\'' => {
                while let Some(inner) = chars.next() {
                    if inner == '\\' {
                        chars.next();
                    } else if inner == c || inner == '\n' {
                        break;
                    }
                }
            }
            '`' => {
                open.backtick = true;
                for inner in chars.by_ref() {
                    if inner == '`' {
                        open.backtick = false;
                        break;
                    }
                }
            }
            '(' | '[' | '{' => open.brackets += 1,
            ')' | ']' | '}' => open.brackets = open.brackets.saturating_sub(1),
            _ => {}
        }
    }
    open.comment = depth > 0;
    open
}

pub(crate) fn completeness(engine: &Engine, code: &str) -> Completeness {
    let open = scan(code);
    let incomplete = || Completeness::Incomplete { indent: "    ".repeat(open.brackets) };
    if open.comment || open.backtick {
        return incomplete();
    }
    let Err(error) = engine.compile(code) else { return Completeness::Complete };
    let end = code.trim_end().lines().count().max(1);
    let at_end = error.1.line().is_none_or(|line| {
        let last = code.trim_end().lines().last().unwrap_or("").chars().count();
        line > end || (line == end && error.1.position().unwrap_or(0) >= last)
    });
    let more = match error.0.as_ref() {
        ParseErrorType::UnexpectedEOF => true,
        ParseErrorType::BadInput(LexError::UnterminatedString) => false,
        ParseErrorType::PropertyExpected => at_end,
        ParseErrorType::MissingToken(..) => at_end && open.brackets > 0,
        ParseErrorType::ExprExpected(_) => at_end && open.brackets > 0,
        _ => false,
    };
    if more { incomplete() } else { Completeness::Invalid { message: error.to_string() } }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Byte where the word that ends at `end` starts.
fn word_start(code: &str, end: usize) -> usize {
    code[..end].char_indices().rev().take_while(|(_, c)| is_word(*c)).last().map_or(end, |(i, _)| i)
}

/// The nearest character boundary at or before `position`.
fn boundary(code: &str, position: usize) -> usize {
    let mut position = position.min(code.len());
    while !code.is_char_boundary(position) {
        position -= 1;
    }
    position
}

/// The name of the call that encloses byte `position`, with whether the cursor is in its map.
fn enclosing_call(code: &str, position: usize) -> Option<(&str, bool)> {
    let mut depth = 0_usize;
    let mut in_map = false;
    for (index, c) in code[..position].char_indices().rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            '{' if code[..index].ends_with('#') => in_map = true,
            '(' => {
                let name = &code[word_start(code, index)..index];
                return (!name.is_empty()).then_some((name, in_map));
            }
            '[' => {}
            '{' => return None,
            _ => {}
        }
    }
    None
}

/// The value of the chain of properties that ends at byte `end`, without calling anything.
fn chain_value(session: &Session, code: &str, end: usize) -> Option<Dynamic> {
    let start = word_start(code, end);
    let word = &code[start..end];
    if let Some(before) = code[..start].strip_suffix('.') {
        let value = chain_value(session, code, before.len())?;
        if let Some(map) = value.read_lock::<Map>() {
            return map.get(word).cloned();
        }
        let table = value.read_lock::<Table>()?;
        return table.column(word).ok().map(Dynamic::from);
    }
    session.variable(word)
}

pub(crate) fn complete(session: &Session, code: &str, position: usize) -> Completion {
    let end = boundary(code, position);
    let start = word_start(code, end);
    let prefix = &code[start..end];
    let mut matches: Vec<String> = Vec::new();
    let before = &code[..start];
    if let Some(owner) = before.strip_suffix('.') {
        members(session, code, owner.len(), &mut matches);
    } else if (before.ends_with("#{ ") || in_option_place(before))
        && let Some((name, true)) = enclosing_call(code, start)
    {
        let options = session
            .registry()
            .entries()
            .iter()
            .filter(|entry| entry.name == name)
            .flat_map(|entry| entry.params.iter().filter(|p| p.option));
        matches.extend(options.map(|option| option.name.to_owned()));
    }
    if let Some((quote, owner)) = quoted(code, end) {
        return column_names(session, code, quote, owner, end);
    }
    if !before.ends_with('.') && matches.is_empty() {
        matches.extend(session.variables().into_iter().map(|(name, _, _)| name));
        matches.extend(session.function_names());
        let words = [
            "let", "const", "fn", "if", "else", "for", "in", "while", "loop", "return", "true",
            "false",
        ];
        matches.extend(words.map(str::to_owned));
    }
    matches.retain(|candidate| candidate.starts_with(prefix));
    matches.sort();
    matches.dedup();
    Completion { start, end, matches }
}

fn in_option_place(before: &str) -> bool {
    let trimmed = before.trim_end();
    trimmed.ends_with("#{") || trimmed.ends_with(',')
}

/// Fields, methods and columns of the value that ends at byte `end`.
fn members(session: &Session, code: &str, end: usize, matches: &mut Vec<String>) {
    let Some(value) = chain_value(session, code, end) else {
        // The value is not known before it runs: offer every method.
        let methods = session.registry().entries().iter().filter(|entry| entry.on.is_some());
        matches.extend(methods.map(|entry| entry.name.to_owned()));
        return;
    };
    if let Some(map) = value.read_lock::<Map>() {
        matches.extend(map.keys().map(ToString::to_string));
    }
    if let Some(table) = value.read_lock::<Table>() {
        let names = table.columns().into_iter();
        matches.extend(names.filter(|name| name.chars().all(is_word)));
    }
    let kind = session.type_name(&value);
    if let Some(entry) = session.registry().type_entry(&kind) {
        matches.extend(entry.fields.iter().map(|field| field.name.to_owned()));
    }
    let methods = session.registry().entries().iter().filter(|e| e.on == Some(kind.as_str()));
    matches.extend(methods.map(|entry| entry.name.to_owned()));
}

/// If byte `end` lies in an open text: where its content starts, and the value it may index.
fn quoted(code: &str, end: usize) -> Option<(usize, usize)> {
    let line_start = code[..end].rfind('\n').map_or(0, |i| i + 1);
    let line = &code[line_start..end];
    if line.matches('"').count().is_multiple_of(2) {
        return None;
    }
    let quote = line_start + line.rfind('"')?;
    Some((quote + 1, quote))
}

/// Column names inside a text: after `t["`, or of any table in the session.
fn column_names(
    session: &Session,
    code: &str,
    start: usize,
    quote: usize,
    end: usize,
) -> Completion {
    // Within a formula only the last word is completed.
    let word = word_start(code, end).max(start);
    let typed = &code[start..end];
    let mut names: Vec<String> = Vec::new();
    let indexed = code[..quote].strip_suffix('[').and_then(|o| chain_value(session, code, o.len()));
    match indexed {
        Some(value) => {
            if let Some(table) = value.read_lock::<Table>() {
                names = table.columns();
            } else if let Some(vector) = value.read_lock::<Vector>() {
                let labels =
                    vector.labels().map(|l| l.iter().flatten().map(str::to_owned).collect());
                names = labels.unwrap_or_default();
            }
        }
        None if code[..quote].trim_end().ends_with("load(") => {
            names = esep_stdlib::table::datasets::DATASETS.iter().map(|d| d.name.into()).collect();
        }
        None => {
            for (name, _, _) in session.variables() {
                if let Some(table) =
                    session.variable(&name).and_then(rhai::Dynamic::try_cast::<Table>)
                {
                    names.extend(table.columns());
                }
            }
        }
    }
    names.sort();
    names.dedup();
    if names.iter().any(|name| name.starts_with(typed)) {
        names.retain(|name| name.starts_with(typed));
        return Completion { start, end, matches: names };
    }
    let prefix = &code[word..end];
    names.retain(|name| name.starts_with(prefix));
    Completion { start: word, end, matches: names }
}

pub(crate) fn inspect(session: &Session, code: &str, position: usize) -> Option<Bundle> {
    let position = boundary(code, position);
    let after: usize =
        code[position..].chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum();
    let end = position + after;
    let start = word_start(code, end);
    let word = &code[start..end];
    if word.is_empty() {
        // Inside a call the call itself is what the user asks about.
        let (name, _) = enclosing_call(code, position)?;
        return about_function(session, name);
    }
    if let Some(owner) = code[..start].strip_suffix('.')
        && let Some(value) = chain_value(session, code, owner.len())
    {
        let kind = session.type_name(&value);
        let field = session
            .registry()
            .type_entry(&kind)
            .and_then(|entry| entry.fields.iter().find(|field| field.name == word));
        if let Some(field) = field {
            let doc = Doc::new()
                .heading(format!("{kind}.{word}"))
                .text(format!("{}: {}", field.kind, field.meaning));
            return Some(doc.bundle(&session.style()));
        }
    }
    if let Some(value) = chain_value(session, code, end) {
        return Some(about_value(session, word, &value));
    }
    about_function(session, word).or_else(|| {
        enclosing_call(code, position).and_then(|(name, _)| about_function(session, name))
    })
}

fn about_value(session: &Session, name: &str, value: &Dynamic) -> Bundle {
    let kind = session.type_name(value);
    let mut doc = Doc::new().heading(format!("{name}: {kind}")).text(crate::convert::brief(value));
    if let Some(table) = value.read_lock::<Table>() {
        doc = doc.text(format!("Columns: {}", table.columns().join(", ")));
    }
    let mut bundle = doc.bundle(&session.style());
    if let Some(entry) = session.registry().type_entry(&kind) {
        let page = help::type_doc(entry, session.registry()).bundle(&session.style());
        bundle.plain = format!("{}\n\n{}", bundle.plain, page.plain);
        bundle.html = bundle.html.zip(page.html).map(|(own, page)| own + page.as_str());
    }
    bundle
}

/// The page of a function that the user defined, unless one of the language has its name.
fn own_function(session: &Session, name: &str) -> Option<Bundle> {
    if session.registry().entries().iter().any(|entry| entry.name == name) {
        return None;
    }
    let mut defined = session.script_functions().into_iter();
    let (name, params, comments) = defined.find(|(other, _, _)| other == name)?;
    let told = if comments.is_empty() { "A function of this session.".into() } else { comments };
    let doc = Doc::new().heading(format!("{name}({})", params.join(", "))).text(told);
    Some(doc.bundle(&session.style()))
}

fn about_function(session: &Session, name: &str) -> Option<Bundle> {
    if let Some(own) = own_function(session, name) {
        return Some(own);
    }
    let known = session.registry().entries().iter().any(|entry| entry.name == name)
        || session.registry().type_entry(name).is_some();
    known.then(|| help(session, name).ok()).flatten()
}

pub(crate) fn help(session: &Session, topic: &str) -> Result<Bundle, Problem> {
    if let Some(own) = own_function(session, topic) {
        return Ok(own);
    }
    help::topic(session.registry(), topic).map(|doc| doc.bundle(&session.style())).map_err(|near| {
        let problem = Problem::new(format!("help: nothing on `{topic}`"));
        if near.is_empty() {
            problem.hint("help() lists every function")
        } else {
            problem.hint(format!("did you mean `{}`?", near.join("` or `")))
        }
    })
}
