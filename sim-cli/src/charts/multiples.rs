//! Small multiples: a row per service or per edge, a column per kind of signal.

use super::bins::{self, Bins};
use super::canvas::{Ink, Stroke};
use super::figure::Words;
use super::palette::{self, Mark};
use super::panel::{Line, Note, Panel};
use super::rows::{Row, grid};
use super::scale::{Spread, Unit, pace, tick_text};
use super::signals::{IDLE, NOBODY, ONCE};
use super::traffic::counted;
use crate::units;
use sim_models::observe::summary::{
    Columns, EdgeSeries, PoolSeries, RunResult, ServiceSeries, Values,
};
use sim_models::signals::Shown;

/// The most rows of a chart.
const MOST_ROWS: usize = 40;

/// Of rows in which nothing happens, so many are shown where there are no others.
const QUIET_ROWS: usize = 3;
/// Utilisation below which a service at which nothing fails or waits is not shown.
const EASY: f64 = 0.5;
/// Of so many attempts one may fail or be a retry in an edge that has nothing to show.
const RARE: u64 = 1000;
/// The most names of rows that are not shown.
const MOST_NAMES: usize = 12;

/// The rows that are shown, and what is said of the others.
struct Chosen<'a, T> {
    shown: Vec<(&'a String, &'a T)>,
    left_out: String,
}

/// Of ranked rows, those in which something happens, and the first, of which the title speaks.
fn choose<'a, T>(
    ranked: Vec<(&'a String, &'a T)>,
    quiet: impl Fn(&T) -> bool,
    (what, why): (&str, &str),
) -> Chosen<'a, T> {
    let all = ranked.len();
    let first = ranked.first().copied();
    let (mut silent, mut shown): (Vec<_>, Vec<_>) =
        ranked.into_iter().partition(|(_, one)| quiet(one));
    if shown.is_empty() {
        let rest = silent.split_off(silent.len().min(QUIET_ROWS));
        (shown, silent) = (silent, rest);
    } else if let Some(first) = first.filter(|(_, one)| quiet(one)) {
        silent.remove(0);
        shown.insert(0, first);
    }
    let mut sentences = Vec::new();
    if shown.len() > MOST_ROWS {
        shown.truncate(MOST_ROWS);
        sentences.push(format!(
            "The first {MOST_ROWS} of {} are shown; the tables have them all.",
            counted(all, what)
        ));
    }
    if !silent.is_empty() {
        // Lines do not break within a name.
        let names = silent.iter().take(MOST_NAMES);
        let names: Vec<String> = names.map(|(name, _)| name.replace(' ', "\u{a0}")).collect();
        let more = match silent.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        sentences.push(format!(
            "Not shown: {} {why}: {}{more}.",
            counted(silent.len(), what),
            names.join(", ")
        ));
    }
    Chosen {
        shown,
        left_out: sentences.join(" "),
    }
}

/// A row per service: what came, how busy it was, who waited.
#[must_use]
pub fn services(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let threads = |series: &ServiceSeries| bins::largest(&series.utilization);
    let cores = |series: &ServiceSeries| bins::largest(&series.cpu_utilization);
    // Unbounded threads are never busy: what fills up then is the cores.
    let busiest = |series: &ServiceSeries| threads(series).max(cores(series));
    let ranked = ranked(result.series.services.iter(), busiest);
    let finding = ranked.first().map_or_else(
        || "No services".to_owned(),
        |(name, series)| {
            let what = if threads(series) >= cores(series) {
                "threads"
            } else {
                "cores"
            };
            format!(
                "{name} was the busiest service: its {what} were used up to {}",
                units::percent(busiest(series).min(1.0))
            )
        },
    );
    let never = |counts: &[u64]| counts.iter().all(|count| *count == 0);
    let quiet = |series: &ServiceSeries| {
        busiest(series) < EASY
            && bins::largest(&series.queue) < NOBODY
            && never(&series.failed)
            && never(&series.rejected)
    };
    let why = "less than half busy that failed nothing and kept less than 1 waiting";
    let chosen = choose(ranked, quiet, ("service", why));
    let rows = chosen
        .shown
        .iter()
        .map(|(name, series)| {
            let panels = service_panels(series, &bins);
            let calm = panels[1..].iter().all(|panel| !panel.is_drawn());
            let note = if calm {
                let waiting = bins::largest(&series.queue);
                format!(
                    "at most {} busy, {} waiting",
                    tick_text(busiest(series), Unit::Ratio),
                    tick_text(waiting, Unit::Count)
                )
            } else {
                service_note(result, name)
            };
            let name = (*name).clone();
            Row { name, note, panels }
        })
        .collect();
    let words = Words {
        title: finding,
        reason: String::new(),
        guide: "How to read: the busiest service comes first. A service that works without \
                answering (high utilisation, few ok) works for callers who have gone. Waiting: all \
                instances together (mean), and the worst of them. Scales of requests and of queues \
                differ from row to row."
            .into(),
    };
    grid(result, &bins, &words, rows, &chosen.left_out)
}

