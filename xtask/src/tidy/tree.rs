//! Which files belong to the house, and what stands in them?

use std::cell::OnceCell;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::source::{self, Views};
use crate::process;

/// One file that git tracks, or neither tracks nor ignores.
pub(crate) struct File {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    /// What stands in it.
    pub(crate) bytes: Vec<u8>,
    views: OnceCell<Views>,
}

impl File {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
            views: OnceCell::new(),
        }
    }

    /// The contents as text, or nothing where they are not UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Whether it is Rust of ours; Rust to be read by a test is not.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs") && !self.is_fixture()
    }

    /// Whether it is what a test reads, such as a program with a flaw.
    pub(crate) fn is_fixture(&self) -> bool {
        self.path.contains("/tests/") && self.path.contains("/fixtures/")
    }

    /// The Rust source with comments and the contents of literals blanked out.
    pub(crate) fn code(&self) -> &str {
        &self.views().code
    }

    /// The Rust source with the contents of literals blanked out, comments kept.
    pub(crate) fn code_and_comments(&self) -> &str {
        &self.views().code_and_comments
    }

    fn views(&self) -> &Views {
        self.views
            .get_or_init(|| source::views(&String::from_utf8_lossy(&self.bytes)))
    }

    /// The folder below `crates/` that it stands in.
    pub(crate) fn room(&self) -> Option<&str> {
        self.path
            .strip_prefix("crates/")?
            .split_once('/')
            .map(|(room, _)| room)
    }

    /// The part of its path below the crate's folder, such as `src/lib.rs`.
    pub(crate) fn inside_room(&self) -> Option<&str> {
        self.path
            .strip_prefix("crates/")?
            .split_once('/')
            .map(|(_, rest)| rest)
    }
}

/// Every file of the house, sorted by path.
pub(crate) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the files that git lists below `root`: tracked ones that are still there, and new ones
    /// that are not ignored.
    ///
    /// # Errors
    ///
    /// Where git is missing, `root` is not a checkout, or a file cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let listed = process::output(
            root,
            "git",
            &[
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
            &[],
        )?;
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let full = root.join(path);
            // A tracked file that was just deleted is still listed; a link may point anywhere.
            if !full.symlink_metadata().is_ok_and(|entry| entry.is_file()) {
                continue;
            }
            let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            files.push(File::new(path, bytes));
        }
        Ok(Self { files })
    }

    /// A made-up tree, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut files: Vec<File> = files
            .iter()
            .map(|(path, text)| File::new(path, text.as_bytes().to_vec()))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// All files.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// All Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The file at this path.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .map(|at| &self.files[at])
    }

    /// The manifests of the workspace's packages (not the root's, and not those outside it).
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| {
            file.path.ends_with("/Cargo.toml")
                && (file.path.starts_with("crates/") || file.path.starts_with("xtask/"))
        })
    }
}
