//! Controllers: what they do to a system, when, and what is told of it.

use sim_models::experiment::{self, Options, Run};
use sim_models::input::load;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::Summary;
use sim_models::plan;
use sim_models::scenario::Override;
use sim_tests::{scenario, told};

/// A service of some instances under a light load, with these faults and controllers.
fn system(replicas: u32, faults: &str, controllers: &str) -> String {
    format!(
        r#"(
            duration: "5min", seed: 7,
            services: {{ "api": (replicas: {replicas}, threads: 8, queue: (limit: 20), endpoints: {{ "get": [work(exponential("5ms"))] }}) }},
            calls: {{ "users -> api": [retry(attempts: 2, backoff: none), timeout("500ms")] }},
            workloads: {{ "users": open(rate: "50/s", to: "api/get") }},
            faults: [{faults}],
            controllers: {{ {controllers} }},
            hypothesis: (steady: "success_ratio(users) >= 99%", recovers: (within: "2min")),
        )"#
    )
}

/// What a controller did, and when, s.
fn deeds<'s>(summary: &'s Summary, name: &str) -> Vec<(f64, &'s str)> {
    let deeds = summary.controllers[name].deeds.iter();
    deeds.map(|deed| (deed.time, deed.what.as_str())).collect()
}

#[test]
fn a_crash_without_an_end_stays_down_unless_somebody_starts_it_again() {
    let crash = r#"(name: "c", at: "60s", inject: crash(service: "api", boot: "2s"))"#;
    let alone = told(&system(1, crash, ""));
    assert_eq!(alone.hypothesis.verdict, Conclusion::Inconclusive);
    assert_eq!(alone.faults[0].periods, [(60.0, 300.0)]);
    assert!(alone.controllers.is_empty());

    let supervised = told(&system(
        1,
        crash,
        r#""s": supervisor(service: "api", backoff: "10s")"#,
    ));
    assert_eq!(deeds(&supervised, "s"), [(70.0, "start api#0")]);
    // The fault has ended when its last instance is started; then it takes its time to boot.
    assert_eq!(supervised.faults[0].periods, [(60.0, 70.0)]);
    assert_eq!(supervised.hypothesis.verdict, Conclusion::Recovered);
    let reason = &supervised.hypothesis.reason;
    assert!(reason.ends_with("by `s`"), "{reason}");

    let restarted = told(&system(
        1,
        crash,
        r#""o": operator(at: "90s", do: [restart(service: "api", boot: "1s")])"#,
    ));
    assert_eq!(deeds(&restarted, "o"), [(90.0, "restart api")]);
    assert_eq!(restarted.faults[0].periods, [(60.0, 90.0)]);
    assert_eq!(restarted.hypothesis.verdict, Conclusion::Recovered);
}

#[test]
fn a_crash_loop_goes_on_until_the_restart_after_its_cause_has_gone() {
    let crash =
        r#"(at: "60s", for: "60s", inject: crash(service: "api", boot: "1s", lives: "4s"))"#;
    let run = told(&system(
        1,
        crash,
        r#""s": supervisor(service: "api", backoff: "10s")"#,
    ));
    // Each time it boots for 1 s, lives for 4 s, and then waits for twice as long: 60+10, 75+20, 100+40.
    let starts = [70.0, 95.0, 140.0].map(|at| (at, "start api#0"));
    assert_eq!(deeds(&run, "s"), starts);
    // It is up for 60 s, for 4 s twice, and from 141 s on: at 50/s, give or take five standard deviations.
    let ok = run.workloads["users"].ok;
    assert!((10_820..11_880).contains(&ok), "{ok}");
    let dead = told(&system(
        1,
        r#"(at: "60s", for: "60s", inject: crash(service: "api", boot: "1s"))"#,
        r#""s": supervisor(service: "api", backoff: "10s")"#,
    ));
    // Without `lives` it dies as soon as it has booted: 60+10, 71+20, 92+40, and then it is well.
    let starts = [70.0, 91.0, 132.0].map(|at| (at, "start api#0"));
    assert_eq!(deeds(&dead, "s"), starts);
}

