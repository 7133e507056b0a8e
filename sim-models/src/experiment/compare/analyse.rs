//! From the runs of a sweep to findings.

use super::change::changes;
use super::sentence::sentences;
use super::{
    Comparison, Condition, Finding, Pair, PairedCounts, Question, Test, Verdict, VerdictShares,
};
use crate::experiment::space::Coordinate;
use crate::experiment::sweep::{Record, Table};
use crate::observe::conclusion::Conclusion;
use crate::observe::expression::Measure;
use crate::observe::metric::Better;
use sim_core::stats::{
    Interval, Moments, StatsError, bonferroni_level, holm, mean_interval, paired_difference,
    paired_share_difference, paired_t_test, relative_difference, replications_needed,
    sample_quantile, sign_test, standardised_difference, wilcoxon,
};
use std::collections::BTreeMap;

/// Compares every other label on the axis of the variants with the baseline, pair by pair.
///
/// # Errors
/// The axis or the baseline does not exist, there is nothing to compare with, or the level or the power
/// is no probability.
pub fn compare(table: &Table<'_>, question: &Question) -> Result<Comparison, StatsError> {
    let cells = Cells::new(table, question);
    let measures = &table.sweep.measures;
    let conditions: Vec<Option<usize>> = (0..cells.conditions.len())
        .map(Some)
        .chain((cells.conditions.len() > 1).then_some(None))
        .collect();
    let mut findings = Vec::new();
    let mut verdicts = Vec::new();
    for variant in 0..cells.variants.len() {
        for measure in 0..measures.len() {
            for condition in &conditions {
                let pairs = cells.pairs(variant, measure, *condition);
                findings.push(finding(variant, measure, *condition, pairs, question)?);
            }
        }
        for condition in &conditions {
            verdicts.extend(verdict_shares(&cells, variant, *condition, question)?);
        }
    }
    let family = correct(&mut findings, &mut verdicts);
    for finding in &mut findings {
        conclude(finding, &measures[finding.measure], question, family)?;
    }
    for shares in &mut verdicts {
        shares.verdict = shares_verdict(shares, question);
    }
    let records = table.runs.iter().flatten();
    let mut comparison = Comparison {
        title: table.sweep.title.clone(),
        axis: table.sweep.axes[question.axis].name.clone(),
        baseline: question.baseline.clone(),
        variants: cells.variants,
        measures: measures.clone(),
        condition_axes: cells.condition_axes,
        conditions: cells.conditions,
        replications: table.runs.iter().map(Vec::len).max().unwrap_or_default() as u32,
        cut_short: records.filter(|run| run.stopped_by != "end").count() as u32,
        question: question.clone(),
        family,
        findings,
        verdicts,
        changes: Vec::new(),
        sentences: Vec::new(),
    };
    comparison.changes = changes(&comparison);
    comparison.sentences = sentences(&comparison);
    Ok(comparison)
}

/// The runs of a sweep by variant and condition.
struct Cells<'a> {
    variants: Vec<String>,
    conditions: Vec<Condition>,
    condition_axes: Vec<(String, &'static str)>,
    /// By condition: the runs of the baseline, then of each variant, by replication.
    runs: Vec<Vec<BTreeMap<u32, &'a Record>>>,
}

