//! What was believed and what happened, what was injected, and what is notable.

use crate::observe::conclusion::Conclusion;
use serde::{Deserialize, Serialize};

/// What was believed, and what happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HypothesisSummary {
    /// The verdict.
    pub verdict: Conclusion,
    /// How long it took after the end of the slowest disturbance until the steady state held again, s;
    /// null unless it broke and came back.
    pub recovery_seconds: Option<f64>,
    /// Where it did not come back but gets better: how long after the end of the disturbance it would
    /// hold again at this pace, s.
    pub recovery_expected_seconds: Option<f64>,
    /// Who was hurt, by how much and for how long, in one line; empty where nothing went wrong.
    pub harm: String,
    /// The verdict in one sentence.
    pub reason: String,
    /// The limit that the run came so close to that another seed may decide otherwise, and how close; null
    /// where it came close to none.
    pub close_to_edge: Option<String>,
    /// The workloads that were hurt, the worst first.
    pub damage: Vec<Damage>,
    /// The workloads that were not hurt.
    pub unharmed: Vec<String>,
    /// Each check, evaluated.
    pub checks: Vec<CheckSummary>,
}

/// What a workload suffered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Damage {
    /// The workload.
    pub workload: String,
    /// When it began, s.
    pub start: f64,
    /// When it ended, s; the end of the run if it did not.
    pub end: f64,
    /// How long it was hurt in between, s.
    pub seconds: f64,
    /// How long requests that began were lost, s.
    pub lost_seconds: f64,
    /// Those that were.
    pub lost: u64,
    /// Those of all that began then and ended; null where none was lost.
    pub lost_share: Option<f64>,
    /// How long some quantile of how long answers take had at least doubled, s; where requests were lost
    /// as well, too.
    pub slow_seconds: f64,
    /// The quantile that grew most, 0.5, 0.9 or 0.99; null where nothing was slow, and where so many were
    /// never answered that none is known.
    pub slow_quantile: Option<f64>,
    /// Latency at that quantile of what began then, those that still waited counted as the slowest, s.
    pub slow_latency: Option<f64>,
    /// The same before the first disturbance, s.
    pub slow_latency_before: Option<f64>,
    /// Of what began while answers were slow, those that had not ended when the run did and had waited
    /// longer than twice the 99 % quantile before; null where nothing was slow.
    pub waiting_share: Option<f64>,
    /// Latency that 99 % of the answers to what began then did not exceed, s; null without one.
    pub latency_p99: Option<f64>,
    /// The same before the first disturbance, s; null without one.
    pub latency_p99_before: Option<f64>,
}

/// A check, evaluated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckSummary {
    /// `steady`, `during`, `always` or `recovers`.
    pub kind: String,
    /// As written.
    pub check: String,
    /// Over which time: `"30s..60s"`.
    pub over: String,
    /// Measured, in seconds, per second, or a ratio; null when there was nothing to measure, and the
    /// text `inf` for a time that did not end.
    #[serde(with = "super::maybe_infinite")]
    pub value: Option<f64>,
    /// To compare with.
    pub limit: f64,
    /// Whether it held; null where that cannot be known.
    pub held: Option<bool>,
}

/// An injected fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultSummary {
    /// Its name in charts: `"slow db"`.
    pub name: String,
    /// Kind: `"slow"`.
    pub kind: String,
    /// What it hit: `"db"`, `"web -> db"`.
    pub target: String,
    /// When it was on, s.
    pub periods: Vec<(f64, f64)>,
    /// Requests, attempts or messages that it touched.
    pub touched: u64,
    /// Time from its end to the start of the stretch in which the steady state held again, s, the
    /// longest of all its periods; 0 where it never broke; null: never, or nothing to judge by.
    pub recovery_seconds: Option<f64>,
    /// What became of the steady state: `held`, `recovered`, `not_recovered`, `metastable`,
    /// `never_steady` or `inconclusive`.
    pub verdict: Conclusion,
    /// Workloads that were hurt while it was on or soon after, and services that failed or turned away
    /// more than 5 per cent more than before.
    pub blast_radius: Vec<String>,
}

impl FaultSummary {
    /// The time to recover from it, s: infinite where the steady state did not come back, none where
    /// that was not judged.
    #[must_use]
    pub fn recovery_time(&self) -> Option<f64> {
        match self.verdict {
            Conclusion::NotRecovered | Conclusion::Metastable => Some(f64::INFINITY),
            _ => self.recovery_seconds,
        }
    }
}

/// A controller, and what it did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControllerSummary {
    /// Kind: `"operator"`.
    pub kind: String,
    /// How often it did something.
    pub acted: u64,
    /// What it did, in order of time: the first 1000 things.
    pub deeds: Vec<DeedSummary>,
}

/// Something that a controller did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeedSummary {
    /// When, s.
    pub time: f64,
    /// What: an action as it is written, `"load shoppers 0.5"`; `"start db#0"`; `"give up db#0"`, which it leaves down.
    pub what: String,
}

/// A stretch of time in which a workload missed its objective, beyond what luck explains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The workload.
    pub workload: String,
    /// Start, s.
    pub start: f64,
    /// End, s: something is answered well again; the end of the run if it was not over then.
    pub end: f64,
    /// Whether it was over when the run ended.
    pub over: bool,
    /// Good requests / those that ended meanwhile or hung at its end; null if nothing ended.
    pub success_ratio: Option<f64>,
    /// Requests that ended meanwhile.
    pub ended: u64,
    /// Requests that failed meanwhile.
    pub failed: u64,
    /// Requests that hung at its end, at least: under way for more than twice as long as any took before.
    pub hanging: u64,
    /// What proves it: `failures`, `hanging`, or `failures+hanging`.
    pub rule: String,
}

/// A notable moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When, s.
    pub time: f64,
    /// What, in one line.
    pub what: String,
    /// What proves it: `fault` (it was injected), `controller` (it was done), `failures`, `behind` (answers fall behind what is
    /// offered), `silence` (nothing is answered), `load`, `retries`, `queue`, `pool` or `breaker`.
    pub rule: String,
}
