//! Which measures to take of a scenario: those that users expect where they name none, and whether
//! one that they name can be taken.

use super::measure::windows_in;
use crate::expression::metric::{Metric, Of, Statistic};
use crate::expression::naming::{Argument, Measure};
use crate::ids::PlaceId;
use crate::plan;
use crate::scenario::diagnostics::suggest;
use crate::scenario::{Bound, Scenario, Shape, Workload};
use crate::topology::Topology;
use indexmap::IndexMap;
use sim_core::SimTime;
use std::cell::OnceCell;

/// The measures that a user who names none gets as columns: how each workload fared, how busy each
/// service was and with what, and how much the policies of each edge made of its calls.
#[must_use]
pub fn default_measures(scenario: &Scenario) -> Vec<Measure> {
    let mut measures = Vec::new();
    let mut take = |metric, subject: &str, statistic: Option<Statistic>| {
        measures.push(Measure {
            argument: statistic.map(Argument::Statistic),
            ..Measure::new(metric, subject)
        });
    };
    for name in scenario.workloads.keys() {
        take(Metric::FailedRatio, name, None);
        take(Metric::Goodput, name, None);
        take(Metric::Latency, name, Some(Statistic::P50));
        take(Metric::Latency, name, Some(Statistic::P99));
        take(Metric::LatencyTrue, name, Some(Statistic::P99));
    }
    for (name, service) in &scenario.services {
        // Of unbounded threads no share is ever taken.
        if service.threads != Bound::Unbounded {
            take(Metric::Utilization, name, None);
        }
        take(Metric::Arrivals, name, None);
        take(Metric::DoomedShare, name, None);
    }
    let edges = plan::compile(scenario).map_or_else(|_| Vec::new(), |plan| plan.edges.raw);
    let calls = edges.iter().filter(|edge| !edge.door);
    for edge in calls.filter(|edge| !edge.layers.is_empty()) {
        take(Metric::Amplification, &edge.name, None);
    }
    let spikes = scenario.workloads.values().any(|load| {
        let shape = match load {
            Workload::Open(open) => open.shape.as_slice(),
            Workload::Closed(_) => &[],
        };
        shape.iter().any(|shape| matches!(shape, Shape::Spike(_)))
    });
    if spikes || !scenario.faults.is_empty() {
        take(Metric::RecoveryTime, "", None);
    }
    measures
}

/// The calls of a scenario, and the doors of its services, as measures name them.
#[derive(Default)]
pub(crate) struct Edges {
    /// The names of the policies on each edge, by its name; none where they are not known.
    calls: IndexMap<String, Option<Vec<&'static str>>>,
    /// The names of the policies at the door of each service that has one.
    doors: IndexMap<String, Vec<&'static str>>,
    /// The names of the steps of each service that keep something; none where they are not known.
    steps: Option<IndexMap<String, Vec<&'static str>>>,
}

impl Edges {
    /// Those of a scenario without mistakes: edges whose endpoint has policies of its own are named after it.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let Ok(plan) = plan::compile(scenario) else {
            return Self::somehow(scenario);
        };
        let mut edges = Self::default();
        for edge in plan.edges {
            let policies = edge.layers.iter().map(|layer| layer.spec.name()).collect();
            if edge.door {
                edges.doors.insert(edge.name, policies);
            } else {
                edges.calls.insert(edge.name, Some(policies));
            }
        }
        edges.calls.sort_unstable_keys();
        let mut steps: IndexMap<String, Vec<&'static str>> = IndexMap::new();
        for keeper in &plan.keepers {
            let service = plan.places[PlaceId::from(keeper.service)].name.clone();
            steps.entry(service).or_default().push(keeper.spec.name());
        }
        edges.steps = Some(steps);
        edges
    }

    /// Those of a scenario in which other things may be wrong.
    pub(crate) fn somehow(scenario: &Scenario) -> Self {
        let names = Topology::new(scenario).edges().into_iter();
        Self {
            calls: names.map(|name| (name, None)).collect(),
            doors: IndexMap::new(),
            steps: None,
        }
    }

    /// What is wrong with the subject of a measure of calls. Of doors only the policies are measured.
    fn wrong(&self, measure: &Measure) -> Option<Wrong> {
        let (subject, metric) = (measure.subject.as_str(), measure.metric);
        let at_doors = matches!(metric, Metric::PolicyCount | Metric::PolicyState);
        let doors = self.doors.keys().filter(|_| at_doors);
        let mut known = self.calls.keys().chain(doors).map(String::as_str);
        if known.any(|name| name == subject) {
            return None;
        }
        let doors = self.doors.keys().filter(|_| at_doors);
        let known: Vec<&str> = self.calls.keys().chain(doors).map(String::as_str).collect();
        let message = format!(
            "there is no edge `{subject}`, which `{}` is about",
            metric.name()
        );
        Some((message, suggest(subject, "there are", known)))
    }

    /// The policy or step that a measure counts and that its subject does not have.
    pub(crate) fn lacking(&self, measure: &Measure) -> Option<&'static str> {
        let policy = match measure.argument {
            Some(Argument::Counter(counter) | Argument::State(counter)) => counter.policy,
            _ => return None,
        };
        if measure.metric == Metric::StepCount {
            let steps = self.steps.as_ref()?.get(&measure.subject);
            return (!steps.is_some_and(|steps| steps.contains(&policy))).then_some(policy);
        }
        let policies = match self.calls.get(&measure.subject) {
            Some(policies) => policies.as_ref()?,
            None => self.doors.get(&measure.subject)?,
        };
        (!policies.contains(&policy)).then_some(policy)
    }
}

