//! Where in a C or C++ declarator does the function's name stand?
//!
//! C declares a function by how it is used: in `char *(*table(int n))[4]` the name stands inside
//! pointers, arrays and parentheses. C++ adds qualified names, templates, operators, destructors.

use tree_sitter::Node;

use super::{Found, Place};

/// The function that a `function_definition`, or a declaration outside function bodies, is.
pub(crate) fn function<'t>(place: &Place<'_, 't>) -> Option<Found<'t>> {
    let node = place.node;
    match node.kind() {
        "function_definition" | "inline_method_definition" => {}
        // Inside a function, `Widget w(a, b);` makes an object.
        "declaration" | "field_declaration" if !place.in_function => {}
        _ => return None,
    }
    let declarator = node.child_by_field_name("declarator")?;
    let declared = declared(place, declarator).or_else(|| macro_head(place, declarator))?;
    let templates = |above: &&Node<'_>| above.kind() == "template_declaration";
    let head = place.ancestors.iter().rev().take_while(templates).last();
    let whole = head.copied().unwrap_or(node);
    let body = node.child_by_field_name("body").or_else(|| {
        let mut cursor = node.walk();
        node.named_children(&mut cursor)
            .find(|child| child.kind() == "try_statement")
    });
    let mut cursor = node.walk();
    let initialisers = node
        .named_children(&mut cursor)
        .find(|child| child.kind() == "field_initializer_list")
        .map(|list| list.start_byte());
    Some(Found {
        name: declared.name,
        owner: declared.owner,
        whole,
        header: whole.start_byte(),
        header_end: initialisers,
        body,
        parameters: Some(declared.parameters),
    })
}

/// What a declarator declares, where that is a function.
struct Declared<'t> {
    name: String,
    owner: Option<String>,
    parameters: Node<'t>,
}

fn declared<'t>(place: &Place<'_, 't>, declarator: Node<'t>) -> Option<Declared<'t>> {
    let mut node = declarator;
    // The parameter list of the function declarator just passed, with nothing between it and the
    // name: a pointer there makes it a pointer to a function.
    let mut parameters = None;
    loop {
        node = match node.kind() {
            "function_declarator" => {
                parameters = node.child_by_field_name("parameters");
                node.child_by_field_name("declarator")?
            }
            "pointer_declarator" | "array_declarator" => {
                parameters = None;
                node.child_by_field_name("declarator")?
            }
            "reference_declarator" => {
                parameters = None;
                last_named(node)?
            }
            "parenthesized_declarator" => last_named(node)?,
            "attributed_declarator" => node.named_child(0)?,
            "operator_cast" => {
                let function = node.child_by_field_name("declarator")?;
                return Some(Declared {
                    name: operator_cast(place, node),
                    owner: None,
                    parameters: cast_parameters(function)?,
                });
            }
            "qualified_identifier" => return qualified(place, node, parameters),
            "identifier" | "field_identifier" | "type_identifier" | "operator_name"
            | "destructor_name" | "template_function" | "template_method" => {
                return Some(Declared {
                    name: place.text(node),
                    owner: None,
                    parameters: parameters?,
                });
            }
            _ => return None,
        };
    }
}

/// `HANDLER(name) { … }`, whose head a macro makes: the macro's name, and its arguments as parameters.
fn macro_head<'t>(place: &Place<'_, 't>, declarator: Node<'t>) -> Option<Declared<'t>> {
    let defines = place.node.kind() == "function_definition";
    (defines && declarator.kind() == "parenthesized_declarator").then(|| Declared {
        name: place.field_text("type"),
        owner: None,
        parameters: declarator,
    })
}

/// `A::B::run` and its like: the innermost name, and all that stands before its `::`.
fn qualified<'t>(
    place: &Place<'_, 't>,
    outermost: Node<'t>,
    parameters: Option<Node<'t>>,
) -> Option<Declared<'t>> {
    let mut last = outermost;
    while last.kind() == "qualified_identifier" {
        last = last.child_by_field_name("name")?;
    }
    let before = place.source.get(outermost.start_byte()..last.start_byte());
    let owner = String::from_utf8_lossy(before.unwrap_or_default());
    let owner = owner.trim().trim_end_matches(':').trim_end();
    let owner = (!owner.is_empty()).then(|| owner.split_whitespace().collect());
    let (name, parameters) = if last.kind() == "operator_cast" {
        let function = last.child_by_field_name("declarator")?;
        (operator_cast(place, last), cast_parameters(function)?)
    } else {
        (place.text(last), parameters?)
    };
    Some(Declared {
        name,
        owner,
        parameters,
    })
}

/// `operator bool` of `operator bool() const`.
fn operator_cast(place: &Place<'_, '_>, cast: Node<'_>) -> String {
    let kind = cast.child_by_field_name("type");
    let kind = kind.map(|kind| place.text(kind)).unwrap_or_default();
    format!("operator {kind}")
}

/// The parameter list below the abstract declarator of a cast operator.
fn cast_parameters(declarator: Node<'_>) -> Option<Node<'_>> {
    let mut node = declarator;
    while node.kind() != "abstract_function_declarator" {
        node = node
            .child_by_field_name("declarator")
            .or_else(|| last_named(node))?;
    }
    node.child_by_field_name("parameters")
}

fn last_named(node: Node<'_>) -> Option<Node<'_>> {
    let count = u32::try_from(node.named_child_count()).ok()?;
    node.named_child(count.checked_sub(1)?)
}
