//! The space that axes span, and the points in it: all combinations, drawn ones, or named ones.

use super::names::{self, VARIANT};
use super::range::Between;
use super::sample::Sample;
use super::value::{Unit, Value};
use super::variant::Variant;
use super::vary::{Part, Values, Vary};
use super::{Axis, Coordinate, Point, Unresolved};
use crate::scenario::diagnostics::{Code, Diagnostic, suggest};
use crate::scenario::path;
use crate::scenario::source::Source;
use crate::scenario::{Override, Sources, Span};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// More points than any sweep means: each is a scenario in memory.
pub const MOST_POINTS: u64 = 1_000_000;

/// Parts of the way that a place given by its share is rounded within.
const FINE: u32 = 1_000_000;

/// A setting, and where it was written in the texts of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What is set.
    pub set: Override,
    /// Where its path was written.
    pub path_at: Span,
    /// Where its value was written.
    pub value_at: Span,
}

/// A value on an axis.
#[derive(Clone, Debug, PartialEq)]
struct Choice {
    coordinate: Coordinate,
    settings: Vec<Placed>,
}

/// A point of a space, which knows where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell(Vec<Arc<Choice>>);

impl Cell {
    /// The point.
    #[must_use]
    pub fn point(&self) -> Point {
        let coordinates = self.0.iter().map(|choice| choice.coordinate.clone());
        Point {
            coordinates: coordinates.collect(),
            set: self.settings().map(|placed| placed.set.clone()).collect(),
        }
    }

    /// What is set, in order: the whole of something before its parts, whichever axis comes first.
    pub fn settings(&self) -> impl Iterator<Item = &Placed> {
        let mut settings: Vec<(usize, &Placed)> = self
            .0
            .iter()
            .flat_map(|choice| &choice.settings)
            .map(|placed| (depth(&placed.set.path), placed))
            .collect();
        settings.sort_by_key(|(depth, _)| *depth);
        settings.into_iter().map(|(_, placed)| placed)
    }
}

/// A point by the labels of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One for each axis, in their order.
    pub labels: Vec<String>,
    /// The text that it was read from.
    pub origin: Arc<Source>,
    /// Where it stands there.
    pub at: Range<usize>,
}

/// The values on an axis.
#[derive(Clone, Debug)]
enum Along {
    /// One after the other.
    Listed(Vec<Arc<Choice>>),
    /// Any between two numbers.
    Between(String, Span, Between, u16),
}

#[derive(Clone, Debug)]
struct Dimension {
    axis: Axis,
    /// Names its stream of draws.
    key: String,
    along: Along,
    at: Span,
}

/// The axes of a sweep and what lies on them.
#[derive(Clone, Debug)]
pub struct Space {
    dimensions: Vec<Dimension>,
    /// Whether the first axis is that of the named variants.
    has_variants: bool,
    sources: Sources,
}

/// Collects what is wrong while a space is built.
#[derive(Default)]
struct Builder {
    origins: Vec<Arc<Source>>,
    found: Vec<Diagnostic>,
}

impl Builder {
    /// Index of a text.
    fn file(&mut self, origin: &Arc<Source>) -> u16 {
        let known = self
            .origins
            .iter()
            .position(|known| Arc::ptr_eq(known, origin));
        let at = known.unwrap_or_else(|| {
            self.origins.push(Arc::clone(origin));
            self.origins.len() - 1
        });
        at as u16
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        for origin in &self.origins {
            sources.add(&origin.name, &origin.text);
        }
        sources
    }

    fn wrong(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.found
            .push(Diagnostic::new(Code::Axis, span, message).help(help));
    }

