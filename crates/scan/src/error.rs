//! Why is there no report at all?

use std::io;

/// What makes a scan impossible. What goes wrong with one analyzer is no error but its [`crate::Status`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder for copies of the texts could not be made or filled.
    #[error("the texts could not be copied for the analyzers: {0}")]
    Stage(#[from] io::Error),
    /// A stored report, such as a baseline, is not one.
    #[error("this is no report that can be read: {0}")]
    NotAReport(String),
    /// A stored report has a form that this version does not know.
    #[error("the report has schema {found}, this version reads {known}")]
    OtherSchema {
        /// What it says.
        found: u64,
        /// What is known.
        known: u64,
    },
}
