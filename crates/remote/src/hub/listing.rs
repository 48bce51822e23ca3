//! Which files does a commit hold, of which size and hash?

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::progress::{Event, Progress};
use super::repository::{Repository, is_commit, is_hash};
use crate::Error;
use crate::http::{Client, Head, Request};

/// The longest listing that is read; those of the largest repositories are a tenth of it.
const LARGEST: usize = 32 << 20;
/// The longest that a listing may take to arrive, once it arrives.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest part of a path that a file system holds, less what is added while a link is made.
const LONGEST_PART: usize = 200;
/// The layout of a listing's file, as `huggingface_hub` counts it.
const FORMAT: u32 = 1;

/// What a commit holds.
#[derive(Debug)]
pub(super) struct Listing {
    /// The commit.
    pub(super) commit: String,
    /// Every file by its name, with its size and hash where the server tells them.
    files: BTreeMap<String, Option<Stored>>,
}

/// How the hub stores a file's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Stored {
    /// The hash, which is also the name of the bytes in the cache.
    pub(super) hash: Hash,
    /// How many bytes.
    pub(super) size: u64,
}

/// A hash in hexadecimal digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Hash {
    /// Of a file in git itself: SHA-1 over git's header and the bytes.
    Git(String),
    /// Of a large file: SHA-256 over the bytes.
    Sha256(String),
}

impl Hash {
    /// Its digits; what the hub calls the etag.
    pub(super) fn digits(&self) -> &str {
        match self {
            Hash::Git(digits) | Hash::Sha256(digits) => digits,
        }
    }

    /// Tells the two kinds by their length.
    fn parse(digits: &str) -> Option<Hash> {
        if is_hash(digits, 64) {
            Some(Hash::Sha256(digits.to_owned()))
        } else if is_hash(digits, 40) {
            Some(Hash::Git(digits.to_owned()))
        } else {
            None
        }
    }
}

impl Stored {
    /// What the head of a file's answer tells about it.
    pub(super) fn from_head(head: &Head) -> Result<Stored, String> {
        let linked = head.header("x-linked-etag");
        let tag = linked.or(head.header("etag")).unwrap_or_default();
        let digits = tag.trim_start_matches("W/").trim_matches('"');
        let hash = Hash::parse(digits)
            .ok_or("it names no hash that the file could be checked against".to_owned())?;
        let size = match linked {
            Some(_) => head.number("x-linked-size"),
            None => head.number("content-length"),
        };
        let size = size.ok_or("it does not tell the file's size".to_owned())?;
        Ok(Stored { hash, size })
    }
}

/// Asks once for a listing. The body is whole and within bounds; the status may be any.
pub(super) fn ask(
    client: &Client,
    request: &Request,
    progress: &mut dyn Progress,
) -> Result<(Head, Vec<u8>), Error> {
    let mut tick = || progress.event(Event::Idle);
    let exchange = client.ask(request.clone())?;
    let head = exchange.head(&mut tick)?;
    let mut body = Vec::new();
    if head.status != 200 {
        return Ok((head, body));
    }
    let begun = Instant::now();
    while let Some(bytes) = exchange.bytes(&mut tick)? {
        body.extend_from_slice(&bytes);
        if body.len() > LARGEST {
            return Err(Error::Answer {
                address: request.address.to_string(),
                problem: format!("it is longer than {LARGEST} bytes"),
            });
        }
        if begun.elapsed() > LONGEST {
            return Err(Error::TimedOut {
                address: request.address.to_string(),
                doing: "its answer comes in drops".to_owned(),
            });
        }
        if tick() == ControlFlow::Break(()) {
            return Err(Error::Interrupted);
        }
    }
    Ok((head, body))
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    size: Option<u64>,
    lfs: Option<Large>,
}

#[derive(Deserialize)]
struct Large {
    #[serde(alias = "oid")]
    sha256: String,
    size: u64,
}

/// A listing as `huggingface_hub` writes it.
#[derive(Deserialize, Serialize)]
struct Saved {
    format_version: u32,
    files: BTreeMap<String, SavedFile>,
}

#[derive(Deserialize, Serialize)]
struct SavedFile {
    size: u64,
    blob_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_size: Option<u64>,
}

impl Listing {
    /// Reads the hub's answer, or says what is wrong with it.
    pub(super) fn parse(body: &[u8], repository: &Repository) -> Result<Listing, String> {
        let answer: Answer = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if !is_commit(&answer.sha) {
            return Err("its `sha` is no commit".to_owned());
        }
        if repository.commit().is_some_and(|asked| asked != answer.sha) {
            return Err("it is about another commit".to_owned());
        }
        let mut files = BTreeMap::new();
        for sibling in answer.siblings {
            files.insert(sibling.rfilename.clone(), sibling.stored()?);
        }
        Ok(Listing {
            commit: answer.sha,
            files,
        })
    }

    /// Whether everything about every file is known, so that the hub need not be asked again.
    pub(super) fn is_complete(&self) -> bool {
        self.files.values().all(Option::is_some)
    }

    /// The wanted files. A name that leads out of its folder is refused: no git holds such a file.
    pub(super) fn wanted(
        &self,
        repository: &Repository,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, Option<Stored>)>, Error> {
        let mut found = Vec::new();
        for (name, stored) in &self.files {
            if !wanted(name) {
                continue;
            }
            if !is_safe(name) {
                return Err(Error::HostileName {
                    repository: repository.id().to_owned(),
                    file: name.clone(),
                });
            }
            found.push((name.clone(), stored.clone()));
        }
        if found.is_empty() {
            return Err(Error::NothingWanted {
                repository: repository.id().to_owned(),
                commit: self.commit.clone(),
            });
        }
        Ok(found)
    }

