//! A hub with one small model, its large files stored on another server, and whatever is wrong with it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palinode_remote::hub::{Credential, Event, Hub, Options, Repository, Snapshot, model_files};
use palinode_remote::{Error, Policy, Token};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use tempfile::TempDir;

use crate::server::{Asked, Reply, Server};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const CONFIG: &[u8] = b"{\"model_type\": \"qwen2\"}\n";
pub(crate) const TOKEN: &str = "hf_secret";
pub(crate) const WEIGHTS: &str =
    "/acme/tiny/resolve/0123456789abcdef0123456789abcdef01234567/model.safetensors";
pub(crate) const CONFIG_PATH: &str =
    "/acme/tiny/resolve/0123456789abcdef0123456789abcdef01234567/config.json";
pub(crate) const LISTING: &str = "/api/models/acme/tiny/revision/main?blobs=true";

type Fault = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// The hub, its storage, and an empty cache.
pub(crate) struct FakeHub {
    pub(crate) hub: Server,
    pub(crate) storage: Server,
    pub(crate) folder: TempDir,
}

/// A large file: more than one piece of any buffer, and no two pieces alike.
pub(crate) fn weights() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..300_000).map(|_| next()).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    digits(&Sha256::digest(bytes))
}

pub(crate) fn git(bytes: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(bytes);
    digits(&hasher.finalize())
}

fn digits(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the hub lists: two wanted files and one that is not.
pub(crate) fn listing() -> Value {
    let weights = weights();
    json!({
        "id": "acme/tiny",
        "sha": COMMIT,
        "siblings": [
            {"rfilename": "README.md", "size": 1, "blobId": git(b"x")},
            {"rfilename": "config.json", "size": CONFIG.len(), "blobId": git(CONFIG)},
            {"rfilename": "model.safetensors", "size": weights.len(), "blobId": git(b"pointer"),
             "lfs": {"sha256": sha256(&weights), "size": weights.len(), "pointerSize": 130}},
        ],
    })
}

/// Bytes, or the part of them that is asked for.
pub(crate) fn content(asked: &Asked, bytes: &[u8]) -> Reply {
    let range = asked.headers.get("range");
    let from = range.and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    });
    match from {
        None => Reply::new(200, bytes),
        Some(from) if from < bytes.len() => {
            let (last, size) = (bytes.len() - 1, bytes.len());
            Reply::new(206, &bytes[from..])
                .with("Content-Range", format!("bytes {from}-{last}/{size}"))
        }
        Some(_) => Reply::new(416, ""),
    }
}

impl FakeHub {
    /// A hub without faults.
    pub(crate) fn new() -> FakeHub {
        FakeHub::with(|_| None)
    }

    /// A hub whose servers answer what `fault` says, where it says something.
    pub(crate) fn with(fault: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> FakeHub {
        let fault: Arc<Fault> = Arc::new(fault);
        let of_storage = Arc::clone(&fault);
        let storage = Server::start(move |asked| {
            of_storage(asked).unwrap_or_else(|| match asked.path.as_str() {
                "/stored?Signature=abc" => content(asked, &weights()),
                _ => Reply::new(404, ""),
            })
        });
        let stored = format!("{}/stored?Signature=abc", storage.url());
        let hub =
            Server::start(move |asked| fault(asked).unwrap_or_else(|| answer(asked, &stored)));
        FakeHub {
            hub,
            storage,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            endpoint: self.hub.url(),
            cache: self.cache(),
            credential: Credential::Token(Token::new(TOKEN).unwrap()),
            offline: false,
            policy: Policy {
                attempts: 3,
                first_pause: Duration::from_millis(1),
                ..Policy::usual("palinode-test")
            },
        }
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    /// The repository's folder in the cache.
    pub(crate) fn model(&self) -> PathBuf {
        self.cache().join("models--acme--tiny")
    }

    pub(crate) fn blob(&self, hash: &str) -> PathBuf {
        self.model().join("blobs").join(hash)
    }

    pub(crate) fn incomplete(&self) -> PathBuf {
        self.blob(&format!("{}.incomplete", sha256(&weights())))
    }

    pub(crate) fn fetch(&self) -> Result<Snapshot, Error> {
        self.fetch_with("acme/tiny", self.options())
    }

    pub(crate) fn fetch_offline(&self, name: &str) -> Result<Snapshot, Error> {
        let options = Options {
            offline: true,
            ..self.options()
        };
        self.fetch_with(name, options)
    }

    pub(crate) fn fetch_with(&self, name: &str, options: Options) -> Result<Snapshot, Error> {
        fetch(name, options, |_| ControlFlow::Continue(()))
    }

    /// How often the weights were asked for, and from which byte each time.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        let asked = self.storage.asked().into_iter();
        asked
            .map(|asked| asked.headers.get("range").cloned())
            .collect()
    }
}

pub(crate) fn fetch(
    name: &str,
    options: Options,
    mut progress: impl FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Snapshot, Error> {
    let repository: Repository = name.parse().unwrap();
    Hub::new(options)?.fetch(&repository, &model_files, &mut progress)
}

/// Both files are there, under their names and by their hashes.
pub(crate) fn check(snapshot: &Snapshot) {
    assert_eq!(snapshot.commit, COMMIT);
    let read = |name: &str| std::fs::read(snapshot.folder.join(name)).unwrap();
    assert_eq!(read("config.json"), CONFIG);
    assert!(read("model.safetensors") == weights());
    assert_eq!(
        names(&snapshot.folder),
        ["config.json", "model.safetensors"]
    );
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn answer(asked: &Asked, stored: &str) -> Reply {
    match asked.path.as_str() {
        LISTING => Reply::new(200, listing().to_string()),
        path if path.starts_with("/api/models/acme/tiny/revision/") => {
            Reply::new(200, listing().to_string())
        }
        CONFIG_PATH => content(asked, CONFIG).with("ETag", format!("\"{}\"", git(CONFIG))),
        WEIGHTS => Reply::new(302, "")
            .with("Location", stored)
            .with("X-Linked-Etag", format!("\"{}\"", sha256(&weights())))
            .with("X-Linked-Size", weights().len().to_string()),
        _ => Reply::new(404, "").with("X-Error-Code", "EntryNotFound"),
    }
}
