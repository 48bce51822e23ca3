//! What in a text that may go on is not yet to be judged?

use palinode_code::tree_sitter::Node;
use palinode_code::{Parsed, Span};

use crate::scan::Hit;

/// The end of a text that is still being written.
pub(crate) struct Unfinished {
    /// Where the last statement starts, where it is still open; else where the text ends.
    tail: usize,
    /// Where the last thing that is no white space ends.
    end: usize,
    /// Errors that the missing end does not explain.
    errors: Vec<Span>,
    /// Functions that reach the end of the text.
    open: Vec<Span>,
}

impl Unfinished {
    /// What of this text is unfinished, where `whole` of it was closed so that it parses.
    pub(crate) fn closed(parsed: &Parsed, whole: usize) -> Self {
        let bytes = parsed.text().as_bytes();
        let end = bytes[..whole.min(bytes.len())].trim_ascii_end().len();
        let in_braces = parsed.language().name != "python";
        let mut open = open_functions(parsed.root(), end);
        // Behind its own brace, a function is over.
        open.retain(|function| !in_braces || function.end > whole);
        Self {
            tail: whole,
            errors: Vec::new(),
            open,
            end,
        }
    }

    /// What is unfinished of a text that does not parse, however it is closed. Cost: walks down the right edge of the
    /// tree, and a visit of what has errors.
    pub(crate) fn broken(parsed: &Parsed) -> Self {
        let bytes = parsed.text().as_bytes();
        let end = bytes.trim_ascii_end().len();
        let ended = bytes[end..].contains(&b'\n')
            || (parsed.language().name != "python" && bytes[..end].ends_with(b"}"));
        let ended = ended || bytes[..end].ends_with(b";");
        let tail =
            open_statement(parsed.root(), end).filter(|statement| !ended || statement.has_error());
        let errors = parsed.errors().into_iter().map(|error| error.span);
        Self {
            tail: tail.map_or(bytes.len(), |statement| statement.start_byte()),
            errors: errors
                .filter(|span| span.end < end && !span.is_empty())
                .collect(),
            open: open_functions(parsed.root(), end),
            end,
        }
    }

    /// Whether a finding stays true whatever comes next.
    pub(crate) fn lets_through(&self, hit: &Hit) -> bool {
        let span = hit.finding.span;
        let waits = hit.absence
            && (span.end >= self.end || self.open.iter().any(|open| open.encloses(span)));
        !hit.broken
            && !waits
            && span.end <= self.tail
            && !self.errors.iter().any(|error| error.encloses(span))
    }
}

/// The innermost statement that the byte before `end` stands in; in what does not parse, all that follows the last
/// whole statement.
fn open_statement(root: Node<'_>, end: usize) -> Option<Node<'_>> {
    let last = end.checked_sub(1)?;
    let mut statement = None;
    let mut parent = root;
    let mut cursor = root.walk();
    while cursor.goto_first_child_for_byte(last).is_some() {
        let node = cursor.node();
        if parent.is_error() || parent.kind() == "ERROR" {
            statement = Some(after_whole_statements(parent, node));
        } else if is_sequence(parent) && node.is_named() {
            statement = Some(node);
        }
        parent = node;
    }
    statement
}

/// The functions, and what does not parse, that the byte before `end` stands in.
fn open_functions(root: Node<'_>, end: usize) -> Vec<Span> {
    let mut open = Vec::new();
    let mut cursor = root.walk();
    while end > 0 && cursor.goto_first_child_for_byte(end - 1).is_some() {
        let node = cursor.node();
        let kind = node.kind();
        let names = [
            "function",
            "method",
            "lambda",
            "closure",
            "constructor",
            "ERROR",
        ];
        if names.iter().any(|name| kind.contains(name)) {
            open.push(Span::from(node.byte_range()));
        }
    }
    open
}

/// The first child of an error after its last whole statement, `last` at the latest.
fn after_whole_statements<'t>(error: Node<'t>, last: Node<'t>) -> Node<'t> {
    let mut cursor = error.walk();
    let mut first = None;
    for child in error.children(&mut cursor) {
        if child.start_byte() >= last.start_byte() {
            break;
        }
        if is_statement(child) {
            first = None;
        } else if first.is_none() {
            first = Some(child);
        }
    }
    first.unwrap_or(last)
}

fn is_statement(node: Node<'_>) -> bool {
    let kind = node.kind();
    let ends = [
        "statement",
        "declaration",
        "definition",
        "specifier",
        "directive",
        "item",
    ];
    ends.iter().any(|end| kind.ends_with(end))
        || kind.contains("comment")
        || kind.starts_with("preproc")
}

/// Whether a node is a sequence of statements or members.
fn is_sequence(node: Node<'_>) -> bool {
    let kind = node.kind();
    let names = [
        "block",
        "body",
        "_list",
        "compound_statement",
        "case",
        "default",
    ];
    node.parent().is_none()
        || (names.iter().any(|name| kind.contains(name))
            && !kind.contains("argument")
            && !kind.contains("parameter"))
}
