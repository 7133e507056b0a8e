//! Tables as Apache Parquet. Whole numbers are unsigned, what may be missing is optional, and rows
//! come in groups, so that memory does not grow with the table.

use super::columns::{Column, Kind, Value};
use super::rows::Sink;
use crate::store::file::{FolderError, fresh, temporary};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a group.
const GROUP: usize = 1 << 16;

/// What a column has gathered for the next group.
enum Gathered {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    /// The numbers that there are, and for each row 1 if it has one.
    Number(Vec<f64>, Vec<i16>),
    Truth(Vec<bool>),
}

/// Writes a table to a `.parquet` file.
pub struct ParquetFile {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<SerializedFileWriter<File>>,
    columns: Vec<Gathered>,
    rows: usize,
}

impl ParquetFile {
    /// An empty table.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn new(path: &Path, columns: &[Column]) -> Result<Self, FolderError> {
        let temporary = temporary(path);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = schema(columns).and_then(|schema| {
            let file = fresh(&temporary)?;
            SerializedFileWriter::new(file, schema, Arc::new(properties))
        });
        let gathered = columns.iter().map(|column| match column.kind {
            Kind::Text => Gathered::Text(Vec::new()),
            Kind::Integer => Gathered::Integer(Vec::new()),
            Kind::Number => Gathered::Number(Vec::new(), Vec::new()),
            Kind::Truth => Gathered::Truth(Vec::new()),
        });
        let mut file = Self {
            path: path.to_owned(),
            temporary,
            writer: None,
            columns: gathered.collect(),
            rows: 0,
        };
        file.writer = Some(writer.map_err(|error| file.failed(error))?);
        Ok(file)
    }

    fn failed(&self, error: ParquetError) -> FolderError {
        FolderError::Io {
            path: self.path.clone(),
            source: io::Error::other(error),
        }
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = writer.next_row_group()?;
        for gathered in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            match gathered {
                Gathered::Text(values) => {
                    let typed = column.typed::<ByteArrayType>();
                    typed.write_batch(values, None, None)?;
                    values.clear();
                }
                Gathered::Integer(values) => {
                    column
                        .typed::<Int64Type>()
                        .write_batch(values, None, None)?;
                    values.clear();
                }
                Gathered::Number(values, present) => {
                    let typed = column.typed::<DoubleType>();
                    typed.write_batch(values, Some(present), None)?;
                    values.clear();
                    present.clear();
                }
                Gathered::Truth(values) => {
                    column.typed::<BoolType>().write_batch(values, None, None)?;
                    values.clear();
                }
            }
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn finish(mut self) -> Result<(), FolderError> {
        self.group().map_err(|error| self.failed(error))?;
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(|error| self.failed(error))?;
            file.sync_all()
                .and_then(|()| fs::rename(&self.temporary, &self.path))
                .map_err(|source| FolderError::Io {
                    path: self.path.clone(),
                    source,
                })?;
        }
        Ok(())
    }
}

impl Drop for ParquetFile {
    fn drop(&mut self) {
        // Where it was finished this name is gone already.
        let _ = fs::remove_file(&self.temporary);
    }
}

impl Sink for ParquetFile {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), FolderError> {
        for (gathered, value) in self.columns.iter_mut().zip(values) {
            match (gathered, value) {
                (Gathered::Text(all), Value::Text(text)) => all.push((*text).into()),
                // Parquet keeps the bits; the schema says that they are unsigned.
                (Gathered::Integer(all), Value::Integer(number)) => {
                    all.push(number.cast_signed());
                }
                (Gathered::Number(all, present), Value::Number(number)) => {
                    let number = number.filter(|number| !number.is_nan());
                    all.extend(number);
                    present.push(i16::from(number.is_some()));
                }
                (Gathered::Truth(all), Value::Truth(truth)) => all.push(*truth),
                _ => unreachable!("rows are as their columns say"),
            }
        }
        self.rows += 1;
        if self.rows == GROUP {
            self.group().map_err(|error| self.failed(error))?;
        }
        Ok(())
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let mut fields = Vec::new();
    for column in columns {
        let (physical, logical, repetition) = match column.kind {
            Kind::Text => (
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            ),
            Kind::Integer => (
                Physical::INT64,
                Some(LogicalType::Integer {
                    bit_width: 64,
                    is_signed: false,
                }),
                Repetition::REQUIRED,
            ),
            Kind::Number => (Physical::DOUBLE, None, Repetition::OPTIONAL),
            Kind::Truth => (Physical::BOOLEAN, None, Repetition::REQUIRED),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()?;
        fields.push(Arc::new(field));
    }
    let schema = Type::group_type_builder("sweep").with_fields(fields);
    Ok(Arc::new(schema.build()?))
}
