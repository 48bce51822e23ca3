//! How are events shown, when tokens are cut inside characters?
//!
//! A token may end inside a UTF-8 character, and so may a scope. A display, or a format that holds
//! text, wants whole characters. [`Utf8Assembler`] turns pieces of bytes into pieces of text;
//! [`WholeCharacters`] does so for a stream's events, and widens the span of a revision, and its old
//! and new text with it, until both start and end between characters.

use palinode_code::Span;

use crate::Event;

/// What a lossy reading shows for bytes that are no character, and how many bytes that takes.
const REPLACEMENT: &str = "\u{FFFD}";

/// Turns bytes that arrive in pieces into text: whole characters at once, an unfinished one when it
/// is finished. Bytes that are no character become `U+FFFD`, one for each maximal piece, so that the
/// text of all pieces is that of [`String::from_utf8_lossy`] on all bytes.
#[derive(Clone, Debug, Default)]
pub struct Utf8Assembler {
    /// The start of a character: at most 3 bytes.
    unfinished: Vec<u8>,
}

impl Utf8Assembler {
    /// An assembler that has seen nothing.
    #[must_use]
    pub fn new() -> Utf8Assembler {
        Utf8Assembler::default()
    }

    /// Takes the next bytes; returns the characters that are now whole. O(bytes).
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.unfinished.extend_from_slice(bytes);
        let whole = whole_len(&self.unfinished);
        let text = String::from_utf8_lossy(&self.unfinished[..whole]).into_owned();
        self.unfinished.drain(..whole);
        text
    }

    /// No more bytes come: what is left of an unfinished character, as `U+FFFD`, or nothing.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.unfinished).into_owned();
        self.unfinished.clear();
        text
    }
}

/// A change of what is shown. Applied in order to an empty text they give the program read with
/// [`String::from_utf8_lossy`]: for a valid program, the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// Text, appended.
    Text {
        /// The text.
        text: String,
    },
    /// A part of what is shown was quoted by a complete scope, and is about to be replaced.
    Quoted {
        /// Bytes of what is shown, between characters.
        span: Span,
    },
    /// A part of what is shown was replaced.
    Replaced {
        /// Bytes of what was shown before, between characters.
        span: Span,
        /// What was shown there.
        old: String,
        /// What is shown there now.
        new: String,
    },
}

impl Shown {
    /// Does to `shown` what this says.
    ///
    /// # Errors
    /// [`Error::EventMismatch`](crate::Error::EventMismatch) where the old text does not stand at the
    /// span; `shown` is then unchanged.
    pub fn apply_to(&self, shown: &mut String) -> Result<(), crate::Error> {
        match self {
            Shown::Text { text } => shown.push_str(text),
            Shown::Quoted { .. } => {}
            Shown::Replaced { span, old, new } => {
                if shown.get(span.start..span.end) != Some(old.as_str()) {
                    return Err(crate::Error::EventMismatch {
                        start: span.start,
                        end: span.end,
                    });
                }
                shown.replace_range(span.start..span.end, new);
            }
        }
        Ok(())
    }
}

/// Turns a stream's events into changes of a text of whole characters.
///
/// It holds back the unfinished character at the buffer's end, if there is one, until it is finished
/// or [`WholeCharacters::finish`] is called. Where the bytes of the buffer are valid UTF-8, spans of
/// what is shown are spans of the buffer; where they are not, each maximal invalid piece is shown as
/// `U+FFFD`, three bytes, and spans count those.
///
/// Costs: O(bytes of the event), and for a revision O(buffer after its start), beside one step for
/// each invalid piece in the buffer. Memory: a copy of the buffer.
#[derive(Clone, Debug, Default)]
pub struct WholeCharacters {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are shown: all but an unfinished character at its end.
    whole: usize,
    /// Start and length of the invalid pieces among them, in order.
    invalid: Vec<(usize, usize)>,
}

impl WholeCharacters {
    /// An adapter for a stream that has not begun.
    #[must_use]
    pub fn new() -> WholeCharacters {
        WholeCharacters::default()
    }

