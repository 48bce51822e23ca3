//! Times decoding, the constraint and the first token? `cargo xtask bench`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "bench",
    usage: "[--python PATH] [--model DIR]",
    summary: "Times decoding, the constraint and the first token.",
    details: "Prints Markdown. With `--python PATH`, that Python's `transformers` decodes the same weights in the\n\
              same run. Run it on an idle machine.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "bench", words)
}
