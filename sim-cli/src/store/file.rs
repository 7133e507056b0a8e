//! Files that are whole or not there.

use crate::charts::RasterError;
use crate::files::MOST_BYTES;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A chart could not be made into a bitmap.
    #[error("cannot draw {}: {source}", path.display())]
    Chart {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: RasterError,
    },
    /// The folder is not for this experiment.
    #[error("{what}\n{help}")]
    Refused {
        /// What is the matter, with the folder's name.
        what: String,
        /// What to do about it.
        help: String,
    },
}

/// Writes a file under a temporary name beside it and then gives it its own, so that nobody ever
/// sees half of it. A file of that name is replaced.
///
/// # Errors
/// If the file system refuses; the temporary file is then removed.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let temporary = temporary(path);
    // It is held open until it has its name: see `sweep_up`.
    let written = write_whole(&temporary, bytes).and_then(|_held| fs::rename(&temporary, path));
    written.map_err(|source| {
        // The error that matters is the first one.
        let _ = fs::remove_file(&temporary);
        FolderError::Io {
            path: path.to_owned(),
            source,
        }
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = fresh(path)?;
    // Where there are no locks nothing is swept up either.
    let _ = file.try_lock();
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

/// A new file in the place of whatever has its name, to append to and to read again. A link is not followed.
///
/// # Errors
/// If the file system refuses.
pub fn fresh(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).read(true).append(true).open(path)
}

/// Refuses a name in a result folder that is taken by something else than a regular file: whoever opens a pipe may
/// wait for ever, and a link leads to a file of somebody else. Where nothing is, nothing is wrong.
///
/// # Errors
/// If something else is there.
pub fn regular(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if !data.is_file() => Err(io::Error::other(
            "it is no regular file; remove it, or choose another folder",
        )),
        _ => Ok(()),
    }
}

/// Opens a [`regular`] file of a result folder to read it.
///
/// # Errors
/// If it is none, or the file system refuses.
pub fn open(path: &Path) -> io::Result<File> {
    regular(path)?;
    File::open(path)
}

/// The text of a [`regular`] file of a result folder, of no more than [`MOST_BYTES`].
///
/// # Errors
/// If it is none, or is longer, or the file system refuses.
pub fn text(path: &Path) -> io::Result<String> {
    let mut file = open(path)?;
    if file.metadata()?.len() > MOST_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {} MiB, which is the most that is read",
            MOST_BYTES >> 20
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a [`regular`] file of a result folder holds these very bytes.
#[must_use]
pub fn holds(path: &Path, bytes: &[u8]) -> bool {
    let same = || -> io::Result<bool> {
        let mut file = open(path)?;
        let mut there = Vec::new();
        if file.metadata()?.len() == bytes.len() as u64 {
            file.read_to_end(&mut there)?;
        }
        Ok(there == bytes)
    };
    same().unwrap_or(false)
}

/// Removes what killed processes left half written of a file: what nobody holds.
pub fn sweep_up(path: &Path) {
    let (Some(folder), Some(whole)) = (path.parent(), path.file_name()) else {
        return;
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if to_become(&name.to_string_lossy()).is_none_or(|name| whole != name) {
            continue;
        }
        if open(&entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // Whoever cannot remove it leaves it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The name beside a file under which it is written until it is whole.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// The name of the file that a [`temporary`] one was to become; none for other names.
#[must_use]
pub fn to_become(name: &str) -> Option<&str> {
    let (name, process) = name
        .strip_prefix('.')?
        .strip_suffix(".tmp")?
        .rsplit_once('.')?;
    (!process.is_empty() && process.bytes().all(|digit| digit.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path() {
        let error = write_atomic(Path::new("/nowhere/at/all.json"), b"{}").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot write /nowhere/at/all.json: ")
        );
    }

    #[test]
    fn what_a_killed_process_left_of_a_file_is_swept_up() {
        let folder = std::env::temp_dir().join(format!("sim-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let names = [
            ".a.svg.1.tmp",
            ".a.svg.2.tmp",
            ".b.svg.1.tmp",
            "a.svg",
            ".a.svg.tmp",
        ];
        for name in names {
            fs::write(folder.join(name), "half").unwrap();
        }
        let held = File::open(folder.join(names[1])).unwrap();
        held.lock().unwrap();
        sweep_up(&folder.join("a.svg"));
        let left = names.map(|name| folder.join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn only_regular_files_that_are_not_too_long_are_read() {
        let folder = std::env::temp_dir().join(format!("sim-regular-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.json");
        assert!(regular(&path).is_ok() && open(&path).is_err() && !holds(&path, b""));
        fs::write(&path, "mine").unwrap();
        assert_eq!(text(&path).unwrap(), "mine");
        assert!(holds(&path, b"mine") && !holds(&path, b"min") && !holds(&path, b"nine"));
        let long = File::create(folder.join("long.json")).unwrap();
        long.set_len(MOST_BYTES + 1).unwrap();
        let why = text(&folder.join("long.json")).unwrap_err().to_string();
        assert!(why.contains("more than 64 MiB"), "{why}");
        assert!(regular(&folder).is_err());
        #[cfg(unix)]
        {
            let link = folder.join("link.json");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            let why = text(&link).unwrap_err().to_string();
            assert!(why.starts_with("it is no regular file"), "{why}");
            assert!(open(&link).is_err() && !holds(&link, b"mine"));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn temporary_names_tell_what_they_become() {
        let path = temporary(Path::new("a/runs.csv"));
        assert_eq!(
            to_become(path.file_name().unwrap().to_str().unwrap()),
            Some("runs.csv")
        );
        for name in [
            ".runs.csv.tmp",
            "runs.csv.1.tmp",
            ".runs.csv.1x.tmp",
            ".swp",
        ] {
            assert_eq!(to_become(name), None, "{name}");
        }
    }
}
