//! What is wrong with a scenario, where, and what to do about it.

pub use super::codes::{CODES, Code};
use super::plain::plain;
use super::source::{Sources, Span};
pub use crate::spelling::{list, nearest, suggest};
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It can, but perhaps does not do what its author thinks.
    Warning,
}

/// Something that is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is about.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; none for a scenario that was not read from text.
    pub span: Option<Span>,
    /// What to say at that place.
    pub label: String,
    /// Other places that matter, with what to say there.
    pub related: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Vec<String>,
}

/// All that is wrong with a scenario.
pub type Diagnostics = Vec<Diagnostic>;

impl Diagnostic {
    /// Something is wrong at a place.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::nowhere(code, message)
        }
    }

    /// Something is wrong that stands nowhere.
    #[must_use]
    pub fn nowhere(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says something at its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points to another place that matters.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        if self.code.as_str().starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }

    /// `file:line:col: CODE text`, for editors and `grep`.
    #[must_use]
    pub fn concise(&self, sources: &Sources) -> String {
        let code = self.code.as_str();
        match self
            .span
            .and_then(|span| Some((span, sources.get(span.file)?)))
        {
            Some((span, source)) => {
                let (line, column) = sources.line_column(span);
                let name = plain(&source.name);
                format!("{name}:{line}:{column}: {code} {}", plain(&self.message))
            }
            None => format!("{code} {}", plain(&self.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        for (i, (code, title, text)) in CODES.iter().enumerate() {
            assert!(CODES[..i].iter().all(|(other, ..)| other != code), "{code}");
            assert!(!title.is_empty() && text.len() > 30, "{code}");
        }
    }
}
