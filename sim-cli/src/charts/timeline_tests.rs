//! What the charts of a run hold, and that all of it can be read and told apart.

use super::beside::{SAMPLES, fitted};
use super::bins::{Bins, largest};
use super::canvas::{Ink, Letters};
use super::figure::RIGHT;
use super::panel::Panel;
use super::plot::legible::assert_legible;
use super::ruler::Ruler;
use super::{charts, palette, sight, timeline};
use crate::fixture::{crowd, retry_storm};
use sim_models::observe::summary::{RunResult, WorkloadSeries, WorkloadSummary};
use std::collections::BTreeMap;

/// Puts a workload of this rate in: from 60 to 120 s this share of its requests fails.
fn add(result: &mut RunResult, name: &str, rate: f64, lost: f64) {
    let windows = result.series.time.len();
    let mut series = result.series.workloads["shoppers"].clone();
    // Whole requests, spread evenly.
    let offered = |n: usize| ((n + 1) as f64 * rate) as u64 - (n as f64 * rate) as u64;
    let failed = |n: usize| match n {
        60..120 => (offered(n) as f64 * lost).round() as u64,
        _ => 0,
    };
    series.offered = (0..windows).map(offered).collect();
    series.ok = (0..windows).map(|n| offered(n) - failed(n)).collect();
    series.failed = BTreeMap::from([("error".into(), (0..windows).map(failed).collect())]);
    series.latency_true_p99 = series.latency_p99.clone();
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    let totals = WorkloadSummary {
        offered: sum(&series.offered),
        ok: sum(&series.ok),
        failed: sum(&series.failed["error"]),
        ..result.summary.workloads["shoppers"].clone()
    };
    let totals = WorkloadSummary {
        unfinished: 0,
        ..totals
    };
    result.series.workloads.insert(name.into(), series);
    result.summary.workloads.insert(name.into(), totals);
}

/// A run with these workloads alone: name, rate per second, share lost.
fn run(workloads: &[(&str, f64, f64)]) -> RunResult {
    let mut result = retry_storm();
    for (name, rate, lost) in workloads {
        add(&mut result, name, *rate, *lost);
    }
    result.series.workloads.remove("shoppers");
    result.summary.workloads.remove("shoppers");
    result
}

fn shop() -> RunResult {
    run(&[
        ("admin", 0.5, 0.0),
        ("browsers", 600.0, 0.0),
        ("buyers", 20.0, 0.3),
    ])
}

/// Ninety requests an hour.
fn rare() -> RunResult {
    let mut result = run(&[("jobs", 1.5, 1.0)]);
    result.series.window_seconds = 60.0;
    for time in &mut result.series.time {
        *time *= 60.0;
    }
    result.summary.simulated_seconds = 18_000.0;
    result.summary.warmup_seconds = 1800.0;
    result
}

fn teams(hurt: &[&str]) -> RunResult {
    let names: Vec<String> = ('a'..='l').map(|c| format!("team-{c}")).collect();
    let workloads: Vec<(&str, f64, f64)> = names
        .iter()
        .map(|name| {
            (
                name.as_str(),
                30.0,
                if hurt.contains(&name.as_str()) {
                    0.5
                } else {
                    0.0
                },
            )
        })
        .collect();
    run(&workloads)
}

/// Nothing is busy, nobody waits and nothing is repeated, on thirteen edges.
fn calm() -> RunResult {
    let mut result = retry_storm();
    for service in result.series.services.values_mut() {
        service.utilization.fill(0.04);
        service.cpu_utilization.fill(0.02);
        service.queue.fill(0.0);
        service.queue_max.fill(0);
        service.failed.fill(0);
        service.rejected.fill(0);
    }
    let mut edge = result.series.edges["web -> orders"].clone();
    edge.attempts = edge.calls.clone();
    edge.call_attempts = edge.calls.clone();
    edge.retries.fill(0);
    edge.failures.fill(0);
    let totals = result.summary.edges["web -> orders"].clone();
    result.series.edges.clear();
    for n in 0..13 {
        let name = format!("checkout-service -> supplier-of-region-{n}");
        result.series.edges.insert(name.clone(), edge.clone());
        result.summary.edges.insert(name, totals.clone());
    }
    result
}

