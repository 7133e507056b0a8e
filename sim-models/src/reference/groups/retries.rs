//! What is written inside of retries, their budgets, and the presets of both.

use super::{Group, single, variants};

pub const GROUPS: &[Group] = &[
    single(
        "OtherBackoff",
        "retry.other",
        r#"calls: { "web -> db": [retry(other: (@)), timeout("500ms")] }"#,
        r#"on: [error(429)], backoff: exponential("1s")"#,
    ),
    single(
        "PushedBack",
        "retry.push_back",
        r#"calls: { "web -> db": [retry(push_back: (@)), timeout("500ms")] }"#,
        r#"longest: "5min", spread: 0.5"#,
    ),
    variants(
        "FinagleJitter",
        "finagle jitter",
        "Jitters of Finagle",
        r#"calls: { "web -> db": [retry(backoff: finagle(kind: @)), timeout("500ms")] }"#,
    ),
    single(
        "OtherCost",
        "retry_budget.other",
        r#"calls: { "web -> db": [retry, retry_budget(other: (@)), timeout("500ms")] }"#,
        "on: [error(429)], cost: 5",
    ),
    variants(
        "Price",
        "price",
        "Prices of later attempts",
        r#"calls: { "web -> db": [retry, retry_budget(price: @), timeout("500ms")] }"#,
    ),
    variants(
        "Deposit",
        "deposit",
        "What is worth a share of a retry",
        r#"calls: { "web -> db": [retry, retry_share(deposit: @), timeout("500ms")] }"#,
    ),
    variants(
        "ShareWindow",
        "window of a share",
        "Windows of a share of retries",
        r#"calls: { "web -> db": [retry, retry_share(window: @), timeout("500ms")] }"#,
    ),
    single(
        "Resilience4jRetry",
        "resilience4j.retry",
        r#"calls: { "web -> db": [resilience4j(retry: (@)), timeout("500ms")] }"#,
        r#"maxAttempts: 4, waitDuration: "200ms", enableExponentialBackoff: true"#,
    ),
    single(
        "PollyRetry",
        "polly.retry",
        r#"calls: { "web -> db": [polly(retry: (@)), timeout("500ms")] }"#,
        r#"MaxRetryAttempts: 3, BackoffType: Exponential, Delay: "200ms", UseJitter: true"#,
    ),
    variants(
        "PollyBackoffType",
        "polly.retry.BackoffType",
        "Types of a backoff of Polly",
        r#"calls: { "web -> db": [polly(retry: (BackoffType: @, Delay: "200ms")), timeout("500ms")] }"#,
    ),
    single(
        "GrpcRetryPolicy",
        "grpc.retryPolicy",
        r#"calls: { "web -> db": [grpc(retryPolicy: (@)), timeout("500ms")] }"#,
        r#"maxAttempts: 4, initialBackoff: "100ms", maxBackoff: "1s", backoffMultiplier: 2, retryableStatusCodes: [UNAVAILABLE]"#,
    ),
    single(
        "GrpcRetryThrottling",
        "grpc.retryThrottling",
        r#"calls: { "web -> db": [retry, grpc(retryThrottling: (@)), timeout("500ms")] }"#,
        "maxTokens: 10, tokenRatio: 0.1",
    ),
    variants(
        "GrpcCode",
        "status code of gRPC",
        "Status codes of gRPC",
        r#"calls: { "web -> db": [grpc(retryPolicy: (maxAttempts: 2, initialBackoff: "100ms", maxBackoff: "1s", backoffMultiplier: 2, retryableStatusCodes: [@])), timeout("500ms")] }"#,
    ),
    variants(
        "AwsMode",
        "aws.mode",
        "Retry modes of the SDKs of AWS",
        r#"calls: { "web -> db": [aws(mode: @, max_attempts: 2), timeout("500ms")] }"#,
    ),
    variants(
        "AwsService",
        "aws.service",
        "Services of AWS with retries of their own",
        r#"calls: { "web -> db": [aws(service: @), timeout("500ms")] }"#,
    ),
    single(
        "FinagleRetryBudget",
        "finagle.retryBudget",
        r#"calls: { "web -> db": [finagle(tries: 3, retryBudget: (@)), timeout("500ms")] }"#,
        r#"ttl: "10s", minRetriesPerSec: 10, percentCanRetry: 0.2"#,
    ),
    single(
        "EnvoyRetryPolicy",
        "envoy.retry_policy",
        r#"calls: { "web -> db": [envoy(retry_policy: (@))] }"#,
        r#"retry_on: "5xx", num_retries: 2, per_try_timeout: "500ms""#,
    ),
    single(
        "EnvoyRetryBackOff",
        "envoy.retry_policy.retry_back_off",
        r#"calls: { "web -> db": [envoy(retry_policy: (retry_on: "5xx", per_try_timeout: "500ms", retry_back_off: (@)))] }"#,
        r#"base_interval: "25ms", max_interval: "250ms""#,
    ),
    single(
        "EnvoyRateLimitedBackOff",
        "envoy.retry_policy.rate_limited_retry_back_off",
        r#"calls: { "web -> db": [envoy(retry_policy: (retry_on: "5xx", per_try_timeout: "500ms", rate_limited_retry_back_off: (@)))] }"#,
        r#"max_interval: "5min""#,
    ),
    single(
        "EnvoyRetryBudget",
        "envoy.retry_budget",
        r#"calls: { "web -> db": [retry, envoy(retry_budget: (@)), timeout("500ms")] }"#,
        "budget_percent: 20, min_retry_concurrency: 3",
    ),
    single(
        "IstioRetries",
        "istio.retries",
        r#"calls: { "web -> db": [istio(retries: (@))] }"#,
        r#"attempts: 3, perTryTimeout: "500ms""#,
    ),
    single(
        "TowerRetryBudget",
        "tower.retry_budget",
        r#"calls: { "web -> db": [retry, tower(retry_budget: (@)), timeout("500ms")] }"#,
        r#"ttl: "10s", min_per_sec: 10, retry_percent: 0.2"#,
    ),
];
