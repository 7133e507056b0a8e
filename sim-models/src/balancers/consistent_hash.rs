//! Consistent hashing: requests for one key go to one instance, as long as there is room.
//!
//! Every instance has a place in an order of its own for each key (rendezvous hashing, or highest random weight: the hash
//! of key and instance), and the first of those that are not passed by is asked. So all callers agree without a word,
//! and where an instance comes or goes only its own keys move. It is what gives each instance a part of the data to
//! keep in its cache; and a key that many ask for makes one instance hot.
//!
//! With `bound` no instance has more than so many times the mean of this caller's requests out (and one more at least):
//! who would be beyond goes to the next in the order of the key. Requests without a key go to any instance.
//!
//! Source: D. Thaler and C. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on
//! Networking 6 (1998); V. Mirrokni, M. Thorup and M. Zadimoghaddam, "Consistent hashing with bounded loads" (2017);
//! elsewhere Envoy `RING_HASH` and `MAGLEV` with `hash_balance_factor`, HAProxy `hash-balance-factor`.

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source, mix};

/// Requests for one key go to one instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistentHash {
    /// How many times the mean of the requests out an instance may have, above 1; none: any number.
    #[serde(default)]
    pub bound: Option<f64>,
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

/// What the hashes of keys begin with.
const HASHES: u64 = 0x434F_4E53_4953_5445;

impl ConsistentHash {
    /// The most that an instance may have out, one more among them.
    fn room(&self, view: &View) -> u32 {
        let Some(bound) = self.bound else {
            return u32::MAX;
        };
        let out: u32 = view.numbers().map(|number| view.load(number)).sum();
        let mean = f64::from(out + 1) / f64::from(view.candidates());
        libm::ceil(bound * mean) as u32
    }
}

impl Balancer for ConsistentHash {
    type Memory = ();
    const SUMMARY: &'static str = "requests for one key go to one instance";
    const EXAMPLE: &'static str = "consistent_hash(bound: 1.25)";
    const COUNTS: bool = true;
    const BY_KEY: bool = true;
    const FORGETFUL: bool = false;

    fn memory(&self, _: u32) {}
    fn choose(&self, (): &mut (), view: &View, luck: &mut Keyed) -> u32 {
        if view.key == 0 {
            return view.at(luck.below(u64::from(view.candidates())) as u32);
        }
        let room = self.room(view);
        let of_key = mix(HASHES, u64::from(view.key));
        let open = view.numbers().filter(|number| view.load(*number) < room);
        let first = open.max_by_key(|number| mix(of_key, u64::from(*number)));
        first.unwrap_or(view.at(0))
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Other
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = self.panic.validate();
        if let Some(bound) = self.bound
            && !(bound.is_finite() && bound > 1.0)
        {
            wrong.push(("bound", format!("must be above 1, not {bound}")));
        }
        wrong
    }
}
