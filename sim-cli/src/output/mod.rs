//! What a run tells, written for people, for programs and into folders.

pub mod style;
pub mod table;
pub mod values;
pub mod tables;
pub mod json;
pub mod csv;
pub mod story;
pub mod human;
pub mod sweep;
pub mod replications;
pub mod folder;
pub mod tuning;
pub mod sensitivity;
pub mod compare;
pub mod parts;

pub use style::Style;
