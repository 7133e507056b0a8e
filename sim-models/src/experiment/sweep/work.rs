//! The jobs of a sweep: what each does, and what follows from it.
//!
//! A unit of work is one replication of a group of points that share their beginning (or all their
//! replications, one round after another). The beginning is simulated without any fault, and at the
//! last window before the first fault of a point it is forked into the run of that point. A fork that
//! meets its faults is, event by event, the run from scratch.

use super::failure::Failure;
use super::group::Group;
use super::record::{Record, Replications, Sweep};
use super::row::Known;
use super::until::{Next, Precision};
use crate::experiment::run::{Options, Run, Unable};
use crate::ids::TiVec;
use crate::observe::measure::Measurer;
use crate::plan::{self, Plan};
use sim_core::SimTime;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A beginning of fewer events is simulated again sooner than copied.
const WORTH_A_COPY: u64 = 1000;

/// A group and its plans, each compiled when it is first needed and shared by all replications.
pub(super) struct Prepared<'s> {
    group: &'s Group,
    /// The plan of each point.
    plans: Vec<OnceLock<Result<Plan, Unable>>>,
    /// The plan of their beginning: without faults.
    calm: OnceLock<Plan>,
}

impl<'s> Prepared<'s> {
    pub(super) fn new(group: &'s Group) -> Self {
        Self {
            group,
            plans: group.points.iter().map(|_| OnceLock::new()).collect(),
            calm: OnceLock::new(),
        }
    }

    fn plan(&self, sweep: &Sweep, point: u32) -> Result<&Plan, Failure> {
        let place = self.group.points.binary_search(&point);
        let plan = &self.plans[place.expect("a point of the group")];
        let compile = || plan::compile(&sweep.scenarios[point as usize]).map_err(Unable);
        plan.get_or_init(compile)
            .as_ref()
            .map_err(|why| Failure::Unable {
                point,
                why: why.clone(),
            })
    }

    fn calm(&self, plan: &Plan) -> &Plan {
        self.calm.get_or_init(|| Plan {
            faults: TiVec::new(),
            ..plan.clone()
        })
    }
}

/// A replication of a group that is worked on.
#[derive(Clone)]
pub(super) struct Task<'p> {
    group: &'p Prepared<'p>,
    replication: u32,
    /// Where the values are gathered that say how many replications there are.
    rounds: Option<Arc<Mutex<Round>>>,
}

/// Something to do.
pub(super) enum Job<'p> {
    /// A unit of work.
    Unit {
        /// Whose.
        group: &'p Prepared<'p>,
        /// Which of its units.
        unit: u32,
    },
    /// One replication of some points.
    Replication { task: Task<'p>, points: Vec<u32> },
    /// The beginning that points share, and where it is forked for each of them; the next one is last.
    Beginning {
        task: Task<'p>,
        run: Box<Run<'p>>,
        forks: Vec<(SimTime, u32)>,
    },
    /// The run of a point, from its beginning or from time zero.
    Point {
        task: Task<'p>,
        from: Option<Arc<Run<'p>>>,
        point: u32,
    },
}

/// What is known of a group whose number of replications depends on their values.
#[derive(Default)]
pub(super) struct Round {
    /// By point and replication.
    values: BTreeMap<(u32, u32), Option<f64>>,
    /// Runs that are yet to end before the next decision.
    open: usize,
}

/// What all threads share.
pub(super) struct Work<'s> {
    sweep: &'s Sweep,
    known: &'s Known<'s>,
    done: &'s (dyn Fn(Record) + Sync),
    go_on: &'s (dyn Fn() -> bool + Sync),
    stopped: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

