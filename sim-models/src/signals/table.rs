//! The table itself: every signal once.
//!
//! A row is a signal of its subject, in parentheses:
//!
//! ```text
//! (NAME KIND "what it is" [COLUMN PART SHOWN "heading", ..]
//!     => METRIC "measure" ASKS UNIT BETTER WHOLE(..) WINDOWS(..) "what the measure is, where that is not the same")
//! ```
//!
//! - KIND is one of [`super::Kind`]; what is derived is not kept.
//! - Each COLUMN is one of the series: a PART of what is kept (`all` of a number, `mean` or `max` of a level, `p50` or `p99`
//!   of durations, `ok` or `degraded` of outcomes), under this heading in CSV files; SHOWN says when: [`super::Shown`].
//! - After the arrow stands the measure that it gives, if it gives one: its name, what it asks for beside its subject, its
//!   unit, which values users want, and how it is made of a whole run (from the summary) and of windows: `none` or one of
//!
//!   | form | of a whole run | of windows |
//!   |---|---|---|
//!   | `total(x)`, `sum(x)` | the field of the summary | the sum of what is kept |
//!   | `since(x)` | what is kept of the time since totals began | |
//!   | `value(x)`, `rate(x)` | the field of the summary, if it is known | the sum per second |
//!   | `ratio(x y)` | x / y; none where y is 0 | x / y of the sums |
//!   | `level(x)` | mean or largest | mean over time, or largest |
//!   | `durations(x)` | a statistic | a statistic of all windows together |
//!   | `by(f)` | the function f of `measure/totals.rs` | the function f of `measure/windowed.rs` |
//!
//! Rows stand in groups: `counts` and `more` are fields of a window; `levels` are fields of each instance too, of which a
//! window is made; `computed` are columns that are made when the series is (`observe/summarise.rs`); `derived` are measures
//! only. The columns of a subject come in the order of its rows: a new row stands last in `more`, so that its column comes
//! after those that readers know.

