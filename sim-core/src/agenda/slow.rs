//! The obvious twin of [`Agenda`](super::Agenda), against which it is tested: one sorted list.
//!
//! Complexity: everything O(pending). Never for a real run.

use crate::time::{SimDuration, SimTime};

/// Names one scheduled event of a [`SlowAgenda`]: its sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowId(Option<u64>);

impl SlowId {
    /// Names no event.
    pub const NONE: Self = Self(None);
}

/// A list of pending events, sorted by (time, sequence number).
#[derive(Clone, Debug)]
pub struct SlowAgenda<E> {
    now: SimTime,
    sequence: u64,
    lanes: Vec<SimDuration>,
    list: Vec<(SimTime, u64, E)>,
}

impl<E: Copy> Default for SlowAgenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Copy> SlowAgenda<E> {
    /// An empty agenda at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: SimTime::ZERO,
            sequence: 1 << 16,
            lanes: Vec::new(),
            list: Vec::new(),
        }
    }

    /// The time of the event taken last, or the time advanced to, whichever is later.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, time: SimTime) {
        self.now = self.now.max(time);
    }

    /// The lane of a fixed delay, by its place in the order of first mention.
    pub fn lane(&mut self, delay: SimDuration) -> usize {
        let known = self.lanes.iter().position(|lane| *lane == delay);
        known.unwrap_or_else(|| {
            self.lanes.push(delay);
            self.lanes.len() - 1
        })
    }

    /// Schedules an event at a point in time, at the earliest now.
    pub fn schedule_at(&mut self, at: SimTime, event: E) -> SlowId {
        let (time, sequence) = (at.max(self.now), self.sequence);
        self.sequence += 1;
        let place = self.list.partition_point(|other| other.0 <= time);
        self.list.insert(place, (time, sequence, event));
        SlowId(Some(sequence))
    }

    /// Schedules an event ahead of all others of its instant but the early ones of lower rank.
    pub fn schedule_early(&mut self, at: SimTime, rank: u16, event: E) -> SlowId {
        let (time, sequence) = (at.max(self.now), u64::from(rank));
        let before = |other: &(SimTime, u64, E)| (other.0, other.1) < (time, sequence);
        let place = self.list.partition_point(before);
        self.list.insert(place, (time, sequence, event));
        SlowId(Some(sequence))
    }

    /// Schedules an event after a delay.
    pub fn schedule_after(&mut self, delay: SimDuration, event: E) -> SlowId {
        self.schedule_at(self.now + delay, event)
    }

    /// Schedules an event after the lane's delay.
    pub fn schedule_lane(&mut self, lane: usize, event: E) -> SlowId {
        self.schedule_after(self.lanes[lane], event)
    }

    fn place(&self, id: SlowId) -> Option<usize> {
        let sequence = id.0?;
        self.list.iter().position(|other| other.1 == sequence)
    }

    /// Cancels a pending event and returns it.
    pub fn cancel(&mut self, id: SlowId) -> Option<E> {
        self.place(id).map(|place| self.list.remove(place).2)
    }

    /// When a pending event is due.
    #[must_use]
    pub fn due(&self, id: SlowId) -> Option<SimTime> {
        self.place(id).map(|place| self.list[place].0)
    }

    /// Takes the next event if it is due at `end` or before.
    pub fn pop_until(&mut self, end: SimTime) -> Option<(SimTime, E)> {
        let (time, _, event) = *self.list.first().filter(|first| first.0 <= end)?;
        self.list.remove(0);
        self.now = time;
        Some((time, event))
    }

    /// How many events are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether no event is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
