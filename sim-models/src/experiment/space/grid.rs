//! The space that axes span, and the points in it: all combinations, drawn ones, or named ones.

use super::axis::{Axis, Point, Unresolved};
use super::build::build;
use super::dimension::{Along, Choice, Dimension, Placed, depth, span};
use super::sample::Sample;
use super::variant::Variant;
use super::vary::Vary;
use crate::scenario::Sources;
use crate::scenario::diagnostics::{Code, Diagnostic, suggest};
use crate::scenario::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

pub use crate::limits::MOST_POINTS;

/// Parts of the way that a place given by its share is rounded within.
const FINE: u32 = 1_000_000;

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

/// The axes of a sweep and what lies on them.
#[derive(Clone, Debug)]
pub struct Space {
    dimensions: Vec<Dimension>,
    /// Whether the first axis is that of the named variants.
    has_variants: bool,
    sources: Sources,
}

impl Space {
    /// The space of what varies; variants come first.
    ///
    /// # Errors
    /// What makes no sense about the axes.
    pub fn new(vary: &[Vary], variants: &[Variant]) -> Result<Self, Unresolved> {
        let (dimensions, sources) = build(vary, variants)?;
        Ok(Self {
            dimensions,
            has_variants: !variants.is_empty(),
            sources,
        })
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

    /// Where the values of [`Space::at`] lie on their axes, from 0 at one end to 1 at the other: a list has few
    /// places, and so have counts, and the steps between them are other than those between the shares.
    #[must_use]
    pub fn places(&self, shares: &[f64]) -> Vec<f64> {
        let axes = self.dimensions.iter().zip(shares);
        axes.map(|(one, share)| one.place(*share, FINE)).collect()
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
        let places: Vec<BTreeMap<&str, &Arc<Choice>>> = self
            .dimensions
            .iter()
            .map(|dimension| {
                let choices = dimension.listed().iter();
                let choices = choices.map(|choice| (choice.coordinate.label.as_str(), choice));
                choices.collect()
            })
            .collect();
        for row in rows {
            match self.named_one(row, &places) {
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

    /// The point of a row, where the values of each axis are known by their labels.
    fn named_one(
        &self,
        row: &Row,
        places: &[BTreeMap<&str, &Arc<Choice>>],
    ) -> Result<Cell, Box<Diagnostic>> {
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
        let choices = self.dimensions.iter().zip(places).zip(&row.labels);
        let choices = choices.map(|((dimension, known), label)| {
            if let Some(choice) = known.get(label.as_str()) {
                return Ok(Arc::clone(choice));
            }
            let name = &dimension.axis.name;
            let message = format!("there is no `{label}` on the axis `{name}`");
            let mut wrong = Diagnostic::nowhere(Code::Sweep, message);
            let labels = dimension.listed().iter();
            let labels = labels.map(|choice| choice.coordinate.label.as_str());
            wrong.help = suggest(label, "there are", labels);
            Err(Box::new(wrong))
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

fn too_many(count: u64) -> Option<Diagnostic> {
    (count > MOST_POINTS).then(|| {
        Diagnostic::nowhere(
            Code::Sweep,
            format!("there are {count} points, and a sweep has at most {MOST_POINTS}"),
        )
        .help("draw some of them instead: `--sample lhs:64`, or `sample: lhs(64)` in a file")
    })
}
