//! Java: what is its own about reading it?

use super::{Language, Syntax};
use crate::frame::Frame;
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Lexis, Quote};

/// Java.
pub(super) static ENTRY: Language = Language {
    name: "java",
    title: "Java",
    aliases: &["jdk"],
    extensions: &["java"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as Java 21; a method may also stand alone, without a class. Functions are methods, \
constructors and lambdas; a method of an anonymous class belongs to the type after `new`. \
Annotations are part of a signature.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_java::LANGUAGE.into()],
        comments: &["line_comment", "block_comment"],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "variable_declarator",
                name: "name",
                statements: &["local_variable_declaration", "field_declaration"],
            },
            NamingRule {
                kind: "assignment_expression",
                name: "left",
                statements: &["expression_statement"],
            },
        ],
        frames: &[Frame {
            before: "class _ {",
            after: "}\n",
            kinds: &["class_declaration", "class_body"],
        }],
        lexis: Lexis {
            strings: &[
                Quote::new(b"\"\"\"").over_lines(),
                Quote::new(b"\""),
                Quote::new(b"'"),
            ],
            handler: b"finally {}",
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    match place.node.kind() {
        "method_declaration" | "constructor_declaration" | "compact_constructor_declaration" => {
            Some(place.plain())
        }
        "lambda_expression" => Some(place.expression()),
        _ => None,
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    match place.node.kind() {
        "class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "annotation_type_declaration" => Some(place.field_text("name")),
        "class_body" => {
            let new = place.parent()?;
            let created = new.kind() == "object_creation_expression";
            let kind = new.child_by_field_name("type").filter(|_| created)?;
            Some(place.text(kind))
        }
        _ => None,
    }
}
