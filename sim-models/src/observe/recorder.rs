//! What is counted and measured while a run goes on.
//!
//! The world tells the recorder what happened; the recorder never answers. Totals cover requests that
//! began after the warm-up (their frames carry a flag); windows cover everything, and so do rates, which
//! are counts of windows from the end of the warm-up on.
//!
//! Units: durations in nanoseconds, converted to seconds when a summary is made.

pub use super::ledger::ByOutcome;
pub use super::records::*;

use super::ledger::Ledger;
use super::states::{MOST_TURNS, StatesRecord, Turn};
use crate::ids::{EdgeId, EndpointId, InstanceId, OwnPoolId, PoolId, ServiceId, TiVec, WorkloadId};
use crate::outcome::{Ending, Outcome};
use crate::plan::Plan;
use sim_core::metrics::{DurationStats, WindowHistogram};
use sim_core::{SimDuration, SimTime};

/// How many examples of slow or failed requests are kept per workload and reason.
const SLOWEST: usize = 3;

/// All that is counted and measured.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// By workload.
    pub workloads: Vec<WorkloadRecord>,
    /// By service.
    pub services: Vec<ServiceRecord>,
    /// By endpoint.
    pub endpoints: Vec<EndpointRecord>,
    /// By instance of services.
    pub instances: TiVec<InstanceId, InstanceRecord>,
    /// By pool and instance.
    pub pools: TiVec<OwnPoolId, PoolRecord>,
    /// By pool of the plan.
    pub pool_windows: TiVec<PoolId, PoolKept>,
    /// By edge.
    pub edges: Vec<EdgeRecord>,
    /// By edge the policies that have states, outermost first.
    pub states: TiVec<EdgeId, Vec<StatesRecord>>,
    /// Bytes of all durations of whole runs.
    held: usize,
    /// When the totals began.
    pub since: SimTime,
    /// The window in which they did.
    first_window: usize,
    /// When the current window began.
    window_start: SimTime,
    /// Width of a window.
    width: SimDuration,
}

/// What happened from the end of the warm-up on, whenever the requests that it belongs to began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Requests that ended well.
    pub good: u64,
    /// Requests that ended.
    pub all: u64,
}

