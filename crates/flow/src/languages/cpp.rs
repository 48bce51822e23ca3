//! How is C++ read, beyond what it has of C?

use super::{Grammar, c};
use crate::roles::Role;

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["cpp"],
    roles: &ROLES,
    joins: &["+"],
    cases_fall_through: true,
    ..Grammar::COMMON
};

const OWN: [(&str, Role); 25] = [
    ("abstract_function_declarator", Role::FunctionDeclarator),
    ("class_specifier", Role::Class),
    ("field_declaration_list", Role::Block),
    ("field_declaration", Role::Declaration),
    ("reference_declarator", Role::Derived),
    ("lambda_expression", Role::Closure),
    ("optional_parameter_declaration", Role::Parameter),
    ("condition_clause", Role::ConditionClause),
    ("for_range_loop", Role::ForEach),
    ("try_statement", Role::Try),
    ("catch_clause", Role::Catch),
    ("throw_statement", Role::Raise),
    ("new_expression", Role::New),
    ("subscript_argument_list", Role::Pass),
    ("qualified_identifier", Role::Member),
    ("namespace_identifier", Role::Name),
    ("destructor_name", Role::Name),
    ("operator_name", Role::Name),
    ("this", Role::Name),
    ("template_function", Role::Pass),
    ("template_argument_list", Role::Skip),
    ("template_parameter_list", Role::Skip),
    ("template_type", Role::Type),
    ("placeholder_type_specifier", Role::Type),
    ("raw_string_literal", Role::Literal),
];

/// C's, but a structure may hold functions here.
const ROLES: [(&str, Role); 92] = {
    let mut roles = [("", Role::Skip); 92];
    let mut at = 0;
    while at < c::ROLES.len() {
        roles[at] = c::ROLES[at];
        if let b"struct_specifier" = roles[at].0.as_bytes() {
            roles[at].1 = Role::Class;
        }
        at += 1;
    }
    let mut own = 0;
    while own < OWN.len() {
        roles[at] = OWN[own];
        at += 1;
        own += 1;
    }
    roles
};
