//! Gradient: by how much longer calls take than the fastest one did.
//!
//! The gradient is `tolerance` × base / took, within 0.5 and 1, the base being the fastest call since it was last
//! forgotten. The limit goes to limit × gradient + `queue`: at once where that is more, by the share `smoothing` of
//! the way where it is less. A call that was dropped sends it towards limit × `backoff` instead. It stays where less
//! than half of it was out and nothing was dropped. `queue` is the square root of the limit, cut off and at least 4,
//! unless a number is given; the limit is at least that, and at least `least` when it falls.
//!
//! After `probe_interval` + U{0 .. probe_interval - 1} samples the base is forgotten, and the limit falls to `queue` or
//! `least`, whichever is more: what is measured next is measured while little is out.
//!
//! Source: Netflix concurrency-limits `GradientLimit` (commit 78a74b9): `initialLimit`, `minLimit`, `maxConcurrency`,
//! `smoothing`, `queueSize`, `rttTolerance`, `probeInterval` (-1 there for never), `backoffRatio`. Envoy's adaptive
//! concurrency is another one: `probing_limit`.

use super::{Estimate, Sample, smoothing, tolerance};
use serde::{Deserialize, Serialize};

/// By how much longer calls take than the fastest one did.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gradient {
    /// The limit at the start.
    #[serde(default = "fifty")]
    pub initial: u32,
    /// The limit at least.
    #[serde(default = "one")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "thousand")]
    pub most: u32,
    /// The share of the way to its new value that a limit which falls goes with each sample.
    #[serde(default = "fifth")]
    pub smoothing: f64,
    /// By how much the limit grows with each sample while none waits; the square root of the limit, at least 4, unless
    /// this says otherwise.
    #[serde(default)]
    pub queue: Option<u32>,
    /// How many times as long as the fastest one calls may take before the limit falls.
    #[serde(default = "two")]
    pub tolerance: f64,
    /// Samples at least between two times that the base is forgotten, twice as many at most; zero: it never is.
    #[serde(default = "thousand")]
    pub probe_interval: u32,
    /// By what the limit is multiplied after a call that was dropped, before it is smoothed.
    #[serde(default = "nine_tenths")]
    pub backoff: f64,
}

fn fifty() -> u32 {
    50
}

fn one() -> u32 {
    1
}

fn thousand() -> u32 {
    1000
}

fn fifth() -> f64 {
    0.2
}

fn two() -> f64 {
    2.0
}

fn nine_tenths() -> f64 {
    0.9
}

impl Gradient {
    /// Takes a sample in.
    pub fn update(&self, estimate: &mut Estimate, sample: Sample, draw: impl FnOnce() -> f64) {
        let queue = f64::from(
            self.queue
                .unwrap_or_else(|| estimate.whole().isqrt().max(4)),
        );
        if self.probe_interval > 0 && self.is_probe(estimate, draw) {
            estimate.limit = queue.max(f64::from(self.least));
            estimate.base = 0.0;
            return;
        }
        let took = sample.took as f64;
        if estimate.base == 0.0 || took < estimate.base {
            estimate.base = took;
        }
        let limit = estimate.limit;
        let mut wanted = if sample.dropped {
            limit * self.backoff
        } else if f64::from(sample.out) < limit / 2.0 {
            return;
        } else {
            // `base` is whole: a float that is cut off there.
            let gradient = (self.tolerance * estimate.base / took).clamp(0.5, 1.0);
            limit * gradient + queue
        };
        if wanted < limit {
            wanted = limit * (1.0 - self.smoothing) + self.smoothing * wanted;
            wanted = wanted.max(f64::from(self.least));
        }
        estimate.limit = wanted.min(f64::from(self.most)).max(queue);
    }

    /// Counts a sample; whether the base is to be forgotten.
    fn is_probe(&self, estimate: &mut Estimate, draw: impl FnOnce() -> f64) -> bool {
        let interval = f64::from(self.probe_interval);
        let mut draw = Some(draw);
        let mut next = || {
            let share = draw.take().map_or(0.5, |draw| draw());
            interval + libm::trunc(share * interval)
        };
        if estimate.probe == 0.0 {
            estimate.probe = next();
        }
        if f64::from(estimate.samples) < estimate.probe {
            estimate.samples += 1;
            return false;
        }
        estimate.probe = next();
        estimate.samples = 0;
        true
    }

    pub(super) fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = smoothing(self.smoothing);
        wrong.extend(tolerance(self.tolerance));
        if !(self.backoff > 0.0 && self.backoff <= 1.0) {
            let why = format!("must be more than 0 and at most 1, not {}", self.backoff);
            wrong.push(("algorithm.backoff", why));
        }
        wrong
    }
}
