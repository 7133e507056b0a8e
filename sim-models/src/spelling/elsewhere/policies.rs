//! Libraries: resilience4j, Polly, Hystrix, gRPC, the SDKs of AWS, Finagle, concurrency-limits.

use super::Tool;

const FIRST: &str = "it counts retries, ours the first attempt as well: `2` is `attempts: 3`";

/// The tools.
pub const TOOLS: &[Tool] = &[
    (
        "resilience4j",
        &[
            (
                "CircuitBreaker",
                "breaker",
                "`resilience4j(circuitBreaker: (..))` takes its own fields",
            ),
            (
                "failureRateThreshold",
                "breaker.failure_rate",
                "per cent there, a share here",
            ),
            (
                "slowCallRateThreshold",
                "breaker.slow_rate",
                "per cent there, a share here",
            ),
            ("slowCallDurationThreshold", "breaker.slow_after", ""),
            (
                "slidingWindowType",
                "breaker.window",
                "`calls(100)` or `time(\"10s\")`",
            ),
            (
                "slidingWindowSize",
                "breaker.window",
                "`calls(100)` or `time(\"10s\")`",
            ),
            (
                "minimumNumberOfCalls",
                "breaker.minimum",
                "100 there unless given, 20 here",
            ),
            (
                "ringBufferSizeInClosedState",
                "breaker.window",
                "`calls(100)`",
            ),
            (
                "waitDurationInOpenState",
                "breaker.open_for",
                "60s there unless given, 30s here",
            ),
            (
                "waitIntervalFunctionInOpenState",
                "breaker.growth",
                "`growth`, `longest` and `jitter`",
            ),
            (
                "permittedNumberOfCallsInHalfOpenState",
                "breaker.half_open.permits",
                "10 there unless given, 1 here",
            ),
            (
                "maxWaitDurationInHalfOpenState",
                "breaker.half_open.at_most",
                "",
            ),
            (
                "transitionToStateAfterWaitDuration",
                "breaker.half_open.closes_then",
                "",
            ),
            (
                "automaticTransitionFromOpenToHalfOpenEnabled",
                "breaker.rules.timer",
                "",
            ),
            ("recordExceptions", "breaker.on", "outcomes, not exceptions"),
            ("recordResult", "breaker.on", "outcomes"),
            (
                "ignoreExceptions",
                "breaker.ignore",
                "outcomes, not exceptions",
            ),
            ("Retry", "retry", ""),
            (
                "maxAttempts",
                "retry.attempts",
                "both count the first attempt",
            ),
            (
                "waitDuration",
                "constant.base",
                "`backoff: constant(..)`; exponential from 50ms with full jitter unless given",
            ),
            ("waitInterval", "constant.base", "`backoff: constant(..)`"),
            ("intervalFunction", "retry.backoff", ""),
            (
                "enableExponentialBackoff",
                "exponential",
                "`backoff: exponential(..)`",
            ),
            (
                "exponentialBackoffMultiplier",
                "exponential.factor",
                "1.5 there unless given, 2 here",
            ),
            (
                "exponentialMaxWaitDuration",
                "exponential.cap",
                "the cap is applied before the jitter here",
            ),
            ("enableRandomizedWait", "exponential.jitter", ""),
            (
                "randomizedWaitFactor",
                "proportional",
                "`jitter: proportional(0.5)`; `full` here unless given",
            ),
            ("retryExceptions", "retry.on", "outcomes, not exceptions"),
            ("failAfterMaxAttempts", "", "the last failure is the result"),
            (
                "RateLimiter",
                "window_limit",
                "its preset is `resilience4j(rateLimiter: (..))`",
            ),
            (
                "limitForPeriod",
                "window_limit.limit",
                "50 there unless given",
            ),
            (
                "limitRefreshPeriod",
                "window_limit.window",
                "500ns there unless given",
            ),
            ("Bulkhead", "bulkhead", ""),
            ("maxConcurrentCalls", "bulkhead.permits", ""),
            (
                "maxWaitDuration",
                "bulkhead.wait",
                "needs places in `queue` as well; there all may wait",
            ),
            (
                "fairCallHandlingStrategyEnabled",
                "",
                "always fair: first come, first served; a race for a permit takes no time here",
            ),
            (
                "ThreadPoolBulkhead",
                "thread_pool",
                "its preset is `resilience4j(threadPoolBulkhead: (..))`",
            ),
            ("maxThreadPoolSize", "thread_pool.max", ""),
            ("coreThreadPoolSize", "thread_pool.core", ""),
            (
                "queueCapacity",
                "thread_pool.queue",
                "0 here unless given, 100 there",
            ),
            (
                "keepAliveDuration",
                "thread_pool.keep_alive",
                "20ms there unless given, 1min here",
            ),
            ("TimeLimiter", "timeout", ""),
            (
                "timeoutDuration",
                "timeout.after",
                "of a TimeLimiter; of a RateLimiter it is `window_limit.wait`",
            ),
            (
                "cancelRunningFuture",
                "cancellation",
                "off unless the list of policies says `cancellation`",
            ),
            ("Hedge", "hedge", ""),
            ("Fallback", "fallback", ""),
        ],
    ),
    (
        "Polly",
        &[
            ("Retry", "retry", ""),
            ("MaxRetryAttempts", "retry.attempts", FIRST),
            (
                "BackoffType",
                "retry.backoff",
                "`constant`, `linear` or `exponential`",
            ),
            (
                "Delay",
                "exponential.base",
                "of a retry; of a hedging it is `hedge.after`",
            ),
            ("MaxDelay", "exponential.cap", ""),
            (
                "UseJitter",
                "exponential.jitter",
                "`proportional(0.25)` for constant and linear, `decorrelated_v2` for exponential",
            ),
            ("ShouldHandle", "retry.on", "outcomes"),
            (
                "CircuitBreaker",
                "breaker",
                "`polly(circuitBreaker: (..))` takes its own fields",
            ),
            ("FailureRatio", "breaker.failure_rate", ""),
            (
                "MinimumThroughput",
                "breaker.minimum",
                "100 there unless given, 20 here",
            ),
            ("SamplingDuration", "breaker.window", "`time(\"30s\")`"),
            (
                "BreakDuration",
                "breaker.open_for",
                "5s there unless given, 30s here",
            ),
            (
                "BreakDurationGenerator",
                "breaker.growth",
                "`growth`, `longest` and `jitter`",
            ),
            (
                "ManualControl",
                "breaker.rules.trip_holds",
                "a script of `sim policy trace` has `trip` and `reset`",
            ),
            (
                "Timeout",
                "timeout",
                "30s there unless given; here it is always given",
            ),
            ("Hedging", "hedge", ""),
            (
                "MaxHedgedAttempts",
                "hedge.attempts",
                "it leaves the first out, ours counts it: `1` is `attempts: 2`",
            ),
            (
                "RateLimiter",
                "bulkhead",
                "its concurrency limiter is `bulkhead`; a fixed window is `window_limit`, a sliding one `sliding_limit`, a token bucket `rate_limit`",
            ),
            ("PermitLimit", "bulkhead.permits", "1000 there unless given"),
            ("QueueLimit", "bulkhead.queue", ""),
            (
                "SegmentsPerWindow",
                "segments",
                "`sliding_limit(.., count: segments(4))`",
            ),
            ("TokenLimit", "rate_limit.burst", ""),
            (
                "TokensPerPeriod",
                "rate_limit.rate",
                "TokensPerPeriod / ReplenishmentPeriod",
            ),
            ("ReplenishmentPeriod", "rate_limit.every", ""),
            ("Fallback", "fallback", ""),
            ("ChaosLatency", "slow.add", ""),
            (
                "ChaosFault",
                "error",
                "`share` of the fault is the InjectionRate",
            ),
            ("ChaosOutcome", "error.status", ""),
            ("ChaosBehavior", "", "write what it does as a fault"),
            (
                "InjectionRate",
                "fault.share",
                "0.001 there unless given, 1 here",
            ),
        ],
    ),
    (
        "Hystrix",
        &[
            (
                "circuitBreaker.requestVolumeThreshold",
                "breaker.minimum",
                "`hystrix(circuitBreaker: (..))` takes its own fields",
            ),
            (
                "circuitBreaker.sleepWindowInMilliseconds",
                "breaker.open_for",
                "5s there unless given, 30s here",
            ),
            (
                "circuitBreaker.errorThresholdPercentage",
                "breaker.failure_rate",
                "per cent there, a share here",
            ),
            (
                "circuitBreaker.forceOpen",
                "breaker.initial",
                "`forced_open`",
            ),
            (
                "circuitBreaker.forceClosed",
                "breaker.initial",
                "`forced_closed`",
            ),
            (
                "execution.isolation.thread.timeoutInMilliseconds",
                "timeout.after",
                "",
            ),
            (
                "execution.isolation.semaphore.maxConcurrentRequests",
                "bulkhead.permits",
                "",
            ),
            (
                "fallback.isolation.semaphore.maxConcurrentRequests",
                "fallback.most",
                "where it asks another target",
            ),
            (
                "metrics.rollingStats.timeInMilliseconds",
                "breaker.window",
                "`time(\"10s\")`",
            ),
            (
                "metrics.rollingStats.numBuckets",
                "",
                "the circuit breaker has buckets of `healthSnapshot.intervalInMilliseconds`",
            ),
            ("coreSize", "thread_pool.core", ""),
            (
                "maximumSize",
                "thread_pool.max",
                "only with allowMaximumSizeToDivergeFromCoreSize",
            ),
            ("maxQueueSize", "thread_pool.queue", "-1 there is 0 here"),
            (
                "queueSizeRejectionThreshold",
                "thread_pool.queue",
                "the lower of it and maxQueueSize",
            ),
            ("keepAliveTimeMinutes", "thread_pool.keep_alive", ""),
            ("getFallback", "fallback", ""),
        ],
    ),
    (
        "gRPC",
        &[
            ("retryPolicy", "retry", ""),
            (
                "maxAttempts",
                "retry.attempts",
                "both count the first; gRPC caps it at 5. In a hedgingPolicy it is `hedge.attempts`",
            ),
            (
                "initialBackoff",
                "exponential.base",
                "with `jitter: proportional(0.2)` as in gRPC A6",
            ),
            ("maxBackoff", "exponential.cap", ""),
            ("backoffMultiplier", "exponential.factor", ""),
            (
                "retryableStatusCodes",
                "retry.on",
                "outcomes and statuses; `grpc(retryPolicy: ..)` takes the names of gRPC",
            ),
            ("retryThrottling", "retry_throttle", ""),
            ("maxTokens", "retry_throttle.max_tokens", ""),
            ("tokenRatio", "retry_throttle.token_ratio", ""),
            ("hedgingPolicy", "hedge", ""),
            ("hedgingDelay", "hedge.after", ""),
            ("nonFatalStatusCodes", "hedge.on", "outcomes, not statuses"),
            (
                "deadline",
                "deadline",
                "told to the callee only with `propagate: true`",
            ),
        ],
    ),
    (
        "AWS SDKs",
        &[
            (
                "max_attempts",
                "retry.attempts",
                "both count the first attempt; 3 in both unless given",
            ),
            ("max_backoff", "exponential.cap", "20s in both unless given"),
            (
                "RetryQuota",
                "retry_budget",
                "`aws(mode: standard)` says how: a success gives back what its last retry took",
            ),
        ],
    ),
    (
        "AWS",
        &[
            (
                "FIS",
                "fault",
                "its actions are kinds of faults: `sim explain` lists them",
            ),
            ("ec2-stop", "crash", "`instances` and `zone` say which"),
            ("ec2-restart", "crash.boot", "a short `for`, and a `boot`"),
            (
                "detach-volume",
                "error",
                "of the service that has the volume",
            ),
            ("rds-instance-stop", "crash", "of the database"),
            (
                "aws-az-chaos",
                "crash.zone",
                "`crash(zone: \"a\")`; `partition(link: \"zone:a -> *\")` if it lives and cannot be reached",
            ),
            (
                "availability zone",
                "service.zones",
                "zones are listed in `regions`",
            ),
            ("target group", "service.balance", ""),
            (
                "Auto Scaling group",
                "service.replicas",
                "as many as are given",
            ),
            ("maxTerminationsPerDay", "fault.times", ""),
        ],
    ),
    (
        "Finagle",
        &[
            ("RetryBudget", "retry_share", ""),
            (
                "percentCanRetry",
                "retry_share.share",
                "0.2 in both unless given",
            ),
            (
                "minRetriesPerSec",
                "retry_share.min_per_second",
                "10 in both unless given",
            ),
            ("ttl", "retry_share.ttl", "10s in both unless given"),
            ("maxRequeuesPerReq", "retry.attempts", ""),
            (
                "decorrelatedJittered",
                "finagle",
                "`backoff: finagle(kind: decorrelated, ..)`: it never shrinks",
            ),
            (
                "equalJittered",
                "finagle",
                "`backoff: finagle(kind: equal, ..)`",
            ),
            ("FailureAccrual", "failure_accrual", ""),
            (
                "markDeadFor",
                "failure_accrual.base",
                "grows by itself with each time, up to `longest`",
            ),
            (
                "successRateWithinDuration",
                "failure_accrual.success_rate",
                "over `window`",
            ),
            ("BackupRequestFilter", "hedge", ""),
            (
                "minSendBackupAfterMs",
                "percentile.least",
                "of the delay that a hedge learns",
            ),
            (
                "maxExtraLoad",
                "retry_budget.ratio",
                "a `retry_budget` inside the hedge pays for further tries too",
            ),
            ("NackAdmissionFilter", "nack_admission", ""),
            (
                "DeadlineFilter",
                "shed_by_deadline",
                "an instance stops what has expired by itself, if callers tell their deadline",
            ),
        ],
    ),
    (
        "concurrency-limits",
        &[
            (
                "AIMDLimit",
                "aimd",
                "an `algorithm` of a `concurrency_limit`; `adaptive_limit` is the same in short",
            ),
            ("initialLimit", "aimd.initial", "of each algorithm"),
            ("minLimit", "aimd.least", "of each algorithm but `vegas`"),
            ("maxLimit", "aimd.most", ""),
            ("maxConcurrency", "vegas.most", "of each algorithm"),
            ("backoffRatio", "aimd.backoff", "0.9 in both unless given"),
            (
                "VegasLimit",
                "vegas",
                "an `algorithm` of a `concurrency_limit`",
            ),
            ("probeMultiplier", "vegas.probe_multiplier", ""),
            (
                "Gradient2Limit",
                "gradient2",
                "an `algorithm` of a `concurrency_limit`; `gradient_limit` is it in a `WindowedLimit`",
            ),
            ("rttTolerance", "gradient2.tolerance", ""),
            ("longWindow", "gradient2.long", ""),
            ("queueSize", "gradient2.queue", "a number, no function"),
            ("smoothing", "gradient2.smoothing", ""),
            (
                "GradientLimit",
                "gradient",
                "an `algorithm` of a `concurrency_limit`; `gradient_limit` here is its Gradient2Limit",
            ),
            ("probeInterval", "gradient.probe_interval", "-1 there is 0"),
            ("WindowedLimit", "concurrency_limit.window", ""),
            (
                "minRttThreshold",
                "concurrency_limit.window.ignore_below",
                "",
            ),
            ("SimpleLimiter", "concurrency_limit", ""),
            (
                "BlockingLimiter",
                "concurrency_limit.queue",
                "there as many as come may wait, for an hour",
            ),
            (
                "LifoBlockingLimiter",
                "concurrency_limit.order",
                "`queue: 100, wait: \"1s\", order: lifo`",
            ),
            (
                "partitionResolver",
                "concurrency_limit.shares",
                "by priority",
            ),
            (
                "partitionRejectDelay",
                "",
                "who is refused is told so at once; `push_back` says when to come again",
            ),
        ],
    ),
    (
        "Google SRE",
        &[
            (
                "criticality",
                "open.priority",
                "of a workload; it travels with all calls",
            ),
            (
                "client-side throttling",
                "throttle",
                "a request counts once it has ended",
            ),
            (
                "load shedding",
                "shed_by_priority",
                "at the door of a service; `adaptive_limit` sheds whoever comes",
            ),
        ],
    ),
    (
        "governor",
        &[
            (
                "per_second",
                "gcra.every",
                "1s / per_second, and `burst` is as many unless allow_burst says otherwise",
            ),
            ("allow_burst", "gcra.burst", ""),
            ("until_ready", "gcra.wait", "`wait: unbounded`"),
        ],
    ),
    (
        "tower",
        &[
            (
                "concurrency_limit",
                "bulkhead.permits",
                "its calls wait: `queue` bounds how many; `concurrency_limit` here finds its bound by itself",
            ),
            ("load_shed", "bulkhead.queue", "`queue: 0`: nobody waits"),
            (
                "rate_limit",
                "window_limit",
                "`starts: first_call`; its calls wait; `rate_limit` here is a token bucket",
            ),
        ],
    ),
];
