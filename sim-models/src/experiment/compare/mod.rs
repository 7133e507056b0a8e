//! Comparing variants of a system under the same luck: how much better, how sure, at what price, and
//! where not.
//!
//! The runs of a sweep one of whose axes holds the variants are compared pair by pair: replication `r` of
//! two variants ran with the same seed. What is claimed is corrected for the number of questions asked
//! (Holm), so that the whole comparison errs with probability `1 - level` at most; intervals are those of
//! each difference by itself, and [`Finding::simultaneous`] those that hold all together. Only what the
//! question is about is tested ([`Question::asks`]); the rest is there to be read.
//!
//! Sources: A. M. Law, "Simulation Modeling and Analysis", 5th ed., chapters 10 and 11.2 (paired
//! comparisons under common random numbers); the tests are in [`sim_core::stats`].

mod cells;
mod change;
mod joined;
pub mod numbers;
mod finding;
mod question;
mod teller;
mod clause;
mod place;
mod sentence;
mod analyse;
#[cfg(test)]
mod tests;

pub use analyse::compare;
pub use change::{Boundary, Change, Side};
pub use finding::{Among, Finding, Judgement, Pair, Test};
pub use joined::{Fate, Group, Joined, Transition, join, trace};
pub use question::{Question, least_difference};

use crate::experiment::space::Coordinate;
use crate::expression::Measure;
use crate::observe::conclusion::Conclusion;
use sim_core::stats::{Interval, PairedCounts};

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
    /// Which of the conditions is the scenario's own, where there are several and it is known.
    pub own: Option<usize>,
    /// Which of the measures the question is about, and are tested.
    pub tested: Vec<bool>,
    /// The most replications of any cell.
    pub replications: u32,
    /// Runs that a budget cut short: they count as they are.
    pub cut_short: u32,
    /// What was asked.
    pub question: Question,
    /// How many tests the p-values are corrected for: those of the measures that the question is about
    /// and of the hypothesis. What is the same in all runs is no test: it can alarm nobody.
    pub family: usize,
    /// By variant: whether all of its runs are those of the baseline, event for event.
    pub equal: Vec<bool>,
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

/// How often the hypothesis held with the baseline and with a variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictShares {
    /// Index of the variant.
    pub variant: usize,
    /// Index of the condition; none: all of them.
    pub condition: Option<usize>,
    /// How often each verdict came, the best first: the verdict, with the baseline, with the variant.
    pub counts: Vec<(Conclusion, u32, u32)>,
    /// In which runs it held, of the pairs in which it could be judged with both: left with the variant, right
    /// with the baseline.
    pub held: PairedCounts,
    /// Pairs of runs that are left out: with one or both it could not be judged.
    pub open: u64,
    /// Share of runs in which it held, variant less baseline; none where no pair could be judged.
    pub difference: Option<Interval>,
    /// Replications in more of whose runs it held with the variant, and with the baseline.
    pub more: (u64, u64),
    /// McNemar's exact test; pooled over conditions, by the replications in which more held.
    pub p: f64,
    /// Corrected for the whole family (Holm).
    pub adjusted_p: f64,
    /// What follows.
    pub verdict: Judgement,
}
