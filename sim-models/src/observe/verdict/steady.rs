//! Whether the steady state holds over a stretch of windows, and where it certainly breaks.
//!
//! Where no steady state is named, it is success of at least 0.95, and goodput of at least 0.90, of what
//! they were before; of an open workload that offers less than before, no more goodput is asked than
//! what it offers.

use super::tally::Tally;
use crate::expression::metric::Metric;
use crate::expression::naming::Measure;
use crate::expression::{Expression, Of, Op};
use crate::observe::availability::CERTAIN;
use crate::observe::measure::{Measurer, Traffic};
use crate::plan::WorkloadKind;
use crate::scenario::Scenario;
use sim_core::SimTime;
use sim_core::stats::{too_many, unlike};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// Windows that are judged together: one alone is noisy.
pub(super) const BLOCK: usize = 5;
/// Requests that a stretch of steady state has to tell of.
const TELLING: u64 = 5;
/// Success after / success before, where no steady state is named.
pub(super) const SUCCESS_AGAIN: f64 = 0.95;
/// Goodput after / goodput before, where no steady state is named.
pub(super) const GOODPUT_AGAIN: f64 = 0.90;
/// Chance that luck is taken for a failure in any of the planned looks at a run.
const PLANNED: f64 = 1e-3;
/// Evidence up to which a block is still called luck: one in a hundred.
pub(super) const NOISE: f64 = 4.605_170_185_988_091;

/// A check of the steady state.
pub(super) struct Check {
    /// As written.
    pub text: String,
    pub expression: Expression,
    tally: Option<Tally>,
}

/// The steady state of a run.
pub(super) struct Steady<'a> {
    pub scenario: &'a Scenario,
    pub measurer: Measurer<'a>,
    /// Ends of the windows.
    pub ends: &'a [SimTime],
    /// What it is by name.
    pub checks: Vec<Check>,
    /// The windows between the warm-up and the first disturbance.
    pub calm: Range<usize>,
    /// What each workload did then.
    pub before: Vec<Traffic>,
    /// Windows that a stretch takes.
    pub stretch: usize,
    /// Of each workload the most windows in a row in which nothing ended before the first disturbance.
    silence: Vec<usize>,
    /// Of each workload the windows that a request took at most then.
    pub longest: Vec<usize>,
    /// Of each workload that the steady state speaks of, the windows in which something ended, with how
    /// much had ended by their end.
    told: Vec<Vec<(usize, u64)>>,
    /// Least usable answers of a workload in any block of a length then, as far as it was asked for.
    least: RefCell<BTreeMap<(usize, usize), Option<u64>>>,
    /// Worst value of a check in any block of a length then, as far as it was asked for.
    worst: RefCell<BTreeMap<(usize, usize), Option<f64>>>,
}

impl<'a> Steady<'a> {
    pub fn new(
        scenario: &'a Scenario,
        measurer: Measurer<'a>,
        ends: &'a [SimTime],
        checks: Vec<(String, Expression)>,
        calm: Range<usize>,
        stretch: usize,
    ) -> Self {
        let workloads = 0..measurer.plan.workloads.len();
        let before: Vec<Traffic> = workloads
            .clone()
            .map(|workload| measurer.traffic(workload, calm.clone()))
            .collect();
        let checks = checks.into_iter().map(|(text, expression)| Check {
            tally: Tally::of(&measurer, &expression, &calm, &before),
            text,
            expression,
        });
        let checks: Vec<Check> = checks.collect();
        let mut asked: Vec<usize> = checks
            .iter()
            .flat_map(|check| check.expression.measure.parts())
            .filter_map(|part| measurer.workload(&part.subject))
            .filter(|workload| measurer.traffic(*workload, calm.clone()).finished > 0)
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let told = asked.into_iter().map(|workload| {
            let mut all = 0;
            let windows = measurer.recorder.workloads[workload].windows.iter();
            let told = windows.enumerate().filter_map(|(n, (window, ..))| {
                let ended: u64 = window.outcomes.iter().sum();
                all += ended;
                (ended > 0).then_some((n, all))
            });
            told.collect()
        });
        Self {
            scenario,
            told: told.collect(),
            checks,
            before,
            silence: workloads
                .clone()
                .map(|workload| silence(&measurer, workload, &calm))
                .collect(),
            longest: workloads
                .map(|workload| longest(&measurer, workload, &calm))
                .collect(),
            least: RefCell::default(),
            worst: RefCell::default(),
            measurer,
            ends,
            calm,
            stretch,
        }
    }

