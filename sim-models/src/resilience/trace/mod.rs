//! Policies alone: driven by a script of calls and results, one decision for each line.
//!
//! The script has one JSON object a line, times in seconds since the start, never going back:
//!
//! - `{"t": 1.5, "op": "acquire"}`: a call comes to the policies; `key` and `priority` of its request, `user` (0 to 127),
//!   its `tenant`, whether it is `idempotent` (it is, unless this says not), how many of the `breakers` and `pools` that
//!   its work will need are shut, the `caller` (the index of the instance that asks, 0 unless given), the `endpoint` that
//!   it is for and, where a memory is by callee, the `callee` may be given;
//! - `{"t": 1.6, "op": "start"}`: what a door let in begins to be served;
//! - `{"t": 1.7, "op": "result", "outcome": "ok"}`: what is inside has a result; `status` of an error, `callee` (the
//!   index of the instance that was asked, 0 unless given; nobody was asked where another policy refused), `leg` (which
//!   of all tries of the call it is of, from 0; the oldest that is out unless given), `duration` (seconds that the try
//!   is said to have taken, which need not be the time since it was let in), `retry_after` (seconds after which the
//!   callee asks to come again; less than zero: not at all) and `load` (how busy the answer tells that its instance is,
//!   of 1) may be given;
//! - `{"t": 1.7, "op": "retry"}`: a policy outside is about to try again what has failed; what is allowed comes again
//!   with `acquire`, after the pause;
//! - `{"t": 1.8, "op": "give_up"}`: nobody waits for the call any longer, or for a further try that was allowed;
//! - `{"t": 2, "op": "look"}`: nothing happens; it is looked where the call is;
//! - `{"t": 3, "op": "trip"}`, `"reset"`: somebody does so by hand to the policies that can be tripped; no call is needed.
//!
//! Several calls may be out at once: `"id"` names them. `"callees"`, in any line, says how many instances there are to
//! ask from then on. The timers of the policies run between the lines. A result that comes when its call no longer waits
//! for it, since a policy has ended the call meanwhile, changes nothing.
//!
//! Several policies are driven as one stack, outermost first, by the rules of the world: inwards with a call, outwards
//! with a result, and asked whether they allow a further try before its pause.

mod call;
mod drive;
mod hand;
#[cfg(test)]
mod tests;
mod timers;

use super::script::Told;
pub use super::script::{At, Decision, Line, Op};
use super::{By, Ended, Final, Load, Memory, PolicySpec, Shut};
use crate::baggage::Baggage;
use crate::limits::MOST_REPLICAS;
use crate::outcome::{Ending, Outcome};
use call::{Call, Due, Leg};
use drive::{Place, Way};
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Policies that are driven by a script.
#[derive(Clone, Debug)]
pub struct Trace<'p> {
    layers: &'p [PolicySpec],
    /// For each policy the parts of its memory that somebody has come to.
    memories: Vec<BTreeMap<String, Memory>>,
    counters: Vec<Vec<u64>>,
    /// For each policy those who are parked, by the part of the memory.
    rooms: Vec<BTreeMap<String, VecDeque<Place>>>,
    calls: Vec<Call>,
    /// Which of them the script means by a name.
    names: BTreeMap<String, usize>,
    due: BTreeMap<Due, (Place, usize)>,
    /// Timers that have been set so far.
    timers: u64,
    /// Those who were woken within this line, and at which policy.
    woken: VecDeque<(Place, usize)>,
    now: SimTime,
    callees: u16,
    /// Tries that the last line, or the timers that ran since, began: of which call, and which of its tries.
    begun: Vec<(usize, usize)>,
    /// Calls that it, or they, ended.
    ended: Vec<usize>,
    /// Tenants that somebody has come from, in the order in which they were named.
    tenants: Vec<String>,
    /// How long what the line is about took, as it says.
    said: Option<SimDuration>,
}

/// Instances of the callee, unless the script says how many.
const CALLEES: u16 = 10;
/// Key of the draws of policies that are driven alone.
const KEY: u64 = 0x5452_4143_4500_0000;

impl<'p> Trace<'p> {
    /// A policy before its first call.
    #[must_use]
    pub fn new(policy: &'p PolicySpec) -> Self {
        Self::stack(std::slice::from_ref(policy))
    }

    /// Several policies, the outermost first, before their first call.
    #[must_use]
    pub fn stack(layers: &'p [PolicySpec]) -> Self {
        Self {
            layers,
            memories: vec![BTreeMap::new(); layers.len()],
            counters: layers
                .iter()
                .map(|policy| vec![0; policy.counters().len()])
                .collect(),
            rooms: vec![BTreeMap::new(); layers.len()],
            calls: Vec::new(),
            names: BTreeMap::new(),
            due: BTreeMap::new(),
            timers: 0,
            woken: VecDeque::new(),
            now: SimTime::ZERO,
            callees: CALLEES,
            begun: Vec::new(),
            ended: Vec::new(),
            tenants: Vec::new(),
            said: None,
        }
    }

