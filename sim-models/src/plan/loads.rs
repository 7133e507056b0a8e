//! Workloads: what they ask for, and when.

use super::compiler::Compiler;
use super::types::{WorkloadKind, WorkloadPlan};
use crate::ids::{EdgeId, EndpointId, PlaceId};
use crate::quantity::keys::Keys;
use crate::scenario::{Targets, Workload};

impl Compiler<'_> {
    pub(super) fn workload(
        &mut self,
        place: PlaceId,
        workload: &Workload,
    ) -> Result<WorkloadPlan, String> {
        let targets = self.targets(place, workload.targets())?;
        let kind = match workload {
            Workload::Open(load) => WorkloadKind::Open {
                rate: load.rate.0,
                arrivals: load.arrivals,
                shape: load.shape.clone(),
                batch: load.batch,
            },
            Workload::Closed(load) => WorkloadKind::Closed {
                users: load.users,
                think: load.think.compile()?,
                patience: load
                    .patience
                    .as_ref()
                    .map(|patience| patience.compile())
                    .transpose()?,
                then: load.then,
                clicks: load.clicks,
                start: load.start,
            },
        };
        let keys = workload.keys().map(Keys::compile).transpose();
        Ok(WorkloadPlan {
            targets,
            kind,
            priority: workload.priority(),
            keys: keys.map_err(|(_, why)| why)?,
            tenant: self.tenant(workload),
        })
    }

    /// Which of the tenants of the scenario a workload is from, from 1; 0: it has no label.
    fn tenant(&self, workload: &Workload) -> u32 {
        workload.tenant().map_or(0, |tenant| {
            let at = self.tenants.get_index_of(tenant);
            at.map_or(0, |at| at as u32 + 1)
        })
    }

    fn targets(
        &mut self,
        place: PlaceId,
        targets: &Targets,
    ) -> Result<Vec<(f64, EdgeId, EndpointId)>, String> {
        let total: f64 = targets.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        targets
            .iter()
            .map(|(target, weight)| {
                sum += weight / total;
                let (edge, endpoint) = self.call(place, target)?;
                Ok((sum, edge, endpoint))
            })
            .collect()
    }
}
