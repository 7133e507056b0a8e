//! Charts of tuning: the front or the finalists, how they differ from the present setting, how they do
//! elsewhere, and all candidates.

use super::Chart;
use super::plot::bars::{self, Bars};
use super::plot::data::{Estimate, Measured, Wish};
use super::plot::forest::{self, Forest, Group, Row, Says};
use super::plot::page::Page;
use super::plot::parallel::{self, Beside, Parallel};
use super::plot::plane::{self, Dot, Kind, Plane};
use super::sweep::Grid;
use super::sweep::measured;
use crate::units;
use sim_core::stats::Interval;
use sim_models::experiment::tune::{Elsewhere, Finalist, Goal, Standing, Transfer, Tuning};

/// All charts of tuning, the main one first.
#[must_use]
pub fn charts(tuning: &Tuning) -> Vec<Chart> {
    let told = Told {
        grid: Grid::of(&tuning.axes, &tuning.points),
        tuning,
    };
    let chart = |name: &str, svg| Chart {
        name: name.to_owned(),
        svg,
    };
    let mut charts = Vec::new();
    if tuning.goals.len() > 1 {
        charts.push(chart("pareto", told.pareto()));
    }
    charts.push(chart("finalists", told.finalists()));
    let is_now = told.chosen().is_some_and(|chosen| tuning.is_now(chosen));
    if !tuning.elsewhere.is_empty() && !is_now {
        charts.push(chart("elsewhere", told.elsewhere()));
    }
    if told.grid.factors.len() > 1 {
        charts.push(chart("candidates", told.candidates()));
    }
    charts
}

fn wished(goal: &Goal) -> Measured {
    Measured {
        wish: if goal.maximise { Wish::High } else { Wish::Low },
        ..measured(&goal.measure, None)
    }
}

fn estimate(interval: Option<Interval>) -> Option<Estimate> {
    interval.map(|i| Estimate::new(i.mean, i.low, i.high))
}

/// What an interval of a difference says, by itself.
fn says(goal: &Goal, difference: &Interval) -> Says {
    let higher = difference.low > 0.0;
    if difference.low <= 0.0 && difference.high >= 0.0 {
        Says::Nothing
    } else if higher == goal.maximise {
        Says::Better
    } else {
        Says::Worse
    }
}

struct Told<'a> {
    grid: Grid,
    tuning: &'a Tuning,
}

