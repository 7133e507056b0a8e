//! Limits that adapt, and admission by what was found: each alone. What libraries decide is compared at length elsewhere
//! (`estimate/tests.rs`, `tests/data/policies`); here are the cases that their sources name.

use super::check;

#[test]
fn a_limit_counts_what_was_out_when_a_call_came() {
    check(
        r#"concurrency_limit(algorithm: aimd(initial: 3, least: 1, slow: "1s"))"#,
        &[
            (
                "0 acquire a",
                "inside, base 0.000, estimate 3.000, limit 3.000, out 1.000",
            ),
            (
                "0 acquire b",
                "inside, base 0.000, estimate 3.000, limit 3.000, out 2.000",
            ),
            (
                "0 acquire c",
                "inside, base 0.000, estimate 3.000, limit 3.000, out 3.000",
            ),
            // Three are out: nobody waits.
            (
                "0 acquire d",
                "ended, bulkhead_full, base 0.000, estimate 3.000, limit 3.000, out 3.000, refused=1",
            ),
            // It was the first of three: 1 × 2 < 3, and the limit stays.
            (
                "0.1 result a ok",
                "ended, ok, base 0.000, estimate 3.000, limit 3.000, out 2.000, refused=1",
            ),
            // It was the second: 2 × 2 >= 3.
            (
                "0.2 result b ok",
                "ended, ok, base 0.000, estimate 4.000, limit 4.000, out 1.000, raised=1, refused=1",
            ),
            // An error says nothing; nor does what is given up.
            (
                "0.3 result c error",
                "ended, error, base 0.000, estimate 4.000, limit 4.000, out 0.000, raised=1, refused=1",
            ),
            (
                "1 acquire e",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 1.000, raised=1, refused=1",
            ),
            (
                "1 give_up e",
                "ended, cancelled, base 0.000, estimate 4.000, limit 4.000, out 0.000, raised=1, refused=1",
            ),
            (
                "2 acquire f",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 1.000, raised=1, refused=1",
            ),
            // At exactly `slow` it is not slow yet.
            (
                "3 result f ok",
                "ended, ok, base 0.000, estimate 4.000, limit 4.000, out 0.000, raised=1, refused=1",
            ),
            (
                "3 acquire g",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 1.000, raised=1, refused=1",
            ),
            // 4 × 0.9, cut off.
            (
                "4.1 result g ok",
                "ended, ok, base 0.000, estimate 3.000, limit 3.000, out 0.000, lowered=1, raised=1, refused=1",
            ),
            (
                "5 acquire h",
                "inside, base 0.000, estimate 3.000, limit 3.000, out 1.000, lowered=1, raised=1, refused=1",
            ),
            (
                "5.1 result h timeout_attempt",
                "ended, timeout_attempt, base 0.000, estimate 2.000, limit 2.000, out 0.000, lowered=2, raised=1, refused=1",
            ),
        ],
    );
}

#[test]
fn the_last_to_come_is_let_in_first_and_one_for_each_who_leaves() {
    check(
        r#"concurrency_limit(algorithm: fixed(1), queue: 2, wait: "1s", order: lifo)"#,
        &[
            (
                "0 acquire a",
                "inside, base 0.000, estimate 1.000, limit 1.000, out 1.000",
            ),
            (
                "0.1 acquire b",
                "parked, base 0.000, estimate 1.000, limit 1.000, out 1.000, waited=1",
            ),
            (
                "0.2 acquire c",
                "parked, base 0.000, estimate 1.000, limit 1.000, out 1.000, waited=2",
            ),
            (
                "0.3 acquire d",
                "ended, bulkhead_full, base 0.000, estimate 1.000, limit 1.000, out 1.000, refused=1, waited=2",
            ),
            (
                "0.5 result a ok",
                "ended, ok, base 0.000, estimate 1.000, limit 1.000, out 1.000, refused=1, waited=2",
            ),
            (
                "0.5 look c",
                "inside, base 0.000, estimate 1.000, limit 1.000, out 1.000, refused=1, waited=2",
            ),
            (
                "0.5 look b",
                "parked, base 0.000, estimate 1.000, limit 1.000, out 1.000, refused=1, waited=2",
            ),
            // Its second is over.
            (
                "1.1 look b",
                "ended, bulkhead_full, base 0.000, estimate 1.000, limit 1.000, out 1.000, refused=2, waited=2",
            ),
            (
                "1.2 result c ok",
                "ended, ok, base 0.000, estimate 1.000, limit 1.000, out 0.000, refused=2, waited=2",
            ),
        ],
    );
}

