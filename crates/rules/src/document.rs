//! What does the engine of patterns see of a parsed text?

use std::borrow::Cow;

use ast_grep_core::Doc;
use ast_grep_core::source::Edit;
use palinode_code::Parsed;
use palinode_code::tree_sitter::{Node, Tree};

use crate::grammar::Grammar;

/// A parsed text as ast-grep's matchers read it: our own tree, and the text as a string.
///
/// Bytes that belong to no character are one `?` each, so that positions stay. ast-grep's own document would parse
/// again, and panics where a node reaches beyond the text.
#[derive(Clone)]
pub(crate) struct Document {
    source: String,
    grammar: Grammar,
    tree: Tree,
}

impl Document {
    /// The document of a text. Cost: one copy of the text.
    pub(crate) fn new(parsed: &Parsed, grammar: &Grammar) -> Self {
        Self {
            source: parsed.text().readable().into_owned(),
            grammar: grammar.clone(),
            tree: parsed.tree().clone(),
        }
    }
}

impl Doc for Document {
    type Source = String;
    type Lang = Grammar;
    type Node<'r> = Node<'r>;

    fn get_lang(&self) -> &Grammar {
        &self.grammar
    }

    fn get_source(&self) -> &String {
        &self.source
    }

    fn do_edit(&mut self, _: &Edit<String>) -> Result<(), String> {
        Err("a document that is scanned is not edited".to_owned())
    }

    fn root_node(&self) -> Node<'_> {
        self.tree.root_node()
    }

    fn get_node_text<'a>(&'a self, node: &Node<'a>) -> Cow<'a, str> {
        let range = node.byte_range();
        let bytes = self.source.as_bytes();
        let end = range.end.min(bytes.len());
        String::from_utf8_lossy(&bytes[range.start.min(end)..end])
    }
}
