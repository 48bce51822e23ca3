//! What does the process tell its caller when it ends?

use std::process::ExitCode;

/// How a run ended. A panic, which is a bug, ends with 101.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done and clean.
    Done,
    /// Findings remain, the gate refused, a marked-up stream was malformed, or some of many prompts failed.
    Findings,
    /// Could not run: usage, configuration, a file, a tool.
    CouldNotRun,
    /// Ctrl-C: what there was has been printed.
    Interrupted,
}

impl Status {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::CouldNotRun => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  done and clean
    1  findings remain, the gate refused, a marked-up stream was malformed, or prompts failed
    2  could not run: usage, configuration, a file, a tool
  101  a bug in palinode
  130  interrupted with Ctrl-C; what there was has been printed";
