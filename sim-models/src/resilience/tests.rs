//! Every policy alone: scripts, and what is decided at each line.

mod ahead;
mod breaker;
mod hosts;
mod adapt;
mod load;
mod rates;
mod retries;

use super::PolicySpec;
use super::trace::{Decision, Line, Trace};
use crate::scenario::explain::read_part;

/// A decision in a few words: where the call is, how long it waits, how it ended, what the memory says, what was counted.
fn words(decision: &Decision) -> String {
    let mut words = vec![format!("{:?}", decision.at).to_lowercase()];
    if let Some(wait) = decision.wait {
        words.push(format!("wait {wait}"));
    }
    if let Some(outcome) = decision.outcome {
        words.push(outcome.name().into());
    }
    if let Some(retry_after) = decision.retry_after {
        words.push(format!("retry after {retry_after}"));
    }
    if !decision.state.is_empty() {
        words.push(decision.state.into());
    }
    let numbers = decision.numbers.iter();
    words.extend(numbers.map(|(name, value)| format!("{name} {value:.3}")));
    let counts = decision.counts.iter().filter(|(_, count)| **count > 0);
    words.extend(counts.map(|(name, count)| format!("{name}={count}")));
    words.join(", ")
}

/// Drives a policy by a script, each line of which is `t op [id] [outcome] [key=value]`, and compares what it decides.
fn check(policy: &str, script: &[(&str, &str)]) {
    let spec: PolicySpec = read_part(policy).unwrap();
    assert_eq!(spec.validate(), [], "{policy}");
    let mut trace = Trace::new(&spec);
    for (number, (text, wanted)) in script.iter().enumerate() {
        let line: Line = serde_json::from_str(&json(text)).unwrap();
        let decided = words(&trace.line(&line).unwrap());
        assert_eq!(decided, *wanted, "{policy}, line {number}: {text}");
    }
}

fn json(text: &str) -> String {
    let mut words = text.split_whitespace();
    let (t, op) = (words.next().unwrap(), words.next().unwrap());
    let mut fields = format!("\"t\": {t}, \"op\": \"{op}\"");
    for word in words {
        let field = match word.split_once('=') {
            Some((key, value)) => format!(", \"{key}\": {value}"),
            None if word.len() == 1 => format!(", \"id\": \"{word}\""),
            None => format!(", \"outcome\": \"{word}\""),
        };
        fields.push_str(&field);
    }
    format!("{{{fields}}}")
}

#[test]
fn timeout_ends_what_takes_as_long_as_it() {
    check(
        "timeout(\"1s\")",
        &[
            ("0 acquire a", "inside"),
            ("0.5 result a ok", "ended, ok"),
            ("0.5 acquire a", "inside"),
            ("1.499 look a", "inside"),
            ("1.5 look a", "ended, timeout_attempt, expired=1"),
        ],
    );
}

#[test]
fn retry_waits_longer_each_time_and_counts_the_first() {
    check(
        "retry(attempts: 3, backoff: exponential(base: \"100ms\", jitter: none))",
        &[
            ("0 acquire", "inside"),
            ("0 result error", "waiting, wait 0.1, retries=1"),
            ("0.1 look", "inside, retries=1"),
            ("0.2 result timeout_attempt", "waiting, wait 0.2, retries=2"),
            ("0.4 result error", "ended, error, exhausted=1, retries=2"),
            ("1 acquire", "inside, exhausted=1, retries=2"),
            ("1 result ok", "ended, ok, exhausted=1, retries=2"),
        ],
    );
}

