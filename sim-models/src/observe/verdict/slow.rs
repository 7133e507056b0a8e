//! Where answers certainly take longer than before.
//!
//! Harm is a quantile (of 50, 90 or 99 %) that at least doubled: the share of answers above twice what it
//! was is as large as the share above itself was before. That share must be larger than before by more
//! than luck explains, and slow answers come in clusters (busy periods): how much more than independent
//! ones they vary is estimated from the time before, and evidence weighs so much less
//! ([`dispersion`]). Two looks are taken: at each disturbance while it is on, and, with much more
//! evidence asked for, at every stretch from the first one on.

use super::steady::NOISE;
use super::tally::runs;
use crate::observe::ledger::Row;
use crate::observe::recorder::WorkloadWindow;
use sim_core::SimDuration;
use sim_core::metrics::Snapshot;
use sim_core::stats::{
    dispersion, evidence_needed, excess_of_clusters, larger_share, proportion_interval, too_many,
};
use std::ops::Range;

/// Quantiles of which a doubling is harm.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
/// Most requests take no longer than at this quantile.
pub(super) const MOST: f64 = 0.9;
/// How many times as long as before an answer takes that is slow.
const SLOWER: f64 = 2.0;
/// Confidence that no more were slow before than is compared with.
const SURE: f64 = 0.999;
/// Chance, about, that luck is taken for harm in some stretch of a run.
const CHANCE: f64 = 1e-6;
/// A bound of the chance that it is while some disturbance is on.
const CHANCE_WHILE_ON: f64 = 1e-4;

/// When a run was disturbed.
pub(super) struct Exposure {
    /// The windows in which each disturbance is on.
    pub periods: Vec<Range<usize>>,
    /// The windows in which some disturbance could hurt: while it is on, and a stretch after it.
    pub windows: Vec<bool>,
    /// Windows of a stretch.
    pub stretch: usize,
}

impl Exposure {
    /// Those stretches that begin while a disturbance could hurt, or a stretch after such a one at the
    /// latest: what comes out of calm is not its doing.
    fn keep(&self, stretches: &mut Vec<Range<usize>>) {
        let mut reach = 0;
        stretches.retain(|found| {
            let kept = found.start < reach || self.windows[found.clone()].contains(&true);
            if kept {
                reach = found.end + self.stretch;
            }
            kept
        });
    }
}

/// What is known of slow answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slowness {
    /// These windows, in order.
    Certain(Vec<Range<usize>>),
    /// Answers are slower by more than luck often gives, and may take twice as long; or are too few for
    /// that to be seen.
    Unknown,
    /// A doubling of how long all answers take would have been seen.
    None,
}

/// Slow answers, and all, by window.
#[derive(Clone, Debug, Default)]
struct Counts {
    slow: Vec<u64>,
    all: Vec<u64>,
}

impl Counts {
    fn of(&self, windows: &Range<usize>) -> (f64, f64) {
        let sum = |counts: &[u64]| counts[windows.clone()].iter().sum::<u64>() as f64;
        (sum(&self.slow), sum(&self.all))
    }
}

/// One quantile.
struct Level {
    quantile: f64,
    /// What it was, s.
    usual: f64,
    /// Before the first disturbance, by when answers came.
    before: Counts,
    /// Those that took longer than the quantile itself.
    late: Vec<u64>,
    /// Over the whole run, by when requests began. Of those without an answer only they count that have
    /// waited too long already.
    begun: Counts,
}

/// How long answers to a workload take, before the first disturbance and from then on.
pub(super) struct Latencies<'a> {
    rows: &'a [Row],
    before: Snapshot,
    levels: Vec<Level>,
}

/// How many of these take longer.
pub(super) fn above(times: &Snapshot, limit: f64) -> u64 {
    times.count - times.count_below(SimDuration::from_secs_f64(limit))
}