    /// A check that is no part of the steady state, to be judged as one.
    pub fn check_of(&self, text: String, expression: Expression) -> Check {
        Check {
            tally: Tally::of(&self.measurer, &expression, &self.calm, &self.before),
            text,
            expression,
        }
    }

    /// Start of a window.
    pub fn start(&self, window: usize) -> SimTime {
        if window == 0 {
            SimTime::ZERO
        } else {
            self.ends[window - 1]
        }
    }

    /// End of the run.
    pub fn over(&self) -> SimTime {
        self.ends.last().copied().unwrap_or(SimTime::ZERO)
    }

    /// The windows that lie wholly between two times.
    pub fn within(&self, from: SimTime, to: SimTime) -> Range<usize> {
        let first = self.ends.partition_point(|end| *end <= from);
        let first = first + usize::from(first < self.ends.len() && self.start(first) < from);
        let last = self.ends.partition_point(|end| *end <= to);
        first..last.max(first)
    }

    /// The windows that lie at least in part between two times.
    pub fn touching(&self, from: SimTime, to: SimTime) -> Range<usize> {
        let first = self.ends.partition_point(|end| *end <= from);
        let last = self.ends.partition_point(|end| *end < to) + 1;
        first..last.min(self.ends.len()).max(first)
    }

    /// Whether anything that the steady state speaks of was answered over these windows.
    pub fn is_measured(&self, windows: &Range<usize>) -> bool {
        if self.checks.is_empty() {
            let workloads = 0..self.before.len();
            return workloads
                .map(|workload| self.measurer.traffic(workload, windows.clone()))
                .any(|traffic| traffic.finished > 0);
        }
        let values = self.checks.iter().map(|check| {
            let measure = &check.expression.measure;
            self.measurer.over(measure, windows.clone())
        });
        values.flatten().next().is_some()
    }

    /// The end of these windows, or where too little ended in them of a workload that the steady state
    /// speaks of, the end of the window by which enough had, or all that ever did.
    pub fn told_by(&self, windows: &Range<usize>) -> usize {
        let ends = self.told.iter().map(|told| {
            let before = told.partition_point(|(window, _)| *window < windows.start);
            let before = before.checked_sub(1).map_or(0, |last| told[last].1);
            let enough = told.partition_point(|(_, ended)| *ended < before + TELLING);
            let last = told.get(enough).or(told.last());
            last.map_or(0, |(window, _)| window + 1)
        });
        ends.max().unwrap_or(0).max(windows.end)
    }

    /// Whether the steady state holds over these windows taken together.
    pub fn holds(&self, windows: Range<usize>) -> bool {
        if self.checks.is_empty() {
            return (0..self.before.len()).all(|workload| self.keeps_up(workload, &windows));
        }
        let mut checks = self.checks.iter();
        checks.all(|check| {
            let (value, held) = self.measurer.check(&check.expression, windows.clone());
            // Where nothing ended, all depends on whether anything should have.
            match known(&check.expression, value, held) {
                Some(true) => !self.drowns(check, &windows),
                _ => value.is_none() && self.evidence_against(check, &windows) <= NOISE,
            }
        })
    }

    /// Whether the steady state begins to hold at a window and keeps holding up to `end`: in the first
    /// window, over all of them, and in every block as far as luck allows.
    pub fn holds_from(&self, start: usize, end: usize) -> bool {
        self.holds(start..start + 1)
            && self.holds(start..end)
            && (start..=end.saturating_sub(BLOCK).max(start)).all(|block| {
                let block = block..(block + BLOCK).min(end);
                self.holds(block.clone()) || !self.evidence(&block).any(|known| known > NOISE)
            })
    }

