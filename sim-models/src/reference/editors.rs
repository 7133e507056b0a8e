//! The schema for editors: JSON Schema (2020-12) of what a scenario may say, written as JSON.
//!
//! RON maps to JSON so: a struct `(a: 1)` is an object `{"a": 1}`, and so is a map; a list is an array, a tuple too; a
//! variant `retry(attempts: 3)` is an object of one key, `{"retry": {"attempts": 3}}`, and a bare one, `fifo`, a text;
//! arguments without names have their names, `timeout("1s")` is `{"timeout": {"after": "1s"}}`. What RON abbreviates may
//! be abbreviated: a bare value for the variant `constant`, a bare name for a variant whose fields all have defaults, one
//! value for a list of one.

use super::bounds::{self, Bounds};
use super::words::{reference, variants};
use super::{Part, Reference};
use crate::input::Files;
use crate::input::Parsed;
use crate::scenario::tree::{Kind, Node};
use serde_json::{Map, Value, json};

/// The schema.
#[must_use]
pub fn schema(all: &Reference) -> Value {
    let mut schema = all.schema.clone();
    for part in &all.parts {
        bound(&mut schema, part);
    }
    let types = schema["$defs"].clone();
    let mut out = types.clone();
    for (name, of) in types.as_object().into_iter().flatten() {
        let mut of = of.clone();
        singles(&mut of);
        abbreviate(&mut of, &types);
        out[name] = of;
    }
    schema["$defs"] = out;
    let mut whole = schema.take();
    if let Some(fields) = whole["properties"].as_object_mut() {
        fields.values_mut().for_each(singles);
    }
    whole["title"] = "A scenario of sim".into();
    whole
}

/// Bounds of numbers.
fn bound(schema: &mut Value, part: &Part) {
    let Some(of) = &part.fields_of else { return };
    for field in &part.fields {
        let Bounds { least, most, .. } = bounds::of(part, field);
        let whole = schema["title"] == *of.as_str();
        let of = if whole {
            &mut *schema
        } else {
            &mut schema["$defs"][of]
        };
        let property = &mut of["properties"][&field.name];
        let number = |number: f64| match number.fract() == 0.0 && number.abs() < 9e15 {
            true => json!(number as i64),
            false => json!(number),
        };
        // A reference to a type of its own is no number.
        if property["type"].is_null() {
            continue;
        }
        if let Some((edge, itself)) = least {
            let key = if itself {
                "minimum"
            } else {
                "exclusiveMinimum"
            };
            property[key] = number(edge);
        }
        if let Some((edge, itself)) = most {
            let key = if itself {
                "maximum"
            } else {
                "exclusiveMaximum"
            };
            property[key] = number(edge);
        }
    }
}

/// One value for a list of one.
fn singles(schema: &mut Value) {
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        fields.values_mut().for_each(singles);
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(all) = schema.get_mut(several).and_then(Value::as_array_mut) {
            all.iter_mut().for_each(singles);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(inner) {
            singles(inner);
        }
    }
    if schema["items"]["$ref"] == "#/$defs/Outcome" {
        schema["items"] = json!({ "anyOf": [schema["items"].clone(), errors_of_statuses()] });
    }
    let is_list = schema["type"] == "array" && schema["items"].is_object();
    if let Some(list) = schema.as_object_mut().filter(|_| is_list) {
        let mut outer = Map::new();
        for kept in ["description", "default"] {
            outer.extend(list.remove(kept).map(|value| (kept.to_owned(), value)));
        }
        let single = list["items"].clone();
        outer.insert("anyOf".into(), json!([Value::Object(list.clone()), single]));
        *list = outer;
    }
}

/// In a set of outcomes, `error(503)`, `error(429, "500..504")`: errors of these statuses alone.
fn errors_of_statuses() -> Value {
    let span = json!({ "type": "string", "pattern": r"^[0-9]+\.\.[0-9]+$" });
    let status = json!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 999 }, span] });
    let statuses = json!({ "anyOf": [status.clone(), { "type": "array", "items": status }] });
    json!({
        "type": "object",
        "properties": { "error": statuses },
        "required": ["error"],
        "additionalProperties": false,
    })
}

/// A bare value for the variant `constant`, and a bare name for a variant whose fields all have defaults.
fn abbreviate(of: &mut Value, types: &Value) {
    let mut more = Vec::new();
    for (name, held, _) in variants(of) {
        let Some(inner) = held.and_then(reference).map(|name| &types[name]) else {
            continue;
        };
        // It is the first of its fields.
        if let Some(first) = inner["required"][0].as_str().filter(|_| name == "constant") {
            more.push(inner["properties"][first].clone());
        }
        if inner["required"].as_array().is_none_or(Vec::is_empty) {
            more.push(json!({ "const": name }));
        }
    }
    if let Some(all) = of.get_mut("oneOf").and_then(Value::as_array_mut) {
        all.extend(more);
    }
}

/// A scenario as it is written, as JSON: what it includes is merged into it, and arguments have their names.
///
/// # Errors
/// If its text cannot be read as RON; what it says may be wrong.
pub fn as_json(name: &str, files: &(impl Files + ?Sized)) -> Result<Value, String> {
    let parsed = Parsed::read(name, files).map_err(|(found, _)| {
        let messages: Vec<String> = found.into_iter().map(|found| found.message).collect();
        messages.join("; ")
    })?;
    Ok(json(&parsed.named().0))
}

fn json(node: &Node) -> Value {
    let content = match &node.kind {
        Kind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| (key.as_key().unwrap_or_default().to_owned(), json(value)));
            Value::Object(entries.collect())
        }
        Kind::Struct(_, fields) => {
            let fields = fields
                .iter()
                .map(|field| (field.name.text.clone(), json(&field.value)));
            Value::Object(fields.collect())
        }
        Kind::Tuple(Some(_), items) if items.len() == 1 => json(&items[0]),
        Kind::Tuple(_, items) | Kind::List(items) => items.iter().map(json).collect(),
        Kind::Str(text) | Kind::Ident(text) => return text.as_str().into(),
        Kind::Unsigned(number) => (*number).into(),
        Kind::Signed(number) => (*number).into(),
        Kind::Float(number) => (*number).into(),
        Kind::Bool(value) => (*value).into(),
        Kind::Char(value) => value.to_string().into(),
    };
    match node.name() {
        Some(name) => json!({ name: content }),
        None => content,
    }
}
