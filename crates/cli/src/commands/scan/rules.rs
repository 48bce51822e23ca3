//! Which rules does the user add to ours?

use std::fs;
use std::path::{Path, PathBuf};

use palinode_rules::RuleBook;

use super::cannot_read;
use crate::failure::Failure;

/// Files of rules below `paths`, with their texts, in the order of their names.
///
/// # Errors
/// A path that cannot be read, or a file that is no text; a folder without rules.
pub(crate) fn read_rules(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| unread(path, &error))?;
        let mut files = vec![path.clone()];
        if metadata.is_dir() {
            files.clear();
            below(path, &mut files)?;
            files.sort();
            if files.is_empty() {
                return Err(
                    Failure::new(format!("no rules stand in `{}`", path.display()))
                        .hint("rules are files that end in .yml or .yaml"),
                );
            }
        }
        for file in files {
            let text = fs::read_to_string(&file).map_err(|error| unread(&file, &error))?;
            texts.push((file.display().to_string(), text));
        }
    }
    Ok(texts)
}

/// Our rules and these.
///
/// # Errors
/// Of the first rule that is refused, with its file and field.
pub(crate) fn book(texts: &[(String, String)]) -> Result<RuleBook, Failure> {
    let pairs = texts
        .iter()
        .map(|(file, text)| (file.as_str(), text.as_str()));
    RuleBook::builtin()
        .with_rules(pairs)
        .map_err(|error| Failure::new("a rule is refused").because(&error))
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .build();
    for entry in walk {
        let entry = entry.map_err(|error| {
            Failure::new(format!("cannot read `{}`", folder.display())).because(&error)
        })?;
        let extension = entry
            .path()
            .extension()
            .and_then(|extension| extension.to_str());
        let is_rule = matches!(extension, Some("yml" | "yaml"));
        if is_rule && entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    Ok(())
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    cannot_read(path, error).hint("name files and folders of rules, in YAML")
}
