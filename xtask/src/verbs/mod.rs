//! What can `cargo xtask` do? The registry of its verbs.
//!
//! A verb is one file here with an `ENTRY`, one `mod` line and one line in [`VERBS`].
mod bench;
mod detection;
mod golden;
mod nano_check;
mod nano_report;
mod scan_speed;
mod speed;
mod templates;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

/// One verb of `cargo xtask`.
pub(crate) struct Verb {
    /// What one types.
    pub(crate) name: &'static str,
    /// The words that may follow, as a usage line shows them.
    pub(crate) usage: &'static str,
    /// One sentence for the list of verbs.
    pub(crate) summary: &'static str,
    /// What `--help` adds to the summary.
    pub(crate) details: &'static str,
    /// Runs it in the workspace whose root is handed in, with the words after the verb.
    ///
    /// A clean end is exit code 0, offenders or failures are 1; an `Err` means that it could not
    /// run at all, which the caller turns into 2.
    pub(crate) run: fn(&Path, &[String]) -> Result<ExitCode>,
}

impl Verb {
    /// What `cargo xtask <verb> --help` prints.
    pub(crate) fn manual(&self) -> String {
        let usage = format!("{} {}", self.name, self.usage);
        let (summary, details) = (self.summary, self.details);
        format!(
            "{summary}\n\nusage: cargo xtask {}\n\n{details}\n",
            usage.trim_end()
        )
    }
}

/// Every verb, in the order in which the help lists them.
static VERBS: &[&Verb] = &[
    &test::ENTRY,
    &tidy::ENTRY,
    &golden::ENTRY,
    &nano_report::ENTRY,
    &speed::ENTRY,
    &templates::ENTRY,
    &nano_check::ENTRY,
    &bench::ENTRY,
    &detection::ENTRY,
    &scan_speed::ENTRY,
];

/// The verb of this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Verb> {
    VERBS.iter().copied().find(|verb| verb.name == name)
}

/// What `cargo xtask help` prints: each verb with its sentence.
pub(crate) fn help() -> String {
    let mut text = String::from("usage: cargo xtask <verb> [--help]\n\n");
    for verb in VERBS {
        text.push_str(&format!("    {:<12} {}\n", verb.name, verb.summary));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_verb_says_what_it_does() {
        for (index, verb) in VERBS.iter().enumerate() {
            assert!(
                VERBS[..index].iter().all(|other| other.name != verb.name),
                "`{}` stands twice",
                verb.name
            );
            assert!(verb.summary.ends_with('.'), "{}", verb.name);
            assert!(!verb.details.is_empty(), "{}", verb.name);
            assert!(verb.manual().contains(verb.name), "{}", verb.name);
            assert!(help().contains(verb.summary), "{}", verb.name);
        }
    }

    #[test]
    fn an_unknown_name_is_no_verb() {
        assert!(by_name("tset").is_none());
        assert!(by_name("test").is_some());
    }
}
