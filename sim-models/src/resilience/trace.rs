//! A policy alone: driven by a script of calls and results, one decision for each line.
//!
//! The script has one JSON object a line, times in seconds since the start, never going back:
//!
//! - `{"t": 1.5, "op": "acquire"}`: a call comes to the policy; `key` and `priority` of its request, `user` (0 to 127),
//!   its `tenant`, the `endpoint` that it is for and, where the memory is by callee, the `callee` may be given;
//! - `{"t": 1.6, "op": "start"}`: what a door let in begins to be served;
//! - `{"t": 1.7, "op": "result", "outcome": "ok"}`: what is inside has a result; `status` of an error, `callee` (the
//!   index of the instance that was asked, 0 unless given; nobody was asked where another policy refused), `leg` (which
//!   of several tries it is of, from 0) and `retry_after` (seconds after which the callee asks to come again; less than
//!   zero: not at all) may be given;
//! - `{"t": 1.7, "op": "retry"}`: a policy outside is about to try again what has failed; what is allowed comes again
//!   with `acquire`, after the pause;
//! - `{"t": 1.8, "op": "give_up"}`: nobody waits for the call any longer;
//! - `{"t": 2, "op": "look"}`: nothing happens; it is looked where the call is.
//!
//! A result may say its `duration`, in seconds: what the policy is told that it took, which need not be the time since it
//! was let in.
//!
//! Several calls may be out at once: `"id"` names them. The timers of the policy run between the lines.

pub use super::script::{At, Decision, Line, Op};
use super::{By, Context, Do, Ended, Final, Memory, PolicySpec, Reading, Shut};
use crate::baggage::Baggage;
use crate::baggage::Priority;
use crate::outcome::{Ending, Outcome};
use sim_core::random::mix;
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A call at the policy.
#[derive(Clone, Debug)]
struct Call {
    number: u64,
    /// Which part of the memory is meant for it.
    part: String,
    key: u32,
    priority: Priority,
    user: u8,
    shut: Shut,
    came: SimTime,
    state: super::CallState,
    at: At,
    /// Whether it was let in and has not left.
    inside: bool,
    attempts: u32,
    out: u32,
    timer: Option<SimTime>,
    outcome: Option<Outcome>,
    last: Final,
    /// A further try has been allowed, and is yet to come.
    allowed: bool,
    /// Which of several tries have ended.
    over: BTreeSet<u16>,
}

/// A policy that is driven by a script.
#[derive(Clone, Debug)]
pub struct Trace<'p> {
    policy: &'p PolicySpec,
    /// The parts of its memory that somebody has come to.
    memories: BTreeMap<String, Memory>,
    counters: Vec<u64>,
    calls: BTreeMap<String, Call>,
    /// Those who are parked, by the part of the memory.
    rooms: BTreeMap<String, VecDeque<String>>,
    /// When the timers of calls are due: of those of one time, the one of the call that came first.
    due: BTreeSet<(SimTime, u64, String)>,
    now: SimTime,
    begun: u64,
    /// How long what the line is about took, as it says.
    said: Option<SimDuration>,
}

/// Instances of the callee of a policy that is driven alone.
const CALLEES: u16 = 10;
/// Key of the draws of a policy that is driven alone.
const KEY: u64 = 0x5452_4143_4500_0000;

impl<'p> Trace<'p> {
    /// A policy before its first call.
    #[must_use]
    pub fn new(policy: &'p PolicySpec) -> Self {
        Self {
            policy,
            memories: BTreeMap::new(),
            counters: vec![0; policy.counters().len()],
            calls: BTreeMap::new(),
            rooms: BTreeMap::new(),
            now: SimTime::ZERO,
            due: BTreeSet::new(),
            begun: 0,
            said: None,
        }
    }

