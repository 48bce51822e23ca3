//! Does this machine remake the start of the bundled model's curve?
//!
//! Runs the first steps of the recipe, in a folder of its own, and compares their losses with those
//! published in `models/nano/curve.jsonl`. The recipe's data are a function of their seeds, so only
//! rounding may differ.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::arguments::Arguments;

/// How far a loss may lie from the published one, as a share of it.
const TOLERANCE: f64 = 0.01;

/// `--palinode PROGRAM --curve FILE --steps N`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program: PathBuf = arguments.get("palinode", "target/release/palinode".into())?;
    let published: PathBuf = arguments.get("curve", "models/nano/curve.jsonl".into())?;
    let steps: u64 = arguments.get("steps", 50)?;
    let folder = std::env::temp_dir().join(format!("palinode-nano-check-{}", std::process::id()));
    let status = Command::new(&program)
        .args(["train", "nano", "--start-only", &steps.to_string(), "--out"])
        .arg(&folder)
        .status()
        .with_context(|| format!("starting {}", program.display()))?;
    ensure!(
        status.success(),
        "{} train nano ended with {status}",
        program.display()
    );
    let ours = losses(&folder.join("curve.jsonl"))?;
    let theirs = losses(&published)?;
    std::fs::remove_dir_all(&folder).ok();
    let mut compared = 0;
    for ((stage, step), loss) in &ours {
        let Some(expected) = theirs.get(&(stage.clone(), *step)) else {
            continue;
        };
        let apart = (loss - expected).abs() / expected;
        println!("{stage} step {step}: loss {loss:.4}, published {expected:.4}");
        ensure!(
            apart <= TOLERANCE,
            "{stage} step {step} is {:.2} % off",
            100.0 * apart
        );
        compared += 1;
    }
    ensure!(
        compared > 0,
        "no step of {} was remade",
        published.display()
    );
    println!("{compared} losses agree within {} %", 100.0 * TOLERANCE);
    Ok(())
}

fn losses(file: &std::path::Path) -> Result<BTreeMap<(String, u64), f64>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line)?;
            let (Some(stage), Some(step), Some(loss)) = (
                value["stage"].as_str(),
                value["step"].as_u64(),
                value["loss"].as_f64(),
            ) else {
                bail!("a line of {} lacks stage, step or loss", file.display());
            };
            Ok(((stage.to_owned(), step), loss))
        })
        .collect()
}
