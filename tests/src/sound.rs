//! What holds of the numbers of every result, whatever was run: shares lie within 0 and 1, quantiles grow, nothing
//! is negative or no number, and what is unknown is null where it must be.
//!
//! Every bound is written so that a number that is none fails it.

use sim_models::observe::summary::{
    AvailabilitySummary, EdgeSummary, LatencySummary, LevelSummary, RunResult, Series,
    ServiceSummary, Summary, WorkloadSummary,
};

/// How far sums of floating point numbers may lie beside each other, of their size.
const ROUNDING: f64 = 1e-9;

/// Panics with what is wrong, if there is anything.
///
/// # Panics
/// If a number lies outside of what it can be.
pub fn sound(result: &RunResult) {
    let summary = &result.summary;
    for (name, load) in &summary.workloads {
        workload(name, load, summary);
    }
    for (name, tenant) in &summary.tenants {
        share(name, "success_ratio", tenant.success_ratio);
        at_least(name, "goodput", tenant.goodput, 0.0);
        at_least(name, "budget_used", tenant.budget_used, 0.0);
        assert!(tenant.good + tenant.failed <= tenant.offered, "{name}");
    }
    share("tenants", "fairness_gap", summary.fairness_gap);
    for (name, one) in &summary.services {
        service(name, one);
    }
    for (name, one) in &summary.edges {
        edge(name, one);
    }
    told(summary);
    series(&result.series, summary);
}

fn at_least(name: &str, what: &str, value: Option<f64>, least: f64) {
    assert!(
        value.is_none_or(|value| value >= least && value.is_finite()),
        "{what} of {name} is {value:?}"
    );
}

/// A share of something, as far as sums are exact.
fn share(name: &str, what: &str, value: Option<f64>) {
    assert!(
        value.is_none_or(|value| (0.0..=1.0 + ROUNDING).contains(&value)),
        "{what} of {name} is {value:?}"
    );
}

/// One is not above the other, both known.
fn ordered(name: &str, (low, high): (&str, &str), values: (Option<f64>, Option<f64>)) {
    if let (Some(a), Some(b)) = values {
        assert!(
            a <= b * (1.0 + ROUNDING),
            "{low} of {name} is {a}, {high} is {b}"
        );
    }
}

fn latency(name: &str, of: &LatencySummary) {
    let known = [
        ("mean", of.mean),
        ("sd", of.sd),
        ("p50", of.p50),
        ("p90", of.p90),
        ("p95", of.p95),
        ("p99", of.p99),
        ("p999", of.p999),
        ("max", of.max),
    ];
    for (what, value) in known {
        at_least(name, what, value, 0.0);
        assert!(
            of.count > 0 || value.is_none(),
            "{what} of nothing is {value:?}: {name}"
        );
    }
    for pair in known[2..].windows(2) {
        ordered(name, (pair[0].0, pair[1].0), (pair[0].1, pair[1].1));
    }
    ordered(name, ("mean", "max"), (of.mean, of.max));
    ordered(name, ("sd", "max"), (of.sd, of.max));
    assert!(of.count >= 2 || of.sd.is_none(), "{name}: {of:?}");
}

fn level(name: &str, of: &LevelSummary) {
    at_least(name, "mean", Some(of.mean), 0.0);
    at_least(name, "max", Some(of.max), 0.0);
}

fn workload(name: &str, load: &WorkloadSummary, summary: &Summary) {
    latency(&format!("latency of {name}"), &load.latency);
    latency(&format!("true latency of {name}"), &load.latency_true);
    at_least(name, "offered_rate", load.offered_rate, 0.0);
    at_least(name, "goodput", load.goodput, 0.0);
    ordered(
        name,
        ("goodput", "throughput"),
        (load.goodput, load.throughput),
    );
    share(name, "success_ratio", load.success_ratio);
    let ended = load.ok + load.degraded + load.failed;
    assert_eq!(load.success_ratio.is_some(), ended > 0, "{name}: {load:?}");
    let here = summary
        .incidents
        .iter()
        .filter(|one| one.workload == *name)
        .count();
    availability(name, &load.availability, here);
}

