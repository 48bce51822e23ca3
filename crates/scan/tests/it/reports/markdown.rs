//! Is the Markdown form short, whole and harmless?

use palinode_code::{Severity, Span};
use palinode_scan::report::{Comparison, Options, Unread, markdown};
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
fn what_may_not_be_new_is_counted_apart() {
    let told = |uncertain: &[usize]| {
        let compared = Comparison {
            revision: "main".to_owned(),
            uncertain: uncertain.iter().copied().collect(),
            ..Comparison::default()
        };
        let options = Options {
            compared: Some(&compared),
            ..Options::default()
        };
        markdown::write(&report(), &options)
    };
    assert!(told(&[]).contains("**4 high new** in 1 file"));
    assert!(told(&[1]).contains("**3 high new**, and 1 high that may not be new, in 1 file"));
    let text = told(&[0, 1, 2, 3]);
    assert!(
        text.contains("**4 high** that may not be new in 1 file"),
        "{text}"
    );
}

#[test]
fn however_much_was_not_scanned_a_comment_has_its_limit() {
    let unread = |at: usize| Unread {
        name: format!("{}/{at}.py", "<b>".repeat(500)),
        why: "is no text".to_owned(),
        is_chosen: at != 700,
    };
    let unread: Vec<Unread> = (0..1000).map(unread).collect();
    let options = Options {
        unread: &unread,
        ..Options::default()
    };
    let mut report = report();
    for merged in &mut report.findings {
        merged.finding.message = "&".repeat(70_000);
    }
    let text = markdown::write(&report, &options);
    assert!(text.len() < 65_536, "{}", text.len());
    let first = text.lines().find(|line| line.contains("not scanned"));
    assert!(first.is_some_and(|line| line.contains("/700.py is no text")));
    assert!(
        text.contains("- and 9") && text.contains("dir/a b.py:2"),
        "{text}"
    );
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
        text.contains("more are not in the table") && text.contains("more is left out"),
        "{text}"
    );
    assert!(!text.contains("<b>"));
}
