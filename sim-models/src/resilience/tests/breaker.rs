//! The breaker alone: what opens it, how it is half open, late results, and what it tells.

use super::check;
use crate::resilience::PolicySpec;
use crate::scenario::explain::read_part;
use sim_core::SimTime;

#[test]
fn a_success_that_makes_the_minimum_opens_at_the_threshold() {
    check(
        r#"breaker(failure_rate: 0.5, minimum: 4, window: calls(4), open_for: "10s")"#,
        &[
            (
                "0 acquire a",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 acquire b",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 acquire c",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 acquire d",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "1 result a error",
                "ended, error, closed, calls 1.000, failure_rate 1.000, failures 1.000",
            ),
            (
                "1 result b error",
                "ended, error, closed, calls 2.000, failure_rate 1.000, failures 2.000",
            ),
            (
                "1 result c ok",
                "ended, ok, closed, calls 3.000, failure_rate 0.667, failures 2.000",
            ),
            (
                "1 result d ok",
                "ended, ok, open, open_for 10.000, opened=1",
            ),
            ("11 acquire a", "inside, half_open, opened=1, probes=1"),
            (
                "12 result a ok",
                "ended, ok, closed, calls 0.000, failure_rate 0.000, failures 0.000, closed=1, opened=1, probes=1",
            ),
        ],
    );
}

#[test]
fn slow_is_longer_than_its_limit() {
    check(
        r#"breaker(slow_rate: 1, slow_after: "1s", minimum: 2, window: time("10s"))"#,
        &[
            (
                "0 acquire a",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000, slow 0.000, slow_rate 0.000",
            ),
            (
                "0 acquire b",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000, slow 0.000, slow_rate 0.000",
            ),
            (
                "0 acquire c",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000, slow 0.000, slow_rate 0.000",
            ),
            (
                "1 result a ok",
                "ended, ok, closed, calls 1.000, failure_rate 0.000, failures 0.000, slow 0.000, slow_rate 0.000",
            ),
            (
                "1.001 result b ok",
                "ended, ok, closed, calls 2.000, failure_rate 0.000, failures 0.000, slow 1.000, slow_rate 0.500",
            ),
            (
                "1.001 result c ok",
                "ended, ok, closed, calls 3.000, failure_rate 0.000, failures 0.000, slow 2.000, slow_rate 0.667",
            ),
            (
                "1.5 look c",
                "ended, ok, closed, calls 3.000, failure_rate 0.000, failures 0.000, slow 2.000, slow_rate 0.667",
            ),
            (
                "9.999 look c",
                "ended, ok, closed, calls 3.000, failure_rate 0.000, failures 0.000, slow 2.000, slow_rate 0.667",
            ),
            (
                "10 look c",
                "ended, ok, closed, calls 3.000, failure_rate 0.000, failures 0.000, slow 2.000, slow_rate 0.667",
            ),
        ],
    );
}

#[test]
fn a_leaky_bucket_forgives_failures_that_come_slowly() {
    check(
        r#"breaker(leaky: (size: 2, leak: "1s"))"#,
        &[
            ("0 acquire a", "inside, closed, level 0.000"),
            ("0 acquire b", "inside, closed, level 0.000"),
            ("0 acquire c", "inside, closed, level 0.000"),
            ("0 acquire d", "inside, closed, level 0.000"),
            ("0 result a error", "ended, error, closed, level 1.000"),
            ("0.5 result b error", "ended, error, closed, level 1.500"),
            ("1.5 result c error", "ended, error, closed, level 1.500"),
            (
                "1.5 result d error",
                "ended, error, open, open_for 30.000, opened=1",
            ),
        ],
    );
}

#[test]
fn the_open_time_grows_in_whole_milliseconds_until_it_closes() {
    check(
        r#"breaker(failures: 1, open_for: "500ms", growth: 1.5, longest: "1500ms")"#,
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            (
                "0 result a error",
                "ended, error, open, open_for 0.500, opened=1",
            ),
            ("0.5 acquire a", "inside, half_open, opened=1, probes=1"),
            (
                "0.5 result a error",
                "ended, error, open, open_for 0.750, opened=2, probes=1",
            ),
            ("1.25 acquire a", "inside, half_open, opened=2, probes=2"),
            (
                "1.25 result a error",
                "ended, error, open, open_for 1.125, opened=3, probes=2",
            ),
            ("2.375 acquire a", "inside, half_open, opened=3, probes=3"),
            (
                "2.375 result a error",
                "ended, error, open, open_for 1.500, opened=4, probes=3",
            ),
            ("3.875 acquire a", "inside, half_open, opened=4, probes=4"),
            (
                "3.875 result a ok",
                "ended, ok, closed, failures_in_a_row 0.000, closed=1, opened=4, probes=4",
            ),
            (
                "3.875 acquire a",
                "inside, closed, failures_in_a_row 0.000, closed=1, opened=4, probes=4",
            ),
            (
                "3.875 result a error",
                "ended, error, open, open_for 0.500, closed=1, opened=5, probes=4",
            ),
        ],
    );
}

