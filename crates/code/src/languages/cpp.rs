//! C++: what is its own about reading it?

use super::{Language, Syntax};
use crate::frame::Frame;
use crate::functions::{Found, NamingRule, Place, declarators};
use crate::whole::{Lexis, Raw};

/// C++.
pub(super) static ENTRY: Language = Language {
    name: "cpp",
    title: "C++",
    aliases: &["c++", "cc", "cxx", "cplusplus"],
    extensions: &[
        "cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tpp",
    ],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as C++20. As in C, the preprocessor is not run. A function's name is its last part \
(`run`, `operator==`, `~Buffer`); what stands before it (`A::B`) or the class around it is its \
owner. Lambdas are functions, named by the variable they initialise. Declarations inside function \
bodies are not listed, since `Widget w(a, b);` looks like a prototype.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_cpp::LANGUAGE.into()],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "init_declarator",
                name: "declarator",
                statements: &["declaration"],
            },
            NamingRule {
                kind: "assignment_expression",
                name: "left",
                statements: &["expression_statement"],
            },
            NamingRule {
                kind: "field_declaration",
                name: "declarator",
                statements: &[],
            },
        ],
        frames: &[
            Frame {
                before: "int ",
                after: "",
                kinds: &[],
            },
            Frame {
                before: "class _ {",
                after: "};\n",
                kinds: &["class_specifier", "field_declaration_list"],
            },
        ],
        lexis: Lexis {
            directives: true,
            raw: Raw::Named,
            handler: b"catch (...) {}",
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    if place.node.kind() != "lambda_expression" {
        return declarators::function(place);
    }
    let declarator = place.node.child_by_field_name("declarator");
    Some(Found {
        parameters: declarator.and_then(|d| d.child_by_field_name("parameters")),
        ..place.expression()
    })
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    let is_type = matches!(
        place.node.kind(),
        "class_specifier" | "struct_specifier" | "union_specifier"
    );
    let has_body = || place.node.child_by_field_name("body").is_some();
    (is_type && has_body()).then(|| place.field_text("name"))
}