    /// What the policies make of the next line.
    ///
    /// # Errors
    /// A time that is none or goes back, a result without an outcome, a call that is not there, or that is already.
    pub fn line(&mut self, line: &Line) -> Result<Decision, String> {
        if !(line.t.is_finite() && (0.0..=1e9).contains(&line.t)) {
            return Err(format!("`t` must be 0 to 1e9 seconds, not {}", line.t));
        }
        let now = SimTime::ZERO + SimDuration::from_nanos_f64(line.t * 1e9);
        if line.user >= Baggage::USERS {
            return Err(format!("`user` is 0 to {}", Baggage::USERS - 1));
        }
        if now < self.now {
            return Err(format!("time goes back to {} s", line.t));
        }
        if let Some(callees) = line.callees {
            if !(1..=MOST_REPLICAS).contains(&u32::from(callees)) {
                return Err(format!("`callees` is 1 to {MOST_REPLICAS}"));
            }
            self.callees = callees;
        }
        if line.callee.is_some_and(|callee| callee >= self.callees) {
            return Err(format!(
                "`callee` is one of {} instances, from 0; `\"callees\"` says how many there are",
                self.callees
            ));
        }
        let said = line.duration.map(|took| {
            if (0.0..=1e9).contains(&took) {
                Ok(SimDuration::from_nanos_f64(took * 1e9))
            } else {
                Err(format!("`duration` is 0 to 1e9 seconds, not {took}"))
            }
        });
        let said = said.transpose()?;
        self.said = None;
        self.begun.clear();
        self.ended.clear();
        self.run_timers(now);
        self.now = now;
        self.said = said;
        let id = line.id.text();
        match line.op {
            Op::Acquire => self.acquire(&id, line)?,
            Op::Start => self.start(&id)?,
            Op::Result => self.result(&id, line)?,
            Op::Retry => self.retry(&id)?,
            Op::GiveUp => self.give_up(&id)?,
            Op::Look => {}
            Op::Trip => return self.by_hand(line, true),
            Op::Reset => return self.by_hand(line, false),
        }
        self.run_woken();
        // Spans of zero are over at once.
        self.run_timers(now);
        let call = self.known(&id)?;
        Ok(self.decision(call, line))
    }

    /// What is said of a call after a line.
    fn decision(&self, call: usize, line: &Line) -> Decision {
        let call = &self.calls[call];
        let (at, goes_on) = call.at();
        let allowed = line.op == Op::Retry && call.allowed;
        let (alone, policies) = self.tell(&call.parts, line.callee);
        Decision {
            t: line.t,
            id: line.id.clone(),
            permitted: allowed || at == At::Inside || goes_on.is_some(),
            wait: goes_on.map(|due| due.since(self.now).as_secs_f64()),
            at,
            outcome: call.outcome,
            retry_after: match call.last.span() {
                Some(span) => Some(span.as_secs_f64()),
                None => (call.last == Final::Never).then_some(-1.0),
            },
            state: alone.state,
            numbers: alone.numbers,
            counts: alone.counts,
            policies,
        }
    }

    /// What the policies say of these parts of their memories: of one alone, or of each by its name.
    fn tell(&self, parts: &[String], callee: Option<u16>) -> (Told, BTreeMap<String, Told>) {
        let told = |layer: usize| self.told(layer, &parts[layer], callee);
        // One that only tells the callee something has nothing to say here.
        let mut acting = (0..self.layers.len()).filter(|layer| self.layers[*layer].acts());
        let alone = match (acting.next(), acting.next()) {
            _ if self.layers.len() == 1 => Some(0),
            (Some(layer), None) => Some(layer),
            _ => None,
        };
        if let Some(layer) = alone {
            (told(layer), BTreeMap::new())
        } else {
            let layers = self.layers.iter().enumerate();
            let policies: BTreeMap<String, Told> = layers
                .map(|(layer, policy)| (format!("{layer} {}", policy.name()), told(layer)))
                .collect();
            let mut states = policies.values().map(|told| told.state);
            let mut states = states.by_ref().filter(|state| !state.is_empty());
            let alone = Told {
                state: match (states.next(), states.next()) {
                    (Some(state), None) => state,
                    _ => "",
                },
                ..Told::default()
            };
            (alone, policies)
        }
    }

    /// Runs the timers that are due by then.
    pub(super) fn advance(&mut self, until: SimTime) {
        self.said = None;
        self.begun.clear();
        self.ended.clear();
        self.run_timers(until);
        self.now = until;
    }

