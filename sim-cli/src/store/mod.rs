//! Where results are kept: files that are whole or not there, folders that list what they hold, and whose they
//! are.

pub mod file;
pub mod lock;
pub mod claim;
