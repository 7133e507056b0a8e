//! Checks as scenarios write them: `success_ratio(shoppers) >= 99.9%`, `latency(shoppers, p99) <
//! 250ms`, `amplification("web -> orders") < 1.1`.
//!
//! A measure ([`syntax`]), an operator and a limit. Units: limits are kept in seconds,
//! per second, or as ratios, as the metric asks. Where two measures are compared, `latency(a, p99) < 2 *
//! latency(a, p50)`, what is kept is their quotient and what it compares with: 2.

pub mod metric;
pub mod naming;
pub mod syntax;
mod terms;
mod check;
mod belief;

pub use belief::Belief;
pub use check::{Expression, Op, parse};
pub use metric::{Better, METRICS, Metric, Of, Statistic, Unit};
pub use naming::{Argument, Counter, Measure, Requests};
pub use syntax::ExpressionError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_checks() {
        for (text, metric, subject, limit, printed) in [
            (
                "success_ratio(shoppers) >= 0.999",
                Metric::SuccessRatio,
                "shoppers",
                0.999,
                "success_ratio(shoppers) >= 0.999",
            ),
            (
                "success_ratio(shoppers)>=5%",
                Metric::SuccessRatio,
                "shoppers",
                0.05,
                "success_ratio(shoppers) >= 0.05",
            ),
            (
                "success_ratio(shoppers) >= 99.9 %",
                Metric::SuccessRatio,
                "shoppers",
                0.999,
                "success_ratio(shoppers) >= 0.999",
            ),
            (
                "latency(shoppers, p99) < 250ms",
                Metric::Latency,
                "shoppers",
                0.25,
                "latency(shoppers, p99) < 250ms",
            ),
            (
                "goodput(\"my load\") > 900/s",
                Metric::Goodput,
                "my load",
                900.0,
                "goodput(my load) > 900/s",
            ),
            (
                "amplification(\"web->db\") <= 1.1",
                Metric::Amplification,
                "web -> db",
                1.1,
                "amplification(web -> db) <= 1.1",
            ),
            (
                "queue(db, max) != 3",
                Metric::Queue,
                "db",
                3.0,
                "queue(db, max) != 3",
            ),
        ] {
            let read = parse(text).unwrap();
            assert_eq!(
                (
                    read.measure.metric,
                    read.measure.subject.as_str(),
                    read.limit
                ),
                (metric, subject, limit)
            );
            assert_eq!(read.to_string(), printed);
        }
        let read = parse("sojourn(db, p50) < 1s").unwrap();
        assert_eq!(read.measure.statistic(), Some(Statistic::P50));
        assert_eq!(read.subject_at, 8..10);
        assert!(read.op.holds(0.5, read.limit) && !read.op.holds(f64::NAN, read.limit));
    }

    #[test]
    fn two_measures_are_compared_by_their_quotient() {
        for (text, printed, limit) in [
            (
                "goodput(a) / offered(a) >= 95%",
                "goodput(a) / offered(a) >= 0.95",
                0.95,
            ),
            (
                "goodput(a) >= 0.9 * offered(a)",
                "goodput(a) / offered(a) >= 0.9",
                0.9,
            ),
            (
                "latency(a, p99)<2*latency(a, p50)",
                "latency(a, p99) / latency(a, p50) < 2",
                2.0,
            ),
            (
                "latency(a,p99) in 10s..20s < latency(a,p99) in 0s..10s * 1.5",
                "latency(a, p99) in 10s..20s / latency(a, p99) in 0s..10s < 1.5",
                1.5,
            ),
            (
                "2 * goodput(a) > goodput(b) / 4",
                "goodput(a) / goodput(b) > 0.125",
                0.125,
            ),
            (
                "recovery_time <= mttr(a)",
                "recovery_time / mttr(a) <= 1",
                1.0,
            ),
            // A stretch at the end is that of both.
            (
                "goodput(a) / offered(a) of requests ended in 1s..2s > 50%",
                "goodput(a) in 1s..2s / offered(a) in 1s..2s > 0.5",
                0.5,
            ),
            (
                "failed(a) / failed(b) of requests ended in 1s..2s > 2",
                "failed(a) of requests ended in 1s..2s / failed(b) of requests ended in 1s..2s > 2",
                2.0,
            ),
            ("2 * goodput(a) > 10/s", "goodput(a) > 5/s", 5.0),
        ] {
            let read = parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
            assert_eq!(read.to_string(), printed);
            assert_eq!(
                (read.limit, read.measure.unit() == Unit::Rate),
                (limit, limit == 5.0)
            );
            let again = parse(printed).unwrap();
            assert_eq!((again.measure, again.limit), (read.measure, read.limit));
        }
        let read = parse("goodput(a) > goodput(b)").unwrap();
        assert_eq!((read.subject_at, read.other_at), (8..9, Some(21..22)));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, message, at, help) in [
            ("sucess_ratio(a) > 1", "no metric", 0..12, "success_ratio"),
            ("latency(a) < 1s", "needs a statistic", 8..9, "p99"),
            ("latency(a, p98) < 1s", "no statistic `p98`", 11..14, "p9"),
            ("latency(a, p99) < 250", "not a duration", 18..21, "250ms"),
            ("goodput(a) > 900", "not a rate", 13..16, "900/s"),
            ("goodput(a, p99) > 900/s", "takes no statistic", 11..14, ""),
            ("goodput(a) 900/s", "no comparison", 11..16, ""),
            ("success_ratio(a) > lots", "not a number", 19..23, "99.9%"),
            ("goodput a > 3", "not a check", 0..13, "METRIC"),
            ("0.9 < success_ratio(a)", "not a check", 0..22, "METRIC"),
            (
                "latency(a, p99) < 2 * goodput(a)",
                "`latency(a, p99)` is a duration and `goodput(a)` is a rate, so they cannot be compared",
                30..31,
                "one unit",
            ),
            (
                "goodput(a) / queue(db, max) > 1",
                "cannot be divided",
                19..21,
                "one unit",
            ),
            (
                "goodput(a) / offered(a) > 2 * success_ratio(a)",
                "two measures at most",
                26..46,
                "goodput(a) / offered(a) >= 0.95",
            ),
            (
                "goodput(a) / offered(a) / offered(b) > 2",
                "cannot be divided again",
                26..36,
                "one divided by another",
            ),
            ("goodput(a) + goodput(b) > 2/s", "no `+`", 11..29, "divided"),
            ("goodput(a) > 0 * offered(a)", "not a factor", 13..14, "1.2"),
            ("goodput(a) > ofered(b)", "no metric", 13..19, "offered"),
            (
                "goodput(a) / offered(a) > 3/s",
                "not a number",
                26..29,
                "99.9%",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(error.at, at, "{text}");
            assert!(
                error.help.iter().any(|h| h.contains(help)) || help.is_empty(),
                "{error:?}"
            );
        }
    }
}
