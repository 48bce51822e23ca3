//! Are the golden values what the reference implementation gives? Remade and compared here.
//!
//! `xtask/golden/<name>.py` is called with an empty folder and fills it; what it writes is committed
//! as `tests/it/golden/<name>` of the one crate that has a folder of that name.

mod compare;
mod safetensors;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::python::Environment;

/// How a remade file compares with the committed one.
pub(crate) enum Difference {
    /// Equal, or within the tolerance.
    None,
    /// Nothing is committed at this path.
    Missing,
    /// What differs, in words.
    Values(String),
}

/// A script that makes golden files.
pub(crate) struct Script {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name without extension.
    pub(crate) name: String,
    /// The folder that holds what it made when it was last run.
    pub(crate) committed: PathBuf,
}

/// The scripts, sorted by name.
///
/// # Errors
///
/// Where there are none, or where not exactly one crate has a folder of a script's name.
pub(crate) fn scripts(root: &Path) -> Result<Vec<Script>> {
    let folder = root.join("xtask").join("golden");
    let mut found = Vec::new();
    for path in listed(&folder)? {
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let committed = committed(root, &name)?;
        found.push(Script {
            path,
            name,
            committed,
        });
    }
    if found.is_empty() {
        bail!("no scripts in {}", folder.display());
    }
    Ok(found)
}

/// The one folder `crates/*/tests/it/golden/<name>`.
fn committed(root: &Path, name: &str) -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = listed(&root.join("crates"))?
        .into_iter()
        .map(|room| room.join("tests").join("it").join("golden").join(name))
        .filter(|folder| folder.is_dir())
        .collect();
    match folders.pop() {
        Some(folder) if folders.is_empty() => Ok(folder),
        Some(_) => bail!("more than one crate has golden files called `{name}`"),
        None => bail!(
            "whose golden files are `{name}`? Make an empty folder crates/<crate>/tests/it/golden/{name}"
        ),
    }
}

/// What stands in a folder, sorted.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry?.path());
    }
    found.sort_unstable();
    Ok(found)
}

/// What the scripts run in.
pub(crate) const PYTHON: Environment = Environment {
    folder: ".venv",
    requirements: "xtask/golden/requirements.txt",
};

/// Every file below `folder`, as paths relative to it, sorted.
///
/// # Errors
///
/// Where a folder cannot be listed.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(inner) = open.pop() {
        for path in listed(&inner)? {
            if path.is_dir() {
                open.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Compares one remade file with the committed one.
///
/// # Errors
///
/// Where a file cannot be read, or is not what its name says.
pub(crate) fn difference(committed: &Path, remade: &Path) -> Result<Difference> {
    if !committed.exists() {
        return Ok(Difference::Missing);
    }
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (old, new) = (read(committed)?, read(remade)?);
    if old == new {
        return Ok(Difference::None);
    }
    let extension = remade.extension().unwrap_or_default();
    let found = if extension == "safetensors" {
        safetensors::difference(&old, &new)
    } else if extension == "json" {
        compare::json_difference(&old, &new)
    } else {
        Ok(Some("the bytes differ".to_owned()))
    };
    let found = found.with_context(|| format!("cannot compare {}", committed.display()))?;
    Ok(found.map_or(Difference::None, Difference::Values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn files_are_listed_and_compared() {
        let scratch = Scratch::new("golden-test").expect("a folder");
        let path = scratch.path();
        std::fs::create_dir(path.join("b")).expect("a folder");
        for (name, text) in [
            ("a.json", "[1.0, 2.0]"),
            ("b/c.json", "[1.00001, 2.0]"),
            ("d.json", "[1.1, 2.0]"),
            ("e.txt", "x"),
        ] {
            std::fs::write(path.join(name), text).expect("a file");
        }
        let found = files(path).expect("a list");
        let expected = ["a.json", "b/c.json", "d.json", "e.txt"].map(PathBuf::from);
        assert_eq!(found, expected);
        let compare =
            |a: &str, b: &str| difference(&path.join(a), &path.join(b)).expect("readable");
        assert!(matches!(compare("a.json", "b/c.json"), Difference::None));
        assert!(matches!(compare("a.json", "d.json"), Difference::Values(_)));
        assert!(matches!(compare("f.json", "d.json"), Difference::Missing));
        assert!(matches!(compare("a.json", "e.txt"), Difference::Values(_)));
        assert!(difference(&path.join("e.txt"), &path.join("a.json")).is_err());
    }
}
