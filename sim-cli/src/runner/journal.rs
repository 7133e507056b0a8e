//! The journal of a folder: one line for each run that has ended, written at once, so that a sweep
//! that was killed goes on where it was.

use super::entries::Entries;
use super::error::JournalError;
use super::line;
use super::names::{file_name, list};
use crate::store::file::{fresh, open, regular, temporary};
use crate::store::lock::is_still;
use sim_models::experiment::sweep::{Record, Row, RunKey, Shard};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A journal that is written to, held by a lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Its length, which is where the next line goes.
    end: u64,
}

impl Journal {
    /// Opens the journal of a part of the runs, makes it if need be, and locks it until it is dropped.
    /// A torn last line is cut off. What other journals in the folder know is read as well.
    ///
    /// # Errors
    /// If the file system refuses, or somebody else holds it.
    pub fn open(folder: &Path, shard: Shard) -> Result<(Self, Entries), JournalError> {
        fs::create_dir_all(folder).map_err(JournalError::io("make", folder))?;
        let path = folder.join(file_name(shard));
        let file = locked(&path, folder)?;
        let mut entries = Entries::default();
        let twin = file.try_clone().map_err(JournalError::io("open", &path))?;
        let sound = entries.read(&path, twin)?;
        let length = file
            .metadata()
            .map_err(JournalError::io("read", &path))?
            .len();
        if sound < length {
            file.set_len(sound)
                .map_err(JournalError::io("mend", &path))?;
        }
        for (other, _) in list(folder)? {
            if other != path {
                let file = open(&other).map_err(JournalError::io("read", &other))?;
                entries.read(&other, file)?;
            }
        }
        let end = sound;
        Ok((Self { path, file, end }, entries))
    }

