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

use super::evidence::too_many;
use std::ops::Range;

/// Windows on either side of a step that are compared, from short to long.
const SCALES: [usize; 3] = [5, 10, 30];

/// A part of a stretch that proves nothing by itself belongs to it unless its share is less than so much
/// of the largest one.
const LIGHT: f64 = 0.25;
/// The chance, about, with which a stretch of one share is divided where it need not be.
const DIVIDED: f64 = 0.01;

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
/// much for the opposite. Of those that overlap, the one with most evidence is taken, so that two short
/// and heavy stretches are not told as a long and light one, nor the other way round; and of one whose
/// share changes within it, the parts that are proven. `least` is the
/// smallest share looked for.
#[must_use]
pub fn excess(
    bad: &[u64],
    all: &[u64],
    allowed: f64,
    least: f64,
    chance: f64,
) -> Vec<Range<usize>> {
    excess_of_clusters(bad, all, allowed, least, 1.0, chance)
}

/// The same where bad events come in clusters: `dispersion` says how many times as much as independent
/// ones their count varies (at least 1), and evidence weighs so many times less (quasi-likelihood: R. W.
/// M. Wedderburn, Biometrika 61, 1974).
#[must_use]
pub fn excess_of_clusters(
    bad: &[u64],
    all: &[u64],
    allowed: f64,
    least: f64,
    dispersion: f64,
    chance: f64,
) -> Vec<Range<usize>> {
    // A share of zero would make one bad event proof of anything, and no number of good ones of
    // anything else.
    let allowed = allowed.clamp(1e-12, 1.0 - 1e-12);
    let shares = shares(allowed, least.max(allowed));
    let needed = dispersion.max(1.0) * evidence_needed(bad.len() * shares.len(), chance);
    let mut taken = vec![false; bad.len()];
    loop {
        let mut found = Vec::new();
        for share in &shares {
            let of_bad = libm::log(share / allowed);
            let of_good = libm::log((1.0 - share) / (1.0 - allowed));
            let score = |at: usize| {
                let good = all[at].saturating_sub(bad[at]);
                bad[at] as f64 * of_bad + good as f64 * of_good
            };
            let score = |at: usize| (!taken[at]).then(|| score(at));
            found.extend(highest(bad.len(), score, needed));
        }
        if found.is_empty() {
            return runs(&taken);
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
        for (_, stretch) in found {
            if taken[stretch.clone()].contains(&true) {
                continue;
            }
            let proven = |part: &Range<usize>| {
                let (bad, all) = (sum(bad, part), sum(all, part));
                let evidence = |share: &f64| {
                    bad as f64 * libm::log(share / allowed)
                        + all.saturating_sub(bad) as f64
                            * libm::log((1.0 - share) / (1.0 - allowed))
                };
                shares.iter().any(|share| evidence(share) >= needed)
            };
            let share = |part: &Range<usize>| sum(bad, part) as f64 / sum(all, part) as f64;
            let mut parts = parts_of(bad, all, stretch.clone());
            let heaviest = parts.iter().map(share).fold(0.0, f64::max);
            parts.retain(|part| proven(part) || share(part) >= LIGHT * heaviest);
            if parts.is_empty() {
                parts.push(stretch);
            }
            for part in parts {
                taken[part].fill(true);
            }
        }
    }
}

fn sum(counts: &[u64], range: &Range<usize>) -> u64 {
    counts[range.clone()].iter().sum()
}

/// The parts of a stretch, each of one share: a few bad events long after a heavy loss, about as many as
/// there always are, are no part of it. Divided in two wherever two shares are by far more likely than
/// one (binary segmentation: A. J. Scott and M. Knott, Biometrics 30, 1974); each part begins and ends
/// with something bad.
fn parts_of(bad: &[u64], all: &[u64], stretch: Range<usize>) -> Vec<Range<usize>> {
    let likelihood = |part: Range<usize>| {
        let (bad, all) = (sum(bad, &part), sum(all, &part));
        entropy(bad, all.max(bad))
    };
    let needed = evidence_needed(stretch.len(), DIVIDED);
    let (mut open, mut parts) = (vec![stretch], Vec::new());
    while let Some(mut part) = open.pop() {
        while part.start < part.end && bad[part.start] == 0 {
            part.start += 1;
        }
        while part.start < part.end && bad[part.end - 1] == 0 {
            part.end -= 1;
        }
        let whole = likelihood(part.clone());
        let gain = |at: usize| likelihood(part.start..at) + likelihood(at..part.end) - whole;
        let best = (part.start + 1..part.end)
            .map(|at| (gain(at), at))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match best {
            Some((gain, at)) if gain >= needed => {
                open.push(at..part.end);
                open.push(part.start..at);
            }
            _ => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The logarithm of the likelihood of `bad` among `all` under the share that they have.
fn entropy(bad: u64, all: u64) -> f64 {
    let term = |count: u64| {
        if count == 0 {
            0.0
        } else {
            count as f64 * libm::log(count as f64 / all as f64)
        }
    };
    term(bad) + term(all - bad)
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

/// Stretches whose cumulative sum of scores reaches `needed`, with that sum; none crosses a place without
/// a score.
fn highest(
    count: usize,
    score: impl Fn(usize) -> Option<f64>,
    needed: f64,
) -> Vec<(f64, Range<usize>)> {
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
            found.push((peak, start..end));
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
        too_many(after, after + before, is / (is + was)) / spread
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Seed, Source};

    /// A series of `all` events a window, of which these shares are bad.
    fn bad(seed: u64, all: u64, shares: &[f64]) -> Vec<u64> {
        let mut stream = Seed(seed).stream("scan", "bad");
        let window = |share: &f64| (0..all).filter(|_| stream.uniform() < *share).count() as u64;
        shares.iter().map(window).collect()
    }

    #[test]
    fn what_is_allowed_is_no_excess() {
        for all in [1, 5, 50, 1000] {
            for allowed in [0.001, 0.05, 0.5] {
                for seed in 0..50 {
                    let bad = bad(seed, all, &[allowed; 500]);
                    let found = excess(&bad, &[all; 500], allowed, 0.0, 1e-6);
                    assert_eq!(found, [], "{all} {allowed} {seed}");
                }
            }
        }
    }

    #[test]
    fn the_bound_on_false_alarms_holds() {
        // With a chance of a fifth it may find something in a fifth of the series, and no more.
        let alarm = |seed: &u64| {
            let bad = bad(*seed, 20, &[0.05; 200]);
            !excess(&bad, &[20; 200], 0.05, 0.0, 0.2).is_empty()
        };
        let alarms = (0..500).filter(alarm).count();
        assert!(alarms <= 100, "{alarms}");
        assert!(
            alarms > 0,
            "the bound is not so loose that nothing is ever found"
        );
    }

    #[test]
    fn clusters_prove_less() {
        let one = [0, 0, 9, 0, 0];
        assert_eq!(excess(&one, &[10; 5], 0.05, 0.0, 1e-6), vec![2..3]);
        assert_eq!(excess_of_clusters(&one, &[10; 5], 0.05, 0.0, 4.0, 1e-6), []);
        let many = [0, 90, 90, 90, 0];
        let found = excess_of_clusters(&many, &[100; 5], 0.05, 0.0, 4.0, 1e-6);
        assert_eq!(found, vec![1..4]);
    }

    #[test]
    fn an_excess_is_found_where_it_is() {
        let mut shares = [0.001; 300];
        shares[100..130].fill(0.2);
        for seed in 0..50 {
            let found = excess(&bad(seed, 50, &shares), &[50; 300], 0.001, 0.0, 1e-6);
            assert_eq!(found.len(), 1, "{seed}: {found:?}");
            assert!(found[0].start.abs_diff(100) <= 1 && found[0].end.abs_diff(130) <= 1);
        }
        // Two total losses are two, and so are a heavy and a light one next to each other one.
        let mut twice = [0; 40];
        (twice[10], twice[20]) = (1000, 1000);
        assert_eq!(
            excess(&twice, &[1000; 40], 0.001, 0.0, 1e-6),
            [10..11, 20..21]
        );
        let mut both = [0; 40];
        both[10..14].fill(1000);
        both[14..20].fill(30);
        let found = excess(&both, &[1000; 40], 0.001, 0.0, 1e-6);
        assert_eq!(found, vec![10..20]);
    }

    #[test]
    fn a_loss_is_no_longer_than_it_is_heavy() {
        // One request every two windows: all seven fail, and then one in fourteen, as it always was.
        let all: Vec<u64> = (0..600).map(|at| at % 2).collect();
        let mut bad = vec![0; 600];
        for at in [241, 243, 245, 247, 249, 251, 253, 265, 311, 333, 341, 387] {
            bad[at] = 1;
        }
        assert_eq!(excess(&bad, &all, 0.001, 0.0, 1e-6), vec![241..254]);
        // Where what follows is as heavy, it belongs to it.
        bad[255..391].copy_from_slice(&all[255..391]);
        assert_eq!(excess(&bad, &all, 0.001, 0.0, 1e-6), vec![241..390]);
    }

    #[test]
    fn no_error_allowed_is_no_error_forgiven() {
        let mut bad = [0; 100];
        assert_eq!(excess(&bad, &[5; 100], 0.0, 0.0, 1e-6), []);
        bad[50] = 1;
        assert_eq!(excess(&bad, &[5; 100], 0.0, 0.0, 1e-6), vec![50..51]);
        assert_eq!(excess(&[], &[], 0.1, 0.0, 1e-6), []);
    }

    #[test]
    fn evidence_is_bounded_by_chernoff() {
        // P(X >= 9) of ten tosses of a coin is 11/1024, and Chernoff's bound exp(-3.68).
        let evidence = too_many(9, 10, 0.5);
        assert!((evidence - 3.681).abs() < 1e-3 && libm::exp(-evidence) > 11.0 / 1024.0);
        assert_eq!(too_many(5, 10, 0.5), 0.0);
        assert!((too_many(7, 7, 0.5) - 7.0 * libm::log(2.0)).abs() < 1e-12);
        assert_eq!(too_many(0, 0, 0.5), 0.0);
    }

    #[test]
    fn steps_are_told_from_slopes_and_noise() {
        let even = [1.0; 200];
        let mut counts = [10; 200];
        counts[120..].fill(30);
        let steps = steps_up(&counts, &even, 1.0, 1.5, 1e-6);
        assert_eq!(steps.len(), 1);
        assert_eq!(
            (steps[0].at, steps[0].before, steps[0].after),
            (120, 10.0, 30.0)
        );
        // What is expected is no step, nor is a slope, nor a step down.
        let expected: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
        assert_eq!(steps_up(&counts, &expected, 1.0, 1.5, 1e-6), []);
        let slope: Vec<u64> = (0..200).map(|at| 100 + 3 * at).collect();
        assert_eq!(steps_up(&slope, &even, 1.0, 1.5, 1e-6), []);
        counts.reverse();
        assert_eq!(steps_up(&counts, &even, 1.0, 1.5, 1e-6), []);
        // Batches of ten: twenty are two.
        let batches: Vec<u64> = (0..200).map(|at| if at == 100 { 20 } else { 0 }).collect();
        assert_eq!(steps_up(&batches, &even, 10.0, 1.5, 1e-6), []);
        for seed in 0..50 {
            let noise = bad(seed, 1000, &[0.02; 200]);
            assert_eq!(steps_up(&noise, &even, 1.0, 1.5, 1e-6), [], "{seed}");
        }
    }
}
