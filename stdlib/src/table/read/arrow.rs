//! From the many types of Arrow to the five kinds of a table.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowTimestampType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, PrimitiveArray, StringArray,
};
use arrow_schema::{DataType, Field, Metadata, TimeUnit};
use rayon::prelude::*;

use super::{Loaded, NumberStyle, fit};
use crate::choice::Choice;
use crate::error::Result;
use crate::table::csv::ReadOptions;
use crate::table::date::Date;
use crate::table::error::TableError;
use crate::table::frame::{ColumnMeta, Table};
use crate::table::vector::{Cell, Vector};

/// The columns of a file, each in the pieces it was stored in, and what the file says of itself.
pub(super) struct Columns {
    pub columns: Vec<(Arc<Field>, Vec<ArrayRef>)>,
    pub metadata: Metadata,
}

/// Under which name a file keeps the name of its row labels.
pub(in crate::table) const LABEL_KEY: &str = "esep.label";

/// The positions of the fields to read: those in `options.columns` and the label, or all.
pub(super) fn projection(fields: &[Arc<Field>], options: &ReadOptions) -> Result<Vec<usize>> {
    let names = || fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let place = |wanted: &String| {
        fields.iter().position(|field| field.name() == wanted).ok_or_else(|| {
            TableError::NoColumn {
                primitive: "load".into(),
                name: wanted.clone(),
                columns: names(),
            }
            .into()
        })
    };
    let Some(columns) = &options.columns else { return Ok((0..fields.len()).collect()) };
    let mut places = columns.iter().chain(&options.label).map(place).collect::<Result<Vec<_>>>()?;
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// The table of `columns`.
pub(super) fn table(read: Columns, path: &str, options: &ReadOptions) -> Result<Loaded> {
    let names: Vec<String> = read.columns.iter().map(|(field, _)| field.name().clone()).collect();
    if let Some((unknown, _)) = options.kinds.iter().find(|(name, _)| !names.contains(name)) {
        return Err(TableError::NoColumn {
            primitive: "load, types".into(),
            name: unknown.clone(),
            columns: names,
        }
        .into());
    }
    let native: Vec<(ArrayRef, Vec<String>)> = read
        .columns
        .par_iter()
        .map(|(field, pieces)| column(field, pieces, path, options))
        .collect::<Result<_>>()?;
    let mut warnings = Vec::new();
    let mut vectors = Vec::new();
    let mut meta = HashMap::new();
    for ((field, _), (array, notes)) in read.columns.iter().zip(native) {
        warnings.extend(
            notes.into_iter().map(|note| format!("load: column `{}`: {note}", field.name())),
        );
        let codebook = codebook(field);
        if codebook != ColumnMeta::default() {
            meta.insert(field.name().clone(), codebook);
        }
        vectors.push((field.name().clone(), Vector::new(array)));
    }
    let label = read.metadata.get(LABEL_KEY).filter(|label| names.contains(label)).cloned();
    let options = ReadOptions { label: options.label.clone().or(label), ..options.clone() };
    let table = super::finish(Table::new(vectors)?.with_meta(meta), &options)?;
    Ok(Loaded { table, warnings })
}

/// What the file says of a column, in the words that [`crate::table::export`] writes.
fn codebook(field: &Field) -> ColumnMeta {
    let mut labels: Vec<(String, String)> = field
        .metadata()
        .iter()
        .filter_map(|(key, text)| Some((key.strip_prefix("label_")?.to_owned(), text.clone())))
        .collect();
    labels.sort();
    ColumnMeta { labels, unit: field.metadata().get("unit").cloned() }
}

/// One column in one piece, in one of the five kinds, and what the user should know of it.
fn column(
    field: &Field,
    pieces: &[ArrayRef],
    path: &str,
    options: &ReadOptions,
) -> Result<(ArrayRef, Vec<String>)> {
    let unsupported = |found: String| TableError::Unsupported {
        path: path.to_owned(),
        column: field.name().clone(),
        found,
    };
    let whole = match pieces {
        [] => arrow_array::new_empty_array(field.data_type()),
        [only] => Arc::clone(only),
        many => {
            let many: Vec<&dyn Array> = many.iter().map(AsRef::as_ref).collect();
            arrow_select::concat::concat(&many).map_err(|error| unsupported(error.to_string()))?
        }
    };
    let mut notes = Vec::new();
    let array = native(&whole, &mut notes).map_err(unsupported)?;
    let Some((_, kind)) = options.kinds.iter().find(|(name, _)| name == field.name()) else {
        return Ok((array, notes));
    };
    let vector = Vector::new(array);
    let cells = vector.cells().enumerate().map(|(row, cell)| {
        let found = match &cell {
            Cell::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
            other => format!("{other:?}"),
        };
        fit(cell, *kind, NumberStyle::default()).ok_or_else(|| TableError::BadRecord {
            path: path.to_owned(),
            record: row + 1,
            key: field.name().clone(),
            found,
            expected: kind.name().to_owned(),
        })
    });
    let cells = cells.collect::<std::result::Result<Vec<Cell>, _>>()?;
    Ok((Arc::clone(Vector::of_kind(*kind, cells).array()), notes))
}

/// `array` as one of the five kinds; `Err` names what has none.
fn native(array: &ArrayRef, notes: &mut Vec<String>) -> std::result::Result<ArrayRef, String> {
    macro_rules! ints {
        ($kind:ty) => {{
            let ints: Int64Array = array.as_primitive::<$kind>().unary(i64::from);
            Arc::new(ints)
        }};
    }
    Ok(match array.data_type() {
        DataType::Boolean | DataType::Int64 | DataType::Utf8 => Arc::clone(array),
        DataType::Null => Arc::new(Float64Array::from(vec![None; array.len()])),
        DataType::Int8 => ints!(Int8Type),
        DataType::Int16 => ints!(Int16Type),
        DataType::Int32 => ints!(Int32Type),
        DataType::UInt8 => ints!(UInt8Type),
        DataType::UInt16 => ints!(UInt16Type),
        DataType::UInt32 => ints!(UInt32Type),
        DataType::UInt64 => unsigned(array.as_primitive(), notes),
        DataType::Float16 => {
            finite(array.as_primitive::<Float16Type>().unary(|x| f64::from(x.to_f32())), notes)
        }
        DataType::Float32 => finite(array.as_primitive::<Float32Type>().unary(f64::from), notes),
        DataType::Float64 => finite(array.as_primitive::<Float64Type>().clone(), notes),
        DataType::Decimal32(_, _) => decimal::<Decimal32Type>(array, notes),
        DataType::Decimal64(_, _) => decimal::<Decimal64Type>(array, notes),
        DataType::Decimal128(_, _) => decimal::<Decimal128Type>(array, notes),
        DataType::Decimal256(_, _) => decimal::<Decimal256Type>(array, notes),
        DataType::LargeUtf8 => texts(array.as_string::<i64>().iter())?,
        DataType::Utf8View => texts(array.as_string_view().iter())?,
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let taken = arrow_select::take::take(dictionary.values(), dictionary.keys(), None);
            return native(&taken.map_err(|error| error.to_string())?, notes);
        }
        DataType::Date32 => {
            days(array.as_primitive::<Date32Type>().iter().map(|day| day.map(i64::from)))?
        }
        DataType::Date64 => {
            let moments = array.as_primitive::<Date64Type>().iter();
            days(moments.map(|ms| ms.map(|ms| ms.div_euclid(86_400_000))))?
        }
        DataType::Timestamp(unit, zone) => {
            if let Some(zone) = zone.as_ref().filter(|zone| !matches!(zone.as_ref(), "UTC" | "Z")) {
                notes.push(format!("its times are of zone {zone}; the dates are those of UTC"));
            }
            match unit {
                TimeUnit::Second => timestamps::<TimestampSecondType>(array, 1, notes)?,
                TimeUnit::Millisecond => {
                    timestamps::<TimestampMillisecondType>(array, 1_000, notes)?
                }
                TimeUnit::Microsecond => {
                    timestamps::<TimestampMicrosecondType>(array, 1_000_000, notes)?
                }
                TimeUnit::Nanosecond => {
                    timestamps::<TimestampNanosecondType>(array, 1_000_000_000, notes)?
                }
            }
        }
        DataType::Time32(_) | DataType::Time64(_) => return Err("times of day".into()),
        DataType::Duration(_) | DataType::Interval(_) => return Err("spans of time".into()),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => return Err("raw bytes".into()),
        DataType::Struct(_) => return Err("records of several values".into()),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(_, _) => return Err("lists".into()),
        DataType::Map(_, _) => return Err("maps".into()),
        other => return Err(format!("values of type {other}")),
    })
}

