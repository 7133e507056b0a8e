//! Everything that can happen in a run.

use super::frame::FrameId;
use crate::ids::{ActionId, ControllerId, FaultId, InstanceId, WorkloadId};

/// Everything that can happen.
///
/// The kind takes as much as a number, so that copies move whole words: with one byte for it, what was copied in odd
/// pieces is read as words just after, and the processor waits for each event (a tenth of a run's time, measured).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Event {
    /// The next request (or batch) of an open workload arrives.
    Arrival {
        /// Index of the workload.
        workload: WorkloadId,
    },
    /// The search for the next arrival of an open workload goes on.
    Seek {
        /// Index of the workload.
        workload: WorkloadId,
    },
    /// A user of a closed workload has thought.
    Thought {
        /// Index of the workload.
        workload: WorkloadId,
        /// Which user.
        user: u32,
    },
    /// A user loses patience with a request.
    Impatient(FrameId),
    /// A request reaches its instance.
    Deliver(FrameId),
    /// An answer reaches its caller.
    Answer(FrameId),
    /// Word that its caller has gone reaches a request.
    Withdraw(FrameId),
    /// A step ends.
    StepEnd(FrameId),
    /// A request that waited has got a thread.
    Start(FrameId),
    /// A request goes on after its step.
    Continue(FrameId),
    /// The first of the threads that share the cores of an instance is done.
    CoreFree {
        /// Index of the instance.
        instance: InstanceId,
    },
    /// The timer of a policy runs out.
    PolicyTimer {
        /// Whose call.
        frame: FrameId,
        /// Which policy of its edge.
        layer: u16,
        /// The timer was a backoff: now all that is inside the policy is tried again.
        again: bool,
    },
    /// The timer of a policy ran out while its instance stood still.
    Overdue {
        /// Whose call.
        frame: FrameId,
        /// Which policy of its edge.
        layer: u16,
        /// See [`Event::PolicyTimer`].
        again: bool,
    },
    /// A call that was parked at a policy goes on.
    Woken {
        /// Whose call.
        frame: FrameId,
        /// Which policy of its edge.
        layer: u16,
    },
    /// The deadline that a request was told of passes.
    Expire(FrameId),
    /// A request has waited for something out of a pool for as long as it may.
    WaitedEnough(FrameId),
    /// A fault comes.
    FaultOn {
        /// Index of the fault.
        fault: FaultId,
        /// Which of its periods.
        period: u32,
    },
    /// A fault goes.
    FaultOff {
        /// Index of the fault.
        fault: FaultId,
        /// Which of its periods.
        period: u32,
    },
    /// An instance has started again.
    Booted {
        /// Index of the instance.
        instance: InstanceId,
    },
    /// An instance that was started while its crash is still on dies again.
    Relapse {
        /// Index of the instance.
        instance: InstanceId,
    },
    /// A controller looks whether what it watches holds.
    Look {
        /// Index of the controller.
        controller: ControllerId,
    },
    /// A span that a controller asked for is over.
    Wake {
        /// Index of the controller.
        controller: ControllerId,
        /// Which of its timers.
        timer: u32,
    },
    /// An action of a controller goes on.
    Act {
        /// Index of the controller.
        controller: ControllerId,
        /// Index of its action.
        action: ActionId,
        /// Which part of it, from 0.
        part: u32,
    },
}

const _: () = assert!(
    size_of::<Event>() <= 16,
    "events are small: the agenda copies them"
);

impl Event {
    /// What it is, for the digest: a number of its kind, and whom it concerns.
    #[inline]
    pub(super) fn words(&self) -> [u64; 2] {
        if let Some((kind, id)) = self.of_frame() {
            return frame_words(kind, id);
        }
        self.other_words()
    }

    /// The number of its kind, and the frame, of an event that concerns one and nothing else. These are most of all
    /// events: as a table of numbers it costs no jump.
    #[inline]
    fn of_frame(&self) -> Option<(u64, FrameId)> {
        Some(match *self {
            Event::Impatient(id) => (3, id),
            Event::Deliver(id) => (4, id),
            Event::Answer(id) => (5, id),
            Event::Withdraw(id) => (6, id),
            Event::StepEnd(id) => (7, id),
            Event::Start(id) => (8, id),
            Event::Continue(id) => (9, id),
            Event::Expire(id) => (12, id),
            Event::WaitedEnough(id) => (24, id),
            _ => return None,
        })
    }

    fn other_words(&self) -> [u64; 2] {
        match self {
            Event::Arrival { workload } => [1, u64::from(*workload)],
            Event::Seek { workload } => [17, u64::from(*workload)],
            Event::Thought { workload, user } => [2 | u64::from(*workload) << 32, u64::from(*user)],
            Event::CoreFree { instance } => [10, u64::from(*instance)],
            Event::PolicyTimer {
                frame: id,
                layer,
                again,
            } => frame_words(11 | u64::from(*again) << 8 | u64::from(*layer) << 16, *id),
            Event::FaultOn { fault, period } => [13 | u64::from(*fault) << 32, u64::from(*period)],
            Event::FaultOff { fault, period } => [14 | u64::from(*fault) << 32, u64::from(*period)],
            Event::Booted { instance } => [15, u64::from(*instance)],
            Event::Overdue {
                frame: id, layer, ..
            } => frame_words(16 | u64::from(*layer) << 16, *id),
            Event::Woken { frame: id, layer } => frame_words(18 | u64::from(*layer) << 16, *id),
            Event::Relapse { instance } => [19, u64::from(*instance)],
            Event::Look { controller } => [20, u64::from(*controller)],
            Event::Wake { controller, timer } => {
                [21 | u64::from(*controller) << 32, u64::from(*timer)]
            }
            Event::Act {
                controller,
                action,
                part,
            } => {
                let what = 22 | u64::from(*controller) << 32 | u64::from(*action) << 48;
                [what, u64::from(*part)]
            }
            Event::Impatient(_)
            | Event::Deliver(_)
            | Event::Answer(_)
            | Event::Withdraw(_)
            | Event::StepEnd(_)
            | Event::Start(_)
            | Event::Continue(_)
            | Event::Expire(_)
            | Event::WaitedEnough(_) => unreachable!("{self:?} concerns a frame"),
        }
    }
}

/// The words of an event that concerns a frame.
#[inline]
fn frame_words(kind: u64, id: FrameId) -> [u64; 2] {
    [kind | u64::from(id.index) << 32, u64::from(id.generation)]
}