#[test]
fn probes_are_judged_together_and_their_time_is_bounded() {
    check(
        r#"breaker(failure_rate: 0.5, minimum: 1, open_for: "1s", half_open: (permits: 2, by_rates: true, at_most: "5s", closes_then: true), ignore: [rejected])"#,
        &[
            (
                "0 acquire a",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 result a error",
                "ended, error, open, open_for 1.000, opened=1",
            ),
            (
                "1 acquire a",
                "inside, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 5.000, permits 1.000, opened=1, probes=1",
            ),
            (
                "1 acquire b",
                "inside, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 5.000, permits 0.000, opened=1, probes=2",
            ),
            (
                "1 acquire c",
                "ended, breaker_open, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 5.000, permits 0.000, opened=1, probes=2, refused=1",
            ),
            (
                "2 result a rejected",
                "ended, rejected, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 4.000, permits 1.000, opened=1, probes=2, refused=1",
            ),
            (
                "2 acquire c",
                "inside, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 4.000, permits 0.000, opened=1, probes=3, refused=1",
            ),
            (
                "2 result b ok",
                "ended, ok, half_open, calls 1.000, failure_rate 0.000, failures 0.000, half_open_for 4.000, permits 0.000, opened=1, probes=3, refused=1",
            ),
            (
                "3 result c error",
                "ended, error, open, open_for 1.000, opened=2, probes=3, refused=1",
            ),
            (
                "4 acquire a",
                "inside, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 5.000, permits 1.000, opened=2, probes=4, refused=1",
            ),
            (
                "8.999 look a",
                "inside, half_open, calls 0.000, failure_rate 0.000, failures 0.000, half_open_for 0.001, permits 1.000, opened=2, probes=4, refused=1",
            ),
            (
                "9 look a",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000, opened=2, probes=4, refused=1",
            ),
        ],
    );
}

#[test]
fn a_timer_turns_it_half_open_at_the_wait() {
    check(
        r#"breaker(failures: 1, open_for: "1s", rules: (timer: true))"#,
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            (
                "0 result a error",
                "ended, error, open, open_for 1.000, opened=1",
            ),
            (
                "0.999 look a",
                "ended, error, open, open_for 0.001, opened=1",
            ),
            ("1 look a", "ended, error, half_open, opened=1"),
        ],
    );
}

#[test]
fn who_must_come_after_the_wait_is_refused_at_it() {
    check(
        r#"breaker(failures: 1, open_for: "1s", rules: (after: true))"#,
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            (
                "0 result a error",
                "ended, error, open, open_for 1.000, opened=1",
            ),
            (
                "1 acquire a",
                "ended, breaker_open, open, open_for 0.000, opened=1, refused=1",
            ),
            (
                "1.001 acquire a",
                "inside, half_open, opened=1, probes=1, refused=1",
            ),
        ],
    );
}

#[test]
fn those_without_a_permit_wait_for_the_probe() {
    check(
        r#"breaker(failures: 1, open_for: "1s", half_open: (waits: true))"#,
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            (
                "0 result a error",
                "ended, error, open, open_for 1.000, opened=1",
            ),
            ("1 acquire a", "inside, half_open, opened=1, probes=1"),
            ("1 acquire b", "parked, half_open, opened=1, probes=1"),
            ("1 acquire c", "parked, half_open, opened=1, probes=1"),
            (
                "2 result a ok",
                "ended, ok, closed, failures_in_a_row 0.000, closed=1, opened=1, probes=1",
            ),
            (
                "2 look b",
                "inside, closed, failures_in_a_row 0.000, closed=1, opened=1, probes=1",
            ),
            (
                "2 look c",
                "inside, closed, failures_in_a_row 0.000, closed=1, opened=1, probes=1",
            ),
        ],
    );
}

#[test]
fn late_results_count_where_they_arrive_if_it_says_so() {
    check(
        r#"breaker(failures: 1, open_for: "1s", rules: (late: counted))"#,
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            ("0 acquire b", "inside, closed, failures_in_a_row 0.000"),
            (
                "0 result a error",
                "ended, error, open, open_for 1.000, opened=1",
            ),
            ("1 acquire c", "inside, half_open, opened=1, probes=1"),
            (
                "1 result b ok",
                "ended, ok, closed, failures_in_a_row 0.000, closed=1, opened=1, probes=1",
            ),
            (
                "1 result c error",
                "ended, error, open, open_for 1.000, closed=1, opened=2, probes=1",
            ),
        ],
    );
}

#[test]
fn it_is_tripped_and_reset_by_hand() {
    check(
        r#"breaker(open_for: "1s")"#,
        &[
            ("0 trip", "nowhere, open, open_for 1.000, opened=1"),
            (
                "0.5 acquire a",
                "ended, breaker_open, open, open_for 0.500, opened=1, refused=1",
            ),
            (
                "1 acquire a",
                "inside, half_open, opened=1, probes=1, refused=1",
            ),
            (
                "2 trip",
                "nowhere, open, open_for 1.000, opened=2, probes=1, refused=1",
            ),
            (
                "2 reset",
                "nowhere, closed, failures_in_a_row 0.000, closed=1, opened=2, probes=1, refused=1",
            ),
            (
                "2 acquire b",
                "inside, closed, failures_in_a_row 0.000, closed=1, opened=2, probes=1, refused=1",
            ),
        ],
    );
}