    /// The evidence against each check, or each workload where no check is named.
    fn evidence(&self, windows: &Range<usize>) -> impl Iterator<Item = f64> {
        let checks = self.checks.iter();
        let checks = checks.map(|check| self.evidence_against(check, windows));
        let workloads = 0..if self.checks.is_empty() {
            self.before.len()
        } else {
            0
        };
        checks.chain(workloads.map(|workload| self.shortfall(workload, windows)))
    }

    /// A stretch in which the steady state certainly breaks, looked for in blocks of 1, 2, 4, … windows:
    /// short outages drown in long blocks, and rare requests say nothing in short ones.
    pub fn first_break(&self, windows: &Range<usize>) -> Option<Range<usize>> {
        lengths(windows).find_map(|length| self.breaking(length, blocks(windows, length)).next())
    }

    /// Whether the steady state breaks over these windows taken together, where that is one of so many
    /// planned looks: fewer looks take less evidence.
    pub fn breaks_as_planned(&self, windows: &Range<usize>, looks: usize) -> bool {
        let parts = self.checks.len().max(self.before.len()).max(1);
        let needed = libm::log((looks * parts) as f64 / PLANNED);
        let long_enough = |check: &Check| {
            windows.len() >= shortest(&check.expression.measure, check.tally.is_some())
        };
        self.checks
            .iter()
            .filter(|check| check.tally.is_some() && long_enough(check))
            .any(|check| self.evidence_against(check, windows) > needed)
    }

    /// Those blocks of a length in which the steady state certainly breaks.
    fn breaking(
        &self,
        length: usize,
        blocks: impl Iterator<Item = Range<usize>>,
    ) -> impl Iterator<Item = Range<usize>> {
        let checks = self.checks.iter().enumerate().filter(move |(_, check)| {
            length >= shortest(&check.expression.measure, check.tally.is_some())
        });
        let checks: Vec<(&Check, Option<f64>)> = checks
            .map(|(n, check)| (check, self.tolerated(n, length)))
            .collect();
        blocks.filter(move |block| {
            if self.checks.is_empty() {
                let mut workloads = 0..self.before.len();
                return workloads.any(|workload| self.shortfall(workload, block) > CERTAIN);
            }
            checks.iter().any(|(check, tolerated)| {
                self.evidence_against(check, block) > CERTAIN
                    && tolerated.is_none_or(|calm| {
                        let value = self.measurer.over(&check.expression.measure, block.clone());
                        value.is_none_or(|value| worse(check.expression.op, value, calm))
                    })
            })
        })
    }

    /// The worst value of a check over blocks of this length before the first disturbance, for measures
    /// that are no counts: what was seen while all was well is no sign that something broke.
    fn tolerated(&self, check: usize, length: usize) -> Option<f64> {
        let Check {
            expression, tally, ..
        } = &self.checks[check];
        if tally.is_some() {
            return None;
        }
        let mut worst = self.worst.borrow_mut();
        *worst.entry((check, length)).or_insert_with(|| {
            blocks(&self.calm, length)
                .filter_map(|block| self.measurer.over(&expression.measure, block))
                .reduce(|a, b| if worse(expression.op, a, b) { a } else { b })
        })
    }

    /// Whether so much failed in outages over these windows that the quantile that a check is about lies beyond
    /// all that was answered.
    pub fn drowns(&self, check: &Check, windows: &Range<usize>) -> bool {
        let tally = check.tally.as_ref();
        tally.is_some_and(|tally| tally.drowns(windows))
    }

    /// Whether luck hardly explains that a check does not hold over these windows.
    pub fn is_doubtful(&self, check: &Check, windows: &Range<usize>) -> bool {
        self.evidence_against(check, windows) > NOISE
    }

    /// Whether luck cannot explain that a check does not hold over these windows.
    pub fn certainly_fails(&self, check: &Check, windows: &Range<usize>) -> bool {
        self.evidence_against(check, windows) > CERTAIN
    }

