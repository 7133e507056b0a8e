//! Controllers act: they are told of what they watch, and what they want done is done.

use super::control_state::{Deed, Life, What};
use super::disturb::choose;
use super::edge::EdgeState;
use super::event::Event;
use super::state::World;
use crate::controllers::{Context, ControllerSpec, Do, Memory};
use crate::ids::{ActionId, ChangeId, ControllerId, FaultId, TiSlice};
use crate::observe::measure::Measurer;
use crate::observe::summary::Summary;
use crate::plan::{ActionPlan, Plan, WatchPlan};
use sim_core::agenda::Agenda;
use sim_core::random::{Seed, mix};
use sim_core::{SimDuration, SimTime};

/// Steps that a parameter which is set counts for: a plan may have to be made.
const STEPS_PER_SET: u64 = 2_000;

impl World<'_> {
    /// The controllers at time zero, what they begin with scheduled.
    pub(super) fn prepare_controllers(&mut self, seed: Seed, agenda: &mut Agenda<Event>) {
        if self.plan.controllers.is_empty() {
            return;
        }
        self.control.key = seed.key("controllers", "choices");
        for (controller, plan) in self.plan.controllers.iter_enumerated() {
            let instances = match plan.watches {
                WatchPlan::Deaths { service } => {
                    self.control.lives = vec![Life::NEW; self.plan.instances.len()].into();
                    self.plan.service_places()[service].instance_count
                }
                _ => 0,
            };
            self.control.deeds.push((0, Vec::new()));
            let memory = plan.spec.memory(instances as usize);
            self.control.memories.push(memory);
            if let WatchPlan::Condition { windows, .. } = plan.watches {
                let first = SimTime(self.plan.window.0.saturating_mul(windows as u64));
                agenda.schedule_at(first, Event::Look { controller });
            }
            let answer = self.ask_controller(controller, agenda, |spec, memory, context| {
                spec.on_start(memory, context)
            });
            self.carry_out(controller, answer, agenda);
        }
    }

    /// Asks a controller.
    pub(super) fn ask_controller<R>(
        &mut self,
        controller: ControllerId,
        agenda: &Agenda<Event>,
        ask: impl FnOnce(&ControllerSpec, &mut Memory, &Context) -> R,
    ) -> R {
        let spec = &self.plan.controllers[controller].spec;
        let memory = &mut self.control.memories[controller];
        let context = Context { now: agenda.now() };
        ask(spec, memory, &context)
    }

    /// Does what a controller wants done.
    pub(super) fn carry_out(
        &mut self,
        controller: ControllerId,
        answer: Do,
        agenda: &mut Agenda<Event>,
    ) {
        if matches!(answer, Do::Act(_) | Do::Start(_)) && !self.may_act(controller, answer, agenda)
        {
            return;
        }
        self.carry_out_now(controller, answer, agenda);
    }

    /// Does what a controller wants done, and may do.
    pub(super) fn carry_out_now(
        &mut self,
        controller: ControllerId,
        answer: Do,
        agenda: &mut Agenda<Event>,
    ) {
        match answer {
            Do::Nothing => {}
            Do::Wake { after, timer } => {
                agenda.schedule_after(after, Event::Wake { controller, timer });
            }
            Do::Act(action) => self.act(controller, action, 0, agenda),
            Do::Start(number) => self.start_again(controller, number, agenda),
            Do::Release(ticket) => self.let_go_of(ticket, agenda),
            Do::ReleaseAll => self.on_decision(controller, true, agenda),
            Do::DropAll => self.on_decision(controller, false, agenda),
            Do::GiveUp(number) => {
                if let WatchPlan::Deaths { service } = self.plan.controllers[controller].watches {
                    let instance = self.plan.service_places()[service]
                        .first_instance
                        .offset(number);
                    let what = What::GaveUp(instance);
                    self.control.note(agenda.now(), controller, what);
                }
            }
        }
    }

    /// A span that a controller asked for is over.
    #[cold]
    pub(super) fn wake_controller(
        &mut self,
        controller: ControllerId,
        timer: u32,
        agenda: &mut Agenda<Event>,
    ) {
        let answer = self.ask_controller(controller, agenda, |spec, memory, context| {
            spec.on_timer(memory, timer, context)
        });
        self.carry_out(controller, answer, agenda);
    }

    /// A controller looks at the windows that have just ended.
    #[cold]
    pub(super) fn look(&mut self, controller: ControllerId, agenda: &mut Agenda<Event>) {
        let plan = &self.plan.controllers[controller];
        if plan.spec.is_over(&self.control.memories[controller]) {
            return;
        }
        let WatchPlan::Condition { check, windows } = &plan.watches else {
            return;
        };
        let seen = self.recorder.windows();
        let summary = Summary {
            simulated_seconds: agenda.now().as_secs_f64(),
            ..Summary::default()
        };
        let measurer = Measurer {
            plan: self.plan,
            recorder: &self.recorder,
            summary: &summary,
        };
        let value = measurer.over(&check.measure, seen.saturating_sub(*windows)..seen);
        self.work += *windows as u64;
        // What cannot be measured does not hold.
        let holds = value.is_some_and(|value| check.op.holds(value, check.limit));
        let answer = self.ask_controller(controller, agenda, |spec, memory, context| {
            spec.on_look(memory, holds, context)
        });
        self.carry_out(controller, answer, agenda);
        agenda.schedule_after(self.plan.window, Event::Look { controller });
    }

    /// Does an action of a controller from one of its parts on, and what comes after it as far as that takes no time.
    #[cold]
    pub(super) fn act(
        &mut self,
        controller: ControllerId,
        mut action: ActionId,
        mut part: u32,
        agenda: &mut Agenda<Event>,
    ) {
        loop {
            self.work += 1;
            if let Some(span) = self.act_part(controller, action, part, agenda) {
                let next = Event::Act {
                    controller,
                    action,
                    part: part + 1,
                };
                agenda.schedule_after(span, next);
                return;
            }
            let answer = self.ask_controller(controller, agenda, |spec, memory, context| {
                spec.on_done(memory, action, context)
            });
            let Do::Act(next) = answer else {
                return self.carry_out(controller, answer, agenda);
            };
            (action, part) = (next, 0);
        }
    }

    /// Does a part of an action; how long until the next part, if it is not done.
    fn act_part(
        &mut self,
        controller: ControllerId,
        action: ActionId,
        part: u32,
        agenda: &mut Agenda<Event>,
    ) -> Option<SimDuration> {
        let plan = &self.plan.controllers[controller];
        let plan = &plan.actions[action];
        if let ActionPlan::Wait(span) = plan {
            return (part == 0).then_some(*span);
        }
        if part == 0 {
            let what = What::Acted(action);
            self.control.note(agenda.now(), controller, what);
        }
        match plan {
            ActionPlan::Lift(faults) => {
                for fault in faults {
                    self.lift(*fault, agenda);
                }
            }
            ActionPlan::Set { change, site } => self.set(*site, *change, agenda),
            ActionPlan::Load { workload, factor } => {
                self.loads[*workload].factor = *factor;
            }
            ActionPlan::Shed { workload, share } => {
                self.loads[*workload].shed = *share;
            }
            ActionPlan::Wait(_) => {}
            ActionPlan::Restart {
                candidates,
                instances,
                boot,
                pause,
                at_once,
            } => {
                // Each time others, as it is with the periods of a fault.
                let acted = self.control.deeds[controller].0;
                let key = mix(self.control.key ^ u64::from(controller), u64::from(action));
                let chosen = choose(instances, candidates, key, acted as u32);
                let chosen = chosen.as_ref().unwrap_or(candidates);
                let from = (part as usize).saturating_mul(*at_once as usize);
                let rest = chosen.get(from..).filter(|rest| !rest.is_empty())?;
                let here = rest.len().min(*at_once as usize);
                for instance in &rest[..here] {
                    self.restart(*instance, *boot, agenda);
                }
                let more = rest.len() > here;
                return Some(if more { *boot + *pause } else { *boot });
            }
        }
        None
    }

    /// A fault ends for good.
    fn lift(&mut self, fault: FaultId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let state = &mut self.faults[fault];
        let on: Vec<u32> = state.active.iter().map(|(period, _)| *period).collect();
        let mut number = 0;
        state.periods.retain_mut(|(start, stop)| {
            let is_on = on.contains(&number);
            number += 1;
            if is_on {
                *stop = now;
            }
            // What begins at this very instant, and has not yet, does not come.
            is_on || *start < now
        });
        for period in on {
            self.fault_off(fault, period, agenda);
        }
    }

    /// A parameter is set: from now on the world goes by another plan.
    fn set(&mut self, site: ChangeId, change: ChangeId, agenda: &mut Agenda<Event>) {
        let set = &mut self.control.set;
        match set.binary_search_by_key(&site, |(site, _)| *site) {
            Ok(at) => set[at].1 = change,
            Err(at) => set.insert(at, (site, change)),
        }
        let before = self.plan;
        self.plan = self.written.changed(set.iter().map(|(_, change)| *change));
        self.tell_policies(before, agenda);
        for (edge, state) in self.plan.edges.iter().zip(&mut self.edges) {
            state.lanes = EdgeState::lanes(edge, agenda);
        }
        self.work += STEPS_PER_SET;
        // Where there are more threads or places than before they take up what waits.
        for instance in self.instances.keys() {
            let state = &self.instances[instance];
            let serves = usize::from(state.service) < self.plan.services.len();
            if serves && state.down == 0 && state.frozen == 0 {
                while self.accept(instance) {}
                self.fill_threads(instance, agenda);
            }
        }
    }

    /// Policies whose settings have changed bring their memories over, and may let in who waits at them.
    fn tell_policies(&mut self, before: &Plan, agenda: &mut Agenda<Event>) {
        let plan = self.plan;
        for ((edge, was), is) in before.edges.iter_enumerated().zip(&plan.edges) {
            for (layer, (was, is)) in was.layers.iter().zip(&is.layers).enumerate() {
                if was.spec == is.spec {
                    continue;
                }
                for memory in plan.edges[edge].memories_of(layer) {
                    let own = &mut self.edges[edge].memories[memory];
                    let free = is.spec.on_set(own, &was.spec, agenda.now());
                    self.watch(edge, layer, memory, agenda.now());
                    self.work += 1;
                    if free > 0 && is.parks {
                        self.wake_at(edge, memory, layer, free, agenda);
                    }
                }
            }
        }
    }

    /// By controller: how often it did something, and the first things that it did.
    #[must_use]
    pub fn deeds(&self) -> &TiSlice<ControllerId, (u64, Vec<Deed>)> {
        &self.control.deeds
    }
}
