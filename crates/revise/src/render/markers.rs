//! Where are the markers in a text that arrives in pieces, and which line breaks belong to them?

use crate::Action;

/// The longest marker's length: more bytes than this are never held back.
const LONGEST: usize = 16;

/// A piece of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text between markers.
    Text(&'a [u8]),
    /// A marker.
    Marker(Action),
    /// A line break that belongs to the marker before it and is no text.
    LineBreak(&'a [u8]),
}

/// Splits a text into text and markers.
///
/// Where `own_lines` is set, a marker that stands alone on its line takes the line's `\n` or `\r\n`
/// with it. Alone means that the line holds nothing else, not even blanks or a second marker.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    own_lines: bool,
    /// Bytes held back because they may be the start of a marker, or a `\r` after one.
    held: Vec<u8>,
    /// Whether the byte before `held` ended a line, or nothing stands before it.
    line_start: bool,
    /// Whether the last piece was a marker that began its line.
    after_marker: bool,
}

impl Scanner {
    pub(super) fn new(own_lines: bool) -> Scanner {
        Scanner {
            own_lines,
            held: Vec::with_capacity(LONGEST),
            line_start: true,
            after_marker: false,
        }
    }

    /// Takes the next bytes, and hands on, in order, every piece that is certain.
    pub(super) fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.step(rest, &mut sink);
        }
    }

    /// The input is over: what was held back is text.
    pub(super) fn finish(&mut self, mut sink: impl FnMut(Piece<'_>)) {
        self.release(&mut sink);
        self.after_marker = false;
    }

    /// Takes at least one byte of `bytes`, which is not empty; returns the others.
    fn step<'a>(&mut self, bytes: &'a [u8], sink: &mut impl FnMut(Piece<'_>)) -> &'a [u8] {
        let (byte, rest) = (bytes[0], &bytes[1..]);
        if self.after_marker {
            match (self.held.is_empty(), byte) {
                (true, b'\r') => {
                    self.held.push(byte);
                    return rest;
                }
                (empty, b'\n') => {
                    sink(Piece::LineBreak(if empty { b"\n" } else { b"\r\n" }));
                    self.held.clear();
                    self.line_start = true;
                    self.after_marker = false;
                    return rest;
                }
                _ => {
                    self.after_marker = false;
                    self.release(sink);
                }
            }
        }
        if self.held.is_empty() && byte != b'<' {
            let len = bytes
                .iter()
                .position(|&byte| byte == b'<')
                .unwrap_or(bytes.len());
            sink(Piece::Text(&bytes[..len]));
            self.line_start = bytes[len - 1] == b'\n';
            return &bytes[len..];
        }
        self.held.push(byte);
        if let Some(action) = Action::from_marker(&self.held) {
            self.held.clear();
            sink(Piece::Marker(action));
            self.after_marker = self.own_lines && self.line_start;
            self.line_start = false;
            return rest;
        }
        let may_go_on = |held: &[u8]| {
            Action::ALL
                .iter()
                .any(|action| action.marker().as_bytes().starts_with(held))
        };
        if !may_go_on(&self.held) {
            // No marker has a `<` but its first byte, so only this byte can begin the next.
            self.held.pop();
            self.release(sink);
            return bytes;
        }
        rest
    }

    fn release(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        if let Some(&last) = self.held.last() {
            sink(Piece::Text(&self.held));
            self.line_start = last == b'\n';
            self.held.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The input with markers in brackets and swallowed line breaks as `/`.
    fn check(input: &str, own_lines: bool) -> String {
        let split_at = |cut: usize| {
            let mut out = String::new();
            let mut scanner = Scanner::new(own_lines);
            let mut sink = |piece: Piece<'_>| match piece {
                Piece::Text(bytes) => out.push_str(std::str::from_utf8(bytes).unwrap()),
                Piece::Marker(action) => out.push_str(&format!("[{}]", action.index())),
                Piece::LineBreak(bytes) => out.push_str(&"/".repeat(bytes.len())),
            };
            scanner.push(&input.as_bytes()[..cut], &mut sink);
            scanner.push(&input.as_bytes()[cut..], &mut sink);
            scanner.finish(&mut sink);
            out
        };
        let whole = split_at(0);
        for cut in 0..=input.len() {
            assert_eq!(split_at(cut), whole, "cut at {cut}");
        }
        whole
    }

    #[test]
    fn inline_markers_keep_what_is_around_them() {
        assert_eq!(check("a<|OLD|>\nb<|/OLD|>\n", true), "a[1]\nb[2]\n");
        assert_eq!(check("<|OLD|> \n", true), "[1] \n");
        assert_eq!(check("<|OLD|><|/OLD|>\n", true), "[1][2]\n");
        assert_eq!(check(" <|OLD|>\n", true), " [1]\n");
    }

    #[test]
    fn a_marker_alone_on_its_line_takes_the_line_break() {
        assert_eq!(check("<|OLD|>\nb\n<|/OLD|>\n\nc", true), "[1]/b\n[2]/\nc");
        assert_eq!(check("a\r\n<|NEW|>\r\nb", true), "a\r\n[3]//b");
        assert_eq!(check("<|NEW|>\n<|/NEW|>\n", true), "[3]/[4]/");
        assert_eq!(check("<|NEW|>\r<|/NEW|>\r\r\n", true), "[3]\r[4]\r\r\n");
        assert_eq!(check("a\n<|NEW|>", true), "a\n[3]");
        assert_eq!(check("a\n<|NEW|>\r", true), "a\n[3]\r");
        assert_eq!(check("a\n<|NEW|>\n", false), "a\n[3]\n");
    }

    #[test]
    fn what_only_begins_like_a_marker_is_text() {
        for text in [
            "<|OL",
            "<",
            "<<|OLD",
            "<|old|>",
            "<|/OLD",
            "<|<|OL|>",
            "\n<|\n",
            "<|backtracking|",
        ] {
            assert_eq!(check(text, true), text);
        }
        assert_eq!(check("<|O<|OLD|>", true), "<|O[1]");
        assert_eq!(check("<<|NEW|>\n", true), "<[3]\n");
    }
}
