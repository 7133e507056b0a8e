//! The rows of the tables, one after the other, to whatever takes them.

use super::columns::{self, Kind, Value};
use crate::runner::error::JournalError;
use crate::store::file::FolderError;
use sim_core::stats::Interval;
use sim_models::experiment::sweep::{Row, Sweep, Table};
use sim_models::observe::conclusion::Conclusion;

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// A file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What the journal keeps cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Takes rows.
pub trait Sink {
    /// Takes one row, as long as there are columns.
    ///
    /// # Errors
    /// If it cannot be written.
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), FolderError>;
}

/// Finds the windows of a run, which memory need not hold.
pub type Windows<'a> = dyn Fn(&Row) -> Result<Vec<Vec<Option<f64>>>, JournalError> + 'a;

/// One row per run.
///
/// # Errors
/// If the sink refuses one.
pub fn runs(table: &Table<'_>, sink: &mut dyn Sink) -> Result<(), FolderError> {
    let kinds = kinds(table.sweep);
    for record in table.runs.iter().flatten() {
        let digest = record.digest();
        let mut row = vec![
            Value::Integer(record.point.into()),
            Value::Integer(record.replication.into()),
        ];
        settings(table.sweep, record.point, &kinds, &mut row);
        row.extend([
            Value::Integer(record.seed),
            Value::Text(&digest),
            Value::Integer(record.events),
            Value::Text(record.stopped_by.name()),
            Value::Text(record.verdict.name()),
            Value::Truth(record.verdict == Conclusion::Metastable),
        ]);
        row.extend(record.values.iter().map(Value::Number));
        sink.row(&row)?;
    }
    Ok(())
}

/// One row per window of each run.
///
/// # Errors
/// If windows cannot be found, or the sink refuses one.
pub fn windows(
    table: &Table<'_>,
    windows: &Windows<'_>,
    sink: &mut dyn Sink,
) -> Result<(), ResultsError> {
    let kinds = kinds(table.sweep);
    for record in table.runs.iter().flatten() {
        let width = table.sweep.scenarios[record.point as usize].window;
        for (number, values) in windows(record)?.iter().enumerate() {
            let begin = width.as_secs_f64() * number as f64;
            let mut row = vec![
                Value::Integer(record.point.into()),
                Value::Integer(record.replication.into()),
                Value::Number(Some(begin)),
            ];
            settings(table.sweep, record.point, &kinds, &mut row);
            row.extend(values.iter().copied().map(Value::Number));
            sink.row(&row)?;
        }
    }
    Ok(())
}

/// One row per measure of each point.
///
/// # Errors
/// If the sink refuses one.
pub fn cells(table: &Table<'_>, sink: &mut dyn Sink) -> Result<(), FolderError> {
    let kinds = kinds(table.sweep);
    let names = columns::measures(table.sweep);
    for cell in table.cells() {
        let mut row = vec![Value::Integer(cell.point.into())];
        settings(table.sweep, cell.point, &kinds, &mut row);
        let ends = |interval: Option<Interval>| {
            let end = |get: fn(Interval) -> f64| Value::Number(interval.map(get));
            [end(|i| i.mean), end(|i| i.low), end(|i| i.high)]
        };
        row.extend([
            Value::Text(&names[cell.measure]),
            Value::Integer(cell.runs),
            Value::Integer(cell.count),
            Value::Integer(cell.finite.map_or(0, |finite| finite.count)),
        ]);
        row.extend(ends(cell.mean));
        row.push(Value::Number(cell.sd));
        for quantile in [cell.median, cell.p90] {
            row.extend(ends(quantile));
            row.push(Value::Number(quantile.map(|known| known.level)));
        }
        row.extend([Value::Number(cell.min), Value::Number(cell.max)]);
        sink.row(&row)?;
    }
    Ok(())
}

fn kinds(sweep: &Sweep) -> Vec<Kind> {
    (0..sweep.axes.len())
        .map(|axis| columns::kind(sweep, axis))
        .collect()
}

fn settings<'a>(sweep: &'a Sweep, point: u32, kinds: &[Kind], row: &mut Vec<Value<'a>>) {
    for (axis, kind) in kinds.iter().enumerate() {
        row.push(columns::coordinate(sweep, point as usize, axis, *kind));
    }
}
