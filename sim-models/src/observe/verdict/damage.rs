//! Who was hurt, by how much and for how long.
//!
//! A workload is hurt where it certainly loses more requests than before the first disturbance, where
//! it certainly gets less than half of the answers that were due, or where certainly more than one
//! answer in a hundred, or than could have been so late before, takes more than twice as long as 99 in
//! a hundred took before. Without a
//! disturbance there is no before: then it is hurt where it certainly loses more than the objective
//! allows.

use super::steady::{BLOCK, Steady, blocks, lengths};
use crate::observe::measure::Traffic;
use crate::observe::noise::{CERTAIN, too_many, unlike};
use crate::observe::summary::Damage;
use sim_core::metrics::Snapshot;
use sim_core::stats::proportion_interval;
use sim_core::{SimDuration, SimTime};
use std::ops::Range;

/// How many times as long as before an answer takes that is slow.
const SLOWER: f64 = 2.0;
/// Share of answers that may be that slow.
const SLOW: f64 = 0.01;
/// Share of the answers that are due below which a workload is not answered.
const UNANSWERED: f64 = 0.5;
/// Requests that it takes to say that nobody was hurt.
const ENOUGH: u64 = 20;
/// Confidence that no more were lost before than is compared with.
const SURE: f64 = 0.999;

/// What became of a workload.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    Hurt(Damage),
    Unharmed,
    /// Too few requests to tell.
    Unknown,
}

/// One window of a workload, or the running sum of several.
#[derive(Clone, Copy, Default)]
struct Count {
    lost: u64,
    finished: u64,
    offered: u64,
    answered: u64,
    slow: u64,
}

impl Steady<'_> {
    /// What became of a workload over these windows; `allowed` is the share of its requests that it may
    /// lose where there was no time before a disturbance.
    pub fn fate(
        &self,
        workload: usize,
        windows: &Range<usize>,
        allowed: f64,
        disturbed: bool,
    ) -> Fate {
        let name = &self.measurer.plan.places[self.measurer.plan.services.len() + workload].name;
        let before = disturbed.then(|| self.before[workload]);
        let before = before.filter(|before| before.finished > 0);
        let may_lose = before.map_or(allowed, |before| {
            upper(before.finished - before.good, before.finished)
        });
        let usual = before
            .map(|_| self.latency(workload, &self.calm))
            .filter(|usual| usual.count > 0);
        let usual_p99 = usual.map(|usual| usual.quantile(0.99));
        let sums = self.sums(workload, usual_p99.map(|p99| SLOWER * p99));
        let over = |block: &Range<usize>| {
            let (start, end) = (sums[block.start], sums[block.end]);
            Count {
                lost: end.lost - start.lost,
                finished: end.finished - start.finished,
                offered: end.offered - start.offered,
                answered: end.answered - start.answered,
                slow: end.slow - start.slow,
            }
        };
        // Of a few answers before, the slowest is not what one in a hundred takes.
        let calm = over(&self.calm);
        let may_be_slow = upper(calm.slow, calm.answered).max(SLOW);
        let loses = |block: &Range<usize>| {
            let count = over(block);
            too_many(count.lost, count.finished, may_lose) > CERTAIN
        };
        let unanswered = |block: &Range<usize>| {
            let count = over(block);
            let seconds = self
                .start(block.end)
                .since(self.start(block.start))
                .as_secs_f64();
            let traffic = Traffic {
                offered: count.offered,
                seconds,
                ..Traffic::default()
            };
            let due = UNANSWERED * self.due(workload, &traffic);
            before.is_some()
                && (count.finished as f64) < due
                && unlike(count.finished, due) > CERTAIN
        };
        let slow = |block: &Range<usize>| {
            let count = over(block);
            block.len() >= BLOCK && too_many(count.slow, count.answered, may_be_slow) > CERTAIN
        };
        let has_loss = |window: usize| over(&(window..window + 1)).lost > 0;
        let mut hurt = vec![false; windows.len()];
        mark(&mut hurt, windows, &loses, &has_loss);
        // Those who lose nothing may still wait.
        if !hurt.contains(&true) {
            let is_slow = |window: usize| over(&(window..window + 1)).slow > 0;
            mark(&mut hurt, windows, &unanswered, &|_| true);
            mark(&mut hurt, windows, &slow, &is_slow);
        }
        let spans = spans(&hurt, windows.start);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            let enough = over(windows).finished >= ENOUGH;
            return if enough {
                Fate::Unharmed
            } else {
                Fate::Unknown
            };
        };
        let mut count = Count::default();
        let mut meanwhile = Snapshot::default();
        let mut seconds = 0.0;
        for span in &spans {
            let part = over(span);
            count.lost += part.lost;
            count.finished += part.finished;
            meanwhile.merge(&self.latency(workload, span));
            seconds += self
                .start(span.end)
                .since(self.start(span.start))
                .as_secs_f64();
        }
        let share = count.lost as f64 / count.finished as f64;
        Fate::Hurt(Damage {
            workload: name.clone(),
            start: self.start(first.start).as_secs_f64(),
            end: self.start(last.end).as_secs_f64(),
            seconds,
            lost: count.lost,
            lost_share: (count.finished > 0).then_some(share),
            latency_p99: (meanwhile.count > 0).then(|| meanwhile.quantile(0.99)),
            latency_p99_before: usual_p99,
        })
    }

    /// How long usable answers took over these windows.
    fn latency(&self, workload: usize, windows: &Range<usize>) -> Snapshot {
        let mut all = Snapshot::default();
        for (_, answered, _) in &self.measurer.recorder.workloads[workload].windows[windows.clone()]
        {
            all.merge(answered);
        }
        all
    }

    /// Running sums over all windows, one longer than they.
    fn sums(&self, workload: usize, slow: Option<f64>) -> Vec<Count> {
        let rows = &self.measurer.recorder.workloads[workload].windows;
        let mut sums = vec![Count::default()];
        let mut sum = Count::default();
        for (window, (_, answered, _)) in rows.iter().enumerate() {
            let traffic = self.measurer.traffic(workload, window..window + 1);
            sum.lost += traffic.finished - traffic.good;
            sum.finished += traffic.finished;
            sum.offered += traffic.offered;
            sum.answered += answered.count;
            if let Some(limit) = slow {
                sum.slow +=
                    answered.count - answered.count_below(SimDuration::from_secs_f64(limit));
            }
            sums.push(sum);
        }
        sums
    }

    /// The windows that damage is looked for in: from the first disturbance to the end, or all after
    /// the warm-up where there is none.
    pub fn damage_windows(&self, first: Option<SimTime>) -> Range<usize> {
        match first {
            Some(first) => self.touching(first, self.over()),
            None => self.calm.start..self.ends.len(),
        }
    }
}

