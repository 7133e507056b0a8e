//! From the runs of a sweep to findings.

use super::cells::Cells;
use super::change::changes;
use super::comparison::{Comparison, VerdictShares};
use super::finding::{Among, Finding, Judgement, Pair, Test};
use super::numbers::is_share;
use super::question::{Question, least_difference};
use super::sentence::sentences;
use crate::experiment::sweep::{Row, Table};
use crate::expression::Measure;
use crate::expression::metric::Better;
use crate::observe::conclusion::Conclusion;
use sim_core::stats::{
    Interval, Moments, PairedCounts, StatsError, bonferroni_level, holm, mean_interval,
    paired_difference, paired_share_difference, paired_t_test, relative_difference,
    replications_needed, sign_test, standardised_difference, wilcoxon,
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
    let tested = question.asks(measures);
    let conditions: Vec<Option<usize>> = (0..cells.conditions.len())
        .map(Some)
        .chain((cells.conditions.len() > 1).then_some(None))
        .collect();
    let mut findings = Vec::new();
    let mut verdicts = Vec::new();
    for variant in 0..cells.variants.len() {
        for (measure, about) in measures.iter().enumerate() {
            for condition in &conditions {
                let pairs = cells.pairs(variant, measure, *condition);
                let runs = pairs.0.len() * cells.chosen(*condition).len();
                let mut found = finding(pairs, runs as u32, question)?;
                (found.variant, found.measure, found.condition) = (variant, measure, *condition);
                possible(&mut found, about);
                found.least = found
                    .baseline
                    .or_else(|| found.among.map(|among| among.baseline))
                    .map(|baseline| least_difference(about, question.difference, baseline));
                findings.push(found);
            }
        }
        for condition in &conditions {
            verdicts.extend(verdict_shares(&cells, variant, *condition, question)?);
        }
    }
    let family = correct(&mut findings, &mut verdicts, &tested);
    let all = family + findings.iter().filter(|f| !tested[f.measure]).count();
    for finding in &mut findings {
        let tests = if tested[finding.measure] { family } else { all };
        let level = bonferroni_level(question.level, tests);
        conclude(
            finding,
            &measures[finding.measure],
            question,
            (level, tests),
        )?;
    }
    for shares in &mut verdicts {
        shares.verdict = shares_verdict(shares, question);
    }
    let records = table.runs.iter().flatten();
    let variants = 0..cells.variants.len();
    let equal = variants.map(|variant| cells.are_equal(variant)).collect();
    let mut comparison = Comparison {
        title: table.sweep.title.clone(),
        axis: table.sweep.axes[question.axis].name.clone(),
        baseline: question.baseline.clone(),
        variants: cells.variants,
        measures: measures.clone(),
        condition_axes: cells.condition_axes,
        conditions: cells.conditions,
        own: cells.own,
        tested,
        replications: table.runs.iter().map(Vec::len).max().unwrap_or_default() as u32,
        cut_short: records.filter(|run| !run.stopped_by.is_end()).count() as u32,
        question: question.clone(),
        family,
        equal,
        findings,
        verdicts,
        changes: Vec::new(),
        sentences: Vec::new(),
    };
    comparison.changes = changes(&comparison);
    comparison.sentences = sentences(&comparison);
    Ok(comparison)
}

/// Cuts the intervals of differences of a share to what is possible: no share falls by more than all that the
/// baseline may lose, nor rises above all, wherever in its own interval that one is. Student's interval does
/// not know that.
fn possible(finding: &mut Finding, measure: &Measure) {
    let Some(mean) = finding.baseline.filter(|_| is_share(measure)) else {
        return;
    };
    let values: Vec<f64> = finding.pairs.iter().map(|pair| pair.baseline).collect();
    // The least and the largest that the difference can be, by the level of an interval.
    let bounds = |level: f64| {
        let baseline = mean_interval(&values, level).ok()?;
        Some((-baseline.high.min(1.0), 1.0 - baseline.low.max(0.0)))
    };
    let cut = |interval: &mut Interval, least: f64, most: f64| {
        // What rounding leaves must not part an end from the mean.
        interval.low = interval.low.max(least).min(interval.mean);
        interval.high = interval.high.min(most).max(interval.mean);
    };
    for interval in [&mut finding.difference, &mut finding.simultaneous] {
        if let Some(interval) = interval.as_mut().filter(|one| one.half_width.is_finite())
            && let Some((least, most)) = bounds(interval.level)
        {
            cut(interval, least, most);
        }
    }
    if let Some(relative) = finding.relative.as_mut().filter(|_| mean > 0.0)
        && let Some((_, most)) = bounds(relative.level)
    {
        cut(relative, -1.0, most / mean);
    }
}

