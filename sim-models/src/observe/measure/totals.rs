//! Measures over all that counts in totals: what began after the warm-up.

use super::measurer::Measurer;
use crate::expression::metric::{Metric, Statistic};
use crate::expression::naming::{Argument, Measure};
use crate::observe::conclusion::Conclusion;
use crate::observe::summary::{
    AvailabilitySummary, Incident, LatencySummary, LevelSummary, OutcomeCounts, PolicyCounts,
};

pub(super) fn workload(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let workload = measurer.summary.workloads.get(&measure.subject)?;
    let finished = workload.ok + workload.degraded + workload.failed;
    let share = |part: u64| (finished > 0).then(|| part as f64 / finished as f64);
    match measure.metric {
        Metric::SuccessRatio => share(workload.ok + workload.degraded),
        Metric::Failed => Some(workload.failed as f64),
        Metric::FailedRatio => share(workload.failed),
        Metric::DegradedRatio => share(workload.degraded),
        Metric::OutcomeRatio => outcome_share(&workload.outcomes, measure),
        Metric::Goodput => workload.goodput,
        Metric::Offered => workload.offered_rate,
        Metric::Throughput => workload.throughput,
        Metric::Unfinished => Some(workload.unfinished as f64),
        Metric::Latency => pick(&workload.latency, measure),
        Metric::LatencyTrue => pick(&workload.latency_true, measure),
        _ => availability(measurer, measure, &workload.availability),
    }
}

fn availability(
    measurer: &Measurer<'_>,
    measure: &Measure,
    availability: &AvailabilitySummary,
) -> Option<f64> {
    match measure.metric {
        Metric::Availability => availability.by_requests,
        Metric::AvailabilityWindows => availability.by_windows,
        Metric::AvailabilityPredicted => availability.predicted,
        Metric::BudgetUsed => availability.budget_used,
        Metric::BurnRate => availability.burn_rate_max,
        Metric::Mttr => {
            let open = |incident: &Incident| incident.workload == measure.subject && !incident.over;
            let never = measurer.summary.incidents.iter().any(open);
            availability.mttr.or(never.then_some(f64::INFINITY))
        }
        Metric::Mtbf => availability.mtbf,
        _ => None,
    }
}

fn level(level: LevelSummary, measure: &Measure) -> Option<f64> {
    Some(if measure.statistic() == Some(Statistic::Max) {
        level.max
    } else {
        level.mean
    })
}

pub(super) fn pool(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let (service, pool) = measure.subject.split_once('/')?;
    let pool = measurer.summary.services.get(service)?.pools.get(pool)?;
    match measure.metric {
        Metric::PoolUtilization => Some(pool.utilization),
        Metric::PoolWaiting => level(pool.waiting, measure),
        Metric::PoolWait => pick(&pool.wait, measure),
        Metric::PoolRefused => Some((pool.full + pool.timeouts) as f64),
        _ => None,
    }
}

pub(super) fn service(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let service = measurer.summary.services.get(&measure.subject)?;
    let arrivals = service.arrivals as f64;
    let level = |found| level(found, measure);
    match measure.metric {
        Metric::Utilization => Some(service.utilization),
        Metric::CpuUtilization => service.cpu_utilization,
        Metric::Busy => level(service.busy),
        Metric::Queue => level(service.queue),
        Metric::InSystem => level(service.in_system),
        Metric::Rejected => Some(service.rejected as f64),
        Metric::RejectedRatio => (arrivals > 0.0).then(|| service.rejected as f64 / arrivals),
        Metric::Arrivals => service.arrival_rate,
        Metric::DoomedShare => service.doomed_share,
        Metric::StepCount => step_count(&service.steps, measure),
        Metric::Sojourn => pick(&service.sojourn, measure),
        Metric::Waiting => pick(&service.waiting, measure),
        Metric::ServiceTime => pick(&service.service_time, measure),
        _ => None,
    }
}

