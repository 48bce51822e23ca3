//! PHP: what is its own about reading it?

use super::{Language, Syntax};
use crate::frame::Frame;
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Lexis, Quote, Raw};

/// PHP.
pub(super) static ENTRY: Language = Language {
    name: "php",
    title: "PHP",
    aliases: &["php8"],
    extensions: &["php", "phtml", "inc"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as PHP 8.4 inside its HTML. A text without any `<?` tag is read as PHP from its \
first byte, as models often write it. `#` begins a comment too. Functions are functions, methods, \
closures and arrow functions; a closure is named by the variable, property or array key it is \
assigned to.",
    syntax: Syntax {
        grammars: &[
            || tree_sitter_php::LANGUAGE_PHP.into(),
            || tree_sitter_php::LANGUAGE_PHP_ONLY.into(),
        ],
        choose_grammar: |bytes| usize::from(!bytes.windows(2).any(|pair| pair == b"<?")),
        more_line_comments: &["#"],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "assignment_expression",
                name: "left",
                statements: &["expression_statement"],
            },
            NamingRule {
                kind: "array_element_initializer",
                name: "",
                statements: &[],
            },
        ],
        frames: &[Frame {
            before: "class _ {",
            after: "}\n",
            kinds: &["class_declaration", "declaration_list"],
        }],
        lexis: Lexis {
            strings: &[
                Quote::new(b"\"").over_lines(),
                Quote::new(b"'").over_lines(),
            ],
            raw: Raw::Heredoc,
            handler: b"finally {}",
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    match place.node.kind() {
        "function_definition" | "method_declaration" => Some(place.plain()),
        "anonymous_function" | "arrow_function" => Some(place.expression()),
        _ => None,
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    match place.node.kind() {
        "class_declaration"
        | "interface_declaration"
        | "trait_declaration"
        | "enum_declaration" => Some(place.field_text("name")),
        "anonymous_class" => Some(String::new()),
        _ => None,
    }
}