/// What was found in these pairs of `runs` runs a side; what it is about is filled in by the caller.
fn finding(
    (pairs, missing): (Vec<Pair>, u32),
    runs: u32,
    question: &Question,
) -> Result<Finding, StatsError> {
    let baseline: Vec<f64> = pairs.iter().map(|pair| pair.baseline).collect();
    let value: Vec<f64> = pairs.iter().map(|pair| pair.variant).collect();
    let differences: Vec<f64> = pairs.iter().map(Pair::difference).collect();
    let ended = |side: fn(&Pair) -> u32| pairs.iter().map(side).sum::<u32>();
    let never = (
        runs - ended(|pair| pair.ended.0),
        runs - ended(|pair| pair.ended.1),
    );
    let finite = never == (0, 0);
    let same = differences.iter().all(|difference| *difference == 0.0);
    let test = match pairs.len() {
        0 | 1 => Test::None,
        _ if same => Test::None,
        _ if finite && !is_coarse(&differences) => Test::PairedT,
        _ => Test::SignedRank,
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
    let mean = |values: &[f64]| values.iter().copied().collect::<Moments>().mean();
    Ok(Finding {
        variant: 0,
        measure: 0,
        condition: None,
        missing,
        runs,
        never,
        baseline: compared.then(|| mean(&baseline)),
        value: compared.then(|| mean(&value)),
        among: if finite { None } else { among(&pairs) },
        difference: compared
            .then(|| paired_difference(&value, &baseline, question.level))
            .transpose()?,
        simultaneous: None,
        relative: compared
            .then(|| relative_difference(&value, &baseline, question.level))
            .transpose()?
            .filter(|relative| relative.mean.is_finite()),
        least: None,
        effect: standardised_difference(&differences).filter(|_| finite),
        test,
        p,
        adjusted_p: None,
        rank_p,
        verdict: Judgement::Undecided,
        needed: None,
        needed_for_observed: None,
        pairs,
    })
}

/// Whether differences come in few sizes only, as times in whole windows and rare failures do: their
/// spread says little, and where they are all equal nothing, which a t test would take for certainty. The
/// sizes alone decide, not the signs that are tested.
fn is_coarse(differences: &[f64]) -> bool {
    let mut sizes: Vec<f64> = differences
        .iter()
        .map(|difference| difference.abs())
        .collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes.len() * 2 <= differences.len()
}

/// What was measured where both ended, as far as that can be told of replications.
fn among(pairs: &[Pair]) -> Option<Among> {
    let both: Vec<(f64, f64)> = pairs.iter().filter_map(|pair| pair.among).collect();
    let mean = |side: fn(&(f64, f64)) -> f64| both.iter().map(side).collect::<Moments>().mean();
    (!both.is_empty()).then(|| Among {
        runs: pairs.iter().map(|pair| pair.both).sum(),
        baseline: mean(|both| both.0),
        value: mean(|both| both.1),
    })
}

/// Corrects the p-values of everything that was tested together; returns how many tests there were. What
/// is the same in all runs is none of them: given how much the pairs differ, whichever way, no signs of
/// these differences could make it significant (R. E. Tarone, "A Modified Bonferroni Method for Discrete
/// Data", Biometrics 46, 1990).
fn correct(findings: &mut [Finding], verdicts: &mut [VerdictShares], tested: &[bool]) -> usize {
    let mut p_values: Vec<&mut f64> = Vec::new();
    for finding in findings.iter_mut().filter(|f| tested[f.measure]) {
        let adjusted = finding.adjusted_p.insert(finding.p);
        if finding.test != Test::None {
            p_values.push(adjusted);
        }
    }
    for shares in verdicts {
        shares.adjusted_p = shares.p;
        if shares.more != (0, 0) {
            p_values.push(&mut shares.adjusted_p);
        }
    }
    let given: Vec<f64> = p_values.iter().map(|p| **p).collect();
    for (p, adjusted) in p_values.iter_mut().zip(holm(&given)) {
        **p = adjusted;
    }
    given.len()
}

/// What follows from the corrected p-value, and how many replications it would take to see more; `level`
/// is that of intervals that hold together, of so many `tests`.
fn conclude(
    finding: &mut Finding,
    measure: &Measure,
    question: &Question,
    (level, tests): (f64, usize),
) -> Result<(), StatsError> {
    let differences: Vec<f64> = finding.pairs.iter().map(Pair::difference).collect();
    if finding.difference.is_some() {
        finding.simultaneous = Some(mean_interval(&differences, level)?);
        possible(finding, measure);
        let moments: Moments = differences.iter().copied().collect();
        if moments.count() >= 2
            && moments.sd() > 0.0
            && let Some(least) = finding.least
        {
            finding.needed = replications_needed(moments.sd(), least, level, question.power);
            finding.needed_for_observed =
                replications_needed(moments.sd(), moments.mean(), level, question.power);
        }
    }
    let Some(p) = finding.adjusted_p else {
        finding.verdict = Judgement::NotTested;
        return Ok(());
    };
    let significant = finding.test != Test::None && p <= 1.0 - question.level;
    finding.verdict = if is_none(finding) {
        Judgement::NoDifference
    } else if significant && finding.matters() {
        direction(measure, rise(&differences))
    } else if is_short(finding, question, tests) {
        Judgement::TooFew
    } else {
        Judgement::Undecided
    };
    Ok(())
}

/// Whether ranks of so few pairs could not have shown a difference among so many tests, had all of them
/// agreed.
fn is_short(finding: &Finding, question: &Question, tests: usize) -> bool {
    let least = sign_test(finding.pairs.len() as u64, 0);
    finding.test == Test::SignedRank && least * tests as f64 > 1.0 - question.level
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

fn direction(measure: &Measure, rise: f64) -> Judgement {
    match measure.better() {
        Better::Neither => Judgement::Different,
        Better::Higher if rise > 0.0 => Judgement::Better,
        Better::Lower if rise < 0.0 => Judgement::Better,
        _ => Judgement::Worse,
    }
}

/// Whether all runs agree, or no difference that matters is left in the interval that holds together
/// with all others.
fn is_none(finding: &Finding) -> bool {
    if finding.is_same() {
        return true;
    }
    let (Some(least), Some(interval)) = (finding.least, finding.simultaneous) else {
        return false;
    };
    -least <= interval.low && interval.high <= least
}

/// How often the hypothesis held; nothing where none was stated on either side.
fn verdict_shares(
    cells: &Cells<'_>,
    variant: usize,
    condition: Option<usize>,
    question: &Question,
) -> Result<Option<VerdictShares>, StatsError> {
    let mut counts: BTreeMap<Conclusion, (u32, u32)> = BTreeMap::new();
    let mut held = PairedCounts::default();
    let mut judged = (false, false);
    let mut open = 0;
    let mut by_replication: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    for condition in cells.chosen(condition) {
        for (replication, baseline, run) in cells.both(variant, condition) {
            counts.entry(baseline.verdict).or_default().0 += 1;
            counts.entry(run.verdict).or_default().1 += 1;
            judged.0 |= baseline.verdict != Conclusion::NoHypothesis;
            judged.1 |= run.verdict != Conclusion::NoHypothesis;
            // A run that ends too soon to be judged neither held nor failed.
            if !(baseline.verdict.is_known() && run.verdict.is_known()) {
                open += 1;
                continue;
            }
            let holds = |run: &Row| run.verdict.passes();
            held.push(holds(run), holds(baseline));
            let sums = by_replication.entry(replication).or_default();
            sums.0 += f64::from(u8::from(holds(run)));
            sums.1 += f64::from(u8::from(holds(baseline)));
            sums.2 += 1.0;
        }
    }
    if judged != (true, true) {
        return Ok(None);
    }
    // By replication the share of the conditions under which it could be judged.
    let shares = by_replication.into_values();
    let (left, right): (Vec<f64>, Vec<f64>) = shares
        .map(|(left, right, judged)| (left / judged, right / judged))
        .unzip();
    let more = left.iter().zip(&right).filter(|(l, r)| l > r).count() as u64;
    let less = left.iter().zip(&right).filter(|(l, r)| l < r).count() as u64;
    let difference = match condition {
        _ if held.pairs() == 0 => None,
        Some(_) => Some(paired_share_difference(held, question.level)?),
        None => Some(paired_difference(&left, &right, question.level)?),
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
        open,
        difference,
        more: (more, less),
        p: sign_test(more, less),
        adjusted_p: 1.0,
        verdict: Judgement::Undecided,
    }))
}

fn shares_verdict(shares: &VerdictShares, question: &Question) -> Judgement {
    if shares.held.pairs() == 0 {
        Judgement::Undecided
    } else if shares.held.left == 0 && shares.held.right == 0 {
        Judgement::NoDifference
    } else if shares.adjusted_p > 1.0 - question.level {
        Judgement::Undecided
    } else if shares.more.0 > shares.more.1 {
        Judgement::Better
    } else {
        Judgement::Worse
    }
}