impl<'a> Cells<'a> {
    fn new(table: &'a Table<'_>, question: &Question) -> Self {
        let sweep = table.sweep;
        let label = |point: usize| {
            sweep.points[point].coordinates[question.axis]
                .label
                .as_str()
        };
        let elsewhere = |point: usize| -> Vec<Coordinate> {
            let coordinates = sweep.points[point].coordinates.iter().enumerate();
            coordinates
                .filter(|(axis, _)| *axis != question.axis)
                .map(|(_, coordinate)| coordinate.clone())
                .collect()
        };
        let axes = sweep.axes.iter().enumerate();
        let condition_axes: Vec<(String, &'static str)> = axes
            .filter(|(axis, _)| *axis != question.axis)
            .map(|(_, axis)| (axis.name.clone(), axis.unit))
            .collect();
        let mut variants: Vec<String> = Vec::new();
        let mut places: Vec<Vec<Coordinate>> = Vec::new();
        for point in 0..sweep.points.len() {
            if label(point) != question.baseline && !variants.iter().any(|v| v == label(point)) {
                variants.push(label(point).to_owned());
            }
            if !places.contains(&elsewhere(point)) {
                places.push(elsewhere(point));
            }
        }
        let mut runs = vec![vec![BTreeMap::new(); variants.len() + 1]; places.len()];
        for point in 0..sweep.points.len() {
            let place = places.iter().position(|place| *place == elsewhere(point));
            let variant = variants.iter().position(|variant| variant == label(point));
            let by_replication = table.runs[point].iter().map(|run| (run.replication, run));
            runs[place.unwrap_or_default()][variant.map_or(0, |variant| variant + 1)]
                .extend(by_replication);
        }
        let conditions = places
            .into_iter()
            .map(|coordinates| Condition {
                label: condition_axes
                    .iter()
                    .zip(&coordinates)
                    .map(|((name, _), coordinate)| format!("{name} {}", coordinate.label))
                    .collect::<Vec<_>>()
                    .join(", "),
                coordinates,
            })
            .collect();
        Self {
            variants,
            conditions,
            condition_axes,
            runs,
        }
    }

    /// The pairs of runs of the baseline and a variant under one condition.
    fn both(
        &self,
        variant: usize,
        condition: usize,
    ) -> impl Iterator<Item = (u32, &'a Record, &'a Record)> + '_ {
        let runs = &self.runs[condition];
        runs[0].iter().filter_map(move |(replication, baseline)| {
            let run = runs[variant + 1].get(replication)?;
            Some((*replication, *baseline, *run))
        })
    }

    /// The values of both, by replication, and how many replications had nothing to measure.
    fn pairs(&self, variant: usize, measure: usize, condition: Option<usize>) -> (Vec<Pair>, u32) {
        let Some(condition) = condition else {
            return self.pooled(variant, measure);
        };
        let mut missing = 0;
        let pairs = self
            .both(variant, condition)
            .filter_map(|(replication, baseline, run)| {
                match (baseline.values[measure], run.values[measure]) {
                    (Some(baseline), Some(variant)) => Some(Pair {
                        replication,
                        baseline,
                        variant,
                    }),
                    _ => {
                        missing += 1;
                        None
                    }
                }
            })
            .collect();
        (pairs, missing)
    }

    /// Each replication by its mean over the conditions: runs with one seed under several conditions
    /// share their luck, so that replications alone are independent.
    fn pooled(&self, variant: usize, measure: usize) -> (Vec<Pair>, u32) {
        let mut sums: BTreeMap<u32, (usize, f64, f64)> = BTreeMap::new();
        for condition in 0..self.conditions.len() {
            for pair in self.pairs(variant, measure, Some(condition)).0 {
                let sum = sums.entry(pair.replication).or_default();
                *sum = (sum.0 + 1, sum.1 + pair.baseline, sum.2 + pair.variant);
            }
        }
        let seen = sums.len();
        let pairs: Vec<Pair> = sums
            .into_iter()
            .filter(|(_, (count, ..))| *count == self.conditions.len())
            .map(|(replication, (count, baseline, variant))| Pair {
                replication,
                baseline: baseline / count as f64,
                variant: variant / count as f64,
            })
            .collect();
        let missing = (seen - pairs.len()) as u32;
        (pairs, missing)
    }
}

