//! What a comparison comes to, in sentences: what is lost, at what price, what else changes, and where
//! it is the other way round.

use super::change::{Boundary, Change, Side};
use super::numbers::{Scale, level, probability};
use super::{Comparison, Finding, Verdict};
use crate::observe::expression::{Measure, Metric};
use sim_core::stats::Interval;

/// The most measures that one sentence lists.
const MOST: usize = 4;

/// The sentences about every variant, in their order.
pub(super) fn sentences(comparison: &Comparison) -> Vec<String> {
    (0..comparison.variants.len())
        .flat_map(|variant| {
            let teller = Teller {
                comparison,
                variant,
            };
            teller.sentences()
        })
        .collect()
}

struct Teller<'a> {
    comparison: &'a Comparison,
    variant: usize,
}

impl<'a> Teller<'a> {
    fn name(&self) -> String {
        format!("\"{}\"", self.comparison.variants[self.variant])
    }

    fn baseline(&self) -> String {
        format!("\"{}\"", self.comparison.baseline)
    }

    fn measure(&self, finding: &Finding) -> &'a Measure {
        &self.comparison.measures[finding.measure]
    }

    /// What was found over all conditions about the measures of these metrics.
    fn overall(&self, metrics: &[Metric]) -> Vec<&'a Finding> {
        let overall = self.comparison.overall();
        let findings = self.comparison.findings.iter();
        findings
            .filter(|found| (found.variant, found.condition) == (self.variant, overall))
            .filter(|found| metrics.contains(&self.measure(found).metric))
            .collect()
    }

    fn sentences(&self) -> Vec<String> {
        let headlines = self.headlines();
        let mut sentences = Vec::new();
        for (place, headline) in headlines.iter().enumerate() {
            let mut sentence = self.clause(headline);
            if place == 0 {
                sentence.push_str(&self.load().unwrap_or_default());
            }
            sentence.push_str(&self.where_else(headline).unwrap_or_default());
            sentences.push(sentence + ".");
        }
        let mut told: Vec<usize> = headlines.iter().map(|found| found.measure).collect();
        let waits = self.waits(&told);
        told.extend(waits.iter().map(|found| found.measure));
        for wait in waits {
            let elsewhere = self.where_else(wait).unwrap_or_default();
            sentences.push(self.clause(wait) + &elsewhere + ".");
        }
        sentences.extend(self.endings());
        sentences.extend(self.held());
        sentences.extend(self.setbacks(&told));
        sentences
    }

    /// What the comparison is about first of all: lost requests if they were measured.
    fn headlines(&self) -> Vec<&'a Finding> {
        for metric in [Metric::FailedRatio, Metric::SuccessRatio, Metric::Goodput] {
            let found = self.overall(&[metric]);
            if !found.is_empty() {
                return found;
            }
        }
        let overall = self.comparison.overall();
        let mut findings = self.comparison.findings.iter();
        let first =
            findings.find(|found| (found.variant, found.condition) == (self.variant, overall));
        first.into_iter().collect()
    }

    /// One finding, without a full stop.
    fn clause(&self, finding: &Finding) -> String {
        let (Some(difference), Some(value), Some(baseline)) =
            (&finding.difference, finding.value, finding.baseline)
        else {
            return self.without_a_mean(finding);
        };
        match finding.verdict {
            Verdict::Undecided => self.not_found(finding, difference, value, baseline),
            Verdict::NoDifference => self.none(finding, difference),
            _ => self.found(finding, difference, value, baseline),
        }
    }

    fn found(&self, finding: &Finding, difference: &Interval, value: f64, baseline: f64) -> String {
        let measure = self.measure(finding);
        let scale = Scale::of_difference(measure, difference, values(finding));
        let rises = difference.mean > 0.0;
        let (low, high) = bounds(difference);
        let (name, than) = (self.name(), self.baseline());
        let amount = scale.bare(difference.mean.abs());
        let start = if measure.metric == Metric::FailedRatio {
            let more = if rises { "more" } else { "fewer" };
            let requests = self.requests(measure);
            format!("{name} loses {amount} percentage points {more} {requests} than {than}")
        } else {
            let amount = scale.difference(difference.mean.abs());
            let higher = if rises { "higher" } else { "lower" };
            let label = measure.label();
            format!("The {label} is {amount} {higher} with {name} than with {than}")
        };
        let ratio = finding
            .relative
            .filter(|relative| relative.half_width.is_finite())
            .map(|relative| format!(", {}", relation(measure, &relative)))
            .unwrap_or_default();
        format!(
            "{start} ({} instead of {}{ratio}), between {} and {} with {} confidence",
            scale.value(value),
            scale.value(baseline),
            scale.bare(low),
            scale.difference(high),
            level(self.comparison.question.level),
        )
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
        let what = if measure.metric == Metric::FailedRatio {
            format!("the share of {} lost", self.requests(measure))
        } else {
            format!("the {}", measure.label())
        };
        let range = if difference.half_width.is_finite() {
            format!(
                "; it may lie anywhere from {} to {}",
                signed(&scale, difference.low),
                signed(&scale, difference.high)
            )
        } else {
            String::new()
        };
        format!(
            "No difference found between {} and {} in {what} ({} against {}{range}); {}",
            self.name(),
            self.baseline(),
            scale.value(value),
            scale.value(baseline),
            self.effort(finding),
        )
    }

    /// How many replications it would take to know more.
    fn effort(&self, finding: &Finding) -> String {
        let made = finding.pairs.len();
        let percent = level(self.comparison.question.difference);
        match (finding.needed, finding.needed_for_observed) {
            (Some(needed), _) if needed > made as u64 => format!(
                "to find one of {percent} of what \"{}\" measures would take {} replications, and there are {made}",
                self.comparison.baseline, needed,
            ),
            (Some(_), _) => format!(
                "one of {percent} would have been found with these {made} replications in 4 of 5 tries"
            ),
            (None, Some(observed)) => format!(
                "if it is as large as it looks, it would take {observed} replications to be sure, and there are {made}"
            ),
            (None, None) => format!("there are {made} replications"),
        }
    }

    fn none(&self, finding: &Finding, difference: &Interval) -> String {
        let measure = self.measure(finding);
        let what = if measure.metric == Metric::FailedRatio {
            format!("the share of {} lost", self.requests(measure))
        } else {
            format!("the {}", measure.label())
        };
        let same = finding.pairs.iter().all(|pair| pair.difference() == 0.0);
        let how = if same {
            format!("it is the same in all {} runs", finding.pairs.len())
        } else {
            let scale = Scale::of_difference(measure, difference, values(finding));
            format!(
                "it lies between {} and {}, within {}",
                signed(&scale, difference.low),
                signed(&scale, difference.high),
                level(self.comparison.question.difference)
            )
        };
        format!(
            "No difference between {} and {} in {what}: {how}",
            self.name(),
            self.baseline()
        )
    }

    /// A time that did not end in some runs, or a measure without values.
    fn without_a_mean(&self, finding: &Finding) -> String {
        let measure = self.measure(finding);
        let runs = finding.pairs.len();
        if runs == 0 {
            return format!(
                "The {} could not be measured with both {} and {}",
                measure.label(),
                self.name(),
                self.baseline()
            );
        }
        let ended = |never: u32, median: Option<f64>| {
            let median = median.filter(|median| median.is_finite()).map(|median| {
                let point = Interval::exact(median, runs as u64);
                let scale = Scale::of(measure, &point);
                format!(" (median {})", scale.value(median))
            });
            let ended = runs as u32 - never;
            format!("{ended} of {runs} runs{}", median.unwrap_or_default())
        };
        let what = if measure.metric == Metric::RecoveryTime {
            "The system recovers".to_owned()
        } else {
            format!("The {} comes to an end", measure.label())
        };
        // Pooled, a replication in which it does not under one condition has no end.
        let everywhere = match finding.condition {
            Some(_) => "",
            None => " under all conditions",
        };
        format!(
            "{what}{everywhere} in {} with {} and in {} with {}: {}",
            ended(finding.never.1, finding.value),
            self.name(),
            ended(finding.never.0, finding.baseline),
            self.baseline(),
            self.by_count(finding.verdict, finding.adjusted_p, finding.pairs.len()),
        )
    }

    /// What a test of counts or ranks says, whose p-value few replications cannot make small.
    fn by_count(&self, verdict: Verdict, p: f64, replications: usize) -> String {
        match verdict {
            Verdict::Undecided | Verdict::NoDifference => format!(
                "{replications} replications cannot tell that from luck among {} tests",
                self.comparison.family
            ),
            verdict => format!("{}, {}", verdict.words(), probability(p)),
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

    /// The price: the largest increase of load that is more than luck, or the largest relief.
    fn load(&self) -> Option<String> {
        let found = [
            &[Metric::Arrivals, Metric::Attempts][..],
            &[Metric::Amplification],
            &[Metric::CpuUtilization, Metric::Utilization],
        ]
        .into_iter()
        .map(|metrics| self.overall(metrics))
        .find(|found| !found.is_empty())?;
        let shifts: Vec<(&Finding, Interval)> = found
            .into_iter()
            .filter(|found| found.is_significant())
            .filter_map(|found| Some((found, found.relative?)))
            .filter(|(_, relative)| relative.half_width.is_finite())
            .collect();
        let by_size =
            |a: &&(&Finding, Interval), b: &&(&Finding, Interval)| a.1.mean.total_cmp(&b.1.mean);
        let most = shifts.iter().max_by(by_size);
        let least = shifts.iter().min_by(by_size);
        match (most, least) {
            (Some((finding, relative)), _) if relative.mean > 0.0 => {
                Some(format!(", at {}", self.load_words(finding, relative)))
            }
            (_, Some((finding, relative))) => {
                Some(format!(", with {}", self.load_words(finding, relative)))
            }
            _ => Some(", at no difference in load that could be found".to_owned()),
        }
    }

    fn load_words(&self, finding: &Finding, relative: &Interval) -> String {
        let measure = self.measure(finding);
        let more = if relative.mean > 0.0 { "more" } else { "less" };
        let amount = Scale::percent(relative).value(relative.mean.abs());
        let subject = &measure.subject;
        match measure.metric {
            Metric::Arrivals => format!("{amount} {more} load on {subject}"),
            Metric::Attempts => format!("{amount} {more} load on {subject} (attempts)"),
            Metric::Amplification => format!("{amount} {more} attempts per call of {subject}"),
            _ => format!("{amount} {more} {}", measure.label()),
        }
    }

    /// Under which conditions it is the other way round, or cannot be told.
    fn where_else(&self, finding: &Finding) -> Option<String> {
        let conditions = self.comparison.conditions.len();
        if conditions == 1 {
            return None;
        }
        let mut changes = self.comparison.changes.iter();
        let change = changes
            .find(|change| (change.variant, change.measure) == (self.variant, finding.measure));
        if let Some(change) = change {
            return Some(format!("; it is {}", self.otherwise(finding, change)));
        }
        let verdict = finding.verdict;
        if !finding.is_significant() {
            return None;
        }
        let alike = |found: &&Finding| {
            (found.variant, found.measure) == (self.variant, finding.measure)
                && found.verdict == verdict
        };
        let findings = self.comparison.findings.iter().filter(alike);
        let agreeing: Vec<usize> = findings.filter_map(|found| found.condition).collect();
        let place = if agreeing.len() == conditions {
            format!("under all {conditions} conditions")
        } else if agreeing.is_empty() {
            return None;
        } else {
            format!("at {}", self.labels(&agreeing))
        };
        let opposite = match verdict {
            Verdict::Better => ", and worse nowhere",
            Verdict::Worse => ", and better nowhere",
            _ => "",
        };
        Some(format!("; it is {} {place}{opposite}", verdict.words()))
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
            format!(" and under {more} more conditions")
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
        let worse = finding.verdict != Verdict::Worse;
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
        if boundary.adjacent {
            let side = if below { "below" } else { "above" };
            format!("{side} {axis} {other} (it was at {last})")
        } else {
            let side = if below { "below" } else { "above" };
            let word = if worse { "better" } else { "worse" };
            format!("at {axis} {last} and {side}, and {word} from {axis} {other}")
        }
    }

    /// What users wait: one latency of each workload, the true p99 if it was measured.
    fn waits(&self, told: &[usize]) -> Vec<&'a Finding> {
        let mut waits: Vec<&Finding> = Vec::new();
        for metric in [Metric::LatencyTrue, Metric::Latency] {
            let mut found = self.overall(&[metric]);
            found.retain(|found| found.is_significant() && !told.contains(&found.measure));
            // The highest percentile first.
            found.sort_by_key(|found| {
                std::cmp::Reverse(self.measure(found).statistic().map(|s| s as u8))
            });
            for finding in found {
                let subject = &self.measure(finding).subject;
                if !waits
                    .iter()
                    .any(|told| self.measure(told).subject == *subject)
                {
                    waits.push(finding);
                }
            }
        }
        waits.truncate(MOST);
        waits
    }

    /// Times that do not end in some runs.
    fn endings(&self) -> Vec<String> {
        let overall = self.comparison.overall();
        let findings = self.comparison.findings.iter();
        findings
            .filter(|found| (found.variant, found.condition) == (self.variant, overall))
            .filter(|found| found.never != (0, 0))
            .map(|found| self.clause(found) + ".")
            .collect()
    }

    /// How often the hypothesis held.
    fn held(&self) -> Option<String> {
        let overall = self.comparison.overall();
        let mut verdicts = self.comparison.verdicts.iter();
        let shares = verdicts
            .find(|shares| (shares.variant, shares.condition) == (self.variant, overall))?;
        let (with, without) = (
            shares.held.both + shares.held.left,
            shares.held.both + shares.held.right,
        );
        let runs = shares.held.pairs();
        if with == without && (shares.held.left, shares.held.right) == (0, 0) {
            return Some(format!(
                "The hypothesis held in {with} of {runs} runs with either."
            ));
        }
        let replications = self.comparison.replications as usize;
        Some(format!(
            "The hypothesis held in {with} of {runs} runs with {} and in {without} with {}: {}.",
            self.name(),
            self.baseline(),
            self.by_count(shares.verdict, shares.adjusted_p, replications),
        ))
    }

    /// What else gets worse: a comparison that leaves it out would mislead.
    fn setbacks(&self, told: &[usize]) -> Option<String> {
        let overall = self.comparison.overall();
        let mut worse: Vec<(&Finding, Interval)> = self
            .comparison
            .findings
            .iter()
            .filter(|found| (found.variant, found.condition) == (self.variant, overall))
            .filter(|found| found.verdict == Verdict::Worse && !told.contains(&found.measure))
            .filter_map(|found| Some((found, found.relative?)))
            .filter(|(_, relative)| relative.mean.abs() >= self.comparison.question.difference)
            .collect();
        worse.sort_by(|a, b| b.1.mean.abs().total_cmp(&a.1.mean.abs()));
        if worse.is_empty() {
            return None;
        }
        let listed: Vec<String> = worse
            .iter()
            .take(MOST)
            .map(|(found, relative)| {
                let measure = self.measure(found);
                format!("{} ({})", measure.label(), relation(measure, relative))
            })
            .collect();
        let more = worse.len().saturating_sub(MOST);
        let rest = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        Some(format!(
            "Worse with {}: {}{rest}.",
            self.name(),
            listed.join(", ")
        ))
    }
}

/// The ends of an interval that lies to one side of zero, by their size, the smaller first.
fn bounds(interval: &Interval) -> (f64, f64) {
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
fn signed(scale: &Scale, value: f64) -> String {
    let text = scale.difference(value);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// A relative difference in words: `29% fewer`, `4.1% more`; where it multiplies, `3.2 times as much`.
fn relation(measure: &Measure, relative: &Interval) -> String {
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
