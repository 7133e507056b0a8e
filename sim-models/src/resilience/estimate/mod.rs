//! How a limit of calls that are out moves: from how long calls took, how many were out, and which were dropped.
//!
//! Each algorithm is a function from an estimate and a sample to the next estimate, as in the `Limit` classes of
//! Netflix concurrency-limits. A sample is one call that has ended, or what a [`window`] of them comes to.

mod aimd;
mod fixed;
mod gradient;
mod gradient2;
#[cfg(test)]
mod tests;
mod vegas;
pub mod window;

pub use aimd::Aimd;
pub use fixed::Fixed;
pub use gradient::Gradient;
pub use gradient2::Gradient2;
pub use vegas::Vegas;
pub use window::{Aggregate, Percentile, Window};

use serde::{Deserialize, Serialize};

/// How a limit moves.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// One more after a call that ended well, a share less after one that did not: `aimd(initial: 20, most: 100)`.
    Aimd(Aimd),
    /// Not at all: `fixed(10)`.
    Fixed(Fixed),
    /// By how many of those that are out seem to wait, as in TCP Vegas: `vegas(initial: 20)`.
    Vegas(Vegas),
    /// By how much longer calls take than the fastest one did: `gradient(initial: 50)`.
    Gradient(Gradient),
    /// By how much longer calls take than they used to: `gradient2(initial: 20)`.
    Gradient2(Gradient2),
}

/// A call that has ended, or what a window of them comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How long it took, ns.
    pub took: u64,
    /// How many were out when it was let in, itself included.
    pub out: u32,
    /// Whether it was dropped: not answered in time, or turned away.
    pub dropped: bool,
}

/// A limit that moves, and what its algorithm remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The limit; as many calls as its whole part may be out.
    pub limit: f64,
    /// How long a call takes while none waits, as far as is known, ns; zero: it is not.
    pub base: f64,
    /// Sum of the first measurements (`gradient2`), ns.
    sum: f64,
    /// Samples since the base was last measured anew (`vegas`, `gradient`), or that it is a mean of (`gradient2`).
    samples: u32,
    /// When it is measured anew: a share (`vegas`), or a number of samples (`gradient`); zero: it is yet to be drawn.
    probe: f64,
}

impl Estimate {
    /// Before the first sample.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self {
            limit: f64::from(limit),
            base: 0.0,
            sum: 0.0,
            samples: 0,
            probe: 0.0,
        }
    }

    /// As many calls may be out.
    #[inline]
    #[must_use]
    pub fn whole(&self) -> u32 {
        self.limit as u32
    }
}

impl Algorithm {
    /// The limit at the start.
    #[must_use]
    pub fn initial(&self) -> u32 {
        match self {
            Self::Aimd(aimd) => aimd.initial,
            Self::Fixed(fixed) => fixed.limit,
            Self::Vegas(vegas) => vegas.initial,
            Self::Gradient(gradient) => gradient.initial,
            Self::Gradient2(gradient) => gradient.initial,
        }
    }

    /// The least and the most that it goes to.
    #[must_use]
    pub fn bounds(&self) -> (u32, u32) {
        match self {
            Self::Aimd(aimd) => (aimd.least, aimd.most),
            Self::Fixed(fixed) => (fixed.limit, fixed.limit),
            Self::Vegas(vegas) => (1, vegas.most),
            Self::Gradient(gradient) => (gradient.least, gradient.most),
            Self::Gradient2(gradient) => (gradient.least, gradient.most),
        }
    }

    /// Takes a sample in; `draw` is uniform in [0, 1). What took no time at all says nothing but to `aimd`: the
    /// others divide by it.
    pub fn update(&self, estimate: &mut Estimate, sample: Sample, draw: impl FnOnce() -> f64) {
        match self {
            Self::Aimd(aimd) => aimd.update(estimate, sample),
            Self::Fixed(_) => {}
            _ if sample.took == 0 => {}
            Self::Vegas(vegas) => vegas.update(estimate, sample, draw),
            Self::Gradient(gradient) => gradient.update(estimate, sample, draw),
            Self::Gradient2(gradient) => gradient.update(estimate, sample),
        }
    }

    /// What is wrong with its parameters: (field, why).
    #[must_use]
    pub fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let (least, most) = self.bounds();
        if matches!(self, Self::Fixed(Fixed { limit: 0 })) {
            return vec![("algorithm.limit", "must be at least 1".into())];
        }
        if self.initial() == 0 {
            wrong.push(("algorithm.initial", "must be at least 1".into()));
        }
        if least == 0 {
            let why = "must be at least 1: at 0 nothing would ever be let in again";
            wrong.push(("algorithm.least", why.into()));
        }
        if most < least.max(1) {
            wrong.push((
                "algorithm.most",
                format!("must be at least {}", least.max(1)),
            ));
        }
        wrong.extend(match self {
            Self::Aimd(aimd) => aimd.validate(),
            Self::Fixed(_) => Vec::new(),
            Self::Vegas(vegas) => smoothing(vegas.smoothing),
            Self::Gradient(gradient) => gradient.validate(),
            Self::Gradient2(gradient) => gradient.validate(),
        });
        wrong
    }
}

/// What is wrong with a smoothing.
fn smoothing(share: f64) -> Vec<(&'static str, String)> {
    if share > 0.0 && share <= 1.0 {
        return Vec::new();
    }
    vec![(
        "algorithm.smoothing",
        format!("must be more than 0 and at most 1, not {share}"),
    )]
}

/// What is wrong with a tolerance.
fn tolerance(times: f64) -> Vec<(&'static str, String)> {
    if times.is_finite() && times >= 1.0 {
        return Vec::new();
    }
    vec![(
        "algorithm.tolerance",
        format!("must be 1 or more, not {times}"),
    )]
}
