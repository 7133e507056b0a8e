//! Loads the scenario at every point of a sweep.

use super::{ReplicationSpec, Spec, Until};
use crate::experiment::space::{Cell, Placed, Space, Unresolved};
use crate::experiment::sweep::{Precision, Replications, Sweep};
use crate::observe::choice::{check_measure, default_measures};
use crate::observe::expression::{Measure, Unit};
use crate::scenario::diagnostics::{Code, Diagnostic};
use crate::scenario::{Diagnostics, Files, Override, Parsed, Rate, Scenario, Sources, Span};
use rayon::prelude::*;
use sim_core::SimDuration;

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

fn resolve_with(
    spec: &Spec,
    files: &(impl Files + Sync),
    choose: impl FnOnce(&Space, u64) -> Result<Vec<Cell>, Unresolved>,
) -> Result<Sweep, Unresolved> {
    let (parsed, scenario) = read_base(spec, files)?;
    let space = Space::new(&spec.vary, &spec.variants)?;
    let seed = spec.seed.unwrap_or(scenario.seed);
    let (mut measures, mut found, sources) = read_measures(spec, &scenario);
    let replications = replications(&spec.replications, &mut measures, &mut found);
    if !found.is_empty() {
        return Err(Unresolved {
            diagnostics: found,
            sources,
        });
    }
    let cells = choose(&space, seed)?;
    let scenarios = load_all(&parsed, &space, &cells)?;
    Ok(Sweep {
        title: spec.title.clone().or(scenario.title).unwrap_or_default(),
        axes: space.axes(),
        points: cells.iter().map(Cell::point).collect(),
        scenarios,
        measures,
        seed,
        replications,
        windows: spec.windows,
    })
}

