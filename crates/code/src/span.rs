//! Which bytes of a text are meant?

use std::fmt;
use std::ops::Range;

/// A half-open range of byte offsets into one text: `start` is in it, `end` is not.
///
/// A span is only a pair of numbers. Whether it lies inside a text, or is the right way round, is
/// checked where it is used ([`crate::Text::slice`], [`crate::Edit::apply`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset one past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The empty span before the byte at `offset`: where an insertion goes.
    #[must_use]
    pub const fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Number of bytes; 0 for a reversed span.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether there is no byte in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the byte at `offset` is in it.
    #[must_use]
    pub const fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Whether `inner` lies wholly inside it; equal spans enclose each other.
    #[must_use]
    pub const fn encloses(self, inner: Self) -> bool {
        self.start <= inner.start && inner.start <= inner.end && inner.end <= self.end
    }

    /// Whether the two share at least one byte. An empty span shares none.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end && !self.is_empty() && !other.is_empty()
    }

    /// The same bytes as a standard range, for slicing.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_spans_do_not_overlap() {
        assert!(!Span::new(0, 3).overlaps(Span::new(3, 5)));
        assert!(Span::new(0, 4).overlaps(Span::new(3, 5)));
        assert!(!Span::at(2).overlaps(Span::new(0, 5)));
    }

    #[test]
    fn a_reversed_span_is_empty_and_encloses_nothing() {
        let reversed = Span::new(5, 2);
        assert!(reversed.is_empty());
        assert!(!reversed.contains(3));
        assert!(!Span::new(0, 9).encloses(reversed));
        assert!(Span::new(0, 9).encloses(Span::at(9)));
    }
}
