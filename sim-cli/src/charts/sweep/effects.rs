//! What the parameters of a full grid do to a measure, by themselves and depending on each other.
//!
//! All points face the same seeds, so that a difference between two levels is taken within each
//! replication, averaged over the other parameters, and has a paired interval. Where the two levels are
//! chosen for lying apart, the interval is widened for all pairs that there are (Bonferroni).
//!
//! Before any two levels are looked at, a parameter must differ between its levels at all: by a test in blocks
//! of one seed ([`block_test`]), corrected for all parameters of all measures (Holm). So of sweeps in which
//! nothing does anything at most one in twenty claims that something does.

use super::grid::Grid;
use super::values::Column;
use crate::charts::plot::data::Measured;
use crate::charts::scale::Unit;
use sim_core::stats::{
    Interval, Moments, block_test, bonferroni_level, holm, mean_interval, replications_needed,
};

/// Confidence of all that is claimed of a measure together.
const LEVEL: f64 = 0.95;
/// Less than this share of the largest effect is little.
const LITTLE: f64 = 0.1;
/// No more levels than this are listed.
const MOST_LISTED: usize = 2;
/// Two means are equal that differ by no more than this share of them: what adding up in another order
/// leaves.
const ROUNDING: f64 = 1e-12;
/// Beyond so many replications it is only said that it takes more.
const MOST_NEEDED: u64 = 10_000;
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

    /// Whether between these two levels luck may have made it.
    fn is_unsure(&self) -> bool {
        self.difference.is_some_and(|found| !found.excludes_zero())
    }

    /// Whether its ends are told apart by the digits that are shown.
    fn shows(&self, measured: &Measured) -> bool {
        measured.text(self.ends[0]) != measured.text(self.ends[1])
    }

    /// Whether even an interval of this contrast alone, which was not chosen among others, excludes zero.
    fn is_seen(&self) -> bool {
        mean_interval(&self.by_run, LEVEL).is_ok_and(|found| found.excludes_zero())
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

/// What the parameters of a sweep may be said to do to a measure, given all that is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// By parameter the probability that luck alone sets its levels as far apart, corrected for all
    /// parameters of all measures; none where that was not tested.
    p: Vec<Option<f64>>,
    /// Measures that are looked at.
    measures: usize,
}

impl Family {
    /// Whether a parameter was tested, and nothing was found.
    #[must_use]
    pub fn is_luck(&self, factor: usize) -> bool {
        let p = self.p.get(factor).copied().flatten();
        p.is_some_and(|p| p > 1.0 - LEVEL)
    }

    /// Whether all parameters were tested, and nothing was found of any.
    #[must_use]
    pub fn is_all_luck(&self) -> bool {
        !self.p.is_empty() && (0..self.p.len()).all(|factor| self.is_luck(factor))
    }
}

/// The families of measures, in their order.
#[must_use]
pub fn families(grid: &Grid, columns: &[Column]) -> Vec<Family> {
    let factors = grid.factors.len();
    let full: Vec<Option<Full<'_>>> = columns.iter().map(|one| Full::of(grid, one)).collect();
    let test = |full: &Full<'_>, factor: usize| match full.is_idle(factor) {
        true => None,
        false => block_test(&full.means(factor, None)).ok(),
    };
    let p: Vec<Option<f64>> = full
        .iter()
        .flat_map(|full| (0..factors).map(move |factor| test(full.as_ref()?, factor)))
        .collect();
    let known: Vec<f64> = p.iter().copied().flatten().collect();
    let mut adjusted = holm(&known).into_iter();
    let p: Vec<Option<f64>> = p
        .into_iter()
        .map(|p| p.and_then(|_| adjusted.next()))
        .collect();
    let measures = full.iter().flatten().count();
    p.chunks(factors.max(1))
        .map(|p| Family {
            p: p.to_vec(),
            measures,
        })
        .collect()
}

/// A complete grid of finite values.
struct Full<'a> {
    grid: &'a Grid,
    measured: &'a Measured,
    /// By point, then by replication; as many of each.
    runs: Vec<Vec<f64>>,
}

/// What varies what, in sentences: first where a parameter matters only at some levels of another, then what
/// each does on average. Nothing is said of grids with holes, and of values that never end.
#[must_use]
pub fn effects(grid: &Grid, column: &Column, family: &Family) -> Vec<String> {
    if grid.factors.is_empty() {
        return Vec::new();
    }
    let Some(full) = Full::of(grid, column) else {
        return Vec::new();
    };
    full.depends(family.measures)
        .into_iter()
        .chain([full.averages(family)])
        .collect()
}

