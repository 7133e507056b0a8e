//! Stretches in which the answers to a workload fall behind what it offers.
//!
//! A request that is under way is no failure: it may be one that takes long. What tells is how long
//! requests took before. Of those that are under way at the end of a window, at most as many are younger
//! than a given time as arrived within it, so the others are older: they are *overdue* if that time is
//! twice the longest that any request took before. An answer can be late without being lost; a stretch
//! in which requests become overdue while nothing is answered late is one in which they *hang*.

use super::recorder::WorkloadWindow;
use sim_core::metrics::Snapshot;
use sim_core::stats::{evidence_needed, too_many};
use std::ops::Range;

/// The chance with which healthy traffic is taken for one that falls behind, anywhere in a run.
const CHANCE: f64 = 1e-6;
/// So many times as long as the longest request before is too long.
const PATIENCE: f64 = 2.0;
/// Windows before the one looked at that do not count as before: what goes wrong little by little must
/// not become its own excuse.
const LAG: usize = 5;
/// Requests that must have ended before anything is known about how long they take.
const KNOWN: u64 = 20;
/// So many times as long as the longest request a workload must have gone on: before that, only the short
/// ones can have ended.
const SEASONED: f64 = 4.0;
/// Windows in a row that it takes.
const LASTING: usize = 3;
/// Windows without a new largest number of overdue requests, after which answers keep up again.
const PAUSE: usize = 10;
/// So many times as long as a stretch lasted, late answers may be those to its requests.
const MOURNS: usize = 10;
/// Windows before a silence whose answers tell how many there usually are.
const BEFORE: usize = 30;
/// Answers to offers below which answers fall behind.
const BEHIND: f64 = 0.9;

/// A stretch in which answers fall behind offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// Its windows: from where answers fall behind to where they keep up again.
    pub windows: Range<usize>,
    /// Requests that are overdue at its end, at least.
    pub overdue: u64,
    /// How long those have waited, at least, s.
    pub waited: f64,
    /// Whether nothing at all ended meanwhile.
    pub silent: bool,
    /// Whether all that ended meanwhile did so in time, so that the others are not late, but hang.
    pub hangs: bool,
    /// Whether it goes on to the end of the run.
    pub open: bool,
}

/// How a workload did in each window: see [`super::recorder::WorkloadRecord::windows`].
type Windows = [(WorkloadWindow, Snapshot, Snapshot)];

/// The stretches in which a workload's answers fall behind, in order. `width` is that of a window, s.
#[must_use]
pub fn behind(windows: &Windows, width: f64) -> Vec<Behind> {
    let flow = Flow::new(windows);
    let begins = flow.offered.iter().take_while(|count| **count == 0).count();
    let mut found: Vec<Behind> = Vec::new();
    let (mut known, mut longest) = (0, 0.0);
    let mut open: Option<Open> = None;
    let mut after: Option<Aftermath> = None;
    // What ended in windows before this one is no measure of what is usual.
    let mut learns_from = 0;
    for at in 0..windows.len() {
        if let Some(one) = &mut open {
            let overdue = flow.overdue(at, one.lag);
            let still = overdue == one.most && flow.ended[at] == 0;
            let answered = one.last + 1 == at && flow.longest[at] > one.waited;
            let broken = answered.then(|| flow.silence(one)).flatten();
            let judged = if broken.is_some() {
                Some(broken)
            } else {
                if overdue > one.most || still {
                    (one.most, one.last) = (overdue, at);
                }
                (overdue == 0 || at - one.last >= PAUSE).then(|| flow.judge(one))
            };
            if let Some(judged) = judged {
                if let Some(stretch) = judged {
                    (known, longest) = (one.known, one.waited / PATIENCE);
                    after = Some(Aftermath {
                        lag: one.lag,
                        waited: one.waited,
                        until: at + MOURNS * stretch.windows.len(),
                    });
                    found.push(stretch);
                }
                open = None;
            }
        }
        if let Some(one) = &after {
            let over = flow.overdue(at, one.lag) == 0 && flow.longest[at] <= one.waited;
            if !over && at > one.until {
                // It has become usual.
                longest = flow.longest[..at].iter().copied().fold(longest, f64::max);
            }
            if over || at > one.until {
                (after, learns_from) = (None, at);
            }
        }
        if at > LAG && after.is_none() && at - LAG > learns_from {
            known += flow.ended[at - LAG - 1];
            longest = f64::max(longest, flow.longest[at - LAG - 1]);
        }
        let seasoned = (at - begins.min(at)) as f64 * width >= SEASONED * longest;
        if open.is_none() && known >= KNOWN && seasoned {
            let waited = PATIENCE * longest;
            let lag = (libm::ceil(waited / width) as usize).max(1);
            let most = flow.overdue(at, lag);
            if most > 0 {
                open = Some(Open {
                    not_before: found.last().map_or(0, |one| one.windows.end),
                    late: after.is_some(),
                    first: at,
                    last: at,
                    lag,
                    most,
                    waited,
                    known,
                });
            }
        }
    }
    found.extend(open.iter().filter_map(|one| flow.judge(one)));
    found
}

