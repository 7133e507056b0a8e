//! Whose a result folder is: `experiment.json` names the experiment in it and the files that it wrote.
//!
//! The same command on the same scenario replaces its results, or goes on with them. Another experiment
//! is refused before anything is simulated, unless it is told to replace what is there; files that are
//! no results are never touched.

use super::folder::{FolderError, write_atomic};
use crate::files::quoted;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};

/// Name of the file that says whose a folder is.
pub const MARK: &str = "experiment.json";

/// Version of that file.
const SCHEMA: u32 = 1;

/// Names of results, besides journals, provenances and charts.
const RESULTS: [&str; 26] = [
    MARK,
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
    "journal.jsonl",
];

/// What is to be kept in a folder: a command, and the scenario or sweep file that it is given.
#[derive(Clone, Copy, Debug)]
pub struct Experiment<'a> {
    /// The subcommand.
    pub command: &'a str,
    /// Its file.
    pub source: &'a Path,
}

/// A folder that an experiment may write to.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    /// What `experiment.json` says.
    mark: Mark,
    /// Files of the experiment that was there and is to be replaced.
    replaced: Vec<String>,
    /// Pictures of the user, which are no results whatever they are called.
    foreign: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    command: String,
    /// Its file as seen from the folder, so that the mark is the same on every machine.
    source: String,
}

impl Claim {
    /// The same as [`Claim::ask`] where a folder was named.
    ///
    /// # Errors
    /// As there.
    pub fn asked(
        folder: Option<&Path>,
        of: Experiment<'_>,
        force: bool,
    ) -> Result<Option<Self>, FolderError> {
        folder
            .map(|folder| Self::ask(folder, of, force))
            .transpose()
    }

    /// Asks whether an experiment may write to a folder; `force` lets it replace another one. Nothing is
    /// written.
    ///
    /// # Errors
    /// If the folder holds another experiment, or files that are no results.
    pub fn ask(folder: &Path, of: Experiment<'_>, force: bool) -> Result<Self, FolderError> {
        let names = names(folder)?;
        let mark = Mark {
            command: of.command.to_owned(),
            source: seen_from(&absolute(folder), &absolute(of.source)),
        };
        let refuse = |what: String, help: &str| {
            Err(FolderError::Refused {
                what: format!("{} {what}", folder.display()),
                help: help.to_owned(),
            })
        };
        let known = read(folder);
        // The folder's own sweep, done again as its reproduce.txt says, is the experiment in it.
        let again = |there: &Mark| *there == mark || again(there, &mark);
        let source_inside = !mark.source.contains('/') && is_result(&mark.source);
        if source_inside && !known.as_ref().is_some_and(|(there, _)| again(there)) {
            return refuse(
                format!(
                    "is where {} itself is: it would be overwritten",
                    of.source.display()
                ),
                "choose another folder with --out",
            );
        }
        let claim = |mark: Mark, replaced: Vec<String>, foreign: BTreeSet<String>| Self {
            folder: folder.to_owned(),
            mark,
            replaced,
            foreign,
        };
        let Some((there, listed)) = known else {
            return unmarked(folder, &names, &mark, force)
                .map(|replaced| claim(mark, replaced, names.into_iter().collect()));
        };
        let is_theirs = |name: &String| is_fixed(name) || listed.contains(name);
        let (ours, foreign): (Vec<String>, BTreeSet<String>) = (
            names
                .iter()
                .filter(|name| is_theirs(name))
                .cloned()
                .collect(),
            names
                .iter()
                .filter(|name| !is_theirs(name))
                .cloned()
                .collect(),
        );
        if again(&there) {
            return Ok(claim(there, Vec::new(), foreign));
        }
        if force {
            return Ok(claim(mark, ours, foreign));
        }
        refuse(
            format!(
                "holds another experiment: sim {} {}",
                there.command,
                quoted(&there.shown(folder))
            ),
            "choose another folder with --out, or replace what that experiment wrote there with --force",
        )
    }