    /// Appends a run in a single write, which survives the end of this process. Returns where its
    /// line begins and how long it is.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn append(&mut self, key: RunKey, record: &Record) -> Result<(u64, u32), JournalError> {
        self.append_line(&line::write(key, record))
    }

    /// Appends a run as [`line::write`] puts it, which can be done without holding the journal.
    pub(crate) fn append_line(&mut self, line: &[u8]) -> Result<(u64, u32), JournalError> {
        self.file
            .write_all(line)
            .map_err(JournalError::io("write", &self.path))?;
        let at = self.end;
        self.end += line.len() as u64;
        Ok((at, line.len() as u32))
    }

    /// Writes the runs given, in their order, in the place of all that is in the journal. Whoever
    /// looks sees the one or the other, whole.
    ///
    /// # Errors
    /// If the file system refuses; the journal is then as it was.
    pub fn rewrite<'r>(
        &mut self,
        entries: &Entries,
        runs: impl IntoIterator<Item = (RunKey, &'r Row)>,
    ) -> Result<(), JournalError> {
        let temporary = temporary(&self.path);
        let written = self.written(&temporary, entries, runs);
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        self.file = written?;
        let length = self.file.metadata().map(|data| data.len());
        self.end = length.map_err(JournalError::io("read", &self.path))?;
        Ok(())
    }

    fn written<'r>(
        &self,
        temporary: &Path,
        entries: &Entries,
        runs: impl IntoIterator<Item = (RunKey, &'r Row)>,
    ) -> Result<File, JournalError> {
        let failed = |error| JournalError::io("write", &self.path)(error);
        let file = fresh(temporary).map_err(failed)?;
        let _ = file.try_lock();
        let mut writer = io::BufWriter::with_capacity(1 << 16, &file);
        for (key, record) in runs {
            let windows = match entries.get(key) {
                Some(entry) => entries.windows(entry)?,
                None => Vec::new(),
            };
            writer
                .write_all(&line::write(key, &record.with(windows)))
                .map_err(failed)?;
        }
        writer.flush().map_err(failed)?;
        drop(writer);
        file.sync_all().map_err(failed)?;
        fs::rename(temporary, &self.path).map_err(failed)?;
        Ok(file)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a file for appending and locks it.
fn locked(path: &Path, folder: &Path) -> Result<File, JournalError> {
    regular(path).map_err(JournalError::io("open", path))?;
    loop {
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .map_err(JournalError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::Busy {
                    folder: folder.to_owned(),
                });
            }
            // Some network drives have no locks: there the user has to take care.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
        // Whoever held it may just have put another file in its place.
        if is_still(path, &file) {
            return Ok(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_models::observe::conclusion::StoppedBy;

    fn scratch(name: &str) -> PathBuf {
        let folder = format!("sim-journal-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn record(number: u32) -> Record {
        Record {
            point: number / 2,
            replication: number % 2,
            seed: u64::from(number % 2),
            digest: number.into(),
            events: 10,
            stopped_by: StoppedBy::End,
            verdict: sim_models::observe::conclusion::Conclusion::Held,
            values: vec![Some(f64::from(number) / 3.0)],
            windows: vec![vec![Some(f64::from(number))]; 2],
        }
    }

    fn filled(folder: &Path, shard: Shard, numbers: &[u32]) -> PathBuf {
        let (mut journal, _) = Journal::open(folder, shard).unwrap();
        for number in numbers {
            let key = RunKey(u128::from(*number));
            journal.append(key, &record(*number)).unwrap();
        }
        journal.path().to_owned()
    }

    #[test]
    fn what_was_appended_is_known() {
        let folder = scratch("known");
        filled(&folder, Shard::default(), &[3, 1, 2]);
        let (_, entries) = Journal::open(&folder, Shard::default()).unwrap();
        assert_eq!(entries.len(), 3);
        let entry = entries.get(RunKey(2)).unwrap();
        assert_eq!(entry.record, record(2).into());
        assert_eq!(entries.windows(entry).unwrap(), record(2).windows);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_torn_end_is_cut_off_wherever_it_tore() {
        let folder = scratch("torn");
        let path = filled(&folder, Shard::default(), &[0, 1]);
        let whole = fs::read(&path).unwrap();
        let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for end in first..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let (mut journal, entries) = Journal::open(&folder, Shard::default()).unwrap();
            assert_eq!((entries.len(), entries.damaged.len()), (1, 0), "{end}");
            journal.append(RunKey(1), &record(1)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole, "{end}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_line_is_told_of_and_the_rest_is_kept() {
        let folder = scratch("damaged");
        let path = filled(&folder, Shard::default(), &[0, 1, 2]);
        let mut bytes = fs::read(&path).unwrap();
        let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 40;
        bytes[second] ^= 4;
        fs::write(&path, &bytes).unwrap();
        let (_, entries) = Journal::open(&folder, Shard::default()).unwrap();
        assert_eq!(entries.damaged, [(path, 2)]);
        assert_eq!(entries.len(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn one_at_a_time() {
        let folder = scratch("busy");
        let (mut journal, entries) = Journal::open(&folder, Shard::default()).unwrap();
        let busy = || Journal::open(&folder, Shard::default()).unwrap_err();
        assert!(matches!(busy(), JournalError::Busy { .. }));
        // Nor while it is being written anew; but other parts may go on.
        let none: [(RunKey, &Row); 0] = [];
        journal.rewrite(&entries, none).unwrap();
        assert!(matches!(busy(), JournalError::Busy { .. }));
        Journal::open(&folder, Shard { index: 0, count: 2 }).unwrap();
        drop(journal);
        Journal::open(&folder, Shard::default()).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn parts_of_one_folder_know_each_other() {
        let folder = scratch("parts");
        let half = |index| Shard { index, count: 2 };
        filled(&folder, half(0), &[0, 2]);
        filled(&folder, half(1), &[1, 3]);
        let (_, entries) = Journal::open(&folder, Shard::default()).unwrap();
        assert_eq!(entries.len(), 4);
        assert!(entries.contradictions.is_empty());
        let names = list(&folder).unwrap();
        assert_eq!(
            names.iter().map(|(_, shard)| *shard).collect::<Vec<_>>(),
            [Shard::default(), half(0), half(1)]
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn runs_that_differ_are_told_of() {
        let folder = scratch("differ");
        let half = |index| Shard { index, count: 2 };
        filled(&folder, half(0), &[0]);
        let (mut journal, _) = Journal::open(&folder, half(1)).unwrap();
        let mut other = record(0);
        other.windows[1][0] = Some(0.5);
        journal.append(RunKey(0), &other).unwrap();
        drop(journal);
        let (_, entries) = Journal::open(&folder, Shard::default()).unwrap();
        assert_eq!(entries.contradictions.len(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
