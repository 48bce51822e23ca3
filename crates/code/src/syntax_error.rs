//! Where does a text not follow its language's grammar?

use std::fmt;

use tree_sitter::Node;

use crate::error::preview;
use crate::parsed::{Parsed, span_of};
use crate::span::Span;
use crate::tokens::Tokens;
use crate::walk::{Step, Walk};

/// One place where the grammar is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes that fit no rule, from the token at which the parser could not go on; empty where
    /// something is missing.
    pub span: Span,
    /// Line of `span.start`, from 1.
    pub line: usize,
    /// Column of `span.start`, from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub kind: SyntaxErrorKind,
}

/// What is wrong with the syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// This token or construct is missing before the position.
    Missing(String),
    /// The text that starts so is not expected here; empty at the end of a line or of the text.
    Unexpected(String),
    /// The text is longer than 64 MiB, takes too many steps to parse, or the caller said stop:
    /// nothing is known about it.
    GaveUp,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        match &self.kind {
            SyntaxErrorKind::Missing(what) => write!(f, "`{what}` is missing"),
            SyntaxErrorKind::Unexpected(what) if what.is_empty() => {
                f.write_str("the text ends too early")
            }
            SyntaxErrorKind::Unexpected(what) => write!(f, "`{what}` is not expected here"),
            SyntaxErrorKind::GaveUp => f.write_str("too long or too tangled to parse"),
        }
    }
}

/// The errors of a parse, in order.
pub(crate) fn errors_of(parsed: &Parsed) -> Vec<SyntaxError> {
    if parsed.gave_up {
        return vec![error_at(
            parsed,
            parsed.text.span(),
            SyntaxErrorKind::GaveUp,
        )];
    }
    let amiss = all_amiss(parsed);
    // On one line the start of the error node is near enough.
    let needs_stops = amiss.iter().any(|amiss| match amiss {
        Amiss::Unexpected(node) => is_long(*node),
        Amiss::Missing(_) => false,
        Amiss::HiddenIn(_) => true,
    });
    let stops = if needs_stops {
        parsed.stops()
    } else {
        Vec::new()
    };
    let stop_in = |span: Span| {
        stops
            .iter()
            .copied()
            .find(|&s| s >= span.start && s <= span.end)
    };
    let error = |amiss: &Amiss<'_>| match *amiss {
        Amiss::Missing(node) => {
            let kind = SyntaxErrorKind::Missing(node.kind().to_owned());
            error_at(parsed, span_of(node), kind)
        }
        Amiss::HiddenIn(node) => {
            let span = span_of(node);
            let at = Span::at(stop_in(span).unwrap_or(span.end));
            error_at(
                parsed,
                at,
                SyntaxErrorKind::Missing("end of line".to_owned()),
            )
        }
        Amiss::Unexpected(node) => {
            let mut span = span_of(node);
            if is_long(node) {
                span.start = stop_in(span).unwrap_or(span.start);
            }
            let bytes = parsed.text.slice(span).unwrap_or_default();
            error_at(parsed, span, SyntaxErrorKind::Unexpected(preview(bytes)))
        }
    };
    let mut errors: Vec<_> = amiss.iter().map(error).collect();
    errors.sort_by_key(|error| error.span);
    errors
}

/// One thing amiss in a tree.
#[derive(Clone, Copy)]
enum Amiss<'t> {
    Unexpected(Node<'t>),
    Missing(Node<'t>),
    /// The node misses a token that has no node, such as the end of a line.
    HiddenIn(Node<'t>),
}

fn is_long(node: Node<'_>) -> bool {
    node.start_position().row != node.end_position().row
}

/// How much of the text is amiss: the bytes in error nodes, and one for each error.
pub(crate) fn bytes_amiss(parsed: &Parsed) -> usize {
    if parsed.gave_up {
        return parsed.text.len() + 1;
    }
    let bytes = |amiss: &Amiss<'_>| match amiss {
        Amiss::Unexpected(node) => span_of(*node).len(),
        Amiss::Missing(_) | Amiss::HiddenIn(_) => 0,
    };
    all_amiss(parsed).iter().map(|amiss| bytes(amiss) + 1).sum()
}

/// The outermost error nodes and the missing tokens, in the tree's order; empty only where the tree
/// has no error.
fn all_amiss(parsed: &Parsed) -> Vec<Amiss<'_>> {
    let mut all = Vec::new();
    let mut walk = Walk::new(parsed.root());
    while let Some(step) = walk.step() {
        let Step::Enter(node) = step else { continue };
        if node.is_missing() {
            all.push(Amiss::Missing(node));
            walk.skip();
        } else if node.is_error() {
            all.push(Amiss::Unexpected(node));
            walk.skip();
        } else if !node.has_error() {
            walk.skip();
        } else {
            let mut cursor = node.walk();
            let shown = node
                .children(&mut cursor)
                .any(|child| child.has_error() || child.is_error() || child.is_missing());
            if !shown && !line_ends_after(node, parsed) {
                all.push(Amiss::HiddenIn(node));
            }
        }
    }
    all
}

/// Whether nothing but white space and comments follows a preprocessor line that misses its end.
/// The C++ grammar allows neither before it.
fn line_ends_after(node: Node<'_>, parsed: &Parsed) -> bool {
    if !node.kind().starts_with("preproc") {
        return false;
    }
    let rest = parsed.text.as_bytes().get(node.end_byte()..);
    let rest = rest.unwrap_or_default().split(|&b| b == b'\n').next();
    let rest = rest.unwrap_or_default();
    // A comment may go on below; then the line ends with the comment.
    Tokens::new(parsed.language, rest).next().is_none()
}

fn error_at(parsed: &Parsed, span: Span, kind: SyntaxErrorKind) -> SyntaxError {
    let at = parsed.text.position(span.start);
    SyntaxError {
        span,
        line: at.line,
        column: at.column,
        kind,
    }
}
