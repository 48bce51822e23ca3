//! What becomes of a text when some of its bytes are replaced?

use crate::error::Error;
use crate::span::Span;
use crate::text::Text;

/// Replace the bytes at `span` by `new`. An empty span inserts; an empty `new` deletes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// The bytes that go, in the text before the edit.
    pub span: Span,
    /// The bytes that come.
    pub new: Vec<u8>,
}

impl Edit {
    /// The edit that puts `new` in place of the bytes at `span`.
    #[must_use]
    pub fn new(span: Span, new: impl Into<Vec<u8>>) -> Self {
        Self {
            span,
            new: new.into(),
        }
    }

    /// The text after this edit. Cost: one copy of the text.
    ///
    /// # Errors
    /// [`Error::Reversed`] or [`Error::OutOfRange`].
    pub fn apply(&self, text: &Text) -> Result<Text, Error> {
        apply_edits(text, std::slice::from_ref(self))
    }
}

/// The text after all `edits`, whose spans all count in `text` as it is now, in any order.
///
/// Edits may touch. Where several insert at one offset, their bytes come in the order given, and
/// before the replacement of the bytes that follow. Cost: a sort of the edits and one copy of the
/// text.
///
/// # Errors
/// [`Error::Reversed`], [`Error::OutOfRange`], or [`Error::Overlap`] where two edits replace the
/// same byte or one inserts strictly inside the bytes another replaces.
///
/// ```
/// use palinode_code::{Edit, Span, Text, apply_edits};
///
/// let text = Text::from("strcpy(to, from);");
/// let edits = [
///     Edit::new(Span::new(0, 6), "strlcpy"),
///     Edit::new(Span::at(15), ", sizeof to"),
/// ];
/// assert_eq!(apply_edits(&text, &edits)?, Text::from("strlcpy(to, from, sizeof to);"));
/// # Ok::<(), palinode_code::Error>(())
/// ```
pub fn apply_edits(text: &Text, edits: &[Edit]) -> Result<Text, Error> {
    for edit in edits {
        text.slice(edit.span)?;
    }
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| edit.span);

    let added = edits.iter().map(|edit| edit.new.len()).sum::<usize>();
    let mut out = Vec::with_capacity(text.len().saturating_add(added));
    let mut kept_from = 0;
    let mut previous = Span::at(0);
    for edit in ordered {
        if edit.span.start < kept_from {
            return Err(Error::Overlap {
                first: previous,
                second: edit.span,
            });
        }
        out.extend_from_slice(&text.as_bytes()[kept_from..edit.span.start]);
        out.extend_from_slice(&edit.new);
        kept_from = edit.span.end;
        previous = edit.span;
    }
    out.extend_from_slice(&text.as_bytes()[kept_from..]);
    Ok(Text::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edits: &[(usize, usize, &str)]) -> Result<String, Error> {
        let edits: Vec<Edit> = edits
            .iter()
            .map(|&(start, end, new)| Edit::new(Span::new(start, end), new))
            .collect();
        Ok(apply_edits(&Text::from(text), &edits)?.to_string())
    }

    #[test]
    fn edits_may_touch_and_come_in_any_order() {
        assert_eq!(
            edited("abcd", &[(2, 4, "Y"), (0, 2, "X"), (2, 2, "|")]),
            Ok("X|Y".to_owned())
        );
        assert_eq!(
            edited("ab", &[(1, 1, "1"), (1, 1, "2")]),
            Ok("a12b".to_owned())
        );
        assert_eq!(edited("", &[(0, 0, "x")]), Ok("x".to_owned()));
        assert_eq!(edited("abc", &[]), Ok("abc".to_owned()));
    }

    #[test]
    fn what_cannot_be_applied_is_refused() {
        assert!(matches!(
            edited("abcd", &[(1, 3, ""), (2, 4, "")]),
            Err(Error::Overlap { .. })
        ));
        assert!(matches!(
            edited("abcd", &[(1, 3, ""), (2, 2, "x")]),
            Err(Error::Overlap { .. })
        ));
        assert!(matches!(
            edited("abcd", &[(1, 3, ""), (1, 3, "")]),
            Err(Error::Overlap { .. })
        ));
        assert!(matches!(
            edited("abcd", &[(3, 5, "")]),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            edited("abcd", &[(3, 2, "")]),
            Err(Error::Reversed { .. })
        ));
    }
}
