//! Draws healthy systems, such as other people would write them: services in tiers with room to spare,
//! patient timeouts, loads of all sizes, disturbances that harm nobody, and checks with a margin.

use super::dice::Dice;
use super::sizing::{Sizes, any_delay, round_up};
use super::system::{Caller, Delay, Load, Policies, Service, Step, System, Workload, span};
use std::collections::BTreeMap;

const ENTRIES: &[&str] = &["gateway", "web", "frontend", "public-api", "edge"];
const MIDDLE: &[&str] = &[
    "orders",
    "checkout",
    "cart",
    "catalog",
    "users",
    "auth",
    "payments",
    "search",
    "inventory",
    "shipping",
    "recommendations",
    "pricing",
    "notifications",
    "billing",
    "sessions",
    "reviews",
];
const FAST: &[&str] = &["redis", "memcached", "rates-cache"];
const DATABASES: &[&str] = &[
    "postgres",
    "orders-db",
    "users-db",
    "mongo",
    "ledger",
    "elastic",
];
const OPERATIONS: &[&str] = &[
    "get", "list", "create", "update", "find", "lookup", "submit",
];
const CROWDS: &[&str] = &[
    "shoppers", "mobile", "partners", "crawler", "admins", "sensors", "nightly",
];

/// Events that one visit of a service costs, about.
const EVENTS_PER_VISIT: f64 = 5.0;

/// A number with two significant digits, as people write them.
fn two_digits(number: f64) -> f64 {
    let digits = libm::pow(10.0, 1.0 - libm::floor(libm::log10(number)));
    libm::round(number * digits) / digits
}

/// What a drawn system is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Events that its run takes at most, about.
    pub events: f64,
    /// How long it runs, if that is not drawn.
    pub duration: Option<f64>,
    /// Most services.
    pub services: u32,
}

/// A healthy system with a harmless disturbance in half of the cases, and what is known of its sizes.
pub fn healthy(seed: u64) -> (System, Sizes) {
    let mut dice = Dice::new(seed, 0x6f1d_0001);
    let wish = Wish {
        events: 250_000.0,
        duration: None,
        services: 15,
    };
    let mut system = skeleton(seed, &mut dice, wish);
    errors(&mut system, &mut dice);
    let sizes = system.size();
    if dice.chance(0.6) {
        disturb(&mut system, &mut dice);
    }
    believe(&mut system, &sizes, &mut dice);
    (system, sizes)
}

/// Services, calls and loads, not sized yet.
pub fn skeleton(seed: u64, dice: &mut Dice, wish: Wish) -> System {
    // Some are short and under much load, most go on for long.
    let intense = wish.duration.is_none() && dice.chance(0.25);
    let duration = match wish.duration {
        Some(duration) => duration,
        None if intense => f64::from(dice.number(60, 90)),
        None => libm::round(dice.magnitude(5.0, 120.0)) * 60.0,
    };
    let most = if intense { 3 } else { wish.services };
    let count = dice.one(&[1, 1, 2, 3, 3, 4, 5, 6, 8, 10, 12, 15]).min(most);
    let mut system = System {
        seed,
        duration,
        warmup: if intense {
            5.0
        } else {
            dice.one(&[10.0, 20.0, 30.0])
        },
        window: 1.0,
        services: Vec::new(),
        workloads: Vec::new(),
        calls: BTreeMap::new(),
        link: dice.one(&[
            Delay::Constant(0.000_25),
            Delay::Constant(0.001),
            Delay::Uniform(0.000_2, 0.000_8),
            Delay::Lognormal(0.000_5, 0.002),
        ]),
        faults: Vec::new(),
        planned: Vec::new(),
        steady: Vec::new(),
        always: Vec::new(),
        recovers: None,
        objective: dice.one(&[0.99, 0.995, 0.999]),
    };
    services(&mut system, dice, count);
    let events = if intense {
        4.0 * wish.events
    } else {
        wish.events
    };
    loads(&mut system, dice, events);
    policies(&mut system, dice);
    if duration >= 1800.0 {
        system.window = dice.one(&[1.0, 1.0, 5.0, 10.0]);
    }
    system
}