    /// The change of what is shown that `event` makes. Most make none; one that only adds to an
    /// unfinished character makes none yet. An event that is not of this stream makes none.
    pub fn push(&mut self, event: &Event) -> Option<Shown> {
        match event {
            Event::Text { bytes } => {
                let from = self.whole;
                self.buffer.extend_from_slice(bytes);
                self.whole = from + whole_len(&self.buffer[from..]);
                let text = self.show(from);
                (!text.is_empty()).then_some(Shown::Text { text })
            }
            Event::Scope { span } => {
                let (start, end) = self.between_characters(*span)?;
                let span = Span::new(self.shown_at(start), self.shown_at(end.min(self.whole)));
                Some(Shown::Quoted { span })
            }
            Event::Revision { revision, .. } => self.replace(revision.span, &revision.new),
            _ => None,
        }
    }

    /// The stream is over: an unfinished character at its end is shown as it is.
    pub fn finish(&mut self) -> Option<Shown> {
        let from = self.whole;
        self.whole = self.buffer.len();
        let text = self.show(from);
        (!text.is_empty()).then_some(Shown::Text { text })
    }

    fn replace(&mut self, span: Span, new: &[u8]) -> Option<Shown> {
        let (start, end) = self.between_characters(span)?;
        let before = Span::new(self.shown_at(start), self.shown_at(end.min(self.whole)));
        let old = String::from_utf8_lossy(&self.buffer[start..end.min(self.whole)]).into_owned();
        let reaches_end = end == self.buffer.len();

        self.buffer
            .splice(span.start..span.end, new.iter().copied());
        let moved = |position: usize| position - (span.end - span.start) + new.len();
        let new_end = moved(end);
        let replaced_end = if reaches_end {
            self.whole = start + whole_len(&self.buffer[start..]);
            self.whole
        } else {
            self.whole = moved(self.whole);
            new_end
        };
        let first = self.invalid.partition_point(|&(at, _)| at < start);
        let last = self.invalid.partition_point(|&(at, _)| at < end);
        let (text, pieces) = lossy(&self.buffer[start..replaced_end], start);
        let inserted = pieces.len();
        self.invalid.splice(first..last, pieces);
        for (at, _) in &mut self.invalid[first + inserted..] {
            *at = moved(*at);
        }
        Some(Shown::Replaced {
            span: before,
            old,
            new: text,
        })
    }

    /// Shows the buffer from `from` to the end of its whole characters.
    fn show(&mut self, from: usize) -> String {
        let (text, pieces) = lossy(&self.buffer[from..self.whole], from);
        self.invalid.extend(pieces);
        text
    }

    /// Where a byte of the buffer is shown.
    fn shown_at(&self, position: usize) -> usize {
        let before = self.invalid.iter().take_while(|&&(at, _)| at < position);
        before.fold(position, |shown, &(_, len)| shown + REPLACEMENT.len() - len)
    }

    /// `span` widened until it starts and ends where a character, or an invalid piece, starts, and
    /// will still after it was replaced by anything. `None` where it leaves the buffer.
    ///
    /// What comes before an unfinished character is settled, whatever follows. And a byte that does not
    /// continue a character starts one, or an invalid piece, whatever stands before it; at most three
    /// bytes that continue belong to what began before them.
    fn between_characters(&self, span: Span) -> Option<(usize, usize)> {
        self.buffer.get(span.start..span.end)?;
        let start = whole_len(&self.buffer[..span.start]);
        let limit = span.end.saturating_add(3).min(self.buffer.len());
        let end = (span.end..limit)
            .find(|&position| !continues(self.buffer[position]))
            .unwrap_or(limit);
        Some((start, end))
    }
}

/// Whether a byte can only stand inside a character.
fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// How much of `bytes` is before a character that is unfinished at their end.
fn whole_len(bytes: &[u8]) -> usize {
    // An unfinished character is at most three bytes long.
    let tail = bytes.len().saturating_sub(3);
    for start in (tail..bytes.len()).rev() {
        if !continues(bytes[start]) {
            return match std::str::from_utf8(&bytes[start..]) {
                Err(error) if error.error_len().is_none() => start,
                _ => bytes.len(),
            };
        }
    }
    bytes.len()
}

/// `bytes` as text, and the invalid pieces in it; `offset` is where they start in the buffer.
fn lossy(bytes: &[u8], offset: usize) -> (String, Vec<(usize, usize)>) {
    let mut text = String::with_capacity(bytes.len());
    let mut pieces = Vec::new();
    let mut at = offset;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            text.push_str(REPLACEMENT);
            pieces.push((at, chunk.invalid().len()));
            at += chunk.invalid().len();
        }
    }
    (text, pieces)
}
