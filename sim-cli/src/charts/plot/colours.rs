//! Colours of values: from light to dark, even to the eye, to the colour-blind and on a grey print.
//!
//! Source: viridis, S. van der Walt and N. Smith, "A better default colormap for Matplotlib", SciPy
//! 2015, as plotters holds it; shown backwards, so that much ink means much.

use crate::charts::canvas::Ink;
use plotters::style::RGBAColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// The colour of a share: 0 is light, 1 is dark.
#[must_use]
pub fn shade(share: f64) -> Ink {
    let color = ViridisRGB.get_color(1.0 - share.clamp(0.0, 1.0));
    RGBAColor(color.0, color.1, color.2, 1.0)
}

/// The linear intensity of a channel of sRGB, 0 to 1. Source: as of [`luminance`].
#[must_use]
pub fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.040_45 {
        share / 12.92
    } else {
        libm::pow((share + 0.055) / 1.055, 2.4)
    }
}

/// Relative luminance, 0 to 1. Source: W3C, "Web Content Accessibility Guidelines 2.2", 2023.
#[must_use]
pub fn luminance(ink: Ink) -> f64 {
    0.2126 * linear(ink.0) + 0.7152 * linear(ink.1) + 0.0722 * linear(ink.2)
}

/// Contrast of two colours, 1 to 21; 4.5 is legible. Source: as of [`luminance`].
#[must_use]
pub fn contrast(a: Ink, b: Ink) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

/// Black or white, whichever is easier to read on this.
#[must_use]
pub fn text_on(ground: Ink) -> Ink {
    let (black, white) = (RGBAColor(0, 0, 0, 1.0), RGBAColor(255, 255, 255, 1.0));
    if contrast(ground, black) >= contrast(ground, white) {
        black
    } else {
        white
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker_and_text_can_be_read_on_all_of_it() {
        let shades: Vec<Ink> = (0..=100).map(|n| shade(f64::from(n) / 100.0)).collect();
        for pair in shades.windows(2) {
            assert!(luminance(pair[0]) > luminance(pair[1]), "{pair:?}");
        }
        for ground in shades {
            assert!(contrast(ground, text_on(ground)) >= 4.5, "{ground:?}");
        }
    }

    #[test]
    fn contrast_is_what_the_guidelines_say() {
        let (black, white) = (RGBAColor(0, 0, 0, 1.0), RGBAColor(255, 255, 255, 1.0));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        // A known pair of the guidelines' own examples: #777 on white has 4.48.
        let grey = RGBAColor(0x77, 0x77, 0x77, 1.0);
        assert!((contrast(grey, white) - 4.48).abs() < 0.005);
    }
}
