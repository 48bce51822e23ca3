//! What became of one analyzer?

use std::fmt;
use std::time::Duration;

use palinode_code::Finding;

use crate::analyzer::Analyzer;

/// How an analyzer's work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It looked at every file it was asked about and has nothing to say.
    Clean,
    /// It has something to say. [`Run::failed`] names the files that it could not look at.
    Findings,
    /// No file is in a language that it reads, or nothing was handed in for it.
    NotApplicable,
    /// It is not installed.
    Missing {
        /// How one gets it.
        install: &'static str,
    },
    /// It said nothing about some file that can be relied on.
    Failed {
        /// What happened, and to whom.
        why: String,
    },
    /// It took longer than it may.
    TimedOut,
    /// The user ended the scan.
    Interrupted,
}

/// What one analyzer did.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which.
    pub analyzer: &'static Analyzer,
    /// How it ended.
    pub status: Status,
    /// The tool's version, where there is a tool and it said so.
    pub version: Option<String>,
    /// How many texts it was asked about.
    pub asked: usize,
    /// Texts about which it gave no answer that can be relied on, in their order.
    pub failed: Vec<FailedFile>,
    /// Places that it says it passed over.
    pub skipped: Vec<Skipped>,
    /// What else it said about its own work, each once.
    pub notes: Vec<String>,
    /// Time on the clock, from its first start to its last end.
    pub wall: Duration,
    /// The most memory in bytes that one of its processes had; 0 where it has none.
    pub peak_memory: u64,
    /// What it reports, with the index of the text, as they are before merging.
    pub findings: Vec<(usize, Finding)>,
}

/// A text that an analyzer could not look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailedFile {
    /// Index of the text in the request.
    pub source: usize,
    /// What the tool says, or what is wrong with what it said.
    pub why: String,
}

/// A place that an analyzer passed over, because a comment told it to or it gave up there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Index of the text in the request.
    pub source: usize,
    /// The line, from 1, where the tool says which.
    pub line: Option<usize>,
    /// Why.
    pub why: String,
}

impl Status {
    /// The name in commands and files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Status::Clean => "clean",
            Status::Findings => "findings",
            Status::NotApplicable => "not applicable",
            Status::Missing { .. } => "missing",
            Status::Failed { .. } => "failed",
            Status::TimedOut => "timed out",
            Status::Interrupted => "interrupted",
        }
    }

    /// Whether the analyzer looked, at all that it was asked about or at some of it.
    #[must_use]
    pub fn looked(&self) -> bool {
        matches!(self, Status::Clean | Status::Findings)
    }
}

impl Run {
    /// Whether it gave an answer about every text it was asked about. One that was asked about none did.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match self.status {
            Status::Clean | Status::NotApplicable => true,
            Status::Findings => self.failed.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for Status {
    /// The name, and for what went wrong what it was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Missing { install } => write!(f, "missing (install it with `{install}`)"),
            Status::Failed { why } => write!(f, "failed: {why}"),
            other => f.write_str(other.name()),
        }
    }
}