fn read_base(spec: &Spec, files: &impl Files) -> Result<(Parsed, Scenario), Unresolved> {
    let unresolved = |(diagnostics, sources)| Unresolved {
        diagnostics,
        sources,
    };
    let mut parsed = Parsed::read(&spec.scenario, files).map_err(unresolved)?;
    parsed
        .set(&spec.set)
        .map_err(|found| unresolved((found, parsed.sources().clone())))?;
    let loaded = parsed.load(&[]);
    match loaded.scenario {
        Ok(scenario) => Ok((parsed, scenario)),
        Err(found) => Err(unresolved((found, loaded.sources))),
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
            let loaded = parsed.load(&overrides);
            loaded.scenario.map_err(|mut found| {
                let places = Places {
                    parsed,
                    space,
                    settings: &settings,
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

/// Where the settings of a point were written.
struct Places<'a> {
    parsed: &'a Parsed,
    space: &'a Space,
    settings: &'a [&'a Placed],
    /// The texts that the diagnostics point into.
    sources: &'a Sources,
}

impl Places<'_> {
    /// Lets a diagnostic point to where the user wrote a setting: to the text of the flag, or into the
    /// sweep file.
    fn move_to_origin(&self, found: &mut Diagnostic) {
        let related = found.related.iter_mut().map(|(span, _)| span);
        for span in found.span.iter_mut().chain(related) {
            *span = self.origin(*span);
        }
    }

    fn origin(&self, span: Span) -> Span {
        let files = self.parsed.sources().all().len();
        let (Some(before), Some(source)) = (
            span.index().checked_sub(files),
            self.sources.all().get(span.index()),
        ) else {
            return span;
        };
        let settings = &self.sources.all()[files..files + before];
        let number = settings
            .iter()
            .filter(|other| other.name == source.name)
            .count();
        // A text that is no setting holds the defaults, which some setting asked for.
        let Some(placed) = self.settings.get(number).or(self.settings.last()) else {
            return span;
        };
        let equals = placed.set.path.len() as u32;
        let (written, part, start) = if span.end <= equals {
            (placed.path_at, &placed.set.path, span.start)
        } else {
            (
                placed.value_at,
                &placed.set.value,
                span.start.saturating_sub(equals + 1),
            )
        };
        let text = self.space.sources().text(written);
        let file = written.file + files as u16;
        // As it was written it may be found in there letter by letter; a value of a range is not.
        match text.find(part.as_str()) {
            Some(at) => {
                let start = written.start + at as u32 + start;
                let end = start + (span.end - span.start);
                Span { file, start, end }
            }
            None => Span { file, ..written },
        }
    }
}

/// What is measured, what is wrong with that, and the texts for showing it.
fn read_measures(spec: &Spec, scenario: &Scenario) -> (Vec<Measure>, Diagnostics, Sources) {
    let mut sources = Sources::default();
    let mut found = Vec::new();
    let mut measures: Vec<Measure> = Vec::new();
    let until = match &spec.replications {
        ReplicationSpec::Until(until) => Some(&until.measure),
        ReplicationSpec::Fixed(_) => None,
    };
    for (at, text) in spec.measures.iter().chain(until).enumerate() {
        let name = if at < spec.measures.len() {
            "measure"
        } else {
            "until"
        };
        let file = sources.add(name, text);
        let place = |start: usize, end: usize| Span {
            file,
            start: start as u32,
            end: end as u32,
        };
        match text.parse::<Measure>() {
            Ok(measure) => {
                let start = text.find(&measure.subject).unwrap_or(0);
                let at = place(start, start + measure.subject.len().min(text.len() - start));
                match check_measure(scenario, &measure) {
                    Err((message, help)) => {
                        let mut wrong = Diagnostic::new(Code::Expression, at, message);
                        wrong.help = help;
                        found.push(wrong);
                    }
                    Ok(()) if measures.contains(&measure) => {}
                    Ok(()) => measures.push(measure),
                }
            }
            Err(error) => {
                let mut wrong = Diagnostic::new(
                    Code::Expression,
                    place(error.at.start, error.at.end),
                    error.message,
                );
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
    (measures, found, sources)
}

fn replications(
    spec: &ReplicationSpec,
    measures: &mut [Measure],
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
    use crate::experiment::space::{Sample, Variant, Vary};

    pub const BASE: &str = r#"(
        title: "A shop", duration: "1min", seed: 5,
        services: {
            "shop": (threads: 8, endpoints: { "buy": [work("2ms"), call("db/query")] }),
            "db": (threads: 6, queue: (limit: 100), endpoints: { "query": work(exponential("20ms")) }),
        },
        calls: { "shop -> db": [retry(attempts: 3, backoff: none), timeout("1s")] },
        workloads: { "shoppers": open(rate: "130/s", to: "shop/buy") },
        faults: [(name: "slow database", at: "20s", for: "10s", inject: slow(service: "db", factor: 5))],
    )"#;

    fn spec(vary: &[&str], variants: &[&str]) -> Spec {
        Spec {
            scenario: "a.ron".into(),
            vary: vary
                .iter()
                .map(|text| text.parse::<Vary>().unwrap())
                .collect(),
            variants: variants
                .iter()
                .map(|text| text.parse::<Variant>().unwrap())
                .collect(),
            ..Spec::default()
        }
    }

    fn works(spec: &Spec) -> Sweep {
        resolve(spec, &[("a.ron", BASE)]).unwrap_or_else(|wrong| {
            let lines = wrong
                .diagnostics
                .iter()
                .map(|one| one.concise(&wrong.sources));
            panic!("{}", lines.collect::<Vec<_>>().join("\n"))
        })
    }

    fn fails(spec: &Spec) -> Vec<String> {
        let wrong = resolve(spec, &[("a.ron", BASE)]).unwrap_err();
        let lines = wrong.diagnostics.iter();
        let lines = lines.map(|one| {
            let help = one.help.join(" | ");
            format!("{} | {help}", one.concise(&wrong.sources))
        });
        lines.collect()
    }

    fn labels(sweep: &Sweep) -> Vec<Vec<&str>> {
        let points = sweep.points.iter();
        let labels = points.map(|point| {
            let coordinates = point.coordinates.iter();
            coordinates
                .map(|coordinate| coordinate.label.as_str())
                .collect()
        });
        labels.collect()
    }

    #[test]
    fn a_grid_is_all_combinations_with_the_last_axis_fastest() {
        let sweep = works(&spec(
            &[
                "calls.shop->db.timeout=1s,500ms",
                "services.db.threads=4..8:3",
            ],
            &[],
        ));
        assert_eq!(sweep.points.len(), 6);
        assert_eq!(
            labels(&sweep)[..4],
            [["1s", "4"], ["1s", "6"], ["1s", "8"], ["500ms", "4"]]
        );
        assert_eq!(sweep.points[3].coordinates[0].number, Some(0.5));
        let columns: Vec<String> = sweep.axes.iter().map(|axis| axis.column()).collect();
        assert_eq!(columns, ["timeout_s", "threads"]);
        assert_eq!(sweep.scenarios[2].services["db"].threads.limit(), 8);
        assert_eq!((sweep.title.as_str(), sweep.seed), ("A shop", 5));
        assert!(!sweep.measures.is_empty());
    }

    #[test]
    fn mistakes_are_told_once_and_where_they_were_written() {
        let found = fails(&spec(
            &[
                "services.db.thread=4,6,8",
                "calls.shop->db.timeout=1s,2 weeks,2s",
            ],
            &[],
        ));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].starts_with("--vary:1:13: S0009 there is no `thread`"),
            "{found:#?}"
        );
        assert!(found[0].contains("did you mean `threads`?"), "{found:#?}");
        assert!(found[0].contains("at all 9 points"), "{found:#?}");
        let found = fails(&spec(
            &[
                "services.db.threads=4,6",
                "calls.shop->db.timeout=1s,2 weeks,2s",
            ],
            &[],
        ));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("--vary:1:27: S0007"), "{found:#?}");
        assert!(
            found[0].ends_with(
                "at 2 of the 6 points, the first of which is threads=4, timeout=2 weeks"
            ),
            "{found:#?}"
        );
    }

    #[test]
    fn samples_are_crossed_with_variants() {
        let mut spec = spec(
            &[
                "services.db.threads=4..64:log",
                "calls.shop->db.timeout=100ms..2s",
            ],
            &["plain:", "patient:calls.shop->db.retry.attempts=5"],
        );
        spec.sample = Some(Sample::Latin(8));
        let sweep = works(&spec);
        assert_eq!(sweep.points.len(), 16);
        assert_eq!(labels(&sweep)[0][1..], labels(&sweep)[8][1..]);
        assert_eq!(sweep.axes[0].name, "variant");
        assert!(sweep.axes[1].log);
    }
}
