//! A checked scenario compiled to ids and flat programs. Nothing here changes while a run goes on,
//! and nothing here depends on the seed.
//!
//! Names become indices, step lists become one flat instruction list, patterns of links and calls are
//! resolved for every edge. What the world looks up while it runs is an index away.

mod links;

use crate::faults::{Direction, Effect, Fault, Instances, Target};
use crate::resilience::{PolicySpec, Scope};
use crate::scenario::pattern::{CallIndex, Pattern, Side};
use crate::scenario::{
    Arrivals, Balance, Impatience, Need, QueueOrder, Scenario, Shape, Start, Step, Targets,
    Threading, Workload,
};
use indexmap::IndexMap;
use links::LinkPatterns;
use sim_core::dist::Dist;
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A checked scenario, compiled.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Services first, then workloads: everything that sends or answers requests.
    pub places: Vec<Place>,
    /// The services, in the order of the scenario.
    pub services: Vec<ServicePlan>,
    /// The workloads, in the order of the scenario.
    pub workloads: Vec<WorkloadPlan>,
    /// Every instance: of the services in order, then one for each workload as a caller.
    pub instances: Vec<InstancePlan>,
    /// Every endpoint of every service.
    pub endpoints: Vec<EndpointPlan>,
    /// The programs of all endpoints.
    pub code: Vec<Instruction>,
    /// Branches of parallel steps: entry points.
    pub branches: Vec<u32>,
    /// Arms of choices: cumulative probability and entry point.
    pub arms: Vec<(f64, u32)>,
    /// Distributions that instructions and links sample, in nanoseconds or counts.
    pub dists: Vec<Dist>,
    /// Calls from a place to a service under one list of policies.
    pub edges: Vec<EdgePlan>,
    /// One-way connections.
    pub links: Vec<LinkPlan>,
    /// What goes wrong.
    pub faults: Vec<FaultPlan>,
    /// End of the run.
    pub end: SimTime,
    /// End of the warm-up.
    pub warmup: SimTime,
    /// Width of the windows of series.
    pub window: SimDuration,
    /// What [`crate::reliability::predicted`] says of it, once somebody has asked: the runs of a plan share it.
    pub predicted: OnceLock<Vec<Option<f64>>>,
}

/// A service or a workload.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Index of its first instance.
    pub first_instance: u32,
    /// How many instances it has.
    pub instance_count: u32,
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// Threads of one instance; [`u32::MAX`]: unbounded.
    pub threads: u32,
    /// Whether a thread is held while it waits for a callee.
    pub threading: Threading,
    /// Cores of one instance, shared by those that work; none: no contention.
    pub cores: Option<f64>,
    /// Places in the queue.
    pub queue_limit: u32,
    /// Who is next.
    pub queue_order: QueueOrder,
    /// Places in the backlog.
    pub backlog_limit: u32,
    /// How callers choose among its instances.
    pub balance: Balance,
    /// Whether branches of its requests work, which they do beside its threads.
    pub branches_work: bool,
}

impl ServicePlan {
    /// Threads of one instance; infinite if they are unbounded.
    #[must_use]
    pub fn thread_limit(&self) -> f64 {
        if self.threads == u32::MAX {
            f64::INFINITY
        } else {
            f64::from(self.threads)
        }
    }

    /// What the level of work at one instance reaches when it is full: thousandths of cores where
    /// cores are shared, threads where they are not.
    /// None where no cores are given and work is done beside the threads: nobody knows how much there can be.
    #[must_use]
    pub fn work_limit(&self) -> Option<f64> {
        match self.cores {
            Some(cores) => Some(cores * 1000.0),
            None => (!self.branches_work).then(|| self.thread_limit()),
        }
    }
}

/// An instance.
#[derive(Clone, Debug)]
pub struct InstancePlan {
    /// Index of its place.
    pub place: u32,
    /// Its number within the place.
    pub number: u32,
    /// Name of its host.
    pub host: String,
    /// Name of its zone, if it has one.
    pub zone: Option<String>,
    /// Name of its region, if its zone is in one.
    pub region: Option<String>,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Its name.
    pub name: String,
    /// Index of its service.
    pub service: u32,
    /// Where its program begins.
    pub entry: u32,
}

