//! The whole search: rungs, confirmation, other scenarios.

use super::elsewhere::Other;
use super::front;
use super::halving::{Ask, Halving};
use super::rank::{Judge, Values};
use super::tuning::{Finalist, Goal, Rung, Tuning};
use crate::experiment::space::{Axis, Point};
use crate::experiment::sweep::{Replications, Row, Sweep};
use crate::expression::{Expression, Measure};
use crate::scenario::Scenario;
use sim_core::stats::bonferroni_level;

/// What is searched for, and with how much effort.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is made as small or as large as possible; at least one.
    pub goals: Vec<Goal>,
    /// What must hold.
    pub constraints: Vec<Expression>,
    /// Share of the replications in which all constraints must hold together, 0 to 1.
    pub share: f64,
    /// The rungs.
    pub halving: Halving,
    /// Replications of each finalist under fresh seeds.
    pub confirm: u32,
    /// Confidence level of all intervals, 0 to 1.
    pub level: f64,
}

impl Question {
    /// What must be measured, in the order in which the values of a run are judged.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let goals = self.goals.iter().map(|goal| goal.measure.clone());
        let limited = self.constraints.iter().map(|check| check.measure.clone());
        goals.chain(limited).collect()
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            goals: &self.goals,
            constraints: &self.constraints,
            share: self.share,
        }
    }
}

/// A part of the work, for people: `"rung 1 of 64 settings"`.
pub type Doing<'a> = &'a str;

/// What the fresh seeds told.
#[derive(Default)]
struct Confirmed {
    finalists: Vec<Finalist>,
    chosen: Vec<usize>,
    /// For each of a front the finalists that cannot be told from it.
    twins: Vec<Vec<usize>>,
    used: Option<usize>,
}

impl Confirmed {
    /// Notes all points that one of the front stands for: its own twins, and those of the finalists that
    /// cannot be told from it.
    fn add_twins(&mut self, place: usize, last: &[usize], alike: impl Fn(usize) -> Vec<usize>) {
        let number = self.chosen.iter().position(|other| *other == place);
        let twins = number.and_then(|number| self.twins.get(number));
        let twins: Vec<usize> = twins
            .into_iter()
            .flatten()
            .map(|twin| last[*twin])
            .collect();
        let own = last[place];
        let mut all: Vec<usize> = twins
            .iter()
            .chain([&own])
            .flat_map(|one| alike(*one))
            .collect();
        all.extend(twins);
        all.retain(|point| *point != own);
        all.sort_unstable();
        all.dedup();
        self.finalists[place].alike = all;
    }
}

struct Search<'a, F> {
    question: &'a Question,
    sweep: &'a Sweep,
    /// Where the values that are judged stand among the measures of the sweep.
    places: Vec<usize>,
    run: F,
    runs: u64,
}

