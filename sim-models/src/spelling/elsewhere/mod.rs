//! What the tools that people already run call things, and what differs here: who searches for their word finds ours.
//!
//! A row is their name, ours (`""` where we have none: a part such as `breaker`, or a field such as `retry.attempts`),
//! and what differs. A test holds every name of ours to be one that `sim explain` knows, and every row without one to
//! be about something that we do not have under the same name.
//!
//! Source: the sources and manuals of the tools that the files beside this one are named after.

mod faults;
mod meshes;
mod policies;

/// A row: their name, ours, and what differs.
pub type Row = (&'static str, &'static str, &'static str);

/// The names of a tool.
pub type Tool = (&'static str, &'static [Row]);

/// All tools.
pub const TOOLS: &[&[Tool]] = &[policies::TOOLS, meshes::TOOLS, faults::TOOLS];

/// A name that another tool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The tool.
    pub tool: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Ours; empty if there is none.
    pub ours: &'static str,
    /// What differs.
    pub differs: &'static str,
}

/// Every name of every tool.
pub fn all() -> impl Iterator<Item = Foreign> {
    let tools = TOOLS.iter().copied().flatten();
    tools.flat_map(|(tool, rows)| {
        rows.iter().map(move |(name, ours, differs)| Foreign {
            tool,
            name,
            ours,
            differs,
        })
    })
}

/// What tools mean by a name, in any style and with or without what stands before its last point:
/// `failure-rate-threshold` is `failureRateThreshold`, and `sleepWindowInMilliseconds` that of `circuitBreaker`.
#[must_use]
pub fn meant(name: &str) -> Vec<Foreign> {
    let last = |name: &str| plain(name.rsplit('.').next().unwrap_or_default());
    let wanted = last(name);
    all()
        .filter(|foreign| last(foreign.name) == wanted)
        .collect()
}

/// A name in lower case, without what joins its words: names are the same in all styles.
#[must_use]
pub fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !['_', '-', ' '].contains(c));
    letters.flat_map(char::to_lowercase).collect()
}

impl Foreign {
    /// What there is of it here, in a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let Self {
            tool,
            name,
            ours,
            differs,
        } = self;
        let ours = if ours.is_empty() {
            "has no like here".to_owned()
        } else {
            format!("is `{ours}` here")
        };
        let differs = if differs.is_empty() {
            String::new()
        } else {
            format!(": {differs}")
        };
        format!("`{name}` of {tool} {ours}{differs}")
    }
}

/// What is told of a field or a kind that there is not, but that another tool has: where ours is one of those that
/// there may be here; of no other, where nothing looks like it.
#[must_use]
pub fn hint(name: &str, candidates: &[&str], none_is_near: bool) -> Option<String> {
    let found = meant(name);
    let last = |foreign: &&Foreign| foreign.ours.rsplit('.').next().unwrap_or_default();
    let here = found
        .iter()
        .find(|foreign| candidates.contains(&last(foreign)));
    let known = here.or_else(|| found.first().filter(|_| none_is_near))?;
    // What the spelling says already is not said again.
    (here.is_none() || !known.differs.is_empty()).then(|| known.told())
}
