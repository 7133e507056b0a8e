//! How much load each service can carry.

use super::flow::Flows;
use crate::scenario::{Bound, Scenario};
use indexmap::IndexMap;

/// What a service can carry with the mix of requests that it gets. Units: seconds, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Requests that arrive per second.
    pub rate: f64,
    /// Mean core time of a request.
    pub work: f64,
    /// Mean time that a request holds a thread: for sync threads with waits and callees.
    pub held: f64,
    /// Requests per second that its threads can carry; infinite if they are unbounded.
    pub by_threads: f64,
    /// Requests per second that its cores can carry; infinite if every thread has its own.
    pub by_cores: f64,
    /// Arrivals over what the threads can carry.
    pub thread_utilization: f64,
    /// Arrivals over what the cores can carry.
    pub core_utilization: f64,
    /// The larger of the two for the arrivals that come no matter what (from open workloads).
    pub open_utilization: f64,
}

impl Capacity {
    /// Requests per second that it can carry.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.by_threads.min(self.by_cores)
    }

    /// Arrivals over capacity.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.thread_utilization.max(self.core_utilization)
    }
}

pub(super) fn of_services(scenario: &Scenario, flows: &Flows) -> IndexMap<String, Capacity> {
    let services = scenario.services.iter();
    services
        .map(|(name, service)| {
            let sum = |of: fn(&super::flow::EndpointFlow) -> f64| {
                flows.of_service(name).map(of).sum::<f64>()
            };
            let rate = sum(|flow| flow.rate);
            let open_rate = sum(|flow| flow.open_rate);
            let count = flows.of_service(name).count().max(1) as f64;
            let (work, held) = if rate > 0.0 {
                (
                    sum(|flow| flow.rate * flow.work) / rate,
                    sum(|flow| flow.rate * flow.held) / rate,
                )
            } else {
                (sum(|flow| flow.work) / count, sum(|flow| flow.held) / count)
            };
            let replicas = f64::from(service.replicas);
            let threads = match service.threads {
                Bound::Limit(limit) => replicas * f64::from(limit),
                Bound::Unbounded => f64::INFINITY,
            };
            let cores = replicas * service.cores.unwrap_or(f64::INFINITY);
            // The work of open requests alone: closed ones slow down by themselves.
            let busy = |held: f64, of: f64| if held > 0.0 { held / of } else { 0.0 };
            let open_work = sum(|flow| flow.open_rate * flow.work);
            let open_held = sum(|flow| flow.open_rate * flow.held);
            let by = |of: f64, each: f64| if each > 0.0 { of / each } else { f64::INFINITY };
            let capacity = Capacity {
                rate,
                work,
                held,
                by_threads: by(threads, held),
                by_cores: by(cores, work),
                thread_utilization: busy(rate * held, threads),
                core_utilization: busy(rate * work, cores),
                open_utilization: if open_rate > 0.0 {
                    busy(open_held, threads).max(busy(open_work, cores))
                } else {
                    0.0
                },
            };
            (name.clone(), capacity)
        })
        .collect()
}
