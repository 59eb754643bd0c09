//! Texts that look alike and are not: stray spaces, letters of another script, other case.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, StringArray};

use super::columns::is_text;
use super::{Finding, Severity};
use crate::error::Result;
use crate::table::{Table, Vector};

/// Latin letters and the Cyrillic ones that look the same.
const ALIKE: [(char, char); 26] = [
    ('A', 'А'),
    ('B', 'В'),
    ('C', 'С'),
    ('E', 'Е'),
    ('H', 'Н'),
    ('K', 'К'),
    ('M', 'М'),
    ('O', 'О'),
    ('P', 'Р'),
    ('T', 'Т'),
    ('X', 'Х'),
    ('Y', 'У'),
    ('I', 'І'),
    ('S', 'Ѕ'),
    ('J', 'Ј'),
    ('a', 'а'),
    ('c', 'с'),
    ('e', 'е'),
    ('o', 'о'),
    ('p', 'р'),
    ('x', 'х'),
    ('y', 'у'),
    ('i', 'і'),
    ('s', 'ѕ'),
    ('j', 'ј'),
    ('h', 'һ'),
];

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic()
}

fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{52f}')
}

/// A word of both scripts in `text`.
fn mixed_word(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_alphanumeric())
        .find(|word| word.chars().any(is_latin) && word.chars().any(is_cyrillic))
}

/// `word` in the script that most of its letters are in no doubt of; as it is where look-alikes
/// are not all that differs.
fn one_script(word: &str) -> String {
    let to_cyrillic =
        |c: char| ALIKE.iter().find(|(latin, _)| *latin == c).map(|(_, other)| *other);
    let to_latin = |c: char| ALIKE.iter().find(|(_, other)| *other == c).map(|(latin, _)| *latin);
    let sure = |own: fn(char) -> bool, other: &dyn Fn(char) -> Option<char>| {
        word.chars().filter(|c| own(*c) && other(*c).is_none()).count()
    };
    let (latin, cyrillic) = (sure(is_latin, &to_cyrillic), sure(is_cyrillic, &to_latin));
    match (latin, cyrillic) {
        (0, 0) => {
            // Every letter has a twin: the script of most of them.
            let latin = word.chars().filter(|c| is_latin(*c)).count();
            let cyrillic = word.chars().filter(|c| is_cyrillic(*c)).count();
            if latin > cyrillic {
                word.chars().map(|c| to_latin(c).unwrap_or(c)).collect()
            } else {
                word.chars().map(|c| to_cyrillic(c).unwrap_or(c)).collect()
            }
        }
        (0, _) => word.chars().map(|c| to_cyrillic(c).unwrap_or(c)).collect(),
        (_, 0) => word.chars().map(|c| to_latin(c).unwrap_or(c)).collect(),
        _ => word.to_owned(),
    }
}

/// `text` without outer spaces, inner ones single, words of look-alike letters in one script.
fn cleaned(text: &str) -> String {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if mixed_word(&spaced).is_none() {
        return spaced;
    }
    let mut out = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let whole = std::mem::take(word);
        *out += &if mixed_word(&whole).is_some() { one_script(&whole) } else { whole };
    };
    for c in spaced.chars() {
        if c.is_alphanumeric() {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

/// What is left of a text when look, case and spaces do not count.
fn look(text: &str) -> String {
    cleaned(text)
        .chars()
        .map(|c| ALIKE.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, other)| *other))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ё' { 'е' } else { c })
        .collect()
}

pub(super) fn check(table: &Table, found: &mut Vec<Finding>) -> Result<()> {
    let names = table.columns();
    titles(&names, found);
    for (name, kind) in names.iter().zip(table.kinds()) {
        if is_text(kind)
            && let Some(values) = table.column(name)?.array().as_any().downcast_ref::<StringArray>()
        {
            column(name, values, found);
        }
    }
    Ok(())
}

/// Column names that look the same or mix scripts.
fn titles(names: &[String], found: &mut Vec<Finding>) {
    let mut looks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names {
        looks.entry(look(name)).or_default().push(name.clone());
        if let Some(word) = mixed_word(name) {
            found.push(Finding {
                severity: Severity::Warning,
                check: "mixed_script",
                columns: vec![name.clone()],
                row: None,
                finding: format!("its name mixes Latin and Cyrillic letters: {}", told(word)),
                mend: format!("t.rename(#{{ {name:?}: {:?} }})", cleaned(name)),
            });
        }
    }
    for alike in looks.into_values().filter(|alike| alike.len() > 1) {
        found.push(Finding {
            severity: Severity::Warning,
            check: "look_alike",
            row: None,
            finding: format!("column names that look the same: {}", alike.join(", ")),
            mend: "rename one so that a reader can tell them apart".into(),
            columns: alike,
        });
    }
}

/// The letters of `word`, those of the rarer script in brackets.
fn told(word: &str) -> String {
    let latin = word.chars().filter(|c| is_latin(*c)).count();
    let cyrillic = word.chars().filter(|c| is_cyrillic(*c)).count();
    let (rare, script): (fn(char) -> bool, &str) =
        if latin <= cyrillic { (is_latin, "Latin") } else { (is_cyrillic, "Cyrillic") };
    let letters: Vec<String> = word.chars().filter(|c| rare(*c)).map(|c| c.to_string()).collect();
    format!("{word:?} has the {script} {}", letters.join(", "))
}

