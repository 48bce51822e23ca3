//! What of a repository lies on this machine, and where does the rest go?
//!
//! The layout is that of `huggingface_hub`: `blobs/` holds contents by their hash, `snapshots/<commit>/` names
//! for them, `refs/` the commits that branches and tags stood for when they were last looked up. Beside it stands
//! `palinode/<commit>.json`, what the hub listed: it tells a whole snapshot from one that a download left half
//! done. (`huggingface_hub` has such a file of its own, `trees/<commit>.json`. It is read here and not written:
//! with it, Python refuses a snapshot that lacks any file of the repository, wanted or not.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use super::listing::{Listing, Stored, is_safe};
use super::progress::{Event, Progress};
use super::repository::{Repository, is_commit};
use super::{Snapshot, tell};
use crate::Error;
use crate::http::TICK;

/// The largest file of the cache's own that is read.
const LARGEST_NOTE: u64 = 64 << 20;
/// How deep the folders of a snapshot are looked through.
const DEEPEST: usize = 8;

/// One repository's part of the cache.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    locks: PathBuf,
}

/// Which file holds which tensor, of weights in several files.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Where one file of a commit belongs.
#[derive(Debug)]
pub(super) struct Slot<'s> {
    /// Its name in the repository.
    pub(super) name: &'s str,
    /// Its hash and size.
    pub(super) stored: &'s Stored,
    blob: PathBuf,
    pointer: PathBuf,
    lock: PathBuf,
}

/// The right to write a blob, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: Option<File>,
}

impl Lock {
    /// Whether nobody else has it; not so where the file system knows no locks.
    pub(super) fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }
}

impl Cache {
    pub(super) fn new(cache: &Path, repository: &Repository) -> Cache {
        let name = format!("models--{}", repository.id().replace('/', "--"));
        Cache {
            folder: cache.join(&name),
            locks: cache.join(".locks").join(&name),
        }
    }