/// One instruction of a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// Needs a core for a duration.
    Work {
        /// Index of the distribution.
        dist: u32,
    },
    /// Waits for a duration.
    Wait {
        /// Index of the distribution.
        dist: u32,
    },
    /// Calls an endpoint.
    Call {
        /// Index of the edge.
        edge: u32,
        /// Index of the endpoint.
        endpoint: u32,
        /// Whether its failure only degrades the answer.
        optional: bool,
    },
    /// Starts branches and waits for them.
    Parallel {
        /// Index of the first branch.
        first: u32,
        /// How many branches.
        count: u16,
        /// How many must succeed.
        need: u16,
    },
    /// Goes on at one of several places.
    Choice {
        /// Index of the first arm.
        first: u32,
        /// How many arms.
        count: u16,
    },
    /// Goes on elsewhere.
    Jump(u32),
    /// Draws how often a loop runs; past `end` if never.
    LoopBegin {
        /// Index of the distribution.
        dist: u32,
        /// Which of the frame's loop counters.
        slot: u16,
        /// Where the program goes on after it.
        end: u32,
    },
    /// Goes back to `begin` while rounds are left.
    LoopEnd {
        /// Which of the frame's loop counters.
        slot: u16,
        /// The first instruction of the loop.
        begin: u32,
    },
    /// Ends with an error.
    Fail {
        /// Share of the requests that end here.
        share: f32,
        /// HTTP-like status.
        status: u16,
    },
    /// Ends well.
    End,
}

/// How deep `repeat` may be nested.
pub const LOOP_DEPTH: usize = 4;

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// What it asks for: cumulative probability, edge, endpoint.
    pub targets: Vec<(f64, u32, u32)>,
    /// When it asks.
    pub kind: WorkloadKind,
}

/// When a workload asks.
#[derive(Clone, Debug)]
pub enum WorkloadKind {
    /// Requests arrive no matter how many are unanswered.
    Open {
        /// Arrivals (batches) per second, before the shape.
        rate: f64,
        /// How gaps are drawn.
        arrivals: Arrivals,
        /// Factors on the rate over time.
        shape: Vec<Shape>,
        /// Requests per arrival.
        batch: u32,
    },
    /// Users who wait for their answer.
    Closed {
        /// How many.
        users: u32,
        /// Time between an answer and the next request, ns.
        think: Dist,
        /// How long a user waits, ns.
        patience: Option<Dist>,
        /// What a user does then.
        then: Impatience,
        /// Clicks per request at most.
        clicks: u32,
        /// What users do at the start.
        start: Start,
    },
}

/// Calls from a place to a service under one list of policies.
#[derive(Clone, Debug)]
pub struct EdgePlan {
    /// `"caller -> callee"`, with the endpoint where it has policies of its own.
    pub name: String,
    /// Index of the caller's place.
    pub caller: u32,
    /// Index of the callee's service.
    pub callee: u32,
    /// Policies, outermost first.
    pub layers: Vec<LayerPlan>,
    /// Whether the callee is told when the caller gives up.
    pub tells_cancellation: bool,
    /// Whether the callee is told of a deadline.
    pub tells_deadline: bool,
    /// Whether one of the policies may have several tries out.
    pub forks: bool,
    /// Number of memories of all its policies.
    pub memory_count: u32,
    /// Where each attempt goes: links of requests and of answers.
    pub routes: Routes,
}

impl EdgePlan {
    /// The policies from `base` on that one frame carries: up to the first that may have several tries out, each of
    /// which has a frame of its own.
    #[inline]
    #[must_use]
    pub fn carried(&self, base: usize) -> &[LayerPlan] {
        let rest = &self.layers[base..];
        if !self.forks {
            return rest;
        }
        match rest.iter().position(|layer| layer.forks) {
            Some(fork) => &rest[..=fork],
            None => rest,
        }
    }
}

/// The links of an edge: one pair for all, or one for each pair of instances.
#[derive(Clone, Debug)]
pub struct Routes {
    /// First pair of links: request, then answer.
    pub first: u32,
    /// Whether each pair of instances has its own.
    pub by_instance: bool,
}

