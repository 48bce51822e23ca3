//! Is what is open in a program what its comments say, line by line?
//!
//! `fixtures/` holds small programs, many to a file, each after a line `=== name`. A line that ends in `FLOW kind…`
//! must have an open flow of each of these kinds, and of no other; every other line must have none. `SAFE kind` asks
//! besides that the line is known as a place where that harm could be done; without a kind, it is for the reader.

use std::collections::BTreeSet;

use palinode_code::languages;
use palinode_flow::{Analysis, Limits, SinkKind, Tables, analyze};

/// A program of the fixtures.
pub(crate) struct Program {
    pub(crate) language: &'static str,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

const FILES: [(&str, &str); 8] = [
    ("c", include_str!("fixtures/c.txt")),
    ("cpp", include_str!("fixtures/cpp.txt")),
    ("go", include_str!("fixtures/go.txt")),
    ("java", include_str!("fixtures/java.txt")),
    ("javascript", include_str!("fixtures/javascript.txt")),
    ("php", include_str!("fixtures/php.txt")),
    ("python", include_str!("fixtures/python.txt")),
    ("typescript", include_str!("fixtures/typescript.txt")),
];

/// All programs.
pub(crate) fn programs() -> Vec<Program> {
    let mut programs = Vec::new();
    for (language, file) in FILES {
        let file = file
            .strip_prefix("=== ")
            .expect("a file begins with a program");
        for section in file.split("\n=== ") {
            let (name, text) = section
                .split_once('\n')
                .expect("a program follows its name");
            programs.push(Program {
                language,
                name,
                text,
            });
        }
    }
    programs
}

/// What is found in a program.
pub(crate) fn analysis_of(language: &str, text: &str) -> Analysis {
    let language = languages::by_name(language).expect("the fixtures' languages are known");
    let parsed = language.parse_bytes(text.as_bytes());
    analyze(&parsed, Tables::standard(), &Limits::STANDARD)
}

/// The lines with open flows, and of which kinds.
pub(crate) fn open_lines(analysis: &Analysis, text: &str) -> BTreeSet<(usize, SinkKind)> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let open = analysis.flows.iter().filter(|flow| flow.is_open());
    open.map(|flow| (line(flow.site.argument.end), flow.site.kind))
        .collect()
}

/// The kinds that a line's marker names.
fn marked(line: &str, marker: &str) -> Vec<SinkKind> {
    let kinds = line
        .split_once(marker)
        .map(|(_, kinds)| kinds)
        .unwrap_or_default();
    kinds
        .split_whitespace()
        .map_while(|kind| kind.parse().ok())
        .collect()
}

#[test]
fn what_is_open_is_what_the_comments_say() {
    let mut wrong = Vec::new();
    for Program {
        language,
        name,
        text,
    } in programs()
    {
        let analysis = analysis_of(language, text);
        assert_eq!(analysis.omissions, [], "{language}: {name}");
        let found = open_lines(&analysis, text);
        let mut expected = BTreeSet::new();
        for (nth, line) in text.lines().enumerate() {
            expected.extend(
                marked(line, "FLOW ")
                    .into_iter()
                    .map(|kind| (nth + 1, kind)),
            );
            for kind in marked(line, "SAFE ") {
                let is_known = analysis.sites.iter().any(|site| {
                    let at = text[..site.argument.end].matches('\n').count();
                    at == nth && site.kind == kind
                });
                if !is_known {
                    wrong.push(format!(
                        "{language}: {name}: line {}: no {kind} could happen",
                        nth + 1
                    ));
                }
            }
        }
        for (line, kind) in expected.difference(&found) {
            wrong.push(format!("{language}: {name}: line {line}: missed {kind}"));
        }
        for (line, kind) in found.difference(&expected) {
            wrong.push(format!("{language}: {name}: line {line}: false {kind}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_language_has_flows_and_safe_twins() {
    for (language, file) in FILES {
        assert!(file.matches("FLOW ").count() >= 8, "{language}");
        assert!(file.matches("SAFE").count() >= 8, "{language}");
    }
}
