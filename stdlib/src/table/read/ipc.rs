//! Reading Arrow's own format, as a file and as a stream.

use std::io::Cursor;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};

use super::arrow::{self, Columns};
use crate::error::Result;
use crate::table::csv::ReadOptions;
use crate::table::error::TableError;

/// The columns of the Arrow file or stream `bytes`.
pub(super) fn read(
    bytes: &[u8],
    path: &str,
    stream: bool,
    options: &ReadOptions,
) -> Result<Columns> {
    let broken = |error: ArrowError| TableError::Unreadable {
        path: path.to_owned(),
        reason: format!("it is a broken Arrow file: {error}"),
    };
    let cursor = || Cursor::new(bytes);
    if claims_too_much(bytes, stream) {
        let reason = "it is a broken Arrow file: a buffer claims an impossible size".to_owned();
        return Err(TableError::Unreadable { path: path.to_owned(), reason }.into());
    }
    let schema = if stream {
        StreamReader::try_new(cursor(), None).map_err(broken)?.schema()
    } else {
        FileReader::try_new(cursor(), None).map_err(broken)?.schema()
    };
    let places = arrow::projection(schema.fields(), options)?;
    let only = Some(places.clone());
    let batches: Vec<RecordBatch> = if stream {
        let reader = StreamReader::try_new(cursor(), only).map_err(broken)?;
        reader.collect::<std::result::Result<_, _>>().map_err(broken)?
    } else {
        let reader = FileReader::try_new(cursor(), only).map_err(broken)?;
        reader.collect::<std::result::Result<_, _>>().map_err(broken)?
    };
    Ok(columns(&schema, &places, &batches))
}

/// Whether a packed buffer claims to unpack to more than its bytes can.
///
/// The reader asks for that much memory before it looks, and a program that is refused memory ends.
fn claims_too_much(bytes: &[u8], stream: bool) -> bool {
    let word = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
    };
    // The body behind one message, its size, and the message's record batch.
    let message = |at: usize| {
        let start = if word(at)? == 0xFFFF_FFFF { at + 4 } else { at };
        let length = word(start)?;
        let body = start.checked_add(4)?.checked_add(length)?;
        let message = arrow_ipc::root_as_message(bytes.get(start + 4..body)?).ok()?;
        let size = usize::try_from(message.bodyLength()).ok()?;
        let batch = message.header_as_record_batch();
        let batch = batch.or_else(|| message.header_as_dictionary_batch()?.data());
        let excess = batch.is_some_and(|batch| {
            // No byte of an LZ4 frame stands for more than 255; a block of Zstandard, four bytes at
            // least, for no more than 128 KB.
            let zstd = |packing: arrow_ipc::BodyCompression| {
                packing.codec() == arrow_ipc::CompressionType::ZSTD
            };
            let most = if batch.compression().is_some_and(zstd) { 1 << 15 } else { 256 };
            let buffers = batch.buffers().filter(|_| batch.compression().is_some());
            buffers.is_some_and(|buffers| {
                buffers.iter().any(|buffer| {
                    let claim = || {
                        let at = body.checked_add(usize::try_from(buffer.offset()).ok()?)?;
                        let eight = bytes.get(at..at.checked_add(8)?)?;
                        let claimed = i64::from_le_bytes(eight.try_into().ok()?);
                        Some(claimed > buffer.length().saturating_mul(most).saturating_add(1024))
                    };
                    buffer.length() > 0 && claim().unwrap_or(true)
                })
            })
        });
        Some((excess, body.checked_add(size)?))
    };
    if stream {
        let mut at = 0;
        while let Some((excess, next)) = message(at) {
            if excess {
                return true;
            }
            at = next;
        }
        return false;
    }
    let footer = || {
        let end = bytes.len().checked_sub(10)?;
        let footer = bytes.get(end.checked_sub(word(end)?)?..end)?;
        let footer = arrow_ipc::root_as_footer(footer).ok()?;
        let blocks = footer.recordBatches().into_iter().chain(footer.dictionaries());
        let mut offsets = blocks.flat_map(|blocks| blocks.iter().map(arrow_ipc::Block::offset));
        Some(offsets.any(|offset| {
            let at = usize::try_from(offset).unwrap_or(usize::MAX);
            message(at).is_some_and(|(excess, _)| excess)
        }))
    };
    footer().unwrap_or(false)
}

fn columns(schema: &Schema, places: &[usize], batches: &[RecordBatch]) -> Columns {
    let columns = places
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let pieces = batches.iter().map(|batch| ArrayRef::clone(batch.column(at))).collect();
            (schema.fields()[*place].clone(), pieces)
        })
        .collect();
    Columns { columns, metadata: schema.metadata().clone() }
}
