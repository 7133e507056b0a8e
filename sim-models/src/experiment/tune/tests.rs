use super::elsewhere::{Other, changed};
use super::halving::Halving;
use super::rank::Judge;
use super::*;
use crate::experiment::space::Coordinate;
use crate::experiment::space::{Axis, Point};
use crate::experiment::sweep::{Record, Replications, Row, Sweep};
use crate::input::load;
use crate::observe::conclusion::StoppedBy;
use crate::scenario::Scenario;
use std::convert::Infallible;

const SCENARIO: &str = r#"(
    duration: "10s",
    services: { "db": (endpoints: { "get": [work("1ms")] }) },
    workloads: { "users": open(rate: "100/s", to: "db/get") },
    faults: [(name: "slow db", at: "5s", for: "1s", inject: slow(service: "db", factor: 2))],
)"#;

fn scenario(title: &str) -> Scenario {
    let mut scenario = load("s.ron", &[("s.ron", SCENARIO)], &[]).scenario.unwrap();
    scenario.title = Some(title.into());
    scenario
}

fn question(maximise: &[&str], constraints: &[&str]) -> Question {
    let goals = ["latency(users, p99)"].iter().map(|goal| (goal, false));
    let goals = goals.chain(maximise.iter().map(|goal| (goal, true)));
    Question {
        goals: goals
            .map(|(measure, maximise)| Goal {
                measure: measure.parse().unwrap(),
                maximise,
            })
            .collect(),
        constraints: constraints
            .iter()
            .map(|check| check.parse().unwrap())
            .collect(),
        share: 0.9,
        halving: Halving {
            first: 2,
            eta: 3,
            finalists: 3,
        },
        confirm: 20,
        level: 0.95,
    }
}

/// A sweep over `count` candidates, whose number is in their scenario's title.
fn sweep(question: &Question, count: usize) -> Sweep {
    let point = |number: usize| Point {
        coordinates: vec![Coordinate {
            label: number.to_string(),
            number: Some(number as f64),
        }],
        set: Vec::new(),
    };
    let mut measures = question.measures();
    measures.dedup();
    Sweep {
        title: String::new(),
        axes: vec![Axis {
            name: "n".into(),
            ..Axis::default()
        }],
        points: (0..count).map(point).collect(),
        scenarios: (0..count)
            .map(|number| scenario(&number.to_string()))
            .collect(),
        measures,
        seed: 100,
        replications: Replications::Fixed(1),
        windows: false,
    }
}

/// Runs that yield what `value(title, seed)` says; notes the seeds and how many points each stage had.
fn fake<'a>(
    value: impl Fn(&str, u64) -> Vec<Option<f64>> + 'a,
    stages: &'a mut Vec<(usize, u64, u64)>,
) -> impl FnMut(&Sweep, &str) -> Result<Vec<Row>, Infallible> + 'a {
    move |sweep, _| {
        let Replications::Fixed(count) = sweep.replications else {
            unreachable!("rounds have a fixed number of replications")
        };
        stages.push((
            sweep.points.len(),
            sweep.seed,
            sweep.seed + u64::from(count),
        ));
        let runs = (0..sweep.points.len() as u32)
            .flat_map(|point| (0..count).map(move |replication| (point, replication)));
        let records = runs.map(|(point, replication)| {
            let seed = sweep.seed + u64::from(replication);
            let title = sweep.scenarios[point as usize]
                .title
                .clone()
                .unwrap_or_default();
            Row::from(Record {
                point,
                replication,
                seed,
                digest: 0,
                events: 0,
                stopped_by: StoppedBy::End,
                verdict: crate::observe::conclusion::Conclusion::NoHypothesis,
                values: value(&title, seed),
                windows: Vec::new(),
            })
        });
        Ok(records.collect())
    }
}

/// Luck that all settings share: what paired differences take out.
fn luck(seed: u64) -> f64 {
    (seed * 7 % 11) as f64
}

