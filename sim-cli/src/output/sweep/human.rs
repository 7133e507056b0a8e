//! A sweep for people: how its points fared in the measures that tell most.

use crate::charts;
use crate::output::human::{command, join};
use crate::output::style::Style;
use crate::output::table::{Table as Text, WIDTH, shorten, wrap};
use crate::output::tables::styled;
use crate::output::values::{level_text, takes, value};
use crate::units;
use sim_core::stats::quantile_interval;
use sim_models::experiment::compare::numbers::{counted, is_share};
use sim_models::experiment::space::{Axis, Point};
use sim_models::experiment::sweep::{Cell, LEVEL, MEDIAN, P90, Replications, Row, Table};
use sim_models::expression::{Better, Measure};
use sim_models::observe::choice::default_measures;
use sim_models::observe::conclusion::Conclusion;
use std::collections::BTreeMap;

/// So many points fit on a screen.
const ROWS: usize = 24;
/// No more measures than this stand beside the settings.
const MEASURES: usize = 4;
/// Of so many measures it is said in words what they show: of all that were asked for, if these are few.
const FINDINGS: usize = 2;
/// And of these.
const ASKED: usize = 4;
/// Headings are not longer than this.
const HEADING: usize = 25;

/// What the reader is told besides the table.
#[derive(Clone, Debug, Default)]
pub struct Ending<'a> {
    /// The command that does it again.
    pub reproduce: &'a str,
    /// Files to open, the telling ones first.
    pub open: Vec<String>,
}

/// The result of a sweep as text.
#[must_use]
pub fn render(table: &Table<'_>, ending: &Ending<'_>, style: Style) -> String {
    join(&[
        headline(table, style),
        points(&Cells::new(table), style),
        findings(table, style),
        verdicts(table, style),
        notes(table, style),
        tables(table, ending),
        closing(ending, style),
    ])
}

fn headline(table: &Table<'_>, style: Style) -> Vec<String> {
    let sweep = table.sweep;
    let runs: usize = table.runs.iter().map(Vec::len).sum();
    let axes: Vec<String> = sweep
        .axes
        .iter()
        .enumerate()
        .map(|(number, axis)| {
            let labels = sweep.points.iter();
            let mut places: Vec<&str> = labels
                .map(|point| point.coordinates[number].label.as_str())
                .collect();
            places.sort_unstable();
            places.dedup();
            format!("{} ({})", axis.name, places.len())
        })
        .collect();
    let each = match sweep.replications {
        Replications::Fixed(count) => format!("× {}", counted(u64::from(count), "replication")),
        Replications::Until(until) => {
            format!("× {} to {} replications", until.least, until.most)
        }
    };
    let mut lines = vec![style.heading(&shorten(&sweep.title, WIDTH))];
    let some = |count: usize, what: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{} {what}{s}", units::count(count as u64))
    };
    let text = format!(
        "{} {each} = {}; varied: {}",
        some(table.runs.len(), "point"),
        some(runs, "run"),
        if axes.is_empty() {
            "nothing".to_owned()
        } else {
            axes.join(", ")
        },
    );
    lines.extend(wrap(&text, "", "  "));
    lines
}

/// A table with its statistics, which take a while.
struct Cells<'a> {
    table: &'a Table<'a>,
    cells: Vec<Cell>,
}

impl<'a> Cells<'a> {
    fn new(table: &'a Table<'a>) -> Self {
        let cells = table.cells();
        Self { table, cells }
    }

    fn at(&self, point: usize, measure: usize) -> &Cell {
        &self.cells[point * self.table.sweep.measures.len() + measure]
    }

    fn measure(&self, measure: usize) -> &'a Measure {
        &self.table.sweep.measures[measure]
    }

    fn points(&self) -> std::ops::Range<usize> {
        0..self.table.runs.len()
    }
}

/// The `most` measures that tell the points apart best, in the order of the sweep.
fn telling(cells: &Cells<'_>, most: usize) -> Vec<usize> {
    let all = 0..cells.table.sweep.measures.len();
    let mut ranked: Vec<(f64, usize)> = all.map(|m| (contrast(cells, m), m)).collect();
    // Stable: equal ones stay in the order of the sweep.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut chosen: Vec<usize> = ranked.iter().take(most).map(|(_, m)| *m).collect();
    chosen.sort_unstable();
    chosen
}

