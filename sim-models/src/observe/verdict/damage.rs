//! Who was hurt, by how much and for how long, by when requests began.
//!
//! A workload is hurt where it certainly loses more requests than the objective allows and than it lost
//! before the first disturbance; or where answers certainly take longer than before (see
//! [`slow`](super::slow)), those counted that still wait. Stretches come from [`excess`], as those of
//! incidents do. Without a disturbance there is no before: what is lost all the time is told as such, and
//! only what is lost in one stretch alone as a stretch.

use super::slow::{Exposure, Latencies, MOST, Slowness};
use super::steady::{NOISE, Steady};
use super::tally::runs;
use crate::observe::availability::CERTAIN;
use crate::observe::ledger::lost;
use crate::observe::summary::Damage;
use sim_core::stats::{excess, proportion_interval, too_many};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeSet;
use std::ops::Range;

/// Requests that it takes to say that nobody was hurt.
const ENOUGH: u64 = 20;
/// Confidence that no more were lost before than is compared with.
const SURE: f64 = 0.999;
/// The same where none was lost.
const FAIRLY_SURE: f64 = 0.99;
/// Chance that luck is taken for harm anywhere in a run.
const CHANCE: f64 = 1e-6;

/// What became of a workload.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// What it suffered, and in which windows.
    Hurt(Box<Damage>, Vec<Range<usize>>),
    Unharmed,
    /// Not one of so many requests was answered, before anything disturbed it or after.
    Unanswered(u64),
    /// Too few requests to tell.
    Unknown,
}

/// What became of the requests that began in each of some windows.
struct Counts {
    lost: Vec<u64>,
    finished: Vec<u64>,
}

impl Counts {
    /// Of so many lost of so many in each of some windows.
    fn of(windows: impl Iterator<Item = (u64, u64)>) -> Self {
        let (lost, finished) = windows.unzip();
        Self { lost, finished }
    }

    /// Those of some windows.
    fn part(&self, windows: &Range<usize>) -> Self {
        Self {
            lost: self.lost[windows.clone()].to_vec(),
            finished: self.finished[windows.clone()].to_vec(),
        }
    }
}

fn sum(counts: &[u64]) -> u64 {
    counts.iter().sum()
}

/// The largest share that so many of so many may come from.
fn upper(hits: u64, all: u64, level: f64) -> f64 {
    proportion_interval(hits, all, level).map_or(1.0, |known| known.high)
}

