//! One finding in words, without a full stop.

use super::finding::{Finding, Judgement, Test};
use super::numbers::{Scale, counted, level};
use super::teller::{Teller, all_runs};
use crate::expression::{Measure, Metric};
use sim_core::stats::Interval;

impl Teller<'_> {
    pub(super) fn clause(&self, finding: &Finding) -> String {
        let clause = match (&finding.difference, finding.value, finding.baseline) {
            (Some(difference), Some(value), Some(baseline)) => match finding.verdict {
                Judgement::TooFew if finding.agrees_but_is_short() => {
                    self.agreeing(finding, difference, value, baseline)
                }
                Judgement::Undecided | Judgement::TooFew => {
                    self.not_found(finding, difference, value, baseline)
                }
                Judgement::NoDifference => self.none(finding),
                _ => self.found(finding, difference, value, baseline),
            },
            _ => self.without_a_mean(finding),
        };
        // Without any pair the clause says so itself.
        if finding.missing == 0 || finding.pairs.is_empty() {
            return clause;
        }
        format!(
            "{clause}; {} of {} replications are left out, in which there was nothing to measure with one or both",
            finding.missing,
            finding.missing as usize + finding.pairs.len()
        )
    }

    fn found(&self, finding: &Finding, difference: &Interval, value: f64, baseline: f64) -> String {
        let measure = self.measure(finding);
        let (low, high) = bounds(difference);
        let mut scale = Scale::of_difference(measure, difference, values(finding));
        // An end that is not zero is not written as zero.
        scale.show(low);
        let told = self.told(finding, difference, (value, baseline), &scale);
        let sure = if difference.half_width > 0.0 {
            format!(
                "between {} and {} with {} confidence",
                scale.bare(low),
                scale.difference(high),
                level(self.comparison.question.level),
            )
        } else {
            let pairs = finding.pairs.len() as u64;
            format!("by as much in each of {}", counted(pairs, "replication"))
        };
        format!("{told}, {sure}")
    }

    /// A difference that goes the same way in all of few replications, which are judged by their ranks.
    fn agreeing(
        &self,
        finding: &Finding,
        difference: &Interval,
        value: f64,
        baseline: f64,
    ) -> String {
        let mut scale = Scale::of_difference(self.measure(finding), difference, values(finding));
        scale.show(difference.mean);
        let told = self.told(finding, difference, (value, baseline), &scale);
        let p = finding.adjusted_p.unwrap_or(1.0);
        let pairs = finding.pairs.len() as u64;
        format!(
            "{told}, the same way in each of {}, of sizes that must be judged by ranks: {}",
            counted(pairs, "replication"),
            self.by_count(finding.verdict, p, finding.signs())
        )
    }

    /// How much larger or smaller it is, and what it was.
    fn told(
        &self,
        finding: &Finding,
        difference: &Interval,
        (value, baseline): (f64, f64),
        scale: &Scale,
    ) -> String {
        let measure = self.measure(finding);
        let rises = difference.mean > 0.0;
        let (name, than) = (self.name(), self.baseline());
        let amount = scale.bare(difference.mean.abs());
        let mean = self.averaged(finding);
        let start = if measure.metric == Metric::FailedRatio {
            let more = if rises { "more" } else { "fewer" };
            let requests = self.requests(measure);
            format!("{name} loses {amount} percentage points {more} {requests} than {than}{mean}")
        } else {
            let amount = scale.difference(difference.mean.abs());
            let higher = if rises { "higher" } else { "lower" };
            let label = measure.label();
            format!("The {label} is {amount} {higher} with {name} than with {than}{mean}")
        };
        let ratio = finding
            .relative
            .filter(|relative| relative.half_width.is_finite())
            .map(|relative| format!(", {}", relation(measure, &relative)))
            .unwrap_or_default();
        let (value, baseline) = (scale.value(value), scale.value(baseline));
        format!("{start} ({value} instead of {baseline}{ratio})")
    }

    fn not_found(
        &self,
        finding: &Finding,
        difference: &Interval,
        value: f64,
        baseline: f64,
    ) -> String {
        let measure = self.measure(finding);
        let scale = Scale::of_difference(measure, difference, values(finding));
        let range = finding
            .simultaneous
            .filter(|interval| interval.half_width.is_finite() && interval.half_width > 0.0)
            .map(|interval| {
                format!(
                    "; it may lie anywhere from {} to {}",
                    signed(&scale, interval.low),
                    signed(&scale, interval.high)
                )
            });
        format!(
            "No difference found between {} and {} in {}{} ({} against {}{}); {}",
            self.name(),
            self.baseline(),
            self.subject(measure),
            self.averaged(finding),
            scale.value(value),
            scale.value(baseline),
            range.unwrap_or_default(),
            self.effort(finding),
        )
    }

    /// How many replications it would take to know more.
    fn effort(&self, finding: &Finding) -> String {
        let made = finding.pairs.len();
        let percent = level(self.comparison.question.difference);
        let tries = level(self.comparison.question.power);
        if finding.test == Test::SignedRank {
            let p = finding.adjusted_p.unwrap_or(1.0);
            return self.by_count(Judgement::Undecided, p, finding.signs());
        }
        match (finding.needed, finding.needed_for_observed) {
            (Some(needed), _) if needed > made as u64 => format!(
                "to find one of {} ({percent}) would take {} replications, and there are {made}",
                self.least(finding),
                many(needed),
            ),
            (Some(_), _) => format!(
                "one of {} ({percent}) would have been found with these {made} replications in {tries} of all tries",
                self.least(finding),
            ),
            (None, Some(observed)) => format!(
                "if it is as large as it looks, it would take {} replications to be sure, and there are {made}",
                many(observed),
            ),
            (None, None) if made == 1 => "there is 1 replication".to_owned(),
            (None, None) => format!("there are {made} replications"),
        }
    }

    /// The least difference that matters, as it is written.
    fn least(&self, finding: &Finding) -> String {
        let least = finding.least.unwrap_or_default();
        let interval = Interval::exact(least, finding.pairs.len() as u64);
        Scale::of(self.measure(finding), &interval).difference(least)
    }

    fn none(&self, finding: &Finding) -> String {
        let how = match finding.simultaneous {
            Some(interval) if !finding.is_same() => {
                let scale = Scale::of_difference(self.measure(finding), &interval, values(finding));
                format!(
                    "it lies between {} and {}, within {} ({})",
                    signed(&scale, interval.low),
                    signed(&scale, interval.high),
                    self.least(finding),
                    level(self.comparison.question.difference)
                )
            }
            _ => format!("it is the same in {}", all_runs(finding.runs)),
        };
        format!(
            "No difference between {} and {} in {}{}: {how}",
            self.name(),
            self.baseline(),
            self.subject(self.measure(finding)),
            self.averaged(finding),
        )
    }

    /// A time that did not end in some runs, or a measure without values. Times are compared only where
    /// both ended.
    fn without_a_mean(&self, finding: &Finding) -> String {
        let measure = self.measure(finding);
        if finding.pairs.is_empty() && measure.metric == Metric::Held {
            return format!(
                "Whether the hypothesis held could not be judged with both {} and {} in any replication",
                self.name(),
                self.baseline()
            );
        }
        if finding.pairs.is_empty() {
            return format!(
                "The {} could not be measured with both {} and {} in any replication",
                measure.label(),
                self.name(),
                self.baseline()
            );
        }
        let recovers = measure.metric == Metric::RecoveryTime;
        let what = if recovers {
            "The system recovers".to_owned()
        } else {
            format!("The {} comes to an end", measure.label())
        };
        let runs = finding.runs;
        let (baseline, variant) = (runs - finding.never.0, runs - finding.never.1);
        let of = match self.comparison.conditions.len() {
            1 => String::new(),
            _ if finding.condition.is_some() => String::new(),
            conditions => format!(
                " ({} replications under {conditions} conditions)",
                finding.pairs.len()
            ),
        };
        let told = if finding.never.0 == runs && finding.never.1 == runs {
            return format!("{what} in none of {runs} runs{of} with either");
        } else if finding.verdict == Judgement::NoDifference {
            "the same in all of them".to_owned()
        } else {
            let p = finding.adjusted_p.unwrap_or(1.0);
            self.by_count(finding.verdict, p, finding.signs())
        };
        let among = finding.among.map(|among| {
            let most = Interval::exact(among.value.max(among.baseline), u64::from(among.runs));
            let scale = Scale::of(measure, &most);
            let ends = if recovers { "recovers" } else { "ends" };
            format!(
                "; where it {ends} with both ({} of {runs} pairs of runs) it takes {} instead of {} on average",
                among.runs,
                scale.value(among.value),
                scale.value(among.baseline),
            )
        });
        format!(
            "{what} in {variant} of {runs} runs{of} with {} and in {baseline} with {}: {told}{}",
            self.name(),
            self.baseline(),
            among.unwrap_or_default(),
        )
    }

    /// What is measured, as the subject of a sentence.
    fn subject(&self, measure: &Measure) -> String {
        if measure.metric == Metric::FailedRatio {
            format!("the share of {} lost", self.requests(measure))
        } else {
            format!("the {}", measure.label())
        }
    }

    fn requests(&self, measure: &Measure) -> String {
        let measures = self.comparison.measures.iter();
        if measures
            .filter(|other| other.metric == measure.metric)
            .count()
            == 1
        {
            "requests".to_owned()
        } else {
            format!("requests of {}", measure.subject)
        }
    }
}

