//! Balancers and queue orders in whole systems, against theory or by hand.

use sim_models::observe::summary::Summary;
use sim_tests::{scenario, summary};

/// A second of warm-up and so many seconds of one service, its callers and what goes wrong.
fn system(seconds: u32, service: &str, calls: &str, loads: &str, faults: &str) -> String {
    format!(
        r#"(duration: "{seconds}s", warmup: "1s", services: {{ "s": ({service}) }},
            calls: {{ {calls} }}, workloads: {{ {loads} }}, faults: [{faults}])"#
    )
}

fn arrivals(summary: &Summary) -> Vec<u64> {
    let instances = summary.services["s"].instances.iter();
    instances.map(|instance| instance.arrivals).collect()
}

fn p(summary: &Summary, workload: &str, ok: bool) -> f64 {
    let workload = &summary.workloads[workload];
    let ratio = workload.success_ratio.expect("somebody asked");
    if ok { ratio } else { 1.0 - ratio }
}

#[test]
fn weights_share_the_load_and_a_crash_leaves_the_rest_to_the_others() {
    let service = r#"replicas: 3, balance: weighted_round_robin([5, 2, 1]), endpoints: { "x": [wait("1ms")] }"#;
    let load = r#""u": open(rate: "800/s", to: "s/x")"#;
    let told = summary(&system(21, service, "", load, ""), 1);
    let all: u64 = arrivals(&told).iter().sum();
    for (arrivals, share) in arrivals(&told).into_iter().zip([5.0, 2.0, 1.0]) {
        let wanted = all as f64 * share / 8.0;
        assert!(
            (arrivals as f64 - wanted).abs() <= 2.0,
            "{arrivals} {wanted}"
        );
    }
}

#[test]
fn two_choices_keep_queues_shorter_than_chance_and_turns() {
    // Supermarket model: at load 0.9 a queue is longer than i with probability 0.9^(2^(i+1) - 1), against 0.9^(i+1)
    // by chance (Mitzenmacher 2001). With 50 instances the share of requests that wait behind four or more follows.
    let waits = |balance: &str| {
        let service = format!(
            r#"replicas: 50, threads: 1, queue: (limit: unbounded), backlog: 0, balance: {balance}, endpoints: {{ "x": [work(exponential("10ms"))] }}"#
        );
        let load = r#""u": open(rate: "4500/s", to: "s/x")"#;
        let told = summary(&system(31, &service, "", load, ""), 2);
        told.workloads["u"]
            .latency
            .mean
            .expect("somebody was answered")
    };
    // Mean time in the system over the time of service: 1/(1 - 0.9) = 10 by chance; for two choices the sum of
    // 0.9^((2^i - 2)/(2 - 1)) over i from 1 on is 2.61 with very many instances.
    let (random, two) = (waits("random") / 0.01, waits("power_of_two") / 0.01);
    assert!((8.5..11.5).contains(&random), "{random}");
    assert!((2.4..3.0).contains(&two), "{two}");
}

#[test]
fn peak_ewma_notices_a_slow_instance_that_counts_do_not_show() {
    let p99 = |balance: &str| {
        let service = format!(
            r#"replicas: 4, threads: 64, balance: {balance}, endpoints: {{ "x": [work(exponential("10ms"))] }}"#
        );
        let load = r#""u": open(rate: "40/s", to: "s/x")"#;
        let fault = r#"(at: "2s", inject: slow(service: "s", factor: 20, instances: only([2])))"#;
        let told = summary(&system(61, &service, "", load, fault), 3);
        (told.workloads["u"].latency.p99.unwrap(), arrivals(&told)[2])
    };
    let (turns, _) = p99("round_robin");
    let (two, _) = p99("power_of_two");
    let (ewma, asked) = p99("peak_ewma");
    assert!(turns > 0.5, "{turns}");
    assert!(two > 0.3, "{two}");
    assert!(ewma < 0.15 && ewma < two / 3.0, "{ewma} {two}");
    // It is asked again now and then, when what is known of it has faded.
    assert!(asked > 0 && asked < 100, "{asked}");
}

