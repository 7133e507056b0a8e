//! Whose a result folder is: `experiment.json` names the experiment in it and every file that it wrote.
//!
//! Only files that are listed there are ever replaced or removed, and a file is listed before it is
//! written, so that whatever ends the program, the next one knows what is whose. The same command on the
//! same files replaces its results, or goes on with them; another one is refused before anything is
//! simulated, unless it is told to replace what is there. What a command reads it never writes.

mod mark;
#[cfg(test)]
mod tests;

pub use mark::{Experiment, MARK, held};

use super::file::{FolderError, holds, regular, to_become, write_atomic};
use super::lock::{LOCK, Lock, busy, is_lock};
use crate::files::absolute;
use mark::Mark;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names of results, besides journals, provenances and charts.
const RESULTS: [&str; 27] = [
    MARK,
    LOCK,
    "scenario.ron",
    "sweep.ron",
    "reproduce.txt",
    "summary.json",
    "runs.json",
    "stories.json",
    "stories.txt",
    "workloads.csv",
    "services.csv",
    "edges.csv",
    "pools.csv",
    "runs.csv",
    "runs.csv.gz",
    "runs.parquet",
    "windows.csv",
    "windows.csv.gz",
    "windows.parquet",
    "cells.csv",
    "cells.csv.gz",
    "cells.parquet",
    "compare.json",
    "compare.csv",
    "compare.txt",
    "tune.json",
    "sensitivity.json",
];

/// Charts that are called the same whatever they show; the others are named after a measure or a workload.
const CHARTS: [&str; 10] = [
    "timeline",
    "services",
    "edges",
    "pools",
    "verdicts",
    "differences",
    "pareto",
    "finalists",
    "elsewhere",
    "candidates",
];

const KEEP_OUT: &str = "choose another folder with --out";
const REPLACE: &str =
    "choose another folder with --out, or replace what that experiment wrote there with --force";

/// A folder that a command may write to, and nobody else as long as this lives.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    judged: Judged,
    /// Folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
    /// Whether there are others with the same right.
    shared: bool,
    /// Last, so that it is let go of last.
    lock: Option<Lock>,
}

/// What is to become of a folder.
#[derive(Clone, Debug)]
struct Judged {
    mark: Mark,
    /// Files of the experiment in it.
    listed: BTreeSet<String>,
    /// Whether they are another one's, and go.
    replaces: bool,
    /// Files in it that the command reads.
    read: BTreeSet<String>,
}

impl Claim {
    /// Asks whether an experiment may write to a folder, if one is named; `force` lets it replace another
    /// one, `shared` lets others of the same kind (parts of a sweep) in as well. Until it is taken nothing
    /// is written there that does not go with the claim.
    ///
    /// # Errors
    /// If the folder holds another experiment, or files that are no results, or somebody is at work in it,
    /// or it cannot be written to.
    pub fn asked(
        folder: Option<&Path>,
        of: &Experiment,
        force: bool,
        shared: bool,
    ) -> Result<Option<Self>, FolderError> {
        folder
            .map(|folder| Self::ask(folder, of, force, shared))
            .transpose()
    }

    /// The same for a folder that is named.
    ///
    /// # Errors
    /// As there.
    pub fn ask(
        folder: &Path,
        of: &Experiment,
        force: bool,
        shared: bool,
    ) -> Result<Self, FolderError> {
        if folder.as_os_str().is_empty() {
            return Err(FolderError::Refused {
                what: "the name of the folder is empty".into(),
                help: "name a folder with --out; the one where you are is called `.`".into(),
            });
        }
        // Nothing at all happens to a folder of somebody else.
        let first = judge(folder, of, force)?;
        if shared && first.replaces {
            // Not while others of the same kind may be at work already.
            Self::ask(folder, of, force, false)?.take::<String>([])?;
        }
        let made = make(folder)?;
        let mut claim = Self {
            folder: folder.to_owned(),
            judged: Judged {
                mark: Mark::new(folder, of),
                listed: BTreeSet::new(),
                replaces: false,
                read: BTreeSet::new(),
            },
            made,
            shared,
            lock: None,
        };
        claim.lock = Some(Lock::hold(folder, shared)?);
        // Somebody may have come and gone since.
        claim.judged = judge(folder, of, force)?;
        if shared && claim.judged.replaces {
            return Err(busy(folder));
        }
        Ok(claim)
    }

    /// Has what is in the folder replaced as a whole, though it is by the same command on the same file.
    #[must_use]
    pub fn anew(mut self) -> Self {
        self.judged.replaces = true;
        self
    }

