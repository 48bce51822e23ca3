//! Which findings does a text itself take back, and does it say why?

use palinode_code::{Confidence, Cwe, Finding, Parsed, Severity, Span, Text};

use crate::scan::ANALYZER;

/// The id of what is found where a comment takes findings back without saying which or why.
pub const NO_REASON: &str = "suppression-without-reason";

/// What such a comment holds.
const MARK: &str = "palinode: ignore";

/// A comment that takes findings back: `palinode: ignore[python-shell-true, CWE-78, bandit/B602] why`, on a line of the
/// finding, or alone on the line above it.
///
/// One that names nothing or gives no reason takes nothing back: it would hide what nobody has looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The comment.
    pub comment: Span,
    /// The line it stands on, from 1; of one on several lines, the last.
    pub line: usize,
    /// What it names: rules, weaknesses, or an analyzer with its rule.
    pub of: Vec<String>,
    /// Why, in the words of whoever wrote it; empty where nothing is said.
    pub reason: String,
    /// Whether nothing but the comment stands on its line: then it is about the next one.
    stands_alone: bool,
}

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

impl Suppression {
    /// The suppressions in a text, in order; none where [`Suppression::may_stand_in`] says so. Cost: one pass over the
    /// tree where the text has the mark, else one search.
    #[must_use]
    pub fn all_of(parsed: &Parsed) -> Vec<Self> {
        if !Self::may_stand_in(parsed.text()) {
            return Vec::new();
        }
        let read = |comment| Self::read(parsed.text(), comment);
        parsed.comments().into_iter().filter_map(read).collect()
    }

    /// Whether a text holds what begins a suppression, in a comment or not. Cost: one search.
    #[must_use]
    pub fn may_stand_in(text: &Text) -> bool {
        memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some()
    }

    /// Whether it names something and says why.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.of.is_empty() && !self.reason.is_empty()
    }

    /// Whether it counts, and takes back what this rule of an analyzer found at `span`.
    #[must_use]
    pub fn takes_back(
        &self,
        text: &Text,
        span: Span,
        (analyzer, rule): (&str, &str),
        cwes: &[Cwe],
    ) -> bool {
        let first = text.line(span.start);
        let last = text.line(span.end.saturating_sub(1)).max(first);
        let is_here = match self.stands_alone {
            true => self.line + 1 == first,
            // On a finding of several lines the comment stands where there is room.
            false => (first..=last).contains(&self.line),
        };
        let is_named = |word: &String| match word.split_once('/') {
            Some((whose, what)) => whose == analyzer && what == rule,
            None => word == rule || weakness(word).is_some_and(|cwe| cwes.contains(&cwe)),
        };
        self.counts() && is_here && self.of.iter().any(is_named)
    }

    fn read(text: &Text, comment: Span) -> Option<Self> {
        let words = String::from_utf8_lossy(text.slice(comment).ok()?);
        let (_, rest) = words.split_once(MARK)?;
        let rest = rest.trim_start();
        let (of, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((list, rest)) => (list, rest),
            None => ("", rest),
        };
        let names = of.split(',').map(str::trim).filter(|name| !name.is_empty());
        let reason = rest.lines().next().unwrap_or_default();
        let reason = reason
            .trim()
            .trim_end_matches("*/")
            .trim_start_matches([':', '-', ' ']);
        let reason = reason.strip_prefix("because").unwrap_or(reason).trim();
        let says_something = reason.chars().any(char::is_alphanumeric);
        let lines = text.whole_lines(comment);
        let is_blank = |span| {
            let around = text.slice(span).unwrap_or_default();
            around.trim_ascii().is_empty()
        };
        Some(Self {
            comment,
            line: text.line(comment.end.saturating_sub(1)),
            of: names.map(str::to_owned).collect(),
            reason: match says_something {
                true => reason.to_owned(),
                false => String::new(),
            },
            stands_alone: is_blank(Span::new(lines.start, comment.start))
                && is_blank(Span::new(comment.end, lines.end)),
        })
    }
}

/// The weakness that a word names, if it is written as one.
fn weakness(word: &str) -> Option<Cwe> {
    let is_one = word.to_ascii_lowercase().starts_with("cwe");
    is_one.then(|| Cwe::read(word)).flatten()
}

/// The findings that stand, and those that comments take back. A comment that takes back nothing because it names no
/// rule or gives no reason is found itself. Cost: one pass over the bytes; one over the tree where there is such a
/// comment.
pub(crate) fn apply(parsed: &Parsed, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
    let all = Suppression::all_of(parsed);
    if all.is_empty() {
        return (findings, Vec::new());
    }
    let mut stand = Vec::new();
    let mut suppressed = Vec::new();
    for finding in findings {
        let by = all.iter().find(|suppression| {
            let who = (finding.analyzer, finding.rule.as_str());
            suppression.takes_back(parsed.text(), finding.span, who, &finding.cwes)
        });
        match by {
            Some(by) => suppressed.push(Suppressed {
                finding,
                reason: by.reason.clone(),
                comment: by.comment,
            }),
            None => stand.push(finding),
        }
    }
    let unfounded = all.iter().filter(|suppression| !suppression.counts());
    stand.extend(unfounded.map(|suppression| without_reason(suppression.comment)));
    stand.sort_by_cached_key(|finding| (finding.span, finding.rule.clone()));
    (stand, suppressed)
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