/// A policy of an edge.
#[derive(Clone, Debug)]
pub struct LayerPlan {
    /// What it does.
    pub spec: PolicySpec,
    /// Index of its first memory among those of the edge.
    pub memory: u32,
    /// Whether all caller instances share one memory.
    pub shared: bool,
    /// Whether the callee is told of its deadline.
    pub tells_deadline: bool,
    /// Whether it has to know of every call that leaves it.
    pub leaves: bool,
    /// Whether it may have several tries out at once, or ask another target.
    pub forks: bool,
    /// Whether calls may be parked at its memory.
    pub parks: bool,
    /// Index of its first counter among those of the edge.
    pub counters: u32,
    /// How many counters it has.
    pub counter_count: u32,
    /// The other targets that it may ask: edge and endpoint.
    pub targets: Vec<(u32, u32)>,
}

/// A one-way connection between two places or two instances.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Delay of a message, ns; none: no delay at all.
    pub latency: Option<u32>,
    /// Sender: place, and instance if it is that exact.
    pub from: (u32, Option<u32>),
    /// Receiver: place, and instance if it is that exact.
    pub to: (u32, Option<u32>),
    /// Whether it carries requests (or answers).
    pub requests: bool,
}

/// A fault.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Its name in results.
    pub name: String,
    /// Name of its kind.
    pub kind: String,
    /// Its target, in words.
    pub target_name: String,
    /// When, and how much.
    pub spec: Fault,
    /// Where.
    pub target: Target,
    /// What it does.
    pub effect: Effect,
    /// Added time, ns, of effects that add some.
    pub add: Option<Dist>,
    /// Duration of repair, ns, of random faults.
    pub repair: Option<Dist>,
    /// Candidates: instances or links.
    pub candidates: Vec<u32>,
    /// Only requests to the endpoint of this name.
    pub endpoint: Option<String>,
    /// Only requests of this workload (index).
    pub workload: Option<u32>,
}

/// Compiles a scenario.
///
/// # Errors
/// What a scenario that passed its checks cannot contain: an unknown name, a distribution that
/// cannot be.
pub fn compile(scenario: &Scenario) -> Result<Plan, String> {
    Compiler::new(scenario).compile()
}

struct Compiler<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    /// (caller place, callee service, policy pattern) to edge.
    edge_ids: BTreeMap<(u32, u32, String), u32>,
    endpoint_ids: IndexMap<String, u32>,
    calls: CallIndex<'a>,
    /// The patterns of `links`, read.
    links: LinkPatterns<'a>,
    /// For each place the links that begin or end there, once they are all known.
    links_of: Vec<Vec<u32>>,
    /// For each link of the scenario its distribution, once it is known; none inside for no delay.
    latencies: Vec<Option<Option<u32>>>,
    /// Distributions by the bits of their means.
    dist_ids: BTreeMap<u64, Vec<u32>>,
    by_instance: bool,
}

/// A place, and one of its instances if it matters which.
type Spot = (u32, Option<u32>);

