//! Where are the words, brackets and ends of a text that no grammar has read yet?

use super::lexis::{Quote, Raw};
use crate::languages::Language;

/// A token: what it is, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A name, a keyword or a number.
    Word,
    /// A string, as far as it reaches in one piece.
    Text,
    /// A bracket that opens, as its byte.
    Open(u8),
    /// A bracket that closes, as the byte of the one that opens.
    Close(u8),
    /// One byte that is none of these.
    Mark(u8),
    /// The end of a line, outside of strings.
    Line,
    Comment,
    /// A line for the preprocessor.
    Directive,
    /// A string or comment that the end of the text leaves open.
    Cut,
}

/// Reads tokens one after the other.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    language: &'static Language,
    /// Whether nothing but white space stands between the start of the line and here.
    line_start: bool,
    /// The last token that was neither layout nor comment, for what depends on it.
    before: Option<Token>,
    /// Whether this is outside of PHP's tags.
    outside: bool,
    /// Whether a string, a comment or another thing of more than one byte may begin with a byte.
    special: [bool; 256],
}

impl<'a> Lexer<'a> {
    pub(super) fn new(language: &'static Language, bytes: &'a [u8]) -> Self {
        let mut special = [false; 256];
        let comments = language
            .line_comments()
            .chain(language.block_comment.map(|(open, _)| open));
        let strings = language.syntax.lexis.strings.iter().map(|quote| quote.open);
        let others: [&[u8]; 4] = [b"#", b"/", b"?", b"<"];
        for begins in comments.map(str::as_bytes).chain(strings).chain(others) {
            special[usize::from(begins[0])] = true;
        }
        Self {
            special,
            bytes,
            at: 0,
            language,
            line_start: true,
            before: None,
            outside: language.name == "php" && (language.syntax.choose_grammar)(bytes) == 0,
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at.min(self.bytes.len())..]
    }

    fn starts(&self, what: &[u8]) -> bool {
        self.rest().starts_with(what)
    }

    /// Moves behind the next `what`, or to the end of the text. Says whether it was there.
    fn move_behind(&mut self, what: &[u8]) -> bool {
        match find(self.rest(), what) {
            Some(offset) => {
                self.at += offset + what.len();
                true
            }
            None => {
                self.at = self.bytes.len();
                false
            }
        }
    }

    /// Moves to the end of the line, before its line break.
    fn move_to_line_end(&mut self) {
        let rest = self.rest();
        self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
    }

    fn read(&mut self, byte: u8) -> What {
        if byte == b'#' && self.line_start && self.language.syntax.lexis.directives {
            return self.directive();
        }
        if is_word(byte) {
            return self.word();
        }
        if !self.special[usize::from(byte)] {
            self.at += 1;
            return match byte {
                b'(' | b'[' | b'{' => What::Open(byte),
                b')' => What::Close(b'('),
                b']' => What::Close(b'['),
                b'}' => What::Close(b'{'),
                _ => What::Mark(byte),
            };
        }
        if let Some(comment) = self.comment() {
            return comment;
        }
        if let Some(text) = self.raw_string().or_else(|| self.string()) {
            return text;
        }
        let may_be_regex =
            byte == b'/' && self.language.syntax.lexis.regexes && self.may_begin_value();
        if may_be_regex && let Some(length) = regex(self.rest()) {
            self.at += length;
            return What::Text;
        }
        self.at += 1;
        match byte {
            b'?' if self.language.name == "php" && self.starts(b">") => {
                self.at += 1;
                self.outside = true;
                What::Mark(b';')
            }
            _ => What::Mark(byte),
        }
    }

    /// A directive, with the lines that it goes on in.
    fn directive(&mut self) -> What {
        loop {
            self.move_to_line_end();
            let line = &self.bytes[..self.at];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if self.at >= self.bytes.len() {
                return What::Cut;
            }
            if !line.ends_with(b"\\") {
                return What::Directive;
            }
            self.at += 1;
        }
    }

