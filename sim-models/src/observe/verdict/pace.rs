//! Whether what fails gets better, and when it would hold again at this pace.
//!
//! What fails is looked at itself, and so is what waits in the services: behind a timeout nobody is
//! answered until a queue has drained, however fast it drains.

use super::steady::Steady;
use crate::expression::Op;
use sim_core::stats::trend;
use std::ops::Range;

/// Stretches into which the time that is looked at is cut.
const POINTS: usize = 20;
/// Fewer of them do not show that nothing gets better.
const LEAST: usize = 8;
/// Chance that a trend is luck from which on it is none.
const LUCK: f64 = 0.01;
/// Times as long as it has been watched that it may still take: what is slower than that stays, for
/// all that can be told.
const FAR: f64 = 20.0;

/// Requests waiting from which on they are a backlog.
const BACKLOG: f64 = 10.0;
/// Ended / arrived from which on a service keeps up.
const KEEPS_UP: f64 = 0.98;
/// Standard deviations that a queue has to have shrunk by, against those of a walk of as many steps.
const WALK: f64 = 3.0;

/// Whether, and how fast, what fails gets better.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pace {
    /// Too little was seen to tell.
    Unknown,
    /// It does not get better.
    Stays,
    /// It gets better.
    Better(Improvement),
}

/// How what fails gets better.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Improvement {
    /// What does: a service whose queue drains; none: the measure of the check that fails.
    pub queue_of: Option<String>,
    /// What it was in the first stretch that was looked at, and in the last one.
    pub from_to: (f64, f64),
    /// Seconds from the end of the run until it would be where it has to be, along a straight line.
    pub remaining: f64,
}

/// How fast what fails gets better over the second half of these windows.
pub(super) fn pace(steady: &Steady<'_>, check: Option<usize>, windows: &Range<usize>) -> Pace {
    let half = windows.start + windows.len() / 2..windows.end;
    let (length, count) = (half.len().div_ceil(POINTS).max(1), half.len());
    let cuts: Vec<Range<usize>> = (0..count / length)
        .map(|n| {
            half.end - (count / length - n) * length..half.end - (count / length - n - 1) * length
        })
        .collect();
    if cuts.len() < LEAST {
        return Pace::Unknown;
    }
    let middle = |cut: &Range<usize>| {
        f64::midpoint(
            steady.start(cut.start).as_secs_f64(),
            steady.start(cut.end).as_secs_f64(),
        )
    };
    let series = |value: &dyn Fn(&Range<usize>) -> Option<f64>| -> Vec<(f64, f64)> {
        cuts.iter()
            .filter_map(|cut| Some((middle(cut), value(cut)?)))
            .collect()
    };
    let watched = steady.over().as_secs_f64() - steady.start(half.start).as_secs_f64();
    let measurer = &steady.measurer;
    let own = match check {
        Some(check) => {
            let check = &steady.checks[check].expression;
            let rising = matches!(check.op, Op::AtLeast | Op::More);
            let values = series(&|cut| measurer.over(&check.measure, cut.clone()));
            improvement(
                &values,
                rising,
                check.limit,
                watched,
                steady.over().as_secs_f64(),
            )
        }
        None => {
            let values = series(&|cut| {
                let workloads = 0..steady.before.len();
                let good = workloads.map(|workload| measurer.traffic(workload, cut.clone()).good);
                Some(good.sum::<u64>() as f64 / cut.len() as f64)
            });
            let before: f64 = steady
                .before
                .iter()
                .map(|traffic| traffic.good as f64)
                .sum();
            let usual = before / steady.calm.len().max(1) as f64;
            improvement(&values, true, usual, watched, steady.over().as_secs_f64())
        }
    };
    if let Some((from_to, remaining)) = own {
        return Pace::Better(Improvement {
            queue_of: None,
            from_to,
            remaining,
        });
    }
    // The longest queue is what others wait for.
    let services = measurer.recorder.services.iter().enumerate();
    let draining = services.filter_map(|(service, record)| {
        let waiting = |windows: &Range<usize>| {
            let rows = &record.windows[windows.clone()];
            rows.iter().map(|row| row.queue.mean).sum::<f64>() / rows.len().max(1) as f64
        };
        let usual = if steady.calm.is_empty() {
            0.0
        } else {
            waiting(&steady.calm)
        };
        let values = series(&|cut| Some(waiting(cut)));
        let longest = values.iter().map(|(_, queue)| *queue).fold(0.0, f64::max);
        // What comes and goes at random makes a queue walk that far by luck.
        let walked: u64 = record.windows[half.clone()]
            .iter()
            .map(|row| row.arrivals + row.ok + row.failed)
            .sum();
        let luck = WALK * (walked as f64).sqrt();
        let found = improvement(&values, false, usual, watched, steady.over().as_secs_f64())?;
        // A handful of waiting requests is no backlog that anybody waits behind.
        let drains = longest > 2.0 * usual + BACKLOG && found.0.0 - found.0.1 > luck;
        drains.then_some((service, longest, found))
    });
    match draining.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((service, _, (from_to, remaining))) => Pace::Better(Improvement {
            queue_of: Some(measurer.plan.places.raw[service].name.clone()),
            from_to,
            remaining,
        }),
        None if drains_unseen(steady, &half) => Pace::Unknown,
        None => Pace::Stays,
    }
}

/// Whether a queue may drain more slowly than can be seen: somebody works one off as fast as it fills, and
/// nothing that the trouble itself makes feeds it: no retries, no work for those who have left.
fn drains_unseen(steady: &Steady<'_>, windows: &Range<usize>) -> bool {
    let recorder = &steady.measurer.recorder;
    let mut edges = recorder.edges.iter();
    let retried = edges.any(|edge| edge.windows[windows.clone()].iter().any(|w| w.retries > 0));
    let doomed = recorder.services.iter().any(|service| {
        let rows = &service.windows[windows.clone()];
        rows.iter().any(|row| row.doomed_ns > 0)
    });
    let mut services = recorder.services.iter();
    !retried
        && !doomed
        && services.any(|service| {
            let rows = &service.windows[windows.clone()];
            let queue =
                rows.iter().map(|row| row.queue.mean).sum::<f64>() / rows.len().max(1) as f64;
            let came: u64 = rows.iter().map(|row| row.arrivals).sum();
            let went: u64 = rows.iter().map(|row| row.ok + row.failed).sum();
            queue > BACKLOG && went > 0 && went as f64 >= KEEPS_UP * came as f64
        })
}

/// From what to what a series gets better, and the seconds from `now` until it reaches `goal` along a
/// straight line; none where it does not get better, or too slowly to matter.
fn improvement(
    series: &[(f64, f64)],
    rising: bool,
    goal: f64,
    watched: f64,
    now: f64,
) -> Option<((f64, f64), f64)> {
    let found = trend(series).ok()?;
    let luck = if rising { found.grows } else { found.falls };
    if luck >= LUCK || found.slope == 0.0 {
        return None;
    }
    // The line through the median point with the median slope (P. K. Sen, 1968).
    let mut rests: Vec<f64> = series.iter().map(|(x, y)| y - found.slope * x).collect();
    rests.sort_by(f64::total_cmp);
    let rest = rests[rests.len() / 2];
    let line = |x: f64| rest + found.slope * x;
    // Where the line has reached the goal already, the goal is near.
    let remaining = ((goal - line(now)) / found.slope).max(0.0);
    let (first, last) = (series.first()?, series.last()?);
    (remaining <= FAR * watched).then(|| ((line(first.0), line(last.0)), remaining))
}
