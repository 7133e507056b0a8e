//! Policies that stand alone meet a pattern of calls ([`super::pattern`]): when each changes its state and why, or why
//! it never does.

mod words;

pub use words::moment;

use super::pattern::{Fate, Pattern};
use super::script::{Decision, Id, Line, Op};
use super::trace::Trace;
use super::{By, Memory, PolicySpec};
use crate::outcome::Outcome;
use sim_core::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Points of a timeline.
const POINTS: usize = 240;
/// The most callees whose states are looked at, where each has its own in one memory.
const MOST_CALLEES: u16 = 32;

/// What was seen while policies met a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// When it ends, s.
    pub end: f64,
    /// The most calls per second that came at any time.
    pub rate: f64,
    /// Seconds between two points.
    pub step: f64,
    /// Calls that came.
    pub calls: u64,
    /// Those of them that ended well, that ended badly after they had been let in, and that a policy turned away at once;
    /// the others had not ended.
    pub ended: [u64; 3],
    /// Calls per second, at each point those since the one before: all that came.
    pub offered: Vec<f64>,
    /// Those that ended well, 1/s.
    pub ok: Vec<f64>,
    /// Those that ended badly after they had been let in, 1/s.
    pub failed: Vec<f64>,
    /// Those that a policy turned away at once, 1/s.
    pub refused: Vec<f64>,
    /// The policies, outermost first.
    pub policies: Vec<Seen>,
}

/// What was seen of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Its name; with its place where there are several policies.
    pub name: String,
    /// The parts of its memory that somebody came to.
    pub parts: Vec<Part>,
    /// What its memory is divided by.
    pub by: Option<By>,
    /// What it counted: how often, and when first, s.
    pub counts: Vec<(&'static str, u64, f64)>,
    /// Why it can never act at this load, if it cannot.
    pub idle: Option<String>,
}

/// What was seen of a part of a memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Which part it is; empty where the memory is not divided.
    pub name: String,
    /// Its state at the start; empty where it has none.
    pub state: &'static str,
    /// When and why its state changed.
    pub changes: Vec<Change>,
    /// Its numbers at each point; not a number where it has none.
    pub numbers: BTreeMap<&'static str, Vec<f64>>,
    /// The values of its numbers at which it acts.
    pub thresholds: Vec<(&'static str, f64)>,
    /// Why it is in its last state, or what it needs to leave it.
    pub why: String,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When, s.
    pub at: f64,
    /// From which state.
    pub from: &'static str,
    /// To which.
    pub to: &'static str,
    /// Why.
    pub why: String,
}

/// The lines of the script that a pattern came to, and what was decided at each.
pub type Played = Vec<(Line, Decision)>;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// A call comes.
    Call(u64),
    /// A try has its result: of which call, and which of its tries.
    Result(u64, u16, Ends),
}

/// How a try ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ends(Outcome, u16);

/// Lets a stack of policies meet a pattern.
///
/// # Panics
/// Never: the lines of a pattern are those of a script that can be.
#[must_use]
pub fn play(layers: &[PolicySpec], pattern: &Pattern, seed: u64) -> (Timeline, Played) {
    let arrivals = pattern.arrivals(seed);
    let luck = Pattern::luck(seed);
    let end = pattern.end();
    let mut watch = Watch::new(layers, end.as_secs_f64(), pattern.peak());
    let mut trace = Trace::stack(layers);
    let mut played: Played = Vec::new();
    let mut agenda: BinaryHeap<Reverse<(SimTime, u64, Next)>> = BinaryHeap::new();
    let mut scheduled = 0;
    let mut schedule = |agenda: &mut BinaryHeap<_>, at: SimTime, next: Next| {
        scheduled += 1;
        agenda.push(Reverse((at, scheduled, next)));
    };
    let by_callee = layers.iter().any(|policy| policy.by() == Some(By::Callee));
    let asks = (by_callee || pattern.callees > 1).then_some(pattern.callees);
    if let Some(first) = arrivals.first() {
        schedule(&mut agenda, *first, Next::Call(0));
    }
    loop {
        let due = trace.next_due();
        let event = agenda.peek().map(|Reverse((at, ..))| *at);
        let now = match (due, event) {
            (Some(due), Some(event)) => due.min(event),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => break,
        };
        if now >= end {
            break;
        }
        watch.points(&trace, now);
        if due.is_some_and(|due| due <= now) {
            trace.advance(now);
        } else if let Some(Reverse((_, _, next))) = agenda.pop() {
            let mut line = line(now, next, asks, &played, pattern.callees);
            if let Next::Result(call, ..) = next
                && trace.tries(call as usize) < 2
            {
                // There is no other one.
                line.leg = None;
            }
            if let Next::Call(number) = next {
                watch.offered(now);
                if let Some(at) = arrivals.get(number as usize + 1) {
                    schedule(&mut agenda, *at, Next::Call(number + 1));
                }
            }
            let decision = trace
                .line(&line)
                .expect("the lines of a pattern are those of a script that can be");
            played.push((line, decision));
        }
        for (call, number) in trace.begun() {
            let (call, number) = (*call as u64, *number as u64);
            let callee = asks.map_or(0, |callees| (call % u64::from(callees)) as u16);
            let fate = pattern.fate(now, (call, number), callee, luck);
            let Fate {
                outcome,
                status,
                takes,
            } = fate;
            let next = Next::Result(call, number as u16, Ends(outcome, status));
            schedule(&mut agenda, now + takes, next);
        }
        watch.changed(&trace, now);
    }
    watch.points(&trace, end);
    (watch.finished(&trace, end), played)
}

