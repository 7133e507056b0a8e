//! The marks on lines and of points: forms that can be told apart without their colours.

use super::canvas::{Canvas, Ink, Rect, Stroke, WHITE};
use super::palette::Mark;

/// Draws a mark of this radius, pixels.
pub fn draw(canvas: &Canvas, mark: Mark, (x, y): (f64, f64), radius: f64, ink: Ink) {
    // A square of the same radius looks larger than a disc.
    let side = radius * 0.87;
    let square = |side: f64| Rect::new(x - side, y - side, 2.0 * side, 2.0 * side);
    match mark {
        Mark::None => {}
        Mark::Disc => canvas.disc((x, y), radius, ink),
        Mark::Square => canvas.fill(square(side), ink),
        Mark::Up | Mark::Down => {
            let (wide, tall) = (radius * 1.15, radius);
            let tall = if mark == Mark::Up { tall } else { -tall };
            let corners = [
                (x - wide, y + tall),
                (x + wide, y + tall),
                (x, y - tall * 1.1),
            ];
            canvas.polygon(&corners, ink);
        }
        Mark::Diamond => {
            let r = radius * 1.25;
            canvas.polygon(&[(x - r, y), (x, y - r), (x + r, y), (x, y + r)], ink);
        }
        Mark::Ring => {
            canvas.disc((x, y), radius * 1.1, ink);
            canvas.disc((x, y), radius * 0.55, WHITE);
        }
        Mark::Box => {
            canvas.fill(square(side * 1.1), ink);
            canvas.fill(square(side * 0.5), WHITE);
        }
        Mark::Cross => {
            let stroke = Stroke::solid((radius * 0.5).max(1.0), ink);
            canvas.line(&[(x - side, y - side), (x + side, y + side)], stroke);
            canvas.line(&[(x - side, y + side), (x + side, y - side)], stroke);
        }
    }
}
