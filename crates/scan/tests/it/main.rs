//! Does every analyzer say what it means, whatever its tool does?
//!
//! - `comparing`: what a change brings is told apart from what was there.
//! - `registry`: every entry is complete.
//! - `recorded`: the reports of the tools are read as they are meant.
//! - `fakes`: tools that misbehave have a status that says so.
//! - `tools`: the tools that are on this machine, on real files.
//! - `merging`: the order of findings does not matter.
//! - `reports`: what is written for other programs.

mod comparing;
mod fakes;
mod merging;
mod recorded;
mod registry;
mod reports;
mod support;
mod tools;
