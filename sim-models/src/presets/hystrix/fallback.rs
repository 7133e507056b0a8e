//! `fallback.*` of a Hystrix command: what answers where it fails, and how often at a time.
//!
//! A command that fails, is late, is refused by its pool or semaphore or finds its circuit open asks its fallback; one that
//! finds so many out is rejected, `REJECTED_SEMAPHORE_FALLBACK`.
//!
//! Source: Hystrix 1.5.18, `HystrixCommandProperties.java`, `AbstractCommand.java` (`getFallbackOrThrowException`).

use crate::resilience::{Fallback, PolicySpec};
use serde::{Deserialize, Serialize};

/// Properties below `fallback`, and what `getFallback` asks.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HystrixFallback {
    /// What `getFallback` asks, `"service/endpoint"`; a static answer, which takes no time, unless given.
    pub get_fallback: Option<String>,
    /// `fallback.isolation`.
    pub isolation: HystrixFallbackIsolation,
}

/// Properties below `fallback.isolation`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HystrixFallbackIsolation {
    /// `fallback.isolation.semaphore`.
    pub semaphore: HystrixFallbackSemaphore,
}

/// Properties below `fallback.isolation.semaphore`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HystrixFallbackSemaphore {
    /// Fallbacks at a time.
    pub max_concurrent_requests: u32,
}

impl Default for HystrixFallbackSemaphore {
    fn default() -> Self {
        Self {
            max_concurrent_requests: 10,
        }
    }
}

impl HystrixFallback {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// None.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let most = self.isolation.semaphore.max_concurrent_requests;
        Ok(vec![PolicySpec::Fallback(Fallback {
            to: self.get_fallback.clone(),
            // A static answer never finds another one out.
            most: self.get_fallback.is_some().then_some(most),
            ..Fallback::default()
        })])
    }
}
