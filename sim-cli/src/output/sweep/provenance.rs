//! Who made a result, where and when: the only file of a folder whose bytes differ from time to time.

use serde_json::{Value, json};
use std::fmt::Write;
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

/// When it was; none, if the clock is not set: it then tells of a time before 1970, or of one that nobody
/// lives to see.
fn date(at: SystemTime) -> Option<String> {
    // What comes before is no error of the formatter but a panic.
    at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(at)).ok()?;
    Some(text)
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
        "jobs": jobs.unwrap_or(cores).min(cores),
        "started": date(started.at),
        "ended": date(SystemTime::now()),
        "seconds": seconds,
        "runs": runs,
        "runs_known_already": known,
        "runs_per_second": fresh as f64 / seconds.max(1e-9),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_not_set_stops_nothing() {
        let day = Duration::from_secs(86_400);
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(date(epoch + day).as_deref(), Some("1970-01-02T00:00:00Z"));
        assert_eq!(date(epoch - day), None);
        assert_eq!(date(epoch + day * 365 * 9000), None);
        let started = Started {
            at: epoch - day,
            ..Started::now()
        };
        assert!(provenance(started, 1, 0, None)["started"].is_null());
    }
}