fn finding(
    variant: usize,
    measure: usize,
    condition: Option<usize>,
    (pairs, missing): (Vec<Pair>, u32),
    question: &Question,
) -> Result<Finding, StatsError> {
    let baseline: Vec<f64> = pairs.iter().map(|pair| pair.baseline).collect();
    let value: Vec<f64> = pairs.iter().map(|pair| pair.variant).collect();
    let differences: Vec<f64> = pairs.iter().map(Pair::difference).collect();
    let infinite =
        |values: &[f64]| values.iter().filter(|value| value.is_infinite()).count() as u32;
    let never = (infinite(&baseline), infinite(&value));
    let finite = never == (0, 0);
    let test = match (pairs.len(), finite) {
        (0 | 1, _) => Test::None,
        (_, true) => Test::PairedT,
        (_, false) => Test::SignedRank,
    };
    let rank_p = if test == Test::None {
        1.0
    } else {
        wilcoxon(&differences)?
    };
    let p = match test {
        Test::PairedT => paired_t_test(&differences)?,
        Test::SignedRank | Test::None => rank_p,
    };
    let compared = finite && !pairs.is_empty();
    let interval = |level: f64| paired_difference(&value, &baseline, level);
    Ok(Finding {
        variant,
        measure,
        condition,
        missing,
        never,
        baseline: centre(&baseline, finite),
        value: centre(&value, finite),
        difference: compared.then(|| interval(question.level)).transpose()?,
        simultaneous: None,
        relative: compared
            .then(|| relative_difference(&value, &baseline, question.level))
            .transpose()?
            .filter(|relative| relative.mean.is_finite()),
        effect: standardised_difference(&differences).filter(|_| finite),
        test,
        p,
        adjusted_p: 1.0,
        rank_p,
        verdict: Verdict::Undecided,
        needed: None,
        needed_for_observed: None,
        pairs,
    })
}

/// The mean, or the median where some are infinite.
fn centre(values: &[f64], finite: bool) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    if finite {
        return Some(values.iter().copied().collect::<Moments>().mean());
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    // Between a finite and an infinite value nothing can be interpolated.
    let neighbour = sorted[(sorted.len() - 1) / 2];
    if middle.is_infinite() || neighbour.is_infinite() {
        return Some(middle);
    }
    Some(sample_quantile(&sorted, 0.5))
}

/// Corrects the p-values of everything that was tested together; returns how many tests there were.
fn correct(findings: &mut [Finding], verdicts: &mut [VerdictShares]) -> usize {
    let mut p_values: Vec<&mut f64> = Vec::new();
    for finding in findings {
        if finding.test != Test::None {
            finding.adjusted_p = finding.p;
            p_values.push(&mut finding.adjusted_p);
        }
    }
    for shares in verdicts {
        shares.adjusted_p = shares.p;
        p_values.push(&mut shares.adjusted_p);
    }
    let given: Vec<f64> = p_values.iter().map(|p| **p).collect();
    for (p, adjusted) in p_values.iter_mut().zip(holm(&given)) {
        **p = adjusted;
    }
    given.len()
}

/// What follows from the corrected p-value, and how many replications it would take to see more.
fn conclude(
    finding: &mut Finding,
    measure: &Measure,
    question: &Question,
    family: usize,
) -> Result<(), StatsError> {
    let level = bonferroni_level(question.level, family);
    let differences: Vec<f64> = finding.pairs.iter().map(Pair::difference).collect();
    if finding.difference.is_some() {
        finding.simultaneous = Some(mean_interval(&differences, level)?);
        let moments: Moments = differences.iter().copied().collect();
        let wanted = question.difference * finding.baseline.unwrap_or_default().abs();
        if moments.count() >= 2 && wanted > 0.0 {
            finding.needed = replications_needed(moments.sd(), wanted, level, question.power);
        }
        if moments.count() >= 2 && moments.sd() > 0.0 {
            finding.needed_for_observed =
                replications_needed(moments.sd(), moments.mean(), level, question.power);
        }
    }
    finding.verdict = if finding.test != Test::None && finding.adjusted_p <= 1.0 - question.level {
        direction(measure, rise(&differences))
    } else if is_none(finding, &differences, question) {
        Verdict::NoDifference
    } else {
        Verdict::Undecided
    };
    Ok(())
}

