//! Is what several analyzers say brought together, whatever the order in which it comes?

use palinode_code::{Confidence, Cwe, Finding, Severity, Span};
use palinode_scan::{Merged, Source, merge};
use proptest::prelude::*;

use crate::support::source;

const CODE: &str = "def f(a, b):\n    run(\"x\" + a,\n        shell=True)\n    run(b); load(a)\n    run(b)\n\ndef g(a):\n    run(\"x\" + a,\n        shell=True)\n";

fn code() -> Source {
    source("a.py", CODE)
}

fn finding(analyzer: &'static str, rule: &str, cwes: &[u16], at: &str) -> Finding {
    let start = CODE.find(at).expect("it stands there");
    Finding {
        analyzer,
        rule: rule.to_owned(),
        cwes: cwes.iter().copied().map(Cwe).collect(),
        severity: Severity::Medium,
        confidence: None,
        span: Span::new(start, start + at.len()),
        message: format!("{analyzer} {rule}"),
        advice: None,
        fix: Vec::new(),
        trace: Vec::new(),
    }
}

fn merged(findings: Vec<Finding>) -> Vec<Merged> {
    merge(&[code()], findings.into_iter().map(|finding| (0, finding)))
}

fn witnesses(merged: &Merged) -> Vec<&str> {
    merged
        .witnesses
        .iter()
        .map(|witness| witness.analyzer)
        .collect()
}

#[test]
fn one_place_and_weakness_is_one_finding_with_its_witnesses() {
    let mut low = finding("bandit", "B602", &[78], "run(\"x\"");
    low.severity = Severity::High;
    // On another line of the same statement, and about a more general weakness.
    let other = finding("semgrep", "shell", &[77], "shell=True");
    let all = merged(vec![other, low]);
    assert_eq!(all.len(), 1);
    assert_eq!(witnesses(&all[0]), ["bandit", "semgrep"]);
    assert_eq!(all[0].finding.severity, Severity::High);
    assert_eq!(all[0].finding.confidence, Some(Confidence::Medium));
    assert_eq!(all[0].finding.cwes, [Cwe(78), Cwe(77)]);
    assert_eq!(all[0].function.as_deref(), Some("f"));
}

#[test]
fn unrelated_weaknesses_at_one_place_stay_apart() {
    let all = merged(vec![
        finding("bandit", "B602", &[78], "run(b)"),
        finding("bandit", "B301", &[502], "load(a)"),
        finding("semgrep", "sql", &[89], "run(b)"),
    ]);
    assert_eq!(all.len(), 3);
}

#[test]
fn a_general_weakness_does_not_tie_two_specific_ones() {
    // Both are kinds of 74, which is near to each of them.
    let all = merged(vec![
        finding("bandit", "x", &[78], "run(b)"),
        finding("gcc", "y", &[74], "run(b)"),
        finding("semgrep", "z", &[89], "run(b)"),
    ]);
    assert_eq!(all.len(), 2);
    assert_eq!(
        all.iter()
            .map(|merged| merged.witnesses.len())
            .sum::<usize>(),
        3
    );
}

#[test]
fn places_apart_stay_apart() {
    let all = merged(vec![
        finding("bandit", "x", &[78], "run(\"x\""),
        finding("semgrep", "x", &[78], "run(b)"),
    ]);
    assert_eq!(all.len(), 2);
}

#[test]
fn without_a_weakness_only_the_same_rule_is_the_same() {
    let all = merged(vec![
        finding("gcc", "a", &[], "run(b)"),
        finding("gcc", "a", &[], "b); load"),
        finding("gcc", "c", &[], "run(b)"),
        finding("bandit", "x", &[78], "run(b)"),
    ]);
    assert_eq!(all.len(), 3);
}

