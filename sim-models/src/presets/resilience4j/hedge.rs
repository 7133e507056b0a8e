//! `Hedge` of resilience4j: one more call after a fixed time, or after the average of the last ones and more.
//!
//! The first of the two to end is the result, whether it is a success or a failure. The average is that of first calls
//! alone, cut to whole milliseconds, and zero as long as there are none. Nobody is interrupted. `concurrentHedges`, the
//! threads that hedges begin on, is not taken: a hedge that does not block its thread never waits for one.
//!
//! Source: resilience4j 2.4.0, `HedgeConfig.java`, `HedgeImpl.java` (`decorateCompletionStage`),
//! `AverageDurationSupplier.java`.

use crate::outcome::OutcomeSet;
use crate::resilience::{Average, Hedge, Learn, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `HedgeConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resilience4jHedge {
    /// Where the delay comes from.
    pub duration_supplier_type: Resilience4jHedgeDuration,
    /// The delay, where it is preconfigured; otherwise nobody asks it.
    pub cutoff: Option<SimDuration>,
    /// Whether the factor is per cent of the average; otherwise it is milliseconds more than that.
    pub should_use_factor_as_percentage: bool,
    /// By how much the delay is more than the average; 0: by nothing.
    pub hedge_time_factor: u32,
    /// Whether failed calls count for the average.
    pub should_measure_errors: bool,
    /// Calls that are averaged over.
    pub window_size: u32,
}

/// Where the delay of a hedge comes from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resilience4jHedgeDuration {
    /// It is given.
    #[default]
    Preconfigured,
    /// It is the average, and more.
    AveragePlus,
}

impl Default for Resilience4jHedge {
    fn default() -> Self {
        Self {
            duration_supplier_type: Resilience4jHedgeDuration::Preconfigured,
            cutoff: None,
            should_use_factor_as_percentage: false,
            hedge_time_factor: 0,
            should_measure_errors: true,
            window_size: 100,
        }
    }
}

impl Resilience4jHedge {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A delay that is preconfigured and not given.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let hedge = Hedge {
            on: OutcomeSet::of(&[]),
            ..Hedge::default()
        };
        let hedge = match (self.duration_supplier_type, self.cutoff) {
            (Resilience4jHedgeDuration::Preconfigured, Some(cutoff)) => Hedge {
                after: cutoff,
                ..hedge
            },
            (Resilience4jHedgeDuration::Preconfigured, None) => {
                return Err("`cutoff` must be given: HedgeDuration must not be null".into());
            }
            (Resilience4jHedgeDuration::AveragePlus, _) => {
                let amount = f64::from(self.hedge_time_factor);
                let (factor, plus) = match self.should_use_factor_as_percentage {
                    true if self.hedge_time_factor > 0 => (amount / 100.0, 0),
                    true => (1.0, 0),
                    false => (1.0, self.hedge_time_factor),
                };
                let plus = SimDuration::from_millis(u64::from(plus));
                Hedge {
                    after: plus,
                    learn: Some(Learn::Average(Average {
                        window: self.window_size,
                        factor,
                        plus,
                        errors: self.should_measure_errors,
                    })),
                    ..hedge
                }
            }
        };
        Ok(vec![PolicySpec::Hedge(hedge)])
    }
}