/// How much a measure differs between points, as a share of its size: the range of the points'
/// centres by the largest of them; what is neither good nor bad counts for little.
fn contrast(cells: &Cells<'_>, measure: usize) -> f64 {
    if matches!(cells.table.sweep.replications, Replications::Until(until) if until.measure == measure)
    {
        return f64::INFINITY; // Asked for.
    }
    let centres: Vec<f64> = cells
        .points()
        .filter_map(|point| centre(cells.at(point, measure)))
        .collect();
    let most = centres.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = centres.iter().copied().fold(f64::INFINITY, f64::min);
    let weight = match cells.measure(measure).better() {
        Better::Neither => 0.01,
        _ => 1.0,
    };
    let size = most.abs().max(least.abs());
    match (most.is_finite(), least.is_finite()) {
        (true, true) if size > 0.0 => weight * (most - least) / size,
        (false, true) => weight,
        _ => 0.0,
    }
}

/// What stands for the values of a cell: their mean, or their median where some are infinite.
fn centre(cell: &Cell) -> Option<f64> {
    cell.mean.or(cell.median).map(|interval| interval.mean)
}

fn points(cells: &Cells<'_>, style: Style) -> Vec<String> {
    let mut most = MEASURES;
    loop {
        let (lines, fits) = points_with(cells, &telling(cells, most), style);
        // Settings cut short would tell points apart no more.
        if fits || most <= 1 {
            return lines;
        }
        most -= 1;
    }
}

/// The table with some measures, and whether it fits without cutting names short.
fn points_with(cells: &Cells<'_>, chosen: &[usize], style: Style) -> (Vec<String>, bool) {
    let table = cells.table;
    let best: Vec<Option<f64>> = chosen
        .iter()
        .map(|measure| {
            let points = cells.points();
            let centres = points.filter_map(|point| centre(cells.at(point, *measure)));
            // Where all are equal, none is the best.
            let all: Vec<f64> = centres.collect();
            if all.iter().all(|centre| *centre == all[0]) {
                return None;
            }
            let centres = all.into_iter();
            match cells.measure(*measure).better() {
                Better::Lower => centres.reduce(f64::min),
                Better::Higher => centres.reduce(f64::max),
                Better::Neither => None,
            }
        })
        .collect();
    let labels: Vec<String> = chosen
        .iter()
        .map(|measure| heading(cells.measure(*measure)))
        .collect();
    let mut headings: Vec<&str> = vec!["Points", "held"];
    headings.extend(labels.iter().map(String::as_str));
    let mut text = Text::new(&headings);
    let shown = shown(cells, chosen);
    for point in &shown {
        let mut row = vec![point_name(table, *point), held(&table.runs[*point])];
        for (measure, best) in chosen.iter().zip(&best) {
            let cell = cells.at(*point, *measure);
            let is_best = best.is_some() && centre(cell) == *best;
            let value = with_interval(cells.measure(*measure), cell);
            row.push(format!("{value}{}", if is_best { "*" } else { " " }));
        }
        text.row(row);
    }
    let mut lines = styled(&text, style);
    let fits = !lines.iter().skip(1).any(|line| line.contains('…'));
    let mut legend = Vec::new();
    if best.iter().any(Option::is_some) {
        legend.push("* best of its column");
    }
    if lines.iter().any(|line| line.contains('±')) {
        legend.push("± reaches to the ends of the 95% interval");
    }
    let brackets = shown
        .iter()
        .flat_map(|point| chosen.iter().map(move |m| (*point, *m)));
    if brackets
        .clone()
        .any(|(point, m)| clipped(cells.measure(m), cells.at(point, m)).is_some())
    {
        legend.push("shares in brackets: the 95% interval, as far as shares go");
    }
    if !legend.is_empty() && shown.len() > 1 {
        lines.extend(wrap(&legend.join("; "), "  ", "  "));
    }
    let places = shown.iter();
    let places = places.flat_map(|point| chosen.iter().map(|measure| cells.at(*point, *measure)));
    lines.extend(medians(places).map(|text| format!("  {text}")));
    let left = table.runs.len() - shown.len();
    if left > 0 {
        lines.push(format!(
            "  {left} points in between are left out; cells.csv in the folder of --out has them all"
        ));
    }
    (lines, fits)
}

/// Which points are shown: all that fit, else the best and the worst in the first telling measure.
fn shown(cells: &Cells<'_>, chosen: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = cells.points().collect();
    if order.len() <= ROWS {
        return order;
    }
    let good = |measure: &&usize| cells.measure(**measure).better() != Better::Neither;
    let Some(measure) = chosen.iter().find(good).or(chosen.first()) else {
        order.truncate(ROWS);
        return order;
    };
    let key = |point: &usize| centre(cells.at(*point, *measure)).unwrap_or(f64::INFINITY);
    order.sort_by(|a, b| key(a).total_cmp(&key(b)));
    if cells.measure(*measure).better() == Better::Higher {
        order.reverse();
    }
    let worst = order.split_off(order.len() - ROWS / 2);
    order.truncate(ROWS / 2);
    order.extend(worst);
    order
}

