//! Which characters stand in which row of a terminal?

use unicode_width::UnicodeWidthChar;

/// How a character looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Code as written.
    Plain,
    /// Being quoted: may be replaced soon.
    Quoted,
    /// Quoted, and being replaced.
    Struck,
    /// Came from a patch.
    Patch,
    /// Not part of the program.
    Divider,
}

/// A piece of text in one style.
#[derive(Debug)]
pub(crate) struct Styled<'a> {
    text: std::borrow::Cow<'a, str>,
    /// Its place in the program; `None` for what is not part of it yet.
    start: Option<usize>,
    style: Style,
}

impl<'a> Styled<'a> {
    /// A piece of the program that starts at byte `start`.
    pub(crate) fn of(text: &'a str, start: usize, style: Style) -> Self {
        Self {
            text: text.into(),
            start: Some(start),
            style,
        }
    }

    /// Text that is shown, but not part of the program.
    pub(crate) fn inserted(text: String, style: Style) -> Self {
        Self {
            text: text.into(),
            start: None,
            style,
        }
    }
}

/// One character on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What is written: never a control character.
    pub(crate) shown: char,
    pub(crate) style: Style,
}

/// One row of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// It continues the line of the row above, because that was full.
    pub(crate) wrapped: bool,
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// Whether this is `old` with more behind it.
    pub(crate) fn extends(&self, old: &Self) -> bool {
        self.wrapped == old.wrapped && self.cells.starts_with(&old.cells)
    }
}

/// Columns between tab stops.
const TAB: usize = 8;

/// Lays pieces out in rows of `width` columns, and says where further lines of the program start:
/// (byte, row), without the first.
///
/// There is always at least one row; text that ends with a line break ends with an empty row. A tab fills
/// to the next multiple of eight with spaces; other control characters, and those that change the order of
/// what is shown (which can make code look like other code), are shown as symbols.
pub(crate) fn lay_out(pieces: &[Styled<'_>], width: usize) -> (Vec<Row>, Vec<(usize, usize)>) {
    let mut rows = vec![Row::default()];
    let mut lines = Vec::new();
    let mut column = 0;
    for piece in pieces {
        for (at, character) in piece.text.char_indices() {
            let (shown, times) = match character {
                '\n' => {
                    rows.push(Row::default());
                    column = 0;
                    if let Some(start) = piece.start {
                        lines.push((start + at + 1, rows.len() - 1));
                    }
                    continue;
                }
                '\r' if piece.text[at + 1..].starts_with('\n') => continue,
                '\t' => (
                    ' ',
                    (TAB - column % TAB).min(width.saturating_sub(column).max(1)),
                ),
                other => (visible(other), 1),
            };
            let wide = shown.width().unwrap_or(1);
            for _ in 0..times {
                if column > 0 && column + wide > width {
                    rows.push(Row {
                        wrapped: true,
                        cells: Vec::new(),
                    });
                    column = 0;
                }
                column += wide;
                if let Some(row) = rows.last_mut() {
                    row.cells.push(Cell {
                        shown,
                        style: piece.style,
                    });
                }
            }
        }
    }
    (rows, lines)
}

/// Stands for a character that has no picture of its own: the symbol for "substitute".
const SUBSTITUTE: char = '\u{2426}';

/// A character that is safe to send: control characters could move the cursor or change the terminal.
fn visible(character: char) -> char {
    match character {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or(SUBSTITUTE),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => SUBSTITUTE,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => SUBSTITUTE,
        other => other,
    }
}