#[test]
fn a_limit_that_grows_lets_in_as_many_as_there_is_room_for() {
    check(
        "concurrency_limit(algorithm: vegas(initial: 2, alpha: 3, beta: 2), queue: 5)",
        &[
            (
                "0 acquire a",
                "inside, base 0.000, estimate 2.000, limit 2.000, out 1.000",
            ),
            (
                "0 acquire b",
                "inside, base 0.000, estimate 2.000, limit 2.000, out 2.000",
            ),
            (
                "0 acquire c",
                "parked, base 0.000, estimate 2.000, limit 2.000, out 2.000, waited=1",
            ),
            (
                "0 acquire d",
                "parked, base 0.000, estimate 2.000, limit 2.000, out 2.000, waited=2",
            ),
            (
                "0 acquire e",
                "parked, base 0.000, estimate 2.000, limit 2.000, out 2.000, waited=3",
            ),
            // The first one moves the base alone.
            (
                "1 result a ok",
                "ended, ok, base 1.000, estimate 2.000, limit 2.000, out 2.000, waited=3",
            ),
            (
                "1 look c",
                "inside, base 1.000, estimate 2.000, limit 2.000, out 2.000, waited=3",
            ),
            (
                "1 look d",
                "parked, base 1.000, estimate 2.000, limit 2.000, out 2.000, waited=3",
            ),
            // As fast as the first: two more may be out, and b has left.
            (
                "1 result b ok",
                "ended, ok, base 1.000, estimate 4.000, limit 4.000, out 3.000, raised=1, waited=3",
            ),
            (
                "1 look d",
                "inside, base 1.000, estimate 4.000, limit 4.000, out 3.000, raised=1, waited=3",
            ),
            (
                "1 look e",
                "inside, base 1.000, estimate 4.000, limit 4.000, out 3.000, raised=1, waited=3",
            ),
        ],
    );
}

#[test]
fn a_share_counts_only_when_the_limit_is_reached() {
    check(
        "concurrency_limit(algorithm: fixed(4), shares: (critical: 0.5, sheddable: 0.25))",
        &[
            (
                "0 acquire a priority=\"sheddable\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 1.000",
            ),
            (
                "0 acquire b priority=\"sheddable\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 2.000",
            ),
            (
                "0 acquire c priority=\"sheddable\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 3.000",
            ),
            (
                "0 acquire d priority=\"sheddable\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 4.000",
            ),
            // Four are out, but critical ones have less than their two.
            (
                "0 acquire e priority=\"critical\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 5.000",
            ),
            (
                "0 acquire f priority=\"critical\"",
                "inside, base 0.000, estimate 4.000, limit 4.000, out 6.000",
            ),
            (
                "0 acquire g priority=\"critical\"",
                "ended, bulkhead_full, base 0.000, estimate 4.000, limit 4.000, out 6.000, refused=1",
            ),
            // It has no share.
            (
                "0 acquire h priority=\"critical_plus\"",
                "ended, bulkhead_full, base 0.000, estimate 4.000, limit 4.000, out 6.000, refused=2",
            ),
            (
                "1 result a ok",
                "ended, ok, base 0.000, estimate 4.000, limit 4.000, out 5.000, refused=2",
            ),
            (
                "1 acquire i priority=\"sheddable\"",
                "ended, bulkhead_full, base 0.000, estimate 4.000, limit 4.000, out 5.000, refused=3",
            ),
        ],
    );
}

