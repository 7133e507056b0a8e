//! From SVG to PNG, with the shipped font and no other, so that the bytes are the same everywhere.

use super::ruler::{BOLD, REGULAR};
use resvg::{tiny_skia, usvg};

/// Pixels of a bitmap per pixel of the chart.
const SCALE: f32 = 2.0;

/// Why a chart could not be made into a bitmap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RasterError {
    /// The SVG cannot be read.
    #[error("the chart is not sound SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// It is too large, or has no size.
    #[error("a chart of {0} x {1} pixels cannot be made into a bitmap")]
    Size(u32, u32),
    /// The bitmap cannot be compressed.
    #[error("the bitmap cannot be written as PNG: {0}")]
    Png(String),
}

/// A chart with the opacity of shapes that are only drawn or only filled said of their stroke or fill. It looks
/// the same (SVG 1.1, 14.5), but the opacity of an element is that of a group, which is painted on a layer of its
/// own: for hundreds of lines of a hatching that takes seconds. Elements begin lines, and texts hold no `<`.
fn without_layers(svg: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("<polyline fill=\"none\" opacity=") {
            line.replacen(" opacity=", " stroke-opacity=", 1)
        } else if line.starts_with("<rect ") && line.contains(" stroke=\"none\"") {
            line.replacen(" opacity=", " fill-opacity=", 1)
        } else {
            line.to_owned()
        }
    };
    svg.lines().map(|text| line(text) + "\n").collect()
}

/// The chart as PNG, at twice its size.
///
/// # Errors
/// If the text is not SVG, or too large for memory.
pub fn png(svg: &str) -> Result<Vec<u8>, RasterError> {
    let mut options = usvg::Options {
        font_family: "DejaVu Sans".into(),
        ..usvg::Options::default()
    };
    options.fontdb_mut().load_font_data(REGULAR.to_vec());
    options.fontdb_mut().load_font_data(BOLD.to_vec());
    let tree = usvg::Tree::from_str(&without_layers(svg), &options)?;
    let size = tree.size().to_int_size();
    let (width, height) = (
        (size.width() as f32 * SCALE) as u32,
        (size.height() as f32 * SCALE) as u32,
    );
    let mut bitmap =
        tiny_skia::Pixmap::new(width, height).ok_or(RasterError::Size(width, height))?;
    let transform = tiny_skia::Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, transform, &mut bitmap.as_mut());
    bitmap
        .encode_png()
        .map_err(|error| RasterError::Png(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pixels of a picture of some lines over each other.
    fn pixels(lines: &str) -> Vec<u8> {
        let svg = format!(
            "<svg width=\"40\" height=\"40\" xmlns=\"http://www.w3.org/2000/svg\">\n{lines}\n</svg>\n"
        );
        let bitmap = tiny_skia::Pixmap::decode_png(&png(&svg).unwrap()).unwrap();
        bitmap.data().to_vec()
    }

    /// A group of one element is what keeps its layer: the same picture, but for the rounding of colours.
    #[test]
    fn without_layers_it_looks_the_same() {
        let shapes = [
            "<rect x=\"0\" y=\"0\" width=\"40\" height=\"40\" opacity=\"1\" fill=\"#FFFFFF\" stroke=\"none\"/>",
            "<rect x=\"5\" y=\"5\" width=\"20\" height=\"30\" opacity=\"0.13\" fill=\"#D55E00\" stroke=\"none\"/>",
            "<polyline fill=\"none\" opacity=\"0.28\" stroke=\"#787878\" stroke-width=\"1\" points=\"0,40 40,0 \"/>",
        ];
        let layered = shapes.map(|shape| format!("<g>{shape}</g>")).join("\n");
        let (flat, layered) = (pixels(&shapes.join("\n")), pixels(&layered));
        assert!(flat.iter().any(|value| *value < 0xF0), "something is drawn");
        for (one, other) in flat.iter().zip(&layered) {
            assert!(one.abs_diff(*other) <= 2, "{one} and {other}");
        }
    }
}
