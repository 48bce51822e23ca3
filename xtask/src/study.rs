//! How is a study run? Studies link the whole house, so they are a program of their own that this crate starts.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::process;

/// Builds `palinode` and the studies in the release profile, and runs one with these words.
pub(crate) fn run(root: &Path, name: &str, words: &[String]) -> Result<ExitCode> {
    let cargo = process::cargo();
    let built = process::show(
        root,
        &cargo,
        &[
            "build",
            "--release",
            "-p",
            "palinode",
            "-p",
            "palinode-studies",
        ],
        &[],
    )?;
    if !built.success {
        return Ok(ExitCode::from(1));
    }
    let mut arguments = vec![
        "run",
        "--quiet",
        "--release",
        "-p",
        "palinode-studies",
        "--",
        name,
    ];
    arguments.extend(words.iter().map(String::as_str));
    let done = process::show(root, &cargo, &arguments, &[])?;
    Ok(ExitCode::from(u8::from(!done.success)))
}
