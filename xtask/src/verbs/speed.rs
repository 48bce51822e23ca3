//! How many tokens a second does a model read and write? `cargo xtask speed`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "speed",
    usage: "--model PATH [--lanes N] [--repeats N] [--kernels tensors|slices|panels]\n\
            --models DIR [--llama SOURCE] [--python PROGRAM] [--only NAMES] [--formats FORMATS] [--lanes N,N]",
    summary: "Times a model: prompts of 512 tokens, then 128 more in each lane.",
    details: "PATH is a folder or a GGUF file. Prints one JSON line; run it on an idle machine.\n\
              With --models, a table of all models in DIR that xtask/golden/by_hand/bench_models.py makes, beside\n\
              llama.cpp (its source, built in its folder `build` with -DBUILD_SHARED_LIBS=ON) and transformers\n\
              (a Python that has it).",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "speed", words)
}
