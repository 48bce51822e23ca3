//! What are the tokens of a program, in whichever of the curriculum's languages?
//!
//! The checks read tokens rather than text, so that spacing and comments do not matter, and tokens
//! rather than trees, so that they also work on a program that does not parse. One small lexer serves
//! the four languages: identifiers, numbers, strings (with their prefix and quotes), punctuation.

use crate::task::Language;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword.
    Word,
    /// A number.
    Number,
    /// A string, character or template literal, prefix and quotes included.
    String,
    /// An operator or bracket.
    Punctuation,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: &'a str,
    /// Line it starts on, from 0.
    pub line: usize,
}

/// The tokens of a program.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    /// In order.
    pub all: Vec<Token<'a>>,
}

/// Operators of more than one character that the checks look for; longest first.
const OPERATORS: &[&str] = &[
    "===", "!==", ">>>", "**=", "...", "<<=", ">>=", "->", "=>", "==", "!=", "<=", ">=", "&&",
    "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "|=", "&=", "::", "<<", ">>", "//", "??",
    "?.", ":=",
];

impl<'a> Tokens<'a> {
    /// Splits a program into tokens. Never fails: an unterminated string ends with its line (a
    /// triple-quoted or template one with the text), and an unknown character is punctuation.
    pub fn of(program: &'a str, language: Language) -> Self {
        let bytes = program.as_bytes();
        let python = language == Language::Python;
        let mut all = Vec::new();
        let (mut at, mut line) = (0, 0);
        while at < bytes.len() {
            let start = at;
            let byte = bytes[at];
            let rest = &program[at..];
            let kind = if byte == b'\n' {
                line += 1;
                at += 1;
                continue;
            } else if byte.is_ascii_whitespace() {
                at += 1;
                continue;
            } else if (python && byte == b'#') || (!python && rest.starts_with("//")) {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            } else if !python && rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                line += program[start..at].matches('\n').count();
                continue;
            } else if let Some(length) = string_length(rest, language) {
                at += length;
                TokenKind::String
            } else if byte.is_ascii_digit() {
                at += rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_')
                    .unwrap_or(rest.len());
                TokenKind::Number
            } else if byte == b'_' || byte.is_ascii_alphabetic() || !byte.is_ascii() {
                at += rest
                    .find(|c: char| c != '_' && c.is_ascii() && !c.is_ascii_alphanumeric())
                    .unwrap_or(rest.len());
                TokenKind::Word
            } else {
                at += OPERATORS
                    .iter()
                    .find(|operator| rest.starts_with(**operator))
                    .map_or(1, |operator| operator.len());
                TokenKind::Punctuation
            };
            all.push(Token {
                kind,
                text: &program[start..at],
                line,
            });
            line += program[start..at].matches('\n').count();
        }
        Self { all }
    }

    /// The text of token `index`, or "" past the end.
    pub fn text(&self, index: usize) -> &'a str {
        self.all.get(index).map_or("", |token| token.text)
    }

    /// Whether token `index` is a word that is not a literal.
    pub fn is_word(&self, index: usize) -> bool {
        self.all
            .get(index)
            .is_some_and(|token| token.kind == TokenKind::Word)
    }

    /// Whether token `index` is a string literal.
    pub fn is_string(&self, index: usize) -> bool {
        self.all
            .get(index)
            .is_some_and(|token| token.kind == TokenKind::String)
    }

    /// Indexes of the tokens with this text.
    pub fn find<'s>(&'s self, text: &'s str) -> impl Iterator<Item = usize> + 's {
        self.all
            .iter()
            .enumerate()
            .filter(move |(_, token)| token.text == text)
            .map(|(index, _)| index)
    }

    /// Whether these tokens stand at `index`.
    pub fn stands(&self, index: usize, texts: &[&str]) -> bool {
        texts
            .iter()
            .enumerate()
            .all(|(offset, text)| self.text(index + offset) == *text)
    }

    /// Whether these tokens stand anywhere.
    pub fn contains(&self, texts: &[&str]) -> bool {
        (0..self.all.len()).any(|index| self.stands(index, texts))
    }

    /// Whether any of these words stands anywhere.
    pub fn mentions(&self, words: &[&str]) -> bool {
        self.all.iter().any(|token| words.contains(&token.text))
    }

    /// The calls of a function by its last name (`run` finds `subprocess.run(…)` and `run(…)`), each
    /// with its arguments as token ranges.
    pub fn calls<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Call> + 's {
        self.find(name)
            .filter(|&index| self.text(index + 1) == "(")
            .map(|index| self.call_at(index))
    }

    /// The call, or parameter list, of the name at `index`, if a bracket follows it.
    pub(crate) fn call_from(&self, index: usize) -> Option<Call> {
        (self.text(index + 1) == "(").then(|| self.call_at(index))
    }

    fn call_at(&self, index: usize) -> Call {
        let mut arguments = Vec::new();
        let (mut depth, mut start, mut at) = (0_usize, index + 2, index + 1);
        while at < self.all.len() {
            match self.text(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                "," if depth == 1 => {
                    arguments.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        if at > start {
            arguments.push(start..at);
        }
        Call {
            at: index,
            arguments,
            end: at,
        }
    }

    /// Index of the last token of the statement that holds token `index`: up to `;`, `{` or `}`, or for
    /// Python to the end of the line outside brackets.
    pub fn statement_end(&self, index: usize, language: Language) -> usize {
        let mut depth = 0_i32;
        for at in index..self.all.len() {
            match self.text(at) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                ";" if depth <= 0 => return at,
                "{" | "}" if depth <= 0 && !language.ends_statements_by_line() => return at,
                _ => {}
            }
            let ends_line = self
                .all
                .get(at + 1)
                .is_none_or(|next| next.line > self.all[at].line);
            if language.ends_statements_by_line() && ends_line && depth <= 0 {
                return at;
            }
        }
        self.all.len().saturating_sub(1)
    }
}

/// A call found by [`Tokens::calls`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Index of the function's name.
    pub at: usize,
    /// Token range of each argument.
    pub arguments: Vec<std::ops::Range<usize>>,
    /// Index of the closing bracket.
    pub end: usize,
}

