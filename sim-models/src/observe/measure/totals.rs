//! Measures over all that counts in totals: what began after the warm-up.

use super::measurer::{Measurer, mean};
use crate::expression::metric::{Metric, Statistic};
use crate::expression::naming::{Argument, Measure};
use crate::observe::conclusion::Conclusion;
use crate::observe::summary::{
    AvailabilitySummary, Incident, LatencySummary, LevelSummary, OutcomeCounts, Policies,
    PoolSummary,
};
use crate::signals::signals;
use std::collections::BTreeMap;

fn workload(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
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

/// A count of the time since totals began.
macro_rules! since {
    (Service $measurer:ident $measure:ident $field:ident) => {
        $measurer
            .recorder
            .service_since($measurer.service(&$measure.subject)?.into(), |window| {
                window.$field
            })
    };
    (Edge $measurer:ident $measure:ident $field:ident) => {
        $measurer
            .recorder
            .edge_since($measurer.edge(&$measure.subject)?.into(), |window| {
                window.$field
            })
    };
    (Pool $measurer:ident $measure:ident $field:ident) => {
        $measurer
            .recorder
            .pool_since($measurer.pool(&$measure.subject)?.into(), |window| {
                window.$field
            })
    };
}

/// What a form of the table comes to over a whole run.
macro_rules! form {
    ($of:ident by $measurer:ident $measure:ident $function:ident) => {
        $function($measurer, $measure)
    };
    ($of:ident since $measurer:ident $measure:ident $field:ident) => {
        Some(since!($of $measurer $measure $field) as f64)
    };
    ($of:ident $form:ident $measurer:ident $measure:ident $($field:ident)*) => {{
        let summary = summary!($of $measurer $measure);
        told!($form summary $measure $($field)*)
    }};
}

/// What a summary tells.
macro_rules! told {
    (total $summary:ident $measure:ident $field:ident) => {
        Some($summary.$field as f64)
    };
    (value $summary:ident $measure:ident $field:ident) => {
        $summary.$field.into()
    };
    (ratio $summary:ident $measure:ident $part:ident $whole:ident) => {
        ($summary.$whole > 0).then(|| $summary.$part as f64 / $summary.$whole as f64)
    };
    (level $summary:ident $measure:ident $field:ident) => {
        level($summary.$field, $measure)
    };
    (durations $summary:ident $measure:ident $field:ident) => {
        pick(&$summary.$field, $measure)
    };
}

/// The summary of what a measure is about.
macro_rules! summary {
    (Service $measurer:ident $measure:ident) => {
        $measurer.summary.services.get(&$measure.subject)?
    };
    (Edge $measurer:ident $measure:ident) => {
        $measurer.summary.edges.get(&$measure.subject)?
    };
    (Pool $measurer:ident $measure:ident) => {
        pool($measurer, $measure)?
    };
}

/// Generates the measures of whole runs that the table names.
macro_rules! totals {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:tt)*] {
            $( $group:ident $($levels:ident)? { $( (
                $name:ident $kind:ident $doc:literal [$($columns:tt)*]
                $( => $metric:ident $text:literal $asks:ident $unit:ident $better:ident
                    $form:ident($($field:ident)*) $windows:ident($($kept:tt)*) $($about:literal)? )?
            ) )* } )*
        } )* }
        others { $( $other:ident { $( (
            $oname:ident $okind:ident $odoc:literal []
            => $ometric:ident $otext:literal $oasks:ident $ounit:ident $obetter:ident
                $oform:ident($($ofield:ident)*) $owindows:ident($($okept:tt)*)
        ) )* } )* }
    ) => {
        /// A measure of all that counts in totals.
        pub(super) fn total(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
            match measure.metric {
                $($($( $( Metric::$metric => form!($of $form measurer measure $($field)*), )? )*)*)*
                $($( Metric::$ometric => form!($other $oform measurer measure $($ofield)*), )*)*
                Metric::Quotient => None,
            }
        }
    };
}

signals!(totals);

