//! Remakes the start of the bundled model's training and compares the losses? `cargo xtask nano-check`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "nano-check",
    usage: "[--steps N]",
    summary: "Remakes the start of the bundled model's training and compares the losses.",
    details: "Runs `palinode train nano --start-only 50` in a temporary folder, about half a minute, and fails\n\
              where a loss is more than 1 % from the published curve.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "nano-check", words)
}
