//! The verdict of an experiment: steady before? broken during? back after each disturbance, and how
//! soon? And who was hurt.
//!
//! - *Never steady* comes first: the steady-state checks fail before the first disturbance.
//! - *Held*: they hold throughout, or what `during` allows is kept while a disturbance is on and they
//!   hold again as soon as it is gone.
//! - *Recovered*: they break, and from some window on hold again and keep holding for a stretch (30 s
//!   unless said otherwise). The time to recover ends where that stretch begins, so the first good
//!   window is not recovery; and it is none while they certainly break again later.
//! - *Metastable*: the disturbance is gone, the load is what it was, and neither what fails nor a queue
//!   in front of it gets better.
//! - *Inconclusive*: some disturbance cannot be judged, or some check cannot be measured.
//!
//! Each disturbance is judged by itself: a fault, or a spike in the shape of a workload.
//!
//! Source of the notion: N. Bronson et al., "Metastable failures in distributed systems" (HotOS 2021).

mod disturbance;
mod reach;
mod tally;
mod steady;
mod pace;
mod slow;
mod damage;
mod blast;
mod aftermath;
mod trigger;
mod words;
mod edge;
mod deeds;
mod conclude;

use super::availability::CERTAIN;
use super::conclusion::Conclusion;
use super::measure::Measurer;
use super::recorder::Recorder;
use super::summary::{CheckSummary, HypothesisSummary, Summary};
use crate::expression::metric::Metric;
use crate::expression::{Belief, Expression};
use crate::plan::Plan;
use crate::scenario::{Hypothesis, Recovers, Scenario, defaults};
use aftermath::{Aftermath, Unjudged};
use blast::Charged;
use damage::Fate;
pub use disturbance::Came;
use disturbance::{Calendar, Disturbance};
use reach::Reach;
use sim_core::SimTime;
use sim_core::stats::unlike;
use std::ops::Range;
use steady::{BLOCK, Check, GOODPUT_AGAIN, Steady, known};

