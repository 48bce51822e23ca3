//! Are chat templates rendered as transformers renders them? `cargo xtask templates`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Verb;
use crate::study;

pub(crate) static ENTRY: Verb = Verb {
    name: "templates",
    usage: "--folder DIR",
    summary: "Compares chat templates as rendered here with what transformers makes of them.",
    details: "DIR holds templates (*.jinja) and the rendered.json that xtask/golden/by_hand/templates.py makes\n\
              of them. None is in the repository: they are other people's.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    study::run(root, "templates", words)
}
