//! What do the tools that are on this machine say about real files?
//!
//! A tool that is not there must be missing; so each of these checks something on any machine. `cargo xtask test
//! analyzers` installs those that can be had and names them in `PALINODE_EXPECTED_ANALYZERS`: these must be there.

use std::ffi::OsString;

use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::{Interrupt, Request, Run, Settings, Silent, Status, scan};

use crate::support::{fixture_path, fixture_source};

fn settings() -> Settings {
    Settings {
        path: std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin")),
        semgrep_rules: vec![fixture_path("rules.yaml")],
        ..Settings::default()
    }
}

fn runs() -> Vec<Run> {
    let sources = ["flawed.py", "broken.py", "flawed.c", "broken.c"].map(fixture_source);
    let request = Request {
        sources: &sources,
        analyzers: ANALYZERS,
        settings: &settings(),
        interrupt: &Interrupt::new(),
    };
    scan(&request, &Silent)
        .expect("the copies can be made")
        .runs
}

/// Rules that a tool must report where it is, and files that it must not be able to read.
const EXPECTED: &[(&str, &[&str], &[usize])] = &[
    ("bandit", &["B602", "B102", "B301"], &[1]),
    (
        "codeshield",
        &["insecure-md5-hash-usage", "insecure-subprocess-using-shell"],
        &[],
    ),
    ("cppcheck", &["doubleFree"], &[3]),
    ("flawfinder", &["buffer/strcpy"], &[]),
    ("gcc", &["analyzer-double-free"], &[3]),
    ("semgrep", &["shell-call", "copy-without-bound"], &[]),
];

#[test]
fn tools_find_what_they_are_known_to_find() {
    let required = std::env::var("PALINODE_EXPECTED_ANALYZERS").unwrap_or_default();
    let required: Vec<&str> = required.split_terminator(',').collect();
    for name in &required {
        assert!(by_name(name).is_some(), "{name}");
    }
    for run in runs() {
        let name = run.analyzer.name;
        let is_missing = matches!(run.status, Status::Missing { .. });
        assert!(
            !(is_missing && required.contains(&name)),
            "{name} is not here"
        );
        let expected = EXPECTED.iter().find(|(known, _, _)| *known == name);
        match (&run.status, expected) {
            // Our own rules, which are tested where they stand.
            (Status::Findings, None) if name == "builtin" => assert!(run.failed.is_empty()),
            (Status::Findings, Some((_, rules, unreadable))) => {
                for rule in *rules {
                    let found = run
                        .findings
                        .iter()
                        .any(|(_, finding)| finding.rule == *rule);
                    assert!(found, "{name} no longer says {rule}");
                }
                for file in *unreadable {
                    let failed = run.failed.iter().any(|failed| failed.source == *file);
                    assert!(failed, "{name} reads what it cannot");
                }
                assert!(run.version.is_some());
            }
            (Status::Missing { install }, _) => assert!(!install.is_empty()),
            (Status::NotApplicable, None) => assert!(matches!(name, "gosec" | "sarif"), "{name}"),
            // The codeshield package without Semgrep in reach, or tools that were never tried here.
            (other, None) => assert!(matches!(name, "codeql" | "bearer"), "{name}: {other}"),
            (other, Some(_)) => panic!("{name}: {other}"),
        }
    }
}
