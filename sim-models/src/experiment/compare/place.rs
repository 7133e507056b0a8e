//! What a mean over several conditions hides: the scenario's own condition, the extremes, and where it
//! is the other way round.

use super::clause::signed;
use super::comparison::{Boundary, Change, Side};
use super::finding::{Finding, Judgement};
use super::numbers::Scale;
use super::teller::{MOST, Teller};

impl Teller<'_> {
    /// Says of a mean over conditions that it is one.
    pub(super) fn averaged(&self, finding: &Finding) -> String {
        match finding.condition {
            Some(_) => String::new(),
            None => format!(
                " as the mean of {} conditions",
                self.comparison.conditions.len()
            ),
        }
    }

    /// What becomes of it condition by condition; nothing where there is one only.
    pub(super) fn over_conditions(&self, finding: &Finding) -> String {
        if finding.condition.is_some() {
            return String::new();
        }
        let all = self.by_condition(finding);
        let own = self.comparison.own.and_then(|own| {
            let found = all.iter().find(|found| found.condition == Some(own))?;
            let label = &self.comparison.conditions[own].label;
            Some(format!(
                "; at {label}, the scenario's own, {}",
                self.short(found)
            ))
        });
        let told = own.or_else(|| self.extremes(&all)).unwrap_or_default();
        told + &self.where_else(finding, &all).unwrap_or_default()
    }

    fn by_condition(&self, finding: &Finding) -> Vec<&Finding> {
        let findings = self.comparison.findings.iter();
        let alike = |found: &&Finding| {
            (found.variant, found.measure) == (finding.variant, finding.measure)
                && found.condition.is_some()
        };
        findings.filter(alike).collect()
    }

    /// `7.8% instead of 14.9% (better)`.
    fn short(&self, finding: &Finding) -> String {
        let words = finding.verdict.words();
        let values = finding.scale(self.measure(finding)).map(|scale| {
            let value = |value: Option<f64>| scale.value(value.unwrap_or_default());
            (value(finding.value), value(finding.baseline))
        });
        let runs = finding.runs;
        match values {
            Some((value, baseline)) => format!("{value} instead of {baseline} ({words})"),
            None if runs == 0 => "there was nothing to measure".to_owned(),
            None => format!(
                "in {} of {runs} runs instead of {} ({words})",
                runs - finding.never.1,
                runs - finding.never.0
            ),
        }
    }

    /// The conditions between which all others lie.
    fn extremes(&self, all: &[&Finding]) -> Option<String> {
        let means: Option<Vec<f64>> = all
            .iter()
            .map(|found| Some(found.difference?.mean))
            .collect();
        let means = means?;
        let order = |a: &usize, b: &usize| means[*a].total_cmp(&means[*b]);
        let least = (0..means.len()).min_by(order)?;
        let most = (0..means.len()).max_by(order)?;
        if means[least] == means[most] {
            return None;
        }
        let at = |n: usize| {
            let found = all[n];
            let scale: Scale = found.scale(self.measure(found))?;
            let label = &self.comparison.conditions[found.condition?].label;
            Some(format!("{} at {label}", signed(&scale, means[n])))
        };
        Some(format!("; from {} to {}", at(least)?, at(most)?))
    }

    /// Under how many conditions it is so, and where it is the other way round.
    fn where_else(&self, finding: &Finding, all: &[&Finding]) -> Option<String> {
        let mut changes = self.comparison.changes.iter();
        let change = changes
            .find(|change| (change.variant, change.measure) == (self.variant, finding.measure));
        if let (Some(change), true) = (change, finding.is_significant()) {
            return Some(format!("; it is {}", self.otherwise(finding, change)));
        }
        let those = |verdict: Judgement| -> Vec<usize> {
            let alike = all.iter().filter(|found| found.verdict == verdict);
            alike.filter_map(|found| found.condition).collect()
        };
        let told = [Judgement::Better, Judgement::Worse, Judgement::Different];
        if told.iter().all(|verdict| those(*verdict).is_empty()) && !finding.is_significant() {
            return None;
        }
        let conditions = all.len();
        let mut parts = Vec::new();
        for verdict in told {
            let agreeing = those(verdict);
            match agreeing.len() {
                0 => {}
                2 if conditions == 2 => {
                    parts.push(format!("{} under both conditions", verdict.words()));
                }
                count if count == conditions => {
                    parts.push(format!("{} under all {count} conditions", verdict.words()));
                }
                count => parts.push(format!(
                    "{} under {count} of {conditions} ({})",
                    verdict.words(),
                    self.labels(&agreeing)
                )),
            }
        }
        for verdict in [
            Judgement::NoDifference,
            Judgement::Undecided,
            Judgement::TooFew,
        ] {
            match those(verdict).len() {
                0 => {}
                count => parts.push(format!("{} under {count}", verdict.words())),
            }
        }
        Some(format!("; {}", parts.join(", ")))
    }

    /// Conditions by their names.
    fn labels(&self, conditions: &[usize]) -> String {
        let labels: Vec<&str> = conditions
            .iter()
            .take(MOST)
            .map(|condition| self.comparison.conditions[*condition].label.as_str())
            .collect();
        let more = conditions.len() - labels.len();
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        // Along several axes each of them holds commas itself.
        let between = match self.comparison.condition_axes.len() {
            1 => ", ",
            _ => "; ",
        };
        labels.join(between) + &rest
    }

    /// Where the lesser side of a change lies.
    fn otherwise(&self, finding: &Finding, change: &Change) -> String {
        let worse = finding.verdict != Judgement::Worse;
        let (word, those) = if worse {
            ("worse", &change.worse)
        } else {
            ("better", &change.better)
        };
        if let Some(boundary) = &change.boundary {
            return format!("{word} only {}", self.side(boundary, worse));
        }
        format!("{word} at {}", self.labels(those))
    }

    fn side(&self, boundary: &Boundary, worse: bool) -> String {
        let axis = &self.comparison.condition_axes[boundary.axis].0;
        let below = (boundary.worse == Side::Below) == worse;
        let (last, other) = if worse {
            (&boundary.worse_to, &boundary.better_from)
        } else {
            (&boundary.better_from, &boundary.worse_to)
        };
        let side = if below { "below" } else { "above" };
        if boundary.adjacent {
            format!("{side} {axis} {other} (it was at {last})")
        } else {
            let word = if worse { "better" } else { "worse" };
            format!("at {axis} {last} and {side}, and {word} from {axis} {other}")
        }
    }
}
