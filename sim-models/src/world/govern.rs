//! Governors are asked before others act, and what they have wait goes on or is dropped.

use super::control_state::{Waiting, What};
use super::event::Event;
use super::state::World;
use crate::controllers::{Asked, Do, Leave};
use crate::ids::{ControllerId, ServiceId};
use crate::plan::{ActionPlan, WatchPlan};
use sim_core::agenda::{Agenda, EventId};

impl World<'_> {
    /// Whether a controller may do at once what it is about to do. Otherwise a governor has it wait, or drops it.
    pub(super) fn may_act(
        &mut self,
        who: ControllerId,
        what: Do,
        agenda: &mut Agenda<Event>,
    ) -> bool {
        let Some(governor) = self.plan.controllers[who].governor else {
            return true;
        };
        let asked = self.asked(who, what);
        let leave = self.ask_controller(governor, agenda, |spec, memory, context| {
            spec.on_asked(memory, &asked, context)
        });
        let now = agenda.now();
        let ticket = self.control.waiting.len() as u32;
        let mut wait = |what| {
            let waiting = Waiting {
                governor,
                who,
                what: Some(what),
            };
            self.control.waiting.push(waiting);
        };
        match leave {
            Leave::Granted => return true,
            Leave::Denied => self.control.note(now, governor, What::Denied(who)),
            Leave::After(span) => {
                wait(what);
                let wake = Event::Wake {
                    controller: governor,
                    timer: ticket,
                };
                agenda.schedule_after(span, wake);
                self.control.note(now, governor, What::Delayed(who, span));
            }
            Leave::Held => {
                wait(what);
                self.control.note(now, governor, What::Held(who));
            }
            Leave::Alert { after, timer } => {
                wait(what);
                let wake = Event::Wake {
                    controller: governor,
                    timer,
                };
                agenda.schedule_after(after, wake);
                self.control.note(now, governor, What::Held(who));
                self.control.note(now, governor, What::Alerted);
            }
        }
        false
    }

    /// What a governor is told of something.
    fn asked(&self, who: ControllerId, what: Do) -> Asked {
        let plan = &self.plan.controllers[who];
        let of = |service: ServiceId, count: u32| {
            let all = self.plan.service_places()[service].instance_count;
            Some((u32::from(service.number()), count, all))
        };
        let instances = match (what, &plan.watches) {
            (Do::Start(_), WatchPlan::Deaths { service }) => of(*service, 1),
            (Do::Act(action), _) => match &plan.actions[action] {
                ActionPlan::Restart { candidates, .. } => candidates.first().and_then(|first| {
                    let place = self.plan.instances[*first].place;
                    of(usize::from(place).into(), candidates.len() as u32)
                }),
                _ => None,
            },
            _ => None,
        };
        Asked { instances }
    }

    /// What waits under a ticket goes on, unless it has already.
    pub(super) fn let_go_of(&mut self, ticket: u32, agenda: &mut Agenda<Event>) {
        let waiting = self.control.waiting.get_mut(ticket as usize);
        let Some((who, what)) = waiting.and_then(|one| Some((one.who, one.what.take()?))) else {
            return;
        };
        if let (Do::Start(number), WatchPlan::Deaths { service }) =
            (what, &self.plan.controllers[who].watches)
        {
            let first = self.plan.service_places()[*service].first_instance;
            let instance = first.offset(number);
            let starts = self.control.lives[instance].starts != EventId::NONE;
            // Somebody else has started it meanwhile.
            if starts || self.instances[instance].down == 0 {
                return;
            }
        }
        self.carry_out_now(who, what, agenda);
    }

    /// A human decides on all that a governor has wait: it goes on, or is dropped.
    pub(super) fn on_decision(
        &mut self,
        governor: ControllerId,
        lifts: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let waiting = self.control.waiting.iter().enumerate();
        let own = waiting.filter(|(_, one)| one.governor == governor && one.what.is_some());
        let tickets: Vec<u32> = own.map(|(ticket, _)| ticket as u32).collect();
        let count = tickets.len() as u32;
        let what = if lifts {
            What::Lifted(count)
        } else {
            What::Confirmed(count)
        };
        self.control.note(agenda.now(), governor, what);
        self.work += u64::from(count);
        for ticket in tickets {
            if lifts {
                self.let_go_of(ticket, agenda);
            } else {
                self.control.waiting[ticket as usize].what = None;
            }
        }
    }
}
