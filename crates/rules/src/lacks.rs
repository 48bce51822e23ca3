//! Where is memory touched without a check, as the rules about that say?

use palinode_code::{Finding, Parsed, Span, Text};
use palinode_flow::{Lack, MissingCheck, missing_checks_since};

use crate::rule::{Flows, Rule};
use crate::scan::{ANALYZER, Hit};
use crate::shelf::Shelf;

/// What the shelf's rules about missing checks find. `missing` are the checks that were missing before the last edit,
/// and then those that are missing now; nothing before the byte `unchanged` has changed since.
pub(crate) fn hits(
    shelf: &Shelf,
    parsed: &Parsed,
    missing: &mut Vec<MissingCheck>,
    unchanged: usize,
) -> Vec<Hit> {
    let rules: Vec<(Lack, &Rule)> = shelf
        .flows
        .iter()
        .filter_map(|rule| match rule.flow {
            Some(Flows::Without(lack)) => Some((lack, rule.as_ref())),
            _ => None,
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let mut hits = Vec::new();
    *missing = missing_checks_since(parsed, unchanged, missing);
    for missing in &*missing {
        let about = rules.iter().filter(|(lack, _)| *lack == missing.kind);
        hits.extend(about.map(|(_, rule)| hit(rule, missing, parsed)));
    }
    hits
}

fn hit(rule: &Rule, missing: &MissingCheck, parsed: &Parsed) -> Hit {
    let Span { start, end } = missing.span;
    let node = parsed.root().descendant_for_byte_range(start, end);
    let subject = parsed.text().slice(missing.subject).unwrap_or_default();
    let subject = Text::from(subject);
    let subject = subject.readable();
    let words: Vec<&str> = subject.split_whitespace().collect();
    Hit {
        shelved: usize::MAX,
        absence: missing.kind.waits_for_end(),
        broken: node.is_none_or(|node| node.has_error()),
        finding: Finding {
            analyzer: ANALYZER,
            rule: rule.id.clone(),
            cwes: rule.cwes.clone(),
            severity: rule.severity,
            confidence: rule.confidence.map(|ours| ours.min(missing.certainty)),
            span: missing.span,
            message: rule.message.replace("$SUBJECT", &words.join(" ")),
            advice: rule.advice.clone(),
            fix: Vec::new(),
            trace: Vec::new(),
        },
    }
}
