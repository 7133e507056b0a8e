//! Isolation of Hystrix: by a semaphore that nobody waits at, or by a pool of threads.
//!
//! Source: Hystrix 1.5.18, `AbstractCommand.TryableSemaphoreActual` (refuses if more than so many are out),
//! `HystrixThreadPool.isQueueSpaceAvailable` (refuses at `queueSizeRejectionThreshold`, whatever `maxQueueSize` is, unless
//! there is no queue), `HystrixConcurrencyStrategy.getThreadPool` (`maximumSize` counts only where
//! `allowMaximumSizeToDivergeFromCoreSize`).

use crate::resilience::{Bulkhead, PolicySpec, ThreadPool};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `execution.isolation.semaphore`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixSemaphore {
    /// Calls at a time.
    #[serde(default = "ten")]
    pub max_concurrent_requests: u32,
}

/// Fields of `HystrixThreadPoolProperties`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixThreadPool {
    /// Threads that it keeps.
    #[serde(default = "ten")]
    pub core_size: u32,
    /// Threads at most, where they may be more than it keeps.
    #[serde(default = "ten")]
    pub maximum_size: u32,
    /// Whether there may be more threads than it keeps.
    #[serde(default)]
    pub allow_maximum_size_to_diverge_from_core_size: bool,
    /// How long a thread beyond those has nothing to do before it ends (min).
    #[serde(default = "one")]
    pub keep_alive_time_minutes: u32,
    /// Calls that the queue takes; -1: there is none.
    #[serde(default = "none")]
    pub max_queue_size: i32,
    /// Calls in the queue at which further ones are refused, where there is one.
    #[serde(default = "five")]
    pub queue_size_rejection_threshold: u32,
}

fn one() -> u32 {
    1
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn none() -> i32 {
    -1
}

impl HystrixSemaphore {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// No calls at all.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_concurrent_requests == 0 {
            return Err("`maxConcurrentRequests: 0` lets nobody in".into());
        }
        Ok(vec![PolicySpec::Bulkhead(Bulkhead {
            permits: self.max_concurrent_requests,
            ..Bulkhead::default()
        })])
    }
}

impl HystrixThreadPool {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A pool that refuses every call.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let capacity = u32::try_from(self.max_queue_size).unwrap_or(0);
        let threshold = self.queue_size_rejection_threshold;
        if self.core_size == 0 {
            return Err("`coreSize` must be at least 1".into());
        }
        if capacity > 0 && threshold == 0 {
            return Err(
                "`queueSizeRejectionThreshold: 0` refuses every call where there is a queue".into(),
            );
        }
        let diverges = self.allow_maximum_size_to_diverge_from_core_size;
        // A queue that never gets full has nobody help.
        let helps = diverges && (capacity == 0 || capacity <= threshold);
        let max = if helps { self.maximum_size } else { 0 };
        Ok(vec![PolicySpec::ThreadPool(ThreadPool {
            core: self.core_size,
            max: (max > self.core_size).then_some(max),
            queue: capacity.min(threshold),
            keep_alive: SimDuration::from_secs(60 * u64::from(self.keep_alive_time_minutes)),
            ..ThreadPool::default()
        })])
    }
}
