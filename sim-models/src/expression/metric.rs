//! Metrics: what can be measured of a run, from the table of [`crate::signals`].
//!
//! Checks and measures name them; [`crate::observe::measure`] evaluates them.

pub use crate::signals::Of;
use crate::signals::signals;

/// What stands after the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Latency,
    Level,
    Outcome,
    Counter,
    StepCounter,
    State,
}

impl Asks {
    /// One of those that may stand there.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Latency => "p99",
            Self::Level => "mean",
            Self::Outcome => "timeout_attempt",
            Self::Counter => "breaker_opened",
            Self::StepCounter => "cache_hits",
            Self::State => "breaker_open",
        }
    }
}

/// What a metric and its limit are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number; limits may be written in per cent.
    Ratio,
    /// Per second.
    Rate,
    /// Seconds.
    Seconds,
    /// How many.
    Count,
}

impl Unit {
    /// In words: `a duration`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ratio => "a ratio",
            Self::Rate => "a rate",
            Self::Seconds => "a duration",
            Self::Count => "a count",
        }
    }

    /// As names of columns end: `_s`, `_per_s`, `_ratio`, `_count`.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Ratio => "_ratio",
            Self::Rate => "_per_s",
            Self::Seconds => "_s",
            Self::Count => "_count",
        }
    }
}

/// Which values of a metric users want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The lower, the better.
    Lower,
    /// The higher, the better.
    Higher,
    /// It is neither good nor bad by itself.
    Neither,
}

/// Over what a metric is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Whole runs, and any windows of them.
    Windows,
    /// Whole runs only.
    Whole,
}

/// The last of some texts.
const fn last(texts: &[&'static str]) -> &'static str {
    texts[texts.len() - 1]
}

/// Over what something is measured that has this form over windows.
macro_rules! scope {
    (none) => {
        Scope::Whole
    };
    ($form:ident) => {
        Scope::Windows
    };
}

/// Generates [`Metric`] and its table from all rows that give a measure.
macro_rules! metrics {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:tt)*] {
            $( $group:ident $($levels:ident)? { $( (
                $name:ident $kind:ident $doc:literal [$($columns:tt)*]
                $( => $metric:ident $text:literal $asks:ident $unit:ident $better:ident
                    $whole:ident($($total:tt)*) $windows:ident($($kept:tt)*) $($about:literal)? )?
            ) )* } )*
        } )* }
        others { $( $other:ident { $( (
            $oname:ident $okind:ident $odoc:literal []
            => $ometric:ident $otext:literal $oasks:ident $ounit:ident $obetter:ident
                $owhole:ident($($ototal:tt)*) $owindows:ident($($okept:tt)*)
        ) )* } )* }
    ) => {
        metrics! { @
            $($($( $( $metric $text $of $asks $unit $better $windows [$doc $(, $about)?]; )? )*)*)*
            $($( $ometric $otext $other $oasks $ounit $obetter $owindows [$odoc]; )*)*
        }
    };
    (@ $( $name:ident $text:literal $of:ident $asks:ident $unit:ident $better:ident $windows:ident
        [$($doc:literal),*]; )*) => {
        /// What is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $doc])* $name,)*
            /// One measure divided by another; see [`super::naming::Measure::quotient`]. It has no name of
            /// its own: it is written with a `/`.
            Quotient,
        }

        /// Every metric with its name and what it means.
        pub const METRICS: &[(Metric, &str, &str)] = &[$((Metric::$name, $text, last(&[$($doc),*]))),*];

        impl Metric {
            /// Its name in expressions.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Quotient => "/" }
            }
            /// What it is about.
            #[must_use]
            pub fn of(self) -> Of {
                match self { $(Self::$name => Of::$of,)* Self::Quotient => Of::Run }
            }
            /// What it is measured in.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)* Self::Quotient => Unit::Ratio }
            }
            /// Which values of it users want.
            #[must_use]
            pub fn better(self) -> Better {
                match self { $(Self::$name => Better::$better,)* Self::Quotient => Better::Neither }
            }
            pub(super) fn asks(self) -> Asks {
                match self { $(Self::$name => Asks::$asks,)* Self::Quotient => Asks::Nothing }
            }
            fn scope(self) -> Scope {
                match self { $(Self::$name => scope!($windows),)* Self::Quotient => Scope::Whole }
            }
        }
    };
}

signals!(metrics);

impl Metric {
    /// Whether it is also measured over parts of a run.
    #[must_use]
    pub fn by_windows(self) -> bool {
        self.scope() == Scope::Windows
    }

    /// Whether stretches of a run are asked for what became of the requests that began in them, or for
    /// what ended in them: these may differ.
    #[must_use]
    pub fn by_requests(self) -> bool {
        self.by_windows() && self.of() == Of::Workload && self != Self::Offered
    }

    /// Whether it sums up a verdict, and so cannot be part of one.
    #[must_use]
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Held | Self::Metastable)
    }

    /// How a check of it is written.
    #[must_use]
    pub fn example(self) -> String {
        let subject = match self.of() {
            Of::Workload => "shoppers",
            Of::Service => "db",
            Of::Edge => "\"web -> db\"",
            Of::Pool => "\"shop/connections\"",
            Of::Tenant => "gold",
            Of::Run => "",
        };
        let op = match self.better() {
            Better::Higher => ">=",
            Better::Lower | Better::Neither => "<=",
        };
        let limit = match self.unit() {
            Unit::Seconds => "30s",
            Unit::Rate => "900/s",
            Unit::Ratio if self.better() == Better::Higher => "99.9%",
            Unit::Ratio => "1%",
            Unit::Count => "10",
        };
        let arguments = match (subject, self.asks().example()) {
            ("", _) => String::new(),
            (subject, "") => format!("({subject})"),
            (subject, argument) => format!("({subject}, {argument})"),
        };
        format!("{}{arguments} {op} {limit}", self.name())
    }
}

/// Which statistic of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The median.
    P50,
    /// What 90 % do not exceed.
    P90,
    /// What 95 % do not exceed.
    P95,
    /// What 99 % do not exceed.
    P99,
    /// What 99.9 % do not exceed.
    P999,
    /// The largest.
    Max,
}

impl Statistic {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("mean", Self::Mean),
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p95", Self::P95),
        ("p99", Self::P99),
        ("p999", Self::P999),
        ("max", Self::Max),
    ];

    /// Its name in expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, statistic)| *statistic == self)
            .map_or("", |(name, _)| name)
    }
}