impl Steady<'_> {
    /// What became of a workload over these windows; `allowed` is the share of its requests that it may
    /// lose, and `exposure` says when it could be hurt, if anything disturbed it.
    pub fn fate(
        &self,
        workload: usize,
        windows: &Range<usize>,
        allowed: f64,
        exposure: Option<&Exposure>,
    ) -> Fate {
        // What it was before is what was over before: some that began then were caught by what came.
        let record = &self.measurer.recorder.workloads[workload];
        let calm = exposure.map_or(&[][..], |_| &record.windows[self.calm.clone()]);
        let rows = &record.begun.rows;
        let ended = calm.iter().map(|(window, ..)| &window.outcomes);
        let before = Counts::of(ended.map(|outcomes| (lost(outcomes), outcomes.iter().sum())));
        let counts = Counts::of(rows.iter().map(|row| (row.lost(), row.begun())));
        let latencies = Latencies::new(rows, calm);
        // What was under way when it came may be lost, too.
        let reach = latencies.usual(MOST).filter(|_| !windows.is_empty());
        let start = reach.map_or(windows.start, |took| self.under_way(windows.start, took));
        let windows = &(start..windows.end);
        let lossy = lossy(&counts.part(windows), &before, allowed, exposure.is_some());
        let lossy: Vec<Range<usize>> = lossy
            .into_iter()
            .map(|stretch| stretch.start + windows.start..stretch.end + windows.start)
            .collect();
        let slowness = exposure.map_or(Slowness::None, |exposure| {
            latencies.slowness(exposure, |window, seconds| self.under_way(window, seconds))
        });
        let slow = match &slowness {
            Slowness::Certain(stretches) => &stretches[..],
            _ => &[],
        };
        if !lossy.is_empty() || !slow.is_empty() {
            return self.hurt(workload, &counts, lossy, slow, &latencies);
        }
        let all = self
            .measurer
            .traffic(workload, self.calm.start..self.ends.len());
        if all.offered > 0 && all.good == 0 {
            return Fate::Unanswered(all.offered);
        }
        let seen = windows
            .clone()
            .filter(|window| exposure.is_none_or(|exposure| exposure.windows[*window]));
        let seen: u64 = seen.map(|window| counts.finished[window]).sum();
        if seen >= ENOUGH && slowness == Slowness::None {
            Fate::Unharmed
        } else {
            Fate::Unknown
        }
    }

    /// What it suffered in the stretches in which it lost requests and in those in which it was slow.
    fn hurt(
        &self,
        workload: usize,
        counts: &Counts,
        lossy: Vec<Range<usize>>,
        slow: &[Range<usize>],
        latencies: &Latencies<'_>,
    ) -> Fate {
        let seconds = |stretches: &[Range<usize>]| -> f64 {
            let lengths = stretches.iter().map(|stretch| {
                let start = self.start(stretch.start);
                self.start(stretch.end).since(start).as_secs_f64()
            });
            // A sum of nothing would be -0.
            lengths.fold(0.0, |sum, length| sum + length)
        };
        let of = |counts: &[u64], stretches: &[Range<usize>]| -> u64 {
            let parts = stretches
                .iter()
                .map(|stretch| sum(&counts[stretch.clone()]));
            parts.sum()
        };
        let mut hurt = vec![false; counts.lost.len()];
        for stretch in lossy.iter().chain(slow) {
            hurt[stretch.clone()].fill(true);
        }
        let hurt = runs(&hurt);
        let (lost, finished) = (of(&counts.lost, &lossy), of(&counts.finished, &lossy));
        let (answers, waiting) = latencies.answers(slow);
        let grown = latencies.grown(&answers, waiting);
        let grown = grown.filter(|_| !slow.is_empty());
        let begun = waiting + of(&counts.finished, slow);
        let end = |stretch: Option<&Range<usize>>| stretch.map_or(0, |stretch| stretch.end);
        let place = &self.measurer.plan.load_places().raw[workload];
        let damage = Damage {
            workload: place.name.clone(),
            start: self
                .start(hurt.first().map_or(0, |stretch| stretch.start))
                .as_secs_f64(),
            end: self.start(end(hurt.last())).as_secs_f64(),
            seconds: seconds(&hurt),
            lost,
            lost_share: (finished > 0).then(|| lost as f64 / finished as f64),
            lost_seconds: seconds(&lossy),
            slow_seconds: seconds(slow),
            slow_quantile: grown.map(|(quantile, ..)| quantile),
            slow_latency: grown.map(|(_, now, _)| now),
            slow_latency_before: grown.map(|(.., before)| before),
            waiting_share: (begun > 0).then(|| waiting as f64 / begun as f64),
            latency_p99: (answers.count > 0).then(|| answers.quantile(0.99)),
            latency_p99_before: latencies.usual(0.99),
        };
        Fate::Hurt(Box::new(damage), hurt)
    }

    /// The first window of which all requests are still under way when another one begins, if they take
    /// so long, s; none from before the warm-up is over.
    fn under_way(&self, window: usize, seconds: f64) -> usize {
        let start = self.start(window).0;
        let took = SimDuration::from_secs_f64(seconds).0;
        let from = SimTime(start.saturating_sub(took));
        let first = self.within(from, self.over()).start;
        first.max(self.calm.start).min(window)
    }

    /// When these disturbances are on, and could hurt.
    pub fn exposed(&self, periods: impl Iterator<Item = (SimTime, SimTime)>) -> Exposure {
        let periods = periods.map(|(start, stop)| self.touching(start, stop.min(self.over())));
        let periods: Vec<Range<usize>> = periods.collect();
        let mut windows = vec![false; self.ends.len()];
        for period in &periods {
            let end = (period.end + self.stretch).min(self.ends.len());
            windows[period.start..end].fill(true);
        }
        Exposure {
            periods: apart(periods),
            windows,
            stretch: self.stretch,
        }
    }
}

