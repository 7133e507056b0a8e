//! The deterministic discrete-event engine: time, order, chance and measurement.
//!
//! This crate has never heard of a service. A model implements [`engine::Model`], a
//! [`engine::Simulation`] runs it. Inside the crate a module uses only modules above it in this list.
#![deny(missing_docs)]

pub mod time;
pub mod random;
pub mod dist;
pub mod agenda;
pub mod digest;
pub mod engine;
pub mod metrics;
pub mod stats;

pub use time::{SimDuration, SimTime};
