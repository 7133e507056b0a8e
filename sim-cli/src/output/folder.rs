//! The folder of a run: everything that it told, in files that are whole or not there.

use super::{csv, json};
use crate::charts;
use crate::store::claim::Claim;
use crate::store::file::FolderError;
use sim_models::observe::summary::{RunResult, Summary};

/// Writes a run into a folder that was taken: `summary.json`, the series as CSV, the charts as SVG and
/// PNG, the resolved scenario, and the command that reproduces the run.
///
/// # Errors
/// If a file cannot be written; those before it stay.
pub fn write(
    claim: &mut Claim,
    result: &RunResult,
    scenario: &str,
    reproduce: &str,
) -> Result<(), FolderError> {
    let charts = charts::charts(result);
    let pictures = charts
        .iter()
        .flat_map(|chart| [format!("{}.svg", chart.name), format!("{}.png", chart.name)]);
    let mut names: Vec<String> = pictures.collect();
    let mut tables = csv::files(&result.series);
    let transitions = csv::transitions(&result.summary);
    tables.extend(transitions.map(|table| ("transitions.csv", table)));
    names.extend(["scenario.ron", "reproduce.txt", "summary.json"].map(str::to_owned));
    names.extend(tables.iter().map(|(name, _)| (*name).to_owned()));
    claim.announce(names)?;
    claim.clear()?;
    claim.put_text("scenario.ron", scenario)?;
    claim.put_text("reproduce.txt", reproduce)?;
    for (name, table) in &tables {
        claim.put(name, table)?;
    }
    super::sweep::folder::put_charts(claim, &charts)?;
    if !result.stories.is_empty() {
        let texts: Vec<String> = result.stories.iter().map(super::story::render).collect();
        claim.put_text("stories.txt", &texts.join("\n"))?;
        claim.put_text("stories.json", &json::tidy(&result.stories).to_string())?;
    }
    // Last, so that a folder with a summary is a whole one.
    let summary = json::render_pretty(&result.summary);
    claim.put("summary.json", summary.as_bytes())?;
    claim.settle()
}

/// Writes many runs into a folder that was taken: `runs.json` with every summary, the resolved scenario,
/// and the command that reproduces them.
///
/// # Errors
/// If a file cannot be written; those before it stay.
pub fn write_replications(
    claim: &mut Claim,
    runs: &[Summary],
    scenario: &str,
    reproduce: &str,
) -> Result<(), FolderError> {
    claim.announce(["scenario.ron", "reproduce.txt", "runs.json"])?;
    claim.clear()?;
    claim.put_text("scenario.ron", scenario)?;
    claim.put_text("reproduce.txt", reproduce)?;
    claim.put_text("runs.json", &super::replications::json(runs))?;
    claim.settle()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;
    use crate::store::claim::Experiment;
    use std::fs;

    #[test]
    fn a_folder_holds_everything_and_no_leftovers() {
        let folder = std::env::temp_dir().join(format!("sim-folder-{}", std::process::id()));
        let of = Experiment {
            command: "run".into(),
            source: "x.ron".into(),
            ..Experiment::default()
        };
        for _ in 0..2 {
            let mut claim = Claim::ask(&folder, &of, false, false).unwrap();
            claim.take::<String>([]).unwrap();
            write(
                &mut claim,
                &retry_storm(),
                "(duration: \"5min\")",
                "sim run x.ron",
            )
            .unwrap();
        }
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
                "experiment.json",
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
}
