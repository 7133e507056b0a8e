//! Load that comes back with answers.

use super::check;
use crate::resilience::Load;

#[test]
fn a_load_is_a_share_in_hundredths() {
    assert_eq!(Load::UNKNOWN.share(), None);
    for (told, known) in [
        (0.0, 0.0),
        (0.5, 0.5),
        (1.004, 1.0),
        (2.54, 2.54),
        (9.0, 2.54),
    ] {
        assert_eq!(Load::of(told).share(), Some(known), "{told}");
        assert_eq!(Load::from_bits(Load::of(told).bits()), Load::of(told));
    }
    assert_eq!(Load::of(0.3).max(Load::UNKNOWN), Load::of(0.3));
}

#[test]
fn a_report_counts_what_is_in() {
    check(
        "report_load(capacity: 4)",
        &[
            ("0 acquire a", "inside, load 0.250"),
            ("0 acquire b", "inside, load 0.500"),
            ("1 result a ok", "ended, ok, load 0.250"),
            ("1 give_up b", "ended, cancelled, load 0.000"),
        ],
    );
}

#[test]
fn back_pressure_refuses_while_answers_tell_of_load() {
    check(
        r#"back_pressure(from: 0.5, to: 1, most: 1, memory: "2s")"#,
        &[
            ("0 acquire a", "inside, chance 0.000"),
            ("0 acquire b", "inside, chance 0.000"),
            // The first load is taken as it is, each further one weighs a fifth.
            (
                "1 result a ok load=1",
                "ended, ok, chance 1.000, load 1.000",
            ),
            (
                "1 acquire c",
                "ended, rate_limited, chance 1.000, load 1.000, refused=1",
            ),
            (
                "2 result b ok load=0",
                "ended, ok, chance 0.600, load 0.800, refused=1",
            ),
            // An answer that tells nothing changes nothing; without news for two seconds nothing is known.
            ("4 look b", "ended, ok, chance 0.600, load 0.800, refused=1"),
            ("4.001 acquire d", "inside, chance 0.000, refused=1"),
            ("5 result d error", "ended, error, chance 0.000, refused=1"),
        ],
    );
}
