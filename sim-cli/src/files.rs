//! Scenario files on disk.

use sim_models::input::{Files, Loaded, load};
use sim_models::scenario::Override;
use sim_models::scenario::diagnostics::nearest;
use sim_models::scenario::plain::is_hidden;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most bytes of a file that is read: 64 MiB.
pub const MOST_BYTES: u64 = 64 << 20;

/// Reads scenarios, and what they include, from disk, and remembers what it read.
///
/// What a scenario names (`include`, files of measurements) must be a regular file below the scenario's own
/// folder, or below one that was allowed.
#[derive(Debug, Default)]
pub struct Disk {
    allowed: Vec<PathBuf>,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Disk {
    /// Reads what scenarios name from below these folders as well.
    #[must_use]
    pub fn allowing(folders: &[PathBuf]) -> Self {
        Self {
            allowed: folders.to_vec(),
            ..Self::default()
        }
    }

    /// The files that were read.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().cloned().collect()
    }

    /// Where what a scenario names may be.
    fn folders(&self, root: &str) -> impl Iterator<Item = PathBuf> {
        let own = Path::new(root).parent().map(Path::to_owned);
        let own = own.filter(|own| !own.as_os_str().is_empty());
        let own = own.unwrap_or_else(|| PathBuf::from("."));
        [own].into_iter().chain(self.allowed.clone())
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        if Path::new(path).is_dir() {
            return Err("it is a folder\nname one of the files in it".into());
        }
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => not_found(path),
            ErrorKind::PermissionDenied => "its permissions forbid it".into(),
            _ => error.to_string(),
        })?;
        let mut bytes = Vec::new();
        // What is no regular file does not tell its length.
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(format!(
                "it has more than {} MiB, which is the most that is read",
                MOST_BYTES >> 20
            ));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.into());
        drop(read);
        String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let lines = error.as_bytes()[..good]
                .iter()
                .filter(|byte| **byte == b'\n');
            format!(
                "it is not text in UTF-8, which shows in line {}\nsave it as UTF-8 in your editor",
                lines.count() + 1
            )
        })
    }

    fn read_for(&self, root: &str, path: &str) -> Result<String, String> {
        // By its name first: whether there is a file elsewhere is not told either.
        let named = absolute(Path::new(path));
        let below = |path: &Path, folder: Option<PathBuf>| {
            folder.is_some_and(|folder| path.starts_with(folder))
        };
        let outside = || {
            Err(format!(
                "it is outside of the scenario's folder\nmove it there, or let it be read with --allow-read {}",
                quoted(&named.parent().unwrap_or(&named).to_string_lossy())
            ))
        };
        if !self
            .folders(root)
            .any(|folder| below(&named, Some(absolute(&folder))))
        {
            return outside();
        }
        // Then by where that leads.
        if let Ok(led) = fs::canonicalize(path) {
            let mut folders = self.folders(root);
            if !folders.any(|folder| below(&led, fs::canonicalize(folder).ok())) {
                return outside();
            }
        }
        match fs::metadata(path) {
            Ok(data) if !data.is_file() && !data.is_dir() => {
                Err("it is no regular file\ncopy what it gives to a file, and name that".into())
            }
            _ => self.read(path),
        }
    }
}

/// Says so, with the file beside it whose name is most like the one that was asked for.
fn not_found(path: &str) -> String {
    let path = Path::new(path);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return format!(
            "there is no such file\nthere is no folder `{}` either",
            folder.display()
        );
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let asked = path.file_name().unwrap_or_default().to_string_lossy();
    let near = nearest(&asked, names.iter().map(String::as_str)).or_else(|| {
        let with_ending = format!("{asked}.ron");
        names
            .iter()
            .find(|name| **name == with_ending)
            .map(String::as_str)
    });
    match near {
        Some(near) => format!(
            "there is no such file\ndid you mean `{}`?",
            path.with_file_name(near).display()
        ),
        None => "there is no such file\npaths are relative to where you are, those in a file to that file".into(),
    }
}

/// Loads a scenario from disk.
#[must_use]
pub fn load_file(disk: &Disk, path: &Path, overrides: &[Override]) -> Loaded {
    load(&path.to_string_lossy(), disk, overrides)
}

/// What a scenario may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Reading {
    /// Let the scenario include files, and read measurements, from below this folder too; from below its
    /// own it always may. May be given several times.
    #[arg(long, value_name = "DIR")]
    pub allow_read: Vec<PathBuf>,
}

impl Reading {
    /// The disk with what is allowed.
    #[must_use]
    pub fn disk(&self) -> Disk {
        Disk::allowing(&self.allow_read)
    }

    /// The flags, each with a space before it.
    #[must_use]
    pub fn flags(&self) -> String {
        let flag =
            |folder: &PathBuf| format!(" --allow-read {}", quoted(&folder.to_string_lossy()));
        self.allow_read.iter().map(flag).collect()
    }
}

/// A path from the root, without `.` and `..`; what it leads to need not be there.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
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

/// A text as one word for a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains(is_hidden) {
        // ANSI-C quoting, which bash, zsh and ksh have: what is hidden must not reach a terminal as it is.
        let letter = |c: char| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
            c if is_hidden(c) && u32::from(c) > 0xffff => format!("\\U{:08x}", u32::from(c)),
            c if is_hidden(c) => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        format!("$'{}'", text.chars().map(letter).collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A setting as a flag.
pub(crate) fn setting(set: &Override) -> String {
    format!(" --set {}", quoted(&format!("{}={}", set.path, set.value)))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_what_a_shell_would_split() {
        assert_eq!(quoted("services.db.threads=8"), "services.db.threads=8");
        assert_eq!(
            quoted("calls.\"a -> b\".retry.attempts=1"),
            "'calls.\"a -> b\".retry.attempts=1'"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(
            quoted("a\u{1b}[31m'\\\n\u{202e}é"),
            r"$'a\x1b[31m\'\\\x0a\u202eé'"
        );
    }
}