/// Whole numbers where all fit, else the nearest floats.
fn unsigned(values: &PrimitiveArray<UInt64Type>, notes: &mut Vec<String>) -> ArrayRef {
    if values.iter().flatten().all(|x| i64::try_from(x).is_ok()) {
        let ints: Int64Array = values.unary(|x| x as i64);
        return Arc::new(ints);
    }
    let rounded = values.iter().flatten().filter(|x| u128::from(*x) != (*x as f64) as u128).count();
    notes.push(format!(
        "its numbers go beyond 2^63 and became floats, {rounded} of {} of them rounded",
        values.len()
    ));
    let floats: Float64Array = values.unary(|x| x as f64);
    Arc::new(floats)
}

/// The values without `NaN` and infinities, which a table does not hold.
fn finite(values: Float64Array, notes: &mut Vec<String>) -> ArrayRef {
    let odd = values.iter().flatten().filter(|x| !x.is_finite()).count();
    if odd == 0 {
        return Arc::new(values);
    }
    notes.push(format!("{odd} of {} values were NaN or infinite and are missing", values.len()));
    Arc::new(values.iter().map(|x| x.filter(|x| x.is_finite())).collect::<Float64Array>())
}

/// Decimals as whole numbers where they have no fraction and fit, else as the nearest floats.
fn decimal<T: DecimalType>(array: &ArrayRef, notes: &mut Vec<String>) -> ArrayRef {
    let values = array.as_primitive::<T>();
    let text = |row: usize| values.is_valid(row).then(|| values.value_as_string(row));
    let rows = 0..values.len();
    if values.scale() == 0 {
        let whole = |row: usize| match text(row) {
            Some(text) => text.parse::<i64>().ok().map(Some),
            None => Some(None),
        };
        if let Some(ints) = rows.clone().map(whole).collect::<Option<Int64Array>>() {
            return Arc::new(ints);
        }
    }
    let digits = |text: &str| {
        let all = text.chars().filter(char::is_ascii_digit).collect::<String>();
        all.trim_matches('0').len()
    };
    let mut rounded = 0;
    let floats: Float64Array = rows
        .map(|row| {
            let text = text(row)?;
            rounded += usize::from(digits(&text) > 15);
            text.parse().ok()
        })
        .collect();
    if rounded > 0 {
        notes.push(format!(
            "{rounded} of {} decimals have more than the 15 digits of a float and were rounded",
            values.len()
        ));
    }
    Arc::new(floats)
}

