//! Which points share their beginning.
//!
//! Up to its first fault a run does not know of it. Points that differ only in their faults (and in
//! what is believed of them, which no run knows of at all) therefore share what comes before, seed by
//! seed; it is simulated once and forked.

use super::record::{Replications, Sweep};
use super::shard::Shard;
use crate::faults::Target;
use crate::scenario::{Scenario, fingerprint};
use rayon::prelude::*;
use sim_core::digest::Digest;
use std::collections::BTreeMap;

/// How many units of work each shard should get at least: fewer would leave some with twice as much
/// as others.
const PER_SHARD: u64 = 4;

/// Points that are run together, in ascending order. A unit of work is one of their replications, or
/// all of them where the replications of a point depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Indices of the points.
    pub points: Vec<u32>,
}

/// The units of work of a sweep, in order: groups, and how many units each has.
pub(super) fn groups(sweep: &Sweep, shard: Shard) -> (Vec<Group>, u32) {
    let units = match sweep.replications {
        Replications::Fixed(count) => count,
        Replications::Until(_) => 1,
    };
    let mut groups = related(&sweep.scenarios);
    if !shard.is_all() {
        groups = split(groups, shard, units);
    }
    (groups, units)
}

/// Points that share their beginning, each group where its first point stands.
fn related(scenarios: &[Scenario]) -> Vec<Group> {
    let alone = |point: usize| Group {
        points: vec![point as u32],
    };
    if scenarios.iter().all(|scenario| scenario.faults.is_empty()) {
        return (0..scenarios.len()).map(alone).collect();
    }
    let beginnings: Vec<u128> = scenarios.par_iter().map(beginning).collect();
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (point, beginning) in beginnings.into_iter().enumerate() {
        let place = *places.entry(beginning).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.points.push(point as u32),
            None => groups.push(alone(point)),
        }
    }
    groups
}

/// A hash of all that a run depends on up to its first fault, but for the seed.
fn beginning(scenario: &Scenario) -> u128 {
    // A fault on some instances of a link makes the plan tell all instances apart.
    let by_instance = scenario.faults.iter().any(
        |fault| matches!(fault.inject.target(), Target::Link(link) if link.contains(['#', ':'])),
    );
    let calm = Scenario {
        title: None,
        seed: 0,
        faults: Vec::new(),
        hypothesis: Default::default(),
        ..scenario.clone()
    };
    let mut digest = Digest::new();
    digest.absorb_text(if by_instance { "by instance" } else { "" });
    fingerprint::absorb(&mut digest, &calm);
    digest.value()
}

/// Cuts groups into pieces, about as few as give every shard its share of the work.
fn split(groups: Vec<Group>, shard: Shard, units: u32) -> Vec<Group> {
    let wanted = PER_SHARD * u64::from(shard.count);
    let pieces = wanted.div_ceil((groups.len() as u64 * u64::from(units)).max(1));
    groups
        .into_iter()
        .flat_map(|group| {
            let length = (group.points.len() as u64 / pieces).max(1) as usize;
            let cut = group.points.chunks(length).map(|points| Group {
                points: points.to_vec(),
            });
            cut.collect::<Vec<_>>()
        })
        .collect()
}