    fn dimension(&mut self, vary: &Vary) -> Dimension {
        let file = self.file(&vary.origin);
        let at = span(file, &vary.at);
        let paths: Vec<String> = vary.parts.iter().map(|part| part.path.clone()).collect();
        let mut axis = Axis {
            name: vary.name.as_deref().map(names::safe).unwrap_or_default(),
            paths,
            unit: "",
            log: false,
        };
        if vary.name.is_some() && axis.name.is_empty() {
            self.wrong(
                at,
                "the name of an axis has no letter or digit in it",
                "call it what it is in one word: `backoff`",
            );
        }
        for part in &vary.parts {
            if part.path == "seed" {
                self.wrong(span(file, &part.path_at), "the seed does not vary", "every point is run under the same seeds, one for each replication: `replications: 20`, or `--replications 20`");
            }
        }
        let along = match &vary.parts[..] {
            [
                Part {
                    path,
                    path_at,
                    values: Values::Range(range),
                },
            ] if range.steps.is_none() => {
                axis.unit = range.unit.suffix();
                axis.log = range.log;
                Along::Between(path.clone(), span(file, path_at), range.clone(), file)
            }
            [only] => {
                let values = only.values.listed();
                self.listed_once(&values, file);
                let unit = common_unit(&values);
                axis.unit = unit.map_or("", Unit::suffix);
                axis.log = unit.is_some() && only.values.is_log();
                let choices = values.iter().map(|value| choice(only, value, unit, file));
                Along::Listed(choices.map(Arc::new).collect())
            }
            several => Along::Listed(self.zip(several, vary.labels.as_deref(), file, at)),
        };
        Dimension {
            key: axis.paths.join(";"),
            axis,
            along,
            at,
        }
    }

    /// No value of an axis comes twice, nor two with one name.
    fn listed_once(&mut self, values: &[Value], file: u16) {
        for (at, value) in values.iter().enumerate() {
            let same = |other: &&Value| match value.quantity.zip(other.quantity) {
                Some((a, b)) => a.number == b.number && a.unit == b.unit,
                None => other.text == value.text,
            };
            let named = |other: &&Value| other.label == value.label;
            let message = if values[..at].iter().any(|other| named(&other)) {
                format!("`{}` is listed twice", value.label)
            } else if let Some(other) = values[..at].iter().find(same) {
                format!("`{}` and `{}` are the same", other.label, value.label)
            } else {
                continue;
            };
            self.wrong(span(file, &value.at), message, "leave one of the two out");
        }
    }

    /// Parameters that move together.
    fn zip(
        &mut self,
        parts: &[Part],
        labels: Option<&[String]>,
        file: u16,
        at: Span,
    ) -> Vec<Arc<Choice>> {
        for part in parts {
            if let Values::Range(range) = &part.values
                && range.steps.is_none()
            {
                self.wrong(
                    span(file, &range.at),
                    "a zipped range has no steps",
                    "say how many: `LO..HI:STEPS`, or `steps: 5` in a file",
                );
                return Vec::new();
            }
        }
        let columns: Vec<Vec<Value>> = parts.iter().map(|part| part.values.listed()).collect();
        let length = columns.first().map_or(0, Vec::len);
        for (part, column) in parts.iter().zip(&columns).skip(1) {
            if column.len() != length {
                let (first, other) = (&parts[0].path, &part.path);
                let message = format!(
                    "zipped lists are of one length, and `{first}` has {length} values, `{other}` {}",
                    column.len()
                );
                self.wrong(span(file, &part.path_at), message, "give both as many values; parameters that vary each by itself are axes of their own");
                return Vec::new();
            }
        }
        if let Some(labels) = labels
            && labels.len() != length
        {
            let message = format!(
                "there are {length} zipped values, and {} labels",
                labels.len()
            );
            self.wrong(at, message, "give each of them a name, or none");
            return Vec::new();
        }
        let rows = (0..length).map(|row| {
            let columns = parts.iter().zip(&columns);
            let choices: Vec<Choice> = columns
                .map(|(part, column)| choice(part, &column[row], None, file))
                .collect();
            let values = choices
                .iter()
                .map(|choice| choice.coordinate.label.as_str());
            let label = match labels {
                Some(labels) => labels[row].clone(),
                None => values.collect::<Vec<_>>().join(" / "),
            };
            Choice {
                coordinate: Coordinate {
                    label,
                    number: None,
                },
                settings: choices
                    .into_iter()
                    .flat_map(|choice| choice.settings)
                    .collect(),
            }
        });
        let rows: Vec<Arc<Choice>> = rows.map(Arc::new).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = rows.iter().find(|row| !seen.insert(&row.coordinate.label)) {
            let label = &twice.coordinate.label;
            let message = format!("the zipped values `{label}` come twice");
            self.wrong(at, message, "leave one of them out");
        }
        rows
    }

