//! Prints a scenario with every default filled in.

use super::de::Shapes;
use super::decode::decode;
use super::diagnostics::Diagnostics;
use super::tree::{self, options};
use super::types::Scenario;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::de::DeserializeOwned;

/// How deep the text is broken into lines; what is deeper stands in one line.
const DEPTH: usize = 5;

/// The scenario as RON with everything written out. Loads again as an equal scenario.
#[must_use]
pub fn to_ron(scenario: &Scenario) -> String {
    let config = PrettyConfig::new()
        .depth_limit(DEPTH)
        .compact_structs(false)
        .extensions(Extensions::empty());
    options()
        .to_string_pretty(scenario, config)
        .unwrap_or_else(|error| format!("// The scenario cannot be printed: {error}\n()"))
}

/// A part of a scenario, such as a policy.
///
/// # Errors
/// What is wrong with it.
pub fn read_part<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let told = |found: Diagnostics| {
        let messages: Vec<String> = found.into_iter().map(|found| found.message).collect();
        messages.join("; ")
    };
    let node = tree::parse(text, 0).map_err(told)?;
    decode(&node, &Shapes::default()).map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::load;

    #[test]
    fn loads_again_as_an_equal_scenario() {
        let text = r#"(
            duration: "5min", window: "500ms",
            services: {
                "web": (threads: unbounded, cores: 1.5, endpoints: { "a": [work(lognormal("2ms", "10ms")), parallel(branches: [call("db/b"), []], need: first(1))] }),
                "db": (endpoints: { "b": [repeat(uniform(1, 3), [wait(mixture([(0.9, "1ms"), (0.1, pareto("1ms", 2.5))]))]), choice([(1, fail(0.5)), (2.5, [])])] }),
            },
            links: { "zone:z -> *": (latency: normal("1ms", "100us")) },
            regions: { "r": ["z"] },
            calls: { "web -> db/b": [deadline("2s"), retry(attempts: 4, backoff: linear("1ms"), on: [error, lost]), retry_budget, breaker, timeout("1s"), cancellation] },
            workloads: { "u": open(rate: "90/min", to: {"web/a": 1}, shape: [diurnal(amplitude: 0.5)]), "v": closed(users: 3, to: "db/b", patience: "1s", then: click_again) },
            faults: [(name: "f", cron: "* * * * *", for: "10s", inject: slow(service: "db", factor: 2, instances: percent(50))), (random: (mtbf: "1min", mttr: "1s"), inject: loss(link: "* -> db", rate: 0.1))],
            hypothesis: (steady: "latency(u, p99) < 1s", recovers: ("30s")),
        )"#;
        let scenario = load("a", &[("a", text)], &[]).scenario.unwrap();
        let printed = to_ron(&scenario);
        let again = load("b", &[("b", printed.as_str())], &[]).scenario;
        assert_eq!(again, Ok(scenario));
    }
}