fn services(system: &mut System, dice: &mut Dice, count: u32) {
    let entries = if count >= 6 { 2 } else { 1 };
    let stores = count / 3;
    let zoned = dice.chance(0.3);
    let names = [
        dice.some(ENTRIES, entries as usize),
        dice.some(MIDDLE, (count - entries - stores) as usize),
    ]
    .concat();
    for (at, name) in names.into_iter().enumerate() {
        let entry = at < entries as usize;
        let mean = if entry {
            (0.000_5, 0.005)
        } else {
            (0.001, 0.05)
        };
        service(system, dice, name, mean, zoned);
    }
    let first_store = system.services.len();
    for at in 0..stores {
        let fast = at % 2 == 1;
        let taken = |name: &&str| system.services.iter().any(|service| service.name == *name);
        let names = if fast { FAST } else { DATABASES };
        let names: Vec<&str> = names.iter().copied().filter(|name| !taken(name)).collect();
        let name = dice.one(&names);
        let mean = if fast { (0.000_1, 0.001) } else { (0.002, 0.1) };
        service(system, dice, name, mean, zoned);
    }
    // Every endpoint behind the entries is called from one before it; so all are reached.
    for callee in entries as usize..system.services.len() {
        for endpoint in 0..system.services[callee].endpoints.len() {
            let caller = dice.number(0, callee.min(first_store) as u32 - 1) as usize;
            call(system, dice, caller, (callee, endpoint));
            if dice.chance(0.2) {
                let caller = dice.number(0, callee.min(first_store) as u32 - 1) as usize;
                call(system, dice, caller, (callee, endpoint));
            }
        }
    }
}

fn service(system: &mut System, dice: &mut Dice, name: &str, mean: (f64, f64), zoned: bool) {
    let count = dice.number(1, 2);
    let operations = dice.some(OPERATIONS, count as usize);
    let endpoints = operations.into_iter().map(|operation| {
        // Now and then a report that takes its time.
        let slow = dice.chance(0.03);
        let mean = if slow {
            dice.between(0.5, 3.0)
        } else {
            dice.magnitude(mean.0, mean.1)
        };
        let work = any_delay(dice.number(0, 6), two_digits(mean));
        let mut steps = vec![if slow {
            Step::Wait(work)
        } else {
            Step::Work(work)
        }];
        if dice.chance(0.15) {
            steps.push(Step::Wait(any_delay(
                dice.number(0, 6),
                two_digits(dice.magnitude(0.001, 0.02)),
            )));
        }
        (operation.to_owned(), steps)
    });
    let endpoints = endpoints.collect();
    system.services.push(Service {
        name: name.into(),
        replicas: dice.number(2, 4),
        threads: (!dice.chance(0.15)).then(|| dice.one(&[1, 2, 2, 4, 8, 16])),
        is_async: dice.chance(0.3),
        cores: dice.chance(0.25).then_some(1),
        queue: Some(dice.one(&[0, 0, 100, 1000])),
        backlog: dice.one(&[128, 128, 512]),
        balance: dice.one(&["round_robin", "random", "least_outstanding", "power_of_two"]),
        zoned,
        busy: Some(dice.between(0.1, 0.55)),
        endpoints,
    });
}

fn call(system: &mut System, dice: &mut Dice, caller: usize, to: (usize, usize)) {
    let endpoints = system.services[caller].endpoints.len() as u32;
    let endpoint = dice.number(0, endpoints - 1) as usize;
    let steps = &mut system.services[caller].endpoints[endpoint].1;
    let before = steps.iter().rposition(|step| matches!(step, Step::Call(_)));
    let step = match (dice.number(0, 9), before) {
        (0, _) => Step::Optional(to),
        (1 | 2, _) => Step::Perhaps(dice.one(&[0.05, 0.1, 0.25, 0.5]), to),
        (3, _) => Step::Repeat(dice.number(2, 4), to),
        (4 | 5, Some(at)) => {
            let Step::Call(other) = steps.remove(at) else {
                unreachable!("it was found to be one")
            };
            Step::Both(other, to)
        }
        _ => Step::Call(to),
    };
    steps.push(step);
}

