//! Which workloads and services each disturbance hurt.

use super::damage::Fate;
use super::disturbance::{Calendar, Disturbance};
use super::steady::{SUCCESS_AGAIN, Steady};
use crate::observe::availability::CERTAIN;
use sim_core::SimTime;
use sim_core::stats::too_many;
use std::collections::BTreeSet;
use std::ops::Range;

impl Steady<'_> {
    /// Which workloads and services each disturbance hurt, while it was on and for a stretch after it. What
    /// began only when another one had come later is the work of that one.
    pub fn blast_radii(
        &self,
        disturbances: &mut [Disturbance],
        calendar: &Calendar,
        fates: &[Fate],
    ) {
        let calm = self.bad_at_services(&self.calm);
        for disturbance in disturbances {
            let mut hurt: Vec<String> = Vec::new();
            // Many short periods share a few stretches.
            let mut seen = BTreeSet::new();
            for (start, stop) in &disturbance.periods {
                let windows = self.touching(*start, (*stop).min(self.over()));
                let windows = windows.start..(windows.end + self.stretch).min(self.ends.len());
                let later = |span: &Range<usize>| {
                    let begins = self.start(span.start + 1);
                    calendar
                        .next_after(SimTime(start.0.saturating_add(1)))
                        .is_some_and(|other| other < begins)
                };
                let own = |span: &Range<usize>| {
                    span.start < windows.end && span.end > windows.start && !later(span)
                };
                for fate in fates {
                    if let Fate::Hurt(damage, spans) = fate
                        && !hurt.contains(&damage.workload)
                        && spans.iter().any(own)
                    {
                        hurt.push(damage.workload.clone());
                    }
                }
                if seen.insert((windows.start, windows.end)) {
                    hurt.extend(self.services_hurt(&windows, &calm));
                }
            }
            for name in hurt {
                if !disturbance.summary.blast_radius.contains(&name) {
                    disturbance.summary.blast_radius.push(name);
                }
            }
        }
    }

    /// What each service failed or turned away over these windows, and all that ended there.
    fn bad_at_services(&self, windows: &Range<usize>) -> Vec<(u64, u64)> {
        let services = self.measurer.recorder.services.iter();
        let bad = services.map(|record| {
            let rows = record.windows[windows.clone()].iter();
            rows.fold((0, 0), |(bad, all), row| {
                let failed = row.failed + row.rejected;
                (bad + failed, all + row.ok + failed)
            })
        });
        bad.collect()
    }

    /// The services that certainly failed or turned away more than 5 per cent more of what reached them
    /// than before.
    fn services_hurt(&self, windows: &Range<usize>, calm: &[(u64, u64)]) -> Vec<String> {
        let now = self.bad_at_services(windows);
        let hurt = now.into_iter().zip(calm).enumerate();
        let hurt = hurt.filter(|(_, ((bad, all), (usual, of)))| {
            let usual = *usual as f64 / (*of).max(1) as f64;
            too_many(*bad, *all, (usual + 1.0 - SUCCESS_AGAIN).min(1.0)) > CERTAIN
        });
        let places = &self.measurer.plan.places;
        hurt.map(|(service, _)| places.raw[service].name.clone())
            .collect()
    }
}
