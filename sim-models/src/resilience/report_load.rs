//! Report of load: every answer of an instance tells how busy it is.
//!
//! It sits at the door of a service. It counts the requests that are in an instance, those that wait for a thread
//! included, and each answer, a refusal too, carries their number as a share of `capacity`, as of the moment when it
//! leaves, in hundredths, up to 2.54. Callers act on it if they are told to: the balancer `least_loaded` of the service
//! prefers instances that told of less, and a `back_pressure` in the list of a call sends less. It turns nobody away:
//! beside it, a `bulkhead` or a queue's limit does. Policies of the door that stand outside it turn requests away that it
//! does not count.
//!
//! Source: M. Nygard, *Release It!* (2007), "Handshaking": the server has a way to say that it is not ready for more.
//! Elsewhere gRPC A51 and Envoy call it ORCA load reports (`application_utilization`).

use super::{Context, Do, Ended, Ends, Inside, Load, Policy, Reading, Scope, Stay};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Answers tell how busy their instance is.
#[derive(Clone, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportLoad {
    /// Requests in an instance, waiting or running, at which it is fully loaded: its threads, as a rule.
    pub capacity: u32,
    /// Whether each instance tells of itself, or all tell of what is in all of them together.
    #[serde(default)]
    pub scope: Scope,
}

impl Policy for ReportLoad {
    /// Requests that are in.
    type Memory = u32;
    type Call = ();
    const SUMMARY: &'static str = "answers tell how busy their instance is";
    const EXAMPLE: &'static str = "report_load(capacity: 64)";
    const LIVE: &'static [&'static str] = &["capacity"];
    const AT_DOOR: bool = true;
    const AT_CALLER: bool = false;
    const LEAVES: bool = true;
    const REPORTS: bool = true;

    fn memory(&self) -> u32 {
        0
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn on_enter(&self, inside: &mut u32, (): &mut (), _: &mut Context) -> Do {
        *inside += 1;
        Do::Pass
    }
    fn on_leave(&self, inside: &mut u32, (): &mut (), _: &Ended, _: &mut Context) {
        *inside -= 1;
    }
    fn inside(inside: &u32) -> Option<u32> {
        Some(*inside)
    }
    fn load(&self, inside: &u32) -> Load {
        Load::of(f64::from(*inside) / f64::from(self.capacity))
    }
    fn reading(&self, inside: &u32, _: SimTime) -> Reading {
        Reading::number("load", f64::from(*inside) / f64::from(self.capacity))
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.ends(when)
    }
    fn brief(&self) -> String {
        format!("of {}", self.capacity)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.capacity > 0 {
            Vec::new()
        } else {
            vec![("capacity", "must be at least 1".into())]
        }
    }
}