    /// Has what is in the folder replaced as a whole, though it is by the same command on the same file.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn anew(mut self) -> Result<Self, FolderError> {
        let listed = read(&self.folder).map(|(_, listed)| listed);
        let listed = listed.unwrap_or_default();
        let there = names(&self.folder)?.into_iter();
        self.replaced = there
            .filter(|name| is_fixed(name) || listed.contains(name))
            .collect();
        Ok(self)
    }

    /// Takes the folder: makes it, removes what is to be replaced, and marks it.
    ///
    /// # Errors
    /// If another `sim` is at work there, or the file system refuses.
    pub fn take(&self) -> Result<(), FolderError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        fs::create_dir_all(&self.folder).map_err(failed(&self.folder))?;
        for name in self.replaced.iter().filter(|name| name.ends_with(".jsonl")) {
            let path = self.folder.join(name);
            let held = File::open(&path)
                .map(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
            if held.unwrap_or(false) {
                return Err(FolderError::Refused {
                    what: format!("another `sim` is at work in {}", self.folder.display()),
                    help: "wait for it to end, or choose another folder with --out".into(),
                });
            }
        }
        for name in &self.replaced {
            let path = self.folder.join(name);
            fs::remove_file(&path).map_err(failed(&path))?;
        }
        let listed = read(&self.folder).map(|(_, listed)| listed);
        self.write(&listed.unwrap_or_default())
    }

    /// Lists what has been written, once all of it has.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn settle(&self) -> Result<(), FolderError> {
        let names = names(&self.folder)?.into_iter();
        let ours =
            |name: &String| is_fixed(name) || is_picture(name) && !self.foreign.contains(name);
        self.write(&names.filter(ours).collect())
    }

    fn write(&self, files: &BTreeSet<String>) -> Result<(), FolderError> {
        let told = json!({
            "schema": SCHEMA,
            "command": self.mark.command,
            "source": self.mark.source,
            "files": files,
        });
        write_atomic(&self.folder.join(MARK), format!("{told:#}\n").as_bytes())
    }
}

impl Mark {
    /// Its source as seen from where the user is.
    fn shown(&self, folder: &Path) -> String {
        let source = absolute(&folder.join(&self.source));
        let here = std::env::current_dir().unwrap_or_default();
        source
            .strip_prefix(&here)
            .unwrap_or(&source)
            .display()
            .to_string()
    }
}

/// Whether `mark` is the sweep that a folder holds, read from that folder.
fn again(there: &Mark, mark: &Mark) -> bool {
    there.command == "sweep" && mark.command == "sweep" && mark.source == "sweep.ron"
}

/// What may be replaced in a folder that no experiment has marked.
fn unmarked(
    folder: &Path,
    names: &[String],
    mark: &Mark,
    force: bool,
) -> Result<Vec<String>, FolderError> {
    let refuse = |what: String, help: &str| {
        Err(FolderError::Refused {
            what: format!("{} {what}", folder.display()),
            help: help.to_owned(),
        })
    };
    if names.is_empty() {
        return Ok(Vec::new());
    }
    // What an earlier version of the program wrote names its command, not its files.
    let told = fs::read_to_string(folder.join("reproduce.txt")).unwrap_or_default();
    let command = told.lines().find(|line| line.starts_with("sim "));
    if let Some(command) = command.filter(|_| names.iter().any(|name| name == "scenario.ron")) {
        let words: Vec<&str> = command.split(' ').collect();
        let same = words.get(1) == Some(&"run")
            && mark.command == "run"
            && words.get(2).is_some_and(|source| {
                seen_from(&absolute(folder), &absolute(Path::new(source))) == mark.source
            });
        if same || force {
            let results = names.iter().filter(|name| is_result(name));
            return Ok(results.cloned().collect());
        }
        return refuse(
            format!("holds another experiment: {command}"),
            "choose another folder with --out, or replace what that experiment wrote there with --force",
        );
    }
    let clash = names.iter().find(|name| is_result(name));
    match clash {
        Some(name) => refuse(
            format!("holds files that are no results of sim, and {name} would be overwritten"),
            "choose another folder with --out, or move the file away",
        ),
        None if force => Ok(Vec::new()),
        None => refuse(
            format!("holds files that are no results of sim: {}", some(names)),
            "choose another folder with --out, or write beside these files with --force",
        ),
    }
}

