//! The patterns of `links`, read once, so that the link of a pair is found by name.

use crate::scenario::Scenario;
use crate::scenario::pattern::{Pattern, Side};
use std::collections::BTreeMap;

/// The patterns of `links` by what their sides name.
#[derive(Default)]
pub(super) struct LinkPatterns<'a> {
    pub all: Vec<Pattern>,
    /// Numbers of those that name places, by the names, `*` for any; of two that say the same, the last one.
    pub named: BTreeMap<(&'a str, &'a str), usize>,
    /// Numbers of those with an instance, a host, a zone or a region on one side.
    pub others: Vec<usize>,
}

impl<'a> LinkPatterns<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let mut links = Self::default();
        let whole = |side: &Side| matches!(side, Side::Any | Side::Named(_));
        // The checks have let only patterns through that can be read.
        for key in scenario.links.keys() {
            let (Ok(pattern), Some((from, to))) = (Pattern::link(key), key.split_once("->")) else {
                continue;
            };
            let number = links.all.len();
            if whole(&pattern.from) && whole(&pattern.to) {
                links.named.insert((from.trim(), to.trim()), number);
            } else {
                links.others.push(number);
            }
            links.all.push(pattern);
        }
        links
    }
}