#[test]
fn the_best_is_found_confirmed_on_fresh_seeds_and_cheap() {
    let question = question(&[], &[]);
    let sweep = sweep(&question, 30);
    let mut stages = Vec::new();
    let value = |title: &str, seed| {
        let distance = title
            .parse::<f64>()
            .map_or(25.0, |number| (number - 17.0).abs());
        vec![Some(distance + luck(seed))]
    };
    let found = tune(
        &question,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    // 30, then 10, then 4 candidates, which the last rung keeps at 3; 2, 6, 18, 54 replications.
    let sizes: Vec<usize> = found
        .rungs
        .iter()
        .map(|rung| rung.standings.len())
        .collect();
    assert_eq!(sizes, [30, 10, 4, 3]);
    let winner = &found.finalists[found.chosen[0]];
    assert_eq!(winner.point, Some(17));
    // Paired: the difference is exact although the luck of a run is up to 10.
    let difference = winner.against_present[0].unwrap();
    assert_eq!((difference.mean, difference.half_width), (-25.0, 0.0));
    // Nobody is confirmed under a seed that chose it, and no run is asked for twice.
    let (confirmed, rungs) = stages.split_last().unwrap();
    assert_eq!(*confirmed, (4, found.fresh_seed, found.fresh_seed + 20));
    assert!(rungs.iter().all(|(.., end)| *end <= found.fresh_seed));
    assert!(rungs.windows(2).all(|pair| pair[0].2 == pair[1].1));
    let runs: u64 = stages
        .iter()
        .map(|(points, from, to)| *points as u64 * (to - from))
        .sum();
    assert_eq!(found.runs, runs);
}

#[test]
fn constraints_come_first_and_a_run_that_never_recovers_breaks_them() {
    let question = question(&[], &["unfinished(users) < 5"]);
    let sweep = sweep(&question, 10);
    // The faster, the more is left over: from 5 on it holds. One never ends.
    let value = |title: &str, seed: u64| {
        let number = title.parse().unwrap_or(8.0);
        let left = if number == 5.0 && seed.is_multiple_of(2) {
            f64::INFINITY
        } else {
            9.0 - number
        };
        vec![Some(number), Some(left)]
    };
    let mut stages = Vec::new();
    let found = tune(
        &question,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    let winner = &found.finalists[found.chosen[0]];
    assert_eq!(
        winner.point,
        Some(6),
        "the fastest of those that hold in all runs"
    );
    assert_eq!((winner.all.count, winner.all.share.count), (20, 20));
}

#[test]
fn where_nothing_holds_the_nearest_comes_first_and_nobody_is_chosen() {
    let question = question(&[], &["unfinished(users) < 5"]);
    let sweep = sweep(&question, 10);
    let value = |title: &str, _| {
        let number: f64 = title.parse().unwrap_or(8.0);
        vec![Some(1.0), Some(6.0 + (number - 4.0).abs())]
    };
    let mut stages = Vec::new();
    let found = tune(
        &question,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    assert_eq!(found.chosen, [] as [usize; 0]);
    assert_eq!(found.finalists[0].point, Some(4));
    assert_eq!(found.elsewhere, []);
}

#[test]
fn several_goals_give_a_front() {
    let question = question(&["goodput(users)"], &[]);
    let sweep = sweep(&question, 9);
    // Slower is more, but for 3, which is slow for nothing, and 5, which is beaten by 4.
    let value = |title: &str, seed| {
        let number: f64 = title.parse().unwrap_or(3.0);
        let goodput = if [3.0, 5.0].contains(&number) {
            0.5
        } else {
            number
        };
        vec![Some(number + luck(seed)), Some(goodput)]
    };
    let wide = Question {
        halving: Halving {
            finalists: 9,
            ..question.halving
        },
        ..question
    };
    let mut stages = Vec::new();
    let found = tune(
        &wide,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    let front: Vec<usize> = found
        .chosen
        .iter()
        .filter_map(|place| found.finalists[*place].point)
        .collect();
    assert_eq!(front, [0, 1, 2, 4, 6, 7, 8]);
    // Half of the way in either goal.
    let used = found.used.map(|place| found.finalists[place].point);
    assert_eq!(used, Some(Some(4)));
    assert_eq!(found.ends, []);
}

#[test]
fn a_front_has_no_twins_and_keeps_its_middle() {
    let question = question(&["goodput(users)"], &[]);
    let sweep = sweep(&question, 22);
    // Each comes twice, and only five may be left: both ends, the middle, and two more.
    let value = |title: &str, seed| {
        let number: f64 = title.parse().unwrap_or(3.0);
        let half = (number / 2.0).floor();
        vec![Some(half + luck(seed)), Some(half)]
    };
    let few = Question {
        halving: Halving {
            finalists: 5,
            ..question.halving
        },
        ..question
    };
    let mut stages = Vec::new();
    let found = tune(
        &few,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    assert_eq!(found.chosen.len(), 5);
    let points: Vec<usize> = found
        .chosen
        .iter()
        .filter_map(|place| found.finalists[*place].point)
        .collect();
    for end in [0, 10, 20] {
        assert!(points.contains(&end), "{points:?}");
    }
    for place in &found.chosen {
        let one = &found.finalists[*place];
        assert_eq!(one.alike, [one.point.unwrap() + 1]);
    }
    let used = found.used.map(|place| found.finalists[place].point);
    assert_eq!(used, Some(Some(10)));
}

#[test]
fn finalists_that_luck_alone_tells_apart_are_one() {
    let question = question(&["goodput(users)"], &[]);
    let sweep = sweep(&question, 3);
    // The first two differ by what each seed brings, one this way, one that; the third is another matter.
    let value = |title: &str, seed: u64| {
        let number: f64 = title.parse().unwrap_or(3.0);
        let swing = if (seed + number as u64).is_multiple_of(2) {
            0.3
        } else {
            -0.3
        };
        let base = if number < 2.0 { 1.0 } else { 9.0 };
        let lead = if number == 1.0 { 0.001 } else { 0.0 };
        vec![Some(base + swing + lead), Some(base - swing + lead)]
    };
    let mut stages = Vec::new();
    let found = tune(
        &question,
        &sweep,
        &scenario("now"),
        &[],
        fake(value, &mut stages),
    )
    .unwrap();
    assert_eq!(found.chosen.len(), 2, "{:?}", found.chosen);
    let first = &found.finalists[found.chosen[0]];
    assert_eq!((first.point, &first.alike[..]), (Some(0), &[1][..]));
}

#[test]
fn a_winner_at_an_end_is_known_unless_that_makes_no_difference() {
    let question = question(&[], &[]);
    for (value, ends) in [
        // The less the better, up to the end.
        ((|number| number) as fn(f64) -> f64, vec![(0, false)]),
        (|number| (number - 2.0).abs(), vec![]),
        (|number| 5.0 - number, vec![(0, true)]),
        (|_| 1.0, vec![]),
    ] {
        let sweep = sweep(&question, 6);
        let mut stages = Vec::new();
        let run = |title: &str, _| vec![Some(value(title.parse().unwrap_or(3.0)))];
        let found = tune(
            &question,
            &sweep,
            &scenario("now"),
            &[],
            fake(run, &mut stages),
        )
        .unwrap();
        let told: Vec<(usize, bool)> = found.ends.iter().map(|end| (end.axis, end.upper)).collect();
        assert_eq!(told, ends);
        assert!(found.outage);
    }
}

#[test]
fn a_setting_that_fits_one_outage_only_is_told_of() {
    let question = question(&[], &["unfinished(users) < 5"]);
    let sweep = sweep(&question, 6);
    let other = Other {
        name: "another outage".into(),
        present: scenario("there now"),
        candidates: (0..6)
            .map(|number| scenario(&format!("there {number}")))
            .collect(),
    };
    let same = Other {
        name: "no matter".into(),
        ..other.clone()
    };
    let none = Other {
        present: scenario("none now"),
        candidates: (0..6)
            .map(|number| scenario(&format!("none {number}")))
            .collect(),
        name: "without it".into(),
    };
    let value = |title: &str, seed| {
        let last = title.rsplit(' ').next().unwrap();
        let number = last.parse().unwrap_or(9.0);
        match title.split_once(' ') {
            Some(("none", _)) => vec![Some(number + luck(seed)), None],
            Some(_) => vec![Some(20.0 - number + luck(seed)), Some(0.0)],
            None => vec![Some(number + luck(seed)), Some(0.0)],
        }
    };
    let mut stages = Vec::new();
    let others = [other, same, none];
    let found = tune(
        &question,
        &sweep,
        &scenario("now"),
        &others,
        fake(value, &mut stages),
    )
    .unwrap();
    assert_eq!(found.finalists[found.chosen[0]].point, Some(0));
    let verdicts: Vec<Transfer> = found.elsewhere.iter().map(|other| other.verdict).collect();
    assert_eq!(
        verdicts,
        [Transfer::Worse, Transfer::Worse, Transfer::Better]
    );
    assert!(found.elsewhere[2].chosen.constraints[0].idle);
}

/// "Same" is said only where no difference as large as matters is left: a hundredth of the goal.
#[test]
fn what_was_not_told_apart_is_not_the_same() {
    let question = question(&[], &[]);
    let sweep = sweep(&question, 6);
    let other = |name: &str| Other {
        name: name.into(),
        present: scenario(&format!("{name} now")),
        candidates: (0..6)
            .map(|number| scenario(&format!("{name} {number}")))
            .collect(),
    };
    let value = |title: &str, seed: u64| {
        // Of the chosen setting against the present one: none, up to 0.1 of 100, and up to 10 of 100.
        let (place, setting) = title.split_once(' ').unwrap_or(("here", title));
        let way = if setting == "now" {
            0.0
        } else {
            (seed % 3) as f64 - 1.0
        };
        vec![Some(match place {
            "equal" => 100.0 + luck(seed),
            "close" => 100.0 + luck(seed) + 0.1 * way,
            "wide" => 100.0 + luck(seed) + 10.0 * way,
            _ => setting.parse().unwrap_or(9.0) + luck(seed),
        })]
    };
    let mut stages = Vec::new();
    let others = ["equal", "close", "wide"].map(other);
    let run = fake(value, &mut stages);
    let found = tune(&question, &sweep, &scenario("here now"), &others, run).unwrap();
    let verdicts: Vec<Transfer> = found.elsewhere.iter().map(|other| other.verdict).collect();
    assert_eq!(verdicts, [Transfer::Same, Transfer::Same, Transfer::Open]);
}

/// What has no value was not broken.
#[test]
fn what_could_not_be_measured_is_told_from_what_broke() {
    let question = question(&[], &["recovery_time < 10s"]);
    let sweep = sweep(&question, 3);
    let value = |title: &str, seed| {
        let recovery = [None, Some(20.0), Some(5.0)];
        let number: usize = title.parse().unwrap_or(1);
        vec![Some(luck(seed)), recovery[number]]
    };
    let mut stages = Vec::new();
    let run = fake(value, &mut stages);
    let found = tune(&question, &sweep, &scenario("now"), &[], run).unwrap();
    let unknown = |point: usize| {
        let mut all = found.rungs[0].standings.iter();
        all.find(|one| one.point == point).unwrap().score.unknown
    };
    assert_eq!([0, 1, 2].map(unknown), [1.0, 0.0, 0.0]);
    let missing = found.finalists.iter().map(|one| one.constraints[0].missing);
    assert_eq!(missing.max(), Some(20));
}

#[test]
fn scores_put_failures_before_means() {
    let question = question(&[], &["unfinished(users) < 5"]);
    let judge = Judge {
        goals: &question.goals,
        constraints: &question.constraints,
        share: 0.5,
    };
    let run = |goal: f64, left: f64| vec![Some(goal), Some(left)];
    let scores = [
        judge.score(&[run(1.0, 6.0), run(1.0, 6.0)]),
        judge.score(&[run(9.0, 1.0), run(9.0, 6.0)]),
        judge.score(&[run(8.0, 1.0), run(8.0, f64::INFINITY)]),
        judge.score(&[run(2.0, 5.0), run(2.0, 5.0)]),
        judge.score(&[vec![None, Some(1.0)], run(0.0, 1.0)]),
        judge.score(&[run(8.0, 1.0), run(8.0, 1.0)]),
    ];
    // Half of the runs may fail; of equal ones the lower number; a lost value is worse than a high one; of
    // those that fail the one that is nearer to the limit.
    assert_eq!(judge.rank(&scores), [2, 5, 1, 4, 3, 0]);
}

#[test]
fn a_scenario_is_changed_in_general_ways() {
    let base = scenario("now");
    let others = changed(&base, &[scenario("a"), scenario("b")]);
    let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
    assert_eq!(names, ["20% less load", "20% more load", "without slow db"]);
    assert!(others.iter().all(|other| other.candidates.len() == 2));
    assert!(others[2].candidates[1].faults.is_empty() && others[1].present.faults.len() == 1);
    let rate = |scenario: &Scenario| match &scenario.workloads["users"] {
        crate::scenario::Workload::Open(open) => open.rate.0,
        crate::scenario::Workload::Closed(_) => 0.0,
    };
    assert!((rate(&others[1].present) - 120.0).abs() < 1e-9);
    assert!((rate(&others[0].candidates[0]) - 80.0).abs() < 1e-9);
}

/// A candidate that is the present setting is known to be, and shown once; what does not differ from it
/// beyond luck is no improvement, what does is.
#[test]
fn the_present_setting_is_known_among_the_candidates() {
    let question = question(&[], &[]);
    let sweep = sweep(&question, 3);
    let told = |value: fn(&str, u64) -> f64| {
        let mut stages = Vec::new();
        let run = fake(
            move |title, seed| vec![Some(value(title, seed))],
            &mut stages,
        );
        tune(&question, &sweep, &scenario("1"), &[], run).unwrap()
    };
    let alike = told(|_, seed| luck(seed));
    assert_eq!(alike.present, Some(1));
    assert!(!alike.improvable());
    assert_eq!(alike.finalists.len(), 4);
    assert_eq!(alike.shown().count(), 3);
    assert!(alike.shown().all(|(_, one)| one.point.is_some()));
    let better = told(|title, seed| luck(seed) + f64::from(u8::from(title != "2")));
    let improve = better.finalists.iter().filter(|one| better.improves(one));
    let improve: Vec<Option<usize>> = improve.map(|one| one.point).collect();
    assert_eq!(improve, [Some(2)]);
}
