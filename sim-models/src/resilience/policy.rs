//! What a policy is asked, and what it may answer: one vocabulary for all of them, so that they compose in any
//! order, can be traced, and can be driven by a script.
//!
//! A policy is plain data: its parameters (`Self`), its memory ([`Policy::Memory`], kept by [`Scope`]), and its
//! state in one call ([`Policy::Call`]). It decides; only the world acts. The world also says where an ending
//! began: a policy names the outcome and no place.

use super::backoff::Backoff;
use super::{Ends, Final, Inside, Load, PushBack, Stay};
use crate::baggage::Priority;
use crate::outcome::{Ending, Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};
use std::fmt::Debug;

/// Who shares the memory of a policy.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each caller instance has its own.
    #[default]
    Instance,
    /// All instances of the caller share one.
    Shared,
}

/// What the memory of a policy is divided by: each part is a memory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Each instance of the callee has its own. The instance is chosen before the policy is asked, and balancers pass
    /// those by that would not let a call in.
    Callee,
    /// Each endpoint of the callee has its own.
    Endpoint,
    /// Each tenant has its own, and those without a label have one together.
    Tenant,
    /// Each key has its own, and requests without a key have one together.
    Key,
    /// Each key at each endpoint has its own.
    Request,
}

/// What a policy answers.
///
/// | asked | may answer |
/// |---|---|
/// | [`Policy::on_enter`], [`Policy::on_timer`] after `Wait` or `Park` | `Pass`, `PassFor`, `Wait`, `Park`, `End`, `Elsewhere` |
/// | [`Policy::on_wake`] | `Pass`, `PassFor`, `Wait`, `Park`, `End` |
/// | [`Policy::on_timer`] after `PassFor` | `Pass` (let it be), `PassFor` (ask again later), `End`, `Again`, `Beside`, `Elsewhere` |
/// | [`Policy::on_result`] | `Pass`, `End`, `Again`, `Beside`, `Elsewhere`, `Hold`; `PassFor` of policies that fork |
/// | [`Policy::on_retry`] | `Pass`, `End` |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Inwards: it goes on. Outwards: the result is passed on.
    Pass,
    /// It goes on, and [`Policy::on_timer`] is asked after this span unless a result comes first. Of a result of one of
    /// several tries: it is kept back, and the span begins anew.
    PassFor(SimDuration),
    /// It stays here for this span; then [`Policy::on_timer`] is asked.
    Wait(SimDuration),
    /// It stays here until somebody who leaves wakes it ([`Context::wake`]); then [`Policy::on_wake`] is asked. If a
    /// span is given and passes before, [`Policy::on_timer`] is asked, and it is parked no longer. Only of policies
    /// that park ([`Policy::parks`]).
    Park(Option<SimDuration>),
    /// It goes no further: this is the result. What is out is given up. The flag forbids policies outside to try
    /// again.
    End(Ending, Final),
    /// All that is inside is tried again, after this span.
    Again(SimDuration),
    /// One more try of all that is inside begins, beside those that are out; [`Policy::on_timer`] is asked after the
    /// span, if one is given. Only of policies that fork ([`Policy::forks`]).
    Beside(Option<SimDuration>),
    /// Another target than the one that is called answers instead: this one of [`Policy::targets`]. Only of policies
    /// that fork.
    Elsewhere(u8),
    /// This result is kept back: another try is still out. Only of policies that fork.
    Hold,
}

/// A result on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it is, and who said so.
    pub ending: Ending,
    /// Whether policies outside may try again, and when.
    pub last: Final,
    /// Which of all tries of a policy that forks it is the result of, from 0.
    pub leg: u16,
    /// Number of the callee's instance that was asked last; [`Ended::NOBODY`] if nobody was.
    pub callee: u16,
    /// Nobody knows how it would have ended: a policy outside, or the caller, no longer waits.
    pub given_up: bool,
    /// How busy who answered it is, where the answer tells it.
    pub load: Load,
}

impl Default for Ended {
    #[inline]
    fn default() -> Self {
        Self {
            ending: Ending::default(),
            last: Final::No,
            leg: 0,
            callee: Self::NOBODY,
            given_up: false,
            load: Load::UNKNOWN,
        }
    }
}

