//! Presets: settings of well-known libraries, in their own words, with their own defaults.
//!
//! A preset may stand wherever a policy may, `calls: { "web -> db": [resilience4j(circuitBreaker: ())] }`. It takes the
//! library's own names of fields and their defaults, and is replaced, when the list is read, by the policies that do
//! what the library does, in the order in which the library itself wraps them: `sim check --explain` shows which. In
//! another order each part is a preset of its own: `[resilience4j(circuitBreaker: ()), resilience4j(retry: ())]`.
//!
//! To add a library: a folder beside its siblings, with a file for each of its parts, and one line in `presets!` below.

mod spans;
pub mod aws;
pub mod cockatiel;
pub mod concurrency_limits;
pub mod envoy;
pub mod finagle;
pub mod governor;
pub mod grpc;
pub mod hystrix;
pub mod istio;
mod list;
pub mod opossum;
pub mod polly;
mod preset;
pub mod pybreaker;
pub mod aiobreaker;
pub mod resilience4j;
pub mod tower;
#[cfg(test)]
mod tests;

pub use aiobreaker::Aiobreaker;
pub use aws::Aws;
pub use cockatiel::Cockatiel;
pub use concurrency_limits::ConcurrencyLimits;
pub use envoy::Envoy;
pub use finagle::Finagle;
pub use governor::Governor;
pub use grpc::Grpc;
pub use hystrix::Hystrix;
pub use istio::Istio;
pub use list::PolicyList;
pub use opossum::Opossum;
pub use polly::Polly;
pub use preset::Preset;
pub use pybreaker::Pybreaker;
pub use resilience4j::Resilience4j;
pub use tower::Tower;

use crate::resilience::PolicySpec;
use serde::de::{Error, VariantAccess};
use serde::{Deserialize, Serialize};

/// Generates the enum of all presets and the registry. One line per library.
macro_rules! presets {
    ($($preset:ident $name:literal),* $(,)?) => {
        /// A preset as the scenario says it.
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum PresetSpec {
            $(#[serde(rename = $name)] $preset($preset)),*
        }

        /// Name and summary of every preset.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$preset as Preset>::SUMMARY)),*];

        /// How every preset is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$preset as Preset>::EXAMPLE),*];

        /// The text of the file of every preset, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, "/mod.rs"))),*];

        /// The version of the library that every preset follows, in the order of [`REGISTRY`].
        pub const VERSIONS: &[&str] = &[$(<$preset as Preset>::VERSION),*];

        impl PresetSpec {
            /// The preset of a name, with what is said of it.
            ///
            /// # Errors
            /// If that cannot be read, or there is none of that name.
            pub fn read<'de, V: VariantAccess<'de>>(name: &str, said: V) -> Result<Self, V::Error> {
                match name {
                    $($name => said.newtype_variant().map(Self::$preset),)*
                    _ => Err(V::Error::custom(format!("there is no preset `{name}`"))),
                }
            }

            /// See [`Preset::expand`].
            ///
            /// # Errors
            /// What the library itself would refuse.
            pub fn expand(&self) -> Result<Vec<PolicySpec>, String> {
                match self { $(Self::$preset(preset) => preset.expand()),* }
            }
        }
    };
}

presets! {
    Resilience4j "resilience4j",
    Polly "polly",
    Hystrix "hystrix",
    Envoy "envoy",
    Istio "istio",
    Grpc "grpc",
    Aws "aws",
    Finagle "finagle",
    Opossum "opossum",
    Cockatiel "cockatiel",
    Pybreaker "pybreaker",
    Aiobreaker "aiobreaker",
    Tower "tower",
    Governor "governor",
    ConcurrencyLimits "concurrency_limits",
}
