//! House rules that a compiler does not check.

#[path = "tidy/arrows.rs"]
mod arrows;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a member of a workspace")
        .to_owned()
}

fn scenarios() -> String {
    let files = fs::read_dir(root().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|ending| ending == "ron"));
    // What stands in comments is not in use.
    let code = texts
        .map(|path| fs::read_to_string(path).unwrap())
        .collect::<String>();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every file of a registry is registered, says what it is and where that comes from, and is used by a
/// scenario (and so by a snapshot: every scenario has one).
fn registered(folder: &str, registry: &[(&str, &str)]) {
    let used = scenarios();
    let mut files: Vec<String> = fs::read_dir(root().join("sim-models/src").join(folder))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        // What all of a registry have in common.
        .filter(|name| {
            let common = [
                "action",
                "answers",
                "backoff",
                "balancer",
                "chances",
                "controller",
                "estimate",
                "kind",
                "line",
                "keeper",
                "mod",
                "order",
                "pattern",
                "policy",
                "program",
                "registry",
                "script",
                "slices",
                "tests",
                "timeline",
                "trace",
            ];
            !common.contains(&name.as_str())
        })
        .collect();
    files.sort();
    // A file may have a folder beside it.
    files.dedup();
    let mut names: Vec<&str> = registry.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(files, names, "files of {folder}/ and names in its registry");
    for name in names {
        let text =
            fs::read_to_string(root().join(format!("sim-models/src/{folder}/{name}.rs"))).unwrap();
        let docs: String = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        assert!(
            !docs.is_empty(),
            "{folder}/{name}.rs begins with module docs"
        );
        assert!(
            docs.contains("Source") || docs.contains("AWS Architecture Blog"),
            "{folder}/{name}.rs names its source"
        );
        let call = |end: char| used.contains(&format!("{name}{end}"));
        assert!(
            call('(') || call(',') || call(']') || call(')'),
            "a scenario uses {name}"
        );
    }
}

#[test]
fn policies_are_registered_documented_and_used() {
    registered("resilience", sim_models::resilience::REGISTRY);
}

#[test]
fn balancers_are_registered_documented_and_used() {
    registered("balancers", sim_models::balancers::REGISTRY);
}

#[test]
fn queue_orders_are_registered_documented_and_used() {
    registered("queues", sim_models::queues::REGISTRY);
}

#[test]
fn faults_are_registered_documented_and_used() {
    registered("faults", sim_models::faults::REGISTRY);
}

#[test]
fn controllers_are_registered_documented_and_used() {
    registered("controllers", sim_models::controllers::REGISTRY);
}

#[test]
fn steps_are_registered_documented_and_used() {
    registered("scenario/steps", sim_models::scenario::steps::REGISTRY);
}

#[test]
fn the_readme_lists_every_scenario() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for entry in fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "ron") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                readme.contains(&format!("(scenarios/{name})")),
                "README.md lists {name}"
            );
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("//"),
                "{name} opens with a comment that teaches"
            );
        }
    }
}

#[test]
fn inside_a_crate_a_module_uses_only_what_stands_above_it() {
    for name in ["sim-core", "sim-models", "sim-cli"] {
        let all = arrows::Crate::read(&root().join(name).join("src"));
        // What is not read cannot be wrong.
        assert!(all.uses() > 50, "{name}: {} uses", all.uses());
        let back = all.back();
        assert!(
            back.is_empty(),
            "in {name} these run back up; see ARCHITECTURE.md, and the `mod` lines:\n{}",
            back.join("\n")
        );
    }
}

/// Files of Rust below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_file_outside_tests_is_longer_than_600_lines() {
    let mut files = Vec::new();
    for name in ["sim-core", "sim-models", "sim-cli"] {
        sources(&root().join(name).join("src"), &mut files);
    }
    assert!(files.len() > 200, "{} files", files.len());
    for path in files.iter().filter(|path| !path.ends_with("tests.rs")) {
        let lines = fs::read_to_string(path).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}

/// What is kept by number is indexed by the ids of its kind (`sim_models::ids`). A number that is cast to an index where
/// there could be an id is a step back; what is left are places of frames in the arena, and counts.
#[test]
fn plans_and_worlds_are_indexed_by_ids() {
    const LEFT: usize = 90;
    let files = ["plan", "world"].map(|folder| root().join("sim-models/src").join(folder));
    let files = files
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    let code = files.filter(|path| path.is_file() && !path.ends_with("tests.rs"));
    let casts = code.map(|path| {
        fs::read_to_string(path)
            .unwrap()
            .matches(" as usize")
            .count()
    });
    let casts: usize = casts.sum();
    assert!(
        casts <= LEFT,
        "{casts} numbers are cast to indices, not {LEFT}"
    );
}
