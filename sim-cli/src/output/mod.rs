//! What a run tells, written for people, for programs and into folders.

pub mod units;
pub mod style;
pub mod table;
pub mod tables;
pub mod human;
pub mod replications;
pub mod json;
pub mod csv;
pub mod story;
pub mod file;
pub mod lock;
pub mod claim;
pub mod folder;
pub mod sweep;
pub mod tuning;
pub mod sensitivity;

pub use style::Style;
pub mod compare;
