//! What did an analyser say about a place in a text?

use std::fmt;
use std::str::FromStr;

use crate::edit::Edit;
use crate::span::Span;
use crate::weaknesses::Cwe;

/// One thing that an analyser reports about one text.
///
/// It holds what a person or a model needs in order to act: where, what, why and what instead. Which text it is
/// about, the holder knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Who reports it: the analyser's name.
    pub analyzer: &'static str,
    /// The analyser's name for what it looked for, unique for that analyser.
    pub rule: String,
    /// The weaknesses it is an instance of, the one that fits best first; empty where that is not known.
    pub cwes: Vec<Cwe>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the analyser is, where it says so.
    pub confidence: Option<Confidence>,
    /// Where it is.
    pub span: Span,
    /// What is wrong here, in one sentence.
    pub message: String,
    /// What to write instead, where the analyser knows.
    pub advice: Option<String>,
    /// What would mend it: all of them together, positions in the text as it is. Empty where nothing is proposed.
    pub fix: Vec<Edit>,
    /// How the value came here, from where it enters to where it does harm; empty where that is not known.
    pub trace: Vec<Step>,
}

/// One place on the way of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub span: Span,
    /// What happens there.
    pub note: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; no weakness by itself.
    Info,
    /// Hard to use, or of little harm.
    Low,
    /// Harm under conditions that are met now and then.
    Medium,
    /// Harm under conditions that are usual.
    High,
    /// Whoever reaches it takes over.
    Critical,
}

/// How sure an analyser is of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A hint.
    Low,
    /// Usually right.
    Medium,
    /// Nearly always right.
    High,
}

impl Severity {
    /// From the mildest on.
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The score that stands for it from 0 to 10, in the middle of the range that GitHub's code scanning calls by
    /// its name (over 9 critical, from 7 high, from 4 medium, above 0 low).
    #[must_use]
    pub fn score(self) -> f32 {
        match self {
            Severity::Info => 0.0,
            Severity::Low => 2.0,
            Severity::Medium => 5.5,
            Severity::High => 8.0,
            Severity::Critical => 9.5,
        }
    }

    /// What a score from 0 to 10 is called.
    #[must_use]
    pub fn of_score(score: f32) -> Severity {
        match score {
            score if score > 9.0 => Severity::Critical,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            score if score > 0.0 => Severity::Low,
            _ => Severity::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let is_it = |severity: &Severity| severity.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it).ok_or(UnknownName)
    }
}

impl Confidence {
    /// The name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Confidence {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Confidence::Low, Confidence::Medium, Confidence::High]
            .into_iter()
            .find(|confidence| confidence.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownName)
    }
}

/// A name that stands for nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such name")]
pub struct UnknownName;
