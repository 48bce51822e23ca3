//! How are JavaScript and TypeScript read?

use super::Grammar;
use crate::lower::Lowerer;
use crate::roles::{Field, Role};

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["javascript", "tsx", "typescript"],
    roles: &[
        ("program", Role::Block),
        ("statement_block", Role::Block),
        ("expression_statement", Role::Pass),
        ("function_declaration", Role::Function),
        ("generator_function_declaration", Role::Function),
        ("method_definition", Role::Function),
        ("function_expression", Role::Closure),
        ("generator_function", Role::Closure),
        ("arrow_function", Role::Closure),
        ("class_declaration", Role::Class),
        ("abstract_class_declaration", Role::Class),
        ("class", Role::Class),
        ("decorator", Role::Attribute),
        ("formal_parameters", Role::Parameters),
        ("required_parameter", Role::Parameter),
        ("optional_parameter", Role::Parameter),
        ("assignment_pattern", Role::Parameter),
        ("object_assignment_pattern", Role::Parameter),
        ("rest_pattern", Role::Spread),
        ("import_statement", Role::Import),
        ("lexical_declaration", Role::Other),
        ("variable_declaration", Role::Other),
        ("variable_declarator", Role::Declarator),
        ("public_field_definition", Role::Declarator),
        ("field_definition", Role::Declarator),
        ("assignment_expression", Role::Assign),
        ("augmented_assignment_expression", Role::Augment),
        ("call_expression", Role::Call),
        ("new_expression", Role::New),
        ("arguments", Role::Arguments),
        ("member_expression", Role::Member),
        ("subscript_expression", Role::Index),
        ("binary_expression", Role::Binary),
        ("unary_expression", Role::Unary),
        ("ternary_expression", Role::Conditional),
        ("parenthesized_expression", Role::Pass),
        ("await_expression", Role::Pass),
        ("as_expression", Role::Pass),
        ("satisfies_expression", Role::Pass),
        ("non_null_expression", Role::Pass),
        ("type_assertion", Role::Pass),
        ("if_statement", Role::If),
        ("else_clause", Role::Else),
        ("while_statement", Role::While),
        ("do_statement", Role::DoWhile),
        ("for_statement", Role::For),
        ("for_in_statement", Role::ForEach),
        ("try_statement", Role::Try),
        ("catch_clause", Role::Catch),
        ("finally_clause", Role::Finally),
        ("switch_statement", Role::Switch),
        ("switch_case", Role::Case),
        ("switch_default", Role::Case),
        ("return_statement", Role::Return),
        ("throw_statement", Role::Raise),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
        ("string", Role::String),
        ("template_string", Role::String),
        ("string_fragment", Role::Text),
        ("escape_sequence", Role::Text),
        ("template_substitution", Role::Pass),
        ("number", Role::Literal),
        ("regex", Role::Literal),
        ("true", Role::Literal),
        ("false", Role::Literal),
        ("null", Role::Literal),
        ("array", Role::Collection),
        ("object", Role::Collection),
        ("array_pattern", Role::Collection),
        ("object_pattern", Role::Collection),
        ("pair", Role::Pair),
        ("pair_pattern", Role::Pair),
        ("spread_element", Role::Spread),
        ("identifier", Role::Name),
        ("property_identifier", Role::Name),
        ("private_property_identifier", Role::Name),
        ("shorthand_property_identifier", Role::Name),
        ("shorthand_property_identifier_pattern", Role::Name),
        ("undefined", Role::Name),
        ("this", Role::Name),
        ("super", Role::Name),
        ("jsx_attribute", Role::Pair),
        ("jsx_expression", Role::Pass),
        ("type_annotation", Role::Type),
        ("type_identifier", Role::Type),
        ("predefined_type", Role::Type),
        ("generic_type", Role::Type),
        ("union_type", Role::Type),
        ("array_type", Role::Type),
        ("literal_type", Role::Type),
        ("object_type", Role::Type),
        ("type_arguments", Role::Skip),
        ("type_parameters", Role::Skip),
        ("interface_declaration", Role::Skip),
        ("type_alias_declaration", Role::Skip),
        ("accessibility_modifier", Role::Skip),
        ("statement_identifier", Role::Skip),
        ("optional_chain", Role::Skip),
        ("comment", Role::Skip),
        ("html_comment", Role::Skip),
        ("hash_bang_line", Role::Skip),
    ],
    import,
    import_of: required,
    cases_fall_through: true,
    ..Grammar::COMMON
};

/// `import a from "m"`, `import * as a from "m"`, `import { a, b as c } from "m"`.
fn import(lowerer: &mut Lowerer<'_>, at: u32) {
    let Some(source) = lowerer.child(at, Field::Source) else {
        return;
    };
    let module = module_name(lowerer, source);
    let clause = lowerer
        .children(at)
        .find(|&child| Some(child) != lowerer.child(at, Field::Source));
    let Some(clause) = clause else {
        return;
    };
    for part in lowerer.children(clause) {
        if lowerer.role(part) == Role::Name {
            let name = lowerer.text(part).to_owned();
            lowerer.import(&name, &module);
            continue;
        }
        let is_whole = lowerer.text(part).starts_with('*');
        for specifier in lowerer.children(part) {
            let imported = lowerer.child(specifier, Field::Name).unwrap_or(specifier);
            let local = lowerer.child(specifier, Field::Alias).unwrap_or(imported);
            let local = lowerer.text(local).to_owned();
            let path = match is_whole {
                true => module.clone(),
                false => format!("{module}.{}", lowerer.text(imported)),
            };
            lowerer.import(&local, &path);
        }
    }
}

/// `const a = require("m")`, `const { a, b: c } = require("m")`, `const a = require("m").b`.
fn required(lowerer: &mut Lowerer<'_>, left: u32, right: u32) -> bool {
    let mut call = right;
    let mut member = None;
    if lowerer.role(right) == Role::Member
        && let Some(object) = lowerer.child(right, Field::Object)
        && let Some(property) = lowerer.child(right, Field::Property)
    {
        call = object;
        member = Some(lowerer.text(property));
    }
    let function = lowerer.child(call, Field::Function);
    if lowerer.role(call) != Role::Call
        || function.is_none_or(|function| lowerer.text(function) != "require")
    {
        return false;
    }
    let Some(source) = lowerer
        .child(call, Field::Arguments)
        .and_then(|list| lowerer.children(list).next())
        .filter(|&source| lowerer.role(source) == Role::String)
    else {
        return false;
    };
    let mut module = module_name(lowerer, source);
    if let Some(member) = member {
        module = format!("{module}.{member}");
    }
    match lowerer.role(left) {
        Role::Name => {
            let name = lowerer.text(left).to_owned();
            lowerer.import(&name, &module);
        }
        Role::Collection => {
            for part in lowerer.children(left) {
                let key = lowerer.child(part, Field::Key).unwrap_or(part);
                let local = lowerer.child(part, Field::Value).unwrap_or(part);
                let path = format!("{module}.{}", lowerer.text(key));
                let local = lowerer.text(local).to_owned();
                lowerer.import(&local, &path);
            }
        }
        _ => return false,
    }
    true
}

fn module_name(lowerer: &Lowerer<'_>, source: u32) -> String {
    let text = lowerer.text(source).trim_matches(['"', '\'', '`']);
    text.strip_prefix("node:").unwrap_or(text).to_owned()
}
