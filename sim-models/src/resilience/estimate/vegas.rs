//! TCP Vegas: by how many of those that are out seem to wait.
//!
//! The base is the fastest call so far. Of `limit` calls that are out, limit × (1 - base / took), rounded up, wait. Up
//! to `log` of them, log being the logarithm of the limit to the base 10, cut off and at least 1: the limit grows by
//! `beta`. Fewer than `alpha`: by log. More than `beta`: it falls by log. In between it stays. A call that was dropped
//! makes it fall by log, however few wait. It stays where less than half of the limit was out.
//!
//! The first call, and each that is faster than all before, moves only the base, even if it was dropped. So does a
//! probe: after limit × `probe_multiplier` × U(0.5, 1) samples (drawn anew each time) the next one is the base,
//! however long it took.
//!
//! Source: L. Brakmo et al., "TCP Vegas: new techniques for congestion detection and avoidance" (1994); Netflix
//! concurrency-limits `VegasLimit` (commit 78a74b9): `initialLimit`, `maxConcurrency`, `smoothing`, `alpha`, `beta`,
//! `probeMultiplier`. There a call that takes no time is an error, and its permit is lost; here it says nothing.

use super::{Estimate, Sample};
use serde::{Deserialize, Serialize};

/// By how many of those that are out seem to wait.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vegas {
    /// The limit at the start.
    #[serde(default = "twenty")]
    pub initial: u32,
    /// The limit at most; at least it is 1.
    #[serde(default = "thousand")]
    pub most: u32,
    /// The share of the way to its new value that the limit goes with each sample.
    #[serde(default = "one")]
    pub smoothing: f64,
    /// The limit grows while fewer wait; 3 × log, unless this says otherwise.
    #[serde(default)]
    pub alpha: Option<u32>,
    /// The limit falls while more wait; 6 × log, unless this says otherwise.
    #[serde(default)]
    pub beta: Option<u32>,
    /// Samples, as a multiple of the limit, after which the base is measured anew.
    #[serde(default = "thirty")]
    pub probe_multiplier: u32,
}

fn twenty() -> u32 {
    20
}

fn thousand() -> u32 {
    1000
}

fn one() -> f64 {
    1.0
}

fn thirty() -> u32 {
    30
}

/// The logarithm to the base 10 of the whole part, cut off, at least 1.
fn log(limit: f64) -> f64 {
    f64::from((limit as u32).max(1).ilog10().max(1))
}

impl Vegas {
    /// Takes a sample in.
    pub fn update(&self, estimate: &mut Estimate, sample: Sample, draw: impl FnOnce() -> f64) {
        let mut draw = Some(draw);
        let mut jitter = || 0.5 + 0.5 * draw.take().map_or(0.5, |draw| draw());
        if estimate.probe == 0.0 {
            estimate.probe = jitter();
        }
        let took = sample.took as f64;
        estimate.samples += 1;
        if estimate.probe * f64::from(self.probe_multiplier) * estimate.limit
            <= f64::from(estimate.samples)
        {
            estimate.probe = jitter();
            estimate.samples = 0;
            estimate.base = took;
        } else if estimate.base == 0.0 || took < estimate.base {
            estimate.base = took;
        } else if let Some(wanted) = self.wanted(estimate, sample) {
            let wanted = wanted.min(f64::from(self.most)).max(1.0);
            estimate.limit = (1.0 - self.smoothing) * estimate.limit + self.smoothing * wanted;
        }
    }

    /// Where the limit is to go, if it is to move.
    fn wanted(&self, estimate: &Estimate, sample: Sample) -> Option<f64> {
        let limit = estimate.limit;
        let log = log(limit);
        if sample.dropped {
            return Some(limit - log);
        }
        if f64::from(sample.out) * 2.0 < limit {
            return None;
        }
        let waiting = libm::ceil(limit * (1.0 - estimate.base / sample.took as f64));
        let alpha = self.alpha.map_or(3.0 * log, f64::from);
        let beta = self.beta.map_or(6.0 * log, f64::from);
        if waiting <= log {
            Some(limit + beta)
        } else if waiting < alpha {
            Some(limit + log)
        } else if waiting > beta {
            Some(limit - log)
        } else {
            None
        }
    }
}