/// Judges a run, of whose faults it is told what `came`, and fills in what its summary says of hypothesis
/// and faults.
pub fn judge(
    scenario: &Scenario,
    plan: &Plan,
    recorder: &Recorder,
    came: &[Came<'_>],
    ends: &[SimTime],
    summary: &mut Summary,
) {
    let over = ends.last().copied().unwrap_or(SimTime::ZERO);
    let mut disturbances = disturbance::disturbances(scenario, plan, came, over);
    let calendar = Calendar::of(disturbances.iter());
    let reach = Reach::new(plan);
    let hypothesis = &scenario.hypothesis;
    let first = calendar.starts().first().copied();
    let warm = ends.partition_point(|end| *end <= plan.warmup);
    let calm_end = first.map_or(ends.len(), |first| {
        ends.partition_point(|end| *end <= first)
    });
    let recovers = hypothesis.recovers;
    let stretch = recovers.map_or(defaults::stretch(), |recovers| recovers.stretch);
    let stretch = (stretch.0.div_ceil(plan.window.0.max(1)) as usize).max(1);
    let mut out = HypothesisSummary::default();
    let found = {
        let steady = Steady::new(
            scenario,
            Measurer {
                plan,
                recorder,
                summary,
            },
            ends,
            read(&hypothesis.steady),
            warm.min(calm_end)..calm_end,
            stretch,
        );
        let before = steady.before_all(first, &mut out);
        let disturbed = before == Before::Steady && first.is_some();
        let growths = if disturbances.is_empty() {
            disturbance::growths(scenario, plan, over)
        } else {
            Vec::new()
        };
        let grown = if let Some(first) = Calendar::of(growths.iter()).starts().first() {
            let measurer = Measurer {
                plan,
                recorder,
                summary,
            };
            let before = warm..ends.partition_point(|end| end <= first).max(warm);
            let smaller = Steady::new(scenario, measurer, ends, Vec::new(), before, stretch);
            Some(smaller.tell_harm(Some(&growths), &reach, hypothesis.objective, &mut out))
        } else {
            None
        };
        // What was so from the beginning does not begin with the growth.
        let grown = grown.filter(|_| !out.damage.is_empty());
        let fates = grown.unwrap_or_else(|| {
            let disturbed = disturbed.then_some(&disturbances[..]);
            steady.tell_harm(disturbed, &reach, hypothesis.objective, &mut out)
        });
        (before == Before::Steady).then(|| {
            steady.blast_radii(&mut disturbances, &reach, &fates);
            let (mut aftermaths, settled) = steady.aftermaths(&disturbances, &calendar, recovers);
            steady.triggers(&disturbances, &reach, &fates, &mut aftermaths);
            (aftermaths, settled)
        })
    };
    let believes = believes(hypothesis);
    let Some((mut aftermaths, settled)) = found else {
        if !believes && out.verdict == Conclusion::NeverSteady {
            out.verdict = Conclusion::NoHypothesis;
        }
        for disturbance in &mut disturbances {
            disturbance.summary.verdict = out.verdict;
        }
        summary.faults = disturbances.into_iter().map(|d| d.summary).collect();
        summary.hypothesis = out;
        return;
    };
    for (disturbance, aftermath) in disturbances.iter_mut().zip(&aftermaths) {
        disturbance.summary.recovery_seconds = match aftermath {
            Aftermath::Held => Some(0.0),
            Aftermath::Recovered(seconds, _) => Some(*seconds),
            _ => None,
        };
        disturbance.summary.verdict = if believes {
            conclusion(aftermath)
        } else {
            Conclusion::NoHypothesis
        };
    }
    // Checks may ask for the time to recover, so the summary has to know of it before they do.
    summary.faults = disturbances.iter().map(|d| d.summary.clone()).collect();
    let steady = Steady::new(
        scenario,
        Measurer {
            plan,
            recorder,
            summary,
        },
        ends,
        read(&hypothesis.steady),
        warm.min(calm_end)..calm_end,
        stretch,
    );
    if let Some(settled) = settled {
        steady.after_all(settled, &mut out.checks);
    }
    steady.broken_elsewhere(&aftermaths, &mut out.checks);
    steady.always(hypothesis, warm, &mut out.checks);
    let kept = steady.during(
        hypothesis,
        &mut disturbances,
        &mut aftermaths,
        &mut out.checks,
    );
    if let Some(recovers) = recovers {
        recovery_checks(
            recovers,
            (&disturbances, &calendar),
            &aftermaths,
            &mut out.checks,
        );
    }
    steady.conclude(hypothesis, &disturbances, &aftermaths, kept, &mut out);
    out.close_to_edge = edge::close_to(hypothesis, &aftermaths, &out);
    summary.faults = disturbances.into_iter().map(|d| d.summary).collect();
    summary.hypothesis = out;
}

/// Texts and what they say; a scenario that passed its checks has no others.
fn read(beliefs: &[Belief]) -> Vec<(String, Expression)> {
    let read = |belief: &Belief| Some((belief.text().to_owned(), belief.read().ok()?.clone()));
    beliefs.iter().filter_map(read).collect()
}

fn conclusion(aftermath: &Aftermath) -> Conclusion {
    match aftermath {
        Aftermath::Held => Conclusion::Held,
        Aftermath::Recovered(..) => Conclusion::Recovered,
        Aftermath::Background => Conclusion::NoHypothesis,
        Aftermath::Unjudged(_) => Conclusion::Inconclusive,
        Aftermath::Lost(loss) if loss.is_metastable() => Conclusion::Metastable,
        Aftermath::Lost(_) => Conclusion::NotRecovered,
    }
}

/// How it was before the first disturbance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Steady,
    /// Not steady, or not to be seen: that is the verdict.
    Other,
}

