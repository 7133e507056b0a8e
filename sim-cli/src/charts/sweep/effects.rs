//! What the parameters of a full grid do to a measure, by themselves and depending on each other.
//!
//! All points face the same seeds, so that a difference between two levels is taken within each
//! replication, averaged over the other parameters, and has a paired interval. Where the two levels are
//! chosen for lying apart, the interval is widened for all pairs that there are (Bonferroni).

use super::grid::Grid;
use super::values::Column;
use crate::charts::plot::data::Measured;
use sim_core::stats::{Interval, Moments, bonferroni_level, mean_interval, replications_needed};

/// Confidence of all that is claimed of a measure together.
const LEVEL: f64 = 0.95;
/// Less than this share of the largest effect is little.
const LITTLE: f64 = 0.1;
/// No more levels than this are listed.
const MOST_LISTED: usize = 2;
/// Two means are equal that differ by no more than this share of them: what adding up in another order
/// leaves.
const ROUNDING: f64 = 1e-12;
/// The probability with which the replications that would be enough are enough.
const POWER: f64 = 0.8;

/// A parameter held at one of its levels.
type Held = (usize, usize);

/// How far a parameter moves a measure: between the levels at which it is least and largest.
#[derive(Clone, Debug)]
struct Contrast {
    factor: usize,
    least: usize,
    most: usize,
    /// What the measure is on average at these.
    ends: [f64; 2],
    /// The largest less the least, by replication.
    by_run: Vec<f64>,
    /// The same on average; none with one replication.
    difference: Option<Interval>,
    /// The confidence level of that interval.
    level: f64,
}

impl Contrast {
    fn size(&self) -> f64 {
        self.ends[1] - self.ends[0]
    }

    /// Whether luck may have made it.
    fn is_unsure(&self) -> bool {
        self.difference.is_some_and(|found| !found.excludes_zero())
    }

    /// That it goes the same way under every seed, where that is too few to be sure; nothing where it
    /// does not.
    fn too_few(&self) -> Option<String> {
        if !self.by_run.iter().all(|difference| *difference > 0.0) {
            return None;
        }
        let moments: Moments = self.by_run.iter().copied().collect();
        let made = self.by_run.len() as u64;
        let needed = replications_needed(moments.sd(), moments.mean(), self.level, POWER);
        let enough = match needed.filter(|needed| *needed > made) {
            Some(needed) => format!(", {needed} would be enough if it goes on so"),
            None => String::new(),
        };
        Some(format!(
            "in each of {made} replications (too few to be sure{enough})"
        ))
    }

    /// `"jitter moves it from 5.0% to 8.1%"`, from the first of the two levels to the last.
    fn text(&self, measured: &Measured) -> String {
        let [least, most] = self.ends.map(|end| measured.text(end));
        if self.least < self.most {
            format!("from {least} to {most}")
        } else {
            format!("from {most} to {least}")
        }
    }
}

/// A complete grid of finite values.
struct Full<'a> {
    grid: &'a Grid,
    measured: &'a Measured,
    /// By point, then by replication; as many of each.
    runs: Vec<Vec<f64>>,
}

/// What varies what, in sentences: first where a parameter matters only at some levels of another, then what
/// each does on average. Nothing is said of grids with holes, of values that never end, and of one
/// parameter.
#[must_use]
pub fn effects(grid: &Grid, column: &Column) -> Vec<String> {
    if grid.factors.len() < 2 || !grid.is_complete() || column.is_flat() {
        return Vec::new();
    }
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    let runs = column.runs.iter();
    let runs: Option<Vec<Vec<f64>>> = runs.map(|runs| runs.iter().map(finite).collect()).collect();
    let Some(runs) = runs.filter(|runs| !runs.is_empty() && !runs[0].is_empty()) else {
        return Vec::new();
    };
    if runs.iter().any(|each| each.len() != runs[0].len()) {
        return Vec::new();
    }
    let full = Full {
        grid,
        measured: &column.measured,
        runs,
    };
    full.depends()
        .into_iter()
        .chain([full.averages()])
        .collect()
}