impl<'a> Full<'a> {
    /// The values of a measure, if each point has finite ones, as many as any other, and they differ.
    fn of(grid: &'a Grid, column: &'a Column) -> Option<Self> {
        if !grid.is_complete() || column.is_flat() {
            return None;
        }
        let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
        let runs = column.runs.iter();
        let runs: Option<Vec<Vec<f64>>> =
            runs.map(|runs| runs.iter().map(finite).collect()).collect();
        let runs = runs.filter(|runs| !runs.is_empty() && !runs[0].is_empty())?;
        let same = runs.iter().all(|each| each.len() == runs[0].len());
        same.then_some(Self {
            grid,
            measured: &column.measured,
            runs,
        })
    }
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
    fn averages(&self, family: &Family) -> String {
        let count = self.grid.factors.len();
        let idle: Vec<bool> = (0..count).map(|factor| self.is_idle(factor)).collect();
        let claims = idle.iter().filter(|idle| !**idle).count().max(1);
        let contrasts = (0..count).map(|factor| self.contrast(factor, None, claims));
        let mut contrasts: Vec<Contrast> = contrasts.collect();
        let moves = |one: &Contrast| {
            let luck = family.is_luck(one.factor) || one.size() == 0.0;
            !luck && !idle[one.factor] && one.shows(self.measured)
        };
        // What was found comes first; the sort is stable.
        contrasts.sort_by(|a, b| {
            let found = moves(b).cmp(&moves(a));
            found.then(b.size().total_cmp(&a.size()))
        });
        let second = contrasts.get(1);
        let is_most = second.is_some_and(|second| is_more(&contrasts[0], second, LEVEL));
        let parts: Vec<String> = contrasts
            .iter()
            .enumerate()
            .map(|(place, one)| {
                let name = self.name(one.factor);
                let text = one.text(self.measured);
                let verb = match place {
                    0 if is_most && !one.is_unsure() => " moves it most,",
                    0 => " moves it",
                    _ => "",
                };
                if idle[one.factor] {
                    format!("{name} changes nothing in any run")
                } else if moves(one) {
                    let how = match (one.is_unsure(), one.too_few()) {
                        (false, _) => String::new(),
                        (true, Some(few)) => format!(" {few}"),
                        (true, None) => " (between which of its values is not sure)".to_owned(),
                    };
                    let by = match one
                        .difference
                        .filter(|_| second.is_none() && how.is_empty())
                    {
                        Some(found) => format!(
                            " (by {} to {})",
                            self.measured.text(found.low),
                            self.measured.text(found.high)
                        ),
                        None => String::new(),
                    };
                    format!("{name}{verb} {text}{how}{by}")
                } else if one.size() == 0.0 {
                    format!("no effect of {name} was found")
                } else if family.is_luck(one.factor) {
                    self.not_found(name, one)
                } else {
                    format!("what {name} does is less than these digits show")
                }
            })
            .collect();
        let sure = |one: &Contrast| moves(one) && one.difference.is_some_and(|d| d.excludes_zero());
        let unclear = match second {
            Some(second) if !is_most && sure(second) => {
                " (which of the first two moves it more is not clear)"
            }
            _ => "",
        };
        let single = match self.runs[0].len() {
            1 => " in one run of each point, which may be luck",
            _ => "",
        };
        let over = match second {
            Some(_) => "Averaged over the rest",
            None => "Over its values",
        };
        format!("{over}{single}, {}{unclear}.", parts.join(", "))
    }

    /// That a parameter was not shown to do anything: no effect where none that would be more than a little can
    /// be, else that so few replications cannot tell.
    fn not_found(&self, name: &str, one: &Contrast) -> String {
        let reach = one
            .difference
            .map(|found| found.high.abs().max(found.low.abs()));
        let little = LITTLE * one.ends[0].abs().min(one.ends[1].abs());
        if let Some(reach) = reach.filter(|reach| *reach <= little) {
            let most = self.measured.text(reach);
            return format!("no effect of {name} was found, and it is {most} at most");
        }
        let moments: Moments = one.by_run.iter().copied().collect();
        let made = one.by_run.len() as u64;
        let needed = replications_needed(moments.sd(), moments.mean(), one.level, POWER);
        let enough = match needed.filter(|needed| *needed > made) {
            Some(needed) if needed > MOST_NEEDED => {
                format!(" (for what it seems to do more than {MOST_NEEDED} would be needed)")
            }
            Some(needed) => format!(" (for what it seems to do {needed} would be needed)"),
            None => String::new(),
        };
        format!("{made} replications are too few to tell what {name} does{enough}")
    }

    /// Where what one parameter does depends on another: the clearest finding of each kind.
    fn depends(&self, measures: usize) -> Vec<String> {
        let count = self.grid.factors.len();
        let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        let idle: Vec<bool> = (0..count).map(|factor| self.is_idle(factor)).collect();
        let pairs: Vec<(usize, usize)> = pairs
            .filter(|(one, other)| one != other && !idle[*one] && !idle[*other])
            .collect();
        let measures = measures.max(1);
        let levels: usize = pairs.iter().map(|(_, other)| self.levels(*other)).sum();
        let claims = levels * measures;
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
            keep(&mut more, self.more(other, &each, measures));
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
    /// matters only there is said where at the rest no effect is seen, not even by an interval for itself.
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
        if !each[strongest].shows(self.measured) {
            return None;
        }
        let name = self.name(each[0].factor);
        let moved = each[strongest].text(self.measured);
        let nothing = rest.iter().all(|level| !each[*level].is_seen());
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
        let found = most.difference?.excludes_zero() && most.shows(self.measured);
        found.then_some((level, most))
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
    fn more(&self, other: usize, each: &[Contrast], measures: usize) -> Option<String> {
        let (strong, most) = self.strongest(each)?;
        let all = each.iter().enumerate();
        let (weak, least) = all.min_by(|a, b| a.1.size().total_cmp(&b.1.size()))?;
        let level = bonferroni_level(LEVEL, self.grid.factors.len() * each.len() * measures);
        (least.size() <= 0.5 * most.size() && is_more(most, least, level)).then(|| {
            format!(
                "What {} does depends on {}: it moves it {}, but {}.",
                self.name(most.factor),
                self.name(other),
                self.moved(other, strong, most),
                match least.shows(self.measured) {
                    true => self.moved(other, weak, least),
                    false => format!("hardly with {}", self.at(other, &[weak])),
                }
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

    /// A difference of the measure: of shares in points, which are no shares of it.
    fn by(&self, value: f64) -> String {
        let text = self.measured.text(value);
        match (self.measured.unit, text.strip_suffix('%')) {
            (Unit::Ratio, Some(number)) => format!("{number} points"),
            _ => text,
        }
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
mod tests;
