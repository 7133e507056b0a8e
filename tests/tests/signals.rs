//! One table names every signal, and all that tells of signals reads it: each row is found in the series, in CSV files,
//! as a measure, in `sim explain` and `sim schema`; what is told only where it happened, in tables and charts as well.

use sim_models::experiment::{Options, run_with};
use sim_models::expression::{METRICS, Measure, Metric};
use sim_models::observe::choice::check_measure;
use sim_models::observe::summary::{
    Columns, EdgeSeries, PoolSeries, ServiceSeries, WorkloadSeries,
};
use sim_models::signals::{Kind, Of, SIGNALS, Shown};
use sim_tests::command::{Folder, sim};
use std::collections::BTreeSet;
use std::fs;

/// A system in which something of all that is shown only where it is used happens: requests leave the line of a pool.
const ALL: &str = r#"(duration: "4s", window: "500ms",
    services: {
        "s": (pools: { "p": (size: 1) }, endpoints: { "e": [call("t/e"), acquire("p"), wait("400ms"), release("p")] }),
        "t": (endpoints: { "e": [wait("200ms")] }),
    },
    calls: { "w -> s": [timeout("300ms"), cancellation] },
    workloads: { "w": open(rate: "1/s", to: "s/e", tenant: "gold", arrivals: constant, batch: 5) },
)"#;

/// What a signal of a kind is about in that system.
fn subject(of: Of) -> &'static str {
    match of {
        Of::Workload => "w",
        Of::Service => "s",
        Of::Edge => "s -> t",
        Of::Pool => "s/p",
        Of::Tenant => "gold",
        Of::Run => "",
    }
}

fn headings<S: Columns>() -> Vec<&'static str> {
    S::COLUMNS.iter().map(|column| column.heading).collect()
}

/// The folder of a run of that system, and what was printed.
fn run(name: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    fs::create_dir_all(&folder.0).expect("a folder can be made");
    let file = folder.0.join("all.ron");
    fs::write(&file, ALL).expect("a file can be written");
    let out = folder.0.join("out");
    let text = |path: &std::path::Path| path.to_str().expect("a path is text").to_owned();
    let (code, told, err) = sim(&["run", &text(&file), "--out", &text(&out)]);
    assert_eq!(code, 0, "{told}{err}");
    (folder, told)
}

#[test]
fn every_column_is_in_the_file_of_its_kind() {
    let (folder, _) = run("signals-files");
    for (of, columns) in [
        (Of::Workload, headings::<WorkloadSeries>()),
        (Of::Service, headings::<ServiceSeries>()),
        (Of::Edge, headings::<EdgeSeries>()),
        (Of::Pool, headings::<PoolSeries>()),
    ] {
        let named = SIGNALS.iter().filter(|signal| signal.of == of);
        let named = named.flat_map(|signal| signal.columns.iter().map(|column| column.heading));
        assert_eq!(named.collect::<Vec<_>>(), columns, "{of:?}");
        let file = of.file().expect("it has a series");
        let table = fs::read_to_string(folder.0.join("out").join(file)).expect("it is there");
        let head = table.lines().next().expect("it has headings");
        let first = format!("time_s,{},{}", of.one(), columns.join(","));
        // Failures by outcome come after the others.
        assert!(head.starts_with(&first), "{file}: {head}, not {first}");
    }
}

#[test]
fn every_signal_is_a_measure_that_can_be_taken() {
    let scenario = sim_tests::scenario(ALL);
    let names: BTreeSet<&str> = SIGNALS.iter().filter_map(|signal| signal.measure).collect();
    let known: BTreeSet<&str> = METRICS.iter().map(|(_, name, _)| *name).collect();
    assert_eq!(names, known, "the table has all measures, and each once");
    for signal in SIGNALS {
        let Some(name) = signal.measure else {
            continue;
        };
        let (metric, ..) = METRICS
            .iter()
            .find(|(_, known, _)| *known == name)
            .expect("it is known");
        assert_eq!(metric.of(), signal.of, "{name}");
        let check = metric.example();
        let wanted = subject(signal.of);
        let (argument, over) = (check.find(", "), check.find(')'));
        let argument = argument.zip(over).map_or("", |(from, to)| &check[from..to]);
        let text = match (*metric, wanted) {
            (_, "") => name.to_owned(),
            (Metric::PolicyCount, _) => format!("{name}(w -> s, timeout_expired)"),
            _ => format!("{name}({wanted}{argument})"),
        };
        let measure: Measure = text
            .parse()
            .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        assert_eq!(check_measure(&scenario, &measure), Ok(()), "{text}");
        // What is kept by windows can be asked for by windows, and pools have no others.
        let kept = !matches!(signal.kind, Kind::Derived);
        assert!(!kept || metric.by_windows(), "{name} is kept by windows");
    }
}