impl<'a> Compiler<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let plan = Plan {
            places: Vec::new(),
            services: Vec::new(),
            workloads: Vec::new(),
            instances: Vec::new(),
            endpoints: Vec::new(),
            code: Vec::new(),
            branches: Vec::new(),
            arms: Vec::new(),
            dists: Vec::new(),
            edges: Vec::new(),
            links: Vec::new(),
            faults: Vec::new(),
            end: SimTime(scenario.duration.0),
            warmup: SimTime(scenario.warmup.0),
            window: scenario.window,
            predicted: OnceLock::new(),
        };
        let fault_links = scenario
            .faults
            .iter()
            .filter_map(|fault| match fault.inject.target() {
                Target::Link(link) => Some(link),
                Target::Instances { .. } => None,
            });
        let by_instance = scenario
            .links
            .keys()
            .cloned()
            .chain(fault_links)
            .any(|pattern| pattern.contains('#') || pattern.contains(':'));
        Self {
            scenario,
            plan,
            calls: CallIndex::new(scenario),
            links: LinkPatterns::new(scenario),
            links_of: Vec::new(),
            latencies: vec![None; scenario.links.len()],
            dist_ids: BTreeMap::new(),
            edge_ids: BTreeMap::new(),
            endpoint_ids: IndexMap::new(),
            by_instance,
        }
    }

    fn compile(mut self) -> Result<Plan, String> {
        // Events name faults and workloads by 16 bits, and so do verdicts their origin.
        let named = self.scenario.services.len() + self.scenario.workloads.len();
        if named.max(self.scenario.faults.len()) > usize::from(u16::MAX) {
            return Err("at most 65535 services and workloads, and as many faults".into());
        }
        self.places();
        for (service, (name, spec)) in self.scenario.services.iter().enumerate() {
            for endpoint in spec.endpoints.keys() {
                let id = self.plan.endpoints.len() as u32;
                self.endpoint_ids.insert(format!("{name}/{endpoint}"), id);
                self.plan.endpoints.push(EndpointPlan {
                    name: endpoint.clone(),
                    service: service as u32,
                    entry: 0,
                });
            }
        }
        let mut id = 0;
        for (service, spec) in self.scenario.services.values().enumerate() {
            for steps in spec.endpoints.values() {
                self.plan.endpoints[id].entry = self.plan.code.len() as u32;
                self.steps(service as u32, steps, 0)?;
                self.plan.code.push(Instruction::End);
                id += 1;
            }
        }
        for (number, workload) in self.scenario.workloads.values().enumerate() {
            let place = (self.scenario.services.len() + number) as u32;
            let plan = self.workload(place, workload)?;
            self.plan.workloads.push(plan);
        }
        self.links_of_places();
        for number in 0..self.scenario.faults.len() {
            let fault = self.fault(number)?;
            self.plan.faults.push(fault);
        }
        Ok(self.plan)
    }

    fn places(&mut self) {
        let mut region_of: BTreeMap<&String, &String> = BTreeMap::new();
        for (region, zones) in &self.scenario.regions {
            for zone in zones {
                region_of.entry(zone).or_insert(region);
            }
        }
        for (name, spec) in &self.scenario.services {
            let first_instance = self.plan.instances.len() as u32;
            for number in 0..spec.replicas {
                let host = cycle(&spec.hosts, number)
                    .cloned()
                    .unwrap_or_else(|| format!("{name}-{number}"));
                let zone = cycle(&spec.zones, number)
                    .cloned()
                    .or_else(|| self.scenario.hosts.get(&host).cloned());
                let region = zone.as_ref().and_then(|zone| region_of.get(zone));
                let region = region.map(|region| (*region).clone());
                self.plan.instances.push(InstancePlan {
                    place: self.plan.places.len() as u32,
                    number,
                    host,
                    zone,
                    region,
                });
            }
            self.plan.places.push(Place {
                name: name.clone(),
                first_instance,
                instance_count: spec.replicas,
            });
            self.plan.services.push(ServicePlan {
                threads: spec.threads.limit(),
                threading: spec.threading,
                cores: spec.cores,
                queue_limit: spec.queue.limit.limit(),
                queue_order: spec.queue.order,
                backlog_limit: spec.backlog.limit(),
                balance: spec.balance,
                branches_work: spec
                    .endpoints
                    .values()
                    .any(|steps| branches_work(steps, false)),
            });
        }
        for name in self.scenario.workloads.keys() {
            let first_instance = self.plan.instances.len() as u32;
            let place = self.plan.places.len() as u32;
            self.plan.instances.push(InstancePlan {
                place,
                number: 0,
                host: name.clone(),
                zone: None,
                region: None,
            });
            self.plan.places.push(Place {
                name: name.clone(),
                first_instance,
                instance_count: 1,
            });
        }
    }

    fn dist(&mut self, dist: Dist) -> u32 {
        let same = self.dist_ids.entry(dist.mean().to_bits()).or_default();
        let dists = &self.plan.dists;
        if let Some(known) = same.iter().find(|known| dists[**known as usize] == dist) {
            return *known;
        }
        let id = dists.len() as u32;
        same.push(id);
        self.plan.dists.push(dist);
        id
    }

    fn steps(&mut self, service: u32, steps: &[Step], depth: u16) -> Result<(), String> {
        for step in steps {
            self.step(service, step, depth)?;
        }
        Ok(())
    }

    fn step(&mut self, service: u32, step: &Step, depth: u16) -> Result<(), String> {
        match step {
            Step::Work(work) => {
                let dist = work.demand.compile()?;
                let dist = self.dist(dist);
                self.plan.code.push(Instruction::Work { dist });
            }
            Step::Wait(wait) => {
                let dist = wait.span.compile()?;
                let dist = self.dist(dist);
                self.plan.code.push(Instruction::Wait { dist });
            }
            Step::Call(call) => {
                let (edge, endpoint) = self.call(service, &call.to)?;
                self.plan.code.push(Instruction::Call {
                    edge,
                    endpoint,
                    optional: call.optional,
                });
            }
            Step::Parallel(parallel) => {
                // The branches stand between the step and what follows it: a jump leads round them.
                let at = self.plan.code.len();
                self.plan.code.extend([Instruction::End, Instruction::End]);
                if parallel.branches.len() > usize::from(u16::MAX) {
                    return Err("at most 65535 branches of one parallel step".into());
                }
                let mut entries = Vec::new();
                for branch in &parallel.branches {
                    entries.push(self.plan.code.len() as u32);
                    self.steps(service, branch, depth)?;
                    self.plan.code.push(Instruction::End);
                }
                let first = self.plan.branches.len() as u32;
                let count = entries.len() as u16;
                self.plan.branches.extend(entries);
                let need = match parallel.need {
                    Need::All => count,
                    Need::First(need) => (need as u16).min(count),
                };
                self.plan.code[at] = Instruction::Parallel { first, count, need };
                self.plan.code[at + 1] = Instruction::Jump(self.plan.code.len() as u32);
            }
            Step::Choice(choice) => self.choice(service, choice, depth)?,
            Step::Repeat(repeat) => {
                let dist = repeat.times.compile()?;
                let dist = self.dist(dist);
                let at = self.plan.code.len();
                self.plan.code.push(Instruction::End);
                self.steps(service, &repeat.steps, depth + 1)?;
                self.plan.code.push(Instruction::LoopEnd {
                    slot: depth,
                    begin: at as u32 + 1,
                });
                self.plan.code[at] = Instruction::LoopBegin {
                    dist,
                    slot: depth,
                    end: self.plan.code.len() as u32,
                };
            }
            Step::Fail(fail) => {
                self.plan.code.push(Instruction::Fail {
                    share: fail.share as f32,
                    status: fail.status,
                });
            }
        }
        Ok(())
    }

    fn choice(
        &mut self,
        service: u32,
        choice: &crate::scenario::ChoiceStep,
        depth: u16,
    ) -> Result<(), String> {
        if choice.arms.len() > usize::from(u16::MAX) {
            return Err("at most 65535 arms of one choice".into());
        }
        let total: f64 = choice.arms.iter().map(|arm| arm.weight).sum();
        let count = choice.arms.len() as u16;
        let first = self.plan.arms.len() as u32;
        self.plan.arms.extend(choice.arms.iter().map(|_| (0.0, 0)));
        self.plan.code.push(Instruction::Choice { first, count });
        let mut jumps = Vec::new();
        let mut sum = 0.0;
        for (number, arm) in choice.arms.iter().enumerate() {
            sum += arm.weight / total;
            self.plan.arms[first as usize + number] = (sum, self.plan.code.len() as u32);
            self.steps(service, &arm.steps, depth)?;
            jumps.push(self.plan.code.len());
            self.plan.code.push(Instruction::Jump(0));
        }
        let end = self.plan.code.len() as u32;
        for jump in jumps {
            self.plan.code[jump] = Instruction::Jump(end);
        }
        Ok(())
    }

    /// The edge and endpoint of a call from `caller` to `"service/endpoint"`.
    fn call(&mut self, caller: u32, to: &str) -> Result<(u32, u32), String> {
        let endpoint = *self
            .endpoint_ids
            .get(to)
            .ok_or_else(|| format!("no endpoint `{to}`"))?;
        let callee = self.plan.endpoints[endpoint as usize].service;
        let caller_name = self.plan.places[caller as usize].name.clone();
        let callee_name = self.plan.places[callee as usize].name.clone();
        let pattern = self.calls.key(&caller_name, to);
        let own = pattern.is_some_and(|pattern| pattern.contains('/'));
        let key = (
            caller,
            callee,
            if own { to.to_string() } else { String::new() },
        );
        if let Some(edge) = self.edge_ids.get(&key) {
            return Ok((*edge, endpoint));
        }
        let specs = pattern
            .map(|pattern| self.scenario.calls[pattern].clone())
            .unwrap_or_default();
        let name = format!("{caller_name} -> {}", if own { to } else { &callee_name });
        let routes = self.routes(caller, callee)?;
        let edge = self.edge(name, caller, callee, specs, routes);
        let id = self.plan.edges.len() as u32;
        self.plan.edges.push(edge);
        self.edge_ids.insert(key, id);
        Ok((id, endpoint))
    }

    fn edge(
        &self,
        name: String,
        caller: u32,
        callee: u32,
        specs: Vec<PolicySpec>,
        routes: Routes,
    ) -> EdgePlan {
        let callers = self.plan.places[caller as usize].instance_count;
        let (mut memory, mut counters) = (0, 0);
        let tells_cancellation = specs.iter().any(|spec| spec.tells().cancellation);
        let layers: Vec<LayerPlan> = specs
            .into_iter()
            .filter(PolicySpec::acts)
            .map(|spec| {
                let shared = spec.scope() == Scope::Shared;
                let layer = LayerPlan {
                    tells_deadline: spec.tells().deadline,
                    leaves: spec.leaves(),
                    forks: spec.forks(),
                    parks: spec.parks(),
                    memory,
                    shared,
                    counters,
                    counter_count: spec.counters().len() as u32,
                    targets: Vec::new(),
                    spec,
                };
                memory += if shared { 1 } else { callers };
                counters += layer.counter_count;
                layer
            })
            .collect();
        EdgePlan {
            name,
            caller,
            callee,
            tells_cancellation,
            tells_deadline: layers.iter().any(|layer| layer.tells_deadline),
            forks: layers.iter().any(|layer| layer.forks),
            layers,
            memory_count: memory,
            routes,
        }
    }

    fn routes(&mut self, caller: u32, callee: u32) -> Result<Routes, String> {
        let first = self.plan.links.len() as u32;
        let pairs: Vec<(Option<u32>, Option<u32>)> = if self.by_instance {
            let range = |place: u32| {
                let place = &self.plan.places[place as usize];
                place.first_instance..place.first_instance + place.instance_count
            };
            range(caller)
                .flat_map(|from| range(callee).map(move |to| (Some(from), Some(to))))
                .collect()
        } else {
            vec![(None, None)]
        };
        for (from, to) in pairs {
            let forward = self.link_for((caller, from), (callee, to));
            let back = self.link_for((callee, to), (caller, from));
            let back = match (forward, back) {
                (Some((there, _)), Some((back, pattern))) if back >= there => Some((back, pattern)),
                (Some(forward), _) => Some(forward),
                (None, back) => back,
            };
            for (requests, from, to, pattern) in [
                (true, (caller, from), (callee, to), forward),
                (false, (callee, to), (caller, from), back),
            ] {
                let latency = match pattern {
                    Some((_, pattern)) => self.latency(pattern)?,
                    None => None,
                };
                self.plan.links.push(LinkPlan {
                    latency,
                    from,
                    to,
                    requests,
                });
            }
        }
        Ok(Routes {
            first,
            by_instance: self.by_instance,
        })
    }

    /// The distribution of the delay of a link of the scenario; none if there is no delay.
    fn latency(&mut self, link: usize) -> Result<Option<u32>, String> {
        if let Some(known) = self.latencies[link] {
            return Ok(known);
        }
        let dist = self.scenario.links[link].latency.compile()?;
        let id = (dist.constant() != Some(0.0)).then(|| self.dist(dist));
        self.latencies[link] = Some(id);
        Ok(id)
    }

    /// Weight and index of the most specific pattern of `links` that matches; of equals the last.
    fn link_for(&self, from: Spot, to: Spot) -> Option<(u32, usize)> {
        let name = |place: Spot| self.plan.places[place.0 as usize].name.as_str();
        let (left, right) = (name(from), name(to));
        let ways = [(left, right), (left, "*"), ("*", right), ("*", "*")];
        let named = ways
            .into_iter()
            .filter_map(|way| self.links.named.get(&way));
        let others = self.links.others.iter().filter(|index| {
            let pattern = &self.links.all[**index];
            self.is_meant(&pattern.from, from) && self.is_meant(&pattern.to, to)
        });
        named
            .chain(others)
            .map(|index| (self.links.all[*index].link_weight(), *index))
            .max()
    }

    /// Lists the links of every place, if a fault asks for some of them.
    fn links_of_places(&mut self) {
        let faults = self.scenario.faults.iter();
        if !faults
            .map(|fault| fault.inject.target())
            .any(|target| matches!(target, Target::Link(_)))
        {
            return;
        }
        self.links_of = vec![Vec::new(); self.plan.places.len()];
        for (number, link) in self.plan.links.iter().enumerate() {
            let (from, to) = (link.from.0 as usize, link.to.0 as usize);
            self.links_of[from].push(number as u32);
            if to != from {
                self.links_of[to].push(number as u32);
            }
        }
    }

    /// The place of a name, if one side of a pattern names one.
    fn place_on(&self, side: &Side) -> Option<usize> {
        let (Side::Named(name) | Side::Instance(name, _)) = side else {
            return None;
        };
        let services = &self.scenario.services;
        let workloads = &self.scenario.workloads;
        services
            .get_index_of(name)
            .or_else(|| Some(services.len() + workloads.get_index_of(name)?))
    }

    /// Whether one side of a pattern of links means a place, or an instance of it.
    fn is_meant(&self, side: &Side, (place, instance): Spot) -> bool {
        let name = &self.plan.places[place as usize].name;
        if side.is_or_any(name) {
            return true;
        }
        let Some(instance) = instance.map(|index| &self.plan.instances[index as usize]) else {
            return false;
        };
        match side {
            Side::Instance(service, number) => service == name && *number == instance.number,
            Side::Host(host) => *host == instance.host,
            Side::Zone(zone) => instance.zone.as_ref() == Some(zone),
            Side::Region(region) => instance.region.as_ref() == Some(region),
            Side::Any | Side::Named(_) => false,
        }
    }

    fn workload(&mut self, place: u32, workload: &Workload) -> Result<WorkloadPlan, String> {
        let targets = self.targets(place, workload.targets())?;
        let kind = match workload {
            Workload::Open(load) => WorkloadKind::Open {
                rate: load.rate.0,
                arrivals: load.arrivals,
                shape: load.shape.clone(),
                batch: load.batch,
            },
            Workload::Closed(load) => WorkloadKind::Closed {
                users: load.users,
                think: load.think.compile()?,
                patience: load
                    .patience
                    .as_ref()
                    .map(|patience| patience.compile())
                    .transpose()?,
                then: load.then,
                clicks: load.clicks,
                start: load.start,
            },
        };
        Ok(WorkloadPlan { targets, kind })
    }

    fn targets(&mut self, place: u32, targets: &Targets) -> Result<Vec<(f64, u32, u32)>, String> {
        let total: f64 = targets.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        targets
            .iter()
            .map(|(target, weight)| {
                sum += weight / total;
                let (edge, endpoint) = self.call(place, target)?;
                Ok((sum, edge, endpoint))
            })
            .collect()
    }

    fn fault(&mut self, number: usize) -> Result<FaultPlan, String> {
        let spec = self.scenario.faults[number].clone();
        let target = spec.inject.target();
        let effect = spec.inject.effect();
        let kind = spec.inject.name().to_string();
        let (candidates, target_name, endpoint, workload) = match &target {
            Target::Link(pattern) => (
                self.matching_links(pattern, &effect),
                pattern.clone(),
                None,
                None,
            ),
            Target::Instances {
                service,
                zone,
                region,
                host,
                endpoint,
                workload,
                instances,
            } => {
                let mut candidates = self.matching_instances(
                    service.as_deref(),
                    zone.as_ref(),
                    region.as_ref(),
                    host.as_ref(),
                );
                if let Instances::Only(numbers) = instances {
                    candidates.retain(|index| {
                        numbers.contains(&self.plan.instances[*index as usize].number)
                    });
                }
                let words: Vec<&str> = [service, zone, region, host]
                    .into_iter()
                    .filter_map(|word| word.as_deref())
                    .collect();
                let words = if words.is_empty() {
                    vec!["everything"]
                } else {
                    words
                };
                let mut name = words.join(" in ");
                if let Some(endpoint) = endpoint {
                    name = format!("{name}/{endpoint}");
                }
                let workload = workload
                    .as_ref()
                    .and_then(|name| self.scenario.workloads.get_index_of(name));
                (
                    candidates,
                    name,
                    endpoint.clone(),
                    workload.map(|index| index as u32),
                )
            }
        };
        let add = match &effect {
            Effect::Slow { add, .. } | Effect::Delay { add, .. } => {
                Some(add.compile()?).filter(|dist| dist.constant() != Some(0.0))
            }
            _ => None,
        };
        let repair = spec
            .random
            .as_ref()
            .map(|random| random.mttr.compile())
            .transpose()?;
        let name = spec
            .name
            .clone()
            .unwrap_or_else(|| format!("{kind} {target_name}"));
        Ok(FaultPlan {
            name,
            kind,
            target_name,
            spec,
            target,
            effect,
            add,
            repair,
            candidates,
            endpoint,
            workload,
        })
    }

    fn matching_instances(
        &self,
        service: Option<&str>,
        zone: Option<&String>,
        region: Option<&String>,
        host: Option<&String>,
    ) -> Vec<u32> {
        let place = service.and_then(|name| self.scenario.services.get_index_of(name));
        let all = match place.map(|place| &self.plan.places[place]) {
            Some(place) => place.first_instance..place.first_instance + place.instance_count,
            None => 0..self.plan.instances.len() as u32,
        };
        let services = self.scenario.services.len() as u32;
        let wanted = |want: Option<&String>, have: Option<&String>| want.is_none() || want == have;
        all.filter(|index| {
            let instance = &self.plan.instances[*index as usize];
            instance.place < services
                && service.is_none_or(|name| name == self.plan.places[instance.place as usize].name)
                && wanted(zone, instance.zone.as_ref())
                && wanted(region, instance.region.as_ref())
                && wanted(host, Some(&instance.host))
        })
        .collect()
    }

    /// Links over which messages flow the way that a fault of the link `"left -> right"` hits.
    fn matching_links(&self, pattern: &str, effect: &Effect) -> Vec<u32> {
        let Ok(Pattern {
            from: left,
            to: right,
            ..
        }) = Pattern::link(pattern)
        else {
            return Vec::new();
        };
        let direction = match effect {
            Effect::Delay { direction, .. } | Effect::Lose { direction, .. } => *direction,
            _ => Direction::Both,
        };
        let flows = |from, to| self.is_meant(&left, from) && self.is_meant(&right, to);
        let hit = |link: &LinkPlan| {
            (direction != Direction::From && flows(link.from, link.to))
                || (direction != Direction::To && flows(link.to, link.from))
        };
        let hit = |index: &u32| hit(&self.plan.links[*index as usize]);
        match self.place_on(&left).or_else(|| self.place_on(&right)) {
            // Whichever way the messages go, they begin or end there.
            Some(place) => self.links_of[place].iter().copied().filter(hit).collect(),
            None => (0..self.plan.links.len() as u32).filter(hit).collect(),
        }
    }
}

fn cycle(list: &[String], number: u32) -> Option<&String> {
    (!list.is_empty()).then(|| &list[number as usize % list.len()])
}

/// Whether a branch among these steps works; all of them if they stand `inside` of one.
fn branches_work(steps: &[Step], inside: bool) -> bool {
    steps.iter().any(|step| match step {
        Step::Work(_) => inside,
        Step::Parallel(parallel) => parallel
            .branches
            .iter()
            .any(|branch| branches_work(branch, true)),
        Step::Choice(choice) => choice
            .arms
            .iter()
            .any(|arm| branches_work(&arm.steps, inside)),
        Step::Repeat(repeat) => branches_work(&repeat.steps, inside),
        Step::Wait(_) | Step::Call(_) | Step::Fail(_) => false,
    })
}

#[cfg(test)]
mod tests;
