//! How is a report written for other programs?

pub mod json;
pub mod sarif;

/// Who writes a report, and how much it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The version of the program that writes it.
    pub version: &'a str,
    /// Whether it says how long each analyzer took and how much memory it had. Without, the same input gives the
    /// same bytes.
    pub with_times: bool,
}
