use super::*;
use crate::charts::plot::legible::assert_legible;
use crate::charts::sweep::tests::{combinations, plain, seconds, sweep, words};
use sim_models::experiment::tune::{GoalScore, Score};
use sim_models::experiment::tune::{Held, Outcome, Rung};

fn interval(mean: f64, half_width: f64) -> Interval {
    Interval {
        mean,
        low: mean - half_width,
        high: mean + half_width,
        half_width,
        level: 0.95,
        count: 20,
    }
}

fn held(share: f64) -> Held {
    Held {
        count: (share * 20.0) as u64,
        share: interval(share, 0.05),
        mean: Some(interval(1.1, 0.02)),
        missing: 0,
        endless: 0,
        idle: false,
    }
}

fn finalist(point: Option<usize>, goals: &[f64], share: f64) -> Finalist {
    let outcome = |mean: &f64| Outcome {
        mean: mean.is_finite().then(|| interval(*mean, mean * 0.05)),
        lost: 0,
        values: Vec::new(),
    };
    Finalist {
        point,
        alike: Vec::new(),
        goals: goals.iter().map(outcome).collect(),
        constraints: vec![held(share)],
        all: held(share),
        against_present: goals
            .iter()
            .map(|g| Some(interval(-g * 0.2, g * 0.05)))
            .collect(),
        against_winner: vec![None; goals.len()],
    }
}

fn tuned(goals: usize, chosen: Vec<usize>) -> Tuning {
    let varied = [
        seconds("timeout", &[0.05, 0.1, 0.2, 0.5, 1.0]),
        plain("threads", &[8.0, 16.0, 32.0, 64.0]),
        words("jitter", &["none", "full", "decorrelated"]),
    ];
    let points = combinations(&varied);
    let sweep = sweep("tuning", &varied, &points);
    let all = [
        ("latency(shoppers, p99)", false),
        ("goodput(shoppers)", true),
    ];
    let value = |point: usize| {
        let levels = &points[point];
        let latency = 0.05 + 0.1 * (levels[0] as f64 - 1.5).abs() + 0.03 * levels[2] as f64;
        [
            latency,
            900.0 - 400.0 / (1.0 + levels[1] as f64) - 900.0 * (0.4 - latency).max(0.0),
        ]
    };
    let standing = |point: usize| Standing {
        point,
        score: Score {
            unknown: 0.0,
            failing: if point % 7 == 3 { 0.4 } else { 0.0 },
            excess: 0.0,
            goals: value(point)[..goals]
                .iter()
                .map(|mean| GoalScore {
                    lost: 0.0,
                    mean: *mean,
                })
                .collect(),
        },
    };
    let elsewhere = |name: &str, verdict| Elsewhere {
        name: name.into(),
        present: finalist(None, &[0.3, 700.0][..goals], 0.8),
        chosen: finalist(Some(12), &[0.2, 800.0][..goals], 1.0),
        verdict,
    };
    let mut finalists: Vec<Finalist> = [12, 15, 18, 24]
        .iter()
        .map(|point| finalist(Some(*point), &value(*point)[..goals], 1.0))
        .collect();
    finalists.push(finalist(None, &[0.4, 600.0][..goals], 0.5));
    Tuning {
        axes: sweep.axes.clone(),
        points: sweep.points.clone(),
        goals: all[..goals]
            .iter()
            .map(|(measure, maximise)| Goal {
                measure: measure.parse().unwrap(),
                maximise: *maximise,
            })
            .collect(),
        constraints: vec!["amplification(shop -> db) < 1.2".parse().unwrap()],
        share: 0.95,
        rungs: vec![Rung {
            replications: 4,
            standings: (0..points.len()).map(standing).collect(),
            kept: 4,
            runs: 240,
        }],
        finalists,
        used: chosen.first().copied(),
        chosen,
        ends: Vec::new(),
        present: None,
        outage: true,
        elsewhere: vec![
            elsewhere("load x 1.2", Transfer::Better),
            elsewhere("without slow database", Transfer::Worse),
        ],
        seed: 1,
        fresh_seed: 101,
        runs: 400,
    }
}

/// Charts of made-up tunings.
pub fn examples() -> Vec<(String, Vec<Chart>)> {
    let kinds = [
        ("one-goal", tuned(1, vec![0])),
        ("front", tuned(2, vec![0, 1, 2])),
    ];
    let mut drawn: Vec<_> = kinds
        .iter()
        .map(|(name, tuning)| ((*name).to_owned(), charts(tuning)))
        .collect();
    drawn.push(("nobody".to_owned(), charts(&tuned(2, Vec::new()))));
    drawn
}

#[test]
fn what_changes_nothing_is_no_best_and_the_present_setting_is_named_once() {
    let mut tuning = tuned(1, vec![0]);
    for one in &mut tuning.finalists {
        one.all = held(1.0);
        one.against_present = vec![Some(interval(0.0, 0.1))];
    }
    let title = "<title>Nothing that was tried was shown to be better than the present setting";
    assert!(charts(&tuning)[0].svg.contains(title));
    let mut front = tuned(2, vec![0, 1, 2]);
    let labels = |tuning: &Tuning| charts(tuning)[0].svg.matches("present setting").count();
    let without = labels(&front);
    front.present = Some(12);
    let charts = charts(&front);
    assert_legible(&charts);
    assert_eq!(
        front.shown().count(),
        4,
        "three, and the present one by its name"
    );
    assert!(charts[0].svg.contains("(present setting)"));
    assert!(without > 0);
    let candidates = charts.last().unwrap();
    assert!(candidates.svg.contains("finalists are thick"));
    assert!(!candidates.svg.contains("five best") && !candidates.svg.contains("whiskers"));
}

