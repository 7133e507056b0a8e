//! Puts together what the types, the registries and the docs say.

use super::Reference;
use super::example::{BASE, BASE_FILE, in_docs, placed, scenario};
use super::groups::{self, AT_DOOR, Group, READ_BEFORE, REGISTRIES};
use super::part::{Field, Given, Part};
use super::words::{BEFORE, Types, reference, variants};
use crate::input::Parsed;
use crate::resilience::at_caller;
use crate::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub struct Builder {
    types: Types,
    parts: Vec<Part>,
    lacking: Vec<String>,
}

/// Docs as text: of links, the name alone.
fn cleaned(docs: &str) -> String {
    docs.replace("[`", "`").replace("`]", "`").trim().to_owned()
}

/// The docs at the head of a file.
fn head(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    cleaned(&lines.join("\n"))
}

/// The first sentence of docs.
fn sentence(docs: &str) -> String {
    let first = docs
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\n', " ");
    let end = first.find(". ").map_or(first.len(), |at| at + 1);
    first[..end].to_owned()
}

impl Builder {
    pub fn new() -> Self {
        let mut schema = schemars::schema_for!(Scenario).to_value();
        for (of, name, docs, several) in READ_BEFORE {
            let of = if schema["title"] == *of {
                &mut schema
            } else {
                &mut schema["$defs"][of]
            };
            let text = json!({ "type": "string" });
            let mut field = if *several {
                json!({ "type": "array", "items": text })
            } else {
                text
            };
            field["description"] = (*docs).into();
            field["$comment"] = BEFORE.into();
            of["properties"][name] = field;
        }
        Self {
            types: Types {
                schema,
                orders: BTreeMap::new(),
            },
            parts: Vec::new(),
            lacking: Vec::new(),
        }
    }

    pub fn build(mut self) -> Reference {
        for group in groups::all() {
            self.group(group);
        }
        self.unknown_types();
        self.orders();
        let contents: Vec<Option<String>> = self
            .parts
            .iter()
            .map(|part| part.fields_of.clone())
            .collect();
        for (at, content) in contents.iter().enumerate() {
            let Some(of) = content else { continue };
            let fields = self.fields(of);
            let name = self.parts[at].name.clone();
            self.lacking.extend(fields.iter().filter(|field| field.docs.is_empty()).map(|field| {
                format!("the field `{}` of `{name}` has no docs: write a line of rustdoc on it in `{of}`", field.name)
            }));
            if !self.types.knows_order(self.types.of(of)) {
                let example = &self.parts[at].example;
                self.lacking.push(format!(
                    "the example of `{name}` cannot be read: `{example}`"
                ));
            }
            self.parts[at].fields = fields;
        }
        Reference {
            schema: self.types.schema,
            parts: self.parts,
            lacking: self.lacking,
        }
    }

