//! From what was recorded to the summary and the series of a run.

use super::recorder::{
    ByOutcome, EdgeRecord, EdgeWindow, Ended, PoolRecord, PoolWindow, Recorder, ServiceRecord,
    ServiceWindow, WorkloadRecord, WorkloadWindow,
};
use super::states::StatesRecord;
use super::summary::{
    EdgeSeries, EdgeSummary, EndpointSummary, Example, InstanceSummary, LatencySummary,
    LevelSummary, OutcomeCounts, Policies, PoolSeries, PoolSummary, Series, ServiceSeries,
    ServiceSummary, StatesSeries, TenantSummary, WorkloadSeries, WorkloadSummary, quantile,
};
use super::told;
use crate::ids::{EdgeId, WorkloadId};
use crate::outcome::{Outcome, cause_name};
use crate::plan::{EdgePlan, KeeperPlan, Plan};
use crate::scenario::Scenario;
use sim_core::metrics::{DurationStats, Level};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;

impl From<&DurationStats> for LatencySummary {
    fn from(stats: &DurationStats) -> Self {
        let known = |value: f64| (!value.is_nan()).then_some(value);
        Self {
            count: stats.count(),
            mean: known(stats.mean()),
            sd: known(stats.sd()),
            p50: known(stats.quantile(0.5)),
            p90: known(stats.quantile(0.9)),
            p95: known(stats.quantile(0.95)),
            p99: known(stats.quantile(0.99)),
            p999: known(stats.quantile(0.999)),
            max: known(stats.max()),
        }
    }
}

/// A ratio; none where there is nothing to divide by.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Time since the totals began, s; zero for a run that was stopped before.
fn seconds_since(plan: &Plan, recorder: &Recorder, now: SimTime) -> f64 {
    now.since(recorder.since.max(plan.warmup)).as_secs_f64()
}

fn by_name(counts: &ByOutcome) -> OutcomeCounts {
    Outcome::ALL
        .iter()
        .filter(|outcome| counts[**outcome as usize] > 0)
        .map(|outcome| (outcome.name().to_string(), counts[*outcome as usize]))
        .collect()
}

/// The summaries of all workloads. `unfinished` holds the requests that had not ended: workload,
/// number, arrival, whether they count in totals.
#[must_use]
pub fn workloads(
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
    unfinished: &[(WorkloadId, u32, SimTime, bool)],
) -> BTreeMap<String, WorkloadSummary> {
    let seconds = seconds_since(plan, recorder, now);
    recorder
        .workloads
        .iter()
        .enumerate()
        .map(|(number, record)| {
            let name = plan.load_places().raw[number].name.clone();
            let open: Vec<SimTime> = unfinished
                .iter()
                .filter(|(workload, _, _, counted)| usize::from(*workload) == number && *counted)
                .map(|(_, _, arrived, _)| *arrived)
                .collect();
            let ended = recorder.ended_since(number.into());
            let also = WorkloadWindow::used(|get| recorder.workload_since(number.into(), get));
            let summary = WorkloadSummary {
                also,
                ..workload(plan, record, (ended, seconds), now, &open)
            };
            (name, summary)
        })
        .collect()
}

fn workload(
    plan: &Plan,
    record: &WorkloadRecord,
    (ended, seconds): (Ended, f64),
    now: SimTime,
    open: &[SimTime],
) -> WorkloadSummary {
    let count = |outcome: Outcome| record.outcomes[outcome as usize];
    let (ok, degraded) = (count(Outcome::Ok), count(Outcome::Degraded));
    let finished: u64 = record.outcomes.iter().sum();
    let mut truth = record.latency.clone();
    truth.merge(&record.latency_failed);
    for arrived in open {
        // Not over yet: at least this long.
        truth.record(now.since(*arrived));
    }
    let mut causes = BTreeMap::new();
    for (place, counts) in plan.places.iter().zip(record.causes.chunks(Outcome::COUNT)) {
        for outcome in Outcome::causes() {
            if counts[outcome as usize] > 0 {
                causes.insert(cause_name(&place.name, outcome), counts[outcome as usize]);
            }
        }
    }
    WorkloadSummary {
        offered: record.offered,
        ok,
        degraded,
        failed: finished - ok - degraded,
        unfinished: open.len() as u64,
        outcomes: by_name(&record.outcomes),
        causes,
        latency: (&record.latency).into(),
        latency_true: (&truth).into(),
        goodput: share(ended.good as f64, seconds),
        throughput: share(ended.all as f64, seconds),
        offered_rate: share(record.offered as f64, seconds),
        success_ratio: share((ok + degraded) as f64, finished as f64),
        // Filled in where the objective is known.
        availability: super::summary::AvailabilitySummary::default(),
        also: BTreeMap::new(),
    }
}

