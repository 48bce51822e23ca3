//! What may a program do?

use std::path::PathBuf;
use std::time::Duration;

/// How much a program is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A tool that the user installed. It may read and write what the user may, and reach the network; it may hang,
    /// crash and talk too much, but it is not out to harm.
    Tool(Limits),
    /// Code that nobody vouches for, such as a program that a model wrote. **Not built**: [`crate::run`] refuses it
    /// with [`crate::Error::PolicyNotBuilt`]. What it will promise stands in [`Confinement`], so that callers can
    /// be written against it.
    Hostile(Confinement),
}

/// How much a program may use, with all that it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time on the clock, from start to end.
    pub time: Duration,
    /// Resident memory in bytes, summed over its processes (pages that several share count for each).
    pub memory: u64,
    /// Bytes written to standard output; as many again to standard error.
    pub output: usize,
    /// Processes at one time, itself included. They are counted every few hundredths of a second.
    pub processes: usize,
    /// Bytes of any one file that it writes.
    pub file_size: u64,
}

impl Default for Limits {
    /// What an analyser of a few thousand files stays within: five minutes, 4 GiB, 64 MiB of output, 256 processes,
    /// files of 1 GiB.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(300),
            memory: 4 << 30,
            output: 64 << 20,
            processes: 256,
            file_size: 1 << 30,
        }
    }
}

/// Where code that nobody vouches for is kept.
///
/// It sees nothing of the machine but `readable`, `writable` and what the system's programs need to start; it cannot
/// see, signal or trace a process that is not its own; it reaches no network unless `network` says so; it cannot gain
/// rights; and `limits` hold even where it tries to get round them. A machine that cannot keep all of this makes
/// [`crate::run`] an error: it never runs such code with less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// How much it may use.
    pub limits: Limits,
    /// Files and folders that it may read, beyond the system's.
    pub readable: Vec<PathBuf>,
    /// Folders that it may change.
    pub writable: Vec<PathBuf>,
    /// Whether it may reach a network.
    pub network: bool,
}