/// `timeout=250ms, retries=3`.
#[must_use]
pub fn point_name(table: &Table<'_>, point: usize) -> String {
    let sweep = table.sweep;
    if sweep.axes.is_empty() {
        return "as it is".to_owned();
    }
    setting(&sweep.axes, &sweep.points[point])
}

/// `timeout=250ms, retries=3`: with the last part of the name of an axis, where that tells it from all
/// others.
#[must_use]
pub fn setting(axes: &[Axis], point: &Point) -> String {
    let last = |axis: &Axis| axis.name.rsplit('.').next().map(str::to_owned);
    let names = axes.iter().map(|axis| {
        let alike = axes
            .iter()
            .filter(|other| last(other) == last(axis))
            .count();
        last(axis)
            .filter(|_| alike == 1)
            .unwrap_or_else(|| axis.name.clone())
    });
    let settings = names.zip(&point.coordinates);
    let settings: Vec<String> = settings
        .map(|(name, place)| format!("{name}={}", place.label))
        .collect();
    settings.join(", ")
}

fn held(runs: &[Row]) -> String {
    if runs
        .iter()
        .all(|run| run.verdict == Conclusion::NoHypothesis)
    {
        return units::NOTHING.to_owned();
    }
    let known = runs.iter().filter(|run| run.verdict.is_known());
    let held = known.clone().filter(|run| run.verdict.passes()).count();
    match known.count() {
        0 => units::NOTHING.to_owned(),
        known => format!("{held}/{known}"),
    }
}

/// A short heading: the statistic or metric, and of what.
fn heading(measure: &Measure) -> String {
    shorten(&measure.label(), HEADING)
}

/// The ends of an interval that would reach below nothing, or of a share above all of it, cut to these.
fn clipped(measure: &Measure, cell: &Cell) -> Option<(f64, f64)> {
    let mean = cell.mean.filter(|mean| mean.half_width.is_finite())?;
    let [low, high] = [-1.0, 1.0].map(|side| mean.mean + side * mean.half_width);
    let share = is_share(measure);
    let within = low >= 0.0 && (!share || high <= 1.0);
    (!within).then(|| {
        let most = if share { 1.0 } else { f64::INFINITY };
        (low.max(0.0), high.min(most))
    })
}

fn with_interval(measure: &Measure, cell: &Cell) -> String {
    if let (Some((low, high)), Some(mean)) = (clipped(measure, cell), cell.mean) {
        let value = |v: f64| value(measure, v);
        return format!("{} ({} to {})", value(mean.mean), value(low), value(high));
    }
    match (cell.mean, cell.median) {
        (Some(mean), _) if mean.half_width.is_finite() => format!(
            "{} ±{}",
            value(measure, mean.mean),
            value(measure, mean.half_width)
        ),
        (Some(mean), _) => value(measure, mean.mean),
        (None, Some(median)) => {
            let never = cell.count - cell.finite.map_or(0, |finite| finite.count);
            let never = format!("never {never}/{}", cell.count);
            match median.mean.is_finite() {
                true => format!(
                    "{} ({} to {}), {never}",
                    value(measure, median.mean),
                    value(measure, median.low),
                    value(measure, median.high)
                ),
                false => never,
            }
        }
        (None, None) => units::NOTHING.to_owned(),
    }
}

/// What the brackets around medians hold, where there are any: the level that the least sure of them
/// reaches.
fn medians<'a>(cells: impl Iterator<Item = &'a Cell>) -> Option<String> {
    let known = cells.filter(|cell| cell.mean.is_none());
    let known = known.filter_map(|cell| cell.median.filter(|median| median.mean.is_finite()));
    let level = known.map(|median| median.level).reduce(f64::min)?;
    Some(format!(
        "where some never end: the median, and between which values it lies with {} confidence{}",
        level_text(level),
        takes(MEDIAN, level)
    ))
}

fn tables(table: &Table<'_>, ending: &Ending<'_>) -> Vec<String> {
    let text = quantiles(table).filter(|_| !ending.open.is_empty());
    text.map_or_else(Vec::new, |text| wrap(&text, "", ""))
}

/// What the intervals of quantiles in the tables reach, where that is less than all others do.
fn quantiles(table: &Table<'_>) -> Option<String> {
    let counts = table.runs.iter().map(Vec::len);
    let least = counts.filter(|count| *count > 0).min()?;
    // Which values does not matter.
    let values = vec![0.0; least];
    let told: Vec<String> = [(MEDIAN, "medians"), (P90, "90% quantiles")]
        .into_iter()
        .filter_map(|(p, name)| {
            let level = quantile_interval(&values, p, LEVEL).ok()?.level;
            let text = format!(
                "those of {name} reach {}{}",
                level_text(level),
                takes(p, level)
            );
            (level < LEVEL).then_some(text)
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Of the intervals in cells.csv, {} with {}.",
            told.join(" and "),
            counted(least as u64, "replication")
        )
    })
}

