//! The state of a run and what events do to it.
//!
//! The world is a value: arenas of plain data and ids between them. [`World::handle`] is the only
//! place where events are dispatched; the files beside this one hold what there is, and what events do:
//!
//! - `frame`, `instance`, `edge`, `state`: requests at their instances, these, calls, and all of it together;
//! - `load`: requests arrive, users think and lose patience;
//! - `call`: the caller's side of a call, its attempts, answers, giving up; `policies` and `timers`: what policies say to it;
//!   `memories`: which of theirs is meant; `legs`: tries beside each other; `rooms`: calls that wait at a policy;
//!   `balance`: whom it calls, `tried`: whom it has;
//!   `watch`: which of the states of policies have turned, `ahead`: what a door
//!   knows of them before work begins;
//! - `door`: the same policies where a request comes in;
//! - `serve`: the callee's side; `queue`: who waits there; `pool`: its threads and cores; `steps` and `branches`: its programs;
//!   `permits` and `acquire`: what these hold out of the pools of an instance; `kept` and `decide`: what it keeps for its steps;
//! - `network`: messages over links;
//! - `disturb`: faults come and go; `lives`: instances die and are started again;
//! - `control`, `control_state`: controllers act, and what they remember; `govern`: who has to allow it;
//! - `audit`: nothing is lost or counted twice.

pub mod frame;
mod event;
mod cores;
mod waiting_room;
mod permits;
mod kept;
mod instance;
mod edge;
mod tried;
mod control_state;
mod state;
mod audit;
mod log;
mod story;
mod network;
mod memories;
mod balance;
mod legs;
mod watch;
mod ahead;
mod policies;
mod drive;
mod timers;
mod rooms;
mod call;
mod door;
mod queue;
mod pool;
mod acquire;
mod decide;
mod branches;
mod steps;
mod serve;
mod load;
mod disturb;
mod lives;
mod govern;
mod control;

pub use audit::Census;
pub use control_state::{Deed, What};
pub(crate) use disturb::first_fault;
pub use edge::bytes_per_call;
pub use event::Event;
pub use instance::Instance;
pub use state::{Told, World};

use frame::FrameId;
use sim_core::SimTime;
use sim_core::agenda::Agenda;
use sim_core::engine::Model;
use state::MOST_AT_ONCE;
impl World<'_> {
    #[inline]
    fn dispatch(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        match event {
            Event::Arrival { workload } => self.arrival(workload, agenda),
            Event::Seek { workload } => self.seek(workload, agenda),
            Event::Thought { workload, user } => self.ask(workload, user, agenda),
            Event::Impatient(id) => self.with(id, agenda, Self::impatient),
            // A frozen instance still has a queue and a backlog.
            Event::Deliver(id) => self.with(id, agenda, Self::deliver),
            Event::Answer(id) => self.answer(event, id, agenda),
            Event::Withdraw(id) => self.at_instance(event, id, agenda, Self::withdraw),
            Event::StepEnd(id) => self.at_instance(event, id, agenda, Self::step_end),
            Event::Start(id) => self.at_instance(event, id, agenda, Self::start),
            Event::Continue(id) => self.at_instance(event, id, agenda, Self::advance),
            Event::Expire(id) => self.at_instance(event, id, agenda, Self::expire),
            Event::WaitedEnough(id) => self.at_instance(event, id, agenda, Self::waited_enough),
            Event::CoreFree { instance } => self.core_free(instance, agenda),
            Event::PolicyTimer {
                frame,
                layer,
                again,
            } => self.timer(frame, layer, again, agenda),
            Event::Overdue {
                frame,
                layer,
                again,
            } => self.overdue(frame, layer, again, agenda),
            Event::Woken { frame, layer } => {
                self.at_instance(event, frame, agenda, |world, index, agenda| {
                    world.woken(index, usize::from(layer), agenda);
                });
            }
            Event::FaultOn { fault, period } => self.fault_on(fault, period, agenda),
            Event::FaultOff { fault, period } => self.fault_off(fault, period, agenda),
            Event::Booted { instance } => self.booted(instance, agenda),
            Event::Relapse { instance } => self.relapse(instance, agenda),
            Event::Look { controller } => self.look(controller, agenda),
            Event::Wake { controller, timer } => self.wake_controller(controller, timer, agenda),
            Event::Act {
                controller,
                action,
                part,
            } => self.act(controller, action, part, agenda),
        }
    }

    /// Does something with a frame, if it has not ended.
    #[inline]
    fn with(
        &mut self,
        id: FrameId,
        agenda: &mut Agenda<Event>,
        act: impl FnOnce(&mut Self, u32, &mut Agenda<Event>),
    ) {
        if let Some(index) = self.frames.alive(id) {
            act(self, index, agenda);
        }
    }

    /// Does something with a frame at its instance; what happens at a frozen instance waits in its
    /// inbox until it wakes.
    #[inline]
    fn at_instance(
        &mut self,
        event: Event,
        id: FrameId,
        agenda: &mut Agenda<Event>,
        act: impl FnOnce(&mut Self, u32, &mut Agenda<Event>),
    ) {
        if let Some(index) = self.frames.alive(id) {
            let instance = &mut self.instances[self.frames[index].instance];
            if instance.frozen > 0 {
                instance.inbox.push_back(event);
            } else {
                act(self, index, agenda);
            }
        }
    }
}
impl Model for World<'_> {
    type Event = Event;

    #[inline]
    fn words(event: &Event) -> [u64; 2] {
        event.words()
    }

    #[inline]
    fn handle(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        self.rounds = 0;
        self.dispatch(event, agenda);
        let (mut at, mut handled) = (0, 0);
        while let Some(&next) = self.now_next.get(at) {
            handled += 1;
            if handled > MOST_AT_ONCE {
                // A chain that takes no time must pass where budgets are looked at.
                for event in self.now_next.drain(at..) {
                    agenda.schedule_at(agenda.now(), event);
                }
                self.now_next.clear();
                return;
            }
            at += 1;
            if at == self.now_next.len() {
                self.now_next.clear();
                at = 0;
            }
            self.work += 1;
            self.dispatch(next, agenda);
        }
    }

    #[inline]
    fn work(&self) -> u64 {
        self.work + self.frames.added()
    }

    fn in_flight(&self) -> u64 {
        self.frames.in_use() as u64
    }

    fn memory(&self) -> usize {
        self.frames.memory()
            + self.slots.slots.len() * size_of::<edge::Slot>()
            + self.log_memory()
            + self.chosen * size_of::<u32>()
            + self.pools.memory()
            + self.tried.memory()
            + self.sent.len() * size_of::<SimTime>()
            + self.recorder.memory()
    }

    fn stalled(&self, now: SimTime) -> bool {
        self.in_circle(now).next().is_some()
    }
}