/// Nobody panics with a lock: it is held for moving values only.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'s> Work<'s> {
    pub(super) fn new(
        sweep: &'s Sweep,
        known: &'s Known<'s>,
        done: &'s (dyn Fn(Record) + Sync),
        go_on: &'s (dyn Fn() -> bool + Sync),
    ) -> Self {
        Self {
            sweep,
            known,
            done,
            go_on,
            stopped: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The first of the failures.
    pub(super) fn failure(self) -> Option<Failure> {
        self.failure
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a job. What follows from it; nothing at all to stop everything.
    pub(super) fn on<'p>(&self, job: Job<'p>) -> Option<Vec<Job<'p>>>
    where
        's: 'p,
    {
        if !self.goes_on() {
            return None;
        }
        let followers = match job {
            Job::Unit { group, unit } => self.unit(group, unit),
            Job::Replication { task, points } => self.replication(task, points).map(Some),
            Job::Beginning { task, run, forks } => self.beginning(task, run, forks),
            Job::Point { task, from, point } => self.point(task, from, point),
        };
        followers.unwrap_or_else(|failure| {
            self.stopped.store(true, Ordering::Relaxed);
            let mut first = lock(&self.failure);
            if first
                .as_ref()
                .is_none_or(|first| failure.place() < first.place())
            {
                *first = Some(failure);
            }
            None
        })
    }

    fn goes_on(&self) -> bool {
        if !self.is_stopped() && (self.go_on)() {
            return true;
        }
        self.stopped.store(true, Ordering::Relaxed);
        false
    }

    fn unit<'p>(&self, group: &'p Prepared<'p>, unit: u32) -> Result<Option<Vec<Job<'p>>>, Failure>
    where
        's: 'p,
    {
        match self.sweep.replications {
            Replications::Fixed(_) => {
                let points = group.group.points.iter().copied();
                let unknown = points.filter(|point| (self.known)(*point, unit).is_none());
                let task = Task {
                    group,
                    replication: unit,
                    rounds: None,
                };
                self.replication(task, unknown.collect()).map(Some)
            }
            Replications::Until(precision) => {
                Ok(Some(self.round(group, &Arc::default(), precision)))
            }
        }
    }

    /// The runs that are needed before the number of replications of each point can be told.
    fn round<'p>(
        &self,
        group: &'p Prepared<'p>,
        rounds: &Arc<Mutex<Round>>,
        precision: Precision,
    ) -> Vec<Job<'p>> {
        let mut round = lock(rounds);
        let mut wanted: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for point in group.group.points.iter().copied() {
            let mut value = |replication| {
                let here = (point, replication);
                if let Some(value) = round.values.get(&here) {
                    return Some(*value);
                }
                let value = (self.known)(point, replication)?.get(precision.measure);
                round.values.insert(here, value);
                Some(value)
            };
            if let Next::Run(count) = precision.next(&mut value) {
                for replication in (0..count).filter(|replication| value(*replication).is_none()) {
                    wanted.entry(replication).or_default().push(point);
                }
            }
        }
        round.open = wanted.values().map(Vec::len).sum();
        // The last one is taken first.
        let jobs = wanted.into_iter().rev();
        jobs.map(|(replication, points)| Job::Replication {
            task: Task {
                group,
                replication,
                rounds: Some(rounds.clone()),
            },
            points,
        })
        .collect()
    }

    /// Begins a replication of some points: with what they share, if that is anything.
    fn replication<'p>(&self, task: Task<'p>, points: Vec<u32>) -> Result<Vec<Job<'p>>, Failure>
    where
        's: 'p,
    {
        let mut forks = Vec::new();
        if points.len() > 1 {
            for point in &points {
                let plan = task.group.plan(self.sweep, *point)?;
                let options = self.options(&task);
                forks.push((Run::last_calm_window(plan, &options), *point));
            }
        }
        forks.retain(|(at, _)| *at > SimTime::ZERO);
        if forks.len() < 2 {
            forks.clear();
        }
        let mut jobs = Vec::with_capacity(points.len() + 1 - forks.len());
        for point in points.into_iter().rev() {
            if !forks.iter().any(|(_, other)| *other == point) {
                jobs.push(Job::Point {
                    task: task.clone(),
                    from: None,
                    point,
                });
            }
        }
        forks.sort_by_key(|(at, point)| std::cmp::Reverse((*at, *point)));
        if let Some((_, point)) = forks.last() {
            let plan = task.group.calm(task.group.plan(self.sweep, *point)?);
            let scenario = &self.sweep.scenarios[*point as usize];
            let run = Box::new(Run::new(scenario, plan, self.options(&task)));
            jobs.push(Job::Beginning { task, run, forks });
        }
        Ok(jobs)
    }

    /// Simulates what points share up to the next fork.
    fn beginning<'p>(
        &self,
        task: Task<'p>,
        mut run: Box<Run<'p>>,
        mut forks: Vec<(SimTime, u32)>,
    ) -> Result<Option<Vec<Job<'p>>>, Failure> {
        let Some((at, point)) = forks.last().copied() else {
            return Ok(Some(Vec::new()));
        };
        let reached = self.caught(point, task.replication, || self.go(&mut run, at))?;
        if !reached {
            return Ok(None);
        }
        // What a budget has stopped here it has stopped for all.
        let at = if run.is_over() { SimTime::MAX } else { at };
        let later = forks.partition_point(|(other, _)| *other > at);
        let here = forks.split_off(later);
        let mut jobs = Vec::with_capacity(here.len() + 1);
        let copied = run.simulation().events() >= WORTH_A_COPY;
        let from = if forks.is_empty() {
            copied.then(|| Arc::new(*run))
        } else {
            let from = copied.then(|| Arc::new((*run).clone()));
            let task = task.clone();
            jobs.push(Job::Beginning { task, run, forks });
            from
        };
        jobs.extend(here.into_iter().map(|(_, point)| Job::Point {
            task: task.clone(),
            from: from.clone(),
            point,
        }));
        Ok(Some(jobs))
    }

    /// Runs a point to its end.
    fn point<'p>(
        &self,
        task: Task<'p>,
        from: Option<Arc<Run<'p>>>,
        point: u32,
    ) -> Result<Option<Vec<Job<'p>>>, Failure>
    where
        's: 'p,
    {
        let scenario = &self.sweep.scenarios[point as usize];
        let plan = task.group.plan(self.sweep, point)?;
        let record = self.caught(point, task.replication, || {
            let mut run = match from {
                // The last one takes the beginning itself.
                Some(from) => Arc::unwrap_or_clone(from)
                    .with_faults(scenario, plan)
                    .expect("a beginning ends before the first fault"),
                None => Run::new(scenario, plan, self.options(&task)),
            };
            self.go(&mut run, SimTime::MAX)
                .then(|| record(self.sweep, &run, plan, point, task.replication))
        })?;
        let Some(record) = record else {
            return Ok(None);
        };
        let mut followers = Vec::new();
        let ended = match (&task.rounds, self.sweep.replications) {
            (Some(rounds), Replications::Until(precision)) => {
                let mut round = lock(rounds);
                let value = record.values[precision.measure];
                round.values.insert((point, task.replication), value);
                round.open -= 1;
                (round.open == 0).then_some((rounds, precision))
            }
            _ => None,
        };
        (self.done)(record);
        if let Some((rounds, precision)) = ended {
            followers = self.round(task.group, rounds, precision);
        }
        Ok(Some(followers))
    }

    fn options(&self, task: &Task) -> Options {
        Options {
            seed: self.sweep.seed_of(task.replication),
            ..Options::default()
        }
    }

    /// Goes on with a run up to a time or to its end; whether it got there.
    fn go(&self, run: &mut Run, to: SimTime) -> bool {
        while !run.is_over() && run.now() < to {
            if !self.goes_on() {
                return false;
            }
            run.window_while(&mut |_| self.goes_on());
        }
        !run.is_interrupted()
    }

    /// Does something for a run that may panic.
    fn caught<T>(
        &self,
        point: u32,
        replication: u32,
        what: impl FnOnce() -> T,
    ) -> Result<T, Failure> {
        // What a panic left half done is dropped with the run.
        catch_unwind(AssertUnwindSafe(what))
            .map_err(|cause| Failure::panicked(self.sweep, point, replication, cause.as_ref()))
    }
}

/// What a run that is over yielded.
fn record(sweep: &Sweep, run: &Run, plan: &Plan, point: u32, replication: u32) -> Record {
    let summary = run.summary();
    let measurer = Measurer {
        plan,
        recorder: &run.simulation().model.recorder,
        summary: &summary,
    };
    let over = |window| {
        let measures = sweep.measures.iter();
        measures
            .map(|measure| measurer.over(measure, window..window + 1))
            .collect()
    };
    let windows = if sweep.windows { run.windows() } else { 0 };
    Record {
        point,
        replication,
        seed: summary.seed,
        values: sweep
            .measures
            .iter()
            .map(|measure| measurer.whole(measure))
            .collect(),
        windows: (0..windows).map(over).collect(),
        digest: run.simulation().digest().value(),
        events: summary.events,
        stopped_by: summary.stopped_by,
        verdict: summary.hypothesis.verdict,
    }
}