/// What the most telling measures show.
fn findings(table: &Table<'_>, style: Style) -> Vec<String> {
    let mut found = charts::sweep::words(table);
    let measures = &table.sweep.measures;
    let scenario = table.sweep.scenarios.first();
    let asked = scenario.is_some_and(|scenario| *measures != default_measures(scenario));
    if asked {
        // Who asks for measures has an order in mind.
        let place = |name: &String| measures.iter().position(|one| one.label() == *name);
        found.sort_by_key(|(name, _)| place(name));
    }
    let most = if asked { ASKED } else { FINDINGS };
    let mut lines = Vec::new();
    for (name, sentences) in found.iter().take(most) {
        let name = charts::sweep::findings::capital(name);
        lines.push(style.heading(&name));
        for sentence in sentences {
            lines.extend(wrap(sentence, "  ", "  "));
        }
    }
    if found.len() > most {
        let more = counted((found.len() - most) as u64, "other measure");
        lines.push(format!(
            "What {more} show is in summary.json (--out), or with --format json."
        ));
    }
    lines
}

fn verdicts(table: &Table<'_>, style: Style) -> Vec<String> {
    let mut counts: BTreeMap<Conclusion, u64> = BTreeMap::new();
    let mut runs = 0;
    for run in table.runs.iter().flatten() {
        runs += 1;
        *counts.entry(run.verdict).or_default() += 1;
    }
    if counts
        .keys()
        .all(|verdict| *verdict == Conclusion::NoHypothesis)
    {
        return Vec::new();
    }
    let mut counts: Vec<(Conclusion, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut text = Text::new(&["Verdicts", "runs", "share"]);
    for (verdict, count) in counts {
        text.row(vec![
            units::verdict(verdict),
            units::count(count),
            units::percent(count as f64 / f64::from(runs)),
        ]);
    }
    styled(&text, style)
}

fn notes(table: &Table<'_>, style: Style) -> Vec<String> {
    let records = || table.runs.iter().flatten();
    let mut lines = Vec::new();
    let stopped = records().filter(|run| !run.stopped_by.is_end()).count();
    if stopped > 0 {
        lines.push(style.careful(&format!(
            "{} runs were stopped by a budget: their measures cover only part of a run.",
            units::count(stopped as u64)
        )));
    }
    let open = records().filter(|run| run.verdict == Conclusion::Inconclusive);
    match open.count() {
        0 => {}
        open => lines.push(style.careful(&format!(
            "{} could not be judged, and are left out of what held: they must last longer (duration).",
            counted(open as u64, "run"),
        ))),
    }
    if table.runs.iter().any(|runs| runs.len() == 1) {
        lines.push(style.careful(
            "Points that ran once have no interval: --replications 20 says how sure they are.",
        ));
    }
    if let Replications::Until(until) = table.sweep.replications {
        let values = |point| -> Vec<Option<f64>> { table.values(point, until.measure).collect() };
        let unmet = (0..table.runs.len()).filter(|point| !until.is_met(&values(*point)));
        match unmet.count() {
            0 => {}
            points => lines.push(style.careful(&format!(
                "{points} of {} {} {} times and {} still not known as well as asked.",
                table.runs.len(),
                if table.runs.len() == 1 {
                    "point ran"
                } else {
                    "points ran"
                },
                until.most,
                if points == 1 { "is" } else { "are" },
            ))),
        }
    }
    let events: u64 = records().map(|run| run.events).sum();
    let (first, last) = (
        records().map(|run| run.seed).min().unwrap_or_default(),
        records().map(|run| run.seed).max().unwrap_or_default(),
    );
    let counts = || table.runs.iter().map(Vec::len);
    let seeds = match (first == last, counts().min() == counts().max()) {
        _ if table.runs.len() == 1 && first == last => format!("seed {first}"),
        _ if table.runs.len() == 1 => format!("seeds {first} to {last}"),
        (true, _) => format!("seed {first}, the same at every point"),
        (false, true) => format!("seeds {first} to {last}, the same at every point"),
        (false, false) => {
            format!(
                "seeds {first} to {last}, of which every point has the first, as many as it ran"
            )
        }
    };
    lines.push(format!("{} events; {seeds}", units::count(events)));
    lines
}

fn closing(ending: &Ending<'_>, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if !ending.open.is_empty() {
        lines.push(style.heading("Open"));
        lines.extend(ending.open.iter().map(|file| format!("  {file}")));
    }
    lines.push(style.heading("Reproduce with"));
    lines.extend(command(ending.reproduce));
    lines
}
