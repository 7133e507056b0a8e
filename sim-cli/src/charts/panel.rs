//! One panel of a chart: axes, lines, stacked areas, and labels beside them.

use super::beside::{self, Name, Sample};
use super::bins::largest;
use super::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use super::marks;
use super::palette::{self, Mark};
use super::ruler::Ruler;
use super::scale::{Scale, Spread, Unit, tick_text};

/// What stays free on the right of names, pixels.
const MARGIN: f64 = 8.0;
/// Size of labels, pixels.
const LABEL: f64 = 12.0;

/// A line of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its values, one per point in time; NaN leaves a gap.
    pub values: Vec<f64>,
    /// How it looks.
    pub stroke: Stroke,
    /// What is put on it now and then.
    pub mark: Mark,
}

/// An area of a stack; the first lies at the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// Its heights, one per point in time.
    pub values: Vec<f64>,
    /// Its colour.
    pub ink: Ink,
}

/// What is told in words instead of being drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    /// What is said of them: `"8 services below 10%"`.
    pub lead: String,
    /// Their names, of which as many are written as there is room for.
    pub names: Vec<String>,
}

impl Note {
    /// The note in one line of at most this width.
    #[must_use]
    pub fn text(&self, ruler: &Ruler, letters: Letters, width: f64) -> String {
        let all = self.names.len();
        let texts = (1..=all).rev().map(|shown| {
            let names = self.names[..shown].join(", ");
            let more = match all - shown {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}: {names}{more}", self.lead)
        });
        let mut fitting = texts.filter(|text| ruler.text_width(text, letters) <= width);
        let text = fitting.next().unwrap_or_else(|| self.lead.clone());
        ruler.shorten(&text, letters, width)
    }
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What is shown, and in which unit.
    pub title: String,
    /// Unit of the values.
    pub unit: Unit,
    /// How they are spread.
    pub spread: Spread,
    /// The top of the axis, if it is to be fixed.
    pub top: Option<f64>,
    /// Lines, drawn over the areas.
    pub lines: Vec<Line>,
    /// Stacked areas.
    pub areas: Vec<Area>,
    /// What is left out.
    pub more: Option<String>,
    /// What is told beside the title.
    pub note: Option<Note>,
}

impl Panel {
    /// An empty panel.
    #[must_use]
    pub fn new(title: impl Into<String>, unit: Unit, spread: Spread) -> Self {
        Self {
            title: title.into(),
            unit,
            spread,
            top: None,
            lines: Vec::new(),
            areas: Vec::new(),
            more: None,
            note: None,
        }
    }

    /// A panel of one line per name; of too many, those with the highest peaks.
    #[must_use]
    pub fn of_series(mut self, series: Vec<(String, Vec<f64>)>, what: &str) -> Self {
        let mut ranked: Vec<usize> = (0..series.len()).collect();
        ranked.sort_by(|a, b| largest(&series[*b].1).total_cmp(&largest(&series[*a].1)));
        ranked.truncate(palette::MOST_SERIES);
        if series.len() > ranked.len() {
            self.more = Some(format!(
                "{} more {what}, lower",
                series.len() - ranked.len()
            ));
        }
        ranked.sort_unstable();
        let mut series: Vec<Option<_>> = series.into_iter().map(Some).collect();
        for (place, index) in ranked.into_iter().enumerate() {
            let (name, values) = series[index].take().expect("each index comes once");
            let (stroke, mark) = palette::series(place);
            self.lines.push(Line {
                name,
                values,
                stroke,
                mark,
            });
        }
        self
    }

    /// Whether anything is drawn; the rest is told in a line.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        !(self.lines.is_empty() && self.areas.is_empty() && self.note.is_some())
    }

    /// The height that the names of its series need, pixels.
    #[must_use]
    pub fn names_height(&self) -> f64 {
        let names = self.lines.len() + self.areas.len() + usize::from(self.more.is_some());
        names as f64 * beside::LEADING
    }

    fn scale(&self) -> Scale {
        if let Some(top) = self.top {
            return Scale::fixed(0.0, top);
        }
        let stacked = self.stacks().pop().unwrap_or_default();
        let lines = self.lines.iter().flat_map(|line| line.values.clone());
        Scale::around(self.spread, lines.chain(stacked))
    }

    /// Upper edges of the areas, from the bottom up.
    fn stacks(&self) -> Vec<Vec<f64>> {
        let mut below: Vec<f64> = Vec::new();
        let mut stacks = Vec::new();
        for area in &self.areas {
            below.resize(area.values.len(), 0.0);
            for (sum, value) in below.iter_mut().zip(&area.values) {
                *sum += if value.is_finite() { *value } else { 0.0 };
            }
            stacks.push(below.clone());
        }
        stacks
    }
}

