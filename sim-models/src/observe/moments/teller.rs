//! What all rules of moments share.

use crate::observe::recorder::Recorder;
use crate::observe::summary::{Moment, Series};
use crate::plan::Plan;
use std::ops::Range;

/// Moments of one kind and place that are told; the rest is counted.
pub(super) const MOST: usize = 4;

/// Share that a stretch must have lost, all in all.
pub(super) const LOST: f64 = 0.1;

/// The chance with which luck alone makes a moment of a kind, anywhere in a healthy run.
pub(super) const CHANCE: f64 = 1e-6;

pub(super) struct Teller<'a> {
    pub(super) plan: &'a Plan,
    pub(super) recorder: &'a Recorder,
    pub(super) series: &'a Series,
    /// The first window after the warm-up.
    pub(super) warm: usize,
    /// Share of failures that the objective allows.
    pub(super) allowed: f64,
    /// Share of losses that proves nothing.
    pub(super) usual: f64,
}

/// Tells the first moments of one kind and place; the rest is counted.
pub(super) fn tell(all: &mut Vec<Moment>, found: Vec<Moment>) {
    let more = found.len().saturating_sub(MOST);
    let last = (more > 0).then_some(MOST - 1);
    for (position, mut moment) in found.into_iter().take(MOST).enumerate() {
        if Some(position) == last {
            moment.what += &format!(" (and {more} more times)");
        }
        all.push(moment);
    }
}

pub(super) fn moment(time: f64, rule: &str, what: String) -> Moment {
    let rule = rule.to_owned();
    Moment { time, what, rule }
}

pub(super) fn sum(counts: &[u64], windows: &Range<usize>) -> u64 {
    counts[windows.clone()].iter().sum()
}

pub(super) fn add(sums: &mut [u64], counts: &[u64]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// A share in whole per cent; not all of them where it is not.
pub(super) fn percent(share: f64) -> String {
    if (0.995..1.0).contains(&share) {
        "over 99%".to_owned()
    } else {
        format!("{:.0}%", 100.0 * share)
    }
}
