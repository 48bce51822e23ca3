//! What is a caller told while a model is fetched?

use std::ops::ControlFlow;
use std::time::Duration;

use crate::Error;

/// Who watches a download, and may end it: after [`ControlFlow::Break`] the download stops within about a tenth
/// of a second, with [`Error::Interrupted`], and what was fetched stays.
pub trait Progress {
    /// Something happened, or nothing for a tenth of a second.
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(Event<'_>) -> ControlFlow<()>> Progress for F {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// What happens while a model is fetched.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// The commit is known, and the files that are wanted of it.
    Begin {
        /// The commit.
        commit: &'e str,
        /// How many files are wanted, those here already included.
        files: usize,
        /// Their bytes altogether, as far as they are listed.
        bytes: u64,
    },
    /// A file is here already.
    Here {
        /// Its name in the repository.
        file: &'e str,
        /// Its bytes.
        size: u64,
    },
    /// What an earlier download left of a file is read again, to check it.
    Rereading {
        /// The file's name in the repository.
        file: &'e str,
        /// Bytes read.
        done: u64,
        /// The file's bytes.
        size: u64,
    },
    /// A piece of a file came. `done` becomes smaller where a file has to be fetched anew.
    Fetching {
        /// The file's name in the repository.
        file: &'e str,
        /// Bytes that are here now.
        done: u64,
        /// The file's bytes.
        size: u64,
    },
    /// A file is whole and checked.
    Fetched {
        /// Its name in the repository.
        file: &'e str,
        /// Its bytes.
        size: u64,
    },
    /// An attempt failed; another one follows.
    Pause {
        /// Why it failed.
        because: &'e Error,
        /// The time until the next attempt.
        left: Duration,
    },
    /// Another process fetches the same file; this one waits for it.
    Waiting {
        /// The file's name in the repository.
        file: &'e str,
    },
    /// The hub cannot be reached; what was fetched earlier is used.
    Unreachable {
        /// Why it cannot be reached.
        because: &'e Error,
        /// The commit that is used.
        commit: &'e str,
    },
    /// Nothing happened for a moment: an occasion to stop.
    Idle,
}
