//! A call on its way through the policies that are driven by a script: how far it has come at each, and what it has out.

use super::super::{CallState, Final, PolicySpec, Shut};
use super::At;
use crate::baggage::Priority;
use crate::outcome::{Ending, Outcome};
use sim_core::SimTime;

/// How far a call has come at a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not in it.
    Outside,
    /// It has to wait at it.
    Waiting,
    /// It waits until somebody leaves.
    Parked,
    /// It was let in by somebody who woke it, and goes on within this line.
    Woken,
    /// It was turned away by somebody who woke it, and goes back within this line.
    Turned(Ending, Final),
    /// It is inside.
    Inside,
}

/// When a timer is due: of those of one time, the one that was set first.
pub(super) type Due = (SimTime, u64);

/// A policy in one call.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) state: CallState,
    pub(super) stage: Stage,
    pub(super) timer: Option<Due>,
    /// When the timer is due, all that is inside is tried again.
    pub(super) again: bool,
    /// Tries that it has begun, if it may have several.
    pub(super) legs: u16,
}

/// A way through some of the policies, with one try at its end: the call itself, or one of several tries that a policy
/// has out.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// The leg that has this one out, and at which policy.
    pub(super) owner: Option<(usize, usize)>,
    /// Which of the tries of that policy it is; none if it asks another target.
    pub(super) number: Option<u16>,
    /// The first policy that it carries.
    pub(super) base: usize,
    pub(super) slots: Vec<Slot>,
    /// The try that it has out.
    pub(super) sent: Option<usize>,
    /// Tries of the call when its last one began.
    pub(super) attempts: u32,
    /// The last failure on it.
    pub(super) failure: Ending,
    /// The instance that it has asked last.
    pub(super) callee: Option<u16>,
}

/// A try of what is inside all policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try {
    pub(super) leg: usize,
    /// It has had a result.
    pub(super) over: bool,
}

/// A call at the policies.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) number: u64,
    /// Which part of the memory of each policy is meant for it.
    pub(super) parts: Vec<String>,
    pub(super) key: u32,
    pub(super) priority: Priority,
    pub(super) user: u8,
    pub(super) idempotent: bool,
    /// Retries that its whole request has had.
    pub(super) retries: u16,
    pub(super) shut: Shut,
    pub(super) caller: u32,
    pub(super) tenant: u32,
    /// When the deadline passes that it came with.
    pub(super) deadline: SimTime,
    /// The instance that it asks, if it is said.
    pub(super) callee: Option<u16>,
    pub(super) came: SimTime,
    /// Its ways; the first is its own, the others are those of policies that fork. What has ended is none.
    pub(super) legs: Vec<Option<Leg>>,
    /// All its tries, in the order in which they began.
    pub(super) tries: Vec<Try>,
    /// How it has ended, if it has.
    pub(super) outcome: Option<Outcome>,
    /// The status of an error that it has ended with.
    pub(super) status: u16,
    pub(super) last: Final,
    /// A further try has been allowed, and is yet to come.
    pub(super) allowed: bool,
}

impl Leg {
    /// A way through the policies from `base` on, as far as the first that may have several tries out.
    pub(super) fn new(
        layers: &[PolicySpec],
        base: usize,
        owner: Option<(usize, usize)>,
        number: Option<u16>,
    ) -> Self {
        let rest = &layers[base..];
        let fork = rest.iter().position(PolicySpec::forks);
        let carried = &rest[..fork.map_or(rest.len(), |fork| fork + 1)];
        Self {
            owner,
            number,
            base,
            slots: carried.iter().map(Slot::new).collect(),
            sent: None,
            attempts: 0,
            failure: Ending::default(),
            callee: None,
        }
    }
}

impl Slot {
    fn new(policy: &PolicySpec) -> Self {
        Self {
            state: policy.begin(),
            stage: Stage::Outside,
            timer: None,
            again: false,
            legs: 0,
        }
    }
}

impl Call {
    /// It ends; what its policies know of it stays, for it may be tried again.
    pub(super) fn end(&mut self, ending: Ending, last: Final) {
        self.outcome = Some(ending.outcome);
        self.status = ending.status;
        self.last = last;
        self.legs.truncate(1);
    }

    pub(super) fn leg(&mut self, leg: usize) -> &mut Leg {
        self.legs[leg].as_mut().expect("it has not ended")
    }

    pub(super) fn slot(&mut self, leg: usize, layer: usize) -> &mut Slot {
        let leg = self.leg(leg);
        &mut leg.slots[layer - leg.base]
    }

    /// The policies that a leg carries.
    pub(super) fn carried(&self, leg: usize) -> std::ops::Range<usize> {
        let leg = self.legs[leg].as_ref().expect("it has not ended");
        leg.base..leg.base + leg.slots.len()
    }

    /// The tries that a leg has out at its innermost policy, the last to begin first.
    pub(super) fn legs_of(&self, owner: usize) -> impl Iterator<Item = usize> {
        let legs = self.legs.iter().enumerate().rev();
        legs.filter_map(move |(index, leg)| {
            let (of, _) = leg.as_ref()?.owner?;
            (of == owner).then_some(index)
        })
    }

    /// A leg and those that have it out, from the inside out.
    pub(super) fn outwards(&self, leg: usize) -> impl Iterator<Item = &Leg> {
        let at = |leg: usize| self.legs[leg].as_ref();
        std::iter::successors(at(leg), move |leg| at(leg.owner?.0))
    }

    /// Whether a leg is a further try, or part of one.
    pub(super) fn is_further(&self, leg: usize) -> bool {
        self.outwards(leg).any(|leg| leg.number > Some(0))
    }

    /// Where it is, and when it goes on if that is known.
    pub(super) fn at(&self) -> (At, Option<SimTime>) {
        let legs = || self.legs.iter().flatten();
        let slots = || legs().flat_map(|leg| &leg.slots);
        if self.outcome.is_some() {
            (At::Ended, None)
        } else if legs().any(|leg| leg.sent.is_some()) {
            (At::Inside, None)
        } else if slots().any(|slot| slot.stage == Stage::Waiting || slot.again) {
            let waiting = slots().filter(|slot| slot.stage == Stage::Waiting || slot.again);
            let due = waiting.filter_map(|slot| slot.timer).min();
            (At::Waiting, due.map(|(due, _)| due))
        } else {
            (At::Parked, None)
        }
    }
}