impl Full<'_> {
    fn levels(&self, factor: usize) -> usize {
        self.grid.factors[factor].levels.len()
    }

    fn name(&self, factor: usize) -> &str {
        &self.grid.factors[factor].name
    }

    /// Means by level of a parameter and by replication over the points at which another is held.
    fn means(&self, factor: usize, held: Option<Held>) -> Vec<Vec<f64>> {
        let replications = self.runs[0].len();
        let mut sums = vec![vec![0.0; replications]; self.levels(factor)];
        let mut counts = vec![0.0_f64; self.levels(factor)];
        for (levels, runs) in self.grid.levels.iter().zip(&self.runs) {
            if held.is_some_and(|(other, level)| levels[other] != level) {
                continue;
            }
            counts[levels[factor]] += 1.0;
            for (sum, value) in sums[levels[factor]].iter_mut().zip(runs) {
                *sum += value;
            }
        }
        for (sums, count) in sums.iter_mut().zip(counts) {
            for sum in sums {
                *sum /= count;
            }
        }
        sums
    }

    /// `claims` such contrasts are looked at together.
    fn contrast(&self, factor: usize, held: Option<Held>, claims: usize) -> Contrast {
        let means = self.means(factor, held);
        let average = |runs: &Vec<f64>| runs.iter().sum::<f64>() / runs.len() as f64;
        let by_level: Vec<f64> = means.iter().map(average).collect();
        let place = |better: fn(f64, f64) -> bool| {
            let mut best = 0;
            for level in 1..by_level.len() {
                if better(by_level[level], by_level[best]) {
                    best = level;
                }
            }
            best
        };
        let (least, most) = (place(|a, b| a < b), place(|a, b| a > b));
        let pairs = by_level.len() * (by_level.len() - 1) / 2;
        let level = bonferroni_level(LEVEL, pairs * claims);
        let runs = means[most].iter().zip(&means[least]);
        let by_run: Vec<f64> = runs
            .map(|(most, least)| difference(*most, *least))
            .collect();
        Contrast {
            factor,
            least,
            most,
            level,
            ends: [by_level[least], by_level[most]],
            difference: mean_interval(&by_run, level)
                .ok()
                .filter(|found| found.half_width.is_finite()),
            by_run,
        }
    }

    /// Whether a parameter changes nothing: all runs that differ only in it are equal.
    fn is_idle(&self, factor: usize) -> bool {
        let all = self.grid.levels.iter().zip(&self.runs);
        all.clone().all(|(levels, runs)| {
            let mut first = levels.clone();
            first[factor] = 0;
            let mut others = all.clone();
            others.any(|(levels, others)| *levels == first && others == runs)
        })
    }

    /// What each parameter does on average, the strongest first. What changes nothing is no claim: there
    /// is no luck in it.
    fn averages(&self) -> String {
        let count = self.grid.factors.len();
        let idle: Vec<bool> = (0..count).map(|factor| self.is_idle(factor)).collect();
        let claims = idle.iter().filter(|idle| !**idle).count().max(1);
        let contrasts = (0..count).map(|factor| self.contrast(factor, None, claims));
        let mut contrasts: Vec<Contrast> = contrasts.collect();
        // The sort is stable.
        contrasts.sort_by(|a, b| b.size().total_cmp(&a.size()));
        let is_most = is_more(&contrasts[0], &contrasts[1], LEVEL);
        let parts: Vec<String> = contrasts
            .iter()
            .enumerate()
            .map(|(place, one)| {
                let name = self.name(one.factor);
                let moves = if place == 0 { " moves it" } else { "" };
                match place {
                    _ if idle[one.factor] => format!("{name} changes nothing in any run"),
                    _ if one.is_unsure() || one.size() == 0.0 => match one.too_few() {
                        Some(few) => format!("{name}{moves} {} {few}", one.text(self.measured)),
                        None => format!("of {name} no effect was found"),
                    },
                    0 if is_most => format!("{name} moves it most, {}", one.text(self.measured)),
                    0 => format!("{name} moves it {}", one.text(self.measured)),
                    _ => format!("{name} {}", one.text(self.measured)),
                }
            })
            .collect();
        let unclear = match is_most || contrasts[1].difference.is_none_or(|d| !d.excludes_zero()) {
            true => "",
            false => " (which of the first two moves it more is not clear)",
        };
        format!("Averaged over the rest, {}{unclear}.", parts.join(", "))
    }

    /// Where what one parameter does depends on another: the clearest finding of each kind.
    fn depends(&self) -> Vec<String> {
        let count = self.grid.factors.len();
        let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        let idle: Vec<bool> = (0..count).map(|factor| self.is_idle(factor)).collect();
        let pairs: Vec<(usize, usize)> = pairs
            .filter(|(one, other)| one != other && !idle[*one] && !idle[*other])
            .collect();
        let claims: usize = pairs.iter().map(|(_, other)| self.levels(*other)).sum();
        let [mut only, mut turned, mut more] = [const { None::<(f64, String)> }; 3];
        for (one, other) in pairs {
            let levels = 0..self.levels(other);
            let each: Vec<Contrast> = levels
                .map(|level| self.contrast(one, Some((other, level)), claims))
                .collect();
            let size = each.iter().map(Contrast::size).fold(0.0, f64::max);
            let keep = |best: &mut Option<(f64, String)>, found: Option<String>| {
                let is_better = best.as_ref().is_none_or(|(most, _)| size > *most);
                if let Some(text) = found.filter(|_| is_better) {
                    *best = Some((size, text));
                }
            };
            keep(&mut only, self.only(other, &each));
            keep(&mut turned, self.turned(other, &each, claims));
            keep(&mut more, self.more(other, &each));
        }
        if only.is_some() || turned.is_some() {
            more = None;
        }
        [only, turned, more]
            .into_iter()
            .flatten()
            .map(|(_, text)| text)
            .collect()
    }

    /// A parameter that does at some levels of another more than ten times what it does at the rest; that it
    /// matters only there is said where at the rest no effect was found at all.
    fn only(&self, other: usize, each: &[Contrast]) -> Option<String> {
        let found: Vec<Interval> = each
            .iter()
            .map(|one| one.difference)
            .collect::<Option<_>>()?;
        let levels = 0..each.len();
        let strongest = levels
            .clone()
            .max_by(|a, b| found[*a].low.total_cmp(&found[*b].low))?;
        let little = LITTLE * found[strongest].low;
        let (rest, there): (Vec<usize>, Vec<usize>) =
            levels.partition(|level| found[*level].high <= little);
        let at_most = rest
            .iter()
            .map(|level| found[*level].high)
            .fold(0.0, f64::max);
        let is_more =
            |level: &usize| found[*level].low > 0.0 && LITTLE * found[*level].low >= at_most;
        let short = there.len().min(rest.len()) <= MOST_LISTED;
        if rest.is_empty() || there.is_empty() || !there.iter().all(is_more) || !short {
            return None;
        }
        let name = self.name(each[0].factor);
        let moved = each[strongest].text(self.measured);
        let nothing = rest.iter().all(|level| !found[*level].excludes_zero());
        let elsewhere = if at_most == 0.0 {
            "not at all".to_owned()
        } else {
            format!("by less than {}", self.by(at_most))
        };
        let at = match &there[..] {
            [_] => String::new(),
            _ => format!(" with {}", self.at(other, &[strongest])),
        };
        let matters = if nothing {
            "matters only"
        } else {
            "does ten times as much or more"
        };
        Some(if there.len() <= rest.len() {
            format!(
                "{name} {matters} with {}: it moves it {moved}{at}, elsewhere {elsewhere}.",
                self.at(other, &there)
            )
        } else {
            format!(
                "{name} {matters} without {}: it moves it {moved}{at}, there {elsewhere}.",
                self.at(other, &rest)
            )
        })
    }

    /// The level at which a parameter does most, if that is more than luck.
    fn strongest<'c>(&self, each: &'c [Contrast]) -> Option<(usize, &'c Contrast)> {
        let all = each.iter().enumerate();
        let (level, most) = all.max_by(|a, b| a.1.size().total_cmp(&b.1.size()))?;
        most.difference?.excludes_zero().then_some((level, most))
    }

    fn moved(&self, other: usize, level: usize, contrast: &Contrast) -> String {
        format!(
            "{} with {}",
            contrast.text(self.measured),
            self.at(other, &[level])
        )
    }

    /// A parameter that works the other way round at some level of another.
    fn turned(&self, other: usize, each: &[Contrast], claims: usize) -> Option<String> {
        let (strong, most) = self.strongest(each)?;
        let pairs = self.levels(most.factor) * (self.levels(most.factor) - 1) / 2;
        let level = bonferroni_level(LEVEL, claims * pairs);
        (0..each.len()).find_map(|turned| {
            // The same two levels there, with their sign.
            let means = self.means(most.factor, Some((other, turned)));
            let (least, largest) = (&means[most.least], &means[most.most]);
            let runs = largest.iter().zip(least);
            let by_run: Vec<f64> = runs.map(|(a, b)| difference(*a, *b)).collect();
            let signed = mean_interval(&by_run, level).ok()?;
            let average = |runs: &[f64]| runs.iter().sum::<f64>() / runs.len() as f64;
            let here = Contrast {
                ends: [average(least), average(largest)],
                ..most.clone()
            };
            (signed.high < -LITTLE * most.size()).then(|| {
                format!(
                    "{} works both ways: it moves it {}, but {}.",
                    self.name(most.factor),
                    self.moved(other, strong, most),
                    self.moved(other, turned, &here)
                )
            })
        })
    }

    /// A parameter that does at most half as much at some level of another.
    fn more(&self, other: usize, each: &[Contrast]) -> Option<String> {
        let (strong, most) = self.strongest(each)?;
        let all = each.iter().enumerate();
        let (weak, least) = all.min_by(|a, b| a.1.size().total_cmp(&b.1.size()))?;
        let level = bonferroni_level(LEVEL, self.grid.factors.len() * each.len());
        (least.size() <= 0.5 * most.size() && is_more(most, least, level)).then(|| {
            format!(
                "What {} does depends on {}: it moves it {}, but {}.",
                self.name(most.factor),
                self.name(other),
                self.moved(other, strong, most),
                self.moved(other, weak, least)
            )
        })
    }

    fn label(&self, factor: usize, level: usize) -> &str {
        &self.grid.factors[factor].levels[level].label
    }

    /// `"backoff = constant or linear"`.
    fn at(&self, factor: usize, levels: &[usize]) -> String {
        let labels: Vec<&str> = levels
            .iter()
            .map(|level| self.label(factor, *level))
            .collect();
        format!("{} = {}", self.name(factor), labels.join(" or "))
    }

    fn by(&self, value: f64) -> String {
        self.measured.text(value)
    }
}

