//! A made-up result for tests: a retry storm that outlives the fault that set it off.

use sim_models::observe::conclusion::{Conclusion, StoppedBy};
use sim_models::observe::summary::Damage;
use sim_models::observe::summary::{
    AvailabilitySummary, CheckSummary, EdgeSeries, EdgeSummary, Example, FaultSummary,
    HypothesisSummary, Incident, LatencySummary, LevelSummary, Moment, PolicySummary, RunResult,
    SCHEMA, Series, ServiceSeries, ServiceSummary, Story, StoryLine, Summary, WorkloadSeries,
    WorkloadSummary,
};
use sim_models::scenario::types::Scenario;
use std::collections::BTreeMap;

const WINDOWS: u64 = 300;

/// A ripple that looks like noise and is none.
fn ripple(window: u64, size: f64) -> f64 {
    ((window * 7919 % 101) as f64 / 50.0 - 1.0) * size
}

/// How bad it is: 0 before the fault, 1 well into the storm.
fn storm(window: u64) -> f64 {
    match window {
        0..60 => 0.0,
        60..66 => (window - 59) as f64 / 6.0,
        _ => 1.0,
    }
}

fn floats(value: impl Fn(u64) -> f64) -> Vec<f64> {
    (0..WINDOWS).map(value).collect()
}

fn counts(value: impl Fn(u64) -> f64) -> Vec<u64> {
    (0..WINDOWS).map(|w| value(w).max(0.0) as u64).collect()
}

fn latency(median: f64, tail: f64) -> LatencySummary {
    LatencySummary {
        count: 243_211,
        mean: Some(median * 1.3),
        sd: Some(median),
        p50: Some(median),
        p90: Some(tail * 0.6),
        p95: Some(tail * 0.8),
        p99: Some(tail),
        p999: Some(tail * 1.7),
        max: Some(tail * 2.2),
    }
}

fn workload_series() -> WorkloadSeries {
    WorkloadSeries {
        offered: counts(|w| 900.0 + ripple(w, 40.0)),
        ok: counts(|w| (900.0 + ripple(w, 40.0)) * (1.0 - 0.88 * storm(w))),
        degraded: counts(|_| 0.0),
        failed: BTreeMap::from([
            (
                "timeout_deadline".into(),
                counts(|w| storm(w) * (560.0 + ripple(w + 3, 60.0))),
            ),
            (
                "rejected".into(),
                counts(|w| storm(w) * (150.0 + ripple(w + 5, 30.0))),
            ),
            (
                "error".into(),
                counts(|w| storm(w) * (80.0 + ripple(w + 9, 20.0))),
            ),
        ]),
        in_flight: counts(|w| 16.0 + storm(w) * 1700.0 + ripple(w, 4.0)),
        latency_p50: floats(|w| 0.017 + storm(w) * 0.25 + ripple(w, 0.001)),
        latency_p99: floats(|w| 0.062 + storm(w) * 0.95 + ripple(w, 0.012)),
        latency_true_p50: floats(|w| 0.017 + storm(w) * 1.95 + ripple(w, 0.001)),
        latency_true_p99: floats(|w| 0.064 + storm(w) * 1.94 + ripple(w, 0.012)),
    }
}

fn service_series(calm: f64, stormy: f64, queue: f64) -> ServiceSeries {
    ServiceSeries {
        arrivals: counts(|w| 900.0 + storm(w) * 1900.0 * stormy),
        ok: counts(|w| 900.0 - storm(w) * 700.0),
        failed: counts(|w| storm(w) * 300.0),
        rejected: counts(|w| storm(w) * 900.0 * stormy),
        utilization: floats(|w| calm + storm(w) * (stormy - calm) + ripple(w, 0.03)),
        cpu_utilization: floats(|w| (calm + storm(w) * (stormy - calm)) * 0.7),
        queue: floats(|w| 0.4 + storm(w) * queue * (1.0 + ripple(w, 0.1))),
        queue_max: counts(|w| 2.0 + storm(w) * queue * 1.3),
        doomed: counts(|w| storm(w) * 400.0),
        up: counts(|_| 4.0),
    }
}

fn edge_series(most: f64) -> EdgeSeries {
    EdgeSeries {
        calls: counts(|_| 900.0),
        attempts: counts(|w| 900.0 * (1.0 + storm(w) * (most - 1.0) * (0.8 + ripple(w, 0.08)))),
        retries: counts(|w| 900.0 * storm(w) * (most - 1.0) * 0.8),
        failures: counts(|w| 900.0 * storm(w)),
        calls_sent: counts(|_| 900.0),
        call_attempts: counts(|w| {
            900.0 * (1.0 + storm(w) * (most - 1.0) * (0.8 + ripple(w, 0.08)))
        }),
        breakers_open: counts(|_| 0.0),
    }
}

