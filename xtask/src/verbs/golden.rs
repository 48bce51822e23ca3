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
              xtask/golden/*.py into a temporary folder and replaces the committed files; what the\n\
              tolerance forgives stays as it is. `--check` compares and writes nothing. `--python`\n\
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
        None => golden::python(root)?,
    };
    let scratch = Scratch::new("golden")?;
    for script in &scripts {
        let (script, out) = (script.to_string_lossy(), scratch.path().to_string_lossy());
        let finished = process::show(root, &python.to_string_lossy(), &[&script, &out], &[])?;
        if !finished.success {
            bail!("{script} failed");
        }
    }
    settle(root, scratch.path(), check)
}

/// Compares what was remade with what is committed, and replaces the latter unless `check`.
fn settle(root: &Path, remade: &Path, check: bool) -> Result<ExitCode> {
    let files = golden::files(remade)?;
    if files.is_empty() {
        bail!("the scripts wrote nothing");
    }
    let mut different = 0_usize;
    for file in &files {
        let (old, new) = (root.join(file), remade.join(file));
        let what = match golden::difference(&old, &new)? {
            Difference::None => continue,
            Difference::Missing => "is new".to_owned(),
            Difference::Values(what) => what,
        };
        different += 1;
        println!("{}: {what}", file.display());
        if !check {
            if let Some(folder) = old.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&new, &old).with_context(|| format!("cannot write {}", old.display()))?;
        }
    }
    let verdict = if check { "differ" } else { "replaced" };
    println!("golden: {} files, {different} {verdict}", files.len());
    Ok(ExitCode::from(u8::from(check && different > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_writes_nothing_and_without_it_the_file_is_replaced() {
        let scratch = Scratch::new("settle-test").expect("a folder");
        let (root, remade) = (scratch.path().join("root"), scratch.path().join("remade"));
        std::fs::create_dir_all(remade.join("a")).expect("a folder");
        std::fs::write(remade.join("a/b.json"), "[1]").expect("a file");
        let good = ExitCode::SUCCESS;
        let settled = |check| format!("{:?}", settle(&root, &remade, check).expect("readable"));
        assert_ne!(settled(true), format!("{good:?}"));
        assert!(!root.exists());
        assert_eq!(settled(false), format!("{good:?}"));
        assert_eq!(
            std::fs::read_to_string(root.join("a/b.json")).expect("it is there"),
            "[1]"
        );
        assert_eq!(settled(true), format!("{good:?}"));
    }
}
