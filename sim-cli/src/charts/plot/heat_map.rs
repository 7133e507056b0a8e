//! Heat maps: a measure over two parameters, with the number in each cell and the cliff between
//! cells that hold and cells that fail; one panel, or small multiples that share their colours.

use super::axes::{Across, bold};
use super::colours::{shade, text_on};
use super::data::{
    Estimate, Factor, Judged, Measured, NOTHING, Wish, endless, spread_of, spread_words,
};
use super::page::Page;
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke, WHITE};
use crate::charts::figure::WIDTH;
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use crate::charts::scale::{Scale, tick_texts};
use plotters::style::RGBAColor;
use sim_core::stats::shares_differ;

/// Width of the colour bar with its texts, pixels.
const BAR: f64 = 150.0;
/// Space above the cells of a panel, pixels.
const ABOVE: f64 = 30.0;
/// Space between panels, pixels.
const GAP: f64 = 22.0;
/// Widest cell, pixels.
const WIDEST: f64 = 110.0;
/// Narrowest cell that holds a number, pixels.
const LEGIBLE: f64 = 46.0;
/// Longest text of a row, pixels.
const ROW_TEXT: f64 = 190.0;
/// Height of the line that says what hatching and lines mean, pixels.
const LEGEND: f64 = 26.0;
/// Ground of cells where nothing was measured.
const EMPTY: Ink = RGBAColor(240, 240, 240, 1.0);

/// How heat maps are read.
pub const GUIDE: &str = "How to read: each cell is the mean of its replications (the median, where \
                         some never ended); the worse, the darker. In hatched cells most runs failed \
                         that could be judged. The thick line is the cliff: between the cells on both \
                         sides that is more than luck.";

/// A cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// What was measured there, if anything was.
    pub value: Option<Estimate>,
    /// How many of its runs passed; none judged, if nothing had to be passed.
    pub judged: Judged,
}

/// Neighbours that differ by luck as often as this are not told apart.
const LUCK: f64 = 0.05;
/// Of so many runs a side all against none is less than luck: 2 (1/2)^6 at most, which Fisher's test, of
/// tables with the same margins only, is too coarse to see.
const UNANIMOUS: u32 = 3;

impl Cell {
    /// Whether most of its runs passed.
    pub(super) fn passes(&self) -> Option<bool> {
        self.judged.share().map(|share| share >= 0.5)
    }

    fn is_mixed(&self) -> bool {
        0 < self.judged.held && self.judged.held < self.judged.runs
    }

    /// Whether most of its runs passed and most of those of a neighbour failed, or the other way round, and
    /// that is more than luck.
    fn is_apart(&self, other: &Self) -> bool {
        let (Some(here), Some(there)) = (self.passes(), other.passes()) else {
            return false;
        };
        let pair = |cell: &Self| (u64::from(cell.judged.held), u64::from(cell.judged.runs));
        let sure = |cell: &Self| !cell.is_mixed() && cell.judged.runs >= UNANIMOUS;
        let unlike = shares_differ(pair(self), pair(other)).is_ok_and(|p| p <= LUCK);
        here != there && (unlike || sure(self) && sure(other))
    }
}

/// Cells over two parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What sets it apart from the other panels; empty, if it is alone.
    pub title: String,
    /// The cells: rows by the levels of the parameter upward, and in them by those across.
    pub cells: Vec<Vec<Cell>>,
}

/// A chart of heat maps.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What is written round it.
    pub page: Page,
    /// What varies from left to right.
    pub across: Factor,
    /// What varies from row to row.
    pub upward: Factor,
    /// What the colours show.
    pub measured: Measured,
    /// What cells pass or fail: `"the hypothesis"`, `"limit < 250ms"`; empty, if nothing.
    pub passing: String,
    /// The panels.
    pub panels: Vec<Panel>,
}

/// From values to colours: the worse, the darker; what nobody wishes is darker the more there is.
struct Colours {
    scale: Scale,
    flipped: bool,
    endless: bool,
    empty: bool,
}

impl Colours {
    fn of(map: &HeatMap) -> Self {
        let cells = || map.panels.iter().flat_map(|p| p.cells.iter().flatten());
        let values: Vec<f64> = cells().filter_map(|c| c.value).map(|v| v.mean).collect();
        let spread = spread_of(map.measured.unit, values.iter().copied());
        Self {
            scale: Scale::spanning(spread, values.iter().copied()),
            flipped: map.measured.wish == Wish::High,
            endless: values.iter().any(|value| value.is_infinite()),
            empty: !values.iter().any(|value| value.is_finite()),
        }
    }

    fn ink(&self, value: f64) -> Ink {
        if value.is_infinite() {
            return RGBAColor(0, 0, 0, 1.0);
        }
        let share = self.scale.place(value);
        shade(if self.flipped { 1.0 - share } else { share })
    }
}

