//! The patterns that name calls and links: `"web -> orders"`, `"web -> orders/create"`,
//! `"zone:eu-1 -> *"`.

use super::types::{Link, Scenario};
use crate::resilience::PolicySpec;
use std::collections::BTreeMap;

/// One side of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Any place.
    Any,
    /// A service or a workload.
    Named(String),
    /// One instance of a service, from 0.
    Instance(String, u32),
    /// All in a zone.
    Zone(String),
    /// All in a region.
    Region(String),
    /// All on a host.
    Host(String),
}

/// A pattern of two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Who calls.
    pub from: Side,
    /// Who is called.
    pub to: Side,
    /// Which endpoint of it; none: any.
    pub endpoint: Option<String>,
}

/// How much the name of a service or workload says.
const NAMED: u32 = 3;

impl Side {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let place = |kind: &str| text.strip_prefix(kind).map(|name| name.trim().to_owned());
        if text.is_empty() {
            return Err("one side is empty".into());
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(zone) = place("zone:") {
            return Ok(Self::Zone(zone));
        }
        if let Some(region) = place("region:") {
            return Ok(Self::Region(region));
        }
        if let Some(host) = place("host:") {
            return Ok(Self::Host(host));
        }
        match text.rsplit_once('#') {
            Some((service, index)) => match index.parse() {
                Ok(index) => Ok(Self::Instance(service.trim().into(), index)),
                Err(_) => Err(format!("`{index}` is not the number of an instance")),
            },
            None => Ok(Self::Named(text.into())),
        }
    }

    /// How much it says: the more, the more specific.
    #[must_use]
    pub fn weight(&self) -> u32 {
        match self {
            Self::Any => 0,
            Self::Region(_) => 1,
            Self::Zone(_) => 2,
            Self::Named(_) => NAMED,
            Self::Host(_) => 4,
            Self::Instance(..) => 5,
        }
    }

    /// Whether it means a service or workload of this name as a whole.
    #[must_use]
    pub fn is_or_any(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(own) => own == name,
            _ => false,
        }
    }
}

impl Pattern {
    /// Reads the pattern of a link.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn link(text: &str) -> Result<Self, String> {
        let (from, to) = text
            .split_once("->")
            .ok_or_else(|| no_arrow(text, "from -> to"))?;
        Ok(Self {
            from: Side::parse(from)?,
            to: Side::parse(to)?,
            endpoint: None,
        })
    }

    /// Reads the pattern of calls, which may name an endpoint.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn calls(text: &str) -> Result<Self, String> {
        let (from, to) = text
            .split_once("->")
            .ok_or_else(|| no_arrow(text, "caller -> callee"))?;
        let (to, endpoint) = match to.split_once('/') {
            Some((to, endpoint)) => (to, Some(endpoint.to_owned())),
            None => (to, None),
        };
        let pattern = Self {
            from: Side::parse(from)?,
            to: Side::parse(to)?,
            endpoint,
        };
        if pattern.to == Side::Any && pattern.endpoint.is_some() {
            return Err(
                "an endpoint belongs to one service: write \"caller -> service/endpoint\"".into(),
            );
        }
        for side in [&pattern.from, &pattern.to] {
            if !matches!(side, Side::Any | Side::Named(_)) {
                return Err("calls are named by service or workload, or `*`".into());
            }
        }
        Ok(pattern)
    }

    /// How specific it is as a pattern of calls: an endpoint counts most, then both sides, then the
    /// callee, then the caller.
    #[must_use]
    pub fn call_weight(&self) -> u32 {
        let from = if self.from == Side::Any { 0 } else { 2 };
        let to = match (&self.to, &self.endpoint) {
            (Side::Any, _) => 0,
            (_, None) => 3,
            (_, Some(_)) => 7,
        };
        from + to
    }

    /// How specific it is as a pattern of links.
    #[must_use]
    pub fn link_weight(&self) -> u32 {
        self.from.weight() + self.to.weight()
    }

    /// Whether it means calls from one place to an endpoint of another.
    #[must_use]
    pub fn matches_call(&self, from: &str, to: &str, endpoint: &str) -> bool {
        self.from.is_or_any(from)
            && self.to.is_or_any(to)
            && self.endpoint.as_deref().is_none_or(|own| own == endpoint)
    }
}

/// What to say of a pattern without the arrow that it takes.
fn no_arrow(text: &str, usual: &str) -> String {
    let others = ["→", "⟶", "➔", "⇒", "–>", "—>", "=>"];
    let known = others
        .iter()
        .find_map(|arrow| Some((arrow, text.split_once(arrow)?)));
    match known {
        Some((arrow, (from, to))) => format!(
            "its arrow is `{arrow}`, not `->`: write \"{} -> {}\"",
            from.trim(),
            to.trim()
        ),
        None => format!("it has no arrow: write \"{usual}\""),
    }
}

