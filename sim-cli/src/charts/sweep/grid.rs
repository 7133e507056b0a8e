//! The points of a sweep as the levels of its parameters.

use crate::charts::plot::data::{Factor, Level};
use sim_models::experiment::space::{Axis, Point};

/// A full grid has at least this share of its combinations; samples have far less.
const FULL: f64 = 0.5;

/// The parameters that vary in a sweep, and where its points lie on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The parameters with more than one value; the first one, if none has.
    pub factors: Vec<Factor>,
    /// For each point its level of each of them.
    pub levels: Vec<Vec<usize>>,
    /// Whether the points are all combinations, or nearly so.
    pub full: bool,
}

impl Grid {
    /// Sorts points into the levels of their axes.
    #[must_use]
    pub fn of(axes: &[Axis], points: &[Point]) -> Self {
        let all: Vec<(Factor, Vec<usize>)> = axes
            .iter()
            .enumerate()
            .map(|(n, axis)| factor(axis, n, points))
            .collect();
        let varies = |(factor, _): &&(Factor, Vec<usize>)| factor.levels.len() > 1;
        let mut kept: Vec<_> = all.iter().filter(varies).cloned().collect();
        if kept.is_empty() {
            kept.extend(all.into_iter().next());
        }
        let levels: Vec<Vec<usize>> = (0..points.len())
            .map(|point| kept.iter().map(|(_, levels)| levels[point]).collect())
            .collect();
        let factors: Vec<Factor> = kept.into_iter().map(|(factor, _)| factor).collect();
        let combinations: f64 = factors.iter().map(|f| f.levels.len() as f64).product();
        let mut distinct = levels.clone();
        distinct.sort_unstable();
        distinct.dedup();
        Self {
            full: distinct.len() as f64 >= FULL * combinations,
            factors,
            levels,
        }
    }

    /// Whether each combination is there once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let combinations: usize = self.factors.iter().map(|f| f.levels.len()).product();
        let mut distinct = self.levels.clone();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == combinations && self.levels.len() == combinations
    }

    /// The point at these levels.
    #[must_use]
    pub fn point(&self, levels: &[usize]) -> Option<usize> {
        self.levels.iter().position(|point| point == levels)
    }

    /// What is set at a point, in words: `"jitter = full, clients = 100"`.
    #[must_use]
    pub fn setting(&self, point: usize) -> String {
        let settings = self.factors.iter().zip(&self.levels[point]);
        let settings: Vec<String> = settings.map(|(f, level)| f.at(*level)).collect();
        settings.join(", ")
    }

    /// The same without the names of the parameters: `"full · 100"`.
    #[must_use]
    pub fn short_setting(&self, point: usize) -> String {
        let levels = self.factors.iter().zip(&self.levels[point]);
        let labels: Vec<&str> = levels
            .map(|(factor, level)| factor.levels[*level].label.as_str())
            .collect();
        labels.join(" · ")
    }
}

fn factor(axis: &Axis, index: usize, points: &[Point]) -> (Factor, Vec<usize>) {
    let mut levels: Vec<Level> = Vec::new();
    for point in points {
        let coordinate = &point.coordinates[index];
        let level = Level {
            label: coordinate.label.clone(),
            number: coordinate.number,
        };
        if !levels.contains(&level) {
            levels.push(level);
        }
    }
    let mut factor = Factor {
        name: axis.name.clone(),
        unit: axis.unit,
        log: axis.log,
        levels,
    };
    if factor.numbers().is_some() {
        let number = |level: &Level| level.number.unwrap_or_default();
        factor
            .levels
            .sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    let place = |point: &Point| {
        let coordinate = &point.coordinates[index];
        let same =
            |level: &Level| level.label == coordinate.label && level.number == coordinate.number;
        factor.levels.iter().position(same).unwrap_or_default()
    };
    let places = points.iter().map(place).collect();
    (factor, places)
}
