//! Crashes, boots and pauses that overlap, of one instance or of several, against plain arithmetic with intervals.
//!
//! A service of constant work is asked once every 50 ms, with the times of faults in between, so that nothing
//! coincides and no request waits for another. Instances take turns, whether they are up or not, so that it is known
//! who is asked. Then the intervals alone say what becomes of each request: refused while its instance is down; lost
//! if it waits for a pause to end and a crash comes first; answered else, at once or when the pause is over.
//!
//! `SIM_FUZZ_SEED` draws other systems.

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
/// The zones of instances, one after the other; the first two are a region.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// When an instance is down or stands still, in milliseconds.
#[derive(Clone, Default)]
struct Instance {
    down: Vec<Range<u64>>,
    /// The boots at the ends of those.
    boots: Vec<Range<u64>>,
    frozen: Vec<Range<u64>>,
}

/// How often faults of one instance met in which way.
#[derive(Debug, Default)]
struct Met {
    crash_in_boot: u64,
    pause_in_boot: u64,
    pause_across_crash: u64,
    crash_in_crash: u64,
    pause_in_pause: u64,
    zone_and_instance: u64,
}

/// Draws a system's faults.
struct Maker {
    dice: Dice,
    text: String,
    instances: Vec<Instance>,
    /// No two things happen at one instant.
    taken: BTreeSet<u64>,
    met: Met,
}

impl Maker {
    fn new(dice: Dice, replicas: usize) -> Self {
        Self {
            dice,
            text: String::new(),
            instances: vec![Instance::default(); replicas],
            taken: BTreeSet::new(),
            met: Met::default(),
        }
    }

    fn steps(&mut self, below: usize) -> u64 {
        STEP * self.dice.below(below) as u64
    }

    /// Where it hits: the words, and which instances these are.
    fn place(&mut self) -> (String, Vec<usize>) {
        let all = 0..self.instances.len();
        let one = self.dice.below(all.len());
        let within = |zones: &[&str]| {
            let lies = |at: &usize| zones.contains(&ZONES[at % ZONES.len()]);
            all.clone().filter(lies).collect()
        };
        match self.dice.below(5) {
            0 => ("service: \"s\"".into(), all.collect()),
            1 => ("zone: \"b\"".into(), within(&["b"])),
            2 => ("region: \"north\"".into(), within(&["a", "b"])),
            _ => (
                format!("service: \"s\", instances: only([{one}])"),
                vec![one],
            ),
        }
    }

    /// When the next one begins: half of the time while the last one of an instance that it hits is on.
    fn begins(&mut self, hit: &[usize]) -> u64 {
        let first = &self.instances[hit.first().copied().unwrap_or(0)];
        let ranges = [&first.down, &first.boots, &first.frozen];
        let chosen = ranges[self.dice.below(ranges.len())].last().cloned();
        match chosen.filter(|_| self.dice.below(2) == 0) {
            Some(on) if on.end < END => {
                on.start + self.steps(((on.end - on.start) / STEP) as usize + 1)
            }
            _ => STEP / 2 + self.steps((END / STEP) as usize - 40),
        }
    }

    /// Another fault, if it coincides with none. It may come again and again.
    fn fault(&mut self) {
        let (place, hit) = self.place();
        let at = self.begins(&hit);
        let long = self.dice.below(3) == 0;
        let lasts = STEP + self.steps(if long { 200 } else { 80 });
        let crash = self.dice.below(2) == 0;
        let boot = if crash { self.steps(40) } else { 0 };
        let times = [1, 1, 1, 3][self.dice.below(4)];
        let every = lasts + STEP + self.steps(60);
        let periods: Vec<u64> = (0..times).map(|n| at + n * every).collect();
        let moments = periods
            .iter()
            .flat_map(|at| [*at, at + lasts, at + lasts + boot]);
        let moments: BTreeSet<u64> = moments.collect();
        if hit.is_empty() || !self.taken.is_disjoint(&moments) {
            return;
        }
        self.taken.extend(moments);
        let inject = if crash {
            format!("crash({place}, boot: \"{boot}ms\")")
        } else {
            format!("pause({place})")
        };
        let again = if times > 1 {
            format!(", every: \"{every}ms\", times: {times}")
        } else {
            String::new()
        };
        writeln!(
            self.text,
            "(at: \"{at}ms\", for: \"{lasts}ms\"{again}, inject: {inject}),"
        )
        .expect("a String");
        for number in hit.iter().copied() {
            for at in &periods {
                self.hits(number, crash, *at..at + lasts, boot, hit.len() > 1);
            }
        }
    }

