//! On made-up runs, whose truth is known.

use super::numbers::Scale;
use super::*;
use crate::experiment::space::Coordinate;
use crate::experiment::space::{Axis, Point};
use crate::experiment::sweep::{Record, Replications, Sweep, Table};
use crate::observe::conclusion::{Conclusion, StoppedBy};
use crate::observe::summary::LoggedRequest;
use crate::outcome::Outcome;
use sim_core::SimTime;
use sim_core::random::{Seed, Source, Stream};
use sim_core::stats::Interval;

/// A sweep over these variants under these conditions (numbers on an axis called `rate`), which is never
/// run.
fn sweep(variants: &[&str], rates: &[f64], measures: &[&str]) -> Sweep {
    let mut points = Vec::new();
    for variant in variants {
        let named = Coordinate {
            label: (*variant).into(),
            number: None,
        };
        let mut place = |more: Vec<Coordinate>| {
            points.push(Point {
                coordinates: [vec![named.clone()], more].concat(),
                set: Vec::new(),
            });
        };
        if rates.is_empty() {
            place(Vec::new());
        }
        for rate in rates {
            place(vec![Coordinate {
                label: format!("{rate}/s"),
                number: Some(*rate),
            }]);
        }
    }
    let axis = |name: &str| Axis {
        name: name.into(),
        ..Axis::default()
    };
    let mut axes = vec![axis("variant")];
    if !rates.is_empty() {
        axes.push(axis("rate"));
    }
    Sweep {
        title: "made up".into(),
        axes,
        points,
        scenarios: Vec::new(),
        measures: measures.iter().map(|text| text.parse().unwrap()).collect(),
        seed: 1,
        replications: Replications::Fixed(20),
        windows: false,
    }
}

/// What one run yields: its values and its verdict.
type Yields<'a> = &'a mut dyn FnMut(usize, u32) -> (Vec<Option<f64>>, Conclusion);

fn records(sweep: &Sweep, replications: u32, yields: Yields<'_>) -> Vec<Record> {
    let mut records = Vec::new();
    for point in 0..sweep.points.len() {
        for replication in 0..replications {
            let (values, verdict) = yields(point, replication);
            records.push(Record {
                point: point as u32,
                replication,
                seed: u64::from(replication),
                digest: 0,
                events: 0,
                stopped_by: StoppedBy::End,
                verdict,
                values,
                windows: Vec::new(),
            });
        }
    }
    records
}

fn found(sweep: &Sweep, records: Vec<Record>) -> Comparison {
    compare(&Table::new(sweep, records), &Question::new(0, "A")).unwrap()
}

