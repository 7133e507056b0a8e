//! Takes one out of a pool of the instance (`pools`), such as a connection to a database: waits in line for it if none
//! is left, and holds it until `release`, or until the request ends, however it ends.
//!
//! Source: HikariCP, `maximumPoolSize` and `connectionTimeout`; M. Nygard, "Release It!" (2007), blocked threads and
//! resource pools.

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use serde::{Deserialize, Serialize};

/// Takes one out of a pool of the instance and holds it until a `release` in the same list of steps, else until the
/// request (or the branch of a `parallel`) ends. Given back once, also when it is cancelled, given up or lost.
///
/// Where none is left it waits, first in, first out, with its thread if threads are sync. A request that finds the
/// places to wait taken, or has waited for as long as the pool allows, fails with status 503.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcquireStep {
    /// Name of one of the service's own `pools`.
    pub pool: String,
}

impl StepKind for AcquireStep {
    const SUMMARY: &'static str = "takes one out of a pool of the instance, or waits for one";
    const EXAMPLE: &'static str = r#"acquire("connections")"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Acquires(&self.pool)]
    }
    fn check(&self, found: &mut dyn Check) {
        found.pool(&self.pool, at!["pool"]);
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let pool = to.pool(&self.pool)?;
        to.code().push(Instruction::Acquire { pool });
        Ok(())
    }
}
