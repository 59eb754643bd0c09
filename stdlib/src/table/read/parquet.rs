//! Reading Parquet.

use arrow_array::ArrayRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::arrow::{self, Columns};
use crate::error::Result;
use crate::table::csv::ReadOptions;
use crate::table::error::TableError;

/// Rows decoded at a time.
const BATCH: usize = 1 << 16;

/// The columns of the Parquet file `bytes`, each read by a thread of its own.
pub(super) fn read(bytes: Bytes, path: &str, options: &ReadOptions) -> Result<Columns> {
    let broken = |error: ParquetError| TableError::Unreadable {
        path: path.to_owned(),
        reason: format!("it is a broken Parquet file: {error}"),
    };
    let metadata =
        ArrowReaderMetadata::load(&bytes, parquet::arrow::arrow_reader::ArrowReaderOptions::new())
            .map_err(broken)?;
    let fields = metadata.schema().fields();
    let places = arrow::projection(fields, options)?;
    let mask = |place: usize| ProjectionMask::roots(metadata.parquet_schema(), [place]);
    for place in &places {
        check_codec(&metadata, &mask(*place), fields[*place].name(), path)?;
    }
    let columns = places
        .into_par_iter()
        .map(|place| {
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata.clone());
            let reader = builder.with_projection(mask(place)).with_batch_size(BATCH).build();
            let pieces = reader
                .map_err(broken)?
                .map(|batch| match batch {
                    Ok(batch) if batch.num_columns() == 1 => Ok(ArrayRef::clone(batch.column(0))),
                    Ok(_) => Err(broken(ParquetError::General("a column is not there".into()))),
                    Err(error) => Err(broken(error.into())),
                })
                .collect::<std::result::Result<Vec<_>, _>>()?;
            Ok((fields[place].clone(), pieces))
        })
        .collect::<Result<_>>()?;
    Ok(Columns { columns, metadata: metadata.schema().metadata().clone() })
}

/// An error where a column is packed in a way that is not read here.
fn check_codec(
    metadata: &ArrowReaderMetadata,
    mask: &ProjectionMask,
    column: &str,
    path: &str,
) -> Result<()> {
    for group in metadata.metadata().row_groups() {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            // The only one left, and hardly any program still writes it.
            if mask.leaf_included(leaf) && chunk.compression() == Compression::LZO {
                return Err(TableError::Codec {
                    path: path.to_owned(),
                    column: column.to_owned(),
                    codec: "lzo".into(),
                }
                .into());
            }
        }
    }
    Ok(())
}
