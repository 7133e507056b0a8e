//! What can be said of a breaker beside when it opens: its window, how it is half open, and the rules in which
//! libraries differ.

use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Which results a rate is of.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last so many results: `calls(100)`.
    Calls(u32),
    /// Those of a span: `time("10s")`.
    Time(TimeWindow),
}

impl Default for Window {
    /// The last 100 results.
    fn default() -> Self {
        Self::Calls(100)
    }
}

/// A span whose results count, in buckets: a bucket leaves it as a whole.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// How long a result counts, to within a bucket.
    pub span: SimDuration,
    /// Buckets that it is divided into.
    #[serde(default = "ten")]
    pub buckets: u32,
    /// When a bucket begins, and when the oldest one goes.
    #[serde(default)]
    pub moves: Moves,
}

impl TimeWindow {
    /// How long a bucket is.
    pub(super) fn bucket(&self) -> SimDuration {
        SimDuration(self.span.0 / u64::from(self.buckets))
    }
}

fn ten() -> u32 {
    10
}

/// When a bucket begins, and when the oldest one goes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Moves {
    /// With the clock: one ends where the next begins, whether calls come or not (resilience4j, Hystrix, opossum).
    #[default]
    Clock,
    /// With the first result after the one before has lasted its time; it goes when its beginning is as old as the
    /// window is long (Polly).
    Calls,
    /// With the first result after the one before has lasted its time; only then, and only one, the oldest goes: after
    /// idle time old results still count (cockatiel).
    Turns,
}

/// A leaky bucket of failures.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaky {
    /// Failures that it holds: one more than these opens the breaker.
    pub size: f64,
    /// How long it takes for one failure to leak out.
    pub leak: SimDuration,
}

/// How a breaker is half open.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfOpen {
    /// Probes that are let in, all in all; 0: as many as come.
    #[serde(default = "one")]
    pub permits: u32,
    /// Results after which it closes, unless it has opened before; as many as `permits` unless given.
    #[serde(default)]
    pub results: Option<u32>,
    /// Failed probes that it puts up with: one more opens it at once.
    #[serde(default)]
    pub tolerates: u32,
    /// Whether the rates of the probes decide instead, as they do while it is closed: after `results` it opens or
    /// closes.
    #[serde(default)]
    pub by_rates: bool,
    /// How long it is half open at most; 0: until the probes decide.
    #[serde(default)]
    pub at_most: SimDuration,
    /// Whether it closes when that time is over, instead of opening again.
    #[serde(default)]
    pub closes_then: bool,
    /// Whether those for whom there is no permit wait until the probes have decided, instead of being refused.
    #[serde(default)]
    pub waits: bool,
}

impl Default for HalfOpen {
    fn default() -> Self {
        Self {
            permits: one(),
            results: None,
            tolerates: 0,
            by_rates: false,
            at_most: SimDuration::ZERO,
            closes_then: false,
            waits: false,
        }
    }
}

impl HalfOpen {
    /// Results after which it is decided.
    pub(super) fn results(&self) -> u32 {
        self.results.unwrap_or(self.permits).max(1)
    }
}

fn one() -> u32 {
    1
}

/// The rules in which libraries differ.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// When rates are judged.
    #[serde(default)]
    pub judged: Judged,
    /// Whether a rate has to exceed its threshold, instead of reaching it.
    #[serde(default)]
    pub beyond: bool,
    /// How a rate is reckoned before it is compared.
    #[serde(default)]
    pub rounding: Rounding,
    /// Whether a rate is of the calls that came, those included that were refused or are out, instead of the results.
    /// Only with a window by time.
    #[serde(default)]
    pub per_call: bool,
    /// Whether it turns half open by a timer at the end of its open time, instead of with the first call from then on.
    #[serde(default)]
    pub timer: bool,
    /// Whether a call has to come after the open time to be let in, instead of at its very end.
    #[serde(default)]
    pub after: bool,
    /// What becomes of results of calls that were let in before the last change of state.
    #[serde(default)]
    pub late: Late,
    /// Whether the results of probes are in the window as well.
    #[serde(default)]
    pub probes: Probes,
    /// Whether what a policy inside refuses, so that nobody is asked, is a success where it is no failure, instead of
    /// no result.
    #[serde(default)]
    pub refused_are_results: bool,
    /// Whether what is no success and not `on` is no result either, instead of a success.
    #[serde(default)]
    pub others_ignored: bool,
    /// What a probe is that ends in something ignored.
    #[serde(default)]
    pub ignored_probe: IgnoredProbe,
    /// What a call is that is given up.
    #[serde(default)]
    pub given_up: GivenUp,
    /// Whether the window is kept when the breaker closes, instead of being emptied.
    #[serde(default)]
    pub keeps_window: bool,
    /// Whether a manual trip lasts until it is reset, instead of for the open time.
    #[serde(default)]
    pub trip_holds: bool,
}

/// When rates are judged.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// After each result: a success can open it, as the call that makes the minimum.
    #[default]
    Results,
    /// After each failure.
    Failures,
    /// At the end of each bucket of a window by time, of those that have ended.
    Snapshots,
}

/// How a rate is reckoned before it is compared with its threshold: what is in whole per cent or rounded is another
/// number at the threshold itself.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// As a share: failed / calls (Polly).
    #[default]
    Share,
    /// Not at all: failed is compared with the threshold × calls (cockatiel).
    Product,
    /// In per cent: failed / calls × 100 (opossum).
    Percent,
    /// In per cent, single precision: failed × 100 / calls (resilience4j).
    Single,
    /// In whole per cent, truncated (Hystrix).
    Whole,
}

/// What becomes of results of calls that were let in before the last change of state.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// They say nothing.
    #[default]
    Forgotten,
    /// They count as any other, in the state in which they arrive: half open, as probes (resilience4j, Polly, Hystrix,
    /// opossum).
    Counted,
    /// They do what they would have done in the state in which they were let in, whatever it is now: one more failure
    /// begins the open time anew, a probe closes it (pybreaker, aiobreaker).
    AsBegun,
    /// So they do, but nothing opens what is open or closes what is not half open (cockatiel 3).
    AsBegunOnce,
    /// So do those that were let in while it was closed; probes are forgotten (cockatiel 4).
    ClosedAsBegun,
}

/// Whether the results of probes are in the window as well.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Probes {
    /// They are not.
    #[default]
    Apart,
    /// They are. The success that closes it is the first one in the emptied window.
    Counted,
    /// Only the one that decides is.
    Last,
}

/// What a probe is that ends in something ignored.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum IgnoredProbe {
    /// None: its permit is given back.
    #[default]
    Again,
    /// A success.
    Success,
    /// A failure.
    Failure,
    /// What closes the breaker, and leaves its window as it is.
    Closes,
}

/// What a call is that is given up: nobody knows how it would have ended.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// A probe has failed; another call is ignored.
    #[default]
    ProbeFailed,
    /// It is ignored.
    Ignored,
    /// A success.
    Success,
    /// A failure.
    Failure,
}

/// The state at the start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls are refused, for the first open time.
    Open,
    /// Probes pass.
    HalfOpen,
    /// Calls are refused, until it is reset.
    ForcedOpen,
    /// Calls pass, until it is reset: nothing opens it.
    ForcedClosed,
}
