//! How is the house kept? `cargo xtask <verb>`: one file a verb in `verbs/`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program whose whole answer is what it prints"
)]

mod checks;
mod golden;
mod process;
mod python;
mod scratch;
mod study;
mod tidy;
mod verbs;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Finds the verb and hands it the workspace's root and the remaining words.
fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", verbs::help());
        return Ok(ExitCode::from(2));
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", verbs::help());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(verb) = verbs::by_name(name) else {
        bail!("there is no verb `{name}`\n\n{}", verbs::help());
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", verb.manual());
        return Ok(ExitCode::SUCCESS);
    }
    (verb.run)(&workspace_root()?, rest)
}

/// The folder of the workspace's manifest: the parent of this crate's.
///
/// cargo names the crate's folder when it runs us; the one that was compiled in may be another
/// checkout's, where two share a target folder.
fn workspace_root() -> Result<PathBuf> {
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here)
        .parent()
        .map(Path::to_path_buf)
        .context("xtask stands in no folder")
}
