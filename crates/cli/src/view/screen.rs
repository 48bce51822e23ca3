//! What must be sent to a terminal so that it shows a program that changes in place?
//!
//! A pure model: changes go in, text with escape codes comes out; nothing is read from the terminal. The
//! screen remembers the rows it has painted, wrapped at the terminal's width. A change is laid out again
//! from the start of its line, compared with what stands there, and repainted from the first row that
//! differs: cursor up, clear to the end, write. Text that is only appended is only written.
//!
//! **Limits.** What has scrolled off the top cannot be repainted. A revision that starts there is not
//! shown while it is written; when it is accepted, a divider takes the place of the rows that can still be
//! reached, and the program is printed again from the first line that changed. After the window was resized
//! the divider comes below what stands there, since the terminal may have wrapped its rows anew. In a window of a
//! few rows a patch that would push its scope off the top is not shown before it is accepted. So the last
//! thing on the screen, below the last divider, is always the program as it stands.

use std::ops::Range;

use super::layout::{Row, Style, Styled, lay_out};
use super::palette::Palette;

/// A window of at most so many rows is low: there a line that is struck and what replaces it hardly stand together.
const FEW_ROWS: usize = 4;

/// A program on a terminal, and the episode that is changing it.
#[derive(Debug)]
pub(crate) struct Screen {
    width: usize,
    height: usize,
    palette: Palette,
    /// The program.
    text: String,
    /// Byte ranges of `text` that came from a patch, ascending and disjoint.
    patches: Vec<Range<usize>>,
    /// The episode in progress.
    overlay: Overlay,
    /// The rows on the terminal since `first`, the cursor behind the last. Never empty.
    rows: Vec<Row>,
    /// Where lines of `text` start: (byte, row). Ascending; ends where an overlay's patch begins.
    lines: Vec<(usize, usize)>,
    /// Where in `text` the rows start: 0, or the line after the last divider.
    first: usize,
    /// The first byte whose painting was put off because its row is out of reach.
    put_off: Option<usize>,
    /// The window changed its size: no row painted so far can be reached safely.
    lost: bool,
}

/// What an unfinished episode shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Overlay {
    None,
    /// The span that the quotation so far names.
    Quoted(Range<usize>),
    /// The span that is being replaced, and the patch so far.
    Struck(Range<usize>, String),
}

impl Screen {
    /// An empty program at the cursor's place, which must be the start of a row. `width` and `height`
    /// are the terminal's columns and rows; zeros are read as 80 and 24.
    pub(crate) fn new(width: usize, height: usize, palette: Palette) -> Self {
        Self {
            width: if width == 0 { 80 } else { width },
            height: if height == 0 { 24 } else { height },
            palette,
            text: String::new(),
            patches: Vec::new(),
            overlay: Overlay::None,
            rows: vec![Row::default()],
            lines: vec![(0, 0)],
            first: 0,
            put_off: None,
            lost: false,
        }
    }

    /// The program as it stands.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The window has now this size. Costs nothing where it is the same.
    pub(crate) fn resize(&mut self, width: usize, height: usize) {
        if width != 0 && height != 0 && (width, height) != (self.width, self.height) {
            (self.width, self.height) = (width, height);
            self.lost = true;
        }
    }

    /// Appends to the program.
    pub(crate) fn append(&mut self, text: &str) -> String {
        let start = self.text.len();
        self.text.push_str(text);
        self.update(start)
    }

    /// Marks the span that is being quoted. Spans that are out of range are drawn in to the text.
    pub(crate) fn quote(&mut self, span: Range<usize>) -> String {
        let span = self.clamp(span);
        let before = self.overlay_start();
        let start = span.start;
        self.overlay = Overlay::Quoted(span);
        self.update(start.min(before))
    }

    /// Strikes the span that is being replaced.
    pub(crate) fn strike(&mut self, span: Range<usize>) -> String {
        let span = self.clamp(span);
        let before = self.overlay_start();
        let start = span.start;
        self.overlay = Overlay::Struck(span, String::new());
        self.update(start.min(before))
    }

    /// Shows more of the patch behind the span that is struck.
    pub(crate) fn patch(&mut self, more: &str) -> String {
        let Overlay::Struck(span, patch) = &mut self.overlay else {
            return String::new();
        };
        patch.push_str(more);
        let start = span.start;
        self.update(start)
    }

