//! Which rules are ours?

use std::sync::{Arc, OnceLock};

use palinode_code::Language;

use crate::rule::Rule;

#[path = "rules/mod.rs"]
mod folders;

use folders::FOLDERS;

/// The rules written for one language, as text and, once asked for, as rules.
pub(crate) struct Folder {
    /// The language they are written for, which their ids begin with; `flow` for those about flows.
    language: &'static str,
    /// The languages they are asked of.
    asked_of: &'static [&'static str],
    /// For each the name of its file and its text.
    texts: &'static [(&'static str, &'static str)],
    read: OnceLock<Vec<Arc<Rule>>>,
}

impl Folder {
    const fn new(
        language: &'static str,
        asked_of: &'static [&'static str],
        texts: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            language,
            asked_of,
            texts,
            read: OnceLock::new(),
        }
    }

    fn rules(&self) -> &[Arc<Rule>] {
        self.read.get_or_init(|| {
            let read = |&(file, text): &(&str, &str)| {
                let rule =
                    Rule::read(file, text).expect("a test reads every rule that is built in");
                rule.map(Arc::new)
            };
            self.texts.iter().filter_map(read).collect()
        })
    }
}

/// All our rules.
pub(crate) fn all() -> impl Iterator<Item = &'static Arc<Rule>> {
    FOLDERS.iter().flat_map(Folder::rules)
}

/// Our rules for a language, and perhaps others.
pub(crate) fn of_language(language: &Language) -> impl Iterator<Item = &'static Arc<Rule>> {
    let name = language.name;
    let folders = FOLDERS
        .iter()
        .filter(move |folder| folder.asked_of.contains(&name));
    folders.flat_map(Folder::rules)
}

/// Our rule with this id. Ids begin with the language of their folder.
pub(crate) fn with_id(id: &str) -> Option<&'static Arc<Rule>> {
    let folder = |folder: &&Folder| {
        id.strip_prefix(folder.language)
            .is_some_and(|rest| rest.starts_with('-'))
    };
    let mut rules = FOLDERS.iter().filter(folder).flat_map(Folder::rules);
    rules.find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Grammar;
    use crate::shelf;

    #[test]
    fn each_rule_can_be_asked_of_every_language_it_is_for() {
        let mut refused = Vec::new();
        for rule in all() {
            for language in rule.languages.iter().filter(|_| rule.flow.is_none()) {
                for grammar in Grammar::all_of(language) {
                    refused.extend(
                        shelf::compile(rule, &grammar)
                            .err()
                            .map(|error| error.to_string()),
                    );
                }
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }

    #[test]
    fn each_rule_stands_in_the_folder_of_its_language_under_its_name() {
        for folder in &FOLDERS {
            for (rule, (file, _)) in folder.rules().iter().zip(folder.texts) {
                assert_eq!(format!("{}.yml", rule.id), *file);
                assert!(
                    rule.flow.is_some() || rule.languages[0].name == folder.language,
                    "{file}"
                );
                for language in &rule.languages {
                    assert!(
                        folder.asked_of.contains(&language.name),
                        "{file}: {}",
                        language.name
                    );
                }
                assert!(
                    with_id(&rule.id).is_some_and(|found| Arc::ptr_eq(found, rule)),
                    "{file}"
                );
            }
        }
    }
}