    /// Notes what an instance goes through, and what it meets there.
    fn hits(&mut self, number: usize, crash: bool, on: Range<u64>, boot: u64, more: bool) {
        let (one, met) = (&mut self.instances[number], &mut self.met);
        let until = on.end + boot;
        let inside = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.contains(&on.start));
        if crash {
            met.crash_in_boot += u64::from(inside(&one.boots));
            met.crash_in_crash += u64::from(inside(&one.down));
            let across = |pause: &Range<u64>| pause.start < on.start && until < pause.end;
            met.pause_across_crash += u64::from(one.frozen.iter().any(across));
            one.down.push(on.start..until);
            one.boots.push(on.end..until);
        } else {
            met.pause_in_boot += u64::from(inside(&one.boots));
            met.pause_in_pause += u64::from(inside(&one.frozen));
            let across = |down: &Range<u64>| on.start < down.start && down.end < on.end;
            met.pause_across_crash += u64::from(one.down.iter().any(across));
            one.frozen.push(on.clone());
        }
        met.zone_and_instance += u64::from(more && one.down.len() + one.frozen.len() > 1);
    }
}

impl Instance {
    /// What becomes of a request that comes then, in milliseconds, and when; none: it is not answered in time.
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
            None => Some((Outcome::Ok, wakes + WORK)),
        }
        .filter(|(_, ended)| *ended < END)
    }
}

#[test]
fn overlapping_crashes_boots_and_pauses_are_what_intervals_say() {
    let seed = super::setting("SIM_FUZZ_SEED", 1);
    let mut seen = [0_u64; 4];
    let mut met = Met::default();
    for number in 0..SYSTEMS {
        let mut dice = Dice::new(0x0f64 + seed, number);
        let replicas = 1 + dice.below(4);
        let mut maker = Maker::new(dice, replicas);
        for _ in 0..2 + maker.dice.below(7) {
            maker.fault();
        }
        let text = format!(
            "(duration: \"{END}ms\", window: \"1s\", regions: {{\"north\": [\"a\", \"b\"], \"south\": [\"c\"]}},\n\
             services: {{\"s\": (replicas: {replicas}, zones: [\"a\", \"b\", \"c\"], threads: unbounded, \
             queue: (limit: unbounded), backlog: unbounded, endpoints: {{\"x\": [work(\"{WORK}ms\")]}})}},\n\
             workloads: {{\"w\": open(rate: \"{}/s\", arrivals: constant, to: \"s/x\")}},\nfaults: [\n{}])",
            1000 / STEP,
            maker.text
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
            let asked = &maker.instances[request.ordinal as usize % replicas];
            let expected = asked.fate(request.arrived.0 / millisecond);
            let became = request.outcome.map(|outcome| (outcome, request.ended));
            let expected = expected.map(|(outcome, ended)| {
                (outcome, SimTime::ZERO + SimDuration(ended * millisecond))
            });
            assert_eq!(
                became, expected,
                "request {} of {} in system {number}:\n{text}",
                request.ordinal, request.arrived
            );
            seen[match expected {
                None => 0,
                Some((Outcome::Ok, _)) => 1,
                Some((Outcome::Refused, _)) => 2,
                Some(_) => 3,
            }] += 1;
        }
        // How many are up at the end of each window.
        let up = &result.series.services["s"].up;
        for (window, up) in up.iter().enumerate() {
            let last = (window as u64 + 1) * 1000 - 1;
            let is_up = |one: &&Instance| !one.down.iter().any(|down| down.contains(&last));
            let expected = maker.instances.iter().filter(is_up).count() as u64;
            assert_eq!(*up, expected, "window {window} of system {number}:\n{text}");
        }
        met.crash_in_boot += maker.met.crash_in_boot;
        met.pause_in_boot += maker.met.pause_in_boot;
        met.pause_across_crash += maker.met.pause_across_crash;
        met.crash_in_crash += maker.met.crash_in_crash;
        met.pause_in_pause += maker.met.pause_in_pause;
        met.zone_and_instance += maker.met.zone_and_instance;
    }
    assert!(
        seen.iter().all(|count| *count > 100),
        "every fate is met: {seen:?}"
    );
    let Met {
        crash_in_boot,
        pause_in_boot,
        pause_across_crash,
        crash_in_crash,
        pause_in_pause,
        zone_and_instance,
    } = met;
    for often in [
        crash_in_boot,
        pause_in_boot,
        pause_across_crash,
        crash_in_crash,
        pause_in_pause,
        zone_and_instance,
    ] {
        assert!(often >= 50, "every overlap is met: {met:?}");
    }
}
