//! What a preset is.

use crate::resilience::PolicySpec;

/// Settings of a library in its own words, and which policies they are.
pub trait Preset {
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// The version whose names, defaults and behaviour it has.
    const VERSION: &'static str;

    /// The policies that it stands for, outermost first, in the library's own order of wrapping.
    ///
    /// # Errors
    /// What the library itself would refuse, with the field's own name.
    fn expand(&self) -> Result<Vec<PolicySpec>, String>;
}