impl Steady<'_> {
    /// Whether the steady state holds before the first disturbance: over all that time, and over its
    /// end, so that a collapse just before it does not hide in an average.
    fn before_all(&self, first: Option<SimTime>, out: &mut HypothesisSummary) -> Before {
        let calm = self.calm.clone();
        if calm.is_empty() {
            return Before::Steady;
        }
        let late = calm.end - (calm.len() / 3).max(BLOCK.min(calm.len()))..calm.end;
        let mut failing = None;
        for check in &self.checks {
            let (value, mut held) = self.judged(&check.expression, &calm);
            if first.is_some() && held == Some(true) && self.certainly_fails(check, &late) {
                held = Some(false);
            }
            let row = self.summary_of(
                "steady",
                (&check.text, &check.expression),
                &calm,
                value,
                held,
            );
            if held == Some(false) && failing.is_none() {
                failing = Some(words::refuted(&row));
            }
            out.checks.push(row);
        }
        if first.is_none() {
            return Before::Steady;
        }
        let workloads = || 0..self.before.len();
        if self.checks.is_empty() && failing.is_none() {
            let lags = workloads().any(|workload| {
                let traffic = self.measurer.traffic(workload, late.clone());
                let due = GOODPUT_AGAIN * traffic.offered as f64;
                (traffic.good as f64) < due && unlike(traffic.good, due) > CERTAIN
            });
            failing = lags.then(|| {
                "before any disturbance less than 0.9 of the requests got a usable answer"
                    .to_owned()
            });
        }
        let answered = workloads().any(|workload| self.before[workload].finished > 0);
        if !answered
            && self.checks.iter().all(|check| {
                self.measurer
                    .over(&check.expression.measure, calm.clone())
                    .is_none()
            })
        {
            out.verdict = Conclusion::Inconclusive;
            out.reason = "nothing was answered before the first disturbance, so there is nothing to compare with what came after: let it begin later".into();
            return Before::Other;
        }
        if let Some(why) = failing {
            out.verdict = Conclusion::NeverSteady;
            out.reason = format!("{why}; what came after the first disturbance proves nothing");
            return Before::Other;
        }
        Before::Steady
    }

    /// The value of a check over a stretch of windows, and whether it holds; none where that cannot be
    /// known.
    fn judged(&self, check: &Expression, windows: &Range<usize>) -> (Option<f64>, Option<bool>) {
        let (value, held) = self.measurer.check(check, windows.clone());
        (value, known(check, value, held))
    }

    /// The same where an outage is no low latency: a quantile that lies among what got no answer does not hold,
    /// and nor does one of nothing where answers were due.
    fn judged_with_outages(
        &self,
        check: &Check,
        windows: &Range<usize>,
    ) -> (Option<f64>, Option<bool>) {
        if self.drowns(check, windows) {
            return (None, Some(false));
        }
        let (value, held) = self.judged(&check.expression, windows);
        let silent = value.is_none() && check.expression.measure.metric == Metric::Latency;
        if silent && self.certainly_fails(check, windows) {
            return (None, Some(false));
        }
        (value, held)
    }

    fn summary_of(
        &self,
        kind: &str,
        (text, check): (&str, &Expression),
        over: &Range<usize>,
        value: Option<f64>,
        held: Option<bool>,
    ) -> CheckSummary {
        CheckSummary {
            kind: kind.into(),
            check: text.into(),
            over: format!("{}..{}", self.start(over.start), self.start(over.end)),
            value,
            limit: check.limit,
            held,
        }
    }

    /// Judges the steady state over all the time after the last disturbance: what breaks long after it is
    /// not its doing, and no steady state all the same.
    fn after_all(&self, settled: usize, checks: &mut Vec<CheckSummary>) {
        let rest = settled..self.ends.len();
        for check in &self.checks {
            let (value, held) = self.judged_with_outages(check, &rest);
            // What luck explains is no failure.
            if held == Some(false) && !self.is_doubtful(check, &rest) {
                continue;
            }
            checks.push(self.summary_of(
                "steady",
                (&check.text, &check.expression),
                &rest,
                value,
                held,
            ));
        }
    }

    /// Tells who was hurt, by how much and for how long; gives the windows in which each workload was.
    fn tell_harm(
        &self,
        disturbances: Option<&[Disturbance]>,
        reach: &Reach,
        objective: f64,
        out: &mut HypothesisSummary,
    ) -> Vec<Fate> {
        let plan = self.measurer.plan;
        let names = plan.load_places().iter();
        let names: Vec<String> = names.map(|place| place.name.clone()).collect();
        let periods =
            disturbances.map(|all| all.iter().flat_map(|one| one.periods.iter().copied()));
        let windows = match periods
            .clone()
            .and_then(|periods| periods.map(|(start, _)| start).min())
        {
            Some(first) => self.touching(first, self.over()),
            None => self.calm.start..self.ends.len(),
        };
        let exposed = periods.map(|periods| self.exposed(periods));
        let fates: Vec<Fate> = (0..plan.workloads.len())
            .map(|workload| self.fate(workload, &windows, 1.0 - objective, exposed.as_ref()))
            .collect();
        let hurt = fates.iter().any(|fate| matches!(fate, Fate::Hurt(..)));
        if hurt || disturbances.is_some() {
            let charged = fates.iter().enumerate();
            let charged: Vec<Charged> = charged
                .map(|fate| self.charged(fate, disturbances.unwrap_or_default(), reach))
                .collect();
            out.harm = words::harm(&names, &fates, &charged);
        }
        out.damage = words::worst_first(&fates);
        let unharmed = names.into_iter().zip(&fates);
        let unharmed = unharmed.filter(|(_, fate)| **fate == Fate::Unharmed);
        out.unharmed = unharmed.map(|(name, _)| name).collect();
        fates
    }

    fn always(&self, hypothesis: &Hypothesis, warm: usize, checks: &mut Vec<CheckSummary>) {
        let whole = warm..self.ends.len();
        for (text, check) in read(&hypothesis.always) {
            let (value, held) = self.measurer.check_whole(&check, whole.clone());
            // A stretch that a check names may begin before the warm-up ends.
            let over = match check.measure.over {
                Some(_) => self.measurer.within(&check.measure, 0..self.ends.len()),
                None => whole.clone(),
            };
            let held = known(&check, value, held);
            checks.push(self.summary_of("always", (&text, &check), &over, value, held));
        }
    }

    /// Judges what each disturbance may do while it is on. Where that is kept, breaking the steady state
    /// meanwhile is allowed, and a fault that is meant to stay is judged by it. True if anything was
    /// allowed in this way.
    fn during(
        &self,
        hypothesis: &Hypothesis,
        disturbances: &mut [Disturbance],
        aftermaths: &mut [Aftermath],
        checks: &mut Vec<CheckSummary>,
    ) -> bool {
        let asked = read(&hypothesis.during).into_iter();
        let asked: Vec<Check> = asked
            .map(|(text, expression)| self.check_of(text, expression))
            .collect();
        let mut allowed = false;
        for (disturbance, aftermath) in disturbances.iter_mut().zip(aftermaths) {
            let mut kept = !disturbance.periods.is_empty();
            let mut broken = false;
            for check in &asked {
                let periods = disturbance.periods.iter().chain(&disturbance.background);
                let worst = periods.map(|(start, stop)| {
                    let whole = self.within(*start, (*stop).min(self.over()));
                    let windows = if whole.is_empty() {
                        self.touching(*start, (*stop).min(self.over()))
                    } else {
                        whole
                    };
                    let (value, held) = self.judged_with_outages(check, &windows);
                    (held != Some(false), held.is_some(), windows, value, held)
                });
                let Some((_, _, windows, value, held)) = worst.min_by_key(|row| (row.0, row.1))
                else {
                    continue;
                };
                kept &= held == Some(true);
                broken |= held == Some(false);
                let named = (&*check.text, &check.expression);
                checks.push(self.summary_of("during", named, &windows, value, held));
            }
            let stays = disturbance.stays()
                && matches!(
                    aftermath,
                    Aftermath::Unjudged(Unjudged::StillOn { other: None })
                )
                && (!asked.is_empty() || !hypothesis.always.is_empty());
            let back_at_once =
                matches!(aftermath, Aftermath::Recovered(0.0, _)) && !asked.is_empty();
            if kept && (stays || back_at_once) {
                *aftermath = Aftermath::Held;
                disturbance.summary.verdict = Conclusion::Held;
                allowed = true;
            }
            if broken && !matches!(aftermath, Aftermath::Lost(_)) {
                disturbance.summary.verdict = Conclusion::Refuted;
            }
        }
        allowed
    }
}

