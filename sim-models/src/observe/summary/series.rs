//! Signals window by window, in the columns that the table of [`crate::signals`] names.

use crate::observe::records::{EdgeWindow, PoolWindow, ServiceWindow, WorkloadWindow};
use crate::outcome::Outcome;
use crate::signals::{Shown, signals};
use serde::{Deserialize, Serialize};
use sim_core::metrics::Snapshot;
use std::collections::BTreeMap;

/// The states of a policy but the first, and by window the share of its memories that was in each.
pub type StatesSeries = BTreeMap<String, Vec<f64>>;

/// Everything by windows of equal width; `time[i]` is the start of window i.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Width of a window, s.
    pub window_seconds: f64,
    /// Starts of the windows, s.
    pub time: Vec<f64>,
    /// By workload.
    pub workloads: BTreeMap<String, WorkloadSeries>,
    /// By service.
    pub services: BTreeMap<String, ServiceSeries>,
    /// By edge.
    pub edges: BTreeMap<String, EdgeSeries>,
    /// By pool, `"service/pool"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, PoolSeries>,
    /// By edge, or service for what stands at its door, and by the policies there that have states: which share of their
    /// memories was in which state, on average over the time of each window; the first state is what is left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, BTreeMap<String, StatesSeries>>,
}

/// The values of a column, one for each window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// Whole numbers.
    Counts(&'a [u64]),
    /// Others; NaN where nothing was measured.
    Numbers(&'a [f64]),
}

impl Values<'_> {
    /// Whether nothing ever was.
    #[must_use]
    pub fn is_zero(self) -> bool {
        match self {
            Self::Counts(counts) => counts.iter().all(|count| *count == 0),
            Self::Numbers(numbers) => numbers.iter().all(|number| *number == 0.0),
        }
    }
}

impl<'a> From<&'a Vec<u64>> for Values<'a> {
    fn from(counts: &'a Vec<u64>) -> Self {
        Self::Counts(counts)
    }
}

impl<'a> From<&'a Vec<f64>> for Values<'a> {
    fn from(numbers: &'a Vec<f64>) -> Self {
        Self::Numbers(numbers)
    }
}

/// A column of a series.
pub struct Column<S: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its heading in CSV files.
    pub heading: &'static str,
    /// When it is there.
    pub shown: Shown,
    /// Its values.
    pub values: fn(&S) -> Values<'_>,
}

impl<S> Column<S> {
    /// Whether it is there, given all series of its kind.
    pub fn is_shown<'a>(&self, mut all: impl Iterator<Item = &'a S>) -> bool {
        self.shown == Shown::always || !all.all(|series| (self.values)(series).is_zero())
    }
}

/// A series in columns.
pub trait Columns: Sized + 'static {
    /// All columns, in the order of the table.
    const COLUMNS: &'static [Column<Self>];
}

/// What a column holds of a signal of each kind.
macro_rules! held {
    (Outcomes $part:ident) => {
        u64
    };
    (Level mean) => {
        f64
    };
    (Level max) => {
        u64
    };
    (Durations $part:ident) => {
        f64
    };
    (Share all) => {
        f64
    };
    ($kind:ident all) => {
        u64
    };
}

/// A part of what is kept of a signal.
macro_rules! part {
    (all $kept:expr) => {
        $kept
    };
    (mean $kept:expr) => {
        $kept.mean
    };
    (max $kept:expr) => {
        $kept.max
    };
    (ok $kept:expr) => {
        $kept[Outcome::Ok as usize]
    };
    (degraded $kept:expr) => {
        $kept[Outcome::Degraded as usize]
    };
    (p50 $kept:expr) => {
        quantile(&$kept, 0.5)
    };
    (p99 $kept:expr) => {
        quantile(&$kept, 0.99)
    };
}

/// A quantile, s; NaN without durations.
pub(in crate::observe) fn quantile(snapshot: &Snapshot, q: f64) -> f64 {
    if snapshot.count == 0 {
        f64::NAN
    } else {
        snapshot.quantile(q)
    }
}

/// Generates the series of each subject.
macro_rules! series {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:ident $held:ty, $bdoc:literal)?] {
            counts { $( (
                $count:ident $ckind:ident $cdoc:literal
                [$($ccolumn:ident $cpart:ident $cshown:ident $cheading:literal),*] $($cmeasure:tt)*
            ) )* }
            $( computed { $( (
                $computed:ident $pkind:ident $pdoc:literal
                [$($pcolumn:ident $ppart:ident $pshown:ident $pheading:literal),*] $($pmeasure:tt)*
            ) )* } )?
            $( levels $levels:ident { $( (
                $level:ident $lkind:ident $ldoc:literal
                [$($lcolumn:ident $lpart:ident $lshown:ident $lheading:literal),*] $($lmeasure:tt)*
            ) )* } )?
            $( more { $( (
                $more:ident $mkind:ident $mdoc:literal
                [$($mcolumn:ident $mpart:ident $mshown:ident $mheading:literal),*] $($mmeasure:tt)*
            ) )* } )?
            $( derived { $($derived:tt)* } )?
        } )* }
        others { $($others:tt)* }
    ) => {
        $(
            #[doc = concat!("A series by windows, by the table of [`crate::signals`]: ", stringify!($of), ".")]
            #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
            pub struct $series {
                $( $( #[doc = $cdoc] pub $ccolumn: Vec<held!($ckind $cpart)>, )* )*
                $($( $( #[doc = $pdoc] pub $pcolumn: Vec<held!($pkind $ppart)>, )* )*)?
                $($( $( #[doc = $ldoc] pub $lcolumn: Vec<held!($lkind $lpart)>, )* )*)?
                $($( $( #[doc = $mdoc] pub $mcolumn: Vec<held!($mkind $mpart)>, )* )*)?
                $( #[doc = $bdoc] pub $besides: $held, )?
            }

            impl $series {
                /// What was kept, in columns. What is computed of it is empty.
                // Where nothing is computed, nothing is left to the default.
                #[allow(clippy::needless_update)]
                pub(in crate::observe) fn of<'a>(windows: impl Iterator<Item = &'a $window> + Clone) -> Self {
                    Self {
                        $( $( $ccolumn: windows.clone().map(|window| part!($cpart window.$count)).collect(), )* )*
                        $($( $( $lcolumn: windows.clone().map(|window| part!($lpart window.$level)).collect(), )* )*)?
                        $($( $( $mcolumn: windows.clone().map(|window| part!($mpart window.$more)).collect(), )* )*)?
                        ..Self::default()
                    }
                }
            }

            impl Columns for $series {
                const COLUMNS: &'static [Column<Self>] = &[
                    $( $( column!($ccolumn $cshown $cheading), )* )*
                    $($( $( column!($pcolumn $pshown $pheading), )* )*)?
                    $($( $( column!($lcolumn $lshown $lheading), )* )*)?
                    $($( $( column!($mcolumn $mshown $mheading), )* )*)?
                ];
            }
        )*
    };
}

macro_rules! column {
    ($column:ident $shown:ident $heading:literal) => {
        Column {
            name: stringify!($column),
            heading: $heading,
            shown: Shown::$shown,
            values: |series| Values::from(&series.$column),
        }
    };
}

signals!(series);
