//! What stood in these files at a revision?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use palinode_code::languages::{self, Language};
use palinode_scan::report::Comparison;
use palinode_scan::{Changes, Merged};

use super::collect::{Only, Source, sources, unlike_code};
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

    /// Which files are not what they were, and which are.
    pub(crate) fn only(&self) -> Only {
        let whole = |path: &Path| self.repository.root.join(path);
        let now = self
            .changes
            .files
            .iter()
            .filter_map(|file| file.now.as_ref());
        let others = self.repositories().chain(self.repository.submodules());
        Only {
            changed: now.map(|path| whole(path)).collect(),
            tracked: self.repository.tracked().map(whole).collect(),
            repositories: others.map(whole).collect(),
        }
    }

    /// What stood in the files that have changed, under the names that they have now, and in those below `paths` that
    /// are gone: what they held may have moved. As in [`collect`](super::collect::collect), what is large or nobody
    /// wrote by hand is left out, but for files that the user named.
    ///
    /// # Errors
    /// A text that is not in this clone.
    pub(crate) fn sources(
        &self,
        changed: &[(String, PathBuf)],
        paths: &[PathBuf],
        language: Option<&'static Language>,
        max_size: u64,
    ) -> Result<Vec<Source>, Failure> {
        let named: BTreeMap<&Path, &str> = changed
            .iter()
            .map(|(name, path)| (path.as_path(), name.as_str()))
            .collect();
        let folders: Vec<PathBuf> = match paths.is_empty() {
            true => Path::new(".").canonicalize().into_iter().collect(),
            false => paths.iter().flat_map(|path| path.canonicalize()).collect(),
        };
        let mut wanted: Vec<(String, &Path, &String, bool)> = Vec::new();
        for Changed { now, before } in &self.changes.files {
            let Some((path, blob)) = before else { continue };
            let was = self.repository.root.join(path);
            let now = now.as_ref().map(|now| self.repository.root.join(now));
            let is_named = now.as_ref().is_some_and(|now| folders.contains(now));
            let name = now.as_deref().and_then(|now| named.get(now).copied());
            match name {
                Some(name) => wanted.push((name.to_owned(), path, blob, is_named)),
                None if now.is_none() && folders.iter().any(|folder| was.starts_with(folder)) => {
                    let name = format!("{} (gone)", path.display());
                    wanted.push((name, path, blob, false));
                }
                None => {}
            }
        }
        // Only code, or the whole of what was deleted would be read.
        let is_code = |path: &Path| language.is_some() || languages::by_path(path).is_some();
        wanted.retain(|(name, path, ..)| {
            is_code(path) || is_code(Path::new(name)) || is_markdown(name)
        });
        let blobs = wanted.iter().map(|(_, _, blob, is_named)| {
            let most = if *is_named { u64::MAX } else { max_size };
            ((*blob).clone(), most)
        });
        let texts = self.repository.texts(&blobs.collect::<Vec<_>>())?;
        let found = wanted
            .iter()
            .zip(texts)
            .filter_map(|((name, path, _, is_named), text)| {
                let text = text?;
                let is_looked_at = *is_named || unlike_code(&text).is_none();
                is_looked_at.then_some((name, path, text))
            })
            .flat_map(|(name, path, text)| {
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
