//! Single requests: examples, logs and stories.

use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;
use std::sync::Arc;

/// A request worth a look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its number, for `--explain-request`.
    pub request: u64,
    /// Why: `"slowest ok"`, `"first timeout_deadline"`.
    pub why: String,
    /// Its workload.
    pub workload: String,
    /// When it arrived, s.
    pub time: f64,
    /// How long it took, s.
    pub latency: f64,
}

/// A request, for comparing runs request by request.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedRequest {
    /// Its number, for `--explain-request`.
    pub number: u32,
    /// Its workload.
    pub workload: Arc<str>,
    /// How many requests of its workload arrived before it.
    pub ordinal: u32,
    /// What all its luck is keyed by. Within a workload, requests of two runs under one seed that have
    /// one key are the same request, with the same demands: of an open workload the one with the same
    /// ordinal, of a closed one the same question of the same user.
    pub key: u64,
    /// Whether it arrived after the warm-up, and so counts in totals.
    pub counted: bool,
    /// When it arrived.
    pub arrived: SimTime,
    /// When it ended; the end of the run if it did not.
    pub ended: SimTime,
    /// How it ended; none: it did not.
    pub outcome: Option<Outcome>,
    /// Where its failure began, as in [`WorkloadSummary::causes`](super::WorkloadSummary::causes); none without a failure.
    pub cause: Option<Arc<str>>,
}

impl LoggedRequest {
    /// Name of its outcome, or `unfinished`.
    #[must_use]
    pub fn outcome_name(&self) -> &'static str {
        self.outcome.map_or("unfinished", Outcome::name)
    }
}

/// The causal story of one request: spans in order of their start, indented by depth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Number of the request.
    pub request: u64,
    /// Its workload.
    pub workload: String,
    /// It had not ended when the run did: its last lines say what it waited for.
    #[serde(default)]
    pub unfinished: bool,
    /// What happened, in order.
    pub lines: Vec<StoryLine>,
}

/// One line of a story.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoryLine {
    /// When, s.
    pub time: f64,
    /// Depth in the call tree.
    pub depth: u32,
    /// Where: `"orders#2"`.
    pub place: String,
    /// What, in words.
    pub what: String,
}