#[test]
fn a_supervisor_gives_up() {
    let crash = r#"(at: "60s", for: "100s", inject: crash(service: "api"))"#;
    let supervisor = r#""s": supervisor(service: "api", backoff: "5s", factor: 1, restarts: 3)"#;
    let run = told(&system(1, crash, supervisor));
    let told: Vec<&str> = deeds(&run, "s").into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        told,
        ["start api#0", "start api#0", "start api#0", "give up api#0"]
    );
    assert_eq!(run.controllers["s"].acted, 4);
    assert!(
        run.hypothesis.verdict != Conclusion::Recovered,
        "it stays down"
    );
    let reason = &run.hypothesis.reason;
    assert!(
        reason.contains("4 things were done since it began"),
        "{reason}"
    );
}

#[test]
fn an_operator_lifts_a_fault_for_good() {
    let error = r#"(name: "e", at: "60s", for: "20s", every: "60s", inject: error(service: "api", status: 500))"#;
    let run = told(&system(
        2,
        error,
        r#""o": operator(at: "125s", do: [lift("e")])"#,
    ));
    assert_eq!(run.faults[0].periods, [(60.0, 80.0), (120.0, 125.0)]);
    assert_eq!(deeds(&run, "o"), [(125.0, "lift e")]);
    let late = told(&system(
        2,
        error,
        r#""o": operator(at: "1s", do: [lift("e")])"#,
    ));
    assert_eq!(late.faults[0].periods, []);
    assert_eq!(late.workloads["users"].failed, 0);
}

