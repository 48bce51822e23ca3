//! Go: what is its own about reading it?

use tree_sitter::Node;

use super::{Language, Syntax};
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Layout, Lexis, Quote};

/// Go.
pub(super) static ENTRY: Language = Language {
    name: "go",
    title: "Go",
    aliases: &["golang"],
    extensions: &["go"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as Go 1.23, type parameters included. A method's owner is the type of its receiver, \
without `*` and type arguments; an interface's methods belong to the interface and have no body. \
Function literals are functions, named by the variable they are assigned to. A group `a, b int` is \
two parameters.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_go::LANGUAGE.into()],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "short_var_declaration",
                name: "left",
                statements: &[],
            },
            NamingRule {
                kind: "assignment_statement",
                name: "left",
                statements: &[],
            },
            NamingRule {
                kind: "var_spec",
                name: "name",
                statements: &["var_declaration"],
            },
        ],
        lexis: Lexis {
            layout: Layout::Lines,
            strings: &[
                Quote::new(b"`").over_lines().without_escapes(),
                Quote::new(b"\""),
                Quote::new(b"'"),
            ],
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    match place.node.kind() {
        "function_declaration" | "method_elem" => Some(place.plain()),
        "method_declaration" => Some(Found {
            owner: place
                .node
                .child_by_field_name("receiver")
                .and_then(|receiver| receiver_type(place, receiver)),
            ..place.plain()
        }),
        "func_literal" => Some(place.expression()),
        _ => None,
    }
}

/// `Server` of `(s *Server[T])`.
fn receiver_type(place: &Place<'_, '_>, receiver: Node<'_>) -> Option<String> {
    let mut kind = receiver.named_child(0)?.child_by_field_name("type")?;
    loop {
        kind = match kind.kind() {
            "pointer_type" | "parenthesized_type" => kind.named_child(0)?,
            "generic_type" => kind.child_by_field_name("type")?,
            _ => return Some(place.text(kind)),
        };
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    (place.node.kind() == "type_spec").then(|| place.field_text("name"))
}
