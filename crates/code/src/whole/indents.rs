//! What of a text is whole whose statements end with lines, in blocks that are indented?

use super::lexer::{Lexer, What};
use super::{Found, Whole};
use crate::languages::Language;

/// A `try` that has neither `except` nor `finally` yet.
#[derive(Clone, Copy)]
struct Try {
    indent: usize,
    due: bool,
}

/// The whole part of `bytes`: all lines up to the last that ends a statement or opens a block.
pub(super) fn whole(language: &'static Language, bytes: &[u8]) -> Option<Found> {
    let mut open: Vec<u8> = Vec::new();
    // Where the statement began that is being read, and its last token.
    let mut statement: Option<usize> = None;
    let mut last: Option<What> = None;
    // Whether the last statement needs the next one.
    let mut waits = false;
    let mut tries: Vec<Try> = Vec::new();
    let mut is_cut = false;
    let mut whole = 0;
    let mut tries_there: Vec<Try> = Vec::new();
    // Where the last whole statement opened a block, how far that is indented.
    let mut opened: Option<usize> = None;
    for token in Lexer::new(language, bytes) {
        match token.what {
            What::Cut => {
                is_cut = true;
                break;
            }
            What::Comment | What::Directive => continue,
            What::Line => {
                let continued = bytes[..token.start].ends_with(b"\\")
                    || bytes[..token.start].ends_with(b"\\\r");
                let Some(start) = statement.filter(|_| open.is_empty() && !continued) else {
                    // Comments and empty lines between statements are as whole as those.
                    if statement.is_none() && !waits {
                        whole = token.end;
                    }
                    continue;
                };
                statement = None;
                let indent = indent_of(bytes, start);
                let opens = last == Some(What::Mark(b':'));
                let first = first_word(&bytes[start..]);
                settle(&mut tries, indent, first);
                if opens && first == b"try" {
                    tries.push(Try { indent, due: true });
                }
                // A decorator says nothing without what it decorates, nor a `match` without a `case`.
                waits = bytes[start] == b'@' || (opens && first == b"match");
                if waits {
                    continue;
                }
                whole = token.end;
                tries_there.clone_from(&tries);
                opened = opens.then_some(indent);
                continue;
            }
            What::Open(bracket) => open.push(bracket),
            What::Close(bracket) => {
                if open.pop() != Some(bracket) {
                    return None;
                }
            }
            // No expression holds a statement: a bracket before it was left open for good.
            What::Word if !open.is_empty() && begins_statement(&bytes[token.start..token.end]) => {
                return None;
            }
            What::Word | What::Text | What::Mark(_) => {}
        }
        statement.get_or_insert(token.start);
        last = Some(token.what);
    }
    let mut closers = Vec::new();
    if let Some(indent) = opened {
        push_line(&mut closers, indent + 1, b"pass");
    }
    for open in tries_there.iter().rev().filter(|open| open.due) {
        push_line(&mut closers, open.indent, b"finally: pass");
    }
    Some(Found {
        whole: Whole {
            end: whole,
            closers,
        },
        is_cut,
    })
}

/// What a line of this indentation, which begins with `first`, says about what is open.
fn settle(tries: &mut Vec<Try>, indent: usize, first: &[u8]) {
    while tries.last().is_some_and(|open| open.indent > indent) {
        tries.pop();
    }
    if let Some(open) = tries.last_mut().filter(|open| open.indent == indent) {
        match first {
            b"except" | b"finally" => open.due = false,
            b"else" => {}
            _ => drop(tries.pop()),
        }
    }
}

/// How many columns stand before the statement at `start`.
fn indent_of(bytes: &[u8], start: usize) -> usize {
    let line = bytes[..start]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    start - line
}

fn first_word(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    &bytes[..length]
}

fn begins_statement(word: &[u8]) -> bool {
    matches!(
        word,
        b"def"
            | b"class"
            | b"return"
            | b"import"
            | b"raise"
            | b"try"
            | b"except"
            | b"finally"
            | b"while"
            | b"with"
            | b"pass"
            | b"assert"
            | b"del"
            | b"global"
    )
}

fn push_line(closers: &mut Vec<u8>, indent: usize, line: &[u8]) {
    closers.extend(std::iter::repeat_n(b' ', indent));
    closers.extend_from_slice(line);
    closers.push(b'\n');
}
