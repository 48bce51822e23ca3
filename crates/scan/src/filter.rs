//! Which findings does the user not want to see, and why?
//!
//! Nothing is dropped in silence: what is taken out comes back beside what is kept, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use palinode_code::{Cwe, Span};
use serde::Deserialize;

use crate::error::Error;
use crate::merge::Merged;
use crate::report::json::SCHEMA;
use crate::scanning::Report;
use crate::source::Source;

/// The words in a comment that begin a suppression.
const MARK: &str = "palinode: ignore";

/// A comment that takes findings out: `palinode: ignore[CWE-78, python-shell-true, bandit/B602] because …`, on the line of the finding
/// or on the one above it. Without brackets every finding there is meant. Without a reason it takes nothing out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Index of the text.
    pub source: usize,
    /// The line it stands on, from 1.
    pub line: usize,
    /// Weaknesses, or an analyzer with its rule; empty for all.
    pub of: Vec<String>,
    /// Why, in the words of whoever wrote it; empty where nothing is said.
    pub reason: String,
    /// Whether nothing but the comment stands on its line: then it is about the next one.
    stands_alone: bool,
}

/// Findings after the suppressions in the texts.
#[derive(Clone, Debug, Default)]
pub struct Suppressed {
    /// What remains.
    pub kept: Vec<Merged>,
    /// What was taken out, by which comment.
    pub taken_out: Vec<(Merged, Suppression)>,
    /// Comments that took nothing out: there was nothing, or they give no reason.
    pub idle: Vec<Suppression>,
}

/// The suppressions in a text's comments. Cost: one parse where the text has the mark, else one search.
#[must_use]
pub fn suppressions(index: usize, source: &Source) -> Vec<Suppression> {
    let mut windows = source.text.as_bytes().windows(MARK.len());
    if !windows.any(|window| window == MARK.as_bytes()) {
        return Vec::new();
    }
    let parsed = source.language.parse(&source.text);
    let mut found = Vec::new();
    for comment in parsed.comments() {
        let bytes = source.text.slice(comment).unwrap_or_default();
        let words = String::from_utf8_lossy(bytes).into_owned();
        let Some((_, rest)) = words.split_once(MARK) else {
            continue;
        };
        let (of, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((list, rest)) => (
                list.split(',').map(|of| of.trim().to_owned()).collect(),
                rest,
            ),
            None => (Vec::new(), rest),
        };
        let line = rest.lines().next().unwrap_or_default();
        let reason = line
            .trim()
            .trim_end_matches("*/")
            .trim_start_matches([':', '-', ' ']);
        let reason = reason.strip_prefix("because").unwrap_or(reason).trim();
        let lines = source.text.whole_lines(comment);
        let around = [
            Span::new(lines.start, comment.start),
            Span::new(comment.end, lines.end),
        ];
        let is_blank = |span: Span| {
            source
                .text
                .slice(span)
                .unwrap_or_default()
                .trim_ascii()
                .is_empty()
        };
        found.push(Suppression {
            source: index,
            line: source.text.line(comment.end.saturating_sub(1)),
            of,
            reason: reason.to_owned(),
            stands_alone: around.into_iter().all(is_blank),
        });
    }
    found
}

impl Suppression {
    fn is_about(&self, merged: &Merged, source: &Source) -> bool {
        let first = source.text.line(merged.finding.span.start);
        let last = source
            .text
            .line(merged.finding.span.end.saturating_sub(1))
            .max(first);
        let line = self.line + usize::from(self.stands_alone);
        // On a finding of several lines the comment stands where there is room.
        let here = if self.stands_alone {
            line == first
        } else {
            (first..=last).contains(&line)
        };
        self.source == merged.source
            && here
            && (self.of.is_empty() || self.of.iter().any(|of| names(of, merged)))
    }
}

/// Whether a suppression's word means one of the weaknesses or rules of a finding.
fn names(word: &str, merged: &Merged) -> bool {
    if let Some((analyzer, rule)) = word.split_once('/') {
        let mut witnesses = merged.witnesses.iter();
        return witnesses.any(|witness| witness.analyzer == analyzer && witness.rule == rule);
    }
    if merged.witnesses.iter().any(|witness| witness.rule == word) {
        return true;
    }
    let cwe = word
        .to_ascii_lowercase()
        .starts_with("cwe")
        .then(|| Cwe::read(word))
        .flatten();
    cwe.is_some_and(|cwe| merged.finding.cwes.contains(&cwe))
}

/// Takes out what the comments in the texts say.
#[must_use]
pub fn suppress(sources: &[Source], findings: Vec<Merged>) -> Suppressed {
    let every = sources.iter().enumerate();
    let all: Vec<Suppression> = every
        .flat_map(|(index, source)| suppressions(index, source))
        .collect();
    let mut used = BTreeSet::new();
    let mut result = Suppressed::default();
    for merged in findings {
        let by = all.iter().position(|suppression| {
            let source = sources.get(merged.source);
            !suppression.reason.is_empty()
                && source.is_some_and(|source| suppression.is_about(&merged, source))
        });
        match by {
            Some(by) => {
                used.insert(by);
                result.taken_out.push((merged, all[by].clone()));
            }
            None => result.kept.push(merged),
        }
    }
    let idle = all
        .into_iter()
        .enumerate()
        .filter(|(position, _)| !used.contains(position));
    result.idle = idle.map(|(_, suppression)| suppression).collect();
    result
}

/// The findings of an earlier report, by file and fingerprint, with how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<(String, String), usize>);

/// The parts of a stored report that a baseline needs.
#[derive(Deserialize)]
struct Stored {
    schema: u64,
    findings: Vec<StoredFinding>,
}

#[derive(Deserialize)]
struct StoredFinding {
    file: String,
    fingerprint: String,
}

impl Baseline {
    /// The findings of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut baseline = Self::default();
        for merged in &report.findings {
            if let Some(source) = report.sources.get(merged.source) {
                let key = (source.name.clone(), merged.fingerprint.clone());
                *baseline.0.entry(key).or_default() += 1;
            }
        }
        baseline
    }

    /// The findings of a report that was stored in the form of [`crate::report::json`].
    ///
    /// # Errors
    /// [`Error::NotAReport`] or [`Error::OtherSchema`].
    pub fn read(stored: &[u8]) -> Result<Self, Error> {
        let not_a_report = |error: serde_json::Error| Error::NotAReport(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(stored).map_err(not_a_report)?;
        let schema = value.get("schema").and_then(serde_json::Value::as_u64);
        if let Some(found) = schema.filter(|found| *found != SCHEMA) {
            return Err(Error::OtherSchema {
                found,
                known: SCHEMA,
            });
        }
        let stored: Stored = serde_json::from_value(value).map_err(not_a_report)?;
        debug_assert_eq!(stored.schema, SCHEMA);
        let mut baseline = Self::default();
        for finding in stored.findings {
            *baseline
                .0
                .entry((finding.file, finding.fingerprint))
                .or_default() += 1;
        }
        Ok(baseline)
    }

    /// Parts findings in those that are new and those that the baseline has, each in its order.
    #[must_use]
    pub fn part(&self, sources: &[Source], findings: Vec<Merged>) -> (Vec<Merged>, Vec<Merged>) {
        let mut left = self.0.clone();
        findings.into_iter().partition(|merged| {
            let name = sources.get(merged.source).map(|source| source.name.clone());
            let key = (name.unwrap_or_default(), merged.fingerprint.clone());
            match left.get_mut(&key) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        })
    }
}
