//! Shows what is wrong with a scenario: for people as rustc does, in one line for editors, as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::ValueEnum;
use serde::Serialize;
use sim_models::scenario::diagnostics::{Code, Diagnostic, Severity};
use sim_models::scenario::{Sources, Span};
use std::collections::BTreeMap;
use std::ops::Range;

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the lines concerned.
    #[default]
    Human,
    /// One line each: `file:line:col: CODE text`.
    Concise,
    /// One JSON object.
    Json,
}

/// Diagnostics of one kind that are shown to people with their lines; the others are counted.
const MOST_OF_A_KIND: usize = 50;

/// All diagnostics as text for people; with colours if `styled`.
#[must_use]
pub fn human<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    styled: bool,
) -> String {
    let renderer = if styled {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    let mut more: BTreeMap<Code, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let alike = more.entry(diagnostic.code).or_default();
        *alike += 1;
        if *alike <= MOST_OF_A_KIND {
            text.push_str(&renderer.render(&report(diagnostic, sources)));
            text.push_str("\n\n");
        }
    }
    for (code, count) in more {
        if count > MOST_OF_A_KIND {
            let rest = count - MOST_OF_A_KIND;
            let message = format!("{}: {rest} more of this kind", code.as_str());
            let help = "`sim check --format concise` lists all of them, one a line";
            let title = Level::NOTE.primary_title(&message);
            let group = Group::with_title(title).element(Level::HELP.message(help));
            text.push_str(&renderer.render(&[group]));
            text.push_str("\n\n");
        }
    }
    text
}

fn report<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    for (file, places) in by_file(diagnostic) {
        let Some(source) = sources.get(file) else {
            continue;
        };
        // No more of the text than from the first line to the last one.
        let marked = places
            .iter()
            .map(|(_, span, _)| first_line(&source.text, *span));
        let marked: Vec<Range<usize>> = marked.collect();
        let first = marked.iter().map(|place| place.start).min().unwrap_or(0);
        let last = marked.iter().map(|place| place.end).max().unwrap_or(0);
        let (line, from) = source.line_of(first);
        let rest = source.text.get(last..).and_then(|rest| rest.find('\n'));
        let to = rest.map_or(source.text.len(), |rest| last + rest + 1);
        let part = source.text.get(from..to).unwrap_or("");
        let mut snippet = Snippet::source(part).line_start(line).path(&source.name);
        for ((kind, _, label), place) in places.into_iter().zip(marked) {
            let mut annotation = kind.span(place.start - from..place.end - from);
            if !label.is_empty() {
                annotation = annotation.label(label);
            }
            snippet = snippet.annotation(annotation);
        }
        group = group.element(snippet);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    vec![group]
}

type Places<'a> = Vec<(AnnotationKind, Span, &'a str)>;

/// The places of a diagnostic, those in one file together, the main one first.
fn by_file(diagnostic: &Diagnostic) -> Vec<(u16, Places<'_>)> {
    let mut files: Vec<(u16, Places<'_>)> = Vec::new();
    let main = diagnostic
        .span
        .map(|span| (AnnotationKind::Primary, span, diagnostic.label.as_str()));
    let others = diagnostic
        .related
        .iter()
        .map(|(span, label)| (AnnotationKind::Context, *span, label.as_str()));
    for place in main.into_iter().chain(others) {
        let file = place.1.file;
        match files.iter_mut().find(|(other, _)| *other == file) {
            Some((_, places)) => places.push(place),
            None => files.push((file, vec![place])),
        }
    }
    files
}

/// A place cut off at the end of its first line, and within the text.
fn first_line(text: &str, span: Span) -> Range<usize> {
    let start = (span.start as usize).min(text.len());
    let end = (span.end as usize).clamp(start, text.len());
    let length = text
        .get(start..end)
        .and_then(|part| part.find('\n'))
        .unwrap_or(end - start);
    start..start + length
}

/// All diagnostics, one line each.
#[must_use]
pub fn concise<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> String {
    diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.concise(sources) + "\n")
        .collect()
}

/// A diagnostic in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JsonDiagnostic {
    code: &'static str,
    severity: Severity,
    message: String,
    #[serde(flatten)]
    place: Option<JsonPlace>,
    related: Vec<JsonPlace>,
    help: Vec<String>,
}

/// A place in a file in JSON; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct JsonPlace {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: String,
}

/// Diagnostics for JSON.
#[must_use]
pub fn json<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> Vec<JsonDiagnostic> {
    let place = |span: Span, label: &str| {
        let source = sources.get(span.file)?;
        let (line, column) = sources.line_column(span);
        let (end_line, end_column) = sources.line_column(Span {
            start: span.end,
            ..span
        });
        Some(JsonPlace {
            file: source.name.clone(),
            line,
            column,
            end_line,
            end_column,
            label: label.into(),
        })
    };
    diagnostics
        .into_iter()
        .map(|diagnostic| JsonDiagnostic {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity(),
            message: diagnostic.message.clone(),
            place: diagnostic
                .span
                .and_then(|span| place(span, &diagnostic.label)),
            related: diagnostic
                .related
                .iter()
                .filter_map(|(span, label)| place(*span, label))
                .collect(),
            help: diagnostic.help.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_models::input::load;

    const WRONG: &str = r#"(
    duration: "5min",
    services: {
        "db": (replica: 1, endpoints: { "get": [work("8")] }),
    },
    workloads: { "users": open("9/s", "db/get") },
)"#;

    #[test]
    fn shows_the_lines_concerned() {
        let loaded = load("bad.ron", &[("bad.ron", WRONG)], &[]);
        let found = loaded.scenario.unwrap_err();
        let text = human(&found, &loaded.sources, false);
        for part in [
            "error[S0003]: there is no field `replica` here",
            "--> bad.ron:4:16",
            "^^^^^^^ unknown field",
            "help: did you mean `replicas`?",
            "error[S0007]: `8` has no unit",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(human(&found, &loaded.sources, true).contains('\u{1b}'));
        assert!(concise(&found, &loaded.sources).starts_with("bad.ron:4:16: S0003 there"));
        let json = serde_json::to_value(json(&found, &loaded.sources)).unwrap();
        assert_eq!(json[0]["line"], 4);
        assert_eq!(json[0]["end_column"], 23);
        assert_eq!(json[0]["severity"], "error");
    }

    #[test]
    fn many_of_a_kind_are_counted() {
        let services: Vec<String> = (0..200)
            .map(|at| format!("\"s{at}\": (replicas: 2, endpoints: {{ \"x\": [] }}),\n"))
            .collect();
        let text = format!(
            "(duration: \"1s\",\nservices: {{\n{}}},\nworkloads: {{ \"u\": open(\"1/s\", \"s0/x\") }})",
            services.concat()
        );
        let loaded = load("many.ron", &[("many.ron", text.as_str())], &[]);
        let shown = human(&loaded.warnings, &loaded.sources, false);
        assert_eq!(shown.matches("warning[W0005]").count(), MOST_OF_A_KIND);
        // The first service stands in line 3.
        assert!(shown.contains("--> many.ron:53:1\n"), "{shown}");
        assert!(!shown.contains("--> many.ron:54:1\n"), "{shown}");
        assert!(
            shown.contains("note: W0005: 149 more of this kind"),
            "{shown}"
        );
        let all = concise(&loaded.warnings, &loaded.sources);
        assert_eq!(all.lines().count(), 199);
        assert!(all.contains("many.ron:202:1: W0005 no request ever reaches `s199`"));
    }
}
