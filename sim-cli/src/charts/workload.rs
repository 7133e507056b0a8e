//! A chart of one workload.

use super::bands::Bands;
use super::bins::{self, Bins};
use super::figure::Words;
use super::panel::Panel;
use super::scale::{Spread, Unit};
use super::signals::{latency_lines, latency_title};
use super::timeline::stacked;
use super::traffic::{self, traffic};
use crate::units;
use sim_models::observe::summary::{RunResult, Series};

/// The chart of this workload as SVG; none, if there is no such workload.
#[must_use]
pub fn workload(result: &RunResult, name: &str) -> Option<String> {
    let series = result.series.workloads.get(name)?;
    let totals = result.summary.workloads.get(name)?;
    let bins = Bins::of(&result.series).for_workload(series);
    let lines = latency_lines(series, "", &bins, (0, true));
    let mut latency = Panel::new(latency_title(&lines), Unit::Seconds, Spread::Log);
    latency.lines = lines;
    let in_flight = bins.most(&series.in_flight);
    let spread = if bins::largest(&in_flight) > 50.0 {
        Spread::Root
    } else {
        Spread::Linear
    };
    let title = match spread {
        Spread::Root => "Requests in flight (square-root scale)",
        _ => "Requests in flight",
    };
    let flight =
        Panel::new(title, Unit::Count, spread).of_series(vec![("in flight".into(), in_flight)], "");
    let words = Words {
        title: match totals.success_ratio {
            Some(success) => format!(
                "{name}: {} of requests were answered usably",
                units::percent(success)
            ),
            None => format!("{name}: no request ended"),
        },
        reason: format!(
            "Offered {}, goodput {}. p99 as monitored {}, true {}.",
            units::known(totals.offered_rate, units::rate),
            units::known(totals.goodput, units::rate),
            units::known(totals.latency.p99, units::duration),
            units::known(totals.latency_true.p99, units::duration)
        ),
        guide: "How to read: monitoring that times only answers misses those who gave up; the gap \
                between the dashed and the solid lines is what it hides."
            .into(),
    };
    let panels = [
        (
            traffic(std::iter::once(series), &bins, traffic::title),
            320.0,
        ),
        (latency, 280.0),
        (flight, 170.0),
    ];
    Some(stacked(
        &about(result, name),
        &bins,
        &words,
        &panels,
        &Bands::default(),
    ))
}

/// What a chart says round its panels, without the incidents of other workloads.
fn about(result: &RunResult, name: &str) -> RunResult {
    let mut summary = result.summary.clone();
    summary.incidents.retain(|i| i.workload == name);
    RunResult {
        summary,
        series: Series {
            window_seconds: result.series.window_seconds,
            ..Series::default()
        },
        stories: Vec::new(),
        log: Vec::new(),
    }
}
