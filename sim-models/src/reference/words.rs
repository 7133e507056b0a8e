//! What a schema says, in words and as RON.

use super::groups::{self, Group};
use super::part::Scalar;
use serde_json::Value;
use std::collections::BTreeMap;

/// What marks a field that is read before the type that it stands in is.
pub const BEFORE: &str = "read before the rest";

/// The schema of the types, and the order of the fields of structs.
#[derive(Debug)]
pub struct Types {
    pub schema: Value,
    /// Fields as they are declared, by their names in the order of the alphabet.
    pub orders: BTreeMap<Vec<&'static str>, &'static [&'static str]>,
}

/// The type that a schema refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// The variants of an enum: name, schema of what it holds, docs.
pub fn variants(schema: &Value) -> Vec<(&str, Option<&Value>, &str)> {
    let mut found = Vec::new();
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let docs = variant["description"].as_str().unwrap_or_default();
        if let Some(name) = variant["const"].as_str() {
            found.push((name, None, docs));
        }
        let names = variant["enum"].as_array().into_iter().flatten();
        found.extend(
            names
                .filter_map(Value::as_str)
                .map(|name| (name, None, docs)),
        );
        let holds = variant["properties"].as_object().into_iter().flatten();
        found.extend(holds.map(|(name, held)| (name.as_str(), Some(held), docs)));
    }
    if let Some(names) = schema["enum"].as_array() {
        found.extend(
            names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| (name, None, "")),
        );
    }
    found
}

/// What may be left out, without that.
fn present(schema: &Value) -> &Value {
    let any = schema["anyOf"].as_array().into_iter().flatten();
    let mut rest = any.filter(|one| one["type"] != "null");
    match (rest.next(), rest.next(), schema["title"].is_null()) {
        (Some(only), None, true) => only,
        _ => schema,
    }
}

/// Whether a schema is of that type, or of nothing.
fn is(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    }
}

/// The names of the fields of a struct as its type declares them.
fn declared(of: &Value) -> Vec<&str> {
    let fields = of["properties"].as_object().into_iter().flatten();
    let fields = fields.filter(|(_, field)| field["$comment"] != BEFORE);
    fields.map(|(name, _)| name.as_str()).collect()
}

impl Types {
    /// A type.
    pub fn of(&self, name: &str) -> &Value {
        match &self.schema["$defs"][name] {
            Value::Null if self.schema["title"] == name => &self.schema,
            found => found,
        }
    }

