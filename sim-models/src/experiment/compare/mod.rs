//! Comparing variants of a system under the same luck: how much better, how sure, at what price, and
//! where not.
//!
//! The runs of a sweep one of whose axes holds the variants are compared pair by pair: replication `r` of
//! two variants ran with the same seed. What is claimed is corrected for the number of questions asked
//! (Holm), so that the whole comparison errs with probability `1 - level` at most; intervals are those of
//! each difference by itself, and [`Finding::simultaneous`] those that hold all together.
//!
//! Sources: A. M. Law, "Simulation Modeling and Analysis", 5th ed., chapters 10 and 11.2 (paired
//! comparisons under common random numbers); the tests are in [`sim_core::stats`].

mod analyse;
mod change;
mod joined;
pub mod numbers;
mod sentence;
#[cfg(test)]
mod tests;

pub use analyse::compare;
pub use change::{Boundary, Change, Side};
pub use joined::{Fate, Group, Joined, Transition, join, trace};

use crate::experiment::space::Coordinate;
use crate::observe::conclusion::Conclusion;
use crate::observe::expression::Measure;
use sim_core::stats::{Interval, PairedCounts};

/// What is asked of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Index of the axis that holds the variants.
    pub axis: usize,
    /// Label of the variant that the others are compared with.
    pub baseline: String,
    /// Confidence level, 0 to 1.
    pub level: f64,
    /// The least difference that matters, as a share of what the baseline measures: differences whose
    /// interval lies within it are none, and it is what numbers of replications are computed for.
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
            level: 0.95,
            difference: 0.01,
            power: 0.8,
        }
    }
}

/// Variants of a system, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Title of the sweep.
    pub title: String,
    /// Name of the axis that holds the variants: `"variant"`.
    pub axis: String,
    /// The variant that the others are compared with.
    pub baseline: String,
    /// The other variants, in their order.
    pub variants: Vec<String>,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// Names of the axes that the conditions lie on, with their units; empty where there is one
    /// condition only.
    pub condition_axes: Vec<(String, &'static str)>,
    /// Under which conditions they were compared, in the order of the sweep; at least one.
    pub conditions: Vec<Condition>,
    /// The most replications of any cell.
    pub replications: u32,
    /// Runs that a budget cut short: they count as they are.
    pub cut_short: u32,
    /// What was asked.
    pub question: Question,
    /// How many tests the p-values are corrected for.
    pub family: usize,
    /// By variant, then measure, then condition, the pooled one last (where there are several).
    pub findings: Vec<Finding>,
    /// By variant, then condition, the pooled one last; empty where no scenario has a hypothesis.
    pub verdicts: Vec<VerdictShares>,
    /// Where variants change places, by variant and measure.
    pub changes: Vec<Change>,
    /// What follows, in sentences: one or more for each variant.
    pub sentences: Vec<String>,
}

impl Comparison {
    /// The finding about a variant, a measure, and a condition (none: all of them), by index.
    #[must_use]
    pub fn finding(
        &self,
        variant: usize,
        measure: usize,
        condition: Option<usize>,
    ) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            (finding.variant, finding.measure, finding.condition) == (variant, measure, condition)
        })
    }

    /// The condition that the headline is about: all of them where there are several.
    #[must_use]
    pub fn overall(&self) -> Option<usize> {
        (self.conditions.len() == 1).then_some(0)
    }
}

/// Circumstances under which variants are compared: a point on the other axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// For people: `"rate 200/s, outage 30s"`; empty where there is only one.
    pub label: String,
    /// Where it lies on each of [`Comparison::condition_axes`].
    pub coordinates: Vec<Coordinate>,
}

/// One replication of both variants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Which replication.
    pub replication: u32,
    /// Measured with the baseline; infinite for a time that did not end.
    pub baseline: f64,
    /// Measured with the variant.
    pub variant: f64,
}

impl Pair {
    /// Variant less baseline; 0 where neither ended.
    #[must_use]
    pub fn difference(&self) -> f64 {
        if self.variant == self.baseline {
            0.0
        } else {
            self.variant - self.baseline
        }
    }
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
    /// How many of the pairs are infinite with the baseline, and with the variant.
    pub never: (u32, u32),
    /// Mean of the baseline, or the median where some are infinite.
    pub baseline: Option<f64>,
    /// The same of the variant.
    pub value: Option<f64>,
    /// Mean difference, variant less baseline, with its interval; none where some are infinite.
    pub difference: Option<Interval>,
    /// The same with an interval that holds together with those of the whole family.
    pub simultaneous: Option<Interval>,
    /// The difference as a share of the baseline, by Fieller.
    pub relative: Option<Interval>,
    /// Cohen's d of the pairs; see [`sim_core::stats::standardised_difference`].
    pub effect: Option<f64>,
    /// Which test the p-value is of.
    pub test: Test,
    /// Probability of a difference this large by luck alone.
    pub p: f64,
    /// Corrected for the whole family (Holm).
    pub adjusted_p: f64,
    /// Probability by ranks alone, as a check where differences are far from normal.
    pub rank_p: f64,
    /// What follows.
    pub verdict: Verdict,
    /// Replications that would show the difference asked for; none where the baseline is zero, or some
    /// are infinite.
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

    /// Whether it is more than luck.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Better | Verdict::Worse | Verdict::Different
        )
    }
}

/// How a difference is told from luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Student's t test of the paired differences.
    PairedT,
    /// Wilcoxon's signed-rank test, where some values are infinite.
    SignedRank,
    /// None: fewer than two pairs.
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
pub enum Verdict {
    /// The variant is better.
    Better,
    /// The variant is worse.
    Worse,
    /// It differs in something that is neither good nor bad by itself.
    Different,
    /// The difference is smaller than what was asked for.
    NoDifference,
    /// No difference was found, and one of the size asked for cannot be ruled out.
    Undecided,
}

impl Verdict {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
            Self::NoDifference => "no_difference",
            Self::Undecided => "undecided",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDifference => "no difference",
            other => other.name(),
        }
    }
}

/// How often the hypothesis held with the baseline and with a variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictShares {
    /// Index of the variant.
    pub variant: usize,
    /// Index of the condition; none: all of them.
    pub condition: Option<usize>,
    /// How often each verdict came, the best first: the verdict, with the baseline, with the variant.
    pub counts: Vec<(Conclusion, u32, u32)>,
    /// In which runs it held: left with the variant, right with the baseline.
    pub held: PairedCounts,
    /// Share of runs in which it held, variant less baseline.
    pub difference: Interval,
    /// McNemar's exact test. Pooled: by the replications of which more, or fewer, held.
    pub p: f64,
    /// Corrected for the whole family (Holm).
    pub adjusted_p: f64,
    /// What follows.
    pub verdict: Verdict,
}
