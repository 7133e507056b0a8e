//! The verdict, and why, once each disturbance and each check has been judged.

use super::aftermath::{Aftermath, Unjudged};
use super::disturbance::Disturbance;
use super::pace::Pace;
use super::steady::{Check, Steady};
use super::trigger::elsewhere;
use super::{believes, conclusion, edge, words};
use crate::observe::conclusion::Conclusion;
use crate::observe::summary::{CheckSummary, HypothesisSummary};
use crate::scenario::Hypothesis;
use sim_core::{SimDuration, SimTime};
use std::cmp::Ordering;

impl Steady<'_> {
    pub(super) fn conclude(
        &self,
        hypothesis: &Hypothesis,
        disturbances: &[Disturbance],
        aftermaths: &[Aftermath],
        kept: bool,
        out: &mut HypothesisSummary,
    ) {
        if !believes(hypothesis) {
            (out.verdict, out.reason) = self.unasked(disturbances, aftermaths);
            return;
        }
        let failed = out.checks.iter().filter(|check| check.held == Some(false));
        // The one that fails by most; that it was late is said where nothing else is wrong.
        let failed = failed.max_by(|a, b| {
            let rank = |check: &CheckSummary| {
                let by = edge::miss(check).unwrap_or(f64::INFINITY);
                (check.kind != "recovers", by)
            };
            rank(a)
                .partial_cmp(&rank(b))
                .unwrap_or(Ordering::Equal)
                .then(Ordering::Greater)
        });
        let slowest = slowest(disturbances, aftermaths);
        out.recovery_seconds = slowest.as_ref().map(|(_, seconds, _)| *seconds);
        if let Some((disturbance, loss)) = words::lost_worst(disturbances, aftermaths) {
            out.verdict = conclusion(&Aftermath::Lost(Box::new(loss.clone())));
            out.recovery_seconds = None;
            if let Pace::Better(better) = &loss.pace {
                out.recovery_expected_seconds = Some(words::expected(self, loss.quiet, better));
            }
            out.reason = words::lost(self, disturbance, loss) + &self.deeds_since(disturbance);
        } else if let Some(check) = failed {
            out.verdict = Conclusion::Refuted;
            let elsewhere = elsewhere(aftermaths).filter(|_| check.kind == "steady");
            let untouched = elsewhere.map(|elsewhere| {
                let done = self.done_by(elsewhere.by);
                words::untouched(elsewhere, done)
            });
            out.reason = words::refuted(check) + &untouched.unwrap_or_default();
        } else if let Some(why) =
            self.inconclusive(hypothesis, disturbances, aftermaths, &out.checks)
        {
            out.verdict = Conclusion::Inconclusive;
            out.reason = why;
        } else if let Some((disturbance, seconds, back)) = slowest {
            out.verdict = Conclusion::Recovered;
            out.reason = words::recovered(&disturbance.summary.name, seconds)
                + &self.deeds_before(disturbance, back);
        } else {
            out.verdict = Conclusion::Held;
            out.reason = words::held(disturbances, kept, self.missed_over_all())
                + &words::unanswered(&self.unanswered());
        }
    }

    /// A check of the steady state that does not hold over all the measured time taken together, and its value.
    fn missed_over_all(&self) -> Option<(&Check, f64)> {
        self.checks.iter().find_map(|check| {
            let (value, held) = self
                .measurer
                .check_whole(&check.expression, self.calm.start..self.ends.len());
            value.filter(|_| !held).map(|value| (check, value))
        })
    }

    /// The workloads that asked and got no answer in all the measured time.
    fn unanswered(&self) -> Vec<&str> {
        let plan = self.measurer.plan;
        let workloads = plan.load_places().iter().enumerate();
        let none = workloads.filter(|(workload, _)| {
            let all = self
                .measurer
                .traffic(*workload, self.calm.start..self.ends.len());
            all.offered > 0 && all.good == 0
        });
        none.map(|(_, place)| &*place.name).collect()
    }

    /// What to say where nothing was believed: no verdict, and all the same what was seen after the
    /// disturbances.
    fn unasked(
        &self,
        disturbances: &[Disturbance],
        aftermaths: &[Aftermath],
    ) -> (Conclusion, String) {
        let mut reason = "nothing was believed, so there is nothing to hold or refute".to_owned();
        if !self.measurer.summary.stopped_by.is_end() {
            reason += "; the run was stopped before its end";
        } else if let Some((disturbance, loss)) = words::lost_worst(disturbances, aftermaths) {
            reason += &format!("; {}", words::lost(self, disturbance, loss));
        } else if let Some((disturbance, seconds, _)) = slowest(disturbances, aftermaths)
            && !aftermaths.iter().any(Aftermath::is_open)
        {
            let name = &disturbance.summary.name;
            reason += &format!("; {}", words::well_again(name, seconds));
        }
        (Conclusion::NoHypothesis, reason)
    }

    /// Why a run in which nothing failed proves nothing all the same, and what it would take.
    fn inconclusive(
        &self,
        hypothesis: &Hypothesis,
        disturbances: &[Disturbance],
        aftermaths: &[Aftermath],
        checks: &[CheckSummary],
    ) -> Option<String> {
        if !self.measurer.summary.stopped_by.is_end() {
            return Some(
                "the run was stopped before its end: what would have come then is not known".into(),
            );
        }
        let came = disturbances
            .iter()
            .any(|disturbance| !disturbance.periods.is_empty());
        let asked = hypothesis.recovers.is_some() || !hypothesis.during.is_empty();
        let unjudged = disturbances
            .iter()
            .zip(aftermaths)
            .find_map(|(disturbance, aftermath)| match aftermath {
                // A fault that comes by chance need not come in every run.
                Aftermath::Unjudged(Unjudged::NeverOn) if came || !asked => None,
                Aftermath::Unjudged(why) => Some(words::unjudged(self, disturbance, why)),
                _ => None,
            });
        unjudged.or_else(|| {
            let unknown = checks.iter().find(|check| check.held.is_none());
            unknown.map(|check| {
                format!(
                    "`{}` could not be measured over {}: no request of that kind ended",
                    check.check, check.over
                )
            })
        })
    }
}

/// The disturbance from which the recovery took longest, how long, s, and when it was over.
fn slowest<'d>(
    disturbances: &'d [Disturbance],
    aftermaths: &[Aftermath],
) -> Option<(&'d Disturbance, f64, SimTime)> {
    let both = disturbances.iter().zip(aftermaths);
    let recovered = both.filter_map(|(disturbance, aftermath)| match aftermath {
        Aftermath::Recovered(seconds, since) => {
            let back = *since + SimDuration::from_secs_f64(*seconds);
            Some((disturbance, *seconds, back))
        }
        _ => None,
    });
    recovered.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b))
}
