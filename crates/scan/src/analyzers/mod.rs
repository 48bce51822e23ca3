//! Which analyzers are known, and what is there to know about each?
//!
//! An analyzer is one file here with one `ENTRY`, and one pair of lines below. A file says what is the tool's own:
//! how it is run on files, how its report is read, and what its rules mean. Everything around that, from finding the
//! tool to merging what several say, is the same for all.

use serde::de::DeserializeOwned;

use crate::analyzer::Analyzer;
use crate::heard::shortened;

mod bandit;
mod bearer;
mod builtin;
mod codeql;
mod codeshield;
mod cppcheck;
mod flawfinder;
mod gcc;
mod gosec;
mod sarif;
mod semgrep;

/// Every known analyzer, by name.
pub static ANALYZERS: &[&Analyzer] = &[
    &bandit::ENTRY,
    &bearer::ENTRY,
    &builtin::ENTRY,
    &codeql::ENTRY,
    &codeshield::ENTRY,
    &cppcheck::ENTRY,
    &flawfinder::ENTRY,
    &gcc::ENTRY,
    &gosec::ENTRY,
    &sarif::ENTRY,
    &semgrep::ENTRY,
];

/// The analyzer of this name, in any case.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Analyzer> {
    let is_it = |analyzer: &&&'static Analyzer| analyzer.name.eq_ignore_ascii_case(name);
    ANALYZERS.iter().find(is_it).copied()
}

/// Reads a report in JSON. An empty one is no report.
pub(crate) fn json<T: DeserializeOwned>(report: &[u8]) -> Result<T, String> {
    if report.trim_ascii().is_empty() {
        return Err("its report is empty".to_owned());
    }
    serde_json::from_slice(report).map_err(|error| {
        let start = String::from_utf8_lossy(&report[..report.len().min(120)]).into_owned();
        format!(
            "its report cannot be read ({error}); it begins `{}`",
            shortened(&start)
        )
    })
}
