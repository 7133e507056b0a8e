//! Who made a result, where and when: the only file of a folder whose bytes differ from time to time.

use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};

/// What is known when the work begins.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    at: SystemTime,
    clock: Instant,
}

impl Started {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self {
            at: SystemTime::now(),
            clock: Instant::now(),
        }
    }

    /// Since then.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

/// The provenance of `runs` runs, `known` of which came from the journal.
#[must_use]
pub fn provenance(started: Started, runs: usize, known: usize, jobs: Option<usize>) -> Value {
    let seconds = started.elapsed().as_secs_f64();
    let fresh = runs.saturating_sub(known);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let features: &[&str] = if cfg!(feature = "parquet") {
        &["parquet"]
    } else {
        &[]
    };
    json!({
        "schema": super::SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "build": sim_models::build(),
        "features": features,
        "host": gethostname::gethostname().to_string_lossy(),
        "os": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "cores": cores,
        "jobs": jobs.unwrap_or(cores),
        "started": humantime::format_rfc3339_seconds(started.at).to_string(),
        "ended": humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        "seconds": seconds,
        "runs": runs,
        "runs_known_already": known,
        "runs_per_second": fresh as f64 / seconds.max(1e-9),
    })
}