    /// Replaces a span of the program and ends the episode. The new text stays highlighted.
    pub(crate) fn replace(&mut self, span: Range<usize>, new: &str) -> String {
        let span = self.clamp(span);
        let before = self.overlay_start();
        self.overlay = Overlay::None;
        self.text.replace_range(span.clone(), new);
        self.move_patches(&span, new.len());
        self.update(span.start.min(before))
    }

    /// Ends the episode without a change.
    pub(crate) fn forget(&mut self) -> String {
        let before = self.overlay_start();
        self.overlay = Overlay::None;
        if before == usize::MAX {
            return String::new();
        }
        self.update(before)
    }

    /// Leaves the cursor at the start of an empty row below the program.
    pub(crate) fn finish(&mut self) -> String {
        let mut out = self.forget();
        if self.rows.last().is_some_and(|row| !row.cells.is_empty()) {
            out.push_str("\r\n");
        }
        out
    }

    /// Draws a span in to the text and to the borders of its characters.
    fn clamp(&self, span: Range<usize>) -> Range<usize> {
        let floor = |at: usize| {
            let mut at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }

    /// Where the painted overlay starts; the largest number where there is none.
    fn overlay_start(&self) -> usize {
        match &self.overlay {
            Overlay::None => usize::MAX,
            Overlay::Quoted(span) | Overlay::Struck(span, _) => span.start,
        }
    }

    /// Carries the highlighted ranges over an edit and adds the edit's own.
    fn move_patches(&mut self, span: &Range<usize>, new: usize) {
        let mut moved = Vec::with_capacity(self.patches.len() + 2);
        for old in &self.patches {
            if old.start < span.start {
                moved.push(old.start..old.end.min(span.start));
            }
        }
        if new > 0 {
            moved.push(span.start..span.start + new);
        }
        for old in &self.patches {
            if old.end > span.end {
                let start = old.start.max(span.end);
                // Both ends lie behind the edit, so this never goes below zero.
                moved.push(
                    start - span.end + span.start + new..old.end - span.end + span.start + new,
                );
            }
        }
        self.patches = moved;
    }

    /// The styled pieces shown from byte `from` on: the text, and the overlay's patch behind its span.
    fn pieces(&self, from: usize) -> Vec<Styled<'_>> {
        let mut cuts = vec![from, self.text.len()];
        let mut cut = |range: &Range<usize>| cuts.extend([range.start, range.end]);
        self.patches.iter().for_each(&mut cut);
        if let Overlay::Quoted(span) | Overlay::Struck(span, _) = &self.overlay {
            cut(span);
        }
        cuts.retain(|at| (from..=self.text.len()).contains(at));
        cuts.sort_unstable();
        cuts.dedup();

        let mut pieces = Vec::new();
        let put_patch = |pieces: &mut Vec<Styled<'_>>, at: usize| {
            if let Overlay::Struck(span, patch) = &self.overlay
                && span.end == at
            {
                pieces.push(Styled::inserted(patch.clone(), Style::Patch));
            }
        };
        put_patch(&mut pieces, from);
        for pair in cuts.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            pieces.push(Styled::of(
                &self.text[start..end],
                start,
                self.style_at(start),
            ));
            put_patch(&mut pieces, end);
        }
        pieces
    }

    /// The style of the text at a byte. The overlay lies over earlier patches.
    fn style_at(&self, at: usize) -> Style {
        match &self.overlay {
            Overlay::Quoted(span) if span.contains(&at) => Style::Quoted,
            Overlay::Struck(span, _) if span.contains(&at) => Style::Struck,
            _ if self.patches.iter().any(|patch| patch.contains(&at)) => Style::Patch,
            _ => Style::Plain,
        }
    }

    /// Brings the terminal up to date after a change at or behind byte `start`.
    fn update(&mut self, start: usize) -> String {
        let start = start.min(self.put_off.unwrap_or(usize::MAX));
        if self.crowded_out(start) {
            self.put_off = Some(start);
            return String::new();
        }
        if start >= self.first
            && let Some(out) = self.repaint(start)
        {
            self.put_off = None;
            return out;
        }
        self.put_off = Some(start);
        if self.overlay == Overlay::None {
            self.print_again(start)
        } else {
            String::new()
        }
    }

    /// Whether a patch that is being written would push the span it replaces out of reach, in a window so low that
    /// most do. It is shown when it has taken the span's place, rather than twice.
    fn crowded_out(&self, start: usize) -> bool {
        if self.height > FEW_ROWS || !matches!(self.overlay, Overlay::Struck(..)) {
            return false;
        }
        let line = self.line_start(start).max(self.first);
        lay_out(&self.pieces(line), self.width).0.len() > self.height
    }

    /// Repaints from the line that holds byte `start`; nothing if a row that differs is out of reach.
    fn repaint(&mut self, start: usize) -> Option<String> {
        let line = self.line_start(start).max(self.first);
        let at = self.lines.partition_point(|(byte, _)| *byte <= line);
        let (byte, row) = *self.lines.get(at.checked_sub(1)?)?;
        let (rows, lines) = lay_out(&self.pieces(byte), self.width);

        let old = &self.rows[row..];
        let same = old.iter().zip(&rows).take_while(|(a, b)| a == b).count();
        let cursor = old.len() - 1;
        let mut out = String::new();
        if same == old.len() {
            // Nothing that stands there changed: go on below it.
            self.write(&mut out, &rows[same..], true);
        } else if same == cursor && rows.get(same).is_some_and(|new| new.extends(&old[cursor])) {
            // The last row only grew.
            let grown = Row {
                wrapped: true,
                cells: rows[same].cells[old[cursor].cells.len()..].to_vec(),
            };
            self.write(&mut out, &[grown], true);
            self.write(&mut out, &rows[same + 1..], true);
        } else {
            let from = same.min(rows.len() - 1);
            let up = cursor - from;
            if self.lost || up >= self.height {
                return None;
            }
            if up > 0 {
                out.push_str(&format!("\x1b[{up}A"));
            }
            out.push_str("\r\x1b[J");
            self.write(&mut out, &rows[from..], false);
        }
        self.rows.truncate(row);
        self.rows.extend(rows);
        self.lines.truncate(at);
        self.lines
            .extend(lines.into_iter().map(|(byte, below)| (byte, row + below)));
        Some(out)
    }

    /// Prints a divider, and the program again from the line that holds byte `start`.
    fn print_again(&mut self, start: usize) -> String {
        let line = self.line_start(start);
        let number = self.text[..line]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        let mut out = String::new();
        if !self.lost {
            // All rows that can still be reached lie behind the change: the divider takes their place.
            let up = (self.rows.len() - 1).min(self.height - 1);
            if up > 0 {
                out.push_str(&format!("\x1b[{up}A"));
            }
            out.push_str("\r\x1b[J");
        } else if self.rows.last().is_some_and(|row| !row.cells.is_empty()) {
            out.push_str("\r\n");
        }
        let divider = format!("--- from line {number} on: ---");
        let (rows, _) = lay_out(&[Styled::inserted(divider, Style::Divider)], self.width);
        self.write(&mut out, &rows, false);
        out.push_str("\r\n");

        let (rows, lines) = lay_out(&self.pieces(line), self.width);
        self.write(&mut out, &rows, false);
        self.rows = rows;
        self.lines = vec![(line, 0)];
        self.lines.extend(lines);
        self.first = line;
        self.put_off = None;
        self.lost = false;
        out
    }

    /// The start of the line that holds byte `at`.
    fn line_start(&self, at: usize) -> usize {
        let at = self.clamp(at..at).start;
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Writes rows one below the other. The terminal wraps by itself, so that copying gives whole lines;
    /// `joined` says that the first row follows what the cursor stands behind.
    fn write(&self, out: &mut String, rows: &[Row], joined: bool) {
        let mut style = Style::Plain;
        for (number, row) in rows.iter().enumerate() {
            if !row.wrapped && (number > 0 || joined) {
                self.palette.change(out, &mut style, Style::Plain);
                out.push_str("\r\n");
            }
            for cell in &row.cells {
                self.palette.change(out, &mut style, cell.style);
                out.push(cell.shown);
            }
        }
        self.palette.change(out, &mut style, Style::Plain);
    }
}
