//! How much do analyzers find, and over what do they cry out? `cargo xtask detection`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "detection",
    usage: "--samples FILE [--analyzers NAMES] [--semgrep-rules PATHS] [--seconds N]",
    summary: "Asks analyzers about labelled samples: flawed ones found, mended ones cried over.",
    details: "FILE is written by xtask/studies/peers/detection_samples.py from public sets; rules are tuned on \
              tune.jsonl and reported on report.jsonl.\n\
              Without --analyzers, all that are installed are asked.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "detection", words)
}
