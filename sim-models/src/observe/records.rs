//! What is counted and measured of each workload, service, endpoint, instance, pool and edge. [`super::recorder`]
//! fills it in. What is kept of each window is what the table of [`crate::signals`] says.
//!
//! Units: durations in nanoseconds, converted to seconds when a summary is made.

use super::ledger::{ByOutcome, Ledger};
use crate::ids::PoolId;
use crate::outcome::Outcome;
use crate::signals::signals;
use sim_core::metrics::{DurationStats, Level, Snapshot, WindowHistogram};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// A level in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevelWindow {
    /// Time average, all instances together.
    pub mean: f64,
    /// The most at any one instance.
    pub max: u64,
}

impl LevelWindow {
    /// Adds what a level was at one instance.
    fn add(&mut self, (mean, max): (f64, i64)) {
        self.mean += mean;
        self.max = self.max.max(max.max(0) as u64);
    }
}

/// What is kept of a signal of each kind in a window.
macro_rules! kept {
    (Count) => {
        u64
    };
    (State) => {
        u64
    };
    (Outcomes) => {
        ByOutcome
    };
    (Value) => {
        f64
    };
    (Level) => {
        LevelWindow
    };
    (Durations) => {
        Snapshot
    };
}

/// Counts what is told only where it happened.
macro_rules! used {
    (used Count $counts:ident $sum:ident $field:ident) => {
        let count = $sum(|window| window.$field);
        if count > 0 {
            $counts.insert(stringify!($field).to_owned(), count);
        }
    };
    ($shown:ident $kind:ident $counts:ident $sum:ident $field:ident) => {};
}

