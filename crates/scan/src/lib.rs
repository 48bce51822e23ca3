//! What do analyzers say about this code?
//!
//! [`scan`] takes a [`Request`] (texts, analyzers, settings) and returns a [`Report`]: what became of each analyzer
//! ([`Run`]), and the findings of all, merged ([`Merged`]). Two promises hold whatever a tool does:
//!
//! - **No failure reads as clean.** A tool that is missing, crashes, hangs, floods, prints half a report, one of
//!   another form, or one about other files, has a [`Status`] that says so; a file that it could not read counts as
//!   failed ([`Run::failed`]).
//! - **The order of things does not matter.** Analyzers run side by side; the report is the same as if they had not.
//!
//! An analyzer is one file in [`analyzers`] with one `ENTRY`. Tools get copies of the texts in an empty folder, so
//! what they see is what we read: no configuration of the scanned project changes what they look for.
//!
//! This room reads no environment and opens no file of the user: texts, paths to tools, rules and baselines are
//! handed in.

mod agreement;
mod analyzer;
pub mod analyzers;
mod bench;
mod compare;
mod desk;
mod error;
pub mod filter;
mod heard;
mod identity;
mod installation;
mod merge;
mod place;
pub mod report;
mod request;
mod run;
pub mod sarif;
mod scanning;
mod source;
mod stage;
mod verdict;
mod xml;

pub use palinode_sandbox::Interrupt;

pub use analyzer::{Analyzer, InProcess, Start, Tool, Work};
pub use bench::Trouble;
pub use compare::{Changes, Gap, compare};
pub use error::Error;
pub use heard::{Files, Heard, Said};
pub use installation::{Installation, Presence, presence};
pub use merge::{Merged, merge};
pub use place::{Columns, Place};
pub use request::{Observer, Request, Settings, Silent};
pub use run::{FailedFile, Run, Skipped, Status};
pub use scanning::{Report, scan};
pub use source::Source;
