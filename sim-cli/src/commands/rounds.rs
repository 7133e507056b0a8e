//! Runs in rounds, each of which depends on what came before: what `sim tune` and `sim sensitivity`
//! have in common.

use super::run::quoted;
use crate::files::setting;
use crate::output::sweep::provenance::{Started, provenance};
use crate::output::sweep::rows::ResultsError;
use crate::runner::names::file_name;
use crate::runner::{How, Runner, RunnerError};
use crate::store::claim::Claim;
use crate::store::file::FolderError;
use crate::{Terminal, diagnostics, exit};
use sim_models::experiment::space::Unresolved;
use sim_models::experiment::sweep::{Keys, Row, RunKey, Shard, Sweep};
use sim_models::scenario::Override;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

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

/// Takes a folder and says in it what is done, before anything is run. What was found earlier goes: it must
/// not pass for the result of this.
///
/// # Errors
/// If somebody else's file is in the way, or the file system refuses.
pub fn begin(claim: &mut Claim, scenario: &str, reproduce: &str) -> Result<(), FolderError> {
    let names = ["scenario.ron", "reproduce.txt"].map(str::to_owned);
    claim.take(names.into_iter().chain([file_name(Shard::default())]))?;
    claim.put_text("scenario.ron", scenario)?;
    claim.put_text("reproduce.txt", reproduce)?;
    claim.clear()
}

/// Rounds of runs with one journal.
pub struct Rounds<'a> {
    runner: Runner<'a>,
    started: Started,
    err: &'a mut dyn Write,
    terminal: Terminal,
    jobs: Option<usize>,
    /// Whether there is a folder.
    kept: bool,
    runs: usize,
    known: usize,
    partial: usize,
    /// All runs in the order of the rounds.
    done: Vec<(RunKey, Row)>,
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
            rounds: true,
        };
        Ok(Self {
            runner: Runner::open(&how, err)?,
            started: Started::now(),
            err,
            terminal,
            jobs,
            kept: folder.is_some(),
            runs: 0,
            known: 0,
            partial: 0,
            done: Vec::new(),
        })
    }

    /// Runs a sweep wholly.
    ///
    /// # Errors
    /// It could not be run, or was interrupted.
    pub fn run(&mut self, sweep: &Sweep) -> Result<Vec<Row>, NoAnswer> {
        let ran = self.runner.run(sweep, self.err, self.terminal)?;
        if !ran.finished {
            return Err(NoAnswer::Interrupted);
        }
        self.runs += ran.records.len();
        self.known += ran.known;
        self.partial += ran
            .records
            .iter()
            .filter(|run| !run.stopped_by.is_end())
            .count();
        if self.kept {
            let keys = Keys::new(sweep);
            let keyed = |run: &Row| (keys.run(run.point, run.replication), run.clone());
            self.done.extend(ran.records.iter().map(keyed));
        }
        Ok(ran.records)
    }

    /// Puts all runs, in their order and each once, in the place of what is in the journal, so that its
    /// bytes do not depend on threads and interruptions.
    ///
    /// # Errors
    /// If the file system refuses; the journal is then as it was.
    pub fn settle(&mut self) -> Result<(), NoAnswer> {
        let mut known = BTreeSet::new();
        self.done.retain(|(key, _)| known.insert(*key));
        let (Some(journal), entries) = self.runner.parts() else {
            return Ok(());
        };
        let runs = self.done.iter().map(|(key, record)| (*key, record));
        journal.rewrite(entries, runs).map_err(RunnerError::from)?;
        Ok(())
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
#[derive(Debug, Default)]
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

    /// Adds flags as they are, each with a space before it.
    #[must_use]
    pub fn text(mut self, flags: &str) -> Self {
        self.0.push_str(flags);
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
