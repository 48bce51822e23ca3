//! Which bytes make up this piece of code, and on which line and column does a byte stand?

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::span::Span;

/// An immutable piece of source code.
///
/// Any bytes are allowed; UTF-8 is checked only by [`Text::as_str`]. A clone is one reference count
/// and shares the line index, which is built on the first question about a line (one pass over the
/// bytes, 8 bytes a line).
#[derive(Clone)]
pub struct Text(Arc<Inner>);

struct Inner {
    bytes: Arc<[u8]>,
    /// Offset of the first byte of each line; the first is always 0.
    line_starts: OnceLock<Vec<usize>>,
}

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. Only `\n` ends a line.
    pub line: usize,
    /// Column, from 1, counted in characters; each byte that belongs to no UTF-8 character counts as
    /// one.
    pub column: usize,
}

impl Text {
    /// The text made of these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Arc::new(Inner {
            bytes: bytes.into(),
            line_starts: OnceLock::new(),
        }))
    }

    /// All bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The text as a string.
    ///
    /// # Errors
    /// [`Error::NotUtf8`] with the offset of the first byte that belongs to no character.
    pub fn as_str(&self) -> Result<&str, Error> {
        std::str::from_utf8(self.as_bytes()).map_err(|e| Error::NotUtf8 {
            offset: e.valid_up_to(),
        })
    }

    /// The text as a string of the same length: each byte that belongs to no character is one `?`, so that positions
    /// stay. Cost: one pass, and a copy where there is such a byte.
    #[must_use]
    pub fn readable(&self) -> Cow<'_, str> {
        if let Ok(text) = self.as_str() {
            return Cow::Borrowed(text);
        }
        let mut readable = String::with_capacity(self.len());
        for chunk in self.as_bytes().utf8_chunks() {
            readable.push_str(chunk.valid());
            readable.extend(std::iter::repeat_n('?', chunk.invalid().len()));
        }
        Cow::Owned(readable)
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.bytes.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    /// The span of the whole text.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(0, self.len())
    }

    /// The bytes at `span`.
    ///
    /// # Errors
    /// [`Error::Reversed`] or [`Error::OutOfRange`].
    pub fn slice(&self, span: Span) -> Result<&[u8], Error> {
        if span.start > span.end {
            return Err(Error::Reversed { span });
        }
        self.0.bytes.get(span.range()).ok_or(Error::OutOfRange {
            span,
            length: self.len(),
        })
    }

    /// Number of lines; a text that ends in `\n` has an empty last line, and an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    /// The line, from 1, on which the byte at `offset` stands; offsets beyond the end stand on the
    /// last line. Binary search over the lines.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|&start| start <= offset)
    }

    /// The line and column of the byte at `offset`; offsets beyond the end are taken as the end.
    /// Cost: a binary search, and a pass over the line up to `offset`.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.len());
        let line = self.line(offset);
        let before = &self.as_bytes()[self.line_starts()[line - 1]..offset];
        let column = 1 + before
            .utf8_chunks()
            .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
            .sum::<usize>();
        Position { line, column }
    }

    /// The bytes of a line, from 1, its `\n` included; `None` where there is no such line.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Option<Span> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)?)?;
        let end = starts.get(line).copied().unwrap_or_else(|| self.len());
        Some(Span::new(start, end))
    }

    /// `span` widened to whole lines: back to the start of the line of its first byte, on to the end
    /// (`\n` included) of the line of its last byte. An empty span becomes the line it stands on.
    #[must_use]
    pub fn whole_lines(&self, span: Span) -> Span {
        let first = self.line(span.start.min(self.len()));
        let last = self.line(if span.is_empty() {
            span.start
        } else {
            span.end - 1
        });
        let start = self.line_starts()[first - 1];
        let end = self
            .line_starts()
            .get(last)
            .copied()
            .unwrap_or_else(|| self.len());
        Span::new(start, end)
    }

    fn line_starts(&self) -> &[usize] {
        self.0.line_starts.get_or_init(|| {
            let ends = self.as_bytes().iter().enumerate();
            std::iter::once(0)
                .chain(ends.filter(|&(_, &b)| b == b'\n').map(|(i, _)| i + 1))
                .collect()
        })
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", String::from_utf8_lossy(self.as_bytes()))
    }
}

impl fmt::Display for Text {
    /// The text, with U+FFFD for bytes that belong to no character.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn columns_count_characters_and_lone_bytes() {
        let text = Text::from(&b"a\xc3\xa9b\nx\xffy"[..]);
        assert_eq!(text.position(0), at(1, 1));
        assert_eq!(text.position(3), at(1, 3));
        assert_eq!(text.position(5), at(2, 1));
        assert_eq!(text.position(7), at(2, 3));
        assert_eq!(text.position(999), at(2, 4));
        assert_eq!(text.as_str(), Err(Error::NotUtf8 { offset: 6 }));
    }

    #[test]
    fn the_newline_belongs_to_the_line_it_ends() {
        let text = Text::from("ab\n\ncd");
        assert_eq!(text.line_count(), 3);
        assert_eq!(text.line(2), 1);
        assert_eq!(text.line(3), 2);
        assert_eq!(text.line_span(1), Some(Span::new(0, 3)));
        assert_eq!(text.line_span(3), Some(Span::new(4, 6)));
        assert_eq!(text.line_span(0), None);
        assert_eq!(text.line_span(4), None);
        assert_eq!(Text::default().line_count(), 1);
    }

    #[test]
    fn widening_to_lines_takes_no_line_that_is_only_touched() {
        let text = Text::from("ab\ncd\nef");
        assert_eq!(text.whole_lines(Span::new(1, 3)), Span::new(0, 3));
        assert_eq!(text.whole_lines(Span::new(1, 4)), Span::new(0, 6));
        assert_eq!(text.whole_lines(Span::at(3)), Span::new(3, 6));
        assert_eq!(text.whole_lines(Span::new(7, 99)), Span::new(6, 8));
    }

    #[test]
    fn a_slice_outside_is_an_error() {
        let text = Text::from("abc");
        assert_eq!(text.slice(Span::new(1, 3)), Ok(&b"bc"[..]));
        assert!(matches!(
            text.slice(Span::new(2, 1)),
            Err(Error::Reversed { .. })
        ));
        assert!(matches!(
            text.slice(Span::new(2, 4)),
            Err(Error::OutOfRange { length: 3, .. })
        ));
    }
}
