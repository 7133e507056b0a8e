//! What became of the requests that began in each window, whenever they ended: an answer that comes late
//! is entered in the row of the window in which its question came.
//!
//! Most requests end in the window in which they began, so a row is written when its window ends, and
//! only what is late costs more than that. Units: durations in nanoseconds.

use crate::outcome::Outcome;
use sim_core::metrics::Snapshot;
use sim_core::{SimDuration, SimTime};

/// Counts by outcome.
pub type ByOutcome = [u64; Outcome::COUNT];

/// The requests that began in one window.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Ended by now, by outcome.
    pub outcomes: ByOutcome,
    /// How long answers took.
    pub answered: Snapshot,
    /// How long failures took.
    pub failed: Snapshot,
    /// How long those had waited that had not ended when the run did.
    pub open: Snapshot,
}

/// A row for each window that has ended.
#[derive(Clone, Debug)]
pub struct Ledger {
    width: SimDuration,
    /// By window.
    pub rows: Vec<Row>,
}

impl Ledger {
    /// No window has ended yet; each is so wide.
    #[must_use]
    pub fn new(width: SimDuration) -> Self {
        Self {
            width,
            rows: Vec::new(),
        }
    }

    /// A window ends; of those that began in it, these have ended.
    pub fn close(&mut self, outcomes: ByOutcome, answered: Snapshot, failed: Snapshot) {
        self.rows.push(Row {
            outcomes,
            answered,
            failed,
            open: Snapshot::default(),
        });
    }

    /// A request ended that arrived in a window that is over.
    pub fn late(&mut self, arrived: SimTime, took: SimDuration, outcome: Outcome) {
        let row = self.row(arrived);
        row.outcomes[outcome as usize] += 1;
        if outcome.is_success() {
            row.answered.add(took);
        } else {
            row.failed.add(took);
        }
    }

    /// A request had not ended when the run did.
    pub fn open(&mut self, arrived: SimTime, now: SimTime) {
        self.row(arrived).open.add(now.since(arrived));
    }

    fn row(&mut self, arrived: SimTime) -> &mut Row {
        let window = (arrived.0 / self.width.0.max(1)) as usize;
        &mut self.rows[window]
    }
}
