//! Is a finding new only where nothing like it was there before?

use palinode_code::{Cwe, Finding, Severity, Span};
use palinode_scan::analyzers::by_name;
use palinode_scan::{FailedFile, Report, Run, Source, Status, compare, merge};

use crate::support::source;

/// A report in which `run(` is found wherever it stands.
fn report(texts: &[(&str, &str)]) -> Report {
    let sources: Vec<Source> = texts
        .iter()
        .map(|(name, text)| source(name, *text))
        .collect();
    let mut findings = Vec::new();
    for (index, (_, text)) in texts.iter().enumerate() {
        for (at, what) in text.match_indices("run(") {
            let finding = Finding {
                analyzer: "bandit",
                rule: "B1".to_owned(),
                cwes: vec![Cwe(78)],
                severity: Severity::High,
                confidence: None,
                span: Span::new(at, at + what.len()),
                message: "It is bad.".to_owned(),
                advice: None,
                fix: Vec::new(),
                trace: Vec::new(),
            };
            findings.push((index, finding));
        }
    }
    let run = Run {
        analyzer: by_name("bandit").expect("it is known"),
        status: Status::Findings,
        version: None,
        asked: texts.len(),
        failed: Vec::new(),
        skipped: Vec::new(),
        notes: Vec::new(),
        wall: std::time::Duration::ZERO,
        peak_memory: 0,
        findings: findings.clone(),
    };
    Report {
        findings: merge(&sources, findings),
        sources,
        runs: vec![run],
    }
}

/// How many are new, known and uncertain.
fn counts(before: &Report, after: &Report) -> [usize; 3] {
    let changes = compare(before, after, after.findings.clone());
    [
        changes.new.len(),
        changes.known.len(),
        changes.uncertain.len(),
    ]
}

const TWO: &str = "def f():\n    run(a)\n\ndef g():\n    run(b)\n";

#[test]
fn the_same_is_known_and_of_nothing_all_is_new() {
    let (two, nothing) = (report(&[("a.py", TWO)]), report(&[]));
    assert_eq!(counts(&two, &two), [0, 2, 0]);
    assert_eq!(counts(&nothing, &two), [2, 0, 0]);
    assert_eq!(counts(&two, &nothing), [0, 0, 0]);
}

#[test]
fn each_earlier_finding_is_met_once() {
    let before = report(&[("a.py", "def f():\n    run(a)\n")]);
    for (after, expected) in [
        ("def f():\n    run(a)\n    run(a)\n", [1, 1, 0]),
        ("def h():\n    run(a)\n", [0, 1, 0]),
        ("def f():\n    run(a)\n\ndef h():\n    run(a)\n", [1, 1, 0]),
        ("def f():\n    run(other)\n", [1, 0, 0]),
    ] {
        assert_eq!(
            counts(&before, &report(&[("a.py", after)])),
            expected,
            "{after}"
        );
        // Where it moved, another file has it.
        assert_eq!(
            counts(&before, &report(&[("b.py", after)])),
            expected,
            "{after}"
        );
    }
}

#[test]
fn what_was_not_looked_at_before_is_neither_new_nor_known() {
    let after = report(&[("a.py", TWO), ("b.py", TWO)]);
    let mut before = report(&[("a.py", TWO), ("b.py", "")]);
    before.runs[0].failed.push(FailedFile {
        source: 0,
        why: "cut off".to_owned(),
    });
    assert_eq!(counts(&before, &after), [2, 0, 2]);
    let changes = compare(&before, &after, after.findings.clone());
    assert_eq!(
        (changes.gaps.len(), changes.gaps[0].file.as_deref()),
        (1, Some("a.py"))
    );
    before.runs[0].status = Status::TimedOut;
    assert_eq!(counts(&before, &after), [0, 0, 4]);
}
