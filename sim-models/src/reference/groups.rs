//! What there is of each kind, what it is called, and where it stands in a scenario.

mod limits;
mod presets;
mod retries;

use crate::scenario::steps;
use crate::{balancers, controllers, faults, presets as libraries, queues, resilience};

/// Things of one kind: the variants of an enum, one struct, or one kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its type, as the schema names it.
    pub of: &'static str,
    /// What one of them is.
    pub one: &'static str,
    /// What they are together.
    pub all: &'static str,
    /// Where one of them stands: fields of a scenario, to be added to [`super::example::BASE`], with `@` in its
    /// place. An example that is a list stands for the whole list that the `@` is in.
    pub place: &'static str,
    /// How it is written, of what has no variants.
    pub example: &'static str,
}

/// A registry: its type, and of each of its parts the name with a summary, an example and the text of its file.
pub type Registry = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static [&'static str],
);

/// The registries whose parts bring their own examples and docs.
pub const REGISTRIES: &[Registry] = &[
    ("Step", steps::REGISTRY, steps::EXAMPLES, steps::TEXTS),
    (
        "PolicySpec",
        resilience::REGISTRY,
        resilience::EXAMPLES,
        resilience::TEXTS,
    ),
    (
        "PresetSpec",
        libraries::REGISTRY,
        libraries::EXAMPLES,
        libraries::TEXTS,
    ),
    (
        "BalancerSpec",
        balancers::REGISTRY,
        balancers::EXAMPLES,
        balancers::TEXTS,
    ),
    (
        "OrderSpec",
        queues::REGISTRY,
        queues::EXAMPLES,
        queues::TEXTS,
    ),
    (
        "FaultKind",
        faults::REGISTRY,
        faults::EXAMPLES,
        faults::TEXTS,
    ),
    (
        "ControllerSpec",
        controllers::REGISTRY,
        controllers::EXAMPLES,
        controllers::TEXTS,
    ),
];

/// Fields that are read before the types that they stand in, which know nothing of them: of which type, name, what they
/// say, and whether they take several texts.
pub const READ_BEFORE: &[(&str, &str, &str, bool)] = &[
    (
        "Scenario",
        "include",
        "Files that this one builds upon, relative to it: structs and maps are merged, all else is replaced by what stands here.",
        true,
    ),
    (
        "EmpiricalSpec",
        "file",
        "File of values, relative to the scenario: one number a line, or a table with a column of numbers.",
        false,
    ),
    (
        "EmpiricalSpec",
        "unit",
        "Unit of the numbers in `file`: ns, us, ms, s, min, h or d.",
        false,
    ),
    (
        "EmpiricalSpec",
        "column",
        "Which column of `file`, of several with numbers.",
        false,
    ),
];

/// Variants that bring their examples with them.
const fn variants(
    of: &'static str,
    one: &'static str,
    all: &'static str,
    place: &'static str,
) -> Group {
    Group {
        of,
        one,
        all,
        place,
        example: "",
    }
}

/// One struct or kind of value.
const fn single(
    of: &'static str,
    one: &'static str,
    place: &'static str,
    example: &'static str,
) -> Group {
    Group {
        of,
        one,
        all: "",
        place,
        example,
    }
}

/// Where a policy stands that makes no sense at a caller.
pub const AT_DOOR: &str = r#"services: { "db": (admission: [@]) }"#;