/// Caller, callee and endpoint of a pattern; `*` and nothing where it says none.
type Sides<'a> = (&'a str, &'a str, &'a str);

/// The keys of `calls`, read once, for those who ask about every call of a scenario.
#[derive(Clone, Debug)]
pub struct CallIndex<'a> {
    scenario: &'a Scenario,
    keys: BTreeMap<Sides<'a>, &'a str>,
}

impl<'a> CallIndex<'a> {
    /// Of a scenario; keys that cannot be read are left out.
    #[must_use]
    pub fn new(scenario: &'a Scenario) -> Self {
        let mut keys = BTreeMap::new();
        for key in scenario.calls.keys() {
            if Pattern::calls(key).is_err() {
                continue;
            }
            let Some((from, to)) = key.split_once("->") else {
                continue;
            };
            let (to, endpoint) = to.split_once('/').unwrap_or((to, ""));
            // Of two keys that say the same, the last one counts.
            keys.insert((from.trim(), to.trim(), endpoint), key.as_str());
        }
        Self { scenario, keys }
    }

    /// The key that says most about calls from a place to `"service/endpoint"`; of two that say the same, the
    /// last one.
    #[must_use]
    pub fn key(&self, from: &str, target: &str) -> Option<&'a str> {
        let (to, endpoint) = target.split_once('/').unwrap_or((target, ""));
        // In the order of `Pattern::call_weight`.
        let ways = [
            (from, to, endpoint),
            ("*", to, endpoint),
            (from, to, ""),
            ("*", to, ""),
            (from, "*", ""),
            ("*", "*", ""),
        ];
        ways.iter().find_map(|way| self.keys.get(way).copied())
    }

    /// The policies of a call, outermost first; none where no key matches.
    #[must_use]
    pub fn policies(&self, from: &str, target: &str) -> &'a [PolicySpec] {
        let scenario = self.scenario;
        let policies = self
            .key(from, target)
            .and_then(|key| scenario.calls.get(key));
        policies.map_or(&[], |policies| policies.as_slice())
    }
}

/// The keys of `links`, read once, for those who ask about every call of a scenario.
#[derive(Clone, Debug)]
pub struct LinkIndex<'a> {
    scenario: &'a Scenario,
    /// By the names of both sides, `*` for any: where those that name places as wholes stand among all links.
    named: BTreeMap<(&'a str, &'a str), usize>,
    /// The patterns of the others, with an instance, a host, a zone or a region on one side, and where they stand.
    pub others: Vec<(Pattern, usize)>,
}

impl<'a> LinkIndex<'a> {
    /// Of a scenario; keys that cannot be read are left out.
    #[must_use]
    pub fn new(scenario: &'a Scenario) -> Self {
        let whole = |side: &Side| matches!(side, Side::Any | Side::Named(_));
        let (mut named, mut others) = (BTreeMap::new(), Vec::new());
        for (number, key) in scenario.links.keys().enumerate() {
            let (Ok(pattern), Some((from, to))) = (Pattern::link(key), key.split_once("->")) else {
                continue;
            };
            if whole(&pattern.from) && whole(&pattern.to) {
                // Of two keys that say the same, the last one counts.
                named.insert((from.trim(), to.trim()), number);
            } else {
                others.push((pattern, number));
            }
        }
        Self {
            scenario,
            named,
            others,
        }
    }

    /// Where the link that says exactly this stands, `*` for any.
    #[must_use]
    pub fn says(&self, from: &str, to: &str) -> Option<usize> {
        self.named.get(&(from, to)).copied()
    }

    /// How much the link says that says most about messages between two places as wholes (its
    /// [`Pattern::link_weight`]), and where it stands; of two that say the same, the last one.
    #[must_use]
    pub fn most(&self, from: &str, to: &str) -> Option<(u32, usize)> {
        let ways = [(from, to, 2), (from, "*", 1), ("*", to, 1), ("*", "*", 0)];
        let found = ways
            .into_iter()
            .filter_map(|(from, to, names)| Some((names * NAMED, self.says(from, to)?)));
        found.max()
    }