#[test]
fn breaker_opens_after_failures_in_a_row_and_probes_at_exactly_its_time() {
    check(
        "breaker(failures: 2, open_for: \"10s\")",
        &[
            ("0 acquire a", "inside, closed, failures_in_a_row 0.000"),
            ("0 acquire b", "inside, closed, failures_in_a_row 0.000"),
            ("0 acquire c", "inside, closed, failures_in_a_row 0.000"),
            (
                "1 result a error",
                "ended, error, closed, failures_in_a_row 1.000",
            ),
            (
                "2 result b error",
                "ended, error, open, open_for 10.000, opened=1",
            ),
            // It began before the breaker opened, and says nothing of it now.
            ("3 result c ok", "ended, ok, open, open_for 9.000, opened=1"),
            (
                "11.999 acquire a",
                "ended, breaker_open, open, open_for 0.001, opened=1, refused=1",
            ),
            (
                "12 acquire a",
                "inside, half_open, opened=1, probes=1, refused=1",
            ),
            (
                "12 acquire b",
                "ended, breaker_open, half_open, opened=1, probes=1, refused=2",
            ),
            // A probe that nobody waits for counts as failed.
            (
                "13 give_up a",
                "ended, cancelled, open, open_for 10.000, opened=2, probes=1, refused=2",
            ),
            (
                "23 acquire a",
                "inside, half_open, opened=2, probes=2, refused=2",
            ),
            (
                "24 result a ok",
                "ended, ok, closed, failures_in_a_row 0.000, closed=1, opened=2, probes=2, refused=2",
            ),
        ],
    );
}

#[test]
fn bulkhead_hands_a_permit_to_the_first_who_waits() {
    check(
        "bulkhead(permits: 1, queue: 1, wait: \"2s\")",
        &[
            ("0 acquire a", "inside, out 1.000"),
            ("0 acquire b", "parked, out 1.000, waited=1"),
            (
                "0 acquire c",
                "ended, bulkhead_full, out 1.000, refused=1, waited=1",
            ),
            (
                "1 result a error",
                "ended, error, out 1.000, refused=1, waited=1",
            ),
            ("1 look b", "inside, out 1.000, refused=1, waited=1"),
            ("2 acquire d", "parked, out 1.000, refused=1, waited=2"),
            ("3.999 look d", "parked, out 1.000, refused=1, waited=2"),
            (
                "4 look d",
                "ended, bulkhead_full, out 1.000, refused=2, waited=2",
            ),
            // Who waits no longer gets no permit.
            ("5 acquire e", "parked, out 1.000, refused=2, waited=3"),
            (
                "5 give_up e",
                "ended, cancelled, out 1.000, refused=2, waited=3",
            ),
            (
                "6 give_up b",
                "ended, cancelled, out 0.000, refused=2, waited=3",
            ),
            ("6 acquire f", "inside, out 1.000, refused=2, waited=3"),
        ],
    );
}

#[test]
fn rate_limit_spaces_those_who_wait_evenly() {
    check(
        "rate_limit(rate: \"2/s\", burst: 2, wait: \"1s\")",
        &[
            ("0 acquire a", "inside, tokens 1.000"),
            ("0 acquire b", "inside, tokens 0.000"),
            ("0 acquire c", "waiting, wait 0.5, tokens -1.000, waited=1"),
            ("0 acquire d", "waiting, wait 1, tokens -2.000, waited=2"),
            (
                "0 acquire e",
                "ended, rate_limited, tokens -2.000, refused=1, waited=2",
            ),
            ("0.5 look c", "inside, tokens -1.000, refused=1, waited=2"),
            ("1 look d", "inside, tokens 0.000, refused=1, waited=2"),
            // The bucket holds no more than its burst, however long nobody comes.
            ("60 acquire f", "inside, tokens 1.000, refused=1, waited=2"),
        ],
    );
}

#[test]
fn hedge_begins_one_more_after_each_delay_and_at_once_after_a_failure() {
    check(
        "hedge(after: \"100ms\", attempts: 3)",
        &[
            ("0 acquire a", "inside"),
            ("0.1 look a", "inside, hedges=1"),
            ("0.15 result a error leg=0", "inside, hedges=2"),
            // Two are out; neither is the last that may still answer.
            ("0.16 result a error leg=1", "inside, hedges=2"),
            ("0.3 result a ok leg=2", "ended, ok, hedges=2, won=1"),
            ("1 acquire b", "inside, hedges=2, won=1"),
            ("1.05 result b ok", "ended, ok, hedges=2, won=1"),
            // An outcome that decides ends it, whatever else is out.
            ("2 acquire c", "inside, hedges=2, won=1"),
            (
                "2.1 result c breaker_open",
                "ended, breaker_open, hedges=3, won=1",
            ),
        ],
    );
}

