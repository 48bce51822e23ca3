//! How do texts lie that a tool is given?

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::source::Source;

/// How the files lie that a tool is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Side by side, under names of ours. For tools that look at each file by itself: nothing in a path can make
    /// them pass over a file.
    Flat,
    /// As they lie with the user, so that one can include another.
    Tree,
}

/// A folder with a copy of every text in each layout, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: TempDir,
    flat: Vec<String>,
    tree: Vec<String>,
}

impl Stage {
    /// Copies the texts into a new folder.
    pub(crate) fn new(sources: &[Source]) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("palinode-").tempdir()?;
        let flat: Vec<String> = sources
            .iter()
            .enumerate()
            .map(|(index, source)| format!("f{index:06}.{}", extension(source)))
            .collect();
        let stage = Self {
            folder,
            flat,
            tree: tree_names(sources),
        };
        for layout in [Layout::Flat, Layout::Tree] {
            fs::create_dir_all(stage.root(layout))?;
            for (index, source) in sources.iter().enumerate() {
                let file = stage.root(layout).join(stage.name(layout, index));
                if let Some(parent) = file.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(file, source.text.as_bytes())?;
            }
        }
        Ok(stage)
    }

    /// The folder that a layout's names are relative to.
    pub(crate) fn root(&self, layout: Layout) -> PathBuf {
        self.folder.path().join(match layout {
            Layout::Flat => "flat",
            Layout::Tree => "tree",
        })
    }

    /// A fresh folder for what a tool writes.
    pub(crate) fn fresh(&self) -> io::Result<TempDir> {
        tempfile::tempdir_in(self.folder.path())
    }

    /// The path of a text below its root, with `/`.
    pub(crate) fn name(&self, layout: Layout, index: usize) -> &str {
        match layout {
            Layout::Flat => &self.flat[index],
            Layout::Tree => &self.tree[index],
        }
    }
}

/// The extension by which a tool knows what the text is: its own where that fits its language.
fn extension(source: &Source) -> String {
    let own = Path::new(&source.name).extension();
    let own = own.and_then(|own| own.to_str()).unwrap_or_default();
    let fits = source.language.extensions.contains(&own);
    let usual = source.language.extensions.first().copied().unwrap_or("txt");
    if fits { own } else { usual }.to_owned()
}

/// Paths that keep how the texts lie to each other, of letters that no tool or shell reads as something else.
fn tree_names(sources: &[Source]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        let kept = plain_path(source).filter(|name| taken.insert(name.to_ascii_lowercase()));
        names.push(kept.unwrap_or_else(|| format!("odd/{index}/file.{}", extension(source))));
    }
    names
}

/// The path of a text below a root, where its name has nothing odd in it; a step up becomes a folder `up`.
fn plain_path(source: &Source) -> Option<String> {
    let path = Path::new(&source.name);
    let own = path.extension()?.to_str()?;
    if !source.language.extensions.contains(&own) {
        return None;
    }
    let plain = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-+.".contains(&byte))
            && !part.starts_with(['-', '.'])
    };
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::Normal(part) => {
                parts.push(part.to_str().filter(|part| plain(part))?)
            }
            std::path::Component::ParentDir => parts.push("up"),
            std::path::Component::CurDir | std::path::Component::RootDir => {}
            std::path::Component::Prefix(_) => return None,
        }
    }
    // The first folder is ours, so that none of the user's can be taken for another of ours.
    Some(format!("code/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palinode_code::{Text, languages};

    fn source(name: &str, language: &str) -> Source {
        let language = languages::by_name(language).expect("it is known");
        Source::new(name, Text::from(name), language)
    }

    #[test]
    fn names_are_plain_unique_and_keep_the_tree() {
        let sources = [
            source("src/a.c", "c"),
            source("../lib/a.h", "c"),
            source("-rf.py", "python"),
            source("<stdin>", "go"),
            source("src/a.c", "c"),
            source("chat.md", "python"),
            source("/etc/x.php", "php"),
            source("tests/a b.js", "javascript"),
        ];
        let stage = Stage::new(&sources).expect("it is written");
        assert_eq!(stage.name(Layout::Tree, 0), "code/src/a.c");
        assert_eq!(stage.name(Layout::Tree, 1), "code/up/lib/a.h");
        assert_eq!(stage.name(Layout::Tree, 2), "odd/2/file.py");
        assert_eq!(stage.name(Layout::Tree, 4), "odd/4/file.c");
        assert_eq!(stage.name(Layout::Tree, 6), "code/etc/x.php");
        assert_eq!(stage.name(Layout::Flat, 1), "f000001.h");
        assert_eq!(stage.name(Layout::Flat, 5), "f000005.py");
        for layout in [Layout::Flat, Layout::Tree] {
            for (index, source) in sources.iter().enumerate() {
                let file = stage.root(layout).join(stage.name(layout, index));
                assert_eq!(fs::read(file).expect("it is there"), source.text.as_bytes());
            }
        }
    }
}
