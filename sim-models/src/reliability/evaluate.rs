//! The chance that a request is answered, by the programs of the endpoints that it reaches.

use super::policies;
use super::state::{self, Passage};
use super::system::{LOOKS_PER_ATTEMPT, MOST_ATTEMPTS, MOST_POINTS, System};
use super::timeline::Timeline;
use super::value::Value;
use crate::ids::{FaultId, PlaceId, ServiceId};
use crate::outcome::Outcome;
use crate::quantity::distribution::CountSpec;
use crate::resilience::PolicySpec;
use crate::resilience::chances::Ends;
use crate::scenario::Pool;
use crate::scenario::steps::{Part, Step, parts};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// When a request is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// In a state that does not change meanwhile.
    Always(usize),
    /// From this time on: later attempts meet what there is by then.
    From(SimTime),
}

/// Depth of calls beyond which a request from a given time on is not followed.
const DEEPEST: usize = 200;
/// The most terms of a series that are added up.
const MOST_TERMS: u32 = 100_000;

/// An evaluation of one workload at one time.
pub(super) struct Evaluation<'s, 'a> {
    pub system: &'s System<'a>,
    timeline: &'s Timeline,
    pub workload: usize,
    more: &'s [FaultId],
    when: When,
    /// What is known, by endpoint and time since the start (ns), for each instance.
    known: BTreeMap<(usize, u64), Option<Vec<Value>>>,
    circle: Vec<bool>,
    depth: usize,
}

/// A caller: name, number of its place, and the instance it runs on.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub name: &'a str,
    place: PlaceId,
    instance: usize,
}

impl<'s, 'a> Evaluation<'s, 'a> {
    pub fn new(
        system: &'s System<'a>,
        timeline: &'s Timeline,
        workload: usize,
        more: &'s [FaultId],
        when: When,
    ) -> Self {
        let mut circle = vec![false; system.endpoints.all.len()];
        for endpoint in system.endpoints.circles.iter().flatten() {
            circle[*endpoint] = true;
        }
        Self {
            system,
            timeline,
            workload,
            more,
            when,
            known: BTreeMap::new(),
            circle,
            depth: 0,
        }
    }

    /// The value of a request of the workload; none where it cannot be said.
    pub fn value(mut self) -> Option<Value> {
        let system = self.system;
        system.look(2 * system.endpoints.all.len())?;
        if matches!(self.when, When::Always(_)) {
            let reached = system.endpoints.reached([self.workload]);
            if !self.learn(|endpoint| reached[endpoint]) {
                return None;
            }
        }
        self.request(self.workload)
    }

    /// Looks at endpoints, callees first, so that no path is walked along, however long. False if
    /// something cannot be said of one.
    pub fn learn(&mut self, wanted: impl Fn(usize) -> bool) -> bool {
        let system = self.system;
        let mut all = true;
        for endpoint in system.endpoints.order.iter().filter(|at| wanted(**at)) {
            all &= self.endpoint(*endpoint, 0.0).is_some();
        }
        all
    }

    /// The value of a request of a workload.
    pub fn request(&mut self, workload: usize) -> Option<Value> {
        let system = self.system;
        let (name, load) = system.scenario.workloads.get_index(workload)?;
        let caller = Caller {
            name,
            place: system.plan.load_place(workload.into()),
            instance: 0,
        };
        let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
        let mut mean = Value {
            ok: 0.0,
            failing: 0.0,
            reach: 0.0,
        };
        for (target, weight) in load.targets().iter() {
            let value = self.call(caller, target, 0.0)?;
            mean.ok += weight / total * value.ok;
            mean.reach = mean.reach.max(value.reach);
        }
        Some(mean)
    }

    fn state(&self, after: f64) -> Vec<(FaultId, f64)> {
        let state = match self.when {
            When::Always(state) => state,
            When::From(start) => self.timeline.at(start + SimDuration::from_secs_f64(after)),
        };
        state::on(&self.timeline.states[state], self.more)
    }

    /// Of a program that begins so long after the request, for each instance that it may run on.
    fn endpoint(&mut self, endpoint: usize, after: f64) -> Option<Vec<Value>> {
        let after = match self.when {
            When::Always(_) => 0.0,
            When::From(_) => after,
        };
        let key = (endpoint, SimDuration::from_secs_f64(after).0);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.circle[endpoint] || self.depth > DEEPEST || self.known.len() as u64 > MOST_POINTS {
            return None;
        }
        self.depth += 1;
        let system = self.system;
        let of = &system.endpoints.all[endpoint];
        let service = ServiceId::from(system.scenario.services.get_index_of(of.service)?);
        // Instances differ where their links do.
        let instances = if system.by_instance {
            of.of.replicas as usize
        } else {
            1
        };
        let values: Option<Vec<Value>> = (0..instances)
            .map(|instance| {
                let caller = Caller {
                    name: of.service,
                    place: service.into(),
                    instance,
                };
                self.steps(caller, of.steps, after)
            })
            .collect();
        self.depth -= 1;
        self.known.insert(key, values.clone());
        values
    }