/// The first names of many.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=3 => shown,
        more => format!("{shown} and {} more", more - 3),
    }
}

/// The pictures in a folder that its experiment drew.
#[must_use]
pub fn listed_pictures(folder: &Path) -> Vec<String> {
    let listed = read(folder).map(|(_, listed)| listed).unwrap_or_default();
    listed.into_iter().filter(|name| is_picture(name)).collect()
}

/// Removes what the experiment in a folder wrote, all but its mark: what is not written again must not
/// pass for a part of what is.
pub fn clear(folder: &Path) {
    let listed = read(folder).map(|(_, listed)| listed).unwrap_or_default();
    let there = names(folder).unwrap_or_default().into_iter();
    for name in there.filter(|name| name != MARK && listed.contains(name)) {
        // A file that cannot be removed cannot be replaced either, which is told where it is tried.
        let _ = fs::remove_file(folder.join(name));
    }
}

/// The mark of a folder, and the files that it lists.
fn read(folder: &Path) -> Option<(Mark, BTreeSet<String>)> {
    let text = fs::read_to_string(folder.join(MARK)).ok()?;
    let told: Value = serde_json::from_str(&text).ok()?;
    let mark = Mark {
        command: told["command"].as_str()?.to_owned(),
        source: told["source"].as_str()?.to_owned(),
    };
    let files = told["files"].as_array()?.iter();
    Some((
        mark,
        files
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
    ))
}

/// The experiment that a folder holds: its command, and its file as seen from here.
#[must_use]
pub fn held(folder: &Path) -> Option<(String, PathBuf)> {
    let (mark, _) = read(folder)?;
    Some((mark.command, folder.join(mark.source)))
}

/// The names of what is in a folder, sorted; none, if it is not there.
fn names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(FolderError::Io {
                path: folder.to_owned(),
                source,
            });
        }
    };
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.flatten().map(name).collect();
    // A temporary file of ours is of one that is being written, or of a process that was killed.
    names.retain(|name| !(name.starts_with('.') && name.ends_with(".tmp")));
    names.sort();
    Ok(names)
}

/// Whether a result has this name whatever the scenario.
fn is_fixed(name: &str) -> bool {
    let numbered = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
    RESULTS.contains(&name) || numbered("journal-", ".jsonl") || numbered("provenance", ".json")
}

fn is_picture(name: &str) -> bool {
    name.ends_with(".svg") || name.ends_with(".png")
}

/// Whether a result may have this name: pictures are named after what they show.
fn is_result(name: &str) -> bool {
    is_fixed(name) || is_picture(name)
}