fn series() -> Series {
    Series {
        window_seconds: 1.0,
        time: (0..WINDOWS).map(|w| w as f64).collect(),
        workloads: BTreeMap::from([("shoppers".into(), workload_series())]),
        services: BTreeMap::from([
            ("db".into(), service_series(0.45, 1.0, 230.0)),
            ("orders".into(), service_series(0.32, 0.98, 60.0)),
            ("web".into(), service_series(0.2, 0.86, 0.0)),
        ]),
        edges: BTreeMap::from([
            ("orders -> db".into(), edge_series(3.0)),
            ("shoppers -> web".into(), edge_series(1.0)),
            ("web -> orders".into(), edge_series(4.0)),
        ]),
        pools: BTreeMap::new(),
        states: BTreeMap::new(),
    }
}

fn workload() -> WorkloadSummary {
    WorkloadSummary {
        also: BTreeMap::new(),
        offered: 243_211,
        ok: 50_187,
        failed: 191_324,
        unfinished: 1_700,
        degraded: 0,
        outcomes: BTreeMap::from([
            ("ok".into(), 50_187),
            ("timeout_deadline".into(), 135_600),
            ("rejected".into(), 36_300),
            ("error".into(), 19_424),
        ]),
        causes: BTreeMap::from([
            ("db: timeout_attempt".into(), 120_124),
            ("db: rejected".into(), 51_200),
            ("orders: refused".into(), 20_000),
        ]),
        latency: latency(0.019, 1.1),
        latency_true: latency(1.98, 2.0),
        goodput: Some(185.9),
        throughput: Some(897.4),
        offered_rate: Some(900.8),
        success_ratio: Some(0.207_8),
        availability: AvailabilitySummary {
            objective: 0.999,
            by_requests: Some(0.207_8),
            by_windows: Some(0.113),
            predicted: Some(0.998_1),
            budget_used: Some(792.2),
            burn_rate_max: Some(880.0),
            mttr: None,
            mtbf: None,
        },
    }
}

fn service(utilization: f64) -> ServiceSummary {
    ServiceSummary {
        arrivals: 725_411,
        arrival_rate: Some(2_686.7),
        started: 505_121,
        ok: 90_211,
        failed: 71_211,
        rejected: 220_290,
        utilization,
        cpu_utilization: Some(utilization * 0.7),
        busy: LevelSummary {
            mean: 14.1,
            max: 16.0,
        },
        queue: LevelSummary {
            mean: 201.2,
            max: 256.0,
        },
        in_system: LevelSummary {
            mean: 215.3,
            max: 272.0,
        },
        waiting: latency(0.12, 0.4),
        service_time: latency(0.008, 0.04),
        sojourn: latency(0.13, 0.43),
        doomed_share: Some(0.83),
        ..ServiceSummary::default()
    }
}

fn edge(amplification: f64, worst: f64) -> EdgeSummary {
    EdgeSummary {
        also: BTreeMap::new(),
        calls: 243_211,
        call_rate: Some(900.8),
        attempt_rate: Some(900.8 * amplification),
        retry_rate: Some(900.8 * (amplification - 1.0)),
        attempts: (243_211.0 * amplification) as u64,
        retries: (243_211.0 * (amplification - 1.0)) as u64,
        amplification: Some(amplification),
        amplification_worst: worst,
        retry_efficiency: Some(0.061),
        outcomes: BTreeMap::from([("ok".into(), 50_187), ("timeout_deadline".into(), 193_024)]),
        attempt_outcomes: BTreeMap::from([("ok".into(), 50_187)]),
        latency: latency(0.5, 2.0),
        policies: BTreeMap::from([
            ("0 deadline".into(), counted(&[("expired", 135_600)])),
            (
                "1 retry".into(),
                counted(&[("retries", 601_222), ("exhausted", 97_332)]),
            ),
            ("2 timeout".into(), counted(&[("expired", 701_222)])),
        ]),
    }
}

fn counted(counts: &[(&str, u64)]) -> PolicySummary {
    let counts = counts.iter().map(|(name, count)| ((*name).into(), *count));
    PolicySummary {
        counts: counts.collect(),
        ..PolicySummary::default()
    }
}

fn check(kind: &str, check: &str, over: &str, value: Option<f64>, limit: f64) -> CheckSummary {
    CheckSummary {
        kind: kind.into(),
        check: check.into(),
        over: over.into(),
        value,
        limit,
        held: Some(kind == "steady"),
    }
}

