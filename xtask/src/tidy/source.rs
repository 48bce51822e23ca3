//! Which bytes of a Rust file are code, which comment, which the inside of a literal?
//!
//! A small scanner, not a parser: it knows comments (nested), strings (plain, raw, byte, C),
//! characters and lifetimes, which is all the rules need in order not to be fooled by a word inside
//! a string or a comment.

/// One file with parts of it blanked out; each view has the same length in bytes and the same lines.
pub(super) struct Views {
    pub(super) code: String,
    pub(super) code_and_comments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Builds both views.
pub(super) fn views(text: &str) -> Views {
    let kinds = classify(text.as_bytes());
    Views {
        code: blank(text, &kinds, |kind| kind == Kind::Code),
        code_and_comments: blank(text, &kinds, |kind| kind != Kind::Literal),
    }
}

fn blank(text: &str, kinds: &[Kind], keep: impl Fn(Kind) -> bool) -> String {
    let bytes = text
        .bytes()
        .zip(kinds)
        .map(|(byte, kind)| {
            if byte == b'\n' || keep(*kind) {
                byte
            } else {
                b' '
            }
        })
        .collect();
    // Kinds change only at ASCII bytes, so no character is ever cut in two.
    String::from_utf8(bytes).unwrap_or_default()
}

fn classify(text: &[u8]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (kind, length) = if rest.starts_with(b"//") {
            let end = rest.iter().position(|byte| *byte == b'\n');
            (Kind::Comment, end.unwrap_or(rest.len()))
        } else if rest.starts_with(b"/*") {
            (Kind::Comment, block_comment(rest))
        } else if rest[0] == b'"' {
            (Kind::Literal, plain_string(rest))
        } else if rest[0] == b'\'' {
            match character(rest) {
                Some(length) => (Kind::Literal, length),
                None => (Kind::Code, 1),
            }
        } else if let Some(length) = raw_string(text, at) {
            (Kind::Literal, length)
        } else {
            (Kind::Code, 1)
        };
        let end = (at + length).min(text.len());
        kinds[at..end].fill(kind);
        at = end;
    }
    kinds
}

/// The length of the block comment that `rest` starts with; comments nest in Rust.
fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the string literal whose opening quote `rest` starts with.
fn plain_string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of the character literal that `rest` starts with, or nothing where it is a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|byte| *byte == b'\'')?;
        return Some(close + 4);
    }
    let width = match *rest.get(1)? {
        byte if byte < 0x80 => 1,
        byte if byte < 0xe0 => 2,
        byte if byte < 0xf0 => 3,
        _ => 4,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

/// The length of the raw string that starts at `at`, from its prefix on.
fn raw_string(text: &[u8], at: usize) -> Option<usize> {
    let in_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if at > 0 && in_word(text[at - 1]) {
        return None;
    }
    let rest = &text[at..];
    let prefix = [&b"r"[..], b"br", b"cr"].into_iter().find(|prefix| {
        rest.starts_with(prefix) && matches!(rest.get(prefix.len()), Some(b'"' | b'#'))
    })?;
    let hashes = rest[prefix.len()..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = prefix.len() + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &rest[open + 1..];
    let found = body.windows(close.len()).position(|window| window == close);
    Some(found.map_or(rest.len(), |found| open + 1 + found + close.len()))
}

/// The line, counted from 1, that the byte at `offset` stands on.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

/// The byte offsets where `word` stands with no letter, digit or underscore on either side.
pub(super) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    let in_word =
        move |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            !in_word(before) && !in_word(bytes.get(at + word.len()))
        })
}

/// The attributes in a file's [`Views::code`]: where each starts, and its text with its brackets.
pub(super) fn attributes(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices('#').filter_map(|(at, _)| {
        let rest = &code[at..];
        let open = rest.find('[')?;
        if !matches!(&rest[1..open], "" | "!") {
            return None;
        }
        let mut depth = 0_usize;
        let end = rest.bytes().skip(open).position(|byte| {
            match byte {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })?;
        Some((at, &rest[..=open + end]))
    })
}

/// One function of a Rust file.
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// The line of its `fn`, counted from 1.
    pub(super) line: usize,
    /// How many lines from `fn` to the closing brace, both counted.
    pub(super) lines: usize,
}

/// The functions with a body in a file's [`Views::code`], nested ones too.
pub(super) fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let rest = &code[at + 2..];
        let name: String = rest
            .trim_start()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        if name.is_empty() {
            continue;
        }
        let Some(length) = body_end(rest) else {
            continue;
        };
        let end = at + 2 + length;
        let line = line_of(code, at);
        let lines = line_of(code, end) - line + 1;
        found.push(Function { name, line, lines });
    }
    found
}

/// Where the body of the function whose text follows `fn` ends, or nothing where it has none.
fn body_end(rest: &str) -> Option<usize> {
    let mut around = 0_i32;
    let mut depth = 0_i32;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' if depth == 0 => around += 1,
            b')' | b']' if depth == 0 => around -= 1,
            b';' if depth == 0 && around == 0 => return None,
            b'{' if around == 0 => depth += 1,
            b'}' if around == 0 => {
                depth -= 1;
                if depth <= 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_loses_comments_and_literals_but_no_line() {
        let text = "let a = \"unsafe \\\" {\"; // unsafe\n/* x /* y */ unsafe */ b('\\'', '{', 'é');\nfn f<'a>(x: &'a str) {}\n";
        let views = views(text);
        assert_eq!(views.code.len(), text.len());
        assert!(!views.code.contains("unsafe"));
        assert!(!views.code.contains("{,"));
        assert!(views.code.contains("fn f<'a>(x: &'a str) {}"));
        assert_eq!(views.code.lines().count(), text.lines().count());
        assert_eq!(views.code_and_comments.matches("unsafe").count(), 2);
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let code = views("let a = r##\"x \"# y\"##; let r#type = br\"z\\\"; expr\"q\"").code;
        assert!(!code.contains("x "));
        assert!(!code.contains(" y"));
        assert!(!code.contains('z'));
        assert!(code.contains("r#type"));
        assert!(!code.contains('q'));
    }

    #[test]
    fn an_unfinished_literal_reaches_the_end() {
        for text in ["\"a", "r#\"a\"", "/* a", "'\\", "'", "// a", "b\"\\"] {
            assert_eq!(views(text).code.len(), text.len());
        }
    }

    #[test]
    fn words_have_borders() {
        let found: Vec<usize> = words("unsafe unsafe_code (unsafe) unsafer", "unsafe").collect();
        assert_eq!(found, [0, 20]);
    }

    #[test]
    fn attributes_reach_to_their_own_bracket() {
        let code = "#![a(b)]\n#[c[d]] fn e() { f[0] }\n#x\n#[";
        let found: Vec<_> = attributes(code).collect();
        assert_eq!(found, [(0, "#![a(b)]"), (9, "#[c[d]]")]);
    }

    #[test]
    fn functions_are_measured() {
        let code = "fn a();\nfn b(x: [u8; 2]) {\n  if x {\n }\n}\nlet f: fn(u8) = b;\nfn c() {}\n";
        let found = functions(code);
        let seen: Vec<_> = found
            .iter()
            .map(|f| (f.name.as_str(), f.line, f.lines))
            .collect();
        assert_eq!(seen, [("b", 2, 4), ("c", 7, 1)]);
    }
}
