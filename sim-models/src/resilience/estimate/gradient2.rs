//! Gradient2: by how much longer calls take than they used to.
//!
//! The base is the exponential average of the samples, over the last `long` of them (the plain mean of the first 10).
//! The gradient is `tolerance` × base / took, within 0.5 and 1. The limit goes the share `smoothing` of the way to
//! limit × gradient + `queue`, within `least` and `most`. It stays where less than half of it was out. Whether a call
//! was dropped makes no difference. Where the base is more than twice what a sample took, it falls by 5 % after it: what was
//! slow for long is soon forgotten.
//!
//! Source: Netflix concurrency-limits `Gradient2Limit` (commit 78a74b9): `initialLimit`, `minLimit`, `maxConcurrency`,
//! `smoothing`, `queueSize`, `longWindow`, `rttTolerance`, with `ExpAvgMeasurement`.

use super::{Estimate, Sample, smoothing, tolerance};
use serde::{Deserialize, Serialize};

/// By how much longer calls take than they used to.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gradient2 {
    /// The limit at the start.
    #[serde(default = "twenty")]
    pub initial: u32,
    /// The limit at least.
    #[serde(default = "twenty")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "two_hundred")]
    pub most: u32,
    /// By how much the limit would grow with each sample while none waits, if it were not smoothed.
    #[serde(default = "four")]
    pub queue: u32,
    /// The share of the way to its new value that the limit goes with each sample.
    #[serde(default = "fifth")]
    pub smoothing: f64,
    /// How many times as long as they used to calls may take before the limit falls.
    #[serde(default = "one_and_a_half")]
    pub tolerance: f64,
    /// Samples that the base is averaged over.
    #[serde(default = "six_hundred")]
    pub long: u32,
}

fn twenty() -> u32 {
    20
}

fn two_hundred() -> u32 {
    200
}

fn four() -> u32 {
    4
}

fn fifth() -> f64 {
    0.2
}

fn one_and_a_half() -> f64 {
    1.5
}

fn six_hundred() -> u32 {
    600
}

/// Samples whose plain mean is the base at first.
const WARM_UP: u32 = 10;
/// The limit is not taken to fall to less than this share of itself, however slow calls are.
const LEAST_GRADIENT: f64 = 0.5;
/// By what a base is multiplied that is more than twice what a sample took.
const DECAY: f64 = 0.95;

impl Gradient2 {
    /// Takes a sample in.
    pub fn update(&self, estimate: &mut Estimate, sample: Sample) {
        let took = sample.took as f64;
        if estimate.samples < WARM_UP {
            estimate.samples += 1;
            estimate.sum += took;
            estimate.base = estimate.sum / f64::from(estimate.samples);
        } else {
            let share = 2.0 / (f64::from(self.long) + 1.0);
            estimate.base = estimate.base * (1.0 - share) + took * share;
        }
        let base = estimate.base;
        if base / took > 2.0 {
            estimate.base *= DECAY;
        }
        let limit = estimate.limit;
        if f64::from(sample.out) < limit / 2.0 {
            return;
        }
        let gradient = (self.tolerance * base / took).clamp(LEAST_GRADIENT, 1.0);
        let wanted = limit * gradient + f64::from(self.queue);
        let smoothed = limit * (1.0 - self.smoothing) + wanted * self.smoothing;
        estimate.limit = (smoothed.min(f64::from(self.most))).max(f64::from(self.least));
    }

    pub(super) fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = smoothing(self.smoothing);
        wrong.extend(tolerance(self.tolerance));
        if self.long == 0 {
            wrong.push(("algorithm.long", "must be at least 1".into()));
        }
        wrong
    }
}
