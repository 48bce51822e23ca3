//! Who took back which bytes, why, and was it accepted?

use crate::edit::Edit;
use crate::error::{Error, preview};
use crate::span::Span;
use crate::text::Text;

/// One thing taken back: the record that every method here produces, whoever noticed the flaw.
///
/// The buffer it applies to is the one that stood before it, so a list of revisions is applied one
/// after the other ([`apply_revisions`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The bytes taken back, in the buffer before the revision.
    pub span: Span,
    /// What stood there.
    pub old: Vec<u8>,
    /// What stands there now.
    pub new: Vec<u8>,
    /// Who proposed it.
    pub proposer: Proposer,
    /// Why, in words, where the proposer said so.
    pub reason: Option<String>,
    /// What the proposer based it on.
    pub evidence: Vec<Evidence>,
    /// What became of it.
    pub verdict: Verdict,
}

/// Who proposed a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Proposer {
    /// The model that was writing.
    Model,
    /// An analyser.
    Scanner,
    /// A second model, or another reader of the code.
    Reviewer,
    /// A failed test.
    Test,
    /// A person.
    Person,
}

/// What became of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It was checked and stands.
    Accepted,
    /// It was refused, for this reason.
    Refused(String),
    /// Nobody has checked it.
    Unjudged,
}

/// One thing a revision rests on: a finding, a discussion, a failed test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Where it comes from: an analyser and rule, a link, a test's name.
    pub source: String,
    /// What it says.
    pub note: String,
}

impl Revision {
    /// The revision that puts `new` in place of what `text` has at `span`: without a reason or
    /// evidence, and unjudged.
    ///
    /// # Errors
    /// [`Error::Reversed`] or [`Error::OutOfRange`].
    pub fn of(
        text: &Text,
        span: Span,
        new: impl Into<Vec<u8>>,
        proposer: Proposer,
    ) -> Result<Self, Error> {
        Ok(Self {
            span,
            old: text.slice(span)?.to_vec(),
            new: new.into(),
            proposer,
            reason: None,
            evidence: Vec::new(),
            verdict: Verdict::Unjudged,
        })
    }

    /// The change it makes, without who and why.
    #[must_use]
    pub fn edit(&self) -> Edit {
        Edit::new(self.span, self.new.as_slice())
    }

    /// Whether it puts back just what stood there.
    #[must_use]
    pub fn is_no_op(&self) -> bool {
        self.old == self.new
    }

    /// The text after it. The verdict is not asked: applying is the caller's decision.
    ///
    /// # Errors
    /// [`Error::OldDiffers`] where other bytes than `old` stand at the span; [`Error::Reversed`] or
    /// [`Error::OutOfRange`].
    pub fn apply(&self, text: &Text) -> Result<Text, Error> {
        let found = text.slice(self.span)?;
        if found != self.old {
            return Err(Error::OldDiffers {
                span: self.span,
                expected: preview(&self.old),
                found: preview(found),
            });
        }
        self.edit().apply(text)
    }
}

/// The text after `revisions`, each applied to what the one before it left. Cost: one copy of the
/// text a revision.
///
/// # Errors
/// As [`Revision::apply`], at the first revision that does not fit.
pub fn apply_revisions<'a>(
    text: &Text,
    revisions: impl IntoIterator<Item = &'a Revision>,
) -> Result<Text, Error> {
    let mut text = text.clone();
    for revision in revisions {
        text = revision.apply(&text)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_apply_one_after_the_other() {
        let draft = Text::from("gets(line);");
        let first = Revision::of(&draft, Span::new(0, 10), "fgets(line)", Proposer::Model)
            .expect("in range");
        let middle = first.apply(&draft).expect("fits");
        let second =
            Revision::of(&middle, Span::at(10), ", size, stdin", Proposer::Test).expect("in range");
        assert!(!second.is_no_op());
        let both = [first.clone(), second];
        assert_eq!(
            apply_revisions(&draft, &both),
            Ok(Text::from("fgets(line, size, stdin);"))
        );
        assert!(apply_revisions(&middle, [&first]).is_err());
    }

    #[test]
    fn what_it_takes_back_must_stand_there() {
        let revision = Revision::of(&Text::from("abc"), Span::new(1, 2), "x", Proposer::Person)
            .expect("in range");
        let error = revision.apply(&Text::from("a\nc")).expect_err("differs");
        assert_eq!(
            error.to_string(),
            "the revision takes back `b` at bytes 1..2, but ` ` stands there"
        );
    }
}
