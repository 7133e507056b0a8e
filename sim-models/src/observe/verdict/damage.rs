//! Who was hurt, by how much and for how long, by when requests began.
//!
//! A workload is hurt where it certainly loses more requests than the objective allows and than it lost
//! before the first disturbance; or where certainly more answers than before take more than twice as
//! long as 99 in a hundred took then, those counted that still wait. Stretches come from [`excess`], as
//! those of incidents do. Without a disturbance there is no before: what is lost all the time is told as
//! such, and only what is lost in one stretch alone as a stretch.

use super::steady::{CERTAIN, NOISE, Steady};
use crate::observe::ledger::{ByOutcome, Row};
use crate::observe::recorder::WorkloadWindow;
use crate::observe::summary::Damage;
use crate::outcome::Outcome;
use sim_core::SimDuration;
use sim_core::metrics::Snapshot;
use sim_core::stats::{excess, proportion_interval, too_many};
use std::ops::Range;

/// How many times as long as before an answer takes that is slow.
const SLOWER: f64 = 2.0;
/// Share of answers that may be that slow.
const SLOW: f64 = 0.01;
/// Least share of slow answers that is looked for: late ones come in clusters even while all is well.
const TELLING: f64 = 0.03;
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
    Hurt(Damage, Vec<Range<usize>>),
    Unharmed,
    /// Too few requests to tell.
    Unknown,
}

/// What became of the requests that began in each of some windows.
struct Counts {
    lost: Vec<u64>,
    finished: Vec<u64>,
    /// Answered, or waiting for too long.
    answered: Vec<u64>,
    slow: Vec<u64>,
    /// Of the slow ones those that still wait.
    waiting: Vec<u64>,
}

impl Counts {
    /// Of those that began in these windows.
    fn of(rows: &[Row], limit: Option<f64>) -> Self {
        let above = |times: &Snapshot| slower(times, limit);
        Self {
            lost: rows.iter().map(|row| lost(&row.outcomes)).collect(),
            finished: rows.iter().map(|row| row.outcomes.iter().sum()).collect(),
            answered: rows
                .iter()
                .map(|row| row.answered.count + above(&row.open))
                .collect(),
            waiting: rows.iter().map(|row| above(&row.open)).collect(),
            slow: rows
                .iter()
                .map(|row| above(&row.answered) + above(&row.open))
                .collect(),
        }
    }

    /// Of those that ended in these windows.
    fn ended(windows: &[(WorkloadWindow, Snapshot, Snapshot)], limit: Option<f64>) -> Self {
        let outcomes = || windows.iter().map(|(window, ..)| &window.outcomes);
        let answered = || windows.iter().map(|(_, answered, _)| answered);
        Self {
            lost: outcomes().map(lost).collect(),
            finished: outcomes().map(|outcomes| outcomes.iter().sum()).collect(),
            answered: answered().map(|times| times.count).collect(),
            waiting: vec![0; windows.len()],
            slow: answered().map(|times| slower(times, limit)).collect(),
        }
    }
}

fn lost(outcomes: &ByOutcome) -> u64 {
    let failed = Outcome::ALL.iter().filter(|outcome| !outcome.is_success());
    failed.map(|outcome| outcomes[*outcome as usize]).sum()
}

