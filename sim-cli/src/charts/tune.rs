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
use crate::output::units;
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
        if !self.tuning.improves(chosen) {
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
pub(crate) mod tests {
    use super::*;
    use crate::charts::plot::legible::assert_legible;
    use crate::charts::sweep::tests::{combinations, plain, seconds, sweep, words};
    use sim_models::experiment::tune::rank::{GoalScore, Score};
    use sim_models::experiment::tune::{Held, Outcome, Rung};

    fn interval(mean: f64, half_width: f64) -> Interval {
        Interval {
            mean,
            low: mean - half_width,
            high: mean + half_width,
            half_width,
            level: 0.95,
            count: 20,
        }
    }

    fn held(share: f64) -> Held {
        Held {
            count: (share * 20.0) as u64,
            share: interval(share, 0.05),
            mean: Some(interval(1.1, 0.02)),
            missing: 0,
            endless: 0,
            idle: false,
        }
    }

    fn finalist(point: Option<usize>, goals: &[f64], share: f64) -> Finalist {
        let outcome = |mean: &f64| Outcome {
            mean: mean.is_finite().then(|| interval(*mean, mean * 0.05)),
            lost: 0,
            values: Vec::new(),
        };
        Finalist {
            point,
            alike: Vec::new(),
            goals: goals.iter().map(outcome).collect(),
            constraints: vec![held(share)],
            all: held(share),
            against_present: goals
                .iter()
                .map(|g| Some(interval(-g * 0.2, g * 0.05)))
                .collect(),
            against_winner: vec![None; goals.len()],
        }
    }

    fn tuned(goals: usize, chosen: Vec<usize>) -> Tuning {
        let varied = [
            seconds("timeout", &[0.05, 0.1, 0.2, 0.5, 1.0]),
            plain("threads", &[8.0, 16.0, 32.0, 64.0]),
            words("jitter", &["none", "full", "decorrelated"]),
        ];
        let points = combinations(&varied);
        let sweep = sweep("tuning", &varied, &points);
        let all = [
            ("latency(shoppers, p99)", false),
            ("goodput(shoppers)", true),
        ];
        let value = |point: usize| {
            let levels = &points[point];
            let latency = 0.05 + 0.1 * (levels[0] as f64 - 1.5).abs() + 0.03 * levels[2] as f64;
            [
                latency,
                900.0 - 400.0 / (1.0 + levels[1] as f64) - 900.0 * (0.4 - latency).max(0.0),
            ]
        };
        let standing = |point: usize| Standing {
            point,
            score: Score {
                unknown: 0.0,
                failing: if point % 7 == 3 { 0.4 } else { 0.0 },
                excess: 0.0,
                goals: value(point)[..goals]
                    .iter()
                    .map(|mean| GoalScore {
                        lost: 0.0,
                        mean: *mean,
                    })
                    .collect(),
            },
        };
        let elsewhere = |name: &str, verdict| Elsewhere {
            name: name.into(),
            present: finalist(None, &[0.3, 700.0][..goals], 0.8),
            chosen: finalist(Some(12), &[0.2, 800.0][..goals], 1.0),
            verdict,
        };
        let mut finalists: Vec<Finalist> = [12, 15, 18, 24]
            .iter()
            .map(|point| finalist(Some(*point), &value(*point)[..goals], 1.0))
            .collect();
        finalists.push(finalist(None, &[0.4, 600.0][..goals], 0.5));
        Tuning {
            axes: sweep.axes.clone(),
            points: sweep.points.clone(),
            goals: all[..goals]
                .iter()
                .map(|(measure, maximise)| Goal {
                    measure: measure.parse().unwrap(),
                    maximise: *maximise,
                })
                .collect(),
            constraints: vec!["amplification(shop -> db) < 1.2".parse().unwrap()],
            share: 0.95,
            rungs: vec![Rung {
                replications: 4,
                standings: (0..points.len()).map(standing).collect(),
                kept: 4,
                runs: 240,
            }],
            finalists,
            used: chosen.first().copied(),
            chosen,
            ends: Vec::new(),
            present: None,
            outage: true,
            elsewhere: vec![
                elsewhere("load x 1.2", Transfer::Better),
                elsewhere("without slow database", Transfer::Worse),
            ],
            seed: 1,
            fresh_seed: 101,
            runs: 400,
        }
    }

    /// Charts of made-up tunings.
    pub fn examples() -> Vec<(String, Vec<Chart>)> {
        let kinds = [
            ("one-goal", tuned(1, vec![0])),
            ("front", tuned(2, vec![0, 1, 2])),
        ];
        let mut drawn: Vec<_> = kinds
            .iter()
            .map(|(name, tuning)| ((*name).to_owned(), charts(tuning)))
            .collect();
        drawn.push(("nobody".to_owned(), charts(&tuned(2, Vec::new()))));
        drawn
    }

    #[test]
    fn what_changes_nothing_is_no_best_and_the_present_setting_is_named_once() {
        let mut tuning = tuned(1, vec![0]);
        for one in &mut tuning.finalists {
            one.all = held(1.0);
            one.against_present = vec![Some(interval(0.0, 0.1))];
        }
        let title = "<title>Nothing that was tried was shown to be better than the present setting";
        assert!(charts(&tuning)[0].svg.contains(title));
        let mut front = tuned(2, vec![0, 1, 2]);
        let labels = |tuning: &Tuning| charts(tuning)[0].svg.matches("present setting").count();
        let without = labels(&front);
        front.present = Some(12);
        let charts = charts(&front);
        assert_legible(&charts);
        assert_eq!(
            front.shown().count(),
            4,
            "three, and the present one by its name"
        );
        assert!(charts[0].svg.contains("(present setting)"));
        assert!(without > 0);
        let candidates = charts.last().unwrap();
        assert!(candidates.svg.contains("finalists are thick"));
        assert!(!candidates.svg.contains("five best") && !candidates.svg.contains("whiskers"));
    }

    /// Runners-up that look better under the fresh seeds do not make a winner of the one that came first.
    #[test]
    fn a_winner_without_a_difference_is_no_best() {
        let mut tuning = tuned(1, vec![0]);
        for one in &mut tuning.finalists {
            one.all = held(1.0);
        }
        tuning.finalists[0].against_present = vec![Some(interval(0.0, 0.1))];
        assert!(tuning.improvable());
        let title = "<title>Nothing that was tried was shown to be better than the present setting";
        assert!(charts(&tuning)[0].svg.contains(title));
        let text =
            crate::output::tuning::render(&tuning, 0, "", crate::output::style::Style::PLAIN);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.starts_with("Nothing that was tried was shown"),
            "{text}"
        );
        assert!(
            flat.contains("3 of 3 runners-up did better, each by itself")
                && !flat.contains("gives the lowest"),
            "{text}"
        );
        assert!(!flat.contains("To use"), "{text}");
    }

    /// With several goals, too, nobody is first that was not shown to be better in one of them and worse in none.
    #[test]
    fn a_front_without_a_difference_is_no_best() {
        let said = |against: [(f64, f64); 2], chosen: Vec<usize>| {
            let mut tuning = tuned(2, chosen);
            for one in &mut tuning.finalists {
                one.all = held(1.0);
                let each = against
                    .iter()
                    .map(|(mean, half)| Some(interval(*mean, *half)));
                one.against_present = each.collect();
            }
            let plain = crate::output::style::Style::PLAIN;
            let text = crate::output::tuning::render(&tuning, 0, "", plain);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        // Latency should fall, and goodput rise.
        for chosen in [vec![0], vec![0, 1, 2]] {
            let text = said([(-0.01, 0.1), (3.0, 50.0)], chosen);
            assert!(
                text.starts_with("Nothing that was tried was shown"),
                "{text}"
            );
            assert!(
                !text.contains("gives the") && !text.contains("To use"),
                "{text}"
            );
            assert!(!text.contains("trade"), "{text}");
        }
        let traded = said([(-0.3, 0.1), (-90.0, 50.0)], vec![0]);
        assert!(
            traded.starts_with("Nothing that was tried was shown"),
            "{traded}"
        );
        assert!(
            traded.contains("better in a goal, and worse in another"),
            "{traded}"
        );
        let better = said([(-0.3, 0.1), (3.0, 50.0)], vec![0]);
        assert!(better.contains("gives the lowest"), "{better}");
        assert!(better.contains("It beats the present setting"), "{better}");
    }

    /// A setting under which every run was refuted is not better than one that was not judged.
    #[test]
    fn nothing_ranks_against_what_was_not_judged() {
        let said = |reached: f64, lost: f64| {
            let mut tuning = tuned(1, vec![0]);
            tuning.goals[0] = Goal {
                measure: "held".parse().unwrap(),
                maximise: true,
            };
            for one in &mut tuning.finalists {
                one.all = held(1.0);
                one.goals[0].mean = Some(interval(reached, 0.0));
                one.against_present = vec![None];
            }
            tuning.finalists.last_mut().unwrap().goals[0].lost = 10;
            tuning.rungs[0].standings[1].score.goals[0].lost = lost;
            assert!(
                !tuning.improves(&tuning.finalists[0]),
                "that is no improvement"
            );
            let plain = crate::output::style::Style::PLAIN;
            let text = crate::output::tuning::render(&tuning, 0, "", plain);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let text = said(0.0, 1.0);
        assert!(
            text.starts_with("No setting can be said to hold most often"),
            "{text}"
        );
        assert!(text.contains("The runs must last longer"), "{text}");
        assert!(!text.contains("To use"), "{text}");
        for known in [said(0.0, 0.0), said(1.0, 1.0)] {
            assert!(!known.contains("must last longer"), "{known}");
        }
    }

    /// What a dropped setting seems to beat in all goals is not offered, and said to be.
    #[test]
    fn what_seems_beaten_is_not_offered() {
        let mut tuning = tuned(2, vec![0, 1, 2]);
        let said = |tuning: &Tuning| {
            let plain = crate::output::style::Style::PLAIN;
            let text = crate::output::tuning::render(tuning, 0, "", plain);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let offers = |text: &str| text.matches("Or timeout=").count();
        tuning.finalists[1] = finalist(Some(15), &[9.0, 10.0], 1.0);
        let text = said(&tuning);
        assert_eq!(offers(&text), 1, "{text}");
        assert!(
            text.contains("is on the front, too, but timeout="),
            "{text}"
        );
        assert!(text.contains("which was dropped after 4 runs, looked better in all goals"));
    }

    /// What was dropped after few runs is told from what was confirmed.
    #[test]
    fn what_was_not_confirmed_is_drawn_as_such() {
        let svg = charts(&tuned(2, vec![0, 1, 2])).swap_remove(0).svg;
        assert!(svg.contains("not confirmed: fewer runs, other seeds"));
    }

    #[test]
    fn tunings_are_legible_and_name_the_winner() {
        for (name, charts) in examples() {
            assert_legible(&charts);
            let first = &charts[0];
            assert_eq!(
                first.name,
                if name == "one-goal" {
                    "finalists"
                } else {
                    "pareto"
                }
            );
            let said = match name.as_str() {
                "one-goal" => {
                    "<title>Best: timeout = 100ms, threads = 8, jitter = none gives p99 latency"
                }
                "front" => "<title>The compromise of 3 on the front: timeout = 100ms",
                _ => "<title>No setting meets all constraints",
            };
            assert!(first.svg.contains(said), "{name}");
        }
    }
}
