//! How an experiment ended: the vocabulary of verdicts, and why a run stopped.

use serde::{Deserialize, Serialize};

/// The verdict on a run, or on one fault in it, the better ones first. In JSON it is written in small letters with
/// underscores; see [`Conclusion::name`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The steady state held throughout, or what `during` allows was kept.
    Held,
    /// The steady state broke, and came back in time.
    Recovered,
    /// Nothing was believed, so there is nothing to hold or to refute.
    #[default]
    NoHypothesis,
    /// Nothing failed that was judged, but not all could be judged.
    Inconclusive,
    /// The steady state did not hold before anything went wrong: what came after proves nothing.
    NeverSteady,
    /// A check failed, or the steady state came back too late.
    Refuted,
    /// The steady state did not come back.
    NotRecovered,
    /// The steady state did not come back although its trigger is gone and the load is what it was,
    /// and nothing gets better.
    Metastable,
}

impl Conclusion {
    /// All of them, the best first.
    pub const ALL: [Self; 8] = [
        Self::Held,
        Self::Recovered,
        Self::NoHypothesis,
        Self::Inconclusive,
        Self::NeverSteady,
        Self::Refuted,
        Self::NotRecovered,
        Self::Metastable,
    ];

    /// Its name in JSON and tables: `not_recovered`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Recovered => "recovered",
            Self::Inconclusive => "inconclusive",
            Self::NoHypothesis => "no_hypothesis",
            Self::NeverSteady => "never_steady",
            Self::Refuted => "refuted",
            Self::NotRecovered => "not_recovered",
            Self::Metastable => "metastable",
        }
    }

    /// In words: `not recovered`.
    #[must_use]
    pub fn words(self) -> String {
        self.name().replace('_', " ")
    }

    /// Whether what was believed was judged and proved right.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Held | Self::Recovered)
    }

    /// Whether the run says anything about what was believed.
    #[must_use]
    pub fn is_known(self) -> bool {
        !matches!(self, Self::Inconclusive | Self::NoHypothesis)
    }
}

impl std::fmt::Display for Conclusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a run stopped. In JSON it is written in small letters with underscores; see [`StoppedBy::name`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// It came to its end.
    #[default]
    End,
    /// The budget of events was used up.
    Events,
    /// More was under way than the budget allows.
    InFlight,
    /// It held more memory than the budget allows.
    Memory,
    /// Time did not advance any more.
    Stalled,
    /// Somebody interrupted it.
    Interrupt,
}

impl StoppedBy {
    /// Its name in JSON and tables: `in_flight`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Events => "events",
            Self::InFlight => "in_flight",
            Self::Memory => "memory",
            Self::Stalled => "stalled",
            Self::Interrupt => "interrupt",
        }
    }

    /// Whether the run came to its end, so that its results are whole.
    #[must_use]
    pub fn is_end(self) -> bool {
        self == Self::End
    }
}

impl std::fmt::Display for StoppedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_json_holds() {
        for verdict in Conclusion::ALL {
            assert_eq!(serde_json::json!(verdict), verdict.name());
        }
        for why in [
            StoppedBy::End,
            StoppedBy::Events,
            StoppedBy::InFlight,
            StoppedBy::Memory,
            StoppedBy::Stalled,
            StoppedBy::Interrupt,
        ] {
            assert_eq!(serde_json::json!(why), why.name());
        }
    }
}
