//! Prints a scenario with every default filled in.

use super::tree::options;
use super::types::Scenario;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;

/// How deep the text is broken into lines; what is deeper stands in one line.
const DEPTH: usize = 5;

/// The scenario as RON with everything written out. Loads again as an equal scenario.
#[must_use]
pub fn to_ron(scenario: &Scenario) -> String {
    let config = PrettyConfig::new()
        .depth_limit(DEPTH)
        .compact_structs(false)
        .extensions(Extensions::empty());
    options()
        .to_string_pretty(scenario, config)
        .unwrap_or_else(|error| format!("// The scenario cannot be printed: {error}\n()"))
}
