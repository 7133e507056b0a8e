//! What journals are called: one for the whole sweep, or one for each of its parts.

use super::error::JournalError;
use sim_models::experiment::sweep::Shard;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the journal of a part of the runs.
#[must_use]
pub fn file_name(shard: Shard) -> String {
    match part_name(shard) {
        Some(part) => format!("journal-{part}.jsonl"),
        None => "journal.jsonl".to_owned(),
    }
}

/// `03-of-16`, so that names sort; none for the whole.
#[must_use]
pub fn part_name(shard: Shard) -> Option<String> {
    let digits = shard.count.to_string().len().max(2);
    (shard.count > 1).then(|| format!("{:0digits$}-of-{:0digits$}", shard.index + 1, shard.count))
}

/// The part of the runs that a journal of this name is for.
#[must_use]
pub fn shard_of(name: &str) -> Option<Shard> {
    if name == "journal.jsonl" {
        return Some(Shard::default());
    }
    let part = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
    let (number, count) = part.split_once("-of-")?;
    let (number, count): (u32, u32) = (number.parse().ok()?, count.parse().ok()?);
    let index = number.checked_sub(1)?;
    (index < count && count > 1).then_some(Shard { index, count })
}

/// The journals in a folder, the whole one first, then by name.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<(PathBuf, Shard)>, JournalError> {
    let entries = fs::read_dir(folder).map_err(JournalError::io("read", folder))?;
    let mut found: Vec<(PathBuf, Shard)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let shard = shard_of(path.file_name()?.to_str()?)?;
            Some((path, shard))
        })
        .collect();
    found.sort_by(|(a, first), (b, second)| (first.count > 1, a).cmp(&(second.count > 1, b)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_sort() {
        let shard = Shard {
            index: 2,
            count: 16,
        };
        assert_eq!(file_name(shard), "journal-03-of-16.jsonl");
        assert_eq!(shard_of("journal-03-of-16.jsonl"), Some(shard));
        assert_eq!(shard_of("journal.jsonl"), Some(Shard::default()));
        assert_eq!(shard_of("journal-17-of-16.jsonl"), None);
        assert_eq!(shard_of("journal-00-of-16.jsonl"), None);
        assert_eq!(shard_of("journal.json"), None);
    }
}
