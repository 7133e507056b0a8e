//! Paths to what a scenario says.
use super::diagnostics::Diagnostics;
use super::load::Override;
use super::source::Sources;
use super::tree::Node;

/// Sets values.
pub fn set_all(
    _tree: &mut Node,
    _overrides: &[Override],
    _sources: &mut Sources,
) -> Result<(), Diagnostics> {
    Ok(())
}
