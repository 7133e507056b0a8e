//! Loads the scenario at every point of a sweep.

use super::written::{ReplicationSpec, Spec, Until, Written};
use crate::experiment::space::{Cell, Placed, Space, Unresolved};
use crate::experiment::sweep::{Precision, Replications, Sweep};
use crate::expression::{Measure, Unit};
use crate::input::begins_a_scenario;
use crate::input::{Files, Parsed};
use crate::limits::MOST_LAID_OUT;
use crate::observe::choice::{check_measure, default_measures};
use crate::scenario::diagnostics::{Code, Diagnostic};
use crate::scenario::plain::{is_hidden, plain};
use crate::scenario::{Diagnostics, Override, Rate, Scenario, Size, Sources, Span, explain};
use rayon::prelude::*;
use sim_core::SimDuration;
use std::ops::Range;

/// More mistakes than anyone reads.
const MOST_MISTAKES: usize = 50;

/// The scenario as it is before anything varies.
///
/// # Errors
/// What is wrong with it.
pub fn base(spec: &Spec, files: &impl Files) -> Result<Scenario, Unresolved> {
    read_base(spec, files).map(|(_, scenario)| scenario)
}

/// Everything that the result of a sweep depends on.
///
/// # Errors
/// What is wrong with the scenario, with what varies in it, and with what is measured.
pub fn resolve(spec: &Spec, files: &(impl Files + Sync)) -> Result<Sweep, Unresolved> {
    resolve_with(spec, files, |space, seed| match &spec.points {
        Some(rows) => space.named(rows),
        None => space.points(spec.sample, seed),
    })
}

/// The sweep over points that are given by their shares of the way along each axis, from 0 to just
/// below 1; as [`resolve`] in everything else.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_at(
    spec: &Spec,
    shares: &[Vec<f64>],
    files: &(impl Files + Sync),
) -> Result<Sweep, Unresolved> {
    resolve_with(spec, files, |space, _| {
        Ok(shares.iter().map(|shares| space.at(shares)).collect())
    })
}

