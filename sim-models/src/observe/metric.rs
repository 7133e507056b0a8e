//! Metrics: what can be measured of a run, one line each.
//!
//! Checks and measures name them; [`super::measure`] evaluates them.

/// What a metric is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A workload.
    Workload,
    /// A service.
    Service,
    /// An edge `"caller -> callee"`.
    Edge,
}

/// What stands after the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Latency,
    Level,
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

/// Generates [`Metric`] and its table. One line per metric.
macro_rules! metrics {
    ($($name:ident $text:literal $of:ident $asks:ident $unit:ident $better:ident $scope:ident $doc:literal),* $(,)?) => {
        /// What is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $doc] $name),*
        }

        /// Every metric with its name and what it means.
        pub const METRICS: &[(Metric, &str, &str)] = &[$((Metric::$name, $text, $doc)),*];

        impl Metric {
            /// Its name in expressions.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
            /// What it is about.
            #[must_use]
            pub fn of(self) -> Of {
                match self { $(Self::$name => Of::$of),* }
            }
            /// What it is measured in.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit),* }
            }
            /// Which values of it users want.
            #[must_use]
            pub fn better(self) -> Better {
                match self { $(Self::$name => Better::$better),* }
            }
            pub(super) fn asks(self) -> Asks {
                match self { $(Self::$name => Asks::$asks),* }
            }
            fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope),* }
            }
        }
    };
}

metrics! {
    SuccessRatio "success_ratio" Workload Nothing Ratio Higher Windows "Requests answered, degraded ones included, of those that ended.",
    Goodput "goodput" Workload Nothing Rate Higher Windows "Requests answered per second.",
    Offered "offered" Workload Nothing Rate Neither Windows "Requests begun per second.",
    Throughput "throughput" Workload Nothing Rate Neither Windows "Requests ended per second, well or not.",
    FailedRatio "failed_ratio" Workload Nothing Ratio Lower Windows "Requests failed of those that ended.",
    DegradedRatio "degraded_ratio" Workload Nothing Ratio Lower Windows "Requests answered in part of those that ended.",
    Latency "latency" Workload Latency Seconds Lower Windows "Latency of answered requests.",
    LatencyTrue "latency_true" Workload Latency Seconds Lower Windows "Latency of all requests, failed and unfinished ones included.",
    Unfinished "unfinished" Workload Nothing Count Lower Windows "Requests without an answer at the end.",
    Utilization "utilization" Service Nothing Ratio Neither Windows "Share of the threads that are taken.",
    CpuUtilization "cpu_utilization" Service Nothing Ratio Neither Windows "Share of the cores that are busy.",
    Queue "queue" Service Level Count Lower Windows "Requests that wait for a thread.",
    RejectedRatio "rejected_ratio" Service Nothing Ratio Lower Windows "Requests refused or rejected of those that arrived.",
    Sojourn "sojourn" Service Latency Seconds Lower Whole "Time from arrival to answer.",
    Waiting "waiting" Service Latency Seconds Lower Whole "Time from arrival to a thread.",
    DoomedShare "doomed_share" Service Nothing Ratio Lower Windows "Share of the work that is done for callers who have left.",
    Arrivals "arrivals" Service Nothing Rate Neither Windows "Requests that arrive per second.",
    Amplification "amplification" Edge Nothing Ratio Lower Windows "Attempts per call.",
    Retries "retries" Edge Nothing Rate Lower Windows "Retries per second.",
    Attempts "attempts" Edge Nothing Rate Neither Windows "Attempts per second.",
    RetryEfficiency "retry_efficiency" Edge Nothing Ratio Higher Whole "Retries that end well of all retries.",
}

impl Metric {
    /// Whether it is also measured over parts of a run.
    #[must_use]
    pub fn by_windows(self) -> bool {
        self.scope() == Scope::Windows
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
