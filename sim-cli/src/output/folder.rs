//! The folder of a run: everything that it told, in files that are whole or not there.

use super::claim::clear;
use super::{csv, json};
use crate::charts::{self, RasterError};
use sim_models::observe::summary::{RunResult, Summary};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
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
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write_whole(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // The error that matters is the first one.
        let _ = fs::remove_file(&temporary);
        FolderError::Io {
            path: path.to_owned(),
            source,
        }
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes a run into a folder, which is made if need be: `summary.json`, the series as CSV, the
/// charts as SVG and PNG, the resolved scenario, and the command that reproduces the run.
///
/// # Errors
/// If a file cannot be written; those before it stay.
pub fn write(
    folder: &Path,
    result: &RunResult,
    scenario: &str,
    reproduce: &str,
) -> Result<(), FolderError> {
    fs::create_dir_all(folder).map_err(|source| FolderError::Io {
        path: folder.to_owned(),
        source,
    })?;
    clear(folder);
    let put = |name: &str, bytes: &[u8]| write_atomic(&folder.join(name), bytes);
    put("scenario.ron", with_newline(scenario).as_bytes())?;
    put("reproduce.txt", with_newline(reproduce).as_bytes())?;
    put("workloads.csv", &csv::workloads(&result.series))?;
    put("services.csv", &csv::services(&result.series))?;
    put("edges.csv", &csv::edges(&result.series))?;
    for chart in charts::charts(result) {
        put(&format!("{}.svg", chart.name), chart.svg.as_bytes())?;
        let name = format!("{}.png", chart.name);
        let bitmap = charts::png(&chart.svg).map_err(|source| FolderError::Chart {
            path: folder.join(&name),
            source,
        })?;
        put(&name, &bitmap)?;
    }
    if !result.stories.is_empty() {
        let texts: Vec<String> = result.stories.iter().map(super::story::render).collect();
        put("stories.txt", texts.join("\n").as_bytes())?;
        put(
            "stories.json",
            with_newline(&json::tidy(&result.stories).to_string()).as_bytes(),
        )?;
    }
    // Last, so that a folder with a summary is a whole one.
    put(
        "summary.json",
        json::render_pretty(&result.summary).as_bytes(),
    )
}

/// Writes many runs into a folder: `runs.json` with every summary, the resolved scenario, and the
/// command that reproduces them.
///
/// # Errors
/// If a file cannot be written; those before it stay.
pub fn write_replications(
    folder: &Path,
    runs: &[Summary],
    scenario: &str,
    reproduce: &str,
) -> Result<(), FolderError> {
    fs::create_dir_all(folder).map_err(|source| FolderError::Io {
        path: folder.to_owned(),
        source,
    })?;
    clear(folder);
    let put =
        |name: &str, text: &str| write_atomic(&folder.join(name), with_newline(text).as_bytes());
    put("scenario.ron", scenario)?;
    put("reproduce.txt", reproduce)?;
    put("runs.json", &super::replications::json(runs))
}

fn with_newline(text: &str) -> String {
    format!("{}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;

    fn scratch(name: &str) -> PathBuf {
        let folder = format!("sim-{name}-{}", std::process::id());
        std::env::temp_dir().join(folder)
    }

    #[test]
    fn a_folder_holds_everything_and_no_leftovers() {
        let folder = scratch("folder");
        write(
            &folder,
            &retry_storm(),
            "(duration: \"5min\")",
            "sim run x.ron",
        )
        .unwrap();
        write(
            &folder,
            &retry_storm(),
            "(duration: \"5min\")",
            "sim run x.ron",
        )
        .unwrap();
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "edges.csv",
                "edges.png",
                "edges.svg",
                "reproduce.txt",
                "scenario.ron",
                "services.csv",
                "services.png",
                "services.svg",
                "stories.json",
                "stories.txt",
                "summary.json",
                "timeline.png",
                "timeline.svg",
                "workload-shoppers.png",
                "workload-shoppers.svg",
                "workloads.csv"
            ]
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn errors_name_the_path() {
        let error = write_atomic(Path::new("/nowhere/at/all.json"), b"{}").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot write /nowhere/at/all.json: ")
        );
    }
}
