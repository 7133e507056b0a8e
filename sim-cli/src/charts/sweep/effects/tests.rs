//! What is said of sweeps whose effects are known, and of sweeps without any.

use super::super::Grid;
use super::super::tests::{combinations, plain, sweep, words};
use super::super::values::measured;
use super::*;
use sim_core::random::{Seed, Source};

const JITTERS: [&str; 3] = ["none", "full", "equal"];
const BACKOFFS: [&str; 3] = ["constant", "linear", "exponential"];

/// What is said of a failed ratio by backoff, jitter and threads, in `runs` replications whose luck is
/// the same at all points but for a little.
fn said(runs: usize, value: impl Fn(usize, usize, usize) -> f64) -> String {
    told(runs, |point, [backoff, jitter, threads], run| {
        let little = (point * 31 + run * 7919) % 101;
        let luck = 0.02 * (run % 5) as f64 + 0.004 * (little as f64 / 101.0 - 0.5);
        value(backoff, jitter, threads) + luck
    })
}

/// The same by backoff, jitter and replication, with no luck but that of `value`: threads do nothing.
fn without_luck_between(runs: usize, value: impl Fn(usize, usize, usize) -> f64) -> String {
    told(runs, |_, [backoff, jitter, _], run| {
        value(backoff, jitter, run)
    })
}

/// The same by point, its levels and replication.
fn told(runs: usize, value: impl Fn(usize, [usize; 3], usize) -> f64) -> String {
    let varied = [
        words("backoff", &BACKOFFS),
        words("jitter", &JITTERS),
        plain("threads", &[8.0, 16.0]),
    ];
    let points = combinations(&varied);
    let sweep = sweep("effects", &varied, &points);
    let run = |point: usize| -> Vec<Option<f64>> {
        let levels: [usize; 3] = points[point][..].try_into().unwrap();
        (0..runs)
            .map(|run| Some(value(point, levels, run)))
            .collect()
    };
    let runs: Vec<Vec<Option<f64>>> = (0..points.len()).map(run).collect();
    let column = Column {
        name: "failed".into(),
        measured: measured(&"failed_ratio(shoppers)".parse().unwrap(), None),
        rank: 0,
        values: (0..points.len())
            .map(|point| runs[point][0].map(crate::charts::plot::data::Estimate::exact))
            .collect(),
        runs,
    };
    let grid = Grid::of(&sweep.axes, &sweep.points);
    let columns = [column];
    effects(&grid, &columns[0], &families(&grid, &columns)[0]).join(" ")
}

#[test]
fn a_parameter_that_matters_at_one_level_of_another_is_told_of() {
    let text = said(10, |backoff, jitter, _| {
        if backoff == 0 && jitter == 0 {
            0.6
        } else {
            0.1
        }
    });
    // Which of the two is said to matter only with the other is a matter of order: both are true.
    assert!(
        text.contains("matters only with jitter = none: it moves it from 64")
            || text.contains("matters only with backoff = constant: it moves it from 64"),
        "{text}"
    );
    assert!(text.contains("no effect of threads was found"), "{text}");
}

