//! What became of the steady state after a disturbance.

use super::disturbance::{Calendar, Disturbance};
use super::pace::{Pace, pace};
use super::steady::{BLOCK, NOISE, Steady, late};
use crate::scenario::Recovers;
use crate::topology::Topology;
use sim_core::SimTime;
use sim_core::stats::unlike;
use std::collections::BTreeMap;
use std::ops::Range;

/// Load after / load before up to which the load is what it was.
const SAME_LOAD: f64 = 1.10;

/// Stretches in which a return may turn out to hold for good.
const SETTLING: usize = 10;

/// How a disturbance, or one period of it, ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Aftermath {
    /// The steady state held throughout.
    Held,
    /// It broke, and held again so many seconds after this time, when the disturbance was gone.
    Recovered(f64, SimTime),
    /// It belongs to the system: there is nothing before or after it.
    Background,
    /// It cannot be judged.
    Unjudged(Unjudged),
    /// The steady state did not hold again.
    Lost(Box<Loss>),
}

impl Aftermath {
    /// Whether a disturbance came of which nobody knows how it went on.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Unjudged(why) if *why != Unjudged::NeverOn)
    }
}

/// Why a disturbance cannot be judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unjudged {
    /// It never came.
    NeverOn,
    /// It was on when the run ended: this one, or another one that hid what it did.
    StillOn { other: Option<String> },
    /// The run ended too soon after it: seconds that were left, and over how many of the last of them the
    /// steady state held.
    TooShort { left: f64, held: f64 },
    /// Nothing was answered after it.
    Nothing,
    /// There was no time before it in which the steady state could have been seen.
    NoBefore,
    /// A damage stays that it cannot have reached.
    Elsewhere(Box<Elsewhere>),
}

/// A damage that stays and that a disturbance cannot have reached.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Elsewhere {
    /// Who is hurt.
    pub hurt: Vec<String>,
    /// When it began, where that is known.
    pub begun: Option<SimTime>,
    /// By when what began it had come, as far as that is known.
    pub by: SimTime,
    /// The check that fails at the end; none where no steady state is named.
    pub check: Option<usize>,
    /// The windows over which it does.
    pub late: Range<usize>,
    /// Whether no other disturbance can have reached it either.
    pub alone: bool,
}

/// Since when what began a damage is gone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Since {
    /// When all that can have reached what is hurt was gone.
    pub gone: SimTime,
    /// When the damage began, where more came after it did.
    pub begun: Option<SimTime>,
}

/// How the steady state stayed away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    /// When all was quiet again.
    pub quiet: SimTime,
    /// The windows from then to the next disturbance, or to the end.
    pub after: Range<usize>,
    /// The check that fails at the end, of several the first that the disturbance can have reached; none where no
    /// steady state is named, or none fails there.
    pub check: Option<usize>,
    /// All checks that fail at the end.
    pub failing: Vec<usize>,
    /// Whether, and how fast, what fails gets better.
    pub pace: Pace,
    /// Load at the end / load before, where it is more than it was.
    pub more_load: Option<f64>,
    /// A service to which more comes all the time than it can carry, and how many times as much.
    pub overloaded: Option<(String, f64)>,
    /// A service of which instances are down though no fault holds them: how many, and of how many.
    pub down: Option<(String, u64, u32)>,
    /// From which window on the steady state held again up to the end, which was too late and for too short.
    pub back: Option<usize>,
    /// Of the disturbance that began it: since when it is gone.
    pub since: Option<Since>,
}

impl Loss {
    /// The trigger is gone, the load is what it was and can be carried, and nothing gets better.
    pub fn is_metastable(&self) -> bool {
        let load_explains = self.more_load.is_some() || self.overloaded.is_some();
        !load_explains && self.down.is_none() && self.back.is_none() && self.pace == Pace::Stays
    }
}

impl Aftermath {
    /// The larger, the worse: how bad it is, then how long it took.
    fn badness(&self) -> (u8, f64) {
        match self {
            Self::Held | Self::Background => (0, 0.0),
            Self::Recovered(seconds, _) => (1, *seconds),
            Self::Unjudged(_) => (2, 0.0),
            Self::Lost(loss) => (3 + u8::from(loss.is_metastable()), 0.0),
        }
    }
}