/// The workloads of each tenant, as indices.
fn by_tenant(scenario: &Scenario) -> BTreeMap<&str, Vec<usize>> {
    let mut tenants: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, workload) in scenario.workloads.values().enumerate() {
        if let Some(tenant) = workload.tenant() {
            tenants.entry(tenant).or_default().push(number);
        }
    }
    tenants
}

/// Whether a cause, by its number, is that somebody turned a request away, or would not even ask.
fn refuses(cause: usize) -> bool {
    [
        Outcome::Refused,
        Outcome::Rejected,
        Outcome::BreakerOpen,
        Outcome::BulkheadFull,
        Outcome::RateLimited,
        Outcome::PoolFull,
    ]
    .into_iter()
    .any(|outcome| outcome as usize == cause)
}

/// The summaries of all tenants that workloads are labelled with.
#[must_use]
pub fn tenants(
    scenario: &Scenario,
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
) -> BTreeMap<String, TenantSummary> {
    let seconds = seconds_since(plan, recorder, now);
    let allowed = 1.0 - scenario.hypothesis.objective;
    by_tenant(scenario)
        .into_iter()
        .map(|(tenant, workloads)| {
            let mut summary = TenantSummary::default();
            let mut answered = 0;
            let mut retries_ok = 0;
            let mut latency = DurationStats::default();
            for number in workloads {
                let record = &recorder.workloads[number];
                answered += recorder.ended_since(number.into()).good;
                let good = record.outcomes[Outcome::Ok as usize]
                    + record.outcomes[Outcome::Degraded as usize];
                summary.offered += record.offered;
                summary.good += good;
                summary.failed += record.outcomes.iter().sum::<u64>() - good;
                summary.first_attempts += record.attempts.0;
                summary.retries += record.attempts.1;
                retries_ok += record.retries_ok;
                latency.merge(&record.latency);
                let causes = record.causes.iter().enumerate();
                let refused = causes.filter(|(at, _)| refuses(at % Outcome::COUNT));
                summary.refused += refused.map(|(_, count)| count).sum::<u64>();
            }
            let finished = (summary.good + summary.failed) as f64;
            let firsts = summary.first_attempts as f64;
            summary.amplification = share(firsts + summary.retries as f64, firsts);
            summary.retry_efficiency = share(retries_ok as f64, summary.retries as f64);
            summary.latency = (&latency).into();
            summary.goodput = share(answered as f64, seconds);
            summary.success_ratio = share(summary.good as f64, finished);
            summary.budget_used = summary
                .success_ratio
                .and_then(|success| share(1.0 - success, allowed));
            (tenant.to_owned(), summary)
        })
        .collect()
}

/// Half the sum over tenants of |share of retries - share of first attempts|; none where nobody retries.
#[must_use]
pub fn fairness_gap(tenants: &BTreeMap<String, TenantSummary>) -> Option<f64> {
    let sum = |get: fn(&TenantSummary) -> u64| tenants.values().map(get).sum::<u64>() as f64;
    let (retries, firsts) = (
        sum(|tenant| tenant.retries),
        sum(|tenant| tenant.first_attempts),
    );
    if retries == 0.0 {
        return None;
    }
    let gap = |tenant: &TenantSummary| {
        (tenant.retries as f64 / retries - tenant.first_attempts as f64 / firsts).abs()
    };
    Some(tenants.values().map(gap).sum::<f64>() / 2.0)
}

