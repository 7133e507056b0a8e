//! Scenario files on disk.

use sim_models::scenario::diagnostics::nearest;
use sim_models::scenario::{Files, Loaded, Override, load};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Reads scenarios, and what they include, from disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        if Path::new(path).is_dir() {
            return Err("it is a folder\nname one of the files in it".into());
        }
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => not_found(path),
            ErrorKind::PermissionDenied => "its permissions forbid it".into(),
            _ => error.to_string(),
        })?;
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
pub fn load_file(path: &Path, overrides: &[Override]) -> Loaded {
    load(&path.to_string_lossy(), &Disk, overrides)
}

/// A text as one word for a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
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
    }
}
