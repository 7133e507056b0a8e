//! A run that is told of its faults late, by way of a beginning without any, is the run from scratch:
//! digest, summary, series, everything. Over the library and over random systems.

mod systems;

use sim_core::{SimDuration, SimTime};
use sim_models::experiment::{self, Options, Run};
use sim_models::input::load;
use sim_models::observe::conclusion::StoppedBy;
use sim_models::plan::{self, Plan};
use sim_models::scenario::{Override, Scenario};

/// Lists of faults to meet, on a system with this service.
fn faults(service: &str) -> Vec<String> {
    let lists = [
        // None at all.
        "",
        // Every kind, some on the very end of a window, some at one instant.
        r#"(at: "4s", for: "2s", inject: slow(service: "S", factor: 3))"#,
        r#"(at: "4s", for: "2s", inject: slow(service: "S", factor: 1.5, add: "2ms"))"#,
        r#"(at: "3.5s", for: "2s", inject: crash(service: "S", instances: one, boot: "1s")), (at: "3.5s", for: "1s", inject: pause(service: "S"))"#,
        r#"(at: "2999ms", inject: error(service: "S", status: 503), share: 0.3, ramp: "3s")"#,
        r#"(at: "3s", for: "500ms", every: "1s", inject: hang(service: "S"), share: 0.1)"#,
        r#"(at: "4s", for: "2s", inject: latency(link: "* -> S", add: exponential("20ms")))"#,
        r#"(at: "4s", for: "3s", inject: loss(link: "* -> S", rate: 0.2), correlation: 0.5)"#,
        r#"(at: "5s", for: "1s", inject: partition(link: "* -> S")), (at: "2s", for: "1s", inject: slow(service: "S", factor: 2))"#,
        r#"(random: (mtbf: "3s", mttr: "500ms"), inject: crash(service: "S", instances: one))"#,
        r#"(random: (mtbf: "9s", mttr: "500ms"), inject: crash(service: "S", instances: one)), (at: "6s", inject: slow(service: "S", factor: 2))"#,
        // Links of single instances: all of the plan tells instances apart.
        r#"(at: "4s", for: "2s", inject: latency(link: "* -> S#0", add: "20ms"))"#,
        // From the first moment: nothing is shared.
        r#"(at: "0s", for: "2s", inject: slow(service: "S", factor: 2))"#,
    ];
    lists
        .iter()
        .map(|list| list.replace('S', service))
        .collect()
}

/// The run by way of a beginning without faults, and how many windows that had.
fn forked<'p>(
    scenario: &'p Scenario,
    plan: &'p Plan,
    calm: &'p Plan,
    seed: u64,
) -> (Run<'p>, usize) {
    let options = Options {
        seed,
        ..Options::default()
    };
    let to = Run::last_calm_window(plan, &options);
    let mut beginning = Run::new(scenario, calm, options);
    while !beginning.is_over() && beginning.now() < to {
        beginning.window();
    }
    let windows = beginning.windows();
    // The clone has no spare capacity anywhere, and goes on all the same.
    let mut run = beginning.clone().with_faults(scenario, plan);
    let run = run.take().expect("no fault has come yet");
    (run, windows)
}

/// Compares a fork with the run from scratch; the windows that were shared.
fn same(name: &str, scenario: &Scenario, seed: u64) -> usize {
    let plan = plan::compile(scenario).expect("it passed its checks");
    let calm = Plan {
        faults: Vec::new().into(),
        ..plan.clone()
    };
    let (mut run, windows) = forked(scenario, &plan, &calm, seed);
    while !run.is_over() {
        run.window();
    }
    let straight = experiment::run(scenario, seed).expect("it passed its checks");
    let (fork, straight) = (format!("{:?}", run.result()), format!("{straight:?}"));
    assert!(
        fork == straight,
        "{name}: the fork differs\n{fork}\n{straight}"
    );
    windows
}