    fn comment(&mut self) -> Option<What> {
        let language = self.language;
        if let Some((open, close)) = language.block_comment
            && self.starts(open.as_bytes())
        {
            return Some(self.block_comment(open.as_bytes(), close.as_bytes()));
        }
        // `#[` begins an attribute.
        let begins =
            |mark: &str| self.starts(mark.as_bytes()) && !(mark == "#" && self.starts(b"#["));
        if !language.line_comments().any(begins) {
            return None;
        }
        let start = self.at;
        self.move_to_line_end();
        if language.name == "php"
            && let Some(tag) = find(&self.bytes[start..self.at], b"?>")
        {
            self.at = start + tag;
        }
        Some(match self.at < self.bytes.len() {
            true => What::Comment,
            false => What::Cut,
        })
    }

    fn block_comment(&mut self, open: &[u8], close: &[u8]) -> What {
        self.at += open.len();
        if !self.language.syntax.lexis.nested_comments {
            return match self.move_behind(close) {
                true => What::Comment,
                false => What::Cut,
            };
        }
        let mut depth = 1;
        while depth > 0 {
            if self.starts(close) {
                self.at += close.len();
                depth -= 1;
            } else if self.starts(open) {
                self.at += open.len();
                depth += 1;
            } else if self.at < self.bytes.len() {
                self.at += 1;
            } else {
                return What::Cut;
            }
        }
        What::Comment
    }

    fn word(&mut self) -> What {
        let start = self.at;
        let is_number = self.bytes[start].is_ascii_digit();
        while let Some(&byte) = self.bytes.get(self.at) {
            let next = self.bytes.get(self.at + 1).copied().unwrap_or_default();
            // `1'000` in C++.
            let joins = is_number && byte == b'\'' && next.is_ascii_alphanumeric();
            if !is_word(byte) && !joins {
                break;
            }
            self.at += 1;
        }
        let raw = match (self.language.syntax.lexis.raw, &self.bytes[start..self.at]) {
            (Raw::Hashes, b"r" | b"br" | b"cr") => self.hashed_string(),
            (Raw::Named, b"R" | b"LR" | b"uR" | b"UR" | b"u8R") => self.named_string(),
            _ => None,
        };
        raw.unwrap_or(What::Word)
    }

    /// `#"…"#` behind the letters of a raw string.
    fn hashed_string(&mut self) -> Option<What> {
        let hashes = self.rest().iter().take_while(|&&b| b == b'#').count();
        if self.rest().get(hashes) != Some(&b'"') {
            return None;
        }
        self.at += hashes + 1;
        let close = [b"\"", "#".repeat(hashes).as_bytes()].concat();
        Some(self.text_until(&close))
    }

    /// `"name(…)name"` behind the letters of a raw string.
    fn named_string(&mut self) -> Option<What> {
        let name = self.rest().strip_prefix(b"\"")?;
        let name = &name[..name.iter().take(17).position(|&b| b == b'(')?];
        let close = [b")", name, b"\""].concat();
        self.at += name.len() + 2;
        Some(self.text_until(&close))
    }

    fn text_until(&mut self, close: &[u8]) -> What {
        match self.move_behind(close) {
            true => What::Text,
            false => What::Cut,
        }
    }

    /// `<<<NAME`, which a line that begins with the name ends.
    fn raw_string(&mut self) -> Option<What> {
        if self.language.syntax.lexis.raw != Raw::Heredoc || !self.starts(b"<<<") {
            return None;
        }
        let after = self.rest()[3..].trim_ascii_start();
        let after = after
            .strip_prefix(b"\"")
            .or(after.strip_prefix(b"'"))
            .unwrap_or(after);
        let length = after.iter().take_while(|&&b| is_word(b)).count();
        let name = (length > 0).then(|| &after[..length])?;
        loop {
            self.move_to_line_end();
            if self.at >= self.bytes.len() {
                return Some(What::Cut);
            }
            self.at += 1;
            let line = self.rest().trim_ascii_start();
            if line.starts_with(name) && line.get(length).is_none_or(|&b| !is_word(b)) {
                self.at = self.bytes.len() - line.len() + length;
                return Some(What::Text);
            }
        }
    }

    fn string(&mut self) -> Option<What> {
        let mut quotes = self.language.syntax.lexis.strings.iter();
        let quote = quotes.find(|quote| self.starts(quote.open))?;
        if self.language.name == "rust" && quote.open == b"'" && !is_character(self.rest()) {
            // A lifetime.
            self.at += 1;
            return Some(What::Mark(b'\''));
        }
        self.at += quote.open.len();
        Some(self.string_rest(quote))
    }

