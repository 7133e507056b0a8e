//! Proxies and meshes: Envoy, Istio, the Gateway API; and what load balancers and systems elsewhere say.

use super::Tool;

const FIRST: &str =
    "it counts retries after the first attempt, ours the first as well: `2` is `attempts: 3`";

/// The tools.
pub const TOOLS: &[Tool] = &[
    (
        "Envoy",
        &[
            (
                "max_connections",
                "bulkhead.permits",
                "there are no connections here: calls that are out are counted",
            ),
            (
                "max_pending_requests",
                "bulkhead.queue",
                "1024 there unless given, 0 here",
            ),
            (
                "max_requests",
                "bulkhead.permits",
                "1024 there unless given, 25 here",
            ),
            (
                "max_retries",
                "retry.attempts",
                "of a retry policy, `max_retries: 2` is `attempts: 3`; of the circuit breaker it is `retry_concurrency.most`",
            ),
            (
                "circuit_breakers",
                "bulkhead",
                "Envoy's are limits of concurrency; one that opens and closes is `breaker`",
            ),
            (
                "retry_budget",
                "retry_concurrency",
                "`budget_percent: 20` is `share: 0.2`; `retry_budget` here is a bucket of tokens",
            ),
            (
                "budget_percent",
                "retry_concurrency.share",
                "20 per cent there is 0.2 here",
            ),
            ("min_retry_concurrency", "retry_concurrency.most", ""),
            ("outlier_detection", "outlier_ejection", ""),
            ("consecutive_5xx", "outlier_ejection.failures", ""),
            (
                "consecutive_gateway_failure",
                "in_a_row.failures",
                "`in_a_row(failures: 5, of: gateway_errors)` in `rules`",
            ),
            (
                "consecutive_local_origin_failure",
                "in_a_row.failures",
                "`in_a_row(failures: 5, of: local)` in `rules`, with `split`",
            ),
            (
                "split_external_local_origin_errors",
                "outlier_ejection.split",
                "",
            ),
            (
                "interval",
                "outlier_ejection.interval",
                "without it an instance is out and back at once",
            ),
            ("max_ejection_time_jitter", "outlier_ejection.jitter", ""),
            (
                "always_eject_one_host",
                "outlier_ejection.at_least_one",
                "true here unless said",
            ),
            (
                "failure_percentage_threshold",
                "failure_rate.share",
                "85 per cent there is 0.85 here",
            ),
            (
                "failure_percentage_minimum_hosts",
                "failure_rate.instances",
                "",
            ),
            (
                "failure_percentage_request_volume",
                "failure_rate.volume",
                "",
            ),
            ("base_ejection_time", "outlier_ejection.base", ""),
            ("max_ejection_time", "outlier_ejection.longest", ""),
            (
                "max_ejection_percent",
                "outlier_ejection.share",
                "10 per cent there unless given, a half here; one of two or more always may",
            ),
            (
                "healthy_panic_threshold",
                "outlier_ejection.panic",
                "50 per cent there is 0.5 here",
            ),
            ("success_rate_minimum_hosts", "success_rate.instances", ""),
            ("success_rate_request_volume", "success_rate.volume", ""),
            (
                "success_rate_stdev_factor",
                "success_rate.deviations",
                "1900 there is 1.9 here",
            ),
            (
                "failure_percentage_threshold",
                "",
                "instances are judged by failures in a row",
            ),
            (
                "always_eject_one_host",
                "",
                "always so here, of two or more",
            ),
            (
                "retry_on",
                "retry.on",
                "outcomes and statuses: `5xx` is `error(\"500..599\")`, `connect-failure` is `refused`, `reset` is `reset`",
            ),
            ("num_retries", "retry.attempts", FIRST),
            (
                "per_try_timeout",
                "timeout.after",
                "a `timeout` inside (after) the `retry`",
            ),
            (
                "per_try_idle_timeout",
                "timeout.after",
                "answers come whole here",
            ),
            (
                "retry_back_off",
                "retry.backoff",
                "25ms, doubling up to ten times that, full jitter there unless given",
            ),
            ("base_interval", "exponential.base", ""),
            ("max_interval", "exponential.cap", ""),
            ("retriable_status_codes", "retry.on", "`error(503)`"),
            (
                "host_selection_retry_max_attempts",
                "retry.another_instance",
                "there how often another is looked for, here whether it is: where there is none it goes to the same one",
            ),
            ("hedge_policy", "hedge", ""),
            ("initial_requests", "", "one at first"),
            (
                "hedge_on_per_try_timeout",
                "hedge.after",
                "the first try stays out there and here",
            ),
            (
                "timeout",
                "deadline.after",
                "a route's timeout bounds retries too: a `deadline`, or a `timeout`, outside (before) the `retry`",
            ),
            (
                "adaptive_concurrency",
                "probing_limit",
                "percentages are shares here",
            ),
            ("max_concurrency_limit", "probing_limit.most", ""),
            ("min_concurrency", "probing_limit.least", ""),
            ("concurrency_update_interval", "probing_limit.update", ""),
            (
                "sample_aggregate_percentile",
                "probing_limit.percentile",
                "a share",
            ),
            (
                "min_rtt_calc_params",
                "probing_limit.probe_every",
                "its `interval`",
            ),
            ("sr_threshold", "admission_control.threshold", "a share"),
            ("rps_threshold", "admission_control.least_rate", ""),
            ("sampling_window", "admission_control.window", ""),
            (
                "max_rejection_probability",
                "admission_control.most",
                "a share",
            ),
            ("token_bucket", "rate_limit", ""),
            ("max_tokens", "rate_limit.burst", ""),
            (
                "tokens_per_fill",
                "rate_limit.rate",
                "`rate` is tokens_per_fill / fill_interval",
            ),
            (
                "fill_interval",
                "rate_limit.rate",
                "`rate` is tokens_per_fill / fill_interval",
            ),
            ("ROUND_ROBIN", "round_robin", ""),
            (
                "LEAST_REQUEST",
                "power_of_two",
                "two choices as there unless more are asked for",
            ),
            ("RANDOM", "random", ""),
            ("RING_HASH", "consistent_hash", "by the `keys` of workloads"),
            ("MAGLEV", "consistent_hash", "by the `keys` of workloads"),
            ("aggregate_cluster", "fallback.to", ""),
            (
                "HTTPFault",
                "error",
                "`delay` is `slow(add: ..)`, `abort` is `error`",
            ),
            (
                "fixed_delay",
                "slow.add",
                "the callee's thread is held here; in Envoy the proxy waits",
            ),
            (
                "response_rate_limit",
                "",
                "messages have no size; `latency` comes nearest",
            ),
            ("max_active_faults", "", "`share` says how many are hit"),
        ],
    ),
    (
        "Istio",
        &[
            ("attempts", "retry.attempts", FIRST),
            (
                "perTryTimeout",
                "timeout.after",
                "a `timeout` inside (after) the `retry`",
            ),
            (
                "retryOn",
                "retry.on",
                "outcomes and statuses: `5xx` is `error(\"500..599\")`, `connect-failure` is `refused`",
            ),
            ("backoff", "retry.backoff", ""),
            ("retryIgnorePreviousHosts", "retry.another_instance", ""),
            ("connectionPool", "bulkhead", ""),
            (
                "maxConnections",
                "bulkhead.permits",
                "calls that are out are counted, not connections",
            ),
            (
                "http1MaxPendingRequests",
                "bulkhead.queue",
                "no bound there unless given",
            ),
            (
                "http2MaxRequests",
                "bulkhead.permits",
                "no bound there unless given",
            ),
            (
                "maxRetries",
                "retry_concurrency.most",
                "no bound there unless given, 3 here",
            ),
            (
                "connectTimeout",
                "timeout.after",
                "connections are part of a call",
            ),
            ("outlierDetection", "outlier_ejection", ""),
            ("consecutive5xxErrors", "outlier_ejection.failures", ""),
            (
                "consecutiveGatewayErrors",
                "in_a_row.failures",
                "`in_a_row(failures: 5, of: gateway_errors)` in `rules`",
            ),
            ("baseEjectionTime", "outlier_ejection.base", ""),
            (
                "maxEjectionPercent",
                "outlier_ejection.share",
                "10 per cent there unless given, a half here",
            ),
            (
                "minHealthPercent",
                "outlier_ejection.panic",
                "0 there unless given, a half here",
            ),
            (
                "HTTPFaultInjection",
                "error",
                "`delay` is `slow(add: ..)`, `abort` is `error`",
            ),
            (
                "fixedDelay",
                "slow.add",
                "the callee's thread is held here; there the caller's proxy waits",
            ),
            (
                "abort",
                "error",
                "the callee answers here, with a thread; there the caller's proxy does, and the callee never knows",
            ),
            ("httpStatus", "error.status", ""),
            ("grpcStatus", "error.status", "HTTP-like here"),
            ("percentage", "fault.share", "50 there is 0.5 here"),
        ],
    ),
    (
        "Gateway API",
        &[
            (
                "retryConstraint",
                "retry_share",
                "`budget: {percent: 20, interval: 10s}` is `share: 0.2, ttl: \"10s\"`",
            ),
            ("budgetPercent", "retry_share.share", "20 there is 0.2 here"),
        ],
    ),
    (
        "Kubernetes",
        &[
            ("CrashLoopBackOff", "supervisor.backoff", ""),
            ("restartPolicy", "supervisor", ""),
            (
                "maxUnavailable",
                "governor.share",
                "of a PodDisruptionBudget: what is beyond it is refused there; here it waits for a human",
            ),
            ("Service sessionAffinity", "consistent_hash", ""),
            ("replicas", "service.replicas", ""),
            ("Deployment", "service", ""),
            ("resources.limits.cpu", "service.cores", ""),
            ("topologySpreadConstraints", "service.zones", ""),
            (
                "readinessProbe",
                "",
                "balancers do not ask whether an instance is up; `outlier_ejection` sees how it answers",
            ),
            (
                "livenessProbe",
                "supervisor",
                "it knows at once that an instance has died",
            ),
        ],
    ),
    (
        "servers and libraries",
        &[
            ("weight", "weighted_round_robin", ""),
            ("proxy_cache_lock", "coalesce", ""),
            ("singleflight", "coalesce", ""),
            ("peakEwma", "peak_ewma", ""),
            (
                "maximumPoolSize",
                "pool.size",
                "a pool of a service, which steps acquire",
            ),
            (
                "connectionTimeout",
                "pool.wait",
                "of a pool that steps acquire",
            ),
            (
                "maxPoolSize",
                "pool.size",
                "a pool of a service, which steps acquire",
            ),
            (
                "maxTotal",
                "pool.size",
                "a pool of a service, which steps acquire",
            ),
            ("maxWaitMillis", "pool.wait", "of a pool that steps acquire"),
            (
                "Retry-After",
                "bulkhead.push_back",
                "of those who refuse: a limit, a bulkhead, a shedder",
            ),
            ("RestartSec", "supervisor.backoff", ""),
            (
                "StartLimitBurst",
                "supervisor.restarts",
                "how many in a row here, and not per interval",
            ),
            (
                "StartLimitIntervalSec",
                "supervisor.reset",
                "after so long without a crash the count begins anew",
            ),
            ("listen backlog", "service.backlog", ""),
            ("somaxconn", "service.backlog", ""),
            ("worker_processes", "service.cores", ""),
            ("maxThreads", "service.threads", ""),
            ("acceptCount", "service.backlog", ""),
            ("least_conn", "least_outstanding", ""),
            ("max_fails", "outlier_ejection.failures", "in a row here"),
            ("fail_timeout", "outlier_ejection.base", ""),
            ("proxy_read_timeout", "timeout.after", ""),
            ("leastconn", "least_outstanding", ""),
            ("limit_req", "rate_limit", ""),
            ("limit_conn", "bulkhead", ""),
        ],
    ),
];
