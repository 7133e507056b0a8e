//! Controllers: what they watch and what they act on.

use super::compiler::Compiler;
use super::live::site;
use super::types::{ActionPlan, ControllerPlan, Live, WatchPlan};
use crate::controllers::{Action, ControllerSpec, Watches};
use crate::ids::{ChangeId, ControllerId, ServiceId, TiVec, WorkloadId};

impl Compiler<'_> {
    /// Compiles the controllers, once all that they act on is known.
    pub(super) fn controllers(&mut self) -> Result<(), String> {
        let mut changes = TiVec::new();
        for (name, spec) in &self.scenario.controllers {
            let watches = self.watches(spec)?;
            let actions = spec.actions().iter();
            let actions = actions.map(|action| self.action(action, &mut changes));
            let actions = actions.collect::<Result<_, String>>()?;
            self.plan.controllers.push(ControllerPlan {
                name: name.clone(),
                spec: spec.clone(),
                watches,
                actions,
                governor: self.governor(name, spec),
            });
        }
        if !changes.is_empty() {
            self.plan.live = Some(Box::new(Live::new(self.scenario.clone(), changes)));
        }
        Ok(())
    }

    /// The first governor that stands before a controller; none stands before governors.
    fn governor(&self, name: &String, spec: &ControllerSpec) -> Option<ControllerId> {
        if spec.governs().is_some() {
            return None;
        }
        let over = |governor: &ControllerSpec| {
            let over = governor.governs();
            over.is_some_and(|over| over.is_empty() || over.contains(name))
        };
        let found = self.scenario.controllers.values().position(over);
        found.map(ControllerId::from)
    }

    fn watches(&self, spec: &ControllerSpec) -> Result<WatchPlan, String> {
        Ok(match spec.watches() {
            Watches::Clock => WatchPlan::Clock,
            Watches::Deaths(service) => WatchPlan::Deaths {
                service: self.service(service)?,
            },
            Watches::Condition { when, over } => WatchPlan::Condition {
                check: when.read().map_err(|wrong| wrong.message.clone())?.clone(),
                windows: over.0.div_ceil(self.plan.window.0.max(1)) as usize,
            },
        })
    }

    fn service(&self, name: &str) -> Result<ServiceId, String> {
        let place = self.scenario.services.get_index_of(name);
        place
            .map(ServiceId::from)
            .ok_or_else(|| format!("no service `{name}`"))
    }

    fn load(&self, name: &str) -> Result<WorkloadId, String> {
        let workload = self.scenario.workloads.get_index_of(name);
        workload
            .map(WorkloadId::from)
            .ok_or_else(|| format!("no workload `{name}`"))
    }

    fn action(
        &self,
        action: &Action,
        changes: &mut TiVec<ChangeId, (String, String)>,
    ) -> Result<ActionPlan, String> {
        Ok(match action {
            Action::Lift(lift) => {
                let faults = self.plan.faults.iter_enumerated();
                let named = faults.filter(|(_, fault)| fault.name == lift.fault);
                ActionPlan::Lift(named.map(|(id, _)| id).collect())
            }
            Action::Set(set) => {
                let change = changes.push_and_get_key((set.path.clone(), set.value.0.clone()));
                let site = site(changes, change);
                ActionPlan::Set { change, site }
            }
            Action::Restart(restart) => {
                let place = self.service(&restart.service)?;
                let of = &self.plan.service_places()[place];
                ActionPlan::Restart {
                    candidates: self.picked(of.instances(), &restart.instances),
                    instances: restart.instances.clone(),
                    boot: restart.boot,
                    pause: restart.pause,
                    at_once: restart.at_once.max(1),
                }
            }
            Action::Load(load) => ActionPlan::Load {
                workload: self.load(&load.workload)?,
                factor: load.factor,
            },
            Action::Shed(shed) => ActionPlan::Shed {
                workload: self.load(&shed.workload)?,
                share: shed.share,
            },
            Action::Wait(wait) => ActionPlan::Wait(wait.span),
        })
    }
}
