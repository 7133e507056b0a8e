//! Keys: what a run or a sweep is known by, so that finished work is recognised.
//!
//! A key hashes everything that a result depends on, the program included, and nothing else: not the
//! sweep that a run belongs to, not its place in it. Equal inputs have equal keys on every machine.

use super::record::{Replications, Sweep};
use crate::scenario::{Scenario, fingerprint};
use rayon::prelude::*;
use sim_core::SimTime;
use sim_core::digest::Digest;
use std::fmt;
use std::str::FromStr;

/// Changes whenever what a record holds, or how keys are made, changes.
const FORMAT: u64 = 1;

/// What a run is known by: a hash of 128 bits, printed as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKey(pub u128);

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for RunKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u128::from_str_radix(text, 16).ok().filter(|_| digits);
        value
            .map(Self)
            .ok_or_else(|| format!("a key has 32 hexadecimal digits, unlike `{text}`"))
    }
}

/// The keys of a sweep's runs. What the runs of a point share is hashed once.
#[derive(Clone, Debug)]
pub struct Keys {
    points: Vec<Digest>,
    seed: u64,
}

impl Keys {
    /// Hashes what is not the run's own. In parallel.
    #[must_use]
    pub fn new(sweep: &Sweep) -> Self {
        let shared = shared(sweep);
        let scenarios = sweep.scenarios.par_iter();
        Self {
            points: scenarios
                .map(|scenario| with_scenario(shared, scenario))
                .collect(),
            seed: sweep.seed,
        }
    }

    /// The key of a run.
    #[must_use]
    pub fn run(&self, point: u32, replication: u32) -> RunKey {
        let seed = self.seed.wrapping_add(u64::from(replication));
        with_seed(self.points[point as usize], seed)
    }
}

/// The key of one run; for those of many, see [`Keys`].
#[must_use]
pub fn run_key(sweep: &Sweep, point: u32, replication: u32) -> RunKey {
    let scenario = &sweep.scenarios[point as usize];
    with_seed(
        with_scenario(shared(sweep), scenario),
        sweep.seed_of(replication),
    )
}

/// The key of a sweep as a whole: shards with equal keys belong together, and tables of sweeps with
/// equal keys are equal.
#[must_use]
pub fn sweep_key(sweep: &Sweep) -> RunKey {
    let mut digest = shared(sweep);
    digest.absorb_text(&sweep.title);
    absorb_number(&mut digest, sweep.axes.len() as u64);
    for axis in &sweep.axes {
        digest.absorb_text(&axis.name);
        absorb_number(&mut digest, axis.paths.len() as u64);
        axis.paths.iter().for_each(|path| digest.absorb_text(path));
        digest.absorb_text(axis.unit);
        absorb_number(&mut digest, u64::from(axis.log));
    }
    absorb_number(&mut digest, sweep.points.len() as u64);
    for point in &sweep.points {
        for coordinate in &point.coordinates {
            digest.absorb_text(&coordinate.label);
            absorb_number(&mut digest, u64::from(coordinate.number.is_some()));
            absorb_number(&mut digest, coordinate.number.map_or(0, f64::to_bits));
        }
        absorb_number(&mut digest, point.set.len() as u64);
        for set in &point.set {
            digest.absorb_text(&set.path);
            digest.absorb_text(&set.value);
        }
    }
    match sweep.replications {
        Replications::Fixed(count) => absorb_number(&mut digest, u64::from(count)),
        Replications::Until(until) => {
            absorb_number(&mut digest, 1 << 32 | u64::from(until.least));
            absorb_number(&mut digest, u64::from(until.most));
            absorb_number(&mut digest, until.measure as u64);
            absorb_number(&mut digest, u64::from(until.relative));
            absorb_number(&mut digest, until.half_width.to_bits());
            absorb_number(&mut digest, until.level.to_bits());
        }
    }
    let keys = Keys::new(sweep);
    for point in &keys.points {
        let key = with_seed(*point, sweep.seed).0;
        digest.absorb(SimTime::ZERO, [key as u64, (key >> 64) as u64]);
    }
    RunKey(digest.value())
}

/// What all runs of a sweep share: the program, and what is measured.
fn shared(sweep: &Sweep) -> Digest {
    let mut digest = Digest::new();
    absorb_number(&mut digest, FORMAT);
    digest.absorb_text(crate::build());
    absorb_number(&mut digest, u64::from(sweep.windows));
    absorb_number(&mut digest, sweep.measures.len() as u64);
    for measure in &sweep.measures {
        digest.absorb_text(&measure.to_string());
    }
    digest
}

/// Adds a scenario, but for what no record depends on: its title, and the seed that it proposes.
fn with_scenario(mut digest: Digest, scenario: &Scenario) -> Digest {
    let anonymous = Scenario {
        title: None,
        seed: 0,
        ..scenario.clone()
    };
    fingerprint::absorb(&mut digest, &anonymous);
    digest
}

fn with_seed(mut digest: Digest, seed: u64) -> RunKey {
    absorb_number(&mut digest, seed);
    RunKey(digest.value())
}

fn absorb_number(digest: &mut Digest, number: u64) {
    digest.absorb(SimTime::ZERO, [number, 0]);
}
