//! The same scenario and seed give the same run: again, in any build, on any number of threads, from
//! a fork; and what does not concern an entity does not move its luck.

use sim_models::experiment::{self, Options, Run};
use sim_models::observe::summary::{RunResult, Summary};
use sim_models::plan;
use sim_models::scenario::Scenario;

/// Digests of library scenarios with their own seeds. All builds must give them: debug and release,
/// every platform. A change of the engine that is meant to change runs changes them too: then put in
/// what the failing test prints, and say in the commit why runs differ.
const GOLDEN: [(&str, &str); 4] = [
    ("mm1", "16346edb6b865fc1ab1c1174e1ba6946"),
    ("partition", "d325befbffe93f3e9e27641c9a6c5151"),
    ("retry-storm-breaker", "820ba92eb08666ddeb00427b5876a9cb"),
    ("thread-pool-exhaustion", "9fe87a2575b31a881b5a2f2c554dacef"),
];

fn run(scenario: &Scenario, seed: u64) -> RunResult {
    experiment::run(scenario, seed).expect("it passed its checks")
}

/// Everything that a run tells, as text (where NaN equals NaN).
fn told(result: &RunResult) -> String {
    format!("{result:?}")
}

#[test]
fn digests_are_the_same_in_every_build() {
    let found: Vec<(&str, String)> = GOLDEN
        .iter()
        .map(|(name, _)| {
            let scenario = sim_tests::library(name);
            (*name, run(&scenario, scenario.seed).summary.digest)
        })
        .collect();
    let golden: Vec<(&str, String)> = GOLDEN
        .iter()
        .map(|(name, digest)| (*name, (*digest).to_owned()))
        .collect();
    assert_eq!(found, golden, "see the comment on GOLDEN");
}

#[test]
fn a_second_run_is_the_same_and_another_seed_is_not() {
    let scenario = sim_tests::library("retry-storm-retry-budget");
    let first = run(&scenario, 5);
    assert_eq!(told(&first), told(&run(&scenario, 5)));
    assert_ne!(first.summary.digest, run(&scenario, 6).summary.digest);
}

#[test]
fn a_fork_goes_on_as_the_straight_run() {
    for name in ["partition", "synchronised-retries"] {
        let scenario = sim_tests::library(name);
        let plan = plan::compile(&scenario).expect("it passed its checks");
        let straight = run(&scenario, 3);
        let mut half = Run::new(
            &scenario,
            &plan,
            Options {
                seed: 3,
                ..Options::default()
            },
        );
        let windows = straight.series.time.len();
        for _ in 0..windows / 2 {
            half.window();
        }
        let mut fork = half.clone();
        let mut engine = half.simulation().fork();
        for run in [&mut half, &mut fork] {
            while !run.is_over() {
                run.window();
            }
            assert_eq!(told(&run.result()), told(&straight), "{name}");
        }
        // The engine alone, without windows.
        let last = sim_core::SimTime(plan.end.0 - 1);
        engine.run_until(last, &sim_core::engine::Budget::UNLIMITED);
        assert_eq!(engine.digest().to_string(), straight.summary.digest);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let scenario = sim_tests::library_with("jittered-retries", &["duration=90s".to_owned()]);
    let seeds: Vec<u64> = (10..18).collect();
    let on = |threads: usize| -> Vec<Summary> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads can be started");
        pool.install(|| experiment::replicate(&scenario, &seeds, &[], || (), || true))
            .expect("it passed its checks")
    };
    let one = on(1);
    assert_eq!(
        one.iter().map(|summary| summary.seed).collect::<Vec<_>>(),
        seeds
    );
    for threads in [2, 3] {
        assert_eq!(format!("{one:?}"), format!("{:?}", on(threads)));
    }
}

