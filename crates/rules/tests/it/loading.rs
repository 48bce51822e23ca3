//! Are users' rules read as ours are, and refused with the reason?

use palinode_code::Severity;
use palinode_rules::{Error, RuleBook};
use proptest::prelude::*;

use crate::{rules, scan};

const PLAIN: &str = "id: no-print\nlanguage: Python\nseverity: warning\nmessage: found `$WHAT`\nnote: log it\nrule:\n  pattern: print($WHAT)\nfix: log($WHAT)\n";

#[test]
fn a_plain_rule_of_ast_grep_works() {
    let book = RuleBook::empty()
        .with_rules([("a.yml", PLAIN)])
        .expect("is a rule");
    let scan = scan(&book, "python", "print( a +\n  b )\n");
    let finding = &scan.findings[0];
    assert_eq!(
        (finding.rule.as_str(), finding.severity),
        ("no-print", Severity::Medium)
    );
    assert_eq!(finding.message, "found `a + b`");
    assert_eq!(finding.advice.as_deref(), Some("log it"));
    assert_eq!(finding.fix[0].new, b"log(a +\n  b)");
}

#[test]
fn users_rules_stand_beside_ours() {
    let book = RuleBook::builtin()
        .with_rules([("a.yml", PLAIN)])
        .expect("is a rule");
    assert_eq!(
        rules(&scan(&book, "python", "print(eval(x))\n")),
        ["no-print", "python-eval"]
    );
    assert!(book.rule("no-print").is_some_and(|rule| rule.mends));
}

#[test]
fn a_rule_is_asked_only_of_a_file_that_shows_what_it_asks() {
    let rule = "id: a\nlanguage: Python\nmessage: m\nfile: {kind: import_statement, matches: fast}\nrule: {pattern: load($X)}\nutils: {fast: {regex: ujson}}\n";
    let book = RuleBook::empty()
        .with_rules([("a.yml", rule)])
        .expect("is a rule");
    let found = |code: &str| rules(&scan(&book, "python", code)).len();
    assert_eq!(found("load(x)\nimport ujson\nload(y)\n"), 2);
    assert_eq!(found("import json\nload(x)  # ujson\n"), 0);
}

#[test]
fn what_cannot_be_asked_is_refused_by_file_and_field() {
    let refusal = |text: &str| match RuleBook::builtin().with_rules([("a.yml", text)]) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("was taken: {text}"),
    };
    assert!(refusal("id: [").starts_with("a.yml: not readable as YAML"));
    assert!(
        refusal("id: a\nlanguage: c\nmessage: m\nrule: {kind: no_such_kind}")
            .contains("`rule`: for C:")
    );
    assert!(refusal("id: a\nlanguage: c\nmessage: m\nrule: {patern: x}").contains("patern"));
    assert!(refusal("id: a\nlanguage: c\nmessage: m\nrule: {regex: '('}").contains("`rule`"));
    assert!(refusal("id: a\nlanguage: c\nmessage: m\nrule: {regex: a}").contains("kind"));
    assert!(
        refusal("id: a\nlanguage: c\nmessage: m\nrule: {pattern: f($A)}\nfix: $B").contains("B")
    );
    assert!(
        refusal(
            "id: a\nlanguage: c\nmessage: m\nrule: {pattern: f($A)}\nfile: {kind: no_such_kind}"
        )
        .contains("`file`: for C:")
    );
    assert!(
        refusal("id: a\nlanguage: c\nmessage: m\nflow: sql\nfile: {kind: identifier}")
            .contains("`file`")
    );
    assert!(
        refusal("id: python-eval\nlanguage: c\nmessage: m\nrule: {pattern: f($A)}")
            .contains("python-eval.yml")
    );
}

#[test]
fn the_order_of_rules_does_not_change_what_is_found() {
    let one = "id: a\nlanguage: python\nmessage: m\nrule: {pattern: f($A)}\n";
    let two = "id: b\nlanguage: python\nmessage: m\nrule: {pattern: f($$$A)}\n";
    let found = |texts| {
        scan(
            &RuleBook::empty().with_rules(texts).expect("are rules"),
            "python",
            "f(f(1), 2)\nf(3)\n",
        )
    };
    assert_eq!(
        found([("a", one), ("b", two)]),
        found([("b", two), ("a", one)])
    );
    assert_eq!(found([("a", one), ("b", two)]).findings.len(), 5);
}

proptest! {
    #[test]
    fn damaged_rules_are_refused_or_taken_but_never_panic(cut in any::<prop::sample::Index>(), with in "[\\PC\n]{0,8}", keep in any::<prop::sample::Index>()) {
        let at = cut.index(PLAIN.len());
        let rest = at + keep.index(PLAIN.len() - at + 1);
        let text = format!("{}{with}{}", &PLAIN[..at], &PLAIN[rest..]);
        if let Err(error) = RuleBook::empty().with_rules([("a.yml", text.as_str())]) {
            let named = matches!(&error, Error::Yaml { .. } | Error::Field { .. });
            prop_assert!(named, "{}", error);
        }
    }
}