fn availability(name: &str, of: &AvailabilitySummary, incidents: usize) {
    share(name, "objective", Some(of.objective));
    share(name, "by_requests", of.by_requests);
    share(name, "by_windows", of.by_windows);
    share(name, "predicted", of.predicted);
    at_least(name, "budget_used", of.budget_used, 0.0);
    at_least(name, "burn_rate_max", of.burn_rate_max, 0.0);
    at_least(name, "mttr", of.mttr, 0.0);
    at_least(name, "mtbf", of.mtbf, 0.0);
    assert!(
        of.mtbf.is_none_or(|mtbf| mtbf > 0.0),
        "incidents of {name} follow each other at once"
    );
    assert!(incidents > 0 || of.mttr.is_none(), "{name}: {of:?}");
    assert_eq!(
        of.mtbf.is_some(),
        incidents > 1,
        "{name}: {incidents}, {of:?}"
    );
}

fn service(name: &str, one: &ServiceSummary) {
    at_least(name, "arrival_rate", one.arrival_rate, 0.0);
    share(name, "utilization", Some(one.utilization));
    share(name, "cpu_utilization", one.cpu_utilization);
    share(name, "doomed_share", one.doomed_share);
    for (what, of) in [
        ("busy", &one.busy),
        ("queue", &one.queue),
        ("in_system", &one.in_system),
    ] {
        level(&format!("{what} of {name}"), of);
    }
    latency(&format!("waiting of {name}"), &one.waiting);
    latency(&format!("service_time of {name}"), &one.service_time);
    latency(&format!("sojourn of {name}"), &one.sojourn);
    for (endpoint, of) in &one.endpoints {
        latency(&format!("sojourn of {name}/{endpoint}"), &of.sojourn);
        assert!(
            of.ok + of.failed + of.rejected <= of.arrivals,
            "{name}/{endpoint}: {of:?}"
        );
    }
    for (step, counts) in &one.steps {
        // Whatever is remembered, and whatever is too old, was missed; what was there after the warm-up may be put out.
        let of = |what: &str| counts.get(what).copied().unwrap_or_default();
        assert!(of("expired") <= of("misses"), "{name}/{step}: {counts:?}");
    }
    for (number, of) in one.instances.iter().enumerate() {
        let name = format!("{name}#{number}");
        share(&name, "utilization", Some(of.utilization));
        level(&name, &of.queue);
        // Of one instance it is what it says; of several the largest is that of any one.
        ordered(
            &name,
            ("mean queue", "longest"),
            (Some(of.queue.mean), Some(of.queue.max)),
        );
        assert!(of.started <= of.arrivals, "{name}: {of:?}");
    }
}

fn edge(name: &str, one: &EdgeSummary) {
    for (what, rate) in [
        ("call_rate", one.call_rate),
        ("attempt_rate", one.attempt_rate),
        ("retry_rate", one.retry_rate),
    ] {
        at_least(name, what, rate, 0.0);
    }
    ordered(
        name,
        ("retry_rate", "attempt_rate"),
        (one.retry_rate, one.attempt_rate),
    );
    at_least(name, "amplification", one.amplification, 1.0);
    at_least(
        name,
        "amplification_worst",
        Some(one.amplification_worst),
        1.0,
    );
    ordered(
        name,
        ("amplification", "at worst"),
        (one.amplification, Some(one.amplification_worst)),
    );
    share(name, "retry_efficiency", one.retry_efficiency);
    assert!(one.retries <= one.attempts, "{name}: {one:?}");
    latency(name, &one.latency);
}

