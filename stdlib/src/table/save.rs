//! Writing tables.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use super::error::TableError;
use super::frame::Table;
use super::vector::Cell;
use crate::context::Context;
use crate::error::Result;
use crate::files::write_whole;

/// How to write delimited text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Between cells.
    pub delimiter: char,
    /// Between units and tenths.
    pub decimal: char,
    /// What a missing cell becomes.
    pub missing: String,
}

impl WriteOptions {
    fn text(&self, cell: Cell) -> String {
        match cell {
            Cell::Missing => self.missing.clone(),
            Cell::Float(x) if self.decimal == '.' => float_text(x),
            Cell::Float(x) => float_text(x).replace('.', &self.decimal.to_string()),
            Cell::Int(i) => i.to_string(),
            Cell::Bool(b) => b.to_string(),
            Cell::Text(text) => text,
            Cell::Date(date) => date.to_string(),
        }
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { delimiter: ',', decimal: '.', missing: String::new() }
    }
}

/// Writes `bytes` to `path` as a whole or not at all.
///
/// # Errors
///
/// See [`write_whole`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes).map_err(|error| {
        let (path, reason) = (path.display().to_string(), error.to_string());
        TableError::Unwritable { path, reason }.into()
    })
}

/// Rows that one thread writes at a time.
const SHARE: usize = 1 << 13;

/// What `write` makes of the rows, a block of them at a time, in their order.
fn by_blocks(
    rows: usize,
    context: &Context,
    write: impl Fn(Range<usize>) -> String + Sync,
) -> Result<Vec<String>> {
    (0..rows.div_ceil(SHARE))
        .into_par_iter()
        .map(|block| {
            context.check()?;
            Ok(write(block * SHARE..((block + 1) * SHARE).min(rows)))
        })
        .collect()
}

/// The shortest text that reads back as `x`.
pub(super) fn float_text(x: f64) -> String {
    let plain = x.to_string();
    if plain.len() > 22 { format!("{x:e}") } else { plain }
}

impl Table {
    /// The table with its row labels as a first column, where no column shows them yet.
    pub fn with_label_column(&self) -> Result<Self> {
        let name = self.label_name().unwrap_or("label");
        let Some(labels) = self.labels().filter(|_| !self.columns().iter().any(|c| c == name))
        else {
            return Ok(self.clone());
        };
        let label = super::vector::Vector::new(labels.clone());
        let rest = self.columns().into_iter().map(|column| {
            let values = self.column(&column)?;
            Ok((column, values))
        });
        let columns = std::iter::once(Ok((name.to_owned(), label)))
            .chain(rest)
            .collect::<Result<Vec<_>>>()?;
        Ok(Self::new(columns)?.with_meta(self.all_meta()))
    }

    /// The table as delimited text, row labels first where no column shows them.
    pub fn to_csv(&self, options: &WriteOptions, context: &Context) -> Result<String> {
        let invalid = |rule: &str, value: char| crate::Error::Invalid {
            primitive: "save",
            parameter: "delimiter",
            rule: rule.into(),
            value: format!("{value:?}"),
        };
        let delimiter = u8::try_from(options.delimiter)
            .ok()
            .filter(|mark| mark.is_ascii() && !mark.is_ascii_alphanumeric() && *mark != b'"')
            .ok_or_else(|| invalid("be one ASCII sign, not a quote", options.delimiter))?;
        if options.decimal == options.delimiter {
            return Err(invalid("differ from decimal", options.delimiter));
        }
        let table = self.with_label_column()?;
        let memory = "writing to memory does not fail";
        let records = |write: &dyn Fn(&mut ::csv::Writer<Vec<u8>>)| {
            let mut writer =
                ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            write(&mut writer);
            let bytes = writer.into_inner().expect(memory);
            String::from_utf8(bytes).expect("every cell was text")
        };
        let header = records(&|writer| writer.write_record(table.columns()).expect(memory));
        let block = |rows: Range<usize>| {
            records(&|writer| {
                for row in rows.clone() {
                    for column in 0..table.ncol() {
                        writer.write_field(options.text(table.cell(row, column))).expect(memory);
                    }
                    writer.write_record(None::<&[u8]>).expect(memory);
                }
            })
        };
        let blocks = by_blocks(table.nrow(), context, block)?;
        Ok(header + &blocks.concat())
    }

