//! What a breaker has heard of late: how many calls, how many of them failed, how many were slow. By count, or by time
//! in buckets.

use super::settings::{Moves, TimeWindow, Window};
use sim_core::{SimDuration, SimTime};

/// Calls, and how they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that count.
    pub calls: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that were slow.
    pub slow: u32,
}

impl Counts {
    /// One result.
    pub fn one(failed: bool, slow: bool) -> Self {
        Self {
            calls: 1,
            failed: u32::from(failed),
            slow: u32::from(slow),
        }
    }

    /// Takes in others.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.slow += other.slow;
    }

    fn remove(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

/// What a breaker has heard of late.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// It counts nothing of this kind.
    Nothing,
    /// The last results.
    Calls(Ring),
    /// Those of a span.
    Time(Buckets),
}

impl Heard {
    /// Before the first call.
    pub fn new(window: &Window) -> Self {
        match window {
            Window::Calls(size) => Self::Calls(Ring {
                results: vec![EMPTY; *size as usize],
                next: 0,
                total: Counts::default(),
            }),
            Window::Time(window) => Self::Time(Buckets {
                slots: vec![Bucket::default(); window.buckets as usize],
                current: 0,
                number: 0,
                origin: SimTime::ZERO,
                total: Counts::default(),
            }),
        }
    }

    /// Bytes that the memory of a window takes beside itself.
    pub fn heap(window: &Window) -> usize {
        match window {
            Window::Calls(size) => *size as usize,
            Window::Time(window) => window.buckets as usize * size_of::<Bucket>(),
        }
    }

    /// Takes in what has just been heard.
    pub fn add(&mut self, window: &Window, now: SimTime, counts: Counts) {
        match (self, window) {
            (Self::Calls(ring), _) => ring.add(counts),
            (Self::Time(buckets), Window::Time(window)) => {
                buckets.slide(window, now);
                buckets.slots[buckets.current].counts.add(counts);
                buckets.total.add(counts);
            }
            _ => {}
        }
    }

    /// All that counts by now.
    pub fn total(&self, window: &Window, now: SimTime) -> Counts {
        match (self, window) {
            (Self::Calls(ring), _) => ring.total,
            (Self::Time(buckets), Window::Time(window)) => buckets.total(window, now),
            _ => Counts::default(),
        }
    }

    /// Forgets all. Buckets that snapshots are taken of begin anew then.
    pub fn clear(&mut self, now: SimTime, aligned: bool) {
        match self {
            Self::Nothing => {}
            Self::Calls(ring) => {
                ring.results.fill(EMPTY);
                ring.total = Counts::default();
            }
            Self::Time(buckets) => {
                buckets.slots.fill(Bucket::default());
                buckets.total = Counts::default();
                if aligned {
                    (buckets.origin, buckets.number) = (now, 0);
                }
            }
        }
    }

    /// Buckets count from then.
    pub fn begin(&mut self, now: SimTime) {
        if let Self::Time(buckets) = self {
            buckets.origin = now;
        }
    }

    /// How many buckets of the clock have ended.
    pub fn ends(&self, window: &Window, now: SimTime) -> u64 {
        match (self, window) {
            (Self::Time(buckets), Window::Time(window)) => {
                now.since(buckets.origin).0 / window.bucket().0
            }
            _ => 0,
        }
    }

    /// The first end of a bucket, after so many that were looked at already and by now, at which what the window holds
    /// is found guilty; and how many ends there are by now.
    pub fn snapshot(
        &self,
        window: &TimeWindow,
        seen: u64,
        now: SimTime,
        guilty: impl Fn(Counts) -> bool,
    ) -> (Option<SimTime>, u64) {
        let Self::Time(buckets) = self else {
            return (None, seen);
        };
        let count = buckets.slots.len() as u64;
        let ends = now.since(buckets.origin).0 / window.bucket().0;
        let mut left = buckets.total;
        for end in buckets.number..ends.min(buckets.number + count) {
            // The buckets that have left the window by this end.
            if end > buckets.number {
                let gone = (buckets.current as u64 + end - buckets.number) % count;
                left.remove(buckets.slots[gone as usize].counts);
            }
            if end >= seen && guilty(left) {
                let at = SimDuration(window.bucket().0.saturating_mul(end + 1));
                return (Some(buckets.origin + at), end + 1);
            }
        }
        (None, ends.max(seen))
    }
}

