//! What happened to the program when a token, or a piece of text, came in?

use std::fmt;

use palinode_code::{Revision, Span};

use crate::{Action, Error, Problem};

/// One thing that happened in a stream.
///
/// [`Text`](Event::Text) and [`Revision`](Event::Revision) change the buffer; all others are there to
/// be shown or counted. Applied in order to an empty text ([`Event::apply_to`]) the events of a stream
/// give its program, also after a refusal: nothing of an episode touches the buffer before its patch
/// is complete.
///
/// Bytes are cut where tokens are, which may be inside a character;
/// [`WholeCharacters`](crate::WholeCharacters) makes them whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Code, appended to the buffer.
    Text {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The trigger came: an episode is open.
    Opened,
    /// A further piece of the scope.
    ScopeText {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The scope is complete, and this is the place in the buffer that it names. Nothing can move it
    /// before the patch is complete.
    Scope {
        /// Bytes of the buffer.
        span: Span,
    },
    /// A further piece of the patch.
    PatchText {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The patch is complete and has taken the scope's place.
    Revision {
        /// What was replaced; `span` counts in the buffer before it. The proposer is the model, and
        /// nobody has judged it.
        revision: Revision,
        /// How many tokens the episode took. All zero where the stream was text, which has no tokens
        /// to count.
        tokens: EpisodeTokens,
    },
    /// An action token where none is allowed. It is no text and changes nothing.
    Stray {
        /// Which one.
        action: Action,
    },
    /// An id that stands for nothing: outside the vocabulary, without bytes, or after the stream's
    /// end. It is no text and changes nothing.
    Ignored {
        /// The id.
        id: u32,
    },
    /// The open episode was refused, and the stream is as if it had not begun.
    Refused {
        /// Why.
        reason: Refusal,
        /// Tokens taken from the stream, from the trigger to the token that was not allowed.
        discarded: u64,
    },
    /// The stream ended inside an episode, or its text was malformed; the episode changes nothing.
    Dropped {
        /// Tokens of the episode; 0 where the stream was text.
        discarded: u64,
    },
    /// The text is malformed here. Only the [`Renderer`](crate::Renderer) reports this.
    Malformed {
        /// What and where.
        problem: Problem,
    },
    /// An end token: the stream is complete.
    End,
}

impl Event {
    /// Does to `program` what the event says; most events say nothing about it.
    ///
    /// # Errors
    /// [`Error::EventMismatch`] where a revision's old text does not stand at its span; `program` is
    /// then unchanged.
    pub fn apply_to(&self, program: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Event::Text { bytes } => program.extend_from_slice(bytes),
            Event::Revision { revision, .. } => {
                let span = revision.span;
                if program.get(span.start..span.end) != Some(revision.old.as_slice()) {
                    return Err(Error::EventMismatch {
                        start: span.start,
                        end: span.end,
                    });
                }
                program.splice(span.start..span.end, revision.new.iter().copied());
            }
            _ => {}
        }
        Ok(())
    }
}

/// The program that a stream's events give, applied in order to an empty text.
///
/// # Errors
/// As [`Event::apply_to`]; events of one stream, all of them and in order, never fail.
pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Vec<u8>, Error> {
    let mut program = Vec::new();
    for event in events {
        event.apply_to(&mut program)?;
    }
    Ok(program)
}

/// How many tokens of the stream an accepted episode took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpisodeTokens {
    /// Tokens of the scope.
    pub scope: u64,
    /// Tokens of the patch.
    pub patch: u64,
    /// Action tokens: always five.
    pub delimiter: u64,
}

/// Why an episode was refused. All of these are tokens that
/// [`Session::constraint`](crate::Session::constraint) did not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Another token came where only one action token is allowed.
    Expected {
        /// The one that is.
        action: Action,
        /// What came.
        id: u32,
    },
    /// With this token the scope would stand nowhere in the buffer.
    NotInBuffer {
        /// The token.
        id: u32,
    },
    /// The scope was closed before it began.
    EmptyScope,
    /// The scope went on beyond its limit.
    ScopeTooLong {
        /// The limit, in tokens.
        limit: usize,
    },
    /// The patch went on beyond its limit.
    PatchTooLong {
        /// The limit, in tokens.
        limit: usize,
    },
    /// The stream ended inside the patch.
    EndInPatch,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Expected { action, id } => {
                write!(formatter, "expected {action}, got the token {id}")
            }
            Refusal::NotInBuffer { id } => write!(
                formatter,
                "with the token {id} the scope stands nowhere in the buffer"
            ),
            Refusal::EmptyScope => formatter.write_str("the scope is empty"),
            Refusal::ScopeTooLong { limit } => {
                write!(formatter, "the scope is longer than {limit} tokens")
            }
            Refusal::PatchTooLong { limit } => {
                write!(formatter, "the patch is longer than {limit} tokens")
            }
            Refusal::EndInPatch => formatter.write_str("the stream ended inside the patch"),
        }
    }
}

#[cfg(test)]
mod tests {
    use palinode_code::{Proposer, Verdict};

    use super::*;

    #[test]
    fn a_revision_that_does_not_fit_changes_nothing() {
        let revision = Revision {
            span: Span::new(1, 3),
            old: b"bc".to_vec(),
            new: b"X".to_vec(),
            proposer: Proposer::Model,
            reason: None,
            evidence: Vec::new(),
            verdict: Verdict::Unjudged,
        };
        let event = Event::Revision {
            revision,
            tokens: EpisodeTokens::default(),
        };
        let mut program = b"abcd".to_vec();
        event.apply_to(&mut program).unwrap();
        assert_eq!(program, b"aXd");
        let error = Error::EventMismatch { start: 1, end: 3 };
        assert_eq!(event.apply_to(&mut program), Err(error.clone()));
        assert_eq!(program, b"aXd");
        assert_eq!(event.apply_to(&mut Vec::new()), Err(error));
    }
}
