//! How long requests took, how busy services were, who waited and what was repeated, over time.
//! What does not move is told in words.

use super::bins::{self, Bins};
use super::palette;
use super::panel::{Line, Note, Panel};
use super::scale::{Spread, Unit, tick_text};
use super::traffic::{counted, harm, plain};
use sim_models::observe::summary::{PoolSeries, RunResult, WorkloadSeries};

/// The most workloads whose latencies share a panel.
const MOST_WORKLOADS: usize = 3;
/// Utilisation below which a service is not drawn: far from where queues begin.
pub const IDLE: f64 = 0.1;
/// Mean number waiting below which a queue is not drawn.
pub const NOBODY: f64 = 1.0;
/// Attempts per call below which an edge is not drawn.
pub const ONCE: f64 = 1.1;

/// Latency of one workload in this colour: both views of it, or one line where they are the same.
#[must_use]
pub fn latency_lines(
    series: &WorkloadSeries,
    prefix: &str,
    bins: &Bins,
    (n, medians): (usize, bool),
) -> Vec<Line> {
    let ink = palette::series(n).0.ink;
    let views = |name: &str, monitored: Vec<f64>, truth: Vec<f64>, width: f64| {
        if same(&monitored, &truth) {
            let name = format!("{prefix}{name}");
            return vec![plain(&name, monitored, width, &[], ink)];
        }
        let (seen, dashed) = (
            format!("{prefix}{name} monitored"),
            format!("{prefix}{name} true"),
        );
        vec![
            plain(&dashed, truth, width.min(2.0), palette::DASHED, ink),
            plain(&seen, monitored, width, &[], ink),
        ]
    };
    let (seen, truth) = (&series.latency_p99, &series.latency_true_p99);
    let mut lines = views("p99", bins.peak(seen), bins.peak(truth), 2.5);
    if medians {
        let (seen, truth) = (&series.latency_p50, &series.latency_true_p50);
        lines.extend(views("p50", bins.mean(seen), bins.mean(truth), 1.0));
    }
    lines
}

fn same(a: &[f64], b: &[f64]) -> bool {
    let mut pairs = a.iter().zip(b);
    pairs.all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

/// The title of a panel of these lines.
#[must_use]
pub fn latency_title(lines: &[Line]) -> &'static str {
    if lines.iter().any(|line| !line.stroke.dash.is_empty()) {
        "Latency (log scale): solid as monitoring of answers sees it, dashed the truth with failures"
    } else {
        "Latency (log scale)"
    }
}

/// Latencies of workloads: of several, those that lost most, and those whose p99 grew most.
#[must_use]
pub fn latencies(result: &RunResult, bins: &Bins) -> Panel {
    let mut ranked: Vec<_> = result.series.workloads.iter().collect();
    let growth = |series: &WorkloadSeries| growth(series, &bins.for_workload(series));
    ranked.sort_by(|a, b| {
        let by_harm = harm(result, b.0).total_cmp(&harm(result, a.0));
        by_harm.then_with(|| growth(b.1).total_cmp(&growth(a.1)))
    });
    let mut panel = Panel::new("", Unit::Seconds, Spread::Log);
    for (n, (name, series)) in ranked.iter().take(MOST_WORKLOADS).enumerate() {
        let lines = match ranked.len() {
            1 => latency_lines(series, "", bins, (n, true)),
            _ => {
                let own = bins.for_workload(series);
                latency_lines(series, &format!("{name} "), &own, (n, false))
            }
        };
        panel.lines.extend(lines);
    }
    panel.title = latency_title(&panel.lines).into();
    if ranked.len() > MOST_WORKLOADS {
        let rest = &ranked[MOST_WORKLOADS..];
        panel.note = Some(Note {
            lead: counted(rest.len(), "more workload"),
            names: rest.iter().map(|(name, _)| (*name).clone()).collect(),
        });
    }
    panel
}

/// The largest p99 over the median of them all, of points that stand on enough arrivals.
fn growth(series: &WorkloadSeries, bins: &Bins) -> f64 {
    let mut known = bins.mean(&series.latency_true_p99);
    known.retain(|p99| p99.is_finite());
    known.sort_by(f64::total_cmp);
    match (known.get(known.len() / 2), known.last()) {
        (Some(median), Some(largest)) if *median > 0.0 => largest / median,
        _ => 0.0,
    }
}

/// A name and its values.
type Named = (String, Vec<f64>);

/// The series whose values reach a level, and the others.
fn reaching(series: Vec<Named>, level: f64) -> (Vec<Named>, Vec<Named>) {
    series
        .into_iter()
        .partition(|(_, values)| bins::largest(values) >= level)
}

