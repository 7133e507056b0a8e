//! Helpers shared by the test files.

pub mod command;
pub mod draws;
pub mod sound;

use sim_models::experiment;
use sim_models::input::{Files, load};
use sim_models::observe::summary::Summary;
use sim_models::scenario::{Override, Scenario};

/// The library of failure modes.
pub const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

/// The files of the library.
struct Library;

impl Files for Library {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(format!("{LIBRARY}/{path}")).map_err(|error| error.to_string())
    }
}

/// The scenario of a text.
///
/// # Panics
/// If there is anything wrong with it.
#[must_use]
pub fn scenario(text: &str) -> Scenario {
    let loaded = load("test.ron", &[("test.ron", text)], &[]);
    loaded
        .scenario
        .unwrap_or_else(|wrong| panic!("{wrong:#?}\nin\n{text}"))
}

/// What a run of a text tells under a seed.
///
/// # Panics
/// If there is anything wrong with it.
#[must_use]
pub fn summary(text: &str, seed: u64) -> Summary {
    let run = experiment::run(&scenario(text), seed);
    run.expect("the scenario is sound").summary
}

/// What a run of a text tells under its own seed.
///
/// # Panics
/// If there is anything wrong with it.
#[must_use]
pub fn told(text: &str) -> Summary {
    summary(text, scenario(text).seed)
}

/// A scenario of the library, by the name of its file without `.ron`.
///
/// # Panics
/// If there is anything wrong with it.
#[must_use]
pub fn library(name: &str) -> Scenario {
    library_with(name, &[])
}

/// A scenario of the library with settings such as `services.db.threads=8`.
///
/// # Panics
/// If there is anything wrong with it, or with a setting.
#[must_use]
pub fn library_with(name: &str, settings: &[String]) -> Scenario {
    let settings: Vec<Override> = settings
        .iter()
        .map(|setting| {
            setting
                .parse()
                .unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
        })
        .collect();
    let loaded = load(&format!("{name}.ron"), &Library, &settings);
    loaded
        .scenario
        .unwrap_or_else(|wrong| panic!("{name} with {settings:?}: {wrong:#?}"))
}

/// The text of a scenario of the library.
///
/// # Panics
/// If there is no such file.
#[must_use]
pub fn library_text(name: &str) -> String {
    Library
        .read(&format!("{name}.ron"))
        .unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
}

/// The things to try that the comment of a scenario names: the settings of each.
#[must_use]
pub fn things_to_try(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("//   --set "))
        .map(|line| {
            line.split("--set ")
                .map(|setting| match setting.trim_start().strip_prefix('\'') {
                    Some(quoted) => quoted.split('\'').next().unwrap_or_default().to_owned(),
                    None => setting
                        .split_whitespace()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                })
                .collect()
        })
        .collect()
}
