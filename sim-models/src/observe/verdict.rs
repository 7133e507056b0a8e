//! The verdict of an experiment: steady before? back after each disturbance, and how soon?
//!
//! - *Never steady* comes first: the steady-state checks fail before the first disturbance.
//! - *Recovered*: from some window on the checks hold, and keep holding for a stretch (30 s unless said
//!   otherwise), each disturbance judged by itself. Where no steady state is named: success is at
//!   least 0.95, and goodput at least 0.90, of what they were before. The time to recover ends where
//!   that stretch begins, so the first good window is not recovery.
//! - *Metastable*: the disturbance is gone, the load is what it was, and the damage stays without
//!   getting better.
//!
//! Single windows are noisy: within a stretch the checks are judged over five windows at a time, and
//! only the first window of the stretch must hold by itself.
//!
//! A disturbance is a fault, or a spike in the shape of a workload.
//!
//! Source of the notion: N. Bronson et al., "Metastable failures in distributed systems" (HotOS 2021).

use super::expression::{self, Expression};
use super::measure::Measurer;
use super::summary::{CheckSummary, FaultSummary, HypothesisSummary, Summary};
use crate::plan::{Plan, WorkloadKind};
use crate::scenario::{Hypothesis, Recovers, Scenario, Shape, defaults};
use crate::world::World;
use sim_core::SimTime;
use std::ops::Range;

/// Windows that are judged together.
const BLOCK: usize = 5;
/// Success after / success before, where no steady state is named.
const SUCCESS_AGAIN: f64 = 0.95;
/// Goodput after / goodput before, where no steady state is named.
const GOODPUT_AGAIN: f64 = 0.90;
/// Growth of goodput over the aftermath, as a share of goodput before, that counts as getting better.
const IMPROVEMENT: f64 = 0.05;
/// Load after / load before up to which the load is what it was.
const SAME_LOAD: f64 = 1.10;

/// Something that disturbs the system for a while.
struct Disturbance {
    summary: FaultSummary,
    periods: Vec<(SimTime, SimTime)>,
}

/// How a disturbance ended.
#[derive(Clone, Debug, PartialEq)]
enum Aftermath {
    /// The steady state held again so many seconds after its end.
    Recovered(f64),
    /// It was still on, or nothing came after it.
    Unjudged,
    /// The steady state did not hold again; whether it is metastable, and whether it was getting better.
    Lost { metastable: bool, improving: bool },
}

impl Aftermath {
    /// The larger, the worse.
    fn badness(&self) -> f64 {
        match self {
            Self::Unjudged => -1.0,
            Self::Recovered(seconds) => *seconds,
            Self::Lost { .. } => f64::INFINITY,
        }
    }
}

struct Judge<'a> {
    measurer: Measurer<'a>,
    ends: &'a [SimTime],
    steady: Vec<(String, Expression)>,
    /// Success ratio and goodput of each workload before the first disturbance.
    before: Vec<(f64, f64)>,
    /// Arrival rate of each workload before the first disturbance.
    offered_before: Vec<f64>,
    stretch: usize,
    warm: usize,
}

/// Judges a run, and fills in what its summary says of hypothesis and faults.
pub fn judge(
    scenario: &Scenario,
    plan: &Plan,
    world: &World,
    ends: &[SimTime],
    summary: &mut Summary,
) {
    let mut disturbances = disturbances(scenario, plan, world);
    let hypothesis = &scenario.hypothesis;
    let recovers = hypothesis
        .recovers
        .map_or(defaults::stretch(), |recovers| recovers.stretch);
    let parsed = |text: &String| {
        expression::parse(text)
            .ok()
            .map(|check| (text.clone(), check))
    };
    let mut judge = Judge {
        measurer: Measurer {
            plan,
            recorder: &world.recorder,
            summary,
        },
        ends,
        steady: hypothesis.steady.iter().filter_map(parsed).collect(),
        before: Vec::new(),
        offered_before: Vec::new(),
        stretch: (recovers.0.div_ceil(plan.window.0.max(1)) as usize).max(1),
        warm: ends.partition_point(|end| *end <= plan.warmup),
    };
    let mut out = HypothesisSummary::default();
    let aftermaths = judge.look(&mut disturbances, &mut out);
    let Judge {
        steady,
        before,
        offered_before,
        stretch,
        warm,
        ..
    } = judge;
    // Checks may ask for the time to recover, so the summary has to know of it before they do.
    summary.faults = disturbances
        .iter()
        .map(|disturbance| disturbance.summary.clone())
        .collect();
    if let Some(aftermaths) = aftermaths {
        let judge = Judge {
            measurer: Measurer {
                plan,
                recorder: &world.recorder,
                summary,
            },
            ends,
            steady,
            before,
            offered_before,
            stretch,
            warm,
        };
        judge.verdict(hypothesis, &disturbances, &aftermaths, &mut out);
    }
    summary.hypothesis = out;
}

