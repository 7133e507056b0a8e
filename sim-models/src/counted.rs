//! What steps count that keep something in an instance, by the names of the steps: `step_count(web, cache_hits)`.
//!
//! The registry of steps stands further down, where scenarios are known; a test holds it to this list.

/// Name of the step, and what it counts.
pub const OF_STEPS: &[(&str, &[&str])] = &[("cache", CACHE)];

/// Of those, what a `cache` counts.
pub const CACHE: &[&str] = &["hits", "misses", "evicted", "expired"];
