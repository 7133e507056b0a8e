//! Pools of a service: what steps take out of them and give back.
//!
//! A `release` belongs to an `acquire` before it in the same list of steps, so that nobody gives back what it does not
//! hold, whichever way the request goes.

use super::checker::{Checker, at, join};
use crate::limits::{MOST_NAMES, MOST_POOL};
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::steps::{self, Part, Step};
use crate::scenario::{Bound, Service, Threading};
use indexmap::{IndexMap, IndexSet};
use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use sim_core::SimDuration;
use std::hash::RandomState;

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
        if scenario.services.values().all(|s| s.pools.is_empty()) {
            return;
        }
        let mut holding = Holding::new(&scenario.services);
        for (name, service) in &scenario.services {
            for (endpoint, steps) in &service.endpoints {
                let path = at!["services", name.as_str(), "endpoints", endpoint.as_str()];
                holding.service = name;
                holding.list(steps, path, &mut Vec::new(), 1.0);
            }
            for pool in service.pools.keys() {
                if !holding.used.contains(&Node::Pool(name, pool)) {
                    let span = self.key_span(at!["services", name.as_str(), "pools"], pool);
                    let message = format!("nothing is ever acquired from the pool `{pool}`");
                    self.report_at(Code::IdlePool, span, message)
                        .help
                        .push(format!(
                            "take from it with `acquire(\"{pool}\")`, or leave it out"
                        ));
                }
            }
        }
        self.pools_deadlock(&holding);
    }

    fn pools_deadlock(&mut self, holding: &Holding<'_>) {
        let groups = holding.groups();
        for ((held, wanted), path) in &holding.waits {
            let group = groups.get(held);
            if groups.get(wanted) != group {
                continue;
            }
            let (through, wanted) = match *wanted {
                Node::Pool(of, pool) => (None, (of, pool)),
                Node::Endpoint(to) => {
                    let pool = holding.asked_for(to, |node| groups.get(node) == group);
                    let Some(pool) = pool else { continue };
                    (Some(to), pool)
                }
            };
            let service = &self.scenario.services[wanted.0];
            let pool = &service.pools[wanted.1];
            let same = *held == Node::Pool(wanted.0, wanted.1);
            let enough = match (service.threading, service.threads, through) {
                (Threading::Sync, Bound::Limit(threads), None) if same => {
                    let lists = service.endpoints.values();
                    let most = lists.filter_map(|steps| while_stuck(steps, wanted.1).stuck);
                    let most = most.max().unwrap_or(0);
                    u64::from(threads)
                        .checked_mul(most)
                        .map(|waiting| waiting.saturating_add(1))
                }
                _ => None,
            };
            if enough.is_some_and(|enough| u64::from(pool.size) >= enough) {
                continue;
            }
            let others = format!(
                "when {} requests hold one each and none is left, they wait for each other",
                pool.size
            );
            let other_way = "elsewhere the other way round: requests that hold the last of each wait for each other";
            let held = held.name();
            let message = match (same, through) {
                (true, None) => {
                    format!("a request asks for one more of `{held}` while it holds one: {others}")
                }
                (true, Some(to)) => format!(
                    "`{held}` is held while `{to}` is called, which leads back to a request for one of it: {others}"
                ),
                (false, None) => format!(
                    "`{}` is acquired here while `{held}` is held, and {other_way}",
                    wanted.1
                ),
                (false, Some(to)) => format!(
                    "`{held}` is held while `{to}` is called, which leads to a request for one of `{}` of `{}`, and {other_way}",
                    wanted.1, wanted.0
                ),
            };
            let ends = match (pool.wait, through) {
                (Some(wait), _) => format!("until one of them has waited for {wait} and fails"),
                (None, None) => "for ever, unless their callers give up and say so".into(),
                (None, Some(_)) => "until a call in between is given up".into(),
            };
            let message = format!("{message}, {ends}");
            let help = match (same, through) {
                (_, Some(_)) => "release it before the call".into(),
                (true, None) => {
                    let size = enough.map_or(String::new(), |enough| {
                        format!(
                            ", or make the pool larger than what waiting threads can hold: threads x (the most that one holds while it waits) + 1 = {enough}"
                        )
                    });
                    format!("hold one at a time{size}")
                }
                (false, None) => {
                    "acquire the pools in the same order everywhere, or release the first before"
                        .into()
                }
            };
            let found = self.report(Code::PoolDeadlock, path, message);
            found.help.push(help);
        }
    }
}

/// What a request may wait for: one of a pool, by its service and its name there, or the answer of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node<'a> {
    Pool(&'a str, &'a str),
    Endpoint(&'a str),
}

impl<'a> Node<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Pool(_, name) | Self::Endpoint(name) => name,
        }
    }
}

/// What a request does at a pool along a list of steps.
#[derive(Default)]
struct AtPool {
    /// How many more it holds in the end.
    more: u64,
    /// How many of those that it has taken it holds at most while it, or each of its branches, waits for one; none if
    /// it never asks.
    stuck: Option<u64>,
}

