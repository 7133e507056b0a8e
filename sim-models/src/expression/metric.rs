//! Metrics: what can be measured of a run, one line each.
//!
//! Checks and measures name them; [`crate::observe::measure`] evaluates them.

/// What a metric is about.
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

/// What stands after the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Latency,
    Level,
    Outcome,
    Counter,
    StepCounter,
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

/// Generates [`Metric`] and its table. One line per metric.
macro_rules! metrics {
    ($($name:ident $text:literal $of:ident $asks:ident $unit:ident $better:ident $scope:ident $doc:literal),* $(,)?) => {
        /// What is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $doc] $name,)*
            /// One measure divided by another; see [`super::naming::Measure::quotient`]. It has no name of
            /// its own: it is written with a `/`.
            Quotient,
        }

        /// Every metric with its name and what it means.
        pub const METRICS: &[(Metric, &str, &str)] = &[$((Metric::$name, $text, $doc)),*];

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
                match self { $(Self::$name => Scope::$scope,)* Self::Quotient => Scope::Whole }
            }
        }
    };
}

metrics! {
    // Workloads.
    SuccessRatio "success_ratio" Workload Nothing Ratio Higher Windows "Requests answered, degraded ones included, of those that ended.",
    Goodput "goodput" Workload Nothing Rate Higher Windows "Requests answered per second, whenever they began.",
    Offered "offered" Workload Nothing Rate Neither Windows "Requests begun per second.",
    Throughput "throughput" Workload Nothing Rate Neither Windows "Requests ended per second, well or not, whenever they began.",
    Failed "failed" Workload Nothing Count Lower Windows "Requests that failed.",
    FailedRatio "failed_ratio" Workload Nothing Ratio Lower Windows "Requests failed of those that ended.",
    DegradedRatio "degraded_ratio" Workload Nothing Ratio Lower Windows "Requests answered in part of those that ended.",
    OutcomeRatio "outcome_ratio" Workload Outcome Ratio Neither Windows "Requests that ended in one way of those that ended.",
    Latency "latency" Workload Latency Seconds Lower Windows "Latency of answered requests.",
    LatencyTrue "latency_true" Workload Latency Seconds Lower Windows "Latency of all requests, failed and unfinished ones included.",
    Unfinished "unfinished" Workload Nothing Count Lower Windows "Requests without an answer at the end.",
    Availability "availability" Workload Nothing Ratio Higher Whole "Requests answered of those that ended after the warm-up, whenever they began; those that hang when the run ends count as failed.",
    AvailabilityWindows "availability_windows" Workload Nothing Ratio Higher Whole "Share of the time windows, from the first with traffic to the last, that lie in no incident.",
    AvailabilityPredicted "availability_predicted" Workload Nothing Ratio Higher Whole "Share of the requests that would be answered if error rates and outages alone decided; unknown where slowness meets a limit.",
    BudgetUsed "budget_used" Workload Nothing Ratio Lower Whole "Errors of those that the objective allows; above 1 the error budget is overspent.",
    BurnRate "burn_rate" Workload Nothing Ratio Lower Whole "Largest rate over any minute of an incident at which the error budget was used, or that of the run; 1 uses it up exactly.",
    Mttr "mttr" Workload Nothing Seconds Lower Whole "Mean length of the incidents, in which the objective was missed; infinite if one was not over.",
    Mtbf "mtbf" Workload Nothing Seconds Higher Whole "Mean time between the starts of incidents, if there were two.",
    // Services.
    Utilization "utilization" Service Nothing Ratio Neither Windows "Share of the threads that are taken.",
    CpuUtilization "cpu_utilization" Service Nothing Ratio Neither Windows "Share of the cores that are busy.",
    Busy "busy" Service Level Count Neither Windows "Threads that are taken: the mean of all instances together, or the most at one.",
    Queue "queue" Service Level Count Lower Windows "Requests that wait for a thread: the mean of all instances together, or the most at one.",
    InSystem "in_system" Service Level Count Lower Windows "Requests that wait or run: the mean of all instances together, or the most at one.",
    Arrivals "arrivals" Service Nothing Rate Neither Windows "Requests that arrive per second.",
    Rejected "rejected" Service Nothing Count Lower Windows "Requests refused or rejected.",
    RejectedRatio "rejected_ratio" Service Nothing Ratio Lower Windows "Requests refused or rejected of those that arrived.",
    Sojourn "sojourn" Service Latency Seconds Lower Whole "Time from arrival to answer.",
    Waiting "waiting" Service Latency Seconds Lower Whole "Time from arrival to a thread.",
    ServiceTime "service_time" Service Latency Seconds Lower Whole "Time from a thread to the answer.",
    DoomedShare "doomed_share" Service Nothing Ratio Lower Windows "Share of the time spent on requests that was spent for callers who have left.",
    StepCount "step_count" Service StepCounter Count Neither Whole "How often a step that keeps something (a cache) did something after the warm-up.",
    // Edges.
    Calls "calls" Edge Nothing Rate Neither Windows "Calls begun per second.",
    Attempts "attempts" Edge Nothing Rate Neither Windows "Attempts per second.",
    Retries "retries" Edge Nothing Rate Lower Windows "Retries per second.",
    RetryShare "retry_share" Edge Nothing Ratio Lower Windows "Retries of all attempts.",
    RetryEfficiency "retry_efficiency" Edge Nothing Ratio Higher Whole "Retries that end well of all retries.",
    Amplification "amplification" Edge Nothing Ratio Lower Windows "Attempts per call that sent one.",
    AmplificationWorst "amplification_worst" Edge Nothing Ratio Lower Whole "The most attempts per call that the policies allow.",
    CallLatency "call_latency" Edge Latency Seconds Lower Whole "Duration of calls, retries and backoff included.",
    CallSuccessRatio "call_success_ratio" Edge Nothing Ratio Higher Whole "Calls that ended well of those that ended.",
    CallOutcomeRatio "call_outcome_ratio" Edge Outcome Ratio Neither Whole "Calls that ended in one way of those that ended.",
    AttemptOutcomeRatio "attempt_outcome_ratio" Edge Outcome Ratio Neither Whole "Attempts that ended in one way of those that ended.",
    PolicyCount "policy_count" Edge Counter Count Neither Whole "How often a policy did something after the warm-up.",
    // Pools.
    PoolUtilization "pool_utilization" Pool Nothing Ratio Neither Whole "Share of a pool that is taken.",
    PoolWaiting "pool_waiting" Pool Level Count Lower Whole "Requests that wait for something out of a pool.",
    PoolWait "pool_wait" Pool Latency Seconds Lower Whole "Time that those who took something out of a pool had waited.",
    PoolRefused "pool_refused" Pool Nothing Count Lower Whole "Requests that got nothing out of a pool: too late, or no place to wait.",
    // Tenants.
    TenantGoodput "tenant_goodput" Tenant Nothing Rate Higher Whole "Requests of a tenant answered per second, whenever they began.",
    TenantSuccessRatio "tenant_success_ratio" Tenant Nothing Ratio Higher Whole "Requests of a tenant answered of those that ended.",
    TenantBudgetUsed "tenant_budget_used" Tenant Nothing Ratio Lower Whole "Errors of a tenant of those that the objective allows.",
    TenantRetryShare "tenant_retry_share" Tenant Nothing Ratio Lower Whole "Retries of all attempts that the requests of a tenant led to.",
    // The run.
    RecoveryTime "recovery_time" Run Nothing Seconds Lower Whole "Time from the end of a fault until the steady state held again, the longest of all faults; infinite if it never did.",
    Held "held" Run Nothing Ratio Higher Whole "1 if the hypothesis held, or the system recovered in time, 0 if not; the mean of several runs is the share in which it held.",
    Metastable "metastable" Run Nothing Ratio Lower Whole "1 if the trigger was gone and the damage stayed, 0 if not; the mean of several runs is a share.",
    Incidents "incidents" Run Nothing Count Lower Whole "Stretches of time in which a workload missed its objective, beyond what luck explains.",
    BlastRadius "blast_radius" Run Nothing Count Lower Whole "Workloads that the faults touched.",
    FairnessGap "fairness_gap" Run Nothing Ratio Lower Whole "Half the sum over tenants of the difference between their shares of retries and of first attempts.",
    Events "events" Run Nothing Count Neither Whole "Events that the simulator handled.",
}

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