#[test]
fn panic_sends_to_all_where_too_few_are_left() {
    let lost = |panic: f64| {
        let service = format!(
            r#"replicas: 4, threads: 64, balance: round_robin(panic: {panic}), endpoints: {{ "x": [work("5ms")] }}"#
        );
        let calls =
            r#""u -> s": [outlier_ejection(failures: 2, base: "100s", share: 1, panic: 0)]"#;
        let load = r#""u": open(rate: "100/s", to: "s/x")"#;
        let fault = r#"(at: "2s", inject: error(service: "s", instances: only([0, 1, 3])))"#;
        p(
            &summary(&system(21, &service, calls, load, fault), 4),
            "u",
            false,
        )
    };
    // One of four is left: 0.25. Nobody is ejected where that is less than the threshold.
    let (calm, panics) = (lost(0.25), lost(0.26));
    assert!(calm < 0.01, "{calm}");
    assert!((0.6..0.75).contains(&panics), "{panics}");
}

#[test]
fn further_tries_go_to_instances_that_have_not_been_asked() {
    // Two of three fail every request. Three attempts at three different ones always find the third; at random ones,
    // 8 of 27 do not.
    let lost = |policy: &str, balance: &str| {
        let service =
            format!(r#"replicas: 3, balance: {balance}, endpoints: {{ "x": [wait("1ms")] }}"#);
        let calls = format!(r#""u -> s": [{policy}]"#);
        let load = r#""u": open(rate: "200/s", to: "s/x")"#;
        let fault = r#"(at: "0s", inject: error(service: "s", instances: only([0, 2])))"#;
        p(
            &summary(&system(21, &service, &calls, load, fault), 5),
            "u",
            false,
        )
    };
    let blind = lost("retry(attempts: 3, backoff: none)", "random");
    assert!((blind - 8.0 / 27.0).abs() < 0.03, "{blind}");
    for balance in [
        "random",
        "round_robin",
        "least_outstanding",
        "power_of_two",
        "peak_ewma",
        "weighted_round_robin([2, 1])",
    ] {
        for policy in [
            "retry(attempts: 3, backoff: none, another_instance: true)",
            r#"hedge(after: "1s", attempts: 3)"#,
            // Those of all policies of a call are the call's.
            r#"hedge(after: "1s", attempts: 3), retry(attempts: 1)"#,
        ] {
            let lost = lost(policy, balance);
            assert_eq!(lost, 0.0, "{policy} {balance}");
        }
    }
    // Once all have been asked, anybody is asked again.
    let fourth = lost(
        "retry(attempts: 4, backoff: none, another_instance: true)",
        "random",
    );
    assert_eq!(fourth, 0.0);
}

/// Twice the load that four threads can carry, whose callers wait for half a second.
fn overload(order: &str, calls: &str) -> Summary {
    let service = format!(
        r#"threads: 4, queue: (limit: unbounded, order: {order}), backlog: 0, endpoints: {{ "x": [work(exponential("10ms"))] }}"#
    );
    let load = r#""u": open(rate: "800/s", to: "s/x")"#;
    summary(&system(41, &service, calls, load, ""), 6)
}

#[test]
fn codel_keeps_delays_near_its_target_in_an_overload_that_lasts() {
    let waits = |order: &str| {
        let told = overload(order, "");
        let ok = &told.workloads["u"];
        (ok.latency.p50.unwrap(), ok.goodput.unwrap())
    };
    let (fifo, _) = waits("fifo");
    assert!(fifo > 5.0, "everybody waits for longer and longer: {fifo}");
    // Whoever is served has waited for no longer than twice the target, but a few; and nobody idles.
    let (late, goodput) = waits(r#"codel(target: "20ms", interval: "100ms", drop: all_late)"#);
    assert!((0.01..0.055).contains(&late), "{late}");
    assert!((380.0..420.0).contains(&goodput), "{goodput}");
    // The law of RFC 8289 drops ever more: in the end as many as are too many, at 400 drops a second one each
    // 100/sqrt(n) ms, which takes 2 * sqrt(n) * 100 ms, n = 1600: eight seconds. Then it is near the target, too.
    let told = overload(r#"codel(target: "20ms", interval: "100ms")"#, "");
    let late = told.workloads["u"].latency.p50.unwrap();
    assert!(late < 1.0, "{late}");
}

#[test]
fn who_comes_last_is_served_in_time_when_nobody_can_serve_all() {
    let goodput = |order: &str| {
        let told = overload(order, r#""u -> s": [timeout("200ms")]"#);
        told.workloads["u"].goodput.unwrap()
    };
    assert!(goodput("fifo") < 20.0);
    for order in [
        "lifo",
        "adaptive_lifo(above: 8)",
        r#"adaptive_lifo(above: 8, drop_after: "100ms")"#,
        r#"codel(target: "20ms", interval: "100ms", drop: all_late)"#,
    ] {
        let goodput = goodput(order);
        assert!(goodput > 370.0, "{order}: {goodput}");
    }
}

#[test]
fn the_earliest_deadline_meets_deadlines_that_first_come_misses() {
    // Requests of two kinds share a server that is nearly full, in bursts: ten come at once each 110 ms and take 10 ms
    // each. The last five are urgent.
    let met = |order: &str| {
        let service = format!(
            r#"threads: 1, queue: (limit: unbounded, order: {order}), backlog: 0, endpoints: {{ "x": [work("10ms")] }}"#
        );
        let calls = r#""a -> s": [deadline(after: "150ms", propagate: true)], "b -> s": [deadline(after: "65ms", propagate: true)]"#;
        let loads = r#""a": open(rate: "9.090909/s", arrivals: constant, batch: 5, to: "s/x"),
            "b": open(rate: "9.090909/s", arrivals: constant, batch: 5, to: "s/x")"#;
        let told = summary(&system(31, &service, calls, loads, ""), 7);
        (p(&told, "a", true), p(&told, "b", true))
    };
    assert_eq!(met("edf"), (1.0, 1.0));
    let (patient, urgent) = met("fifo");
    assert_eq!(patient, 1.0);
    assert!(urgent < 0.5, "{urgent}");
}

#[test]
fn tenants_get_equal_shares_whatever_they_ask_for() {
    // 400 a second can be served. One tenant asks for 1000, two for 100 each: those get all, and the first the rest.
    let goodput = |order: &str| {
        let service = format!(
            r#"threads: 4, queue: (limit: 40, order: {order}), backlog: 0, endpoints: {{ "x": [work(exponential("10ms"))] }}"#
        );
        let loads = r#""flood": open(rate: "1000/s", tenant: "loud", to: "s/x"),
            "a": open(rate: "100/s", tenant: "a", to: "s/x"), "b": open(rate: "100/s", tenant: "b", to: "s/x")"#;
        let told = summary(&system(61, &service, "", loads, ""), 8);
        ["flood", "a", "b"].map(|load| told.workloads[load].goodput.unwrap())
    };
    let [flood, a, b] = goodput("fifo");
    assert!(flood > 300.0 && a < 40.0 && b < 40.0, "{flood} {a} {b}");
    let [flood, a, b] = goodput("fair");
    for quiet in [a, b] {
        assert!((98.0..102.0).contains(&quiet) || quiet > 97.0, "{quiet}");
    }
    assert!((190.0..210.0).contains(&flood), "{flood}");
    // Three who all ask for too much get a third each.
    let service = r#"threads: 4, queue: (limit: 40, order: fair), backlog: 0, endpoints: { "x": [work(exponential("10ms"))] }"#;
    let loads = r#""flood": open(rate: "1000/s", tenant: "loud", to: "s/x"),
        "a": open(rate: "300/s", tenant: "a", to: "s/x"), "b": open(rate: "200/s", tenant: "b", to: "s/x")"#;
    let told = summary(&system(61, service, "", loads, ""), 9);
    for load in ["flood", "a", "b"] {
        let share = told.workloads[load].goodput.unwrap() / 400.0;
        assert!((share - 1.0 / 3.0).abs() < 0.01, "{load}: {share}");
    }
}

#[test]
fn those_who_are_dropped_are_counted_as_rejected() {
    let told = overload(
        r#"codel(target: "20ms", interval: "100ms", drop: all_late)"#,
        "",
    );
    let service = &told.services["s"];
    assert!(service.rejected > 0);
    assert_eq!(
        told.workloads["u"].outcomes.get("rejected").copied(),
        Some(service.rejected)
    );
}

#[test]
fn parts_of_a_balancer_and_of_an_order_can_be_set() {
    use sim_models::input::load;
    use sim_models::scenario::Override;
    let text = system(
        5,
        r#"replicas: 2, balance: peak_ewma, queue: (limit: 9, order: codel), endpoints: { "x": [work("1ms")] }"#,
        "",
        r#""u": open(rate: "10/s", to: "s/x")"#,
        "",
    );
    let set: Vec<Override> = [
        r#"services.s.balance.panic=0.5"#,
        r#"services.s.balance.decay="3s""#,
        r#"services.s.queue.order.target="9ms""#,
    ]
    .iter()
    .map(|set| set.parse().expect("a path and a value"))
    .collect();
    let loaded = load("t", &[("t", text.as_str())], &set);
    let changed = loaded.scenario.unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let wanted = text
        .replace("peak_ewma", r#"peak_ewma(panic: 0.5, decay: "3s")"#)
        .replace("codel", r#"codel(target: "9ms")"#);
    assert_eq!(changed, scenario(&wanted));
}
