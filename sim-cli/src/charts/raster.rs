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
    let tree = usvg::Tree::from_str(svg, &options)?;
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
