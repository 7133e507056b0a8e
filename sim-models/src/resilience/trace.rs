//! A policy alone: driven by a script of calls and results, one decision for each line.
//!
//! The script has one JSON object a line, times in seconds since the start, never going back:
//!
//! - `{"t": 1.5, "op": "acquire"}`: a call comes to the policy;
//! - `{"t": 1.7, "op": "result", "outcome": "ok"}`: what is inside has a result; `status` of an error, `callee` (the
//!   index of the instance that was asked, 0 unless given; nobody was asked where another policy refused) and `leg`
//!   (which of several tries it is of, from 0) may be given;
//! - `{"t": 1.7, "op": "retry"}`: a policy outside is about to try again what has failed; what is allowed comes again
//!   with `acquire`, after the pause;
//! - `{"t": 1.8, "op": "give_up"}`: nobody waits for the call any longer;
//! - `{"t": 2, "op": "look"}`: nothing happens; it is looked where the call is.
//!
//! Several calls may be out at once: `"id"` names them. The timers of the policy run between the lines.

use super::{Context, Do, Ended, Final, Memory, PolicySpec, Reading};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::random::mix;
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Seconds since the start.
    pub t: f64,
    /// What happens.
    pub op: Op,
    /// Which call it is about.
    #[serde(default)]
    pub id: String,
    /// Of a result: what it is.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Of a result: its HTTP-like status.
    #[serde(default)]
    pub status: u16,
    /// Of a result: the index of the instance that was asked.
    #[serde(default)]
    pub callee: Option<u32>,
    /// Of a result: which of several tries it is of, from 0.
    #[serde(default)]
    pub leg: u16,
}

/// What happens in a line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// A call comes to the policy.
    Acquire,
    /// What is inside has a result.
    Result,
    /// A policy outside is about to try again what has failed.
    Retry,
    /// Nobody waits for the call any longer.
    GiveUp,
    /// Nothing: it is looked where the call is.
    Look,
}

/// What a policy makes of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Seconds since the start.
    pub t: f64,
    /// Which call it is about, if calls are named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Whether what is inside may go on, at once or after `wait`: a call that is let in, or another try of it. False:
    /// the call waits for somebody to leave, or has ended.
    pub permitted: bool,
    /// Seconds that it waits first; none where it does not wait, or nobody knows how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<f64>,
    /// Where the call is now: `inside`, `waiting`, `parked`, `ended`.
    pub at: At,
    /// How it has ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// State of the policy by name, where it has states.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub state: &'static str,
    /// Numbers of the policy.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<&'static str, f64>,
    /// What it has counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Let in.
    Inside,
    /// It waits for a time to come: outside, or before another try.
    Waiting,
    /// It waits until somebody leaves.
    Parked,
    /// It has ended.
    Ended,
}

/// A call at the policy.
#[derive(Clone, Debug)]
struct Call {
    number: u64,
    state: super::CallState,
    at: At,
    /// Whether it was let in and has not left.
    inside: bool,
    attempts: u32,
    out: u32,
    timer: Option<SimTime>,
    outcome: Option<Outcome>,
    /// A further try has been allowed, and is yet to come.
    allowed: bool,
    /// Which of several tries have ended.
    over: BTreeSet<u16>,
}

/// A policy that is driven by a script.
#[derive(Clone, Debug)]
pub struct Trace<'p> {
    policy: &'p PolicySpec,
    memory: Memory,
    counters: Vec<u64>,
    calls: BTreeMap<String, Call>,
    room: VecDeque<String>,
    /// When the timers of calls are due: of those of one time, the one of the call that came first.
    due: BTreeSet<(SimTime, u64, String)>,
    now: SimTime,
    begun: u64,
}

/// Instances of the callee of a policy that is driven alone.
const CALLEES: u32 = 10;
/// Key of the draws of a policy that is driven alone.
const KEY: u64 = 0x5452_4143_4500_0000;

