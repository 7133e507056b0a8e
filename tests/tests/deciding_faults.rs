//! Faults that decide about messages, requests and answers, by constant times; and what becomes of those that several
//! of them hit.

use sim_models::observe::summary::Summary;

/// A service `s` of two instances, each asked in turn, ten times a second.
fn run(service: &str, calls: &str, faults: &str) -> Summary {
    sim_tests::told(&format!(
        r#"(duration: "9950ms", services: {{ "s": (replicas: 2, {service} endpoints: {{ "e": [work("10ms")], "f": [work("10ms")] }}) }},
            links: {{ "* -> *": (latency: "1ms") }}, calls: {{ {calls} }},
            workloads: {{ "w": open(rate: "10/s", to: "s/e", arrivals: constant), "v": open(rate: "10/s", to: "s/f", arrivals: constant) }},
            faults: [{faults}])"#
    ))
}

/// (ok, failed) of a workload.
fn ends(summary: &Summary, workload: &str) -> (u64, u64) {
    let load = &summary.workloads[workload];
    (load.ok, load.failed)
}

#[test]
fn a_request_that_comes_twice_is_worked_on_twice_and_answered_once() {
    let twice = r#"(at: "0s", inject: duplicate(link: "w -> s", rate: 1, direction: to))"#;
    let (plain, summary) = (run("", "", ""), run("", "", twice));
    assert_eq!(ends(&summary, "w"), ends(&plain, "w"));
    assert_eq!(summary.workloads["w"].latency, plain.workloads["w"].latency);
    let (before, after) = (&plain.services["s"], &summary.services["s"]);
    let sent = summary.edges["w -> s"].attempts;
    assert_eq!(sent, plain.edges["w -> s"].attempts);
    assert_eq!(after.arrivals, before.arrivals + sent);
    assert_eq!(after.endpoints["e"].ok, 2 * before.endpoints["e"].ok);
    assert_eq!(after.endpoints["f"].ok, before.endpoints["f"].ok);
    assert_eq!(summary.faults[0].touched, sent);
    // A third of all that is worked on is for nobody.
    assert!(
        after
            .doomed_share
            .is_some_and(|share| (share - 1.0 / 3.0).abs() < 0.01),
        "{after:?}"
    );
}

#[test]
fn the_second_copy_of_an_answer_makes_no_difference() {
    let twice = r#"(at: "0s", inject: duplicate(link: "w -> s", rate: 1, direction: from))"#;
    let (plain, summary) = (run("", "", ""), run("", "", twice));
    assert_eq!(summary.services, plain.services);
    assert_eq!(ends(&summary, "w"), ends(&plain, "w"));
    assert_eq!(summary.workloads["w"].latency, plain.workloads["w"].latency);
    assert_eq!(summary.faults[0].touched, summary.edges["w -> s"].attempts);
}

#[test]
fn two_faults_that_send_twice_send_twice() {
    let twice = r#"(at: "0s", inject: duplicate(link: "w -> s", rate: 1))"#;
    let one = run("", "", twice);
    let both = run(
        "",
        "",
        &format!("{twice}, {}", twice.replace("w -> s", "* -> s")),
    );
    let extra = both.edges["v -> s"].attempts;
    assert_eq!(
        both.services["s"].arrivals,
        one.services["s"].arrivals + extra
    );
}

#[test]
fn a_lost_message_does_not_come_twice() {
    let faults = r#"(at: "0s", inject: duplicate(link: "w -> s", rate: 1)), (at: "0s", inject: partition(link: "w -> s"))"#;
    let limit = r#""w -> s": [timeout("100ms")]"#;
    assert_eq!(
        run("", limit, faults).services["s"].endpoints["e"].arrivals,
        0
    );
}

