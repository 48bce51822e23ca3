//! Why is there no outcome?

use std::io;
use std::path::PathBuf;

/// Everything because of which a program did not run, or its end is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("`{}` was not found", .program.display())]
    NotFound {
        /// What was to be run.
        program: PathBuf,
    },
    /// The file is there, and is no program or may not be run.
    #[error("`{}` cannot be run: {source}", .program.display())]
    NotExecutable {
        /// What was to be run.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refused something that a run needs: a process, a pipe, a temporary folder.
    #[error("`{}` could not be started: {source}", .program.display())]
    CannotStart {
        /// What was to be run.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Reading or writing the program's pipes failed.
    #[error("the connection to `{}` broke: {source}", .program.display())]
    Broken {
        /// What was run.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The process that watches over the run vanished before it could say how the run ended.
    #[error("what watched over `{}` was killed, so how it ended is not known", .program.display())]
    Unwatched {
        /// What was run.
        program: PathBuf,
    },
    /// [`crate::Policy::Hostile`] is settled as an interface and not built yet.
    #[error("code that nobody vouches for cannot be run yet: its confinement is not built")]
    PolicyNotBuilt,
    /// Programs are run on Linux only.
    #[error("programs can be run on Linux only")]
    Unsupported,
}