    /// How much evidence there is that a check does not hold: minus the logarithm of the chance that
    /// what is seen is luck where the check just holds; infinite for measures that are no counts.
    fn evidence_against(&self, check: &Check, windows: &Range<usize>) -> f64 {
        if let Some(known) = check
            .tally
            .as_ref()
            .and_then(|tally| tally.evidence(windows))
        {
            return known;
        }
        let check = &check.expression;
        let (value, held) = self.measurer.check(check, windows.clone());
        // Where nobody asked, all depends on whether anybody should have: users who wait for ever do not.
        if held && known(check, value, held).is_some() {
            return 0.0;
        }
        let Some(workload) = self.measurer.workload(&check.measure.subject) else {
            return if held { 0.0 } else { f64::INFINITY };
        };
        let traffic = self.measurer.traffic(workload, windows.clone());
        let single = check.measure.parts().count() == 1;
        match (value, check.measure.metric) {
            (Some(_), _) if !single => f64::INFINITY,
            // Nothing ended: how much should have? Users who ask in step are silent between their waves.
            (None, _) if windows.len() <= 2 * self.silence[workload] => 0.0,
            // Failures are no answers, and no silence either.
            (None, Metric::Latency) if traffic.finished > 0 => {
                let answered = self.before[workload].success().unwrap_or(1.0);
                unlike(0, answered * self.due(workload, &traffic))
            }
            (None, _) if self.ended_well(check, workload, windows) => 0.0,
            (None, _) => unlike(0, self.due(workload, &traffic)),
            (Some(value), Metric::Goodput | Metric::Throughput | Metric::Offered) => {
                let count = libm::round(value * traffic.seconds) as u64;
                unlike(count, check.limit * traffic.seconds)
            }
            _ => f64::INFINITY,
        }
    }

    /// Whether all that was under way while nothing ended came to an end later, and the check holds of it: then
    /// the wait broke nothing.
    fn ended_well(&self, check: &Expression, workload: usize, windows: &Range<usize>) -> bool {
        let longest = &self.longest[workload];
        let begun = windows.start.saturating_sub(*longest)..windows.end;
        let rows = &self.measurer.recorder.workloads[workload].begun.rows[begun.clone()];
        let open = rows
            .iter()
            .any(|row| row.open.count + row.forgotten.count > 0);
        let value = self.measurer.begun(&check.measure, workload, begun);
        !open && value.is_some_and(|value| check.op.holds(value, check.limit))
    }

    /// Requests of a workload that should have ended in this time: as many as before, but of an open
    /// workload no more than what it offers now.
    pub fn due(&self, workload: usize, traffic: &Traffic) -> f64 {
        let before = &self.before[workload];
        let usual = before.finished as f64 / before.seconds.max(1e-9) * traffic.seconds;
        match self.measurer.plan.workloads.raw[workload].kind {
            WorkloadKind::Open { .. } => usual.min(traffic.offered as f64),
            WorkloadKind::Closed { .. } => usual,
        }
    }

    /// Whether as few usable answers came in some block of this length before the first disturbance: those
    /// to users who ask in step come in waves.
    fn is_usual(&self, workload: usize, windows: &Range<usize>, good: u64) -> bool {
        let length = windows.len();
        let mut least = self.least.borrow_mut();
        let least = least.entry((workload, length)).or_insert_with(|| {
            let blocks = blocks(&self.calm, length);
            blocks
                .map(|block| self.measurer.traffic(workload, block).good)
                .min()
        });
        least.is_some_and(|least| good >= least)
    }

    /// Whether a workload has success as before, and goodput as far as luck allows.
    fn keeps_up(&self, workload: usize, windows: &Range<usize>) -> bool {
        let traffic = self.measurer.traffic(workload, windows.clone());
        let usual = self.before[workload].success().unwrap_or(1.0);
        let succeeds = traffic
            .success()
            .is_none_or(|success| success >= SUCCESS_AGAIN * usual);
        succeeds && self.shortfall(workload, windows) <= NOISE
    }

