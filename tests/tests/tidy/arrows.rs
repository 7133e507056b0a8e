//! Who uses whom inside a crate, read from its texts: a module uses only what stands above it, or above one of
//! the modules that it is in, in the list of `mod` lines there.
//!
//! Tests are left out: they may look at everything.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The modules of a crate by their paths (the root is empty), each with its text, and in the order of `mod`
/// lines.
#[derive(Default)]
pub struct Crate {
    texts: BTreeMap<Vec<String>, String>,
    order: Vec<Vec<String>>,
}

impl Crate {
    /// Reads the sources below a folder.
    pub fn read(source: &Path) -> Self {
        Self::of(&|file| fs::read_to_string(source.join(file)).ok())
    }

    /// From the texts of files, by their paths below `src`.
    fn of(file: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut all = Self::default();
        let root = file("lib.rs").expect("a library has a root");
        all.add(file, Vec::new(), "", &root);
        all
    }

    fn add(
        &mut self,
        file: &dyn Fn(&str) -> Option<String>,
        path: Vec<String>,
        folder: &str,
        text: &str,
    ) {
        let text = without_tests(text);
        for name in text.lines().filter_map(module) {
            let (flat, deep) = (
                format!("{folder}{name}.rs"),
                format!("{folder}{name}/mod.rs"),
            );
            let text = file(&flat).or_else(|| file(&deep));
            let text = text.unwrap_or_else(|| panic!("neither {flat} nor {deep}"));
            let path = [path.as_slice(), &[name.to_owned()]].concat();
            self.order.push(path.clone());
            self.add(file, path, &format!("{folder}{name}/"), &text);
        }
        self.texts.insert(path, text);
    }

    /// The uses that run back up, as `module uses path`.
    pub fn back(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, text) in &self.texts {
            for used in paths(text) {
                if self.runs_back(path, &used) {
                    found.push(format!("{} uses {}", path.join("::"), used.join("::")));
                }
            }
        }
        found
    }

    /// How many uses of other modules were seen.
    pub fn uses(&self) -> usize {
        let uses = self.texts.iter().map(|(path, text)| {
            let seen = paths(text).into_iter();
            seen.filter(|used| self.absolute(path, used).is_some())
                .count()
        });
        uses.sum()
    }

    fn runs_back(&self, path: &[String], used: &[String]) -> bool {
        let Some(to) = self.absolute(path, used) else {
            return false;
        };
        let common = path.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // What an enclosing module, or a part of the own one, defines has no place in a list.
        if common == path.len() || common == to.len() {
            return false;
        }
        let place = |of: &[String]| self.order.iter().position(|one| one == of);
        place(&to[..=common]) > place(&path[..=common])
    }

    /// The module that a path leads to from a module; none where it leads out of the crate.
    fn absolute(&self, from: &[String], used: &[String]) -> Option<Vec<String>> {
        let mut to = from.to_vec();
        let mut rest = used;
        match rest.first().map(String::as_str) {
            Some("crate") => (to, rest) = (Vec::new(), &rest[1..]),
            Some("self") => rest = &rest[1..],
            Some("super") => {
                while rest.first().is_some_and(|part| part == "super") {
                    to.pop();
                    rest = &rest[1..];
                }
            }
            _ => {
                let inner = [from, &rest[..1]].concat();
                self.texts.get(&inner)?;
            }
        }
        for part in rest {
            to.push(part.clone());
            if !self.texts.contains_key(&to) {
                to.pop();
                break;
            }
        }
        Some(to)
    }
}

/// The name of a module that a line says is in another file.
fn module(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let (before, name) = line.rsplit_once("mod ")?;
    let visibility = ["", "pub ", "pub(crate) ", "pub(super) "];
    (visibility.contains(&before)).then_some(name)
}

