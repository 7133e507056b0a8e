//! Which workloads and services each disturbance hurt.

use super::damage::Fate;
use super::disturbance::{Calendar, Disturbance};
use super::reach::Reach;
use super::steady::{SUCCESS_AGAIN, Steady};
use crate::observe::availability::CERTAIN;
use indexmap::IndexMap;
use sim_core::SimTime;
use sim_core::stats::too_many;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How long, s, a workload was hurt while disturbances of these names were on.
pub(super) type Charged = Vec<(Vec<String>, f64)>;

impl Steady<'_> {
    /// Which workloads and services each disturbance hurt, of those that it can have reached, while it was on and for
    /// a stretch after it. What began only when another one that can have reached it had come later is the work of
    /// that one.
    pub fn blast_radii(&self, disturbances: &mut [Disturbance], reach: &Reach, fates: &[Fate]) {
        let places = &self.measurer.plan.places;
        let services = self.measurer.plan.services.len();
        let calm = self.bad_at_services(&self.calm);
        let mut calendars: BTreeMap<usize, Calendar> = BTreeMap::new();
        for place in services..services + fates.len() {
            calendars.entry(reach.group(place)).or_insert_with(|| {
                let reaching = disturbances.iter().filter(|one| reach.can(one, place));
                Calendar::of(reaching)
            });
        }
        for disturbance in disturbances {
            let mut hurt: Vec<String> = Vec::new();
            // Many short periods share a few stretches.
            let mut seen = BTreeSet::new();
            for (start, stop) in &disturbance.periods {
                let windows = self.touching(*start, (*stop).min(self.over()));
                let windows = windows.start..(windows.end + self.stretch).min(self.ends.len());
                let later = |span: &Range<usize>, place: usize| {
                    let begins = self.start(span.start + 1);
                    calendars[&reach.group(place)]
                        .next_after(SimTime(start.0.saturating_add(1)))
                        .is_some_and(|other| other < begins)
                };
                let own = |span: &Range<usize>, place: usize| {
                    span.start < windows.end && span.end > windows.start && !later(span, place)
                };
                for (workload, fate) in fates.iter().enumerate() {
                    let place = services + workload;
                    if let Fate::Hurt(damage, spans) = fate
                        && reach.can(disturbance, place)
                        && !hurt.contains(&damage.workload)
                        && spans.iter().any(|span| own(span, place))
                    {
                        hurt.push(damage.workload.clone());
                    }
                }
                if seen.insert((windows.start, windows.end)) {
                    let services = self.services_hurt(&windows, &calm).into_iter();
                    let reached = services.filter(|service| reach.can(disturbance, *service));
                    hurt.extend(reached.map(|service| places.raw[service].name.clone()));
                }
            }
            for name in hurt {
                if !disturbance.summary.blast_radius.contains(&name) {
                    disturbance.summary.blast_radius.push(name);
                }
            }
        }
    }

    /// How long a workload was hurt while which disturbances that can have reached it were on, where it was in the
    /// time of several: each is charged with its own, and those that overlap with what they share.
    pub fn charged(
        &self,
        (workload, fate): (usize, &Fate),
        disturbances: &[Disturbance],
        reach: &Reach,
    ) -> Charged {
        let Fate::Hurt(_, spans) = fate else {
            return Vec::new();
        };
        let place = self.measurer.plan.services.len() + workload;
        let mut on: Vec<Vec<&str>> = vec![Vec::new(); self.ends.len()];
        for one in disturbances.iter().filter(|one| reach.can(one, place)) {
            let name = one.summary.name.as_str();
            for (start, stop) in &one.periods {
                for window in self.touching(*start, (*stop).min(self.over())) {
                    if !on[window].contains(&name) {
                        on[window].push(name);
                    }
                }
            }
        }
        let mut found: IndexMap<&[&str], f64> = IndexMap::new();
        for window in spans.iter().flat_map(Clone::clone) {
            let seconds = self.ends[window].since(self.start(window)).as_secs_f64();
            *found.entry(&on[window]).or_default() += seconds;
        }
        if found.keys().filter(|who| !who.is_empty()).count() < 2 {
            return Vec::new();
        }
        let found = found.into_iter();
        found
            .map(|(who, seconds)| (who.iter().map(ToString::to_string).collect(), seconds))
            .collect()
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
    fn services_hurt(&self, windows: &Range<usize>, calm: &[(u64, u64)]) -> Vec<usize> {
        let now = self.bad_at_services(windows);
        let hurt = now.into_iter().zip(calm).enumerate();
        let hurt = hurt.filter(|(_, ((bad, all), (usual, of)))| {
            let usual = *usual as f64 / (*of).max(1) as f64;
            too_many(*bad, *all, (usual + 1.0 - SUCCESS_AGAIN).min(1.0)) > CERTAIN
        });
        hurt.map(|(service, _)| service).collect()
    }
}
