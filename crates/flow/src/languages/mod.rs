//! How is each grammar read?
//!
//! A language is one file here that maps its grammar's kinds of nodes to [`Role`]s and states the few things that
//! are its own; everything else is lowered in one place for all.

use std::sync::OnceLock;

use palinode_code::Parsed;
use palinode_code::tree_sitter;

use crate::lower::Lowerer;
use crate::roles::{Field, Role};

mod c;
mod cpp;
mod go;
mod java;
mod javascript;
mod php;
mod python;

/// How a language is read.
pub(crate) struct Grammar {
    /// The names, in `palinode_code`, of the languages that are read so.
    pub(crate) languages: &'static [&'static str],
    /// What kinds of nodes mean. The rest is [`Role::Other`].
    pub(crate) roles: &'static [(&'static str, Role)],
    /// What an import brings in.
    pub(crate) import: fn(&mut Lowerer<'_>, u32),
    /// Whether a name that gets its first value gets an import, which is then noted.
    pub(crate) import_of: fn(&mut Lowerer<'_>, u32, u32) -> bool,
    /// Whether a branch of a switch goes on into the next.
    pub(crate) cases_fall_through: bool,
    /// The names of the object that a method works on.
    pub(crate) this: &'static [&'static str],
    /// Whether a method's first parameter is that object.
    pub(crate) self_is_parameter: bool,
    /// What makes a string of its operands where one of them is a string.
    pub(crate) joins: &'static [&'static str],
    /// Whether `a % b` fills in a format.
    pub(crate) percent_formats: bool,
}

/// Every language that is lowered.
pub(crate) const GRAMMARS: [&Grammar; 7] = [
    &c::GRAMMAR,
    &cpp::GRAMMAR,
    &go::GRAMMAR,
    &java::GRAMMAR,
    &javascript::GRAMMAR,
    &php::GRAMMAR,
    &python::GRAMMAR,
];

impl Grammar {
    /// What most languages share, to be completed by each.
    pub(crate) const COMMON: Grammar = Grammar {
        languages: &[],
        roles: &[],
        import: |_, _| {},
        import_of: |_, _, _| false,
        cases_fall_through: false,
        this: &["this"],
        self_is_parameter: false,
        joins: &["+"],
        percent_formats: false,
    };

    /// How the language with this name is read, if it is.
    pub(crate) fn of(language: &str) -> Option<&'static Grammar> {
        let mut all = GRAMMARS.iter().copied();
        all.find(|grammar| grammar.languages.contains(&language))
    }

    /// The roles and fields by the numbers that this parse's grammar gives them.
    pub(crate) fn lookup(&self, parsed: &Parsed) -> &Lookup {
        let at = GRAMMARS
            .iter()
            .position(|grammar| grammar.languages == self.languages);
        let lookups = LOOKUPS[at.unwrap_or(0)].get_or_init(|| {
            let known = palinode_code::languages::LANGUAGES.iter();
            let mine = known.filter(|language| self.languages.contains(&language.name));
            // PHP has a second grammar, for text without a tag.
            mine.flat_map(|language| [&b""[..], b"<?php"].map(|text| language.parse_bytes(text)))
                .map(|parsed| {
                    let language = parsed.tree().language().clone();
                    let lookup = Lookup::new(&language, self.roles);
                    (language, lookup)
                })
                .collect()
        });
        let language = parsed.tree().language();
        let found = lookups.iter().find(|(known, _)| *known == *language);
        &found.unwrap_or(&lookups[0]).1
    }
}

/// The lookups of each of [`GRAMMARS`], made when first needed.
static LOOKUPS: [OnceLock<Vec<(tree_sitter::Language, Lookup)>>; GRAMMARS.len()] =
    [const { OnceLock::new() }; GRAMMARS.len()];

/// Roles and fields by number.
pub(crate) struct Lookup {
    roles: Vec<Role>,
    fields: Vec<Field>,
}

impl Lookup {
    fn new(language: &tree_sitter::Language, roles: &[(&str, Role)]) -> Self {
        let role_of = |kind: &str| {
            let listed = roles.iter().find(|(name, _)| *name == kind);
            listed.map_or(Role::Other, |(_, role)| *role)
        };
        let kinds = 0..language.node_kind_count() as u16;
        let fields = 0..=language.field_count() as u16;
        Self {
            roles: kinds
                .map(|id| language.node_kind_for_id(id).map_or(Role::Other, role_of))
                .collect(),
            fields: fields
                .map(|id| {
                    language
                        .field_name_for_id(id)
                        .map_or(Field::None, Field::of_name)
                })
                .collect(),
        }
    }

    pub(crate) fn role(&self, kind: u16) -> Role {
        // The parser's error nodes have a number beyond the grammar's.
        self.roles
            .get(usize::from(kind))
            .copied()
            .unwrap_or(Role::Block)
    }

    pub(crate) fn field(&self, id: u16) -> Field {
        self.fields
            .get(usize::from(id))
            .copied()
            .unwrap_or(Field::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_node_that_is_listed_is_one_of_the_grammar() {
        for grammar in GRAMMARS {
            let languages = palinode_code::languages::LANGUAGES.iter();
            let mine = languages.filter(|language| grammar.languages.contains(&language.name));
            let trees: Vec<_> = mine
                .flat_map(|language| [&b""[..], b"<?php"].map(|text| language.parse_bytes(text)))
                .map(|parsed| parsed.tree().language().clone())
                .collect();
            assert_eq!(trees.len(), 2 * grammar.languages.len());
            for (kind, _) in grammar.roles {
                assert!(
                    trees
                        .iter()
                        .any(|tree| tree.id_for_node_kind(kind, true) != 0),
                    "{}: {kind}",
                    grammar.languages[0]
                );
                let times = grammar.roles.iter().filter(|(other, _)| other == kind);
                assert_eq!(times.count(), 1, "{}: {kind}", grammar.languages[0]);
            }
        }
    }
}