#[test]
fn every_signal_that_is_kept_is_explained_and_in_the_schema() {
    let (_, schema, _) = sim(&["schema"]);
    let (_, overview, _) = sim(&["explain"]);
    for signal in SIGNALS.iter().filter(|one| one.kind != Kind::Derived) {
        let (code, told, err) = sim(&["explain", signal.name]);
        assert_eq!(code, 0, "{}: {err}", signal.name);
        assert!(told.contains(signal.doc), "{}: {told}", signal.name);
        let named = format!("{} (signal of {})", signal.name, signal.of.words());
        assert!(told.contains(&named), "{named}: {told}");
        for column in signal.columns {
            assert!(told.contains(column.heading), "{}: {told}", column.heading);
        }
        if let Some(measure) = signal.measure {
            assert!(told.contains(&format!("`{measure}`")), "{measure}: {told}");
        }
        let row = format!("| `{}` | {} |", signal.name, signal.of.one());
        assert!(schema.contains(&row), "{row}");
        assert!(overview.contains(signal.doc), "{}", signal.name);
    }
}

/// What most systems never do is told where it happens: in JSON, tables, CSV and charts; and elsewhere nowhere.
#[test]
fn what_is_shown_where_it_is_used_is_told_there_and_nowhere_else() {
    let used = SIGNALS.iter().filter(|signal| {
        let mut columns = signal.columns.iter();
        columns.any(|column| column.shown == Shown::used)
    });
    let used: Vec<_> = used.collect();
    assert!(!used.is_empty(), "a signal is shown where it is used");
    let (folder, told) = run("signals-used");
    let read =
        |name: &str| fs::read_to_string(folder.0.join("out").join(name)).expect("it is there");
    let summary: serde_json::Value =
        serde_json::from_str(&read("summary.json")).expect("it is JSON");
    for signal in used {
        let (of, name) = (subject(signal.of), signal.name);
        let pointer = match of.split_once('/') {
            Some((service, pool)) => format!("/services/{service}/pools/{pool}/also/{name}"),
            None => format!("/{}s/{of}/also/{name}", signal.of.one()),
        };
        let counted = summary
            .pointer(&pointer)
            .and_then(serde_json::Value::as_u64);
        assert!(
            counted.is_some_and(|count| count > 0),
            "{pointer}: {counted:?}"
        );
        let row = told
            .lines()
            .find(|line| line.trim_start().starts_with(of) && line.contains(name));
        assert!(row.is_some(), "{name} of {of} in\n{told}");
        let chart = read(&format!("{}s.svg", signal.of.one()));
        assert!(
            chart.contains(&format!("\n{name}\n")),
            "{name} in the chart"
        );
    }
    // Nobody is cancelled: nobody leaves.
    let scenario = sim_tests::scenario(&ALL.replace(", cancellation", ""));
    let result = sim_models::experiment::run(&scenario, 1).expect("the scenario is sound");
    assert!(result.summary.services["s"].pools["p"].also.is_empty());
    let left = PoolSeries::COLUMNS
        .iter()
        .find(|column| column.name == "left");
    assert!(
        !left
            .expect("it is a column")
            .is_shown(result.series.pools.values())
    );
}

/// Without a warm-up a measure of the whole run is the one of all its windows, whichever way each is made.
#[test]
fn all_windows_make_up_the_whole() {
    let scenario = sim_tests::scenario(ALL);
    let mut pairs = Vec::new();
    for signal in SIGNALS
        .iter()
        .filter(|signal| matches!(signal.of, Of::Service | Of::Edge | Of::Pool))
    {
        let metrics = METRICS.iter().filter(|(metric, ..)| metric.by_windows());
        let found = metrics.filter(|(_, name, _)| Some(*name) == signal.measure);
        // States are of policies that have some: `--test seen` measures them.
        for (metric, name, _) in found.filter(|(_, name, _)| *name != "policy_state") {
            // Quantiles are kept more coarsely by windows.
            let argument = if metric.example().contains(", ") {
                ", max"
            } else {
                ""
            };
            let whole = format!("{name}({}{argument})", subject(signal.of));
            pairs.push((whole.clone(), format!("{whole} in 0s..4s")));
        }
    }
    assert!(pairs.len() > 15, "{pairs:?}");
    let measures = pairs.iter().flat_map(|(whole, over)| [whole, over]);
    let options = Options {
        measures: measures
            .map(|text| text.parse().expect("it is a measure"))
            .collect(),
        seed: 1,
        ..Options::default()
    };
    let told = run_with(&scenario, options, |_| true)
        .expect("the scenario is sound")
        .summary
        .measures;
    for (whole, over) in pairs {
        let value = |text: &str| {
            told.get(text)
                .unwrap_or_else(|| panic!("{text} in {told:?}"))
                .0
        };
        let (whole, over) = (
            value(&whole).unwrap_or_else(|| panic!("{whole}")),
            value(&over).unwrap_or_else(|| panic!("{over}")),
        );
        assert!(
            (whole - over).abs() <= 1e-9 * whole.abs(),
            "{whole} and {over}"
        );
    }
}