/// Where the points of [`resolve_at`] lie on their axes, each from 0 to 1: see [`Space::places`].
///
/// # Errors
/// What makes no sense about the axes.
pub fn places_at(spec: &Spec, shares: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Unresolved> {
    let space = Space::new(&spec.vary, &spec.variants)?;
    Ok(shares.iter().map(|shares| space.places(shares)).collect())
}

fn resolve_with(
    spec: &Spec,
    files: &(impl Files + Sync),
    choose: impl FnOnce(&Space, u64) -> Result<Vec<Cell>, Unresolved>,
) -> Result<Sweep, Unresolved> {
    let (parsed, scenario) = read_base(spec, files)?;
    let space = Space::new(&spec.vary, &spec.variants)?;
    let seed = spec.seed.unwrap_or(scenario.seed);
    let at = |of: fn(&Written) -> Option<Range<usize>>| spec.written.as_ref().and_then(of);
    let (measures, replications) = measured(spec, &scenario)
        .map_err(|wrong| at_least_there(spec, wrong, at(|written| written.replications.clone())))?;
    let cells = choose(&space, seed)
        .map_err(|wrong| at_least_there(spec, wrong, at(|written| written.vary.clone())))?;
    fits(cells.len(), &scenario)
        .map_err(|wrong| at_least_there(spec, wrong, at(|written| written.vary.clone())))?;
    let scenarios = load_all(&parsed, &space, &cells)?;
    can_be_taken(spec, &measures, &scenario, &scenarios)?;
    let sweep = Sweep {
        title: spec.title.clone().or(scenario.title).unwrap_or_default(),
        axes: space.axes(),
        points: cells.iter().map(Cell::point).collect(),
        scenarios,
        measures,
        seed,
        replications,
        windows: spec.windows,
    };
    match hidden(&sweep) {
        None => Ok(sweep),
        Some(text) => Err(at_least_there(
            spec,
            Unresolved {
                diagnostics: vec![Diagnostic::nowhere(
                    Code::Hidden,
                    format!("the name \"{}\" hides characters", plain(text)),
                )],
                sources: Sources::default(),
            },
            Some(0..0),
        )),
    }
}

/// Bytes that a scenario takes in memory for each byte of its text with all defaults, about.
const BYTES_PER_BYTE: u64 = 4;

/// Whether the scenarios of all points have room: they are all there before the first one is run, so that a
/// mistake in the last one is found first.
fn fits(points: usize, scenario: &Scenario) -> Result<(), Unresolved> {
    let each = BYTES_PER_BYTE * explain::to_ron(scenario).len() as u64;
    let all = each.saturating_mul(points as u64);
    if all <= MOST_LAID_OUT {
        return Ok(());
    }
    let message = format!(
        "the scenarios of {points} points take about {}, which is more than {}",
        Size(all.next_multiple_of(1 << 20)),
        Size(MOST_LAID_OUT)
    );
    let most = MOST_LAID_OUT / each;
    let help = format!(
        "draw up to {most} points from the axes, such as with `--sample lhs:{}`, or make several sweeps of it",
        most.min(1000)
    );
    Err(Unresolved {
        diagnostics: vec![Diagnostic::nowhere(Code::Sweep, message).help(help)],
        sources: Sources::default(),
    })
}

/// A name of the sweep in which something is hidden; those of the scenario have been looked at.
fn hidden(sweep: &Sweep) -> Option<&str> {
    let labels = sweep.points.iter().flat_map(|point| &point.coordinates);
    let labels = labels.map(|coordinate| coordinate.label.as_str());
    let axes = sweep.axes.iter().map(|axis| axis.name.as_str());
    let mut names = [sweep.title.as_str()].into_iter().chain(axes).chain(labels);
    names.find(|name| name.contains(is_hidden))
}

/// Gives diagnostics without a place the place of the whole in the sweep file.
fn at_least_there(spec: &Spec, mut wrong: Unresolved, at: Option<Range<usize>>) -> Unresolved {
    if let (Some(written), Some(at)) = (&spec.written, at) {
        let file = wrong
            .sources
            .add(&written.origin.name, &written.origin.text);
        for one in wrong
            .diagnostics
            .iter_mut()
            .filter(|one| one.span.is_none())
        {
            one.span = Some(span(file, &at));
        }
    }
    wrong
}

/// Refuses what a sweep file calls a scenario and is none, of which no line is to be shown. What cannot be
/// read at all is told of where it is read.
fn named(name: &str, files: &impl Files) -> Result<(), String> {
    match files.read_for(name, name) {
        Ok(text) if !begins_a_scenario(&text) => Err(format!(
            "`{name}` is no scenario: it does not begin with `(`"
        )),
        Err(why) if why.starts_with("it is no regular file") => Err(format!(
            "`{name}`: {}",
            why.lines().next().unwrap_or_default()
        )),
        _ => Ok(()),
    }
}

/// The scenario before anything varies, as a tree and as types.
fn read_base(spec: &Spec, files: &impl Files) -> Result<(Parsed, Scenario), Unresolved> {
    if let Some(written) = &spec.written {
        named(&spec.scenario, files).map_err(|why| {
            let mut sources = Sources::default();
            let file = sources.add(&written.origin.name, &written.origin.text);
            let diagnostic = Diagnostic::new(Code::Include, span(file, &written.scenario), why);
            Unresolved {
                diagnostics: vec![diagnostic],
                sources,
            }
        })?;
    }
    let mut parsed = Parsed::read(&spec.scenario, files).map_err(|(mut found, mut sources)| {
        if let Some(written) = &spec.written {
            let file = sources.add(&written.origin.name, &written.origin.text);
            for wrong in found.iter_mut().filter(|wrong| wrong.span.is_none()) {
                wrong.span = Some(span(file, &written.scenario));
            }
        }
        Unresolved {
            diagnostics: found,
            sources,
        }
    })?;
    let files = parsed.sources().clone();
    // What a sweep file sets is shown there, what a flag sets as the flag.
    let written = spec.written.as_ref();
    let places: Vec<Option<Placed>> = spec
        .set
        .iter()
        .map(|set| {
            let all = &written?.set;
            let here = all
                .iter()
                .find(|one| one.path == set.path && one.value.text == set.value)?;
            Some(Placed {
                set: set.clone(),
                path_at: span(0, &here.path_at),
                value_at: span(0, &here.value.at),
            })
        })
        .collect();
    let moved = |mut found: Diagnostics, mut sources: Sources| {
        let mut texts = Sources::default();
        if let Some(written) = written {
            texts.add(&written.origin.name, &written.origin.text);
        }
        let places = Places {
            files: &files,
            texts: &texts,
            shift: sources.all().len(),
            settings: places.iter().map(Option::as_ref).collect(),
            sources: &sources.clone(),
        };
        found
            .iter_mut()
            .for_each(|found| places.move_to_origin(found));
        for text in texts.all() {
            sources.add(&text.name, &text.text);
        }
        Unresolved {
            diagnostics: found,
            sources,
        }
    };
    if let Err(found) = parsed.set(&spec.set) {
        return Err(moved(found, parsed.sources().clone()));
    }
    let loaded = parsed.load(&[]);
    match loaded.scenario {
        Ok(scenario) => Ok((parsed, scenario)),
        Err(found) => Err(moved(found, loaded.sources)),
    }
}

/// Loads all points; what is wrong at several of them is told once.
fn load_all(parsed: &Parsed, space: &Space, cells: &[Cell]) -> Result<Vec<Scenario>, Unresolved> {
    let loaded: Vec<Result<Scenario, Diagnostics>> = cells
        .par_iter()
        .map(|cell| {
            let settings: Vec<&Placed> = cell.settings().collect();
            let overrides: Vec<Override> =
                settings.iter().map(|placed| placed.set.clone()).collect();
            parsed.scenario(&overrides).map_err(|loaded| {
                let mut found = loaded.scenario.err().unwrap_or_default();
                let places = Places {
                    files: parsed.sources(),
                    texts: space.sources(),
                    shift: parsed.sources().all().len(),
                    settings: settings.into_iter().map(Some).collect(),
                    sources: &loaded.sources,
                };
                found
                    .iter_mut()
                    .for_each(|found| places.move_to_origin(found));
                found
            })
        })
        .collect();
    let mut scenarios = Vec::new();
    let mut mistakes: Vec<(Diagnostic, usize, &Cell)> = Vec::new();
    for (result, cell) in loaded.into_iter().zip(cells) {
        match result {
            Ok(scenario) => scenarios.push(scenario),
            Err(found) => {
                for found in found {
                    let known = mistakes.iter().position(|(known, ..)| *known == found);
                    match known {
                        Some(at) => mistakes[at].1 += 1,
                        None if mistakes.len() < MOST_MISTAKES => mistakes.push((found, 1, cell)),
                        None => {}
                    }
                }
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(scenarios);
    }
    let axes = space.axes();
    let told = mistakes.into_iter().map(|(mistake, count, cell)| {
        let point = cell.point();
        let at: Vec<String> = axes
            .iter()
            .zip(&point.coordinates)
            .map(|(axis, coordinate)| format!("{}={}", axis.name, coordinate.label))
            .collect();
        let at = at.join(", ");
        match (count, cells.len()) {
            (_, 1) => mistake,
            (count, all) if count == all => mistake.help(format!("it is so at all {all} points")),
            (1, all) => mistake.help(format!("it is so at one of the {all} points: {at}")),
            (count, all) => mistake.help(format!(
                "it is so at {count} of the {all} points, the first of which is {at}"
            )),
        }
    });
    let mut sources = parsed.sources().clone();
    for source in space.sources().all() {
        sources.add(&source.name, &source.text);
    }
    Err(Unresolved {
        diagnostics: told.collect(),
        sources,
    })
}

/// Where settings were written.
struct Places<'a> {
    /// The texts of the scenario, which all stay where they are.
    files: &'a Sources,
    /// The texts that settings were written in.
    texts: &'a Sources,
    /// How far these are moved.
    shift: usize,
    /// The settings in order; none for those that are shown as they were set.
    settings: Vec<Option<&'a Placed>>,
    /// The texts that the diagnostics point into.
    sources: &'a Sources,
}

impl Places<'_> {
    /// Lets a diagnostic point to where the user wrote a setting: to the text of the flag, or into the
    /// sweep file.
    fn move_to_origin(&self, found: &mut Diagnostic) {
        let related = found.related.iter_mut().map(|(span, _)| span);
        for span in found.span.iter_mut().chain(related) {
            *span = self.origin(*span).unwrap_or(*span);
        }
    }

    fn origin(&self, span: Span) -> Option<Span> {
        let files = self.files.all().len();
        let before = span.index().checked_sub(files)?;
        let source = self.sources.all().get(span.index())?;
        let settings = &self.sources.all()[files..files + before];
        let number = settings
            .iter()
            .filter(|other| other.name == source.name)
            .count();
        // A text that is no setting holds the defaults, which some setting asked for.
        let placed = (*self.settings.get(number).or(self.settings.last())?)?;
        let equals = placed.set.path.len() as u32;
        let (written, part, start) = if span.end <= equals {
            (placed.path_at, &placed.set.path, span.start)
        } else {
            let start = span.start.saturating_sub(equals + 1);
            (placed.value_at, &placed.set.value, start)
        };
        let text = self.texts.text(written);
        let file = written.file + self.shift as u16;
        // As it was written it may be found in there letter by letter; a value of a range is not.
        Some(match text.find(part.as_str()) {
            Some(at) => {
                let start = written.start + at as u32 + start;
                let end = start + (span.end - span.start);
                Span { file, start, end }
            }
            None => Span { file, ..written },
        })
    }
}

fn span(file: u16, at: &Range<usize>) -> Span {
    Span {
        file,
        start: at.start as u32,
        end: at.end as u32,
    }
}

/// The measure of `until`, if there is one.
fn until(spec: &Spec) -> Option<&Until> {
    match &spec.replications {
        ReplicationSpec::Until(until) => Some(until),
        ReplicationSpec::Fixed(_) => None,
    }
}

/// A text that names a measure, as a source of its own or where it stands in the sweep file.
fn place_of(spec: &Spec, text: &str, name: &str, sources: &mut Sources) -> Span {
    if let Some(written) = &spec.written
        && let Some((_, at)) = written.texts.iter().find(|(known, _)| known == text)
    {
        let file = sources.add(&written.origin.name, &written.origin.text);
        return span(file, at);
    }
    let file = sources.add(name, text);
    span(file, &(0..text.len()))
}

/// What is measured, and how often.
fn measured(spec: &Spec, scenario: &Scenario) -> Result<(Vec<Measure>, Replications), Unresolved> {
    let mut sources = Sources::default();
    let mut found = Vec::new();
    let mut measures: Vec<Measure> = Vec::new();
    let texts = spec.measures.iter().map(|text| (text, "--measure"));
    let last = until(spec).map(|until| (&until.measure, "--until"));
    for (text, name) in texts.chain(last) {
        match text.parse::<Measure>() {
            Ok(measure) if measures.contains(&measure) => {}
            Ok(measure) => measures.push(measure),
            Err(error) => {
                let mut at = place_of(spec, text, name, &mut sources);
                if (at.end - at.start) as usize == text.len() && !error.at.is_empty() {
                    at.end = at.start + error.at.end as u32;
                    at.start += error.at.start as u32;
                }
                let mut wrong = Diagnostic::new(Code::Expression, at, error.message);
                wrong.help = error.help;
                found.push(wrong);
            }
        }
    }
    if spec.measures.is_empty() {
        for measure in default_measures(scenario) {
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
    }
    let replications = replications(&spec.replications, &measures, &mut found);
    if found.is_empty() {
        return Ok((measures, replications));
    }
    Err(Unresolved {
        diagnostics: found,
        sources,
    })
}

/// Whether each measure can be taken at some point: a variant may add what another does not have.
fn can_be_taken(
    spec: &Spec,
    measures: &[Measure],
    base: &Scenario,
    scenarios: &[Scenario],
) -> Result<(), Unresolved> {
    let mut sources = Sources::default();
    let mut found = Vec::new();
    let last = until(spec).map(|until| &until.measure);
    for text in spec.measures.iter().chain(last) {
        let read = text.parse::<Measure>().ok();
        let Some(measure) = measures.iter().find(|one| read.as_ref() == Some(one)) else {
            continue;
        };
        let Err((message, help)) = check_measure(base, measure) else {
            continue;
        };
        if scenarios
            .iter()
            .any(|one| check_measure(one, measure).is_ok())
        {
            continue;
        }
        let at = place_of(spec, text, "--measure", &mut sources);
        let mut wrong = Diagnostic::new(Code::Expression, at, message);
        wrong.help = help;
        found.push(wrong);
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Unresolved {
        diagnostics: found,
        sources,
    })
}

fn replications(
    spec: &ReplicationSpec,
    measures: &[Measure],
    found: &mut Diagnostics,
) -> Replications {
    let mut wrong = |message: String, help: &str| {
        found.push(Diagnostic::nowhere(Code::Sweep, message).help(help));
    };
    let until = match spec {
        ReplicationSpec::Fixed(count) => {
            if *count == 0 {
                wrong(
                    "each point is run at least once".into(),
                    "write `replications: 20`, or `--replications 20`",
                );
            }
            return Replications::Fixed(*count);
        }
        ReplicationSpec::Until(until) => until,
    };
    if !(until.level > 0.0 && until.level < 1.0) {
        let message = format!(
            "a confidence level is above 0 and below 1, and {} is not",
            until.level
        );
        wrong(message, "write 0.95 for 95 per cent");
    }
    if until.at_least < 2 || until.at_most < until.at_least {
        let message = format!(
            "from {} to {} replications cannot be",
            until.at_least, until.at_most
        );
        wrong(
            message,
            "an interval needs at least 2, and at most as many or more",
        );
    }
    let parsed = until.measure.parse::<Measure>().ok();
    let measure = parsed.and_then(|measure| measures.iter().position(|other| *other == measure));
    // What is wrong with the measure itself has been told.
    let measure = measure.unwrap_or(0);
    let (half_width, relative) = match measures.get(measure) {
        Some(known) => half_width(until, known).unwrap_or_else(|why| {
            wrong(why, "or write a share of the mean, such as `2%`");
            (0.0, false)
        }),
        None => (0.0, false),
    };
    Replications::Until(Precision {
        measure,
        half_width,
        relative,
        level: until.level,
        least: until.at_least,
        most: until.at_most,
    })
}

/// A half width in the unit of a measure, and whether it is a share of the mean instead.
fn half_width(until: &Until, measure: &Measure) -> Result<(f64, bool), String> {
    let text = until.half_width.trim();
    let number = |text: &str| text.trim().replace('_', "").parse::<f64>().ok();
    let read = match text.strip_suffix('%') {
        Some(percent) => number(percent).map(|percent| (percent / 100.0, true)),
        None => match measure.unit() {
            Unit::Seconds => text
                .parse::<SimDuration>()
                .ok()
                .map(SimDuration::as_secs_f64),
            Unit::Rate => text.parse::<Rate>().ok().map(|rate| rate.0),
            Unit::Ratio | Unit::Count => number(text),
        }
        .map(|width| (width, false)),
    };
    let example = match measure.unit() {
        Unit::Seconds => "5ms",
        Unit::Rate => "10/s",
        Unit::Ratio => "0.01",
        Unit::Count => "2",
    };
    read.filter(|(width, _)| width.is_finite() && *width > 0.0)
        .ok_or_else(|| {
            format!("`{text}` is no half width of an interval of `{measure}`, such as `{example}`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::load;

    #[test]
    fn what_is_offered_instead_of_too_many_points_has_room() {
        let text = r#"(duration: "1s", services: {"db": (endpoints: {"x": [work("1ms")]})},
            workloads: {"w": open(rate: "50/s", to: "db/x")})"#;
        let mut scenario = load("s.ron", &[("s.ron", text)], &[]).scenario.unwrap();
        // A thousand of the first have no room, and of the second they do.
        for (length, thousand) in [(8 << 20, false), (1 << 16, true)] {
            scenario.title = Some("x".repeat(length));
            let wrong = fits(1_000_000, &scenario).unwrap_err();
            let help = wrong.diagnostics[0].help.join("\n");
            let number = |before: &str| -> usize {
                let rest = help.split_once(before).expect("a number").1;
                rest.split([' ', '`']).next().unwrap().parse().unwrap()
            };
            let (most, drawn) = (number("up to "), number("lhs:"));
            assert_eq!((drawn, most > 1000), (most.min(1000), thousand), "{help}");
            assert!(fits(drawn, &scenario).is_ok(), "{help}");
            assert!(fits(most + 1, &scenario).is_err(), "{help}");
        }
    }
}
