//! Which statement does a place belong to, and what stays the same about a finding when code around it changes?

use palinode_code::tree_sitter::Node;
use palinode_code::{Fingerprint, Function, Language, Span, Text};

use crate::source::Source;

/// Calls of the parser's clock that one text gets; each is a hundred of its steps.
const PARSE_BUDGET: usize = 2_000_000;

/// A text with its statements and functions, for questions about places in it.
#[derive(Debug)]
pub(crate) struct Reading {
    text: Text,
    language: &'static Language,
    /// By where they start, those around others first.
    statements: Vec<Statement>,
    functions: Vec<Function>,
}

#[derive(Debug)]
struct Statement {
    span: Span,
    /// It without the block that it rules over.
    header: Span,
    /// The statement around it.
    parent: Option<usize>,
}

impl Reading {
    /// Reads a text: one parse and one walk. One that costs too much to read has no statements, only lines.
    pub(crate) fn new(source: &Source) -> Self {
        let mut left = PARSE_BUDGET;
        let parsed = source.language.parse_while(&source.text, &mut || {
            left = left.saturating_sub(1);
            left > 0
        });
        Self {
            text: source.text.clone(),
            language: source.language,
            statements: statements(parsed.root()),
            functions: parsed.functions(),
        }
    }

    /// The statement that the byte at `offset` belongs to, without the statements inside it; where none is known,
    /// the line. White space at `offset` belongs to what follows it on the line.
    pub(crate) fn statement(&self, offset: usize) -> Span {
        let line = self
            .text
            .line_span(self.line(offset))
            .unwrap_or(Span::at(offset));
        let rest = Span::new(offset.min(line.end), line.end);
        let rest = self.text.slice(rest).unwrap_or_default();
        let blank = rest.len() - rest.trim_ascii_start().len();
        let offset = if blank < rest.len() {
            offset + blank
        } else {
            offset
        };
        let last = self
            .statements
            .partition_point(|statement| statement.span.start <= offset);
        let mut next = last.checked_sub(1);
        while let Some(statement) = next.and_then(|at| self.statements.get(at)) {
            if statement.span.contains(offset) {
                return statement.header;
            }
            next = statement.parent;
        }
        let bytes = self.text.slice(line).unwrap_or_default();
        let start = line.start + bytes.len() - bytes.trim_ascii_start().len();
        let end = line.start + bytes.trim_ascii_end().len();
        Span::new(start, end.max(start))
    }

    /// The innermost function with a name around a place, with what it belongs to.
    pub(crate) fn function(&self, offset: usize) -> Option<String> {
        let last = self
            .functions
            .partition_point(|function| function.span.start <= offset);
        let mut next = last.checked_sub(1);
        while let Some(function) = next.and_then(|at| self.functions.get(at)) {
            if function.span.contains(offset) && !function.name.is_empty() {
                return Some(match &function.owner {
                    Some(owner) => format!("{owner}.{}", function.name),
                    None => function.name.clone(),
                });
            }
            next = function.parent;
        }
        None
    }

    /// The line of a place.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.line(offset)
    }

    /// Whether a span is all that stands on its line.
    pub(crate) fn is_whole_line(&self, span: Span) -> bool {
        let Some(line) = self.text.line_span(self.line(span.start)) else {
            return false;
        };
        let bytes = self.text.slice(line).unwrap_or_default();
        let first = line.start + bytes.len() - bytes.trim_ascii_start().len();
        let last = line.start + bytes.trim_ascii_end().len();
        span.start <= first && span.end >= last && span.end <= line.end
    }

    /// A name for the code of a statement that layout, comments and everything around it do not change: not even
    /// whether the rest of the text parses.
    pub(crate) fn code(&self, statement: Span) -> Fingerprint {
        let bytes = self.text.slice(statement).unwrap_or_default();
        Fingerprint::of_tokens(self.language, bytes)
    }
}

