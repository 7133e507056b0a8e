//! The least time that calls can take, against the time that their callers wait.

use super::least::work_time;
use super::storm;
use super::view::{Call, View};
use super::words::{percent, span};
use crate::check::checker::{Checker, at};
use crate::scenario::Workload;
use crate::scenario::diagnostics::Code;
use crate::scenario::steps::{Part, parts};
use crate::topology::{Endpoint, Place};
use petgraph::visit::EdgeRef;
use sim_core::dist::Dist;
use std::collections::BTreeMap;

/// The share of attempts from which on a limit is called too short, whatever becomes of them.
const MOST: f64 = 0.5;
/// The share of requests that a limit may cost beyond what the objective allows.
const LOST: f64 = 0.01;

/// For each call between services, its caller and its target, how many of all requests make it and cannot
/// do without it, as a share.
fn shares<'v>(view: &'v View<'_>) -> BTreeMap<(&'v str, &'v str), f64> {
    let graph = &view.demand.topology.graph;
    let outside = graph
        .edge_references()
        .filter(|edge| matches!(graph[edge.source()], Place::Workload(_)));
    let all: f64 = outside.map(|edge| edge.weight().rate).sum();
    let mut shares = BTreeMap::new();
    for (name, flow) in &view.demand.topology.endpoints {
        let Some((service, _)) = name.split_once('/') else {
            continue;
        };
        for (target, (calls, optional)) in &flow.calls {
            if !optional && all > 0.0 {
                *shares.entry((service, target.as_str())).or_insert(0.0) += flow.rate * calls / all;
            }
        }
    }
    shares
}

/// What an endpoint does itself, whatever it calls.
struct Own {
    /// How long each of its steps takes, ns, and by what work is stretched.
    times: Vec<(Dist, f64)>,
    /// Whether some requests fail before they get to the end: what can fail before a step need not get
    /// there.
    fails: bool,
}

impl Own {
    fn of(endpoint: &Endpoint<'_>) -> Self {
        let times = parts(endpoint.steps).filter_map(|part| match part {
            Part::Takes { span, core } => {
                let stretched = if core {
                    work_time(endpoint.of, 1.0)
                } else {
                    1.0
                };
                Some((span.compile().ok()?, stretched))
            }
            _ => None,
        });
        Self {
            times: times.collect(),
            fails: parts(endpoint.steps).any(|part| matches!(part, Part::Ends { .. })),
        }
    }
}

impl Checker<'_> {
    /// Whether callees can answer while their callers wait.
    pub(super) fn answers_come_in_time(&mut self, view: &View<'_>) {
        let shares = shares(view);
        let mut own: BTreeMap<usize, Own> = BTreeMap::new();
        for call in &view.calls {
            let patience = match view.scenario.workloads.get(call.from) {
                Some(Workload::Closed(closed)) if call.outside => closed.patience.as_ref(),
                _ => None,
            };
            let patience = patience.and_then(|patience| patience.compile().ok()?.constant());
            let patience = patience.map(|ns| ns / 1e9);
            let limit = call.limit().map(|limit| limit.as_secs_f64());
            let Some(limit) = limit.into_iter().chain(patience).min_by(f64::total_cmp) else {
                continue;
            };
            let target = view.demand.endpoints.all[call.to].target.as_str();
            let share = if call.outside {
                1.0
            } else {
                shares
                    .get(&(call.from, target))
                    .map_or(0.0, |share| share.min(1.0))
            };
            let own = own
                .entry(call.to)
                .or_insert_with(|| Own::of(&view.demand.endpoints.all[call.to]));
            self.answer_comes_in_time(view, (call, own), limit, share);
        }
    }

    fn answer_comes_in_time(
        &mut self,
        view: &View<'_>,
        (call, own): (&Call<'_>, &Own),
        limit: f64,
        share: f64,
    ) {
        let callee = &view.demand.endpoints.all[call.to];
        let target = &callee.target;
        let ways = view.links.both(call.from, callee.service);
        let least = ways + view.least[call.to];
        let who = call.key.unwrap_or(call.from);
        let limit_span = span(limit);
        let message = if least > limit {
            let via = if ways > 0.0 {
                format!(" (and the way there and back {})", span(ways))
            } else {
                String::new()
            };
            format!(
                "`{target}` takes at least {}{via}, but `{who}` gives up after {limit_span}: no attempt is ever answered in time",
                span(view.least[call.to])
            )
        } else {
            // All else at its shortest, one step alone may be too long.
            let left = limit - least;
            let late = own
                .times
                .iter()
                .map(|(dist, factor)| dist.survival(dist.least() + left / factor * 1e9));
            let late = late.fold(0.0, f64::max);
            let lost = share * libm::pow(late, storm::attempts_that_fit(call.policies, true));
            let allowed = 1.0 - view.scenario.hypothesis.objective;
            if own.fails || (late <= MOST && lost <= allowed + LOST) {
                return;
            }
            let objective = if late <= MOST {
                format!(
                    ": {} % of the requests are lost to that, and the objective allows {} %",
                    percent(lost),
                    percent(allowed)
                )
            } else {
                String::new()
            };
            format!(
                "`{who}` gives up after {limit_span}, but `{target}` takes longer than that in {} % of all cases, without any queue{objective}",
                percent(late)
            )
        };
        let span = match call.key {
            Some(key) => self.key_span(at!["calls"], key),
            None => self.key_span(at!["workloads"], call.from),
        };
        self.report_at(Code::NeverInTime, span, message)
            .help
            .push("let the caller wait for longer, or the callee take less".into());
    }
}
