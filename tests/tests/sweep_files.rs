//! Sweep files: those of the library resolve and are written so that they read as the same sweep
//! again, and bad ones are told what is wrong with them, and where.

use sim_cli::diagnostics::human;
use sim_models::experiment::spec::{Spec, Unresolved, base, is_spec, read_spec, resolve, to_ron};
use sim_models::experiment::sweep::Sweep;
use sim_models::input::Files;
use sim_models::scenario::explain;
use std::fs;

/// Files relative to where the tests run, so that no path is absolute.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|_| "there is no such file".into())
    }
}

/// Names of the files of a folder that end with `.ron`, sorted.
fn files(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("there is such a folder")
        .map(|entry| entry.expect("a file").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .filter(|name| name.ends_with(".ron"))
        .collect();
    names.sort();
    names
}

fn told(wrong: &Unresolved) -> String {
    human(&wrong.diagnostics, &wrong.sources, false)
}

/// Writes a sweep and its scenario as resolved, and reads them again: the same points and scenarios.
fn goes_round(spec: &Spec) -> Sweep {
    let sweep = resolve(spec, &Disk).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
    let scenario = explain::to_ron(&base(spec, &Disk).expect("it has been resolved"));
    let text = to_ron(&sweep, "scenario.ron");
    let folder = [
        ("sweep.ron", text.as_str()),
        ("scenario.ron", scenario.as_str()),
    ];
    let again = read_spec("sweep.ron", &folder)
        .and_then(|spec| resolve(&spec, &folder))
        .unwrap_or_else(|wrong| panic!("{}\n{text}", told(&wrong)));
    assert_eq!(again.axes, sweep.axes, "{text}");
    assert_eq!(again.points, sweep.points, "{text}");
    assert!(
        again.scenarios == sweep.scenarios,
        "other scenarios:\n{text}"
    );
    assert_eq!(again.measures, sweep.measures);
    assert_eq!(again.replications, sweep.replications);
    sweep
}

#[test]
fn sweeps_of_the_library_go_round() {
    let folder = "../scenarios/sweeps";
    let names = files(folder);
    assert!(!names.is_empty());
    for name in names {
        let path = format!("{folder}/{name}");
        assert!(is_spec(&Disk.read(&path).unwrap()), "{name}");
        let spec = read_spec(&path, &Disk).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
        assert!(goes_round(&spec).points.len() > 1, "{name}");
    }
}

#[test]
fn every_scenario_of_the_library_can_be_swept() {
    for name in files("../scenarios") {
        let path = format!("../scenarios/{name}");
        assert!(!is_spec(&Disk.read(&path).unwrap()), "{name} is a scenario");
        let plain = read_spec(&path, &Disk).unwrap();
        let scenario = base(&plain, &Disk).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
        let service = scenario.services.keys().next().unwrap();
        let workload = scenario.workloads.keys().next().unwrap();
        let vary = [
            format!("services.\"{service}\".threads=2000..4000:3:log"),
            format!(
                "size=services.\"{service}\".queue.limit=10,100;services.\"{service}\".backlog=20,unbounded"
            ),
        ];
        let variants = [
            "as it is:".to_owned(),
            format!("named:title=another, longer title,workloads.\"{workload}\".tenant=\"acme\""),
        ];
        let mut spec = Spec {
            vary: vary.iter().map(|text| text.parse().unwrap()).collect(),
            variants: variants.iter().map(|text| text.parse().unwrap()).collect(),
            ..plain
        };
        assert_eq!(goes_round(&spec).points.len(), 12, "{name}");
        spec.vary[0] = format!("services.\"{service}\".threads=2000..4000")
            .parse()
            .unwrap();
        spec.sample = Some("lhs:5".parse().unwrap());
        assert_eq!(goes_round(&spec).points.len(), 10, "{name}");
    }
}

#[test]
fn every_bad_sweep_is_told_what_is_wrong_and_where() {
    let folder = "data/bad-sweeps";
    let names = files(folder);
    assert!(names.len() >= 15, "{} kinds of mistakes", names.len());
    insta::with_settings!({snapshot_path => "snapshots/bad-sweeps", prepend_module_to_snapshot => false, omit_expression => true}, {
        let mut wanting = Vec::new();
        for name in names {
            let path = format!("{folder}/{name}");
            let wrong = read_spec(&path, &Disk)
                .and_then(|spec| resolve(&spec, &Disk))
                .expect_err(&name);
            let text = told(&wrong);
            for part in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
                if !part.contains("help: ") || !part.contains(&format!("--> {path}:")) || !part.contains('^') || part.contains(env!("CARGO_MANIFEST_DIR")) {
                    wanting.push(format!("{name} lacks a place or a help, or has an absolute path:\n{part}"));
                }
            }
            insta::assert_snapshot!(name.trim_end_matches(".ron"), text);
        }
        assert!(wanting.is_empty(), "{}", wanting.join("\n\n"));
    });
}
