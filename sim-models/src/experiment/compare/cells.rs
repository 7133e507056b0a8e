//! The runs of a sweep by variant and condition.

use super::comparison::Condition;
use super::finding::Pair;
use super::question::Question;
use crate::experiment::space::Coordinate;
use crate::experiment::sweep::{Row, Table};
use std::collections::BTreeMap;

/// The runs of a sweep by variant and condition.
pub(super) struct Cells<'a> {
    pub(super) variants: Vec<String>,
    pub(super) conditions: Vec<Condition>,
    pub(super) condition_axes: Vec<(String, &'static str)>,
    /// The condition that is the scenario's own.
    pub(super) own: Option<usize>,
    /// By condition: the runs of the baseline, then of each variant, by replication.
    runs: Vec<Vec<BTreeMap<u32, &'a Row>>>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(table: &'a Table<'_>, question: &Question) -> Self {
        let sweep = table.sweep;
        let label = |point: usize| {
            sweep.points[point].coordinates[question.axis]
                .label
                .as_str()
        };
        let elsewhere = |point: usize| -> Vec<Coordinate> {
            let coordinates = sweep.points[point].coordinates.iter().enumerate();
            coordinates
                .filter(|(axis, _)| *axis != question.axis)
                .map(|(_, coordinate)| coordinate.clone())
                .collect()
        };
        let axes = sweep.axes.iter().enumerate();
        let condition_axes: Vec<(String, &'static str)> = axes
            .filter(|(axis, _)| *axis != question.axis)
            .map(|(_, axis)| (axis.name.clone(), axis.unit))
            .collect();
        let mut variants: Vec<String> = Vec::new();
        let mut places: Vec<Vec<Coordinate>> = Vec::new();
        for point in 0..sweep.points.len() {
            if label(point) != question.baseline && !variants.iter().any(|v| v == label(point)) {
                variants.push(label(point).to_owned());
            }
            if !places.contains(&elsewhere(point)) {
                places.push(elsewhere(point));
            }
        }
        let mut runs = vec![vec![BTreeMap::new(); variants.len() + 1]; places.len()];
        for point in 0..sweep.points.len() {
            let place = places.iter().position(|place| *place == elsewhere(point));
            let variant = variants.iter().position(|variant| variant == label(point));
            let by_replication = table.runs[point].iter().map(|run| (run.replication, run));
            runs[place.unwrap_or_default()][variant.map_or(0, |variant| variant + 1)]
                .extend(by_replication);
        }
        let own = question.own.filter(|_| places.len() > 1);
        let own = own.and_then(|point| places.iter().position(|place| *place == elsewhere(point)));
        let conditions = places
            .into_iter()
            .map(|coordinates| Condition {
                label: condition_axes
                    .iter()
                    .zip(&coordinates)
                    .map(|((name, _), coordinate)| format!("{name} {}", coordinate.label))
                    .collect::<Vec<_>>()
                    .join(", "),
                coordinates,
            })
            .collect();
        Self {
            variants,
            conditions,
            condition_axes,
            own,
            runs,
        }
    }

    /// The pairs of runs of the baseline and a variant under one condition.
    pub(super) fn both(
        &self,
        variant: usize,
        condition: usize,
    ) -> impl Iterator<Item = (u32, &'a Row, &'a Row)> + '_ {
        let runs = &self.runs[condition];
        runs[0].iter().filter_map(move |(replication, baseline)| {
            let run = runs[variant + 1].get(replication)?;
            Some((*replication, *baseline, *run))
        })
    }

    /// Whether all runs of a variant are those of the baseline, event for event.
    pub(super) fn are_equal(&self, variant: usize) -> bool {
        let conditions = 0..self.conditions.len();
        let mut all = conditions
            .flat_map(|condition| self.both(variant, condition))
            .peekable();
        all.peek().is_some()
            && all.all(|(_, baseline, run)| run.digest != 0 && run.digest == baseline.digest)
    }

    /// The values of both, by replication, under one condition or all of them, and how many replications
    /// had nothing to measure under one. Runs with one seed under several conditions share their luck, so
    /// that replications alone are independent.
    pub(super) fn pairs(
        &self,
        variant: usize,
        measure: usize,
        condition: Option<usize>,
    ) -> (Vec<Pair>, u32) {
        let conditions = self.chosen(condition);
        let mut values: BTreeMap<u32, Vec<Option<(f64, f64)>>> = BTreeMap::new();
        for condition in conditions.clone() {
            for (replication, baseline, run) in self.both(variant, condition) {
                let both = baseline.values.get(measure).zip(run.values.get(measure));
                values.entry(replication).or_default().push(both);
            }
        }
        let seen = values.len();
        let pairs: Vec<Pair> = values
            .into_iter()
            .filter(|(_, runs)| runs.len() == conditions.len())
            .filter_map(|(replication, runs)| {
                let runs: Option<Vec<(f64, f64)>> = runs.into_iter().collect();
                Some(Pair::of(replication, &runs?))
            })
            .collect();
        let missing = (seen - pairs.len()) as u32;
        (pairs, missing)
    }

    /// One condition, or all of them.
    pub(super) fn chosen(&self, condition: Option<usize>) -> std::ops::Range<usize> {
        match condition {
            Some(condition) => condition..condition + 1,
            None => 0..self.conditions.len(),
        }
    }
}
