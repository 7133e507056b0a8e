//! Where a series of counts stops being what it should be: stretches in which a share is proven to be
//! larger than allowed, and steps up of a rate. Many places are looked at, and the bounds hold for all
//! of them together.
//!
//! Sources: E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954), for the cumulative sum;
//! J. Ville, "Étude critique de la notion de collectif" (1939), for the bound on its false alarms: a
//! likelihood ratio that starts at one exceeds `x` at any later time with a chance of at most `1/x`;
//! H. Chernoff, Annals of Mathematical Statistics 23 (1952), for the bound on the tail of a binomial
//! distribution; J. Przyborowski and H. Wilenski, Biometrika 31 (1940), for the comparison of two
//! Poisson counts by the binomial distribution of one of them given their sum.

use std::ops::Range;

/// Windows on either side of a step that are compared, from short to long.
const SCALES: [usize; 3] = [5, 10, 30];

/// How large the logarithm of a likelihood ratio must be so that the largest of `tests` of them exceeds
/// it by chance with a probability of at most `chance`.
#[must_use]
pub fn evidence_needed(tests: usize, chance: f64) -> f64 {
    libm::log(tests.max(1) as f64 / chance)
}

/// Stretches in which the share of `bad` among `all` is proven to be above `allowed`, in order. Under
/// independent events with that share or less, any is found with a probability of at most `chance`.
///
/// A stretch begins and ends where the evidence is largest, and goes on until what follows proves as
/// much for the opposite. Shares that are far above `allowed` are looked for first, so that a short
/// and heavy stretch is not told as a long and light one. `least` is the smallest share looked for.
#[must_use]
pub fn excess(
    bad: &[u64],
    all: &[u64],
    allowed: f64,
    least: f64,
    chance: f64,
) -> Vec<Range<usize>> {
    // A share of zero would make one bad event proof of anything, and no number of good ones of
    // anything else.
    let allowed = allowed.clamp(1e-12, 1.0 - 1e-12);
    let shares = shares(allowed, least.max(allowed));
    let needed = evidence_needed(bad.len() * shares.len(), chance);
    let mut taken = vec![false; bad.len()];
    for share in shares.into_iter().rev() {
        let of_bad = libm::log(share / allowed);
        let of_good = libm::log((1.0 - share) / (1.0 - allowed));
        let score = |at: usize| {
            let good = all[at].saturating_sub(bad[at]);
            bad[at] as f64 * of_bad + good as f64 * of_good
        };
        for found in highest(bad.len(), |at| (!taken[at]).then(|| score(at)), needed) {
            taken[found].fill(true);
        }
    }
    runs(&taken)
}

/// The shares looked for: doubling from `least` on, and one near 1.
fn shares(allowed: f64, least: f64) -> Vec<f64> {
    let mut shares = Vec::new();
    let mut share = least.max(2.0 * allowed);
    while share < 0.9 {
        shares.push(share);
        share *= 2.0;
    }
    shares.push(0.9_f64.max((1.0 + allowed) / 2.0));
    shares
}

/// Stretches whose cumulative sum of scores reaches `needed`; none crosses a place without a score.
fn highest(count: usize, score: impl Fn(usize) -> Option<f64>, needed: f64) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut sum, mut start, mut peak, mut end) = (0.0, 0, 0.0, 0);
    for at in 0..=count {
        let score = if at < count { score(at) } else { None };
        if let Some(score) = score {
            if sum == 0.0 {
                (start, peak) = (at, 0.0);
            }
            sum = f64::max(sum + score, 0.0);
            if sum > peak {
                (peak, end) = (sum, at + 1);
            }
        }
        if peak >= needed && (score.is_none() || peak - sum >= needed) {
            found.push(start..end);
            (sum, peak) = (0.0, 0.0);
        } else if score.is_none() {
            (sum, peak) = (0.0, 0.0);
        }
    }
    found
}

