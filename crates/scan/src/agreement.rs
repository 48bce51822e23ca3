//! What do several findings about one thing say together?

use std::collections::BTreeMap;

use palinode_code::weaknesses::Abstraction;
use palinode_code::{Confidence, Cwe, Finding, Span};

use crate::identity::Reading;

/// How general the best weakness is; unknown ones come last.
pub(crate) fn rank(cwes: &[Cwe]) -> u8 {
    match cwes.first().map(|cwe| cwe.abstraction()) {
        Some(Some(Abstraction::Variant)) => 0,
        Some(Some(Abstraction::Base | Abstraction::Compound)) => 1,
        Some(Some(Abstraction::Class)) => 2,
        Some(Some(Abstraction::Pillar)) => 3,
        Some(Some(Abstraction::Category) | None) => 4,
        None => 5,
    }
}

/// Where they say it is: where the most severe do, of those the most specific, then the narrowest. Where that is a
/// whole line, because its tool tells no column, the narrowest place on it says more.
pub(crate) fn place(reading: &Reading, witnesses: &[Finding]) -> Option<Span> {
    let most = witnesses.iter().map(|witness| witness.severity).max();
    let placed = || witnesses.iter().filter(|witness| !witness.span.is_empty());
    let chosen = placed()
        .filter(|witness| Some(witness.severity) == most)
        .min_by_key(|witness| (rank(&witness.cwes), witness.span.len(), witness.span))
        .or_else(|| placed().min_by_key(|witness| (witness.span.len(), witness.span)))?
        .span;
    if !reading.is_whole_line(chosen) {
        return Some(chosen);
    }
    let inside = placed().map(|witness| witness.span);
    inside
        .filter(|span| chosen.start <= span.start && span.end <= chosen.end)
        .min_by_key(|span| (span.len(), *span))
}

/// Who looks with whose rules: such two are one witness.
fn school(analyzer: &str) -> &str {
    match analyzer {
        // Its second half is Semgrep's rules.
        "codeshield" => "semgrep",
        other => other,
    }
}

/// The confidence of all together: the highest of them, and a step more for each further school that says the same.
pub(crate) fn confidence(witnesses: &[Finding]) -> Option<Confidence> {
    let mut schools: Vec<&str> = witnesses
        .iter()
        .map(|witness| school(witness.analyzer))
        .collect();
    schools.sort_unstable();
    schools.dedup();
    let mut confidence = witnesses
        .iter()
        .filter_map(|witness| witness.confidence)
        .max();
    for _ in 1..schools.len() {
        confidence = match confidence {
            None => Some(Confidence::Medium),
            Some(Confidence::Low) => Some(Confidence::Medium),
            Some(Confidence::Medium | Confidence::High) => Some(Confidence::High),
        };
    }
    confidence
}

/// All weaknesses: those that more analyzers name first, then the specific before the general.
pub(crate) fn weaknesses(witnesses: &[Finding]) -> Vec<Cwe> {
    let mut named: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for witness in witnesses {
        for cwe in &witness.cwes {
            let by = named.entry(cwe.0).or_default();
            if !by.contains(&school(witness.analyzer)) {
                by.push(school(witness.analyzer));
            }
        }
    }
    let mut cwes: Vec<(usize, Cwe)> = named
        .iter()
        .map(|(cwe, by)| (by.len(), Cwe(*cwe)))
        .collect();
    cwes.sort_by_key(|(by, cwe)| (std::cmp::Reverse(*by), rank(&[*cwe]), cwe.0));
    cwes.into_iter().map(|(_, cwe)| cwe).collect()
}
