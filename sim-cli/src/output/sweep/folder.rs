//! The result folder of a sweep. Every file is whole or not there; `summary.json` comes last, so that
//! a folder with a summary is complete.

use super::columns::Column;
use super::csv::{CsvFile, LARGE};
use super::rows::{self, ResultsError, Sink, Windows};
use super::{columns, summary};
use crate::charts::{self, Chart};
use crate::store::claim::Claim;
use crate::store::file::FolderError;
use serde_json::Value;
use sim_models::experiment::sweep::Table;

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

/// The files that a sweep writes before anything is run.
pub const TEXTS: [&str; 3] = ["scenario.ron", "sweep.ron", "reproduce.txt"];

/// Writes the sweep, and what to do with it, before anything is run.
///
/// # Errors
/// If a file cannot be written.
pub fn prepare(claim: &mut Claim, texts: &Texts) -> Result<(), FolderError> {
    claim.put_text("scenario.ron", &texts.scenario)?;
    claim.put_text("sweep.ron", &texts.sweep)?;
    claim.put_text("reproduce.txt", &texts.reproduce)
}

/// Writes all results into a folder that was prepared.
///
/// # Errors
/// If a file cannot be written or the journal not be read.
pub fn write(
    claim: &mut Claim,
    table: &Table<'_>,
    windows: &Windows<'_>,
    extras: &Extras,
    provenance: &Value,
) -> Result<(), ResultsError> {
    let tables = ["runs", "windows", "cells"];
    let endings = ["csv", "csv.gz", "parquet"];
    let names = tables
        .iter()
        .flat_map(|name| endings.map(|ending| format!("{name}.{ending}")));
    claim.announce(names)?;
    let folder = claim.path().to_owned();
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
    put_charts(claim, &extras.charts)?;
    claim.put_text("provenance.json", &format!("{provenance:#}"))?;
    claim.put_text("summary.json", &format!("{:#}", summary::summary(table)))?;
    Ok(())
}

/// Writes charts, each as SVG and PNG.
///
/// # Errors
/// If a file cannot be written or a chart not be drawn.
pub fn put_charts(claim: &mut Claim, all: &[Chart]) -> Result<(), FolderError> {
    let pictures = all.iter().map(|chart| &chart.name);
    claim.announce(pictures.flat_map(|name| [format!("{name}.svg"), format!("{name}.png")]))?;
    for chart in all {
        claim.put_text(&format!("{}.svg", chart.name), &chart.svg)?;
        let name = format!("{}.png", chart.name);
        let bitmap = charts::png(&chart.svg).map_err(|source| FolderError::Chart {
            path: claim.path().join(&name),
            source,
        })?;
        claim.put(&name, &bitmap)?;
    }
    Ok(())
}