    fn variants(&mut self, variants: &[Variant]) -> Dimension {
        let mut paths: Vec<String> = Vec::new();
        let mut choices: Vec<Arc<Choice>> = Vec::new();
        let mut first = None;
        for variant in variants {
            let file = self.file(&variant.origin);
            let at = span(file, &variant.at);
            first.get_or_insert(at);
            if choices
                .iter()
                .any(|other| other.coordinate.label == variant.name)
            {
                let message = format!("there are two variants `{}`", variant.name);
                self.wrong(at, message, "give one of the two another name");
            }
            for set in &variant.settings {
                if !paths.contains(&set.path) {
                    paths.push(set.path.clone());
                }
            }
            let settings = variant.settings.iter().map(|set| Placed {
                set: Override {
                    path: set.path.clone(),
                    value: set.value.text.clone(),
                },
                path_at: span(file, &set.path_at),
                value_at: span(file, &set.value.at),
            });
            choices.push(Arc::new(Choice {
                coordinate: Coordinate {
                    label: variant.name.clone(),
                    number: None,
                },
                settings: settings.collect(),
            }));
        }
        // In the order in which they are set.
        paths.sort_by_cached_key(|path| depth(path));
        Dimension {
            axis: Axis {
                name: VARIANT.into(),
                paths,
                unit: "",
                log: false,
            },
            key: VARIANT.into(),
            along: Along::Listed(choices),
            at: first.unwrap_or(span(0, &(0..0))),
        }
    }

    /// Gives names to the axes that have none, and sees to it that all differ.
    fn name(&mut self, dimensions: &mut [Dimension]) {
        let given: Vec<String> = dimensions
            .iter()
            .map(|dimension| dimension.axis.name.clone())
            .filter(|name| !name.is_empty())
            .collect();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for dimension in dimensions.iter().filter(|one| !one.axis.name.is_empty()) {
            let name = dimension.axis.name.as_str();
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == name) {
                let message = format!("there are two axes `{name}`");
                let wrong = Diagnostic::new(Code::Axis, dimension.at, message)
                    .also(*other, "the other one")
                    .help("give one of the two another name");
                self.found.push(wrong);
            }
            seen.push((name, dimension.at));
        }
        let mut nameless: Vec<&mut Dimension> = dimensions
            .iter_mut()
            .filter(|dimension| dimension.axis.name.is_empty())
            .collect();
        let paths: Vec<Vec<&str>> = nameless
            .iter()
            .map(|dimension| dimension.axis.paths.iter().map(String::as_str).collect())
            .collect();
        let taken: Vec<&str> = given.iter().map(String::as_str).collect();
        let names = names::shortest(&paths, &taken);
        for (dimension, name) in nameless.iter_mut().zip(names) {
            dimension.axis.name = name;
        }
    }

    /// No parameter is set by two axes.
    fn set_once(&mut self, dimensions: &[Dimension]) {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for dimension in dimensions {
            for path in &dimension.axis.paths {
                match seen.iter().find(|(other, _)| other == path) {
                    Some((_, other)) => {
                        let message = format!("`{path}` is set by two axes");
                        let wrong = Diagnostic::new(Code::Axis, dimension.at, message)
                            .also(*other, "it is set here too")
                            .help("leave one of the two out, or zip it with the other");
                        self.found.push(wrong);
                    }
                    None => seen.push((path, dimension.at)),
                }
            }
        }
    }
}

impl Space {
    /// The space of what varies; variants come first.
    ///
    /// # Errors
    /// What makes no sense about the axes.
    pub fn new(vary: &[Vary], variants: &[Variant]) -> Result<Self, Unresolved> {
        let mut builder = Builder::default();
        let mut dimensions = Vec::new();
        if !variants.is_empty() {
            dimensions.push(builder.variants(variants));
        }
        for vary in vary {
            dimensions.push(builder.dimension(vary));
        }
        builder.name(&mut dimensions);
        builder.set_once(&dimensions);
        let sources = builder.sources();
        if builder.found.is_empty() {
            Ok(Self {
                dimensions,
                has_variants: !variants.is_empty(),
                sources,
            })
        } else {
            Err(Unresolved {
                diagnostics: builder.found,
                sources,
            })
        }
    }

    /// The axes, in order.
    #[must_use]
    pub fn axes(&self) -> Vec<Axis> {
        let axes = self.dimensions.iter();
        axes.map(|dimension| dimension.axis.clone()).collect()
    }

    /// The texts that it was written in.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The point at a share of the way along each axis, from 0 to just below 1: a value of a list, any
    /// value of a range. Numbers are rounded to a millionth of the way.
    #[must_use]
    pub fn at(&self, shares: &[f64]) -> Cell {
        let axes = self.dimensions.iter().zip(shares);
        Cell(axes.map(|(one, share)| one.at(*share, FINE)).collect())
    }