    fn steps(&mut self, caller: Caller<'a>, steps: &'a [Step], after: f64) -> Option<Value> {
        let mut whole = Value::FINE;
        for part in parts(steps) {
            let next = self.part(caller, part, after)?;
            whole = series(whole, next);
        }
        Some(whole)
    }

    fn part(&mut self, caller: Caller<'a>, part: Part<'a>, after: f64) -> Option<Value> {
        Some(match part {
            Part::Takes { .. } | Part::Releases(_) => Value::FINE,
            Part::Acquires(pool) => {
                let of = &self.system.scenario.services[caller.name];
                if of.pools.get(pool).is_none_or(Pool::refuses) {
                    // Who gets one in time depends on how many there are.
                    return None;
                }
                Value::FINE
            }
            Part::Ends { share } => Value {
                ok: 1.0 - share,
                ..Value::FINE
            },
            // The request can do without, but not without the end of the call.
            Part::Calls { optional: true, .. } => Value::FINE,
            Part::Calls { to, .. } => self.call(caller, to, after)?,
            Part::Together { branches, need } => {
                let mut all = Vec::new();
                for branch in branches {
                    all.push(self.steps(caller, branch, after)?);
                }
                Value {
                    ok: at_least(need, &all),
                    failing: all.iter().map(|value| value.failing).fold(0.0, f64::max),
                    reach: all.iter().map(|value| value.reach).fold(0.0, f64::max),
                }
            }
            Part::OneOf(arms) => {
                let total: f64 = arms.iter().map(|(weight, _)| weight).sum();
                let (mut ok, mut failing, mut reach) = (0.0, 0.0, 0.0_f64);
                for (weight, steps) in arms {
                    let (share, value) = (weight / total, self.steps(caller, steps, after)?);
                    ok += share * value.ok;
                    failing += share * (1.0 - value.ok) * value.failing;
                    reach = reach.max(value.reach);
                }
                Value {
                    ok,
                    failing: if ok < 1.0 { failing / (1.0 - ok) } else { 0.0 },
                    reach,
                }
            }
            Part::AtTimes(steps) => {
                let value = self.steps(caller, steps, after)?;
                if value.ok < 1.0 || !self.state(after).is_empty() {
                    // How many run them and fail depends on what the instance keeps.
                    return None;
                }
                value
            }
            Part::Repeats { times, steps } => {
                let body = self.steps(caller, steps, after)?;
                Value {
                    ok: power(self.system, body.ok, times)?,
                    ..body
                }
            }
        })
    }

    /// Of a call to `"service/endpoint"` that begins so long after the request.
    fn call(&mut self, caller: Caller<'a>, target: &str, after: f64) -> Option<Value> {
        let callee = self.system.endpoints.find(target)?;
        if !self.system.endpoints.all[callee].of.admission.is_empty() {
            // Whom a door lets in depends on how many there are.
            return None;
        }
        let policies = self.system.calls.policies(caller.name, target);
        let policies = &*self.system.endpoints.all[callee].policies(policies);
        let mut turn = None;
        let avoids = policies.iter().any(PolicySpec::avoids);
        policies::call(policies, after, &mut |after| {
            let further = turn.is_some();
            let ends = self.attempt(caller, callee, after, &mut turn)?;
            let alike = turn
                .as_ref()
                .is_none_or(|turn: &Turn| turn.failed.len() == 1);
            // Which of those that are not alike are left depends on all that have been asked.
            (!avoids || !further || alike).then_some(ends)
        })
    }