/// Where the cells of all panels lie.
struct Layout {
    columns: usize,
    cell: (f64, f64),
    rows_width: f64,
    rows: Vec<String>,
    across: Across,
    letters: Option<Letters>,
}

impl Layout {
    fn of(map: &HeatMap, ruler: &Ruler) -> Self {
        let small = Letters::new(12.0, palette::GREY);
        let labels: Vec<&str> = map.upward.levels.iter().map(|l| l.label.as_str()).collect();
        let rows = fitted(ruler, &labels, small, ROW_TEXT);
        let widest = rows.iter().map(|row| ruler.text_width(row, small));
        let rows_width = widest.fold(0.0, f64::max).max(24.0) + 34.0;
        let count = map.across.levels.len().max(1) as f64;
        let width = |columns: usize| {
            let gaps = GAP * (columns - 1) as f64;
            let room = WIDTH - 48.0 - BAR - GAP - gaps - rows_width * columns as f64;
            (room / columns as f64 / count).min(WIDEST)
        };
        // As many panels side by side as leave the numbers legible.
        let most = map.panels.len().clamp(1, 4);
        let columns = (2..=most).rev().find(|n| width(*n) >= LEGIBLE);
        let columns = columns.unwrap_or(1);
        let rows_count = map.upward.levels.len().max(1) as f64;
        let tall = if map.panels.len() > 1 { 34.0 } else { 46.0 };
        let cell = (width(columns), (620.0 / rows_count).clamp(18.0, tall));
        let letters = [13.0, 12.0, 11.0, 10.0].into_iter().find_map(|size| {
            let letters = Letters::new(size, palette::BLACK);
            let cells = map.panels.iter().flat_map(|p| p.cells.iter().flatten());
            let widths = cells.map(|cell| ruler.text_width(&text(map, cell), letters));
            let fits = widths.fold(0.0, f64::max) + 8.0 <= cell.0 && size + 4.0 <= cell.1;
            fits.then_some(letters)
        });
        Self {
            columns,
            rows_width,
            rows,
            across: Across::of_words(&map.across, ruler, cell.0 * count),
            cell,
            letters,
        }
    }
}

fn text(map: &HeatMap, cell: &Cell) -> String {
    cell.value.map_or_else(
        || NOTHING.to_owned(),
        |value| map.measured.short_text(value.mean),
    )
}

/// The chart as SVG.
#[must_use]
pub fn heat_map(map: &HeatMap) -> String {
    let ruler = Ruler::new();
    let layout = Layout::of(map, &ruler);
    let colours = Colours::of(map);
    let (cell_width, cell_height) = layout.cell;
    let size = (
        cell_width * map.across.levels.len() as f64,
        cell_height * map.upward.levels.len() as f64,
    );
    let panel_height = ABOVE + size.1 + layout.across.height() + 6.0;
    let rows = map.panels.len().div_ceil(layout.columns).max(1);
    let judged = map.panels.iter().flat_map(|p| p.cells.iter().flatten());
    let judged = !map.passing.is_empty() && judged.clone().any(|cell| cell.passes().is_some());
    let legend = if judged { LEGEND } else { 0.0 };
    let height = (legend + panel_height * rows as f64).max(legend + 250.0);
    let mut page = map.page.clone();
    if layout.letters.is_none() {
        page.note = format!(
            "{}  ·  cells are too small for their numbers, which are in cells.csv",
            page.note
        );
    }
    page.drawn(height, |canvas, body| {
        if judged {
            draw_legend(canvas, map, body);
        }
        let top = body.top + legend;
        for (n, panel) in map.panels.iter().enumerate() {
            let (row, column) = (n / layout.columns, n % layout.columns);
            let step = layout.rows_width + size.0 + GAP;
            let rect = Rect::new(
                body.left + layout.rows_width + step * column as f64,
                top + panel_height * row as f64 + ABOVE,
                size.0,
                size.1,
            );
            draw_panel(canvas, map, panel, (&layout, &colours), rect);
        }
        let shown = map.panels.len().clamp(1, layout.columns) as f64;
        let left = body.left + (layout.rows_width + size.0 + GAP) * shown;
        let bar = Rect::new(left, top + ABOVE, 20.0, size.1.clamp(110.0, 260.0));
        draw_bar(canvas, map, &colours, bar);
    })
}

/// Rows of numbers grow upward; names come in their order from the top.
fn row_top(map: &HeatMap, row: usize, rect: Rect) -> f64 {
    let rows = map.upward.levels.len();
    let height = rect.height / rows as f64;
    let place = if map.upward.numbers().is_some() {
        rows - 1 - row
    } else {
        row
    };
    rect.top + height * place as f64
}

