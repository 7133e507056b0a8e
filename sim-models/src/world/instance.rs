//! An instance while a run goes on.

use super::cores::Cores;
use super::event::Event;
use super::frame::FrameId;
use crate::ids::{FaultId, PlaceId, ServiceId};
use crate::plan::Plan;
use crate::queues::{Line, OrderSpec, Queue};
use sim_core::SimDuration;
use std::collections::VecDeque;

/// An instance of a service, or a workload as a caller.
#[derive(Clone, Debug)]
pub struct Instance {
    /// A workload's instance has one that there is not.
    pub(super) service: ServiceId,
    pub(super) busy: u32,
    pub(super) queue: Queue,
    pub(super) backlog: Line,
    pub(super) ready: Line,
    pub(super) cores: Cores,
    /// Faults that hold it down, and boots under way.
    pub(super) down: u32,
    /// Faults that freeze it.
    pub(super) frozen: u32,
    /// Faults on its requests.
    pub(super) faults: Vec<FaultId>,
    /// What reached it while it was frozen.
    pub(super) inbox: VecDeque<Event>,
    /// Steps that it was in when it froze, and what was left of them.
    pub(super) paused: Vec<(FrameId, SimDuration)>,
}

impl Instance {
    pub(super) fn new(plan: &Plan, place: PlaceId) -> Self {
        let service = plan.services.get(place.service());
        let cores = service.and_then(|service| service.cores);
        let order = service.map_or(OrderSpec::default(), |service| service.queue_order);
        Self {
            service: place.service(),
            busy: 0,
            queue: order.queue(),
            backlog: Line::EMPTY,
            ready: Line::EMPTY,
            cores: Cores::new(cores),
            down: 0,
            frozen: 0,
            faults: Vec::new(),
            inbox: VecDeque::new(),
            paused: Vec::new(),
        }
    }
}