fn all() -> [(&'static str, RunResult); 8] {
    [
        ("storm", retry_storm()),
        ("crowd", crowd()),
        ("shop", shop()),
        ("rare", rare()),
        ("calm", calm()),
        ("a team", teams(&["team-c"])),
        (
            "half",
            teams(&["team-a", "team-b", "team-c", "team-d", "team-e"]),
        ),
        ("unharmed", teams(&[])),
    ]
}

fn panels(result: &RunResult) -> Vec<Panel> {
    let bins = Bins::of(&result.series);
    let panels = timeline::panels(result, &bins);
    panels.into_iter().map(|(panel, _)| panel).collect()
}

fn titles(result: &RunResult) -> Vec<String> {
    panels(result)
        .into_iter()
        .map(|panel| panel.title)
        .collect()
}

fn told(panel: &Panel) -> String {
    let ruler = Ruler::new();
    let letters = Letters::new(12.0, palette::GREY);
    let note = panel.note.clone().unwrap_or_default();
    note.text(&ruler, letters, 2000.0)
}

#[test]
fn each_workload_is_shown_on_its_own_scale_the_most_hurt_first() {
    let panels = panels(&shop());
    let titles: Vec<&str> = panels[..3]
        .iter()
        .map(|panel| panel.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "buyers: requests per second",
            "browsers: requests per second",
            "admin: requests per second"
        ]
    );
    assert_eq!(told(&panels[0]), "360 of 6,000 failed (6.0%); points of 2s");
    assert_eq!(told(&panels[1]), "none of 180,000 failed");
    assert_eq!(told(&panels[2]), "none of 150 failed; points of 5s");
    // What was lost takes a third of the height of its own panel.
    let lost = largest(&panels[0].areas[0].values);
    assert_eq!((lost, largest(&panels[0].lines[0].values)), (6.0, 20.0));
    assert!(panels[1].areas.is_empty() && panels[2].areas.is_empty());
}

#[test]
fn many_workloads_are_folded_without_losing_a_request() {
    let offered = |panels: &[Panel]| -> f64 {
        let rates = panels.iter().map(|panel| largest(&panel.lines[0].values));
        rates.sum()
    };
    let one = panels(&teams(&["team-c"]));
    assert_eq!(one[0].title, "team-c: requests per second");
    assert_eq!(
        one[1].title,
        "11 more workloads together: requests per second"
    );
    assert!(told(&one[1]).starts_with("none of 99,000 failed: team-a, team-b, team-d"));
    assert!(one[2].title.starts_with("Latency"));
    assert_eq!(offered(&one[..2]), 360.0);
    // Those that lost most are among the latencies, too.
    assert!(one[2].lines[0].name.starts_with("team-c p99"));
    assert!(told(&one[2]).starts_with("9 more workloads: "));
    let half = panels(&teams(&["team-a", "team-b", "team-c", "team-d", "team-e"]));
    assert_eq!(
        half[3].title,
        "9 more workloads together: requests per second"
    );
    assert!(told(&half[3]).starts_with("1,800 of 81,000 failed (2.2%): team-d, team-e"));
    let none = panels(&teams(&[]));
    assert_eq!(none[0].title, "12 workloads together: requests per second");
    assert!(none[1].title.starts_with("Latency"));
}

#[test]
fn one_workload_has_the_whole_panel() {
    assert_eq!(
        titles(&retry_storm()),
        [
            "Requests per second: offered, answered usably, and failed by outcome (stacked)",
            "Latency (log scale): solid as monitoring of answers sees it, dashed the truth with \
             failures",
            "Utilisation by service: of threads or of cores, whichever is busier",
            "Requests waiting for a thread by service (square-root scale)",
            "Attempts per call by edge (≤: the most that its policies allow)",
        ]
    );
}

