//! What began a damage that stays: of the disturbances after which the steady state stayed away only one that can
//! have reached what is hurt, and of those the last one that came before the damage did.

use super::aftermath::{Aftermath, Elsewhere, Loss, Since, Unjudged};
use super::damage::Fate;
use super::disturbance::Disturbance;
use super::pace::pace;
use super::reach::Reach;
use super::steady::{Steady, late};
use crate::observe::summary::CheckSummary;
use sim_core::SimTime;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

impl Steady<'_> {
    /// Marks the trigger of a damage that stays, and takes out those disturbances that cannot have reached it.
    pub(super) fn triggers(
        &self,
        all: &[Disturbance],
        reach: &Reach,
        fates: &[Fate],
        aftermaths: &mut [Aftermath],
    ) {
        for (disturbance, aftermath) in all.iter().zip(aftermaths.iter_mut()) {
            if let Aftermath::Lost(loss) = aftermath {
                self.blame(disturbance, reach, fates, loss);
            }
            let Some(loss) = metastable(aftermath) else {
                continue;
            };
            let hurt = self.hurt_by(loss.check, loss, fates);
            let reached = |one: &Disturbance| hurt.iter().any(|place| reach.can(one, *place));
            if hurt.is_empty() || reached(disturbance) {
                continue;
            }
            let names = hurt
                .iter()
                .map(|place| &self.measurer.plan.places.raw[*place]);
            let begun = self.begun(loss, &hurt, fates);
            let elsewhere = Elsewhere {
                hurt: names.map(|place| place.name.clone()).collect(),
                begun: begun.as_ref().map(|begun| self.start(begun.start)),
                by: begun.map_or(self.over(), |begun| self.start(begun.end)),
                check: loss.check,
                late: late(&loss.after),
                alone: !all.iter().any(reached),
            };
            *aftermath = Aftermath::Unjudged(Unjudged::Elsewhere(Box::new(elsewhere)));
        }
        let checks = aftermaths.iter().filter_map(metastable);
        let checks: BTreeSet<Option<usize>> = checks.map(|loss| loss.check).collect();
        for check in checks {
            if let Some((trigger, since)) = self.trigger(check, all, reach, fates, aftermaths)
                && let Aftermath::Lost(loss) = &mut aftermaths[trigger]
            {
                loss.since = Some(since);
            }
        }
    }

    /// Judges a disturbance by the first check that fails at the end and that it can have reached, whichever is named
    /// first in the steady state.
    fn blame(&self, disturbance: &Disturbance, reach: &Reach, fates: &[Fate], loss: &mut Loss) {
        let mut failing = loss.failing.iter().copied();
        let own = failing.find(|check| {
            let about = self.hurt_by(Some(*check), loss, fates);
            about.is_empty() || about.iter().any(|place| reach.can(disturbance, *place))
        });
        if own.is_some() && own != loss.check {
            loss.check = own;
            if loss.after.len() >= self.stretch {
                loss.pace = pace(self, own, &loss.after);
            }
        }
    }

    /// Which disturbance began the damage that stays and that this check tells of, and since when those that can
    /// have are gone.
    fn trigger(
        &self,
        check: Option<usize>,
        all: &[Disturbance],
        reach: &Reach,
        fates: &[Fate],
        aftermaths: &[Aftermath],
    ) -> Option<(usize, Since)> {
        let lost = || {
            let lost = all.iter().zip(aftermaths).enumerate();
            let lost =
                lost.filter_map(|(n, (one, aftermath))| Some((n, one, metastable(aftermath)?)));
            lost.filter(move |(.., loss)| loss.check == check)
        };
        let (_, _, loss) = lost().next()?;
        let hurt = self.hurt_by(loss.check, loss, fates);
        let reached = |one: &&Disturbance| hurt.iter().any(|place| reach.can(one, *place));
        let stops = |one: &Disturbance| {
            let stops = one.periods.iter().map(|(_, stop)| *stop);
            stops.filter(|stop| *stop <= loss.quiet).max()
        };
        let gone = all.iter().filter(reached).filter_map(stops).max();
        let gone = gone.unwrap_or(loss.quiet);
        let begun = self.begun(loss, &hurt, fates);
        let trigger = match &begun {
            Some(begun) => {
                let by = self.start(begun.end);
                let starts = |one: &Disturbance| {
                    let starts = one.periods.iter().map(|(start, _)| *start);
                    starts.filter(|start| *start <= by).max()
                };
                lost().max_by_key(|(n, one, _)| (starts(one), Reverse(*n)))?
            }
            None => lost().max_by_key(|(n, one, _)| (stops(one), Reverse(*n)))?,
        };
        let (n, one, _) = trigger;
        let last = stops(one) == Some(gone) || begun.is_none();
        let came = one
            .periods
            .first()
            .map_or(SimTime::ZERO, |(start, _)| *start);
        let begun = begun.filter(|_| !last);
        let begun = begun.map(|begun| self.start(begun.start).max(came));
        Some((n, Since { gone, begun }))
    }

    /// The places that are hurt while the steady state stays away: what the check that fails is about, or where
    /// there is none the workloads that are hurt after all was quiet again.
    fn hurt_by(&self, check: Option<usize>, loss: &Loss, fates: &[Fate]) -> Vec<usize> {
        let plan = self.measurer.plan;
        let Some(check) = check else {
            let fates = fates.iter().enumerate();
            let hurt = fates.filter(|(_, fate)| last_span(fate, loss).is_some());
            return hurt
                .map(|(workload, _)| plan.services.len() + workload)
                .collect();
        };
        let parts = self.checks[check].expression.measure.parts();
        let workloads = parts.filter_map(|part| self.measurer.workload(&part.subject));
        workloads
            .map(|workload| plan.services.len() + workload)
            .collect()
    }

    /// The windows around the beginning of the damage that stays: the first one, up to one by which requests that
    /// were under way then have ended.
    fn begun(&self, loss: &Loss, hurt: &[usize], fates: &[Fate]) -> Option<Range<usize>> {
        let stays = hurt.iter().filter_map(|place| {
            let workload = place - self.measurer.plan.services.len();
            let last = last_span(&fates[workload], loss)?;
            let end = last.start + self.longest[workload] + 1;
            Some(last.start..end.min(self.ends.len()))
        });
        stays.min_by_key(|begun| begun.start)
    }

    /// What does not hold at the end, where no disturbance can have reached it.
    pub(super) fn broken_elsewhere(
        &self,
        aftermaths: &[Aftermath],
        checks: &mut Vec<CheckSummary>,
    ) {
        let Some(elsewhere) = elsewhere(aftermaths) else {
            return;
        };
        if let Some(check) = elsewhere.check.map(|check| &self.checks[check]) {
            let (value, _) = self.judged(&check.expression, &elsewhere.late);
            let named = (&*check.text, &check.expression);
            checks.push(self.summary_of("steady", named, &elsewhere.late, value, Some(false)));
        }
    }
}

/// The last stretch in which a workload is hurt after all was quiet again: what was over by then does not stay.
fn last_span<'f>(fate: &'f Fate, loss: &Loss) -> Option<&'f Range<usize>> {
    let Fate::Hurt(_, spans) = fate else {
        return None;
    };
    spans.iter().rfind(|span| span.end > loss.after.start)
}

fn metastable(aftermath: &Aftermath) -> Option<&Loss> {
    match aftermath {
        Aftermath::Lost(loss) if loss.is_metastable() => Some(loss),
        _ => None,
    }
}

/// The damage that stays and that no disturbance from which the steady state did not come back can have reached.
pub(super) fn elsewhere(aftermaths: &[Aftermath]) -> Option<&Elsewhere> {
    let mut all = aftermaths.iter();
    if all.clone().any(|one| matches!(one, Aftermath::Lost(_))) {
        return None;
    }
    all.find_map(|aftermath| match aftermath {
        Aftermath::Unjudged(Unjudged::Elsewhere(elsewhere)) => Some(&**elsewhere),
        _ => None,
    })
}
