//! Faults: what they hit.

use super::compiler::Compiler;
use super::types::{Candidates, FaultPlan, LinkPlan};
use crate::faults::{Direction, Instances, Target};
use crate::ids::{InstanceId, LinkId, PlaceId, WorkloadId};
use crate::quantity::distribution::DurationSpec;
use crate::scenario::pattern::Pattern;

impl Compiler<'_> {
    pub(super) fn fault(&mut self, number: usize) -> Result<FaultPlan, String> {
        let spec = self.scenario.faults[number].clone();
        let target = spec.inject.target();
        let effect = spec.inject.effect();
        let kind = spec.inject.name().to_string();
        let (candidates, endpoint, workload) = match &target {
            Target::Link(pattern) => {
                let links = self.matching_links(pattern, spec.inject.direction());
                (Candidates::Links(links), None, None)
            }
            Target::Instances {
                service,
                zone,
                region,
                host,
                endpoint,
                workload,
                instances,
            } => {
                let mut candidates = self.matching_instances(
                    service.as_deref(),
                    zone.as_ref(),
                    region.as_ref(),
                    host.as_ref(),
                );
                candidates = self.picked(candidates, instances);
                let workload = workload
                    .as_ref()
                    .and_then(|name| self.scenario.workloads.get_index_of(name));
                let workload = workload.map(Into::into);
                (
                    Candidates::Instances(candidates),
                    endpoint.clone(),
                    workload,
                )
            }
        };
        let add = spec.inject.added().map(DurationSpec::compile).transpose()?;
        let add = add.filter(|dist| dist.constant() != Some(0.0));
        let repair = spec
            .random
            .as_ref()
            .map(|random| random.mttr.compile())
            .transpose()?;
        Ok(FaultPlan {
            name: spec.title(),
            kind,
            target_name: target.words(),
            condition: spec.inject.on_instance(),
            holds: spec.inject.holds(),
            answers: spec.inject.answers(),
            counts: spec.inject.counts(),
            spec,
            target,
            effect,
            add,
            repair,
            candidates,
            endpoint,
            workload,
        })
    }

    /// Of these instances those that are named, where some are.
    pub(super) fn picked(
        &self,
        all: impl IntoIterator<Item = InstanceId>,
        instances: &Instances,
    ) -> Vec<InstanceId> {
        let named = |index: &InstanceId| match instances {
            Instances::Only(numbers) => numbers.contains(&self.plan.instances[*index].number),
            _ => true,
        };
        all.into_iter().filter(named).collect()
    }

    fn matching_instances(
        &self,
        service: Option<&str>,
        zone: Option<&String>,
        region: Option<&String>,
        host: Option<&String>,
    ) -> Vec<InstanceId> {
        let place = service.and_then(|name| self.scenario.services.get_index_of(name));
        let (first, count) = match place.map(|place| &self.plan.places[PlaceId::from(place)]) {
            Some(place) => (place.first_instance, place.instance_count),
            None => (InstanceId::new(0), self.plan.instances.len() as u32),
        };
        let wanted = |want: Option<&String>, have: Option<&String>| want.is_none() || want == have;
        first
            .next(count)
            .filter(|index| {
                let instance = &self.plan.instances[*index];
                instance.place < self.plan.load_place(WorkloadId::new(0))
                    && service.is_none_or(|name| name == self.plan.places[instance.place].name)
                    && wanted(zone, instance.zone.as_ref())
                    && wanted(region, instance.region.as_ref())
                    && wanted(host, Some(&instance.host))
            })
            .collect()
    }

    /// Links over which messages flow the way that a fault of the link `"left -> right"` hits.
    fn matching_links(&self, pattern: &str, direction: Direction) -> Vec<LinkId> {
        let Ok(Pattern {
            from: left,
            to: right,
            ..
        }) = Pattern::link(pattern)
        else {
            return Vec::new();
        };
        let flows = |from, to| self.is_meant(&left, from) && self.is_meant(&right, to);
        let hit = |link: &LinkPlan| {
            (direction != Direction::From && flows(link.from, link.to))
                || (direction != Direction::To && flows(link.to, link.from))
        };
        let hit = |link: &LinkId| hit(&self.plan.links[*link]);
        match self.place_on(&left).or_else(|| self.place_on(&right)) {
            // Whichever way the messages go, they begin or end there.
            Some(place) => self.links_of[place].iter().copied().filter(hit).collect(),
            None => self.plan.links.keys().filter(hit).collect(),
        }
    }
}