    /// All combinations, the last axis fastest; or so many drawn ones, each with every variant. What is
    /// drawn twice is left out.
    ///
    /// # Errors
    /// Nothing to combine or too much.
    pub fn points(&self, sample: Option<Sample>, seed: u64) -> Result<Vec<Cell>, Unresolved> {
        match sample {
            None => self.grid(),
            Some(sample) => self.sampled(sample, seed),
        }
    }

    /// The points with these labels, one for each axis.
    ///
    /// # Errors
    /// A row is too long or too short, or names what is not on its axis.
    pub fn named(&self, rows: &[Row]) -> Result<Vec<Cell>, Unresolved> {
        let mut sources = self.sources.clone();
        let mut found = Vec::new();
        let mut cells = Vec::new();
        for row in rows {
            match self.named_one(row) {
                Ok(cell) => cells.push(cell),
                Err(mut wrong) => {
                    let known = sources.all().iter().position(|one| *one == *row.origin);
                    let file = known.map_or_else(
                        || sources.add(&row.origin.name, &row.origin.text),
                        |known| known as u16,
                    );
                    wrong.span = Some(span(file, &row.at));
                    found.push(*wrong);
                }
            }
        }
        if found.is_empty() {
            return Ok(cells);
        }
        Err(Unresolved {
            diagnostics: found,
            sources,
        })
    }

    fn named_one(&self, row: &Row) -> Result<Cell, Box<Diagnostic>> {
        let axes = self.dimensions.iter().map(|one| one.axis.name.as_str());
        if row.labels.len() != self.dimensions.len() {
            let message = format!(
                "a point has a value for each of the {} axes, and not {}",
                self.dimensions.len(),
                row.labels.len()
            );
            let axes = axes.collect::<Vec<_>>().join(", ");
            let wrong = Diagnostic::nowhere(Code::Sweep, message);
            return Err(Box::new(wrong.help(format!("they are, in order: {axes}"))));
        }
        let choices = self.dimensions.iter().zip(&row.labels);
        let choices = choices.map(|(dimension, label)| {
            let choices = dimension.listed();
            let labels = || {
                choices
                    .iter()
                    .map(|choice| choice.coordinate.label.as_str())
            };
            match labels().position(|other| other == label) {
                Some(at) => Ok(Arc::clone(&choices[at])),
                None => {
                    let name = &dimension.axis.name;
                    let message = format!("there is no `{label}` on the axis `{name}`");
                    let mut wrong = Diagnostic::nowhere(Code::Sweep, message);
                    wrong.help = suggest(label, "there are", labels());
                    Err(Box::new(wrong))
                }
            }
        });
        Ok(Cell(choices.collect::<Result<_, _>>()?))
    }

    fn grid(&self) -> Result<Vec<Cell>, Unresolved> {
        let mut count = 1_u64;
        let mut found = Vec::new();
        for dimension in &self.dimensions {
            match &dimension.along {
                Along::Between(_, _, range, file) => {
                    let message = "it is not said how many steps this range has";
                    let wrong = Diagnostic::new(Code::Axis, span(*file, &range.at), message)
                        .help("say how many: `LO..HI:STEPS`, or `steps: 5` in a file")
                        .help("or draw points from it: `--sample lhs:64`, or `sample: lhs(64)` in a file");
                    found.push(wrong);
                }
                Along::Listed(choices) => count = count.saturating_mul(choices.len() as u64),
            }
        }
        if found.is_empty() {
            found.extend(too_many(count));
        }
        if !found.is_empty() {
            return Err(self.unresolved(found));
        }
        let mut cells = vec![Vec::new()];
        for dimension in &self.dimensions {
            let choices = dimension.listed();
            cells = cells
                .into_iter()
                .flat_map(|cell: Vec<Arc<Choice>>| {
                    choices.iter().map(move |choice| {
                        let mut longer = cell.clone();
                        longer.push(Arc::clone(choice));
                        longer
                    })
                })
                .collect();
        }
        Ok(cells.into_iter().map(Cell).collect())
    }

