//! Random systems under the rules of conservation (design, section 4).
//!
//! Every system is drawn from its own seed: services that call each other under policies in any order,
//! loads, and faults of all kinds at any time. Each is run twice, the second time by way of a fork in
//! the middle, and what it counted must add up; debug builds audit the world at every window besides.
//!
//! `SIM_SWARM_SEED` begins with another system, `SIM_SWARM_RUNS` runs another number of them. A failure
//! names the seed of its system: `SIM_SWARM_SEED=<it> SIM_SWARM_RUNS=1` runs that one alone.

mod systems;
mod wild;

use sim_core::random::Keyed;
use sim_models::experiment::{Options, Run};
use sim_models::input::load;
use sim_models::limits::MOST_POLICIES;
use sim_models::observe::summary::RunResult;
use sim_models::plan::{self, Plan};
use sim_models::world::Census;
use sim_tests::draws::Draws;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}"))
    })
}

#[test]
fn random_systems_lose_and_invent_nothing() {
    let refused = all(systems::system);
    assert_eq!(refused, 0, "they are all sound");
}

/// The wild ones may stand in each other's way, which is said of them: but for a few they run.
#[test]
fn wild_systems_stay_within_what_numbers_can_be() {
    let refused = all(wild::wild);
    let runs = setting("SIM_SWARM_RUNS", 300);
    assert!(refused * 10 <= runs, "{refused} of {runs} are refused");
}

/// Policies and presets of the registries, those included that nobody has written a line for here, with drawn
/// parameters in any order at both seats. Few stand in each other's way.
#[test]
fn registered_policies_lose_and_invent_nothing() {
    let refused = all(systems::registered);
    let runs = setting("SIM_SWARM_RUNS", 300);
    assert!(refused * 10 <= runs, "{refused} of {runs} are refused");
}

/// All policies of the registry at once, in one list on one edge and at one door, in several orders.
#[test]
fn all_policies_at_once_lose_and_invent_nothing() {
    for seed in 1..=12 {
        let text = everything(seed);
        match one(&text, seed) {
            Ok(events) => assert!(events > 1000, "{events} events\n{text}"),
            // In any order what remembers by callee may stand outside of what asks another one: that is refused.
            Err(why) => assert!(seed > 2 && why.starts_with("V0009"), "{why}\n{text}"),
        }
    }
}

/// A system in which one edge and one door have all policies: in the order of the registry, backwards, and in any.
fn everything(seed: u64) -> String {
    use systems::registry::{AT_CALLER, AT_DOOR, Variants, careful};
    let mut dice = Dice(Keyed::new(seed, 0x414c_4c00));
    let mut list = |of: &[Variants]| {
        let mut policies: Vec<String> = of
            .iter()
            .map(|variants| {
                let one = dice.number(0, variants.len() as u64 - 1) as usize;
                variants[if seed <= 2 { 0 } else { one }].clone()
            })
            .collect();
        match seed {
            1 => {}
            2 => policies.reverse(),
            _ => {
                for at in (1..policies.len()).rev() {
                    policies.swap(at, dice.number(0, at as u64) as usize);
                }
            }
        }
        // As many as a list may hold, others each time.
        let over = policies.len().saturating_sub(MOST_POLICIES) as u64;
        let first = (over * seed) as usize % policies.len();
        policies.rotate_left(first);
        policies.truncate(MOST_POLICIES);
        careful(policies).join(",\n            ")
    };
    let count = sim_models::resilience::at_caller().count();
    let (calls, door) = (list(&AT_CALLER[..count]), list(&AT_DOOR));
    format!(
        r#"(duration: "12s", seed: {seed}, budget: (events: 100000),
            services: {{
                "s0": (replicas: 2, threads: 16, endpoints: {{ "e0": [work("1ms"), call("s1/e0")] }}),
                "s1": (replicas: 3, threads: 4, queue: (limit: 20), admission: [{door}],
                    endpoints: {{ "e0": [work(exponential("5ms")), fail(0.02)] }}),
            }},
            calls: {{ "s0 -> s1": [{calls}] }},
            workloads: {{
                "w0": open(rate: "60/s", to: "s0/e0", keys: uniform(5), tenant: "red"),
                "w1": open(rate: "60/s", to: "s0/e0", priority: sheddable, tenant: "blue"),
            }},
            faults: [
                (at: "3s", for: "2s", inject: error(service: "s1", instances: one)),
                (at: "4s", for: "2s", inject: slow(service: "s1", factor: 20)),
                (at: "8s", for: "1s", inject: crash(service: "s1", instances: one)),
                (at: "9s", for: "1s", inject: hang(service: "s1")),
            ],
        )"#
    )
}

struct Dice(Keyed);

impl Draws for Dice {
    fn source(&mut self) -> &mut Keyed {
        &mut self.0
    }
}

