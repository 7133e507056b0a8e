//! Hystrix: its properties, as its configuration names them.
//!
//! The parts that are given are wrapped as its command does: the semaphore round the thread pool.
//!
//! Source: Hystrix 1.5.18, `AbstractCommand.java`, `Hystrix*Properties.java`.

mod isolation;

pub use isolation::{HystrixSemaphore, HystrixThreadPool};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of a Hystrix command.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hystrix {
    /// `execution.isolation.semaphore`: bounds how many calls are out at a time (`strategy` is `SEMAPHORE`).
    #[serde(default)]
    pub semaphore: Option<HystrixSemaphore>,
    /// `hystrix.threadpool`: runs calls on threads of its own (`strategy` is `THREAD`, as it is unless given).
    #[serde(default)]
    pub thread_pool: Option<HystrixThreadPool>,
}

impl Preset for Hystrix {
    const SUMMARY: &'static str = "parts of a Hystrix command, with its names and defaults";
    const EXAMPLE: &'static str = "hystrix(threadPool: (coreSize: 10))";
    const VERSION: &'static str = "Hystrix 1.5.18";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.semaphore {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.thread_pool {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `threadPool: ()`".into());
        }
        Ok(policies)
    }
}