/// A path from the root, without `.` and `..`; what it leads to need not be there.
fn absolute(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .components()
    {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// How a file is reached from a folder, with `/` between the names.
fn seen_from(folder: &Path, file: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| "..".to_owned());
    let down = to[common..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("sim-claim-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn put(&self, name: &str) {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }

        fn names(&self, folder: &str) -> Vec<String> {
            names(&self.0.join(folder)).unwrap()
        }

        fn ask(&self, command: &str, source: &str, force: bool) -> Result<Claim, String> {
            let (folder, source) = (self.0.join("out"), self.0.join(source));
            let of = Experiment {
                command,
                source: &source,
            };
            Claim::ask(&folder, of, force).map_err(|error| error.to_string())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_folder_is_of_one_experiment_until_it_is_replaced() {
        let scratch = Scratch::new("replace");
        let claim = scratch.ask("run", "a.ron", false).unwrap();
        assert!(!scratch.0.join("out").exists(), "asking writes nothing");
        claim.take().unwrap();
        for name in ["out/summary.json", "out/timeline.svg", "out/workload-x.svg"] {
            scratch.put(name);
        }
        claim.settle().unwrap();
        // The user's own files, one of them a picture that could be a chart.
        scratch.put("out/notes.txt");
        scratch.put("out/heatmap-mine.png");
        scratch.ask("run", "a.ron", false).unwrap().take().unwrap();
        assert_eq!(
            listed_pictures(&scratch.0.join("out")),
            ["timeline.svg", "workload-x.svg"]
        );
        for (command, source) in [("run", "b.ron"), ("sweep", "a.ron")] {
            let refused = scratch.ask(command, source, false).unwrap_err();
            assert!(
                refused.contains("out holds another experiment: sim run "),
                "{refused}"
            );
            assert!(
                refused.contains("a.ron") && refused.contains("--force"),
                "{refused}"
            );
        }
        assert_eq!(scratch.names("out").len(), 6, "nothing has been touched");
        let other = scratch.ask("run", "b.ron", true).unwrap();
        other.take().unwrap();
        other.settle().unwrap();
        assert_eq!(
            scratch.names("out"),
            [MARK, "heatmap-mine.png", "notes.txt"]
        );
        assert!(listed_pictures(&scratch.0.join("out")).is_empty());
        assert!(scratch.ask("run", "a.ron", false).is_err());
        scratch.ask("run", "./x/../b.ron", false).unwrap();
    }

    #[test]
    fn what_is_not_written_again_goes() {
        let scratch = Scratch::new("clear");
        let claim = scratch.ask("run", "a.ron", false).unwrap();
        claim.take().unwrap();
        for name in ["summary.json", "edges.csv", "timeline.svg"] {
            scratch.put(&format!("out/{name}"));
        }
        claim.settle().unwrap();
        for name in ["notes.txt", "mine.png"] {
            scratch.put(&format!("out/{name}"));
        }
        let again = scratch.ask("run", "a.ron", false).unwrap();
        again.take().unwrap();
        clear(&scratch.0.join("out"));
        assert_eq!(scratch.names("out"), [MARK, "mine.png", "notes.txt"]);
        scratch.put("out/runs.json");
        again.settle().unwrap();
        let (_, listed) = read(&scratch.0.join("out")).unwrap();
        assert_eq!(listed.into_iter().collect::<Vec<_>>(), [MARK, "runs.json"]);
    }

    #[test]
    fn files_of_the_user_are_never_in_the_way_unseen() {
        let scratch = Scratch::new("foreign");
        scratch.put("out/thesis.tex");
        let refused = scratch.ask("run", "a.ron", false).unwrap_err();
        assert!(
            refused.contains("thesis.tex") && refused.contains("--force"),
            "{refused}"
        );
        scratch.ask("run", "a.ron", true).unwrap().take().unwrap();
        assert_eq!(scratch.names("out"), [MARK, "thesis.tex"]);
        // What is no result but is called like one.
        let scratch = Scratch::new("clash");
        scratch.put("out/scenario.ron");
        for (source, force) in [
            ("a.ron", false),
            ("a.ron", true),
            ("out/scenario.ron", true),
        ] {
            let refused = scratch.ask("run", source, force).unwrap_err();
            assert!(refused.contains("overwritten"), "{refused}");
            assert!(!refused.contains("--force"), "{refused}");
        }
    }

    #[test]
    fn the_resolved_scenario_of_a_folder_is_not_run_into_it() {
        let scratch = Scratch::new("own");
        scratch
            .ask("sweep", "a.ron", false)
            .unwrap()
            .take()
            .unwrap();
        scratch.put("out/scenario.ron");
        scratch.put("out/sweep.ron");
        let refused = scratch.ask("run", "out/scenario.ron", true).unwrap_err();
        assert!(refused.contains("itself"), "{refused}");
        // Its sweep is another matter: that is how a part of it is done again.
        scratch.ask("sweep", "out/sweep.ron", false).unwrap();
    }

    #[test]
    fn what_earlier_versions_wrote_is_known() {
        let scratch = Scratch::new("legacy");
        for name in ["scenario.ron", "summary.json", "timeline.png", "mine.txt"] {
            scratch.put(&format!("out/{name}"));
        }
        let told = format!("sim run {} --seed 1\n", scratch.0.join("a.ron").display());
        fs::write(scratch.0.join("out/reproduce.txt"), told).unwrap();
        let refused = scratch.ask("run", "b.ron", false).unwrap_err();
        assert!(refused.contains("another experiment: sim run"), "{refused}");
        scratch.ask("run", "a.ron", false).unwrap();
        scratch.ask("tune", "b.ron", true).unwrap().take().unwrap();
        assert_eq!(scratch.names("out"), [MARK, "mine.txt"]);
    }
}
