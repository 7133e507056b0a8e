//! Measures text, in the font that is shipped with the program, before it is drawn.
//!
//! Units: pixels.

use plotters::style::RGBAColor;

/// A colour with its opacity.
pub type Ink = RGBAColor;

/// The regular face that labels are measured and drawn in.
pub const REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");
/// The bold face.
pub const BOLD: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold.ttf");

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Letters {
    /// Size in pixels.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Colour.
    pub ink: Ink,
}

impl Letters {
    /// Regular text.
    #[must_use]
    pub fn new(size: f64, ink: Ink) -> Self {
        Self {
            size,
            bold: false,
            ink,
        }
    }

    /// The same, bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// Knows how wide text is.
pub struct Ruler {
    regular: ttf_parser::Face<'static>,
    bold: ttf_parser::Face<'static>,
}

impl Default for Ruler {
    fn default() -> Self {
        Self::new()
    }
}

impl Ruler {
    /// A ruler for the shipped font.
    #[must_use]
    pub fn new() -> Self {
        let face = |bytes| ttf_parser::Face::parse(bytes, 0).expect("the shipped font is sound");
        Self {
            regular: face(REGULAR),
            bold: face(BOLD),
        }
    }

    /// Width of a text, pixels.
    #[must_use]
    pub fn text_width(&self, text: &str, letters: Letters) -> f64 {
        let face = if letters.bold {
            &self.bold
        } else {
            &self.regular
        };
        let units: u32 = text
            .chars()
            .map(|c| {
                let glyph = face.glyph_index(c).unwrap_or_default();
                u32::from(face.glyph_hor_advance(glyph).unwrap_or_default())
            })
            .sum();
        f64::from(units) * letters.size / f64::from(face.units_per_em())
    }

    /// The text, shortened to this width with an ellipsis if need be.
    #[must_use]
    pub fn shorten(&self, text: &str, letters: Letters, width: f64) -> String {
        if self.text_width(text, letters) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let short = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.text_width(&short, letters) <= width {
                return short;
            }
        }
        "…".to_owned()
    }

    /// A name, shortened to this width in its middle if need be: names that begin alike often
    /// differ at their ends.
    #[must_use]
    pub fn shorten_name(&self, name: &str, letters: Letters, width: f64) -> String {
        if self.text_width(name, letters) <= width {
            return name.to_owned();
        }
        let all: Vec<char> = name.chars().collect();
        for kept in (2..all.len()).rev() {
            let (first, last) = (kept.div_ceil(2), kept / 2);
            let head: String = all[..first].iter().collect();
            let tail: String = all[all.len() - last..].iter().collect();
            let short = format!("{head}…{tail}");
            if self.text_width(&short, letters) <= width {
                return short;
            }
        }
        "…".to_owned()
    }

    /// The text in lines of at most this width, and at most so many; hard blanks do not break.
    #[must_use]
    pub fn wrap(&self, text: &str, letters: Letters, width: f64, lines: usize) -> Vec<String> {
        let mut wrapped: Vec<String> = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let full = wrapped.len() == lines;
            match wrapped.last_mut() {
                Some(line)
                    if full || self.text_width(&format!("{line} {word}"), letters) <= width =>
                {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => wrapped.push(word.to_owned()),
            }
        }
        for line in &mut wrapped {
            *line = self.shorten(line, letters, width);
        }
        wrapped
    }
}
