//! The SDKs of AWS, as botocore names its settings: its retries.
//!
//! `standard` draws its wait from rand(0, 1) × min(base × 2^(n-1), 20 s), and pays each retry from a quota of 500, before
//! the wait: a success gives back what the last retry of its call took, or 1 if there was none; the other retries of that
//! call are paid for. Since `version: "1.44"` (in 1.43 where the environment says `AWS_NEW_RETRIES_2026`) the
//! base is 50 ms (25 ms for DynamoDB, which has four attempts) and a retry takes 14; after being throttled (429) the base
//! is 1 s and it takes 5; told when to come again (`x-amz-retry-after`) it waits for so long, but for its own backoff at
//! least and for five seconds more at most. Before, the base is 1 s and a retry takes 5, after a timeout 10.
//!
//! `adaptive` is `standard` with an `adaptive_rate` inside: each attempt takes a token once the caller has been throttled.
//! Throttled means an answer of 429, or that the callee turned the call away (`rejected`).
//!
//! `legacy` has no quota: five attempts, rand(0, 1) × 2^(n-1) seconds; for DynamoDB ten, and 50 ms × 2^(n-1) sharp.
//!
//! Tried again are 500, 502, 503 and 504, failures of the connection, and 429 (`standard` before 1.44: only by the error
//! code in its body, which is not modelled; `legacy`: 509 too).
//!
//! Source: botocore 1.44.8 and 1.40.0, `retries/standard.py`, `retries/quota.py`, `retryhandler.py`, `data/_retry.json`.

use super::Preset;
use crate::outcome::{Outcome, OutcomeSet};
use crate::resilience::{
    AdaptiveRate, Backoff, ExponentialBackoff, Jitter, OtherBackoff, OtherCost, PolicySpec,
    PushedBack, Retry, RetryBudget,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Retries of an SDK of AWS.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// How it tries again: `AWS_RETRY_MODE`.
    #[serde(default)]
    pub mode: AwsMode,
    /// Attempts at most, the first included: `AWS_MAX_ATTEMPTS`, `total_max_attempts`. None: as the mode and the service
    /// have it.
    #[serde(default)]
    pub max_attempts: Option<u32>,
    /// Which service is called: DynamoDB has settings of its own.
    #[serde(default)]
    pub service: AwsService,
    /// Whose constants: a version of botocore, `"1.44"` or `"1.43.67"`.
    #[serde(default = "newest")]
    pub version: String,
}

/// Retry modes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AwsMode {
    /// The default before 1.44.
    Legacy,
    /// With a quota.
    #[default]
    Standard,
    /// With a quota, and a rate that the caller finds by itself once it has been throttled.
    Adaptive,
}

/// Services with settings of their own.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AwsService {
    /// All but those named.
    #[default]
    Other,
    /// DynamoDB.
    Dynamodb,
}

fn newest() -> String {
    "1.44".into()
}

const CAP: SimDuration = SimDuration::from_secs(20);

fn drawn(base: SimDuration, cap: SimDuration, jitter: Jitter) -> Backoff {
    Backoff::Exponential(ExponentialBackoff {
        base,
        factor: 2.0,
        cap,
        jitter,
        least: SimDuration::ZERO,
        cap_after_jitter: false,
        unit: None,
    })
}

/// What is tried again: these statuses, and failures of the connection.
fn transient(statuses: &[(u16, u16)]) -> Result<OutcomeSet, String> {
    OutcomeSet::TRANSIENT.and_statuses(statuses.to_vec())
}

/// Being throttled.
fn throttled() -> Result<OutcomeSet, String> {
    OutcomeSet::of(&[Outcome::Rejected]).and_statuses(vec![(429, 429)])
}

impl Aws {
    /// Whether the constants are those since 1.44.
    fn is_new(&self) -> Result<bool, String> {
        let mut numbers = self
            .version
            .split('.')
            .map(|number| number.parse::<u32>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(1), Some(minor)) => Ok(minor >= 44),
            _ => Err(format!(
                "`version` is one of botocore, such as \"1.44\", not \"{}\"",
                self.version
            )),
        }
    }

    fn legacy(&self) -> Result<Retry, String> {
        let (attempts, base, jitter) = match self.service {
            AwsService::Other => (5, SimDuration::from_secs(1), Jitter::Full),
            AwsService::Dynamodb => (10, SimDuration::from_millis(50), Jitter::None),
        };
        Ok(Retry {
            attempts: self.max_attempts.unwrap_or(attempts),
            backoff: drawn(base, SimDuration::LONGEST, jitter),
            on: transient(&[(429, 429), (500, 500), (502, 504), (509, 509)])?,
            respect_push_back: false,
            ..Retry::default()
        })
    }

    fn standard(&self) -> Result<(Retry, RetryBudget), String> {
        let is_dynamodb = self.service == AwsService::Dynamodb;
        let is_new = self.is_new()?;
        let attempts = if is_dynamodb && is_new { 4 } else { 3 };
        let base = match (is_new, is_dynamodb) {
            (false, _) => SimDuration::from_secs(1),
            (true, false) => SimDuration::from_millis(50),
            (true, true) => SimDuration::from_millis(25),
        };
        let other = OtherBackoff {
            on: throttled()?,
            backoff: drawn(SimDuration::from_secs(1), CAP, Jitter::Full),
        };
        let retry = Retry {
            attempts: self.max_attempts.unwrap_or(attempts),
            backoff: drawn(base, CAP, Jitter::Full),
            on: transient(if is_new {
                &[(429, 429), (500, 500), (502, 504)]
            } else {
                &[(500, 500), (502, 504)]
            })?,
            respect_push_back: is_new,
            other: is_new.then_some(other),
            push_back: PushedBack {
                beyond: is_new.then_some(SimDuration::from_secs(5)),
                ..PushedBack::default()
            },
            ..Retry::default()
        };
        let (cost, other) = if is_new {
            (14.0, (throttled()?, 5.0))
        } else {
            (5.0, (OutcomeSet::of(&[Outcome::TimeoutAttempt]), 10.0))
        };
        let quota = RetryBudget {
            ratio: 0.0,
            cap: 500.0,
            per_success: 1.0,
            cost,
            other: Some(OtherCost {
                on: other.0,
                cost: other.1,
            }),
            refund: true,
            ..RetryBudget::default()
        };
        Ok((retry, quota))
    }
}

impl Preset for Aws {
    const SUMMARY: &'static str = "retries of the SDKs of AWS, with the constants of botocore";
    const EXAMPLE: &'static str = r#"[aws(mode: standard, max_attempts: 4), timeout("500ms")]"#;
    const VERSION: &'static str = "botocore 1.44.8";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_attempts == Some(0) {
            return Err("`max_attempts` must be 1 at least: the first attempt counts".into());
        }
        Ok(match self.mode {
            AwsMode::Legacy => vec![PolicySpec::Retry(self.legacy()?)],
            AwsMode::Standard | AwsMode::Adaptive => {
                let (retry, quota) = self.standard()?;
                let mut policies = vec![PolicySpec::Retry(retry), PolicySpec::RetryBudget(quota)];
                if self.mode == AwsMode::Adaptive {
                    policies.push(PolicySpec::AdaptiveRate(AdaptiveRate {
                        on: throttled()?,
                        ..AdaptiveRate::default()
                    }));
                }
                policies
            }
        })
    }
}
