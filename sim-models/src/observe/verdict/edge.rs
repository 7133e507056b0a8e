//! Whether a run is so close to a limit that one run proves little.

use super::aftermath::Aftermath;
use super::steady::BLOCK;
use super::words::{span, value_of};
use crate::expression::{Expression, Op, Unit};
use crate::observe::conclusion::Conclusion;
use crate::observe::summary::{CheckSummary, HypothesisSummary};
use crate::scenario::Hypothesis;
use std::ops::RangeInclusive;

/// Recovery / what is allowed, between which another seed may decide otherwise.
const NEAR: RangeInclusive<f64> = 0.7..=1.4;
/// Value / limit, likewise, for checks over a whole stretch.
const TIGHT: RangeInclusive<f64> = 0.95..=1.05;

/// The limit that the run came close to, by what it is and what was measured.
pub(super) fn close_to(
    hypothesis: &Hypothesis,
    aftermaths: &[Aftermath],
    out: &HypothesisSummary,
) -> Option<String> {
    let allowed = hypothesis.recovers.map(|recovers| recovers.within);
    let recovery = allowed.and_then(|allowed| {
        let allowed = allowed.as_secs_f64();
        let took = aftermaths.iter().filter_map(|aftermath| match aftermath {
            Aftermath::Recovered(seconds, _) => Some(*seconds),
            _ => None,
        });
        let near = |seconds: &f64| NEAR.contains(&(seconds / allowed)) && *seconds > BLOCK as f64;
        let took = took.chain(out.recovery_expected_seconds).find(near)?;
        let (took, allowed) = (span(took), span(allowed));
        Some(format!("back after {took}, and {allowed} are allowed"))
    });
    let slow_way_back = out.recovery_seconds.is_some_and(|seconds| seconds > 0.0);
    // Where something fails by far, nothing hangs on what is near its limit.
    let lost = matches!(
        out.verdict,
        Conclusion::Metastable | Conclusion::NotRecovered
    );
    let failing = out.checks.iter().filter(|check| check.held == Some(false));
    let by_far = failing.clone().any(|check| {
        let near = if check.kind == "recovers" {
            &NEAR
        } else {
            &TIGHT
        };
        miss(check).is_none_or(|times| !near.contains(&times))
    });
    if lost {
        return recovery;
    }
    if by_far {
        return None;
    }
    recovery.or_else(|| {
        // What comes back slowly is just within its limit at first: that is no narrow escape.
        let on_its_way = |n: usize, kind: &str| {
            slow_way_back && kind == "steady" && n >= hypothesis.steady.len()
        };
        let decides =
            |check: &CheckSummary| failing.clone().next().is_none() || check.held == Some(false);
        let checks = out.checks.iter().enumerate();
        let mut checks = checks.filter(|(n, check)| {
            check.kind != "recovers" && !on_its_way(*n, &check.kind) && decides(check)
        });
        checks.find_map(|(_, check)| {
            let value = check.value?;
            let close = TIGHT.contains(&miss(check)?);
            close.then(|| format!("`{}` at {}", check.check, value_of(check, value)))
        })
    })
}

/// How many times its limit a check has reached: above 1 it fails. Ratios near one are compared by what
/// they leave: 0.999 against 0.998 is a factor of two. None where that says nothing.
pub(super) fn miss(check: &CheckSummary) -> Option<f64> {
    let (value, limit) = (check.value?, check.limit);
    if check.kind == "recovers" {
        return Some(value / limit);
    }
    let read = check.check.parse::<Expression>().ok()?;
    let ratio = read.measure.metric.unit() == Unit::Ratio && limit > 0.5 && limit <= 1.0;
    let times = match read.op {
        Op::AtLeast | Op::More if ratio => (1.0 - value) / (1.0 - limit),
        Op::AtLeast | Op::More => limit / value,
        Op::AtMost | Op::Less => value / limit,
        Op::Equal | Op::Unequal => return None,
    };
    (limit > 0.0 && !times.is_nan()).then_some(times)
}
