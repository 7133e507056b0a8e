//! Who tells of a comparison, and the words that all its sentences share.

use super::comparison::Comparison;
use super::finding::{Finding, Judgement};
use super::numbers::{counted, probability};
use crate::expression::Measure;
use sim_core::stats::sign_test;

/// The most names that one sentence lists.
pub(super) const MOST: usize = 4;

/// More replications than anyone makes to tell counts apart.
const MOST_REPLICATIONS: u64 = 10_000;

/// Tells of one variant.
pub(super) struct Teller<'a> {
    pub(super) comparison: &'a Comparison,
    pub(super) variant: usize,
}

impl<'a> Teller<'a> {
    pub(super) fn name(&self) -> String {
        format!("\"{}\"", self.comparison.variants[self.variant])
    }

    pub(super) fn baseline(&self) -> String {
        format!("\"{}\"", self.comparison.baseline)
    }

    pub(super) fn measure(&self, finding: &Finding) -> &'a Measure {
        &self.comparison.measures[finding.measure]
    }

    /// What a test of counts or ranks says, whose p-value few replications cannot make small; `signs` are
    /// the replications that speak for either side.
    pub(super) fn by_count(&self, verdict: Judgement, p: f64, signs: (u64, u64)) -> String {
        let is_open = matches!(
            verdict,
            Judgement::Undecided | Judgement::TooFew | Judgement::NoDifference
        );
        if !is_open {
            return format!("{}, {}", verdict.words(), probability(p));
        }
        let made = u64::from(self.comparison.replications);
        let among = match self.comparison.family {
            0 | 1 => String::new(),
            tests => format!(" among {tests} tests"),
        };
        let told = format!(
            "{} cannot tell that from luck{among}",
            counted(made, "replication")
        );
        match self.enough(signs, made) {
            Some(enough) => {
                format!("{told}; if it goes on so, {enough} would")
            }
            None => told,
        }
    }

    /// How many replications would tell the signs of these from luck, if they kept their shares.
    fn enough(&self, (plus, minus): (u64, u64), made: u64) -> Option<u64> {
        let alpha = (1.0 - self.comparison.question.level) / self.comparison.family.max(1) as f64;
        if plus == minus {
            return None;
        }
        // Rounded to the side of doubt.
        let (more, less) = (plus.max(minus), plus.min(minus));
        (made + 1..=MOST_REPLICATIONS).find(|count| {
            let less = (count * less).div_ceil(made);
            sign_test(count * more / made, less) <= alpha
        })
    }
}

/// `all 5 runs`.
pub(super) fn all_runs(runs: u32) -> String {
    match runs {
        1 => "the one run of each".to_owned(),
        runs => format!("all {runs} runs"),
    }
}
