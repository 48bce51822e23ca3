//! Which rules are there, and what do they say about a text?

use std::fmt;
use std::sync::{Arc, OnceLock};

use palinode_code::{Language, Parsed, languages};

use crate::builtin;
use crate::error::Error;
use crate::flows::{self, Known};
use crate::grammar::Grammar;
use crate::rule::Rule;
use crate::scan::{self, Before, Options, Scan};
use crate::shelf::{self, Shelf};
use crate::since::Since;
use crate::view::View;

/// A set of rules: ours, and those of users.
///
/// Our rules are read when a text of their language is first scanned, and the patterns of any rule are compiled when
/// a text first holds a word that they need. Scans may run on many threads at once.
pub struct RuleBook {
    builtin: bool,
    users: Vec<Arc<Rule>>,
    /// For each language, in the order of [`languages::LANGUAGES`], one shelf a grammar.
    shelves: Vec<OnceLock<Vec<Shelf>>>,
}

impl RuleBook {
    /// Our rules. Cost: next to nothing; nothing is read yet.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            builtin: true,
            ..Self::empty()
        }
    }

    /// No rules, to be filled by [`RuleBook::with_rules`].
    #[must_use]
    pub fn empty() -> Self {
        Self {
            builtin: false,
            users: Vec::new(),
            shelves: languages::LANGUAGES
                .iter()
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// This book with more rules: for each, the name of its file, for errors, and its text, in the YAML form of
    /// ast-grep with or without our `metadata`. Every pattern is compiled, so that a rule that cannot be asked is
    /// refused here and not passed over later.
    ///
    /// # Errors
    /// Of the first rule that is refused: [`Error::Yaml`], [`Error::Field`], or [`Error::Duplicate`].
    pub fn with_rules<'t>(
        mut self,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, Error> {
        for (file, text) in texts {
            let Some(rule) = Rule::read(file, text)? else {
                continue;
            };
            if let Some(other) = self.rule(&rule.id) {
                return Err(Error::Duplicate {
                    file: file.to_owned(),
                    id: rule.id,
                    other: other.file.clone(),
                });
            }
            for language in rule.languages.iter().filter(|_| rule.flow.is_none()) {
                for grammar in Grammar::all_of(language) {
                    shelf::compile(&rule, &grammar)?;
                }
            }
            self.users.push(Arc::new(rule));
        }
        self.shelves = Self::empty().shelves;
        Ok(self)
    }

    /// Every rule, ours first. Cost: reads all of ours.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let ours = self.builtin.then(builtin::all);
        let ours = ours.into_iter().flatten().map(|rule| -> &Rule { rule });
        ours.chain(self.users.iter().map(Arc::as_ref))
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        let ours = self.builtin.then(|| builtin::with_id(id)).flatten();
        let is_it = |rule: &&Arc<Rule>| rule.id == id;
        ours.or_else(|| self.users.iter().find(is_it))
            .map(Arc::as_ref)
    }

    /// What the rules find in a text. Cost: one pass over the tree, where the text holds a word that any rule needs.
    ///
    /// ```
    /// use palinode_code::{Text, languages};
    /// use palinode_rules::{Options, RuleBook};
    ///
    /// let python = languages::by_name("python").expect("is known");
    /// let parsed = python.parse(&Text::from("import yaml\nyaml.load(text, Loader=yaml.Loader)\n"));
    /// let scan = RuleBook::builtin().scan(&parsed, &Options::default());
    /// assert_eq!(scan.findings[0].rule, "python-yaml-load");
    /// ```
    #[must_use]
    pub fn scan(&self, parsed: &Parsed, options: &Options<'_>) -> Scan {
        let view = options.unfinished.then(|| View::of(parsed));
        let parsed = view.as_ref().map_or(parsed, |view| &view.parsed);
        let Some(shelf) = self.shelf(parsed) else {
            return Scan::default();
        };
        let mut pass = scan::pass(
            shelf,
            parsed,
            options.clock,
            &Since::default(),
            &mut Before::default(),
        );
        let mut known = Known::default();
        pass.hits.extend(flows::hits(shelf, parsed, &mut known, 0));
        pass.omissions = known.omissions();
        scan::settle(parsed, pass, view.as_ref())
    }

    /// The rules for the grammar that read this text.
    pub(crate) fn shelf(&self, parsed: &Parsed) -> Option<&Shelf> {
        let language = parsed.language();
        let at = languages::LANGUAGES
            .iter()
            .position(|&known| known == language)?;
        let shelves = self.shelves[at].get_or_init(|| self.shelves_of(language));
        let read_by = parsed.tree().language();
        shelves
            .iter()
            .find(|shelf| *read_by == shelf.grammar.tree_sitter)
    }

    fn shelves_of(&self, language: &'static Language) -> Vec<Shelf> {
        let ours = self.builtin.then(|| builtin::of_language(language));
        let rules = ours
            .into_iter()
            .flatten()
            .cloned()
            .chain(self.users.iter().cloned());
        let rules: Vec<Arc<Rule>> = rules
            .filter(|rule| rule.languages.contains(&language))
            .collect();
        Grammar::all_of(language)
            .map(|grammar| Shelf::new(grammar, rules.clone()))
            .collect()
    }
}

impl fmt::Debug for RuleBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleBook")
            .field("builtin", &self.builtin)
            .field("users", &self.users.len())
            .finish_non_exhaustive()
    }
}