/// All groups, in the order in which they are listed.
pub const GROUPS: &[Group] = &[
    single(
        "Scenario",
        "scenario",
        "@",
        r#"title: "A shop", duration: "30s", warmup: "5s", seed: 7, window: "1s""#,
    ),
    single(
        "Service",
        "service",
        r#"services: { "db": (@) }"#,
        r#"replicas: 3, threads: 32, threading: sync, cores: 4, queue: (limit: 100), backlog: 128, admission: [adaptive_limit(initial: 20)], balance: least_outstanding, zones: ["a", "b"], endpoints: { "find": [work("2ms")] }"#,
    ),
    single(
        "Queue",
        "queue",
        r#"services: { "db": (queue: (@)) }"#,
        "limit: 100, order: lifo",
    ),
    single(
        "Link",
        "link",
        r#"links: { "web -> db": (@) }"#,
        r#"latency: normal("1ms", "100us")"#,
    ),
    single(
        "Fault",
        "fault",
        "faults: [(@)]",
        r#"name: "slow disk", at: "10s", for: "2s", ramp: "500ms", every: "5s", times: 2, share: 0.5, inject: slow(service: "db", factor: 4)"#,
    ),
    single(
        "RandomTimes",
        "random",
        r#"faults: [(random: (@), inject: pause(service: "db", instances: one))]"#,
        r#"mtbf: "10s", mttr: "500ms""#,
    ),
    single(
        "Hypothesis",
        "hypothesis",
        "hypothesis: (@)",
        r#"steady: ["success_ratio(users) >= 99%"], always: ["latency(users, p99) < 1s"], objective: 0.999"#,
    ),
    single(
        "Recovers",
        "recovers",
        r#"faults: [(at: "10s", for: "1s", inject: slow(service: "db", factor: 4))], hypothesis: (recovers: (@))"#,
        r#"within: "5s", stretch: "5s""#,
    ),
    single(
        "Budget",
        "budget",
        "budget: (@)",
        r#"events: 10000000, in_flight: 100000, memory: "1GiB""#,
    ),
    variants(
        "Step",
        "step",
        "Steps of an endpoint",
        r#"services: { "web": (endpoints: { "get": [@, call("db/find")] }) }"#,
    ),
    single(
        "ChoiceArm",
        "arm",
        r#"services: { "web": (endpoints: { "get": [choice([(@), (9, [call("db/find")])])] }) }"#,
        r#"weight: 1, steps: [work("5ms")]"#,
    ),
    variants(
        "Need",
        "need",
        "Needs of a parallel step",
        r#"services: { "web": (endpoints: { "get": [parallel(branches: [[call("db/find")], [call("db/find")]], need: @)] }) }"#,
    ),
    variants(
        "DurationSpec",
        "distribution",
        "Distributions of durations",
        r#"services: { "db": (endpoints: { "find": [work(@)] }) }"#,
    ),
    variants(
        "CountSpec",
        "distribution of counts",
        "Distributions of counts",
        r#"services: { "web": (endpoints: { "get": [repeat(@, []), call("db/find")] }) }"#,
    ),
    variants(
        "Threading",
        "threading",
        "Threadings of a service",
        r#"services: { "db": (threading: @) }"#,
    ),
    variants(
        "OrderSpec",
        "queue order",
        "Orders of a queue",
        r#"services: { "db": (backlog: 0, queue: (limit: 100, order: @)) }, calls: { "web -> db": [deadline(after: "1s", propagate: true), timeout("500ms")] }"#,
    ),
    variants(
        "BalancerSpec",
        "balancer",
        "Balancers",
        r#"services: { "db": (balance: @) }"#,
    ),
    variants(
        "PolicySpec",
        "policy",
        "Policies of calls",
        r#"calls: { "web -> db": [@, timeout("500ms")] }"#,
    ),
    variants(
        "PresetSpec",
        "preset",
        "Presets of libraries, in lists of policies",
        r#"calls: { "web -> db": [@] }"#,
    ),
    variants(
        "OutlierRule",
        "ejection rule",
        "Rules of an outlier ejection",
        r#"calls: { "web -> db": [outlier_ejection(interval: "10s", rules: [@]), timeout("500ms")] }"#,
    ),
    variants(
        "What",
        "what is counted",
        "What an outlier ejection counts",
        r#"calls: { "web -> db": [outlier_ejection(split: true, rules: [in_a_row(failures: 5, of: @)]), timeout("500ms")] }"#,
    ),
    variants(
        "Learn",
        "delay",
        "What the delay of a hedge follows",
        r#"calls: { "web -> db": [timeout("500ms"), hedge(after: "50ms", learn: @)] }"#,
    ),
    variants(
        "Failure",
        "failure",
        "Whose failure is the result of a hedge",
        r#"calls: { "web -> db": [timeout("500ms"), hedge(after: "50ms", result: @)] }"#,
    ),
    variants(
        "Scope",
        "scope",
        "Scopes of what a policy remembers",
        r#"calls: { "web -> db": [breaker(scope: @), timeout("500ms")] }"#,
    ),
    variants(
        "Window",
        "breaker.window",
        "Windows of a breaker",
        r#"calls: { "web -> db": [breaker(failure_rate: 0.5, window: @), timeout("500ms")] }"#,
    ),
    variants(
        "Moves",
        "breaker.window.time.moves",
        "When the buckets of a window move",
        r#"calls: { "web -> db": [breaker(failure_rate: 0.5, window: time(span: "10s", moves: @)), timeout("500ms")] }"#,
    ),
    single(
        "Leaky",
        "breaker.leaky",
        r#"calls: { "web -> db": [breaker(leaky: (@)), timeout("500ms")] }"#,
        r#"size: 5, leak: "1s""#,
    ),
    single(
        "HalfOpen",
        "breaker.half_open",
        r#"calls: { "web -> db": [breaker(half_open: (@)), timeout("500ms")] }"#,
        r#"permits: 5, results: 3, tolerates: 1, at_most: "10s""#,
    ),
    single(
        "Rules",
        "breaker.rules",
        r#"calls: { "web -> db": [breaker(rules: (@)), timeout("500ms")] }"#,
        r#"after: true, late: counted, given_up: ignored"#,
    ),
    variants(
        "Judged",
        "breaker.rules.judged",
        "When rates are judged",
        r#"calls: { "web -> db": [breaker(failure_rate: 0.5, window: time("10s"), rules: (judged: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Rounding",
        "breaker.rules.rounding",
        "How a rate is reckoned",
        r#"calls: { "web -> db": [breaker(failure_rate: 0.5, rules: (rounding: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Late",
        "breaker.rules.late",
        "What late results do",
        r#"calls: { "web -> db": [breaker(rules: (late: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Probes",
        "breaker.rules.probes",
        "Which results of probes are in the window",
        r#"calls: { "web -> db": [breaker(rules: (probes: @)), timeout("500ms")] }"#,
    ),
    variants(
        "IgnoredProbe",
        "breaker.rules.ignored_probe",
        "What an ignored probe is",
        r#"calls: { "web -> db": [breaker(ignore: [rejected], rules: (ignored_probe: @)), timeout("500ms")] }"#,
    ),
    variants(
        "GivenUp",
        "breaker.rules.given_up",
        "What a call is that is given up",
        r#"calls: { "web -> db": [breaker(rules: (given_up: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Initial",
        "breaker.initial",
        "States of a breaker at the start",
        r#"calls: { "web -> db": [breaker(initial: @), timeout("500ms")] }"#,
    ),
    variants(
        "Backoff",
        "backoff",
        "Backoffs of a retry",
        r#"calls: { "web -> db": [retry(backoff: @), timeout("500ms")] }"#,
    ),
    variants(
        "Jitter",
        "jitter",
        "Jitters of a backoff",
        r#"calls: { "web -> db": [retry(backoff: exponential(base: "50ms", jitter: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Outcome",
        "outcome",
        "Outcomes of attempts, calls and requests",
        r#"calls: { "web -> db": [retry(on: [@]), timeout("500ms")] }"#,
    ),
    variants(
        "Workload",
        "workload",
        "Workloads",
        r#"workloads: { "users": @ }"#,
    ),
    variants(
        "Arrivals",
        "arrivals",
        "Arrivals of an open workload",
        r#"workloads: { "users": open(rate: "50/s", to: "web/get", arrivals: @) }"#,
    ),
    variants(
        "Shape",
        "shape",
        "Shapes of a load",
        r#"workloads: { "users": open(rate: "50/s", to: "web/get", shape: [@]) }"#,
    ),
    variants(
        "Impatience",
        "impatience",
        "What users do who have lost patience",
        r#"workloads: { "users": closed(users: 20, think: "1s", to: "web/get", patience: "2s", then: @) }"#,
    ),
    variants(
        "Start",
        "start",
        "What users do at the start",
        r#"workloads: { "users": closed(users: 20, think: "1s", to: "web/get", start: @) }"#,
    ),
    variants(
        "FaultKind",
        "fault",
        "Faults",
        r#"faults: [(at: "10s", for: "2s", inject: @)]"#,
    ),
    variants(
        "Instances",
        "instances",
        "Which instances a fault hits",
        r#"faults: [(at: "10s", for: "2s", inject: slow(service: "db", factor: 2, instances: @))]"#,
    ),
    variants(
        "Direction",
        "direction",
        "Directions of a fault of links",
        r#"faults: [(at: "10s", for: "2s", inject: latency(link: "web -> db", add: "5ms", direction: @))]"#,
    ),
    single(
        "Duration",
        "duration",
        r#"calls: { "web -> db": [timeout(@)] }"#,
        r#""250ms""#,
    ),
    single(
        "Rate",
        "rate",
        r#"workloads: { "users": open(rate: @, to: "web/get") }"#,
        r#""50/s""#,
    ),
    single("Size", "size", "budget: (memory: @)", r#""512MiB""#),
    single(
        "Bound",
        "bound",
        r#"services: { "db": (threads: @) }"#,
        "unbounded",
    ),
    single(
        "Check",
        "check",
        "hypothesis: (always: [@])",
        r#""latency(users, p99) < 1s""#,
    ),
    single(
        "Targets",
        "targets",
        r#"workloads: { "users": open(rate: "50/s", to: @) }"#,
        r#"{ "web/get": 9, "db/find": 1 }"#,
    ),
    single(
        "Pool",
        "pool",
        r#"services: { "web": (pools: { "connections": (@) }, endpoints: { "get": [acquire("connections"), call("db/find"), release("connections")] }) }"#,
        r#"size: 10, queue: 50, wait: "1s""#,
    ),
    variants(
        "By",
        "by",
        "What the memory of a policy is divided by",
        r#"calls: { "web -> db": [breaker(by: @), timeout("500ms")] }"#,
    ),
    variants(
        "PushBack",
        "push_back",
        "What those are told who are turned away",
        r#"services: { "db": (admission: [shed_by_priority(push_back: @)]) }"#,
    ),
    variants(
        "Law",
        "law",
        "Whom controlled delay drops",
        r#"services: { "db": (queue: (limit: 100, order: codel(drop: @))) }"#,
    ),
    variants(
        "Keys",
        "keys",
        "Keys of requests",
        r#"calls: { "web -> db": [coalesce, timeout("500ms")] }, workloads: { "users": open(rate: "50/s", to: "web/get", keys: @) }"#,
    ),
    variants(
        "Priority",
        "priority",
        "Priorities of requests",
        r#"services: { "db": (admission: [shed_by_priority]) }, workloads: { "users": open(rate: "50/s", to: "web/get", priority: @) }"#,
    ),
    variants(
        "ControllerSpec",
        "controller",
        "Controllers",
        r#"faults: [(at: "10s", for: "10s", inject: crash(service: "db", instances: one))], controllers: { "on call": @ }"#,
    ),
    variants(
        "Human",
        "human",
        "What a human decides whom a governor has alerted",
        r#"controllers: { "brake": governor(human: @) }"#,
    ),
    variants(
        "Action",
        "action",
        "Actions of an operator",
        r#"faults: [(name: "slow disk", at: "10s", for: "10s", inject: slow(service: "db", factor: 2))], controllers: { "on call": operator(at: "15s", do: [@]) }"#,
    ),
];

/// All groups.
pub fn all() -> impl Iterator<Item = &'static Group> {
    let parts = [GROUPS, limits::GROUPS, retries::GROUPS, presets::GROUPS];
    parts.into_iter().flatten()
}

/// The group of a type.
#[must_use]
pub fn of(name: &str) -> Option<&'static Group> {
    all().find(|group| group.of == name)
}
