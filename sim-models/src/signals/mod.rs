//! Signals: what is kept of workloads, services, edges and pools, each named once, in `table.rs`.
//!
//! The table is data for macros. What reads it: the records that are filled while a run goes on ([`crate::observe`]),
//! the series by windows and so the CSV files, the measures of the expression language over whole runs and over windows
//! ([`crate::expression`]), and `sim explain`, by [`SIGNALS`]. Recording stays an add to a field.

mod table;

pub(crate) use table::signals;

/// What a signal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A workload.
    Workload,
    /// A service.
    Service,
    /// An edge `"caller -> callee"`.
    Edge,
    /// A pool `"service/pool"`.
    Pool,
    /// All workloads labelled with a tenant.
    Tenant,
    /// The run as a whole.
    Run,
}

impl Of {
    /// In a word.
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Service => "service",
            Self::Edge => "edge",
            Self::Pool => "pool",
            Self::Tenant => "tenant",
            Self::Run => "run",
        }
    }

    /// In words: `a service`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Workload => "a workload",
            Self::Service => "a service",
            Self::Edge => "an edge",
            Self::Pool => "a pool of a service",
            Self::Tenant => "a tenant, which `tenant` of workloads names",
            Self::Run => "the run as a whole",
        }
    }

    /// The file of its series, in the folder of a run; what has none is told as totals only.
    #[must_use]
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::Workload => Some("workloads.csv"),
            Self::Service => Some("services.csv"),
            Self::Edge => Some("edges.csv"),
            Self::Pool => Some("pools.csv"),
            Self::Tenant | Self::Run => None,
        }
    }
}

/// How a signal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How often something happened in each window.
    Count,
    /// As [`Kind::Count`], by outcome.
    Outcomes,
    /// A count at the end of each window.
    State,
    /// A number of each window.
    Value,
    /// Something that goes up and down: mean over time and maximum of each window.
    Level,
    /// A share of what there is, mean over time.
    Share,
    /// Durations: a distribution for each window.
    Durations,
    /// Not kept, but made of others.
    Derived,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Count => "counted by window",
            Self::Outcomes => "counted by window and outcome",
            Self::State => "counted at the end of each window",
            Self::Value => "taken at the end of each window",
            Self::Level => "averaged over the time of each window, with its maximum",
            Self::Share => "averaged over the time of each window",
            Self::Durations => "a distribution of each window",
            Self::Derived => "made of other signals",
        }
    }
}

/// When a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Shown {
    /// In all results.
    always,
    /// Where it is not zero throughout.
    used,
}

/// A column of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnOf {
    /// Its name.
    pub name: &'static str,
    /// Its heading in CSV files, which ends with its unit.
    pub heading: &'static str,
    /// When it is there.
    pub shown: Shown,
}

/// A signal: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What it is about.
    pub of: Of,
    /// Its name.
    pub name: &'static str,
    /// How it is kept.
    pub kind: Kind,
    /// What it is.
    pub doc: &'static str,
    /// Its columns in the series.
    pub columns: &'static [ColumnOf],
    /// The measure that it gives, by its name in expressions.
    pub measure: Option<&'static str>,
}

/// The measure that a row gives.
macro_rules! measure_of {
    () => {
        None
    };
    (=> $metric:ident $text:literal $($rest:tt)*) => {
        Some($text)
    };
}

/// Generates [`SIGNALS`].
macro_rules! list {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:tt)*] {
            $( $group:ident $($levels:ident)? { $( (
                $name:ident $kind:ident $doc:literal
                [$($column:ident $part:ident $shown:ident $heading:literal),*] $($measure:tt)*
            ) )* } )*
        } )* }
        others { $( $other:ident { $( (
            $oname:ident $okind:ident $odoc:literal [] $($omeasure:tt)*
        ) )* } )* }
    ) => {
        /// Every signal, by what it is about.
        pub const SIGNALS: &[Signal] = &[
            $($($( Signal {
                of: Of::$of,
                name: stringify!($name),
                kind: Kind::$kind,
                doc: $doc,
                columns: &[$( ColumnOf {
                    name: stringify!($column),
                    heading: $heading,
                    shown: Shown::$shown,
                } ),*],
                measure: measure_of!($($measure)*),
            }, )*)*)*
            $($( Signal {
                of: Of::$other,
                name: stringify!($oname),
                kind: Kind::$okind,
                doc: $odoc,
                columns: &[],
                measure: measure_of!($($omeasure)*),
            }, )*)*
        ];
    };
}

signals!(list);
