//! Policies of a call: a registry, and one file per policy.
//!
//! A call goes through an ordered list of policies, outermost first, each wrapped round the next, as in tower or
//! Polly. What each is asked and may answer is in [`Policy`] and [`Do`].
//!
//! To add a policy: write one file beside its siblings, and one line in `policies!` below.

#[macro_use]
mod registry;
mod slices;
mod answers;
pub mod estimate;
mod backoff;
mod concurrency_limit;
mod adaptive_limit;
mod adaptive_rate;
mod admission_control;
mod back_pressure;
mod breaker;
mod bulkhead;
mod cancellation;
pub mod chances;
mod coalesce;
mod deadline;
mod fail_fast;
mod failure_accrual;
mod fallback;
mod gcra;
mod gradient_limit;
mod hedge;
mod nack_admission;
mod outlier_ejection;
pub mod pattern;
mod policy;
mod probing_limit;
mod rate_limit;
mod report_load;
mod request_budget;
mod reserved_bulkhead;
mod retry;
mod retry_budget;
mod retry_concurrency;
mod retry_goodput;
mod retry_rate;
mod retry_share;
mod retry_throttle;
pub mod script;
mod shed_by_deadline;
mod shed_by_priority;
mod shuffle_shard;
mod sliding_limit;
mod stale;
mod thread_pool;
mod throttle;
mod timeout;
pub mod trace;
pub mod timeline;
mod window_limit;
#[cfg(test)]
mod tests;

pub use adaptive_limit::AdaptiveLimit;
pub use adaptive_rate::AdaptiveRate;
pub use admission_control::AdmissionControl;
pub use answers::{Final, Load, PushBack};
pub use back_pressure::BackPressure;
pub use backoff::{
    Backoff, ConstantBackoff, ExponentialBackoff, FinagleJitter, FinagleJittered, Jitter,
    LinearBackoff,
};
pub use breaker::{
    Breaker, GivenUp, HalfOpen, IgnoredProbe, Initial, Judged, Late, Leaky, Moves, Probes,
    Rounding, Rules, TimeWindow, Window,
};
pub use bulkhead::Bulkhead;
pub use cancellation::Cancellation;
pub use coalesce::Coalesce;
pub use concurrency_limit::{ConcurrencyLimit, Next, Shares};
pub use deadline::Deadline;
pub use fail_fast::FailFast;
pub use failure_accrual::FailureAccrual;
pub use fallback::Fallback;
pub use gcra::{Gcra, Patience};
pub use gradient_limit::GradientLimit;
pub use hedge::{Average, Failure, Hedge, Learn, Percentile};
pub use nack_admission::NackAdmission;
pub use outlier_ejection::{FailureRate, InARow, OutlierEjection, OutlierRule, SuccessRate, What};
pub use policy::{Again, By, Context, Do, Ended, Policy, Reading, Scope, Shut, Tells};
pub use probing_limit::ProbingLimit;
pub use rate_limit::RateLimit;
pub use report_load::ReportLoad;
pub use request_budget::RequestBudget;
pub use reserved_bulkhead::{Reserve, ReservedBulkhead};
pub use retry::{OtherBackoff, PushedBack, Retry};
pub use retry_budget::{OtherCost, Price, RetryBudget};
pub use retry_concurrency::RetryConcurrency;
pub use retry_goodput::RetryGoodput;
pub use retry_rate::RetryRate;
pub use retry_share::{Deposit, RetryShare, ShareWindow};
pub use retry_throttle::RetryThrottle;
pub use shed_by_deadline::ShedByDeadline;
pub use shed_by_priority::ShedByPriority;
pub use shuffle_shard::{ShuffleShard, Whose};
pub use sliding_limit::{Count, SlidingLimit};
pub use stale::Stale;
pub use thread_pool::ThreadPool;
pub use throttle::Throttle;
pub use timeout::Timeout;
pub use window_limit::{Starts, WindowLimit};

use crate::outcome::Outcome;
use chances::{Ends, Inside, NOTHING, Stay, tries};
use serde::de::{Error, VariantAccess};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

policies! {
    Deadline "deadline",
    Retry "retry",
    RetryBudget "retry_budget",
    Breaker "breaker",
    Timeout "timeout",
    Cancellation "cancellation",
    Hedge "hedge",
    Bulkhead "bulkhead",
    RateLimit "rate_limit",
    Fallback "fallback",
    OutlierEjection "outlier_ejection",
    AdaptiveLimit "adaptive_limit",
    Coalesce "coalesce",
    ShedByPriority "shed_by_priority",
    Throttle "throttle",
    GradientLimit "gradient_limit",
    Stale "stale",
    RetryThrottle "retry_throttle",
    RetryShare "retry_share",
    RetryConcurrency "retry_concurrency",
    RetryGoodput "retry_goodput",
    RetryRate "retry_rate",
    RequestBudget "request_budget",
    FailFast "fail_fast",
    ReportLoad "report_load",
    BackPressure "back_pressure",
    WindowLimit "window_limit",
    SlidingLimit "sliding_limit",
    Gcra "gcra",
    ThreadPool "thread_pool",
    ReservedBulkhead "reserved_bulkhead",
    ShuffleShard "shuffle_shard",
    FailureAccrual "failure_accrual",
    ConcurrencyLimit "concurrency_limit",
    ProbingLimit "probing_limit",
    AdmissionControl "admission_control",
    NackAdmission "nack_admission",
    ShedByDeadline "shed_by_deadline",
    AdaptiveRate "adaptive_rate",
}
