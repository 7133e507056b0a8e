//! What policies did, in words: a sentence each, and when they changed their states.

use crate::output::Style;
use sim_models::resilience::timeline::{Timeline, moment};
use std::fmt::Write;

/// The most changes of state that are listed.
const MOST_CHANGES: usize = 20;

/// Tells what was seen of the policies that are written so.
pub fn tell(name: &str, timeline: &Timeline, style: Style, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}", style.heading(name));
    let _ = writeln!(text, "  {}.", timeline.calls_in_words());
    for sentence in timeline.sentences() {
        let _ = writeln!(text, "  {sentence}.");
    }
    let mut rows = Vec::new();
    for seen in &timeline.policies {
        for part in &seen.parts {
            let name = seen.part_name(part);
            rows.extend(part.changes.iter().map(|change| (name.clone(), change)));
        }
    }
    rows.sort_by(|(_, a), (_, b)| a.at.total_cmp(&b.at));
    // What the sentence has said needs no table.
    if rows.len() > 1 {
        let wide = |of: fn(&(String, &_)) -> usize| rows.iter().map(of).max().unwrap_or_default();
        let names = wide(|(name, _)| name.chars().count());
        for (name, change) in rows.iter().take(MOST_CHANGES) {
            let line = format!(
                "    {:>9}  {name:names$}  {:>9} -> {:<9}  {}",
                moment(change.at),
                change.from,
                change.to,
                change.why
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if rows.len() > MOST_CHANGES {
            let _ = writeln!(text, "    {} more changes", rows.len() - MOST_CHANGES);
        }
    }
}
