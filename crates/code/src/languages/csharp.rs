//! C#: what is its own about reading it?

use super::{Language, Syntax};
use crate::frame::Frame;
use crate::functions::{Found, NamingRule, Place};
use crate::whole::{Lexis, Quote};

/// C#.
pub(super) static ENTRY: Language = Language {
    name: "csharp",
    title: "C#",
    aliases: &["c#", "cs", "c-sharp", "dotnet"],
    extensions: &["cs", "csx"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as C# 13; a method may also stand alone, as a local function of the file. Functions \
are methods, constructors, finalisers, operators, local functions, lambdas, anonymous methods, and \
accessors with a body, which are named `Size.get`. Attributes are part of a signature.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_c_sharp::LANGUAGE.into()],
        function,
        owner,
        naming: &[
            NamingRule {
                kind: "variable_declarator",
                name: "name",
                statements: &["variable_declaration"],
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
            kinds: &["class_declaration", "declaration_list"],
        }],
        lexis: Lexis {
            strings: &[
                Quote::new(b"\"\"\"").over_lines().without_escapes(),
                Quote::verbatim(b"@\""),
                Quote::verbatim(b"@$\""),
                Quote::verbatim(b"$@\""),
                Quote::new(b"\""),
                Quote::new(b"'"),
            ],
            directives: true,
            handler: b"finally {}",
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};

fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    let node = place.node;
    let plain = || place.plain();
    match node.kind() {
        "method_declaration" | "constructor_declaration" | "local_function_statement" => {
            Some(plain())
        }
        "destructor_declaration" => Some(Found {
            name: format!("~{}", plain().name),
            ..plain()
        }),
        "operator_declaration" => Some(Found {
            name: format!("operator {}", place.field_text("operator")),
            ..plain()
        }),
        "conversion_operator_declaration" => Some(Found {
            name: format!("operator {}", place.field_text("type")),
            ..plain()
        }),
        "accessor_declaration" => {
            let accessor = plain();
            accessor.body?;
            // Above an accessor stand its list and then its property, indexer or event.
            let property = place.ancestors.iter().nth_back(1)?;
            let of = property.child_by_field_name("name");
            let of = of.map_or_else(|| "this".to_owned(), |name| place.text(name));
            Some(Found {
                name: format!("{of}.{}", accessor.name),
                ..accessor
            })
        }
        "property_declaration" => {
            let value = node.child_by_field_name("value")?;
            (value.kind() == "arrow_expression_clause").then(|| Found {
                body: Some(value),
                ..plain()
            })
        }
        "lambda_expression" => Some(place.expression()),
        "anonymous_method_expression" => {
            let mut cursor = node.walk();
            let body = node
                .named_children(&mut cursor)
                .find(|child| child.kind() == "block");
            Some(Found {
                body,
                ..place.expression()
            })
        }
        _ => None,
    }
}

fn owner(place: &Place<'_, '_>) -> Option<String> {
    match place.node.kind() {
        "class_declaration"
        | "struct_declaration"
        | "interface_declaration"
        | "record_declaration" => Some(place.field_text("name")),
        _ => None,
    }
}