/// Requests worth a look: the slowest usable answers, and the first failure of each kind.
#[must_use]
pub fn examples(plan: &Plan, recorder: &Recorder) -> Vec<Example> {
    let mut examples = Vec::new();
    for (number, record) in recorder.workloads.iter().enumerate() {
        let example = |why: String, request: u32, arrived: SimTime, took: SimDuration| Example {
            request: u64::from(request),
            why,
            workload: plan.load_places().raw[number].name.clone(),
            time: arrived.as_secs_f64(),
            latency: took.as_secs_f64(),
        };
        for (took, request, arrived) in record.slowest.iter().take(1) {
            examples.push(example(
                "slowest usable answer".into(),
                *request,
                *arrived,
                *took,
            ));
        }
        for outcome in Outcome::ALL {
            if let Some((request, arrived, took)) = record.first[outcome as usize] {
                examples.push(example(
                    format!("first {}", outcome.name()),
                    request,
                    arrived,
                    took,
                ));
            }
        }
    }
    examples
}

/// The summaries of all services.
#[must_use]
pub fn services(
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
) -> BTreeMap<String, ServiceSummary> {
    (0..plan.services.len())
        .map(|service| {
            (
                plan.places.raw[service].name.clone(),
                service_summary(plan, recorder, service, now),
            )
        })
        .collect()
}

fn service_summary(
    plan: &Plan,
    recorder: &Recorder,
    service: usize,
    now: SimTime,
) -> ServiceSummary {
    let place = &plan.places.raw[service];
    let spec = &plan.services.raw[service];
    let record: &ServiceRecord = &recorder.services[service];
    let instances = &recorder.instances[place.range()];
    let level = |get: fn(&super::recorder::InstanceRecord) -> &Level| LevelSummary {
        mean: instances
            .iter()
            .map(|instance| get(instance).mean(now))
            .sum(),
        max: instances
            .iter()
            .map(|instance| get(instance).max() as f64)
            .fold(0.0, f64::max),
    };
    let busy = level(|instance| &instance.busy);
    let working = level(|instance| &instance.working).mean;
    let count = f64::from(place.instance_count);
    let threads = recorder.threads_since(plan, service.into());
    let cpu = match spec.cores {
        Some(cores) => Some(working / 1000.0 / (cores * count)),
        None => spec
            .work_limit(threads)
            .map(|threads| working / (threads * count)),
    };
    let mut sojourn = DurationStats::default();
    let mut endpoints = BTreeMap::new();
    let mut totals = EndpointSummary::default();
    for (plan, record) in plan.endpoints.iter().zip(&recorder.endpoints) {
        if usize::from(plan.service) == service {
            sojourn.merge(&record.sojourn);
            totals.arrivals += record.arrivals;
            totals.ok += record.ok;
            totals.failed += record.failed;
            totals.rejected += record.rejected;
            let summary = EndpointSummary {
                arrivals: record.arrivals,
                ok: record.ok,
                failed: record.failed,
                rejected: record.rejected,
                sojourn: (&record.sojourn).into(),
            };
            endpoints.insert(plan.name.clone(), summary);
        }
    }
    let busy_time = record.service_time.sum();
    let arrived = recorder.service_since(service.into(), |window| window.arrivals) as f64;
    ServiceSummary {
        admission: BTreeMap::new(),
        steps: BTreeMap::new(),
        pools: pools(plan, recorder, service, now),
        also: ServiceWindow::used(|get| recorder.service_since(service.into(), get)),
        arrivals: totals.arrivals,
        arrival_rate: share(arrived, seconds_since(plan, recorder, now)),
        started: instances.iter().map(|instance| instance.started).sum(),
        ok: totals.ok,
        failed: totals.failed,
        rejected: totals.rejected,
        utilization: busy.mean / (threads * count),
        cpu_utilization: cpu,
        busy,
        queue: level(|instance| &instance.queue),
        in_system: level(|instance| &instance.present),
        waiting: (&record.waiting).into(),
        service_time: (&record.service_time).into(),
        sojourn: (&sojourn).into(),
        doomed_share: share(record.doomed_ns as f64 / 1e9, busy_time),
        endpoints,
        instances: instances
            .iter()
            .map(|instance| InstanceSummary {
                arrivals: instance.arrivals,
                started: instance.started,
                utilization: instance.busy.mean(now) / threads,
                queue: LevelSummary {
                    mean: instance.queue.mean(now),
                    max: instance.queue.max() as f64,
                },
            })
            .collect(),
    }
}

