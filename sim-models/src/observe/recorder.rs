//! What is counted and measured while a run goes on.
//!
//! The world tells the recorder what happened; the recorder never answers. Totals cover requests that
//! began after the warm-up (their frames carry a flag); windows cover everything.
//!
//! Units: durations in nanoseconds, converted to seconds when a summary is made.

use crate::outcome::{Outcome, Verdict};
use crate::plan::Plan;
use sim_core::metrics::{DurationStats, Level, Snapshot, WindowHistogram};
use sim_core::{SimDuration, SimTime};

/// Counts by outcome.
pub type ByOutcome = [u64; Outcome::COUNT];

/// How many examples of slow or failed requests are kept per workload and reason.
const SLOWEST: usize = 3;

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadRecord {
    /// Requests that arrived.
    pub offered: u64,
    /// Ended, by outcome.
    pub outcomes: ByOutcome,
    /// Failures by the outcome and the place where they began: index place × COUNT + outcome.
    pub causes: Vec<u64>,
    /// Time to a usable answer.
    pub latency: DurationStats,
    /// Time to a failure.
    pub latency_failed: DurationStats,
    /// First failed request of each outcome: (number, arrival, duration).
    pub first: [Option<(u32, SimTime, SimDuration)>; Outcome::COUNT],
    /// Slowest usable answers: (duration, number, arrival).
    pub slowest: Vec<(SimDuration, u32, SimTime)>,
    /// Requests under way.
    pub in_flight: u64,
    /// Attempts that its requests led to, on all edges: first ones, and retries.
    pub attempts: (u64, u64),
    window: WorkloadWindow,
    answered: WindowHistogram,
    failed: WindowHistogram,
    /// What happened in each window, how long answers took, and how long all took.
    pub windows: Vec<(WorkloadWindow, Snapshot, Snapshot)>,
}

/// A workload in one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkloadWindow {
    /// Requests that arrived.
    pub offered: u64,
    /// Ended, by outcome.
    pub outcomes: ByOutcome,
    /// Under way at its end.
    pub in_flight: u64,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct ServiceRecord {
    /// Time of those that started in queue and backlog.
    pub waiting: DurationStats,
    /// Time from start to end.
    pub service_time: DurationStats,
    /// Time spent for callers who had gone, ns.
    pub doomed_ns: u128,
    window: ServiceWindow,
    /// What happened in each window.
    pub windows: Vec<ServiceWindow>,
}

/// A service in one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceWindow {
    /// Attempts that reached an instance.
    pub arrivals: u64,
    /// Answered ok or degraded.
    pub ok: u64,
    /// Answered with an error, cancelled, or lost in a crash.
    pub failed: u64,
    /// Turned away.
    pub rejected: u64,
    /// Ended for callers who had gone.
    pub doomed: u64,
    /// Time from start to end of those that ended, ns.
    pub spent_ns: u64,
    /// That of those that ended for callers who had gone, ns.
    pub doomed_ns: u64,
    /// Busy threads, time average, all instances.
    pub busy: f64,
    /// Busy threads, largest at any instance.
    pub busy_max: u64,
    /// Working threads or busy cores, time average, all instances.
    pub working: f64,
    /// Waiting, time average, all instances.
    pub queue: f64,
    /// Waiting, largest at any instance.
    pub queue_max: u64,
    /// Waiting and running, time average, all instances.
    pub present: f64,
    /// Waiting and running, largest at any instance.
    pub present_max: u64,
    /// Instances that are up at its end.
    pub up: u64,
}

/// An endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointRecord {
    /// Attempts that reached an instance.
    pub arrivals: u64,
    /// Answered ok or degraded.
    pub ok: u64,
    /// Ended in another way.
    pub failed: u64,
    /// Turned away.
    pub rejected: u64,
    /// Time from arrival to answer of those that started.
    pub sojourn: DurationStats,
}

/// An instance.
#[derive(Clone, Debug)]
pub struct InstanceRecord {
    /// Attempts that reached it.
    pub arrivals: u64,
    /// Attempts that got a thread.
    pub started: u64,
    /// Busy threads.
    pub busy: Level,
    /// Working threads; thousandths of cores where cores are shared.
    pub working: Level,
    /// Waiting in queue and backlog.
    pub queue: Level,
    /// Present, waiting or not.
    pub present: Level,
}

/// An edge.
#[derive(Clone, Debug)]
pub struct EdgeRecord {
    /// Calls begun.
    pub calls: u64,
    /// Calls that sent at least one attempt.
    pub calls_sent: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Retries whose attempt ended ok.
    pub retries_ok: u64,
    /// Calls by outcome.
    pub outcomes: ByOutcome,
    /// Attempts by outcome.
    pub attempt_outcomes: ByOutcome,
    /// Duration of calls.
    pub latency: DurationStats,
    window: EdgeWindow,
    /// What happened in each window.
    pub windows: Vec<EdgeWindow>,
}

