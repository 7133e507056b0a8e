//! What a comparison comes to, in sentences: what is lost, what else users feel, at what price, and
//! under which conditions it is the other way round.
//!
//! Whatever is called better or worse was tested together with all else that is; the rest is said
//! without such words.

use super::clause::{bounds, relation};
use super::comparison::Comparison;
use super::finding::{Finding, Judgement, Test};
use super::numbers::{Scale, counted, level};
use super::teller::{Teller, all_runs};
use crate::expression::Metric;
use sim_core::stats::Interval;

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

impl<'a> Teller<'a> {
    /// What was found over all conditions, about what is tested or what is not.
    fn overall(&self, tested: bool) -> impl Iterator<Item = &'a Finding> {
        let (comparison, variant) = (self.comparison, self.variant);
        let overall = comparison.overall();
        comparison.findings.iter().filter(move |found| {
            (found.variant, found.condition) == (variant, overall)
                && comparison.tested[found.measure] == tested
        })
    }

    fn sentences(&self) -> Vec<String> {
        if self.comparison.equal[self.variant] {
            return vec![self.equal()];
        }
        let asked = || self.overall(true);
        let fails = |found: &&Finding| self.measure(found).metric == Metric::FailedRatio;
        // What fails, or what was asked for first, is told whatever came of it.
        let first: Vec<&Finding> = match asked().any(|found| fails(&found)) {
            true => asked().filter(fails).collect(),
            false => asked().take(1).collect(),
        };
        let whole = |found: &&Finding| {
            let never = found.never != (0, 0);
            let first = first.iter().any(|first| first.measure == found.measure);
            never || first || found.is_significant() || found.agrees_but_is_short()
        };
        let mut told: Vec<&Finding> = asked().filter(whole).collect();
        told.sort_by_key(|found| !found.is_significant());
        let mut sentences: Vec<String> = told
            .into_iter()
            .map(|found| self.clause(found) + &self.over_conditions(found) + ".")
            .collect();
        sentences.extend(self.held());
        sentences.extend(self.load());
        let rest = |verdicts: &[Judgement]| -> Vec<&Finding> {
            asked()
                .filter(|found| !whole(found) && verdicts.contains(&found.verdict))
                .collect()
        };
        sentences.extend(self.alike(&rest(&[Judgement::NoDifference])));
        sentences.extend(self.open(&rest(&[Judgement::Undecided, Judgement::TooFew])));
        sentences
    }

    /// What there is to say where nothing differs at all.
    fn equal(&self) -> String {
        let conditions = self.comparison.conditions.len() as u64;
        let runs = u64::from(self.comparison.replications) * conditions;
        let are = match runs {
            1 => "the one run is".to_owned(),
            runs => format!("all {runs} runs are"),
        };
        format!(
            "Nothing that happens to a request differs between {} and {}: {are} equal event for event.",
            self.name(),
            self.baseline()
        )
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
        let open = match shares.open {
            0 => String::new(),
            open => format!(
                "; {open} of {} pairs of runs are left out, in which it could not be judged with one or both: \
                 they must last longer",
                open + runs
            ),
        };
        if runs == 0 {
            return Some(format!(
                "The hypothesis could not be judged with both {} and {} in any of {} pairs of runs: they must last \
                 longer.",
                self.name(),
                self.baseline(),
                shares.open
            ));
        }
        if (shares.held.left, shares.held.right) == (0, 0) {
            return Some(format!(
                "The hypothesis held in {with} of {runs} runs with either{open}."
            ));
        }
        Some(format!(
            "The hypothesis held in {with} of {runs} runs with {} and in {without} with {}: {}{open}.",
            self.name(),
            self.baseline(),
            self.by_count(shares.verdict, shares.adjusted_p, shares.more),
        ))
    }

    /// The price: the largest increase of load that stands out of all that was measured, or the largest
    /// relief. It is not tested, and so not called better or worse.
    fn load(&self) -> Option<String> {
        let metrics = |metrics: &[Metric]| -> Vec<&'a Finding> {
            let all = self.overall(false);
            all.filter(|found| metrics.contains(&self.measure(found).metric))
                .collect()
        };
        let found = [
            &[Metric::Arrivals, Metric::Attempts][..],
            &[Metric::Amplification],
            &[Metric::CpuUtilization, Metric::Utilization],
        ]
        .into_iter()
        .map(metrics)
        .find(|found| !found.is_empty())?;
        let shifts: Vec<(&Finding, Interval)> = found
            .into_iter()
            .filter(|found| found.test == Test::PairedT && found.matters())
            .filter(|found| found.simultaneous.is_some_and(|all| apart(&all)))
            .filter_map(|found| Some((found, found.relative?)))
            .filter(|(_, relative)| relative.half_width.is_finite())
            .collect();
        let by_size =
            |a: &&(&Finding, Interval), b: &&(&Finding, Interval)| a.1.mean.total_cmp(&b.1.mean);
        let most = shifts.iter().max_by(by_size);
        let least = shifts.iter().min_by(by_size);
        let (finding, relative) = match (most, least) {
            (Some(most), _) if most.1.mean > 0.0 => most,
            (_, Some(least)) => least,
            _ => return None,
        };
        let measure = self.measure(finding);
        let scale = Scale::percent(relative);
        let (low, high) = bounds(relative);
        let amount = relation(measure, relative);
        let subject = &measure.subject;
        let (name, baseline) = (self.name(), self.baseline());
        let what = match measure.metric {
            Metric::Arrivals => format!("{subject} gets {amount} load"),
            Metric::Attempts => format!("{subject} gets {amount} attempts"),
            Metric::Amplification => format!("{subject} makes {amount} attempts per call"),
            _ => format!("the {} is {amount}", measure.label()),
        };
        let mean = self.averaged(finding);
        let than = if relative.mean >= 1.0 { "as" } else { "than" };
        Some(format!(
            "With {name} {what} {than} with {baseline}{mean} (between {} and {}).",
            scale.value(low),
            scale.value(high),
        ))
    }

    /// What does not differ.
    fn alike(&self, findings: &[&Finding]) -> Option<String> {
        let (same, close): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|found| found.is_same());
        let mut parts = Vec::new();
        if let Some(first) = same.first() {
            let are = if same.len() == 1 { "is" } else { "are" };
            parts.push(format!(
                "{} {are} the same in {}",
                self.names(&same),
                all_runs(first.runs)
            ));
        }
        if !close.is_empty() {
            let percent = level(self.comparison.question.difference);
            parts.push(format!(
                "no difference as large as matters ({percent}) is left in {}",
                self.names(&close)
            ));
        }
        self.against(&parts)
    }

    /// What could not be told, or not be measured.
    fn open(&self, findings: &[&Finding]) -> Option<String> {
        let (known, unknown): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|found| !found.pairs.is_empty());
        let mut parts = Vec::new();
        if !known.is_empty() {
            parts.push(format!(
                "{} cannot tell whether there is a difference in {}",
                counted(u64::from(self.comparison.replications), "replication"),
                self.names(&known)
            ));
        }
        if !unknown.is_empty() {
            parts.push(format!(
                "in no replication could both be measured in {}",
                self.names(&unknown)
            ));
        }
        self.against(&parts)
    }

    fn against(&self, parts: &[String]) -> Option<String> {
        let (name, baseline) = (self.name(), self.baseline());
        let told = parts.join("; ");
        (!parts.is_empty()).then(|| format!("{name} against {baseline}: {told}."))
    }

    fn names(&self, findings: &[&Finding]) -> String {
        let names: Vec<String> = findings
            .iter()
            .map(|found| self.measure(found).label())
            .collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

/// Whether an interval excludes zero.
fn apart(interval: &Interval) -> bool {
    interval.low > 0.0 || interval.high < 0.0
}