/// A shop with retries, and whatever else is put beside it.
fn shop(retry: &str, services: &str, calls: &str, workloads: &str, faults: &str) -> Scenario {
    sim_tests::scenario(&format!(
        r#"(
            duration: "60s",
            services: {{
                {services}
                "web": (replicas: 2, threads: 20, balance: random, endpoints: {{
                    "page": [work(exponential("5ms")), call("db/read"), parallel([[call("cart/get")], [work(exponential("2ms"))]])],
                }}),
                "db": (threads: 3, backlog: 10, endpoints: {{ "read": [work(exponential("12ms"))] }}),
                "cart": (replicas: 3, balance: power_of_two, endpoints: {{ "get": [work(exponential("3ms")), fail(0.05)] }}),
            }},
            links: {{ "* -> *": (latency: exponential("1ms")) }},
            calls: {{ {calls} "web -> db": [{retry}timeout("60ms")], "web -> cart": [retry(attempts: 2)] }},
            workloads: {{
                {workloads}
                "shoppers": open(rate: "100/s", to: "web/page"),
                "clerks": closed(users: 20, think: exponential("1s"), to: "web/page", patience: exponential("80ms")),
            }},
            faults: [
                {faults}
                (at: "20s", for: "5s", share: 0.5, inject: slow(service: "db", factor: 3)),
                (random: (mtbf: "15s", mttr: "2s"), inject: loss(link: "web -> cart", rate: 0.3)),
            ],
        )"#
    ))
}

#[test]
fn what_is_unrelated_changes_nothing() {
    let alone = run(&shop("", "", "", "", ""), 4).summary;
    let beside = run(
        &shop(
            "",
            r#""mail": (replicas: 2, balance: random, endpoints: { "send": [work(exponential("7ms")), call("disk/write")] }),
               "disk": (endpoints: { "write": [work(uniform("1ms", "9ms"))] }),"#,
            r#""mail -> disk": [retry(attempts: 3), timeout("8ms")],"#,
            r#""senders": open(rate: "40/s", to: "mail/send"), "others": closed(users: 5, think: exponential("1s"), to: "disk/write"),"#,
            r#"(random: (mtbf: "10s", mttr: "1s"), inject: crash(service: "mail", instances: one)),"#,
        ),
        4,
    )
    .summary;
    assert!(beside.workloads["senders"].failed > 0);
    for (name, load) in &alone.workloads {
        assert_eq!(*load, beside.workloads[name], "{name}");
    }
    for (name, service) in &alone.services {
        assert_eq!(*service, beside.services[name], "{name}");
    }
    for (name, edge) in &alone.edges {
        assert_eq!(*edge, beside.edges[name], "{name}");
    }
}

#[test]
fn another_policy_faces_the_same_arrivals() {
    let without = run(&shop("", "", "", "", ""), 4).summary;
    let with = run(
        &shop("retry(attempts: 3, backoff: none), ", "", "", "", ""),
        4,
    )
    .summary;
    assert_ne!(without.digest, with.digest);
    let offered = |summary: &Summary| summary.workloads["shoppers"].offered;
    assert_eq!(offered(&without), offered(&with));
    let first = |summary: &Summary| {
        let edge = &summary.edges["web -> db"];
        edge.attempts - edge.retries
    };
    // The clerks are a closed loop: they ask as their answers come. The shoppers do not.
    assert!(first(&without).abs_diff(first(&with)) < 200);

    // Without the clerks, what happens before the changed call does not change at all.
    let shoppers = |retry: &str| {
        let mut scenario = shop(retry, "", "", "", "");
        scenario.workloads.shift_remove("clerks");
        run(&scenario, 9).summary
    };
    let (without, with) = (
        shoppers(""),
        shoppers("retry(attempts: 3, backoff: none), "),
    );
    assert_eq!(
        without.services["web"].arrivals,
        with.services["web"].arrivals
    );
    let loads = |summary: &Summary| -> Vec<u64> {
        let instances = summary.services["web"].instances.iter();
        instances.map(|instance| instance.arrivals).collect()
    };
    assert_eq!(loads(&without), loads(&with), "the balancer's luck");
    let (before, after) = (&without.edges["web -> db"], &with.edges["web -> db"]);
    assert_eq!(before.calls, after.calls);
    assert_eq!(before.attempts, after.attempts - after.retries);
    assert_ne!(before.outcomes, after.outcomes);
}
