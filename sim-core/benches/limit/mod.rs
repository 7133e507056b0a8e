//! Hand-written simulations without generality or measurement: what the machine allows at most.
//!
//! The simulator as a whole is compared with them. Units: nanoseconds of simulated time.

pub mod chain;
pub mod queue;

use sim_core::SimDuration;
use sim_core::random::{Source, Stream};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events handled.
    pub events: u64,
    /// Requests (or customers) that arrived.
    pub requests: u64,
    /// Requests that ended well.
    pub succeeded: u64,
    /// Requests that failed after all retries.
    pub failed: u64,
    /// Attempts that timed out, on any hop.
    pub timeouts: u64,
}

/// An exponential span.
#[inline]
pub fn exponential(stream: &mut Stream, mean_ns: f64) -> SimDuration {
    SimDuration::from_nanos_f64(-mean_ns * libm::log(stream.open_uniform()))
}