/// The ends of an interval that lies to one side of zero, by their size, the smaller first.
pub(super) fn bounds(interval: &Interval) -> (f64, f64) {
    if interval.mean < 0.0 {
        (-interval.high, -interval.low)
    } else {
        (interval.low, interval.high)
    }
}

/// What is compared.
fn values(finding: &Finding) -> [f64; 2] {
    [finding.baseline, finding.value].map(Option::unwrap_or_default)
}

/// A difference with its sign.
pub(super) fn signed(scale: &Scale, value: f64) -> String {
    let text = scale.difference(value);
    if value > 0.0 && text.contains(|c| matches!(c, '1'..='9')) {
        format!("+{text}")
    } else {
        text
    }
}

/// A number of replications; beyond what anybody makes, only that it is more.
fn many(needed: u64) -> String {
    match needed {
        10_001.. => "more than 10,000".to_owned(),
        needed => needed.to_string(),
    }
}

/// A relative difference in words: `29% fewer`, `4.1% more`; where it multiplies, `3.2 times as much`.
pub(super) fn relation(measure: &Measure, relative: &Interval) -> String {
    let many = measure.metric == Metric::FailedRatio;
    if relative.mean >= 1.0 {
        let words = if many { "as many" } else { "as much" };
        return format!("{:.1} times {words}", relative.mean + 1.0);
    }
    let more = match (relative.mean > 0.0, many) {
        (true, _) => "more",
        (false, true) => "fewer",
        (false, false) => "less",
    };
    let amount = Scale::percent(relative).value(relative.mean.abs());
    format!("{amount} {more}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_nobody_makes_is_not_counted() {
        assert_eq!(super::many(10_000), "10000");
        assert_eq!(super::many(457_347), "more than 10,000");
    }
}
