//! Crashes, boots and pauses of one instance that overlap, against plain arithmetic with intervals.
//!
//! A service of constant work is asked once every 50 ms, with the times of faults in between, so that nothing
//! coincides and no request waits for another. Then the intervals alone say what becomes of each request: refused
//! while the instance is down; lost if it waits for a pause to end and a crash comes first; answered else, at once
//! or when the pause is over.

use super::mutate::Dice;
use sim_core::{SimDuration, SimTime};
use sim_models::experiment::{Options, run_with};
use sim_models::outcome::Outcome;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

/// How many systems are drawn.
const SYSTEMS: u64 = 400;
/// Milliseconds from one request to the next, and of a run; times of faults lie in the middle between requests.
const STEP: u64 = 50;
const END: u64 = 20_000;
/// Milliseconds that an answer takes.
const WORK: u64 = 1;

/// Faults of one instance, in milliseconds.
struct Faults {
    text: String,
    down: Vec<Range<u64>>,
    frozen: Vec<Range<u64>>,
}

/// Draws two to seven faults, so that no two things happen at one instant.
fn faults(dice: &mut Dice) -> Faults {
    let mut found = Faults {
        text: String::new(),
        down: Vec::new(),
        frozen: Vec::new(),
    };
    let mut taken = BTreeSet::new();
    let many = 2 + dice.below(6);
    while found.down.len() + found.frozen.len() < many {
        let at = STEP / 2 + STEP * dice.below((END / STEP) as usize - 40) as u64;
        let lasts = STEP * (1 + dice.below(80) as u64);
        let (crash, boot) = (dice.below(2) == 0, STEP * dice.below(40) as u64);
        let times: BTreeSet<u64> = if crash {
            [at, at + lasts + boot].into()
        } else {
            [at, at + lasts].into()
        };
        if !taken.is_disjoint(&times) {
            continue;
        }
        taken.extend(times);
        let (list, inject, until) = if crash {
            (
                &mut found.down,
                format!("crash(service: \"s\", boot: \"{boot}ms\")"),
                at + lasts + boot,
            )
        } else {
            (
                &mut found.frozen,
                "pause(service: \"s\")".into(),
                at + lasts,
            )
        };
        list.push(at..until);
        writeln!(
            found.text,
            "(at: \"{at}ms\", for: \"{lasts}ms\", inject: {inject}),"
        )
        .expect("a String");
    }
    found
}

impl Faults {
    /// What becomes of a request that comes then, in milliseconds, and when; none: it is never answered.
    fn fate(&self, at: u64) -> Option<(Outcome, u64)> {
        if self.down.iter().any(|down| down.contains(&at)) {
            return Some((Outcome::Refused, at));
        }
        // The pause is over when no interval holds on, one after the other.
        let mut wakes = at;
        while let Some(pause) = self.frozen.iter().find(|pause| pause.contains(&wakes)) {
            wakes = pause.end;
        }
        let crash = self
            .down
            .iter()
            .map(|down| down.start)
            .filter(|crash| (at..wakes).contains(crash))
            .min();
        match crash {
            Some(crash) => Some((Outcome::Reset, crash)),
            None => Some((Outcome::Ok, wakes + WORK)).filter(|(_, ended)| *ended < END),
        }
        .filter(|(_, ended)| *ended < END)
    }
}

#[test]
fn overlapping_crashes_boots_and_pauses_are_what_intervals_say() {
    let mut seen = [0_u64; 4];
    for number in 0..SYSTEMS {
        let faults = faults(&mut Dice::new(0x0f65, number));
        let text = format!(
            "(duration: \"{END}ms\", window: \"1s\", services: {{\"s\": (threads: unbounded, queue: (limit: unbounded), \
             backlog: unbounded, endpoints: {{\"x\": [work(\"{WORK}ms\")]}})}},\n\
             workloads: {{\"w\": open(rate: \"{}/s\", arrivals: constant, to: \"s/x\")}},\nfaults: [\n{}])",
            1000 / STEP,
            faults.text
        );
        let scenario = sim_tests::scenario(&text);
        let options = Options {
            seed: number,
            log: true,
            ..Options::default()
        };
        let result = run_with(&scenario, options, |_| true).expect("it passed its checks");
        assert!(
            result.log.len() as u64 >= END / STEP - 1,
            "{}",
            result.log.len()
        );
        for request in &result.log {
            let millisecond = 1_000_000;
            assert_eq!(
                request.arrived.0 % (STEP * millisecond),
                0,
                "requests come in step"
            );
            let expected = faults.fate(request.arrived.0 / millisecond);
            let met = request.outcome.map(|outcome| (outcome, request.ended));
            let expected = expected.map(|(outcome, ended)| {
                (outcome, SimTime::ZERO + SimDuration(ended * millisecond))
            });
            assert_eq!(
                met, expected,
                "request of {} in system {number}:\n{text}",
                request.arrived
            );
            seen[match expected {
                None => 0,
                Some((Outcome::Ok, _)) => 1,
                Some((Outcome::Refused, _)) => 2,
                Some(_) => 3,
            }] += 1;
        }
        // What is up at the end of each window, and what is answered in it.
        let up = &result.series.services["s"].up;
        for (window, up) in up.iter().enumerate() {
            let end = (window as u64 + 1) * 1000;
            let down = faults.down.iter().any(|down| down.contains(&(end - 1)));
            assert_eq!(
                *up,
                u64::from(!down),
                "window {window} of system {number}:\n{text}"
            );
        }
    }
    assert!(
        seen.iter().all(|count| *count > 100),
        "every fate is met: {seen:?}"
    );
}
