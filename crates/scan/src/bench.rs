//! How is a tool run on files?

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use palinode_sandbox::{Ending, Interrupt, Limits, Outcome, Policy, Program, run};

use crate::heard::{Files, shortened};
use crate::installation::Installation;
use crate::request::Settings;

/// Why a run of a tool gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It failed, or what it said cannot be relied on.
    Failed(String),
    /// It took too long.
    TimedOut,
    /// The user ended it.
    Interrupted,
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Failed(why)
    }
}

/// One piece of work for a tool.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) settings: &'a Settings,
    pub(crate) interrupt: &'a Interrupt,
    /// When the analyzer's time is over.
    pub(crate) deadline: Instant,
    /// What the names of the files are relative to. Tools are started here.
    pub(crate) root: &'a Path,
    /// An empty folder for what the tool writes.
    pub(crate) fresh: &'a Path,
    pub(crate) files: &'a Files<'a>,
    /// The most memory that a process of the tool had.
    pub(crate) peak_memory: &'a AtomicU64,
}

impl Job<'_> {
    /// The tool, to be given arguments. It starts in the folder of the files.
    pub(crate) fn tool(&self) -> Program {
        self.installation.program(self.settings).folder(self.root)
    }

    /// The names of the files, as arguments.
    pub(crate) fn names(&self) -> impl Iterator<Item = OsString> {
        self.files.names().map(OsString::from)
    }

    /// A path in the folder for what the tool writes.
    pub(crate) fn output(&self, name: &str) -> PathBuf {
        self.fresh.join(name)
    }

    /// Runs a program; every end but one with an exit code is trouble.
    pub(crate) fn run(&self, program: &Program) -> Result<Outcome, Trouble> {
        let limits = Limits {
            time: self.deadline.saturating_duration_since(Instant::now()),
            memory: self.settings.memory,
            ..Limits::default()
        };
        let outcome = run_tool(program, limits, self.interrupt)?;
        self.peak_memory
            .fetch_max(outcome.peak_memory, Ordering::Relaxed);
        Ok(outcome)
    }

    /// The same, and an exit code other than these is trouble too.
    pub(crate) fn run_expecting(
        &self,
        program: &Program,
        codes: &[i32],
    ) -> Result<Outcome, Trouble> {
        let outcome = self.run(program)?;
        match outcome.ending {
            Ending::Exited(code) if codes.contains(&code) => Ok(outcome),
            ending => Err(Trouble::Failed(told(ending, &outcome))),
        }
    }
}

/// Runs a program under these limits; every end but one with an exit code is trouble.
pub(crate) fn run_tool(
    program: &Program,
    limits: Limits,
    interrupt: &Interrupt,
) -> Result<Outcome, Trouble> {
    if limits.time < Duration::from_millis(1) {
        return Err(Trouble::TimedOut);
    }
    let outcome = run(program, &Policy::Tool(limits), interrupt);
    let outcome = outcome.map_err(|error| Trouble::Failed(error.to_string()))?;
    match outcome.ending {
        Ending::Exited(_) => Ok(outcome),
        Ending::TimedOut => Err(Trouble::TimedOut),
        Ending::Interrupted => Err(Trouble::Interrupted),
        ending => Err(Trouble::Failed(told(ending, &outcome))),
    }
}

/// How a run ended, with the last thing it said.
pub(crate) fn told(ending: Ending, outcome: &Outcome) -> String {
    let said = [&outcome.stderr, &outcome.stdout]
        .into_iter()
        .find_map(|bytes| last_line(bytes));
    match said {
        Some(said) => format!("it {ending}: {}", shortened(&said)),
        None => format!("it {ending}"),
    }
}

fn last_line(bytes: &[u8]) -> Option<String> {
    let tail = &bytes[bytes.len().saturating_sub(4096)..];
    let text = String::from_utf8_lossy(tail);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}