    /// The table as an array of JSON objects, or as one object a line.
    pub fn to_json(&self, lines: bool, context: &Context) -> Result<String> {
        let table = self.with_label_column()?;
        let names: Vec<String> =
            table.columns().into_iter().map(|name| Value::String(name).to_string()).collect();
        let record = |row: usize| {
            let pairs: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(column, name)| {
                    let value = match table.cell(row, column) {
                        Cell::Missing => Value::Null,
                        Cell::Float(x) => x.into(),
                        Cell::Int(i) => i.into(),
                        Cell::Bool(b) => b.into(),
                        Cell::Text(text) => text.into(),
                        Cell::Date(date) => date.to_string().into(),
                    };
                    format!("{name}:{value}")
                })
                .collect();
            format!("{{{}}}", pairs.join(","))
        };
        let between = if lines { "\n" } else { ",\n" };
        let block = |rows: Range<usize>| rows.map(record).collect::<Vec<_>>().join(between);
        let rows = by_blocks(table.nrow(), context, block)?.join(between);
        Ok(match lines {
            true if rows.is_empty() => rows,
            true => rows + "\n",
            false => format!("[\n{rows}\n]\n"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::table::Vector;
    use crate::table::csv::{ReadOptions, read_str, read_text};
    use crate::table::read::read_any;

    fn sample() -> Table {
        Table::new([
            ("регион", Vector::from_texts(["a, \"b\"\nc", "Almaty"])),
            ("x", Vector::from_options([Some(0.1), None])),
            ("n", Vector::from_ints([1, 1_000_000])),
        ])
        .unwrap()
    }

    fn same(left: &Table, right: &Table) {
        assert_eq!(left.batch(), right.batch());
    }

    #[test]
    fn written_tables_read_back() {
        let folder = std::env::temp_dir().join(format!("esep-save-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let comma = WriteOptions { delimiter: ';', decimal: ',', missing: "н/д".into() };
        let table = sample();
        let texts = [
            ("a.csv", table.to_csv(&WriteOptions::default(), &Context::default()).unwrap(), "NA"),
            ("b.csv", table.to_csv(&comma, &Context::default()).unwrap(), "н/д"),
            ("c.json", table.to_json(false, &Context::default()).unwrap(), "NA"),
            ("d.dat", table.to_json(true, &Context::default()).unwrap(), "NA"),
        ];
        for (name, text, missing) in texts {
            let path = folder.join(name);
            write_file(&path, b"old").unwrap();
            write_file(&path, text.as_bytes()).unwrap();
            let options = ReadOptions { missing: vec![missing.into()], ..ReadOptions::default() };
            same(&read_any(&path, &options, &Context::default()).unwrap().table, &table);
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn writing_keeps_the_order_of_rows_and_can_be_interrupted() {
        let n = 3 * SHARE as i64 + 5;
        let table = Table::new([("i", Vector::from_ints(0..n))]).unwrap();
        let context = Context::default();
        let csv = table.to_csv(&WriteOptions::default(), &context).unwrap();
        assert!(csv.lines().skip(1).eq((0..n).map(|i| i.to_string())));
        let json = table.to_json(true, &context).unwrap();
        assert!(json.lines().eq((0..n).map(|i| format!("{{\"i\":{i}}}"))));
        let nobody = table.take(&[]).unwrap();
        assert_eq!(nobody.to_csv(&WriteOptions::default(), &context).unwrap(), "i\n");
        assert_eq!(nobody.to_json(true, &context).unwrap(), "");
        let stopped = Context::new(std::sync::Arc::new(true.into()));
        let written = table.to_csv(&WriteOptions::default(), &stopped);
        assert!(matches!(written, Err(crate::Error::Interrupted)));
        assert!(matches!(table.to_json(false, &stopped), Err(crate::Error::Interrupted)));
    }

    #[test]
    fn statistics_office_sheets_read() {
        let text = "Валовой региональный продукт\n(млн тенге)\nрегион;ВРП на душу;доля;код;\n\
                    Абай;4 567,5;0,25;007;\nАлматы;12\u{a0}345,0;н/д;008;\n\n\"Аты\nрау\";...;-;009;\n";
        let options = ReadOptions {
            skip: 2,
            missing: ["н/д", "...", "-"].map(String::from).to_vec(),
            ..ReadOptions::default()
        };
        let loaded = read_text(text, "f.csv", &options, &Context::default()).unwrap();
        assert_eq!(loaded.warnings, Vec::<String>::new());
        let table = loaded.table;
        assert_eq!(table.columns(), ["регион", "ВРП на душу", "доля", "код"]);
        assert_eq!(table.at("Алматы", "ВРП на душу").unwrap(), Cell::Float(12345.0));
        assert_eq!(table.at("Аты\nрау", "доля").unwrap(), Cell::Missing);
        assert_eq!(table.at("Абай", "код").unwrap(), Cell::Text("007".into()));
    }

    #[test]
    fn dates_are_told_from_content() {
        use crate::table::Kind;
        let text = "d;e;f;n\n2023-01-31;31.01.2023;2023-01-31;2023\n;1.2.2023;soon;2024\n2024-02-29;29.02.2024;2024-02-29;2025\n";
        let loaded =
            read_text(text, "f.csv", &ReadOptions::default(), &Context::default()).unwrap();
        assert_eq!(loaded.table.kinds(), [Kind::Date, Kind::Date, Kind::Text, Kind::Int]);
        assert!(loaded.warnings[0].contains("2 of 3 cells are dates: line 3 holds `soon`"));
        let written = loaded.table.to_csv(&WriteOptions::default(), &Context::default()).unwrap();
        assert!(written.contains("2024-02-29,2024-02-29,2024-02-29,2025"), "{written}");
        same(&read_str(&written, "f.csv", &ReadOptions::default()).unwrap(), &loaded.table);
        let json = loaded.table.to_json(false, &Context::default()).unwrap();
        let folder = std::env::temp_dir().join(format!("esep-dates-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        write_file(&folder.join("d.json"), json.as_bytes()).unwrap();
        let back = read_any(&folder.join("d.json"), &ReadOptions::default(), &Context::default())
            .unwrap()
            .table;
        same(&back, &loaded.table);
        fs::remove_dir_all(&folder).unwrap();
        let as_date = |text: &str| {
            let kinds = vec![("d".into(), Kind::Date)];
            read_str(text, "f.csv", &ReadOptions { kinds, ..ReadOptions::default() })
        };
        assert_eq!(as_date("d\n2023-01-31\n").unwrap().kinds(), [Kind::Date]);
        let error = as_date("d\n2023-01-31\n2023-02-30\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "load: f.csv, line 3, column 1 (`d`): found `2023-02-30`, expected date (2023-01-31 or \
             31.01.2023)"
        );
    }

    #[test]
    fn doubts_are_told() {
        let read = |text: &str| {
            read_text(text, "f.csv", &ReadOptions::default(), &Context::default()).unwrap().warnings
        };
        let unclear = read("a;b\n1,234;x\n5,678;y\n");
        assert!(unclear[0].contains("could mean two numbers"), "{unclear:?}");
        let marker = read("a\n1\n2\n3\nн/д\n");
        assert_eq!(
            marker,
            [
                "load: column `a` is text, although 3 of 4 cells are numbers: line 5 holds `н/д`; if it \
              means missing, say missing: \"н/д\""
            ]
        );
    }

    #[test]
    fn faults_are_placed() {
        let typed = ReadOptions {
            kinds: vec![("b".into(), crate::table::Kind::Float)],
            ..ReadOptions::default()
        };
        let error = read_str("a,b\n\"x\ny\",1\nz,oops\n", "f.csv", &typed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "load: f.csv, line 4, column 2 (`b`): found `oops`, expected float"
        );
        let error = read_str("a,b\n1,2\n\n3\n", "f.csv", &ReadOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "load: f.csv, line 4: 1 cell where the header has 2");
        let error = read_str("a,,c\n1,2,3\n", "f.csv", &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("line 1, column 2"), "{error}");
    }

    #[test]
    fn many_chunks_read_as_one() {
        let mut text = String::from("i,half,name\n");
        for i in 0..200_000 {
            text += &format!("{i},{}.5,row{i}\n", i / 2);
        }
        let table = read_str(&text, "f.csv", &ReadOptions::default()).unwrap();
        assert_eq!(table.nrow(), 200_000);
        assert_eq!(table.cell(199_999, 0), Cell::Int(199_999));
        assert_eq!(table.cell(150_001, 1), Cell::Float(75_000.5));
        text += "1,2\n";
        let error = read_str(&text, "f.csv", &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("line 200002"), "{error}");
    }
}