#[test]
fn fallback_answers_once() {
    check(
        "fallback",
        &[
            ("0 acquire", "inside"),
            ("1 result breaker_open", "ended, degraded, used=1"),
            ("1 acquire", "inside, used=1"),
            ("2 result ok", "ended, ok, used=1"),
        ],
    );
    check(
        "fallback(to: \"cache/get\", on: [timeout_attempt])",
        &[
            ("0 acquire", "inside"),
            ("1 result error", "ended, error"),
            ("1 acquire", "inside"),
            ("2 result timeout_attempt", "inside, used=1"),
            ("3 result ok", "ended, degraded, used=1"),
            ("3 acquire", "inside, used=1"),
            ("4 result timeout_attempt", "inside, used=2"),
            (
                "5 result timeout_attempt",
                "ended, timeout_attempt, failed=1, used=2",
            ),
        ],
    );
}

#[test]
fn a_budget_is_asked_before_the_pause() {
    check(
        "retry_budget(ratio: 0.5, cap: 1)",
        &[
            ("0 acquire a", "inside, tokens 1.000"),
            ("0 result a error", "ended, error, tokens 1.000"),
            ("0 retry a", "ended, error, tokens 0.000, spent=1"),
            // The retry has been paid for, and is no first attempt, which would put tokens in.
            ("1 acquire a", "inside, tokens 0.000, spent=1"),
            ("1 result a error", "ended, error, tokens 0.000, spent=1"),
            ("1 retry a", "ended, error, tokens 0.000, denied=1, spent=1"),
            ("2 acquire b", "inside, tokens 0.500, denied=1, spent=1"),
            ("2 acquire c", "inside, tokens 1.000, denied=1, spent=1"),
        ],
    );
}

#[test]
fn a_limiter_takes_the_token_of_a_retry_before_its_pause() {
    check(
        "rate_limit(rate: \"1/s\", wait: \"1s\")",
        &[
            ("0 acquire a", "inside, tokens 0.000"),
            ("0 result a error", "ended, error, tokens 0.000"),
            ("0 retry a", "ended, error, tokens -1.000"),
            (
                "0 acquire b",
                "ended, rate_limited, tokens -1.000, refused=1",
            ),
            // Its token is due half a second later.
            (
                "0.5 acquire a",
                "waiting, wait 0.5, tokens -0.500, refused=1, waited=1",
            ),
            ("1 look a", "inside, tokens 0.000, refused=1, waited=1"),
        ],
    );
}

#[test]
fn an_instance_that_fails_in_a_row_is_out_for_longer_each_time() {
    check(
        "outlier_ejection(failures: 2, base: \"10s\", share: 0.2)",
        &[
            ("0 acquire a", "inside, out 0.000"),
            ("0 acquire b", "inside, out 0.000"),
            ("0 acquire c", "inside, out 0.000"),
            ("1 result a error callee=3", "ended, error, in, out 0.000"),
            (
                "1 result b refused callee=3",
                "ended, refused, ejected, out 1.000, ejected=1",
            ),
            // Sent before the ejection: it says nothing of the time after it.
            (
                "2 result c error callee=3",
                "ended, error, ejected, out 1.000, ejected=1",
            ),
            ("10.999 look a", "ended, error, out 1.000, ejected=1"),
            ("11 acquire a", "inside, out 0.000, ejected=1"),
            ("11 acquire b", "inside, out 0.000, ejected=1"),
            (
                "11 result a error callee=3",
                "ended, error, in, out 0.000, ejected=1",
            ),
            (
                "11 result b error callee=3",
                "ended, error, ejected, out 1.000, ejected=2",
            ),
            // Twice as long the second time.
            ("30.999 look a", "ended, error, out 1.000, ejected=2"),
            ("31 acquire a", "inside, out 0.000, ejected=2"),
            // A success starts the count anew.
            (
                "31 result a error callee=5",
                "ended, error, in, out 0.000, ejected=2",
            ),
            ("32 acquire a", "inside, out 0.000, ejected=2"),
            (
                "32 result a ok callee=5",
                "ended, ok, in, out 0.000, ejected=2",
            ),
            ("33 acquire a", "inside, out 0.000, ejected=2"),
            (
                "33 result a error callee=5",
                "ended, error, in, out 0.000, ejected=2",
            ),
        ],
    );
}

