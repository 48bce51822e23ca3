//! Where does a text not follow its language's grammar?

use std::fmt;

use crate::error::preview;
use crate::parsed::{Parsed, span_of};
use crate::span::Span;
use crate::walk::{Step, Walk};

/// One place where the grammar is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes that fit no rule; empty, where something is missing.
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
    /// The text that starts so is not expected here.
    Unexpected(String),
    /// The text is longer than 64 MiB or takes too many steps to parse; nothing is known about it.
    GaveUp,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        match &self.kind {
            SyntaxErrorKind::Missing(what) => write!(f, "`{what}` is missing"),
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
    let mut errors = Vec::new();
    let mut walk = Walk::new(parsed.root());
    while let Some(step) = walk.step() {
        let Step::Enter(node) = step else { continue };
        if node.is_missing() {
            let kind = SyntaxErrorKind::Missing(node.kind().to_owned());
            errors.push(error_at(parsed, span_of(node), kind));
            walk.skip();
        } else if node.is_error() {
            let span = span_of(node);
            let bytes = parsed.text.slice(span).unwrap_or_default();
            let kind = SyntaxErrorKind::Unexpected(preview(bytes));
            errors.push(error_at(parsed, span, kind));
            walk.skip();
        } else if !node.has_error() {
            walk.skip();
        }
    }
    errors
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