impl Steady<'_> {
    /// What came after each disturbance, and the window from which on the steady state held after the
    /// last of them, if it did.
    pub fn aftermaths(
        &self,
        all: &[Disturbance],
        calendar: &Calendar,
        recovers: Option<Recovers>,
    ) -> (Vec<Aftermath>, Option<usize>) {
        let mut known = Known::default();
        let mut settled = None;
        let found = all.iter().map(|disturbance| {
            if disturbance.periods.is_empty() && !disturbance.background.is_empty() {
                return Aftermath::Background;
            }
            let periods = disturbance.periods.iter();
            let found = periods.map(|period| {
                let found = self.after(*period, calendar, recovers, &mut known);
                settled = settled.max(found.settled);
                found
            });
            worst(found.collect())
        });
        let found = found.collect();
        // What held before yet another disturbance came says nothing of the end.
        let last = calendar.starts().last().copied().unwrap_or(SimTime::ZERO);
        (
            found,
            settled.filter(|settled| self.start(*settled) >= last),
        )
    }

    /// What came after one period of a disturbance. Where the next one begins before the steady state is
    /// back, both are judged from the end of that one.
    fn after(
        &self,
        (start, stop): (SimTime, SimTime),
        all: &Calendar,
        recovers: Option<Recovers>,
        known: &mut Known,
    ) -> After {
        let (quiet, other) = all.quiet_after(stop);
        let next = all.next_after(quiet).filter(|next| *next < self.over());
        let until = next.unwrap_or(self.over());
        let near = self.within(quiet, until);
        let near_end = (near.start + self.stretch).min(near.end);
        let reach = if quiet >= self.over() {
            self.touching(start, self.over())
        } else {
            self.touching(start, self.start(near_end).max(quiet.min(self.over())))
        };
        let broke = if quiet >= self.over() {
            known.breaks_to_the_end(self, &reach)
        } else {
            let on = self.touching(start, stop.min(self.over()));
            known.breaks(self, &reach) || self.breaks_as_planned(&on, all.starts().len())
        };
        if quiet >= self.over() {
            let long = reach.len() >= self.stretch && self.is_measured(&reach);
            if stop == SimTime::MAX && !broke && long {
                return After::of(Aftermath::Held, broke, None);
            }
        }
        // It may be over while another one is still on.
        let masked = all.next_after(stop).map_or(quiet, |next| next.min(quiet));
        if quiet > stop
            && let Some(back) = self.returns(self.within(stop, masked), self.stretch)
        {
            let took = self.start(back).since(stop).as_secs_f64();
            let aftermath = if broke {
                Aftermath::Recovered(took, stop)
            } else {
                Aftermath::Held
            };
            return After::of(aftermath, broke, None);
        }
        if quiet >= self.over() {
            let other = other.map(str::to_owned);
            return After::of(
                Aftermath::Unjudged(Unjudged::StillOn { other }),
                broke,
                None,
            );
        }
        let enough = next.is_some() && near.len() >= BLOCK || near.len() >= self.stretch;
        if !broke && enough && self.is_measured(&reach) {
            // What was begun meanwhile may end long after.
            let settled = self.settles(near.start, &near, self.stretch);
            let late = self.start(settled).since(quiet).as_secs_f64();
            return if settled == near.start {
                After::of(Aftermath::Held, broke, Some(settled))
            } else {
                After::of(Aftermath::Recovered(late, quiet), true, Some(settled))
            };
        }
        let mut found = self.group(start, quiet, all, recovers, known);
        found.broke &= broke;
        // It may only have taken a while until anything ended.
        if !broke && matches!(found.aftermath, Aftermath::Recovered(..)) {
            found.aftermath = Aftermath::Held;
        }
        found
    }

    /// What came after the disturbances that were over then, the next ones included where those begin
    /// before the steady state is back.
    fn group(
        &self,
        start: SimTime,
        mut quiet: SimTime,
        all: &Calendar,
        recovers: Option<Recovers>,
        known: &mut Known,
    ) -> After {
        let mut passed = Vec::new();
        let found = loop {
            if let Some(found) = known.after.get(&quiet) {
                break found.clone();
            }
            passed.push(quiet);
            let next = all.next_after(quiet).filter(|next| *next < self.over());
            let after = self.within(quiet, next.unwrap_or(self.over()));
            let stretch = if next.is_some() && after.len() >= BLOCK {
                self.stretch.min(after.len())
            } else {
                self.stretch
            };
            if self.is_measured(&after)
                && let Some(back) = self.returns(after.clone(), stretch)
            {
                let back = self.settles(back, &after, stretch);
                let took = self.start(back).since(quiet).as_secs_f64();
                break After::of(Aftermath::Recovered(took, quiet), true, Some(back));
            }
            let Some(next) = next else {
                break After::of(self.ending(start, quiet, after, recovers), true, None);
            };
            let (end, name) = all.quiet_after_those(next);
            if end >= self.over() {
                let other = name.map(str::to_owned);
                break After::of(Aftermath::Unjudged(Unjudged::StillOn { other }), true, None);
            }
            quiet = end;
        };
        for quiet in passed {
            known.after.insert(quiet, found.clone());
        }
        found
    }

    /// What to say where the steady state was not back for a stretch when the run ended.
    fn ending(
        &self,
        start: SimTime,
        quiet: SimTime,
        after: Range<usize>,
        recovers: Option<Recovers>,
    ) -> Aftermath {
        let left = self.over().since(quiet).as_secs_f64();
        let last = after.end.saturating_sub(BLOCK).max(after.start);
        let holds = after.is_empty() || self.holds(last..after.end);
        if !after.is_empty() && !self.is_measured(&after) && holds {
            return Aftermath::Unjudged(Unjudged::Nothing);
        }
        let allowed = recovers.map(|recovers| recovers.within.as_secs_f64());
        let since = |window: usize| self.start(window).since(quiet).as_secs_f64();
        let in_time = |start: usize| allowed.is_none_or(|allowed| since(start) <= allowed);
        let back = self.returns_to_the_end(after.clone());
        let held = match back {
            Some(back) => self.over().since(self.start(back)).as_secs_f64(),
            None if holds => self.over().since(self.start(last)).as_secs_f64(),
            None => 0.0,
        };
        let coming = back.is_some_and(in_time);
        let short = after.len() < self.stretch;
        let overdue = allowed.is_some_and(|allowed| left > allowed);
        if coming || short && !overdue {
            return Aftermath::Unjudged(Unjudged::TooShort { left, held });
        }
        if self.calm.is_empty() {
            return Aftermath::Unjudged(Unjudged::NoBefore);
        }
        let mut loss = self.loss(start, quiet, after, short);
        loss.back = back;
        // What gets better may still be back in time.
        if allowed.is_some() && !overdue && !loss.is_metastable() {
            return Aftermath::Unjudged(Unjudged::TooShort { left, held });
        }
        Aftermath::Lost(Box::new(loss))
    }

    /// The first window from which the steady state holds for a stretch, or, where hardly anything ends in
    /// one, for as long as it takes until something has: a silence proves nothing.
    fn returns(&self, windows: Range<usize>, stretch: usize) -> Option<usize> {
        let last = (windows.end + 1).saturating_sub(stretch);
        (windows.start..last).find(|start| {
            let end = start + stretch;
            self.holds_from(*start, end) && {
                let told = self.told_by(&(*start..end)).min(windows.end);
                told == end || self.holds(*start..told)
            }
        })
    }

    /// The window from which on it holds for all the rest as well: among the first answers of rare requests
    /// may be good ones by luck. The first return, if it does so from nowhere near.
    fn settles(&self, back: usize, windows: &Range<usize>, stretch: usize) -> usize {
        let stays = |start: usize| {
            let rest = start..windows.end;
            self.checks.iter().all(|check| {
                self.measurer.check(&check.expression, rest.clone()).1
                    || !self.is_doubtful(check, &rest)
            })
        };
        let (last, step) = (windows.end.saturating_sub(stretch), stretch.div_ceil(10));
        let mut later = (0..SETTLING * 10).map(|n| back + n * step);
        later
            .find(|start| {
                *start <= last
                    && stays(*start)
                    && (*start == back || self.holds_from(*start, start + stretch))
            })
            .unwrap_or(back)
    }

    /// The first window from which the steady state holds to the end, if that is some blocks long.
    fn returns_to_the_end(&self, windows: Range<usize>) -> Option<usize> {
        let first = windows.start.max(windows.end.saturating_sub(self.stretch));
        let last = windows.end.saturating_sub(BLOCK - 1);
        (first..last).find(|start| self.holds_from(*start, windows.end))
    }

    fn loss(&self, start: SimTime, quiet: SimTime, after: Range<usize>, short: bool) -> Loss {
        let late = late(&after);
        let checks = self.checks.iter().enumerate();
        let failing = checks
            .filter(|(_, check)| !self.measurer.check(&check.expression, late.clone()).1)
            .map(|(n, _)| n);
        let failing: Vec<usize> = failing.collect();
        let check = failing.first().copied();
        // The load just before: that of the whole time before may be that of another time of the day.
        let last = self.within(SimTime::ZERO, start).end;
        let just_before = last.saturating_sub(late.len().max(self.stretch))..last;
        let just_before = just_before.start.max(self.calm.start)..just_before.end;
        let load = |windows: &Range<usize>| {
            let workloads = 0..self.before.len();
            let traffic =
                workloads.map(|workload| self.measurer.traffic(workload, windows.clone()));
            traffic.fold((0, 0.0), |sum, traffic| {
                (sum.0 + traffic.offered, traffic.seconds)
            })
        };
        let ((offered, seconds), (before, seconds_before)) = (load(&late), load(&just_before));
        let usual = before as f64 / seconds_before.max(1e-9);
        let more = offered as f64 / seconds.max(1e-9) / usual.max(1e-9);
        let certain = unlike(offered, usual * seconds) > NOISE;
        Loss {
            quiet,
            check,
            failing,
            pace: if short {
                Pace::Unknown
            } else {
                pace(self, check, &after)
            },
            after,
            more_load: (more > SAME_LOAD && certain).then_some(more),
            overloaded: self.overloaded(),
            down: self.down(),
            back: None,
            since: None,
        }
    }

    /// The first service of which instances are down when the run ends: after all faults, only one whose supervisor
    /// has not started them again is.
    fn down(&self) -> Option<(String, u64, u32)> {
        let records = self.measurer.recorder.services.iter();
        let mut services = self.measurer.plan.places.iter().zip(records);
        services.find_map(|(place, record)| {
            let down = u64::from(place.instance_count) - record.windows.last()?.up;
            (down > 0).then(|| (place.name.clone(), down, place.instance_count))
        })
    }

    /// The service that is asked for most beyond what it can carry, by what comes no matter how it does,
    /// nothing tried twice: there is no good state that it could return to.
    fn overloaded(&self) -> Option<(String, f64)> {
        let capacities = Topology::new(self.scenario).capacity;
        let beyond = capacities
            .into_iter()
            .map(|(name, capacity)| (name, capacity.open_utilization))
            .filter(|(_, utilization)| *utilization >= 1.0);
        beyond.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// What is known already while period after period is looked at.
#[derive(Default)]
struct Known {
    /// What came after the disturbances that were over then.
    after: BTreeMap<SimTime, After>,
    /// A stretch near the end in which the steady state broke.
    broken: Option<Range<usize>>,
    /// From which window on it did not break.
    sound: Option<usize>,
    /// Whether it broke over other stretches: many short disturbances share a few of them.
    stretches: BTreeMap<(usize, usize), bool>,
}

impl Known {
    /// Whether the steady state breaks over these windows.
    fn breaks(&mut self, steady: &Steady<'_>, windows: &Range<usize>) -> bool {
        *self
            .stretches
            .entry((windows.start, windows.end))
            .or_insert_with(|| steady.first_break(windows).is_some())
    }

    /// Whether the steady state breaks over these windows, which go to the end of the run.
    fn breaks_to_the_end(&mut self, steady: &Steady<'_>, windows: &Range<usize>) -> bool {
        if self.sound.is_some_and(|sound| sound <= windows.start) {
            return false;
        }
        let known = self.broken.as_ref();
        if known.is_some_and(|broken| broken.start >= windows.start) {
            return true;
        }
        match steady.first_break(windows) {
            Some(broken) => self.broken = Some(broken),
            None => {
                self.sound = Some(
                    self.sound
                        .map_or(windows.start, |sound| sound.min(windows.start)),
                );
                return false;
            }
        }
        true
    }
}

/// What came after one period of a disturbance.
#[derive(Clone, Debug)]
struct After {
    aftermath: Aftermath,
    /// Whether the steady state certainly broke.
    broke: bool,
    /// From which window on it held afterwards.
    settled: Option<usize>,
}

impl After {
    fn of(aftermath: Aftermath, broke: bool, settled: Option<usize>) -> Self {
        Self {
            aftermath,
            broke,
            settled,
        }
    }
}

/// Of several periods the worst counts. One that cannot be judged is passed over where others were judged
/// and nothing certainly broke in it.
fn worst(found: Vec<After>) -> Aftermath {
    let judged = |after: &After| !matches!(after.aftermath, Aftermath::Unjudged(_));
    let any = found.iter().any(judged);
    found
        .into_iter()
        .filter(|after| judged(after) || after.broke || !any)
        .map(|after| after.aftermath)
        .reduce(|a, b| if b.badness() > a.badness() { b } else { a })
        .unwrap_or(Aftermath::Unjudged(Unjudged::NeverOn))
}
