//! What became of a program?

use std::fmt;
use std::time::Duration;

/// How a program ended, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to its standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, up to the limit.
    pub stderr: Vec<u8>,
    /// From just before it was started until nothing of it was left.
    pub wall: Duration,
    /// The most memory, in bytes, that the largest of its processes had at one time.
    pub peak_memory: u64,
}

/// How a program ended. Only [`Ending::Exited`] is its own doing; for all others the output may be cut anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It ended by itself with this code.
    Exited(i32),
    /// It ended by this signal, and not by our doing: a crash, a kill from elsewhere, or a limit that the kernel
    /// keeps (`SIGXFSZ`: a file too large).
    Killed(i32),
    /// It ran for longer than [`crate::Limits::time`].
    TimedOut,
    /// It wrote more than [`crate::Limits::output`]; what it wrote is cut there.
    TooMuchOutput,
    /// It and what it started had more memory than [`crate::Limits::memory`]. It is seen by looking every few
    /// hundredths of a second. A program that takes much more in between is refused the memory and ends in a way of
    /// its own.
    TooMuchMemory,
    /// It and what it started were more processes than [`crate::Limits::processes`].
    TooManyProcesses,
    /// The [`crate::Interrupt`] was triggered.
    Interrupted,
}

impl Outcome {
    /// Whether it ended by itself with code 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Exited(0)
    }
}

impl fmt::Display for Ending {
    /// As the end of a sentence that begins with the program's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Exited(code) => write!(f, "ended with code {code}"),
            Ending::Killed(signal) => write!(f, "was killed by signal {signal}"),
            Ending::TimedOut => f.write_str("took too long"),
            Ending::TooMuchOutput => f.write_str("wrote too much"),
            Ending::TooMuchMemory => f.write_str("took too much memory"),
            Ending::TooManyProcesses => f.write_str("started too many processes"),
            Ending::Interrupted => f.write_str("was interrupted"),
        }
    }
}
