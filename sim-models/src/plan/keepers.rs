//! Steps that keep something in instances, as a plan holds them.

use crate::ids::{OwnKeeperId, ServiceId};
use crate::scenario::steps::KeeperSpec;
use std::ops::Range;

/// A step that keeps something in each instance of its service.
#[derive(Clone, Debug)]
pub struct KeeperPlan {
    /// Endpoint and kind, `"get/cache"`, with a number from the second of them on.
    pub name: String,
    /// Its service.
    pub service: ServiceId,
    /// What it does.
    pub spec: KeeperSpec,
    /// Keys that requests may have, with that of those without.
    pub keys: u32,
    /// What the first instance keeps; that of the others follows.
    pub first: OwnKeeperId,
    /// Which of the counters of all of them are its own.
    pub counters: Range<usize>,
}
