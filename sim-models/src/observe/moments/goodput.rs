//! Goodput that breaks down, and comes back: requests fail, or answers fall behind what is offered.

use super::{LOST, Teller, add, moment, per_second, percent, sum, tell};
use crate::observe::availability::{lasting, merged};
use crate::observe::behind::{Behind, behind};
use crate::observe::recorder::WorkloadRecord;
use crate::observe::summary::{Moment, WorkloadSeries};
use sim_core::SimDuration;
use std::ops::Range;

/// Windows of a breakdown, the rule that tells of it, and how goodput breaks down.
type Breakdown = (Range<usize>, (&'static str, String));

impl Teller<'_> {
    /// Tells of the breakdowns of goodput; their windows by workload, in order.
    pub(super) fn goodput(&self, all: &mut Vec<Moment>) -> Vec<Vec<Range<usize>>> {
        let places = &self.plan.places[self.plan.services.len()..];
        let mut breakdowns = Vec::new();
        for (place, record) in places.iter().zip(&self.recorder.workloads) {
            let workload = &self.series.workloads[&place.name];
            let mut good = workload.ok.clone();
            add(&mut good, &workload.degraded);
            let found = self.breakdowns(workload, &good, record);
            let compared = |windows: &Range<usize>| {
                let rate = |counts| per_second(sum(counts, windows) as f64 / self.seconds(windows));
                format!("{} of {} offered", rate(&good), rate(&workload.offered))
            };
            let mut moments = Vec::new();
            for (windows, (rule, how)) in &found {
                let tells = |at: usize, what: String| {
                    let what = format!("goodput of {} {what}", place.name);
                    moment(self.series.time[at], rule, what)
                };
                let broken = format!("breaks down: {} ({how})", compared(windows));
                moments.push(tells(windows.start, broken));
                let next = windows.end..(windows.end + lasting(self.plan)).min(good.len());
                let (now, offered) = (sum(&good, &next), sum(&workload.offered, &next));
                if now > 0 && now as f64 >= (1.0 - LOST) * offered as f64 {
                    let back = format!("is back: {}", compared(&next));
                    moments.push(tells(next.start, back));
                }
            }
            tell(all, moments);
            breakdowns.push(found.into_iter().map(|(windows, _)| windows).collect());
        }
        breakdowns
    }

    fn breakdowns(
        &self,
        workload: &WorkloadSeries,
        good: &[u64],
        record: &WorkloadRecord,
    ) -> Vec<Breakdown> {
        let mut failed = vec![0; good.len()];
        for counts in workload.failed.values() {
            add(&mut failed, counts);
        }
        let mut ended = good.to_vec();
        add(&mut ended, &failed);
        let losses = self.losses(&failed, &ended).into_iter().map(|windows| {
            let share = sum(&failed, &windows) as f64 / sum(&ended, &windows) as f64;
            let how = format!("{} of what ends has failed", percent(share));
            (windows, ("failures", how))
        });
        let late = behind(&record.windows, self.series.window_seconds);
        let late = late.into_iter().map(|one| {
            let windows = one.windows.start.max(self.warm)..one.windows.end;
            (windows, how_late(&one))
        });
        let found = losses
            .chain(late)
            .filter(|(windows, _)| !windows.is_empty());
        let mut found = merged(self.plan, found.collect(), |known, other| {
            // Those who wait fail in the end: that says more.
            if other.0 == "failures" {
                *known = other;
            }
        });
        found.retain(|(windows, _)| windows.len() >= lasting(self.plan));
        found
    }
}

fn how_late(one: &Behind) -> (&'static str, String) {
    let (rule, what) = if one.silent {
        ("silence", "nothing is answered")
    } else {
        ("behind", "answers fall behind")
    };
    let how = format!(
        "{what}, at least {} wait for more than {}",
        one.overdue,
        two_digits(one.waited)
    );
    (rule, how)
}

/// A time for people: its first two digits.
fn two_digits(seconds: f64) -> SimDuration {
    let all = SimDuration::from_secs_f64(seconds).0;
    let unit = 10_u64.pow(all.checked_ilog10().unwrap_or(0).saturating_sub(1));
    SimDuration(all - all % unit)
}