/// These periods, cut wherever one of them begins or ends: what hurts in one of two that overlap is not told of
/// all the time of the other.
fn apart(mut periods: Vec<Range<usize>>) -> Vec<Range<usize>> {
    periods.sort_unstable_by_key(|period| (period.start, period.end));
    periods.dedup();
    let ends = periods.iter().flat_map(|period| [period.start, period.end]);
    let cuts: BTreeSet<usize> = ends.collect();
    let parts = cuts.iter().zip(cuts.iter().skip(1));
    let mut reach = 0;
    let mut next = periods.iter().peekable();
    let covered = parts.filter(|(start, _)| {
        while let Some(period) = next.next_if(|period| period.start <= **start) {
            reach = reach.max(period.end);
        }
        **start < reach
    });
    covered.map(|(start, end)| *start..*end).collect()
}

/// The stretches in which certainly more requests are lost than the objective allows and were before.
fn lossy(counts: &Counts, before: &Counts, allowed: f64, disturbed: bool) -> Vec<Range<usize>> {
    let (k, n) = (sum(&before.lost), sum(&before.finished));
    // Where none was lost before, the objective says what is no harm.
    let reference = if k > 0 {
        upper(k, n, SURE).max(allowed)
    } else {
        allowed
    };
    let mut found = excess(&counts.lost, &counts.finished, reference, 0.0, CHANCE);
    if disturbed && n > 0 {
        let usual = upper(k, n, FAIRLY_SURE);
        found.retain(|stretch| {
            let (lost, all) = (
                sum(&counts.lost[stretch.clone()]),
                sum(&counts.finished[stretch.clone()]),
            );
            too_many(lost, all, usual) > NOISE
        });
    }
    if !disturbed {
        let inside = |counts: &[u64]| {
            found
                .iter()
                .map(|stretch| sum(&counts[stretch.clone()]))
                .sum::<u64>()
        };
        let (lost, all) = (sum(&counts.lost), sum(&counts.finished));
        let outside = (lost - inside(&counts.lost), all - inside(&counts.finished));
        let everywhere = outside.0 as f64 > allowed * outside.1 as f64;
        if too_many(lost, all, allowed) > CERTAIN && (found.is_empty() || everywhere) {
            return std::iter::once(0..counts.lost.len()).collect();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lost: &[u64], finished: &[u64]) -> Counts {
        Counts {
            lost: lost.to_vec(),
            finished: finished.to_vec(),
        }
    }

    #[test]
    fn periods_that_overlap_are_looked_at_apart() {
        let parts = apart(vec![70..80, 40..75, 90..95, 40..75]);
        assert_eq!(parts, [40..70, 70..75, 75..80, 90..95]);
        assert_eq!(apart(vec![5..5, 7..9, 8..8]), [7..8, 8..9]);
    }

    #[test]
    fn what_is_lost_all_the_time_is_no_stretch() {
        let steady = counts(&[1; 600], &[50; 600]);
        let only = |found: Vec<Range<usize>>| {
            assert_eq!(found.len(), 1, "{found:?}");
            found[0].clone()
        };
        let none = counts(&[], &[]);
        assert_eq!(only(lossy(&steady, &none, 0.001, false)), 0..600);
        let mut burst = vec![0; 600];
        burst[100..120].fill(50);
        let burst = counts(&burst, &[50; 600]);
        assert_eq!(only(lossy(&burst, &none, 0.001, false)), 100..120);
    }

    #[test]
    fn a_rare_workload_that_loses_everything_is_hurt() {
        // One request a minute; four before, of which none was lost, then ten of ten.
        let every = |from: usize, to: usize| -> Vec<u64> {
            (0..900)
                .map(|n| u64::from(n % 60 == 0 && n >= from && n < to))
                .collect()
        };
        let meanwhile = counts(&every(0, 600), &every(0, 900));
        let found = lossy(
            &meanwhile,
            &counts(&[0; 240], &every(0, 240)[..240]),
            0.001,
            true,
        );
        assert_eq!((found.len(), &found[0]), (1, &(0..541)));
        // One lost of many, where none was lost of as many before, is luck.
        let one = counts(&[0, 0, 1, 0], &[9000; 4]);
        assert!(lossy(&one, &counts(&[0; 4], &[9000; 4]), 0.001, true).is_empty());
    }
}