fn hypothesis() -> HypothesisSummary {
    HypothesisSummary {
        recovery_seconds: None,
        recovery_expected_seconds: None,
        unharmed: Vec::new(),
        verdict: Conclusion::Metastable,
        harm: "shoppers: 88 % lost for 230s".into(),
        damage: vec![Damage {
            workload: "shoppers".into(),
            start: 60.0,
            end: 300.0,
            seconds: 230.0,
            lost: 182_000,
            lost_share: Some(0.88),
            lost_seconds: 230.0,
            slow_seconds: 0.0,
            slow_quantile: None,
            slow_latency: None,
            slow_latency_before: None,
            waiting_share: None,
            latency_p99: Some(0.9),
            latency_p99_before: Some(0.12),
        }],
        reason: "Slow db ended at 70s, but success_ratio(shoppers) stayed at 12% until the end: \
                 retries keep the database overloaded."
            .into(),
        close_to_edge: Some("back after 17s, and 20s are allowed".into()),
        checks: vec![
            check(
                "steady",
                "success_ratio(shoppers) >= 0.999",
                "30s..60s",
                Some(0.999_7),
                0.999,
            ),
            check(
                "steady",
                "latency(shoppers, p99) < 250ms",
                "30s..60s",
                Some(0.063),
                0.25,
            ),
            check("recovers", "within 30s", "70s..300s", None, 30.0),
        ],
    }
}

fn moments() -> Vec<Moment> {
    [
        (60.0, "slow db begins"),
        (62.0, "shoppers miss their objective of 99.9%"),
        (63.4, "db: queue full for the first time"),
        (70.0, "slow db ends"),
        (
            118.25,
            "web -> orders: retry amplification peaks at 3.6 attempts per call",
        ),
    ]
    .into_iter()
    .map(|(time, what)| Moment {
        time,
        what: what.into(),
        rule: "fault".into(),
    })
    .collect()
}

fn summary() -> Summary {
    Summary {
        schema: SCHEMA,
        scenario: "Retry storm: a slow database".into(),
        seed: 7,
        digest: "9f2c4d0a6b1e83577d21c0ffee5a9b34".into(),
        simulated_seconds: 300.0,
        warmup_seconds: 30.0,
        events: 12_345_678,
        stopped_by: StoppedBy::End,
        stalled: None,
        workloads: BTreeMap::from([("shoppers".into(), workload())]),
        tenants: BTreeMap::new(),
        fairness_gap: None,
        services: BTreeMap::from([
            ("db".into(), service(0.91)),
            ("orders".into(), service(0.84)),
            ("web".into(), service(0.71)),
        ]),
        edges: BTreeMap::from([
            ("orders -> db".into(), edge(2.41, 3.0)),
            ("shoppers -> web".into(), edge(1.0, 1.0)),
            ("web -> orders".into(), edge(3.18, 4.0)),
        ]),
        hypothesis: hypothesis(),
        faults: vec![FaultSummary {
            name: "slow db".into(),
            kind: "slow".into(),
            target: "db".into(),
            periods: vec![(60.0, 70.0)],
            touched: 24_210,
            recovery_seconds: None,
            verdict: Conclusion::Metastable,
            blast_radius: vec!["shoppers".into()],
        }],
        controllers: BTreeMap::new(),
        incidents: vec![Incident {
            workload: "shoppers".into(),
            start: 61.0,
            end: 300.0,
            over: false,
            success_ratio: Some(0.12),
            ended: 213_000,
            failed: 187_440,
            hanging: 0,
            rule: "failures".into(),
        }],
        moments: moments(),
        examples: vec![Example {
            request: 55_012,
            why: "first timeout_deadline".into(),
            workload: "shoppers".into(),
            time: 61.03,
            latency: 2.0,
        }],
        measures: BTreeMap::new(),
    }
}

/// The story of a request of [`retry_storm`].
pub fn story() -> Story {
    let line = |time: f64, depth, place: &str, what: &str| StoryLine {
        time,
        depth,
        place: place.into(),
        what: what.into(),
    };
    Story {
        request: 55_012,
        workload: "shoppers".into(),
        unfinished: false,
        lines: vec![
            line(61.030_012, 0, "shoppers", "asks web/checkout"),
            line(61.030_512, 1, "web#2", "starts at once"),
            line(61.032_9, 2, "web#2", "calls orders/create, attempt 1 of 4"),
            line(
                61.033_4,
                3,
                "orders#0",
                "waits behind 63 others for a thread, which takes longer than its caller has patience",
            ),
            line(61.532_9, 2, "web#2", "timeout after 500ms; waits 31ms"),
            line(63.030_5, 1, "web#2", "deadline of 2s: gives up"),
            line(63.030_9, 0, "shoppers", "timeout_deadline"),
        ],
    }
}

