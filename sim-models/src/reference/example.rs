//! Examples, and the small scenario that they stand in.

use crate::scenario::habits::{enclosing, partner};

/// The name of the file that examples include.
pub const BASE_FILE: &str = "base.ron";

/// What examples are added to.
pub const BASE: &str = r#"(
    duration: "40s",
    regions: { "eu": ["a", "b"] },
    hosts: { "h1": "a" },
    services: {
        "web": (replicas: 2, pools: { "connections": (size: 100) }, zones: ["a", "b"], queue: (limit: 100), endpoints: { "get": [call("db/find")], "list": [acquire("connections"), call("db/find")] }),
        "db": (replicas: 3, zones: ["a", "b"], queue: (limit: 100), endpoints: { "find": [work("2ms")], "insert": [work("1ms")] }),
    },
    links: { "* -> *": (latency: "200us") },
    calls: { "web -> db": [retry(attempts: 2), timeout("500ms")], "users -> web": [timeout("5s")] },
    workloads: { "users": open(rate: "50/s", to: "web/get", tenant: "gold", keys: zipf(count: 100)), "shoppers": open(rate: "10/s", to: "web/list", priority: sheddable) },
)"#;

/// An example where it stands: fields of a scenario.
pub(super) fn placed(place: &str, example: &str) -> String {
    let at = place.find('@').unwrap_or(0);
    if example.starts_with('[')
        && let Some(open) = enclosing(place, at)
        && place[open..].starts_with('[')
        && let Some(close) = partner(place, open)
    {
        return format!("{}{example}{}", &place[..open], &place[close + 1..]);
    }
    place.replacen('@', example, 1)
}

/// The same as a whole scenario, to be read beside [`BASE`].
pub fn scenario(placed: &str) -> String {
    format!("(include: \"{BASE_FILE}\", {placed})")
}

/// The first code in docs that begins with a name, `name(..)` or the name alone, or is a list with it.
pub fn in_docs<'a>(docs: &'a str, name: &str) -> Option<&'a str> {
    let mut codes = docs.split('`').skip(1).step_by(2);
    codes.find(|code| {
        let rest = code.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
            || (code.starts_with('[') && code.contains(&format!("{name}(")))
    })
}
