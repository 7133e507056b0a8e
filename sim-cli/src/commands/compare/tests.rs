//! Through the command line.

use crate::output::table::{WIDTH, width};
use crate::{Terminal, exit};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const SHOP: &str = r#"(
    title: "A shop", duration: "40s", warmup: "5s", window: "1s", seed: 3,
    services: {
        "shop": (threads: 64, endpoints: { "buy": [call("db/query")] }),
        "db": (threads: 4, queue: (limit: 40), endpoints: { "query": [work(exponential("40ms"))] }),
    },
    calls: { "shop -> db": [retry(attempts: 3, backoff: none), timeout("400ms")] },
    workloads: { "shoppers": open(rate: "80/s", to: "shop/buy") },
    faults: [(at: "15s", for: "5s", inject: slow(service: "db", factor: 3))],
    hypothesis: (steady: ["success_ratio(shoppers) >= 0.9"], recovers: (within: "5s")),
)"#;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("sim-compare-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sim(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<OsString> = ["sim", "compare"]
        .iter()
        .chain(arguments)
        .map(OsString::from)
        .collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = crate::run(&arguments, &mut out, &mut err, Terminal::default());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(err))
}

const NO_RETRIES: &str = "single:calls.\"shop -> db\".retry.attempts=1";

#[test]
fn one_variant_is_compared_with_the_scenario_as_it_is() {
    let scratch = Scratch::new("one");
    let shop = scratch.file("shop.ron", SHOP);
    let asked = [
        shop.as_str(),
        "--variant",
        NO_RETRIES,
        "--replications",
        "8",
    ];
    let (code, out, err) = sim(&asked);
    assert_eq!(code, exit::HELD, "{err}");
    assert!(
        out.starts_with("single against as is  A shop\n\n\"single\" loses "),
        "{out}"
    );
    assert!(out.lines().all(|line| width(line) <= WIDTH), "{out}");
    for part in [
        "with 95% confidence",
        "With \"single\" db gets ",
        "Besides (not tested)",
        "Request by request, seed ",
        "With as is",
        "failed ratio of shoppers",
        "Reproduce with",
        "--replications 8",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (_, again, _) = sim(&[&asked[..], &["--jobs", "1"]].concat());
    assert_eq!(out, again, "the number of threads changes nothing");
    let (code, json, _) = sim(&[&asked[..], &["--format", "json"]].concat());
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &told["baseline"]),
        (exit::HELD, &Value::from("as is"))
    );
    let sentence = told["sentences"][0].as_str().unwrap();
    assert!(sentence.starts_with("\"single\" loses "), "{sentence}");
    // Every number of the sentence is one of the finding.
    let lost = &told["findings"][0];
    let low = lost["difference"]["low"].as_f64().unwrap();
    assert!(low < 0.0 && lost["verdict"] == "better", "{lost}");
    assert_eq!(
        told["joined"][0]["groups"][0]["stories"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn the_folder_holds_the_answer_and_what_it_rests_on() {
    let scratch = Scratch::new("folder");
    let shop = scratch.file("shop.ron", SHOP);
    let folder = scratch.0.join("out");
    let out = folder.to_string_lossy().into_owned();
    let asked = [
        shop.as_str(),
        "--variant",
        NO_RETRIES,
        "--vary",
        "workloads.shoppers.rate=20/s,80/s",
        "--replications",
        "4",
        "--out",
        out.as_str(),
    ];
    let (code, text, err) = sim(&asked);
    assert_eq!(code, exit::HELD, "{err}");
    // Wherever its lines break.
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["mean of 2 conditions", "at rate 80/s, the scenario's own, "] {
        assert!(told.contains(part), "{part}: {text}");
    }
    for name in [
        "compare.json",
        "compare.csv",
        "compare.txt",
        "runs.csv",
        "cells.csv",
        "summary.json",
        "scenario.ron",
        "sweep.ron",
        "reproduce.txt",
        "provenance.json",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    let rows = fs::read_to_string(folder.join("compare.csv")).unwrap();
    let told: Value = read(&folder.join("compare.json"));
    assert_eq!(
        rows.lines().count(),
        1 + told["findings"].as_array().unwrap().len()
    );
    // The runs are known now: the same answer at once.
    let (_, again, err) = sim(&asked);
    assert_eq!(text, again, "{err}");
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn files_are_compared_by_their_names() {
    let scratch = Scratch::new("files");
    let first = scratch.file("patient.ron", SHOP);
    let second = scratch.file("single.ron", &SHOP.replace("attempts: 3", "attempts: 1"));
    let measure = ["--measure", "failed_ratio(shoppers)", "--replications", "4"];
    let (code, out, err) = sim(&[&[first.as_str(), &second][..], &measure].concat());
    assert_eq!(code, exit::HELD, "{err}");
    assert!(out.starts_with("single against patient"), "{out}");
    let turned = ["--baseline", "single"];
    let (_, out, _) = sim(&[&[first.as_str(), &second][..], &measure, &turned].concat());
    assert!(out.starts_with("patient against single"), "{out}");
}

/// What is measured but was not asked for is called neither better nor worse anywhere.
#[test]
fn only_what_was_asked_for_is_tested() {
    let scratch = Scratch::new("asked");
    let shop = scratch.file("shop.ron", SHOP);
    let told = |more: &[&str]| -> Value {
        let asked = [
            shop.as_str(),
            "--variant",
            NO_RETRIES,
            "--replications",
            "6",
            "--format",
            "json",
        ];
        let (_, json, err) = sim(&[&asked[..], more].concat());
        serde_json::from_str(&json).unwrap_or_else(|_| panic!("{err}"))
    };
    let usual = told(&[]);
    assert_eq!(
        usual["tested"],
        serde_json::json!([
            "failed_ratio(shoppers)",
            "latency(shoppers, p50)",
            "latency_true(shoppers, p99)",
            "recovery_time"
        ])
    );
    let findings = usual["findings"].as_array().unwrap();
    assert!(findings.len() > 8);
    for found in findings {
        let tested = found["tested"].as_bool().unwrap();
        assert_eq!(found["p_adjusted"].is_null(), !tested, "{found}");
        assert_eq!(found["verdict"] == "not_tested", !tested, "{found}");
    }
    let chosen = told(&[
        "--measure",
        "goodput(shoppers)",
        "--measure",
        "queue(db, mean)",
    ]);
    assert!(
        chosen["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["tested"] == true)
    );
    let sentences = chosen["sentences"].to_string();
    assert!(sentences.contains("goodput of shoppers"), "{sentences}");
}

#[test]
fn names_that_begin_alike_stay_apart() {
    let scratch = Scratch::new("alike");
    let shop = scratch.file("shop.ron", SHOP);
    let named =
        |name: &str| format!("a retry policy of {name}:calls.\"shop -> db\".retry.attempts=1");
    let (first, second) = (named("the one kind"), named("the other kind"));
    let (_, out, err) = sim(&[
        &shop,
        "--variant",
        &first,
        "--variant",
        &second,
        "--replications",
        "2",
    ]);
    let heading = out.lines().find(|line| line.starts_with("Measures"));
    let heading = heading.unwrap_or_else(|| panic!("{err}"));
    assert!(
        heading.contains("ne kind") && heading.contains("er kind"),
        "{heading}"
    );
}

#[test]
fn says_what_cannot_be_compared() {
    let scratch = Scratch::new("wrong");
    let shop = scratch.file("shop.ron", SHOP);
    for (arguments, told) in [
        (vec![shop.as_str()], "nothing to compare with"),
        (
            vec![&shop, &shop, "--variant", NO_RETRIES],
            "several scenarios are the variants",
        ),
        (
            vec![&shop, "--variant", NO_RETRIES, "--baseline", "singel"],
            "did you mean `single`?",
        ),
        (
            vec![&shop, "--variant", "x:services.bd.threads=3"],
            "did you mean `db`?",
        ),
        (
            vec![
                &shop,
                "--variant",
                NO_RETRIES,
                "--measure",
                "goodput(shopers)",
            ],
            "`shoppers`",
        ),
        (
            vec![&shop, "--variant", NO_RETRIES, "--difference", "1"],
            "per cent sign",
        ),
        (vec![&shop, "--variant", NO_RETRIES, "--level", "2"], "0.95"),
    ] {
        let (code, out, err) = sim(&arguments);
        assert_eq!(code, exit::BAD_INPUT, "{arguments:?}: {err}");
        assert!(out.is_empty() && err.contains(told), "{told}: {err}");
    }
}