    /// What is left of a string, with all code that stands in it.
    fn string_rest(&mut self, quote: &Quote) -> What {
        // For each hole that this is inside of, how many braces are open in it; above the text of the innermost
        // string stands `None`.
        let mut around: Vec<Option<usize>> = vec![None];
        while let (Some(&byte), Some(inner)) = (self.bytes.get(self.at), around.last_mut()) {
            match inner {
                Some(open) => {
                    let before = self.bytes[..self.at].trim_ascii_end().last();
                    self.at += 1;
                    match byte {
                        b'/' if self.starts(b"*") => drop(self.move_behind(b"*/")),
                        b'/' if before.is_some_and(|b| b"(,=:[!&|?{;".contains(b)) => {
                            let behind = &self.bytes[self.at - 1..];
                            self.at += regex(behind).map_or(0, |length| length - 1);
                        }
                        b'{' => *open += 1,
                        b'}' if *open == 0 => drop(around.pop()),
                        b'}' => *open -= 1,
                        b'"' | b'\'' => self.skip_plain_string(byte),
                        _ if quote.close == [byte] => around.push(None),
                        _ => {}
                    }
                }
                None if byte == b'\\' && quote.escapes => self.at += 2,
                None if self.starts(quote.close) => {
                    self.at += quote.close.len();
                    around.pop();
                }
                None if byte == b'\n' && !quote.lines => return What::Text,
                None if quote.holes && self.starts(b"${") => {
                    self.at += 2;
                    around.push(Some(0));
                }
                None => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        match around.is_empty() {
            true => What::Text,
            false => What::Cut,
        }
    }

    /// Moves behind a string in the code of a hole, or to the end of its line.
    fn skip_plain_string(&mut self, quote: u8) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' => return,
                _ => self.at += 1,
            }
            if byte == quote {
                return;
            }
        }
    }

    /// Whether a value may begin here, judged by what stands before.
    fn may_begin_value(&self) -> bool {
        // `</` and `/>` are markup.
        if self.starts(b"/>") || self.bytes[..self.at].ends_with(b"<") {
            return false;
        }
        match self.before {
            None => true,
            Some(Token {
                what: What::Word,
                start,
                end,
            }) => {
                let word = &self.bytes[start..end];
                matches!(
                    word,
                    b"return"
                        | b"typeof"
                        | b"case"
                        | b"in"
                        | b"of"
                        | b"delete"
                        | b"void"
                        | b"throw"
                        | b"new"
                        | b"do"
                        | b"else"
                        | b"await"
                        | b"yield"
                        | b"instanceof"
                )
            }
            Some(token) => !matches!(token.what, What::Text | What::Close(b'(' | b'[')),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            if self.outside {
                if !self.move_behind(b"<?") {
                    return None;
                }
                self.outside = false;
                self.line_start = false;
                if self.starts(b"php") {
                    self.at += 3;
                }
            }
            let start = self.at;
            let byte = *self.bytes.get(start)?;
            if byte == b'\n' {
                self.at += 1;
                self.line_start = true;
                return Some(Token {
                    what: What::Line,
                    start,
                    end: self.at,
                });
            }
            if byte.is_ascii_whitespace() {
                self.at += 1;
                continue;
            }
            let what = self.read(byte);
            self.line_start = false;
            let end = self.at.min(self.bytes.len());
            let token = Token { what, start, end };
            if !matches!(what, What::Comment | What::Directive) {
                self.before = Some(token);
            }
            return Some(token);
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether Rust's `'` begins a character here, and not the name of a lifetime.
fn is_character(bytes: &[u8]) -> bool {
    match bytes.get(1) {
        Some(b'\\') => true,
        Some(&first) => {
            let length = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            bytes.get(1 + length) == Some(&b'\'')
        }
        None => false,
    }
}

/// Longest regular expression, in bytes: each `/` on a line may look like the beginning of one.
const LONGEST_REGEX: usize = 1 << 10;

/// The length of the regular expression that begins here, if its line ends it.
fn regex(bytes: &[u8]) -> Option<usize> {
    let mut in_class = false;
    let mut at = 1;
    loop {
        match bytes.get(at).filter(|_| at < LONGEST_REGEX)? {
            b'\n' => return None,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}
