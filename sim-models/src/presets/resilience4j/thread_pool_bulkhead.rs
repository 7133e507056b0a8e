//! `ThreadPoolBulkhead` of resilience4j: a pool of threads with a queue.
//!
//! Source: resilience4j 2.4.0, `ThreadPoolBulkheadConfig.java`, `FixedThreadPoolBulkhead.java`.

use crate::resilience::{PolicySpec, ThreadPool};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `ThreadPoolBulkheadConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jThreadPoolBulkhead {
    /// Threads that it keeps: one fewer than the machine has processors there, unless it is given; to be given here.
    pub core_thread_pool_size: u32,
    /// Threads at most: as many as the machine has processors there, unless it is given; to be given here.
    pub max_thread_pool_size: u32,
    /// Calls that may wait for a thread.
    #[serde(default = "hundred")]
    pub queue_capacity: u32,
    /// How long a thread beyond the core has nothing to do before it ends; whole milliseconds count.
    #[serde(default = "twenty_milliseconds")]
    pub keep_alive_duration: SimDuration,
}

fn hundred() -> u32 {
    100
}

fn twenty_milliseconds() -> SimDuration {
    SimDuration::from_millis(20)
}

impl Resilience4jThreadPoolBulkhead {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// Sizes that the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let (core, max) = (self.core_thread_pool_size, self.max_thread_pool_size);
        if core == 0 {
            return Err("`coreThreadPoolSize` must be a positive integer value >= 1".into());
        }
        if max < core {
            return Err(
                "`maxThreadPoolSize` must be greater than or equals to `coreThreadPoolSize`".into(),
            );
        }
        Ok(vec![PolicySpec::ThreadPool(ThreadPool {
            core,
            max: Some(max),
            queue: self.queue_capacity,
            keep_alive: SimDuration::from_millis(self.keep_alive_duration.0 / 1_000_000),
            ..ThreadPool::default()
        })])
    }
}
