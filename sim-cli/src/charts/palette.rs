//! Colours and dashes that can be told apart by the colour-blind and on a grey print.
//!
//! Source: M. Okabe and K. Ito, "Color universal design", 2008. Yellow is left out: it cannot be
//! seen as a thin line on white.

use super::canvas::{Ink, Stroke};
use plotters::style::RGBAColor;

/// Text and axes.
pub const BLACK: Ink = RGBAColor(30, 30, 30, 1.0);
/// Lesser text.
pub const GREY: Ink = RGBAColor(95, 95, 95, 1.0);
/// Lines of the grid.
pub const GRID: Ink = RGBAColor(225, 225, 225, 1.0);
/// Under periods of faults.
pub const FAULT: Ink = RGBAColor(213, 94, 0, 0.13);
/// Bars of faults.
pub const FAULT_BAR: Ink = RGBAColor(213, 94, 0, 1.0);
/// Under the warm-up.
pub const WARMUP: Ink = RGBAColor(120, 120, 120, 0.10);
/// Over the warm-up.
pub const HATCH: Ink = RGBAColor(120, 120, 120, 0.28);
/// Blue.
pub const BLUE: Ink = RGBAColor(0, 114, 178, 1.0);
/// Vermilion.
pub const VERMILION: Ink = RGBAColor(213, 94, 0, 1.0);
/// Green.
pub const GREEN: Ink = RGBAColor(0, 158, 115, 1.0);
/// Orange.
pub const ORANGE: Ink = RGBAColor(230, 159, 0, 1.0);
/// Purple.
pub const PURPLE: Ink = RGBAColor(204, 121, 167, 1.0);
/// Sky.
pub const SKY: Ink = RGBAColor(86, 180, 233, 1.0);

const LINES: [Ink; 8] = [
    BLUE,
    VERMILION,
    GREEN,
    RGBAColor(150, 70, 120, 1.0),
    BLACK,
    ORANGE,
    SKY,
    RGBAColor(170, 170, 170, 1.0),
];

/// How many series of one panel can be told apart.
pub const MOST_SERIES: usize = LINES.len();

/// Dashes of a line that belongs to a solid one.
pub const DASHED: &[f64] = &[7.0, 4.0];

const DASHES: [&[f64]; 4] = [&[], &[9.0, 4.0], &[2.0, 3.0], &[10.0, 3.0, 2.0, 3.0]];

/// The form of the marks on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// No marks.
    None,
    /// Discs.
    Disc,
    /// Squares.
    Square,
    /// Triangles that point up.
    Up,
    /// Triangles that point down.
    Down,
    /// Squares on a corner.
    Diamond,
    /// Discs with a white middle.
    Ring,
    /// Squares with a white middle.
    Box,
    /// Diagonal crosses.
    Cross,
}

/// Colour, dash and mark of the nth series of a panel.
#[must_use]
pub fn series(index: usize) -> (Stroke, Mark) {
    let index = index % MOST_SERIES;
    let stroke = Stroke {
        width: 1.75,
        ink: LINES[index],
        dash: DASHES[index % DASHES.len()],
    };
    let mark = if index < DASHES.len() {
        Mark::None
    } else if index.is_multiple_of(2) {
        Mark::Disc
    } else {
        Mark::Square
    };
    (stroke, mark)
}

const MARKS: [Mark; MOST_SERIES] = [
    Mark::Disc,
    Mark::Square,
    Mark::Up,
    Mark::Diamond,
    Mark::Ring,
    Mark::Down,
    Mark::Box,
    Mark::Cross,
];

/// The same for series of a few points, each of which is marked.
#[must_use]
pub fn marked_series(index: usize) -> (Stroke, Mark) {
    (series(index).0, MARKS[index % MOST_SERIES])
}

/// The colour of an outcome, the same in every chart. None is a green: that is what usable answers
/// are drawn in. They differ in lightness, too, and the most frequent are light enough for a line to
/// be seen on them. Tests (`sight`) hold
/// all that share a panel apart, also for the colour-blind.
#[must_use]
pub fn outcome(name: &str) -> Ink {
    match name {
        "error" => RGBAColor(200, 80, 0, 1.0),
        "timeout_attempt" => RGBAColor(252, 228, 160, 1.0),
        "timeout_deadline" => RGBAColor(245, 200, 100, 1.0),
        "timeout_patience" => RGBAColor(160, 130, 60, 1.0),
        "refused" => RGBAColor(120, 50, 100, 1.0),
        "rejected" => PURPLE,
        "reset" => RGBAColor(75, 60, 200, 1.0),
        "breaker_open" => SKY,
        "bulkhead_full" => RGBAColor(108, 36, 12, 1.0),
        "rate_limited" => RGBAColor(0, 0, 84, 1.0),
        "lost" => RGBAColor(100, 100, 100, 1.0),
        _ => RGBAColor(178, 178, 178, 1.0),
    }
}
