//! Are findings taken back by what the user says, and only by that?

use palinode_code::{Finding, Span};
use palinode_scan::filter::{Baseline, suppress};
use palinode_scan::report::{Options, json};
use palinode_scan::{Error, merge};

use super::{CODE, finding, report};
use crate::support::source;

#[test]
fn suppressions_need_a_reason_and_are_told() {
    let report = report();
    let suppressed = suppress(&report.sources, report.findings);
    let text = |span: Span| &CODE[span.range()];
    let kept: Vec<&str> = suppressed
        .kept
        .iter()
        .map(|merged| text(merged.finding.span))
        .collect();
    assert_eq!(kept, ["load(a)", "load(c)"]);
    let reasons: Vec<&str> = suppressed
        .taken_out
        .iter()
        .map(|(_, by)| by.suppression.reason.as_str())
        .collect();
    assert_eq!(reasons, ["a is a constant", "trusted"]);
    assert_eq!(suppressed.idle.len(), 1);
    assert_eq!(
        (
            suppressed.idle[0].suppression.line,
            suppressed.idle[0].suppression.reason.as_str()
        ),
        (6, "")
    );
}

#[test]
fn a_suppression_of_something_else_takes_nothing_out() {
    let code = "load(a)  # palinode: ignore[CWE-79, bandit/B9] because of that\nx = 'palinode: ignore: text'\n";
    let sources = [source("a.py", code)];
    let (_, mut one) = finding("load(a)", &[502]);
    one.span = Span::new(0, 7);
    let suppressed = suppress(&sources, merge(&sources, [(0, one)]));
    assert_eq!((suppressed.kept.len(), suppressed.idle.len()), (1, 1));
}

#[test]
fn a_baseline_hides_what_it_knows_once() {
    let report = report();
    let stored = json::write(&report, &Options::default()).to_string();
    let baseline = Baseline::read(stored.as_bytes()).expect("it is a report");
    assert_eq!(baseline, Baseline::of(&report));
    let (new, known) = baseline.part(&report.sources, report.findings.clone());
    assert_eq!((new.len(), known.len()), (0, report.findings.len()));

    let more = format!("import x\n{CODE}    load(a)\n");
    let start = more.rfind("load(a)").expect("it stands there");
    let sources = [source("dir/a b.py", more.as_str())];
    let (_, mut one) = finding("load(a)", &[502]);
    let moved = |by: usize, mut one: Finding| {
        one.span = Span::new(one.span.start + by, one.span.end + by);
        (0, one)
    };
    let old = moved(9, one.clone());
    one.span = Span::new(start, start + 7);
    let (new, known) = baseline.part(&sources, merge(&sources, [old, (0, one)]));
    assert_eq!((new.len(), known.len()), (1, 1));
    assert_eq!(new[0].finding.span.start, start);
}

#[test]
fn what_is_no_baseline_is_refused() {
    assert!(matches!(
        Baseline::read(b"garbage"),
        Err(Error::NotAReport(_))
    ));
    assert!(matches!(
        Baseline::read(b"{\"schema\": 1}"),
        Err(Error::NotAReport(_))
    ));
    let other = Baseline::read(b"{\"schema\": 2, \"findings\": []}");
    assert!(matches!(
        other,
        Err(Error::OtherSchema { found: 2, known: 1 })
    ));
}
