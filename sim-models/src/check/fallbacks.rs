//! Policies that ask another target: whoever asks has to come to an end.

use super::checker::{Checker, at};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::CallIndex;
use crate::topology::Endpoints;
use std::collections::BTreeSet;

impl Checker<'_> {
    /// What is asked instead of a call must not lead back to the call.
    pub(super) fn other_targets_end(&mut self) {
        let asks = |policy: &PolicySpec| !policy.targets().is_empty();
        if !self.scenario.calls.values().flatten().any(asks) {
            return;
        }
        let index = CallIndex::new(self.scenario);
        let endpoints = Endpoints::new(self.scenario);
        let of_services = endpoints.all.iter().flat_map(|endpoint| {
            let callees = endpoint.callees.iter();
            callees.map(|callee| (endpoint.service, endpoints.all[*callee].target.as_str()))
        });
        let workloads = self.scenario.workloads.keys().enumerate();
        let of_workloads = workloads.flat_map(|(number, name)| {
            let asked = endpoints.asked_by(number).iter();
            asked.map(|to| (name.as_str(), endpoints.all[*to].target.as_str()))
        });
        // Each circle is told of once, whichever of its calls is looked at first.
        let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
        let calls = of_workloads.chain(of_services);
        let circles = calls.filter_map(|(caller, target)| {
            let (found, all) = circle(&index, caller, target)?;
            let new = !told.contains(&(caller, target));
            told.extend(all.into_iter().map(|target| (caller, target)));
            new.then_some(found)
        });
        let circles: Vec<Circle> = circles.collect();
        for (key, policy, message) in circles {
            self.report(Code::Policy, at!["calls", key.as_str(), policy], message)
                .help
                .push("leave the fallback of one of them out, or give it a static answer".into());
        }
    }
}

/// The key of a call, the position of its policy there, and what is to be said.
type Circle = (String, usize, String);

/// Where what is asked instead of a call leads back to it, and the targets on the way.
fn circle<'a>(
    index: &CallIndex<'a>,
    caller: &str,
    target: &'a str,
) -> Option<(Circle, Vec<&'a str>)> {
    let mut seen = vec![target];
    let mut rest = vec![target];
    while let Some(at) = rest.pop() {
        for (position, policy) in index.policies(caller, at).iter().enumerate() {
            for other in policy.targets() {
                if other == target {
                    let message = format!(
                        "where a call of {caller} to {target} fails, it comes to ask {target} again, and so for ever"
                    );
                    let key = index.key(caller, at)?.to_owned();
                    return Some(((key, position, message), seen));
                }
                if !seen.contains(&other) {
                    seen.push(other);
                    rest.push(other);
                }
            }
        }
    }
    None
}
