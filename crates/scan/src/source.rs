//! Which texts are scanned?

use palinode_code::{Language, Span, Text, languages};

/// One text to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called in reports: a path with `/`, relative to where the user stands where it can be, or a name
    /// such as `<stdin>`.
    pub name: String,
    /// What stands in it. All positions count here.
    pub text: Text,
    /// What it is written in.
    pub language: &'static Language,
    /// Whether it may go on: what only its missing end makes look wrong is then not reported by our own rules.
    pub unfinished: bool,
}

impl Source {
    /// A text with its name and language.
    #[must_use]
    pub fn new(name: impl Into<String>, text: Text, language: &'static Language) -> Self {
        Self {
            name: name.into(),
            text,
            language,
            unfinished: false,
        }
    }
}

/// The fenced blocks of a text in Markdown, such as a chat's, whose language is known: each a source of its own, of
/// the same name and length. Everything around the block is blank there, so positions hold in the whole text.
///
/// A block that is not closed goes on to the end: a chat may be cut anywhere.
#[must_use]
pub fn fenced(name: &str, text: &Text) -> Vec<Source> {
    let mut blocks = Vec::new();
    let mut open: Option<(Fence, usize)> = None;
    for line in 1..=text.line_count() {
        let Some(span) = text.line_span(line) else {
            break;
        };
        let bytes = text.slice(span).unwrap_or_default();
        match &open {
            None => open = Fence::opened_by(bytes).map(|fence| (fence, span.end)),
            Some((fence, start)) if fence.is_closed_by(bytes) => {
                blocks.extend(block(name, text, fence, Span::new(*start, span.start)));
                open = None;
            }
            Some(_) => {}
        }
    }
    if let Some((fence, start)) = open {
        blocks.extend(block(name, text, &fence, Span::new(start, text.len())));
    }
    blocks
}

/// The line that begins a block.
struct Fence {
    mark: u8,
    length: usize,
    language: Option<&'static Language>,
}

impl Fence {
    fn opened_by(line: &[u8]) -> Option<Fence> {
        let line = line.trim_ascii();
        let mark = *line.first().filter(|mark| b"`~".contains(mark))?;
        let length = line.iter().take_while(|byte| **byte == mark).count();
        let info = std::str::from_utf8(&line[length..]).ok()?.trim();
        // Back quotes behind the fence: it is code within a line.
        if length < 3 || (mark == b'`' && info.contains('`')) {
            return None;
        }
        let tag = |letter: char| !(letter.is_alphanumeric() || "+#-_.".contains(letter));
        let first = info.trim_start_matches(['{', '.']);
        let first = first.split(tag).next().unwrap_or_default();
        let language = languages::by_name(first).or_else(|| languages::by_extension(first));
        Some(Fence {
            mark,
            length,
            language,
        })
    }

    fn is_closed_by(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        line.len() >= self.length && line.iter().all(|byte| *byte == self.mark)
    }
}

fn block(name: &str, text: &Text, fence: &Fence, span: Span) -> Option<Source> {
    let language = fence.language?;
    let kept = |at: usize, byte: u8| span.contains(at) || matches!(byte, b'\n' | b'\r');
    let bytes: Vec<u8> = text
        .as_bytes()
        .iter()
        .enumerate()
        .map(|(at, byte)| if kept(at, *byte) { *byte } else { b' ' })
        .collect();
    Some(Source::new(name, Text::from(bytes), language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_places() {
        let text = Text::from(
            "Look:\n```python\nx = 1\n```\nand\n~~~ js title=a\nlet y;\n~~~\n```\nplain\n```\n",
        );
        let blocks = fenced("chat.md", &text);
        let languages: Vec<_> = blocks.iter().map(|block| block.language.name).collect();
        assert_eq!(languages, ["python", "javascript"]);
        for (block, code, line) in [(&blocks[0], "x = 1\n", 3), (&blocks[1], "let y;\n", 7)] {
            assert_eq!(block.text.len(), text.len());
            let span = text.line_span(line).expect("there is such a line");
            assert_eq!(block.text.slice(span), Ok(code.as_bytes()));
            assert_eq!(block.text.to_string().trim(), code.trim());
        }
    }

    #[test]
    fn a_block_that_is_cut_off_is_scanned() {
        let blocks = fenced("chat.md", &Text::from("```py\neval(x)"));
        assert_eq!(blocks.len(), 1);
        assert!(blocks[0].text.to_string().ends_with("eval(x)"));
    }

    #[test]
    fn a_longer_fence_is_closed_by_one_as_long() {
        let text = Text::from("````c\n```\nint x;\n````\n");
        let blocks = fenced("a", &text);
        assert_eq!(blocks.len(), 1);
        assert!(blocks[0].text.to_string().contains("```\nint x;"));
        assert!(fenced("a", &Text::from("```not `a` fence\n")).is_empty());
    }
}
