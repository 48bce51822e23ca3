//! Where does a text not follow its language's grammar?

use std::fmt;

use tree_sitter::Node;

use crate::error::preview;
use crate::parsed::{Parsed, span_of};
use crate::span::Span;
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
    let nodes = error_nodes(parsed);
    // On one line the start of the error node is near enough.
    let is_long =
        |node: &&Node<'_>| node.is_error() && node.start_position().row != node.end_position().row;
    let stops = match nodes.iter().find(is_long) {
        Some(_) => parsed.stops(),
        None => Vec::new(),
    };
    let error = |node: &Node<'_>| {
        let mut span = span_of(*node);
        if node.is_missing() {
            let kind = SyntaxErrorKind::Missing(node.kind().to_owned());
            return error_at(parsed, span, kind);
        }
        if let Some(&stop) = stops.iter().find(|&&stop| stop >= span.start)
            && stop <= span.end
            && is_long(&node)
        {
            span.start = stop;
        }
        let bytes = parsed.text.slice(span).unwrap_or_default();
        error_at(parsed, span, SyntaxErrorKind::Unexpected(preview(bytes)))
    };
    let mut errors: Vec<_> = nodes.iter().map(error).collect();
    errors.sort_by_key(|error| error.span);
    errors
}

/// How much of the text is amiss: the bytes in error nodes, and one for each error.
pub(crate) fn bytes_amiss(parsed: &Parsed) -> usize {
    if parsed.gave_up {
        return parsed.text.len() + 1;
    }
    let nodes = error_nodes(parsed);
    nodes.iter().map(|node| span_of(*node).len() + 1).sum()
}

/// The outermost error nodes and the missing tokens, in order.
fn error_nodes(parsed: &Parsed) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    let mut walk = Walk::new(parsed.root());
    while let Some(step) = walk.step() {
        let Step::Enter(node) = step else { continue };
        if node.is_missing() || node.is_error() {
            nodes.push(node);
            walk.skip();
        } else if !node.has_error() {
            walk.skip();
        }
    }
    nodes
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