    /// Takes the folder: removes what is to be replaced and what killed processes left half written, and
    /// marks it as holding what is about to be written.
    ///
    /// # Errors
    /// If one of the names is taken by a file of somebody else, or the file system refuses.
    pub fn take<N: Into<String>>(
        &mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), FolderError> {
        if !self.shared {
            for name in names_in(&self.folder)? {
                let whole = to_become(&name);
                if whole.is_some_and(|whole| whole == MARK || self.judged.listed.contains(whole)) {
                    self.remove(&name)?;
                }
            }
        }
        if self.judged.replaces {
            for name in self.judged.listed.clone() {
                if name != MARK {
                    self.remove(&name)?;
                }
            }
            self.judged.listed.clear();
            self.judged.replaces = false;
        }
        let names = names.into_iter().map(Into::into);
        self.announce([MARK.to_owned()].into_iter().chain(names))
    }

    /// Lists files that are about to be written.
    ///
    /// # Errors
    /// If one of the names is taken by a file of somebody else, or the file system refuses.
    pub fn announce<N: Into<String>>(
        &mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), FolderError> {
        if self.shared {
            // The others list what they write as well.
            let theirs = Mark::read(&self.folder).map(|(_, listed)| listed);
            self.judged.listed.extend(theirs.into_iter().flatten());
        }
        let listed = &self.judged.listed;
        let mut all = listed.clone();
        for name in names.into_iter().map(Into::into) {
            let path = self.folder.join(&name);
            let is_there = || fs::symlink_metadata(&path).is_ok();
            if name != MARK && !listed.contains(&name) && is_there() {
                return Err(taken(&self.folder, &name));
            }
            all.insert(name);
        }
        if all != *listed {
            self.judged.mark.write(&self.folder, &all)?;
            self.judged.listed = all;
        }
        Ok(())
    }

