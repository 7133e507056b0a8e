//! The pending events of a run, in total order (time, sequence number).
//!
//! Three places hold an event until its time comes:
//!
//! - a **lane** for each fixed delay (a timeout, a constant link). Its events come due in the order
//!   in which they were scheduled, so a ring suffices, and only the ring's head competes for being next;
//! - the **ladder** for irregular delays: eleven levels of 64 buckets over the 6-bit digits of the
//!   time. An event lies on the level of the highest digit in which its time differs from `base`;
//! - **near**: the earliest bucket of the ladder, sorted, from which events are taken.
//!
//! The first 65,536 sequence numbers are kept for *early* events, which come ahead of all others of their
//! instant whenever they were scheduled: so a run that is told of its faults late is the same as one that
//! knew of them from the beginning.
//!
//! A key packs time (64 bits), sequence number (40) and slot (24) into 16 bytes; the event itself
//! lies in a slab. A slot remembers the sequence number of its tenant, so a key is alive exactly
//! if the two agree: cancelling frees the slot at once, and the dead key is dropped when reached.
//!
//! Invariants: every key in a bucket is later than every key in `near` and not before `base`; keys
//! that are yet to come go to `near` if due before `near_end`, else to a bucket; the head of a lane is
//! alive.
//!
//! Complexity: scheduling and cancelling O(1), taking the next O(1) amortised (a key descends at
//! most eleven levels, in practice two or three); lanes add O(log lanes) when a head changes.
//! Memory: 16 bytes of key and 8 bytes beside the event, per pending event.
//!
//! Source: the radix heap of Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest
//! path problem" (1990), and hierarchical timing wheels, Varghese and Lauck (1987).

mod ladder;
pub mod slow;
#[cfg(test)]
mod tests;

use self::ladder::{Bucket, DIGIT, Ladder, grow, prefetch};
use crate::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Bits of a key that name the slot.
const SLOT_BITS: u32 = 24;
/// Most events that can be pending at once; the last slot number stands for "none".
const SLOT_LIMIT: usize = (1 << SLOT_BITS) - 1;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
/// Sequence numbers stay below this one, which marks a free slot.
const FREE: u64 = (1 << 40) - 1;
/// Sequence numbers below this one are the ranks of early events.
const EARLY: u64 = 1 << 16;
/// In place of a lane or of the next free slot.
const NOTHING: u64 = SLOT_MASK;
/// Later than every key.
const NO_KEY: u128 = u128::MAX;

/// A bucket with at most so many keys is sorted rather than spread over the level below.
const SORT_AT_MOST: usize = 64;
/// `near` is filled with the next small buckets too until it has so many keys.
const GATHER: usize = 24;
/// `near` hands its later keys back to the ladder when it grows beyond this, keeping `NEAR_KEEP`.
const NEAR_MAX: usize = 192;
const NEAR_KEEP: usize = 64;
/// `near` can only outgrow this with keys before `base`, which the ladder then has to be rebuilt for.
const NEAR_REBUILD: usize = 4096;

/// Names one scheduled event, so that it can be cancelled. Never names another event later on.
///
/// Aligned to four bytes, as frames and slots of the models keep many of them beside smaller numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct EventId(u64);

impl EventId {
    /// Names no event.
    pub const NONE: Self = Self(u64::MAX);

    /// Whether this is [`EventId::NONE`].
    #[inline]
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

impl Default for EventId {
    fn default() -> Self {
        Self::NONE
    }
}

/// Names the lane of one fixed delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneId(u16);

/// An event and who lives here: sequence number << 24 | lane, or FREE << 24 | next free slot.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Entry<E: Copy> {
    event: E,
    stamp: u64,
}

/// The keys of one fixed delay.
#[derive(Clone, Debug)]
struct Lane {
    delay: SimDuration,
    keys: VecDeque<u128>,
}