impl<'p> Trace<'p> {
    /// A policy before its first call.
    #[must_use]
    pub fn new(policy: &'p PolicySpec) -> Self {
        Self {
            policy,
            memory: policy.memory(),
            counters: vec![0; policy.counters().len()],
            calls: BTreeMap::new(),
            room: VecDeque::new(),
            now: SimTime::ZERO,
            due: BTreeSet::new(),
            begun: 0,
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
        if now < self.now {
            return Err(format!("time goes back to {} s", line.t));
        }
        self.run_timers(now);
        self.now = now;
        let wait = match line.op {
            Op::Acquire => self.acquire(&line.id)?,
            Op::Result => self.result(line)?,
            Op::Retry => {
                self.retry(&line.id)?;
                None
            }
            Op::GiveUp => {
                self.give_up(&line.id)?;
                None
            }
            Op::Look => None,
        };
        let call = self.call(&line.id)?;
        let (at, outcome) = (call.at, call.outcome);
        let allowed = line.op == Op::Retry && call.allowed;
        let wait = wait.or_else(|| {
            call.timer
                .filter(|_| at == At::Waiting)
                .map(|due| due.since(now))
        });
        let Reading { state, numbers } = self.policy.reading(&self.memory, now);
        Ok(Decision {
            t: line.t,
            id: line.id.clone(),
            permitted: allowed || at == At::Inside || (at == At::Waiting && wait.is_some()),
            wait: wait.map(SimDuration::as_secs_f64),
            at,
            outcome,
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

    fn acquire(&mut self, id: &str) -> Result<Option<SimDuration>, String> {
        if self.calls.get(id).is_some_and(|call| call.at != At::Ended) {
            return Err("this call has come and not ended; give another one another `id`".into());
        }
        self.begun += 1;
        let call = Call {
            number: self.begun,
            state: self.policy.begin(),
            at: At::Ended,
            inside: false,
            attempts: 0,
            out: 0,
            timer: None,
            outcome: None,
            allowed: false,
            over: BTreeSet::new(),
        };
        match self.calls.get_mut(id) {
            // The same call comes again.
            Some(known) if known.allowed => {
                known.allowed = false;
                known.outcome = None;
            }
            _ => {
                self.calls.insert(id.into(), call);
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
        let waiting = self.room.len() as u32;
        let call = self.calls.get_mut(id).expect("it has come");
        let mut context = Context {
            now: self.now,
            attempts: call.attempts,
            first: !call.allowed,
            begun: call.attempts,
            callees: CALLEES,
            out: call.out,
            waiting,
            key: mix(KEY, call.number),
            counters: &mut self.counters,
            wake: 0,
        };
        let answer = ask(self.policy, &mut self.memory, &mut call.state, &mut context);
        let wake = context.wake;
        self.wake(wake);
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
                self.room.push_back(id.into());
                self.set(id, |call| call.at = At::Parked);
                self.set_timer(id, span.map(|span| now + span));
            }
            Do::End(ending, _) => self.end(id, ending),
            Do::Again(_) | Do::Beside(_) | Do::Hold => {
                unreachable!("no answer to a call on its way in: {answer:?}")
            }
        }
        None
    }

    fn end(&mut self, id: &str, ending: Ending) {
        self.set(id, |call| {
            call.at = At::Ended;
            call.outcome = Some(ending.outcome);
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

    fn result(&mut self, line: &Line) -> Result<Option<SimDuration>, String> {
        let outcome = line
            .outcome
            .ok_or("a result has an outcome: `\"outcome\": \"ok\"`, `\"error\"`, ..")?;
        if line.callee.is_some_and(|callee| callee >= CALLEES) {
            return Err(format!("`callee` is one of {CALLEES} instances, from 0"));
        }
        let forks = self.policy.forks();
        let call = self.call(&line.id)?;
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
            self.set_timer(&line.id, None);
        }
        let ended = Ended {
            ending: Ending {
                status: line.status,
                ..Ending::of(outcome)
            },
            last: Final::No,
            leg: line.leg,
            callee: match (line.callee, outcome) {
                (Some(callee), _) => callee,
                (None, Outcome::BreakerOpen | Outcome::BulkheadFull | Outcome::RateLimited) => {
                    Ended::NOBODY
                }
                (None, _) => 0,
            },
            given_up: false,
        };
        let answer = if self.policy.ignores(outcome) {
            Do::Pass
        } else {
            self.ask(&line.id, |policy, memory, state, context| {
                policy.on_result(memory, state, &ended, context)
            })
        };
        Ok(self.while_inside(&line.id, answer, ended))
    }

    fn while_inside(&mut self, id: &str, answer: Do, ended: Ended) -> Option<SimDuration> {
        let now = self.now;
        match answer {
            Do::Pass => {
                self.leave(id, &ended);
                self.end(id, ended.ending);
            }
            Do::End(ending, last) => {
                let ended = Ended {
                    ending,
                    last,
                    ..ended
                };
                self.leave(id, &ended);
                self.end(id, ending);
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
        self.room.retain(|other| other != id);
        let ending = Ending::of(Outcome::Cancelled);
        let ended = Ended {
            ending,
            given_up: true,
            ..Ended::default()
        };
        self.leave(id, &ended);
        self.end(id, ending);
        Ok(())
    }

    fn wake(&mut self, count: u32) {
        for _ in 0..count {
            let Some(id) = self.room.pop_front() else {
                return;
            };
            let answer = self.ask(&id, |policy, memory, state, context| {
                policy.on_wake(memory, state, context)
            });
            if matches!(answer, Do::Park(_)) {
                self.room.push_front(id);
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
            self.room.retain(|other| *other != id);
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
