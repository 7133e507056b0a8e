//! The availability that is predicted against the one that is measured, where parts fail together, in
//! part, for a while, and where retries help or do not.
//!
//! Each system is run under three seeds; what is measured over all of them lies within five standard
//! errors of what is predicted, counting the instances and outages that decide, not single requests,
//! where these hang together.

use sim_models::experiment;

/// A system of a web tier, a database and advertisements.
struct System {
    /// Steps of the web tier.
    steps: &'static str,
    /// Fields of the database.
    db: &'static str,
    /// Fields of the web tier.
    web: &'static str,
    calls: &'static str,
    faults: &'static str,
    /// Shape of the load.
    shape: &'static str,
}

const PLAIN: System = System {
    steps: r#"call("db/q")"#,
    db: "",
    web: "",
    calls: "",
    faults: "",
    shape: "",
};

impl System {
    fn text(&self) -> String {
        let Self {
            steps,
            db,
            web,
            calls,
            faults,
            shape,
        } = self;
        format!(
            r#"(duration: "20min", regions: {{ "eu": ["a", "b", "c"] }}, hosts: {{ "h": "a" }},
                services: {{
                    "web": (threads: unbounded, {web} endpoints: {{ "buy": [{steps}] }}),
                    "db": (threads: unbounded, {db} endpoints: {{ "q": [work("1ms")], "w": [work("1ms"), fail(0.05)] }}),
                    "ads": (replicas: 2, threads: unbounded, endpoints: {{ "q": [work("1ms")] }}),
                }},
                calls: {{ {calls} }}, faults: [{faults}],
                workloads: {{ "u": open(rate: "50/s", to: "web/buy", shape: [{shape}]) }})"#
        )
    }

    /// What is predicted, and the mean of what is measured under three seeds.
    fn run(&self) -> (Option<f64>, f64) {
        let scenario = sim_tests::scenario(&self.text());
        let runs: Vec<_> = (1..=3)
            .map(|seed| {
                let run = experiment::run(&scenario, seed).expect("it can be run");
                run.summary.workloads["u"].clone()
            })
            .collect();
        let ended: u64 = runs
            .iter()
            .map(|run| run.ok + run.degraded + run.failed)
            .sum();
        let good: u64 = runs.iter().map(|run| run.ok + run.degraded).sum();
        let predicted = runs[0].availability.predicted;
        (predicted, good as f64 / ended as f64)
    }

    /// That `share` is predicted, and measured.
    #[track_caller]
    fn is(&self, share: f64) {
        let (predicted, measured) = self.run();
        let predicted = predicted.expect("it can be predicted");
        // What is under way at a crash is lost, too: a few milliseconds' worth of twenty minutes.
        assert!(
            (predicted - share).abs() < 1e-5,
            "{predicted} is predicted, not {share}"
        );
        // 180,000 requests come, Poisson, so that those in an outage of a known length scatter by at
        // most the root of their number, as do those that fail by chance.
        let error = (share * (1.0 - share) / 180_000.0).sqrt();
        assert!(
            (measured - share).abs() <= 5.0 * error + 1e-4,
            "{measured} is measured, {share} is predicted"
        );
    }
}

const CRASH: &str = r#"(at: "5min", for: "5min", inject: crash(service: "db"))"#;

#[test]
fn what_fails_together_is_not_independent() {
    System {
        steps: r#"call("db/q"), call("db/q")"#,
        faults: CRASH,
        ..PLAIN
    }
    .is(0.75);
    System {
        steps: r#"call("db/w"), call("db/w")"#,
        ..PLAIN
    }
    .is(0.95 * 0.95);
    // A zone takes web servers and databases with it: half of the calls of the other half still cross.
    System {
        web: r#"replicas: 2, zones: ["a", "b"],"#,
        db: r#"replicas: 2, zones: ["a", "b"],"#,
        faults: r#"(at: "5min", for: "5min", inject: crash(zone: "a"))"#,
        ..PLAIN
    }
    .is(0.75 + 0.25 * 0.25);
    // Two calls of one web server share its fate: cut off, or not.
    System {
        steps: r#"call("db/q"), call("db/q")"#,
        web: r#"replicas: 2, zones: ["a", "b"],"#,
        db: r#"zones: ["b"],"#,
        calls: r#""web -> db": [timeout("100ms")]"#,
        faults: r#"(at: "5min", for: "5min", inject: partition(link: "zone:a -> zone:b"))"#,
        ..PLAIN
    }
    .is(0.75 + 0.25 * 0.5);
    // Overlapping outages: 8 of 20 minutes in all.
    System {
        faults: r#"(name: "x", at: "5min", for: "5min", inject: crash(service: "db")),
            (name: "y", at: "8min", for: "5min", inject: crash(service: "web"))"#,
        ..PLAIN
    }
    .is(0.6);
}

#[test]
fn places_parts_and_times_count() {
    for faults in [
        r#"(at: "5min", for: "5min", inject: crash(region: "eu"))"#,
        r#"(at: "5min", for: "5min", inject: crash(host: "h"))"#,
        r#"(at: "5min", for: "1min", inject: crash(service: "db", boot: "4min"))"#,
        r#"(at: "5min", for: "5min", inject: error(workload: "u", service: "db"))"#,
    ] {
        let web = r#"hosts: ["h"],"#;
        System {
            web,
            faults,
            ..PLAIN
        }
        .is(0.75);
    }
    for faults in [
        r#"(at: "5min", for: "5min", inject: crash(service: "db", instances: one))"#,
        r#"(at: "5min", for: "5min", inject: error(service: "db", instances: only([2])))"#,
    ] {
        let db = "replicas: 3,";
        System {
            db,
            faults,
            ..PLAIN
        }
        .is(1.0 - 0.25 / 3.0);
    }
    System {
        faults: r#"(at: "5min", for: "10min", ramp: "5min", inject: error(service: "db"))"#,
        ..PLAIN
    }
    .is(1.0 - 0.25 / 2.0 - 0.25);
    System {
        faults: CRASH,
        shape: r#"spike(at: "5min", for: "5min", factor: 3)"#,
        ..PLAIN
    }
    .is(0.5);
}

