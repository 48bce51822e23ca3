//! Which statement does a place belong to, and what stays the same about a finding when code around it changes?

use palinode_code::tree_sitter::Node;
use palinode_code::{Function, Parsed, Span};

use crate::source::Source;

/// Calls of the parser's clock that one text gets; each is a hundred of its steps.
const PARSE_BUDGET: usize = 2_000_000;

/// A text with its tree, for questions about places in it.
#[derive(Debug)]
pub(crate) struct Reading {
    parsed: Parsed,
    functions: Vec<Function>,
}

impl Reading {
    /// Reads a text. One that costs too much to read has no statements, only lines.
    pub(crate) fn new(source: &Source) -> Self {
        let mut left = PARSE_BUDGET;
        let parsed = source.language.parse_while(&source.text, &mut || {
            left = left.saturating_sub(1);
            left > 0
        });
        let functions = parsed.functions();
        Self { parsed, functions }
    }

    /// The statement that the byte at `offset` belongs to, without the statements inside it; where none is known,
    /// the line. White space at `offset` belongs to what follows it on the line.
    pub(crate) fn statement(&self, offset: usize) -> Span {
        let text = self.parsed.text();
        let line = text
            .line_span(text.line(offset))
            .unwrap_or(Span::at(offset));
        let rest = text
            .slice(Span::new(offset.min(line.end), line.end))
            .unwrap_or_default();
        let blank = rest.len() - rest.trim_ascii_start().len();
        let offset = if blank < rest.len() {
            offset + blank
        } else {
            offset
        };
        let mut node = self.parsed.root().descendant_for_byte_range(offset, offset);
        while let Some(here) = node {
            let is_root = here.parent().is_none();
            if !is_root && is_statement(here.kind()) {
                return header(here);
            }
            node = here.parent();
        }
        let bytes = text.slice(line).unwrap_or_default();
        let start = line.start + bytes.len() - bytes.trim_ascii_start().len();
        let end = line.start + bytes.trim_ascii_end().len();
        Span::new(start, end.max(start))
    }

    /// The innermost function around a place, with what it belongs to.
    pub(crate) fn function(&self, offset: usize) -> Option<String> {
        let around = self
            .functions
            .iter()
            .filter(|function| function.span.contains(offset));
        let names: Vec<String> = around
            .filter(|function| !function.name.is_empty())
            .map(|function| match &function.owner {
                Some(owner) => format!("{owner}.{}", function.name),
                None => function.name.clone(),
            })
            .collect();
        names.last().cloned()
    }

    /// The line of a place.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.parsed.text().line(offset)
    }

    /// A name for the code of a statement that layout, comments and the lines around it do not change.
    pub(crate) fn code(&self, statement: Span) -> palinode_code::Fingerprint {
        self.parsed.fingerprint_of(statement)
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
    let body = statement.children(&mut cursor).find(|child| {
        let kind = child.kind();
        kind == "block"
            || kind == "suite"
            || kind.ends_with("_body")
            || kind.ends_with("_list") && kind.contains("declaration")
            || matches!(kind, "compound_statement" | "statement_block")
    });
    let end = body.map_or(statement.end_byte(), |body| body.start_byte());
    Span::new(statement.start_byte(), end.max(statement.start_byte()))
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
    use palinode_code::{Text, languages};

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
