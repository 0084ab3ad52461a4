//! Child processes: cargo and other programs.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::paths::root;
use crate::terminal::say;

/// Returns a command of the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command, printing it first.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let line = command_line(command);
    say(&format!("\n▶ {line}"));
    let status = command.status().map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})")) }
}

/// Runs a command and returns its standard output.
pub(crate) fn stdout_of(command: &mut Command) -> Result<String, String> {
    let output =
        command.output().map_err(|error| format!("`{}`: {error}", command_line(command)))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` failed: {error}", command_line(command)));
    }
    String::from_utf8(output.stdout)
        .map_err(|error| format!("`{}`: {error}", command_line(command)))
}

/// Returns `true` if a program is on the `PATH`.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Returns a command that runs a program as root.
pub(crate) fn sudo(program: &str) -> Command {
    if is_root() || !has("sudo") {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg("--preserve-env").arg(program);
    command
}

/// Returns the name and the arguments of a command, for messages.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
