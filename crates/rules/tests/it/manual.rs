//! Does every rule have a whole manual, whose bad code it finds and whose good code it does not?

use std::collections::BTreeSet;

use palinode_code::{Edit, Severity, Text, apply_edits};
use palinode_rules::{Options, RuleBook};

#[test]
fn every_manual_is_whole() {
    let book = RuleBook::builtin();
    let mut ids = BTreeSet::new();
    for rule in book.rules() {
        let id = &rule.id;
        assert!(ids.insert(id.clone()), "{id} is there twice");
        assert_ne!(rule.title, rule.id, "{id} has no title");
        assert!(!rule.cwes.is_empty(), "{id} names no weakness");
        for cwe in &rule.cwes {
            assert!(cwe.name().is_some(), "{id}: {cwe} is not known");
        }
        assert!(rule.severity > Severity::Info, "{id} has no severity");
        assert!(
            rule.confidence.is_some(),
            "{id} does not say how sure it is"
        );
        assert!(rule.why.len() > 40, "{id} does not say why");
        assert!(rule.advice.is_some(), "{id} has no advice");
        assert!(
            !rule.bad.is_empty() && !rule.good.is_empty(),
            "{id} has no examples"
        );
        assert!(
            !rule.message.ends_with('.'),
            "{id}: a message is a sentence without its full stop"
        );
    }
}

#[test]
fn each_rule_finds_its_bad_code_and_not_its_good_code() {
    let book = RuleBook::builtin();
    let mut wrong = Vec::new();
    for rule in book.rules() {
        // Examples of a rule about flows are written in its first language.
        let shown = if rule.is_about_flows() {
            1
        } else {
            rule.languages.len()
        };
        for language in &rule.languages[..shown] {
            let mut judge = |code: &str, bad: bool| {
                let parsed = language.parse_fragment(&Text::from(code));
                let id = &rule.id;
                let scan = book.scan(&parsed, &Options::default());
                let found: Vec<&str> = scan
                    .findings
                    .iter()
                    .map(|finding| finding.rule.as_str())
                    .collect();
                if found.contains(&id.as_str()) != bad {
                    wrong.push(format!(
                        "{id} as {}: {}: {found:?}\n{code}",
                        language.name,
                        if bad { "missed" } else { "false alarm" }
                    ));
                }
                if !parsed.parses() {
                    wrong.push(format!("{id} as {}: does not parse\n{code}", language.name));
                }
            };
            rule.bad.iter().for_each(|code| judge(code, true));
            rule.good.iter().for_each(|code| judge(code, false));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_rule_proposes_mends_its_bad_code() {
    let book = RuleBook::builtin();
    let mut wrong = Vec::new();
    for rule in book.rules().filter(|rule| rule.mends) {
        for language in &rule.languages {
            let mut mended = 0;
            for code in &rule.bad {
                let text = Text::from(code.as_str());
                let parsed = language.parse_fragment(&text);
                let scan = book.scan(&parsed, &Options::default());
                let ours = scan.findings.iter().filter(|found| found.rule == rule.id);
                let (with, without): (Vec<_>, Vec<_>) =
                    ours.partition(|found| !found.fix.is_empty());
                if with.is_empty() {
                    continue;
                }
                let edits: Vec<Edit> = with.iter().flat_map(|found| found.fix.clone()).collect();
                let after = apply_edits(&text, &edits).expect("edits of one rule are apart");
                let parsed = language.parse_fragment(&after);
                let again = book.scan(&parsed, &Options::default());
                let again = again.findings.iter().filter(|found| found.rule == rule.id);
                let again = again.count();
                if !parsed.parses() || again > without.len() {
                    wrong.push(format!(
                        "{} as {}: {again} findings in\n{}",
                        rule.id,
                        language.name,
                        after.readable()
                    ));
                }
                mended += 1;
            }
            if mended == 0 {
                wrong.push(format!("{} as {}: mends nothing", rule.id, language.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
