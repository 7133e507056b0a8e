//! What became of the steady state after a disturbance.

use super::disturbance::{Disturbance, next_after, quiet_after};
use super::pace::{Pace, pace};
use super::steady::{BLOCK, Steady};
use super::words::late;
use crate::scenario::Recovers;
use sim_core::SimTime;
use std::ops::Range;

/// Load after / load before up to which the load is what it was.
const SAME_LOAD: f64 = 1.10;

/// How a disturbance, or one period of it, ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Aftermath {
    /// The steady state held throughout.
    Held,
    /// It broke, and held again so many seconds after the end of the disturbance.
    Recovered(f64),
    /// It cannot be judged.
    Unjudged(Unjudged),
    /// The steady state did not hold again.
    Lost(Loss),
}

/// Why a disturbance cannot be judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unjudged {
    /// It never came.
    NeverOn,
    /// It was on when the run ended: this one, or another one that hid what it did.
    StillOn { other: Option<String> },
    /// The run ended too soon after it: seconds that were left, and whether the steady state held then.
    TooShort { left: f64, holds: bool },
    /// Nothing was answered after it.
    Nothing,
    /// There was no time before it in which the steady state could have been seen.
    NoBefore,
}

/// How the steady state stayed away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    /// When all was quiet again.
    pub quiet: SimTime,
    /// The windows from then to the next disturbance, or to the end.
    pub after: Range<usize>,
    /// The check that fails at the end; none where no steady state is named.
    pub check: Option<usize>,
    /// Whether, and how fast, what fails gets better.
    pub pace: Pace,
    /// Load at the end / load before, where it is more than it was.
    pub more_load: Option<f64>,
    /// When it last held for a whole stretch, if it did, s after the end of the disturbance.
    pub held_meanwhile: Option<f64>,
}

impl Loss {
    /// The trigger is gone, the load is what it was, and nothing gets better.
    pub fn is_metastable(&self) -> bool {
        self.more_load.is_none() && self.pace == Pace::Stays
    }
}

impl Aftermath {
    /// The larger, the worse.
    fn badness(&self) -> f64 {
        match self {
            Self::Held => -1.0,
            Self::Recovered(seconds) => *seconds,
            Self::Unjudged(_) => f64::MAX,
            Self::Lost(loss) if loss.is_metastable() => f64::INFINITY,
            Self::Lost(_) => f64::INFINITY,
        }
    }
}