impl Recorder {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let workload = || WorkloadRecord {
            offered: 0,
            outcomes: [0; Outcome::COUNT],
            causes: vec![0; plan.places.len() * Outcome::COUNT],
            latency: DurationStats::default(),
            latency_failed: DurationStats::default(),
            first: [None; Outcome::COUNT],
            slowest: Vec::new(),
            in_flight: 0,
            attempts: (0, 0),
            retries_ok: 0,
            window: WorkloadWindow::default(),
            answered: WindowHistogram::default(),
            failed: WindowHistogram::default(),
            carried: Carried::default(),
            windows: Vec::new(),
            begun: Ledger::new(plan.window),
            before_totals: WorkloadWindow::default(),
        };
        let edge = || EdgeRecord {
            calls: 0,
            calls_sent: 0,
            attempts: 0,
            retries: 0,
            retries_ok: 0,
            outcomes: [0; Outcome::COUNT],
            attempt_outcomes: [0; Outcome::COUNT],
            latency: DurationStats::default(),
            window: EdgeWindow::default(),
            windows: Vec::new(),
            before_totals: EdgeWindow::default(),
        };
        let instances = plan
            .instances
            .iter()
            .filter(|i| usize::from(i.place) < plan.services.len())
            .count();
        Self {
            workloads: plan.workloads.iter().map(|_| workload()).collect(),
            services: plan
                .services
                .iter()
                .map(|_| ServiceRecord::default())
                .collect(),
            endpoints: plan
                .endpoints
                .iter()
                .map(|_| EndpointRecord::default())
                .collect(),
            instances: vec![InstanceRecord::default(); instances].into(),
            pools: plan
                .pools
                .iter_enumerated()
                .flat_map(|(of, pool)| {
                    let count = plan.service_places()[pool.service].instance_count;
                    let record = PoolRecord {
                        of,
                        ..PoolRecord::default()
                    };
                    vec![record; count as usize]
                })
                .collect(),
            pool_windows: vec![PoolKept::default(); plan.pools.len()].into(),
            edges: plan.edges.iter().map(|_| edge()).collect(),
            states: plan.edges.iter().map(StatesRecord::of_edge).collect(),
            held: 0,
            since: SimTime::ZERO,
            first_window: 0,
            window_start: SimTime::ZERO,
            width: plan.window,
        }
    }

    /// A request arrived.
    #[inline]
    pub fn offered(&mut self, workload: WorkloadId, counted: bool) {
        let record = &mut self.workloads[usize::from(workload)];
        record.in_flight += 1;
        record.window.offered += 1;
        record.offered += u64::from(counted);
    }

    /// A request ended.
    #[inline]
    pub fn ended(
        &mut self,
        workload: WorkloadId,
        (request, arrived): (u32, SimTime),
        now: SimTime,
        ending: Ending,
        counted: bool,
    ) {
        let record = &mut self.workloads[usize::from(workload)];
        let took = now.since(arrived);
        let outcome = ending.outcome as usize;
        let success = ending.outcome.is_success();
        record.in_flight -= 1;
        record.window.outcomes[outcome] += 1;
        // Each duration is recorded once: those of all requests are put together in the end.
        if arrived >= self.window_start {
            if success {
                record.answered.record(took);
            } else {
                record.failed.record(took);
            }
        } else {
            record.carried.outcomes[outcome] += 1;
            if success {
                record.carried.answered.record(took);
            } else {
                record.carried.failed.record(took);
            }
            record.begun.late(arrived, took, ending.outcome);
        }
        if !counted {
            return;
        }
        record.outcomes[outcome] += 1;
        if success {
            self.held += record.latency.record(took);
            if record.slowest.len() < SLOWEST || took > record.slowest[SLOWEST - 1].0 {
                record.slowest.push((took, request, arrived));
                record
                    .slowest
                    .sort_by_key(|(took, request, _)| (std::cmp::Reverse(*took), *request));
                record.slowest.truncate(SLOWEST);
            }
        } else {
            self.held += record.latency_failed.record(took);
            record.causes[usize::from(ending.origin) * Outcome::COUNT + ending.cause as usize] += 1;
            if record.first[outcome].is_none() {
                record.first[outcome] = Some((request, arrived, took));
            }
        }
    }

    /// A call began.
    #[inline]
    pub fn call_began(&mut self, edge: EdgeId, counted: bool) {
        let record = &mut self.edges[usize::from(edge)];
        record.window.calls += 1;
        record.calls += u64::from(counted);
    }

    /// An attempt was sent, the `attempt`th of a call that began then.
    #[inline]
    pub fn attempt_sent(
        &mut self,
        edge: EdgeId,
        workload: WorkloadId,
        (attempt, began): (u16, SimTime),
        counted: bool,
        door: bool,
    ) {
        let record = &mut self.edges[usize::from(edge)];
        let retry = u64::from(attempt > 1);
        let first = 1 - retry;
        record.window.attempts += 1;
        record.window.retries += retry;
        // A retry belongs to the window of its call, which may be closed: attempts per call are then
        // never more than the policies allow.
        let own = if began >= self.window_start {
            &mut record.window
        } else {
            &mut record.windows[(began.0 / self.width.0) as usize]
        };
        own.call_attempts += 1;
        own.calls_sent += first;
        if counted {
            record.attempts += 1;
            record.calls_sent += first;
            record.retries += retry;
            // Who is let in at a door makes no call.
            if !door {
                let (firsts, retries) = &mut self.workloads[usize::from(workload)].attempts;
                *firsts += first;
                *retries += retry;
            }
        }
    }

    /// An attempt ended as its caller sees it.
    #[inline]
    pub fn attempt_ended(
        &mut self,
        edge: EdgeId,
        workload: WorkloadId,
        attempt: u16,
        outcome: Outcome,
        counted: bool,
    ) {
        let record = &mut self.edges[usize::from(edge)];
        let failed = !outcome.is_success();
        record.window.failures += u64::from(failed);
        if counted {
            record.attempt_outcomes[outcome as usize] += 1;
            let retry_ok = u64::from(attempt > 1 && !failed);
            record.retries_ok += retry_ok;
            self.workloads[usize::from(workload)].retries_ok += retry_ok;
        }
    }

    /// A call ended.
    #[inline]
    pub fn call_ended(&mut self, edge: EdgeId, took: SimDuration, outcome: Outcome, counted: bool) {
        if counted {
            let record = &mut self.edges[usize::from(edge)];
            record.outcomes[outcome as usize] += 1;
            self.held += record.latency.record(took);
        }
    }

    /// An attempt reached an instance.
    #[inline]
    pub fn arrived(
        &mut self,
        service: ServiceId,
        endpoint: EndpointId,
        instance: InstanceId,
        counted: bool,
    ) {
        self.services[usize::from(service)].window.arrivals += 1;
        if counted {
            self.endpoints[usize::from(endpoint)].arrivals += 1;
            self.instances[instance].arrivals += 1;
        }
    }

    /// An attempt was turned away.
    pub fn turned_away(&mut self, service: ServiceId, endpoint: EndpointId, counted: bool) {
        self.services[usize::from(service)].window.rejected += 1;
        self.endpoints[usize::from(endpoint)].rejected += u64::from(counted);
    }

    /// An attempt got a thread after waiting this long.
    #[inline]
    pub fn started(
        &mut self,
        service: ServiceId,
        instance: InstanceId,
        waited: SimDuration,
        counted: bool,
    ) {
        if counted {
            self.instances[instance].started += 1;
            self.held += self.services[usize::from(service)].waiting.record(waited);
        }
    }

    /// An attempt that had started has ended at the callee.
    #[inline]
    pub fn served(
        &mut self,
        service: ServiceId,
        endpoint: EndpointId,
        (arrived, started, now): (SimTime, SimTime, SimTime),
        ok: bool,
        doomed: bool,
        counted: bool,
    ) {
        let record = &mut self.services[usize::from(service)];
        record.window.ok += u64::from(ok);
        record.window.failed += u64::from(!ok);
        record.window.doomed += u64::from(doomed);
        let took = now.since(started);
        record.window.spent_ns += took.0;
        record.window.doomed_ns += if doomed { took.0 } else { 0 };
        if counted {
            self.held += record.service_time.record(took);
            if doomed {
                record.doomed_ns += u128::from(took.0);
            }
            let endpoint = &mut self.endpoints[usize::from(endpoint)];
            endpoint.ok += u64::from(ok);
            endpoint.failed += u64::from(!ok);
            self.held += endpoint.sojourn.record(now.since(arrived));
        }
    }

    /// An attempt that had not started ended without one: cancelled, expired or lost in the queue.
    pub fn withdrawn(
        &mut self,
        service: ServiceId,
        endpoint: EndpointId,
        doomed: bool,
        counted: bool,
    ) {
        self.services[usize::from(service)].window.failed += 1;
        self.services[usize::from(service)].window.doomed += u64::from(doomed);
        self.endpoints[usize::from(endpoint)].failed += u64::from(counted);
    }

    /// A request gets one out of a pool, for which it has waited this long.
    pub fn pool_taken(
        &mut self,
        pool: OwnPoolId,
        now: SimTime,
        waited: SimDuration,
        counted: bool,
    ) {
        let record = &mut self.pools[pool];
        record.out.add(now, 1);
        let kept = &mut self.pool_windows[record.of];
        kept.window.taken += 1;
        kept.wait.record(waited);
        if counted {
            record.taken += 1;
            self.held += record.wait.record(waited);
        }
    }

    /// A request begins to wait for one out of a pool.
    pub fn pool_awaited(&mut self, pool: OwnPoolId, now: SimTime, counted: bool) {
        let record = &mut self.pools[pool];
        record.waiting.add(now, 1);
        record.waited += u64::from(counted);
        self.pool_windows[record.of].window.waited += 1;
    }

    /// A request gets none out of a pool, for this cause.
    pub fn pool_refused(&mut self, pool: OwnPoolId, cause: Outcome, counted: bool) {
        let record = &mut self.pools[pool];
        let count = if cause == Outcome::TimeoutPool {
            &mut record.timeouts
        } else {
            &mut record.full
        };
        *count += u64::from(counted);
        self.pool_windows[record.of].window.refused += 1;
    }

    /// A request ends that waits for one out of a pool.
    pub fn pool_left(&mut self, pool: OwnPoolId) {
        let of = self.pools[pool].of;
        self.pool_windows[of].window.left += 1;
    }

    /// A memory of a policy turned from one state into another: of this edge, the policy of this number among those
    /// that have states.
    pub fn turned(&mut self, edge: EdgeId, number: u32, turn: Turn) {
        self.states[edge][number as usize].turn(turn);
    }

    /// Whether the next turn of a policy is told, or counted only.
    #[must_use]
    pub fn keeps_turn(&self, edge: EdgeId, number: u32) -> bool {
        self.states[edge][number as usize].turns.len() < MOST_TURNS
    }

    /// The warm-up is over: totals begin.
    pub fn begin_totals(&mut self, now: SimTime) {
        self.since = now;
        self.first_window = self.windows();
        for record in &mut self.workloads {
            record.before_totals = record.window;
        }
        for record in &mut self.services {
            record.before_totals = record.window;
        }
        for record in &mut self.edges {
            record.before_totals = record.window;
        }
        for instance in &mut self.instances {
            instance.reset(now);
        }
        for pool in &mut self.pools {
            pool.reset(now);
        }
        for states in self.states.iter_mut().flatten() {
            states.reset(now);
        }
        for kept in &mut self.pool_windows {
            kept.before_totals = kept.window.clone();
        }
    }

    /// Bytes of what is kept of all durations.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.held
    }

    /// How many windows have ended.
    #[must_use]
    pub fn windows(&self) -> usize {
        let workloads = self.workloads.iter().map(|record| record.windows.len());
        let services = self.services.iter().map(|record| record.windows.len());
        workloads.chain(services).next().unwrap_or(0)
    }

    /// Requests of a workload that ended since totals began.
    #[must_use]
    pub fn ended_since(&self, workload: WorkloadId) -> Ended {
        let record = &self.workloads[usize::from(workload)];
        let mut ended = Ended::default();
        let rows = record.windows.iter().skip(self.first_window);
        for outcome in Outcome::ALL {
            let count = |window: &WorkloadWindow| window.outcomes[outcome as usize];
            let all: u64 = rows.clone().map(|(window, ..)| count(window)).sum();
            let count = all - count(&record.before_totals);
            ended.all += count;
            ended.good += if outcome.is_success() { count } else { 0 };
        }
        ended
    }

    /// Sums a count of a workload over the time since totals began.
    #[must_use]
    pub fn workload_since(&self, workload: WorkloadId, get: fn(&WorkloadWindow) -> u64) -> u64 {
        let record = &self.workloads[usize::from(workload)];
        let windows = record.windows.iter().map(|(window, ..)| window);
        self.since_of(windows, &record.before_totals, get)
    }

    /// Sums a count of a service over the time since totals began.
    #[must_use]
    pub fn service_since(&self, service: ServiceId, get: fn(&ServiceWindow) -> u64) -> u64 {
        let record = &self.services[usize::from(service)];
        self.since_of(record.windows.iter(), &record.before_totals, get)
    }

    /// Sums a count of an edge over the time since totals began.
    #[must_use]
    pub fn edge_since(&self, edge: EdgeId, get: fn(&EdgeWindow) -> u64) -> u64 {
        let record = &self.edges[usize::from(edge)];
        self.since_of(record.windows.iter(), &record.before_totals, get)
    }

    /// Sums a count of a pool over the time since totals began.
    #[must_use]
    pub fn pool_since(&self, pool: PoolId, get: fn(&PoolWindow) -> u64) -> u64 {
        let kept = &self.pool_windows[pool];
        self.since_of(kept.windows.iter(), &kept.before_totals, get)
    }

    fn since_of<'a, W: 'a>(
        &self,
        windows: impl Iterator<Item = &'a W>,
        before: &W,
        get: fn(&W) -> u64,
    ) -> u64 {
        windows.skip(self.first_window).map(get).sum::<u64>() - get(before)
    }

    /// Threads of an instance of a service since totals began, on average.
    #[must_use]
    pub fn threads_since(&self, plan: &Plan, service: ServiceId) -> f64 {
        let rows = self.services[usize::from(service)].windows.iter();
        let rows = rows.skip(self.first_window).map(|window| window.threads);
        plan.services[service].threads_in(plan.live.is_some(), rows)
    }

    /// The run is over, and this request has not ended.
    pub fn left_open(&mut self, workload: WorkloadId, arrived: SimTime, now: SimTime) {
        self.workloads[usize::from(workload)]
            .begun
            .open(arrived, now);
    }

    /// The run is over, and nothing more is left open.
    pub fn settle(&mut self) {
        for record in &mut self.workloads {
            record.begun.settle();
        }
    }

    /// A window ends. `up` counts the instances of each service that are up, `open` the memories of
    /// each edge that stand in the way.
    pub fn close_window(&mut self, plan: &Plan, now: SimTime, up: &[u64], open: &[u64]) {
        for record in &mut self.workloads {
            record.window.in_flight = record.in_flight;
            let (prompt, failed) = (record.answered.take(), record.failed.take());
            let mut outcomes = record.window.outcomes;
            for (count, carried) in outcomes.iter_mut().zip(&record.carried.outcomes) {
                *count -= carried;
            }
            let mut answered = prompt.clone();
            answered.merge(&record.carried.answered.take());
            let mut ended = failed.clone();
            ended.merge(&record.carried.failed.take());
            ended.merge(&answered);
            record.begun.close(outcomes, prompt, failed);
            record.windows.push((record.window, answered, ended));
            record.window = WorkloadWindow::default();
            record.carried.outcomes = ByOutcome::default();
        }
        for (service, record) in self.services.iter_mut().enumerate() {
            let place = &plan.places.raw[service];
            let mut window = std::mem::take(&mut record.window);
            for instance in &mut self.instances[place.range()] {
                instance.close(now, &mut window);
            }
            window.up = up[service];
            let limit = plan.services.raw[service].thread_limit();
            window.threads = limit.max(window.busy.max as f64);
            record.windows.push(window);
        }
        for (edge, record) in self.edges.iter_mut().enumerate() {
            let mut window = std::mem::take(&mut record.window);
            window.breakers_open = open[edge];
            record.windows.push(window);
        }
        for record in &mut self.pools {
            let window = &mut self.pool_windows[record.of].window;
            record.levels.close(now, window);
        }
        for kept in &mut self.pool_windows {
            let mut window = std::mem::take(&mut kept.window);
            window.wait = kept.wait.take();
            kept.windows.push(window);
        }
        for states in self.states.iter_mut().flatten() {
            states.close(now);
        }
        self.window_start = now;
    }
}
