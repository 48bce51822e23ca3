//! What is there to know about an analyzer?

use palinode_code::Finding;

use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard};
use crate::request::Settings;
use crate::source::Source;
use crate::stage::Layout;

/// An analyzer: its name, what it reads, and how it is asked.
pub struct Analyzer {
    /// The name used in commands and files: lower case, no spaces.
    pub name: &'static str,
    /// The name people write.
    pub title: &'static str,
    /// Names of the languages it reads.
    pub languages: &'static [&'static str],
    /// The manual: what, why, source, limits, an example.
    pub doc: &'static str,
    /// How it works.
    pub work: Work,
}

/// How an analyzer works.
pub enum Work {
    /// Here, on one text at a time.
    InProcess(InProcess),
    /// By a program that the user installed.
    Tool(Tool),
    /// On reports that other tools wrote: SARIF that the user hands in.
    Reports,
}

/// What an analyzer that works here says about a text. Its answer must depend on nothing else, and an error makes
/// the text count as failed.
pub type InProcess = fn(&Source, &Settings) -> Result<Looked, String>;

/// What an analyzer that works here saw in a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// What it found.
    pub findings: Vec<Finding>,
    /// Places that it passed over: the line, and why.
    pub skipped: Vec<(Option<usize>, String)>,
    /// Where it did not look at everything: why. The text then counts as failed, and what was found still counts.
    pub incomplete: Option<String>,
}

/// A program that the user installed.
pub struct Tool {
    /// How one gets it.
    pub(crate) install: &'static str,
    /// What may be started to run it, the best first.
    pub(crate) starts: &'static [Start],
    /// The arguments that make it say its version.
    pub(crate) version_arguments: &'static [&'static str],
    /// The first version whose reports have the form that is read here.
    pub(crate) oldest: &'static [u32],
    /// The versions that it was tried with, for the manual; empty where it could not be tried.
    pub(crate) tried: &'static str,
    /// How the files lie that it is given.
    pub(crate) layout: Layout,
    /// Which files go into one run.
    pub(crate) share: Share,
    /// What else must be there: an error says what the user has to do.
    pub(crate) needs: fn(&Settings) -> Result<(), String>,
    /// Runs it on files and reads what it says.
    pub(crate) run: fn(&Job<'_>) -> Result<Heard, Trouble>,
    /// Reads one report of it.
    pub(crate) read: fn(&[u8], &Files<'_>) -> Result<Heard, String>,
}

/// What may be started to run a tool.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// A program of this name.
    Program(&'static str),
    /// Python, with this module.
    Module(&'static str),
    /// Python, with code of ours that uses this package.
    Package(&'static str),
}

/// Which files go into one run of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// As many as a command line takes.
    All,
    /// One.
    Each,
    /// Those of one language.
    Language,
}

impl Analyzer {
    /// Whether it reads this language.
    #[must_use]
    pub fn reads(&self, language: &str) -> bool {
        self.languages.contains(&language)
    }

    /// Reads a report of the tool, about files that it knows under the names of `files`.
    ///
    /// # Errors
    /// What is wrong with the report; also for an analyzer that writes none.
    pub fn read_report(&self, report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
        match &self.work {
            Work::Tool(tool) => (tool.read)(report, files),
            Work::Reports => crate::sarif::read_any(report, files),
            Work::InProcess(_) => Err(format!("{} writes no reports", self.title)),
        }
    }

    /// How one gets it, where it has to be installed.
    #[must_use]
    pub fn install(&self) -> Option<&'static str> {
        match &self.work {
            Work::Tool(tool) => Some(tool.install),
            Work::InProcess(_) | Work::Reports => None,
        }
    }

    /// The versions that it was tried with, where it is a tool; empty where it could not be tried.
    #[must_use]
    pub fn tried(&self) -> Option<&'static str> {
        match &self.work {
            Work::Tool(tool) => Some(tool.tried),
            Work::InProcess(_) | Work::Reports => None,
        }
    }
}

impl Tool {
    /// What may be started to run it, the best first.
    #[must_use]
    pub fn starts(&self) -> &'static [Start] {
        self.starts
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Analyzer").field(&self.name).finish()
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Work::InProcess(_) => "InProcess",
            Work::Tool(_) => "Tool",
            Work::Reports => "Reports",
        })
    }
}

impl std::fmt::Debug for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tool").field(&self.starts).finish()
    }
}
