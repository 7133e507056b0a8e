//! What is counted and measured of each workload, service, endpoint, instance and edge. [`super::recorder`]
//! fills it in.
//!
//! Units: durations in nanoseconds, converted to seconds when a summary is made.

use super::ledger::{ByOutcome, Ledger};
use crate::outcome::Outcome;
use sim_core::metrics::{DurationStats, Level, Snapshot, WindowHistogram};
use sim_core::{SimDuration, SimTime};

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
    pub(super) window: WorkloadWindow,
    /// Of this window's ends those of requests that began in it.
    pub(super) answered: WindowHistogram,
    pub(super) failed: WindowHistogram,
    /// Of this window's ends those of requests that began before it.
    pub(super) carried: Carried,
    /// What happened in each window, how long answers took, and how long all took.
    pub windows: Vec<(WorkloadWindow, Snapshot, Snapshot)>,
    /// What became of the requests that began in each window.
    pub begun: Ledger,
    /// What had happened in the window in which totals begin before they did.
    pub(super) before_totals: WorkloadWindow,
}

/// What ended in a window of what began before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    pub(super) outcomes: ByOutcome,
    pub(super) answered: WindowHistogram,
    pub(super) failed: WindowHistogram,
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
    pub(super) window: ServiceWindow,
    /// What happened in each window.
    pub windows: Vec<ServiceWindow>,
    pub(super) before_totals: ServiceWindow,
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
    /// Threads of an instance at its end, or the most that were busy at one, if those were more.
    pub threads: f64,
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

/// A pool of an instance.
#[derive(Clone, Debug, Default)]
pub struct PoolRecord {
    /// How many are out.
    pub out: Level,
    /// How many wait.
    pub waiting: Level,
    /// How many were taken.
    pub taken: u64,
    /// How many requests had to wait.
    pub waited: u64,
    /// How many found all places to wait taken.
    pub full: u64,
    /// How many waited for as long as they might.
    pub timeouts: u64,
    /// Time that those who took one had waited.
    pub wait: DurationStats,
}

impl PoolRecord {
    /// A request begins to wait.
    pub fn waits(&mut self, now: SimTime, counted: bool) {
        self.waiting.add(now, 1);
        self.waited += u64::from(counted);
    }

    /// A request gets none, for this cause.
    pub fn refused(&mut self, cause: Outcome, counted: bool) {
        let count = if cause == Outcome::TimeoutPool {
            &mut self.timeouts
        } else {
            &mut self.full
        };
        *count += u64::from(counted);
    }
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
    pub(super) window: EdgeWindow,
    /// What happened in each window.
    pub windows: Vec<EdgeWindow>,
    pub(super) before_totals: EdgeWindow,
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
