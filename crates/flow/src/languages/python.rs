//! How is Python read?

use super::Grammar;
use crate::lower::Lowerer;
use crate::roles::{Field, Role};

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["python"],
    roles: &[
        ("module", Role::Block),
        ("block", Role::Block),
        ("expression_statement", Role::Pass),
        ("function_definition", Role::Function),
        ("class_definition", Role::Class),
        ("decorated_definition", Role::Decorated),
        ("decorator", Role::Attribute),
        ("lambda", Role::Closure),
        ("parameters", Role::Parameters),
        ("lambda_parameters", Role::Parameters),
        ("default_parameter", Role::Parameter),
        ("typed_parameter", Role::Parameter),
        ("typed_default_parameter", Role::Parameter),
        ("list_splat_pattern", Role::Pass),
        ("dictionary_splat_pattern", Role::Pass),
        ("import_statement", Role::Import),
        ("import_from_statement", Role::Import),
        ("future_import_statement", Role::Skip),
        ("assignment", Role::Assign),
        ("augmented_assignment", Role::Augment),
        ("named_expression", Role::Declarator),
        ("call", Role::Call),
        ("argument_list", Role::Arguments),
        ("keyword_argument", Role::Keyword),
        ("attribute", Role::Member),
        ("subscript", Role::Index),
        ("binary_operator", Role::Binary),
        ("boolean_operator", Role::Binary),
        ("comparison_operator", Role::Comparison),
        ("not_operator", Role::Unary),
        ("unary_operator", Role::Unary),
        ("conditional_expression", Role::Conditional),
        ("parenthesized_expression", Role::Pass),
        ("await", Role::Pass),
        ("if_statement", Role::If),
        ("elif_clause", Role::ElseIf),
        ("else_clause", Role::Else),
        ("while_statement", Role::While),
        ("for_statement", Role::ForEach),
        ("try_statement", Role::Try),
        ("except_clause", Role::Catch),
        ("finally_clause", Role::Finally),
        ("with_item", Role::WithItem),
        ("as_pattern", Role::Alias),
        ("as_pattern_target", Role::Pass),
        ("match_statement", Role::Switch),
        ("case_clause", Role::Case),
        ("case_pattern", Role::Pass),
        ("return_statement", Role::Return),
        ("raise_statement", Role::Raise),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
        ("assert_statement", Role::Assert),
        ("exec_statement", Role::WordCall),
        ("string", Role::String),
        ("string_start", Role::Skip),
        ("string_end", Role::Skip),
        ("string_content", Role::Text),
        ("interpolation", Role::Pass),
        ("format_specifier", Role::Skip),
        ("type_conversion", Role::Skip),
        ("concatenated_string", Role::Joined),
        ("list", Role::Collection),
        ("tuple", Role::Collection),
        ("set", Role::Collection),
        ("dictionary", Role::Collection),
        ("expression_list", Role::Collection),
        ("pattern_list", Role::Collection),
        ("tuple_pattern", Role::Collection),
        ("list_pattern", Role::Collection),
        ("pair", Role::Pair),
        ("list_splat", Role::Spread),
        ("dictionary_splat", Role::Spread),
        ("list_comprehension", Role::Comprehension),
        ("set_comprehension", Role::Comprehension),
        ("dictionary_comprehension", Role::Comprehension),
        ("generator_expression", Role::Comprehension),
        ("for_in_clause", Role::RangeClause),
        ("identifier", Role::Name),
        ("integer", Role::Literal),
        ("float", Role::Literal),
        ("true", Role::Literal),
        ("false", Role::Literal),
        ("none", Role::Literal),
        ("ellipsis", Role::Literal),
        ("type", Role::Type),
        ("comment", Role::Skip),
        ("line_continuation", Role::Skip),
        ("pass_statement", Role::Skip),
        ("global_statement", Role::Skip),
        ("nonlocal_statement", Role::Skip),
    ],
    import,
    this: &["self", "cls"],
    self_is_parameter: true,
    percent_formats: true,
    ..Grammar::COMMON
};

/// `import a.b`, `import a.b as c`, `from a import b`, `from a import b as c`, `from a import *`.
fn import(lowerer: &mut Lowerer<'_>, at: u32) {
    let module = lowerer
        .child(at, Field::ModuleName)
        .map(|module| lowerer.text(module).trim_matches('.').to_owned());
    for child in lowerer.children(at) {
        if Some(child) == lowerer.child(at, Field::ModuleName) {
            continue;
        }
        let imported = lowerer.child(child, Field::Name).unwrap_or(child);
        let name = lowerer.text(imported).to_owned();
        let alias = lowerer.child(child, Field::Alias);
        let alias = alias.map(|alias| lowerer.text(alias).to_owned());
        match &module {
            Some(module) if name == "*" => lowerer.import("*", module),
            Some(module) => {
                let path = format!("{module}.{name}");
                lowerer.import(alias.as_deref().unwrap_or(&name), &path);
            }
            // `import a.b` binds `a`, which stands for itself.
            None => {
                if let Some(alias) = alias {
                    lowerer.import(&alias, &name);
                }
            }
        }
    }
}
