//! How is Go read?

use super::Grammar;
use crate::lower::Lowerer;
use crate::roles::{Field, Role};

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["go"],
    roles: &[
        ("source_file", Role::Block),
        ("block", Role::Block),
        ("statement_list", Role::Block),
        ("expression_statement", Role::Pass),
        ("function_declaration", Role::Function),
        ("method_declaration", Role::Function),
        ("func_literal", Role::Closure),
        ("parameter_list", Role::Parameters),
        ("parameter_declaration", Role::Parameter),
        ("variadic_parameter_declaration", Role::Parameter),
        ("import_spec", Role::Import),
        ("package_clause", Role::Skip),
        ("type_declaration", Role::Skip),
        ("short_var_declaration", Role::Declarator),
        ("var_spec", Role::Declarator),
        ("const_spec", Role::Declarator),
        ("assignment_statement", Role::Assign),
        ("call_expression", Role::Call),
        ("argument_list", Role::Arguments),
        ("selector_expression", Role::Member),
        ("index_expression", Role::Index),
        ("slice_expression", Role::Index),
        ("binary_expression", Role::Binary),
        ("unary_expression", Role::Unary),
        ("parenthesized_expression", Role::Pass),
        ("type_conversion_expression", Role::Pass),
        ("type_assertion_expression", Role::Pass),
        ("if_statement", Role::If),
        ("for_statement", Role::For),
        ("for_clause", Role::ForClause),
        ("range_clause", Role::RangeClause),
        ("expression_switch_statement", Role::Switch),
        ("expression_case", Role::Case),
        ("type_switch_statement", Role::Switch),
        ("type_case", Role::Case),
        ("default_case", Role::Case),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
        ("interpreted_string_literal", Role::String),
        ("interpreted_string_literal_content", Role::Text),
        ("escape_sequence", Role::Text),
        ("raw_string_literal", Role::Text),
        ("rune_literal", Role::Literal),
        ("int_literal", Role::Literal),
        ("float_literal", Role::Literal),
        ("true", Role::Literal),
        ("false", Role::Literal),
        ("nil", Role::Literal),
        ("composite_literal", Role::Pass),
        ("literal_value", Role::Collection),
        ("literal_element", Role::Pass),
        ("keyed_element", Role::Pair),
        ("expression_list", Role::Collection),
        ("identifier", Role::Name),
        ("field_identifier", Role::Name),
        ("package_identifier", Role::Name),
        ("blank_identifier", Role::Name),
        ("type_identifier", Role::Type),
        ("qualified_type", Role::Type),
        ("pointer_type", Role::Type),
        ("slice_type", Role::Type),
        ("array_type", Role::Type),
        ("map_type", Role::Type),
        ("channel_type", Role::Type),
        ("function_type", Role::Type),
        ("interface_type", Role::Type),
        ("struct_type", Role::Type),
        ("generic_type", Role::Type),
        ("type_parameter_list", Role::Skip),
        ("comment", Role::Skip),
    ],
    import,
    ..Grammar::COMMON
};

/// `import x "a/b"`: another name than the path's last part.
fn import(lowerer: &mut Lowerer<'_>, at: u32) {
    let (Some(name), Some(path)) = (
        lowerer.child(at, Field::Name),
        lowerer.child(at, Field::Path),
    ) else {
        return;
    };
    let path = lowerer.text(path).trim_matches(['"', '`']);
    let last = path.rsplit('/').next().unwrap_or(path).to_owned();
    let name = lowerer.text(name).to_owned();
    lowerer.import(&name, &last);
}
