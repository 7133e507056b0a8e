//! Runs a sweep with all that surrounds it: the journal of a folder, progress, interruption. Every
//! command that runs many points uses it.

pub mod error;
mod line;
pub mod names;
pub mod entries;
pub mod journal;

use crate::Terminal;
use crate::progress::{self, Watch};
use entries::{Entries, Entry, Wrong};
use error::JournalError;
use indicatif::ProgressBar;
use journal::Journal;
use sim_models::experiment::sweep::{
    Failure, Keys, Next, Record, Replications, Row, RunKey, Shard, Sweep, Values, execute, points,
    runs,
};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a line tells of progress where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// How a sweep is run.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// Where what was done is kept; nowhere but in memory without.
    pub folder: Option<&'a Path>,
    /// Which part of the runs.
    pub shard: Shard,
    /// Threads; as many as there are cores unless given.
    pub jobs: Option<usize>,
    /// What is being done, for people: `"sweeping"`.
    pub doing: &'a str,
    /// Whether more sweeps follow, which may ask for the same runs.
    pub rounds: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The runs, by point and replication.
    pub records: Vec<Row>,
    /// Whether all of them were run; if not, the user interrupted it.
    pub finished: bool,
    /// How many of them were in the journal already.
    pub known: usize,
    /// How many other runs the journal knows: of other settings, or of another build.
    pub others: usize,
}

/// Why a sweep could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A scenario did not pass its checks, or a run panicked.
    #[error(transparent)]
    Sweep(#[from] Failure),
    /// There are no threads to be had, or messages cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Runs a sweep. Runs that the journal of the folder knows are not run again, whatever sweep they
/// belonged to; every run that ends is in the journal at once.
///
/// # Errors
/// See [`RunnerError`]; what was finished until then is kept.
pub fn run_sweep(
    sweep: &Sweep,
    how: &How<'_>,
    err: &mut dyn Write,
    terminal: Terminal,
) -> Result<Ran, RunnerError> {
    Runner::open(how, err)?.run(sweep, err, terminal)
}

/// Runs sweeps with one journal, which it holds as long as it lives.
#[derive(Debug)]
pub struct Runner<'a> {
    how: How<'a>,
    journal: Option<Journal>,
    entries: Entries,
}

impl<'a> Runner<'a> {
    /// Opens the journal, if there is a folder, and tells of damage in it.
    ///
    /// # Errors
    /// If the journal cannot be used.
    pub fn open(how: &How<'a>, err: &mut dyn Write) -> Result<Self, RunnerError> {
        let (journal, entries) = match how.folder {
            Some(folder) => {
                let (journal, entries) = Journal::open(folder, how.shard)?;
                (Some(journal), entries)
            }
            None => (None, Entries::default()),
        };
        for (path, line) in &entries.damaged {
            writeln!(
                err,
                "{}:{line}: this line is damaged; its run is run again",
                path.display()
            )?;
        }
        for wrong in &entries.wrong {
            writeln!(err, "{wrong}; its run is run again")?;
        }
        Ok(Self {
            how: *how,
            journal,
            entries,
        })
    }

    /// Runs a sweep; see [`run_sweep`].
    ///
    /// # Errors
    /// See [`RunnerError`].
    pub fn run(
        &mut self,
        sweep: &Sweep,
        err: &mut dyn Write,
        terminal: Terminal,
    ) -> Result<Ran, RunnerError> {
        let watch = Watch::begin();
        let most = most_runs(sweep, self.how.shard);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(progress::threads(self.how.jobs, most))
            .build()
            .map_err(io::Error::other)?;
        let keys = pool.install(|| Keys::new(sweep));
        for wrong in forget_unfit(sweep, &keys, &mut self.entries) {
            writeln!(err, "{wrong}; its run is run again")?;
        }
        let work = Work {
            keys: &keys,
            entries: &self.entries,
            is_kept: self.journal.is_some(),
            asked_again: sweep.windows || self.how.rounds,
            bar: progress::runs(terminal.progress, most, self.how.doing),
            state: Mutex::new(State {
                journal: self.journal.take(),
                ..State::default()
            }),
            known: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        };
        // Only what was asked about and refused is missing: a signal after the last run is late.
        let cut = AtomicBool::new(false);
        let go_on = || {
            let on = watch.goes_on() && !work.failed.load(Ordering::Relaxed);
            if !on {
                cut.store(true, Ordering::Relaxed);
            }
            on
        };
        let run = || {
            execute(
                sweep,
                self.how.shard,
                &|point, replication| work.known(point, replication),
                &|record| work.done(record),
                &go_on,
            )
        };
        let done = beside(|| pool.install(run), || work.tell(terminal, err));
        work.bar.finish_and_clear();
        let state = work
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let known = work.known.into_inner() as usize;
        self.journal = state.journal;
        let others = self.entries.len().saturating_sub(known);
        for (key, entry) in state.entries {
            self.entries.insert(key, entry);
        }
        done??;
        if let Some(error) = state.error {
            return Err(error.into());
        }
        let mut records = state.records;
        records.sort_unstable_by_key(|record| (record.point, record.replication));
        Ok(Ran {
            records,
            finished: !cut.into_inner(),
            known,
            others,
        })
    }

    /// The runs that the folder's journals know.
    #[must_use]
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The journal, if there is one, and what it and its neighbours know.
    pub fn parts(&mut self) -> (Option<&mut Journal>, &Entries) {
        (self.journal.as_mut(), &self.entries)
    }
}

