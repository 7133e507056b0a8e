//! Policies that met a pattern or a script alone: their states as bands, what became of the calls, their numbers with
//! the values at which they act. Several stand one below the other, on one axis of time.

use super::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke, sheet};
use super::figure::{self, LEFT, RIGHT, WIDTH, Words};
use super::palette::{self, Mark};
use super::panel::{self, Area, Line, Panel, TimeAxis};
use super::ruler::Ruler;
use super::scale::{Spread, Unit, time_ticks};
use sim_models::resilience::timeline::{Part, Seen, Timeline};

/// Space above a panel, for its title, pixels.
const GAP: f64 = 34.0;
/// Height of a panel, pixels.
const PANEL: f64 = 110.0;
/// Height of a band of states, pixels.
const BAND: f64 = 24.0;
/// Height of a line of text, pixels.
const LEADING: f64 = 18.0;
/// Space below the last panel of a stack, for the ticks of time, pixels.
const BELOW: f64 = 44.0;
/// The most bands of one policy: there is one for each part of its memory.
const MOST_BANDS: usize = 12;
/// The most changes of state that are marked.
const MOST_MARKS: usize = 60;
/// The most lines of one panel of numbers.
const MOST_NUMBERS: usize = 4;
/// Calls that a point of the traffic has at least, where there are as many.
const PER_POINT: f64 = 10.0;
/// Right of what is drawn, pixels.
const MARGIN: f64 = 24.0;

/// One or several policies that met the calls together.
#[derive(Clone, Debug)]
pub struct Stack {
    /// How they are written.
    pub name: String,
    /// What was seen of them.
    pub timeline: Timeline,
}

/// The chart as SVG; `title` says what they met.
#[must_use]
pub fn policies(title: &str, caption: &str, stacks: &[Stack]) -> String {
    let words = Words {
        title: title.to_owned(),
        reason: String::new(),
        guide: "How to read: a band says in which state a policy is; thin lines mark where it changes. A number acts where \
                it meets the dashed line of its colour."
            .into(),
    };
    let ruler = Ruler::new();
    let head = figure::headline_height(&ruler, &words);
    let heights: f64 = stacks.iter().map(|stack| Layout::of(stack).height()).sum();
    let height = head + heights + LEADING + 12.0;
    sheet(WIDTH, height.ceil(), title, |canvas| {
        figure::headline(canvas, &words);
        let mut top = head;
        for stack in stacks {
            let layout = Layout::of(stack);
            draw(canvas, stack, &layout, top);
            top += layout.height();
        }
        let small = Letters::new(12.0, palette::GREY);
        let text = canvas.shorten(caption, small, WIDTH - 2.0 * MARGIN);
        canvas.text(&text, (MARGIN, top + LEADING), Anchor::Start, small);
    })
}

/// What is drawn of a stack, and how high it is.
struct Layout<'a> {
    sentences: Vec<String>,
    bands: Vec<(&'a Seen, &'a Part)>,
    numbers: Vec<Panel>,
}

impl<'a> Layout<'a> {
    fn of(stack: &'a Stack) -> Self {
        let ruler = Ruler::new();
        let letters = Letters::new(13.0, palette::BLACK);
        let timeline = &stack.timeline;
        let sentences = std::iter::once(timeline.calls_in_words()).chain(timeline.sentences());
        let wrap = |text: String| ruler.wrap(&text, letters, WIDTH - 2.0 * MARGIN, 3);
        let bands = timeline.policies.iter().flat_map(|seen| {
            let parts = seen.parts.iter().filter(|part| !part.state.is_empty());
            parts.take(MOST_BANDS).map(move |part| (seen, part))
        });
        Self {
            sentences: sentences.flat_map(wrap).collect(),
            bands: bands.collect(),
            numbers: timeline.policies.iter().filter_map(numbers).collect(),
        }
    }

    fn height(&self) -> f64 {
        let words = LEADING * (self.sentences.len() + 1) as f64;
        let panels = (GAP + PANEL) * (self.numbers.len() + 1) as f64;
        words + 8.0 + BAND * self.bands.len() as f64 + panels + BELOW
    }
}

