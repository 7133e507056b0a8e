//! `circuitBreaker` of cockatiel, with one of its three breakers.
//!
//! Judged after failures only; a threshold has to be exceeded, failures in a row to be reached. A call at exactly
//! `halfOpenAfter` is the probe; those that come while it is out wait for its result and then come again (here after
//! those who came before them, where those still wait for an earlier probe). Results of calls that were let in while it
//! was closed count in the window whenever they arrive, and may open it while it is half open. The result that decides is in the window too: the success that closes it is the first one in the emptied window.
//! Failures that are not handled say nothing while it is closed, and close it while it is half open.
//!
//! The windows of `SamplingBreaker` (at least five, of a second at most) begin with the first result after the one before
//! is over; each time only the oldest goes, so that after idle time old results still count. It is not judged below
//! `minimumRps` calls a second, 5 / threshold unless given.
//!
//! It is 3.2.1 unless `halfOpenSampling` is given, which 4.0.0 has: there the result of a probe that comes once the
//! breaker is no longer half open is forgotten, where 3.2.1 lets it open what is closed; and a probe that ends in a
//! failure that is not handled empties the window, where 3.2.1 leaves it.
//!
//! Source: cockatiel 3.2.1 and 4.0.0, `CircuitBreakerPolicy.js`, `breaker/ConsecutiveBreaker.js`,
//! `breaker/CountBreaker.js`, `breaker/SamplingBreaker.js`.

use crate::outcome::OutcomeSet;
use crate::presets::spans::Milliseconds;
use crate::resilience::{
    Breaker, HalfOpen, IgnoredProbe, Judged, Late, Moves, PolicySpec, Probes, Rounding, Rules,
    TimeWindow, Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Options of `circuitBreaker`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CockatielCircuitBreaker {
    /// How long it is open.
    pub half_open_after: Milliseconds,
    /// When it opens.
    pub breaker: CockatielBreaker,
    /// How it is half open; one probe decides, unless given. Only of 4.0.0.
    #[serde(default)]
    pub half_open_sampling: Option<CockatielHalfOpenSampling>,
    /// What is a failure; all that is no success, unless given (`handleType`, `handleWhen`).
    #[serde(default)]
    pub handle: Option<OutcomeSet>,
}

/// When a breaker of cockatiel opens.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
pub enum CockatielBreaker {
    /// After so many failures in a row: `ConsecutiveBreaker(5)`.
    ConsecutiveBreaker(u32),
    /// At a share of the last results: `CountBreaker(threshold: 0.2, size: 100)`.
    CountBreaker(CockatielCountBreaker),
    /// At a share of the results of a span: `SamplingBreaker(threshold: 0.2, duration: 30000)`.
    SamplingBreaker(CockatielSamplingBreaker),
}

/// Options of `CountBreaker`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CockatielCountBreaker {
    /// Share of failures that it puts up with, more than 0 and less than 1.
    pub threshold: f64,
    /// Results that it looks at.
    pub size: u32,
    /// Results without which it does not judge; `size` unless given.
    #[serde(default)]
    pub minimum_number_of_calls: Option<u32>,
}

/// Options of `SamplingBreaker`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CockatielSamplingBreaker {
    /// Share of failures that it puts up with, more than 0 and less than 1.
    pub threshold: f64,
    /// How long results count.
    pub duration: Milliseconds,
    /// Results per second without which it does not judge; 5 / threshold unless given.
    #[serde(default)]
    pub minimum_rps: Option<f64>,
}

/// Options `halfOpenSampling`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CockatielHalfOpenSampling {
    /// Probes.
    pub calls: u32,
    /// Share of them that may fail, at least 0 and less than 1.
    pub threshold: f64,
}

/// Windows of a `SamplingBreaker` at least, and the length of one at most, ms.
const LEAST_WINDOWS: f64 = 5.0;
const LONGEST_WINDOW: f64 = 1000.0;

impl CockatielCircuitBreaker {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What cockatiel refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let sampling = self.half_open_sampling.as_ref();
        if let Some(sampling) = sampling {
            if sampling.calls == 0 {
                return Err("`halfOpenSampling.calls` must be at least 1".into());
            }
            if !(sampling.threshold >= 0.0 && sampling.threshold < 1.0) {
                return Err(
                    "`halfOpenSampling.threshold` must be at least 0 and less than 1".into(),
                );
            }
        }
        let half_open = HalfOpen {
            permits: sampling.map_or(1, |sampling| sampling.calls),
            tolerates: sampling.map_or(0, |sampling| {
                libm::floor(sampling.threshold * f64::from(sampling.calls)) as u32
            }),
            waits: true,
            ..HalfOpen::default()
        };
        Ok(vec![PolicySpec::Breaker(Breaker {
            open_for: self.half_open_after.0,
            half_open,
            on: self.handle.unwrap_or(OutcomeSet::FAILURES),
            rules: Rules {
                judged: Judged::Failures,
                beyond: true,
                rounding: Rounding::Product,
                late: match sampling {
                    None => Late::AsBegunOnce,
                    Some(_) => Late::ClosedAsBegun,
                },
                probes: Probes::Last,
                ignored_probe: match sampling {
                    None => IgnoredProbe::Closes,
                    Some(_) => IgnoredProbe::Success,
                },
                others_ignored: true,
                trip_holds: true,
                ..Rules::default()
            },
            ..self.breaker.opens()?
        })])
    }
}

impl CockatielBreaker {
    /// A breaker that opens as this one.
    fn opens(&self) -> Result<Breaker, String> {
        let share = |threshold: f64| {
            if threshold > 0.0 && threshold < 1.0 {
                Ok(Some(threshold))
            } else {
                Err(format!(
                    "`threshold` must be more than 0 and less than 1, not {threshold}"
                ))
            }
        };
        match self {
            Self::ConsecutiveBreaker(threshold) => Ok(Breaker {
                failures: Some((*threshold).max(1)),
                ..Breaker::default()
            }),
            Self::CountBreaker(count) => {
                let minimum = count.minimum_number_of_calls.unwrap_or(count.size);
                if count.size == 0 || minimum == 0 || minimum > count.size {
                    return Err(format!(
                        "`size` must be at least 1, and `minimumNumberOfCalls` 1 to `size`: {} and {minimum}",
                        count.size
                    ));
                }
                Ok(Breaker {
                    failure_rate: share(count.threshold)?,
                    window: Window::Calls(count.size),
                    minimum,
                    ..Breaker::default()
                })
            }
            Self::SamplingBreaker(sampling) => {
                let failure_rate = share(sampling.threshold)?;
                let duration = sampling.duration.0.as_nanos_f64() / 1e6;
                let windows = libm::ceil(duration / LONGEST_WINDOW).max(LEAST_WINDOWS);
                let window = libm::floor(duration / windows + 0.5);
                if window < 1.0 {
                    return Err("`duration` must be at least 3 ms".into());
                }
                let per_millisecond = match sampling.minimum_rps {
                    Some(rps) if rps != 0.0 => rps / 1000.0,
                    _ => 5.0 / (sampling.threshold * 1000.0),
                };
                let least = libm::ceil(window * windows * per_millisecond);
                if !(least >= 0.0 && least <= f64::from(u32::MAX)) {
                    return Err("`minimumRps` must be 0 or more".into());
                }
                Ok(Breaker {
                    failure_rate,
                    window: Window::Time(TimeWindow {
                        span: SimDuration::from_nanos_f64(window * windows * 1e6),
                        buckets: windows as u32,
                        moves: Moves::Turns,
                    }),
                    minimum: least as u32,
                    ..Breaker::default()
                })
            }
        }
    }
}
