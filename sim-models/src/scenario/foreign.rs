//! Knows files that are no RON by how they begin, so that it can be said what they are.

use super::diagnostics::{Code, Diagnostic};
use super::lexer;
use super::source::Span;

/// What a file is, and how its content is said here.
struct Format {
    name: &'static str,
    help: &'static str,
}

const RON: &str = "a scenario is written in RON: `(duration: \"1min\", services: {..}, workloads: {..})`; `sim explain S0001` shows how lists, maps and structs are written";

const JSON: Format = Format {
    name: "JSON",
    help: "the outermost braces become parentheses, and names of fields lose their quotes: `(duration: \"1min\", services: { \"web\": (replicas: 2, ..) })`",
};
const YAML: Format = Format {
    name: "YAML",
    help: "sim reads no YAML: indentation becomes brackets, `services: { \"web\": (replicas: 2, ..) },`",
};
const KUBERNETES: Format = Format {
    name: "a Kubernetes manifest in YAML",
    help: "sim reads no manifests: a Deployment is a service here, `\"web\": (replicas: 2, threads: 64, endpoints: {..})`",
};
const COMPOSE: Format = Format {
    name: "a Docker Compose file in YAML",
    help: "sim reads no Compose files: each service says here how many there are, what it does and whom it calls, `\"web\": (replicas: 2, endpoints: { \"get\": [work(\"2ms\"), call(\"db/find\")] })`",
};
const TOML: Format = Format {
    name: "TOML or INI",
    help: "sim reads neither: a table becomes a field with a value in brackets, `services: { \"web\": (replicas: 2, ..) }`",
};
const PROPERTIES: Format = Format {
    name: "a .properties file",
    help: "sim reads no .properties: timeouts, retries and breakers are policies here, `calls: { \"web -> db\": [retry(attempts: 3), breaker, timeout(\"200ms\")] }`",
};
const NGINX: Format = Format {
    name: "an nginx configuration",
    help: "sim reads no nginx configuration: `proxy_read_timeout` and `proxy_next_upstream_tries` are policies here, `calls: { \"nginx -> app\": [retry(attempts: 3), timeout(\"60s\")] }`",
};
const HCL: Format = Format {
    name: "HCL, as Terraform has it",
    help: "sim reads no HCL: describe the services themselves, `services: { \"web\": (replicas: 2, ..) }`",
};
const HAPROXY: Format = Format {
    name: "a HAProxy configuration",
    help: "sim reads no HAProxy configuration: `timeout server` and `retries` are policies here, `calls: { \"proxy -> app\": [retry(attempts: 3), timeout(\"60s\")] }`",
};
const XML: Format = Format {
    name: "XML or HTML",
    help: "sim reads no XML: an element becomes a field, `services: { \"web\": (replicas: 2, ..) }`",
};

/// Says what a file is whose author may have thought that it is a scenario, if it is known.
#[must_use]
pub fn recognise(text: &str, file: u16) -> Option<Diagnostic> {
    let (start, first) = first_line(text)?;
    let span = Span {
        file,
        start: start as u32,
        end: (start + first.len()) as u32,
    };
    if first.starts_with(|c: char| c.is_alphabetic()) && lexer::read(&format!("({text}\n)")).is_ok()
    {
        let found = Diagnostic::new(Code::Syntax, span, "a scenario stands in parentheses");
        return Some(
            found
                .label("expected `(` before this")
                .help("write `(` before the first field and `)` after the last one"),
        );
    }
    let named = first.strip_prefix('{').map(str::trim_start);
    if named.is_some_and(|inner| inner.starts_with(|c: char| c.is_alphabetic())) {
        let place = Span {
            end: span.start + 1,
            ..span
        };
        let found = Diagnostic::new(
            Code::Syntax,
            place,
            "a scenario stands in parentheses, not in braces",
        );
        return Some(found.label("expected `(`").help(
            "structs stand in parentheses, `(field: value)`, and maps in braces, `{ \"name\": value }`",
        ));
    }
    let format = format(first, text)?;
    Some(
        Diagnostic::new(
            Code::Syntax,
            span,
            format!("this is {}, not a scenario", format.name),
        )
        .label("it begins like that")
        .help(RON)
        .help(format.help),
    )
}

/// The first line that says something, and where it stands. `#` begins a comment in most other formats.
fn first_line(text: &str) -> Option<(usize, &str)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        let is_comment = (words.starts_with('#') && !words.starts_with("#!["))
            || words.starts_with("//")
            || words.starts_with("! ");
        if !words.is_empty() && !is_comment {
            return Some((start + line.len() - line.trim_start().len(), words));
        }
        start += line.len();
    }
    None
}