#[test]
fn two_that_use_the_same_rules_are_one_voice() {
    let mut one = finding("semgrep", "x", &[78], "run(b)");
    one.confidence = Some(Confidence::Low);
    let two = finding("codeshield", "x", &[78], "run(b)");
    assert_eq!(
        merged(vec![one.clone(), two])
            .first()
            .and_then(|m| m.finding.confidence),
        Some(Confidence::Low)
    );
    let three = finding("bandit", "x", &[78], "run(b)");
    assert_eq!(
        merged(vec![one, three])
            .first()
            .and_then(|m| m.finding.confidence),
        Some(Confidence::Medium)
    );
}

fn fingerprints(text: &str, at: &str) -> Vec<String> {
    let source = source("a.py", text);
    let findings = text.match_indices(at).map(|(start, _)| {
        let mut one = finding("bandit", "x", &[78], "run(b)");
        one.span = Span::new(start, start + at.len());
        (0, one)
    });
    merge(&[source], findings)
        .into_iter()
        .map(|merged| merged.fingerprint)
        .collect()
}

#[test]
fn fingerprints_survive_moves_and_layout_and_tell_equal_ones_apart() {
    let before = fingerprints(CODE, "run(\"x\"");
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1], "two functions");
    let moved = format!(
        "import os\n\n\n{}",
        CODE.replace("a,\n        shell", "a, shell")
    );
    assert_eq!(fingerprints(&moved, "run(\"x\""), before);
    let commented = CODE.replace("def f", "# a comment\ndef f");
    assert_eq!(fingerprints(&commented, "run(\"x\""), before);
    let changed = CODE.replace("\"x\" + a", "\"y\" + a");
    assert!(
        fingerprints(&changed, "run(\"y\"")
            .iter()
            .all(|fingerprint| !before.contains(fingerprint))
    );
    let twice = fingerprints(CODE, "run(b)");
    assert_eq!(twice.len(), 2);
    assert_ne!(twice[0], twice[1], "two equal statements of one function");
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let analyzers = prop::sample::select(vec!["bandit", "semgrep", "codeshield", "gcc"]);
    let cwes = prop::collection::vec(
        prop::sample::select(vec![20_u16, 74, 77, 78, 79, 89, 94, 95, 502, 9999]),
        0..3,
    );
    let severity = prop::sample::select(Severity::ALL.to_vec());
    let confidence =
        prop::sample::select(vec![None, Some(Confidence::Low), Some(Confidence::High)]);
    (
        analyzers,
        "[ab]",
        cwes,
        severity,
        confidence,
        0..CODE.len(),
        0..30_usize,
    )
        .prop_map(
            |(analyzer, rule, cwes, severity, confidence, start, length)| Finding {
                span: Span::new(start, (start + length).min(CODE.len())),
                severity,
                confidence,
                ..finding(analyzer, &rule, &cwes, "def f")
            },
        )
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        (findings, shuffled) in prop::collection::vec(any_finding(), 0..12)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let once = merged(findings.clone());
        prop_assert_eq!(&merged(shuffled), &once);
        let doubled = findings.iter().chain(&findings).cloned().collect();
        prop_assert_eq!(&merged(doubled), &once);
        // Merging what was merged changes nothing.
        let again = once.iter().flat_map(|merged| merged.witnesses.clone()).collect();
        prop_assert_eq!(&merged(again), &once);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_made_up(findings in prop::collection::vec(any_finding(), 0..12)) {
        let all = merged(findings.clone());
        for finding in &findings {
            let named = all.iter().filter(|merged| merged.witnesses.contains(finding)).count();
            prop_assert_eq!(named, 1);
        }
        for merged in &all {
            let most = merged.witnesses.iter().map(|witness| witness.severity).max();
            prop_assert_eq!(Some(merged.finding.severity), most);
            prop_assert!(merged.witnesses.iter().any(|witness| witness.span == merged.finding.span));
        }
        let mut names: Vec<&String> = all.iter().map(|merged| &merged.fingerprint).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), all.len());
    }
}