#[test]
fn what_changes_nothing_matters_nowhere() {
    // Whatever the number of replications, threads are in no run.
    for runs in [1, 2, 3, 10] {
        let text = without_luck_between(runs, |backoff, jitter, run| {
            0.1 + 0.05 * backoff as f64 + 0.01 * (jitter * (run % 3)) as f64
        });
        assert!(
            text.contains("threads changes nothing in any run"),
            "{text}"
        );
        for word in ["only", "= :", "threads matters", "effect of threads"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn few_replications_of_one_kind_are_told_and_not_called_no_effect() {
    // From 0.5 down by 0.2 and by 0.22: t = 21 with one degree of freedom, p = 0.03, is a matter of
    // luck among three pairs of levels.
    let value = |backoff: usize, _: usize, run: usize| {
        0.5 - 0.1 * backoff as f64 * (1.0 + 0.1 * (run % 2) as f64)
    };
    let text = without_luck_between(2, value);
    assert!(
        text.contains(
            "backoff moves it from 50.0% to 29.0% in each of 2 replications (too few to be sure, "
        ) && text.contains(" would be enough if it goes on so)"),
        "{text}"
    );
    assert!(!text.contains("effect of backoff"), "{text}");
    // With more that go the same way it is sure.
    let text = without_luck_between(4, value);
    assert!(text.contains("backoff moves it most, from"), "{text}");
}

#[test]
fn a_sum_has_no_interaction_and_the_stronger_is_named() {
    let text = said(10, |backoff, jitter, threads| {
        0.1 * backoff as f64 + 0.03 * jitter as f64 + 0.01 * threads as f64
    });
    assert!(
        text.starts_with("Averaged over the rest, backoff moves it most, from "),
        "{text}"
    );
    assert!(
        !text.contains("only") && !text.contains("depends"),
        "{text}"
    );
}

#[test]
fn equals_are_not_ranked() {
    let text = said(10, |backoff, jitter, _| 0.1 * (backoff + jitter) as f64);
    assert!(
        text.contains("which of the first two moves it more is not clear"),
        "{text}"
    );
}

#[test]
fn what_turns_round_is_told_of() {
    let text = said(10, |backoff, jitter, _| {
        let way = if backoff == 0 { 0.1 } else { -0.1 };
        0.4 + way * jitter as f64
    });
    assert!(text.contains("works both ways"), "{text}");
}

#[test]
fn luck_and_single_runs_prove_nothing() {
    let text = said(10, |_, _, _| 0.3);
    for name in ["backoff", "jitter", "threads"] {
        assert!(
            text.contains(&format!("no effect of {name} was found")),
            "{text}"
        );
    }
    let text = said(1, |backoff, jitter, _| {
        0.1 * backoff as f64 + 0.02 * jitter as f64
    });
    for word in ["only", "most", "no effect", "depends"] {
        assert!(!text.contains(word), "{text}");
    }
}

/// A measure of luck alone: by point and replication, with a part that all points share.
fn of_luck(name: usize, points: usize, runs: usize, luck: &mut impl Source) -> Column {
    let shared: Vec<f64> = (0..runs).map(|_| luck.uniform()).collect();
    let mut one = |shared: &f64| {
        let own = luck.uniform() + luck.uniform() + luck.uniform();
        Some(0.2 + 0.1 * shared + 0.02 * own)
    };
    let runs: Vec<Vec<Option<f64>>> = (0..points)
        .map(|_| shared.iter().map(&mut one).collect())
        .collect();
    let mean = |runs: &Vec<Option<f64>>| runs.iter().flatten().sum::<f64>() / runs.len() as f64;
    let estimate = |runs| Some(crate::charts::plot::data::Estimate::exact(mean(runs)));
    Column {
        name: format!("failed-{name}"),
        measured: measured(&"failed_ratio(shoppers)".parse().unwrap(), None),
        rank: 0,
        values: runs.iter().map(estimate).collect(),
        runs,
    }
}

/// Sweeps in which nothing does anything: of one in twenty at most anything is said to, whatever the number
/// of levels, measures and replications. 200 sweeps each; three standard errors of 5 % are 4.6 %.
#[test]
fn of_luck_nothing_is_claimed() {
    let varied = [
        plain("at", &[20.0, 30.0, 40.0, 50.0, 60.0, 70.0]),
        words("order", &["work first", "wait first"]),
    ];
    let points = combinations(&varied);
    let sweep = sweep("luck", &varied, &points);
    let grid = Grid::of(&sweep.axes, &sweep.points);
    for runs in [2, 3, 10] {
        let mut wrong = Vec::new();
        for seed in 0..200 {
            let mut luck = Seed(seed).stream("test", "null sweeps");
            let columns: Vec<Column> = (0..4)
                .map(|name| of_luck(name, points.len(), runs, &mut luck))
                .collect();
            let families = families(&grid, &columns);
            let all = columns.iter().zip(&families);
            let told: Vec<String> = all
                .flat_map(|(column, family)| effects(&grid, column, family))
                .collect();
            // Neither that so few cannot tell nor that nothing was found is a claim.
            let nothing = |part: &str| {
                let few = part.contains("are too few to tell what ");
                few || part.starts_with("no effect of ") || part.starts_with("and it is ")
            };
            let claim = |text: &&String| {
                let parts = text.strip_prefix("Averaged over the rest, ");
                parts.is_none_or(|parts| !parts.split(", ").all(nothing))
            };
            wrong.extend(told.iter().find(claim).cloned());
        }
        assert!(
            wrong.len() <= 19,
            "{runs}: {} such as {:?}",
            wrong.len(),
            wrong.first()
        );
    }
}

#[test]
fn what_matters_elsewhere_too_does_not_matter_only_there() {
    // A twentieth of the effect, and as sure: threads of 16 do something in every one of ten runs.
    let text = told(10, |_, [_, jitter, threads], run| {
        let size = if jitter == 0 { 0.2 } else { 0.01 };
        let luck = 0.002 * ((run * 7919 + jitter * 31) % 5) as f64;
        0.1 + threads as f64 * (size + luck)
    });
    assert!(
        text.contains("threads does ten times as much or more with jitter = none"),
        "{text}"
    );
    assert!(
        !text.contains("only") && text.contains(" points."),
        "{text}"
    );
}

#[test]
fn what_the_digits_do_not_show_is_no_finding() {
    let text = told(10, |_, [backoff, jitter, _], run| {
        0.5 + 0.1 * backoff as f64 + 1e-5 * jitter as f64 + 0.01 * (run % 3) as f64
    });
    assert!(
        text.contains("what jitter does is less than these digits show"),
        "{text}"
    );
    assert!(!text.contains("from 60.0% to 60.0%"), "{text}");
}

/// A plain effect in each of two replications, which no test of two can prove: it is not denied. With many
/// replications of little luck, that nothing was found says how much it may be.
#[test]
fn what_so_few_replications_cannot_show_is_not_denied() {
    for runs in [2, 3] {
        let text = told(runs, |_, [backoff, _, threads], run| {
            0.5 + 0.1 * backoff as f64 - 0.08 * threads as f64 * (1.0 + run as f64)
        });
        assert!(!text.contains("no effect of threads"), "{runs}: {text}");
    }
    let text = told(30, |point, [backoff, _, _], run| {
        let luck = 0.001 * ((run * 7919 + point * 31) % 7) as f64;
        0.5 + 0.1 * backoff as f64 + luck
    });
    assert!(
        text.contains("no effect of threads was found, and it is "),
        "{text}"
    );
}