/// A row per edge: calls and attempts, amplification, breakers.
#[must_use]
pub fn edges(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let peak =
        |series: &EdgeSeries| bins::largest(&bins.ratio(&series.call_attempts, &series.calls_sent));
    let share = |series: &EdgeSeries| {
        let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
        sum(&series.failures) / sum(&series.attempts).max(1.0)
    };
    // Those that repeat most come first; of those that never repeat, those that fail most.
    let ranked = ranked(result.series.edges.iter(), |series| {
        peak(series) + share(series)
    });
    let finding = match ranked.first() {
        Some((name, series)) if peak(series) > 1.0 => format!(
            "{name} repeated most: up to {} attempts per call",
            units::number(peak(series))
        ),
        Some(_) => "No call was repeated".to_owned(),
        None => "No calls between services".to_owned(),
    };
    let opened = |series: &EdgeSeries| series.breakers_open.iter().any(|open| *open > 0);
    let breakers = result.series.edges.values().any(opened);
    let troubled = |series: &EdgeSeries| {
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        let troubled = sum(&series.retries) + sum(&series.failures);
        (troubled, sum(&series.attempts))
    };
    let quiet = |series: &EdgeSeries| {
        let (troubled, attempts) = troubled(series);
        troubled * RARE <= attempts && !opened(series)
    };
    let clean = |series: &EdgeSeries| troubled(series).0 == 0;
    let edges = result.series.edges.values();
    let why = if edges.filter(|edge| quiet(edge)).all(clean) {
        "without a retry or a failure"
    } else {
        "with a retry or a failure in at most one of 1,000 attempts"
    };
    let chosen = choose(ranked, quiet, ("edge", why));
    let rows = chosen
        .shown
        .iter()
        .map(|(name, series)| Row {
            name: (*name).clone(),
            note: edge_note(result, name),
            panels: edge_panels(series, &bins, breakers),
        })
        .collect();
    let words = Words {
        title: finding,
        reason: String::new(),
        guide: "How to read: attempts above calls are retries, load that users did not ask for. \
                Amplification multiplies along a path of calls."
            .into(),
    };
    grid(result, &bins, &words, rows, &chosen.left_out)
}

/// A row per pool: what was taken and refused, how much was out, who waited.
#[must_use]
pub fn pools(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let busiest = |series: &PoolSeries| bins::largest(&series.utilization);
    let ranked = ranked(result.series.pools.iter(), busiest);
    let finding = ranked.first().map_or_else(
        || "No pools".to_owned(),
        |(name, series)| {
            format!(
                "{name} was the fullest pool: up to {} of it were taken over {}",
                units::percent(busiest(series).min(1.0)),
                units::duration(result.series.window_seconds)
            )
        },
    );
    let quiet = |series: &PoolSeries| {
        busiest(series) < EASY
            && bins::largest(&series.waiting) < NOBODY
            && series.refused.iter().all(|count| *count == 0)
    };
    let why = "less than half taken that refused nobody and kept less than 1 waiting";
    let chosen = choose(ranked, quiet, ("pool", why));
    let rows = chosen
        .shown
        .iter()
        .map(|(name, series)| Row {
            name: (*name).clone(),
            note: pool_note(result, name),
            panels: pool_panels(series, &bins),
        })
        .collect();
    let words = Words {
        title: finding,
        reason: String::new(),
        guide: "How to read: the fullest pool comes first. Who waits holds a thread of a service \
                with sync threads, and whatever it has taken before. Waiting: all instances \
                together (mean), and the worst of them. Scales of requests and of lines differ \
                from row to row."
            .into(),
    };
    grid(result, &bins, &words, rows, &chosen.left_out)
}

fn ranked<'a, T>(
    all: impl Iterator<Item = (&'a String, &'a T)>,
    rank: impl Fn(&T) -> f64,
) -> Vec<(&'a String, &'a T)> {
    let mut ranked: Vec<_> = all.collect();
    ranked.sort_by(|a, b| rank(b.1).total_cmp(&rank(a.1)));
    ranked
}

