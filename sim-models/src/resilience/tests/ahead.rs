//! Policies that look ahead, and the states of policies.

use super::super::{EXAMPLES, REGISTRY, STATES};
use super::*;
use sim_core::SimTime;

#[test]
fn fail_fast_looks_at_what_the_work_will_need() {
    check(
        "fail_fast(push_back: after(\"2s\"))",
        &[
            ("0 acquire a", "inside"),
            ("0.1 result a ok", "ended, ok"),
            (
                "1 acquire b breakers=1",
                "ended, rejected, retry after 2, for_breakers=1",
            ),
            // A breaker is the first reason.
            (
                "2 acquire c breakers=1 pools=2",
                "ended, rejected, retry after 2, for_breakers=2",
            ),
            (
                "3 acquire d pools=1",
                "ended, rejected, retry after 2, for_breakers=2, for_pools=1",
            ),
        ],
    );
    check(
        "fail_fast(breakers: false)",
        &[
            ("0 acquire a breakers=3", "inside"),
            ("1 acquire b pools=1", "ended, rejected, for_pools=1"),
        ],
    );
    let nothing: PolicySpec = read_part("fail_fast(breakers: false, pools: false)").unwrap();
    assert_eq!(nothing.validate()[0].0, "breakers");
}

/// What traces call a state is what runs call it.
#[test]
fn states_have_one_name() {
    for (example, (name, _)) in EXAMPLES.iter().zip(REGISTRY) {
        let Some((_, states)) = STATES
            .iter()
            .find(|(of, states)| of == name && !states.is_empty())
        else {
            continue;
        };
        let Ok(spec) = read_part::<PolicySpec>(example) else {
            continue;
        };
        let memory = spec.memory();
        let (number, _) = spec.state(&memory, 0, SimTime::ZERO);
        let read = spec.reading(&memory, SimTime::ZERO).state;
        assert!(usize::from(number) < states.len(), "{name}");
        assert!(
            read.is_empty() || read == states[usize::from(number)],
            "{name}: {read} is not {}",
            states[usize::from(number)]
        );
    }
}
