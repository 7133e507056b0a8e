//! Windows: an algorithm that moves with each window of calls, not with each call.
//!
//! A window ends with the first call that ends later than the window's end, and that call belongs to it. The next one
//! ends twice the fastest call of this one later, at least `least` and at most `most`: with both the same, as they are
//! unless said otherwise, that long. The very first call ends a window of its own. A window of fewer than `samples`
//! calls says nothing, and what it held is forgotten. What it comes to as one sample: the mean of how long calls took
//! (whole nanoseconds), or a percentile; the most that were out when one of them was let in; dropped if any was.
//!
//! Source: Netflix concurrency-limits `WindowedLimit` (commit 78a74b9): `minWindowTime`, `maxWindowTime`, `windowSize`,
//! `minRttThreshold`, with `AverageSampleWindowFactory` or `PercentileSampleWindowFactory`.

use super::Sample;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// An algorithm moves with each window of calls, not with each call.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LimitWindow")]
pub struct Window {
    /// The shortest window.
    #[serde(default = "second")]
    pub least: SimDuration,
    /// The longest window.
    #[serde(default = "second")]
    pub most: SimDuration,
    /// Calls at least, for a window to say anything.
    #[serde(default = "ten")]
    pub samples: u32,
    /// Calls that took less long are left out.
    #[serde(default = "tenth_of_a_millisecond")]
    pub ignore_below: SimDuration,
    /// What a window's calls come to.
    #[serde(default)]
    pub aggregate: Aggregate,
}

fn second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn ten() -> u32 {
    10
}

fn tenth_of_a_millisecond() -> SimDuration {
    SimDuration(100_000)
}

impl Default for Window {
    fn default() -> Self {
        Self {
            least: second(),
            most: second(),
            samples: ten(),
            ignore_below: tenth_of_a_millisecond(),
            aggregate: Aggregate::Average,
        }
    }
}

/// What a window's calls come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The mean of how long they took.
    #[default]
    Average,
    /// How long the one at a share of them took: `percentile(at: 0.9, of: 100)`.
    Percentile(Percentile),
}

/// How long the call at a share of a window's calls took.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentile {
    /// The share, between 0 and 1: of n calls, the one of rank n × `at`, rounded.
    pub at: f64,
    /// The first so many calls of a window count.
    pub of: u32,
}

/// A window that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Windowing {
    /// It ends with the first call that ends later than this, ns since the start.
    ends: u64,
    fastest: u64,
    sum: u64,
    out: u32,
    samples: u32,
    dropped: bool,
    /// How long each took, where a percentile is asked for.
    took: Vec<u64>,
}

impl Default for Windowing {
    fn default() -> Self {
        Self {
            ends: 0,
            fastest: u64::MAX,
            sum: 0,
            out: 0,
            samples: 0,
            dropped: false,
            took: Vec::new(),
        }
    }
}

impl Window {
    /// Takes in a call that ended then (ns since the start); what the window comes to, if that ends it.
    pub fn add(&self, window: &mut Windowing, sample: Sample, ended: u64) -> Option<Sample> {
        if sample.took < self.ignore_below.0 {
            return None;
        }
        let counts = match self.aggregate {
            Aggregate::Average => true,
            Aggregate::Percentile(Percentile { of, .. }) => {
                if window.took.capacity() == 0 {
                    window.took.reserve_exact(of as usize);
                }
                let counts = window.samples < of;
                if counts {
                    window.took.push(sample.took);
                }
                counts
            }
        };
        if counts {
            window.fastest = window.fastest.min(sample.took);
            window.sum = window.sum.saturating_add(sample.took);
            window.out = window.out.max(sample.out);
            window.dropped |= sample.dropped;
            window.samples += 1;
        }
        if ended <= window.ends {
            return None;
        }
        let span = (window.fastest.saturating_mul(2))
            .max(self.least.0)
            .min(self.most.0);
        let ready = window.samples >= self.samples;
        let whole = Sample {
            took: if ready { self.took(window) } else { 0 },
            out: window.out,
            dropped: window.dropped,
        };
        let mut took = std::mem::take(&mut window.took);
        took.clear();
        *window = Windowing {
            ends: ended.saturating_add(span),
            took,
            ..Windowing::default()
        };
        ready.then_some(whole)
    }

    /// How long the calls of a window took.
    fn took(&self, window: &mut Windowing) -> u64 {
        match self.aggregate {
            Aggregate::Average => window.sum / u64::from(window.samples.max(1)),
            Aggregate::Percentile(Percentile { at, .. }) => {
                window.took.sort_unstable();
                let rank = libm::floor(f64::from(window.samples) * at + 0.5) as usize;
                window.took[rank.clamp(1, window.took.len()) - 1]
            }
        }
    }

    /// Why it never says anything, at so many calls a second: also the call that ends a window belongs to it.
    pub fn idle_at(&self, rate: f64) -> Option<String> {
        let held = libm::floor(rate * self.most.as_secs_f64()) + 1.0;
        (held < f64::from(self.samples)).then(|| {
            let (samples, most) = (self.samples, self.most);
            format!(
                "a window needs {samples} calls; at {rate}/s one of {most} never holds that many"
            )
        })
    }

    /// Bytes that a window takes beside itself.
    pub fn heap(&self) -> usize {
        match self.aggregate {
            Aggregate::Average => 0,
            Aggregate::Percentile(Percentile { of, .. }) => of as usize * size_of::<u64>(),
        }
    }

    /// What is wrong with its parameters: (field, why).
    pub fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.least == SimDuration::ZERO {
            wrong.push(("window.least", "must be longer than zero".into()));
        }
        if self.most < self.least {
            let why = format!("must be at least `least`, {}", self.least);
            wrong.push(("window.most", why));
        }
        if self.samples == 0 {
            wrong.push(("window.samples", "must be at least 1".into()));
        }
        if let Aggregate::Percentile(Percentile { at, of }) = self.aggregate {
            if !(at > 0.0 && at < 1.0) {
                let why = format!("must be between 0 and 1, not {at}");
                wrong.push(("window.aggregate.at", why));
            }
            if !(self.samples..=100_000).contains(&of) {
                let why = format!("must be {} (`samples`) to 100000, not {of}", self.samples);
                wrong.push(("window.aggregate.of", why));
            }
        }
        wrong
    }
}