#[test]
fn a_trip_that_holds_lasts_until_it_is_reset() {
    check(
        r#"breaker(rules: (trip_holds: true))"#,
        &[
            ("0 trip", "nowhere, forced_open, opened=1"),
            (
                "99 acquire a",
                "ended, breaker_open, forced_open, opened=1, refused=1",
            ),
            (
                "99 reset",
                "nowhere, closed, failures_in_a_row 0.000, closed=1, opened=1, refused=1",
            ),
            (
                "99 acquire a",
                "inside, closed, failures_in_a_row 0.000, closed=1, opened=1, refused=1",
            ),
        ],
    );
}

#[test]
fn old_results_stay_where_only_calls_turn_the_window() {
    check(
        r#"breaker(failure_rate: 0.5, minimum: 3, window: time(span: "5s", buckets: 5, moves: turns))"#,
        &[
            (
                "0 acquire a",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 acquire b",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 acquire c",
                "inside, closed, calls 0.000, failure_rate 0.000, failures 0.000",
            ),
            (
                "0 result a error",
                "ended, error, closed, calls 1.000, failure_rate 1.000, failures 1.000",
            ),
            (
                "0 result b error",
                "ended, error, closed, calls 2.000, failure_rate 1.000, failures 2.000",
            ),
            (
                "1000 result c error",
                "ended, error, open, open_for 30.000, opened=1",
            ),
        ],
    );
}

fn policy(text: &str) -> PolicySpec {
    read_part(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn it_says_what_it_still_needs_to_open() {
    for (text, why) in [
        ("breaker", "0 of 5 failures in a row"),
        (
            "breaker(failures: 3, failure_rate: 0.5, minimum: 10)",
            "0 of 3 failures in a row; 0 of the 10 calls without which no rate is judged",
        ),
        (
            r#"breaker(leaky: (size: 2, leak: "1s"))"#,
            "its leaky bucket holds 0 failures, and more than 2 open it",
        ),
        (
            r#"breaker(initial: open, open_for: "2s")"#,
            "it began so; open for another 2s",
        ),
        (
            "breaker(initial: half_open)",
            "it began so; the next result decides",
        ),
        (
            "breaker(initial: forced_open)",
            "forced open until it is reset",
        ),
        (
            "breaker(initial: forced_closed)",
            "forced closed: nothing opens it",
        ),
    ] {
        let spec = policy(text);
        assert_eq!(spec.why(&spec.memory(), SimTime::ZERO), why, "{text}");
    }
}

#[test]
fn it_says_when_it_can_never_open() {
    let never = |text: &str, rate: f64| policy(text).idle_at(rate);
    let rate = r#"breaker(failure_rate: 0.5, minimum: 100, window: time("10s"))"#;
    assert_eq!(
        never(rate, 3.0).unwrap(),
        "100 calls are needed before it is evaluated; at 3/s the window of 10s never holds that many"
    );
    assert_eq!(never(rate, 10.0), None);
    // A window by count fills at any rate, and failures in a row come at any rate.
    assert_eq!(
        never("breaker(failure_rate: 0.5, minimum: 100)", 0.001),
        None
    );
    assert_eq!(
        never(&rate.replace("minimum", "failures: 5, minimum"), 3.0),
        None
    );
    let leaky = r#"breaker(leaky: (size: 5, leak: "1s"))"#;
    assert_eq!(
        never(leaky, 0.5).unwrap(),
        "a failure leaks out every 1s; at 0.5/s the bucket of 5 never runs over"
    );
    assert_eq!(never(leaky, 2.0), None);
}

#[test]
fn what_cannot_be_is_refused() {
    for (text, field) in [
        ("breaker(failures: 0)", "failures"),
        ("breaker(failure_rate: 1.5)", "failure_rate"),
        ("breaker(failure_rate: 0.5, window: calls(0))", "window"),
        ("breaker(growth: 0.5)", "growth"),
        (
            "breaker(half_open: (permits: 1, results: 2))",
            "half_open.results",
        ),
        ("breaker(half_open: (by_rates: true))", "half_open.by_rates"),
        (
            "breaker(failure_rate: 0.5, rules: (judged: snapshots))",
            "rules.judged",
        ),
        (
            "breaker(failure_rate: 0.5, rules: (per_call: true))",
            "rules.per_call",
        ),
        (r#"breaker(leaky: (size: 1, leak: "0s"))"#, "leaky.leak"),
    ] {
        let wrong = policy(text).validate();
        assert_eq!(wrong.first().map(|wrong| wrong.0), Some(field), "{text}");
    }
}
