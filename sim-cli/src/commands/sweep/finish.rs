//! What `sim sweep` and `sim merge` do with the runs of a whole sweep.

use crate::charts;
use crate::commands::run::{Format, quoted};
use crate::output::sweep::folder::{self, Extras, Texts};
use crate::output::sweep::human::{self, Ending};
use crate::output::sweep::rows::ResultsError;
use crate::output::sweep::summary;
use crate::runner::RunnerError;
use crate::runner::entries::Entries;
use crate::runner::error::JournalError;
use crate::runner::journal::Journal;
use crate::store::claim::Claim;
use crate::store::file::{FolderError, text as text_of};
use crate::{Terminal, exit};
use serde_json::Value;
use sim_models::experiment::sweep::{self, Keys, Row, Sweep, Table};
use sim_models::scenario::plain::plain;
use std::io::{self, Write};
use std::path::Path;

/// Why a sweep came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be run.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Results cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Input that does not fit, in words for the user; the last of several lines says what to do about it.
    #[error("{0}")]
    Input(String),
    /// The terminal does not take it.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Where a command writes.
pub struct Streams<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// What they are good for.
    pub terminal: Terminal,
}

impl Streams<'_> {
    /// Says why a command failed. Returns the exit code.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn fail(&mut self, failure: Failure) -> io::Result<u8> {
        match failure {
            Failure::Output(error) => Err(error),
            // A broken invariant of ours must not look like an answer.
            Failure::Runner(RunnerError::Sweep(broken @ sweep::Failure::Panicked(_))) => {
                writeln!(
                    self.err,
                    "error: an invariant of the simulator broke; this is a bug of ours: {broken}"
                )?;
                Ok(exit::BROKEN)
            }
            other => {
                let text = other.to_string();
                match text.rsplit_once('\n') {
                    Some((what, help)) => writeln!(self.err, "error: {what}\nhelp: {help}")?,
                    None => writeln!(self.err, "error: {text}")?,
                }
                Ok(exit::BAD_INPUT)
            }
        }
    }
}

/// What is wanted of the result.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// How it is shown.
    pub format: Format,
    /// The tables as Parquet too.
    #[cfg(feature = "parquet")]
    pub parquet: bool,
    /// The command that does it again.
    pub reproduce: &'a str,
}

/// The runs of a whole sweep, and where they are kept.
#[derive(Debug)]
pub struct Whole<'a> {
    /// The sweep.
    pub sweep: &'a Sweep,
    /// Its runs, by point and replication.
    pub records: Vec<Row>,
    /// The journal to put in order, if there is a folder.
    pub journal: Option<&'a mut Journal>,
    /// Where their windows are.
    pub entries: &'a Entries,
    /// Who made them.
    pub provenance: Value,
}

/// Writes the results of a whole sweep into a folder, if one was taken, and shows them. Returns the exit code.
///
/// # Errors
/// See [`Failure`].
pub fn finish(
    whole: Whole<'_>,
    wanted: &Wanted<'_>,
    claim: Option<&mut Claim>,
    streams: &mut Streams<'_>,
) -> Result<u8, Failure> {
    let keys = Keys::new(whole.sweep);
    if let Some(journal) = whole.journal {
        settle(journal, whole.entries, &keys, &whole.records)?;
    }
    let code = exit_code(&whole.records);
    let table = Table::new(whole.sweep, whole.records);
    let mut open = Vec::new();
    if let Some(claim) = claim {
        #[cfg(feature = "parquet")]
        let parquet = wanted.parquet;
        #[cfg(not(feature = "parquet"))]
        let parquet = false;
        let extras = Extras {
            charts: charts::sweep::charts(&table),
            parquet,
        };
        let windows = |record: &Row| {
            let entry = whole
                .entries
                .get(keys.run(record.point, record.replication));
            entry.map_or(Ok(Vec::new()), |entry| whole.entries.windows(entry))
        };
        folder::write(claim, &table, &windows, &extras, &whole.provenance)?;
        claim.settle()?;
        open = opened(claim.path(), &extras);
    }
    match wanted.format {
        Format::Json => writeln!(streams.out, "{}", summary::summary(&table))?,
        Format::Human => {
            let ending = Ending {
                reproduce: wanted.reproduce,
                open,
            };
            let text = human::render(&table, &ending, streams.terminal.out);
            streams.out.write_all(text.as_bytes())?;
        }
    }
    Ok(code)
}

/// Puts the runs of a sweep, in their order, in the place of all that is in a journal.
///
/// # Errors
/// If the file system refuses; the journal is then as it was.
pub fn settle(
    journal: &mut Journal,
    entries: &Entries,
    keys: &Keys,
    records: &[Row],
) -> Result<(), JournalError> {
    let keyed = records.iter().map(|record| {
        let key = keys.run(record.point, record.replication);
        (key, record)
    });
    journal.rewrite(entries, keyed)
}

/// Files of the folder that are worth a look.
fn opened(folder: &Path, extras: &Extras) -> Vec<String> {
    let name = |file: String| plain(&folder.join(file).to_string_lossy()).into_owned();
    let charts = extras.charts.iter().take(2);
    let mut files: Vec<String> = charts
        .map(|chart| name(format!("{}.png", chart.name)))
        .collect();
    files.push(format!(
        "{}  all points and measures",
        name("cells.csv".into())
    ));
    files
}

/// Refuted hypotheses are what a sweep is for; a run that a budget stopped is only part of one.
#[must_use]
pub fn exit_code(records: &[Row]) -> u8 {
    if records.iter().all(|record| record.stopped_by.is_end()) {
        exit::HELD
    } else {
        exit::BUDGET
    }
}

/// Parts of two sweeps in one folder could never be joined.
///
/// # Errors
/// If the folder holds another sweep.
pub fn refuse_foreign(folder: &Path, texts: &Texts) -> Result<(), Failure> {
    for (name, text) in [
        ("sweep.ron", &texts.sweep),
        ("scenario.ron", &texts.scenario),
    ] {
        let path = folder.join(name);
        match text_of(&path) {
            Ok(found) if found.trim_end() != text.trim_end() => {
                return Err(Failure::Input(format!(
                    "{} belongs to another sweep: its {name} differs from what is asked for\ngive the parts of this sweep a folder of their own with --out",
                    folder.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A path for a shell.
#[must_use]
pub fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}
