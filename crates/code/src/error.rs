//! What can go wrong when a text is changed, and what should the user do about it?

use crate::Span;

/// Everything this room refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A span reaches beyond the end of its text.
    #[error("bytes {span} are asked for, but the text has {length}")]
    OutOfRange {
        /// The span asked for.
        span: Span,
        /// Bytes the text has.
        length: usize,
    },
    /// A span ends before it starts.
    #[error("the span {span} ends before it starts")]
    Reversed {
        /// The span asked for.
        span: Span,
    },
    /// Two edits of one set change the same bytes, or one inserts inside the bytes of another.
    #[error("the edits of bytes {first} and {second} overlap")]
    Overlap {
        /// The edit that starts first.
        first: Span,
        /// The edit that runs into it.
        second: Span,
    },
    /// A revision quotes other bytes than those that stand at its span.
    #[error("the revision takes back `{expected}` at bytes {span}, but `{found}` stands there")]
    OldDiffers {
        /// Where the revision applies.
        span: Span,
        /// The start of the bytes it quotes.
        expected: String,
        /// The start of the bytes that stand there.
        found: String,
    },
    /// The text is not valid UTF-8.
    #[error("the text is not valid UTF-8: the byte at offset {offset} begins no character")]
    NotUtf8 {
        /// The first byte that is not part of a character.
        offset: usize,
    },
}

impl Error {
    /// What to do about it, where that is not plain from the message.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::OutOfRange { .. } | Self::OldDiffers { .. } => Some(
                "spans are byte offsets into the text before the change: was it made for another version of the text?",
            ),
            Self::Overlap { .. } => {
                Some("merge the two edits into one, or apply them one after the other")
            }
            Self::NotUtf8 { .. } => Some("convert the file to UTF-8"),
            Self::Reversed { .. } => None,
        }
    }
}

/// The first bytes of `bytes` as text fit for one line of a message.
pub(crate) fn preview(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    let mut text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)])
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if bytes.len() > SHOWN {
        text.push('…');
    }
    text
}
