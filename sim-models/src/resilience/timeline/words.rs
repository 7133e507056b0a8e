//! What a timeline says in sentences: when a policy changed its state and why, or why it never did.

use super::{Change, Part, Seen, Timeline};
use crate::resilience::By;
use sim_core::SimDuration;

/// A moment or a span of a timeline in words.
#[must_use]
pub fn moment(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0s".into();
    }
    SimDuration::from_secs_f64(seconds).rounded().to_string()
}

fn many(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Timeline {
    /// What became of the calls.
    #[must_use]
    pub fn calls_in_words(&self) -> String {
        let [ok, failed, refused] = self.ended;
        let mut words = vec![format!("{ok} ended well")];
        if failed > 0 {
            words.push(format!("{failed} failed"));
        }
        if refused > 0 {
            words.push(format!("{refused} turned away"));
        }
        // A call of a script that comes again ends again.
        let out = self.calls.saturating_sub(ok + failed + refused);
        if out > 0 {
            words.push(format!("{out} still out"));
        }
        let calls = many(self.calls, "call", "calls");
        format!("{calls} in {}: {}", moment(self.end), words.join(", "))
    }

    /// A sentence on each policy, outermost first.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let of = |seen: &Seen| seen.sentences(self.end);
        self.policies.iter().flat_map(of).collect()
    }
}

impl Seen {
    /// Whether it has states, and is told by them.
    #[must_use]
    pub fn has_states(&self) -> bool {
        self.parts.iter().any(|part| !part.state.is_empty())
    }

    /// What a part of its memory is called.
    #[must_use]
    pub fn part_name(&self, part: &Part) -> String {
        match self.by {
            Some(By::Callee) => format!("{} of callee {}", self.name, part.name),
            Some(_) if !part.name.is_empty() => format!("{} of `{}`", self.name, part.name),
            _ => self.name.clone(),
        }
    }

    fn sentences(&self, end: f64) -> Vec<String> {
        if self.has_states() {
            let idle = self.idle.as_deref();
            let of = |part: &Part| part_sentence(&self.part_name(part), part, idle, end);
            let (changed, others): (Vec<&Part>, Vec<&Part>) =
                (self.parts.iter()).partition(|part| !part.changes.is_empty());
            let mut told: Vec<String> = changed.into_iter().map(of).collect();
            match others.as_slice() {
                [first, _, ..] => {
                    let why = because(idle.unwrap_or_default());
                    let (count, state) = (others.len(), first.state);
                    told.push(format!(
                        "{count} of {} stayed {state} throughout{why}",
                        self.name
                    ));
                }
                others => told.extend(others.iter().copied().map(of)),
            }
            return told;
        }
        let counted = self.counts.iter().filter(|(_, count, _)| *count > 0);
        let counted = counted.map(|(name, count, first)| {
            let name = name.replace('_', " ");
            format!("{name} {count} (first at {})", moment(*first))
        });
        let counted: Vec<String> = counted.collect();
        let told = match (counted.as_slice(), &self.idle) {
            ([], Some(idle)) => format!("never acted: {idle}"),
            ([], None) => "had nothing to do".into(),
            (counted, _) => return vec![format!("{}: {}", self.name, counted.join(", "))],
        };
        vec![format!("{} {told}", self.name)]
    }
}

fn because(why: &str) -> String {
    match why {
        "" => String::new(),
        why => format!(": {why}"),
    }
}

fn part_sentence(name: &str, part: &Part, idle: Option<&str>, end: f64) -> String {
    let Some(first) = part.changes.first() else {
        let why = idle.unwrap_or(&part.why);
        return format!("{name} stayed {} throughout{}", part.state, because(why));
    };
    let mut told = format!(
        "{name} went from {} to {} at {}{}",
        first.from,
        first.to,
        moment(first.at),
        because(&first.why)
    );
    if part.changes.len() > 1 {
        told += &format!(
            ". In all {} changes: {}",
            part.changes.len(),
            stays(part, end)
        );
    }
    told
}

/// How long it was in each state that it has been in, in the order in which it came to them.
fn stays(part: &Part, end: f64) -> String {
    let mut stays: Vec<(&str, f64)> = vec![(part.state, 0.0)];
    let mut since = 0.0;
    let last = Change {
        at: end,
        from: "",
        to: "",
        why: String::new(),
    };
    let mut state = part.state;
    for change in part.changes.iter().chain([&last]) {
        match stays.iter_mut().find(|(known, _)| *known == state) {
            Some((_, spent)) => *spent += change.at - since,
            None => stays.push((state, change.at - since)),
        }
        (since, state) = (change.at, change.to);
    }
    let words = stays
        .iter()
        .map(|(state, spent)| format!("{state} for {}", moment(*spent)));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::play;
    use crate::presets::PolicyList;
    use crate::resilience::pattern::Pattern;
    use crate::scenario::explain::read_part;

    fn told(policies: &str, pattern: &str) -> (String, Vec<String>) {
        let list: PolicyList = read_part(policies).unwrap();
        let pattern: Pattern = pattern.parse().unwrap();
        let (timeline, played) = play(&list, &pattern, 1);
        assert!(!played.is_empty());
        (timeline.calls_in_words(), timeline.sentences())
    }

    #[test]
    fn a_breaker_that_opens_says_when() {
        let (calls, sentences) = told(
            "breaker(failures: 5, open_for: \"10s\")",
            "10/s for 1min, 100% errors from 20s to 40s",
        );
        // Errors of 20.01 to 20.41 open it; probes at 30.5 and 40.6 fail and succeed.
        assert_eq!(
            calls,
            "600 calls in 1min: 394 ended well, 6 failed, 200 turned away"
        );
        let [sentence] = sentences.as_slice() else {
            panic!("{sentences:?}")
        };
        assert!(
            sentence.starts_with("breaker went from closed to open at 20.4s"),
            "{sentence}"
        );
        assert!(
            sentence.contains(". In all 5 changes: closed for"),
            "{sentence}"
        );
    }

    #[test]
    fn one_that_does_not_says_so() {
        let (_, sentences) = told("breaker(failures: 5)", "10/s for 10s");
        assert!(sentences[0].starts_with("breaker stayed closed throughout"));
        let (_, sentences) = told(
            "[retry(attempts: 2, backoff: none), retry_budget(ratio: 0.1, cap: 1)]",
            "10/s for 10s, 100% errors from 5s",
        );
        assert_eq!(
            sentences,
            [
                "0 retry: retries 5 (first at 5.01s), exhausted 5 (first at 5.02s)",
                "1 retry_budget: spent 5 (first at 5.01s), denied 45 (first at 5.11s)"
            ]
        );
        let (_, sentences) = told("retry", "10/s for 10s");
        assert_eq!(sentences, ["retry had nothing to do"]);
    }
}