fn loads(system: &mut System, dice: &mut Dice, events: f64) {
    let targets: Vec<_> = (0..system.services.len())
        .filter(|service| {
            // The entries are those whom nobody calls.
            let called = |endpoint: &(String, Vec<Step>)| {
                let steps = endpoint.1.iter().flat_map(Step::calls);
                steps.into_iter().any(|((to, _), _, _)| to == *service)
            };
            !system
                .services
                .iter()
                .any(|s| s.endpoints.iter().any(called))
        })
        .flat_map(|service| {
            let endpoints = 0..system.services[service].endpoints.len();
            endpoints.map(move |endpoint| (service, endpoint))
        })
        .collect();
    let count = dice.number(1, 4);
    let names = dice.some(CROWDS, count as usize);
    for (at, name) in names.into_iter().enumerate() {
        // All entry endpoints are asked for by somebody.
        let own = targets.iter().skip(at).step_by(count as usize);
        let mut to: Vec<_> = own.map(|to| (*to, dice.number(1, 9))).collect();
        if to.is_empty() {
            to.push((dice.one(&targets), 1));
        }
        system.workloads.push(Workload {
            name: name.into(),
            load: Load::Open {
                rate: dice.magnitude(0.2, 2000.0),
                constant: dice.chance(0.2),
                shape: None,
            },
            to,
        });
    }
    for at in 0..system.workloads.len() {
        let cost = system.visits(at) * EVENTS_PER_VISIT * system.duration;
        let most = events / f64::from(count) / cost;
        let rate = system.workloads[at]
            .rate()
            .min(most * dice.between(0.4, 1.0));
        let rate = two_digits(rate);
        let shape = dice.chance(0.3).then(|| shape(dice, system.duration));
        let load = &mut system.workloads[at].load;
        let think = two_digits(dice.between(1.0, 30.0));
        let users = libm::round(rate * think);
        *load = if dice.chance(0.25) && users >= 3.0 {
            // Users who all begin to think at once come in waves at first, unless thinking has no memory.
            let think = if 3.0 * think <= system.warmup {
                Delay::Uniform(0.5 * think, 1.5 * think)
            } else {
                Delay::Exponential(think)
            };
            Load::Closed {
                users: users as u32,
                think,
            }
        } else {
            Load::Open {
                rate,
                constant: dice.chance(0.2),
                shape,
            }
        };
    }
}

/// A shape of a load, and how high it reaches.
fn shape(dice: &mut Dice, duration: f64) -> (String, f64) {
    let at = span(libm::round(duration * dice.between(0.2, 0.6)));
    match dice.number(0, 4) {
        0 => {
            let over = span(libm::round(duration * 0.3));
            (
                format!("ramp(at: \"{at}\", over: \"{over}\", factor: 1.6)"),
                1.6,
            )
        }
        1 => (format!("step(at: \"{at}\", factor: 0.6)"), 1.0),
        _ => {
            let amplitude = dice.one(&[0.3, 0.6, 0.9]);
            let period = span(libm::round(duration / dice.between(1.0, 3.0)));
            (
                format!("diurnal(period: \"{period}\", amplitude: {amplitude}, peak: \"{at}\")"),
                1.0 + amplitude,
            )
        }
    }
}