/// Lets a stack of policies meet a script, each of whose lines can be.
///
/// # Panics
/// If a line cannot be ([`Trace::line`]).
#[must_use]
pub fn follow(layers: &[PolicySpec], script: &[Line]) -> Timeline {
    let end = script.last().map_or(0.0, |line| line.t).max(1e-9);
    let calls = script.iter().filter(|line| line.op == Op::Acquire).count();
    let mut watch = Watch::new(layers, end, calls as f64 / end);
    let mut trace = Trace::stack(layers);
    for line in script {
        let now = SimTime::ZERO + SimDuration::from_secs_f64(line.t);
        while let Some(due) = trace.next_due().filter(|due| *due <= now) {
            watch.points(&trace, due);
            trace.advance(due);
            watch.changed(&trace, due);
        }
        watch.points(&trace, now);
        if line.op == Op::Acquire {
            watch.offered(now);
        }
        trace.line(line).expect("the lines of the script can be");
        watch.changed(&trace, now);
    }
    let end = SimTime::ZERO + SimDuration::from_secs_f64(end);
    watch.points(&trace, end);
    watch.finished(&trace, end)
}

/// The line of a script that says what happens.
fn line(now: SimTime, next: Next, asks: Option<u16>, played: &Played, callees: u16) -> Line {
    let of = |op: Op, call: u64| Line {
        id: Id::Number(call as i64),
        callee: asks.map(|asks| (call % u64::from(asks)) as u16),
        callees: asks.filter(|_| played.is_empty()).map(|_| callees),
        ..Line::new(now.as_secs_f64(), op)
    };
    match next {
        Next::Call(call) => of(Op::Acquire, call),
        Next::Result(call, leg, Ends(outcome, status)) => Line {
            outcome: Some(outcome),
            status,
            leg: Some(leg),
            ..of(Op::Result, call)
        },
    }
}

/// Who looks at the policies while they meet a pattern.
struct Watch<'p> {
    layers: &'p [PolicySpec],
    seen: Timeline,
    /// The point that comes next.
    point: usize,
    /// When it was last looked.
    looked: SimTime,
}

impl<'p> Watch<'p> {
    fn new(layers: &'p [PolicySpec], end: f64, rate: f64) -> Self {
        let policies = layers.iter().enumerate().map(|(layer, policy)| Seen {
            name: if layers.len() == 1 {
                policy.name().to_owned()
            } else {
                format!("{layer} {}", policy.name())
            },
            by: if policy.states_by_callee() {
                Some(By::Callee)
            } else {
                policy.by()
            },
            idle: policy.idle_at(rate),
            counts: policy
                .counters()
                .iter()
                .map(|name| (*name, 0, 0.0))
                .collect(),
            parts: Vec::new(),
        });
        let none = || vec![0.0; POINTS];
        Self {
            layers,
            seen: Timeline {
                end,
                rate,
                calls: 0,
                ended: [0; 3],
                step: end / POINTS as f64,
                offered: none(),
                ok: none(),
                failed: none(),
                refused: none(),
                policies: policies.collect(),
            },
            point: 0,
            looked: SimTime::ZERO,
        }
    }

    fn bin(&self, at: SimTime) -> usize {
        ((at.as_secs_f64() / self.seen.step) as usize).min(POINTS - 1)
    }

    fn offered(&mut self, now: SimTime) {
        let bin = self.bin(now);
        self.seen.offered[bin] += 1.0 / self.seen.step;
        self.seen.calls += 1;
    }

    /// Looks at all points that come before or at a time, before anything happens then.
    fn points(&mut self, trace: &Trace, now: SimTime) {
        while self.point < POINTS {
            let at = (self.point + 1) as f64 * self.seen.step;
            let at = SimTime::ZERO + SimDuration::from_secs_f64(at);
            if at > now {
                break;
            }
            self.look(trace, at);
            for layer in 0..self.layers.len() {
                let policy = &self.layers[layer];
                for (name, memory) in trace.parts(layer) {
                    // What it says of all its callees is told once.
                    let callee = policy.states_by_callee().then_some(0);
                    let part = self.part(layer, &of_callee(name, callee), callee);
                    let point = self.point;
                    let part = &mut self.seen.policies[layer].parts[part];
                    for (number, value) in policy.reading(memory, at).numbers {
                        let values = part.numbers.entry(number);
                        values.or_insert_with(|| vec![f64::NAN; POINTS])[point] = value;
                    }
                }
            }
            self.point += 1;
        }
        // What changes by itself has changed before something happens.
        self.look(trace, now);
    }

