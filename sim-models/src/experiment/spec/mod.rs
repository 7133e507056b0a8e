//! What a sweep is asked for, from flags or from a sweep file, and what comes of it: a
//! [`Sweep`](super::sweep::Sweep).
//!
//! # Sweep files
//!
//! RON, told from scenarios by the field `scenario`, the only one that must be there:
//!
//! ```ron
//! (
//!     scenario: "../retry-storm.ron",             // relative to this file
//!     title: "Backoff under an outage",
//!     set: { "faults[0].for": "30s" },            // at every point, first
//!     vary: [
//!         (path: "services.db.threads", values: [4, 8, 16]),
//!         (path: "workloads.shoppers.rate", from: "100/s", to: "400/s", steps: 7, scale: log),
//!         (name: "backoff", path: "calls.\"shop -> db\".retry.backoff", values: {
//!             "none": none,                       // what to call a value, and the value
//!             "full jitter": exponential(base: "50ms", cap: "2s", jitter: full),
//!         }),
//!         (name: "size", labels: ["small", "large"], zip: [   // these move together
//!             (path: "services.shop.threads", values: [8, 64]),
//!             (path: "services.shop.queue.limit", values: [80, 640]),
//!         ]),
//!     ],
//!     variants: {                                 // an axis of their own, the first
//!         "plain": {},
//!         "breaker": { "calls.\"shop -> db\"": [retry(attempts: 3), breaker, timeout("1s")] },
//!     },
//!     sample: lhs(64),                            // or random(64); without: all combinations
//!     replications: 20,                           // or until(measure: "failed_ratio(shoppers)",
//!                                                 //   half_width: "2%", level: 0.95, at_least: 10, at_most: 200)
//!     seed: 1,                                    // else the scenario's
//!     measures: ["failed_ratio(shoppers)", "latency(shoppers, p99)"],  // else the usual ones
//!     windows: false,                             // whether each time window has a row too
//! )
//! ```
//!
//! Values are written as in a scenario. A range without `steps` is for points that are drawn
//! (`sample`). `points: [["breaker", "4", ..], ..]` lists points by the labels of their values, one for
//! each axis, instead of combining them; sweeps as resolved say so where they are no grid. How axes
//! are written as flags: [`super::space`].

mod written;
mod document;
mod file;
mod resolve;
mod print;
#[cfg(test)]
mod tests;

pub use super::space::{Row, Sample, Unresolved, Variant, Vary};
pub use file::{is_spec, read_spec};
pub use print::to_ron;
pub use resolve::{base, places_at, resolve, resolve_at};
pub use written::{ReplicationSpec, Spec, Until, Written};
