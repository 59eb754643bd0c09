//! Help pages.

use esep_stdlib::error::closest;

use super::{Entry, TypeEntry};
use crate::display::Doc;
use crate::library::Registry;

/// The page of a function.
pub fn entry_doc(entry: &Entry) -> Doc {
    let mut doc = Doc::new().heading(entry.signature).text(entry.summary);
    let line = |param: &super::Param| {
        let default = param.default.map_or_else(String::new, |d| format!(" (default {d})"));
        (param.name.to_owned(), format!("{}: {}{default}", param.kind, param.meaning))
    };
    doc = doc.facts(entry.params.iter().filter(|p| !p.option).map(line));
    if entry.params.iter().any(|p| p.option) {
        doc = doc.text("Options:").facts(entry.params.iter().filter(|p| p.option).map(line));
    }
    doc = doc.text(format!("Returns: {}", entry.returns));
    if !entry.errors.is_empty() {
        doc = doc.text(format!("Errors: {}", entry.errors.join("; ")));
    }
    if !entry.source.is_empty() {
        doc = doc.text(format!("Source: {}", entry.source));
    }
    if !entry.see_also.is_empty() {
        doc = doc.text(format!("See also: {}", entry.see_also.join(", ")));
    }
    for example in entry.examples {
        doc = doc.text("Example:").preformatted(example.code);
    }
    doc
}

/// The page of a type.
pub fn type_doc(entry: &TypeEntry, registry: &Registry) -> Doc {
    let mut doc =
        Doc::new().heading(entry.name).text(entry.summary).facts(entry.fields.iter().map(
            |field| (format!(".{}", field.name), format!("{}: {}", field.kind, field.meaning)),
        ));
    let methods: Vec<(String, String)> = registry
        .entries()
        .iter()
        .filter(|method| method.on == Some(entry.name))
        .map(|method| (method.signature.to_owned(), method.summary.to_owned()))
        .collect();
    if !methods.is_empty() {
        doc = doc.text("Methods:").facts(methods);
    }
    doc
}

/// Help on `topic`: a function, a type, a search word; all names when it is empty.
///
/// `Err` lists the nearest names.
pub fn topic(registry: &Registry, topic: &str) -> Result<Doc, Vec<&'static str>> {
    if topic.is_empty() {
        return Ok(index(registry));
    }
    let mut exact: Vec<&&Entry> = registry.entries().iter().filter(|e| e.name == topic).collect();
    // Of several with one name, what a table does is what most people ask about.
    exact.sort_by_key(|entry| entry.on.is_some_and(|on| on != "Table"));
    if let Some((first, rest)) = exact.split_first() {
        let mut doc = entry_doc(first);
        for other in rest {
            doc = doc.text(format!("Also: {}: {}", other.signature, other.summary));
        }
        return Ok(doc);
    }
    if let Some(entry) = registry.type_entry(topic) {
        return Ok(type_doc(entry, registry));
    }
    let word = topic.to_lowercase();
    let fields = registry.types().iter().flat_map(|entry| {
        let fields = entry.fields.iter().filter(|field| field.name == topic);
        fields.map(|f| (format!(".{} of {}", f.name, entry.name), f.meaning.to_owned()))
    });
    let found: Vec<(String, String)> = registry
        .entries()
        .iter()
        .filter(|e| {
            e.search.iter().any(|s| s.to_lowercase().contains(&word))
                || e.summary.to_lowercase().contains(&word)
        })
        .map(|e| (e.signature.to_owned(), e.summary.to_owned()))
        .chain(fields)
        .collect();
    if found.is_empty() {
        return Err(closest(topic, registry.entries().iter().map(|e| e.name)));
    }
    Ok(Doc::new().heading(format!("Help on `{topic}`")).facts(found))
}

/// Every function by room.
fn index(registry: &Registry) -> Doc {
    let mut rooms: Vec<&str> = Vec::new();
    for entry in registry.entries() {
        if !rooms.contains(&entry.room) {
            rooms.push(entry.room);
        }
    }
    let mut doc = Doc::new().text("help(\"name\") tells more about each.");
    for room in rooms {
        let lines = registry
            .entries()
            .iter()
            .filter(|entry| entry.room == room)
            .map(|entry| (entry.signature.to_owned(), entry.summary.to_owned()));
        doc = doc.heading(room).facts(lines);
    }
    doc
}
