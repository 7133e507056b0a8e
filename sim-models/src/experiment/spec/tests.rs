//! From flags and files to points and back, and what is said of mistakes.

use super::*;
use crate::experiment::sweep::{Replications, Sweep};
use crate::input::Files;
use crate::scenario::explain;

const BASE: &str = r#"(
    title: "A shop", duration: "1min", seed: 5,
    services: {
        "shop": (threads: 8, endpoints: { "buy": [work("2ms"), call("db/query")] }),
        "db": (threads: 6, queue: (limit: 100), endpoints: { "query": work(exponential("20ms")) }),
    },
    calls: { "shop -> db": [retry(attempts: 3, backoff: none), timeout("1s")] },
    workloads: { "shoppers": open(rate: "130/s", to: "shop/buy") },
    faults: [(name: "slow database", at: "20s", for: "10s", inject: slow(service: "db", factor: 5))],
)"#;

fn spec(vary: &[&str], variants: &[&str]) -> Spec {
    Spec {
        scenario: "a.ron".into(),
        vary: vary
            .iter()
            .map(|text| text.parse::<Vary>().unwrap())
            .collect(),
        variants: variants
            .iter()
            .map(|text| text.parse::<Variant>().unwrap())
            .collect(),
        ..Spec::default()
    }
}

fn works(spec: &Spec) -> Sweep {
    resolve(spec, &[("a.ron", BASE)]).unwrap_or_else(|wrong| {
        let lines = wrong
            .diagnostics
            .iter()
            .map(|one| one.concise(&wrong.sources));
        panic!("{}", lines.collect::<Vec<_>>().join("\n"))
    })
}

fn fails(spec: &Spec) -> Vec<String> {
    let wrong = resolve(spec, &[("a.ron", BASE)]).unwrap_err();
    let lines = wrong.diagnostics.iter();
    let lines = lines.map(|one| {
        let help = one.help.join(" | ");
        format!("{} | {help}", one.concise(&wrong.sources))
    });
    lines.collect()
}

fn labels(sweep: &Sweep) -> Vec<Vec<&str>> {
    let points = sweep.points.iter();
    let labels = points.map(|point| {
        let coordinates = point.coordinates.iter();
        coordinates
            .map(|coordinate| coordinate.label.as_str())
            .collect()
    });
    labels.collect()
}

#[test]
fn a_grid_is_all_combinations_with_the_last_axis_fastest() {
    let sweep = works(&spec(
        &[
            "calls.shop->db.timeout=1s,500ms",
            "services.db.threads=4..8:3",
        ],
        &[],
    ));
    assert_eq!(sweep.points.len(), 6);
    assert_eq!(
        labels(&sweep)[..4],
        [["1s", "4"], ["1s", "6"], ["1s", "8"], ["500ms", "4"]]
    );
    assert_eq!(sweep.points[3].coordinates[0].number, Some(0.5));
    let columns: Vec<String> = sweep.axes.iter().map(|axis| axis.column()).collect();
    assert_eq!(columns, ["timeout_s", "threads"]);
    assert_eq!(sweep.scenarios[2].services["db"].threads.limit(), 8);
    assert_eq!((sweep.title.as_str(), sweep.seed), ("A shop", 5));
    assert!(!sweep.measures.is_empty());
}

#[test]
fn mistakes_are_told_once_and_where_they_were_written() {
    let found = fails(&spec(
        &[
            "services.db.thread=4,6,8",
            "calls.shop->db.timeout=1s,2 weeks,2s",
        ],
        &[],
    ));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("--vary:1:13: S0009 there is no `thread`"),
        "{found:#?}"
    );
    assert!(found[0].contains("did you mean `threads`?"), "{found:#?}");
    assert!(found[0].contains("at all 9 points"), "{found:#?}");
    let found = fails(&spec(
        &[
            "services.db.threads=4,6",
            "calls.shop->db.timeout=1s,2 weeks,2s",
        ],
        &[],
    ));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("--vary:1:27: S0007"), "{found:#?}");
    assert!(
        found[0]
            .ends_with("at 2 of the 6 points, the first of which is threads=4, timeout=2 weeks"),
        "{found:#?}"
    );
}

