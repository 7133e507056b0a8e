//! The result folder of a sweep. Every file is whole or not there; `summary.json` comes last, so that
//! a folder with a summary is complete.

use super::columns::Column;
use super::csv::{CsvFile, LARGE};
use super::rows::{self, ResultsError, Sink, Windows};
use super::{columns, summary};
use crate::charts::{self, Chart};
use crate::output::claim::listed_pictures;
use crate::output::folder::{FolderError, write_atomic};
use serde_json::Value;
use sim_models::experiment::sweep::Table;
use std::fs;
use std::path::{Path, PathBuf};

/// The texts beside the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The scenario as resolved.
    pub scenario: String,
    /// The sweep as resolved; it refers to the scenario beside it.
    pub sweep: String,
    /// How to do all of it again.
    pub reproduce: String,
}

/// Which files are wanted besides those that are always there.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Charts.
    pub charts: Vec<Chart>,
    /// The tables as Parquet too, which takes the feature of that name.
    pub parquet: bool,
}

/// Makes the folder, with the sweep and what to do with it, before anything is run.
///
/// # Errors
/// If a file cannot be written.
pub fn prepare(folder: &Path, texts: &Texts) -> Result<(), FolderError> {
    fs::create_dir_all(folder).map_err(|source| FolderError::Io {
        path: folder.to_owned(),
        source,
    })?;
    put(folder, "scenario.ron", &texts.scenario)?;
    put(folder, "sweep.ron", &texts.sweep)?;
    put(folder, "reproduce.txt", &texts.reproduce)
}

/// Writes all results into a folder that was prepared.
///
/// # Errors
/// If a file cannot be written or the journal not be read.
pub fn write(
    folder: &Path,
    table: &Table<'_>,
    windows: &Windows<'_>,
    extras: &Extras,
    provenance: &Value,
) -> Result<(), ResultsError> {
    clear(folder);
    let both = |name: &str,
                columns: Vec<Column>,
                write: &dyn Fn(&mut dyn Sink) -> Result<(), ResultsError>|
     -> Result<(), ResultsError> {
        let mut file = CsvFile::new(&folder.join(format!("{name}.csv")), &columns, LARGE)?;
        write(&mut file)?;
        file.finish()?;
        #[cfg(feature = "parquet")]
        if extras.parquet {
            let path = folder.join(format!("{name}.parquet"));
            let mut file = super::parquet::ParquetFile::new(&path, &columns)?;
            write(&mut file)?;
            file.finish()?;
        }
        Ok(())
    };
    let sweep = table.sweep;
    both("runs", columns::runs(sweep), &|sink| {
        Ok(rows::runs(table, sink)?)
    })?;
    if sweep.windows {
        both("windows", columns::windows(sweep), &|sink| {
            rows::windows(table, windows, sink)
        })?;
    }
    let mut cells = CsvFile::new(&folder.join("cells.csv"), &columns::cells(sweep), LARGE)?;
    rows::cells(table, &mut cells)?;
    cells.finish()?;
    put_charts(folder, &extras.charts)?;
    put(folder, "provenance.json", &format!("{provenance:#}"))?;
    put(
        folder,
        "summary.json",
        &format!("{:#}", summary::summary(table)),
    )?;
    Ok(())
}

/// Writes charts, each as SVG and PNG.
///
/// # Errors
/// If a file cannot be written or a chart not be drawn.
pub fn put_charts(folder: &Path, all: &[Chart]) -> Result<(), FolderError> {
    for chart in all {
        put(folder, &format!("{}.svg", chart.name), &chart.svg)?;
        let path = folder.join(format!("{}.png", chart.name));
        let bitmap = charts::png(&chart.svg).map_err(|source| FolderError::Chart {
            path: path.clone(),
            source,
        })?;
        write_atomic(&path, &bitmap)?;
    }
    Ok(())
}

/// Removes what an earlier sweep left: it must not pass for a part of this one.
pub fn clear(folder: &Path) {
    let tables = ["runs", "windows", "cells"];
    let mut stale = vec!["summary.json".to_owned()];
    for table in tables {
        for ending in ["csv", "csv.gz", "parquet"] {
            stale.push(format!("{table}.{ending}"));
        }
    }
    // Charts are named after what they show, which may have been something else.
    stale.extend(listed_pictures(folder));
    for name in stale {
        // It is not there, as a rule.
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Writes a text with a line end, unless it is there already: parts of a sweep may share a folder,
/// and all of them have the same to write.
pub(crate) fn put(folder: &Path, name: &str, text: &str) -> Result<(), FolderError> {
    let text = format!("{}\n", text.trim_end_matches('\n'));
    let path: PathBuf = folder.join(name);
    let is_there = || fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes());
    if is_there() {
        return Ok(());
    }
    match write_atomic(&path, text.as_bytes()) {
        Err(_) if is_there() => Ok(()),
        other => other,
    }
}