    /// What the policy makes of the next line.
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
        let said = line.duration.map(|took| {
            if took.is_finite() && (0.0..=1e9).contains(&took) {
                Ok(SimDuration::from_nanos_f64(took * 1e9))
            } else {
                Err(format!("`duration` is 0 to 1e9 seconds, not {took}"))
            }
        });
        let said = said.transpose()?;
        self.run_timers(now);
        self.now = now;
        self.said = said;
        let id = line.id.text();
        let wait = match line.op {
            Op::Acquire => self.acquire(line)?,
            Op::Start => {
                self.start(&id)?;
                None
            }
            Op::Result => self.result(line)?,
            Op::Retry => {
                self.retry(&id)?;
                None
            }
            Op::GiveUp => {
                self.give_up(&id)?;
                None
            }
            Op::Look => None,
        };
        let call = self.call(&id)?;
        let (at, outcome, last) = (call.at, call.outcome, call.last);
        let part = call.part.clone();
        let allowed = line.op == Op::Retry && call.allowed;
        let wait = wait.or_else(|| {
            call.timer
                .filter(|_| at == At::Waiting)
                .map(|due| due.since(now))
        });
        let Reading { state, numbers } = self.policy.reading(self.memory(&part), now);
        Ok(Decision {
            t: line.t,
            id: line.id.clone(),
            permitted: allowed || at == At::Inside || (at == At::Waiting && wait.is_some()),
            wait: wait.map(SimDuration::as_secs_f64),
            at,
            outcome,
            retry_after: match last.span() {
                Some(span) => Some(span.as_secs_f64()),
                None => (last == Final::Never).then_some(-1.0),
            },
            state,
            numbers: numbers.into_iter().collect(),
            counts: (self.policy.counters().iter().copied())
                .zip(self.counters.iter().copied())
                .collect(),
        })
    }

    fn call(&mut self, id: &str) -> Result<&mut Call, String> {
        self.calls.get_mut(id).ok_or_else(|| {
            if id.is_empty() {
                "no call has come yet: `\"op\": \"acquire\"` brings one".into()
            } else {
                format!("no call `{id}` has come yet: `\"op\": \"acquire\"` brings one")
            }
        })
    }

    /// A part of the memory of the policy.
    fn memory(&mut self, part: &str) -> &mut Memory {
        let fresh = || self.policy.memory();
        self.memories.entry(part.to_owned()).or_insert_with(fresh)
    }

    /// Which part of the memory is meant for a call.
    fn part(&self, line: &Line) -> Result<String, String> {
        Ok(match self.policy.by() {
            None => String::new(),
            Some(By::Callee) => {
                let known = line.callee.filter(|callee| *callee < CALLEES);
                let callee = known.ok_or(
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

    fn acquire(&mut self, line: &Line) -> Result<Option<SimDuration>, String> {
        let id = &line.id.text();
        if self.calls.get(id).is_some_and(|call| call.at != At::Ended) {
            return Err("this call has come and not ended; give another one another `id`".into());
        }
        self.begun += 1;
        let call = Call {
            number: self.begun,
            part: self.part(line)?,
            key: line.key,
            priority: line.priority,
            user: line.user,
            shut: Shut {
                breakers: line.breakers,
                pools: line.pools,
            },
            came: self.now,
            state: self.policy.begin(),
            at: At::Ended,
            inside: false,
            attempts: 0,
            out: 0,
            timer: None,
            outcome: None,
            last: Final::No,
            allowed: false,
            over: BTreeSet::new(),
        };
        match self.calls.get_mut(id) {
            // The same call comes again.
            Some(known) if known.allowed => {
                known.allowed = false;
                known.outcome = None;
                known.last = Final::No;
            }
            _ => {
                self.calls.insert(id.clone(), call);
            }
        }
        let answer = self.ask(id, |policy, memory, state, context| {
            policy.on_enter(memory, state, context)
        });
        Ok(self.on_the_way_in(id, answer))
    }

    fn ask<R>(
        &mut self,
        id: &str,
        ask: impl FnOnce(&PolicySpec, &mut Memory, &mut super::CallState, &mut Context) -> R,
    ) -> R {
        let part = self.calls[id].part.clone();
        let waiting = self.rooms.get(&part).map_or(0, VecDeque::len) as u32;
        self.memory(&part);
        let call = self.calls.get_mut(id).expect("it has come");
        let memory = self.memories.get_mut(&part).expect("it is there now");
        let mut context = Context {
            now: self.now,
            attempts: call.attempts,
            first: !call.allowed,
            begun: call.attempts,
            callees: u32::from(CALLEES),
            out: call.out,
            waiting,
            key: mix(KEY, call.number),
            content: call.key,
            priority: call.priority,
            user: call.user,
            said: self.said,
            counters: &mut self.counters,
            wake: 0,
            shut: call.shut,
        };
        let answer = ask(self.policy, memory, &mut call.state, &mut context);
        let wake = context.wake;
        self.wake(&part, wake);
        answer
    }

    fn set(&mut self, id: &str, change: impl FnOnce(&mut Call)) {
        change(self.calls.get_mut(id).expect("it has come"));
    }

    /// From now on the timer of a call is due then, or never.
    fn set_timer(&mut self, id: &str, due: Option<SimTime>) {
        let call = self.calls.get_mut(id).expect("it has come");
        let number = call.number;
        if let Some(before) = std::mem::replace(&mut call.timer, due) {
            self.due.remove(&(before, number, id.to_owned()));
        }
        if let Some(due) = due {
            self.due.insert((due, number, id.to_owned()));
        }
    }

    /// A call waits for a span, of which it is told.
    fn wait(&mut self, id: &str, span: SimDuration) -> Option<SimDuration> {
        self.set(id, |call| call.at = At::Waiting);
        self.set_timer(id, Some(self.now + span));
        Some(span)
    }

    fn begin_try(&mut self, id: &str) {
        self.set(id, |call| {
            call.at = At::Inside;
            call.inside = true;
            call.attempts += 1;
            call.out += 1;
        });
    }

    fn on_the_way_in(&mut self, id: &str, answer: Do) -> Option<SimDuration> {
        let now = self.now;
        match answer {
            Do::Pass | Do::Elsewhere(_) => self.begin_try(id),
            Do::PassFor(span) => {
                self.begin_try(id);
                self.set_timer(id, Some(now + span));
            }
            Do::Wait(span) => {
                return self.wait(id, span);
            }
            Do::Park(span) => {
                let part = self.calls[id].part.clone();
                self.rooms.entry(part).or_default().push_back(id.into());
                self.set(id, |call| call.at = At::Parked);
                self.set_timer(id, span.map(|span| now + span));
            }
            Do::End(ending, last) => self.end(id, ending, last),
            Do::Again(_) | Do::Beside(_) | Do::Hold => {
                unreachable!("no answer to a call on its way in: {answer:?}")
            }
        }
        None
    }

    fn end(&mut self, id: &str, ending: Ending, last: Final) {
        self.set(id, |call| {
            call.at = At::Ended;
            call.outcome = Some(ending.outcome);
            call.last = last;
            call.out = 0;
        });
        self.set_timer(id, None);
    }

    fn leave(&mut self, id: &str, ended: &Ended) {
        let call = self.calls.get_mut(id).expect("it has come");
        if std::mem::take(&mut call.inside) && self.policy.leaves() {
            self.ask(id, |policy, memory, state, context| {
                policy.on_leave(memory, state, ended, context);
            });
        }
    }

    fn start(&mut self, id: &str) -> Result<(), String> {
        let now = self.now;
        let call = self.call(id)?;
        if call.at != At::Inside {
            return Err("only what has been let in begins to be served".into());
        }
        let waited = now.since(call.came);
        self.ask(id, |policy, memory, state, context| {
            policy.on_start(memory, state, waited, context);
        });
        Ok(())
    }

    fn result(&mut self, line: &Line) -> Result<Option<SimDuration>, String> {
        let outcome = line
            .outcome
            .ok_or("a result has an outcome: `\"outcome\": \"ok\"`, `\"error\"`, ..")?;
        if line.callee.is_some_and(|callee| callee >= CALLEES) {
            return Err(format!("`callee` is one of {CALLEES} instances, from 0"));
        }
        let forks = self.policy.forks();
        let id = &line.id.text();
        let call = self.call(id)?;
        if call.at != At::Inside || call.out == 0 {
            return Err("this call has nothing out that could have a result".into());
        }
        if forks && u32::from(line.leg) >= call.attempts {
            return Err(format!("try {} of this call has not begun", line.leg));
        }
        if forks && !call.over.insert(line.leg) {
            return Err(format!(
                "try {} of this call has had its result: `leg` says which one it is",
                line.leg
            ));
        }
        call.out -= 1;
        if !forks {
            self.set_timer(id, None);
        }
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
            leg: line.leg,
            callee: match (line.callee, outcome) {
                (Some(callee), _) => callee,
                (None, outcome) if outcome.is_refusal() => Ended::NOBODY,
                (None, _) => 0,
            },
            given_up: false,
        };
        let answer = if self.policy.ignores(outcome) {
            Do::Pass
        } else {
            self.ask(id, |policy, memory, state, context| {
                policy.on_result(memory, state, &ended, context)
            })
        };
        Ok(self.while_inside(id, answer, ended))
    }

    fn while_inside(&mut self, id: &str, answer: Do, ended: Ended) -> Option<SimDuration> {
        let now = self.now;
        match answer {
            Do::Pass => {
                self.leave(id, &ended);
                self.end(id, ended.ending, ended.last);
            }
            Do::End(ending, last) => {
                let ended = Ended {
                    ending,
                    last,
                    ..ended
                };
                self.leave(id, &ended);
                self.end(id, ending, last);
            }
            Do::Again(span) => {
                if span == SimDuration::ZERO {
                    self.begin_try(id);
                    return None;
                }
                return self.wait(id, span);
            }
            Do::Beside(next) => {
                self.begin_try(id);
                self.set_timer(id, next.map(|span| now + span));
            }
            Do::Elsewhere(_) => {
                // The answer of another target is that of no try.
                self.set(id, |call| call.over.clear());
                self.begin_try(id);
            }
            Do::Hold => {}
            Do::PassFor(_) | Do::Wait(_) | Do::Park(_) => {
                unreachable!("no answer to a result: {answer:?}")
            }
        }
        None
    }

    fn retry(&mut self, id: &str) -> Result<(), String> {
        let call = self.call(id)?;
        let failure = match (call.at, call.outcome) {
            (At::Ended, Some(outcome)) if !outcome.is_success() => Ended {
                ending: Ending::of(outcome),
                ..Ended::default()
            },
            _ => return Err("only what has failed is tried again".into()),
        };
        let allowed = self.ask(id, |policy, memory, state, context| {
            policy.on_retry(memory, state, &failure, context) == Do::Pass
        });
        self.set(id, |call| call.allowed = allowed);
        Ok(())
    }

    fn give_up(&mut self, id: &str) -> Result<(), String> {
        let call = self.call(id)?;
        if call.at == At::Ended {
            return Err("this call has ended already".into());
        }
        self.unpark(id);
        let ending = Ending::of(Outcome::Cancelled);
        let ended = Ended {
            ending,
            given_up: true,
            ..Ended::default()
        };
        self.leave(id, &ended);
        self.end(id, ending, Final::No);
        Ok(())
    }

    fn unpark(&mut self, id: &str) {
        for room in self.rooms.values_mut() {
            room.retain(|other| other != id);
        }
    }

    fn wake(&mut self, part: &str, count: u32) {
        for _ in 0..count {
            let room = self.rooms.get_mut(part);
            let Some(id) = room.and_then(VecDeque::pop_front) else {
                return;
            };
            let answer = self.ask(&id, |policy, memory, state, context| {
                policy.on_wake(memory, state, context)
            });
            if matches!(answer, Do::Park(_)) {
                self.rooms.entry(part.into()).or_default().push_front(id);
                return;
            }
            self.set_timer(&id, None);
            self.on_the_way_in(&id, answer);
        }
    }

    /// Runs the timers that are due by then, the earliest first.
    fn run_timers(&mut self, until: SimTime) {
        while let Some((due, _, id)) = self.due.first().cloned()
            && due <= until
        {
            self.now = due;
            self.set_timer(&id, None);
            let call = &self.calls[&id];
            let (at, inside) = (call.at, call.inside);
            if at == At::Waiting && inside {
                // A backoff is over.
                self.begin_try(&id);
                continue;
            }
            self.unpark(&id);
            let answer = self.ask(&id, |policy, memory, state, context| {
                policy.on_timer(memory, state, context)
            });
            match answer {
                Do::Pass if inside => {}
                Do::PassFor(span) if inside => {
                    self.set_timer(&id, Some(due + span));
                }
                answer if inside => {
                    self.while_inside(&id, answer, Ended::default());
                }
                answer => {
                    self.on_the_way_in(&id, answer);
                }
            }
        }
    }
}
