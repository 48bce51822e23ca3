//! Do the golden values still come from the reference? `cargo xtask golden`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use super::Verb;
use crate::golden::{self, Difference};
use crate::process;
use crate::scratch::Scratch;

pub(crate) static ENTRY: Verb = Verb {
    name: "golden",
    usage: "[--check] [--python PATH]",
    summary: "Remakes the golden files with PyTorch and transformers.",
    details: "Makes `.venv` with the versions pinned in xtask/golden/requirements.txt, runs each\n\
              xtask/golden/*.py into a temporary folder and replaces what was committed from it; what\n\
              the tolerance forgives stays as it is. `--check` compares and writes nothing. `--python`\n\
              takes an interpreter that has the packages instead of `.venv`.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    let mut check = false;
    let mut python = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--check" => check = true,
            "--python" => {
                python = Some(PathBuf::from(
                    words.next().context("`--python` needs a path")?,
                ))
            }
            _ => bail!("golden knows no `{word}`"),
        }
    }
    let scripts = golden::scripts(root)?;
    let python = match python {
        Some(path) => path,
        None => golden::PYTHON.python(root)?,
    };
    let scratch = Scratch::new("golden")?;
    let mut different = 0;
    for script in &scripts {
        let out = scratch.path().join(&script.name);
        std::fs::create_dir(&out).with_context(|| format!("cannot create {}", out.display()))?;
        let words = [&*script.path.to_string_lossy(), &*out.to_string_lossy()];
        if !process::show(root, &python.to_string_lossy(), &words, &[])?.success {
            bail!("{} failed", script.path.display());
        }
        different += settle(&script.committed, &out, check)?;
    }
    Ok(ExitCode::from(u8::from(check && different > 0)))
}

/// Compares what was remade with what is committed, replaces the latter unless `check`, and says
/// how many files differed.
fn settle(committed: &Path, remade: &Path, check: bool) -> Result<usize> {
    let files = golden::files(remade)?;
    if files.is_empty() {
        bail!("the script for {} wrote nothing", committed.display());
    }
    let mut different = 0_usize;
    for file in &files {
        let (old, new) = (committed.join(file), remade.join(file));
        let what = match golden::difference(&old, &new)? {
            Difference::None => continue,
            Difference::Missing => "is new".to_owned(),
            Difference::Values(what) => what,
        };
        different += 1;
        println!("{}: {what}", old.display());
        if !check {
            if let Some(folder) = old.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&new, &old).with_context(|| format!("cannot write {}", old.display()))?;
        }
    }
    for file in golden::files(committed)?
        .iter()
        .filter(|file| !files.contains(file))
    {
        different += 1;
        let old = committed.join(file);
        println!("{}: nothing makes it any more", old.display());
        if !check {
            std::fs::remove_file(&old)
                .with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    let verdict = if check { "differ" } else { "replaced" };
    println!(
        "{}: {} files, {different} {verdict}",
        committed.display(),
        files.len()
    );
    Ok(different)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_writes_nothing_and_without_it_files_are_replaced() {
        let scratch = Scratch::new("settle-test").expect("a folder");
        let (committed, remade) = (
            scratch.path().join("committed"),
            scratch.path().join("remade"),
        );
        for folder in [&committed, &remade] {
            std::fs::create_dir_all(folder.join("a")).expect("a folder");
        }
        std::fs::write(committed.join("stale.json"), "[1]").expect("a file");
        std::fs::write(remade.join("a/b.json"), "[1]").expect("a file");
        let settled = |check| settle(&committed, &remade, check).expect("readable");
        let now = || golden::files(&committed).expect("a list");
        assert_eq!(settled(true), 2);
        assert_eq!(now(), [PathBuf::from("stale.json")]);
        assert_eq!(settled(false), 2);
        assert_eq!(now(), [PathBuf::from("a/b.json")]);
        assert_eq!(settled(true), 0);
    }
}
