//! What is found about one measure of one variant.

use super::numbers;
use crate::expression::Measure;
use sim_core::stats::Interval;

/// One replication of both variants, under one condition or over several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Which replication.
    pub replication: u32,
    /// Measured with the baseline, the mean over the conditions; infinite for a time that did not end
    /// under one of them.
    pub baseline: f64,
    /// The same with the variant.
    pub variant: f64,
    /// Under how many conditions it ended with the baseline, and with the variant.
    pub ended: (u32, u32),
    /// Under how many of them it ended with both.
    pub both: u32,
    /// The means over those; none where there is none.
    pub among: Option<(f64, f64)>,
}

impl Pair {
    /// The pair of these runs, one for each condition: with the baseline, and with the variant.
    #[must_use]
    pub fn of(replication: u32, runs: &[(f64, f64)]) -> Self {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (baseline, variant): (Vec<f64>, Vec<f64>) = runs.iter().copied().unzip();
        let count = |values: &[f64]| values.iter().filter(|v| v.is_finite()).count() as u32;
        let both = runs.iter().filter(|(a, b)| a.is_finite() && b.is_finite());
        let (left, right): (Vec<f64>, Vec<f64>) = both.copied().unzip();
        Self {
            replication,
            baseline: mean(&baseline),
            variant: mean(&variant),
            ended: (count(&baseline), count(&variant)),
            both: left.len() as u32,
            among: (!left.is_empty()).then(|| (mean(&left), mean(&right))),
        }
    }

    /// Variant less baseline. What ends under fewer conditions is infinitely larger; where as many ended
    /// with both, they differ by what was measured where both ended, 0 where that is nowhere.
    #[must_use]
    pub fn difference(&self) -> f64 {
        let (baseline, variant) = self.ended;
        match variant.cmp(&baseline) {
            std::cmp::Ordering::Less => f64::INFINITY,
            std::cmp::Ordering::Greater => f64::NEG_INFINITY,
            std::cmp::Ordering::Equal => self.among.map_or(0.0, |(a, b)| b - a),
        }
    }
}

/// What was measured in the runs that came to an end with both, where some did not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Among {
    /// Pairs of runs, one with each, of which both ended.
    pub runs: u32,
    /// Mean with the baseline, of replications by their means.
    pub baseline: f64,
    /// The same with the variant.
    pub value: f64,
}

/// What was found about one measure of one variant under one condition, or pooled over all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Index of the variant.
    pub variant: usize,
    /// Index of the measure.
    pub measure: usize,
    /// Index of the condition; none: pooled, each replication by its mean over the conditions.
    pub condition: Option<usize>,
    /// The replications in which both could be measured.
    pub pairs: Vec<Pair>,
    /// Replications in which there was nothing to measure on either side, or on one.
    pub missing: u32,
    /// Runs of the pairs, as many with the baseline as with the variant.
    pub runs: u32,
    /// How many of these runs are infinite with the baseline, and with the variant.
    pub never: (u32, u32),
    /// Mean of the baseline; none where some are infinite.
    pub baseline: Option<f64>,
    /// The same of the variant.
    pub value: Option<f64>,
    /// What was measured where both ended; none where all did, or none.
    pub among: Option<Among>,
    /// Mean difference, variant less baseline, with its interval; none where some are infinite.
    pub difference: Option<Interval>,
    /// The same with an interval that holds together with those of the whole family; of a measure that
    /// is not tested, together with those of all measures.
    pub simultaneous: Option<Interval>,
    /// The difference as a share of the baseline, by Fieller.
    pub relative: Option<Interval>,
    /// The least difference that matters, in the unit of the measure: see [`super::question::least_difference`].
    pub least: Option<f64>,
    /// Cohen's d of the pairs; see [`sim_core::stats::standardised_difference`].
    pub effect: Option<f64>,
    /// Which test the p-value is of.
    pub test: Test,
    /// Probability of a difference this large by luck alone.
    pub p: f64,
    /// Corrected for the whole family (Holm); none where the measure is not part of the question.
    pub adjusted_p: Option<f64>,
    /// Probability by ranks alone, as a check where differences are far from normal.
    pub rank_p: f64,
    /// What follows.
    pub verdict: Judgement,
    /// Replications that would show the difference asked for; none where some are infinite.
    pub needed: Option<u64>,
    /// Replications that would show a difference of the size observed, at the level of the family.
    pub needed_for_observed: Option<u64>,
}