/// Length of the string literal that `text` starts with, if it does.
fn string_length(text: &str, language: Language) -> Option<usize> {
    let prefix = match language {
        Language::Python => text
            .bytes()
            .take(2)
            .take_while(|byte| b"fFrRbBuU".contains(byte))
            .count(),
        _ => 0,
    };
    let (prefix, quote) = match text.as_bytes().get(prefix) {
        Some(&quote @ (b'"' | b'\'')) => (prefix, quote),
        _ => match text.as_bytes().first() {
            Some(b'`') if language == Language::JavaScript => (0, b'`'),
            _ => return None,
        },
    };
    let body = &text[prefix..];
    let triple =
        language == Language::Python && (body.starts_with("\"\"\"") || body.starts_with("'''"));
    if triple {
        let close = &body[..3];
        return Some(prefix + body[3..].find(close).map_or(body.len(), |end| end + 6));
    }
    let mut escaped = false;
    for (offset, byte) in body.bytes().enumerate().skip(1) {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == quote {
            return Some(prefix + offset + 1);
        } else if byte == b'\n' && quote != b'`' {
            return Some(prefix + offset);
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(program: &str, language: Language) -> Vec<&str> {
        Tokens::of(program, language)
            .all
            .iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn splits_each_language() {
        assert_eq!(
            texts("a->b += 0x1F; // c\n\"x\\\"y\"", Language::C),
            ["a", "->", "b", "+=", "0x1F", ";", "\"x\\\"y\""]
        );
        assert_eq!(
            texts("f\"{a}\" # c\n'''t\n'''", Language::Python),
            ["f\"{a}\"", "'''t\n'''"]
        );
        assert_eq!(
            texts("`<b>${x}</b>` === y", Language::JavaScript),
            ["`<b>${x}</b>`", "===", "y"]
        );
        assert_eq!(texts("if fun", Language::Python), ["if", "fun"]);
    }

    #[test]
    fn finds_calls_with_nested_arguments() {
        let tokens = Tokens::of("run(f(a, b), [c, d], shell=True)", Language::Python);
        let call = tokens.calls("run").next().expect("one call");
        assert_eq!(call.arguments.len(), 3);
        assert_eq!(call.arguments[2].len(), 3);
    }

    #[test]
    fn survives_broken_input() {
        for text in ["\"", "'''", "`", "f(", "/*", ")))", "é\u{0}", "\\"] {
            for language in Language::ALL {
                let tokens = Tokens::of(text, language);
                for index in 0..tokens.all.len() {
                    tokens.statement_end(index, language);
                }
                let _ = tokens.calls("f").count();
            }
        }
    }
}
