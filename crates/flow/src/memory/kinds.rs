//! What are the nodes and fields of the two grammars called?

use std::sync::OnceLock;

use palinode_code::tree_sitter::Language;
use palinode_code::{Parsed, languages};

use super::nodes::{Kind, Role};

/// The names of node kinds of both grammars.
const KINDS: &[(&str, Kind)] = &[
    ("function_definition", Kind::Function),
    ("function_declarator", Kind::FunctionDeclarator),
    ("parameter_declaration", Kind::Parameter),
    ("optional_parameter_declaration", Kind::Parameter),
    ("declaration", Kind::Declaration),
    ("init_declarator", Kind::InitDeclarator),
    ("pointer_declarator", Kind::PointerDeclarator),
    ("reference_declarator", Kind::PointerDeclarator),
    ("abstract_pointer_declarator", Kind::PointerDeclarator),
    ("array_declarator", Kind::ArrayDeclarator),
    ("identifier", Kind::Identifier),
    ("this", Kind::Identifier),
    ("field_identifier", Kind::Member),
    ("field_expression", Kind::Field),
    ("subscript_expression", Kind::Subscript),
    ("subscript_argument_list", Kind::Transparent),
    ("call_expression", Kind::Call),
    ("argument_list", Kind::Arguments),
    ("assignment_expression", Kind::Assign),
    ("update_expression", Kind::Update),
    ("binary_expression", Kind::Binary),
    ("unary_expression", Kind::Unary),
    ("pointer_expression", Kind::Pointer),
    ("cast_expression", Kind::Cast),
    ("parenthesized_expression", Kind::Transparent),
    ("condition_clause", Kind::Transparent),
    ("conditional_expression", Kind::Conditional),
    ("number_literal", Kind::Number),
    ("char_literal", Kind::Number),
    ("true", Kind::Number),
    ("false", Kind::Number),
    ("null", Kind::Number),
    ("string_literal", Kind::Text),
    ("concatenated_string", Kind::Text),
    ("sizeof_expression", Kind::Sizeof),
    ("offsetof_expression", Kind::Sizeof),
    ("new_expression", Kind::New),
    ("delete_expression", Kind::Delete),
    ("if_statement", Kind::If),
    ("else_clause", Kind::Else),
    ("while_statement", Kind::While),
    ("do_statement", Kind::DoWhile),
    ("for_statement", Kind::For),
    ("for_range_loop", Kind::Each),
    ("switch_statement", Kind::Switch),
    ("case_statement", Kind::Case),
    ("return_statement", Kind::Return),
    ("throw_statement", Kind::Return),
    ("goto_statement", Kind::Goto),
    ("break_statement", Kind::Leave),
    ("continue_statement", Kind::Leave),
    ("labeled_statement", Kind::Label),
    ("compound_statement", Kind::Block),
    ("preproc_else", Kind::Alternative),
    ("preproc_elif", Kind::Alternative),
    ("primitive_type", Kind::Type),
    ("type_identifier", Kind::Type),
    ("sized_type_specifier", Kind::Type),
    ("struct_specifier", Kind::Type),
    ("union_specifier", Kind::Type),
    ("enum_specifier", Kind::Type),
    ("type_descriptor", Kind::Type),
    ("template_type", Kind::Type),
    ("type_definition", Kind::Skip),
    ("preproc_def", Kind::Skip),
    ("preproc_function_def", Kind::Skip),
    ("preproc_include", Kind::Skip),
    ("preproc_call", Kind::Skip),
    ("attribute_specifier", Kind::Skip),
    ("comment", Kind::Skip),
];

/// The names of the fields that matter.
const ROLES: &[(&str, Role)] = &[
    ("declarator", Role::Declarator),
    ("type", Role::Type),
    ("value", Role::Value),
    ("left", Role::Left),
    ("right", Role::Right),
    ("argument", Role::Argument),
    ("index", Role::Index),
    ("indices", Role::Index),
    ("function", Role::Called),
    ("condition", Role::Condition),
    ("body", Role::Body),
    ("consequence", Role::Consequence),
    ("alternative", Role::Alternative),
    ("update", Role::Update),
    ("initializer", Role::Initializer),
    ("size", Role::Size),
    ("length", Role::Size),
    ("label", Role::None),
];

/// Kinds and roles by the numbers that a grammar gives them.
pub(super) struct Numbers {
    grammar: Language,
    pub(super) kinds: Vec<Kind>,
    pub(super) roles: Vec<Role>,
}

impl Numbers {
    fn new(grammar: Language) -> Self {
        let kind = |id| {
            let name = grammar.node_kind_for_id(id).unwrap_or_default();
            let known = KINDS.iter().find(|(known, _)| *known == name);
            known.map_or(Kind::Other, |(_, kind)| *kind)
        };
        let role = |id| {
            let name = grammar.field_name_for_id(id).unwrap_or_default();
            let known = ROLES.iter().find(|(known, _)| *known == name);
            known.map_or(Role::None, |(_, role)| *role)
        };
        let count = u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        let fields = u16::try_from(grammar.field_count()).unwrap_or(u16::MAX);
        Self {
            kinds: (0..count).map(kind).collect(),
            roles: (0..=fields).map(role).collect(),
            grammar,
        }
    }

    /// The numbers of the grammar that read this, where it is one of C's or C++'s.
    pub(super) fn of(parsed: &Parsed) -> Option<&'static Numbers> {
        static BOTH: OnceLock<Vec<Numbers>> = OnceLock::new();
        let both = BOTH.get_or_init(|| {
            let known = ["c", "cpp"].into_iter().filter_map(languages::by_name);
            known
                .map(|language| Numbers::new(language.parse_bytes(b"").tree().language().clone()))
                .collect()
        });
        let grammar = parsed.tree().language();
        both.iter().find(|numbers| *grammar == numbers.grammar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_listed_is_one_of_a_grammar() {
        let grammars = ["c", "cpp"].map(|name| {
            let language = languages::by_name(name).expect("it is known");
            language.parse_bytes(b"").tree().language().clone()
        });
        for (kind, _) in KINDS {
            let is_known = |grammar: &Language| grammar.id_for_node_kind(kind, true) != 0;
            assert!(grammars.iter().any(is_known), "{kind}");
        }
        for (field, _) in ROLES {
            let is_known = |grammar: &Language| grammar.field_id_for_name(field).is_some();
            assert!(grammars.iter().any(is_known), "{field}");
        }
    }
}