    /// How much evidence there is that a workload has less success or goodput than before.
    fn shortfall(&self, workload: usize, windows: &Range<usize>) -> f64 {
        let traffic = self.measurer.traffic(workload, windows.clone());
        let usual = self.before[workload].success().unwrap_or(1.0);
        let lost = traffic.finished - traffic.good;
        let fails = too_many(lost, traffic.finished, 1.0 - SUCCESS_AGAIN * usual);
        let due = GOODPUT_AGAIN * usual * self.due(workload, &traffic);
        if traffic.good as f64 >= due || self.is_usual(workload, windows, traffic.good) {
            fails
        } else {
            fails.max(unlike(traffic.good, due))
        }
    }
}

/// Windows that a check is judged over at the least: a request that fails is a fact, while late ones
/// come in clusters, and averages of levels swing.
fn shortest(measure: &Measure, counted: bool) -> usize {
    match measure.metric {
        Metric::Latency if counted => BLOCK,
        Metric::Goodput | Metric::Throughput | Metric::Offered if measure.parts().count() == 1 => 1,
        _ if counted => 1,
        _ => 2 * BLOCK,
    }
}

/// Whether a value is further off a limit than another.
fn worse(op: Op, value: f64, than: f64) -> bool {
    match op {
        Op::AtLeast | Op::More => value < than,
        Op::AtMost | Op::Less => value > than,
        Op::Equal | Op::Unequal => value != than,
    }
}

/// The last quarter of what came after.
pub(super) fn late(after: &Range<usize>) -> Range<usize> {
    after.end - (after.len() / 4).max(BLOCK.min(after.len()))..after.end
}

/// The most windows in a row in which nothing of a workload ended.
fn silence(measurer: &Measurer<'_>, workload: usize, windows: &Range<usize>) -> usize {
    let (mut longest, mut now) = (0, 0);
    for window in windows.clone() {
        let finished = measurer.traffic(workload, window..window + 1).finished;
        now = if finished == 0 { now + 1 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

/// The windows that the longest request of a workload that ended in these took, and one more.
fn longest(measurer: &Measurer<'_>, workload: usize, windows: &Range<usize>) -> usize {
    let ended = measurer.recorder.workloads[workload].windows[windows.clone()].iter();
    let longest = ended
        .filter(|(.., ended)| ended.count > 0)
        .map(|(.., ended)| ended.quantile(1.0))
        .fold(0.0, f64::max);
    let width = measurer.plan.window.as_secs_f64().max(1e-9);
    libm::ceil(longest / width) as usize + 1
}

/// 1, 2, 4, … windows, and all of them.
pub(super) fn lengths(windows: &Range<usize>) -> impl Iterator<Item = usize> + use<> {
    let all = windows.len();
    std::iter::successors(Some(1_usize), |length| Some(2 * length))
        .take_while(move |length| *length < all)
        .chain((all > 0).then_some(all))
}

/// Blocks of a length, each half over the one before.
pub(super) fn blocks(
    windows: &Range<usize>,
    length: usize,
) -> impl Iterator<Item = Range<usize>> + use<> {
    let starts = windows.start..(windows.end + 1).saturating_sub(length);
    starts
        .step_by((length / 2).max(1))
        .map(move |start| start..start + length)
}

/// Whether a check holds, as far as that is known: where nothing was measured although requests were
/// what it asks about, nobody knows; where nothing broke, repaired or retried, nothing is against it.
pub(super) fn known(check: &Expression, value: Option<f64>, held: bool) -> Option<bool> {
    let metric = check.measure.metric;
    let about_requests = matches!(metric.of(), Of::Workload | Of::Tenant)
        && !matches!(
            metric,
            Metric::Mttr | Metric::Mtbf | Metric::TenantRetryShare
        );
    match value {
        // A policy that is not there counts nothing, which is not to say none.
        None if about_requests || metric == Metric::PolicyCount => None,
        _ => Some(held),
    }
}
