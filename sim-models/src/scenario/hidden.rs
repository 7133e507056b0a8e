//! Finds the texts of a scenario in which something is hidden.

use super::diagnostics::{Code, Diagnostic, Diagnostics};
use super::plain::{is_hidden, plain};
use super::tree::{Kind, Node};

/// The texts of a scenario in which something is hidden.
pub(crate) fn check(scenario: &Node) -> Diagnostics {
    let mut found = Vec::new();
    look(scenario, false, &mut found);
    found
}

/// `lines` says whether a text may have several lines, as expressions may.
fn look(node: &Node, lines: bool, found: &mut Diagnostics) {
    match &node.kind {
        Kind::Str(text) => {
            let hidden = |c: &char| is_hidden(*c) && !(lines && matches!(c, '\n' | '\r' | '\t'));
            if let Some(c) = text.chars().find(hidden) {
                found.push(tell(node, text, c));
            }
        }
        Kind::Char(c) if is_hidden(*c) => found.push(tell(node, &c.to_string(), *c)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                look(key, false, found);
                look(value, lines, found);
            }
        }
        Kind::Struct(_, fields) => {
            for field in fields {
                let lines = lines || field.name.text == "hypothesis";
                look(&field.value, lines, found);
            }
        }
        Kind::Tuple(_, items) | Kind::List(items) => {
            items.iter().for_each(|item| look(item, lines, found));
        }
        _ => {}
    }
}

fn tell(node: &Node, text: &str, c: char) -> Diagnostic {
    let what = if c.is_control() {
        "a control character"
    } else {
        "a character that is not seen, or changes how the text around it is laid out"
    };
    let message = format!("\"{}\" holds {what}: {}", plain(text), c.escape_unicode());
    let mut diagnostic = Diagnostic::new(Code::Hidden, node.span, message);
    diagnostic.help.push("take it out".into());
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::load;

    #[test]
    fn no_name_and_no_title_hides_anything() {
        let with = |title: &str, name: &str, zone: &str, check: &str| {
            let text = format!(
                r#"(title: "{title}", duration: "1s", regions: {{"eu": ["{zone}"]}},
  services: {{"{name}": (endpoints: {{"x": [work("1ms")]}})}},
  workloads: {{"w": open(rate: "5/s", to: "{name}/x")}},
  hypothesis: (steady: ["failed(w){check}< 1"]))"#
            );
            let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
            let found = loaded.scenario.err().unwrap_or_default();
            let lines = found.iter().map(|found| found.concise(&loaded.sources));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            with("Zürich: \\\"a\\\" <b>", "=db", "eu-1", " \\n "),
            [""; 0]
        );
        let found = with("a\\u{1b}]0;x\\u{7}", "db", "eu-1", " ");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0]
                .starts_with(r#"a.ron:1:9: S0013 "a\u{1b}]0;x\u{7}" holds a control character"#),
            "{found:?}"
        );
        for hidden in [
            "\\n",
            "\u{202e}",
            "\\u{2066}",
            "\u{85}",
            "\\u{200e}",
            "\u{200b}",
        ] {
            // The name as a key, and where it is called.
            let found = with("t", &format!("d{hidden}b"), "eu-1", " ");
            assert_eq!(found.len(), 2, "{found:?}");
            assert!(found[0].starts_with("a.ron:2:14: S0013"), "{found:?}");
            assert!(!found.concat().contains(is_hidden), "{found:?}");
            assert_eq!(with("t", "db", &format!("e{hidden}u"), " ").len(), 1);
        }
        assert_eq!(with("t", "db", "eu-1", "\\u{1b}").len(), 1);
    }

    #[test]
    fn what_is_set_is_looked_at_too() {
        let text = r#"(duration: "1s", services: {"db": (endpoints: {"x": [work("1ms")]})}, workloads: {"w": open(rate: "5/s", to: "db/x")})"#;
        let set = "title=\"a\u{1b}b\"".parse().unwrap();
        let loaded = load("a.ron", &[("a.ron", text)], &[set]);
        let found = loaded.scenario.unwrap_err();
        assert_eq!(found[0].code, Code::Hidden);
        assert!(!found[0].concise(&loaded.sources).contains(is_hidden));
    }
}
