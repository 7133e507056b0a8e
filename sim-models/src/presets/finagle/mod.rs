//! Finagle: modules of its clients and servers, as their constructors name their parameters.
//!
//! The parts that are given are wrapped as its stacks do: expired requests are turned away first; what is nacked is
//! counted below retries and above the balancer.
//!
//! Source: Finagle 24.8, `finagle-core/src/main/scala/com/twitter/finagle`.

mod deadline;
mod nack_admission;

pub use deadline::FinagleDeadline;
pub use nack_admission::FinagleNackAdmission;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Modules of Finagle.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finagle {
    /// Turns away what has expired: `DeadlineFilter`.
    #[serde(default)]
    pub deadline: Option<FinagleDeadline>,
    /// Refuses calls by chance while too many are nacked: `NackAdmissionFilter`.
    #[serde(default)]
    pub nack_admission: Option<FinagleNackAdmission>,
}

impl Preset for Finagle {
    const SUMMARY: &'static str = "modules of Finagle, with its names and defaults";
    const EXAMPLE: &'static str = "finagle(nackAdmission: (nackRateThreshold: 0.5))";
    const VERSION: &'static str = "Finagle 24.8";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.deadline {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.nack_admission {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `nackAdmission: ()`".into());
        }
        Ok(policies)
    }
}