/// Hands the table to a macro.
macro_rules! signals {
    ($then:ident) => {
        $then! {
subjects {
    Workload WorkloadWindow WorkloadSeries [failed BTreeMap<String, Vec<u64>>, "Failures by outcome."] {
        counts {
            (offered Count "Requests that arrived." [offered all always "offered_count"]
                => Offered "offered" Nothing Rate Neither by(workload) by(workload) "Requests begun per second.")
            (outcomes Outcomes "Requests that ended, by outcome." [ok ok always "ok_count", degraded degraded always "degraded_count"])
            (in_flight State "Requests under way at the end of the window." [in_flight all always "in_flight_count"])
        }
        computed {
            (latency_p50 Durations "Median time to a usable answer, as monitoring sees it, s." [latency_p50 all always "latency_s_p50"])
            (latency_p99 Durations "99th percentile of the time to a usable answer, as monitoring sees it, s." [latency_p99 all always "latency_s_p99"])
            (latency_true_p50 Durations "Median time to an end of any kind, s." [latency_true_p50 all always "latency_true_s_p50"])
            (latency_true_p99 Durations "99th percentile of the time to an end of any kind, s." [latency_true_p99 all always "latency_true_s_p99"])
        }
        derived {
            (success_ratio Derived "Requests answered, degraded ones included, of those that ended." []
                => SuccessRatio "success_ratio" Nothing Ratio Higher by(workload) by(workload))
            (goodput Derived "Requests answered per second, whenever they began." []
                => Goodput "goodput" Nothing Rate Higher by(workload) by(workload))
            (throughput Derived "Requests ended per second, well or not, whenever they began." []
                => Throughput "throughput" Nothing Rate Neither by(workload) by(workload))
            (failed Derived "Requests that failed." []
                => Failed "failed" Nothing Count Lower by(workload) by(workload))
            (failed_ratio Derived "Requests failed of those that ended." []
                => FailedRatio "failed_ratio" Nothing Ratio Lower by(workload) by(workload))
            (degraded_ratio Derived "Requests answered in part of those that ended." []
                => DegradedRatio "degraded_ratio" Nothing Ratio Lower by(workload) by(workload))
            (outcome_ratio Derived "Requests that ended in one way of those that ended." []
                => OutcomeRatio "outcome_ratio" Outcome Ratio Neither by(workload) by(workload))
            (latency Derived "Latency of answered requests." []
                => Latency "latency" Latency Seconds Lower by(workload) by(workload))
            (latency_true Derived "Latency of all requests, failed and unfinished ones included." []
                => LatencyTrue "latency_true" Latency Seconds Lower by(workload) by(workload))
            (unfinished Derived "Requests without an answer at the end." []
                => Unfinished "unfinished" Nothing Count Lower by(workload) by(workload))
            (availability Derived "Requests answered of those that ended after the warm-up, whenever they began; those that hang when the run ends count as failed." []
                => Availability "availability" Nothing Ratio Higher by(workload) none())
            (availability_windows Derived "Share of the time windows, from the first with traffic to the last, that lie in no incident." []
                => AvailabilityWindows "availability_windows" Nothing Ratio Higher by(workload) none())
            (availability_predicted Derived "Share of the requests that would be answered if error rates and outages alone decided; unknown where slowness meets a limit." []
                => AvailabilityPredicted "availability_predicted" Nothing Ratio Higher by(workload) none())
            (budget_used Derived "Errors of those that the objective allows; above 1 the error budget is overspent." []
                => BudgetUsed "budget_used" Nothing Ratio Lower by(workload) none())
            (burn_rate Derived "Largest rate over any minute of an incident at which the error budget was used, or that of the run; 1 uses it up exactly." []
                => BurnRate "burn_rate" Nothing Ratio Lower by(workload) none())
            (mttr Derived "Mean length of the incidents, in which the objective was missed; infinite if one was not over." []
                => Mttr "mttr" Nothing Seconds Lower by(workload) none())
            (mtbf Derived "Mean time between the starts of incidents, if there were two." []
                => Mtbf "mtbf" Nothing Seconds Higher by(workload) none())
        }
    }
    Service ServiceWindow ServiceSeries [] {
        counts {
            (arrivals Count "Attempts that reached an instance." [arrivals all always "arrivals_count"]
                => Arrivals "arrivals" Nothing Rate Neither value(arrival_rate) rate(arrivals) "Requests that arrive per second.")
            (ok Count "Answered ok or degraded." [ok all always "ok_count"])
            (failed Count "Answered with an error, cancelled, or lost in a crash." [failed all always "failed_count"])
            (rejected Count "Turned away." [rejected all always "rejected_count"]
                => Rejected "rejected" Nothing Count Lower total(rejected) sum(rejected) "Requests refused or rejected.")
        }
        computed {
            (utilization Share "Busy threads / threads, time average." [utilization all always "utilization_ratio"]
                => Utilization "utilization" Nothing Ratio Neither value(utilization) by(utilization) "Share of the threads that are taken.")
            (cpu_utilization Share "Busy cores / cores, time average; not a number where it is not known." [cpu_utilization all always "cpu_utilization_ratio"]
                => CpuUtilization "cpu_utilization" Nothing Ratio Neither value(cpu_utilization) by(cpu_utilization) "Share of the cores that are busy.")
        }
        levels ServiceLevels {
            (busy Level "Busy threads: of all instances together on average, and the most at one." []
                => Busy "busy" Level Count Neither level(busy) level(busy) "Threads that are taken: the mean of all instances together, or the most at one.")
            (working Level "Working threads; thousandths of cores where cores are shared." [])
            (queue Level "Waiting in queue and backlog: of all instances together on average, and the most at one." [queue mean always "queue_mean_count", queue_max max always "queue_max_count"]
                => Queue "queue" Level Count Lower level(queue) level(queue) "Requests that wait for a thread: the mean of all instances together, or the most at one.")
            (present Level "Present, waiting or running: of all instances together on average, and the most at one." []
                => InSystem "in_system" Level Count Lower level(in_system) level(present) "Requests that wait or run: the mean of all instances together, or the most at one.")
        }
        more {
            (doomed Count "Ended for callers who had gone." [doomed all always "doomed_count"])
            (spent_ns Count "Time from start to end of those that ended, ns." [])
            (doomed_ns Count "That of those that ended for callers who had gone, ns." [])
            (up State "Instances that are up at the end of the window." [up all always "up_count"])
            (threads Value "Threads of an instance at the end of the window, or the most that were busy at one, if those were more." [])
        }
        derived {
            (rejected_ratio Derived "Requests refused or rejected of those that arrived." []
                => RejectedRatio "rejected_ratio" Nothing Ratio Lower ratio(rejected arrivals) ratio(rejected arrivals))
            (sojourn Derived "Time from arrival to answer." []
                => Sojourn "sojourn" Latency Seconds Lower durations(sojourn) none())
            (waiting Derived "Time from arrival to a thread." []
                => Waiting "waiting" Latency Seconds Lower durations(waiting) none())
            (service_time Derived "Time from a thread to the answer." []
                => ServiceTime "service_time" Latency Seconds Lower durations(service_time) none())
            (step_count Derived "How often a step that keeps something (a cache) did something after the warm-up." []
                => StepCount "step_count" StepCounter Count Neither by(step_count) none())
            (doomed_share Derived "Share of the time spent on requests that was spent for callers who have left." []
                => DoomedShare "doomed_share" Nothing Ratio Lower value(doomed_share) ratio(doomed_ns spent_ns))
        }
    }
    Edge EdgeWindow EdgeSeries [] {
        counts {
            (calls Count "Calls begun." [calls all always "calls_count"]
                => Calls "calls" Nothing Rate Neither value(call_rate) rate(calls) "Calls begun per second.")
            (attempts Count "Attempts sent." [attempts all always "attempts_count"]
                => Attempts "attempts" Nothing Rate Neither value(attempt_rate) rate(attempts) "Attempts per second.")
            (retries Count "Attempts after the first." [retries all always "retries_count"]
                => Retries "retries" Nothing Rate Lower value(retry_rate) rate(retries) "Retries per second.")
            (failures Count "Attempts that failed." [failures all always "failures_count"])
            (calls_sent Count "Calls begun in the window that sent at least one attempt, whenever they did." [calls_sent all always "calls_sent_count"])
            (call_attempts Count "Attempts that the calls begun in the window led to, whenever they were sent: divided by `calls_sent`, never more than the policies allow per call." [call_attempts all always "call_attempts_count"])
            (breakers_open State "Memories that stand in the way of calls at the end of the window." [breakers_open all always "breakers_open_count"])
        }
        derived {
            (retry_share Derived "Retries of all attempts." []
                => RetryShare "retry_share" Nothing Ratio Lower ratio(retries attempts) ratio(retries attempts))
            (retry_efficiency Derived "Retries that end well of all retries." []
                => RetryEfficiency "retry_efficiency" Nothing Ratio Higher value(retry_efficiency) none())
            (amplification Derived "Attempts per call that sent one." []
                => Amplification "amplification" Nothing Ratio Lower value(amplification) ratio(call_attempts calls_sent))
            (amplification_worst Derived "The most attempts per call that the policies allow." []
                => AmplificationWorst "amplification_worst" Nothing Ratio Lower value(amplification_worst) none())
            (call_latency Derived "Duration of calls, retries and backoff included." []
                => CallLatency "call_latency" Latency Seconds Lower durations(latency) none())
            (call_success_ratio Derived "Calls that ended well of those that ended." []
                => CallSuccessRatio "call_success_ratio" Nothing Ratio Higher by(call_success) none())
            (call_outcome_ratio Derived "Calls that ended in one way of those that ended." []
                => CallOutcomeRatio "call_outcome_ratio" Outcome Ratio Neither by(call_outcome) none())
            (attempt_outcome_ratio Derived "Attempts that ended in one way of those that ended." []
                => AttemptOutcomeRatio "attempt_outcome_ratio" Outcome Ratio Neither by(attempt_outcome) none())
            (policy_count Derived "How often a policy did something after the warm-up." []
                => PolicyCount "policy_count" Counter Count Neither by(policy_count) none())
            (policy_state Derived "Share of the time for which a policy was in one of its states: of all its memories, on average." []
                => PolicyState "policy_state" State Ratio Neither by(policy_state) by(policy_state))
        }
    }
    Pool PoolWindow PoolSeries [] {
        counts {
            (taken Count "How many were taken." [taken all always "taken_count"])
            (waited Count "Requests that had to wait." [waited all always "waited_count"])
            (refused Count "Requests that got none: too late, or no place to wait." [refused all always "refused_count"]
                => PoolRefused "pool_refused" Nothing Count Lower by(refused) sum(refused) "Requests that got nothing out of a pool: too late, or no place to wait.")
        }
        computed {
            (utilization Share "Taken / size, time average." [utilization all always "utilization_ratio"]
                => PoolUtilization "pool_utilization" Nothing Ratio Neither value(utilization) by(pool_utilization) "Share of a pool that is taken.")
        }
        levels PoolLevels {
            (out Level "How many are out: of all instances together on average, and the most at one." [out mean always "out_mean_count", out_max max always "out_max_count"])
            (waiting Level "How many wait: for all instances together on average, and the most at one." [waiting mean always "waiting_mean_count", waiting_max max always "waiting_max_count"]
                => PoolWaiting "pool_waiting" Level Count Lower level(waiting) level(waiting) "Requests that wait for something out of a pool.")
        }
        more {
            (wait Durations "Time that those who took one had waited, s." [wait_p50 p50 always "wait_s_p50", wait_p99 p99 always "wait_s_p99"]
                => PoolWait "pool_wait" Latency Seconds Lower durations(wait) durations(wait) "Time that those who took something out of a pool had waited.")
            (left Count "Requests that left the line: ended before they got one." [left all used "left_count"]
                => PoolLeft "pool_left" Nothing Count Lower since(left) sum(left) "Requests that ended while they waited for something out of a pool: cancelled, or lost with their instance.")
        }
    }
}
others {
    Tenant {
        (tenant_goodput Derived "Requests of a tenant answered per second, whenever they began." []
            => TenantGoodput "tenant_goodput" Nothing Rate Higher by(tenant) none())
        (tenant_success_ratio Derived "Requests of a tenant answered of those that ended." []
            => TenantSuccessRatio "tenant_success_ratio" Nothing Ratio Higher by(tenant) none())
        (tenant_budget_used Derived "Errors of a tenant of those that the objective allows." []
            => TenantBudgetUsed "tenant_budget_used" Nothing Ratio Lower by(tenant) none())
        (tenant_retry_share Derived "Retries of all attempts that the requests of a tenant led to." []
            => TenantRetryShare "tenant_retry_share" Nothing Ratio Lower by(tenant) none())
        (tenant_offered Derived "Requests of a tenant after the warm-up." []
            => TenantOffered "tenant_offered" Nothing Count Neither by(tenant) none())
        (tenant_latency Derived "Latency of answered requests of a tenant." []
            => TenantLatency "tenant_latency" Latency Seconds Lower by(tenant) none())
        (tenant_refused_ratio Derived "Requests of a tenant that failed because they were turned away, of those that ended." []
            => TenantRefusedRatio "tenant_refused_ratio" Nothing Ratio Lower by(tenant) none())
        (tenant_amplification Derived "Attempts per first attempt, of all calls that the requests of a tenant led to." []
            => TenantAmplification "tenant_amplification" Nothing Ratio Lower by(tenant) none())
        (tenant_retry_efficiency Derived "Retries that end well of all retries that the requests of a tenant led to." []
            => TenantRetryEfficiency "tenant_retry_efficiency" Nothing Ratio Higher by(tenant) none())
    }
    Run {
        (recovery_time Derived "Time from the end of a fault until the steady state held again, the longest of all faults; infinite if it never did." []
            => RecoveryTime "recovery_time" Nothing Seconds Lower by(run) none())
        (held Derived "1 if the hypothesis held, or the system recovered in time, 0 if not; the mean of several runs is the share in which it held." []
            => Held "held" Nothing Ratio Higher by(run) none())
        (metastable Derived "1 if the trigger was gone and the damage stayed, 0 if not; the mean of several runs is a share." []
            => Metastable "metastable" Nothing Ratio Lower by(run) none())
        (incidents Derived "Stretches of time in which a workload missed its objective, beyond what luck explains." []
            => Incidents "incidents" Nothing Count Lower by(run) none())
        (blast_radius Derived "Workloads that the faults touched." []
            => BlastRadius "blast_radius" Nothing Count Lower by(run) none())
        (fairness_gap Derived "Half the sum over tenants of the difference between their shares of retries and of first attempts." []
            => FairnessGap "fairness_gap" Nothing Ratio Lower by(run) none())
        (events Derived "Events that the simulator handled." []
            => Events "events" Nothing Count Neither by(run) none())
    }
}
        }
    };
}

pub(crate) use signals;