/// The highest value of all, and whose it is.
fn highest(series: &[Named]) -> Option<(&str, f64)> {
    let peaks = series
        .iter()
        .map(|(name, values)| (name.as_str(), bins::largest(values)));
    peaks.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Says of the flat ones that they stay below a level: by name beside others, with the highest of
/// them where there are no others.
fn told(drawn: usize, flat: &[Named], what: &str, below: &str, unit: Unit) -> Option<Note> {
    let (name, peak) = highest(flat)?;
    let count = flat.len();
    Some(if drawn > 0 {
        Note {
            lead: format!("{} {below}", counted(count, &format!("more {what}"))),
            names: flat.iter().map(|(name, _)| name.clone()).collect(),
        }
    } else if peak > 0.0 {
        let peak = tick_text(peak, unit);
        Note {
            lead: format!("{} {below}; most: {name}, {peak}", all(count, what)),
            names: Vec::new(),
        }
    } else {
        Note {
            lead: format!("{} at 0 throughout", all(count, what)),
            names: Vec::new(),
        }
    })
}

fn all(count: usize, what: &str) -> String {
    match count {
        1 => format!("its only {what}"),
        _ => format!("all {}", counted(count, what)),
    }
}

/// How busy services were.
#[must_use]
pub fn utilization(result: &RunResult, bins: &Bins) -> Panel {
    let services = result.series.services.iter();
    let series = services
        .map(|(name, service)| {
            // Unbounded threads are never busy: what fills up then is the cores.
            let busier = service.utilization.iter().zip(&service.cpu_utilization);
            let busier: Vec<f64> = busier.map(|(threads, cores)| threads.max(*cores)).collect();
            (name.clone(), bins.mean(&busier))
        })
        .collect();
    let title = "Utilisation by service: of threads or of cores, whichever is busier";
    shares(title, series, "service")
}

/// Shares of what there is, over time.
fn shares(title: &str, series: Vec<Named>, what: &str) -> Panel {
    let (busy, idle) = reaching(series, IDLE);
    let below = "below 10% at every point";
    let note = told(busy.len(), &idle, what, below, Unit::Ratio);
    let panel = Panel::new(title, Unit::Ratio, Spread::Linear);
    let mut panel = panel.of_series(busy, &format!("{what}s"));
    panel.note = note;
    panel.top = Some(1.05);
    panel
}

/// Who waited.
#[must_use]
pub fn queues(result: &RunResult, bins: &Bins) -> Panel {
    let services = result.series.services.iter();
    let series = services
        .map(|(name, service)| (name.clone(), bins.peak(&service.queue)))
        .collect();
    lines(
        "Requests waiting for a thread by service",
        series,
        "service",
    )
}

/// Who waited for what, over time.
fn lines(title: &str, series: Vec<Named>, what: &str) -> Panel {
    let (waiting, empty) = reaching(series, NOBODY);
    let below = "below 1 in every window";
    let note = told(waiting.len(), &empty, what, below, Unit::Count);
    let (title, spread) = match highest(&waiting) {
        Some((_, deepest)) if deepest > 50.0 => {
            (format!("{title} (square-root scale)"), Spread::Root)
        }
        _ => (title.to_owned(), Spread::Linear),
    };
    let panel = Panel::new(title, Unit::Count, spread);
    let mut panel = panel.of_series(waiting, &format!("{what}s"));
    panel.note = note;
    panel
}

/// How much of pools was taken and who waited for it, where there are pools.
#[must_use]
pub fn pools(result: &RunResult, bins: &Bins) -> Option<[Panel; 2]> {
    let pools = &result.series.pools;
    let named = |get: &dyn Fn(&PoolSeries) -> Vec<f64>| {
        let all = pools.iter();
        all.map(|(name, pool)| (name.clone(), get(pool))).collect()
    };
    let taken = named(&|pool| bins.mean(&pool.utilization));
    let waiting = named(&|pool| bins.peak(&pool.waiting));
    (!pools.is_empty()).then(|| {
        [
            shares("Share of each pool that is taken", taken, "pool"),
            lines(
                "Requests waiting for something out of a pool",
                waiting,
                "pool",
            ),
        ]
    })
}

/// What was repeated, where anything could be.
#[must_use]
pub fn amplification(result: &RunResult, bins: &Bins) -> Option<Panel> {
    let worst = |name: &String| {
        let totals = result.summary.edges.get(name);
        totals.map_or(1.0, |totals| totals.amplification_worst)
    };
    let edges = result.series.edges.iter();
    let series: Vec<Named> = edges
        .map(|(name, edge)| {
            (
                name.clone(),
                bins.ratio(&edge.call_attempts, &edge.calls_sent),
            )
        })
        .filter(|(name, values)| worst(name) > 1.0 || bins::largest(values) > 1.0)
        .collect();
    let (repeated, once) = reaching(series, ONCE);
    let retried = once.iter().any(|(_, values)| bins::largest(values) > 1.0);
    let names = || once.iter().map(|(name, _)| name.clone()).collect();
    let which = if repeated.is_empty() {
        "edge"
    } else {
        "more edge"
    };
    let note = match (repeated.len(), retried) {
        _ if once.is_empty() => None,
        (_, false) => Some(Note {
            lead: format!("{} without a retry", counted(once.len(), which)),
            names: names(),
        }),
        (drawn, true) => told(drawn, &once, "edge", "below 1.1×", Unit::Factor),
    };
    let series = repeated
        .into_iter()
        .map(|(name, values)| {
            let most = worst(&name);
            (format!("{name} ≤{}", tick_text(most, Unit::Factor)), values)
        })
        .collect();
    let panel = Panel::new(
        "Attempts per call by edge (≤: the most that its policies allow)",
        Unit::Factor,
        Spread::Linear,
    );
    let mut panel = panel.of_series(series, "edges");
    panel.note = note;
    (panel.note.is_some() || !panel.lines.is_empty()).then_some(panel)
}