/// Where time lies on a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeAxis {
    /// End of the run, s; it starts at 0.
    pub end: f64,
    /// Times of the points of all series, s.
    pub points: Vec<f64>,
    /// Ticks, s.
    pub ticks: Vec<f64>,
}

impl TimeAxis {
    /// Where a time lies in a rectangle.
    #[must_use]
    pub fn place(&self, time: f64, rect: Rect) -> f64 {
        let share = if self.end > 0.0 { time / self.end } else { 0.0 };
        rect.left + rect.width * share.clamp(0.0, 1.0)
    }
}

/// Draws a panel; `labels` is the width that is free on its right for the names of its series.
pub fn draw(canvas: &Canvas, panel: &Panel, time: &TimeAxis, rect: Rect, labels: f64) {
    let scale = panel.scale();
    axes(canvas, panel, &scale, time, rect);
    heading(
        canvas,
        panel,
        (rect.left, rect.top - 9.0),
        rect.width + labels - MARGIN,
    );
    let height = |value: f64| rect.bottom() - rect.height * scale.place(value);
    areas(canvas, panel, time, rect, height);
    for line in &panel.lines {
        // On areas a line needs a white border to be seen in grey, too.
        if !panel.areas.is_empty() {
            draw_line(canvas, &bordered(line), time, rect, height);
        }
        draw_line(canvas, line, time, rect, height);
    }
    canvas.line(
        &[
            (rect.left, rect.top),
            (rect.left, rect.bottom()),
            (rect.right(), rect.bottom()),
        ],
        Stroke::solid(1.0, palette::GREY),
    );
    names(canvas, panel, rect, labels, height);
}

fn bordered(line: &Line) -> Line {
    let stroke = Stroke::solid(line.stroke.width + 2.0, super::canvas::WHITE);
    Line {
        stroke,
        mark: Mark::None,
        ..line.clone()
    }
}

fn axes(canvas: &Canvas, panel: &Panel, scale: &Scale, time: &TimeAxis, rect: Rect) {
    let thin = Stroke::solid(0.5, palette::GRID);
    for tick in &time.ticks {
        let x = time.place(*tick, rect);
        canvas.line(&[(x, rect.top), (x, rect.bottom())], thin);
    }
    let wanted = (rect.height / 34.0).round().max(2.0) as usize;
    let small = Letters::new(LABEL, palette::GREY);
    for tick in scale.ticks(wanted) {
        let y = rect.bottom() - rect.height * scale.place(tick);
        canvas.line(&[(rect.left, y), (rect.right(), y)], thin);
        let text = tick_text(tick, panel.unit);
        canvas.label(&text, (rect.left - 7.0, y), Anchor::End, small);
    }
}

/// Writes the title of a panel, and what is told beside it, into this width.
pub fn heading(canvas: &Canvas, panel: &Panel, (x, y): (f64, f64), width: f64) {
    let title = Letters::new(13.0, palette::BLACK).bold();
    let text = canvas.shorten(&panel.title, title, width);
    canvas.text(&text, (x, y), Anchor::Start, title);
    if let Some(note) = &panel.note {
        let small = Letters::new(LABEL, palette::GREY);
        let used = canvas.text_width(&text, title) + 14.0;
        let text = note.text(canvas, small, width - used);
        canvas.text(&text, (x + used, y), Anchor::Start, small);
    }
}

fn areas(canvas: &Canvas, panel: &Panel, time: &TimeAxis, rect: Rect, height: impl Fn(f64) -> f64) {
    let mut below: Vec<f64> = vec![0.0; time.points.len()];
    for (area, above) in panel.areas.iter().zip(panel.stacks()) {
        let edge = |values: &[f64]| -> Vec<(f64, f64)> {
            let points = time.points.iter().zip(values);
            points
                .map(|(t, v)| (time.place(*t, rect), height(*v)))
                .collect()
        };
        let upper = edge(&above);
        for (first, last) in stretches(&area.values) {
            let mut corners = upper[first..=last].to_vec();
            corners.extend(edge(&below)[first..=last].iter().rev());
            canvas.polygon(&corners, area.ink);
            canvas.line(
                &upper[first..=last],
                Stroke::solid(0.75, super::canvas::WHITE),
            );
        }
        below = above;
    }
}

