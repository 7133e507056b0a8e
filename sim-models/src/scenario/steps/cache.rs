//! A cache in each instance: what was found for a key is remembered, and who asks for it again does without the steps
//! that find it.
//!
//! Entries live for `ttl` from when they were found (reading one does not lengthen its life), and with `size` the one
//! that was used least recently makes room for a new one (LRU). One that is too old takes up its place until somebody
//! asks for it or it is put out, as in memcached. Two requests for one key that both miss both run the steps: a
//! `coalesce` on the call inside keeps them from asking twice. Nothing is remembered of requests that fail, that lack a
//! part of their answer, or that have no key. Each `cache` that is written is one of its own, in each instance, and
//! empty when its instance starts.
//!
//! Source: P. Denning, "The working set model for program behavior", CACM 11 (1968), for LRU; J. Jung, A. Berger and
//! H. Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003; R. Nishtala et al., "Scaling Memcache at
//! Facebook", NSDI 2013, for cold caches; N. Bronson et al., "Metastable failures in distributed systems", HotOS 2021.

use super::{Assembler, Check, Context, Go, Keeper, KeeperSpec, Lists, Part, Step, StepKind, at};
use crate::scenario::diagnostics::Code;
use serde::{Deserialize, Serialize};
use sim_core::random::Source;
use sim_core::{SimDuration, SimTime};

/// Goes on at once with what the instance remembers for the key of the request, else runs steps and remembers what they
/// found. Keys come with workloads (`keys`); without one a request finds nothing.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheStep {
    /// What a request does that finds nothing.
    pub on_miss: Vec<Step>,
    /// How long an entry is good; for ever, unless this says otherwise.
    #[serde(default)]
    pub ttl: Option<SimDuration>,
    /// By what share of `ttl` at most the life of an entry is cut short, drawn for each alike: spreads the ends of those
    /// that were found together.
    #[serde(default)]
    pub jitter: f64,
    /// How many entries there is room for in one instance; for all keys, unless this says otherwise.
    #[serde(default)]
    pub size: Option<u32>,
    /// Whether entries outlive a crash of the instance, as on a disk.
    #[serde(default)]
    pub persistent: bool,
}

impl StepKind for CacheStep {
    const SUMMARY: &'static str =
        "goes on with what the instance remembers for the key, else runs steps and remembers";
    const EXAMPLE: &'static str = r#"cache(ttl: "60s", size: 1000, on_miss: [call("db/find")])"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::AtTimes(&self.on_miss)]
    }
    fn lists(&self) -> Lists<'_> {
        vec![(at!["on_miss"].to_vec(), self.on_miss.as_slice())]
    }
    fn check(&self, found: &mut dyn Check) {
        let mut wrong = |field, message: &str| {
            found.wrong(Code::Count, at![field], message.into());
        };
        if self.ttl == Some(SimDuration::ZERO) {
            wrong(
                "ttl",
                "must be longer than zero: nothing would be found again",
            );
        }
        if self.size == Some(0) {
            wrong("size", "must be at least 1: nothing would be remembered");
        }
        found.share(self.jitter, at!["jitter"], "of `ttl`");
        if self.on_miss.is_empty() {
            let message = "`cache` has nothing in `on_miss`: there is nothing to find or remember";
            found.wrong(Code::Need, at!["on_miss"], message.into());
        }
        if self.jitter > 0.0 && self.ttl.is_none() {
            let message = "`jitter` is a share of `ttl`, and there is none";
            let help = "give a `ttl`, or leave `jitter` out";
            found
                .wrong(Code::Need, at!["jitter"], message.into())
                .push(help.into());
        }
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        to.keeper(KeeperSpec::Cache(self.clone()), &self.on_miss)
    }
}

/// An entry, or the place of one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Entry {
    /// Until when it is good; at zero: it is not there.
    until: SimTime,
    /// The key that was used next after it; 0 of the last one used.
    newer: u32,
    /// The key that was used next before it; 0 of the first one to go.
    older: u32,
}

/// What one instance remembers: a place for each key, and those that are taken in a ring, from the place of key 0, which
/// nobody asks for, to the one used last and on to the one used first.
#[derive(Clone, Debug)]
pub struct Cached {
    entries: Vec<Entry>,
    /// How many there are.
    count: u32,
}

impl Cached {
    fn unlink(&mut self, key: u32) {
        let Entry { newer, older, .. } = self.entries[key as usize];
        self.entries[newer as usize].older = older;
        self.entries[older as usize].newer = newer;
    }

    /// Becomes the one used last.
    fn link(&mut self, key: u32) {
        let last = std::mem::replace(&mut self.entries[0].older, key);
        self.entries[last as usize].newer = key;
        let entry = &mut self.entries[key as usize];
        (entry.newer, entry.older) = (0, last);
    }

    fn is_there(&self, key: u32) -> bool {
        self.entries[key as usize].until > SimTime::ZERO
    }

    fn remove(&mut self, key: u32) {
        self.unlink(key);
        self.entries[key as usize].until = SimTime::ZERO;
        self.count -= 1;
    }
}

impl Keeper for CacheStep {
    type Memory = Cached;
    const COUNTERS: &'static [&'static str] = crate::counted::CACHE;
    const BY_KEY: bool = true;
    const WORDS: [&'static str; 2] = ["miss", "hit"];

    fn memory(&self, keys: u32) -> Cached {
        Cached {
            entries: vec![Entry::default(); keys as usize],
            count: 0,
        }
    }
    fn bytes(&self, keys: u64) -> u64 {
        keys * size_of::<Entry>() as u64
    }
    fn survives(&self) -> bool {
        self.persistent
    }
    fn decide(&self, cached: &mut Cached, context: &mut Context<'_>) -> Go {
        let [hits, misses, _, expired] = context.counters else {
            unreachable!("it counts what it says it counts");
        };
        let key = context.key;
        if key > 0 && cached.is_there(key) {
            if cached.entries[key as usize].until > context.now {
                *hits += 1;
                cached.unlink(key);
                cached.link(key);
                return Go::Past;
            }
            *expired += 1;
            cached.remove(key);
        }
        *misses += 1;
        Go::In
    }
    fn done(&self, cached: &mut Cached, context: &mut Context<'_>) {
        let key = context.key;
        if key == 0 || context.degraded {
            return;
        }
        // Somebody else may have found it meanwhile.
        if cached.is_there(key) {
            cached.remove(key);
        }
        let life = |ttl: SimDuration| {
            let cut = self.jitter * context.draw.uniform();
            context.now + (ttl - SimDuration::from_nanos_f64(ttl.0 as f64 * cut))
        };
        let until = self.ttl.map_or(SimTime::MAX, life);
        if until == SimTime::ZERO {
            return;
        }
        cached.link(key);
        cached.entries[key as usize].until = until;
        cached.count += 1;
        if self.size.is_some_and(|size| cached.count > size) {
            // The ring ends at key 0, whose neighbour on that side was used first.
            let first = cached.entries[0].newer;
            cached.remove(first);
            context.counters[2] += 1;
        }
    }
}