#[test]
fn forks_of_the_library_are_runs_from_scratch() {
    let files = std::fs::read_dir(sim_tests::LIBRARY).expect("the library is there");
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.expect("it can be read").file_name();
            let name = name.to_string_lossy();
            name.strip_suffix(".ron").map(str::to_owned)
        })
        .collect();
    names.sort();
    let mut shared = 0;
    for (number, name) in names.iter().enumerate() {
        // Its own faults and hypothesis, no hypothesis, and some of the lists: all have had their turn.
        let own = sim_tests::library(name);
        let lists = faults(own.services.keys().next().expect("it has services"));
        let mut unbelieved = own.clone();
        unbelieved.hypothesis = Default::default();
        let mut variants = vec![own, unbelieved];
        for list in 3 * number..3 * number + 3 {
            let set = format!("faults=[{}]", lists[list % lists.len()]);
            let mut scenario = sim_tests::library_with(name, &[set]);
            scenario.duration = SimDuration::from_secs(12);
            scenario.warmup = SimDuration::from_millis(1500);
            variants.push(scenario);
        }
        for scenario in variants {
            shared += same(&format!("{name} with {:?}", scenario.faults), &scenario, 3);
        }
    }
    assert!(shared > 1000, "{shared} windows shared");
}

#[test]
fn forks_of_random_systems_are_runs_from_scratch() {
    let mut shared = 0;
    for seed in 1..=100 {
        let text = systems::system(seed);
        let own = sim_tests::scenario(&text);
        let lists = faults(own.services.keys().next().expect("it has services"));
        let mut variants = vec![own];
        for list in 3 * seed as usize..3 * seed as usize + 3 {
            // What an operator lifts there must be.
            let faults = &lists[list % lists.len()];
            let faults = match text.contains("lift(\"f0\")") {
                true if faults.is_empty() => continue,
                true => faults.replacen('(', "(name: \"f0\", ", 1),
                false => faults.clone(),
            };
            let set = format!("faults=[{faults}]");
            let set: Override = set.parse().expect("a setting");
            let loaded = load("test.ron", &[("test.ron", text.as_str())], &[set]);
            variants.push(loaded.scenario.unwrap_or_else(|wrong| panic!("{wrong:#?}")));
        }
        for scenario in variants {
            let name = format!("system {seed} with {:?}", scenario.faults);
            shared += same(&name, &scenario, seed);
        }
    }
    assert!(shared > 1000, "{shared} windows shared");
}

/// Memory counts towards a budget. A fork, which has no spare capacity, is stopped at the same event.
#[test]
fn a_budget_stops_a_fork_where_it_stops_the_run() {
    let mut stopped = 0;
    for memory in ["150KiB", "300KiB", "600KiB"] {
        for fault in ["10s", "20s"] {
            let scenario = sim_tests::scenario(&format!(
                r#"(
                    duration: "40s", budget: (memory: "{memory}"),
                    services: {{ "db": (threads: 20, queue: (limit: unbounded), endpoints: {{ "read": [work(exponential("20ms"))] }}) }},
                    workloads: {{ "users": open(rate: "800/s", to: "db/read") }},
                    faults: [(at: "{fault}", for: "10s", inject: slow(service: "db", factor: 3)), (at: "{fault}", inject: pause(service: "db"))],
                )"#
            ));
            let summary = experiment::run(&scenario, 1)
                .expect("it passed its checks")
                .summary;
            stopped += u32::from(summary.stopped_by == StoppedBy::Memory);
            assert!(same(memory, &scenario, 1) > 0);
        }
    }
    assert!(stopped >= 4, "{stopped} were stopped");
}

#[test]
fn what_has_met_a_fault_meets_no_others() {
    let scenario = sim_tests::library("partition");
    let plan = plan::compile(&scenario).expect("it passed its checks");
    let calm = Plan {
        faults: Vec::new().into(),
        ..plan.clone()
    };
    let options = Options::default();
    let to = Run::last_calm_window(&plan, &options);
    assert!(to > SimTime::ZERO);
    // A run with faults of its own.
    let own = Run::new(&scenario, &plan, options.clone());
    assert!(own.with_faults(&scenario, &plan).is_none());
    // A beginning that has gone on for too long.
    let mut late = Run::new(&scenario, &calm, options);
    while late.now() <= to {
        late.window();
    }
    assert!(late.with_faults(&scenario, &plan).is_none());
}