/// Searches the points of a sweep for the best setting. `run` runs a sweep wholly; every one that it is
/// given has only runs that none before had. The sweep measures [`Question::measures`].
///
/// # Errors
/// Those of `run`.
pub fn tune<E>(
    question: &Question,
    sweep: &Sweep,
    present: &Scenario,
    others: &[Other],
    run: impl FnMut(&Sweep, Doing<'_>) -> Result<Vec<Row>, E>,
) -> Result<Tuning, E> {
    let place = |measure| sweep.measures.iter().position(|other| *other == measure);
    let mut search = Search {
        question,
        sweep,
        places: question.measures().into_iter().filter_map(place).collect(),
        run,
        runs: 0,
    };
    let judge = question.judge();
    let mut rung = 0;
    let rungs = question.halving.climb(sweep.points.len(), &judge, |ask| {
        rung += 1;
        search.rung(rung, ask)
    })?;
    // Rungs count their seeds up from the first; those after the last are fresh.
    let used = rungs.last().map_or(0, |rung| rung.replications);
    let fresh_seed = sweep.seed.wrapping_add(u64::from(used));
    let last = best(&rungs, question.halving.finalists);
    let mut confirmed = search.confirm(&last, present, fresh_seed)?;
    if question.goals.len() > 1 {
        for place in confirmed.chosen.clone() {
            let count = sweep.points.len();
            confirmed.add_twins(place, &last, |point| front::alike(&rungs, point, count));
        }
    }
    let (mut elsewhere, mut ends) = (Vec::new(), Vec::new());
    if let Some(used) = confirmed.used {
        elsewhere = search.elsewhere(last[used], others, fresh_seed)?;
        ends = front::ends(&sweep.axes, &sweep.points, &rungs, last[used]);
    }
    let Confirmed {
        finalists,
        chosen,
        used,
        ..
    } = confirmed;
    Ok(Tuning {
        axes: sweep.axes.clone(),
        points: sweep.points.clone(),
        goals: question.goals.clone(),
        constraints: question.constraints.clone(),
        share: question.share,
        rungs,
        finalists,
        chosen,
        used,
        ends,
        elsewhere,
        present: sweep.scenarios.iter().position(|one| one == present),
        outage: !present.faults.is_empty(),
        seed: sweep.seed,
        fresh_seed,
        runs: search.runs,
    })
}

/// The best of the last rung, the best first.
fn best(rungs: &[Rung], count: usize) -> Vec<usize> {
    let last = rungs.last().map_or(&[][..], |rung| &rung.standings[..]);
    last.iter().take(count).map(|one| one.point).collect()
}

impl<E, F: FnMut(&Sweep, Doing<'_>) -> Result<Vec<Row>, E>> Search<'_, F> {
    /// Runs these scenarios under so many seeds from this one on; the values by scenario and seed.
    fn run(
        &mut self,
        points: Vec<(Point, Scenario)>,
        axes: &[Axis],
        seed: u64,
        replications: u32,
        doing: Doing<'_>,
    ) -> Result<Vec<Vec<Values>>, E> {
        let (points, scenarios): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        self.runs += points.len() as u64 * u64::from(replications);
        let sweep = Sweep {
            title: self.sweep.title.clone(),
            axes: axes.to_vec(),
            points,
            scenarios,
            measures: self.sweep.measures.clone(),
            seed,
            replications: Replications::Fixed(replications),
            windows: false,
        };
        let mut records = (self.run)(&sweep, doing)?;
        records.sort_unstable_by_key(|record| (record.point, record.replication));
        let mut values = vec![Vec::new(); sweep.points.len()];
        for record in records {
            let judged = self
                .places
                .iter()
                .map(|place| record.values.get(*place))
                .collect();
            values[record.point as usize].push(judged);
        }
        Ok(values)
    }

    fn candidate(&self, point: usize) -> (Point, Scenario) {
        (
            self.sweep.points[point].clone(),
            self.sweep.scenarios[point].clone(),
        )
    }

    fn rung(&mut self, number: usize, ask: Ask<'_>) -> Result<Vec<Vec<Values>>, E> {
        let points = ask
            .points
            .iter()
            .map(|point| self.candidate(*point))
            .collect();
        let seed = self.sweep.seed.wrapping_add(u64::from(ask.from));
        let doing = format!("rung {number}: {} settings", ask.points.len());
        let axes = self.sweep.axes.clone();
        self.run(points, &axes, seed, ask.to - ask.from, &doing)
    }

    /// The finalists and the present setting on fresh seeds, and who of them is chosen.
    fn confirm(&mut self, last: &[usize], present: &Scenario, seed: u64) -> Result<Confirmed, E> {
        let (judge, level) = (self.question.judge(), self.question.level);
        let mut points: Vec<_> = last.iter().map(|point| self.candidate(*point)).collect();
        points.push((Point::default(), present.clone()));
        let axes = self.sweep.axes.clone();
        let values = self.run(points, &axes, seed, self.question.confirm, "confirming")?;
        let (Some(was), Some(candidates)) = (values.last(), values.get(..last.len())) else {
            return Ok(Confirmed::default());
        };
        let idle = vec![false; self.question.constraints.len()];
        let build = |place: usize, winner: Option<usize>| {
            let point = last.get(place).copied();
            let present = point.map(|_| &was[..]);
            let winner = winner.filter(|winner| *winner != place);
            let winner = winner.map(|winner| &candidates[winner][..]);
            judge.finalist(point, &values[place], present, winner, &idle, level)
        };
        let alone: Vec<Finalist> = (0..values.len()).map(|place| build(place, None)).collect();
        let met = (0..last.len()).filter(|place| judge.meets(&alone[*place]));
        let (mut chosen, mut twins, mut used) = (Vec::new(), Vec::new(), None);
        if self.question.goals.len() == 1 {
            // The first in the order of the last rung: who picked the best on fresh seeds would
            // believe its luck on them.
            chosen.extend(met.take(1));
        } else {
            let scores: Vec<_> = candidates.iter().map(|runs| judge.score(runs)).collect();
            let mut front = judge.front(&scores, &met.collect::<Vec<_>>());
            front.sort_by(|a, b| {
                judge
                    .compare_goal(0, &scores[*a], &scores[*b])
                    .then(a.cmp(b))
            });
            (chosen, twins) = judge
                .without_twins(&front, candidates, level)
                .into_iter()
                .unzip();
            used = judge.compromise(&scores, &chosen);
        }
        let used = used.or(chosen.first().copied());
        let finalists = (0..values.len()).map(|place| build(place, used)).collect();
        Ok(Confirmed {
            finalists,
            chosen,
            twins,
            used,
        })
    }

    fn elsewhere(
        &mut self,
        point: usize,
        others: &[Other],
        seed: u64,
    ) -> Result<Vec<super::tuning::Elsewhere>, E> {
        let judge = self.question.judge();
        // All intervals hold together at the level: one alarm in twenty tunings is false, not one in
        // twenty scenarios.
        let count = others.len() * self.question.goals.len();
        let level = bonferroni_level(self.question.level, count);
        let mut found = Vec::new();
        for other in others {
            let points = vec![
                (Point::default(), other.present.clone()),
                (Point::default(), other.candidates[point].clone()),
            ];
            let doing = format!("elsewhere: {}", other.name);
            let values = self.run(points, &[], seed, self.question.confirm, &doing)?;
            if let [present, chosen] = &values[..] {
                found.push(judge.elsewhere(other.name.clone(), present, chosen, point, level));
            }
        }
        Ok(found)
    }
}