#[test]
fn samples_are_crossed_with_variants() {
    let mut spec = spec(
        &[
            "services.db.threads=4..64:log",
            "calls.shop->db.timeout=100ms..2s",
        ],
        &["plain:", "patient:calls.shop->db.retry.attempts=5"],
    );
    spec.sample = Some(Sample::Latin(8));
    let sweep = works(&spec);
    assert_eq!(sweep.points.len(), 16);
    assert_eq!(labels(&sweep)[0][1..], labels(&sweep)[8][1..]);
    assert_eq!(sweep.axes[0].name, "variant");
    assert!(sweep.axes[1].log);
}

/// A sweep that is written out and read again: the same points and the same scenarios.
fn goes_round(spec: &Spec, files: &(impl Files + Sync)) -> Sweep {
    let told = |wrong: Unresolved| -> String {
        let lines = wrong
            .diagnostics
            .iter()
            .map(|one| one.concise(&wrong.sources));
        lines.collect::<Vec<_>>().join("\n")
    };
    let sweep = resolve(spec, files).unwrap_or_else(|wrong| panic!("{}", told(wrong)));
    let base = explain::to_ron(&base(spec, files).unwrap());
    let text = to_ron(&sweep, "scenario.ron");
    assert!(is_spec(&text) && !is_spec(&base));
    let beside = [
        ("out/sweep.ron", text.as_str()),
        ("out/scenario.ron", base.as_str()),
    ];
    let read = read_spec("out/sweep.ron", &beside)
        .unwrap_or_else(|wrong| panic!("{}\n{text}", told(wrong)));
    assert!(read.set.is_empty());
    let again = resolve(&read, &beside).unwrap_or_else(|wrong| panic!("{}\n{text}", told(wrong)));
    assert_eq!(again.axes, sweep.axes, "{text}");
    assert_eq!(again.points, sweep.points, "{text}");
    for (a, b) in again.scenarios.iter().zip(&sweep.scenarios) {
        assert_eq!(a, b, "{text}");
    }
    assert_eq!(again.measures, sweep.measures);
    assert_eq!(
        (again.seed, again.windows, &again.title, again.replications),
        (sweep.seed, sweep.windows, &sweep.title, sweep.replications)
    );
    assert_eq!(to_ron(&again, "scenario.ron"), text);
    sweep
}

#[test]
fn what_flags_say_goes_round_through_a_file() {
    let files = [("a.ron", BASE)];
    let mut spec = spec(
        &[
            "calls.\"shop -> db\".timeout=100ms..2s:4:log",
            "size=services.db.threads=8,8,16;services.db.queue.limit=80,160,160",
            "calls.shop->db.retry.backoff=none,constant(\"100ms\"),exponential(base: \"50ms\", jitter: full)",
        ],
        &[
            "plain:",
            "breaker:calls.\"shop -> db\"=[retry(attempts: 3), breaker(), timeout(\"1s\")],title=now, with a breaker",
        ],
    );
    spec.set = vec!["duration=2min".parse().unwrap()];
    spec.seed = Some(17);
    spec.windows = true;
    spec.replications = ReplicationSpec::Until("latency(shoppers, p99):5ms".parse().unwrap());
    let sweep = goes_round(&spec, &files);
    assert_eq!(sweep.points.len(), 2 * 4 * 3 * 3);
    assert_eq!(sweep.scenarios[0].duration.as_secs_f64(), 120.0);
    // The list of the variant is set before what goes into it.
    let last = sweep.scenarios.last().unwrap();
    let policies = format!("{:?}", last.calls["shop -> db"]);
    assert!(
        policies.contains("Breaker") && policies.contains("(2000000000)"),
        "{policies}"
    );
    assert!(policies.contains("50000000"), "{policies}");
    let Replications::Until(precision) = sweep.replications else {
        panic!("until")
    };
    assert_eq!((precision.half_width, precision.relative), (0.005, false));
}

