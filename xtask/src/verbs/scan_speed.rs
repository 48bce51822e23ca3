//! How fast is a scan beside its peers? `cargo xtask scan-speed`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::checks;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "scan-speed",
    usage: "--files DIR [--count N] [--repeats N] [--tools DIR] [--semgrep-rules FILE] [--palinode PROGRAM] [--json FILE]",
    summary: "Times a scan beside Bandit and Semgrep on the same files, and our rules in process.",
    details: "Takes 1,000 of the Python files below DIR (those of 200 bytes to 200 kB, every k-th in the order of\n\
              their paths) and asks each program about a copy of them, from the start of its process, on all cores\n\
              and, where there is `taskset`, on one. Semgrep gets the rules for Python of the package `codeshield`.\n\
              Without --tools, the programs are installed in target/analyzers.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    let mut words = words.to_vec();
    if !words.iter().any(|word| word == "--tools") {
        let programs = checks::ANALYZERS.programs(root)?;
        words.extend([
            "--tools".to_owned(),
            programs.to_string_lossy().into_owned(),
        ]);
    }
    study::run(root, "scan-speed", &words)
}
