//! How is a text that is still being written read, so that rules can be asked of it?

use palinode_code::{Edit, Parsed, Span, Text};

/// A text as rules are asked of it: as far as it is whole, closed so that it parses; else as it stands.
///
/// A text has one view, however it came to be: what the parser makes of errors depends on what it read before, so a
/// tree with errors is never made out of an earlier one.
pub(crate) struct View {
    pub(crate) parsed: Parsed,
    /// How much of the text is in it, before what closes it; `None` where it stands as it is, with its errors.
    pub(crate) whole: Option<usize>,
}

impl View {
    /// The view of a text that was parsed as it stands.
    pub(crate) fn of(parsed: &Parsed) -> Self {
        let language = parsed.language();
        let bytes = parsed.text().as_bytes();
        if let Some(whole) = language.whole_part(bytes) {
            let closed = whole.closed(bytes);
            let read = match closed == *parsed.text() {
                true => parsed.clone(),
                false => language.parse(&closed),
            };
            if !read.root().has_error() && !read.gave_up() {
                return Self {
                    parsed: read,
                    whole: Some(whole.end),
                };
            }
        }
        Self {
            parsed: parsed.clone(),
            whole: None,
        }
    }

    /// The view of the text that comes after this one's, and the offset before which nothing in it changed: no byte,
    /// and no node that ends there or earlier. `None` where
    /// the view stays as it is: what came is not whole yet.
    ///
    /// Cost: that of parsing what changed, where both views are closed, and a pass over the bytes of both.
    pub(crate) fn next(&self, text: &Text) -> Option<(Self, usize)> {
        let language = self.parsed.language();
        if let Some(whole) = language.whole_part(text.as_bytes()) {
            let closed = whole.closed(text.as_bytes());
            if closed == *self.parsed.text() && self.whole == Some(whole.end) {
                return None;
            }
            let edit = difference(self.parsed.text().as_bytes(), closed.as_bytes());
            let (parsed, unchanged) = self
                .parsed
                .edited(&edit)
                .expect("a difference lies in the text");
            if !parsed.root().has_error() && !parsed.gave_up() {
                // A tree made from one with errors may be put together differently; the nodes are the same.
                let unchanged = self.whole.map_or(0, |_| unchanged);
                let whole = Some(whole.end);
                return Some((Self { parsed, whole }, unchanged));
            }
        }
        let parsed = language.parse(text);
        let whole = None;
        Some((Self { parsed, whole }, 0))
    }
}

/// The one edit that makes `new` out of `old`, as small as one edit can be.
fn difference(old: &[u8], new: &[u8]) -> Edit {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let start = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let end = ends.take_while(same).count();
    Edit::new(
        Span::new(start, old.len() - end),
        &new_rest[..new_rest.len() - end],
    )
}