fn believes(hypothesis: &Hypothesis) -> bool {
    !hypothesis.steady.is_empty()
        || !hypothesis.always.is_empty()
        || !hypothesis.during.is_empty()
        || hypothesis.recovers.is_some()
}

fn recovery_checks(
    recovers: Recovers,
    (disturbances, calendar): (&[Disturbance], &Calendar),
    aftermaths: &[Aftermath],
    checks: &mut Vec<CheckSummary>,
) {
    for (disturbance, aftermath) in disturbances.iter().zip(aftermaths) {
        let (value, held) = match aftermath {
            Aftermath::Held if disturbance.stays() => continue,
            Aftermath::Held => (Some(0.0), true),
            Aftermath::Recovered(seconds, _) => {
                (Some(*seconds), *seconds <= recovers.within.as_secs_f64())
            }
            Aftermath::Lost(_) => (None, false),
            Aftermath::Unjudged(_) | Aftermath::Background => continue,
        };
        // Of several periods the one that counts.
        let stop = match aftermath {
            Aftermath::Recovered(_, quiet) => *quiet,
            Aftermath::Lost(loss) => loss.quiet,
            _ => {
                let last = disturbance.periods.last();
                let stop = last.map_or(SimTime::ZERO, |(_, stop)| *stop);
                calendar.quiet_after(stop).0
            }
        };
        checks.push(CheckSummary {
            kind: "recovers".into(),
            check: format!("recovers from `{}`", disturbance.summary.name),
            over: format!("{stop}.."),
            value,
            limit: recovers.within.as_secs_f64(),
            held: Some(held),
        });
    }
}
