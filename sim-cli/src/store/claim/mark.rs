//! `experiment.json`: which experiment a folder is of, and every file that it wrote there.

use crate::files::{absolute, quoted};
use crate::store::file::{FolderError, text, write_atomic};
use crate::store::lock::LOCK;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Name of the file that says whose a folder is.
pub const MARK: &str = "experiment.json";

/// Version of that file.
const SCHEMA: u32 = 2;

/// What is to be kept in a folder: a command, what it is given, and what else it asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Experiment {
    /// The subcommand.
    pub command: String,
    /// The scenario or sweep file.
    pub source: PathBuf,
    /// Flags that make another experiment of the same file; empty where the file says it all.
    pub question: String,
    /// Further files that are compared, or tried as well.
    pub others: Vec<PathBuf>,
    /// Everything that is read: the files above and all that they build upon.
    pub inputs: Vec<PathBuf>,
}

/// Which experiment a folder is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) command: String,
    /// Its files as seen from the folder, so that the mark is the same on every machine.
    pub(super) source: String,
    pub(super) others: Vec<String>,
    pub(super) question: String,
}

impl Mark {
    pub(super) fn new(folder: &Path, of: &Experiment) -> Self {
        let folder = absolute(folder);
        let seen = |path: &Path| seen_from(&folder, &absolute(path));
        Self {
            command: of.command.clone(),
            source: seen(&of.source),
            others: of.others.iter().map(|path| seen(path)).collect(),
            question: of.question.clone(),
        }
    }

    /// The mark of a folder, and the files that it lists.
    pub(super) fn read(folder: &Path) -> Option<(Self, BTreeSet<String>)> {
        let text = text(&folder.join(MARK)).ok()?;
        let told: Value = serde_json::from_str(&text).ok()?;
        let texts = |value: &Value| -> Option<Vec<String>> {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let mark = Self {
            command: told["command"].as_str()?.to_owned(),
            source: told["source"].as_str()?.to_owned(),
            others: texts(&told["others"]).unwrap_or_default(),
            question: told["question"].as_str().unwrap_or_default().to_owned(),
        };
        // A name that leads elsewhere is none of a file in this folder, and nothing else is written than results; the
        // lock comes and goes, and is none of them.
        let mut files = texts(&told["files"])?;
        files.retain(|name| is_plain(name) && super::may_be_listed(name) && name != LOCK);
        files.push(MARK.to_owned());
        Some((mark, files.into_iter().collect()))
    }

    pub(super) fn write(&self, folder: &Path, files: &BTreeSet<String>) -> Result<(), FolderError> {
        let told = json!({
            "schema": SCHEMA,
            "command": self.command,
            "source": self.source,
            "others": self.others,
            "question": self.question,
            "files": files,
        });
        write_atomic(&folder.join(MARK), format!("{told:#}\n").as_bytes())
    }

    /// Whether `mark` is of the experiment that a folder of this one holds.
    pub(super) fn is(&self, mark: &Self) -> bool {
        self == mark || self.again(mark)
    }

    /// Whether `mark` is the sweep that a folder of this one holds, read from that folder, as its
    /// reproduce.txt says.
    pub(super) fn again(&self, mark: &Self) -> bool {
        self.command == "sweep"
            && mark.command == "sweep"
            && mark.source == "sweep.ron"
            && mark.question.is_empty()
    }

    /// Its files as seen from where the user is.
    fn shown(&self, folder: &Path, file: &str) -> String {
        let file = absolute(&folder.join(file));
        let here = std::env::current_dir().unwrap_or_default();
        file.strip_prefix(&here)
            .unwrap_or(&file)
            .display()
            .to_string()
    }

    /// The command of the experiment in a folder, as much of it as tells it from `other`.
    pub(super) fn told(&self, folder: &Path, other: &Self) -> String {
        let files = [&self.source].into_iter().chain(&self.others);
        let files: Vec<String> = files
            .map(|file| quoted(&self.shown(folder, file)))
            .collect();
        let told = format!("sim {} {}", self.command, files.join(" "));
        let same = |mark: &Self| {
            (
                mark.command.clone(),
                mark.source.clone(),
                mark.others.clone(),
            )
        };
        if same(self) == same(other) {
            format!("{told}{}, and not {told}{}", self.question, other.question)
        } else {
            told
        }
    }
}

/// Whether a name is that of a file right in a folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(part)) if part == name) && parts.next().is_none()
}

/// The experiment that a folder holds, with its files as seen from here.
#[must_use]
pub fn held(folder: &Path) -> Option<Experiment> {
    let (mark, _) = Mark::read(folder)?;
    let here = |file: &String| folder.join(file);
    Some(Experiment {
        source: here(&mark.source),
        others: mark.others.iter().map(here).collect(),
        command: mark.command,
        question: mark.question,
        inputs: Vec::new(),
    })
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