#[test]
fn a_probe_lets_few_out_and_the_limit_follows_the_gradient() {
    check(
        r#"probing_limit(least: 2, most: 10, probe_samples: 2, probe_every: "10s", probe_jitter: 0, buffer: 0)"#,
        &[
            (
                "0 acquire a",
                "inside, probes, base 0.000, limit 2.000, out 1.000",
            ),
            (
                "0 acquire b",
                "inside, probes, base 0.000, limit 2.000, out 2.000",
            ),
            (
                "0 acquire c",
                "ended, bulkhead_full, probes, base 0.000, limit 2.000, out 2.000, refused=1",
            ),
            (
                "0.1 result a ok",
                "ended, ok, probes, base 0.000, limit 2.000, out 1.000, refused=1",
            ),
            // Two have ended: half of them took up to 110 ms, as a histogram of two digits has it.
            (
                "0.2 result b error",
                "ended, error, adapts, base 0.110, limit 2.000, out 0.000, probed=1, refused=1",
            ),
            (
                "0.2 acquire d",
                "inside, adapts, base 0.110, limit 2.000, out 1.000, probed=1, refused=1",
            ),
            (
                "0.3 result d ok",
                "ended, ok, adapts, base 0.110, limit 2.000, out 0.000, probed=1, refused=1",
            ),
            // Next, 2 × 110 / 105 and its root: the limit moves every 100 ms after the probe.
            (
                "0.45 look d",
                "ended, ok, adapts, base 0.110, limit 3.000, out 0.000, probed=1, refused=1",
            ),
            // Nothing ends: nothing moves.
            (
                "1 look d",
                "ended, ok, adapts, base 0.110, limit 3.000, out 0.000, probed=1, refused=1",
            ),
            (
                "1 acquire e",
                "inside, adapts, base 0.110, limit 3.000, out 1.000, probed=1, refused=1",
            ),
            (
                "1.2 result e ok",
                "ended, ok, adapts, base 0.110, limit 3.000, out 0.000, probed=1, refused=1",
            ),
            (
                "1.25 look e",
                "ended, ok, adapts, base 0.110, limit 3.000, out 0.000, probed=1, refused=1",
            ),
            // Twice as slow: 3 × 110 / 205 and its root.
            (
                "10.1 acquire f",
                "inside, adapts, base 0.110, limit 2.000, out 1.000, probed=1, refused=1",
            ),
            // It probes again; what came before is not measured.
            (
                "10.25 look f",
                "inside, probes, base 0.110, limit 2.000, out 1.000, probed=1, refused=1",
            ),
            (
                "10.3 result f ok",
                "ended, ok, probes, base 0.110, limit 2.000, out 0.000, probed=1, refused=1",
            ),
            (
                "10.4 acquire g",
                "inside, probes, base 0.110, limit 2.000, out 1.000, probed=1, refused=1",
            ),
            (
                "10.45 result g ok",
                "ended, ok, probes, base 0.110, limit 2.000, out 0.000, probed=1, refused=1",
            ),
            (
                "10.5 acquire h",
                "inside, probes, base 0.110, limit 2.000, out 1.000, probed=1, refused=1",
            ),
            (
                "10.55 result h ok",
                "ended, ok, adapts, base 0.051, limit 2.000, out 0.000, probed=2, refused=1",
            ),
        ],
    );
}

