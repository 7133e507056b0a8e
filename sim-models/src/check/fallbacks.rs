//! Policies that ask another target: whoever asks has to come to an end.

use super::checker::{Checker, at};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::CallIndex;
use crate::topology::Endpoints;

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
        let of_workloads = self.scenario.workloads.iter().flat_map(|(name, load)| {
            let targets = load.targets().iter();
            targets.map(|(target, _)| (name.as_str(), target))
        });
        let circles: Vec<(String, usize, String)> = of_services
            .chain(of_workloads)
            .filter_map(|(caller, target)| circle(&index, caller, target))
            .collect();
        for (key, policy, message) in circles {
            self.report(Code::Policy, at!["calls", key.as_str(), policy], message)
                .help
                .push("leave the fallback of one of them out, or give it a static answer".into());
        }
    }
}

/// Where what is asked instead of a call leads back to it: the key of the call, the position of its policy there,
/// and what is to be said.
fn circle(index: &CallIndex<'_>, caller: &str, target: &str) -> Option<(String, usize, String)> {
    let mut seen = vec![target];
    let mut rest = vec![target];
    while let Some(at) = rest.pop() {
        for (position, policy) in index.policies(caller, at).iter().enumerate() {
            for other in policy.targets() {
                if other == target {
                    let message = format!(
                        "where a call of {caller} to {target} fails, it comes to ask {target} again, and so for ever"
                    );
                    return Some((index.key(caller, at)?.to_owned(), position, message));
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