/// Runs all systems; how many are refused.
fn all(system: fn(u64) -> String) -> u64 {
    let first = setting("SIM_SWARM_SEED", 1);
    let runs = setting("SIM_SWARM_RUNS", 300);
    println!("SIM_SWARM_SEED={first}, {runs} systems");
    let refused = Mutex::new(BTreeMap::<String, u64>::new());
    let next = AtomicU64::new(first);
    let totals = Mutex::new((0, 0));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + runs {
                        break;
                    }
                    match catch_unwind(AssertUnwindSafe(|| one(&system(seed), seed))) {
                        Ok(Err(code)) => {
                            let mut refused = refused.lock().expect("nobody panics with it");
                            *refused.entry(code).or_default() += 1;
                        }
                        Ok(Ok(events)) => {
                            let mut totals = totals.lock().expect("nobody panics with it");
                            totals.0 += events;
                            totals.1 += 1;
                        }
                        Err(cause) => {
                            let cause = cause
                                .downcast_ref::<String>()
                                .cloned()
                                .or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string));
                            let cause = cause.unwrap_or_default();
                            wrong
                                .lock()
                                .expect("nobody panics with it")
                                .push((seed, cause));
                        }
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("all threads have ended");
    let totals = totals.into_inner().expect("all threads have ended");
    println!("{} events in {} systems", totals.0, totals.1);
    wrong.sort();
    for (seed, cause) in &wrong {
        let cause: String = cause.chars().take(400).collect();
        println!("SIM_SWARM_SEED={seed} SIM_SWARM_RUNS=1: {cause}");
    }
    if let Some((seed, cause)) = wrong.first() {
        let text = system(*seed);
        panic!(
            "{} of {runs} systems are wrong; the first, SIM_SWARM_SEED={seed}: {cause}\n{text}",
            wrong.len()
        );
    }
    let refused = refused.into_inner().expect("all threads have ended");
    println!("refused: {refused:?}");
    refused.values().sum()
}

/// Runs one system twice and checks what it tells; the number of its events, or why it is refused.
fn one(text: &str, seed: u64) -> Result<u64, String> {
    let loaded = load("test.ron", &[("test.ron", text)], &[]);
    let scenario = match loaded.scenario {
        Ok(scenario) => scenario,
        Err(found) => {
            let said = found.first().expect("it is said why");
            return Err(format!("{} {}", said.code.as_str(), said.message));
        }
    };
    let plan = plan::compile(&scenario).expect("it passed its checks");
    let options = Options {
        seed,
        ..Options::default()
    };
    let mut straight = Run::new(&scenario, &plan, options.clone());
    while !straight.is_over() {
        straight.window();
    }
    let mut half = Run::new(&scenario, &plan, options);
    while !half.is_over() && half.now().0 < straight.now().0 / 2 {
        half.window();
    }
    let mut fork = half.clone();
    while !fork.is_over() {
        fork.window();
    }
    let result = straight.result();
    assert_eq!(
        format!("{result:?}"),
        format!("{:?}", fork.result()),
        "the second run differs"
    );
    sim_tests::sound::sound(&result);
    turned(&result);
    // Totals leave out what began before the warm-up was over.
    if scenario.warmup.0 == 0 {
        conserved(&plan, &result, &straight.simulation().model.census());
    }
    Ok(result.summary.events)
}

fn sum<'a>(counts: impl IntoIterator<Item = &'a u64>) -> u64 {
    counts.into_iter().sum()
}

/// What is told of the states of policies adds up.
fn turned(result: &RunResult) {
    let edges = result.summary.edges.values().map(|edge| &edge.policies);
    let doors = result.summary.services.values();
    let doors = doors.map(|service| &service.admission);
    for (name, policy) in edges.chain(doors).flatten() {
        let all: f64 = policy.states.values().sum();
        assert!(
            policy.states.is_empty() || (all - 1.0).abs() < 1e-6,
            "{name}: {policy:?}"
        );
        assert!(
            policy
                .states
                .values()
                .all(|share| (-1e-9..=1.0 + 1e-9).contains(share))
        );
        let kept = policy.transitions.len() as u64;
        assert!(kept == policy.transition_count || kept == 1000, "{name}");
        let mut places = BTreeMap::new();
        for turn in &policy.transitions {
            let before = places.insert((&turn.caller, &turn.of), &turn.to);
            let before = before.or(policy.transitions.first().map(|_| &turn.from));
            assert_eq!(before, Some(&turn.from), "{name}: {turn:?}");
        }
    }
    for policies in result.series.states.values() {
        for shares in policies
            .values()
            .flat_map(|states| states.values())
            .flatten()
        {
            assert!((-1e-9..=1.0 + 1e-9).contains(shares), "{shares}");
        }
    }
}