    /// That link, and where it stands.
    #[must_use]
    pub fn find(&self, from: &str, to: &str) -> Option<(usize, &'a Link)> {
        let (_, number) = self.most(from, to)?;
        Some((number, &self.scenario.links[number]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of `calls` that says most about calls from a place to an endpoint of another; of two
    /// that say the same, the last one.
    fn most_specific_calls<'a>(
        scenario: &'a Scenario,
        from: &str,
        to: &str,
        endpoint: &str,
    ) -> Option<&'a str> {
        scenario
            .calls
            .keys()
            .filter_map(|key| Some((key, Pattern::calls(key).ok()?)))
            .filter(|(_, pattern)| pattern.matches_call(from, to, endpoint))
            .max_by_key(|(_, pattern)| pattern.call_weight())
            .map(|(key, _)| key.as_str())
    }

    /// The link that says most about messages between two places as wholes; of two that say the same,
    /// the last one.
    fn most_specific_link<'a>(scenario: &'a Scenario, from: &str, to: &str) -> Option<&'a Link> {
        scenario
            .links
            .iter()
            .filter_map(|(key, link)| Some((link, Pattern::link(key).ok()?)))
            .filter(|(_, pattern)| pattern.from.is_or_any(from) && pattern.to.is_or_any(to))
            .max_by_key(|(_, pattern)| pattern.link_weight())
            .map(|(link, _)| link)
    }

    #[test]
    fn the_index_of_links_finds_what_the_search_finds() {
        let keys = [
            "* -> *",
            "a -> *",
            "* -> b",
            "a->b",
            "a -> b",
            "b -> a",
            "* -> a",
            "a#0 -> b",
            "zone:z -> *",
        ];
        for left_out in 0..=keys.len() {
            for turned in 0..keys.len() {
                let mut kept: Vec<&str> = keys.to_vec();
                kept.rotate_left(turned);
                if left_out < kept.len() {
                    kept.remove(left_out);
                }
                let links: Vec<String> = kept
                    .iter()
                    .enumerate()
                    .map(|(i, key)| format!("\"{key}\": (latency: \"{i}ms\")"))
                    .collect();
                let text = format!(
                    r#"(duration: "1s", regions: {{ "r": "z" }}, services: {{ "a": (endpoints: {{ "x": [] }}), "b": (endpoints: {{ "x": [] }}) }},
                        workloads: {{ "u": open("1/s", "a/x") }}, links: {{ {} }})"#,
                    links.join(", ")
                );
                let loaded = crate::input::load("a.ron", &[("a.ron", text.as_str())], &[]);
                let scenario = loaded.scenario.expect("it is right");
                let index = LinkIndex::new(&scenario);
                for from in ["a", "b", "u"] {
                    for to in ["a", "b", "u"] {
                        let found = index.find(from, to).map(|(_, link)| link);
                        let expected = most_specific_link(&scenario, from, to);
                        assert_eq!(found, expected, "{from} -> {to} of {kept:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_index_finds_what_the_search_finds() {
        let keys = [
            "* -> *", "a -> *", "* -> b", "a->b", "a -> b", "* -> b/x", "a -> b/x", "c -> b/y",
        ];
        for left_out in 0..=keys.len() {
            let kept = keys.iter().enumerate().filter(|(i, _)| *i != left_out);
            let calls: Vec<String> = kept.map(|(_, key)| format!("\"{key}\": []")).collect();
            let text = format!(
                r#"(duration: "1s", services: {{ "a": (endpoints: {{ "x": [] }}), "c": (endpoints: {{ "x": [] }}),
                    "b": (endpoints: {{ "x": [], "y": [] }}) }},
                    workloads: {{ "u": open("1/s", "a/x") }}, calls: {{ {} }})"#,
                calls.join(", ")
            );
            let loaded = crate::input::load("a.ron", &[("a.ron", text.as_str())], &[]);
            let scenario = loaded.scenario.expect("it is right");
            let index = CallIndex::new(&scenario);
            for from in ["a", "c", "u"] {
                for (to, endpoint) in [("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")] {
                    assert_eq!(
                        index.key(from, &format!("{to}/{endpoint}")),
                        most_specific_calls(&scenario, from, to, endpoint),
                        "{from} -> {to}/{endpoint} without {left_out}"
                    );
                }
            }
        }
    }

    #[test]
    fn reads_patterns() {
        let pattern = Pattern::calls("web->orders/create").unwrap();
        assert!(pattern.matches_call("web", "orders", "create"));
        assert!(!pattern.matches_call("web", "orders", "delete"));
        assert!(
            Pattern::calls("* -> orders")
                .unwrap()
                .matches_call("x", "orders", "y")
        );
        let link = Pattern::link("zone:eu-1 -> db#2").unwrap();
        assert_eq!(link.from, Side::Zone("eu-1".into()));
        assert_eq!(link.to, Side::Instance("db".into(), 2));
        for wrong in ["web", "web -> ", "db#x -> y"] {
            assert!(Pattern::link(wrong).is_err(), "{wrong}");
        }
        assert!(Pattern::calls("zone:a -> b").is_err());
    }
}