/// A stretch that may become one.
struct Open {
    /// The end of the stretch before.
    not_before: usize,
    /// Whether requests of that stretch are still being answered.
    late: bool,
    /// The first window with overdue requests.
    first: usize,
    /// The window with most of them.
    last: usize,
    /// Windows that a request may take.
    lag: usize,
    /// Overdue requests at the end of the window with most of them.
    most: u64,
    /// How long those have waited, at least, s.
    waited: f64,
    /// Requests that had ended before.
    known: u64,
}

/// The time after a stretch in which its requests are still being answered, which says nothing of how long
/// they usually take.
struct Aftermath {
    /// Windows that a request may take.
    lag: usize,
    /// How long it may take, s.
    waited: f64,
    /// The window from which on late answers are the usual ones.
    until: usize,
}

/// What came and went, by window.
struct Flow {
    offered: Vec<u64>,
    /// All that arrived before window i.
    arrived: Vec<u64>,
    ended: Vec<u64>,
    in_flight: Vec<u64>,
    /// The longest that any took of those that ended, s.
    longest: Vec<f64>,
}

impl Flow {
    fn new(windows: &Windows) -> Self {
        let column = |get: fn(&WorkloadWindow) -> u64| -> Vec<u64> {
            windows.iter().map(|(row, ..)| get(row)).collect()
        };
        let offered = column(|row| row.offered);
        let mut arrived = vec![0];
        for count in &offered {
            arrived.push(arrived[arrived.len() - 1] + count);
        }
        let longest = windows
            .iter()
            .map(|(.., all)| if all.count > 0 { all.max() } else { 0.0 });
        Self {
            arrived,
            ended: column(|row| row.outcomes.iter().sum()),
            in_flight: column(|row| row.in_flight),
            longest: longest.collect(),
            offered,
        }
    }

    /// Requests that have been under way for more than `lag` windows at the end of a window, at least.
    fn overdue(&self, at: usize, lag: usize) -> u64 {
        let young = self.arrived[at + 1] - self.arrived[(at + 1).saturating_sub(lag)];
        self.in_flight[at].saturating_sub(young)
    }

    /// The silence in which a stretch ends so far. It begins with a request that is waiting: before that
    /// there was nothing to be answered.
    fn silence(&self, open: &Open) -> Option<Behind> {
        let end = open.last + 1;
        let silent = (0..end).rev().take_while(|at| self.ended[*at] == 0);
        let start = silent.take_while(|at| self.in_flight[*at] > 0).last()?;
        // Nothing came of it: the chance that `most` requests take longer than all `known` before,
        // if any order of them is as likely as any other, is one in as many as there are ways to
        // choose them.
        let needed = evidence_needed(self.ended.len(), CHANCE);
        let proven = end - start >= LASTING && ways(open.known, open.most) >= needed;
        // Where answers are late anyway, what tells is that there were many just before.
        let before = start.saturating_sub(BEFORE).max(open.not_before.min(start))..start;
        let answers = self.ended[before.clone()].iter().sum::<u64>() as f64;
        let missing = answers / before.len().max(1) as f64 * (end - start) as f64;
        let proven = proven && (!open.late || missing >= needed);
        proven.then(|| self.found(open, start, true))
    }

    fn judge(&self, open: &Open) -> Option<Behind> {
        let silence = self.silence(open);
        if silence.is_some() {
            return silence;
        }
        let end = open.last + 1;
        let needed = evidence_needed(self.ended.len(), CHANCE);
        let keeps_up = |at: &usize| self.ended[*at] as f64 > BEHIND * self.offered[*at] as f64;
        let start = (open.first + 1).saturating_sub(open.lag + 1);
        let mut start = start.max(open.not_before.min(open.first));
        start += (start..open.first).take_while(keeps_up).count();
        let sum = |counts: &[u64]| counts[start..end].iter().sum::<u64>();
        let (offered, ended) = (sum(&self.offered), sum(&self.ended));
        let proven = too_many(offered, offered + ended, 0.5) >= needed;
        let behind = ended as f64 <= BEHIND * offered as f64;
        (proven && behind && end - start >= LASTING).then(|| self.found(open, start, false))
    }

    fn found(&self, open: &Open, start: usize, silent: bool) -> Behind {
        let windows = start..open.last + 1;
        let slowest = self.longest[windows.clone()].iter().copied();
        Behind {
            overdue: open.most,
            waited: open.waited,
            silent,
            hangs: slowest.fold(0.0, f64::max) <= open.waited,
            open: windows.end == self.ended.len(),
            windows,
        }
    }
}

/// The logarithm of the number of ways to choose `chosen` of `chosen + others`.
fn ways(others: u64, chosen: u64) -> f64 {
    let log_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    log_factorial(others + chosen) - log_factorial(others) - log_factorial(chosen)
}
