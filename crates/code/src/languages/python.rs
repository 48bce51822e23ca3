//! Python: what is its own about reading it?

use super::{Language, Syntax};
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Layout, Lexis, Quote};

/// Python.
pub(super) static ENTRY: Language = Language {
    name: "python",
    title: "Python",
    aliases: &["py", "python3"],
    extensions: &["py", "pyi", "pyw"],
    line_comment: Some("#"),
    block_comment: None,
    doc: "Read as Python 3.13, with Python 2's `print` and `exec` statements. A function's span \
takes its decorators in, its signature does not. Lambdas are functions, named by the variable or \
key they are assigned to. A docstring is code here, not a comment.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_python::LANGUAGE.into()],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "assignment",
                name: "left",
                statements: &["expression_statement"],
            },
            NamingRule {
                kind: "pair",
                name: "key",
                statements: &[],
            },
        ],
        lexis: Lexis {
            layout: Layout::Indents,
            strings: &[
                Quote::new(b"\"\"\"").over_lines(),
                Quote::new(b"'''").over_lines(),
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
        "function_definition" => {
            let decorated = place
                .parent()
                .filter(|above| above.kind() == "decorated_definition");
            Some(Found {
                whole: decorated.unwrap_or(place.node),
                ..place.plain()
            })
        }
        "lambda" => Some(place.expression()),
        _ => None,
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    (place.node.kind() == "class_definition").then(|| place.field_text("name"))
}