/// Follows what a request may hold of a pool at most.
fn while_stuck(steps: &[Step], pool: &str) -> AtPool {
    let mut all = AtPool::default();
    for part in steps::parts(steps) {
        let then = match part {
            Part::Acquires(name) if name == pool => AtPool {
                more: 1,
                stuck: Some(0),
            },
            Part::Releases(name) if name == pool => {
                all.more = all.more.saturating_sub(1);
                continue;
            }
            // Branches wait at the same time, and what they hold ends with them.
            Part::Together { branches, .. } => {
                let each = branches.into_iter().map(|branch| while_stuck(branch, pool));
                let stuck = each.filter_map(|branch| branch.stuck);
                AtPool {
                    more: 0,
                    stuck: stuck.reduce(u64::saturating_add),
                }
            }
            Part::OneOf(arms) => {
                let each = arms.into_iter().map(|(_, arm)| while_stuck(arm, pool));
                each.fold(AtPool::default(), |most, arm| AtPool {
                    more: most.more.max(arm.more),
                    stuck: most.stuck.max(arm.stuck),
                })
            }
            // What the rounds before the last leave held is held in that.
            Part::Repeats { times, steps } => {
                let most = times.compile().map_or(1.0, |dist| dist.quantile(0.9999));
                let round = while_stuck(steps, pool);
                let before = round.more.saturating_mul((most as u64).saturating_sub(1));
                AtPool {
                    more: round.more.saturating_add(before),
                    stuck: round.stuck.map(|stuck| stuck.saturating_add(before)),
                }
            }
            _ => continue,
        };
        let stuck = then.stuck.map(|stuck| stuck.saturating_add(all.more));
        all.stuck = all.stuck.max(stuck);
        all.more = all.more.saturating_add(then.more);
    }
    all
}

/// What requests wait for while they hold what: a resource allocation graph (R. Holt, "Some deadlock properties of
/// computer systems", ACM Computing Surveys 4 (1972)), in which an answer is a resource, too.
struct Holding<'a> {
    /// Whose steps are followed.
    service: &'a str,
    /// By what is held and what is waited for: where it is.
    waits: IndexMap<(Node<'a>, Node<'a>), Vec<Segment>>,
    /// By endpoint: what its answer may have to wait for.
    answers: IndexMap<String, IndexSet<Node<'a>>>,
    used: IndexSet<Node<'a>>,
}

impl<'a> Holding<'a> {
    fn new(services: &'a IndexMap<String, Service>) -> Self {
        let mut answers = IndexMap::new();
        for (name, service) in services {
            for (endpoint, list) in &service.endpoints {
                let mut behind = IndexSet::new();
                steps::visit(list, false, &mut |part, _| match part {
                    Part::Acquires(pool) => {
                        behind.insert(Node::Pool(name, pool));
                    }
                    Part::Calls { to, .. } => {
                        behind.insert(Node::Endpoint(to));
                    }
                    _ => {}
                });
                answers.insert(format!("{name}/{endpoint}"), behind);
            }
        }
        Self {
            service: "",
            waits: IndexMap::new(),
            answers,
            used: IndexSet::new(),
        }
    }

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
                    Part::Calls { to, .. } => self.wait(Node::Endpoint(to), held, &path),
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
                        let before = held.clone();
                        for (_, arm) in arms {
                            let mut then = before.clone();
                            self.list(arm, &place(), &mut then, 1.0);
                            let more = then.into_iter().filter(|pool| !held.contains(pool));
                            held.extend(more.collect::<Vec<_>>());
                        }
                    }
                    Part::AtTimes(steps) => {
                        let mut then = held.clone();
                        self.list(steps, &place(), &mut then, 1.0);
                        *held = then;
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
                self.wait(Node::Pool(self.service, pool), &[pool], path);
            }
        }
    }

    fn acquire(&mut self, pool: &'a str, held: &mut Vec<&'a str>, path: &[Segment]) {
        let wanted = Node::Pool(self.service, pool);
        self.used.insert(wanted);
        self.wait(wanted, held, path);
        held.push(pool);
    }

    /// A request that holds these waits for something.
    fn wait(&mut self, wanted: Node<'a>, held: &[&'a str], path: &[Segment]) {
        for pool in held {
            self.waits
                .entry((Node::Pool(self.service, pool), wanted))
                .or_insert_with(|| path.to_vec());
        }
    }

    /// The numbers of the groups of what waits for each other.
    fn groups(&self) -> IndexMap<Node<'_>, usize> {
        let mut graph = DiGraphMap::<Node<'_>, (), RandomState>::new();
        for (held, wanted) in self.waits.keys() {
            graph.add_edge(*held, *wanted, ());
        }
        for (endpoint, behind) in &self.answers {
            for wanted in behind {
                graph.add_edge(Node::Endpoint(endpoint), *wanted, ());
            }
        }
        let groups = kosaraju_scc(&graph).into_iter().enumerate();
        groups
            .flat_map(|(number, nodes)| nodes.into_iter().map(move |node| (node, number)))
            .collect()
    }

    /// The first pool of a group that an answer may have to wait for.
    fn asked_for(
        &self,
        answer: &'a str,
        in_group: impl Fn(&Node<'a>) -> bool,
    ) -> Option<(&'a str, &'a str)> {
        let (mut seen, mut next) = (IndexSet::from([Node::Endpoint(answer)]), 0);
        while let Some(at) = seen.get_index(next).copied() {
            next += 1;
            match at {
                Node::Pool(service, pool) if in_group(&at) => return Some((service, pool)),
                Node::Pool(..) => {}
                Node::Endpoint(name) => seen.extend(self.answers.get(name).into_iter().flatten()),
            }
        }
        None
    }
}
