//! The states of policies: when their memories turned, and how long they were in each.

use crate::plan::EdgePlan;
use sim_core::SimTime;

/// The most turns of a policy that are kept; the rest is counted.
pub const MOST_TURNS: usize = 1000;

/// A memory turned from one state into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: SimTime,
    /// Which of the states of its policy it is: of which caller, which part of its memory, and which instance of the
    /// callee, the last one first.
    pub place: u32,
    /// From which of the states that the policy names.
    pub from: u8,
    /// To which.
    pub to: u8,
    /// Why, in words; empty where the policy does not say.
    pub why: String,
}

/// How many memories are in a state, over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    count: i64,
    since: SimTime,
    /// Count times nanoseconds since totals began, and since the window did.
    area: i128,
    window: i128,
}

impl Held {
    /// More are in it, or fewer: since then, which may be a while ago.
    fn add(&mut self, at: SimTime, change: i64) {
        let ago = if at >= self.since {
            self.pass(at);
            0
        } else {
            i128::from(self.since.since(at).0)
        };
        self.area += ago * i128::from(change);
        self.window += ago * i128::from(change);
        self.count += change;
    }

    fn pass(&mut self, now: SimTime) {
        let more = i128::from(self.count) * i128::from(now.since(self.since).0);
        self.area += more;
        self.window += more;
        self.since = now;
    }
}

/// A policy of an edge whose memories have states.
#[derive(Clone, Debug)]
pub struct StatesRecord {
    /// Which of the policies of its edge it is, from 0.
    pub layer: usize,
    /// How many states there are to be in: memories, or instances of the callee in memories.
    pub places: u32,
    /// How often one turned, in the whole run.
    pub turned: u64,
    /// The first of those turns.
    pub turns: Vec<Turn>,
    /// By window and state the share of its memories that was in it, on average over time.
    windows: Vec<f64>,
    held: Vec<Held>,
    since: SimTime,
    window_start: SimTime,
}

impl StatesRecord {
    /// Those of an edge at the start.
    pub(super) fn of_edge(edge: &EdgePlan) -> Vec<Self> {
        let layers = edge.layers.iter().enumerate();
        let layers = layers.filter_map(|(layer, plan)| {
            let states = plan.states?;
            let places = edge.memories_of(layer).len() as u32 * states.each;
            let none = Held {
                count: 0,
                since: SimTime::ZERO,
                area: 0,
                window: 0,
            };
            let mut held = vec![none; plan.spec.states().len()];
            held[usize::from(states.begins)].count = i64::from(places);
            Some(Self {
                layer,
                places,
                turned: 0,
                turns: Vec::new(),
                windows: Vec::new(),
                held,
                since: SimTime::ZERO,
                window_start: SimTime::ZERO,
            })
        });
        layers.collect()
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        // What turned before this window is told with its time, and counts from here on.
        let at = turn.at.max(self.window_start);
        self.held[usize::from(turn.from)].add(at, -1);
        self.held[usize::from(turn.to)].add(at, 1);
        self.turned += 1;
        if self.turns.len() < MOST_TURNS {
            self.turns.push(turn);
        }
    }

    /// Totals begin.
    pub(super) fn reset(&mut self, now: SimTime) {
        self.since = now;
        for held in &mut self.held {
            held.pass(now);
            held.area = 0;
        }
    }

    /// A window ends.
    pub(super) fn close(&mut self, now: SimTime) {
        let whole = now.since(self.window_start).as_nanos_f64() * f64::from(self.places);
        for held in &mut self.held {
            held.pass(now);
            let share = if whole > 0.0 {
                held.window as f64 / whole
            } else {
                held.count as f64 / f64::from(self.places.max(1))
            };
            self.windows.push(share);
            held.window = 0;
        }
        self.window_start = now;
    }

    /// The share of its memories that was in a state since totals began, on average over time.
    #[must_use]
    pub fn share(&self, state: usize, now: SimTime) -> f64 {
        let mut held = self.held[state];
        held.pass(now);
        let whole = now.since(self.since).as_nanos_f64() * f64::from(self.places);
        if whole > 0.0 {
            held.area as f64 / whole
        } else {
            held.count as f64 / f64::from(self.places.max(1))
        }
    }

    /// The share of its memories that was in a state, by window.
    pub fn by_window(&self, state: usize) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.windows[state.min(self.windows.len())..]
            .iter()
            .step_by(self.held.len())
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::SimDuration;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn record() -> StatesRecord {
        let held = |count| Held {
            count,
            since: SimTime::ZERO,
            area: 0,
            window: 0,
        };
        StatesRecord {
            layer: 0,
            places: 2,
            turned: 0,
            turns: Vec::new(),
            windows: Vec::new(),
            held: vec![held(2), held(0)],
            since: SimTime::ZERO,
            window_start: SimTime::ZERO,
        }
    }

    fn turn(seconds: u64, from: u8, to: u8) -> Turn {
        Turn {
            at: at(seconds),
            place: 0,
            from,
            to,
            why: String::new(),
        }
    }

    #[test]
    fn shares_are_of_time_and_of_memories() {
        let mut record = record();
        record.turn(turn(4, 0, 1));
        record.close(at(10));
        record.reset(at(10));
        // Told of late: it turned four seconds ago.
        record.turn(turn(14, 1, 0));
        record.turn(turn(18, 0, 1));
        record.turn(turn(16, 0, 1));
        record.close(at(20));
        assert_eq!(record.by_window(1).collect::<Vec<_>>(), [0.3, 0.5]);
        assert_eq!(record.by_window(0).collect::<Vec<_>>(), [0.7, 0.5]);
        assert_eq!(record.share(1, at(20)), 0.5);
        assert_eq!(record.share(0, at(30)), 0.25);
        assert_eq!((record.turned, record.turns.len()), (4, 4));
    }

    #[test]
    fn no_more_are_kept_than_can_be_told() {
        let mut record = record();
        for n in 0..2 * MOST_TURNS as u64 {
            let from = (n % 2) as u8;
            record.turn(turn(n, from, 1 - from));
        }
        assert_eq!(record.turned, 2 * MOST_TURNS as u64);
        assert_eq!(record.turns.len(), MOST_TURNS);
    }
}