#[test]
fn a_limit_finds_itself() {
    check(
        "adaptive_limit(initial: 2, least: 1, most: 3, backoff: 0.5, slow: \"1s\")",
        &[
            ("0 acquire a", "inside, limit 2.000, out 1.000"),
            ("0 acquire b", "inside, limit 2.000, out 2.000"),
            (
                "0 acquire c",
                "ended, bulkhead_full, limit 2.000, out 2.000, refused=1",
            ),
            (
                "1 result a ok",
                "ended, ok, limit 3.000, out 1.000, raised=1, refused=1",
            ),
            // Exactly as long as the limit is not longer.
            (
                "1.001 result b ok",
                "ended, ok, limit 1.000, out 0.000, lowered=1, raised=1, refused=1",
            ),
            (
                "2 acquire a",
                "inside, limit 1.000, out 1.000, lowered=1, raised=1, refused=1",
            ),
            (
                "2 give_up a",
                "ended, cancelled, limit 1.000, out 0.000, lowered=1, raised=1, refused=1",
            ),
            (
                "3 acquire a",
                "inside, limit 1.000, out 1.000, lowered=1, raised=1, refused=1",
            ),
            (
                "3 result a error",
                "ended, error, limit 1.000, out 0.000, lowered=2, raised=1, refused=1",
            ),
        ],
    );
}

#[test]
fn calls_for_one_key_share_an_answer() {
    check(
        "coalesce(wait: \"5s\")",
        &[
            ("0 acquire a key=1", "inside, out, led=1"),
            ("0.1 acquire b key=1", "parked, out, led=1"),
            ("0.1 acquire c key=1", "parked, out, led=1"),
            // Another key is another thing, and so is another endpoint.
            ("0.2 acquire d key=2", "inside, out, led=2"),
            (
                "0.2 acquire e key=1 endpoint=\"other\"",
                "inside, out, led=3",
            ),
            ("1 result a ok", "ended, ok, idle, led=3, shared=2"),
            ("1 look b", "ended, ok, idle, led=3, shared=2"),
            ("1 look c", "ended, ok, idle, led=3, shared=2"),
            // Nothing is kept for those who come later.
            ("1 acquire f key=1", "inside, out, led=4, shared=2"),
            ("2 acquire g key=1", "parked, out, led=4, shared=2"),
            (
                "3 result f error",
                "ended, error, idle, led=4, shared=2, shared_failures=1",
            ),
            (
                "3 look g",
                "ended, error, idle, led=4, shared=2, shared_failures=1",
            ),
            // Who has no key is alone.
            (
                "4 acquire h",
                "inside, idle, led=4, shared=2, shared_failures=1",
            ),
            (
                "4 acquire i",
                "inside, idle, led=4, shared=2, shared_failures=1",
            ),
        ],
    );
}

#[test]
fn the_next_one_leads_where_the_first_hands_over() {
    check(
        "coalesce(wait: \"5s\", share_failures: false)",
        &[
            ("0 acquire a key=1", "inside, out, led=1"),
            ("1 acquire b key=1", "parked, out, led=1"),
            ("1 acquire c key=1", "parked, out, led=1"),
            ("1 acquire d key=1", "parked, out, led=1"),
            ("2 give_up a", "ended, cancelled, out, led=2"),
            ("2 look b", "inside, out, led=2"),
            ("3 result b error", "ended, error, out, led=3"),
            ("3 look c", "inside, out, led=3"),
            ("3 look d", "parked, out, led=3"),
            // It has waited for as long as it may, and goes on by itself: nobody waits for it.
            ("6 look d", "inside, out, impatient=1, led=3"),
            ("6 acquire e key=1", "parked, out, impatient=1, led=3"),
            ("7 result d ok", "ended, ok, out, impatient=1, led=3"),
            ("7 look e", "parked, out, impatient=1, led=3"),
            ("7 give_up e", "ended, cancelled, out, impatient=1, led=3"),
            ("8 result c ok", "ended, ok, idle, impatient=1, led=3"),
        ],
    );
}