fn service_note(result: &RunResult, name: &str) -> String {
    let Some(totals) = result.summary.services.get(name) else {
        return String::new();
    };
    format!(
        "sojourn p99 {}, doomed work {}",
        units::known(totals.sojourn.p99, units::duration),
        units::known(totals.doomed_share, units::percent)
    )
}

fn pool_note(result: &RunResult, name: &str) -> String {
    let found = name.split_once('/').and_then(|(service, pool)| {
        let service = result.summary.services.get(service)?;
        service.pools.get(pool)
    });
    found.map_or_else(String::new, |totals| {
        format!(
            "size {}, wait p99 {}",
            units::count(totals.size),
            units::known(totals.wait.p99, units::duration)
        )
    })
}

fn edge_note(result: &RunResult, name: &str) -> String {
    let Some(totals) = result.summary.edges.get(name) else {
        return String::new();
    };
    format!(
        "amplification {} (at worst {}), {} retries",
        units::known(totals.amplification, units::factor),
        units::factor(totals.amplification_worst),
        units::count(totals.retries)
    )
}

/// A panel of rates: those that are always zero are not drawn.
fn rates(title: &str, lines: Vec<(&str, Vec<f64>, Stroke)>) -> Panel {
    let highest = lines.iter().map(|(_, rates, _)| bins::largest(rates));
    let (factor, per) = pace(highest.fold(0.0, f64::max));
    let mut panel = Panel::new(format!("{title} per {per}"), Unit::Rate, Spread::Linear);
    panel.lines = lines
        .into_iter()
        .enumerate()
        .filter(|(n, (_, rates, _))| *n == 0 || bins::largest(rates) > 0.0)
        .map(|(_, (name, rates, stroke))| {
            line(
                name,
                rates.iter().map(|rate| rate * factor).collect(),
                stroke,
            )
        })
        .collect();
    panel
}

/// A panel that says in words that its values stay below a level, if they do.
fn or_told(mut panel: Panel, below: f64, words: &str) -> Panel {
    let peaks = panel.lines.iter().map(|line| bins::largest(&line.values));
    let peak = peaks.fold(0.0, f64::max);
    if peak < below {
        panel.lines.clear();
        let most = tick_text(peak, panel.unit);
        panel.note = Some(Note {
            lead: if peak > 0.0 {
                format!("{words}; at most {most}")
            } else {
                "0 throughout".to_owned()
            },
            names: Vec::new(),
        });
    }
    panel
}

/// Rates of counts that are shown only where they are not zero.
fn used<S: Columns>(series: &S, bins: &Bins) -> Vec<(&'static str, Vec<f64>, Stroke)> {
    let used = S::COLUMNS
        .iter()
        .filter(|column| column.shown == Shown::used);
    let rates = used.filter_map(|column| match (column.values)(series) {
        Values::Counts(counts) => Some((column.name, bins.rate(counts))),
        Values::Numbers(_) => None,
    });
    let stroke = |n: usize| palette::series(n + FIXED).0;
    let rates = rates.enumerate();
    rates
        .map(|(n, (name, rates))| (name, rates, stroke(n)))
        .collect()
}

fn service_panels(series: &ServiceSeries, bins: &Bins) -> Vec<Panel> {
    let mut lines = vec![
        ("arrived", bins.rate(&series.arrivals), ARRIVED),
        ("ok", bins.rate(&series.ok), OK),
        ("failed", bins.rate(&series.failed), FAILED),
        ("rejected", bins.rate(&series.rejected), REJECTED),
    ];
    lines.extend(used(series, bins));
    let mut busy = Panel::new("Utilisation", Unit::Ratio, Spread::Linear);
    busy.lines = vec![
        line("threads", bins.mean(&series.utilization), FIRST),
        line("cores", bins.mean(&series.cpu_utilization), SECOND),
    ];
    busy.top = Some(1.05);
    vec![
        rates("Requests", lines),
        or_told(busy, IDLE, "below 10%"),
        waiting(
            "Waiting for a thread",
            (&series.queue, &series.queue_max),
            bins,
        ),
    ]
}

/// How many wait, at all instances and at one.
fn waiting(title: &str, (all, most): (&[f64], &[u64]), bins: &Bins) -> Panel {
    let mut panel = Panel::new(title, Unit::Count, Spread::Linear);
    let mean = bins.peak(all);
    let empty = bins::largest(&mean) < NOBODY;
    panel.lines = vec![line("all", mean, FIRST)];
    if !empty {
        panel.lines.push(line("worst", bins.most(most), SECOND));
    }
    or_told(panel, NOBODY, "below 1")
}