/// The pools of a service.
fn pools(
    plan: &Plan,
    recorder: &Recorder,
    service: usize,
    now: SimTime,
) -> BTreeMap<String, PoolSummary> {
    let own = plan.pools.iter_enumerated();
    let own = own.filter(|(_, pool)| usize::from(pool.service) == service);
    own.map(|(number, pool)| {
        let instances = plan.places.raw[service].instance_count;
        let records = &recorder.pools[pool.first..pool.first.offset(instances)];
        let level = |get: fn(&PoolRecord) -> &Level| LevelSummary {
            mean: records.iter().map(|record| get(record).mean(now)).sum(),
            max: records
                .iter()
                .map(|record| get(record).max() as f64)
                .fold(0.0, f64::max),
        };
        let count = |get: fn(&PoolRecord) -> u64| records.iter().map(get).sum();
        let mut wait = DurationStats::default();
        records.iter().for_each(|record| wait.merge(&record.wait));
        let size = pool.size_of_all(plan);
        let out = level(|record| &record.out);
        let summary = PoolSummary {
            size,
            utilization: out.mean / size as f64,
            out,
            waiting: level(|record| &record.waiting),
            taken: count(|record| record.taken),
            waited: count(|record| record.waited),
            full: count(|record| record.full),
            timeouts: count(|record| record.timeouts),
            wait: (&wait).into(),
            also: PoolWindow::used(|get| recorder.pool_since(number, get)),
        };
        (pool.name.clone(), summary)
    })
    .collect()
}

/// The summaries of all edges; `counters` gives those of the policies of an edge.
#[must_use]
pub fn edges<'a>(
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
    counters: impl Fn(EdgeId) -> &'a [u64],
) -> BTreeMap<String, EdgeSummary> {
    let seconds = seconds_since(plan, recorder, now);
    plan.edges
        .iter_enumerated()
        .zip(&recorder.edges)
        .filter(|((_, edge), _)| !edge.door)
        .map(|((number, edge), record)| {
            let policies = told::policies(plan, recorder, now, number, counters(number));
            let since = |get| recorder.edge_since(number, get);
            let rate = |get| share(since(get) as f64, seconds);
            let summary = EdgeSummary {
                call_rate: rate(|window| window.calls),
                attempt_rate: rate(|window| window.attempts),
                retry_rate: rate(|window| window.retries),
                also: EdgeWindow::used(since),
                ..edge_summary(edge, record, policies)
            };
            (edge.name.clone(), summary)
        })
        .collect()
}

/// Adds what the policies at the doors of services did.
pub fn admissions<'a>(
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
    services: &mut BTreeMap<String, ServiceSummary>,
    counters: impl Fn(EdgeId) -> &'a [u64],
) {
    for (number, edge) in plan.edges.iter_enumerated().filter(|(_, edge)| edge.door) {
        if let Some(service) = services.get_mut(&edge.name) {
            service.admission = told::policies(plan, recorder, now, number, counters(number));
        }
    }
}

/// Adds what the steps of services did that keep something.
pub fn steps<'a>(
    plan: &Plan,
    services: &mut BTreeMap<String, ServiceSummary>,
    counted: impl Iterator<Item = (&'a KeeperPlan, &'a [u64])>,
) {
    for (keeper, counts) in counted {
        if let Some(service) = services.get_mut(&plan.service_places()[keeper.service].name) {
            let names = keeper.spec.counters().iter().map(|name| (*name).to_owned());
            let counts = names.zip(counts.iter().copied()).collect();
            service.steps.insert(keeper.name.clone(), counts);
        }
    }
}

fn edge_summary(plan: &EdgePlan, record: &EdgeRecord, policies: Policies) -> EdgeSummary {
    EdgeSummary {
        calls: record.calls,
        attempts: record.attempts,
        retries: record.retries,
        amplification: share(record.attempts as f64, record.calls_sent as f64),
        amplification_worst: plan
            .layers
            .iter()
            .map(|layer| layer.spec.worst_case_attempts())
            .product(),
        retry_efficiency: share(record.retries_ok as f64, record.retries as f64),
        outcomes: by_name(&record.outcomes),
        attempt_outcomes: by_name(&record.attempt_outcomes),
        latency: (&record.latency).into(),
        policies,
        ..EdgeSummary::default()
    }
}