#[test]
fn the_least_important_are_shed_first() {
    check(
        "shed_by_priority(queueing: \"10ms\", down: 0.5, up: 0.5, push_back: after(\"2s\"))",
        &[
            ("0 acquire a", "inside, open, bound 512.000, waiting 1.000"),
            (
                "0 acquire b priority=\"sheddable\"",
                "inside, open, bound 512.000, waiting 2.000",
            ),
            // Exactly as long as may be is no overload.
            ("0.01 start a", "inside, open, bound 512.000, waiting 1.000"),
            ("0.01 start b", "inside, open, bound 512.000, waiting 0.000"),
            (
                "0.5 result a ok",
                "ended, ok, open, bound 512.000, waiting 0.000",
            ),
            ("1 acquire a", "inside, open, bound 512.000, waiting 1.000"),
            (
                "1 acquire c priority=\"sheddable\" user=5",
                "inside, open, bound 512.000, waiting 2.000",
            ),
            ("1.5 start a", "inside, open, bound 512.000, waiting 1.000"),
            // Half of the two have to go: the bound falls to the level of the less important, 3 x 128 + 5.
            (
                "2 acquire d priority=\"sheddable\" user=4",
                "inside, sheds, bound 389.000, waiting 2.000, lowered=1",
            ),
            (
                "2 acquire e priority=\"sheddable\" user=5",
                "ended, rejected, retry after 2, sheds, bound 389.000, waiting 2.000, lowered=1, shed_sheddable=1",
            ),
            // Nobody could begin, and somebody waits: that is overload, too.
            (
                "3 acquire f",
                "inside, sheds, bound 388.000, waiting 3.000, lowered=2, shed_sheddable=1",
            ),
            (
                "3 start f",
                "inside, sheds, bound 388.000, waiting 2.000, lowered=2, shed_sheddable=1",
            ),
            (
                "3.5 give_up c",
                "ended, cancelled, sheds, bound 388.000, waiting 1.000, lowered=2, shed_sheddable=1",
            ),
            // All who came were let in: there is nobody whom the bound keeps out.
            (
                "4 acquire g priority=\"sheddable\" user=127",
                "inside, open, bound 512.000, waiting 2.000, lowered=2, raised=1, shed_sheddable=1",
            ),
        ],
    );
}

#[test]
fn a_caller_that_is_turned_away_refuses_by_itself() {
    check(
        "throttle(k: 2, window: \"24s\", on: [rejected], count: results, push_back: after(\"3s\"))",
        &[
            (
                "0 acquire a",
                "inside, accepts 0.000, chance 0.000, requests 0.000",
            ),
            (
                "0 acquire b",
                "inside, accepts 0.000, chance 0.000, requests 0.000",
            ),
            (
                "0.5 result a ok",
                "ended, ok, accepts 1.000, chance 0.000, requests 1.000",
            ),
            // An error is an answer; what is given up, or has asked nobody, says nothing.
            (
                "0.5 result b error",
                "ended, error, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "1 acquire c",
                "inside, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "1 give_up c",
                "ended, cancelled, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "1 acquire d",
                "inside, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "1 result d breaker_open",
                "ended, breaker_open, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "2 acquire e",
                "inside, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "2 acquire f",
                "inside, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "2 acquire g",
                "inside, accepts 2.000, chance 0.000, requests 2.000",
            ),
            (
                "2 result e rejected",
                "ended, rejected, accepts 2.000, chance 0.000, requests 3.000",
            ),
            // Two of four: just enough.
            (
                "2 result f rejected",
                "ended, rejected, accepts 2.000, chance 0.000, requests 4.000",
            ),
            (
                "2 result g rejected",
                "ended, rejected, accepts 2.000, chance 0.167, requests 5.000",
            ),
            // By chance: the third is refused, and counts.
            (
                "3 acquire h",
                "inside, accepts 2.000, chance 0.167, requests 5.000",
            ),
            (
                "3 acquire i",
                "inside, accepts 2.000, chance 0.167, requests 5.000",
            ),
            (
                "3 acquire j",
                "ended, rate_limited, retry after 3, accepts 2.000, chance 0.286, requests 6.000, refused=1",
            ),
            (
                "3 acquire k",
                "inside, accepts 2.000, chance 0.286, requests 6.000, refused=1",
            ),
            // What is too long ago no longer counts.
            (
                "23.999 look k",
                "inside, accepts 2.000, chance 0.286, requests 6.000, refused=1",
            ),
            (
                "24 look k",
                "inside, accepts 0.000, chance 0.800, requests 4.000, refused=1",
            ),
            (
                "24 acquire l",
                "ended, rate_limited, retry after 3, accepts 0.000, chance 0.833, requests 5.000, refused=2",
            ),
            (
                "26 look k",
                "inside, accepts 0.000, chance 0.667, requests 2.000, refused=2",
            ),
            (
                "27 look k",
                "inside, accepts 0.000, chance 0.500, requests 1.000, refused=2",
            ),
            (
                "48 acquire m",
                "inside, accepts 0.000, chance 0.000, requests 0.000, refused=2",
            ),
        ],
    );
}