/// One mean less another; what rounding left is nothing.
fn difference(one: f64, other: f64) -> f64 {
    let difference = one - other;
    let noise = ROUNDING * one.abs().max(other.abs());
    if difference.abs() <= noise {
        0.0
    } else {
        difference
    }
}

/// Whether one contrast is larger than another beyond luck.
fn is_more(one: &Contrast, other: &Contrast, level: f64) -> bool {
    let pairs = one.by_run.iter().zip(&other.by_run);
    let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
    mean_interval(&differences, level).is_ok_and(|found| found.low > 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::Grid;
    use super::super::tests::{combinations, plain, sweep, words};
    use super::super::values::measured;
    use super::*;

    const JITTERS: [&str; 3] = ["none", "full", "equal"];
    const BACKOFFS: [&str; 3] = ["constant", "linear", "exponential"];

    /// What is said of a failed ratio by backoff, jitter and threads, in `runs` replications whose luck is
    /// the same at all points but for a little.
    fn said(runs: usize, value: impl Fn(usize, usize, usize) -> f64) -> String {
        told(runs, |point, [backoff, jitter, threads], run| {
            let little = (point * 31 + run * 7919) % 101;
            let luck = 0.02 * (run % 5) as f64 + 0.004 * (little as f64 / 101.0 - 0.5);
            value(backoff, jitter, threads) + luck
        })
    }

    /// The same by backoff, jitter and replication, with no luck but that of `value`: threads do nothing.
    fn without_luck_between(runs: usize, value: impl Fn(usize, usize, usize) -> f64) -> String {
        told(runs, |_, [backoff, jitter, _], run| {
            value(backoff, jitter, run)
        })
    }

    /// The same by point, its levels and replication.
    fn told(runs: usize, value: impl Fn(usize, [usize; 3], usize) -> f64) -> String {
        let varied = [
            words("backoff", &BACKOFFS),
            words("jitter", &JITTERS),
            plain("threads", &[8.0, 16.0]),
        ];
        let points = combinations(&varied);
        let sweep = sweep("effects", &varied, &points);
        let run = |point: usize| -> Vec<Option<f64>> {
            let levels: [usize; 3] = points[point][..].try_into().unwrap();
            (0..runs)
                .map(|run| Some(value(point, levels, run)))
                .collect()
        };
        let runs: Vec<Vec<Option<f64>>> = (0..points.len()).map(run).collect();
        let column = Column {
            name: "failed".into(),
            measured: measured(&"failed_ratio(shoppers)".parse().unwrap(), None),
            rank: 0,
            values: (0..points.len())
                .map(|point| runs[point][0].map(crate::charts::plot::data::Estimate::exact))
                .collect(),
            runs,
        };
        effects(&Grid::of(&sweep.axes, &sweep.points), &column).join(" ")
    }

    #[test]
    fn a_parameter_that_matters_at_one_level_of_another_is_told_of() {
        let text = said(10, |backoff, jitter, _| {
            if backoff == 0 && jitter == 0 {
                0.6
            } else {
                0.1
            }
        });
        // Which of the two is said to matter only with the other is a matter of order: both are true.
        assert!(
            text.contains("matters only with jitter = none: it moves it from 64")
                || text.contains("matters only with backoff = constant: it moves it from 64"),
            "{text}"
        );
        assert!(text.contains("of threads no effect was found"), "{text}");
    }

    #[test]
    fn what_changes_nothing_matters_nowhere() {
        // Whatever the number of replications, threads are in no run.
        for runs in [1, 2, 3, 10] {
            let text = without_luck_between(runs, |backoff, jitter, run| {
                0.1 + 0.05 * backoff as f64 + 0.01 * (jitter * (run % 3)) as f64
            });
            assert!(
                text.contains("threads changes nothing in any run"),
                "{text}"
            );
            for word in ["only", "= :", "threads matters", "of threads"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
    }

    #[test]
    fn few_replications_of_one_kind_are_told_and_not_called_no_effect() {
        // From 0.5 down by 0.2 and by 0.22: t = 21 with one degree of freedom, p = 0.03, is a matter of
        // luck among three pairs of levels.
        let value = |backoff: usize, _: usize, run: usize| {
            0.5 - 0.1 * backoff as f64 * (1.0 + 0.1 * (run % 2) as f64)
        };
        let text = without_luck_between(2, value);
        assert!(
            text.contains(
                "backoff moves it from 50.0% to 29.0% in each of 2 replications (too few to be sure, "
            ) && text.contains(" would be enough if it goes on so)"),
            "{text}"
        );
        assert!(!text.contains("no effect"), "{text}");
        // With more that go the same way it is sure.
        let text = without_luck_between(4, value);
        assert!(text.contains("backoff moves it most, from"), "{text}");
    }

    #[test]
    fn a_sum_has_no_interaction_and_the_stronger_is_named() {
        let text = said(10, |backoff, jitter, threads| {
            0.1 * backoff as f64 + 0.03 * jitter as f64 + 0.01 * threads as f64
        });
        assert!(
            text.starts_with("Averaged over the rest, backoff moves it most, from "),
            "{text}"
        );
        assert!(
            !text.contains("only") && !text.contains("depends"),
            "{text}"
        );
    }

    #[test]
    fn equals_are_not_ranked() {
        let text = said(10, |backoff, jitter, _| 0.1 * (backoff + jitter) as f64);
        assert!(
            text.contains("which of the first two moves it more is not clear"),
            "{text}"
        );
    }

    #[test]
    fn what_turns_round_is_told_of() {
        let text = said(10, |backoff, jitter, _| {
            let way = if backoff == 0 { 0.1 } else { -0.1 };
            0.4 + way * jitter as f64
        });
        assert!(text.contains("works both ways"), "{text}");
    }

    #[test]
    fn luck_and_single_runs_prove_nothing() {
        let text = said(10, |_, _, _| 0.3);
        for name in ["backoff", "jitter", "threads"] {
            assert!(
                text.contains(&format!("of {name} no effect was found")),
                "{text}"
            );
        }
        let text = said(1, |backoff, jitter, _| {
            0.1 * backoff as f64 + 0.02 * jitter as f64
        });
        for word in ["only", "most", "no effect", "depends"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
