//! How does a model come from the Hugging Face hub into its cache on this machine?
//!
//! The cache is laid out as Python's `huggingface_hub` does it, so that what `transformers` fetched is found
//! here and the other way around. Every file is checked against the hash that the hub lists for it, a download
//! that broke off goes on where it stopped, and a commit that is there needs no network.

mod cache;
mod download;
mod listing;
mod progress;
mod repository;
mod settings;

use std::ops::ControlFlow;
use std::path::PathBuf;

use self::cache::{Cache, Slot};
use self::listing::{Listing, Stored};
pub use self::progress::{Event, Progress};
pub use self::repository::Repository;
pub use self::settings::{Credential, Options};
use crate::http::{Address, Client, Head, Method, Request, Tries, escape, pause};
use crate::{Error, Token};

/// A hub, and the cache for what comes from it.
#[derive(Debug)]
pub struct Hub {
    client: Client,
    endpoint: Address,
    cache: PathBuf,
    token: Option<Token>,
    offline: bool,
}

/// A repository's files at one commit, as they lie on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// The folder that holds them under their own names.
    pub folder: PathBuf,
    /// The commit, forty hexadecimal digits.
    pub commit: String,
}

impl Hub {
    /// A hub by these options. Nothing is connected to; a token's file is read.
    ///
    /// # Errors
    /// Where the endpoint or the proxy is no address, or the token cannot be one.
    pub fn new(options: Options) -> Result<Hub, Error> {
        let endpoint = options.endpoint.trim_end_matches('/');
        let endpoint = Address::parse(endpoint).map_err(|problem| Error::Setting {
            setting: "the hub's address",
            problem: problem.to_owned(),
        })?;
        let token = if options.offline {
            None
        } else {
            options.credential.token()?
        };
        Ok(Hub {
            client: Client::new(options.policy)?,
            endpoint,
            cache: options.cache,
            token,
            offline: options.offline,
        })
    }

    /// Brings the wanted files of a repository into the cache, as far as they are not there yet.
    ///
    /// `wanted` is asked for each file by its name in the repository ([`model_files`] for a usual model). A branch
    /// or a tag is looked up first; where the hub cannot be reached and the files of the last look-up are all
    /// here, those are used and [`Event::Unreachable`] says so.
    ///
    /// # Errors
    /// Everything that a network, a server and a disk can do. What was fetched before an error stays, and
    /// fetching again goes on from there.
    pub fn fetch(
        &self,
        repository: &Repository,
        wanted: &dyn Fn(&str) -> bool,
        progress: &mut dyn Progress,
    ) -> Result<Snapshot, Error> {
        let cache = Cache::new(&self.cache, repository);
        let known = cache.commit(repository)?;
        if self.offline {
            return offline(&cache, repository, known.as_deref(), wanted);
        }
        // A commit never changes: what is listed for it is true for ever.
        let pinned = match repository.commit() {
            Some(commit) => cache.listing(commit),
            None => None,
        };
        let (listing, fresh) = match pinned {
            Some(listing) => (listing, false),
            None => match self.list(repository, &cache, known.as_deref(), wanted, progress)? {
                Found::Listing(listing) => (listing, true),
                Found::Here(snapshot) => return Ok(snapshot),
            },
        };
        let files = listing.wanted(repository, wanted)?;
        if fresh && listing.is_complete() {
            cache.store_listing(&listing);
        }
        self.fetch_files(repository, &cache, &listing.commit, &files, progress)?;
        cache.store_reference(repository, &listing.commit);
        Ok(cache.snapshot(&listing.commit))
    }

