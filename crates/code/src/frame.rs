//! How is a piece of a file read that is no file: a method without its class, a function whose
//! return type stood on the line above?

use std::borrow::Cow;

use tree_sitter::{InputEdit, Point, Tree};

use crate::span::Span;

/// What is put around a piece of code so that the grammar can read it. It is cut out of the tree
/// afterwards: its nodes stay, without width, and all positions count in the piece itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Stands before the piece, on its first line.
    pub(crate) before: &'static str,
    /// Stands after it, on a line of its own, with the end of that line.
    pub(crate) after: &'static str,
    /// Kinds of the nodes that the frame puts around the piece.
    pub(crate) kinds: &'static [&'static str],
}

/// Nothing but an end for the last line. Some grammars miss it at the end of a file.
pub(crate) const NO_FRAME: Frame = Frame {
    before: "",
    after: "",
    kinds: &[],
};

impl Frame {
    /// The bytes to parse, which end in a new line. Cost: one copy, where there is anything to add.
    pub(crate) fn around<'p>(&self, piece: &'p [u8]) -> Cow<'p, [u8]> {
        if self.before.is_empty() && self.after.is_empty() && piece.ends_with(b"\n") {
            return Cow::Borrowed(piece);
        }
        Cow::Owned([self.before.as_bytes(), piece, b"\n", self.after.as_bytes()].concat())
    }

    /// Cuts the frame out of the tree of `framed`, which this frame put around `piece_len` bytes.
    pub(crate) fn cut_out_of(&self, tree: &mut Tree, framed: &[u8], piece_len: usize) {
        let piece_end = self.before.len() + piece_len;
        if piece_end < framed.len() {
            tree.edit(&deletion(framed, piece_end, framed.len()));
        }
        if !self.before.is_empty() {
            tree.edit(&deletion(framed, 0, self.before.len()));
        }
    }
}

/// What an edit of `old` at `span` says to tree-sitter, where what it put in ends at `end` in `new`.
pub(crate) fn change(old: &[u8], new: &[u8], span: Span, end: usize) -> InputEdit {
    InputEdit {
        start_byte: span.start,
        old_end_byte: span.end,
        new_end_byte: end,
        start_position: point_at(old, span.start),
        old_end_position: point_at(old, span.end),
        new_end_position: point_at(new, end),
    }
}

fn deletion(text: &[u8], start: usize, end: usize) -> InputEdit {
    let start_position = point_at(text, start);
    InputEdit {
        start_byte: start,
        old_end_byte: end,
        new_end_byte: start,
        start_position,
        old_end_position: point_at(text, end),
        new_end_position: start_position,
    }
}

/// Row and column, from 0 and in bytes, as tree-sitter counts them.
fn point_at(text: &[u8], offset: usize) -> Point {
    let before = &text[..offset.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let row = before.iter().filter(|&&b| b == b'\n').count();
    Point::new(row, before.len() - line_start)
}