#[test]
fn what_is_flat_is_told_in_a_line() {
    let result = calm();
    let panels = panels(&result);
    let flat: Vec<String> = panels.iter().filter(|p| !p.is_drawn()).map(told).collect();
    assert_eq!(
        flat[0],
        "all 3 services below 10% at every point; most: web, 4%"
    );
    assert_eq!(flat[1], "all 3 services at 0 throughout");
    assert!(
        flat[2].starts_with("13 edges without a retry: checkout-service -> supplier-of-region-0")
    );
    assert_eq!(flat.len(), 3);
    let edges = charts(&result).pop().unwrap();
    assert_eq!(edges.name, "edges");
    assert!(
        edges
            .svg
            .contains("Not shown: 10 edges without a retry or a failure")
    );
    assert!(!edges.svg.contains("1×"));
    // In the storm one queue is; and an edge that nobody may repeat, of which nothing is said.
    let storm = self::panels(&retry_storm());
    assert!(storm.iter().all(Panel::is_drawn));
    let notes: Vec<String> = storm.iter().map(told).filter(|t| !t.is_empty()).collect();
    assert_eq!(notes, ["1 more service below 1 in every window: web"]);
}

#[test]
fn attempts_are_drawn_beside_the_most_that_is_allowed() {
    let storm = panels(&retry_storm());
    let names: Vec<&str> = storm[4]
        .lines
        .iter()
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(names, ["orders -> db ≤3×", "web -> orders ≤4×"]);
}

#[test]
fn few_requests_are_counted_by_the_minute() {
    let panels = panels(&rare());
    let title = "Requests per minute: offered, answered usably, and failed by outcome (stacked)";
    assert_eq!(panels[0].title, title);
    // 1.5 in a window of a minute, points of five minutes: seven or eight requests.
    assert_eq!(largest(&panels[0].lines[0].values), 1.6);
    let svg = timeline::timeline(&rare());
    assert!(svg.contains("\n1h30min\n") && !svg.contains("\n90min\n"));
}

#[test]
fn labels_and_colours_of_a_panel_are_told_apart() {
    let ruler = Ruler::new();
    let letters = Letters::new(12.0, palette::BLACK);
    for (run, result) in all() {
        for panel in panels(&result) {
            let names: Vec<&str> = panel
                .lines
                .iter()
                .map(|line| line.name.as_str())
                .chain(panel.areas.iter().map(|area| area.name.as_str()))
                .collect();
            let texts = fitted(&ruler, &names, letters, RIGHT - SAMPLES);
            for (n, text) in texts.iter().enumerate() {
                assert!(
                    !texts[..n].contains(text),
                    "{run}: {text} twice in {}",
                    panel.title
                );
            }
            let mut inks: Vec<(String, Ink)> = Vec::new();
            let lines = panel.lines.iter().map(|line| (&line.name, line.stroke.ink));
            let areas = panel.areas.iter().map(|area| (&area.name, area.ink));
            for (name, ink) in lines.chain(areas) {
                // Two views of one workload share a colour and differ in their dashes.
                if inks.iter().all(|(_, other)| *other != ink) {
                    inks.push((name.clone(), ink));
                }
            }
            assert_eq!(
                sight::alike(&inks),
                Vec::<String>::new(),
                "{run}: {}",
                panel.title
            );
        }
    }
}

#[test]
fn all_charts_of_all_runs_are_legible() {
    for (_, result) in all() {
        assert_legible(&charts(&result));
    }
}

#[test]
fn a_workload_that_hangs_is_not_taken_for_unharmed() {
    let mut result = teams(&[]);
    let series: &mut WorkloadSeries = result.series.workloads.get_mut("team-g").unwrap();
    series.ok.fill(0);
    let totals = result.summary.workloads.get_mut("team-g").unwrap();
    (totals.unfinished, totals.ok) = (totals.ok, 0);
    let panels = panels(&result);
    assert_eq!(panels[0].title, "team-g: requests per second");
    assert_eq!(
        told(&panels[0]),
        "none of 9,000 failed, 9,000 still open at the end"
    );
}