#[test]
fn wrong_answers_cost_what_right_ones_cost() {
    let wrong = |share: f64| {
        format!(r#"(at: "0s", share: {share}, inject: wrong_answer(service: "s", endpoint: "e"))"#)
    };
    let (plain, all, half) = (
        run("", "", ""),
        run("", "", &wrong(1.0)),
        run("", "", &wrong(0.5)),
    );
    let count = plain.workloads["w"].ok;
    assert_eq!(ends(&all, "w"), (0, count));
    assert_eq!(ends(&all, "v"), ends(&plain, "v"));
    assert_eq!(all.workloads["w"].causes["s: error"], count);
    assert_eq!(all.services["s"].busy, plain.services["s"].busy);
    assert_eq!(all.services["s"].failed, count);
    assert_eq!(
        all.workloads["w"].latency_true.max,
        plain.workloads["w"].latency_true.max
    );
    let failed = half.workloads["w"].failed;
    assert!(
        failed > count / 3 && failed < count * 2 / 3,
        "{failed} of {count}"
    );
    assert_eq!(half.faults[0].touched, failed);
}

#[test]
fn what_has_failed_by_itself_is_no_wrong_answer() {
    let faults = r#"(at: "0s", inject: error(service: "s")), (at: "0s", inject: wrong_answer(service: "s", status: 500))"#;
    let summary = run("", "", faults);
    assert_eq!(summary.faults[1].touched, 0);
    assert_eq!(ends(&summary, "w").0, 0);
}

#[test]
fn the_first_requests_of_each_period_fail_at_each_instance() {
    let fault = |rest: &str| {
        format!(r#"(at: "2s", {rest} inject: transient(service: "s", endpoint: "e", first: 3))"#)
    };
    // Two instances, one period.
    assert_eq!(run("", "", &fault("")).workloads["w"].failed, 6);
    assert_eq!(run("", "", &fault("")).faults[0].touched, 6);
    // Four periods in ten seconds.
    let again = run("", "", &fault(r#"for: "1s", every: "2s","#));
    assert_eq!(again.workloads["w"].failed, 24);
    assert_eq!(again.workloads["v"].failed, 0);
    // So short a period that not all three come at each.
    assert_eq!(
        run("", "", &fault(r#"for: "450ms","#)).workloads["w"].failed,
        5
    );
    // One instance of the two.
    let one =
        r#"(at: "2s", inject: transient(service: "s", instances: one, first: 3, endpoint: "e"))"#;
    assert_eq!(run("", "", one).workloads["w"].failed, 3);
}

/// Each counts for itself: what the one answers the other does not see.
#[test]
fn transient_faults_come_one_after_the_other() {
    let one = r#"(at: "2s", inject: transient(service: "s", endpoint: "e", first: 3))"#;
    let both = run(
        "",
        "",
        &format!("{one}, {}", one.replace("first: 3", "first: 2")),
    );
    assert_eq!(both.workloads["w"].failed, 10);
    assert_eq!((both.faults[0].touched, both.faults[1].touched), (6, 4));
}

#[test]
fn a_retry_hides_what_passes() {
    let calls = r#""w -> s": [retry(attempts: 2, backoff: none)]"#;
    let fault = r#"(at: "2s", inject: transient(service: "s", endpoint: "e", first: 1))"#;
    let summary = run("", calls, fault);
    // The second attempt meets the other instance, which has its first request yet to fail.
    assert_eq!(summary.workloads["w"].failed, 1);
    let calls = r#""w -> s": [retry(attempts: 3, backoff: none)]"#;
    assert_eq!(run("", calls, fault).workloads["w"].failed, 0);
}

#[test]
fn what_cannot_be_is_refused() {
    for (fault, words) in [
        (r#"duplicate(link: "w -> s", rate: 0)"#, "above 0"),
        (r#"duplicate(link: "w -> s", rate: 1.5)"#, "up to 1"),
        (r#"transient(service: "s", first: 0)"#, "at least 1"),
        (
            r#"transient(service: "s", first: 1, status: 200)"#,
            "from 400 to 599",
        ),
        (
            r#"wrong_answer(service: "s", status: 600)"#,
            "from 400 to 599",
        ),
    ] {
        let text = format!(
            r#"(duration: "5s", services: {{ "s": (endpoints: {{ "e": [work("1ms")] }}) }},
                workloads: {{ "w": open(rate: "1/s", to: "s/e") }}, faults: [(at: "1s", inject: {fault})])"#
        );
        let loaded = sim_models::input::load("t.ron", &[("t.ron", text.as_str())], &[]);
        let wrong = loaded.scenario.expect_err(fault);
        assert!(
            wrong.iter().any(|found| found.message.contains(words)),
            "{fault}: {wrong:#?}"
        );
    }
}

/// What cannot be known without a run is not predicted.
#[test]
fn nothing_is_predicted_of_what_is_unforeseen() {
    let predicted = |faults: &str| run("", "", faults).workloads["w"].availability.predicted;
    assert!(predicted("").is_some());
    let wrong = r#"(at: "0s", share: 0.25, inject: wrong_answer(service: "s"))"#;
    assert!(predicted(wrong).is_some_and(|ok| (ok - 0.75).abs() < 1e-9));
    assert_eq!(
        predicted(r#"(at: "2s", inject: transient(service: "s", first: 3))"#),
        None
    );
    assert_eq!(
        predicted(r#"(at: "2s", inject: duplicate(link: "w -> s", rate: 0.5))"#),
        None
    );
}