impl Finding {
    /// How its numbers are written; none where there is no mean difference.
    #[must_use]
    pub fn scale(&self, measure: &Measure) -> Option<numbers::Scale> {
        let values = [self.baseline?, self.value?];
        let difference = self.difference.as_ref()?;
        Some(numbers::Scale::of_difference(measure, difference, values))
    }

    /// Pairs of runs, one with each, of which both ended.
    #[must_use]
    pub fn ended_in_both(&self) -> u32 {
        self.pairs.iter().map(|pair| pair.both).sum()
    }

    /// Whether it is more than luck, and as large as matters.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        matches!(
            self.verdict,
            Judgement::Better | Judgement::Worse | Judgement::Different
        )
    }

    /// Whether it is the same in all runs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        !self.pairs.is_empty() && self.pairs.iter().all(|pair| pair.difference() == 0.0)
    }

    /// Whether its mean difference is at least as large as what matters; an infinite one is.
    #[must_use]
    pub fn matters(&self) -> bool {
        let sum: f64 = self.pairs.iter().map(Pair::difference).sum();
        let mean = (sum / self.pairs.len() as f64).abs();
        // Infinities of both signs have no sum, and are no small difference.
        let small = mean < self.least.unwrap_or_default() || mean == 0.0;
        !small && !self.pairs.is_empty()
    }

    /// The replications in which it is larger with the variant, and those in which it is smaller.
    #[must_use]
    pub fn signs(&self) -> (u64, u64) {
        let count = |wanted: fn(f64) -> bool| {
            let differences = self.pairs.iter().map(Pair::difference);
            differences.filter(|difference| wanted(*difference)).count() as u64
        };
        (count(|d| d > 0.0), count(|d| d < 0.0))
    }

    /// Whether it goes the same way in all replications, which are too few to tell that from luck.
    #[must_use]
    pub fn agrees_but_is_short(&self) -> bool {
        let all = self.pairs.len() as u64;
        let (more, less) = self.signs();
        self.verdict == Judgement::TooFew && more.max(less) == all
    }

    /// How large the difference is beside what was measured, for an order: infinite where some are, or
    /// where there was nothing before.
    #[must_use]
    pub fn size(&self) -> f64 {
        let (Some(baseline), Some(difference)) = (self.baseline, self.difference) else {
            return if self.is_same() || self.pairs.is_empty() {
                0.0
            } else {
                f64::INFINITY
            };
        };
        if difference.mean == 0.0 {
            return 0.0;
        }
        (difference.mean / baseline).abs()
    }
}

/// How a difference is told from luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Student's t test of the paired differences.
    PairedT,
    /// Wilcoxon's signed-rank test, where some values are infinite, or differences come in so few sizes
    /// that their spread tells little: at most half as many sizes as pairs.
    SignedRank,
    /// None: fewer than two pairs, or nothing differs in any.
    None,
}

impl Test {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PairedT => "paired_t",
            Self::SignedRank => "signed_rank",
            Self::None => "none",
        }
    }
}

/// What a difference means for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The variant is better.
    Better,
    /// The variant is worse.
    Worse,
    /// It differs in something that is neither good nor bad by itself.
    Different,
    /// The difference is smaller than what matters.
    NoDifference,
    /// No difference was found, and one that matters cannot be ruled out.
    Undecided,
    /// The same, where so few replications could not have told any difference by their ranks.
    TooFew,
    /// It is not part of the question.
    NotTested,
}

impl Judgement {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
            Self::NoDifference => "no_difference",
            Self::Undecided => "undecided",
            Self::TooFew => "too_few",
            Self::NotTested => "not_tested",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDifference => "no difference",
            Self::TooFew => "too few runs",
            Self::NotTested => "not tested",
            other => other.name(),
        }
    }
}
