//! How does the automation start another program, show what it prints, and read it?

use std::io::{IsTerminal as _, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// How a program ended, and what it printed.
pub(crate) struct Finished {
    /// Whether its exit code was 0.
    pub(crate) success: bool,
    /// What it wrote to stdout and stderr, in this order, without colours.
    pub(crate) text: String,
}

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether a program can be started: asks it for its version.
pub(crate) fn is_there(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What to call a program: its name without the folder it is in.
fn name(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program)
}

/// What a program writes to stdout, silently.
///
/// # Errors
///
/// Where it cannot be started, fails, or writes something that is not UTF-8.
pub(crate) fn output(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{program}`: is it installed?"))?;
    if !output.status.success() {
        bail!(
            "`{} {}` failed: {}",
            name(program),
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{program}` wrote no valid UTF-8"))
}

/// Runs a program and shows what it prints as it prints it, keeping a copy.
///
/// # Errors
///
/// Where it cannot be started. That it fails is no error but [`Finished::success`].
pub(crate) fn show(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<Finished> {
    println!("$ {} {}", name(program), arguments.join(" "));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Behind a pipe cargo and nextest would drop their colours.
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start `{program}`: is it installed?"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut text, errors) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| copy(stderr, std::io::stderr()));
        let text = copy(stdout, std::io::stdout());
        (text, errors.join().unwrap_or_default())
    });
    text.extend_from_slice(&errors);
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for `{program}`"))?;
    Ok(Finished {
        success: status.success(),
        text: without_colours(&String::from_utf8_lossy(&text)),
    })
}

/// Copies a pipe to a stream, piece by piece as it comes, and returns all of it.
fn copy(from: Option<impl Read>, mut to: impl Write) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else {
        return kept;
    };
    let mut piece = [0_u8; 8192];
    while let Ok(length) = from.read(&mut piece) {
        if length == 0 {
            break;
        }
        // Nobody reading what we show is no reason to stop the program.
        let _ = to.write_all(&piece[..length]).and_then(|()| to.flush());
        kept.extend_from_slice(&piece[..length]);
    }
    kept
}

/// The text without terminal escape sequences of the form `ESC [ … letter`.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            let _ = letters.find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_removed() {
        assert_eq!(without_colours("a\u{1b}[1;32mb\u{1b}[0mc"), "abc");
    }

    #[test]
    fn a_missing_program_is_an_error_with_its_name() {
        assert!(!is_there("palinode-no-such-program", &["--version"]));
        let error = output(Path::new("."), "palinode-no-such-program", &[], &[]);
        let text = format!("{:#}", error.expect_err("it does not exist"));
        assert!(text.contains("palinode-no-such-program"), "{text}");
    }

    #[test]
    fn what_a_program_prints_is_kept() {
        let cargo = cargo();
        let finished = show(Path::new("."), &cargo, &["--version"], &[]);
        let finished = finished.expect("cargo is there");
        assert!(finished.success);
        assert!(finished.text.starts_with("cargo "), "{}", finished.text);
    }
}
