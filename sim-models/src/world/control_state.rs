//! What controllers remember, what they have set, and what they did.

use crate::controllers::{Do, Memory};
use crate::ids::{ActionId, ChangeId, ControllerId, InstanceId, TiVec};
use sim_core::agenda::EventId;
use sim_core::{SimDuration, SimTime};

/// Something that a controller did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: SimTime,
    /// Index of the controller.
    pub controller: ControllerId,
    /// What.
    pub what: What,
}

/// What a controller did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One of its actions, by its index.
    Acted(ActionId),
    /// It started this instance again.
    Started(InstanceId),
    /// It left this instance down for good.
    GaveUp(InstanceId),
    /// It has what another one is about to do wait for this span.
    Delayed(ControllerId, SimDuration),
    /// It holds back what another one is about to do.
    Held(ControllerId),
    /// It alerted a human.
    Alerted,
    /// The human lifted its limit: so many things go on.
    Lifted(u32),
    /// The human confirmed its limit: so many things are dropped.
    Confirmed(u32),
    /// What another one is about to do does not come.
    Denied(ControllerId),
}

/// What a governor has wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) governor: ControllerId,
    pub(super) who: ControllerId,
    /// None once it has been let go, or dropped.
    pub(super) what: Option<Do>,
}

/// A supervised instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// How long it takes to start, from the fault by which it died.
    pub(super) boot: SimDuration,
    /// The end of its start, while it starts.
    pub(super) starts: EventId,
    /// Its next death, where its crash is still on.
    pub(super) relapse: EventId,
}

impl Life {
    pub(super) const NEW: Self = Self {
        boot: SimDuration::ZERO,
        starts: EventId::NONE,
        relapse: EventId::NONE,
    };
}

/// All that belongs to controllers.
#[derive(Clone, Debug, Default)]
pub(super) struct Control {
    pub(super) memories: TiVec<ControllerId, Memory>,
    /// Key of the choices of what is restarted.
    pub(super) key: u64,
    /// What has been set: place and change, in the order of the places.
    pub(super) set: Vec<(ChangeId, ChangeId)>,
    /// By instance; empty where no service is supervised.
    pub(super) lives: TiVec<InstanceId, Life>,
    /// What governors have wait, by ticket.
    pub(super) waiting: Vec<Waiting>,
    /// By controller: how often it did something, and the first [`Control::MOST`] of what it did.
    pub(super) deeds: TiVec<ControllerId, (u64, Vec<Deed>)>,
}

impl Control {
    /// The most deeds of a controller that are kept.
    const MOST: usize = 1000;

    pub(super) fn note(&mut self, at: SimTime, controller: ControllerId, what: What) {
        let (count, deeds) = &mut self.deeds[controller];
        *count += 1;
        if deeds.len() < Self::MOST {
            deeds.push(Deed {
                at,
                controller,
                what,
            });
        }
    }
}
