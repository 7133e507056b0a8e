//! What the delay of a hedge follows.

use super::Latencies;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// What the delay of a hedge follows.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learn {
    /// A percentile of the latencies of the last while: `percentile(0.95)`.
    Percentile(Percentile),
    /// The average latency of the last first tries, and more: `average(plus: "20ms")`.
    Average(Average),
}

/// A percentile of the latencies of the last while, in whole milliseconds, rounded up; of more than 2 s to three digits.
///
/// Time is cut into slices from the start on; the percentile is that of the `slices` last ones that are over.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentile {
    /// Which: the share of latencies that is not above it.
    pub rank: f64,
    /// The delay at least.
    #[serde(default = "millisecond")]
    pub least: SimDuration,
    /// Latencies count as no longer than this, and where the percentile comes to it, no further try begins.
    #[serde(default = "minute")]
    pub most: SimDuration,
    /// How long a slice is.
    #[serde(default = "ten_seconds")]
    pub slice: SimDuration,
    /// How many slices.
    #[serde(default = "three")]
    pub slices: u32,
    /// How often the delay is taken from them; zero: for each call.
    #[serde(default)]
    pub refresh: SimDuration,
    /// With fewer latencies than this in them the delay is `after`.
    #[serde(default = "one")]
    pub samples: u32,
    /// Whether tries that ran out of time, or are given up for another one, count as having taken that long.
    #[serde(default = "yes")]
    pub given_up: bool,
}

impl Default for Percentile {
    fn default() -> Self {
        Self {
            rank: 0.95,
            least: millisecond(),
            most: minute(),
            slice: ten_seconds(),
            slices: three(),
            refresh: SimDuration::ZERO,
            samples: one(),
            given_up: true,
        }
    }
}

/// The average latency of the last first tries, each cut to whole milliseconds, multiplied, and more.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Average {
    /// Of how many.
    #[serde(default = "hundred")]
    pub window: u32,
    /// By what it is multiplied.
    #[serde(default = "unchanged")]
    pub factor: f64,
    /// How much more.
    #[serde(default)]
    pub plus: SimDuration,
    /// Whether failed ones count.
    #[serde(default = "yes")]
    pub errors: bool,
}

fn millisecond() -> SimDuration {
    SimDuration::from_millis(1)
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

fn three() -> u32 {
    3
}

fn one() -> u32 {
    1
}

fn hundred() -> u32 {
    100
}

fn unchanged() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// The most slices, and the most that are averaged over.
const MOST_SLICES: u32 = 60;
const MOST_WINDOW: u32 = 10_000;

impl Learn {
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Percentile(percentile) => format!("after p{}", percentile.rank * 100.0),
            Self::Average(_) => "after the average".into(),
        }
    }

    pub(super) fn heap(&self) -> usize {
        match self {
            Self::Percentile(percentile) => Latencies::heap(percentile),
            Self::Average(average) => average.window as usize * size_of::<u32>(),
        }
    }

    /// What is wrong with it.
    pub(super) fn validate(&self) -> Option<String> {
        match self {
            Self::Percentile(percentile) => {
                let Percentile { rank, slices, .. } = percentile;
                if !(0.0..=1.0).contains(rank) {
                    return Some(format!("`rank` must be 0 to 1, not {rank}"));
                }
                if !(1..=MOST_SLICES).contains(slices) {
                    return Some(format!("`slices` must be 1 to {MOST_SLICES}, not {slices}"));
                }
                if percentile.slice == SimDuration::ZERO {
                    return Some("`slice` must be longer than zero".into());
                }
                if percentile.most > SimDuration::from_secs(3600) || percentile.most < millisecond()
                {
                    return Some("`most` must be 1ms to 1h".into());
                }
            }
            Self::Average(Average { window, factor, .. }) => {
                if !(1..=MOST_WINDOW).contains(window) {
                    return Some(format!("`window` must be 1 to {MOST_WINDOW}, not {window}"));
                }
                if !(factor.is_finite() && *factor >= 0.0) {
                    return Some(format!("`factor` must be zero or more, not {factor}"));
                }
            }
        }
        None
    }
}

/// What is known of latencies.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Learned {
    /// Nothing is asked for.
    #[default]
    Nothing,
    /// Those of the last while.
    Latencies(Latencies),
    /// Those of the last first tries, in milliseconds; their sum, and where the next one goes.
    Last(Vec<u32>, u64, usize),
}

impl Learned {
    pub(super) fn of(learn: Option<&Learn>) -> Self {
        match learn {
            None => Self::Nothing,
            Some(Learn::Percentile(percentile)) => Self::Latencies(Latencies::new(percentile)),
            Some(Learn::Average(_)) => Self::Last(Vec::new(), 0, 0),
        }
    }

    /// The delay from now on, where it is this as long as nothing is known.
    pub(super) fn delay(&mut self, learn: &Learn, after: SimDuration, now: SimTime) -> SimDuration {
        match (self, learn) {
            (Self::Latencies(latencies), Learn::Percentile(percentile)) => {
                latencies.advance(percentile, now);
                match latencies.delay() {
                    None => after,
                    Some(delay) if delay >= percentile.most => super::Hedge::NEVER,
                    Some(delay) => delay.max(percentile.least),
                }
            }
            (Self::Last(last, sum, _), Learn::Average(average)) if !last.is_empty() => {
                let mean = SimDuration::from_millis(*sum / last.len() as u64);
                SimDuration::from_nanos_f64(mean.as_nanos_f64() * average.factor) + average.plus
            }
            _ => after,
        }
    }

    /// How many latencies it goes by.
    pub(super) fn samples(&mut self, learn: Option<&Learn>, now: SimTime) -> u64 {
        match (self, learn) {
            (Self::Latencies(latencies), Some(Learn::Percentile(percentile))) => {
                latencies.advance(percentile, now);
                latencies.samples()
            }
            (Self::Last(last, ..), _) => last.len() as u64,
            _ => 0,
        }
    }

    /// A try has ended, the first one of its call or a further one.
    pub(super) fn note(
        &mut self,
        learn: &Learn,
        is_first: bool,
        outcome: Outcome,
        took: SimDuration,
        now: SimTime,
    ) {
        match (self, learn) {
            (Self::Latencies(latencies), Learn::Percentile(percentile)) => {
                let late = matches!(outcome, Outcome::TimeoutAttempt | Outcome::TimeoutDeadline);
                if outcome.is_success() || (percentile.given_up && late) {
                    latencies.add(percentile, took, now);
                }
            }
            (Self::Last(last, sum, next), Learn::Average(average)) => {
                if !is_first || !(average.errors || outcome.is_success()) {
                    return;
                }
                let took = u32::try_from(took.0 / 1_000_000).unwrap_or(u32::MAX);
                *sum += u64::from(took);
                if last.len() < average.window as usize {
                    last.push(took);
                } else {
                    *sum -= u64::from(std::mem::replace(&mut last[*next], took));
                    *next = (*next + 1) % last.len();
                }
            }
            _ => {}
        }
    }

    /// A try is given up for another one.
    pub(super) fn given_up(&mut self, learn: &Learn, took: SimDuration, now: SimTime) {
        if let (Self::Latencies(latencies), Learn::Percentile(percentile)) = (self, learn)
            && percentile.given_up
        {
            latencies.add(percentile, took, now);
        }
    }
}
