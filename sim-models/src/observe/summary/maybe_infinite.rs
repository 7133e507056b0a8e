//! Numbers that JSON cannot write: infinity is the text `inf`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

pub(super) fn serialize<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.is_infinite() => value.to_string().serialize(serializer),
        value => value.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    Ok(match Option::<Written>::deserialize(deserializer)? {
        Some(Written::Number(value)) => Some(value),
        Some(Written::Text(text)) => Some(text.parse().map_err(serde::de::Error::custom)?),
        None => None,
    })
}
