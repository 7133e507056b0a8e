//! Steps as one flat list of instructions: what each kind of step writes itself to.

use super::compiler::Compiler;
use super::keepers::KeeperPlan;
use super::types::Instruction;
use crate::ids::{
    ArmId, BranchId, CodeId, DistId, EdgeId, EndpointId, OwnKeeperId, PoolId, ServiceId, TiVec,
};
use crate::scenario::steps::{Assembler, KeeperSpec, Step};
use sim_core::dist::Dist;

impl Compiler<'_> {
    /// Writes the program of an endpoint.
    pub(super) fn program(&mut self, endpoint: EndpointId, steps: &[Step]) -> Result<(), String> {
        let service = self.plan.endpoints[endpoint].service;
        let mut writer = Writer {
            compiler: self,
            service,
            endpoint,
            loops: 0,
        };
        writer.steps(steps)
    }
}

/// Writes the steps of a service.
struct Writer<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    service: ServiceId,
    endpoint: EndpointId,
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
    fn keeper(&mut self, spec: KeeperSpec, steps: &[Step]) -> Result<(), String> {
        let keys = self.compiler.keys;
        let plan = &mut self.compiler.plan;
        let kind = format!("{}/{}", plan.endpoints[self.endpoint].name, spec.name());
        let own = plan.keepers.iter().filter(|other| {
            let alike = other.name == kind || other.name.starts_with(&format!("{kind} "));
            other.service == self.service && alike
        });
        let name = match own.count() {
            0 => kind,
            before => format!("{kind} {}", before + 1),
        };
        let (first, counters) = plan.keepers.last().map_or((0, 0), |last| {
            let instances = plan.service_places()[last.service].instance_count;
            (last.first.number() + instances, last.counters.end)
        });
        let counters = counters..counters + spec.counters().len();
        let keeper = plan.keepers.push_and_get_key(KeeperPlan {
            name,
            service: self.service,
            spec,
            keys,
            first: OwnKeeperId::new(first),
            counters,
        });
        let at = self.code().push_and_get_key(Instruction::End);
        self.steps(steps)?;
        self.code().push(Instruction::Done { keeper });
        let past = self.code().next_key();
        self.code()[at] = Instruction::Decide { keeper, past };
        Ok(())
    }
}
