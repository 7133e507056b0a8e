//! What controllers did before the steady state was back, or while it was not: the order of time, and no claim that
//! one led to the other; and what they did before a damage that no disturbance can have reached.

use super::disturbance::Disturbance;
use super::steady::Steady;
use super::words::span;
use crate::observe::summary::DeedSummary;
use sim_core::SimTime;

impl Steady<'_> {
    /// What to add where the steady state was back then after a disturbance: `, 40s after `lift slow db` by `on call``.
    pub(super) fn deeds_before(&self, disturbance: &Disturbance, back: SimTime) -> String {
        let deeds = self.deeds(disturbance, back);
        let back = back.as_secs_f64();
        let Some((who, last)) = deeds.last() else {
            return String::new();
        };
        let which = match deeds.len() {
            1 => String::new(),
            count => format!("the last of {count} actions, "),
        };
        let after = match back - last.time {
            short if short < 1e-9 => "at the instant of ".to_owned(),
            seconds => format!("{} after ", span(seconds)),
        };
        format!(", {after}{which}`{}` by `{who}`", last.what)
    }

    /// What to add where the steady state did not come back after a disturbance.
    pub(super) fn deeds_since(&self, disturbance: &Disturbance) -> String {
        if self.measurer.summary.controllers.is_empty() {
            return String::new();
        }
        let deeds = self.deeds(disturbance, self.over());
        match deeds.as_slice() {
            [] => "; no controller acted since it began".to_owned(),
            [(who, only)] => format!(
                "; `{who}` did one thing since it began, `{}` at {}",
                only.what,
                span(only.time)
            ),
            [.., (who, last)] => format!(
                "; {} things were done since it began, the last of them `{}` by `{who}` at {}",
                deeds.len(),
                last.what,
                span(last.time)
            ),
        }
    }

    /// The last thing that was done up to then, and by whom.
    pub(super) fn done_by(&self, until: SimTime) -> Option<(&str, &DeedSummary)> {
        self.deeds_between(0.0, until).pop()
    }

    /// What was done from the first time that a disturbance came up to then, in order, and by whom.
    fn deeds(&self, disturbance: &Disturbance, until: SimTime) -> Vec<(&str, &DeedSummary)> {
        let begins = disturbance.periods.first();
        let from = begins.map_or(0.0, |(start, _)| start.as_secs_f64());
        self.deeds_between(from, until)
    }

    /// What was done between these times, the first in seconds, in order, and by whom.
    fn deeds_between(&self, from: f64, until: SimTime) -> Vec<(&str, &DeedSummary)> {
        let until = until.as_secs_f64();
        let controllers = self.measurer.summary.controllers.iter();
        let all = controllers.flat_map(|(who, controller)| {
            let deeds = controller.deeds.iter();
            deeds.map(move |deed| (who.as_str(), deed))
        });
        let mut deeds: Vec<_> = all
            .filter(|(_, deed)| deed.time >= from && deed.time <= until)
            .collect();
        deeds.sort_by(|(_, a), (_, b)| a.time.total_cmp(&b.time));
        deeds
    }
}
