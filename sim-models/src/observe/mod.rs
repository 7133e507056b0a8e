//! What a run tells: reads the world, never changes it.

pub mod figures;
pub mod conclusion;
pub mod ledger;
pub mod states;
mod records;
pub mod recorder;
pub mod summary;
mod told;
pub mod summarise;
pub mod measure;
pub mod choice;
pub mod behind;
pub mod availability;
pub mod moments;
pub mod verdict;