fn draw_panel(
    canvas: &Canvas,
    map: &HeatMap,
    panel: &Panel,
    (layout, colours): (&Layout, &Colours),
    rect: Rect,
) {
    let title = canvas.shorten_name(&panel.title, bold(), rect.width + layout.rows_width);
    let upward = Letters::new(12.0, palette::BLACK).bold();
    if title.is_empty() {
        let name = canvas.shorten_name(&map.upward.name, upward, rect.width + layout.rows_width);
        let corner = (rect.left - layout.rows_width, rect.top - 10.0);
        canvas.text(&name, corner, Anchor::Start, upward);
    } else {
        canvas.text(&title, (rect.left, rect.top - 8.0), Anchor::Start, bold());
        let name = canvas.shorten_name(&map.upward.name, upward, rect.height.max(60.0));
        let x = rect.left - layout.rows_width + 8.0;
        let middle = rect.top + rect.height / 2.0;
        canvas.upright(&name, (x, middle), Anchor::Middle, upward);
    }
    let (width, height) = layout.cell;
    let place = |row: usize, column: usize| {
        let left = rect.left + width * column as f64;
        Rect::new(left, row_top(map, row, rect), width, height)
    };
    for (row, cells) in panel.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            draw_cell(canvas, map, cell, (layout, colours), place(row, column));
        }
    }
    draw_cliff(canvas, map, panel, place);
    let small = Letters::new(12.0, palette::GREY);
    for (row, label) in layout.rows.iter().enumerate() {
        let y = row_top(map, row, rect) + height / 2.0;
        canvas.label(label, (rect.left - 7.0, y), Anchor::End, small);
    }
    layout.across.draw(canvas, rect);
}

fn draw_cell(
    canvas: &Canvas,
    map: &HeatMap,
    cell: &Cell,
    (layout, colours): (&Layout, &Colours),
    rect: Rect,
) {
    let ground = cell.value.map_or(EMPTY, |value| colours.ink(value.mean));
    canvas.fill(rect, ground);
    let ink = text_on(ground);
    if cell.passes() == Some(false) {
        canvas.hatch(rect, 7.0, Stroke::solid(0.75, ink));
    }
    canvas.frame(rect, Stroke::solid(0.75, WHITE));
    let Some(letters) = layout.letters else {
        return;
    };
    let value = text(map, cell);
    let mut lines = vec![(value, Letters { ink, ..letters })];
    if let Some(text) = second_line(map, cell).filter(|_| rect.height >= 32.0) {
        let letters = Letters {
            ink,
            size: 10.0,
            ..letters
        };
        if canvas.text_width(&text, letters) + 4.0 <= rect.width {
            lines.push((text, letters));
        }
    }
    let leading = letters.size + 2.0;
    let middle = rect.left + rect.width / 2.0;
    let first = rect.top + rect.height / 2.0 - leading / 2.0 * (lines.len() - 1) as f64;
    for ((line, letters), n) in lines.iter().zip(0..) {
        let y = first + leading * f64::from(n);
        if cell.passes() == Some(false) {
            // Text does not stand on hatching.
            let half = canvas.text_width(line, *letters) / 2.0 + 3.0;
            let tall = letters.size + 2.0;
            let plate = Rect::new(middle - half, y - tall / 2.0, 2.0 * half, tall);
            canvas.fill(plate, ground);
        }
        canvas.label(line, (middle, y), Anchor::Middle, *letters);
    }
}

/// What is not the same in all runs of a cell.
fn second_line(map: &HeatMap, cell: &Cell) -> Option<String> {
    let value = cell.value?;
    if value.endless > 0 && value.endless < value.runs {
        let never = endless(map.measured.unit);
        return Some(format!("{}/{} {never}", value.endless, value.runs));
    }
    // Where the share is the value, it is not told twice.
    let share = cell.judged.share();
    let share = share.filter(|share| cell.is_mixed() && *share != value.mean)?;
    Some(format!("{:.0}% held", share.clamp(0.01, 0.99) * 100.0))
}

/// Draws the line between cells that pass and cells that fail.
fn draw_cliff(canvas: &Canvas, map: &HeatMap, panel: &Panel, place: impl Fn(usize, usize) -> Rect) {
    let at = |row: usize, column: usize| panel.cells.get(row)?.get(column);
    let differ = |a: Option<&Cell>, b: Option<&Cell>| a.zip(b).is_some_and(|(a, b)| a.is_apart(b));
    let mut borders = Vec::new();
    for row in 0..map.upward.levels.len() {
        for column in 0..map.across.levels.len() {
            let here = at(row, column);
            let rect = place(row, column);
            if differ(here, at(row, column + 1)) {
                borders.push([(rect.right(), rect.top), (rect.right(), rect.bottom())]);
            }
            if differ(here, at(row + 1, column)) {
                let y = place(row + 1, column).top.max(rect.top);
                borders.push([(rect.left, y), (rect.right(), y)]);
            }
        }
    }
    for stroke in [Stroke::solid(7.0, WHITE), cliff()] {
        for [from, to] in &borders {
            // Corners are filled.
            let half = stroke.width / 2.0;
            let (from, to) = if from.0 == to.0 {
                ((from.0, from.1 - half), (to.0, to.1 + half))
            } else {
                ((from.0 - half, from.1), (to.0 + half, to.1))
            };
            canvas.line(&[from, to], stroke);
        }
    }
}

