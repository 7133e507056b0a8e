//! Steps as one flat list of instructions: what each kind of step writes itself to.

use super::compiler::Compiler;
use super::types::Instruction;
use crate::ids::{ArmId, BranchId, CodeId, DistId, EdgeId, EndpointId, PoolId, ServiceId, TiVec};
use crate::scenario::steps::{Assembler, Step};
use sim_core::dist::Dist;

impl Compiler<'_> {
    /// Writes the program of an endpoint.
    pub(super) fn program(&mut self, service: ServiceId, steps: &[Step]) -> Result<(), String> {
        let mut writer = Writer {
            compiler: self,
            service,
            loops: 0,
        };
        writer.steps(steps)
    }
}

/// Writes the steps of a service.
struct Writer<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    service: ServiceId,
    /// In how many loops what is written now stands.
    loops: u16,
}

impl Assembler for Writer<'_, '_> {
    fn code(&mut self) -> &mut TiVec<CodeId, Instruction> {
        &mut self.compiler.plan.code
    }
    fn branches(&mut self) -> &mut TiVec<BranchId, CodeId> {
        &mut self.compiler.plan.branches
    }
    fn arms(&mut self) -> &mut TiVec<ArmId, (f64, CodeId)> {
        &mut self.compiler.plan.arms
    }
    fn dist(&mut self, dist: Dist) -> DistId {
        self.compiler.dist(dist)
    }
    fn call(&mut self, to: &str) -> Result<(EdgeId, EndpointId), String> {
        self.compiler.call(self.service.into(), to)
    }
    fn pool(&mut self, name: &str) -> Result<PoolId, String> {
        let pools = &self.compiler.plan.pools;
        let number = pools.position(|pool| pool.service == self.service && pool.name == name);
        number.ok_or_else(|| format!("no pool `{name}`"))
    }
    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        steps.iter().try_for_each(|step| step.compile(self))
    }
    fn looped(&mut self, steps: &[Step]) -> Result<u16, String> {
        let slot = self.loops;
        self.loops += 1;
        self.steps(steps)?;
        self.loops = slot;
        Ok(slot)
    }
}