/// The pending events of a run.
#[derive(Clone, Debug)]
pub struct Agenda<E: Copy> {
    now: SimTime,
    sequence: u64,
    slab: Vec<Entry<E>>,
    free: u64,
    pending: usize,
    /// The earliest keys, latest first.
    near: Vec<u128>,
    near_end: u64,
    ladder: Ladder,
    /// Cancelled keys that `near` or the ladder still hold.
    dead: usize,
    /// Keys that `near` and the ladder hold.
    held: usize,
    /// Slots that were made for early events.
    early: usize,
    /// Whether an event found no number left.
    full: bool,
    lanes: Vec<Lane>,
    /// The lanes' heads in a tournament: node i is the lesser of 2i and 2i + 1, lanes are leaves.
    heads: Vec<u128>,
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Copy> Agenda<E> {
    /// Bytes of a pending event: its key, and its place in the slab.
    pub const PER_EVENT: usize = size_of::<u128>() + size_of::<Entry<E>>();

    /// An empty agenda at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: SimTime::ZERO,
            sequence: EARLY,
            slab: Vec::new(),
            free: NOTHING,
            pending: 0,
            near: Vec::with_capacity(2 * NEAR_MAX),
            near_end: 0,
            ladder: Ladder::new(),
            dead: 0,
            held: 0,
            early: 0,
            full: false,
            lanes: Vec::new(),
            heads: vec![NO_KEY; 2],
        }
    }

    /// The time of the event taken last, or the time advanced to, whichever is later.
    #[inline]
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Moves the clock forward to `time`; no event before it may be pending.
    pub fn advance(&mut self, time: SimTime) {
        self.now = self.now.max(time);
    }

    /// The lane for events that come after exactly this delay; the same delay gives the same lane.
    ///
    /// # Panics
    /// If there would be more than 65 535 lanes.
    pub fn lane(&mut self, delay: SimDuration) -> LaneId {
        if let Some(known) = self.lanes.iter().position(|lane| lane.delay == delay) {
            return LaneId(known as u16);
        }
        let index = u16::try_from(self.lanes.len()).expect("at most 65 535 fixed delays");
        self.lanes.push(Lane {
            delay,
            keys: VecDeque::new(),
        });
        if self.lanes.len() > self.heads.len() / 2 {
            let leaves = self.lanes.len().next_power_of_two();
            self.heads = vec![NO_KEY; 2 * leaves];
            for (at, lane) in self.lanes.iter().enumerate() {
                self.heads[leaves + at] = lane.keys.front().copied().unwrap_or(NO_KEY);
            }
            for node in (1..leaves).rev() {
                self.heads[node] = self.heads[2 * node].min(self.heads[2 * node + 1]);
            }
        }
        LaneId(index)
    }

    /// Whether more than 2^24 - 1 events were to be pending at once, or more than 2^40 - 1 were scheduled.
    /// What found no room is lost, so the run must not go on.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Schedules an event at a point in time. A time that has passed is a bug of the caller and
    /// becomes now.
    #[inline]
    pub fn schedule_at(&mut self, at: SimTime, event: E) -> EventId {
        debug_assert!(at >= self.now, "{at} has passed, it is {}", self.now);
        let time = at.max(self.now);
        let Some(id) = self.house(event, NOTHING) else {
            return EventId::NONE;
        };
        self.hold(u128::from(time.0) << 64 | u128::from(id));
        EventId(id)
    }

    /// Schedules an event after an irregular delay from now.
    #[inline]
    pub fn schedule_after(&mut self, delay: SimDuration, event: E) -> EventId {
        self.schedule_at(self.now + delay, event)
    }

    /// Schedules an event after the lane's delay from now.
    #[inline]
    pub fn schedule_lane(&mut self, lane: LaneId, event: E) -> EventId {
        let Some(id) = self.house(event, u64::from(lane.0)) else {
            return EventId::NONE;
        };
        let index = usize::from(lane.0);
        let lane = &mut self.lanes[index];
        let key = u128::from((self.now + lane.delay).0) << 64 | u128::from(id);
        lane.keys.push_back(key);
        if lane.keys.len() == 1 {
            self.set_head(index, key);
        }
        EventId(id)
    }

    /// Schedules an event ahead of all others of its instant but the early ones of lower rank. When it
    /// is scheduled makes no difference, as long as its time has not come. No rank is used twice.
    pub fn schedule_early(&mut self, at: SimTime, rank: u16, event: E) -> EventId {
        debug_assert!(at >= self.now, "{at} has passed, it is {}", self.now);
        let time = at.max(self.now);
        let slot = self.slab.len();
        if slot >= SLOT_LIMIT {
            self.full = true;
            return EventId::NONE;
        }
        // Always a slot of its own, so that those of all others do not depend on it.
        grow(
            &mut self.slab,
            Entry {
                event,
                stamp: u64::from(rank) << SLOT_BITS | NOTHING,
            },
        );
        self.early += 1;
        self.pending += 1;
        let id = u64::from(rank) << SLOT_BITS | slot as u64;
        // At the very end of `near` there may be keys that it comes before.
        let near = time.0 <= self.near_end;
        self.hold_in(u128::from(time.0) << 64 | u128::from(id), near);
        EventId(id)
    }

    /// Cancels a pending event and returns it; `None` if it has run, was cancelled before, or is
    /// [`EventId::NONE`].
    #[inline]
    pub fn cancel(&mut self, id: EventId) -> Option<E> {
        let slot = (id.0 & SLOT_MASK) as usize;
        let entry = self.slab.get(slot).copied()?;
        if entry.stamp >> SLOT_BITS != id.0 >> SLOT_BITS {
            return None;
        }
        self.vacate(slot);
        let lane = entry.stamp & SLOT_MASK;
        if lane == NOTHING {
            self.dead += 1;
            if self.dead > self.held / 2 + 4096 {
                self.rebuild();
            }
        } else {
            let lane = lane as usize;
            let leaf = self.heads.len() / 2 + lane;
            if self.heads[leaf] as u64 == id.0 {
                self.drop_head(lane);
            }
        }
        Some(entry.event)
    }

    /// When a pending event is due. In time proportional to the number of pending events, for
    /// an event of a lane to its logarithm: meant for rare occasions.
    #[must_use]
    pub fn due(&self, id: EventId) -> Option<SimTime> {
        let entry = self.slab.get((id.0 & SLOT_MASK) as usize)?;
        if entry.stamp >> SLOT_BITS != id.0 >> SLOT_BITS {
            return None;
        }
        let lane = entry.stamp & SLOT_MASK;
        let key = if lane == NOTHING {
            let near = self.near.iter().copied();
            near.chain(self.ladder.keys())
                .find(|key| *key as u64 == id.0)
        } else {
            // Ids of one lane ascend: the sequence number leads.
            let keys = &self.lanes[lane as usize].keys;
            keys.binary_search_by(|key| (*key as u64).cmp(&{ id.0 }))
                .ok()
                .map(|at| keys[at])
        };
        key.map(|key| SimTime((key >> 64) as u64))
    }

    /// Takes the next event if it is due at `end` or before, and moves the clock to its time.
    #[inline]
    pub fn pop_until(&mut self, end: SimTime) -> Option<(SimTime, E)> {
        loop {
            let head = self.heads[1];
            if self.near.is_empty() && !self.ladder.is_empty() {
                self.refill(end.0.min((head >> 64) as u64));
            }
            let near = self.near.last().copied().unwrap_or(NO_KEY);
            let key = near.min(head);
            let time = SimTime((key >> 64) as u64);
            if time > end || key == NO_KEY {
                return None;
            }
            let slot = (key as u64 & SLOT_MASK) as usize;
            let entry = self.slab[slot];
            if near < head {
                self.near.pop();
                self.held -= 1;
                if entry.stamp >> SLOT_BITS != (key as u64) >> SLOT_BITS {
                    self.dead -= 1;
                    continue;
                }
                self.vacate(slot);
            } else {
                self.vacate(slot);
                self.drop_head((entry.stamp & SLOT_MASK) as usize);
            }
            debug_assert!(
                time >= self.now,
                "the clock was advanced past a pending event"
            );
            self.now = time;
            return Some((time, entry.event));
        }
    }

    /// How many events are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending
    }

    /// Whether no event is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// Bytes held, spare capacity included.
    #[must_use]
    pub fn memory(&self) -> usize {
        let keys: usize = self.lanes.iter().map(|lane| lane.keys.capacity()).sum();
        self.slab.capacity() * size_of::<Entry<E>>()
            + (keys + self.near.capacity() + self.heads.capacity()) * size_of::<u128>()
            + self.ladder.memory()
            + self.lanes.capacity() * size_of::<Lane>()
            + size_of::<Self>()
    }

    /// Bytes that the events take which are pending or were at the peak, early ones aside. Unlike
    /// [`Agenda::memory`] it depends on what was scheduled and nothing else: not on spare capacity,
    /// which a clone does not have, nor on when early events were scheduled.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let in_lanes: usize = self.lanes.iter().map(|lane| lane.keys.len()).sum();
        (self.slab.len() - self.early) * Self::PER_EVENT
            + in_lanes * size_of::<u128>()
            + self.ladder.fixed_memory()
            + size_of::<Self>()
    }

    /// Gives the event a slot and a sequence number; the lower half of its key. None if there is none left.
    #[inline(always)] // once for lanes and once for the rest, for each event
    fn house(&mut self, event: E, lane: u64) -> Option<u64> {
        let sequence = self.sequence;
        let none_free = self.free == NOTHING && self.slab.len() >= SLOT_LIMIT;
        if sequence >= FREE || none_free {
            self.full = true;
            return None;
        }
        self.sequence += 1;
        self.pending += 1;
        let entry = Entry {
            event,
            stamp: sequence << SLOT_BITS | lane,
        };
        let slot = self.free;
        if let Some(place) = self.slab.get_mut(slot as usize) {
            self.free = place.stamp & SLOT_MASK;
            *place = entry;
            return Some(sequence << SLOT_BITS | slot);
        }
        let slot = self.slab.len();
        grow(&mut self.slab, entry);
        Some(sequence << SLOT_BITS | slot as u64)
    }

    /// Makes the slot free.
    #[inline]
    fn vacate(&mut self, slot: usize) {
        self.slab[slot].stamp = FREE << SLOT_BITS | self.free;
        self.free = slot as u64;
        self.pending -= 1;
    }

    #[inline]
    fn alive(slab: &[Entry<E>], key: u128) -> bool {
        let id = key as u64;
        slab[(id & SLOT_MASK) as usize].stamp >> SLOT_BITS == id >> SLOT_BITS
    }

    /// Puts a key of irregular delay where it belongs.
    #[inline]
    fn hold(&mut self, key: u128) {
        self.hold_in(key, ((key >> 64) as u64) < self.near_end);
    }

    /// Puts a key into `near` or into the ladder.
    #[inline]
    fn hold_in(&mut self, key: u128, near: bool) {
        self.held += 1;
        if !near {
            self.ladder.push(key);
            return;
        }
        let at = self.near.partition_point(|other| *other > key);
        self.near.insert(at, key);
        if self.near.len() > NEAR_MAX {
            self.shrink_near();
        }
    }

    /// Hands the later keys of `near` back to the ladder.
    #[cold]
    fn shrink_near(&mut self) {
        // What lies before the base has no place in the ladder.
        let base = self.ladder.base;
        let movable = self.near.partition_point(|key| (key >> 64) as u64 >= base);
        let moved = movable.min(self.near.len() - NEAR_KEEP);
        for key in self.near.drain(..moved) {
            self.ladder.push(key);
        }
        // A later key at the very time of the last one kept has a higher number than all in `near`.
        self.near_end = base.max((self.near[0] >> 64) as u64);
        if self.near.len() > NEAR_REBUILD {
            self.rebuild();
        }
    }

    /// Drops all dead keys and lays the ladder out anew from now on.
    #[cold]
    fn rebuild(&mut self) {
        let mut keys = std::mem::take(&mut self.near);
        keys.extend(self.ladder.keys());
        let slab = &self.slab;
        keys.retain(|key| Self::alive(slab, *key));
        self.ladder = Ladder::new();
        self.ladder.base = self.now.0;
        self.near = Vec::with_capacity(2 * NEAR_MAX);
        self.near_end = self.now.0;
        self.dead = 0;
        self.held = keys.len();
        for key in keys {
            self.ladder.push(key);
        }
    }

    /// Sorts the earliest keys of the ladder into `near`, unless their bucket begins after `limit`:
    /// taking it would move the base beyond times for which events may still be scheduled.
    fn refill(&mut self, limit: u64) {
        while let Some((level, digit, start)) = self.ladder.first() {
            if start > limit {
                return;
            }
            let bucket = self.ladder.detach(level, digit);
            self.ladder.base = start;
            if bucket.len() > SORT_AT_MOST && level > 0 {
                self.near_end = start;
                self.ladder.spread(bucket);
                continue;
            }
            self.gather(level, start, bucket);
            if !self.near.is_empty() {
                return;
            }
        }
    }

    /// Sorts a bucket into `near`, and those behind it on its level as long as they are small.
    fn gather(&mut self, level: u32, start: u64, bucket: Bucket) {
        let mut last = start;
        let mut sorted = 0;
        self.ladder.collect(bucket, &mut self.near);
        loop {
            for key in &self.near[sorted..] {
                prefetch(&self.slab[(*key as u64 & SLOT_MASK) as usize]);
            }
            self.near[sorted..].sort_unstable();
            sorted = self.near.len();
            let Some((next_level, digit, start)) = self.ladder.first() else {
                break;
            };
            if sorted >= GATHER || next_level > level {
                break;
            }
            if sorted + self.ladder.count(level, digit) > SORT_AT_MOST {
                break;
            }
            let bucket = self.ladder.detach(level, digit);
            self.ladder.collect(bucket, &mut self.near);
            last = start;
        }
        self.near.reverse();
        // On the lowest level a bucket is one instant, and what comes for it now comes last.
        self.near_end = match level {
            0 => last,
            _ => last.saturating_add(1 << (level * DIGIT)),
        };
        // Looking at all slots in one go lets their cache misses overlap.
        let slab = &self.slab;
        let alive = |key: &u128| Self::alive(slab, *key);
        let dropped = sorted - self.near.iter().filter(|key| alive(key)).count();
        if dropped > 0 {
            self.near.retain(alive);
            self.dead -= dropped;
            self.held -= dropped;
        }
    }

    /// Drops the head of a lane and all dead keys behind it.
    #[inline]
    fn drop_head(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        lane.keys.pop_front();
        let mut head = NO_KEY;
        while let Some(&key) = lane.keys.front() {
            if Self::alive(&self.slab, key) {
                head = key;
                break;
            }
            lane.keys.pop_front();
        }
        self.set_head(index, head);
    }

    /// Enters the new head of a lane into the tournament.
    #[inline]
    fn set_head(&mut self, index: usize, key: u128) {
        let heads = self.heads.as_mut_slice();
        let mut node = heads.len() / 2 + index;
        heads[node] = key;
        while node > 1 {
            node /= 2;
            let least = heads[2 * node].min(heads[2 * node + 1]);
            if heads[node] == least {
                return;
            }
            heads[node] = least;
        }
    }
}
