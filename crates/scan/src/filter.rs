//! Which findings does the user not want to see, and why?
//!
//! Nothing is dropped in silence: what is taken out comes back beside what is kept, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use palinode_rules::Suppression;
use serde::Deserialize;

use crate::error::Error;
use crate::merge::Merged;
use crate::report::json::SCHEMA;
use crate::scanning::Report;
use crate::source::Source;

/// A comment that takes findings out, and the text it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Index of the text.
    pub source: usize,
    /// The comment.
    pub suppression: Suppression,
}

/// Findings after the suppressions in the texts.
#[derive(Clone, Debug, Default)]
pub struct Suppressed {
    /// What remains.
    pub kept: Vec<Merged>,
    /// What was taken out, by which comment.
    pub taken_out: Vec<(Merged, Placed)>,
    /// Comments that took nothing out: there was nothing, or they name nothing or give no reason.
    pub idle: Vec<Placed>,
}

/// The suppressions in a text's comments. Cost: one parse where the text has the mark, else one search.
#[must_use]
pub fn suppressions(source: &Source) -> Vec<Suppression> {
    match Suppression::may_stand_in(&source.text) {
        true => Suppression::all_of(&source.language.parse(&source.text)),
        false => Vec::new(),
    }
}

/// Whether a comment takes out a merged finding: what any of its witnesses found.
fn takes_out(placed: &Placed, merged: &Merged, source: &Source) -> bool {
    let (span, cwes) = (merged.finding.span, &merged.finding.cwes);
    let mut witnesses = merged.witnesses.iter();
    placed.source == merged.source
        && witnesses.any(|witness| {
            let who = (witness.analyzer, witness.rule.as_str());
            placed.suppression.takes_back(&source.text, span, who, cwes)
        })
}

/// Takes out what the comments in the texts say.
#[must_use]
pub fn suppress(sources: &[Source], findings: Vec<Merged>) -> Suppressed {
    let mut all = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        all.extend(suppressions(source).into_iter().map(|suppression| Placed {
            source: index,
            suppression,
        }));
    }
    let mut used = BTreeSet::new();
    let mut result = Suppressed::default();
    for merged in findings {
        let source = sources.get(merged.source);
        let by = source.and_then(|source| {
            let mut placed = all.iter();
            placed.position(|placed| takes_out(placed, &merged, source))
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
    result.idle = idle.map(|(_, placed)| placed).collect();
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
