//! Into which tokens does text fall, when no grammar reads it?

use crate::languages::Language;

/// The tokens of `bytes`, comments and white space left out: words and numbers, string literals,
/// operators (the longest that fits), and single other bytes.
///
/// This is for text the grammar cannot read, so it is rough on purpose: a string ends at the end of
/// its line where nothing closes it, and only Python's triple quotes and back quotes span lines.
pub(crate) struct Tokens<'a> {
    rest: &'a [u8],
    language: &'static Language,
}

/// Operators of more than one byte in any of the languages, the longest first.
const OPERATORS: [&[u8]; 47] = [
    b">>>=", b"<<=", b">>=", b">>>", b"===", b"!==", b"<=>", b"**=", b"//=", b"&&=", b"||=",
    b"??=", b"...", b"..=", b"->*", b"?->", b"&^=", b"==", b"!=", b"<=", b">=", b"&&", b"||",
    b"??", b"?.", b"?:", b"++", b"--", b"+=", b"-=", b"*=", b"/=", b"%=", b"&=", b"|=", b"^=",
    b".=", b":=", b"::", b"->", b"=>", b"<-", b"<<", b">>", b"**", b"..", b"&^",
];

impl<'a> Tokens<'a> {
    pub(crate) fn new(language: &'static Language, bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            language,
        }
    }

    /// Drops white space, backslashes that continue a line, and comments.
    fn skip_layout(&mut self) {
        loop {
            let before = self.rest.len();
            self.rest = self.rest.trim_ascii_start();
            if self.rest.starts_with(b"\\\n") || self.rest.starts_with(b"\\\r\n") {
                self.rest = &self.rest[1..];
            }
            if let Some((open, close)) = self.language.block_comment
                && let Some(inside) = self.rest.strip_prefix(open.as_bytes())
            {
                self.rest = match find(inside, close.as_bytes()) {
                    Some(at) => &inside[at + close.len()..],
                    None => &[],
                };
            }
            if self
                .language
                .line_comments()
                .any(|opening| self.rest.starts_with(opening.as_bytes()))
            {
                let end = self.rest.iter().position(|&b| b == b'\n');
                self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
            }
            if self.rest.len() == before {
                return;
            }
        }
    }

    /// Length of the token that starts here; at least 1.
    fn token_length(&self) -> usize {
        let first = self.rest[0];
        if is_word(first) {
            return self
                .rest
                .iter()
                .position(|&b| !is_word(b))
                .unwrap_or(self.rest.len());
        }
        if matches!(first, b'"' | b'\'' | b'`') {
            return self.string_length(first);
        }
        OPERATORS
            .iter()
            .find(|operator| self.rest.starts_with(operator))
            .map_or(1, |operator| operator.len())
    }

    /// Length of the string literal that `quote` opens here; 1 where nothing closes it.
    fn string_length(&self, quote: u8) -> usize {
        let triple = [quote; 3];
        if quote != b'`' && self.rest.starts_with(&triple) {
            return find(&self.rest[3..], &triple).map_or(3, |at| at + 6);
        }
        let mut escaped = false;
        for (at, &byte) in self.rest.iter().enumerate().skip(1) {
            if byte == b'\n' && quote != b'`' {
                break;
            }
            if byte == quote && !escaped {
                return at + 1;
            }
            escaped = byte == b'\\' && !escaped;
        }
        1
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.skip_layout();
        if self.rest.is_empty() {
            return None;
        }
        let (token, rest) = self.rest.split_at(self.token_length());
        self.rest = rest;
        Some(token)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::by_name;

    fn tokens(language: &str, text: &str) -> Vec<String> {
        let language = by_name(language).expect("known");
        Tokens::new(language, text.as_bytes())
            .map(|token| String::from_utf8_lossy(token).into_owned())
            .collect()
    }

    #[test]
    fn layout_and_comments_are_left_out() {
        assert_eq!(
            tokens("c", "a/*x*/+= \"b // \\\"\" // y\n;\\\n b"),
            ["a", "+=", "\"b // \\\"\"", ";", "b"]
        );
        assert_eq!(
            tokens("python", "x = '''a\n#b''' # c"),
            ["x", "=", "'''a\n#b'''"]
        );
        assert_eq!(tokens("php", "a # b\n// c\n<=> d"), ["a", "<=>", "d"]);
    }

    #[test]
    fn what_is_never_closed_ends_somewhere() {
        assert_eq!(tokens("c", "'a \n /* b"), ["'", "a"]);
        assert_eq!(tokens("rust", "&'a str"), ["&", "'", "a", "str"]);
    }
}
