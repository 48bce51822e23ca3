//! What does `cargo xtask test` check, in which order? The registry of its steps.
//!
//! A step is one file here (or an `ENTRY` of one that holds a few small ones), one `mod` line and
//! one line in [`STEPS`]. Cheap ones come first: who waits for the tests should not learn at the
//! end that a space is missing.

mod analyzers;
mod cargo;
mod one_build;
mod programs;
mod suite;
mod tidy;

use std::path::Path;

pub(crate) use analyzers::PYTHON as ANALYZERS;

use anyhow::Result;

/// One step of `cargo xtask test`.
pub(crate) struct Step {
    /// What the summary calls it, and what one types to run it alone.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) shows: &'static str,
    /// Runs it in the workspace whose root is handed in.
    ///
    /// An `Err` counts as a failure with that message.
    pub(crate) run: fn(&Path) -> Result<Outcome>,
}

/// What a step found out.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Whether what was checked is as it should be.
    pub(crate) passed: bool,
    /// What was counted, such as `312 tests`.
    pub(crate) counted: String,
    /// What could not be checked here, each with its reason and what to install.
    pub(crate) skipped: Vec<String>,
}

impl Outcome {
    /// A step that checked everything it could.
    pub(crate) fn of(passed: bool, counted: impl Into<String>) -> Self {
        Self {
            passed,
            counted: counted.into(),
            skipped: Vec::new(),
        }
    }
}

/// Every step, in the order in which they run.
pub(crate) static STEPS: &[&Step] = &[
    &tidy::ENTRY,
    &cargo::FORMAT,
    &one_build::ENTRY,
    &cargo::CLIPPY,
    &suite::ENTRY,
    &analyzers::ENTRY,
    &suite::DOCTESTS,
    &cargo::DOCS,
    &cargo::WITHOUT_MODEL,
    &programs::ENTRY,
];
