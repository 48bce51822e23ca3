//! Which findings of several analyzers are about one thing?

use std::cmp::Ordering;
use std::collections::BTreeMap;

use palinode_code::{Cwe, Finding, Severity, Span};

use crate::agreement::{confidence, place, rank, weaknesses};
use crate::identity::{Reading, hash};
use crate::source::Source;

/// Overlapping findings longer than this many lines are about a region rather than a place, and overlap says nothing.
const LONGEST_PLACE: usize = 10;

/// What one or several analyzers say about one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Index of the text in the request.
    pub source: usize,
    /// What they say together: the place of the most severe, the clearest message, every weakness, the highest
    /// severity, and more confidence than each has alone.
    pub finding: Finding,
    /// What each of them says, in a fixed order.
    pub witnesses: Vec<Finding>,
    /// The function around it, with what it belongs to.
    pub function: Option<String>,
    /// A name that stays the same when lines move or layout changes: of the statement's code, the function, the
    /// weakness, and which of several equal ones it is.
    pub fingerprint: String,
    /// A name for the statement's code and the weakness alone: several findings may share it. It stays the same also
    /// where the code moves into another function or file.
    pub likeness: String,
}

/// Brings together findings that are about one place and near weaknesses. The order in which they come, and their
/// repetition, does not matter; and merging the witnesses of what was merged gives the same again.
///
/// Two findings are about one place where they stand in one statement or on one line, or overlap and are short.
/// Their weaknesses must be near ([`Cwe::is_near`]) for every two that come together, so that a general one does not
/// tie two specific ones to each other. Where neither names a weakness, it must be the same rule.
///
/// Cost: one parse and one walk of each text that has findings, and for each place the square of its findings.
#[must_use]
pub fn merge(
    sources: &[Source],
    findings: impl IntoIterator<Item = (usize, Finding)>,
) -> Vec<Merged> {
    let mut by_source: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for (source, finding) in findings {
        if source < sources.len() {
            by_source.entry(source).or_default().push(finding);
        }
    }
    by_source
        .into_iter()
        .flat_map(|(index, findings)| merge_one(index, &sources[index], findings))
        .collect()
}

/// The one order of findings: by text and place first.
pub(crate) fn order(a: &(usize, Finding), b: &(usize, Finding)) -> Ordering {
    a.0.cmp(&b.0).then_with(|| order_in_text(&a.1, &b.1))
}

fn order_in_text(a: &Finding, b: &Finding) -> Ordering {
    let place = |finding: &Finding| (finding.span, finding.analyzer);
    let judgement = |finding: &Finding| (finding.severity, finding.confidence);
    let rest = |finding: &Finding| format!("{:?}{:?}", finding.fix, finding.trace);
    place(a)
        .cmp(&place(b))
        .then_with(|| a.rule.cmp(&b.rule))
        .then_with(|| a.cwes.cmp(&b.cwes))
        .then_with(|| judgement(a).cmp(&judgement(b)))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| a.advice.cmp(&b.advice))
        .then_with(|| rest(a).cmp(&rest(b)))
}

/// A finding with what is asked about it again and again.
struct Placed {
    finding: Finding,
    statement: Span,
    first_line: usize,
    last_line: usize,
}

/// What two findings at one place have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Statement(Span),
    Line(usize),
}

impl Placed {
    /// Whether its span says more than where it is.
    fn is_short(&self) -> bool {
        self.last_line - self.first_line < LONGEST_PLACE
    }

    /// The statement, and the lines on which another at the same place may stand.
    fn spots(&self) -> Vec<Spot> {
        let last = if self.is_short() {
            self.last_line
        } else {
            self.first_line
        };
        let lines = (self.first_line..=last).map(Spot::Line);
        lines.chain([Spot::Statement(self.statement)]).collect()
    }
}

