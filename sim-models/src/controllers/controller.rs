//! What every controller is asked, and what it may answer.

use super::Action;
use crate::expression::Belief;
use crate::ids::ActionId;
use sim_core::{SimDuration, SimTime};
use std::fmt::Debug;

/// What a controller is told of while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Watches<'a> {
    /// Nothing but its own clock.
    Clock,
    /// The instances of this service that die, and those that are started again.
    Deaths(&'a str),
    /// Whether something holds over the time `over` that has just passed: it looks at the end of each window of the
    /// series, from the first on by which so much time has passed.
    Condition {
        /// What has to hold.
        when: &'a Belief,
        /// The span up to the moment of looking over which it is measured, rounded up to whole windows.
        over: SimDuration,
    },
}

/// What a controller wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Nothing.
    Nothing,
    /// Ask it again after this span.
    Wake {
        /// How long from now.
        after: SimDuration,
        /// Which of its timers that is.
        timer: u32,
    },
    /// One of its actions; it is asked again when that is done.
    Act(ActionId),
    /// Start an instance again that is down: its number within the service.
    Start(u32),
    /// Leave an instance down for good: its number within the service.
    GiveUp(u32),
    /// Of a governor: let go what waits under this ticket.
    Release(u32),
    /// Of a governor: let go all that it holds back.
    ReleaseAll,
    /// Of a governor: drop all that it holds back.
    DropAll,
}

/// What another controller is about to do, as a governor is asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The service whose instances it acts on, by number, how many of them, and how many there are.
    pub instances: Option<(u32, u32, u32)>,
}

/// What a governor says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It may go on at once.
    Granted,
    /// It waits for this span; then the governor is asked by [`Controller::on_timer`], with its ticket as the timer.
    After(SimDuration),
    /// It is held back, and a human is alerted, who comes to [`Controller::on_timer`] after this span.
    Alert {
        /// How long from now.
        after: SimDuration,
        /// Which timer that is.
        timer: u32,
    },
    /// It is held back until a human who has been alerted decides.
    Held,
    /// It does not come.
    Denied,
}

/// What a controller knows when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The simulated time.
    pub now: SimTime,
}

/// A kind of controller. Its hooks change nothing but its own memory.
pub trait Controller {
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// What it remembers: plain data, so that the world stays a value.
    type Memory: Clone + PartialEq + Debug;
    /// What it remembers at the start, of so many instances of the service that it watches.
    fn memory(&self, instances: usize) -> Self::Memory;
    /// What it is told of.
    fn watches(&self) -> Watches<'_>;
    /// What it may do, in order.
    fn actions(&self) -> &[Action] {
        &[]
    }
    /// The run begins.
    fn on_start(&self, _: &mut Self::Memory, _: &Context) -> Do {
        Do::Nothing
    }
    /// It has looked: whether what it watches holds.
    fn on_look(&self, _: &mut Self::Memory, _holds: bool, _: &Context) -> Do {
        Do::Nothing
    }
    /// An instance has died.
    fn on_death(&self, _: &mut Self::Memory, _instance: u32, _: &Context) -> Do {
        Do::Nothing
    }
    /// An instance is being started by somebody else.
    fn on_started(&self, _: &mut Self::Memory, _instance: u32, _: &Context) {}
    /// A span that it asked for is over.
    fn on_timer(&self, _: &mut Self::Memory, _timer: u32, _: &Context) -> Do {
        Do::Nothing
    }
    /// The names of the controllers that it stands before, if it is a governor; all others where none is named.
    fn governs(&self) -> Option<&[String]> {
        None
    }
    /// One of those that it stands before is about to act.
    fn on_asked(&self, _: &mut Self::Memory, _asked: &Asked, _: &Context) -> Leave {
        Leave::Granted
    }
    /// An action that it asked for is done.
    fn on_done(&self, _: &mut Self::Memory, _action: ActionId, _: &Context) -> Do {
        Do::Nothing
    }
    /// Whether it will never act again, so that it need not look any more.
    fn is_over(&self, _: &Self::Memory) -> bool {
        false
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
