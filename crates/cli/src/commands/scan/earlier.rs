//! What stood in these files at a revision?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use palinode_code::languages::{self, Language};
use palinode_scan::report::Comparison;
use palinode_scan::{Changes, Merged};

use super::collect::{Source, sources};
use super::{Arguments, cannot_read};
use crate::failure::Failure;
use crate::git::{self, Changed, Repository};

/// The files of a repository as they were at a revision.
#[derive(Debug)]
pub(crate) struct Since {
    repository: Repository,
    /// What the user calls it.
    revision: String,
    commit: String,
    changes: git::Changes,
}

impl Since {
    /// What has changed since a revision of the repository that the paths lie in.
    ///
    /// # Errors
    /// Paths that lie in none, or in several; a revision that is not there.
    pub(crate) fn new(revision: &str, arguments: &Arguments) -> Result<Self, Failure> {
        let here = [PathBuf::from(".")];
        let paths = match arguments.paths.is_empty() {
            true => &here[..],
            false => &arguments.paths[..],
        };
        let mut found: Option<Repository> = None;
        for path in paths {
            if path.as_os_str() == "-" {
                return Err(Failure::new("standard input has no revisions")
                    .hint("give --diff files or folders of a git repository"));
            }
            let whole = path
                .canonicalize()
                .map_err(|error| cannot_read(path, &error))?;
            let folder = match whole.is_dir() {
                true => whole.as_path(),
                false => whole.parent().unwrap_or(&whole),
            };
            let repository = Repository::around(folder)?;
            match &found {
                Some(other) if other.root != repository.root => {
                    return Err(Failure::new(format!(
                        "`{}` and `{}` are two repositories",
                        other.root.display(),
                        repository.root.display()
                    ))
                    .hint("with --diff, scan one at a time"));
                }
                _ => found = Some(repository),
            }
        }
        let repository = found.ok_or_else(|| Failure::new("there is nothing to compare"))?;
        let commit = repository.commit(revision)?;
        let changes = repository.changes(&commit, arguments.no_ignore)?;
        Ok(Self {
            repository,
            revision: revision.to_owned(),
            commit,
            changes,
        })
    }

    /// The files that are not what they were, by their paths without links.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        let now = self
            .changes
            .files
            .iter()
            .filter_map(|file| file.now.as_ref());
        now.map(|path| self.repository.root.join(path)).collect()
    }

    /// What stood in the files that have changed, under the names that they have now, and in those below `paths` that
    /// are gone: what they held may have moved.
    ///
    /// # Errors
    /// A text that is not in this clone.
    pub(crate) fn sources(
        &self,
        changed: &[(String, PathBuf)],
        paths: &[PathBuf],
        language: Option<&'static Language>,
    ) -> Result<Vec<Source>, Failure> {
        let named: BTreeMap<&Path, &str> = changed
            .iter()
            .map(|(name, path)| (path.as_path(), name.as_str()))
            .collect();
        let folders: Vec<PathBuf> = match paths.is_empty() {
            true => Path::new(".").canonicalize().into_iter().collect(),
            false => paths.iter().flat_map(|path| path.canonicalize()).collect(),
        };
        let mut wanted: Vec<(String, &Path, &String)> = Vec::new();
        for Changed { now, before } in &self.changes.files {
            let Some((path, blob)) = before else { continue };
            let was = self.repository.root.join(path);
            let name = match now {
                Some(now) => named.get(self.repository.root.join(now).as_path()).copied(),
                None => None,
            };
            match name {
                Some(name) => wanted.push((name.to_owned(), path, blob)),
                None if now.is_none() && folders.iter().any(|folder| was.starts_with(folder)) => {
                    wanted.push((format!("{} (gone)", path.display()), path, blob));
                }
                None => {}
            }
        }
        // Only code, or the whole of what was deleted would be read.
        let is_code = |path: &Path| language.is_some() || languages::by_path(path).is_some();
        wanted.retain(|(name, path, _)| {
            is_code(path) || is_code(Path::new(name)) || is_markdown(name)
        });
        let blobs: Vec<String> = wanted.iter().map(|(_, _, blob)| (*blob).clone()).collect();
        let texts = self.repository.texts(&blobs)?;
        let found = wanted
            .iter()
            .zip(texts)
            .flat_map(|((name, path, _), text)| {
                let language = language.or_else(|| languages::by_path(Path::new(name)));
                let language = language.or_else(|| match is_markdown(name) {
                    true => None,
                    false => languages::by_path(path),
                });
                sources(name, Some(path), text, language)
            });
        Ok(found.collect())
    }

    /// The findings to tell, in the order of the texts, and what is to be said of the comparison.
    pub(crate) fn comparison(&self, changes: Changes) -> (Vec<Merged>, Comparison) {
        let new = changes.new.into_iter().map(|merged| (merged, false));
        let uncertain = changes.uncertain.into_iter().map(|merged| (merged, true));
        let mut all: Vec<(Merged, bool)> = new.chain(uncertain).collect();
        all.sort_by_key(|(merged, _)| (merged.source, merged.finding.span));
        let uncertain = all.iter().enumerate();
        let uncertain = uncertain.filter_map(|(at, (_, uncertain))| uncertain.then_some(at));
        let comparison = Comparison {
            revision: self.revision.clone(),
            commit: self.commit.clone(),
            known: changes.known.len(),
            uncertain: uncertain.collect(),
            gaps: changes.gaps,
        };
        (
            all.into_iter().map(|(merged, _)| merged).collect(),
            comparison,
        )
    }

    /// The other repositories that have changed and that nobody looked into.
    pub(crate) fn repositories(&self) -> impl Iterator<Item = &Path> {
        self.changes.repositories.iter().map(PathBuf::as_path)
    }
}

fn is_markdown(name: &str) -> bool {
    name.ends_with(".md") || name.ends_with(".markdown")
}
