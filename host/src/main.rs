//! The `usher` command: the component, driven from the command line.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