    fn sampled(&self, sample: Sample, seed: u64) -> Result<Vec<Cell>, Unresolved> {
        let (variants, drawn) = self.dimensions.split_at(usize::from(self.has_variants));
        if drawn.is_empty() {
            let message = "there is nothing to draw points from";
            let wrong = Diagnostic::nowhere(Code::Sweep, message)
                .help("say what varies and between what: `--vary services.db.threads=4..64`");
            return Err(self.unresolved(vec![wrong]));
        }
        let variants = variants.first().map(Dimension::listed).unwrap_or_default();
        let count = u64::from(sample.count()).saturating_mul(variants.len().max(1) as u64);
        if let Some(wrong) = too_many(count) {
            return Err(self.unresolved(vec![wrong]));
        }
        let columns: Vec<Vec<Arc<Choice>>> = drawn
            .iter()
            .map(|dimension| {
                let shares = sample.shares(seed, &dimension.key).into_iter();
                shares
                    .map(|share| dimension.at(share, sample.count()))
                    .collect()
            })
            .collect();
        let mut rows: Vec<Vec<Arc<Choice>>> = (0..sample.count() as usize)
            .map(|row| {
                columns
                    .iter()
                    .map(|column| Arc::clone(&column[row]))
                    .collect()
            })
            .collect();
        let mut seen = BTreeSet::new();
        rows.retain(|row| {
            let labels = row.iter().map(|choice| choice.coordinate.label.clone());
            seen.insert(labels.collect::<Vec<_>>())
        });
        if variants.is_empty() {
            return Ok(rows.into_iter().map(Cell).collect());
        }
        let crossed = variants.iter().flat_map(|variant| {
            rows.iter().map(move |row| {
                let mut cell = vec![Arc::clone(variant)];
                cell.extend(row.iter().cloned());
                Cell(cell)
            })
        });
        Ok(crossed.collect())
    }

    fn unresolved(&self, diagnostics: Vec<Diagnostic>) -> Unresolved {
        Unresolved {
            diagnostics,
            sources: self.sources.clone(),
        }
    }
}

impl Dimension {
    fn listed(&self) -> &[Arc<Choice>] {
        match &self.along {
            Along::Listed(choices) => choices,
            Along::Between(..) => &[],
        }
    }

    /// The value at a share of the way; see [`Between::draw`].
    fn at(&self, share: f64, strata: u32) -> Arc<Choice> {
        match &self.along {
            Along::Listed(choices) => {
                let at = (share * choices.len() as f64) as usize;
                Arc::clone(&choices[at.min(choices.len() - 1)])
            }
            Along::Between(path, path_at, range, file) => {
                let value = range.draw(share, strata);
                Arc::new(Choice {
                    coordinate: Coordinate {
                        label: value.label.clone(),
                        number: value.quantity.map(|quantity| quantity.number),
                    },
                    settings: vec![Placed {
                        set: Override {
                            path: path.clone(),
                            value: value.text,
                        },
                        path_at: *path_at,
                        value_at: span(*file, &range.at),
                    }],
                })
            }
        }
    }
}

fn choice(part: &Part, value: &Value, unit: Option<Unit>, file: u16) -> Choice {
    Choice {
        coordinate: Coordinate {
            label: value.label.clone(),
            number: unit.and_then(|_| Some(value.quantity?.number)),
        },
        settings: vec![Placed {
            set: Override {
                path: part.path.clone(),
                value: value.text.clone(),
            },
            path_at: span(file, &part.path_at),
            value_at: span(file, &value.at),
        }],
    }
}

/// How many steps a path has.
fn depth(path: &str) -> usize {
    path::parse(path).map_or(0, |steps| steps.len())
}

/// The unit of all values, if all are numbers of one.
fn common_unit(values: &[Value]) -> Option<Unit> {
    let first = values.first()?.quantity?.unit;
    let same = |value: &Value| {
        value
            .quantity
            .is_some_and(|quantity| quantity.unit == first)
    };
    values.iter().all(same).then_some(first)
}

fn too_many(count: u64) -> Option<Diagnostic> {
    (count > MOST_POINTS).then(|| {
        Diagnostic::nowhere(
            Code::Sweep,
            format!("there are {count} points, and a sweep has at most {MOST_POINTS}"),
        )
        .help("draw some of them instead: `--sample lhs:64`, or `sample: lhs(64)` in a file")
    })
}

fn span(file: u16, at: &Range<usize>) -> Span {
    Span {
        file,
        start: at.start as u32,
        end: at.end as u32,
    }
}