pub(super) fn edge(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let (edges, services) = (&measurer.summary.edges, &measurer.summary.services);
    let Some(edge) = edges.get(&measure.subject) else {
        // The door of a service goes by the name of the service.
        return policy_count(&services.get(&measure.subject)?.admission, measure);
    };
    match measure.metric {
        Metric::Calls => edge.call_rate,
        Metric::Attempts => edge.attempt_rate,
        Metric::Retries => edge.retry_rate,
        Metric::RetryShare => {
            (edge.attempts > 0).then(|| edge.retries as f64 / edge.attempts as f64)
        }
        Metric::RetryEfficiency => edge.retry_efficiency,
        Metric::Amplification => edge.amplification,
        Metric::AmplificationWorst => Some(edge.amplification_worst),
        Metric::CallLatency => pick(&edge.latency, measure),
        Metric::CallSuccessRatio => {
            let good = ["ok", "degraded"].map(|name| edge.outcomes.get(name).unwrap_or(&0));
            share(good.into_iter().sum(), &edge.outcomes)
        }
        Metric::CallOutcomeRatio => outcome_share(&edge.outcomes, measure),
        Metric::AttemptOutcomeRatio => outcome_share(&edge.attempt_outcomes, measure),
        Metric::PolicyCount => policy_count(&edge.policies, measure),
        _ => None,
    }
}

/// What all policies of one kind in a list counted; none without one.
fn policy_count(policies: &PolicyCounts, measure: &Measure) -> Option<f64> {
    let Some(Argument::Counter(counter)) = measure.argument else {
        return None;
    };
    policies
        .iter()
        .filter(|(name, _)| {
            name.split_once(' ')
                .is_some_and(|(_, name)| name == counter.policy)
        })
        .filter_map(|(_, counts)| counts.get(counter.name))
        .map(|count| *count as f64)
        .reduce(|a, b| a + b)
}

/// What all steps of one kind in a service counted; none without one.
fn step_count(steps: &PolicyCounts, measure: &Measure) -> Option<f64> {
    let Some(Argument::Counter(counter)) = measure.argument else {
        return None;
    };
    let of_kind = steps.iter().filter(|(name, _)| {
        // `"get/cache"`, and `"get/cache 2"` of the second one there.
        let kind = name.rsplit('/').next().unwrap_or(name);
        kind.split(' ').next() == Some(counter.policy)
    });
    of_kind
        .filter_map(|(_, counts)| counts.get(counter.name))
        .map(|count| *count as f64)
        .reduce(|a, b| a + b)
}

pub(super) fn tenant(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let tenant = measurer.summary.tenants.get(&measure.subject)?;
    let attempts = tenant.first_attempts + tenant.retries;
    match measure.metric {
        Metric::TenantGoodput => tenant.goodput,
        Metric::TenantSuccessRatio => tenant.success_ratio,
        Metric::TenantBudgetUsed => tenant.budget_used,
        Metric::TenantRetryShare => (attempts > 0).then(|| tenant.retries as f64 / attempts as f64),
        _ => None,
    }
}

pub(super) fn run(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let summary = measurer.summary;
    let flag = |yes: bool| Some(f64::from(u8::from(yes)));
    match measure.metric {
        Metric::RecoveryTime => summary
            .faults
            .iter()
            .filter_map(|fault| fault.recovery_time())
            .reduce(f64::max),
        Metric::Held => {
            let verdict = summary.hypothesis.verdict;
            verdict
                .is_known()
                .then_some(f64::from(u8::from(verdict.passes())))
        }
        Metric::Metastable => flag(summary.hypothesis.verdict == Conclusion::Metastable),
        Metric::Incidents => Some(summary.incidents.len() as f64),
        Metric::BlastRadius => {
            let hit = |name: &&String| {
                let mut faults = summary.faults.iter();
                faults.any(|fault| fault.blast_radius.contains(name))
            };
            // Where nothing was steady to begin with, nobody can say what a fault did.
            let sound = summary.hypothesis.verdict != Conclusion::NeverSteady;
            sound.then(|| summary.workloads.keys().filter(hit).count() as f64)
        }
        Metric::FairnessGap => summary.fairness_gap,
        Metric::Events => Some(summary.events as f64),
        _ => None,
    }
}

fn share(part: u64, counts: &OutcomeCounts) -> Option<f64> {
    let all: u64 = counts.values().sum();
    (all > 0).then(|| part as f64 / all as f64)
}

/// The share of the outcome that a measure asks for.
fn outcome_share(counts: &OutcomeCounts, measure: &Measure) -> Option<f64> {
    let Some(Argument::Outcome(outcome)) = measure.argument else {
        return None;
    };
    share(counts.get(outcome.name()).copied().unwrap_or(0), counts)
}

fn pick(latency: &LatencySummary, measure: &Measure) -> Option<f64> {
    match measure.statistic().unwrap_or(Statistic::Mean) {
        Statistic::Mean => latency.mean,
        Statistic::P50 => latency.p50,
        Statistic::P90 => latency.p90,
        Statistic::P95 => latency.p95,
        Statistic::P99 => latency.p99,
        Statistic::P999 => latency.p999,
        Statistic::Max => latency.max,
    }
}