fn disturbances(scenario: &Scenario, plan: &Plan, world: &World) -> Vec<Disturbance> {
    let seconds = |periods: &[(SimTime, SimTime)]| {
        let end = |time: SimTime| time.min(plan.end).as_secs_f64();
        periods
            .iter()
            .map(|(start, stop)| (start.as_secs_f64(), end(*stop)))
            .collect()
    };
    let faults =
        plan.faults
            .iter()
            .zip(world.fault_history())
            .map(|(fault, (periods, touched))| Disturbance {
                summary: FaultSummary {
                    name: fault.name.clone(),
                    kind: fault.kind.clone(),
                    target: fault.target_name.clone(),
                    periods: seconds(periods),
                    touched,
                    ..FaultSummary::default()
                },
                periods: periods.to_vec(),
            });
    let mut all: Vec<Disturbance> = faults.collect();
    for (name, workload) in scenario.workloads.keys().zip(&plan.workloads) {
        let WorkloadKind::Open { shape, .. } = &workload.kind else {
            continue;
        };
        let spikes: Vec<(SimTime, SimTime)> = shape
            .iter()
            .filter_map(|shape| match shape {
                Shape::Spike(spike) => {
                    Some((SimTime(spike.at.0), SimTime(spike.at.0) + spike.lasts))
                }
                _ => None,
            })
            .collect();
        if !spikes.is_empty() {
            let summary = FaultSummary {
                name: format!("spike of {name}"),
                kind: "spike".into(),
                target: name.clone(),
                periods: seconds(&spikes),
                ..FaultSummary::default()
            };
            all.push(Disturbance {
                summary,
                periods: spikes,
            });
        }
    }
    all
}