/// What is wrong, and what to do about it.
type Wrong = (String, Vec<String>);

/// Whether a measure can be taken of a scenario that passed its checks.
///
/// # Errors
/// What is wrong with it, and what to do about it.
pub fn check_measure(scenario: &Scenario, measure: &Measure) -> Result<(), (String, Vec<String>)> {
    let known = OnceCell::new();
    for part in measure.parts() {
        wrong_subject(scenario, part, || {
            known.get_or_init(|| Edges::new(scenario))
        })?;
    }
    wrong_stretch(scenario, measure)
}

/// What is wrong with the stretch of time of a measure, and what to do about it.
pub(crate) fn wrong_stretch(
    scenario: &Scenario,
    measure: &Measure,
) -> Result<(), (String, Vec<String>)> {
    if measure.quotient.is_some() {
        return measure
            .parts()
            .try_for_each(|part| wrong_stretch(scenario, part));
    }
    let Some((from, to)) = measure.over else {
        return Ok(());
    };
    let (width, run_end) = (scenario.window, SimTime(scenario.duration.0));
    if to > run_end {
        return Err((
            format!("the run ends at {run_end}, before {to}"),
            vec!["name a stretch within the `duration` of the scenario".into()],
        ));
    }
    if windows_in(width, run_end, (from, to)).is_empty() {
        return Err((
            format!("no whole window of {width} lies between {from} and {to}"),
            vec!["name a longer stretch, or set a shorter `window`".into()],
        ));
    }
    Ok(())
}

pub(crate) fn wrong_subject<'e>(
    scenario: &Scenario,
    measure: &Measure,
    edges: impl FnOnce() -> &'e Edges,
) -> Result<(), (String, Vec<String>)> {
    let subject = measure.subject.as_str();
    let (workloads, services) = (&scenario.workloads, &scenario.services);
    let wrong = |what: &str, names: Vec<&str>| {
        let metric = measure.metric.name();
        let message = format!("there is no {what} `{subject}`, which `{metric}` is about");
        Err((message, suggest(subject, "there are", names)))
    };
    // The names are listed for those only who name another.
    match measure.metric.of() {
        Of::Workload if !workloads.contains_key(subject) => {
            wrong("workload", workloads.keys().map(String::as_str).collect())
        }
        Of::Service if !services.contains_key(subject) => {
            wrong("service", services.keys().map(String::as_str).collect())
        }
        Of::Edge => edges().wrong(measure).map_or(Ok(()), Err),
        Of::Pool => {
            let pools = services.iter().flat_map(|(name, service)| {
                let pools = service.pools.keys();
                pools.map(move |pool| format!("{name}/{pool}"))
            });
            let pools: Vec<String> = pools.collect();
            if pools.iter().any(|pool| pool == subject) {
                Ok(())
            } else {
                wrong("pool", pools.iter().map(String::as_str).collect())
            }
        }
        Of::Tenant => {
            let tenants = || workloads.values().filter_map(Workload::tenant);
            if tenants().any(|tenant| tenant == subject) {
                Ok(())
            } else {
                wrong("tenant", tenants().collect())
            }
        }
        Of::Workload | Of::Service | Of::Run => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::load;

    fn scenario() -> Scenario {
        let text = r#"(duration: "10s",
            services: {
                "web": (endpoints: { "a": [call("db/read")], "b": [call("db/write")] }),
                "db": (threads: unbounded, endpoints: { "read": [wait("1ms")], "write": [wait("1ms")] }),
            },
            calls: { "web -> db/read": [timeout("1s")] },
            workloads: { "users": open(rate: "1/s", shape: [spike(at: "2s", for: "1s", factor: 2)], to: { "web/a": 1, "web/b": 1 }) },
        )"#;
        load("a.ron", &[("a.ron", text)][..], &[]).scenario.unwrap()
    }

    #[test]
    fn takes_what_users_expect() {
        let measures: Vec<String> = default_measures(&scenario())
            .iter()
            .map(|measure| measure.to_string())
            .collect();
        assert_eq!(
            measures,
            [
                "failed_ratio(users)",
                "goodput(users)",
                "latency(users, p50)",
                "latency(users, p99)",
                "latency_true(users, p99)",
                "utilization(web)",
                "arrivals(web)",
                "doomed_share(web)",
                "arrivals(db)",
                "doomed_share(db)",
                "amplification(web -> db/read)",
                "recovery_time",
            ]
        );
    }

    #[test]
    fn says_what_cannot_be_measured() {
        let scenario = scenario();
        let check = |text: &str| check_measure(&scenario, &text.parse().unwrap());
        for measure in default_measures(&scenario) {
            assert_eq!(check_measure(&scenario, &measure), Ok(()), "{measure}");
        }
        let (message, help) = check("goodput(user)").unwrap_err();
        assert!(message.contains("no workload `user`"), "{message}");
        assert!(help[0].contains("`users`"), "{help:?}");
        let (_, help) = check("amplification(web -> db/red)").unwrap_err();
        assert!(help[0].contains("`web -> db/read`"), "{help:?}");
        assert_eq!(check("amplification(web -> db)"), Ok(()));
    }
}
