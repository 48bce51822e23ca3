//! What are functions in JavaScript and its relatives?

use crate::frame::Frame;

use super::{Found, NamingRule, Place};

/// What gives a function expression its name.
pub(crate) const NAMING: &[NamingRule] = &[
    NamingRule {
        kind: "variable_declarator",
        name: "name",
        statements: &["lexical_declaration", "variable_declaration"],
    },
    NamingRule {
        kind: "assignment_expression",
        name: "left",
        statements: &["expression_statement"],
    },
    NamingRule {
        kind: "pair",
        name: "key",
        statements: &[],
    },
    NamingRule {
        kind: "field_definition",
        name: "property",
        statements: &[],
    },
    NamingRule {
        kind: "public_field_definition",
        name: "name",
        statements: &[],
    },
];

/// What a method or an object's member may have stood in.
pub(crate) const FRAMES: &[Frame] = &[
    Frame {
        before: "class _ {",
        after: "}\n",
        kinds: &["class_declaration", "class_body"],
    },
    Frame {
        before: "({",
        after: "})\n",
        kinds: &["expression_statement", "parenthesized_expression", "object"],
    },
];

/// The function a node is.
pub(crate) fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    let found = match place.node.kind() {
        "function_declaration"
        | "generator_function_declaration"
        | "method_definition"
        | "function_signature"
        | "method_signature"
        | "abstract_method_signature" => place.plain(),
        "function_expression" | "generator_function" | "arrow_function" => place.expression(),
        _ => return None,
    };
    let single = place.node.child_by_field_name("parameter");
    Some(Found {
        name: found.name.trim_matches(['"', '\'']).to_owned(),
        parameters: found.parameters.or(single),
        ..found
    })
}

/// The class or interface a node is.
pub(crate) fn owner(place: &Place<'_, '_>) -> Option<String> {
    match place.node.kind() {
        "class_declaration" | "abstract_class_declaration" | "class" | "interface_declaration" => {
            Some(place.field_text("name"))
        }
        _ => None,
    }
}
