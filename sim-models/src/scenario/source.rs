//! The texts that a scenario is made of, and places in them.

/// Marks the indices of overrides.
const OVERRIDE: u16 = 0x8000;

/// A place in one of the [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Index of the text.
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of this to the end of `other`, in one text.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            end: other.end,
            ..self
        }
    }

    /// Whether `other` lies in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// Whether it stands in an override and not in a file.
    #[must_use]
    pub fn is_override(self) -> bool {
        self.file & OVERRIDE != 0
    }

    /// Index of its text among all [`Sources`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.file & !OVERRIDE)
    }

    /// Its last character, such as a closing parenthesis.
    #[must_use]
    pub fn last(self) -> Self {
        Self {
            start: self.end.saturating_sub(1).max(self.start),
            ..self
        }
    }
}

/// One text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path as the user wrote it, or `--set PATH=VALUE`.
    pub name: String,
    /// What it says.
    pub text: String,
    /// Where its lines begin.
    lines: Vec<u32>,
}

impl Source {
    /// Under a name.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at as u32 + 1);
        Self {
            name: name.into(),
            text: text.into(),
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The number of the line that a byte stands in, from 1, and where that line begins.
    #[must_use]
    pub fn line_of(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start as usize <= byte);
        (line, self.lines[line - 1] as usize)
    }
}

/// All texts that a scenario is made of: the file, those that it includes, and overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a text and returns its index.
    pub fn add(&mut self, name: &str, text: &str) -> u16 {
        let index = u16::try_from(self.0.len()).map_or(OVERRIDE - 1, |index| index & !OVERRIDE);
        self.0.push(Source::new(name, text));
        index
    }

    /// Adds the text of an override and returns its index.
    pub fn add_override(&mut self, name: &str, text: &str) -> u16 {
        self.add(name, text) | OVERRIDE
    }

    /// All texts, in the order in which they were read.
    #[must_use]
    pub fn all(&self) -> &[Source] {
        &self.0
    }

    /// A text by its index.
    #[must_use]
    pub fn get(&self, file: u16) -> Option<&Source> {
        self.0.get(usize::from(file & !OVERRIDE))
    }

    /// What stands at a place.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// Line and column (in characters) of the start of a place, both from 1.
    #[must_use]
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let Some(source) = self.get(span.file) else {
            return (1, 1);
        };
        let at = span.start as usize;
        let (line, start) = source.line_of(at);
        let before = source.text.get(start..at);
        (line, before.map_or(0, |before| before.chars().count()) + 1)
    }
}
