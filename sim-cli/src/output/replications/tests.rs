use super::*;
use crate::fixture::retry_storm;
use crate::output::table::WIDTH;

fn runs() -> Vec<Summary> {
    let mut runs = vec![retry_storm().summary; 10];
    for (n, run) in runs.iter_mut().enumerate() {
        run.seed = n as u64;
        if n % 5 < 2 {
            run.hypothesis.verdict = Conclusion::Recovered;
            run.faults[0].verdict = Conclusion::Recovered;
            run.faults[0].recovery_seconds = Some(5.0 + n as f64);
        }
    }
    runs
}

#[test]
fn verdicts_are_a_distribution() {
    let text = render_replications(&runs(), "sim run x.ron", Style::PLAIN);
    assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
    assert!(text.starts_with("METASTABLE in 6 of 10 runs"), "{text}");
    assert!(text.contains("6/10"), "{text}");
    assert!(text.contains("95% interval"), "{text}");
}

#[test]
fn who_was_only_slow_is_not_called_unanswered() {
    let mut runs = runs();
    for (n, run) in runs.iter_mut().enumerate() {
        let damage = &mut run.hypothesis.damage[0];
        (damage.lost, damage.lost_share, damage.lost_seconds) = (0, None, 0.0);
        (damage.slow_seconds, damage.waiting_share) = (93.0, Some(0.0));
        damage.slow_quantile = Some(if n == 0 { 0.5 } else { 0.99 });
        damage.slow_latency = Some(2.0);
        damage.slow_latency_before = Some(0.5);
    }
    let said = "shoppers: in the median p99 2.00s instead of 500ms for 93.0s";
    assert!(harm(&runs).starts_with(said), "{}", harm(&runs));
    for run in &mut runs {
        let damage = &mut run.hypothesis.damage[0];
        (damage.slow_quantile, damage.waiting_share) = (None, Some(0.75));
    }
    let said = "shoppers: in the median 75.0% not answered for 93.0s";
    assert!(harm(&runs).starts_with(said), "{}", harm(&runs));
}

/// Medians of shares and of times may be those of two runs: here a half, and 5 s.
#[test]
fn what_was_lost_and_for_how_long_is_of_one_run() {
    let mut runs = runs();
    runs.truncate(9);
    let each = [(10, 0.1, 5.0), (20, 0.5, 30.0), (30, 0.9, 1.0)];
    for (n, run) in runs.iter_mut().enumerate() {
        let damage = &mut run.hypothesis.damage[0];
        let (lost, share, seconds) = each[n % 3];
        (damage.lost, damage.lost_share) = (lost, Some(share));
        (damage.lost_seconds, damage.slow_seconds) = (seconds, 0.0);
    }
    let said = "shoppers: in the median 50.0% lost for 30.0s";
    assert!(harm(&runs).starts_with(said), "{}", harm(&runs));
}

#[test]
fn intervals_of_shares_end_where_shares_do() {
    // 0.8 on average, and the interval of that mean from 0.35 to 1.25.
    let values = [1.0, 1.0, 0.8, 0.4].map(Some);
    let cell = Cell::of(values.into_iter());
    let text = row("x".into(), &cell, true, units::percent);
    assert_eq!(text[2], "35.0% to 100%");
    let text = row("x".into(), &cell, false, units::percent);
    assert_eq!(text[2], "35.0% to 125.0%");
    // Nothing takes less than no time: 1 on average, and from -0.8 on.
    let cell = Cell::of([0.1, 0.2, 0.4, 3.3].map(Some).into_iter());
    let text = row("x".into(), &cell, false, units::duration);
    assert!(text[2].starts_with(&units::duration(0.0)), "{}", text[2]);
}

#[test]
fn quantiles_reach_into_never() {
    let sorted = [1.0, 3.0, f64::INFINITY, f64::INFINITY];
    assert_eq!(quantile(&sorted, 0.0), 1.0);
    assert_eq!(quantile(&sorted, 0.9), f64::INFINITY);
    assert_eq!(quantile(&[2.0], 0.5), 2.0);
}

/// For people.
#[test]
#[ignore = "prints for people to look at"]
fn print() {
    let text = render_replications(&runs(), "sim run x.ron", Style::PLAIN);
    println!("{text}");
}
