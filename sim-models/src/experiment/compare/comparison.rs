//! What a comparison found.

use super::finding::{Finding, Judgement};
use super::question::Question;
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

/// A measure by which a variant is better under some conditions and worse under others.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Index of the variant.
    pub variant: usize,
    /// Index of the measure.
    pub measure: usize,
    /// Conditions under which it is better.
    pub better: Vec<usize>,
    /// Conditions under which it is worse.
    pub worse: Vec<usize>,
    /// The axis along which the two part, if one does.
    pub boundary: Option<Boundary>,
}

/// On which side of what a variant is worse.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Index of the axis among those of the conditions.
    pub axis: usize,
    /// Which side is worse.
    pub worse: Side,
    /// The outermost place towards the better side at which it is worse, as labelled.
    pub worse_to: String,
    /// The outermost place towards the worse side at which it is better, as labelled.
    pub better_from: String,
    /// Whether no other condition lies between the two.
    pub adjacent: bool,
}

/// A side of a place on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards small numbers.
    Below,
    /// Towards large numbers.
    Above,
}