fn slower(times: &Snapshot, limit: Option<f64>) -> u64 {
    let limit = limit.map(SimDuration::from_secs_f64);
    limit.map_or(0, |limit| times.count - times.count_below(limit))
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
    /// lose. `exposed` are those of the windows in which it could be hurt, if anything disturbed it.
    pub fn fate(
        &self,
        workload: usize,
        windows: &Range<usize>,
        allowed: f64,
        exposed: Option<&[bool]>,
    ) -> Fate {
        let place = &self.measurer.plan.places[self.measurer.plan.services.len() + workload];
        // What it was before is what was over before: some that began then were caught by what came.
        let record = &self.measurer.recorder.workloads[workload];
        let rows = &record.begun.rows;
        let calm = exposed.map_or(&[][..], |_| &record.windows[self.calm.clone()]);
        let mut usual = Snapshot::default();
        calm.iter()
            .for_each(|(_, answered, _)| usual.merge(answered));
        let usual_p99 = (usual.count > 0).then(|| usual.quantile(0.99));
        let limit = usual_p99.map(|p99| SLOWER * p99);
        let before = Counts::ended(calm, limit);
        let counts = Counts::of(&rows[windows.clone()], limit);
        let lossy = lossy(&counts, &before, allowed, exposed.is_some());
        let mut hurt = vec![false; windows.len()];
        lossy
            .iter()
            .for_each(|stretch| hurt[stretch.clone()].fill(true));
        let slow = slow(&counts, &before, &hurt);
        let seconds = |stretches: &[Range<usize>]| -> f64 {
            let ends = stretches.iter().map(|stretch| {
                let (start, end) = (stretch.start + windows.start, stretch.end + windows.start);
                self.start(end).since(self.start(start)).as_secs_f64()
            });
            ends.sum()
        };
        let mut all: Vec<Range<usize>> = lossy.iter().chain(&slow).cloned().collect();
        all.sort_by_key(|stretch| stretch.start);
        let (Some(first), Some(last)) = (all.first(), all.iter().map(|stretch| stretch.end).max())
        else {
            let seen = counts.finished.iter().enumerate();
            let seen =
                seen.filter(|(n, _)| exposed.is_none_or(|exposed| exposed[n + windows.start]));
            return if seen.map(|(_, finished)| finished).sum::<u64>() >= ENOUGH {
                Fate::Unharmed
            } else {
                Fate::Unknown
            };
        };
        let of = |counts: &[u64], stretches: &[Range<usize>]| -> u64 {
            stretches
                .iter()
                .map(|stretch| sum(&counts[stretch.clone()]))
                .sum()
        };
        let mut meanwhile = Snapshot::default();
        for row in slow
            .iter()
            .flat_map(|stretch| &rows[stretch.start + windows.start..stretch.end + windows.start])
        {
            meanwhile.merge(&row.answered);
        }
        let (lost, finished) = (of(&counts.lost, &lossy), of(&counts.finished, &lossy));
        let damage = Damage {
            workload: place.name.clone(),
            start: self.start(first.start + windows.start).as_secs_f64(),
            end: self.start(last + windows.start).as_secs_f64(),
            seconds: seconds(&lossy) + seconds(&slow),
            lost,
            lost_share: (finished > 0).then(|| lost as f64 / finished as f64),
            lost_seconds: seconds(&lossy),
            slow_seconds: seconds(&slow),
            waiting_share: {
                let answered = of(&counts.answered, &slow);
                (answered > 0).then(|| of(&counts.waiting, &slow) as f64 / answered as f64)
            },
            latency_p99: (meanwhile.count > 0).then(|| meanwhile.quantile(0.99)),
            latency_p99_before: usual_p99,
        };
        let shifted = all.into_iter();
        let shifted =
            shifted.map(|stretch| stretch.start + windows.start..stretch.end + windows.start);
        Fate::Hurt(damage, shifted.collect())
    }

    /// The windows in which each disturbance could hurt: while one is on, and a stretch after it.
    pub fn exposed(
        &self,
        periods: impl Iterator<Item = (sim_core::SimTime, sim_core::SimTime)>,
    ) -> Vec<bool> {
        let mut exposed = vec![false; self.ends.len()];
        for (start, stop) in periods {
            let windows = self.touching(start, stop.min(self.over()));
            let end = (windows.end + self.stretch).min(self.ends.len());
            exposed[windows.start..end].fill(true);
        }
        exposed
    }
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

/// The stretches in which certainly more answers are slow than before, outside of those that are `hurt`
/// already.
fn slow(counts: &Counts, before: &Counts, hurt: &[bool]) -> Vec<Range<usize>> {
    let (k, n) = (sum(&before.slow), sum(&before.answered));
    if n == 0 {
        return Vec::new();
    }
    let keep = |counts: &[u64]| -> Vec<u64> {
        counts
            .iter()
            .zip(hurt)
            .map(|(count, hurt)| if *hurt { 0 } else { *count })
            .collect()
    };
    let usual = upper(k, n, SURE).max(SLOW);
    excess(
        &keep(&counts.slow),
        &keep(&counts.answered),
        usual,
        TELLING.max(usual),
        CHANCE,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lost: &[u64], finished: &[u64]) -> Counts {
        Counts {
            lost: lost.to_vec(),
            finished: finished.to_vec(),
            answered: finished.to_vec(),
            slow: vec![0; lost.len()],
            waiting: vec![0; lost.len()],
        }
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