fn pool_panels(series: &PoolSeries, bins: &Bins) -> Vec<Panel> {
    let mut lines = vec![
        ("taken", bins.rate(&series.taken), ARRIVED),
        ("waited", bins.rate(&series.waited), FIRST),
        ("refused", bins.rate(&series.refused), REJECTED),
    ];
    lines.extend(used(series, bins));
    let mut taken = Panel::new("Share taken", Unit::Ratio, Spread::Linear);
    taken.lines = vec![line("taken", bins.mean(&series.utilization), FIRST)];
    taken.top = Some(1.05);
    vec![
        rates("Requests", lines),
        or_told(taken, IDLE, "below 10%"),
        waiting("Waiting", (&series.waiting, &series.waiting_max), bins),
    ]
}

fn edge_panels(series: &EdgeSeries, bins: &Bins, breakers: bool) -> Vec<Panel> {
    let repeated = series.retries.iter().any(|count| *count > 0);
    let mut lines = vec![("calls", bins.rate(&series.calls), ARRIVED)];
    if repeated {
        lines.push(("attempts", bins.rate(&series.attempts), FIRST));
    }
    lines.push(("failures", bins.rate(&series.failures), FAILED));
    lines.extend(used(series, bins));
    let requests = rates("Calls", lines);
    let mut factor = Panel::new("Attempts per call", Unit::Factor, Spread::Linear);
    let attempts = bins.ratio(&series.call_attempts, &series.calls_sent);
    factor.lines = vec![line("attempts", attempts, FIRST)];
    factor = or_told(factor, ONCE, "below 1.1×");
    let mut open = Panel::new("Breakers not closed", Unit::Count, Spread::Linear);
    open.lines = vec![line("breakers", bins.most(&series.breakers_open), FIRST)];
    if breakers {
        vec![requests, factor, or_told(open, 1.0, "below 1")]
    } else {
        vec![requests, factor]
    }
}

/// So many colours are taken by the lines that are always there.
const FIXED: usize = 3;

const fn stroke(width: f64, ink: Ink, dash: &'static [f64]) -> Stroke {
    Stroke { width, ink, dash }
}

const ARRIVED: Stroke = stroke(1.25, palette::BLACK, &[]);
const OK: Stroke = stroke(1.75, palette::GREEN, &[]);
const FAILED: Stroke = stroke(1.75, palette::VERMILION, palette::DASHED);
const REJECTED: Stroke = stroke(1.75, palette::PURPLE, &[]);
const FIRST: Stroke = stroke(1.75, palette::BLUE, &[]);
const SECOND: Stroke = stroke(1.75, palette::VERMILION, palette::DASHED);

fn line(name: &str, values: Vec<f64>, stroke: Stroke) -> Line {
    Line {
        name: name.to_owned(),
        values,
        stroke,
        mark: Mark::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;

    #[test]
    fn the_row_that_the_title_speaks_of_comes_first() {
        // The database is busiest, but has nothing to show; the search fails, and is less busy.
        let mut result = retry_storm();
        for (name, series) in &mut result.series.services {
            let busy = if name == "db" { 0.45 } else { 0.3 };
            series.utilization.fill(busy);
            series.cpu_utilization.fill(0.0);
            series.queue.fill(0.0);
            series.rejected.fill(0);
            series.failed.fill(u64::from(name == "orders"));
        }
        let drawn = services(&result);
        let at = |text: &str| drawn.find(text).unwrap_or_else(|| panic!("no {text}"));
        assert!(at("db was the busiest service") < at("\ndb\n"));
        assert!(at("\ndb\n") < at("\norders\n"), "the busiest comes first");
        let left_out = &drawn[at("Not shown: ")..];
        assert!(left_out.contains("web") && !left_out[..200.min(left_out.len())].contains("db"));
    }

    #[test]
    fn levels_of_all_and_of_one_are_told_apart() {
        let drawn = services(&retry_storm());
        assert!(drawn.contains("\nall\n") && drawn.contains("\nworst\n"));
        // Lines may be broken anywhere.
        let words: Vec<&str> = drawn.lines().filter(|line| !line.contains('<')).collect();
        let told = "all instances together (mean), and the worst of them";
        assert!(words.join(" ").contains(told), "{words:?}");
        assert!(!drawn.contains("largest"));
    }
}