    /// Something has happened.
    fn changed(&mut self, trace: &Trace, now: SimTime) {
        self.look(trace, now);
        let bin = self.bin(now);
        let per = 1.0 / self.seen.step;
        for (outcome, asked) in trace.ended() {
            let (ended, series) = if outcome.is_success() {
                (0, &mut self.seen.ok)
            } else if asked {
                (1, &mut self.seen.failed)
            } else {
                (2, &mut self.seen.refused)
            };
            self.seen.ended[ended] += 1;
            series[bin] += per;
        }
        for (layer, seen) in self.seen.policies.iter_mut().enumerate() {
            for ((_, count, first), now_at) in seen.counts.iter_mut().zip(trace.counted(layer)) {
                if *count == 0 && *now_at > 0 {
                    *first = now.as_secs_f64();
                }
                *count = *now_at;
            }
        }
    }

    /// Which part of what was seen of a policy has this name.
    fn part(&mut self, layer: usize, name: &str, callee: Option<u16>) -> usize {
        let policy = &self.layers[layer];
        let parts = &mut self.seen.policies[layer].parts;
        if let Some(known) = parts.iter().position(|part| part.name == name) {
            return known;
        }
        parts.push(Part {
            name: name.to_owned(),
            state: state_of(policy, &policy.memory(), callee, SimTime::ZERO),
            thresholds: policy.thresholds(),
            ..Part::default()
        });
        parts.len() - 1
    }

    /// Looks whether a state has changed.
    fn look(&mut self, trace: &Trace, now: SimTime) {
        for (layer, policy) in self.layers.iter().enumerate() {
            let callees: Vec<Option<u16>> = match policy.states_by_callee() {
                true => (0..trace.callees().min(MOST_CALLEES)).map(Some).collect(),
                false => vec![None],
            };
            for (name, memory) in trace.parts(layer) {
                for callee in &callees {
                    let part = self.part(layer, &of_callee(name, *callee), *callee);
                    let (looked, part) = (self.looked, &mut self.seen.policies[layer].parts[part]);
                    let state = |at: SimTime| state_of(policy, memory, *callee, at);
                    let before = part.changes.last().map_or(part.state, |change| change.to);
                    if let Some((at, to)) = change(state, before, (looked, now)) {
                        part.changes.push(Change {
                            at: at.as_secs_f64(),
                            from: before,
                            to,
                            why: policy.why(memory, at),
                        });
                    }
                }
            }
        }
        self.looked = now;
    }

    fn finished(mut self, trace: &Trace, end: SimTime) -> Timeline {
        for (layer, policy) in self.layers.iter().enumerate() {
            let seen = &mut self.seen.policies[layer];
            for (name, memory) in trace.parts(layer) {
                let why = policy.why(memory, end);
                // The parts of several callees are of one memory.
                let of = |part: &&mut Part| {
                    part.name == *name || (policy.states_by_callee() && part.name.starts_with(name))
                };
                for part in seen.parts.iter_mut().filter(of) {
                    part.why.clone_from(&why);
                }
            }
        }
        self.seen
    }
}

/// The state of a memory by name; of one callee, where each has its own.
fn state_of(
    policy: &PolicySpec,
    memory: &Memory,
    callee: Option<u16>,
    at: SimTime,
) -> &'static str {
    match callee {
        Some(callee) => {
            let (state, _) = policy.state(memory, u32::from(callee), at);
            policy.states()[usize::from(state)]
        }
        None => policy.reading(memory, at).state,
    }
}

/// What a part of a memory is called, where each callee has a state of its own in it.
fn of_callee(part: &str, callee: Option<u16>) -> String {
    match callee {
        Some(callee) if part.is_empty() => callee.to_string(),
        Some(callee) => format!("{part} {callee}"),
        None => part.to_owned(),
    }
}

/// To what a state has changed since it was last looked at, and when: where time alone has changed it, in between.
fn change(
    state: impl Fn(SimTime) -> &'static str,
    before: &str,
    (mut low, mut high): (SimTime, SimTime),
) -> Option<(SimTime, &'static str)> {
    let to = state(high);
    if to == before {
        return None;
    }
    while state(low) == before && high.0 - low.0 > 1 {
        let middle = SimTime(low.0 + (high.0 - low.0) / 2);
        if state(middle) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some((high, to))
}