    /// The commit that the revision is, or stood for when it was last looked up.
    pub(super) fn commit(&self, repository: &Repository) -> Result<Option<String>, Error> {
        if let Some(commit) = repository.commit() {
            return Ok(Some(commit.to_owned()));
        }
        let file = self.reference(repository);
        match read(&file) {
            // A note that is damaged says nothing.
            Ok(bytes) => Ok(String::from_utf8(bytes)
                .ok()
                .map(|text| text.trim().to_owned())
                .filter(|text| is_commit(text))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(failed(file, "read", source)),
        }
    }

    /// What the hub listed for a commit, where that was kept.
    pub(super) fn listing(&self, commit: &str) -> Option<Listing> {
        let python = self.folder.join("trees").join(format!("{commit}.json"));
        [self.listing_file(commit), python]
            .iter()
            .find_map(|file| Listing::load(&read(file).ok()?, commit))
    }

    /// Keeps what the hub listed. Nobody needs it who can ask again, so a cache that may only be read will do.
    pub(super) fn store_listing(&self, listing: &Listing) {
        let _ = write(&self.listing_file(&listing.commit), &listing.save());
    }

    /// Keeps which commit a branch or tag stands for, if it may be written; as Python does.
    pub(super) fn store_reference(&self, repository: &Repository, commit: &str) {
        if repository.commit().is_some() {
            return;
        }
        let file = self.reference(repository);
        let known = read(&file).is_ok_and(|bytes| bytes == commit.as_bytes());
        if !known {
            let _ = write(&file, commit.as_bytes());
        }
    }

    /// The wanted files that are not there; none where nothing of the commit is known.
    pub(super) fn missing(
        &self,
        repository: &Repository,
        commit: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, Error> {
        if let Some(listing) = self.listing(commit) {
            let missing = listing
                .wanted(repository, wanted)?
                .into_iter()
                .filter(|(name, stored)| {
                    !stored
                        .as_ref()
                        .is_some_and(|stored| self.holds(commit, name, stored))
                })
                .map(|(name, _)| name);
            return Ok(Some(missing.collect()));
        }
        // Without a listing: what has a name must have bytes, and what every model has must have a name.
        let mut names = BTreeSet::new();
        collect(&self.snapshot(commit).folder, "", DEEPEST, &mut names);
        names.retain(|name| wanted(name));
        if names.is_empty() {
            return Ok(None);
        }
        let needed = self.needed(commit, &names);
        names.extend(needed.into_iter().filter(|name| wanted(name)));
        names.retain(|name| !self.pointer(commit, name).is_file());
        Ok(Some(names.into_iter().collect()))
    }

    /// What a model with these files cannot be without: a configuration, and weights in one file or in all those
    /// that an index tells.
    fn needed(&self, commit: &str, names: &BTreeSet<String>) -> Vec<String> {
        let mut needed = vec!["config.json".to_owned()];
        let mut has_weights = false;
        for name in names {
            has_weights |= name.ends_with(".safetensors");
            if name.ends_with(".safetensors.index.json") {
                has_weights = true;
                let index = read(&self.pointer(commit, name)).unwrap_or_default();
                // An index that cannot be read is for the reader of models to refuse.
                if let Ok(index) = serde_json::from_slice::<Index>(&index) {
                    needed.extend(index.weight_map.into_values().filter(|name| is_safe(name)));
                }
            }
        }
        if !has_weights {
            needed.push("model.safetensors".to_owned());
        }
        needed
    }

    /// Whether a file is there as a whole, going by its size.
    pub(super) fn holds(&self, commit: &str, name: &str, stored: &Stored) -> bool {
        has_size(&self.pointer(commit, name), stored.size)
    }

    /// Where a file belongs.
    pub(super) fn slot<'s>(&self, commit: &str, name: &'s str, stored: &'s Stored) -> Slot<'s> {
        let digits = stored.hash.digits();
        Slot {
            name,
            stored,
            blob: self.folder.join("blobs").join(digits),
            pointer: self.pointer(commit, name),
            lock: self.locks.join(format!("{digits}.lock")),
        }
    }

    /// A commit's folder.
    pub(super) fn snapshot(&self, commit: &str) -> Snapshot {
        Snapshot {
            folder: self.folder.join("snapshots").join(commit),
            commit: commit.to_owned(),
        }
    }

    fn pointer(&self, commit: &str, name: &str) -> PathBuf {
        let mut path = self.snapshot(commit).folder;
        path.extend(name.split('/'));
        path
    }

    fn reference(&self, repository: &Repository) -> PathBuf {
        let mut path = self.folder.join("refs");
        path.extend(repository.revision().split('/'));
        path
    }

    fn listing_file(&self, commit: &str) -> PathBuf {
        self.folder.join("palinode").join(format!("{commit}.json"))
    }
}

impl Slot<'_> {
    /// Takes the right to write the blob, which Python's downloads respect too; waits while another has it.
    pub(super) fn lock(&self, progress: &mut dyn Progress) -> Result<Lock, Error> {
        let failed = |source| failed(self.lock.clone(), "written", source);
        make_parent(&self.lock).map_err(failed)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { file: Some(file) }),
                Err(TryLockError::WouldBlock) => {
                    tell(progress, Event::Waiting { file: self.name })?;
                    std::thread::sleep(TICK);
                }
                // Some network file systems know no locks. Each download then writes a file of its own.
                Err(TryLockError::Error(_)) => return Ok(Lock { file: None }),
            }
        }
    }

    /// Whether the bytes are there as a whole, going by their number.
    pub(super) fn has_blob(&self) -> bool {
        has_size(&self.blob, self.stored.size)
    }

    /// The file that the bytes are collected in. Who has the lock goes on with what an earlier holder left.
    pub(super) fn part(&self, exclusive: bool) -> Result<PathBuf, Error> {
        make_parent(&self.blob).map_err(|source| failed(self.blob.clone(), "written", source))?;
        let digits = self.stored.hash.digits();
        let name = if exclusive {
            format!("{digits}.incomplete")
        } else {
            format!("{digits}.{}.incomplete", unique())
        };
        Ok(self.blob.with_file_name(name))
    }

    /// Makes the collected and checked bytes the blob.
    pub(super) fn keep(&self, part: &Path) -> Result<(), Error> {
        fs::rename(part, &self.blob).map_err(|source| failed(self.blob.clone(), "written", source))
    }

    /// Gives the blob its name in the snapshot.
    pub(super) fn point(&self) -> Result<(), Error> {
        if has_size(&self.pointer, self.stored.size) {
            return Ok(());
        }
        let failed = |source| failed(self.pointer.clone(), "written", source);
        make_parent(&self.pointer).map_err(failed)?;
        // Made beside and moved over, so that the name never stands for nothing.
        let beside = sibling(&self.pointer);
        let made = self
            .link(&beside)
            .and_then(|()| fs::rename(&beside, &self.pointer));
        made.map_err(|source| {
            let _ = fs::remove_file(&beside);
            failed(source)
        })
    }

    #[cfg(unix)]
    fn link(&self, at: &Path) -> io::Result<()> {
        // Relative, so that the cache can be moved: out of the file's folders, the commit's and `snapshots`.
        let mut target = PathBuf::new();
        for _ in 0..self.name.split('/').count() + 1 {
            target.push("..");
        }
        target.push("blobs");
        target.push(self.stored.hash.digits());
        std::os::unix::fs::symlink(target, at)
    }

    #[cfg(not(unix))]
    fn link(&self, at: &Path) -> io::Result<()> {
        fs::hard_link(&self.blob, at).or_else(|_| fs::copy(&self.blob, at).map(drop))
    }
}

/// An error of the file system, by what it means to the user.
pub(super) fn failed(file: PathBuf, doing: &'static str, source: io::Error) -> Error {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull { file },
        _ => Error::File {
            file,
            doing,
            source,
        },
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

fn has_size(path: &Path, size: u64) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == size)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(LARGEST_NOTE)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a note so that a reader sees the old one or the new one, and nothing between.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    make_parent(file)?;
    let beside = sibling(file);
    let written = File::create(&beside)
        .and_then(|mut handle| handle.write_all(bytes))
        .and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn make_parent(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A name beside a file's that nobody else uses.
fn sibling(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}.{}.tmp", unique()))
}

/// What no other download on this machine has, at this time.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}", std::process::id())
}

/// The names of the files below a folder, as a repository would write them.
fn collect(folder: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => {
                collect(&entry.path(), &format!("{name}/"), depth - 1, names);
            }
            Ok(kind) if !kind.is_dir() => {
                names.insert(name);
            }
            _ => {}
        }
    }
}
