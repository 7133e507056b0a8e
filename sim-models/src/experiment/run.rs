//! One run, window by window.

use crate::expression::naming::Measure;
use crate::ids::{ControllerId, InstanceId};
use crate::observe::conclusion::StoppedBy;
use crate::observe::measure::Measurer;
use crate::observe::summary::{
    ControllerSummary, DeedSummary, Measured, RunResult, SCHEMA, Story, Summary,
};
use crate::observe::{availability, moments, summarise, verdict};
use crate::plan::{self, ActionPlan, ControllerPlan, Plan};
use crate::scenario::Scenario;
use crate::world::{Deed, Told, What, World, first_fault};
use sim_core::SimTime;
use sim_core::engine::{Budget, Simulation, Stop};
use sim_core::random::Seed;
use std::collections::{BTreeMap, BTreeSet};

/// Why a scenario cannot be run: it did not pass its checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scenario cannot be run: {0}")]
pub struct Unable(pub String);

/// What a run is asked for besides its scenario.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seed of the run.
    pub seed: u64,
    /// The requests whose stories are told.
    pub told: Told,
    /// Whether a log of all requests is kept, for comparing runs request by request.
    pub log: bool,
    /// What its summary measures besides; see [`crate::observe::choice::check_measure`].
    pub measures: Vec<Measure>,
}

/// A run under way: a value that can be forked at any window.
#[derive(Clone)]
pub struct Run<'p> {
    scenario: &'p Scenario,
    plan: &'p Plan,
    seed: u64,
    measures: Vec<Measure>,
    simulation: Simulation<World<'p>>,
    ends: Vec<SimTime>,
    stopped_by: Option<StoppedBy>,
}

impl<'p> Run<'p> {
    /// At time zero.
    #[must_use]
    pub fn new(scenario: &'p Scenario, plan: &'p Plan, options: Options) -> Self {
        let (mut world, agenda) = World::new(plan, Seed(options.seed), options.told);
        if options.log {
            world.keep_log();
        }
        Self {
            scenario,
            plan,
            seed: options.seed,
            measures: options.measures,
            simulation: Simulation::new(world, agenda),
            ends: Vec::new(),
            stopped_by: None,
        }
    }