    /// How an attempt ends that begins so long after the request. `turn` holds the failed attempt of
    /// the same call before it.
    fn attempt(
        &mut self,
        caller: Caller<'a>,
        callee: usize,
        after: f64,
        turn: &mut Option<Turn>,
    ) -> Option<Ends> {
        let system = self.system;
        system.attempts.set(system.attempts.get() + 1);
        if system.attempts.get() > MOST_ATTEMPTS {
            return None;
        }
        let faults = self.state(after);
        system.look(LOOKS_PER_ATTEMPT + faults.len())?;
        let of = &system.endpoints.all[callee];
        let service = ServiceId::from(system.scenario.services.get_index_of(of.service)?);
        let reception = state::reception(system, &faults, callee, self.workload)?;
        let passage = state::passage(system, &faults, (caller.place, service), self.workload)?;
        let values = self.endpoint(callee, after)?;
        let count = reception.len().max(values.len()).max(if passage.len() > 1 {
            of.of.replicas as usize
        } else {
            1
        });
        system.look(count)?;
        let shares = match turn.take() {
            // Where the last attempt met them all alike, or otherwise many, its turn says nothing.
            Some(turn) if of.of.balance.turns() && count > 1 && turn.failed.len() == count => {
                system.look(count.saturating_mul(count))?;
                let rates = &system.rates;
                let rate = rates
                    .get(&(caller.place, service.into()))
                    .copied()
                    .unwrap_or(0.0);
                turn.next(rate * (after - turn.at))
            }
            // Where the next attempt goes depends on where this one went.
            Some(_) if count > 1 && !of.of.balance.forgetful() => return None,
            _ if count > 1 && of.of.balance.by_key() => return None,
            _ => match of.of.balance.shares(count as u32) {
                Some(shares) if count > 1 => shares,
                _ => vec![1.0 / count as f64; count],
            },
        };
        let mut ends = Ends::default();
        let mut failed = Vec::with_capacity(count);
        for (instance, share) in shares.into_iter().enumerate() {
            let there = reception[instance % reception.len()];
            let value = values[instance % values.len()];
            let pair = (caller.instance * count + instance) % passage.len();
            let Passage { through, vanished } = passage[pair];
            let up = share * through * (1.0 - there.down);
            let good = up * (1.0 - there.error) * value.ok;
            let lost = up * (1.0 - there.error) * (1.0 - value.ok);
            ends.add(Outcome::Ok, good, 0.0);
            ends.add(Outcome::Error, up * there.error, 0.0);
            ends.add(Outcome::Error, lost, value.failing);
            ends.add(Outcome::Refused, share * through * there.down, 0.0);
            let given_up = share * f64::max(1.0 - through - vanished, 0.0);
            ends.add(Outcome::Lost, given_up, 0.0);
            ends.vanished += share * vanished;
            ends.reach = ends.reach.max(value.reach);
            failed.push(share - good);
        }
        *turn = Some(Turn { failed, at: after });
        Some(ends)
    }
}

/// Where an attempt failed: a balancer that takes each instance in turn sends the next one elsewhere.
struct Turn {
    /// The chance that it was at this instance and failed, for each.
    failed: Vec<f64>,
    /// When, s since the request began.
    at: f64,
}

impl Turn {
    /// The share of each instance in the next attempts, if so many others come in between on average,
    /// independently of each other (a Poisson number): each of them moves the turn on by one.
    fn next(&self, others: f64) -> Vec<f64> {
        let (count, total) = (self.failed.len(), self.failed.iter().sum::<f64>());
        let even = vec![1.0 / count as f64; count];
        // After many rounds it may be anybody's turn.
        if total <= 0.0 || others > 20.0 * (count * count) as f64 {
            return even;
        }
        let mut moved = vec![0.0; count];
        let (mut chance, mut sum) = (libm::exp(-others), 0.0);
        let mut steps = 0.0;
        while sum < 1.0 - 1e-9 && steps < 10.0 * others + 100.0 {
            moved[(steps as usize + 1) % count] += chance;
            sum += chance;
            steps += 1.0;
            chance *= others / steps;
        }
        if sum <= 0.5 {
            return even;
        }
        let mut next = vec![0.0; count];
        for (instance, failed) in self.failed.iter().enumerate() {
            for (by, chance) in moved.iter().enumerate() {
                next[(instance + by) % count] += failed / total * chance / sum;
            }
        }
        next
    }
}

/// One after the other; what fails first ends both.
fn series(first: Value, then: Value) -> Value {
    let ok = first.ok * then.ok;
    let failing = (1.0 - first.ok) * first.failing + first.ok * (1.0 - then.ok) * then.failing;
    Value {
        ok,
        failing: if ok < 1.0 { failing / (1.0 - ok) } else { 0.0 },
        reach: first.reach.max(then.reach),
    }
}

/// The chance that at least `n` succeed.
fn at_least(n: usize, of: &[Value]) -> f64 {
    let mut exactly = vec![1.0];
    for value in of {
        let mut next = vec![0.0; exactly.len() + 1];
        for (successes, p) in exactly.iter().enumerate() {
            next[successes] += p * (1.0 - value.ok);
            next[successes + 1] += p * value.ok;
        }
        exactly = next;
    }
    exactly.iter().skip(n).sum()
}

/// The mean of `ok` to the power of a count: `1 - (1 - ok) * sum over k of P(count > k) * ok^k`.
fn power(system: &System<'_>, ok: f64, times: &CountSpec) -> Option<f64> {
    if ok >= 1.0 {
        return Some(1.0);
    }
    let dist = times.compile().ok()?;
    if let Some(constant) = dist.constant() {
        return Some(libm::pow(ok, constant));
    }
    let (mut sum, mut power) = (0.0, 1.0);
    for k in 0..MOST_TERMS {
        system.look(LOOKS_PER_ATTEMPT)?;
        let more = dist.survival(f64::from(k));
        if more * power < 1e-15 {
            break;
        }
        sum += more * power;
        power *= ok;
    }
    Some(1.0 - (1.0 - ok) * sum)
}
