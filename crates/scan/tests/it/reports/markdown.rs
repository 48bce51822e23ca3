//! Is the Markdown form short, whole and harmless?

use palinode_code::{Severity, Span};
use palinode_scan::report::{Options, markdown};
use palinode_scan::{Report, merge};

use super::{finding, report};
use crate::support::source;

#[test]
fn it_says_what_was_found_where_and_who_gave_no_answer() {
    insta::assert_snapshot!(markdown::write(&report(), &Options::default()));
}

#[test]
fn nothing_found_is_not_said_where_nobody_looked() {
    let mut report = report();
    report.findings.clear();
    let text = markdown::write(&report, &Options::default());
    assert!(
        text.contains("Nothing found in 1 file") && text.contains("it crashed"),
        "{text}"
    );
    report.runs.clear();
    let text = markdown::write(&report, &Options::default());
    assert!(text.contains("Nobody looked at 1 file"), "{text}");
}

#[test]
fn it_keeps_within_the_limit_and_shows_the_worst_first() {
    let sources = vec![source(
        "a.py",
        format!("load({})\n", "a".repeat(380)).repeat(300),
    )];
    let findings = (0..300).map(|line| {
        let (_, mut one) = finding("load(a)", &[502]);
        one.span = Span::new(line * 387, line * 387 + 4);
        one.message = format!("<b>{}", "m".repeat(200));
        one.severity = if line == 299 {
            Severity::Critical
        } else {
            Severity::Low
        };
        (0, one)
    });
    let report = Report {
        findings: merge(&sources, findings),
        sources,
        runs: Vec::new(),
    };
    assert_eq!(report.findings.len(), 300);
    let text = markdown::write(&report, &Options::default());
    assert!(text.len() < 65_536, "{}", text.len());
    let first = text
        .lines()
        .find(|line| line.starts_with("| critical"))
        .expect("it is told");
    assert!(first.contains("a.py:300"), "{first}");
    assert!(
        text.contains("200 more are not in the table") && text.contains("more is left out"),
        "{text}"
    );
    assert!(!text.contains("<b>"));
}
