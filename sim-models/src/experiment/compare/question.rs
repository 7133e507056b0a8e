//! What is asked of a comparison: of what, how sure, and what counts as a difference.

use super::numbers::is_share;
use crate::expression::metric::{Statistic, Unit};
use crate::expression::{Measure, Metric};

/// What is asked of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Index of the axis that holds the variants.
    pub axis: usize,
    /// Label of the variant that the others are compared with.
    pub baseline: String,
    /// Whether the measures were chosen by who asks: then all of them are tested. Otherwise those that
    /// users feel: see [`Question::asks`].
    pub chosen: bool,
    /// Index of a point that is the scenario as it was written, if one of them is: its condition is
    /// named where others are averaged with it.
    pub own: Option<usize>,
    /// Confidence level, 0 to 1.
    pub level: f64,
    /// The least difference that matters, as a share; see [`least_difference`]. Smaller ones are none,
    /// and numbers of replications are computed for it.
    pub difference: f64,
    /// Probability with which a difference of that size should be found, 0.5 to 1.
    pub power: f64,
}

impl Question {
    /// At 95 % confidence, for differences of 1 %, found with a probability of 80 %.
    #[must_use]
    pub fn new(axis: usize, baseline: impl Into<String>) -> Self {
        Self {
            axis,
            baseline: baseline.into(),
            chosen: false,
            own: None,
            level: 0.95,
            difference: 0.01,
            power: 0.8,
        }
    }

    /// Which of these measures the question is about, and so are tested together: all of them where they
    /// were chosen; otherwise how many requests of each workload fail, how long they take (the median of
    /// those answered, the true p99 of all) and how long the system takes to recover; all where there is
    /// nothing of these. Every further test would make all claims harder to prove.
    #[must_use]
    pub fn asks(&self, measures: &[Measure]) -> Vec<bool> {
        let felt = |measure: &Measure| {
            let statistic = measure.statistic();
            match measure.metric {
                Metric::FailedRatio | Metric::RecoveryTime => true,
                Metric::Latency => statistic == Some(Statistic::P50),
                Metric::LatencyTrue => statistic == Some(Statistic::P99),
                _ => false,
            }
        };
        let asked: Vec<bool> = measures.iter().map(felt).collect();
        let all = self.chosen || !asked.contains(&true);
        asked.into_iter().map(|asked| asked || all).collect()
    }
}

/// The least difference of a measure that matters where the baseline measures this, in the unit of the
/// measure: `share` of what the baseline measures, but at least of what is small for its unit: 100 us,
/// 0.1 % of all requests, 0.1 per second, 0.1 of a multiple or a count. At 1 % that is 1 us, one request
/// in 100,000, and one request in 1,000 seconds.
///
/// A share counts by its smaller side: from 99.9 to 99.8 per cent answered, twice as many failed.
#[must_use]
pub fn least_difference(measure: &Measure, share: f64, baseline: f64) -> f64 {
    let size = baseline.abs();
    let size = if is_share(measure) {
        size.min((1.0 - size).abs())
    } else {
        size
    };
    let small = match measure.unit() {
        Unit::Seconds => 100e-6,
        Unit::Ratio if is_share(measure) => 0.001,
        Unit::Ratio | Unit::Rate | Unit::Count => 0.1,
    };
    share * size.max(small)
}