impl Judge<'_> {
    /// Looks at what was before the disturbances and what came after each; none where it was never
    /// steady, which is the verdict.
    fn look(
        &mut self,
        disturbances: &mut [Disturbance],
        out: &mut HypothesisSummary,
    ) -> Option<Vec<Aftermath>> {
        let starts = disturbances
            .iter()
            .flat_map(|d| d.periods.first())
            .map(|(start, _)| *start);
        let first = starts
            .min()
            .filter(|start| *start < self.ends.last().copied().unwrap_or(SimTime::ZERO));
        let calm_end = first.map_or(self.ends.len(), |first| {
            self.ends.partition_point(|end| *end <= first)
        });
        // A disturbance during the warm-up leaves no time to look at before it.
        let calm = self.warm.min(calm_end)..calm_end;
        let steady_before = self.steady_before(calm.clone(), first.is_some(), &mut out.checks);
        self.offered_before = (0..self.measurer.plan.workloads.len())
            .map(|workload| {
                let traffic = self.measurer.traffic(workload, calm.clone());
                traffic.offered as f64 / traffic.seconds.max(1e-9)
            })
            .collect();
        self.before = self.baseline(calm);
        if first.is_some() && !steady_before {
            out.verdict = "never_steady".into();
            out.reason = Self::never_steady_reason(&out.checks);
            return None;
        }
        let aftermaths = self.aftermaths(disturbances);
        self.blast_radii(disturbances);
        Some(aftermaths)
    }

    fn verdict(
        &self,
        hypothesis: &Hypothesis,
        disturbances: &[Disturbance],
        aftermaths: &[Aftermath],
        out: &mut HypothesisSummary,
    ) {
        self.always(hypothesis, &mut out.checks);
        if let Some(recovers) = hypothesis.recovers {
            recovery_checks(recovers, disturbances, aftermaths, &mut out.checks);
        }
        self.conclude(hypothesis, disturbances, aftermaths, out);
    }

    /// Whether the steady state holds before the first disturbance: over all that time, and over its
    /// end, so that a collapse just before it does not hide in an average.
    fn steady_before(
        &self,
        calm: Range<usize>,
        disturbed: bool,
        checks: &mut Vec<CheckSummary>,
    ) -> bool {
        if calm.is_empty() {
            return true;
        }
        let late = calm.end - (calm.len() / 3).max(BLOCK.min(calm.len()))..calm.end;
        let mut steady = true;
        for (text, check) in &self.steady {
            let (value, mut held) = self.measurer.check(check, calm.clone());
            if disturbed {
                held &= self.measurer.check(check, late.clone()).1;
            }
            steady &= held;
            checks.push(self.summary_of("steady", (text, check), &calm, value, held));
        }
        if self.steady.is_empty() && disturbed {
            for workload in 0..self.measurer.plan.workloads.len() {
                let traffic = self.measurer.traffic(workload, late.clone());
                let keeps_up = traffic.good as f64 >= GOODPUT_AGAIN * traffic.offered as f64;
                steady &= traffic.offered < 20 || keeps_up;
            }
        }
        steady
    }

    fn summary_of(
        &self,
        kind: &str,
        (text, check): (&str, &Expression),
        over: &Range<usize>,
        value: Option<f64>,
        held: bool,
    ) -> CheckSummary {
        CheckSummary {
            kind: kind.into(),
            check: text.into(),
            over: format!("{}..{}", self.start(over.start), self.start(over.end)),
            value,
            limit: check.limit,
            held,
        }
    }

    /// Start of a window.
    fn start(&self, window: usize) -> SimTime {
        if window == 0 {
            SimTime::ZERO
        } else {
            self.ends[window - 1]
        }
    }

    fn baseline(&self, calm: Range<usize>) -> Vec<(f64, f64)> {
        (0..self.measurer.plan.workloads.len())
            .map(|workload| {
                let traffic = self.measurer.traffic(workload, calm.clone());
                let goodput = if traffic.seconds > 0.0 {
                    traffic.good as f64 / traffic.seconds
                } else {
                    0.0
                };
                (traffic.success().unwrap_or(1.0), goodput)
            })
            .collect()
    }

    fn never_steady_reason(checks: &[CheckSummary]) -> String {
        match checks.iter().find(|check| !check.held) {
            Some(check) => format!(
                "before any disturbance `{}` did not hold{}: what came after proves nothing",
                check.check,
                check.value.map(|value| format!(" ({})", short(value))).unwrap_or_default()
            ),
            None => "before any disturbance less than 0.9 of the requests got a usable answer: what came after proves nothing".into(),
        }
    }

    /// Whether the steady state holds over these windows taken together.
    fn holds(&self, windows: Range<usize>) -> bool {
        if !self.steady.is_empty() {
            return self
                .steady
                .iter()
                .all(|(_, check)| self.measurer.check(check, windows.clone()).1);
        }
        self.before
            .iter()
            .enumerate()
            .all(|(workload, (success, goodput))| {
                let traffic = self.measurer.traffic(workload, windows.clone());
                let rate = traffic.good as f64 / traffic.seconds;
                // Four standard deviations of a Poisson count below what is asked is still noise.
                let noise = 4.0 * libm::sqrt(goodput * traffic.seconds) / traffic.seconds;
                traffic
                    .success()
                    .unwrap_or(if traffic.offered > 0 { 0.0 } else { 1.0 })
                    >= SUCCESS_AGAIN * success
                    && rate >= GOODPUT_AGAIN * goodput - noise
            })
    }

    /// Whether the steady state begins to hold at a window and keeps holding up to `end`.
    fn holds_from(&self, start: usize, end: usize) -> bool {
        self.holds(start..start + 1)
            && (start..=end.saturating_sub(BLOCK).max(start))
                .all(|block| self.holds(block..(block + BLOCK).min(end)))
    }

    fn aftermaths(&self, disturbances: &mut [Disturbance]) -> Vec<Aftermath> {
        let over = self.ends.last().copied().unwrap_or(SimTime::ZERO);
        let mut periods: Vec<(SimTime, SimTime)> = Vec::new();
        for disturbance in disturbances.iter() {
            let during = disturbance
                .periods
                .iter()
                .filter(|(start, _)| *start < over);
            periods.extend(during);
        }
        let mut all = Vec::new();
        for disturbance in disturbances {
            let aftermaths = disturbance.periods.iter().map(|(_, stop)| {
                // While another one is still on, what is seen is its work: judge when it has gone.
                let masked = |stop: SimTime| {
                    periods
                        .iter()
                        .filter(|(start, end)| *start < stop && *end > stop)
                        .map(|(_, end)| *end)
                        .max()
                };
                let clear = std::iter::successors(Some(*stop), |stop| masked(*stop)).last();
                let stop = clear.unwrap_or(*stop);
                let next = periods.iter().map(|(start, _)| *start);
                self.aftermath(stop, next.filter(|start| *start >= stop).min())
            });
            // Of several periods the worst counts.
            let worst = aftermaths.max_by(|a, b| a.badness().total_cmp(&b.badness()));
            let worst = worst.unwrap_or(Aftermath::Unjudged);
            disturbance.summary.judged = worst != Aftermath::Unjudged;
            if let Aftermath::Recovered(seconds) = worst {
                disturbance.summary.recovery_seconds = Some(seconds);
            }
            all.push(worst);
        }
        all
    }

    /// What came after a disturbance that stopped then, up to the next one or to the end of the run.
    fn aftermath(&self, stop: SimTime, next: Option<SimTime>) -> Aftermath {
        let first = self.ends.partition_point(|end| *end <= stop);
        let first = if self.start(first) < stop {
            first + 1
        } else {
            first
        };
        let last = next.map_or(self.ends.len(), |next| {
            self.ends.partition_point(|end| *end <= next)
        });
        if first >= last {
            return Aftermath::Unjudged;
        }
        // Before the next disturbance a shorter stretch has to do; at the end of the run it proves nothing.
        let available = last - first;
        let stretch = if next.is_some() {
            self.stretch.min(available)
        } else {
            self.stretch
        };
        for start in first..last {
            if start + stretch <= last && self.holds_from(start, start + stretch) {
                return Aftermath::Recovered(self.start(start).since(stop).as_secs_f64());
            }
        }
        if available < self.stretch {
            return if self.holds_from(first, last) {
                Aftermath::Unjudged
            } else {
                let (_, improving) = self.stays(first..last);
                Aftermath::Lost {
                    metastable: false,
                    improving,
                }
            };
        }
        let (metastable, improving) = self.stays(first..last);
        Aftermath::Lost {
            metastable,
            improving,
        }
    }

    /// Whether the damage stays although the load is what it was; and whether it is getting better.
    fn stays(&self, windows: Range<usize>) -> (bool, bool) {
        let quarter = (windows.len() / 4).max(1);
        let middle = (windows.start + quarter).min(windows.end - 1);
        let (early, late) = (
            middle..(middle + quarter).min(windows.end),
            windows.end - quarter..windows.end,
        );
        let (mut before, mut then, mut now) = (0.0, 0.0, 0.0);
        let (mut offered, mut offered_before) = (0.0, 0.0);
        for (workload, (_, goodput)) in self.before.iter().enumerate() {
            let rate = |windows: Range<usize>| {
                let traffic = self.measurer.traffic(workload, windows);
                (
                    traffic.good as f64 / traffic.seconds.max(1e-9),
                    traffic.offered as f64 / traffic.seconds.max(1e-9),
                )
            };
            before += goodput;
            then += rate(early.clone()).0;
            let (good, load) = rate(late.clone());
            now += good;
            offered += load;
            offered_before += self.offered_before[workload];
        }
        let improving = now - then > IMPROVEMENT * before;
        let same_load = offered <= SAME_LOAD * offered_before;
        (!improving && same_load && !self.holds(late), improving)
    }

    fn blast_radii(&self, disturbances: &mut [Disturbance]) {
        for disturbance in disturbances {
            for (start, stop) in &disturbance.periods {
                let first = self.ends.partition_point(|end| *end <= *start);
                let last = (self.ends.partition_point(|end| *end <= *stop) + self.stretch)
                    .min(self.ends.len());
                for (workload, (success, _)) in self.before.iter().enumerate() {
                    let name = &self.measurer.plan.places
                        [self.measurer.plan.services.len() + workload]
                        .name;
                    let hurt = (first..last).any(|window| {
                        let block = window..(window + BLOCK).min(self.ends.len());
                        self.measurer
                            .traffic(workload, block)
                            .success()
                            .is_some_and(|now| now < SUCCESS_AGAIN * success)
                    });
                    if hurt && !disturbance.summary.blast_radius.contains(name) {
                        disturbance.summary.blast_radius.push(name.clone());
                    }
                }
                self.services_hurt(first..last, &mut disturbance.summary.blast_radius);
            }
        }
    }

    /// Adds the services that failed or turned away more than 5 per cent of what reached them.
    fn services_hurt(&self, windows: Range<usize>, names: &mut Vec<String>) {
        for (service, record) in self.measurer.recorder.services.iter().enumerate() {
            let rows = &record.windows[windows.clone()];
            let arrivals: u64 = rows.iter().map(|window| window.arrivals).sum();
            let bad: u64 = rows
                .iter()
                .map(|window| window.failed + window.rejected)
                .sum();
            let name = &self.measurer.plan.places[service].name;
            if bad as f64 > (1.0 - SUCCESS_AGAIN) * arrivals as f64 && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }

    fn always(&self, hypothesis: &Hypothesis, checks: &mut Vec<CheckSummary>) {
        let whole = self.warm..self.ends.len();
        for text in &hypothesis.always {
            let Ok(check) = expression::parse(text) else {
                continue;
            };
            let (value, held) = self.measurer.check_whole(&check, whole.clone());
            // A stretch that a check names may begin before the warm-up ends.
            let all = 0..self.ends.len();
            let over = match check.measure.over {
                Some(_) => self.measurer.within(&check.measure, all),
                None => whole.clone(),
            };
            checks.push(self.summary_of("always", (text, &check), &over, value, held));
        }
    }

    fn conclude(
        &self,
        hypothesis: &Hypothesis,
        disturbances: &[Disturbance],
        aftermaths: &[Aftermath],
        out: &mut HypothesisSummary,
    ) {
        let believed = !hypothesis.steady.is_empty()
            || !hypothesis.always.is_empty()
            || hypothesis.recovers.is_some();
        let over = self.ends.last().copied().unwrap_or(SimTime::ZERO);
        let disturbed = disturbances
            .iter()
            .flat_map(|d| d.periods.first())
            .any(|(start, _)| *start < over);
        let lost = aftermaths
            .iter()
            .zip(disturbances)
            .find_map(|(aftermath, d)| match aftermath {
                Aftermath::Lost {
                    metastable,
                    improving,
                } => Some((d, *metastable, *improving)),
                _ => None,
            });
        let failed = out
            .checks
            .iter()
            .find(|check| !check.held && check.kind != "recovers");
        let slow = out
            .checks
            .iter()
            .find(|check| !check.held && check.kind == "recovers");
        if let Some((disturbance, metastable, improving)) = lost {
            out.verdict = "not_recovered".into();
            out.metastable = metastable;
            out.close_to_edge = improving;
            out.reason = self.lost_reason(disturbance, metastable, improving);
        } else if let Some(check) = failed {
            out.verdict = "refuted".into();
            let value = check.value.map_or("nothing to measure".into(), short);
            out.reason = format!(
                "`{}` did not hold over {}: {value}",
                check.check, check.over
            );
        } else if let Some(check) = slow {
            out.verdict = "refuted".into();
            out.reason = format!(
                "it recovered, but not in time: {} after {} s, {} s allowed",
                check.check,
                check.value.map_or("never".into(), short),
                short(check.limit)
            );
        } else if let Some(why) = self.inconclusive(hypothesis, aftermaths, &out.checks) {
            out.verdict = "inconclusive".into();
            out.reason = why.into();
        } else if believed || disturbed {
            out.verdict = "held".into();
            out.reason = held_reason(disturbances, aftermaths);
        } else {
            out.verdict = "none".into();
            out.reason = "nothing was believed, so there is nothing to hold or refute".into();
        }
        out.close_to_edge |= close_to_edge(hypothesis, aftermaths, &out.checks);
    }

    /// Why a run in which nothing failed proves nothing all the same.
    fn inconclusive(
        &self,
        hypothesis: &Hypothesis,
        aftermaths: &[Aftermath],
        checks: &[CheckSummary],
    ) -> Option<&'static str> {
        let unjudged = aftermaths.iter().all(|a| *a == Aftermath::Unjudged);
        if self.measurer.summary.stopped_by != "end" {
            Some("the run was stopped before its end: what would have come then is not known")
        } else if hypothesis.recovers.is_some() && !aftermaths.is_empty() && unjudged {
            Some(
                "no disturbance was over early enough, or the windows are too wide, to judge a recovery",
            )
        } else if !checks.is_empty() && checks.iter().all(|check| check.value.is_none()) {
            Some("there was nothing to measure: no request came")
        } else {
            None
        }
    }

    fn lost_reason(&self, disturbance: &Disturbance, metastable: bool, improving: bool) -> String {
        let stop = disturbance
            .periods
            .last()
            .map_or(SimTime::ZERO, |(_, stop)| *stop);
        let after = self
            .ends
            .last()
            .copied()
            .unwrap_or(SimTime::ZERO)
            .since(stop);
        let quarter =
            self.ends.len() - (self.ends.len() - self.ends.partition_point(|end| *end <= stop)) / 4;
        let (mut now, mut before) = (0.0, 0.0);
        for (workload, (_, goodput)) in self.before.iter().enumerate() {
            let traffic = self
                .measurer
                .traffic(workload, quarter.min(self.ends.len() - 1)..self.ends.len());
            now += traffic.good as f64 / traffic.seconds;
            before += goodput;
        }
        let name = &disturbance.summary.name;
        if metastable {
            format!(
                "`{name}` was gone at {stop}, yet {after} later goodput is {}/s, where it was {}/s before, and not getting better: the trigger is gone and the damage stays",
                short(now),
                short(before)
            )
        } else if improving {
            format!(
                "`{name}` was gone at {stop}; {after} later the steady state does not hold yet, but goodput is growing ({}/s, {}/s before): run longer",
                short(now),
                short(before)
            )
        } else {
            format!(
                "`{name}` was gone at {stop}; {after} later the steady state does not hold (goodput {}/s, {}/s before)",
                short(now),
                short(before)
            )
        }
    }
}