    /// Reads what was saved; anything odd counts as nothing, since the hub can be asked again.
    pub(super) fn load(bytes: &[u8], commit: &str) -> Option<Listing> {
        let saved: Saved = serde_json::from_slice(bytes).ok()?;
        if saved.format_version != FORMAT {
            return None;
        }
        let mut files = BTreeMap::new();
        for (name, file) in saved.files {
            let (digits, size) = match file.lfs_sha256 {
                Some(digits) => (digits, file.lfs_size.unwrap_or(file.size)),
                None => (file.blob_id, file.size),
            };
            let hash = Hash::parse(&digits)?;
            files.insert(name, Some(Stored { hash, size }));
        }
        Some(Listing {
            commit: commit.to_owned(),
            files,
        })
    }

    /// The form that [`Listing::load`] reads; files about which too little is known are left out.
    pub(super) fn save(&self) -> Vec<u8> {
        let known = self
            .files
            .iter()
            .filter_map(|(name, stored)| Some((name, stored.as_ref()?)));
        let files = known.map(|(name, stored)| {
            let large = matches!(stored.hash, Hash::Sha256(_));
            let file = SavedFile {
                size: stored.size,
                blob_id: stored.hash.digits().to_owned(),
                lfs_sha256: large.then(|| stored.hash.digits().to_owned()),
                lfs_size: large.then_some(stored.size),
            };
            (name.clone(), file)
        });
        let saved = Saved {
            format_version: FORMAT,
            files: files.collect(),
        };
        // Texts and numbers have no form that JSON lacks.
        serde_json::to_vec_pretty(&saved).unwrap_or_default()
    }
}

impl Sibling {
    fn stored(self) -> Result<Option<Stored>, String> {
        let (digits, size) = match (self.lfs, self.blob, self.size) {
            (Some(large), ..) => (large.sha256, large.size),
            (None, Some(blob), Some(size)) => (blob, size),
            _ => return Ok(None),
        };
        match Hash::parse(&digits) {
            Some(hash) => Ok(Some(Stored { hash, size })),
            None => Err(format!("the hash of {:?} is none", self.rfilename)),
        }
    }
}

/// Whether a name stays inside the folder it is joined to, on any system.
pub(super) fn is_safe(name: &str) -> bool {
    let odd = |letter: char| letter.is_control() || letter == '\\' || letter == ':';
    !name.chars().any(odd)
        && name
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && part.len() <= LONGEST_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    const LARGE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn parse(body: &str) -> Result<Listing, String> {
        Listing::parse(body.as_bytes(), &"a/b".parse().unwrap())
    }

    #[test]
    fn an_answer_is_read_and_saved() {
        let listing = parse(&format!(
            r#"{{"sha":"{COMMIT}","gated":false,"siblings":[
                {{"rfilename":"config.json","size":5,"blobId":"{COMMIT}","lfs":null}},
                {{"rfilename":"x/m.safetensors","size":7,"blobId":"{COMMIT}",
                  "lfs":{{"sha256":"{LARGE}","size":7,"pointerSize":130}}}}]}}"#
        ))
        .unwrap();
        assert!(listing.is_complete());
        let again = Listing::load(&listing.save(), COMMIT).unwrap();
        assert_eq!(again.files, listing.files);
        let large = listing.files["x/m.safetensors"].as_ref().unwrap();
        assert_eq!((large.hash.digits(), large.size), (LARGE, 7));
    }

    #[test]
    fn a_mirror_may_tell_less() {
        let body = format!(r#"{{"sha":"{COMMIT}","siblings":[{{"rfilename":"a"}}]}}"#);
        assert!(!parse(&body).unwrap().is_complete());
    }

    #[test]
    fn nonsense_is_refused() {
        let bodies = [
            "",
            "<html>",
            "{}",
            r#"{"sha":"main"}"#,
            &format!(r#"{{"sha":"{COMMIT}","siblings":[{{"rfilename":"a","size":-1}}]}}"#),
            &format!(
                r#"{{"sha":"{COMMIT}","siblings":[{{"rfilename":"a","size":1,"blobId":"../x"}}]}}"#
            ),
        ];
        for body in bodies {
            assert!(parse(body).is_err(), "{body}");
        }
        let other = format!("a/b@{}", COMMIT.replace('0', "1")).parse().unwrap();
        let body = format!(r#"{{"sha":"{COMMIT}"}}"#);
        assert!(Listing::parse(body.as_bytes(), &other).is_err());
    }

    #[test]
    fn what_was_saved_otherwise_is_not_known() {
        for text in ["", "{}", r#"{"format_version":2,"files":{}}"#] {
            assert!(Listing::load(text.as_bytes(), COMMIT).is_none(), "{text}");
        }
    }

    #[test]
    fn names_that_lead_out_are_seen() {
        for name in ["a", "a/b.c", ".gitattributes", "..a", "ä b"] {
            assert!(is_safe(name), "{name:?}");
        }
        let long = "a".repeat(201);
        let names = [
            "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a\\b", "C:a", "a\0", "a\n",
            &long,
        ];
        for name in names {
            assert!(!is_safe(name), "{name:?}");
        }
    }
}
