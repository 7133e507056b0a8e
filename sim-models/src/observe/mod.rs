//! What a run tells: reads the world, never changes it.

pub mod expression;
pub mod summary;