/// The last results, as bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    results: Vec<u8>,
    next: usize,
    total: Counts,
}

const EMPTY: u8 = 0;
const CALL: u8 = 1;
const FAILED: u8 = 2;
const SLOW: u8 = 4;

fn counted(result: u8) -> Counts {
    Counts {
        calls: u32::from(result & CALL != 0),
        failed: u32::from(result & FAILED != 0),
        slow: u32::from(result & SLOW != 0),
    }
}

impl Ring {
    fn add(&mut self, counts: Counts) {
        let failed = if counts.failed > 0 { FAILED } else { 0 };
        let slow = if counts.slow > 0 { SLOW } else { 0 };
        let result = CALL | failed | slow;
        let before = std::mem::replace(&mut self.results[self.next], result);
        self.total.remove(counted(before));
        self.total.add(counted(result));
        self.next = (self.next + 1) % self.results.len();
    }
}

/// Results by time.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    slots: Vec<Bucket>,
    current: usize,
    /// Which of all buckets of the clock the current one is.
    number: u64,
    /// When the first bucket of the clock began.
    origin: SimTime,
    total: Counts,
}

/// Results of one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    counts: Counts,
    /// When it began, where buckets begin with a call.
    began: SimTime,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            began: SimTime::MAX,
        }
    }
}

impl Bucket {
    /// Whether it is too old, where what is older than the window is forgotten.
    fn is_over(&self, span: SimDuration, now: SimTime) -> bool {
        self.began != SimTime::MAX && now.since(self.began) >= span
    }
}

impl Buckets {
    /// Moves on to the bucket of now.
    fn slide(&mut self, window: &TimeWindow, now: SimTime) {
        match window.moves {
            Moves::Clock => {
                let number = now.since(self.origin).0 / window.bucket().0;
                for _ in self.number..number.min(self.number + self.slots.len() as u64) {
                    self.step(SimTime::MAX);
                }
                self.number = number;
            }
            Moves::Calls | Moves::Turns => {
                let current = self.slots[self.current];
                if current.began == SimTime::MAX || current.is_over(window.bucket(), now) {
                    self.step(now);
                }
                if window.moves == Moves::Calls {
                    for slot in &mut self.slots {
                        if slot.is_over(window.span, now) {
                            self.total.remove(slot.counts);
                            *slot = Bucket::default();
                        }
                    }
                }
            }
        }
    }

    /// The next bucket takes the place of the oldest.
    fn step(&mut self, began: SimTime) {
        self.current = (self.current + 1) % self.slots.len();
        let before = std::mem::replace(
            &mut self.slots[self.current],
            Bucket {
                counts: Counts::default(),
                began,
            },
        );
        self.total.remove(before.counts);
    }

    /// What counts by now.
    fn total(&self, window: &TimeWindow, now: SimTime) -> Counts {
        let mut total = self.total;
        match window.moves {
            Moves::Clock => {
                let number = now.since(self.origin).0 / window.bucket().0;
                let count = self.slots.len();
                for gone in 1..=(number - self.number).min(count as u64) as usize {
                    total.remove(self.slots[(self.current + gone) % count].counts);
                }
            }
            Moves::Calls => {
                let over = self
                    .slots
                    .iter()
                    .filter(|slot| slot.is_over(window.span, now));
                over.for_each(|slot| total.remove(slot.counts));
            }
            Moves::Turns => {}
        }
        total
    }
}
