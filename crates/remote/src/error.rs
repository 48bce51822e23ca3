//! What can go wrong between here and a server, and what can the user do about it?

use std::path::PathBuf;
use std::time::Duration;

/// Everything this room can refuse.
///
/// Variants carry the facts (address, file, status, numbers); [`Error::hint`] says what to do. Addresses are
/// shown without their query, which may hold a signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A repository is not named as the hub names them.
    #[error("`{text}` names no repository: {problem}")]
    Name {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A setting of the connection makes no sense.
    #[error("{setting} {problem}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A token cannot be one.
    #[error("the token {problem}")]
    Token {
        /// What is wrong with it; never the token itself.
        problem: &'static str,
    },
    /// No folder was named and the user has no home to put the cache into.
    #[error("there is no folder for the cache")]
    NoCache,
    /// No connection came about, or it broke before an answer.
    #[error("no connection to `{server}`: {problem}")]
    NoConnection {
        /// The server's host.
        server: String,
        /// What the system said.
        problem: String,
    },
    /// The server could not prove that it is the one asked for.
    #[error("`{server}` is not to be trusted: {problem}")]
    Untrusted {
        /// The server's host.
        server: String,
        /// What is wrong with its certificate.
        problem: String,
    },
    /// The server was silent for longer than the policy allows.
    #[error("`{address}` was silent for too long ({doing})")]
    TimedOut {
        /// What was asked for.
        address: String,
        /// What was waited for.
        doing: String,
    },
    /// The connection broke inside an answer.
    #[error("the answer of `{address}` was cut short after {received} bytes: {problem}")]
    Cut {
        /// What was asked for.
        address: String,
        /// Bytes of the body that came.
        received: u64,
        /// What the system said.
        problem: String,
    },
    /// The server says that it cannot answer now.
    #[error("`{address}` answers {status}{}", said(.message))]
    Busy {
        /// What was asked for.
        address: String,
        /// The HTTP status: 408, 429 or 5xx.
        status: u16,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// The server answers with a status that nothing here expects.
    #[error("`{address}` answers {status}{}", said(.message))]
    Status {
        /// What was asked for.
        address: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// The server's answer is not what its interface promises.
    #[error("the answer of `{address}` makes no sense: {problem}")]
    Answer {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The server sends on to where this program does not go.
    #[error("`{address}` sends on to another address: {problem}")]
    Redirect {
        /// What was asked for.
        address: String,
        /// Why it was not followed.
        problem: String,
    },
    /// The repository is shown only to those who accepted its licence.
    #[error("`{repository}` is gated{}", said(.message))]
    Gated {
        /// The repository.
        repository: String,
        /// Whether a token was sent.
        with_token: bool,
        /// What the hub said.
        message: String,
    },
    /// The hub does not let this user, or nobody without a token, see the repository.
    #[error("the hub refuses to show `{repository}` ({status}){}", said(.message))]
    Denied {
        /// The repository.
        repository: String,
        /// The HTTP status, 401 or 403.
        status: u16,
        /// Whether a token was sent.
        with_token: bool,
        /// What the hub said.
        message: String,
    },
    /// The hub has no such repository, or hides it.
    #[error("the hub has no repository `{repository}`")]
    UnknownRepository {
        /// The repository.
        repository: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// The repository has no such branch, tag or commit.
    #[error("`{repository}` has no revision `{revision}`")]
    UnknownRevision {
        /// The repository.
        repository: String,
        /// The revision asked for.
        revision: String,
    },
    /// A file that the listing names is not there.
    #[error("`{repository}` lists `{file}` and does not have it")]
    FileGone {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
    },
    /// No file of the repository is one of those wanted.
    #[error("`{repository}` has none of the files wanted, at commit {commit}")]
    NothingWanted {
        /// The repository.
        repository: String,
        /// The commit looked at.
        commit: String,
    },
    /// The listing names a file that would be written outside of the cache.
    #[error("`{repository}` lists a file of the name {file:?}, which no folder may hold")]
    HostileName {
        /// The repository.
        repository: String,
        /// The name.
        file: String,
    },
    /// A file came whole and is not the one listed.
    #[error("`{file}` arrived damaged: its hash is {found}, the hub lists {expected}")]
    Mismatch {
        /// The file's name in its repository.
        file: String,
        /// The hash listed.
        expected: String,
        /// The hash of what came.
        found: String,
    },
    /// The network may not be used, and the cache lacks what is wanted.
    #[error("`{repository}` is not in the cache as a whole, and the network may not be used: {}", lacking(.missing, .revision))]
    Offline {
        /// The repository.
        repository: String,
        /// The revision asked for.
        revision: String,
        /// The files that are missing; none where nothing of the revision is known.
        missing: Vec<String>,
    },
    /// The disk has no room for a file.
    #[error("no room is left for `{}`", .file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
    },
    /// A file of the cache cannot be read or written.
    #[error("`{}` cannot be {doing}: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The caller wanted no more; what was fetched stays.
    #[error("stopped")]
    Interrupted,
}

impl Error {
    /// What the user can do about it, if there is something to say beyond the message itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Name { .. } => {
                "write `org/name`, or `org/name@revision` for a branch, a tag or a commit"
            }
            Error::Setting { .. } => return None,
            Error::Token { .. } => "copy the token again from huggingface.co/settings/tokens",
            Error::NoCache => "set HF_HOME to a folder for what is fetched",
            Error::NoConnection { .. } => {
                "check the network, and HTTPS_PROXY where there is a proxy; what was fetched is kept"
            }
            Error::Untrusted { .. } => {
                "check this machine's clock and its certificates (the package ca-certificates); where a \
                 proxy looks into connections, add its certificate to the system's"
            }
            Error::TimedOut { .. } | Error::Cut { .. } => {
                "try again: what was fetched is kept, and the rest is fetched from there"
            }
            Error::Busy { retry_after, .. } => {
                return Some(match retry_after {
                    Some(wait) => format!("try again in {} s", wait.as_secs()),
                    None => "try again later: what was fetched is kept".to_owned(),
                });
            }
            Error::Status { .. } | Error::Answer { .. } | Error::Redirect { .. } => {
                "check HF_ENDPOINT, and whether a proxy or a login page answers in the server's place"
            }
            Error::Gated {
                repository,
                with_token,
                ..
            } => {
                let then = if *with_token {
                    "with the account whose token is used"
                } else {
                    "then set HF_TOKEN to a token of that account"
                };
                return Some(format!(
                    "accept the licence at huggingface.co/{repository}, {then}"
                ));
            }
            Error::Denied {
                with_token: true, ..
            } => {
                "the token is wrong, expired, or may not read this repository: set another HF_TOKEN"
            }
            Error::UnknownRepository {
                with_token: true, ..
            } => "check the spelling; a private repository needs a token that may read it",
            Error::Denied { .. } | Error::UnknownRepository { .. } => {
                "check the spelling; for a private repository set HF_TOKEN"
            }
            Error::UnknownRevision { repository, .. } => {
                return Some(format!(
                    "look for its branches and tags at huggingface.co/{repository}/tree/main"
                ));
            }
            Error::FileGone { .. } => "the repository was changed meanwhile: try again",
            Error::NothingWanted { .. } => {
                "a model has a config.json and weights in safetensors; this repository holds another form"
            }
            Error::HostileName { .. } => "do not use this repository; tell the hub about it",
            Error::Mismatch { .. } => {
                "try again; if it comes back, something between here and the hub changes files"
            }
            Error::Offline { .. } => {
                "fetch it once with the network: unset HF_HUB_OFFLINE, or copy the cache of another machine"
            }
            Error::DiskFull { .. } => {
                "make room, or set HF_HOME to a folder on another disk; what was fetched is kept"
            }
            Error::File { .. } => {
                "check that the cache's folder may be written, or set HF_HOME to another"
            }
            Error::Interrupted => "run it again to go on: what was fetched is kept",
        };
        Some(hint.to_owned())
    }

    /// Whether the same question may well be answered later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Error::NoConnection { .. }
                | Error::TimedOut { .. }
                | Error::Cut { .. }
                | Error::Busy { .. }
        )
    }
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn lacking(missing: &[String], revision: &str) -> String {
    match missing {
        [] => format!("nothing of `{revision}` was fetched"),
        [one] => format!("`{one}` is missing"),
        [first, rest @ ..] => format!("`{first}` and {} more files are missing", rest.len()),
    }
}