/// Which way most of the difference goes: the sum, or the balance of signs where some are infinite.
fn rise(differences: &[f64]) -> f64 {
    let sum: f64 = differences.iter().sum();
    if sum.is_finite() {
        sum
    } else {
        let signs = differences.iter().filter(|d| **d != 0.0);
        signs.map(|difference| difference.signum()).sum()
    }
}

fn direction(measure: &Measure, rise: f64) -> Verdict {
    match measure.better() {
        Better::Neither => Verdict::Different,
        Better::Higher if rise > 0.0 => Verdict::Better,
        Better::Lower if rise < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    }
}

/// Whether all runs agree, or no difference of the size asked for is left in the interval that holds
/// together with all others.
fn is_none(finding: &Finding, differences: &[f64], question: &Question) -> bool {
    if !differences.is_empty() && differences.iter().all(|difference| *difference == 0.0) {
        return true;
    }
    let least = question.difference * finding.baseline.unwrap_or_default().abs();
    finding.simultaneous.is_some_and(|interval: Interval| {
        -least <= interval.low && interval.high <= least && least > 0.0
    })
}

/// How often the hypothesis held; nothing where none was stated.
fn verdict_shares(
    cells: &Cells<'_>,
    variant: usize,
    condition: Option<usize>,
    question: &Question,
) -> Result<Option<VerdictShares>, StatsError> {
    let mut counts: BTreeMap<Conclusion, (u32, u32)> = BTreeMap::new();
    let mut held = PairedCounts::default();
    let mut by_replication: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    let conditions = match condition {
        Some(condition) => condition..condition + 1,
        None => 0..cells.conditions.len(),
    };
    for condition in conditions {
        for (replication, baseline, run) in cells.both(variant, condition) {
            counts.entry(baseline.verdict).or_default().0 += 1;
            counts.entry(run.verdict).or_default().1 += 1;
            let holds = |run: &Record| run.verdict.passes();
            held.push(holds(run), holds(baseline));
            let sums = by_replication.entry(replication).or_default();
            sums.0 += f64::from(u8::from(holds(run)));
            sums.1 += f64::from(u8::from(holds(baseline)));
        }
    }
    if counts
        .keys()
        .all(|verdict| *verdict == Conclusion::NoHypothesis)
    {
        return Ok(None);
    }
    let (left, right): (Vec<f64>, Vec<f64>) = by_replication.into_values().unzip();
    let more = left.iter().zip(&right).filter(|(l, r)| l > r).count() as u64;
    let less = left.iter().zip(&right).filter(|(l, r)| l < r).count() as u64;
    let difference = match condition {
        Some(_) => paired_share_difference(held, question.level)?,
        None => {
            let shares = |sums: &[f64]| -> Vec<f64> {
                sums.iter()
                    .map(|sum| sum / cells.conditions.len() as f64)
                    .collect()
            };
            paired_difference(&shares(&left), &shares(&right), question.level)?
        }
    };
    // The best first, which is how they are ordered.
    let counts: Vec<(Conclusion, u32, u32)> = counts
        .into_iter()
        .map(|(verdict, (baseline, variant))| (verdict, baseline, variant))
        .collect();
    Ok(Some(VerdictShares {
        variant,
        condition,
        counts,
        held,
        difference,
        p: sign_test(more, less),
        adjusted_p: 1.0,
        verdict: Verdict::Undecided,
    }))
}

fn shares_verdict(shares: &VerdictShares, question: &Question) -> Verdict {
    if shares.adjusted_p > 1.0 - question.level {
        Verdict::Undecided
    } else if shares.held.left > shares.held.right {
        Verdict::Better
    } else {
        Verdict::Worse
    }
}