/// The largest share that so many of so many may come from.
fn upper(hits: u64, all: u64) -> f64 {
    proportion_interval(hits, all, SURE).map_or(1.0, |known| known.high)
}

/// Marks the windows of all blocks that are hurt, the short blocks first: a long one that holds marked
/// windows says nothing new. Blocks begin and end with a window in which something `happened`.
fn mark(
    hurt: &mut [bool],
    windows: &Range<usize>,
    is_hurt: &dyn Fn(&Range<usize>) -> bool,
    happened: &dyn Fn(usize) -> bool,
) {
    for length in lengths(windows) {
        for block in blocks(windows, length) {
            let own = block.start - windows.start..block.end - windows.start;
            if hurt[own.clone()].contains(&true) || !is_hurt(&block) {
                continue;
            }
            let first = block.clone().find(|window| happened(*window));
            let last = block.clone().rev().find(|window| happened(*window));
            if let (Some(first), Some(last)) = (first, last) {
                hurt[first - windows.start..=last - windows.start].fill(true);
            }
        }
    }
}

/// Stretches of marked windows; short gaps do not part them.
fn spans(hurt: &[bool], offset: usize) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (window, _) in hurt.iter().enumerate().filter(|(_, hurt)| **hurt) {
        let window = window + offset;
        match spans.last_mut() {
            Some(last) if window - last.end <= BLOCK => last.end = window + 1,
            _ => spans.push(window..window + 1),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_part_nothing() {
        let hurt = [
            false, true, true, false, false, true, false, false, false, false, false, false, true,
        ];
        assert_eq!(spans(&hurt, 10), [11..16, 22..23]);
    }

    #[test]
    fn long_blocks_add_only_what_short_ones_missed() {
        let mut hurt = [false; 8];
        let lost = [0, 0, 9, 0, 0, 1, 1, 1];
        let sum = |block: &Range<usize>| lost[block.clone()].iter().sum::<i32>();
        mark(&mut hurt, &(0..8), &|block| sum(block) >= 3, &|window| {
            lost[window] > 0
        });
        assert_eq!(hurt, [false, false, true, false, false, true, true, true]);
    }
}