#[test]
fn a_limit_follows_the_latency() {
    check(
        "gradient_limit(initial: 2, least: 1, most: 4, queue: 1, smoothing: 0.5, tolerance: 1, samples: 2)",
        &[
            ("0 acquire a", "inside, limit 2.000, long 0.000, out 1.000"),
            ("0 acquire b", "inside, limit 2.000, long 0.000, out 2.000"),
            (
                "0 acquire c",
                "ended, bulkhead_full, limit 2.000, long 0.000, out 2.000, refused=1",
            ),
            (
                "0.1 result a ok",
                "ended, ok, limit 2.000, long 0.000, out 1.000, refused=1",
            ),
            (
                "0.1 result b ok",
                "ended, ok, limit 2.000, long 0.000, out 0.000, refused=1",
            ),
            (
                "1 acquire a",
                "inside, limit 2.000, long 0.000, out 1.000, refused=1",
            ),
            // The very first one was a window of its own; this one ends more than a second after it.
            (
                "1.2 result a ok",
                "ended, ok, limit 2.500, long 0.150, out 0.000, raised=1, refused=1",
            ),
            (
                "2 acquire a",
                "inside, limit 2.500, long 0.150, out 1.000, raised=1, refused=1",
            ),
            (
                "2 acquire b",
                "inside, limit 2.500, long 0.150, out 2.000, raised=1, refused=1",
            ),
            (
                "2 acquire c",
                "ended, bulkhead_full, limit 2.500, long 0.150, out 2.000, raised=1, refused=2",
            ),
            // A failure says nothing, and one result is too few.
            (
                "2.1 result b error",
                "ended, error, limit 2.500, long 0.150, out 1.000, raised=1, refused=2",
            ),
            (
                "2.5 result a timeout_attempt",
                "ended, timeout_attempt, limit 2.500, long 0.150, out 0.000, raised=1, refused=2",
            ),
            (
                "2.6 acquire a",
                "inside, limit 2.500, long 0.150, out 1.000, raised=1, refused=2",
            ),
            (
                "2.6 acquire b",
                "inside, limit 2.500, long 0.150, out 2.000, raised=1, refused=2",
            ),
            (
                "3.4 result a timeout_attempt",
                "ended, timeout_attempt, limit 2.500, long 0.150, out 1.000, raised=1, refused=2",
            ),
            // 0.9 s, where the long latency has come to 0.525 s.
            (
                "3.6 result b ok",
                "ended, ok, limit 2.479, long 0.525, out 0.000, lowered=1, raised=1, refused=2",
            ),
            (
                "4 acquire a",
                "inside, limit 2.479, long 0.525, out 1.000, lowered=1, raised=1, refused=2",
            ),
            (
                "4.1 result a ok",
                "ended, ok, limit 2.479, long 0.525, out 0.000, lowered=1, raised=1, refused=2",
            ),
            (
                "4.6 acquire a",
                "inside, limit 2.479, long 0.525, out 1.000, lowered=1, raised=1, refused=2",
            ),
            // Fast again: the long latency falls further, and the limit stays where less than half of it is out.
            (
                "4.7 result a ok",
                "ended, ok, limit 2.479, long 0.364, out 0.000, lowered=1, raised=1, refused=2",
            ),
            (
                "5 acquire a",
                "inside, limit 2.479, long 0.364, out 1.000, lowered=1, raised=1, refused=2",
            ),
            (
                "5 give_up a",
                "ended, cancelled, limit 2.479, long 0.364, out 0.000, lowered=1, raised=1, refused=2",
            ),
        ],
    );
}

