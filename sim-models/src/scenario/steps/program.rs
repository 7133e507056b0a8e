//! What steps are compiled to: one flat list of instructions, which the world runs.

use crate::ids::{ArmId, BranchId, CodeId, DistId, EdgeId, EndpointId, KeeperId, PoolId};

/// One instruction of a program. The set is closed and small: a new kind of step is a new arrangement of these, unless
/// it needs a verb that the world does not have yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// Needs a core for a duration.
    Work {
        /// The distribution.
        dist: DistId,
    },
    /// Waits for a duration.
    Wait {
        /// The distribution.
        dist: DistId,
    },
    /// Calls an endpoint.
    Call {
        /// The edge.
        edge: EdgeId,
        /// The endpoint.
        endpoint: EndpointId,
        /// Whether its failure only degrades the answer.
        optional: bool,
    },
    /// Starts branches and waits for them.
    Parallel {
        /// The first branch.
        first: BranchId,
        /// How many branches.
        count: u16,
        /// How many must succeed.
        need: u16,
    },
    /// Goes on at one of several places.
    Choice {
        /// The first arm.
        first: ArmId,
        /// How many arms.
        count: u16,
    },
    /// Goes on elsewhere.
    Jump(CodeId),
    /// Draws how often a loop runs; past `end` if never.
    LoopBegin {
        /// The distribution.
        dist: DistId,
        /// Which of the frame's loop counters.
        slot: u16,
        /// Where the program goes on after it.
        end: CodeId,
    },
    /// Goes back to `begin` while rounds are left.
    LoopEnd {
        /// Which of the frame's loop counters.
        slot: u16,
        /// The first instruction of the loop.
        begin: CodeId,
    },
    /// Ends with an error.
    Fail {
        /// Share of the requests that end here.
        share: f32,
        /// HTTP-like status.
        status: u16,
    },
    /// Takes one out of a pool of the instance; waits for it if none is left.
    Acquire {
        /// The pool.
        pool: PoolId,
    },
    /// Gives one back to a pool of the instance.
    Release {
        /// The pool.
        pool: PoolId,
    },
    /// Asks a step that keeps something whether to go on here, or past what stands inside of it.
    Decide {
        /// The step.
        keeper: KeeperId,
        /// Where the program goes on past it.
        past: CodeId,
    },
    /// Tells such a step that the request has got through what stands inside of it.
    Done {
        /// The step.
        keeper: KeeperId,
    },
    /// Ends well.
    End,
}

/// How deep `repeat` may be nested.
pub const LOOP_DEPTH: usize = 4;