fn format(first: &str, text: &str) -> Option<&'static Format> {
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(4)
        .collect();
    let begins = |begin: &&str| compact.starts_with(*begin);
    if ["{\"", "{}", "[{", "[[", "[\""].iter().any(begins) {
        return Some(&JSON);
    }
    if first.starts_with("<?") || first.starts_with("<!") || first.starts_with('<') {
        return Some(&XML);
    }
    if first.starts_with('[') && first.trim_end_matches(',').ends_with(']') {
        return Some(&TOML);
    }
    let word_end = first
        .find(|c: char| !(c.is_alphanumeric() || "_-.[]/".contains(c)))
        .unwrap_or(first.len());
    let (word, rest) = first.split_at(word_end);
    let rest = rest.trim_start();
    let has_line = |begin: &str| text.lines().any(|line| line.starts_with(begin));
    if first == "---" || first.starts_with("%YAML") || first.starts_with("- ") {
        return Some(if has_line("apiVersion:") {
            &KUBERNETES
        } else {
            &YAML
        });
    }
    if word.is_empty() || word.starts_with('(') {
        return None;
    }
    if rest.starts_with(':') && (rest == ":" || rest.starts_with(": ")) {
        return Some(if has_line("apiVersion:") {
            &KUBERNETES
        } else if has_line("services:") && text.contains("image:") {
            &COMPOSE
        } else {
            &YAML
        });
    }
    if rest.starts_with('=') {
        let is_toml = text.lines().any(|line| line.starts_with('['));
        return Some(if is_toml { &TOML } else { &PROPERTIES });
    }
    const DIRECTIVES: [&str; 9] = [
        "user",
        "worker_processes",
        "events",
        "http",
        "upstream",
        "server",
        "location",
        "stream",
        "error_log",
    ];
    if DIRECTIVES.contains(&word) && (first.ends_with(['{', ';'])) {
        return Some(&NGINX);
    }
    if [
        "resource",
        "variable",
        "provider",
        "module",
        "terraform",
        "locals",
        "data",
    ]
    .contains(&word)
        && first.ends_with('{')
    {
        return Some(&HCL);
    }
    if ["global", "defaults", "frontend", "backend", "listen"].contains(&word)
        && !first.ends_with('{')
    {
        return Some(&HAPROXY);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::recognise;

    #[test]
    fn says_what_a_file_is() {
        for (text, said) in [
            ("{ \"duration\": \"1min\" }", "this is JSON"),
            ("[\n  {\"a\": 1}\n]", "this is JSON"),
            (
                "# x\nduration: 1min\nservices:\n  web:\n    replicas: 2\n",
                "this is YAML",
            ),
            ("---\na: 1\n", "this is YAML"),
            ("- a\n- b\n", "this is YAML"),
            (
                "apiVersion: apps/v1\nkind: Deployment\n",
                "this is a Kubernetes manifest",
            ),
            (
                "version: '3'\nservices:\n  web:\n    image: nginx\n",
                "this is a Docker Compose",
            ),
            ("[package]\nname = \"x\"\n", "this is TOML"),
            ("name = \"x\"\n[a]\n", "this is TOML"),
            (
                "resilience4j.retry.instances.a.maxAttempts=3\n",
                "this is a .properties file",
            ),
            ("! x\na.b = c\n", "this is a .properties file"),
            (
                "upstream app {\n  server a:80;\n}\n",
                "this is an nginx configuration",
            ),
            ("worker_processes 4;\n", "this is an nginx configuration"),
            ("resource \"aws_lb\" \"x\" {\n}\n", "this is HCL"),
            ("global\n  maxconn 100\n", "this is a HAProxy configuration"),
            ("<?xml version=\"1.0\"?>\n<a/>", "this is XML"),
            (
                "duration: \"1min\",\nservices: {},\n",
                "a scenario stands in parentheses",
            ),
        ] {
            let found = recognise(text, 0).unwrap_or_else(|| panic!("{text}"));
            assert!(found.message.starts_with(said), "{text}: {}", found.message);
        }
    }

    #[test]
    fn leaves_scenarios_alone() {
        for text in [
            "(duration: \"1min\", services: {)",
            "# a comment\n(duration: \"1min\" services: {})",
            "// a comment\n#![enable(implicit_some)]\n(a: )",
            "Scenario(duration: 1min)",
            "",
        ] {
            assert_eq!(recognise(text, 0), None, "{text}");
        }
    }
}
