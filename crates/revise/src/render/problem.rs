//! What is wrong with a marked-up text, and where in it?

use std::fmt;

use crate::Action;

/// A place where a marked-up text is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the input, from 1.
    pub line: usize,
    /// Column in that line, from 1, counted in characters; a byte that belongs to no UTF-8 character
    /// counts as one.
    pub column: usize,
    /// What is wrong.
    pub kind: ProblemKind,
    /// The same in words, for a person.
    pub message: String,
}

impl Problem {
    pub(super) fn new(place: Place, kind: ProblemKind) -> Problem {
        Problem {
            line: place.line,
            column: place.column,
            message: kind.to_string(),
            kind,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The ways in which a marked-up text can be malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The scope stands nowhere in the program so far. The place is the scope's `<|OLD|>`.
    ScopeNotFound,
    /// There is nothing between `<|OLD|>` and `<|/OLD|>`. The place is the scope's `<|OLD|>`.
    EmptyScope,
    /// A marker stands where none, or another one, is expected. The place is the marker.
    UnexpectedMarker {
        /// The marker.
        found: Action,
        /// The one that would be right; `None` in code, where this marker is never right.
        expected: Option<Action>,
    },
    /// Text stands where only this marker may. The place is the marker before the text.
    MissingMarker {
        /// The one that would be right.
        expected: Action,
    },
    /// The text ends inside an episode. The place is the episode's trigger.
    OpenAtEnd {
        /// The marker that would have come next.
        expected: Action,
    },
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemKind::ScopeNotFound => formatter
                .write_str("the text quoted here does not stand in the program written so far"),
            ProblemKind::EmptyScope => formatter.write_str("nothing is quoted here"),
            ProblemKind::UnexpectedMarker {
                found,
                expected: Some(expected),
            } => write!(formatter, "{found} stands here where {expected} is needed"),
            ProblemKind::UnexpectedMarker {
                found,
                expected: None,
            } => write!(formatter, "{found} stands here outside an episode"),
            ProblemKind::MissingMarker { expected } => {
                write!(formatter, "only {expected} may follow this marker")
            }
            ProblemKind::OpenAtEnd { expected } => write!(
                formatter,
                "the episode that begins here is not finished: {expected} is missing"
            ),
        }
    }
}

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Counts lines and columns while the input goes by.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    line: usize,
    /// Characters of the line that are complete.
    characters: usize,
    /// The start of the next one: at most 3 bytes, each its own column until it is complete.
    unfinished: Vec<u8>,
}

impl Counter {
    pub(super) fn new() -> Counter {
        Counter {
            line: 1,
            characters: 0,
            unfinished: Vec::new(),
        }
    }

    /// The place of the next byte, provided that it starts a character, as a marker does.
    pub(super) fn place(&self) -> Place {
        Place {
            line: self.line,
            column: 1 + self.characters + self.unfinished.len(),
        }
    }

    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let last_line = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => {
                self.line += bytes[..=end].iter().filter(|&&byte| byte == b'\n').count();
                self.characters = 0;
                self.unfinished.clear();
                &bytes[end + 1..]
            }
            None => bytes,
        };
        if self.unfinished.is_empty() {
            self.count(last_line);
        } else {
            let mut joined = std::mem::take(&mut self.unfinished);
            joined.extend_from_slice(last_line);
            self.count(&joined);
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.characters += chunk.valid().chars().count();
            let invalid = chunk.invalid();
            let may_go_on =
                std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && may_go_on {
                self.unfinished.extend_from_slice(invalid);
            } else {
                self.characters += invalid.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use palinode_code::Text;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_as_a_text_does(pieces in prop::collection::vec(prop_oneof![
            Just(b"\n".to_vec()), Just("é".as_bytes().to_vec()), Just(b"a".to_vec()),
            Just("🦀".as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..4),
        ], 0..12), cut in any::<prop::sample::Index>()) {
            let input = pieces.concat();
            let cut = cut.index(input.len() + 1);
            let mut counter = Counter::new();
            counter.advance(&input[..cut]);
            counter.advance(&input[cut..]);
            let position = Text::new(input.clone()).position(input.len());
            let place = counter.place();
            prop_assert_eq!((place.line, place.column), (position.line, position.column));
        }
    }
}
