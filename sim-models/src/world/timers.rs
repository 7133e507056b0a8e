//! The timers of policies run out: a wait at a policy is over, or what is inside it has taken its time.

use super::drive::Way;
use super::edge::Stage;
use super::event::Event;
use super::frame::FrameId;
use super::state::World;
use crate::ids::InstanceId;
use crate::outcome::{Ending, Outcome};
use crate::plan::EdgePlan;
use crate::resilience::{Do, Ended};
use sim_core::agenda::{Agenda, EventId};

impl<'p> World<'p> {
    /// The timer of a policy runs out. An instance that stands still sees it when it wakes.
    pub(super) fn timer(
        &mut self,
        id: FrameId,
        layer: u16,
        again: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(index) = self.frames.alive(id) else {
            return;
        };
        let instance = &mut self.instances[self.frames[index].instance];
        if instance.frozen > 0 {
            instance.inbox.push_back(Event::Overdue {
                frame: id,
                layer,
                again,
            });
            self.slot(index, usize::from(layer)).overdue = true;
        } else {
            self.policy_timer(index, usize::from(layer), again, agenda);
        }
    }

    /// An instance that has stood still sees that a timer ran out meanwhile, unless what it saw
    /// before (an answer) has ended the attempt, or the call.
    #[cold]
    pub(super) fn overdue(
        &mut self,
        id: FrameId,
        layer: u16,
        again: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(index) = self.frames.alive(id) else {
            return;
        };
        let layer = usize::from(layer);
        if self.is_at(index, layer) && self.slot(index, layer).overdue {
            self.policy_timer(index, layer, again, agenda);
        }
    }

    /// The timer of a policy runs out: a wait is over, or time is up.
    fn policy_timer(&mut self, index: u32, layer: usize, again: bool, agenda: &mut Agenda<Event>) {
        let plan = self.edge_of(index);
        let slot = self.slot(index, layer);
        slot.timer = EventId::NONE;
        slot.overdue = false;
        let waited = slot.stage != Stage::Inside;
        if slot.stage == Stage::Parked {
            self.unpark(index, plan, layer);
        }
        if again {
            let way = self.let_in(index, plan, layer);
            return self.drive(index, way, agenda);
        }
        let answer = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_timer(memory, call, context),
        );
        let way = if waited {
            self.on_the_way_in(index, plan, layer, answer, agenda)
        } else {
            self.while_inside(index, plan, layer, answer, agenda)
        };
        self.drive(index, way, agenda);
    }

    /// Does what a policy says to a call that has been inside it for a while.
    fn while_inside(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        answer: Do,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        match answer {
            Do::Pass => Way::Stay,
            Do::PassFor(span) => {
                self.set_timer(index, layer, false, span, agenda);
                Way::Stay
            }
            Do::Beside(next) => self.beside(index, layer, next, agenda),
            Do::End(ending, last) => {
                // The callee has not answered in time; but one that was never asked is not to blame.
                let asked = self.frames[index].callee_instance != InstanceId::NONE;
                let place = if asked {
                    plan.callee.into()
                } else {
                    plan.caller
                };
                let ending = ending.or_at(place);
                self.tell(index, agenda.now(), || {
                    format!(
                        "{} expires: {}",
                        plan.layers[layer].spec.name(),
                        ending.outcome.name()
                    )
                });
                let ended = self.given_up(index, ending);
                self.abandon(index, plan, layer + 1, &ended, agenda);
                let ended = Ended {
                    last,
                    given_up: false,
                    ..ended
                };
                self.leave_policy(index, plan, layer, &ended, agenda);
                Way::Out(layer, ended)
            }
            Do::Again(span) => {
                let ended = self.given_up(index, Ending::of(Outcome::Cancelled));
                self.abandon(index, plan, layer + 1, &ended, agenda);
                self.again(index, plan, layer, (ended, span), agenda)
            }
            Do::Elsewhere(target) => Way::Elsewhere(layer, target),
            Do::Wait(_) | Do::Park(_) | Do::Hold => {
                unreachable!("no answer to a call that is inside: {answer:?}")
            }
        }
    }
}