/// An edge in one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct EdgeWindow {
    /// Calls begun.
    pub calls: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Calls begun in it that sent at least one attempt, whenever they did.
    pub calls_sent: u64,
    /// Attempts that the calls begun in it led to, whenever they were sent.
    pub call_attempts: u64,
    /// Memories that stand in the way of calls at its end.
    pub breakers_open: u64,
}

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
    pub instances: Vec<InstanceRecord>,
    /// By edge.
    pub edges: Vec<EdgeRecord>,
    /// When the totals began.
    pub since: SimTime,
    /// When the window that is open began.
    opened: SimTime,
    /// Width of a window.
    width: SimDuration,
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
            window: WorkloadWindow::default(),
            answered: WindowHistogram::default(),
            failed: WindowHistogram::default(),
            windows: Vec::new(),
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
        };
        let instance = || InstanceRecord {
            arrivals: 0,
            started: 0,
            busy: Level::default(),
            working: Level::default(),
            queue: Level::default(),
            present: Level::default(),
        };
        let instances = plan
            .instances
            .iter()
            .filter(|i| (i.place as usize) < plan.services.len())
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
            instances: (0..instances).map(|_| instance()).collect(),
            edges: plan.edges.iter().map(|_| edge()).collect(),
            since: SimTime::ZERO,
            opened: SimTime::ZERO,
            width: plan.window,
        }
    }

    /// A request arrived.
    #[inline]
    pub fn offered(&mut self, workload: usize, counted: bool) {
        let record = &mut self.workloads[workload];
        record.in_flight += 1;
        record.window.offered += 1;
        record.offered += u64::from(counted);
    }

    /// A request ended.
    #[inline]
    pub fn ended(
        &mut self,
        workload: usize,
        (request, arrived): (u32, SimTime),
        now: SimTime,
        verdict: Verdict,
        counted: bool,
    ) {
        let record = &mut self.workloads[workload];
        let took = now.since(arrived);
        let outcome = verdict.outcome as usize;
        let success = verdict.outcome.is_success();
        record.in_flight -= 1;
        record.window.outcomes[outcome] += 1;
        // Each duration is recorded once: those of all requests are put together in the end.
        if success {
            record.answered.record(took);
        } else {
            record.failed.record(took);
        }
        if !counted {
            return;
        }
        record.outcomes[outcome] += 1;
        if success {
            record.latency.record(took);
            if record.slowest.len() < SLOWEST || took > record.slowest[SLOWEST - 1].0 {
                record.slowest.push((took, request, arrived));
                record
                    .slowest
                    .sort_by_key(|(took, request, _)| (std::cmp::Reverse(*took), *request));
                record.slowest.truncate(SLOWEST);
            }
        } else {
            record.latency_failed.record(took);
            record.causes[usize::from(verdict.origin) * Outcome::COUNT + verdict.cause as usize] +=
                1;
            if record.first[outcome].is_none() {
                record.first[outcome] = Some((request, arrived, took));
            }
        }
    }

    /// A call began.
    #[inline]
    pub fn call_began(&mut self, edge: usize, counted: bool) {
        let record = &mut self.edges[edge];
        record.window.calls += 1;
        record.calls += u64::from(counted);
    }

    /// An attempt was sent, the `attempt`th of a call that began then.
    #[inline]
    pub fn attempt_sent(
        &mut self,
        edge: usize,
        workload: usize,
        (attempt, began): (u16, SimTime),
        counted: bool,
    ) {
        let record = &mut self.edges[edge];
        record.window.attempts += 1;
        record.window.retries += u64::from(attempt > 1);
        // A retry belongs to the window of its call, which may be closed: attempts per call are then
        // never more than the policies allow.
        let own = if began >= self.opened {
            &mut record.window
        } else {
            &mut record.windows[(began.0 / self.width.0) as usize]
        };
        own.call_attempts += 1;
        own.calls_sent += u64::from(attempt == 1);
        if counted {
            record.attempts += 1;
            record.calls_sent += u64::from(attempt == 1);
            record.retries += u64::from(attempt > 1);
            let (first, retries) = &mut self.workloads[workload].attempts;
            *first += u64::from(attempt == 1);
            *retries += u64::from(attempt > 1);
        }
    }

    /// An attempt ended as its caller sees it.
    #[inline]
    pub fn attempt_ended(&mut self, edge: usize, attempt: u16, outcome: Outcome, counted: bool) {
        let record = &mut self.edges[edge];
        let failed = !outcome.is_success();
        record.window.failures += u64::from(failed);
        if counted {
            record.attempt_outcomes[outcome as usize] += 1;
            record.retries_ok += u64::from(attempt > 1 && !failed);
        }
    }

    /// A call ended.
    #[inline]
    pub fn call_ended(&mut self, edge: usize, took: SimDuration, outcome: Outcome, counted: bool) {
        if counted {
            let record = &mut self.edges[edge];
            record.outcomes[outcome as usize] += 1;
            record.latency.record(took);
        }
    }

    /// An attempt reached an instance.
    #[inline]
    pub fn arrived(&mut self, service: usize, endpoint: usize, instance: usize, counted: bool) {
        self.services[service].window.arrivals += 1;
        if counted {
            self.endpoints[endpoint].arrivals += 1;
            self.instances[instance].arrivals += 1;
        }
    }

    /// An attempt was turned away.
    pub fn turned_away(&mut self, service: usize, endpoint: usize, counted: bool) {
        self.services[service].window.rejected += 1;
        self.endpoints[endpoint].rejected += u64::from(counted);
    }

    /// An attempt got a thread after waiting this long.
    #[inline]
    pub fn started(&mut self, service: usize, instance: usize, waited: SimDuration, counted: bool) {
        if counted {
            self.instances[instance].started += 1;
            self.services[service].waiting.record(waited);
        }
    }

    /// An attempt that had started has ended at the callee.
    #[inline]
    pub fn served(
        &mut self,
        service: usize,
        endpoint: usize,
        (arrived, started, now): (SimTime, SimTime, SimTime),
        ok: bool,
        doomed: bool,
        counted: bool,
    ) {
        let record = &mut self.services[service];
        record.window.ok += u64::from(ok);
        record.window.failed += u64::from(!ok);
        record.window.doomed += u64::from(doomed);
        let took = now.since(started);
        record.window.spent_ns += took.0;
        record.window.doomed_ns += if doomed { took.0 } else { 0 };
        if counted {
            record.service_time.record(took);
            if doomed {
                record.doomed_ns += u128::from(took.0);
            }
            let endpoint = &mut self.endpoints[endpoint];
            endpoint.ok += u64::from(ok);
            endpoint.failed += u64::from(!ok);
            endpoint.sojourn.record(now.since(arrived));
        }
    }

    /// An attempt that had not started ended without one: cancelled, expired or lost in the queue.
    pub fn withdrawn(&mut self, service: usize, endpoint: usize, doomed: bool, counted: bool) {
        self.services[service].window.failed += 1;
        self.services[service].window.doomed += u64::from(doomed);
        self.endpoints[endpoint].failed += u64::from(counted);
    }

    /// The warm-up is over: totals begin.
    pub fn begin_totals(&mut self, now: SimTime) {
        self.since = now;
        for instance in &mut self.instances {
            instance.busy.reset(now);
            instance.working.reset(now);
            instance.queue.reset(now);
            instance.present.reset(now);
        }
    }

    /// A window ends. `up` counts the instances of each service that are up, `open` the memories of
    /// each edge that stand in the way.
    pub fn close_window(&mut self, plan: &Plan, now: SimTime, up: &[u64], open: &[u64]) {
        self.opened = now;
        for record in &mut self.workloads {
            record.window.in_flight = record.in_flight;
            let answered = record.answered.take();
            let mut ended = record.failed.take();
            ended.merge(&answered);
            record.windows.push((record.window, answered, ended));
            record.window = WorkloadWindow::default();
        }
        for (service, record) in self.services.iter_mut().enumerate() {
            let place = &plan.places[service];
            let mut window = std::mem::take(&mut record.window);
            for number in 0..place.instance_count {
                let instance = &mut self.instances[(place.first_instance + number) as usize];
                let take = |level: &mut Level, mean: &mut f64, most: &mut u64| {
                    let (average, max) = level.take_window(now);
                    *mean += average;
                    *most = (*most).max(max.max(0) as u64);
                };
                take(&mut instance.busy, &mut window.busy, &mut window.busy_max);
                take(
                    &mut instance.queue,
                    &mut window.queue,
                    &mut window.queue_max,
                );
                take(
                    &mut instance.present,
                    &mut window.present,
                    &mut window.present_max,
                );
                window.working += instance.working.take_window(now).0;
            }
            window.up = up[service];
            record.windows.push(window);
        }
        for (edge, record) in self.edges.iter_mut().enumerate() {
            let mut window = std::mem::take(&mut record.window);
            window.breakers_open = open[edge];
            record.windows.push(window);
        }
    }
}
