//! Which rules of the house can be checked by reading the tree, and who breaks them?
//!
//! Each rule is one file in `rules/`: its doc, its check, and tests that show it catching an
//! offender. A rule sees a [`Tree`], never the disk, so that a test can hand it a made-up one.

mod manifest;
mod rooms;
mod rules;
mod source;
mod tree;

use std::fmt;

pub(crate) use rules::RULES;
pub(crate) use tree::{File, Tree};

/// One rule of the house.
pub(crate) struct Rule {
    /// The name shown behind an offender.
    pub(crate) name: &'static str,
    /// What it asks for, and why.
    pub(crate) doc: &'static str,
    /// Everything in the tree that breaks it.
    pub(crate) check: fn(&Tree) -> Vec<Offence>,
}

/// One place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offence {
    /// The file, relative to the root, with forward slashes; empty where it is the tree as a whole.
    pub(crate) path: String,
    /// The line, counted from 1, where there is one.
    pub(crate) line: Option<usize>,
    /// What is wrong, and what to do about it.
    pub(crate) message: String,
    /// Whether it is only worth a look, and does not fail.
    pub(crate) warning: bool,
}

impl Offence {
    /// A broken rule in a file as a whole.
    pub(crate) fn file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
            warning: false,
        }
    }

    /// A broken rule on one line, counted from 1.
    pub(crate) fn line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::file(path, message)
        }
    }

    /// Something worth a look that does not fail.
    pub(crate) fn warning(path: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self {
            line,
            warning: true,
            ..Self::file(path, message)
        }
    }
}

/// What all rules found.
pub(crate) struct Report {
    files: usize,
    found: Vec<(&'static str, Offence)>,
}

impl Report {
    /// How many offences fail the check.
    pub(crate) fn failures(&self) -> usize {
        self.found.iter().filter(|(_, one)| !one.warning).count()
    }

    /// Whether nothing fails the check.
    pub(crate) fn is_clean(&self) -> bool {
        self.failures() == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, offence) in &self.found {
            if offence.warning {
                write!(out, "warning: ")?;
            }
            if !offence.path.is_empty() {
                write!(out, "{}:", offence.path)?;
                if let Some(line) = offence.line {
                    write!(out, "{line}:")?;
                }
                write!(out, " ")?;
            }
            writeln!(out, "{} [{rule}]", offence.message)?;
        }
        let failures = self.failures();
        writeln!(
            out,
            "tidy: {} rules, {} files, {failures} offenders, {} warnings",
            RULES.len(),
            self.files,
            self.found.len() - failures
        )
    }
}

/// Runs every rule over the tree.
pub(crate) fn check(tree: &Tree) -> Report {
    let mut found = Vec::new();
    for rule in RULES {
        let mut offences = (rule.check)(tree);
        offences.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        found.extend(offences.into_iter().map(|offence| (rule.name, offence)));
    }
    Report {
        files: tree.files().len(),
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_unique_names_and_say_why() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(
                RULES[..index].iter().all(|other| other.name != rule.name),
                "`{}` stands twice",
                rule.name
            );
            assert!(rule.doc.ends_with('.'), "{}", rule.name);
        }
    }

    #[test]
    fn a_report_names_the_place_and_the_rule() {
        let tree = Tree::of(&[("crates/code/src/a.rs", "fn a() {}\n")]);
        let report = check(&tree);
        assert!(!report.is_clean());
        let text = report.to_string();
        assert!(text.contains("crates/code/src/a.rs:1: "), "{text}");
        assert!(text.contains("[opening]"), "{text}");
    }
}