impl Steady<'_> {
    /// What came after each disturbance.
    pub fn aftermaths(&self, all: &[Disturbance], recovers: Option<Recovers>) -> Vec<Aftermath> {
        all.iter()
            .map(|disturbance| {
                let periods = disturbance.periods.iter();
                let found = periods.map(|period| self.after(*period, all, recovers));
                self.worst(found.collect())
            })
            .collect()
    }

    /// Of several periods the worst counts. One that cannot be judged is passed over where others were
    /// judged and nothing certainly broke in it.
    fn worst(&self, found: Vec<(Aftermath, bool)>) -> Aftermath {
        let judged = |aftermath: &Aftermath| !matches!(aftermath, Aftermath::Unjudged(_));
        let any = found.iter().any(|(aftermath, _)| judged(aftermath));
        found
            .into_iter()
            .filter(|(aftermath, broke)| judged(aftermath) || *broke || !any)
            .map(|(aftermath, _)| aftermath)
            .reduce(|a, b| if b.badness() > a.badness() { b } else { a })
            .unwrap_or(Aftermath::Unjudged(Unjudged::NeverOn))
    }

    /// What came after one period of a disturbance, up to the next one or to the end of the run; and
    /// whether the steady state broke, as far as that is not made up for.
    fn after(
        &self,
        (start, stop): (SimTime, SimTime),
        all: &[Disturbance],
        recovers: Option<Recovers>,
    ) -> (Aftermath, bool) {
        let (quiet, other) = quiet_after(stop, all);
        let next = next_after(quiet, all).filter(|next| *next < self.over());
        let until = next.unwrap_or(self.over());
        let broke = self.first_break(&self.touching(start, until)).is_some();
        if quiet >= self.over() {
            let watched = self.within(start, self.over());
            let long = watched.len() >= self.stretch && self.is_measured(&watched);
            let other = other.map(str::to_owned);
            return match broke {
                false if long => (Aftermath::Held, broke),
                _ => (Aftermath::Unjudged(Unjudged::StillOn { other }), broke),
            };
        }
        let after = self.within(quiet, until);
        let left = self.over().since(quiet).as_secs_f64();
        let holds_now = || {
            let last = after.end.saturating_sub(BLOCK).max(after.start);
            self.holds(last..after.end)
        };
        if after.is_empty() {
            let holds = !broke;
            return (
                Aftermath::Unjudged(Unjudged::TooShort { left, holds }),
                broke,
            );
        }
        if !self.is_measured(&after) && !broke {
            return (Aftermath::Unjudged(Unjudged::Nothing), broke);
        }
        // Before the next disturbance a shorter stretch has to do; at the end of the run it proves
        // nothing.
        let short = next.is_none() && after.len() < self.stretch;
        let stretch = self.stretch.min(after.len());
        let overdue = recovers.is_some_and(|allowed| left > allowed.within.as_secs_f64());
        if !broke && !short {
            return (Aftermath::Held, broke);
        }
        let since = |window: usize| self.start(window).since(quiet).as_secs_f64();
        let mut from = after.start;
        let mut held_meanwhile = None;
        if !short {
            while let Some(start) = self.returns(from..after.end, stretch) {
                match self.last_break(&(start + stretch..after.end)) {
                    None => return (Aftermath::Recovered(since(start)), broke),
                    Some(relapse) => {
                        held_meanwhile = Some(since(start));
                        from = relapse.end;
                    }
                }
            }
        }
        // It may have come back too late for a whole stretch.
        let late = self.returns_to_the_end(from..after.end);
        let in_time = |start: usize| {
            recovers.is_none_or(|allowed| since(start) <= allowed.within.as_secs_f64())
        };
        let unclear = if short {
            late.is_some_and(in_time) || !overdue
        } else {
            late.is_some_and(in_time)
        };
        if unclear {
            let holds = holds_now();
            return (
                Aftermath::Unjudged(Unjudged::TooShort { left, holds }),
                broke,
            );
        }
        if self.calm.is_empty() {
            return (Aftermath::Unjudged(Unjudged::NoBefore), broke);
        }
        // Between two disturbances there may be too little time to see that it does not hold.
        if next.is_some() && self.first_break(&after).is_none() {
            let unclear = Unjudged::TooShort { left, holds: false };
            return (Aftermath::Unjudged(unclear), false);
        }
        let mut loss = self.loss(quiet, after, short);
        loss.held_meanwhile = held_meanwhile;
        (Aftermath::Lost(loss), broke)
    }

    /// The first window from which the steady state holds for a stretch.
    fn returns(&self, windows: Range<usize>, stretch: usize) -> Option<usize> {
        let last = (windows.end + 1).saturating_sub(stretch);
        (windows.start..last).find(|start| self.holds_from(*start, start + stretch))
    }

    /// The first window from which the steady state holds to the end, if that is some blocks long.
    fn returns_to_the_end(&self, windows: Range<usize>) -> Option<usize> {
        let first = windows.start.max(windows.end.saturating_sub(self.stretch));
        let last = windows.end.saturating_sub(BLOCK - 1);
        (first..last).find(|start| self.holds_from(*start, windows.end))
    }

    fn loss(&self, quiet: SimTime, after: Range<usize>, short: bool) -> Loss {
        let late = late(&after);
        let failing = self.checks.iter();
        let failing = failing
            .map(|check| !self.measurer.check(&check.expression, late.clone()).1)
            .position(|fails| fails)
            .or(if self.checks.is_empty() {
                None
            } else {
                Some(0)
            });
        let (mut offered, mut before) = (0.0, 0.0);
        for (workload, calm) in self.before.iter().enumerate() {
            let traffic = self.measurer.traffic(workload, late.clone());
            offered += traffic.offered as f64 / traffic.seconds.max(1e-9);
            before += calm.offered as f64 / calm.seconds.max(1e-9);
        }
        let more = offered / before.max(1e-9);
        Loss {
            quiet,
            after: after.clone(),
            check: failing,
            pace: if short {
                Pace::Unknown
            } else {
                pace(self, failing, &after)
            },
            more_load: (more > SAME_LOAD).then_some(more),
            held_meanwhile: None,
        }
    }
}
