//! Rows of small panels on a sheet.

use super::bins::Bins;
use super::canvas::{Anchor, Canvas, Letters, Rect, Stroke, sheet};
use super::figure::{self, WIDTH, Words};
use super::palette;
use super::panel::{self, Panel};
use super::ruler::Ruler;
use super::timeline::time_axis;
use sim_models::observe::summary::RunResult;

/// Height of a line of text, pixels.
const LINE: f64 = 18.0;
/// Space above panels, pixels.
const ABOVE: f64 = 46.0;
/// Space for the numbers of an axis, pixels.
const NUMBERS: f64 = 52.0;
/// Height of a row, pixels.
const ROW: f64 = 176.0;
/// The most lines that name the rows that are not shown.
const FOLDED_LINES: usize = 4;

/// A row of panels.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is of.
    pub name: String,
    /// What is said beside the name.
    pub note: String,
    /// One for each column.
    pub panels: Vec<Panel>,
}

/// Draws rows below each other, and below them what is said of those left out.
#[must_use]
pub fn grid(
    result: &RunResult,
    bins: &Bins,
    words: &Words,
    rows: Vec<Row>,
    left_out: &str,
) -> String {
    let summary = &result.summary;
    let time = time_axis(result, bins, 5);
    let ruler = Ruler::new();
    let head = figure::headline_height(&ruler, words);
    let top = head + 32.0;
    let letters = Letters::new(12.0, palette::BLACK);
    let folded = ruler.wrap(left_out, letters, WIDTH - 48.0, FOLDED_LINES);
    let lines = lines(&rows);
    let height = top + ROW * lines.len() as f64 + LINE * folded.len() as f64 + 36.0;
    sheet(WIDTH, height.ceil(), &words.title, |canvas| {
        figure::headline(canvas, words);
        let mut bottom = top;
        for cells in &lines {
            for cell in cells {
                draw_cell(canvas, result, cell, &time, (bottom, cells.len()));
            }
            bottom += ROW;
        }
        legend(canvas, summary, head);
        for line in &folded {
            bottom += LINE;
            canvas.text(line, (24.0, bottom), Anchor::Start, letters);
        }
        figure::short_footer(canvas, result, bins.seconds, bottom);
    })
}

/// Says what the shading means.
fn legend(canvas: &Canvas, summary: &sim_models::observe::summary::Summary, top: f64) {
    let letters = Letters::new(12.0, palette::BLACK);
    let mut x = 24.0;
    let mut item = |paint: &dyn Fn(Rect), name: &str| {
        let swatch = Rect::new(x, top, 26.0, 12.0);
        paint(swatch);
        canvas.label(name, (x + 32.0, top + 6.0), Anchor::Start, letters);
        x += 32.0 + canvas.text_width(name, letters) + 24.0;
    };
    if summary.warmup_seconds > 0.0 {
        item(
            &|rect| {
                canvas.fill(rect, palette::WARMUP);
                canvas.hatch(rect, 5.0, Stroke::solid(0.75, palette::GREY));
            },
            "warm-up, in no total",
        );
    }
    let names: Vec<&str> = summary.faults.iter().map(|f| f.name.as_str()).collect();
    if !names.is_empty() {
        let text = format!("fault: {}", names.join(", "));
        let text = canvas.shorten(&text, letters, WIDTH - 320.0);
        item(&|rect| canvas.fill(rect, palette::FAULT), &text);
    }
}

/// What stands in a column of a line.
struct Cell<'a> {
    row: &'a Row,
    panel: usize,
    column: usize,
}

/// The cells of all lines: a row whose first panel alone is drawn takes one cell, others a line.
fn lines(rows: &[Row]) -> Vec<Vec<Cell<'_>>> {
    let mut lines: Vec<Vec<Cell>> = Vec::new();
    let mut room = 0;
    for row in rows {
        let columns = row.panels.len();
        let alone = row.panels[1..].iter().all(|panel| !panel.is_drawn());
        if alone && room > 0 {
            let column = columns - room;
            let line = lines.last_mut().expect("a line with room is there");
            line.push(Cell {
                row,
                panel: 0,
                column,
            });
            room -= 1;
            continue;
        }
        let shown = if alone { 1 } else { columns };
        let cells = (0..shown).map(|n| Cell {
            row,
            panel: n,
            column: n,
        });
        lines.push(cells.collect());
        room = columns - shown;
    }
    lines
}

fn draw_cell(
    canvas: &Canvas,
    result: &RunResult,
    cell: &Cell,
    time: &panel::TimeAxis,
    (top, line): (f64, usize),
) {
    let columns = cell.row.panels.len();
    let width = (WIDTH - 24.0) / columns as f64;
    let start = 24.0 + width * cell.column as f64;
    if cell.panel == 0 {
        // A row that has the line to itself may write over all of it.
        let alone = line == 1 || cell.row.panels[1..].iter().any(Panel::is_drawn);
        let room = if alone { WIDTH - 48.0 } else { width - 24.0 };
        let name = Letters::new(14.0, palette::BLACK).bold();
        let note = Letters::new(12.0, palette::GREY);
        let text = canvas.shorten_name(&cell.row.name, name, room);
        canvas.text(&text, (start, top + 14.0), Anchor::Start, name);
        let used = canvas.text_width(&text, name) + 12.0;
        let words = canvas.shorten(&cell.row.note, note, (room - used).max(0.0));
        if words.chars().count() > 1 {
            canvas.text(&words, (start + used, top + 14.0), Anchor::Start, note);
        }
    }
    let labels = 110.0;
    let left = start - 10.0 + NUMBERS;
    let rect = Rect::new(
        left,
        top + ABOVE,
        width - NUMBERS - labels,
        ROW - ABOVE - 34.0,
    );
    let panel = &cell.row.panels[cell.panel];
    if panel.is_drawn() {
        figure::shade(canvas, &result.summary, time, rect);
        panel::draw(canvas, panel, time, rect, labels);
        figure::time_labels(canvas, time, rect);
    } else {
        panel::heading(canvas, panel, (left, rect.top - 9.0), width - NUMBERS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::palette::Mark;
    use crate::charts::panel::{Line, Note};
    use crate::charts::scale::{Spread, Unit};

    fn drawn() -> Panel {
        let mut panel = Panel::new("drawn", Unit::Count, Spread::Linear);
        panel.lines.push(Line {
            name: "line".into(),
            values: vec![1.0],
            stroke: Stroke::solid(1.0, palette::BLUE),
            mark: Mark::None,
        });
        panel
    }

    fn told() -> Panel {
        let mut panel = Panel::new("told", Unit::Count, Spread::Linear);
        panel.note = Some(Note::default());
        panel
    }

    fn row(panels: Vec<Panel>) -> Row {
        let (name, note) = ("orders".into(), String::new());
        Row { name, note, panels }
    }

    #[test]
    fn rows_of_one_panel_share_a_line() {
        let narrow = || row(vec![drawn(), told(), told()]);
        let wide = || row(vec![drawn(), told(), drawn()]);
        let rows = [wide(), narrow(), narrow(), narrow(), narrow(), wide()];
        let columns: Vec<Vec<usize>> = lines(&rows)
            .iter()
            .map(|cells| cells.iter().map(|cell| cell.column).collect())
            .collect();
        assert_eq!(
            columns,
            [vec![0, 1, 2], vec![0, 1, 2], vec![0], vec![0, 1, 2]]
        );
    }
}