fn cliff() -> Stroke {
    Stroke::solid(3.5, RGBAColor(0, 0, 0, 1.0))
}

/// Says what hatching and the thick line mean.
fn draw_legend(canvas: &Canvas, map: &HeatMap, body: Rect) {
    let letters = Letters::new(12.0, palette::BLACK);
    let y = body.top + 10.0;
    let swatch = Rect::new(body.left, y - 7.0, 30.0, 14.0);
    canvas.frame(swatch, Stroke::solid(0.75, palette::GREY));
    canvas.hatch(swatch, 7.0, Stroke::solid(0.75, palette::BLACK));
    let hatched = format!("hatched: {} failed in most runs", map.passing);
    let hatched = canvas.shorten(&hatched, letters, 640.0);
    canvas.label(&hatched, (swatch.right() + 8.0, y), Anchor::Start, letters);
    let x = swatch.right() + 8.0 + canvas.text_width(&hatched, letters) + 28.0;
    canvas.line(&[(x, y), (x + 30.0, y)], cliff());
    let text = "the cliff between holding and failing";
    canvas.label(text, (x + 38.0, y), Anchor::Start, letters);
}

fn draw_bar(canvas: &Canvas, map: &HeatMap, colours: &Colours, bar: Rect) {
    let small = Letters::new(12.0, palette::GREY);
    if !colours.empty {
        draw_shades(canvas, map, colours, bar);
    }
    let width = BAR - 10.0;
    let words = match spread_words(colours.scale.spread()) {
        "" => map.measured.title(),
        words => format!("{} ({words})", map.measured.title()),
    };
    let mut y = bar.bottom() + 10.0;
    for line in canvas.wrap(&words, Letters::new(11.0, palette::BLACK), width, 4) {
        y += 13.0;
        let letters = Letters::new(11.0, palette::BLACK);
        canvas.text(&line, (bar.left, y), Anchor::Start, letters);
    }
    if colours.endless {
        let swatch = Rect::new(bar.left, bar.top - 22.0, bar.width, 14.0);
        canvas.fill(swatch, RGBAColor(0, 0, 0, 1.0));
        let at = (swatch.right() + 8.0, swatch.top + 7.0);
        canvas.label(endless(map.measured.unit), at, Anchor::Start, small);
    }
}

fn draw_shades(canvas: &Canvas, map: &HeatMap, colours: &Colours, bar: Rect) {
    let small = Letters::new(12.0, palette::GREY);
    let steps = 64;
    for step in 0..steps {
        let share = f64::from(step) / f64::from(steps);
        let ink = shade(if colours.flipped { 1.0 - share } else { share });
        let height = bar.height / f64::from(steps);
        let top = bar.bottom() - height * f64::from(step + 1);
        canvas.fill(Rect::new(bar.left, top, bar.width, height + 0.5), ink);
    }
    canvas.frame(bar, Stroke::solid(0.75, palette::GREY));
    let ticks = colours.scale.ticks((bar.height / 40.0) as usize);
    for (tick, text) in ticks.iter().zip(tick_texts(&ticks, map.measured.unit)) {
        let y = bar.bottom() - bar.height * colours.scale.place(*tick);
        let right = bar.right();
        canvas.line(
            &[(right, y), (right + 4.0, y)],
            Stroke::solid(1.0, palette::GREY),
        );
        canvas.label(&text, (right + 8.0, y), Anchor::Start, small);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cliff_is_more_than_luck() {
        let cell = |held, runs| Cell {
            value: None,
            judged: Judged { held, runs },
        };
        let is_apart = |a: (u32, u32), b: (u32, u32)| cell(a.0, a.1).is_apart(&cell(b.0, b.1));
        assert!(!is_apart((4, 10), (5, 10)), "a coin does that");
        assert!(!is_apart((1, 1), (0, 1)), "so does one run of each");
        assert!(is_apart((3, 3), (0, 3)));
        assert!(is_apart((9, 10), (2, 10)));
        assert!(!is_apart((10, 10), (6, 10)), "both hold in most");
        assert!(!is_apart((5, 5), (0, 0)), "nothing was judged there");
    }
}