    /// When the next timer is due.
    pub(super) fn next_due(&self) -> Option<SimTime> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// Tries that the last line or [`Trace::advance`] began: of which call, and which of its tries.
    pub(super) fn begun(&self) -> &[(usize, usize)] {
        &self.begun
    }

    /// How calls have ended that the last line or [`Trace::advance`] ended, and whether somebody was asked.
    pub(super) fn ended(&self) -> impl Iterator<Item = (Outcome, bool)> {
        let calls = self.ended.iter().map(|call| &self.calls[*call]);
        calls.filter_map(|call| Some((call.outcome?, !call.tries.is_empty())))
    }

    /// The parts of the memory of a policy that somebody has come to.
    pub(super) fn parts(&self, layer: usize) -> &BTreeMap<String, Memory> {
        &self.memories[layer]
    }

    /// Tries that the call of this number has begun, counted from 0.
    pub(super) fn tries(&self, call: usize) -> usize {
        self.calls[call].tries.len()
    }

    /// How many instances there are to ask.
    pub(super) fn callees(&self) -> u16 {
        self.callees
    }

    /// What a policy has counted, in the order of its counters.
    pub(super) fn counted(&self, layer: usize) -> &[u64] {
        &self.counters[layer]
    }

    /// What a policy says of a part of its memory now, and has counted; its state is that of this instance of the
    /// callee, where each has its own.
    fn told(&self, layer: usize, part: &str, callee: Option<u16>) -> Told {
        let policy = &self.layers[layer];
        let fresh;
        let memory = match self.memories[layer].get(part) {
            Some(memory) => memory,
            None => {
                fresh = policy.memory();
                &fresh
            }
        };
        let reading = policy.reading(memory, self.now);
        let state = match callee {
            Some(callee) if policy.states_by_callee() => {
                let (state, _) = policy.state(memory, u32::from(callee), self.now);
                policy.states()[usize::from(state)]
            }
            _ => reading.state,
        };
        let counts = self.counters[layer].iter().copied();
        Told {
            state,
            numbers: reading.numbers.into_iter().collect(),
            counts: policy.counters().iter().copied().zip(counts).collect(),
        }
    }

    fn known(&self, id: &str) -> Result<usize, String> {
        self.names.get(id).copied().ok_or_else(|| {
            if id.is_empty() {
                "no call has come yet: `\"op\": \"acquire\"` brings one".into()
            } else {
                format!("no call `{id}` has come yet: `\"op\": \"acquire\"` brings one")
            }
        })
    }