    /// Asks the hub what there is; where it is away, looks for what was fetched when it was not.
    fn list(
        &self,
        repository: &Repository,
        cache: &Cache,
        known: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
        progress: &mut dyn Progress,
    ) -> Result<Found, Error> {
        let here = offline(cache, repository, known, wanted);
        // With everything at hand nobody waits for a server that is away.
        let patient = here.is_err();
        match self.ask_listing(repository, patient, progress) {
            Ok(listing) => Ok(Found::Listing(listing)),
            Err(error) if error.is_passing() => match here {
                Ok(snapshot) => {
                    let event = Event::Unreachable {
                        because: &error,
                        commit: &snapshot.commit,
                    };
                    tell(progress, event)?;
                    Ok(Found::Here(snapshot))
                }
                Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn ask_listing(
        &self,
        repository: &Repository,
        patient: bool,
        progress: &mut dyn Progress,
    ) -> Result<Listing, Error> {
        let path = format!(
            "api/models/{}/revision/{}?blobs=true",
            repository.id(),
            escape(repository.revision())
        );
        let address = self.address(&path)?;
        let request = self.request(&address, Method::Get);
        let mut tries = Tries::new(self.client.policy());
        let body = loop {
            match listing::ask(&self.client, &request, progress) {
                Ok((head, _)) if head.status != 200 => {
                    let error = self.refused(&head, &address, repository, None);
                    if !patient {
                        return Err(error);
                    }
                    again(&mut tries, error, progress)?;
                }
                Ok((_, body)) => break body,
                Err(error) if patient => again(&mut tries, error, progress)?,
                Err(error) => return Err(error),
            }
        };
        Listing::parse(&body, repository).map_err(|problem| Error::Answer {
            address: address.to_string(),
            problem,
        })
    }

    fn fetch_files(
        &self,
        repository: &Repository,
        cache: &Cache,
        commit: &str,
        files: &[(String, Option<Stored>)],
        progress: &mut dyn Progress,
    ) -> Result<(), Error> {
        let known = files.iter().filter_map(|(_, stored)| stored.as_ref());
        let begin = Event::Begin {
            commit,
            files: files.len(),
            bytes: known.map(|stored| stored.size).sum(),
        };
        tell(progress, begin)?;
        for (name, stored) in files {
            if let Some(stored) = stored
                && cache.holds(commit, name, stored)
            {
                tell(
                    progress,
                    Event::Here {
                        file: name,
                        size: stored.size,
                    },
                )?;
                continue;
            }
            let address = self.file_address(repository, commit, name)?;
            let stored = match stored {
                Some(stored) => stored.clone(),
                None => self.describe(repository, &address, name, progress)?,
            };
            let slot = cache.slot(commit, name, &stored);
            self.fetch_file(repository, &address, &slot, progress)?;
        }
        Ok(())
    }

    fn fetch_file(
        &self,
        repository: &Repository,
        address: &Address,
        slot: &Slot<'_>,
        progress: &mut dyn Progress,
    ) -> Result<(), Error> {
        let lock = slot.lock(progress)?;
        // Another process may have brought it while this one waited.
        if slot.has_blob() {
            let (file, size) = (slot.name, slot.stored.size);
            tell(progress, Event::Here { file, size })?;
        } else {
            let source = download::Source {
                client: &self.client,
                request: self.request(address, Method::Get),
                refused: &|head| self.refused(head, address, repository, Some(slot.name)),
            };
            download::run(&source, slot, lock.is_exclusive(), progress)?;
        }
        slot.point()
    }

    /// Asks for a file's hash and size where the listing does not tell them, as those of mirrors.
    fn describe(
        &self,
        repository: &Repository,
        address: &Address,
        name: &str,
        progress: &mut dyn Progress,
    ) -> Result<Stored, Error> {
        let request = self.request(address, Method::Head);
        let mut tries = Tries::new(self.client.policy());
        loop {
            let mut tick = || progress.event(Event::Idle);
            let head = self
                .client
                .ask(request.clone())
                .and_then(|exchange| exchange.head(&mut tick));
            let error = match head {
                Ok(head) if head.status < 400 => {
                    return Stored::from_head(&head).map_err(|problem| Error::Answer {
                        address: address.to_string(),
                        problem,
                    });
                }
                Ok(head) => self.refused(&head, address, repository, Some(name)),
                Err(error) => error,
            };
            again(&mut tries, error, progress)?;
        }
    }

    fn request(&self, address: &Address, method: Method) -> Request {
        Request {
            address: address.clone(),
            method,
            token: self.token.clone(),
            from: None,
        }
    }

    fn address(&self, path: &str) -> Result<Address, Error> {
        let text = format!("{}/{path}", self.endpoint.to_string().trim_end_matches('/'));
        Address::parse(&text).map_err(|problem| Error::Setting {
            setting: "the hub's address",
            problem: problem.to_owned(),
        })
    }

    fn file_address(
        &self,
        repository: &Repository,
        commit: &str,
        file: &str,
    ) -> Result<Address, Error> {
        let parts: Vec<_> = file.split('/').map(escape).collect();
        let path = format!("{}/resolve/{commit}/{}", repository.id(), parts.join("/"));
        self.address(&path)
    }

    /// What it means that the hub refuses; it says why in a header, and in statuses that mean several things.
    fn refused(
        &self,
        head: &Head,
        address: &Address,
        repository: &Repository,
        file: Option<&str>,
    ) -> Error {
        let with_token = self.token.is_some();
        let message = head.message.clone();
        let (repository, revision) = (repository.id().to_owned(), repository.revision().to_owned());
        match (head.header("x-error-code"), head.status, file) {
            (Some("GatedRepo"), ..) => Error::Gated {
                repository,
                with_token,
                message,
            },
            (Some("RevisionNotFound"), ..) => Error::UnknownRevision {
                repository,
                revision,
            },
            // Who may not know whether it exists is told that it does not.
            (Some("RepoNotFound"), ..) | (None, 404, None) => Error::UnknownRepository {
                repository,
                with_token,
            },
            (_, 404, Some(file)) => Error::FileGone {
                repository,
                file: file.to_owned(),
            },
            (_, status @ (401 | 403), _) => Error::Denied {
                repository,
                status,
                with_token,
                message,
            },
            _ => head.failure(address),
        }
    }
}

enum Found {
    Listing(Listing),
    Here(Snapshot),
}

/// The files that most models need and this house reads: configuration, tokenizer and weights in safetensors.
///
/// Files in folders, and weights of other formats or under a second name, are left out.
#[must_use]
pub fn model_files(name: &str) -> bool {
    const TEXTS: &[&str] = &[
        "added_tokens.json",
        "chat_template.jinja",
        "chat_template.json",
        "config.json",
        "generation_config.json",
        "merges.txt",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "vocab.json",
    ];
    let weights = name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json");
    // Some publishers add their own layout of the same weights under this name.
    TEXTS.contains(&name) || (weights && !name.contains('/') && !name.starts_with("consolidated"))
}

/// What the cache alone has to offer.
fn offline(
    cache: &Cache,
    repository: &Repository,
    commit: Option<&str>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Snapshot, Error> {
    let missing = match commit {
        Some(commit) => match cache.missing(repository, commit, wanted)? {
            Some(missing) if missing.is_empty() => return Ok(cache.snapshot(commit)),
            missing => missing.unwrap_or_default(),
        },
        None => Vec::new(),
    };
    Err(Error::Offline {
        repository: repository.id().to_owned(),
        revision: repository.revision().to_owned(),
        missing,
    })
}

/// Tells the caller, who may want no more.
fn tell(progress: &mut dyn Progress, event: Event<'_>) -> Result<(), Error> {
    match progress.event(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted),
    }
}

/// Pauses before another attempt, or gives the error back where it is final.
fn again(tries: &mut Tries<'_>, error: Error, progress: &mut dyn Progress) -> Result<(), Error> {
    match tries.after(&error) {
        None => Err(error),
        Some(length) => pause(length, &mut |left| {
            progress.event(Event::Pause {
                because: &error,
                left,
            })
        }),
    }
}
