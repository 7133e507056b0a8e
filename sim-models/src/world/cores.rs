//! Cores that threads share: egalitarian processor sharing.
//!
//! While n threads compute on c cores each runs at rate min(1, c/n). In virtual time, which passes at
//! that rate, each job ends at a fixed point known when it begins, so a heap by that point is enough:
//! O(log n) per job, whatever the others do.
//!
//! Source: the virtual-time formulation of processor sharing (Parekh and Gallager 1993). Virtual time
//! is f64 nanoseconds of core time: only sums, products and quotients, which are the same everywhere.

use super::frame::FrameId;
use sim_core::agenda::EventId;
use sim_core::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A job: the bits of its end in virtual time (positive floats order as integers), its number, its frame.
type Job = Reverse<(u64, u64, u32, u32)>;

/// The cores of an instance.
#[derive(Clone, Debug)]
pub struct Cores {
    limit: Option<f64>,
    jobs: BinaryHeap<Job>,
    virtual_now: f64,
    since: SimTime,
    number: u64,
    /// When the first job ends.
    pub timer: EventId,
}

impl Cores {
    /// So many cores, idle; none: no contention.
    #[must_use]
    pub fn new(limit: Option<f64>) -> Self {
        Self {
            limit,
            jobs: BinaryHeap::new(),
            virtual_now: 0.0,
            since: SimTime::ZERO,
            number: 0,
            timer: EventId::NONE,
        }
    }

    /// Whether jobs share.
    #[inline]
    #[must_use]
    pub fn shared(&self) -> bool {
        self.limit.is_some()
    }

    /// How many jobs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Thousandths of cores that are busy.
    #[must_use]
    pub fn busy_milli(&self) -> i64 {
        let limit = self.limit.unwrap_or(f64::INFINITY);
        (limit.min(self.jobs.len() as f64) * 1000.0) as i64
    }

    fn rate(&self) -> f64 {
        (self.limit.unwrap_or(f64::INFINITY) / self.jobs.len() as f64).min(1.0)
    }

    /// Lets virtual time pass up to now.
    pub fn pass(&mut self, now: SimTime) {
        if self.jobs.is_empty() {
            // Start anew, so that long runs lose no precision.
            self.virtual_now = 0.0;
        } else {
            self.virtual_now += now.since(self.since).as_nanos_f64() * self.rate();
        }
        self.since = now;
    }

    /// Time stood still since then: it goes on from now.
    pub fn wake(&mut self, now: SimTime) {
        self.since = now;
    }

    /// A job of `demand` ns of core time begins.
    pub fn add(&mut self, now: SimTime, frame: FrameId, demand: f64) {
        self.pass(now);
        self.number += 1;
        let end = self.virtual_now + demand;
        self.jobs.push(Reverse((
            end.to_bits(),
            self.number,
            frame.index,
            frame.generation,
        )));
    }

    /// When the first job ends, if nothing changes.
    #[must_use]
    pub fn due(&self) -> Option<SimTime> {
        let Reverse((end, ..)) = self.jobs.peek()?;
        let left = (f64::from_bits(*end) - self.virtual_now).max(0.0) / self.rate();
        // Rounded up, so that the job is not taken before its end.
        Some(self.since + SimDuration(libm::ceil(left) as u64))
    }

    /// Takes the first job, which is due now.
    pub fn take(&mut self, now: SimTime) -> Option<FrameId> {
        self.pass(now);
        self.jobs
            .pop()
            .map(|Reverse((_, _, index, generation))| FrameId { index, generation })
    }

    /// Takes a job out before its end.
    pub fn remove(&mut self, now: SimTime, frame: FrameId) {
        self.pass(now);
        self.jobs.retain(|Reverse((_, _, index, generation))| {
            (*index, *generation) != (frame.index, frame.generation)
        });
    }

    /// Takes out all jobs.
    pub fn clear(&mut self, now: SimTime) {
        self.jobs.clear();
        self.pass(now);
    }
}
