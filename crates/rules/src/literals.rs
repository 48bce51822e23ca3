//! Which words must a text hold for a rule to match anywhere in it?

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::Value;

/// A word shorter than this is in nearly every text, and says nothing.
const SHORTEST: usize = 3;
/// More alternatives than this are not worth looking for.
const MOST: usize = 64;
/// How deep rules refer to each other before that is given up.
const DEEPEST: usize = 32;

/// Words in lower case, one of which any text holds in which `rule` matches; `None` where that cannot be told.
pub(crate) fn words_of(rule: &Value, utils: Option<&Value>) -> Option<Vec<String>> {
    let mut words = of_rule(rule, utils, DEEPEST)?;
    words.sort();
    words.dedup();
    Some(words)
}

/// Of the words that one condition needs, if it needs any, and those that another needs, the set that is rarer.
pub(crate) fn rarer(words: Option<Vec<String>>, other: Vec<String>) -> Option<Vec<String>> {
    best([words, Some(other)].into_iter())
}

fn of_rule(rule: &Value, utils: Option<&Value>, depth: usize) -> Option<Vec<String>> {
    let depth = depth.checked_sub(1)?;
    let fields = rule.as_object()?;
    let part = |(field, value): (&String, &Value)| match (field.as_str(), value) {
        ("pattern", Value::String(pattern)) => of_pattern(pattern),
        ("regex", Value::String(regex)) => of_regex(regex),
        ("all", Value::Array(rules)) => best(rules.iter().map(|rule| of_rule(rule, utils, depth))),
        ("any", Value::Array(rules)) => union(rules.iter().map(|rule| of_rule(rule, utils, depth))),
        ("has" | "inside" | "follows" | "precedes", rule) => of_rule(rule, utils, depth),
        ("matches", Value::String(name)) => of_rule(utils?.get(name)?, utils, depth),
        _ => None,
    };
    best(fields.iter().map(part))
}

/// Of several sets, from each of which a word must be there, the one that is rarest.
fn best(sets: impl Iterator<Item = Option<Vec<String>>>) -> Option<Vec<String>> {
    let shortest = |set: &Vec<String>| set.iter().map(String::len).min().unwrap_or(0);
    sets.flatten()
        .filter(|set| shortest(set) >= SHORTEST && set.len() <= MOST)
        .max_by_key(|set| (shortest(set).min(6), std::cmp::Reverse(set.len())))
}

/// All words of several sets, from one of which a word must be there.
fn union(sets: impl Iterator<Item = Option<Vec<String>>>) -> Option<Vec<String>> {
    let all: Option<Vec<Vec<String>>> = sets.collect();
    Some(all?.concat())
}

/// The longest name in a pattern that is no variable of it.
fn of_pattern(pattern: &str) -> Option<Vec<String>> {
    let mut longest = "";
    let mut rest = pattern;
    while let Some(at) = rest.find(is_letter) {
        let is_variable = rest[..at].ends_with('$');
        let word = &rest[at..];
        let end = word.find(|c| !is_letter(c)).unwrap_or(word.len());
        if !is_variable && end > longest.len() {
            longest = &word[..end];
        }
        rest = &word[end..];
    }
    (!longest.is_empty()).then(|| vec![longest.to_ascii_lowercase()])
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

fn of_regex(regex: &str) -> Option<Vec<String>> {
    of_expression(&regex_syntax::parse(regex).ok()?)
}

fn of_expression(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => of_concatenation(std::slice::from_ref(hir)),
        HirKind::Concat(parts) => of_concatenation(parts),
        HirKind::Alternation(parts) => union(parts.iter().map(of_expression)),
        HirKind::Capture(capture) => of_expression(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of_expression(&repetition.sub),
        HirKind::Repetition(_) | HirKind::Look(_) | HirKind::Empty => None,
    }
}

/// The best of the runs of letters in it and of what its other parts ask for.
fn of_concatenation(parts: &[Hir]) -> Option<Vec<String>> {
    let mut sets = Vec::new();
    let mut run = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) if text.is_ascii() => run.push_str(&text.to_ascii_lowercase()),
                _ => sets.push(Some(vec![std::mem::take(&mut run)])),
            },
            HirKind::Class(class) => match letter_in_any_case(class) {
                Some(letter) => run.push(letter),
                None => sets.push(Some(vec![std::mem::take(&mut run)])),
            },
            HirKind::Look(_) => sets.push(Some(vec![std::mem::take(&mut run)])),
            _ => {
                sets.push(Some(vec![std::mem::take(&mut run)]));
                sets.push(of_expression(part));
            }
        }
    }
    sets.push(Some(vec![run]));
    best(sets.into_iter())
}

/// The letter that a class is in both cases, as `(?i)` makes it.
fn letter_in_any_case(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let mut ascii = class.iter().filter(|range| range.start().is_ascii());
    let (upper, lower) = (ascii.next()?, ascii.next()?);
    let one = |range: &regex_syntax::hir::ClassUnicodeRange| {
        (range.start() == range.end()).then(|| range.start())
    };
    let (upper, lower) = (one(upper)?, one(lower)?);
    (ascii.next().is_none() && upper.to_ascii_lowercase() == lower).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(rule: &Value) -> Option<Vec<String>> {
        words_of(rule, Some(&json!({"util": {"regex": "^from_util$"}})))
    }

    fn some(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn every_alternative_needs_a_word() {
        let rule = json!({"any": [{"pattern": "pickle.loads($X)"}, {"regex": "^marshal\\."}]});
        assert_eq!(words(&rule), some(&["marshal.", "pickle"]));
        assert_eq!(
            words(&json!({"any": [{"pattern": "pickle.loads($X)"}, {"kind": "call"}]})),
            None
        );
    }

    #[test]
    fn one_condition_of_several_suffices() {
        let rule = json!({"kind": "call", "has": {"field": "function", "regex": "^(md5|sha1)$"}});
        assert_eq!(words(&rule), some(&["md5", "sha1"]));
        assert_eq!(words(&json!({"matches": "util"})), some(&["from_util"]));
        assert_eq!(words(&json!({"not": {"pattern": "quite_long"}})), None);
    }

    #[test]
    fn expressions_are_read_in_any_case_and_around_what_varies() {
        assert_eq!(of_regex("(?i)^passw(or)?d$"), some(&["passw"]));
        assert_eq!(of_regex(".*verify_[a-z]+"), some(&["verify_"]));
        assert_eq!(of_regex("[a-z]*"), None);
    }

    #[test]
    fn variables_of_a_pattern_are_no_words() {
        assert_eq!(
            of_pattern("$LONG_VARIABLE.exec($$$ARGUMENTS)"),
            some(&["exec"])
        );
        assert_eq!(of_pattern("$A($B)"), None);
    }
}
