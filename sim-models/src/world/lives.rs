//! Instances die and are started again: by the fault itself when it has gone, or by whoever watches over them.
//!
//! `down` of an instance counts what holds it down: faults, and starts under way. Of a service that a supervisor
//! watches over it is 1 or 0: no fault holds such an instance down, it is down from its death to the end of a start
//! that it survives, and what is on then is looked up in the faults.

use super::control_state::What;
use super::disturb::hit;
use super::event::Event;
use super::state::{LOOKS_PER_STEP, World};
use crate::faults::Effect;
use crate::ids::{ControllerId, FaultId, InstanceId};
use crate::plan::WatchPlan;
use sim_core::agenda::{Agenda, EventId};
use sim_core::{SimDuration, SimTime};

impl World<'_> {
    /// The supervisor of an instance, if it has one.
    fn supervisor(&self, instance: InstanceId) -> Option<ControllerId> {
        if self.control.lives.is_empty() {
            return None;
        }
        let own = self.plan.instances[instance].place.service();
        let mut all = self.plan.controllers.iter_enumerated();
        let watches = |watches: &WatchPlan| matches!(watches, WatchPlan::Deaths { service } if *service == own);
        all.find_map(|(id, controller)| watches(&controller.watches).then_some(id))
    }

    /// A fault has an instance die.
    pub(super) fn crash(
        &mut self,
        fault: FaultId,
        instance: InstanceId,
        agenda: &mut Agenda<Event>,
    ) {
        let supervisor = self.supervisor(instance);
        let state = &mut self.instances[instance];
        let was_up = state.down == 0;
        if supervisor.is_none() || was_up {
            state.down += 1;
        }
        // What is down dies no more; a start under way finds out about the fault at its end.
        if !was_up {
            return;
        }
        let lost = self.kill(instance, "is lost in a crash", agenda);
        self.faults[fault].touched += lost;
        if let Some(supervisor) = supervisor {
            self.died(supervisor, fault, instance, agenda);
        }
    }

    /// A supervisor hears of a death.
    fn died(
        &mut self,
        supervisor: ControllerId,
        fault: FaultId,
        instance: InstanceId,
        agenda: &mut Agenda<Event>,
    ) {
        let Effect::Down { boot, .. } = self.plan.faults[fault].effect else {
            return;
        };
        let life = &mut self.control.lives[instance];
        life.boot = boot;
        agenda.cancel(life.relapse);
        life.relapse = EventId::NONE;
        let number = self.plan.instances[instance].number;
        let answer = self.ask_controller(supervisor, agenda, |spec, memory, context| {
            spec.on_death(memory, number, context)
        });
        self.carry_out(supervisor, answer, agenda);
    }

    /// A fault lets go of an instance that it held down.
    pub(super) fn released(
        &mut self,
        instance: InstanceId,
        boot: SimDuration,
        agenda: &mut Agenda<Event>,
    ) {
        if self.supervisor(instance).is_some() {
            return;
        }
        self.boot(instance, boot, agenda);
    }

    /// An instance boots: the event at which it is up; none if it is so at once.
    fn boot(
        &mut self,
        instance: InstanceId,
        boot: SimDuration,
        agenda: &mut Agenda<Event>,
    ) -> Option<EventId> {
        if boot.0 > 0 {
            return Some(agenda.schedule_after(boot, Event::Booted { instance }));
        }
        self.booted(instance, agenda);
        None
    }

    /// A start is over.
    #[cold]
    pub(super) fn booted(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let Some(supervisor) = self.supervisor(instance) else {
            self.instances[instance].down -= 1;
            return;
        };
        self.control.lives[instance].starts = EventId::NONE;
        match self.cause(instance) {
            None => self.instances[instance].down = 0,
            Some((fault, SimDuration::ZERO)) => self.died(supervisor, fault, instance, agenda),
            Some((_, lives)) => {
                self.instances[instance].down = 0;
                let relapse = agenda.schedule_after(lives, Event::Relapse { instance });
                self.control.lives[instance].relapse = relapse;
            }
        }
    }

    /// An instance has lived for as long as its crash lets it.
    #[cold]
    pub(super) fn relapse(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        self.control.lives[instance].relapse = EventId::NONE;
        if let Some((fault, _)) = self.cause(instance) {
            self.crash(fault, instance, agenda);
        }
    }

    /// A supervisor starts an instance again.
    pub(super) fn start_again(
        &mut self,
        supervisor: ControllerId,
        number: u32,
        agenda: &mut Agenda<Event>,
    ) {
        let WatchPlan::Deaths { service } = self.plan.controllers[supervisor].watches else {
            return;
        };
        let instance = self.plan.service_places()[service]
            .first_instance
            .offset(number);
        let what = What::Started(instance);
        self.control.note(agenda.now(), supervisor, what);
        self.let_go(instance, agenda.now());
        let boot = self.control.lives[instance].boot;
        self.begin_start(instance, boot, agenda);
    }

    /// An operator restarts an instance, up or down.
    pub(super) fn restart(
        &mut self,
        instance: InstanceId,
        boot: SimDuration,
        agenda: &mut Agenda<Event>,
    ) {
        let was_up = self.instances[instance].down == 0;
        self.let_go(instance, agenda.now());
        let supervisor = self.supervisor(instance);
        if supervisor.is_none() || was_up {
            self.instances[instance].down += 1;
        }
        if was_up {
            self.kill(instance, "is lost in a restart", agenda);
        }
        let Some(supervisor) = supervisor else {
            return self.released(instance, boot, agenda);
        };
        let life = &mut self.control.lives[instance];
        for event in [life.relapse, life.starts] {
            agenda.cancel(event);
        }
        life.relapse = EventId::NONE;
        let number = self.plan.instances[instance].number;
        self.ask_controller(supervisor, agenda, |spec, memory, context| {
            spec.on_started(memory, number, context);
        });
        self.begin_start(instance, boot, agenda);
    }

    /// An instance of a supervised service starts.
    fn begin_start(&mut self, instance: InstanceId, boot: SimDuration, agenda: &mut Agenda<Event>) {
        if let Some(starts) = self.boot(instance, boot, agenda) {
            self.control.lives[instance].starts = starts;
        }
    }

    /// The fault that has an instance die which is started now, and how long it lives.
    fn cause(&mut self, instance: InstanceId) -> Option<(FaultId, SimDuration)> {
        let mut looked = 0;
        let faults = self.plan.faults.iter_enumerated().zip(&self.faults);
        let causes = faults.filter_map(|((fault, plan), state)| {
            let Effect::Down { lives, .. } = plan.effect else {
                return None;
            };
            let on = state.active.iter().map(|(period, targets)| {
                let targets = hit(plan, targets);
                looked += targets.len() as u64;
                let stays = state.periods[*period as usize].1 == SimTime::MAX;
                let lives = if stays { SimDuration::ZERO } else { lives };
                targets.contains(&instance).then_some((fault, lives))
            });
            on.flatten().min_by_key(|(_, lives)| *lives)
        });
        let cause = causes.min_by_key(|(_, lives)| *lives);
        self.work += looked / LOOKS_PER_STEP;
        cause
    }

    /// The crashes of an instance that have no end of their own are over for it. One that has nothing left has ended.
    fn let_go(&mut self, instance: InstanceId, now: SimTime) {
        let supervised = self.supervisor(instance).is_some();
        let mut looked = 0;
        for (plan, state) in self.plan.faults.iter().zip(&mut self.faults) {
            if !matches!(plan.effect, Effect::Down { .. }) {
                continue;
            }
            let periods = &mut state.periods;
            state.active.retain_mut(|(period, targets)| {
                let stop = &mut periods[*period as usize].1;
                let hit = hit(plan, targets);
                looked += hit.len() as u64;
                if *stop < SimTime::MAX || !hit.contains(&instance) {
                    return true;
                }
                let hit = targets.get_or_insert_with(|| {
                    self.chosen += plan.candidates.len();
                    plan.candidates.instances().to_vec()
                });
                hit.retain(|other| *other != instance);
                self.chosen -= 1;
                if !supervised {
                    self.instances[instance].down -= 1;
                }
                if hit.is_empty() {
                    *stop = now;
                }
                !hit.is_empty()
            });
        }
        self.work += looked / LOOKS_PER_STEP;
    }
}