fn texts<'a>(
    values: impl Iterator<Item = Option<&'a str>> + Clone,
) -> std::result::Result<ArrayRef, String> {
    let total: usize = values.clone().flatten().map(str::len).sum();
    if i32::try_from(total).is_err() {
        return Err("over 2 GB of text".into());
    }
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn days(days: impl Iterator<Item = Option<i64>>) -> std::result::Result<ArrayRef, String> {
    let known = |day: Option<i64>| {
        let Some(day) = day else { return Ok(None) };
        let date = i32::try_from(day).ok().and_then(Date::from_days);
        date.map(|date| Some(date.days()))
            .ok_or_else(|| "a date outside the years 1 to 9999".to_owned())
    };
    Ok(Arc::new(days.map(known).collect::<std::result::Result<Date32Array, _>>()?))
}

fn timestamps<T: ArrowTimestampType>(
    array: &ArrayRef,
    second: i64,
    notes: &mut Vec<String>,
) -> std::result::Result<ArrayRef, String> {
    let values = array.as_primitive::<T>();
    let day = second * 86_400;
    let timed = values.iter().flatten().filter(|moment| moment.rem_euclid(day) != 0).count();
    if timed > 0 {
        notes.push(format!(
            "it became dates: {timed} of {} values had a time of day, which is dropped",
            values.len()
        ));
    }
    days(values.iter().map(|moment| moment.map(|moment| moment.div_euclid(day))))
}
