//! The codes of diagnostics, with what `sim explain CODE` says of each.
//!
//! `S` is about how a scenario is written, `V` about what it means, `W` about what is legal but
//! suspicious. A code keeps its meaning for ever; new ones go to the end of their group.

/// Generates [`Code`] and [`CODES`]. One entry per code.
macro_rules! codes {
    ($($name:ident $code:literal $title:literal : $text:literal)*) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name),*
        }

        /// Code, title and long text of everything that a diagnostic can be about.
        pub const CODES: &[(&str, &str, &str)] = &[$(($code, $title, $text)),*];

        impl Code {
            /// Such as `V0002`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

codes! {
    Syntax "S0001" "the text is not RON":
        "The file cannot be read as RON. The marked place is where the reader lost the thread; the cause is often just before it: a missing comma, quote or closing bracket.\n\n    services: { \"db\": (replicas: 1) }      // maps: {key: value}\n    [retry(attempts: 3), timeout(\"1s\")]     // lists: [a, b]\n    (at: \"60s\", for: \"10s\")                 // structs: (field: value)"
    Duplicate "S0002" "a name is given twice":
        "A field or a key stands twice in the same place, and only one of the two could count. Remove one. To override a value of an included file, give it once in the including file."
    UnknownField "S0003" "there is no such field":
        "A struct has no field of this name. The message lists the fields that it has, and the nearest one if it looks like a slip. `sim explain NAME` shows the fields of anything with their units, and what other tools call them."
    UnknownVariant "S0004" "there is no such kind":
        "A name stands where one of a fixed set of kinds is expected: a step, a policy, a fault, a distribution, a way to balance. The message lists them. `sim explain` lists all of each kind, and `sim check --explain` prints a scenario with every field."
    MissingField "S0005" "a field is missing":
        "A field that has no default is not given."
    WrongType "S0006" "a value of another type is expected here":
        "The value is of the wrong type: for example a text where a list is expected, or a list where a number is.\n\n    title: \"a text\"                         // in quotes\n    replicas: 3                             // a whole number\n    factor: 2.5                             // a number\n    threading: async                        // one of a set of names: no quotes\n    to: \"web/checkout\"                      // a target, or {\"web/checkout\": 3, \"web/home\": 7} by weight\n    steady: [\"goodput(users) > 90/s\"]        // a list; one value alone needs no brackets\n    services: { \"db\": (replicas: 1) }       // a map from names to structs"
    BadValue "S0007" "a value cannot be read":
        "The value is of the right type but says something impossible. Most often a unit is missing or unknown. Durations are written \"250ms\", \"1.5s\" or \"1h30min\"; rates \"900/s\" or \"60/min\"; sizes \"64KiB\" or \"10MB\". A bare number has no unit, and is never guessed at."
    Include "S0008" "a file cannot be included":
        "An `include` names a file that cannot be read, or that includes itself by way of others. Paths are relative to the including file. What is included must be a regular file below the folder of the scenario, or below one that `--allow-read DIR` names. Includes go 32 files deep, and a scenario is made of at most 1,000 files with 16 MiB of text."
    Path "S0009" "there is nothing at this path":
        "A path, as in `--set PATH=VALUE`, names something that the scenario does not have. Paths step through fields and names with dots: `services.db.threads`, `calls.\"web -> orders\".retry.attempts`, `faults[0].for`. Elements of a list go by index from 0, by kind (`retry`, the second one `retry[1]`), and faults by their name too."
    DataFile "S0010" "a file of measurements cannot be used":
        "`empirical(file: \"latencies.csv\", unit: \"ms\")` reads one number per line, or the column of numbers of a table whose cells are separated by commas, semicolons or tabs; of several columns it is said which: `column: \"latency\"`. It must be a regular file of at most 64 MiB and 1,000,000 numbers below the folder of the scenario (or below one that `--allow-read DIR` names), and the unit one of ns, us, ms, s, min, h, d."
    Axis "S0011" "an axis of a sweep cannot be used":
        "What varies in a sweep is written, on the command line and in a sweep file,\n\n    --vary services.db.threads=8,16,32                    // a list\n    --vary workloads.shoppers.rate=100/s..400/s:7         // a range of seven steps\n    --vary timeout=calls.\"shop -> db\".timeout=10ms..1s:5:log\n    --vary 'services.db.threads=8,16;services.db.queue.limit=80,160'   // zipped\n\n    (path: \"services.db.threads\", values: [8, 16, 32])\n    (path: \"workloads.shoppers.rate\", from: \"100/s\", to: \"400/s\", steps: 7)\n    (name: \"timeout\", path: \"calls.\\\"shop -> db\\\".timeout\", from: \"10ms\", to: \"1s\", steps: 5, scale: log)\n    (zip: [(path: \"services.db.threads\", values: [8, 16]), (path: \"services.db.queue.limit\", values: [80, 160])])\n\nA range without steps is for points that are drawn: `--sample lhs:64`, or `sample: lhs(64)` in a file. Names of axes differ, and no parameter is on two axes."
    Sweep "S0012" "a sweep makes no sense":
        "The points of a sweep are all combinations of its axes, at most 200,000, or so many as are drawn from them (`sample: lhs(64)`, `sample: random(64)`). It measures something, and runs each point at least once: `replications: 20`, or as often as it takes, `replications: until(measure: \"failed_ratio(users)\", half_width: \"2%\", at_most: 200)`."
    Hidden "S0013" "a text hides something":
        "Names and titles end up in terminals, pictures, tables and names of files, so they hold no control characters (line ends, escape sequences) and no marks that change the direction of writing. Expressions may have several lines."

    Nothing "V0001" "the scenario has nothing to run":
        "A scenario needs at least one service and one workload."
    UnknownService "V0002" "there is no such service":
        "A call, a workload, a link, a fault or an expression names a service that `services` does not have."
    UnknownEndpoint "V0003" "the service has no such endpoint":
        "A call or a workload asks for an endpoint that the service does not have."
    BadTarget "V0004" "a target is not `service/endpoint`":
        "What is called is written with both parts: `call(\"db/insert\")`, `to: \"web/checkout\"`."
    UnknownPlace "V0005" "there is no such region, zone or host":
        "Zones are listed under `regions`, hosts (each with its zone) under `hosts`: `regions: { \"eu\": [\"eu-1\", \"eu-2\"] }, hosts: { \"h1\": \"eu-1\" }`."
    Weight "V0006" "weights must be positive":
        "The arms of a choice and the targets of a workload are drawn in proportion to their weights, which must be positive and finite."
    Need "V0007" "more branches must succeed than there are":
        "`need: first(n)` wants n of the branches of a `parallel` to succeed, so n is from 1 to the number of branches; and a `parallel` or `choice` has at least one branch."
    Distribution "V0008" "a distribution does not exist":
        "No distribution has these parameters: for example a p99 below the mean, or a minimum above the maximum."
    Policy "V0009" "a policy, a balancer or a queue order has impossible parameters":
        "See `sim explain` with its name."
    Fault "V0010" "a fault has impossible parameters":
        "See `sim explain` with the name of the fault."
    FaultTime "V0011" "it is not clear when a fault begins":
        "A fault begins `at` a time (and again `every` period), or when a `cron` pattern matches, or at `random`: exactly one of the three. It must begin before the end of the run, and last no longer than its period."
    Cron "V0012" "a cron pattern cannot be read":
        "Five fields: minute (0-59), hour (0-23), day of the month (1-31), month (1-12), day of the week (0-6, Sunday is 0 or 7). Each is `*`, a number, a range `1-5`, a step `*/15` or `0-30/10`, or a list of these with commas. Names of months and days (jan, mon) work too. The run starts on Monday, 1 January, 00:00."
    Share "V0013" "a share is from 0 to 1":
        "Shares, correlations, objectives and amplitudes are parts of a whole: 0.05 is five per cent."
    TooDeep "V0014" "steps are nested too deeply":
        "`repeat` steps can stand inside each other at most four deep. Move the inner part to an endpoint of its own, or multiply the counts."
    Times "V0015" "the times of the run make no sense":
        "`duration` is longer than zero and longer than `warmup`; `window` is longer than zero."
    Expression "V0016" "an expression cannot be read":
        "A check is written METRIC(SUBJECT) OP LIMIT, such as\n\n    success_ratio(shoppers) >= 99.9%\n    latency(shoppers, p99) < 250ms\n    goodput(shoppers) > 800/s\n    utilization(db) < 0.8\n    amplification(\"web -> orders\") < 1.1\n\nThe subject of a metric is a workload, a service, a tenant, or in quotes an edge between two of them (`\"web -> orders\"`) or a pool (`\"db/connections\"`); what is about the run as a whole has none. `in` and two times narrow it to a part of the run, which means the requests that began then, or with `of requests ended in` those that ended then:\n\n    recovery_time < 30s\n    goodput(shoppers) in 60s..90s > 700/s\n    failed(shoppers) of requests ended in 60s..90s < 10\n\nTwo measures of one unit can be divided or compared:\n\n    goodput(shoppers) / offered(shoppers) >= 95%\n    latency(shoppers, p99) < 2 * latency(shoppers, p50)\n\nSee `sim explain` for all metrics."
    Pattern "V0017" "a pattern cannot be read":
        "The keys of `links` are `\"from -> to\"`, those of `calls` also `\"from -> to/endpoint\"`, and faults of links name theirs in the same way. A side is a service, a workload or `*`; for links also one instance (`db#0`), `zone:NAME`, `region:NAME` or `host:NAME`."
    Count "V0018" "a count is too small or too large":
        "Replicas, threads, cores, users, batches and clicks are at least one (cores may be a fraction above zero): with none of them nothing would ever be answered. `sim explain limits` lists how many there can be of each; and what a run lays out for its instances, users and windows must fit into `budget.memory`."
    UnknownWorkload "V0019" "there is no such workload":
        "A fault or an expression names a workload that `workloads` does not have."
    Status "V0020" "a status is from 400 to 599":
        "`fail` answers with an HTTP-like error status: 4xx says that the request was wrong, 5xx that the service is."
    Shape "V0021" "the shape of a load is impossible":
        "Factors of a shape are zero or more and finite, spans and periods longer than zero, the amplitude of a diurnal shape from 0 to 1."
    Pool "V0022" "a pool is used in a way that cannot be":
        "The pools of a service are declared there, and its steps take from them and give back:\n\n    \"orders\": (pools: { \"connections\": (size: 10, wait: \"1s\") }, endpoints: {\n        \"create\": [acquire(\"connections\"), call(\"db/insert\"), release(\"connections\")],\n    })\n\nA `release` stands after its `acquire` in the same list of steps; without one, what was taken is given back when the request ends. `wait` needs places to wait in (`queue`)."
    Controller "V0025" "a controller cannot do its work":
        "A controller (`controllers`) has an impossible parameter, watches what nobody can see while a run goes on, or is to do what cannot be done. An operator acts `at` a time or `when` a check holds; checks are measured over the span `over` that has just passed, so they take the metrics that are known by windows and name no stretch of time. It can `lift` a fault by its name, `restart` instances, `load` or `shed` a workload, `wait`, and `set` what can change in a running system: threads, queues and backlogs of services, and those parameters of policies that these look up for each call. Instances that there are not, places and programs cannot be set: that takes another deployment.\n\n    controllers: {\n        \"on call\": operator(when: \"success_ratio(users) < 90%\", for: \"30s\", after: \"2min\", do: [shed(\"users\", 0.5), wait(\"1min\"), shed(\"users\", 0)]),\n        \"kubelet\": supervisor(service: \"db\"),\n    }"

    TimeoutOrder "W0001" "an inner timeout is longer than an outer one":
        "Policies of a call are listed outermost first. A timeout or deadline that is longer than one outside of it never fires: the outer one always comes first, and what is between the two (a retry, say) never gets to act. Shorten the inner one or swap them. The same goes for a policy that may make a call wait for longer (`rate_limit`, `bulkhead`): those who wait so long are given up before they are let in, and of a `rate_limit` they have used a token up."
    Outlasts "W0002" "a callee may go on for longer than its caller waits":
        "The retries and timeouts with which a service calls others can take longer than its own caller is willing to wait. When that happens the caller gives up (and perhaps tries again) while the callee goes on working for nobody. Give the inner call a shorter budget, the outer one a longer timeout, or let deadlines propagate."
    Amplification "W0003" "retries multiply along a path":
        "When several tiers retry, the attempts multiply: three tiers with four attempts each send 64 requests to the last one for each request of a user, just when it is in trouble. Retry at one tier only, or bound the retries by a `retry_budget`."
    Overload "W0004" "the load is above the capacity":
        "The expected load of a service, from the rates of the workloads and the calls in its callers, is more than its threads, cores or pools can serve, even before any fault. Queues grow without bound. Synchronous threads are also busy while they wait for callees. More replicas or threads, or less load, help.\n\nThe same goes for a limit of a rate or a bulkhead that the load of an open workload is known to be beyond: it turns the rest away."
    Uncalled "W0005" "nothing calls a service":
        "No workload and no other service calls it, so it plays no part in the run."
    Deadlock "W0006" "services wait for each other in a circle":
        "Services that hold a thread while they wait call each other in a circle. Once all their threads wait for a thread of the next one, nothing moves until timeouts fire. Make one of them async, or break the circle."
    SinglePoint "W0007" "a single point of failure":
        "A service with one replica is on the path of every request of a workload: while it is down, all of them fail. Add a replica, or make the call optional."
    BudgetOutside "W0008" "a retry budget is not inside a retry":
        "A `retry_budget` bounds the retries that reach it from outside, so it belongs after (inside) the `retry` in the list. Without one outside, it never sees a retry."
    NoTimeout "W0009" "a retry has no timeout inside":
        "Without a timeout inside the retry an attempt that is never answered is never given up, so the retry does not help against a callee that hangs or a lost message. Add `timeout(..)` after it in the list."
    TooShort "W0010" "the run ends too early to judge recovery":
        "Whether the system recovers is judged over the time that it may take (`within`) and the time that it must then hold (`stretch`). The run ends before that. Make `duration` longer or let the fault end earlier."
    Unmatched "W0011" "a pattern matches nothing":
        "No call of the scenario matches a key of `calls`, or no pair of places a key of `links`, so what it says has no effect."
    WarmupCut "W0012" "the warm-up reaches past the start of a fault":
        "Totals leave out what begins during the warm-up, and the steady state before a fault is judged between the end of the warm-up and the fault. A fault that begins earlier leaves nothing to compare with, and its first damage is not counted. Let the warm-up end before the first fault, with some time to spare."
    NeverInTime "W0013" "a call takes longer than its caller waits":
        "The least that the callee can take, all steps and calls at their shortest and no queue at all, is more than its caller waits for one attempt: every attempt times out. Or many attempts are bound to: a step of the callee alone takes longer in half of the cases, or in so many that, after all attempts, more requests are lost than the objective allows (and one in a hundred besides). Let the caller wait for longer, or the callee do less."
    Storm "W0014" "retries can keep an overload alive":
        "The service can carry the load, but not the load times the attempts. Once it is slow for long enough that attempts time out, every request comes several times, the queue stays full, and what is answered is answered too late: the overload outlives its cause (a metastable failure; see scenarios/retry-storm.ron). It is looked for where the load is open, attempts are given up by a limit inside the retry (of the call, or of one further up), and the queue holds more than that limit can wait for. Fewer attempts, a `retry_budget` or a `breaker`, a shorter queue, `cancellation` or a deadline that is told (`propagate: true`) help."
    Peak "W0015" "the load peaks above the capacity":
        "The shape of a load (`shape`) takes a service above what its threads or cores can serve, for long enough that its queue overflows or those who wait in it give up (or wait for more than a second, where nobody would). The mean may be far below. More replicas help, or turning away what cannot be served."
    Crowd "W0016" "closed users wait for longer than they are ready to, or find no room":
        "So many users share what one service can carry, so that each of them has an answer every users / capacity on average; less the time that they think, that is how long they wait at least (operational analysis: N = X (R + Z), Denning and Buzen 1978). It is more than their timeout or patience; or so many wait at a time that the service has no room for all of them, and turns the others away. Fewer users, longer think times or more capacity help."
    LateBackoff "W0017" "backoffs do not fit the limit around them":
        "The waits between the attempts of a retry add up to more than the timeout or deadline outside of it, so that the last attempts never come, however short each one is. With jitter that is so on average. Make the backoff shorter, the attempts fewer, or the limit longer."
    DeafBreaker "W0018" "a breaker has no timeout inside":
        "A breaker counts results. An attempt that is never answered has none until something gives it up inside of the breaker, so a callee that hangs, or messages that vanish, never open it; a limit outside of it does not count as a failure. Add `timeout(..)` after it in the list."
    NeverRetried "W0019" "what takes too long is not tried again":
        "The limit inside the retry that comes first is a deadline. What it gives up ends as `timeout_deadline`, which the `on` of a retry leaves out unless it is named there, since a deadline usually bounds the whole: no attempt that takes too long is tried again. Use `timeout(..)` inside the retry, put the deadline outside of it, or add `timeout_deadline` to `on`."
    Endless "W0020" "requests lead to ever more of their kind":
        "Endpoints call each other, or themselves, in a circle, and each request leads to one more or several of its kind on average (spectral radius of the expected calls of the circle). They never come to an end: the number in flight grows until a budget stops the run. Let a `choice` or a count end the circle."
    OneArm "W0021" "a choice with a single arm":
        "A `choice` runs one of its arms, so a single one is always run, whatever its weight: weights are relative. To run steps now and then give the rest an arm of its own:\n\n    choice([(0.1, [call(\"ads/get\")]), (0.9, [])])      // one request in ten"
    NoEnd "W0022" "a fault does not end":
        "A fault without `for` lasts to the end of the run, so that no recovery from it can be seen, and the steady state is not judged after it. Give it a `for`; or, if it is meant to stay, say under `always` what must hold all the same."
    WrongTarget "W0023" "a fault hits nothing, or everything":
        "No instance of the service is in the place that the fault names, or no request reaches what it hits, so that it does nothing. Or it names no place at all, and hits every instance of every service."
    NoEffect "W0024" "an option of a fault has no effect":
        "Instances die or stand still whole and at once, so `share`, `ramp` and `correlation` say nothing of a crash or a pause: `instances` says how many are hit. `correlation` is between draws, so it needs a `share` (or a rate) below 1; `times` counts periods, so it needs `every`, `cron` or `random`. A factor of 1, nothing added and a share of 0 change nothing."
    Vacuous "W0025" "a check can never fail, or never hold":
        "Ratios are from 0 to 1, times, rates and counts are never negative, and every call that sends anything has one attempt at least. A check that allows all of these values proves nothing; one that allows none is always refuted. Nor is there anything to judge of a workload that sends no requests. Per cent are written with their sign: `success_ratio(users) >= 99%`."
    CannotHold "W0026" "the load and the capacity contradict a check":
        "Without running anything, rates, service times and numbers of threads say that the check cannot hold: more answers than requests, or than a service that all of them need can give; answers faster than the steps take; threads less busy than the load keeps them; or more success than `fail` steps let through."
    Circle "W0027" "time may stand still":
        "Users who do not think and who are answered or turned away at once ask again at the same instant, for ever: no simulated time passes, and the run is stopped (`stopped_by: stalled`). Give them a `think` time, or a `retry` with a backoff; or let links have a latency."
    NoSpare "W0028" "what a crash leaves cannot carry the load":
        "While a fault has some of the instances of a service down, what they refuse and what is tried again comes to those that are left, and it is more than their threads or cores can serve, for long enough that their queues overflow or those who wait give up (or wait for more than a second, where nobody would). A service that is to survive the loss of an instance needs room for that load in the others (N+1). More replicas, or larger ones, help. It is looked for where the balancer sends by turns or at random and no breaker stops the calls."
    Lax "W0029" "a limit allows nearly everything":
        "A ratio that is meant to be near one has a limit of less than one per cent, most often because a share was written with a per cent sign: `0.99%` is 0.0099. Write `success_ratio(users) >= 99%`, or `>= 0.99`."
    NotElsewhere "W0030" "what a dead instance refuses is not tried elsewhere":
        "No balancer asks whether an instance is up. By turns (`round_robin`) or at random, the instances that a crash has down go on getting their share of the calls and refuse it at once; `least_outstanding` and `power_of_two` send them even more, because those that refuse at once have the fewest requests outstanding. Without a retry that takes `refused` (or, further up, `error`) nobody sends them again to another instance: they fail for as long as the crash lasts, in a larger share than the objective allows, though the other instances have room. Add a `retry` to the call."
    ForEver "W0031" "a call may wait for ever":
        "A partition, and a loss without retransmission (`retransmit: \"0\"`), swallow messages for good, and requests that hang or stand still in a fault without end are never answered. A call with no limit (`timeout`, `deadline`) then waits for ever: the thread that waits for it, or the user, is gone for the rest of the run, even after the fault, unless something further up gives up and says so (`cancellation`, a deadline that is told). Crashes reset connections, and a loss with retransmissions gives up in the end: from these a caller hears. Give the call a `timeout`."
    NoKey "W0032" "requests carry nothing that a policy or a step tells them apart by":
        "`coalesce`, and memories `by: key` or `by: request`, put requests together by the key of what they ask for, which their workload draws: `keys: zipf(count: 1000, skew: 1.1)`. A `cache` remembers by it what was found. `by: tenant` tells them apart by the `tenant` of their workload. Requests that carry none are never coalesced, find nothing in a cache, and share one memory: where none of those that get there carries any, it does nothing, or what it would do without `by`."
    Orderless "W0034" "the order of a queue has nothing to go by":
        "The order of a queue other than first in, first out makes no difference where nobody waits in it (`limit: 0`, the default: all who wait are in the backlog, which knows no order). Earliest deadline first goes by deadlines that callers tell (`deadline(.., propagate: true)`), fair queueing by the `tenant` of workloads. An order that lets one who comes push out another one can do so where the queue itself turns away: a request in the backlog has not been read, and nobody knows whose it is (`backlog: 0`)."
    IdleController "W0035" "a controller has nothing to do":
        "A supervisor watches over a service whose instances no fault has die; an operator sets what it is already and nobody has changed, lifts a fault that is over by then, or waits at the end of its list; or a fault says how long instances live (`lives`) that nobody starts again while it is on. What is meant to happen does not."
    PoolDeadlock "W0040" "requests may wait for each other at pools":
        "A request that holds one of a pool and asks for another can wait for a request that does the same: when all are held by those who wait, nothing moves until one of them gives up. The same happens with two pools that are acquired in different orders, and where a request holds one during a call that leads back to a request for one. Hold one at a time and none during such a call, acquire pools in the same order everywhere, or make the pool large enough: with threads x (most at once - 1) + 1 one request can always go on (HikariCP, About Pool Sizing)."
    IdlePool "W0041" "a pool is not used":
        "A pool is declared, but no step of its service acquires from it, so it has no effect."
    IdlePolicy "W0042" "a policy can never act at the load that comes to it":
        "A breaker that needs a minimum number of calls in its window before it is evaluated never opens where the window never holds as many: 100 calls at 3 a second take longer than a window of 10 s. It is looked for where the load is known (open workloads without a shape, and no controllers), and the load is so far below that luck and retries cannot bridge it. Each caller instance has a memory of its own unless the `scope` is shared, and sees only its part of the calls. Lower the minimum, or make the window longer; `sim policy trace --pattern` shows what a policy does at which load."
}
