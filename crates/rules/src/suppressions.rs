//! Which findings does the text itself take back, and does it say why?

use palinode_code::{Confidence, Finding, Parsed, Severity, Span};

use crate::scan::ANALYZER;

/// The id of what is found where a comment takes findings back without saying why.
pub const NO_REASON: &str = "suppression-without-reason";

/// What such a comment holds.
const MARK: &str = "palinode: ignore";

/// A finding that a comment takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it is taken back, in the words of the comment.
    pub reason: String,
    /// The comment.
    pub comment: Span,
}

/// A comment that takes back findings.
struct Mark<'t> {
    span: Span,
    rules: Vec<&'t str>,
    reason: &'t str,
    /// The lines it speaks of: its own, and the next where it stands alone.
    lines: std::ops::RangeInclusive<usize>,
}

/// The findings that stand, and those that comments take back. A comment that names no rule or gives no reason takes
/// nothing back, and is found itself. Cost: one pass over the bytes; one over the tree where there is such a comment.
pub(crate) fn apply(parsed: &Parsed, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
    if !holds(parsed.text().as_bytes(), MARK.as_bytes()) {
        return (findings, Vec::new());
    }
    let comments = parsed.comments();
    let marks: Vec<Mark<'_>> = comments
        .into_iter()
        .filter_map(|span| mark(parsed, span))
        .collect();
    let mut stand = Vec::new();
    let mut suppressed = Vec::new();
    for finding in findings {
        let text = parsed.text();
        let last = finding.span.end.saturating_sub(1).max(finding.span.start);
        let (first, last) = (text.line(finding.span.start), text.line(last));
        let speaks = |mark: &&Mark<'_>| {
            let lines = *mark.lines.start() <= last && first <= *mark.lines.end();
            lines && !mark.reason.is_empty() && mark.rules.contains(&finding.rule.as_str())
        };
        match marks.iter().find(speaks) {
            Some(mark) => suppressed.push(Suppressed {
                finding,
                reason: mark.reason.to_owned(),
                comment: mark.span,
            }),
            None => stand.push(finding),
        }
    }
    let unfounded = marks
        .iter()
        .filter(|mark| mark.reason.is_empty() || mark.rules.is_empty());
    stand.extend(unfounded.map(|mark| without_reason(mark.span)));
    stand.sort_by_cached_key(|finding| (finding.span, finding.rule.clone()));
    (stand, suppressed)
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// What a comment takes back: `palinode: ignore[rule, rule] reason`.
fn mark(parsed: &Parsed, span: Span) -> Option<Mark<'_>> {
    let text = parsed.text();
    let comment = std::str::from_utf8(text.slice(span).ok()?).ok()?;
    let (before, after) = comment.split_once(MARK)?;
    let (rules, reason) = match after
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((rules, reason)) => (rules, reason),
        None => ("", after),
    };
    let reason = reason.lines().next().unwrap_or_default();
    let reason = reason
        .trim()
        .trim_end_matches("*/")
        .trim_start_matches([':', '-', ' '])
        .trim();
    let own = text.line(span.start + before.len());
    let line = text.line_span(text.line(span.start))?;
    let alone = text
        .slice(Span::new(line.start, span.start))
        .ok()?
        .trim_ascii()
        .is_empty();
    Some(Mark {
        rules: rules
            .split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .collect(),
        reason: if reason.chars().any(char::is_alphanumeric) {
            reason
        } else {
            ""
        },
        lines: own..=(own + usize::from(alone)),
        span,
    })
}

fn without_reason(span: Span) -> Finding {
    Finding {
        analyzer: ANALYZER,
        rule: NO_REASON.to_owned(),
        cwes: Vec::new(),
        severity: Severity::Low,
        confidence: Some(Confidence::High),
        span,
        message: "This comment takes back findings, but names no rule or no reason, so it takes back none".to_owned(),
        advice: Some(format!("Write `{MARK}[rule-id] why this is safe here`.")),
        fix: Vec::new(),
        trace: Vec::new(),
    }
}