fn merge_one(index: usize, source: &Source, mut findings: Vec<Finding>) -> Vec<Merged> {
    findings.sort_by(order_in_text);
    findings.dedup();
    let reading = Reading::new(source);
    let mut placed: Vec<Placed> = findings
        .into_iter()
        .map(|finding| {
            let first_line = reading.line(finding.span.start);
            let last_line = reading.line(finding.span.end);
            Placed {
                statement: reading.statement(finding.span.start),
                first_line,
                last_line,
                finding,
            }
        })
        .collect();
    // Specific ones first: they found the groups that general ones join.
    placed.sort_by_key(|placed| rank(&placed.finding.cwes));
    let mut groups: Vec<Vec<Placed>> = Vec::new();
    // Only groups with a spot in common are looked at, or many findings would cost the square of their number.
    let mut at_spot: BTreeMap<Spot, Vec<usize>> = BTreeMap::new();
    for next in placed {
        let spots = next.spots();
        let known = spots.iter().filter_map(|spot| at_spot.get(spot));
        let mut candidates: Vec<usize> = known.flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let fits = |group: &usize| groups[*group].iter().all(|other| belong(other, &next));
        let group = candidates.into_iter().find(fits).unwrap_or(groups.len());
        for spot in spots {
            let here = at_spot.entry(spot).or_default();
            if !here.contains(&group) {
                here.push(group);
            }
        }
        match groups.get_mut(group) {
            Some(group) => group.push(next),
            None => groups.push(vec![next]),
        }
    }
    let mut merged: Vec<(Merged, Span)> = groups
        .into_iter()
        .map(|group| together(index, &reading, group))
        .collect();
    merged.sort_by(|(a, _), (b, _)| order_in_text(&a.finding, &b.finding));
    name(source, &reading, &mut merged);
    merged.into_iter().map(|(merged, _)| merged).collect()
}

fn belong(a: &Placed, b: &Placed) -> bool {
    let here = a.statement == b.statement
        || a.first_line == b.first_line
        || (a.is_short() && b.is_short() && a.finding.span.overlaps(b.finding.span));
    here && match (a.finding.cwes.is_empty(), b.finding.cwes.is_empty()) {
        (true, true) => {
            a.finding.analyzer == b.finding.analyzer && a.finding.rule == b.finding.rule
        }
        (false, false) => {
            let near = |a: &Cwe| b.finding.cwes.iter().any(|b| a.is_near(*b));
            a.finding.cwes.iter().any(near)
        }
        _ => false,
    }
}

/// What a group says together, and the statement it is about.
fn together(index: usize, reading: &Reading, group: Vec<Placed>) -> (Merged, Span) {
    let statement = group.iter().map(|placed| placed.statement).min();
    let mut witnesses: Vec<Finding> = group.into_iter().map(|placed| placed.finding).collect();
    witnesses.sort_by(order_in_text);
    // The one that speaks for all: the surest, the most severe, the one that says what to do; then the first.
    let best = |finding: &&Finding| {
        (
            finding.confidence,
            finding.severity,
            finding.advice.is_some(),
            finding.trace.len(),
        )
    };
    let mut finding = witnesses[0].clone();
    for witness in &witnesses[1..] {
        if best(&witness) > best(&&finding) {
            finding = witness.clone();
        }
    }
    finding.span = place(reading, &witnesses).unwrap_or(finding.span);
    finding.severity = witnesses
        .iter()
        .map(|witness| witness.severity)
        .max()
        .unwrap_or(Severity::Info);
    finding.confidence = confidence(&witnesses);
    finding.cwes = weaknesses(&witnesses);
    if finding.advice.is_none() {
        finding.advice = witnesses.iter().find_map(|witness| witness.advice.clone());
    }
    if finding.fix.is_empty() {
        let fix = witnesses.iter().map(|witness| &witness.fix);
        finding.fix = fix
            .max_by_key(|fix| !fix.is_empty())
            .cloned()
            .unwrap_or_default();
    }
    if finding.trace.is_empty() {
        let traces = witnesses.iter().map(|witness| &witness.trace);
        finding.trace = traces
            .max_by_key(|trace| trace.len())
            .cloned()
            .unwrap_or_default();
    }
    let merged = Merged {
        source: index,
        function: reading.function(finding.span.start),
        fingerprint: String::new(),
        likeness: String::new(),
        finding,
        witnesses,
    };
    let span = merged.finding.span;
    (merged, statement.unwrap_or(span))
}

/// Gives each its fingerprint. They stand in the order of the text, so equal ones are told apart by which comes
/// first.
fn name(source: &Source, reading: &Reading, merged: &mut [(Merged, Span)]) {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    for (merged, statement) in merged {
        let code = reading.code(*statement).to_string();
        let what = match merged.finding.cwes.first() {
            Some(cwe) => cwe.to_string(),
            None => format!("{}/{}", merged.finding.analyzer, merged.finding.rule),
        };
        let function = merged.function.as_deref().unwrap_or_default();
        let equal = hash(&[source.language.name, &code, function, &what]);
        let ordinal = seen.entry(equal).or_default();
        merged.fingerprint = format!("{equal:016x}{ordinal:x}");
        let alike = hash(&[source.language.name, &code, &what]);
        merged.likeness = format!("{alike:016x}");
        *ordinal += 1;
    }
}