impl Told<'_> {
    fn name(&self, finalist: &Finalist) -> String {
        let now = if self.tuning.is_now(finalist) {
            " (present setting)"
        } else {
            ""
        };
        finalist.point.map_or_else(
            || "present setting".to_owned(),
            |point| format!("{}{now}", self.grid.setting(point)),
        )
    }

    fn chosen(&self) -> Option<&Finalist> {
        self.tuning.finalists.get(self.tuning.used?)
    }

    fn note(&self) -> String {
        format!(
            "{} runs in all; finalists confirmed on fresh seeds from {}, whiskers 95% intervals",
            units::count(self.tuning.runs),
            self.tuning.fresh_seed
        )
    }

    /// The winner, in words.
    fn finding(&self) -> String {
        let Some(chosen) = self.chosen() else {
            return "No setting meets all constraints".to_owned();
        };
        let goals = self.tuning.goals.iter().zip(&chosen.goals);
        let goals: Vec<String> = goals
            .map(|(goal, outcome)| {
                let shown = wished(goal);
                let mean = outcome.mean.map_or(f64::NAN, |mean| mean.mean);
                format!("{} {}", shown.name, shown.text(mean))
            })
            .collect();
        if self.tuning.unjudged().is_some() {
            return "No setting can be said to hold most often: not all were judged".to_owned();
        }
        // Of a front that trades goals off some are better in one.
        let front = &self.tuning.chosen;
        let improves = |place: &usize| self.tuning.improves(&self.tuning.finalists[*place]);
        if !self.tuning.improves(chosen) && !front.iter().any(improves) {
            let first = if self.tuning.is_now(chosen) {
                String::new()
            } else {
                format!("; first of all others {}", self.name(chosen))
            };
            return format!(
                "Nothing that was tried was shown to be better than the present setting{first}"
            );
        }
        let many = match self.tuning.chosen.len() {
            1 => "Best".to_owned(),
            2 => "One of 2 on the front".to_owned(),
            count => format!("The compromise of {count} on the front"),
        };
        format!("{many}: {} gives {}", self.name(chosen), goals.join(", "))
    }

    fn constraints(&self) -> String {
        if self.tuning.constraints.is_empty() {
            return String::new();
        }
        let texts: Vec<String> = self
            .tuning
            .constraints
            .iter()
            .map(ToString::to_string)
            .collect();
        format!("Constraints: {}.", texts.join(", "))
    }

    fn page(&self, guide: &str) -> Page {
        Page::new(self.finding(), guide, &self.note()).because(self.constraints())
    }

    /// Whether one of the front stands for this point.
    fn stands_for(&self, point: usize) -> bool {
        let mut chosen = self.tuning.chosen.iter();
        chosen.any(|place| self.tuning.finalists[*place].alike.contains(&point))
    }

    fn standings(&self) -> Vec<(usize, &Standing)> {
        // The last rung that a candidate reached knows it best.
        let mut known: Vec<Option<&Standing>> = vec![None; self.tuning.points.len()];
        for standing in self.tuning.rungs.iter().flat_map(|rung| &rung.standings) {
            known[standing.point] = Some(standing);
        }
        let known = known.into_iter().enumerate();
        known
            .filter_map(|(point, standing)| Some((point, standing?)))
            .collect()
    }

    fn pareto(&self) -> String {
        let tuning = self.tuning;
        let mut dots: Vec<Dot> = Vec::new();
        let finalists: Vec<Option<usize>> = tuning.finalists.iter().map(|f| f.point).collect();
        for (point, standing) in self.standings() {
            if finalists.contains(&Some(point)) || self.stands_for(point) {
                continue;
            }
            dots.push(Dot {
                name: String::new(),
                x: Estimate::exact(standing.score.goals[0].mean),
                y: Estimate::exact(standing.score.goals[1].mean),
                kind: if standing.score.failing > 0.0 {
                    Kind::Forbidden
                } else {
                    Kind::Unconfirmed
                },
            });
        }
        for (n, finalist) in tuning.shown() {
            let (Some(x), Some(y)) = (
                estimate(finalist.goals[0].mean),
                estimate(finalist.goals[1].mean),
            ) else {
                continue;
            };
            let kind = if tuning.used == Some(n) {
                Kind::Chosen
            } else if tuning.is_now(finalist) {
                Kind::Present
            } else if tuning.chosen.contains(&n) {
                Kind::Front
            } else if finalist.all.share.mean < tuning.share {
                Kind::Forbidden
            } else {
                Kind::Other
            };
            let name = match finalist.alike.len() {
                0 => self.name(finalist),
                alike => format!("{} and {alike} alike", self.name(finalist)),
            };
            dots.push(Dot { name, x, y, kind });
        }
        let goals = tuning.goals.len();
        let front = match goals {
            2 => "Those on the steps are beaten by no other finalist in both goals; moving along them \
                  trades one goal for the other."
                .to_owned(),
            _ => format!(
                "Those on the front are beaten by no other finalist in all {goals} goals, of which two are \
                 drawn: what seems beaten here is better in another."
            ),
        };
        let guide = format!(
            "How to read: every point is a setting. {front} Small rings were dropped after fewer runs, \
             under other seeds: one that lies beyond the front was not shown to beat it."
        );
        plane::plane(&Plane {
            page: self.page(&guide),
            x: wished(&tuning.goals[0]),
            y: wished(&tuning.goals[1]),
            dots,
            steps: true,
            joined: goals == 2,
        })
    }

    fn finalists(&self) -> String {
        let goal = &self.tuning.goals[0];
        let best = self.tuning.used;
        let row = |(n, finalist): (usize, &Finalist)| {
            let mark = if best == Some(n) { "chosen: " } else { "" };
            let held = match self.tuning.constraints.len() {
                0 => String::new(),
                _ => format!(
                    " (constraints met in {})",
                    units::percent(finalist.all.share.mean)
                ),
            };
            let name = format!("{mark}{}{held}", self.name(finalist));
            (name, vec![estimate(finalist.goals[0].mean)])
        };
        bars::bars(&Bars {
            page: self.page(bars::GUIDE),
            measured: wished(goal),
            series: vec![goal.measure.label()],
            rows: self.tuning.shown().map(row).collect(),
        })
    }

    fn elsewhere(&self) -> String {
        let groups = self.tuning.goals.iter().enumerate().map(|(n, goal)| {
            let shown = wished(goal);
            let row = |elsewhere: &Elsewhere| {
                let difference = elsewhere.chosen.against_present.get(n).copied().flatten();
                let value = |finalist: &Finalist| {
                    let mean = finalist.goals[n].mean.map_or(f64::NAN, |mean| mean.mean);
                    shown.text(mean)
                };
                let present = elsewhere.present.goals[n]
                    .mean
                    .map_or(0.0, |mean| mean.mean);
                let share = |value: f64| value / present.abs();
                Row {
                    name: elsewhere.name.clone(),
                    estimate: difference
                        .filter(|_| present != 0.0)
                        .map(|d| Estimate::new(share(d.mean), share(d.low), share(d.high))),
                    says: difference.map_or(Says::Nothing, |d| says(goal, &d)),
                    words: format!(
                        "{} → {}",
                        value(&elsewhere.present),
                        value(&elsewhere.chosen)
                    ),
                }
            };
            let sides = if goal.maximise {
                ("← lower: worse", "higher: better →")
            } else {
                ("← lower: better", "higher: worse →")
            };
            Group {
                title: shown.name.clone(),
                sides: (sides.0.to_owned(), sides.1.to_owned()),
                rows: self.tuning.elsewhere.iter().map(row).collect(),
            }
        });
        let worse = self
            .tuning
            .elsewhere
            .iter()
            .filter(|elsewhere| matches!(elsewhere.verdict, Transfer::Worse | Transfer::Mixed));
        let (worse, all) = (worse.count(), self.tuning.elsewhere.len());
        let open = self.tuning.elsewhere.iter();
        let open = open.filter(|elsewhere| elsewhere.verdict == Transfer::Open);
        let title = match worse {
            0 if open.count() > 0 => format!(
                "The chosen setting was shown to be worse in none of {all} scenarios that it was not tuned on"
            ),
            0 => format!(
                "The chosen setting is no worse in any of {all} scenarios that it was not tuned on"
            ),
            _ => format!(
                "The chosen setting loses something in {worse} of {all} scenarios that it was not tuned on"
            ),
        };
        forest::forest(&Forest {
            page: Page::new(
                title,
                "How to read: the mark is the estimate, the line its interval; all of them together hold with 95% confidence. Where the line touches zero, luck alone could explain the difference. Filled discs are better, squares worse, rings undecided or no difference.",
                &format!(
                    "{} runs in all; fresh seeds from {}",
                    units::count(self.tuning.runs),
                    self.tuning.fresh_seed
                ),
            ),
            measured: Measured {
                name: "change against the present setting".to_owned(),
                unit: super::scale::Unit::Ratio,
                wish: Wish::Neither,
                limit: None,
            },
            groups: groups.collect(),
        })
    }

    fn candidates(&self) -> String {
        let known = self.standings();
        let measures = self.tuning.goals.iter().enumerate().map(|(n, goal)| {
            let mut values = vec![None; self.tuning.points.len()];
            for (point, standing) in &known {
                let score = standing.score.goals[n];
                let mean = if score.mean.is_nan() {
                    f64::INFINITY
                } else {
                    score.mean
                };
                values[*point] = Some(Estimate::exact(mean));
            }
            Beside {
                measured: wished(goal),
                values,
            }
        });
        let note = format!(
            "{} runs in all; values from the last rung that a candidate reached",
            units::count(self.tuning.runs)
        );
        let finalists = self.tuning.finalists.iter().filter_map(|one| one.point);
        parallel::parallel(&Parallel {
            page: Page::new(self.finding(), parallel::FINALISTS_GUIDE, &note)
                .because(self.constraints()),
            thick: Some(finalists.collect()),
            factors: self.grid.factors.clone(),
            levels: self.grid.levels.clone(),
            measures: measures.collect(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