fn draw(canvas: &Canvas, stack: &Stack, layout: &Layout, top: f64) {
    let timeline = &stack.timeline;
    let name = Letters::new(15.0, palette::BLACK).bold();
    let mut y = top + LEADING;
    let text = canvas.shorten(&stack.name, name, WIDTH - 2.0 * MARGIN);
    canvas.text(&text, (MARGIN, y), Anchor::Start, name);
    for line in &layout.sentences {
        y += LEADING;
        let letters = Letters::new(13.0, palette::BLACK);
        canvas.text(line, (MARGIN, y), Anchor::Start, letters);
    }
    y += 8.0;
    let width = WIDTH - LEFT - RIGHT;
    let (traffic, points) = traffic(timeline);
    let time = |points: Vec<f64>| TimeAxis {
        end: timeline.end,
        points,
        ticks: time_ticks(timeline.end, 12),
    };
    let axis = time(points);
    let first = y;
    for (seen, part) in &layout.bands {
        let rect = Rect::new(LEFT, y + 4.0, width, BAND - 8.0);
        band(canvas, part, &axis, rect);
        let letters = Letters::new(12.0, palette::BLACK);
        let name = canvas.shorten_name(&seen.part_name(part), letters, RIGHT - 16.0);
        let at = (rect.right() + 10.0, rect.top + rect.height / 2.0);
        canvas.label(&name, at, Anchor::Start, letters);
        y += BAND;
    }
    let panels = 1 + layout.numbers.len();
    let bottom = y + (GAP + PANEL) * panels as f64;
    mark_changes(
        canvas,
        layout,
        &axis,
        Rect::new(LEFT, first, width, bottom - first),
    );
    let numbers_axis = time(
        (1..=timeline.offered.len())
            .map(|n| n as f64 * timeline.step)
            .collect(),
    );
    let drawn = std::iter::once((&traffic, &axis));
    let drawn = drawn.chain(layout.numbers.iter().map(|panel| (panel, &numbers_axis)));
    let mut rect = Rect::new(LEFT, y, width, PANEL);
    for (panel, axis) in drawn {
        rect.top = y + GAP;
        panel::draw(canvas, panel, axis, rect, RIGHT);
        y += GAP + PANEL;
    }
    figure::time_labels(canvas, &axis, rect);
}

/// What became of the calls, and the points in time of it.
fn traffic(timeline: &Timeline) -> (Panel, Vec<f64>) {
    let points = timeline.offered.len();
    let peak = timeline.offered.iter().copied().fold(0.0, f64::max);
    let each = (1..=points / 10)
        .filter(|each| points.is_multiple_of(*each))
        .find(|each| peak.min(timeline.rate) * timeline.step * *each as f64 >= PER_POINT)
        .unwrap_or(points / 10)
        .max(1);
    let mean = |values: &[f64]| -> Vec<f64> {
        let chunks = values.chunks(each);
        chunks
            .map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64)
            .collect()
    };
    let mut panel = Panel::new("Calls per second", Unit::Rate, Spread::Linear);
    let line = |name: &str, values: &[f64], stroke: Stroke| Line {
        name: name.into(),
        values: mean(values),
        stroke,
        mark: Mark::None,
    };
    panel.lines = vec![
        line(
            "came",
            &timeline.offered,
            Stroke::solid(2.0, palette::BLACK),
        ),
        line(
            "ended well",
            &timeline.ok,
            Stroke::solid(2.0, palette::GREEN),
        ),
    ];
    for (name, values, ink) in [
        ("failed", &timeline.failed, palette::outcome("error")),
        ("turned away", &timeline.refused, palette::SKY),
    ] {
        if values.iter().any(|value| *value > 0.0) {
            panel.areas.push(Area {
                name: name.into(),
                values: mean(values),
                ink,
            });
        }
    }
    let span = timeline.step * each as f64;
    let middles = (0..points.div_ceil(each)).map(|n| (n as f64 + 0.5) * span);
    (panel, middles.collect())
}

