//! `sim schema`: all that can be written in a scenario, as one document for people or as a JSON Schema for editors.

use super::explain::{WRITTEN, found, kept, limits, measured};
use crate::output::parts::{choices, elsewhere, kind, remarks};
use clap::Args as ClapArgs;
use sim_models::expression::METRICS;
use sim_models::reference::{Field, Part, Reference, editors};
use sim_models::scenario::diagnostics::CODES;
use std::io::{self, Write};

/// Prints all that can be written in a scenario: as Markdown for people, or as JSON Schema (2020-12) for editors.
///
/// The JSON Schema describes a scenario written as JSON: structs and maps are objects, lists and tuples are arrays, a
/// variant such as `retry(attempts: 3)` is `{"retry": {"attempts": 3}}` and a bare one, such as `fifo`, a text;
/// arguments without names have their names: `timeout("1s")` is `{"timeout": {"after": "1s"}}`. What RON abbreviates
/// may be abbreviated: `"4ms"` for a constant duration, `"retry"` for a variant whose fields all have defaults, one value
/// for a list of one. `sim` itself reads RON.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// As JSON Schema.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// As Markdown, which is so anyway.
    #[arg(long)]
    pub markdown: bool,
}

/// Writes it.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> io::Result<u8> {
    let all = Reference::new();
    if args.json {
        let schema = editors::schema(&all);
        writeln!(out, "{}", serde_json::to_string_pretty(&schema)?)?;
    } else {
        out.write_all(document(&all).as_bytes())?;
    }
    Ok(0)
}

const HEAD: &str = r#"# What can be written in a scenario

A scenario is one file in RON. Structs are `(field: value)`, maps `{ "name": value }`, lists `[value, value]`, texts
`"text"`; `// comments` go to the end of the line. What has a name is `name(field: value)`; values without names fill the
fields in the order given here, and a bare name has all defaults: `retry(attempts: 3)`, `timeout("1s")`, `cancellation`.
A value alone stands for a list of one, and where a distribution is wanted for one that is constant. `include: "other.ron"`
builds upon another file.

`sim explain NAME` shows each part by itself, `sim schema --json` prints a schema for editors.

"#;

/// The section that a part is in.
fn title(part: &Part) -> &'static str {
    match part.group.all {
        "" => "Structs and values",
        title => title,
    }
}

/// The document.
fn document(all: &Reference) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for title in all.parts().iter().map(title) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    let mut whole = HEAD.to_owned();
    for here in titles {
        whole.push_str(&format!("## {here}\n\n"));
        let parts = all.parts().iter().filter(|part| title(part) == here);
        whole.extend(parts.map(|part| section(all, part)));
    }
    whole.push_str(&format!(
        "## Measures\n\n```text\n{}```\n\n",
        WRITTEN.trim_end().to_owned() + "\n"
    ));
    for (_, name, summary) in METRICS {
        whole.push_str(&format!(
            "### `{name}`\n\n{}\n\n```text\n{}```\n\n",
            summary.trim(),
            measured(name).trim_start()
        ));
    }
    whole.push_str("## Signals that are kept by windows\n\n");
    whole.push_str("| signal | of | kept | says |\n|---|---|---|---|\n");
    for signal in kept() {
        whole.push_str(&format!(
            "| `{}` | {} | {} | {} {} |\n",
            signal.name,
            signal.of.one(),
            signal.kind.words(),
            signal.doc,
            found(signal)
        ));
    }
    whole.push_str(&format!(
        "\n## Limits\n\n```text\n{}```\n\n## Diagnostics\n",
        limits()
    ));
    for (code, title, long) in CODES {
        whole.push_str(&format!("\n### {code}: {title}\n\n{long}\n"));
    }
    whole
}

/// A part.
fn section(all: &Reference, part: &Part) -> String {
    let mut text = format!(
        "### `{}`\n\n```ron\n{}\n```\n\n{}\n\n",
        part.name, part.placed, part.docs
    );
    for remark in remarks(part) {
        text.push_str(&format!("{remark}\n\n"));
    }
    if !part.fields.is_empty() {
        text.push_str("| field | is | says |\n|---|---|---|\n");
        text.extend(part.fields.iter().map(|field| line(all, part, field)));
        text.push('\n');
    }
    let theirs = elsewhere(part);
    if !theirs.is_empty() {
        text.push_str("Elsewhere:\n\n");
        text.extend(theirs.iter().map(|line| format!("- {line}\n")));
        text.push('\n');
    }
    text
}

/// A line of the table of fields.
fn line(all: &Reference, part: &Part, field: &Field) -> String {
    let choices = choices(all, field);
    let choices = if choices.is_empty() {
        String::new()
    } else {
        format!(" One of: {}.", choices.join(", "))
    };
    let cell = |text: String| text.replace('\n', " ").replace('|', "\\|");
    format!(
        "| `{}` | {} | {} |\n",
        field.name,
        cell(kind(part, field)),
        cell(field.docs.clone() + &choices)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(json: bool) -> String {
        let mut out = Vec::new();
        let args = Args {
            json,
            markdown: false,
        };
        assert_eq!(run(&args, &mut out).unwrap(), 0);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn everything_is_in_the_document() {
        let all = Reference::new();
        let text = ask(false);
        for part in all.parts() {
            assert!(
                text.contains(&format!("### `{}`\n", part.name)),
                "{}",
                part.name
            );
            assert!(text.contains(&part.placed), "{}", part.name);
            for field in &part.fields {
                assert!(
                    text.contains(&format!("| `{}` | {}", field.name, field.kind)),
                    "{}.{}",
                    part.name,
                    field.name
                );
            }
        }
        for (code, ..) in CODES {
            assert!(text.contains(&format!("### {code}: ")), "{code}");
        }
    }

    #[test]
    fn the_schema_for_editors_has_docs_defaults_and_bounds() {
        let schema: serde_json::Value = serde_json::from_str(&ask(true)).unwrap();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        let attempts = &schema["$defs"]["Retry"]["properties"]["attempts"];
        assert_eq!(attempts["default"], 3);
        assert_eq!(
            (&attempts["minimum"], &attempts["maximum"]),
            (&1.into(), &10000.into())
        );
        assert_eq!(
            attempts["description"],
            "Attempts at most, the first included."
        );
    }
}