#[test]
fn drawn_points_go_round() {
    for sample in ["lhs:16", "random:16"] {
        let mut spec = spec(
            &[
                "services.db.threads=4..64:log",
                "calls.shop->db.timeout=100ms..2s",
                "workloads.shoppers.rate=100/s..400/s",
                "services.db.queue.limit=10,100,1000",
            ],
            &["plain:", "patient:calls.shop->db.retry.attempts=5"],
        );
        spec.sample = Some(sample.parse().unwrap());
        let sweep = goes_round(&spec, &[("a.ron", BASE)]);
        assert_eq!(sweep.points.len(), 32);
    }
}

#[test]
fn an_axis_more_moves_nobodys_draws() {
    let rates = |vary: &[&str]| -> Vec<String> {
        let mut spec = spec(vary, &[]);
        spec.sample = Some(Sample::Latin(9));
        let sweep = works(&spec);
        let rate = sweep
            .axes
            .iter()
            .position(|axis| axis.name == "rate")
            .unwrap();
        let points = sweep.points.into_iter();
        points
            .map(|point| point.coordinates[rate].label.clone())
            .collect()
    };
    let one = rates(&["workloads.shoppers.rate=100/s..400/s"]);
    let two = rates(&[
        "services.db.threads=4..64",
        "workloads.shoppers.rate=100/s..400/s",
    ]);
    assert_eq!(one, two);
}

#[test]
fn sampled_points_are_stratified_on_every_axis() {
    let mut spec = spec(
        &[
            "calls.shop->db.timeout=100ms..2s:log",
            "workloads.shoppers.rate=100/s..400/s",
        ],
        &[],
    );
    spec.sample = Some(Sample::Latin(50));
    let sweep = works(&spec);
    for (axis, share) in [
        (
            0,
            &(|number: f64| libm::log(number / 0.1) / libm::log(20.0)) as &dyn Fn(f64) -> f64,
        ),
        (1, &|number| (number - 100.0) / 300.0),
    ] {
        let mut strata: Vec<u32> = sweep
            .points
            .iter()
            .map(|point| (share(point.coordinates[axis].number.unwrap()) * 50.0) as u32)
            .collect();
        strata.sort_unstable();
        assert_eq!(strata, (0..50).collect::<Vec<_>>(), "axis {axis}");
    }
}

#[test]
fn shares_lead_to_points() {
    let spec = spec(
        &[
            "services.db.threads=1..10",
            "calls.shop->db.timeout=100ms,200ms",
        ],
        &[],
    );
    let rows = [vec![0.0, 0.0], vec![0.55, 0.5], vec![0.999, 0.999]];
    let sweep = resolve_at(&spec, &rows, &[("a.ron", BASE)]).unwrap();
    assert_eq!(
        labels(&sweep),
        [["1", "100ms"], ["6", "200ms"], ["10", "200ms"]]
    );
}

const FILE: &str = r#"// A comment.
(
    scenario: "../a.ron",
    title: "Backoff under an outage",
    set: { "faults[0].for": "20s" },
    vary: [
        (name: "Backoff kind", path: "calls.\"shop -> db\".retry.backoff", values: {
            "no backoff": none, // at once
            "full jitter": exponential(base: "50ms",
                cap: "2s", jitter: full),
        }),
        (path: "workloads.shoppers.rate", from: "100/s", to: "400/s", steps: 4, scale: log),
        (zip: [(path: "services.db.threads", values: [4, 8]), (path: "services.db.queue.limit", from: 40, to: 80, steps: 2)], labels: ["small", "large"]),
    ],
    variants: { "plain": {}, "breaker": { "calls.\"shop -> db\"": [retry(attempts: 3), breaker, timeout("1s")] } },
    replications: until(measure: "failed_ratio(shoppers)", half_width: "1%", at_least: 5),
    seed: 1, measures: ["failed_ratio(shoppers)", "latency(shoppers, p99)"], windows: true,
)"#;

