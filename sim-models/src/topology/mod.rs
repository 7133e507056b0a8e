//! What can be said of a system without running it: who calls whom how often, where circles and
//! single points of failure are, how much load it can carry and how fast it can be.
//!
//! All of it is about means and about the system at rest: no queueing, no retries, no contention
//! for cores. Visit rates follow from the rates of the workloads and the expected calls of each
//! endpoint (weights of choices, means of counts), as in operational analysis (Denning and Buzen,
//! 1978). Units: seconds, per second.

mod endpoints;
mod flow;
mod capacity;
mod needs;
mod graph;
mod demand;

pub use capacity::Capacity;
pub(crate) use demand::{Demand, LONG_WAIT, most_of, overloaded, peaks, room, visits_of};
pub use endpoints::{Endpoint, Endpoints};
pub(crate) use flow::seconds;
pub use flow::{Calls, EndpointFlow};
pub use graph::{Place, Topology};
pub use needs::inevitable;
pub(crate) use needs::{first_and_last_start, starts};

#[cfg(test)]
mod tests;