/// Generates what is kept of a window of each subject, and the levels that are kept of each of its instances.
macro_rules! windows {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:tt)*] {
            counts { $( (
                $count:ident $ckind:ident $cdoc:literal
                [$($ccolumn:ident $cpart:ident $cshown:ident $cheading:literal),*] $($cmeasure:tt)*
            ) )* }
            $( computed { $($computed:tt)* } )?
            $( levels $levels:ident { $( ($level:ident $lkind:ident $ldoc:literal $($lrest:tt)*) )* } )?
            $( more { $( (
                $more:ident $mkind:ident $mdoc:literal
                [$($mcolumn:ident $mpart:ident $mshown:ident $mheading:literal),*] $($mmeasure:tt)*
            ) )* } )?
            $( derived { $($derived:tt)* } )?
        } )* }
        others { $($others:tt)* }
    ) => {
        $(
            #[doc = concat!("What is kept of one window, by the table of [`crate::signals`]: ", stringify!($of), ".")]
            #[derive(Clone, Debug, Default)]
            pub struct $window {
                $( #[doc = $cdoc] pub $count: kept!($ckind), )*
                $($( #[doc = $ldoc] pub $level: kept!($lkind), )*)?
                $($( #[doc = $mdoc] pub $more: kept!($mkind), )*)?
            }

            impl $window {
                /// The counts that are told only where they are not zero, by name; `sum` counts one over the
                /// windows that are meant.
                #[must_use]
                #[allow(unused_variables, unused_mut)]
                pub fn used(sum: impl Fn(fn(&Self) -> u64) -> u64) -> BTreeMap<String, u64> {
                    let mut counts = BTreeMap::new();
                    $($( used!($cshown $ckind counts sum $count); )*)*
                    $($($( used!($mshown $mkind counts sum $more); )*)*)?
                    counts
                }
            }

            $(
                /// Levels of an instance.
                #[derive(Clone, Debug, Default)]
                pub struct $levels {
                    $( #[doc = $ldoc] pub $level: Level, )*
                }

                impl $levels {
                    /// Totals begin.
                    pub(super) fn reset(&mut self, now: SimTime) {
                        $( self.$level.reset(now); )*
                    }

                    /// A window ends, of which this instance is a part.
                    pub(super) fn close(&mut self, now: SimTime, window: &mut $window) {
                        $( window.$level.add(self.$level.take_window(now)); )*
                    }
                }
            )?
        )*
    };
}

signals!(windows);

impl Copy for WorkloadWindow {}
impl Copy for ServiceWindow {}
impl Copy for EdgeWindow {}

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadRecord {
    /// Requests that arrived.
    pub offered: u64,
    /// Ended, by outcome.
    pub outcomes: ByOutcome,
    /// Failures by the outcome and the place where they began: index place × COUNT + outcome.
    pub causes: Vec<u64>,
    /// Time to a usable answer.
    pub latency: DurationStats,
    /// Time to a failure.
    pub latency_failed: DurationStats,
    /// First failed request of each outcome: (number, arrival, duration).
    pub first: [Option<(u32, SimTime, SimDuration)>; Outcome::COUNT],
    /// Slowest usable answers: (duration, number, arrival).
    pub slowest: Vec<(SimDuration, u32, SimTime)>,
    /// Requests under way.
    pub in_flight: u64,
    /// Attempts that its requests led to, on all edges: first ones, and retries.
    pub attempts: (u64, u64),
    /// Of these retries those whose attempt ended ok.
    pub retries_ok: u64,
    pub(super) window: WorkloadWindow,
    /// Of this window's ends those of requests that began in it.
    pub(super) answered: WindowHistogram,
    pub(super) failed: WindowHistogram,
    /// Of this window's ends those of requests that began before it.
    pub(super) carried: Carried,
    /// What happened in each window, how long answers took, and how long all took.
    pub windows: Vec<(WorkloadWindow, Snapshot, Snapshot)>,
    /// What became of the requests that began in each window.
    pub begun: Ledger,
    /// What had happened in the window in which totals begin before they did.
    pub(super) before_totals: WorkloadWindow,
}

/// What ended in a window of what began before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    pub(super) outcomes: ByOutcome,
    pub(super) answered: WindowHistogram,
    pub(super) failed: WindowHistogram,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct ServiceRecord {
    /// Time of those that started in queue and backlog.
    pub waiting: DurationStats,
    /// Time from start to end.
    pub service_time: DurationStats,
    /// Time spent for callers who had gone, ns.
    pub doomed_ns: u128,
    pub(super) window: ServiceWindow,
    /// What happened in each window.
    pub windows: Vec<ServiceWindow>,
    pub(super) before_totals: ServiceWindow,
}

/// An endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointRecord {
    /// Attempts that reached an instance.
    pub arrivals: u64,
    /// Answered ok or degraded.
    pub ok: u64,
    /// Ended in another way.
    pub failed: u64,
    /// Turned away.
    pub rejected: u64,
    /// Time from arrival to answer of those that started.
    pub sojourn: DurationStats,
}

/// An instance.
#[derive(Clone, Debug, Default)]
pub struct InstanceRecord {
    /// Attempts that reached it.
    pub arrivals: u64,
    /// Attempts that got a thread.
    pub started: u64,
    /// Its levels.
    pub levels: ServiceLevels,
}

// Who records names the level, and not where it stands.
impl Deref for InstanceRecord {
    type Target = ServiceLevels;
    #[inline]
    fn deref(&self) -> &ServiceLevels {
        &self.levels
    }
}

impl DerefMut for InstanceRecord {
    #[inline]
    fn deref_mut(&mut self) -> &mut ServiceLevels {
        &mut self.levels
    }
}

/// A pool of an instance.
#[derive(Clone, Debug, Default)]
pub struct PoolRecord {
    /// Index of the pool among those of the plan.
    pub of: PoolId,
    /// Its levels.
    pub levels: PoolLevels,
    /// How many were taken.
    pub taken: u64,
    /// How many requests had to wait.
    pub waited: u64,
    /// How many found all places to wait taken.
    pub full: u64,
    /// How many waited for as long as they might.
    pub timeouts: u64,
    /// Time that those who took one had waited.
    pub wait: DurationStats,
}

impl Deref for PoolRecord {
    type Target = PoolLevels;
    fn deref(&self) -> &PoolLevels {
        &self.levels
    }
}

impl DerefMut for PoolRecord {
    fn deref_mut(&mut self) -> &mut PoolLevels {
        &mut self.levels
    }
}

/// A pool by windows, at all instances together.
#[derive(Clone, Debug, Default)]
pub struct PoolKept {
    pub(super) window: PoolWindow,
    pub(super) wait: WindowHistogram,
    /// What happened in each window.
    pub windows: Vec<PoolWindow>,
    pub(super) before_totals: PoolWindow,
}

/// An edge.
#[derive(Clone, Debug)]
pub struct EdgeRecord {
    /// Calls begun.
    pub calls: u64,
    /// Calls that sent at least one attempt.
    pub calls_sent: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Retries whose attempt ended ok.
    pub retries_ok: u64,
    /// Calls by outcome.
    pub outcomes: ByOutcome,
    /// Attempts by outcome.
    pub attempt_outcomes: ByOutcome,
    /// Duration of calls.
    pub latency: DurationStats,
    pub(super) window: EdgeWindow,
    /// What happened in each window.
    pub windows: Vec<EdgeWindow>,
    pub(super) before_totals: EdgeWindow,
}
