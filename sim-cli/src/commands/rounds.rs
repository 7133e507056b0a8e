//! Runs in rounds, each of which depends on what came before: what `sim tune` and `sim sensitivity`
//! have in common.

use super::run::{quoted, setting};
use crate::output::folder::FolderError;
use crate::output::sweep::provenance::{Started, provenance};
use crate::output::sweep::rows::ResultsError;
use crate::runner::{How, Runner, RunnerError};
use crate::{Terminal, diagnostics, exit};
use sim_models::experiment::space::Unresolved;
use sim_models::experiment::sweep::{Record, Shard, Sweep};
use sim_models::observe::expression::ExpressionError;
use sim_models::scenario::Override;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// Something is wrong with the scenario or with what varies in it.
    #[error("the input is wrong")]
    Unresolved(Box<Unresolved>),
    /// Input that does not fit; further lines say what to do about it.
    #[error("{0}")]
    Input(String),
    /// The runs could not be run.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// A file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Results cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The user interrupted it.
    #[error("interrupted")]
    Interrupted,
    /// The terminal does not take it.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl From<Unresolved> for NoAnswer {
    fn from(unresolved: Unresolved) -> Self {
        Self::Unresolved(Box::new(unresolved))
    }
}

impl NoAnswer {
    /// Says so. Returns the exit code.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn tell(self, kept: bool, err: &mut dyn Write, terminal: Terminal) -> io::Result<u8> {
        match self {
            Self::Output(error) => return Err(error),
            Self::Unresolved(wrong) => {
                let text = diagnostics::human(&wrong.diagnostics, &wrong.sources, terminal.err);
                err.write_all(text.as_bytes())?;
            }
            Self::Interrupted => {
                let what = if kept {
                    "finished runs are kept; the same command goes on from there"
                } else {
                    "finished runs are lost; with --out DIR they would have been kept"
                };
                writeln!(err, "interrupted: {what}")?;
                return Ok(exit::INTERRUPTED);
            }
            other => {
                let text = other.to_string().replacen('\n', "\nhelp: ", 1);
                writeln!(err, "error: {text}")?;
            }
        }
        Ok(exit::BAD_INPUT)
    }
}

/// Rounds of runs with one journal.
pub struct Rounds<'a> {
    runner: Runner<'a>,
    started: Started,
    err: &'a mut dyn Write,
    terminal: Terminal,
    jobs: Option<usize>,
    runs: usize,
    known: usize,
    partial: usize,
}

impl<'a> Rounds<'a> {
    /// Opens the journal, if there is a folder.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn open(
        folder: Option<&'a Path>,
        jobs: Option<usize>,
        doing: &'a str,
        err: &'a mut dyn Write,
        terminal: Terminal,
    ) -> Result<Self, NoAnswer> {
        let how = How {
            folder,
            shard: Shard::default(),
            jobs,
            doing,
        };
        Ok(Self {
            runner: Runner::open(&how, err)?,
            started: Started::now(),
            err,
            terminal,
            jobs,
            runs: 0,
            known: 0,
            partial: 0,
        })
    }

    /// Runs a sweep wholly.
    ///
    /// # Errors
    /// It could not be run, or was interrupted.
    pub fn run(&mut self, sweep: &Sweep) -> Result<Vec<Record>, NoAnswer> {
        let ran = self.runner.run(sweep, self.err, self.terminal)?;
        if !ran.finished {
            return Err(NoAnswer::Interrupted);
        }
        self.runs += ran.records.len();
        self.known += ran.known;
        self.partial += ran
            .records
            .iter()
            .filter(|run| run.stopped_by != "end")
            .count();
        Ok(ran.records)
    }

    /// Runs that a budget stopped: their values are partial.
    #[must_use]
    pub fn partial(&self) -> usize {
        self.partial
    }

    /// Who made the runs.
    #[must_use]
    pub fn provenance(&self) -> serde_json::Value {
        provenance(self.started, self.runs, self.known, self.jobs)
    }
}

/// Puts a command together that does it all again, to be pasted into a shell.
#[derive(Debug)]
pub struct Command(String);

impl Command {
    /// `sim NAME SCENARIO`.
    #[must_use]
    pub fn new(name: &str, scenario: &Path) -> Self {
        Self(format!(
            "sim {name} {}",
            quoted(&scenario.to_string_lossy())
        ))
    }

    /// Adds `--name value`.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &impl ToString) -> Self {
        self.0
            .push_str(&format!(" --{name} {}", quoted(&value.to_string())));
        self
    }

    /// Adds it once for each value.
    #[must_use]
    pub fn flags<T: ToString>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let add = |command: Self, value: T| command.flag(name, &value);
        values.into_iter().fold(self, add)
    }

    /// The command, with `--set` at its end.
    #[must_use]
    pub fn with(mut self, set: &[Override]) -> String {
        self.0.extend(set.iter().map(setting));
        self.0
    }
}

/// Reads a measure or a check, as a flag has it.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn read<T: FromStr<Err = ExpressionError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ExpressionError| {
        let help = error.help.iter().map(|help| format!("; {help}"));
        format!("{}{}", error.message, help.collect::<String>())
    })
}