#[test]
fn admission_control_counts_what_it_let_in_and_waits_for_enough() {
    check(
        r#"admission_control(window: "2s", threshold: 0.5, least_rate: "2/s", most: 0.3)"#,
        &[
            (
                "0 acquire a",
                "inside, open, chance 0.000, requests 0.000, successes 0.000",
            ),
            (
                "0 result a error",
                "ended, error, open, chance 0.000, requests 1.000, successes 0.000",
            ),
            (
                "0 acquire b",
                "inside, open, chance 0.000, requests 1.000, successes 0.000",
            ),
            (
                "0 result b error",
                "ended, error, open, chance 0.000, requests 2.000, successes 0.000",
            ),
            (
                "0 acquire c",
                "inside, open, chance 0.000, requests 2.000, successes 0.000",
            ),
            (
                "0 result c error",
                "ended, error, open, chance 0.000, requests 3.000, successes 0.000",
            ),
            // Three in two seconds are one a second: too few to judge.
            (
                "0.5 look c",
                "ended, error, open, chance 0.000, requests 3.000, successes 0.000",
            ),
            (
                "0.5 acquire d",
                "inside, open, chance 0.000, requests 3.000, successes 0.000",
            ),
            (
                "0.6 result d error",
                "ended, error, refuses, chance 0.300, requests 4.000, successes 0.000",
            ),
            // min(0.3, (4 - 0 / 0.5) / 5).
            (
                "0.7 look d",
                "ended, error, refuses, chance 0.300, requests 4.000, successes 0.000",
            ),
            // What began two seconds ago is forgotten, but still counts for the rate.
            (
                "2 look d",
                "ended, error, open, chance 0.000, requests 0.000, successes 0.000",
            ),
        ],
    );
}

#[test]
fn nacks_count_once_there_are_five_calls_a_second() {
    check(
        r#"nack_admission(window: "1s", threshold: 0.5)"#,
        &[
            (
                "0 acquire a",
                "inside, open, accepted 1.000, calls 1.000, chance 0.000",
            ),
            (
                "0.1 result a rejected",
                "ended, rejected, open, accepted 1.000, calls 1.000, chance 0.000",
            ),
            (
                "0.1 acquire b",
                "inside, open, accepted 1.000, calls 2.000, chance 0.000",
            ),
            (
                "0.1 acquire c",
                "inside, open, accepted 1.000, calls 3.000, chance 0.000",
            ),
            (
                "0.1 acquire d",
                "inside, open, accepted 1.000, calls 4.000, chance 0.000",
            ),
            (
                "0.2 result b rejected",
                "ended, rejected, open, accepted 1.000, calls 4.000, chance 0.000",
            ),
            (
                "0.2 acquire e",
                "inside, open, accepted 1.000, calls 5.000, chance 0.000",
            ),
            // Five came within the last second: exp(-0.1) of what it was.
            (
                "0.3 result c rejected",
                "ended, rejected, open, accepted 0.905, calls 5.000, chance 0.000",
            ),
            // At the same instant it says nothing.
            (
                "0.3 result d rejected",
                "ended, rejected, open, accepted 0.905, calls 5.000, chance 0.000",
            ),
            (
                "0.9 result e rejected",
                "ended, rejected, refuses, accepted 0.497, calls 5.000, chance 0.007",
            ),
            (
                "0.9 acquire f",
                "inside, refuses, accepted 0.497, calls 6.000, chance 0.007",
            ),
            (
                "2.9 look f",
                "inside, refuses, accepted 0.497, calls 0.000, chance 0.007",
            ),
        ],
    );
}

#[test]
fn what_has_too_little_time_left_is_shed_as_tokens_allow() {
    check(
        r#"shed_by_deadline(most: 0.5, period: "10s")"#,
        &[
            ("0 acquire a deadline=1", "inside, tokens 1000.000"),
            ("0 acquire b", "inside, tokens 2000.000"),
            // It has expired by less than a millisecond.
            ("2 acquire c deadline=1.9995", "inside, tokens 3000.000"),
            (
                "2 acquire d deadline=1",
                "ended, timeout_deadline, tokens 1000.000, late=1, shed=1",
            ),
            // Three were let in: 3000 tokens, of which one costs 2000.
            (
                "2 acquire e deadline=1",
                "inside, tokens 2000.000, late=2, shed=1",
            ),
            // A tenth of a period is a slice: nothing is left after ten of them.
            ("14 look e", "inside, tokens 0.000, late=2, shed=1"),
        ],
    );
}

