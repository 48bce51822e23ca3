//! Which rules are asked of texts that one grammar reads, and which of them can match in this text?

use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_core::Matcher;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::grammar::Grammar;
use crate::rule::{Breadth, Reach, Rule};

/// The rules of one grammar. Their patterns are compiled when a text first holds a word that they need.
pub(crate) struct Shelf {
    pub(crate) grammar: Grammar,
    pub(crate) rules: Vec<Arc<Rule>>,
    /// The rules that are about flows.
    pub(crate) flows: Vec<Arc<Rule>>,
    compiled: Vec<OnceLock<Option<Compiled>>>,
    words: Option<AhoCorasick>,
    /// For each word, the rules that need it.
    needing: Vec<Vec<usize>>,
    /// The rules that any text may match.
    always: Vec<usize>,
}

/// The words that a text has, and the rules that can match in it.
#[derive(Default)]
pub(crate) struct Met {
    words: Vec<bool>,
    rules: Vec<bool>,
}

/// A rule as it is asked.
pub(crate) struct Compiled {
    pub(crate) config: RuleConfig<Grammar>,
    /// Kinds of the nodes it can match.
    pub(crate) kinds: Vec<u16>,
    /// What a match depends on.
    pub(crate) scope: Scope,
    /// What some node of the text must match.
    pub(crate) of_file: Option<OfFile>,
}

/// How far around a node a condition looks.
pub(crate) struct Scope {
    pub(crate) breadth: Breadth,
    /// The kinds of the nodes that it looks at, for [`Breadth::Around`].
    pub(crate) around: Vec<u16>,
}

impl Scope {
    fn new(reach: &Reach, grammar: &Grammar) -> Self {
        let id = |kind: &String| grammar.tree_sitter.id_for_node_kind(kind, true);
        Self {
            breadth: reach.breadth,
            around: reach.around.iter().map(id).collect(),
        }
    }
}

/// A fact about a file, as it is asked.
pub(crate) struct OfFile {
    pub(crate) config: RuleConfig<Grammar>,
    /// Kinds of the nodes that can show it.
    pub(crate) kinds: Vec<u16>,
    /// What it depends on whether a node shows it.
    pub(crate) scope: Scope,
}

impl Shelf {
    /// The shelf of these rules, none of them compiled.
    pub(crate) fn new(grammar: Grammar, rules: Vec<Arc<Rule>>) -> Self {
        let (flows, rules): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|rule| rule.flow.is_some());
        let mut words: Vec<&str> = Vec::new();
        let mut always = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            match &rule.words {
                Some(needed) => words.extend(needed.iter().map(String::as_str)),
                None => always.push(at),
            }
        }
        words.sort_unstable();
        words.dedup();
        let needs = |rule: &Rule, word: &str| {
            let mut needed = rule.words.iter().flatten();
            needed.any(|needed| needed == word)
        };
        let needing = words
            .iter()
            .map(|word| {
                (0..rules.len())
                    .filter(|&at| needs(&rules[at], word))
                    .collect()
            })
            .collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&words);
        let words = match automaton {
            Ok(automaton) => Some(automaton),
            Err(_) => {
                // Too many words for one automaton: every rule is asked of every text.
                always = (0..rules.len()).collect();
                None
            }
        };
        Self {
            compiled: rules.iter().map(|_| OnceLock::new()).collect(),
            grammar,
            rules,
            flows,
            words,
            needing,
            always,
        }
    }

    /// The rules that can match in a text, in order. `met` is what was met of the text before its last edit, and then
    /// what is met of it now; what stands before `unchanged` has not changed. Cost: one pass over the bytes behind it.
    ///
    /// Rules whose words an edit took away may stay: words only spare us from asking.
    pub(crate) fn that_can_match(
        &self,
        bytes: &[u8],
        unchanged: usize,
        met: &mut Met,
    ) -> Vec<usize> {
        if unchanged == 0 || met.rules.len() != self.rules.len() {
            met.words = vec![false; self.needing.len()];
            met.rules = vec![false; self.rules.len()];
            for &at in &self.always {
                met.rules[at] = true;
            }
        }
        if let Some(words) = &self.words {
            let longest = words.max_pattern_len();
            let changed = &bytes[unchanged.min(bytes.len()).saturating_sub(longest)..];
            for found in words.find_overlapping_iter(changed) {
                let word = found.pattern().as_usize();
                if !std::mem::replace(&mut met.words[word], true) {
                    for &at in &self.needing[word] {
                        met.rules[at] = true;
                    }
                }
            }
        }
        (0..met.rules.len()).filter(|&at| met.rules[at]).collect()
    }

    /// The rule at `at`, ready to be asked. `None` for one that does not compile, which loading refuses.
    pub(crate) fn compiled(&self, at: usize) -> Option<&Compiled> {
        self.compiled[at]
            .get_or_init(|| compile(&self.rules[at], &self.grammar).ok())
            .as_ref()
    }
}

/// The rule with its patterns parsed by a grammar.
pub(crate) fn compile(rule: &Rule, grammar: &Grammar) -> Result<Compiled, Error> {
    let (config, kinds) = read_condition(rule, grammar, "rule", &rule.body)?;
    let of_file = match &rule.of_file {
        None => None,
        Some(condition) => {
            let utils = rule.body.get("utils");
            let mut body: Map<String, Value> = utils
                .map(|utils| ("utils".to_owned(), utils.clone()))
                .into_iter()
                .collect();
            body.insert("rule".to_owned(), condition.clone());
            let (config, kinds) = read_condition(rule, grammar, "file", &body)?;
            Some(OfFile {
                config,
                kinds,
                scope: Scope::new(&rule.of_file_reach, grammar),
            })
        }
    };
    Ok(Compiled {
        config,
        kinds,
        scope: Scope::new(&rule.reach, grammar),
        of_file,
    })
}

/// A condition with its patterns parsed, and the kinds of nodes that can match it.
fn read_condition(
    rule: &Rule,
    grammar: &Grammar,
    field: &str,
    body: &Map<String, Value>,
) -> Result<(RuleConfig<Grammar>, Vec<u16>), Error> {
    let wrong = |reason: String| Error::Field {
        file: rule.file.clone(),
        field: field.to_owned(),
        reason: format!("for {}: {reason}", grammar.language.title),
    };
    let mut body = body.clone();
    body.insert("id".to_owned(), Value::String(rule.id.clone()));
    body.insert("message".to_owned(), Value::String(rule.message.clone()));
    body.insert("language".to_owned(), Value::String(grammar.key()));
    let written: SerializableRuleConfig<Grammar> =
        serde_json::from_value(Value::Object(body)).map_err(|error| wrong(error.to_string()))?;
    let config = RuleConfig::try_from(written, &GlobalRules::default())
        .map_err(|error| wrong(with_causes(&error)))?;
    let kinds = config.matcher.potential_kinds();
    let kinds = kinds
        .iter()
        .flatten()
        .filter_map(|kind| u16::try_from(kind).ok())
        .collect();
    Ok((config, kinds))
}

/// An error and what it rests on, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