    /// The parts of a group, without their fields.
    fn group(&mut self, group: &'static Group) {
        let of = self.types.of(group.of).clone();
        if of.is_null() {
            self.lacking.push(format!(
                "there is no type `{}`: mend the group in reference/groups.rs",
                group.of
            ));
            return;
        }
        let whole = cleaned(of["description"].as_str().unwrap_or_default());
        if !group.example.is_empty() {
            let fields_of = of["properties"].is_object().then(|| group.of.to_owned());
            self.add(
                group,
                group.one,
                sentence(&whole),
                whole,
                group.example,
                fields_of,
                None,
            );
            return;
        }
        let registry = REGISTRIES.iter().find(|(name, ..)| *name == group.of);
        for (name, held, docs) in variants(&of) {
            let content = held.and_then(reference).map(str::to_owned);
            let inner = content.as_deref().map_or("", |content| {
                self.types.of(content)["description"]
                    .as_str()
                    .unwrap_or_default()
            });
            let mut said = vec![cleaned(docs), cleaned(inner)];
            said.retain(|docs| !docs.is_empty());
            said.dedup();
            let docs = said.join("\n\n");
            let place =
                registry.and_then(|(_, names, ..)| names.iter().position(|one| one.0 == name));
            let known = registry.zip(place);
            let (summary, docs, example) = match known {
                Some(((_, names, examples, texts), at)) => (
                    names[at].1.to_owned(),
                    head(texts[at]),
                    examples[at].to_owned(),
                ),
                None => {
                    let example = in_docs(&docs, name).map(str::to_owned);
                    let example = example.or(held.is_none().then(|| name.to_owned()));
                    if example.is_none() {
                        self.lacking.push(format!(
                            "`{name}` of `{}` has no example: write `{name}(..)` into its rustdoc, or give its registry a line in reference/groups.rs",
                            group.of
                        ));
                    }
                    (
                        sentence(&docs),
                        docs,
                        example.unwrap_or_else(|| name.to_owned()),
                    )
                }
            };
            let holds = held
                .filter(|_| content.is_none())
                .map(|held| self.types.words(held));
            self.add(group, name, summary, docs, &example, content, holds);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        group: &'static Group,
        name: &str,
        summary: String,
        docs: String,
        example: &str,
        fields_of: Option<String>,
        holds: Option<String>,
    ) {
        if docs.is_empty() {
            self.lacking.push(format!(
                "`{name}` of `{}` has no docs: write rustdoc on it",
                group.of
            ));
        }
        let only_at_door = group.of == "PolicySpec" && at_caller().all(|other| other != name);
        let place = if only_at_door { AT_DOOR } else { group.place };
        self.parts.push(Part {
            group,
            name: name.to_owned(),
            summary: summary.trim_end_matches('.').to_owned(),
            docs,
            is_default: self.is_default(group, name),
            holds,
            fields: Vec::new(),
            example: example.to_owned(),
            placed: placed(place, example),
            fields_of,
        });
    }

    /// Whether every field of the group's type is this if it is not given.
    fn is_default(&self, group: &Group, name: &str) -> bool {
        let types = self.types.schema["$defs"].as_object().into_iter().flatten();
        let fields = types.flat_map(|(_, of)| of["properties"].as_object().into_iter().flatten());
        let mut its = fields
            .filter(|(_, field)| reference(field) == Some(group.of))
            .peekable();
        its.peek().is_some()
            && its.all(|(_, field)| {
                let default = &field["default"];
                let held = default.as_object().and_then(|held| held.keys().next());
                *default == name || held.is_some_and(|held| held == name)
            })
    }

    /// Types that no group speaks of.
    fn unknown_types(&mut self) {
        let Some(types) = self.types.schema["$defs"].as_object() else {
            return;
        };
        let held = |of: &Value| -> Vec<String> {
            let held = variants(of)
                .into_iter()
                .filter_map(|(_, held, _)| reference(held?));
            held.map(str::to_owned).collect()
        };
        let contents: BTreeSet<String> = types.values().flat_map(held).collect();
        let unknown = types
            .keys()
            .filter(|name| !contents.contains(*name) && groups::of(name).is_none());
        self.lacking.extend(unknown.map(|name| {
            format!("the type `{name}` can be written and is in no group: add a line to GROUPS in reference/groups.rs")
        }));
    }

    /// Reads the examples, to see in which order fields are declared.
    fn orders(&mut self) {
        for part in &self.parts {
            let text = scenario(&part.placed);
            let files = [("example.ron", text.as_str()), (BASE_FILE, BASE)];
            let Ok(parsed) = Parsed::read("example.ron", &files) else {
                continue;
            };
            for fields in parsed.named().1.borrow().values() {
                let mut sorted = fields.to_vec();
                sorted.sort_unstable();
                self.types.orders.insert(sorted, fields);
            }
        }
    }

    /// The fields of a struct.
    fn fields(&self, of: &str) -> Vec<Field> {
        let of = self.types.of(of);
        let needed: Vec<&str> = of["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = self.types.fields(of).into_iter();
        let field = |(name, schema): (&str, &Value)| {
            let default = &schema["default"];
            let empty = default.as_array().is_some_and(Vec::is_empty)
                || default.as_object().is_some_and(serde_json::Map::is_empty);
            let given = if needed.contains(&name) {
                Given::Needed
            } else if default.is_null() || empty {
                Given::Optional
            } else {
                Given::Default(self.types.ron(default, schema))
            };
            Field {
                name: name.to_owned(),
                docs: cleaned(schema["description"].as_str().unwrap_or_default()),
                kind: self.types.words(schema),
                group: self.types.group(schema),
                given,
                scalar: self.types.scalar(schema),
            }
        };
        fields.map(field).collect()
    }
}