fn recovery_checks(
    recovers: Recovers,
    disturbances: &[Disturbance],
    aftermaths: &[Aftermath],
    checks: &mut Vec<CheckSummary>,
) {
    for (disturbance, aftermath) in disturbances.iter().zip(aftermaths) {
        let (value, held) = match aftermath {
            Aftermath::Recovered(seconds) => {
                (Some(*seconds), *seconds <= recovers.within.as_secs_f64())
            }
            Aftermath::Lost { .. } => (None, false),
            Aftermath::Unjudged => continue,
        };
        let stop = disturbance
            .periods
            .last()
            .map_or(SimTime::ZERO, |(_, stop)| *stop);
        checks.push(CheckSummary {
            kind: "recovers".into(),
            check: format!("recovers from `{}`", disturbance.summary.name),
            over: format!("{stop}.."),
            value,
            limit: recovers.within.as_secs_f64(),
            held,
        });
    }
}

fn held_reason(disturbances: &[Disturbance], aftermaths: &[Aftermath]) -> String {
    let slowest = aftermaths
        .iter()
        .zip(disturbances)
        .filter_map(|(aftermath, d)| match aftermath {
            Aftermath::Recovered(seconds) => Some((*seconds, d)),
            _ => None,
        })
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match slowest {
        Some((0.0, d)) => format!(
            "the steady state held again as soon as `{}` was gone",
            d.summary.name
        ),
        Some((seconds, d)) => format!(
            "the steady state held again {} s after `{}` was gone",
            short(seconds),
            d.summary.name
        ),
        None if disturbances.is_empty() => "every check held".into(),
        None => "every check held; no disturbance was over early enough to judge a recovery".into(),
    }
}