fn column(name: &str, values: &StringArray, found: &mut Vec<Finding>) {
    let mend = format!("t.clean_text([{name:?}])");
    let mut tell = |severity, check, row, finding| {
        let columns = vec![name.to_owned()];
        found.push(Finding {
            severity,
            check,
            columns,
            row: Some(row),
            finding,
            mend: mend.clone(),
        });
    };
    let present = || values.iter().enumerate().filter_map(|(row, text)| Some((row, text?)));
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ") != text;
    let many = present().filter(|(_, text)| spaced(text)).count();
    if let Some((row, text)) = present().find(|(_, text)| spaced(text)) {
        let texts = if many == 1 { "text has" } else { "texts have" };
        tell(
            Severity::Warning,
            "stray_spaces",
            row,
            format!("{many} {texts} spaces before, behind or doubled, e.g. {text:?}"),
        );
    }
    let many = present().filter(|(_, text)| mixed_word(text).is_some()).count();
    if let Some((row, word)) = present().find_map(|(row, text)| Some((row, mixed_word(text)?))) {
        tell(
            Severity::Warning,
            "mixed_script",
            row,
            format!(
                "{many} {} Latin and Cyrillic letters: {}",
                if many == 1 { "text mixes" } else { "texts mix" },
                told(word)
            ),
        );
    }
    // Different texts of one look, apart from what spaces and mixed words already told.
    let mut looks: BTreeMap<String, (usize, Vec<&str>)> = BTreeMap::new();
    for (row, text) in present() {
        let (at, alike) = looks.entry(look(text)).or_insert((row, Vec::new()));
        if !alike.contains(&text) && alike.len() < 4 {
            alike.push(text);
            *at = row;
        }
    }
    let mut twins = looks.into_values().filter(|(_, alike)| alike.len() > 1);
    if let Some((row, alike)) = twins.next() {
        let more = twins.count();
        let tail = if more > 0 { format!(" and {more} more groups") } else { String::new() };
        let columns = vec![name.to_owned()];
        let alike: Vec<String> = alike.iter().map(|text| format!("{text:?}")).collect();
        found.push(Finding {
            severity: Severity::Warning,
            check: "look_alike",
            columns,
            row: Some(row),
            finding: format!("different texts that look the same: {}{tail}", alike.join(", ")),
            mend: format!("{mend} sets spaces and scripts right; unite other spellings by hand"),
        });
    }
}

/// The same table with the texts of `columns` (every text column when `None`) set right.
///
/// Outer spaces go, inner ones become single plain ones, and a word that mixes Latin and Cyrillic
/// look-alikes is written in the script of its other letters; a word where both scripts have
/// letters of their own stays. Missing values, and all else, stay.
pub fn clean_text(table: &Table, columns: Option<&[String]>) -> Result<Table> {
    let mut out = table.clone();
    let all: Vec<String> = table
        .columns()
        .into_iter()
        .zip(table.kinds())
        .filter(|(_, kind)| is_text(*kind))
        .map(|(name, _)| name)
        .collect();
    for name in columns.unwrap_or(&all) {
        let vector = table.column(name)?;
        let Some(values) = vector.array().as_any().downcast_ref::<StringArray>() else {
            return Err(crate::table::TableError::WrongKind {
                primitive: "clean_text".into(),
                column: name.clone(),
                found: vector.kind().to_string(),
                expected: "text".into(),
            }
            .into());
        };
        let cleaned: StringArray = values.iter().map(|text| text.map(cleaned)).collect();
        out = out.with_column(name, &Vector::new(Arc::new(cleaned)))?;
        if table.label_name() == Some(name.as_str()) {
            out = out.labelled_by(name)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_set_in_the_script_of_their_other_letters() {
        // A Latin A and o among Cyrillic letters, a Cyrillic а among Latin ones.
        assert_eq!(cleaned("Aлмaты"), "Алматы");
        assert_eq!(cleaned("  Aktаu \u{a0} region "), "Aktau region");
        assert_eq!(cleaned("COVID-19 и Wi-Fi"), "COVID-19 и Wi-Fi");
        assert_eq!(cleaned("ИT"), "ИТ");
        // Both scripts have letters of their own.
        assert_eq!(cleaned("ZЖ"), "ZЖ");
        assert_eq!(look("Ёлка"), look("елка "));
    }

    #[test]
    fn columns_are_cleaned_with_their_labels() {
        let table = Table::new([("region", Vector::from_texts([" Aлматы", "Абай"]))])
            .unwrap()
            .labelled_by("region")
            .unwrap();
        let clean = clean_text(&table, None).unwrap();
        assert_eq!(clean.row_names(), ["Алматы", "Абай"]);
        let mut found = Vec::new();
        check(&table, &mut found).unwrap();
        let checks: Vec<&str> = found.iter().map(|f| f.check).collect();
        assert_eq!(checks, ["stray_spaces", "mixed_script"]);
        assert!(found[1].finding.contains("has the Latin A"), "{found:?}");
        found.clear();
        check(&clean, &mut found).unwrap();
        assert_eq!(found, []);
    }
}