#[test]
fn reads_a_sweep_file() {
    let files = [("a.ron", BASE), ("sweeps/b.ron", FILE)];
    let spec = read_spec("sweeps/b.ron", &files).unwrap();
    let sweep = goes_round(&spec, &files);
    assert_eq!(sweep.points.len(), 2 * 2 * 4 * 2);
    let columns: Vec<String> = sweep.axes.iter().map(|axis| axis.column()).collect();
    assert_eq!(
        columns,
        ["variant", "backoff_kind", "rate_per_s", "threads_limit"]
    );
    assert_eq!(
        labels(&sweep)[9],
        ["plain", "full jitter", "100/s", "large"]
    );
    assert_eq!(sweep.title, "Backoff under an outage");
    assert_eq!(
        sweep.scenarios[0].faults[0].lasts.unwrap().as_secs_f64(),
        20.0
    );
    let Replications::Until(precision) = sweep.replications else {
        panic!("until")
    };
    assert_eq!((precision.half_width, precision.relative), (0.01, true));
    assert_eq!(
        (precision.least, precision.most, precision.level),
        (5, 200, 0.95)
    );
}

#[test]
fn mistakes_in_a_file_are_told_at_their_places() {
    let file = FILE
        .replace("50ms", "50")
        .replace("services.db.threads", "services.dbb.threads")
        .replace("20s", "soon enough");
    let files = [("a.ron", BASE), ("sweeps/b.ron", file.as_str())];
    let spec = read_spec("sweeps/b.ron", &files).unwrap();
    let shown = |wrong: Unresolved| -> Vec<String> {
        wrong
            .diagnostics
            .iter()
            .map(|one| format!("{} | {}", one.concise(&wrong.sources), one.help.join(" | ")))
            .collect()
    };
    let found = shown(resolve(&spec, &files).unwrap_err());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("sweeps/b.ron:5:30: S0007"),
        "{found:#?}"
    );
    let file = file.replace("soon enough", "20s");
    let files = [("a.ron", BASE), ("sweeps/b.ron", file.as_str())];
    let spec = read_spec("sweeps/b.ron", &files).unwrap();
    let found = shown(resolve(&spec, &files).unwrap_err());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("sweeps/b.ron:13:33: S0009"),
        "{found:#?}"
    );
    assert!(found[0].contains("did you mean `db`"), "{found:#?}");
    let file = file.replace("dbb", "db");
    let files = [("a.ron", BASE), ("sweeps/b.ron", file.as_str())];
    let spec = read_spec("sweeps/b.ron", &files).unwrap();
    let found = shown(resolve(&spec, &files).unwrap_err());
    assert!(found[0].starts_with("sweeps/b.ron:9:"), "{found:#?}");
    assert!(found[0].contains("at 16 of the 32 points"), "{found:#?}");
}

#[test]
fn labels_are_kept_of_points_that_are_listed() {
    let file = r#"(scenario: "a.ron", vary: [(path: "services.db.threads", values: [4, 8]), (path: "seconds", path_: 1)])"#;
    assert!(read_spec("b.ron", &[("b.ron", file)]).is_err());
    let file = r#"(scenario: "a.ron",
        vary: [(path: "services.db.threads", values: [4, 8]), (path: "services.shop.threads", values: {"few": 2, "many": 20})],
        points: [["4", "few"], ["8", "manny"], ["8"]])"#;
    let files = [("a.ron", BASE), ("b.ron", file)];
    let spec = read_spec("b.ron", &files).unwrap();
    let wrong = resolve(&spec, &files).unwrap_err();
    let lines: Vec<String> = wrong
        .diagnostics
        .iter()
        .map(|one| one.concise(&wrong.sources))
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("b.ron:3:32: S0012 there is no `manny`"),
        "{lines:?}"
    );
    let file = file.replace("manny", "many").replace("[\"8\"]", "");
    let files = [("a.ron", BASE), ("b.ron", file.as_str())];
    let spec = read_spec("b.ron", &files).unwrap();
    let sweep = goes_round(&spec, &files);
    assert_eq!(labels(&sweep), [["4", "few"], ["8", "many"]]);
}
