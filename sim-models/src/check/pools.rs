//! Pools of a service: what steps take out of them and give back.
//!
//! A `release` belongs to an `acquire` before it in the same list of steps, so that nobody gives back what it does not
//! hold, whichever way the request goes.

use super::checker::{Checker, at, join};
use crate::limits::{MOST_NAMES, MOST_POOL};
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::steps::{Part, Step};
use crate::scenario::{Bound, Service, Threading};
use indexmap::{IndexMap, IndexSet};
use sim_core::SimDuration;

impl Checker<'_> {
    /// Whether the pools of a service can be.
    pub(super) fn pools(&mut self, name: &str, service: &Service) {
        let path = at!["services", name, "pools"];
        if service.pools.len() > MOST_NAMES {
            let message = format!("{} pools are more than {MOST_NAMES}", service.pools.len());
            self.report(Code::Count, path, message);
        }
        for (pool, spec) in &service.pools {
            let path = join(path, at![pool.as_str()]);
            self.name(pool, at!["services", name, "pools"]);
            self.at_least_one(spec.size, &join(&path, at!["size"]), "`size`");
            self.at_most(spec.size, MOST_POOL, &join(&path, at!["size"]), "`size`");
            if spec.wait == Some(SimDuration::ZERO) {
                let message = "`wait` must be longer than zero";
                self.report(Code::Pool, &join(&path, at!["wait"]), message)
                    .help
                    .push(
                        "with `queue: 0` nobody waits; without `wait`, as long as it takes".into(),
                    );
            }
            if spec.wait.is_some() && spec.queue == Bound::Limit(0) {
                let message = "nobody can wait where there are no places to: `queue` is 0";
                self.report(Code::Pool, &join(&path, at!["wait"]), message)
                    .help
                    .push("give `queue` places, or leave `wait` out".into());
            }
        }
        for (endpoint, steps) in &service.endpoints {
            self.released_where_acquired(
                steps,
                at!["services", name, "endpoints", endpoint.as_str()],
            );
        }
    }

    pub(super) fn pool_exists(&mut self, service: &str, pool: &str, path: &[Segment]) {
        let pools = &self.scenario.services[service].pools;
        if pools.is_empty() {
            let message = format!("`{service}` has no pools");
            self.report(Code::Pool, path, message).help.push(format!(
                "declare it at the service: `pools: {{ \"{pool}\": (size: 10) }}`"
            ));
        } else if !pools.contains_key(pool) {
            let what = format!("pool of `{service}` named");
            let names = pools.keys().map(String::as_str);
            self.unknown((Code::Pool, &what), path, pool, names);
        }
    }

    fn released_where_acquired(&mut self, steps: &[Step], path: &[Segment]) {
        let mut held: Vec<&str> = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let path = join(path, at![i]);
            for part in step.parts() {
                match part {
                    Part::Acquires(pool) => held.push(pool),
                    Part::Releases(pool) => {
                        if let Some(at) = held.iter().rposition(|other| *other == pool) {
                            held.remove(at);
                            continue;
                        }
                        let message = format!(
                            "there is no `acquire(\"{pool}\")` before this in the same list of steps"
                        );
                        self.report(Code::Pool, &path, message).help.push(
                            "put both into one list; what is not released is given back when the request ends"
                                .into(),
                        );
                    }
                    _ => {}
                }
            }
            for (at, inner) in step.lists() {
                self.released_where_acquired(inner, &join(&path, &at));
            }
        }
    }

    /// What is suspicious about the pools of services: requests that wait for each other, pools that nobody uses.
    pub(super) fn pools_are_sound(&mut self) {
        let scenario = self.scenario;
        for (name, service) in &scenario.services {
            if service.pools.is_empty() {
                continue;
            }
            let mut holding = Holding::default();
            for (endpoint, steps) in &service.endpoints {
                let path = at!["services", name.as_str(), "endpoints", endpoint.as_str()];
                holding.list(steps, path, &mut Vec::new(), 1.0);
            }
            for pool in service.pools.keys() {
                if !holding.used.contains(pool.as_str()) {
                    let span = self.key_span(at!["services", name.as_str(), "pools"], pool);
                    let message = format!("nothing is ever acquired from the pool `{pool}`");
                    self.report_at(Code::IdlePool, span, message)
                        .help
                        .push(format!(
                            "take from it with `acquire(\"{pool}\")`, or leave it out"
                        ));
                }
            }
            self.pools_deadlock(service, &holding);
        }
    }

    fn pools_deadlock(&mut self, service: &Service, holding: &Holding<'_>) {
        for ((held, wanted), (most, path)) in &holding.waits {
            let circle = holding.leads_to(wanted, held);
            let Some(pool) = service.pools.get(*wanted).filter(|_| circle) else {
                continue;
            };
            let enough = match (service.threading, service.threads) {
                (Threading::Sync, Bound::Limit(threads)) if held == wanted => u64::from(threads)
                    .checked_mul(most - 1)
                    .map(|waiting| waiting + 1),
                _ => None,
            };
            if enough.is_some_and(|enough| u64::from(pool.size) >= enough) {
                continue;
            }
            let message = if held == wanted {
                format!(
                    "a request asks for one more of `{wanted}` while it holds one: when {} requests hold one each and none is left, they wait for each other",
                    pool.size
                )
            } else {
                format!(
                    "`{wanted}` is acquired here while `{held}` is held, and elsewhere the other way round: requests that hold the last of each wait for each other"
                )
            };
            let ends = match pool.wait {
                Some(wait) => format!("until one of them has waited for {wait} and fails"),
                None => "for ever, unless their callers give up and say so".into(),
            };
            let found = self.report(Code::PoolDeadlock, path, format!("{message}, {ends}"));
            found.help.push(if held == wanted {
                let size = enough.map_or(String::new(), |enough| {
                    format!(
                        ", or make the pool larger than what waiting threads can hold: threads x (most at once - 1) + 1 = {enough}"
                    )
                });
                format!("hold one at a time{size}")
            } else {
                "acquire the pools in the same order everywhere, or release the first before".into()
            });
        }
    }
}