    /// Simulated time so far.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.ends.last().copied().unwrap_or(SimTime::ZERO)
    }

    /// Whether it has come to its end, or was stopped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stopped_by.is_some() || self.now() >= self.plan.end
    }

    /// Whether it was asked to stop before its end.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.stopped_by == Some(StoppedBy::Interrupt)
    }

    /// How many windows it has run.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.ends.len()
    }

    /// The engine underneath.
    #[must_use]
    pub fn simulation(&self) -> &Simulation<World<'p>> {
        &self.simulation
    }

    /// Runs one window on.
    pub fn window(&mut self) {
        self.window_while(&mut |_| true);
    }

    /// Runs one window on; within a window of very many events `go_on` is asked from time to time, and
    /// told the simulated time, whether to go on.
    pub fn window_while(&mut self, go_on: &mut dyn FnMut(SimTime) -> bool) {
        let end = (self.now() + self.plan.window).min(self.plan.end);
        let warmup = self.plan.warmup;
        if self.now() <= warmup && warmup < end {
            self.until(warmup, go_on);
            let now = match self.stopped_by {
                Some(_) => self.simulation.now(),
                None => warmup,
            };
            self.simulation.parts_mut().0.begin_totals(now);
        }
        self.until(end, go_on);
        // A run may be stopped in the middle of a window: nothing happened after that.
        let end = match self.stopped_by {
            Some(_) => self.simulation.now().max(self.now()),
            None => end,
        };
        let whole = self.stopped_by.is_none();
        self.simulation.parts_mut().0.close_window(end, whole);
        self.ends.push(end);
        if self.is_over() {
            self.simulation.parts_mut().0.close_books(end);
        }
    }

    /// Handles all events before `end`: a window does not hold its own end.
    fn until(&mut self, end: SimTime, go_on: &mut dyn FnMut(SimTime) -> bool) {
        if end == SimTime::ZERO || self.stopped_by.is_some() {
            return;
        }
        let limits = self.scenario.budget;
        let budget = Budget {
            events: limits.events,
            in_flight: limits.in_flight,
            memory: usize::try_from(limits.memory.0).unwrap_or(usize::MAX),
        };
        let stop = self
            .simulation
            .run_while(SimTime(end.0 - 1), &budget, go_on);
        self.stopped_by = match stop {
            Stop::Time | Stop::Idle => None,
            Stop::Events => Some(StoppedBy::Events),
            Stop::InFlight => Some(StoppedBy::InFlight),
            Stop::Memory => Some(StoppedBy::Memory),
            Stop::Stalled => Some(StoppedBy::Stalled),
            Stop::Interrupted => Some(StoppedBy::Interrupt),
        };
    }

    /// Stops it before its end.
    pub fn interrupt(&mut self) {
        if !self.is_over() {
            self.stopped_by = Some(StoppedBy::Interrupt);
            let now = self.now();
            self.simulation.parts_mut().0.close_books(now);
        }
    }

    /// Makes a run without faults one that is to meet those of another plan, which must be its own
    /// but for the faults: from here on it is exactly what a run of that plan from time zero would be.
    /// None where a fault would have come already, or the run has had faults of its own.
    #[must_use]
    pub fn with_faults(mut self, scenario: &'p Scenario, plan: &'p Plan) -> Option<Self> {
        let first = first_fault(plan, Seed(self.seed));
        if !self.plan.faults.is_empty() || first.is_some_and(|first| first < self.now()) {
            return None;
        }
        let seed = Seed(self.seed);
        let (world, agenda) = self.simulation.parts_mut();
        world.meet_faults(plan, seed, agenda);
        self.scenario = scenario;
        self.plan = plan;
        Some(self)
    }

    /// The end of the last window before the first fault of a plan: up to there a run does not depend
    /// on its faults. The end of all time where there is none; no time at all where somebody may lift a fault, which
    /// he may do before it comes.
    #[must_use]
    pub fn last_calm_window(plan: &Plan, options: &Options) -> SimTime {
        let mut actions = plan.controllers.iter().flat_map(|one| &one.actions);
        if actions.any(|action| matches!(action, ActionPlan::Lift(_))) {
            return SimTime::ZERO;
        }
        let first = first_fault(plan, Seed(options.seed));
        first.map_or(SimTime::MAX, |first| {
            SimTime(first.0 - first.0 % plan.window.0.max(1))
        })
    }

    /// What it told, but for what is made for people to look at.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let world = &self.simulation.model;
        let now = self.now();
        let unfinished: Vec<_> = world.unfinished().collect();
        let workloads = summarise::workloads(self.plan, &world.recorder, now, &unfinished);
        let counters = |edge| world.counters(edge);
        let mut services = summarise::services(self.plan, &world.recorder, now);
        summarise::admissions(self.plan, &world.recorder, now, &mut services, counters);
        summarise::steps(self.plan, &mut services, world.counted());
        let tenants = summarise::tenants(self.scenario, self.plan, &world.recorder, now);
        let mut summary = Summary {
            schema: SCHEMA,
            scenario: self.scenario.title.clone().unwrap_or_default(),
            seed: self.seed,
            digest: self.simulation.digest().to_string(),
            simulated_seconds: now.as_secs_f64(),
            warmup_seconds: self.plan.warmup.as_secs_f64(),
            events: self.simulation.events(),
            stopped_by: self.stopped_by.unwrap_or_default(),
            stalled: (self.stopped_by == Some(StoppedBy::Stalled))
                .then(|| world.stall(self.simulation.now()))
                .flatten(),
            workloads,
            fairness_gap: summarise::fairness_gap(&tenants),
            tenants,
            services,
            edges: summarise::edges(self.plan, &world.recorder, now, counters),
            hypothesis: Default::default(),
            faults: Vec::new(),
            controllers: self.controllers(),
            incidents: Vec::new(),
            moments: Vec::new(),
            examples: Vec::new(),
            measures: BTreeMap::new(),
        };
        // Checks may ask for availability, so that comes first.
        self.judge_availability(&mut summary);
        let (recorder, came) = (&world.recorder, world.fault_history());
        verdict::judge(
            self.scenario,
            self.plan,
            recorder,
            &came,
            &self.ends,
            &mut summary,
        );
        let measurer = Measurer {
            plan: self.plan,
            recorder: &world.recorder,
            summary: &summary,
        };
        let measures = self.measures.iter();
        let values =
            measures.map(|measure| (measure.to_string(), Measured(measurer.whole(measure))));
        summary.measures = values.collect();
        summary
    }

    /// All that it told: summary with moments and examples, series, stories.
    #[must_use]
    pub fn result(&self) -> RunResult {
        let recorder = &self.simulation.model.recorder;
        let mut summary = self.summary();
        let series = summarise::series(self.plan, recorder, &self.ends);
        let objective = self.scenario.hypothesis.objective;
        summary.moments = moments::moments(self.plan, recorder, &series, &summary, objective);
        summary.examples = summarise::examples(self.plan, recorder);
        RunResult {
            summary,
            series,
            stories: self.stories(),
            log: self.simulation.model.log(self.now()),
        }
    }

    /// Who acted from outside, and what they did.
    fn controllers(&self) -> BTreeMap<String, ControllerSummary> {
        let told = |plan: &ControllerPlan, deed: &Deed| {
            let instance = |instance: InstanceId| {
                let of = &self.plan.instances[instance];
                format!("{}#{}", self.plan.places[of.place].name, of.number)
            };
            let name = |controller: ControllerId| &self.plan.controllers[controller].name;
            DeedSummary {
                time: deed.at.as_secs_f64(),
                what: match deed.what {
                    What::Acted(action) => plan.spec.actions()[usize::from(action)].to_string(),
                    What::Started(number) => format!("start {}", instance(number)),
                    What::GaveUp(number) => format!("give up {}", instance(number)),
                    What::Delayed(who, span) => format!("delay {} for {span}", name(who)),
                    What::Held(who) => format!("hold {} back", name(who)),
                    What::Alerted => "alert a human".into(),
                    What::Lifted(count) => format!("a human lifts it, {count} go on"),
                    What::Confirmed(count) => format!("a human confirms it, {count} are dropped"),
                    What::Denied(who) => format!("let {} do nothing", name(who)),
                },
            }
        };
        let deeds = self.simulation.model.deeds();
        let controllers = self.plan.controllers.iter().zip(deeds);
        let controllers = controllers.map(|(plan, (acted, deeds))| {
            let summary = ControllerSummary {
                kind: plan.spec.name().into(),
                acted: *acted,
                deeds: deeds.iter().map(|deed| told(plan, deed)).collect(),
            };
            (plan.name.clone(), summary)
        });
        controllers.collect()
    }

    fn judge_availability(&self, summary: &mut Summary) {
        let measurer = Measurer {
            plan: self.plan,
            recorder: &self.simulation.model.recorder,
            summary,
        };
        let (all, incidents) = availability::availability(
            self.scenario,
            measurer,
            &self.ends,
            first_fault(self.plan, Seed(self.seed)),
        );
        for (name, availability) in self.scenario.workloads.keys().zip(all) {
            if let Some(workload) = summary.workloads.get_mut(name) {
                workload.availability = availability;
            }
        }
        summary.incidents = incidents;
    }

    fn stories(&self) -> Vec<Story> {
        let world = &self.simulation.model;
        let open: BTreeSet<u32> = world.unfinished().map(|(_, number, ..)| number).collect();
        let stories = world.stories();
        stories
            .map(|(request, lines)| Story {
                request: u64::from(request),
                workload: lines
                    .first()
                    .map(|line| line.place.clone())
                    .unwrap_or_default(),
                unfinished: open.contains(&request),
                lines: lines.to_vec(),
            })
            .collect()
    }
}

/// Runs a scenario from start to end.
///
/// # Errors
/// The scenario did not pass its checks.
pub fn run(scenario: &Scenario, seed: u64) -> Result<RunResult, Unable> {
    let options = Options {
        seed,
        ..Options::default()
    };
    run_with(scenario, options, |_| true)
}

/// Runs a scenario; `go_on` is asked after each window and within long ones, and told the simulated
/// time, whether to go on.
///
/// # Errors
/// The scenario did not pass its checks.
pub fn run_with(
    scenario: &Scenario,
    options: Options,
    mut go_on: impl FnMut(SimTime) -> bool,
) -> Result<RunResult, Unable> {
    let plan = plan::compile(scenario).map_err(Unable)?;
    let mut run = Run::new(scenario, &plan, options);
    while !run.is_over() {
        run.window_while(&mut go_on);
        if !run.is_over() && !go_on(run.now()) {
            run.interrupt();
        }
    }
    Ok(run.result())
}
