//! Judges the bundled model on held-out tasks and writes the table into its card? `cargo xtask nano-report`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "nano-report",
    usage: "[--tasks N] [--before DIR] [--after DIR] [--card FILE]",
    summary: "Judges the bundled model on held-out tasks and writes the table into its card.",
    details: "Both models write the same 1,000 tasks by the same seeds; about four minutes on two cores.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "nano-report", words)
}