    /// The fields of a struct in the order in which they are declared.
    pub fn fields<'a>(&self, of: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let Some(fields) = of["properties"].as_object() else {
            return Vec::new();
        };
        let declared = self.order(&declared(of));
        // What is read before the type is stands last.
        let place = |name: &str| {
            let at = declared.and_then(|all| all.iter().position(|one| *one == name));
            at.unwrap_or(usize::MAX)
        };
        let mut found: Vec<(&str, &Value)> = fields
            .iter()
            .map(|(name, field)| (name.as_str(), field))
            .collect();
        found.sort_by_key(|(name, _)| place(name));
        found
    }

    /// Whether the order in which the fields of a struct are declared is known.
    pub fn knows_order(&self, of: &Value) -> bool {
        let names = declared(of);
        names.len() < 2 || self.order(&names).is_some()
    }

    /// Fields of these names as they are declared: those of the struct that has them all, and the fewest others, which
    /// are second names of its fields.
    fn order(&self, names: &[&str]) -> Option<&'static [&'static str]> {
        let exact = self.orders.get(names).copied();
        exact.or_else(|| {
            let all = self.orders.values().copied();
            let having = all.filter(|all| {
                all.len() <= 2 * names.len() && names.iter().all(|name| all.contains(name))
            });
            having.min_by_key(|all| all.len())
        })
    }

    /// What is written for a schema, in words.
    pub fn words(&self, schema: &Value) -> String {
        let schema = present(schema);
        if let Some(name) = reference(schema) {
            let title = self.of(name)["title"].as_str();
            let known = groups::of(name).map(|group| group.one);
            return title.or(known).unwrap_or(name).to_owned();
        }
        if let Some(title) = schema["title"].as_str() {
            return title.to_owned();
        }
        if let Some(parts) = schema["prefixItems"].as_array() {
            let parts: Vec<String> = parts.iter().map(|part| self.words(part)).collect();
            return format!("({})", parts.join(", "));
        }
        if is(schema, "array") {
            return format!("list: {}", self.words(&schema["items"]));
        }
        if schema["additionalProperties"].is_object() {
            return format!(
                "map by name: {}",
                self.words(&schema["additionalProperties"])
            );
        }
        if let Some(several) = schema["anyOf"].as_array() {
            let several: Vec<String> = several.iter().map(|one| self.words(one)).collect();
            return several.join(" or ");
        }
        let simple = [
            ("integer", "whole number"),
            ("number", "number"),
            ("boolean", "`true` or `false`"),
            ("string", "text"),
        ];
        let word = simple.iter().find(|(kind, _)| is(schema, kind));
        word.map_or("value", |(_, word)| word).to_owned()
    }

    /// The group of a value, or of the elements of a list or a map.
    pub fn group(&self, schema: &Value) -> Option<&'static Group> {
        let schema = present(schema);
        if let Some(name) = reference(schema) {
            return groups::of(name);
        }
        // Of several, the first: policies, which presets are made of.
        [
            &schema["items"],
            &schema["additionalProperties"],
            &schema["anyOf"][0],
        ]
        .into_iter()
        .find(|inner| inner.is_object())
        .and_then(|inner| self.group(inner))
    }

    /// What can have bounds.
    pub(super) fn scalar(&self, schema: &Value) -> Option<Scalar> {
        let schema = present(schema);
        match reference(schema) {
            Some("Duration") => return Some(Scalar::Duration),
            Some("Rate") => return Some(Scalar::Rate),
            Some("Bound") => {
                return Some(Scalar::Whole {
                    most: u32::MAX.into(),
                });
            }
            _ => {}
        }
        if is(schema, "integer") {
            let most = match schema["format"].as_str() {
                Some("uint8") => u8::MAX.into(),
                Some("uint16") => u16::MAX.into(),
                Some("uint32") => u32::MAX.into(),
                _ => u64::MAX,
            };
            return Some(Scalar::Whole { most });
        }
        is(schema, "number").then_some(Scalar::Number)
    }

    /// A value as it is written in a scenario.
    pub fn ron(&self, value: &Value, schema: &Value) -> String {
        let schema = present(schema);
        if let Some(name) = reference(schema) {
            return self.ron(value, self.of(name));
        }
        let known = variants(schema);
        match value {
            Value::String(text) => {
                let any = schema["anyOf"].as_array().into_iter().flatten();
                let is_name = known.iter().any(|(name, ..)| name == text)
                    || any.into_iter().any(|one| one["const"] == *value);
                if is_name {
                    text.clone()
                } else {
                    format!("{text:?}")
                }
            }
            Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(number) => number.to_string(),
                None => number.to_string(),
            },
            Value::Array(items) => {
                let tuple = schema["prefixItems"].as_array();
                let of = |at: usize| match tuple {
                    Some(parts) => parts.get(at).unwrap_or(&Value::Null),
                    None => &schema["items"],
                };
                let items: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.ron(item, of(at)))
                    .collect();
                let items = items.join(", ");
                if tuple.is_some() {
                    format!("({items})")
                } else {
                    format!("[{items}]")
                }
            }
            Value::Object(fields) => {
                let held = known
                    .iter()
                    .find_map(|(name, held, _)| Some((*name, (*held)?, fields.get(*name)?)));
                if let Some((name, held, value)) = held {
                    let constant = value.get("value").filter(|_| name == "constant");
                    let inner = reference(held).map_or(held, |name| self.of(name));
                    let content = match constant {
                        Some(bare) => return self.ron(bare, &inner["properties"]["value"]),
                        None => self.ron(value, held),
                    };
                    return match content.as_str() {
                        "()" => name.to_owned(),
                        fields if fields.starts_with('(') => format!("{name}{fields}"),
                        held => format!("{name}({held})"),
                    };
                }
                if schema["properties"].is_object() {
                    let given = self.fields(schema).into_iter().filter_map(|(name, field)| {
                        let value = fields.get(name).filter(|value| !value.is_null())?;
                        Some(format!("{name}: {}", self.ron(value, field)))
                    });
                    let given: Vec<String> = given.collect();
                    return format!("({})", given.join(", "));
                }
                let inner = &schema["additionalProperties"];
                let entries = fields
                    .iter()
                    .map(|(name, value)| format!("{name:?}: {}", self.ron(value, inner)));
                let entries: Vec<String> = entries.collect();
                if entries.is_empty() {
                    "{}".into()
                } else {
                    format!("{{ {} }}", entries.join(", "))
                }
            }
            Value::Bool(_) | Value::Null => value.to_string(),
        }
    }
}
