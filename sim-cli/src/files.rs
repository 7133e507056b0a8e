//! Scenario files on disk.

use sim_models::scenario::{Files, Loaded, Override, load};
use std::path::Path;

/// Reads scenarios, and what they include, from disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::InvalidData => "it is not text in UTF-8".into(),
            _ => error.to_string(),
        })
    }
}

/// Loads a scenario from disk.
#[must_use]
pub fn load_file(path: &Path, overrides: &[Override]) -> Loaded {
    load(&path.to_string_lossy(), &Disk, overrides)
}