    /// Writes a file, unless its bytes are there already: parts of a sweep may share a folder, and all of
    /// them have the same to write. What the command reads stays as it is.
    ///
    /// # Errors
    /// If the name is taken by a file of somebody else, or the file system refuses.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        if self.judged.read.contains(name) {
            return Ok(());
        }
        self.announce([name])?;
        let path = self.folder.join(name);
        let is_there = || holds(&path, bytes);
        if is_there() {
            return Ok(());
        }
        match write_atomic(&path, bytes) {
            Err(_) if is_there() => Ok(()),
            other => other,
        }
    }

    /// Writes a text with a line end.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn put_text(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        let text = format!("{}\n", text.trim_end_matches('\n'));
        self.put(name, text.as_bytes())
    }

    /// Removes what the experiment wrote earlier, all but what it goes on from: what is not written again
    /// must not pass for a part of what is.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn clear(&self) -> Result<(), FolderError> {
        let stays = |name: &str| {
            [MARK, "scenario.ron", "sweep.ron", "reproduce.txt"].contains(&name)
                || name.ends_with(".jsonl")
                || name.starts_with("provenance-")
        };
        let mut listed = self.judged.listed.iter();
        listed.try_for_each(|name| {
            if stays(name) {
                Ok(())
            } else {
                self.remove(name)
            }
        })
    }

    /// Removes a file that the experiment wrote; what the command reads stays.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        if self.judged.read.contains(name) {
            return Ok(());
        }
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            // A folder is nothing that an experiment wrote, whatever lists it.
            Err(_) if path.is_dir() => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FolderError::Io {
                path,
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Lists what has been written, once all of it has: what is not there is not listed any more.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn settle(&mut self) -> Result<(), FolderError> {
        let there: BTreeSet<String> = names_in(&self.folder)?.into_iter().collect();
        let listed = &self.judged.listed & &there;
        if listed != self.judged.listed {
            self.judged.mark.write(&self.folder, &listed)?;
            self.judged.listed = listed;
        }
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let listed = &self.judged.listed;
        let mut results = listed.iter().filter(|name| *name != MARK);
        if listed.contains(MARK) && !results.any(|name| self.folder.join(name).exists()) {
            // Nothing came of it: the mark alone says nothing.
            let _ = fs::remove_file(self.folder.join(MARK));
        }
        self.lock = None;
        // A folder that holds something stays.
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes a folder; those that were not there, the innermost first.
fn make(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let missing = folder
        .ancestors()
        .take_while(|part| !part.as_os_str().is_empty() && fs::symlink_metadata(part).is_err());
    let made = missing.map(Path::to_owned).collect();
    fs::create_dir_all(folder).map_err(|source| FolderError::Io {
        path: folder.to_owned(),
        source,
    })?;
    Ok(made)
}

fn refused<T>(folder: &Path, what: &str, help: &str) -> Result<T, FolderError> {
    Err(FolderError::Refused {
        what: format!("{} {what}", folder.display()),
        help: help.to_owned(),
    })
}

/// A name is taken by a file that the experiment did not write.
fn taken(folder: &Path, name: &str) -> FolderError {
    FolderError::Refused {
        what: format!(
            "{} holds {name}, which is no result of this experiment and would be overwritten",
            folder.display()
        ),
        help: "choose another folder with --out, or move that file away".into(),
    }
}

/// Whether an experiment may write to a folder. Nothing is written.
fn judge(folder: &Path, of: &Experiment, force: bool) -> Result<Judged, FolderError> {
    let mut names = names_in(folder)?;
    let mark = Mark::new(folder, of);
    let read = read_in(folder, of);
    if regular(&folder.join(MARK)).is_err() {
        return Err(taken(folder, MARK));
    }
    let mut known = Mark::read(folder);
    let again = known.as_ref().is_some_and(|(there, _)| there.again(&mark));
    let listed = known.as_ref().map(|(_, listed)| listed.clone());
    let listed = listed.unwrap_or_default();
    // What was being written when the program was killed.
    names.retain(|name| {
        to_become(name).is_none_or(|whole| whole != MARK && !listed.contains(whole))
    });
    let is_result = |name: &String| name != MARK && names.contains(name);
    if known.is_some() && !listed.iter().any(is_result) {
        // A mark alone says nothing: its command was killed before it wrote anything.
        known = None;
        names.retain(|name| name != MARK);
    }
    // A sweep that is read from its own folder finds it as it left it.
    let is_own = |name: &String| again && listed.contains(name) && name.ends_with(".ron");
    let in_the_way = read
        .iter()
        .find(|name| (listed.contains(*name) || may_be_written(name)) && !is_own(name));
    if let Some(name) = in_the_way {
        let what = format!("is where {name} is, which is read and would be overwritten");
        return refused(folder, &what, KEEP_OUT);
    }
    let foreign = || names.iter().filter(|name| !listed.contains(*name));
    if let Some(name) = foreign().find(|name| may_be_written(name)) {
        return Err(taken(folder, name));
    }
    let judged = |mark, replaces| Judged {
        mark,
        listed: listed.clone(),
        replaces,
        read,
    };
    match known {
        Some((there, _)) if there.is(&mark) => Ok(judged(there, false)),
        Some(_) if force => Ok(judged(mark, true)),
        Some((there, _)) => {
            let what = format!("holds another experiment: {}", there.told(folder, &mark));
            refused(folder, &what, REPLACE)
        }
        None if names.is_empty() || force => Ok(judged(mark, false)),
        None => refused(
            folder,
            &format!("holds files that are no results of sim: {}", some(&names)),
            "choose another folder with --out, or write beside these files with --force",
        ),
    }
}

/// The names in a folder of what a command reads.
fn read_in(folder: &Path, of: &Experiment) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let canonical = fs::canonicalize(folder).ok();
    for path in of.inputs.iter().chain(&of.others).chain([&of.source]) {
        // By its own name, and where that leads.
        let own = (Some(absolute(path)), Some(absolute(folder)));
        let led = (fs::canonicalize(path).ok(), canonical.clone());
        for (path, folder) in [own, led] {
            let (Some(path), Some(folder)) = (path, folder) else {
                continue;
            };
            if let (true, Some(name)) = (path.parent() == Some(&folder), path.file_name()) {
                names.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    names
}

/// The first names of many.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=3 => shown,
        more => format!("{shown} and {} more", more - 3),
    }
}

/// The names of what is in a folder, sorted; none, if it is not there. The lock is not among them.
fn names_in(folder: &Path) -> Result<Vec<String>, FolderError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(FolderError::Io {
                path: folder.to_owned(),
                source,
            });
        }
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| !is_lock(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Whether a file of this name may be one that some command wrote: nothing else is replaced or removed,
/// whatever a folder that came from somebody else lists.
fn may_be_listed(name: &str) -> bool {
    may_be_written(name) || picture(name).is_some()
}

fn picture(name: &str) -> Option<&str> {
    name.strip_suffix(".svg").or(name.strip_suffix(".png"))
}

/// Whether a command writes a file of this name whatever it is given, or may well do so.
fn may_be_written(name: &str) -> bool {
    let numbered = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
    let picture = picture(name);
    RESULTS.contains(&name)
        || numbered("journal", ".jsonl")
        || numbered("provenance", ".json")
        || picture.is_some_and(|name| CHARTS.contains(&name) || name.starts_with("workload-"))
}
