//! governor: its quota, checked or waited for.
//!
//! `per_second(n)` lets `n` through at once and one more each `1 s / n`, in whole nanoseconds, cut; `allow_burst` lets
//! another number through at once. `with_period` is one each span, and one at once. The direct rate limiter's state is
//! shared by all who hold it: here by the tasks of an instance.
//!
//! Source: governor 0.10.4, `quota.rs`, `gcra.rs`, `state/direct/future.rs`.

use super::Preset;
use crate::resilience::{By, Gcra, Patience, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// A quota of governor, and how it is asked.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Governor {
    /// `Quota::per_second`: calls a second, and at once.
    pub per_second: Option<u32>,
    /// `Quota::per_minute`: calls a minute, and at once.
    pub per_minute: Option<u32>,
    /// `Quota::per_hour`: calls an hour, and at once.
    pub per_hour: Option<u32>,
    /// `Quota::with_period`: one call each so long.
    pub with_period: Option<SimDuration>,
    /// `Quota::allow_burst`: calls at once, instead.
    pub allow_burst: Option<u32>,
    /// Whether a call waits until it conforms (`until_ready`), instead of being refused (`check`).
    pub until_ready: bool,
    /// What has a state of its own: the rate limiter is a keyed one then (`check_key`).
    pub keyed: Option<By>,
}

impl Governor {
    /// The distance of calls, and how many may come at once.
    fn quota(&self) -> Result<(SimDuration, u32), String> {
        let per = |calls: Option<u32>, name: &'static str, seconds: u64| {
            calls.map(|calls| (name, calls, seconds * 1_000_000_000))
        };
        let quotas: Vec<_> = [
            per(self.per_second, "per_second", 1),
            per(self.per_minute, "per_minute", 60),
            per(self.per_hour, "per_hour", 3600),
            self.with_period.map(|span| ("with_period", 1, span.0)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let [(name, calls, span)] = quotas[..] else {
            return Err(
                "name one quota: `per_second`, `per_minute`, `per_hour` or `with_period`".into(),
            );
        };
        if calls == 0 || span == 0 {
            return Err(format!("`{name}` must be more than zero"));
        }
        // Whatever the quota, cells weigh a nanosecond at least.
        Ok((SimDuration((span / u64::from(calls)).max(1)), calls))
    }
}

impl Preset for Governor {
    const SUMMARY: &'static str = "a rate limiter of the crate governor, with its names";
    const EXAMPLE: &'static str = "governor(per_second: 50, allow_burst: 10)";
    const VERSION: &'static str = "governor 0.10.4";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let (every, calls) = self.quota()?;
        let burst = self.allow_burst.unwrap_or(calls);
        if burst == 0 {
            return Err("`allow_burst` must be more than zero".into());
        }
        Ok(vec![PolicySpec::Gcra(Gcra {
            every,
            burst,
            wait: if self.until_ready {
                Patience::Unbounded
            } else {
                Patience::None
            },
            by: self.keyed,
            ..Gcra::default()
        })])
    }
}
