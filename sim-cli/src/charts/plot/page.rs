//! The page of a chart: the finding, how to read it, the drawing, and what it rests on.

use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, sheet};
use crate::charts::figure::{self, WIDTH, Words};
use crate::charts::palette;
use crate::charts::ruler::Ruler;

/// Left and right of everything, pixels.
pub const MARGIN: f64 = 24.0;

/// What is written round a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Above it.
    pub words: Words,
    /// Below it: replications, seeds, what is left out.
    pub note: String,
}

impl Page {
    /// A page with this finding.
    #[must_use]
    pub fn new(title: impl Into<String>, guide: impl Into<String>, note: &str) -> Self {
        Self {
            words: Words {
                title: title.into(),
                reason: String::new(),
                guide: guide.into(),
            },
            note: note.to_owned(),
        }
    }

    /// The same with a sentence below the finding.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.words.reason = reason.into();
        self
    }

    /// The page as SVG; `draw` is told where its drawing lies.
    #[must_use]
    pub fn drawn(&self, height: f64, draw: impl FnOnce(&Canvas, Rect)) -> String {
        let small = Letters::new(12.0, palette::GREY);
        let ruler = Ruler::new();
        let notes = ruler.wrap(&self.note, small, WIDTH - 2.0 * MARGIN, 3);
        let top = figure::headline_height(&ruler, &self.words) + 8.0;
        let whole = top + height + 17.0 * notes.len() as f64 + 18.0;
        sheet(WIDTH, whole.ceil(), &self.words.title, |canvas| {
            figure::headline(canvas, &self.words);
            let (left, width) = (MARGIN, WIDTH - 2.0 * MARGIN);
            draw(canvas, Rect::new(left, top, width, height));
            let mut y = top + height + 4.0;
            for line in &notes {
                y += 17.0;
                canvas.text(line, (left, y), Anchor::Start, small);
            }
        })
    }
}
