//! The parts of presets, and where they stand.

use super::{Group, single, variants};

/// What presets are made of.
pub(super) const GROUPS: &[Group] = &[
    single(
        "Resilience4jTimeLimiter",
        "resilience4j.timeLimiter",
        r#"calls: { "web -> db": [resilience4j(timeLimiter: (@))] }"#,
        r#"timeoutDuration: "2s", cancelRunningFuture: true"#,
    ),
    single(
        "Resilience4jCircuitBreaker",
        "resilience4j.circuitBreaker",
        r#"calls: { "web -> db": [resilience4j(circuitBreaker: (@)), timeout("500ms")] }"#,
        r#"failureRateThreshold: 50, slidingWindowType: TIME_BASED, slidingWindowSize: 10, minimumNumberOfCalls: 20"#,
    ),
    variants(
        "SlidingWindowType",
        "resilience4j.circuitBreaker.slidingWindowType",
        "Windows of resilience4j",
        r#"calls: { "web -> db": [resilience4j(circuitBreaker: (slidingWindowType: @)), timeout("500ms")] }"#,
    ),
    variants(
        "StateAfterWait",
        "resilience4j.circuitBreaker.transitionToStateAfterWaitDuration",
        "What a breaker of resilience4j is after half open",
        r#"calls: { "web -> db": [resilience4j(circuitBreaker: (maxWaitDurationInHalfOpenState: "5s", transitionToStateAfterWaitDuration: @)), timeout("500ms")] }"#,
    ),
    variants(
        "InitialState",
        "resilience4j.circuitBreaker.initialState",
        "States of a breaker of resilience4j at the start",
        r#"calls: { "web -> db": [resilience4j(circuitBreaker: (initialState: @)), timeout("500ms")] }"#,
    ),
    single(
        "PollyCircuitBreaker",
        "polly.circuitBreaker",
        r#"calls: { "web -> db": [polly(circuitBreaker: (@)), timeout("500ms")] }"#,
        r#"FailureRatio: 0.5, MinimumThroughput: 20, SamplingDuration: "10s", BreakDuration: "15s""#,
    ),
    single(
        "HystrixCircuitBreaker",
        "hystrix.circuitBreaker",
        r#"calls: { "web -> db": [hystrix(circuitBreaker: (@)), timeout("500ms")] }"#,
        r#"requestVolumeThreshold: 20, errorThresholdPercentage: 50, sleepWindowInMilliseconds: 5000"#,
    ),
    single(
        "HystrixMetrics",
        "hystrix.metrics",
        r#"calls: { "web -> db": [hystrix(circuitBreaker: (), metrics: (@)), timeout("500ms")] }"#,
        r#"healthSnapshot: (intervalInMilliseconds: 500)"#,
    ),
    single(
        "HystrixRollingStats",
        "hystrix.metrics.rollingStats",
        r#"calls: { "web -> db": [hystrix(circuitBreaker: (), metrics: (rollingStats: (@))), timeout("500ms")] }"#,
        r#"timeInMilliseconds: 10000, numBuckets: 10"#,
    ),
    single(
        "HystrixHealthSnapshot",
        "hystrix.metrics.healthSnapshot",
        r#"calls: { "web -> db": [hystrix(circuitBreaker: (), metrics: (healthSnapshot: (@))), timeout("500ms")] }"#,
        r#"intervalInMilliseconds: 500"#,
    ),
    single(
        "CockatielCircuitBreaker",
        "cockatiel.circuitBreaker",
        r#"calls: { "web -> db": [cockatiel(circuitBreaker: (@)), timeout("500ms")] }"#,
        r#"halfOpenAfter: 10000, breaker: ConsecutiveBreaker(5)"#,
    ),
    variants(
        "CockatielBreaker",
        "cockatiel.circuitBreaker.breaker",
        "Breakers of cockatiel",
        r#"calls: { "web -> db": [cockatiel(circuitBreaker: (halfOpenAfter: 10000, breaker: @)), timeout("500ms")] }"#,
    ),
    single(
        "CockatielHalfOpenSampling",
        "cockatiel.circuitBreaker.halfOpenSampling",
        r#"calls: { "web -> db": [cockatiel(circuitBreaker: (halfOpenAfter: 10000, breaker: ConsecutiveBreaker(5), halfOpenSampling: (@))), timeout("500ms")] }"#,
        r#"calls: 5, threshold: 0.5"#,
    ),
    single(
        "EnvoyOutlierDetection",
        "envoy.outlier_detection",
        r#"calls: { "web -> db": [envoy(outlier_detection: (@))] }"#,
        r#"consecutive_5xx: 5, always_eject_one_host: true"#,
    ),
    single(
        "EnvoyCommonLbConfig",
        "envoy.common_lb_config",
        r#"calls: { "web -> db": [envoy(outlier_detection: (), common_lb_config: (@))] }"#,
        r#"healthy_panic_threshold: 50"#,
    ),
    single(
        "IstioOutlierDetection",
        "istio.outlierDetection",
        r#"calls: { "web -> db": [istio(outlierDetection: (@))] }"#,
        r#"consecutive5xxErrors: 7, baseEjectionTime: "30s""#,
    ),
    single(
        "FinagleFailureAccrual",
        "finagle.failureAccrual",
        r#"calls: { "web -> db": [finagle(failureAccrual: (@))] }"#,
        r#"numFailures: 5, markDeadFor: const("30s")"#,
    ),
    single(
        "FinagleBackupRequest",
        "finagle.backupRequest",
        r#"calls: { "web -> db": [finagle(backupRequest: (@))] }"#,
        r#"maxExtraLoad: 0.01"#,
    ),
    single(
        "GrpcHedgingPolicy",
        "grpc.hedgingPolicy",
        r#"calls: { "web -> db": [grpc(hedgingPolicy: (@))] }"#,
        r#"maxAttempts: 3, hedgingDelay: "500ms", nonFatalStatusCodes: ["UNAVAILABLE"]"#,
    ),
    single(
        "Resilience4jHedge",
        "resilience4j.hedge",
        r#"calls: { "web -> db": [resilience4j(hedge: (@))] }"#,
        r#"cutoff: "50ms""#,
    ),
    single(
        "PollyHedging",
        "polly.hedging",
        r#"calls: { "web -> db": [polly(hedging: (@))] }"#,
        r#"MaxHedgedAttempts: 1, Delay: "2s""#,
    ),
    single(
        "PollyTimeout",
        "polly.timeout",
        r#"calls: { "web -> db": [polly(timeout: (@))] }"#,
        r#"Timeout: "30s""#,
    ),
    single(
        "PollyFallback",
        "polly.fallback",
        r#"calls: { "web -> db": [polly(fallback: (@))] }"#,
        r#"FallbackAction: "db/find""#,
    ),
    single(
        "HystrixExecution",
        "hystrix.execution",
        r#"calls: { "web -> db": [hystrix(execution: (@))] }"#,
        r#"isolation: (thread: (timeoutInMilliseconds: 1000))"#,
    ),
    single(
        "HystrixFallback",
        "hystrix.fallback",
        r#"calls: { "web -> db": [hystrix(fallback: (@))] }"#,
        r#"getFallback: "db/find", isolation: (semaphore: (maxConcurrentRequests: 10))"#,
    ),
    single(
        "TowerHedge",
        "tower.hedge",
        r#"calls: { "web -> db": [tower(hedge: (@))] }"#,
        r#"min_data_points: 10, latency_percentile: 0.9, period: "10s""#,
    ),
    single(
        "EnvoyHedgePolicy",
        "envoy.hedge_policy",
        r#"calls: { "web -> db": [envoy(retry_policy: (retry_on: "5xx", per_try_timeout: "50ms"), hedge_policy: (@))] }"#,
        r#"hedge_on_per_try_timeout: true"#,
    ),
    variants(
        "FinagleDead",
        "span of Finagle",
        "How long Finagle marks an endpoint dead",
        r#"calls: { "web -> db": [finagle(failureAccrual: (markDeadFor: @))] }"#,
    ),
    variants(
        "Resilience4jHedgeDuration",
        "delay of resilience4j",
        "Where the delay of a hedge of resilience4j comes from",
        r#"calls: { "web -> db": [resilience4j(hedge: (durationSupplierType: @, cutoff: "50ms"))] }"#,
    ),
];
