//! Which findings does a change bring?
//!
//! Two reports are compared, of the texts before and after a change; a text has one name in both, also where its file
//! was renamed. A finding is known where the report before has it too: in the same file and function, else in the same
//! file, else anywhere, since code that moved is not new. Each earlier one is met once, so a second copy of a flaw is
//! new. One that a comment took back before and that no comment takes back now is new.
//!
//! What an analyzer says after the change, and could not say before, proves nothing: such findings are neither new nor
//! known ([`Changes::uncertain`]).

use std::collections::{BTreeMap, BTreeSet};

use palinode_code::{Finding, Span};

use crate::filter::suppress;
use crate::merge::{Merged, merge};
use crate::run::{Run, Status};
use crate::scanning::Report;

/// Hexadecimal digits of a fingerprint before the number that tells equal ones apart.
const STEM: usize = 16;

/// Findings after a change, parted by whether they were there before it; each in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// They were not there.
    pub new: Vec<Merged>,
    /// They were there.
    pub known: Vec<Merged>,
    /// Nobody can say: those who see them gave no answer about the text before.
    pub uncertain: Vec<Merged>,
    /// Who gave no answer about the texts before, and why.
    pub gaps: Vec<Gap>,
}

/// An analyzer that gave no answer about texts before the change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Its name.
    pub analyzer: &'static str,
    /// The text that it is about; `None` for all.
    pub file: Option<String>,
    /// What happened.
    pub why: String,
}

/// Parts `findings`, which are those of `after` that the user is to see. The reports are as [`crate::scan`] gave
/// them.
///
/// Cost: nearly nothing where every analyzer answered about every text; else both reports are merged again.
#[must_use]
pub fn compare(before: &Report, after: &Report, findings: Vec<Merged>) -> Changes {
    let silences = [silences(before, after), silences(after, before)];
    let said = |report: &Report, analyzer: &str, source: usize| {
        let name = name_of(report, source);
        silences
            .iter()
            .all(|silences| !silences.covers(analyzer, name))
    };
    let comparable = |report: &Report| {
        if silences.iter().all(|silences| silences.0.is_empty()) {
            return report.findings.clone();
        }
        let all = report.runs.iter().flat_map(|run| &run.findings);
        let heard = all.filter(|(source, finding)| said(report, finding.analyzer, *source));
        merge(&report.sources, heard.cloned())
    };
    let (old, now) = (
        Side::new(before, comparable(before)),
        Side::new(after, comparable(after)),
    );
    let met = meet(&old, &now);
    let mut by_witness: BTreeMap<(usize, Name<'_>), bool> = BTreeMap::new();
    for (one, met) in now.findings.iter().zip(&met) {
        for witness in &one.merged.witnesses {
            by_witness.insert((one.merged.source, name(witness)), *met);
        }
    }
    let mut changes = Changes {
        gaps: gaps(before),
        ..Changes::default()
    };
    for merged in findings {
        let known = merged
            .witnesses
            .iter()
            .filter_map(|witness| by_witness.get(&(merged.source, name(witness))));
        match known.copied().reduce(|all, known| all && known) {
            Some(true) => changes.known.push(merged),
            Some(false) => changes.new.push(merged),
            None => changes.uncertain.push(merged),
        }
    }
    changes
}

/// What tells the witnesses in one text apart.
type Name<'f> = (Span, &'static str, &'f str);

fn name(finding: &Finding) -> Name<'_> {
    (finding.span, finding.analyzer, &finding.rule)
}

fn name_of(report: &Report, source: usize) -> &str {
    let source = report.sources.get(source);
    source.map_or("", |source| source.name.as_str())
}

/// About which texts each analyzer gave no answer; `None` for all.
struct Silences<'r>(BTreeMap<&'static str, Option<BTreeSet<&'r str>>>);

impl Silences<'_> {
    fn covers(&self, analyzer: &str, file: &str) -> bool {
        match self.0.get(analyzer) {
            None => false,
            Some(None) => true,
            Some(Some(files)) => files.contains(file),
        }
    }
}

