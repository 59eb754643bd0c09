//! Labels and units of columns, from a table that describes them.

use std::collections::HashMap;

use super::error::TableError;
use super::frame::{ColumnMeta, Table};
use super::vector::Cell;
use crate::error::Result;

/// Columns of a codebook that name the columns it describes, the first that is there.
const CODES: [&str; 4] = ["code", "column", "name", "variable"];

impl Table {
    /// The same table with the labels and units that `codebook` has for its columns, and the codes
    /// in it that are no column.
    ///
    /// A codebook has a text column `code` (or `column`, `name`, `variable`), and any of `unit` and
    /// `label_en`, `label_ru`, ...; a plain `label` counts as English. Entries that the table has
    /// already stay where the codebook has none.
    pub fn codebook(&self, codebook: &Self) -> Result<(Self, Vec<String>)> {
        let names = codebook.columns();
        let code = CODES.iter().find(|code| names.iter().any(|name| name == *code));
        let Some(code) = code else {
            return Err(TableError::NoColumn {
                primitive: "codebook".into(),
                name: CODES[0].into(),
                columns: names,
            }
            .into());
        };
        let mut labels: Vec<(String, String)> = names
            .iter()
            .filter_map(|name| Some((name.strip_prefix("label_")?.to_owned(), name.clone())))
            .collect();
        if names.iter().any(|name| name == "label") && labels.iter().all(|(l, _)| l != "en") {
            labels.push(("en".into(), "label".into()));
        }
        let units = names.iter().any(|name| name == "unit");
        if labels.is_empty() && !units {
            return Err(TableError::NoColumn {
                primitive: "codebook".into(),
                name: "label_en".into(),
                columns: names,
            }
            .into());
        }
        let text = |row: usize, column: &str| -> Result<Option<String>> {
            Ok(match codebook.column(column)?.cell(row) {
                Cell::Text(text) => Some(text),
                _ => None,
            })
        };
        let mine = self.columns();
        let mut meta: HashMap<String, ColumnMeta> = self.all_meta();
        let mut strangers = Vec::new();
        for row in 0..codebook.nrow() {
            let Some(code) = text(row, code)? else { continue };
            if !mine.contains(&code) {
                strangers.push(code);
                continue;
            }
            let entry = meta.entry(code).or_default();
            for (language, column) in &labels {
                let Some(label) = text(row, column)? else { continue };
                entry.labels.retain(|(other, _)| other != language);
                entry.labels.push((language.clone(), label));
            }
            if units && let Some(unit) = text(row, "unit")? {
                entry.unit = Some(unit);
            }
        }
        Ok((self.clone().with_meta(meta), strangers))
    }

    /// What is known of each column: kind, labels by language and unit, one row a column.
    pub fn described(&self) -> Result<Self> {
        let names = self.columns();
        let mut languages: Vec<String> = Vec::new();
        for name in &names {
            for (language, _) in self.meta(name).iter().flat_map(|meta| &meta.labels) {
                if !languages.contains(language) {
                    languages.push(language.clone());
                }
            }
        }
        let texts = |get: &dyn Fn(&ColumnMeta) -> Option<String>| {
            let cells = names
                .iter()
                .map(|name| self.meta(name).and_then(get).map_or(Cell::Missing, Cell::Text));
            super::vector::Vector::of_kind(super::frame::Kind::Text, cells)
        };
        let kinds = self.kinds().into_iter().map(|kind| kind.to_string());
        let mut columns = vec![
            ("code".to_owned(), super::vector::Vector::from_texts(&names)),
            ("kind".to_owned(), super::vector::Vector::from_texts(kinds)),
        ];
        for language in languages {
            let label = |meta: &ColumnMeta| {
                let found = meta.labels.iter().find(|(other, _)| *other == language);
                found.map(|(_, label)| label.clone())
            };
            columns.push((format!("label_{language}"), texts(&label)));
        }
        columns.push(("unit".to_owned(), texts(&|meta| meta.unit.clone())));
        Self::new(columns)?.labelled_by("code")
    }
}

#[cfg(test)]
mod tests {
    use crate::table::datasets::Dataset;
    use crate::table::{Cell, Table, Vector};

    #[test]
    fn bundled_regions_carry_their_codebook() {
        let table = Dataset::find("regions_2023").unwrap().table().unwrap();
        let book = Dataset::find("regions_2023_codebook").unwrap().table().unwrap();
        let bare = table.clone().with_meta(std::collections::HashMap::new());
        let (again, strangers) = bare.codebook(&book).unwrap();
        assert_eq!(strangers, Vec::<String>::new());
        for column in table.columns() {
            assert_eq!(again.meta(&column), table.meta(&column), "{column}");
        }
        let meta = table.meta("gdp_per_capita").unwrap();
        assert_eq!(meta.labels.len(), 2);
        assert!(meta.unit.is_some());
        let described = table.described().unwrap();
        assert_eq!(described.nrow(), table.ncol());
        let kind = described.at("gdp_per_capita", "kind").unwrap();
        assert_eq!(kind, Cell::Text("float".into()));
    }

    #[test]
    fn codebooks_of_other_shapes_do() {
        let table = Table::new([("x", Vector::from_ints([1]))]).unwrap();
        let book = |columns: &[(&str, [&str; 2])]| {
            let columns = columns.iter().map(|(name, values)| (*name, Vector::from_texts(values)));
            Table::new(columns).unwrap()
        };
        let plain = book(&[("variable", ["x", "y"]), ("label", ["Income", "None"])]);
        let (labelled, strangers) = table.codebook(&plain).unwrap();
        assert_eq!(labelled.meta("x").unwrap().labels, [("en".to_owned(), "Income".to_owned())]);
        assert_eq!(strangers, ["y"]);
        let unit = book(&[("code", ["x", "x"]), ("unit", ["KZT", "USD"])]);
        let both = labelled.codebook(&unit).unwrap().0;
        assert_eq!(both.meta("x").unwrap().unit.as_deref(), Some("USD"));
        assert_eq!(both.meta("x").unwrap().labels.len(), 1);
        assert!(table.codebook(&book(&[("label_en", ["a", "b"])])).is_err());
        assert!(table.codebook(&book(&[("code", ["a", "b"])])).is_err());
    }
}
