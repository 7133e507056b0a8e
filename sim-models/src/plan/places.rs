//! Services and workloads, their instances, and where these stand.

use super::compiler::Compiler;
use super::types::{InstancePlan, Place, PoolPlan, ServicePlan};
use crate::ids::{EdgeId, OwnPoolId};
use crate::scenario::steps::{Part, Step, visit};
use std::collections::BTreeMap;

impl Compiler<'_> {
    pub(super) fn places(&mut self) {
        let mut region_of: BTreeMap<&String, &String> = BTreeMap::new();
        for (region, zones) in &self.scenario.regions {
            for zone in zones {
                region_of.entry(zone).or_insert(region);
            }
        }
        for (name, spec) in &self.scenario.services {
            let first_instance = self.plan.instances.next_key();
            for number in 0..spec.replicas {
                let host = cycle(&spec.hosts, number)
                    .cloned()
                    .unwrap_or_else(|| format!("{name}-{number}"));
                let zone = cycle(&spec.zones, number)
                    .cloned()
                    .or_else(|| self.scenario.hosts.get(&host).cloned());
                let region = zone.as_ref().and_then(|zone| region_of.get(zone));
                let region = region.map(|region| (*region).clone());
                self.plan.instances.push(InstancePlan {
                    place: self.plan.places.next_key(),
                    number,
                    host,
                    zone,
                    region,
                });
            }
            for (pool, spec) in &spec.pools {
                let service = self.plan.services.next_key();
                let first = self.plan.pools.last().map_or(OwnPoolId::new(0), |last| {
                    let before = self.scenario.services[usize::from(last.service)].replicas;
                    last.first.offset(before)
                });
                self.plan.pools.push(PoolPlan {
                    name: pool.clone(),
                    service,
                    size: spec.size,
                    queue: spec.queue.limit(),
                    wait: spec.wait,
                    first,
                });
            }
            self.plan.places.push(Place {
                name: name.clone(),
                first_instance,
                instance_count: spec.replicas,
            });
            self.plan.services.push(ServicePlan {
                threads: spec.threads.limit(),
                threading: spec.threading,
                cores: spec.cores,
                queue_limit: spec.queue.limit.limit(),
                queue_order: spec.queue.order,
                minds_empty: spec.queue.order.minds_empty(),
                backlog_limit: spec.backlog.limit(),
                balance: spec.balance.clone(),
                door: EdgeId::NONE,
                branches_work: spec.endpoints.values().any(|steps| branches_work(steps)),
            });
        }
        for name in self.scenario.workloads.keys() {
            let first_instance = self.plan.instances.next_key();
            let place = self.plan.places.next_key();
            self.plan.instances.push(InstancePlan {
                place,
                number: 0,
                host: name.clone(),
                zone: None,
                region: None,
            });
            self.plan.places.push(Place {
                name: name.clone(),
                first_instance,
                instance_count: 1,
            });
        }
    }
}

fn cycle(list: &[String], number: u32) -> Option<&String> {
    (!list.is_empty()).then(|| &list[number as usize % list.len()])
}

/// Whether a branch among these steps works.
fn branches_work(steps: &[Step]) -> bool {
    let mut works = false;
    visit(steps, false, &mut |part, in_branch| {
        works |= in_branch && matches!(part, Part::Takes { core: true, .. });
    });
    works
}
