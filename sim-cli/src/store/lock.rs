//! The lock of a result folder: one command at a time writes there, or the parts of one sweep together.
//!
//! It is a lock of the operating system on a file without content, so it ends with the process that holds
//! it, however that ends: a file that a killed process left is in nobody's way, and the next command
//! removes it.

use super::file::{FolderError, regular};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file that is locked.
pub const LOCK: &str = "experiment.lock";

/// A folder that nobody else writes to as long as this lives.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
    shared: bool,
}

impl Lock {
    /// Locks a folder that is there: for one command alone, or `shared` among the parts of a sweep.
    ///
    /// # Errors
    /// If somebody else is at work there, or the folder cannot be written to.
    pub fn hold(folder: &Path, shared: bool) -> Result<Self, FolderError> {
        let path = folder.join(LOCK);
        loop {
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true);
            let file = regular(&path)
                .and_then(|()| options.open(&path))
                .map_err(|source| FolderError::Io {
                    path: path.clone(),
                    source,
                })?;
            let held = if shared {
                file.try_lock_shared()
            } else {
                file.try_lock()
            };
            match held {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(busy(folder)),
                // Some network drives have no locks: there the user has to take care.
                Err(TryLockError::Error(_)) => return Ok(Self { path, file, shared }),
            }
            // Whoever held it may just have removed it.
            if is_still(&path, &file) {
                return Ok(Self { path, file, shared });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The last of those who share it removes it. Nobody can lock a name that is gone.
        if !self.shared || self.file.try_lock().is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Somebody else is at work in a folder.
pub(super) fn busy(folder: &Path) -> FolderError {
    FolderError::Refused {
        what: format!("another `sim` is at work in {}", folder.display()),
        help: "wait for it to end, or choose another folder with --out".into(),
    }
}

/// Whether a file of this name is a lock: one without content.
#[must_use]
pub fn is_lock(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == LOCK)
        && fs::symlink_metadata(path).is_ok_and(|data| data.is_file() && data.len() == 0)
}

/// Whether a name still leads to a file that was opened by it.
#[must_use]
#[cfg(unix)]
pub fn is_still(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let both = || -> io::Result<_> { Ok((fs::metadata(path)?, file.metadata()?)) };
    both().is_ok_and(|(named, held)| (named.dev(), named.ino()) == (held.dev(), held.ino()))
}

/// Whether a name still leads to a file that was opened by it.
#[must_use]
#[cfg(not(unix))]
pub fn is_still(_: &Path, _: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_or_parts_together() {
        let folder = std::env::temp_dir().join(format!("sim-lock-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let alone = Lock::hold(&folder, false).unwrap();
        assert!(is_lock(&folder.join(LOCK)));
        for shared in [false, true] {
            let refused = Lock::hold(&folder, shared).unwrap_err().to_string();
            assert!(refused.contains("another `sim` is at work"), "{refused}");
        }
        drop(alone);
        assert!(!folder.join(LOCK).exists(), "nothing is left");
        // What a process that was killed left is in nobody's way.
        fs::write(folder.join(LOCK), "").unwrap();
        let first = Lock::hold(&folder, true).unwrap();
        let second = Lock::hold(&folder, true).unwrap();
        assert!(Lock::hold(&folder, false).is_err());
        drop(first);
        assert!(Lock::hold(&folder, false).is_err());
        drop(second);
        Lock::hold(&folder, false).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = std::env::temp_dir().join(format!("sim-lock-link-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let elsewhere = folder.join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, folder.join(LOCK)).unwrap();
        for shared in [false, true] {
            let refused = Lock::hold(&folder, shared).unwrap_err().to_string();
            assert!(refused.contains("it is no regular file"), "{refused}");
            assert!(!elsewhere.exists());
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