/// Near a tipping point one run proves nothing: a slow recovery, or a check that holds or fails by little.
fn close_to_edge(
    hypothesis: &Hypothesis,
    aftermaths: &[Aftermath],
    checks: &[CheckSummary],
) -> bool {
    let within = hypothesis
        .recovers
        .map_or(60.0, |recovers| recovers.within.as_secs_f64());
    let slow = aftermaths.iter().any(|aftermath| matches!(aftermath, Aftermath::Recovered(s) if *s > 0.5 * within && *s > BLOCK as f64));
    let tight = checks
        .iter()
        .filter(|check| check.kind != "recovers")
        .any(|check| {
            let Some(value) = check.value else {
                return false;
            };
            // Ratios near one are compared by what they leave: 0.999 against 0.998 is a factor of two.
            let ratio = expression::parse(&check.check)
                .is_ok_and(|check| check.measure.metric.unit() == expression::Unit::Ratio);
            let (value, limit) = if ratio && check.limit > 0.5 && check.limit <= 1.0 {
                (1.0 - value, 1.0 - check.limit)
            } else {
                (value, check.limit)
            };
            limit > 0.0 && (value / limit - 1.0).abs() < 0.05
        });
    slow || tight
}

/// A number with three significant digits.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 2 - libm::floor(libm::log10(value.abs())) as i32;
    let text = format!("{value:.*}", digits.clamp(0, 12) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}
