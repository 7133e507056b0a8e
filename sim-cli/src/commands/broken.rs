//! What every command does when an invariant of the simulator breaks: it must not look like an answer.

use crate::exit;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does the work; none if an invariant broke meanwhile.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Says so, and how to replay it. Returns the exit code.
///
/// # Errors
/// If that cannot be written.
pub fn tell(reproduce: &str, err: &mut dyn Write) -> io::Result<u8> {
    writeln!(
        err,
        "error: an invariant of the simulator broke; this is a bug of ours. To replay it:\n  {reproduce}"
    )?;
    Ok(exit::BROKEN)
}