impl<'a> Latencies<'a> {
    /// By when requests began, and of the windows before the first disturbance.
    pub fn new(rows: &'a [Row], calm: &[(WorkloadWindow, Snapshot, Snapshot)]) -> Self {
        let mut before = Snapshot::default();
        calm.iter().for_each(|(_, times, _)| before.merge(times));
        let quantiles = QUANTILES.iter().filter(|_| before.count > 0);
        let levels = quantiles.map(|quantile| {
            let usual = before.quantile(*quantile);
            let limit = SLOWER * usual;
            let calm = || calm.iter().map(|(_, times, _)| times);
            let open = rows.iter().map(|row| above(&row.open, limit));
            let both = rows.iter().zip(open);
            Level {
                quantile: *quantile,
                usual,
                before: Counts {
                    slow: calm().map(|times| above(times, limit)).collect(),
                    all: calm().map(|times| times.count).collect(),
                },
                late: calm().map(|times| above(times, usual)).collect(),
                begun: Counts {
                    slow: both
                        .clone()
                        .map(|(row, open)| above(&row.answered, limit) + open)
                        .collect(),
                    all: both.map(|(row, open)| row.answered.count + open).collect(),
                },
            }
        });
        Self {
            rows,
            levels: levels.collect(),
            before,
        }
    }

    /// Where answers are slow; `reach` takes a window and a time, s, to the first window in which requests
    /// began that may still have been under way then, if they take so long.
    pub fn slowness(&self, exposure: &Exposure, reach: impl Fn(usize, f64) -> usize) -> Slowness {
        let periods = &exposure.periods;
        let Some(first) = periods.iter().map(|period| period.start).min() else {
            return Slowness::Unknown;
        };
        let most = self.usual(MOST).unwrap_or(0.0);
        let longest = periods.iter().map(Range::len).max().unwrap_or(1);
        let needed = evidence_needed(QUANTILES.len() * periods.len(), 2.0 * CHANCE_WHILE_ON);
        let mut slow = vec![false; self.rows.len()];
        let (mut doubtful, mut seen) = (false, false);
        let mut on = vec![false; self.rows.len()];
        periods
            .iter()
            .for_each(|period| on[period.clone()].fill(true));
        for level in &self.levels {
            let Some(dispersion) = level.dispersion(longest) else {
                continue;
            };
            // Whoever took longer than the limit was under way when it came; more than most who were is
            // more than is needed.
            let under_way = most.min(SLOWER * level.usual);
            let mut other = 0;
            for period in periods {
                // Not into the time of another one: what was slow then is charged to that.
                let period = reach(period.start, under_way).max(other)..period.end;
                other = period.end;
                let evidence = level.evidence(level.begun.of(&period)) / dispersion;
                if level.doubled(&period) && evidence >= needed {
                    slow[level.trimmed(period)].fill(true);
                } else if evidence > NOISE {
                    doubtful |= level.may_have_doubled(&period, dispersion);
                }
            }
            let whole = reach(first, under_way)..self.rows.len();
            for stretch in level.stretches(whole, dispersion) {
                slow[stretch].fill(true);
            }
            let all = level.begun.all.iter().zip(&on);
            let all: u64 = all.filter(|(_, on)| **on).map(|(all, _)| all).sum();
            let doubling = (1.0 - level.quantile) * all as f64;
            seen |= level.evidence((doubling, all as f64)) / dispersion >= needed;
        }
        let mut slow = runs(&slow);
        exposure.keep(&mut slow);
        match (slow.is_empty(), doubtful || !seen) {
            (false, _) => Slowness::Certain(slow),
            (true, true) => Slowness::Unknown,
            (true, false) => Slowness::None,
        }
    }

    /// Of what began in these windows the answers, and how many were never answered and have waited longer
    /// than twice the largest quantile.
    pub fn answers(&self, windows: &[Range<usize>]) -> (Snapshot, u64) {
        let mut times = Snapshot::default();
        let mut waiting = 0;
        let limit = self.levels.last().map_or(0.0, |level| SLOWER * level.usual);
        for row in windows.iter().flat_map(|span| &self.rows[span.clone()]) {
            times.merge(&row.answered);
            waiting += above(&row.open, limit);
        }
        (times, waiting)
    }

