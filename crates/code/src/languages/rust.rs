//! Rust: what is its own about reading it?

use super::{Language, Syntax};
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Lexis, Quote, Raw};

/// Rust.
pub(super) static ENTRY: Language = Language {
    name: "rust",
    title: "Rust",
    aliases: &["rs"],
    extensions: &["rs"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as Rust 2024. A method's owner is the type its `impl` is for, without type \
arguments, or its trait. Closures are functions, named by the variable they are bound to. \
Attributes before a function are not part of it. What stands inside a macro call is tokens, so \
functions there are not found.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_rust::LANGUAGE.into()],
        comments: &["line_comment", "block_comment"],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "let_declaration",
                name: "pattern",
                statements: &[],
            },
            NamingRule {
                kind: "const_item",
                name: "name",
                statements: &[],
            },
            NamingRule {
                kind: "static_item",
                name: "name",
                statements: &[],
            },
        ],
        lexis: Lexis {
            strings: &[Quote::new(b"\"").over_lines(), Quote::new(b"'")],
            nested_comments: true,
            raw: Raw::Hashes,
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    match place.node.kind() {
        "function_item" | "function_signature_item" => Some(place.plain()),
        "closure_expression" => Some(place.expression()),
        _ => None,
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    match place.node.kind() {
        "impl_item" => {
            let mut kind = place.node.child_by_field_name("type")?;
            if kind.kind() == "generic_type" {
                kind = kind.child_by_field_name("type").unwrap_or(kind);
            }
            Some(place.text(kind))
        }
        "trait_item" => Some(place.field_text("name")),
        _ => None,
    }
}
