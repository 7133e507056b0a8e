//! What travels with requests and with answers, and what policies remember of whom: held to exact times, to theory
//! and to the same run without it.

use sim_models::experiment::{self, Options};
use sim_models::observe::summary::RunResult;
use sim_models::world::Told;

/// Runs a scenario and tells the stories of its first requests.
fn run(text: &str) -> RunResult {
    let told = Told {
        only: vec![0, 1],
        every: 0,
    };
    let options = Options {
        told,
        ..Options::default()
    };
    experiment::run_with(&sim_tests::scenario(text), options, |_| true)
        .expect("it passed its checks")
}

/// Two requests at 1 s reach a door that lets one in each second and says so.
fn two_at_once(retry: &str, door: &str) -> RunResult {
    run(&format!(
        r#"(duration: "5s",
            services: {{ "s": (admission: [{door}], endpoints: {{ "e": [work("10ms")] }}) }},
            links: {{ "* -> *": (latency: "5ms") }},
            calls: {{ "w -> s": [{retry}] }},
            workloads: {{ "w": open(rate: "1/s", to: "s/e", arrivals: constant, batch: 2, shape: [step(at: "1500ms", factor: 0)]) }})"#
    ))
}

#[test]
fn an_answer_says_when_to_come_again_and_a_retry_listens() {
    let limit = r#"rate_limit(rate: "1/s", push_back: true)"#;
    let told = two_at_once("retry(attempts: 2, backoff: none)", limit);
    let load = &told.summary.workloads["w"];
    assert_eq!((load.offered, load.ok), (2, 2), "{load:?}");
    // There and back, a second as it was told, and there, served and back.
    let longest = load.latency_true.max.expect("they were answered");
    assert!((longest - (0.010 + 1.0 + 0.020)).abs() < 1e-9, "{longest}");
    let lines = told.stories.iter().flat_map(|story| &story.lines);
    let asked = lines.filter(|line| line.what.contains("come again in 1s"));
    assert_eq!(asked.count(), 1, "{:?}", told.stories);
    // Who does not listen comes too early.
    let deaf = "retry(attempts: 2, backoff: none, respect_push_back: false)";
    let load = &two_at_once(deaf, limit).summary.workloads["w"];
    assert_eq!((load.ok, load.failed), (1, 1), "{load:?}");
    // Without a word there is nothing to listen to.
    let silent = r#"rate_limit(rate: "1/s")"#;
    let load = &two_at_once("retry(attempts: 2, backoff: none)", silent)
        .summary
        .workloads["w"];
    assert_eq!((load.ok, load.failed), (1, 1), "{load:?}");
}

#[test]
fn keys_and_priorities_move_nobodys_luck() {
    let digest = |carried: &str| {
        let text = format!(
            r#"(duration: "20s",
                services: {{ "s": (replicas: 3, threads: 2, balance: random, endpoints: {{ "e": [work(exponential("30ms"))] }}) }},
                calls: {{ "* -> s": [retry(attempts: 3), timeout("50ms")] }},
                workloads: {{ "w": open(rate: "60/s", to: "s/e"{carried}), "v": closed(users: 5, think: exponential("1s"), to: "s/e") }})"#
        );
        run(&text).summary.digest
    };
    let without = digest("");
    assert_eq!(
        digest(", keys: zipf(count: 100), priority: sheddable"),
        without
    );
}

/// Reads of one hot key by way of a `coalesce`: one after the other, each followed by the wait for the next caller.
/// The cycle is a service time and a mean gap between arrivals (renewal-reward).
#[test]
fn reads_of_a_hot_key_follow_one_another() {
    let (rate, service) = (100.0, 0.05);
    let read = |calls: &str| {
        let text = format!(
            r#"(duration: "400s",
                services: {{ "db": (threads: unbounded, endpoints: {{ "read": [work("50ms")] }}) }},
                calls: {{ "w -> db": [{calls}] }},
                workloads: {{ "w": open(rate: "100/s", to: "db/read", keys: weights([1])) }})"#
        );
        run(&text).summary
    };
    let summary = read("coalesce");
    let load = &summary.workloads["w"];
    assert_eq!(load.failed, 0);
    let reads = summary.services["db"].arrivals as f64 / 400.0;
    let theory = 1.0 / (service + 1.0 / rate);
    // 6,667 cycles whose length has a standard deviation of a sixth: four standard errors are 0.9 %.
    assert!(
        (reads / theory - 1.0).abs() < 0.009,
        "{reads}/s, not {theory}/s"
    );
    // A follower waits for what is left of the read: at most all of it.
    assert!(
        load.latency.max.is_some_and(|max| max <= service + 1e-9),
        "{load:?}"
    );
    let alone = read("");
    assert_eq!(alone.services["db"].arrivals, alone.workloads["w"].offered);
}

#[test]
fn a_breaker_of_each_instance_leaves_the_well_alone() {
    let failed = |by: &str| {
        let text = format!(
            r#"(duration: "60s",
                services: {{ "s": (replicas: 4, endpoints: {{ "e": [work("2ms")] }}) }},
                calls: {{ "w -> s": [breaker(failures: 1, open_for: "10s"{by}), timeout("1s")] }},
                workloads: {{ "w": open(rate: "50/s", to: "s/e") }},
                faults: [(at: "0s", inject: error(service: "s", instances: only([2])))])"#
        );
        run(&text).summary.workloads["w"].failed
    };
    // One failure opens the breaker of the sick instance, and so does each probe: nobody else is refused.
    assert_eq!(failed(", by: callee"), 6);
    // One breaker for all stops everybody for ten seconds at a time.
    let all = failed("");
    assert!(all > 2000, "{all}");
}

#[test]
fn a_limit_for_each_tenant_is_nobody_elses() {
    let text = r#"(duration: "100s",
        services: { "s": (admission: [rate_limit(rate: "20/s", burst: 5, by: tenant)], endpoints: { "e": [work("1ms")] }) },
        workloads: {
            "loud": open(rate: "200/s", to: "s/e", tenant: "red"),
            "quiet": open(rate: "2/s", to: "s/e", tenant: "blue"),
        })"#;
    let summary = run(text).summary;
    let (loud, quiet) = (&summary.workloads["loud"], &summary.workloads["quiet"]);
    assert!((1999..=2006).contains(&loud.ok), "{loud:?}");
    assert_eq!(quiet.failed, 0, "{quiet:?}");
}