/// Standard normal, as the sum of twelve.
fn noise(stream: &mut Stream) -> f64 {
    (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0
}

/// The luck of a replication, the same for all variants, and what is left between them.
fn luck(replication: u32) -> f64 {
    noise(&mut Seed(u64::from(replication)).stream("tests", "luck"))
}

#[test]
fn a_difference_is_found_and_told() {
    let sweep = sweep(&["A", "B"], &[], &["failed_ratio(users)", "arrivals(db)"]);
    let mut stream = Seed(1).stream("tests", "left");
    let records = records(&sweep, 20, &mut |point, replication| {
        let better = if point == 1 { 1.0 } else { 0.0 };
        let shared = luck(replication);
        let lost = 0.069 + 0.01 * shared - better * (0.018 + 0.003 * noise(&mut stream));
        let load = 500.0 + 20.0 * shared + better * (20.0 + noise(&mut stream));
        (vec![Some(lost), Some(load)], Conclusion::NoHypothesis)
    });
    let comparison = found(&sweep, records);
    let lost = comparison.finding(0, 0, Some(0)).unwrap();
    assert_eq!(lost.verdict, Judgement::Better);
    assert!(lost.difference.unwrap().contains(-0.018), "{lost:?}");
    // What both share cancels: unpaired, the interval would be some 0.0045 wide to each side.
    assert!(lost.difference.unwrap().half_width < 0.002);
    let load = comparison.finding(0, 1, Some(0)).unwrap();
    // The load is the price, and not part of the question.
    assert_eq!(
        (load.verdict, load.adjusted_p),
        (Judgement::NotTested, None)
    );
    assert_eq!(comparison.family, 1);
    let simultaneous = load.simultaneous.unwrap();
    assert!(simultaneous.half_width > load.difference.unwrap().half_width);
    let told = comparison.sentences.join("\n");
    for part in [
        "\"B\" loses 1.",
        " percentage points fewer requests than \"A\" (",
        "% instead of ",
        "% fewer), between ",
        " points with 95% confidence.",
        "With \"B\" db gets ",
        "% more load than with \"A\" (between ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn where_nothing_differs_it_says_how_many_runs_it_would_take() {
    let sweep = sweep(&["A", "B"], &[], &["failed_ratio(users)"]);
    let mut stream = Seed(2).stream("tests", "left");
    let noisy = records(&sweep, 20, &mut |_, _| {
        (
            vec![Some(0.05 + 0.005 * noise(&mut stream))],
            Conclusion::NoHypothesis,
        )
    });
    let comparison = found(&sweep, noisy);
    let lost = &comparison.findings[0];
    assert_eq!(lost.verdict, Judgement::Undecided);
    // sd of a difference about 0.005 sqrt(2), wanted 0.0005: (2.8 / 0.0707)^2, about 1,570.
    let needed = lost.needed.unwrap();
    assert!((700..3200).contains(&needed), "{needed}");
    let told = &comparison.sentences[0];
    assert!(
        told.starts_with(
            "No difference found between \"B\" and \"A\" in the share of requests lost"
        ),
        "{told}"
    );
    assert!(
        told.contains(&format!(
            "would take {needed} replications, and there are 20"
        )),
        "{told}"
    );

    let same = records(&sweep, 20, &mut |_, replication| {
        (
            vec![Some(0.05 + 0.005 * luck(replication))],
            Conclusion::NoHypothesis,
        )
    });
    let comparison = found(&sweep, same);
    assert_eq!(comparison.findings[0].verdict, Judgement::NoDifference);
    assert!(
        comparison.sentences[0].contains("the same in all 20 runs"),
        "{:?}",
        comparison.sentences
    );
}

#[test]
fn a_variant_that_is_worse_at_low_rates_is_not_sold_as_better() {
    let rates = [100.0, 200.0, 300.0, 400.0];
    let sweep = sweep(&["A", "B"], &rates, &["failed_ratio(users)"]);
    let mut stream = Seed(3).stream("tests", "left");
    let records = records(&sweep, 20, &mut |point, replication| {
        let (variant, rate) = (point / 4, point % 4);
        // Worse by a point at the lowest rate, better by two elsewhere.
        let effect = if rate == 0 { 0.01 } else { -0.02 };
        let lost = 0.1 + 0.02 * luck(replication) + effect * variant as f64;
        (
            vec![Some(lost + 0.002 * noise(&mut stream))],
            Conclusion::NoHypothesis,
        )
    });
    let comparison = found(&sweep, records);
    assert_eq!(comparison.family, 5);
    let pooled = comparison.finding(0, 0, None).unwrap();
    assert!(pooled.difference.unwrap().contains(-0.0125), "{pooled:?}");
    let change = &comparison.changes[0];
    assert_eq!(
        (change.worse.as_slice(), change.better.len()),
        (&[0][..], 3)
    );
    let boundary = change.boundary.as_ref().unwrap();
    assert_eq!((boundary.worse, boundary.adjacent), (Side::Below, true));
    let told = &comparison.sentences[0];
    assert!(told.contains("it is worse only below rate 200/s"), "{told}");
}

#[test]
fn what_never_recovers_is_counted_and_ranked() {
    let sweep = sweep(&["A", "B"], &[], &["recovery_time"]);
    let records = records(&sweep, 20, &mut |point, replication| {
        let ends = point == 1 || replication.is_multiple_of(4);
        let time = if ends {
            10.0 + f64::from(replication)
        } else {
            f64::INFINITY
        };
        (
            vec![Some(time)],
            if ends {
                Conclusion::Held
            } else {
                Conclusion::NotRecovered
            },
        )
    });
    let comparison = found(&sweep, records);
    let recovery = &comparison.findings[0];
    assert_eq!((recovery.never, recovery.test), ((15, 0), Test::SignedRank));
    assert_eq!(
        (recovery.difference, recovery.verdict),
        (None, Judgement::Better)
    );
    // Five pairs recover with both, and as fast: no mean has an infinity in it.
    assert_eq!((recovery.baseline, recovery.value), (None, None));
    let among = recovery.among.unwrap();
    assert_eq!((among.runs, among.baseline, among.value), (5, 18.0, 18.0));
    let shares = &comparison.verdicts[0];
    assert_eq!(
        (shares.held.left, shares.held.right, shares.held.both),
        (15, 0, 5)
    );
    // 2 / 2^15, and twice that as one of two tests.
    assert!((shares.p - 2.0 / 32_768.0).abs() < 1e-12);
    assert!((shares.adjusted_p - 4.0 / 32_768.0).abs() < 1e-12);
    let told = comparison.sentences.join("\n");
    assert!(
        told.contains("recovers in 20 of 20 runs with \"B\" and in 5 with \"A\": better, p")
            && told.contains("where it recovers with both (5 of 20 pairs of runs) it takes 18.0s instead of 18.0s"),
        "{told}"
    );
    assert!(
        told.contains("The hypothesis held in 20 of 20 runs with \"B\" and in 5 with \"A\""),
        "{told}"
    );
}

/// Four wild runs of a share: no interval reaches beyond nothing lost, or beyond all lost.
#[test]
fn differences_of_shares_are_possible() {
    let sweep = sweep(&["A", "B"], &[], &["failed_ratio(users)"]);
    let records = records(&sweep, 4, &mut |point, replication| {
        let lost = [[0.001, 0.0, 0.002, 0.0], [0.9, 0.1, 0.95, 0.2]];
        (
            vec![Some(lost[point][replication as usize])],
            Conclusion::Held,
        )
    });
    let comparison = found(&sweep, records);
    let finding = &comparison.findings[0];
    for interval in [finding.difference.unwrap(), finding.simultaneous.unwrap()] {
        // The baseline loses 0.08 % on average, and 0.23 % at most with 95 % confidence.
        assert!(
            interval.low >= -0.0024 && interval.high <= 1.0,
            "{interval:?}"
        );
        assert!(interval.contains(interval.mean));
    }
    // Where the variant loses nothing, all that the baseline may lose can go: not only what it lost here.
    let gone = self::records(&sweep, 4, &mut |point, replication| {
        let lost = [[0.1478, 0.1606, 0.1588, 0.1675], [0.0; 4]];
        (
            vec![Some(lost[point][replication as usize])],
            Conclusion::Held,
        )
    });
    let difference = found(&sweep, gone).findings[0].difference.unwrap();
    assert!((difference.low + 0.1717).abs() < 1e-3, "{difference:?}");
}

/// What ends too soon to be judged neither held nor failed.
#[test]
fn what_could_not_be_judged_is_no_failure() {
    let sweep = sweep(&["A", "B"], &[], &["held"]);
    let judged = |open: &dyn Fn(u32) -> bool| {
        let records = records(&sweep, 10, &mut |point, replication| {
            if point == 1 && open(replication) {
                (vec![None], Conclusion::Inconclusive)
            } else {
                (vec![Some(1.0)], Conclusion::Recovered)
            }
        });
        let comparison = found(&sweep, records);
        (
            comparison.verdicts[0].clone(),
            comparison.sentences.join("\n"),
        )
    };
    let (none, told) = judged(&|_| true);
    assert_eq!(
        (none.held.pairs(), none.open, none.difference),
        (0, 10, None)
    );
    assert_eq!(none.verdict, Judgement::Undecided);
    assert!(
        told.contains("The hypothesis could not be judged with both \"B\" and \"A\" in any of 10 pairs of runs: they must last longer")
            && !told.contains("held in"),
        "{told}"
    );
    let (some, told) = judged(&|replication| replication < 3);
    assert_eq!((some.held.both, some.held.pairs(), some.open), (7, 7, 3));
    assert!(
        told.contains("held in 7 of 7 runs with either; 3 of 10 pairs of runs are left out, in which it could not be judged"),
        "{told}"
    );
}

#[test]
fn every_run_is_counted_over_conditions() {
    let sweep = sweep(&["A", "B"], &[100.0, 200.0, 300.0], &["recovery_time"]);
    // With A it recovers under two of three conditions, with B everywhere.
    let records = records(&sweep, 20, &mut |point, replication| {
        let ends = point != 2;
        let time = if ends {
            5.0 + luck(replication)
        } else {
            f64::INFINITY
        };
        let verdict = if ends {
            Conclusion::Recovered
        } else {
            Conclusion::NotRecovered
        };
        (vec![Some(time)], verdict)
    });
    let comparison = found(&sweep, records);
    let pooled = comparison.finding(0, 0, None).unwrap();
    assert_eq!((pooled.runs, pooled.never), (60, (20, 0)));
    assert_eq!(pooled.verdict, Judgement::Better);
    let told = comparison.sentences.join("\n");
    for part in [
        "recovers in 60 of 60 runs (20 replications under 3 conditions) with \"B\" and in 40 with \"A\"",
        "where it recovers with both (40 of 60 pairs of runs)",
        "better under 1 of 3 (rate 300/s), no difference under 2",
        "The hypothesis held in 60 of 60 runs with \"B\" and in 40 with \"A\": better",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_mean_over_conditions_names_the_own_one() {
    let sweep = sweep(
        &["A", "B"],
        &[100.0, 200.0, 300.0],
        &["failed_ratio(users)"],
    );
    let records = records(&sweep, 20, &mut |point, replication| {
        let (variant, rate) = (point / 3, point % 3);
        let lost = 0.1 + 0.01 * luck(replication) + 0.1 * (variant * rate) as f64;
        (vec![Some(lost)], Conclusion::NoHypothesis)
    });
    let mut question = Question::new(0, "A");
    let told = |question: &Question| {
        let table = Table::new(&sweep, records.clone());
        compare(&table, question).unwrap().sentences.remove(0)
    };
    let unknown = told(&question);
    assert!(unknown.contains("as the mean of 3 conditions"), "{unknown}");
    assert!(
        unknown.contains("from 0.0 points at rate 100/s to +20.0 points at rate 300/s"),
        "{unknown}"
    );
    question.own = Some(1);
    let own = told(&question);
    assert!(
        own.contains("at rate 200/s, the scenario's own, 20.") && own.contains("(worse)"),
        "{own}"
    );
    assert!(
        own.contains("worse under 2 of 3 (rate 200/s, rate 300/s), no difference under 1"),
        "{own}"
    );
}

#[test]
fn what_does_not_matter_is_no_difference() {
    let measures = [
        "failed_ratio(users)",
        "latency(users, p50)",
        "goodput(users)",
        "success_ratio(users)",
    ];
    let sweep = sweep(&["A", "B"], &[], &measures);
    // All of it shows beyond any luck; only the last is large: twice as many failures.
    let records = records(&sweep, 20, &mut |point, replication| {
        let (b, luck) = (point as f64, 1.0 + 0.1 * luck(replication));
        let values = [
            3e-7 * b * luck,
            0.05 + 3e-7 * b * luck,
            100.0 + 0.5 * b * luck,
            0.999 - 0.001 * b * luck,
        ];
        (values.map(Some).to_vec(), Conclusion::NoHypothesis)
    });
    let mut question = Question::new(0, "A");
    question.chosen = true;
    let verdicts = |question: &Question| -> Vec<Judgement> {
        let found = compare(&Table::new(&sweep, records.clone()), question).unwrap();
        assert_eq!(found.family, 4);
        assert!(found.findings.iter().all(|f| f.adjusted_p.unwrap() < 0.001));
        found.findings.iter().map(|f| f.verdict).collect()
    };
    let none = Judgement::NoDifference;
    assert_eq!(verdicts(&question), [none, none, none, Judgement::Worse]);
    question.difference = 0.001;
    assert_eq!(
        verdicts(&question),
        [none, none, Judgement::Better, Judgement::Worse]
    );
}

#[test]
fn two_equal_differences_prove_nothing() {
    let sweep = sweep(&["A", "B"], &[], &["recovery_time"]);
    let verdict = |replications: u32| {
        let records = records(&sweep, replications, &mut |point, _| {
            (vec![Some(3.0 + point as f64)], Conclusion::NoHypothesis)
        });
        found(&sweep, records).findings[0].clone()
    };
    let two = verdict(2);
    assert_eq!((two.test, two.p), (Test::SignedRank, 0.5));
    // By ranks six of six is the least proof: 2 / 2^6 is below 0.05.
    assert_eq!(two.verdict, Judgement::TooFew);
    assert_eq!(verdict(5).verdict, Judgement::TooFew);
    assert_eq!(verdict(6).verdict, Judgement::Worse);
    assert_eq!(verdict(10).verdict, Judgement::Worse);
}

/// From 3.0084s to 1.0008s in each of five replications, as a histogram rounds times: the interval by
/// itself is narrow, and the test by ranks is not for so few.
#[test]
fn what_so_few_ranks_cannot_show_is_told_with_the_number_that_would() {
    let sweep = sweep(&["A", "B"], &[], &["latency_true(users, p99)"]);
    let told = |replications: u32| {
        let records = records(&sweep, replications, &mut |point, replication| {
            let step = 0.001 * f64::from(replication % 2);
            let time = if point == 0 { 3.0084 + step } else { 1.0008 };
            (vec![Some(time)], Conclusion::NoHypothesis)
        });
        let comparison = found(&sweep, records);
        let verdict = comparison.findings[0].verdict;
        (verdict, comparison.sentences.join("\n"))
    };
    let (verdict, text) = told(5);
    assert_eq!(
        (verdict, verdict.words()),
        (Judgement::TooFew, "too few runs")
    );
    assert!(
        text.starts_with("The p99 true latency of users is 2.00")
            && text.contains("lower with \"B\" than with \"A\"")
            && text.contains(
                "the same way in each of 5 replications, of sizes that must be judged by ranks: 5 \
                 replications cannot tell that from luck; if it goes on so, 6 would."
            ),
        "{text}"
    );
    assert!(!text.contains("cannot tell whether"), "{text}");
    let (verdict, text) = told(6);
    assert_eq!(verdict, Judgement::Better, "{text}");
}

#[test]
fn equal_runs_are_called_equal() {
    let sweep = sweep(&["A", "B"], &[], &["latency(users, p50)"]);
    let told = |other: u128| {
        let mut records = records(&sweep, 3, &mut |_, replication| {
            (vec![Some(f64::from(replication))], Conclusion::NoHypothesis)
        });
        for record in &mut records {
            let whose = if record.point == 0 { 0xa } else { other };
            record.digest = whose << 124 | u128::from(record.seed);
        }
        found(&sweep, records).sentences
    };
    assert_eq!(
        told(0xa),
        [
            "Nothing that happens to a request differs between \"B\" and \"A\": all 3 runs are equal event for event."
        ]
    );
    // The same in what is measured is not the same in all.
    let text = told(0xb).join("\n");
    assert!(!text.contains("event for event"), "{text}");
}

/// Times in whole windows, of which most agree: a t test would take four of ten for proof.
#[test]
fn coarse_times_raise_no_more_alarms_than_others() {
    const COMPARISONS: u64 = 400;
    let sweep = sweep(&["A", "B"], &[], &["recovery_time"]);
    let mut stream = Seed(11).stream("tests", "coarse");
    let mut alarms = 0;
    for _ in 0..COMPARISONS {
        let records = records(&sweep, 10, &mut |_, _| {
            let late = if stream.uniform() < 0.15 { 1.0 } else { 0.0 };
            (vec![Some(3.0 - late)], Conclusion::NoHypothesis)
        });
        alarms += u64::from(found(&sweep, records).findings[0].is_significant());
    }
    let share = sim_core::stats::proportion_interval(alarms, COMPARISONS, 0.95).unwrap();
    println!("{alarms} of {COMPARISONS}");
    assert!(share.low <= 0.05, "{share:?}");
    // Four of ten is what luck does, ten of ten is not.
    for (earlier, wanted) in [(4, Judgement::Undecided), (10, Judgement::Better)] {
        let records = records(&sweep, 10, &mut |point, replication| {
            let early = point == 1 && replication < earlier;
            (
                vec![Some(if early { 2.0 } else { 3.0 })],
                Conclusion::NoHypothesis,
            )
        });
        assert_eq!(found(&sweep, records).findings[0].verdict, wanted);
    }
}

#[test]
fn what_is_the_same_is_no_test_and_ten_replications_prove_what_is_plain() {
    // A real system: many measures, most of which do not change.
    let services: Vec<String> = (0..30).map(|n| format!("arrivals(s{n})")).collect();
    let users = ["a", "b", "c"];
    let felt = users.iter().flat_map(|user| {
        [
            format!("failed_ratio({user})"),
            format!("latency({user}, p50)"),
            format!("latency_true({user}, p99)"),
        ]
    });
    let measures: Vec<String> = felt.chain(services).collect();
    let measures: Vec<&str> = measures.iter().map(String::as_str).collect();
    let sweep = sweep(&["A", "B", "C", "D"], &[], &measures);
    let mut stream = Seed(7).stream("tests", "left");
    let records = records(&sweep, 10, &mut |point, replication| {
        let mut values = vec![Some(1.0 + 0.1 * luck(replication)); 39];
        if point == 1 {
            values[0] = Some(2.0 + 0.1 * noise(&mut stream));
        }
        (
            values,
            if point == 1 {
                Conclusion::Refuted
            } else {
                Conclusion::Held
            },
        )
    });
    let comparison = found(&sweep, records);
    assert_eq!(comparison.family, 2);
    assert_eq!(comparison.verdicts[0].verdict, Judgement::Worse);
    assert!((comparison.verdicts[0].adjusted_p - 2.0 / 1024.0).abs() < 1e-12);
    assert_eq!(
        comparison.finding(0, 0, Some(0)).unwrap().verdict,
        Judgement::Worse
    );
    // Two variants that are the same throughout are said to be.
    assert_eq!(comparison.verdicts[1].verdict, Judgement::NoDifference);
    let told = comparison.sentences.join("\n");
    assert!(!told.contains("\"C\" loses"), "{told}");
}

#[test]
fn counts_say_how_many_replications_would_tell() {
    let sweep = sweep(&["A", "B"], &[], &["goodput(users)"]);
    let records = records(&sweep, 4, &mut |point, _| {
        let verdict = if point == 0 {
            Conclusion::Held
        } else {
            Conclusion::Refuted
        };
        (vec![Some(1.0)], verdict)
    });
    let told = found(&sweep, records).sentences.join("\n");
    // 2 / 2^6 is below 0.05, 2 / 2^5 is not.
    assert!(
        told.contains("4 replications cannot tell that from luck; if it goes on so, 6 would"),
        "{told}"
    );
}

#[test]
fn a_hypothesis_of_one_side_is_not_compared() {
    let sweep = sweep(&["A", "B"], &[], &["goodput(users)"]);
    let records = records(&sweep, 10, &mut |point, _| {
        let verdict = if point == 0 {
            Conclusion::Held
        } else {
            Conclusion::NoHypothesis
        };
        (vec![Some(1.0)], verdict)
    });
    assert_eq!(found(&sweep, records).verdicts, vec![]);
}

#[test]
fn runs_without_a_value_are_left_out_and_counted() {
    let sweep = sweep(&["A", "B"], &[], &["latency(users, p99)"]);
    let records = records(&sweep, 6, &mut |point, replication| {
        let value =
            (point == 0 || replication > 1).then_some(1.0 + point as f64 + luck(replication));
        (vec![value], Conclusion::NoHypothesis)
    });
    let finding = &found(&sweep, records).findings[0];
    assert_eq!((finding.pairs.len(), finding.missing), (4, 2));
    assert!((finding.difference.unwrap().mean - 1.0).abs() < 1e-9);
}

#[test]
fn numbers_have_the_digits_that_their_interval_warrants() {
    let interval = |mean: f64, half_width: f64| Interval {
        mean,
        low: mean - half_width,
        high: mean + half_width,
        half_width,
        level: 0.95,
        count: 20,
    };
    for (measure, interval, mean, high) in [
        (
            "failed_ratio(a)",
            interval(-0.018_12, 0.003),
            "-1.81 points",
            "-1.51 points",
        ),
        (
            "failed_ratio(a)",
            interval(-0.018_12, 0.004_1),
            "-1.8 points",
            "-1.4 points",
        ),
        (
            "latency(a, p99)",
            interval(0.012_345, 0.000_96),
            "12.3ms",
            "13.3ms",
        ),
        ("latency(a, p99)", interval(1.5, 0.05), "1.50s", "1.55s"),
        ("goodput(a)", interval(123.4, 17.0), "123/s", "140/s"),
        (
            "amplification(a -> b)",
            interval(0.5, 0.02),
            "0.500",
            "0.520",
        ),
        ("offered(a)", interval(0.0, 0.0), "0.0/s", "0.0/s"),
    ] {
        let scale = Scale::of_difference(&measure.parse().unwrap(), &interval, [0.0, 0.0]);
        assert_eq!(scale.difference(interval.mean), mean, "{measure}");
        assert_eq!(scale.difference(interval.high), high, "{measure}");
    }
}

fn logged(number: u32, key: u64, outcome: Option<Outcome>, cause: Option<&str>) -> LoggedRequest {
    LoggedRequest {
        number,
        workload: "users".into(),
        ordinal: number,
        key,
        counted: number > 0,
        arrived: SimTime(u64::from(number) * 1_000_000_000),
        ended: SimTime(u64::from(number) * 1_000_000_000 + 1000 - key),
        outcome,
        cause: cause.map(Into::into),
    }
}

#[test]
fn requests_are_joined_by_their_luck() {
    let ok = Some(Outcome::Ok);
    let left = [
        logged(0, 10, ok, None),
        logged(1, 11, Some(Outcome::Rejected), Some("db: rejected")),
        logged(2, 12, Some(Outcome::Rejected), Some("db: rejected")),
        logged(3, 13, ok, None),
        logged(4, 14, None, None),
    ];
    let right = [
        logged(0, 10, ok, None),
        logged(2, 11, ok, None),
        logged(3, 12, ok, None),
        logged(4, 13, ok, None),
    ];
    let joined = join(&left, &right);
    // The one of the warm-up does not count, and the last one came with the baseline only.
    assert_eq!(
        (joined.requests, joined.joined, joined.moved),
        ((4, 3), 3, 3)
    );
    assert_eq!((joined.answered, joined.faster, joined.slower), (1, 0, 0));
    let transitions: Vec<_> = joined
        .transitions
        .iter()
        .map(|transition| (transition.baseline, transition.variant, transition.count))
        .collect();
    assert_eq!(transitions, [("rejected", "ok", 2), ("ok", "ok", 1)]);
    assert_eq!(joined.groups.len(), 1);
    let group = &joined.groups[0];
    assert_eq!((group.count, group.example), (2, (2, 3)));
    assert_eq!(group.baseline.cause.as_deref(), Some("db: rejected"));
}
