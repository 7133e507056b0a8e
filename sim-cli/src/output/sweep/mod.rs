//! What a sweep yields: tables as CSV and Parquet, a summary as JSON and for people, and the folder
//! that holds them. `docs/results.md` documents every column and key; a test holds it to this code.

pub mod columns;
pub mod rows;
pub mod csv;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod summary;
pub mod human;
pub mod provenance;
pub mod folder;

/// Version of all of it; counts up when a column or key changes its meaning or goes.
pub const SCHEMA: u32 = 1;
