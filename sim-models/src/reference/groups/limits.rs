//! What is written inside of limits: of concurrency, of rates, and of those who share them.

use super::{Group, single, variants};

pub const GROUPS: &[Group] = &[
    variants(
        "Algorithm",
        "concurrency_limit.algorithm",
        "How a limit of concurrency moves",
        r#"calls: { "web -> db": [concurrency_limit(algorithm: @), timeout("500ms")] }"#,
    ),
    single(
        "LimitWindow",
        "concurrency_limit.window",
        r#"calls: { "web -> db": [concurrency_limit(algorithm: gradient2(initial: 20), window: (@)), timeout("500ms")] }"#,
        r#"least: "500ms", most: "1s", samples: 20"#,
    ),
    variants(
        "Aggregate",
        "concurrency_limit.window.aggregate",
        "What the calls of a window come to",
        r#"calls: { "web -> db": [concurrency_limit(algorithm: gradient2(initial: 20), window: (aggregate: @)), timeout("500ms")] }"#,
    ),
    variants(
        "Next",
        "concurrency_limit.order",
        "Who of those that wait is next",
        r#"calls: { "web -> db": [concurrency_limit(algorithm: vegas(initial: 20), queue: 100, wait: "1s", order: @), timeout("500ms")] }"#,
    ),
    single(
        "Shares",
        "concurrency_limit.shares",
        r#"calls: { "web -> db": [concurrency_limit(algorithm: vegas(initial: 20), shares: (@)), timeout("500ms")] }"#,
        "critical: 0.8, sheddable: 0.1",
    ),
    variants(
        "Count",
        "sliding_limit.count",
        "How calls of a window that slides are counted",
        r#"calls: { "web -> db": [sliding_limit(limit: 20, window: "1s", count: @), timeout("500ms")] }"#,
    ),
    variants(
        "Starts",
        "window_limit.starts",
        "When windows of a limit begin",
        r#"calls: { "web -> db": [window_limit(limit: 20, window: "1s", starts: @), timeout("500ms")] }"#,
    ),
    variants(
        "Patience",
        "gcra.wait",
        "How long a call waits until it conforms",
        r#"calls: { "web -> db": [gcra(every: "40ms", burst: 5, wait: @), timeout("500ms")] }"#,
    ),
    variants(
        "Counted",
        "throttle.count",
        "When a request counts for a throttle",
        r#"calls: { "web -> db": [throttle(k: 2, count: @), timeout("500ms")] }"#,
    ),
    single(
        "Reserve",
        "reserved_bulkhead.reserve",
        r#"calls: { "web -> db": [reserved_bulkhead(permits: 20, reserve: (@)), timeout("500ms")] }"#,
        "critical_plus: 5, critical: 5",
    ),
    variants(
        "Whose",
        "shuffle_shard.of",
        "Who has cells of its own",
        r#"calls: { "web -> db": [shuffle_shard(cells: 8, each: 2, permits: 10, of: @), timeout("500ms")] }"#,
    ),
];