const _: () = assert!(
    size_of::<Ended>() <= 16,
    "it is passed from policy to policy"
);

const _: () = assert!(
    crate::limits::MOST_REPLICAS < Ended::NOBODY as u32,
    "instances of a callee are numbered in 16 bits"
);

impl Ended {
    /// The callee of a call that asked nobody.
    pub const NOBODY: u16 = u16::MAX;

    /// What it was.
    #[inline]
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.ending.outcome
    }

    /// What another answer in its place ends as.
    #[must_use]
    pub fn replaced(&self) -> Ending {
        Ending {
            outcome: Outcome::Degraded,
            status: 0,
            ..self.ending
        }
    }
}

/// What a policy may know and count when it is asked.
#[derive(Debug)]
pub struct Context<'a> {
    /// Simulated time.
    pub now: SimTime,
    /// Attempts that this call has begun so far.
    pub attempts: u32,
    /// Whether what comes is no further try: of a retry or a hedge outside.
    pub first: bool,
    /// Tries that this policy has begun so far; of policies that fork.
    pub begun: u32,
    /// Instances that the callee has.
    pub callees: u32,
    /// Tries of what is inside this policy that are out just now; of policies that fork.
    pub out: u32,
    /// Calls that are parked at this policy's memory.
    pub waiting: u32,
    /// Key of the draws that belong to this call and policy: `Keyed::new(context.key, word)`. It is the same each time
    /// that the call comes, so `word` has to tell its draws apart: count them in the state of the call.
    pub key: u64,
    /// Key of what is asked for, from 1; 0: it has none.
    pub content: u32,
    /// How much it matters.
    pub priority: Priority,
    /// Whom it is from ([`crate::baggage::Baggage::user`]).
    pub user: u8,
    /// Whether what is asked for may be asked for twice: what its service says of the endpoint.
    pub idempotent: bool,
    /// Number of the instance that asks, among those of the caller or of the service whose door it is; of policies that
    /// ask ([`Policy::ASKS_WHO`]).
    pub caller: u32,
    /// Number of the tenant that it is from; of policies that ask.
    pub tenant: u32,
    /// When the deadline passes that the request was told by its caller; [`SimTime::MAX`]: it was told none.
    pub deadline: SimTime,
    /// How long what has ended took, where it is said by a script that need not keep to its clock.
    pub said: Option<SimDuration>,
    /// Retries that the whole request has had, at all hops together; of policies that ask ([`Policy::TRAVELS`]), which
    /// count them here.
    pub retries: u16,
    /// What this policy counts, in the order of [`Policy::COUNTERS`].
    pub counters: &'a mut [u64],
    /// How many of those who are parked at this memory it wakes, the first to come first.
    pub wake: u32,
    /// What of all that the request is going to need is shut just now; of policies that look ([`Policy::LOOKS`]).
    pub shut: Shut,
}

/// How much is shut of what the work of a request needs in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shut {
    /// Breakers on its calls that would let none through.
    pub breakers: u16,
    /// Pools of which all is out.
    pub pools: u16,
}

impl<'a> Context<'a> {
    /// At a time, of a first attempt of which nothing is known.
    #[must_use]
    pub fn new(now: SimTime, counters: &'a mut [u64]) -> Self {
        Self {
            now,
            attempts: 0,
            first: true,
            begun: 0,
            callees: 1,
            out: 0,
            waiting: 0,
            key: 0,
            content: 0,
            priority: Priority::default(),
            user: 0,
            idempotent: true,
            caller: 0,
            tenant: 0,
            deadline: SimTime::MAX,
            said: None,
            retries: 0,
            counters,
            wake: 0,
            shut: Shut::default(),
        }
    }

    /// A call is turned away, which is what a policy counts first.
    #[inline]
    pub(super) fn turned_away(&mut self, outcome: Outcome, push_back: Option<PushBack>) -> Do {
        self.counters[0] += 1;
        Do::End(Ending::of(outcome), PushBack::last(push_back))
    }

    /// How long a call that came then has taken by now, or as a script says ([`Context::said`]).
    #[inline]
    #[must_use]
    pub fn took(&self, came: SimTime) -> SimDuration {
        self.said.unwrap_or_else(|| self.now.since(came))
    }
}