    /// The number of a tenant, from 1; 0: there is no label.
    fn tenant(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let known = self.tenants.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.tenants.push(name.to_owned());
            self.tenants.len() - 1
        });
        place as u32 + 1
    }

    /// Which part of the memory of a policy is meant for a call.
    fn part(policy: &PolicySpec, line: &Line) -> Result<String, String> {
        Ok(match policy.by() {
            None => String::new(),
            Some(By::Callee) => {
                let callee = line.callee.ok_or(
                    "the memory is by callee: `\"callee\": 0` says which instance is about to be asked",
                )?;
                callee.to_string()
            }
            Some(By::Endpoint) => line.endpoint.clone(),
            Some(By::Tenant) => line.tenant.clone(),
            Some(By::Key) => line.key.to_string(),
            Some(By::Request) => format!("{} {}", line.key, line.endpoint),
        })
    }

    fn acquire(&mut self, id: &str, line: &Line) -> Result<(), String> {
        let known = self.names.get(id).copied();
        if known.is_some_and(|call| self.calls[call].outcome.is_none()) {
            return Err("this call has come and not ended; give another one another `id`".into());
        }
        let call = match known.filter(|call| self.calls[*call].allowed) {
            // The same call comes again.
            Some(call) => {
                let known = &mut self.calls[call];
                known.allowed = false;
                known.outcome = None;
                known.last = Final::No;
                call
            }
            None => {
                let parts = self.layers.iter().map(|policy| Self::part(policy, line));
                let call = Call {
                    number: self.calls.len() as u64 + 1,
                    parts: parts.collect::<Result<_, _>>()?,
                    key: line.key,
                    priority: line.priority,
                    user: line.user,
                    idempotent: line.idempotent,
                    retries: 0,
                    shut: Shut {
                        breakers: line.breakers,
                        pools: line.pools,
                    },
                    caller: u32::from(line.caller),
                    tenant: self.tenant(&line.tenant),
                    deadline: deadline(line)?,
                    callee: line.callee,
                    came: self.now,
                    legs: vec![Some(Leg::new(self.layers, 0, None, None))],
                    tries: Vec::new(),
                    outcome: None,
                    status: 0,
                    last: Final::No,
                    allowed: false,
                };
                self.calls.push(call);
                self.names.insert(id.into(), self.calls.len() - 1);
                self.calls.len() - 1
            }
        };
        self.drive((call, 0), Way::In(0));
        Ok(())
    }

    fn start(&mut self, id: &str) -> Result<(), String> {
        let call = self.known(id)?;
        if self.calls[call].at().0 != At::Inside {
            return Err("only what has been let in begins to be served".into());
        }
        let waited = self.now.since(self.calls[call].came);
        for layer in self.calls[call].carried(0) {
            self.ask((call, 0), layer, |policy, memory, state, context| {
                policy.on_start(memory, state, waited, context);
            });
        }
        Ok(())
    }

    fn result(&mut self, id: &str, line: &Line) -> Result<(), String> {
        let outcome = line
            .outcome
            .ok_or("a result has an outcome: `\"outcome\": \"ok\"`, `\"error\"`, ..")?;
        let call = self.known(id)?;
        let known = &mut self.calls[call];
        let number = match line.leg {
            Some(leg) => usize::from(leg),
            None => {
                let out = |of: &call::Try| !of.over;
                let waits = |of: &call::Try| {
                    let leg = known.legs.get(of.leg).and_then(Option::as_ref);
                    out(of) && leg.is_some_and(|leg| leg.sent.is_some())
                };
                let awaited = known.tries.iter().position(waits);
                // Of what nobody waits for the last try.
                let late = || known.tries.iter().rposition(out);
                awaited
                    .or_else(late)
                    .ok_or("this call has nothing out that could have a result")?
            }
        };
        let Some(of) = known.tries.get_mut(number) else {
            return Err(format!("try {number} of this call has not begun"));
        };
        if std::mem::replace(&mut of.over, true) {
            return Err(format!(
                "try {number} of this call has had its result: `leg` says which one it is"
            ));
        }
        let leg = of.leg;
        let waits = known.legs.get_mut(leg).and_then(Option::as_mut);
        let Some(waits) = waits.filter(|leg| leg.sent == Some(number)) else {
            // Nobody waits for it any longer.
            return Ok(());
        };
        waits.sent = None;
        let callee = match line.callee {
            Some(callee) => callee,
            None if outcome.is_refusal() => Ended::NOBODY,
            None => known.callee.unwrap_or(0),
        };
        let ended = Ended {
            ending: Ending {
                status: line.status,
                ..Ending::of(outcome)
            },
            last: match line.retry_after {
                None => Final::No,
                Some(seconds) if seconds < 0.0 => Final::Never,
                Some(seconds) => Final::after(SimDuration::from_nanos_f64(seconds * 1e9)),
            },
            callee,
            load: line.load.map_or(Load::UNKNOWN, Load::of),
            ..Ended::default()
        };
        let outside = known.carried(leg).end;
        self.drive((call, leg), Way::Out(outside, ended));
        Ok(())
    }

    fn retry(&mut self, id: &str) -> Result<(), String> {
        let call = self.known(id)?;
        let failure = match self.calls[call].outcome {
            Some(outcome) if !outcome.is_success() => Ended {
                ending: Ending {
                    status: self.calls[call].status,
                    ..Ending::of(outcome)
                },
                ..Ended::default()
            },
            _ => return Err("only what has failed is tried again".into()),
        };
        self.calls[call].allowed = self.denied((call, 0), 0, &failure).is_none();
        Ok(())
    }

    fn give_up(&mut self, id: &str) -> Result<(), String> {
        let call = self.known(id)?;
        if std::mem::take(&mut self.calls[call].allowed) {
            for layer in self.calls[call].carried(0) {
                if self.layers[layer].rations() {
                    self.tell_lost((call, 0), layer);
                }
            }
            return Ok(());
        }
        if self.calls[call].outcome.is_some() {
            return Err("this call has ended already".into());
        }
        let ended = self.given_up((call, 0), Ending::of(Outcome::Cancelled));
        self.abandon((call, 0), 0, &ended);
        self.calls[call].end(Ending::of(Outcome::Cancelled), Final::No);
        Ok(())
    }
}

/// When the deadline passes that a call comes with.
fn deadline(line: &Line) -> Result<SimTime, String> {
    match line.deadline {
        None => Ok(SimTime::MAX),
        Some(deadline) if (0.0..=1e9).contains(&deadline) => {
            Ok(SimTime::ZERO + SimDuration::from_nanos_f64(deadline * 1e9))
        }
        Some(deadline) => Err(format!(
            "`deadline` must be 0 to 1e9 seconds, not {deadline}"
        )),
    }
}