#[test]
fn shed_by_deadline_without_a_share_turns_all_away() {
    check(
        r#"shed_by_deadline(left: "50ms")"#,
        &[
            ("1 acquire a deadline=1.05", "inside, tokens 1000.000"),
            (
                "1 acquire b deadline=1.049",
                "ended, timeout_deadline, tokens 1000.000, late=1, shed=1",
            ),
        ],
    );
}

#[test]
fn a_rate_begins_when_a_call_is_throttled() {
    check(
        "adaptive_rate",
        &[
            (
                "0 acquire a",
                "inside, open, measured 0.000, rate 1.000, tokens 0.000",
            ),
            (
                "0.1 acquire b",
                "inside, open, measured 0.000, rate 1.000, tokens 0.100",
            ),
            (
                "0.6 result a ok",
                "ended, ok, open, measured 1.600, rate 0.500, tokens 0.600",
            ),
            (
                "0.7 result b rejected",
                "ended, rejected, paces, measured 1.600, rate 1.120, tokens 0.650, throttled=1",
            ),
            // One answer in half a second, weighing 0.8, is measured; the rate is 0.7 of that, and a token is not there yet.
            (
                "0.7 acquire c",
                "waiting, wait 0.312500001, paces, measured 1.600, rate 1.120, tokens -0.350, throttled=1, waited=1",
            ),
            (
                "2 look c",
                "inside, paces, measured 1.600, rate 1.120, tokens 1.106, throttled=1, waited=1",
            ),
            (
                "2.1 result c ok",
                "ended, ok, paces, measured 1.387, rate 1.615, tokens 1.120, throttled=1, waited=1",
            ),
            (
                "2.2 acquire d",
                "inside, paces, measured 1.387, rate 1.615, tokens 0.282, throttled=1, waited=1",
            ),
        ],
    );
}

#[test]
fn a_crowd_takes_its_tokens_in_order_and_looks_again_before() {
    check(
        "adaptive_rate",
        &[
            (
                "1.1 acquire a",
                "inside, open, measured 0.000, rate 1.000, tokens 1.000",
            ),
            (
                "1.1 result a rejected",
                "ended, rejected, paces, measured 0.800, rate 0.560, tokens 1.000, throttled=1",
            ),
            (
                "1.1 acquire b",
                "inside, paces, measured 0.800, rate 0.560, tokens 0.000, throttled=1",
            ),
            (
                "1.1 acquire c",
                "waiting, wait 1.785714287, paces, measured 0.800, rate 0.560, tokens -1.000, throttled=1, waited=1",
            ),
            // Two tokens are lacking: it looks again after what one takes.
            (
                "1.1 acquire d",
                "waiting, wait 1.785714287, paces, measured 0.800, rate 0.560, tokens -2.000, throttled=1, waited=2",
            ),
            (
                "2.9 look c",
                "inside, paces, measured 0.800, rate 0.560, tokens -0.992, throttled=1, waited=2",
            ),
            (
                "4.68 look d",
                "inside, paces, measured 0.800, rate 0.560, tokens 0.005, throttled=1, waited=2",
            ),
        ],
    );
}

#[test]
fn a_throttle_counts_attempts_or_results() {
    check(
        r#"throttle(window: "24s")"#,
        &[
            (
                "0 acquire a",
                "inside, accepts 0.000, chance 0.500, requests 1.000",
            ),
            (
                "0 acquire b",
                "inside, accepts 0.000, chance 0.667, requests 2.000",
            ),
            (
                "1 result a rejected",
                "ended, rejected, accepts 0.000, chance 0.667, requests 2.000",
            ),
            (
                "1 result b ok",
                "ended, ok, accepts 1.000, chance 0.000, requests 2.000",
            ),
            (
                "30 look b",
                "ended, ok, accepts 0.000, chance 0.000, requests 0.000",
            ),
        ],
    );
}