#[test]
fn a_good_answer_stands_in_until_it_is_too_old() {
    check(
        "stale(max_age: \"10s\", on: [error, timeout_attempt])",
        &[
            ("0 acquire a key=1", "inside, none"),
            ("0 result a error", "ended, error, none, missing=1"),
            ("1 acquire a key=1", "inside, none, missing=1"),
            ("1 result a ok", "ended, ok, fresh, age 0.000, missing=1"),
            // Exactly as old as it may be is not too old.
            ("11 acquire a key=1", "inside, fresh, age 10.000, missing=1"),
            (
                "11 result a error",
                "ended, degraded, fresh, age 10.000, missing=1, used=1",
            ),
            // What stood in is no new answer.
            (
                "11 acquire a key=1",
                "inside, fresh, age 10.000, missing=1, used=1",
            ),
            (
                "11.5 result a timeout_attempt",
                "ended, timeout_attempt, too_old, age 10.500, missing=1, too_old=1, used=1",
            ),
            (
                "12 acquire a key=1",
                "inside, too_old, age 11.000, missing=1, too_old=1, used=1",
            ),
            (
                "12 result a degraded",
                "ended, degraded, too_old, age 11.000, missing=1, too_old=1, used=1",
            ),
            // Another endpoint has an answer of its own.
            (
                "12 acquire b key=1 endpoint=\"other\"",
                "inside, none, missing=1, too_old=1, used=1",
            ),
            (
                "12 result b error",
                "ended, error, none, missing=2, too_old=1, used=1",
            ),
            // Nothing is kept of those without a key.
            ("13 acquire c", "inside, none, missing=2, too_old=1, used=1"),
            (
                "13 result c ok",
                "ended, ok, none, missing=2, too_old=1, used=1",
            ),
            ("14 acquire c", "inside, none, missing=2, too_old=1, used=1"),
            (
                "14 result c error",
                "ended, error, none, missing=3, too_old=1, used=1",
            ),
        ],
    );
    check(
        "stale(max_age: \"10s\", by: endpoint)",
        &[
            ("0 acquire a", "inside, none"),
            ("0 result a ok", "ended, ok, fresh, age 0.000"),
            ("1 acquire b key=7", "inside, fresh, age 1.000"),
            (
                "1 result b bulkhead_full",
                "ended, degraded, fresh, age 1.000, used=1",
            ),
        ],
    );
}