/// Everything by windows; `ends` are the ends of the windows.
#[must_use]
pub fn series(plan: &Plan, recorder: &Recorder, ends: &[SimTime]) -> Series {
    let mut series = Series {
        window_seconds: plan.window.as_secs_f64(),
        ..Series::default()
    };
    let mut start = SimTime::ZERO;
    for end in ends {
        series.time.push(start.as_secs_f64());
        start = *end;
    }
    for (number, record) in recorder.workloads.iter().enumerate() {
        let name = plan.load_places().raw[number].name.clone();
        series.workloads.insert(name, workload_series(record));
    }
    for (number, record) in recorder.services.iter().enumerate() {
        series.services.insert(
            plan.places.raw[number].name.clone(),
            service_series(plan, number, record),
        );
    }
    let edges = plan.edges.iter().zip(&recorder.edges);
    for (edge, record) in edges.filter(|(edge, _)| !edge.door) {
        let columns = EdgeSeries::of(record.windows.iter());
        series.edges.insert(edge.name.clone(), columns);
    }
    for (number, edge) in plan.edges.iter_enumerated() {
        let records = recorder.states[number].iter();
        let series_of = |record: &StatesRecord| {
            let layer = &edge.layers[record.layer];
            let states = layer.spec.states().iter().enumerate().skip(1);
            let states: StatesSeries = states
                .map(|(state, name)| ((*name).to_owned(), record.by_window(state).collect()))
                .collect();
            (told::name(record.layer, layer), states)
        };
        let policies: BTreeMap<String, StatesSeries> = records.map(series_of).collect();
        if !policies.is_empty() {
            series.states.insert(edge.name.clone(), policies);
        }
    }
    for (pool, kept) in plan.pools.iter().zip(&recorder.pool_windows) {
        let size = pool.size_of_all(plan) as f64;
        let utilization = kept.windows.iter().map(|window| window.out.mean / size);
        let columns = PoolSeries {
            utilization: utilization.collect(),
            ..PoolSeries::of(kept.windows.iter())
        };
        let service = &plan.service_places()[pool.service].name;
        series
            .pools
            .insert(format!("{service}/{}", pool.name), columns);
    }
    series
}

fn workload_series(record: &WorkloadRecord) -> WorkloadSeries {
    let windows = record.windows.iter().map(|(window, ..)| window);
    let failed = Outcome::ALL
        .iter()
        .filter(|outcome| !outcome.is_success())
        .map(|outcome| {
            let counts = windows
                .clone()
                .map(|window| window.outcomes[*outcome as usize]);
            (outcome.name().to_string(), counts.collect::<Vec<u64>>())
        })
        .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
        .collect();
    let answered = |q| {
        let windows = record.windows.iter();
        windows
            .map(|(_, answered, _)| quantile(answered, q))
            .collect()
    };
    let ended = |q| {
        let windows = record.windows.iter();
        windows.map(|(.., ended)| quantile(ended, q)).collect()
    };
    WorkloadSeries {
        failed,
        latency_p50: answered(0.5),
        latency_p99: answered(0.99),
        latency_true_p50: ended(0.5),
        latency_true_p99: ended(0.99),
        ..WorkloadSeries::of(windows)
    }
}

fn service_series(plan: &Plan, service: usize, record: &ServiceRecord) -> ServiceSeries {
    let spec = &plan.services.raw[service];
    let count = f64::from(plan.places.raw[service].instance_count);
    let live = plan.live.is_some();
    let threads = |window: &ServiceWindow| spec.threads_in(live, std::iter::once(window.threads));
    let working = |window| spec.work_limit(threads(window)).unwrap_or(f64::NAN);
    let windows = record.windows.iter();
    ServiceSeries {
        utilization: windows
            .clone()
            .map(|window| window.busy.mean / (threads(window) * count))
            .collect(),
        cpu_utilization: windows
            .clone()
            .map(|window| window.working.mean / (working(window) * count))
            .collect(),
        ..ServiceSeries::of(windows)
    }
}
