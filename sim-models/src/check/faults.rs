//! Faults: what, where and when.

use super::checker::{Checker, at, join};
use crate::faults::{Fault, Instances, Target};
use crate::limits::MOST_PERIODS;
use crate::quantity::cron::Cron;
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::pattern::Pattern;
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn faults(&mut self) {
        let faults = &self.scenario.faults;
        let mut names = BTreeSet::new();
        for (i, fault) in faults.iter().enumerate() {
            let path = at!["faults", i];
            self.when(fault, path);
            self.share(fault.share, &join(path, at!["share"]), "`share`");
            self.share(
                fault.correlation,
                &join(path, at!["correlation"]),
                "`correlation`",
            );
            let inject = join(path, at!["inject"]);
            for (field, why) in fault.inject.validate() {
                let message = format!("`{field}` of `{}` {why}", fault.inject.name());
                let help = format!("`sim explain {}` shows its fields", fault.inject.name());
                self.report(Code::Fault, &join(&inject, at![field]), message)
                    .help
                    .push(help);
            }
            if let Some(add) = fault.inject.added() {
                self.distribution(add, &join(&inject, at!["add"]));
            }
            self.place(&fault.inject.target(), &inject);
            if let Some(name) = &fault.name
                && !names.insert(name)
            {
                let message = format!("another fault is named `{name}` too");
                self.report(Code::Duplicate, &join(path, at!["name"]), message);
            }
        }
    }

    /// What `for` means beside `random`, and periods by the million that nobody means.
    fn how_often(&mut self, fault: &Fault, path: &[Segment]) {
        if fault.random.is_some() && fault.lasts.is_some() {
            let message = "`random` says with `mttr` how long the fault lasts, and so does `for`";
            self.report(Code::FaultTime, &join(path, at!["for"]), message)
                .help
                .push("leave `for` out".into());
        }
        let gap = fault
            .every
            .or(fault.random.as_ref().map(|random| random.mtbf));
        let times = fault.times.map_or(u64::MAX, u64::from);
        if times > MOST_PERIODS
            && gap.is_some_and(|gap| gap.0 > 0 && self.scenario.duration.0 / gap.0 > MOST_PERIODS)
        {
            let field = if fault.every.is_some() {
                "every"
            } else {
                "random"
            };
            let message = format!("the fault would come more than {MOST_PERIODS} times");
            self.report(Code::FaultTime, &join(path, at![field]), message)
                .help
                .push("let it come less often, or bound it with a smaller `times`".into());
        }
    }

    fn when(&mut self, fault: &Fault, path: &[Segment]) {
        let ways = [
            fault.at.is_some(),
            fault.cron.is_some(),
            fault.random.is_some(),
        ];
        match ways.iter().filter(|given| **given).count() {
            0 => {
                self.report(
                    Code::FaultTime,
                    path,
                    "it is not said when this fault begins",
                )
                .help
                .push(
                    "add `at: \"60s\"`, a `cron` pattern or `random: (mtbf: .., mttr: ..)`".into(),
                );
            }
            1 => {}
            _ => {
                let field = if fault.cron.is_some() {
                    "cron"
                } else {
                    "random"
                };
                let message =
                    format!("`{field}` says when the fault begins, and so does another field");
                self.report(Code::FaultTime, &join(path, at![field]), message)
                    .help
                    .push("give exactly one of `at`, `cron` and `random`".into());
            }
        }
        if let Some(at) = fault.at
            && at >= self.scenario.duration
            && self.scenario.duration > SimDuration::ZERO
        {
            let message = format!(
                "the fault begins at {at}, but the run is over at {}",
                self.scenario.duration
            );
            self.report(Code::FaultTime, &join(path, at!["at"]), message)
                .help
                .push("let it begin earlier, or make `duration` longer".into());
        }
        if fault.lasts == Some(SimDuration::ZERO) {
            let message = "the fault lasts no time at all";
            self.report(Code::FaultTime, &join(path, at!["for"]), message);
        }
        self.period(fault, path);
        self.how_often(fault, path);
        if let Some(random) = &fault.random {
            let path = join(path, at!["random"]);
            self.distribution(&random.mttr, &join(&path, at!["mttr"]));
            if random.mtbf == SimDuration::ZERO {
                self.report(
                    Code::FaultTime,
                    &join(&path, at!["mtbf"]),
                    "`mtbf` must be longer than zero",
                );
            }
        }
    }

    fn period(&mut self, fault: &Fault, path: &[Segment]) {
        if fault.times == Some(0) {
            let message = "`times` must be at least 1";
            self.report(Code::Count, &join(path, at!["times"]), message);
        }
        if let Some(every) = fault.every {
            let path = join(path, at!["every"]);
            if every == SimDuration::ZERO {
                self.report(Code::FaultTime, &path, "`every` must be longer than zero");
            } else if fault.at.is_none() {
                self.report(
                    Code::FaultTime,
                    &path,
                    "`every` counts from `at`, which is not given",
                );
            } else if fault.lasts.is_none_or(|lasts| lasts > every) {
                let message = "the fault has not ended when it comes again";
                self.report(Code::FaultTime, &path, message)
                    .help
                    .push("give it a `for` that is no longer than `every`".into());
            }
        }
        let Some(text) = &fault.cron else { return };
        let path = join(path, at!["cron"]);
        match text.parse::<Cron>() {
            Err(why) => {
                self.report(Code::Cron, &path, why);
            }
            Ok(cron) => {
                let end = SimTime::ZERO + self.scenario.duration;
                if cron
                    .next(SimTime::ZERO, true)
                    .is_none_or(|first| first >= end)
                {
                    let message = format!("`{text}` does not match before the run is over");
                    self.report(Code::FaultTime, &path, message);
                }
                if fault
                    .lasts
                    .is_none_or(|lasts| cron.shortest_gap().is_some_and(|gap| lasts > gap))
                {
                    let message = "the fault has not ended when it comes again";
                    self.report(Code::FaultTime, &path, message).help.push(
                        "give it a `for` that is no longer than the time between two matches"
                            .into(),
                    );
                }
            }
        }
    }

    fn place(&mut self, target: &Target, path: &[Segment]) {
        match target {
            Target::Link(link) => {
                let path = join(path, at!["link"]);
                match Pattern::link(link) {
                    Ok(pattern) => {
                        self.side(&pattern.from, &path);
                        self.side(&pattern.to, &path);
                    }
                    Err(why) => {
                        self.report(
                            Code::Pattern,
                            &path,
                            format!("`{link}` cannot be read: {why}"),
                        );
                    }
                }
            }
            Target::Instances {
                service,
                instances,
                zone,
                region,
                host,
                endpoint,
                workload,
            } => {
                let at = |field: &str| join(path, at![field]);
                if let Some(service) = service
                    && self.service_exists(service, &at("service"))
                {
                    self.instances(service, instances, &at("instances"));
                    if let Some(endpoint) = endpoint {
                        self.endpoint_exists(service, endpoint, &at("endpoint"));
                    }
                } else if let (None, Some(endpoint)) = (service, endpoint) {
                    self.some_endpoint(endpoint, &at("endpoint"));
                }
                if let Some(zone) = zone {
                    self.zone_exists(zone, &at("zone"));
                }
                if let Some(region) = region {
                    self.region_exists(region, &at("region"));
                }
                if let Some(host) = host {
                    self.host_exists(host, &at("host"));
                }
                if let Some(workload) = workload {
                    self.workload_exists(workload, &at("workload"));
                }
            }
        }
    }

    /// An endpoint of any service.
    fn some_endpoint(&mut self, endpoint: &str, path: &[Segment]) {
        let mut services = self.scenario.services.values();
        if !services.any(|service| service.endpoints.contains_key(endpoint)) {
            let services = self.scenario.services.values();
            let names = services.flat_map(|service| service.endpoints.keys().map(String::as_str));
            self.unknown((Code::UnknownEndpoint, "endpoint"), path, endpoint, names);
        }
    }

    pub(super) fn instances(&mut self, service: &str, instances: &Instances, path: &[Segment]) {
        let replicas = self
            .scenario
            .services
            .get(service)
            .map_or(0, |s| s.replicas);
        match instances {
            Instances::All | Instances::One => {}
            Instances::Count(count) => {
                if *count == 0 || *count > replicas {
                    let message = format!(
                        "`{service}` has {replicas} instances, so {count} of them cannot be hit"
                    );
                    self.report(Code::Fault, path, message)
                        .help
                        .push(format!("`count({replicas})` at most, or `all`"));
                }
            }
            Instances::Percent(percent) => {
                if !(*percent > 0.0 && *percent <= 100.0) {
                    let message = format!("a percentage is above 0 and up to 100, not {percent}");
                    self.report(Code::Share, path, message);
                }
            }
            Instances::Only(these) => {
                for index in these {
                    self.instance_exists(service, *index, path);
                }
            }
        }
    }
}