/// Runners-up that look better under the fresh seeds do not make a winner of the one that came first.
#[test]
fn a_winner_without_a_difference_is_no_best() {
    let mut tuning = tuned(1, vec![0]);
    for one in &mut tuning.finalists {
        one.all = held(1.0);
    }
    tuning.finalists[0].against_present = vec![Some(interval(0.0, 0.1))];
    assert!(tuning.improvable());
    let title = "<title>Nothing that was tried was shown to be better than the present setting";
    assert!(charts(&tuning)[0].svg.contains(title));
    let text = crate::output::tuning::render(&tuning, 0, "", crate::output::style::Style::PLAIN);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.starts_with("Nothing that was tried was shown"),
        "{text}"
    );
    assert!(
        flat.contains("3 of 3 runners-up did better, each by itself")
            && !flat.contains("gives the lowest"),
        "{text}"
    );
    assert!(!flat.contains("To use"), "{text}");
}

/// With several goals, too, nobody is first that was not shown to be better in one of them and worse in none.
#[test]
fn a_front_without_a_difference_is_no_best() {
    let said = |against: [(f64, f64); 2], chosen: Vec<usize>| {
        let mut tuning = tuned(2, chosen);
        for one in &mut tuning.finalists {
            one.all = held(1.0);
            let each = against
                .iter()
                .map(|(mean, half)| Some(interval(*mean, *half)));
            one.against_present = each.collect();
        }
        let plain = crate::output::style::Style::PLAIN;
        let text = crate::output::tuning::render(&tuning, 0, "", plain);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // Latency should fall, and goodput rise.
    for chosen in [vec![0], vec![0, 1, 2]] {
        let text = said([(-0.01, 0.1), (3.0, 50.0)], chosen);
        assert!(
            text.starts_with("Nothing that was tried was shown"),
            "{text}"
        );
        assert!(
            !text.contains("gives the") && !text.contains("To use"),
            "{text}"
        );
        assert!(!text.contains("trade"), "{text}");
    }
    let traded = said([(-0.3, 0.1), (-90.0, 50.0)], vec![0]);
    assert!(
        traded.starts_with("Nothing that was tried was shown"),
        "{traded}"
    );
    assert!(
        traded.contains("better in a goal, and worse in another"),
        "{traded}"
    );
    let better = said([(-0.3, 0.1), (3.0, 50.0)], vec![0]);
    assert!(better.contains("gives the lowest"), "{better}");
    assert!(better.contains("It beats the present setting"), "{better}");
}

/// A setting under which every run was refuted is not better than one that was not judged.
#[test]
fn nothing_ranks_against_what_was_not_judged() {
    let said = |reached: f64, lost: f64| {
        let mut tuning = tuned(1, vec![0]);
        tuning.goals[0] = Goal {
            measure: "held".parse().unwrap(),
            maximise: true,
        };
        for one in &mut tuning.finalists {
            one.all = held(1.0);
            one.goals[0].mean = Some(interval(reached, 0.0));
            one.against_present = vec![None];
        }
        tuning.finalists.last_mut().unwrap().goals[0].lost = 10;
        tuning.rungs[0].standings[1].score.goals[0].lost = lost;
        assert!(
            !tuning.improves(&tuning.finalists[0]),
            "that is no improvement"
        );
        let plain = crate::output::style::Style::PLAIN;
        let text = crate::output::tuning::render(&tuning, 0, "", plain);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = said(0.0, 1.0);
    assert!(
        text.starts_with("No setting can be said to hold most often"),
        "{text}"
    );
    assert!(text.contains("The runs must last longer"), "{text}");
    assert!(!text.contains("To use"), "{text}");
    for known in [said(0.0, 0.0), said(1.0, 1.0)] {
        assert!(!known.contains("must last longer"), "{known}");
    }
}

/// What a dropped setting seems to beat in all goals is not offered, and said to be.
#[test]
fn what_seems_beaten_is_not_offered() {
    let mut tuning = tuned(2, vec![0, 1, 2]);
    let said = |tuning: &Tuning| {
        let plain = crate::output::style::Style::PLAIN;
        let text = crate::output::tuning::render(tuning, 0, "", plain);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let offers = |text: &str| text.matches("Or timeout=").count();
    tuning.finalists[1] = finalist(Some(15), &[9.0, 10.0], 1.0);
    let text = said(&tuning);
    assert_eq!(offers(&text), 1, "{text}");
    assert!(
        text.contains("is on the front, too, but timeout="),
        "{text}"
    );
    assert!(text.contains("which was dropped after 4 runs, looked better in all goals"));
}

/// What was dropped after few runs is told from what was confirmed.
#[test]
fn what_was_not_confirmed_is_drawn_as_such() {
    let svg = charts(&tuned(2, vec![0, 1, 2])).swap_remove(0).svg;
    assert!(svg.contains("not confirmed: fewer runs, other seeds"));
}

#[test]
fn tunings_are_legible_and_name_the_winner() {
    for (name, charts) in examples() {
        assert_legible(&charts);
        let first = &charts[0];
        assert_eq!(
            first.name,
            if name == "one-goal" {
                "finalists"
            } else {
                "pareto"
            }
        );
        let said = match name.as_str() {
            "one-goal" => {
                "<title>Best: timeout = 100ms, threads = 8, jitter = none gives p99 latency"
            }
            "front" => "<title>The compromise of 3 on the front: timeout = 100ms",
            _ => "<title>No setting meets all constraints",
        };
        assert!(first.svg.contains(said), "{name}");
    }
}
