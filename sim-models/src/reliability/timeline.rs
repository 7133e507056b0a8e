//! The run, cut wherever a fault comes, goes or grows.

use crate::faults::Effect;
use crate::ids::FaultId;
use crate::plan::{FaultPlan, Plan};
use crate::topology::{seconds, starts};
use sim_core::SimTime;
use std::collections::BTreeMap;

/// Pieces that a ramp is cut into, each at the strength of its middle.
const RAMP_PIECES: u64 = 8;
/// Cuts beyond which no prediction is made.
const MOST_CUTS: usize = 200_000;
/// Faults at random beyond which no prediction is made: 2 to this power combinations.
const MOST_RANDOM: usize = 8;

/// A stretch of time in which nothing changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub from: SimTime,
    pub to: SimTime,
    /// Index of its state.
    pub state: usize,
}

/// The faults that are on, with how strong they are (bits of a number from 0 to 1).
pub(super) type State = Vec<(FaultId, u64)>;

/// The run after its warm-up as stretches in order, each with its state.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    pub stretches: Vec<Stretch>,
    pub states: Vec<State>,
    /// Faults that come at random: which, and the share of time that each is on.
    random: Vec<(FaultId, f64)>,
}

impl Timeline {
    /// Of a plan; none if there is too much to look at, or the times of a fault cannot be known.
    pub fn new(plan: &Plan) -> Option<Self> {
        let mut random = Vec::new();
        // When which fault gets which strength.
        let mut changes: Vec<(SimTime, FaultId, f64)> = Vec::new();
        for (number, fault) in plan.faults.iter_enumerated() {
            if fault.spec.random.is_some() {
                random.push((number, share_of_time(fault)?));
                continue;
            }
            for start in starts(&fault.spec, plan.end) {
                changes_of(fault, number, start, plan.end, &mut changes);
                if changes.len() > MOST_CUTS {
                    return None;
                }
            }
        }
        if random.len() > MOST_RANDOM {
            return None;
        }
        changes.sort_by_key(|change| (change.0, change.1));
        Some(Self::cut(plan, &changes, random))
    }

    /// Without any fault.
    pub fn calm(plan: &Plan) -> Self {
        Self::cut(plan, &[], Vec::new())
    }

    fn cut(plan: &Plan, changes: &[(SimTime, FaultId, f64)], random: Vec<(FaultId, f64)>) -> Self {
        let mut timeline = Self {
            stretches: Vec::new(),
            states: Vec::new(),
            random,
        };
        let mut known: BTreeMap<State, usize> = BTreeMap::new();
        // A fault may come again before it has gone for good (while instances boot): the last change
        // of a time counts.
        let mut on: BTreeMap<FaultId, f64> = BTreeMap::new();
        let (mut next, mut from) = (0, plan.warmup);
        while from < plan.end {
            while next < changes.len() && changes[next].0 <= from {
                let (_, fault, strength) = changes[next];
                on.insert(fault, strength);
                next += 1;
            }
            let to = changes
                .get(next)
                .map_or(plan.end, |change| change.0.min(plan.end));
            let state: State = on
                .iter()
                .filter(|(_, strength)| **strength > 0.0)
                .map(|(fault, strength)| (*fault, strength.to_bits()))
                .collect();
            let fresh = timeline.states.len();
            let state = *known.entry(state.clone()).or_insert_with(|| {
                timeline.states.push(state);
                fresh
            });
            timeline.stretches.push(Stretch { from, to, state });
            from = to;
        }
        timeline
    }

    /// The state at a time; after the run the last one.
    pub fn at(&self, time: SimTime) -> usize {
        let number = self.stretches.partition_point(|stretch| stretch.to <= time);
        let last = self.stretches.len() - 1;
        self.stretches[number.min(last)].state
    }

    /// All combinations of the faults at random with the share of time of each.
    pub fn combinations(&self) -> Vec<(f64, Vec<FaultId>)> {
        let mut all = vec![(1.0, Vec::new())];
        for (fault, share) in &self.random {
            let with = all
                .clone()
                .into_iter()
                .map(|(before, mut on): (f64, Vec<FaultId>)| {
                    on.push(*fault);
                    (before * share, on)
                });
            let with: Vec<_> = with.collect();
            for (before, _) in &mut all {
                *before *= 1.0 - share;
            }
            all.extend(with);
        }
        all
    }
}

/// The share of time that a fault at random is on in the long run; none if it comes so many times only.
fn share_of_time(fault: &FaultPlan) -> Option<f64> {
    let random = fault.spec.random.as_ref()?;
    if fault.spec.times.is_some() || fault.spec.ramp.0 > 0 {
        return None;
    }
    let boot = match fault.effect {
        Effect::Down { boot, .. } => boot.as_secs_f64(),
        _ => 0.0,
    };
    // An instance that boots is down, and the next failure may come meanwhile.
    if boot > 0.0 {
        return None;
    }
    let repair = seconds(&random.mttr);
    let cycle = repair + random.mtbf.as_secs_f64();
    cycle.is_finite().then(|| repair / cycle)
}

/// How the strength of a fault changes in one of its periods.
fn changes_of(
    fault: &FaultPlan,
    number: FaultId,
    start: SimTime,
    run_end: SimTime,
    changes: &mut Vec<(SimTime, FaultId, f64)>,
) {
    let end = fault.spec.lasts.map_or(SimTime::MAX, |lasts| start + lasts);
    let (end, ramp) = match fault.effect {
        // Neither dies nor stands still by degrees.
        Effect::Down { boot, .. } => (end + boot, 0),
        Effect::Frozen => (end, 0),
        _ => (end, fault.spec.ramp.0),
    };
    // This period goes on where the last one had not ended.
    if let Some((at, same, _)) = changes.last()
        && *same == number
        && *at >= start
    {
        changes.pop();
    }
    if ramp == 0 {
        changes.push((start, number, 1.0));
    } else {
        let piece = |n: u64| start + sim_core::SimDuration(ramp / RAMP_PIECES * n);
        for n in 0..RAMP_PIECES {
            let middle = (n as f64 + 0.5) / RAMP_PIECES as f64;
            if piece(n) < end {
                changes.push((piece(n), number, middle));
            }
        }
        if piece(RAMP_PIECES) < end {
            changes.push((piece(RAMP_PIECES), number, 1.0));
        }
    }
    if end < run_end {
        changes.push((end, number, 0.0));
    }
}