/// What a callee is told of a call that goes through a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tells {
    /// When its time is up ([`Policy::deadline`]).
    pub deadline: bool,
    /// That its caller has given up.
    pub cancellation: bool,
}

impl Tells {
    /// What the callee is told by one or the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            deadline: self.deadline || other.deadline,
            cancellation: self.cancellation || other.cancellation,
        }
    }
}

/// How a policy tries again what has failed.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    /// Attempts at most, the first included.
    pub attempts: u32,
    /// What is tried again.
    pub on: OutcomeSet,
    /// How long it waits before.
    pub backoff: &'a Backoff,
    /// Whether it tries calls to endpoints that are not idempotent again as well.
    pub non_idempotent: bool,
}

/// What a policy's memory says: for traces, journals and charts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Its state by name; empty where it has none.
    pub state: &'static str,
    /// Its numbers by name.
    pub numbers: Vec<(&'static str, f64)>,
}

impl Reading {
    /// A memory without states that holds one number.
    #[must_use]
    pub fn number(name: &'static str, value: f64) -> Self {
        Self {
            state: "",
            numbers: vec![(name, value)],
        }
    }
}

/// A policy; `Self` is what the scenario says of it.
pub trait Policy {
    /// What it remembers from call to call.
    type Memory: Clone + PartialEq + Debug;
    /// What it knows of one call.
    type Call: Copy + Default + PartialEq + Debug;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// What it counts.
    const COUNTERS: &'static [&'static str] = &[];
    /// Whether it makes sense at the door of a service as well (`admission`), not only at a caller.
    const AT_DOOR: bool = false;
    /// Whether it makes sense at a caller (`calls`).
    const AT_CALLER: bool = true;
    /// Whether its memory may be divided by [`By::Callee`].
    const BY_CALLEE: bool = false;
    /// Whether it looks at what travels with requests, beyond what its memory is divided by.
    const UNPACKS: bool = false;
    /// Whether it counts the retries of whole requests ([`Context::retries`]).
    const TRAVELS: bool = false;
    /// Whether all that it does is to bound retries, so that it makes sense inside one only.
    const BUDGETS: bool = false;
    /// Whether calls may share one answer, so that fewer come to the callee than are made.
    const SHARES: bool = false;
    /// Whether it does nothing for requests without the key that its memory is divided by: what is asked for without
    /// one is never the same. With others they share a memory.
    const KEYED: bool = false;
    /// Whether it has to know when what it let in at a door begins to be served ([`Policy::on_start`]).
    const STARTS: bool = false;
    /// Whether it has to know whether what a request is going to need is shut ([`Context::shut`]); only at doors.
    const LOOKS: bool = false;
    /// Whether it has to be asked on the way in and out. One that only tells the callee something has not.
    const ACTS: bool = true;
    /// Whether it has to be asked on the way in. One that has not lets every call in, and knows of it what it knows of a
    /// new one.
    const ENTERS: bool = true;
    /// Whether it has to allow another try before its pause ([`Policy::on_retry`]).
    const RATIONS: bool = false;
    /// Whether balancers pass instances by that it shuns ([`Policy::shun`]).
    const SHUNS: bool = false;
    /// Whether it has to know which instance asks, and for which tenant.
    const ASKS_WHO: bool = false;
    /// Whether it has to know of every call that leaves it ([`Policy::on_leave`]).
    const LEAVES: bool = false;
    /// The fields that can change while calls go through it: those that it looks up when it is asked, or whose change
    /// it carries over to its memory ([`Policy::on_set`]), and that are no part of what it is to the world.
    const LIVE: &'static [&'static str] = &[];
    /// Whether it may turn a call away at once, before anybody is asked.
    const REFUSES: bool = false;
    /// How what it gives up ends, where it bounds a call ([`Policy::time_limit`]).
    const LATE: Outcome = Outcome::TimeoutAttempt;
    /// Whether it stops calls while those before them keep failing.
    const BREAKS: bool = false;
    /// Whether it can be tripped and reset by hand ([`Policy::on_hand`]).
    const BY_HAND: bool = false;
    /// The states that a memory can be in, by name, the one that it begins in first: of them runs tell when they turned
    /// and how long they lasted. Empty: it has none.
    const STATES: &'static [&'static str] = &[];
    /// Whether a memory is in a state of its own for each instance of the callee.
    const STATES_BY_CALLEE: bool = false;

    /// Whether answers tell what it says of the load ([`Policy::load`]), at a door.
    const REPORTS: bool = false;

    /// What it remembers at the start.
    fn memory(&self) -> Self::Memory;
    /// Who shares its memory.
    fn scope(&self) -> Scope {
        Scope::Instance
    }
    /// What its memory is divided by.
    fn by(&self) -> Option<By> {
        None
    }
    /// Whether it may have several tries out at once, or ask another target.
    fn forks(&self) -> bool {
        false
    }
    /// Whether calls may be parked at its memory.
    fn parks(&self) -> bool {
        false
    }
    /// Whether those that are parked at its memory are woken the last to come first, not the first.
    fn last_first(&self) -> bool {
        false
    }
    /// A call, or another try of it by a policy outside, is on its way in.
    #[inline]
    fn on_enter(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _context: &mut Context,
    ) -> Do {
        Do::Pass
    }
    /// The span of [`Do::PassFor`] or [`Do::Wait`] has passed.
    fn on_timer(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _context: &mut Context,
    ) -> Do {
        unreachable!("a policy that sets no timer is asked about none")
    }
    /// Somebody who left woke a call that was parked here. `Park` leaves it where it was, and wakes nobody else.
    fn on_wake(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _context: &mut Context,
    ) -> Do {
        unreachable!("a policy that parks nobody is asked about none")
    }
    /// Whether it has nothing to say to results that end so: they pass it, and [`Policy::on_result`] is not asked.
    #[inline]
    fn ignores(&self, _outcome: Outcome) -> bool {
        true
    }
    /// A result is on its way out.
    #[inline]
    fn on_result(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _ended: &Ended,
        _context: &mut Context,
    ) -> Do {
        Do::Pass
    }
    /// A policy outside is about to try again what has failed, or to try it once more beside what is out: asked before
    /// any pause. `Pass` allows it, `End` is the result instead. What is allowed comes to [`Policy::on_enter`] when the
    /// pause is over.
    fn on_retry(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _failure: &Ended,
        _context: &mut Context,
    ) -> Do {
        Do::Pass
    }
    /// What [`Policy::on_retry`] has allowed does not come, since another policy did not allow it; or what this policy
    /// itself wanted to try again was not allowed.
    fn on_denied(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _context: &mut Context,
    ) {
    }
    /// What [`Policy::on_retry`] has allowed may never come: the call was given up before it came again. Asked of every
    /// policy that rations and is not inside when its call is given up; it knows whether it had allowed anything.
    fn on_lost(&self, _memory: &mut Self::Memory, _call: &mut Self::Call, _context: &mut Context) {}
    /// A call that this policy let in leaves it: exactly once for each that [`Policy::on_enter`] (or what was asked
    /// after it) let in, however it ended.
    #[inline]
    fn on_leave(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _ended: &Ended,
        _context: &mut Context,
    ) {
    }
    /// What it let in at a door begins to be served, so long after it came.
    fn on_start(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _waited: SimDuration,
        _context: &mut Context,
    ) {
    }
    /// Its fields were those of `before` until now ([`Policy::LIVE`]): brings a memory over to what they are, and says
    /// how many of those who wait at it may go on.
    fn on_set(&self, _memory: &mut Self::Memory, _before: &Self, _now: SimTime) -> u32 {
        0
    }
    /// Somebody trips it by hand, or resets it: of a policy that can be ([`Policy::BY_HAND`]).
    fn on_hand(&self, _memory: &mut Self::Memory, _trips: bool, _context: &mut Context) {}
    /// Whether its memory of one instance of the callee would not let a call in just now: balancers pass that one by.
    /// Only of memories that are divided by [`By::Callee`].
    fn is_shut(&self, _memory: &Self::Memory, _now: SimTime) -> bool {
        false
    }
    /// Whether it is in a state in which it stands in the way of calls: open, as a breaker is.
    fn is_open(&self, _memory: &Self::Memory, _now: SimTime) -> bool {
        false
    }
    /// How busy the instance is at whose door it sits.
    fn load(&self, _memory: &Self::Memory) -> Load {
        Load::UNKNOWN
    }
    /// Which of [`Policy::STATES`] a memory is in just now, and since when if it has come to it by the passing of time;
    /// of this instance of the callee, where each has its own. The world asks each time that a memory may have changed.
    #[inline]
    fn state(&self, _memory: &Self::Memory, _callee: u32, _now: SimTime) -> (u8, Option<SimTime>) {
        (0, None)
    }
    /// Bytes that its memory takes beside itself: what a vector in it holds.
    fn heap(&self) -> usize {
        0
    }
    /// Marks the instances of the callee, by number, that an attempt is not to be sent to. Where all are marked, none
    /// is passed by.
    fn shun(&self, _memory: &Self::Memory, _now: SimTime, _passed_by: &mut [bool]) {}
    /// The most attempts that it makes of one.
    fn worst_case_attempts(&self) -> f64 {
        1.0
    }
    /// The longest that it lets a call take, if it bounds it. A policy that does so does nothing else on
    /// the way in: the world sets its timer, and [`Policy::on_enter`] is asked only where the callee is told.
    fn time_limit(&self) -> Option<SimDuration> {
        None
    }
    /// How it tries again what has failed, one try after the other, if it does.
    fn again(&self) -> Option<Again<'_>> {
        None
    }
    /// The most attempts per call that it allows in the long run, whatever those outside would like.
    fn long_run(&self) -> f64 {
        f64::INFINITY
    }
    /// What becomes of a call, and when, where chance alone decides how its attempts end: from what is inside this
    /// policy, of a call that comes to it so long (s) after the request and is given up then. None where it cannot be
    /// said: where it depends on how many calls there are at a time, or on how long answers take.
    fn foresee(&self, _inside: &mut Inside<'_>, _when: Stay) -> Option<Ends> {
        None
    }
    /// The longest that it makes a call wait before it lets it in, if it does and that is bounded.
    fn longest_wait(&self) -> Option<SimDuration> {
        None
    }
    /// Whether it puts something else in place of what ends so, at least at times: a static answer, that of one of
    /// [`Policy::targets`], one that it has kept.
    fn replaces(&self, _outcome: Outcome) -> bool {
        false
    }
    /// Whether further tries of a call that goes through it are sent to instances that the call has not asked yet, where
    /// there are any.
    fn avoids(&self) -> bool {
        false
    }
    /// Its most telling number, in a few words, for pictures; empty where its name says it all.
    fn brief(&self) -> String {
        String::new()
    }
    /// What the callee is told.
    fn tells(&self) -> Tells {
        Tells::default()
    }
    /// When the callee is to stop, if it is told so.
    #[inline]
    fn deadline(_call: &Self::Call) -> SimTime {
        SimTime::MAX
    }
    /// How many calls its memory takes to be inside, if it counts them.
    fn inside(_memory: &Self::Memory) -> Option<u32> {
        None
    }
    /// What its memory says.
    fn reading(&self, _memory: &Self::Memory, _now: SimTime) -> Reading {
        Reading::default()
    }
    /// Why its memory is in the state that it is in, or what it still needs to leave it: a sentence for people, of a
    /// policy with states; empty where there is nothing to say.
    fn why(&self, _memory: &Self::Memory, _now: SimTime) -> String {
        String::new()
    }
    /// The values at which it acts of numbers that [`Policy::reading`] tells, by their names: lines in charts.
    fn thresholds(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
    /// The most calls a second that one memory of it lets in in the long run, if it bounds their rate.
    fn carries(&self) -> Option<f64> {
        None
    }
    /// The most calls that one memory of it lets be out at a time, if it bounds them by a fixed number.
    fn permits(&self) -> Option<u32> {
        None
    }
    /// Why it can never act where so many calls (1/s), evenly spaced, come to one memory of it: a sentence for people.
    fn idle_at(&self, _rate: f64) -> Option<String> {
        None
    }
    /// Other targets than the one that is called, `"service/endpoint"`, that [`Do::Elsewhere`] counts from 0.
    fn targets(&self) -> Vec<&str> {
        Vec::new()
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