fn silences<'r>(report: &'r Report, other: &Report) -> Silences<'r> {
    let mut silences = BTreeMap::new();
    for run in &report.runs {
        let is_it = |other: &&Run| other.analyzer.name == run.analyzer.name;
        let other = other.runs.iter().find(is_it);
        if is_missing(run) && other.is_none_or(is_missing) {
            continue;
        }
        if answered(run) {
            let files = run.failed.iter();
            let files: BTreeSet<&str> =
                files.map(|failed| name_of(report, failed.source)).collect();
            if !files.is_empty() {
                silences.insert(run.analyzer.name, Some(files));
            }
        } else {
            silences.insert(run.analyzer.name, None);
        }
    }
    Silences(silences)
}

/// One that is missing before and after says nothing that could be compared.
fn is_missing(run: &Run) -> bool {
    matches!(run.status, Status::Missing { .. })
}

/// Whether it answered at all; one that had nothing to do did.
fn answered(run: &Run) -> bool {
    run.status.looked() || matches!(run.status, Status::NotApplicable)
}

fn gaps(before: &Report) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for run in &before.runs {
        let analyzer = run.analyzer.name;
        match &run.status {
            _ if is_missing(run) => {}
            status if !answered(run) => gaps.push(Gap {
                analyzer,
                file: None,
                why: status.to_string(),
            }),
            _ => gaps.extend(run.failed.iter().map(|failed| Gap {
                analyzer,
                file: Some(name_of(before, failed.source).to_owned()),
                why: failed.why.clone(),
            })),
        }
    }
    gaps
}

/// One report's findings, those that comments took back among them.
struct Side<'r> {
    findings: Vec<Counted<'r>>,
}

struct Counted<'r> {
    file: &'r str,
    merged: Merged,
    taken_back: bool,
}

impl<'r> Side<'r> {
    fn new(report: &'r Report, findings: Vec<Merged>) -> Self {
        let suppressed = suppress(&report.sources, findings);
        let counted = |merged: Merged, taken_back| Counted {
            file: name_of(report, merged.source),
            merged,
            taken_back,
        };
        let taken = suppressed.taken_out.into_iter();
        let kept = suppressed.kept.into_iter();
        // What was taken back is met first: it must not leave its earlier self to a copy.
        let findings = taken
            .map(|(merged, _)| counted(merged, true))
            .chain(kept.map(|merged| counted(merged, false)));
        Self {
            findings: findings.collect(),
        }
    }
}

/// A file, or none where it does not matter, and a name of what is found.
type Key = (String, String);

/// By what an earlier finding is recognized, the surest first.
const PASSES: [fn(&Counted<'_>) -> Key; 3] = [
    |one| {
        let stem = one.merged.fingerprint.get(..STEM).unwrap_or_default();
        (one.file.to_owned(), stem.to_owned())
    },
    |one| (one.file.to_owned(), one.merged.likeness.clone()),
    |one| (String::new(), one.merged.likeness.clone()),
];

/// Which of the findings now were there before.
fn meet(old: &Side<'_>, now: &Side<'_>) -> Vec<bool> {
    let mut met = vec![false; now.findings.len()];
    let mut free = vec![true; old.findings.len()];
    for key in PASSES {
        let mut earlier: BTreeMap<(Key, bool), Vec<usize>> = BTreeMap::new();
        for (at, one) in old.findings.iter().enumerate().rev() {
            if free[at] {
                let here = earlier.entry((key(one), one.taken_back)).or_default();
                here.push(at);
            }
        }
        for (one, met) in now.findings.iter().zip(&mut met).filter(|(_, met)| !**met) {
            let mut take = |taken_back| earlier.get_mut(&(key(one), taken_back))?.pop();
            let from = match one.taken_back {
                true => take(true).or_else(|| take(false)),
                false => take(false),
            };
            if let Some(at) = from {
                free[at] = false;
                *met = true;
            }
        }
    }
    met
}