/// The runs of places that are set.
fn runs(set: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in (0..set.len()).filter(|at| set[*at]) {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The evidence that one count is larger than a share `expected` of its sum with another: the
/// logarithm of a likelihood ratio, and by Chernoff's bound the logarithm of one over its chance.
#[must_use]
pub fn evidence_of_more(count: u64, other: u64, expected: f64) -> f64 {
    let sum = (count + other) as f64;
    let share = count as f64 / sum;
    if sum == 0.0 || share <= expected {
        return 0.0;
    }
    let part = |count: u64, expected: f64| {
        if count == 0 {
            0.0
        } else {
            count as f64 * libm::log(count as f64 / sum / expected)
        }
    };
    part(count, expected) + part(other, 1.0 - expected)
}

/// A step up of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepUp {
    /// The first place after it.
    pub at: usize,
    /// How many places on either side of it were compared.
    pub scale: usize,
    /// Mean count before it.
    pub before: f64,
    /// Mean count after it.
    pub after: f64,
}

/// Steps up of a series of counts by `factor` or more, beyond what `expected` (in any unit) says of
/// them, in order. Under counts that are no more than that with a spread of Poisson's, of batches of
/// `batch`, or of what they show before the step, whichever is largest, any is found with a probability
/// of about `chance`.
///
/// A step is not a slope: the rise must be as large between the halves next to it.
#[must_use]
pub fn steps_up(
    counts: &[u64],
    expected: &[f64],
    batch: f64,
    factor: f64,
    chance: f64,
) -> Vec<StepUp> {
    let needed = evidence_needed(counts.len() * SCALES.len(), chance);
    let sums = |range: Range<usize>| {
        let count: u64 = counts[range.clone()].iter().sum();
        (count, expected[range].iter().sum::<f64>())
    };
    let grows = |at: usize, width: usize| {
        let ((before, was), (after, is)) = (sums(at - width..at), sums(at..at + width));
        after as f64 * was >= factor * before as f64 * is && is > 0.0 && was > 0.0
    };
    let evidence = |at: usize, scale: usize| {
        let ((before, was), (after, is)) = (sums(at - scale..at), sums(at..at + scale));
        let calm = if before > 0 {
            at - scale..at
        } else {
            at..at + scale
        };
        let spread = dispersion(&counts[calm]).max(batch).max(1.0);
        evidence_of_more(after, before, is / (is + was)) / spread
    };
    let mut found: Vec<StepUp> = Vec::new();
    for scale in SCALES {
        let last = (counts.len() + 1).saturating_sub(scale);
        let mut best: Option<(f64, usize)> = None;
        for at in scale..last.max(scale) {
            let near = |step: &StepUp| at.abs_diff(step.at) < scale;
            let proven = grows(at, scale) && grows(at, scale / 2) && !found.iter().any(near);
            let now = if proven { evidence(at, scale) } else { 0.0 };
            best = match best {
                Some((most, _)) if now > most => Some((now, at)),
                None if now >= needed => Some((now, at)),
                best => best,
            };
            // The best of those that belong together.
            if let Some((_, step)) = best
                && (at + 1 == last || at - step >= scale)
            {
                let mean = |range| sums(range).0 as f64 / scale as f64;
                found.push(StepUp {
                    at: step,
                    scale,
                    before: mean(step - scale..step),
                    after: mean(step..step + scale),
                });
                best = None;
            }
        }
    }
    found.sort_by_key(|step| step.at);
    found
}

/// Variance of counts over their mean: 1 for Poisson's.
fn dispersion(counts: &[u64]) -> f64 {
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<u64>() as f64 / n;
    if mean == 0.0 || counts.len() < 2 {
        return 1.0;
    }
    let off = |count: &u64| (*count as f64 - mean) * (*count as f64 - mean);
    counts.iter().map(off).sum::<f64>() / (n - 1.0) / mean
}
