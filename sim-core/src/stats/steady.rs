//! Within one run: where its warm-up ends, and how sure its mean is although its values hang together.

use super::{Interval, Moments, StatsError, check_probability, t_quantile};

/// The mean of one long, stationary run with an interval, from the means of `batches` (at least 2;
/// 10 to 30 are customary) stretches of equal length. What does not fill the batches is left out
/// at the beginning, where what is left of the warm-up would be.
pub fn batch_means(values: &[f64], batches: usize, level: f64) -> Result<Interval, StatsError> {
    let what = "an interval from batch means";
    if batches < 2 {
        return Err(StatsError::TooFew {
            what,
            needed: 2,
            given: batches,
        });
    }
    let (given, length) = (values.len(), values.len() / batches);
    if length == 0 {
        return Err(StatsError::TooFew {
            what,
            needed: batches,
            given,
        });
    }
    let kept = &values[given - batches * length..];
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / length as f64;
    kept.chunks_exact(length)
        .map(mean)
        .collect::<Moments>()
        .interval(level)
}

/// Where the warm-up ends, by MSER-5: the number of leading values to drop, a multiple of 5.
///
/// The values are averaged in batches of 5; the cut is where the squared standard error of what
/// remains, `sum of squared deviations / remaining^2`, is least, among cuts in the first half.
/// `None` if the least lies at the end of that half (nothing in the run is stationary) and for fewer
/// than 10 values. K. P. White, "An Effective Truncation Heuristic for Bias Reduction in Simulation
/// Output", Simulation 69 (1997).
#[must_use]
pub fn mser5(values: &[f64]) -> Option<usize> {
    const BATCH: usize = 5;
    let means: Vec<f64> = values
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let half = means.len() / 2;
    if half == 0 {
        return None;
    }
    // From the end: Welford's update gives the statistic of every cut in one pass.
    let mut kept = Moments::new();
    let mut best = (f64::INFINITY, 0);
    for (cut, mean) in means.iter().enumerate().rev() {
        kept.push(*mean);
        let remaining = kept.count() as f64;
        let error = kept.squares / (remaining * remaining);
        // Of equal ones the earliest cut is taken, which comes last.
        if cut <= half && error <= best.0 {
            best = (error, cut);
        }
    }
    (best.1 < half).then_some(best.1 * BATCH)
}

/// The mean of several runs at each of their steps, smoothed by a moving average of up to `reach` steps
/// to both sides (fewer near the beginning): what Welch's procedure plots. Ends where the shortest run
/// ends, less `reach`.
///
/// P. D. Welch, "The Statistical Analysis of Simulation Results", in S. Lavenberg (ed.), "Computer
/// Performance Modeling Handbook", 1983; Law, section 9.5.1.
#[must_use]
pub fn welch_curve(runs: &[Vec<f64>], reach: usize) -> Vec<f64> {
    let steps = runs.iter().map(Vec::len).min().unwrap_or_default();
    let mean = |step: usize| runs.iter().map(|run| run[step]).sum::<f64>() / runs.len() as f64;
    let means: Vec<f64> = (0..steps).map(mean).collect();
    (0..steps.saturating_sub(reach))
        .map(|step| {
            let aside = step.min(reach);
            let around = &means[step - aside..=step + aside];
            around.iter().sum::<f64>() / around.len() as f64
        })
        .collect()
}

/// Where the warm-up ends by Welch's procedure: the first step at which the smoothed curve of
/// [`welch_curve`] lies in the range that it keeps to over its second half. People judge that by eye;
/// this is what they look for. None for fewer than 10 steps, and where the second half still drifts:
/// where the curve reaches that range only in it.
#[must_use]
pub fn welch(runs: &[Vec<f64>], reach: usize) -> Option<usize> {
    let curve = welch_curve(runs, reach);
    if curve.len() < 10 {
        return None;
    }
    let half = curve.len() / 2;
    let kept: Moments = curve[half..].iter().copied().collect();
    let within = |value: &f64| kept.min() <= *value && *value <= kept.max();
    curve[..half].iter().position(within)
}

/// How many independent values tell as much about the mean as these, which follow one another in a
/// stationary run: `n / (1 + 2 (r1 + r2 + ...))` with the correlations r at each distance, at most n
/// times 2. The sum ends, and sums of neighbours are kept from growing, as in the initial monotone
/// sequence estimator of C. J. Geyer, "Practical Markov Chain Monte Carlo", Statistical Science 7 (1992),
/// section 3.3. As many as there are where they do not vary.
#[must_use]
pub fn effective_sample_size(values: &[f64]) -> f64 {
    let n = values.len();
    let moments: Moments = values.iter().copied().collect();
    let spread = moments.squares / n as f64;
    if n < 4 || spread <= 0.0 {
        return n as f64;
    }
    let centred: Vec<f64> = values.iter().map(|value| value - moments.mean()).collect();
    let covariance = |lag: usize| {
        let products = centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b);
        products.sum::<f64>() / n as f64
    };
    let (mut sum, mut least) = (-spread, f64::INFINITY);
    for lag in (0..n / 2).map(|pair| 2 * pair) {
        let pair = covariance(lag) + covariance(lag + 1);
        if pair <= 0.0 {
            break;
        }
        least = least.min(pair);
        sum += 2.0 * least;
    }
    // A sum near zero would claim more than anyone knows.
    n as f64 * spread / sum.max(0.5 * spread)
}

/// The mean of one long, stationary run with an interval: that of as many independent values as
/// [`effective_sample_size`] finds.
pub fn correlated_interval(values: &[f64], level: f64) -> Result<Interval, StatsError> {
    check_probability("the confidence level", level)?;
    let moments: Moments = values.iter().copied().collect();
    let size = effective_sample_size(values);
    if values.len() < 4 || size < 2.0 {
        return Err(StatsError::TooFew {
            what: "an interval from correlated values",
            needed: 4,
            given: values.len().min(size as usize),
        });
    }
    let half_width = t_quantile(level, size - 1.0) * moments.sd() / libm::sqrt(size);
    let count = values.len() as u64;
    Ok(Interval::symmetric(
        moments.mean(),
        half_width,
        level,
        count,
    ))
}