/// Stretches of positive values, with the zeros on both sides.
fn stretches(values: &[f64]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (i, value) in values.iter().enumerate() {
        if *value > 0.0 {
            let (first, last) = (i.saturating_sub(1), (i + 1).min(values.len() - 1));
            match found.last_mut() {
                Some((_, end)) if *end >= first => *end = last,
                _ => found.push((first, last)),
            }
        }
    }
    found
}

fn draw_line(
    canvas: &Canvas,
    line: &Line,
    time: &TimeAxis,
    rect: Rect,
    height: impl Fn(f64) -> f64,
) {
    let points: Vec<(f64, f64)> = time
        .points
        .iter()
        .zip(&line.values)
        .map(|(t, v)| {
            (
                time.place(*t, rect),
                if v.is_finite() { height(*v) } else { *v },
            )
        })
        .collect();
    for piece in points.split(|(_, y)| !y.is_finite()) {
        match piece {
            [] => {}
            [alone] => canvas.disc(*alone, line.stroke.width, line.stroke.ink),
            piece => canvas.line(piece, line.stroke),
        }
    }
    let mut next = rect.left;
    for point in points.iter().filter(|(_, y)| y.is_finite()) {
        if point.0 >= next {
            marks::draw(canvas, line.mark, *point, 3.0, line.stroke.ink);
            next = point.0 + 70.0;
        }
    }
}

/// Writes the names on the right, each as near to the end of its line as the others let it.
fn names(canvas: &Canvas, panel: &Panel, rect: Rect, width: f64, height: impl Fn(f64) -> f64) {
    let mut wanted: Vec<Name> = Vec::new();
    for line in &panel.lines {
        let last = line.values.iter().rev().find(|v| v.is_finite());
        let y = last.map_or(rect.bottom(), |v| height(*v));
        let y = y.min(rect.bottom() - beside::LEADING * panel.areas.len() as f64);
        let sample = Sample::Line(line.stroke, line.mark);
        wanted.push(Name::new(y, &line.name, sample));
    }
    // Areas are named in the order in which they lie, from the lowest upward, below all lines.
    for (area, n) in panel.areas.iter().zip(0..) {
        let y = rect.bottom() + 1.0 - f64::from(n) * beside::LEADING;
        wanted.push(Name::new(y, &area.name, Sample::Area(area.ink)));
    }
    wanted.sort_by(|a, b| a.y.total_cmp(&b.y));
    if let Some(more) = &panel.more {
        wanted.push(Name::new(rect.bottom(), more, Sample::Nothing));
    }
    beside::draw(canvas, &wanted, rect, width);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_series_are_cut_to_the_highest() {
        let series = (0..12)
            .map(|n| (format!("s{n}"), vec![f64::from(n)]))
            .collect();
        let panel = Panel::new("x", Unit::Count, Spread::Linear).of_series(series, "services");
        assert_eq!(panel.lines.len(), 8);
        assert_eq!(panel.lines[0].name, "s4");
        assert_eq!(panel.more.as_deref(), Some("4 more services, lower"));
    }

    #[test]
    fn notes_name_as_many_as_fit() {
        let (ruler, letters) = (Ruler::new(), Letters::new(LABEL, palette::GREY));
        let note = Note {
            lead: "3 calls without a retry".into(),
            names: ["web -> db", "web -> cache", "web -> mail"]
                .map(String::from)
                .into(),
        };
        let all = note.text(&ruler, letters, 600.0);
        assert_eq!(
            all,
            "3 calls without a retry: web -> db, web -> cache, web -> mail"
        );
        let width = ruler.text_width(&all, letters) - 1.0;
        let some = note.text(&ruler, letters, width);
        assert_eq!(
            some,
            "3 calls without a retry: web -> db, web -> cache and 1 more"
        );
        let none = note.text(&ruler, letters, 150.0);
        assert_eq!(none, "3 calls without a retry");
    }

    #[test]
    fn areas_are_drawn_where_something_is() {
        let values = [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 3.0];
        assert_eq!(stretches(&values), vec![(1, 4), (6, 7)]);
    }
}
