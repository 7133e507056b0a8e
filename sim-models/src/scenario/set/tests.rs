use super::*;
use crate::input::{Loaded, load};
use crate::resilience::PolicySpec;
use crate::scenario::Workload;

const TEXT: &str = r#"(
        duration: "5min",
        services: { "web": (endpoints: { "checkout": [work("2ms"), call("db/insert"), work("3ms")] }), "db": (endpoints: { "insert": work("8ms") }) },
        calls: { "web -> db": [retry, timeout("500ms"), retry(2), timeout("100ms")] },
        workloads: { "shoppers": open("90/s", "web/checkout") },
        faults: [ (at: "60s", for: "10s", inject: slow(service: "db")), (name: "cable", at: "80s", for: "1s", inject: partition(link: "web -> db")) ],
    )"#;

fn set(overrides: &[&str]) -> Loaded {
    let overrides: Vec<Override> = overrides.iter().map(|o| o.parse().unwrap()).collect();
    load("a.ron", &[("a.ron", TEXT)], &overrides)
}

fn works(overrides: &[&str]) -> Scenario {
    let loaded = set(overrides);
    loaded.scenario.unwrap_or_else(|found| {
        let lines: Vec<_> = found.iter().map(|d| d.concise(&loaded.sources)).collect();
        panic!("{overrides:?}: {}", lines.join("\n"))
    })
}

fn seconds(text: &str) -> sim_core::SimDuration {
    text.parse().unwrap()
}

#[test]
fn sets_fields_written_or_not() {
    let scenario = works(&[
        "services.db.threads=5",
        "services.web.queue.limit=unbounded",
        "workloads.shoppers.rate=1200/s",
        "workloads.shoppers.open.to=db/insert",
        "hypothesis.recovers.within=30s",
        "seed=9",
    ]);
    assert_eq!(scenario.services["db"].threads.limit(), 5);
    assert_eq!(scenario.services["web"].queue.limit.limit(), u32::MAX);
    let Workload::Open(open) = &scenario.workloads["shoppers"] else {
        panic!("it is open")
    };
    assert_eq!(open.rate.0, 1200.0);
    assert_eq!(scenario.hypothesis.recovers.unwrap().within, seconds("30s"));
    assert_eq!(scenario.hypothesis.objective, 0.999);
    assert_eq!(scenario.seed, 9);
}

#[test]
fn sets_parts_of_policies() {
    let scenario = works(&[
        "calls.\"web -> db\".retry.attempts=7",
        "calls.web->db.retry.backoff.jitter=none",
        "calls.web -> db.retry.backoff.exponential.base=5ms",
        "calls.web -> db.retry[1].attempts=4",
        "calls.web -> db.timeout=300ms",
        "calls.web -> db[3].after=1s",
    ]);
    let policies = &scenario.calls["web -> db"];
    let PolicySpec::Retry(first) = &policies[0] else {
        panic!("a retry")
    };
    assert_eq!(first.attempts, 7);
    let text = format!("{:?}", first.backoff);
    assert!(text.contains("None") && text.contains("5000000"), "{text}");
    assert!(matches!(&policies[1], PolicySpec::Timeout(t) if t.after == seconds("300ms")));
    assert!(matches!(&policies[2], PolicySpec::Retry(r) if r.attempts == 4));
    assert!(matches!(&policies[3], PolicySpec::Timeout(t) if t.after == seconds("1s")));
    let scenario = works(&["calls.web -> db=[breaker]", "calls.* -> web=[retry()]"]);
    assert!(matches!(
        scenario.calls["web -> db"][..],
        [PolicySpec::Breaker(_)]
    ));
    assert_eq!(scenario.calls.len(), 2);
}

#[test]
fn sets_steps_and_faults() {
    let scenario = works(&[
        "services.web.endpoints.checkout.work=20ms",
        "services.web.endpoints.checkout.work[1].demand=30ms",
        "services.db.endpoints.insert.work.demand.value=40ms",
        "faults[0].for=20s",
        "faults.0.inject.slow.factor=3",
        "faults.slow.instances=one",
        "faults.cable.for=7s",
        "faults.cable.direction=to",
    ]);
    let text = format!("{:?} {:?}", scenario.services, scenario.faults);
    for part in [
        "20000000)",
        "30000000)",
        "40000000)",
        "factor: 3.0",
        "One",
        "(7000000000)",
        "direction: To",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(scenario.faults[0].lasts, Some(seconds("20s")));
}

#[test]
fn says_what_there_is() {
    for (text, expected) in [
        ("services.dbb.threads=1", "did you mean `db`?"),
        ("services.db.thread=1", "did you mean `threads`?"),
        (
            "calls.web -> db.bulkhead.limit=1",
            "there are: `retry`, `timeout`",
        ),
        ("calls.web -> db[9]=retry", "the list has 4 elements"),
        ("faults.cables.for=1s", "did you mean `cable`?"),
        ("duration.x=1", "which has no parts"),
        ("workloads.shoppers.users=1", "fields: `rate`"),
        ("servcies.db.threads=1", "did you mean `services`?"),
        ("services..threads=1", "a name is missing"),
    ] {
        let found = set(&[text]).scenario.unwrap_err();
        let shown = format!("{found:?}");
        assert!(shown.contains(expected), "{text}: {shown}");
    }
    let loaded = set(&["services.db.threads=many", "workloads.shoppers.rate=900"]);
    let found = loaded.scenario.unwrap_err();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(loaded.sources.text(found[0].span.unwrap()), "many");
}
