//! How does one run a program that may hang, lie or attack, and get an answer?
//!
//! [`run`] starts a [`Program`] under a [`Policy`] and returns its [`Outcome`]: how it ended, what it wrote, how
//! long it took. Whatever the program does, `run` comes back, and nothing that the program started lives on:
//!
//! - Between us and the program stands a supervisor, a small process forked for this run. It adopts every
//!   descendant whose parent dies, also those that left the program's group or session, and ends when the last of
//!   them has. Where we die ourselves, it notices and kills them all. A program that kills its supervisor ends with
//!   it; of what it started, only what left its process group as well can then live on.
//! - Time, memory, processes and output are limited; exceeding one is told apart from all others ([`Ending`]).
//! - Input is fed and both outputs are drained at once, by one thread, so no pipe can block another.
//! - The environment is what the caller gives, and nothing else. `HOME` and `TMPDIR` point into an empty folder
//!   that is removed with the run.
//!
//! This works on Linux. Other systems build, and refuse with [`Error::Unsupported`]: none of the promises above
//! has been tried there.
//!
//! ```
//! use palinode_sandbox::{Ending, Interrupt, Limits, Policy, Program, run};
//!
//! # #[cfg(target_os = "linux")] {
//! let program = Program::new("/bin/sh").arguments(["-c", "read line; echo \"$line\"; exit 3"]).input("hello\n");
//! let outcome = run(&program, &Policy::Tool(Limits::default()), &Interrupt::new())?;
//! assert_eq!(outcome.ending, Ending::Exited(3));
//! assert_eq!(outcome.stdout, b"hello\n");
//! # }
//! # Ok::<(), palinode_sandbox::Error>(())
//! ```

mod error;
#[cfg(target_os = "linux")]
mod family;
mod interrupt;
mod outcome;
mod policy;
mod program;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod supervisor;

pub use error::Error;
pub use interrupt::Interrupt;
pub use outcome::{Ending, Outcome};
pub use policy::{Confinement, Limits, Policy};
pub use program::{Program, find_program};

/// Runs `program` to its end, or ends it where `policy` or `interrupt` says so.
///
/// # Errors
/// Where the program did not start, or nothing can be said about what became of it. That it failed, was killed or
/// exceeded a limit is no error but an [`Ending`].
pub fn run(program: &Program, policy: &Policy, interrupt: &Interrupt) -> Result<Outcome, Error> {
    let limits = match policy {
        Policy::Tool(limits) => limits,
        Policy::Hostile(_) => return Err(Error::PolicyNotBuilt),
    };
    #[cfg(target_os = "linux")]
    return run::run(program, limits, interrupt);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (program, limits, interrupt);
        Err(Error::Unsupported)
    }
}
