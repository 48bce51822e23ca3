//! What of a text that is still being written is whole, and what would close it?
//!
//! A function is open until its last brace: as it stands, the text does not parse, and where the parser picks up
//! again is a guess that may change with each byte. Set aside the statement that is being written, close what is open
//! around it, and what is left parses: its tree is that of the finished text, as far as anybody can know.
//!
//! This reads tokens, not grammar: brackets, ends of statements, and the few words that something has to follow
//! (`try`, `do`). Where it is wrong, the closed text does not parse, which whoever asks can see.

use crate::languages::Language;
use crate::text::Text;

mod braces;
mod indents;
mod lexer;
mod lexis;

pub(crate) use lexis::{Layout, Lexis, Quote, Raw};

/// The longest text that may be set aside, in bytes: tables of data are long statements.
const LONGEST_STATEMENT: usize = 64 << 10;

/// The longest string or comment that may be set aside. A quote that was misread opens one that does not end, and what
/// stands behind it would not be looked at.
const LONGEST_TEXT: usize = 4 << 10;

/// The whole part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Where the last whole statement, or opening of a block, ends, in bytes.
    pub end: usize,
    /// What closes all that is open there.
    pub closers: Vec<u8>,
}

/// What was found in a text.
struct Found {
    whole: Whole,
    /// Whether a string or a comment is open at its end.
    is_cut: bool,
}

impl Whole {
    /// The whole part of `bytes`, and what would close it. `None` where its brackets do not match, or where what is not
    /// whole is too long to be one statement.
    ///
    /// Cost: one pass over the bytes, some 5 ns each.
    pub(crate) fn of(language: &'static Language, bytes: &[u8]) -> Option<Self> {
        let found = match language.syntax.lexis.layout {
            Layout::Indents => indents::whole(language, bytes),
            Layout::Semicolons | Layout::Lines => braces::whole(language, bytes),
        };
        let Found { whole, is_cut } = found?;
        // What is longer is no statement that is being written: something before it went wrong.
        let longest = if is_cut {
            LONGEST_TEXT
        } else {
            LONGEST_STATEMENT
        };
        (bytes.len() - whole.end <= longest).then_some(whole)
    }

    /// The whole part and what closes it, as one text.
    #[must_use]
    pub fn closed(&self, bytes: &[u8]) -> Text {
        let whole = &bytes[..self.end.min(bytes.len())];
        Text::from([whole, &self.closers].concat())
    }
}
