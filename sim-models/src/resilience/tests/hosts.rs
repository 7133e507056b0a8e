//! Policies that judge the instances of a callee, and those that ask more than one.

use super::{check, json};
use crate::outcome::{Ending, Outcome};
use crate::resilience::trace::{Line, Trace};
use crate::resilience::{Context, Ended, PolicySpec};
use crate::scenario::explain::read_part;
use sim_core::SimTime;

/// Drives an ejection of five instances, each line `t callee outcome`, and tells who is out after each.
fn out(policy: &str, script: &[(f64, u16, &str, bool)]) {
    let spec: PolicySpec = read_part(policy).unwrap();
    assert_eq!(spec.validate(), [], "{policy}");
    let mut trace = Trace::new(&spec);
    for (number, (t, callee, outcome, ejected)) in script.iter().enumerate() {
        let come = format!(r#"{{"t": {t}, "op": "acquire", "id": {number}, "callees": 5}}"#);
        let line: Line = serde_json::from_str(&come).unwrap();
        trace.line(&line).unwrap();
        let come = format!(
            r#"{{"t": {t}, "op": "result", "id": {number}, "callee": {callee}, {outcome}}}"#
        );
        let line: Line = serde_json::from_str(&come).unwrap();
        let state = trace.line(&line).unwrap().state;
        let wanted = if *ejected { "ejected" } else { "in" };
        assert_eq!(
            state, wanted,
            "{policy}, line {number}: {t} {callee} {outcome}"
        );
    }
}

const OK: &str = r#""outcome": "ok""#;
const ERROR: &str = r#""outcome": "error""#;
const LATE: &str = r#""outcome": "timeout_attempt""#;

#[test]
fn a_rate_far_below_the_others_ejects_at_the_sweep() {
    // Rates of 50, 100, 100, 100, 100: mean 90, deviation 20, least 52 (Envoy, outlier_detection_impl.cc,
    // successRateEjectionThreshold, the example of its comment).
    let mut script = vec![(1.0, 0, ERROR, false), (1.0, 0, OK, false)];
    for callee in 1..5 {
        script.extend([(1.0, callee, OK, false), (1.0, callee, OK, false)]);
    }
    // At exactly the sweep it is out; and after the first sweep at which three seconds have passed it is back.
    script.extend([
        (9.999, 0, OK, false),
        (10.0, 0, OK, true),
        (12.999, 0, ERROR, true),
        (19.999, 0, ERROR, true),
        (20.0, 0, OK, false),
    ]);
    script.remove(10);
    let policy = "outlier_ejection(failures: 0, interval: \"10s\", base: \"3s\", rules: [success_rate(volume: 2)])";
    out(policy, &script);
    // One deviation less, and it stays: 50 is not below 90 - 2 * 20.
    let policy = "outlier_ejection(failures: 0, interval: \"10s\", base: \"3s\", rules: [success_rate(volume: 2, deviations: 2)])";
    for line in &mut script {
        line.3 = false;
    }
    out(policy, &script);
}

#[test]
fn errors_that_the_caller_finds_are_told_apart_where_it_is_said() {
    let policy = "outlier_ejection(failures: 0, interval: \"1s\", split: true, share: 1, rules: [in_a_row(failures: 2), in_a_row(failures: 3, of: local)])";
    out(
        policy,
        &[
            (0.0, 0, ERROR, false),
            (0.0, 0, LATE, false),
            (0.0, 0, LATE, false),
            // Not a third local one, but a second server error: what was found in between was no answer.
            (0.0, 0, ERROR, true),
            (0.0, 1, LATE, false),
            (0.0, 1, LATE, false),
            (0.0, 1, LATE, true),
        ],
    );
    let policy = "outlier_ejection(failures: 0, interval: \"1s\", rules: [in_a_row(failures: 2, of: gateway_errors)])";
    out(
        policy,
        &[
            // 504, then 500, which is no gateway error, then 503 and 504.
            (0.0, 0, LATE, false),
            (0.0, 0, ERROR, false),
            (0.0, 0, r#""outcome": "rejected""#, false),
            (0.0, 0, LATE, true),
        ],
    );
}

#[test]
fn who_is_out_and_why_is_told() {
    let spec: PolicySpec = read_part(
        "outlier_ejection(failures: 0, interval: \"10s\", rules: [in_a_row(failures: 1)])",
    )
    .unwrap();
    let (mut memory, mut call, mut counters) = (spec.memory(), spec.begin(), [0; 2]);
    let mut context = Context {
        attempts: 1,
        callees: 3,
        ..Context::new(SimTime(1_000_000_000), &mut counters)
    };
    spec.on_enter(&mut memory, &mut call, &mut context);
    let ended = Ended {
        ending: Ending::of(Outcome::Error),
        callee: 2,
        ..Ended::default()
    };
    spec.on_leave(&mut memory, &mut call, &ended, &mut context);
    assert_eq!(
        spec.why(&memory, SimTime(2_000_000_000)),
        "instance 2 is out until the first sweep from 31s on: 1 server errors in a row"
    );
    let rates = "outlier_ejection(failures: 0, interval: \"10s\", rules: [success_rate()])";
    let spec: PolicySpec = read_part(rates).unwrap();
    assert_eq!(
        spec.idle_at(3.0).unwrap(),
        "5 instances with 100 requests each within 10s are needed before it is judged; at 3/s no more than 30 come to all of them"
    );
    assert_eq!(spec.idle_at(50.0), None);
}

#[test]
fn what_cannot_eject_anybody_is_refused() {
    for (policy, wanted) in [
        ("outlier_ejection(failures: 0)", "failures"),
        (
            "outlier_ejection(rules: [success_rate()])",
            "give an `interval`",
        ),
        (
            "outlier_ejection(interval: \"1s\", rules: [success_rate(of: local)])",
            "`split: true`",
        ),
        (
            "outlier_ejection(interval: \"1s\", rules: [failure_rate(of: gateway_errors)])",
            "rates are of",
        ),
        (
            "outlier_ejection(rules: [in_a_row(failures: 1), in_a_row(failures: 2)])",
            "counted once",
        ),
        ("outlier_ejection(jitter: \"1s\")", "interval"),
        ("failure_accrual(failures: 0, success_rate: 0)", "failures"),
        ("fallback(most: 1)", "give `to`"),
        (
            "hedge(after: \"1s\", learn: percentile(rank: 2))",
            "`rank` must be 0 to 1",
        ),
        (
            "hedge(after: \"1s\", learn: average(), result: first)",
            "no room",
        ),
    ] {
        let spec: PolicySpec = read_part(policy).unwrap();
        let wrong = spec.validate();
        assert!(
            wrong
                .iter()
                .any(|(field, why)| *field == wanted || why.contains(wanted)),
            "{policy}: {wrong:?}"
        );
    }
}

#[test]
fn an_instance_is_probed_before_it_is_trusted_again() {
    // Finagle 24.8, FailureAccrualFactory.scala: Alive, Dead, ProbeOpen, ProbeClosed.
    let policy = "failure_accrual(failures: 2, success_rate: 0, base: \"5s\", longest: \"5s\")";
    let spec: PolicySpec = read_part(policy).unwrap();
    let mut trace = Trace::new(&spec);
    for (text, state) in [
        ("0 acquire a callee=0", "alive"),
        ("0 acquire b callee=0", "alive"),
        ("0 acquire c callee=0", "alive"),
        ("1 result a error callee=0", "alive"),
        ("2 result b error callee=0", "dead"),
        // It is let through all the same: balancers pass it by.
        ("6.999 acquire a callee=0", "dead"),
        // A failure while it is dead counts nowhere.
        ("6.999 result a error callee=0", "dead"),
        ("7 look c", "probe_open"),
        ("7 acquire a callee=0", "probe_closed"),
        ("7 acquire b callee=0", "probe_closed"),
        // What is given up says nothing: the next one is a probe again.
        ("8 give_up a", "probe_open"),
        ("8 acquire a callee=0", "probe_closed"),
        // The first to end decides, whenever it was sent.
        ("9 result c error callee=0", "dead"),
        ("14 acquire d callee=0", "probe_closed"),
        ("15 result d ok callee=0", "alive"),
        ("15 result a error callee=0", "alive"),
        ("15 result b error callee=0", "dead"),
    ] {
        let line: Line = serde_json::from_str(&json(text)).unwrap();
        assert_eq!(trace.line(&line).unwrap().state, state, "{text}");
    }
}

#[test]
fn so_many_fallbacks_are_asked_at_a_time() {
    // Hystrix 1.5.18, AbstractCommand.getFallbackOrThrowException: fallbackSemaphore.tryAcquire().
    check(
        "fallback(to: \"cache/get\", most: 1)",
        &[
            ("0 acquire a", "inside"),
            ("0 acquire b", "inside"),
            ("1 result a error", "inside, used=1"),
            ("1 result b error", "ended, bulkhead_full, failed=1, used=2"),
            ("2 result a ok", "ended, degraded, failed=1, used=2"),
            ("3 acquire a", "inside, failed=1, used=2"),
            ("3 result a error", "inside, failed=1, used=3"),
            ("4 give_up a", "ended, cancelled, failed=1, used=3"),
            ("5 acquire a", "inside, failed=1, used=3"),
            ("5 result a error", "inside, failed=1, used=4"),
            ("6 result a error", "ended, error, failed=2, used=4"),
        ],
    );
}

#[test]
fn the_first_failure_is_the_result_where_it_is_said() {
    // Polly 8.7, HedgingExecutionContext.CreateExecutionInfoWhenNoExecution: `_tasks.First(..)`.
    check(
        "hedge(after: \"1s\", attempts: 2, result: first)",
        &[
            ("0 acquire a", "inside"),
            ("1 look a", "inside, hedges=1"),
            ("1.5 result a refused leg=1", "inside, hedges=1"),
            (
                "2 result a timeout_attempt leg=0",
                "ended, timeout_attempt, hedges=1",
            ),
            ("3 acquire a", "inside, hedges=1"),
            ("3.5 result a timeout_attempt leg=0", "inside, hedges=2"),
            (
                "4 result a refused leg=1",
                "ended, timeout_attempt, hedges=2",
            ),
        ],
    );
}

#[test]
fn backups_go_out_after_a_percentile_that_is_taken_every_so_often() {
    // Finagle 24.8: every 3 s from the slices of 10 s that are over; zero until the first one is.
    let policy = "hedge(after: \"1h\", on: [error], next_at_once: false, learn: percentile(rank: 0.5, refresh: \"3s\", samples: 0, most: \"2s\"))";
    check(
        policy,
        &[
            ("0 acquire a", "inside, delay 3600.000, samples 0.000"),
            ("2 result a ok", "ended, ok, delay 3600.000, samples 0.000"),
            ("3 acquire a", "inside, delay 0.001, samples 0.000"),
            (
                "3.001 look a",
                "inside, delay 0.001, samples 0.000, hedges=1",
            ),
            // A failure is not the result while another try is out, and says nothing of latencies.
            (
                "3.1 result a error leg=0",
                "inside, delay 0.001, samples 0.000, hedges=1",
            ),
            (
                "3.2 result a ok leg=1",
                "ended, ok, delay 0.001, samples 0.000, hedges=1, won=1",
            ),
            // Two latencies: 2 s, 199 ms. The slice is over at 10 s, the delay is taken at 12 s.
            (
                "11.999 look a",
                "ended, ok, delay 0.001, samples 2.000, hedges=1, won=1",
            ),
            (
                "12 acquire a",
                "inside, delay 0.199, samples 2.000, hedges=1, won=1",
            ),
            // One that fails before its backup is the result.
            (
                "12.1 result a error leg=0",
                "ended, error, delay 0.199, samples 2.000, hedges=1, won=1",
            ),
        ],
    );
}

#[test]
fn every_outcome_says_something_or_nothing() {
    for outcome in Outcome::ALL {
        let text = format!(r#""outcome": "{}""#, outcome.name());
        let counts = !matches!(
            outcome,
            Outcome::Ok
                | Outcome::Degraded
                | Outcome::TimeoutPatience
                | Outcome::BreakerOpen
                | Outcome::Cancelled
                | Outcome::BulkheadFull
                | Outcome::RateLimited
        );
        out(
            "outlier_ejection(failures: 0, interval: \"1s\", rules: [in_a_row(failures: 1)])",
            &[(0.0, 3, &text, counts)],
        );
    }
}
