//! Which parts of a chat answer are code?

use std::ops::Range;

use crate::edit::Edit;
use crate::languages::{self, Language};
use crate::span::Span;
use crate::text::Text;

/// A fenced block of Markdown: the lines between a line of at least three backticks or tildes and the next such
/// line, or the end of the text.
///
/// It is read as chats write it rather than to the letter of CommonMark (4.5): a fence may be indented by any
/// amount, as in lists, and its indentation is then taken off each line inside; block quotes (`> ` before each
/// line) are not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fenced {
    /// What stands behind the opening fence: `python`, `js title="x"`, or nothing.
    pub info: String,
    /// The code, without fences and without their indentation.
    pub text: Text,
    /// Whether a fence ends it. Without one the text ended first: whoever writes is not done.
    pub closed: bool,
    /// Where the lines of `text` stand: their starts there, and where they come from.
    lines: Lines,
}

/// Lines of a block: where each starts there, and the bytes of the outer text that it is.
type Lines = Vec<(usize, Range<usize>)>;

impl Fenced {
    /// The language that the block names, if it is a known one: `python`, `py`, `Python3`, `.py`, `{.python}`,
    /// `lang=python`, `main.py`, `src/main.py`.
    #[must_use]
    pub fn language(&self) -> Option<&'static Language> {
        let word = self
            .info
            .split([' ', '\t', ',', ';'])
            .find(|word| !word.is_empty())?
            .trim_matches(['{', '}'])
            .trim_start_matches("lang=")
            .trim_start_matches("language-")
            .trim_matches('"');
        let name = word.trim_start_matches('.');
        languages::by_name(name)
            .or_else(|| languages::by_extension(name))
            .or_else(|| languages::by_extension(name.rsplit_once(['.', ':'])?.1))
    }

    /// Where `span` of the block's text stands in the text it was taken from. What spans several lines there takes
    /// in the indentation between them.
    #[must_use]
    pub fn outside(&self, span: Span) -> Span {
        let end = if span.is_empty() {
            self.place(span.start)
        } else {
            self.place(span.end - 1) + 1
        };
        Span::new(self.place(span.start), end)
    }

    /// An edit of the block's text as one of the text it was taken from: new lines get the fence's indentation.
    #[must_use]
    pub fn edit_outside(&self, edit: &Edit, outer: &Text) -> Edit {
        let indent = self.indentation(outer);
        let mut new = Vec::with_capacity(edit.new.len());
        for (number, line) in edit.new.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if number > 0 {
                new.extend_from_slice(indent);
            }
            new.extend_from_slice(line);
        }
        Edit::new(self.outside(edit.span), new)
    }

    /// What stands before the first line's code.
    fn indentation<'t>(&self, outer: &'t Text) -> &'t [u8] {
        let Some((_, first)) = self.lines.first() else {
            return b"";
        };
        let start = outer.line_span(outer.line(first.start));
        let start = start.map_or(first.start, |line| line.start);
        outer.as_bytes().get(start..first.start).unwrap_or_default()
    }

    fn place(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|(start, _)| *start <= at);
        match line.checked_sub(1).and_then(|line| self.lines.get(line)) {
            Some((start, there)) => (there.start + (at - start)).min(there.end),
            None => 0,
        }
    }
}

/// The fence that a line is: its letter, how many there are, its indentation, and what stands behind.
struct Fence<'t> {
    letter: u8,
    count: usize,
    indentation: usize,
    info: &'t [u8],
}

impl<'t> Fence<'t> {
    fn read(line: &'t [u8]) -> Option<Fence<'t>> {
        let indentation = line.iter().take_while(|byte| b" \t".contains(byte)).count();
        let rest = &line[indentation..];
        let letter = *rest.first().filter(|byte| b"`~".contains(byte))?;
        let count = rest.iter().take_while(|byte| **byte == letter).count();
        let info = rest[count..].trim_ascii();
        // ```` `code` ```` in a line of text opens nothing.
        let inline = letter == b'`' && info.contains(&b'`');
        (count >= 3 && !inline).then_some(Fence {
            letter,
            count,
            indentation,
            info,
        })
    }

    /// Whether it ends what `opening` began.
    fn closes(&self, opening: &Fence<'_>) -> bool {
        self.letter == opening.letter && self.count >= opening.count && self.info.is_empty()
    }
}

/// The fenced blocks of a text, in order. Cost: one pass.
#[must_use]
pub fn fenced(text: &Text) -> Vec<Fenced> {
    let mut blocks = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut at = 0;
    for line in text.as_bytes().split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let fence = Fence::read(line);
        match &mut open {
            Some(block)
                if fence
                    .as_ref()
                    .is_some_and(|fence| fence.closes(&block.fence)) =>
            {
                blocks.extend(open.take().map(|block| block.end(true)));
            }
            Some(block) => block.line(line, start),
            None => open = fence.map(Open::new),
        }
    }
    blocks.extend(open.map(|block| block.end(false)));
    blocks
}

/// A block whose end has not come.
struct Open<'t> {
    fence: Fence<'t>,
    code: Vec<u8>,
    lines: Lines,
}

impl<'t> Open<'t> {
    fn new(fence: Fence<'t>) -> Open<'t> {
        Open {
            fence,
            code: Vec::new(),
            lines: Lines::new(),
        }
    }

    /// Takes a line that starts at `start`, without the fence's indentation.
    fn line(&mut self, line: &[u8], start: usize) {
        let blank = line.iter().take_while(|byte| b" \t".contains(byte)).count();
        let cut = self.fence.indentation.min(blank);
        let place = start + cut..start + line.len();
        self.lines.push((self.code.len(), place));
        self.code.extend_from_slice(&line[cut..]);
    }

    fn end(self, closed: bool) -> Fenced {
        Fenced {
            info: String::from_utf8_lossy(self.fence.info).into_owned(),
            text: Text::new(self.code),
            closed,
            lines: self.lines,
        }
    }
}