fn policies(system: &mut System, dice: &mut Dice) {
    let mut pairs: Vec<(Caller, usize)> = Vec::new();
    for (at, workload) in system.workloads.iter().enumerate() {
        pairs.extend(
            workload
                .to
                .iter()
                .map(|(to, _)| (Caller::Workload(at), to.0)),
        );
    }
    for (at, service) in system.services.iter().enumerate() {
        let steps = service.endpoints.iter().flat_map(|(_, steps)| steps);
        let calls = steps.flat_map(Step::calls);
        pairs.extend(calls.map(|((to, _), _, _)| (Caller::Service(at), to)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    for (from, to) in pairs {
        let user = matches!(from, Caller::Workload(_));
        if !dice.chance(if user { 0.4 } else { 0.6 }) {
            continue;
        }
        // Retries stand at the last tier but those of users, or have a budget.
        let last = system.services[to]
            .endpoints
            .iter()
            .all(|(_, steps)| steps.iter().all(|step| step.calls().is_empty()));
        let retry = match dice.number(0, 3) {
            0 => Some((dice.number(2, 4), Some(dice.one(&[0.1, 0.2])))),
            1 if last && !user => Some((dice.number(2, 3), None)),
            _ => None,
        };
        let policies = Policies {
            retry,
            backoff: (dice.chance(0.7)).then_some(0.05),
            breaker: dice.chance(0.25),
            timed: true,
            timeout: None,
            written: None,
        };
        system.calls.insert((from, to), policies);
    }
}

/// Errors that the objective allows, far from its limit, where there are enough requests for a share
/// of them to mean something: one of thirty that fails is 97 %.
fn errors(system: &mut System, dice: &mut Dice) {
    if !dice.chance(0.5) {
        return;
    }
    let share = libm::round(0.1 * (1.0 - system.objective) * 1e6) / 1e6;
    let mut targets: Vec<_> = system.workloads.iter().flat_map(|w| &w.to).collect();
    let few = system
        .workloads
        .iter()
        .filter(|workload| workload.rate() < 5.0);
    let few: Vec<_> = few.flat_map(|workload| &workload.to).collect();
    targets.retain(|(to, _)| !few.iter().any(|(other, _)| to == other));
    let mut targets: Vec<_> = targets.into_iter().map(|(to, _)| *to).collect();
    targets.sort_unstable();
    targets.dedup();
    for (service, endpoint) in targets {
        let steps = &mut system.services[service].endpoints[endpoint].1;
        steps.push(Step::Fail(share));
    }
}

/// Adds a disturbance that harms nobody.
fn disturb(system: &mut System, dice: &mut Dice) {
    let (at, lasts) = when(system);
    let service = dice.one(&system.services).name;
    let inject = match dice.number(0, 6) {
        0 => format!("slow(service: \"{service}\", factor: 1.0001)"),
        1 => format!("slow(service: \"{service}\", factor: 1.02)"),
        2 => format!("pause(service: \"{service}\", instances: one)"),
        3 => "loss(link: \"* -> *\", rate: 0.0001)".into(),
        4 => "latency(link: \"* -> *\", add: \"50us\")".into(),
        5 => format!("slow(service: \"{service}\", instances: one, add: \"1ms\")"),
        _ => return bump(system, dice, at, lasts),
    };
    // An instance that stands still for 20 ms keeps nobody waiting for long.
    let lasts = if inject.starts_with("pause") {
        0.02
    } else {
        lasts
    };
    let (at, lasts) = (span(at), span(lasts));
    // Long runs see it more than once.
    let again = if system.duration >= 1200.0 && dice.chance(0.3) {
        ", every: \"5min\", times: 3"
    } else {
        ""
    };
    system.faults.push(format!(
        "(name: \"drill\", at: \"{at}\", for: \"{lasts}\"{again}, inject: {inject})"
    ));
    system.planned.push("drill".into());
}

/// When a fault begins, and how long it lasts: the system is looked at before, and can recover after it.
pub fn when(system: &System) -> (f64, f64) {
    if system.duration < 120.0 {
        (25.0, 5.0)
    } else {
        (system.warmup + 90.0, 30.0)
    }
}

/// A tenth more load for a while; the room for it is there.
fn bump(system: &mut System, dice: &mut Dice, at: f64, lasts: f64) {
    let (at, lasts) = (span(at), span(lasts));
    let open = |workload: &&mut Workload| matches!(workload.load, Load::Open { shape: None, .. });
    let mut all: Vec<_> = system.workloads.iter_mut().filter(open).collect();
    if all.is_empty() {
        return;
    }
    let which = dice.number(0, all.len() as u32 - 1) as usize;
    let name = all[which].name.clone();
    if let Load::Open { shape, .. } = &mut all[which].load {
        let spike = format!("spike(at: \"{at}\", for: \"{lasts}\", factor: 1.1)");
        *shape = Some((spike, 1.1));
        system.planned.push(format!("spike of {name}"));
    }
}

/// Checks that hold with a margin.
pub fn believe(system: &mut System, sizes: &Sizes, dice: &mut Dice) {
    if dice.chance(0.1) {
        return;
    }
    for at in 0..system.workloads.len() {
        steady(system, sizes, dice, at);
        let name = system.workloads[at].name.clone();
        let plain = matches!(system.workloads[at].load, Load::Open { shape: None, .. });
        let rate = system.workloads[at].rate();
        // Of a thousand requests nine in ten is far below the noise.
        if plain && rate * (system.duration - system.warmup) > 2000.0 && dice.chance(0.3) {
            let always = format!("goodput({name}) > {}/s", 0.9 * rate);
            system.always.push(always);
        }
    }
    let pooled = system.services.iter().filter(|s| s.threads.is_some());
    let pooled: Vec<&str> = pooled.map(|service| service.name.as_str()).collect();
    if dice.chance(0.3) && !pooled.is_empty() {
        let name = dice.one(&pooled);
        system.always.push(format!("utilization({name}) < 0.8"));
    }
    if !system.planned.is_empty() && dice.chance(0.8) {
        system.recovers = Some(if system.duration < 120.0 {
            (10.0, 10.0)
        } else {
            (60.0, 30.0)
        });
    }
}

/// What a workload needs in the steady state.
pub fn steady(system: &mut System, sizes: &Sizes, dice: &mut Dice, at: usize) {
    let name = system.workloads[at].name.clone();
    let success = dice.one(&[0.95, 0.98, 0.99]);
    system
        .steady
        .push(format!("success_ratio({name}) >= {success}"));
    if dice.chance(0.7) {
        let bound = span(round_up(1.1 * system.tail_of(at, sizes)));
        system
            .steady
            .push(format!("latency({name}, p99) < {bound}"));
    }
}
