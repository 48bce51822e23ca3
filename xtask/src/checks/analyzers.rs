//! Step: do the analyzers that can be had say what `crates/scan` expects of them?
//!
//! Its tests meet whatever is installed; this step installs what pip has, in `target/`, and lets them insist on it.
//! The schema of SARIF may not be stored here by its licence; a crate that carries it is fetched, and not compiled.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Outcome, Step};
use crate::process;
use crate::python::Environment;

pub(super) static ENTRY: Step = Step {
    name: "analyzers",
    shows: "analyzers that can be installed find what they are known to find, and SARIF follows its schema",
    run,
};

/// Analyzers, as `palinode list analyzers` names them, with what pip brings.
const INSTALLED: [&str; 4] = ["bandit", "codeshield", "flawfinder", "semgrep"];
/// Those that the system's packages bring.
const PACKAGED: [&str; 2] = ["cppcheck", "gcc"];

/// Where what pip has is installed.
pub(crate) const PYTHON: Environment = Environment {
    folder: "target/analyzers",
    requirements: "xtask/analyzers/requirements.txt",
};

/// The tests that meet analyzers, and the one that holds a report against the schema.
const TESTS: &str = "package(palinode-scan) and (test(/^tools::/) or test(/^reports::sarif::/))";

fn run(root: &Path) -> Result<Outcome> {
    let mut outcome = Outcome::of(true, "");
    let mut expected: Vec<&str> = Vec::new();
    for program in PACKAGED {
        match process::is_there(program, &["--version"]) {
            true => expected.push(program),
            false => outcome.skipped.push(format!(
                "{program}: not installed (apt-get install {program})"
            )),
        }
    }
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    let mut schema = String::new();
    match PYTHON.programs(root) {
        Ok(programs) => {
            expected.extend(INSTALLED);
            let mut first = programs.into_os_string();
            first.push(if cfg!(windows) { ";" } else { ":" });
            first.push(&path);
            path = first;
            match fetch_schema(root) {
                Ok(file) => schema = file.to_string_lossy().into_owned(),
                Err(error) => outcome
                    .skipped
                    .push(format!("SARIF against its schema: {error:#}")),
            }
        }
        Err(error) => {
            let what = INSTALLED.join(", ");
            outcome
                .skipped
                .push(format!("{what}, and SARIF against its schema: {error:#}"));
        }
    }
    expected.sort_unstable();
    let names = expected.join(",");
    let path = path.to_string_lossy().into_owned();
    let mut environment = vec![
        ("PATH", path.as_str()),
        ("PALINODE_EXPECTED_ANALYZERS", &names),
    ];
    if !schema.is_empty() {
        environment.push(("PALINODE_SARIF_SCHEMA", &schema));
    }
    let cargo = process::cargo();
    // The whole workspace, as in the step before, or features would change and much be compiled again.
    let words: &[&str] = match process::is_there(&cargo, &["nextest", "--version"]) {
        true => &["nextest", "run", "--release", "--workspace", "-E", TESTS],
        false => &[
            "test",
            "--release",
            "--package",
            "palinode-scan",
            "--test",
            "it",
        ],
    };
    outcome.passed = process::show(root, &cargo, words, &environment)?.success;
    outcome.counted = format!("met {names}");
    Ok(outcome)
}

/// The file with the schema, fetched first where needed.
fn fetch_schema(root: &Path) -> Result<PathBuf> {
    const MANIFEST: &str = "[package]\nname = \"schema\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                            [lib]\npath = \"lib.rs\"\n\n[workspace]\n\n[dependencies]\n\
                            serde-sarif = { version = \"=0.8.0\", default-features = false }\n";
    let folder = root.join("target").join("sarif-schema");
    std::fs::create_dir_all(&folder).context("cannot make a folder in target")?;
    std::fs::write(folder.join("Cargo.toml"), MANIFEST).context("cannot write a manifest")?;
    std::fs::write(folder.join("lib.rs"), "").context("cannot write a file")?;
    let words = ["metadata", "--format-version", "1", "--quiet"];
    let said = process::output(&folder, &process::cargo(), &words, &[])?;
    let said: serde_json::Value = serde_json::from_str(&said).context("cargo wrote no JSON")?;
    let packages = said["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let carrier = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif");
    let manifest = carrier.and_then(|package| package["manifest_path"].as_str());
    let manifest = Path::new(manifest.context("cargo did not fetch it")?);
    let file = manifest.with_file_name("src").join("schema.json");
    if !file.is_file() {
        bail!("it is not at {}", file.display());
    }
    Ok(file)
}
