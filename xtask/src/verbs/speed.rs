//! How many tokens a second does a model read and write? `cargo xtask speed`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "speed",
    usage: "--model PATH [--lanes N] [--repeats N] [--kernels tensors|slices|panels]",
    summary: "Times a model: prompts of 512 tokens, then 128 more in each lane.",
    details: "PATH is a folder or a GGUF file. Prints one JSON line; run it on an idle machine.\n\
              xtask/golden/by_hand/bench_models.py makes models of random weights to time.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "speed", words)
}