    /// The quantile that grew most: which, what it is and what it was, s. Those that wait count as the
    /// slowest of all.
    pub fn grown(&self, times: &Snapshot, waiting: u64) -> Option<(f64, f64, f64)> {
        let answered = times.count as f64 / (times.count + waiting).max(1) as f64;
        let levels = self.levels.iter();
        let known = levels.filter_map(|level| {
            let among = level.quantile / answered;
            let known = among <= 1.0 && times.count > 0;
            known.then(|| (level.quantile, times.quantile(among), level.usual))
        });
        let ratio = |(_, now, before): &(f64, f64, f64)| now / before.max(1e-9);
        known.reduce(|a, b| if ratio(&b) > ratio(&a) { b } else { a })
    }

    /// The quantile before the first disturbance, s.
    pub fn usual(&self, quantile: f64) -> Option<f64> {
        (self.before.count > 0).then(|| self.before.quantile(quantile))
    }
}

impl Level {
    /// How many times as much as independent ones slow answers vary: those above the quantile itself
    /// show it too, and are many.
    fn dispersion(&self, longest: usize) -> Option<f64> {
        let of = |slow: &[u64]| dispersion(slow, &self.before.all, longest);
        Some(f64::max(of(&self.before.slow)?, of(&self.late)?))
    }

    /// How much evidence there is, were slow answers independent, that so many are more than before.
    fn evidence(&self, (slow, all): (f64, f64)) -> f64 {
        let (usual, of) = self.before.of(&(0..self.before.all.len()));
        larger_share(slow, all, usual, of)
    }

    /// Whether the quantile at least doubled in these windows, and slow answers are no mere few more than
    /// they were: where a quantile lies on the brink between fast and slow ones, little moves it far.
    fn doubled(&self, windows: &Range<usize>) -> bool {
        let odds = |(slow, all): (f64, f64)| slow / (all - slow).max(1e-9);
        let (slow, all) = self.begun.of(windows);
        let usual = self.before.of(&(0..self.before.all.len()));
        slow > 0.0 && slow >= (1.0 - self.quantile) * all && odds((slow, all)) >= 2.0 * odds(usual)
    }

    /// Whether luck explains that fewer are slow than of a quantile that doubled.
    fn may_have_doubled(&self, windows: &Range<usize>, dispersion: f64) -> bool {
        let count = |counts: &[u64]| counts[windows.clone()].iter().sum::<u64>();
        let (slow, all) = (count(&self.begun.slow), count(&self.begun.all));
        too_many(all - slow, all, self.quantile) / dispersion <= NOISE
    }

    /// From the first to the last slow one.
    fn trimmed(&self, windows: Range<usize>) -> Range<usize> {
        let slow = |window: &usize| self.begun.slow[*window] > 0;
        let first = windows.clone().find(slow).unwrap_or(windows.start);
        let last = windows
            .clone()
            .rfind(slow)
            .map_or(windows.end, |last| last + 1);
        first..last
    }

    /// The stretches of these windows in which it certainly doubled, and more are slow than in any as
    /// long before.
    fn stretches(&self, windows: Range<usize>, dispersion: f64) -> Vec<Range<usize>> {
        let (slow, all) = self.before.of(&(0..self.before.all.len()));
        let weighed = |count: f64| libm::round(count / dispersion) as u64;
        let usual = proportion_interval(weighed(slow), weighed(all).max(weighed(slow)), SURE);
        let usual = usual.map_or(1.0, |known| known.high);
        let found = excess_of_clusters(
            &self.begun.slow[windows.clone()],
            &self.begun.all[windows.clone()],
            usual,
            1.0 - self.quantile,
            dispersion,
            CHANCE,
        );
        found
            .into_iter()
            .map(|stretch| stretch.start + windows.start..stretch.end + windows.start)
            .filter(|stretch| {
                self.doubled(stretch) && self.begun.of(stretch).0 > self.worst(stretch.len())
            })
            .collect()
    }

    /// The most slow ones in so many windows before; 0 where those are fewer.
    fn worst(&self, length: usize) -> f64 {
        let blocks = self.before.slow.windows(length);
        blocks
            .map(|block| block.iter().sum::<u64>())
            .max()
            .unwrap_or(0) as f64
    }
}