#[test]
fn an_operator_acts_when_something_has_held_for_a_while() {
    let error =
        r#"(name: "e", at: "60s", for: "100s", inject: error(service: "api", status: 500))"#;
    let operator = |more: &str| {
        format!(
            r#""o": operator(when: "success_ratio(users) < 50%", over: "4s", {more} do: [lift("e")])"#
        )
    };
    let acts = |more: &str| {
        let run = told(&system(2, error, &operator(more)));
        deeds(&run, "o").first().map(|(at, _)| *at)
    };
    // Half of the requests of four seconds have failed at 62 s, perhaps, and certainly more at 63 s.
    let first = acts("").unwrap();
    assert!([62.0, 63.0].contains(&first), "{first}");
    assert_eq!(acts(r#"for: "10s","#), Some(first + 10.0));
    assert_eq!(acts(r#"for: "10s", after: "30s","#), Some(first + 40.0));
    // What is over by then is left alone.
    assert_eq!(acts(r#"for: "10s", after: "2min","#), None);
}

#[test]
fn load_is_kept_away_and_turned_away() {
    let away = told(&system(
        2,
        "",
        r#""o": operator(at: "100s", do: [load("users", 0.2), wait("100s"), load("users", 1)])"#,
    ));
    let offered = away.workloads["users"].offered;
    // 200 s at 50/s and 100 s at 10/s, give or take five standard deviations.
    assert!((10_475..11_525).contains(&offered), "{offered}");
    assert_eq!(away.workloads["users"].failed, 0);

    let shed = told(&system(
        2,
        "",
        r#""o": operator(at: "100s", do: [shed("users", 0.8), wait("100s"), shed("users", 0)])"#,
    ));
    let users = &shed.workloads["users"];
    assert_eq!(users.failed, users.outcomes["rejected"]);
    assert!((3_700..4_300).contains(&users.failed), "{}", users.failed);
    assert_eq!(
        users.causes["users: rejected"], users.failed,
        "no service has refused them"
    );
    // The same requests come, whatever is done with them.
    assert_eq!(
        users.offered,
        told(&system(2, "", "")).workloads["users"].offered
    );
}

#[test]
fn parameters_change_in_a_running_system() {
    let slow = r#"(at: "60s", for: "100s", inject: slow(service: "api", add: "400ms"))"#;
    let set = |value: &str| {
        format!(
            r#""o": operator(at: "100s", do: [set("calls.\"users -> api\".timeout.after", "{value}")])"#
        )
    };
    let failed = |controllers: &str| told(&system(4, slow, controllers)).workloads["users"].failed;
    assert_eq!(failed(""), 0, "400 ms fit into the 500 ms");
    let from = failed(&set("200ms"));
    // From 100 s to 160 s all fail, and none before.
    assert!((2_700..3_300).contains(&from), "{from}");
    let run = told(&system(4, slow, &set("200ms")));
    let what = r#"set calls."users -> api".timeout.after = 200ms"#;
    assert_eq!(deeds(&run, "o"), [(100.0, what)]);
}

#[test]
fn permits_that_are_set_let_in_who_waits_for_one_and_take_none_away() {
    // Each call takes a second, and 2 permits are enough for two of four a second: those who come wait.
    let run = |controllers: &str| {
        told(&format!(
            r#"(
                duration: "60s", warmup: "0s", seed: 7,
                services: {{ "api": (threads: 100, endpoints: {{ "get": [work("1s")] }}) }},
                calls: {{ "users -> api": [bulkhead(permits: 2, queue: 1000)] }},
                workloads: {{ "users": open(rate: "4/s", arrivals: constant, to: "api/get") }},
                controllers: {{ {controllers} }},
            )"#
        ))
    };
    let answered = |controllers: &str| run(controllers).workloads["users"].ok;
    let set = |at: &str, permits: u32| {
        format!(
            r#"operator(at: "{at}", do: [set("calls.\"users -> api\".bulkhead.permits", {permits})])"#
        )
    };
    let without = answered("");
    assert!((116..=120).contains(&without), "{without}");
    // From 30 s on all that wait, some sixty, go in at once, and none that comes waits.
    let more = run(&format!(r#""o": {}"#, set("30s", 100)));
    let users = &more.workloads["users"];
    assert!((233..=237).contains(&users.ok), "{users:?}");
    let busy = more.services["api"].busy.max;
    assert!((50.0..=70.0).contains(&busy), "{busy}");
    // With one permit from 30 s on, those that are out come back and one at a time goes in.
    let fewer = answered(&format!(r#""o": {}"#, set("30s", 1)));
    assert!((86..=91).contains(&fewer), "{fewer}");
}

#[test]
fn a_rate_that_is_set_counts_from_then_on() {
    let limited = |controllers: &str| {
        told(&format!(
            r#"(
                duration: "100s", warmup: "0s", seed: 7,
                services: {{ "api": (threads: 100, endpoints: {{ "get": [work("1ms")] }}) }},
                calls: {{ "users -> api": [rate_limit(rate: "10/s", burst: 10000)] }},
                workloads: {{ "users": open(rate: "200/s", to: "api/get") }},
                controllers: {{ {controllers} }},
            )"#
        ))
        .workloads["users"]
            .ok
    };
    let set = r#"set("calls.\"users -> api\".rate_limit.rate", "100/s")"#;
    let (first, later) = (
        limited(""),
        limited(&format!(r#""o": operator(at: "50s", do: [{set}])"#)),
    );
    // The burst and a thousand tokens; or fifty seconds at 10/s, whose tokens are not counted again at 100/s.
    assert!((10_995..=11_005).contains(&first), "{first}");
    assert!((15_490..=15_510).contains(&later), "{later}");
}

#[test]
fn a_limit_that_is_set_holds_at_once() {
    for policy in ["gradient_limit", "adaptive_limit"] {
        let text = format!(
            r#"(
                duration: "60s", warmup: "0s", seed: 7,
                services: {{ "api": (threads: 1000, endpoints: {{ "get": [work("1s")] }}) }},
                calls: {{ "users -> api": [{policy}(initial: 20, least: 10, most: 200)] }},
                workloads: {{ "users": closed(users: 300, think: "100ms", to: "api/get") }},
                controllers: {{ "o": operator(at: "40s", do: [set("calls.\"users -> api\".{policy}.most", 20)]) }},
                hypothesis: (always: ["busy(api, max) in 45s..60s <= 20", "busy(api, max) in 30s..40s > 25"]),
            )"#
        );
        let run = told(&text);
        assert_eq!(
            run.hypothesis.verdict,
            Conclusion::Held,
            "{policy}: {run:#?}"
        );
    }
}

#[test]
fn users_who_do_not_think_stay_away_too() {
    let run = |controllers: &str| {
        told(&format!(
            r#"(
                duration: "100s", warmup: "0s", seed: 7,
                services: {{ "api": (threads: 100, endpoints: {{ "get": [work("100ms")] }}) }},
                workloads: {{ "users": closed(users: 100, think: "0s", to: "api/get") }},
                controllers: {{ {controllers} }},
            )"#
        ))
        .workloads["users"]
            .offered
    };
    let all = run("");
    let half = run(r#""o": operator(at: "50s", do: [load("users", 0.5)])"#);
    // A hundred users, 10 requests a second each, and about half of them for half of the time.
    assert!((99_000..=101_000).contains(&all), "{all}");
    assert!((68_000..=82_000).contains(&half), "{half}");
}

#[test]
fn a_thread_pool_that_is_set_smaller_or_larger_is_as_busy_as_its_threads_are() {
    // 50/s for 5 ms each keep a quarter of a thread busy.
    let set = |threads: &str| {
        let faults = r#"(at: "10s", for: "10s", inject: slow(service: "api", factor: 100))"#;
        let operator = format!(
            r#""o": operator(at: "15s", do: [set("services.api.threads", {threads}), wait("100s"), set("services.api.threads", 8)])"#
        );
        told(&system(1, faults, &operator)).services["api"].clone()
    };
    let (same, less, more) = (set("8"), set("1"), set("80"));
    // All eight for five seconds and a quarter of one else, 110 thread-seconds, and then some for what was slow: of
    // 8 threads for 300 s; of 8 for 200 s and of 1 or 80 for 100 s.
    let busy = [&same, &less, &more].map(|api| api.utilization);
    assert!((0.05..0.08).contains(&busy[0]), "{busy:?}");
    assert!((0.058..0.085).contains(&busy[1]), "{busy:?}");
    assert!((0.015..0.04).contains(&busy[2]), "{busy:?}");
    assert!(
        less.rejected > same.rejected && more.rejected < same.rejected,
        "{less:?} {more:?}"
    );
}

#[test]
fn instances_are_restarted_one_after_another() {
    let rolling =
        r#""o": operator(at: "60s", do: [restart(service: "api", boot: "5s", pause: "5s")])"#;
    let run = scenario(&system(3, "", rolling));
    let plan = plan::compile(&run).unwrap();
    let mut run = Run::new(
        &run,
        &plan,
        Options {
            seed: 7,
            ..Options::default()
        },
    );
    while !run.is_over() {
        run.window();
    }
    let up = &run.result().series.services["api"].up;
    let down: Vec<usize> = (0..up.len()).filter(|window| up[*window] < 3).collect();
    let expected = (60..65).chain(70..75).chain(80..85);
    assert_eq!(down, expected.collect::<Vec<_>>());
    assert!(up.iter().all(|up| *up >= 2), "one at a time");
}

#[test]
fn controllers_can_be_set_by_their_paths() {
    let text = system(1, r#"(at: "60s", inject: crash(service: "api"))"#, "");
    let text = text.replace("controllers: {  },", "");
    let settings = [
        r#"controllers."s"=supervisor(service: "api", backoff: "30s")"#,
        r#"controllers.s.backoff=20s"#,
    ];
    for (count, at) in [(1, 90.0), (2, 80.0)] {
        let settings = settings[..count].iter().map(|text| text.parse().unwrap());
        let settings: Vec<Override> = settings.collect();
        let loaded = load("a.ron", &[("a.ron", text.as_str())], &settings);
        let scenario = loaded.scenario.unwrap();
        let summary = experiment::run(&scenario, 7).unwrap().summary;
        assert_eq!(deeds(&summary, "s"), [(at, "start api#0")]);
    }
}

#[test]
fn a_fork_with_controllers_equals_a_run_from_scratch() {
    let text = system(
        3,
        r#"(at: "100s", for: "60s", inject: crash(service: "api", instances: one, lives: "1s")), (at: "120s", inject: crash(service: "api", instances: count(2)))"#,
        r#""s": supervisor(service: "api", backoff: "3s"),
           "o": operator(at: "50s", do: [set("services.api.queue.limit", 3), shed("users", 0.1)]),
           "p": operator(when: "offered(users) > 1/s", for: "20s", times: 3, do: [load("users", 0.9), wait("7s"), load("users", 1)])"#,
    );
    let scenario = scenario(&text);
    let plan = plan::compile(&scenario).unwrap();
    let calm = plan::Plan {
        faults: Vec::new().into(),
        ..plan.clone()
    };
    let options = Options {
        seed: 3,
        ..Options::default()
    };
    let mut straight = Run::new(&scenario, &plan, options.clone());
    while !straight.is_over() {
        straight.window();
    }
    let to = Run::last_calm_window(&plan, &options);
    assert_eq!(to.as_secs_f64(), 100.0);
    let mut beginning = Run::new(&scenario, &calm, options);
    while beginning.now() < to {
        beginning.window();
    }
    let mut fork = beginning.with_faults(&scenario, &plan).unwrap();
    while !fork.is_over() {
        fork.window();
    }
    let (straight, fork) = (straight.result(), fork.result());
    assert_eq!(straight.summary.digest, fork.summary.digest);
    assert_eq!(format!("{straight:?}"), format!("{fork:?}"));
    assert_eq!(deeds(&straight.summary, "p").len(), 6);
}

#[test]
fn says_what_cannot_be_done() {
    for (controllers, code, message) in [
        (
            r#""s": supervisor(service: "apy")"#,
            "V0002",
            "no service `apy`",
        ),
        (
            r#""s": supervisor(service: "api"), "t": supervisor(service: "api")"#,
            "V0025",
            "`s` watches over",
        ),
        (
            r#""o": operator(when: "recovery_time < 10s", do: [load("users", 0.5)])"#,
            "V0025",
            "known when the run is over",
        ),
        (
            r#""o": operator(when: "goodput(users) in 1s..9s < 1/s", do: [load("users", 0.5)])"#,
            "V0025",
            "names a stretch of time",
        ),
        (
            r#""o": operator(when: "goodput(user) < 1/s", do: [load("users", 0.5)])"#,
            "V0016",
            "no workload `user`",
        ),
        (
            r#""o": operator(at: "9min", do: [load("users", 0.5)])"#,
            "V0025",
            "the run is over",
        ),
        (
            r#""o": operator(at: "1s", do: [load("users", 1.5)])"#,
            "V0013",
            "from 0 to 1",
        ),
        (
            r#""o": operator(at: "1s", do: [lift("slow api")])"#,
            "V0025",
            "no fault `slow api`",
        ),
        (
            r#""o": operator(at: "1s", do: [restart(service: "api", instances: count(9))])"#,
            "V0010",
            "has 2 instances",
        ),
        (
            r#""o": operator(at: "1s", do: [set("services.api.replicas", 9)])"#,
            "V0025",
            "cannot change in a running system",
        ),
        (
            r#""o": operator(at: "1s", do: [set("calls.\"users -> api\".retry.backoff", "none")])"#,
            "V0025",
            "cannot change in a running system",
        ),
        (
            r#""o": operator(at: "1s", do: [set("calls.\"users -> api\".timeout.after", 5)])"#,
            "V0025",
            "cannot be set to `5`",
        ),
        (
            r#""o": operator(at: "1s", do: [set("calls.\"users -> api\".retry.attempts", 0)])"#,
            "V0025",
            "cannot be set to `0`",
        ),
    ] {
        let text = system(2, "", controllers);
        let found = load("a.ron", &[("a.ron", text.as_str())], &[])
            .scenario
            .unwrap_err();
        let said: Vec<String> = found
            .iter()
            .map(|found| format!("{} {}", found.code.as_str(), found.message))
            .collect();
        assert!(
            said.iter()
                .any(|said| said.starts_with(code) && said.contains(message)),
            "{controllers}: {said:#?}"
        );
    }
}

#[test]
fn says_what_has_nothing_to_do() {
    let slow = r#"(name: "slow", at: "60s", for: "10s", inject: slow(service: "api", factor: 2))"#;
    for (faults, controllers, expected) in [
        ("", r#""s": supervisor(service: "api")"#, "never acts"),
        (
            slow,
            r#""o": operator(at: "80s", do: [lift("slow")])"#,
            "nothing to lift",
        ),
        (
            "",
            r#""o": operator(at: "8s", do: [load("users", 0.5), wait("1s")])"#,
            "last action",
        ),
        (
            "",
            r#""o": operator(at: "8s", do: [load("users", 1)])"#,
            "asks all its requests already",
        ),
        (
            "",
            r#""o": operator(at: "8s", do: [shed("users", 0)])"#,
            "turned away anyway",
        ),
        (
            "",
            r#""o": operator(at: "8s", do: [set("services.api.queue.limit", 20)])"#,
            "is `20` already",
        ),
        (
            r#"(at: "60s", for: "10s", inject: crash(service: "api", lives: "1s"))"#,
            "",
            "nobody starts again",
        ),
    ] {
        let text = system(2, faults, controllers);
        let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
        assert!(loaded.scenario.is_ok(), "{:?}", loaded.scenario);
        let said: Vec<String> = loaded
            .warnings
            .iter()
            .map(|found| format!("{} {}", found.code.as_str(), found.message))
            .collect();
        assert!(
            said.iter()
                .any(|said| said.starts_with("W0035") && said.contains(expected)),
            "{controllers}: {said:#?}"
        );
    }
}