/// Which pools requests of a service ask for while they hold which: a resource allocation graph (R. Holt, "Some
/// deadlock properties of computer systems", ACM Computing Surveys 4 (1972)).
#[derive(Default)]
struct Holding<'a> {
    /// (held, wanted): the most of what is wanted that a request then has, and where it asks.
    waits: IndexMap<(&'a str, &'a str), (u64, Vec<Segment>)>,
    used: IndexSet<&'a str>,
}

impl<'a> Holding<'a> {
    /// Follows what a request holds along a list of steps that it runs up to so many times.
    fn list(&mut self, steps: &'a [Step], path: &[Segment], held: &mut Vec<&'a str>, rounds: f64) {
        let before = held.len();
        for (i, step) in steps.iter().enumerate() {
            let path = join(path, at![i]);
            let mut places = step.lists().into_iter().map(|(at, _)| join(&path, &at));
            let mut place = || places.next().unwrap_or_else(|| path.clone());
            for part in step.parts() {
                match part {
                    Part::Acquires(pool) => self.acquire(pool, held, &path),
                    Part::Releases(pool) => {
                        if let Some(at) = held.iter().rposition(|other| *other == pool) {
                            held.remove(at);
                        }
                    }
                    // What a branch holds ends with it.
                    Part::Together { branches, .. } => branches
                        .into_iter()
                        .for_each(|branch| self.list(branch, &place(), &mut held.clone(), 1.0)),
                    Part::OneOf(arms) => {
                        let mut most = held.clone();
                        for (_, arm) in arms {
                            let mut then = held.clone();
                            self.list(arm, &place(), &mut then, 1.0);
                            if then.len() > most.len() {
                                most = then;
                            }
                        }
                        *held = most;
                    }
                    Part::Repeats { times, steps } => {
                        let most = times.compile().map_or(1.0, |dist| dist.quantile(0.9999));
                        self.list(steps, &place(), held, most);
                    }
                    _ => {}
                }
            }
        }
        // What a round leaves held is held in the next one, which asks for as many again.
        if rounds > 1.5 && held.len() > before {
            let more: Vec<&str> = held[before..].to_vec();
            for pool in more {
                self.waits
                    .entry((pool, pool))
                    .or_insert_with(|| (rounds as u64, path.to_vec()))
                    .0 = rounds as u64;
            }
        }
    }

    fn acquire(&mut self, pool: &'a str, held: &mut Vec<&'a str>, path: &[Segment]) {
        self.used.insert(pool);
        let already = held.iter().filter(|other| **other == pool).count() as u64;
        for other in held.iter() {
            let most = &mut self
                .waits
                .entry((other, pool))
                .or_insert_with(|| (0, path.to_vec()))
                .0;
            *most = (*most).max(already + 1);
        }
        held.push(pool);
    }

    /// Whether waiting for one pool may mean waiting for another.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut seen = IndexSet::from([from]);
        let mut next = 0;
        while let Some(at) = seen.get_index(next).copied() {
            if at == to {
                return true;
            }
            // Whoever holds `at` may ask for these.
            let wanted = self.waits.keys().filter(|(held, _)| *held == at);
            seen.extend(wanted.map(|(_, wanted)| *wanted));
            next += 1;
        }
        false
    }
}