/// The numbers of a policy: those at which it acts, with the values at which it does, or else a few.
fn numbers(seen: &Seen) -> Option<Panel> {
    let part = seen.parts.iter().find(|part| !part.numbers.is_empty())?;
    let acts = |name: &str| part.thresholds.iter().any(|(known, _)| *known == name);
    let mut names: Vec<&str> = part.numbers.keys().copied().collect();
    if names.iter().any(|name| acts(name)) {
        names.retain(|name| acts(name));
    }
    names.truncate(MOST_NUMBERS);
    let told = seen.parts.iter().filter(|part| !part.numbers.is_empty());
    let title = match told.count() {
        // They are of all parts together.
        1 => format!("Numbers of {}", seen.name),
        _ => format!("Numbers of {}", seen.part_name(part)),
    };
    let is_share = |name: &&str| name.ends_with("_rate");
    let unit = match names.iter().all(is_share) {
        true => Unit::Ratio,
        false => Unit::Number,
    };
    let mut panel = Panel::new(title, unit, Spread::Linear);
    for (place, name) in names.into_iter().enumerate() {
        let (stroke, mark) = palette::series(place);
        let shown = name.replace('_', " ");
        let values = part.numbers[name].clone();
        let points = values.len();
        panel.lines.push(Line {
            name: shown.clone(),
            values,
            stroke: Stroke {
                dash: &[],
                ..stroke
            },
            mark,
        });
        for (_, value) in part.thresholds.iter().filter(|(known, _)| *known == name) {
            panel.lines.push(Line {
                name: format!("{shown}: acts at"),
                values: vec![*value; points],
                stroke: Stroke {
                    width: 1.25,
                    dash: palette::DASHED,
                    ..stroke
                },
                mark: Mark::None,
            });
        }
    }
    Some(panel)
}

/// How a state is filled: calm ones are light, those that stand in the way of calls are not.
fn ink(state: &str, first: &str) -> Ink {
    match state {
        "open" | "forced_open" | "isolated" => palette::VERMILION,
        "half_open" | "probing" => palette::ORANGE,
        state if state == first => palette::GRID,
        _ => palette::SKY,
    }
}

fn band(canvas: &Canvas, part: &Part, time: &TimeAxis, rect: Rect) {
    let letters = Letters::new(11.0, palette::BLACK);
    let piece = |from: f64, to: f64, state: &str| {
        let (from, to) = (time.place(from, rect), time.place(to, rect));
        let piece = Rect::new(from, rect.top, (to - from).max(1.0), rect.height);
        canvas.fill(piece, ink(state, part.state));
        let shown = state.replace('_', " ");
        if canvas.text_width(&shown, letters) + 8.0 <= piece.width {
            let middle = (from + piece.width / 2.0, rect.top + rect.height / 2.0);
            canvas.label(&shown, middle, Anchor::Middle, letters);
        }
    };
    let (mut since, mut state) = (0.0, part.state);
    for change in &part.changes {
        piece(since, change.at, state);
        (since, state) = (change.at, change.to);
    }
    piece(since, time.end, state);
    canvas.frame(rect, Stroke::solid(0.75, palette::GREY));
}

/// Thin lines through all panels where a state changes.
fn mark_changes(canvas: &Canvas, layout: &Layout, time: &TimeAxis, rect: Rect) {
    let changes = layout.bands.iter().flat_map(|(_, part)| &part.changes);
    let thin = Stroke {
        width: 0.75,
        ink: palette::GREY,
        dash: &[1.5, 3.0],
    };
    for change in changes.take(MOST_MARKS) {
        let x = time.place(change.at, rect);
        canvas.line(&[(x, rect.top), (x, rect.bottom())], thin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_models::presets::PolicyList;
    use sim_models::resilience::pattern::Pattern;
    use sim_models::resilience::timeline::play;
    use sim_models::scenario::explain::read_part;

    #[test]
    fn stacks_stand_below_each_other() {
        let pattern: Pattern = "10/s for 1min, 100% errors from 20s to 40s"
            .parse()
            .unwrap();
        let stack = |text: &str| {
            let list: PolicyList = read_part(text).unwrap();
            let (timeline, _) = play(&list, &pattern, 1);
            Stack {
                name: text.into(),
                timeline,
            }
        };
        let stacks = [
            stack("breaker(failures: 5, open_for: \"5s\")"),
            stack("[retry, rate_limit(rate: \"5/s\", burst: 5)]"),
        ];
        let svg = policies("10/s", "seed 1", &stacks);
        assert_eq!(svg, policies("10/s", "seed 1", &stacks));
        for word in [
            "half open",
            "closed",
            "failures in a row: acts at",
            "1 rate_limit",
            "turned away",
        ] {
            assert!(svg.contains(word), "{word}");
        }
        assert!(!svg.contains("NaN"));
        assert!(policies("none", "", &[]).ends_with("</svg>\n"));
    }
}