/// A text without comments and without what only tests see.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            // One item, to the brace that closes it; one line where it has none.
            let mut item = lines.by_ref().skip_while(|line| line.starts_with("#["));
            if item.next().is_some_and(|first| first.ends_with('{')) {
                item.find(|line| *line == "}");
            }
        } else if !line.trim_start().starts_with("//") {
            kept += line.split(" // ").next().unwrap_or_default();
            kept.push('\n');
        }
    }
    kept
}

/// The paths in a text: those of `use`, with their braces opened, and those that begin with `crate`, `super` or
/// `self` elsewhere.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text;
    let starts = |text: &str, at: usize| {
        !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_$:".contains(c))
    };
    while let Some((at, word)) = ["use ", "crate::", "super::", "self::"]
        .iter()
        .filter_map(|word| Some((rest.find(word)?, *word)))
        .min()
    {
        let own = starts(rest, at);
        let from = if word == "use " { at + word.len() } else { at };
        let end = if word == "use " {
            rest[from..].find(';').unwrap_or(0)
        } else {
            let part = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
            rest[from..].find(part).unwrap_or(rest.len() - from)
        };
        // A sentence in a text is no use.
        let used = &rest[from..from + end];
        let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c);
        if own && used.chars().all(plain) {
            open(used, &[], &mut found);
            rest = &rest[from + end..];
        } else {
            rest = &rest[at + word.len()..];
        }
    }
    found
}

/// Opens the braces of `a::{b, c::d}`.
fn open(used: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let parts = |text: &str| -> Vec<String> {
        let text = text.split(" as ").next().unwrap_or_default();
        let parts = text.split("::").map(str::trim);
        parts
            .filter(|part| !part.is_empty() && *part != "*")
            .map(str::to_owned)
            .collect()
    };
    let Some((head, inner)) = used.split_once('{') else {
        let mut path = [before, &parts(used)].concat();
        // `a::{self}`: the module itself.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if !path.is_empty() {
            found.push(path);
        }
        return;
    };
    let before = [before, &parts(head)].concat();
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let mut depth = 0;
    for item in inner.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    }) {
        open(item, &before, found);
    }
}

/// A crate of two modules in the order of `mods`, one of which says something.
fn made(mods: &str, low: &str, high: &str) -> Vec<String> {
    let found = Crate::of(&|file| {
        let text = match file {
            "lib.rs" => mods,
            "low/mod.rs" => "mod deep;\nmod other;\n",
            "low/deep.rs" => low,
            "low/other.rs" => "",
            "high.rs" => high,
            _ => return None,
        };
        Some(text.to_owned())
    });
    found.back()
}

#[test]
fn an_arrow_that_runs_back_is_seen_however_it_is_written() {
    let order = "pub mod low;\npub(crate) mod high;\n";
    for written in [
        "use crate::high::Thing;",
        "use crate::high;",
        "pub use crate::{\n    low::other::{A, B},\n    high::{self, C as D},\n};",
        "fn f() -> crate::high::Thing { todo!() }",
        "use super::super::high::Thing;",
        "use super::other::Thing;",
        "use super::{other, X};",
        "    let x = super::other::f();",
    ] {
        assert!(!made(order, written, "").is_empty(), "{written}");
        assert!(
            written.contains("other") || made("mod high;\nmod low;\n", written, "").is_empty(),
            "{written}"
        );
    }
    for fine in [
        "// use crate::high::Thing;",
        "/// See [`crate::high`].",
        "#[cfg(test)]\nmod tests {\n    use crate::high::Thing;\n}",
        "#[cfg(test)]\nuse crate::high::Thing;",
        "use std::high::Thing;\nuse super::Thing;\nuse crate::low::Thing;",
        "fn f() { say(\"we use crate::high, not low;\") }\nuse super::Thing;",
        "macro_rules! m { () => { $crate::high::f() } }",
    ] {
        let found = made(
            order,
            fine,
            "use crate::low::deep::{A, B};\nuse super::low;",
        );
        assert!(found.is_empty(), "{fine}: {found:?}");
    }
}
