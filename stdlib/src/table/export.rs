//! Writing Parquet and Arrow's own format.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::error::TableError;
use super::frame::Table;
use super::read::LABEL_KEY;
use crate::choice::Choice;
use crate::error::Result;

/// How Parquet packs its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codec {
    /// Fast, and read everywhere.
    #[default]
    Snappy,
    /// Smaller and slower.
    Gzip,
    /// Faster still.
    Lz4,
    /// As small as gzip and nearly as fast as snappy.
    Zstd,
    /// Smallest and slowest.
    Brotli,
    /// Not packed.
    None,
}

impl Choice for Codec {
    const ALL: &'static [(&'static str, Self)] = &[
        ("snappy", Self::Snappy),
        ("gzip", Self::Gzip),
        ("lz4", Self::Lz4),
        ("zstd", Self::Zstd),
        ("brotli", Self::Brotli),
        ("none", Self::None),
    ];
}

/// How Arrow's own format packs its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IpcCodec {
    /// Not packed, so that others can map the file into memory.
    #[default]
    None,
    /// LZ4 frames.
    Lz4,
    /// Zstandard: smaller.
    Zstd,
}

impl Choice for IpcCodec {
    const ALL: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("lz4", Self::Lz4), ("zstd", Self::Zstd)];
}

impl Table {
    /// The record batch to write: row labels first where no column shows them, and what the
    /// codebook says of each column as metadata of its field.
    fn annotated(&self) -> Result<RecordBatch> {
        let table = self.with_label_column()?;
        let batch = table.batch();
        let fields: Vec<Field> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|field| {
                let Some(meta) = self.meta(field.name()) else { return field.as_ref().clone() };
                let labels =
                    meta.labels.iter().map(|(l, text)| (format!("label_{l}"), text.clone()));
                let unit = meta.unit.iter().map(|unit| ("unit".to_owned(), unit.clone()));
                field.as_ref().clone().with_metadata(labels.chain(unit).collect::<HashMap<_, _>>())
            })
            .collect();
        let label = self.labels().map(|_| self.label_name().unwrap_or("label").to_owned());
        let metadata = label.into_iter().map(|label| (LABEL_KEY.to_owned(), label));
        let metadata: HashMap<_, _> = metadata.collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Ok(RecordBatch::try_new(schema, batch.columns().to_vec())
            .expect("only metadata differs from the table's own schema"))
    }

    /// The table as a Parquet file.
    pub fn to_parquet(&self, codec: Codec) -> Result<Vec<u8>> {
        let batch = self.annotated()?;
        let compression = match codec {
            Codec::Snappy => Compression::SNAPPY,
            Codec::Gzip => Compression::GZIP(parquet::basic::GzipLevel::default()),
            Codec::Lz4 => Compression::LZ4_RAW,
            Codec::Zstd => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
            Codec::Brotli => Compression::BROTLI(parquet::basic::BrotliLevel::default()),
            Codec::None => Compression::UNCOMPRESSED,
        };
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut bytes = Vec::new();
        let written = || -> std::result::Result<(), ParquetError> {
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
            writer.write(&batch)?;
            writer.close().map(|_| ())
        };
        written().map_err(|error| unwritable("a Parquet file", &error.to_string()))?;
        Ok(bytes)
    }

    /// The table in Arrow's own format: a file, or a `stream`.
    pub fn to_ipc(&self, stream: bool, codec: IpcCodec) -> Result<Vec<u8>> {
        let batch = self.annotated()?;
        let compression = match codec {
            IpcCodec::None => None,
            IpcCodec::Lz4 => Some(CompressionType::LZ4_FRAME),
            IpcCodec::Zstd => Some(CompressionType::ZSTD),
        };
        let schema = batch.schema();
        let mut bytes = Vec::new();
        let mut written = || -> std::result::Result<(), ArrowError> {
            let options = IpcWriteOptions::default().try_with_compression(compression)?;
            if stream {
                let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options)?;
                writer.write(&batch)?;
                writer.finish()
            } else {
                let mut writer = FileWriter::try_new_with_options(&mut bytes, &schema, options)?;
                writer.write(&batch)?;
                writer.finish()
            }
        };
        written().map_err(|error| unwritable("an Arrow file", &error.to_string()))?;
        Ok(bytes)
    }
}

fn unwritable(what: &str, reason: &str) -> TableError {
    TableError::Unwritable { path: what.to_owned(), reason: reason.to_owned() }
}