/// A retry storm of five minutes that a fault of ten seconds sets off.
pub fn retry_storm() -> RunResult {
    RunResult {
        summary: summary(),
        series: series(),
        stories: vec![story()],
        log: Vec::new(),
    }
}

/// A large result with long names, many faults, gaps and short spikes.
pub fn crowd() -> RunResult {
    let mut result = retry_storm();
    let (summary, series) = (&mut result.summary, &mut result.series);
    summary.scenario = "A very long title of a scenario that goes on and on about everything that \
                        could possibly happen to a system of this size on a Monday morning"
        .into();
    for n in 0..14 {
        let name = format!("recommendation-service-{n}-with-a-long-name");
        let mut service = service_series(0.1 + 0.04 * f64::from(n), 0.95, f64::from(n * n * n));
        service.queue[100..130].fill(f64::NAN);
        series.services.insert(name.clone(), service);
        summary.services.insert(name.clone(), self::service(0.5));
        let edge = format!("checkout-service -> {name}");
        let mut data = edge_series(1.0 + 0.2 * f64::from(n));
        data.breakers_open[80..200].fill(2);
        series.edges.insert(edge.clone(), data);
        summary.edges.insert(edge, self::edge(2.0, 3.0));
    }
    for n in 0..5 {
        let name = format!("users-of-region-{n}");
        let mut data = workload_series();
        data.degraded = counts(|w| 200.0 * storm(w));
        data.latency_p99[70..90].fill(f64::NAN);
        data.latency_p50[70..90].fill(f64::NAN);
        series.workloads.insert(name.clone(), data);
        summary.workloads.insert(name, workload());
    }
    for n in 1..12 {
        let from = 18.0 * f64::from(n);
        let mut fault = summary.faults[0].clone();
        fault.name = format!("crash of recommendation-service-{n}-with-a-long-name in every zone");
        fault.periods = (0..n)
            .map(|k| (from + 20.0 * f64::from(k), from + 20.0 * f64::from(k) + 6.0))
            .filter(|p| p.1 < 300.0)
            .collect();
        summary.faults.push(fault);
        let mut moment = summary.moments[0].clone();
        moment.time = 20.0 * f64::from(n);
        summary.moments.push(moment);
    }
    summary.moments.sort_by(|a, b| a.time.total_cmp(&b.time));
    result
}

/// The calls of Google's Online Boutique: eleven services, fifteen edges, and a workload.
pub fn boutique() -> Scenario {
    const CALLS: [(&str, &[&str]); 11] = [
        (
            "frontend",
            &[
                "ad?",
                "cart",
                "checkout",
                "currency",
                "product-catalog",
                "recommendation?",
                "shipping",
            ],
        ),
        ("ad", &[]),
        ("cart", &["redis-cart"]),
        (
            "checkout",
            &[
                "cart",
                "currency",
                "email?",
                "payment",
                "product-catalog",
                "shipping",
            ],
        ),
        ("currency", &[]),
        ("email", &[]),
        ("payment", &[]),
        ("product-catalog", &[]),
        ("recommendation", &["product-catalog"]),
        ("redis-cart", &[]),
        ("shipping", &[]),
    ];
    let services: Vec<String> = CALLS
        .iter()
        .map(|(name, callees)| {
            let steps: Vec<String> = callees
                .iter()
                .map(|callee| {
                    let (to, optional) = (callee.trim_end_matches('?'), callee.ends_with('?'));
                    format!("call((to: \"{to}/serve\", optional: {optional}))")
                })
                .collect();
            let steps = steps.join(", ");
            format!("\"{name}\": (replicas: 3, endpoints: {{ \"serve\": [{steps}] }})")
        })
        .collect();
    let text = format!(
        "(title: \"Online Boutique\", duration: \"5min\", services: {{ {} }}, calls: {{
            \"* -> *\": [timeout((after: \"1s\"))],
            \"frontend -> *\": [deadline((after: \"2s\")), retry((attempts: 3)), timeout((after: \"250ms\"))],
            \"checkout -> payment\": [retry((attempts: 2)), breaker((failures: 5, open_for: \"5s\")), timeout((after: \"500ms\"))],
        }}, workloads: {{ \"shoppers\": open((rate: \"300/s\", to: \"frontend/serve\")) }})",
        services.join(", ")
    );
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(&text).unwrap()
}