/// What is told of checks, faults, incidents, moments and requests lies within the run.
fn told(summary: &Summary) {
    let end = summary.simulated_seconds;
    assert!(end >= 0.0 && end.is_finite(), "{end} s");
    let within = |what: &str, from: f64, to: f64| {
        let fits = 0.0 <= from && from <= to && to <= end * (1.0 + ROUNDING);
        assert!(fits, "{what} is from {from} to {to} of {end}");
    };
    let hypothesis = &summary.hypothesis;
    at_least(
        "the run",
        "recovery_seconds",
        hypothesis.recovery_seconds,
        0.0,
    );
    at_least(
        "the run",
        "recovery_expected_seconds",
        hypothesis.recovery_expected_seconds,
        0.0,
    );
    for damage in &hypothesis.damage {
        let name = &damage.workload;
        within(&format!("damage of {name}"), damage.start, damage.end);
        let whole = Some(damage.end - damage.start);
        for (what, seconds) in [
            ("seconds", damage.seconds),
            ("lost_seconds", damage.lost_seconds),
            ("slow_seconds", damage.slow_seconds),
        ] {
            at_least(name, what, Some(seconds), 0.0);
            ordered(name, (what, "whole"), (Some(seconds), whole));
        }
        share(name, "lost_share", damage.lost_share);
        share(name, "waiting_share", damage.waiting_share);
        for latency in [
            damage.slow_latency,
            damage.slow_latency_before,
            damage.latency_p99,
            damage.latency_p99_before,
        ] {
            at_least(name, "latency", latency, 0.0);
        }
    }
    for check in &hypothesis.checks {
        assert!(
            check.value.is_none_or(|value| value >= 0.0),
            "{check:?} measures less than nothing"
        );
    }
    for fault in &summary.faults {
        let mut last = 0.0;
        for (from, to) in &fault.periods {
            within(&fault.name, *from, *to);
            assert!(*from >= last, "{} overlaps itself: {fault:?}", fault.name);
            last = *to;
        }
        at_least(&fault.name, "recovery_seconds", fault.recovery_seconds, 0.0);
    }
    for incident in &summary.incidents {
        within("an incident", incident.start, incident.end);
        share(&incident.workload, "success_ratio", incident.success_ratio);
        assert!(incident.failed <= incident.ended, "{incident:?}");
    }
    for moment in &summary.moments {
        within(&moment.what, moment.time, moment.time);
    }
    for example in &summary.examples {
        within(&example.why, example.time, example.time + example.latency);
    }
    for (measure, value) in &summary.measures {
        assert!(
            value.0.is_none_or(|value| value >= 0.0),
            "{measure} is {value:?}"
        );
    }
}

/// A value of each window, or of none.
fn per_window<T: Copy>(name: &str, of: &[T], windows: usize, fits: impl Fn(T) -> bool) {
    assert!(of.is_empty() || of.len() == windows, "windows of {name}");
    for (window, value) in of.iter().enumerate() {
        assert!(fits(*value), "{name} in window {window}");
    }
}

fn series(series: &Series, summary: &Summary) {
    let windows = series.time.len();
    assert!(series.window_seconds > 0.0);
    // What is unknown in a window is no number.
    let share = |value: f64| value.is_nan() || (0.0..=1.0 + ROUNDING).contains(&value);
    let time = |value: f64| value.is_nan() || value >= 0.0 && value.is_finite();
    for (name, of) in &series.workloads {
        for latencies in [
            &of.latency_p50,
            &of.latency_p99,
            &of.latency_true_p50,
            &of.latency_true_p99,
        ] {
            per_window(&format!("latency of {name}"), latencies, windows, time);
        }
        for (low, high) in [
            (&of.latency_p50, &of.latency_p99),
            (&of.latency_true_p50, &of.latency_true_p99),
        ] {
            for (low, high) in low.iter().zip(high) {
                assert!(
                    low.is_nan() && high.is_nan() || low <= high,
                    "quantiles of {name}: {low}, {high}"
                );
            }
        }
        assert_eq!(of.offered.len(), windows, "{name}");
    }
    for (name, of) in &series.services {
        per_window(
            &format!("utilization of {name}"),
            &of.utilization,
            windows,
            share,
        );
        per_window(
            &format!("cores of {name}"),
            &of.cpu_utilization,
            windows,
            share,
        );
        per_window(&format!("queue of {name}"), &of.queue, windows, time);
        let replicas = summary
            .services
            .get(name)
            .map_or(0, |one| one.instances.len());
        per_window(&format!("up of {name}"), &of.up, windows, |up: u64| {
            up <= replicas as u64
        });
    }
    for (name, of) in &series.pools {
        let what = |what: &str| format!("{what} of {name}");
        per_window(&what("utilization"), &of.utilization, windows, share);
        per_window(&what("waiting"), &of.waiting, windows, time);
        per_window(&what("wait"), &of.wait_p99, windows, time);
        let size = name.split_once('/').and_then(|(service, pool)| {
            let service = summary.services.get(service)?;
            Some(service.pools.get(pool)?.size)
        });
        let size = size.unwrap_or_default();
        per_window(&what("out"), &of.out_max, windows, |out| out <= size);
        for (window, taken) in of.taken.iter().enumerate() {
            // Who takes one at once has waited for no time.
            assert_eq!(
                *taken == 0,
                of.wait_p50[window].is_nan(),
                "{name} in window {window}"
            );
        }
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        assert!(
            sum(&of.left) <= sum(&of.waited),
            "{name}: only who waits can leave"
        );
    }
    for (name, of) in &series.edges {
        for (window, retries) in of.retries.iter().enumerate() {
            assert!(*retries <= of.attempts[window], "{name} in window {window}");
        }
    }
}