#[test]
fn a_memory_is_divided_by_what_it_says() {
    check(
        "breaker(failures: 1, open_for: \"10s\", by: endpoint)",
        &[
            (
                "0 acquire a endpoint=\"x\"",
                "inside, closed, failures_in_a_row 0.000",
            ),
            (
                "0 result a error",
                "ended, error, open, open_for 10.000, opened=1",
            ),
            (
                "1 acquire b endpoint=\"y\"",
                "inside, closed, failures_in_a_row 0.000, opened=1",
            ),
            (
                "1 acquire c endpoint=\"x\"",
                "ended, breaker_open, open, open_for 9.000, opened=1, refused=1",
            ),
        ],
    );
    check(
        "bulkhead(permits: 1, queue: 1, by: callee)",
        &[
            ("0 acquire a callee=0", "inside, out 1.000"),
            ("0 acquire b callee=1", "inside, out 1.000"),
            ("0 acquire c callee=1", "parked, out 1.000, waited=1"),
            // A permit goes to who waits for one of that instance.
            ("1 result a ok", "ended, ok, out 0.000, waited=1"),
            ("1 look c", "parked, out 1.000, waited=1"),
            ("2 result b ok", "ended, ok, out 1.000, waited=1"),
            ("2 look c", "inside, out 1.000, waited=1"),
        ],
    );
    check(
        "bulkhead(permits: 1, push_back: never)",
        &[
            ("0 acquire a", "inside, out 1.000"),
            (
                "0 acquire b",
                "ended, bulkhead_full, retry after -1, out 1.000, refused=1",
            ),
        ],
    );
    check(
        "rate_limit(rate: \"1/s\", by: tenant, push_back: true)",
        &[
            ("0 acquire a tenant=\"blue\"", "inside, tokens 0.000"),
            ("0 acquire b tenant=\"red\"", "inside, tokens 0.000"),
            (
                "0.25 acquire c tenant=\"red\"",
                "ended, rate_limited, retry after 0.75, tokens 0.250, refused=1",
            ),
        ],
    );
}

#[test]
fn a_hedge_asks_nobody_who_asks_it_not_to() {
    check(
        "hedge(after: \"100ms\", attempts: 4)",
        &[
            ("0 acquire a", "inside"),
            ("0.1 look a", "inside, hedges=1"),
            // Not at once, nor when its delay is over, but when it is asked to come (gRPC A6, "Pushback").
            (
                "0.15 result a rejected leg=0 retry_after=0.3",
                "inside, hedges=1",
            ),
            ("0.449 look a", "inside, hedges=1"),
            ("0.45 look a", "inside, hedges=2"),
            (
                "0.5 result a rejected leg=1 retry_after=-1",
                "inside, hedges=2",
            ),
            ("1 look a", "inside, hedges=2"),
            ("1.1 result a rejected leg=2", "ended, rejected, hedges=2"),
        ],
    );
}

#[test]
fn a_retry_comes_when_it_is_asked_to() {
    check(
        "retry(attempts: 4, backoff: exponential(base: \"100ms\", jitter: none))",
        &[
            ("0 acquire", "inside"),
            ("0 result error", "waiting, wait 0.1, retries=1"),
            (
                "0.1 result rejected retry_after=1.5",
                "waiting, wait 1.5, retries=2",
            ),
            // The backoff begins anew.
            ("2 result error", "waiting, wait 0.1, retries=3"),
            ("3 result error", "ended, error, exhausted=1, retries=3"),
            ("4 acquire", "inside, exhausted=1, retries=3"),
            (
                "5 result rejected retry_after=-1",
                "ended, rejected, retry after -1, exhausted=1, retries=3",
            ),
        ],
    );
    check(
        "retry(attempts: 4, backoff: constant(base: \"100ms\", jitter: none), respect_push_back: false)",
        &[
            ("0 acquire", "inside"),
            (
                "0 result rejected retry_after=-1",
                "waiting, wait 0.1, retries=1",
            ),
            (
                "1 result rejected retry_after=1.5",
                "waiting, wait 0.1, retries=2",
            ),
        ],
    );
}

#[test]
fn a_script_that_cannot_be_is_refused() {
    let spec: PolicySpec = read_part("timeout(\"1s\")").unwrap();
    let refused = |lines: &[&str]| {
        let mut trace = Trace::new(&spec);
        let mut last = Ok(());
        for line in lines {
            let line: Line = serde_json::from_str(&json(line)).unwrap();
            last = trace.line(&line).map(drop);
        }
        last.unwrap_err()
    };
    assert!(refused(&["1 acquire a", "0.5 look a"]).contains("time goes back"));
    assert!(refused(&["1 look a"]).contains("no call `a` has come yet"));
    assert!(refused(&["1 acquire a", "1 acquire a"]).contains("another `id`"));
    assert!(refused(&["1 acquire a", "1 result a"]).contains("has an outcome"));
    assert!(refused(&["1 acquire a", "2 result a ok"]).contains("nothing out"));
    assert!(refused(&["2e9 look a"]).contains("`t` must be"));
}
