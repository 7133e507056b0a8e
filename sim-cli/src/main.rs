//! The `sim` command: a thin shell round the library, so that tests can call what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sim_cli::main(std::env::args_os()))
}
