//! Backoffs by their formulas, and budgets of retries.

use super::check;
use crate::resilience::Backoff;
use crate::scenario::explain::read_part;
use sim_core::SimDuration;
use sim_core::random::Keyed;

fn backoff(text: &str) -> Backoff {
    read_part(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// The waits before some retries of one call, ms.
fn waits(backoff: &Backoff, count: u32, key: u64) -> Vec<f64> {
    let mut known = SimDuration::ZERO;
    let waits = (1..=count).map(|n| {
        let mut chance = Keyed::new(key, u64::from(n));
        backoff.next(n, &mut known, &mut chance).as_nanos_f64() / 1e6
    });
    waits.collect()
}

#[test]
fn nominal_spans_are_those_of_the_libraries() {
    for (text, wanted) in [
        // resilience4j 2.4.0, IntervalFunction.ofExponentialBackoff(500, 1.5): cut at each step.
        (
            r#"exponential(base: "500ms", factor: 1.5, unit: "1ms", jitter: none)"#,
            vec![500.0, 750.0, 1125.0, 1687.0, 2530.0],
        ),
        (
            r#"exponential(base: "500ms", factor: 1.5, jitter: none)"#,
            vec![500.0, 750.0, 1125.0, 1687.5, 2531.25],
        ),
        // Finagle, Backoff.linear(start, offset, maximum).
        (
            r#"linear(base: "10ms", step: "25ms", cap: "70ms", jitter: none)"#,
            vec![10.0, 35.0, 60.0, 70.0, 70.0],
        ),
        (
            r#"linear(base: "10ms", jitter: none)"#,
            vec![10.0, 20.0, 30.0, 40.0, 50.0],
        ),
        // tenacity 9, wait_exponential(multiplier=1, min=4, max=10).
        (
            r#"exponential(base: "1s", least: "4s", cap: "10s", jitter: none)"#,
            vec![4000.0, 4000.0, 4000.0, 8000.0, 10_000.0],
        ),
    ] {
        assert_eq!(waits(&backoff(text), 5, 1), wanted, "{text}");
    }
}

#[test]
fn jitters_stay_within_the_bounds_of_their_formulas() {
    // Least and most of the waits before retries 1 to 4, ms; both are come near to.
    for (text, bounds) in [
        (
            r#"exponential(base: "100ms", cap: "300ms", jitter: above(0.5))"#,
            [
                (100.0, 150.0),
                (200.0, 300.0),
                (300.0, 450.0),
                (300.0, 450.0),
            ],
        ),
        (
            r#"exponential(base: "100ms", cap: "300ms", jitter: above(0.5), cap_after_jitter: true)"#,
            [
                (100.0, 150.0),
                (200.0, 300.0),
                (300.0, 300.0),
                (300.0, 300.0),
            ],
        ),
        (
            r#"exponential(base: "100ms", cap: "450ms", jitter: added("100ms"), cap_after_jitter: true)"#,
            [
                (100.0, 200.0),
                (200.0, 300.0),
                (400.0, 450.0),
                (450.0, 450.0),
            ],
        ),
        (
            r#"exponential(base: "100ms", least: "50ms", cap: "300ms")"#,
            [(50.0, 100.0), (50.0, 200.0), (50.0, 300.0), (50.0, 300.0)],
        ),
        // resilience4j: whole milliseconds, both ends alike, the maximum last.
        (
            r#"exponential(base: "100ms", factor: 2, cap: "500ms", unit: "1ms", jitter: proportional(0.5), cap_after_jitter: true)"#,
            [
                (50.0, 150.0),
                (100.0, 300.0),
                (200.0, 500.0),
                (400.0, 500.0),
            ],
        ),
        // Polly: a quarter, then MaxDelay, of constant delays too.
        (
            r#"constant(base: "100ms", cap: "110ms", jitter: proportional(0.25))"#,
            [(75.0, 110.0); 4],
        ),
        (
            r#"finagle(kind: equal, start: "10ms", maximum: "35ms")"#,
            [(10.0, 10.0), (10.0, 20.0), (20.0, 35.0), (35.0, 35.0)],
        ),
        (
            r#"finagle(start: "10ms", maximum: "35ms")"#,
            [(10.0, 10.0), (10.0, 30.0), (10.0, 35.0), (10.0, 35.0)],
        ),
    ] {
        let backoff = backoff(text);
        let drawn: Vec<Vec<f64>> = (0..3000).map(|key| waits(&backoff, 4, key)).collect();
        for (n, (low, high)) in bounds.into_iter().enumerate() {
            let of = || drawn.iter().map(|waits| waits[n]);
            let (least, most) = (of().fold(f64::MAX, f64::min), of().fold(0.0, f64::max));
            let slack = 0.02 * (high - low) + 1e-9;
            assert!(
                least >= low - 1e-9 && most <= high + 1e-9,
                "{text}: {least} {most}"
            );
            if !text.starts_with("finagle") {
                assert!(
                    least <= low + slack && most >= high - slack,
                    "{text}: {least} {most}"
                );
            }
            let shortest = backoff.least_wait(n as u32 + 1).as_nanos_f64() / 1e6;
            assert!(shortest <= least + 1e-9, "{text}: {shortest} {least}");
        }
    }
}

#[test]
fn finagles_backoffs_depend_on_the_wait_before() {
    let decorrelated = backoff(r#"finagle(start: "5ms", maximum: "200ms")"#);
    let exponential = backoff(r#"finagle(kind: exponential, start: "5ms", maximum: "200ms")"#);
    for key in 0..500 {
        let waits_of = waits(&decorrelated, 12, key);
        assert!(
            waits_of.is_sorted(),
            "it draws from the wait before: {waits_of:?}"
        );
        assert!(
            waits_of
                .windows(2)
                .all(|pair| pair[1] <= (3.0 * pair[0]).min(200.0))
        );
        let waits_of = waits(&exponential, 12, key);
        assert_eq!(waits_of[0], 5.0);
        let reached = waits_of.iter().position(|wait| *wait == 200.0);
        if let Some(reached) = reached {
            assert!(waits_of[reached..].iter().all(|wait| *wait == 200.0));
        }
    }
}

#[test]
fn pollys_jitter_is_its_formula() {
    // RetryHelper.DecorrelatedJitterBackoffV2 with a generator that always says a half, worked out by hand:
    // f(t) = 2^t tanh(2 sqrt t), t = 0.5, 1.5, 2.5, 3.5; waits (f(t) - f(t - 1)) / 1.4 × 1 s.
    let backoff = backoff(
        r#"exponential(base: "1s", cap: "1h", jitter: decorrelated_v2, cap_after_jitter: true)"#,
    );
    let f = |t: f64| t.exp2() * (2.0 * t.sqrt()).tanh();
    let mut before = 0.0;
    for n in 1..=4 {
        let t = f64::from(n) - 0.5;
        let wanted = (f(t) - before) / 1.4;
        before = f(t);
        let mean = backoff.mean_wait(n).as_secs_f64();
        assert!((mean - wanted).abs() < 1e-6, "{n}: {mean}, not {wanted}");
    }
    // The medians are near 0.9, 1.1, 2, 4 s; the cap comes last and does not disturb what follows.
    let capped = self::backoff(
        r#"exponential(base: "1s", cap: "3s", jitter: decorrelated_v2, cap_after_jitter: true)"#,
    );
    let mut firsts: Vec<Vec<f64>> = (0..2001).map(|key| waits(&backoff, 4, key)).collect();
    for (key, waits_of) in firsts.iter().enumerate() {
        let bounded: Vec<f64> = waits_of.iter().map(|wait| wait.min(3000.0)).collect();
        assert_eq!(waits(&capped, 4, key as u64), bounded);
    }
    for (n, median) in [(0, 900.0), (1, 1100.0), (2, 2000.0), (3, 4000.0)] {
        firsts.sort_by(|one, other| one[n].total_cmp(&other[n]));
        let found = firsts[1000][n];
        assert!((found / median - 1.0).abs() < 0.1, "{n}: {found}");
    }
}

#[test]
fn a_retry_leaves_what_must_not_be_asked_twice_alone() {
    let once = [
        ("0 acquire idempotent=false", "inside"),
        ("1 result error", "ended, error"),
        ("1 acquire", "inside"),
        ("2 result error", "inside, retries=1"),
    ];
    check("retry(backoff: none)", &once);
    let asked = [
        ("0 acquire idempotent=false", "inside"),
        ("1 result error", "inside, retries=1"),
    ];
    check("retry(backoff: none, non_idempotent: true)", &asked);
}

#[test]
fn statuses_say_what_is_tried_again_and_how_soon() {
    check(
        r#"retry(backoff: none, on: [error(503), refused], other: (on: refused, backoff: constant(base: "1s", jitter: none)))"#,
        &[
            ("0 acquire", "inside"),
            ("0 result error status=404", "ended, error"),
            ("0 acquire", "inside"),
            ("0 result error status=503", "inside, retries=1"),
            ("0 result refused", "waiting, wait 1, retries=2"),
        ],
    );
}

#[test]
fn being_told_when_to_come_again_can_be_bent() {
    // gRPC: exactly so long, zero too, after which the backoff begins anew.
    check(
        r#"retry(attempts: 9, backoff: exponential(base: "1s", jitter: none))"#,
        &[
            ("0 acquire", "inside"),
            ("0 result error", "waiting, wait 1, retries=1"),
            ("1 result error", "waiting, wait 2, retries=2"),
            ("3 result error retry_after=0", "inside, retries=3"),
            ("3 result error", "waiting, wait 1, retries=4"),
            (
                "4 result error retry_after=7.5",
                "waiting, wait 7.5, retries=5",
            ),
            (
                "12 result error retry_after=-1",
                "ended, error, retry after -1, retries=5",
            ),
        ],
    );
    // Envoy: what is too long is not respected.
    check(
        r#"retry(attempts: 9, backoff: exponential(base: "1s", jitter: none), push_back: (longest: "3s"))"#,
        &[
            ("0 acquire", "inside"),
            ("0 result error retry_after=3", "waiting, wait 3, retries=1"),
            (
                "3 result error retry_after=3.1",
                "waiting, wait 1, retries=2",
            ),
        ],
    );
    // botocore 1.44: its own backoff at least, and five seconds more at most.
    check(
        r#"retry(attempts: 9, backoff: exponential(base: "1s", jitter: none), push_back: (beyond: "5s"))"#,
        &[
            ("0 acquire", "inside"),
            (
                "0 result error retry_after=0.5",
                "waiting, wait 1, retries=1",
            ),
            ("1 result error retry_after=4", "waiting, wait 4, retries=2"),
            (
                "5 result error retry_after=60",
                "waiting, wait 9, retries=3",
            ),
        ],
    );
}

#[test]
fn a_quota_refunds_what_the_last_retry_took() {
    // botocore 1.44, retries/standard.py, RetryQuotaChecker: 14 a retry, 5 after being throttled.
    check(
        "retry_budget(ratio: 0, cap: 30, cost: 14, other: (on: error(429), cost: 5), per_success: 1, refund: true)",
        &[
            ("0 acquire a", "inside, tokens 30.000"),
            ("0 result a error status=500", "ended, error, tokens 30.000"),
            ("0 retry a", "ended, error, tokens 16.000, spent=1"),
            ("1 acquire a", "inside, tokens 16.000, spent=1"),
            (
                "1 result a error status=429",
                "ended, error, tokens 16.000, spent=1",
            ),
            ("1 retry a", "ended, error, tokens 11.000, spent=2"),
            ("2 acquire a", "inside, tokens 11.000, spent=2"),
            // Of two retries only the last is given back.
            ("2 result a ok", "ended, ok, tokens 16.000, spent=2"),
            ("3 acquire a", "inside, tokens 16.000, spent=2"),
            ("3 result a ok", "ended, ok, tokens 17.000, spent=2"),
            ("4 acquire a", "inside, tokens 17.000, spent=2"),
            (
                "4 result a error status=500",
                "ended, error, tokens 17.000, spent=2",
            ),
            ("4 retry a", "ended, error, tokens 3.000, spent=3"),
            ("5 acquire b", "inside, tokens 3.000, spent=3"),
            (
                "5 result b error status=429",
                "ended, error, tokens 3.000, spent=3",
            ),
            ("5 retry b", "ended, error, tokens 3.000, denied=1, spent=3"),
        ],
    );
}

#[test]
fn later_attempts_may_cost_more_and_time_may_fill_the_bucket() {
    check(
        "retry_budget(ratio: 0, cap: 10, per_second: 1, price: attempt_squared)",
        &[
            ("0 acquire a", "inside, tokens 10.000"),
            ("0 result a error", "ended, error, tokens 10.000"),
            ("0 retry a", "ended, error, tokens 6.000, spent=1"),
            ("1 acquire a", "inside, tokens 7.000, spent=1"),
            ("1 result a error", "ended, error, tokens 7.000, spent=1"),
            ("1 retry a", "ended, error, tokens 7.000, denied=1, spent=1"),
            ("9 look a", "ended, error, tokens 10.000, denied=1, spent=1"),
        ],
    );
}

#[test]
fn retries_cease_at_half_the_tokens() {
    // gRPC A6: allowed only above half; at half it is not.
    check(
        "retry_throttle(max_tokens: 4, token_ratio: 0.5, on: [error])",
        &[
            ("0 acquire a", "inside, tokens 4.000"),
            ("0 result a error", "ended, error, tokens 3.000"),
            ("0 retry a", "ended, error, tokens 3.000"),
            ("0 acquire a", "inside, tokens 3.000"),
            ("0 result a error", "ended, error, tokens 2.000"),
            ("0 retry a", "ended, error, tokens 2.000, denied=1"),
            ("1 acquire b", "inside, tokens 2.000, denied=1"),
            (
                "1 result b refused",
                "ended, refused, tokens 2.000, denied=1",
            ),
            ("1 acquire b", "inside, tokens 2.000, denied=1"),
            // Told not to come again counts, whatever it is.
            (
                "1 result b rejected retry_after=-1",
                "ended, rejected, retry after -1, tokens 1.000, denied=1",
            ),
            ("1 acquire c", "inside, tokens 1.000, denied=1"),
            ("1 result c ok", "ended, ok, tokens 1.500, denied=1"),
        ],
    );
}

#[test]
fn requests_are_worth_a_share_of_a_retry_until_they_are_old() {
    check(
        "retry_share(share: 0.5, ttl: \"1s\", min_per_second: 1)",
        &[
            ("0 acquire a", "inside, balance 1.000"),
            ("0 result a error", "ended, error, balance 1.000"),
            ("0 retry a", "ended, error, balance 0.000, spent=1"),
            ("0 acquire b", "inside, balance 1.000, spent=1"),
            ("0 result b error", "ended, error, balance 1.000, spent=1"),
            ("0 retry b", "ended, error, balance 0.000, spent=2"),
            ("0 acquire c", "inside, balance 0.000, spent=2"),
            ("0.9 result c error", "ended, error, balance 0.000, spent=2"),
            (
                "0.9 retry c",
                "ended, error, balance 0.000, denied=1, spent=2",
            ),
            // What was spent is forgotten with the requests that paid for it.
            ("2 look c", "ended, error, balance 1.000, denied=1, spent=2"),
        ],
    );
}

#[test]
fn retries_under_way_are_counted_while_they_wait_and_until_they_are_lost() {
    check(
        "retry_concurrency(most: 1, share: 0.5)",
        &[
            ("0 acquire a", "inside, limit 1.000, retries 0.000"),
            ("0 acquire b", "inside, limit 1.000, retries 0.000"),
            ("0 acquire c", "inside, limit 2.000, retries 0.000"),
            (
                "0 result a error",
                "ended, error, limit 1.000, retries 0.000",
            ),
            ("0 retry a", "ended, error, limit 1.000, retries 1.000"),
            (
                "0 result b error",
                "ended, error, limit 1.000, retries 1.000",
            ),
            (
                "0 retry b",
                "ended, error, limit 1.000, retries 1.000, denied=1",
            ),
            // Nobody waits for the retry any longer, whose pause is not over.
            (
                "1 give_up a",
                "ended, error, limit 1.000, retries 0.000, denied=1",
            ),
            (
                "1 result c error",
                "ended, error, limit 1.000, retries 0.000, denied=1",
            ),
            (
                "1 retry c",
                "ended, error, limit 1.000, retries 1.000, denied=1",
            ),
            (
                "2 acquire c",
                "inside, limit 1.000, retries 1.000, denied=1",
            ),
            // The retry that has failed no longer counts when the next one is asked for.
            (
                "3 result c error",
                "ended, error, limit 1.000, retries 0.000, denied=1",
            ),
            (
                "3 retry c",
                "ended, error, limit 1.000, retries 1.000, denied=1",
            ),
        ],
    );
}

#[test]
fn retries_follow_goodput() {
    check(
        "retry_goodput(share: 1, up: 0.5, down: 0.5)",
        &[
            ("0 acquire a", "inside, average 0.000, retries 0.000"),
            ("0 result a ok", "ended, ok, average 0.000, retries 0.000"),
            ("0.5 acquire a", "inside, average 0.000, retries 0.000"),
            ("0.5 result a ok", "ended, ok, average 0.000, retries 0.000"),
            ("0.6 acquire a", "inside, average 0.000, retries 0.000"),
            (
                "0.6 result a error",
                "ended, error, average 0.000, retries 0.000",
            ),
            (
                "0.6 retry a",
                "ended, error, average 0.000, retries 0.000, denied=1",
            ),
            (
                "1 acquire b",
                "inside, average 1.000, retries 0.000, denied=1",
            ),
            (
                "1 result b error",
                "ended, error, average 1.000, retries 0.000, denied=1",
            ),
            (
                "1 retry b",
                "ended, error, average 1.000, retries 1.000, denied=1, spent=1",
            ),
            (
                "1 acquire b",
                "inside, average 1.000, retries 1.000, denied=1, spent=1",
            ),
            (
                "1.9 result b error",
                "ended, error, average 1.000, retries 1.000, denied=1, spent=1",
            ),
            (
                "1.9 retry b",
                "ended, error, average 1.000, retries 1.000, denied=2, spent=1",
            ),
            // Two windows without a success halve it twice.
            (
                "3 look b",
                "ended, error, average 0.250, retries 0.000, denied=2, spent=1",
            ),
        ],
    );
}

#[test]
fn the_rate_of_retries_falls_after_a_bad_window() {
    check(
        r#"retry_rate(most: "4/s", least: "1/s", step: "1/s", burst: 1, threshold: 0.5)"#,
        &[
            ("0 acquire a", "inside, rate 4.000, tokens 1.000"),
            (
                "0.5 result a error",
                "ended, error, rate 4.000, tokens 1.000",
            ),
            (
                "0.5 retry a",
                "ended, error, rate 4.000, tokens 0.000, spent=1",
            ),
            ("1 acquire a", "inside, rate 2.000, tokens 1.000, spent=1"),
            (
                "1.5 result a ok",
                "ended, ok, rate 2.000, tokens 1.000, spent=1",
            ),
            ("2 acquire b", "inside, rate 3.000, tokens 1.000, spent=1"),
            ("9 look b", "inside, rate 3.000, tokens 1.000, spent=1"),
        ],
    );
}

#[test]
fn a_request_has_so_many_retries() {
    check(
        "request_budget(retries: 1)",
        &[
            ("0 acquire a", "inside"),
            ("0 result a error", "ended, error"),
            ("0 retry a", "ended, error, spent=1"),
            ("0 acquire a", "inside, spent=1"),
            ("0 result a error", "ended, error, spent=1"),
            ("0 retry a", "ended, error, denied=1, spent=1"),
            ("1 acquire b", "inside, denied=1, spent=1"),
        ],
    );
}
