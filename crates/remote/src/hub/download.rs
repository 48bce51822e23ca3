//! How do a file's bytes come here, whole and right, over a line that breaks?
//!
//! No condition (`If-Range`) goes with a request for the rest of a file: the address names a commit, so the bytes
//! behind it never change, and the storage that the hub sends on to tags them otherwise than the hub does. That
//! the rest fits what is here is proved by the hash of the whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::PathBuf;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::cache::{Slot, failed};
use super::listing::{Hash, Stored};
use super::progress::{Event, Progress};
use super::{again, tell};
use crate::Error;
use crate::http::{Client, Head, Request, Tries};

/// An attempt that brings as much does not count as a failed one.
const PROGRESS: u64 = 1 << 20;
/// Bytes read from the disk at once.
const CHUNK: usize = 1 << 20;

/// Where the bytes come from.
pub(super) struct Source<'s> {
    /// What connects.
    pub(super) client: &'s Client,
    /// The question for the whole file.
    pub(super) request: Request,
    /// What a status means that is no success.
    pub(super) refused: &'s dyn Fn(&Head) -> Error,
}

/// Fetches a blob, or the rest of it, checks it and puts it in its place.
pub(super) fn run(
    source: &Source<'_>,
    slot: &Slot<'_>,
    exclusive: bool,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let path = slot.part(exclusive)?;
    let mut part = Part::open(path, slot.stored)?;
    let fetched = fetch(source, slot, &mut part, progress);
    if fetched.is_err() && !exclusive {
        // Nobody will go on with a file of this name.
        let _ = fs::remove_file(&part.path);
    }
    fetched?;
    // On the disk before it has its name: a name is believed.
    part.file
        .sync_data()
        .map_err(|source| failed(part.path.clone(), "written", source))?;
    slot.keep(&part.path)?;
    let (file, size) = (slot.name, slot.stored.size);
    tell(progress, Event::Fetched { file, size })
}

fn fetch(
    source: &Source<'_>,
    slot: &Slot<'_>,
    part: &mut Part<'_>,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    part.reread(slot.name, progress)?;
    let mut tries = Tries::new(source.client.policy());
    // Whether all bytes are of one answer, so that a second one would bring the same.
    let mut pure = part.done == 0;
    loop {
        while part.done < slot.stored.size {
            let before = part.done;
            pure &= before == 0;
            if let Err(error) = attempt(source, slot, part, progress) {
                if part.done >= before.saturating_add(PROGRESS) {
                    tries.progressed();
                }
                again(&mut tries, error, progress)?;
            }
        }
        let found = part.hash();
        let expected = slot.stored.hash.digits();
        if found == expected {
            return Ok(());
        }
        part.empty()?;
        if pure {
            let _ = fs::remove_file(&part.path);
            return Err(Error::Mismatch {
                file: slot.name.to_owned(),
                expected: expected.to_owned(),
                found,
            });
        }
        pure = true;
    }
}

/// Asks once for what is missing and takes what comes. It need not be all.
fn attempt(
    source: &Source<'_>,
    slot: &Slot<'_>,
    part: &mut Part<'_>,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let mut request = source.request.clone();
    request.from = (part.done > 0).then_some(part.done);
    let exchange = source.client.ask(request)?;
    let head = exchange.head(&mut || progress.event(Event::Idle))?;
    match head.status {
        206 if continues(&head, part.done, slot.stored.size) => {}
        // The whole file, though only the rest was asked for; so take it all.
        200 => part.empty()?,
        // Another part than asked for, or nothing behind what is here: what is here is of no use.
        206 | 416 if part.done > 0 => return part.empty(),
        _ => return Err((source.refused)(&head)),
    }
    let nonsense = |problem: String| Error::Answer {
        address: source.request.address.to_string(),
        problem,
    };
    let (size, missing) = (slot.stored.size, slot.stored.size - part.done);
    if let Some(form) = head.header("content-encoding")
        && !form.eq_ignore_ascii_case("identity")
    {
        return Err(nonsense(format!("it is encoded as {form:?}")));
    }
    if let Some(length) = head.number("content-length")
        && (length > missing || (length < missing && head.status == 200))
    {
        return Err(nonsense(format!(
            "it has {length} bytes where the hub lists {missing}"
        )));
    }
    while let Some(bytes) = exchange.bytes(&mut || progress.event(Event::Idle))? {
        if bytes.len() as u64 > size - part.done {
            part.empty()?;
            let _ = fs::remove_file(&part.path);
            return Err(nonsense(format!(
                "it has more than the {size} bytes listed"
            )));
        }
        part.add(&bytes)?;
        let (file, done) = (slot.name, part.done);
        tell(progress, Event::Fetching { file, done, size })?;
    }
    if part.done < size {
        return Err(Error::Cut {
            address: source.request.address.to_string(),
            received: part.done,
            problem: format!("the file has {size} bytes"),
        });
    }
    Ok(())
}

