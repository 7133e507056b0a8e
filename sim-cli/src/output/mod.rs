//! What a run tells, written for people, for programs and into folders.

pub mod units;
