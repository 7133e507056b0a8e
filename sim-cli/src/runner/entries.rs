//! What journals know: runs by key, and where their lines are, so that memory need not hold their
//! windows.

use super::error::JournalError;
use super::line::{self, Bad};
use sim_models::experiment::sweep::{Row, RunKey};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A run that has ended, and where its line is.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it yielded, without its windows.
    pub record: Row,
    /// Index of its file among those that were read.
    pub file: usize,
    at: u64,
    length: u32,
    /// Number of the line, from 1; 0 for one that was just written.
    number: usize,
}

impl Entry {
    /// The run under the number that it has in another sweep.
    pub(crate) fn at(&self, point: u32, replication: u32) -> Row {
        Row {
            point,
            replication,
            ..self.record.clone()
        }
    }

    /// A run that was just appended to the journal, which is the first of the files.
    pub(crate) fn appended(record: &Row, at: u64, length: u32) -> Self {
        Self {
            record: record.clone(),
            file: 0,
            at,
            length,
            number: 0,
        }
    }
}

/// A line that tells of no run that there can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its journal.
    pub path: PathBuf,
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.why)
    }
}

/// The runs of one or more journals, by key.
#[derive(Debug, Default)]
pub struct Entries {
    files: Vec<(PathBuf, File)>,
    runs: BTreeMap<RunKey, Entry>,
    /// Damaged lines, by file and number from 1.
    pub damaged: Vec<(PathBuf, usize)>,
    /// Lines that are whole and tell of no run.
    pub wrong: Vec<Wrong>,
    /// Runs that two lines tell differently.
    pub contradictions: Vec<(RunKey, PathBuf, PathBuf)>,
}

impl Entries {
    /// Reads a journal. Returns the length of its sound part: a last line that was torn is not in it.
    pub(crate) fn read(&mut self, path: &Path, file: File) -> Result<u64, JournalError> {
        let failed = |error| JournalError::io("read", path)(error);
        let mut reader = BufReader::with_capacity(1 << 16, &file);
        let (mut at, mut number, mut text) = (0_u64, 0, Vec::new());
        // A bad line is torn if it is the last one, and damaged otherwise.
        let mut bad: Option<(u64, usize)> = None;
        let index = self.files.len();
        let mut found = Vec::new();
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if length == 0 {
                break;
            }
            number += 1;
            if let Some((_, number)) = bad.take() {
                self.damaged.push((path.to_owned(), number));
            }
            let line = text.strip_suffix(b"\n").ok_or(Bad::Damaged);
            match line.and_then(line::read) {
                Ok((key, record)) => found.push((
                    key,
                    Entry {
                        record: record.into(),
                        file: index,
                        at,
                        length: length as u32,
                        number,
                    },
                )),
                Err(Bad::Damaged) => bad = Some((at, number)),
                Err(Bad::Content(why)) => self.wrong.push(Wrong {
                    path: path.to_owned(),
                    line: number,
                    why: format!("this line is whole but tells of no run ({why})"),
                }),
            }
            at += length as u64;
        }
        self.files.push((path.to_owned(), file));
        for (key, entry) in found {
            self.add(key, entry);
        }
        Ok(bad.map_or(at, |(start, _)| start))
    }

    /// Adds a run that was just appended; what is known of it already stays.
    pub(crate) fn insert(&mut self, key: RunKey, entry: Entry) {
        self.runs.entry(key).or_insert(entry);
    }

    fn add(&mut self, key: RunKey, entry: Entry) {
        let Some(known) = self.runs.get(&key) else {
            self.runs.insert(key, entry);
            return;
        };
        let place = |record: &Row| (record.point, record.replication);
        let moved = place(&known.record) != place(&entry.record);
        let (mut first, second) = (known.record.clone(), &entry.record);
        (first.point, first.replication) = place(second);
        // The same run under another number is the same run; its windows are compared as well.
        let equal = first == *second
            && (known.length == entry.length || moved)
            && (moved || self.text(known).ok() == self.text(&entry).ok());
        if !equal {
            let name = |entry: &Entry| self.files[entry.file].0.clone();
            self.contradictions.push((key, name(known), name(&entry)));
        }
    }

    fn text(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut text = vec![0; entry.length as usize];
        let mut file = &self.files[entry.file].1;
        file.seek(SeekFrom::Start(entry.at))?;
        file.read_exact(&mut text)?;
        text.pop();
        Ok(text)
    }

    /// Forgets a run that is not what its key says.
    pub(crate) fn forget(&mut self, key: RunKey, why: &str) -> Option<Wrong> {
        let entry = self.runs.remove(&key)?;
        Some(Wrong {
            path: self.path(&entry).to_owned(),
            line: entry.number,
            why: format!("this line is whole but wrong ({why})"),
        })
    }

    /// A run.
    #[must_use]
    pub fn get(&self, key: RunKey) -> Option<&Entry> {
        self.runs.get(&key)
    }

    /// How many runs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// All runs.
    pub fn iter(&self) -> impl Iterator<Item = (RunKey, &Entry)> {
        self.runs.iter().map(|(key, entry)| (*key, entry))
    }

    /// The name of the journal that an entry comes from.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> &Path {
        &self.files[entry.file].0
    }

    /// The windows of a run, read from its line.
    ///
    /// # Errors
    /// If the line cannot be read any more.
    pub fn windows(&self, entry: &Entry) -> Result<Vec<Vec<Option<f64>>>, JournalError> {
        let path = self.path(entry);
        let text = self.text(entry).map_err(JournalError::io("read", path))?;
        let changed = |_| io::Error::other("a line has changed since it was read");
        let windows = line::windows(&text).map_err(changed);
        let windows = windows.map_err(JournalError::io("read", path))?;
        let measures = entry.record.values.len();
        if windows.iter().any(|window| window.len() != measures) {
            let wrong = format!(
                "line {} has windows of another number of measures: remove it, and run again",
                entry.number
            );
            return Err(JournalError::io("use", path)(io::Error::other(wrong)));
        }
        Ok(windows)
    }
}
