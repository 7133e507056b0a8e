//! The causal story of one request, for people.

use super::table::{WIDTH, width, wrap};
use crate::units;
use sim_models::observe::summary::Story;

/// Deeper calls are indented no further.
const DEEPEST: u32 = 12;

/// The story as text: what happened, when (counted from its start), where, and inside which call.
#[must_use]
pub fn render(story: &Story) -> String {
    let Some(first) = story.lines.first() else {
        return format!("Request {} left no trace.\n", story.request);
    };
    let start = first.time;
    let last = story.lines.last().map_or(start, |line| line.time);
    let span = units::duration(last - start);
    let how = if story.unfinished {
        format!("still waiting at {}, after {span}", units::moment(last))
    } else {
        // Its user's own lines are the outermost ones; work that outlives them is no time of the user's.
        let outermost = story.lines.iter().rev().find(|line| line.depth == 0);
        let end = outermost.map_or(last, |line| line.time);
        let all = format!("{} in all", units::duration(end - start));
        if last > end {
            let more = units::duration(last - end);
            format!("{all}; work for it went on for {more} more")
        } else {
            all
        }
    };
    let mut text = format!(
        "Request {} of {}: began at {}, {how}\n\n",
        story.request,
        story.workload,
        units::moment(start),
    );
    let times: Vec<String> = story
        .lines
        .iter()
        .map(|line| relative(line.time - start, last - start))
        .collect();
    let time_width = times.iter().map(|t| width(t)).max().unwrap_or_default();
    for (line, time) in story.lines.iter().zip(times) {
        let indent = "  ".repeat(line.depth.min(DEEPEST) as usize);
        let first = format!("  {time:>time_width$}  {indent}{}: ", line.place);
        let rest = format!("  {:time_width$}  {indent}    ", "");
        for wrapped in wrap(&line.what, &first, &rest) {
            text.push_str(wrapped.trim_end());
            text.push('\n');
        }
    }
    debug_assert!(time_width < WIDTH, "times are short");
    text
}

/// From so many seconds on a story is told with a resolution of milliseconds.
const LONG: f64 = 60.0;

/// Time from the start, in milliseconds, so that the column can be compared, unless that is many.
fn relative(seconds: f64, whole: f64) -> String {
    if whole < LONG {
        format!("+{:.3}ms", seconds * 1e3)
    } else {
        format!("+{}", units::moment(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_the_user_waited_for_is_told_apart_from_work_that_goes_on() {
        let mut story = fixture::story();
        let head = |story: &Story| render(story).lines().next().map(str::to_owned);
        let told = head(&story).expect("a story has a headline");
        assert!(told.ends_with(", 2.00s in all"), "{told}");
        let mut late = story.lines[4].clone();
        late.time = story.lines[6].time + 0.25;
        story.lines.push(late);
        let told = head(&story).expect("a story has a headline");
        let right = ", 2.00s in all; work for it went on for 250ms more";
        assert!(told.ends_with(right), "{told}");
    }

    #[test]
    fn times_are_aligned_and_lines_fit() {
        let text = render(&fixture::story());
        assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
        assert!(
            text.contains("     +0.000ms  shoppers: asks web/checkout"),
            "{text}"
        );
        assert!(
            text.contains("  +2000.888ms  shoppers: timeout_deadline"),
            "{text}"
        );
        assert_eq!(relative(0.25, 59.0), "+250.000ms");
        assert_eq!(relative(61.25, 4320.0), "+61.25s");
        assert_eq!(relative(4320.0, 4320.0), "+1h12min");
    }
}