#[test]
fn what_can_be_done_without_is_not_counted() {
    System {
        steps: r#"call(to: "db/q", optional: true)"#,
        faults: CRASH,
        ..PLAIN
    }
    .is(1.0);
    System {
        steps: r#"parallel(branches: [[call("db/q")], [call("ads/q")]], need: first(1))"#,
        faults: CRASH,
        ..PLAIN
    }
    .is(1.0);
    System {
        steps: r#"parallel(branches: [[call("db/q")], [call("db/q")], [call("db/q")]], need: first(2))"#,
        faults: r#"(at: "5min", for: "10min", share: 0.3, inject: error(service: "db"))"#,
        ..PLAIN
    }
    .is(0.5 + 0.5 * (0.343 + 3.0 * 0.49 * 0.3));
    // The mean of 0.95^n over 0 to 4 calls, and not 0.95 to the power of the mean.
    let mean = (1.0 + 0.95 * (1.0 + 0.95 * (1.0 + 0.95 * (1.0 + 0.95)))) / 5.0;
    System {
        steps: r#"repeat(uniform(0, 4), [call("db/w")])"#,
        ..PLAIN
    }
    .is(mean);
}

#[test]
fn retries_help_against_chance_and_against_what_is_over_in_time() {
    let three = r#""web -> db": [retry(attempts: 3, backoff: none), timeout("1s")]"#;
    System {
        calls: three,
        faults: r#"(at: "5min", for: "5min", share: 0.2, inject: error(service: "db"))"#,
        ..PLAIN
    }
    .is(1.0 - 0.25 * 0.008);
    System {
        calls: three,
        faults: CRASH,
        ..PLAIN
    }
    .is(0.75);
    // The next in turn is another one.
    System {
        db: "replicas: 3,",
        calls: three,
        faults: r#"(at: "5min", for: "5min", inject: crash(service: "db", instances: one))"#,
        ..PLAIN
    }
    .is(1.0);
    let waits = r#""web -> db": [retry(attempts: 2, backoff: constant(base: "1s", jitter: none)), timeout("1s")]"#;
    // 114 outages of half a second, each over when the second attempt comes; and of two seconds, of
    // which the first is too early for it.
    System {
        calls: waits,
        faults: r#"(at: "60s", every: "10s", for: "500ms", inject: crash(service: "db"))"#,
        ..PLAIN
    }
    .is(1.0);
    System {
        calls: waits,
        faults: r#"(at: "60s", every: "10s", for: "2s", inject: crash(service: "db"))"#,
        ..PLAIN
    }
    .is(1.0 - 114.0 / 1200.0);
}

#[test]
fn a_retry_budget_bounds_what_retries_can_do() {
    let system = System {
        calls: r#""web -> db": [retry(attempts: 3, backoff: none), retry_budget(ratio: 0.1), timeout("1s")]"#,
        faults: r#"(at: "1ms", for: "20min", share: 0.5, inject: error(service: "db"))"#,
        ..PLAIN
    };
    // One retry for ten calls, and half of these succeed.
    let (predicted, measured) = system.run();
    let predicted = predicted.expect("it can be predicted");
    assert!((predicted - 0.55).abs() < 0.001, "{predicted}");
    assert!((measured - 0.55).abs() < 0.01, "{measured}");
}

#[test]
fn faults_at_random_are_taken_at_their_share_of_time() {
    let system = System {
        faults: r#"(random: (mtbf: "20s", mttr: "5s"), inject: crash(service: "db"))"#,
        ..PLAIN
    };
    let (predicted, measured) = system.run();
    assert!((predicted.expect("it can be") - 0.8).abs() < 1e-9);
    // 144 outages of 5 s on average, exponential: the share of time scatters by about 2 % (the variance
    // of an alternating renewal process: 2 p^2 (1-p)^2 (m + r) / t).
    let error = (2.0 * 0.16_f64 * 0.16 * 25.0 / 3600.0).sqrt();
    assert!((measured - 0.8).abs() < 5.0 * error, "{measured}");
}

#[test]
fn what_cannot_be_predicted_is_unknown() {
    for (db, calls, faults) in [
        // Late, and somebody does not wait.
        (
            "",
            r#""web -> db": [timeout("100ms")]"#,
            r#"(at: "5min", for: "5min", inject: slow(service: "db", factor: 300))"#,
        ),
        (
            "",
            r#""web -> db": [timeout("100ms")]"#,
            r#"(at: "5min", for: "5min", inject: pause(service: "db"))"#,
        ),
        // Those that fail at once attract more.
        (
            "replicas: 3, balance: least_outstanding,",
            "",
            r#"(at: "5min", for: "5min", inject: crash(service: "db", instances: one))"#,
        ),
        // It may open by bad luck.
        (
            "",
            r#""web -> db": [breaker(failures: 3), timeout("1s")]"#,
            r#"(at: "5min", for: "5min", share: 0.5, inject: error(service: "db"))"#,
        ),
    ] {
        let system = System {
            db,
            calls,
            faults,
            ..PLAIN
        };
        assert_eq!(system.run().0, None, "{faults}");
    }
    // Late, but everybody waits and there is room.
    System {
        faults: r#"(at: "5min", for: "5min", inject: slow(service: "db", factor: 300))"#,
        ..PLAIN
    }
    .is(1.0);
}
