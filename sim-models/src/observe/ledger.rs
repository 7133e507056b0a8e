//! What became of the requests that began in each window, whenever they ended: an answer that comes late
//! is entered in the row of the window in which its question came.
//!
//! Most requests end in the window in which they began, so a row is written when its window ends, and
//! only what is late costs more than that. Units: durations in nanoseconds.

use crate::outcome::Outcome;
use sim_core::metrics::Snapshot;
use sim_core::{SimDuration, SimTime};

/// Requests that must have ended after one that is called forgotten.
const OVERTAKEN: u64 = 20;
/// Of those that came after it, the share that must have.
const NEARLY_ALL: f64 = 0.9;
/// What happens by luck less often than this in a run is not called luck.
const LUCK: f64 = 0.001;

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
    /// How long those had waited that had not ended when the run did, but may yet.
    pub open: Snapshot,
    /// How long those had waited that are never answered, as far as can be told: see [`Ledger::settle`].
    pub forgotten: Snapshot,
}

impl Row {
    /// Those that ended, and those that never will.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.outcomes.iter().sum::<u64>() + self.forgotten.count
    }

    /// Those that failed, and those that never end.
    #[must_use]
    pub fn lost(&self) -> u64 {
        lost(&self.outcomes) + self.forgotten.count
    }
}

/// Those that failed.
#[must_use]
pub fn lost(outcomes: &ByOutcome) -> u64 {
    let failed = Outcome::ALL.iter().filter(|outcome| !outcome.is_success());
    failed.map(|outcome| outcomes[*outcome as usize]).sum()
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
            forgotten: Snapshot::default(),
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

    /// The run is over: tells those that are forgotten from those that only have not ended yet. A request is
    /// forgotten if it has waited for twice as long as any answer took, nearly all that came after it have
    /// ended, and it is not so all the time that some of a window do not end.
    pub fn settle(&mut self) {
        let took = self.rows.iter().filter(|row| row.answered.count > 0);
        let longest = took.map(|row| row.answered.max()).fold(0.0, f64::max);
        let (mut ended, mut all) = (0, 0);
        let mut found = Vec::new();
        for (n, row) in self.rows.iter().enumerate().rev() {
            let overtaken = ended >= OVERTAKEN && ended as f64 >= NEARLY_ALL * all as f64;
            if row.open.count > 0 && overtaken && row.open.quantile(0.0) > 2.0 * longest {
                found.push(n);
            }
            let own = row.outcomes.iter().sum::<u64>();
            let waits = if found.last() == Some(&n) {
                0
            } else {
                row.open.count
            };
            ended += own;
            all += own + waits;
        }
        if !self.always(found.len()) {
            for n in found {
                let row = &mut self.rows[n];
                row.forgotten = std::mem::take(&mut row.open);
            }
        }
    }

    /// Whether some do not end in so many of the windows as if it were so all the time: in more than half of those in
    /// which any began, and in between in no longer row of windows than luck explains.
    fn always(&self, found: usize) -> bool {
        let (mut busy, mut row, mut longest) = (0_usize, 0_usize, 0_usize);
        for window in &self.rows {
            if window.begun() + window.open.count > 0 {
                busy += 1;
                row = if window.open.count > 0 { 0 } else { row + 1 };
                longest = longest.max(row);
            }
        }
        let without = 1.0 - found as f64 / busy.max(1) as f64;
        2 * found > busy && busy as f64 * libm::pow(without, longest as f64) > LUCK
    }

    fn row(&mut self, arrived: SimTime) -> &mut Row {
        let window = (arrived.0 / self.width.0.max(1)) as usize;
        &mut self.rows[window]
    }
}