/// All statements of a tree, in the order in which they start. It does not recurse: trees may be deep.
fn statements(root: Node<'_>) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    // The statements around the cursor, with the depth of each.
    let mut around: Vec<(usize, usize)> = Vec::new();
    let mut cursor = root.walk();
    let mut depth = 0_usize;
    loop {
        let node = cursor.node();
        if depth > 0 && node.is_named() && is_statement(node.kind()) {
            let parent = around.last().map(|(at, _)| *at);
            around.push((found.len(), depth));
            let span = Span::from(node.byte_range());
            found.push(Statement {
                span,
                header: header(node),
                parent,
            });
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        loop {
            if around.last().is_some_and(|(_, other)| *other == depth) {
                around.pop();
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return found;
            }
            depth -= 1;
        }
    }
}

/// Whether nodes of this kind are what a programmer calls a statement, in any of the grammars.
fn is_statement(kind: &str) -> bool {
    let ends = [
        "_statement",
        "_declaration",
        "_definition",
        "_item",
        "_clause",
        "_directive",
    ];
    ends.iter().any(|end| kind.ends_with(end))
        || matches!(
            kind,
            "declaration" | "preproc_include" | "preproc_def" | "decorator"
        )
}

/// A statement up to the block that it rules over.
fn header(statement: Node<'_>) -> Span {
    let mut cursor = statement.walk();
    let is_body = |kind: &str| {
        matches!(
            kind,
            "block"
                | "suite"
                | "compound_statement"
                | "statement_block"
                | "declaration_list"
                | "field_declaration_list"
        ) || kind.ends_with("_body")
    };
    let mut children = statement.children(&mut cursor);
    let body = children.find(|child| is_body(child.kind()));
    let end = body.map_or(statement.end_byte(), |body| body.start_byte());
    Span::new(statement.start_byte(), end)
}

/// A hash of several texts that no other list of texts has (FNV-1a, 64 bits, each with its length).
pub(crate) fn hash(items: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for item in items {
        add(&(item.len() as u64).to_le_bytes());
        add(item.as_bytes());
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use palinode_code::languages;

    fn statement_at(language: &str, text: &str, at: &str) -> String {
        let language = languages::by_name(language).expect("it is known");
        let source = Source::new("x", Text::from(text), language);
        let offset = text.find(at).expect("it stands there");
        let span = Reading::new(&source).statement(offset);
        text[span.range()].trim().to_owned()
    }

    #[test]
    fn statements_are_found_by_any_place_in_them() {
        let python =
            "def f(a):\n    if check(a):\n        call(\n            a,\n            shell=True)\n";
        assert_eq!(
            statement_at("python", python, "shell"),
            "call(\n            a,\n            shell=True)"
        );
        assert_eq!(statement_at("python", python, "check"), "if check(a):");
        assert_eq!(statement_at("python", python, "f(a)"), "def f(a):");
        let c = "int f(char *a) {\n  char b[4]; strcpy(b, a);\n  while (g()) { h(a); }\n}\n";
        assert_eq!(statement_at("c", c, "strcpy"), "strcpy(b, a);");
        assert_eq!(statement_at("c", c, "g()"), "while (g())");
        assert_eq!(statement_at("c", c, "h(a)"), "h(a);");
        let js = "const f = (a) => { eval(a); };\n";
        assert_eq!(statement_at("javascript", js, "eval"), "eval(a);");
    }

    #[test]
    fn functions_are_named_with_their_owner() {
        let text = "class A:\n    def f(self):\n        return 1\nx = 2\n";
        let language = languages::by_name("python").expect("it is known");
        let reading = Reading::new(&Source::new("x", Text::from(text), language));
        let at = |part: &str| reading.function(text.find(part).expect("it stands there"));
        assert_eq!(at("return"), Some("A.f".to_owned()));
        assert_eq!(at("x = 2"), None);
    }

    #[test]
    fn lists_of_texts_do_not_run_together() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&[]), hash(&[""]));
    }
}