fn pool<'a>(measurer: &Measurer<'a>, measure: &Measure) -> Option<&'a PoolSummary> {
    let (service, pool) = measure.subject.split_once('/')?;
    measurer.summary.services.get(service)?.pools.get(pool)
}

fn refused(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let pool = pool(measurer, measure)?;
    Some((pool.full + pool.timeouts) as f64)
}

fn call_success(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let outcomes = &measurer.summary.edges.get(&measure.subject)?.outcomes;
    let good = ["ok", "degraded"].map(|name| outcomes.get(name).unwrap_or(&0));
    share(good.into_iter().sum(), outcomes)
}

fn call_outcome(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let edge = measurer.summary.edges.get(&measure.subject)?;
    outcome_share(&edge.outcomes, measure)
}

fn attempt_outcome(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let edge = measurer.summary.edges.get(&measure.subject)?;
    outcome_share(&edge.attempt_outcomes, measure)
}

/// The policies of the edge or at the door that a measure is about.
fn policies<'a>(measurer: &'a Measurer<'_>, measure: &Measure) -> Option<&'a Policies> {
    let (edges, services) = (&measurer.summary.edges, &measurer.summary.services);
    match edges.get(&measure.subject) {
        Some(edge) => Some(&edge.policies),
        // The door of a service goes by the name of the service.
        None => Some(&services.get(&measure.subject)?.admission),
    }
}

/// The kind of a policy by what results call it: `"0 retry"`.
fn kind(name: &str) -> Option<&str> {
    Some(name.split_once(' ')?.1)
}

fn policy_count(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let policies = policies(measurer, measure)?.iter();
    let counts = policies.map(|(name, policy)| (kind(name), &policy.counts));
    counted(counts, measure)
}

/// The share of time in a state; of several policies of one kind the mean.
fn policy_state(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let Some(Argument::State(asked)) = measure.argument else {
        return None;
    };
    let policies = policies(measurer, measure)?.iter();
    let own = policies.filter(|(name, _)| kind(name) == Some(asked.policy));
    let shares = own.filter_map(|(_, policy)| policy.states.get(asked.name));
    mean(shares.copied())
}

fn step_count(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let service = measurer.summary.services.get(&measure.subject)?;
    // `"get/cache"`, and `"get/cache 2"` of the second one there.
    let steps = service.steps.iter().map(|(name, counts)| {
        let name = name.rsplit('/').next();
        (name.and_then(|name| name.split(' ').next()), counts)
    });
    counted(steps, measure)
}

/// What all of one kind in a list counted; none without one.
fn counted<'a>(
    all: impl Iterator<Item = (Option<&'a str>, &'a BTreeMap<String, u64>)>,
    measure: &Measure,
) -> Option<f64> {
    let Some(Argument::Counter(counter)) = measure.argument else {
        return None;
    };
    all.filter(|(kind, _)| *kind == Some(counter.policy))
        .filter_map(|(_, counts)| counts.get(counter.name))
        .map(|count| *count as f64)
        .reduce(|a, b| a + b)
}

fn tenant(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
    let tenant = measurer.summary.tenants.get(&measure.subject)?;
    let attempts = tenant.first_attempts + tenant.retries;
    match measure.metric {
        Metric::TenantGoodput => tenant.goodput,
        Metric::TenantSuccessRatio => tenant.success_ratio,
        Metric::TenantBudgetUsed => tenant.budget_used,
        Metric::TenantOffered => Some(tenant.offered as f64),
        Metric::TenantLatency => pick(&tenant.latency, measure),
        Metric::TenantRefusedRatio => {
            let ended = tenant.good + tenant.failed;
            (ended > 0).then(|| tenant.refused as f64 / ended as f64)
        }
        Metric::TenantAmplification => tenant.amplification,
        Metric::TenantRetryEfficiency => tenant.retry_efficiency,
        Metric::TenantRetryShare => (attempts > 0).then(|| tenant.retries as f64 / attempts as f64),
        _ => None,
    }
}

fn run(measurer: &Measurer<'_>, measure: &Measure) -> Option<f64> {
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
