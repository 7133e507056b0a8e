//! What steps are compiled to: one flat list of instructions, which the world runs.

/// One instruction of a program. The set is closed and small: a new kind of step is a new arrangement of these, unless
/// it needs a verb that the world does not have yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// Needs a core for a duration.
    Work {
        /// Index of the distribution.
        dist: u32,
    },
    /// Waits for a duration.
    Wait {
        /// Index of the distribution.
        dist: u32,
    },
    /// Calls an endpoint.
    Call {
        /// Index of the edge.
        edge: u32,
        /// Index of the endpoint.
        endpoint: u32,
        /// Whether its failure only degrades the answer.
        optional: bool,
    },
    /// Starts branches and waits for them.
    Parallel {
        /// Index of the first branch.
        first: u32,
        /// How many branches.
        count: u16,
        /// How many must succeed.
        need: u16,
    },
    /// Goes on at one of several places.
    Choice {
        /// Index of the first arm.
        first: u32,
        /// How many arms.
        count: u16,
    },
    /// Goes on elsewhere.
    Jump(u32),
    /// Draws how often a loop runs; past `end` if never.
    LoopBegin {
        /// Index of the distribution.
        dist: u32,
        /// Which of the frame's loop counters.
        slot: u16,
        /// Where the program goes on after it.
        end: u32,
    },
    /// Goes back to `begin` while rounds are left.
    LoopEnd {
        /// Which of the frame's loop counters.
        slot: u16,
        /// The first instruction of the loop.
        begin: u32,
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
        /// Index of the pool.
        pool: u32,
    },
    /// Gives one back to a pool of the instance.
    Release {
        /// Index of the pool.
        pool: u32,
    },
    /// Ends well.
    End,
}

/// How deep `repeat` may be nested.
pub const LOOP_DEPTH: usize = 4;