/// Whether the answer is the rest of the file from `from` on: `bytes 5-9/10`.
fn continues(head: &Head, from: u64, size: u64) -> bool {
    let range = head.header("content-range").unwrap_or_default();
    let Some((first, rest)) = range
        .strip_prefix("bytes ")
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let total = rest.split_once('/').map_or("", |(_, total)| total);
    from > 0 && first.parse() == Ok(from) && (total == "*" || total.parse() == Ok(size))
}

/// A blob as far as it is here.
struct Part<'s> {
    file: File,
    path: PathBuf,
    stored: &'s Stored,
    hasher: Hasher,
    /// Bytes that are here and in the hash.
    done: u64,
}

enum Hasher {
    Sha1(Box<Sha1>),
    Sha256(Box<Sha256>),
}

impl<'s> Part<'s> {
    fn open(path: PathBuf, stored: &'s Stored) -> Result<Part<'s>, Error> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path);
        match file {
            Ok(file) => Ok(Part {
                file,
                path,
                stored,
                hasher: Hasher::new(stored),
                done: 0,
            }),
            Err(source) => Err(failed(path, "written", source)),
        }
    }

    /// Takes into the hash what an earlier download left.
    fn reread(&mut self, name: &str, progress: &mut dyn Progress) -> Result<(), Error> {
        let size = self.stored.size;
        let left = self.file.metadata().map(|data| data.len());
        if left.map_err(|source| self.unreadable(source))? > size {
            return self.empty();
        }
        let mut bytes = vec![0; CHUNK];
        loop {
            match self.file.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    self.hasher.update(&bytes[..count]);
                    self.done += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.unreadable(source)),
            }
            let (file, done) = (name, self.done);
            tell(progress, Event::Rereading { file, done, size })?;
        }
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
        io::Write::write_all(&mut self.file, bytes)
            .map_err(|source| failed(self.path.clone(), "written", source))?;
        self.hasher.update(bytes);
        self.done += bytes.len() as u64;
        Ok(())
    }

    /// Begins anew.
    fn empty(&mut self) -> Result<(), Error> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .map_err(|source| failed(self.path.clone(), "written", source))?;
        self.hasher = Hasher::new(self.stored);
        self.done = 0;
        Ok(())
    }

    /// The hash of what is here.
    fn hash(&self) -> String {
        match &self.hasher {
            Hasher::Sha1(hasher) => digits(&hasher.clone().finalize()),
            Hasher::Sha256(hasher) => digits(&hasher.clone().finalize()),
        }
    }

    fn unreadable(&self, source: io::Error) -> Error {
        failed(self.path.clone(), "read", source)
    }
}

impl Hasher {
    fn new(stored: &Stored) -> Hasher {
        match stored.hash {
            Hash::Sha256(_) => Hasher::Sha256(Box::default()),
            Hash::Git(_) => {
                let mut hasher = Box::<Sha1>::default();
                // What git puts before a file's bytes.
                hasher.update(format!("blob {}\0", stored.size));
                Hasher::Sha1(hasher)
            }
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha1(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
    }
}

fn digits(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
