//! Colour, for terminals that want it.

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// No colour.
    pub const PLAIN: Self = Self { colour: false };

    /// Colour on a terminal, unless `NO_COLOR` is set to something (see <https://no-color.org>).
    #[must_use]
    pub fn detect(is_terminal: bool, no_color: Option<&std::ffi::OsStr>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty());
        Self {
            colour: is_terminal && !refused,
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// What went well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    /// What went wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// What to be careful about.
    #[must_use]
    pub fn careful(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A heading.
    #[must_use]
    pub fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }
}
