//! What a kind of step says of itself: what a request does in it, what can be wrong with it, and the instructions that
//! it is compiled to. Nobody outside a step's own file asks which kind it is.

use super::super::diagnostics::Code;
use super::super::path::Segment;
use super::program::Instruction;
use super::{KeeperSpec, Step};
use crate::ids::{ArmId, BranchId, CodeId, DistId, EdgeId, EndpointId, PoolId, TiVec};
use crate::quantity::distribution::{CountSpec, DurationSpec};
use sim_core::dist::Dist;

/// What a request does in a step, for those who reckon with it without running it: topology, reliability, checks and
/// graphs fold over these, so that they know of steps that come after them.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Time passes.
    Takes {
        /// How much; on a core it is core time.
        span: &'a DurationSpec,
        /// Whether it needs a core.
        core: bool,
    },
    /// An endpoint is called and its answer waited for.
    Calls {
        /// `"service/endpoint"`.
        to: &'a str,
        /// Whether the request can do without.
        optional: bool,
    },
    /// Several lists of steps run at the same time, outside the threads.
    Together {
        /// The lists.
        branches: Vec<&'a [Step]>,
        /// How many must succeed, of the first to end; the rest are given up.
        need: usize,
    },
    /// One list of steps runs, drawn by weight.
    OneOf(Vec<(f64, &'a [Step])>),
    /// A list of steps runs several times in turn.
    Repeats {
        /// How often.
        times: &'a CountSpec,
        /// The list.
        steps: &'a [Step],
    },
    /// A list of steps runs or not, as the instance decides by what it keeps. How often it does depends on all that
    /// has come before: nobody knows it without a run.
    AtTimes(&'a [Step]),
    /// The request ends here with an error.
    Ends {
        /// Share of those that get here, 0 to 1; the others go on.
        share: f64,
    },
    /// One is taken out of a pool of the instance, when there is one left.
    Acquires(&'a str),
    /// One is given back to a pool of the instance.
    Releases(&'a str),
}

/// The lists of steps that stand inside of a step, each with where it stands.
pub type Lists<'a> = Vec<(Vec<Segment>, &'a [Step])>;

/// What a step reports to while it is checked. Fields are named from the step on.
pub trait Check {
    /// Something is wrong; the answer is where to say what helps.
    fn wrong(&mut self, code: Code, field: &[Segment], message: String) -> &mut Vec<String>;
    /// A duration has to be one.
    fn duration(&mut self, spec: &DurationSpec, field: &[Segment]);
    /// A weight has to be positive.
    fn weight(&mut self, weight: f64, field: &[Segment]);
    /// A share has to be from 0 to 1; `what` says of what.
    fn share(&mut self, share: f64, field: &[Segment], what: &str);
    /// A target has to be an endpoint that there is.
    fn target(&mut self, to: &str, field: &[Segment]);
    /// A pool has to be one of the service's own.
    fn pool(&mut self, name: &str, field: &[Segment]);
}

/// What a step writes its instructions to, and where it finds what its names mean.
pub trait Assembler {
    /// The program so far.
    fn code(&mut self) -> &mut TiVec<CodeId, Instruction>;
    /// The entry points of branches so far.
    fn branches(&mut self) -> &mut TiVec<BranchId, CodeId>;
    /// The arms of choices so far: cumulative probability and entry point.
    fn arms(&mut self) -> &mut TiVec<ArmId, (f64, CodeId)>;
    /// The number of a distribution.
    fn dist(&mut self, dist: Dist) -> DistId;
    /// Edge and endpoint of a call.
    ///
    /// # Errors
    /// If there is no such endpoint.
    fn call(&mut self, to: &str) -> Result<(EdgeId, EndpointId), String>;
    /// The number of a pool of the service.
    ///
    /// # Errors
    /// If it has no such pool.
    fn pool(&mut self, name: &str) -> Result<PoolId, String>;
    /// Writes the steps of a list.
    ///
    /// # Errors
    /// What a list that passed its checks cannot contain.
    fn steps(&mut self, steps: &[Step]) -> Result<(), String>;
    /// Writes the steps of a list that runs several times; tells the loop counter that is theirs.
    ///
    /// # Errors
    /// What a list that passed its checks cannot contain.
    fn looped(&mut self, steps: &[Step]) -> Result<u16, String>;
    /// Writes a step that keeps something, around the list of steps inside of it.
    ///
    /// # Errors
    /// What a list that passed its checks cannot contain.
    fn keeper(&mut self, spec: KeeperSpec, steps: &[Step]) -> Result<(), String>;
}

/// A kind of step; `Self` is what the scenario says of it.
pub trait StepKind {
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// Whether the lists inside of it need a loop counter, of which there are [`super::LOOP_DEPTH`].
    const LOOPS: bool = false;

    /// What a request does in it, in turn.
    fn parts(&self) -> Vec<Part<'_>>;
    /// The lists of steps inside of it.
    fn lists(&self) -> Lists<'_> {
        Vec::new()
    }
    /// Says what is wrong with it; the lists inside of it are looked at by others.
    fn check(&self, _found: &mut dyn Check) {}
    /// Says what is legal but suspicious about it.
    fn suspect(&self, _found: &mut dyn Check) {}
    /// Writes its instructions.
    ///
    /// # Errors
    /// What a step that passed its checks cannot contain.
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String>;
}
