//! Which links a pattern means.

use super::compiler::Compiler;
use crate::faults::Target;
use crate::ids::{InstanceId, PlaceId, TiVec};
use crate::scenario::pattern::Side;

/// A place, and one of its instances if it matters which.
pub(super) type Spot = (PlaceId, Option<InstanceId>);

impl Compiler<'_> {
    /// Weight and index of the most specific pattern of `links` that matches; of equals the last.
    pub(super) fn link_for(&self, from: Spot, to: Spot) -> Option<(u32, usize)> {
        let name = |place: Spot| self.plan.places[place.0].name.as_str();
        let (left, right) = (name(from), name(to));
        let others = self.links.others.iter().filter(|(pattern, _)| {
            self.is_meant(&pattern.from, from) && self.is_meant(&pattern.to, to)
        });
        let others = others.map(|(pattern, number)| (pattern.link_weight(), *number));
        others.chain(self.links.most(left, right)).max()
    }

    /// Lists the links of every place, if a fault asks for some of them.
    pub(super) fn links_of_places(&mut self) {
        let faults = self.scenario.faults.iter();
        if !faults
            .map(|fault| fault.inject.target())
            .any(|target| matches!(target, Target::Link(_)))
        {
            return;
        }
        self.links_of = TiVec::from(vec![Vec::new(); self.plan.places.len()]);
        for (number, link) in self.plan.links.iter_enumerated() {
            let (from, to) = (link.from.0, link.to.0);
            self.links_of[from].push(number);
            if to != from {
                self.links_of[to].push(number);
            }
        }
    }

    /// The place of a name, if one side of a pattern names one.
    pub(super) fn place_on(&self, side: &Side) -> Option<PlaceId> {
        let (Side::Named(name) | Side::Instance(name, _)) = side else {
            return None;
        };
        let services = &self.scenario.services;
        let workloads = &self.scenario.workloads;
        let service = services.get_index_of(name).map(PlaceId::from);
        service.or_else(|| Some(self.plan.load_place(workloads.get_index_of(name)?.into())))
    }

    /// Whether one side of a pattern of links means a place, or an instance of it.
    pub(super) fn is_meant(&self, side: &Side, (place, instance): Spot) -> bool {
        let name = &self.plan.places[place].name;
        if side.is_or_any(name) {
            return true;
        }
        let Some(instance) = instance.map(|index| &self.plan.instances[index]) else {
            return false;
        };
        match side {
            Side::Instance(service, number) => service == name && *number == instance.number,
            Side::Host(host) => *host == instance.host,
            Side::Zone(zone) => instance.zone.as_ref() == Some(zone),
            Side::Region(region) => instance.region.as_ref() == Some(region),
            Side::Any | Side::Named(_) => false,
        }
    }
}
