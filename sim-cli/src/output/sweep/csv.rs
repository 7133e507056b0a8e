//! Tables as CSV; large ones are compressed while they are written.

use super::columns::{Column, Value};
use super::rows::Sink;
use crate::store::file::{FolderError, fresh, temporary, write_atomic};
use csv::{Terminator, Writer, WriterBuilder};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A table with more bytes than this is compressed: 8 MiB.
pub const LARGE: usize = 8 << 20;

/// Writes a table to `NAME.csv`, or to `NAME.csv.gz` once it has become large.
pub struct CsvFile {
    writer: Writer<Growing>,
}

impl CsvFile {
    /// A table with headings at a path that ends with `.csv`.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn new(path: &Path, columns: &[Column], large: usize) -> Result<Self, FolderError> {
        let growing = Growing {
            path: path.to_owned(),
            large,
            small: Vec::new(),
            compressed: None,
        };
        let writer = WriterBuilder::new()
            .terminator(Terminator::Any(b'\n'))
            .from_writer(growing);
        let mut file = Self { writer };
        let names = columns.iter().map(|column| column.name.as_bytes());
        file.record(names)?;
        Ok(file)
    }

    fn record<'a>(&mut self, cells: impl Iterator<Item = &'a [u8]>) -> Result<(), FolderError> {
        let written = self.writer.write_record(cells);
        written.map_err(|error| failed(&self.writer.get_ref().path)(error.into()))
    }

    /// Gives the file its name; one of the other form, which an earlier sweep left, goes.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn finish(mut self) -> Result<(), FolderError> {
        let path = self.writer.get_ref().path.clone();
        self.writer.flush().map_err(failed(&path))?;
        let mut growing = self
            .writer
            .into_inner()
            .map_err(|error| failed(&path)(io::Error::other(error.to_string())))?;
        let (zipped, temporary) = (compressed(&path), temporary(&path));
        match growing.compressed.take() {
            None => {
                write_atomic(&path, &growing.small)?;
                remove(&zipped);
            }
            Some(encoder) => {
                encoder
                    .finish()
                    .and_then(|file| file.sync_all())
                    .and_then(|()| fs::rename(&temporary, &zipped))
                    .map_err(failed(&zipped))?;
                remove(&path);
            }
        }
        Ok(())
    }
}

impl Sink for CsvFile {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), FolderError> {
        let cells: Vec<String> = values.iter().map(cell).collect();
        self.record(cells.iter().map(String::as_bytes))
    }
}

fn cell(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => crate::output::csv::text(text).into_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
        // Larger than any number, so that every reader takes it for an infinite one. Where a column
        // begins with `inf`, DuckDB takes it for a date first and then for text.
        Value::Number(Some(number)) if number.is_infinite() => {
            if *number > 0.0 { "1e999" } else { "-1e999" }.to_owned()
        }
        // The shortest text that reads as the same number.
        Value::Number(Some(number)) if !number.is_nan() => format!("{number:?}"),
        Value::Number(_) => String::new(),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io {
        path: path.clone(),
        source,
    }
}

fn remove(path: &Path) {
    // It is not there, as a rule.
    let _ = fs::remove_file(path);
}

/// The same name with `.gz` at its end.
fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// Bytes in memory until they are many, then in a compressed file.
struct Growing {
    path: PathBuf,
    large: usize,
    small: Vec<u8>,
    compressed: Option<GzEncoder<File>>,
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.compressed.is_none() && self.small.len() + bytes.len() <= self.large {
            self.small.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        let encoder = match &mut self.compressed {
            Some(encoder) => encoder,
            None => {
                let file = fresh(&temporary(&self.path))?;
                // No name and no time in the header: equal tables are equal files.
                let mut encoder = GzBuilder::new()
                    .mtime(0)
                    .write(file, Compression::default());
                encoder.write_all(&self.small)?;
                self.small = Vec::new();
                self.compressed.insert(encoder)
            }
        };
        encoder.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        // Where it was finished this name is gone already.
        if self.compressed.is_some() {
            remove(&temporary(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::Kind;
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn write(path: &Path, large: usize) {
        let columns = [("a", Kind::Text), ("b", Kind::Number)].map(|(name, kind)| Column {
            name: name.into(),
            kind,
        });
        let mut file = CsvFile::new(path, &columns, large).unwrap();
        for value in [Some(0.1), None, Some(f64::INFINITY), Some(1e-9), Some(3.0)] {
            file.row(&[Value::Text("x, y"), Value::Number(value)])
                .unwrap();
        }
        file.finish().unwrap();
    }

    #[test]
    fn large_tables_are_compressed_and_small_ones_are_not() {
        let folder = std::env::temp_dir().join(format!("sim-csv-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("runs.csv");
        let text = "a,b\n\"x, y\",0.1\n\"x, y\",\n\"x, y\",1e999\n\"x, y\",1e-9\n\"x, y\",3.0\n";
        write(&path, text.len());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        write(&path, text.len() - 1);
        let zipped = fs::read(compressed(&path)).unwrap();
        let mut back = String::new();
        GzDecoder::new(&zipped[..])
            .read_to_string(&mut back)
            .unwrap();
        assert_eq!(back, text);
        // One form only, and no time in the header.
        assert!(!path.exists());
        assert_eq!(zipped[4..8], [0; 4]);
        write(&path, text.len() - 1);
        assert_eq!(fs::read(compressed(&path)).unwrap(), zipped);
        write(&path, text.len());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
