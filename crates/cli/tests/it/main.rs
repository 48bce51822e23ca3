//! Does the program do what it says, seen from outside: exit codes, standard output, standard error, files?

#[cfg(target_os = "linux")]
mod diff;
mod events;
#[cfg(feature = "local")]
mod generate;
mod help;
#[cfg(feature = "local")]
mod hub;
mod list;
#[cfg(feature = "local")]
mod model;
#[cfg(feature = "local")]
mod prompts;
mod render;
mod scan;
#[cfg(feature = "local")]
#[path = "../../../methods/tests/it/scripted.rs"]
mod scripted;
#[cfg(feature = "local")]
mod stop;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "local")]
mod wrong_input;

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

/// How a run ended.
struct Ran {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Ran {
    /// Standard output as text.
    fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("the answer is text")
    }

    /// Everything a person would see, with what differs from run to run taken out.
    fn all(&self) -> String {
        format!(
            "{}--- stderr ---\n{}--- exit code {} ---\n",
            String::from_utf8_lossy(&self.stdout),
            without_speed(&self.stderr),
            self.code
        )
    }
}

/// The program, as it was built for this test, without a terminal and with nothing in its surroundings.
fn command(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palinode"));
    for name in [
        "NO_COLOR",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_ENDPOINT",
        "HF_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("COLUMNS", "100")
        // No test touches the network, or finds what the person who runs it has fetched.
        .env("HF_HUB_OFFLINE", "1")
        .env(
            "HF_HOME",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/no-models"),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the program with `stdin` piped in.
fn run_with(arguments: &[impl AsRef<OsStr>], stdin: &[u8]) -> Ran {
    let mut child = command(arguments).spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("its input is piped");
    // A program that refuses its flags does not read its input; what cannot be written was not wanted.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are text"),
    }
}

/// Runs the program with nothing on its input.
fn run(arguments: &[impl AsRef<OsStr>]) -> Ran {
    run_with(arguments, b"")
}

/// `; 950 tokens/s` at the end of a line says how fast the machine is.
fn without_speed(stderr: &str) -> String {
    let mut out = String::new();
    for line in stderr.lines() {
        let kept = match line.rfind("; ") {
            Some(at) if line.ends_with(" tokens/s") => &line[..at],
            _ => line,
        };
        out += kept;
        out.push('\n');
    }
    out
}
