//! Tests of paired differences that ask for no shape of their distribution: a check where differences
//! are far from normal, and the only ones where some are infinite (a system that never recovers).

use super::StatsError;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

/// Up to so many differences that are not zero, the distribution of the rank sum is counted out.
const EXACT: usize = 50;

/// The sign test, two-sided and exact: `plus` differences above zero and `minus` below, if either were
/// as likely. For outcomes of two kinds (held or not) it is the exact form of McNemar's test, with the
/// numbers of pairs that changed in each direction. 1 where nothing differs.
///
/// Sources: W. J. Dixon and A. M. Mood, "The Statistical Sign Test", JASA 41 (1946); Q. McNemar, "Note on
/// the Sampling Error of the Difference between Correlated Proportions", Psychometrika 12 (1947).
#[must_use]
pub fn sign_test(plus: u64, minus: u64) -> f64 {
    let Ok(successes) = Binomial::new(0.5, plus + minus) else {
        return 1.0;
    };
    (2.0 * successes.cdf(plus.min(minus))).min(1.0)
}

/// Wilcoxon's signed-rank test, two-sided: the probability of ranks as lopsided as these if each
/// difference were as likely to be above as below zero. Differences of zero are left out, equal ones
/// share their rank; infinite ones are the largest. 1 where nothing differs.
///
/// Exact up to 50 differences, ties or not, by counting the sums of ranks over all signs; beyond that
/// the normal approximation with the correction for ties and for continuity.
///
/// Sources: F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1 (1945);
/// M. Hollander, D. A. Wolfe and E. Chicken, "Nonparametric Statistical Methods", 3rd ed., section 3.1.
///
/// # Errors
/// No difference at all.
pub fn wilcoxon(differences: &[f64]) -> Result<f64, StatsError> {
    if differences.is_empty() {
        return Err(StatsError::TooFew {
            what: "a signed-rank test",
            needed: 1,
            given: 0,
        });
    }
    let mut kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    kept.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = kept.len();
    if n == 0 {
        return Ok(1.0);
    }
    // Twice the ranks, which are whole numbers even where equal differences share theirs.
    let mut ranks = vec![0_usize; n];
    let mut ties = 0.0;
    let mut first = 0;
    while first < n {
        let same = kept[first..]
            .iter()
            .take_while(|d| d.abs() == kept[first].abs())
            .count();
        ranks[first..first + same].fill(2 * first + same + 1);
        let same_float = same as f64;
        ties += same_float * same_float * same_float - same_float;
        first += same;
    }
    let signed = kept.iter().zip(&ranks);
    let above: usize = signed
        .filter(|(d, _)| **d > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let total: usize = ranks.iter().sum();
    let less = above.min(total - above);
    if n <= EXACT {
        return Ok((2.0 * share_of_sums(&ranks, less)).min(1.0));
    }
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let distance = (mean - less as f64 / 2.0 - 0.5).max(0.0);
    Ok((2.0 * Normal::standard().sf(distance / libm::sqrt(variance))).min(1.0))
}

/// The share of all choices of signs whose sum of doubled ranks above zero is at most `most`.
fn share_of_sums(ranks: &[usize], most: usize) -> f64 {
    let mut share = vec![0.0; most + 1];
    share[0] = 1.0;
    for rank in ranks {
        for sum in (0..=most).rev() {
            let with = sum.checked_sub(*rank).map_or(0.0, |rest| share[rest]);
            share[sum] = 0.5 * (share[sum] + with);
        }
    }
    share.iter().sum()
}
