//! Which bytes does a tool mean by a line and a column?

use palinode_code::{Span, Text};

/// What a tool counts as one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// A byte of UTF-8.
    Bytes,
    /// A character (Unicode code point).
    Characters,
    /// A code unit of UTF-16, as SARIF's default says.
    Utf16,
}

/// A place as tools give it. Lines and columns count from 1; the end column is the one behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line it starts on.
    pub line: usize,
    /// The column it starts at; without, the whole line is meant.
    pub column: Option<usize>,
    /// The line it ends on; without, the line it starts on.
    pub end_line: Option<usize>,
    /// The column it ends before; without, the word that starts there is meant.
    pub end_column: Option<usize>,
    /// How columns are counted.
    pub columns: Columns,
}

impl Place {
    /// A whole line.
    #[must_use]
    pub fn line(line: usize) -> Self {
        Self {
            line,
            column: None,
            end_line: None,
            end_column: None,
            columns: Columns::Characters,
        }
    }

    /// The bytes that are meant; `None` where the text has no such line. A column beyond the line's end is taken as
    /// its end, and an end before the start as none.
    #[must_use]
    pub fn span(&self, text: &Text) -> Option<Span> {
        let first = line_of(text, self.line)?;
        let Some(column) = self.column else {
            let last = self.end_line.and_then(|line| line_of(text, line));
            let last = last.filter(|last| last.end >= first.end).unwrap_or(first);
            return Some(trimmed(text, Span::new(first.start, last.end)));
        };
        let start = self.offset(text, first, column);
        let end_line = match self.end_line {
            Some(line) => line_of(text, line),
            None => Some(first),
        };
        let end = self.end_column.zip(end_line);
        let end = end.map(|(column, line)| self.offset(text, line, column));
        // Where only the last line is known, to the end of it.
        let end = end.or_else(|| {
            let line = end_line.filter(|_| self.end_line.is_some_and(|line| line > self.line))?;
            Some(trimmed(text, line).end)
        });
        match end.filter(|end| *end > start) {
            Some(end) => Some(Span::new(start, end)),
            None => Some(Span::new(start, word_end(text, start, first.end))),
        }
    }

    /// Where a column of a line is.
    fn offset(&self, text: &Text, line: Span, column: usize) -> usize {
        let bytes = text.slice(line).unwrap_or_default();
        let before = column.saturating_sub(1);
        let width = match self.columns {
            Columns::Bytes => before.min(bytes.len()),
            Columns::Characters => width_of(bytes, before, |_| 1),
            Columns::Utf16 => width_of(bytes, before, char::len_utf16),
        };
        line.start + width
    }
}

/// The line without what ends it.
fn line_of(text: &Text, line: usize) -> Option<Span> {
    let span = text.line_span(line)?;
    let bytes = text.slice(span).unwrap_or_default();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    Some(Span::new(span.start, span.start + bytes.len()))
}

fn trimmed(text: &Text, span: Span) -> Span {
    let bytes = text.slice(span).unwrap_or_default();
    let start = span.start + (bytes.len() - bytes.trim_ascii_start().len());
    let end = span.end - (bytes.len() - bytes.trim_ascii_end().len());
    Span::new(start, end.max(start))
}

/// The end of the word that starts at `start`, or of the line where none does.
fn word_end(text: &Text, start: usize, line_end: usize) -> usize {
    let rest = Span::new(start, line_end.max(start));
    let bytes = text.slice(rest).unwrap_or_default();
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    match bytes.iter().position(|byte| !in_word(byte)) {
        Some(0) => trimmed(text, rest).end.max(start),
        Some(length) => start + length,
        None => rest.end,
    }
}

/// Bytes that so many columns take, each lone byte that belongs to no character counting as one.
fn width_of(bytes: &[u8], columns: usize, width: impl Fn(char) -> usize) -> usize {
    let mut left = columns;
    let mut taken = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if left == 0 {
                return taken;
            }
            left = left.saturating_sub(width(character));
            taken += character.len_utf8();
        }
        let lone = chunk.invalid().len().min(left);
        left -= lone;
        taken += lone;
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "x = 1\r\n\ts = \"é😀\" + evil(a)\n\nlast";

    fn at(line: usize, column: usize, end: Option<usize>, columns: Columns) -> String {
        let place = Place {
            line,
            column: Some(column),
            end_line: None,
            end_column: end,
            columns,
        };
        let text = Text::from(TEXT);
        let span = place.span(&text).expect("there is such a line");
        String::from_utf8_lossy(text.slice(span).expect("it is inside")).into_owned()
    }

    #[test]
    fn columns_are_counted_as_the_tool_does() {
        // Before `evil`: a tab, `s = "`, two characters of 2 and 4 bytes (1 and 2 units), `" + `.
        assert_eq!(at(2, 13, Some(20), Columns::Characters), "evil(a)");
        assert_eq!(at(2, 14, Some(21), Columns::Utf16), "evil(a)");
        assert_eq!(at(2, 17, Some(24), Columns::Bytes), "evil(a)");
    }

    #[test]
    fn what_a_tool_leaves_out_is_filled_in() {
        assert_eq!(at(2, 13, None, Columns::Characters), "evil");
        assert_eq!(at(2, 17, None, Columns::Characters), "(a)");
        assert_eq!(at(2, 13, Some(3), Columns::Characters), "evil");
        assert_eq!(at(2, 999, Some(1000), Columns::Characters), "");
        let text = Text::from(TEXT);
        assert_eq!(Place::line(1).span(&text), Some(Span::new(0, 5)));
        assert_eq!(Place::line(3).span(&text).map(Span::is_empty), Some(true));
        assert_eq!(Place::line(0).span(&text), None);
        assert_eq!(Place::line(5).span(&text), None);
        let lines = Place {
            end_line: Some(2),
            ..Place::line(1)
        };
        assert_eq!(lines.span(&text).map(|span| span.start), Some(0));
        assert_eq!(lines.span(&text).map(|span| text.line(span.end)), Some(2));
    }
}