fn conserved(plan: &Plan, result: &RunResult, census: &Census) {
    let (summary, series) = (&result.summary, &result.series);
    for (number, place) in plan.load_places().iter_enumerated() {
        let name = &place.name;
        let load = &summary.workloads[name];
        assert_eq!(
            load.offered,
            load.ok + load.degraded + load.failed + load.unfinished,
            "requests of {name}: {load:?}"
        );
        assert_eq!(load.unfinished, census.requests[number], "{name}");
        assert_eq!(sum(load.outcomes.values()) + load.unfinished, load.offered);
        assert_eq!(sum(load.causes.values()), load.failed, "causes of {name}");
        assert_eq!(load.latency.count, load.ok + load.degraded);
        assert_eq!(load.latency_true.count, load.offered);
        let windows = &series.workloads[name];
        assert_eq!(sum(&windows.offered), load.offered);
        assert_eq!(sum(&windows.ok), load.ok);
        assert_eq!(sum(windows.failed.values().flatten()), load.failed);
        assert_eq!(windows.in_flight.last(), Some(&load.unfinished));
    }
    for (place, spec) in plan.service_places().iter().zip(&plan.services) {
        let name = &place.name;
        let service = &summary.services[name];
        let present = sum(&census.present[place.range()]);
        assert_eq!(
            service.arrivals,
            service.ok + service.failed + service.rejected + present,
            "requests at {name}: {present} present, {service:?}"
        );
        assert!(service.started <= service.arrivals, "{name}: {service:?}");
        assert!(service.waiting.count == service.started, "{name}");
        let arrivals = service.instances.iter().map(|instance| instance.arrivals);
        assert_eq!(arrivals.sum::<u64>(), service.arrivals);
        for (name, pool) in &service.pools {
            assert_eq!(pool.wait.count, pool.taken, "{name}: {pool:?}");
            assert!((0.0..=1.0 + 1e-9).contains(&pool.utilization), "{pool:?}");
            assert!(pool.timeouts <= pool.waited, "{name}: {pool:?}");
            assert!(pool.waiting.mean >= 0.0 && pool.waiting.mean <= pool.waiting.max * 3.0);
        }
        let windows = &series.services[name];
        assert_eq!(sum(&windows.arrivals), service.arrivals);
        assert_eq!(sum(&windows.ok), service.ok);
        assert_eq!(sum(&windows.failed), service.failed);
        assert_eq!(sum(&windows.rejected), service.rejected);
        let ratio = |what: &str, value: f64| {
            assert!(
                (0.0..=1.0 + 1e-9).contains(&value),
                "{what} of {name} is {value}"
            );
        };
        ratio("utilization", service.utilization);
        if let Some(share) = service.doomed_share {
            ratio("doomed share", share);
        }
        for value in &windows.utilization {
            ratio("utilization in a window", *value);
        }
        if let Some(cpu) = service.cpu_utilization {
            ratio("cpu", cpu);
            for value in &windows.cpu_utilization {
                ratio("cpu in a window", *value);
            }
        }
        for value in windows.queue.iter().chain([
            &service.queue.mean,
            &service.busy.mean,
            &service.in_system.mean,
        ]) {
            assert!(*value >= 0.0, "a level of {name} is {value}");
        }
        assert!(
            service.in_system.mean + 1e-9 >= service.queue.mean || spec.threads == 0,
            "{name}"
        );
    }
    for (number, edge) in plan.edges.iter_enumerated().filter(|(_, edge)| !edge.door) {
        let name = &edge.name;
        let edge = &summary.edges[name];
        let (calls, out) = (census.calls[number], census.attempts[number]);
        assert_eq!(
            edge.attempts,
            sum(edge.attempt_outcomes.values()) + out,
            "attempts of {name}: {out} out, {edge:?}"
        );
        assert_eq!(
            edge.calls,
            sum(edge.outcomes.values()) + calls,
            "calls of {name}: {calls} out, {edge:?}"
        );
        let first = edge.attempts - edge.retries;
        assert!(first <= edge.calls, "{name}: {edge:?}");
        let amplification = (first > 0).then(|| edge.attempts as f64 / first as f64);
        assert_eq!(edge.amplification, amplification, "{name}");
        assert!(
            amplification.is_none_or(|amplification| amplification <= edge.amplification_worst),
            "{name}: {edge:?}"
        );
        assert_eq!(edge.retry_efficiency.is_some(), edge.retries > 0, "{name}");
        let well = edge.retry_efficiency.unwrap_or_default();
        assert!((0.0..=1.0).contains(&well), "{name}");
        let windows = &series.edges[name];
        assert_eq!(sum(&windows.calls), edge.calls);
        assert_eq!(sum(&windows.attempts), edge.attempts);
        assert_eq!(sum(&windows.retries), edge.retries);
    }
}