/// Forgets the runs of a sweep whose lines cannot be what their keys say, and says which these are.
#[must_use]
pub fn forget_unfit(sweep: &Sweep, keys: &Keys, entries: &mut Entries) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if entries.is_empty() {
        return wrong;
    }
    for point in 0..sweep.points.len() as u32 {
        for replication in 0..most_replications(sweep) {
            let key = keys.run(point, replication);
            let Some(record) = entries.get(key).map(|entry| &entry.record) else {
                continue;
            };
            let (values, measures) = (record.values.len(), sweep.measures.len());
            let why = if values != measures {
                format!("values: {values}, measures: {measures}")
            } else if record.seed != sweep.seed_of(replication) {
                format!("its seed is {}", record.seed)
            } else {
                continue;
            };
            wrong.extend(entries.forget(key, &why));
        }
    }
    wrong
}

/// What a part of a sweep needs of the runs that are known, and what it lacks: all runs that are
/// missing, or those of the next round of each point where their number is not fixed. Runs nothing.
#[must_use]
pub fn survey(sweep: &Sweep, keys: &Keys, shard: Shard, entries: &Entries) -> Survey {
    let mut found = Survey::default();
    let mut look = |point: u32, replication: u32| match entries.get(keys.run(point, replication)) {
        Some(entry) => found.records.push(entry.at(point, replication)),
        None => found.missing.push((point, replication)),
    };
    match sweep.replications {
        Replications::Fixed(_) => {
            for (point, replication) in runs(sweep, shard).unwrap_or_default() {
                look(point, replication);
            }
        }
        Replications::Until(precision) => {
            for point in points(sweep, shard) {
                let value = |replication| {
                    let entry = entries.get(keys.run(point, replication))?;
                    Some(entry.record.values.get(precision.measure))
                };
                let (Next::Enough(count) | Next::Run(count)) = precision.next(value);
                (0..count).for_each(|replication| look(point, replication));
            }
        }
    }
    found
        .records
        .sort_by_key(|record| (record.point, record.replication));
    found.missing.sort_unstable();
    found
}

/// What is there of a sweep, and what is not.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The runs that there are.
    pub records: Vec<Row>,
    /// Those that there are not, by point and replication.
    pub missing: Vec<(u32, u32)>,
}

/// The most runs that a part of a sweep can take.
fn most_runs(sweep: &Sweep, shard: Shard) -> u64 {
    let all = sweep.points.len() as u64 * u64::from(most_replications(sweep));
    all.div_ceil(u64::from(shard.count))
}

/// The most runs that a point can take.
#[must_use]
pub fn most_replications(sweep: &Sweep) -> u32 {
    match sweep.replications {
        Replications::Fixed(count) => count,
        Replications::Until(precision) => precision.most,
    }
}

/// What the threads that run a sweep share.
struct Work<'a> {
    keys: &'a Keys,
    entries: &'a Entries,
    /// Whether there is a journal.
    is_kept: bool,
    /// Whether somebody asks for the runs again: for their windows, or in another round.
    asked_again: bool,
    bar: ProgressBar,
    state: Mutex<State>,
    known: AtomicU64,
    failed: AtomicBool,
}

#[derive(Default)]
struct State {
    journal: Option<Journal>,
    records: Vec<Row>,
    entries: Vec<(RunKey, Entry)>,
    error: Option<JournalError>,
}

impl Work<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The values of a run that the journal knows; it is part of the result then.
    fn known(&self, point: u32, replication: u32) -> Option<Values> {
        let entry = self.entries.get(self.keys.run(point, replication))?;
        let record = entry.at(point, replication);
        let values = record.values.clone();
        self.state().records.push(record);
        self.known.fetch_add(1, Ordering::Relaxed);
        self.bar.inc(1);
        self.bar.reset_eta();
        Some(values)
    }

    /// A run has ended: into the journal with it, before anything else.
    fn done(&self, record: Record) {
        let key = self.keys.run(record.point, record.replication);
        let line = match self.is_kept {
            true => line::write(key, &record),
            false => Vec::new(),
        };
        // The folder keeps the windows; memory need not.
        let record = Row::from(record);
        let mut state = self.state();
        if let Some(journal) = &mut state.journal {
            match journal.append_line(&line) {
                Ok((at, length)) if self.asked_again => {
                    let entry = Entry::appended(&record, at, length);
                    state.entries.push((key, entry));
                }
                Ok(_) => {}
                Err(error) => {
                    state.error.get_or_insert(error);
                    self.failed.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
        state.records.push(record);
        drop(state);
        self.bar.inc(1);
    }

    /// A line for those who have no terminal.
    fn tell(&self, terminal: Terminal, err: &mut dyn Write) {
        if terminal.progress {
            return;
        }
        let (done, most) = (self.bar.position(), self.bar.length().unwrap_or_default());
        let left = humantime::format_duration(Duration::from_secs(self.bar.eta().as_secs()));
        // Whoever does not want to know of progress does not have to.
        let _ = writeln!(
            err,
            "{done} of {most} runs, {:.1} per second, {left} left",
            self.bar.per_sec()
        );
    }
}

/// Does the work in a thread of its own and, as long as it lasts, `tell`s from time to time.
fn beside<T: Send>(work: impl FnOnce() -> T + Send, mut tell: impl FnMut()) -> io::Result<T> {
    let (ended, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let worker = thread::Builder::new().spawn_scoped(scope, move || {
            // Dropped at the end, however it comes.
            let _ended = ended;
            work()
        })?;
        while end.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            tell();
        }
        match worker.join() {
            Ok(done) => Ok(done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
